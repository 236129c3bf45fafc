"""Images that a saver never wrote: each bound of the reference's section 15 with an input that goes beyond it.

A case is refused with one sentence, or, where the reference says so, warned about and read. What is large is a hole in
a file, or repeated from a small piece, so that the test itself needs no memory.
"""

import struct

import legacy
import legacy_compress
from inside import build_pv
from legacy import END_OF_BODY, block, chunk, ul
from legacy_guests import hvm_guest, pv_guest, xsave_of
from xenf import filled

MIB = 1 << 20
REFUSED, READ = 'refused', 'read'


class Hostile:
    """pieces: octets, or (octets, times) that are repeated; size: the file's, the rest is a hole.

    says: words of which the sentence must have one; extra: octets of memory beyond what any input may take.
    """

    def __init__(self, name, pieces, outcome=REFUSED, says=(), size=None, extra=0):
        self.name, self.outcome, self.says, self.size, self.extra = name, outcome, says, size, extra
        self.pieces = [pieces] if isinstance(pieces, bytes) else pieces

    def __repr__(self):
        return self.name

    def write(self, path):
        with open(path, 'wb') as file:
            for piece in self.pieces:
                octets, times = (piece, 1) if isinstance(piece, bytes) else piece
                for _ in range(times):
                    file.write(octets)
            if self.size is not None:
                file.truncate(self.size)


def heads():
    good, _ = pv_guest(8, 8)
    info = good.get('extended-info')
    vcpu = block(b'vcpu', build_pv.basic(8, 0, 4))

    def with_info(*blocks, total=None):
        return good.replace('extended-info', legacy.extended_info(8, blocks, total)).octets()

    for width in (4, 8):
        zero = ul(width, 0) + (b'\1\0\0\0' if width == 4 else b'')
        yield Hostile('p2m-size-0-w%d' % (8 * width), zero + bytes(4096))
        yield Hostile('p2m-size-too-large-w%d' % (8 * width), ul(width, 0x10000001) + b'\1\0\0\0' + bytes(8000))
        yield Hostile('p2m-size-alone-w%d' % (8 * width), ul(width, 0x10000000))
    far = hvm_guest(8)[0].replace('p2m-size', ul(8, 0x10000000))
    far = far.insert('vcpu-info', ('batch', legacy.batch(8, [(0xFFFFFFF, 0, filled(7))])))
    yield Hostile('page-at-the-end-of-the-largest-guest', far.octets(), READ, extra=256 * MIB)
    yield Hostile('frames-of-the-largest-guest', ul(8, 0x10000000) + info, size=8 * MIB)
    yield Hostile('info-total', ul(8, 32) + legacy.extended_info(8, [vcpu], 0xFFFFFFFF), size=2 * MIB)
    yield Hostile('info-total-65537', ul(8, 32) + legacy.extended_info(8, [vcpu], 65537), size=MIB)
    for size in (0xFFFFFFF8, 0xFFFFFFFF, 5169):
        yield Hostile('info-block-of-%#x' % size, with_info(block(b'vcpu', build_pv.basic(8, 0, 4), size)))
    yield Hostile('info-block-cut', with_info(vcpu, b'ext'))
    yield Hostile('info-vcpu-of-another-size', with_info(block(b'vcpu', bytes(4000)), block(b'extv')))
    yield Hostile('info-vcpu-twice', with_info(vcpu, block(b'vcpu', build_pv.basic(4, 0, 4)), block(b'extv')))
    for size in (0, 31, 16 + 65537, 0xFFFFFFFF):
        yield Hostile('xcnt-%#x' % size, with_info(vcpu, block(b'extv'), block(b'xcnt', struct.pack('<I', size))))
    yield Hostile('frame-beyond-the-p2m', good.replace('frames', legacy.frame_list(8, [32])).octets())


