"""Sane contents of HVM_CONTEXT, entry by entry, of every age; what a guest in the middle of its work would have.

entries(...) gives the whole context as (typecode, instance, data), for hvm.context(). To plant a fault:

    entries = build_hvm.entries(minor=17)
    entries = build_hvm.changed(entries, C_CPU, 0, cr0=0x80000010)            # members by their names
    entries = build_hvm.changed(entries, C_PIT, 0, **{'channels[1].gate': 0})
    entries = build_hvm.lapic_register(entries, 0, 0xF0, 0x1FF)
"""

import struct

from inside import layouts_hvm as layouts
from inside.memory import fxsave, xsave_area

C_END, C_HEADER, C_CPU, C_PIC, C_IOAPIC, C_LAPIC, C_LAPIC_REGS, C_PCI_IRQ, C_ISA_IRQ, C_PCI_LINK = range(10)
C_PIT, C_RTC, C_HPET, C_PMTIMER, C_MTRR, C_VIRIDIAN_DOMAIN, C_CPU_XSAVE = range(10, 17)
C_VIRIDIAN_VCPU, C_VMCE_VCPU, C_TSC_ADJUST, C_CPU_MSR = range(17, 21)
PC_DEVICES = {C_PIC, C_IOAPIC, C_PIT, C_RTC, C_HPET, C_PMTIMER}  # what PVH guests lack

CPUID_EAX = 0x000306F2  # leaf 1 of policy.py's processor
MCG_CAP = 2             # two banks, nothing else
KHZ = 2000000

# Lengths by age: the first Xen 4 that wrote them, newest first (section 10.2).
AGES = {
    C_CPU: ((7, 1032), (1, 1024), (0, 1016)), C_LAPIC: ((21, 32), (0, 24)), C_RTC: ((14, 24), (0, 16)),
    C_VIRIDIAN_DOMAIN: ((6, 32), (5, 24), (0, 16)), C_VIRIDIAN_VCPU: ((13, 216), (7, 16), (0, 8)),
    C_VMCE_VCPU: ((10, 32), (0, 24)),
}
SINCE = {C_TSC_ADJUST: 3, C_CPU_MSR: 5}


def length_of(code, minor):
    """How long a Xen of that age writes the entry, or None if its length never changed."""
    return next((length for since, length in AGES.get(code, ()) if minor >= since), None)


def cpu_flat():
    """32-bit protected mode with paging off, as a PVH guest begins."""
    return layouts.CPU.make(
        fpu_regs=fxsave(), rip=0x1000, rsp=0x7000, rflags=2, cr0=0x11, dr6=0xFFFF0FF0, dr7=0x400,
        cs_limit=0xFFFFFFFF, ds_limit=0xFFFFFFFF, es_limit=0xFFFFFFFF, fs_limit=0xFFFFFFFF, gs_limit=0xFFFFFFFF,
        ss_limit=0xFFFFFFFF, tr_limit=0x67, cs_arbytes=0xC9B, ds_arbytes=0xC93, es_arbytes=0xC93, fs_arbytes=0xC93,
        gs_arbytes=0xC93, ss_arbytes=0xC93, tr_arbytes=0x8B, ldtr_arbytes=0x82, tsc=0x123456789A, flags=1)


def cpu_real():
    """Real mode, as a vCPU that is being started."""
    data = layouts.CPU.put(cpu_flat(), cr0=0x10, rip=0, rsp=0, cs_sel=0x1000, cs_base=0x10000, cs_arbytes=0x9B)
    segments = ('ds', 'es', 'fs', 'gs', 'ss')
    data = layouts.CPU.put(data, cs_limit=0xFFFF, **{name + '_limit': 0xFFFF for name in segments})
    return layouts.CPU.put(data, **{name + '_arbytes': 0x93 for name in segments})


