"""Hostile and damaged streams, in groups: the rule that must be among the findings, or the finding itself."""

import hvm
import xenf
from case import Case, before, put
from guests import Hvm, Pv
from mutate import mutations
from examples import examples
from streams import plain, raw_images
from xenf import NOTAB, PAGE, PAGE_DATA, XALLOC, XTAB, Record, filled, holes

MIB = 1 << 20
OPTIONAL = 0x80000001


def headers():
    hvm, pv = plain(Hvm(3)), plain(Pv(3))
    found = []
    for image, label in ((hvm, 'hvm'), (pv, 'pv')):
        for version in (0, 1, 4, 5, 0x03000000, 0xFFFFFFFF):
            found.append(Case('version-%s-%d' % (label, version), 'ihdr-version-known',
                              image.with_ihdr(version=version)))
        found.append(Case('big-endian-%s' % label, 'ihdr-big-endian', image.with_ihdr(options=1)))
        for shift in (0, 11, 13, 44, 63, 65535):
            found.append(Case('shift-%s-%d' % (label, shift), 'dhdr-page-shift', image.with_dhdr(page_shift=shift)))
        for kind in (0, 3, 4, 5, 0xFFFFFFFF):
            rule = 'dhdr-type-dropped' if kind in (3, 4) else 'dhdr-type'
            found.append(Case('type-%s-%d' % (label, kind), rule, image.with_dhdr(kind=kind)))
    return found


# What a length that is 1 to 7 octets short breaks, by type; XSAVE and EXTENDED of vCPU 0 keep a legal size.
SHORTENED = {
    xenf.X86_PV_INFO: 'pvinfo-length', xenf.X86_PV_P2M_FRAMES: 'p2m-length', PAGE_DATA: 'page-length',
    xenf.X86_TSC_INFO: 'tsc-size', xenf.SHARED_INFO: 'shinfo-size', xenf.X86_PV_VCPU_BASIC: 'vcpu-basic-size',
    xenf.X86_PV_VCPU_MSRS: 'vcpu-msrs-multiple', xenf.X86_CPUID_POLICY: 'cpuid-multiple',
    xenf.X86_MSR_POLICY: 'msr-multiple', xenf.HVM_PARAMS: 'param-length',
}


def lengths():
    found = []
    for image, label in ((plain(Hvm(3)), 'hvm'), (plain(Pv(3)), 'pv')):
        for index, record in enumerate(image.records):
            for short in range(1, 8):
                rules = {SHORTENED.get(record.kind)}
                if record.kind == xenf.HVM_CONTEXT:
                    rules = {'ctx-framing', 'ctx-end'}
                if record.kind == xenf.X86_PV_VCPU_XSAVE and record.body[0] == 1:
                    rules = {'vcpu-xsave-size'}
                if rules != {None}:
                    said = Record(record.kind, record.body, length=len(record.body) - short)
                    found.append(Case('short-%s-%d-%d' % (label, index + 1, short), rules, image.replace(index, said),
                                      record=None if record.kind == xenf.HVM_CONTEXT else index + 1))
    image = plain(Hvm(3))
    for more in range(1, 8):
        found.append(Case('end-length-%d' % more, 'rec-truncated-body',
                          put(image, xenf.END, Record(xenf.END, b'', length=more)), record=len(image.records)))
    for name, length, rule in (('at', 128 * MIB, 'rec-truncated-body'), ('above', 128 * MIB + 1, 'rec-length-limit'),
                               ('most', 0xFFFFFFFF, 'rec-length-limit')):
        octets = put(image, xenf.END, Record(OPTIONAL, b'', length=length)).octets()
        found.append(Case('length-limit-' + name, rule, octets, size=len(octets) + 64 * MIB, record=len(image.records)))
        found.append(Case('length-limit-%s-bare' % name, rule, octets, record=len(image.records)))
    # A body of the greatest length is skipped, and the zeros behind it are END.
    octets = put(image, xenf.END, Record(OPTIONAL, b'', length=128 * MIB)).octets()
    found.append(Case('length-limit-whole', set(), octets, size=len(octets) + 128 * MIB + 8))
    return found


