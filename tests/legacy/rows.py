"""The rows of the reference's section 12: what Xen's converter gets wrong, refuses or drops, done right.

Each function is a row; its name is the row's number and a few words. It gets a Runner and gives '' or what is wrong.
"""

import struct

import legacy
import legacy_forms
import xenf
from legacy import block
from legacy_guests import MFN, PHYSMAP, hvm_guest, pv_guest, xsave_of
from runner import godwit, verify
from xenf import filled

FORMS = {}
ROWS = {}


def form(name):
    if not FORMS:
        FORMS.update({one.name: one for one in legacy_forms.forms()})
    return FORMS[name]


def row(number, name):
    def register(function):
        ROWS['row %d: %s' % (number, name)] = function
        return function
    return register


def all_right(run, *names):
    said = ['%s: %s' % (name, why) for name in names if (why := run.form(form(name)))]
    return '\n'.join(said)


def warned(run, octets, severity='warning'):
    """The ids of legacy rules that verify finds, of this severity."""
    found = verify(run.write('image', octets))
    return {rule for rule in found.rules[severity] if rule.startswith('legacy-')}


@row(1, 'xl headers of both ages are read')
def xl_headers(run):
    return all_right(run, *['w%d-xl%s-%s' % (width, age, kind) for width in (32, 64) for age in ('40', '45')
                            for kind in ('hvm', 'pv')])


@row(2, 'chunk -21 becomes parameter 36')
def chunk_21(run):
    return all_right(run, 'x4.5.4-w32-hvm', 'x4.5.4-w64-hvm')


@row(3, 'a PV guest without extended info')
def no_extended_info(run):
    return all_right(run, 'x3.0.2-w32-pv32', 'x3.0.2-w64-pv64', 'x3.0.4-w32-pv32-noext', 'x3.0.4-w64-pv64',
                     'x3.1-w32-pv32-noext', 'x3.1-w64-pv64')


@row(4, 'without chunk -2 the one vCPU is read, and the right page is shared info')
def no_vcpu_info(run):
    return all_right(run, 'x3.0.4-w32-pv32', 'x3.0.4-w32-pv32-noext', 'x3.0.4-w64-pv64')


@row(5, 'an unknown block of extended info is skipped and told')
def unknown_block(run):
    names = ['w%d-pv%d-unknown-block' % (width, guest) for width in (32, 64) for guest in (32, 64)]
    said = all_right(run, *names)
    found = verify(run.write('image', form(names[0]).octets))
    told = {rule for rules in found.rules.values() for rule in rules if rule.startswith('legacy-')}
    return said or ('' if told else 'verify says nothing of the block: ' + found.text())


@row(6, 'extended info without the block vcpu: the guest is as wide as the toolstack')
def no_vcpu_block(run):
    parts, state = pv_guest(8, 8)
    parts = parts.replace('extended-info', legacy.extended_info(8, [block(b'extv')]))
    return run.against(run.convert_octets(parts.octets()), state)


@row(7, 'a p2m of no pages is refused')
def p2m_of_nothing(run):
    parts = hvm_guest(8)[0].replace('p2m-size', legacy.ul(8, 0))
    return run.refused(parts.octets())


@row(8, 'a batch of holes alone leaves no empty record')
def holes_alone(run):
    said = []
    for width, guest, release in ((4, 4, '3.4'), (8, 8, '4.0'), (8, 8, '3.1')):
        parts, state = pv_guest(width, guest, release=release, batch=4)
        said.append(run.against(run.convert_octets(parts.octets()), state))
    return '\n'.join(filter(None, said))


@row(9, 'machine frames in entries of holes are not passed on')
def machine_frames(run):
    parts, state = pv_guest(8, 8, release='3.4')
    if struct.pack('<Q', legacy.word(MFN + 12, legacy.XTAB)) not in parts.octets():
        return 'the image has no such entry'
    return run.against(run.convert_octets(parts.octets()), state)


