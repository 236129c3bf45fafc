"""The worked examples of the format's reference (section 19.2), octet for octet, with their SHA-256."""

from hvm import C_END, C_HEADER, context, header, params
from xenf import (HVM, L2, L3, L4, NOTAB, PAGE, PIN, PV, XTAB, Image, basic_32, basic_64, end, p2m_frames, page_data,
                  pv_info, shared_info, start_info, static_data_end, table, tsc_info)

EMPTY = bytes(PAGE)

DIGESTS = {
    'example-pv64-v3': '36d126c6f5b3ac6d5f399548cb358a2944bb7bfae9727611506c1edb686255ab',
    'example-pv64-v2': 'de19344dafc2489370bc30da04a3333280344caac0a1e88eb8a3480079151c32',
    'example-pv32-v3': 'af43967ece5bceeb8239542dbcaa24b0cd14fc59b8dec39de5f3018be17cde24',
    'example-pv32-v2': 'da148eacd7480514bdd9003e8113e83cbd3431693dc48b5a0fa71c37b3d93117',
    'example-hvm-v3': 'ab39706d186463c12a08256fbdfc974dfb57c005a2b75b4f343eb0c366b22388',
    'example-hvm-v2': '53b5c470cccf37c1ca0fc0c0c6c0d9581b9261930a4eb0a202646b627f4564cd',
}

# What godwit is to find in them: errors and warnings. They carry no policy; version 2 with Xen 4.17 is never written.
FINDINGS = {
    'example-pv64-v3': {'cpuid-missing-v3', 'msr-missing-v3', 'vcpu-ext-missing'},
    'example-pv64-v2': {'dhdr-version-vs-image', 'vcpu-ext-missing'},
    'example-pv32-v3': {'cpuid-missing-v3', 'msr-missing-v3', 'vcpu-ext-missing'},
    'example-pv32-v2': {'dhdr-version-vs-image', 'vcpu-ext-missing'},
    'example-hvm-v3': {'cpuid-missing-v3', 'msr-missing-v3', 'ctx-cpu-none', 'param-store-backed',
                       'param-console-backed'},
    'example-hvm-v2': {'dhdr-version-vs-image', 'ctx-cpu-none', 'param-store-backed', 'param-console-backed'},
}


def static_end(version):
    return [static_data_end()] if version == 3 else []


def pv64(version):
    pages = [(0, NOTAB, start_info(5, 2, 3)), (1, NOTAB, EMPTY), (2, NOTAB, EMPTY), (3, NOTAB, EMPTY),
             (4, PIN | L4, EMPTY)]
    return Image(PV, version, 17, [
        pv_info(8, 4), *static_end(version), p2m_frames(4, [1]), page_data(pages), tsc_info(), shared_info(5, 8),
        basic_64(0, 4), end()])


def pv32(version):
    pages = [(0, NOTAB, start_info(6, 2, 3, 4)), (1, NOTAB, EMPTY), (2, NOTAB, EMPTY), (3, NOTAB, EMPTY),
             (4, PIN | L3, table({3: (5, 1)})), (5, L2, EMPTY)]
    return Image(PV, version, 17, [
        pv_info(4, 3), *static_end(version), p2m_frames(5, [1]), page_data(pages), tsc_info(), shared_info(6, 4),
        basic_32(0, 4), end()])


def hvm(version):
    page = bytes.fromhex('F4EBFD00').ljust(PAGE, b'\0')
    code, instance, data = header()
    assert code == C_HEADER
    data = data[:16] + bytes.fromhex('A7060200') + data[20:]
    return Image(HVM, version, 17, [
        *static_end(version), page_data([(0, NOTAB, page), (1, XTAB, None)]), tsc_info(),
        context([(C_HEADER, instance, data), (C_END, 0, b'')]), params([(1, 0xFEFFC), (17, 0xFEFFF)]), end()])


def examples():
    """name -> Image"""
    found = {}
    for name, make in (('pv64', pv64), ('pv32', pv32), ('hvm', hvm)):
        for version in (3, 2):
            found['example-%s-v%d' % (name, version)] = make(version)
    return found
