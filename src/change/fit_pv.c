/*
 * fit_pv.c - the records of a PV guest's vCPUs and its shared page as a release takes them (7.5 to 7.7, 19.6).
 */
#include <string.h>

#include "fit.h"

static bool decode(const struct gw_record *record, struct gw_vcpu *out)
{
    struct gw_err none = GW_ERR_NONE;
    return gw_vcpu_decode(gw_cur(record->body, record->frame.length), out, &none) == 0;
}

/* 7.5: what is behind the octets that the release looks at. It reads a longer record all the same. */
int fit_extended(struct fit *f, const struct gw_record *record, struct gw_err *err)
{
    struct gw_vcpu vcpu;
    uint32_t looks = f->release->extended_len;
    (void)err;
    if (!decode(record, &vcpu) || gw_left(&vcpu.blob) <= looks ||
        gw_is_zero(vcpu.blob.p + looks, gw_left(&vcpu.blob) - looks))
        return 0;
    filter_lose(&f->filter, "vmce_mcg_ext_ctl of X86_PV_VCPU_EXTENDED, which %s does not look at", f->where);
    gw_put(&f->body, record->body, record->frame.length);
    if (!f->body.bad)
        memset(f->body.mem + record->frame.length - gw_left(&vcpu.blob) + looks, 0, gw_left(&vcpu.blob) - looks);
    return 1;
}

/* 19.6: libxc itself wants a multiple; the hypervisor wants the exact length, so that nothing can be added. */
int fit_xsave(struct fit *f, const struct gw_record *record, struct gw_err *err)
{
    struct gw_vcpu vcpu;
    (void)err;
    if (!decode(record, &vcpu) || gw_left(&vcpu.blob) % f->release->xsave_unit == 0)
        return 0;
    filter_lose(&f->filter, "X86_PV_VCPU_XSAVE of %zu octets, of which %s takes only multiples of %u",
                gw_left(&vcpu.blob), f->where, f->release->xsave_unit);
    return 1;
}

int fit_vcpu_msrs(struct fit *f, const struct gw_record *record, struct gw_err *err)
{
    const struct gw_field *all = &gw_layout_x86_pv_vcpu_msrs.fields[x86_pv_vcpu_msrs_msrs];
    struct gw_vcpu vcpu;
    (void)err;
    if (!decode(record, &vcpu))
        return 0;
    uint32_t num = gw_field_count(all, vcpu.blob), kept = 0;
    gw_vcpu_encode(&f->body, vcpu.id, NULL, 0);
    for (uint32_t i = 0; i < num; i++) {
        struct gw_cur msr = gw_field_octets(all, vcpu.blob, i);
        uint32_t index = (uint32_t)gw_get(msr, xen_domctl_vcpu_msr, index);
        const struct gw_msr_info *info = gw_msr_info(index);
        if (gw_release_knows_msr(f->release, GW_MSR_PV_VCPU, index)) {
            gw_put(&f->body, msr.p, gw_left(&msr));
            kept++;
        } else {
            filter_lose(&f->filter, "MSR 0x%x%s%s of X86_PV_VCPU_MSRS, which %s refuses", index,
                        info != NULL ? " " : "", info != NULL ? info->name : "", f->where);
        }
    }
    if (kept == 0)
        f->body.len = 0;
    return kept < num;
}

/* Not 0 where the guest's own list of its memory is linear, and not the tree that any release can follow (8.2). */
static uint64_t linear_p2m(const struct fit *f, struct gw_cur page)
{
    if (f->pv_width == 8)
        return gw_get(gw_part(page, shared_info, arch, 0), arch_shared_info, p2m_cr3);
    return gw_get(gw_part(page, shared_info_x32, arch, 0), arch_shared_info_x32, p2m_cr3);
}

int fit_shared_info(struct fit *f, const struct gw_record *record, struct gw_err *err)
{
    (void)err;
    if (f->release->minor < GW_SINCE_LINEAR_P2M && linear_p2m(f, gw_cur(record->body, record->frame.length)) != 0)
        filter_tell(&f->filter, "the guest's p2m is linear: %s restores it, and cannot save it again", f->where);
    return 0;
}
