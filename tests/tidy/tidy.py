#!/usr/bin/env python3
"""The house's own rules about its files: length, layout, includes, banned calls, modes and sizes.

usage: tidy.py [--tap] [--list] [ROOT]

One TAP point per rule. Exceptions stand in tests/tidy/allowed.txt, one per line: rule, path, reason. That list may only
shrink: an exception that is no longer needed is itself a failure. Limits follow CONTRIBUTING.md.
"""
import os
import re
import subprocess
import sys

import csource
import rooms

FUNCTION_LINES_MAX = 70
NESTING_MAX = 4  # with the function's own brace as 1
FILE_LINES_MAX = 700
LINE_COLUMNS_MAX = 120
FILE_OCTETS_MAX = 256 << 10
IMAGE_OCTETS_MAX = 1 << 20
IMAGES_OCTETS_MAX = 12 << 20

TEXT_SUFFIXES = ('.c', '.h', '.py', '.sh', '.md', '.in', '.build')
CODE_SUFFIXES = ('.c', '.h', '.py', '.sh')
# What a program printed, kept as it came: layout rules do not apply.
EXPECTED = re.compile(r'^tests/(abi|cli|golden|images|interop)/.*(/(out|err)|\.(abi|out|err|json|digest|expected))$')
STORED = ('tests/images/', 'tests/fuzz/corpus/')

# name(argument...): a call, but no member of that name.
CALL = r'(?<![\w.>])(%s)\s*\('
BANNED = re.compile(CALL % '|'.join((
    'strcpy', 'strcat', 'sprintf', 'vsprintf', 'atoi', 'atol', 'strtok', 'gets', 'system', 'alloca', 'rand', 'signal',
    'popen')))
HEAP = re.compile(CALL % 'malloc|calloc|realloc|free')
STDOUT = re.compile(CALL % 'printf|vprintf|puts|putchar' + r'|\bstdout\b')
CONTROL = re.compile(r'[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]')
OPEN_WORK = re.compile(r'\b(TO' r'DO|FIX' r'ME|X' r'XX)\b(?!\s*\(?#\d)')

RULES = {}


def rule(name):
    def register(function):
        RULES[name] = function
        return function
    return register


class Missing(Exception):
    """A tool that a rule needs is not there: the rule is skipped."""


class Tree:
    """The files that belong to the project, and their contents."""

    def __init__(self, root):
        self.root = root
        self.paths = sorted(path for path in self.list() if os.path.isfile(self.full(path)))
        self.cache = {}
        self.masks = {}

    def full(self, path):
        return os.path.join(self.root, path)

    def list(self):
        """What git tracks or would track; in an unpacked tarball: everything but what a build leaves behind."""
        if os.path.exists(self.full('.git')):
            # safe.directory: the tree may belong to somebody else than who runs the tests.
            done = subprocess.run(['git', '-c', 'safe.directory=*', '-C', self.root, 'ls-files', '-z', '-co',
                                   '--exclude-standard'], capture_output=True, check=False)
            if done.returncode == 0:
                return {os.fsdecode(path) for path in done.stdout.split(b'\0') if path}
        found = set()
        for folder, folders, files in os.walk(self.root):
            top = folder == self.root
            folders[:] = [name for name in folders if name not in ('.git', '__pycache__')
                          and not (top and name.startswith('build'))]
            found.update(os.path.relpath(os.path.join(folder, name), self.root) for name in files
                         if not name.endswith('.partial'))
        return found

    def octets(self, path):
        if path not in self.cache:
            with open(self.full(path), 'rb') as file:
                self.cache[path] = file.read()
        return self.cache[path]

    def text(self, path):
        return self.octets(path).decode('latin-1')

    def is_text(self, path):
        if path.startswith('src/') or path.endswith(TEXT_SUFFIXES) or self.octets(path)[:2] == b'#!':
            return True
        return not path.startswith(STORED) and b'\0' not in self.octets(path)

    def texts(self):
        return [path for path in self.paths if self.is_text(path) and not EXPECTED.match(path)]

    def c_files(self, *tops):
        return [path for path in self.paths if path.endswith(('.c', '.h')) and (not tops or path.startswith(tops))]

    def masked(self, path):
        if path not in self.masks:
            self.masks[path] = csource.mask(self.text(path))
        return self.masks[path]

    def lines(self, path):
        return self.text(path).split('\n')


