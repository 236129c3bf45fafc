/*
 * die.c - a preloaded library under which godwit dies, or is refused by the system, at a call that is named by number.
 *
 * Counts the calls that the world outside can notice: files made, written, made durable, renamed or taken away; octets
 * on links; connections; signals to others. Between two of them nothing changes but the process itself, so that a
 * death at each of them, before and after, is a death anywhere.
 *
 *   DIE_COMMAND  the godwit command that is meant, such as migrate; any other program is left alone
 *   DIE_WHERE    self, or N: the N-th child that the program forks (a receiver serves each connection in a child)
 *   DIE_AT       the number of the call, from 1; 0: none, only count
 *   DIE_HOW      before, after: SIGKILL; or a number: the call is not made and fails with that errno
 *   DIE_PARENT   1: the parent is killed first
 *   DIE_ONWARD   1: all calls from that one on fail
 *   DIE_DIR      only calls on what lies in that folder count
 *   DIE_LOG      a file to which each counted call is appended: number, name, target
 *
 * It must not know what godwit does between these calls. Guests are children of children, or children that nobody
 * meant: they are left alone.
 */
#undef _FILE_OFFSET_BITS /* else open and open64 are one name */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static bool meant;          /* this process is the one */
static bool is_command;     /* this program is, or this is its child */
static unsigned depth;      /* forks since the program began */
static unsigned num_forked; /* children of the program itself */
static atomic_ulong num_calls;
static unsigned long at;
static bool after, onward, with_parent;
static int error; /* 0: SIGKILL */
static const char *folder;
static const char *log_name;

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

static bool command_is(const char *wanted)
{
    char text[4096] = { 0 };
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    long got = fd >= 0 ? read(fd, text, sizeof text - 2) : -1;
    if (fd >= 0)
        close(fd);
    return got > 0 && strcmp(program_invocation_short_name, "godwit") == 0 &&
           strcmp(text + strlen(text) + 1, wanted) == 0;
}

__attribute__((constructor)) static void begin(void)
{
    const char *how = setting("DIE_HOW");
    if (!command_is(setting("DIE_COMMAND")))
        return;
    at = strtoul(setting("DIE_AT"), NULL, 10);
    after = strcmp(how, "after") == 0;
    error = (int)strtol(how, NULL, 10);
    with_parent = strcmp(setting("DIE_PARENT"), "1") == 0;
    onward = strcmp(setting("DIE_ONWARD"), "1") == 0;
    folder = setting("DIE_DIR");
    log_name = setting("DIE_LOG");
    is_command = true;
    meant = strcmp(setting("DIE_WHERE"), "self") == 0;
}

/* --- counting ---------------------------------------------------------------------------------------------------- */

/* What a call is about, as a path; "" where there is none. */
struct target {
    char path[PATH_MAX];
};

static struct target target_fd(int fd)
{
    struct target target = { "" };
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long len = readlink(link, target.path, sizeof target.path - 1);
    target.path[len > 0 ? len : 0] = '\0';
    return target;
}

static struct target target_path(int dir, const char *path)
{
    struct target target = { "" };
    if (path[0] != '/' && dir != AT_FDCWD)
        target = target_fd(dir);
    size_t len = strlen(target.path);
    snprintf(target.path + len, sizeof target.path - len, "%s%s", len > 0 ? "/" : "", path);
    return target;
}

/* No descriptor is kept: a child may close what it does not know. */
static void note(unsigned long number, const char *name, const char *path)
{
    char line[PATH_MAX + 64];
    int len = snprintf(line, sizeof line, "%lu %s %s\n", number, name, path);
    long fd = log_name[0] != '\0' ? syscall(SYS_openat, AT_FDCWD, log_name, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    if (fd < 0)
        return;
    (void)syscall(SYS_write, fd, line, (size_t)len < sizeof line ? (size_t)len : sizeof line);
    (void)syscall(SYS_close, fd);
}

__attribute__((noreturn)) static void die(void)
{
    if (with_parent)
        (void)syscall(SYS_kill, getppid(), SIGKILL);
    for (;;)
        (void)syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
}

/* The number of the call, 0 if it does not count. Dies before it, or sets errno and `fails`. */
static unsigned long enter(const char *name, struct target target, bool *fails)
{
    *fails = false;
    if (!meant || strncmp(target.path, folder, strlen(folder)) != 0)
        return 0;
    unsigned long number = atomic_fetch_add(&num_calls, 1) + 1;
    note(number, name, target.path);
    bool now = at > 0 && (number == at || (onward && number > at));
    if (now && error == 0 && !after)
        die();
    *fails = now && error != 0;
    if (*fails)
        errno = error;
    return number;
}

static void leave(unsigned long number)
{
    if (number > 0 && number == at && error == 0 && after)
        die();
}

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}

#define REAL(name) ((__typeof__(&name))real(#name))