@row(10, 'types 5 to 8 and pfns beyond the p2m are refused')
def impossible_entries(run):
    said = []
    for parts, _ in (pv_guest(8, 8), hvm_guest(4)):
        width = 8 if parts.names()[1] == 'extended-info' else 4
        for entry in ((1, 5, filled(1)), (1, 8, filled(1)), (32, 0, filled(1)), (0xFFFFFF, 0, filled(1))):
            octets = parts.replace('batch', legacy.batch(width, [entry])).octets()
            said.append(run.refused(octets))
    return '\n'.join(filter(None, said))


@row(11, 'a guest with two levels of page tables is refused by name')
def two_levels(run):
    return run.refused(form('w32-pv32-two-level').octets, 'two level', 'two-level', '2 levels', 'two levels')


@row(12, 'pages of the list of unmapped pfns are left out')
def unmapped(run):
    names = ['x%s-w%d-pv%d' % (release, 8 * width, 8 * guest) for release, width, guest in (
        ('3.0.4', 4, 4), ('3.4', 8, 8), ('4.5', 4, 8), ('4.5', 8, 8), ('4.5', 8, 4))]
    return all_right(run, *names, 'w64-pv64-remus-live', 'w32-pv32-remus-live')


@row(13, 'the last checkpoint counts, and octets behind the image are told')
def checkpoints(run):
    names = ['w%d-%s-remus' % (width, kind) for width in (32, 64) for kind in ('pv32', 'pv64', 'hvm')]
    said = all_right(run, *names)
    octets = form('w64-pv64-plain').octets
    told = warned(run, octets + b'something else' * 9)
    conversion = run.convert_octets(octets + b'something else' * 9)
    return said or run.against(conversion, form('w64-pv64-plain').state) or (
        '' if told else 'verify says nothing of what is behind the image')


@row(14, 'compressed checkpoints, with lengths of both widths')
def compressed(run):
    return all_right(run, *['w%d-%s-remus-compressed%s' % (width, kind, more) for width in (32, 64)
                            for kind, more in (('pv32', ''), ('pv64', ''), ('hvm', ''), ('pv64', '-split'))])


@row(15, 'transcendent memory is dropped with a warning, and its pages refused with the reason')
def transcendent(run):
    said = []
    for width in (32, 64):
        for name in ('4.5-empty', '4.0-none'):
            one = form('w%d-pv64-tmem-%s' % (width, name))
            said.append(run.form(one))
            if not warned(run, one.octets):
                said.append('%s: no warning' % one)
        for name in ('4.0-pages', '4.1-pages'):
            said.append(run.refused(form('w%d-pv64-tmem-%s' % (width, name)).octets, 'tmem', 'ranscendent'))
    return '\n'.join(filter(None, said))


@row(16, 'the records of xend, of xl of 4.0 and of Remus')
def device_records(run):
    return all_right(run, *['w%d-%s' % (width, name) for width in (32, 64) for name in (
        'hvm-qemu-to-the-end', 'hvm-remus-device', 'hvm-classic-device', 'xend-hvm', 'xl40-hvm', 'xend-remus')])


@row(17, 'an HVM guest without a device model')
def no_device(run):
    said = all_right(run, 'w32-hvm-no-device', 'w64-hvm-no-device')
    return said or ('' if warned(run, form('w64-hvm-no-device').octets) else 'no warning')


@row(18, 'a region of physmap without a name')
def nameless(run):
    if not any(name is None for *_, name in PHYSMAP):
        return 'the generated images have none'
    return all_right(run, 'w32-hvm-physmap', 'w64-hvm-physmap')


@row(19, 'toolstack data are told where the output has no place for them')
def toolstack_to_raw(run):
    one = form('w64-hvm-physmap')
    said = run.form(one)
    raw = run.convert_octets(one.octets, '--to', 'raw')
    if said or raw.status not in (0, 1):
        return said or raw.text
    words = ('physmap', 'toolstack', 'no place for', 'device model')
    return '' if any(word in raw.text for word in words) else 'nothing is said of it: %r' % raw.text


