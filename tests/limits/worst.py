"""Streams made to cost as much as they can: each for a size that the caller names.

A stream is judged whole or not; it is the work that counts. make(n) gives octets in which a number n of one thing
stands, everything else being as small as it can be and the same for every n. `highest` is the highest pfn that is
named (for the bound on memory), as a number or as a function of n.
"""

import gzip
import json
import struct

import hvm
import wrap
import xenf
from guests import Hvm, Pv
from streams import plain
from xenf import HVM_CONTEXT, HVM_PARAMS, NOTAB, PAGE_DATA, PIN, PROVENANCE, XTAB, Record, filled

OPTIONAL = 0x80000001
MOST_ENTRIES = 1 << 20
FAR = (1 << 28) - 1  # the highest pfn that is accepted


class Worst:
    """name, how many for N, make(n), which commands, instructions that an octet may cost."""

    def __init__(self, name, number, make, per_octet, commands=('verify',), highest=FAR):
        self.name, self.number, self.make, self.per_octet = name, number, make, per_octet
        self.commands, self.highest = commands, highest


def words(values):
    return struct.pack('<%dQ' % len(values), *values)


def amid(image, kind, octets):
    """The image's octets with these in front of the first record of that type."""
    whole, at = image.octets(), image.offset(image.find(kind))
    return whole[:at] + octets + whole[at:]


def hvm_with(octets):
    return amid(plain(Hvm(3)), xenf.X86_TSC_INFO, octets)


def pv_with(octets):
    return amid(plain(Pv(3)), xenf.X86_TSC_INFO, octets)


def hvm_in_place(kind, record):
    image = plain(Hvm(3))
    return image.replace(image.find(kind), record).octets()


def entries(pairs):
    """PAGE_DATA records of entries without contents, as few as the format allows."""
    pairs = list(pairs)
    parts = []
    for at in range(0, len(pairs), MOST_ENTRIES):
        part = pairs[at:at + MOST_ENTRIES]
        body = struct.pack('<II', len(part), 0) + words([pfn | kind << 60 for pfn, kind in part])
        parts.append(Record(PAGE_DATA, body).octets())
    return b''.join(parts)


def scatter(n):
    return [pfn * 0x9E3779B1 & FAR for pfn in range(1, n + 1)]


# --- records ---------------------------------------------------------------------------------------------------------

def tiny_records(n):
    return hvm_with(struct.pack('<II', OPTIONAL, 0) * n)


def unknown_records(n):
    return hvm_with(struct.pack('<II', 0x7F, 0) * n)


def records_of_a_page_each(n):
    return hvm_with(b''.join(entries([(pfn & 0xFFFFF, XTAB)]) for pfn in range(n)))


def findings_in_entries(n):
    return hvm_with(entries([(pfn | 0xFF << 52, XTAB) for pfn in range(n)]))


def doubled_records(n):
    return hvm_with(xenf.tsc_info().octets() * n)


def trailing_octets(n):
    return plain(Hvm(3)).octets() + bytes([1]) * n


# --- memory ----------------------------------------------------------------------------------------------------------

def pfns_all_over(n):
    return hvm_with(entries([(pfn, XTAB) for pfn in [FAR] + scatter(n)]))


