"""Faults of a PV guest's page tables and of its start_info page: what lies in memory, and counts as it ends."""

import struct

import xenf
from case import Case
from guests import Pv, passes_of
from inside import build_pv
from streams import checkpointed, plain, verified
from xenf import L1, L2, L3, L4, NOTAB, PIN

KERNEL = 0x67  # present, writable, user, accessed, dirty
TABLES = {8: {1: 7, 2: 6, 3: 5, 4: 4}, 4: {1: 7, 2: 5, 3: 4}}  # the guest's tables by level


def entry(pfn, bits=KERNEL):
    return pfn << 12 | bits


def with_entry(page, slot, value):
    return page[:8 * slot] + struct.pack('<Q', value) + page[8 * slot + 8:]


def patched(width, level, slot, value, version=3):
    """A guest one of whose tables has another entry."""
    guest = Pv(version, width)
    pfn = TABLES[width][level]
    kind, page = guest.memory[pfn]
    guest.memory[pfn] = (kind, with_entry(page, slot, value))
    return guest


def retyped(pfn, kind, width=8):
    guest = Pv(3, width)
    guest.memory[pfn] = (kind, guest.memory[pfn][1])
    return guest


def entry_cases():
    """One entry that breaks one rule, at every level, in both widths."""
    found = []

    def add(rule, name, width, level, slot, value, **fields):
        found.append(Case('%s-%s-l%d-%d' % (rule, name, level, 8 * width), rule,
                          plain(patched(width, level, slot, value)), **fields))

    for width, levels in TABLES.items():
        for level in levels:
            slot = 1 if level > 1 else 300
            add('pv-pte-range', 'next', width, level, slot, entry(32))
            add('pv-pte-range', 'most', width, level, slot, entry(0xFFFFFFFF))
            add('pv-pte-reserved', 'low', width, level, slot, entry(1 << 32))
            add('pv-pte-reserved', 'high', width, level, slot, entry(1 << 39))
            add('pv-pte-backed', 'hole', width, level, slot, entry(13))
            if level > 1:
                add('pv-pte-pse', 'page', width, level, slot, entry(9, KERNEL | 0x80))
                add('pv-pte-level', 'page', width, level, slot, entry(9))
                add('pv-pte-level', 'read-only-page', width, level, slot, entry(9, KERNEL & ~2))
                # Its own level, writable: no linear table.
                add('pv-pte-level', 'itself', width, level, slot, entry(levels[level]))
            for other in levels.values():
                if level == 1:
                    add('pv-pte-writable-table', 'pfn-%d' % other, width, level, slot, entry(other))
                elif other not in (levels[level], levels[level - 1]):
                    add('pv-pte-level', 'pfn-%d' % other, width, level, slot, entry(other))
    for slot in (256, 263, 271):
        add('pv-pte-xen-slots', '%d' % slot, 8, 4, slot, entry(5))
        add('pv-pte-xen-slots', '%d-absent' % slot, 8, 4, slot, 1 << 60)
    for slot in (4, 511):
        add('pv-pte-xen-slots', '%d' % slot, 4, 3, slot, entry(5, 1))
    return found


def time_cases():
    """The last contents of a table count, by the last types of all pages."""
    guest, bad = Pv(3), patched(8, 1, 300, entry(32))
    static, tail = guest.static(), guest.tail()

    def passes(*each):
        records = [record for memory, pfns in each for record in passes_of(memory, pfns)]
        return guest.image(static + records + tail + [xenf.end()])

    every = range(guest.top + 1)
    found = [
        Case('pv-pte-range-last-pass', 'pv-pte-range', passes((guest.memory, every), (bad.memory, [7]))),
        # The second time in one record is the last one.
        Case('pv-pte-range-in-record', 'pv-pte-range',
             guest.image(static + passes_of(guest.memory, every) +
                         [xenf.page_data([(7, *guest.memory[7]), (7, *bad.memory[7])])] + tail + [xenf.end()]),
             also=['page-dup-in-record']),
    ]
    # A page that an L1 table maps writable becomes a table itself behind it.
    later = dict(guest.memory)
    later[9] = (L1, xenf.table({}))
    found.append(Case('pv-pte-writable-table-later', 'pv-pte-writable-table',
                      passes((guest.memory, every), (later, [9]))))
    # An L1 table that ends as an ordinary page.
    ended = dict(guest.memory)
    ended[7] = (NOTAB, guest.memory[7][1])
    found.append(Case('pv-pte-level-later', 'pv-pte-level', passes((guest.memory, every), (ended, [7]))))
    # In the last complete checkpoint.
    remus = checkpointed(guest)
    found.append(Case('pv-pte-range-checkpoint', 'pv-pte-range',
                      remus.insert(remus.find(xenf.X86_TSC_INFO, 2), *passes_of(bad.memory, [7]))))
    # A wrong table behind it is dropped with all that stands there.
    found.append(Case('ckpt-incomplete-table', 'ckpt-incomplete', remus.append(*passes_of(bad.memory, [7]))))
    # What stands behind VERIFY is nobody's contents; a table that is none before it cannot be looked at.
    odd = Pv(3)
    image = verified(odd)
    odd.memory[20] = (L1, odd.memory[20][1])
    found.append(Case('pv-tables-unread', 'pv-tables-unread',
                      image.replace(image.find(xenf.PAGE_DATA, -1), *odd.full_pass())))
    return found


