#!/usr/bin/env python3
"""The Kaitai Struct description as an independent reader: its compiler makes a parser of it, which reads real images;
what it finds in them is compared with what godwit tells.

Needs GODWIT, GODWIT_BUILD and GODWIT_SOURCE, and node and npm, which fetches three packages into the build folder once.
"""
import json
import lzma
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["GODWIT_SOURCE"])
BUILD = pathlib.Path(os.environ["GODWIT_BUILD"])
DESCRIPTION = BUILD / "misc" / "xen_domain_image.ksy"
MODULES = BUILD / "kaitai"
PACKAGES = {"kaitai-struct-compiler": "0.11.0", "kaitai-struct": "0.11.0", "yaml": "2.8.1"}
# Of xl's files only what is in them is described, of checkpointed ones nothing: libxl's records stand in between.
IMAGES = ["hvm-16-zero.img", "hvm-16.img.xz", "hvm-16-remus.img.xz", "pv32-8.img.xz", "pv64-8-live.img.xz",
          "tiny32.xl.xz", "tiny64-3vcpus.xl.xz", "tinyhvm.xl.xz", "tinypvh.xl.xz", "tiny64-live.migrate.xz"]
# What an image tells only together with other records, or in the guest's memory, the description leaves alone.
BEYOND = ("xstate_", "start_info")

sys.path[:0] = [str(SOURCE / "tests/interop"), str(SOURCE / "tests/golden")]
from tap import Tap                     # noqa: E402
import xenf                             # noqa: E402
from guests import Hvm                  # noqa: E402
from inside.image import Image          # noqa: E402
from streams import plain, raw_images   # noqa: E402


def packages():
    """Why the packages are not there; '' when they are."""
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            return "%s is not installed" % tool
    there = {name: MODULES / "node_modules" / name / "package.json" for name in PACKAGES}
    if all(path.exists() and json.loads(path.read_text())["version"] == PACKAGES[name]
           for name, path in there.items()):
        return ""
    MODULES.mkdir(exist_ok=True)
    run = subprocess.run(["npm", "install", "--prefix", MODULES, "--no-save", "--no-package-lock", "--ignore-scripts",
                          "--no-audit", "--no-fund", "--fetch-retries=0", "--fetch-timeout=30000",
                          *("%s@%s" % package for package in PACKAGES.items())], capture_output=True, text=True,
                         check=False)
    return "npm cannot fetch %s: no network?" % ", ".join(PACKAGES) if run.returncode else ""


def unpack(name, work):
    """The bare image of a stored file: its path."""
    stored = SOURCE / "tests/images" / name
    with (lzma.open(stored) if stored.suffix == ".xz" else open(stored, "rb")) as file:
        octets = file.read()
    path = pathlib.Path(work, name)
    path.write_bytes(octets[Image(octets).begin:])
    return path


def written(work):
    """Streams of the independent writer, in forms that no stored image has: their paths."""
    images = {name: image for name, (image, _, _) in raw_images().items()}
    high = plain(Hvm(3))
    images["hvm-v3-high"] = high.insert(high.find(xenf.HVM_CONTEXT), xenf.page_data(xenf.holes(0xFEDCBA987, 2)))
    for name, image in images.items():
        path = pathlib.Path(work, name)
        path.write_bytes(image.octets())
        yield path


def godwit(*words):
    run = subprocess.run([os.environ["GODWIT"], *words, "--max-guest", "512T"], capture_output=True, text=True,
                         check=False)
    return [json.loads(line) for line in run.stdout.splitlines()]


def facts(got, info):
    """Counts that both tell: what differs."""
    records = {record["name"]: {"num": record["num"], "octets": record["octets"]} for record in info["records"]}
    pairs = {
        "version": (got["version"], info["version"]),
        "Xen": ((got["xen_major"], got["xen_minor"]), (info["xen_major"], info["xen_minor"])),
        "guest": (got["guest"], 1 if info["guest"].startswith("PV ") else 2),
        "pfns": (got["last_pfn"] + 1, info["memory"]["pfns"]),
        "entries": (got["entries"], info["entries"]),
        "contents": (got["contents"], info["contents"]),
        "records": (got["records"], records),
    }
    return ["%s: %s, godwit says %s" % (what, *pair) for what, pair in pairs.items() if pair[0] != pair[1]]


# --- structures, field by field -------------------------------------------------------------------------------------

def number(value):
    return int(value, 16) if isinstance(value, str) and value.startswith("0x") else value


def bits(numbers, width):
    return [8 * width * at + bit for at, one in enumerate(numbers) for bit in range(8 * width) if int(one) >> bit & 1]


