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

static void paging_of_pv(struct gw_cur context, unsigned width, struct gw_paging *out)
{
    uint64_t cr3 = width == 8 ? gw_get_at(context, vcpu_guest_context, ctrlreg, 3)
                              : gw_get_at(context, vcpu_guest_context_x32, ctrlreg, 3);
    *out = (struct gw_paging){ .entry_len = 8, .levels = width == 8 ? 4 : 3, .root = gw_pv_root(width, cr3) };
}

static bool are_registers(const struct gw_structure *s)
{
    return s->per_vcpu &&
           (s->layout == &gw_layout_hvm_hw_cpu || s->layout == &gw_layout_hvm_hw_cpu_compat ||
            s->layout == &gw_layout_vcpu_guest_context || s->layout == &gw_layout_vcpu_guest_context_x32);
}

int gw_inspector_registers(struct gw_sink *inspector, gw_structure_fn *fn, void *arg, struct gw_err *err)
{
    struct told_list list = { 0 };
    int rc = list_structures((struct inspector *)inspector, false, &list, err);
    for (size_t i = 0; rc == 0 && i < list.num; i++)
        if (are_registers(&list.all[i].s))
            rc = fn(arg, &list.all[i].s, err);
    told_list_free(&list);
    return rc;
}

/* Keeps the registers of the vCPU whose id stands in the instance. */
static int keep_wanted(void *arg, const struct gw_structure *s, struct gw_err *err)
{
    struct gw_structure *wanted = arg;
    (void)err;
    if (s->instance == wanted->instance)
        *wanted = *s;
    return 0;
}

/* No layout: the image has none. */
static int registers_of(struct gw_sink *inspector, uint32_t vcpu, struct gw_structure *out, struct gw_err *err)
{
    *out = (struct gw_structure){ .instance = vcpu };
    return gw_inspector_registers(inspector, keep_wanted, out, err);
}

void gw_paging_of(const struct gw_structure *registers, struct gw_paging *out)
{
    if (registers->layout == &gw_layout_vcpu_guest_context)
        paging_of_pv(registers->octets, 8, out);
    else if (registers->layout == &gw_layout_vcpu_guest_context_x32)
        paging_of_pv(registers->octets, 4, out);
    else
        paging_of_hvm(registers->octets, out);
}

int gw_inspector_paging(struct gw_sink *inspector, uint32_t vcpu, struct gw_paging *out, struct gw_err *err)
{
    struct gw_structure s;
    if (registers_of(inspector, vcpu, &s, err) < 0)
        return -1;
    if (s.layout == NULL)
        return gw_fail(err, GW_E_REFUSED, "the image has no registers of vCPU %u", vcpu);
    gw_paging_of(&s, out);
    return 0;
}

bool gw_inspector_start_info(struct gw_sink *inspector, uint64_t *pfn)
{
    struct gw_err ignored = GW_ERR_NONE; /* without memory the listing that follows fails in its turn */
    struct gw_structure s;
    if (registers_of(inspector, 0, &s, &ignored) < 0)
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