@row(20, 'XSAVE areas of differing sizes, and absent ones')
def xsave_sizes(run):
    names = ['w%d-pv%d-xsave-%s' % (width, guest, kind) for width in (32, 64) for guest in (32, 64)
             for kind in ('sizes', 'some', 'some-two')]
    said = all_right(run, *names)
    silent = [name for name in names if not warned(run, form(name).octets)]
    return said or ('no warning: %s' % silent if silent else '')


@row(21, 'a negative highest vCPU is refused')
def negative_vcpu(run):
    chunk = struct.pack('<iiQ', legacy.VCPU_INFO, -1, 1)
    return '\n'.join(filter(None, (run.refused(made[0].replace('vcpu-info', chunk).octets())
                                   for made in (pv_guest(8, 8), hvm_guest(8)))))


@row(22, 'a pfn twice in a batch is refused, with one type or with two; holes may come again')
def twice(run):
    said = []
    for (parts, _), kinds in ((hvm_guest(8), (0, 0)), (pv_guest(8, 8), (0, 0)), (pv_guest(4, 4), (0, 9)),
                              (pv_guest(8, 8, release='3.1'), (1, 0))):
        entries = [(1, kind, filled(1)) for kind in kinds]
        width = len(parts.get('p2m-size'))
        said.append(run.refused(parts.replace('batch', legacy.batch(width, entries)).octets()))
    parts, state = hvm_guest(8)
    broken = parts.replace('batch', legacy.batch(8, [(1, 0, filled(1)), (1, 13, None)]))
    said.append(run.refused(broken.octets()))
    holes = parts.insert('batch', ('batch', legacy.batch(8, [(0, 15, None)] * 5)))
    return '\n'.join(filter(None, [*said, run.against(run.convert_octets(holes.octets()), state)]))


@row(23, 'an HVM chunk in a PV image is passed over and told')
def hvm_chunk(run):
    parts, state = pv_guest(8, 8)
    octets = parts.insert('last', ('param', legacy.param(legacy.IDENT_PT, 0xFEFFB000))).octets()
    said = run.against(run.convert_octets(octets), state)
    found = verify(run.write('image', octets))
    told = {rule for rules in found.rules.values() for rule in rules if rule.startswith('legacy-')}
    return said or ('' if told else 'verify says nothing of it')


@row(24, 'the mark of verify mode becomes VERIFY')
def verify_mode(run):
    said = []
    for width in (32, 64):
        for kind in ('pv32', 'pv64', 'hvm'):
            one = form('w%d-%s-verify' % (width, kind))
            conversion = run.convert_octets(one.octets)
            said.append(run.against(conversion, one.state))
            decoded = conversion.decoded()
            if decoded and len(decoded.image.all(xenf.VERIFY)) != 1:
                said.append('%s: %d records VERIFY' % (one, len(decoded.image.all(xenf.VERIFY))))
    return '\n'.join(filter(None, said))


@row(25, 'a hint that contradicts the file is refused by name, one that agrees changes nothing')
def hints(run):
    said = []
    for name, width, guest in (('w64-pv64-plain', 64, 'pv'), ('w32-hvm-plain', 32, 'hvm')):
        one = form(name)
        plain = run.convert_octets(one.octets).octets
        right = run.convert_octets(one.octets, '--legacy-width', str(width), '--legacy-guest', guest)
        if right.octets is None or right.octets != plain:
            said.append('%s: with hints that agree: %s' % (name, right.text or 'other octets'))
        for option, value in (('--legacy-width', str(96 - width)), ('--legacy-guest', {'pv': 'hvm'}.get(guest, 'pv'))):
            wrong = run.convert_octets(one.octets, option, value)
            if wrong.status == 0 and (wrong.octets != plain or not wrong.text.strip()):
                said.append('%s: %s %s is believed: %s' % (name, option, value, wrong.text))
            elif wrong.status and not wrong.text.strip():
                said.append('%s: %s %s: nothing is said' % (name, option, value))
    return '\n'.join(said)


