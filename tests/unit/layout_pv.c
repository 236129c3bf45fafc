/*
 * layout_pv.c - the tables of PV guests against Xen's public headers, and which of them describes which record.
 *
 * Without the headers (Debian's libxen-dev) the comparison is skipped; the golden suite's independent decoder holds the
 * same offsets against real images.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#if __has_include(<xen/xen.h>) && __has_include(<xen/foreign/x86_32.h>) && defined(__x86_64__)
#define HAVE_XEN 1
#define __XEN_TOOLS__ 1
#define __XEN_INTERFACE_VERSION__ 0x00041100
#include <xen/domctl.h>
#include <xen/xen.h>
#include <xen/foreign/x86_32.h>
#endif

#include "harness.h"
#include "xenf.h"

#ifdef HAVE_XEN
static const struct gw_field *row(const struct gw_layout *layout, const char *name)
{
    for (unsigned i = 0; i < layout->num_fields; i++)
        if (strcmp(layout->fields[i].name, name) == 0)
            return &layout->fields[i];
    fprintf(stderr, "%s has no row %s\n", layout->name, name);
    CHECK(false);
    return NULL;
}

struct as_in_header {
    const struct gw_layout *layout;
    const char *name;
    size_t offset, size; /* of the whole member */
};

#define MEMBER(P, type, name, member)                                                                                  \
    {                                                                                                                  \
        &gw_layout_##P, #name, offsetof(struct type, member), sizeof((struct type *)0)->member                         \
    }
#define SAME(P, type, name) MEMBER(P, type, name, name)
#define BOTH(P, name) SAME(P, P, name), SAME(P##_x32, P##_x86_32, name)

