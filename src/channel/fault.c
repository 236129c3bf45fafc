/*
 * fault.c - a layer that spoils what passes: cuts, flips, short moves, interruptions. Tests and users run the same one.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "channel.h"

struct fault_chan {
    struct gw_chan chan;
    struct gw_fault fault;
    unsigned calls;
    bool stalled; /* the stall is behind us */
};

static int maybe_interrupt(struct fault_chan *f, struct gw_err *err)
{
    unsigned every = f->fault.interrupt_every;
    if (every == 0 || ++f->calls % (every + 1) != 0)
        return 0;
    errno = EINTR;
    return gw_fail(err, GW_E_SYSTEM, "interrupted on order");
}

/* How much of the first part may move, at position pos: bounded by the fault's `most` and by the cut. */
static size_t allowed(const struct gw_fault *fault, size_t len, uint64_t pos, bool cut, uint64_t cut_at)
{
    if (fault->most > 0 && len > fault->most)
        len = fault->most;
    if (cut && len > cut_at - gw_min(pos, cut_at))
        len = (size_t)(cut_at - gw_min(pos, cut_at));
    return len;
}

static size_t up_to_stall(struct fault_chan *f, size_t len)
{
    const struct gw_fault *fault = &f->fault;
    if (!fault->stall_read || f->stalled || f->chan.read_pos > fault->stall_read_at)
        return len;
    if (f->chan.read_pos < fault->stall_read_at)
        return (size_t)gw_min(len, fault->stall_read_at - f->chan.read_pos);
    f->stalled = true;
    gw_wait(fault->clock != NULL ? fault->clock : &gw_clock_real, fault->stall_ns);
    return len;
}

static void flip(uint8_t *mem, size_t len, uint64_t pos, uint64_t bit)
{
    if (bit / 8 >= pos && bit / 8 - pos < len)
        mem[bit / 8 - pos] ^= (uint8_t)(1u << bit % 8);
}

static int fault_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    struct fault_chan *f = (struct fault_chan *)chan;
    (void)num;
    if (maybe_interrupt(f, err) < 0)
        return -1;
    size_t len = allowed(&f->fault, part[0].iov_len, chan->read_pos, f->fault.cut_read, f->fault.cut_read_at);
    len = up_to_stall(f, len);
    *got = 0;
    if (len > 0 && gw_chan_some(chan->next, part[0].iov_base, len, got, err) < 0)
        return -1;
    if (f->fault.flip_read)
        flip(part[0].iov_base, *got, chan->read_pos, f->fault.flip_read_bit);
    return 0;
}

static int fault_write(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *put, struct gw_err *err)
{
    struct fault_chan *f = (struct fault_chan *)chan;
    uint8_t copy[4096];
    (void)num;
    if (maybe_interrupt(f, err) < 0)
        return -1;
    size_t len = allowed(&f->fault, part[0].iov_len, chan->write_pos, f->fault.cut_write, f->fault.cut_write_at);
    if (len == 0)
        return errno = EPIPE, gw_fail(err, GW_E_SYSTEM, "cut on order");
    len = (size_t)gw_min(len, sizeof copy);
    memcpy(copy, part[0].iov_base, len);
    if (f->fault.flip_write)
        flip(copy, len, chan->write_pos, f->fault.flip_write_bit);
    *put = len;
    return gw_chan_write(chan->next, copy, len, err);
}

static void fault_close(struct gw_chan *chan)
{
    gw_chan_close(chan->next);
    gw_free(chan);
}

static const struct gw_chan_ops fault_ops = {
    .name = "fault",
    .read = fault_read,
    .write = fault_write,
    .close = fault_close,
};

struct gw_chan *gw_chan_fault(struct gw_chan *next, const struct gw_fault *fault, struct gw_err *err)
{
    struct fault_chan *f = gw_alloc(1, sizeof *f, err);
    if (f == NULL) {
        gw_chan_close(next);
        return NULL;
    }
    f->chan.ops = &fault_ops;
    assert(next != NULL && fault != NULL);
    f->chan.next = next;
    f->fault = *fault;
    return &f->chan;
}
