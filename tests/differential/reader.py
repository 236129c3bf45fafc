"""A second reader of bare images, which shares nothing with the C code: what is wrong, and what a restore would leave.

It follows the format's description alone. The rules that it judges are those of COVERED: framing, the order of
records, memory, and which records must be there; what stands inside registers, devices and policies is for others. A
rule's id is the one name for a fault that both readers have.
"""

import hashlib
import struct

END, PAGE_DATA, PV_INFO, P2M, BASIC, EXTENDED, XSAVE, SHARED_INFO, TSC, CONTEXT, PARAMS = range(11)
TOOLSTACK, MSRS, VERIFY, CHECKPOINT, DIRTY_LIST, STATIC_END, CPUID_POLICY, MSR_POLICY = range(11, 19)
OURS = {0x80475701, 0x80475702, 0x80475703, 0x80475704}
OPTIONAL = 0x80000000
NAMES = ['end', 'page_data', 'pv_info', 'pv_p2m_frames', 'pv_vcpu_basic', 'pv_vcpu_extended', 'pv_vcpu_xsave',
         'shared_info', 'tsc_info', 'hvm_context', 'hvm_params', 'toolstack', 'pv_vcpu_msrs', 'verify', 'checkpoint',
         'checkpoint_dirty_pfn_list', 'static_data_end', 'cpuid_policy', 'msr_policy']
OUR_NAMES = {0x80475701: 'page_checks', 0x80475702: 'image_digest', 0x80475703: 'saving_cpu', 0x80475704: 'provenance'}
ONLY_PV = {PV_INFO, P2M, BASIC, EXTENDED, XSAVE, SHARED_INFO, MSRS}
ONLY_HVM = {CONTEXT, PARAMS}
VCPU = {BASIC: 'basic', EXTENDED: 'extended', XSAVE: 'xsave', MSRS: 'msrs'}
MARKERS = {END: 'end-body', VERIFY: 'verify-body', CHECKPOINT: 'ckpt-body', STATIC_END: 'sde-body'}
TAIL = {TSC, SHARED_INFO, CONTEXT, PARAMS} | set(VCPU)
STATIC = {PV_INFO, CPUID_POLICY, MSR_POLICY}

NOTAB, XTAB, XALLOC, BROKEN = 0, 15, 14, 13
TABLES = {1: 1, 2: 2, 3: 3, 4: 4, 9: 1, 10: 2, 11: 3, 12: 4}  # type -> level
WITH_CONTENTS = {NOTAB} | set(TABLES)
POPULATED = WITH_CONTENTS | {XALLOC}

PFN_LIMIT = 1 << 28
LENGTH_LIMIT = 128 << 20
KEPT = 32 << 20
ENTRIES = 1 << 20
VCPUS = 8192
RINGS = {1: 'param-store-backed', 17: 'param-console-backed', 5: 'param-ioreq-backed', 6: 'param-ioreq-backed'}
PARAMS_KNOWN = 39
REFUSED_PARAMS = {13, 20, 21, 22, 23, 24, 25, 26, 30, 35}

COVERED = set('''
    ihdr-truncated ihdr-marker ihdr-id ihdr-version-known ihdr-big-endian ihdr-options-reserved ihdr-reserved
    dhdr-truncated dhdr-type dhdr-type-dropped dhdr-page-shift dhdr-reserved
    rec-truncated-header rec-truncated-body rec-length-limit rec-kept-limit rec-padding-nonzero
    rec-type-unknown-mandatory rec-type-unknown-optional rec-optional-in-checkpoint rec-type-guest rec-type-toolstack
    rec-type-backchannel rec-end-missing rec-after-end carrier-no-newheader end-body verify-body ckpt-body sde-body
    verify-present verify-twice verify-in-checkpointed verify-new-page verify-mismatch verify-incomplete
    ckpt-in-plain ckpt-incomplete
    page-short page-count-zero page-count-array page-count-limit page-length page-reserved page-pfn-reserved page-type
    page-type-xalloc page-type-broken page-type-hvm-table page-type-l4-pv32 page-pfn-range-pv page-pv-order
    page-dup-in-record page-batch-large page-coverage page-missing-data page-pfn-limit page-became-xtab
    page-table-became-xtab page-none page-all-zero page-last-type-conflict
    pvinfo-missing pvinfo-duplicate pvinfo-length pvinfo-pair p2m-missing p2m-length p2m-order p2m-start-zero
    p2m-end-zero p2m-duplicate p2m-frame-range p2m-frame-type p2m-frame-data p2m-frame-dup
    vcpu-hdr-short vcpu-hdr-reserved vcpu-id-range vcpu0-missing vcpu-orphan vcpu-ext-missing vcpu-duplicate
    vcpu-before-pvinfo vcpu-zero-content vcpu-basic-size vcpu-ext-size vcpu-xsave-size vcpu-msrs-multiple
    shinfo-missing shinfo-size shinfo-duplicate
    ctx-missing ctx-empty ctx-duplicate param-missing param-short param-length param-reserved param-empty
    param-duplicate param-duplicate-record param-index-known param-after-context
    param-store-backed param-console-backed param-ioreq-backed
    tsc-missing tsc-size tsc-duplicate tsc-mode tail-before-memory
    sde-missing sde-duplicate sde-in-v2 static-after-sde policy-in-v2
    cpuid-zero cpuid-multiple cpuid-duplicate-record cpuid-missing-v3 msr-zero msr-multiple msr-duplicate-record
    msr-missing-v3
    dirty-list-multiple
'''.split())