def pages():
    image, pv = plain(Hvm(3)), plain(Pv(3))
    found = []

    def page(name, rules, record, base=image, **fields):
        found.append(Case(name, rules, before(base, xenf.X86_TSC_INFO, record),
                          record=base.number(xenf.X86_TSC_INFO), **fields))

    overflow = {'page-count-array', 'page-count-limit'}
    for count in (1 << 29, (1 << 29) + 1, 0x80000000, 0xFFFFFFFF, 0x10000000):
        page('count-%d' % count, overflow, xenf.page_data([(40, NOTAB, filled(1))], count=count))
    page('count-0', 'page-count-zero', xenf.page_data([(40, NOTAB, filled(1))], count=0))
    for kind in (5, 6, 7, 8):
        page('type-%d' % kind, 'page-type', xenf.page_data([(3, kind, filled(1))]))
        page('type-%d-pv' % kind, 'page-type', xenf.page_data([(3, kind, filled(1))]), pv)
    for bits in (28, 32, 35, 36, 38, 51):
        beyond = {'page-pfn-limit', 'page-pfn-range-hvm'} if bits >= 36 else 'page-pfn-limit'
        page('pfn-%d' % bits, beyond, xenf.page_data([(1 << bits, NOTAB, filled(1))]))
        page('pfn-%d-hole' % bits, beyond, xenf.page_data([(1 << bits, XTAB, None)]))
        page('pfn-%d-pv' % bits, {'page-pfn-limit', 'page-pfn-range-pv'},
             xenf.page_data([(1 << bits, NOTAB, filled(1))]), pv)
    far = (1 << 28) - 1
    page('pfn-highest', 'page-coverage', xenf.page_data([(far, NOTAB, filled(1))]), highest=far)
    scattered = [pfn * 0x9E3779B1 % (1 << 28) | 64 for pfn in range(20000)]
    page('scattered-holes', 'page-coverage', xenf.page_data([(pfn, XTAB, None) for pfn in scattered]), highest=far)
    page('scattered-allocated', 'page-coverage', xenf.page_data([(pfn, XALLOC, None) for pfn in scattered]),
         highest=far)
    page('scattered-contents', 'page-coverage',
         xenf.page_data([(pfn, NOTAB, filled(pfn)) for pfn in scattered[:3000]]), highest=far)
    page('scattered-limit', 'page-pfn-limit',
         xenf.page_data([(pfn << 20 | 1 << 29, XTAB, None) for pfn in range(20000)]), highest=far)
    page('scattered-pv', {'page-pfn-range-pv'}, xenf.page_data([(pfn, XTAB, None) for pfn in scattered]), pv,
         highest=far)
    for case in found:
        if 'page-coverage' in case.rules or case.name == 'scattered-pv':
            case.record = None  # judged at the end, or found in the first pass
    huge = put(pv, xenf.X86_PV_P2M_FRAMES, xenf.p2m_frames(0xFFFFFFFF, [1]))
    found.append(Case('p2m-end-most', 'p2m-length', huge))
    return found


def flipped(image, label):
    """Every bit of both headers, one at a time; what is to be found is told by the field."""
    octets = image.octets()
    found = []
    for bit in range(8 * 40):
        at, shift = divmod(bit, 8)
        found.append(Case('flip-%s-%d-%d' % (label, at, shift), flip_rules(image, at, shift),
                          lambda at=at, shift=shift: flip(octets, at, shift)))
    return found


def flip(octets, at, shift):
    return octets[:at] + bytes([octets[at] ^ 1 << shift]) + octets[at + 1:]


