"""The include rules of tidy.py: which room may see what, read from the table in src/meson.build."""
import ast
import os
import re

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def read_table(tree):
    """{room: rooms that it sees}."""
    text = tree.text('src/meson.build') if 'src/meson.build' in tree.paths else ''
    table = re.search(r'^rooms = (\[.*?^\])', text, re.M | re.S)
    return {row['name']: row['sees'] for row in ast.literal_eval(table[1])} if table else {}


def includes(tree, path):
    """(line number, '<' or '"', name) of each #include."""
    for number, line in enumerate(tree.lines(path), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1], match[2]


def complaint(tree, table, room, name):
    """Why a file of this room may not include "name"; None if it may."""
    if '/' in name:
        return 'names a folder: write only the name of the header'
    if 'src/%s/%s' % (room, name) in tree.paths:
        return None
    other, suffix = os.path.splitext(name)
    if other in table and suffix == '.h':
        return None if other in table[room] else 'room %s does not see room %s' % (room, other)
    return 'is neither of room %s nor the one header of another room' % room


def check_rooms(tree):
    """From another room a file sees only that room's one header, and only if the table says so."""
    table = read_table(tree)
    for path in tree.c_files('src/'):
        room = path.split('/')[1]
        if room not in table:
            yield path, 1, "room '%s' is not in the table of src/meson.build" % room
            continue
        for number, kind, name in includes(tree, path):
            why = complaint(tree, table, room, name) if kind == '"' else None
            if why:
                yield path, number, '"%s" %s' % (name, why)


def check_order(tree):
    """System headers come first, then our own."""
    for path in tree.c_files():
        own = None
        for number, kind, name in includes(tree, path):
            if kind == '"':
                own = own or name
            elif own:
                yield path, number, '<%s> stands behind "%s"' % (name, own)
