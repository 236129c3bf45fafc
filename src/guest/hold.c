/*
 * hold.c - a batch of held pages: one block with room for its entries and segments; neighbours share a segment.
 */
#include <assert.h>

#include "hold.h"

struct block {
    struct gw_seg segs[GW_HOLD_MAX];
    uint64_t entries[]; /* as many as asked for */
};

int gw_hold_new(struct gw_hold *hold, uint32_t count, struct gw_err *err)
{
    assert(count > 0 && count <= GW_HOLD_MAX);
    struct block *block = gw_alloc(1, sizeof *block + count * sizeof block->entries[0], err);
    if (block == NULL)
        return -1;
    *hold = (struct gw_hold){ .entries = block->entries, .segs = block->segs, .own = block };
    return 0;
}

bool gw_segs_add(struct gw_seg *segs, unsigned *num, unsigned room, const struct gw_seg *page)
{
    struct gw_seg *last = *num > 0 ? &segs[*num - 1] : NULL;
    bool memory = last != NULL &&
                  (page->mem != NULL ? last->mem != NULL && last->mem + last->len == page->mem : last->mem == NULL);
    if (memory && last->fd == page->fd && (page->fd < 0 || last->off + last->len == page->off)) {
        last->len += page->len;
        return true;
    }
    if (*num == room)
        return false;
    segs[(*num)++] = *page;
    return true;
}

void gw_hold_entry(struct gw_hold *hold, uint64_t entry, const struct gw_seg *contents)
{
    assert(hold->count < GW_HOLD_MAX && gw_type_has_contents(gw_entry_type(entry)) == (contents != NULL));
    bool fits = contents == NULL || gw_segs_add(hold->segs, &hold->num_segs, GW_HOLD_MAX, contents);
    assert(fits);
    hold->entries[hold->count++] = entry;
}

void gw_hold_page(struct gw_hold *hold, uint64_t pfn, uint8_t *mem, int fd, uint64_t off)
{
    const struct gw_seg page = { .mem = mem, .fd = fd, .off = off, .len = GW_PAGE_LEN };
    gw_hold_entry(hold, gw_entry(pfn, GW_PAGE_NOTAB), &page);
}

void gw_hold_hole(struct gw_hold *hold, uint64_t pfn)
{
    gw_hold_entry(hold, gw_entry(pfn, GW_PAGE_XTAB), NULL);
}

void gw_hold_free(struct gw_hold *hold)
{
    gw_free(hold->own);
    hold->own = NULL;
}
