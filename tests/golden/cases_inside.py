"""Faults inside the entries of HVM_CONTEXT, in XSAVE records, and in the values of HVM_PARAMS."""

import struct

import hvm
import xenf
from case import Case, put
from guests import Hvm, Pv
from hvm import C_CPU, C_CPU_MSR, C_CPU_XSAVE, C_HEADER, C_LAPIC, C_MTRR, C_PCI_LINK, C_PIC, C_PIT, C_VIRIDIAN_VCPU
from inside import build_hvm
from inside.memory import xsave_area
from streams import checkpointed, plain
from xenf import HVM_CONTEXT, HVM_PARAMS, X86_PV_VCPU_XSAVE

IMAGE = plain(Hvm(3))
ENTRIES = hvm.context_entries(2, cr3_pfn=4)
PAIRS = hvm.param_list(24, 25, 26, 27, 28)
LONG = 0  # the vCPU in long mode; the other has paging off
FLAT = 1


def with_entries(entries):
    return put(IMAGE, HVM_CONTEXT, hvm.context(entries))


def case(rule, name, entries, **fields):
    return Case('%s-%s' % (rule, name), rule, with_entries(entries), record=IMAGE.number(HVM_CONTEXT), **fields)


def changed(rule, name, code, instance, **members):
    return case(rule, name, build_hvm.changed(ENTRIES, code, instance, **members))


def replaced(code, instance, data):
    return build_hvm.replaced(ENTRIES, code, instance, lambda _: data)


def header_cases():
    return [
        changed('ctx-magic', '1', C_HEADER, 0, magic=0x54381287),
        changed('ctx-version', '2', C_HEADER, 0, version=2),
        changed('ctx-cpuid-host', 'model', C_HEADER, 0, cpuid=0x000206F2),
        changed('ctx-gtsc-vs-tsc', 'faster', C_HEADER, 0, gtsc_khz=2000001),
    ]


def cpu_cases():
    found = []

    def cpu(rule, name, vcpu=LONG, **members):
        found.append(changed(rule, name, C_CPU, vcpu, **members))

    cpu('ctx-cpu-cr0', 'reserved', cr0=0x80050073)
    cpu('ctx-cpu-cr0', 'high', cr0=1 << 32 | 0x80050033)
    cpu('ctx-cpu-cr0', 'no-et', cr0=0x80050023)
    cpu('ctx-cpu-cr0', 'pg-without-pe', FLAT, cr0=0x80000010)
    for name, bit in (('la57', 12), ('smxe', 14), ('reserved', 15), ('high', 32), ('umip', 11), ('vmxe', 13),
                      ('smap', 21), ('pke', 22), ('cet', 23)):
        cpu('ctx-cpu-cr4', name, cr4=0x406A0 | 1 << bit)
    for name, efer in (('unknown', 0xD03), ('high', 1 << 40 | 0xD01), ('lmsle', 0x2D01), ('svme', 0x1D01),
                       ('ffxse', 0x4D01), ('aibrse', 0x200D01), ('no-lme', 0xC01)):
        cpu('ctx-cpu-efer', name, msr_efer=efer)
    cpu('ctx-cpu-efer', 'no-paging', FLAT, msr_efer=0x500)
    cpu('ctx-cpu-debugreg', 'dr6', dr6=1 << 32)
    cpu('ctx-cpu-debugreg', 'dr7', FLAT, dr7=1 << 63)
    cpu('ctx-cpu-tsc-aux', '32', msr_tsc_aux=1 << 32)
    cpu('ctx-cpu-flags', '1', flags=3)
    cpu('ctx-cpu-flags', 'pad', FLAT, pad0=1)
    cpu('ctx-cpu-rflags', 'bit-1', rflags=0x244)
    cpu('ctx-cpu-rflags', 'reserved', FLAT, rflags=0x8002)
    cpu('ctx-cpu-segments', 'cs-data', cs_arbytes=0xA93)
    cpu('ctx-cpu-segments', 'cs-absent', FLAT, cs_arbytes=0xC1B)
    cpu('ctx-cpu-segments', 'cs-long-and-big', cs_arbytes=0xE9B)
    cpu('ctx-cpu-segments', 'ss-code', ss_arbytes=0xC9B)
    cpu('ctx-cpu-segments', 'ss-read-only', FLAT, ss_arbytes=0xC91)
    cpu('ctx-cpu-segments', 'tr-ldt', tr_arbytes=0x82)
    cpu('ctx-cpu-segments', 'tr-16', tr_arbytes=0x83)
    cpu('ctx-cpu-segments', 'tr-absent', FLAT, tr_arbytes=0x0B)
    cpu('ctx-cpu-cr3', 'hole', cr3=13 << 12)
    cpu('ctx-cpu-cr3', 'beyond', cr3=32 << 12)
    cpu('ctx-cpu-cr3', 'far', cr3=0x123456 << 12)
    cpu('ctx-cpu-cr3', 'wide', cr3=1 << 46 | 4 << 12)
    cpu('ctx-cpu-cr3', 'wide-unused', FLAT, cr3=1 << 63)
    remus = checkpointed(Hvm(3))
    last = len(remus.all(HVM_CONTEXT)) - 1
    wrong = hvm.context(build_hvm.changed(ENTRIES, C_CPU, LONG, cr3=13 << 12))
    found.append(Case('ctx-cpu-cr3-checkpoint', 'ctx-cpu-cr3', put(remus, HVM_CONTEXT, wrong, nth=last),
                      record=remus.number(HVM_CONTEXT, last)))
    return found


