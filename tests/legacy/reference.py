"""Xen's own convert-legacy-stream as a peer: what it makes of an image, and why that is wrong where it is.

The letters are those with which docs/legacy.md explains itself. tools/fetch-xen unpacks the program; nothing is
installed.
"""

import subprocess
import sys

import facts
import legacy
import xenf
from converted import Converted, compare, wanted
from xenverifier import XenVerifier

CODES = {
    'U': 'the list of pfns without a page is thrown away: pages that the guest had given back are populated again',
    'M': 'entries of holes carry machine frames, which go out as pfns; a restorer refuses the stream',
    'F': 'chunk -21 (the width of the x87 instruction pointer) is not known to it',
    'R': 'it stops behind the first checkpoint: the oldest state of the image',
    'C': 'compressed checkpoints are not implemented',
    'T': 'transcendent memory is not implemented',
    'E': 'a PV guest without extended info is refused',
    'S': 'an XSAVE area that is absent or of another size stops it with an assertion',
    'Q': 'a device model\'s record of xend, of xl of Xen 4.0 or of Remus is not known to it',
    'V': 'converted rightly; verify-stream-v2 refuses it all the same, because it compares an octet with a character',
    'N': 'without chunk -2 no vCPU is read, and the first one\'s context goes out as the shared-info page',
    'L': 'a guest with two levels of page tables is declared one with three',
}
REFUSALS = [('Unrecognised chunk -21', 'F'), ('Unexpected extended info marker', 'E'), ('Unrecognised Qemu sig', 'Q'),
            ('AssertionError', 'S')]
# What may differ where both are right.
ACCEPTED = {
    'h': 'it names holes of an HVM guest, which says nothing to a restorer',
    'v': 'it drops the mark before the second copy of memory and sends the copy as pages',
    'p': 'it writes HVM_PARAMS twice: the chunks, then the three magic pages',
    's': 'it writes SHARED_INFO behind the vCPUs',
    't': 'it writes X86_TSC_INFO where the chunk stood, among the pages',
    'a': 'it names a page for allocation that is sent later',
    'w': 'it writes a bare image with the device model\'s record behind it, for which no receiver exists; '
         'godwit writes a libxl stream',
}


class Outcome:
    """verdict: 'ok', 'wrong' or 'fails'; codes: letters; converted: what it wrote, decoded, or None."""

    def __init__(self, verdict, codes='', converted=None, text=''):
        self.verdict, self.codes, self.converted, self.text = verdict, codes, converted, text

    def __str__(self):
        return '%s (%s)' % (self.verdict, ' '.join(self.codes)) if self.codes else self.verdict


class Reference(XenVerifier):
    """ready, why: as of the verifier, which is in the same package."""

    def run(self, source, target, width, kind, form, skip_qemu):
        command = [sys.executable, str(self.library / 'bin/convert-legacy-stream'), '-i', str(source), '-o',
                   str(target), '-w', str(8 * width), '-g', kind, '-f', form]
        return subprocess.run(command + (['--skip-qemu'] if skip_qemu else []), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment(), timeout=240,
                              check=False)

    def ask_converter(self, reading, scratch):
        """Outcome for an image of which the second reader gave this Reading; it is given without its wrapping."""
        source, target = scratch / 'reference.in', scratch / 'reference.out'
        source.write_bytes(reading.octets.data[reading.wrapping.begin:reading.wrapping.end])
        form = 'libxl' if reading.wrapping.kind in ('xl', 'libvirt-v1') else 'libxc'
        kind = 'pv' if reading.pv else 'hvm'
        skip = kind == 'hvm' and reading.state.qemu is None and form == 'libxc'
        run = self.run(source, target, reading.width, kind, form, skip)
        text = run.stderr.decode(errors='replace')
        if run.returncode:
            return Outcome('fails', refusal(text, reading), None, text)
        outcome = self.judge_output(reading, target.read_bytes())
        if outcome.verdict == 'ok' and form == 'libxl':
            said, sentence = self.ask(target, form)
            if said != 'ok':
                outcome.codes = 'V' if 'NUL terminated' in sentence else '?'
        return outcome

    def judge_output(self, reading, octets):
        converted = Converted(octets)
        codes = wrong(reading, converted)
        return Outcome('wrong' if codes else 'ok', codes, converted, '\n'.join(converted.faults))


