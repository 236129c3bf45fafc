/*
 * codec_pv.c - X86_PV_INFO (7.1), X86_PV_P2M_FRAMES (7.2) and the head of the vCPU records (7.3).
 */
#include <assert.h>

#include "xenf.h"

int gw_pv_info_decode(struct gw_cur cur, struct gw_pv_info *out, struct gw_err *err)
{
    struct gw_pv_info v;
    size_t len = gw_left(&cur);
    if (len != gw_layout_x86_pv_info.length)
        return gw_refuse(err, "pvinfo-length", "X86_PV_INFO has %zu octets instead of 8", len);
    v.width = (uint8_t)gw_get(cur, x86_pv_info, guest_width);
    v.levels = (uint8_t)gw_get(cur, x86_pv_info, pt_levels);
    if (!(v.width == 4 && v.levels == 3) && !(v.width == 8 && v.levels == 4))
        return gw_refuse(err, "pvinfo-pair", "X86_PV_INFO names a guest width of %u with %u page table levels", v.width,
                         v.levels);
    *out = v;
    return 0;
}

void gw_pv_info_encode(struct gw_buf *buf, const struct gw_pv_info *info)
{
    gw_put_u8(buf, info->width);
    gw_put_u8(buf, info->levels);
    gw_put_zeros(buf, 6);
}

int gw_p2m_frames_decode(struct gw_cur cur, unsigned width, struct gw_p2m_frames *out, struct gw_err *err)
{
    struct gw_p2m_frames v;
    size_t len = gw_left(&cur);
    assert(width == 4 || width == 8);
    if (len < gw_offset(x86_pv_p2m_frames, p2m_pfns))
        return gw_refuse(err, "p2m-length", "X86_PV_P2M_FRAMES has %zu octets; its header alone needs 8", len);
    v.start_pfn = (uint32_t)gw_get(cur, x86_pv_p2m_frames, start_pfn);
    v.end_pfn = (uint32_t)gw_get(cur, x86_pv_p2m_frames, end_pfn);
    if (v.start_pfn > v.end_pfn)
        return gw_refuse(err, "p2m-order", "X86_PV_P2M_FRAMES goes from pfn 0x%x down to 0x%x", v.start_pfn, v.end_pfn);
    uint32_t per_frame = GW_PAGE_LEN / width;
    v.num = v.end_pfn / per_frame - v.start_pfn / per_frame + 1;
    gw_take(&cur, gw_offset(x86_pv_p2m_frames, p2m_pfns));
    if (gw_left(&cur) != 8 * (uint64_t)v.num)
        return gw_refuse(
            err, "p2m-length",
            "X86_PV_P2M_FRAMES of pfns 0x%x to 0x%x needs %u frames (%llu octets), its body has %zu octets",
            v.start_pfn, v.end_pfn, v.num, 8 + 8 * (unsigned long long)v.num, len);
    v.frames = cur;
    *out = v;
    return 0;
}

void gw_p2m_frames_encode(struct gw_buf *buf, uint32_t start_pfn, uint32_t end_pfn, const uint64_t *frames,
                          uint32_t num)
{
    gw_put_u32(buf, start_pfn);
    gw_put_u32(buf, end_pfn);
    for (uint32_t i = 0; i < num; i++)
        gw_put_u64(buf, frames[i]);
}

bool gw_record_has_vcpu(uint32_t type)
{
    return type == GW_REC_X86_PV_VCPU_BASIC || type == GW_REC_X86_PV_VCPU_EXTENDED ||
           type == GW_REC_X86_PV_VCPU_XSAVE || type == GW_REC_X86_PV_VCPU_MSRS;
}

int gw_vcpu_decode(struct gw_cur cur, struct gw_vcpu *out, struct gw_err *err)
{
    struct gw_vcpu v;
    size_t len = gw_left(&cur);
    if (len < gw_layout_x86_pv_vcpu_hdr.length)
        return gw_refuse(err, "vcpu-hdr-short", "a vCPU record has %zu octets; its header alone needs 8", len);
    v.id = (uint32_t)gw_get(cur, x86_pv_vcpu_hdr, vcpu_id);
    gw_take(&cur, gw_layout_x86_pv_vcpu_hdr.length);
    v.blob = cur;
    *out = v;
    return 0;
}

void gw_vcpu_encode(struct gw_buf *buf, uint32_t id, const void *blob, size_t len)
{
    gw_put_u32(buf, id);
    gw_put_u32(buf, 0);
    gw_put(buf, blob, len);
}
