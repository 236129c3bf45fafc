#!/usr/bin/env python3
"""convert.py - what converting an old image costs beside copying it and Xen's own converter, and comparing two images
beside cmp.

  convert.py [--runs N] [--scale N]   a Markdown table on stdout; --scale 16: images of a sixteenth of the size

Environment: GODWIT: the program; BENCH_DIR: where the images go (default: /dev/shm with room enough, else the usual
place for temporary files). All rows take turns, so that a busy machine hurts them alike.
"""
import os
import shutil
import sys
import tempfile

from harness import GIB, GODWIT, ROOT, Row, below, build, cells, machine, parser_of, take_turns, warm, work_folder
from make_image import make, make_legacy

sys.path.append(str(ROOT / "tests" / "interop"))
from xenverifier import XenVerifier             # noqa: E402

TO_PIPE = ("sh", "-c", '"$@" | cat > /dev/null', "sh")


def reference(xen, old, new):
    """Xen's converter, told all that it has to be told."""
    return [sys.executable, str(xen.library / "bin/convert-legacy-stream"), "-i", old, "-o", new, "-w", "64",
            "-g", "hvm", "-f", "libxl"]


def rows_for(paths, xen):
    """Every row; ratios are to the first of each group, the physical floor of that work."""
    old, new = paths["legacy"], paths["out"]
    rows = [
        Row("cp", "file", ["cp", old, new]),
        Row("godwit convert", "file", [GODWIT, "convert", "--force", old, new]),
        Row("cat \\| cat", "pipe", [*TO_PIPE, "cat", old]),
        Row("godwit convert \\| cat", "pipe", [*TO_PIPE, GODWIT, "convert", old, "-"]),
        Row("cmp", "compare", ["cmp", paths["a"], paths["b"]]),
        Row("godwit compare", "compare", [GODWIT, "compare", "--quiet", paths["a"], paths["b"]]),
    ]
    if xen.ready:
        rows.insert(2, Row("convert-legacy-stream", "file", reference(xen, old, new), xen.environment()))
        rows.insert(5, Row("convert-legacy-stream \\| cat", "pipe",
                           [*TO_PIPE, *reference(xen, old, "/dev/stdout")], xen.environment()))
    return rows


def table(rows, sizes, runs):
    titles = {"file": "legacy HVM image into a file", "pipe": "legacy HVM image into a pipe",
              "compare": "two equal images"}
    yield "| work | what | wall ms | CPU s | GiB/s | throughput, first row = 1 | CPU, first row = 1 | peak MiB |"
    yield "|---|---|---|---|---|---|---|---|"
    for group, title in titles.items():
        mine = [row for row in rows if row.group == group]
        for row in mine:
            yield cells(title, sizes[group], row, mine[0].wall() / row.wall(), row.cpu() / max(mine[0].cpu(), 1e-6))
    yield from below(runs)


def main():
    given = parser_of(__doc__, runs=7).parse_args()
    xen = XenVerifier()
    if not xen.ready:
        print("without Xen's converter: " + xen.why, file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="godwit-bench-", dir=work_folder(4 * GIB // given.scale)) as folder:
        measure = build("measure", folder)
        paths = {name: os.path.join(folder, name + ".img") for name in ("legacy", "out", "a", "b")}
        sizes = {"file": make_legacy(paths["legacy"], 1024 // given.scale)}
        sizes["pipe"] = sizes["file"]
        sizes["compare"] = make(paths["a"], 1024 // given.scale)
        shutil.copyfile(paths["a"], paths["b"])
        warm(2 * GIB // given.scale)
        rows = rows_for(paths, xen)
        take_turns(rows, given.runs, measure, folder)
        print(machine(folder, "images in the page cache") + "\n")
        print("\n".join(table(rows, sizes, given.runs)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
