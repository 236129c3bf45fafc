"""The clean images: no rule finds an error or a warning in them, and no note but those that are listed here."""

import lzma

import carriers
import hvm
import wrap
import xenf
from examples import DIGESTS, FINDINGS, examples
from guests import Hvm, Pv, passes_of
from inside import build_hvm
from xenf import NOTAB, XALLOC, XTAB, filled


class Clean:
    """One clean stream. notes: exactly the notes that are inherent in it; image: the bare image, if it is one."""

    def __init__(self, name, source, notes=(), wrapping='raw', checkpoints=0, options=()):
        self.name, self.source, self.notes = name, source, set(notes)
        self.wrapping, self.checkpoints, self.options = wrapping, checkpoints, list(options)
        self.image = source if isinstance(source, xenf.Image) else None

    def octets(self):
        return self.source if isinstance(self.source, bytes) else self.source.octets()


def plain(guest):
    return guest.image(guest.static() + guest.full_pass() + guest.tail() + [xenf.end()])


def live_passes(guest):
    """Three passes: pfns 9 and 10 are holes in the first, the second fills them, the third sends some again."""
    settled = dict(guest.memory)
    first = dict(guest.memory)
    first[9] = first[10] = (XTAB, None)
    first[2], first[3] = (NOTAB, filled(102)), (NOTAB, filled(103))
    second = dict(guest.memory)
    second[3] = (NOTAB, filled(203))
    dirty = [2, 3, 9, 10] + ([4] if guest.pv else [])
    return (passes_of(first, range(guest.top + 1)) + passes_of(second, dirty) +
            passes_of(settled, [0, 3, 10, guest.top]))  # a hole is named again: deferred at first


def live(guest):
    return guest.image(guest.static() + live_passes(guest) + guest.tail() + [xenf.end()])


def verified(guest):
    return guest.image(guest.static() + live_passes(guest) + [xenf.verify()] + guest.full_pass() + guest.tail() +
                       [xenf.end()])


def checkpointed(guest):
    """Three checkpoints; nothing was dirty in the second."""
    dirty = dict(guest.memory)
    dirty[10], dirty[11] = (NOTAB, filled(310)), (NOTAB, filled(311))
    records = guest.static() + live_passes(guest) + guest.tail() + [xenf.checkpoint()]
    records += guest.tail() + [xenf.checkpoint()]
    return guest.image(records + passes_of(dirty, [10, 11]) + guest.tail() + [xenf.checkpoint()])


def with_our_records(guest):
    """Our optional records, each at its place."""
    image = guest.image(guest.static() + [xenf.saving_cpu(), xenf.provenance()])
    for record in live_passes(guest):
        image = image.append(record, xenf.checks_of(record))
    image = image.append(*guest.tail())
    return image.append(xenf.image_digest(image), xenf.end())


def with_checks(guest, records=None, digest=False):
    """Each PAGE_DATA of a live save (or of these records) with its checks, and a digest if it is wanted."""
    image = guest.image(guest.static())
    for record in records or live_passes(guest):
        image = image.append(record, xenf.checks_of(record))
    image = image.append(*guest.tail())
    return image.append(xenf.image_digest(image), xenf.end()) if digest else image.append(xenf.end())


def overtaken(guest, number=0):
    """With checks of which one is wrong: of a page that was written again before the end."""
    image = with_checks(guest, digest=True)
    place = image.find(xenf.PAGE_CHECKS, number)
    return image.replace(place, image.records[place].patched(8 + 8 * 3, b'\x55' * 8))


def verified_with_checks(guest):
    """A verify pass, whose pages carry checks as well; its own copies are a comparison."""
    image = with_checks(guest, digest=True)
    again = [record for pages in guest.full_pass() for record in (pages, xenf.checks_of(pages))]
    return image.insert(image.all(xenf.PAGE_CHECKS)[-1] + 1, xenf.verify(), *again)


def checkpointed_with_checks(guest):
    """Only the first checkpoint may have optional records, and its copy of a page that was damaged is not the last."""
    image = checkpointed(guest)
    end = image.find(xenf.CHECKPOINT)
    places = [place for place in image.all(xenf.PAGE_DATA) if place < end]
    wrong = xenf.checks_of(image.records[places[-1]])  # of pfns 0, 3, 10 and the last one
    image = image.insert(places[-1] + 1, wrong.patched(8 + 8 * 2, b'\x55' * 8))
    return image.insert(places[0] + 1, xenf.checks_of(image.records[places[0]]))


def converted():
    """As the legacy converter writes: version 2, Xen 0.1, pages named for allocation first, PARAMS before CONTEXT."""
    guest = Hvm(2)
    first = dict(guest.memory)
    first[17] = first[18] = (XALLOC, None)
    tsc, context, params = guest.tail()
    records = passes_of(first, range(guest.top + 1)) + passes_of(guest.memory, [17, 18])
    return guest.image(records + [tsc, params, context, xenf.end()]).with_dhdr(major=0, minor=1)


def old_context(cpu=1024):
    """An HVM_CONTEXT with the shortest entries that were ever written."""
    entries = build_hvm.aged(build_hvm.entries(2, cr3_pfn=4), 6)
    entries = [(code, instance, data[:24] if code == hvm.C_VIRIDIAN_DOMAIN else data)
               for code, instance, data in entries]
    if cpu == 1016:
        entries = [(code, instance, build_hvm.compat(data) if code == hvm.C_CPU else data)
                   for code, instance, data in entries]
    return hvm.context(entries)