def xsave(xcr0, accum, area):
    return struct.pack('<QQQ', 7, xcr0, accum) + area


def xsave_cases():
    def area(name, data, rule='ctx-xsave-rules', **fields):
        return case(rule, name, replaced(C_CPU_XSAVE, FLAT, data), **fields)

    reserved = bytearray(xsave_area(7))
    reserved[512 + 63] = 1
    tail = xsave_area(3) + bytes(255) + b'\1'
    return [
        area('enabled', xsave(7, 3, xsave_area(3))),
        area('no-sse', xsave(5, 5, xsave_area(5, 5))),
        area('no-x87', xsave(2, 2, xsave_area(2, 2))),
        area('present', xsave(3, 3, xsave_area(3, 7))),
        area('compacted', xsave(7, 7, xsave_area(7, 7, 1 << 63 | 7))),
        area('reserved', xsave(7, 7, bytes(reserved))),
        area('short', xsave(7, 7, xsave_area(7)[:-8])),
        area('shortest', xsave(7, 7, xsave_area(7)[:576])),
        # A state that this processor does not have, and that the policy does not allow.
        area('bound', xsave(15, 15, xsave_area(15, 15)), also=['cpuid-xstate-consistent']),
        area('1', xsave(3, 3, tail), 'ctx-xsave-long-tail'),
    ]


def pv_xsave_cases():
    """The same in a PV guest's record, which has to be exactly as long as its states need."""
    image = plain(Pv(3))

    def record(name, rule, xcr0, accum, area, **fields):
        blob = struct.pack('<QQ', xcr0, accum) + area
        changed = put(image, X86_PV_VCPU_XSAVE, xenf.vcpu(X86_PV_VCPU_XSAVE, 1, blob), nth=1)
        return Case('%s-%s' % (rule, name), rule, changed, record=image.number(X86_PV_VCPU_XSAVE, 1), **fields)

    reserved = bytearray(xsave_area(3))
    reserved[512 + 16] = 1
    return [
        record('enabled', 'vcpu-xsave-xcr0', 7, 3, xsave_area(3)),
        record('no-sse', 'vcpu-xsave-xcr0', 5, 5, xsave_area(5, 5)),
        record('unused', 'vcpu-xsave-xcr0', 1, 0, b''),
        record('avx', 'vcpu-xsave-bv', 3, 3, xsave_area(3, 7)),
        record('63', 'vcpu-xsave-compacted', 7, 7, xsave_area(7, 7, 1 << 63 | 7)),
        record('first', 'vcpu-xsave-reserved', 3, 3, bytes(reserved)),
        record('short', 'vcpu-xsave-size', 7, 7, xsave_area(7)[:-1]),
        record('long', 'vcpu-xsave-size', 3, 3, xsave_area(3) + bytes(8)),
        record('missing', 'vcpu-xsave-size', 7, 7, b''),
    ]


def msr_cases():
    old = put(plain(Hvm(3)), HVM_CONTEXT, hvm.context(build_hvm.replaced(
        build_hvm.entries(2, 4, minor=17), C_CPU_MSR, 0, lambda _: build_hvm.cpu_msr([(0x6E1, 4)]))))

    def msrs(rule, name, data):
        return case(rule, name, replaced(C_CPU_MSR, 0, data))

    one = build_hvm.cpu_msr()
    return [
        msrs('ctx-msr-count', 'more', struct.pack('<I', 2) + one[4:]),
        msrs('ctx-msr-count', 'huge', struct.pack('<I', 0x10000001) + one[4:]),
        msrs('ctx-msr-count', 'none', struct.pack('<I', 0) + one[4:]),
        msrs('ctx-msr-count', 'reserved', one[:12] + b'\1\0\0\0' + one[16:]),
        msrs('ctx-msr-known', 'efer', build_hvm.cpu_msr([(0x140, 1), (0xC0000080, 0x501)])),
        msrs('ctx-msr-known', 'policy', build_hvm.cpu_msr([(0x10A, 1)])),
        Case('ctx-msr-known-target', 'ctx-msr-known', old, options=['--for-xen', '4.17']),
    ]


