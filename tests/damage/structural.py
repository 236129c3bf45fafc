"""Structural faults: each makes, by chance, a stream whose frame is no longer what a saver writes.

A function takes a base and the random source and gives (where, octets), or None where the base has no place for it.
"""
import struct

from records import END, PAGE_DATA, STATIC_DATA_END, CPUID, MSR, PV_INFO, P2M_FRAMES, Image, join_pages, has_contents
from records import HVM_CONTEXT, HVM_PARAMS, VCPU_BASIC, VCPU_EXTENDED, VCPU_MSRS, VCPU_XSAVE, record, split_pages

NAMES = {END: "END", PAGE_DATA: "PAGE_DATA", PV_INFO: "X86_PV_INFO", P2M_FRAMES: "X86_PV_P2M_FRAMES",
         VCPU_BASIC: "X86_PV_VCPU_BASIC", VCPU_EXTENDED: "X86_PV_VCPU_EXTENDED", VCPU_XSAVE: "X86_PV_VCPU_XSAVE",
         7: "SHARED_INFO", 8: "X86_TSC_INFO", HVM_CONTEXT: "HVM_CONTEXT", HVM_PARAMS: "HVM_PARAMS",
         VCPU_MSRS: "X86_PV_VCPU_MSRS", STATIC_DATA_END: "STATIC_DATA_END", CPUID: "X86_CPUID_POLICY",
         MSR: "X86_MSR_POLICY"}




def called(base, at):
    kind = base.image.records[at][0]
    return "%s (record %d)" % (NAMES.get(kind, hex(kind)), at + 1)


def any_record(base, rng, *but):
    return rng.choice([at for at, (kind, _) in enumerate(base.image.records) if kind not in but])


def joined(base, records):
    return Image(base.image.head, records).octets()


def dropped(base, rng):
    at = any_record(base, rng)
    records = list(base.image.records)
    where = called(base, at)
    del records[at]
    return where, joined(base, records)


def doubled(base, rng):
    at = any_record(base, rng, END)
    records = list(base.image.records)
    records.insert(at, records[at])
    return called(base, at), joined(base, records)


def stage(base, at):
    """Records of one stage may stand in any order; those of a later one behind those of an earlier."""
    kind = base.image.records[at][0]
    if kind in (PV_INFO, CPUID, MSR):
        return 0
    if kind == PAGE_DATA:
        return 3 + at / len(base.image.records)  # one pass goes upwards
    return {STATIC_DATA_END: 1, P2M_FRAMES: 2, END: 9}.get(kind, 8)


def swapped(base, rng):
    """Two records whose order is fixed: those of one stage that are not memory have none."""
    records = list(base.image.records)
    while True:
        one, two = sorted(rng.sample(range(len(records)), 2))
        if records[one] != records[two] and stage(base, one) != stage(base, two):
            break
    where = "%s and %s" % (called(base, one), called(base, two))
    records[one], records[two] = records[two], records[one]
    return where, joined(base, records)


def resized(base, rng, at, body):
    """A record with that body; its header tells the new length, or still the old one."""
    kind, old = base.image.records[at]
    records = list(base.image.records)
    records[at] = (kind, body)
    if rng.random() < 0.5:
        return "%s, length told" % called(base, at), joined(base, records)
    records[at] = struct.pack("<II", kind, len(old)) + record(kind, body)[8:]
    return "%s, length as before" % called(base, at), joined(base, records)


def truncated(base, rng):
    """Some octets less at the end of a body; whole entries of a list that may have any number of them are no fault."""
    places = [at for at, (_, body) in enumerate(base.image.records) if body]
    at = rng.choice(places)
    kind, body = base.image.records[at]
    missing = rng.randrange(1, min(len(body), 5000) + 1)
    where, octets = resized(base, rng, at, body[:len(body) - missing])
    if kind in (VCPU_MSRS, MSR) and missing % 16 == 0 and where.endswith("told"):
        return None
    if len(octets) == len(base.octets):  # the cut was padding again
        return None
    return "%s, %d octets less" % (where, missing), octets


def grown(base, rng):
    at = any_record(base, rng)
    body = base.image.records[at][1]
    more = rng.randrange(1, 5000)
    where, octets = resized(base, rng, at, body + rng.randbytes(more))
    return "%s, %d octets more" % (where, more), octets


def memory_record(base, rng):
    at = rng.choice([at for at, (kind, _) in enumerate(base.image.records) if kind == PAGE_DATA])
    entries, contents = split_pages(base.image.records[at][1])
    return at, entries, contents


def with_pages(base, at, entries, contents):
    records = list(base.image.records)
    records[at] = (PAGE_DATA, join_pages(entries, contents))
    return joined(base, records)


def pfn_doubled(base, rng):
    """An entry names the pfn of another one."""
    at, entries, contents = memory_record(base, rng)
    if len(entries) < 2:
        return None
    one, two = rng.sample(range(len(entries)), 2)
    pfn = (1 << 52) - 1
    changed = list(entries)
    changed[one] = entries[one] & ~pfn | entries[two] & pfn
    return "%s, entry %d as entry %d" % (called(base, at), one, two), with_pages(base, at, changed, contents)


def pfn_missing(base, rng):
    """An entry is left out, with its page.

    A hole at the end of an HVM guest is nothing that could be missed.
    """
    at, entries, contents = memory_record(base, rng)
    one = rng.randrange(len(entries))
    last = one == len(entries) - 1 and not base.pv
    if len(entries) < 2 or not has_contents(entries[one]) and last:
        return None
    before = 4096 * sum(map(has_contents, entries[:one]))
    behind = before + 4096 * has_contents(entries[one])
    where = "%s, pfn %#x" % (called(base, at), entries[one] & (1 << 52) - 1)
    return where, with_pages(base, at, entries[:one] + entries[one + 1:], contents[:before] + contents[behind:])


def static_end_moved(base, rng):
    at = base.image.find(STATIC_DATA_END)
    records = list(base.image.records)
    moved = records.pop(at)
    to = rng.choice([place for place in range(len(records) + 1) if place != at])
    records.insert(to, moved)
    return "to place %d" % (to + 1), joined(base, records)


def behind_end(base, rng):
    if rng.random() < 0.5:
        more = rng.randbytes(rng.randrange(1, 4096))
        return "%d octets" % len(more), base.octets + more
    at = any_record(base, rng)
    return "%s again" % called(base, at), base.octets + record(*base.image.records[at])


def cut(base, rng):
    at = rng.randrange(40, len(base.octets))
    return "at %#x" % at, base.octets[:at]


KINDS = {
    "record dropped": dropped,
    "record doubled": doubled,
    "two records swapped": swapped,
    "record truncated": truncated,
    "record grown": grown,
    "pfn doubled": pfn_doubled,
    "pfn missing": pfn_missing,
    "STATIC_DATA_END moved": static_end_moved,
    "data after END": behind_end,
    "file cut": cut,
}
