#!/usr/bin/env python3
"""The commands that only read are confined while they read, and say what is lacking where they cannot be.

Which commands these are: those that know --no-sandbox. What confinement forbids: tests/unit/sandbox.c.
usage: run.py      environment: GODWIT = the program, GODWIT_SOURCE
"""
import ctypes
import lzma
import os
import re
import subprocess
import sys
import tempfile

GODWIT = os.environ['GODWIT']
SOURCE = os.environ['GODWIT_SOURCE']
IMAGE = os.path.join(SOURCE, 'tests', 'images', 'tinyhvm.xl.xz')
READERS = {'info', 'inspect', 'verify', 'digest', 'convert', 'export'}
FED = 1 << 20  # octets: much more than a pipe holds

FOLLOWS = {'convert': ('-',), 'export': ('-',), 'compare': (IMAGE,)}  # what has to follow the input

ALLOW = 0x7fff0000
ERRNO = 0x00050000
ENOMEM, EPERM, EINVAL, ENOSYS = 12, 1, 22, 38


def out(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def confined_commands():
    every = out(GODWIT, '--dump-options').split()
    return [name for name in every if '--no-sandbox' in out(GODWIT, '--dump-options', name).split()]


def state_while_reading(image, *command):
    """What the kernel says about the process when it has taken octets from its standard input; then its end."""
    process = subprocess.Popen([GODWIT, *command, '-', *FOLLOWS.get(command[0], ())], stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process.stdin.write(image[:FED])  # comes back when all but a pipe full of it was read
    process.stdin.flush()
    with open('/proc/%d/status' % process.pid, encoding='ascii') as file:
        status = dict(re.findall(r'^(Seccomp|NoNewPrivs):\t(\d+)$', file.read(), re.M))
    process.stdin.write(image[FED:])
    process.stdin.close()
    return status, process.wait()


def is_confined(image, has_seccomp, name):
    status, code = state_while_reading(image, name)
    want = {'NoNewPrivs': '1', 'Seccomp': '2'} if has_seccomp else {'NoNewPrivs': '1'}
    wrong = [key for key in want if status.get(key) != want[key]]
    return wrong + ([] if code == 0 else ['exit status %d' % code])


def is_index_confined(has_seccomp):
    """It opens its image when it is confined: a fifo, whose other end opens when that has happened."""
    with tempfile.TemporaryDirectory(prefix='godwit-sandbox-') as work:
        fifo = os.path.join(work, 'fifo')
        os.mkfifo(fifo)
        process = subprocess.Popen([GODWIT, 'index', fifo], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(fifo, 'wb'), open('/proc/%d/status' % process.pid, encoding='ascii') as file:
            status = dict(re.findall(r'^(Seccomp|NoNewPrivs):\t(\d+)$', file.read(), re.M))
        code = process.wait()
    want = {'NoNewPrivs': '1', 'Seccomp': '2'} if has_seccomp else {'NoNewPrivs': '1'}
    return [key for key in want if status.get(key) != want[key]] + ([] if code == 1 else ['exit status %d' % code])


def is_free(image, name):
    status, code = state_while_reading(image, name, '--no-sandbox')
    mine = open('/proc/self/status', encoding='ascii').read()
    same = all('%s:\t%s\n' % row in mine for row in status.items())
    return ([] if same else [repr(status)]) + ([] if code == 0 else ['exit status %d' % code])


# --- systems that lack it --------------------------------------------------------------------------------------------

class Arg(ctypes.Structure):
    _fields_ = [('arg', ctypes.c_uint), ('op', ctypes.c_int), ('a', ctypes.c_uint64), ('b', ctypes.c_uint64)]


def library():
    try:
        seccomp = ctypes.CDLL('libseccomp.so.2')
    except OSError:
        return None
    seccomp.seccomp_init.restype = ctypes.c_void_p
    seccomp.seccomp_init.argtypes = [ctypes.c_uint32]
    seccomp.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint,
                                               ctypes.POINTER(Arg)]
    seccomp.seccomp_load.argtypes = [ctypes.c_void_p]
    return seccomp


def on_a_system(seccomp, *failing):
    """A function for the child: from there on these calls fail. failing: name, errno, what argument 0 is or None."""
    def begin():
        rules = seccomp.seccomp_init(ALLOW)
        for name, sys_errno, first in failing:
            number = seccomp.seccomp_syscall_resolve_name(name.encode())
            arg = Arg(0, 4, first or 0, 0)  # 4: equal
            if seccomp.seccomp_rule_add_array(rules, ERRNO | sys_errno, number, first is not None, arg) != 0:
                os._exit(98)
        if seccomp.seccomp_load(rules) != 0:
            os._exit(97)
    return begin


# failing calls, does verify -v go on, what it says on stderr, what --version says
SYSTEMS = (
    ('without Landlock it goes on and says so', (('landlock_create_ruleset', ENOSYS, None),), True,
     'this system has no Landlock', 'this system has no Landlock'),
    ('without seccomp it goes on and says so', (('seccomp', EPERM, None),), True,
     'this system has no seccomp', 'this system has no seccomp'),
    ('without either it goes on and says so',
     (('landlock_create_ruleset', EPERM, None), ('seccomp', ENOSYS, None)), True,
     'this system has neither Landlock nor seccomp', 'neither'),
    ('Landlock that is there and fails is the system\'s failure', (('landlock_restrict_self', ENOMEM, None),), False,
     'Landlock', 'Landlock'),
    ('seccomp that is there and fails is the system\'s failure', (('seccomp', ENOMEM, 1),), False,
     'seccomp', 'seccomp'),
)


def on_poor_system(seccomp, failing, goes_on, says, version):
    def run(*command):
        return subprocess.run(command, capture_output=True, text=True, check=False,
                              preexec_fn=on_a_system(seccomp, *failing))
    told = run(GODWIT, 'verify', '-v', IMAGE)
    quiet = run(GODWIT, 'verify', IMAGE)
    free = run(GODWIT, 'verify', '-v', '--no-sandbox', IMAGE)
    wrong = []
    if told.returncode != (0 if goes_on else 3) or quiet.returncode != told.returncode or says not in told.stderr:
        wrong.append('%d, %d: %s' % (told.returncode, quiet.returncode, told.stderr))
    if goes_on and quiet.stderr:
        wrong.append('without -v: %s' % quiet.stderr)
    if not goes_on and '--no-sandbox' not in told.stderr:
        wrong.append('no advice: %s' % told.stderr)
    if free.returncode != 0 or free.stderr:
        wrong.append('with --no-sandbox: %d: %s' % (free.returncode, free.stderr))
    if version not in run(GODWIT, '--version').stdout:
        wrong.append('--version does not say it')
    return wrong


def on_a_disk_without_such_a_rename(seccomp):
    """As NFS: it knows no rename that replaces nothing; a new file comes to be all the same, confined."""
    with tempfile.TemporaryDirectory(prefix='godwit-sandbox-') as work:
        done = subprocess.run((GODWIT, 'convert', IMAGE, 'new'), cwd=work, capture_output=True, text=True, check=False,
                              preexec_fn=on_a_system(seccomp, ('renameat2', EINVAL, None)))
        there = os.listdir(work)
    return [] if done.returncode == 0 and there == ['new'] else ['%d, %s: %s' % (done.returncode, there, done.stderr)]


# --- all -------------------------------------------------------------------------------------------------------------

def points():
    line = next(line for line in out(GODWIT, '--version').splitlines() if line.startswith('sandbox: '))
    has_seccomp, has_landlock = 'libseccomp' in line, re.search(r'Landlock \d', line) is not None
    poor = None if has_seccomp and has_landlock else line
    image = lzma.open(IMAGE).read()
    names = confined_commands()
    yield 'all that read an image and start none know --no-sandbox', sorted(READERS - set(names)), None
    yield 'index is confined while it reads', is_index_confined(has_seccomp) if has_seccomp or has_landlock else [], \
        None if has_seccomp or has_landlock else line
    for name in names:
        if name == 'index':
            continue    # it takes nothing from standard input
        yield '%s is confined while it reads' % name, \
            is_confined(image, has_seccomp, name) if has_seccomp or has_landlock else [], \
            None if has_seccomp or has_landlock else line
        yield '%s --no-sandbox is not' % name, is_free(image, name), None
    seccomp = library()
    for name, failing, goes_on, says, version in SYSTEMS:
        skip = poor or ('libseccomp.so.2 is missing' if seccomp is None else None)
        yield name, [] if skip else on_poor_system(seccomp, failing, goes_on, says, version), skip
    skip = poor or ('libseccomp.so.2 is missing' if seccomp is None else None)
    yield 'a disk that knows no rename that replaces nothing gets a new file', \
        [] if skip else on_a_disk_without_such_a_rename(seccomp), skip


def main():
    failed = count = 0
    for count, (name, wrong, skip) in enumerate(points(), 1):
        failed += bool(wrong)
        print('%sok %d - %s%s' % ('not ' if wrong else '', count, name, ' # SKIP ' + skip if skip else ''))
        for line in wrong:
            print('# %s' % line.strip().replace('\n', '\n# '))
        sys.stdout.flush()
    print('1..%d' % count)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
