"""Which structures stand in which record, and where: (name, instance, offset in the body, layout, octets)."""

import struct

from inside import layouts_hvm as hvm
from inside import layouts_pv as pv
from inside.memory import COMPONENTS

PAGE = 4096
NAMES = ['END', 'PAGE_DATA', 'X86_PV_INFO', 'X86_PV_P2M_FRAMES', 'X86_PV_VCPU_BASIC', 'X86_PV_VCPU_EXTENDED',
         'X86_PV_VCPU_XSAVE', 'SHARED_INFO', 'X86_TSC_INFO', 'HVM_CONTEXT', 'HVM_PARAMS', 'TOOLSTACK',
         'X86_PV_VCPU_MSRS', 'VERIFY', 'CHECKPOINT', 'CHECKPOINT_DIRTY_PFN_LIST', 'STATIC_DATA_END',
         'X86_CPUID_POLICY', 'X86_MSR_POLICY']

PARAMS = {0: 'CALLBACK_IRQ', 1: 'STORE_PFN', 2: 'STORE_EVTCHN', 4: 'PAE_ENABLED', 5: 'IOREQ_PFN', 6: 'BUFIOREQ_PFN',
          9: 'VIRIDIAN', 10: 'TIMER_MODE', 11: 'HPET_ENABLED', 12: 'IDENT_PT', 13: 'DM_DOMAIN', 14: 'ACPI_S_STATE',
          15: 'VM86_TSS', 16: 'VPT_ALIGN', 17: 'CONSOLE_PFN', 18: 'CONSOLE_EVTCHN', 19: 'ACPI_IOPORTS_LOCATION',
          20: 'MEMORY_EVENT_CR0', 21: 'MEMORY_EVENT_CR3', 22: 'MEMORY_EVENT_CR4', 23: 'MEMORY_EVENT_INT3',
          24: 'NESTEDHVM', 25: 'MEMORY_EVENT_SINGLE_STEP', 26: 'BUFIOREQ_EVTCHN', 27: 'PAGING_RING_PFN',
          28: 'MONITOR_RING_PFN', 29: 'SHARING_RING_PFN', 30: 'MEMORY_EVENT_MSR', 31: 'TRIPLE_FAULT_REASON',
          32: 'IOREQ_SERVER_PFN', 33: 'NR_IOREQ_SERVER_PAGES', 34: 'VM_GENERATION_ID_ADDR', 35: 'ALTP2M',
          36: 'X87_FIP_WIDTH', 37: 'VM86_TSS_SIZED', 38: 'MCA_CAP'}


OURS = {0x80475701: 'PAGE_CHECKS', 0x80475702: 'IMAGE_DIGEST', 0x80475703: 'SAVING_CPU', 0x80475704: 'PROVENANCE'}


def name_of(kind):
    if kind in OURS:
        return OURS[kind]
    return NAMES[kind] if kind < len(NAMES) else '%#x' % kind


class Structure:
    """Decoded octets: at is the offset of the first in the record's body; instance is a vCPU's number or a chip's.

    many: there are as many of the layout as fit, and fields is a list. Without a layout fields is the octets as hex.
    """

    def __init__(self, name, instance, at, layout, octets, many=False):
        self.name, self.instance, self.at, self.length = name, instance, at, len(octets)
        self.layout = layout
        if layout is None:
            self.fields = bytes(octets).hex()
        elif many:
            size = layout.size
            self.fields = [layout.decode(octets[at:at + size]) for at in range(0, len(octets) - size + 1, size)]
        else:
            self.fields = layout.decode(octets)


class View:
    """What other records say about this one: the guest's width, and where CPUID says that XSAVE's components stand."""

    def __init__(self, image):
        info = image.all(2)
        self.width = info[0].body[0] if info and len(info[0].body) else 0
        self.components = {}
        for record in image.all(17):
            for at in range(0, len(record.body) - 23, 24):
                leaf, sub, size, offset, _, _ = struct.unpack_from('<6I', record.body, at)
                if leaf == 0xD and 2 <= sub < 63 and size:
                    self.components[sub] = (offset, size)
        if not image.all(17):  # older savers wrote no policy: where Intel's processors have them
            self.components = dict(COMPONENTS)