def same(ours, theirs, kind):
    """Is what the parser read what godwit tells? A map of bits is told by its bits."""
    if isinstance(theirs, list) and kind[:1] in ("u", "s"):
        numbers = ours if isinstance(ours, list) else [ours]
        return [int(x) for x in numbers] == [number(x) for x in theirs] or bits(numbers, int(kind[1:])) == theirs
    theirs = number(theirs)
    return (int(ours) if isinstance(theirs, int) else ours) == theirs


def differ(layout, ours, theirs, kinds, path):
    """Paths of the fields that differ between two structures, or two arrays of them."""
    if isinstance(ours, list):
        if len(ours) != len(theirs):
            return ["%s: %d, godwit says %d" % (path, len(ours), len(theirs))]
        return [line for at, pair in enumerate(zip(ours, theirs))
                for line in differ(layout, *pair, kinds, "%s[%d]" % (path, at))]
    theirs = {name.lstrip("_"): value for name, value in theirs.items()}
    found = ["%s.%s: only one tells it" % (path, name) for name in sorted(set(ours) ^ set(theirs))]
    for name in sorted(set(ours) & set(theirs)):
        kind, here = kinds[layout][name], "%s.%s" % (path, name)
        if kind in kinds:
            found += differ(kind, ours[name], theirs[name], kinds, here)
        elif not same(ours[name], theirs[name], kind):
            found.append("%s: %s, godwit says %s" % (here, ours[name], theirs[name]))
    return found


def compare_structures(got, lines, kinds):
    ours = [(one["record"], one["layout"], one["fields"]) for one in got["structures"]]
    theirs = [(line["record"], line["layout"], line["fields"]) for line in lines if line["type"] == "structure" and
              line["layout"] and not line["layout"].startswith(BEYOND)]
    if got["records"].get("CHECKPOINT"):    # of those godwit tells the state of the last one alone
        known = {one[0] for one in theirs}
        ours = [one for one in ours if one[0] in known]
    if [one[:2] for one in ours] != [one[:2] for one in theirs]:
        return 0, ["structures %s, godwit tells %s" % ([one[:2] for one in ours], [one[:2] for one in theirs])]
    wrong = [line for mine, other in zip(ours, theirs)
             for line in differ(mine[1], mine[2], other[2], kinds, "record %d: %s" % mine[:2])]
    return len(ours), wrong


def compare_params(got, lines):
    theirs = {line["name"]: number(line["value"]) for line in lines if line["type"] == "param"}
    ours = {name: int(value) for name, value in got["params"].items()}
    return [] if ours == theirs else ["params %s, godwit tells %s" % (ours, theirs)]


def judge(tap, got, path, kinds):
    name = path.name
    wrong = facts(got, godwit("info", "--json", path)[0])
    tap.point(not wrong, "%s: headers, records and pages are those that godwit counts" % name, "\n".join(wrong))
    lines = godwit("inspect", "--json", path)
    checked, wrong = compare_structures(got, lines, kinds)
    tap.point(checked > 2 and not wrong, "%s: %d structures are those that godwit tells" % (name, checked),
              "\n".join(wrong))
    wrong = compare_params(got, lines)
    tap.point(not wrong, "%s: %d HVM parameters are those that godwit tells" % (name, len(got["params"])),
              "\n".join(wrong))


def judge_written(tap, all_got, paths, kinds):
    wrong, structures = [], 0
    for got, path in zip(all_got, paths):
        lines = godwit("inspect", "--json", path)
        checked, differing = compare_structures(got, lines, kinds)
        differing += facts(got, godwit("info", "--json", path)[0]) + compare_params(got, lines)
        structures += checked
        wrong += ["%s: %s" % (path.name, line) for line in differing]
    name = "%d written streams: all that is counted, and %d structures, are as godwit tells" % (len(paths), structures)
    tap.point(not wrong and structures > 500, name, "\n".join(wrong))


def main():
    tap = Tap()
    why = packages()
    if why:
        tap.skip("the description reads real images", why)
        return tap.done()
    with tempfile.TemporaryDirectory(prefix="godwit-kaitai-") as work:
        paths = [unpack(name, work) for name in IMAGES]
        streams = list(written(work))
        run = subprocess.run(["node", SOURCE / "tests/kaitai/read.js", MODULES, DESCRIPTION, *paths, *streams],
                             capture_output=True, text=True, check=False)
        if not tap.point(run.returncode == 0, "the description compiles, and reads every image", run.stderr):
            return tap.done()
        kinds, *all_got = (json.loads(line) for line in run.stdout.splitlines())
        for got, path in zip(all_got, paths):
            judge(tap, got, path, kinds)
        judge_written(tap, all_got[len(paths):], streams, kinds)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
