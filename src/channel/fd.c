/*
 * fd.c - a channel over descriptors: a file, a pipe, a socket, or two pipes, one for each direction.
 *
 * lseek beyond the end of a file succeeds, so a skip is compared with fstat, and a cut shows at its record. Only a
 * regular file is skipped by lseek; everything else is read and dropped by the wrapper.
 *
 * Without patience a read or write waits for as long as it takes, in the system call itself. With it the wait is ours:
 * it notices silence, says that we are still there, and can be cancelled. Descriptors are made non-blocking for that;
 * but a socket of our own gives up by itself after a slice of time, and so moves in one call what else takes two and a
 * change of tasks for each buffer full.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "channel.h"
#include "fd.h"
#include "wait.h"

struct fd_chan {
    struct gw_chan chan;
    int read_fd, write_fd; /* may be one and the same */
    bool owned, patient;
    bool read_changed, write_changed; /* was blocking before it got patience */
    struct gw_patience patience;
    uint64_t idle_at; /* when idle is due */
    void (*then)(void *arg);
    void *arg;
};

/* --- waiting ----------------------------------------------------------------------------------------------------- */

/*
 * As wait_ready, with ETIMEDOUT for the end of patience. When idle is due is counted across waits, so that many short
 * ones do not put it off for ever; it may use this channel, so nothing here may depend on what it leaves alone.
 */
static int wait_patiently(struct fd_chan *f, int fd, short events, uint64_t end_ns)
{
    bool idles = events == POLLIN && f->patience.idle != NULL;
    for (;;) {
        uint64_t until_ns = idles ? gw_min(end_ns, f->idle_at) : end_ns;
        int rc = wait_ready(fd, events, until_ns);
        if (rc != 0)
            return rc;
        if (until_ns == end_ns)
            return errno = ETIMEDOUT, -1;
        f->idle_at = gw_now(&gw_clock_real) + f->patience.idle_ns;
        f->patience.idle(f->patience.arg);
    }
}

/*
 * A system call failed with errno. 0: it is worth another try. *end_ns is when patience ends, 0 before the first wait:
 * a descriptor that was ready and yet gave nothing does not begin the count anew. (Nor does an interruption: wait_ready
 * goes on.)
 */
static int held_up(struct fd_chan *f, short events, uint64_t *end_ns)
{
    int fd = events == POLLIN ? f->read_fd : f->write_fd;
    struct pollfd ready = { .fd = fd, .events = events };
    bool interrupted = f->patient && errno == EINTR && !gw_cancelled(); /* else signals would put silence off */
    if (errno != EAGAIN && errno != EWOULDBLOCK && !interrupted)
        return -1;
    if (!f->patient) /* somebody else made it non-blocking */
        return poll(&ready, 1, -1) < 0 ? -1 : 0;
    if (*end_ns == 0)
        *end_ns = f->patience.silence_ns > 0 ? gw_now(&gw_clock_real) + f->patience.silence_ns : UINT64_MAX;
    return wait_patiently(f, fd, events, *end_ns) < 0 ? -1 : 0;
}

static int fail(const struct fd_chan *f, short events, struct gw_err *err)
{
    double s = (double)f->patience.silence_ns / (double)GW_NS_PER_S;
    if (f->patient && errno == ETIMEDOUT)
        return gw_fail(err, GW_E_SYSTEM, "nothing could be %s for %g s", events == POLLIN ? "read" : "written", s);
    return gw_fail(err, GW_E_SYSTEM, "cannot %s", events == POLLIN ? "read" : "write");
}

/* --- slots ------------------------------------------------------------------------------------------------------- */

static int fd_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    struct fd_chan *f = (struct fd_chan *)chan;
    uint64_t end_ns = 0;
    ssize_t n;
    while ((n = readv(f->read_fd, part, (int)num)) < 0)
        if (held_up(f, POLLIN, &end_ns) < 0)
            return fail(f, POLLIN, err);
    *got = (size_t)n;
    return 0;
}

static int fd_write(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *put, struct gw_err *err)
{
    struct fd_chan *f = (struct fd_chan *)chan;
    uint64_t end_ns = 0;
    ssize_t n;
    while ((n = writev(f->write_fd, part, (int)num)) < 0)
        if (held_up(f, POLLOUT, &end_ns) < 0)
            return fail(f, POLLOUT, err);
    if (n == 0)
        return errno = ENOSPC, gw_fail(err, GW_E_SYSTEM, "cannot write");
    *put = (size_t)n;
    return 0;
}