def batches():
    for kind, made in (('pv', pv_guest(8, 8)), ('hvm', hvm_guest(8))):
        parts = made[0]
        page = filled(1)

        def first(octets, parts=parts):
            return parts.replace('batch', octets).octets()

        yield Hostile(kind + '-batch-of-1025', first(legacy.batch(8, [(0, 15, None)] * 1025)))
        yield Hostile(kind + '-batch-of-2-147-483-647', first(struct.pack('<i', 0x7FFFFFFF)))
        for kind_of_page in (5, 6, 7, 8):
            yield Hostile('%s-type-%d' % (kind, kind_of_page), first(legacy.batch(8, [(1, kind_of_page, page)])))
        yield Hostile(kind + '-pfn-beyond-the-p2m', first(legacy.batch(8, [(32, 0, page)])))
        yield Hostile(kind + '-high-half', first(struct.pack('<iQ', 1, 1 << 40) + page))
        for other in (-22, -1000, -0x80000000):
            yield Hostile('%s-chunk%d' % (kind, other), parts.insert('end-of-body', ('odd', chunk(other))).octets())
    parts = hvm_guest(8)[0]
    yield Hostile('hvm-page-table', parts.replace('batch', legacy.batch(8, [(1, 2, filled(1))])).octets())


def metadata():
    pv, hvm = pv_guest(8, 8)[0], hvm_guest(8)[0]
    for parts, kind in ((pv, 'pv'), (hvm, 'hvm')):
        at = parts.offset('end-of-body')
        octets = parts.octets()
        yield Hostile(kind + '-a-million-marks',
                      [octets[:at], (chunk(legacy.LAST_CHECKPOINT) * 1000, 1000), octets[at:]], READ)
        yield Hostile(kind + '-a-million-maps',
                      [octets[:at], (legacy.vcpu_info([0, 1]) * 1000, 1000), octets[at:]], READ)
        blob = legacy.toolstack(legacy.toolstack_blob([], 4).ljust(MIB, b'\0'))
        yield Hostile(kind + '-toolstack-a-hundred-times', [octets[:at], (blob, 100), octets[at:]], READ,
                      extra=16 * MIB)
        for length in (16 * MIB + 1, 0xFFFFFFFF):
            yield Hostile('%s-toolstack-of-%#x' % (kind, length), octets[:at] + struct.pack('<iI', -18, length),
                          size=len(octets) + 20 * MIB)
        for highest in (-1, -0x80000000, 4096, 0x7FFFFFFF):
            head = struct.pack('<ii', legacy.VCPU_INFO, highest)
            yield Hostile('%s-highest-vcpu-%d' % (kind, highest),
                          parts.replace('vcpu-info', head + b'\1' + bytes(7)).octets())
    empty = pv.replace('vcpu-info', chunk(legacy.VCPU_INFO, struct.pack('<iQ', 1, 0)))
    yield Hostile('pv-no-vcpu-online', empty.octets())
    yield Hostile('map-above-the-highest', pv.replace('vcpu-info', legacy.vcpu_info([0, 1, 40], 1)).octets(), READ)


def blobs():
    """Toolstack data that say more than they hold: kept for a report at most, and nobody's end."""
    for name, blob in (('count', legacy.toolstack_blob([], 4, count=0xFFFFFFFF)),
                       ('count-one-too-many', legacy.toolstack_blob([(1, 2, 3, 'x')], 4, count=2)),
                       ('name', struct.pack('<IIQQQI', 1, 1, 1, 2, 3, 0xFFFFFFF0)),
                       ('short', b'\1\0\0\0')):
        parts = hvm_guest(8)[0].insert('last', ('toolstack', legacy.toolstack(blob)))
        yield Hostile('toolstack-' + name, parts.octets(), None)