def grep(tree, paths, pattern, sentence, masked=True):
    for path in paths:
        text = tree.masked(path) if masked else tree.text(path)
        for number, line in enumerate(text.split('\n'), 1):
            match = pattern.search(line)
            if match:
                yield path, number, sentence % match.group().rstrip('( ')


def all_functions(tree):
    if not csource.have_ctags():
        raise Missing('Universal Ctags is not installed')
    return csource.functions({path: tree.masked(path) for path in tree.c_files()}, tree.root)


@rule('function-length')
def function_length(tree):
    for it in all_functions(tree):
        if it.end - it.start + 1 > FUNCTION_LINES_MAX:
            yield it.path, it.start, '%s has %d lines, more than %d' % (it.name, it.end - it.start + 1,
                                                                       FUNCTION_LINES_MAX)


@rule('nesting')
def nesting(tree):
    for it in all_functions(tree):
        if it.depth > NESTING_MAX:
            yield it.path, it.start, '%s nests %d deep, more than %d' % (it.name, it.depth, NESTING_MAX)


@rule('file-length')
def file_length(tree):
    for path in tree.texts():
        num = len(tree.lines(path)) - 1
        if path.endswith(CODE_SUFFIXES) and num > FILE_LINES_MAX:
            yield path, num, '%d lines, more than %d' % (num, FILE_LINES_MAX)


@rule('line-length')
def line_length(tree):
    for path in tree.texts():
        for number, line in enumerate(tree.lines(path), 1):
            if len(line) > LINE_COLUMNS_MAX and not path.endswith('.md'):
                yield path, number, '%d columns, more than %d' % (len(line), LINE_COLUMNS_MAX)


@rule('include-room')
def include_room(tree):
    yield from rooms.check_rooms(tree)


@rule('include-order')
def include_order(tree):
    yield from rooms.check_order(tree)


@rule('banned-call')
def banned_call(tree):
    yield from grep(tree, tree.c_files(), BANNED, '%s() is banned')


@rule('heap')
def heap(tree):
    paths = [path for path in tree.c_files('src/') if not path.startswith('src/base/')]
    yield from grep(tree, paths, HEAP, '%s() outside src/base')


@rule('stdout')
def stdout(tree):
    paths = [path for path in tree.c_files('src/') if not path.startswith(('src/report/', 'src/cmd/', 'src/gendoc/'))]
    yield from grep(tree, paths, STDOUT, '%s: only src/report, src/cmd and src/gendoc print')


def blemish(path, line):
    """What is wrong with the white space of a line, or None."""
    if line.endswith('\r'):
        return 'carriage return'
    if line != line.rstrip():
        return 'trailing blanks'
    if '\t' in line and not os.path.basename(path).startswith('Makefile'):
        return 'tab'
    return 'control character' if CONTROL.search(line) else None


@rule('white-space')
def white_space(tree):
    for path in tree.texts():
        lines = tree.lines(path)
        if tree.octets(path) and lines[-1] != '':
            yield path, len(lines), 'no line end at the end of the file'
        for number, line in enumerate(lines, 1):
            wrong = blemish(path, line)
            if wrong:
                yield path, number, wrong


@rule('ascii')
def ascii_only(tree):
    paths = [path for path in tree.texts() if not path.endswith('.md')]
    yield from grep(tree, paths, re.compile(r'[\x80-\xff]'), 'octet %a is not ASCII', masked=False)


@rule('open-work')
def open_work(tree):
    yield from grep(tree, tree.texts(), OPEN_WORK, '%s without an issue number, such as (#12)', masked=False)


@rule('head-comment')
def head_comment(tree):
    starts = {'.c': r'/\*|//', '.h': r'/\*|//', '.py': r'(#![^\n]*\n)?("""|#)', '.sh': r'(#![^\n]*\n)?#',
              '.build': '#'}
    for path in tree.texts():
        start = starts.get(os.path.splitext(path)[1])
        if start is None and tree.text(path).startswith('#!'):
            start = r'#![^\n]*\n("""|#)'
        if start and tree.octets(path) and not re.match(start, tree.text(path)):
            yield path, 1, 'does not open with a comment that says what it is for'


