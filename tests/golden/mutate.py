"""Each record of an image dropped, doubled, or swapped with the next one, and what is to be found then.

ANY means that the format does not say what a checker has to think of it; an empty set that it is harmless.
"""

import struct

import xenf
from case import Case
from xenf import (CHECKPOINT, END, HVM, HVM_CONTEXT, HVM_PARAMS, IMAGE_DIGEST, NOTAB, PAGE, PAGE_CHECKS, PAGE_DATA,
                  PROVENANCE, PV, SAVING_CPU, SHARED_INFO, STATIC_DATA_END, VERIFY, X86_CPUID_POLICY, X86_MSR_POLICY,
                  X86_PV_INFO, X86_PV_P2M_FRAMES, X86_PV_VCPU_BASIC, X86_PV_VCPU_EXTENDED, X86_PV_VCPU_MSRS,
                  X86_PV_VCPU_XSAVE, X86_TSC_INFO, XALLOC, XTAB)

ANY = None
VCPU = {X86_PV_VCPU_BASIC, X86_PV_VCPU_EXTENDED, X86_PV_VCPU_XSAVE, X86_PV_VCPU_MSRS}
TAIL = VCPU | {X86_TSC_INFO, SHARED_INFO, HVM_CONTEXT, HVM_PARAMS}
STATIC = {X86_PV_INFO, X86_CPUID_POLICY, X86_MSR_POLICY}
FREE = {SAVING_CPU, PROVENANCE}  # may stand anywhere, any number of times

TWICE = {
    X86_PV_INFO: 'pvinfo-duplicate', X86_PV_P2M_FRAMES: 'p2m-duplicate', X86_CPUID_POLICY: 'cpuid-duplicate-record',
    X86_MSR_POLICY: 'msr-duplicate-record', STATIC_DATA_END: 'sde-duplicate', VERIFY: 'verify-twice',
    X86_TSC_INFO: 'tsc-duplicate', HVM_CONTEXT: 'ctx-duplicate', HVM_PARAMS: 'param-duplicate-record',
    SHARED_INFO: 'shinfo-duplicate', END: 'rec-after-end', PAGE_CHECKS: 'opt-page-checks',
    IMAGE_DIGEST: 'opt-image-digest',
}
ABSENT = {
    X86_PV_INFO: 'pvinfo-missing', X86_PV_P2M_FRAMES: 'p2m-missing', X86_CPUID_POLICY: 'cpuid-missing-v3',
    STATIC_DATA_END: 'sde-missing', X86_TSC_INFO: 'tsc-missing', HVM_CONTEXT: 'ctx-missing',
    HVM_PARAMS: 'param-missing', SHARED_INFO: 'shinfo-missing', END: 'rec-end-missing',
    X86_MSR_POLICY: 'msr-missing-v3',
}


def twice(kind):
    return 'vcpu-duplicate' if kind in VCPU else TWICE[kind]


