"""The entries of HVM_CONTEXT (sections 10.3 to 10.7): typecode, name, layout; the shorter forms of older releases."""

from inside.layout import layout

layout('x86_st', 16, 'u64 mantissa\n u16 exponent\n octets pad[6]')
layout('x86_xmm', 16, 'u64 part[2]')
layout('x86_zmm_high', 32, 'u64 part[4]')
layout('x86_zmm', 64, 'u64 part[8]')
layout('x86_bound', 16, 'u64 lower upper')
FXSAVE = layout('x86_fxsave', 512, '''
    u16 fcw fsw
    u8 ftw rsvd0
    u16 fop
    u64 fip fdp
    u32 mxcsr mxcsr_mask
    x86_st st[8]
    x86_xmm xmm[16]
    @0x1A0
    octets rsvd1[96]''')

REGISTERS = '''
    x86_fxsave fpu_regs
    @0x200
    u64 rax rbx rcx rdx rbp rsi rdi rsp r8 r9 r10 r11 r12 r13 r14 r15
    @0x280
    u64 rip rflags cr0 cr2 cr3 cr4
    @0x2B0
    u64 dr0 dr1 dr2 dr3 dr6 dr7
    @0x2E0
    u32 cs_sel ds_sel es_sel fs_sel gs_sel ss_sel tr_sel ldtr_sel
    @0x300
    u32 cs_limit ds_limit es_limit fs_limit gs_limit ss_limit tr_limit ldtr_limit idtr_limit gdtr_limit
    @0x328
    u64 cs_base ds_base es_base fs_base gs_base ss_base tr_base ldtr_base idtr_base gdtr_base
    @0x378
    u32 cs_arbytes ds_arbytes es_arbytes fs_arbytes gs_arbytes ss_arbytes tr_arbytes ldtr_arbytes
    @0x398
    u64 sysenter_cs sysenter_esp sysenter_eip shadow_gs
    @0x3B8
    u64 msr_flags msr_lstar msr_star msr_cstar msr_syscall_mask msr_efer
    @0x3E8
'''

HEADER = layout('hvm_save_header', 24, 'u32 magic version\n u64 changeset\n u32 cpuid gtsc_khz')
CPU = layout('hvm_hw_cpu', 1032, REGISTERS + '''
    u64 msr_tsc_aux tsc
    u32 pending_event error_code
    optional
    @0x400
    u32 flags pad0''')
CPU_COMPAT = layout('hvm_hw_cpu_compat', 1016, REGISTERS + '''
    u64 tsc
    u32 pending_event error_code''')
PIC = layout('hvm_hw_vpic', 8, '''
    bits irr[1] imr[1] isr[1]
    u8 irq_base init_state flags
    bits elcr[1]
    u8 int_output''')
IOAPIC = layout('hvm_hw_vioapic', 400, 'u64 base_address\n u32 ioregsel id\n u64 redirtbl[48]')
LAPIC = layout('hvm_hw_lapic', 32, '''
    u64 apic_base_msr
    u32 disabled timer_divisor
    u64 tdt_msr
    optional
    u32 pending_esr pad0''')
LAPIC_REGS = layout('hvm_hw_lapic_regs', 1024, ''.join('>%#x\n %s %s\n' % row for row in (
    (0x20, 'u32', 'id'), (0x30, 'u32', 'version'), (0x80, 'u32', 'tpr'), (0x90, 'u32', 'apr'), (0xA0, 'u32', 'ppr'),
    (0xB0, 'u32', 'eoi'), (0xC0, 'u32', 'rrd'), (0xD0, 'u32', 'ldr'), (0xE0, 'u32', 'dfr'), (0xF0, 'u32', 'svr'),
    (0x100, 'vectors', 'isr'), (0x180, 'vectors', 'tmr'), (0x200, 'vectors', 'irr'), (0x280, 'u32', 'esr'),
    (0x2F0, 'u32', 'lvtcmci'), (0x300, 'u32', 'icr'), (0x310, 'u32', 'icr2'), (0x320, 'u32', 'lvtt'),
    (0x330, 'u32', 'lvtthmr'), (0x340, 'u32', 'lvtpc'), (0x350, 'u32', 'lvt0'), (0x360, 'u32', 'lvt1'),
    (0x370, 'u32', 'lvterr'), (0x380, 'u32', 'tmict'), (0x390, 'u32', 'tmcct'), (0x3E0, 'u32', 'tdcr'))) + '>0x400')
PCI_IRQ = layout('hvm_hw_pci_irqs', 16, 'bits i[16]')
ISA_IRQ = layout('hvm_hw_isa_irqs', 8, 'bits i[8]')
PCI_LINK = layout('hvm_hw_pci_link', 8, 'u8 route[4]\n octets pad0[4]')
layout('hvm_hw_pit_channel', 16, '''
    u32 count
    u16 latched_count
    u8 count_latched status_latched status read_state write_state write_latch rw_mode mode bcd gate''')
