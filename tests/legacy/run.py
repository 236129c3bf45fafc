#!/usr/bin/env python3
"""The legacy suite: images of Xen 3.0 to 4.5, generated and real, and what godwit makes of them. Prints TAP.

  run.py [--full] [--doc] [PART...]

Parts: forms, rows, widths, hostile, cuts, real, remus, table. --full cuts everywhere and often (some minutes).
--doc writes docs/legacy.md, the table beside Xen's own converter. Environment: GODWIT, GODWIT_SOURCE, GODWIT_SHARED,
GODWIT_FLAVOUR: with "sanitize" memory is not measured, and the real images are left to the other build.
"""

import argparse
import concurrent.futures
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'golden'), str(HERE.parent / 'interop')]
import cuts  # noqa: E402
import facts  # noqa: E402
import hostile  # noqa: E402
import images  # noqa: E402
import legacy_forms  # noqa: E402
import reader  # noqa: E402
import real  # noqa: E402
import table  # noqa: E402
from rows import ROWS  # noqa: E402
from runner import Runner, refusal, verify  # noqa: E402
from tap import Tap  # noqa: E402

PARTS = ('forms', 'rows', 'hostile', 'cuts', 'real', 'remus', 'table')
MIB = 1 << 20
MEMORY = 64 * MIB  # what any input may cost, as docs/architecture.md states
SANITIZE = os.environ.get('GODWIT_FLAVOUR') == 'sanitize'
CUTS, CUTS_FULL = 200, 200  # over all images of Remus; with --full of each
SEED = 20151


