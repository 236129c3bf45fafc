"""An independent writer of Xen domain images, for tests: it shares nothing with the C code.

Everything that a correct image fixes can be overridden, so that faults can be planted. A record is
Record(kind, body, pad, length); the functions that make records of a kind return one. Image holds both headers and
the records in order; its methods that change something return a changed copy. hvm.py and policy.py make the contents
of HVM_CONTEXT, HVM_PARAMS and the policies, wrap.py the libxl stream and the xl file around an image.
"""

import copy
import json
import struct

from xxh3 import xxh3_64, xxh3_128

PAGE = 4096
PV, HVM = 1, 2

# Record types.
END, PAGE_DATA, X86_PV_INFO, X86_PV_P2M_FRAMES = 0, 1, 2, 3
X86_PV_VCPU_BASIC, X86_PV_VCPU_EXTENDED, X86_PV_VCPU_XSAVE, SHARED_INFO = 4, 5, 6, 7
X86_TSC_INFO, HVM_CONTEXT, HVM_PARAMS, TOOLSTACK = 8, 9, 10, 11
X86_PV_VCPU_MSRS, VERIFY, CHECKPOINT, CHECKPOINT_DIRTY_PFN_LIST = 12, 13, 14, 15
STATIC_DATA_END, X86_CPUID_POLICY, X86_MSR_POLICY = 16, 17, 18
PAGE_CHECKS, IMAGE_DIGEST, SAVING_CPU, PROVENANCE = 0x80475701, 0x80475702, 0x80475703, 0x80475704

NAMES = {
    END: 'END', PAGE_DATA: 'PAGE_DATA', X86_PV_INFO: 'X86_PV_INFO', X86_PV_P2M_FRAMES: 'X86_PV_P2M_FRAMES',
    X86_PV_VCPU_BASIC: 'X86_PV_VCPU_BASIC', X86_PV_VCPU_EXTENDED: 'X86_PV_VCPU_EXTENDED',
    X86_PV_VCPU_XSAVE: 'X86_PV_VCPU_XSAVE', SHARED_INFO: 'SHARED_INFO', X86_TSC_INFO: 'X86_TSC_INFO',
    HVM_CONTEXT: 'HVM_CONTEXT', HVM_PARAMS: 'HVM_PARAMS', TOOLSTACK: 'TOOLSTACK',
    X86_PV_VCPU_MSRS: 'X86_PV_VCPU_MSRS', VERIFY: 'VERIFY', CHECKPOINT: 'CHECKPOINT',
    CHECKPOINT_DIRTY_PFN_LIST: 'CHECKPOINT_DIRTY_PFN_LIST', STATIC_DATA_END: 'STATIC_DATA_END',
    X86_CPUID_POLICY: 'X86_CPUID_POLICY', X86_MSR_POLICY: 'X86_MSR_POLICY', PAGE_CHECKS: 'PAGE_CHECKS',
    IMAGE_DIGEST: 'IMAGE_DIGEST', SAVING_CPU: 'SAVING_CPU', PROVENANCE: 'PROVENANCE',
}

# Page types of PAGE_DATA's entries.
NOTAB, L1, L2, L3, L4, PIN = 0, 1, 2, 3, 4, 8
BROKEN, XALLOC, XTAB = 13, 14, 15
WITH_DATA = {NOTAB, L1, L2, L3, L4, PIN | L1, PIN | L2, PIN | L3, PIN | L4}


def image_header(version=3, options=0, marker=b'\xff' * 8, ident=0x58454E46, res1=0, res2=0):
    return marker + struct.pack('>IIHHI', ident, version, options, res1, res2)


def domain_header(kind=HVM, page_shift=12, res=0, major=4, minor=17):
    return struct.pack('<IHHII', kind, page_shift, res, major, minor)


class Record:
    """One record; pad is the value of the padding octets, length overrides what the header says of the body."""

    def __init__(self, kind, body=b'', pad=0, length=None):
        self.kind, self.body, self.pad, self.length = kind, bytes(body), pad, length

    def octets(self):
        said = len(self.body) if self.length is None else self.length
        padding = bytes([self.pad]) * (-len(self.body) % 8)
        return struct.pack('<II', self.kind, said) + self.body + padding

    def __len__(self):
        return 8 + (len(self.body) + 7) // 8 * 8

    def name(self):
        return NAMES.get(self.kind, '%#x' % self.kind)

    def patched(self, at, octets):
        """A copy whose body has these octets at this place."""
        body = self.body[:at] + octets + self.body[at + len(octets):]
        return Record(self.kind, body, self.pad, self.length)


# Records of both kinds of guests.

def entry(pfn, kind=NOTAB, reserved=0):
    return pfn | reserved << 52 | kind << 60


def page_data(entries, count=None, res=0, tail=b''):
    """entries: (pfn, type, content or None) each; a pfn may carry more bits: entry() does not mask it."""
    words = [entry(pfn, kind) for pfn, kind, _ in entries]
    pages = [content for _, _, content in entries if content is not None]
    head = struct.pack('<II', len(entries) if count is None else count, res)
    return Record(PAGE_DATA, b''.join([head, struct.pack('<%dQ' % len(words), *words)] + pages) + tail)


