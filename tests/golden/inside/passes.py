"""Memory as the records tell it: the last type of every pfn, the histogram, the passes of a live save.

A pass is a run through memory in ascending order: a pfn that is not above all of its pass begins the next one, and so
do VERIFY and CHECKPOINT. The state of a checkpointed image is that of its last complete checkpoint.
"""

import struct

PAGE = 4096
WITH_DATA = {0, 1, 2, 3, 4, 9, 10, 11, 12}
PAGE_DATA, VERIFY, CHECKPOINT, END = 1, 13, 14, 0


class Pass:
    """entries: of all types; contents: those with a page; again: those whose pfn was named before."""

    def __init__(self, record, checkpoint, verify):
        self.first_record, self.last_record, self.checkpoint, self.verify = record, record, checkpoint, verify
        self.entries = self.contents = self.again = 0
        self.highest = -1


class Memory:
    """contents: pfn -> offset in the file of its last contents; types: pfn -> its last type; passes."""

    def __init__(self, image):
        self.types, self.contents, self.passes = {}, {}, []
        self.open, self.verifying, self.commits = False, False, 0
        kept = None
        for record in image.records:
            if record.kind == PAGE_DATA:
                self.page_data(record)
            elif record.kind in (VERIFY, CHECKPOINT):
                self.open = False
                self.verifying = self.verifying or record.kind == VERIFY
                if record.kind == CHECKPOINT and record.number <= image.complete:
                    kept = dict(self.types), dict(self.contents)
                    self.commits += 1
        if kept and image.records[-1].kind != END:
            self.types, self.contents = kept

    def pass_for(self, pfn, number):
        if not self.open or pfn <= self.passes[-1].highest:
            self.passes.append(Pass(number, self.commits, self.verifying))
            self.open = True
        return self.passes[-1]

    def page_data(self, record):
        count = struct.unpack_from('<I', record.body)[0]
        at = record.body_offset + 8 + 8 * count
        for word in struct.unpack_from('<%dQ' % count, record.body, 8):
            pfn, kind = word & (1 << 52) - 1, word >> 60
            now = self.pass_for(pfn, record.number)
            now.highest, now.last_record = pfn, record.number
            now.entries += 1
            now.contents += kind in WITH_DATA
            now.again += pfn in self.types
            here, at = at, at + PAGE * (kind in WITH_DATA)
            if self.verifying and pfn in self.types:
                continue  # a comparison, not a state
            self.types[pfn] = kind
            if kind in WITH_DATA:
                self.contents[pfn] = here

    def histogram(self):
        counts = {}
        for kind in self.types.values():
            counts[kind] = counts.get(kind, 0) + 1
        return counts


def state(image):
    """The records that stand at the end: the last of each type (and vCPU), as of the last complete checkpoint."""
    found, vcpu_kinds = {}, (4, 5, 6, 12)
    for record in image.records:
        if image.complete and image.records[-1].kind != END and record.number > image.complete:
            break
        if record.kind in (PAGE_DATA, VERIFY, CHECKPOINT, END, 16):
            continue
        vcpu = struct.unpack_from('<I', record.body)[0] if record.kind in vcpu_kinds else 0
        found[record.kind, vcpu] = record
    return sorted(found.values(), key=lambda record: record.number)