def cpu_long(cr3_pfn, number=0):
    """A 64-bit kernel on the page tables of memory.identity(): stack and descriptor tables in the first pages."""
    high = 0xFFFF800000000000
    return layouts.CPU.put(
        cpu_flat(), rax=number, rbx=0x1122334455667788, rip=high + 0x1234, rsp=high + 0x2FC0, rbp=high + 0x2FF0,
        rflags=0x246, cr0=0x80050033, cr2=0x7F0012345678, cr3=cr3_pfn << 12, cr4=0x406A0,
        cs_sel=0x10, ss_sel=0x18, ds_sel=0, es_sel=0, tr_sel=0x40, cs_arbytes=0xA9B, tr_limit=0x206F,
        idtr_limit=0xFFF, gdtr_limit=0x7F, tr_base=high + 0x3000, idtr_base=high + 0x8000, gdtr_base=high + 0x9000,
        gs_base=high + 0xA000, ldtr_arbytes=0x82,
        msr_lstar=high + 0x1100, msr_star=0x23001000000000, msr_cstar=high + 0x1180, msr_syscall_mask=0x47700,
        msr_efer=0xD01, msr_tsc_aux=number, shadow_gs=0x7F0000001000)


def compat(data):
    """The same state in the form of 1016 octets, which has no msr_tsc_aux."""
    return data[:0x3E8] + data[0x3F0:0x400]


def header(cpuid=CPUID_EAX, khz=KHZ, magic=0x54381286, version=1):
    return layouts.HEADER.make(magic=magic, version=version, changeset=(1 << 64) - 1, cpuid=cpuid, gtsc_khz=khz)


def pic(master):
    """The chip as a PC's firmware leaves it; PCI's interrupts 5, 10 and 11 are level-triggered."""
    if master:
        return layouts.PIC.make(imr=0xFB, irq_base=0x20, flags=0x40, elcr=0x20)
    return layouts.PIC.make(imr=0xFF, irq_base=0x28, elcr=0x0C)


def ioapic():
    pins = [1 << 16] * 48
    pins[4], pins[9] = 0x0000000000000034, 0x0000000000018039
    return layouts.IOAPIC.make(base_address=0xFEC00000, ioregsel=0x10, redirtbl=pins)


def lapic(number):
    return layouts.LAPIC.make(apic_base_msr=0xFEE00800 | (number == 0) << 8, timer_divisor=1)


LAPIC_RESET = {0x30: 0x00050014, 0xE0: 0xFFFFFFFF, 0xF0: 0x1FF, 0x320: 0x300EF, 0x330: 0x10000, 0x340: 0x10000,
               0x350: 0x10000, 0x360: 0x400, 0x370: 0xFE, 0x380: 0x1000, 0x3E0: 0xB}


def lapic_regs(number):
    """xAPIC mode: the id is twice the vCPU's number, the logical id a bit of the flat model."""
    data = bytearray(1024)
    for at, value in {**LAPIC_RESET, 0x20: 2 * number << 24, 0xD0: 1 << number % 8 << 24}.items():
        struct.pack_into('<I', data, at, value)
    return bytes(data)


def pit():
    timer = dict(count=65536, rw_mode=3, mode=2, read_state=3, write_state=3, gate=1)
    values = {'channels[%d].%s' % (index, name): value for index in range(3) for name, value in timer.items()}
    return layouts.PIT.make(**{**values, 'channels[1].count': 18, 'channels[2].mode': 3, 'channels[2].gate': 0})


def rtc():
    return layouts.RTC.make(cmos_data=bytes.fromhex('5700430010000621112626021080'))


def hpet():
    values = dict(capability=0x00F424008086A201, mc64=0x123456)
    for index in range(3):
        values['timers[%d].config' % index] = 0x00F0000000000030
        values['timers[%d].cmp' % index] = (1 << 64) - 1
    return layouts.HPET.make(**values)


def mtrr():
    """Everything is write-back but the hole below 4 GiB."""
    return layouts.MTRR.make(msr_pat_cr=0x0007040600070406, msr_mtrr_var=[0xF0000000, 0xFFFFF0000800],
                             msr_mtrr_fixed=[0x0606060606060606] * 2 + [0] + [0x0505050505050505] * 8,
                             msr_mtrr_cap=0x508, msr_mtrr_def_type=0xC06)


def cpu_xsave(accum=7):
    return struct.pack('<QQQ', accum, accum, accum) + xsave_area(accum)


