"""The page compression of checkpointed legacy images: the sender with its cache, and what a receiver makes of it.

A word has 4 octets, a page 1024 words. Written from the format's reference alone.
"""

from collections import OrderedDict

PAGE, WORDS, RUN_MAX = 4096, 1024, 127
EMPTY, FULL, SKIP = 0, 0x80, 0x80
CACHE_PAGES = 8192
OUTPUT_OCTETS = 16 << 20
ROOM = {True: 4097, False: 4105}  # octets that have to be free before a page: FULL, delta


def delta(old, new):
    """Runs that make new of old; the single octet EMPTY where nothing differs."""
    if old == new:
        return bytes([EMPTY])
    octets, at = bytearray(), 0
    same = [old[4 * n:4 * n + 4] == new[4 * n:4 * n + 4] for n in range(WORDS)]
    while at < WORDS:
        kind, end = same[at], at
        while end < WORDS and end - at < RUN_MAX and same[end] == kind:
            end += 1
        octets.append((SKIP if kind else 0) | end - at)
        if not kind:
            octets += new[4 * at:4 * end]
        at = end
    return bytes(octets)


def full(page):
    return bytes([FULL]) + page


class Sender:
    """Encodes pages in the order in which they are sent; the cache begins empty when compression starts."""

    def __init__(self, size=CACHE_PAGES):
        self.cache, self.size = OrderedDict(), size

    def page(self, pfn, page, is_table):
        """(whether it is sent whole, octets)"""
        if is_table:
            self.cache.pop(pfn, None)
            return True, full(page)
        old = self.cache.get(pfn)
        if old is None and len(self.cache) == self.size:
            self.cache.popitem(last=False)  # the least recently used
        self.cache[pfn] = page
        self.cache.move_to_end(pfn)
        return (True, full(page)) if old is None else (False, delta(old, page))

    def chunks(self, pages, room=OUTPUT_OCTETS):
        """Payloads of the chunks for (pfn, contents, is_table): no page is split over two of them."""
        found, now = [], bytearray()
        for pfn, contents, is_table in pages:
            whole, octets = self.page(pfn, contents, is_table)
            if room - len(now) < ROOM[whole]:
                found.append(bytes(now))
                now = bytearray()
            now += octets
        return found + [bytes(now)]


class Corrupt(Exception):
    """The octets are no sequence of pages."""


def decode_page(buf, at, old):
    """(page, where the next begins); old: the pfn's last contents."""
    def need(count):
        if at + count > len(buf):
            raise Corrupt('%d octets are missing at %d' % (at + count - len(buf), at))

    need(1)
    first = buf[at]
    at += 1
    if first == EMPTY:
        return old, at
    if first == FULL:
        need(PAGE)
        return buf[at:at + PAGE], at + PAGE
    page, cursor = bytearray(old), 0
    while True:
        words = first & 0x7F
        if not words or cursor + words > WORDS:
            raise Corrupt('a run of %d words at word %d' % (words, cursor))
        if not first & SKIP:
            need(4 * words)
            page[4 * cursor:4 * (cursor + words)] = buf[at:at + 4 * words]
            at += 4 * words
        cursor += words
        if cursor == WORDS:
            return bytes(page), at
        need(1)
        first = buf[at]
        at += 1


def decode(buf, pfns, contents):
    """contents (pfn -> page) brought up to date with all that stands in buf for these pfns, in order."""
    at = 0
    for pfn in pfns:
        contents[pfn], at = decode_page(buf, at, contents.get(pfn, bytes(PAGE)))
    if at != len(buf):
        raise Corrupt('%d octets behind the last page' % (len(buf) - at))