def holes(first, count, kind=XTAB):
    """Entries without contents, for page_data()."""
    return [(pfn, kind, None) for pfn in range(first, first + count)]


def tsc_info(mode=0, khz=2000000, nsec=1000000000, incarnation=1, res=0):
    return Record(X86_TSC_INFO, struct.pack('<IIQII', mode, khz, nsec, incarnation, res))


def end(body=b''):
    return Record(END, body)


def verify(body=b''):
    return Record(VERIFY, body)


def checkpoint(body=b''):
    return Record(CHECKPOINT, body)


def static_data_end(body=b''):
    return Record(STATIC_DATA_END, body)


def dirty_pfn_list(pfns):
    return Record(CHECKPOINT_DIRTY_PFN_LIST, struct.pack('<%dQ' % len(pfns), *pfns))


# Records of PV guests.

def pv_info(width=8, levels=4, res=bytes(6)):
    return Record(X86_PV_INFO, bytes([width, levels]) + res)


def p2m_frames(end_pfn, frames, start=0):
    return Record(X86_PV_P2M_FRAMES, struct.pack('<II%dQ' % len(frames), start, end_pfn, *frames))


def vcpu(kind, number, blob, res=0):
    return Record(kind, struct.pack('<II', number, res) + blob)


def basic_64(number, cr3_pfn, start_info=0, gdt_pfn=None, res=0, size=5168):
    blob = bytearray(max(size, 5168))
    struct.pack_into('<Q', blob, 0x200, 0x24)  # in_kernel, online
    if gdt_pfn is not None:
        struct.pack_into('<Q', blob, 0x12E0, gdt_pfn)
        struct.pack_into('<Q', blob, 0x1360, 32)
    if number == 0:
        struct.pack_into('<Q', blob, 0x268, start_info)
    struct.pack_into('<Q', blob, 0x1390, cr3_pfn << 12)
    return vcpu(X86_PV_VCPU_BASIC, number, bytes(blob[:size]), res)


def basic_32(number, cr3_pfn, start_info=0, gdt_pfn=None, res=0, size=2800):
    blob = bytearray(max(size, 2800))
    struct.pack_into('<I', blob, 0x200, 0x24)
    if gdt_pfn is not None:
        struct.pack_into('<I', blob, 0xA50, gdt_pfn)
        struct.pack_into('<I', blob, 0xA90, 32)
    if number == 0:
        struct.pack_into('<I', blob, 0x20C, start_info)
    struct.pack_into('<I', blob, 0xAA8, (cr3_pfn << 12 | cr3_pfn >> 20) & 0xFFFFFFFF)
    return vcpu(X86_PV_VCPU_BASIC, number, bytes(blob[:size]), res)


def extended(number, size=64, inner=None, inner_size=None, res=0):
    head = struct.pack('<II', number if inner is None else inner, size if inner_size is None else inner_size)
    return vcpu(X86_PV_VCPU_EXTENDED, number, (head + bytes(size))[:size], res)


def xsave_area(accum, size):
    """FXSAVE region, XSAVE header and components in standard form: size octets."""
    area = bytearray(max(size, 576))
    struct.pack_into('<H', area, 0, 0x37F)  # fcw
    struct.pack_into('<I', area, 24, 0x1F80)  # mxcsr
    struct.pack_into('<Q', area, 512, accum)  # xstate_bv
    return bytes(area[:size])


def pv_xsave(number, accum=7, size=832, res=0):
    """size: of the area; 0 with accum 0 gives the form of 16 octets."""
    return vcpu(X86_PV_VCPU_XSAVE, number, struct.pack('<QQ', accum, accum) + xsave_area(accum, size), res)


def pv_msrs(number, entries=((0xC0000103, 5),), res=0):
    return vcpu(X86_PV_VCPU_MSRS, number, b''.join(struct.pack('<IIQ', index, 0, value) for index, value in entries),
                res)


def shared_info(max_pfn, width=8, size=PAGE):
    page = bytearray(max(size, PAGE))
    if width == 8:
        struct.pack_into('<Q', page, 0xC10, max_pfn)
    else:
        struct.pack_into('<I', page, 0x90C, max_pfn)
    return Record(SHARED_INFO, bytes(page[:size]))


def start_info(nr_pages, store, console, width=8):
    """The contents of the start_info page."""
    page = bytearray(PAGE)
    if width == 8:
        page[0:14] = b'xen-3.0-x86_64'
        struct.pack_into('<Q', page, 32, nr_pages)
        struct.pack_into('<Q', page, 56, store)
        struct.pack_into('<Q', page, 72, console)
    else:
        page[0:15] = b'xen-3.0-x86_32p'
        struct.pack_into('<I', page, 32, nr_pages)
        struct.pack_into('<I', page, 44, store)
        struct.pack_into('<I', page, 52, console)
    return bytes(page)


