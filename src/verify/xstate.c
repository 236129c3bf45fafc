/*
 * xstate.c - the extended states of a vCPU (7.6): which components it has, and whether its area is one that a processor
 * could load. HVM's CPU_XSAVE and PV's XSAVE record differ in what stands before the area, and in the rules' names.
 */
#include "verifier.h"

static void judge_states(struct verifier *v, const struct xstate *x, const struct xstate_rules *rules)
{
    if (x->xcr0 & ~x->accum)
        find(v, rules->xcr0, "vCPU %u has the extended states 0x%llx enabled, but only 0x%llx were ever", x->vcpu,
             (unsigned long long)x->xcr0, (unsigned long long)x->accum);
    else if (x->accum != 0 && !(gw_xcr0_legal(x->xcr0) && gw_xcr0_legal(x->accum)))
        find(v, rules->xcr0, "the extended states of vCPU %u, 0x%llx enabled and 0x%llx ever, are no set that exists",
             x->vcpu, (unsigned long long)x->xcr0, (unsigned long long)x->accum);
}

static void judge_header(struct verifier *v, const struct xstate *x, const struct xstate_rules *rules)
{
    struct gw_cur header = x->area, fxsave = gw_sub(&header, gw_layout_x86_fxsave.length);
    uint64_t present = gw_get(header, xsave_hdr, xstate_bv), form = gw_get(header, xsave_hdr, xcomp_bv), rest = 0;
    if (gw_left(&fxsave) == 0)
        return;
    for (unsigned i = 0; i < gw_layout_xsave_hdr.fields[xsave_hdr_reserved].count; i++)
        rest |= gw_get_at(header, xsave_hdr, reserved, i);
    if (present & ~x->accum)
        find(v, rules->present, "vCPU %u's XSAVE area holds the states 0x%llx, of which 0x%llx were never enabled",
             x->vcpu, (unsigned long long)present, (unsigned long long)(present & ~x->accum));
    if (form != 0)
        find(v, rules->compacted, "vCPU %u's XSAVE area is compacted (xcomp_bv 0x%llx), which no Xen loads", x->vcpu,
             (unsigned long long)form);
    if (rest != 0)
        find(v, rules->reserved, "a reserved field of vCPU %u's XSAVE header is not zero", x->vcpu);
}

/* Octets behind `from` that are not zero. */
static bool holds_something(struct gw_cur area, uint64_t from)
{
    gw_take(&area, (size_t)from);
    size_t len = gw_left(&area);
    return len > 0 && !gw_is_zero(gw_take(&area, len), len);
}

static void judge_size(struct verifier *v, const struct xstate *x, const struct xstate_rules *rules)
{
    bool sure;
    uint64_t needs = gw_xstate_size(&v->fixed.xstates, x->accum, &sure), has = gw_left(&x->area);
    if (x->accum == 0)
        return; /* Xen before 4.12 wrote areas of HVM vCPUs that never used them */
    if (sure && has < needs)
        find(v, rules->size, "vCPU %u's XSAVE area has %llu octets, its states 0x%llx need %llu", x->vcpu,
             (unsigned long long)has, (unsigned long long)x->accum, (unsigned long long)needs);
    else if (sure && has > needs && x->exact)
        find(v, rules->size, "vCPU %u's XSAVE area has %llu octets, its states 0x%llx fill %llu", x->vcpu,
             (unsigned long long)has, (unsigned long long)x->accum, (unsigned long long)needs);
    else if (sure && has > needs && holds_something(x->area, needs))
        find(v, rules->surplus, "vCPU %u's XSAVE area goes on behind its states' %llu octets, and not with zeros",
             x->vcpu, (unsigned long long)needs);
}

void judge_xsave_area(struct verifier *v, const struct xstate *x, const struct xstate_rules *rules)
{
    judge_states(v, x, rules);
    judge_header(v, x, rules);
    judge_size(v, x, rules);
    if (v->fixed.has_xcr0 && (x->accum & ~v->fixed.xcr0) != 0)
        find(v, GW_RULE_CPUID_XSTATE_CONSISTENT,
             "vCPU %u has used extended states 0x%llx; the CPUID policy allows 0x%llx", x->vcpu,
             (unsigned long long)x->accum, (unsigned long long)v->fixed.xcr0);
}