static const struct as_in_header members[] = {
    SAME(cpu_user_regs, cpu_user_regs, r15),
    SAME(cpu_user_regs, cpu_user_regs, r14),
    SAME(cpu_user_regs, cpu_user_regs, r13),
    SAME(cpu_user_regs, cpu_user_regs, r12),
    SAME(cpu_user_regs, cpu_user_regs, rbp),
    SAME(cpu_user_regs, cpu_user_regs, rbx),
    SAME(cpu_user_regs, cpu_user_regs, r11),
    SAME(cpu_user_regs, cpu_user_regs, r10),
    SAME(cpu_user_regs, cpu_user_regs, r9),
    SAME(cpu_user_regs, cpu_user_regs, r8),
    SAME(cpu_user_regs, cpu_user_regs, rax),
    SAME(cpu_user_regs, cpu_user_regs, rcx),
    SAME(cpu_user_regs, cpu_user_regs, rdx),
    SAME(cpu_user_regs, cpu_user_regs, rsi),
    SAME(cpu_user_regs, cpu_user_regs, rdi),
    SAME(cpu_user_regs, cpu_user_regs, rip),
    SAME(cpu_user_regs, cpu_user_regs, rflags),
    SAME(cpu_user_regs, cpu_user_regs, rsp),
    SAME(cpu_user_regs_x32, cpu_user_regs_x86_32, ebx),
    SAME(cpu_user_regs_x32, cpu_user_regs_x86_32, ecx),
    SAME(cpu_user_regs_x32, cpu_user_regs_x86_32, edx),
    SAME(cpu_user_regs_x32, cpu_user_regs_x86_32, esi),
    SAME(cpu_user_regs_x32, cpu_user_regs_x86_32, edi),
    SAME(cpu_user_regs_x32, cpu_user_regs_x86_32, ebp),
    SAME(cpu_user_regs_x32, cpu_user_regs_x86_32, eax),
    SAME(cpu_user_regs_x32, cpu_user_regs_x86_32, eip),
    SAME(cpu_user_regs_x32, cpu_user_regs_x86_32, eflags),
    SAME(cpu_user_regs_x32, cpu_user_regs_x86_32, esp),
    BOTH(cpu_user_regs, error_code),
    BOTH(cpu_user_regs, entry_vector),
    BOTH(cpu_user_regs, saved_upcall_mask),
    BOTH(cpu_user_regs, cs),
    BOTH(cpu_user_regs, ss),
    BOTH(cpu_user_regs, es),
    BOTH(cpu_user_regs, ds),
    BOTH(cpu_user_regs, fs),
    BOTH(cpu_user_regs, gs),
    BOTH(trap_info, vector),
    BOTH(trap_info, flags),
    BOTH(trap_info, cs),
    BOTH(trap_info, address),
    BOTH(vcpu_guest_context, fpu_ctxt),
    BOTH(vcpu_guest_context, flags),
    BOTH(vcpu_guest_context, user_regs),
    BOTH(vcpu_guest_context, trap_ctxt),
    BOTH(vcpu_guest_context, ldt_base),
    BOTH(vcpu_guest_context, ldt_ents),
    BOTH(vcpu_guest_context, gdt_frames),
    BOTH(vcpu_guest_context, gdt_ents),
    BOTH(vcpu_guest_context, kernel_ss),
    BOTH(vcpu_guest_context, kernel_sp),
    BOTH(vcpu_guest_context, ctrlreg),
    BOTH(vcpu_guest_context, debugreg),
    BOTH(vcpu_guest_context, event_callback_eip),
    BOTH(vcpu_guest_context, failsafe_callback_eip),
    BOTH(vcpu_guest_context, vm_assist),
    SAME(vcpu_guest_context, vcpu_guest_context, syscall_callback_eip),
    SAME(vcpu_guest_context, vcpu_guest_context, fs_base),
    SAME(vcpu_guest_context, vcpu_guest_context, gs_base_kernel),
    SAME(vcpu_guest_context, vcpu_guest_context, gs_base_user),
    SAME(vcpu_guest_context_x32, vcpu_guest_context_x86_32, event_callback_cs),
    SAME(vcpu_guest_context_x32, vcpu_guest_context_x86_32, failsafe_callback_cs),
    SAME(xen_domctl_ext_vcpucontext, xen_domctl_ext_vcpucontext, vcpu),
    SAME(xen_domctl_ext_vcpucontext, xen_domctl_ext_vcpucontext, size),
    SAME(xen_domctl_ext_vcpucontext, xen_domctl_ext_vcpucontext, syscall32_callback_eip),
    SAME(xen_domctl_ext_vcpucontext, xen_domctl_ext_vcpucontext, sysenter_callback_eip),
    SAME(xen_domctl_ext_vcpucontext, xen_domctl_ext_vcpucontext, syscall32_callback_cs),
    SAME(xen_domctl_ext_vcpucontext, xen_domctl_ext_vcpucontext, sysenter_callback_cs),
    SAME(xen_domctl_ext_vcpucontext, xen_domctl_ext_vcpucontext, syscall32_disables_events),
    SAME(xen_domctl_ext_vcpucontext, xen_domctl_ext_vcpucontext, sysenter_disables_events),
    MEMBER(xen_domctl_ext_vcpucontext, xen_domctl_ext_vcpucontext, vmce_caps, vmce.caps),
    MEMBER(xen_domctl_ext_vcpucontext, xen_domctl_ext_vcpucontext, vmce_mci_ctl2_bank0, vmce.mci_ctl2_bank0),
    MEMBER(xen_domctl_ext_vcpucontext, xen_domctl_ext_vcpucontext, vmce_mci_ctl2_bank1, vmce.mci_ctl2_bank1),
    MEMBER(xen_domctl_ext_vcpucontext, xen_domctl_ext_vcpucontext, vmce_mcg_ext_ctl, vmce.mcg_ext_ctl),
    SAME(xen_domctl_vcpu_msr, xen_domctl_vcpu_msr, index),
    SAME(xen_domctl_vcpu_msr, xen_domctl_vcpu_msr, reserved),
    SAME(xen_domctl_vcpu_msr, xen_domctl_vcpu_msr, value),
    SAME(vcpu_time_info, vcpu_time_info, version),
    SAME(vcpu_time_info, vcpu_time_info, tsc_timestamp),
    SAME(vcpu_time_info, vcpu_time_info, system_time),
    SAME(vcpu_time_info, vcpu_time_info, tsc_to_system_mul),
    SAME(vcpu_time_info, vcpu_time_info, tsc_shift),
    SAME(vcpu_time_info, vcpu_time_info, flags),
    BOTH(arch_vcpu_info, cr2),
    BOTH(vcpu_info, evtchn_upcall_pending),
    BOTH(vcpu_info, evtchn_upcall_mask),
    BOTH(vcpu_info, evtchn_pending_sel),
    BOTH(vcpu_info, arch),
    BOTH(vcpu_info, time),
    BOTH(arch_shared_info, max_pfn),
    BOTH(arch_shared_info, pfn_to_mfn_frame_list_list),
    BOTH(arch_shared_info, nmi_reason),
    BOTH(arch_shared_info, p2m_cr3),
    BOTH(arch_shared_info, p2m_vaddr),
    BOTH(arch_shared_info, p2m_generation),
    SAME(arch_shared_info_x32, arch_shared_info_x86_32, wc_sec_hi),
    BOTH(shared_info, vcpu_info),
    BOTH(shared_info, evtchn_pending),
    BOTH(shared_info, evtchn_mask),
    BOTH(shared_info, wc_version),
    BOTH(shared_info, wc_sec),
    BOTH(shared_info, wc_nsec),
    SAME(shared_info, shared_info, wc_sec_hi),
    BOTH(shared_info, arch),
    BOTH(start_info, magic),
    BOTH(start_info, nr_pages),
    BOTH(start_info, shared_info),
    BOTH(start_info, flags),
    BOTH(start_info, store_mfn),
    BOTH(start_info, store_evtchn),
    MEMBER(start_info, start_info, console, console.domU),
    MEMBER(start_info_x32, start_info_x86_32, console, console.domU),
    BOTH(start_info, pt_base),
    BOTH(start_info, nr_pt_frames),
    BOTH(start_info, mfn_list),
    BOTH(start_info, mod_start),
    BOTH(start_info, mod_len),
    BOTH(start_info, cmd_line),
    BOTH(start_info, first_p2m_pfn),
    BOTH(start_info, nr_p2m_frames),
};
#define NUM_MEMBERS (sizeof members / sizeof members[0])

