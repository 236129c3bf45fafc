"""Every form of a legacy image that there was, each by a name, with what it leaves in a restored domain.

A form is small (its memory is some thirty pages), so that what is tested with all of them stays cheap.
"""

import legacy
import legacy_wraps
from inside import build_pv
from legacy_guests import PHYSMAP, RELEASES, hvm_guest, pv_guest, xsave_of
from xenf import filled

POOLS_4_0 = [(0, 1, 2, [(7, 0, filled(900)), (7, 1, filled(901))], False), (2, 0, 0, [], False)]
POOLS_EMPTY = [(0, 1, 5, [], True), (2, 0, 0, [], False)]  # as 4.1 and later announce pages and never write one
POOLS_NONE = [(2, 0, 0, [], False)]


class Form:
    """octets; state: what a conversion must leave; layers: the wrapping, as godwit names it; kind: 'pv' or 'hvm'.

    parts: the image's, where nothing stands around it; refused: why no conversion exists, or None.
    """

    def __init__(self, name, parts, state, octets=None, layers='legacy', width=8, refused=None, how=None):
        self.name, self.parts, self.state, self.layers, self.width = name, parts, state, layers, width
        self.octets = parts.octets() if octets is None else octets
        self.refused, self.how = refused, how
        self.kind = 'pv' if state.pv else 'hvm'

    def __repr__(self):
        return self.name


def by_release():
    """Each release that saved such a guest, with both toolstacks; live, so that all entries of batches are there."""
    for release in RELEASES:
        for width in (4, 8):
            guests = [width] if release < '3.2' else [4] if width == 4 and release == '3.2' else [4, 8]
            if release == '3.2' and width == 8:
                guests = [8]
            for guest in guests:
                paes = [True, False] if release in ('3.0.4', '3.1') and width == 4 else [None]
                for pae in paes:
                    extended = release >= '3.2' if pae is None else pae
                    xsave = xsave_of if release[0] == '4' and release != '4.0' else None
                    online = [0] if release < '3.1' else [0, 1]
                    name = 'x%s-w%d-pv%d%s' % (release, 8 * width, 8 * guest, '-noext' if pae is False else '')
                    yield name, width, pv_guest(width, guest, release=release, live=True, extended=extended,
                                                xsave=xsave, online=online)
            if release >= '3.1':
                device = legacy.QEMU_RECORD if release < '4.1' else legacy.DM_RECORD
                yield 'x%s-w%d-hvm' % (release, 8 * width), width, hvm_guest(
                    width, release=release, live=True, device=device, physmap=PHYSMAP)


def sizes(number):
    """vCPU 1 has no AVX, and so a shorter area."""
    return (3, build_pv.xsave(3)) if number == 1 else xsave_of(number)


def some(number):
    """vCPU 1 has none."""
    return None if number == 1 else xsave_of(number)


