/*
 * vcpu_state.c - what is inside the records of a PV guest's vCPUs (7.4 to 7.7), and the pages that they name.
 *
 * What a number alone says is judged by the layouts' tables; here is what takes two numbers, or the final types of
 * pages, which are known when all is there.
 */
#include <assert.h>
#include <stdio.h>

#include "verifier.h"

#define GDT_ENTRIES_MOST 7168u
#define GDT_PER_FRAME 512u
#define USER_ROOT_VALID 1u                     /* bit 0 of ctrlreg[1] */
#define IN_KERNEL 4u                           /* VGCF_in_kernel */
#define XEN_FIRST UINT64_C(0x0000800000000000) /* no address of a guest from here ... */
#define XEN_END UINT64_C(0xffff880000000000)   /* ... to here, where those of a 64-bit guest go on */
#define BREAKPOINTS 4
#define AGED_EXTENDED_LEN 128u /* of a hypercall's whole union, which libxc of Xen 3.2 to 4.5 wrote (legacy 6.2) */

/* A number of the basic state, of either width. */
#define basic_at(v, blob, name, index)                                                                                 \
    ((v)->pv.width == 8 ? gw_get_at(blob, vcpu_guest_context, name, index)                                             \
                        : gw_get_at(blob, vcpu_guest_context_x32, name, index))
#define basic_of(v, blob, name) basic_at(v, blob, name, 0)

static void judge_ldt(struct verifier *v, uint32_t id, struct gw_cur blob)
{
    uint64_t base = gw_get(blob, vcpu_guest_context, ldt_base);
    if (gw_get(blob, vcpu_guest_context, ldt_ents) > 0 && !gw_is_canonical(base))
        find(v, GW_RULE_VCPU_BASIC_CANONICAL, "vCPU %u: ldt_base is 0x%llx, which is no canonical address", id,
             (unsigned long long)base);
}

static void judge_debugreg(struct verifier *v, uint32_t id, struct gw_cur blob)
{
    for (unsigned i = 0; i < BREAKPOINTS; i++) {
        uint64_t at = gw_get_at(blob, vcpu_guest_context, debugreg, i);
        if (at >= XEN_FIRST && at < XEN_END)
            find(v, GW_RULE_VCPU_BASIC_DEBUGREG, "vCPU %u: debugreg[%u] is 0x%llx, where no breakpoint may be", id, i,
                 (unsigned long long)at);
    }
    for (unsigned i = 6; i < 8; i++)
        if (gw_get_at(blob, vcpu_guest_context, debugreg, i) > UINT32_MAX)
            find(v, GW_RULE_VCPU_BASIC_DEBUGREG, "vCPU %u: debugreg[%u] is 0x%llx, more than 32 bits", id, i,
                 (unsigned long long)gw_get_at(blob, vcpu_guest_context, debugreg, i));
}

static void judge_user_root(struct verifier *v, uint32_t id, struct gw_cur blob)
{
    uint64_t cr1 = gw_get_at(blob, vcpu_guest_context, ctrlreg, 1);
    if (cr1 != 0 && !(cr1 & USER_ROOT_VALID))
        find(v, GW_RULE_VCPU_BASIC_CR1, "vCPU %u: ctrlreg[1] is 0x%llx, whose bit 0 must say that it is valid", id,
             (unsigned long long)cr1);
    if (cr1 == 0 && !(gw_get(blob, vcpu_guest_context, flags) & IN_KERNEL))
        find(v, GW_RULE_VCPU_BASIC_CR1, "vCPU %u was in user mode and has no page table of it in ctrlreg[1]", id);
}

