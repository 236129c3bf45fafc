"""Sums what the tests of one or more builds said, point by point.

Reads Meson's testlog.json (one JSON object per test program, with its TAP output). A point is one TAP line; a program
that crashed, timed out, broke its plan or ran no point at all counts as one failed point more, so that silence is never
taken for success.
"""
import json
import re
from collections import namedtuple

POINT = re.compile(r'^(not )?ok\b *\d* *-? *(.*?) *(?:# *SKIP\b *(.*))?$', re.I)
PLAN = re.compile(r'^1\.\.(\d+) *(?:# *(?:SKIP\S*)? *(.*))?$', re.I)

Point = namedtuple('Point', 'ok name skip lines')  # skip: None, or the reason; lines: what was printed behind it


class Tally:
    """Passed points as a number; failed and skipped ones with what is known about them."""

    def __init__(self):
        self.passed = 0
        self.failed = []   # (build, test, point, [line])
        self.skipped = []  # (build, test, point, reason)

    def add(self, build, test, points):
        for point in points:
            if point.skip is not None and point.ok:
                self.skipped.append((build, test, point.name, point.skip or 'no reason given'))
            elif point.ok:
                self.passed += 1
            else:
                self.failed.append((build, test, point.name, point.lines))

    def fail(self, build, test, sentence, lines=()):
        self.failed.append((build, test, sentence, list(lines)))

    def show(self):
        for build, test, name, lines in self.failed:
            print('\nFAILED %s: %s: %s' % (build, test, name))
            for line in lines:
                print('    ' + line)
        reasons = {}
        for build, test, name, reason in self.skipped:
            reasons.setdefault((test, reason), []).append((build, name))
        for (test, reason), where in reasons.items():
            names = list(dict.fromkeys(name for _, name in where))
            more = ' and %d more' % (len(names) - 1) if len(names) > 1 else ''
            print('\nSKIPPED %s: %s%s\n    because %s' % (test, names[0], more, reason))
        print('\n%d passed, %d failed, %d skipped' % (self.passed, len(self.failed), len(self.skipped)))


def read_tap(text):
    """(points, planned number or None, reason why the whole program was skipped or None, bailed out)."""
    points, planned, skip_all, bailed = [], None, None, False
    for line in text.splitlines():
        point, plan = POINT.match(line), PLAN.match(line)
        if point:
            points.append(Point(not point[1], point[2] or 'point %d' % (len(points) + 1), point[3], []))
        elif plan:
            planned = int(plan[1])
            skip_all = plan[2] if planned == 0 else None
        elif line.lower().startswith('bail out!'):
            bailed = True
        elif points:
            points[-1].lines.append(line)
    return points, planned, skip_all, bailed


def complaint(record, points, planned, bailed):
    """Why the program as a whole failed although no point says so; None if it did not."""
    code = record.get('returncode', 0)
    if record['result'] == 'TIMEOUT':
        return 'timed out'
    if record['result'] == 'INTERRUPT':
        return 'was interrupted'
    if bailed:
        return 'bailed out'
    if code < 0:
        return 'was killed by signal %d' % -code
    if not points:
        return 'ran no point'
    if planned != len(points):
        return 'planned %s points, ran %d' % ('no' if planned is None else planned, len(points))
    if code != 0 and all(point.ok for point in points):
        return 'exit status %d, though no point failed' % code
    return None


def add_record(tally, build, record):
    """Counts one test program: one line of testlog.json."""
    name, output = record['name'].split(' / ')[-1], record.get('stdout') or ''  # Meson puts the suites in front
    points, planned, skip_all, bailed = read_tap(output)
    if not points and skip_all and record.get('returncode') == 0:
        points = [Point(True, 'all of it', skip_all, [])]
        planned = 1
    tally.add(build, name, points)
    why = complaint(record, points, planned, bailed)
    if why:
        tail = (output + (record.get('stderr') or '')).splitlines()[-30:]
        tally.fail(build, name, why, tail)


def add_log(tally, build, path):
    """Counts a whole testlog.json; returns the number of programs in it."""
    num = 0
    with open(path, encoding='utf-8') as log:
        for line in log:
            add_record(tally, build, json.loads(line))
            num += 1
    return num
