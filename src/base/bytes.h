/*
 * bytes.h - octets that know their end: a cursor to take from, a buffer to build in.
 *
 * The cursor is the only place that compares a length with reality. A take that does not fit sticks: it and all later
 * ones give 0 or NULL. Nothing read may steer an allocation, a loop or an index before `bad` was looked at; gw_done()
 * is the normal last line of a decoder. All integers are little-endian, as in every image that exists, unless named be.
 */
#ifndef GW_BYTES_H
#define GW_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct gw_cur {
    const uint8_t *p, *end; /* borrowed */
    bool bad;
};

static inline struct gw_cur gw_cur(const void *mem, size_t len)
{
    const uint8_t *p = mem;
    return (struct gw_cur){ .p = p, .end = len ? p + len : p };
}

static inline size_t gw_left(const struct gw_cur *cur)
{
    return cur->bad ? 0 : (size_t)(cur->end - cur->p);
}

/* Everything was taken and every take fitted. */
static inline bool gw_done(const struct gw_cur *cur)
{
    return !cur->bad && cur->p == cur->end;
}

/* The next len octets, borrowed; NULL when there are fewer. */
const uint8_t *gw_take(struct gw_cur *cur, size_t len);
uint8_t gw_u8(struct gw_cur *cur);
uint16_t gw_u16(struct gw_cur *cur);
uint32_t gw_u32(struct gw_cur *cur);
uint64_t gw_u64(struct gw_cur *cur);
uint16_t gw_be16(struct gw_cur *cur);
uint32_t gw_be32(struct gw_cur *cur);
uint64_t gw_be64(struct gw_cur *cur);

/* The next len octets as a cursor of their own, which cannot leave them; bad when there are fewer. */
struct gw_cur gw_sub(struct gw_cur *cur, size_t len);

/*
 * A buffer that grows. A failed growth sticks (`bad`) and later puts do nothing, so that a builder is checked once,
 * at its end, with gw_buf_ok(). Zero state is empty; gw_buf_free() returns to it.
 */
struct gw_buf {
    uint8_t *mem;
    size_t len, cap;
    bool bad;
};

void gw_put(struct gw_buf *buf, const void *mem, size_t len);
void gw_put_zeros(struct gw_buf *buf, size_t len);
void gw_put_u8(struct gw_buf *buf, uint8_t value);
void gw_put_u16(struct gw_buf *buf, uint16_t value);
void gw_put_u32(struct gw_buf *buf, uint32_t value);
void gw_put_u64(struct gw_buf *buf, uint64_t value);
void gw_put_be16(struct gw_buf *buf, uint16_t value);
void gw_put_be32(struct gw_buf *buf, uint32_t value);
void gw_put_be64(struct gw_buf *buf, uint64_t value);

/* Room for len more octets at the end, not yet counted in; NULL and bad when there is no memory. */
uint8_t *gw_buf_room(struct gw_buf *buf, size_t len);
int gw_buf_ok(const struct gw_buf *buf, struct gw_err *err);
void gw_buf_free(struct gw_buf *buf);

static inline struct gw_cur gw_buf_cur(const struct gw_buf *buf)
{
    return gw_cur(buf->mem, buf->len);
}

#endif
