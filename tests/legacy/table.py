"""The table beside Xen's own converter: docs/legacy.md, made from a run over all real images."""

import concurrent.futures
import difflib
import re
import textwrap

import reader
import real
from converted import Converted
from reference import ACCEPTED, CODES, Reference, accepted, records
from images import SOURCE

PATH = SOURCE / 'docs' / 'legacy.md'
HEAD = """<!-- Written by tests/legacy/run.py --doc: godwit and Xen's own converter over the same legacy images. -->
# Legacy images, beside Xen's own converter

"""
WORDS = """
Xen brings a program of its own that turns images of Xen 3.0 to 4.5 into today's form, `convert-legacy-stream`
(here that of Debian's Xen 4.17). Both were given the same real images, which Xen's own savers of ten releases wrote;
each conversion was then decoded by a reader that shares nothing with either and held against the digest that came with
the image: every page, type, register, parameter and state. The reference is told what it asks for: word size, kind of
guest, form of output; godwit is told nothing."""
NUL = 'Data not NUL terminated'
ROW = re.compile(r'^\| [a-z0-9]+-.*\|$', re.M)


def reference_or_reason():
    """A Reference, or the sentence that says why there is none."""
    reference = Reference()
    return reference if reference.ready else reference.why


class Line:
    """One image: what godwit made of it, what the reference made of it, what differs where both are right."""

    def __init__(self, image, ours, theirs, forms, unexplained):
        self.name, self.ours, self.theirs, self.forms = image.name, ours, theirs, forms
        self.unexplained = unexplained

    def text(self):
        return '| %s | %s | %s | %s |' % (self.name, self.ours, self.theirs, self.forms)


def line(run, image, reference):
    try:
        return judged(run, image, reference)
    finally:
        for path in run.folder.iterdir():
            path.unlink()


def judged(run, image, reference):
    reading = reader.read(image.path.read_bytes())
    outcome = reference.ask_converter(reading, run.folder)
    unexplained = '?' in outcome.codes and 'the reference: %s' % outcome.text[-400:]
    if real.refused(image):
        why = run.refused(image.path, *real.refused(image))
        return Line(image, 'refused: ' + reason(reading), outcome, '-', why or unexplained)
    conversion = run.convert(image.path)
    why, _ = real.check_converted(image, conversion)
    if why:
        return Line(image, 'wrong', outcome, '-', why)
    if outcome.verdict != 'ok':
        return Line(image, 'right', outcome, '-', unexplained)
    ours = Converted(conversion.octets)
    theirs = outcome.converted
    differ = records(ours) ^ records(theirs)
    if not image.name.startswith(('xl', 'libvirt')):  # a bare image has no place for what the toolstack says
        differ = {word for word in differ if not word.startswith('store ')}
    letters = ' '.join(accepted(reading, ours, theirs))
    return Line(image, 'right', outcome, 'equal' + (' but ' + letters if letters else ''),
                unexplained or '\n'.join(sorted(differ)[:10]))


def reason(reading):
    return 'two levels of page tables' if reading.state.levels == 2 else 'pages of transcendent memory'


def wrapped(text):
    return '\n'.join(textwrap.wrap(text.strip(), 120, break_long_words=False, break_on_hyphens=False)) + '\n'


def document(runner, found, reference):
    """(text, lines); runner makes a Runner of its own for each image."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        lines = list(pool.map(lambda job: line(*job, reference), [(runner(), image) for image in found]))
    count = {}
    for one in lines:
        count[one.theirs.verdict] = count.get(one.theirs.verdict, 0) + 1
    right = sum(one.ours == 'right' for one in lines)
    text = HEAD + wrapped(WORDS) + '\n' + wrapped(
        'Of %d images godwit converts %d rightly and refuses %d by name. The reference converts %d rightly, %d wrongly '
        'without a word, and refuses %d.' % (len(lines), right, sum('refused' in one.ours for one in lines),
                                            count.get('ok', 0), count.get('wrong', 0), count.get('fails', 0)))
    text += '\n## Why the reference is wrong, or refuses\n\n| letter | |\n| --- | --- |\n'
    text += ''.join('| %s | %s |\n' % one for one in CODES.items())
    text += '\n## What differs where both are right\n\n' + wrapped(
        'The records are equal: every page and type, the octets of every other record, the parameters as a set. These '
        'differences of form are accepted.') + '\n| letter | the reference |\n| --- | --- |\n'
    text += ''.join('| %s | %s |\n' % one for one in ACCEPTED.items())
    text += '\n## The images\n\n' + wrapped(
        'Names: writer (`x45`: Xen 4.5), word size of the toolstack, guest, case; before the writer a container, where '
        'there is one.') + '\n| image | godwit | reference | records |\n| --- | --- | --- | --- |\n'
    return text + ''.join(one.text() + '\n' for one in lines), lines


def unlike(made):
    """'' or how docs/legacy.md differs from this run, which may know a part of its images only."""
    stored = PATH.read_text() if PATH.exists() else ''
    known = {one.text() for one in made[1]}
    rows = set(ROW.findall(stored))
    if len(known) < len(rows):
        return '\n'.join('not there: ' + row for row in sorted(known - rows))
    return '\n'.join(difflib.unified_diff(stored.splitlines(), made[0].splitlines(), 'docs/legacy.md', 'this run', '',
                                          '', 0))


def unexplained(made):
    return '\n'.join('%s: %s' % (one.name, one.unexplained) for one in made[1] if one.unexplained)


def write(runner, images, why):
    reference = reference_or_reason()
    if why or isinstance(reference, str):
        print(why or reference)
        return 1
    made = document(runner, images, reference)
    PATH.write_text(made[0])
    print(unexplained(made))
    return 0


def verifier_point(run, image, octets, reference):
    """Xen's verifier on a conversion. It knows no optional record, and compares an octet with a character."""
    path = run.write('verify', octets)
    form = 'xl' if octets.startswith(b'Xen ') else 'libxl' if octets.startswith(b'LibxlFmt') else 'libxc'
    if octets.startswith(b'libvirt'):
        at = octets.index(b'LibxlFmt')
        path.write_bytes(octets[at:])
        form = 'libxl'
    said, sentence = reference.ask(path, form)
    fault = said == 'RecordError' and NUL in sentence and 'toolstack' in image.digest
    return ("Xen's verifier passes the conversion%s" % (', but for a fault of its own' if fault else ''),
            '' if said == 'ok' or fault else '%s: %s' % (said, sentence))
