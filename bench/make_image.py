"""make_image.py - a large HVM image of distinct pages, for benches.

The state records come from a small real image; memory is pfns 0 up, 1024 to a record, all with contents. Pages are
windows into one block of random octets with the pfn in front: cheap to make, no two alike, none zero.
"""
import os
import random
import struct
import sys

BATCH = 1024
PAGE = 4096
PAGE_DATA, VERIFY, END, STATIC_DATA_END = 1, 13, 0, 16


def record(rtype, body=b""):
    return struct.pack("<II", rtype, len(body)) + body + bytes(-len(body) % 8)


def split(image):
    """(headers and static part, tail records) of an image in octets."""
    at, static, tail = 40, [image[:40]], []
    where = static
    while at < len(image):
        rtype, length = struct.unpack_from("<II", image, at)
        size = 8 + (length + 7 & ~7)
        if rtype not in (PAGE_DATA, END):
            where.append(image[at:at + size])
        if rtype == STATIC_DATA_END:
            where = tail
        at += size
    return static, tail


def memory(out, pages, block):
    """One pass over all memory."""
    for first in range(0, pages, BATCH):
        count = min(BATCH, pages - first)
        head = struct.pack("<II%dQ" % count, count, 0, *range(first, first + count))
        at = first * 8 % (len(block) - BATCH * PAGE)
        contents = bytearray(block[at:at + count * PAGE])
        for i in range(count):
            struct.pack_into("<Q", contents, i * PAGE, first + i + 1)
        out.write(struct.pack("<II", PAGE_DATA, len(head) + len(contents)) + head)
        out.write(contents)


def make(template, path, mib, verify=False):
    """Write an image of a guest with that much memory; verify: all contents twice."""
    static, tail = split(template)
    block = random.Random(1).randbytes(BATCH * PAGE + (1 << 21))
    pages = mib * 256
    with open(path, "wb") as out:
        out.write(b"".join(static))
        memory(out, pages, block)
        if verify:
            out.write(record(VERIFY))
            memory(out, pages, block)
        out.write(b"".join(tail) + record(END))
    return os.path.getsize(path)


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit("usage: make_image.py TEMPLATE OUT MIB [verify]")
    with open(sys.argv[1], "rb") as source:
        print(make(source.read(), sys.argv[2], int(sys.argv[3]), len(sys.argv) == 5))
