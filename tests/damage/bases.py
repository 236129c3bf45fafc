"""The images that are damaged: bare ones, saved in one pass, in which every record has its place.

Small golden guests (tests/golden), images that Xen's own code wrote over simulated guests, and such of the real
hypervisor. A live image holds a page several times, and nothing in it says which of its later passes are whole: a
record that is lost there, or stands elsewhere, leaves a stream that could have been saved so.
"""
import pathlib

from inside import image
from records import Image, read
from streams import raw_images

HERE = pathlib.Path(__file__).resolve().parent
STORED = ("hvm-16.img.xz", "pv64-8.img.xz", "pv32-8.img.xz", "tiny64-3vcpus.xl.xz", "tiny32.xl.xz", "tinypvh.xl.xz")
GOLDEN = ("hvm-v3", "pvh-v3", "pv64-v3", "pv32-v3", "pv64-v3-wide")


def bare(octets):
    """The image alone, without what is around it."""
    found = image.Image(octets)
    return octets[found.begin:found.end]


def golden():
    made = raw_images()
    return {name: made[name][0].octets() for name in GOLDEN}


def stored():
    folder = HERE.parent / "images"
    return {name.split(".")[0]: bare(read(folder / name)) for name in STORED}


class Base:
    """An undamaged image: its records (an Image of records.py), its octets, what godwit says of it."""

    def __init__(self, name, octets, verdict):
        self.name, self.octets, self.verdict = name, octets, verdict
        self.image = Image.parse(octets)
        self.pv = octets[24] == 1


def bases(verify, small=False):
    """Every base; small: the golden ones alone. verify: octets -> Verdict."""
    found = golden()
    if not small:
        found.update(stored())
    return [Base(name, octets, verify(octets)) for name, octets in found.items()]
