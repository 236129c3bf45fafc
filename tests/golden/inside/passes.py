"""Memory as the records tell it: the last type of every pfn, the histogram, the passes of a live save."""

import struct

PAGE = 4096
WITH_DATA = {0, 1, 2, 3, 4, 9, 10, 11, 12}
TYPES = {0: 'NOTAB', 1: 'L1TAB', 2: 'L2TAB', 3: 'L3TAB', 4: 'L4TAB', 9: 'L1TAB|PIN', 10: 'L2TAB|PIN', 11: 'L3TAB|PIN',
         12: 'L4TAB|PIN', 13: 'BROKEN', 14: 'XALLOC', 15: 'XTAB'}


class Pass:
    """entries: of all types; pages: those with contents."""

    def __init__(self, record):
        self.record, self.entries, self.pages, self.highest, self.lowest = record, 0, 0, -1, None


class Memory:
    """contents: pfn -> offset in the file of its last contents; types: pfn -> its last type."""

    def __init__(self, image):
        self.types, self.contents, self.passes = {}, {}, []
        for record in image.all(1):
            self.page_data(record)

    def page_data(self, record):
        count = struct.unpack_from('<I', record.body)[0]
        at = record.body_offset + 8 + 8 * count
        for word in struct.unpack_from('<%dQ' % count, record.body, 8):
            pfn, kind = word & (1 << 52) - 1, word >> 60
            if not self.passes or pfn <= self.passes[-1].highest:
                self.passes.append(Pass(record.number))
            now = self.passes[-1]
            now.entries += 1
            now.highest = pfn
            now.lowest = pfn if now.lowest is None else now.lowest
            self.types[pfn] = kind
            if kind in WITH_DATA:
                now.pages += 1
                self.contents[pfn] = at
                at += PAGE

    def histogram(self):
        counts = {}
        for kind in self.types.values():
            counts[kind] = counts.get(kind, 0) + 1
        return counts
