/*
 * layout_pv.h - the structures of PV guests: vCPU contexts (7.4 to 7.7), shared_info and start_info (section 8), and
 * the fixed parts of the PV records (7.1 to 7.3).
 *
 * Named as in Xen's public headers (xen.h, arch-x86/xen-x86_64.h, xen-x86_32.h, domctl.h), the records' own parts as in
 * its specification. A 32-bit guest's form has the suffix _x32. Frame numbers that the stream carries as pfns are named
 * so in the rows; everything else is as it lay in the guest.
 */
#ifndef GW_LAYOUT_PV_H
#define GW_LAYOUT_PV_H

#include "layout_x86.h"

#define GW_CPU_USER_REGS(F, S, P)                                                                                      \
    F(P, r15, 0, 8, 1, HEX, ANY, NO_BITS, "general register")                                                          \
    F(P, r14, 0x8, 8, 1, HEX, ANY, NO_BITS, "general register")                                                        \
    F(P, r13, 0x10, 8, 1, HEX, ANY, NO_BITS, "general register")                                                       \
    F(P, r12, 0x18, 8, 1, HEX, ANY, NO_BITS, "general register")                                                       \
    F(P, rbp, 0x20, 8, 1, HEX, ANY, NO_BITS, "general register")                                                       \
    F(P, rbx, 0x28, 8, 1, HEX, ANY, NO_BITS, "general register")                                                       \
    F(P, r11, 0x30, 8, 1, HEX, ANY, NO_BITS, "general register")                                                       \
    F(P, r10, 0x38, 8, 1, HEX, ANY, NO_BITS, "general register")                                                       \
    F(P, r9, 0x40, 8, 1, HEX, ANY, NO_BITS, "general register")                                                        \
    F(P, r8, 0x48, 8, 1, HEX, ANY, NO_BITS, "general register")                                                        \
    F(P, rax, 0x50, 8, 1, HEX, ANY, NO_BITS, "general register")                                                       \
    F(P, rcx, 0x58, 8, 1, HEX, ANY, NO_BITS, "general register")                                                       \
    F(P, rdx, 0x60, 8, 1, HEX, ANY, NO_BITS, "general register; of vCPU 0 the pfn of start_info")                      \
    F(P, rsi, 0x68, 8, 1, HEX, ANY, NO_BITS, "general register")                                                       \
    F(P, rdi, 0x70, 8, 1, HEX, ANY, NO_BITS, "general register")                                                       \
    F(P, error_code, 0x78, 4, 1, HEX, ANY, NO_BITS, "of the last exception")                                           \
    F(P, entry_vector, 0x7c, 4, 1, HEX, ANY, NO_BITS, "how Xen was entered")                                           \
    F(P, rip, 0x80, 8, 1, HEX, CANONICAL("vcpu-basic-canonical"), NO_BITS, "instruction pointer")                      \
    F(P, cs, 0x88, 2, 1, HEX, ANY, NO_BITS, "selector")                                                                \
    F(P, saved_upcall_mask, 0x8c, 1, 1, DEC, ANY, NO_BITS, "the vCPU's mask of event callbacks")                       \
    F(P, rflags, 0x90, 8, 1, HEX, ANY, gw_bits_rflags, "flags")                                                        \
    F(P, rsp, 0x98, 8, 1, HEX, CANONICAL("vcpu-basic-canonical"), NO_BITS, "stack pointer")                            \
    F(P, ss, 0xa0, 2, 1, HEX, ANY, NO_BITS, "selector")                                                                \
    F(P, es, 0xa8, 2, 1, HEX, ANY, NO_BITS, "selector")                                                                \
    F(P, ds, 0xb0, 2, 1, HEX, ANY, NO_BITS, "selector")                                                                \
    F(P, fs, 0xb8, 2, 1, HEX, ANY, NO_BITS, "selector")                                                                \
    F(P, gs, 0xc0, 2, 1, HEX, ANY, NO_BITS, "selector")

