"""Guest memory that means something, and the FPU's areas: page tables, XSAVE."""

import struct

PAGE = 4096
P, RW, US, A, D, PS = 1, 2, 4, 0x20, 0x40, 0x80

# Offset and size of the components in the standard form, of Intel's processors (section 7.6).
COMPONENTS = {2: (576, 256), 3: (960, 64), 4: (1024, 64), 5: (1088, 64), 6: (1152, 512), 7: (1664, 1024), 9: (2688, 8)}


def area_size(accum):
    """U(accum): the octets of an XSAVE area of these components."""
    if accum == 0:
        return 0
    return max([576] + [sum(COMPONENTS[bit]) for bit in range(2, 63) if accum >> bit & 1])


def fxsave():
    """FCW and MXCSR as after their reset, the rest zero."""
    area = bytearray(512)
    struct.pack_into('<H', area, 0, 0x37F)
    struct.pack_into('<II', area, 24, 0x1F80, 0xFFFF)
    return bytes(area)


def xsave_area(accum, xstate_bv=None, xcomp_bv=0):
    """FXSAVE region, header, components: each that is in use holds its number."""
    bv = accum if xstate_bv is None else xstate_bv
    area = bytearray(max(576, area_size(accum)))
    area[:512] = fxsave()
    struct.pack_into('<QQ', area, 512, bv, xcomp_bv)
    for bit, (at, size) in COMPONENTS.items():
        if accum >> bit & 1 and bv >> bit & 1 and bit != 9:
            area[at:at + size] = bytes([bit]) * size
    return bytes(area)


def table(entries):
    """A page-table page; entries: {slot: (pfn, low bits)}."""
    page = bytearray(PAGE)
    for slot, (pfn, bits) in entries.items():
        struct.pack_into('<Q', page, 8 * slot, pfn << 12 | bits)
    return bytes(page)


def identity(first, count):
    """Page tables of an HVM guest: pfn -> page, in four pages from first on (the root is first).

    The first count pages of memory stand at 0 and at 0xFFFF800000000000, by pages of 4 KiB.
    """
    l4, l3, l2, l1 = range(first, first + 4)
    return {l4: table({0: (l3, P | RW | US | A), 256: (l3, P | RW | A)}), l3: table({0: (l2, P | RW | US | A)}),
            l2: table({0: (l1, P | RW | US | A)}),
            l1: table({pfn: (pfn, P | RW | A | D) for pfn in range(min(count, 512))})}
