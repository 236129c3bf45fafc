"""Faults of HVM_CONTEXT, HVM_PARAMS and X86_TSC_INFO, and of the order of what follows the memory."""

import struct

import hvm
import xenf
from case import Case, before, behind, put, without
from guests import Hvm, Pv, passes_of
from hvm import C_CPU, C_CPU_MSR, C_CPU_XSAVE, C_END, C_HEADER, C_HPET, C_IOAPIC, C_ISA_IRQ, C_LAPIC, C_MTRR, C_PCI_IRQ
from hvm import C_PCI_LINK, C_PIC, C_PIT, C_RTC, PER_VCPU
from inside import build_hvm
from streams import checkpointed, plain
from xenf import HVM_CONTEXT, HVM_PARAMS, X86_TSC_INFO, XTAB, Record

GUEST = Hvm(3)
IMAGE = plain(GUEST)
ENTRIES = hvm.context_entries(2)
CONTEXT = IMAGE.number(HVM_CONTEXT)


def context_case(name, rule, entries, base=IMAGE, tail=b'', **fields):
    return Case(name, rule, put(base, HVM_CONTEXT, hvm.context(entries, tail)), record=base.number(HVM_CONTEXT),
                **fields)


def resized(code, size, entries=None):
    """The entries with all of that type cut or made longer."""
    return [(item[0], item[1], (item[2] + bytes(size))[:size]) if item[0] == code else item
            for item in (ENTRIES if entries is None else entries)]


def lacking(*codes, instance=None):
    return [item for item in ENTRIES if item[0] not in codes or (instance is not None and item[1] != instance)]


def with_entry(item, behind_code):
    """The entry behind the last one of that type."""
    at = max(index for index, other in enumerate(ENTRIES) if other[0] == behind_code) + 1
    return ENTRIES[:at] + [item] + ENTRIES[at:]


def shape_cases():
    remus = checkpointed(GUEST)
    octets = hvm.context(ENTRIES).body
    return [
        Case('ctx-missing', 'ctx-missing', without(IMAGE, HVM_CONTEXT)),
        Case('ctx-missing-checkpoint', 'ctx-missing', without(remus, HVM_CONTEXT)),
        Case('ctx-empty', 'ctx-empty', put(IMAGE, HVM_CONTEXT, Record(HVM_CONTEXT)), record=CONTEXT),
        Case('ctx-duplicate', 'ctx-duplicate', behind(IMAGE, HVM_CONTEXT, GUEST.context()), record=CONTEXT + 1),
        Case('ctx-duplicate-checkpoint', 'ctx-duplicate', behind(remus, HVM_CONTEXT, GUEST.context(), nth=1),
             record=remus.number(HVM_CONTEXT, 1) + 1),
        context_case('ctx-framing', 'ctx-framing', ENTRIES[:-1] + [(C_END, 0, b'', 16)], may=['ctx-end', 'ctx-size']),
        context_case('ctx-framing-data', 'ctx-framing', ENTRIES[:-2] + [(C_CPU_MSR, 1, ENTRIES[-2][2], 1 << 20)],
                     may=['ctx-end']),
        Case('ctx-framing-huge', 'ctx-framing',
             put(IMAGE, HVM_CONTEXT, Record(HVM_CONTEXT, octets[:32] + b'\2\0\0\0\xff\xff\xff\xff' + octets[40:])),
             may=['ctx-end', 'ctx-cpu-none', 'ctx-devices-uniform', 'ctx-cpu-set'], record=CONTEXT),
        Case('ctx-framing-descriptor', 'ctx-framing',
             put(IMAGE, HVM_CONTEXT, Record(HVM_CONTEXT, octets[:-4])), may=['ctx-end'], record=CONTEXT),
        context_case('ctx-header-first', 'ctx-header-first', lacking(C_HEADER)),
        context_case('ctx-header-first-second', 'ctx-header-first', [ENTRIES[1], ENTRIES[0], *ENTRIES[2:]]),
        context_case('ctx-header-first-size', 'ctx-header-first', resized(C_HEADER, 32), may=['ctx-size']),
        context_case('ctx-end', 'ctx-end', lacking(C_END)),
        context_case('ctx-trailing', 'ctx-trailing', ENTRIES, tail=bytes(8)),
        context_case('ctx-trailing-entry', 'ctx-trailing', ENTRIES + [(C_MTRR, 0, build_hvm.mtrr())]),
        context_case('ctx-type-unknown', 'ctx-type-unknown', with_entry((21, 0, bytes(8)), C_CPU_MSR)),
        context_case('ctx-type-unknown-high', 'ctx-type-unknown', with_entry((0xFFFF, 0, b''), C_CPU_MSR)),
    ]


