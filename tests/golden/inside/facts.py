"""What is told of an image beside its structures: the processor, MSRs and parameters by name, histogram, records."""

import pathlib
import re
import struct

from inside import structures

FEATURES = pathlib.Path('/usr/include/xen/arch-x86/cpufeatureset.h')
# Where Xen's feature words stand (section 9.5): leaf, subleaf (None: it has none), register.
WORDS = [(1, None, 'd'), (1, None, 'c'), (0x80000001, None, 'd'), (0x80000001, None, 'c'), (0xD, 1, 'a'), (7, 0, 'b'),
         (7, 0, 'c'), (0x80000007, None, 'd'), (0x80000008, None, 'b'), (7, 0, 'd'), (7, 1, 'a'),
         (0x80000021, None, 'a'), (7, 1, 'b')]
MSRS = {0x48: 'SPEC_CTRL', 0xCE: 'PLATFORM_INFO', 0x10A: 'ARCH_CAPABILITIES', 0x140: 'MISC_FEATURES_ENABLES',
        0x6E1: 'PKRS', 0xD90: 'BNDCFGS', 0xDA0: 'XSS', 0xC0000103: 'TSC_AUX', 0xC001011F: 'VIRT_SPEC_CTRL'}
TYPES = {0: 'ordinary', 1: 'L1 table', 2: 'L2 table', 3: 'L3 table', 4: 'L4 table', 9: 'L1 table, pinned',
         10: 'L2 table, pinned', 11: 'L3 table, pinned', 12: 'L4 table, pinned', 13: 'broken',
         14: 'allocated without contents', 15: 'hole'}


def feature_names():
    """[(name, word, bit)] of Xen's header; None where it is not installed."""
    if not FEATURES.exists():
        return None
    found = re.findall(r'XEN_CPUFEATURE\((\w+),\s*(\d+)\*32\+\s*(\d+)\)', FEATURES.read_text())
    return [(name, int(word), int(bit)) for name, word, bit in found]


def processor(leaves):
    """Vendor, brand, family, model and stepping, and the features by name (None: the names are not known)."""
    known = {(leaf['leaf'], None if leaf['subleaf'] == 0xFFFFFFFF else leaf['subleaf']): leaf for leaf in leaves}

    def text(*keys):
        parts = [known.get((leaf, None), {}).get(register, 0) for leaf, register in keys]
        return struct.pack('<%dI' % len(parts), *parts).split(b'\0')[0].decode('ascii', 'replace')

    eax = known.get((1, None), {}).get('a', 0)
    family, model = eax >> 8 & 15, eax >> 4 & 15
    if family in (6, 15):
        model |= eax >> 12 & 0xF0
    if family == 15:
        family += eax >> 20 & 0xFF
    names = feature_names()
    words = [known.get((leaf, sub), {}).get(register, 0) for leaf, sub, register in WORDS]
    return {'vendor': text((0, 'b'), (0, 'd'), (0, 'c')),
            'brand': text(*[(0x80000002 + leaf, register) for leaf in range(3) for register in 'abcd']).strip(),
            'family': family, 'model': model, 'stepping': eax & 15,
            'features': names and {name for name, word, bit in names if word < len(words) and words[word] >> bit & 1}}


def params(record):
    """[(index, name, value)] of HVM_PARAMS."""
    return [(index, structures.PARAMS.get(index, ''), value)
            for index, value in struct.iter_unpack('<QQ', record.body[8:8 + (len(record.body) - 8) // 16 * 16])]


def by_type(memory):
    return {TYPES[kind]: count for kind, count in memory.histogram().items()}


def records(image):
    """name -> (number, octets with headers and padding) of all records."""
    found = {}
    for record in image.records:
        num, octets = found.get(structures.name_of(record.kind), (0, 0))
        found[structures.name_of(record.kind)] = num + 1, octets + record.octets
    return found


def runs(memory):
    """RAM or not -> the number of runs, and the five longest: [first pfn, pfns], of equal ones the lower first."""
    found = {True: [], False: []}
    before = None
    for pfn in sorted(memory.types):
        ram = memory.types[pfn] not in (13, 15)
        if before == (pfn - 1, ram):
            found[ram][-1][1] += 1
        else:
            found[ram].append([pfn, 1])
        before = pfn, ram
    return {ram: (len(some), sorted(some, key=lambda run: (-run[1], run[0]))[:5]) for ram, some in found.items()}
