#!/usr/bin/env python3
"""godwit export, read by others: every page, register and sum of what it writes is what the image says.

Each image of tests/images, the larger ones of GODWIT_SHARED (default: 'shared' beside the project's root) and the clean
streams of tests/golden become an ELF core, LiME and raw; readers in Python (files.py) hold them against the image as
the independent decoder of tests/golden/inside reads it. gdb and crash open cores, those of real Linux guests too, whose
banner and registers they have to show. Legacy images are held against their digests.
"""
import concurrent.futures
import hashlib
import json
import lzma
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
for room in ("interop", "golden", "legacy"):
    sys.path.insert(0, str(HERE.parent / room))
import facts                                                # noqa: E402
import images as legacy_images                              # noqa: E402
import linux                                                # noqa: E402
from files import PAGE, File, Elf, State, ZEROS, lime       # noqa: E402
from inside import passes                                   # noqa: E402
from inside.image import Image                              # noqa: E402
from streams import clean_streams                           # noqa: E402
from tap import Tap                                         # noqa: E402
from verdict import SOURCE, godwit                          # noqa: E402

IMAGES = HERE.parent / "images"
SHARED = pathlib.Path(os.environ.get("GODWIT_SHARED") or SOURCE.resolve().parent / "shared") / "images"
HASHED = 1 << 30        # octets of a file that is hashed here once more: not those of holes alone
LINUX = "linux64.xl"    # whose kernel is a real one
LARGER_LINUX = "pv64.xl"
DEBUGGED = ("tiny64.xl", "tinyhvm.xl", "pv32-8")


def stored(folder):
    """NAME -> path."""
    found = {}
    for path in sorted(folder.glob("*")):
        name = re.sub(r"\.(img\.xz|img|xz)$", "", path.name)
        if name != path.name and ".digest" not in path.name and not name.endswith(".tar"):
            found[name] = path
    return found


def state_of(octets):
    image = Image(octets)
    return State(image, passes.Memory(image), passes.state(image))


def sha256(octets):
    return hashlib.sha256(octets).hexdigest()


def check_sums(path, out, told):
    """The provenance file says of what the export was made, and which it is."""
    beside = json.loads(pathlib.Path(str(out) + ".provenance.json").read_text())
    told = json.loads(told)
    if {**told, "type": "", "when": ""} != {**beside, "type": "", "when": ""}:
        return "the file beside it says %s, the command %s" % (beside, told)
    got = (beside["type"], beside["program"], beside["input"]["octets"], beside["input"]["sha256"])
    want = ("provenance", "godwit", path.stat().st_size, sha256(path.read_bytes()))
    if got != want or not re.fullmatch(r"\d{4}(-\d\d){2}T(\d\d:){2}\d\dZ", beside["when"]):
        return "%s is not %s" % (got, want)
    with File(out) as file:
        if beside["output"]["octets"] != file.size:
            return "the output has %d octets, not %d" % (file.size, beside["output"]["octets"])
        if file.size <= HASHED and beside["output"]["sha256"] != sha256(file.octets):
            return "the output's SHA-256 is another"
    return ""


