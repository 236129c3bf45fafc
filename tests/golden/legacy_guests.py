"""Guests saved as a Xen of some release would have saved them: legacy images, each with the State that it leaves.

How says who saves and how; save() gives (Parts, State). The guests' memory and registers are those of guests.py, so
that an image that is converted rightly is right in all else that the rules ask.
"""

import struct

import hvm
import legacy
import legacy_compress
import wrap
from guests import Hvm, Pv
from inside import build_hvm, build_pv
from legacy import BROKEN, NOTAB, WITH_DATA, XALLOC, XTAB, Parts
from legacy_state import State, Vcpu
from xenf import filled

RELEASES = ['3.0.2', '3.0.4', '3.1', '3.2', '3.3', '3.4', '4.0', '4.1', '4.2', '4.3', '4.4', '4.5', '4.5.4']
MFN = 0x34000  # pfn n is machine frame MFN + n
TSC = (2, 2394230, 123506789019, 3)  # mode, khz, nsec, incarnation
PHYSMAP = [(0x4000000, 0xF0000000, 0x800000, 'vga.vram'), (0x4800000, 0xF3000000, 0x1000, None)]
# The first release that writes a parameter's chunk; the order is that of the metadata.
PARAMS = [(legacy.GENERATION_ID, '4.2'), (legacy.IDENT_PT, '3.3'), (legacy.PAGING_RING, '4.2'),
          (legacy.ACCESS_RING, '4.2'), (legacy.SHARING_RING, '4.2'), (legacy.VM86_TSS, '3.4'),
          (legacy.CONSOLE_PFN, '4.1'), (legacy.ACPI_IOPORTS, '4.1'), (legacy.VIRIDIAN, '4.2'),
          (legacy.IOREQ_SERVER_PFN, '4.5'), (legacy.NR_IOREQ_SERVERS, '4.5'), (legacy.X87_FIP_WIDTH, '4.5.4')]
BALLOONED = (26, 27)  # PV: given back while the saver ran
STALE = 22  # HVM: given up while the saver ran
BAD = 23  # HVM: broken from 4.3 on


class How:
    """Who saves and how.

    width        W
    rounds       how many checkpoints; 0: an ordinary save
    extended     PV: extended info; None: as the release writes it
    xsave        PV: what each vCPU has: None, or a function of its number that gives (mask, area) or None
    device       HVM: the form of the device model's record, 'classic', or None for no record
    physmap      HVM: what the toolstack's blob says, or None for no blob
    last         the chunk -9; None: as the release writes it
    room         of the sender's output buffer under compression
    """

    def __init__(self, width=8, release='4.5', live=False, verify=False, rounds=0, compress=False, batch=9,
                 online=(0, 1), highest=None, extended=None, unknown_block=False, xsave=None, device=legacy.DM_RECORD,
                 physmap=None, tmem=None, tmem_extra=None, last=None, room=legacy_compress.OUTPUT_OCTETS):
        self.width, self.release, self.live, self.verify, self.rounds = width, release, live, verify, rounds
        self.compress, self.batch, self.online, self.highest = compress, batch, list(online), highest
        self.extended, self.unknown_block, self.xsave, self.device = extended, unknown_block, xsave, device
        self.physmap, self.tmem, self.tmem_extra, self.last, self.room = physmap, tmem, tmem_extra, last, room

    def since(self, release):
        return RELEASES.index(self.release) >= RELEASES.index(release)


def xsave_of(number):
    """As every processor of the age had it: x87, SSE, AVX."""
    return 7, build_pv.xsave(7)


