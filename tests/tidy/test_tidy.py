#!/usr/bin/env python3
"""Each rule of tidy.py fires where it must and keeps quiet where it must: one point for each of the two."""
import os
import shutil
import subprocess
import sys
import tempfile

import tidy

HEAD = '/* x.c - says what it is for. */\n'
ROOMS = "rooms = [\n  {'name': 'base', 'sees': []},\n  {'name': 'xenf', 'sees': ['base']},\n" \
        "  {'name': 'cmd', 'sees': ['base', 'xenf']},\n]\n"


def body(lines):
    return HEAD + 'int f(void)\n{\n' + '    g();\n' * lines + '}\n'


def deep(levels):
    return HEAD + 'int f(int x)\n{\n' + 'if (x) {\n' * levels + '}\n' * levels + '}\n'


def includes(path, *names):
    """A tree in which one file includes these names, with every room there."""
    tree = {'src/meson.build': '#\n' + ROOMS, 'src/base/base.h': HEAD, 'src/base/memory.h': HEAD,
            'src/xenf/xenf.h': HEAD, 'src/xenf/records.h': HEAD, 'src/cmd/cmd.h': HEAD}
    tree[path] = HEAD + ''.join('#include %s\n' % name for name in names)
    return tree


def code(text, path='src/xenf/a.c'):
    return {path: HEAD + text + '\n'}


MARK = 'TO' + 'DO'

# rule, a tree in which it fires (file: contents, or contents and mode), a tree in which it keeps quiet.
CASES = (
    ('function-length', {'src/a.c': body(68)}, {'src/a.c': body(67)}),
    ('function-length', {'src/a.h': body(68)}, code('static const int t[] = {\n' + '1,\n' * 99 + '};')),
    ('nesting', {'src/a.c': deep(4)}, {'src/a.c': deep(3)}),
    ('nesting', {'src/a.c': deep(4)}, code('int f(void)\n{\n    return g("{{{{{", \'{\'); /* {{{{{ */\n}')),
    ('file-length', {'src/a.c': HEAD + '\n' * 700}, {'src/a.c': HEAD + '\n' * 699}),
    ('line-length', {'tools/a.py': '#' * 121 + '\n'}, {'tools/a.py': '#' * 120 + '\n', 'a.md': 'x' * 300 + '\n'}),
    ('line-length', {'Makefile': '#' * 121 + '\n'}, {'tests/cli/a/out': 'x' * 300 + '\n'}),
    ('include-room', includes('src/base/a.c', '"xenf.h"'), includes('src/xenf/a.c', '<x.h>', '"xenf.h"', '"base.h"')),
    ('include-room', includes('src/xenf/a.c', '"memory.h"'), includes('src/xenf/a.c', '"records.h"')),
    ('include-room', includes('src/xenf/a.c', '"../cmd/cmd.h"'), includes('tests/unit/a.c', '"memory.h"')),
    ('include-room', includes('src/sky/a.c', '"base.h"'), includes('src/cmd/a.c', '"xenf.h"')),
    ('include-order', includes('src/xenf/a.c', '"xenf.h"', '<x.h>'), includes('src/xenf/a.c', '<x.h>', '"xenf.h"')),
    ('banned-call', code('f(sprintf(a, b));'), code('snprintf(a, 1, b); x->system(1); /* gets(x) */ g("atoi(");')),
    ('banned-call', code('x = atoi (y);', 'tests/unit/a.c'), code('my_rand(); signalled(); strtok_r(a, b, c);')),
    ('heap', code('p = malloc(1);'), code('p = malloc(1); free(p);', 'src/base/memory.c')),
    ('heap', code('free(p);', 'src/cmd/a.c'), code('gw_free(p); x.free(p);')),
    ('stdout', code('printf("a");'), code('printf("a"); fputs("a", stdout);', 'src/cmd/a.c')),
    ('stdout', code('fputs("a", stdout);'), code('__attribute__((format(printf, 1, 2))) f(stderr); fprintf(e, "");')),
    ('white-space', {'a.py': '#\tb\n'}, {'Makefile': 'a:\n\tb\n', 'tests/cli/a/out': 'a\tb \n'}),
    ('white-space', {'a.py': '# \n'}, {'a.py': '#\n'}),
    ('white-space', {'a.py': '#\r\n'}, {'tests/images/a.img': 'a\r\0'}),
    ('white-space', {'src/a.c': HEAD + '\0\n'}, {'src/a.c': HEAD}),
    ('white-space', {'a.md': 'no end'}, {'a.md': ''}),
    ('ascii', {'src/a.c': '/* \u2192 */\n'}, {'a.md': '\u2192\n', 'src/a.c': '/* -> */\n'}),
    ('open-work', {'src/a.c': '/* %s: fly */\n' % MARK}, {'src/a.c': '/* %s (#12): fly */\n' % MARK}),
    ('open-work', {'a.md': 'FIX' + 'ME\n'}, {'a.py': '# a.X' + 'XXXXX\n'}),
    ('head-comment', {'src/a.h': '#define A\n/* a */\n'}, {'src/a.h': '/* a */\n'}),
    ('head-comment', {'a': ('#!/bin/sh\nset -e\n', 0o755)}, {'a': ('#!/bin/sh\n# a - b\n', 0o755)}),
    ('head-comment', {'a.py': 'import os\n'}, {'a.py': ('#!/usr/bin/env python3\n"""A."""\n', 0o755)}),
    ('mode', {'a': '#!/bin/sh\n# a\n'}, {'a': ('#!/bin/sh\n# a\n', 0o755), 'b': 'b\n'}),
    ('mode', {'src/a.c': (HEAD, 0o755)}, {'src/a.c': HEAD}),
    ('size', {'docs/a': 'a' * (1 << 18) + '\n'}, {'tests/images/a': 'a' * (1 << 18) + '\n'}),
    ('size', {'tests/images/a': 'a' * (1 << 20) + '\n'}, {'tests/images/a': 'a' * ((1 << 20) - 1) + '\n'}),
    ('size', {'tests/images/%d' % n: 'a' * (1 << 20) for n in range(13)},
     {'tests/images/%d' % n: 'a' * (1 << 20) for n in range(12)}),
    ('shellcheck', {'a': ('#!/bin/sh\n# a\ncd $x\n', 0o755)}, {'a': ('#!/bin/sh\n# a\ncd "$1" || exit\n', 0o755)}),
    ('shellcheck', {'tests/cli/a/cmd': 'cat $x\n'}, {'tests/cli/a/cmd': 'cat "$IMAGES/a"\n', 'b': 'cat $x\n'}),
    ('allowed', {'tests/tidy/allowed.txt': 'mode src/a.c once needed\n', 'src/a.c': HEAD},
     {'tests/tidy/allowed.txt': '# a\nmode src/a.c needed\n', 'src/a.c': (HEAD, 0o755)}),
    ('allowed', {'tests/tidy/allowed.txt': 'mode src/a.c\n', 'src/a.c': (HEAD, 0o755)}, {'a.md': ''}),
    ('mode', {'tests/tidy/allowed.txt': 'mode src/b.c reason\n', 'src/a.c': (HEAD, 0o755)},
     {'tests/tidy/allowed.txt': 'mode src/a.c reason\n', 'src/a.c': (HEAD, 0o755)}),
)


