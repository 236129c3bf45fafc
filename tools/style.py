#!/usr/bin/env python3
"""Measures the C code: one line per room, and a total.

usage: style.py [--markdown] [FOLDER...]        default: the rooms in src/

.c/.h     number of files; the lengths behind it are of .c files: median / 90th percentile / largest
code      lines that are neither blank nor comment only; com: comment-only lines in (comment + code)
length    of functions, from the line of the name to the closing brace; >60: share of longer ones
nest      brace depth, the function's own brace as 1
static    share of functions; assert: per function; goto: per 1000 lines of code
test      in the total: non-blank lines of tests (.c, .h, .py and CLI cases) per non-blank line of src
"""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'tidy'))
sys.dont_write_bytecode = True
import csource  # noqa: E402, found only by the line above

COLUMNS = ('room', '.c/.h', 'code', 'com', 'file length', 'functions', 'length', '>60', 'nest', 'static', 'assert',
           'goto', 'test')


def spread(values):
    """median / 90th percentile / largest."""
    ordered = sorted(values) or [0]
    return '/'.join(str(ordered[round(share * (len(ordered) - 1))]) for share in (0.5, 0.9, 1))


def percent(part, whole):
    return '%d%%' % (100 * part // whole if whole else 0)


def ratio(part, whole):
    return '%.2f' % (part / whole if whole else 0)


def non_blank(paths):
    total = 0
    for path in paths:
        with open(path, encoding='utf-8', errors='replace') as file:
            total += sum(1 for line in file if line.strip())
    return total


def measure(name, texts, test=''):
    """One row for these files: {path: text}."""
    masked = {path: csource.mask(text) for path, text in texts.items()}
    sources = {path: text for path, text in masked.items() if path.endswith('.c')}
    found = csource.functions(sources)
    code = comment = 0
    for path, text in texts.items():
        for line, bare in zip(text.split('\n'), masked[path].split('\n')):
            code += bool(bare.strip())
            comment += bool(line.strip()) and not bare.strip()
    lengths = [it.end - it.start + 1 for it in found]
    every = '\n'.join(masked.values())
    gotos, asserts = (len(re.findall(word, every)) for word in (r'\bgoto\b', r'\bassert\s*\('))
    return (name, '%d/%d' % (len(sources), len(texts) - len(sources)), str(code), percent(comment, comment + code),
            spread([texts[path].count('\n') for path in sources]), str(len(found)), spread(lengths),
            percent(sum(length > 60 for length in lengths), len(lengths)), spread([it.depth for it in found]),
            percent(sum(it.static for it in found), len(found)), ratio(asserts, len(found)),
            '%d' % round(1000 * gotos / code if code else 0), test)


def read(folder):
    texts = {}
    for path in sorted(glob.glob(os.path.join(folder, '*.[ch]'))):
        with open(path, encoding='utf-8', errors='replace') as file:
            texts[path] = file.read()
    return texts


def test_ratio(texts):
    tests = [path for end in ('**/*.c', '**/*.h', '**/*.py', 'cli/*/cmd')
             for path in glob.glob(os.path.join(ROOT, 'tests', end), recursive=True)]
    return ratio(non_blank(tests), non_blank(texts))


def main(arguments):
    markdown = '--markdown' in arguments
    chosen = [word for word in arguments if not word.startswith('-')]
    folders = chosen or sorted(glob.glob(os.path.join(ROOT, 'src', '*', '')))
    if not csource.have_ctags():
        sys.exit('style.py: needs Universal Ctags (Debian: universal-ctags)')
    rows, every = [COLUMNS], {}
    for folder in folders:
        texts = read(folder)
        every.update(texts)
        if texts:
            rows.append(measure(os.path.basename(os.path.normpath(folder)), texts))
    rows.append(measure('total', every, test_ratio(every) if not chosen else ''))
    if markdown:
        rows.insert(1, ('---',) * len(COLUMNS))
        print('\n'.join('| ' + ' | '.join(row) + ' |' for row in rows))
    else:
        widths = [max(map(len, column)) for column in zip(*rows)]
        print('\n'.join('  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
