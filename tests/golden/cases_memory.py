"""Faults of PAGE_DATA: the record's shape, its entries, and what becomes of the guest's memory."""

import struct

import hvm
import wrap
import xenf
from case import Case, before, behind, put
from guests import Hvm, Pv, passes_of
from streams import plain
from xenf import BROKEN, L1, L2, L4, NOTAB, PAGE, PAGE_DATA, XALLOC, XTAB, Record, filled, holes

MOST = 1 << 20  # entries of one record that godwit accepts


def with_memory(guest, **changed):
    """The plain image of a guest some of whose pages are other ones: p5=(type, contents)."""
    for name, page in changed.items():
        guest.memory[int(name[1:])] = page
    return plain(guest)


def second_pass(image, memory, pfns):
    """The image with these pages sent once more behind the first pass."""
    return behind(image, PAGE_DATA, *passes_of(memory, pfns), nth=-1)


def shape_cases():
    image = plain(Hvm(3))
    number = image.number(PAGE_DATA)
    whole = image.get(PAGE_DATA)
    cases = []

    def shape(name, rule, record, **fields):
        cases.append(Case(name, rule, put(image, PAGE_DATA, record), record=number, **fields))

    for length in (0, 4, 8, 15):
        body = struct.pack('<IIQ', 1, 0, xenf.entry(0, XTAB))[:length]
        shape('page-short-%d' % length, 'page-short', Record(PAGE_DATA, body))
    shape('page-count-zero', 'page-count-zero', xenf.page_data([], tail=bytes(8)))
    shape('page-count-array', 'page-count-array', xenf.page_data(holes(0, 4), count=5))
    shape('page-length-long', 'page-length', Record(PAGE_DATA, whole.body + bytes(8)))
    shape('page-length-short', 'page-length', Record(PAGE_DATA, whole.body[:-8]))
    shape('page-length-no-contents', 'page-length', xenf.page_data([(0, NOTAB, None), (1, XTAB, None)]))
    shape('page-length-too-many', 'page-length', xenf.page_data([(0, XTAB, bytes(PAGE))]))
    shape('page-reserved', 'page-reserved', whole.patched(4, b'\0\0\0\1'))
    shape('page-pfn-reserved', 'page-pfn-reserved', whole.patched(8 + 6, b'\x10'))
    shape('page-pfn-reserved-hole', 'page-pfn-reserved', whole.patched(8 + 8 * 12 + 6, b'\x80'))
    for kind in (5, 6, 7, 8):
        shape('page-type-%d' % kind, 'page-type', xenf.page_data([(0, kind, bytes(PAGE))]))
    # More entries than a record may have, each of a shape that is right.
    cases.append(Case('page-count-limit', 'page-count-limit',
                      lambda: behind(image, PAGE_DATA, xenf.page_data(holes(32, MOST + 1))), record=number + 1,
                      may=['rec-huge-for-type'], highest=32 + MOST))
    return cases


