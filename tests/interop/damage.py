#!/usr/bin/env python3
"""damage.py - some ninety ways to damage an image, as one table.

  damage.py list IMAGE             the damages that apply to this image
  damage.py make IMAGE NAME OUT    write one damaged image
"""
import pathlib
import struct
import sys

from damaging import (again_later, before_end, body, count_less_one, cut_in_half, drop, exchange, first_entry,
                      gdt_count, head, in_front, octets, p2m_frames_behind_pages, padding_not_zero, pages,
                      static_end_behind_pages, static_end_first, swapped, table_entry, trailing, twice)
from records import (CHECKPOINT, CPUID, END, HVM_CONTEXT, HVM_PARAMS, Image, MSR, P2M_FRAMES, PAGE_DATA, PV_INFO,
                     SHARED_INFO, STATIC_DATA_END, TSC_INFO, VCPU_BASIC, VCPU_EXTENDED, VCPU_MSRS, VCPU_XSAVE, VERIFY,
                     flip, put, read, record)

IN_HEADERS = [
    ("undamaged", octets),
    ("marker byte changed", head(lambda h: flip(h, 0))),
    ("id changed", head(lambda h: flip(h, 8))),
    ("version 4", head(lambda h: put(h, 12, ">I", 4))),
    ("version 2, v3 records inside", head(lambda h: put(h, 12, ">I", 2))),
    ("reserved option bit set", head(lambda h: flip(h, 16, 0x40))),
    ("big-endian bit set", head(lambda h: flip(h, 17))),
    ("reserved header bytes set", head(lambda h: flip(h, 20))),
    ("other guest type (PV/HVM)", head(lambda h: flip(h, 24, 3))),
    ("page shift 13", head(lambda h: flip(h, 28))),
    ("reserved domain-header bytes set", head(lambda h: flip(h, 30))),
]

IN_MEMORY = [
    ("one bit of a page flipped", pages(lambda e, c: (e, flip(c, 5000)))),
    ("two pages' contents swapped", pages(exchange)),
    ("two pfns swapped", pages(lambda e, c: exchange(e, c, True))),
    ("pfn doubled within a record (another one missing)", pages(lambda e, c: (e[:1] + e[:1] + e[2:], c))),
    ("pfn far out of range (bit 30 set)", first_entry(lambda e: e | 1 << 30)),
    ("pfn 2^51 set", first_entry(lambda e: e | 1 << 51)),
    ("reserved bit 52 of an entry set", first_entry(lambda e: e | 1 << 52)),
    ("type 5 (unknown)", first_entry(lambda e: e | 5 << 60)),
    ("type NOTAB made XTAB, data left", first_entry(lambda e: e | 15 << 60)),
    ("type NOTAB made XTAB, data removed", pages(lambda e, c: ([e[0] | 15 << 60] + e[1:], c[4096:]))),
    ("type NOTAB made pinned L1", first_entry(lambda e: e | 9 << 60)),
    ("count one too small", count_less_one),
    ("count 0", pages(lambda e, c: (e, c), count=0)),
    ("count 2^32 - 1", pages(lambda e, c: (e, c), count=2**32 - 1)),
    ("reserved word of PAGE_DATA set", pages(lambda e, c: (e, c), reserved=1)),
    ("last page cut off", pages(lambda e, c: (e, c[:-4096]))),
    ("first PAGE_DATA dropped", drop(PAGE_DATA)),
    ("first PAGE_DATA doubled", twice(PAGE_DATA)),
    ("empty PAGE_DATA (length 0) added", lambda image: octets(image.before(PAGE_DATA, (PAGE_DATA, b"")))),
    ("two PAGE_DATA swapped", swapped((PAGE_DATA, 0), (PAGE_DATA, 1))),
    ("a pfn again in a later record, other contents", again_later(as_hole=False)),
    ("a pfn again in a later record, as a hole", again_later(as_hole=True)),
]

