/*
 * layout_hvm.h - what HVM_CONTEXT says of the domain and its vCPUs (sections 10.3 to 10.7), and HVM_PARAMS (10.9);
 * named as in Xen's public/arch-x86/hvm/save.h. The devices stand in layout_hvm_devices.h.
 */
#ifndef GW_LAYOUT_HVM_H
#define GW_LAYOUT_HVM_H

#include "layout.h"

#define GW_HVM_SAVE_DESCRIPTOR(F, S, P)                                                                                \
    F(P, typecode, 0, 2, 1, DEC, ANY, NO_BITS, "what the entry is")                                                    \
    F(P, instance, 2, 2, 1, DEC, ANY, NO_BITS, "which one: a vCPU's id, 0 or 1 for the PIC, else 0")                   \
    F(P, length, 4, 4, 1, DEC, ANY, NO_BITS, "of what follows")

#define GW_HVM_SAVE_HEADER(F, S, P)                                                                                    \
    F(P, magic, 0, 4, 1, HEX, IS("ctx-magic", 0x54381286), NO_BITS, "says that this is a context")                     \
    F(P, version, 4, 4, 1, DEC, IS("ctx-version", 1), NO_BITS, "of the context's format")                              \
    F(P, changeset, 8, 8, 1, HEX, ANY, NO_BITS, "of the saving Xen's source; all ones where it comes from git")        \
    F(P, cpuid, 16, 4, 1, HEX, ANY, NO_BITS, "leaf 1 EAX of the saving host's processor")                              \
    F(P, gtsc_khz, 20, 4, 1, DEC, ANY, NO_BITS, "the guest's time stamp counter, in kHz")

