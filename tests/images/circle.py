#!/usr/bin/env python3
"""Every real image through every wrapping and back: the octets that come back are those that went in.

raw -> xl -> libxl -> libvirt -> xenopsd -> raw, with nothing said to be lost; a file of xl through libvirt and xenopsd
back to xl, with nothing lost either, and through libxl as well, where only the configuration, which libxl has no place
for, is given again; and each file into its own wrapping.

Environment: GODWIT, GODWIT_SOURCE; GODWIT_SHARED: a folder whose images/ holds more of them, too large to live here
(default: 'shared' beside the project's root).
"""
import concurrent.futures
import pathlib
import struct
import sys
import tempfile

from run import HERE, SHARED, images, unpack

from tap import Tap                                 # noqa: E402
from verdict import godwit                          # noqa: E402

LAPS = ("xl", "libxl", "libvirt", "xenopsd", "raw")
XL_MAGIC = b"Xen saved domain, xl format\n \0 \r"
GO = b"domain is yours, you are cleared to unpause\0"


class Trouble(Exception):
    """A step that ended otherwise than it should."""


def convert(source, target, *options):
    """Converts and gives what was told. What is noise inside of a right frame is invalid, but no less an image."""
    run = godwit("convert", source, target, "--force", "--faulty", *options)
    if run.returncode:
        raise Trouble("convert %s: exit status %d: %s" % (" ".join(map(str, options)), run.returncode,
                                                          run.stderr.decode()[:400]))
    return run.stdout.decode()


def same(one, two):
    """'' or where they differ."""
    if one.stat().st_size != two.stat().st_size:
        return "%d octets became %d" % (one.stat().st_size, two.stat().st_size)
    with open(one, "rb") as first, open(two, "rb") as second:
        at = 0
        while block := first.read(1 << 20):
            if block != second.read(1 << 20):
                return "they differ behind octet %d" % at
            at += len(block)
    return ""


def is_xl(path):
    with open(path, "rb") as file:
        return file.read(len(XL_MAGIC)) == XL_MAGIC


def config_of(path, to):
    with open(path, "rb") as file:
        file.seek(44)
        _, length = struct.unpack("<II", file.read(8))
        to.write_bytes(file.read(length))
    return to


def without_hand_over(path):
    """A captured migration has octets behind its end that belong to no file."""
    with open(path, "r+b") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - len(GO)))
        if file.read() == GO:
            file.truncate(size - len(GO))


def circle(first, scratch):
    """All the wrappings in turn, and nothing lost on the way."""
    at, stations = first, [scratch / "one", scratch / "two"]
    for number, wrapping in enumerate(LAPS):
        target = stations[number % 2]
        told = convert(at, target, "--to", wrapping)
        if "left out" in told:
            return "to %s: %s" % (wrapping, told)
        at = target
    return same(first, at)


def carried(first, scratch, laps):
    """From xl through wrappings that have a place for its configuration to xl."""
    at = first
    for number, wrapping in enumerate(laps + ("xl",)):
        target = scratch / ("one" if number % 2 else "two")
        told = convert(at, target, "--to", wrapping)
        if "left out" in told:
            return "to %s: %s" % (wrapping, told)
        at = target
    return same(first, at)


def through(first, scratch, laps):
    """From xl through other wrappings to xl; what is left out is the configuration, and no more than that."""
    config, at = config_of(first, scratch / "config"), first
    for number, wrapping in enumerate(laps + ("xl",)):
        target = scratch / ("one" if number % 2 else "two")
        told = convert(at, target, "--to", wrapping, "--lossy",
                       *(["--config", config] if wrapping == "xl" else []))
        left = [line for line in told.splitlines() if "left out" in line and "xl's configuration" not in line]
        if [line for line in left if "libvirt's XML" not in line]:
            return "to %s: %s" % (wrapping, told)
        at = target
    return same(first, at)


def judge(name, stored, scratch):
    """Every check of one image: a list of (what, why it fails or '')."""
    scratch = pathlib.Path(scratch, name)
    scratch.mkdir()
    path, raw = scratch / "image", scratch / "raw"
    unpack(stored, path)
    without_hand_over(path)
    points = []

    def point(what, check, *args):
        try:
            points.append((what, check(*args)))
        except Trouble as trouble:
            points.append((what, str(trouble)))

    def own():
        convert(path, raw)
        return same(path, raw)

    def bare():
        convert(path, raw, "--to", "raw", "--lossy")
        return circle(raw, scratch)

    point("the same in its own wrapping", own)
    point("round through all wrappings and back", bare)
    if is_xl(path):
        # Between its checkpoints a file of xenopsd has no place for the device model.
        laps = ("libxl", "libvirt") if "hvm-remus" in name else ("libxl", "libvirt", "xenopsd")
        point("from xl through %s to xl, with all that it carries" % ", ".join(laps[1:]), carried, path, scratch,
              laps[1:])
        point("from xl through %s to xl" % ", ".join(laps), through, path, scratch, laps)
    for file in scratch.iterdir():
        file.unlink()
    return points


def main():
    tap = Tap()
    jobs = list(images(HERE).items())
    here = {name for name, _ in jobs}
    more = [(name, path) for name, path in images(SHARED).items() if name not in here]
    if not more:
        tap.skip("the larger images", "there is no shared folder with more images; GODWIT_SHARED names one")
    with tempfile.TemporaryDirectory(prefix="godwit-circle-") as scratch, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        running = [(name, pool.submit(judge, name, path, scratch)) for name, path in jobs + more]
        for name, job in running:
            for what, why in job.result():
                tap.point(not why, "%s: %s" % (name, what), why)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
