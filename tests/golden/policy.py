"""The CPUID and MSR policies of an image: what Xen would write, in its order."""

import struct

from xenf import Record, X86_CPUID_POLICY, X86_MSR_POLICY

NONE = 0xFFFFFFFF  # the subleaf of a leaf that has no subleaves


def plain_leaves(xcr0=7):
    """A complete policy in canonical order: (leaf, subleaf, a, b, c, d)."""
    vendor = struct.unpack('<III', b'GenuineIntel')
    leaves = [(0, NONE, 0xD, vendor[0], vendor[2], vendor[1]),
              (1, NONE, 0x000306F2, 0x00010800, 0x9FFA3203, 0x1FCBFBFF),
              (2, NONE, 0x76036301, 0x00F0B5FF, 0, 0x00C30000), (3, NONE, 0, 0, 0, 0),
              (4, 0, 0x1C004121, 0x01C0003F, 0x3F, 0), (4, 1, 0x1C004122, 0x01C0003F, 0x3F, 0),
              (4, 2, 0x1C004143, 0x01C0003F, 0x1FF, 0), (4, 3, 0, 0, 0, 0),
              (5, NONE, 0, 0, 0, 0), (6, NONE, 4, 0, 0, 0), (7, 0, 0, 0x01CBFBB1, 0, 0x0C000000),
              (8, NONE, 0, 0, 0, 0), (9, NONE, 0, 0, 0, 0), (0xA, NONE, 0, 0, 0, 0),
              (0xB, 0, 1, 2, 0x100, 0), (0xB, 1, 0, 0, 1, 0), (0xC, NONE, 0, 0, 0, 0),
              (0xD, 0, xcr0 & 0xFFFFFFFF, 832, 832, xcr0 >> 32), (0xD, 1, 1, 832, 0, 0), (0xD, 2, 256, 576, 0, 0),
              (0x40000000, NONE, 0x40000005, 0, 0, 0), (0x40000100, NONE, 0x40000104, 0, 0, 0),
              (0x80000000, NONE, 0x80000008, 0, 0, 0), (0x80000001, NONE, 0, 0, 0x21, 0x2C100800)]
    brand = b'Intel(R) Xeon(R) CPU E5-2697 v4 @ 2.30GHz'.ljust(48, b'\0')
    for leaf in range(3):
        leaves.append((0x80000002 + leaf, NONE) + struct.unpack_from('<IIII', brand, 16 * leaf))
    leaves += [(0x80000005, NONE, 0, 0, 0, 0), (0x80000006, NONE, 0, 0, 0x01006040, 0),
               (0x80000007, NONE, 0, 0, 0, 0x100), (0x80000008, NONE, 0x302E, 0, 0, 0)]
    return leaves


def cpuid_policy(leaves=None):
    leaves = plain_leaves() if leaves is None else leaves
    return Record(X86_CPUID_POLICY, b''.join(struct.pack('<6I', *leaf) for leaf in leaves))


def msr_policy(entries=((0xCE, 0, 0x80000000), (0x10A, 0, 0))):
    """entries: (index, flags, value)."""
    return Record(X86_MSR_POLICY, b''.join(struct.pack('<IIQ', *entry) for entry in entries))
