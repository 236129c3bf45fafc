/*
 * pages.c - the chunks of the rounds: PAGE, ROUN, SEEN, RECD (chunks.md sections 2 and 3).
 *
 *  PAGE  0 4 round; 4 4 count; 8 1 encoding; 9 7 zero; 16 8 octets attached; of each: 8 entry, 8 check
 *  ROUN  0 4 round; 4 8 pages; 12 8 octets of contents; 20 8 dirty pages; 28 8 nanoseconds
 *  SEEN  0 4 round; 4 8 pages good; 12 8 octets landed; 20 4 number; of each: 8 first pfn, 8 count
 *  RECD  0 4 record type; the rest: its body
 *
 * What an entry means stands in the reference of the image (6.2); here are only the questions whose answers decide how
 * many octets are attached. Which pfns a guest has is known to who asks, not here.
 */
#include <assert.h>
#include <endian.h>
#include <string.h>

#include "fields.h"

#define RECORD_PAGE_DATA 1                          /* contents travel in PAGE alone */
#define ENTRY_RESERVED UINT64_C(0x0fc0000000000000) /* bits 54 to 59 */
#define TYPE_BROKEN 0xd                             /* it and the types above have no contents */

static unsigned type_of(uint64_t entry)
{
    return (unsigned)(entry >> 60);
}

bool gw_entry_right(uint64_t entry)
{
    unsigned type = type_of(entry);
    uint64_t flags = entry & (GW_ENTRY_ZERO | GW_ENTRY_HELD);
    if (type >= 5 && type <= 8)
        return false;
    if (entry & ENTRY_RESERVED || flags == (GW_ENTRY_ZERO | GW_ENTRY_HELD))
        return false;
    return flags == 0 || type < TYPE_BROKEN;
}

bool gw_entry_carries(uint64_t entry)
{
    return type_of(entry) < TYPE_BROKEN && !(entry & (GW_ENTRY_ZERO | GW_ENTRY_HELD));
}

/* Two at once: every page of a guest comes this way. */
static bool take_pair(struct gw_cur *cur, uint64_t *first, uint64_t *second)
{
    uint64_t pair[2];
    const uint8_t *p = gw_take(cur, sizeof pair);
    if (p == NULL)
        return false;
    memcpy(pair, p, sizeof pair);
    *first = be64toh(pair[0]);
    *second = be64toh(pair[1]);
    return true;
}

static void put_pair(struct gw_buf *buf, uint64_t first, uint64_t second)
{
    uint64_t pair[] = { htobe64(first), htobe64(second) };
    gw_put(buf, pair, sizeof pair);
}

bool gw_chunk_entry_take(struct gw_cur *entries, struct gw_chunk_entry *out)
{
    return take_pair(entries, &out->entry, &out->check);
}

void gw_chunk_entry_put(struct gw_buf *entries, uint64_t entry, uint64_t check)
{
    put_pair(entries, entry, check);
}

void gw_chunk_entries_put(struct gw_buf *entries, const struct gw_chunk_entry *in, uint32_t num)
{
    uint8_t *room = gw_buf_room(entries, num * sizeof *in);
    for (uint32_t i = 0; room != NULL && i < num; i++) {
        uint64_t pair[] = { htobe64(in[i].entry), htobe64(in[i].check) };
        memcpy(room + i * sizeof pair, pair, sizeof pair);
    }
    entries->len += room != NULL ? num * sizeof *in : 0;
}

static uint32_t count_carried(struct fields *f, struct gw_cur entries)
{
    struct gw_chunk_entry it;
    uint32_t num = 0, at = 0;
    for (; gw_chunk_entry_take(&entries, &it); at++) {
        if (!gw_entry_right(it.entry)) {
            field_refuse(f, "entry %u is 0x%016llx, which means nothing", at, (unsigned long long)it.entry);
            return 0;
        }
        num += gw_entry_carries(it.entry);
    }
    return num;
}

/* An encoding that does not shrink is not used: so the octets that follow are bounded by what they become. */
static void check_attached(struct fields *f, const struct gw_chunk_page *page)
{
    uint64_t plain = (uint64_t)page->num_carried * GW_CHUNK_PAGE_LEN;
    bool right = page->encoding == GW_ENCODING_PLAIN ? page->attached == plain
                                                     : page->attached <= plain && !page->attached == !plain;
    if (!right)
        field_refuse(f, "%llu octets attached in encoding %u do not fit the %u pages that carry contents",
                     (unsigned long long)page->attached, page->encoding, page->num_carried);
}

