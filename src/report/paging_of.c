/*
 * paging_of.c - what a vCPU's registers say of memory: how it translates addresses, and where a PV guest's start_info
 * lies.
 */
#include "listing.h"

static void paging_of_hvm(struct gw_cur cpu, struct gw_paging *out)
{
    uint64_t cr0 = gw_get(cpu, hvm_hw_cpu, cr0), cr3 = gw_get(cpu, hvm_hw_cpu, cr3);
    uint64_t cr4 = gw_get(cpu, hvm_hw_cpu, cr4), efer = gw_get(cpu, hvm_hw_cpu, msr_efer);
    *out = (struct gw_paging){ .entry_len = 8, .large = true, .root = (cr3 & GW_PFN_MASK) / GW_PAGE_LEN };
    if (!gw_bits_set(gw_bits_cr0, "PG", cr0))
        return;
    if (gw_bits_set(gw_bits_efer, "LMA", efer)) {
        out->levels = gw_bits_set(gw_bits_cr4, "LA57", cr4) ? 5 : 4;
    } else if (gw_bits_set(gw_bits_cr4, "PAE", cr4)) {
        out->levels = 3;
        out->root = (uint32_t)cr3 / GW_PAGE_LEN;
        out->root_at = (unsigned)cr3 & 0xfe0; /* four entries, anywhere on a multiple of 32 */
    } else {
        out->levels = 2;
        out->entry_len = 4;
        out->root = (uint32_t)cr3 / GW_PAGE_LEN;
        out->large = gw_bits_set(gw_bits_cr4, "PSE", cr4);
    }
}

/* Section 7.4: cr3 is built from the pfn, of 32-bit guests with its upper bits at the lower end. */
static void paging_of_pv(struct gw_cur context, unsigned width, struct gw_paging *out)
{
    *out = (struct gw_paging){ .entry_len = 8, .levels = width == 8 ? 4 : 3 };
    if (width == 8) {
        out->root = gw_get_at(context, vcpu_guest_context, ctrlreg, 3) / GW_PAGE_LEN;
        return;
    }
    uint32_t cr3 = (uint32_t)gw_get_at(context, vcpu_guest_context_x32, ctrlreg, 3);
    out->root = cr3 >> 12 | cr3 << 20;
}

/* The registers of a vCPU: of an HVM or PV guest, by the layout. False: the image has none. */
static int registers_of(const struct inspector *in, uint32_t vcpu, struct gw_structure *out, struct gw_err *err)
{
    struct told_list list = { 0 };
    int rc = list_structures(in, false, &list, err);
    *out = (struct gw_structure){ 0 };
    for (size_t i = 0; rc == 0 && i < list.num; i++) {
        const struct gw_structure *s = &list.all[i].s;
        if (s->per_vcpu && s->instance == vcpu &&
            (s->layout == &gw_layout_hvm_hw_cpu || s->layout == &gw_layout_hvm_hw_cpu_compat ||
             s->layout == &gw_layout_vcpu_guest_context || s->layout == &gw_layout_vcpu_guest_context_x32))
            *out = *s;
    }
    told_list_free(&list);
    return rc;
}

int gw_inspector_paging(struct gw_sink *inspector, uint32_t vcpu, struct gw_paging *out, struct gw_err *err)
{
    struct gw_structure s;
    if (registers_of((struct inspector *)inspector, vcpu, &s, err) < 0)
        return -1;
    if (s.layout == NULL)
        return gw_fail(err, GW_E_REFUSED, "the image has no registers of vCPU %u", vcpu);
    if (s.layout == &gw_layout_vcpu_guest_context)
        paging_of_pv(s.octets, 8, out);
    else if (s.layout == &gw_layout_vcpu_guest_context_x32)
        paging_of_pv(s.octets, 4, out);
    else
        paging_of_hvm(s.octets, out);
    return 0;
}

bool gw_inspector_start_info(struct gw_sink *inspector, uint64_t *pfn)
{
    struct gw_err ignored = GW_ERR_NONE; /* without memory the listing that follows fails in its turn */
    struct gw_structure s;
    if (registers_of((struct inspector *)inspector, 0, &s, &ignored) < 0)
        return false;
    if (s.layout == &gw_layout_vcpu_guest_context)
        *pfn = gw_get(gw_part(s.octets, vcpu_guest_context, user_regs, 0), cpu_user_regs, rdx);
    else if (s.layout == &gw_layout_vcpu_guest_context_x32)
        *pfn = gw_get(gw_part(s.octets, vcpu_guest_context_x32, user_regs, 0), cpu_user_regs_x32, edx);
    else
        return false;
    return *pfn <= GW_PFN_MASK;
}

int gw_inspector_take_start_info(struct gw_sink *inspector, const struct gw_picked *page, struct gw_err *err)
{
    struct held *held = &((struct inspector *)inspector)->start_info;
    held->there = true;
    held->frame = (struct gw_frame){ .number = page->record,
                                     .offset = page->offset - GW_RECORD_HEADER_LEN,
                                     .type = GW_REC_PAGE_DATA };
    gw_put(&held->body, page->page, GW_PAGE_LEN);
    return gw_buf_ok(&held->body, err);
}