def entry_cases():
    exact = {C_PIC: 8, C_IOAPIC: 400, hvm.C_LAPIC_REGS: 1024, C_PCI_IRQ: 16, C_ISA_IRQ: 8, C_PCI_LINK: 8, C_PIT: 56,
             C_HPET: 1048, hvm.C_PMTIMER: 8, C_MTRR: 240, hvm.C_TSC_ADJUST: 8}
    most = {C_CPU: 1032, C_LAPIC: 32, C_RTC: 24, hvm.C_VIRIDIAN_DOMAIN: 32, hvm.C_VIRIDIAN_VCPU: 216,
            hvm.C_VMCE_VCPU: 32}
    found = [context_case('ctx-size-%d-long' % code, 'ctx-size', resized(code, size + 8))
             for code, size in (exact | most).items()]
    found += [context_case('ctx-size-%d-short' % code, 'ctx-size', resized(code, size - 8))
              for code, size in exact.items()]
    old = plain(Hvm(2))
    old_entries = hvm.context_entries(2, old=True)
    modern, target = {C_LAPIC: 32, C_RTC: 24}, '4.13'
    for code, size in modern.items():
        found.append(context_case('ctx-size-target-%d' % code, 'ctx-size-target',
                                  [item if item[0] != code else (code, item[1], item[2] + bytes(8))
                                   for item in old_entries], base=old, options=['--for-xen', target]))
    found.append(context_case('ctx-size-target-viridian', 'ctx-size-target', old_entries, base=old,
                              options=['--for-xen', '4.12']))
    zero_msr = struct.pack('<II', 0, 0)
    return found + [
        context_case('ctx-size-xsave-short', 'ctx-size', resized(C_CPU_XSAVE, 592)),
        context_case('ctx-size-msr-odd', 'ctx-size', resized(C_CPU_MSR, 32)),
        context_case('ctx-size-msr-none', 'ctx-size', [(C_CPU_MSR, item[1], zero_msr) if item[0] == C_CPU_MSR else item
                                                       for item in ENTRIES]),
        context_case('ctx-instance-pic', 'ctx-instance', with_entry((C_PIC, 2, bytes(8)), C_PIC)),
        context_case('ctx-instance-ioapic', 'ctx-instance', with_entry((C_IOAPIC, 1, build_hvm.ioapic()), C_IOAPIC)),
        # A vCPU that can not be has none of the other entries either.
        context_case('ctx-instance-vcpu', 'ctx-instance', with_entry((C_CPU, 8192, hvm.cpu_state()), C_CPU),
                     may=['ctx-cpu-set']),
        context_case('ctx-dup-entry', 'ctx-dup-entry', with_entry(next(i for i in ENTRIES if i[0] == C_MTRR), C_MTRR)),
        context_case('ctx-dup-entry-cpu', 'ctx-dup-entry', with_entry(ENTRIES[1], C_CPU)),
        context_case('ctx-irq-order', 'ctx-irq-order', swapped(C_PCI_IRQ, C_ISA_IRQ)),
        context_case('ctx-irq-order-link', 'ctx-irq-order', swapped(C_ISA_IRQ, C_PCI_LINK)),
        context_case('ctx-cpu-none', 'ctx-cpu-none', lacking(*PER_VCPU)),
        context_case('ctx-cpu-set-mtrr', 'ctx-cpu-set', lacking(C_MTRR, instance=1)),
        context_case('ctx-cpu-set-lapic', 'ctx-cpu-set', lacking(C_LAPIC, instance=1)),
        context_case('ctx-devices-uniform', 'ctx-devices-uniform', lacking(C_HPET)),
        context_case('ctx-devices-uniform-pic', 'ctx-devices-uniform', lacking(C_PIC)),
        context_case('ctx-devices-uniform-one', 'ctx-devices-uniform', lacking(C_PIC, C_IOAPIC, C_PIT, C_RTC, C_HPET)),
    ]


def swapped(one, two):
    first = next(at for at, item in enumerate(ENTRIES) if item[0] == one)
    second = next(at for at, item in enumerate(ENTRIES) if item[0] == two)
    changed = list(ENTRIES)
    changed[first], changed[second] = changed[second], changed[first]
    return changed