static void members_lie_where_the_headers_say(void)
{
    for (unsigned i = 0; i < NUM_MEMBERS; i++) {
        const struct gw_field *field = row(members[i].layout, members[i].name);
        CHECK_EQ(field->offset, members[i].offset);
        CHECK_EQ((size_t)field->count * field->width, members[i].size);
    }
}

/* Every row of those layouts was compared. */
static void no_row_is_left_out(void)
{
    for (unsigned i = 0; i < NUM_MEMBERS; i++)
        for (unsigned at = 0; at < members[i].layout->num_fields; at++) {
            unsigned found = 0;
            for (unsigned k = 0; k < NUM_MEMBERS; k++)
                found += members[k].layout == members[i].layout &&
                         strcmp(members[k].name, members[i].layout->fields[at].name) == 0;
            CHECK_EQ(found, 1);
        }
}

#define LENGTH(P) CHECK_EQ(gw_layout_##P.length, sizeof(struct P))
#define LENGTH_X32(P) CHECK_EQ(gw_layout_##P##_x32.length, sizeof(struct P##_x86_32))
static void lengths_are_those_of_the_headers(void)
{
    LENGTH(cpu_user_regs), LENGTH_X32(cpu_user_regs);
    LENGTH(trap_info), LENGTH_X32(trap_info);
    LENGTH(vcpu_guest_context), LENGTH_X32(vcpu_guest_context), LENGTH(xen_domctl_ext_vcpucontext),
        LENGTH(xen_domctl_vcpu_msr);
    LENGTH(vcpu_time_info), LENGTH(arch_vcpu_info), LENGTH(vcpu_info), LENGTH_X32(vcpu_info);
    LENGTH(arch_shared_info), LENGTH_X32(arch_shared_info);
    LENGTH(shared_info), LENGTH_X32(shared_info);
    LENGTH(start_info), LENGTH_X32(start_info);
}
#else
static void members_lie_where_the_headers_say(void)
{
    SKIP("Xen's public headers are not installed (libxen-dev)");
}
#define no_row_is_left_out members_lie_where_the_headers_say
#define lengths_are_those_of_the_headers members_lie_where_the_headers_say
#endif

static void a_record_has_its_layout_by_width(void)
{
    CHECK(gw_pv_layout(GW_REC_X86_PV_VCPU_BASIC, 8) == &gw_layout_vcpu_guest_context);
    CHECK(gw_pv_layout(GW_REC_X86_PV_VCPU_BASIC, 4) == &gw_layout_vcpu_guest_context_x32);
    CHECK(gw_pv_layout(GW_REC_X86_PV_VCPU_BASIC, 0) == NULL);
    CHECK(gw_pv_layout(GW_REC_X86_PV_VCPU_EXTENDED, 0) == &gw_layout_xen_domctl_ext_vcpucontext);
    CHECK(gw_pv_layout(GW_REC_SHARED_INFO, 4) == &gw_layout_shared_info_x32);
    CHECK(gw_pv_layout(GW_REC_PAGE_DATA, 8) == NULL);
    CHECK(gw_pv_layout(GW_REC_HVM_CONTEXT, 8) == NULL);
    CHECK(gw_pv_layout(UINT32_MAX, 8) == NULL);
    CHECK(gw_start_info_layout(4) == &gw_layout_start_info_x32);
    CHECK(gw_start_info_layout(8) == &gw_layout_start_info);
    CHECK(gw_start_info_layout(0) == NULL);
}

const struct test tests[] = {
    { "members-lie-where-the-headers-say", members_lie_where_the_headers_say },
    { "no-row-is-left-out", no_row_is_left_out },
    { "lengths-are-those-of-the-headers", lengths_are_those_of_the_headers },
    { "a-record-has-its-layout-by-width", a_record_has_its_layout_by_width },
    { NULL, NULL },
};
