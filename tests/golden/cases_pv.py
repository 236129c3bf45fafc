"""Faults of the records of PV guests."""

import struct

import wrap
import xenf
from case import Case, before, behind, put, without
from guests import Pv
from inside import build_pv
from streams import checkpointed, plain
from xenf import NOTAB, Record, filled


def info_cases():
    image, old = plain(Pv(3)), plain(Pv(2))
    info, p2m = xenf.X86_PV_INFO, xenf.X86_PV_P2M_FRAMES
    # Without X86_PV_INFO every vCPU record stands before it, in a manner of speaking.
    return [
        Case('pvinfo-missing', 'pvinfo-missing', without(old, info), may=['vcpu-before-pvinfo']),
        # Behind X86_PV_P2M_FRAMES the static part is over, in version 2 too, where that is inferred.
        Case('pvinfo-missing-late', 'pvinfo-missing', old.move(0, 1), may=['static-after-sde']),
        Case('pvinfo-duplicate', 'pvinfo-duplicate', old.insert(1, xenf.pv_info()), record=2),
        Case('pvinfo-length', 'pvinfo-length', put(image, info, Record(info, xenf.pv_info().body + bytes(8))),
             record=1),
        Case('pvinfo-length-short', 'pvinfo-length', put(image, info, Record(info, b'\x08\x04\0\0')), record=1),
        Case('pvinfo-pair', 'pvinfo-pair', put(image, info, xenf.pv_info(8, 3)), record=1),
        Case('pvinfo-pair-levels', 'pvinfo-pair', put(image, info, xenf.pv_info(4, 4)), record=1,
             may=['vcpu-basic-size']),
        Case('pvinfo-reserved', 'pvinfo-reserved', put(image, info, xenf.pv_info(res=b'\0\0\0\0\0\1')), record=1),
        # Memory that comes before a record which never comes is out of order as well.
        Case('p2m-missing', 'p2m-missing', without(image, p2m), may=['page-pv-order']),
    ]


def p2m_cases():
    guest, wide = Pv(3), Pv(3, top=700)
    wide.frames = [1, 10]
    image, wide_image = plain(guest), plain(wide)
    p2m = xenf.X86_PV_P2M_FRAMES
    number = image.number(p2m)
    single = Pv(3, top=31)
    single.memory = {0: (NOTAB, filled(5))}
    single.top, single.frames = 0, [0]

    def frames(rule, name, end, pfns, start=0, base=image, **fields):
        return Case(name, rule, put(base, p2m, xenf.p2m_frames(end, pfns, start)), **fields)

    unnamed = before(without(image, xenf.PAGE_DATA), xenf.X86_TSC_INFO,
                     xenf.page_data([(pfn, *guest.memory[pfn]) for pfn in range(32) if pfn != 11]))
    return [
        frames('p2m-length', 'p2m-length', 31, [1, 10], record=number),
        frames('p2m-length', 'p2m-length-few', 700, [1], base=wide_image, record=number),
        frames('p2m-length', 'p2m-length-none', 31, [], record=number),
        Case('p2m-length-odd', 'p2m-length', put(image, p2m, Record(p2m, image.get(p2m).body + b'\0')), record=number),
        Case('p2m-length-short', 'p2m-length', put(image, p2m, Record(p2m, b'\0\0\0\0')), record=number),
        # A start above the end can not be 0; but what is no range needs no closer look.
        frames('p2m-order', 'p2m-order', 31, [1], 32, may=['p2m-start-zero'], record=number),
        frames('p2m-start-zero', 'p2m-start-zero', 31, [1], 1, record=number),
        # One page is too few for a root, a GDT, start_info and what that names.
        Case('p2m-end-zero', 'p2m-end-zero', plain(single), record=number,
             also=['vcpu-basic-cr3-mfn', 'vcpu-basic-gdt-frames', 'pv-pins-none', 'startinfo-magic', 'startinfo-store',
                   'startinfo-console']),
        Case('p2m-duplicate', 'p2m-duplicate', behind(image, p2m, image.get(p2m)), record=number + 1),
        frames('p2m-frame-range', 'p2m-frame-range', 31, [32], may=['p2m-frame-data']),
        frames('p2m-frame-type', 'p2m-frame-type', 31, [7]),
        # A hole is neither an ordinary page nor one of the image.
        frames('p2m-frame-data', 'p2m-frame-data-hole', 31, [13], may=['p2m-frame-type']),
        # Only a pfn that nothing names is no page of the image and of no type. The guest's tables map it.
        Case('p2m-frame-data', 'p2m-frame-data', put(unnamed, p2m, xenf.p2m_frames(31, [11])),
             also=['page-coverage', 'pv-pte-backed']),
        frames('p2m-frame-dup', 'p2m-frame-dup', 700, [10, 10], base=wide_image),
    ]


