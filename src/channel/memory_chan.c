/*
 * memory_chan.c - a channel that reads from memory and writes into a buffer.
 */
#include <string.h>

#include "channel.h"

struct memory_chan {
    struct gw_chan chan;
    struct gw_cur in;
    struct gw_buf *out;
};

static int memory_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    struct memory_chan *m = (struct memory_chan *)chan;
    (void)err;
    *got = 0;
    for (unsigned i = 0; i < num; i++) {
        size_t len = (size_t)gw_min(part[i].iov_len, gw_left(&m->in));
        if (len == 0)
            break;
        memcpy(part[i].iov_base, gw_take(&m->in, len), len);
        *got += len;
    }
    return 0;
}

static int memory_write(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *put, struct gw_err *err)
{
    struct memory_chan *m = (struct memory_chan *)chan;
    if (m->out == NULL)
        return gw_fail(err, GW_E_USAGE, "this memory channel has no buffer to write to");
    *put = 0;
    for (unsigned i = 0; i < num; i++) {
        gw_put(m->out, part[i].iov_base, part[i].iov_len);
        *put += part[i].iov_len;
    }
    return gw_buf_ok(m->out, err);
}

static int memory_skip(struct gw_chan *chan, uint64_t len, uint64_t *gone, struct gw_err *err)
{
    struct memory_chan *m = (struct memory_chan *)chan;
    (void)err;
    *gone = gw_min(len, gw_left(&m->in));
    gw_take(&m->in, (size_t)*gone);
    return 0;
}

static int memory_peek(struct gw_chan *chan, size_t want, const uint8_t **mem, size_t *len, struct gw_err *err)
{
    struct memory_chan *m = (struct memory_chan *)chan;
    (void)want;
    (void)err;
    *mem = m->in.p;
    *len = gw_left(&m->in);
    return 0;
}

static void memory_close(struct gw_chan *chan)
{
    gw_free(chan);
}

static const struct gw_chan_ops memory_ops = {
    .name = "memory",
    .read = memory_read,
    .write = memory_write,
    .skip = memory_skip,
    .peek = memory_peek,
    .close = memory_close,
};

struct gw_chan *gw_chan_memory(const void *mem, size_t len, struct gw_buf *out, struct gw_err *err)
{
    struct memory_chan *m = gw_alloc(1, sizeof *m, err);
    if (m == NULL)
        return NULL;
    m->chan.ops = &memory_ops;
    m->in = gw_cur(mem, len);
    m->out = out;
    return &m->chan;
}
