#!/usr/bin/env python3
"""Moves of guests between two hosts, as seen from outside: one TAP point per case.

usage: run.py [--size smoke|quick|full] [--list] [CASE...]      environment: GODWIT = the program, GODWIT_MOVES_JOBS
Behind the points stands which states of both tables were hit.
"""
import argparse
import os
import sys

sys.dont_write_bytecode = True
import cases  # noqa: E402, found only with the folder of this file
import cases_deaths  # noqa: E402, F401
import cases_disk  # noqa: E402, F401
import cases_links  # noqa: E402, F401
import cases_plain  # noqa: E402, F401
import cases_signals  # noqa: E402, F401
import cases_stored  # noqa: E402, F401
import hosts  # noqa: E402


def show(number, point):
    print('%sok %d - %s: %s' % ('' if point.ok() else 'not ', number, point.name.replace('_', '-'), point.text()))
    print(''.join('# %s\n' % line for line in point.lines), end='', flush=True)
    return point.ok()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--size', default='quick', choices=('smoke', 'quick', 'full'))
    parser.add_argument('--list', action='store_true')
    parser.add_argument('case', nargs='*')
    given = parser.parse_args()
    names = [name.replace('-', '_') for name in given.case] or list(cases.CASES)
    unknown = [name for name in names if name not in cases.CASES]
    if unknown:
        sys.exit("run.py: no case '%s'" % unknown[0])
    if given.list:
        print('\n'.join(name.replace('_', '-') for name in names))
        return 0
    if given.size == 'smoke' and not given.case:
        names = [name for name in names if name in cases.SMOKE]
    if not os.access(hosts.GODWIT, os.X_OK):
        sys.exit('run.py: GODWIT must name the built program')
    print('1..%d' % len(names), flush=True)
    good = [show(number, point) for number, point in enumerate(cases.run(names, given.size), 1)]
    for side, counter in cases.STATES.items():
        print('# states of the %s: %s' % (side, cases.tell(counter)))
    return 0 if len(good) == len(names) and all(good) else 1


if __name__ == '__main__':
    sys.exit(main())
