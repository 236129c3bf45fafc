"""HVM_CONTEXT and HVM_PARAMS of an image, entry by entry."""

import struct

from xenf import HVM_CONTEXT, HVM_PARAMS, Record, xsave_area

# Entry types of HVM_CONTEXT.
C_END, C_HEADER, C_CPU, C_PIC, C_IOAPIC, C_LAPIC, C_LAPIC_REGS, C_PCI_IRQ, C_ISA_IRQ, C_PCI_LINK = range(10)
C_PIT, C_RTC, C_HPET, C_PMTIMER, C_MTRR, C_VIRIDIAN_DOMAIN, C_CPU_XSAVE = range(10, 17)
C_VIRIDIAN_VCPU, C_VMCE_VCPU, C_TSC_ADJUST, C_CPU_MSR = range(17, 21)

PVH_LACKS = {C_PIC, C_IOAPIC, C_PIT, C_RTC, C_HPET, C_PMTIMER}
PER_VCPU = {C_CPU, C_LAPIC, C_LAPIC_REGS, C_MTRR, C_CPU_XSAVE, C_VIRIDIAN_VCPU, C_VMCE_VCPU, C_TSC_ADJUST, C_CPU_MSR}

# Parameters by index.
P_STORE, P_IOREQ, P_BUFIOREQ, P_VIRIDIAN, P_IDENT_PT, P_CONSOLE, P_ACPI_IOPORTS = 1, 5, 6, 9, 12, 17, 19
P_IOREQ_SERVER, P_NR_IOREQ_SERVER, P_GENERATION_ID, P_X87, P_VM86_TSS, P_MCA_CAP = 32, 33, 34, 36, 37, 38
P_PAE, P_OLD_TSS = 4, 15


def context(entries, tail=b''):
    """entries: (typecode, instance, data) or (typecode, instance, data, length that the descriptor says)."""
    parts = []
    for code, instance, data, *length in entries:
        parts.append(struct.pack('<HHI', code, instance, length[0] if length else len(data)) + data)
    return Record(HVM_CONTEXT, b''.join(parts) + tail)


def header(magic=0x54381286, version=1, khz=2000000):
    return (C_HEADER, 0, struct.pack('<IIQII', magic, version, (1 << 64) - 1, 0x000306F2, khz))


def cpu_state(size=1032):
    """A vCPU in 32-bit mode with paging off, as simple as the hypervisor accepts."""
    data = bytearray(1032)
    struct.pack_into('<H', data, 0, 0x37F)
    struct.pack_into('<I', data, 24, 0x1F80)
    struct.pack_into('<QQ', data, 0x280, 0x1000, 2)  # rip, rflags
    struct.pack_into('<Q', data, 0x290, 0x11)  # cr0: PE, ET
    struct.pack_into('<QQ', data, 0x2D0, 0xFFFF0FF0, 0x400)  # dr6, dr7
    struct.pack_into('<6I', data, 0x300, *[0xFFFFFFFF] * 6)  # limits
    struct.pack_into('<8I', data, 0x378, 0xC9B, 0xC93, 0xC93, 0xC93, 0xC93, 0xC93, 0x8B, 0x82)  # attributes
    struct.pack_into('<I', data, 0x400, 1)  # FPU initialised
    return bytes(data[:size])


def ioapic():
    return struct.pack('<QII48Q', 0xFEC00000, 0, 0, *[1 << 16] * 48)


def pit():
    channel = struct.pack('<IH10B', 65536, 0, 0, 0, 0, 1, 1, 0, 3, 2, 0, 1)
    return channel * 3 + bytes(8)


def mtrr():
    return struct.pack('<Q16Q11QQQ', 0x0007040600070406, *[0] * 16, *[0x0606060606060606] * 11, 0x508, 0xC06)


def platform(pvh=False, rtc_size=24):
    """The entries of the domain that stand between CPU and MTRR, without the LAPICs, and what PVH guests lack."""
    entries = [(C_PIC, 0, bytes([0, 0xFF, 0, 0x20, 0, 0x40, 0, 0])), (C_PIC, 1, bytes([0, 0xFF, 0, 0x28, 0, 0, 0, 0])),
               (C_IOAPIC, 0, ioapic()), (C_PCI_IRQ, 0, bytes(16)), (C_ISA_IRQ, 0, bytes(8)),
               (C_PCI_LINK, 0, bytes([5, 10, 11, 5, 0, 0, 0, 0])), (C_PIT, 0, pit()),
               (C_RTC, 0, bytes(rtc_size)), (C_HPET, 0, bytes(1048)), (C_PMTIMER, 0, bytes(8))]
    return [item for item in entries if not (pvh and item[0] in PVH_LACKS)]


def context_entries(vcpus=2, pvh=False, old=False, viridian=True, accum=7):
    """All entries that a hypervisor writes, in its order. old: sizes as of Xen 4.13."""
    devices = platform(pvh, 16 if old else 24)
    lapic = struct.pack('<QIIQ', 0xFEE00800, 0, 0, 0) + (b'' if old else bytes(8))
    entries = [header()]
    entries += [(C_CPU, number, cpu_state()) for number in range(vcpus)]
    entries += [item for item in devices if item[0] < C_LAPIC]
    entries += [(C_LAPIC, number, lapic) for number in range(vcpus)]
    entries += [(C_LAPIC_REGS, number, bytes(0x20) + struct.pack('<I', 2 * number << 24) + bytes(1024 - 0x24))
                for number in range(vcpus)]
    entries += [item for item in devices if item[0] > C_LAPIC]
    entries += [(C_MTRR, number, mtrr()) for number in range(vcpus)]
    if viridian:
        entries.append((C_VIRIDIAN_DOMAIN, 0, bytes(32)))
    entries += [(C_CPU_XSAVE, number, struct.pack('<QQQ', accum, accum, accum) + xsave_area(accum, 832))
                for number in range(vcpus)]
    if viridian:
        entries += [(C_VIRIDIAN_VCPU, number, bytes(216)) for number in range(vcpus)]
    entries += [(C_VMCE_VCPU, number, bytes(32)) for number in range(vcpus)]
    entries += [(C_TSC_ADJUST, number, bytes(8)) for number in range(vcpus)]
    entries += [(C_CPU_MSR, number, struct.pack('<IIIIQ', 1, 0, 0x140, 0, 1)) for number in range(vcpus)]
    entries.append((C_END, 0, b''))
    return entries


def params(pairs, count=None, res=0, tail=b''):
    """pairs: (index, value) each."""
    body = b''.join(struct.pack('<QQ', index, value) for index, value in pairs)
    return Record(HVM_PARAMS, struct.pack('<II', len(pairs) if count is None else count, res) + body + tail)


def param_list(store, console, ioreq=None, bufioreq=None, server=None, viridian=True):
    """The parameters in Xen's order; server: the first of two pages of ioreq servers."""
    pairs = [(P_STORE, store), (P_IOREQ, ioreq), (P_BUFIOREQ, bufioreq), (P_VM86_TSS, 0x80 << 32 | 0x1000),
             (P_CONSOLE, console), (P_ACPI_IOPORTS, 1), (P_VIRIDIAN, 0x1F if viridian else None),
             (P_GENERATION_ID, 0xFC00F000), (P_IOREQ_SERVER, server),
             (P_NR_IOREQ_SERVER, None if server is None else 2), (P_X87, 8), (P_MCA_CAP, 1 << 27)]
    return [(index, value) for index, value in pairs if value is not None]
