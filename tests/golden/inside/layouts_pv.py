"""What PV records hold (sections 7.4 to 7.7, 8): contexts of vCPUs, shared_info and start_info, of both widths."""

from inside import layouts_hvm  # noqa: F401 (x86_fxsave)
from inside.layout import layout

layout('trap_info_32', 8, 'u8 vector flags\n u16 cs\n u32 address')
layout('trap_info_64', 16, 'u8 vector flags\n u16 cs\n u64 address')

layout('user_regs_32', 68, '''
    u32 ebx ecx edx esi edi ebp eax
    u16 error_code entry_vector
    u32 eip
    u16 cs
    u8 saved_upcall_mask _pad0
    u32 eflags esp
    u16 ss _pad1 es _pad2 ds _pad3 fs _pad4 gs _pad5''')
layout('user_regs_64', 200, '''
    u64 r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi
    u32 error_code entry_vector
    u64 rip
    u16 cs _pad0[1]
    u8 saved_upcall_mask
    octets _pad1[3]
    u64 rflags rsp
    u16 ss _pad2[3] es _pad3[3] ds _pad4[3] fs _pad5[3] gs _pad6[3]''')

BASIC_32 = layout('vcpu_guest_context_32', 2800, '''
    x86_fxsave fpu_ctxt
    u32 flags
    user_regs_32 user_regs
    @0x248
    trap_info_32 trap_ctxt[256]
    @0xA48
    u32 ldt_base ldt_ents gdt_frames[16]
    @0xA90
    u32 gdt_ents kernel_ss kernel_sp
    @0xA9C
    u32 ctrlreg[8] debugreg[8]
    @0xADC
    u32 event_callback_cs event_callback_eip failsafe_callback_cs failsafe_callback_eip vm_assist''')
BASIC_64 = layout('vcpu_guest_context_64', 5168, '''
    x86_fxsave fpu_ctxt
    u64 flags
    user_regs_64 user_regs
    @0x2D0
    trap_info_64 trap_ctxt[256]
    @0x12D0
    u64 ldt_base ldt_ents gdt_frames[16]
    @0x1360
    u64 gdt_ents kernel_ss kernel_sp
    @0x1378
    u64 ctrlreg[8] debugreg[8]
    @0x13F8
    u64 event_callback_eip failsafe_callback_eip syscall_callback_eip vm_assist fs_base gs_base_kernel gs_base_user''')

EXTENDED = layout('ext_vcpucontext', 64, '''
    u32 vcpu size
    u64 syscall32_callback_eip sysenter_callback_eip
    u16 syscall32_callback_cs sysenter_callback_cs
    u8 syscall32_disables_events sysenter_disables_events
    @0x1E
    octets pad[2]
    u64 vmce_caps vmce_mci_ctl2_bank0 vmce_mci_ctl2_bank1
    optional
    u64 vmce_mcg_ext_ctl''')
XSAVE = layout('vcpu_xsave', 592, '''
    u64 xcr0 xcr0_accum
    x86_fxsave fxsave
    @0x210
    xsave_hdr xsave_hdr''')
VCPU_HEAD = layout('vcpu_head', 8, 'u32 vcpu_id reserved')
PV_INFO = layout('pv_info', 8, 'u8 guest_width pt_levels\n octets reserved[6]')
P2M_FRAMES = layout('p2m_frames', 8, 'u32 start_pfn end_pfn\n u64 p2m_pfns[0]')
MSR = layout('vcpu_msr', 16, 'u32 index reserved\n u64 value')
MSRS = layout('vcpu_msrs', 0, 'vcpu_msr msrs[0]')

layout('vcpu_time_info', 32, '''
    u32 version pad0
    u64 tsc_timestamp system_time
    u32 tsc_to_system_mul
    s8 tsc_shift
    u8 flags
    octets pad1[2]''')
layout('arch_vcpu_info_32', 24, 'u32 cr2\n octets pad[20]')
layout('vcpu_info_32', 64, '''
    u8 evtchn_upcall_pending evtchn_upcall_mask
    >0x4
    bits evtchn_pending_sel[4]
    arch_vcpu_info_32 arch
    vcpu_time_info time''')
layout('arch_vcpu_info_64', 16, 'u64 cr2 pad')
layout('vcpu_info_64', 64, '''
    u8 evtchn_upcall_pending evtchn_upcall_mask
    >0x8
    bits evtchn_pending_sel[8]
    arch_vcpu_info_64 arch
    vcpu_time_info time''')
layout('arch_shared_info_32', 28, '''
    u32 max_pfn pfn_to_mfn_frame_list_list nmi_reason p2m_cr3 p2m_vaddr p2m_generation wc_sec_hi''')
layout('arch_shared_info_64', 48, 'u64 max_pfn pfn_to_mfn_frame_list_list nmi_reason p2m_cr3 p2m_vaddr p2m_generation')
SHARED_INFO_32 = layout('shared_info_32', 2344, '''
    vcpu_info_32 vcpu_info[32]
    @0x800
    bits evtchn_pending[128] evtchn_mask[128]
    @0x900
    u32 wc_version wc_sec wc_nsec
    @0x90C
    arch_shared_info_32 arch''')
SHARED_INFO_64 = layout('shared_info_64', 3136, '''
    vcpu_info_64 vcpu_info[32]
    @0x800
    bits evtchn_pending[512] evtchn_mask[512]
    @0xC00
    u32 wc_version wc_sec wc_nsec wc_sec_hi
    @0xC10
    arch_shared_info_64 arch''')

layout('console_32', 8, 'u32 mfn evtchn')
layout('console_64', 16, 'u64 mfn\n u32 evtchn')
START_INFO_32 = layout('start_info_32', 1112, '''
    text magic[32]
    u32 nr_pages shared_info flags store_mfn store_evtchn
    @0x34
    console_32 console
    u32 pt_base nr_pt_frames mfn_list mod_start mod_len
    @0x50
    text cmd_line[1024]
    u32 first_p2m_pfn nr_p2m_frames''')
START_INFO_64 = layout('start_info_64', 1168, '''
    text magic[32]
    u64 nr_pages shared_info
    u32 flags
    u64 store_mfn
    u32 store_evtchn
    @0x44
    octets pad[4]
    console_64 console
    @0x58
    u64 pt_base nr_pt_frames mfn_list mod_start mod_len
    @0x80
    text cmd_line[1024]
    u64 first_p2m_pfn nr_p2m_frames''')

TSC_INFO = layout('tsc_info', 24, 'u32 mode khz\n u64 nsec\n u32 incarnation _res1')
CPUID_LEAF = layout('cpuid_leaf', 24, 'u32 leaf subleaf a b c d')
MSR_ENTRY = layout('msr_entry', 16, 'u32 idx flags\n u64 val')