def check_pages(octets, parts, state):
    """parts: (place, address, length). '' if they are the image's memory, each page once and right."""
    runs = [(address // PAGE, length // PAGE) for _, address, length in parts]
    if runs != [tuple(run) for run in state.runs()]:
        return "ranges %s, not %s" % (runs[:5], state.runs()[:5])
    for at, address, length in parts:
        for i in range(0, length, PAGE):
            if octets[at + i:at + i + PAGE] != state.pages[(address + i) // PAGE]:
                return "pfn %#x has other contents" % ((address + i) // PAGE)
    return ""


def check_raw(file, state):
    if file.size != state.above * PAGE:
        return "%d octets, not %d" % (file.size, state.above * PAGE)
    if file.blocks > (len(state.pages) + 64) * PAGE:
        return "%d octets on the disk for %d pages" % (file.blocks, len(state.pages))
    why = check_pages(file.octets, [(first * PAGE, first * PAGE, num * PAGE) for first, num in state.runs()], state)
    if why or file.size > HASHED:
        return why
    gaps = [pfn for pfn in range(state.above) if pfn not in state.pages]
    return "" if all(file.octets[pfn * PAGE:(pfn + 1) * PAGE] == ZEROS for pfn in gaps) else "a gap is not zero"


def check_lime(file, state):
    ranges = [(at, first, last + 1 - first) for first, last, at in lime(file.octets)]
    return check_pages(file.octets, ranges, state)


def root_of(state):
    """The pfn of the topmost table of a 64-bit PV guest's first vCPU whose table is in the image."""
    for body in state.bodies(4) if state.image.pv else ():
        if len(body) >= 8 + 5168 and struct.unpack_from("<Q", body, 8 + 0x1390)[0] >> 12 in state.image_types:
            return struct.unpack_from("<Q", body, 8 + 0x1390)[0] >> 12
    return None


def translate(state, va):
    """The address in the guest's memory, by the tables of a 64-bit PV guest."""
    table = root_of(state)
    for level in (4, 3, 2, 1):
        entry = struct.unpack_from("<Q", state.pages[table], (va >> (12 + 9 * (level - 1)) & 511) * 8)[0]
        table = (entry & 0x000ffffffffff000) >> 12
        if not entry & 1 or table not in state.pages:
            return None
    return table * PAGE + va % PAGE


def check_virtual(elf, state):
    """Every virtual range is memory, and what the page tables say, at its begin and its end."""
    for at, va, address, length in elf.virtual():
        for i in range(0, length, PAGE):
            if elf.octets[at + i:at + i + PAGE] != state.pages.get((address + i) // PAGE):
                return "va %#x has other contents than pfn %#x" % (va + i, (address + i) // PAGE)
        for i in (0, length - PAGE) if root_of(state) is not None else ():
            if translate(state, va + i) != address + i:
                return "va %#x is at %s, not at %#x" % (va + i, translate(state, va + i), address + i)
    return ""


def check_xen(elf, state):
    """The sections of Xen's own dump of a PV guest."""
    if not state.image.pv:
        return "" if ".xen_pages" not in elf.sections else "sections of a PV guest"
    pfns = sorted(state.pages)
    at, length, entry = elf.sections[".xen_pages"]
    if (at, length, entry) != (elf.physical()[0][0], len(pfns) * PAGE, PAGE):
        return ".xen_pages are not the pages"
    if elf.section(".xen_p2m") != struct.pack("<%dQ" % (2 * len(pfns)), *(x for pfn in pfns for x in (pfn, pfn))):
        return ".xen_p2m"
    contexts = [body[8:] for body in state.bodies(4) if len(body) > 8]
    if elf.section(".xen_prstatus") != b"".join(contexts):
        return ".xen_prstatus"
    if elf.section(".xen_shared_info") != b"".join(state.bodies(7)[-1:]):
        return ".xen_shared_info"
    notes = {kind: desc for name, kind, desc in elf.notes_in(*elf.sections[".note.Xen"][:2]) if name == "Xen"}
    header = struct.unpack("<4Q", notes[0x2000001])
    if header != (0xF00FEBED, len(contexts), len(pfns), PAGE) or struct.unpack_from("<QQ", notes[0x2000002]) != \
            state.image.xen or notes[0x2000003] != struct.pack("<Q", 1) or notes[0x2000000]:
        return ".note.Xen: %s" % (header,)
    return ""


def check_elf(file, state):
    elf = Elf(file.octets)
    why = check_pages(file.octets, [(at, address, length) for at, _, address, length in elf.physical()], state)
    if why:
        return why
    want = [{**registers, "pid": i + 1} for i, registers in enumerate(state.registers())]
    got = elf.registers()
    if [{**x, "pid": 0} for x in got] != [{**x, "pid": 0} for x in want]:
        return "registers %s, not %s" % (got, want)
    if len({x["pid"] for x in got}) != len(got):
        return "two threads have one number"
    qemu = [desc for name, _, desc in elf.notes if name == "QEMU"]
    if len(qemu) != (0 if state.image.pv else len(got)) or any(len(desc) != 440 for desc in qemu):
        return "%d notes of QEMU's" % len(qemu)
    return check_virtual(elf, state) or check_xen(elf, state)


CHECKS = {"elf": check_elf, "lime": check_lime, "raw": check_raw}


def export(path, out, kind, data=None):
    run = godwit("export", "--json", "--format", kind, path, out, data=data)
    if run.returncode:
        return None, "exit status %d: %s" % (run.returncode, run.stderr.decode(errors="replace")[:400])
    return run.stdout, ""


def check_format(path, state, kind, scratch):
    out = pathlib.Path(scratch, "%s.%s" % (path.name, kind))
    told, why = export(path, out, kind)
    if why:
        return why
    with File(out) as file:
        why = CHECKS[kind](file, state)
    why = why or check_sums(path, out, told)
    out.unlink()
    return why


def check_ways(path, octets, scratch):
    """From a pipe and packed it becomes the same octets."""
    packed = pathlib.Path(scratch, path.name + ".packed.xz")
    packed.write_bytes(lzma.compress(octets, preset=0))
    sums = []
    for way, data in ((path, None), (packed, None), ("-", octets)):
        out = pathlib.Path(scratch, path.name + ".way")
        told, why = export(way, out, "elf", data)
        if why:
            return "%s: %s" % (way, why)
        told = json.loads(told)
        want = sha256(packed.read_bytes() if way == packed else octets)
        if told["input"]["sha256"] != want:
            return "%s: the input's SHA-256 is another" % way
        sums.append((told["output"]["sha256"], sha256(out.read_bytes())))
        out.unlink()
        pathlib.Path(str(out) + ".provenance.json").unlink()
    packed.unlink()
    return "" if len({x for pair in sums for x in pair}) == 1 else "the outputs differ: %s" % sums


def judge(name, octets, scratch, ways):
    path = pathlib.Path(scratch, name)
    path.write_bytes(octets)
    state = state_of(octets)
    points = []
    for kind in CHECKS:
        if kind == "raw" and state.above * PAGE > HASHED and name != "hvm-16-high":
            continue    # gigabytes of zeros to hash, each time: one is enough
        points.append(("%s: %s is the image's memory" % (name, kind), check_format(path, state, kind, scratch)))
    if ways:
        points.append(("%s: the same from a pipe and packed" % name, check_ways(path, octets, scratch)))
    path.unlink()
    return points


def load(path):
    return lzma.open(path).read() if path.suffix == ".xz" else path.read_bytes()


def all_images(tap, scratch):
    found = {**stored(SHARED), **stored(IMAGES)}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(lambda n=name, p=path: judge(n, load(p), scratch, n.startswith("tiny")))
                for name, path in found.items()]
        jobs += [pool.submit(judge, stream.name, stream.octets(), scratch, False)
                 for stream in clean_streams() if stream.image]
        for job in jobs:
            for what, why in job.result():
                tap.point(not why, what, why)


def check_legacy(image, scratch):
    """The pages of a legacy image are those of the digest that came with it, but for stale ones, which may stay."""
    out = pathlib.Path(scratch, image.name + ".lime")
    _, why = export(image.path, out, "lime")
    if why:
        return why
    want, got = facts.of_digest(image.digest), {}
    with File(out) as file:
        for first, last, at in lime(file.octets):
            for address in range(first, last, PAGE):
                got[address // PAGE] = sha256(file.octets[at + address - first:at + address - first + PAGE])
    out.unlink()
    wrong = [pfn for pfn, (_, digest) in want.pages.items() if got.get(pfn) != digest]
    more = [pfn for pfn, digest in got.items() if pfn not in want.pages and digest != want.stale.get(pfn, (0, ""))[1]]
    return "" if want.pages and not wrong + more else "%d pages differ: %s; %d are too many: %s" % (
        len(wrong), wrong[:5], len(more), more[:5])


def of_legacy(tap, scratch):
    images, why = legacy_images.unpack(scratch)
    for image in images:
        wrong = check_legacy(image, scratch)
        tap.point(not wrong, "%s, a legacy image: lime is the guest's memory" % image.name, wrong)
    if why:
        tap.skip("the other legacy images", why)


def lacking(program):
    return "" if shutil.which(program) else "there is no %s (Debian package %s)" % (program, program)


def ask_gdb(core, commands, *more):
    words = ["gdb", "-batch", "-nx"]
    for command in commands:
        words += ["-ex", command]
    run = subprocess.run(words + ["-c", str(core), *map(str, more)], capture_output=True, text=True, check=False,
                         stdin=subprocess.DEVNULL, timeout=300, env={**os.environ, "HOME": str(core.parent)})
    return run.stdout + run.stderr


def gdb_registers(core, number, *more):
    """rip, rsp and rax of each thread."""
    found = []
    for thread in range(1, number + 1):
        text = ask_gdb(core, ["thread %d" % thread, "info registers rip rsp rax"], *more)
        found.append({name: int(value, 16) for name, value in re.findall(r"^(r..) +(0x[0-9a-f]+)", text, re.M)})
    return found


def by_gdb(tap, scratch):
    """Registers of each vCPU, and memory by address, of images that are always there."""
    for name in DEBUGGED:
        if lacking("gdb"):
            tap.skip("gdb opens the core of %s" % name, lacking("gdb"))
            continue
        path, core = stored(IMAGES)[name], pathlib.Path(scratch, name + ".core")
        state = state_of(load(path))
        export(path, core, "elf")
        want = [{key: x[key] for key in ("rip", "rsp", "rax")} for x in state.registers()]
        got = gdb_registers(core, len(want))
        tap.point(got == want and want, "gdb shows the registers of each vCPU of %s" % name, "%s\n%s" % (got, want))
        pfn = next(pfn for pfn, page in sorted(state.pages.items()) if pfn and bytes(page[:8]) != bytes(8))
        text = ask_gdb(core, ["x/gx %#x" % (pfn * PAGE)])
        value = "0x%016x" % struct.unpack_from("<Q", state.pages[pfn])[0]
        tap.point(value in text, "gdb reads memory of %s by its address" % name, "%s\n%s" % (value, text))
        core.unlink()


def ask_crash(core, names, scratch, commands):
    script = pathlib.Path(scratch, "crash.commands")
    script.write_text("".join(line + "\n" for line in [*commands, "exit"]))
    run = subprocess.run(["crash", "-s", "--no_panic", "--minimal", "-i", str(script), str(names), str(core)],
                         capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=300,
                         env={**os.environ, "HOME": str(scratch), "TERM": "dumb"})
    return run.stdout + run.stderr


def banner_of(state, va):
    """The text at a virtual address, found by the guest's own page tables."""
    found = b""
    while b"\0" not in found:
        at = translate(state, va + len(found))
        found += bytes(state.pages[at // PAGE][at % PAGE:])
    return found.split(b"\0")[0].decode().rstrip("\n")


def linux_in_gdb(tap, what, core, names, at, banner, want):
    text = ask_gdb(core, ["set print elements 0", "x/s %#x" % at, "x/s &linux_banner"], names)
    tap.point(text.count('"%s\\n"' % banner) == 2, what + ": gdb shows its banner", text)
    got = gdb_registers(core, len(want), names)
    tap.point(got == want, what + ": gdb shows the registers of each vCPU", "%s\n%s" % (got, want))


def linux_in_crash(tap, what, core, names, banner, want):
    release = banner.split()[2]
    text = subprocess.run(["crash", "--osrelease", core], capture_output=True, text=True, check=False,
                          timeout=300).stdout
    tap.point(text.strip() == release, what + ": crash tells its release", text)
    text = ask_crash(core, names, core.parent, ["rd -a linux_banner", "help -D"])
    shown = "".join(re.findall(r"^[0-9a-f]{16}:  (.*)$", text, re.M)[:8])
    tap.point(banner in shown, what + ": crash shows its banner", text[:3000])
    got = {name: [int(x, 16) for x in re.findall(r" %s: ([0-9a-f]{16})" % name.upper(), text)] for name in want[0]}
    tap.point(got == {name: [vcpu[name] for vcpu in want] for name in want[0]},
              what + ": crash shows the registers of each vCPU", "%s\n%s\n%s" % (got, want, text[:3000]))


def of_linux(tap, scratch, path):
    """gdb and crash on a real kernel: its banner by the kernel's own address, the registers of each vCPU."""
    what = "%s, a real Linux" % path.name.removesuffix(".xz")
    core, names = pathlib.Path(scratch, path.name + ".core"), pathlib.Path(scratch, path.name + ".names")
    state = state_of(load(path))
    _, why = export(path, core, "elf")
    with File(core) as file:
        elf = Elf(file.octets)
        info = b"".join(desc for name, _, desc in elf.notes if name == "VMCOREINFO").decode()
        symbols = linux.kallsyms(elf.read, linux.vmcoreinfo(info))
        linux.namelist(names, symbols, elf.read)
    at = {name: at for at, _, name in symbols}["linux_banner"]
    banner = banner_of(state, at)
    want = [{name: vcpu[name] for name in ("rip", "rsp", "rax")} for vcpu in state.registers()]
    release = "OSRELEASE=%s\n" % banner.split()[2]
    tap.point(not why and banner.startswith("Linux version 6.1") and release in info and len(want) == 2,
              what + " of two vCPUs: VMCOREINFO and kallsyms are found in its memory", why or info[:200])
    if lacking("gdb"):
        tap.skip(what + " in gdb", lacking("gdb"))
    else:
        linux_in_gdb(tap, what, core, names, at, banner, want)
    if lacking("crash"):
        tap.skip(what + " in crash", lacking("crash"))
    else:
        linux_in_crash(tap, what, core, names, banner, want)
    core.unlink()


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="godwit-export-") as scratch:
        if not SHARED.is_dir():
            tap.skip("the larger images", "there is no shared folder with more images; GODWIT_SHARED names one")
        all_images(tap, scratch)
        of_legacy(tap, scratch)
        by_gdb(tap, scratch)
        of_linux(tap, scratch, stored(IMAGES)[LINUX])
        larger = stored(SHARED).get(LARGER_LINUX)
        if larger:
            of_linux(tap, scratch, larger)
        else:
            tap.skip(LARGER_LINUX + ", a larger Linux", "there is no shared folder with it; GODWIT_SHARED names one")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