IN_STRUCTURE = [
    ("STATIC_DATA_END dropped", drop(STATIC_DATA_END)),
    ("STATIC_DATA_END doubled", twice(STATIC_DATA_END)),
    ("STATIC_DATA_END moved behind the first PAGE_DATA", static_end_behind_pages),
    ("STATIC_DATA_END first", static_end_first),
    ("STATIC_DATA_END with a body", body(STATIC_DATA_END, lambda b: b + bytes(8))),
    ("END dropped", drop(END)),
    ("END with a body", body(END, lambda b: b + bytes(8))),
    ("trailing bytes behind END", trailing(lambda image: b"x" * 64)),
    ("whole record behind END", trailing(lambda image: record(PAGE_DATA, image.body(PAGE_DATA)))),
    ("cut in the middle of the memory", cut_in_half),
    ("mandatory record of an unknown type", before_end((0x55, b"12345678"))),
    ("optional record of an unknown type", before_end((0x80000055, b"12345678"))),
    ("record of 8 MiB + 8", before_end((0x80000055, bytes((8 << 20) + 8)))),
    ("VERIFY before the memory", in_front((VERIFY, b""))),
    ("VERIFY with a body", before_end((VERIFY, bytes(8)))),
    ("CHECKPOINT in a plain stream", before_end((CHECKPOINT, b""))),
    ("padding not zero", padding_not_zero),
]

IN_STATE = [
    ("CPUID policy dropped", drop(CPUID)),
    ("MSR policy dropped", drop(MSR)),
    ("CPUID policy one entry short", body(CPUID, lambda b: b[:-24])),
    ("CPUID policy 4 bytes short", body(CPUID, lambda b: b[:-4])),
    ("CPUID policy: unknown leaf", body(CPUID, lambda b: put(b, 0, "<I", 0x12345678))),
    ("CPUID policy of length 0", body(CPUID, lambda b: b"")),
    ("MSR policy: unknown index", body(MSR, lambda b: flip(b, 0, 0x10))),
    ("TSC_INFO dropped", drop(TSC_INFO)),
    ("TSC_INFO doubled", twice(TSC_INFO)),
    ("TSC_INFO 8 bytes short", body(TSC_INFO, lambda b: b[:-8])),
    ("TSC_INFO khz 0", body(TSC_INFO, lambda b: put(b, 4, "<I", 0))),
    ("TSC_INFO reserved word set", body(TSC_INFO, lambda b: flip(b, 20))),
]

