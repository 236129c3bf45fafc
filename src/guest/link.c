/*
 * link.c - making a guest process, stopping it, letting it go, ending it. How one that is there is found: attach.c.
 *
 * Waiting is bounded: by wait_ms in which a guest has to get on, and by its life.
 * Tests: tests/unit/guest_process.c, guest_move.c, guest_life.c, guest_load.c.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "link.h"

#define LOOK_NS UINT64_C(100000000) /* how often a wait looks whether the guest still lives */
#define HANG_UP_MS 200              /* in which a guest that has closed its socket has ended */

void link_init(struct link *link)
{
    *link = (struct link){ .process = -1, .socket = -1, .wait_ms = 10000 };
    for (unsigned i = 0; i < LINK_FDS; i++)
        link->fd[i] = -1;
}

bool link_has_ended(const struct link *link, int within_ms)
{
    struct pollfd life = { .fd = link->process, .events = POLLIN };
    int rc;
    do
        rc = poll(&life, 1, within_ms);
    while (rc < 0 && errno == EINTR);
    return rc > 0;
}

int link_fail_ended(const struct link *link, struct gw_err *err)
{
    errno = ESRCH;
    return gw_fail(err, GW_E_SYSTEM, "the guest, process %d, has ended", (int)link->pid);
}

void link_again(const struct link *link, char *out, size_t room)
{
    snprintf(out, room, "process:pid=%d,born=%llu", (int)link->pid, (unsigned long long)link->born);
}

/* --- greeting ---------------------------------------------------------------------------------------------------- */

/* Answers come within wait_ms, or never. */
static int receive(struct link *link, void *mem, size_t len, int fds[LINK_FDS], struct gw_err *err)
{
    struct timeval most = { (time_t)(link->wait_ms / 1000), (suseconds_t)(link->wait_ms % 1000 * 1000) };
    size_t got = 0;
    if (setsockopt(link->socket, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most) < 0 ||
        message_receive(link->socket, mem, len, fds, &got) < 0)
        return gw_fail(err, GW_E_SYSTEM, "process %d does not answer", (int)link->pid);
    if (got == 0 && link_has_ended(link, HANG_UP_MS))
        return link_fail_ended(link, err);
    if (got == 0) {
        errno = ECONNRESET;
        return gw_fail(err, GW_E_SYSTEM, "process %d has hung up", (int)link->pid);
    }
    uint32_t magic;
    memcpy(&magic, mem, sizeof magic);
    if (got == len && magic == LINK_MAGIC)
        return 0;
    errno = EPROTO;
    return gw_fail(err, GW_E_SYSTEM, "process %d gives no answer that a guest of this godwit would give",
                   (int)link->pid);
}

/* The descriptors are what the guest says they are: nothing here may end in SIGBUS. */
static int map_control(struct link *link, struct gw_err *err)
{
    struct stat control;
    if (link->fd[LINK_MEMORY] < 0 || link->fd[LINK_CONTROL] < 0 || fstat(link->fd[LINK_CONTROL], &control) < 0 ||
        (uint64_t)control.st_size < sizeof *link->control)
        return gw_fail(err, GW_E_SYSTEM, "process %d has no control block of a guest", (int)link->pid);
    void *mem = mmap(NULL, sizeof *link->control, PROT_READ | PROT_WRITE, MAP_SHARED, link->fd[LINK_CONTROL], 0);
    if (mem == MAP_FAILED)
        return gw_fail(err, GW_E_SYSTEM, "cannot map the control block of process %d", (int)link->pid);
    link->control = mem;
    (void)madvise(mem, sizeof *link->control, MADV_DONTFORK);
    if (link->control->magic == LINK_MAGIC)
        return 0;
    errno = EPROTO;
    return gw_fail(err, GW_E_SYSTEM, "process %d has no control block of a guest of this godwit", (int)link->pid);
}

int link_greet(struct link *link, struct gw_err *err)
{
    struct greeting greeting;
    if (receive(link, &greeting, sizeof greeting, link->fd, err) < 0)
        return -1;
    greeting.text[sizeof greeting.text - 1] = '\0';
    if (greeting.sys != 0) {
        errno = greeting.sys;
        return gw_fail(err, GW_E_SYSTEM, "process %d is not to be had as a guest: %s", (int)link->pid, greeting.text);
    }
    link->track_sys = greeting.track_sys;
    return map_control(link, err);
}

