"""Faults of the headers and of the framing of records."""

import struct

import hvm
import wrap
import xenf
from case import Case, before, behind, put, without
from guests import Hvm, Pv
from streams import checkpointed, checkpointed_with_checks, plain, with_checks, with_our_records
from xenf import Record

MIB = 1 << 20
UNKNOWN = 0x80000001  # an optional type that nobody knows


def header_cases():
    hvm3, hvm2, pv3 = plain(Hvm(3)), plain(Hvm(2)), plain(Pv(3))
    octets = hvm3.octets()
    text_save = wrap.xl_header(b"name='demo'\nbuilder='hvm'\n", flags=0)
    return [
        Case('ihdr-truncated', 'ihdr-truncated', octets[:23], record=0),
        Case('ihdr-truncated-empty', 'ihdr-truncated', b'', record=0),
        # A marker with one bit off in front of a sound header is a damaged image; it might be called foreign as well.
        Case('ihdr-marker', 'ihdr-marker', hvm3.with_ihdr(marker=b'\xff' * 7 + b'\xfe'), may=['ihdr-legacy'], record=0),
        Case('ihdr-marker-in-libxl', 'ihdr-marker', wrap.libxl(hvm3.with_ihdr(marker=b'\xfe' * 8)),
             may=['ihdr-legacy']),
        Case('ihdr-id', 'ihdr-id', hvm3.with_ihdr(ident=0x58454E47), record=0),
        Case('ihdr-version-known', 'ihdr-version-known', hvm3.with_ihdr(version=4), record=0),
        # Once the version is refused, the types and lengths of that version may be told or not.
        Case('ihdr-version-target', 'ihdr-version-target', pv3, options=['--for-xen', '4.13'],
             may=['rec-type-target'], record=0),
        Case('ihdr-big-endian', 'ihdr-big-endian', hvm3.with_ihdr(options=1), record=0),
        Case('ihdr-options-reserved', 'ihdr-options-reserved', hvm3.with_ihdr(options=0x8000), record=0),
        Case('ihdr-reserved-1', 'ihdr-reserved', hvm3.with_ihdr(res1=1), record=0),
        Case('ihdr-reserved-2', 'ihdr-reserved', pv3.with_ihdr(res2=0x80), record=0),
        # It begins as a legacy image would, and is none.
        Case('ihdr-legacy-64', 'ihdr-legacy', struct.pack('<Qi', 0x10000, -30) + bytes(200), record=0),
        Case('ihdr-legacy-32', 'ihdr-legacy', struct.pack('<Ii', 0x10000, 2000000) + bytes(200), record=0),
        Case('ihdr-legacy-foreign', 'ihdr-legacy', b'\x7fELF\2\1\1' + bytes(200), record=0),
        Case('ihdr-legacy-in-xl', 'ihdr-legacy', text_save + struct.pack('<Qi', 0x10000, -30) + bytes(2000)),
        Case('dhdr-truncated', 'dhdr-truncated', octets[:39], record=0),
        Case('dhdr-truncated-none', 'dhdr-truncated', octets[:24], record=0),
        Case('dhdr-type', 'dhdr-type', hvm3.with_dhdr(kind=0), record=0),
        Case('dhdr-type-high', 'dhdr-type', hvm3.with_dhdr(kind=0x10002), record=0),
        Case('dhdr-type-dropped-pvh', 'dhdr-type-dropped', hvm2.with_dhdr(kind=3), record=0),
        Case('dhdr-type-dropped-arm', 'dhdr-type-dropped', hvm2.with_dhdr(kind=4), record=0),
        Case('dhdr-page-shift', 'dhdr-page-shift', hvm3.with_dhdr(page_shift=13), record=0),
        Case('dhdr-page-shift-44', 'dhdr-page-shift', hvm3.with_dhdr(page_shift=44), record=0),
        Case('dhdr-reserved', 'dhdr-reserved', pv3.with_dhdr(res=0x100), record=0),
        Case('dhdr-converted', 'dhdr-converted', hvm2.with_dhdr(major=0, minor=1), record=0),
        Case('dhdr-version-plausible', 'dhdr-version-plausible', hvm3.with_dhdr(minor=25), record=0),
        Case('dhdr-version-plausible-major', 'dhdr-version-plausible', hvm3.with_dhdr(major=5, minor=0), record=0,
             may=['dhdr-version-vs-image']),
        Case('dhdr-version-vs-image-3', 'dhdr-version-vs-image', hvm3.with_dhdr(minor=13), record=0),
        Case('dhdr-version-vs-image-2', 'dhdr-version-vs-image', hvm2.with_dhdr(minor=14), record=0),
    ]


