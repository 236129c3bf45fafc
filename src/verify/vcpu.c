/*
 * vcpu.c - the vCPU records of a PV guest (18.5): framing, sizes, order and presence.
 *
 * What is inside them is judged by vcpu_state.c.
 */
#include <stdio.h>
#include <string.h>

#include "verifier.h"

#define EXTENDED_LEN_MIN 32u
#define EXTENDED_LEN_MAX 128u
#define XSAVE_LEN_UNUSED 16u /* xcr0 and xcr0_accum alone: the guest never touched extended state */
#define XSAVE_LEN_MIN 592u

static int judge_basic_record(struct verifier *v, const struct gw_vcpu *vcpu)
{
    size_t len = gw_left(&vcpu->blob), narrow = gw_layout_vcpu_guest_context_x32.length;
    size_t wide = gw_layout_vcpu_guest_context.length, right = v->pv.width == 4 ? narrow : wide;
    if (len == right && v->pv.width != 0)
        return judge_basic(v, vcpu);
    if (v->pv.width != 0 || (len != narrow && len != wide))
        find(v, GW_RULE_VCPU_BASIC_SIZE, "the basic state of vCPU %u has %zu octets instead of %zu", vcpu->id, len,
             right);
    return 0;
}

static void judge_xsave_record(struct verifier *v, const struct gw_vcpu *vcpu)
{
    static const struct xstate_rules rules = {
        .size = GW_RULE_VCPU_XSAVE_SIZE,
        .surplus = GW_RULE_VCPU_XSAVE_SIZE,
        .xcr0 = GW_RULE_VCPU_XSAVE_XCR0,
        .present = GW_RULE_VCPU_XSAVE_BV,
        .compacted = GW_RULE_VCPU_XSAVE_COMPACTED,
        .reserved = GW_RULE_VCPU_XSAVE_RESERVED,
    };
    size_t len = gw_left(&vcpu->blob);
    struct xstate x = { .vcpu = vcpu->id, .area = vcpu->blob, .exact = true };
    if (len != XSAVE_LEN_UNUSED && len < XSAVE_LEN_MIN) {
        find(v, GW_RULE_VCPU_XSAVE_SIZE, "the XSAVE state of vCPU %u has %zu octets; 16, or 592 and more, are right",
             vcpu->id, len);
        return;
    }
    if (len % v->release->xsave_unit != 0)
        find(v, GW_RULE_VCPU_XSAVE_SIZE_TARGET, "the XSAVE state of vCPU %u has %zu octets, and the receiver is 4.%u",
             vcpu->id, len, v->opts.for_xen);
    x.xcr0 = gw_get(vcpu->blob, x86_pv_vcpu_xsave, xcr0);
    x.accum = gw_get(vcpu->blob, x86_pv_vcpu_xsave, xcr0_accum);
    gw_take(&x.area, gw_offset(x86_pv_vcpu_xsave, fxsave));
    judge_xsave_area(v, &x, &rules);
}

static int judge_blob(struct verifier *v, const struct gw_vcpu *vcpu, enum vcpu_kind kind)
{
    size_t len = gw_left(&vcpu->blob);
    switch (kind) {
    case VCPU_BASIC: return judge_basic_record(v, vcpu);
    case VCPU_EXTENDED:
        if (len < EXTENDED_LEN_MIN || len > EXTENDED_LEN_MAX)
            find(v, GW_RULE_VCPU_EXT_SIZE, "the extended state of vCPU %u has %zu octets; Xen takes 32 to 128",
                 vcpu->id, len);
        else
            judge_extended(v, vcpu);
        break;
    case VCPU_XSAVE: judge_xsave_record(v, vcpu); break;
    case VCPU_MSRS:
        if (len % gw_layout_xen_domctl_vcpu_msr.length != 0)
            find(v, GW_RULE_VCPU_MSRS_MULTIPLE, "the MSRs of vCPU %u have %zu octets, not a multiple of 16", vcpu->id,
                 len);
        else
            judge_vcpu_msrs(v, vcpu);
        break;
    case NUM_VCPU_KINDS: break;
    }
    return 0;
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
    if (!v->release->takes_empty)
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
    judge_tail_begin(v, &record->frame); /* also where it is too short to say whose it is */
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
    else if (judge_blob(v, &vcpu, kind) < 0)
        return -1;
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
static void judge_vcpu_whole(struct verifier *v, uint64_t id, uint8_t seen, uint8_t others)
{
    bool any = (seen & 0x0f) != 0, basic = (seen & 1u << VCPU_BASIC) != 0;
    bool extended = (seen & 1u << VCPU_EXTENDED) != 0, converted = v->headers.domain.xen_major == 0;
    bool has_xsave = v->fixed.has_xcr0 && v->fixed.xcr0 != 0;
    uint8_t named = (uint8_t)(seen | seen >> 4);
    if (any && !basic && id > 0)
        find(v, GW_RULE_VCPU_ORPHAN, "vCPU %llu has records, but no X86_PV_VCPU_BASIC", (unsigned long long)id);
    if (basic && !extended && !(seen & 0x10u << VCPU_EXTENDED) && !converted)
        find(v, GW_RULE_VCPU_EXT_MISSING, "vCPU %llu has no X86_PV_VCPU_EXTENDED", (unsigned long long)id);
    if (basic && has_xsave && !(named & 1u << VCPU_XSAVE) && !converted)
        find(v, GW_RULE_VCPU_XSAVE_MISSING, "vCPU %llu has no X86_PV_VCPU_XSAVE, though its policy has extended states",
             (unsigned long long)id);
    if (basic && !(named & 1u << VCPU_MSRS) && (others & 1u << VCPU_MSRS))
        find(v, GW_RULE_VCPU_MSRS_MISSING, "vCPU %llu has no X86_PV_VCPU_MSRS, another has", (unsigned long long)id);
}

void judge_vcpus_whole(struct verifier *v)
{
    size_t num = v->pv.touched.len / sizeof(uint32_t);
    uint8_t all = 0;
    for (size_t i = 0; i < num; i++)
        all |= *(const uint8_t *)gw_sparse_find(&v->pv.vcpus, touched_at(v, i));
    for (size_t i = 0; i < num; i++) {
        const uint8_t *seen = gw_sparse_find(&v->pv.vcpus, touched_at(v, i));
        judge_vcpu_whole(v, touched_at(v, i), *seen, all);
    }
}
