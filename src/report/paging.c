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

struct every {
    const struct gw_paging *paging;
    gw_fetch_fn *fetch;
    gw_mapping_fn *fn;
    void *arg;
    struct gw_sparse met; /* uint8_t: how often, by the table's pfn */
};

/* 1: the table is in page, and is to be walked; 0: it is not; -1: err is set. */
static int enter(struct every *e, uint64_t table, uint8_t *page, struct gw_err *err)
{
    struct gw_err failure = GW_ERR_NONE;
    const uint8_t *before = gw_sparse_find(&e->met, table);
    if (gw_cancelled())
        return gw_fail(err, GW_E_REFUSED, "it was cancelled");
    if (before != NULL && *before == GW_TABLE_ALIASES)
        return 0;
    if (e->fetch(e->arg, table, page, &failure) < 0)
        return failure.code == GW_E_REFUSED ? 0 : gw_err_pass(err, &failure);
    uint8_t *met = gw_sparse_at(&e->met, table, err);
    return met == NULL ? -1 : *met < GW_TABLE_ALIASES ? ++*met, 1 : 0;
}

static uint64_t extended(const struct gw_paging *paging, uint64_t va)
{
    unsigned top = shift_of(paging, paging->levels) + 8; /* of the highest bit that is translated */
    return paging->levels >= 4 && (va >> top & 1) != 0 ? va | ~UINT64_C(0) << top : va;
}

static int every_in(struct every *e, unsigned level, uint64_t table, uint64_t base, struct gw_err *err)
{
    const struct gw_paging *p = e->paging;
    uint8_t page[GW_PAGE_LEN];
    bool top = level == p->levels;
    unsigned num = top && p->levels == 3 ? 4 : GW_PAGE_LEN / p->entry_len;
    int rc = enter(e, table, page, err);
    for (unsigned i = top ? num / 2 : 0; rc > 0 && i < num; i++) {
        uint64_t entry = entry_at(p, page, (top ? p->root_at : 0) + i * p->entry_len);
        uint64_t va = extended(p, base + ((uint64_t)i << shift_of(p, level)));
        bool large = is_large(p, level, entry);
        struct gw_mapping mapping = { va, entry & FRAME_MASK, UINT64_C(1) << shift_of(p, level) };
        if ((entry & PRESENT) == 0)
            continue;
        if (large)
            mapping.address = large_base(p, entry, mapping.len);
        if (large || level == 1)
            rc = e->fn(e->arg, &mapping, err) < 0 ? -1 : 1;
        else
            rc = every_in(e, level - 1, (entry & FRAME_MASK) / GW_PAGE_LEN, va, err) < 0 ? -1 : 1;
    }
    return rc < 0 ? -1 : 0;
}

int gw_paging_every(const struct gw_paging *paging, gw_fetch_fn *fetch, gw_mapping_fn *fn, void *arg,
                    struct gw_err *err)
{
    struct every e = { paging, fetch, fn, arg, { 0 } };
    assert(paging->levels <= GW_MOST_LEVELS && paging->levels != 1);
    if (paging->levels == 0)
        return 0;
    gw_sparse_init(&e.met, 1);
    int rc = every_in(&e, paging->levels, paging->root, 0, err);
    gw_sparse_free(&e.met);
    return rc;
}