PV_CASES = {
    'plain': {}, 'verify': {'verify': True}, 'remus': {'rounds': 3}, 'remus-live': {'rounds': 2, 'live': True},
    'remus-compressed': {'rounds': 4, 'compress': True, 'xsave': xsave_of},
    'remus-compressed-split': {'rounds': 3, 'compress': True, 'room': 2 * 4105},
    'vcpus-71': {'online': [0, 1, 5, 63, 64, 70], 'highest': 70, 'xsave': xsave_of},
    'vcpus-gap': {'online': [0, 1, 3], 'highest': 3}, 'xsave': {'xsave': xsave_of},
    'xsave-sizes': {'xsave': sizes}, 'xsave-some': {'xsave': some}, 'xsave-some-two': {'xsave': some, 'online': [0, 1]},
    'unknown-block': {'unknown_block': True}, 'toolstack-empty': {'physmap': []},
    'wide': {'top': 1500, 'batch': 1024}, 'old-map': {'release': '4.1', 'online': [0, 1, 2]},
}
HVM_CASES = {
    'plain': {}, 'verify': {'verify': True}, 'remus': {'rounds': 3}, 'remus-device': {
        'rounds': 3, 'device': legacy.REMUS_RECORD, 'release': '4.1'},
    'remus-compressed': {'rounds': 4, 'compress': True}, 'physmap': {'physmap': PHYSMAP},
    'remus-physmap': {'rounds': 2, 'physmap': PHYSMAP},
    'no-device': {'device': None}, 'qemu-to-the-end': {'device': legacy.QEMU_RECORD, 'release': '4.0'},
    'classic-device': {'device': 'classic', 'release': '4.1'},
    'tmem-none': {'tmem': legacy.tmem(POOLS_NONE)},
}
TMEM_CASES = {  # name: (how, whether pages of the guest are in it)
    'tmem-4.0-pages': ({'release': '4.0', 'tmem': legacy.tmem(POOLS_4_0, 1), 'live': True,
                        'tmem_extra': legacy.tmem_extra([(0, 9, 3)], 1)}, True),
    'tmem-4.1-pages': ({'tmem': legacy.tmem(POOLS_4_0, 3), 'live': True,
                        'tmem_extra': legacy.tmem_extra([(0, 9, 3), (0, 9, 4)], 3)}, True),
    'tmem-4.5-empty': ({'tmem': legacy.tmem(POOLS_EMPTY, 3)}, False),
    'tmem-4.0-none': ({'release': '4.0', 'tmem': legacy.tmem(POOLS_NONE, 1)}, False),
}


def cases():
    """What one release or another may do."""
    for width in (4, 8):
        for name, how in PV_CASES.items():
            for guest in (4, 8):
                frames = (1,) if name != 'wide' else (1, 10, 11) if guest == 8 else (1, 10)
                made = pv_guest(width, guest, frames=frames, **how)
                yield 'w%d-pv%d-%s' % (8 * width, 8 * guest, name), width, made, None
        for name, how in HVM_CASES.items():
            yield 'w%d-hvm-%s' % (8 * width, name), width, hvm_guest(width, **how), None
        for name, (how, pages) in TMEM_CASES.items():
            refused = 'pages of transcendent memory' if pages else None
            yield 'w%d-pv64-%s' % (8 * width, name), width, pv_guest(width, 8, **how), refused


def two_level():
    """The root is an L2 table: a guest without PAE, of 3.1."""
    parts, state = pv_guest(4, 4, release='3.1', extended=False)
    table = legacy.word(4, 3 | 8)
    for nth, (name, octets) in enumerate(parts.parts):
        if name == 'batch' and legacy.ul(4, table) in octets[:4 * 10]:
            parts.parts[nth] = (name, octets.replace(legacy.ul(4, table), legacy.ul(4, legacy.word(4, 2 | 8)), 1))
    state.levels = 2
    state.memory[4] = (2 | 8, state.memory[4][1])
    return 'w32-pv32-two-level', 4, (parts, state), 'two levels of page tables'