/* What all forms of the CPU entry have, up to EFER. */
#define GW_HVM_HW_CPU_HEAD(F, S, P)                                                                                    \
    S(P, fpu_regs, 0x000, 512, 1, x86_fxsave, "x87 and SSE state, an FXSAVE image")                                    \
    F(P, rax, 0x200, 8, 1, HEX, ANY, NO_BITS, "general register")                                                      \
    F(P, rbx, 0x208, 8, 1, HEX, ANY, NO_BITS, "general register")                                                      \
    F(P, rcx, 0x210, 8, 1, HEX, ANY, NO_BITS, "general register")                                                      \
    F(P, rdx, 0x218, 8, 1, HEX, ANY, NO_BITS, "general register")                                                      \
    F(P, rbp, 0x220, 8, 1, HEX, ANY, NO_BITS, "general register")                                                      \
    F(P, rsi, 0x228, 8, 1, HEX, ANY, NO_BITS, "general register")                                                      \
    F(P, rdi, 0x230, 8, 1, HEX, ANY, NO_BITS, "general register")                                                      \
    F(P, rsp, 0x238, 8, 1, HEX, ANY, NO_BITS, "general register")                                                      \
    F(P, r8, 0x240, 8, 1, HEX, ANY, NO_BITS, "general register")                                                       \
    F(P, r9, 0x248, 8, 1, HEX, ANY, NO_BITS, "general register")                                                       \
    F(P, r10, 0x250, 8, 1, HEX, ANY, NO_BITS, "general register")                                                      \
    F(P, r11, 0x258, 8, 1, HEX, ANY, NO_BITS, "general register")                                                      \
    F(P, r12, 0x260, 8, 1, HEX, ANY, NO_BITS, "general register")                                                      \
    F(P, r13, 0x268, 8, 1, HEX, ANY, NO_BITS, "general register")                                                      \
    F(P, r14, 0x270, 8, 1, HEX, ANY, NO_BITS, "general register")                                                      \
    F(P, r15, 0x278, 8, 1, HEX, ANY, NO_BITS, "general register")                                                      \
    F(P, rip, 0x280, 8, 1, HEX, ANY, NO_BITS, "instruction pointer")                                                   \
    F(P, rflags, 0x288, 8, 1, HEX, MASK("ctx-cpu-rflags", 0x3f7fd7), gw_bits_rflags, "flags")                          \
    F(P, cr0, 0x290, 8, 1, HEX, MASK("ctx-cpu-cr0", 0xe005003f), gw_bits_cr0, "control register")                      \
    F(P, cr2, 0x298, 8, 1, HEX, ANY, NO_BITS, "address of the last page fault")                                        \
    F(P, cr3, 0x2a0, 8, 1, HEX, ANY, NO_BITS, "root of the page tables")                                               \
    F(P, cr4, 0x2a8, 8, 1, HEX, MASK("ctx-cpu-cr4", 0x1f72fff), gw_bits_cr4, "control register")                       \
    F(P, dr0, 0x2b0, 8, 1, HEX, ANY, NO_BITS, "breakpoint address")                                                    \
    F(P, dr1, 0x2b8, 8, 1, HEX, ANY, NO_BITS, "breakpoint address")                                                    \
    F(P, dr2, 0x2c0, 8, 1, HEX, ANY, NO_BITS, "breakpoint address")                                                    \
    F(P, dr3, 0x2c8, 8, 1, HEX, ANY, NO_BITS, "breakpoint address")                                                    \
    F(P, dr6, 0x2d0, 8, 1, HEX, MOST("ctx-cpu-debugreg", 0xffffffff), NO_BITS, "debug status")                         \
    F(P, dr7, 0x2d8, 8, 1, HEX, MOST("ctx-cpu-debugreg", 0xffffffff), NO_BITS, "debug control")                        \
    F(P, cs_sel, 0x2e0, 4, 1, HEX, ANY, NO_BITS, "selector")                                                           \
    F(P, ds_sel, 0x2e4, 4, 1, HEX, ANY, NO_BITS, "selector")                                                           \
    F(P, es_sel, 0x2e8, 4, 1, HEX, ANY, NO_BITS, "selector")                                                           \
    F(P, fs_sel, 0x2ec, 4, 1, HEX, ANY, NO_BITS, "selector")                                                           \
    F(P, gs_sel, 0x2f0, 4, 1, HEX, ANY, NO_BITS, "selector")                                                           \
    F(P, ss_sel, 0x2f4, 4, 1, HEX, ANY, NO_BITS, "selector")                                                           \
    F(P, tr_sel, 0x2f8, 4, 1, HEX, ANY, NO_BITS, "selector")                                                           \
    F(P, ldtr_sel, 0x2fc, 4, 1, HEX, ANY, NO_BITS, "selector")                                                         \
    F(P, cs_limit, 0x300, 4, 1, HEX, ANY, NO_BITS, "limit")                                                            \
    F(P, ds_limit, 0x304, 4, 1, HEX, ANY, NO_BITS, "limit")                                                            \
    F(P, es_limit, 0x308, 4, 1, HEX, ANY, NO_BITS, "limit")                                                            \
    F(P, fs_limit, 0x30c, 4, 1, HEX, ANY, NO_BITS, "limit")                                                            \
    F(P, gs_limit, 0x310, 4, 1, HEX, ANY, NO_BITS, "limit")                                                            \
    F(P, ss_limit, 0x314, 4, 1, HEX, ANY, NO_BITS, "limit")                                                            \
    F(P, tr_limit, 0x318, 4, 1, HEX, ANY, NO_BITS, "limit")                                                            \
    F(P, ldtr_limit, 0x31c, 4, 1, HEX, ANY, NO_BITS, "limit")                                                          \
    F(P, idtr_limit, 0x320, 4, 1, HEX, ANY, NO_BITS, "limit")                                                          \
    F(P, gdtr_limit, 0x324, 4, 1, HEX, ANY, NO_BITS, "limit")                                                          \
    F(P, cs_base, 0x328, 8, 1, HEX, ANY, NO_BITS, "base address")                                                      \
    F(P, ds_base, 0x330, 8, 1, HEX, ANY, NO_BITS, "base address")                                                      \
    F(P, es_base, 0x338, 8, 1, HEX, ANY, NO_BITS, "base address")                                                      \
    F(P, fs_base, 0x340, 8, 1, HEX, ANY, NO_BITS, "base address")                                                      \
    F(P, gs_base, 0x348, 8, 1, HEX, ANY, NO_BITS, "base address")                                                      \
    F(P, ss_base, 0x350, 8, 1, HEX, ANY, NO_BITS, "base address")                                                      \
    F(P, tr_base, 0x358, 8, 1, HEX, ANY, NO_BITS, "base address")                                                      \
    F(P, ldtr_base, 0x360, 8, 1, HEX, ANY, NO_BITS, "base address")                                                    \
    F(P, idtr_base, 0x368, 8, 1, HEX, ANY, NO_BITS, "base address")                                                    \
    F(P, gdtr_base, 0x370, 8, 1, HEX, ANY, NO_BITS, "base address")                                                    \
    F(P, cs_arbytes, 0x378, 4, 1, HEX, ANY, gw_bits_arbytes, "attributes")                                             \
    F(P, ds_arbytes, 0x37c, 4, 1, HEX, ANY, gw_bits_arbytes, "attributes")                                             \
    F(P, es_arbytes, 0x380, 4, 1, HEX, ANY, gw_bits_arbytes, "attributes")                                             \
    F(P, fs_arbytes, 0x384, 4, 1, HEX, ANY, gw_bits_arbytes, "attributes")                                             \
    F(P, gs_arbytes, 0x388, 4, 1, HEX, ANY, gw_bits_arbytes, "attributes")                                             \
    F(P, ss_arbytes, 0x38c, 4, 1, HEX, ANY, gw_bits_arbytes, "attributes")                                             \
    F(P, tr_arbytes, 0x390, 4, 1, HEX, ANY, gw_bits_arbytes, "attributes")                                             \
    F(P, ldtr_arbytes, 0x394, 4, 1, HEX, ANY, gw_bits_arbytes, "attributes")                                           \
    F(P, sysenter_cs, 0x398, 8, 1, HEX, ANY, NO_BITS, "SYSENTER_CS")                                                   \
    F(P, sysenter_esp, 0x3a0, 8, 1, HEX, ANY, NO_BITS, "SYSENTER_ESP")                                                 \
    F(P, sysenter_eip, 0x3a8, 8, 1, HEX, ANY, NO_BITS, "SYSENTER_EIP")                                                 \
    F(P, shadow_gs, 0x3b0, 8, 1, HEX, ANY, NO_BITS, "KERNEL_GS_BASE")                                                  \
    F(P, msr_flags, 0x3b8, 8, 1, HEX, ANY, NO_BITS, "not used")                                                        \
    F(P, msr_lstar, 0x3c0, 8, 1, HEX, ANY, NO_BITS, "LSTAR")                                                           \
    F(P, msr_star, 0x3c8, 8, 1, HEX, ANY, NO_BITS, "STAR")                                                             \
    F(P, msr_cstar, 0x3d0, 8, 1, HEX, ANY, NO_BITS, "CSTAR")                                                           \
    F(P, msr_syscall_mask, 0x3d8, 8, 1, HEX, ANY, NO_BITS, "SFMASK")                                                   \
    F(P, msr_efer, 0x3e0, 8, 1, HEX, MASK("ctx-cpu-efer", 0x205d01), gw_bits_efer, "EFER")

