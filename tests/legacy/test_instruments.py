#!/usr/bin/env python3
"""What the legacy suite measures with, measured: the writer, the second reader, both held against the real images.

The writer knows what it wrote, the digests of the real images were made by neither; so a fault in one of them shows.
godwit has no part in this. Prints TAP.
"""

import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'golden'), str(HERE.parent / 'interop')]
import facts  # noqa: E402
import images  # noqa: E402
import legacy_compress  # noqa: E402
import legacy_forms  # noqa: E402
import reader  # noqa: E402
from tap import Tap  # noqa: E402

# HVM images of 4.2 to 4.4: the saver got parameter 34 as an argument, so the digests do not know it.
ARGUMENT = 'hvmparam 34 fc001234'
EXAMPLE = bytes.fromhex('82 01 44332211 ff ff ff ff ff ff ff ff 84 01 01000000')


def compression():
    """The reference's example, and a cache that forgets."""
    old, new = bytes(4096), bytearray(4096)
    new[8:12], new[4092:4096] = bytes.fromhex('44332211'), b'\1\0\0\0'
    if legacy_compress.delta(old, bytes(new)) != EXAMPLE:
        return 'the example is %s' % legacy_compress.delta(old, bytes(new)).hex(' ')
    sender = legacy_compress.Sender(2)
    pages = [(1, old, False), (2, old, False), (1, bytes(new), False), (3, old, False), (2, old, False),
             (1, bytes(new), True), (1, bytes(new), False)]
    sizes = [len(sender.page(*page)[1]) for page in pages]
    return '' if sizes == [4097, 4097, 20, 4097, 4097, 4097, 4097] else 'sizes %s' % sizes


def generated(form):
    """What the reader makes of a form is what the writer says."""
    try:
        reading = reader.read(form.octets)
    except (reader.Bad, reader.Cut, legacy_compress.Corrupt) as error:
        return repr(error)
    want, got = facts.of_state(form.state), facts.of_state(reading.state)
    said = [facts.differ(want.lines(), got.lines())]
    for what, one, other in (('W', form.width, reading.width), ('levels', form.state.levels, reading.state.levels),
                             ('physmap', form.state.physmap, reading.state.physmap), ('cut', None, reading.cut),
                             ('left', 0, reading.octets.left()), ('allocated', want.allocated, got.allocated)):
        if one != other:
            said.append('%s: %r, not %r' % (what, other, one))
    return '\n'.join(filter(None, said))


def real(image):
    """What the reader makes of a real image is what its digest says."""
    want = facts.of_digest(image.digest)
    reading = reader.read(image.path.read_bytes())
    got = facts.of_reading(reading)
    want.pages.update(want.stale)
    skip = ['tmem', 'chunks'] if reading.cut else ['tmem']  # of a round that is cut nothing is counted there
    lines = want.lines(skip)
    differ = facts.differ(lines, got.lines(skip) - ({ARGUMENT} - lines))
    if want.wrapper != got.wrapper:
        differ += '\nwrapper %s, not %s' % (got.wrapper, want.wrapper)
    return differ


def main():
    tap = Tap()
    said = compression()
    tap.point(not said, 'compression: the known example, and a cache that forgets the oldest', said)
    for form in legacy_forms.forms():
        said = generated(form)
        tap.point(not said, 'generated %s: the reader finds what was written' % form, said)
    with tempfile.TemporaryDirectory(prefix='legacy.') as scratch:
        found, why = images.unpack(scratch)
        if why:
            tap.skip('the reader finds in the other real images what their digests say', why)
        for image in found:
            said = real(image)
            tap.point(not said, 'real %s: the reader finds what its digest says' % image, said)
    return tap.done()


if __name__ == '__main__':
    sys.exit(main())