static int fd_skip(struct gw_chan *chan, uint64_t len, uint64_t *gone, struct gw_err *err)
{
    const struct fd_chan *f = (const struct fd_chan *)chan;
    struct stat st;
    off_t at = lseek(f->read_fd, 0, SEEK_CUR);
    if (at < 0 || fstat(f->read_fd, &st) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot find the place in the file");
    *gone = at < st.st_size ? gw_min(len, (uint64_t)(st.st_size - at)) : 0;
    if (lseek(f->read_fd, (off_t)*gone, SEEK_CUR) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot skip");
    return 0;
}

/* With patience every wait is ours. */
static int fd_bare(const struct gw_chan *chan, bool write)
{
    const struct fd_chan *f = (const struct fd_chan *)chan;
    return f->patient ? -1 : write ? f->write_fd : f->read_fd;
}

static void close_fds(int read_fd, int write_fd)
{
    close(read_fd);
    if (write_fd != read_fd)
        close(write_fd);
}

static void fd_close(struct gw_chan *chan)
{
    struct fd_chan *f = (struct fd_chan *)chan;
    if (f->owned) {
        close_fds(f->read_fd, f->write_fd);
    } else { /* the mode is that of the open file: our caller's shell may hold it too */
        if (f->read_changed)
            (void)wait_blocking(f->read_fd, true);
        if (f->write_changed)
            (void)wait_blocking(f->write_fd, true);
    }
    if (f->then != NULL)
        f->then(f->arg);
    gw_free(f);
}

static const struct gw_chan_ops file_ops = {
    .name = "file",
    .read = fd_read,
    .write = fd_write,
    .skip = fd_skip,
    .bare = fd_bare,
    .close = fd_close,
};

static const struct gw_chan_ops pipe_ops = {
    .name = "pipe",
    .read = fd_read,
    .write = fd_write,
    .bare = fd_bare,
    .close = fd_close,
};

/*
 * With the 64 KiB that a pipe has at first, two programs take turns for every 16 pages. 1 MiB is what anybody may ask
 * for (pipe-max-size in pipe(7)); who may not keeps the pipe as it is.
 */
#define PIPE_ROOM (1 << 20)

static void widen(int fd, const struct stat *st)
{
    if (S_ISFIFO(st->st_mode) && fcntl(fd, F_GETPIPE_SZ) < PIPE_ROOM)
        (void)fcntl(fd, F_SETPIPE_SZ, PIPE_ROOM);
}

struct gw_chan *gw_chan_fd_pair(int read_fd, int write_fd, bool owned, struct gw_err *err)
{
    struct stat read_st = { 0 }, write_st = { 0 };
    struct fd_chan *f = gw_alloc(1, sizeof *f, err);
    if (f == NULL) {
        if (owned)
            close_fds(read_fd, write_fd);
        return NULL;
    }
    assert(read_fd >= 0 && write_fd >= 0);
    (void)fstat(read_fd, &read_st); /* a descriptor that is none says so when it is used */
    (void)fstat(write_fd, &write_st);
    f->chan.ops = S_ISREG(read_st.st_mode) ? &file_ops : &pipe_ops;
    widen(read_fd, &read_st);
    if (write_fd != read_fd)
        widen(write_fd, &write_st);
    f->read_fd = read_fd;
    f->write_fd = write_fd;
    f->owned = owned;
    return &f->chan;
}

struct gw_chan *gw_chan_fd(int fd, bool owned, struct gw_err *err)
{
    return gw_chan_fd_pair(fd, fd, owned, err);
}

/* --- through the layers ------------------------------------------------------------------------------------------ */

static bool is_fd(const struct gw_chan *chan)
{
    return chan->ops == &file_ops || chan->ops == &pipe_ops;
}

void gw_chan_fds(const struct gw_chan *chan, int *read_fd, int *write_fd)
{
    while (chan->next != NULL)
        chan = chan->next;
    const struct fd_chan *f = (const struct fd_chan *)chan;
    *read_fd = is_fd(chan) ? f->read_fd : -1;
    *write_fd = is_fd(chan) ? f->write_fd : -1;
}

/* A socket of ours that gives up after a slice needs no other mode. */
static bool is_sliced(const struct fd_chan *f)
{
    const struct timeval slice = { .tv_usec = WAIT_SLICE_NS / 1000 };
    return f->owned && f->read_fd == f->write_fd &&
           setsockopt(f->read_fd, SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof slice) == 0 &&
           setsockopt(f->read_fd, SOL_SOCKET, SO_SNDTIMEO, &slice, sizeof slice) == 0;
}

/* Both directions may be one open file: then the first changes it, and the second finds nothing to change. */
static int stop_blocking(int fd, bool *changed, struct gw_err *err)
{
    int rc = wait_blocking(fd, false);
    if (rc < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot make a descriptor non-blocking");
    *changed = *changed || rc > 0;
    return 0;
}

int gw_chan_patience(struct gw_chan *chan, const struct gw_patience *patience, struct gw_err *err)
{
    assert(patience->idle == NULL || patience->idle_ns > 0);
    while (chan->next != NULL)
        chan = chan->next;
    if (!is_fd(chan))
        return 0;
    struct fd_chan *f = (struct fd_chan *)chan;
    if (!is_sliced(f) && (stop_blocking(f->read_fd, &f->read_changed, err) < 0 ||
                          stop_blocking(f->write_fd, &f->write_changed, err) < 0))
        return -1;
    f->patience = *patience;
    f->patient = true;
    f->idle_at = gw_now(&gw_clock_real) + patience->idle_ns;
    return 0;
}

void fd_then(struct gw_chan *chan, void (*then)(void *arg), void *arg)
{
    struct fd_chan *f = (struct fd_chan *)chan;
    assert(is_fd(chan) && f->then == NULL);
    f->then = then;
    f->arg = arg;
}
