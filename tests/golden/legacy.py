"""An independent writer of legacy images (Xen 3.0 to 4.5), for tests: octets, and nothing of what they mean together.

It follows the format's reference alone and shares nothing with the C code. An image is a list of named parts (Parts),
so that a test finds the place of each and can plant a fault there. W is the word size of the saving toolstack, G that
of the guest. legacy_guests.py makes whole images of it, legacy_wraps.py what stands around them.
"""

import struct

PAGE = 4096
NOTAB, BROKEN, XALLOC, XTAB = 0, 13, 14, 15
WITH_DATA = {0, 1, 2, 3, 4, 9, 10, 11, 12}

# Chunk ids.
(VERIFY, VCPU_INFO, IDENT_PT, VM86_TSS, TMEM, TMEM_EXTRA, TSC_INFO, CONSOLE_PFN, LAST_CHECKPOINT, ACPI_IOPORTS,
 VIRIDIAN, COMPRESSED, ENABLE_COMPRESSION, GENERATION_ID, PAGING_RING, ACCESS_RING, SHARING_RING, TOOLSTACK,
 IOREQ_SERVER_PFN, NR_IOREQ_SERVERS, X87_FIP_WIDTH) = range(-1, -22, -1)

# The HVM parameter that a chunk of form P carries.
PARAM_OF = {IDENT_PT: 12, VM86_TSS: 15, CONSOLE_PFN: 17, ACPI_IOPORTS: 19, VIRIDIAN: 9, GENERATION_ID: 34,
            PAGING_RING: 27, ACCESS_RING: 28, SHARING_RING: 29, IOREQ_SERVER_PFN: 32, NR_IOREQ_SERVERS: 33,
            X87_FIP_WIDTH: 36}
MAGIC_PARAMS = (5, 6, 1)

QEMU_RECORD, DM_RECORD, REMUS_RECORD = b'QemuDeviceModelRecord', b'DeviceModelRecord0002', b'RemusDeviceModelState'
ALL_ONES = (1 << 64) - 1


class Parts:
    """(name, octets) in order. A name may come again: nth counts."""

    def __init__(self, parts=()):
        self.parts = list(parts)

    def octets(self):
        return b''.join(octets for _, octets in self.parts)

    def index(self, name, nth=0):
        return [at for at, (one, _) in enumerate(self.parts) if one == name][nth]

    def offset(self, name, nth=0):
        return sum(len(octets) for _, octets in self.parts[:self.index(name, nth)])

    def get(self, name, nth=0):
        return self.parts[self.index(name, nth)][1]

    def names(self):
        return [name for name, _ in self.parts]

    def replace(self, name, octets, nth=0):
        at = self.index(name, nth)
        return Parts(self.parts[:at] + [(name, octets)] + self.parts[at + 1:])

    def patch(self, name, place, octets, nth=0):
        old = self.get(name, nth)
        return self.replace(name, old[:place] + octets + old[place + len(octets):], nth)

    def insert(self, name, *parts, nth=0):
        """In front of the part of that name."""
        at = self.index(name, nth)
        return Parts(self.parts[:at] + list(parts) + self.parts[at:])

    def drop(self, name, nth=0):
        at = self.index(name, nth)
        return Parts(self.parts[:at] + self.parts[at + 1:])

    def upto(self, name, nth=0):
        """All before that part."""
        return Parts(self.parts[:self.index(name, nth)])

    def behind(self, *parts):
        return Parts(self.parts + list(parts))

    def __add__(self, other):
        return Parts(self.parts + other.parts)


def ul(width, *values):
    """Unsigned integers of the toolstack's word size."""
    return struct.pack('<%d%s' % (len(values), {4: 'I', 8: 'Q'}[width]), *values)


# --- the head ------------------------------------------------------------------------------------------------------

def block(ident, body=b'', size=None):
    return ident + struct.pack('<I', len(body) if size is None else size) + body


def extended_info(width, blocks, total=None):
    """blocks: octets of each, as block() gives them."""
    octets = b''.join(blocks)
    return ul(width, (1 << 8 * width) - 1) + struct.pack('<I', len(octets) if total is None else total) + octets


def frame_list(width, frames):
    return ul(width, *frames)


# --- the body ------------------------------------------------------------------------------------------------------

def word(pfn, kind, signed=False):
    """An entry of a batch; signed: as Xen 3.0 wrote pinned tables and holes with a 64-bit toolstack."""
    value = kind << 28 | pfn & 0xFFFFFFF
    return value | 0xFFFFFFFF00000000 if signed and kind >= 8 else value