def whole(name, number, at, layout, octets):
    """A structure, and what stands behind it."""
    yield Structure(name, number, at, layout, octets[:layout.size])
    if len(octets) > layout.size:
        yield Structure('behind ' + name, number, at + layout.size, None, octets[layout.size:])


def components(view, number, octets, at, accum):
    """What stands behind the header of an XSAVE area, whose first octet is at `at` in the record's body."""
    end = 576
    for bit, (offset, size) in sorted(view.components.items(), key=lambda item: item[1]):
        if not accum >> bit & 1 or offset < end or offset + size > len(octets):
            continue
        if offset > end:
            yield Structure('rest', number, at + end, None, octets[end:offset])
        end = offset + size
        layout = hvm.COMPONENTS.get(bit)
        known = layout if layout and layout.size == size else None
        yield Structure('component %d' % bit, number, at + offset, known, octets[offset:end])
    if end < len(octets):
        yield Structure('rest', number, at + end, None, octets[end:])


def hvm_context(view, body):
    at = 0
    while at + 8 <= len(body):
        code, instance, length = struct.unpack_from('<HHI', body, at)
        data, at = body[at + 8:at + 8 + length], at + 8
        if code == 0:
            break
        name, layout = hvm.ENTRIES.get(code, ('type %d' % code, None))
        if code == 2 and length == 1016:
            layout = hvm.CPU_COMPAT
        yield Structure(name, instance, at, layout, data[:600] if code == 16 else data)
        if code == 16:
            yield from components(view, instance, data[24:], at + 24, struct.unpack_from('<Q', data, 16)[0])
        at += length


def pv_vcpu(view, kind, body):
    number, blob = struct.unpack_from('<I', body)[0], body[8:]
    yield Structure('head', number, 0, pv.VCPU_HEAD, body[:8])
    if kind == 4:
        yield from whole('basic', number, 8, pv.BASIC_64 if view.width == 8 else pv.BASIC_32, blob)
    elif kind == 5:
        yield from whole('extended', number, 8, pv.EXTENDED, blob)
    elif kind == 12:
        yield Structure('msrs', number, 8, pv.MSRS, blob)
    else:
        yield Structure('xsave', number, 8, pv.XSAVE, blob[:592])
        if len(blob) > 16:
            yield from components(view, number, blob[16:], 24, struct.unpack_from('<Q', blob, 8)[0])


def structures(view, record):
    """Every structure in a record's body, in order. Memory is no structure; start_info is found elsewhere."""
    kind, body = record.kind, record.body
    simple = {2: ('pv_info', pv.PV_INFO), 3: ('p2m_frames', pv.P2M_FRAMES), 8: ('tsc_info', pv.TSC_INFO),
              10: ('params', hvm.HVM_PARAMS)}
    if kind == 9:
        yield from hvm_context(view, body)
    elif kind in (4, 5, 6, 12):
        yield from pv_vcpu(view, kind, body)
    elif kind == 7:
        yield from whole('shared_info', 0, 0, pv.SHARED_INFO_64 if view.width == 8 else pv.SHARED_INFO_32, body)
    elif kind in simple:
        yield Structure(simple[kind][0], 0, 0, simple[kind][1], body)
    elif kind == 17:
        yield Structure('leaves', 0, 0, pv.CPUID_LEAF, body, many=True)
    elif kind == 18:
        yield Structure('msrs', 0, 0, pv.MSR_ENTRY, body, many=True)
    elif kind not in (0, 1):
        yield Structure(name_of(kind), 0, 0, None, body)


def start_info(view, image, memory):
    """(structure, offset in the file) of the page that vCPU 0 names, from the memory as it ends; None without one."""
    basics = [record for record in image.all(4) if len(record.body) > 8 and bytes(record.body[:4]) == bytes(4)]
    if not basics:
        return None
    wide = view.width == 8
    layout = pv.BASIC_64 if wide else pv.BASIC_32
    at, width = layout.find('user_regs.' + ('rdx' if wide else 'edx'))
    pfn = int.from_bytes(basics[-1].body[8 + at:8 + at + width], 'little')
    offset = memory.contents.get(pfn)
    if offset is None:
        return None
    layout = pv.START_INFO_64 if wide else pv.START_INFO_32
    return Structure('start_info', 0, 0, layout, image.octets[offset:offset + layout.size]), offset