/* Each is as in its record, be it right or not. */
static void take_pages(const struct verifier *v, const struct gw_vcpu *vcpu, struct vcpu_pages *named)
{
    struct gw_cur blob = vcpu->blob;
    uint64_t entries = basic_of(v, blob, gdt_ents), cr1 = basic_at(v, blob, ctrlreg, 1);
    *named = (struct vcpu_pages){ .at = v->at, .root = gw_pv_root(v->pv.width, basic_at(v, blob, ctrlreg, 3)) };
    named->has_user_root = v->pv.width == 8 && (cr1 & USER_ROOT_VALID);
    named->user_root = cr1 >> 12;
    if (v->pv.width == 8)
        named->start_info = gw_get(gw_part(blob, vcpu_guest_context, user_regs, 0), cpu_user_regs, rdx);
    else
        named->start_info = gw_get(gw_part(blob, vcpu_guest_context_x32, user_regs, 0), cpu_user_regs_x32, edx);
    if (entries <= GDT_ENTRIES_MOST)
        named->num_gdt = (uint32_t)(entries + GDT_PER_FRAME - 1) / GDT_PER_FRAME;
    for (uint32_t i = 0; i < named->num_gdt; i++)
        named->gdt[i] = basic_at(v, blob, gdt_frames, i);
}

int judge_basic(struct verifier *v, const struct gw_vcpu *vcpu)
{
    char whose[24];
    snprintf(whose, sizeof whose, "vCPU %u", vcpu->id);
    judge_layout(v, gw_pv_layout(GW_REC_X86_PV_VCPU_BASIC, v->pv.width), vcpu->blob, whose);
    if (v->pv.width == 8) {
        judge_ldt(v, vcpu->id, vcpu->blob);
        judge_debugreg(v, vcpu->id, vcpu->blob);
        judge_user_root(v, vcpu->id, vcpu->blob);
    }
    if (gw_undo_save(&v->pv.named_undo, vcpu->id, v->err) < 0)
        return -1;
    struct vcpu_pages *named = gw_sparse_at(&v->pv.named, vcpu->id, v->err);
    if (named == NULL)
        return -1;
    take_pages(v, vcpu, named);
    return 0;
}

bool is_aged_extended(const struct verifier *v, size_t len)
{
    return len == AGED_EXTENDED_LEN && is_handed_on(v);
}

/* What a hypervisor of that time filled in: 8 when it was a 32-bit one, more since Xen 4.2 and again since 4.3. */
static bool is_aged_size(uint64_t size)
{
    return size == 8 || size == 32 || size == 40 || size == 56;
}

/*
 * The inner number selects the vCPU, the inner size is what Xen believes: libxc compares neither. Behind the inner size
 * an old saver left what was on its stack.
 */
void judge_extended(struct verifier *v, const struct gw_vcpu *vcpu)
{
    char whose[24];
    uint64_t inner = gw_get(vcpu->blob, xen_domctl_ext_vcpucontext, vcpu);
    uint64_t size = gw_get(vcpu->blob, xen_domctl_ext_vcpucontext, size);
    bool is_aged = is_aged_extended(v, gw_left(&vcpu->blob)) && is_aged_size(size);
    struct gw_cur valid = is_aged ? gw_cur(vcpu->blob.p, (size_t)size) : vcpu->blob;
    snprintf(whose, sizeof whose, "vCPU %u", vcpu->id);
    judge_layout(v, gw_pv_layout(GW_REC_X86_PV_VCPU_EXTENDED, v->pv.width), valid, whose);
    if (inner != vcpu->id)
        find(v, GW_RULE_VCPU_EXT_INNER_VCPU, "the extended state of vCPU %u says inside that it is that of vCPU %llu",
             vcpu->id, (unsigned long long)inner);
    if (size != gw_left(&vcpu->blob) && !is_aged)
        find(v, GW_RULE_VCPU_EXT_INNER_SIZE,
             "the extended state of vCPU %u has %zu octets and says inside that it has %llu", vcpu->id,
             gw_left(&vcpu->blob), (unsigned long long)size);
}

/* How many MSRs of a PV vCPU any Xen knows (7.7). */
static unsigned num_known_msrs(void)
{
    unsigned num = 0;
    for (unsigned i = 0; i < gw_num_msrs; i++)
        num += gw_msrs[i].since[GW_MSR_PV_VCPU] != GW_MSR_NEVER;
    return num;
}

