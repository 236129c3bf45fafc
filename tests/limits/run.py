#!/usr/bin/env python3
"""What a stream may cost: streams made to cost much, at two sizes, and the instructions and memory that they cost.

Not time but instructions are counted, by valgrind: the same count on every machine, however busy. Of each stream three
sizes are judged: next to nothing, N and four times N. What an octet costs may not grow with the size, and not be more
than the case says; so nothing is quadratic. The greatest resident size is measured without valgrind, and has to stay
within the bound that docs/architecture.md states.

usage: run.py [--table] [PART...]      environment: GODWIT; GODWIT_FLAVOUR: with "sanitize" everything is skipped
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / 'golden'))
import worst  # noqa: E402

GODWIT = os.environ['GODWIT']
PEAK = HERE.parent / 'golden' / 'peak.py'
MIB = 1 << 20
GROWTH = 1.4  # what an octet costs at 4N, in terms of what it costs at N; 4 is quadratic
PER_PFN = {'verify': 1, 'info': 1, 'digest': 33, 'inspect': 3}  # octets of memory, up to the highest that is named
PRINTED = 2000  # instructions that an octet may cost where all of it is printed


def instructions(command, path):
    with tempfile.NamedTemporaryFile('r', prefix='work.') as log:
        done = subprocess.run(['valgrind', '--tool=cachegrind', '--cache-sim=no', '--cachegrind-out-file=/dev/null',
                               '--log-file=' + log.name, GODWIT, command, '--no-sandbox', str(path)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError('exit status %d: %s' % (done.returncode, done.stderr.strip()))
        return int(re.search(r'I +refs: +([\d,]+)', log.read())[1].replace(',', ''))


def peak(command, path):
    done = subprocess.run([sys.executable, '-S', '-E', PEAK, GODWIT, command, str(path)], capture_output=True,
                          text=True, check=True)
    return int(done.stdout)


class Measured:
    """One case with one command: what an octet costs at N and at 4N, and the memory at 4N."""

    def __init__(self, directory, case, command):
        self.case, self.command = case, command
        sizes, counts = [], []
        path = pathlib.Path(directory) / ('%s.%s' % (case.name, command))
        for number in (1, case.number, 4 * case.number):
            octets = case.make(number)
            path.write_bytes(octets)
            sizes.append(len(octets))
            counts.append(instructions(command, path))
        self.peak = peak(command, path)
        path.unlink()
        self.octets = sizes[2]
        self.small, self.large = ((counts[i] - counts[0]) / (sizes[i] - sizes[0]) for i in (1, 2))
        self.bound = 64 * MIB + PER_PFN[command] * (case.highest + 1)

    def wrong(self):
        lines = []
        if self.large > max(self.small, 0) * GROWTH + 1:  # less than nothing: what is too long is not looked at
            lines.append('an octet costs %.1f instructions, and %.1f in a stream four times as long'
                         % (self.small, self.large))
        most = PRINTED if self.command == 'inspect' else self.case.per_octet
        if self.large > most:
            lines.append('an octet costs %.1f instructions, more than %d' % (self.large, most))
        if self.peak > self.bound:
            lines.append('%d MiB of memory, more than %d' % (self.peak // MIB, self.bound // MIB))
        return lines

    def row(self):
        return '%-26s %-7s %9d octets %8.1f %8.1f instructions an octet %5d MiB' % (
            self.case.name, self.command, self.octets, self.small, self.large, self.peak // MIB)


def measure(directory, case, command):
    try:
        return Measured(directory, case, command)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        return error


def main():
    parser = argparse.ArgumentParser(description='What a stream may cost.')
    parser.add_argument('--table', action='store_true', help='print what was measured, and judge nothing')
    parser.add_argument('parts', nargs='*')
    chosen = parser.parse_args()
    jobs = [(case, command) for case in worst.CASES for command in case.commands
            if not chosen.parts or any(part in case.name for part in chosen.parts)]
    lacks = 'valgrind is missing: nothing counts instructions' if shutil.which('valgrind') is None else \
        'a sanitizer makes work of its own' if os.environ.get('GODWIT_FLAVOUR') == 'sanitize' else None
    if lacks:
        print('1..0 # SKIP ' + lacks)
        return 0
    failed = 0
    if not chosen.table:
        print('1..%d' % len(jobs))
    with tempfile.TemporaryDirectory(prefix='limits.') as directory, ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        found = pool.map(lambda job: measure(directory, *job), jobs)
        for number, ((case, command), one) in enumerate(zip(jobs, found), 1):
            wrong = [str(one)] if isinstance(one, Exception) else one.wrong()
            failed += bool(wrong)
            if chosen.table:
                print(one if isinstance(one, Exception) else one.row(), flush=True)
                continue
            print('%sok %d - %s: %s is bounded' % ('not ' if wrong else '', number, case.name, command))
            for line in wrong:
                print('# ' + line)
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
