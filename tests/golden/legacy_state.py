"""What a legacy image leaves in a restored domain, and the image of today's format that says the same.

State is filled by the writer (legacy_guests.py) from the guest, not from the octets; tests/legacy fills another one
from the octets. image() gives the records in the order of the reference's table of equivalents.
"""

import struct

import wrap
import xenf


class Vcpu:
    """basic: canonical; extended, xsave: octets or None; mask: what stood before the xsave area."""

    def __init__(self, basic, extended=None, xsave=None, mask=0):
        self.basic, self.extended, self.xsave, self.mask = basic, extended, xsave, mask


class State:
    """memory: pfn -> (type, contents or None), without holes; stale: HVM pfns that the guest had given up."""

    def __init__(self, pv, pfns):
        self.pv, self.pfns = pv, pfns
        self.width = self.levels = None  # G; of page tables
        self.memory, self.stale, self.unmapped, self.frames = {}, set(), [], []
        self.vcpus, self.shared_info = {}, None
        self.params, self.context, self.tsc = {}, None, None  # index -> value; octets; (mode, khz, nsec, incarnation)
        self.qemu = self.toolstack = None  # the device model's octets; the toolstack's blob
        self.physmap = []  # (phys_offset, start_addr, size, name or None)
        self.checkpoints = 1

    def pages(self):
        """PAGE_DATA records, ascending."""
        entries = [(pfn, *self.memory[pfn]) for pfn in sorted(self.memory)]
        return [xenf.page_data(entries[at:at + 1024]) for at in range(0, len(entries), 1024)]

    def time(self):
        if self.tsc is None:
            return []
        mode, khz, nsec, incarnation = self.tsc
        return [xenf.tsc_info(mode, khz, nsec, incarnation)]

    def records(self):
        return self.pv_records() if self.pv else self.hvm_records()

    def pv_records(self):
        found = [xenf.pv_info(self.width, self.levels), xenf.static_data_end(),
                 xenf.p2m_frames(self.pfns - 1, self.frames), *self.pages(), *self.time(),
                 xenf.Record(xenf.SHARED_INFO, self.shared_info)]
        for number, vcpu in sorted(self.vcpus.items()):
            found.append(xenf.vcpu(xenf.X86_PV_VCPU_BASIC, number, vcpu.basic))
            if vcpu.extended is not None:
                found.append(xenf.vcpu(xenf.X86_PV_VCPU_EXTENDED, number, vcpu.extended))
            if vcpu.xsave:
                found.append(xenf.vcpu(xenf.X86_PV_VCPU_XSAVE, number, vcpu.xsave))
        return found + [xenf.end()]

    def hvm_records(self):
        pairs = b''.join(struct.pack('<QQ', index, value) for index, value in self.params.items())
        return [xenf.static_data_end(), *self.pages(), *self.time(),
                xenf.Record(xenf.HVM_PARAMS, struct.pack('<II', len(self.params), 0) + pairs),
                xenf.Record(xenf.HVM_CONTEXT, self.context), xenf.end()]

    def image(self, version=3, minor=1):
        image = xenf.Image(xenf.PV if self.pv else xenf.HVM, version, minor, self.records(), major=0)
        return image if version == 3 else image.drop(image.find(xenf.STATIC_DATA_END))

    def store(self):
        """(key, value) of the device model's keys in xenstore; a region without a name has no key for it."""
        found = []
        for phys, start, size, name in self.physmap:
            key = 'physmap/%x/' % phys
            found += [(key + 'start_addr', '%x' % start), (key + 'size', '%x' % size)]
            if name is not None:
                found.append((key + 'name', name))
        return found

    def libxl(self):
        """The same in a libxl stream; its header says that it was converted."""
        emulators = [wrap.emulator_xenstore(self.store(), emulator_id=0)] if self.physmap else []
        if self.qemu is not None:
            emulators.append(wrap.emulator_context(self.qemu, emulator_id=0))
        return wrap.libxl(self.image(), emulators).changed(header=wrap.libxl_header(options=2))
