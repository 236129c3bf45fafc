#!/usr/bin/env python3
"""The devices suite: states of device models from an independent writer, and what godwit sees of them.

GODWIT_BUILD names the build directory (for tests/devicedump). Prints TAP.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import savevm
from savevm import Device, blob, small_machine

MACHINE = small_machine()
DUMP = pathlib.Path(os.environ['GODWIT_BUILD']) / 'tests' / 'devicedump'


def seen(octets, *options):
    with tempfile.NamedTemporaryFile() as file:
        file.write(octets)
        file.flush()
        done = subprocess.run([DUMP, *options, file.name], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError('exit status %d: %s' % (done.returncode, done.stderr.strip()[-300:]))
    return [json.loads(line) for line in done.stdout.splitlines()]


def expected(devices, places, fields=False, old=False):
    found = []
    for device, at in zip(devices, places):
        body = at + (len(device.head()) if not old else 1 + len(device.name) + 12)
        listed = device.listed(body, 0) if fields else []
        found.append({
            'name': device.name, 'id': 0 if old else device.ident, 'instance': device.instance,
            'version': device.version, 'offset': at, 'body': body, 'length': len(device.octets()),
            'fields': [{key: value for key, value in zip(('depth', 'name', 'type', 'index', 'offset', 'length'), row)
                        if value is not None} for row in listed]})
    return found


def differs(is_there, want, key):
    return [] if is_there == want else ['%s: %s, not %s' % (key, is_there, want)]


def compare(octets, sections, **facts):
    """Lines of what is not as it was written."""
    [got] = seen(octets)
    said = []
    for key, value in facts.items():
        said += differs(got[key], value, key)
    said += differs([s['name'] for s in got['sections']], [s['name'] for s in sections], 'names')
    for one, two in zip(got['sections'], sections):
        for key, value in two.items():
            said += differs(one[key], value, '%s of %s' % (key, two['name']))
    return said


def written(old=False, fields=False, **how):
    maker = savevm.old_state if old else savevm.state
    octets, places = maker(MACHINE, **how)
    return octets, expected(MACHINE, places, fields, old)


def plain():
    return compare(*written(), measure='likely', ended=True, tail=0, footers=False, version=3)


def footers():
    return compare(*written(footers=True), measure='footers', ended=True, tail=0, footers=True)


def footers_and_tail():
    return compare(*written(footers=True, tail=b'left over'), measure='footers', ended=True, tail=9)


def one_device():
    octets, places = savevm.state(MACHINE[:1], footers=True)
    return compare(octets, expected(MACHINE[:1], places), measure='footers', ended=True)


def described():
    return compare(*written(described=True, fields=True), measure='described', description=True, ended=True)


def described_with_footers():
    octets, sections = written(described=True, footers=True, fields=True, config=savevm.configuration())
    return compare(octets, sections, measure='described', machine='pc-i440fx-7.2', footers=True)


def described_wrongly():
    """A description that does not fit is no help: the headers' looks are."""
    octets, places = savevm.state(MACHINE)
    octets += savevm.description(MACHINE[:2] + MACHINE[3:])
    return compare(octets, expected(MACHINE, places), measure='likely', description=True)


def described_by_nonsense():
    said = []
    for text in (b'{', b'{}', b'{"devices": 3}', b'{"devices": [{"name": "timer", "fields": [{"size": -1}]}]}',
                 b'{"devices": [{"name": "timer", "fields": [{"size": 1e99, "array_len": 9}]}]}',
                 b'{"devices": [{"name": "timer", "fields": [{"size": 9223372036854775807, "array_len": 9}]}]}'):
        octets, places = savevm.state(MACHINE)
        octets += b'\6' + len(text).to_bytes(4, 'big') + text
        said += compare(octets, expected(MACHINE, places), measure='likely')
    return said


def misleading():
    """Octets that look like a header with a lower id, or with an odd name, or too high a version."""
    def fake(ident, name, version=1):
        return Device(ident, name, [], version=version).head()
    body = fake(2, 'lower') + fake(5, 'odd\x7fname') + fake(5, 'new', 5000) + b'\4\4\4\4'
    devices = [Device(3, 'first', [blob('data', body)]), Device(5, 'second', [blob('data', b'x')])]
    octets, places = savevm.state(devices)
    return compare(octets, expected(devices, places), measure='likely', ended=True)


