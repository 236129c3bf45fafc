"""What lies just inside the rules: legal sizes, any order of independent records, optional records anywhere.

No error and no warning may be found in any of these.
"""

import itertools
import random
import struct

import cases_tables
import hvm
import policy
import wrap
import xenf
from case import Case, before, put
from guests import Hvm, Pv, passes_of
from hvm import C_CPU, C_LAPIC, C_RTC, C_VIRIDIAN_DOMAIN, C_VIRIDIAN_VCPU, C_VMCE_VCPU
from inside import build_hvm, build_pv
from inside.memory import xsave_area
from streams import checkpointed, plain
from xenf import NOTAB, PAGE, PAGE_DATA, PIN, X86_TSC_INFO, XTAB, Record, filled

OPTIONAL = 0x80000001


def good(name, source, **fields):
    return Case('accepted-' + name, set(), source, **fields)


def shortened(data, length):
    return build_hvm.compat(data) if length == 1016 else data[:length]


def sizes():
    pv, image = plain(Pv(3)), plain(Hvm(3))
    ext, xsave, msrs = xenf.X86_PV_VCPU_EXTENDED, xenf.X86_PV_VCPU_XSAVE, xenf.X86_PV_VCPU_MSRS
    found = [good('extended-%d' % size, put(pv, ext, xenf.extended(1, size), nth=1)) for size in (32, 40, 55, 56, 64)]
    found += [good('xsave-%d' % accum, put(pv, xsave, xenf.vcpu(xsave, 1, build_pv.xsave(accum)), nth=1))
              for accum in (1, 3, 7)]
    known = (0x48, 0x140, 0xC0000103, 0xC0011027, 0xC0011019, 0xC001101A, 0xC001101B)
    found.append(good('msrs-7', put(pv, msrs, xenf.pv_msrs(1, [(index, 1) for index in known]), nth=1)))
    shorter = {C_CPU: (1016, 1024), C_LAPIC: (24,), C_RTC: (16,), C_VIRIDIAN_DOMAIN: (16, 24),
               C_VIRIDIAN_VCPU: (8, 16), C_VMCE_VCPU: (24,)}
    entries = hvm.context_entries(2)
    for code, lengths in shorter.items():
        for length in lengths:
            cut = [(item[0], item[1], shortened(item[2], length)) if item[0] == code else item for item in entries]
            found.append(good('context-%d-%d' % (code, length), put(image, xenf.HVM_CONTEXT, hvm.context(cut))))
    down = [item for item in entries if item[:2] != (C_CPU, 1)]
    found.append(good('context-no-msr', put(image, xenf.HVM_CONTEXT, hvm.context(
        [item for item in entries if item[0] != hvm.C_CPU_MSR]))))
    # A vCPU that is down has no registers, but all the other entries.
    found.append(good('context-vcpu-down', put(image, xenf.HVM_CONTEXT, hvm.context(down)), may=['ctx-cpu-set']))
    for number, record in (('mode-1', xenf.tsc_info(mode=1)), ('mode-2', xenf.tsc_info(mode=2, khz=0, nsec=0))):
        found.append(good('tsc-' + number, put(image, X86_TSC_INFO, record)))
    for khz in (100000, 10000000):
        context = hvm.context(build_hvm.changed(entries, hvm.C_HEADER, 0, gtsc_khz=khz))
        found.append(good('tsc-khz-%d' % khz, put(put(image, X86_TSC_INFO, xenf.tsc_info(khz=khz)), xenf.HVM_CONTEXT,
                                                  context)))
    old = put(plain(Hvm(2, minor=11)), X86_TSC_INFO, xenf.tsc_info(mode=3))
    old = put(old, xenf.HVM_CONTEXT, hvm.context(build_hvm.entries(2, minor=11)))
    found.append(good('tsc-mode-3', old, options=['--for-xen', '4.11']))
    found += [good('minor-%d' % minor, image.with_dhdr(minor=minor)) for minor in range(14, 25)]
    found += [good('minor-%d-v2' % minor, plain(Hvm(2, minor=minor))) for minor in (0, 5, 6, 9, 10, 13)]
    found += [good('optional-%d' % length, before(image, X86_TSC_INFO, Record(OPTIONAL, b'\xfe' * length)))
              for length in range(9)]
    leaf = policy.plain_leaves()
    most = leaf + [(0xD, sub, 0, 0, 0, 0) for sub in range(3, 63)] + [(4, 4, 0, 0, 0, 0), (4, 5, 0, 0, 0, 0)]
    most += [(7, 1, 0, 0, 0, 0), (7, 2, 0, 0, 0, 0)]
    most += [(0x80000000 + sub, policy.NONE, 0, 0, 0, 0) for sub in range(9, 0x22)]
    found.append(good('cpuid-120', put(image, xenf.X86_CPUID_POLICY, policy.cpuid_policy(most))))
    return found