def framing_cases():
    hvm3, hvm2, pv2, pv3 = plain(Hvm(3)), plain(Hvm(2)), plain(Pv(2)), plain(Pv(3))
    octets = hvm3.octets()
    last = len(hvm3.records)
    tsc = hvm3.number(xenf.X86_TSC_INFO)
    tsc_at = hvm3.offset(tsc - 1)
    unpadded = Record(UNKNOWN, b'\1\2\3', pad=0x20)
    huge = before(pv3, xenf.X86_TSC_INFO, Record(UNKNOWN, b'', length=128 * MIB + 1))
    old = before(pv2, xenf.X86_TSC_INFO, Record(UNKNOWN, b'', length=8 * MIB + 8))
    old_at = old.offset(old.find(UNKNOWN)) + 8
    old_octets = old.octets()
    many = [(index, 24) for index in (1, 2, 5, 6, 10, 11, 12, 14, 15, 16, 17, 18, 19, 31, 32, 33, 34)]
    many += [(9, 1), (36, 8), (37, 0x80 << 32)]
    kept = put(hvm3, xenf.HVM_CONTEXT, Record(xenf.HVM_CONTEXT, b'', length=32 * MIB + 8))
    cases = [
        Case('rec-truncated-header', 'rec-truncated-header', octets[:tsc_at + 3], record=tsc),
        Case('rec-truncated-body', 'rec-truncated-body', octets[:tsc_at + 12], record=tsc),
        Case('rec-truncated-padding', 'rec-truncated-body',
             before(hvm3, xenf.X86_TSC_INFO, unpadded).octets()[:tsc_at + 8 + 5], record=tsc,
             may=['rec-padding-nonzero']),
        Case('rec-length-limit', 'rec-length-limit', huge, record=huge.number(UNKNOWN)),
        Case('rec-length-limit-old', 'rec-length-limit-old',
             old_octets[:old_at] + bytes(8 * MIB + 8) + old_octets[old_at:], options=['--for-xen', '4.9'],
             record=old.number(UNKNOWN)),
        Case('rec-kept-limit', 'rec-kept-limit', kept.octets()[:kept.offset(6)], record=kept.number(xenf.HVM_CONTEXT),
             size=kept.offset(6) + 33 * MIB),
        Case('rec-type-unknown-mandatory', 'rec-type-unknown-mandatory',
             before(pv3, xenf.X86_TSC_INFO, Record(0x13, b'\1')), record=pv3.number(xenf.X86_TSC_INFO)),
        Case('rec-type-unknown-mandatory-high', 'rec-type-unknown-mandatory',
             before(hvm3, xenf.END, Record(0x7FFFFFFF)), record=last),
        Case('rec-type-unknown-optional', 'rec-type-unknown-optional', before(hvm3, xenf.END, Record(UNKNOWN, b'\1\2')),
             record=last),
        Case('rec-type-unknown-optional-high', 'rec-type-unknown-optional',
             before(pv2, xenf.PAGE_DATA, Record(0xFFFFFFFF)), record=pv2.number(xenf.PAGE_DATA)),
        Case('rec-type-target', 'rec-type-target', before(hvm2, xenf.PAGE_DATA, xenf.static_data_end()),
             options=['--for-xen', '4.13'], also=['sde-in-v2'],  # a type of version 3 in an image of version 2
             record=1),
        Case('rec-type-guest-pv', 'rec-type-guest', before(hvm2, xenf.X86_TSC_INFO, xenf.shared_info(32)),
             record=hvm2.number(xenf.X86_TSC_INFO)),
        Case('rec-type-guest-hvm', 'rec-type-guest', before(pv3, xenf.END, Hvm(3).params()), record=len(pv3.records)),
        Case('rec-type-toolstack', 'rec-type-toolstack', before(hvm2, xenf.END, Record(xenf.TOOLSTACK, bytes(24))),
             record=len(hvm2.records)),
        Case('rec-type-backchannel', 'rec-type-backchannel', before(hvm3, xenf.END, xenf.dirty_pfn_list([1, 2])),
             record=last),
        Case('rec-draft-saving-cpu', 'rec-draft-saving-cpu',
             before(hvm2.with_dhdr(minor=5), xenf.END, Record(UNKNOWN, b'Intel(R) Xeon(R) CPU'.ljust(48)))),
        # As type 0x0e the same text is a CHECKPOINT with a body, in an image that ends with END.
        Case('rec-draft-saving-cpu-0e', 'rec-draft-saving-cpu',
             before(hvm2.with_dhdr(minor=5), xenf.PAGE_DATA, Record(xenf.CHECKPOINT, b'Intel(R) Xeon(R)'.ljust(48))),
             may=['ckpt-in-plain', 'ckpt-body', 'tail-before-memory', 'tsc-missing', 'ctx-missing', 'param-missing',
                  'page-none'], record=1),
        Case('rec-end-missing', 'rec-end-missing', without(hvm3, xenf.END), may=[]),
        Case('rec-end-missing-pv', 'rec-end-missing', without(pv2, xenf.END)),
        Case('rec-end-missing-early', 'rec-end-missing', octets[:tsc_at]),
        Case('rec-after-end', 'rec-after-end', hvm3.with_tail(b'more')),
        Case('rec-after-end-zeros', 'rec-after-end', pv3.with_tail(bytes(4096))),
        Case('rec-huge-for-type', 'rec-huge-for-type',
             put(pv3, xenf.X86_PV_VCPU_MSRS, xenf.pv_msrs(1, [(0x48, 1)] * 8), nth=1), also=['vcpu-msrs-known'],
             record=pv3.number(xenf.X86_PV_VCPU_MSRS, 1)),
        Case('rec-huge-for-type-params', 'rec-huge-for-type', put(hvm3, xenf.HVM_PARAMS, hvm.params(many)),
             record=hvm3.number(xenf.HVM_PARAMS)),
        Case('order-canonical', 'order-canonical', behind(hvm3, xenf.HVM_CONTEXT, xenf.verify()), options=['--strict'],
             record=hvm3.number(xenf.HVM_PARAMS)),
        Case('order-canonical-pv', 'order-canonical', before(pv3, xenf.END, xenf.verify()), options=['--strict'],
             record=len(pv3.records)),
    ]
    for length in range(1, 8):
        record = Record(UNKNOWN, b'\1' * length, pad=1)
        cases.append(Case('rec-padding-nonzero-%d' % length, 'rec-padding-nonzero', before(hvm3, xenf.END, record),
                          record=last))
    in_checkpoint = checkpointed(Hvm(3))
    cases.append(Case('rec-optional-in-checkpoint', 'rec-optional-in-checkpoint',
                      before(in_checkpoint, xenf.X86_TSC_INFO, Record(UNKNOWN, b'\1'), nth=1),
                      record=in_checkpoint.number(xenf.X86_TSC_INFO, 1)))
    in_checkpoint = checkpointed(Pv(2))
    cases.append(Case('rec-optional-in-checkpoint-ours', 'rec-optional-in-checkpoint',
                      before(in_checkpoint, xenf.X86_TSC_INFO, xenf.saving_cpu(), nth=2),
                      record=in_checkpoint.number(xenf.X86_TSC_INFO, 2)))
    return cases + our_records()