void judge_vcpu_msrs(struct verifier *v, const struct gw_vcpu *vcpu)
{
    char whose[24];
    const struct gw_field *all = &gw_layout_x86_pv_vcpu_msrs.fields[x86_pv_vcpu_msrs_msrs];
    uint32_t num = gw_field_count(all, vcpu->blob);
    snprintf(whose, sizeof whose, "vCPU %u", vcpu->id);
    judge_layout(v, &gw_layout_x86_pv_vcpu_msrs, vcpu->blob, whose);
    if (num > num_known_msrs())
        find(v, GW_RULE_VCPU_MSRS_KNOWN, "vCPU %u has %u MSRs; Xen knows %u of a PV guest", vcpu->id, num,
             num_known_msrs());
    for (uint32_t i = 0; i < num; i++) {
        uint64_t index = gw_get(gw_field_octets(all, vcpu->blob, i), xen_domctl_vcpu_msr, index);
        if (index > UINT32_MAX || !gw_release_knows_msr(v->release, GW_MSR_PV_VCPU, (uint32_t)index))
            find(v, GW_RULE_VCPU_MSRS_KNOWN, "vCPU %u has MSR 0x%llx, which the receiver does not know for a PV guest",
                 vcpu->id, (unsigned long long)index);
    }
}

const char *how_pfn_ended(const struct verifier *v, uint64_t pfn)
{
    int type = page_type(v, pfn);
    if (v->pv.p2m && pfn > v->pv.end_pfn)
        return "above the guest's last pfn";
    return type < 0 ? "never named" : gw_page_type_name((unsigned)type);
}

static void judge_root(struct verifier *v, uint32_t id, uint64_t pfn, unsigned reg, enum gw_rule_number rule)
{
    unsigned levels = v->pv.width == 8 ? 4 : 3;
    int type = page_type(v, pfn);
    if (type < 0 || gw_type_table_level((unsigned)type) != levels)
        find(v, rule, "vCPU %u: ctrlreg[%u] names pfn 0x%llx (%s), which must be an L%u table", id, reg,
             (unsigned long long)pfn, how_pfn_ended(v, pfn), levels);
}

static void judge_named(struct verifier *v, uint32_t id, const struct vcpu_pages *named)
{
    bool beyond = v->pv.p2m && named->root > v->pv.end_pfn;
    v->at = named->at;
    if (beyond)
        find(v, GW_RULE_VCPU_BASIC_CR3_MFN,
             "vCPU %u: ctrlreg[3] names frame 0x%llx, above the guest's last pfn, 0x%x: a machine frame?", id,
             (unsigned long long)named->root, v->pv.end_pfn);
    else
        judge_root(v, id, named->root, 3, GW_RULE_VCPU_BASIC_CR3);
    if (named->has_user_root)
        judge_root(v, id, named->user_root, 1, GW_RULE_VCPU_BASIC_CR1);
    for (uint32_t i = 0; i < named->num_gdt; i++)
        if (page_type(v, named->gdt[i]) != GW_PAGE_NOTAB)
            find(v, GW_RULE_VCPU_BASIC_GDT_FRAMES, "vCPU %u: frame %u of its GDT is pfn 0x%llx (%s), no ordinary page",
                 id, i, (unsigned long long)named->gdt[i], how_pfn_ended(v, named->gdt[i]));
    if (id == 0 && page_type(v, named->start_info) != GW_PAGE_NOTAB)
        find(v, GW_RULE_VCPU_STARTINFO, "vCPU 0 names pfn 0x%llx (%s) as start_info, no ordinary page",
             (unsigned long long)named->start_info, how_pfn_ended(v, named->start_info));
}

void judge_vcpu_pages(struct verifier *v)
{
    uint64_t id = 0;
    for (const struct vcpu_pages *named; (named = gw_sparse_leaf(&v->pv.named, &id)) != NULL; id += GW_SPARSE_LEAF)
        for (unsigned i = 0; i < GW_SPARSE_LEAF; i++)
            if (named[i].at.set)
                judge_named(v, (uint32_t)id + i, &named[i]);
}