def refusal(text, reading):
    for sentence, code in REFUSALS:
        if sentence in text:
            return code
    if 'RuntimeError: todo' in text:
        return 'T' if legacy.TMEM in reading.chunks else 'C'
    return '?'


def wrong(reading, converted):
    """The letters of what is wrong in what it wrote; '?' for what none of them explains."""
    codes, state, got = '', reading.state, converted.facts
    if len(reading.states) > 1:
        codes, state = 'R', reading.states[0]
    want = wanted(facts.of_state(state))
    extra = set(got.pages) - set(want.pages)
    if reading.pv and extra & set(state.unmapped):
        codes = 'U' + codes
        for pfn in extra & set(state.unmapped):
            del got.pages[pfn]
    if reading.pv and any('a hole is named: ' in fault for fault in converted.faults):
        codes = codes.replace('R', '') + 'M' + ('R' if 'R' in codes else '')
    if reading.pv and legacy.VCPU_INFO not in reading.chunks:
        codes += 'N'
        return codes
    if reading.pv and reading.state.levels == 2:
        codes += 'L'
    if 'device-model' in want.blobs and 'device-model' not in got.blobs:
        del want.blobs['device-model']
    return codes + ('?' if compare(want, converted, {}) else '')


def accepted(reading, ours, theirs):
    """The letters of what differs in form between two conversions that say the same; '?' with what differs else."""
    letters = ''
    kinds = [[record.kind for record in one.image.records] for one in (ours, theirs)]
    if any('a hole is named' in fault for fault in theirs.faults):
        letters += 'h'
    if xenf.VERIFY in kinds[0] and xenf.VERIFY not in kinds[1]:
        letters += 'v'
    if kinds[1].count(xenf.HVM_PARAMS) == 2:
        letters += 'p'
    if xenf.SHARED_INFO in kinds[1] and kinds[1].index(xenf.SHARED_INFO) > kinds[1].index(xenf.X86_PV_VCPU_BASIC):
        letters += 's'
    if xenf.X86_TSC_INFO in kinds[1] and xenf.PAGE_DATA in kinds[1][kinds[1].index(xenf.X86_TSC_INFO):]:
        letters += 't'
    if ours.allocations < theirs.allocations:
        letters += 'a'
    if reading.wrapping.kind is None and reading.state.qemu is not None:
        letters += 'w'
    return letters


def records(converted):
    """What the records of a conversion say, as lines: of each record that is no page and no mark its octets."""
    found = set()
    params = {}
    for record in converted.image.records:
        body = bytes(record.body)
        if record.kind == xenf.HVM_PARAMS:
            params.update(xenf_params(body))
        elif record.kind not in (xenf.PAGE_DATA, xenf.VERIFY) and not record.kind & 1 << 31:
            found.add('%s %d %s' % (xenf.NAMES[record.kind], len(body), facts.sha(body)))
    found |= {'parameter %d %x' % pair for pair in params.items()}
    found |= {'page %x %x %s' % (pfn, *one) for pfn, one in converted.facts.pages.items()}
    found |= {'broken %x' % pfn for pfn in converted.facts.broken}
    found |= {'store %s %s' % pair for pair in converted.store.items()}
    return found | {'device %s' % one[1] for name, one in converted.facts.blobs.items() if name == 'device-model'}


def xenf_params(body):
    count = int.from_bytes(body[:4], 'little')
    words = [int.from_bytes(body[at:at + 8], 'little') for at in range(8, 8 + 16 * count, 8)]
    return dict(zip(words[::2], words[1::2]))