PIT = layout('hvm_hw_pit', 56, 'hvm_hw_pit_channel channels[3]\n u32 speaker_data_on pad0')
RTC = layout('hvm_hw_rtc', 24, 'octets cmos_data[14]\n u8 cmos_index pad0\n optional\n @0x10\n s64 rtc_offset')
layout('hvm_hw_hpet_timer', 32, 'u64 config cmp fsb res4')
HPET = layout('hvm_hw_hpet', 1048, '''
    u64 capability res0 config res1 isr
    octets res2[200]
    u64 mc64 res3
    hvm_hw_hpet_timer timers[3]
    @0x160
    octets res5[672]
    @0x400
    u64 period[3]''')
PMTIMER = layout('hvm_hw_pmtimer', 8, 'u32 tmr_val\n u16 pm1a_sts pm1a_en')
MTRR = layout('hvm_hw_mtrr', 240, '''
    u64 msr_pat_cr msr_mtrr_var[16]
    @0x88
    u64 msr_mtrr_fixed[11] msr_mtrr_cap msr_mtrr_def_type''')
VIRIDIAN_DOMAIN = layout('hvm_viridian_domain_context', 32, '''
    u64 hypercall_gpa guest_os_id
    optional
    u64 time_ref_count
    optional
    u64 reference_tsc''')
VIRIDIAN_VCPU = layout('hvm_viridian_vcpu_context', 216, '''
    u64 vp_assist_msr
    optional
    u8 apic_assist_pending
    octets _pad[7]
    optional
    u64 simp_msr sint_msr[16] stimer_config_msr[4] stimer_count_msr[4]''')
VMCE_VCPU = layout('hvm_vmce_vcpu', 32, 'u64 caps mci_ctl2_bank0 mci_ctl2_bank1\n optional\n u64 mcg_ext_ctl')
TSC_ADJUST = layout('hvm_tsc_adjust', 8, 's64 tsc_adjust')
XSAVE_HEADER = layout('xsave_hdr', 64, 'u64 xstate_bv xcomp_bv reserved[6]')
CPU_XSAVE = layout('hvm_hw_cpu_xsave', 600, '''
    u64 xfeature_mask xcr0 xcr0_accum
    x86_fxsave fpu_sse
    @0x218
    xsave_hdr xsave_hdr''')
# Components of the standard form, by their bit in XCR0.
COMPONENTS = {
    2: layout('xstate_avx', 256, 'x86_xmm ymm_high[16]'),
    3: layout('xstate_bndregs', 64, 'x86_bound bnd[4]'),
    4: layout('xstate_bndcsr', 64, 'u64 cfgu status rsvd[6]'),
    5: layout('xstate_opmask', 64, 'u64 k[8]'),
    6: layout('xstate_zmm_hi256', 512, 'x86_zmm_high zmm_high[16]'),
    7: layout('xstate_hi16_zmm', 1024, 'x86_zmm zmm[16]'),
    9: layout('xstate_pkru', 8, 'u32 pkru rsvd'),
}
ONE_MSR = layout('hvm_one_msr', 16, 'u32 index _rsvd\n u64 val')
MSR = layout('hvm_msr', 8, 'u32 count pad0\n hvm_one_msr msr[0]')
HVM_PARAM = layout('hvm_param', 16, 'u64 index value')
HVM_PARAMS = layout('hvm_params', 8, 'u32 count _res1\n hvm_param param[0]')

# typecode -> (name, layout). Behind CPU_XSAVE's stand the components.
ENTRIES = {
    1: ('HEADER', HEADER), 2: ('CPU', CPU), 3: ('PIC', PIC), 4: ('IOAPIC', IOAPIC), 5: ('LAPIC', LAPIC),
    6: ('LAPIC_REGS', LAPIC_REGS), 7: ('PCI_IRQ', PCI_IRQ), 8: ('ISA_IRQ', ISA_IRQ), 9: ('PCI_LINK', PCI_LINK),
    10: ('PIT', PIT), 11: ('RTC', RTC), 12: ('HPET', HPET), 13: ('PMTIMER', PMTIMER), 14: ('MTRR', MTRR),
    15: ('VIRIDIAN_DOMAIN', VIRIDIAN_DOMAIN), 16: ('CPU_XSAVE', CPU_XSAVE), 17: ('VIRIDIAN_VCPU', VIRIDIAN_VCPU),
    18: ('VMCE_VCPU', VMCE_VCPU), 19: ('TSC_ADJUST', TSC_ADJUST), 20: ('CPU_MSR', MSR),
}
