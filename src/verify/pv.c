/*
 * pv.c - X86_PV_INFO, X86_PV_P2M_FRAMES and SHARED_INFO (18.5), and what a PV guest cannot do without.
 */
#include <stdlib.h>
#include <string.h>

#include "verifier.h"

#define MAX_PFN_MOST (UINT64_C(1) << 32) /* end_pfn has 32 bits */

int judge_pv_info(struct verifier *v, const struct gw_record *record)
{
    struct gw_pv_info info;
    struct gw_err err = GW_ERR_NONE;
    if (v->pv.info)
        find(v, GW_RULE_PVINFO_DUPLICATE, "a second X86_PV_INFO");
    v->pv.info = true;
    if (gw_pv_info_decode(gw_cur(record->body, record->frame.length), &info, &err) < 0) {
        return find_refusal(v, &err);
    }
    v->pv.width = info.width;
    judge_layout(v, &gw_layout_x86_pv_info, gw_cur(record->body, record->frame.length), "X86_PV_INFO");
    return 0;
}

static void need_pv_info(struct verifier *v, const struct gw_frame *frame)
{
    char room[32];
    if (v->pv.info || v->pv.info_missing_told)
        return;
    v->pv.info_missing_told = true;
    find(v, GW_RULE_PVINFO_MISSING, "%s comes, and no X86_PV_INFO was seen",
         gw_record_name(frame->type, room, sizeof room));
}

static uint64_t frame_at(const struct verifier *v, size_t i)
{
    uint64_t pfn;
    memcpy(&pfn, v->pv.frames.mem + i * sizeof pfn, sizeof pfn);
    return pfn;
}