def old_versions():
    return (compare(*written(old=True), measure='lengths', version=1, ended=True, tail=0) +
            compare(*written(old=True, version=2, tail=b'more'), measure='lengths', version=2, ended=True, tail=4))


def old_and_cut():
    octets, _ = savevm.old_state(MACHINE)
    return [line for cut in range(9, len(octets), 7) for line in compare(octets[:cut], [], )
            if 'names' not in line and 'ended' in line]


def not_ended():
    octets, sections = written(ended=False)
    return compare(octets, sections, ended=False, measure='likely')


def memory():
    start = b'\1' + (2).to_bytes(4, 'big') + savevm.counted('ram') + (0).to_bytes(4, 'big') + (4).to_bytes(4, 'big')
    octets, _ = savevm.state(MACHINE, config=start + bytes(64))
    [got] = seen(octets)
    return differs(got['ram'], True, 'ram') + differs(len(got['sections']), 1 + len(MACHINE), 'sections')


def other_forms():
    said = []
    for octets, form in ((b'DeviceModelRecord0002\1\0\0\0Q', 'libxl'), (b'QemuDeviceModelRecord\n', 'xend'),
                         (b'', ''), (b'QEV', ''), (b'anything', '')):
        [got] = seen(octets)
        said += [] if form in got['form'] and bool(form) == bool(got['form']) else ['%r is %r' % (octets, got['form'])]
        said += differs(got['version'], 0, 'version')
    return said


def prefixes():
    """Any beginning of a state is read to an answer."""
    said = []
    for octets in (written(described=True, footers=True)[0], written(old=True, version=2)[0]):
        for cut in list(range(0, 200)) + list(range(200, len(octets), 37)):
            [got] = seen(octets[:cut])
            said += [] if len(got['sections']) <= len(MACHINE) else ['%d octets have too many sections' % cut]
    return said


def pairs(*items):
    return b''.join(item.encode() + b'\0' for item in items)


def store():
    one = ('physmap/f0000000/start_addr', 'f0000000', 'physmap/f0000000/size', '800000', 'physmap/f0000000/name',
           'vga.vram')
    *entries, last = seen(pairs(*one), '--store')
    said = differs(entries, [{'phys_offset': 0xF0000000, 'start_addr': 0xF0000000, 'size': 0x800000,
                              'name': 'vga.vram'}], 'entries')
    said += differs(last, {'pairs': 3, 'fault': 0, 'odd': 0, 'incomplete': 0}, 'facts')
    return said + differs(seen(b'', '--store'), [{'pairs': 0, 'fault': 0, 'odd': 0, 'incomplete': 0}], 'nothing')


POINTS = {
    'sections-are-found-by-their-headers': plain,
    'footers-make-sections-sure': footers,
    'what-stands-behind-eof-is-a-tail': footers_and_tail,
    'a-single-section-with-a-footer-is-measured': one_device,
    'a-description-tells-sections-and-fields': described,
    'a-description-and-footers-go-together': described_with_footers,
    'a-description-that-does-not-fit-is-not-used': described_wrongly,
    'a-description-that-is-nonsense-is-not-used': described_by_nonsense,
    'octets-that-look-like-a-header-do-not-mislead': misleading,
    'versions-1-and-2-have-lengths': old_versions,
    'an-old-state-that-is-cut-is-not-ended': old_and_cut,
    'a-state-without-eof-is-not-ended': not_ended,
    'a-section-of-memory-is-named': memory,
    'other-forms-are-named': other_forms,
    'any-beginning-is-read': prefixes,
    'physmap-is-read-from-its-pairs': store,
}


def main():
    failed = 0
    print('1..%d' % len(POINTS))
    for number, (name, point) in enumerate(POINTS.items(), 1):
        try:
            lines = point()
        except (OSError, ValueError, KeyError) as error:
            lines = ['%s: %s' % (type(error).__name__, error)]
        failed += bool(lines)
        print('%sok %d - %s' % ('not ' if lines else '', number, name))
        for line in lines[:40]:
            print('# ' + line)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
