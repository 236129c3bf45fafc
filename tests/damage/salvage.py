#!/usr/bin/env python3
"""The salvage campaign: images are damaged, and what convert --salvage says is sure must be what it was.

  salvage.py [--cases N] [--seed N] [--list]

An undamaged image is converted as without the option. Of a damaged one: every page of the result that is not named as
doubtful or lost is the original's last copy (of the checkpoint that was written, where there are any); every pfn of the
original is in the result, named as lost, or in a hole that is told; the exit status is 1, the result carries a
PROVENANCE, verify calls it an error, restore refuses it without --accept-loss, and takes it with that where nothing
else is wrong. Nothing in an image tells that octets inside of contents, and nowhere else, were written over: such
pages are counted apart. --cases: of each kind of damage (default 24). --list: each case and what became of it.
Environment: GODWIT, GODWIT_SOURCE.
"""
import argparse
import concurrent.futures
import gzip
import json
import lzma
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import zlib

HERE = pathlib.Path(__file__).resolve().parent
for room in ("interop", "golden"):
    sys.path.insert(0, str(HERE.parent / room))
import bases                                # noqa: E402
import wrap                                 # noqa: E402
from streams import raw_images              # noqa: E402
from tap import Tap                         # noqa: E402
from verdict import GODWIT, LIMIT, verify   # noqa: E402
from xenverifier import XenVerifier         # noqa: E402

HEADERS, PAGE, END, PAGE_DATA, CHECKPOINT, PROVENANCE = 40, 4096, 0, 1, 14, 0x80475704
FULL = {0, 1, 2, 3, 4, 9, 10, 11, 12}


class Record:
    """at: of the header; copies of a PAGE_DATA: (pfn, type, place of the contents or None)."""

    def __init__(self, octets, at):
        self.at = at
        self.kind, self.length = struct.unpack_from("<II", octets, at)
        self.end = at + 8 + (self.length + 7) // 8 * 8
        self.copies, self.named_end = [], at + 8
        if self.kind == PAGE_DATA:
            count, = struct.unpack_from("<I", octets, at + 8)
            self.named_end = place = at + 16 + 8 * count
            for word in struct.unpack_from("<%dQ" % count, octets, at + 16):
                full = word >> 60 in FULL
                self.copies.append((word & (1 << 52) - 1, word >> 60, place if full else None))
                place += PAGE * full


def records_of(octets, begin=0):
    at, found = begin + HEADERS, []
    while at + 8 <= len(octets):
        found.append(Record(octets, at))
        at = found[-1].end
        if found[-1].kind == END:
            break
    return found


def memory_of(octets, records, stop=None):
    """pfn -> (type, contents, its Record, the place of the contents), as it is in front of stop."""
    memory = {}
    for record in records:
        if stop is not None and record.at >= stop:
            break
        for pfn, kind, place in record.copies:
            memory[pfn] = (kind, octets[place:place + PAGE] if place else None, record, place)
    return memory


def spread(octets, most):
    """The same image with at most so many pages in a record, and no checks that would not fit any more."""
    made = [octets[:HEADERS]]
    for record in records_of(octets):
        if record.kind != PAGE_DATA:
            made.append(octets[record.at:record.end])
        for at in range(0, len(record.copies), most):
            part = record.copies[at:at + most]
            body = struct.pack("<II%dQ" % len(part), len(part), 0, *(pfn | kind << 60 for pfn, kind, _ in part))
            body += b"".join(octets[place:place + PAGE] for _, _, place in part if place)
            made.append(struct.pack("<II", PAGE_DATA, len(body)) + body)
    return b"".join(made)


class Base:
    """An undamaged file; begin: where its image begins, in the octets without packing."""

    def __init__(self, name, octets, begin=0):
        self.name, self.octets, self.begin = name, octets, begin
        self.records = records_of(octets, begin)
        self.image_end = self.records[-1].end
        self.memory = memory_of(octets, self.records)
        self.checkpointed = any(record.kind == CHECKPOINT for record in self.records)


def all_bases():
    found = []
    for name, made in sorted(raw_images().items()):
        octets = made[0].octets()
        if name in ("hvm-v3-layout", "hvm-v2-oldest", "hvm-v2-cpu-1016") or len(octets) > 1 << 20:
            continue
        found.append(Base(name, octets))
        if "-ours" not in name:
            found.append(Base(name + ", 3 pages a record", spread(octets, 3)))
    image = raw_images()["hvm-v3"][0]
    around = wrap.xl(wrap.libxl(image)) if hasattr(wrap, "xl") else None
    if around:
        octets = spread(image.octets(), 3)
        found.append(Base("hvm-v3 of xl", around, around.index(octets[:32])))
    return found


