"""What a converted image holds, read by the second decoder of today's format: facts to compare, and its form judged.

Knows bare images, libxl streams, and what xl, libvirt and xenopsd put around them.
"""

import struct

import facts
import xenf
from inside.image import Image, padded

L_END, L_XENSTORE, L_CONTEXT = 0, 2, 3
X_QEMU, X_END = 0xF00, 0xFFFF
VCPU_PARTS = {xenf.X86_PV_VCPU_BASIC: 'basic', xenf.X86_PV_VCPU_EXTENDED: 'extended', xenf.X86_PV_VCPU_XSAVE: 'xsave'}
# The order of the reference's table of equivalents. What has one rank may stand in any order: both restore.
RANK = {xenf.X86_PV_INFO: 0, xenf.STATIC_DATA_END: 1, xenf.X86_PV_P2M_FRAMES: 2, xenf.PAGE_DATA: 3, xenf.VERIFY: 3,
        xenf.X86_TSC_INFO: 4, xenf.HVM_PARAMS: 5, xenf.HVM_CONTEXT: 6, xenf.SHARED_INFO: 6,
        xenf.X86_PV_VCPU_BASIC: 6, xenf.X86_PV_VCPU_EXTENDED: 6, xenf.X86_PV_VCPU_XSAVE: 6, xenf.END: 9}
OPTIONAL = 0x80000000