def table(entries):
    """A page table page; entries: {slot: (pfn, low bits)}."""
    page = bytearray(PAGE)
    for slot, (pfn, bits) in entries.items():
        struct.pack_into('<Q', page, 8 * slot, pfn << 12 | bits)
    return bytes(page)


def filled(seed):
    """A page of contents that differ for each seed and are never all zero."""
    return struct.pack('<QQ', 0x9E3779B97F4A7C15 * (seed + 1) & (1 << 64) - 1, seed) * (PAGE // 16)


# Our own optional records.

def page_checks(pages, algorithm=1, count=None, checks=None):
    """pages: the contents that the PAGE_DATA before it carries, in order."""
    if checks is None:
        checks = [xxh3_64(page) for page in pages]
    return Record(PAGE_CHECKS, struct.pack('<II%dQ' % len(checks), algorithm,
                                           len(checks) if count is None else count, *checks))


def checks_of(record, **overrides):
    """PAGE_CHECKS for this PAGE_DATA record."""
    count = struct.unpack_from('<I', record.body)[0]
    contents = record.body[8 + 8 * count:]
    return page_checks([contents[at:at + PAGE] for at in range(0, len(contents), PAGE)], **overrides)


def saving_cpu(text=b'Intel(R) Xeon(R) CPU E5-2697 v4 @ 2.30GHz'):
    return Record(SAVING_CPU, text)


def provenance(value=None):
    if value is None:
        value = {'program': 'golden', 'version': '1', 'source': 'test'}
    return Record(PROVENANCE, json.dumps(value).encode())


def image_digest(image, algorithm=1, zero=0):
    """The digest of all the image's records: of each pfn's final state, and of each record that is not memory."""
    final, rest, records = {}, [], 0
    for record in image.records:
        if record.kind == PAGE_DATA:
            count = struct.unpack_from('<I', record.body)[0]
            at = 8 + 8 * count
            for word in struct.unpack_from('<%dQ' % count, record.body, 8):
                pfn, kind = word & (1 << 52) - 1, word >> 60
                check = 0
                if kind in WITH_DATA:
                    check = xxh3_64(record.body[at:at + PAGE])
                    at += PAGE
                final[pfn] = struct.pack('<QQQ', pfn, kind, check)
        elif record.kind < 0x80000000 and record.kind not in (END, VERIFY, CHECKPOINT, STATIC_DATA_END):
            rest.append(struct.pack('<II', record.kind, len(record.body)) + record.body)
            records += 1
    pages = sum(xxh3_128(state) for state in final.values()) & (1 << 128) - 1
    together = xxh3_128(b''.join(rest))
    body = struct.pack('<II', algorithm, zero) + pages.to_bytes(16, 'little') + together.to_bytes(16, 'little')
    return Record(IMAGE_DIGEST, body + struct.pack('<QQ', len(final), records))


class Image:
    """Both headers and the records, in order. The methods that change something return a changed copy."""

    def __init__(self, kind=HVM, version=3, minor=17, records=(), **dhdr):
        self.ihdr = {'version': version}
        self.dhdr = {'kind': kind, 'minor': minor, **dhdr}
        self.records = list(records)
        self.tail = b''  # octets behind the last record

    def headers(self):
        return image_header(**self.ihdr) + domain_header(**self.dhdr)

    def octets(self):
        return b''.join([self.headers()] + [record.octets() for record in self.records] + [self.tail])

    def copy(self):
        other = copy.copy(self)
        other.ihdr, other.dhdr, other.records = dict(self.ihdr), dict(self.dhdr), list(self.records)
        return other

    def offset(self, index):
        """Where the record with this index begins (an index one past the last: where they end)."""
        return 40 + sum(len(record) for record in self.records[:index])

    def all(self, kind):
        """The indices of the records of this type."""
        return [index for index, record in enumerate(self.records) if record.kind == kind]

    def find(self, kind, nth=0):
        """The index of the nth record of this type (negative: from the end)."""
        return self.all(kind)[nth]

    def get(self, kind, nth=0):
        return self.records[self.find(kind, nth)]

    def number(self, kind, nth=0):
        """The number that godwit gives this record: the first behind the headers is 1."""
        return self.find(kind, nth) + 1

    def with_ihdr(self, **fields):
        other = self.copy()
        other.ihdr.update(fields)
        return other

    def with_dhdr(self, **fields):
        other = self.copy()
        other.dhdr.update(fields)
        return other

    def with_tail(self, octets):
        other = self.copy()
        other.tail = octets
        return other

    def insert(self, index, *records):
        other = self.copy()
        other.records[index:index] = records
        return other

    def append(self, *records):
        return self.insert(len(self.records), *records)

    def replace(self, index, *records):
        other = self.copy()
        other.records[index:index + 1] = records
        return other

    def drop(self, *indices):
        other = self.copy()
        other.records = [record for index, record in enumerate(self.records) if index not in indices]
        return other

    def swap(self, one, two):
        other = self.copy()
        other.records[one], other.records[two] = other.records[two], other.records[one]
        return other

    def move(self, index, to):
        """The record moves in front of what then stands at index `to` of the remaining ones."""
        return self.drop(index).insert(to, self.records[index])
