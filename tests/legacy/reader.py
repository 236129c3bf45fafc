"""A second reader of legacy images, which shares nothing with the C code: every round, and what each one leaves.

It follows the format's reference alone, takes no hint, and is strict: what it cannot explain is Bad, octets that are
missing are Cut. For tests only: the whole image is in memory.
"""

import pathlib
import struct
import sys
from collections import Counter

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'golden'))
import legacy  # noqa: E402
import legacy_compress  # noqa: E402
from containers import unwrap  # noqa: E402
from legacy import BROKEN, PARAM_OF, WITH_DATA, XALLOC, XTAB  # noqa: E402
from legacy_state import State, Vcpu  # noqa: E402

HVM_MAGIC = bytes.fromhex('010000001800000086123854')
FORMS = {legacy.DM_RECORD, legacy.REMUS_RECORD}
HVM_CHUNKS = set(PARAM_OF)
SIZE_OF_BASIC = {4: 2800, 8: 5168}


class Bad(Exception):
    """This is not such an image."""


class Cut(Exception):
    """Octets are missing."""


class Octets:
    def __init__(self, data, at=0):
        self.data, self.at = memoryview(data), at

    def left(self):
        return len(self.data) - self.at

    def take(self, count):
        if count > self.left():
            raise Cut('%d octets are missing' % (count - self.left()))
        self.at += count
        return bytes(self.data[self.at - count:self.at])

    def peek(self, count):
        return bytes(self.data[self.at:self.at + count])

    def numbers(self, code, count=1):
        return struct.unpack('<%d%s' % (count, code), self.take(count * struct.calcsize('<' + code)))

    def number(self, code):
        return self.numbers(code)[0]

    def words(self, width, count=1):
        return self.numbers('I' if width == 4 else 'Q', count)


