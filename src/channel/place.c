/*
 * place.c - a channel that reads a stretch of a file from a place of its own, whatever the descriptor's own place is:
 * so that one reader looks ahead while another stays where it is.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"

struct place_chan {
    struct gw_chan chan;
    int fd; /* borrowed */
    uint64_t at, end;
};

static int place_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    struct place_chan *p = (struct place_chan *)chan;
    size_t len = (size_t)gw_min(part[0].iov_len, p->end - p->at);
    ssize_t n = len > 0 ? pread(p->fd, part[0].iov_base, len, (off_t)p->at) : 0;
    (void)num;
    if (n < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot read");
    p->at += (size_t)n;
    *got = (size_t)n;
    return 0;
}

static int place_skip(struct gw_chan *chan, uint64_t len, uint64_t *gone, struct gw_err *err)
{
    struct place_chan *p = (struct place_chan *)chan;
    struct stat st;
    if (fstat(p->fd, &st) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot find the place in the file");
    uint64_t end = gw_min((uint64_t)st.st_size, p->end);
    *gone = p->at < end ? gw_min(len, end - p->at) : 0;
    p->at += *gone;
    return 0;
}

static void place_close(struct gw_chan *chan)
{
    gw_free(chan);
}

static const struct gw_chan_ops place_ops = {
    .name = "place",
    .read = place_read,
    .skip = place_skip,
    .close = place_close,
};

struct gw_chan *gw_chan_at(int fd, uint64_t at, uint64_t len, struct gw_err *err)
{
    struct place_chan *p = gw_alloc(1, sizeof *p, err);
    if (p == NULL)
        return NULL;
    p->chan.ops = &place_ops;
    p->fd = fd;
    p->at = at;
    if (!gw_add(at, len, &p->end))
        p->end = UINT64_MAX;
    return &p->chan;
}