def plant(root, tree):
    for path, contents in tree.items():
        text, mode = contents if isinstance(contents, tuple) else (contents, 0o644)
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, 'wb') as file:
            file.write(text.encode())
        os.chmod(full, mode)


def findings(rule, tree):
    with tempfile.TemporaryDirectory() as root:
        plant(root, tree)
        return tidy.check(root)[rule]


def git_tree_is_what_git_does_not_ignore():
    if not shutil.which('git'):
        return 'git is not installed'
    with tempfile.TemporaryDirectory() as root:
        plant(root, {'.gitignore': '/build*/\n', 'new.c': HEAD, 'build/a.c': HEAD, 'docs/build/a.c': HEAD})
        walked = tidy.Tree(root).paths
        subprocess.run(['git', 'init', '-q', root], check=True)
        return walked == tidy.Tree(root).paths == ['.gitignore', 'docs/build/a.c', 'new.c']


def every_rule_has_a_case():
    return set(tidy.RULES) | {'allowed'} == {rule for rule, _, _ in CASES}


def main():
    facts = [(function.__name__.replace('_', '-'), function())
             for function in (git_tree_is_what_git_does_not_ignore, every_rule_has_a_case)]
    seen = {}
    for rule, fires, quiet in CASES:
        seen[rule] = seen.get(rule, 0) + 1
        loud, silent = findings(rule, fires), findings(rule, quiet)
        missing = loud if isinstance(loud, str) else None
        facts.append(('%s-%d-fires' % (rule, seen[rule]), missing or bool(loud)))
        facts.append(('%s-%d-keeps-quiet' % (rule, seen[rule]), missing or not silent))
    print('1..%d' % len(facts))
    for number, (fact, good) in enumerate(facts, 1):
        skip = ' # SKIP ' + good if isinstance(good, str) else ''
        print('%sok %d - %s%s' % ('' if good else 'not ', number, fact, skip))
    return 0 if all(good for _, good in facts) else 1


if __name__ == '__main__':
    sys.exit(main())
