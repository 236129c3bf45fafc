/*
 * exec.c - a link to a program that is started for it: a shell's command at the other end of a socket pair.
 *
 * The command has a process group of its own, so that a key pressed at the terminal reaches us and not it, and so that
 * all of a pipeline can be ended. It inherits no descriptor but the three, and no signal's handling. Whoever closes the
 * channel waits for it: nothing is left to reap. Here, not in fd.c, is known what a process is.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "exec.h"
#include "fd.h"
#include "wait.h"

#define END_NS (5 * GW_NS_PER_S)  /* for a command that sees the end of its input */
#define TERM_NS (1 * GW_NS_PER_S) /* for one that was told to go */

struct child {
    pid_t pid; /* of its group too */
    int life;  /* pidfd: readable when it has ended */
};

/* --- end --------------------------------------------------------------------------------------------------------- */

/* Not wait_ready: this wait follows a cancellation too. */
static bool ends_within(const struct child *child, uint64_t ns)
{
    struct pollfd life = { .fd = child->life, .events = POLLIN };
    uint64_t now, end = gw_now(&gw_clock_real) + ns;
    while ((now = gw_now(&gw_clock_real)) < end) {
        struct timespec left = { .tv_sec = (time_t)((end - now) / GW_NS_PER_S),
                                 .tv_nsec = (long)((end - now) % GW_NS_PER_S) };
        if (ppoll(&life, 1, &left, NULL) > 0)
            return true;
    }
    return false;
}

/* The numbers of the process and of its group stay taken until reap. */
static void end_group(const struct child *child)
{
    kill(-child->pid, SIGTERM);
    kill(-child->pid, SIGCONT); /* one that is stopped would not hear */
    (void)ends_within(child, TERM_NS);
    kill(-child->pid, SIGKILL);                             /* also what the command leaves behind */
    (void)pidfd_send_signal(child->life, SIGKILL, NULL, 0); /* it may have gone to another group */
}

static void reap(struct child *child)
{
    siginfo_t how;
    int rc;
    do
        rc = waitid(P_PID, (id_t)child->pid, &how, WEXITED);
    while (rc < 0 && errno == EINTR);
    gw_closep(&child->life);
    gw_free(child);
}

static void end_child(void *arg)
{
    struct child *child = arg;
    if (!ends_within(child, END_NS))
        end_group(child);
    reap(child);
}

/* --- begin ------------------------------------------------------------------------------------------------------- */

static int set_attributes(posix_spawnattr_t *attr)
{
    sigset_t all, none;
    int rc;
    sigfillset(&all);
    sigemptyset(&none);
    if ((rc = posix_spawnattr_setsigdefault(attr, &all)) != 0 || (rc = posix_spawnattr_setsigmask(attr, &none)) != 0 ||
        (rc = posix_spawnattr_setpgroup(attr, 0)) != 0)
        return rc;
    return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
}

static int set_files(posix_spawn_file_actions_t *files, int fd)
{
    int rc;
    if ((rc = posix_spawn_file_actions_adddup2(files, fd, STDIN_FILENO)) != 0 ||
        (rc = posix_spawn_file_actions_adddup2(files, fd, STDOUT_FILENO)) != 0)
        return rc;
    return posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
}

/* sh -c COMMAND with fd as its standard input and output: 0, or an errno. No fork: we may be large and have threads. */
static int spawn(char *command, int fd, pid_t *pid)
{
    char shell[] = "sh", option[] = "-c", end_of_options[] = "--";
    char *args[] = { shell, option, end_of_options, command, NULL };
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    int rc = posix_spawn_file_actions_init(&files);
    if (rc != 0)
        return rc;
    rc = posix_spawnattr_init(&attr);
    if (rc == 0) {
        if ((rc = set_attributes(&attr)) == 0 && (rc = set_files(&files, fd)) == 0)
            rc = posix_spawn(pid, "/bin/sh", &files, &attr, args, environ);
        posix_spawnattr_destroy(&attr);
    }
    posix_spawn_file_actions_destroy(&files);
    return rc;
}

static struct child *start(const char *command, int fd, struct gw_err *err)
{
    gw_auto(gw_freep) char *copy = gw_strdup(command, err);
    struct child *child = copy != NULL ? gw_alloc(1, sizeof *child, err) : NULL;
    if (child == NULL)
        return NULL;
    int rc = spawn(copy, fd, &child->pid);
    if (rc == 0 && (child->life = pidfd_open(child->pid, 0)) >= 0)
        return child;
    errno = rc != 0 ? rc : errno;
    gw_fail(err, GW_E_SYSTEM, "cannot start 'exec:%s'", command);
    if (rc == 0) {
        kill(-child->pid, SIGKILL);
        reap(child);
    } else {
        gw_free(child);
    }
    return NULL;
}

struct gw_chan *exec_connect(const char *command, struct gw_err *err)
{
    int pair[2];
    struct gw_chan *chan = NULL;
    if (command[0] == '\0')
        return gw_fail(err, GW_E_USAGE, "'exec:' is not exec:COMMAND"), NULL;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot make a socket for 'exec:%s'", command), NULL;
    struct child *child = start(command, pair[1], err);
    close(pair[1]);
    if (child == NULL)
        close(pair[0]);
    else if ((chan = gw_chan_fd(pair[0], true, err)) == NULL)
        end_child(child); /* which sees the end of its input */
    else
        fd_then(chan, end_child, child);
    return chan;
}
