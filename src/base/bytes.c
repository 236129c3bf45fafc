/*
 * bytes.c - the cursor and the buffer of bytes.h.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base.h"

const uint8_t *gw_take(struct gw_cur *cur, size_t len)
{
    assert(cur->p <= cur->end);
    if (cur->bad || (size_t)(cur->end - cur->p) < len) {
        cur->bad = true;
        return NULL;
    }
    const uint8_t *p = cur->p;
    if (len > 0)
        cur->p += len;
    return p;
}

static uint64_t take_le(struct gw_cur *cur, unsigned len)
{
    const uint8_t *p = gw_take(cur, len);
    uint64_t value = 0;
    assert(len <= sizeof value);
    for (unsigned i = len; p != NULL && i-- > 0;)
        value = value << 8 | p[i];
    return value;
}

static uint64_t take_be(struct gw_cur *cur, unsigned len)
{
    const uint8_t *p = gw_take(cur, len);
    uint64_t value = 0;
    for (unsigned i = 0; p != NULL && i < len; i++)
        value = value << 8 | p[i];
    return value;
}

uint8_t gw_u8(struct gw_cur *cur)
{
    return (uint8_t)take_le(cur, 1);
}

uint16_t gw_u16(struct gw_cur *cur)
{
    return (uint16_t)take_le(cur, 2);
}

uint32_t gw_u32(struct gw_cur *cur)
{
    return (uint32_t)take_le(cur, 4);
}

uint64_t gw_u64(struct gw_cur *cur)
{
    return take_le(cur, 8);
}

uint16_t gw_be16(struct gw_cur *cur)
{
    return (uint16_t)take_be(cur, 2);
}

uint32_t gw_be32(struct gw_cur *cur)
{
    return (uint32_t)take_be(cur, 4);
}

uint64_t gw_be64(struct gw_cur *cur)
{
    return take_be(cur, 8);
}

struct gw_cur gw_sub(struct gw_cur *cur, size_t len)
{
    const uint8_t *p = gw_take(cur, len);
    return p != NULL ? gw_cur(p, len) : (struct gw_cur){ .bad = true };
}

static bool buf_grow(struct gw_buf *buf, size_t len)
{
    struct gw_err err = GW_ERR_NONE;
    void *mem = buf->mem;
    if (len > SIZE_MAX - buf->len || gw_grow(&mem, &buf->cap, buf->len + (len ? len : 1), 1, &err) < 0) {
        buf->bad = true;
        return false;
    }
    buf->mem = mem;
    return true;
}

/* Called for every field that is put: while there is room, nothing else is looked at. */
uint8_t *gw_buf_room(struct gw_buf *buf, size_t len)
{
    if (buf->bad)
        return NULL;
    if ((buf->mem == NULL || buf->cap - buf->len < len) && !buf_grow(buf, len))
        return NULL;
    assert(buf->cap - buf->len >= len);
    return buf->mem + buf->len;
}

void gw_put(struct gw_buf *buf, const void *mem, size_t len)
{
    uint8_t *room = gw_buf_room(buf, len);
    if (room != NULL && len > 0) {
        memcpy(room, mem, len);
        buf->len += len;
    }
}

void gw_put_zeros(struct gw_buf *buf, size_t len)
{
    uint8_t *room = gw_buf_room(buf, len);
    if (room != NULL && len > 0) {
        memset(room, 0, len);
        buf->len += len;
    }
}

static void put_le(struct gw_buf *buf, uint64_t value, unsigned len)
{
    uint8_t octets[8];
    assert(len <= sizeof octets);
    for (unsigned i = 0; i < len; i++)
        octets[i] = (uint8_t)(value >> 8 * i);
    gw_put(buf, octets, len);
}

static void put_be(struct gw_buf *buf, uint64_t value, unsigned len)
{
    uint8_t octets[8];
    for (unsigned i = 0; i < len; i++)
        octets[i] = (uint8_t)(value >> 8 * (len - 1 - i));
    gw_put(buf, octets, len);
}

void gw_put_u8(struct gw_buf *buf, uint8_t value)
{
    put_le(buf, value, 1);
}

void gw_put_u16(struct gw_buf *buf, uint16_t value)
{
    put_le(buf, value, 2);
}

void gw_put_u32(struct gw_buf *buf, uint32_t value)
{
    put_le(buf, value, 4);
}

void gw_put_u64(struct gw_buf *buf, uint64_t value)
{
    put_le(buf, value, 8);
}

void gw_put_be16(struct gw_buf *buf, uint16_t value)
{
    put_be(buf, value, 2);
}

void gw_put_be32(struct gw_buf *buf, uint32_t value)
{
    put_be(buf, value, 4);
}

void gw_put_be64(struct gw_buf *buf, uint64_t value)
{
    put_be(buf, value, 8);
}

int gw_buf_ok(const struct gw_buf *buf, struct gw_err *err)
{
    if (!buf->bad)
        return 0;
    errno = ENOMEM;
    return gw_fail(err, GW_E_SYSTEM, "cannot get memory for a buffer of more than %zu octets", buf->cap);
}

void gw_buf_free(struct gw_buf *buf)
{
    gw_free(buf->mem);
    *buf = (struct gw_buf){ 0 };
}
