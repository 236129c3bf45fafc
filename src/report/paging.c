/*
 * paging.c - the walk through page tables of every shape that x86 has: 2 levels, PAE, 4 and 5 levels, large pages.
 */
#include <assert.h>

#include "xenf.h"
#include "paging.h"

#define PRESENT 1u
#define LARGE 0x80u
#define FRAME_MASK UINT64_C(0x000ffffffffff000)

/* Bits of the address below the index of a level. */
static unsigned shift_of(const struct gw_paging *paging, unsigned level)
{
    return 12 + (level - 1) * (paging->entry_len == 8 ? 9 : 10);
}

static unsigned index_of(const struct gw_paging *paging, unsigned level, uint64_t va)
{
    unsigned bits = paging->entry_len == 8 ? 9 : 10;
    if (paging->levels == 3 && level == 3)
        bits = 2;
    return (unsigned)(va >> shift_of(paging, level) & ((1u << bits) - 1));
}

static uint64_t entry_at(const struct gw_paging *paging, const uint8_t *page, unsigned at)
{
    struct gw_cur cur = gw_cur(page + at, paging->entry_len);
    assert(at + paging->entry_len <= GW_PAGE_LEN);
    return paging->entry_len == 8 ? gw_u64(&cur) : gw_u32(&cur);
}

static bool is_large(const struct gw_paging *paging, unsigned level, uint64_t entry)
{
    unsigned highest = paging->levels >= 4 ? 3 : 2; /* PAE's third level has no large pages */
    return level > 1 && level <= highest && paging->large && (entry & LARGE) != 0;
}

/* PSE-36: bits 13 to 20 of a 4 MiB entry are bits 32 to 39 of the address. */
static uint64_t large_base(const struct gw_paging *paging, uint64_t entry, uint64_t len)
{
    if (paging->entry_len == 8)
        return entry & FRAME_MASK & ~(len - 1);
    return (entry & 0xffc00000) | (entry & 0x1fe000) << 19;
}

int gw_paging_walk(const struct gw_paging *paging, uint64_t va, gw_fetch_fn *fetch, void *arg, struct gw_walked *out,
                   struct gw_err *err)
{
    uint64_t table = paging->root;
    unsigned from = paging->root_at;
    *out = (struct gw_walked){ .page_len = GW_PAGE_LEN };
    assert(paging->levels <= GW_MOST_LEVELS && paging->levels != 1);
    if (paging->entry_len == 4 || paging->levels == 3)
        va &= UINT32_MAX;
    for (unsigned level = paging->levels; level > 0; level--) {
        uint8_t page[GW_PAGE_LEN];
        struct gw_walk_step *step = &out->steps[out->num_steps++];
        *step = (struct gw_walk_step){ level, index_of(paging, level, va), table, 0 };
        if (fetch(arg, table, page, err) < 0)
            return gw_because(err, "the L%u table at pfn 0x%llx cannot be read", level, (unsigned long long)table);
        step->entry = entry_at(paging, page, from + step->index * paging->entry_len);
        if ((step->entry & PRESENT) == 0)
            return 0;
        if (is_large(paging, level, step->entry)) {
            out->page_len = UINT64_C(1) << shift_of(paging, level);
            out->address = large_base(paging, step->entry, out->page_len) + (va & (out->page_len - 1));
            out->found = true;
            return 0;
        }
        table = (step->entry & FRAME_MASK) / GW_PAGE_LEN;
        from = 0;
    }
    out->address = paging->levels == 0 ? va : table * GW_PAGE_LEN + va % GW_PAGE_LEN;
    out->found = true;
    return 0;
}
