/*
 * throttle.c - a layer that lets so many octets a second pass. What passed is paid for afterwards: a short move waits a
 * short time, so that the rate holds over any stretch longer than one move.
 */
#include <assert.h>

#include "channel.h"

#define NS_PER_S UINT64_C(1000000000)
#define MOVE_MOST 262144 /* octets at a time: a slow link is felt at once, not after a large write */

struct throttle {
    struct gw_chan chan;
    uint64_t rate;
    struct gw_clock *clock;
    uint64_t free_ns; /* when the octets that passed are paid for */
};

static void pay(struct throttle *t, uint64_t octets)
{
    uint64_t now = gw_now(t->clock);
    t->free_ns = gw_max(t->free_ns, now) + (uint64_t)((double)octets * (double)NS_PER_S / (double)t->rate);
    while (now < t->free_ns && !gw_cancelled()) {
        gw_wait(t->clock, t->free_ns - now);
        now = gw_now(t->clock);
    }
}

static int throttle_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    struct throttle *t = (struct throttle *)chan;
    (void)num;
    if (gw_chan_some(chan->next, part[0].iov_base, (size_t)gw_min(part[0].iov_len, MOVE_MOST), got, err) < 0)
        return -1;
    pay(t, *got);
    return 0;
}

static int throttle_write(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *put, struct gw_err *err)
{
    struct throttle *t = (struct throttle *)chan;
    (void)num;
    *put = (size_t)gw_min(part[0].iov_len, MOVE_MOST);
    if (gw_chan_write(chan->next, part[0].iov_base, *put, err) < 0)
        return -1;
    pay(t, *put);
    return 0;
}

static void throttle_close(struct gw_chan *chan)
{
    gw_chan_close(chan->next);
    gw_free(chan);
}

static const struct gw_chan_ops throttle_ops = {
    .name = "throttled",
    .read = throttle_read,
    .write = throttle_write,
    .close = throttle_close,
};

struct gw_chan *gw_chan_throttle(struct gw_chan *next, uint64_t octets_per_second, struct gw_clock *clock,
                                 struct gw_err *err)
{
    struct throttle *t = gw_alloc(1, sizeof *t, err);
    assert(octets_per_second > 0 && clock != NULL);
    if (t == NULL) {
        gw_chan_close(next);
        return NULL;
    }
    t->chan.ops = &throttle_ops;
    t->chan.next = next;
    t->rate = octets_per_second;
    t->clock = clock;
    return &t->chan;
}
