/*
 * legacy_toolstack.c - libxl's blob in chunk -18 (legacy 11.1): memory that the guest has moved, for an old QEMU.
 *
 *  0 4 version 1; 4 4 count; then entries: 0 8 phys_offset; 8 8 start_addr; 16 8 size; 24 4 length of the name with its
 *  zero octet, or 0; 28 name; padding, 4 octets of a 64-bit libxl, none of a 32-bit one
 *
 * What it must not know: whether somebody wants the result.
 */
#include <inttypes.h>
#include <stdio.h>

#include "legacy_toolstack.h"

#define VERSION 1
#define ENTRY_LEN 28
#define PADDING_64 4
#define ENTRIES_MOST 4096 /* a guest has a handful */

struct entry {
    uint64_t phys_offset, start_addr, size;
    const uint8_t *name; /* with its zero octet; NULL: it has none */
    uint32_t name_len;
};

static bool take_entry(struct gw_cur *cur, unsigned padding, struct entry *out)
{
    out->phys_offset = gw_u64(cur);
    out->start_addr = gw_u64(cur);
    out->size = gw_u64(cur);
    out->name_len = gw_u32(cur);
    out->name = out->name_len > 0 ? gw_take(cur, out->name_len) : NULL;
    gw_take(cur, padding);
    if (cur->bad)
        return false;
    for (uint32_t i = 0; i < out->name_len; i++)
        if ((out->name[i] == 0) != (i + 1 == out->name_len))
            return false;
    return true;
}

/* The entries fill the octets to the last one. */
static bool fits(struct gw_cur cur, uint32_t num, unsigned padding)
{
    struct entry entry;
    if (num > ENTRIES_MOST || num > gw_left(&cur) / ENTRY_LEN)
        return false;
    for (uint32_t i = 0; i < num; i++)
        if (!take_entry(&cur, padding, &entry))
            return false;
    return gw_done(&cur);
}

static void put_pair(struct gw_buf *pairs, uint64_t address, const char *key, const void *value, size_t len)
{
    char text[64];
    int key_len = snprintf(text, sizeof text, "physmap/%" PRIx64 "/%s", address, key);
    gw_put(pairs, text, (size_t)key_len + 1);
    gw_put(pairs, value, len);
}

static void put_number(struct gw_buf *pairs, uint64_t address, const char *key, uint64_t value)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%" PRIx64, value);
    put_pair(pairs, address, key, text, (size_t)len + 1);
}

static void put_entries(struct gw_buf *pairs, struct gw_cur cur, uint32_t num, unsigned padding)
{
    struct entry entry;
    for (uint32_t i = 0; i < num && take_entry(&cur, padding, &entry); i++) {
        put_number(pairs, entry.phys_offset, "start_addr", entry.start_addr);
        put_number(pairs, entry.phys_offset, "size", entry.size);
        if (entry.name != NULL)
            put_pair(pairs, entry.phys_offset, "name", entry.name, entry.name_len);
    }
}

int legacy_toolstack_read(struct gw_cur blob, unsigned width, struct gw_buf *pairs, struct legacy_toolstack *out,
                          struct gw_err *err)
{
    unsigned own = width == 8 ? PADDING_64 : 0, other = PADDING_64 - own;
    *out = (struct legacy_toolstack){ .is_opaque = true };
    uint32_t version = gw_u32(&blob), num = gw_u32(&blob);
    if (blob.bad || version != VERSION) {
        out->why = "it does not begin as libxl's";
        return 0;
    }
    out->other_padding = !fits(blob, num, own);
    if (out->other_padding && !fits(blob, num, other)) {
        out->why = "it begins as libxl's, but its entries do not fill it";
        return 0;
    }
    out->is_opaque = false;
    out->num_entries = num;
    put_entries(pairs, blob, num, out->other_padding ? other : own);
    return gw_buf_ok(pairs, err);
}
