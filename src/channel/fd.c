/*
 * fd.c - a channel over a descriptor: file, pipe, socket.
 *
 * lseek beyond the end of a file succeeds, so a skip is compared with fstat, and a cut shows at its record. Only a
 * regular file is skipped by lseek; everything else is read and dropped by the wrapper.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"

struct fd_chan {
    struct gw_chan chan;
    int fd;
    bool owned;
};

/* A descriptor that somebody made non-blocking is waited for. True: try again. */
static bool waited(int fd, short events)
{
    struct pollfd ready = { .fd = fd, .events = events };
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        return false;
    return poll(&ready, 1, -1) >= 0;
}

static int fd_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    const struct fd_chan *f = (const struct fd_chan *)chan;
    ssize_t n;
    do
        n = readv(f->fd, part, (int)num);
    while (n < 0 && waited(f->fd, POLLIN));
    if (n < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot read");
    *got = (size_t)n;
    return 0;
}

static int fd_write(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *put, struct gw_err *err)
{
    const struct fd_chan *f = (const struct fd_chan *)chan;
    ssize_t n;
    do
        n = writev(f->fd, part, (int)num);
    while (n < 0 && waited(f->fd, POLLOUT));
    if (n < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot write");
    if (n == 0)
        return errno = ENOSPC, gw_fail(err, GW_E_SYSTEM, "cannot write");
    *put = (size_t)n;
    return 0;
}

static int fd_skip(struct gw_chan *chan, uint64_t len, uint64_t *gone, struct gw_err *err)
{
    const struct fd_chan *f = (const struct fd_chan *)chan;
    struct stat st;
    off_t at = lseek(f->fd, 0, SEEK_CUR);
    if (at < 0 || fstat(f->fd, &st) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot find the place in the file");
    *gone = at < st.st_size ? gw_min(len, (uint64_t)(st.st_size - at)) : 0;
    if (lseek(f->fd, (off_t)*gone, SEEK_CUR) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot skip");
    return 0;
}

static void fd_close(struct gw_chan *chan)
{
    struct fd_chan *f = (struct fd_chan *)chan;
    if (f->owned)
        close(f->fd);
    gw_free(f);
}

static const struct gw_chan_ops file_ops = {
    .name = "file",
    .read = fd_read,
    .write = fd_write,
    .skip = fd_skip,
    .close = fd_close,
};

static const struct gw_chan_ops pipe_ops = {
    .name = "pipe",
    .read = fd_read,
    .write = fd_write,
    .close = fd_close,
};

struct gw_chan *gw_chan_fd(int fd, bool owned, struct gw_err *err)
{
    struct stat st;
    struct fd_chan *f = gw_alloc(1, sizeof *f, err);
    if (f == NULL) {
        if (owned)
            close(fd);
        return NULL;
    }
    f->chan.ops = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? &file_ops : &pipe_ops;
    assert(fd >= 0);
    f->fd = fd;
    f->owned = owned;
    return &f->chan;
}
