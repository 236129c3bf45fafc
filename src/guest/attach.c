/*
 * attach.c - getting hold of a guest that somebody else made: the process that is meant, and nobody else holds it.
 *
 * Whoever comes after a crash acts on what is found here. So a failure says ESRCH only if the process that is meant is
 * surely gone; a process that is just ending, and a holder that is, get a moment to do it. What becomes of the guest
 * afterwards is not known here.
 * Tests: tests/unit/guest_life.c, guest_process.c.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "link.h"

#define ENDING_MS 200 /* in which who was killed has closed what he had */
#define STEP_MS 5     /* how often a guest is asked meanwhile */
#define BORN_FIELD 22u

/* --- which process ----------------------------------------------------------------------------------------------- */

/* What stands in /proc/PID/stat. The name, field 2, ends with the last bracket and may hold anything. 0, or -1. */
static int read_stat(pid_t pid, char *text, size_t room)
{
    char name[32];
    snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
    gw_auto(gw_closep) int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, room - 1) : -1;
    if (len < 0)
        return -1;
    text[len] = '\0';
    return 0;
}

int link_read_born(struct link *link, struct gw_err *err)
{
    char text[1024];
    bool there = read_stat(link->pid, text, sizeof text) == 0;
    int sys = errno;
    if (!there && link_has_ended(link, 0))
        return link_fail_ended(link, err);
    errno = sys;
    if (!there)
        return gw_fail(err, GW_E_SYSTEM, "cannot tell when process %d was born", (int)link->pid);
    const char *at = strrchr(text, ')');
    for (unsigned field = 3; at != NULL && field <= BORN_FIELD; field++)
        at = strchr(at + 1, ' ');
    link->born = at != NULL ? strtoull(at + 1, NULL, 10) : 0;
    if (link->born != 0)
        return 0;
    errno = EPROTO;
    return gw_fail(err, GW_E_SYSTEM, "/proc does not tell when process %d was born", (int)link->pid);
}

/* From here on link->process is one process, whatever its number means later. */
static int open_process(struct link *link, uint64_t born, struct gw_err *err)
{
    link->process = pidfd_open(link->pid, 0);
    if (link->process < 0 && (errno == EINVAL || errno == ENOENT))
        errno = ESRCH; /* the number is that of a thread now, or of a session */
    if (link->process < 0)
        return gw_fail(err, GW_E_SYSTEM, "there is no process %d", (int)link->pid);
    if (link_read_born(link, err) < 0)
        return -1;
    if (born == 0 || link->born == born)
        return 0;
    errno = ESRCH;
    return gw_fail(err, GW_E_SYSTEM,
                   "process %d is another one: it was born at tick %llu, the one that is meant at tick %llu",
                   (int)link->pid, (unsigned long long)link->born, (unsigned long long)born);
}

/* --- its answer -------------------------------------------------------------------------------------------------- */

static int connect_by_pid(struct link *link, struct gw_err *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct ucred who = { 0 };
    socklen_t len = sizeof who;
    int name = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, LINK_NAME, (int)link->pid);
    socklen_t used = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)name);
    assert(link->socket < 0);
    link->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (link->socket < 0 || connect(link->socket, (struct sockaddr *)&address, used) < 0)
        return gw_fail(err, GW_E_SYSTEM, "process %d is no guest of godwit's", (int)link->pid);
    if (getsockopt(link->socket, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot tell whether process %d is a guest", (int)link->pid);
    if (who.pid == link->pid && (who.uid == geteuid() || geteuid() == 0))
        return 0;
    errno = EPERM;
    return gw_fail(err, GW_E_SYSTEM, "the socket of process %d is that of process %d of user %u", (int)link->pid,
                   (int)who.pid, (unsigned)who.uid);
}

/* What the control block of a stranger says is bounded before it is used. */
static int check_control(const struct link *link, struct gw_err *err)
{
    const struct control *c = link->control;
    struct stat memory;
    bool right = c->num_pages <= GW_PROCESS_PAGES_MAX && c->num_threads > 0 &&
                 c->num_threads <= GW_PROCESS_THREADS_MAX && c->address != 0 && c->pattern <= GW_PATTERN_HOT &&
                 c->num_pages >= GW_PROCESS_SPECIAL_PAGES + GW_PROCESS_SHARE_LEAST * c->num_threads &&
                 fstat(link->fd[LINK_MEMORY], &memory) == 0 && (uint64_t)memory.st_size >= c->num_pages * GW_PAGE_LEN;
    if (right)
        return 0;
    errno = EPROTO;
    return gw_fail(err, GW_E_SYSTEM, "process %d has a control block that makes no sense", (int)link->pid);
}

static int attach_once(struct link *link, struct gw_err *err)
{
    if (connect_by_pid(link, err) < 0 || link_greet(link, err) < 0 || check_control(link, err) < 0)
        return -1;
    return link_has_ended(link, 0) ? link_fail_ended(link, err) : 0;
}

/* What this failure means a moment later. True: the guest is to be asked again. */
static bool may_change(const struct link *link, const struct gw_err *why, uint64_t end)
{
    if (link_has_ended(link, why->sys == EBUSY ? STEP_MS : ENDING_MS))
        return false;
    return why->sys == EBUSY && gw_now(&gw_clock_real) < end;
}

int link_attach(struct link *link, pid_t pid, uint64_t born, struct gw_err *err)
{
    uint64_t end = gw_now(&gw_clock_real) + ENDING_MS * UINT64_C(1000000);
    struct gw_err why;
    link->pid = pid;
    if (open_process(link, born, err) < 0)
        return -1;
    do {
        why = GW_ERR_NONE;
        if (attach_once(link, &why) == 0)
            return 0;
        if (link->socket >= 0)
            close(link->socket);
        link->socket = -1;
    } while (may_change(link, &why, end));
    if (link_has_ended(link, 0))
        return link_fail_ended(link, err);
    return gw_err_pass(err, &why);
}
