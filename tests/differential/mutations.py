"""Mutations of images, chosen by a seed: what a careless program, a broken disk or a stranger would make of one.

An image is taken apart into headers and records, some of these are changed, and what comes of it is put together
again; sometimes octets are flipped or cut afterwards. Small images are enough: what is looked for is two readers'
disagreement.
"""

import struct

import xenf
from xenf import PAGE, PAGE_DATA, Record

KINDS = list(range(0x15)) + [0x1F, 0x20, 0x55, 0x7FFFFFFF, 0x80000000, 0x80000001, 0x80475701, 0x80475702, 0x80475703,
                             0x80475704, 0xFFFFFFFF]
LENGTHS = [0, 1, 7, 8, 15, 16, 17, 23, 24, 4096, 1 << 20, 32 << 20, (32 << 20) + 1, 128 << 20, (128 << 20) + 1,
           0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, 0xFFFFFFFF]
PFNS = [0, 1, 5, 31, 32, 511, 512, (1 << 28) - 1, 1 << 28, 1 << 36, (1 << 52) - 1]
WORDS = [0, 1, 2, 3, 7, 8, 31, 32, 0x7F, 0x80, 0xFF, 0xFFF, 0x1000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]


def drop(rng, image):
    return image.drop(rng.randrange(len(image.records)))


def double(rng, image):
    at = rng.randrange(len(image.records))
    return image.insert(rng.randrange(len(image.records) + 1), image.records[at])


def swap(rng, image):
    return image.swap(rng.randrange(len(image.records)), rng.randrange(len(image.records)))


def move(rng, image):
    return image.move(rng.randrange(len(image.records)), rng.randrange(len(image.records)))


def add(rng, image):
    """A record that nobody asked for."""
    body = rng.randbytes(rng.choice([0, 0, 1, 5, 8, 12, 16, 24, 40, 100]))
    return image.insert(rng.randrange(len(image.records) + 1), Record(rng.choice(KINDS), body, rng.choice([0, 0, 1])))


def rename(rng, image):
    at = rng.randrange(len(image.records))
    old = image.records[at]
    return image.replace(at, Record(rng.choice(KINDS), old.body, old.pad, old.length))


def stretch(rng, image):
    """A body that is longer or shorter, and says so."""
    at = rng.randrange(len(image.records))
    old = image.records[at]
    by = rng.choice([-4096, -24, -16, -8, -4, -1, 1, 4, 8, 16, 24, 4096])
    body = old.body[:by] if by < 0 else old.body + rng.randbytes(by)
    return image.replace(at, Record(old.kind, body, old.pad))


def empty(rng, image):
    at = rng.randrange(len(image.records))
    return image.replace(at, Record(image.records[at].kind))


def lie(rng, image):
    """A length that is not the body's."""
    at = rng.randrange(len(image.records))
    old = image.records[at]
    length = rng.choice(LENGTHS + [len(old.body) + by for by in (-9, -8, -1, 1, 8) if len(old.body) + by >= 0])
    return image.replace(at, Record(old.kind, old.body, old.pad, length))


def pad(rng, image):
    at = rng.randrange(len(image.records))
    old = image.records[at]
    return image.replace(at, Record(old.kind, old.body[:-1] if rng.random() < .5 else old.body, 0x5A))


def poke(rng, image):
    """A word of a body's first octets."""
    at = rng.randrange(len(image.records))
    old = image.records[at]
    if not old.body:
        return image
    where = rng.randrange(min(len(old.body), 96)) & ~3
    return image.replace(at, old.patched(where, struct.pack('<I', rng.choice(WORDS))[:len(old.body) - where]))


def pages_of(image):
    """Where the PAGE_DATA records are that name a pfn."""
    return [at for at in image.all(PAGE_DATA) if len(image.records[at].body) >= 16 and any(image.records[at].body[:4])]


