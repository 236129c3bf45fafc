/*
 * pv.c - X86_PV_INFO, X86_PV_P2M_FRAMES, SHARED_INFO and the vCPU records (18.5): framing, sizes, order and presence.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier.h"

#define BASIC_LEN_32 2800u
#define BASIC_LEN_64 5168u
#define EXTENDED_LEN_MIN 32u
#define EXTENDED_LEN_MAX 128u
#define XSAVE_LEN_UNUSED 16u /* xcr0 and xcr0_accum alone: the guest never touched extended state */
#define XSAVE_LEN_MIN 592u
#define VCPU_MSR_LEN 16u

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

int judge_shared_info(struct verifier *v, const struct gw_record *record)
{
    need_pv_info(v, &record->frame);
    if (v->tail.seen[GW_REC_SHARED_INFO] > 1)
        find(v, GW_RULE_SHINFO_DUPLICATE, "a second SHARED_INFO");
    if (record->frame.length != GW_PAGE_LEN)
        find(v, GW_RULE_SHINFO_SIZE, "SHARED_INFO has %u octets instead of 4096", record->frame.length);
    return 0;
}

/* 0 8 xcr0; 8 8 xcr0_accum (7.6) */
static void judge_xsave(struct verifier *v, const struct gw_vcpu *vcpu)
{
    struct gw_cur cur = vcpu->blob;
    gw_u64(&cur);
    uint64_t used = gw_u64(&cur);
    if (!cur.bad)
        judge_xstate(v, vcpu->id, used);
}

static void judge_blob(struct verifier *v, const struct gw_vcpu *vcpu, enum vcpu_kind kind)
{
    size_t len = gw_left(&vcpu->blob);
    switch (kind) {
    case VCPU_BASIC:
        if (v->pv.width == 0 ? len != BASIC_LEN_32 && len != BASIC_LEN_64
                             : len != (v->pv.width == 4 ? BASIC_LEN_32 : BASIC_LEN_64))
            find(v, GW_RULE_VCPU_BASIC_SIZE, "the basic state of vCPU %u has %zu octets instead of %u", vcpu->id, len,
                 v->pv.width == 4 ? BASIC_LEN_32 : BASIC_LEN_64);
        break;
    case VCPU_EXTENDED:
        if (len < EXTENDED_LEN_MIN || len > EXTENDED_LEN_MAX)
            find(v, GW_RULE_VCPU_EXT_SIZE, "the extended state of vCPU %u has %zu octets; Xen takes 32 to 128",
                 vcpu->id, len);
        break;
    case VCPU_XSAVE:
        if (len != XSAVE_LEN_UNUSED && len < XSAVE_LEN_MIN)
            find(v, GW_RULE_VCPU_XSAVE_SIZE,
                 "the XSAVE state of vCPU %u has %zu octets; 16, or 592 and more, are right", vcpu->id, len);
        else
            judge_xsave(v, vcpu);
        break;
    case VCPU_MSRS:
        if (len % VCPU_MSR_LEN != 0)
            find(v, GW_RULE_VCPU_MSRS_MULTIPLE, "the MSRs of vCPU %u have %zu octets, not a multiple of 16", vcpu->id,
                 len);
        break;
    case NUM_VCPU_KINDS: break;
    }
}

static enum vcpu_kind kind_of(uint32_t type)
{
    static const enum vcpu_kind kinds[] = {
        [GW_REC_X86_PV_VCPU_BASIC] = VCPU_BASIC,
        [GW_REC_X86_PV_VCPU_EXTENDED] = VCPU_EXTENDED,
        [GW_REC_X86_PV_VCPU_XSAVE] = VCPU_XSAVE,
        [GW_REC_X86_PV_VCPU_MSRS] = VCPU_MSRS,
    };
    return kinds[type];
}

/* Which records that vCPU has: ever in the low half, since the last checkpoint in the high half. */
static int mark_vcpu(struct verifier *v, uint32_t id, enum vcpu_kind kind, bool empty)
{
    uint8_t *seen = gw_sparse_at(&v->pv.vcpus, id, v->err);
    if (seen == NULL)
        return -1;
    if ((*seen & 0xf0u) == 0)
        gw_put(&v->pv.touched, &id, sizeof id);
    if (*seen & 0x10u << kind)
        find(v, GW_RULE_VCPU_DUPLICATE, "a second record of this kind for vCPU %u", id);
    *seen |= (uint8_t)(0x10u << kind);
    if (!empty)
        *seen |= (uint8_t)(1u << kind);
    v->tail.has_vcpu0 = v->tail.has_vcpu0 || (id == 0 && kind == VCPU_BASIC && !empty);
    return gw_buf_ok(&v->pv.touched, v->err);
}