#define GW_CPU_USER_REGS_X32(F, S, P)                                                                                  \
    F(P, ebx, 0, 4, 1, HEX, ANY, NO_BITS, "general register")                                                          \
    F(P, ecx, 0x4, 4, 1, HEX, ANY, NO_BITS, "general register")                                                        \
    F(P, edx, 0x8, 4, 1, HEX, ANY, NO_BITS, "general register; of vCPU 0 the pfn of start_info")                       \
    F(P, esi, 0xc, 4, 1, HEX, ANY, NO_BITS, "general register")                                                        \
    F(P, edi, 0x10, 4, 1, HEX, ANY, NO_BITS, "general register")                                                       \
    F(P, ebp, 0x14, 4, 1, HEX, ANY, NO_BITS, "general register")                                                       \
    F(P, eax, 0x18, 4, 1, HEX, ANY, NO_BITS, "general register")                                                       \
    F(P, error_code, 0x1c, 2, 1, HEX, ANY, NO_BITS, "of the last exception")                                           \
    F(P, entry_vector, 0x1e, 2, 1, HEX, ANY, NO_BITS, "how Xen was entered")                                           \
    F(P, eip, 0x20, 4, 1, HEX, ANY, NO_BITS, "instruction pointer")                                                    \
    F(P, cs, 0x24, 2, 1, HEX, ANY, NO_BITS, "selector")                                                                \
    F(P, saved_upcall_mask, 0x26, 1, 1, DEC, ANY, NO_BITS, "the vCPU's mask of event callbacks")                       \
    F(P, eflags, 0x28, 4, 1, HEX, ANY, gw_bits_rflags, "flags")                                                        \
    F(P, esp, 0x2c, 4, 1, HEX, ANY, NO_BITS, "stack pointer")                                                          \
    F(P, ss, 0x30, 2, 1, HEX, ANY, NO_BITS, "selector")                                                                \
    F(P, es, 0x34, 2, 1, HEX, ANY, NO_BITS, "selector")                                                                \
    F(P, ds, 0x38, 2, 1, HEX, ANY, NO_BITS, "selector")                                                                \
    F(P, fs, 0x3c, 2, 1, HEX, ANY, NO_BITS, "selector")                                                                \
    F(P, gs, 0x40, 2, 1, HEX, ANY, NO_BITS, "selector")

#define GW_TRAP_INFO(F, S, P)                                                                                          \
    F(P, vector, 0, 1, 1, DEC, ANY, NO_BITS, "of the exception")                                                       \
    F(P, flags, 0x1, 1, 1, HEX, ANY, gw_bits_trap_flags, "who may use it, and whether events are masked on entry")     \
    F(P, cs, 0x2, 2, 1, HEX, ANY, NO_BITS, "selector of the handler")                                                  \
    F(P, address, 0x8, 8, 1, HEX, CANONICAL("vcpu-basic-canonical"), NO_BITS, "of the handler")

#define GW_TRAP_INFO_X32(F, S, P)                                                                                      \
    F(P, vector, 0, 1, 1, DEC, ANY, NO_BITS, "of the exception")                                                       \
    F(P, flags, 0x1, 1, 1, HEX, ANY, gw_bits_trap_flags, "who may use it, and whether events are masked on entry")     \
    F(P, cs, 0x2, 2, 1, HEX, ANY, NO_BITS, "selector of the handler")                                                  \
    F(P, address, 0x4, 4, 1, HEX, ANY, NO_BITS, "of the handler")