def entry(rng, image):
    """Another pfn or type in a PAGE_DATA; the contents stay, right or wrong."""
    if not pages_of(image):
        return image
    at = rng.choice(pages_of(image))
    body = image.records[at].body
    count = struct.unpack_from('<I', body)[0]
    which = 8 + 8 * rng.randrange(min(count, len(body) // 8 - 1))
    word = struct.unpack_from('<Q', body, which)[0]
    change = rng.randrange(4)
    if change == 0:
        word = word & (1 << 60) - 1 | rng.randrange(16) << 60
    elif change == 1:
        word = word & 0xF << 60 | rng.choice(PFNS)
    elif change == 2:
        word ^= 1 << rng.randrange(52, 60)
    else:
        word = word & (1 << 60) - 1 | rng.choice([0, 1, 2, 3, 4, 9, 12]) << 60
    return image.replace(at, image.records[at].patched(which, struct.pack('<Q', word)))


def more_memory(rng, image):
    """One more PAGE_DATA, right in itself."""
    pairs = []
    for _ in range(rng.choice([1, 1, 2, 5])):
        kind = rng.choice([0, 0, 0, 1, 4, 9, 13, 14, 15])
        content = None
        if kind in xenf.WITH_DATA:
            content = bytes(PAGE) if rng.random() < .2 else xenf.filled(rng.randrange(1000))
        pairs.append((rng.choice([rng.randrange(40), rng.randrange(1 << 12), rng.randrange(1 << 28)]), kind, content))
    return image.insert(rng.randrange(len(image.records) + 1), xenf.page_data(pairs))


def fill(rng, image):
    """A page becomes all zero, or another."""
    if not pages_of(image):
        return image
    at = rng.choice(pages_of(image))
    body = image.records[at].body
    first = 8 + 8 * struct.unpack_from('<I', body)[0]
    if len(body) < first + PAGE:
        return image
    where = first + PAGE * rng.randrange((len(body) - first) // PAGE)
    return image.replace(at, image.records[at].patched(where, rng.choice([bytes(PAGE), xenf.filled(77)])))


def blank(rng, image):
    """All memory is zero."""
    for at in pages_of(image):
        body = image.records[at].body
        first = 8 + 8 * struct.unpack_from('<I', body)[0]
        image = image.replace(at, Record(PAGE_DATA, body[:first] + bytes(max(len(body) - first, 0))))
    return image


def crowd(rng, image):
    """More entries than Xen writes, or than anybody reads."""
    count = (1 << 20) + 1 if rng.random() < .03 else rng.choice([1024, 1025])
    return image.insert(rng.randrange(len(image.records) + 1), xenf.page_data(xenf.holes(32, count)))


def frames(rng, image):
    """The list of a PV guest's p2m: other frames, or another range."""
    if not image.all(xenf.X86_PV_P2M_FRAMES):
        return image
    made = [rng.choice([1, 1, 9, 10, 4, 31, 32, 1 << 40]) for _ in range(rng.choice([1, 2, 3]))]
    last = rng.choice([31, 31, 0, 512 * len(made) - 1, 1024 * len(made) - 1, 0xFFFFFFFF])
    return image.replace(image.find(xenf.X86_PV_P2M_FRAMES), xenf.p2m_frames(last, made, rng.choice([0, 0, 1])))


def params(rng, image):
    if not image.all(xenf.HVM_PARAMS):
        return image
    pairs = [(rng.choice([1, 1, 5, 6, 17, 17, 12, 13, 38, 39, 1 << 33]), rng.choice([0, 24, 25, 28, 31, 40]))
             for _ in range(rng.choice([0, 1, 2, 5]))]
    body = struct.pack('<II', len(pairs), rng.choice([0, 0, 1])) + b''.join(struct.pack('<QQ', *pair) for pair in pairs)
    return image.replace(image.find(xenf.HVM_PARAMS), Record(xenf.HVM_PARAMS, body))


def header(rng, image):
    if rng.random() < .5:
        name = rng.choice(['version', 'options', 'res1', 'res2'])
        return image.with_ihdr(**{name: rng.choice([0, 1, 2, 3, 4, 0x8000])})
    name = rng.choice(['kind', 'page_shift', 'res', 'major', 'minor'])
    return image.with_dhdr(**{name: rng.choice([0, 1, 2, 3, 4, 12, 13, 0xFFFF])})


def behind(rng, image):
    return image.with_tail(rng.choice([b'\0', b'\xff' * 24, rng.randbytes(9), image.octets()[:64]]))


WHOLE = (drop, double, swap, move, add, rename, stretch, empty, lie, pad, poke, poke, entry, entry, entry, more_memory,
         more_memory, fill, blank, crowd, frames, params, header, behind)


def flip(rng, octets):
    """A bit, more often where frames are than inside pages."""
    at = rng.choice([rng.randrange(40), rng.randrange(min(len(octets), 4096)), rng.randrange(len(octets))])
    return octets[:at] + bytes([octets[at] ^ 1 << rng.randrange(8)]) + octets[at + 1:]


def cut(rng, octets):
    return octets[:rng.choice([rng.randrange(8, 41), rng.randrange(40, 200), rng.randrange(len(octets)),
                               len(octets) - rng.randrange(1, 40)])]


def mutate(rng, image):
    """The octets of a changed image, and the names of what was done to it."""
    done = []
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 4])):
        if not image.records:
            break
        change = rng.choice(WHOLE)
        image = change(rng, image)
        done.append(change.__name__)
    octets = image.octets()
    if rng.random() < .15:
        octets = flip(rng, octets)
        done.append('flip')
    if rng.random() < .1:
        octets = cut(rng, octets)
        done.append('cut')
    return octets, done