#define GW_HVM_HW_CPU(F, S, P)                                                                                         \
    GW_HVM_HW_CPU_HEAD(F, S, P)                                                                                        \
    F(P, msr_tsc_aux, 0x3e8, 8, 1, HEX, MOST("ctx-cpu-tsc-aux", 0xffffffff), NO_BITS, "TSC_AUX")                       \
    F(P, tsc, 0x3f0, 8, 1, HEX, ANY, NO_BITS, "time stamp counter")                                                    \
    F(P, pending_event, 0x3f8, 4, 1, HEX, ANY, gw_bits_pending, "event that waits to be injected")                     \
    F(P, error_code, 0x3fc, 4, 1, HEX, ANY, NO_BITS, "of the pending event")                                           \
    F(P, flags, 0x400, 4, 1, HEX, MASK("ctx-cpu-flags", 1), gw_bits_cpu_flags, "since Xen 4.7")                        \
    F(P, pad0, 0x404, 4, 1, PAD, ZERO("ctx-cpu-flags"), NO_BITS, "zero")

/* 1016 octets: Xen 3.4 and older, which kept no TSC_AUX. */
#define GW_HVM_HW_CPU_COMPAT(F, S, P)                                                                                  \
    GW_HVM_HW_CPU_HEAD(F, S, P)                                                                                        \
    F(P, tsc, 0x3e8, 8, 1, HEX, ANY, NO_BITS, "time stamp counter")                                                    \
    F(P, pending_event, 0x3f0, 4, 1, HEX, ANY, gw_bits_pending, "event that waits to be injected")                     \
    F(P, error_code, 0x3f4, 4, 1, HEX, ANY, NO_BITS, "of the pending event")

