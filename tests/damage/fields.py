"""Field faults: one bit, or one field, of a structure inside a record or of a page table is not what it was.

The frame stays whole: whether anybody notices depends on what the values mean.
"""
import struct

from inside import image, passes, structures

SHOWN = {"basic": "vCPU context", "extended": "extended context", "xsave": "XSAVE", "CPU_XSAVE": "XSAVE",
         "msrs": "MSRs", "CPU_MSR": "MSRs", "leaves": "CPUID leaf", "params": "HVM_PARAMS",
         "tsc_info": "X86_TSC_INFO", "p2m_frames": "X86_PV_P2M_FRAMES", "pv_info": "X86_PV_INFO"}
OPAQUE = ("component", "rest", "behind", "head")  # nobody could know what is wrong there
PRESENT = 1


class Target:
    """length octets at offset `at` of the image; layout: their structure, by which a field is chosen, or None."""

    def __init__(self, at, length, layout=None):
        self.at, self.length, self.layout = at, length, layout


class Tables:
    """What is to be known of a PV guest for wrong page-table entries."""

    def __init__(self, memory):
        self.holes = [pfn for pfn, kind in memory.types.items() if kind == 15]
        self.tables = [pfn for pfn, kind in memory.types.items() if 1 <= kind & 7 <= 4 and kind < 13]
        self.highest = max(memory.types)


def member(layout, length, rng, at=0):
    """(offset, width) of a number of a structure of so many octets: each member alike, however often it is there."""
    here = [field for field in layout.fields if field.offset + field.width <= length]
    field = rng.choice(here)
    count = 1 if field.count is None else field.count or (length - field.offset) // field.width
    at += field.offset + field.width * rng.randrange(count)
    return member(field.inner, field.inner.size, rng, at) if field.inner else (at, field.width)


def in_records(view, found):
    """(kind's name, Target) of every structure in the records."""
    for record in found.records:
        for part in structures.structures(view, record):
            name = SHOWN.get(part.name, part.name)
            if part.name == "msrs" and record.kind == 18:
                name = "MSR policy"
            size = part.layout.size if isinstance(part.fields, list) else part.length
            for at in range(0, part.length, size or 1):
                yield name, Target(record.body_offset + part.at + at, size, part.layout)


def in_memory(view, found, memory):
    """The same of start_info and of present page-table entries."""
    info = structures.start_info(view, found, memory)
    if info:
        yield "start_info", Target(info[1], info[0].length, info[0].layout)
    for pfn, kind in memory.types.items():
        if not (1 <= kind & 7 <= 4 and kind < 13):
            continue
        page = memory.contents[pfn]
        for at in range(page, page + 4096, 8):
            if found.octets[at] & PRESENT:
                yield "L%d entry" % (kind & 7), Target(at, 8)


def targets(base):
    """kind -> [Target], and what is to be known of the page tables."""
    found = image.Image(base.octets)
    view, memory = structures.View(found), passes.Memory(found)
    every = {}
    for name, target in in_records(view, found):
        every.setdefault(name, []).append(target)
    if base.pv:
        for name, target in in_memory(view, found, memory):
            every.setdefault(name, []).append(target)
    return {name: some for name, some in every.items() if not name.startswith(OPAQUE)}, Tables(memory)


def flipped(base, target, tables, rng):
    """One bit."""
    at = target.at + rng.randrange(target.length)
    return at, bytes([base.octets[at] ^ 1 << rng.randrange(8)])


def entry_elsewhere(base, target, tables, rng):
    """A page-table entry names a hole, a table, a frame that is not the guest's, or has bits that none may have."""
    word = struct.unpack_from("<Q", base.octets, target.at)[0]
    pfns = [tables.highest + 1 + rng.randrange(1 << 20), rng.choice(tables.tables)]
    pfns += [rng.choice(tables.holes)] if tables.holes else []
    other = word & ~(((1 << 40) - 1) << 12) | rng.choice(pfns) << 12
    return target.at, struct.pack("<Q", other)


def wrong(base, target, tables, rng):
    """One field has any other value."""
    if target.layout is None:
        return entry_elsewhere(base, target, tables, rng)
    at, width = member(target.layout, target.length, rng)
    return target.at + at, rng.randbytes(width)


WAYS = {"one bit": flipped, "one field": wrong}


def fault(base, target, tables, way, rng):
    """(where, octets), or None where nothing changed."""
    at, now = WAYS[way](base, target, tables, rng)
    if base.octets[at:at + len(now)] == now:
        return None
    return "%s at %#x" % (way, at), base.octets[:at] + now + base.octets[at + len(now):]
