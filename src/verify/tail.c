/*
 * tail.c - what stands behind the memory of each checkpoint (18.7): order among themselves and towards the memory.
 */
#include "verifier.h"

/* Xen's order. HVM_CONTEXT and HVM_PARAMS are equal: they have a rule of their own. */
static uint64_t rank_of(uint32_t type, uint32_t vcpu_id)
{
    uint64_t vcpu = 2 + 4 * (uint64_t)vcpu_id;
    switch (type) {
    case GW_REC_X86_TSC_INFO: return 0;
    case GW_REC_SHARED_INFO:
    case GW_REC_HVM_CONTEXT:
    case GW_REC_HVM_PARAMS: return 1;
    case GW_REC_X86_PV_VCPU_BASIC: return vcpu;
    case GW_REC_X86_PV_VCPU_EXTENDED: return vcpu + 1;
    case GW_REC_X86_PV_VCPU_XSAVE: return vcpu + 2;
    default: return vcpu + 3;
    }
}

void judge_tail_begin(struct verifier *v, const struct gw_frame *frame)
{
    if (!v->tail.first.set) {
        v->tail.first = v->at;
        v->tail.first_type = frame->type;
    }
    if (!v->fixed.ended && !v->fixed.early.set && v->headers.image.version >= 3)
        v->fixed.early = v->at;
}

void judge_tail_record(struct verifier *v, const struct gw_frame *frame, uint32_t vcpu_id)
{
    char room[32];
    uint64_t rank = rank_of(frame->type, vcpu_id);
    judge_tail_begin(v, frame);
    bool aged = frame->type == GW_REC_SHARED_INFO && is_handed_on(v); /* there it stands behind the vCPUs */
    if (rank < v->tail.rank && !v->tail.interleaved_told && !aged) {
        v->tail.interleaved_told = true;
        find(v, GW_RULE_TAIL_INTERLEAVED, "%s stands behind records that Xen writes after it",
             gw_record_name(frame->type, room, sizeof room));
    }
    v->tail.rank = gw_max(v->tail.rank, rank);
}

static bool names_ring_page(const struct verifier *v, const struct gw_pages *pages)
{
    for (uint32_t i = 0; i < pages->count; i++)
        if (gw_type_has_contents(gw_entry_type(pages->entries[i])) &&
            names_param_page(v, gw_entry_pfn(pages->entries[i])))
            return true;
    return false;
}

void judge_tail_pages(struct verifier *v, const struct gw_pages *pages)
{
    char room[32];
    if (!v->tail.first.set)
        return;
    if (!v->tail.early_told)
        find_at(v, &v->tail.first, GW_RULE_TAIL_BEFORE_MEMORY,
                "%s comes before a PAGE_DATA of its checkpoint (record %llu)",
                gw_record_name(v->tail.first_type, room, sizeof room), (unsigned long long)pages->frame.number);
    v->tail.early_told = true;
    if (v->tail.seen[GW_REC_HVM_PARAMS] > 0 && !v->tail.params_early_told && names_ring_page(v, pages)) {
        v->tail.params_early_told = true;
        find_at(v, &v->hvm.params_at, GW_RULE_PARAM_BEFORE_PAGES,
                "HVM_PARAMS comes before the contents of a page that it names (record %llu)",
                (unsigned long long)pages->frame.number);
    }
}

int judge_tsc(struct verifier *v, const struct gw_record *record)
{
    struct gw_tsc_info tsc;
    struct gw_err err = GW_ERR_NONE;
    if (v->tail.seen[GW_REC_X86_TSC_INFO] > 1)
        find(v, GW_RULE_TSC_DUPLICATE, "a second X86_TSC_INFO");
    if (gw_tsc_info_decode(gw_cur(record->body, record->frame.length), &tsc, &err) < 0) {
        return find_refusal(v, &err);
    }
    judge_layout(v, &gw_layout_tsc_info, gw_cur(record->body, record->frame.length), "X86_TSC_INFO");
    if (tsc.mode > v->release->most_tsc_mode)
        find(v, GW_RULE_TSC_MODE, "the TSC mode is %u; 0, 1 and 2 exist%s", tsc.mode,
             tsc.mode == 3 ? ", 3 existed up to Xen 4.11" : "");
    bool plausible = tsc.khz >= 100000 && tsc.khz <= 10000000;
    if (!plausible && !(tsc.mode == 2 && tsc.khz == 0))
        find(v, GW_RULE_TSC_KHZ, "the TSC frequency is %u kHz", tsc.khz);
    v->tail.tsc_khz = plausible ? tsc.khz : 0;
    return 0;
}

int judge_dirty_list(struct verifier *v, const struct gw_record *record)
{
    uint32_t length = record->frame.length;
    uint64_t end = v->guest == GW_GUEST_PV && v->pv.p2m ? (uint64_t)v->pv.end_pfn + 1 : v->memory.pages.num;
    struct gw_cur cur = gw_cur(record->body, length);
    if (length % 8 != 0) {
        find(v, GW_RULE_DIRTY_LIST_MULTIPLE, "CHECKPOINT_DIRTY_PFN_LIST has %u octets, not a multiple of 8", length);
        return 0;
    }
    for (bool first = true; gw_left(&cur) > 0; first = false) {
        uint64_t pfn = gw_u64(&cur);
        if (first && pfn == 0)
            v->list_at = v->at;
        if (pfn >= end)
            find(v, GW_RULE_DIRTY_LIST_RANGE, "dirty pfn 0x%llx is none of the guest's %llu", (unsigned long long)pfn,
                 (unsigned long long)end);
    }
    return 0;
}

/*
 * Section 17.6: a sender of Xen 4.18 and later writes 16 octets of header on 64-bit builds. The list then begins with a
 * pfn 0, and its last pfn stands where the next record's header should: a type without a body that is no marker.
 */
void judge_after_list(struct verifier *v, const struct gw_frame *frame)
{
    const struct gw_record_info *info = gw_record_info(frame->type);
    bool plausible = frame->length > 0 || (info != NULL && info->kind == GW_KIND_MARKER);
    if (v->list_at.set && !plausible)
        find_at(v, &v->list_at, GW_RULE_DIRTY_LIST_SHIFTED,
                "the list begins with pfn 0 and goes on behind its end: Xen 4.18 or later shifted it by 8 octets");
    v->list_at.set = false;
}
