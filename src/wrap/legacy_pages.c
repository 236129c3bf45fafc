/*
 * legacy_pages.c - Remus' page compression, decoded (legacy 9). A page is one octet 00 (as it was), or 80 and its 4096
 * octets, or runs that cover its 1024 words exactly: 01 to 7f, that many words follow and replace; 81 to ff, that many
 * (& 7f) stay. Nothing ends at the end of a chunk: a run or a page may go on in the next.
 *
 * It must not know where chunks, pages and their former contents lie.
 */
#include <string.h>

#include "legacy_pages.h"

#define MARK_SAME 0x00
#define MARK_WHOLE 0x80
#define COUNT 0x7f
#define WORD 4

static int page_done(struct legacy_pages *p, struct gw_err *err)
{
    const uint8_t *page = p->kind == LEGACY_PAGE_SAME ? NULL : p->page;
    int rc = p->ops->done(p->arg, p->number, p->kind, page, p->begun_at, err);
    p->number++;
    p->filled = 0;
    return rc;
}

/* The octet that says what the next words are, in a page that has begun. */
static int take_run(struct legacy_pages *p, uint8_t octet, struct gw_err *err)
{
    uint32_t len = (octet & COUNT) * WORD;
    if (len == 0)
        return gw_fail(err, GW_E_INVALID, "compressed page %llu has a run of no words behind its word %u",
                       (unsigned long long)p->number, p->filled / WORD);
    if (len > LEGACY_PAGE - p->filled)
        return gw_fail(err, GW_E_INVALID, "compressed page %llu has a run of %u words behind its word %u of %d",
                       (unsigned long long)p->number, len / WORD, p->filled / WORD, LEGACY_PAGE / WORD);
    if ((octet & MARK_WHOLE) == 0) {
        p->wanted = len;
        return 0;
    }
    p->filled += len;
    return p->filled == LEGACY_PAGE ? page_done(p, err) : 0;
}

/* The octet that stands where a page begins. */
static int take_first(struct legacy_pages *p, uint8_t octet, struct gw_err *err)
{
    p->begun_at = p->taken + 1;
    p->kind = octet == MARK_SAME ? LEGACY_PAGE_SAME : octet == MARK_WHOLE ? LEGACY_PAGE_WHOLE : LEGACY_PAGE_CHANGED;
    if (p->kind == LEGACY_PAGE_SAME)
        return page_done(p, err);
    if (p->kind == LEGACY_PAGE_WHOLE) {
        p->wanted = LEGACY_PAGE;
        return 0;
    }
    return p->ops->before(p->arg, p->number, p->page, err) < 0 ? -1 : take_run(p, octet, err);
}

int legacy_pages_take(struct legacy_pages *p, const uint8_t *mem, size_t len, struct gw_err *err)
{
    struct gw_cur cur = gw_cur(mem, len);
    while (gw_left(&cur) > 0) {
        size_t piece = (size_t)gw_min(gw_left(&cur), p->wanted);
        if (piece > 0) {
            memcpy(p->page + p->filled, gw_take(&cur, piece), piece);
            p->filled += (uint32_t)piece;
            p->wanted -= (uint32_t)piece;
            p->taken += piece;
            if (p->filled == LEGACY_PAGE && page_done(p, err) < 0)
                return -1;
            continue;
        }
        uint8_t octet = gw_u8(&cur);
        if ((p->filled == 0 ? take_first(p, octet, err) : take_run(p, octet, err)) < 0)
            return -1;
        p->taken++;
    }
    return 0;
}

int legacy_pages_end(const struct legacy_pages *p, uint64_t announced, struct gw_err *err)
{
    if (p->wanted > 0 || p->filled > 0)
        return gw_fail(err, GW_E_INVALID, "the compressed pages end inside of page %llu, behind %u of its %d octets",
                       (unsigned long long)p->number, p->filled, LEGACY_PAGE);
    if (p->number != announced)
        return gw_fail(err, GW_E_INVALID, "%llu compressed pages stand for %llu entries with contents",
                       (unsigned long long)p->number, (unsigned long long)announced);
    return 0;
}