class Saved:
    """What both kinds of guests have in common: memory that changes, batches, rounds."""

    def __init__(self, golden, how):
        self.golden, self.how, self.top = golden, how, golden.top
        self.memory = dict(golden.memory)
        self.sender = legacy_compress.Sender()
        self.parts, self.state = Parts(), None
        self.sent = {}

    def add(self, name, octets):
        self.parts.parts.append((name, octets))

    def hole(self, pfn):
        """The low 28 bits of a hole's entry: no reader may believe in them."""
        if self.golden.pv:
            return 0 if self.how.since('4.0') else MFN + pfn
        return 0 if self.how.since('4.1') else pfn

    def batches(self, memory, pfns, contents=True):
        """A pass over these pfns, in pieces of how.batch entries."""
        how, pfns = self.how, list(pfns)
        if not how.since('3.3'):
            pfns.sort(key=lambda pfn: pfn * 7 % (self.top + 1))  # a permutation that is none of the ascending
        signed = not how.since('3.1')
        for at in range(0, len(pfns), how.batch):
            entries = [(self.hole(pfn) if memory[pfn][0] == XTAB else pfn, *memory[pfn])
                       for pfn in pfns[at:at + how.batch]]
            if all(kind == XTAB for _, kind, _ in entries) and self.skips_holes():
                continue
            self.add('batch', legacy.batch(how.width, entries, signed=signed, contents=contents))
        for pfn in pfns:
            if memory[pfn][0] != XTAB:
                self.sent[pfn] = memory[pfn]

    def skips_holes(self):
        return self.how.since('4.1' if self.golden.pv else '3.4')

    def compressed(self, memory, pfns):
        """Entries first, then the pages of all of them."""
        self.batches(memory, pfns, contents=False)
        pages = [(pfn, memory[pfn][1], memory[pfn][0] != NOTAB) for pfn in pfns if memory[pfn][0] in WITH_DATA]
        for octets in self.sender.chunks(pages, self.how.room):
            self.add('compressed', legacy.compressed(self.how.width, octets))

    def first_round(self):
        how, everything = self.how, range(self.top + 1)
        if how.tmem is not None:
            self.add('tmem', how.tmem)
        if not how.live and how.since('4.0'):
            self.time()
        if not how.live:
            self.batches(self.memory, everything)
        else:
            early, dirty = self.before()
            self.batches(early, everything)
            if how.tmem_extra is not None:
                self.add('tmem-extra', how.tmem_extra)
            if how.since('4.0'):
                self.time()
            self.batches(self.memory, dirty)
        if how.verify:
            self.add('verify', legacy.chunk(legacy.VERIFY))
            self.batches(self.memory, everything)

    def time(self):
        mode, khz, nsec, incarnation = TSC
        self.add('tsc', legacy.tsc_info(mode, nsec, khz, incarnation))

    def before(self):
        """Memory as a live save saw it first, and the pfns that are sent again."""
        early = dict(self.memory)
        early[2], early[9] = (NOTAB, filled(102)), (XTAB, None)
        early[10] = (NOTAB, filled(110))
        dirty = [2, 9, 10]
        if self.golden.pv:
            early.update({pfn: (NOTAB, filled(100 + pfn)) for pfn in BALLOONED})
            early[7] = (NOTAB, filled(107))  # a data page that becomes a page table
            return early, dirty + [7]
        early[STALE] = (NOTAB, filled(STALE))
        if self.how.since('4.2'):
            early[11] = (XALLOC, None)
        return early, dirty + [11, STALE]

    def later_round(self, number):
        """Few pages: one changed in a word, one not at all, one new to the cache, one much; PV: a page table."""
        changed = bytearray(self.memory[10][1])
        struct.pack_into('<I', changed, 4 * (17 + number), 0xC0DE0000 + number)
        self.memory[10] = (NOTAB, bytes(changed))
        self.memory[2] = (NOTAB, filled(300 + number))
        self.memory[16 + number] = (NOTAB, filled(400 + number)[:2048] + bytes(2048))
        dirty = [2, 3, 7, 10, 11, 16 + number] + ([15] if number == 2 else [])
        if self.how.compress:
            self.compressed(self.memory, dirty)
        else:
            self.batches(self.memory, dirty)

    def metadata(self, first):
        how = self.how
        if how.since('3.1'):
            words = None if how.since('4.2') else 1
            self.add('vcpu-info', legacy.vcpu_info(how.online, how.highest, words))
        self.parameters()
        blob = self.toolstack()
        if blob is not None:
            self.add('toolstack', legacy.toolstack(blob))
        if how.since('4.1') and not how.rounds if how.last is None else how.last:
            self.add('last', legacy.chunk(legacy.LAST_CHECKPOINT))
        if how.compress and first:
            self.add('enable-compression', legacy.chunk(legacy.ENABLE_COMPRESSION))
        self.add('end-of-body', legacy.END_OF_BODY)

    def toolstack(self):
        """libxl's blob, of 4.2 and later where a guest has one."""
        if self.how.physmap is None or not self.how.since('4.2'):
            return None
        return legacy.toolstack_blob(self.how.physmap, 4 if self.how.width == 8 else 0)

    def parameters(self):
        """PV guests have none."""

    def save(self):
        self.head()
        self.first_round()
        self.metadata(True)
        self.tail(0)
        for number in range(1, max(self.how.rounds, 1)):
            self.later_round(number)
            self.metadata(False)
            self.tail(number)
        self.finish()
        return self.parts, self.state

    def finish(self):
        state = self.state
        state.memory = {pfn: one for pfn, one in self.sent.items() if pfn not in state.unmapped}
        state.checkpoints = max(self.how.rounds, 1)
        state.tsc = TSC if self.how.since('4.0') else None
        state.toolstack = self.toolstack()
        state.physmap = self.how.physmap or [] if state.toolstack is not None else []


