#!/usr/bin/env python3
"""All tests on both builds: what "make test" runs.

build/ is the release build, build-asan/ the one with the address and undefined-behaviour sanitizers; both treat
warnings as errors. The last line of the output is the sum over all points of both: "N passed, N failed, N skipped".
Exit status 0 only if nothing failed.
"""
import json
import os
import subprocess
import sys

import tally

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Folder, options for "meson setup", options for "meson test".
BUILDS = (
    ('build', (), ()),
    ('build-asan', ('-Db_sanitize=address,undefined', '-Doptimization=1', '-Ddebug=true'), ('--no-suite', 'once')),
)

# 86 tells a sanitizer's report from godwit's own exit codes, which tests expect.
SANITIZER_ENV = {
    'ASAN_OPTIONS': 'detect_leaks=1:exitcode=86',
    'LSAN_OPTIONS': 'exitcode=86',
    'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1:exitcode=86',
}


def run(*command):
    sys.stdout.flush()
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode


def option(folder, name):
    """The value of a build option as configured, or None."""
    try:
        with open(os.path.join(folder, 'meson-info', 'intro-buildoptions.json'), encoding='utf-8') as file:
            return next((row['value'] for row in json.load(file) if row['name'] == name), None)
    except (OSError, ValueError):
        return None


def build(folder, options):
    """Configures only where that is needed, so that a second run builds nothing."""
    if not os.path.exists(os.path.join(folder, 'build.ninja')):
        if run('meson', 'setup', folder, '-Dwerror=true', *options) != 0:
            return False
    elif option(folder, 'werror') is not True:
        if run('meson', 'configure', folder, '-Dwerror=true') != 0:
            return False
    return run('ninja', '-C', folder) == 0


def test(total, folder, options):
    log = os.path.join(folder, 'meson-logs', 'testlog.json')
    if os.path.exists(log):
        os.remove(log)
    code = run('meson', 'test', '-C', folder, '--no-rebuild', *options)
    failed = len(total.failed)
    if not os.path.exists(log) or tally.add_log(total, folder, log) == 0:
        total.fail(folder, 'meson test', 'ran no test')
    elif code != 0 and len(total.failed) == failed:
        total.fail(folder, 'meson test', 'exit status %d, though no point failed' % code)


def main():
    os.chdir(ROOT)
    os.environ.update(SANITIZER_ENV)
    total = tally.Tally()
    for folder, setup_options, test_options in BUILDS:
        print('== %s' % folder)
        if build(folder, setup_options):
            test(total, folder, test_options)
        else:
            total.fail(folder, 'build', 'does not build')
    total.show()
    return 1 if total.failed else 0


if __name__ == '__main__':
    sys.exit(main())