class Memory:
    """What PAGE_DATA leaves of each pfn: by the rules of section 6, and nothing else."""

    def __init__(self, image):
        self.last, self.contents, self.tables, self.rules = {}, {}, set(), set()
        verifying = False
        for record in image.records:
            if record.kind == VERIFY:
                verifying = True
            elif record.kind == PAGE_DATA:
                self.take(record.body, verifying)
        self.judge(image)

    def take(self, body, verifying):
        count = struct.unpack_from('<I', body)[0]
        at = 8 + 8 * count
        for word in struct.unpack_from('<%dQ' % count, body, 8):
            pfn, kind = word & (1 << 52) - 1, word >> 60
            if kind in xenf.WITH_DATA:
                data, at = body[at:at + PAGE], at + PAGE
                if verifying and pfn not in self.contents:
                    self.rules.add('verify-new-page')
                elif verifying and self.contents[pfn] != data:
                    self.rules.add('verify-mismatch')
                else:
                    self.contents[pfn] = data
                if kind != NOTAB:
                    self.tables.add(pfn)
            self.last[pfn] = kind

    def judge(self, image):
        if not self.contents:
            self.rules.add('page-none')
        top = max(self.last, default=0)
        needed, needed_rule = [], 'p2m-frame-data'
        if image.dhdr['kind'] == PV and image.all(X86_PV_P2M_FRAMES):
            body = image.get(X86_PV_P2M_FRAMES).body
            top = struct.unpack_from('<I', body, 4)[0]
            needed = struct.unpack_from('<%dQ' % (len(body) // 8 - 1), body, 8)
        elif image.dhdr['kind'] == HVM and image.all(HVM_PARAMS):
            body = image.get(HVM_PARAMS).body
            pairs = dict(struct.iter_unpack('<QQ', body[8:]))
            needed, needed_rule = [pairs[1]], 'param-store-backed'
        if any(pfn not in self.last for pfn in range(top + 1)):
            self.rules.add('page-coverage')
        if any(pfn not in self.contents for pfn in needed):
            self.rules.add(needed_rule)
        for pfn, kind in self.last.items():
            if kind == XTAB and pfn in self.contents:
                self.rules.add('page-table-became-xtab' if pfn in self.tables else 'page-became-xtab')
            if kind == XALLOC and pfn not in self.contents:
                self.rules.add('page-missing-data')
            if image.dhdr['kind'] == PV and 1 <= kind & 7 <= 4 and kind < xenf.BROKEN:
                self.judge_table(self.contents.get(pfn, b''))

    def judge_table(self, page):
        for entry, in struct.iter_unpack('<Q', page):
            if entry & 1 and self.last.get(entry >> 12 & 0xFFFFFFFF, XTAB) in (XTAB, xenf.BROKEN):
                self.rules.add('pv-pte-backed')


def after_drop(image, index):
    """The rules of which one is to be found when this record is missing."""
    kind, rest = image.records[index].kind, image.drop(index)
    checkpoints = image.all(CHECKPOINT)
    later = bool(checkpoints) and index > checkpoints[0]
    follower = image.records[index + 1].kind if index + 1 < len(image.records) else None
    if kind == PAGE_DATA:
        if follower == PAGE_CHECKS:
            return {'opt-page-checks'}
        return Memory(rest).rules
    if kind == CHECKPOINT:
        return {'ckpt-incomplete'} if index == checkpoints[-1] else {'tsc-duplicate'}
    if later and kind == X86_PV_VCPU_BASIC:  # each checkpoint has all of the tail, says 12.4, but no rule's sentence
        return ANY
    if kind == X86_PV_VCPU_BASIC:
        return {'vcpu-orphan'} if image.records[index].body[0] else {'vcpu0-missing'}
    if kind == X86_PV_VCPU_EXTENDED:
        return set() if later else {'vcpu-ext-missing'}
    if kind == X86_PV_VCPU_XSAVE:
        return {'vcpu-xsave-missing'} if not later and image.all(X86_CPUID_POLICY) else set()
    return {ABSENT[kind]} if kind in ABSENT else set()


def after_double(image, index):
    kind = image.records[index].kind
    if kind == PAGE_DATA or kind in FREE:
        return set()
    return ANY if kind == CHECKPOINT else {twice(kind)}


def after_swap(image, index):
    """The same when this record and the next change places."""
    one, two = image.records[index].kind, image.records[index + 1].kind
    pair = {one, two}
    if END in pair:
        return {'rec-after-end'}
    follower = image.records[index + 2].kind if index + 2 < len(image.records) else None
    if PAGE_CHECKS in pair or two == PAGE_DATA and follower == PAGE_CHECKS:
        return {'opt-page-checks'}
    if two == IMAGE_DIGEST:
        return {'opt-image-digest'}
    if pair & FREE or pair <= STATIC or pair <= TAIL:
        return set()
    if pair == {STATIC_DATA_END, PAGE_DATA} or pair == {STATIC_DATA_END, X86_PV_P2M_FRAMES}:
        return {'sde-missing'}
    if two == STATIC_DATA_END:
        return {'static-after-sde'}
    if pair == {X86_PV_P2M_FRAMES, PAGE_DATA}:
        return {'page-pv-order'}
    if pair == {X86_PV_INFO, X86_PV_P2M_FRAMES}:
        return {'pvinfo-missing'}
    if pair <= {PAGE_DATA, VERIFY}:
        if any(record.kind == XALLOC for record in image.records) or image.dhdr.get('major') == 0:
            return ANY  # contents first and a name for allocation later: nobody says
        return Memory(image.swap(index, index + 1)).rules
    if one == PAGE_DATA and two in TAIL or one == CHECKPOINT and two == PAGE_DATA:
        return {'tail-before-memory'}
    if two == CHECKPOINT:
        last = index + 1 == image.all(CHECKPOINT)[-1]
        return {'ckpt-incomplete'} if last else {twice(one)}
    if one == CHECKPOINT:
        return {twice(two)}
    return ANY


def mutations(name, image):
    """Three lists of cases: dropped, doubled, swapped. A case that nobody can judge has the rule ANY."""
    dropped, doubled, swapped = [], [], []
    for index, record in enumerate(image.records):
        label = '%s-%%s-%d-%s' % (name, index + 1, record.name().lower())
        dropped.append(mutation(label % 'drop', image.drop(index), after_drop(image, index)))
        doubled.append(mutation(label % 'double', image.insert(index, record), after_double(image, index)))
        if index + 1 < len(image.records):
            swapped.append(mutation(label % 'swap', image.swap(index, index + 1), after_swap(image, index)))
    return dropped, doubled, swapped


def belies_digest(image):
    """The image carries an IMAGE_DIGEST at its place, and is not what that says."""
    return (len(image.records) > 1 and [record.kind for record in image.records[-2:]] == [IMAGE_DIGEST, END] and
            image.records[-2].body != xenf.image_digest(image).body)


def belies_checks(image):
    """A pfn's last copy is followed by a check that it does not fit to."""
    wrong, entries, right = {}, [], b''
    for record in image.records:
        if record.kind == VERIFY:
            break
        if record.kind == PAGE_DATA:
            count = struct.unpack_from('<I', record.body)[0]
            words = struct.unpack_from('<%dQ' % count, record.body, 8)
            wrong.update((word & (1 << 52) - 1, False) for word in words)
            entries = [word & (1 << 52) - 1 for word in words if word >> 60 in xenf.WITH_DATA]
            right = xenf.checks_of(record).body
        elif record.kind == PAGE_CHECKS and len(record.body) == len(right):
            wrong.update((pfn, record.body[at:at + 8] != right[at:at + 8])
                         for pfn, at in zip(entries, range(8, len(right), 8)))
    return any(wrong.values())


def mutation(name, image, rules):
    also = ['opt-image-digest-differs'] if belies_digest(image) else []
    may = ['opt-page-check-differs'] if belies_checks(image) else []
    case = Case(name, rules or set(), image, also=also, may=may)
    case.unjudged = rules is ANY
    return case
