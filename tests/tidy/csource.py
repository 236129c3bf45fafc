"""What tidy.py and tools/style.py know about C text: the masked text, and the functions that ctags finds in it."""
import re
import shutil
import subprocess
from collections import namedtuple

JUNK = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

# start and end are line numbers from 1, both within; depth counts the function's own brace as 1.
Function = namedtuple('Function', 'path name start end static depth')


def mask(text):
    """The same lines with comments blanked and literals crossed out, so that what is left is code."""
    def cover(match):
        return re.sub(r'[^\n]', ' ' if match.group()[0] == '/' else 'x', match.group())
    return JUNK.sub(cover, text)


def have_ctags():
    """Only Universal Ctags tells where a function ends."""
    if not shutil.which('ctags'):
        return False
    version = subprocess.run(['ctags', '--version'], capture_output=True, text=True, check=False).stdout
    return 'Universal Ctags' in version


def deepest(lines):
    depth = most = 0
    for brace in re.findall('[{}]', '\n'.join(lines)):
        depth += 1 if brace == '{' else -1
        most = max(most, depth)
    return most


def functions(masked, root='.'):
    """All functions of {path: masked text}; paths are relative to root."""
    if not masked:
        return []
    lines = {path: text.split('\n') for path, text in masked.items()}
    rows = subprocess.run(['ctags', '--languages=C', '--langmap=C:.c.h', '--kinds-C=f', '--fields=+ne', '-L', '-',
                           '-f', '-'], input='\n'.join(masked), cwd=root, capture_output=True, text=True,
                          check=True).stdout.splitlines()
    found = []
    for row in rows:
        if row.startswith('!'):
            continue
        name, path, *rest = row.split('\t')
        fields = dict(field.split(':', 1) for field in rest if ':' in field)
        start, end = int(fields['line']), int(fields.get('end', fields['line']))
        found.append(Function(path, name, start, end, 'file' in fields, deepest(lines[path][start - 1:end])))
    return found
