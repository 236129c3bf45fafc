#!/usr/bin/env python3
"""verify.py - what verifying and digesting a large image costs, beside Xen's own verifier, plain reading and hashing.

  verify.py [--runs N] [--scale N]    a Markdown table on stdout; --scale 16: images of a sixteenth of the size

Environment: GODWIT: the program; BENCH_DIR: where the images go (default: /dev/shm with room enough, else the usual
place for temporary files). All rows of one table come from one run and take turns, so that a busy machine hurts them
alike.
"""
import os
import pathlib
import shutil
import sys
import tempfile

from harness import GIB, ROOT, Row, below, build, cells, machine, parser_of, take_turns, work_folder
from make_image import make, make_pv

sys.path.append(str(ROOT / "tests" / "interop"))
from verdict import GODWIT                      # noqa: E402
from xenverifier import XenVerifier             # noqa: E402

# measure sends what a command prints to a file: that must not become part of the reading.
READ = ("sh", "-c", 'exec cat "$0" > /dev/null')


def rows_for(paths, xen):
    """Every row; within one image the first is what the others are compared with."""
    big, twice, plain = paths["big"], paths["twice"], paths["plain"]
    rows = []
    if xen.ready:
        rows.append(Row("Xen's verify-stream-v2", "big", xen.command(big) + ["-q"], xen.environment()))
    rows += [
        Row("cat FILE > /dev/null", "big", [*READ, big]),
        Row("godwit verify", "big", [GODWIT, "verify", "--json", big]),
        Row("cat FILE > /dev/null", "pv", [*READ, paths["pv"]]),
        Row("godwit verify", "pv", [GODWIT, "verify", "--json", paths["pv"]]),
        Row("cat FILE > /dev/null", "hvm", [*READ, plain]),
        Row("godwit verify", "hvm", [GODWIT, "verify", "--json", plain]),
        Row("cat FILE > /dev/null", "twice", [*READ, twice]),
        Row("openssl dgst -sha256", "twice", ["openssl", "dgst", "-sha256", twice]),
        Row("godwit verify (compares the pass behind VERIFY)", "twice", [GODWIT, "verify", "--json", twice]),
        Row("cat FILE > /dev/null", "plain", [*READ, plain]),
        Row("openssl dgst -sha256", "plain", ["openssl", "dgst", "-sha256", plain]),
        Row("godwit digest", "plain", [GODWIT, "digest", plain]),
    ]
    if shutil.which("xxhsum"):
        for image, at in (("twice", -4), ("plain", -1)):
            rows.insert(at, Row("xxhsum -H3", image, ["xxhsum", "-H3", paths[image]]))
    return [row for row in rows if shutil.which(row.command[0])]


def table(rows, sizes, runs):
    titles = {"big": "verify, 4 GiB HVM image, structure alone", "hvm": "verify, 1 GiB HVM image",
              "pv": "verify, 1 GiB PV image, %d page tables" % sizes["tables"],
              "twice": "verify, 1 GiB image with a verify pass", "plain": "digest, 1 GiB image"}
    yield "| image | what | wall ms | CPU s | GiB/s | wall, godwit = 1 | CPU, godwit = 1 | peak MiB |"
    yield "|---|---|---|---|---|---|---|---|"
    for image, title in titles.items():
        ours = next(row for row in rows if row.group == image and row.command[0] == GODWIT)
        for row in (row for row in rows if row.group == image):
            yield cells(title, sizes[image], row, row.wall() / ours.wall(), row.cpu() / max(ours.cpu(), 1e-6))
    yield from below(runs)


def main():
    given = parser_of(__doc__, runs=5).parse_args()
    xen = XenVerifier()
    if not xen.ready:
        print("without Xen's verifier: " + xen.why, file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="godwit-bench-", dir=work_folder(7 * GIB // given.scale)) as folder:
        measure = build("measure", folder)
        paths = {name: os.path.join(folder, name + ".img") for name in ("big", "twice", "plain", "pv")}
        sizes = {"big": make(paths["big"], 4096 // given.scale),
                 "twice": make(paths["twice"], 512 // given.scale, verify=True),
                 "plain": make(paths["plain"], 1024 // given.scale)}
        sizes["pv"], sizes["tables"] = make_pv(paths["pv"], 1024 // given.scale)
        sizes["hvm"] = sizes["plain"]
        rows = rows_for(paths, xen)
        take_turns(rows, given.runs, measure, folder)
        print(machine(folder, "images in the page cache") + "\n")
        print("\n".join(table(rows, sizes, given.runs)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
