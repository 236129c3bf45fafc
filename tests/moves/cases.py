"""Cases, their sizes, and how a case is told as a point of TAP.

A case is a function of the size ('smoke', 'quick' or 'full') that gives jobs for pool.run(); its point fails when a
scenario has a problem. What the scenarios came to is counted and printed with the point.
"""
import collections
import re

import pool

CASES = {}
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


def pick(rows, num, key=None):
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


def run(name, size):
    """(ok, sentence, lines)."""
    sentence, function = CASES[name]
    outcomes, told, bad, lines = collections.Counter(), collections.Counter(), 0, []  # told: kinds of failures
    for key, result in pool.run(function(size)):
        outcomes[result['outcome']] += 1
        note_states(result)
        lines += result.get('notes', [])
        if not result['problems']:
            continue
        bad += 1
        kind = re.sub(r'[0-9a-f]{32}|[0-9]+', 'N', ' '.join(result['problems'])[:200])
        told[kind] += 1
        if told[kind] == 1:
            lines += ['FAILED: %s' % (key,), *result['problems'], *result.get('story', [])]
        else:
            lines += ['FAILED: %s: %s' % (key, result['problems'][0])]
    total = sum(outcomes.values())
    sentence = '%s (%d runs: %s)' % (sentence, total, tell(outcomes)) if total else sentence
    return bad == 0 and total > 0, sentence, lines