static void judge_empty(struct verifier *v, uint32_t id)
{
    find(v, GW_RULE_VCPU_ZERO_CONTENT, "the record of vCPU %u is empty", id);
    if (target_before(v, 11))
        find(v, GW_RULE_VCPU_ZERO_CONTENT_TARGET, "the record of vCPU %u is empty, and the receiver is 4.%u", id,
             v->opts.for_xen);
}

int judge_vcpu(struct verifier *v, const struct gw_record *record)
{
    enum vcpu_kind kind = kind_of(record->frame.type);
    char whose[24];
    struct gw_vcpu vcpu;
    struct gw_err err = GW_ERR_NONE;
    if (!v->pv.info && !v->pv.info_missing_told && v->verdict.times[GW_RULE_VCPU_BEFORE_PVINFO] == 0)
        find(v, GW_RULE_VCPU_BEFORE_PVINFO, "a vCPU record comes before X86_PV_INFO");
    if (gw_vcpu_decode(gw_cur(record->body, record->frame.length), &vcpu, &err) < 0)
        return find_refusal(v, &err);
    judge_tail_record(v, &record->frame, vcpu.id);
    snprintf(whose, sizeof whose, "vCPU %u", vcpu.id);
    judge_layout(v, &gw_layout_x86_pv_vcpu_hdr, gw_cur(record->body, record->frame.length), whose);
    uint64_t most = v->carrier.config.max_vcpus > 0 ? v->carrier.config.max_vcpus : gw_limit(VCPUS);
    if (vcpu.id >= gw_min(most, gw_limit(VCPUS))) {
        find(v, GW_RULE_VCPU_ID_RANGE, "a record of vCPU %u; the guest has at most %llu", vcpu.id,
             (unsigned long long)most);
        return 0;
    }
    bool empty = gw_left(&vcpu.blob) == 0;
    if (empty)
        judge_empty(v, vcpu.id);
    else
        judge_blob(v, &vcpu, kind);
    return mark_vcpu(v, vcpu.id, kind, empty);
}

/* The i-th vCPU with a record since the last checkpoint. */
static uint32_t touched_at(const struct verifier *v, size_t i)
{
    uint32_t id;
    memcpy(&id, v->pv.touched.mem + i * sizeof id, sizeof id);
    return id;
}

void forget_vcpus(struct verifier *v)
{
    for (size_t i = 0; i < v->pv.touched.len / sizeof(uint32_t); i++)
        *(uint8_t *)gw_sparse_find(&v->pv.vcpus, touched_at(v, i)) &= 0x0fu;
    v->pv.touched.len = 0;
}

uint64_t count_vcpus(const struct verifier *v)
{
    uint64_t id = 0, count = 0;
    for (const uint8_t *seen; (seen = gw_sparse_leaf(&v->pv.vcpus, &id)) != NULL; id += GW_SPARSE_LEAF)
        for (unsigned i = 0; i < GW_SPARSE_LEAF; i++)
            count += seen[i] >> VCPU_BASIC & 1;
    return count;
}

/* seen: the octet of mark_vcpu. A converted image has what the legacy one had, which may lack the extended state. */
static void judge_vcpu_whole(struct verifier *v, uint64_t id, uint8_t seen)
{
    bool any = (seen & 0x0f) != 0, basic = (seen & 1u << VCPU_BASIC) != 0;
    bool extended = (seen & 1u << VCPU_EXTENDED) != 0, converted = v->headers.domain.xen_major == 0;
    if (any && !basic && id > 0)
        find(v, GW_RULE_VCPU_ORPHAN, "vCPU %llu has records, but no X86_PV_VCPU_BASIC", (unsigned long long)id);
    if (basic && !extended && !(seen & 0x10u << VCPU_EXTENDED) && !converted)
        find(v, GW_RULE_VCPU_EXT_MISSING, "vCPU %llu has no X86_PV_VCPU_EXTENDED", (unsigned long long)id);
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
    for (size_t i = 0; i < v->pv.touched.len / sizeof(uint32_t); i++) {
        const uint8_t *seen = gw_sparse_find(&v->pv.vcpus, touched_at(v, i));
        judge_vcpu_whole(v, touched_at(v, i), *seen);
    }
}

void judge_pv_memory(struct verifier *v)
{
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
}
