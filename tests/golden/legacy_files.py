#!/usr/bin/env python3
"""Writes a legacy image of legacy_forms.py to standard output: legacy_files.py NAME [K].

K: the piece of that number, from 0, of an image that is cut where its checkpoints end. Without arguments: the names.
"""

import sys

import legacy_forms


def pieces(form):
    """What stands around the image is in front of the first."""
    last = 'shared-info' if form.state.pv else 'device-model'
    front = len(form.octets) - len(form.parts.octets())
    ends, at = [], front
    for name, octets in form.parts.parts:
        at += len(octets)
        if name == last:
            ends.append(at)
    return [form.octets[begin:end] for begin, end in zip([0] + ends, ends)]


def main(arguments):
    if not arguments:
        print(*[form.name for form in legacy_forms.forms()], sep='\n')
        return
    form = legacy_forms.form(arguments[0])
    sys.stdout.buffer.write(form.octets if len(arguments) == 1 else pieces(form)[int(arguments[1])])


if __name__ == '__main__':
    main(sys.argv[1:])
