/*
 * tables.c - one page table, or the start_info page, against the final types of all pages (14.7, 16.6, 18.5).
 *
 * Entries carry pfns, and Xen's own slots are zero. What is wrong with a table is told once for each rule, however
 * many of its entries break it. Where the page's octets come from is tables_kept.c's and tables_again.c's affair.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "verifier.h"

#define NUM_ENTRIES 512u
#define PRESENT 1u
#define WRITABLE 2u
#define SUPERPAGE 0x80u /* PSE, of L2 to L4 */
#define PFN_BITS 40     /* of an entry: bits 12 to 51 */
#define MOST_BITS 32    /* of a PV guest's pfn */

/* Xen's own slots: of a 64-bit guest's L4, and of a 32-bit guest's L3, which has four entries. */
#define XEN_L4_FIRST 256u
#define XEN_L4_LAST 271u
#define XEN_L3_FIRST_32 4u

enum fault { FINE, XEN_SLOT, RESERVED, RANGE, BACKED, PSE, LEVEL, WRITABLE_TABLE, NUM_FAULTS };

static const struct {
    enum gw_rule_number rule;
    const char *what;
} faults[NUM_FAULTS] = {
    [XEN_SLOT] = { GW_RULE_PV_PTE_XEN_SLOTS, "a slot of Xen's own, which the stream has as zero" },
    [RESERVED] = { GW_RULE_PV_PTE_RESERVED, "with address bits that no guest's memory has" },
    [RANGE] = { GW_RULE_PV_PTE_RANGE, "with a pfn above the guest's last" },
    [BACKED] = { GW_RULE_PV_PTE_BACKED, "with a pfn that is no page of the image" },
    [PSE] = { GW_RULE_PV_PTE_PSE, "a superpage, which no PV guest has" },
    [LEVEL] = { GW_RULE_PV_PTE_LEVEL, "with a pfn that is no table of the next lower level" },
    [WRITABLE_TABLE] = { GW_RULE_PV_PTE_WRITABLE_TABLE, "which maps a page table writable" },
};

/* The entries of a table that break a rule: how many, and the first. */
struct wrong {
    unsigned times, slot;
    uint64_t entry;
};

static bool is_xens(const struct verifier *v, unsigned level, unsigned slot)
{
    if (v->pv.width == 8)
        return level == 4 && slot >= XEN_L4_FIRST && slot <= XEN_L4_LAST;
    return level == 3 && slot >= XEN_L3_FIRST_32;
}

/* A table may name its own level where it does not map it writable: that makes it linear, which Xen allows. */
static enum fault judge_target(unsigned level, unsigned target, uint64_t entry)
{
    bool writable = entry & WRITABLE;
    if (level == 1)
        return target > 0 && writable ? WRITABLE_TABLE : FINE;
    return target == level - 1 || (target == level && !writable) ? FINE : LEVEL;
}

static enum fault judge_entry(struct verifier *v, unsigned level, unsigned slot, uint64_t entry)
{
    uint64_t pfn = entry >> 12 & ((UINT64_C(1) << PFN_BITS) - 1);
    if (is_xens(v, level, slot))
        return entry != 0 ? XEN_SLOT : FINE;
    if (!(entry & PRESENT))
        return FINE;
    if (pfn >> MOST_BITS != 0)
        return RESERVED;
    if (v->pv.p2m && pfn > v->pv.end_pfn)
        return RANGE;
    uint8_t *state = gw_sparse_find(&v->memory.pages, pfn);
    int type = page_type(v, pfn);
    if (type < 0 || !gw_type_populates((unsigned)type))
        return BACKED;
    if (level > 1)
        *state &= (uint8_t)~PAGE_LONE_ROOT;
    if (level > 1 && (entry & SUPERPAGE))
        return PSE;
    return judge_target(level, gw_type_table_level((unsigned)type), entry);
}

static void tell(struct verifier *v, const struct place *at, uint64_t pfn, unsigned level, enum fault fault,
                 const struct wrong *wrong)
{
    char more[32] = "";
    if (wrong->times > 1)
        snprintf(more, sizeof more, "; and %u more of them", wrong->times - 1);
    find_at(v, at, faults[fault].rule, "entry %u of the L%u table in pfn 0x%llx is 0x%llx, %s%s", wrong->slot, level,
            (unsigned long long)pfn, (unsigned long long)wrong->entry, faults[fault].what, more);
}

static void judge_table(struct verifier *v, uint64_t pfn, unsigned level, const struct place *at, const uint8_t *page)
{
    struct wrong wrong[NUM_FAULTS] = { 0 };
    struct gw_cur cur = gw_cur(page, GW_PAGE_LEN);
    for (unsigned slot = 0; slot < NUM_ENTRIES; slot++) {
        uint64_t entry = gw_u64(&cur);
        enum fault fault = entry != 0 ? judge_entry(v, level, slot, entry) : FINE;
        if (wrong[fault].times++ == 0)
            wrong[fault] = (struct wrong){ 1, slot, entry };
    }
    for (enum fault fault = FINE + 1; fault < NUM_FAULTS; fault++)
        if (wrong[fault].times > 0)
            tell(v, at, pfn, level, fault, &wrong[fault]);
}

/* --- start_info -------------------------------------------------------------------------------------------------- */

bool is_start_info(const uint8_t *page)
{
    static const char magic[] = "xen-3.0-";
    return memcmp(page + gw_offset(start_info, magic), magic, sizeof magic - 1) == 0;
}