def vcpu_cases():
    guest, narrow = Pv(3), Pv(2, 4)
    image, small = plain(guest), plain(narrow)
    basic, ext, xsave, msrs = (xenf.X86_PV_VCPU_BASIC, xenf.X86_PV_VCPU_EXTENDED, xenf.X86_PV_VCPU_XSAVE,
                               xenf.X86_PV_VCPU_MSRS)
    remus = checkpointed(Pv(3))

    def second(name, rule, kind, record, **fields):
        """The record in place of vCPU 1's."""
        return Case(name, rule, put(image, kind, record, nth=1), record=image.number(kind, 1), **fields)

    later = checkpointed(Pv(3))  # BASIC of both vCPUs in each checkpoint
    early = small.move(small.find(basic, 1), 0)
    last = len(image.records)
    found = [
        # Nobody knows whose EXTENDED it was.
        second('vcpu-hdr-short', 'vcpu-hdr-short', ext, Record(ext, b'\1\0\0\0'), also=['vcpu-ext-missing']),
        Case('vcpu-ext-missing', 'vcpu-ext-missing', image.drop(image.find(ext, 1))),
        second('vcpu-hdr-short-none', 'vcpu-hdr-short', msrs, Record(msrs)),
        second('vcpu-hdr-reserved', 'vcpu-hdr-reserved', basic, guest.basic(1, res=1)),
        second('vcpu-hdr-reserved-msrs', 'vcpu-hdr-reserved', msrs, xenf.pv_msrs(1, res=1 << 31)),
        Case('vcpu-id-range', 'vcpu-id-range', before(image, xenf.END, guest.basic(8192)), record=last),
        Case('vcpu-id-range-huge', 'vcpu-id-range', before(image, xenf.END, guest.basic(0xFFFFFFFF)), record=last),
        Case('vcpu-id-range-config', 'vcpu-id-range',
             wrap.xl(wrap.libxl(plain(Pv(3, vcpus=3))), wrap.config('pv', max_vcpus=2))),
        Case('vcpu0-missing', 'vcpu0-missing', image.drop(*range(image.find(basic), image.find(basic) + 4))),
        Case('vcpu0-missing-later', 'vcpu0-missing', later.drop(later.find(basic, 4))),
        Case('vcpu-orphan', 'vcpu-orphan', image.drop(image.find(basic, 1))),
        Case('vcpu-orphan-msrs', 'vcpu-orphan', before(image, xenf.END, xenf.pv_msrs(2))),
        Case('vcpu-xsave-missing', 'vcpu-xsave-missing', image.drop(image.find(xsave, 1))),
        Case('vcpu-msrs-missing', 'vcpu-msrs-missing', image.drop(image.find(msrs, 1))),
        Case('vcpu-before-pvinfo', 'vcpu-before-pvinfo', early, also=['tail-before-memory'], record=1),
        second('vcpu-zero-content-extended', 'vcpu-zero-content', ext, xenf.extended(1, 0)),
        second('vcpu-zero-content-msrs', 'vcpu-zero-content', msrs, xenf.pv_msrs(1, [])),
        Case('vcpu-zero-content-target', 'vcpu-zero-content-target',
             put(plain(Pv(2)), ext, xenf.extended(1, 0), nth=1), options=['--for-xen', '4.10']),
        second('vcpu-zero-content-xsave', 'vcpu-zero-content', xsave, xenf.vcpu(xsave, 1, b'')),
        second('vcpu-basic-size', 'vcpu-basic-size', basic, xenf.basic_64(1, 4, size=5160)),
        second('vcpu-basic-size-32', 'vcpu-basic-size', basic, xenf.basic_32(1, 4)),
        Case('vcpu-basic-size-64', 'vcpu-basic-size', put(small, basic, xenf.basic_64(1, 4), nth=1)),
        second('vcpu-ext-size-31', 'vcpu-ext-size', ext, xenf.extended(1, 31)),
        # Xen writes 64 octets at most: what is too long for its restorer is longer than that.
        second('vcpu-ext-size-129', 'vcpu-ext-size', ext, xenf.extended(1, 129), also=['rec-huge-for-type']),
        second('vcpu-xsave-size-15', 'vcpu-xsave-size', xsave, xenf.vcpu(xsave, 1, bytes(15))),
        second('vcpu-xsave-size-17', 'vcpu-xsave-size', xsave, xenf.vcpu(xsave, 1, bytes(17))),
        second('vcpu-xsave-size-591', 'vcpu-xsave-size', xsave,
               xenf.vcpu(xsave, 1, struct.pack('<QQ', 3, 3) + xenf.xsave_area(3, 576)[:-1])),
        # PKRU ends the area at 2696 octets; nothing in version 2 says what states the processor has.
        Case('vcpu-xsave-size-target', 'vcpu-xsave-size-target',
             put(plain(Pv(2)), xsave, xenf.vcpu(xsave, 1, build_pv.xsave(7 | 1 << 9)), nth=1),
             options=['--for-xen', '4.9']),
        second('vcpu-msrs-multiple-8', 'vcpu-msrs-multiple', msrs, xenf.vcpu(msrs, 1, bytes(8))),
        second('vcpu-msrs-multiple-24', 'vcpu-msrs-multiple', msrs, xenf.vcpu(msrs, 1, bytes(24))),
    ]
    for kind in (basic, ext, xsave, msrs):
        name = 'vcpu-duplicate-%s' % xenf.NAMES[kind].rsplit('_', 1)[1].lower()
        found.append(Case(name, 'vcpu-duplicate', before(image, xenf.END, image.get(kind, 1)), record=last))
    found.append(Case('vcpu-duplicate-checkpoint', 'vcpu-duplicate',
                      before(remus, xenf.CHECKPOINT, remus.get(basic, 1), nth=1),
                      record=remus.number(xenf.CHECKPOINT, 1)))
    return found


