"""changes.py - the ways in which the cases change an image: each returns a function from an Image of
tests/golden/xenf.py to a changed one (or to octets). They find what they change, so that one case fits images of
different layout."""
import struct

from xenf import (END, PAGE, PAGE_DATA, Record, STATIC_DATA_END, WITH_DATA, X86_PV_P2M_FRAMES,
                  X86_PV_VCPU_BASIC, X86_PV_VCPU_EXTENDED, X86_PV_VCPU_MSRS, checkpoint, vcpu)

PFN = (1 << 52) - 1


def v2(image):
    """The image as an older Xen wrote it: version 2, and nothing of what only version 3 has."""
    return image.drop(*image.all(STATIC_DATA_END), *image.all(0x11), *image.all(0x12)).with_ihdr(version=2) \
        .with_dhdr(minor=10)


def drop(kind):
    return lambda image: image.drop(*image.all(kind))


def before(kind, *records):
    return lambda image: image.insert(image.find(kind), *records)


def behind(kind, *records, nth=0):
    return lambda image: image.insert(image.find(kind, nth) + 1, *records)


def first(*records):
    return lambda image: image.insert(0, *records)


def again(kind):
    return lambda image: image.insert(image.find(kind) + 1, image.get(kind))


def move_before(kind, other):
    """The record in front of the first of another type."""
    def run(image):
        record = image.get(kind)
        rest = image.drop(image.find(kind))
        return rest.insert(rest.find(other), record)
    return run


def move_behind(kind, other):
    def run(image):
        record = image.get(kind)
        rest = image.drop(image.find(kind))
        return rest.insert(rest.find(other) + 1, record)
    return run


def move_first(kind):
    return lambda image: image.move(image.find(kind), 0)


def body(kind, change):
    """Change the body of the first record of a type."""
    def run(image):
        old = image.get(kind)
        return image.replace(image.find(kind), Record(kind, change(old.body), old.pad))
    return run


def patch(kind, at, form, *values):
    return lambda image: image.replace(image.find(kind), image.get(kind).patched(at, struct.pack(form, *values)))


def chain(*steps):
    def run(image):
        for step in steps:
            image = step(image)
        return image
    return run


# PAGE_DATA as a list of [word, content or None].

def split(record):
    count = struct.unpack_from("<I", record.body)[0]
    words, at, pages = struct.unpack_from("<%dQ" % count, record.body, 8), 8 + 8 * count, []
    for word in words:
        content = None
        if word >> 60 in WITH_DATA:
            content = record.body[at:at + PAGE]
            at += PAGE
        pages.append([word, content])
    return pages


def join(pages):
    words = struct.pack("<II%dQ" % len(pages), len(pages), 0, *(word for word, _ in pages))
    return Record(PAGE_DATA, words + b"".join(content for _, content in pages if content is not None))


def pages(change):
    """change(list of [word, content]) changes the list of the first PAGE_DATA, or returns another."""
    def run(image):
        listed = split(image.get(PAGE_DATA))
        changed = change(listed)
        return image.replace(image.find(PAGE_DATA), join(listed if changed is None else changed))
    return run


def page_record(*words, content=None):
    """A PAGE_DATA record of its own; entries whose type has contents get the page."""
    content = b"\xf4\xeb\xfd".ljust(PAGE, b"\0") if content is None else content
    return join([[word, content if word >> 60 in WITH_DATA else None] for word in words])


def word(pfn, kind=0):
    return pfn | kind << 60


def all_pages_again(image, change=None):
    """The whole memory once more in one record, as a verify pass sends it."""
    last = {w & PFN: [w, c] for record in image.records if record.kind == PAGE_DATA for w, c in split(record)}
    listed = [last[pfn] for pfn in sorted(last)]
    if change:
        change(listed)
    return join(listed)


# What a PV image says of itself.

def end_pfn(image):
    return struct.unpack_from("<II", image.get(X86_PV_P2M_FRAMES).body)[1]


def frame(image):
    """The first page of the p2m list: an ordinary page."""
    return struct.unpack_from("<Q", image.get(X86_PV_P2M_FRAMES).body, 8)[0]


def is_wide(image):
    return len(image.get(X86_PV_VCPU_BASIC).body) == 8 + 5168


def root(image):
    """The page table that vCPU 0's cr3 names."""
    if is_wide(image):
        return struct.unpack_from("<Q", image.get(X86_PV_VCPU_BASIC).body, 8 + 0x1390)[0] >> 12
    return struct.unpack_from("<I", image.get(X86_PV_VCPU_BASIC).body, 8 + 0xAA8)[0] >> 12


def basic(at, form, value):
    """A field of vCPU 0's basic state: its offset in the blob; value may be a function of the image."""
    def run(image):
        number = value(image) if callable(value) else value
        return patch(X86_PV_VCPU_BASIC, 8 + at, form, number)(image)
    return run


def sane(kind, size, number):
    """size octets that say inside what they have to say; the rest is zero."""
    heads = {X86_PV_VCPU_EXTENDED: struct.pack("<II", number, size), X86_PV_VCPU_MSRS: struct.pack("<I", 0x48)}
    return heads.get(kind, b"").ljust(size, b"\0")[:size]


def more_vcpu(kind, size, number=0, blob=None):
    """A further vCPU record behind vCPU 0's BASIC, in place of one of its kind that is there."""
    def run(image):
        image = image.drop(*[i for i in image.all(kind) if image.records[i].body[:4] == struct.pack("<I", number)])
        return behind(X86_PV_VCPU_BASIC, vcpu(kind, number, sane(kind, size, number) if blob is None else blob))(image)
    return run


def table_entry(value):
    """Put a page table entry into slot 0 of the root table; value may be a function of the image."""
    def run(image):
        number = value(image) if callable(value) else value

        def change(listed):
            for page in listed:
                if page[0] & PFN == root(image):
                    page[1] = struct.pack("<Q", number) + page[1][8:]
        return pages(change)(image)
    return run


# Checkpoints.

def remus(*behind_first):
    """The image without END, ending with CHECKPOINT, and what follows it."""
    return lambda image: image.replace(image.find(END), checkpoint(), *behind_first)


def without_end(image):
    return image.drop(*image.all(END))


def tail_again(image):
    """The records behind the memory, as each checkpoint repeats them."""
    last = max(image.all(PAGE_DATA))
    return [r for r in image.records[last + 1:] if r.kind not in (END, 13, 14)]
