"""What "godwit digest" prints of a legacy image, and what it has to print: one form of digest mapped to the other."""

import struct

import facts
import xenf
from facts import span


class Printed:
    """guest; pfns; pages: pfn -> (type, sha or '-'); blobs: name -> (length, sha)."""

    def __init__(self, text):
        self.guest = self.pfns = None
        self.pages, self.blobs = {}, {}
        for line in text.splitlines():
            name, *words = line.split() or ['#']
            if name == 'guest':
                self.guest = words[0]
            elif name == 'pfns':
                self.pfns = int(words[0])
            elif name == 'page':
                self.pages.update({pfn: (int(words[1], 16) >> 28, words[2]) for pfn in span(words[0])})
            elif name == 'blob':
                self.blobs[words[0]] = int(words[1]), words[2]

    def lines(self):
        return {'guest %s' % self.guest} | {'page %x %x %s' % (pfn, *one) for pfn, one in self.pages.items()} | {
            'blob %s %d %s' % (name, *one) for name, one in self.blobs.items()}


def blob(octets):
    return len(octets), facts.sha(octets)


def expected(found, levels, params):
    """The lines that an image with these Facts (wanted()) must have; params: (index, value) in the record's order."""
    lines = {'guest %s' % found.guest}
    lines |= {'page %x %x %s' % (pfn, *one) for pfn, one in found.pages.items()}
    lines |= {'page %x %x -' % (pfn, xenf.BROKEN) for pfn in found.broken}
    lines |= {'page %x %x -' % (pfn, xenf.XALLOC) for pfn in found.allocated}
    blobs = {name.replace('-', '_'): one for name, one in found.blobs.items() if name != 'device-model'}
    if found.tsc is not None:
        blobs['tsc_info'] = blob(struct.pack('<IIQII', *found.tsc, 0))
    if found.guest == 'hvm':
        blobs['hvm_params'] = blob(struct.pack('<II', len(params), 0) + b''.join(
            struct.pack('<QQ', *pair) for pair in params))
    else:
        blobs['pv_info'] = blob(bytes([int(found.guest[2:]) // 8, levels]) + bytes(6))
        blobs['pv_p2m_frames'] = blob(struct.pack('<II%dQ' % len(found.frames), 0, found.pfns - 1, *found.frames))
    return lines | {'blob %s %d %s' % (name, *one) for name, one in blobs.items()}


# Blobs of what stands around the image: they are compared elsewhere.
WRAPPINGS = ('libxl_', 'xl_', 'xend_', 'xenopsd_', 'libvirt_')


def differ(text, found, converted, stale):
    """'' or what "godwit digest" prints wrongly."""
    printed = Printed(text)
    lines = {line for line in printed.lines() if not line.split()[1].startswith(WRAPPINGS)}
    params = getattr(converted, 'params', None)
    levels = getattr(converted, 'levels', None)
    may = {'page %x %x %s' % (pfn, *one) for pfn, one in stale.items()}
    return facts.differ(expected(found, levels, params) - may, lines - may)
