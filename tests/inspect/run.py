#!/usr/bin/env python3
"""godwit inspect --json against an independent decoder, value by value: tests/golden/inside, written from the format's
reference and held against Xen's public headers, reads every image too.

What Xen's own verifier prints of an image is compared as well, where tools/fetch-xen can have it.

Images: those of tests/images, the larger ones of GODWIT_SHARED (default: 'shared' beside the project's root) where
there are such, and the clean streams of tests/golden.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
for room in ("interop", "golden"):
    sys.path.insert(0, str(HERE.parent / room))
import peer                                                 # noqa: E402
from inside import facts, passes, structures                # noqa: E402
from inside.compare import differences, number              # noqa: E402
from inside.image import Image                              # noqa: E402
from records import read                                    # noqa: E402
from streams import clean_streams                           # noqa: E402
from tap import Tap                                         # noqa: E402
from verdict import SOURCE, godwit                          # noqa: E402
from xenverifier import XenVerifier                         # noqa: E402

IMAGES = HERE.parent / "images"
SHARED = pathlib.Path(os.environ.get("GODWIT_SHARED") or SOURCE.resolve().parent / "shared") / "images"
SHOWN = 12      # differences of one image


def stored(folder):
    """NAME -> path."""
    found = {}
    for path in sorted(folder.glob("*")):
        name = re.sub(r"\.(img\.xz|img|xz)$", "", path.name)
        if name != path.name and ".digest" not in path.name:
            found[name] = path
    return found


class Told:
    """The lines of one run, by their type."""

    def __init__(self, path):
        run = godwit("inspect", "--json", path)
        self.trouble = "" if run.returncode in (0, 1) and run.stdout else "exit status %d: %s" % (
            run.returncode, run.stderr.decode(errors="replace")[:500])
        self.lines = {}
        for line in run.stdout.splitlines():
            item = json.loads(line)
            self.lines.setdefault(item["type"], []).append(item)

    def all(self, kind):
        return self.lines.get(kind, [])

    def by(self, kind, *keys):
        return {tuple(number(item.get(key)) for key in keys): item for item in self.all(kind)}


class Wanted:
    """The same from the independent decoder."""

    def __init__(self, octets):
        self.image = Image(octets)
        self.view, self.memory = structures.View(self.image), passes.Memory(self.image)
        self.records = passes.state(self.image)
        self.parts = {}  # (record's number, offset in the file) -> Structure
        for record in self.records:
            for part in structures.structures(self.view, record):
                self.parts[record.number, record.body_offset + part.at] = part
        if self.image.pv:
            info = structures.start_info(self.view, self.image, self.memory)
            if info:
                self.parts[self.record_at(info[1]), info[1]] = info[0]

    def record_at(self, offset):
        return next(record.number for record in self.image.records
                    if record.offset <= offset < record.offset + record.octets)


def in_structures(want, told):
    said = told.by("structure", "record", "offset")
    for key in [*want.parts, *(key for key in said if key not in want.parts)]:
        part, item = want.parts.get(key), said.get(key)
        here = "record %d, %#x" % key
        if part is None or item is None:
            yield "%s: %s is told by one only" % (here, part.name if part else item["name"])
            continue
        here += ", %s" % item["name"]
        if (part.length, part.instance) != (item["length"], item["instance"]):
            yield "%s: length %d, instance %d; it is %d, %d" % (here, item["length"], item["instance"], part.length,
                                                              part.instance)
        for line in differences(part.fields, item.get("fields", item.get("octets"))):
            yield "%s: %s" % (here, line)


def in_records(want, told):
    said = told.by("record", "record")
    for record in want.records:
        item = said.pop((record.number,), None)
        if not item:
            yield "record %d is not told" % record.number
        elif (item["name"], number(item["offset"]), item["length"]) != (
                structures.name_of(record.kind), record.offset, len(record.body)):
            yield "record %d: %r" % (record.number, item)
    for item in said.values():
        yield "record %d, %s, is told, and is no state" % (item["record"], item["name"])
    counts = {item["name"]: [item["num"], number(item["octets"])] for item in told.all("records")}
    yield from differences({name: list(count) for name, count in facts.records(want.image).items()}, counts, "records")


def in_memory(want, told):
    [memory] = told.all("memory")
    yield from differences(facts.by_type(want.memory), memory["by_type"], "memory.by_type")
    yield from differences(len(want.memory.types), memory["pfns"], "memory.pfns")
    for ram, runs, longest in ((True, "ram_runs", "longest_ram"), (False, "hole_runs", "longest_holes")):
        num, some = facts.runs(want.memory)[ram]
        yield from differences(num, memory[runs], runs)
        yield from differences(some, [[number(run["first"]), run["pages"]] for run in memory[longest]], longest)
    keys = ("first_record", "last_record", "entries", "contents", "again", "checkpoint", "verify")
    yield from differences([[getattr(one, key) for key in keys] for one in want.memory.passes],
                           [[one[key] for key in keys] for one in told.all("pass")], "pass")


def in_names(want, told):
    """The processor, MSRs and parameters by their names."""
    last = {record.kind: record for record in want.records}
    if 17 in last:
        [cpu] = told.all("cpu")
        wanted = facts.processor(next(structures.structures(want.view, last[17])).fields)
        named = {key: cpu[key] for key in ("vendor", "brand", "family", "model", "stepping")}
        yield from differences({key: wanted[key] for key in named}, named, "cpu")
        if wanted["features"] is not None:
            lost, more = wanted["features"] - set(cpu["features"]), set(cpu["features"]) - wanted["features"]
            if lost or more:
                yield "cpu.features: without %s, and with %s too much" % (sorted(lost), sorted(more))
    said = [(number(item["index"]), item["name"], number(item["value"])) for item in told.all("param")]
    if said != (facts.params(last[10]) if 10 in last else []):
        yield "params: %r" % said
    for item in told.all("msr"):
        if facts.MSRS.get(item["index"], item["name"]) != item["name"]:
            yield "MSR %#x: %s" % (item["index"], item["name"])


def in_head(want, told):
    [head] = told.all("image")
    kind = "PV %d-bit" % (8 * want.view.width) if want.image.pv else "HVM"
    if head["guest"] == "PVH" and not any(part.name == "PIC" for part in want.parts.values()):
        kind = "PVH"  # the configuration around the image says so
    yield from differences({"guest": kind, "offset": want.image.begin, "version": want.image.version,
                            "xen": want.image.xen, "checkpoints": want.memory.commits},
                           {"guest": head["guest"], "offset": number(head["offset"]), "version": head["version"],
                            "xen": (head["xen_major"], head["xen_minor"]), "checkpoints": head["checkpoints"]},
                           "image")


def in_each_wrapping(name):
    """Is it one of the few golden images that are read in every wrapping? The others are read bare."""
    return name.split(".")[0] in ("hvm-v3", "hvm-v3-remus", "hvm-v3-colo", "pv64-v3") and not name.endswith(".xz")


def judge(octets, name, folder):
    """Why the two do not agree: at most SHOWN lines."""
    path = pathlib.Path(folder, name)
    path.write_bytes(octets)
    told = Told(path)
    path.unlink()
    if told.trouble:
        return told.trouble
    want, lines = Wanted(octets), []
    for part in (in_head, in_records, in_structures, in_memory, in_names):
        lines += part(want, told)
    return "\n".join(lines[:SHOWN] + ["and %d more" % (len(lines) - SHOWN)] * (len(lines) > SHOWN))


def judge_peer(octets, name, verifier, folder):
    """The same against Xen's verifier. It reads no checkpointed image."""
    path = pathlib.Path(folder, "peer-" + name)
    path.write_bytes(octets)
    form = "xl" if octets.startswith(b"Xen saved") else "libxc"
    lines = peer.differences(verifier, path, form, Told(path))
    path.unlink()
    return "\n".join(lines[:SHOWN])


