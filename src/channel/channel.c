/*
 * channel.c - the wrappers: the only callers of a channel's slots.
 *
 * They own the loops (exact reads, whole writes), the retry after EINTR, and the position. Slots own one system call.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "channel.h"

#define DROP_LEN 65536 /* octets of stack for a skip that has to read */

/*
 * After a slot failed: was it only interrupted? Then the error is taken back and the call made again, unless the work
 * was cancelled: then the interruption is the answer.
 */
static bool again(struct gw_err *err)
{
    if (gw_cancelled())
        return false;
    if (err->code != GW_E_SYSTEM || err->sys != EINTR)
        return false;
    *err = GW_ERR_NONE;
    return true;
}

static size_t parts_len(const struct iovec *part, unsigned num)
{
    size_t len = 0;
    for (unsigned i = 0; i < num; i++)
        len += part[i].iov_len;
    return len;
}

static int read_once(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    if (chan->ops->read == NULL)
        return gw_fail(err, GW_E_USAGE, "a %s channel cannot be read", chan->ops->name);
    while (chan->ops->read(chan, part, num, got, err) < 0)
        if (!again(err))
            return -1;
    assert(*got <= parts_len(part, num));
    chan->read_pos += *got;
    return 0;
}

int gw_chan_somev(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    assert(num > 0 && num <= GW_CHAN_PARTS);
    return read_once(chan, part, num, got, err);
}

int gw_chan_some(struct gw_chan *chan, void *mem, size_t len, size_t *got, struct gw_err *err)
{
    struct iovec part = { .iov_base = mem, .iov_len = len };
    assert(len > 0);
    return read_once(chan, &part, 1, got, err);
}

/* Copies the parts behind the first `gone` octets to rest; returns their number. */
static unsigned parts_behind(struct iovec *rest, const struct iovec *part, unsigned num, size_t gone)
{
    unsigned left = 0;
    for (unsigned i = 0; i < num; i++) {
        if (gone >= part[i].iov_len) {
            gone -= part[i].iov_len;
            continue;
        }
        rest[left].iov_base = (uint8_t *)part[i].iov_base + gone;
        rest[left].iov_len = part[i].iov_len - gone;
        gone = 0;
        left++;
    }
    return left;
}

static int read_all(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *total, struct gw_err *err)
{
    struct iovec rest[GW_CHAN_PARTS];
    size_t len = parts_len(part, num), got;
    assert(num <= GW_CHAN_PARTS);
    for (*total = 0; *total < len; *total += got) {
        unsigned left = parts_behind(rest, part, num, *total);
        if (read_once(chan, rest, left, &got, err) < 0)
            return -1;
        if (got == 0)
            return gw_fail(err, GW_E_SHORT, "the input ends after %zu of %zu octets", *total, len);
    }
    return 0;
}

int gw_chan_read(struct gw_chan *chan, void *mem, size_t len, size_t *got, struct gw_err *err)
{
    struct iovec part = { .iov_base = mem, .iov_len = len };
    size_t total;
    int rc = read_all(chan, &part, 1, &total, err);
    if (got != NULL)
        *got = total;
    return rc;
}

#define FILL_STEP 65536u /* octets asked for at a time while a claimed length is not yet proven */

int gw_chan_fill(struct gw_chan *chan, struct gw_buf *buf, uint64_t len, struct gw_err *err)
{
    while (len > 0) {
        size_t step = (size_t)gw_min(len, gw_max(buf->len, FILL_STEP)), got;
        uint8_t *room = gw_buf_room(buf, step);
        if (room == NULL)
            return gw_buf_ok(buf, err);
        int rc = gw_chan_read(chan, room, step, &got, err);
        buf->len += got;
        if (rc < 0)
            return -1;
        len -= step;
    }
    return 0;
}

int gw_chan_readv(struct gw_chan *chan, const struct iovec *part, unsigned num, struct gw_err *err)
{
    size_t total;
    return read_all(chan, part, num, &total, err);
}

static int drop_once(struct gw_chan *chan, uint64_t len, uint64_t *gone, struct gw_err *err)
{
    uint8_t drop[DROP_LEN];
    size_t got = 0;
    int rc = gw_chan_some(chan, drop, (size_t)gw_min(len, sizeof drop), &got, err);
    *gone = got;
    return rc;
}

static int skip_once(struct gw_chan *chan, uint64_t len, uint64_t *gone, struct gw_err *err)
{
    if (chan->ops->skip == NULL)
        return drop_once(chan, len, gone, err);
    while (chan->ops->skip(chan, len, gone, err) < 0)
        if (!again(err))
            return -1;
    assert(*gone <= len);
    chan->read_pos += *gone;
    return 0;
}

int gw_chan_skip(struct gw_chan *chan, uint64_t len, struct gw_err *err)
{
    uint64_t gone;
    for (uint64_t total = 0; total < len; total += gone) {
        if (skip_once(chan, len - total, &gone, err) < 0)
            return -1;
        if (gone == 0)
            return gw_fail(err, GW_E_SHORT, "the input ends after %llu of %llu octets", (unsigned long long)total,
                           (unsigned long long)len);
    }
    return 0;
}

bool gw_chan_can_peek(const struct gw_chan *chan)
{
    return chan->ops->peek != NULL;
}

int gw_chan_peek(struct gw_chan *chan, size_t want, const uint8_t **mem, size_t *len, struct gw_err *err)
{
    if (chan->ops->peek == NULL)
        return gw_fail(err, GW_E_USAGE, "a %s channel does not own what follows and cannot look ahead",
                       chan->ops->name);
    return chan->ops->peek(chan, want, mem, len, err);
}

int gw_chan_write(struct gw_chan *chan, const void *mem, size_t len, struct gw_err *err)
{
    struct iovec part;
    memcpy(&part.iov_base, &mem, sizeof mem); /* an iovec has no const: writing leaves it alone */
    part.iov_len = len;
    return gw_chan_writev(chan, &part, 1, err);
}

int gw_chan_writev(struct gw_chan *chan, const struct iovec *part, unsigned num, struct gw_err *err)
{
    struct iovec rest[GW_CHAN_PARTS];
    size_t len = parts_len(part, num), put;
    assert(num <= GW_CHAN_PARTS);
    if (chan->ops->write == NULL)
        return gw_fail(err, GW_E_USAGE, "a %s channel cannot be written", chan->ops->name);
    for (size_t total = 0; total < len; total += put) {
        unsigned left = parts_behind(rest, part, num, total);
        while (chan->ops->write(chan, rest, left, &put, err) < 0)
            if (!again(err))
                return -1;
        assert(put > 0 && put <= len - total);
        chan->write_pos += put;
    }
    return 0;
}

void gw_chan_close(struct gw_chan *chan)
{
    if (chan != NULL)
        chan->ops->close(chan);
}

void gw_chan_closep(struct gw_chan **chan)
{
    gw_chan_close(*chan);
}