@rule('mode')
def mode(tree):
    for path in tree.paths:
        script = tree.octets(path)[:2] == b'#!'
        executable = bool(os.stat(tree.full(path)).st_mode & 0o100)
        if script and not executable:
            yield path, 1, 'a script that is not executable'
        elif executable and not script:
            yield path, 1, 'executable, but no script'


@rule('size')
def size(tree):
    total = 0
    for path in tree.paths:
        octets = len(tree.octets(path))
        stored = path.startswith('tests/images/')
        most = IMAGE_OCTETS_MAX if stored else FILE_OCTETS_MAX
        total += octets if stored else 0
        if octets > most:
            yield path, 1, '%d octets, more than %d' % (octets, most)
    if total > IMAGES_OCTETS_MAX:
        yield 'tests/images', 1, '%d octets together, more than %d' % (total, IMAGES_OCTETS_MAX)


@rule('shellcheck')
def shellcheck(tree):
    scripts = [path for path in tree.paths if re.match(rb'#!.*\b(sh|bash)\b', tree.octets(path)[:64])]
    cases = [path for path in tree.paths if re.match(r'tests/cli/[^/]+/(cmd|skip-unless)$', path)]
    for paths, dialect in ((scripts, []), ([path for path in cases if path not in scripts], ['--shell=sh'])):
        if not paths:
            continue
        # SC2015: "a && b || c" is no if-then-else, and nobody here takes it for one.
        command = ['shellcheck', '--format=gcc', '--severity=info', '--exclude=SC2015', *dialect, *paths]
        try:
            done = subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise Missing('shellcheck is not installed') from None
        for line in (done.stdout + done.stderr).splitlines():
            path, number, sentence = (line.split(':', 2) + ['', ''])[:3]
            yield path, int(number) if number.isdigit() else 1, sentence


def read_allowed(tree):
    """({(rule, path): line number}, complaints) from tests/tidy/allowed.txt."""
    path, allowed, wrong = 'tests/tidy/allowed.txt', {}, []
    for number, line in enumerate(tree.lines(path) if path in tree.paths else [], 1):
        words = line.split(None, 2)
        if not words or line.startswith('#'):
            continue
        if len(words) < 3 or words[0] not in RULES:
            wrong.append((path, number, "not 'rule path reason'"))
        else:
            allowed[words[0], words[1]] = number
    return allowed, wrong


def check(root):
    """{rule: [(path, line, sentence)]}; a rule that needs a missing tool has a sentence instead of the list."""
    tree = Tree(root)
    allowed, wrong = read_allowed(tree)
    unused, results = dict(allowed), {}
    for name, function in RULES.items():
        try:
            found = list(function(tree))
        except Missing as missing:
            results[name] = str(missing)
            unused = {key: line for key, line in unused.items() if key[0] != name}
            continue
        for path, _, _ in found:
            unused.pop((name, path), None)
        results[name] = [row for row in found if (name, row[0]) not in allowed]
    for (name, path), line in unused.items():
        wrong.append(('tests/tidy/allowed.txt', line, '%s no longer breaks %s: remove the exception' % (path, name)))
    results['allowed'] = wrong
    return results


def main(arguments):
    if '--list' in arguments:
        print('\n'.join(RULES))
        return 0
    roots = [word for word in arguments if not word.startswith('-')]
    results = check(roots[0] if roots else os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    tap, bad = '--tap' in arguments, False
    if tap:
        print('1..%d' % len(results))
    for number, (name, found) in enumerate(results.items(), 1):
        skipped = isinstance(found, str)
        bad |= bool(found) and not skipped
        if tap:
            print('%sok %d - %s%s' % ('' if skipped or not found else 'not ', number, name,
                                      ' # SKIP ' + found if skipped else ''))
        for path, line, sentence in [] if skipped else found:
            print('%s%s:%d: %s [%s]' % ('# ' if tap else '', path, line, sentence, name))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
