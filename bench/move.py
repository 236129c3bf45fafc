#!/usr/bin/env python3
"""move.py - what saving and moving an idle guest cost, beside the floor (the same memory, moved by nothing but reads
and writes) and QEMU.

  move.py [--runs N] [--scale N] [--only TABLE]...    Markdown tables on stdout; --scale 16: a guest of 64 MiB

Environment: GODWIT: the program; BENCH_DIR: where files go (default: /dev/shm with room enough, else the usual place
for temporary files). All rows take turns; before each one, memory is warmed. The guest writes nothing; a moved guest is
the next move's source.
"""
import contextlib
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile

import qemu
from harness import GIB, GODWIT, build, machine, parser_of, warm, work_folder

LIFE = 7200     # seconds after which a guest that was left over ends by itself


class Bench:
    """What all rows share: programs, a folder, the guest."""

    def __init__(self, folder, octets):
        self.folder, self.octets = folder, octets
        self.measure = build("measure", folder)
        self.floor = build("floor", folder, "-lxxhash")
        self.guest = self.make_guest()
        self.sessions, self.receiver = 0, None
        self.migrates = subprocess.run([GODWIT, "migrate", "--help"], capture_output=True, check=False).returncode == 0
        if not self.migrates:
            print("move.py: no rows of godwit migrate: this godwit has no such command", file=sys.stderr)
        why = qemu.missing()
        self.qemu = None if why else qemu.Qemu(folder, self.memory(), octets)
        if why:
            print("move.py: no rows of QEMU: " + why, file=sys.stderr)

    def make_guest(self):
        spec = "process:mem=%d,rate=0,life=%d" % (self.octets, LIFE)
        done = subprocess.run([GODWIT, "save", spec, "-", "--json"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              check=True)
        return json.loads(done.stderr)["again"]

    def pid(self):
        return int(re.search(r"\bpid=(\d+)", self.guest).group(1))

    def memory(self):
        """The path of the guest's memory."""
        folder = "/proc/%d/fd" % self.pid()
        return next(path for path in (os.path.join(folder, fd) for fd in os.listdir(folder))
                    if "godwit-guest-memory" in os.readlink(path))

    def used_by_guest(self):
        """CPU seconds of the guest's own process since it is there."""
        threads = "/proc/%d/task" % self.pid()
        return sum(int(open("%s/%s/schedstat" % (threads, thread)).read().split()[0])
                   for thread in os.listdir(threads)) / 1e9

    def close(self):
        if self.receiver:
            self.receiver.terminate()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid(), signal.SIGKILL)

    def path(self, name):
        return os.path.join(self.folder, name)

    # Each of these is one run: (wall, CPU seconds of the source, of the destination, of the destination's guest).

    def run_floor(self, *arguments):
        done = subprocess.run([self.floor, *arguments], stdout=subprocess.PIPE, text=True, check=True)
        return (*map(float, done.stdout.split()), 0.0)

    def floor_move(self, over, kib, landing):
        return self.run_floor("move", over, self.memory(), str(kib), landing)

    def floor_save(self, kib):
        return self.run_floor("save", self.path("image"), self.memory(), str(kib))

    def floor_null(self, kib):
        return self.run_floor("save", "/dev/null", self.memory(), str(kib))

    def command(self, *arguments):
        done = subprocess.run([self.measure, "/dev/null", GODWIT, *arguments], stdout=subprocess.PIPE, text=True,
                              check=True)
        return (*measured(done.stdout, arguments), 0.0, 0.0)

    def save(self, to):
        return self.command("save", self.guest, to)

    def migrate(self, over, *options):
        self.sessions += 1
        folders = [self.path("%s%d" % (side, self.sessions)) for side in ("source", "destination")]
        address = "unix:" + self.path("link") if over == "unix" else "tcp://127.0.0.1:0"
        receive = subprocess.Popen(
            [self.measure, "-", GODWIT, "receive", "--once", "--json", "--listen", address, "--guest",
             "process:life=%d" % LIFE, "--state-dir", folders[1]], stdout=subprocess.PIPE, text=True)
        self.receiver = receive
        address = json.loads(receive.stdout.readline())["address"]
        command = ["migrate", "--json", "--progress", "none", "--state-dir", folders[0], *options, self.guest, address]
        with open(self.memory(), "rb"):  # giving the moved guest's memory back is not counted, as in the floor
            done = subprocess.run([self.measure, "-", GODWIT, *command], stdout=subprocess.PIPE, text=True, check=True)
        wall, source = measured(done.stdout, command)
        told = receive.communicate()[0]
        _, destination = measured(told, ["receive"])
        self.guest = next(line["again"] for line in map(json.loads, told.splitlines()[:-1]) if line["type"] == "runs")
        return wall, source, destination, self.used_by_guest()

    def qemu_move(self, over, channels):
        return (*self.qemu.move(over, channels), 0.0)

    def qemu_save(self):
        return (*self.qemu.save(self.path("image")), 0.0)


