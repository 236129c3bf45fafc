"""damaging.py - the ways in which damage.py's table changes an image. Each returns a function from an Image to octets,
or to None where the damage does not apply to it."""
import struct

from records import (END, P2M_FRAMES, PAGE_DATA, PFN, PV_INFO, STATIC_DATA_END, VCPU_BASIC, has_contents, join_pages,
                     record, split_pages)


def octets(image):
    return None if image is None else image.octets()


def head(change):
    return lambda image: octets(image.with_head(change))


def body(rtype, change, nth=0):
    return lambda image: octets(image.with_body(rtype, change, nth))


def drop(rtype, nth=0):
    return lambda image: octets(image.without(rtype, nth))


def twice(rtype):
    return lambda image: octets(image.behind(rtype, (rtype, image.body(rtype)))
                                if image.find(rtype) is not None else None)


def before_end(*records):
    return lambda image: octets(image.before(END, *records))


def pages(change, **odd):
    """Change entries and contents of the first PAGE_DATA; odd: a false count or reserved field."""
    def run(image):
        return octets(image.with_body(PAGE_DATA, lambda b: join_pages(*change(*split_pages(b)), **odd)))
    return run


def first_entry(change):
    return pages(lambda entries, contents: ([change(entries[0])] + entries[1:], contents))


def count_less_one(image):
    entries, _ = split_pages(image.body(PAGE_DATA))
    return pages(lambda e, c: (e, c), count=len(entries) - 1)(image)


def swapped(a, b):
    """Exchange the places of two records: each is (type, nth)."""
    def run(image):
        i, j = image.find(*a), image.find(*b)
        if i is None or j is None:
            return None
        records = list(image.records)
        records[i], records[j] = records[j], records[i]
        return octets(image.with_records(records))
    return run


def again_later(as_hole):
    """The first pfn a second time, in the second PAGE_DATA: with other contents, or as a hole."""
    def run(image):
        if image.find(PAGE_DATA, 1) is None:
            return None
        entries, contents = split_pages(image.body(PAGE_DATA))
        pfn = entries[0] & ~(15 << 60)
        extra = ([pfn | 15 << 60], b"") if as_hole else ([pfn], contents[4096:8192])

        def change(old):
            later, behind = split_pages(old)
            return join_pages(extra[0] + later, extra[1] + behind)
        return octets(image.with_body(PAGE_DATA, change, 1))
    return run


def static_end_behind_pages(image):
    """STATIC_DATA_END behind the first PAGE_DATA (PV: behind X86_PV_P2M_FRAMES)."""
    rest = image.without(STATIC_DATA_END)
    at = image.find(STATIC_DATA_END)
    return octets(rest.with_records(rest.records[:at + 1] + [(STATIC_DATA_END, b"")] + rest.records[at + 1:]))


def static_end_first(image):
    rest = image.without(STATIC_DATA_END)
    return octets(rest.with_records([(STATIC_DATA_END, b"")] + rest.records))


def in_front(*records):
    return lambda image: octets(image.with_records(list(records) + image.records))


def trailing(make):
    return lambda image: octets(image) + make(image)


def cut_in_half(image):
    whole = octets(image)
    return whole[:len(whole) // 2]


def padding_not_zero(image):
    return octets(image.before(END, record(0x80000055, b"abc", pad=0xee)))


def p2m_frames_behind_pages(image):
    if image.find(P2M_FRAMES) is None:
        return None
    return octets(image.without(P2M_FRAMES).behind(PAGE_DATA, (P2M_FRAMES, image.body(P2M_FRAMES))))


def is_wide(image):
    """A 64-bit PV guest."""
    return image.find(PV_INFO) is not None and image.body(PV_INFO)[:1] == b"\x08"


def gdt_count(value):
    """The GDT entry count of vCPU 0's basic state: behind FPU state, flags, registers, traps, LDT, 16 frames."""
    def run(image):
        if image.find(PV_INFO) is None:
            return None
        word, registers, trap = (8, 200, 16) if is_wide(image) else (4, 68, 8)
        at = 8 + 512 + word + registers + 256 * trap + 2 * word + 16 * word
        return body(VCPU_BASIC, lambda b: b[:at] + struct.pack("<I", value) + b[at + 4:])(image)
    return run


def exchange(entries, contents, pfns=False):
    """Exchange the contents, or else the pfns, of two ordinary pages that differ."""
    at, last = 0, None
    for i, entry in enumerate(entries):
        if entry >> 60 == 0:
            page = contents[at:at + 4096]
            if last and page != last[2]:
                j, where, other = last
                if pfns:
                    entries = list(entries)
                    entries[i], entries[j] = entries[j], entries[i]
                    return entries, contents
                return entries, (contents[:where] + page + contents[where + 4096:at] + other + contents[at + 4096:])
            last = (i, at, page)
        at += has_contents(entry) * 4096
    raise ValueError("all pages are alike")


def is_l1(entry):
    return entry >> 60 in (1, 9)


def table_entry(change):
    """Change the first present entry of the first PAGE_DATA that holds an L1 table: change(entry, pfn of an L1)."""
    def run(image):
        for nth in range(len(image.records)):
            at = image.find(PAGE_DATA, nth)
            if at is None or image.find(PV_INFO) is None:
                return None
            entries, contents = split_pages(image.records[at][1])
            if any(is_l1(e) for e in entries):
                return octets(image.with_body(PAGE_DATA, lambda b: join_pages(
                    entries, with_entry(entries, contents, change)), nth))
        return None
    return run


def with_entry(entries, contents, change):
    table = next(e & PFN for e in entries if is_l1(e))
    changed, at = bytearray(contents), 0
    for entry in entries:
        for slot in range(at, at + 4096, 8) if is_l1(entry) else ():
            value, = struct.unpack_from("<Q", contents, slot)
            if value & 1:
                struct.pack_into("<Q", changed, slot, change(value, table))
                return bytes(changed)
        at += has_contents(entry) * 4096
    return bytes(changed)