def basic_cases():
    """What is inside the basic state: numbers, and the pages that they name."""
    found, kind = [], xenf.X86_PV_VCPU_BASIC
    guests = {8: (plain(Pv(3)), 'vcpu_guest_context_64'), 4: (plain(Pv(3, 4)), 'vcpu_guest_context_32')}

    def with_(rule, name, number=1, width=8, also=(), **members):
        image, layout = guests[width]
        blob = build_pv.put(layout, image.get(kind, number).body[8:], **members)
        found.append(Case('%s-%s' % (rule, name), rule, put(image, kind, xenf.vcpu(kind, number, blob), nth=number),
                          record=image.number(kind, number), also=also))

    odd = 0x8000 << 32
    for member in ('user_regs.rip', 'user_regs.rsp', 'kernel_sp', 'event_callback_eip', 'failsafe_callback_eip',
                   'syscall_callback_eip', 'fs_base', 'gs_base_kernel', 'gs_base_user', 'trap_ctxt[255].address'):
        with_('vcpu-basic-canonical', member.replace('_', '-'), **{member: odd})
    with_('vcpu-basic-canonical', 'ldt', ldt_base=odd, ldt_ents=1)
    with_('vcpu-basic-ldt', 'base', ldt_base=0x1008)
    with_('vcpu-basic-ldt', 'entries', ldt_ents=8193)
    with_('vcpu-basic-ldt', 'base-32', width=4, ldt_base=0x1FFF)
    with_('vcpu-basic-ldt', 'entries-32', width=4, ldt_ents=8193)
    with_('vcpu-basic-vmassist', '6', vm_assist=1 << 6)
    with_('vcpu-basic-vmassist', '33', vm_assist=1 << 33)
    with_('vcpu-basic-vmassist', '32', width=4, vm_assist=1 << 31)
    with_('vcpu-basic-debugreg', 'dr6', **{'debugreg[6]': 1 << 32})
    with_('vcpu-basic-debugreg', 'dr7', **{'debugreg[7]': 1 << 63})
    for number, address in enumerate((0xFFFF800000000000, 0xFFFF87FFFFFFFFFF, 1 << 47, 0xFFFF830000000000)):
        with_('vcpu-basic-debugreg', 'dr%d' % number, **{'debugreg[%d]' % number: address})
    with_('vcpu-basic-gdt-count', '7169', gdt_ents=7169)
    with_('vcpu-basic-gdt-count', '32', width=4, gdt_ents=0xFFFFFFFF)
    for name, pfn in (('hole', 13), ('table', 7), ('beyond', 32), ('far', 1 << 60)):
        with_('vcpu-basic-gdt-frames', name, **{'gdt_frames[0]': pfn})
    with_('vcpu-basic-gdt-frames', 'second', gdt_ents=513, **{'gdt_frames[1]': 12})
    with_('vcpu-basic-gdt-frames', 'hole-32', width=4, **{'gdt_frames[0]': 13})
    for name, pfn in (('page', 9), ('l3', 5), ('hole', 13)):
        with_('vcpu-basic-cr3', name, **{'ctrlreg[3]': pfn << 12})
    with_('vcpu-basic-cr3', 'l2-32', width=4, **{'ctrlreg[3]': 5 << 12})
    with_('vcpu-basic-cr3-mfn', '64', **{'ctrlreg[3]': 0x34004 << 12})
    with_('vcpu-basic-cr3-mfn', 'next', **{'ctrlreg[3]': 32 << 12})
    # Bit 20 of the frame is folded into bit 0.
    with_('vcpu-basic-cr3-mfn', '32', width=4, **{'ctrlreg[3]': 4 << 12 | 1})
    with_('vcpu-basic-cr1', 'unmarked', **{'ctrlreg[1]': 4 << 12})
    with_('vcpu-basic-cr1', 'page', **{'ctrlreg[1]': 9 << 12 | 1})
    with_('vcpu-basic-cr1', 'beyond', **{'ctrlreg[1]': 0x34004 << 12 | 1})
    with_('vcpu-basic-cr1', 'user-mode', flags=0x20)
    for name, pfn in (('table', 7), ('hole', 13), ('beyond', 32)):
        with_('vcpu-startinfo', name, 0, **{'user_regs.rdx': pfn})
    with_('vcpu-startinfo', '32', 0, 4, **{'user_regs.edx': 13})
    # The last complete checkpoint's state counts: a wrong one before it was overwritten, one behind it is dropped.
    remus = checkpointed(Pv(3))
    wrong = build_pv.put('vcpu_guest_context_64', remus.get(kind).body[8:], **{'ctrlreg[3]': 9 << 12})
    last = len(remus.all(kind)) - 2
    later = put(remus, kind, xenf.vcpu(kind, 0, wrong), nth=last)
    found.append(Case('vcpu-basic-cr3-checkpoint', 'vcpu-basic-cr3', later, record=remus.number(kind, last)))
    return found


