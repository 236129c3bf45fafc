#!/usr/bin/env python3
"""Does the independent writer write what it should? Known hashes, the worked examples, and every record read back."""

import hashlib
import struct
import sys

import xenf
from streams import DIGESTS, clean_streams, examples
from xxh3 import xxh3_64, xxh3_128

PATTERN = bytes(((number * number + 7 * number) >> 3) & 0xFF for number in range(5000))

# Made with the reference implementation.
HASHES_64 = {241: 0x712D30D4B709F6A1, 1024: 0xE476532B7605E1D2, 4096: 0x0819FC813C433C2B, 5000: 0x3EDE9DC83A03BA5C}
HASHES_128 = {24: 0x6E62B8A4B45B19F0F11BE73880EC6AFB, 97: 0x4B0E17CF7E2FDB352E9FB3189F5CB800,
              5000: 0x5D0400D0C14C174F3EDE9DC83A03BA5C}


def hashes():
    wrong = [length for length, want in HASHES_64.items() if xxh3_64(PATTERN[:length]) != want]
    wrong += [length for length, want in HASHES_128.items() if xxh3_128(PATTERN[:length]) != want]
    return ['wrong at length %d' % length for length in wrong]


def worked_examples():
    return [name for name, image in examples().items() if hashlib.sha256(image.octets()).hexdigest() != DIGESTS[name]]


def read_back():
    """Every record of the clean images, read by the framing alone."""
    wrong = []
    for stream in clean_streams():
        if not stream.image:
            continue
        octets, at, kinds = stream.octets(), 40, []
        while at < len(octets):
            kind, length = struct.unpack_from('<II', octets, at)
            kinds.append((kind, octets[at + 8:at + 8 + length]))
            at += 8 + (length + 7) // 8 * 8
        if at != len(octets) or kinds != [(record.kind, record.body) for record in stream.image.records]:
            wrong.append(stream.name)
        for kind, body in kinds:
            if kind == xenf.PAGE_DATA:
                count = struct.unpack_from('<I', body)[0]
                words = struct.unpack_from('<%dQ' % count, body, 8)
                contents = sum(word >> 60 in xenf.WITH_DATA for word in words)
                if len(body) != 8 + 8 * count + xenf.PAGE * contents:
                    wrong.append('%s: length of PAGE_DATA' % stream.name)
    return wrong


def main():
    points = {'hashes-are-the-known-ones': hashes, 'worked-examples-are-octet-for-octet': worked_examples,
              'records-read-back': read_back}
    print('1..%d' % len(points))
    failed = 0
    for number, (name, point) in enumerate(points.items(), 1):
        lines = point()
        failed += bool(lines)
        print('%sok %d - %s' % ('not ' if lines else '', number, name))
        for line in lines:
            print('# ' + line)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
