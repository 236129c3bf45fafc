/*
 * codec_pages.c - PAGE_DATA (section 6).
 *
 *  0  4       count, at least 1
 *  4  4       _res1
 *  8  8*C     entries: pfn in bits 0-51, reserved 52-59, type 60-63
 *  8+8*C      4096 octets for each entry whose type carries contents
 */
#include <assert.h>
#include <endian.h>
#include <string.h>
#include "xxh3.h"

#include "xenf.h"

static const char *const type_names[16] = {
    [GW_PAGE_NOTAB] = "ordinary",
    [GW_PAGE_L1] = "L1 table",
    [GW_PAGE_L2] = "L2 table",
    [GW_PAGE_L3] = "L3 table",
    [GW_PAGE_L4] = "L4 table",
    [GW_PAGE_PINNED | GW_PAGE_L1] = "L1 table, pinned",
    [GW_PAGE_PINNED | GW_PAGE_L2] = "L2 table, pinned",
    [GW_PAGE_PINNED | GW_PAGE_L3] = "L3 table, pinned",
    [GW_PAGE_PINNED | GW_PAGE_L4] = "L4 table, pinned",
    [GW_PAGE_BROKEN] = "broken",
    [GW_PAGE_XALLOC] = "allocated without contents",
    [GW_PAGE_XTAB] = "hole",
};

const char *gw_page_type_name(unsigned type)
{
    return type < 16 && type_names[type] != NULL ? type_names[type] : "reserved";
}

int gw_page_head_decode(struct gw_cur cur, uint32_t body_length, uint32_t *count, uint32_t *reserved,
                        struct gw_err *err)
{
    assert(gw_left(&cur) <= 8);
    uint32_t c = gw_u32(&cur);
    uint32_t r = gw_u32(&cur);
    if (body_length < 8)
        return gw_refuse(err, "page-short", "PAGE_DATA has %u octets; its header alone needs 8", body_length);
    if (!cur.bad && c == 0)
        return gw_refuse(err, "page-count-zero", "PAGE_DATA names no page: count is 0");
    if (body_length < 16)
        return gw_refuse(err, "page-short", "PAGE_DATA has %u octets; header and one entry need 16", body_length);
    if (!gw_done(&cur))
        return gw_ends(err, "rec-truncated-body", "PAGE_DATA's header is not whole");
    if (gw_page_data_len(c, 0) > body_length)
        return gw_refuse(err, "page-count-array", "PAGE_DATA's %u entries need %llu octets, its body has %u", c,
                         (unsigned long long)gw_page_data_len(c, 0), body_length);
    if (c > gw_limit(PAGE_COUNT))
        return gw_refuse(err, "page-count-limit", "PAGE_DATA has %u entries; godwit reads up to %llu in one record", c,
                         (unsigned long long)gw_limit(PAGE_COUNT));
    *count = c;
    *reserved = r;
    return 0;
}

int gw_entries_decode(uint64_t *entries, uint32_t num, uint64_t max_pfn, uint32_t *num_contents, struct gw_err *err)
{
    assert(num <= gw_limit(PAGE_COUNT) && *num_contents == 0);
    for (uint32_t i = 0; i < num; i++) {
        uint64_t entry = le64toh(entries[i]);
        unsigned type = gw_entry_type(entry);
        if (!gw_type_exists(type))
            return gw_refuse(err, "page-type", "entry %u (pfn 0x%llx) has page type %u, which means nothing", i,
                             (unsigned long long)gw_entry_pfn(entry), type);
        if (gw_entry_pfn(entry) >= max_pfn)
            return gw_refuse(err, "page-pfn-limit",
                             "entry %u names pfn 0x%llx; pfns below 0x%llx are read (see --max-guest)", i,
                             (unsigned long long)gw_entry_pfn(entry), (unsigned long long)max_pfn);
        entries[i] = entry;
        *num_contents += gw_type_has_contents(type);
    }
    return 0;
}

uint64_t gw_page_data_len(uint32_t count, uint32_t num_contents)
{
    return 8 + 8 * (uint64_t)count + GW_PAGE_LEN * (uint64_t)num_contents;
}

void gw_page_head_encode(struct gw_buf *buf, const uint64_t *entries, uint32_t count)
{
    gw_put_u32(buf, count);
    gw_put_u32(buf, 0);
    uint8_t *room = gw_buf_room(buf, count * sizeof entries[0]);
    for (uint32_t i = 0; room != NULL && i < count; i++) {
        uint64_t entry = htole64(entries[i] & ~GW_ENTRY_RESERVED);
        memcpy(room + i * sizeof entry, &entry, sizeof entry);
    }
    buf->len += room != NULL ? count * sizeof entries[0] : 0;
}

uint64_t gw_page_check(const uint8_t *page)
{
    return XXH3_64bits(page, GW_PAGE_LEN);
}

uint64_t gw_check(const void *mem, size_t len)
{
    return XXH3_64bits(mem, len);
}