void chunk_page_take(struct fields *f, struct gw_chunk_page *out)
{
    uint8_t zeros[7];
    out->round = field_be32(f, "round");
    out->count = field_be32(f, "count");
    out->encoding = (enum gw_chunk_encoding)field_choice(f, "encoding", GW_ENCODING_DELTA);
    field_octets(f, "zero", zeros, sizeof zeros);
    if (!gw_is_zero(zeros, sizeof zeros))
        field_refuse(f, "the 7 octets behind the encoding are not zero");
    out->attached = field_be64(f, "attached");
    if (out->count == 0)
        field_refuse(f, "it has no entry");
    out->entries = field_items(f, "entries", out->count, sizeof(struct gw_chunk_entry));
    out->num_carried = count_carried(f, out->entries);
    assert(f->cur.bad || out->num_carried <= out->count);
    check_attached(f, out);
}

void chunk_page_put(struct gw_buf *buf, const struct gw_chunk_page *in)
{
    gw_put_be32(buf, in->round);
    gw_put_be32(buf, in->count);
    gw_put_u8(buf, (uint8_t)in->encoding);
    gw_put_zeros(buf, 7);
    gw_put_be64(buf, in->attached);
    field_put_view(buf, in->entries);
}

void chunk_roun_take(struct fields *f, struct gw_chunk_roun *out)
{
    out->round = field_be32(f, "round");
    out->num_pages = field_be64(f, "pages");
    out->contents_len = field_be64(f, "contents");
    out->num_dirty = field_be64(f, "dirty");
    out->ns = field_be64(f, "nanoseconds");
}

void chunk_roun_put(struct gw_buf *buf, const struct gw_chunk_roun *in)
{
    gw_put_be32(buf, in->round);
    gw_put_be64(buf, in->num_pages);
    gw_put_be64(buf, in->contents_len);
    gw_put_be64(buf, in->num_dirty);
    gw_put_be64(buf, in->ns);
}

bool gw_chunk_range_take(struct gw_cur *ranges, struct gw_chunk_range *out)
{
    return take_pair(ranges, &out->first, &out->count);
}

void gw_chunk_range_put(struct gw_buf *ranges, uint64_t first, uint64_t count)
{
    put_pair(ranges, first, count);
}

static void check_ranges(struct fields *f, struct gw_cur ranges)
{
    struct gw_chunk_range it;
    for (uint32_t at = 0; gw_chunk_range_take(&ranges, &it); at++)
        if (it.count == 0 || it.first >= PFNS_MOST || it.count > PFNS_MOST - it.first)
            field_refuse(f, "range %u is %llu pfns from 0x%llx; at least one is needed, and a pfn has 52 bits", at,
                         (unsigned long long)it.count, (unsigned long long)it.first);
}

void chunk_seen_take(struct fields *f, struct gw_chunk_seen *out)
{
    out->round = field_be32(f, "round");
    out->num_good = field_be64(f, "good");
    out->landed_len = field_be64(f, "landed");
    out->num = field_be32(f, "num");
    out->ranges = field_items(f, "ranges", out->num, sizeof(struct gw_chunk_range));
    check_ranges(f, out->ranges);
}

void chunk_seen_put(struct gw_buf *buf, const struct gw_chunk_seen *in)
{
    gw_put_be32(buf, in->round);
    gw_put_be64(buf, in->num_good);
    gw_put_be64(buf, in->landed_len);
    gw_put_be32(buf, in->num);
    field_put_view(buf, in->ranges);
}

void chunk_recd_take(struct fields *f, struct gw_chunk_recd *out)
{
    out->record = field_be32(f, "record");
    if (out->record == RECORD_PAGE_DATA)
        field_refuse(f, "page data do not travel in it");
    out->body = field_view(f, "body", gw_left(&f->cur));
}

void chunk_recd_put(struct gw_buf *buf, const struct gw_chunk_recd *in)
{
    gw_put_be32(buf, in->record);
    field_put_view(buf, in->body);
}