def root_cases():
    alone = retyped(4, L4)
    rooted = retyped(4, L4)
    rooted.memory[9] = (PIN | L4, xenf.table({}))
    rooted.memory[7] = (L1, with_entry(rooted.memory[7][1], 9, 0))
    rooted32 = retyped(4, L3, 4)
    rooted32.memory[9] = (PIN | L3, xenf.table({}))
    rooted32.memory[7] = (L1, with_entry(rooted32.memory[7][1], 9, 0))
    slots = {pfn: [at // 8 for at in range(0, xenf.PAGE, 8)
                   if struct.unpack_from('<Q', rooted.memory[7][1], at)[0] >> 12 & 0xFFFFFFFF == pfn]
             for pfn in (9,)}
    for guest in (rooted, rooted32):
        for slot in slots[9]:
            guest.memory[7] = (L1, with_entry(guest.memory[7][1], slot, 0))
    return [
        # Nothing at all is pinned: the root is not either.
        Case('pv-pins-none', 'pv-pins-none', plain(alone), also=['pv-root-pinned']),
        Case('pv-root-pinned', 'pv-root-pinned', plain(rooted)),
        Case('pv-root-pinned-32', 'pv-root-pinned', plain(rooted32)),
    ]


def start_info_cases():
    found = []
    for width in (8, 4):
        layout = 'start_info_%d' % (8 * width)

        def add(rule, name, width=width, layout=layout, **members):
            guest = Pv(3, width)
            guest.memory[0] = (NOTAB, build_pv.put(layout, guest.memory[0][1], **members))
            found.append(Case('%s-%s-%d' % (rule, name, 8 * width), rule, plain(guest)))

        add('startinfo-magic', 'none', magic=bytes(32))
        add('startinfo-magic', 'other', magic=b'xen-2.0-x86_32p')
        add('startinfo-store', 'hole', store_mfn=13)
        add('startinfo-store', 'mfn', store_mfn=0x34002)
        add('startinfo-console', 'hole', **{'console.mfn': 13})
        add('startinfo-console', 'mfn', **{'console.mfn': 0x34003})
    return found


def cases():
    return entry_cases() + time_cases() + root_cases() + start_info_cases()


def clean():
    """name -> image: what looks wrong, and is not."""
    guest, bad = Pv(3), patched(8, 1, 300, entry(32))
    early = guest.image(guest.static() + passes_of(bad.memory, range(32)) + passes_of(guest.memory, [7]) +
                        guest.tail() + [xenf.end()])
    # A linear table; a table that is mapped read-only; software bits and protection keys; what is not present.
    linear = patched(8, 4, 100, entry(4, KERNEL & ~2))
    keys = patched(8, 1, 300, entry(9) | 0x7FF << 52 | 1 << 63)
    absent = patched(8, 1, 300, entry(1 << 39, KERNEL & ~1))
    allowed = {'linear': linear, 'keys': keys, 'absent': absent, 'second': patched(8, 2, 511, entry(7, KERNEL)),
               'read-only': patched(8, 1, 300, entry(4, KERNEL & ~2)), 'pat': patched(8, 1, 300, entry(9, 0xE7)),
               'l2-of-32': patched(4, 2, 511, entry(7, KERNEL)), 'slot-3': patched(4, 3, 2, entry(5, 1))}
    found = {'tables-' + name: plain(one) for name, one in allowed.items()}
    found['tables-early-fault'] = early
    return found