def entry_cases():
    guest, pv, narrow = Hvm(3), Pv(3), Pv(3, 4)
    page = filled(1)
    image, pv_image = plain(guest), plain(pv)
    first, pv_first = image.number(PAGE_DATA), pv_image.number(PAGE_DATA)
    broken = with_memory(Hvm(3), p13=(BROKEN, None))
    table = with_memory(Hvm(3), p5=(L1, page))
    wrong_level = with_memory(narrow, p6=(L4, bytes(PAGE)))
    beyond = before(pv_image, xenf.X86_TSC_INFO, xenf.page_data([(pv.top + 1, XTAB, None)]))
    moved = pv_image.move(pv_image.find(xenf.X86_PV_P2M_FRAMES), pv_image.find(PAGE_DATA))
    repeated = put(image, PAGE_DATA, xenf.page_data([(pfn, *guest.memory[pfn]) for pfn in (0, 0, *range(1, 32))]))
    large = Hvm(3, top=1499, special=1400)
    batch = large.image(large.static() + [xenf.page_data([(pfn, *large.memory[pfn]) for pfn in range(1500)])] +
                        large.tail() + [xenf.end()])
    descending = put(image, PAGE_DATA, *passes_of(guest.memory, reversed(range(32))))
    superpage = Hvm(3, top=1023, special=600)
    for pfn in range(512):
        superpage.memory[pfn] = (NOTAB, filled(pfn) if pfn < 4 else bytes(PAGE))
    halves = superpage.image(superpage.static() + passes_of(superpage.memory, range(256)) +
                             passes_of(superpage.memory, range(256, 1024)) + superpage.tail() + [xenf.end()])
    mixed = superpage.image(superpage.static() + passes_of(superpage.memory, [0, 1, 3, 2, *range(4, 1024)]) +
                            superpage.tail() + [xenf.end()])
    far = 1 << 36
    return [
        Case('page-type-xalloc', 'page-type-xalloc',
             second_pass(with_memory(Hvm(3), p5=(XALLOC, None)), guest.memory, [5]), record=first),
        Case('page-type-broken', 'page-type-broken', broken, record=first),
        Case('page-type-hvm-table', 'page-type-hvm-table', table, record=first),
        # The guest maps all its memory, this page writable.
        Case('page-type-l4-pv32', 'page-type-l4-pv32', wrong_level, record=plain(narrow).number(PAGE_DATA),
             also=['pv-pte-writable-table']),
        Case('page-pfn-range-pv', 'page-pfn-range-pv', beyond, record=pv_first + 1),
        # A pfn that Xen's p2m can not hold; godwit's own, lower, limit is out of the way.
        Case('page-pfn-range-hvm', 'page-pfn-range-hvm', behind(image, PAGE_DATA, xenf.page_data([(far, NOTAB, page)])),
             options=['--max-guest', '512T'], also=['page-coverage'], record=first + 1),
        Case('page-pfn-limit', 'page-pfn-limit', behind(image, PAGE_DATA, xenf.page_data([(1 << 28, XTAB, None)])),
             record=first + 1),
        Case('page-pfn-limit-moved', 'page-pfn-limit',
             behind(image, PAGE_DATA, xenf.page_data([(1 << 18, XTAB, None)])), options=['--max-guest', '1G'],
             record=first + 1),
        # Naming the two million pfns between would make the file 16 MiB longer.
        Case('page-pfn-beyond-guest', 'page-pfn-beyond-guest',
             xl_hvm(behind(image, PAGE_DATA, xenf.page_data([(1 << 21, NOTAB, page)]))), also=['page-coverage'],
             highest=1 << 21),
        Case('page-pv-order', 'page-pv-order', moved, record=pv_first - 1),
        Case('page-dup-in-record', 'page-dup-in-record', repeated, record=first),
        Case('page-batch-large', 'page-batch-large', batch, record=first),
        Case('page-first-pass', 'page-first-pass', second_pass(halves, {**superpage.memory, 1024: (XTAB, None)},
                                                                [7, 1024])),
        Case('page-first-pass-doubled', 'page-first-pass', halves.insert(first, halves.records[first - 1])),
        Case('page-repeated', 'page-repeated', behind(image, PAGE_DATA, image.get(PAGE_DATA)), record=first + 1),
        Case('page-repeated-last', 'page-repeated', behind(halves, PAGE_DATA, halves.get(PAGE_DATA, 1), nth=1)),
        Case('page-unaligned-batch-order', 'page-unaligned-batch', descending),
        Case('page-unaligned-batch-split', 'page-unaligned-batch', halves),
        Case('page-unaligned-batch-mixed', 'page-unaligned-batch', mixed),
    ]


def xl_hvm(image, **fields):
    return wrap.xl(wrap.libxl(image, [wrap.emulator_context()]), wrap.config('hvm', **fields))


def outcome_cases():
    guest, pv = Hvm(3), Pv(3)
    image, pv_image = plain(guest), plain(pv)
    hole = (XTAB, None)
    uncovered = {pfn: page for pfn, page in guest.memory.items() if pfn not in (13, 14)}
    uncovered_pv = [pfn for pfn in pv.memory if pfn != pv.top]
    tables = dict(pv.memory)
    tables[7] = hole
    level = {**pv.memory, 20: (L1, bytes(PAGE))}
    other_level = {**pv.memory, 20: (L2, bytes(PAGE))}
    zero = Hvm(3)
    zero.memory = {pfn: (kind, data and bytes(PAGE)) for pfn, (kind, data) in zero.memory.items()}
    nothing = Hvm(3)
    nothing.memory = {pfn: hole for pfn in nothing.memory}
    no_params = put(plain(nothing), xenf.HVM_PARAMS, hvm.params([]))
    return [
        Case('page-coverage', 'page-coverage', put(image, PAGE_DATA, *passes_of(uncovered, sorted(uncovered)))),
        Case('page-coverage-pv', 'page-coverage', put(pv_image, PAGE_DATA, *passes_of(pv.memory, uncovered_pv))),
        Case('page-missing-data', 'page-missing-data', with_memory(Hvm(3), p5=(XALLOC, None))),
        Case('page-became-xtab', 'page-became-xtab', second_pass(image, {5: hole}, [5])),
        Case('page-became-xtab-pv', 'page-became-xtab', second_pass(pv_image, {20: hole}, [20])),
        # The table above it still names it.
        Case('page-table-became-xtab', 'page-table-became-xtab', second_pass(pv_image, tables, [7]),
             also=['pv-pte-backed']),
        Case('page-none', 'page-none', no_params),
        Case('page-none-at-all', 'page-none', no_params.drop(*no_params.all(PAGE_DATA))),
        Case('page-all-zero', 'page-all-zero', plain(zero)),
        Case('page-last-type-conflict', 'page-last-type-conflict',
             second_pass(put(pv_image, PAGE_DATA, *passes_of(level, range(pv.top + 1))), other_level, [20])),
        Case('page-memory-size', 'page-memory-size', too_much_memory),
    ]


def too_much_memory():
    """A guest of 4700 pages whose configuration allows 256, with the allowance of 16 MiB 4352."""
    guest = Hvm(3, top=4799, special=4790)
    for pfn in range(4700):
        guest.memory[pfn] = (NOTAB, filled(pfn) if pfn < 16 else bytes(PAGE))
    return xl_hvm(plain(guest), max_memkb=1024)


def cases():
    return shape_cases() + entry_cases() + outcome_cases()
