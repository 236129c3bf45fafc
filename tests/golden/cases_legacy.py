"""Faults of legacy images (Xen 3.0 to 4.5), each of which breaks one of the rules that are theirs."""

import gzip
import struct

import hvm
import legacy
import legacy_wraps
from case import Case
from inside import build_pv
from legacy import block, chunk, ul
from legacy_guests import hvm_guest, pv_guest, xsave_of
from xenf import filled

MIB = 1 << 20
# What images of some releases have; what all have by birth (no policies, an extended context of 128 octets) is nothing.
AGED = ['tsc-missing', 'page-coverage', 'page-type-broken', 'page-xalloc', 'legacy-checkpoints']


def case(name, rule, source, **more):
    may = AGED + list(more.pop('may', []))
    octets = source.octets() if isinstance(source, legacy.Parts) else source
    return Case('legacy-' + name if name else rule, rule, octets, may=may, **more)


def heads(pv):
    vcpu = block(b'vcpu', build_pv.basic(8, 0, 4))

    def info(*blocks, total=None):
        return pv.replace('extended-info', legacy.extended_info(8, blocks, total))

    gdt = build_pv.put('vcpu_guest_context_32', pv_guest(4, 4, release='3.0.4', extended=True)[0].get('vcpu-basic'),
                       gdt_ents=513)
    old = pv_guest(4, 4, release='3.0.4', extended=True)[0].replace('vcpu-basic', gdt)
    return [
        case('head-size', 'legacy-head', info(block(b'vcpu', bytes(4000)), block(b'extv'))),
        case('head-total', 'legacy-head', info(vcpu, total=65537), size=MIB),
        case('head-xsave', 'legacy-head', info(vcpu, block(b'xcnt', struct.pack('<I', 31)))),
        case('head-twice', 'legacy-head', info(vcpu, block(b'vcpu', build_pv.basic(4, 0, 4)))),
        case('block', 'legacy-block', pv_guest(8, 8, unknown_block=True)[0]),
        case('frames', 'legacy-frames', pv.replace('frames', legacy.frame_list(8, [32]))),
        case('gdt', 'legacy-gdt', old, may=['pv-pte-reserved', 'pv-gdt-frames', 'vcpu-basic-gdt']),
        case('proposal', 'legacy-proposal', legacy_wraps.proposal_b(pv.octets(), 8, blocks=block(b'note', bytes(8)))),
        case('2014-a', 'legacy-2014', legacy_wraps.proposal_a(pv.octets())),
        case('2014-b', 'legacy-2014', legacy_wraps.proposal_b(pv.octets(), 8)),
    ]


def bodies(pv, guest):
    page = filled(1)
    tmem = struct.pack('<iIIIIIII', legacy.TMEM, 2, 16, 0xFFFFFFFF, 1, 256, 1000, 0xFFFFFFFF)
    # An entry hides a page: its zeros end the body, and what is behind them is taken for the tail.
    aged = pv_guest(4, 4, release='3.0.4', extended=False)[0]
    shifted = aged.insert('end-of-body', ('odd', legacy.batch(4, [(1, legacy.XTAB, None)]) + bytes(4096)))
    opaque = legacy.toolstack(b'none of libxl, which begins with its version')
    return [
        case('chunk', 'legacy-chunk', pv.insert('end-of-body', ('odd', chunk(-22)))),
        case('chunk-shifted', 'legacy-chunk', shifted),
        case('chunk-1025', 'legacy-chunk', guest.insert('vcpu-info', ('batch', struct.pack('<i', 1025)))),
        case('entry-type', 'legacy-entry', pv.replace('batch', legacy.batch(8, [(1, 5, page)]))),
        case('entry-pfn', 'legacy-entry', guest.insert('vcpu-info', ('batch', legacy.batch(8, [(32, 0, page)])))),
        case('entry-twice', 'legacy-entry', pv.replace('batch', legacy.batch(8, [(1, 0, page), (1, 13, None)]))),
        case('entry-high', 'legacy-entry', pv.replace('batch', struct.pack('<iQ', 1, 1 << 40) + page)),
        case('length', 'legacy-length', pv.insert('end-of-body', ('odd', struct.pack('<iI', -18, 16 * MIB + 1)))),
        case('vcpus', 'legacy-vcpus', pv.replace('vcpu-info', struct.pack('<iiQ', legacy.VCPU_INFO, -1, 1))),
        case('vcpus-none', 'legacy-vcpus', pv.replace('vcpu-info', struct.pack('<iiQ', legacy.VCPU_INFO, 1, 0))),
        case('map', 'legacy-map', pv.replace('vcpu-info', legacy.vcpu_info([0, 1, 40], 1))),
        case('param', 'legacy-param', pv.insert('end-of-body', ('param', legacy.param(legacy.CONSOLE_PFN, 1)))),
        case('tmem', 'legacy-tmem', pv.insert('end-of-body', ('tmem', tmem + b'\xff' * 4))),
        case('tmem-dropped', 'legacy-tmem-dropped', pv_guest(8, 8, tmem=legacy.tmem([(2, 0, 0, [], False)]))[0]),
        case('tmem-pages', 'legacy-tmem-pages',
             pv_guest(8, 8, release='4.0', tmem=legacy.tmem([(0, 1, 1, [(7, 0, page)], False)], 1))[0]),
        case('toolstack', 'legacy-toolstack', guest.insert('end-of-body', ('toolstack', opaque))),
        case('levels', 'legacy-levels', two_levels(), may=['pv-pins-none', 'vcpu-basic-cr3']),
    ]


