"""make_image.py - a large image of distinct pages, for benches: HVM, or PV with real page tables.

The state records come from the independent writer of tests/golden, so that there is nothing to find; memory is pfns 0
up, 1024 to a record, all with contents. Pages are windows into one block of random octets with the pfn in front: cheap
to make, no two alike, none zero.
"""
import os
import pathlib
import random
import struct
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "golden"))
import savevm                                   # noqa: E402
import xenf                                     # noqa: E402
from guests import Hvm, Pv                      # noqa: E402
from inside import build_pv                     # noqa: E402

BATCH = 1024
PAGE = 4096
PAGE_DATA = 1


def contents_of(block, first, count, special=None):
    """Pages first up; special: pfn -> (type, contents) where they are not made up."""
    at = first * 8 % (len(block) - BATCH * PAGE)
    contents = bytearray(block[at:at + count * PAGE])
    for i in range(count):
        if special and first + i in special:
            contents[i * PAGE:(i + 1) * PAGE] = special[first + i][1]
        else:
            struct.pack_into("<Q", contents, i * PAGE, first + i + 1)
    return contents


def memory(out, pages, block, special=None):
    """One pass over all memory; special: as in contents_of."""
    special = special or {}
    for first in range(0, pages, BATCH):
        count = min(BATCH, pages - first)
        head = struct.pack("<II%dQ" % count, count, 0, *(special.get(pfn, (0,))[0] << 60 | pfn
                                                         for pfn in range(first, first + count)))
        contents = contents_of(block, first, count, special)
        out.write(struct.pack("<II", PAGE_DATA, len(head) + len(contents)) + head)
        out.write(contents)


def octets(records):
    return b"".join(each.octets() for each in records)


def make(path, mib, verify=False):
    """Write an image of an HVM guest with that much memory; verify: all contents twice."""
    block = random.Random(1).randbytes(BATCH * PAGE + (1 << 21))
    pages = mib * 256
    guest = Hvm(3, top=pages - 1)
    with open(path, "wb") as out:
        out.write(guest.image(guest.static()).octets())
        memory(out, pages, block)
        if verify:
            out.write(xenf.verify().octets())
            memory(out, pages, block)
        out.write(octets(guest.tail() + [xenf.end()]))
    return os.path.getsize(path)


def make_legacy(path, mib):
    """Write the same guest as Xen 4.5 on a 64-bit host did, with a device model's record behind it."""
    block = random.Random(1).randbytes(BATCH * PAGE + (1 << 21))
    pages = mib * 256
    context = Hvm(3, top=pages - 1).context().octets()[8:]
    params = [(-8, pages - 7), (-10, 1), (-11, 0x1F)]
    with open(path, "wb") as out:
        out.write(struct.pack("<QiIQII", pages, -7, 0, 0, 2000000, 0))
        for first in range(0, pages, BATCH):
            count = min(BATCH, pages - first)
            out.write(struct.pack("<i%dQ" % count, count, *range(first, first + count)))
            out.write(contents_of(block, first, count))
        out.write(struct.pack("<iiQ", -2, 1, 3))
        for chunk, value in params:
            out.write(struct.pack("<iIQ", chunk, 0, value))
        out.write(struct.pack("<ii3QI", -9, 0, pages - 6, pages - 5, pages - 8, len(context)) + context)
        state = savevm.state(savevm.small_machine())[0]
        out.write(b"DeviceModelRecord0002" + struct.pack("<I", len(state)) + state)
    return os.path.getsize(path)


# --- PV -------------------------------------------------------------------------------------------------------------

L1_OF_PROCESS = 100  # tables of 512 entries


def pv_tables(pages):
    """(pfn -> (type, page), p2m frames): one percent of the memory is page tables, strewn over it.

    The kernel maps all memory, tables read-only; beside it stand processes that map ordinary pages.
    """
    rng = random.Random(2)
    kernel, processes = pages // 512, pages // 100 // (L1_OF_PROCESS + 3)
    strewn = iter(rng.sample(range(64, pages), 2 * kernel + processes * (L1_OF_PROCESS + 3)))

    def take(count):
        return [next(strewn) for _ in range(count)]

    def table(level, entries):
        return level, struct.pack("<512Q", *entries, *[0] * (512 - len(entries)))

    frames, direct, each = take(kernel), take(kernel), [take(L1_OF_PROCESS + 3) for _ in range(processes)]
    tables = {4, 5, 6, *direct, *(pfn for one in each for pfn in one)}
    ordinary = [pfn for pfn in range(64, pages) if pfn not in tables]
    found = {6: table(2, [pfn << 12 | 0x67 for pfn in direct]), 5: table(3, [6 << 12 | 0x67]),
             4: table(0xC, [0] * 272 + [5 << 12 | 0x67])}
    for number, pfn in enumerate(direct):
        mapped = range(512 * number, 512 * number + 512)
        found[pfn] = table(1, [at << 12 | (0x61 if at in tables else 0x63) for at in mapped])
    for root, upper, middle, *lowest in each:
        found[root] = table(0xC, [upper << 12 | 0x67, *[0] * 271, 5 << 12 | 0x67])
        found[upper] = table(3, [middle << 12 | 0x67])
        found[middle] = table(2, [pfn << 12 | 0x67 for pfn in lowest])
        for pfn in lowest:
            found[pfn] = table(1, [at << 12 | 0x67 for at in rng.choices(ordinary, k=512)])
    return found, frames


def make_pv(path, mib):
    """Write an image of a 64-bit PV guest with that much memory (at most 1 GiB); (its size, page tables)."""
    pages = mib * 256
    tables, frames = pv_tables(pages)
    guest = Pv(3, 8)
    guest.top, guest.frames = pages - 1, frames
    block = random.Random(1).randbytes(BATCH * PAGE + (1 << 21))
    with open(path, "wb") as out:
        out.write(guest.image(guest.static()).octets())
        memory(out, pages, block, {0: (0, build_pv.start_info(8, pages, 2, 3)), **tables})
        out.write(octets(guest.tail() + [xenf.end()]))
    return os.path.getsize(path), len(tables)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: make_image.py OUT MIB [verify|pv]")
    if sys.argv[3:] == ["pv"]:
        print(*make_pv(sys.argv[1], int(sys.argv[2])))
    else:
        print(make(sys.argv[1], int(sys.argv[2]), sys.argv[3:] == ["verify"]))
