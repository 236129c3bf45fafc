/*
 * memory.c - the memory as a whole (18.4): what every pfn has come to when all is there. One pass over the map, once.
 */
#include <string.h>

#include "verifier.h"

#define PAGES_PER_KIB_4 4u               /* 4 KiB in a page */
#define SLACK_KB 16384u                  /* special pages, video memory and rounding of the toolstacks */
#define FOUR_GIB_PFN (UINT64_C(1) << 20) /* memory that does not fit below the hole of devices lies behind 4 GiB */

/* A run of pfns in one state, told as one finding. */
struct run {
    uint64_t first, num;
};

struct tally {
    struct run unnamed, unfilled, holes;
    uint64_t num_ram, highest_ram, num_verified_missing, first_verified_missing;
};

static void tell_unnamed(struct verifier *v, struct run *run)
{
    if (run->num > 0)
        find(v, GW_RULE_PAGE_COVERAGE,
             "%llu pfn%s from 0x%llx on %s never named: holes, where the guest may have had memory",
             (unsigned long long)run->num, run->num == 1 ? "" : "s", (unsigned long long)run->first,
             run->num == 1 ? "is" : "are");
    run->num = 0;
}

static void tell_unfilled(struct verifier *v, struct run *run)
{
    if (run->num > 0)
        find(v, GW_RULE_PAGE_MISSING_DATA, "%llu page%s from pfn 0x%llx on never got contents",
             (unsigned long long)run->num, run->num == 1 ? "" : "s", (unsigned long long)run->first);
    run->num = 0;
}

static void tell_hole(struct verifier *v, struct run *run)
{
    if (run->num > 0)
        find(v, GW_RULE_PAGE_BECAME_XTAB, "%llu pfn%s from 0x%llx on had contents and end%s as a hole",
             (unsigned long long)run->num, run->num == 1 ? "" : "s", (unsigned long long)run->first,
             run->num == 1 ? "s" : "");
    run->num = 0;
}

/* One more pfn of a run, or the end of it. */
static void extend(struct verifier *v, struct run *run, bool in, uint64_t pfn,
                   void (*tell)(struct verifier *, struct run *))
{
    if (!in || (run->num > 0 && run->first + run->num != pfn))
        tell(v, run);
    if (in && run->num++ == 0)
        run->first = pfn;
}

static void judge_pfn(struct verifier *v, struct tally *t, uint64_t pfn, uint8_t state)
{
    bool named = (state & 0xf) != 0;
    unsigned type = (state & 0xf) ^ GW_PAGE_NO_TYPE;
    bool hole = named && type == GW_PAGE_XTAB && (state & PAGE_HAD_CONTENTS);
    v->verdict.by_type[type] += named;
    if (named && gw_type_populates(type)) {
        t->num_ram++;
        t->highest_ram = pfn;
    }
    if (hole && (state & PAGE_WAS_TABLE))
        find(v, GW_RULE_PAGE_TABLE_BECAME_XTAB, "pfn 0x%llx was a page table and ends as a hole",
             (unsigned long long)pfn);
    extend(v, &t->unnamed, !named, pfn, tell_unnamed);
    extend(v, &t->unfilled, named && type == GW_PAGE_XALLOC && !(state & PAGE_HAD_CONTENTS), pfn, tell_unfilled);
    extend(v, &t->holes, hole && !(state & PAGE_WAS_TABLE), pfn, tell_hole);
    if (v->verify_seen && named && !(state & PAGE_VERIFIED) && t->num_verified_missing++ == 0)
        t->first_verified_missing = pfn;
}

/* A lone pfn costs a leaf: of those around it, which were never named, the first is judged and the rest counted. */
static void judge_leaf(struct verifier *v, struct tally *t, uint64_t from, const uint8_t *leaf, unsigned num)
{
    for (unsigned at = 0, next; at < num; at = next) {
        judge_pfn(v, t, from + at, leaf[at]);
        for (next = at + 1; leaf[at] == 0 && next < num && leaf[next] == 0; next++)
            t->unnamed.num++;
    }
}

