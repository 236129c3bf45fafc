/*
 * window.c - look-ahead: a small buffer over a channel whose owner owns all that follows.
 *
 * Small reads come out of the buffer; a read or skip of more than the buffer holds goes straight to the layer below, so
 * that contents are not copied twice and a file can still skip by lseek.
 */
#include <assert.h>
#include <string.h>

#include "channel.h"
#include "fd.h"

struct window {
    struct gw_chan chan;
    uint8_t *mem;
    size_t room, at, end; /* octets [at, end) are held */
};

/* Reads once into the room behind end. */
static int fill(struct window *w, size_t *got, struct gw_err *err)
{
    if (w->at > 0) {
        memmove(w->mem, w->mem + w->at, w->end - w->at);
        w->end -= w->at;
        w->at = 0;
    }
    assert(w->end < w->room);
    if (gw_chan_some(w->chan.next, w->mem + w->end, w->room - w->end, got, err) < 0)
        return -1;
    w->end += *got;
    return 0;
}

static size_t hand_out(struct window *w, const struct iovec *part, unsigned num)
{
    size_t given = 0;
    for (unsigned i = 0; i < num && w->at < w->end; i++) {
        size_t len = (size_t)gw_min(part[i].iov_len, w->end - w->at);
        memcpy(part[i].iov_base, w->mem + w->at, len);
        w->at += len;
        given += len;
    }
    return given;
}

static int window_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    struct window *w = (struct window *)chan;
    size_t filled;
    if (w->at == w->end && part[0].iov_len >= w->room)
        return gw_chan_some(chan->next, part[0].iov_base, part[0].iov_len, got, err);
    if (w->at == w->end && fill(w, &filled, err) < 0)
        return -1;
    *got = hand_out(w, part, num);
    return 0;
}

static int window_skip(struct gw_chan *chan, uint64_t len, uint64_t *gone, struct gw_err *err)
{
    struct window *w = (struct window *)chan;
    *gone = gw_min(len, w->end - w->at);
    if (*gone > 0) {
        w->at += (size_t)*gone;
        return 0;
    }
    uint64_t before = chan->next->read_pos;
    if (gw_chan_skip(chan->next, len, err) < 0) {
        if (!gw_err_is_cut(err))
            return -1;
        *err = GW_ERR_NONE; /* the wrapper above says how much was missing, counted from the whole skip */
    }
    *gone = chan->next->read_pos - before;
    assert(*gone <= len);
    return 0;
}

static int window_peek(struct gw_chan *chan, size_t want, const uint8_t **mem, size_t *len, struct gw_err *err)
{
    struct window *w = (struct window *)chan;
    size_t got = 1;
    assert(want <= w->room);
    while (w->end - w->at < want && got > 0)
        if (fill(w, &got, err) < 0)
            return -1;
    assert(w->at <= w->end && w->end <= w->room);
    *mem = w->mem + w->at;
    *len = w->end - w->at;
    return 0;
}

static int window_bare(const struct gw_chan *chan, bool write)
{
    const struct window *w = (const struct window *)chan;
    return !write && w->at == w->end ? chan_bare(chan->next, false) : -1;
}

static void window_close(struct gw_chan *chan)
{
    struct window *w = (struct window *)chan;
    gw_chan_close(chan->next);
    gw_free(w->mem);
    gw_free(w);
}

static const struct gw_chan_ops window_ops = {
    .name = "window",
    .read = window_read,
    .skip = window_skip,
    .peek = window_peek,
    .bare = window_bare,
    .close = window_close,
};

struct gw_chan *gw_chan_window(struct gw_chan *next, struct gw_err *err)
{
    struct window *w = gw_alloc(1, sizeof *w, err);
    size_t room = (size_t)gw_limit(WINDOW);
    uint8_t *mem = w != NULL ? gw_alloc(room, 1, err) : NULL;
    if (mem == NULL) {
        gw_free(w);
        gw_chan_close(next);
        return NULL;
    }
    w->chan.ops = &window_ops;
    w->chan.next = next;
    w->mem = mem;
    w->room = room;
    return &w->chan;
}