#define GW_HVM_HW_MTRR(F, S, P)                                                                                        \
    F(P, msr_pat_cr, 0, 8, 1, HEX, ANY, gw_bits_pat, "page attribute table")                                           \
    F(P, msr_mtrr_var, 8, 8, 16, HEX, ANY, gw_bits_mtrr_type, "variable ranges: base and mask of each")                \
    F(P, msr_mtrr_fixed, 136, 8, 11, HEX, ANY, NO_BITS, "fixed ranges, an octet each")                                 \
    F(P, msr_mtrr_cap, 224, 8, 1, HEX, ANY, gw_bits_mtrr_cap, "capabilities")                                          \
    F(P, msr_mtrr_def_type, 232, 8, 1, HEX, ANY, gw_bits_mtrr_default, "memory that no range names")

/* Up to the XSAVE area's components, whose places are those of xstate.h, counted from save_area's begin. */
#define GW_HVM_HW_CPU_XSAVE(F, S, P)                                                                                   \
    F(P, xfeature_mask, 0, 8, 1, HEX, ANY, gw_bits_xstates, "of the saving host; ignored")                             \
    F(P, xcr0, 8, 8, 1, HEX, ANY, gw_bits_xstates, "states that are enabled")                                          \
    F(P, xcr0_accum, 16, 8, 1, HEX, ANY, gw_bits_xstates, "states that were ever enabled")                             \
    S(P, fpu_sse, 24, 512, 1, x86_fxsave, "x87 and SSE state, an FXSAVE image")                                        \
    S(P, xsave_hdr, 536, 64, 1, xsave_hdr, "header of the XSAVE area")

#define GW_HVM_VIRIDIAN_DOMAIN_CONTEXT(F, S, P)                                                                        \
    F(P, hypercall_gpa, 0, 8, 1, HEX, ANY, gw_bits_viridian_page, "page with the hypercall's code")                    \
    F(P, guest_os_id, 8, 8, 1, HEX, ANY, gw_bits_viridian_os, "what the guest says that it is")                        \
    F(P, time_ref_count, 16, 8, 1, DEC, ANY, NO_BITS, "reference counter, in 100 ns, since Xen 4.5")                   \
    F(P, reference_tsc, 24, 8, 1, HEX, ANY, gw_bits_viridian_page, "page with the reference TSC, since Xen 4.6")

#define GW_HVM_VIRIDIAN_VCPU_CONTEXT(F, S, P)                                                                          \
    F(P, vp_assist_msr, 0, 8, 1, HEX, ANY, gw_bits_viridian_page, "page that saves the guest its EOIs")                \
    F(P, apic_assist_pending, 8, 1, 1, HEX, ANY, NO_BITS, "an EOI was saved; a vector from Xen 4.7 to 4.10")           \
    F(P, _pad, 9, 1, 7, PAD, ZERO("ctx-viridian-pad"), NO_BITS, "zero")                                                \
    F(P, simp_msr, 16, 8, 1, HEX, ANY, gw_bits_viridian_page, "page for messages, since Xen 4.13")                     \
    F(P, sint_msr, 24, 8, 16, HEX, ANY, gw_bits_viridian_sint, "synthetic interrupts, since Xen 4.13")                 \
    F(P, stimer_config_msr, 152, 8, 4, HEX, ANY, gw_bits_viridian_stimer, "synthetic timers, since Xen 4.13")          \
    F(P, stimer_count_msr, 184, 8, 4, DEC, ANY, NO_BITS, "their counts, since Xen 4.13")

#define GW_HVM_VMCE_VCPU(F, S, P)                                                                                      \
    F(P, caps, 0, 8, 1, HEX, ANY, gw_bits_mcg_cap, "MCG_CAP")                                                          \
    F(P, mci_ctl2_bank0, 8, 8, 1, HEX, ANY, NO_BITS, "MC0_CTL2")                                                       \
    F(P, mci_ctl2_bank1, 16, 8, 1, HEX, ANY, NO_BITS, "MC1_CTL2")                                                      \
    F(P, mcg_ext_ctl, 24, 8, 1, HEX, ANY, NO_BITS, "MCG_EXT_CTL, since Xen 4.10")