class Converted:
    """image; facts; faults: what no restorer would take, or what no converter should write."""

    def __init__(self, octets):
        self.octets = octets
        self.image = Image(octets)
        self.facts, self.faults, self.store, self.verified = facts.Facts(), [], {}, set()
        self.allocations, self.params = 0, []
        self.facts.guest = 'hvm'
        for record in self.image.records:
            self.record(record.kind, bytes(record.body))
        if self.image.pv:
            self.facts.online = sorted(self.facts.online or [])
        self.form()
        self.behind(self.image.end)

    def record(self, kind, body):
        found = self.facts
        if kind == xenf.PAGE_DATA:
            self.pages(body)
        elif kind == xenf.X86_PV_INFO:
            found.guest, self.levels = 'pv%d' % (8 * body[0]), body[1]
        elif kind == xenf.X86_PV_P2M_FRAMES:
            start, end = struct.unpack_from('<II', body)
            found.frames = list(struct.unpack_from('<%dQ' % ((len(body) - 8) // 8), body, 8))
            found.pfns = end + 1
            self.faults += [] if start == 0 else ['the p2m begins at %d' % start]
        elif kind in VCPU_PARTS:
            self.vcpu(VCPU_PARTS[kind], body)
        elif kind == xenf.SHARED_INFO:
            found.blobs['shared-info'] = len(body), facts.sha(body)
        elif kind == xenf.X86_TSC_INFO:
            mode, khz, nsec, incarnation, _ = struct.unpack('<IIQII', body)
            found.tsc = mode, khz, nsec, incarnation
        elif kind == xenf.HVM_CONTEXT:
            found.blobs['hvm-context'] = len(body), facts.sha(body)
        elif kind == xenf.HVM_PARAMS:
            count, = struct.unpack_from('<I', body)
            self.params += [struct.unpack_from('<QQ', body, 8 + 16 * number) for number in range(count)]
            found.params = dict(self.params)
            self.faults += [] if len(found.params) == len(self.params) else ['a parameter comes twice']

    def vcpu(self, name, body):
        number, zero = struct.unpack_from('<II', body)
        if name == 'basic':
            self.facts.online = (self.facts.online or []) + [number]
        if zero:
            self.faults.append('vCPU header of %d' % number)
        if name == 'xsave':
            self.facts.masks['vcpu%d-xsave' % number] = struct.unpack_from('<Q', body, 8)[0]
        self.facts.blobs['vcpu%d-%s' % (number, name)] = len(body) - 8, facts.sha(body[8:])

    def pages(self, body):
        count, = struct.unpack_from('<I', body)
        at, named = 8 + 8 * count, set()
        if not 0 < count <= 1024:
            self.faults.append('PAGE_DATA of %d entries' % count)
        for word in struct.unpack_from('<%dQ' % count, body, 8):
            pfn, kind = word & (1 << 52) - 1, word >> 60
            if kind == xenf.XTAB:
                self.faults.append('a hole is named: %#x' % pfn)
            if pfn in named:
                self.faults.append('pfn %#x twice in a record' % pfn)
            named.add(pfn)
            at = self.page(pfn, kind, body, at)
        if at != len(body):
            self.faults.append('PAGE_DATA of %d octets, %d are used' % (len(body), at))

    def page(self, pfn, kind, body, at):
        found = self.facts
        found.broken.discard(pfn)
        if kind in xenf.WITH_DATA:
            found.pages[pfn] = kind, facts.sha(body[at:at + 4096])
            found.allocated.discard(pfn)
            return at + 4096
        if kind == xenf.BROKEN:
            found.broken.add(pfn)
            found.pages.pop(pfn, None)
        elif kind == xenf.XALLOC:
            self.allocations += 1
            if pfn not in found.pages:
                found.allocated.add(pfn)
        return at

    def form(self):
        """Both headers and the records' order."""
        major, minor = self.image.xen
        if major or not minor:
            self.faults.append('made by Xen %d.%d: a converted image says 0 and the version of its converter'
                               % (major, minor))
        known = [record.kind for record in self.image.records if not record.kind & OPTIONAL]
        ranks = [RANK.get(kind, -1) for kind in known]
        if ranks != sorted(ranks) or -1 in ranks:
            self.faults.append('the order of records: %s' % ' '.join(
                xenf.NAMES.get(kind, str(kind)) for at, kind in enumerate(known) if kind not in known[at - 1:at]))
        once = [kind for kind in RANK if kind not in (xenf.PAGE_DATA, *VCPU_PARTS)]
        self.faults += ['%s comes %d times' % (xenf.NAMES[kind], known.count(kind))
                        for kind in once if known.count(kind) > 1]
        if xenf.STATIC_DATA_END not in known and self.image.version == 3:
            self.faults.append('no STATIC_DATA_END')

    def behind(self, at):
        """libxl's records, or xenopsd's."""
        if self.image.libxl:
            options, = struct.unpack_from('>I', self.octets, self.image.begin - 12)
            self.faults += [] if options == 2 else ["libxl's header does not say that it was converted"]
            while at < len(self.octets):
                kind, length = struct.unpack_from('<II', self.octets, at)
                self.emulator(kind, self.octets[at + 8:at + 8 + length])
                at += 8 + padded(length)
                if kind == L_END:
                    break
        elif self.octets[at:at + 21] == b'DeviceModelRecord0002':  # as the reference converter leaves it
            self.device(self.octets[at + 25:])
            at = len(self.octets)
        elif self.octets.startswith(b'XenSaved'):
            while at < len(self.octets):
                kind, length = struct.unpack_from('<QQ', self.octets, at)
                if kind == X_QEMU:
                    self.device(self.octets[at + 16:at + 16 + length])
                at += 16 + length
                if kind == X_END:
                    break
        if at != len(self.octets):
            self.faults.append('%d octets behind the end' % (len(self.octets) - at))

    def device(self, octets):
        self.facts.blobs['device-model'] = len(octets), facts.sha(octets)

    def emulator(self, kind, body):
        if kind in (L_XENSTORE, L_CONTEXT) and struct.unpack_from('<II', body) != (0, 0):
            self.faults.append('an emulator that is known: %d, %d' % struct.unpack_from('<II', body))
        if kind == L_CONTEXT:
            self.device(body[8:])
        elif kind == L_XENSTORE:
            words = body[8:].decode().split('\0')[:-1]
            self.store.update(zip(words[::2], words[1::2]))


def wanted(found, device=True):
    """What of an image's facts a conversion can say. device: whether the wrapping has a place for its state."""
    found.toolstack = found.highest = found.chunks = found.tmem = None
    found.checkpoints = 1
    found.unmapped, found.masks = set(), {}
    if found.guest == 'hvm':
        found.pfns = found.online = None
    kept = {name for name in found.blobs if name.startswith('vcpu') or name in ('shared-info', 'hvm-context')}
    kept |= {'device-model'} if device else set()
    found.blobs = {name: one for name, one in found.blobs.items() if name in kept}
    return found


def compare(want, converted, stale=None):
    """'' or what differs: want as wanted() gives it; stale: pages that may be there, with these contents, or not."""
    got = converted.facts
    got.masks = {}
    for pfn, one in (stale or {}).items():
        if pfn in got.pages and pfn not in want.pages:
            want.pages[pfn] = one
    return facts.differ(want.lines(), got.lines())