def raw_images():
    """name -> (Image, notes, checkpoints)"""
    found = {}
    kinds = {'hvm-v3': Hvm(3), 'hvm-v2': Hvm(2), 'pvh-v3': Hvm(3, pvh=True), 'pvh-v2': Hvm(2, pvh=True),
             'pv64-v3': Pv(3, 8), 'pv64-v2': Pv(2, 8), 'pv32-v3': Pv(3, 4), 'pv32-v2': Pv(2, 4)}
    for name, guest in kinds.items():
        found[name] = (plain(guest), (), 0)
        found[name + '-live'] = (live(guest), (), 0)
        found[name + '-verify'] = (verified(guest), ('verify-present',), 0)
        found[name + '-remus'] = (checkpointed(guest), ('carrier-gap',), 3)
    for name in ('hvm-v3', 'pv64-v3', 'pv32-v2'):
        found[name + '-ours'] = (with_our_records(kinds[name]), (), 0)
        found[name + '-overtaken-ours'] = (overtaken(kinds[name]), (), 0)
        found[name + '-verify-ours'] = (verified_with_checks(kinds[name]), ('verify-present',), 0)
        found[name + '-remus-ours'] = (checkpointed_with_checks(kinds[name]), ('carrier-gap',), 3)
    found['hvm-v2-converted'] = (
        converted(), ('dhdr-converted', 'page-type-xalloc'), 0)
    oldest = plain(Hvm(2, minor=6))
    found['hvm-v2-oldest'] = (oldest.replace(oldest.find(xenf.HVM_CONTEXT), old_context()), (), 0)
    found['hvm-v2-cpu-1016'] = (oldest.replace(oldest.find(xenf.HVM_CONTEXT), old_context(1016)), (), 0)
    found['hvm-v3-one-vcpu'] = (plain(Hvm(3, vcpus=1)), (), 0)
    found['hvm-v3-layout'] = (plain(Hvm(3, top=0xFEFFF, special=0xFEFF8)), (), 0)
    wide = Pv(3, 8, top=1500)  # three p2m frames, two records of memory
    wide.place_p2m([1, 10, 11])
    found['pv64-v3-wide'] = (plain(wide), (), 0)
    return found


def wrapped(name, image, notes, checkpoints):
    """The same in a libxl stream and in an xl file. A carrier closes the gap that a bare checkpointed image has."""
    notes = [note for note in notes if note != 'carrier-gap']
    if name.startswith('hvm'):
        kind, emulators = 'hvm', [wrap.emulator_xenstore(), wrap.emulator_context()]
    else:
        kind, emulators = ('pvh' if name.startswith('pvh') else 'pv'), []
    stream = wrap.libxl(image, emulators)
    if image.dhdr.get('major') == 0:
        stream = converted_carrier(image)
        notes.append('libxl-converted')
    yield Clean(name + '.libxl', stream, notes, 'libxl', checkpoints)
    yield Clean(name + '.xl', wrap.xl(stream, wrap.config(kind)), notes, 'xl > libxl', checkpoints)
    yield Clean(name + '.libvirt', carriers.libvirt(stream, carriers.domain_xml(kind)), notes, 'libvirt > libxl',
                checkpoints)
    if checkpoints == 0:
        notes = [note for note in notes if note != 'libxl-converted']
        qemu = wrap.qemu_state() if kind == 'hvm' else None
        yield Clean(name + '.xenopsd', carriers.xenopsd(image, qemu=qemu), notes, 'xenopsd')
        record = carriers.xenops_record(carriers.vm_str({'pvh': 'PVH'}.get(kind, kind.upper())))
        yield Clean(name + '-vm.xenopsd', carriers.xenopsd(image, record, qemu), notes, 'xenopsd')


def converted_carrier(image):
    """What the legacy converter puts around an HVM image: option bit 1, an emulator id that says unknown."""
    emulators = [wrap.emulator_xenstore(emulator_id=0), wrap.emulator_context(emulator_id=0)]
    return wrap.libxl(image, emulators).changed(header=wrap.libxl_header(options=2))


def clean_streams():
    """Every clean stream, in a fixed order."""
    found = []
    for name, (image, notes, checkpoints) in raw_images().items():
        found.append(Clean(name, image, notes, 'raw', checkpoints))
        if name != 'hvm-v3-layout':
            found.extend(wrapped(name, image, notes, checkpoints))
    colo = wrap.libxl(checkpointed(Hvm(3)), [wrap.emulator_context()], colo=True)
    found.append(Clean('hvm-v3-colo.libxl', colo, (), 'libxl', 3))
    for name, outer in (('hvm-v3', 'xz > raw'), ('pv64-v3.libxl', 'xz > libxl'), ('pv32-v2.xl', 'xz > xl > libxl')):
        inner = next(stream for stream in found if stream.name == name)
        found.append(Clean(name + '.xz', lzma.compress(inner.octets()), (), outer))
    for name, target in (('hvm-v2', '4.13'), ('pv32-v2', '4.11'), ('hvm-v2-oldest', '4.6'), ('pv64-v3', '4.15')):
        inner = next(stream for stream in found if stream.name == name)
        found.append(Clean('%s-for-%s' % (name, target), inner.source, (), options=['--for-xen', target]))
    return found


__all__ = ['Clean', 'DIGESTS', 'FINDINGS', 'checkpointed', 'clean_streams', 'examples', 'live', 'plain', 'verified']
