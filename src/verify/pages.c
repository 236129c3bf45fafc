/*
 * pages.c - PAGE_DATA, entry by entry (18.4): one octet of state per pfn, and what passes through it.
 */
#include <assert.h>
#include <string.h>

#include "verifier.h"

int page_type(const struct verifier *v, uint64_t pfn)
{
    const uint8_t *state = gw_sparse_find(&v->memory.pages, pfn);
    return state == NULL || *state == 0 || (*state & 0xf) == 0 ? -1 : (int)((*state & 0xf) ^ GW_PAGE_NO_TYPE);
}

static void judge_type(struct verifier *v, uint64_t pfn, unsigned type)
{
    unsigned level = gw_type_table_level(type);
    if (type == GW_PAGE_BROKEN)
        find(v, GW_RULE_PAGE_TYPE_BROKEN, "pfn 0x%llx was broken at the source: its contents are lost",
             (unsigned long long)pfn);
    if (type == GW_PAGE_XALLOC && v->verdict.times[GW_RULE_PAGE_TYPE_XALLOC] == 0)
        find(v, GW_RULE_PAGE_TYPE_XALLOC, "pfn 0x%llx, and perhaps more, is named for allocation alone",
             (unsigned long long)pfn);
    if (level > 0 && v->guest == GW_GUEST_HVM)
        find(v, GW_RULE_PAGE_TYPE_HVM_TABLE, "pfn 0x%llx of an HVM guest has type '%s'", (unsigned long long)pfn,
             gw_page_type_name(type));
    if (level == 4 && v->pv.width == 4)
        find(v, GW_RULE_PAGE_TYPE_L4_PV32, "pfn 0x%llx of a 32-bit PV guest has type '%s'", (unsigned long long)pfn,
             gw_page_type_name(type));
}

static void judge_range(struct verifier *v, uint64_t pfn, unsigned type)
{
    if (v->guest == GW_GUEST_PV && v->pv.p2m && pfn > v->pv.end_pfn)
        find(v, GW_RULE_PAGE_PFN_RANGE_PV, "pfn 0x%llx lies above the guest's last, 0x%x", (unsigned long long)pfn,
             v->pv.end_pfn);
    if (v->guest == GW_GUEST_HVM && gw_type_populates(type) && pfn >= gw_limit(PFN_MOST))
        find(v, GW_RULE_PAGE_PFN_RANGE_HVM, "pfn 0x%llx is populated; Xen's p2m ends at 2^36", (unsigned long long)pfn);
}

/* The state before and the new type: what the change means. */
static void judge_change(struct verifier *v, uint64_t pfn, uint8_t state, unsigned type)
{
    unsigned before = (state & 0xf) ^ GW_PAGE_NO_TYPE;
    unsigned was = gw_type_table_level(before), is = gw_type_table_level(type);
    if (v->memory.verifying) {
        if (gw_type_has_contents(type) && !(state & PAGE_HAD_CONTENTS))
            find(v, GW_RULE_VERIFY_NEW_PAGE, "pfn 0x%llx gets its first contents behind VERIFY",
                 (unsigned long long)pfn);
        return;
    }
    if ((state & 0xf) != 0 && was > 0 && is > 0 && was != is)
        find(v, GW_RULE_PAGE_LAST_TYPE_CONFLICT, "pfn 0x%llx was an L%u table and becomes an L%u table",
             (unsigned long long)pfn, was, is);
}

/* The first pass names every pfn in turn, and keeps the 2 MiB run that holds a pfn in one record (16.3). */
static void judge_first_pass(struct verifier *v, uint64_t pfn, bool is_new)
{
    struct memory_state *m = &v->memory;
    if (!is_new) {
        m->first_pass = false; /* a later pass */
        return;
    }
    if (!m->first_pass && !m->verifying && v->verdict.times[GW_RULE_PAGE_FIRST_PASS] == 0)
        find(v, GW_RULE_PAGE_FIRST_PASS, "pfn 0x%llx, and perhaps more, is named for the first time in a later pass",
             (unsigned long long)pfn);
    if (pfn < m->next_pfn && v->verdict.times[GW_RULE_PAGE_UNALIGNED_BATCH] == 0)
        find(v, GW_RULE_PAGE_UNALIGNED_BATCH, "the first pass does not ascend: pfn 0x%llx comes behind 0x%llx",
             (unsigned long long)pfn, (unsigned long long)m->next_pfn - 1);
    m->next_pfn = gw_max(m->next_pfn, pfn + 1);
}

/* Does this record go on inside the 2 MiB run in which the one before ended? */
static void judge_cut_run(struct verifier *v, const struct gw_pages *pages)
{
    struct memory_state *m = &v->memory;
    uint64_t first = gw_entry_pfn(pages->entries[0]);
    if (m->first_pass && first % 512 != 0 && first == m->next_pfn &&
        v->verdict.times[GW_RULE_PAGE_UNALIGNED_BATCH] == 0)
        find(v, GW_RULE_PAGE_UNALIGNED_BATCH, "the run of 512 pfns at 0x%llx is cut by the beginning of this record",
             (unsigned long long)(first & ~UINT64_C(511)));
}

/*
 * The entries of the record before again, in the middle of its pass: as if the record stood there twice. A whole pass
 * of one record may name the same pfns as the next: they are what the guest keeps writing to.
 */
