/*
 * frame.c - the frame of a chunk (chunks.md section 1).
 *
 *  0 4 length of data; 4 4 type; 8 length data; +4 crc over type and data
 */
#include <assert.h>
#include <string.h>

#include "chunk.h"

static bool is_letter(uint8_t octet)
{
    return (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z');
}

static int check_type(uint32_t type, struct gw_err *err)
{
    char name[GW_CHUNK_NAME_ROOM];
    for (unsigned shift = 0; shift < 32; shift += 8)
        if (!is_letter((uint8_t)(type >> shift)))
            return gw_fail(err, GW_E_INVALID, "the type of a chunk is '%s' instead of four letters",
                           gw_chunk_name(type, name));
    if (type & GW_CHUNK_RESERVED)
        return gw_fail(err, GW_E_REFUSED, "the third letter of chunk '%s' is lower case, which is reserved",
                       gw_chunk_name(type, name));
    return 0;
}

/* Types that we do not know are control chunks. */
static int check_length(uint32_t type, uint64_t length, struct gw_err *err)
{
    char name[GW_CHUNK_NAME_ROOM];
    const struct gw_chunk_info *info = gw_chunk_info(type);
    uint32_t least = info ? info->least : 0, most = info ? info->most : GW_CHUNK_CONTROL_MAX;
    gw_chunk_name(type, name);
    if (length > GW_CHUNK_LENGTH_MAX)
        return gw_fail(err, GW_E_INVALID, "%s: %llu octets of data, no chunk has more than 2^31 - 1", name,
                       (unsigned long long)length);
    if (length < least)
        return gw_fail(err, GW_E_INVALID, "%s: %u octets of data, it has at least %u", name, (unsigned)length, least);
    if (length > most)
        return gw_fail(err, GW_E_INVALID, "%s: %u octets of data, at most %u are accepted", name, (unsigned)length,
                       most);
    return 0;
}

int gw_chunk_head_decode(struct gw_cur cur, struct gw_chunk_head *out, struct gw_err *err)
{
    struct gw_chunk_head v;
    size_t len = gw_left(&cur);
    v.length = gw_be32(&cur);
    v.type = gw_be32(&cur);
    if (cur.bad)
        return gw_fail(err, GW_E_SHORT, "the header of a chunk needs %u octets, %zu are there", GW_CHUNK_HEAD_LEN, len);
    if (check_type(v.type, err) < 0 || check_length(v.type, v.length, err) < 0)
        return -1;
    *out = v;
    return 0;
}

int gw_chunk_take(struct gw_cur *cur, struct gw_chunk *out, struct gw_err *err)
{
    struct gw_cur at = *cur;
    struct gw_chunk_head head;
    char name[GW_CHUNK_NAME_ROOM];
    if (gw_chunk_head_decode(at, &head, err) < 0)
        return -1;
    gw_take(&at, sizeof head.length);
    const uint8_t *covered = at.p;
    gw_take(&at, sizeof head.type);
    struct gw_cur data = gw_sub(&at, head.length);
    uint32_t crc = gw_be32(&at);
    if (at.bad)
        return gw_fail(err, GW_E_SHORT, "%s: header, data and crc need %u octets, %zu are there",
                       gw_chunk_name(head.type, name), GW_CHUNK_HEAD_LEN + head.length + GW_CHUNK_CRC_LEN,
                       gw_left(cur));
    uint32_t is = gw_chunk_crc(0, covered, sizeof head.type + head.length);
    if (is != crc)
        return gw_fail(err, GW_E_INVALID, "%s: its octets have the crc 0x%08x, it says 0x%08x",
                       gw_chunk_name(head.type, name), is, crc);
    assert((size_t)(at.p - cur->p) == (size_t)GW_CHUNK_HEAD_LEN + head.length + GW_CHUNK_CRC_LEN);
    *out = (struct gw_chunk){ .type = head.type, .data = data };
    *cur = at;
    return 0;
}

size_t gw_chunk_begin(struct gw_buf *buf, uint32_t type)
{
    size_t begin = buf->len;
    gw_put_be32(buf, 0); /* the length: gw_chunk_end */
    gw_put_be32(buf, type);
    return begin;
}

static void patch_be32(uint8_t *p, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}

static int finish(struct gw_buf *buf, size_t begin, struct gw_err *err)
{
    if (gw_buf_ok(buf, err) < 0)
        return -1;
    assert(buf->len - begin >= GW_CHUNK_HEAD_LEN);
    struct gw_cur head = gw_cur(buf->mem + begin + 4, 4);
    size_t length = buf->len - begin - GW_CHUNK_HEAD_LEN;
    uint32_t type = gw_be32(&head);
    if (check_type(type, err) < 0 || check_length(type, length, err) < 0)
        return -1;
    patch_be32(buf->mem + begin, (uint32_t)length);
    gw_put_be32(buf, gw_chunk_crc(0, buf->mem + begin + 4, 4 + length));
    return gw_buf_ok(buf, err);
}

int gw_chunk_end(struct gw_buf *buf, size_t begin, struct gw_err *err)
{
    assert(begin <= buf->len);
    if (finish(buf, begin, err) < 0) {
        buf->len = begin;
        return -1;
    }
    return 0;
}