/* All pfns in [0, end), unnamed ones too. Whole leaves that never came to be are one run. */
static void go_through(struct verifier *v, struct tally *t, uint64_t end)
{
    uint64_t pfn = 0, leaf_at = 0;
    const uint8_t *leaf;
    while (pfn < end) {
        leaf_at = pfn;
        leaf = gw_sparse_leaf(&v->memory.pages, &leaf_at);
        uint64_t until = leaf != NULL ? gw_min(leaf_at, end) : end;
        if (pfn < until) {
            extend(v, &t->unnamed, true, pfn, tell_unnamed);
            t->unnamed.num += until - pfn - 1;
        }
        pfn = until;
        if (leaf != NULL && pfn < end) {
            judge_leaf(v, t, pfn, leaf, (unsigned)gw_min(GW_SPARSE_LEAF, end - pfn));
            pfn += GW_SPARSE_LEAF;
        }
    }
    tell_unnamed(v, &t->unnamed);
    tell_unfilled(v, &t->unfilled);
    tell_hole(v, &t->holes);
}

static void judge_size(struct verifier *v, const struct tally *t)
{
    const struct gw_guest_config *config = &v->carrier.config;
    uint64_t allowed_kb, have_kb = t->num_ram * PAGES_PER_KIB_4;
    if (config->max_memkb == 0 || !gw_add(config->max_memkb, config->video_memkb, &allowed_kb) ||
        !gw_add(allowed_kb, SLACK_KB, &allowed_kb))
        return;
    if (have_kb > allowed_kb)
        find(v, GW_RULE_PAGE_MEMORY_SIZE, "the image has %llu KiB of memory, the configuration allows %llu KiB",
             (unsigned long long)have_kb, (unsigned long long)config->max_memkb);
    if (v->guest == GW_GUEST_HVM && t->num_ram > 0 && t->highest_ram >= FOUR_GIB_PFN + allowed_kb / PAGES_PER_KIB_4)
        find(v, GW_RULE_PAGE_PFN_BEYOND_GUEST, "pfn 0x%llx is populated; a guest of %llu KiB has no memory there",
             (unsigned long long)t->highest_ram, (unsigned long long)config->max_memkb);
}

void judge_verify(struct verifier *v)
{
    if (v->verify_seen)
        find(v, GW_RULE_VERIFY_TWICE, "a second VERIFY");
    else
        find(v, GW_RULE_VERIFY_PRESENT, "a verify pass follows: all memory once more, for comparison");
    if (v->num_checkpoints > 0)
        find(v, GW_RULE_VERIFY_IN_CHECKPOINTED, "VERIFY stands in a checkpointed stream");
    v->verify_seen = true;
    v->verify_at = v->at;
    v->memory.verifying = true;
    if (!v->opts.contents)
        v->verdict.wants_contents = true;
}

void judge_memory(struct verifier *v)
{
    struct tally t = { 0 };
    uint64_t end = v->memory.pages.num;
    if (v->guest == GW_GUEST_PV && v->pv.p2m && v->pv.end_pfn < v->opts.max_pfn)
        end = gw_max(end, (uint64_t)v->pv.end_pfn + 1);
    v->at = (struct place){ 0 };
    if (!v->memory.any_contents)
        find(v, GW_RULE_PAGE_NONE, "the image has no page with contents");
    else if (!v->memory.any_nonzero)
        find(v, GW_RULE_PAGE_ALL_ZERO, "all contents of all pages are zero");
    if (v->memory.pages.num > 0)
        go_through(v, &t, end);
    judge_size(v, &t);
    if (t.num_verified_missing > 0)
        find_at(v, &v->verify_at, GW_RULE_VERIFY_INCOMPLETE,
                "the verify pass leaves out %llu pfns, the first is 0x%llx", (unsigned long long)t.num_verified_missing,
                (unsigned long long)t.first_verified_missing);
}
