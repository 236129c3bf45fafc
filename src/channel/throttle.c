/*
 * throttle.c - a layer that lets so many octets a second pass. What passed is paid for afterwards: a short move waits a
 * short time, so that the rate holds over any stretch longer than one move.
 */
#include <assert.h>

#include "channel.h"

#define DEBT_NS UINT64_C(1000000)
#define MOVES_A_SECOND 8 /* or more: a slow link is slow, not silent */
#define MOVE_MOST 262144 /* octets at a time: a slow link is felt at once, not after a large write */

struct throttle {
    struct gw_chan chan;
    uint64_t rate;
    size_t most; /* octets of a move */
    struct gw_clock *clock;
    uint64_t free_ns; /* when the octets that passed are paid for */
};

/* A debt of less than DEBT_NS is left to the next move: shorter waits would take longer than they say. */
static void pay(struct throttle *t, uint64_t octets)
{
    uint64_t now = gw_now(t->clock);
    t->free_ns = gw_max(t->free_ns, now) + (uint64_t)((double)octets * (double)GW_NS_PER_S / (double)t->rate);
    while (now + DEBT_NS < t->free_ns && !gw_cancelled()) {
        gw_wait(t->clock, t->free_ns - now);
        now = gw_now(t->clock);
    }
}

/* As many of the parts as one move takes, the last one perhaps cut. */
static unsigned first_parts(const struct throttle *t, struct iovec *out, const struct iovec *part, unsigned num)
{
    size_t left = t->most;
    unsigned used = 0;
    for (; used < num && left > 0; used++) {
        out[used] = part[used];
        out[used].iov_len = (size_t)gw_min(part[used].iov_len, left);
        left -= out[used].iov_len;
    }
    return used;
}

static int throttle_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    struct throttle *t = (struct throttle *)chan;
    struct iovec some[GW_CHAN_PARTS];
    if (gw_chan_somev(chan->next, some, first_parts(t, some, part, num), got, err) < 0)
        return -1;
    pay(t, *got);
    return 0;
}

static int throttle_write(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *put, struct gw_err *err)
{
    struct throttle *t = (struct throttle *)chan;
    struct iovec some[GW_CHAN_PARTS];
    uint64_t before = chan->next->write_pos;
    if (gw_chan_writev(chan->next, some, first_parts(t, some, part, num), err) < 0)
        return -1;
    *put = (size_t)(chan->next->write_pos - before);
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
    t->most = (size_t)gw_min(MOVE_MOST, gw_max(1, octets_per_second / MOVES_A_SECOND));
    t->clock = clock;
    return &t->chan;
}