IN_HVM_STATE = [
    ("HVM_CONTEXT dropped", drop(HVM_CONTEXT)),
    ("HVM_CONTEXT doubled", twice(HVM_CONTEXT)),
    ("HVM_CONTEXT of length 0", body(HVM_CONTEXT, lambda b: b"")),
    ("HVM_CONTEXT cut short", body(HVM_CONTEXT, lambda b: b[:len(b) // 2])),
    ("HVM_CONTEXT one bit flipped in CPU state", body(HVM_CONTEXT, lambda b: flip(b, 600))),
    ("HVM_CONTEXT first descriptor's length changed", body(HVM_CONTEXT, lambda b: flip(b, 4, 0xff))),
    ("HVM_PARAMS dropped", drop(HVM_PARAMS)),
    ("HVM_PARAMS doubled", twice(HVM_PARAMS)),
    ("HVM_PARAMS count one too big", body(HVM_PARAMS, lambda b: put(b, 0, "<I", struct.unpack_from("<I", b)[0] + 1))),
    ("HVM_PARAMS unknown index 63", body(HVM_PARAMS, lambda b: put(b, 8, "<Q", 63))),
    ("HVM_PARAMS index 5000", body(HVM_PARAMS, lambda b: put(b, 8, "<Q", 5000))),
    ("HVM_PARAMS store pfn in a hole", body(HVM_PARAMS, lambda b: put(b, 16, "<Q", 0xa5))),
    ("HVM_PARAMS reserved word set", body(HVM_PARAMS, lambda b: flip(b, 4))),
    ("HVM_PARAMS before HVM_CONTEXT", swapped((HVM_CONTEXT, 0), (HVM_PARAMS, 0))),
]

IN_PV_STATE = [
    ("PV_INFO dropped", drop(PV_INFO)),
    ("PV_INFO doubled", twice(PV_INFO)),
    ("PV_INFO levels 3 <-> 4", body(PV_INFO, lambda b: flip(b, 1, 7))),
    ("PV_INFO width 8 <-> 4", body(PV_INFO, lambda b: flip(b, 0, 12))),
    ("PV_INFO reserved set", body(PV_INFO, lambda b: flip(b, 2))),
    ("P2M_FRAMES dropped", drop(P2M_FRAMES)),
    ("P2M_FRAMES doubled", twice(P2M_FRAMES)),
    ("P2M_FRAMES one frame short", body(P2M_FRAMES, lambda b: b[:-8])),
    ("P2M_FRAMES end before start", body(P2M_FRAMES, lambda b: put(b, 0, "<I", 0xffff))),
    ("P2M_FRAMES: a frame's pfn out of range", body(P2M_FRAMES, lambda b: put(b, 8, "<Q", 1 << 40))),
    ("P2M_FRAMES: a frame names a page table", body(P2M_FRAMES, lambda b: put(b, 8, "<Q", 0x48))),
    ("P2M_FRAMES behind the first PAGE_DATA", p2m_frames_behind_pages),
    ("SHARED_INFO dropped", drop(SHARED_INFO)),
    ("SHARED_INFO doubled", twice(SHARED_INFO)),
    ("SHARED_INFO 8 bytes short", body(SHARED_INFO, lambda b: b[:-8])),
    ("VCPU_BASIC of vCPU 0 dropped", drop(VCPU_BASIC)),
    ("VCPU_BASIC of vCPU 1 dropped", drop(VCPU_BASIC, 1)),
    ("VCPU_BASIC vcpu id 77", body(VCPU_BASIC, lambda b: put(b, 0, "<B", 77))),
    ("VCPU_BASIC reserved word set", body(VCPU_BASIC, lambda b: flip(b, 4))),
    ("VCPU_BASIC 8 bytes short", body(VCPU_BASIC, lambda b: b[:-8])),
    ("VCPU_BASIC empty", body(VCPU_BASIC, lambda b: b[:8])),
    ("VCPU_BASIC doubled", twice(VCPU_BASIC)),
    ("VCPU_BASIC GDT entry count 60000", gdt_count(60000)),
    ("VCPU_EXTENDED 200 bytes", body(VCPU_EXTENDED, lambda b: b + bytes(136))),
    ("VCPU_EXTENDED dropped", drop(VCPU_EXTENDED)),
    ("VCPU_XSAVE 8 bytes", body(VCPU_XSAVE, lambda b: b[:16])),
    ("VCPU_XSAVE xcr0 nonsense", body(VCPU_XSAVE, lambda b: flip(b, 9, 0xff))),
    ("VCPU_MSRS one byte short", body(VCPU_MSRS, lambda b: b[:-1])),
    ("VCPU_MSRS dropped", drop(VCPU_MSRS)),
    ("PTE names a pfn out of range", table_entry(lambda v, table: v & 0xfff | 0x7fffff << 12)),
    ("PTE names a hole's pfn or another page", table_entry(lambda v, table: v ^ 1 << 12)),
    ("PTE maps a page table writable", table_entry(lambda v, table: table << 12 | 0x67)),
]

DAMAGES = IN_HEADERS + IN_MEMORY + IN_STRUCTURE + IN_STATE + IN_HVM_STATE + IN_PV_STATE


def damages(image):
    """(name, octets) of each damage that applies to this image; the first is the image itself."""
    for name, change in DAMAGES:
        damaged = change(image)
        if damaged is not None:
            yield name, damaged


def main():
    if len(sys.argv) not in (3, 5) or sys.argv[1] not in ("list", "make"):
        sys.exit(__doc__)
    image = Image.parse(read(sys.argv[2]))
    if sys.argv[1] == "list":
        print("\n".join(name for name, _ in damages(image)))
        return
    for name, data in damages(image):
        if name == sys.argv[3]:
            pathlib.Path(sys.argv[4]).write_bytes(data)
            return
    sys.exit("damage.py: no such damage: '%s'" % sys.argv[3])


if __name__ == "__main__":
    main()