static void judge_named_page(struct verifier *v, const struct place *at, uint64_t pfn, const char *whose,
                             enum gw_rule_number rule)
{
    int type = page_type(v, pfn);
    if (type < 0 || !gw_type_populates((unsigned)type))
        find_at(v, at, rule, "start_info names pfn 0x%llx (%s) as %s page", (unsigned long long)pfn,
                how_pfn_ended(v, pfn), whose);
}

static void judge_start_info(struct verifier *v, const struct place *at, const uint8_t *page)
{
    struct gw_cur octets = gw_cur(page, GW_PAGE_LEN);
    bool wide = v->pv.width == 8;
    uint64_t store = wide ? gw_get(octets, start_info, store_mfn) : gw_get(octets, start_info_x32, store_mfn);
    uint64_t console = wide ? gw_get(gw_part(octets, start_info, console, 0), start_info_console, mfn)
                            : gw_get(gw_part(octets, start_info_x32, console, 0), start_info_console_x32, mfn);
    if (!is_start_info(page))
        find_at(v, at, GW_RULE_STARTINFO_MAGIC,
                "what vCPU 0 names as start_info, pfn 0x%llx, does not begin with 'xen-3.0-'",
                (unsigned long long)v->tables.start_info);
    judge_named_page(v, at, store, "xenstore's", GW_RULE_STARTINFO_STORE);
    judge_named_page(v, at, console, "the console's", GW_RULE_STARTINFO_CONSOLE);
}

/* --- all of them ------------------------------------------------------------------------------------------------- */

bool is_looked_for(const struct verifier *v, uint64_t pfn)
{
    int type = page_type(v, pfn);
    return (v->tables.has_start_info && pfn == v->tables.start_info) ||
           (type >= 0 && gw_type_table_level((unsigned)type) > 0);
}

void judge_looked_for(struct verifier *v, uint64_t pfn, const struct place *at, const uint8_t *page)
{
    int type = page_type(v, pfn);
    unsigned level = type < 0 ? 0 : gw_type_table_level((unsigned)type);
    assert(is_looked_for(v, pfn));
    v->tables.looked++;
    if (level > 0)
        judge_table(v, pfn, level, at, page);
    else
        judge_start_info(v, at, page);
}

/* Roots that no pin keeps must be named by another table, or the restored guest's vCPU alone holds them. */
static void for_each_root(struct verifier *v, void (*fn)(struct verifier *, const struct vcpu_pages *, uint64_t))
{
    uint64_t id = 0;
    for (const struct vcpu_pages *named; (named = gw_sparse_leaf(&v->pv.named, &id)) != NULL; id += GW_SPARSE_LEAF)
        for (unsigned i = 0; i < GW_SPARSE_LEAF; i++) {
            if (named[i].at.set)
                fn(v, &named[i], named[i].root);
            if (named[i].at.set && named[i].has_user_root)
                fn(v, &named[i], named[i].user_root);
        }
}

static void mark_root(struct verifier *v, const struct vcpu_pages *named, uint64_t pfn)
{
    int type = page_type(v, pfn);
    uint8_t *state = gw_sparse_find(&v->memory.pages, pfn);
    (void)named;
    if (type >= 0 && gw_type_table_level((unsigned)type) > 0 && !(type & GW_PAGE_PINNED))
        *state |= PAGE_LONE_ROOT;
}

static void tell_root(struct verifier *v, const struct vcpu_pages *named, uint64_t pfn)
{
    uint8_t *state = gw_sparse_find(&v->memory.pages, pfn);
    if (state == NULL || !(*state & PAGE_LONE_ROOT))
        return;
    *state &= (uint8_t)~PAGE_LONE_ROOT;
    find_at(v, &named->at, GW_RULE_PV_ROOT_PINNED,
            "the root of page tables in pfn 0x%llx is not pinned, and no table names it", (unsigned long long)pfn);
}

void begin_tables(struct verifier *v)
{
    v->tables.looked = 0;
    for_each_root(v, mark_root);
}

void end_tables(struct verifier *v)
{
    if (v->tables.looked == v->tables.num)
        for_each_root(v, tell_root);
}

void settle_tables(struct verifier *v)
{
    struct table_state *t = &v->tables;
    const struct vcpu_pages *first = gw_sparse_find(&v->pv.named, 0);
    unsigned root = v->pv.width == 4 ? GW_PAGE_L3 : GW_PAGE_L4;
    for (unsigned type = GW_PAGE_L1; type <= GW_PAGE_L4; type++)
        t->num += v->verdict.by_type[type] + v->verdict.by_type[type | GW_PAGE_PINNED];
    if (v->verdict.by_type[root | GW_PAGE_PINNED] == 0 && v->pv.width != 0)
        find_at(v, &(struct place){ 0 }, GW_RULE_PV_PINS_NONE, "no root of page tables (L%u) is pinned", root);
    t->has_start_info = first != NULL && first->at.set && page_type(v, first->start_info) == GW_PAGE_NOTAB;
    if (t->has_start_info) {
        t->start_info = first->start_info;
        t->num++;
    }
    t->last = v->end_seen ? t->contents : t->committed;
    v->verdict.wants_tables = t->num > 0 && v->pv.width != 0 && !judge_kept_whole(v);
    if (v->verdict.wants_tables && !v->memory.first_pass && t->num > gw_limit(TABLES))
        gw_verify_unread(&v->sink);
}