#define GW_HVM_TSC_ADJUST(F, S, P) F(P, tsc_adjust, 0, 8, 1, SIGNED, ANY, NO_BITS, "TSC_ADJUST")

#define GW_HVM_ONE_MSR(F, S, P)                                                                                        \
    F(P, index, 0, 4, 1, HEX, ANY, NO_BITS, "the MSR's number")                                                        \
    F(P, _rsvd, 4, 4, 1, PAD, ZERO("ctx-msr-count"), NO_BITS, "zero")                                                  \
    F(P, val, 8, 8, 1, HEX, ANY, NO_BITS, "its value")
#define GW_HVM_MSR(F, S, P)                                                                                            \
    F(P, count, 0, 4, 1, DEC, ANY, NO_BITS, "of MSRs")                                                                 \
    F(P, pad0, 4, 4, 1, PAD, ANY, NO_BITS, "not used")                                                                 \
    S(P, msr, 8, 16, TO_END, hvm_one_msr, "MSRs that are not zero")

#define GW_HVM_PARAM(F, S, P)                                                                                          \
    F(P, index, 0, 8, 1, DEC, ANY, NO_BITS, "the parameter's number")                                                  \
    F(P, value, 8, 8, 1, HEX, ANY, NO_BITS, "its value")
#define GW_HVM_PARAMS(F, S, P)                                                                                         \
    F(P, count, 0, 4, 1, DEC, ANY, NO_BITS, "of parameters")                                                           \
    F(P, _res1, 4, 4, 1, PAD, ZERO("param-reserved"), NO_BITS, "zero")                                                 \
    S(P, param, 8, 16, TO_END, hvm_param, "parameters that are not zero")

#define GW_HVM_LAYOUTS(L)                                                                                              \
    L(GW_HVM_SAVE_DESCRIPTOR, hvm_save_descriptor, 8, "10.1", "head of an entry")                                      \
    L(GW_HVM_SAVE_HEADER, hvm_save_header, 24, "10.3", "head of a context")                                            \
    L(GW_HVM_HW_CPU, hvm_hw_cpu, 1032, "10.4", "registers of a vCPU")                                                  \
    L(GW_HVM_HW_CPU_COMPAT, hvm_hw_cpu_compat, 1016, "10.4", "registers of a vCPU, as Xen 3.4 and older saved them")   \
    L(GW_HVM_HW_MTRR, hvm_hw_mtrr, 240, "10.5", "memory types, of a vCPU")                                             \
    L(GW_HVM_HW_CPU_XSAVE, hvm_hw_cpu_xsave, 600, "10.6", "extended states of a vCPU, up to their components")         \
    L(GW_HVM_VIRIDIAN_DOMAIN_CONTEXT, hvm_viridian_domain_context, 32, "10.5", "Hyper-V's interface, of the domain")   \
    L(GW_HVM_VIRIDIAN_VCPU_CONTEXT, hvm_viridian_vcpu_context, 216, "10.5", "Hyper-V's interface, of a vCPU")          \
    L(GW_HVM_VMCE_VCPU, hvm_vmce_vcpu, 32, "10.5", "machine check registers of a vCPU")                                \
    L(GW_HVM_TSC_ADJUST, hvm_tsc_adjust, 8, "10.5", "what a vCPU added to its time stamp counter")                     \
    L(GW_HVM_ONE_MSR, hvm_one_msr, 16, "10.7", "an MSR of a vCPU")                                                     \
    L(GW_HVM_MSR, hvm_msr, 24, "10.7", "MSRs of a vCPU")                                                               \
    L(GW_HVM_PARAM, hvm_param, 16, "10.9", "a parameter of the domain")                                                \
    L(GW_HVM_PARAMS, hvm_params, 8, "10.9", "parameters of the domain")

GW_HVM_LAYOUTS(GW_LAYOUT_DECLARE)

/* What a receiver takes a number for that a shorter form does not have: 1 for a CPU's flags (10.4), else 0. */
static inline uint64_t gw_hvm_absent(const struct gw_field *field)
{
    return field == &gw_layout_hvm_hw_cpu.fields[hvm_hw_cpu_flags];
}

#endif