#define GW_VCPU_GUEST_CONTEXT(F, S, P)                                                                                 \
    S(P, fpu_ctxt, 0, 512, 1, x86_fxsave, "x87 and SSE state, an FXSAVE image")                                        \
    F(P, flags, 0x200, 8, 1, HEX, ANY, gw_bits_vgcf, "of the vCPU (VGCF_*)")                                           \
    S(P, user_regs, 0x208, 200, 1, cpu_user_regs, "general registers")                                                 \
    S(P, trap_ctxt, 0x2d0, 16, 256, trap_info, "virtual IDT")                                                          \
    F(P, ldt_base, 0x12d0, 8, 1, HEX, MASK("vcpu-basic-ldt", ~UINT64_C(0xfff)), NO_BITS, "address of the LDT")         \
    F(P, ldt_ents, 0x12d8, 8, 1, DEC, MOST("vcpu-basic-ldt", 8192), NO_BITS, "entries of the LDT")                     \
    F(P, gdt_frames, 0x12e0, 8, 16, HEX, ANY, NO_BITS, "pfns of the GDT, as many as its entries need")                 \
    F(P, gdt_ents, 0x1360, 8, 1, DEC, MOST("vcpu-basic-gdt-count", 7168), NO_BITS, "entries of the GDT")               \
    F(P, kernel_ss, 0x1368, 8, 1, HEX, ANY, NO_BITS, "stack selector of the kernel")                                   \
    F(P, kernel_sp, 0x1370, 8, 1, HEX, CANONICAL("vcpu-basic-canonical"), NO_BITS, "stack pointer of the kernel")      \
    F(P, ctrlreg, 0x1378, 8, 8, HEX, ANY, NO_BITS,                                                                     \
      "control registers; 3: root of the page tables, by pfn; 1: that of user mode")                                   \
    F(P, debugreg, 0x13b8, 8, 8, HEX, ANY, NO_BITS, "debug registers")                                                 \
    F(P, event_callback_eip, 0x13f8, 8, 1, HEX, CANONICAL("vcpu-basic-canonical"), NO_BITS, "handler of events")       \
    F(P, failsafe_callback_eip, 0x1400, 8, 1, HEX, CANONICAL("vcpu-basic-canonical"), NO_BITS,                         \
      "handler of failed returns")                                                                                     \
    F(P, syscall_callback_eip, 0x1408, 8, 1, HEX, CANONICAL("vcpu-basic-canonical"), NO_BITS, "handler of SYSCALL")    \
    F(P, vm_assist, 0x1410, 8, 1, HEX, MASK("vcpu-basic-vmassist", UINT64_C(0x10000003f)), gw_bits_vm_assist,          \
      "help that the guest asked Xen for")                                                                             \
    F(P, fs_base, 0x1418, 8, 1, HEX, CANONICAL("vcpu-basic-canonical"), NO_BITS, "segment base")                       \
    F(P, gs_base_kernel, 0x1420, 8, 1, HEX, CANONICAL("vcpu-basic-canonical"), NO_BITS, "segment base")                \
    F(P, gs_base_user, 0x1428, 8, 1, HEX, CANONICAL("vcpu-basic-canonical"), NO_BITS, "segment base")

#define GW_VCPU_GUEST_CONTEXT_X32(F, S, P)                                                                             \
    S(P, fpu_ctxt, 0, 512, 1, x86_fxsave, "x87 and SSE state, an FXSAVE image")                                        \
    F(P, flags, 0x200, 4, 1, HEX, ANY, gw_bits_vgcf, "of the vCPU (VGCF_*)")                                           \
    S(P, user_regs, 0x204, 68, 1, cpu_user_regs_x32, "general registers")                                              \
    S(P, trap_ctxt, 0x248, 8, 256, trap_info_x32, "virtual IDT")                                                       \
    F(P, ldt_base, 0xa48, 4, 1, HEX, MASK("vcpu-basic-ldt", ~UINT64_C(0xfff)), NO_BITS, "address of the LDT")          \
    F(P, ldt_ents, 0xa4c, 4, 1, DEC, MOST("vcpu-basic-ldt", 8192), NO_BITS, "entries of the LDT")                      \
    F(P, gdt_frames, 0xa50, 4, 16, HEX, ANY, NO_BITS, "pfns of the GDT, as many as its entries need")                  \
    F(P, gdt_ents, 0xa90, 4, 1, DEC, MOST("vcpu-basic-gdt-count", 7168), NO_BITS, "entries of the GDT")                \
    F(P, kernel_ss, 0xa94, 4, 1, HEX, ANY, NO_BITS, "stack selector of the kernel")                                    \
    F(P, kernel_sp, 0xa98, 4, 1, HEX, ANY, NO_BITS, "stack pointer of the kernel")                                     \
    F(P, ctrlreg, 0xa9c, 4, 8, HEX, ANY, NO_BITS, "control registers; 3: root of the page tables, by pfn")             \
    F(P, debugreg, 0xabc, 4, 8, HEX, ANY, NO_BITS, "debug registers")                                                  \
    F(P, event_callback_cs, 0xadc, 4, 1, HEX, ANY, NO_BITS, "selector of the handler of events")                       \
    F(P, event_callback_eip, 0xae0, 4, 1, HEX, ANY, NO_BITS, "handler of events")                                      \
    F(P, failsafe_callback_cs, 0xae4, 4, 1, HEX, ANY, NO_BITS, "selector of the handler of failed returns")            \
    F(P, failsafe_callback_eip, 0xae8, 4, 1, HEX, ANY, NO_BITS, "handler of failed returns")                           \
    F(P, vm_assist, 0xaec, 4, 1, HEX, MASK("vcpu-basic-vmassist", 0x3f), gw_bits_vm_assist_x32,                        \
      "help that the guest asked Xen for")

