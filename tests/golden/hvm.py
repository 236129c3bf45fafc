"""HVM_CONTEXT and HVM_PARAMS of an image; what the entries hold is made by inside/build_hvm.py."""

import struct

from inside import build_hvm
from inside.build_hvm import (C_CPU, C_CPU_MSR, C_CPU_XSAVE, C_END, C_HEADER, C_HPET, C_IOAPIC, C_ISA_IRQ, C_LAPIC,
                              C_LAPIC_REGS, C_MTRR, C_PCI_IRQ, C_PCI_LINK, C_PIC, C_PIT, C_PMTIMER, C_RTC,
                              C_TSC_ADJUST, C_VIRIDIAN_DOMAIN, C_VIRIDIAN_VCPU, C_VMCE_VCPU)
from xenf import HVM_CONTEXT, HVM_PARAMS, Record

PVH_LACKS = build_hvm.PC_DEVICES
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
    return (C_HEADER, 0, build_hvm.header(khz=khz, magic=magic, version=version))


def cpu_state(size=1032):
    """A vCPU in 32-bit mode with paging off."""
    return build_hvm.cpu_flat()[:size]


def context_entries(vcpus=2, pvh=False, old=False, viridian=True, accum=7, cr3_pfn=None):
    """All entries that a hypervisor writes, in its order. old: sizes as of Xen 4.13."""
    return build_hvm.entries(vcpus, cr3_pfn, pvh, 13 if old else None, viridian, accum)


def params(pairs, count=None, res=0, tail=b''):
    """pairs: (index, value) each."""
    body = b''.join(struct.pack('<QQ', index, value) for index, value in pairs)
    return Record(HVM_PARAMS, struct.pack('<II', len(pairs) if count is None else count, res) + body + tail)


def param_list(store, console, ioreq=None, bufioreq=None, server=None, viridian=True):
    """The parameters in Xen's order; server: the first of two pages of ioreq servers."""
    pairs = [(P_STORE, store), (P_IOREQ, ioreq), (P_BUFIOREQ, bufioreq), (P_VM86_TSS, 0x80 << 32 | 0x1000),
             (P_CONSOLE, console), (P_ACPI_IOPORTS, 1), (P_VIRIDIAN, 0x1F if viridian else None),
             (P_GENERATION_ID, 0xFC00F000), (P_IOREQ_SERVER, server),
             (P_NR_IOREQ_SERVER, None if server is None else 2), (P_X87, 8), (P_MCA_CAP, 1)]
    return [(index, value) for index, value in pairs if value is not None]


__all__ = ['C_CPU', 'C_CPU_MSR', 'C_CPU_XSAVE', 'C_END', 'C_HEADER', 'C_HPET', 'C_IOAPIC', 'C_ISA_IRQ', 'C_LAPIC',
           'C_LAPIC_REGS', 'C_MTRR', 'C_PCI_IRQ', 'C_PCI_LINK', 'C_PIC', 'C_PIT', 'C_PMTIMER', 'C_RTC',
           'C_TSC_ADJUST', 'C_VIRIDIAN_DOMAIN', 'C_VIRIDIAN_VCPU', 'C_VMCE_VCPU', 'PER_VCPU', 'PVH_LACKS', 'context',
           'context_entries', 'cpu_state', 'header', 'param_list', 'params']
