#!/usr/bin/env python3
"""godwit and a second reader, which shares nothing with it, over images that a seed has mutated: do they agree?

Of each image they have to agree on the rules that it breaks (those of reader.COVERED; what else godwit finds is its
own affair; of those in PARTLY it may find more) and on every line of its digest: guest, pfns, types, hash of every
page, hash of every record.

usage: run.py [--seed N] [--number N | --seconds N] [--keep DIR]      environment: GODWIT

Without options: the bounded run of the suite, in TAP. With --seconds it goes on for so long, from a seed of the time
unless one is given. An image over which they disagree is kept in DIR (default: differential-SEED-NUMBER.img in the
working directory, with --seconds), and told with what each of them says.
"""
import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / 'golden'))
from judge import verify  # noqa: E402
from mutations import mutate  # noqa: E402
from reader import COVERED, PARTLY, Reading  # noqa: E402
from streams import raw_images  # noqa: E402

GODWIT = os.environ.get('GODWIT', '')
BATCH = 50
NUMBER = 500  # of the suite's run
LARGEST = 400000  # octets of an image that is mutated


class Mutant:
    def __init__(self, seed, number, bases):
        rng = random.Random('%d/%d' % (seed, number))
        self.base = rng.choice(sorted(bases))
        self.octets, done = mutate(rng, bases[self.base])
        self.name = 'seed %d, number %d: %s, %s' % (seed, number, self.base, '+'.join(done))
        self.file = 'differential-%d-%d.img' % (seed, number)

    def foreign(self):
        """Octets that no layer takes for a bare image's are told in words, not by rules."""
        return self.octets[:8] != b'\xff' * 8


def digest(path):
    done = subprocess.run([GODWIT, 'digest', path], capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else None


def first_difference(ours, theirs):
    for one, two in zip(ours, theirs):
        if one != two:
            return 'digest: godwit %r, the second reader %r' % (one, two)
    return 'digest: godwit has %d lines, the second reader %d' % (len(ours), len(theirs))


def compare(mutant, found, lines):
    """Sentences on what they disagree about."""
    if found.trouble:
        return list(found.trouble)
    reading = Reading(mutant.octets)
    said = {item['rule'] for item in found.findings}
    wrong = ['only godwit says ' + rule for rule in sorted(said & COVERED - PARTLY - reading.rules)]
    wrong += ['only the second reader says ' + rule for rule in sorted(reading.rules - said)]
    severe = found.rules('error')
    if not wrong and found.verdicts[0]['valid'] != (not severe):
        wrong.append('valid is %s with the errors %s' % (found.verdicts[0]['valid'], ', '.join(severe)))
    if (lines is None) != (reading.lines is None):
        wrong.append('%s has a digest' % ('only the second reader' if lines is None else 'only godwit'))
    elif lines is not None and lines != reading.lines:
        wrong.append(first_difference(lines, reading.lines))
    return wrong


def batch(directory, mutants):
    paths = []
    for mutant in mutants:
        path = os.path.join(directory, mutant.file)
        with open(path, 'wb') as file:
            file.write(mutant.octets)
        paths.append(path)
    found = verify(GODWIT, paths, [])
    results = [(mutant, compare(mutant, found[path], digest(path))) for mutant, path in zip(mutants, paths)]
    for path in paths:
        os.unlink(path)
    return results


def small_images():
    return {name: image for name, (image, _, _) in raw_images().items() if len(image.octets()) <= LARGEST}


def rounds(seed, number, until):
    """Batches of numbers: as many as said, or until that time."""
    at = 0
    while (at < number) if until is None else (time.monotonic() < until):
        size = BATCH if until is not None else min(BATCH, number - at)
        yield range(at, at + size)
        at += size


def run(seed, number, until, keep):
    bases, judged, disagreements = small_images(), 0, []
    with tempfile.TemporaryDirectory(prefix='differential.') as directory, \
            ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        jobs = []
        for numbers in rounds(seed, number, until):
            mutants = [mutant for mutant in (Mutant(seed, at, bases) for at in numbers) if not mutant.foreign()]
            jobs.append(pool.submit(batch, directory, mutants))
            if len(jobs) > 2 * (os.cpu_count() or 1) or until is None and numbers.stop >= number:
                judged += take(jobs.pop(0), disagreements, keep)
        for job in jobs:
            judged += take(job, disagreements, keep)
    return judged, disagreements


def take(job, disagreements, keep):
    results = job.result()
    for mutant, wrong in results:
        if wrong:
            disagreements.append((mutant, wrong))
            print('# ' + mutant.name)
            for line in wrong:
                print('#   ' + line)
            if keep is not None:
                pathlib.Path(keep, mutant.file).write_bytes(mutant.octets)
            sys.stdout.flush()
    return len(results)


def main():
    parser = argparse.ArgumentParser(description='Two readers over mutated images.')
    parser.add_argument('--seed', type=int)
    parser.add_argument('--number', type=int, default=NUMBER)
    parser.add_argument('--seconds', type=float)
    parser.add_argument('--keep', metavar='DIR')
    chosen = parser.parse_args()
    long = chosen.seconds is not None
    seed = chosen.seed if chosen.seed is not None else time.time_ns() & 0xFFFFFFFF if long else 1
    until = time.monotonic() + chosen.seconds if long else None
    keep = chosen.keep or ('.' if long else None)
    judged, disagreements = run(seed, chosen.number, until, keep)
    print('%sok 1 - two readers agree on %d mutated images (seed %d)' % ('not ' if disagreements else '', judged, seed))
    print('1..1')
    return 1 if disagreements else 0


if __name__ == '__main__':
    sys.exit(main())