static int by_pfn(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

/* The frames' pfns, sorted: 8 octets each, as many as the record has. */
static int keep_frames(struct verifier *v, struct gw_p2m_frames *p2m)
{
    struct gw_buf *kept = &v->pv.frames;
    for (uint32_t i = 0; i < p2m->num; i++) {
        uint64_t pfn = gw_u64(&p2m->frames);
        if (pfn > p2m->end_pfn)
            find(v, GW_RULE_P2M_FRAME_RANGE, "p2m frame %u is pfn 0x%llx, above the guest's last, 0x%x", i,
                 (unsigned long long)pfn, p2m->end_pfn);
        else
            gw_put(kept, &pfn, sizeof pfn);
    }
    if (gw_buf_ok(kept, v->err) < 0)
        return -1;
    size_t num = kept->len / sizeof(uint64_t);
    if (num > 0)
        qsort(kept->mem, num, sizeof(uint64_t), by_pfn);
    for (size_t i = 1; i < num; i++)
        if (by_pfn(kept->mem + 8 * (i - 1), kept->mem + 8 * i) == 0)
            find(v, GW_RULE_P2M_FRAME_DUP, "pfn 0x%llx is named as a p2m frame twice",
                 (unsigned long long)frame_at(v, i));
    return 0;
}

int judge_p2m_frames(struct verifier *v, const struct gw_record *record)
{
    struct gw_p2m_frames p2m;
    struct gw_err err = GW_ERR_NONE;
    need_pv_info(v, &record->frame);
    judge_static_missing(v, &record->frame);
    if (v->pv.p2m)
        find(v, GW_RULE_P2M_DUPLICATE, "a second X86_PV_P2M_FRAMES");
    else if (v->pv.pages_early.set)
        find_at(v, &v->pv.pages_early, GW_RULE_PAGE_PV_ORDER, "this PAGE_DATA comes before X86_PV_P2M_FRAMES");
    v->pv.p2m_at = v->at;
    v->pv.frames.len = 0;
    if (v->pv.width == 0)
        return 0; /* how many frames there must be is not known: the missing X86_PV_INFO was told */
    if (gw_p2m_frames_decode(gw_cur(record->body, record->frame.length), v->pv.width, &p2m, &err) < 0) {
        v->pv.p2m_wrong = true; /* its range is not known */
        return find_refusal(v, &err);
    }
    v->pv.p2m = true;
    v->pv.end_pfn = p2m.end_pfn;
    if (p2m.end_pfn >= v->opts.max_pfn) {
        find(v, GW_RULE_PAGE_PFN_LIMIT, "the guest's last pfn is 0x%x; pfns below 0x%llx are read (see --max-guest)",
             p2m.end_pfn, (unsigned long long)v->opts.max_pfn);
        return 0;
    }
    if (p2m.start_pfn != 0)
        find(v, GW_RULE_P2M_START_ZERO, "X86_PV_P2M_FRAMES begins at pfn 0x%x", p2m.start_pfn);
    if (p2m.end_pfn == 0)
        find(v, GW_RULE_P2M_END_ZERO, "X86_PV_P2M_FRAMES ends at pfn 0");
    return keep_frames(v, &p2m);
}

/* max_pfn is a number of pfns, not the last one (8.2); Xen's tools lower end_pfn where the p2m's end is empty. */
static void judge_max_pfn(struct verifier *v, uint64_t max_pfn)
{
    if (max_pfn == 0 || max_pfn > MAX_PFN_MOST)
        find(v, GW_RULE_SHINFO_MAXPFN, "arch.max_pfn is 0x%llx; a guest has 1 to 2^32 pfns",
             (unsigned long long)max_pfn);
    else if (v->pv.p2m && v->pv.end_pfn >= max_pfn)
        find(v, GW_RULE_P2M_SHINFO_MAXPFN,
             "X86_PV_P2M_FRAMES goes to pfn 0x%x; arch.max_pfn says that there are 0x%llx", v->pv.end_pfn,
             (unsigned long long)max_pfn);
}

static void judge_shared_page(struct verifier *v, struct gw_cur page)
{
    judge_layout(v, gw_pv_layout(GW_REC_SHARED_INFO, v->pv.width), page, "SHARED_INFO");
    if (v->pv.width == 8)
        judge_max_pfn(v, gw_get(gw_part(page, shared_info, arch, 0), arch_shared_info, max_pfn));
    else
        judge_max_pfn(v, gw_get(gw_part(page, shared_info_x32, arch, 0), arch_shared_info_x32, max_pfn));
}

int judge_shared_info(struct verifier *v, const struct gw_record *record)
{
    need_pv_info(v, &record->frame);
    if (v->tail.seen[GW_REC_SHARED_INFO] > 1)
        find(v, GW_RULE_SHINFO_DUPLICATE, "a second SHARED_INFO");
    if (record->frame.length != GW_PAGE_LEN)
        find(v, GW_RULE_SHINFO_SIZE, "SHARED_INFO has %u octets instead of 4096", record->frame.length);
    else if (v->pv.width != 0)
        judge_shared_page(v, gw_cur(record->body, record->frame.length));
    return 0;
}

void judge_pv_presence(struct verifier *v)
{
    if (!v->pv.info && !v->pv.info_missing_told) {
        v->pv.info_missing_told = true;
        find(v, GW_RULE_PVINFO_MISSING, "a PV image without X86_PV_INFO");
    }
    if (!v->pv.p2m_at.set && v->num_checkpoints == 0)
        find(v, GW_RULE_P2M_MISSING, "a PV image without X86_PV_P2M_FRAMES");
    if (v->tail.seen[GW_REC_SHARED_INFO] == 0)
        find(v, GW_RULE_SHINFO_MISSING, "no SHARED_INFO: the guest would come up with an empty page");
    if (!v->tail.has_vcpu0)
        find(v, GW_RULE_VCPU0_MISSING, "no X86_PV_VCPU_BASIC for vCPU 0");
    judge_vcpus_whole(v);
}

void judge_pv_memory(struct verifier *v)
{
    judge_vcpu_pages(v);
    v->at = v->pv.p2m_at;
    for (size_t i = 0; i < v->pv.frames.len / sizeof(uint64_t); i++) {
        uint64_t pfn = frame_at(v, i);
        int type = page_type(v, pfn);
        if (type < 0 || !gw_type_populates((unsigned)type))
            find(v, GW_RULE_P2M_FRAME_DATA, "p2m frame 0x%llx is no page of the image (%s)", (unsigned long long)pfn,
                 type < 0 ? "never named" : gw_page_type_name((unsigned)type));
        else if (type != GW_PAGE_NOTAB)
            find(v, GW_RULE_P2M_FRAME_TYPE, "p2m frame 0x%llx ends as '%s', not as an ordinary page",
                 (unsigned long long)pfn, gw_page_type_name((unsigned)type));
    }
    settle_tables(v);
}