#define GW_EXT_VCPUCONTEXT(F, S, P)                                                                                    \
    F(P, vcpu, 0, 4, 1, DEC, ANY, NO_BITS, "whose it is, again: this number counts")                                   \
    F(P, size, 0x4, 4, 1, DEC, ANY, NO_BITS, "of this structure, as Xen will believe it")                              \
    F(P, syscall32_callback_eip, 0x8, 8, 1, HEX, CANONICAL("vcpu-ext-canonical"), NO_BITS,                             \
      "handler of SYSCALL from 32-bit code")                                                                           \
    F(P, sysenter_callback_eip, 0x10, 8, 1, HEX, CANONICAL("vcpu-ext-canonical"), NO_BITS, "handler of SYSENTER")      \
    F(P, syscall32_callback_cs, 0x18, 2, 1, HEX, ANY, NO_BITS, "selector of that handler")                             \
    F(P, sysenter_callback_cs, 0x1a, 2, 1, HEX, ANY, NO_BITS, "selector of that handler")                              \
    F(P, syscall32_disables_events, 0x1c, 1, 1, DEC, ANY, NO_BITS, "events are masked on entry")                       \
    F(P, sysenter_disables_events, 0x1d, 1, 1, DEC, ANY, NO_BITS, "events are masked on entry")                        \
    F(P, vmce_caps, 0x20, 8, 1, HEX, MASK("vcpu-ext-mcgcap", 0x09000dff), gw_bits_mcg_cap,                             \
      "vmce.caps: MCG_CAP of the virtual machine check")                                                               \
    F(P, vmce_mci_ctl2_bank0, 0x28, 8, 1, HEX, ANY, NO_BITS, "vmce.mci_ctl2_bank0")                                    \
    F(P, vmce_mci_ctl2_bank1, 0x30, 8, 1, HEX, ANY, NO_BITS, "vmce.mci_ctl2_bank1")                                    \
    F(P, vmce_mcg_ext_ctl, 0x38, 8, 1, HEX, ANY, NO_BITS, "vmce.mcg_ext_ctl, since Xen 4.10")

#define GW_PV_VCPU_XSAVE(F, S, P)                                                                                      \
    F(P, xcr0, 0, 8, 1, HEX, ANY, NO_BITS, "extended states that are enabled")                                         \
    F(P, xcr0_accum, 0x8, 8, 1, HEX, ANY, NO_BITS, "extended states that were ever enabled")                           \
    S(P, fxsave, 0x10, 512, 1, x86_fxsave, "x87 and SSE state, an FXSAVE image")                                       \
    S(P, xsave_hdr, 0x210, 64, 1, xsave_hdr, "header of the XSAVE area")

#define GW_VCPU_MSR(F, S, P)                                                                                           \
    F(P, index, 0, 4, 1, HEX, ANY, NO_BITS, "which MSR")                                                               \
    F(P, reserved, 0x4, 4, 1, HEX, ZERO("vcpu-msrs-reserved"), NO_BITS, "zero")                                        \
    F(P, value, 0x8, 8, 1, HEX, ANY, NO_BITS, "its value")

#define GW_PV_VCPU_MSRS(F, S, P) S(P, msrs, 0, 16, TO_END, xen_domctl_vcpu_msr, "those that are not zero")

#define GW_PV_INFO(F, S, P)                                                                                            \
    F(P, guest_width, 0, 1, 1, DEC, ANY, NO_BITS, "octets of the guest's words")                                       \
    F(P, pt_levels, 0x1, 1, 1, DEC, ANY, NO_BITS, "levels of its page tables")                                         \
    F(P, reserved, 0x2, 1, 6, PAD, ZERO("pvinfo-reserved"), NO_BITS, "zero")