def batch(width, entries, count=None, signed=False, contents=True):
    """entries: (low 28 bits, type, contents or None) each; contents False: as under compression, without pages."""
    words = [word(pfn, kind, signed and width == 8) for pfn, kind, _ in entries]
    pages = [page for _, _, page in entries if page is not None] if contents else []
    return struct.pack('<i', len(entries) if count is None else count) + ul(width, *words) + b''.join(pages)


def chunk(ident, payload=b''):
    return struct.pack('<i', ident) + payload


def param(ident, value, pad=0):
    return chunk(ident, struct.pack('<IQ', pad, value))


def vcpu_info(online, highest=None, words=None):
    """The map of online vCPUs; words: how many u64 (one up to Xen 4.1)."""
    highest = max(online) if highest is None else highest
    words = highest // 64 + 1 if words is None else words
    bits = sum(1 << number for number in online)
    return chunk(VCPU_INFO, struct.pack('<i', highest) + bits.to_bytes(8 * words, 'little'))


def tsc_info(mode=2, nsec=123506789019, khz=2394230, incarnation=3):
    return chunk(TSC_INFO, struct.pack('<IQII', mode, nsec, khz, incarnation))


def toolstack_blob(entries, padding, version=1, count=None, fill=b'\xa5'):
    """entries: (phys_offset, start_addr, size, name or None); padding: 4 from a 64-bit libxl, else 0."""
    octets = [struct.pack('<II', version, len(entries) if count is None else count)]
    for phys, start, size, name in entries:
        text = b'' if name is None else name.encode() + b'\0'
        octets.append(struct.pack('<QQQI', phys, start, size, len(text)) + text + fill * padding)
    return b''.join(octets)


def toolstack(blob, length=None):
    return chunk(TOOLSTACK, struct.pack('<I', len(blob) if length is None else length) + blob)


def compressed(width, octets, length=None):
    return chunk(COMPRESSED, ul(width, len(octets) if length is None else length) + octets)


def oid(oids, value):
    """oids: how many u64 one has: 1 in Xen 4.0, 3 from 4.1 on."""
    return struct.pack('<%dQ' % oids, *[value] + [ALL_ONES if value == ALL_ONES else 0] * (oids - 1))


def tmem(pools, oids=3, version=1, max_pools=16, flags=1, weight=256, cap=1000):
    """pools: (id, flags, announced pages, [(oid, index, page)], whether a terminator ends it early)."""
    octets = [struct.pack('<IIIIIII', version, max_pools, 0xFFFFFFFF, flags, weight, cap, 0xFFFFFFFF)]
    for ident, pool_flags, announced, pages, ended in pools:
        octets.append(struct.pack('<IIIQQ', ident, pool_flags, announced, 0x1111 + ident, 0x2222))
        for number, index, page in pages:
            octets.append(oid(oids, number) + struct.pack('<I', index) + page)
        if ended:
            octets.append(oid(oids, ALL_ONES))
    return chunk(TMEM, b''.join(octets) + struct.pack('<I', 0xFFFFFFFF))


def tmem_extra(entries, oids=3):
    """entries: (pool, oid, index)."""
    octets = b''.join(struct.pack('<I', pool) + oid(oids, number) + struct.pack('<I', index)
                      for pool, number, index in entries)
    return chunk(TMEM_EXTRA, octets + struct.pack('<I', 0xFFFFFFFF))


END_OF_BODY = chunk(0)


# --- tails ---------------------------------------------------------------------------------------------------------

def unmapped(width, pfns, count=None):
    return struct.pack('<I', len(pfns) if count is None else count) + ul(width, *pfns)


def xsave_part(mask, area, size=None):
    return struct.pack('<QQ', mask, len(area) if size is None else size) + area


def magic(ioreq, buffered, store):
    return struct.pack('<QQQ', ioreq, buffered, store)


def hvm_context(blob, length=None):
    return struct.pack('<I', len(blob) if length is None else length) + blob


def device_model(state, form=DM_RECORD, length=None):
    """form QEMU_RECORD has no length: it runs to the end of the file."""
    if form == QEMU_RECORD:
        return form + state
    return form + struct.pack('<I', len(state) if length is None else length) + state


def device_model_classic(state, length=None):
    """xapi's: a line's end, and a length in network order."""
    return QEMU_RECORD + b'\n' + struct.pack('>I', len(state) if length is None else length) + state