def real_bases():
    stored = bases.stored()
    return [Base(name, stored[name]) for name in ("tiny32", "tiny64-3vcpus")]


# --- damage: (octets, random source, Base) -> (kind's detail, damaged octets) ---------------------------------------

def cut_at_record(octets, rng, base):
    at = rng.choice(base.records).at
    return "at 0x%x" % at, octets[:at]


def cut_anywhere(octets, rng, _):
    at = rng.randrange(1, len(octets))
    return "at 0x%x" % at, octets[:at]


def over(octets, at, with_what):
    return octets[:at] + with_what + octets[at + len(with_what):]


def wrong_type(octets, rng, base):
    at = rng.choice(base.records).at
    return "at 0x%x" % at, over(octets, at, struct.pack("<I", rng.choice((rng.getrandbits(32), rng.randrange(20)))))


def wrong_length(octets, rng, base):
    at = rng.choice(base.records).at + 4
    old, = struct.unpack_from("<I", octets, at)
    new = rng.choice((rng.getrandbits(32), old ^ 1 << rng.randrange(20), old + 8, max(old - 8, 0)))
    return "at 0x%x" % at, over(octets, at, struct.pack("<I", new & 0xffffffff))


def wrong_count(octets, rng, base):
    at = rng.choice([record for record in base.records if record.kind == PAGE_DATA]).at + 8
    old, = struct.unpack_from("<I", octets, at)
    return "at 0x%x" % at, over(octets, at, struct.pack("<I", rng.choice((rng.getrandbits(32), old + 1, old - 1))))