def measured(told, command):
    """(wall, CPU seconds) of what measure says in its line, the last one."""
    status, wall, user, system, _ = map(float, told.splitlines()[-1].split())
    if status != 0:
        sys.exit("move.py: godwit %s ended with %d: %s" % (" ".join(command), status, told))
    return wall, user + system


class Row:
    """floor: ratios of its table refer to the cheapest of these rows."""

    def __init__(self, what, run, *arguments, floor=False):
        self.what, self.run, self.arguments, self.floor = what, run, arguments, floor
        self.times = []

    def once(self, bench):
        warm(2 * bench.octets)
        times = self.run(*self.arguments)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(bench.path("image"))
        return times

    def median(self, *fields):
        return statistics.median(sum(times[field] for field in fields) for times in self.times)


def rows_of_saves(bench):
    null = [Row("floor: writes of 1 MiB", bench.floor_null, 1024, floor=True),
            Row("floor: writes of 4 MiB", bench.floor_null, 4096, floor=True),
            Row("godwit --version: the program's own start", bench.command, "--version"),
            Row("godwit save", bench.save, "-")]
    file = [Row("floor: writes of 1 MiB", bench.floor_save, 1024, floor=True),
            Row("floor: writes of 4 MiB", bench.floor_save, 4096, floor=True),
            Row("godwit save", bench.save, bench.path("image"))]
    if bench.qemu:
        file.append(Row("QEMU, into a file", bench.qemu_save))
    return {"save to /dev/null": null, "save to a file": file}


def rows_of_moves(bench, over):
    rows = [Row("floor: writes of 1 MiB", bench.floor_move, over, 1024, "fresh", floor=True),
            Row("floor: writes of 4 MiB", bench.floor_move, over, 4096, "fresh", floor=True),
            Row("floor, XXH3 of each page at both sides", bench.floor_move, over, 1024, "fresh+check"),
            Row("floor, memory populated before", bench.floor_move, over, 1024, "populated"),
            Row("floor, landing by a buffer and pwrite", bench.floor_move, over, 1024, "buffer"),
            Row("floor, by a buffer, XXH3 at both sides", bench.floor_move, over, 1024, "buffer+check")]
    if bench.migrates:
        rows += [Row("godwit migrate", bench.migrate, over),
                 Row("godwit migrate --no-checks", bench.migrate, over, "--no-checks"),
                 Row("godwit migrate --paused", bench.migrate, over, "--paused")]
    if bench.qemu:
        rows += [Row("QEMU", bench.qemu_move, over, 0), Row("QEMU, multifd 2", bench.qemu_move, over, 2)]
    return {"move over " + over: rows}


def table(tables, octets, runs):
    gib = octets / GIB
    yield "| what | how | wall ms | CPU ms/GiB | at the source | at the destination | CPU, floor = 1 |"
    yield "|---|---|---|---|---|---|---|"
    for title, rows in tables.items():
        floor = min(row.median(1, 2) for row in rows if row.floor)
        for row in rows:
            both, wall = row.median(1, 2), row.median(0)
            yield "| %s | %s | %.1f | %.1f | %.1f | %.1f | %.2f |" % (
                title, row.what, 1000 * wall, 1000 * both / gib, 1000 * row.median(1) / gib,
                1000 * row.median(2) / gib, both / floor)
    guests = [times[3] for rows in tables.values() for row in rows for times in row.times]
    yield ""
    yield ("Medians of %d runs, a guest of %d MiB; the most that a moved guest's own process had used when it had "
           "moved: %.1f ms." % (runs, octets >> 20, 1000 * max(guests)))


def run_all(bench, tables, runs):
    rows = [row for table_rows in tables.values() for row in table_rows]
    warm(8 * bench.octets)
    for row in rows:
        row.once(bench)     # warms caches; not counted
    for _ in range(runs):
        for row in rows:
            row.times.append(row.once(bench))


def main():
    parser = parser_of(__doc__, runs=5)
    parser.add_argument("--only", action="append", default=[], help="a word of a table's name, such as 'unix'")
    given = parser.parse_args()
    octets = GIB // given.scale
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="godwit-bench-", dir=work_folder(4 * octets)))
        bench = Bench(folder, octets)
        stack.callback(bench.close)
        tables = {**rows_of_saves(bench), **rows_of_moves(bench, "unix"), **rows_of_moves(bench, "tcp")}
        tables = {title: rows for title, rows in tables.items()
                  if not given.only or any(word in title for word in given.only)}
        before = machine(folder, "files")
        run_all(bench, tables, given.runs)
        print("%s; load at the end %.2f\n" % (before, os.getloadavg()[0]))
        print("\n".join(table(tables, octets, given.runs)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