class Reading:
    """width, pv, state: of the last complete round; ends: where each complete round ends; states: after each.

    chunks: id -> how often; batches; tail_offset: where the octets behind the image begin.
    """

    def __init__(self, data, begin, width, pv, end=None, oids=(1, 3)):
        self.oids = oids
        self.octets = Octets(memoryview(data)[:end], begin)
        self.width, self.pv = width, pv
        self.extv, self.xcnt, self.compression, self.last = False, None, False, False
        self.chunks, self.batches, self.marks = Counter(), 0, []
        self.memory, self.ends, self.states, self.tsc, self.tmem = {}, [], [], None, None
        self.online, self.highest = [0], 0
        self.cut = None
        self.head()
        self.rounds()
        self.state = self.states[-1]

    def mark(self, name):
        self.marks.append((self.octets.at, name))

    # --- the head ----------------------------------------------------------------------------------------------------

    def head(self):
        octets, width = self.octets, self.width
        self.mark('head')
        self.pfns = octets.words(width)[0]
        if not 0 < self.pfns <= 1 << 28:
            raise Bad('p2m size %#x' % self.pfns)
        if not self.pv:
            return
        self.guest_width = width
        ones = b'\xff' * width
        if octets.peek(width) == ones:
            octets.take(width)
            self.extended_info()
        per_page = 4096 // self.guest_width
        self.frames = list(octets.words(width, -(-self.pfns // per_page)))
        if any(pfn >= self.pfns for pfn in self.frames):
            raise Bad('a frame of the p2m is beyond it')

    def extended_info(self):
        info = Octets(self.octets.take(self.octets.number('I')))
        while info.left():
            ident, size = info.take(4), info.number('I')
            body = info.take(size)
            if ident == b'vcpu':
                self.guest_width = {octets: width for width, octets in SIZE_OF_BASIC.items()}[size]
            elif ident == b'extv':
                self.extv = True
            elif ident == b'xcnt':
                self.xcnt = struct.unpack_from('<I', body)[0]

    # --- rounds ------------------------------------------------------------------------------------------------------

    def rounds(self):
        """One after the other; one that is cut behind the first does not count."""
        while True:
            try:
                state = self.round()
            except (Cut, Bad) as error:
                if not self.ends:
                    raise
                self.cut = str(error)
                return
            self.ends.append(self.octets.at)
            state.checkpoints = len(self.ends)
            self.states.append(state)
            if self.last or not self.octets.left():
                return

    def round(self):
        state = State(self.pv, self.pfns)
        memory, entries, packed = dict(self.memory), [], []
        while True:
            self.mark('chunk')
            ident = self.octets.number('i')
            if ident == 0:
                break
            if ident > 0:
                self.batch(ident, memory, entries)
            else:
                self.chunks[ident] += 1
                self.metadata(ident, state, packed)
        if self.packing():
            self.unpack(b''.join(packed), entries, memory)
        self.compression = self.compression or legacy.ENABLE_COMPRESSION in self.chunks
        self.tail(state)
        self.memory = memory
        state.tsc = self.tsc
        gone = set(state.unmapped)
        state.memory = {pfn: one for pfn, one in memory.items() if pfn not in gone}
        return state

    def packing(self):
        return self.compression and bool(self.ends)

    def batch(self, count, memory, entries):
        if count > 1024:
            raise Bad('a batch of %d' % count)
        self.batches += 1
        named = set()
        for word in self.octets.words(self.width, count):
            kind, pfn = word >> 28 & 15, word & 0xFFFFFFF
            if word >> 32 not in (0, 0xFFFFFFFF) or 5 <= kind <= 8:
                raise Bad('entry %#x' % word)
            if kind != XTAB and (pfn >= self.pfns or pfn in named):
                raise Bad('pfn %#x' % pfn)
            if not self.pv and kind in WITH_DATA and kind:
                raise Bad('an HVM guest with a page table')
            named.update([pfn] if kind != XTAB else [])
            entries.append((pfn, kind))
            if kind in (BROKEN, XALLOC):
                memory[pfn] = (kind, None)
        if not self.packing():
            for pfn, kind in entries[-count:]:
                if kind in WITH_DATA:
                    memory[pfn] = (kind, self.octets.take(4096))

    def unpack(self, packed, entries, memory):
        contents = {pfn: page for pfn, (_, page) in memory.items() if page is not None}
        wanted = [(pfn, kind) for pfn, kind in entries if kind in WITH_DATA]
        legacy_compress.decode(packed, [pfn for pfn, _ in wanted], contents)
        memory.update({pfn: (kind, contents[pfn]) for pfn, kind in wanted})

    # --- metadata ----------------------------------------------------------------------------------------------------

    def metadata(self, ident, state, packed):
        octets = self.octets
        if ident in HVM_CHUNKS:
            if self.pv:
                raise Bad('chunk %d in a PV guest' % ident)
            _, state.params[PARAM_OF[ident]] = octets.number('I'), octets.number('Q')
        elif ident == legacy.VCPU_INFO:
            self.highest = octets.number('i')
            if not 0 <= self.highest <= 4095:
                raise Bad('highest vCPU %d' % self.highest)
            bits = int.from_bytes(octets.take(8 * (self.highest // 64 + 1)), 'little')
            self.online = [number for number in range(self.highest + 1) if bits >> number & 1]
        elif ident == legacy.TSC_INFO:
            mode, nsec, khz, incarnation = octets.number('I'), octets.number('Q'), *octets.numbers('I', 2)
            self.tsc = mode, khz, nsec, incarnation
        elif ident == legacy.TOOLSTACK:
            state.toolstack = octets.take(octets.number('I'))
            state.physmap = physmap(state.toolstack)
        elif ident == legacy.COMPRESSED:
            packed.append(octets.take(octets.words(self.width)[0]))
        elif ident in (legacy.TMEM, legacy.TMEM_EXTRA):
            self.transcendent(ident)
        elif ident == legacy.LAST_CHECKPOINT:
            self.last = True
        elif ident not in (legacy.VERIFY, legacy.ENABLE_COMPRESSION):
            raise Bad('chunk %d' % ident)

    def transcendent(self, ident):
        """Both widths of an oid are tried; the one counts behind which a chunk is plausible."""
        decode = self.tmem_pools if ident == legacy.TMEM else self.tmem_extra
        start = self.octets.at
        for oids in self.oids:
            self.octets.at = start
            try:
                pools = decode(oids)
                follows = struct.unpack('<i', self.octets.peek(4))[0]
            except (Cut, Bad, struct.error):
                continue
            if -21 <= follows <= 1024 and self.entries_follow(follows):
                self.tmem = pools if ident == legacy.TMEM else self.tmem
                return
        raise Bad('tmem')

    def entries_follow(self, count):
        if count <= 0:
            return True
        words = Octets(self.octets.data, self.octets.at + 4).words(self.width, count)
        return all(word >> 28 & 15 == XTAB or word & 0xFFFFFFF < self.pfns for word in words)

    def tmem_pools(self, oids):
        head, pools = self.octets.numbers('I', 7), []
        while (ident := self.octets.number('I')) != 0xFFFFFFFF:
            flags, announced = self.octets.numbers('I', 2)
            self.octets.take(16)
            size, present = 1 << (flags >> 4 & 15) + 12, 0
            if size > 4096:
                raise Bad('a page of %d octets' % size)
            while present < announced:
                if self.octets.take(8 * oids) == b'\xff' * 8 * oids:
                    break
                self.octets.take(4 + size)
                present += 1
            pools.append((ident, flags, announced, present))
        return head, pools

    def tmem_extra(self, oids):
        while self.octets.number('I') != 0xFFFFFFFF:
            self.octets.take(8 * oids + 4)

    # --- tails -------------------------------------------------------------------------------------------------------

    def tail(self, state):
        self.mark('tail')
        if not self.pv:
            self.hvm_tail(state)
            return
        count = self.octets.number('I')
        if count > self.pfns:
            raise Bad('%d unmapped pfns' % count)
        state.unmapped = list(self.octets.words(self.width, count))
        state.width, state.frames = self.guest_width, self.frames
        for number in self.online:
            self.mark('vcpu %d' % number)
            state.vcpus[number] = self.vcpu()
        self.mark('shared-info')
        state.shared_info = self.octets.take(4096)
        state.highest = self.highest

    def vcpu(self):
        basic = self.octets.take(SIZE_OF_BASIC[self.guest_width])
        vcpu = Vcpu(basic, self.octets.take(128) if self.extv else None)
        if self.xcnt and len(head := self.octets.peek(16)) == 16:
            mask, size = struct.unpack('<QQ', head)
            if mask and (size == self.xcnt - 16 or 592 <= size <= 1 << 16 and size % 8 == 0):
                self.octets.take(16)
                vcpu.mask, vcpu.xsave = mask, self.octets.take(size)
        return vcpu

    def hvm_tail(self, state):
        state.params.update(zip(legacy.MAGIC_PARAMS, self.octets.numbers('Q', 3)))
        state.context = self.octets.take(self.octets.number('I'))
        if not state.context.startswith(HVM_MAGIC):
            raise Bad('no HVM context')
        self.mark('device-model')
        signature = self.octets.peek(21)
        if signature in FORMS:
            self.octets.take(21)
            state.qemu = self.octets.take(self.octets.number('I'))
        elif signature == legacy.QEMU_RECORD:
            self.octets.take(21)
            classic = self.octets.peek(9)
            if classic[:1] == b'\n' and classic[5:] == b'QEVM':
                self.octets.take(1)
                state.qemu = self.octets.take(struct.unpack('>I', self.octets.take(4))[0])
            else:
                state.qemu = self.octets.take(self.octets.left())
        elif self.ends and self.states[-1].qemu is not None:
            raise Cut('no device model in this round')


def physmap(blob):
    """Both paddings are tried; the one counts that uses the blob up."""
    for padding in (0, 4):
        octets, found = Octets(blob), []
        try:
            if octets.number('I') != 1:
                return []
            for _ in range(octets.number('I')):
                phys, start, size = octets.numbers('Q', 3)
                name = octets.take(octets.number('I'))
                octets.take(padding)
                if name and name[-1]:
                    raise Bad('a name without its zero')
                found.append((phys, start, size, name[:-1].decode() if name else None))
        except (Bad, Cut):
            continue
        if not octets.left():
            return found
    raise Bad('the toolstack blob')


def read(data):
    """The Reading of a file; its attribute wrapping is (layers, where the image begins, {blob name: octets})."""
    wrapping = unwrap(data)
    begin, end = wrapping.begin, wrapping.end
    width = wrapping.width or (8 if data[begin + 4:begin + 8] == bytes(4) else 4)
    found = []
    for pv, oids in ((False, (1, 3)), (True, (1, 3)), (False, (3,)), (True, (3,))):
        try:
            found.append(Reading(data, begin, width, pv, end, oids))
        except (Bad, Cut, struct.error, KeyError, legacy_compress.Corrupt) as error:
            why = error
    if not found:
        raise Bad(str(why))
    reading = found[0]  # an HVM context cannot be there by chance
    reading.wrapping = wrapping
    if wrapping.qemu is not None:
        reading.state.qemu = wrapping.qemu
    if reading.pv:
        reading.state.levels = levels(reading)
        for state in reading.states:
            state.levels = reading.state.levels
    return reading


def levels(reading):
    """4, 3 or 2: what the page of vCPU 0's CR3 is."""
    state = reading.state
    if state.width == 8:
        return 4
    cr3 = struct.unpack_from('<I', state.vcpus[0].basic, 0xA9C + 12)[0]
    kind = state.memory[cr3 >> 12 | (cr3 & 0xFFF) << 20][0]
    return kind & 7
