#!/usr/bin/env python3
"""The magic for file(1) as an independent reader: what file says of real images, of the same images in other wrappings,
and of their older relatives, against what godwit and the files' names say.

Needs GODWIT, GODWIT_BUILD and GODWIT_SOURCE. GODWIT_SHARED: a folder whose images/ holds more of them (default:
'shared' beside the project's root).
"""
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

SOURCE = pathlib.Path(os.environ["GODWIT_SOURCE"])
MAGIC = os.path.join(os.environ["GODWIT_BUILD"], "misc", "godwit.magic")
SHARED = pathlib.Path(os.environ.get("GODWIT_SHARED") or SOURCE.resolve().parent / "shared") / "images"
HEAD = 1 << 20      # octets that file looks at
sys.path[:0] = [str(SOURCE / "tests/interop"), str(SOURCE / "tests/golden")]
from tap import Tap                                         # noqa: E402
from carriers import Item, libvirt, xenops_record, Xenopsd  # noqa: E402

BARE, XL, LIBXL, LIBVIRT, XENOPSD = ("Xen domain image" + of for of in (
    "", " of xl", " of libxl", " of libvirt", " of xenopsd"))

# Octets at the beginning of a file, and what is said of it. Written down from the references, not from the magic.
OTHERS = [
    (b"LinuxGuestRecord" + bytes(100), "Xen legacy image of xend"),
    (b"XenSavedDomain\n" + bytes(100), "Xen legacy image of xapi"),
    (b"QemuDeviceModelRecord\n" + bytes(100), "device model's state"),
    (b"DeviceModelRecord0002" + bytes(100), "device model's state"),
    (struct.pack("<I", 0xF00FEBED) + bytes(100), "core dump of a PV guest by an old Xen"),
    (struct.pack("<I", 0xF00FEBEE) + bytes(100), "core dump of an HVM guest by an old Xen"),
    (b"Xen saved domain, xl format\n \0 \r" + struct.pack("<5I", 0x01020304, 1, 0, 4, 0),
     XL + ", configuration in JSON, legacy stream"),
    (b"Xen saved domain, xl format\n \0 \r" + struct.pack("<5I", 0x01020304, 0, 0, 4, 0),
     XL + ", configuration as text, legacy stream"),
    (libvirt(b"", version=1), LIBVIRT + ", version 1, legacy stream"),
    (Xenopsd([Item(0xF, xenops_record()), Item(0xF2)]).octets(), XENOPSD + ", legacy stream"),
    (struct.pack("<QQI4s", 65536, 2**64 - 1, 100, b"vcpu") + bytes(64),
     "Xen legacy image, PV guest, 64-bit toolstack"),
    (struct.pack("<III4s", 65536, 2**32 - 1, 100, b"vcpu") + bytes(64),
     "Xen legacy image, PV guest, 32-bit toolstack"),
]
STRANGERS = [b"", bytes(4096), bytes([255]) * 4096, b"vcpu" * 1000, b"{}", b"name", b"\x7fELF" + bytes(100),
             b"Xen saved the day", b"LibvirtQemudSave" + bytes(100)]


class File:
    def __init__(self, work):
        self.path = os.path.join(work, "it")

    def says(self, octets):
        with open(self.path, "wb") as file:
            file.write(octets)
        run = subprocess.run(["file", "-b", "-m", MAGIC, self.path], capture_output=True, text=True, check=False)
        return run.stdout.strip() + run.stderr


def compiled(work):
    run = subprocess.run(["file", "-C", "-m", MAGIC], cwd=work, capture_output=True, text=True, check=False)
    return run.returncode == 0 and not run.stdout + run.stderr, run.stdout + run.stderr


def images():
    """name -> octets at its beginning."""
    for folder in (SOURCE / "tests/images", SHARED):
        for path in sorted(folder.glob("*")):
            name = re.sub(r"\.xz$", "", path.name)
            if name.endswith((".img", ".xl", ".migrate")):
                with (lzma.open(path) if path.suffix == ".xz" else open(path, "rb")) as file:
                    yield path, file.read(HEAD)