def more_state_cases():
    """What is inside the other records of a vCPU."""
    image, older = plain(Pv(3)), plain(Pv(2))
    ext, msrs = xenf.X86_PV_VCPU_EXTENDED, xenf.X86_PV_VCPU_MSRS

    def second(rule, name, record, base=image, **fields):
        return Case('%s-%s' % (rule, name), rule, put(base, record.kind, record, nth=1),
                    record=base.number(record.kind, 1), **fields)

    def extended(**members):
        return xenf.vcpu(ext, 1, build_pv.put('ext_vcpucontext', build_pv.extended(1), **members))

    def listed(*entries):
        return xenf.vcpu(msrs, 1, b''.join(struct.pack('<IIQ', *entry) for entry in entries))

    return [
        second('vcpu-ext-inner-vcpu', '0', extended(vcpu=0)),
        second('vcpu-ext-inner-vcpu', 'none', extended(vcpu=0xFFFFFFFF)),
        second('vcpu-ext-inner-size', 'less', extended(size=56)),
        second('vcpu-ext-inner-size', 'more', extended(size=72)),
        second('vcpu-ext-canonical', 'syscall32', extended(syscall32_callback_eip=1 << 47)),
        second('vcpu-ext-canonical', 'sysenter', extended(sysenter_callback_eip=0xFFFF7FFFFFFFFFFF)),
        second('vcpu-ext-mcgcap', '9', extended(**{'vmce_caps': 0x202})),
        second('vcpu-ext-mcgcap', '63', extended(**{'vmce_caps': 1 << 63})),
        second('vcpu-msrs-reserved', '1', listed((0x48, 1, 1))),
        second('vcpu-msrs-known', 'efer', listed((0xC0000080, 0, 0x501))),
        second('vcpu-msrs-known', 'many', listed(*[(0x48, 0, 1)] * 8), also=['rec-huge-for-type']),
        second('vcpu-msrs-known', 'target', listed((0xC0000103, 0, 5)), older, options=['--for-xen', '4.11']),
    ]


def shared_info_cases():
    image, kind = plain(Pv(3)), xenf.SHARED_INFO
    remus = checkpointed(Pv(2))
    return [
        Case('shinfo-missing', 'shinfo-missing', without(image, kind)),
        Case('shinfo-missing-checkpoint', 'shinfo-missing', without(remus, kind)),
        Case('shinfo-size', 'shinfo-size', put(image, kind, xenf.shared_info(32, size=3136)),
             record=image.number(kind)),
        Case('shinfo-duplicate', 'shinfo-duplicate', behind(image, kind, image.get(kind)),
             record=image.number(kind) + 1),
    ] + shared_page_cases()


def shared_page_cases():
    found, kind = [], xenf.SHARED_INFO
    for width in (8, 4):
        image = plain(Pv(3, width))

        def with_(rule, name, image=image, width=width, **members):
            page = build_pv.put('shared_info_%d' % (8 * width), image.get(kind).body, **members)
            found.append(Case('%s-%s-%d' % (rule, name, 8 * width), rule, put(image, kind, Record(kind, page)),
                              record=image.number(kind)))

        with_('shinfo-maxpfn', 'none', **{'arch.max_pfn': 0})
        with_('shinfo-generation-odd', '7', **{'arch.p2m_generation': 7})
        with_('p2m-shinfo-maxpfn', '31', **{'arch.max_pfn': 31})
        if width == 8:
            with_('shinfo-maxpfn', 'many', **{'arch.max_pfn': (1 << 32) + 1})
    return found


def cases():
    return (info_cases() + p2m_cases() + vcpu_cases() + basic_cases() + more_state_cases() +
            shared_info_cases())