#define GW_PV_P2M_FRAMES(F, S, P)                                                                                      \
    F(P, start_pfn, 0, 4, 1, HEX, ANY, NO_BITS, "first pfn of the list; zero")                                         \
    F(P, end_pfn, 0x4, 4, 1, HEX, ANY, NO_BITS, "last pfn of the list")                                                \
    F(P, p2m_pfns, 8, 8, TO_END, HEX, ANY, NO_BITS, "pfns of the pages of the list")

#define GW_PV_VCPU_HDR(F, S, P)                                                                                        \
    F(P, vcpu_id, 0, 4, 1, DEC, ANY, NO_BITS, "whose state follows")                                                   \
    F(P, reserved, 0x4, 4, 1, PAD, ZERO("vcpu-hdr-reserved"), NO_BITS, "zero")

#define GW_VCPU_TIME_INFO(F, S, P)                                                                                     \
    F(P, version, 0, 4, 1, DEC, ANY, NO_BITS, "odd while Xen changes it")                                              \
    F(P, tsc_timestamp, 0x8, 8, 1, HEX, ANY, NO_BITS, "time stamp counter at the last change")                         \
    F(P, system_time, 0x10, 8, 1, DEC, ANY, NO_BITS, "nanoseconds since the start at the last change")                 \
    F(P, tsc_to_system_mul, 0x18, 4, 1, HEX, ANY, NO_BITS, "nanoseconds of a tick, times 2^32")                        \
    F(P, tsc_shift, 0x1c, 1, 1, SIGNED, ANY, NO_BITS, "by which ticks are shifted before")                             \
    F(P, flags, 0x1d, 1, 1, HEX, ANY, gw_bits_time_flags, "of the clock")

#define GW_ARCH_VCPU_INFO(F, S, P) F(P, cr2, 0, 8, 1, HEX, ANY, NO_BITS, "address of the last page fault")

#define GW_VCPU_INFO(F, S, P)                                                                                          \
    F(P, evtchn_upcall_pending, 0, 1, 1, DEC, ANY, NO_BITS, "some event waits")                                        \
    F(P, evtchn_upcall_mask, 0x1, 1, 1, DEC, ANY, NO_BITS, "events are masked")                                        \
    F(P, evtchn_pending_sel, 0x8, 8, 1, BITMAP, ANY, NO_BITS, "words of evtchn_pending to look at")                    \
    S(P, arch, 0x10, 16, 1, arch_vcpu_info, "what only x86 has")                                                       \
    S(P, time, 0x20, 32, 1, vcpu_time_info, "clock")

#define GW_ARCH_SHARED_INFO(F, S, P)                                                                                   \
    F(P, max_pfn, 0, 8, 1, HEX, ANY, NO_BITS, "entries of the p2m: one more than the last pfn")                        \
    F(P, pfn_to_mfn_frame_list_list, 0x8, 8, 1, HEX, ANY, NO_BITS, "frame of the top of the p2m tree; stale")          \
    F(P, nmi_reason, 0x10, 8, 1, HEX, ANY, NO_BITS, "why an NMI came")                                                 \
    F(P, p2m_cr3, 0x18, 8, 1, HEX, ANY, NO_BITS, "root of the address space of the linear p2m; stale")                 \
    F(P, p2m_vaddr, 0x20, 8, 1, HEX, ANY, NO_BITS, "address of the linear p2m")                                        \
    F(P, p2m_generation, 0x28, 8, 1, DEC, MASK("shinfo-generation-odd", ~UINT64_C(1)), NO_BITS,                        \
      "odd while the guest moves the p2m")

#define GW_SHARED_INFO(F, S, P)                                                                                        \
    S(P, vcpu_info, 0, 64, 32, vcpu_info, "of the first 32 vCPUs")                                                     \
    F(P, evtchn_pending, 0x800, 8, 64, BITMAP, ANY, NO_BITS, "events that wait")                                       \
    F(P, evtchn_mask, 0xa00, 8, 64, BITMAP, ANY, NO_BITS, "events that are masked")                                    \
    F(P, wc_version, 0xc00, 4, 1, DEC, ANY, NO_BITS, "of the wallclock; odd while it changes")                         \
    F(P, wc_sec, 0xc04, 4, 1, DEC, ANY, NO_BITS, "seconds since 1970 at the start, lower half")                        \
    F(P, wc_nsec, 0xc08, 4, 1, DEC, ANY, NO_BITS, "nanoseconds beside them")                                           \
    F(P, wc_sec_hi, 0xc0c, 4, 1, DEC, ANY, NO_BITS, "upper half of wc_sec, since Xen 4.6")                             \
    S(P, arch, 0xc10, 48, 1, arch_shared_info, "what only x86 has")