def wrapped():
    """Containers around images of an age that fits."""
    for width in (4, 8):
        tag = 'w%d' % (8 * width)
        hvm_40 = hvm_guest(width, release='4.0', device=legacy.QEMU_RECORD)
        hvm_45, pv_45 = hvm_guest(width, physmap=PHYSMAP), pv_guest(width, 8)
        pv_34 = pv_guest(width, 8, release='3.4', live=True)
        for name, kind, (parts, state), wrap, layers in (
                ('xl40-hvm', 'hvm', hvm_40, legacy_wraps.xl_40, 'xl > legacy'),
                ('xl40-pv', 'pv', pv_45, legacy_wraps.xl_40, 'xl > legacy'),
                ('xl45-hvm', 'hvm', hvm_45, legacy_wraps.xl_45, 'xl > legacy'),
                ('xl45-pv', 'pv', pv_45, legacy_wraps.xl_45, 'xl > legacy'),
                ('xend-hvm', 'hvm', hvm_40, legacy_wraps.xend, 'xend > legacy'),
                ('xend-pv', 'pv', pv_34, legacy_wraps.xend, 'xend > legacy'),
                ('libvirt1-hvm', 'hvm', hvm_45, legacy_wraps.libvirt_1, 'libvirt > legacy'),
                ('libvirt1-pv', 'pv', pv_45, legacy_wraps.libvirt_1, 'libvirt > legacy')):
            yield '%s-%s' % (tag, name), width, parts, state, wrap(parts.octets(), kind), layers
        parts, state = hvm_guest(width, release='4.1', device=legacy.REMUS_RECORD, rounds=3)
        yield tag + '-xend-remus', width, parts, state, legacy_wraps.xend(parts.octets(), 'hvm'), 'xend > legacy'
        yield from xenopsd(tag, width)
        if width == 8:
            parts, state = pv_45
            yield 'proposal-a-pv', 8, parts, state, legacy_wraps.proposal_a(parts.octets()), 'legacy'
            yield 'proposal-a-hvm', 8, *hvm_45, legacy_wraps.proposal_a(hvm_45[0].octets()), 'legacy'
        yield 'proposal-b-%s-pv' % tag, width, *pv_45, legacy_wraps.proposal_b(pv_45[0].octets(), width), 'legacy'
        more = legacy.block(b'note', b'anything')
        yield ('proposal-b-%s-hvm' % tag, width, *hvm_45,
               legacy_wraps.proposal_b(hvm_45[0].octets(), width, more), 'legacy')


def xenopsd(tag, width):
    old, state_old = hvm_guest(width, release='4.1', device='classic')
    new, state_new = hvm_guest(width, release='4.2')
    bare, state_bare = hvm_guest(width, release='4.1', device=None)
    pv_41, state_pv = pv_guest(width, 4, release='4.1')
    yield (tag + '-xenopsd-classic', width, old, state_old, legacy_wraps.xenopsd_classic(old.octets()),
           'xenopsd > legacy')
    yield tag + '-xenopsd-new', width, new, state_new, legacy_wraps.xenopsd_classic(new.octets()), 'xenopsd > legacy'
    yield (tag + '-xenopsd-pv', width, pv_41, state_pv, legacy_wraps.xenopsd_classic(pv_41.octets()),
           'xenopsd > legacy')
    yield (tag + '-xenopsd-record', width, new, state_new, legacy_wraps.xenopsd_record(new.octets()),
           'xenopsd > legacy')
    state_bare.qemu = state_new.qemu
    yield (tag + '-xenopsd-record-qemu', width, bare, state_bare,
           legacy_wraps.xenopsd_record(bare.octets(), state_new.qemu), 'xenopsd > legacy')


def forms():
    """All of them, in a fixed order."""
    found = [Form(name, *made, width=width) for name, width, made in by_release()]
    for name, width, made, refused in [*cases(), two_level()]:
        found.append(Form(name, *made, width=width, refused=refused))
    for name, width, parts, state, octets, layers in wrapped():
        found.append(Form(name, parts, state, octets, layers, width))
    return found


def form(name):
    return next(one for one in forms() if one.name == name)


def pairs():
    """(name, (of a 32-bit toolstack, of a 64-bit one)): the same guest, so that one image has to come of both."""
    found = {one.name: one for one in forms()}
    for name, one in found.items():
        other = found.get(name.replace('w32', 'w64'))
        if 'w32' in name and other is not None and not one.refused:
            yield name.replace('w32-', ''), (one, other)


def tiny(width):
    """(name, Parts) of images of a few pages, for cuts at every octet; memory lacks most of what a guest needs."""
    few = [(0, 0, filled(0)), (0, 15, None), (4, 12 if width == 8 else 11, bytes(4096))]
    for kind, (parts, _) in (('pv', pv_guest(width, width, online=[0], xsave=xsave_of)),
                             ('hvm', hvm_guest(width, physmap=PHYSMAP))):
        batch = legacy.batch(width, few if kind == 'pv' else few[:2])
        kept = [part for part in parts.parts if part[0] != 'batch']
        made = legacy.Parts(kept).insert('vcpu-info', ('batch', batch))
        yield 'tiny-w%d-%s' % (8 * width, kind), made
