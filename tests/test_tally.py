#!/usr/bin/env python3
"""tally.py counts what happened: every way in which a test program can fail shows as a failed point."""
import contextlib
import io

import tally

# Fact, the program's record, passed, text of each failed point, reason of each skipped point.
CASES = (
    ('points-are-counted-not-programs', {'stdout': '1..2\nok 1 - a\nok 2 - b\n'}, 2, [], []),
    ('plan-may-come-last', {'stdout': 'ok 1 - a\n1..1\n'}, 1, [], []),
    ('failed-point-fails', {'stdout': '1..2\nok 1 - a\nnot ok 2 - b\n# why\n', 'returncode': 1, 'result': 'ERROR'},
     1, ['b'], []),
    ('skip-keeps-its-reason', {'stdout': '1..2\nok 1 - a # SKIP no moon\nok 2\n'}, 1, [], ['no moon']),
    ('failed-skip-is-a-failure', {'stdout': '1..1\nnot ok 1 - a # SKIP no moon\n'}, 0, ['a'], []),
    ('skipped-program-is-one-skipped-point', {'stdout': '1..0 # SKIP no tool\n'}, 0, [], ['no tool']),
    ('no-point-is-a-failure', {'stdout': ''}, 0, ['ran no point'], []),
    ('empty-plan-without-reason-is-a-failure', {'stdout': '1..0\n'}, 0, ['ran no point'], []),
    ('missing-point-is-a-failure', {'stdout': '1..3\nok 1 - a\n'}, 1, ['planned 3 points, ran 1'], []),
    ('missing-plan-is-a-failure', {'stdout': 'ok 1 - a\n'}, 1, ['planned no points, ran 1'], []),
    ('timeout-is-a-failure', {'stdout': '1..1\nok 1 - a\n', 'result': 'TIMEOUT'}, 1, ['timed out'], []),
    ('signal-is-a-failure', {'stdout': '1..1\nok 1 - a\n', 'returncode': -11, 'result': 'FAIL'},
     1, ['was killed by signal 11'], []),
    ('bad-exit-is-a-failure', {'stdout': '1..1\nok 1 - a\n', 'returncode': 86, 'result': 'ERROR'},
     1, ['exit status 86, though no point failed'], []),
    ('bail-out-is-a-failure', {'stdout': '1..1\nok 1 - a\nBail out! no\n', 'returncode': 255, 'result': 'ERROR'},
     1, ['bailed out'], []),
)


def last_line_is_the_sum():
    total = tally.Tally()
    for build in ('build', 'build-asan'):
        tally.add_record(total, build, {'name': 't', 'result': 'ERROR', 'returncode': 1,
                                        'stdout': '1..3\nok 1 - a\nnot ok 2 - b\n# why\nok 3 - c # SKIP no moon\n'})
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        total.show()
    text = out.getvalue()
    return (text.endswith('\n2 passed, 2 failed, 2 skipped\n') and text.count('no moon') == 1 and
            'FAILED build-asan: t: b\n    # why\n' in text)


def main():
    print('1..%d' % (len(CASES) + 1))
    bad = 0
    for number, (fact, record, passed, failed, skipped) in enumerate(CASES, 1):
        total = tally.Tally()
        tally.add_record(total, 'build', {'name': 't', 'result': 'OK', 'returncode': 0, **record})
        is_now = (total.passed, [row[2] for row in total.failed], [row[3] for row in total.skipped])
        good = is_now == (passed, failed, skipped)
        print('%sok %d - %s' % ('' if good else 'not ', number, fact))
        if not good:
            print('# counted %r' % (is_now,))
            bad += 1
    good = last_line_is_the_sum()
    print('%sok %d - last-line-is-the-sum' % ('' if good else 'not ', len(CASES) + 1))
    return 1 if bad or not good else 0


if __name__ == '__main__':
    raise SystemExit(main())