#define GW_START_INFO_CONSOLE(F, S, P)                                                                                 \
    F(P, mfn, 0, 8, 1, HEX, ANY, NO_BITS, "console's page, by pfn")                                                    \
    F(P, evtchn, 0x8, 4, 1, DEC, ANY, NO_BITS, "its event channel")

#define GW_START_INFO(F, S, P)                                                                                         \
    F(P, magic, 0, 32, 1, TEXT, ANY, NO_BITS, "xen-3.0-x86_64 or xen-3.0-x86_32p")                                     \
    F(P, nr_pages, 0x20, 8, 1, DEC, ANY, NO_BITS, "pages of the guest")                                                \
    F(P, shared_info, 0x28, 8, 1, HEX, ANY, NO_BITS, "machine address of shared_info; stale")                          \
    F(P, flags, 0x30, 4, 1, HEX, ANY, gw_bits_sif, "of the guest (SIF_*)")                                             \
    F(P, store_mfn, 0x38, 8, 1, HEX, ANY, NO_BITS, "xenstore's page, by pfn")                                          \
    F(P, store_evtchn, 0x40, 4, 1, DEC, ANY, NO_BITS, "xenstore's event channel")                                      \
    S(P, console, 0x48, 16, 1, start_info_console, "console's page and event channel")                                 \
    F(P, pt_base, 0x58, 8, 1, HEX, ANY, NO_BITS, "address of the first page tables")                                   \
    F(P, nr_pt_frames, 0x60, 8, 1, DEC, ANY, NO_BITS, "pages of them")                                                 \
    F(P, mfn_list, 0x68, 8, 1, HEX, ANY, NO_BITS, "address of the first p2m")                                          \
    F(P, mod_start, 0x70, 8, 1, HEX, ANY, NO_BITS, "address of the module")                                            \
    F(P, mod_len, 0x78, 8, 1, DEC, ANY, NO_BITS, "octets of the module")                                               \
    F(P, cmd_line, 0x80, 1024, 1, TEXT, ANY, NO_BITS, "the kernel's command line")                                     \
    F(P, first_p2m_pfn, 0x480, 8, 1, HEX, ANY, NO_BITS, "first pfn of the first p2m")                                  \
    F(P, nr_p2m_frames, 0x488, 8, 1, DEC, ANY, NO_BITS, "pages of the first p2m")

#define GW_ARCH_VCPU_INFO_X32(F, S, P) F(P, cr2, 0, 4, 1, HEX, ANY, NO_BITS, "address of the last page fault")

#define GW_VCPU_INFO_X32(F, S, P)                                                                                      \
    F(P, evtchn_upcall_pending, 0, 1, 1, DEC, ANY, NO_BITS, "some event waits")                                        \
    F(P, evtchn_upcall_mask, 0x1, 1, 1, DEC, ANY, NO_BITS, "events are masked")                                        \
    F(P, evtchn_pending_sel, 0x4, 4, 1, BITMAP, ANY, NO_BITS, "words of evtchn_pending to look at")                    \
    S(P, arch, 0x8, 24, 1, arch_vcpu_info_x32, "what only x86 has")                                                    \
    S(P, time, 0x20, 32, 1, vcpu_time_info, "clock")

