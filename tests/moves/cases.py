"""Cases, their sizes, and how a case is told as a point of TAP.

A case is a function of the size ('smoke', 'quick' or 'full') that gives jobs for pool.run(); its point fails when a
scenario has a problem. What the scenarios came to is counted and printed with the point.
"""
import collections
import re

import pool

CASES = {}
ALONE = ('consecutive', 'large')
SMOKE = ('plain', 'consecutive', 'models', 'late', 'boundaries', 'handover')

# Of both tables, what was seen anywhere in this run: {side: {state: times}}.
STATES = {'source': collections.Counter(), 'destination': collections.Counter()}


class Skip(Exception):
    """The case cannot be run here, and why."""


def case(sentence):
    def register(function):
        CASES[function.__name__] = (sentence, function)
        return function
    return register


def pick(rows, num):
    """num of the rows, spread evenly."""
    rows = list(rows)
    if num is None or num >= len(rows):
        return rows
    return [rows[i * len(rows) // num] for i in range(num)]


def alone(function, *arguments):
    """One scenario that others are made from."""
    result = next(pool.run([('', function, arguments)]))[1]
    if result['problems']:
        raise RuntimeError('\n'.join(['a move without disturbance failed:', *result['problems'],
                                      *result.get('story', [])]))
    return result


def note_states(result):
    for side, counter in STATES.items():
        counter.update(set(result.get(side) or []))


def tell(counter):
    return ', '.join('%d %s' % (num, word) for word, num in sorted(counter.items(), key=lambda row: (-row[1], row[0])))


class Point:
    """One case while it runs, and what came of it."""

    def __init__(self, name, size):
        self.name = name
        self.sentence, function = CASES[name]
        self.jobs = function(size)
        self.given = self.done = self.bad = 0
        self.finished = False  # all jobs are given
        self.outcomes, self.told = collections.Counter(), collections.Counter()
        self.lines, self.skip = [], None

    def next(self):
        """The next job, or None."""
        try:
            job = next(self.jobs)
        except StopIteration:
            self.finished = True
            return None
        except Skip as skip:
            self.finished, self.skip = True, str(skip)
            return None
        except RuntimeError as failure:
            self.finished, self.bad = True, 1
            self.lines += str(failure).splitlines()
            return None
        self.given += 1
        return ((self, job[0]), *job[1:])

    def take(self, key, result):
        self.done += 1
        self.outcomes[result['outcome']] += 1
        self.lines += result.get('notes', [])
        note_states(result)
        if not result['problems']:
            return
        self.bad += 1
        kind = re.sub(r'[0-9a-f]{32}|[0-9]+', 'N', ' '.join(result['problems'])[:200])
        self.told[kind] += 1
        if self.told[kind] == 1:
            self.lines += ['FAILED: %s' % (key,), *result['problems'], *result.get('story', [])]
        else:
            self.lines += ['FAILED: %s: %s' % (key, result['problems'][0])]

    def over(self):
        return self.finished and self.done == self.given

    def ok(self):
        return self.skip is not None or (self.bad == 0 and self.done > 0)

    def text(self):
        if self.skip is not None:
            return '%s # SKIP %s' % (self.sentence, self.skip)
        return '%s (%d runs: %s)' % (self.sentence, self.done, tell(self.outcomes)) if self.done else self.sentence


def jobs_of(points):
    """A job of each in turn: most of them wait most of the time."""
    todo = list(points)
    while todo:
        for point in list(todo):
            job = point.next()
            if job is None:
                todo.remove(point)
            else:
                yield job


def run(names, size):
    """Yields the points as they are over. Cases that need the machine for themselves come last, one by one."""
    for some, at_once in (([name for name in names if name not in ALONE], None),
                          *[([name], 1) for name in names if name in ALONE]):
        points = [Point(name, size) for name in some]
        for (point, key), result in pool.run(jobs_of(points), at_once):
            point.take(key, result)
            over = [point for point in points if point.over()]
            points = [point for point in points if point not in over]
            yield from over
        yield from points
