"""What is known of an image, in the words of the digests that came with the real ones: from a digest, from a State.

Two Facts are compared as sets of lines, so that what differs can be read.
"""

import hashlib

from legacy import BROKEN, XALLOC


def sha(octets):
    return hashlib.sha256(octets).hexdigest()


class Facts:
    """pages: pfn -> (type, sha); stale the same; broken, unmapped: sets; blobs: name -> (length, sha)."""

    def __init__(self):
        self.pages, self.stale, self.broken, self.unmapped, self.allocated = {}, {}, set(), set(), set()
        self.blobs, self.masks, self.params, self.tsc = {}, {}, {}, None
        self.online = self.highest = self.frames = self.guest = self.toolstack = self.pfns = None
        self.checkpoints, self.wrapper, self.tmem, self.chunks = 1, None, None, None

    def lines(self, skip=()):
        """Everything, a fact in a line, but what is named in skip."""
        found = ['%s %s' % (name, getattr(self, name)) for name in
                 ('guest', 'toolstack', 'pfns', 'checkpoints', 'online', 'highest', 'frames', 'tsc', 'chunks', 'tmem')
                 if getattr(self, name) is not None]
        found += ['page %x %x %s' % (pfn, *one) for pfn, one in self.pages.items()]
        found += ['unmapped %x' % pfn for pfn in self.unmapped] + ['broken %x' % pfn for pfn in self.broken]
        found += ['blob %s %d %s' % (name, *one) for name, one in self.blobs.items()]
        found += ['xsave-mask %s %x' % one for one in self.masks.items()]
        found += ['hvmparam %d %x' % one for one in self.params.items()]
        return {line for line in found if not any(line.startswith(word) for word in skip)}


def span(word):
    first, _, last = word.partition('-')
    return range(int(first, 16), int(last or first, 16) + 1)


def of_digest(text):
    facts = Facts()
    for line in text.splitlines():
        name, *words = line.split()
        if name == 'page':
            facts.pages.update({pfn: (int(words[1], 16), words[2]) for pfn in span(words[0])})
        elif name == 'stale':
            facts.stale.update({pfn: (int(words[1], 16), words[2]) for pfn in span(words[0])})
        elif name in ('broken', 'unmapped'):
            getattr(facts, name).update(span(words[0]))
        elif name == 'blob':
            facts.blobs[words[0]] = int(words[1]), words[2]
        elif name == 'xsave-mask':
            facts.masks[words[0]] = int(words[1], 16)
        elif name == 'hvmparam':
            facts.params[int(words[0])] = int(words[1], 16)
        elif name == 'tsc':
            facts.tsc = int(words[1]), int(words[3]), int(words[5]), int(words[7])
        elif name == 'vcpus':
            facts.highest, facts.online = int(words[1]), [int(word) for word in words[3:]]
        elif name == 'p2m-frames':
            facts.frames = [int(word, 16) for word in words]
        elif name in ('pfns', 'toolstack', 'checkpoints'):
            setattr(facts, name, int(words[0]))
        elif name == 'wrapper':
            facts.wrapper = words[0], int(words[2])
        elif name == 'guest':
            facts.guest = words[0]
        elif name in ('tmem', 'chunks'):
            setattr(facts, name, ' '.join(words))
    return facts


def of_state(state):
    """As the digest of its image would have them."""
    facts = Facts()
    facts.guest = 'pv%d' % (8 * state.width) if state.pv else 'hvm'
    facts.pfns, facts.checkpoints, facts.tsc = state.pfns, state.checkpoints, state.tsc
    for pfn, (kind, page) in state.memory.items():
        if page is not None:
            facts.pages[pfn] = kind, sha(page)
        elif kind == BROKEN:
            facts.broken.add(pfn)
        elif kind == XALLOC:
            facts.allocated.add(pfn)
    facts.unmapped, facts.params = set(state.unmapped), dict(state.params)
    if state.pv:
        facts.online, facts.frames = sorted(state.vcpus), state.frames
    blobs = {'shared-info': state.shared_info, 'hvm-context': state.context, 'device-model': state.qemu,
             'toolstack': state.toolstack}
    for number, vcpu in state.vcpus.items():
        blobs.update({'vcpu%d-%s' % (number, name): getattr(vcpu, name) for name in ('basic', 'extended', 'xsave')})
        if vcpu.xsave is not None:
            facts.masks['vcpu%d-xsave' % number] = vcpu.mask
    facts.blobs = {name: (len(octets), sha(octets)) for name, octets in blobs.items() if octets is not None}
    return facts


def of_reading(reading):
    """As the digest of the whole file would have them."""
    facts = of_state(reading.state)
    facts.toolstack = 8 * reading.width
    facts.wrapper = (reading.wrapping.kind, reading.wrapping.begin) if reading.wrapping.kind else None
    facts.blobs.update({name: (len(octets), sha(octets)) for name, octets in reading.wrapping.blobs.items()})
    if reading.pv:
        facts.highest = reading.highest
    count = ['%d:%d' % one for one in sorted(reading.chunks.items(), reverse=True)]
    facts.chunks = ' '.join(count + ['batches:%d' % reading.batches])
    return facts


def differ(want, got, limit=20):
    """'' or the lines that only one of two sets has."""
    lines = ['- ' + line for line in sorted(want - got)[:limit]] + ['+ ' + line for line in sorted(got - want)[:limit]]
    return '\n'.join(lines)