def cpu_msr(entries=((0x140, 1),)):
    return struct.pack('<II', len(entries), 0) + b''.join(struct.pack('<IIQ', index, 0, value)
                                                          for index, value in entries)


def viridian_domain():
    return layouts.VIRIDIAN_DOMAIN.make(hypercall_gpa=2 << 12 | 1, guest_os_id=0x0001040A00004A65)


def vmce(caps=MCG_CAP):
    return layouts.VMCE_VCPU.make(caps=caps)


def domain_entries():
    """What a PC has once, or once per chip; viridian apart."""
    return [(C_PIC, 0, pic(True)), (C_PIC, 1, pic(False)), (C_IOAPIC, 0, ioapic()), (C_PCI_IRQ, 0, bytes(16)),
            (C_ISA_IRQ, 0, bytes(8)), (C_PCI_LINK, 0, bytes([5, 10, 11, 5, 0, 0, 0, 0])), (C_PIT, 0, pit()),
            (C_RTC, 0, rtc()), (C_HPET, 0, hpet()), (C_PMTIMER, 0, layouts.PMTIMER.make(tmr_val=0x1B913FD))]


def vcpu_entries(number, cpu, accum):
    return [(C_CPU, number, cpu), (C_LAPIC, number, lapic(number)), (C_LAPIC_REGS, number, lapic_regs(number)),
            (C_MTRR, number, mtrr()), (C_CPU_XSAVE, number, cpu_xsave(accum)), (C_VMCE_VCPU, number, vmce()),
            (C_TSC_ADJUST, number, bytes(8)), (C_CPU_MSR, number, cpu_msr())]


def viridian_entries(vcpus):
    return [(C_VIRIDIAN_DOMAIN, 0, viridian_domain())] + [
        (C_VIRIDIAN_VCPU, number, layouts.VIRIDIAN_VCPU.make()) for number in range(vcpus)]


def aged(entries, minor):
    """The entries as a Xen 4.minor writes them: shorter, or not at all. For the newest, minor=None."""
    found = []
    for code, instance, data in entries:
        length = None if minor is None else length_of(code, minor)
        if minor is not None and minor < SINCE.get(code, 0):
            continue
        if code == C_CPU and length == 1016:
            data = compat(data)
        found.append((code, instance, data if length is None else data[:length]))
    return found


def entries(vcpus=2, cr3_pfn=None, pvh=False, minor=None, viridian=None, accum=7):
    """All entries that a hypervisor writes, in its order.

    cr3_pfn: the root of the guest's page tables, on which vCPU 0 runs in long mode; the others, and vCPU 0 without
    it, are in 32-bit mode with paging off. accum None or 0: no CPU_XSAVE.
    """
    found = [] if pvh else domain_entries()
    if pvh:
        found = [item for item in domain_entries() if item[0] not in PC_DEVICES]
    for number in range(vcpus):
        long_mode = cr3_pfn is not None and number == 0
        found += vcpu_entries(number, cpu_long(cr3_pfn) if long_mode else cpu_flat(), accum)
    if not pvh if viridian is None else viridian:
        found += viridian_entries(vcpus)
    found = [item for item in found if accum or item[0] != C_CPU_XSAVE]
    found.sort(key=lambda item: item[:2])
    return [(C_HEADER, 0, header())] + aged(found, minor) + [(C_END, 0, b'')]


def changed(all_entries, code, instance, **members):
    """The entries with members of one of them changed."""
    layout = layouts.ENTRIES[code][1]
    return replaced(all_entries, code, instance, lambda data: layout.put(data, **members)[:len(data)])


def replaced(all_entries, code, instance, make):
    """The entries with the data of one of them replaced by make(data)."""
    return [(one, number, make(data) if (one, number) == (code, instance) else data)
            for one, number, data in all_entries]


def lapic_register(all_entries, number, at, value):
    """The entries with one register of a LAPIC changed."""
    return replaced(all_entries, C_LAPIC_REGS, number,
                    lambda data: data[:at] + struct.pack('<I', value) + data[at + 4:])
