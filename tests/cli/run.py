#!/usr/bin/env python3
"""Runs the CLI cases: each folder beside this file is one case, and its name states the fact that it shows.

  cmd          the case: run by "sh -eu" in a fresh, empty folder, with godwit on the PATH, $IMAGES = tests/images and
               $CASE = the folder of the case
  out, err     all of stdout and stderr; a missing file means that nothing may come
  exit         the exit status; missing means 0
  skip-unless  optional script; when it fails the case is skipped, and what it printed is the reason

What a case starts it also ends: a guest that still runs behind it fails it.
In what a case prints, the paths of the images, the case and the fresh folder stand as $IMAGES, $CASE and $PWD.
usage: run.py [CASE...]      environment: GODWIT = the program; UPDATE=1 rewrites out, err and exit
"""
import concurrent.futures
import difflib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
IMAGES = os.path.join(os.path.dirname(HERE), 'images')
SECONDS_MAX = 120
SECONDS_TO_END = 5  # for what a case lets end by itself
KEPT_ENV = ('ASAN_OPTIONS', 'LSAN_OPTIONS', 'UBSAN_OPTIONS', 'GODWIT_SOURCE', 'GODWIT_BUILD', 'GODWIT_XEN_CACHE',
            'MALLOC_PERTURB_', 'PYTHONDONTWRITEBYTECODE')

# A sanitizer's report fails a case whatever it expects; 86 is the exit status that tests/all.py gives to reports.
REPORT = re.compile(rb'(Address|Leak|UndefinedBehavior)Sanitizer|: runtime error: ')
REPORT_EXIT = 86


class Outcome:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def broken(self):
        """Why no case may expect this; None if one may."""
        if self.code is None:
            return 'still ran after %d s' % SECONDS_MAX
        if self.code < 0 or self.code > 128:
            number = -self.code if self.code < 0 else self.code - 128
            return 'ended by signal %d' % number
        if self.code == REPORT_EXIT or REPORT.search(self.err) or REPORT.search(self.out):
            return 'a sanitizer reported an error'
        return None


def make_env(work, case, tools):
    """Nothing of the caller's surroundings but what a case needs."""
    env = {name: os.environ[name] for name in KEPT_ENV if name in os.environ}
    path = os.pathsep.join((tools, os.path.dirname(sys.executable), os.environ.get('PATH', '/usr/bin:/bin')))
    env.update(PATH=path, HOME=work, TMPDIR=work, LC_ALL='C.UTF-8', TZ='UTC', TERM='dumb', IMAGES=IMAGES, CASE=case)
    return env


def entry(pid, name):
    try:
        with open('/proc/%s/%s' % (pid, name), 'rb') as file:
            return file.read()
    except OSError:
        return b''  # it is gone, or another's


def stays(work):
    """Processes that were started at home in that folder: {pid: its command line}."""
    pids = [pid for pid in os.listdir('/proc')
            if pid.isdigit() and b'HOME=' + os.fsencode(work) in entry(pid, 'environ').split(b'\0')]
    return {int(pid): entry(pid, 'cmdline').replace(b'\0', b' ') for pid in pids}


def end_all(work):
    """A case ends its guests itself, else they run on beside all other tests. The rest is ended here, and named."""
    until = time.monotonic() + SECONDS_TO_END
    while (left := stays(work)) and time.monotonic() < until:
        time.sleep(0.05)
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return b''.join(b'left running: %s\n' % line for line in left.values())


def run_script(script, case, tools):
    with tempfile.TemporaryDirectory(prefix='godwit-cli-') as work:
        work = os.path.realpath(work)
        process = subprocess.Popen(['sh', '-eu', script], cwd=work, env=make_env(work, case, tools),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   start_new_session=True)
        try:
            out, err = process.communicate(timeout=SECONDS_MAX)
            code = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            code = None
        err += end_all(work)
        for path, name in ((case, b'$CASE'), (IMAGES, b'$IMAGES'), (work, b'$PWD')):
            out, err = (text.replace(os.fsencode(path), name) for text in (out, err))
        return Outcome(code, out, err)


def read(case, name):
    try:
        with open(os.path.join(case, name), 'rb') as file:
            return file.read()
    except FileNotFoundError:
        return b''


def expected(case):
    code = read(case, 'exit').strip()
    return Outcome(int(code) if code else 0, read(case, 'out'), read(case, 'err'))


def update(case, outcome):
    for name, text in (('out', outcome.out), ('err', outcome.err), ('exit', b'%d\n' % outcome.code)):
        path = os.path.join(case, name)
        if text and not (name == 'exit' and outcome.code == 0):
            with open(path, 'wb') as file:
                file.write(text)
        elif os.path.exists(path):
            os.remove(path)


def differences(name, want, have):
    want, have = (text.decode('ascii', 'backslashreplace').splitlines() for text in (want, have))
    return list(difflib.unified_diff(want, have, name + ' as expected', name + ' as it is', lineterm=''))


def judge(case, tools):
    """(outcome: 'ok', 'failed' or 'skipped'; lines that say why)."""
    if not os.path.exists(os.path.join(case, 'cmd')):
        return 'failed', ["the case has no file 'cmd'"]
    condition = os.path.join(case, 'skip-unless')
    if os.path.exists(condition):
        outcome = run_script(condition, case, tools)
        if outcome.code != 0:
            reason = b' '.join(outcome.out.split()).decode('ascii', 'backslashreplace')
            return ('skipped', [reason]) if reason else ('failed', ['skip-unless failed without a reason'])
    outcome = run_script(os.path.join(case, 'cmd'), case, tools)
    why = outcome.broken()
    if why:
        text = (outcome.out + outcome.err).decode('ascii', 'backslashreplace')
        return 'failed', [why, *text.splitlines()[-60:]]
    if os.environ.get('UPDATE') == '1':
        update(case, outcome)
    want = expected(case)
    lines = differences('out', want.out, outcome.out) + differences('err', want.err, outcome.err)
    if want.code != outcome.code:
        lines.append('exit status %d, not %d' % (outcome.code, want.code))
    if not lines and (want.out != outcome.out or want.err != outcome.err):
        lines.append('the output differs in its line ends')
    return ('failed', lines) if lines else ('ok', [])


def find_cases(chosen):
    every = sorted(entry.name for entry in os.scandir(HERE) if entry.is_dir() and entry.name != '__pycache__')
    chosen = [os.path.basename(name.rstrip('/')) for name in chosen]
    unknown = [name for name in chosen if name not in every]
    if unknown:
        sys.exit("run.py: no case '%s'" % unknown[0])
    return chosen or every


def main():
    godwit = os.environ.get('GODWIT')
    if not godwit or not os.path.exists(godwit):
        sys.exit('run.py: GODWIT must name the built program')
    names = find_cases(sys.argv[1:])
    print('1..%d' % len(names) if names else '1..0 # SKIP there is no case yet')
    failed = False
    with tempfile.TemporaryDirectory(prefix='godwit-bin-') as tools:
        os.symlink(os.path.abspath(godwit), os.path.join(tools, 'godwit'))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            judged = pool.map(lambda name: judge(os.path.join(HERE, name), tools), names)
            for number, (name, (outcome, lines)) in enumerate(zip(names, judged), 1):
                skip = ' # SKIP ' + lines[0] if outcome == 'skipped' else ''
                print('%sok %d - %s%s' % ('not ' if outcome == 'failed' else '', number, name, skip))
                if outcome == 'failed':
                    failed = True
                    print('\n'.join('# ' + line for line in lines), flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
