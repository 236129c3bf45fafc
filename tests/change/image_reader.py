"""What an image holds, read anew: records, and the state that they come to. Knows nothing of godwit."""
import struct

PAGE_DATA, VERIFY, CHECKPOINT, END = 1, 0xD, 0xE, 0
PAGE_CHECKS, IMAGE_DIGEST = 0x80475701, 0x80475702
MARKERS = (END, VERIFY, CHECKPOINT, 0x10)
WITH_CONTENTS = (0, 1, 2, 3, 4, 9, 10, 11, 12)
PFN = (1 << 52) - 1


def version(octets):
    return struct.unpack_from(">I", octets, 12)[0]


def records(octets):
    """(type, body) of each record of a bare image; what is behind END is an error of the test's."""
    at = 40
    while at < len(octets):
        kind, length = struct.unpack_from("<II", octets, at)
        yield kind, octets[at + 8:at + 8 + length]
        at += 8 + length + (-length & 7)


def pages(body):
    """(pfn, type, contents or None) of each entry of a PAGE_DATA."""
    count = struct.unpack_from("<I", body)[0]
    at = 8 + 8 * count
    for word in struct.unpack_from("<%dQ" % count, body, 8):
        contents = None
        if word >> 60 in WITH_CONTENTS:
            contents = body[at:at + 4096]
            at += 4096
        yield word & PFN, word >> 60, contents


def state(octets):
    """pfn -> (type, contents): as the image leaves them, up to its end or its last checkpoint."""
    memory, whole, verifying = {}, {}, False
    for kind, body in records(octets):
        verifying = verifying or kind == VERIFY
        if kind == PAGE_DATA and not verifying:
            memory.update((pfn, (type_, contents)) for pfn, type_, contents in pages(body))
        if kind in (CHECKPOINT, END):
            whole = dict(memory)
    return whole


def not_squashed(octets):
    """'' or why this is not the least image that says the same."""
    kinds, last, runs = [], -1, {}
    for number, (kind, body) in enumerate(records(octets)):
        kinds.append(kind)
        if kind != PAGE_DATA:
            continue
        entries = list(pages(body))
        if len(entries) > 1024:
            return "a record of %d entries" % len(entries)
        for pfn, _, _ in entries:
            if pfn <= last:
                return "pfn 0x%x comes behind pfn 0x%x" % (pfn, last)
            last = pfn
            if runs.setdefault(pfn >> 9, number) != number:
                return "2 MiB at pfn 0x%x stand in two records" % (pfn & ~511)
    if VERIFY in kinds or CHECKPOINT in kinds:
        return "a VERIFY or a CHECKPOINT remains"
    return "" if kinds and kinds[-1] == END else "no END"