def pfns_from_both_ends(n):
    return hvm_with(entries([(FAR - pfn // 2 if pfn & 1 else pfn // 2, XTAB) for pfn in range(n + 2)]))


def pfns_downwards(n):
    return hvm_with(entries([(FAR, XTAB)] + [(n - pfn, XTAB) for pfn in range(n)]))


def one_pfn_again_and_again(n):
    return hvm_with(entries([(5, XTAB)] * n))


def pages_all_over(n):
    octets = [Record(PAGE_DATA, struct.pack('<IIQ', 1, 0, FAR) + filled(0)).octets()]
    octets += [Record(PAGE_DATA, struct.pack('<IIQ', 1, 0, pfn) + filled(pfn)).octets() for pfn in scatter(n)]
    return hvm_with(b''.join(octets))


def checkpoints(n):
    """As many pfns as checkpoints times 64: whoever goes through the map at each checkpoint does it n times."""
    one = Record(PAGE_DATA, struct.pack('<IIQ', 1, 0, 7) + filled(7)).octets() + xenf.checkpoint().octets()
    image = plain(Hvm(3))
    tail = b''.join(record.octets() for record in Hvm(3).tail())
    body = image.octets()[:image.offset(image.find(xenf.END))] + xenf.checkpoint().octets()
    return body + entries([(pfn, XTAB) for pfn in range(32, 64 * n + 32)]) + (one + tail) + one * n


def verify_passes(n):
    """Memory, then the same page compared again and again."""
    again = Record(PAGE_DATA, struct.pack('<IIQ', 1, 0, 10) + filled(10)).octets()
    return hvm_with(xenf.verify().octets() + again * n)


def page_checks(n):
    one = xenf.page_data([(10, NOTAB, filled(10))])
    return hvm_with((one.octets() + xenf.checks_of(one).octets()) * n)


def dirty_pfns(n):
    return hvm_with(Record(xenf.CHECKPOINT_DIRTY_PFN_LIST, words(scatter(n))).octets())


# --- PV --------------------------------------------------------------------------------------------------------------

def p2m(frames):
    image = plain(Pv(3))
    return image.replace(image.find(xenf.X86_PV_P2M_FRAMES),
                         xenf.p2m_frames(512 * len(frames) - 1, frames)).octets()


def p2m_downwards(n):
    return p2m([n - at for at in range(n + 1)])


def p2m_all_alike(n):
    return p2m([9] * (n + 1))


def tables_to_all_over(n):
    """L1 tables whose entries lead everywhere."""
    targets = scatter(512)
    octets = []
    for at in range(n):
        page = words([(target ^ at) << 12 | 7 for target in targets])
        octets.append(Record(PAGE_DATA, struct.pack('<IIQ', 1, 0, 4096 + at | xenf.L1 << 60) + page).octets())
    return pv_with(b''.join(octets))


def tables_in_circles(n):
    """Pinned L4 tables that lead to each other."""
    octets = []
    for at in range(n):
        page = words([(4096 + (at + step) % n) << 12 | 7 for step in range(1, 513)])
        octets.append(Record(PAGE_DATA, struct.pack('<IIQ', 1, 0, 4096 + at | (PIN | xenf.L4) << 60) + page).octets())
    return pv_with(b''.join(octets))


def vcpus_downwards(n):
    return pv_with(b''.join(xenf.pv_msrs(8191 - at % 8192, ()).octets() for at in range(n)))


def vcpus_beyond(n):
    return pv_with(b''.join(xenf.pv_msrs(8192 + at, ()).octets() for at in range(n)))


def msrs_of_a_vcpu(n):
    return pv_with(xenf.pv_msrs(1, [(0xC0010000 + n - at, 1) for at in range(n)]).octets())


# --- HVM -------------------------------------------------------------------------------------------------------------

def context_of(middle):
    first = hvm.context([hvm.header()]).body
    return hvm_in_place(HVM_CONTEXT, Record(HVM_CONTEXT, first + middle + struct.pack('<HHI', 0, 0, 0)))


def empty_entries(n):
    return context_of(struct.pack('<HHI', 0x70, 0, 0) * n)


def instances_downwards(n):
    """TSC_ADJUST is the smallest that each vCPU has."""
    return context_of(b''.join(struct.pack('<HHIQ', hvm.C_TSC_ADJUST, 65535 - at & 0xFFFF, 8, 0) for at in range(n)))


def vcpus_of_all_numbers(n):
    cpu = hvm.cpu_state()
    return context_of(b''.join(struct.pack('<HHI', hvm.C_CPU, 65535 - at & 0xFFFF, len(cpu)) + cpu for at in range(n)))


def refused_links(n):
    """Every octet a number that its row refuses."""
    return context_of((struct.pack('<HHI', hvm.C_PCI_LINK, 0, 8) + b'\xff' * 8) * n)


def refused_timers(n):
    return context_of((struct.pack('<HHI', hvm.C_PIT, 0, 56) + b'\xff' * 56) * n)


def refused_msrs(n):
    """An entry of its own for each MSR, which nobody knows."""
    return context_of(b''.join(struct.pack('<HHIIIIIQ', hvm.C_CPU_MSR, at % 8192, 24, 1, 0, at, 1, at)
                               for at in range(n)))


def params_doubled(n):
    return hvm_in_place(HVM_PARAMS, hvm.params([(at % 39, at) for at in range(n)]))


def params_beyond(n):
    return hvm_in_place(HVM_PARAMS, hvm.params([(1 << 40 | n - at, at) for at in range(n)]))


def leaves_doubled(n):
    return hvm_in_place(xenf.X86_CPUID_POLICY,
                        Record(xenf.X86_CPUID_POLICY, struct.pack('<6I', 4, 1, 0, 0, 0, 0) * (n + 1)))


def leaves_downwards(n):
    body = b''.join(struct.pack('<6I', n - at, 0xFFFFFFFF, 0, 0, 0, 0) for at in range(n + 1))
    return hvm_in_place(xenf.X86_CPUID_POLICY, Record(xenf.X86_CPUID_POLICY, body))


def msrs_downwards(n):
    body = b''.join(struct.pack('<IIQ', n - at, 0, 0) for at in range(n + 1))
    return hvm_in_place(xenf.X86_MSR_POLICY, Record(xenf.X86_MSR_POLICY, body))


# --- around the image ------------------------------------------------------------------------------------------------

def json_deep(n):
    return hvm_with(Record(PROVENANCE, b'[' * n).octets())


def json_wide(n):
    return hvm_with(xenf.provenance({'k%d' % at: at for at in range(n)}).octets())


def json_doubled(n):
    return hvm_with(Record(PROVENANCE, b'{' + b'"a":1,' * n + b'"a":1}').octets())


def config_wide(n):
    stream = wrap.libxl(plain(Hvm(3)), [wrap.emulator_xenstore(), wrap.emulator_context()])
    config = dict(wrap.config('hvm'), **{'k%d' % at: [{}] for at in range(n)})
    return wrap.xl_header(json.dumps(config).encode() + b'\0') + stream.octets()


def libxl_records(n):
    one = wrap.emulator_context(b'')
    return wrap.libxl(plain(Hvm(3)), [one] * n).octets()


def xenstore_pairs(n):
    pairs = [('physmap/%x/start_addr' % (n - at), 'f0000000') for at in range(n)]
    return wrap.libxl(plain(Hvm(3)), [wrap.emulator_xenstore(pairs), wrap.emulator_context()]).octets()


def packed(n):
    """Contents that pack to nothing: counted by what comes out."""
    return gzip.compress(hvm_with(Record(OPTIONAL, bytes(n)).octets()), 6, mtime=0)


ALL = ('verify', 'digest', 'inspect', 'info')
KEPT = ('verify', 'digest', 'inspect')

CASES = [
    Worst('tiny-records', 4000, tiny_records, 1500, ALL),
    Worst('unknown-records', 4000, unknown_records, 400),
    Worst('records-of-a-page-each', 4000, records_of_a_page_each, 200, KEPT),
    Worst('findings-in-entries', 8000, findings_in_entries, 150),
    Worst('doubled-records', 4000, doubled_records, 400, KEPT),
    Worst('trailing-octets', 200000, trailing_octets, 5),
    Worst('pfns-all-over', 8000, pfns_all_over, 1500, ALL),
    Worst('pfns-from-both-ends', 16000, pfns_from_both_ends, 100, ('verify', 'inspect')),
    Worst('pfns-downwards', 16000, pfns_downwards, 100),
    Worst('one-pfn-again-and-again', 16000, one_pfn_again_and_again, 100),
    Worst('pages-all-over', 100, pages_all_over, 100),
    Worst('checkpoints', 100, checkpoints, 100, KEPT),
    Worst('verify-passes', 100, verify_passes, 20),
    Worst('page-checks', 100, page_checks, 20),
    Worst('dirty-pfns', 16000, dirty_pfns, 60),
    Worst('p2m-downwards', 16000, p2m_downwards, 200),
    Worst('p2m-all-alike', 16000, p2m_all_alike, 200),
    Worst('tables-to-all-over', 30, tables_to_all_over, 200),
    Worst('tables-in-circles', 30, tables_in_circles, 200),
    Worst('vcpus-downwards', 4000, vcpus_downwards, 1200, KEPT),
    Worst('vcpus-beyond', 4000, vcpus_beyond, 400),
    Worst('msrs-of-a-vcpu', 8000, msrs_of_a_vcpu, 100),
    Worst('empty-entries', 8000, empty_entries, 100, ('verify', 'inspect')),
    Worst('instances-downwards', 8000, instances_downwards, 100, KEPT),
    Worst('vcpus-of-all-numbers', 200, vcpus_of_all_numbers, 50, ('verify', 'inspect')),
    Worst('refused-msrs', 4000, refused_msrs, 100),
    Worst('refused-timers', 4000, refused_timers, 250),
    Worst('refused-links', 4000, refused_links, 300),
    Worst('params-doubled', 8000, params_doubled, 100, ('verify', 'inspect')),
    Worst('params-beyond', 8000, params_beyond, 100),
    Worst('leaves-doubled', 4000, leaves_doubled, 100),
    Worst('leaves-downwards', 4000, leaves_downwards, 100, ('verify', 'inspect')),
    Worst('msrs-downwards', 4000, msrs_downwards, 100),
    Worst('json-deep', 60000, json_deep, 100),
    Worst('json-wide', 3000, json_wide, 600),
    Worst('json-doubled', 8000, json_doubled, 600),
    Worst('config-wide', 3000, config_wide, 800, ALL),
    Worst('libxl-records', 4000, libxl_records, 700),
    Worst('xenstore-pairs', 2000, xenstore_pairs, 100, ('verify', 'inspect')),
    Worst('packed', 2000000, packed, 15000),
]