def tails():
    pv, hvm = pv_guest(8, 8, xsave=xsave_of)[0], hvm_guest(8)[0]
    for count in (33, 0x10000000, 0xFFFFFFFF):
        yield Hostile('unmapped-%#x' % count, pv.replace('unmapped', struct.pack('<I', count)).octets(),
                      size=4 * MIB if count > 33 else None)
    pfns = [12, 13, 14, 15, 28, 29, 30, 31]
    yield Hostile('unmapped-descending', pv.replace('unmapped', legacy.unmapped(8, pfns[::-1])).octets(), READ)
    beyond = legacy.unmapped(8, pfns[:-1] + [1 << 40])
    yield Hostile('unmapped-beyond-the-p2m', pv.replace('unmapped', beyond).octets(), READ)
    yield Hostile('xsave-of-65-537', pv.replace('vcpu-xsave', legacy.xsave_part(7, bytes(65537))).octets())
    yield Hostile('xsave-of-2^64-1', pv.replace('vcpu-xsave', struct.pack('<QQ', 7, (1 << 64) - 1)).octets())
    for length in (16 * MIB + 1, 0xFFFFFFFF):
        start = hvm.upto('hvm-context').octets() + struct.pack('<I', length)
        yield Hostile('context-of-%#x' % length, start, size=20 * MIB)
    yield Hostile('context-of-0', hvm.replace('hvm-context', struct.pack('<I', 0)).octets(), None)
    for form in (legacy.DM_RECORD, legacy.REMUS_RECORD):
        for length in (256 * MIB + 1, 0xFFFFFFFF):
            start = hvm.upto('device-model').octets() + form + struct.pack('<I', length)
            yield Hostile('%s-of-%#x' % (form.decode(), length), start + b'QEVM\0\0\0\3', size=300 * MIB)
    many = build_pv.put('vcpu_guest_context_64', pv.get('vcpu-basic'), gdt_ents=8193)
    yield Hostile('gdt-of-8193', pv.replace('vcpu-basic', many).octets(), None)
    far = build_pv.put('vcpu_guest_context_64', pv.get('vcpu-basic'), **{'ctrlreg[3]': 99 << 12})
    yield Hostile('cr3-beyond-the-p2m', pv.replace('vcpu-basic', far).octets(), None)


def tmem():
    parts = pv_guest(8, 8)[0]
    head = struct.pack('<iIIIIIII', legacy.TMEM, 1, 16, 0xFFFFFFFF, 1, 256, 1000, 0xFFFFFFFF)
    for name, flags, pages in (('pages', 1, 0x7FFFFFFF), ('page-of-128-MiB', 0xF1, 1), ('page-of-8-KiB', 0x11, 1)):
        pool = struct.pack('<IIIQQ', 0, flags, pages, 1, 2)
        at = parts.offset('tsc')
        yield Hostile('tmem-' + name, parts.octets()[:at] + head + pool + struct.pack('<QI', 7, 0), size=2 * MIB)


def compressions():
    parts, _ = pv_guest(8, 8, rounds=2, compress=True)
    whole = parts.get('compressed')[12:]

    def packed(octets, length=None):
        return parts.replace('compressed', legacy.compressed(8, octets, length)).octets()

    # The second round is complete as far as octets go: what is in it is wrong, and the first is not its stand-in.
    for name, octets in (('left-over', whole + b'\0'), ('missing', whole[:-1]), ('one-page-less', whole[:4097]),
                         ('run-of-nothing', b'\x81\x00' + whole), ('run-too-long', b'\xff' * 9 + whole),
                         ('literal-too-long', b'\xff' * 8 + b'\x09' + bytes(36) + whole)):
        yield Hostile('compressed-' + name, packed(octets))
    yield Hostile('compressed-of-2^64-1', packed(b'', (1 << 64) - 1), READ)
    at = parts.offset('compressed')
    sizes = [legacy_compress.full(filled(n)) for n in range(4)]
    many = (legacy.compressed(8, sizes[0]) * 100, 100)
    yield Hostile('compressed-without-entries', [parts.octets()[:at], many], READ)


def rounds():
    """Many checkpoints: memory must not grow with them."""
    parts, _ = hvm_guest(8, rounds=3)
    names = parts.names()
    ends = [at + 1 for at, name in enumerate(names) if name == 'device-model']
    head = b''.join(octets for _, octets in parts.parts[:ends[0]])
    again = b''.join(octets for _, octets in parts.parts[ends[0]:ends[1]])
    yield Hostile('two-thousand-checkpoints', [head, (again, 2000)], READ)
    yield Hostile('a-million-empty-bodies', [head, (END_OF_BODY * 1000, 1000)], READ)


def cases():
    return [case for part in (heads, batches, metadata, blobs, tails, tmem, compressions, rounds) for case in part()]