# Of these the reader knows a part: what it finds must be found.
PARTLY = {'vcpu-xsave-size',  # how long an area must be follows from what stands in it
          'param-index-known'}  # the description has no word on indices below 39 that have no name


class Stop(Exception):
    """Nothing behind this can be read: the rule that is broken, and whether it is the end of the octets."""

    def __init__(self, rule, cut=False):
        super().__init__(rule)
        self.rule, self.cut = rule, cut


class State:
    """What a restore would have; copied at every checkpoint, for a cut behind it costs what came after."""

    def __init__(self):
        self.named, self.filled, self.tables, self.verified = {}, set(), set(), set()  # pfn -> type; pfns
        self.contents = {}  # pfn -> the last hash, behind VERIFY too
        self.types, self.hashes, self.blobs = {}, {}, {}  # without what stands behind VERIFY
        self.rings = {}
        self.any_contents = self.any_nonzero = False

    def copy(self):
        other = State()
        for name, value in vars(self).items():
            setattr(other, name, value.copy() if isinstance(value, (dict, set)) else value)
        return other


class Reading:
    """An image that was read: rules that it breaks (of COVERED), and the digest's lines or None."""

    def __init__(self, octets):
        self.octets, self.at = memoryview(octets), 0
        self.rules, self.state, self.kept = set(), State(), None
        self.checkpoints = self.number = 0
        self.ended = self.verifying = False
        self.pv = self.version = None
        self.unknown_types = set()
        self.width = self.width_said = 0  # of a right X86_PV_INFO; of any
        self.have_info = self.info_told = self.vcpu_early_told = False
        self.end_pfn, self.frames, self.p2m_seen, self.early_pages = None, [], False, False
        self.static_end = self.static_told = False
        self.fixed = set()  # policy records so far
        self.vcpus_ever = {}
        self.digest_fails = False
        self.last = None
        self.new_checkpoint()
        failed = None
        try:
            self.headers()
            while self.record():
                pass
        except Stop as stop:
            failed = stop
        self.conclude(failed)

    def new_checkpoint(self):
        """What is counted anew for each."""
        self.seen, self.vcpus, self.full = {}, {}, set()

    def say(self, rule):
        self.rules.add(rule)

    def take(self, length):
        part = self.octets[self.at:self.at + length]
        self.at += len(part)
        return bytes(part)

    # --- headers -----------------------------------------------------------------------------------------------------

    def headers(self):
        head = self.take(24)
        if len(head) < 24:
            raise Stop('ihdr-truncated', True)
        marker, ident, self.version, options, res1, res2 = struct.unpack('>8s4sIHHI', head)
        if marker != b'\xff' * 8:
            raise Stop('ihdr-marker')
        if ident != b'XENF':
            raise Stop('ihdr-id')
        if self.version not in (2, 3):
            raise Stop('ihdr-version-known')
        if options & 1:
            raise Stop('ihdr-big-endian')
        head = self.take(16)
        if len(head) < 16:
            raise Stop('dhdr-truncated', True)
        kind, shift, res, self.major, self.minor = struct.unpack('<IHHII', head)
        if kind not in (1, 2):
            raise Stop('dhdr-type-dropped' if kind in (3, 4) else 'dhdr-type')
        if shift != 12:
            raise Stop('dhdr-page-shift')
        self.pv = kind == 1
        for wrong, rule in ((options, 'ihdr-options-reserved'), (res1 or res2, 'ihdr-reserved'),
                            (res, 'dhdr-reserved')):
            if wrong:
                self.say(rule)

    # --- records -----------------------------------------------------------------------------------------------------

    def record(self):
        """One of them; False: there is no more."""
        head = self.take(8)
        if not head and self.number and self.last == CHECKPOINT:
            return False
        if len(head) < 8:
            raise Stop('rec-truncated-header' if head else 'rec-end-missing', True)
        kind, length = struct.unpack('<II', head)
        if (kind, length) == (0xFFFFFFFF, 0xFFFFFFFF) and self.checkpoints:
            raise Stop('carrier-no-newheader')
        if length > LENGTH_LIMIT:
            raise Stop('rec-length-limit')
        self.number += 1
        if kind == PAGE_DATA:
            self.pages(length)
        else:
            self.other(kind, length)
        self.last = kind
        return not self.ended

    def known(self, kind):
        return kind <= MSR_POLICY or kind in OURS

    def foreign(self, kind):
        return kind in (ONLY_HVM if self.pv else ONLY_PV)

    def frame(self, kind):
        """What is true of every record."""
        if kind & OPTIONAL and self.checkpoints:
            self.say('rec-optional-in-checkpoint')
        if kind == TOOLSTACK:
            self.say('rec-type-toolstack')
        if kind == DIRTY_LIST:
            self.say('rec-type-backchannel')
        if self.foreign(kind):
            self.say('rec-type-guest')
        if not self.known(kind):
            self.say('rec-type-unknown-optional' if kind & OPTIONAL else 'rec-type-unknown-mandatory')
        self.seen[kind] = self.seen.get(kind, 0) + 1

    def other(self, kind, length):
        if length > KEPT and self.known(kind):
            raise Stop('rec-kept-limit')
        if length > KEPT:  # passes by, and is judged before its end is there
            self.frame(kind)
        body = self.take(length)
        padding = self.take(-length % 8)
        if len(body) + len(padding) < length + -length % 8:
            raise Stop('rec-truncated-body', True)
        if any(padding):
            self.say('rec-padding-nonzero')
        if length > KEPT:
            return
        if kind == P2M:
            self.infer_static_end()
        self.frame(kind)
        if kind in MARKERS:
            self.marker(kind, body)
            return
        self.keep_blob(kind, body)
        if not self.foreign(kind):
            self.body(kind, body)

    def body(self, kind, body):
        if kind in STATIC:
            self.static(kind)
        judges = {PV_INFO: self.pv_info, P2M: self.p2m, SHARED_INFO: self.shared_info, TSC: self.tsc,
                  CONTEXT: self.context, PARAMS: self.params, CPUID_POLICY: self.cpuid, MSR_POLICY: self.msr}
        if kind in VCPU:
            self.vcpu(kind, body)
        elif kind in judges:
            judges[kind](body)
        elif kind == DIRTY_LIST and len(body) % 8:
            self.say('dirty-list-multiple')

    def marker(self, kind, body):
        if body:
            self.say(MARKERS[kind])
        if kind == STATIC_END:
            self.say_static_end()
        elif kind == VERIFY:
            self.say('verify-twice' if self.verifying else 'verify-present')
            if self.checkpoints:
                self.say('verify-in-checkpointed')
            self.verifying = True
        elif kind == CHECKPOINT:
            self.presence()
            self.checkpoints += 1
            if self.verifying:
                self.say('verify-in-checkpointed')
            self.new_checkpoint()
            self.kept = self.state.copy()
        else:
            if self.checkpoints and (self.major, self.minor) != (4, 6):
                self.say('ckpt-in-plain')
            if not self.checkpoints:
                self.presence()
            self.ended = True
            self.kept = self.state

    # --- the static part ---------------------------------------------------------------------------------------------

    def infer_static_end(self):
        if self.version == 2:
            self.static_end = True

    def say_static_end(self):
        if self.static_end:
            self.say('sde-duplicate')
        elif self.version == 2:
            self.say('sde-in-v2')
        elif not self.static_told and self.major != 0:  # what was converted from an old image has none
            for kind, rule in ((CPUID_POLICY, 'cpuid-missing-v3'), (MSR_POLICY, 'msr-missing-v3')):
                if kind not in self.fixed:
                    self.say(rule)
        self.static_end = True

    def static(self, kind):
        if kind != PV_INFO and self.version == 2:
            self.say('policy-in-v2')
        if self.static_end:
            self.say('static-after-sde')

    def need_static_end(self):
        if self.version == 3 and not self.static_end and not self.static_told:
            self.static_told = True
            self.say('sde-missing')

    def policy(self, kind, body, unit, name):
        if kind in self.fixed:
            self.say(name + '-duplicate-record')
        self.fixed.add(kind)
        if not body:
            self.say(name + '-zero')
        elif len(body) % unit:
            self.say(name + '-multiple')

    def cpuid(self, body):
        self.policy(CPUID_POLICY, body, 24, 'cpuid')

    def msr(self, body):
        self.policy(MSR_POLICY, body, 16, 'msr')

    # --- memory ------------------------------------------------------------------------------------------------------

    def page_head(self, length):
        head = self.take(min(length, 8))
        if len(head) < min(length, 8):
            raise Stop('rec-truncated-body', True)
        if length < 8:
            raise Stop('page-short')
        count, res = struct.unpack('<II', head)
        if count == 0:
            raise Stop('page-count-zero')
        if length < 16:
            raise Stop('page-short')
        if 8 + 8 * count > length:
            raise Stop('page-count-array')
        if count > ENTRIES:
            raise Stop('page-count-limit')
        words = self.take(8 * count)
        if len(words) < 8 * count:
            raise Stop('rec-truncated-body', True)
        return res, [(word & (1 << 52) - 1, word >> 52 & 0xFF, word >> 60)
                     for word in struct.unpack('<%dQ' % count, words)]

    def pages(self, length):
        self.infer_static_end()
        res, entries = self.page_head(length)
        for pfn, _, kind in entries:
            if 5 <= kind <= 8:
                raise Stop('page-type')
            if pfn >= PFN_LIMIT:
                raise Stop('page-pfn-limit')
        if length != 8 + 8 * len(entries) + 4096 * sum(kind in WITH_CONTENTS for _, _, kind in entries):
            raise Stop('page-length')
        self.frame(PAGE_DATA)
        self.judge_record(res, entries)
        named = set()
        for pfn, reserved, kind in entries:
            if reserved:
                self.say('page-pfn-reserved')
            if pfn in named:
                self.say('page-dup-in-record')
            named.add(pfn)
            self.judge_entry(pfn, kind)
        self.contents([(pfn, kind) for pfn, _, kind in entries])

    def judge_record(self, res, entries):
        self.need_static_end()
        if res:
            self.say('page-reserved')
        if len(entries) > 1024:
            self.say('page-batch-large')
        if self.pv and self.end_pfn is None:
            self.early_pages = True
        if TAIL & set(self.seen) - (ONLY_HVM if self.pv else ONLY_PV):
            self.say('tail-before-memory')

    def judge_entry(self, pfn, kind):
        state, level = self.state, TABLES.get(kind)
        before = TABLES.get(state.named.get(pfn))
        for wrong, rule in ((kind == BROKEN, 'page-type-broken'), (kind == XALLOC, 'page-type-xalloc'),
                            (level and not self.pv, 'page-type-hvm-table'),
                            (level == 4 and self.width == 4, 'page-type-l4-pv32'),
                            (self.end_pfn is not None and pfn > self.end_pfn, 'page-pfn-range-pv'),
                            (self.verifying and kind in WITH_CONTENTS and pfn not in state.filled, 'verify-new-page'),
                            (not self.verifying and before and level and before != level, 'page-last-type-conflict')):
            if wrong:
                self.say(rule)
        state.named[pfn] = kind
        if kind in WITH_CONTENTS:
            state.filled.add(pfn)
        if level:
            state.tables.add(pfn)
        if self.verifying:
            state.verified.add(pfn)
        else:
            state.types[pfn] = kind

    def contents(self, pairs):
        """Those of a record that is cut say nothing."""
        state, filled = self.state, [pfn for pfn, kind in pairs if kind in WITH_CONTENTS]
        if self.at + 4096 * len(filled) > len(self.octets):
            raise Stop('rec-truncated-body', True)
        for pfn in filled:
            page = self.take(4096)
            state.any_contents = True
            state.any_nonzero = state.any_nonzero or any(page)
            digest = hashlib.sha256(page).hexdigest()
            if self.verifying and state.contents.get(pfn, digest) != digest:
                self.say('verify-mismatch')
            state.contents[pfn] = digest
            if not self.verifying:
                state.hashes[pfn] = digest

    def conclude_memory(self, state):
        if not state.any_contents:
            self.say('page-none')
        elif not state.any_nonzero:
            self.say('page-all-zero')
        end = max(state.named) + 1 if state.named else 0
        if state.named and self.end_pfn is not None and self.end_pfn < PFN_LIMIT:
            end = max(end, self.end_pfn + 1)
        if len(state.named) < end:
            self.say('page-coverage')
        for pfn, kind in state.named.items():
            if kind == XALLOC and pfn not in state.filled:
                self.say('page-missing-data')
            if kind == XTAB and pfn in state.filled:
                self.say('page-table-became-xtab' if pfn in state.tables else 'page-became-xtab')
        if self.verifying and set(state.named) - state.verified:
            self.say('verify-incomplete')
        for pfn in self.frames:
            kind = state.named.get(pfn)
            if kind not in POPULATED:
                self.say('p2m-frame-data')
            elif kind != NOTAB:
                self.say('p2m-frame-type')
        for index, pfn in state.rings.items():
            if pfn and state.named.get(pfn) not in POPULATED:
                self.say(RINGS[index])

    # --- registers and devices: their frames -------------------------------------------------------------------------

    def need_info(self):
        if not self.have_info and not self.info_told:
            self.info_told = True
            self.say('pvinfo-missing')

    def pv_info(self, body):
        if self.have_info:
            self.say('pvinfo-duplicate')
        self.have_info = True
        if len(body) != 8:
            self.say('pvinfo-length')
        elif (body[0], body[1]) not in ((4, 3), (8, 4)):
            self.say('pvinfo-pair')
        else:
            self.width = body[0]

    def p2m(self, body):
        self.need_info()
        self.need_static_end()
        if self.end_pfn is not None:
            self.say('p2m-duplicate')
        elif self.early_pages:
            self.say('page-pv-order')
        self.p2m_seen, self.frames = True, []
        if not self.width:
            return
        if len(body) < 8:
            self.say('p2m-length')
            return
        start, end = struct.unpack_from('<II', body)
        per_page = 4096 // self.width
        if start > end:
            self.say('p2m-order')
            return
        if len(body) - 8 != 8 * (end // per_page - start // per_page + 1):
            self.say('p2m-length')
            return
        self.end_pfn = end
        if end >= PFN_LIMIT:
            self.say('page-pfn-limit')
            return
        if start:
            self.say('p2m-start-zero')
        if not end:
            self.say('p2m-end-zero')
        frames = struct.unpack('<%dQ' % (len(body) // 8 - 1), body[8:])
        if any(pfn > end for pfn in frames):
            self.say('p2m-frame-range')
        self.frames = [pfn for pfn in frames if pfn <= end]
        if len(set(self.frames)) < len(self.frames):
            self.say('p2m-frame-dup')

    def shared_info(self, body):
        self.need_info()
        if self.seen[SHARED_INFO] > 1:
            self.say('shinfo-duplicate')
        if len(body) != 4096:
            self.say('shinfo-size')

    def vcpu(self, kind, body):
        if not self.have_info and not self.info_told:
            self.say('vcpu-before-pvinfo')
        if len(body) < 8:
            self.say('vcpu-hdr-short')
            return
        number, res = struct.unpack_from('<II', body)
        if res:
            self.say('vcpu-hdr-reserved')
        if number >= VCPUS:
            self.say('vcpu-id-range')
            return
        length = len(body) - 8
        has, ever = self.vcpus.setdefault(number, set()), self.vcpus_ever.setdefault(number, set())
        if kind in has:
            self.say('vcpu-duplicate')
        has.add(kind)
        if not length:
            self.say('vcpu-zero-content')
            return
        ever.add(kind)
        self.full.add((number, kind))
        right = {BASIC: length in ({4: [2800], 8: [5168]}.get(self.width, [2800, 5168])), EXTENDED: 32 <= length <= 128,
                 XSAVE: length == 16 or length >= 592, MSRS: length % 16 == 0}
        if not right[kind]:
            self.say({BASIC: 'vcpu-basic-size', EXTENDED: 'vcpu-ext-size', XSAVE: 'vcpu-xsave-size',
                      MSRS: 'vcpu-msrs-multiple'}[kind])

    def tsc(self, body):
        if self.seen[TSC] > 1:
            self.say('tsc-duplicate')
        if len(body) != 24:
            self.say('tsc-size')
        elif struct.unpack_from('<I', body)[0] > 2:
            self.say('tsc-mode')

    def context(self, body):
        if self.seen[CONTEXT] > 1:
            self.say('ctx-duplicate')
        if not body:
            self.say('ctx-empty')

    def params(self, body):
        if self.seen[PARAMS] > 1:
            self.say('param-duplicate-record')
        if not self.seen.get(CONTEXT) and self.major != 0:  # an old image has them in that order
            self.say('param-after-context')
        if len(body) < 8:
            self.say('param-short')
            return
        count, res = struct.unpack_from('<II', body)
        if len(body) - 8 != 16 * count:
            self.say('param-length')
            return
        if res:
            self.say('param-reserved')
        if not count:
            self.say('param-empty')
        pairs = list(struct.iter_unpack('<QQ', body[8:]))
        known = [index for index, _ in pairs if index < PARAMS_KNOWN]
        if len(set(known)) < len(known):
            self.say('param-duplicate')
        if any(index >= PARAMS_KNOWN or index in REFUSED_PARAMS for index, _ in pairs):
            self.say('param-index-known')
        self.state.rings.update((index, value) for index, value in pairs if index in RINGS)

    def presence(self):
        """What must be there at END, and at each checkpoint."""
        if not self.seen.get(TSC):
            self.say('tsc-missing')
        if self.version == 3 and not self.static_end and not self.static_told:
            self.say('sde-missing')
        if not self.pv:
            for kind, rule in ((CONTEXT, 'ctx-missing'), (PARAMS, 'param-missing')):
                if not self.seen.get(kind):
                    self.say(rule)
            return
        self.need_info()
        if not self.p2m_seen and not self.checkpoints:
            self.say('p2m-missing')
        if not self.seen.get(SHARED_INFO):
            self.say('shinfo-missing')
        if (0, BASIC) not in self.full:
            self.say('vcpu0-missing')
        for number, has in self.vcpus.items():
            ever = self.vcpus_ever[number]
            if ever and BASIC not in ever and number:
                self.say('vcpu-orphan')
            if BASIC in ever and EXTENDED not in ever | has and self.major != 0:
                self.say('vcpu-ext-missing')

    # --- the end -----------------------------------------------------------------------------------------------------

    def keep_blob(self, kind, body):
        """As the digest's lines have it: the body of the last record of each kind, of a vCPU's without its header."""
        name = OUR_NAMES.get(kind) or (NAMES[kind] if kind <= MSR_POLICY else '%08x' % kind)
        if kind in VCPU:
            if len(body) < 8 or struct.unpack_from('<I', body)[0] >= VCPUS:
                self.digest_fails = True
                return
            name, body = 'vcpu%d_%s' % (struct.unpack_from('<I', body)[0], VCPU[kind]), body[8:]
        elif kind >= 32:
            self.unknown_types.add(kind)
            self.digest_fails = self.digest_fails or len(self.unknown_types) > 256
        if kind == PV_INFO and body:
            self.width_said = body[0]
        self.state.blobs[name] = (len(body), hashlib.sha256(body).hexdigest())

    def conclude(self, failed):
        self.lines = None
        whole = failed is None
        if failed:
            behind = failed.cut and self.kept is not None
            self.say('ckpt-incomplete' if behind else failed.rule)
            whole = behind
        elif self.at < len(self.octets):
            self.say('rec-after-end')
        if self.kept is not None:
            self.conclude_memory(self.kept)
            if whole and not self.digest_fails:
                self.lines = self.digest(self.kept)

    def digest(self, state):
        guest = 'hvm' if not self.pv else {4: 'pv32', 8: 'pv64'}.get(self.width_said, 'pv')
        lines = ['guest ' + guest, 'pfns %d' % (max(state.types) + 1 if state.types else 0)]
        run = None
        for pfn in sorted(state.types):
            kind = state.types[pfn]
            what = (kind, state.hashes[pfn] if kind in WITH_CONTENTS else '-')
            if run and run[1] + 1 == pfn and run[2] == what:
                run[1] = pfn
                continue
            run = [pfn, pfn, what]
            lines.append(run)
        lines = [line if isinstance(line, str) else 'page %s %x0000000 %s' % (
            '%x' % line[0] if line[0] == line[1] else '%x-%x' % (line[0], line[1]), *line[2]) for line in lines]
        return lines + sorted('blob %s %d %s' % (name, *blob) for name, blob in state.blobs.items())