def device_cases():
    found = []

    def device(rule, name, code, instance=0, **members):
        found.append(changed(rule, name, code, instance, **members))

    device('ctx-lapic-mode', '1', C_LAPIC, 1, apic_base_msr=0xFEE00400)
    x2apic = build_hvm.changed(ENTRIES, C_LAPIC, 1, apic_base_msr=0xFEE00C00)
    x2apic = build_hvm.lapic_register(x2apic, 1, 0x20, 2)
    found.append(case('ctx-lapic-ldr', 'one', build_hvm.lapic_register(x2apic, 1, 0xD0, 1)))
    found.append(case('ctx-lapic-ldr', 'vcpu', build_hvm.lapic_register(x2apic, 1, 0xD0, 2)))
    device('ctx-pic-state', 'output', C_PIC, int_output=2)
    device('ctx-pic-state', 'slave', C_PIC, 0, flags=0)
    device('ctx-pic-state', 'master', C_PIC, 1, flags=0x40)
    device('ctx-pic-state', 'initialising', C_PIC, 0, init_state=1, int_output=1)
    device('ctx-pic-state', 'elcr-timer', C_PIC, 0, elcr=0x21)
    device('ctx-pic-state', 'elcr-fpu', C_PIC, 1, elcr=0x20)
    for name, value in (('count', 65537), ('count_latched', 5), ('read_state', 5), ('write_state', 5), ('rw_mode', 4),
                        ('bcd', 2), ('gate', 2)):
        device('ctx-pit-state', name, C_PIT, **{'channels[2].' + name: value})
    device('ctx-pit-state', 'gate-0', C_PIT, **{'channels[0].gate': 0})
    device('ctx-pit-state', 'gate-1', C_PIT, **{'channels[1].gate': 0})
    device('ctx-pit-state', 'speaker', C_PIT, speaker_data_on=2)
    device('ctx-pit-state', 'pad', C_PIT, pad0=1)
    device('ctx-pcilink-range', 'route', C_PCI_LINK, **{'route[3]': 16})
    device('ctx-pcilink-range', 'pad', C_PCI_LINK, pad0=b'\0\0\0\1')
    device('ctx-mtrr-vcnt', '9', C_MTRR, msr_mtrr_cap=0x509)
    device('ctx-mtrr-clones', '8', C_MTRR, 1, msr_mtrr_var=[0xF0000000, 0x3FFFF0000800] * 8)
    device('ctx-viridian-pad', '1', C_VIRIDIAN_VCPU, 1, _pad=b'\0\0\0\0\0\0\1')
    plainly = hvm.context_entries(2, viridian=False, cr3_pfn=4)
    found.append(case('ctx-viridian-param', 'no-entries', plainly))
    off = [(index, value) for index, value in PAIRS if index != hvm.P_VIRIDIAN]
    found.append(Case('ctx-viridian-param-off', 'ctx-viridian-param', put(IMAGE, HVM_PARAMS, hvm.params(off)),
                      record=IMAGE.number(HVM_CONTEXT)))
    return found


def param_cases():
    number = IMAGE.number(HVM_PARAMS)

    def param(rule, name, index, value):
        pairs = [(other, old) for other, old in PAIRS if other != index] + [(index, value)]
        return Case('%s-%s' % (rule, name), rule, put(IMAGE, HVM_PARAMS, hvm.params(pairs)), record=number)

    return [
        param('param-pae', '1', hvm.P_PAE, 1),
        param('param-vm86-tss', 'far', hvm.P_OLD_TSS, 1 << 32),
        param('param-vm86-tss', 'small', hvm.P_VM86_TSS, 103 << 32 | 0x1000),
        param('param-vm86-tss', 'none', hvm.P_VM86_TSS, 0x1000),
        param('param-viridian-mask', 'no-base', hvm.P_VIRIDIAN, 0x1E),
        param('param-viridian-mask', 'unknown', hvm.P_VIRIDIAN, 1 << 13 | 1),
        param('param-viridian-mask', 'high', hvm.P_VIRIDIAN, 1 << 63 | 1),
        param('param-x87', '2', hvm.P_X87, 2),
        param('param-x87', 'high', hvm.P_X87, 1 << 32 | 8),
        param('param-nr-ioreq', '0', hvm.P_NR_IOREQ_SERVER, 0),
        param('param-nr-ioreq', '65', hvm.P_NR_IOREQ_SERVER, 65),
        param('param-mca-cap', '2', hvm.P_MCA_CAP, 2),
        param('param-index-known', 'hole', 3, 1),
        param('param-ring-pfn', 'paging', 27, 13),
        param('param-ring-pfn', 'monitor', 28, 32),
        param('param-ring-pfn', 'sharing', 29, 0xFEFFA),
    ]


def cases():
    return (header_cases() + cpu_cases() + xsave_cases() + pv_xsave_cases() + msr_cases() + device_cases() +
            param_cases())
