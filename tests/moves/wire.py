"""The talk of two godwits as octets on a link: where each chunk begins and ends, and where contents lie.

Written from the format's description alone: length, type, data, crc; a PAGE's contents follow behind its crc. It must
not know what a chunk is good for. Splitter takes octets as they come, split() takes all of a direction at once.
"""
import collections
import struct
import zlib

HEAD, CRC = 8, 4
PAGE_HEAD = 24  # of a PAGE's data: what is needed to know how many octets are attached

# start: of its length field; end: behind its crc; until: behind the attached octets.
Chunk = collections.namedtuple('Chunk', 'letters start length end until')


class Splitter:
    """Chunks of one direction, as its octets come."""

    def __init__(self):
        self.chunks = []
        self.taken = 0  # octets so far
        self.next = 0   # where the next chunk begins
        self.kept, self.kept_at = bytearray(), 0  # the last of them, and the offset of the first that is kept

    @property
    def clear(self):
        """All octets before it belong to chunks whose heads are known."""
        return min(self.taken, self.next)

    def feed(self, octets):
        """Returns the chunks whose heads became known by these octets."""
        known = len(self.chunks)
        self.taken += len(octets)
        self.kept += octets
        while True:
            done = min(self.next - self.kept_at, len(self.kept))
            del self.kept[:done]
            self.kept_at += done
            need = HEAD + PAGE_HEAD if self.kept[4:HEAD] == b'PAGE' else HEAD
            if self.kept_at < self.next or len(self.kept) < need:
                return self.chunks[known:]
            self.add()

    def add(self):
        length, letters = struct.unpack_from('>I4s', self.kept)
        attached, = struct.unpack_from('>Q', self.kept, HEAD + 16) if letters == b'PAGE' else (0,)
        end = self.next + HEAD + length + CRC
        self.chunks.append(Chunk(letters.decode('latin-1'), self.next, length, end, end + attached))
        self.next = end + attached


def split(octets):
    """All chunks of a direction; raises ValueError where a crc is wrong or the last one is not whole."""
    splitter = Splitter()
    splitter.feed(octets)
    for chunk in splitter.chunks:
        if chunk.until > len(octets):
            raise ValueError('%s at %d is cut' % (chunk.letters, chunk.start))
        covered = octets[chunk.start + 4:chunk.end - CRC]
        if zlib.crc32(covered) != struct.unpack_from('>I', octets, chunk.end - CRC)[0]:
            raise ValueError('%s at %d has another crc' % (chunk.letters, chunk.start))
    if splitter.next != len(octets):
        raise ValueError('%d octets behind the last chunk' % (len(octets) - splitter.next))
    return splitter.chunks


def boundaries(octets):
    """Offsets between chunks, behind heads, and between a PAGE and its contents; what is cut at the end is left out."""
    splitter = Splitter()
    splitter.feed(octets)
    found = {0}
    for chunk in splitter.chunks:
        found |= {chunk.start, chunk.start + HEAD, chunk.end, chunk.until}
    return sorted(offset for offset in found if offset <= len(octets))


def contents(octets):
    """[(offset, length)] of the attached octets of PAGEs."""
    splitter = Splitter()
    splitter.feed(octets)
    return [(chunk.end, chunk.until - chunk.end) for chunk in splitter.chunks if chunk.until > chunk.end]


def find(octets, letters, nth=0):
    """The nth chunk of that type, or None."""
    splitter = Splitter()
    splitter.feed(octets)
    found = [chunk for chunk in splitter.chunks if chunk.letters == letters]
    return found[nth] if nth < len(found) else None