@row(27, 'nothing but the image goes to standard output')
def to_a_pipe(run):
    said = []
    for name in ('w64-hvm-physmap', 'w32-pv32-remus-compressed', 'w64-pv64-tmem-4.5-empty'):
        path = run.write('image', form(name).octets)
        plain = run.convert(path)
        piped = godwit('convert', path, '-')
        if piped.stdout != plain.octets:
            said.append('%s: exit status %d, %d octets in place of %d' % (
                name, piped.returncode, len(piped.stdout), len(plain.octets or b'')))
    return '\n'.join(said)


@row(28, 'the same guest saved by toolstacks of 32 and of 64 bits converts to the same octets')
def both_widths(run):
    said = []
    for name, one in legacy_forms.pairs():
        octets = [run.convert_octets(part.octets) for part in one]
        if octets[0].octets is None or octets[0].octets != octets[1].octets:
            said.append('%s: %s' % (name, [len(one.octets or b'') for one in octets]))
    return '\n'.join(said)


@row(29, 'the emulator is unknown to a converted stream, and its xenstore comes first')
def emulators(run):
    one = form('w64-hvm-physmap')
    conversion = run.convert_octets(one.octets)
    said = run.against(conversion, one.state)
    return said or ('' if conversion.octets.endswith(one.state.libxl().octets()[-64:]) else 'another end')


@row(30, 'rings of a dead monitor are kept, and told by a note')
def rings(run):
    one = form('w64-hvm-plain')
    found = verify(run.write('image', one.octets))
    return run.form(one) or ('' if 'param-ring-pfn' in found.rules['note'] else found.text())


@row(31, 'the last map of vCPUs counts, and bits above the highest are passed over')
def maps(run):
    parts, state = pv_guest(8, 8)
    again = parts.insert('vcpu-info', ('vcpu-info', legacy.vcpu_info([0, 1, 2, 3])))
    above = parts.replace('vcpu-info', legacy.vcpu_info([0, 1, 40], 1))
    said = [run.against(run.convert_octets(one.octets()), state) for one in (again, above)]
    said.append('' if warned(run, above.octets()) else 'no warning of bits above the highest')
    return '\n'.join(filter(None, said))


@row(32, 'a block xcnt that is too short is refused')
def short_xcnt(run):
    parts, _ = pv_guest(8, 8, xsave=xsave_of)
    info = parts.get('extended-info')
    at = info.index(b'xcnt')
    short = info[:at] + struct.pack('<4sI', b'xcnt', 3) + info[at + 8:-1]
    short = short[:8] + struct.pack('<I', len(short) - 12) + short[12:]
    return run.refused(parts.replace('extended-info', short).octets())


@row(33, 'from a pipe and from a descriptor that is shared the same comes out, with the device model')
def piped(run):
    said = []
    for name in ('w64-hvm-physmap', 'w32-hvm-remus', 'x4.5-w64-pv64', 'w32-pv64-remus-compressed', 'w32-xend-remus',
                 'w64-xenopsd-record-qemu', 'x3.1-w32-pv32-noext'):
        one = form(name)
        said.append(run.against(run.convert('-', data=one.octets), one.state))
        with open(run.write('image', one.octets), 'rb') as shared:
            plain = run.convert(run.folder / 'image').octets
            done = godwit('convert', '-', run.folder / 'from-descriptor', stdin=shared)
            path = run.folder / 'from-descriptor'
            if done.returncode or path.read_bytes() != plain:
                said.append('%s: from a descriptor: exit status %d %s' % (name, done.returncode, done.stderr.decode()))
            path.unlink(missing_ok=True)
    return '\n'.join(filter(None, said))