class Suite:
    def __init__(self, scratch, full):
        self.scratch, self.full, self.tap = pathlib.Path(scratch), full, Tap()
        self.number = 0
        self.cache = None

    def runner(self):
        self.number += 1
        folder = self.scratch / ('job-%d' % self.number)
        folder.mkdir()
        return Runner(folder)

    def each(self, items, work):
        """Points of work(runner, item), which gives a list of (name, '' or why not), two at a time."""
        def one(pair):
            run, item = pair
            try:
                return work(run, item)
            except Exception as error:  # noqa: BLE001 - a fault of the test must not end the others
                return [('%s: the test ends with %s' % (item, type(error).__name__), repr(error))]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for points in pool.map(one, [(self.runner(), item) for item in items]):
                for name, why in points:
                    self.tap.point(not why, name, why)

    def forms(self):
        """Every generated form: verified, converted to what it has to leave, the way that it came in told."""
        def work(run, form):
            if form.refused:
                return [('%s is refused' % form, run.refused(form.octets))]
            said = verify(run.write('image', form.octets))
            wrapping = said.verdict.get('wrapping')
            why = '' if said.status == 0 and wrapping == form.layers else \
                'wrapping %s, not %s\n%s' % (wrapping, form.layers, said.text()[:1000])
            piped = run.convert('-', data=form.octets)
            return [('%s is valid' % form, why), ('%s converts to what it has to leave' % form, run.form(form)),
                    ('%s does from a pipe' % form, run.against(piped, form.state))]
        self.each(legacy_forms.forms(), work)

    def rows(self):
        self.each(ROWS.items(), lambda run, item: [(item[0], item[1](run))])

    def hostile(self):
        def work(run, case):
            path = run.folder / 'image'
            case.write(path)
            conversion = run.convert(path)
            why = refusal(conversion.status, conversion.text, conversion.octets, case.says)
            if case.outcome == hostile.READ:
                why = '' if conversion.status == 0 else conversion.text[:600]
            elif case.outcome is None and conversion.status == 0:
                why = ''
            points = [('row 26, %s: %s' % (case.name, case.outcome or 'no harm'), why)]
            if not SANITIZE:
                bound = MEMORY + case.extra
                used = max(run.peak(*command) for command in (('verify', path), ('info', path), (
                    'convert', '--force', path, run.folder / 'converted')))
                said = '' if used <= bound else '%d MiB, the bound is %d MiB' % (used // MIB, bound // MIB)
                points.append(('%s: memory is bounded' % case.name, said))
            path.unlink()
            (run.folder / 'converted').unlink(missing_ok=True)
            return points
        self.each(hostile.cases(), work)

    def cuts(self):
        every = 1 if self.full else 16 if SANITIZE else 8

        def work(run, item):
            name, parts = item
            return [('%s: cut at %d places, verify says so' % (name, len(cuts.places(parts, every))),
                     cuts.truncations(run, parts, every)),
                    ('%s: a cut one is not converted, and nothing is left behind' % name,
                     cuts.conversions(run, parts, 400 if self.full else 40, SEED))]
        self.each(cuts.tiny(), work)

    def found(self):
        if self.cache is None:
            self.cache = images.unpack(self.scratch)
        return self.cache

    def real(self):
        found, why = self.found()
        self.tap.note('%d real images' % len(found))
        if why:
            self.tap.skip('the other real images', why)
        reference = table.reference_or_reason()

        made = {}

        def work(run, image):
            points, octets = real.judge(run, image)
            made[image.name] = octets and facts.sha(octets)
            if octets is not None and not isinstance(reference, str):
                points.append(table.verifier_point(run, image, octets, reference))
            for path in run.folder.iterdir():
                path.unlink()
            return [('%s: %s' % (image, what), why) for what, why in points]
        self.each(found, work)
        for one, other in real.pairs(found):
            self.tap.point(made[one.name] == made[other.name] is not None,
                           '%s and %s, of one guest, convert to the same octets' % (one, other), 'they differ')
        if isinstance(reference, str):
            self.tap.skip("Xen's verifier passes the conversions", reference)

    def remus(self):
        """Cuts behind a complete checkpoint, of generated images and of real ones."""
        def generated(run, form):
            path = run.write('whole', form.octets)
            count = CUTS_FULL if self.full else 10 if SANITIZE else 25
            why = cuts.checkpoint_cuts(run, path, reader.read(form.octets), count, SEED)
            return [('%s: cut at %d places behind the first checkpoint' % (form, count), why)]
        self.each([form for form in legacy_forms.forms() if form.state.checkpoints > 1], generated)
        if SANITIZE:
            self.tap.skip('real images of Remus, cut behind the first checkpoint', 'the other build does that')
            return
        found = [image for image in self.found()[0] if '\ncheckpoints 1\n' not in image.digest]
        count = CUTS_FULL if self.full else -(-CUTS // len(found))

        def work(run, image):
            why = cuts.checkpoint_cuts(run, image.path, reader.read(image.path.read_bytes()), count, SEED)
            return [('%s: cut at %d places behind the first checkpoint' % (image, count), why)]
        self.each(found, work)

    def table(self):
        reference = table.reference_or_reason()
        if isinstance(reference, str):
            self.tap.skip("the table beside Xen's converter", reference)
            return
        made = table.document(self.runner, self.found()[0], reference)
        said = table.unlike(made)
        self.tap.point(not said, 'docs/legacy.md is what run.py --doc writes', said)
        said = table.unexplained(made)
        self.tap.point(not said, "every difference from Xen's converter has a reason", said)


def main():
    parser = argparse.ArgumentParser(description='The legacy suite.')
    parser.add_argument('--full', action='store_true')
    parser.add_argument('--doc', action='store_true')
    parser.add_argument('parts', nargs='*', metavar='PART')
    chosen = parser.parse_args()
    if set(chosen.parts) - set(PARTS):
        parser.error('the parts are: ' + ', '.join(PARTS))
    with tempfile.TemporaryDirectory(prefix='legacy.') as scratch:
        suite = Suite(scratch, chosen.full)
        if chosen.doc:
            return table.write(suite.runner, *suite.found())
        for part in chosen.parts or [part for part in PARTS if not (SANITIZE and part in ('real', 'table'))]:
            getattr(suite, part)()
        return suite.tap.done()


if __name__ == '__main__':
    sys.exit(main())