def check_peer(tap, jobs, folder):
    verifier = XenVerifier()
    if not verifier.ready:
        tap.skip("inspect and Xen's verifier agree", verifier.why)
        return
    for name, octets in jobs:
        if "remus" not in name:
            why = judge_peer(octets(), name, verifier, folder)
            tap.point(not why, "%s: inspect and Xen's verifier agree" % name, why)


def main():
    tap = Tap()
    chosen = sys.argv[1:]
    jobs = [(name, lambda path=path: read(path)) for name, path in stored(IMAGES).items()]
    here = {name for name, _ in jobs}
    more = [(name, lambda path=path: read(path)) for name, path in stored(SHARED).items() if name not in here]
    if not more:
        tap.skip("the larger images", "there is no shared folder with more images; GODWIT_SHARED names one")
    made = [(stream.name, stream.octets) for stream in clean_streams() if stream.image or in_each_wrapping(stream.name)]
    with tempfile.TemporaryDirectory(prefix="godwit-inspect-") as folder, \
            concurrent.futures.ProcessPoolExecutor(2) as pool:
        running = [(name, pool.submit(judge, octets(), name, folder)) for name, octets in jobs + more + made
                   if not chosen or any(part in name for part in chosen)]
        for name, job in running:
            why = job.result()
            tap.point(not why, "%s: inspect and the independent decoder agree" % name, why)
        if not chosen:
            check_peer(tap, jobs + more, folder)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