def hole_length(octets, rng):
    most = (4096, 65536, 1 << 20) if len(octets) > 1 << 21 else (64, 512, 4096, 16384, 65536)
    return min(rng.choice(most), len(octets) // 2)


def noise(octets, rng, base, at=None):
    length = hole_length(octets, rng)
    at = rng.randrange(len(octets) - length) if at is None else at
    return "%d at 0x%x" % (length, at), over(octets, at, rng.randbytes(length))


def two_holes(octets, rng, base):
    one, octets = noise(octets, rng, base)
    two, octets = noise(octets, rng, base)
    return "%s, %s" % (one, two), octets


def lost_blocks(octets, rng, _):
    block = rng.choice((512, 4096))
    at = rng.randrange(len(octets) // block) * block
    length = min(block * rng.choice((1, 1, 2, 8)), len(octets) - at)
    return "%d at 0x%x" % (length, at), over(octets, at, bytes(length))


def taken_out(octets, rng, _):
    length = hole_length(octets, rng)
    at = rng.randrange(len(octets) - length) // 8 * 8
    return "%d at 0x%x" % (length, at), octets[:at] + octets[at + length:]


KINDS = {
    "cut at a record": cut_at_record, "cut anywhere": cut_anywhere, "a type is wrong": wrong_type,
    "a length is wrong": wrong_length, "a count is wrong": wrong_count, "a hole of noise": noise,
    "two holes of noise": two_holes, "blocks of zeros": lost_blocks, "octets are gone": taken_out,
}
PACKED = {"packed with gzip": lambda octets: gzip.compress(octets, 1), "packed with xz": lambda octets:
          lzma.compress(octets, preset=0)}


def inflated(packed):
    """What comes of a gzip file when nobody compares its checksum: libarchive does not."""
    unpacker, out = zlib.decompressobj(-15), b""
    for octet in packed[10:]:
        try:
            out += unpacker.decompress(bytes([octet]))
        except zlib.error:
            break
    return out


# --- what comes of it -----------------------------------------------------------------------------------------------

class Outcome:
    def __init__(self):
        self.sure = self.doubtful = self.lost = self.unnamed = self.hidden = 0
        self.status, self.trouble, self.restored, self.xen = None, None, False, None


def godwit(*words):
    return subprocess.run([GODWIT, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=LIMIT, check=False)


def is_hidden(base, damaged, copy):
    """Nothing but the contents was written over: frame and names of its record, and the next header, are as before."""
    _, _, record, place = copy
    same = base.octets[record.at:record.named_end] == damaged[record.at:record.named_end]
    follower = damaged[record.end:record.end + 8]
    return place is not None and same and any(base.octets[r.at:r.at + 8] == follower for r in base.records) and \
        base.octets[place:place + PAGE] != damaged[place:place + PAGE]


def frames_differ(base, damaged):
    """Something that a reader has to notice: the length, or a header or a name of an image without checks."""
    if len(base.octets) != len(damaged):
        return True
    return any(base.octets[record.at:record.named_end] != damaged[record.at:record.named_end]
               for record in base.records)


def state_written(base, damaged, after, doubts, stop):
    """The original's memory: at its end, or at the checkpoint whose state the result has, if only in part."""
    if stop or not base.checkpointed:
        return memory_of(base.octets, base.records, stop)
    states = [memory_of(base.octets, base.records, r.end) for r in base.records if r.kind == CHECKPOINT]
    for state in states:
        if all(pfn in doubts or pfn in state and (copy[:2] == state[pfn][:2] or is_hidden(base, damaged, state[pfn]))
               for pfn, copy in after.items()):
            return state
    return states[-1]


def compare_pages(base, damaged, result, told, out):
    """Fills in the counts; a sentence when something sure is wrong."""
    doubts = {}
    for line in told:
        if line["type"] == "pages":
            for pfn in range(line["first"], line["last"] + 1):
                doubts[pfn] = line["why"]
    end = told[-1]
    after = memory_of(result, records_of(result, result.index(base.octets[base.begin:base.begin + 12])))
    before = state_written(base, damaged, after, doubts, end.get("checkpoint_ends"))
    for pfn, copy in after.items():
        if pfn in doubts:
            out.doubtful += 1
        elif pfn not in before:
            return "pfn 0x%x is in the result, and never was" % pfn
        elif copy[:2] == before[pfn][:2]:
            out.sure += 1
        elif is_hidden(base, damaged, before[pfn]):
            out.hidden += 1
        else:
            return "pfn 0x%x is called sure, and is not what it was" % pfn
    gone = set(before) - set(after)
    out.lost = sum(doubts.get(pfn) == "lost" for pfn in gone)
    out.unnamed = len(gone) - out.lost
    if out.unnamed and not end["missing_records"] and not any(line["type"] == "hole" for line in told):
        return "%d pfns are gone, and no hole is told" % out.unnamed
    if (out.sure + out.hidden, out.doubtful) != (end["pages"]["sure"], end["pages"]["doubtful"]):
        return "it counts %s, the pages say %d sure, %d doubtful" % (end["pages"], out.sure + out.hidden, out.doubtful)
    return None


def without_provenance(octets):
    records = records_of(octets)
    return octets[:HEADERS] + b"".join(octets[r.at:r.end] for r in records if not r.kind & 0x80000000)


def judge_result(path, result, told, out, xen):
    records = records_of(result, result.index(b"\xff" * 8 + b"XENF"))
    ours = next((r for r in records if r.kind == PROVENANCE), None)  # ours comes first; the original's may be damaged
    if not ours or "salvaged" not in json.loads(result[ours.at + 8:ours.at + 8 + ours.length]):
        return "the result has no PROVENANCE that says so"
    verdict = verify(path)
    if not verdict.rules["error"]["opt-salvaged"]:
        return "verify does not say opt-salvaged"
    run = godwit("restore", path, "model:")
    if run.returncode != 1 or b"NOT" in run.stdout or b"opt-salvaged" not in run.stderr and \
            set(verdict.rules["error"]) == {"opt-salvaged"}:
        return "restore: %d, %s" % (run.returncode, run.stderr.decode())
    run = godwit("restore", path, "model:", "--accept-loss")
    out.restored = run.returncode == 0
    if set(verdict.rules["error"]) == {"opt-salvaged"} and not out.restored:
        return "restore --accept-loss: %d, %s" % (run.returncode, run.stderr.decode())
    if xen and result.startswith(b"\xff" * 8) and not told[-1]["missing_records"]:
        with tempfile.NamedTemporaryFile() as file:
            file.write(without_provenance(result))
            file.flush()
            out.xen = xen.ask(file.name)
        if out.xen[0] != "ok" and set(verdict.rules["error"]) == {"opt-salvaged"}:
            return "Xen's verifier: %s %s" % out.xen
    return None


def examine(base, damaged, packed, xen):
    """One damaged file through --salvage, and everything that must be true of what comes of it."""
    out = Outcome()
    with tempfile.TemporaryDirectory() as folder:
        path, to = folder + "/in", folder + "/out"
        pathlib.Path(path).write_bytes(packed or damaged)
        run = godwit("convert", "--salvage", "--json", path, to)
        out.status = run.returncode
        if run.returncode not in (0, 1):
            out.trouble = "exit status %d: %s" % (run.returncode, run.stderr.decode())
        elif not os.path.exists(to):
            # only where nothing of the records is there any more, or the wrapping's own head cannot be written again
            out.trouble = None if run.returncode == 1 and run.stderr else "no result, and no reason"
            out.status = "refused"
        elif run.returncode == 0:
            if not base.checkpointed and packed is None and frames_differ(base, damaged):
                out.trouble = "the frame is damaged, and it says that all is whole"
            out.hidden = sum(is_hidden(base, damaged, copy) for copy in base.memory.values())
        else:
            told = [json.loads(line) for line in run.stdout.splitlines()]
            result = pathlib.Path(to).read_bytes()
            out.trouble = compare_pages(base, damaged, result, told, out) or judge_result(to, result, told, out, xen)
    return out


# --- the campaign ---------------------------------------------------------------------------------------------------

def cases(every, real, number, seed):
    """Every fourth of an image of the real hypervisor."""
    for kind, make in KINDS.items():
        for index in range(number):
            rng = random.Random("%d/%s/%d" % (seed, kind, index))
            base = rng.choice(real if index % 4 == 3 else every)
            where, damaged = make(base.octets, rng, base)
            if damaged != base.octets:
                yield kind, base, where, damaged, None
    for kind, pack in PACKED.items():
        for index in range(number // 2):
            rng = random.Random("%d/%s/%d" % (seed, kind, index))
            base = rng.choice(every)
            packed = pack(base.octets)
            at = rng.randrange(len(packed) // 4, len(packed) - 64)
            packed = packed[:at] if rng.random() < 0.5 else over(packed, at, rng.randbytes(16))
            damaged = inflated(packed) if "gzip" in kind else base.octets
            yield kind, base, "at 0x%x" % at, damaged, packed


def whole_cases(tap, every):
    """What is not damaged comes out as without the option."""
    for base in every:
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "in").write_bytes(base.octets)
            plain = godwit("convert", folder + "/in", folder + "/plain")
            run = godwit("convert", "--salvage", folder + "/in", folder + "/salvaged")
            same = run.returncode == plain.returncode == 0 and \
                pathlib.Path(folder, "plain").read_bytes() == pathlib.Path(folder, "salvaged").read_bytes()
            tap.point(same, "whole: %s" % base.name, run.stdout.decode() + run.stderr.decode() + plain.stderr.decode())


def table(found):
    row = "%-20s %5s %6s %6s %8s %8s %6s %8s %7s %8s %5s"
    yield row % ("damage", "cases", "whole", "refus.", "sure", "doubtful", "lost", "unnamed", "hidden", "restored",
                 "Xen")
    for kind, outs in found.items():
        total = [sum(getattr(out, name) for out in outs) for name in
                 ("sure", "doubtful", "lost", "unnamed", "hidden", "restored")]
        xen = [out.xen for out in outs if out.xen]
        states = [out.status for out in outs]
        yield row % (kind, len(outs), states.count(0), states.count("refused"),
                     *total, "%d/%d" % (sum(answer[0] == "ok" for answer in xen), len(xen)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    tap, every, real, xen = Tap(), all_bases(), real_bases(), XenVerifier()
    whole_cases(tap, every + real)
    found, troubles = {}, {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        jobs = [(kind, base, where, pool.submit(examine, base, damaged, packed, xen if xen.ready else None))
                for kind, base, where, damaged, packed in cases(every, real, args.cases, args.seed)]
        for kind, base, where, job in jobs:
            out = job.result()
            found.setdefault(kind, []).append(out)
            if args.list:
                tap.note("%s, %s, %s: %s" % (kind, base.name, where, vars(out)))
            if out.trouble:
                troubles.setdefault(kind, []).append("%s, %s: %s" % (base.name, where, out.trouble))
    for kind in found:
        tap.point(kind not in troubles, "%s: %d cases" % (kind, len(found[kind])), "\n".join(troubles.get(kind, [])))
    for line in table(found):
        tap.note(line)
    if not xen.ready:
        tap.note("Xen's verifier was not asked: " + xen.why)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