def two_levels():
    """The root is an L2 table: a guest without PAE, of 3.1."""
    parts = pv_guest(4, 4, release='3.1', extended=False)[0]
    root, other = legacy.ul(4, legacy.word(4, 3 | 8)), legacy.ul(4, legacy.word(4, 2 | 8))
    return legacy.Parts([(name, octets.replace(root, other, 1) if name == 'batch' else octets)
                         for name, octets in parts.parts])


def rounds():
    pages = pv_guest(8, 8, rounds=2, compress=True)[0]
    several = pv_guest(8, 8, rounds=2)[0]
    plain = pages.get('compressed')
    guest = hvm_guest(8, rounds=2)[0]
    return [
        case('compression', 'legacy-compression',
             pages.replace('compressed', legacy.compressed(8, plain[12:] + b'\x80'))),
        case('checkpoints', 'legacy-checkpoints', several),
        case('cut', 'legacy-cut', several.octets()[:-10]),
        # Whole but for the device model's record, which the first checkpoint has: it is not complete.
        case('cut-model', 'legacy-cut', guest.octets()[:guest.offset('device-model', 1)], may=['legacy-checkpoints']),
        case('cut-body', 'legacy-cut', several.octets()[:several.offset('batch', 4) + 100]),
    ]


def tails(pv, guest):
    pfns = [12, 13, 14, 15, 28, 29, 30, 31]
    some = pv_guest(8, 8, xsave=lambda number: None if number == 1 else xsave_of(number))[0]
    sizes = pv_guest(8, 8, xsave=lambda number: (3, build_pv.xsave(3)) if number == 1 else xsave_of(number))[0]
    # No Xen of that time filled in 48 octets of an extended context.
    odd = pv.get('vcpu-extended')[:4] + struct.pack('<I', 48) + pv.get('vcpu-extended')[8:]
    return [
        case('extended-size', 'vcpu-ext-inner-size', pv.replace('vcpu-extended', odd)),
        case('truncated-head', 'legacy-truncated', pv.octets()[:100]),
        case('truncated-body', 'legacy-truncated', pv.octets()[:pv.offset('end-of-body')]),
        case('truncated-list', 'legacy-truncated', pv.octets()[:pv.offset('vcpu-basic') - 1]),
        case('truncated-vcpu', 'legacy-truncated', pv.octets()[:pv.offset('vcpu-basic', 1) + 10]),
        case('truncated-shared-info', 'legacy-truncated', pv.octets()[:-1]),
        case('truncated-magic', 'legacy-truncated', guest.octets()[:guest.offset('magic') + 5]),
        case('truncated-context', 'legacy-truncated', guest.octets()[:guest.offset('hvm-context') + 50]),
        case('truncated-model', 'legacy-truncated', guest.octets()[:-1]),
        case('unmapped', 'legacy-unmapped', pv.replace('unmapped', struct.pack('<I', 33) + bytes(4000))),
        case('unmapped-order', 'legacy-unmapped-order', pv.replace('unmapped', legacy.unmapped(8, pfns[::-1]))),
        case('xsave-some', 'legacy-xsave', some, may=['vcpu-xsave-missing']),
        case('xsave-sizes', 'legacy-xsave', sizes),
        case('length-model', 'legacy-length',
             guest.replace('device-model', legacy.DM_RECORD + struct.pack('<I', 0xFFFFFFFF) + b'QEVM\0\0\0\3')),
        case('trailing', 'legacy-trailing', pv.octets() + b'something else'),
        # Zeros to the end of a disk look like a round without pages; of such an old image none is.
        case('trailing-zeros', 'legacy-trailing',
             pv_guest(4, 4, release='3.0.4', extended=False)[0].octets() + bytes(4 * 4096)),
        case('no-model', 'legacy-no-model', guest.drop('device-model')),
    ]


def asked(pv, guest):
    """What a person says that is not so, and what a pipe or a packed file costs."""
    return [
        case('hint-width', 'legacy-hint', pv, options=['--legacy-width', '32'],
             may=['legacy-head', 'legacy-chunk', 'ihdr-legacy']),
        case('hint-guest', 'legacy-hint', pv, options=['--legacy-guest', 'hvm'],
             may=['legacy-head', 'legacy-chunk', 'legacy-entry', 'legacy-truncated', 'verify-twice']),
        case('spooled', 'legacy-spooled', gzip.compress(pv.octets(), mtime=0)),
    ]


def cases():
    pv, guest = pv_guest(8, 8)[0], hvm_guest(8)[0]
    return heads(pv) + bodies(pv, guest) + rounds() + tails(pv, guest) + asked(pv, guest)


__all__ = ['cases', 'hvm', 'ul']