def insides():
    """Entries of HVM_CONTEXT and parameters at the edges of what the rules allow."""
    image = plain(Hvm(3))
    entries = hvm.context_entries(2, cr3_pfn=4)

    def context(name, changed):
        return good('inside-' + name, put(image, xenf.HVM_CONTEXT, hvm.context(changed)))

    def cpu(name, vcpu, **members):
        return context(name, build_hvm.changed(entries, C_CPU, vcpu, **members))

    def xsave(name, accum, area):
        data = struct.pack('<QQQ', 7, accum, accum) + area
        return context(name, build_hvm.replaced(entries, hvm.C_CPU_XSAVE, 1, lambda _: data))

    x2apic = build_hvm.changed(entries, C_LAPIC, 1, apic_base_msr=0xFEE00C00)
    x2apic = build_hvm.lapic_register(build_hvm.lapic_register(x2apic, 1, 0x20, 34), 1, 0xD0, 0x20004)
    msrs = [(index, 1) for index in (0x48, 0x140, 0x6E1, 0xD90, 0xDA0, 0xC001011F, 0xC0011027, 0xC001101B)]
    rings = hvm.param_list(24, 25, 26, 27, 28) + [(27, 29), (28, 24), (29, 29)]
    return [
        context('stepping', build_hvm.changed(entries, hvm.C_HEADER, 0, cpuid=0x000306F1)),
        cpu('old-attributes', 0, cs_arbytes=0xA09B, ss_arbytes=0xC093),
        cpu('no-ss', 0, ss_arbytes=0x10000),
        cpu('v8086', 1, rflags=0x20002, cs_arbytes=0xF3, tr_arbytes=0x82),
        cpu('no-paging', 1, cr3=13 << 12),
        cpu('rflags', 0, rflags=0x3F7FD7),
        context('real-mode', build_hvm.replaced(entries, C_CPU, 1, lambda _: build_hvm.cpu_real())),
        context('x2apic', x2apic),
        context('msrs', build_hvm.replaced(entries, hvm.C_CPU_MSR, 0, lambda _: build_hvm.cpu_msr(msrs))),
        xsave('long-tail', 3, xsave_area(3) + bytes(256)),
        xsave('x87', 1, xsave_area(1)),
        xsave('never-used', 0, bytes(576)),
        good('inside-rings', put(image, xenf.HVM_PARAMS, hvm.params(rings))),
    ]


def memory():
    guest, pv = Hvm(3), Pv(3)
    image = plain(guest)
    single = [xenf.page_data([(pfn, *guest.memory[pfn])]) for pfn in range(guest.top + 1)]
    full = Hvm(3, top=2047, special=2040)
    for pfn in range(1024):
        full.memory[pfn] = (NOTAB, filled(pfn))
    pinned = Pv(3)
    for level in (1, 2, 3, 4):
        pinned.memory[20 + level] = (PIN | level, bytes(PAGE))
    back = {5: (XTAB, None)}
    return [
        good('one-page-a-record', put(image, PAGE_DATA, *single)),
        good('1024-pages', plain(full)),
        good('pinned-tables', plain(pinned)),
        good('hole-and-back', put(image, PAGE_DATA, *guest.full_pass(), *passes_of(back, [5]),
                                  *passes_of(guest.memory, [5]))),
        good('pv-again', put(plain(pv), PAGE_DATA, *pv.full_pass(), *pv.full_pass())),
    ]


def orders():
    """R07: nothing is assumed about the order of independent records."""
    found = []
    guest = Hvm(3)
    start = guest.static() + guest.full_pass()
    for number, tail in enumerate(itertools.permutations(guest.tail())):
        found.append(good('hvm-tail-%d' % number, guest.image(start + list(tail) + [xenf.end()])))
    rng = random.Random(7)
    for number in range(24):
        pv = Pv(rng.choice((2, 3)), rng.choice((4, 8)), vcpus=rng.choice((1, 2, 3)))
        tail, static = pv.tail(), pv.static()
        rng.shuffle(tail)
        free = static[:3] if pv.version == 3 else []
        rng.shuffle(free)
        image = pv.image(free + static[len(free):] + pv.full_pass() + tail + [xenf.end()])
        found.append(good('pv-shuffled-%d' % number, image))
    for label, image in (('hvm', plain(Hvm(3))), ('pv', plain(Pv(2)))):
        for index in range(len(image.records)):
            found.append(good('optional-at-%s-%d' % (label, index), image.insert(index, Record(OPTIONAL, b'\xfe'))))
    return found


def carriers():
    image, pv = plain(Hvm(3)), plain(Pv(3))
    context, store = wrap.emulator_context(), wrap.emulator_xenstore()
    old = wrap.emulator_context(emulator_id=wrap.QEMU_TRADITIONAL)
    text = b"name = 'demo'\nbuilder = 'hvm'\nmemory = 64\n"
    large = wrap.emulator_context(wrap.qemu_state(1 << 20))
    unpadded = [wrap.emulator_context(wrap.qemu_state(301 + more)) for more in range(8)]
    return [
        good('libxl-no-store', wrap.libxl(image, [context])),
        good('libxl-large-state', wrap.libxl(image, [large])),
        good('libxl-traditional', wrap.libxl(plain(Hvm(2)), [old]), options=['--for-xen', '4.13']),
        good('libxl-remus', wrap.libxl(checkpointed(Hvm(3)), [store, context])),
        good('xl-text', wrap.xl(wrap.libxl(image, [context]), text, flags=wrap.XL_LIBXL)),
        good('xl-pv', wrap.xl(wrap.libxl(pv), wrap.config('pv', max_memkb=128))),
        good('xl-video', wrap.xl(wrap.libxl(image, [context]), wrap.config('hvm', video_memkb=8192))),
        good('xl-more-keys', wrap.xl(wrap.libxl(image, [context]), wrap.config('hvm', novelty=[1, {'a': 'b'}]))),
    ] + [good('libxl-padding-%d' % number, wrap.libxl(image, [record])) for number, record in enumerate(unpadded)]


def tables():
    return [good(name, image) for name, image in cases_tables.clean().items()]


def cases():
    return sizes() + insides() + tables() + memory() + orders() + carriers()
