"""records.py - an image as a header and a list of records that a test takes apart, changes and joins again.

It knows the framing and the head of PAGE_DATA, nothing else, and believes what it reads: for images that are known to
be good. A record is (type, body), or octets that go into the file as they are.
"""
import lzma
import pathlib
import struct

HEAD = 40
(END, PAGE_DATA, PV_INFO, P2M_FRAMES, VCPU_BASIC, VCPU_EXTENDED, VCPU_XSAVE, SHARED_INFO, TSC_INFO, HVM_CONTEXT,
 HVM_PARAMS, TOOLSTACK, VCPU_MSRS, VERIFY, CHECKPOINT, DIRTY_PFNS, STATIC_DATA_END, CPUID, MSR) = range(19)
WITH_CONTENTS = (0, 1, 2, 3, 4, 9, 10, 11, 12)
PFN = (1 << 52) - 1


def read(path):
    """A file's octets; .xz files are unpacked."""
    path = pathlib.Path(path)
    return lzma.open(path).read() if path.suffix == ".xz" else path.read_bytes()


def record(rtype, body=b"", pad=0):
    return struct.pack("<II", rtype, len(body)) + body + bytes([pad]) * (-len(body) % 8)


def flip(octets, at, mask=1):
    changed = bytearray(octets)
    changed[at] ^= mask
    return bytes(changed)


def put(octets, at, form, *values):
    changed = bytearray(octets)
    struct.pack_into(form, changed, at, *values)
    return bytes(changed)


def split_pages(body):
    """PAGE_DATA's entries, and the contents behind them."""
    count, = struct.unpack_from("<I", body)
    return list(struct.unpack_from("<%dQ" % count, body, 8)), body[8 + 8 * count:]


def join_pages(entries, contents, count=None, reserved=0):
    count = len(entries) if count is None else count
    return struct.pack("<II%dQ" % len(entries), count, reserved, *entries) + contents


def has_contents(entry):
    return entry >> 60 in WITH_CONTENTS


class Image:
    def __init__(self, head, records):
        self.head = head
        self.records = list(records)

    @classmethod
    def parse(cls, data):
        records, at = [], HEAD
        while at < len(data):
            rtype, length = struct.unpack_from("<II", data, at)
            records.append((rtype, data[at + 8:at + 8 + length]))
            at += 8 + (length + 7 & ~7)
        return cls(data[:HEAD], records)

    def octets(self):
        return self.head + b"".join(r if isinstance(r, bytes) else record(*r) for r in self.records)

    def find(self, rtype, nth=0):
        """Where the nth record of a type stands, or None."""
        places = [i for i, r in enumerate(self.records) if r[0] == rtype]
        return places[nth] if len(places) > nth else None

    def body(self, rtype, nth=0):
        return self.records[self.find(rtype, nth)][1]

    def with_head(self, change):
        return Image(change(self.head), self.records)

    def with_records(self, records):
        return Image(self.head, records)

    def with_body(self, rtype, change, nth=0):
        """The image with one body changed, or None where there is no such record."""
        at = self.find(rtype, nth)
        if at is None:
            return None
        return self.with_records(self.records[:at] + [(rtype, change(self.records[at][1]))] + self.records[at + 1:])

    def without(self, rtype, nth=0):
        at = self.find(rtype, nth)
        return None if at is None else self.with_records(self.records[:at] + self.records[at + 1:])

    def before(self, rtype, *more, nth=0):
        """The image with records put in front of the nth one of a type."""
        at = self.find(rtype, nth)
        return None if at is None else self.with_records(self.records[:at] + list(more) + self.records[at:])

    def behind(self, rtype, *more, nth=0):
        at = self.find(rtype, nth)
        return None if at is None else self.with_records(self.records[:at + 1] + list(more) + self.records[at + 1:])