def flip_rules(image, at, shift):
    version, kind, minor = image.ihdr['version'], image.dhdr['kind'], image.dhdr['minor']
    if at < 8:
        return {'ihdr-marker', 'ihdr-legacy'}
    if at < 12:
        return {'ihdr-id'}
    if at < 16:
        changed = version ^ 1 << shift if at == 15 else 0
        # The other version: its records, or the lack of them, do not fit; nor does the Xen that saved it.
        return {'sde-in-v2'} if changed == 2 else {'sde-missing'} if changed == 3 else {'ihdr-version-known'}
    if at < 18:
        return {'ihdr-big-endian'} if (at, shift) == (17, 0) else {'ihdr-options-reserved'}
    if at < 24:
        return {'ihdr-reserved'}
    if at < 28:
        changed = kind ^ 1 << shift if at == 24 else 0
        if changed in (1, 2):
            return {'rec-type-guest'}
        return {'dhdr-type-dropped'} if changed in (3, 4) else {'dhdr-type'}
    if at < 30:
        return {'dhdr-page-shift'}
    if at < 32:
        return {'dhdr-reserved'}
    if at < 36:
        return {'dhdr-version-plausible'}
    changed = minor ^ 1 << shift if at == 36 else 1 << 31
    if changed > 24:
        return {'dhdr-version-plausible'}
    return {'dhdr-version-vs-image'} if (changed >= 14) != (version == 3) else set()


def cut_result(image, length):
    """What a file that ends after so many octets is: a rule, and the record (for a missing END any)."""
    if length < 24:
        return 'ihdr-truncated', 0
    if length < 40:
        return 'dhdr-truncated', 0
    for index in range(len(image.records)):
        into = length - image.offset(index)
        if into == 0:
            return 'rec-end-missing', None
        if into < 8:
            return 'rec-truncated-header', index + 1
        if into < len(image.records[index]):
            return 'rec-truncated-body', index + 1
    raise ValueError('not cut')


def truncated(image, label, thin=False, may=()):
    """The image cut at every octet; thin: inside long bodies only here and there."""
    octets = image.octets()
    wanted = set(range(len(octets)))
    if thin:
        for index, record in enumerate(image.records):
            inside = range(image.offset(index) + 64, image.offset(index + 1) - 64)
            wanted -= {at for at in inside if at % 89}
    found = []
    for length in sorted(wanted):
        rule, record = cut_result(image, length)
        found.append(Case('cut-%s-%d' % (label, length), rule, lambda length=length: octets[:length],
                          record=record, may=may))
    return found


def tiny_pv():
    """A PV image of two pages, for truncation."""
    guest = Pv(2, 4, vcpus=1, top=1)
    guest.memory = {0: (NOTAB, xenf.start_info(2, 0, 0, 4)), 1: (NOTAB, bytes(PAGE))}
    return plain(guest)


def groups():
    """name -> (cases, how they are judged): 'among', or 'exact' where no other error may be found."""
    example = examples()['example-hvm-v3']
    told = ['ctx-cpu-none', 'cpuid-missing-v3', 'msr-missing-v3']  # they stand before most cuts
    found = {'headers': (headers(), 'among'), 'lengths': (lengths(), 'among'), 'pages': (pages(), 'among'),
             'flip-hvm-v3': (flipped(plain(Hvm(3)), 'hvm'), 'among'),
             'flip-pv64-v2': (flipped(plain(Pv(2)), 'pv'), 'among'),
             'cut-hvm-v3': (truncated(example, 'hvm', may=told), 'exact'),
             'cut-pv32-v2': (truncated(tiny_pv(), 'pv', thin=True), 'exact'),
             'cut-holes': (truncated(hole_image(), 'holes'), 'exact')}
    changed = {'dropped': [], 'doubled': [], 'swapped': []}
    for name, (image, _, _) in raw_images().items():
        if name not in ('hvm-v3-layout', 'pv64-v3-wide'):
            for kind, cases in zip(changed, mutations(name, image)):
                changed[kind] += cases
    for kind, cases in changed.items():
        found[kind] = (cases, 'among')
    return found


def hole_image():
    """An HVM image of records of every length modulo 8, for truncation."""
    image = put(plain(Hvm(3, vcpus=1)), PAGE_DATA, xenf.page_data(holes(0, 30)))
    odd = [Record(OPTIONAL, b'\1' * length) for length in range(9)]
    few = hvm.context([hvm.header(), (hvm.C_CPU, 0, hvm.cpu_state()), (hvm.C_END, 0, b'')])
    return put(image.insert(4, *odd), xenf.HVM_CONTEXT, few)