/* --- birth ------------------------------------------------------------------------------------------------------- */

/* Two ends of a socket, neither of them where standard input, output and error belong. */
static int make_pair(int pair[2])
{
    int made[2], sys;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, made) < 0)
        return -1;
    for (unsigned i = 0; i < 2; i++) {
        pair[i] = fcntl(made[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        sys = errno;
        close(made[i]);
    }
    if (pair[0] >= 0 && pair[1] >= 0)
        return 0;
    close(pair[0] >= 0 ? pair[0] : pair[1]);
    errno = sys;
    return -1;
}

int link_spawn(struct link *link, struct gw_err *err)
{
    int pair[2];
    if (make_pair(pair) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot make a socket for a guest");
    pid_t pid = fork();
    if (pid == 0)
        process_child(pair[1], (unsigned)link->life_s);
    close(pair[1]);
    link->socket = pair[0];
    if (pid < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot make a process for a guest");
    link->pid = pid;
    link->process = pidfd_open(pid, 0);
    if (link->process >= 0 && link_greet(link, err) == 0 && link_read_born(link, err) == 0)
        return 0;
    gw_fail(err, GW_E_SYSTEM, "cannot hold on to the guest's process %d", (int)pid);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return -1;
}

int link_map(struct link *link, size_t len, bool writable, struct gw_err *err)
{
    assert(link->memory == NULL && len > 0);
    void *mem = mmap(NULL, len, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED | MAP_NORESERVE,
                     link->fd[LINK_MEMORY], 0);
    if (mem == MAP_FAILED)
        return gw_fail(err, GW_E_SYSTEM, "cannot map %zu octets of the guest's memory", len);
    (void)madvise(mem, len, MADV_DONTFORK); /* other guests are children too */
    link->memory = mem;
    link->memory_len = len;
    return 0;
}

/* --- stop and go ------------------------------------------------------------------------------------------------- */

/* Pages that fresh threads have filled, more than *filled: the guest gets on. */
static bool gets_on(const struct control *c, uint64_t *filled)
{
    uint64_t before = *filled;
    *filled = 0;
    for (unsigned i = 0; i < c->num_threads; i++)
        *filled += atomic_load_explicit(&c->thread[i].filled, memory_order_relaxed);
    return *filled > before;
}

/* Until every thread stands for this odd number; wait_ms more whenever the guest gets on. */
static int wait_stands(const struct link *link, uint32_t want, struct gw_err *err)
{
    struct control *c = link->control;
    uint64_t wait_ns = link->wait_ms * 1000000, end = gw_now(&gw_clock_real) + wait_ns, filled = 0;
    for (unsigned i = 0; i < c->num_threads; i++) {
        for (uint32_t seen; (seen = atomic_load(&c->thread[i].seen)) != want;) {
            uint64_t now = gw_now(&gw_clock_real);
            if (link_has_ended(link, 0))
                return link_fail_ended(link, err);
            if (gets_on(c, &filled))
                end = now + wait_ns;
            if (now >= end) {
                errno = ETIMEDOUT;
                return gw_fail(err, GW_E_SYSTEM, "thread %u of the guest, process %d, did not stop within %llu ms", i,
                               (int)link->pid, (unsigned long long)link->wait_ms);
            }
            futex_wait(&c->thread[i].seen, seen, gw_min(LOOK_NS, wait_ns));
        }
    }
    return 0;
}

bool link_is_stopped(const struct link *link)
{
    return (atomic_load(&link->control->want) & 1) != 0;
}

bool link_never_ran(const struct link *link)
{
    return atomic_load(&link->control->want) == LINK_NEVER_RAN;
}

int link_stand(const struct link *link, struct gw_err *err)
{
    assert(link_is_stopped(link));
    return wait_stands(link, atomic_load(&link->control->want), err);
}

static void count_up(struct link *link)
{
    atomic_fetch_add(&link->control->want, 1);
    futex_wake(&link->control->want);
}

int link_stop(struct link *link, struct gw_err *err)
{
    assert(!link_is_stopped(link));
    count_up(link);
    if (wait_stands(link, atomic_load(&link->control->want), err) == 0)
        return 0;
    count_up(link);
    return -1;
}

int link_go(struct link *link, struct gw_err *err)
{
    assert(link_is_stopped(link));
    if (link_has_ended(link, 0))
        return link_fail_ended(link, err);
    count_up(link);
    return 0;
}

int link_stay(struct link *link, struct gw_err *err)
{
    assert(link_never_ran(link));
    if (link_has_ended(link, 0))
        return link_fail_ended(link, err);
    atomic_store(&link->control->stay, 1);
    return 0;
}

static void set_control(struct control *c, const struct gw_process_state *state)
{
    c->num_pages = state->num_pages;
    c->seed = state->seed;
    c->rate = state->rate;
    c->pattern = state->pattern;
    c->num_threads = state->num_threads;
    atomic_store(&c->incarnation, state->incarnation);
    for (unsigned i = 0; i < state->num_threads; i++)
        atomic_store(&c->thread[i].ticks, state->ticks[i]);
}

int link_load(struct link *link, const struct gw_process_state *state, bool fresh, struct gw_err *err)
{
    struct load order = { LINK_MAGIC, fresh };
    struct loaded answer = { 0 };
    int none[LINK_FDS];
    assert(atomic_load(&link->control->want) == LINK_NEVER_RAN && link->control->address == 0);
    set_control(link->control, state);
    if (message_send(link->socket, &order, sizeof order, NULL, 0) < 0)
        return link_fail_ended(link, err);
    if (receive(link, &answer, sizeof answer, none, err) < 0)
        return -1;
    if (answer.sys != 0) {
        errno = answer.sys;
        return gw_fail(err, GW_E_SYSTEM, "the guest, process %d, cannot have its %llu pages and %u threads",
                       (int)link->pid, (unsigned long long)state->num_pages, state->num_threads);
    }
    if (wait_stands(link, LINK_NEVER_RAN, err) < 0)
        return gw_because(err, "the guest, process %d, does not come up", (int)link->pid);
    return 0;
}

void link_state(const struct link *link, struct gw_process_state *out)
{
    const struct control *c = link->control;
    *out = (struct gw_process_state){ .num_pages = c->num_pages, .seed = c->seed, .rate = c->rate };
    out->pattern = (enum gw_pattern)c->pattern;
    out->num_threads = c->num_threads;
    out->incarnation = atomic_load(&c->incarnation);
    for (unsigned i = 0; i < c->num_threads; i++)
        out->ticks[i] = atomic_load(&c->thread[i].ticks);
}

/* --- end --------------------------------------------------------------------------------------------------------- */

int link_end(struct link *link, struct gw_err *err)
{
    siginfo_t how;
    struct pollfd life = { .fd = link->process, .events = POLLIN };
    if (pidfd_send_signal(link->process, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
        return gw_fail(err, GW_E_SYSTEM, "cannot end the guest, process %d", (int)link->pid);
    uint64_t end = gw_now(&gw_clock_real) + link->wait_ms * 1000000;
    while (poll(&life, 1, 100) <= 0) { /* a signal may end the poll, and is no reason to end the wait */
        if (gw_now(&gw_clock_real) < end)
            continue;
        errno = ETIMEDOUT;
        return gw_fail(err, GW_E_SYSTEM, "the guest, process %d, does not end", (int)link->pid);
    }
    (void)waitid(P_PIDFD, (id_t)link->process, &how, WEXITED); /* only its parent can, and must */
    return 0;
}

static void drop_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void link_close(struct link *link)
{
    siginfo_t how;
    if (link->process >= 0)
        (void)waitid(P_PIDFD, (id_t)link->process, &how, WEXITED | WNOHANG); /* a child that ended leaves nothing */
    if (link->memory != NULL)
        munmap(link->memory, link->memory_len);
    if (link->control != NULL)
        munmap(link->control, sizeof *link->control);
    link->memory = NULL;
    link->control = NULL;
    for (unsigned i = 0; i < LINK_FDS; i++)
        drop_fd(&link->fd[i]);
    drop_fd(&link->socket);
    drop_fd(&link->process);
}
