/*
 * layout_pv.c - the tables of layout_pv.h as data, and which of them describes which record.
 */
#include <stddef.h>

#include "bits.h"
#include "layout_pv.h"
#include "layout_tables.h"
#include "records.h"

GW_PV_LAYOUTS(GW_LAYOUT_DEFINE)

/* One form for each width of a guest's words. */
struct forms {
    const struct gw_layout *wide, *narrow;
};

static const struct forms forms[] = {
    [GW_REC_X86_PV_INFO] = { &gw_layout_x86_pv_info, &gw_layout_x86_pv_info },
    [GW_REC_X86_PV_P2M_FRAMES] = { &gw_layout_x86_pv_p2m_frames, &gw_layout_x86_pv_p2m_frames },
    [GW_REC_X86_PV_VCPU_BASIC] = { &gw_layout_vcpu_guest_context, &gw_layout_vcpu_guest_context_x32 },
    [GW_REC_X86_PV_VCPU_EXTENDED] = { &gw_layout_xen_domctl_ext_vcpucontext, &gw_layout_xen_domctl_ext_vcpucontext },
    [GW_REC_X86_PV_VCPU_XSAVE] = { &gw_layout_x86_pv_vcpu_xsave, &gw_layout_x86_pv_vcpu_xsave },
    [GW_REC_SHARED_INFO] = { &gw_layout_shared_info, &gw_layout_shared_info_x32 },
    [GW_REC_X86_PV_VCPU_MSRS] = { &gw_layout_x86_pv_vcpu_msrs, &gw_layout_x86_pv_vcpu_msrs },
};

static const struct gw_layout *form_of(const struct forms *of, unsigned width)
{
    if (of->wide == of->narrow || width == 8)
        return of->wide;
    return width == 4 ? of->narrow : NULL;
}

uint64_t gw_pv_root(unsigned width, uint64_t cr3)
{
    return width == 8 ? cr3 >> 12 : (cr3 >> 12 | cr3 << 20) & UINT32_MAX;
}

const struct gw_layout *gw_pv_layout(uint32_t record_type, unsigned width)
{
    return record_type < sizeof forms / sizeof forms[0] ? form_of(&forms[record_type], width) : NULL;
}

const struct gw_layout *gw_start_info_layout(unsigned width)
{
    static const struct forms start_info = { &gw_layout_start_info, &gw_layout_start_info_x32 };
    return form_of(&start_info, width);
}
