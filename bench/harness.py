"""harness.py - what all benches share: building their C programs, a place for large files, the machine in a sentence.

It knows nothing of what is measured.
"""
import argparse
import mmap
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
GODWIT = os.environ.get("GODWIT") or str(ROOT / "build" / "godwit")
GIB = 1 << 30
MADV_POPULATE_WRITE = 23    # Linux 5.14; Python has no name for it


def parser_of(doc, runs):
    """The options of every bench, for those who add to them: how often each row runs, how much smaller it all is."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=runs)
    parser.add_argument("--scale", type=int, default=1)
    return parser


def build(name, folder, *libraries):
    """Compiles bench/NAME.c into the folder: the program's path."""
    program = os.path.join(folder, name)
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-D_GNU_SOURCE", "-o", program,
                    str(ROOT / "bench" / (name + ".c")), *libraries], check=True)
    return program


def work_folder(needed):
    """BENCH_DIR, or memory if twice as much is free there, or the usual temporary place."""
    if os.environ.get("BENCH_DIR"):
        return os.environ["BENCH_DIR"]
    if os.path.isdir("/dev/shm") and shutil.disk_usage("/dev/shm").free > 2 * needed:
        return "/dev/shm"
    return tempfile.gettempdir()


def warm(octets):
    """Touches that much memory and gives it back. A machine that is a guest itself gets its memory at the first touch,
    and may return to its host what lies free for seconds: without this a row pays for that, or not, by chance."""
    with mmap.mmap(-1, octets, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        try:
            memory.madvise(MADV_POPULATE_WRITE)
        except OSError:
            for at in range(0, octets, mmap.PAGESIZE):
                memory[at] = 1


class Row:
    """A command in turns with others. what: what is measured; group: the rows that are compared with each other."""

    def __init__(self, what, group, command, env=None):
        self.what, self.group, self.command, self.env = what, group, [str(c) for c in command], env
        self.times = []

    def run(self, measure, folder):
        """Once: [status, wall, user, system, peak in KiB]; a command that fails ends the bench."""
        out = os.path.join(folder, "out")
        done = subprocess.run([measure, out, *self.command], stdout=subprocess.PIPE, env=self.env, check=True)
        fields = [float(x) for x in done.stdout.split()]
        if fields[0] != 0:
            sys.exit("'%s' ended with %d: %s" % (self.what, fields[0], pathlib.Path(out).read_text()[-500:]))
        return fields

    def wall(self):
        return statistics.median(t[1] for t in self.times)

    def cpu(self):
        return statistics.median(t[2] + t[3] for t in self.times)

    def peak_mib(self):
        return max(t[4] for t in self.times) / 1024


def cells(title, octets, row, wall, cpu):
    """A line of a table. octets: how much was worked on; wall, cpu: the ratios that this table is about."""
    return "| %s (%.2f GiB) | %s | %.1f | %.3f | %.2f | %.2f | %.2f | %.1f |" % (
        title, octets / GIB, row.what, 1000 * row.wall(), row.cpu(), octets / GIB / row.wall(), wall, cpu,
        row.peak_mib())


def below(runs):
    """What stands below a table of such lines."""
    yield ""
    yield "Medians of %d runs; peak: the highest of them." % runs


def take_turns(rows, runs, measure, folder):
    for row in rows:
        row.run(measure, folder)    # warms caches; not counted
    for _ in range(runs):
        for row in rows:
            row.times.append(row.run(measure, folder))


def machine(folder, files):
    """Day, machine, load, where the files lie, commit."""
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
                 platform.machine())
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], stdout=subprocess.PIPE, text=True, check=False).stdout
    commit = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, check=False).stdout.strip()
    return "%s; %d x %s; Linux %s; load %.2f; %s on %s; commit %s" % (
        time.strftime("%Y-%m-%d"), os.cpu_count(), model, platform.release(), os.getloadavg()[0], files, kind.strip(),
        commit or "none")