def of_image(path):
    """What has to be said of the image, from what godwit says of it: its carrier, and the image."""
    # Valid or not does not matter here.
    info = json.loads(subprocess.run([os.environ["GODWIT"], "info", "--json", path], capture_output=True, text=True,
                                     check=False).stdout)
    carrier = {"raw": BARE, "xl": XL, "libxl": LIBXL}[re.sub(r"^(xz > )?|( > .*)$", "", info["wrapping"]) or "raw"]
    since = {2: 6, 3: 14}[info["version"]]
    guest = "PV guest" if info["guest"].startswith("PV ") else "HVM or PVH guest"
    return carrier, "version %d (Xen 4.%d and later), %s, saved by Xen %d.%d" % (
        info["version"], since, guest, info["xen_major"], info["xen_minor"])


def wrapped(octets):
    """The head of a file of xl in other wrappings: octets, what it is of, what stands between that and the image."""
    stream = octets[48 + struct.unpack_from("<I", octets, 44)[0]:]
    image = stream[24:]
    return [(stream, LIBXL, "libxl stream, "), (image, BARE, ""),
            (libvirt(stream), LIBVIRT, "version 2, libxl stream, "),
            (Xenopsd([Item(0xF, xenops_record()), Item(0xF0, image)]).octets(), XENOPSD, "")]


def judge_images(tap, file):
    checked = set()
    for path, octets in images():
        carrier, image = of_image(path)
        inside = "configuration in JSON, libxl stream, " if carrier == XL else ""
        got, want = file.says(octets), "%s, %s%s" % (carrier, inside, image)
        tap.point(got == want, "%s is told" % path.name, "%s\nnot %s" % (got, want))
        if carrier != XL or image in checked:
            continue
        checked.add(image)
        for other, of, between in wrapped(octets):
            got, want = file.says(other), "%s, %s%s" % (of, between, image)
            tap.point(got == want, "%s is told as a %s" % (path.name, of), "%s\nnot %s" % (got, want))


def of_legacy(name):
    """What has to be said of a legacy image that is called so; None: nothing can be told."""
    if name.startswith("xl"):
        return "Xen domain image of xl, configuration .*, legacy stream"
    if name.startswith(("xend", "libvirt")):
        return {"x": "Xen legacy image of xend", "l": LIBVIRT + ", version 1, legacy stream"}[name[0]]
    toolstack = re.search(r"-w(32|64)-pv", name)
    # Older ones than 3.2 have what tells them only if the guest asked for it.
    if toolstack and int(re.match(r"x(\d\d)", name)[1]) >= 32:
        return "Xen legacy image, PV guest, %s-bit toolstack" % toolstack[1]
    return "data" if re.search(r"-hvm", name) else None


def judge_legacy(tap, file):
    archive = SHARED / "legacy-small.tar.zst"
    if not archive.exists() or not shutil.which("zstd"):
        tap.skip("real legacy images are told", "no shared folder with them, or no zstd to unpack them")
        return
    with tempfile.TemporaryDirectory(prefix="godwit-magic-") as work:
        subprocess.run(["tar", "-x", "-I", "zstd", "-f", archive, "-C", work], check=True)
        wrong, told = [], 0
        for path in sorted(pathlib.Path(work).rglob("*.img")):
            with open(path, "rb") as image:
                got = file.says(image.read(HEAD))
            want = of_legacy(path.name)
            told += want is not None
            if want and not re.fullmatch(want, got):
                wrong.append("%s: %s, not %s" % (path.name, got, want))
        tap.point(not wrong and told > 20, "real legacy images are told, as far as they can be", "\n".join(wrong))


def main():
    tap = Tap()
    if not shutil.which("file"):
        tap.skip("file tells images", "file is not installed")
        return tap.done()
    with tempfile.TemporaryDirectory(prefix="godwit-magic-") as work:
        good, why = compiled(work)
        tap.point(good, "file compiles the magic without a warning", why)
        file = File(work)
        judge_images(tap, file)
        for octets, want in OTHERS:
            got = file.says(octets)
            tap.point(got == want, "told: %s" % want, got)
        said = [got for got in map(file.says, STRANGERS) if re.search("Xen|xend|xapi", got)]
        tap.point(not said, "nothing is said of what is no relative", "\n".join(said))
        judge_legacy(tap, file)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
