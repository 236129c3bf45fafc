#!/usr/bin/env python3
"""Makes the demo's damaged copy: demo-damage.py IN OUT.

IN is an xl save file, packed with xz. OUT is the same without its SHARED_INFO record and without its second PAGE_DATA:
whole records are gone, so that everything that is left still looks right by itself.
"""
import lzma
import struct
import sys

PAGE_DATA, SHARED_INFO = 1, 7
XL_HEADER, LIBXL_HEADER, LIBXL_RECORD, IMAGE_HEADERS = 48, 16, 8, 40


def main():
    with lzma.open(sys.argv[1]) as f:
        data = f.read()
    optional, = struct.unpack_from("<I", data, 44)
    at = XL_HEADER + optional + LIBXL_HEADER + LIBXL_RECORD + IMAGE_HEADERS
    out, pages = [data[:at]], 0
    while True:
        rtype, length = struct.unpack_from("<II", data, at)
        end = at + 8 + (length + 7 & ~7)
        pages += rtype == PAGE_DATA
        if rtype == SHARED_INFO or (rtype == PAGE_DATA and pages == 2):
            print("  taken out: record of type %d, %d octets at 0x%x" % (rtype, end - at, at))
        else:
            out.append(data[at:end])
        at = end
        if rtype == 0:
            break
    with open(sys.argv[2], "wb") as f:
        f.write(b"".join(out) + data[at:])


main()