def flipped(image, kind, at, nth=0):
    """One bit of the nth record's body is another one."""
    record = image.get(kind, nth)
    return put(image, kind, record.patched(at, bytes([record.body[at] ^ 1])), nth=nth)


def proofs():
    """What is damaged inside of contents, of types, of records: only what the image carries to prove them tells it."""
    data, checks, page = xenf.PAGE_DATA, xenf.PAGE_CHECKS, xenf.PAGE
    differs, digest_differs = 'opt-page-check-differs', 'opt-image-digest-differs'
    image, last = with_checks(Hvm(3)), 2  # the third record of memory names pfns 0, 3, 10 and the hole at the top
    count, = struct.unpack_from('<I', image.get(data, last).body)
    contents = 8 + 8 * count
    number = image.number(data, last)
    in_first = flipped(image, data, 8 + 8 * 32 + 5 * page + 100)  # pfn 5, which comes once
    cut = checkpointed_with_checks(Hvm(3))
    place = cut.all(checks)[-1]  # pfn 10, damaged in the first checkpoint, comes again in the last one: which is cut
    cut = cut.replace(place, xenf.checks_of(cut.records[place - 1]).patched(8 + 8 * 2, b'\x55' * 8))
    both, whole = flipped(with_checks(Pv(3), digest=True), data, 8 + 8 * 32 + 8 * page), with_our_records(Hvm(2))
    sum_only = without(with_checks(Hvm(3), digest=True), checks)
    moved = put(sum_only, data, sum_only.get(data, 1).patched(8, struct.pack('<Q', 0xB)), nth=1)  # not pfn 2 but 11
    return [
        Case(differs, differs, in_first, record=in_first.number(data)),
        Case(differs + '-once-more', differs, flipped(image, data, contents + 2 * page, last), record=number),
        Case(differs + '-last-octet', differs, flipped(image, data, contents + 3 * page - 1, last), record=number),
        Case(differs + '-check', differs, flipped(image, checks, 8 + 8 * 2 + 7, last), record=number),
        Case(differs + '-libxl', differs, wrap.libxl(flipped(image, checks, 8, last), [wrap.emulator_xenstore(),
                                                                                      wrap.emulator_context()])),
        Case(differs + '-cut', differs, cut.drop(len(cut.records) - 1), also=['ckpt-incomplete'],
             may=['carrier-gap']),
        Case(differs + '-both', differs, both, also=[digest_differs], may=['pv-pte-backed']),
        Case(digest_differs + '-page', digest_differs, flipped(sum_only, data, contents + 77, last),
             record=sum_only.number(xenf.IMAGE_DIGEST)),
        Case(digest_differs + '-pfn', digest_differs, moved, may=['page-unaligned-batch']),
        Case(digest_differs + '-record', digest_differs, flipped(whole, xenf.X86_TSC_INFO, 8),
             record=whole.number(xenf.IMAGE_DIGEST)),
        Case(digest_differs + '-lost', digest_differs, without(with_checks(Pv(3), digest=True), xenf.X86_MSR_POLICY),
             also=['msr-missing-v3']),
        Case(digest_differs + '-counts', digest_differs, flipped(whole, xenf.IMAGE_DIGEST, 40),
             record=whole.number(xenf.IMAGE_DIGEST)),
    ]