/* The body of a stand-in: counts, and makes the call unless it is to fail. */
#define STAND_IN(name, target, ...)                                                                                    \
    do {                                                                                                               \
        bool fails;                                                                                                    \
        unsigned long counted = enter(#name, target, &fails);                                                          \
        if (fails)                                                                                                     \
            return -1;                                                                                                 \
        __typeof__(name(__VA_ARGS__)) result = REAL(name)(__VA_ARGS__);                                                \
        int sys = errno;                                                                                               \
        leave(counted);                                                                                                \
        errno = sys;                                                                                                   \
        return result;                                                                                                 \
    } while (0)

/* --- files ------------------------------------------------------------------------------------------------------- */

/* Only what may make a file counts. */
#define OPEN_IN(name, dir, path, flags, ...)                                                                           \
    do {                                                                                                               \
        mode_t mode = 0;                                                                                               \
        if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                         \
            va_list list;                                                                                              \
            va_start(list, flags);                                                                                     \
            mode = va_arg(list, mode_t);                                                                               \
            va_end(list);                                                                                              \
        }                                                                                                              \
        if (!((flags)&O_CREAT))                                                                                        \
            return REAL(name)(__VA_ARGS__, mode);                                                                      \
        STAND_IN(name, target_path(dir, path), __VA_ARGS__, mode);                                                     \
    } while (0)

int open(const char *path, int flags, ...)
{
    OPEN_IN(open, AT_FDCWD, path, flags, path, flags);
}

int open64(const char *path, int flags, ...)
{
    OPEN_IN(open64, AT_FDCWD, path, flags, path, flags);
}

int openat(int dir, const char *path, int flags, ...)
{
    OPEN_IN(openat, dir, path, flags, dir, path, flags);
}

int openat64(int dir, const char *path, int flags, ...)
{
    OPEN_IN(openat64, dir, path, flags, dir, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
    STAND_IN(mkdir, target_path(AT_FDCWD, path), path, mode);
}

int mkdirat(int dir, const char *path, mode_t mode)
{
    STAND_IN(mkdirat, target_path(dir, path), dir, path, mode);
}

int fsync(int fd)
{
    STAND_IN(fsync, target_fd(fd), fd);
}

int fdatasync(int fd)
{
    STAND_IN(fdatasync, target_fd(fd), fd);
}

int link(const char *from, const char *to)
{
    STAND_IN(link, target_path(AT_FDCWD, to), from, to);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    STAND_IN(linkat, target_path(to_dir, to), from_dir, from, to_dir, to, flags);
}

int rename(const char *from, const char *to)
{
    STAND_IN(rename, target_path(AT_FDCWD, to), from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    STAND_IN(renameat, target_path(to_dir, to), from_dir, from, to_dir, to);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    STAND_IN(renameat2, target_path(to_dir, to), from_dir, from, to_dir, to, flags);
}

int unlink(const char *path)
{
    STAND_IN(unlink, target_path(AT_FDCWD, path), path);
}

int unlinkat(int dir, const char *path, int flags)
{
    STAND_IN(unlinkat, target_path(dir, path), dir, path, flags);
}

/* --- files and links --------------------------------------------------------------------------------------------- */

ssize_t write(int fd, const void *mem, size_t len)
{
    STAND_IN(write, target_fd(fd), fd, mem, len);
}

ssize_t writev(int fd, const struct iovec *vec, int num)
{
    STAND_IN(writev, target_fd(fd), fd, vec, num);
}

ssize_t pwrite(int fd, const void *mem, size_t len, off_t off)
{
    STAND_IN(pwrite, target_fd(fd), fd, mem, len, off);
}

ssize_t pwrite64(int fd, const void *mem, size_t len, off64_t off)
{
    STAND_IN(pwrite64, target_fd(fd), fd, mem, len, off);
}

ssize_t send(int fd, const void *mem, size_t len, int flags)
{
    STAND_IN(send, target_fd(fd), fd, mem, len, flags);
}

ssize_t sendto(int fd, const void *mem, size_t len, int flags, const struct sockaddr *to, socklen_t to_len)
{
    STAND_IN(sendto, target_fd(fd), fd, mem, len, flags, to, to_len);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    STAND_IN(sendmsg, target_fd(fd), fd, message, flags);
}

int connect(int fd, const struct sockaddr *to, socklen_t len)
{
    STAND_IN(connect, target_fd(fd), fd, to, len);
}

int shutdown(int fd, int how)
{
    STAND_IN(shutdown, target_fd(fd), fd, how);
}

/* --- processes --------------------------------------------------------------------------------------------------- */

int kill(pid_t pid, int number)
{
    STAND_IN(kill, (struct target){ "" }, pid, number);
}

int pidfd_send_signal(int fd, int number, siginfo_t *info, unsigned flags)
{
    STAND_IN(pidfd_send_signal, (struct target){ "" }, fd, number, info, flags);
}

pid_t fork(void)
{
    num_forked += depth == 0;
    pid_t pid = REAL(fork)();
    if (pid != 0 || !is_command)
        return pid;
    depth++;
    meant = depth == 1 && strtoul(setting("DIE_WHERE"), NULL, 10) == num_forked;
    atomic_store(&num_calls, 0);
    return 0;
}