#define GW_ARCH_SHARED_INFO_X32(F, S, P)                                                                               \
    F(P, max_pfn, 0, 4, 1, HEX, ANY, NO_BITS, "entries of the p2m: one more than the last pfn")                        \
    F(P, pfn_to_mfn_frame_list_list, 0x4, 4, 1, HEX, ANY, NO_BITS, "frame of the top of the p2m tree; stale")          \
    F(P, nmi_reason, 0x8, 4, 1, HEX, ANY, NO_BITS, "why an NMI came")                                                  \
    F(P, p2m_cr3, 0xc, 4, 1, HEX, ANY, NO_BITS, "root of the address space of the linear p2m; stale")                  \
    F(P, p2m_vaddr, 0x10, 4, 1, HEX, ANY, NO_BITS, "address of the linear p2m")                                        \
    F(P, p2m_generation, 0x14, 4, 1, DEC, MASK("shinfo-generation-odd", ~UINT64_C(1)), NO_BITS,                        \
      "odd while the guest moves the p2m")                                                                             \
    F(P, wc_sec_hi, 0x18, 4, 1, DEC, ANY, NO_BITS, "upper half of wc_sec, since Xen 4.6")

#define GW_SHARED_INFO_X32(F, S, P)                                                                                    \
    S(P, vcpu_info, 0, 64, 32, vcpu_info_x32, "of the first 32 vCPUs")                                                 \
    F(P, evtchn_pending, 0x800, 4, 32, BITMAP, ANY, NO_BITS, "events that wait")                                       \
    F(P, evtchn_mask, 0x880, 4, 32, BITMAP, ANY, NO_BITS, "events that are masked")                                    \
    F(P, wc_version, 0x900, 4, 1, DEC, ANY, NO_BITS, "of the wallclock; odd while it changes")                         \
    F(P, wc_sec, 0x904, 4, 1, DEC, ANY, NO_BITS, "seconds since 1970 at the start, lower half")                        \
    F(P, wc_nsec, 0x908, 4, 1, DEC, ANY, NO_BITS, "nanoseconds beside them")                                           \
    S(P, arch, 0x90c, 28, 1, arch_shared_info_x32, "what only x86 has")

#define GW_START_INFO_CONSOLE_X32(F, S, P)                                                                             \
    F(P, mfn, 0, 4, 1, HEX, ANY, NO_BITS, "console's page, by pfn")                                                    \
    F(P, evtchn, 0x4, 4, 1, DEC, ANY, NO_BITS, "its event channel")

#define GW_START_INFO_X32(F, S, P)                                                                                     \
    F(P, magic, 0, 32, 1, TEXT, ANY, NO_BITS, "xen-3.0-x86_64 or xen-3.0-x86_32p")                                     \
    F(P, nr_pages, 0x20, 4, 1, DEC, ANY, NO_BITS, "pages of the guest")                                                \
    F(P, shared_info, 0x24, 4, 1, HEX, ANY, NO_BITS, "machine address of shared_info; stale")                          \
    F(P, flags, 0x28, 4, 1, HEX, ANY, gw_bits_sif, "of the guest (SIF_*)")                                             \
    F(P, store_mfn, 0x2c, 4, 1, HEX, ANY, NO_BITS, "xenstore's page, by pfn")                                          \
    F(P, store_evtchn, 0x30, 4, 1, DEC, ANY, NO_BITS, "xenstore's event channel")                                      \
    S(P, console, 0x34, 8, 1, start_info_console_x32, "console's page and event channel")                              \
    F(P, pt_base, 0x3c, 4, 1, HEX, ANY, NO_BITS, "address of the first page tables")                                   \
    F(P, nr_pt_frames, 0x40, 4, 1, DEC, ANY, NO_BITS, "pages of them")                                                 \
    F(P, mfn_list, 0x44, 4, 1, HEX, ANY, NO_BITS, "address of the first p2m")                                          \
    F(P, mod_start, 0x48, 4, 1, HEX, ANY, NO_BITS, "address of the module")                                            \
    F(P, mod_len, 0x4c, 4, 1, DEC, ANY, NO_BITS, "octets of the module")                                               \
    F(P, cmd_line, 0x50, 1024, 1, TEXT, ANY, NO_BITS, "the kernel's command line")                                     \
    F(P, first_p2m_pfn, 0x450, 4, 1, HEX, ANY, NO_BITS, "first pfn of the first p2m")                                  \
    F(P, nr_p2m_frames, 0x454, 4, 1, DEC, ANY, NO_BITS, "pages of the first p2m")