def our_records():
    image = with_our_records(Hvm(3))
    checks, saving = image.get(xenf.PAGE_CHECKS), xenf.SAVING_CPU
    digest, ours = image.get(xenf.IMAGE_DIGEST), image.number(xenf.PAGE_CHECKS)
    moved = image.move(image.find(xenf.PAGE_CHECKS), image.find(xenf.END) - 2)
    fewer = xenf.Record(xenf.PAGE_CHECKS, struct.pack('<II', 1, len(checks.body) // 8 - 2) + checks.body[8:-8])
    return proofs() + [
        Case('opt-page-checks-place', 'opt-page-checks', moved),
        Case('opt-page-checks-count', 'opt-page-checks', put(image, xenf.PAGE_CHECKS, fewer), record=ours),
        Case('opt-page-checks-length', 'opt-page-checks',
             put(image, xenf.PAGE_CHECKS, Record(xenf.PAGE_CHECKS, checks.body[:-8])), record=ours),
        Case('opt-page-checks-empty', 'opt-page-checks',
             put(image, xenf.PAGE_CHECKS, Record(xenf.PAGE_CHECKS, b'\1\0\0\0')), record=ours),
        Case('opt-image-digest-length', 'opt-image-digest',
             put(image, xenf.IMAGE_DIGEST, Record(xenf.IMAGE_DIGEST, digest.body[:-8])),
             record=image.number(xenf.IMAGE_DIGEST)),
        Case('opt-image-digest-place', 'opt-image-digest',
             image.move(image.find(xenf.IMAGE_DIGEST), image.find(xenf.X86_TSC_INFO))),
        Case('opt-saving-cpu-long', 'opt-saving-cpu', put(image, saving, Record(saving, b'x' * 65)),
             record=image.number(saving)),
        Case('opt-saving-cpu-empty', 'opt-saving-cpu', put(image, saving, Record(saving)), record=image.number(saving)),
        Case('opt-saving-cpu-control', 'opt-saving-cpu', put(image, saving, Record(saving, b'Xeon\n')),
             record=image.number(saving)),
        Case('opt-provenance', 'opt-provenance', put(image, xenf.PROVENANCE, Record(xenf.PROVENANCE, b'{"program":')),
             record=image.number(xenf.PROVENANCE)),
        Case('opt-salvaged', 'opt-salvaged',
             put(image, xenf.PROVENANCE, xenf.provenance({'salvaged': {'missing': '3 pages are lost'}})),
             record=image.number(xenf.PROVENANCE)),
        Case('opt-salvaged-silent', 'opt-salvaged', put(image, xenf.PROVENANCE, xenf.provenance({'salvaged': 1})),
             record=image.number(xenf.PROVENANCE)),
        Case('opt-provenance-array', 'opt-provenance', put(image, xenf.PROVENANCE, Record(xenf.PROVENANCE, b'["x"]')),
             record=image.number(xenf.PROVENANCE)),
    ]


def cases():
    return header_cases() + framing_cases()