class SavedPv(Saved):
    """PV: head with the p2m's frames, tail with the vCPUs."""

    def __init__(self, golden, how):
        super().__init__(golden, how)
        self.state = State(True, self.top + 1)
        self.state.width, self.state.levels = golden.width, 4 if golden.width == 8 else 3

    def first_round(self):
        if self.how.live:
            self.memory.update({pfn: (XTAB, None) for pfn in BALLOONED})
        super().first_round()

    def told(self):
        """Whether there is extended info."""
        how = self.how
        return how.since('3.2') if how.extended is None else how.extended

    def head(self):
        how, golden, width = self.how, self.golden, self.how.width
        self.add('p2m-size', legacy.ul(width, self.top + 1))
        if self.told():
            blocks = [legacy.block(b'vcpu', self.live_context())]
            if how.since('3.2'):
                blocks.append(legacy.block(b'extv'))
            if how.xsave:
                blocks.append(legacy.block(b'xcnt', struct.pack('<I', 16 + len(how.xsave(0)[1]))))
            if how.unknown_block:
                blocks.append(legacy.block(b'zork', b'what is this?'))
            self.add('extended-info', legacy.extended_info(width, blocks))
        self.add('frames', legacy.frame_list(width, golden.frames))
        self.state.frames = list(golden.frames)

    def live_context(self):
        """vCPU 0 while the guest runs, with machine frames in it: nothing of it may reach a restored guest."""
        blob = build_pv.basic(self.golden.width, 0, root=MFN + 4, gdt=[MFN + 8])
        if self.golden.width == 4:
            return build_pv.put('vcpu_guest_context_32', blob, vm_assist=0x28)
        return blob

    def basic(self, number, round_number):
        """Canonical; each round has another instruction pointer."""
        blob = self.golden.basic(number).body[8:]
        wide = self.golden.width == 8
        name = 'vcpu_guest_context_64' if wide else 'vcpu_guest_context_32'
        pointer = 'user_regs.rip' if wide else 'user_regs.eip'
        home = build_pv.KERNEL[self.golden.width]
        return build_pv.put(name, blob, **{pointer: home + 0x10CA + 16 * round_number + number})

    def tail(self, number):
        how, state = self.how, self.state
        state.unmapped = [pfn for pfn in range(self.top + 1) if self.memory[pfn][0] == XTAB]
        self.add('unmapped', legacy.unmapped(how.width, state.unmapped))
        state.vcpus = {}
        for vcpu in how.online if how.since('3.1') else [0]:
            self.vcpu(vcpu, number)
        state.shared_info = self.golden.shared_info().body
        if how.since('3.1'):  # before, the machine frame stayed there
            at = 0xC18 if self.golden.width == 8 else 0x910
            state.shared_info = state.shared_info[:at] + bytes(self.golden.width) + \
                state.shared_info[at + self.golden.width:]
        self.add('shared-info', state.shared_info)

    def vcpu(self, vcpu, number):
        how = self.how
        basic = self.basic(vcpu, number)
        self.add('vcpu-basic', basic)
        extended = area = None
        mask = 0
        if how.since('3.2'):
            fill = b'\0' if how.since('4.2') else b'\x5a'  # the stack's contents
            size = 56 if how.since('4.3') else 40 if how.since('4.2') else 32  # all that Xen of that time filled in
            extended = build_pv.extended(vcpu, size, self.golden.width).ljust(128, fill)
            self.add('vcpu-extended', extended)
        if how.xsave and how.xsave(vcpu) is not None:
            mask, area = how.xsave(vcpu)
            self.add('vcpu-xsave', legacy.xsave_part(mask, area))
        self.state.vcpus[vcpu] = Vcpu(basic, extended, area, mask)