static void judge_repeat(struct verifier *v, const struct gw_pages *pages)
{
    struct memory_state *m = &v->memory;
    size_t len = pages->count * sizeof pages->entries[0];
    bool kept = pages->count <= PASS_ENTRIES;
    if (kept && pages->count == m->num_before && !m->before_begins && memcmp(m->before, pages->entries, len) == 0)
        find(v, GW_RULE_PAGE_REPEATED, "the %u entries of the PAGE_DATA before come again", pages->count);
    m->before_begins = m->num_before > 0 && gw_entry_pfn(pages->entries[0]) <= m->last_pfn;
    m->num_before = kept ? pages->count : 0;
    m->last_pfn = gw_entry_pfn(pages->entries[pages->count - 1]);
    if (kept)
        memcpy(m->before, pages->entries, len);
}

static int judge_entry(struct verifier *v, uint64_t entry)
{
    uint64_t pfn = gw_entry_pfn(entry);
    unsigned type = gw_entry_type(entry);
    if (gw_undo_save(&v->memory.undo, pfn, v->err) < 0)
        return -1;
    uint8_t *state = gw_sparse_at(&v->memory.pages, pfn, v->err);
    if (state == NULL)
        return -1;
    if (entry & GW_ENTRY_RESERVED)
        find(v, GW_RULE_PAGE_PFN_RESERVED, "the entry of pfn 0x%llx has reserved bits: 0x%016llx",
             (unsigned long long)pfn, (unsigned long long)entry);
    if (type != GW_PAGE_NOTAB)
        judge_type(v, pfn, type);
    judge_range(v, pfn, type);
    if (*state & PAGE_IN_RECORD)
        find(v, GW_RULE_PAGE_DUP_IN_RECORD, "pfn 0x%llx comes twice in this record", (unsigned long long)pfn);
    else
        judge_first_pass(v, pfn, (*state & 0xf) == 0);
    judge_change(v, pfn, *state, type);
    if (!v->memory.verifying && proof_forget(v, pfn) < 0)
        return -1;
    unsigned now = (*state & 0xf0u) | (type ^ GW_PAGE_NO_TYPE) | PAGE_IN_RECORD;
    now |= gw_type_has_contents(type) ? PAGE_HAD_CONTENTS : 0;
    now |= gw_type_table_level(type) > 0 ? PAGE_WAS_TABLE : 0;
    now |= v->memory.verifying ? PAGE_VERIFIED : 0;
    *state = (uint8_t)now;
    return 0;
}

/* Going through the record's entries again costs less than looking at the map. */
static void leave_record(struct verifier *v, const struct gw_pages *pages)
{
    for (uint32_t i = 0; i < pages->count; i++) {
        uint8_t *state = gw_sparse_find(&v->memory.pages, gw_entry_pfn(pages->entries[i]));
        if (state != NULL)
            *state &= (uint8_t)~PAGE_IN_RECORD;
    }
}

/* The contents of one page: its pfn is that of the next entry whose type carries any. */
static int judge_contents(struct verifier *v, const uint8_t *page)
{
    struct memory_state *m = &v->memory;
    while (!gw_type_has_contents(gw_entry_type(m->now.entries[m->next_entry])))
        m->next_entry++;
    assert(m->next_entry < m->now.count);
    uint64_t entry = m->now.entries[m->next_entry++], pfn = gw_entry_pfn(entry);
    if (v->opts.tables && v->guest == GW_GUEST_PV && !m->verifying &&
        keep_table(v, pfn, gw_entry_type(entry), page) < 0)
        return -1;
    if (!m->any_nonzero && !gw_is_zero(page, GW_PAGE_LEN))
        m->any_nonzero = true;
    if (!v->opts.contents)
        return 0;
    uint64_t check = gw_page_check(page);
    uint64_t *kept = gw_sparse_at(&m->checks, pfn, v->err);
    if (kept == NULL)
        return -1;
    if (m->verifying && *kept != 0 && *kept != check) {
        v->at = place_of(&m->now.frame);
        find(v, GW_RULE_VERIFY_MISMATCH, "the contents of pfn 0x%llx behind VERIFY differ from those before it",
             (unsigned long long)pfn);
    }
    if (!m->verifying || *kept == 0)
        *kept = check;
    if (!m->verifying)
        proof_pass(v, pfn, check);
    return 0;
}

static int watch_contents(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    struct verifier *v = arg;
    (void)at;
    assert(len % GW_PAGE_LEN == 0);
    v->err = err;
    for (size_t i = 0; i < len; i += GW_PAGE_LEN)
        if (judge_contents(v, mem + i) < 0)
            return -1;
    return 0;
}

static int watch(struct verifier *v, const struct gw_pages *pages)
{
    struct memory_state *m = &v->memory;
    m->any_contents = m->any_contents || pages->num_contents > 0;
    v->tables.contents += m->verifying ? 0 : pages->num_contents;
    if (pages->num_contents == 0 || (m->any_nonzero && !v->opts.contents))
        return 0;
    m->now = *pages;
    m->next_entry = 0;
    if (v->opts.contents && proof_room(v, pages) < 0)
        return -1;
    return gw_payload_watch(pages->contents, watch_contents, v, v->err);
}

int judge_pages(struct verifier *v, const struct gw_pages *pages)
{
    if (pages->reserved != 0)
        find(v, GW_RULE_PAGE_RESERVED, "PAGE_DATA's reserved field holds 0x%x", pages->reserved);
    if (pages->count > 1024)
        find(v, GW_RULE_PAGE_BATCH_LARGE, "PAGE_DATA has %u entries; Xen writes up to 1024", pages->count);
    if (v->guest == GW_GUEST_PV && !v->pv.p2m && !v->pv.pages_early.set)
        v->pv.pages_early = v->at;
    judge_tail_pages(v, pages);
    judge_cut_run(v, pages);
    judge_repeat(v, pages);
    for (uint32_t i = 0; i < pages->count; i++)
        if (judge_entry(v, pages->entries[i]) < 0)
            return -1;
    leave_record(v, pages);
    return watch(v, pages);
}