#define GW_PV_LAYOUTS(L)                                                                                               \
    L(GW_CPU_USER_REGS, cpu_user_regs, 200, "7.4", "general registers of a vCPU")                                      \
    L(GW_CPU_USER_REGS_X32, cpu_user_regs_x32, 68, "7.4", "general registers of a vCPU")                               \
    L(GW_TRAP_INFO, trap_info, 16, "7.4", "a gate of the virtual IDT")                                                 \
    L(GW_TRAP_INFO_X32, trap_info_x32, 8, "7.4", "a gate of the virtual IDT")                                          \
    L(GW_VCPU_GUEST_CONTEXT, vcpu_guest_context, 5168, "7.4", "basic state of a vCPU of a 64-bit guest")               \
    L(GW_VCPU_GUEST_CONTEXT_X32, vcpu_guest_context_x32, 2800, "7.4", "basic state of a vCPU of a 32-bit guest")       \
    L(GW_EXT_VCPUCONTEXT, xen_domctl_ext_vcpucontext, 64, "7.5", "extended state of a vCPU")                           \
    L(GW_PV_VCPU_XSAVE, x86_pv_vcpu_xsave, 592, "7.6", "XSAVE state of a vCPU")                                        \
    L(GW_VCPU_MSR, xen_domctl_vcpu_msr, 16, "7.7", "an MSR of a vCPU")                                                 \
    L(GW_PV_VCPU_MSRS, x86_pv_vcpu_msrs, 16, "7.7", "MSRs of a vCPU")                                                  \
    L(GW_PV_INFO, x86_pv_info, 8, "7.1", "what kind of PV guest it is")                                                \
    L(GW_PV_P2M_FRAMES, x86_pv_p2m_frames, 16, "7.2", "where the guest's list of its pages lies")                      \
    L(GW_PV_VCPU_HDR, x86_pv_vcpu_hdr, 8, "7.3", "head of a record of a vCPU")                                         \
    L(GW_VCPU_TIME_INFO, vcpu_time_info, 32, "8.1", "a vCPU's clock")                                                  \
    L(GW_ARCH_VCPU_INFO, arch_vcpu_info, 16, "8.1", "what only x86 has of it")                                         \
    L(GW_VCPU_INFO, vcpu_info, 64, "8.1", "a vCPU's part of shared_info")                                              \
    L(GW_ARCH_SHARED_INFO, arch_shared_info, 48, "8.1", "what only x86 has of shared_info")                            \
    L(GW_SHARED_INFO, shared_info, 3136, "8.1", "the page that Xen shares with a 64-bit guest")                        \
    L(GW_START_INFO_CONSOLE, start_info_console, 16, "8.3", "the console of start_info")                               \
    L(GW_START_INFO, start_info, 1168, "8.3", "what a 64-bit guest is told at its start")                              \
    L(GW_ARCH_VCPU_INFO_X32, arch_vcpu_info_x32, 24, "8.1", "what only x86 has of it")                                 \
    L(GW_VCPU_INFO_X32, vcpu_info_x32, 64, "8.1", "a vCPU's part of shared_info")                                      \
    L(GW_ARCH_SHARED_INFO_X32, arch_shared_info_x32, 28, "8.1", "what only x86 has of shared_info")                    \
    L(GW_SHARED_INFO_X32, shared_info_x32, 2344, "8.1", "the page that Xen shares with a 32-bit guest")                \
    L(GW_START_INFO_CONSOLE_X32, start_info_console_x32, 8, "8.3", "the console of start_info")                        \
    L(GW_START_INFO_X32, start_info_x32, 1112, "8.3", "what a 32-bit guest is told at its start")

GW_PV_LAYOUTS(GW_LAYOUT_DECLARE)

/*
 * What stands in the body of a PV record, in that of a vCPU record behind its x86_pv_vcpu_hdr; NULL where nothing is
 * described. width: of the guest's words, 4 or 8; 0, unknown: NULL where the forms differ.
 */
const struct gw_layout *gw_pv_layout(uint32_t record_type, unsigned width);
/*
 * The pfn of the root of page tables that ctrlreg[3] names in an image (7.4): the register is built from the pfn, of a
 * 32-bit guest with the pfn's upper bits at the lower end.
 */
uint64_t gw_pv_root(unsigned width, uint64_t cr3);
/* The page that rdx or edx of vCPU 0 names. */
const struct gw_layout *gw_start_info_layout(unsigned width);

#endif