def param_cases():
    pairs = hvm.param_list(24, 25, 26, 27, 28)
    number = IMAGE.number(HVM_PARAMS)
    remus = checkpointed(GUEST)

    def params(name, rule, changed, **fields):
        return Case(name, rule, put(IMAGE, HVM_PARAMS, changed), **fields)

    def moved(index, pfn):
        return hvm.params([(other, pfn if other == index else value) for other, value in pairs])

    found = [
        params('param-short', 'param-short', Record(HVM_PARAMS, b'\0\0\0\0'), record=number),
        params('param-length-long', 'param-length', hvm.params(pairs, tail=bytes(8)), record=number),
        params('param-length-count', 'param-length', hvm.params(pairs, count=len(pairs) + 1), record=number),
        params('param-length-huge', 'param-length', hvm.params(pairs, count=0x10000000 + len(pairs)), record=number),
        params('param-reserved', 'param-reserved', hvm.params(pairs, res=1), record=number),
        params('param-empty', 'param-empty', hvm.params([]), record=number),
        Case('param-missing', 'param-missing', without(IMAGE, HVM_PARAMS)),
        params('param-duplicate', 'param-duplicate', hvm.params(pairs + [(17, 25)]), record=number),
        Case('param-duplicate-record', 'param-duplicate-record', behind(IMAGE, HVM_PARAMS, GUEST.params()),
             record=number + 1),
        Case('param-duplicate-record-checkpoint', 'param-duplicate-record',
             behind(remus, HVM_PARAMS, GUEST.params(), nth=2), record=remus.number(HVM_PARAMS, 2) + 1),
        params('param-index-known', 'param-index-known', hvm.params(pairs + [(39, 1)]), record=number),
        params('param-index-known-huge', 'param-index-known', hvm.params(pairs + [(1 << 40, 1)]), record=number),
        params('param-index-known-deprecated', 'param-index-known', hvm.params(pairs + [(24, 1)]), record=number),
        params('param-store-backed', 'param-store-backed', moved(hvm.P_STORE, 13)),
        params('param-store-backed-far', 'param-store-backed', moved(hvm.P_STORE, 0xFEFFC)),
        params('param-store-backed-huge', 'param-store-backed', moved(hvm.P_STORE, (1 << 64) - 1)),
        params('param-console-backed', 'param-console-backed', moved(hvm.P_CONSOLE, 13)),
        params('param-ioreq-backed', 'param-ioreq-backed', moved(hvm.P_IOREQ, 13)),
        params('param-ioreq-backed-buffered', 'param-ioreq-backed', moved(hvm.P_BUFIOREQ, 1 << 40)),
    ]
    hole = dict(GUEST.memory)
    hole[24] = (XTAB, None)
    late = put(IMAGE, xenf.PAGE_DATA, *passes_of(hole, range(32)))
    late = behind(late.move(late.find(HVM_PARAMS), late.find(X86_TSC_INFO)), HVM_PARAMS, *passes_of(GUEST.memory, [24]))
    # HVM_PARAMS before memory is a record of the tail before memory.
    found.append(Case('param-before-pages', 'param-before-pages', late, also=['tail-before-memory']))
    found.append(Case('param-after-context', 'param-after-context',
                      IMAGE.swap(IMAGE.find(HVM_CONTEXT), IMAGE.find(HVM_PARAMS))))
    return found


def tail_cases():
    pv = plain(Pv(3))
    number = IMAGE.number(X86_TSC_INFO)
    remus, no_tsc = checkpointed(GUEST), without(checkpointed(Pv(2)), X86_TSC_INFO)
    early = IMAGE.move(IMAGE.find(X86_TSC_INFO), IMAGE.find(xenf.PAGE_DATA))
    early_info = pv.move(pv.find(xenf.SHARED_INFO), pv.find(xenf.PAGE_DATA))

    def tsc(name, rule, changed, **fields):
        return Case(name, rule, put(IMAGE, X86_TSC_INFO, changed), record=number, **fields)

    return [
        Case('tsc-missing', 'tsc-missing', without(IMAGE, X86_TSC_INFO)),
        Case('tsc-missing-checkpoint', 'tsc-missing', no_tsc),
        tsc('tsc-size', 'tsc-size', Record(X86_TSC_INFO, bytes(16))),
        tsc('tsc-size-long', 'tsc-size', Record(X86_TSC_INFO, xenf.tsc_info().body + bytes(8))),
        tsc('tsc-reserved', 'tsc-reserved', xenf.tsc_info(res=1)),
        tsc('tsc-mode', 'tsc-mode', xenf.tsc_info(mode=4)),
        tsc('tsc-mode-pvrdtscp', 'tsc-mode', xenf.tsc_info(mode=3)),
        tsc('tsc-khz-low', 'tsc-khz', xenf.tsc_info(khz=99999)),
        tsc('tsc-khz-high', 'tsc-khz', xenf.tsc_info(khz=10000001)),
        tsc('tsc-khz-zero', 'tsc-khz', xenf.tsc_info(khz=0)),
        Case('tsc-duplicate', 'tsc-duplicate', behind(IMAGE, X86_TSC_INFO, xenf.tsc_info()), record=number + 1),
        Case('tsc-duplicate-checkpoint', 'tsc-duplicate', behind(remus, X86_TSC_INFO, xenf.tsc_info(), nth=2),
             record=remus.number(X86_TSC_INFO, 2) + 1),
        Case('tail-before-memory', 'tail-before-memory', early),
        Case('tail-before-memory-pv', 'tail-before-memory', early_info),
        Case('tail-before-memory-short', 'tail-before-memory',
             before(pv, xenf.PAGE_DATA, xenf.Record(xenf.X86_PV_VCPU_MSRS)), also=['vcpu-hdr-short']),
        Case('tail-interleaved', 'tail-interleaved',
             IMAGE.swap(IMAGE.find(X86_TSC_INFO), IMAGE.find(HVM_CONTEXT))),
        Case('tail-interleaved-pv', 'tail-interleaved',
             pv.move(pv.find(xenf.X86_PV_VCPU_BASIC, 1), pv.find(xenf.X86_PV_VCPU_BASIC))),
    ]


def cases():
    return shape_cases() + entry_cases() + param_cases() + tail_cases()