class SavedHvm(Saved):
    """HVM: parameters in chunks, the three magic pages and the context in the tail, then the device model."""

    def __init__(self, golden, how):
        super().__init__(golden, how)
        self.state = State(False, self.top + 1)
        if how.since('4.3'):
            self.memory[BAD] = (BROKEN, None)

    def head(self):
        self.add('p2m-size', legacy.ul(self.how.width, self.top + 1))

    def first_round(self):
        if self.how.live:
            self.memory[STALE] = (XTAB, None)
            self.state.stale = {STALE}
        super().first_round()

    def values(self):
        first = self.golden.special
        return {12: 0xFEFFB000, 15: 0xFC00B000, 17: first + 1, 19: 1, 9: 0x1F, 34: 0xFC00F000, 27: 0xFEFF8, 28: 0xFEFF9,
                29: 0xFEFFA, 32: first + 4, 33: 2, 36: 8}

    def parameters(self):
        self.state.params = {}
        for ident, since in PARAMS:
            if self.how.since(since):
                index = legacy.PARAM_OF[ident]
                self.add('param', legacy.param(ident, self.values()[index]))
                self.state.params[index] = self.values()[index]

    def tail(self, number):
        state, first = self.state, self.golden.special
        magic = (first + 2, first + 3, first)
        self.add('magic', legacy.magic(*magic))
        state.params.update(zip(legacy.MAGIC_PARAMS, magic))
        minor = int(self.how.release.split('.')[1]) if self.how.since('4.0') else 0
        entries = build_hvm.entries(2, 4, minor=minor, viridian=self.how.since('4.2'))
        entries = build_hvm.changed(entries, build_hvm.C_HEADER, 0, gtsc_khz=TSC[1])
        entries = build_hvm.changed(entries, build_hvm.C_CPU, 0, rax=number)
        state.context = hvm.context(entries).body
        self.add('hvm-context', legacy.hvm_context(state.context))
        if self.how.device is not None:
            state.qemu = wrap.qemu_state(200 + number)
            form = self.how.device
            self.add('device-model', legacy.device_model_classic(state.qemu) if form == 'classic' else
                     legacy.device_model(state.qemu, form))


def save(golden, how):
    """(Parts, State)"""
    return (SavedPv if golden.pv else SavedHvm)(golden, how).save()


def pv_guest(width=8, guest=8, top=31, frames=(1,), **how):
    golden = Pv(3, guest, top=top)
    golden.place_p2m(list(frames))
    return save(golden, How(width, **how))


def hvm_guest(width=8, top=31, **how):
    return save(Hvm(3, top=top), How(width, **how))
