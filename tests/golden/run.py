#!/usr/bin/env python3
"""The golden suite: streams from an independent writer, what godwit must find in them, and the way back.

    run.py [--list] [--write DIR] [PART...]      only the points whose name contains one of the parts

GODWIT names the binary, GODWIT_BUILD the build directory (for tests/roundtrip), GODWIT_FLAVOUR the kind of build:
with "sanitize" the bound on memory is not measured. Prints TAP.
"""

import argparse
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

import accepted
import negative
from case import Case, known_rules
from judge import Runner
from negative_wrappings import costly
from rules import by_rule, rule_cases
from streams import DIGESTS, FINDINGS, clean_streams, examples

MIB = 1 << 20


class Skip(Exception):
    """The point can not be judged here."""


def compare(octets, again):
    """[], or where they differ."""
    if again == octets:
        return []
    at = next((at for at, (one, two) in enumerate(zip(octets, again)) if one != two), min(len(octets), len(again)))
    return ['%d octets became %d; the first difference is at %#x' % (len(octets), len(again), at)]


class Suite:
    """The points: name -> a function that gives the lines of what is wrong."""

    def __init__(self, runner, build):
        self.runner, self.build, self.points = runner, build, {}
        self.known = known_rules()
        self.add_clean()
        self.add_rules()
        self.add_negative()

    def add_clean(self):
        for name, image in examples().items():
            self.points[name] = lambda name=name, image=image: self.example(name, image)
        for stream in clean_streams():
            self.points['clean-' + stream.name] = lambda stream=stream: self.clean(stream)
            if stream.image and not stream.options:
                self.points['round-trip-' + stream.name] = lambda stream=stream: self.round_trip(stream)
            if not stream.wrapping.startswith('xz') and not stream.options:
                self.points['convert-' + stream.name] = lambda stream=stream: self.convert(stream)

    def add_rules(self):
        cases = by_rule(rule_cases())
        self.points['every-rule-has-a-case'] = lambda: [
            'no case: ' + rule for rule in self.known if rule not in cases] + [
            'no such rule: ' + rule for rule in cases if rule not in self.known]
        for rule, group in cases.items():
            self.points['rule-' + rule] = lambda group=group: self.runner.complaints(group)

    def add_negative(self):
        self.points['accepted'] = lambda: self.runner.complaints(accepted.cases())
        groups = negative.groups()
        for name, (cases, how) in groups.items():
            self.points['negative-' + name] = lambda cases=cases, how=how: self.runner.complaints(cases, how == 'exact')
        hostile = [case for name in ('headers', 'lengths', 'pages') for case in groups[name][0]]
        self.points['negative-memory'] = lambda: self.memory(hostile)
        self.points['negative-wrappings'] = lambda: self.runner.complaints(costly())
        self.points['negative-wrappings-memory'] = lambda: self.memory(costly())

    def example(self, name, image):
        digest = hashlib.sha256(image.octets()).hexdigest()
        if digest != DIGESTS[name]:
            return ['its SHA-256 is %s' % digest]
        first, *others = sorted(FINDINGS[name])
        return self.runner.complaints([Case(name, first, image, also=others)])

    def clean(self, stream):
        lines = []
        for extra in ([], ['--strict']):
            case = Case(stream.name, set(), stream.source, stream.options)
            [(_, found)] = self.runner.run([case], extra)
            said = found.contradictions(self.known, bool(extra))
            if not said:
                verdict = found.verdicts[0]
                said = ['%s: %s' % (item['rule'], item['text']) for item in found.findings
                        if item['severity'] != 'note' or item['rule'] not in stream.notes]
                said += ['no note %s' % rule for rule in sorted(stream.notes - found.rules('note'))]
                for key, want in (('wrapping', stream.wrapping), ('checkpoints', stream.checkpoints)):
                    if verdict[key] != want:
                        said.append('%s is %r, it should be %r' % (key, verdict[key], want))
            lines += [' '.join(extra + [sentence]) for sentence in said]
        return lines

    def round_trip(self, stream):
        if not self.build:
            raise Skip('GODWIT_BUILD is not set')
        program = pathlib.Path(self.build) / 'tests' / 'roundtrip'
        if not program.exists():
            return ['%s is missing' % program]
        octets = stream.octets()
        source, target = self.runner.directory / 'trip.img', self.runner.directory / 'trip.out'
        source.write_bytes(octets)
        target.unlink(missing_ok=True)
        done = subprocess.run([program, source, target], capture_output=True, text=True, check=False)
        if done.returncode or not target.exists():
            return ['exit status %d: %s' % (done.returncode, done.stderr.strip())]
        return compare(octets, target.read_bytes())

    def convert(self, stream):
        """Into its own wrapping, where nothing may change; from a pipe as well, where nothing is known beforehand."""
        octets, lines = stream.octets(), []
        source, target = self.runner.directory / 'convert.img', self.runner.directory / 'convert.out'
        source.write_bytes(octets)
        for name, piped in ((source, None), ('-', octets)):
            done = subprocess.run([self.runner.godwit, 'convert', name, target, '--force'], input=piped,
                                  capture_output=True, check=False)
            if done.returncode or not target.exists():
                lines.append('%s: exit status %d: %s' % (name, done.returncode, done.stderr.decode().strip()))
                continue
            lines += compare(octets, target.read_bytes())
        return lines

    def memory(self, cases):
        if os.environ.get('GODWIT_FLAVOUR') == 'sanitize':
            raise Skip('a sanitizer build uses memory of its own')
        lines = []
        for case in cases:
            bound, used = 64 * MIB + case.highest, self.runner.peak(case)
            if used > bound:
                lines.append('%s: %d MiB, the bound is %d MiB' % (case.name, used // MIB, bound // MIB))
        return lines

    def run(self, parts):
        chosen = {name: point for name, point in self.points.items()
                  if not parts or any(part in name for part in parts)}
        print('1..%d' % len(chosen))
        failed = 0
        for number, (name, point) in enumerate(chosen.items(), 1):
            try:
                lines = point()
            except Skip as reason:
                print('ok %d - %s # SKIP %s' % (number, name, reason), flush=True)
                continue
            except (OSError, subprocess.SubprocessError) as error:
                lines = [str(error)]
            failed += bool(lines)
            print('%sok %d - %s' % ('not ' if lines else '', number, name))
            for line in lines[:200]:
                print('# ' + line)
            if len(lines) > 200:
                print('# and %d more' % (len(lines) - 200))
            sys.stdout.flush()
        return 1 if failed or not chosen else 0


def write_all(directory):
    """Every stream as NAME.img, with an index: name, rules, options."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    cases = [Case(stream.name, set(), stream.source, stream.options) for stream in clean_streams()]
    cases += [Case(name, FINDINGS[name], image) for name, image in examples().items()]
    cases += rule_cases() + accepted.cases()
    for group, _ in negative.groups().values():
        for case in group:
            case.name = 'negative-' + case.name
            cases.append(case)
    with open(directory / 'index', 'w', encoding='ascii') as index:
        for case in cases:
            case.write(directory / (case.name + '.img'))
            print(case.name, ','.join(sorted(case.rules)) or '-', *case.options, sep='\t', file=index)
    print('%d streams' % len(cases))


def main():
    parser = argparse.ArgumentParser(description='The golden suite.')
    parser.add_argument('--list', action='store_true', help='print the names of the points')
    parser.add_argument('--write', '--keep', metavar='DIR', help='write every stream to DIR, with an index, and end')
    parser.add_argument('parts', nargs='*')
    chosen = parser.parse_args()
    if chosen.write:
        write_all(chosen.write)
        return 0
    godwit = os.environ.get('GODWIT')
    if not godwit and not chosen.list:
        print('1..0 # SKIP GODWIT does not name the binary')
        return 0
    with tempfile.TemporaryDirectory(prefix='golden.') as directory:
        suite = Suite(Runner(godwit, directory, known_rules()), os.environ.get('GODWIT_BUILD'))
        if chosen.list:
            print('\n'.join(suite.points))
            return 0
        return suite.run(chosen.parts)


if __name__ == '__main__':
    sys.exit(main())
