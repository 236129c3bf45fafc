/*
 * count.c - a layer that only counts, over a channel that stays its owner's.
 */
#include <assert.h>

#include "channel.h"

static int count_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    (void)num;
    return gw_chan_some(chan->next, part[0].iov_base, part[0].iov_len, got, err);
}

static int count_write(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *put, struct gw_err *err)
{
    uint64_t before = chan->next->write_pos;
    if (gw_chan_writev(chan->next, part, num, err) < 0)
        return -1;
    *put = (size_t)(chan->next->write_pos - before);
    return 0;
}

static int count_skip(struct gw_chan *chan, uint64_t len, uint64_t *gone, struct gw_err *err)
{
    if (gw_chan_skip(chan->next, len, err) < 0)
        return -1;
    *gone = len;
    return 0;
}

static void count_close(struct gw_chan *chan)
{
    gw_free(chan);
}

static const struct gw_chan_ops count_ops = {
    .name = "counting",
    .read = count_read,
    .write = count_write,
    .skip = count_skip,
    .close = count_close,
};

struct gw_chan *gw_chan_count(struct gw_chan *next, struct gw_err *err)
{
    struct gw_chan *chan = gw_alloc(1, sizeof *chan, err);
    if (chan == NULL)
        return NULL;
    assert(next != NULL);
    chan->ops = &count_ops;
    chan->next = next;
    return chan;
}
