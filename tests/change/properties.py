#!/usr/bin/env python3
"""What convert makes of an image: fitted to each release of Xen, there and back between versions, squashed.

Properties over every clean stream of tests/golden and over real images; for each release what it does not take, and
what is left of that with --lossy; what Xen's own verifier says of the results.

Environment: GODWIT, GODWIT_SOURCE, GODWIT_FLAVOUR ("sanitize": fewer releases); GODWIT_SHARED: a folder whose images/
holds more images, too large to live here (default: 'shared' beside the project's root).
"""
import concurrent.futures
import os
import pathlib
import random
import struct
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("legacy", "golden", "interop", "images"):
    sys.path.insert(0, str(HERE.parent / folder))

import image_reader as reader                       # noqa: E402
import images as legacy_images                      # noqa: E402
from circle import without_hand_over                # noqa: E402
import xenf                                         # noqa: E402
from features import RELEASES, features, noted      # noqa: E402
from guests import Hvm                              # noqa: E402
from run import SHARED, images, unpack             # noqa: E402
from streams import clean_streams, raw_images       # noqa: E402
from tap import Tap                                 # noqa: E402
from verdict import godwit, verify                  # noqa: E402
from xenverifier import XenVerifier                 # noqa: E402

SANITIZE = os.environ.get("GODWIT_FLAVOUR") == "sanitize"
SOME = (6, 10, 14, 22) if SANITIZE else (6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 21, 22)
# Two forms whose numbers stand in other places are not compared number by number.
MOVED = ("hvm-v2-cpu-1016",)
# A device model's state that is not there is no fault of a conversion.
PASSED_OVER = {"libxl-emulator-missing"}


class Trouble(Exception):
    """What did not come out as it should."""


class Work:
    """A folder for one point, and godwit in it."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, name, octets):
        path = self.folder / name
        path.write_bytes(octets)
        return path

    def convert(self, source, name, *options):
        target = self.folder / name
        run = godwit("convert", source, target, "--force", *options)
        if run.returncode:
            raise Trouble("convert %s: exit status %d: %s" % (" ".join(options), run.returncode,
                                                              run.stderr.decode()[:600]))
        return target, run.stdout.decode()

    def refused(self, source, *options):
        """Why; '' when it is not refused."""
        run = godwit("convert", source, self.folder / "refused", "--force", *options)
        if run.returncode not in (0, 1):
            raise Trouble("exit status %d: %s" % (run.returncode, run.stderr.decode()[:600]))
        return run.stderr.decode() if run.returncode else ""


def demand(good, why):
    if not good:
        raise Trouble(why)


def equal(one, two, name):
    run = godwit("compare", one, two)
    demand(run.returncode == 0 or name in MOVED, "compare: " + run.stdout.decode()[:600] + run.stderr.decode()[:300])


def no_errors(path, *options, base=frozenset()):
    found = set(verify(path, *options).rules["error"]) - PASSED_OVER - set(base)
    demand(not found, "verify %s: %s" % (" ".join(options), ", ".join(sorted(found))))


def digest_of(path):
    run = godwit("digest", path)
    demand(run.returncode == 0, "digest: " + run.stderr.decode()[:300])
    return [line for line in run.stdout.decode().splitlines() if not line.startswith(("#", "blob page_checks"))]


# --- squash -------------------------------------------------------------------------------------------------------

def squash(work, source, name, faulty=()):
    base = verify(source).rules["error"]
    small, _ = work.convert(source, "small", "--squash", *faulty)
    again, _ = work.convert(small, "again", "--squash", *faulty)
    demand(small.read_bytes() == again.read_bytes(), "squashed once more it is another")
    demand(digest_of(source) == digest_of(small), "the digest is another")
    demand(small.stat().st_size <= source.stat().st_size, "it became larger")
    equal(source, small, name)
    no_errors(small, base=base)
    bare, _ = work.convert(small, "bare", "--to", "raw", "--lossy", *faulty)
    why = reader.not_squashed(bare.read_bytes())
    demand(not why, why)
    return bare


def same_memory(work, source, bare):
    """By this test's own reading of both."""
    demand(reader.state(source.read_bytes()) == reader.state(bare.read_bytes()), "the memory is another")


def digests_are_made_anew(work, source):
    """Where PAGE_CHECKS and IMAGE_DIGEST were, they are those of what is written."""
    small, _ = work.convert(source, "small", "--squash")
    found = [xenf.Record(kind, body) for kind, body in reader.records(small.read_bytes())]
    image = xenf.Image(records=[record for record in found if record.kind != xenf.IMAGE_DIGEST])
    want = xenf.image_digest(image).body
    demand([r.body for r in found if r.kind == xenf.IMAGE_DIGEST] == [want], "IMAGE_DIGEST is not that of the image")
    for data, checks in zip(found, found[1:]):
        if data.kind == xenf.PAGE_DATA:
            demand(checks.kind == xenf.PAGE_CHECKS and checks.body == xenf.checks_of(data).body,
                   "PAGE_CHECKS are not those of the PAGE_DATA before it")


# --- checks -------------------------------------------------------------------------------------------------------

FLIPS = 4 if SANITIZE else 12


def with_checks(work, source):
    """PAGE_CHECKS behind all contents but those that VERIFY compares, IMAGE_DIGEST before END, and nothing else new."""
    checked, _ = work.convert(source, "checked", "--checks")
    found = [xenf.Record(kind, body) for kind, body in reader.records(checked.read_bytes())]
    plain = [record for record in found if record.kind not in (xenf.PAGE_CHECKS, xenf.IMAGE_DIGEST)]
    before = [item for item in reader.records(source.read_bytes()) if item[0] not in (xenf.PAGE_CHECKS,
                                                                                      xenf.IMAGE_DIGEST)]
    demand([(record.kind, record.body) for record in plain] == before, "other records are not as they were")
    want = []
    for record in plain[:-1]:
        verifying = any(item.kind == xenf.VERIFY for item in want)
        want.append(record)
        if record.kind == xenf.PAGE_DATA and not verifying and len(xenf.checks_of(record).body) > 8:
            want.append(xenf.checks_of(record))
    want += [xenf.image_digest(xenf.Image(records=plain)), plain[-1]]
    demand([(r.kind, r.body) for r in found] == [(r.kind, r.body) for r in want], "the checks are not those of it")
    no_errors(checked)
    return checked


def last_contents(octets):
    """Where the last contents of each pfn stand; behind VERIFY nothing counts."""
    places, at = {}, 40
    for kind, body in reader.records(octets):
        if kind == xenf.VERIFY:
            break
        place = at + 8 + 8 + 8 * (struct.unpack_from("<I", body)[0] if kind == xenf.PAGE_DATA else 0)
        for pfn, _, contents in reader.pages(body) if kind == xenf.PAGE_DATA else ():
            places.pop(pfn, None)
            if contents is not None:
                places[pfn] = place
                place += xenf.PAGE
        at += 8 + len(body) + -len(body) % 8
    return places


def flips_are_found(work, source, name):
    """A bit anywhere in the last contents of a pfn: told with that pfn and that place, and by the digest."""
    octets, rng = with_checks(work, source).read_bytes(), random.Random(name)
    for pfn, place in rng.sample(sorted(last_contents(octets).items()), FLIPS):
        damaged = bytearray(octets)
        damaged[place + rng.randrange(xenf.PAGE)] ^= 1 << rng.randrange(8)
        said = godwit("verify", work.write("damaged", damaged))
        line = "pfn 0x%x, at 0x%x, are not what their check says" % (pfn, place)
        demand(said.returncode == 1 and line in said.stdout.decode(), "a flip in pfn %#x is not told" % pfn)
        demand("opt-image-digest-differs" in said.stdout.decode(), "the digest holds in spite of a flip")
        demand(work.refused(work.folder / "damaged", "--squash"), "squash takes a flip")


# --- versions and releases ----------------------------------------------------------------------------------------

def there_and_back(work, source, name):
    """Version 2 to 3 and back: the same octets; and the other way, but for the policies."""
    octets = source.read_bytes()
    other, back = ("3", "2") if reader.version(octets) == 2 else ("2", "3")
    there, _ = work.convert(source, "there", "--format", other, "--lossy")
    demand(str(reader.version(there.read_bytes())) == other, "it did not become version " + other)
    again, _ = work.convert(there, "again", "--format", back)
    no_errors(there)
    if back == "3":
        once, _ = work.convert(again, "once", "--format", other)
        demand(once.read_bytes() == there.read_bytes(), "2 -> 3 -> 2 changed something")
        return
    demand(again.read_bytes() == octets, "2 -> 3 -> 2 changed something")
    equal(source, there, name)


def every_pair(work, source, name):
    """Each wrapping with each version, out of the same image: all say the same, and lead back to the same octets."""
    octets = source.read_bytes()
    for wrapping in ("raw", "libxl", "xl", "libvirt", "xenopsd"):
        for form in ("2", "3"):
            what = "%s, version %s: " % (wrapping, form)
            path, _ = work.convert(source, "pair", "--to", wrapping, "--format", form, "--lossy")
            equal(source, path, name)
            no_errors(path)
            back, _ = work.convert(path, "back", "--to", "raw", "--format", "2", "--lossy")
            demand(back.read_bytes() == octets, what + "the way back leads elsewhere")


def losses(told):
    """The lines that tell of a loss: not of what held nothing."""
    return [line for line in told.splitlines()
            if "left out: " in line and "hold nothing" not in line and "say nothing" not in line]


def fitted(work, source, name, minor):
    release = "4.%d" % minor
    why = work.refused(source, "--for-xen", release)
    path, told = work.convert(source, "fitted", "--for-xen", release, "--lossy")
    no_errors(path, "--for-xen", release)
    demand(bool(why) == bool(losses(told)), "refused: %r; told: %r" % (why, told))
    if "left out" not in told and "became" not in told:
        equal(source, path, name)
    demand(reader.version(path.read_bytes()) == (2 if minor < 14 else 3), "the version is not that release's")


def feature(work, source, item, minor):
    release, taken, told_of_it = "4.%d" % minor, item.takes(minor), item.told(minor)
    why = work.refused(source, "--for-xen", release)
    path, told = work.convert(source, "fitted", "--for-xen", release, "--lossy")
    no_errors(path, "--for-xen", release)
    if taken:
        demand(told_of_it not in why and told_of_it not in told, "it is taken, but: %s%s" % (why, told))
        return
    demand(told_of_it in why and "--lossy" in why, "it is not named: %r" % why)
    demand("left out: " in told and told_of_it in told, "it is not told: %r" % told)


def told_of(work, source, item, minor):
    _, _, silent, sentence = item
    _, told = work.convert(source, "fitted", "--for-xen", "4.%d" % minor, "--lossy")
    demand((sentence in told) != silent(minor), told)


def long_records(work):
    """More than 8 MiB of memory in one record: several for Xen 4.9, the same for 4.10."""
    pages = [(pfn, xenf.NOTAB, xenf.filled(pfn)) for pfn in range(32, 2432)]
    pages[700:700] = [(pfn, xenf.XTAB, None) for pfn in range(5000, 8000)]
    guest = Hvm(2, minor=6)
    records = guest.full_pass()
    record = xenf.page_data(pages)
    image = guest.image(records + [record] + guest.tail() + [xenf.end()])
    source = work.write("long", image.octets())
    demand(len(record.body) > 8 << 20, "the record is not long")
    for minor, least in ((9, 2), (10, 1)):
        path, _ = work.convert(source, "fitted", "--for-xen", "4.%d" % minor)
        lengths = [len(body) for kind, body in reader.records(path.read_bytes()) if kind == reader.PAGE_DATA]
        demand(len(lengths) - len(records) >= least and (minor > 9 or max(lengths) <= 8 << 20), repr(lengths))
        demand(reader.state(path.read_bytes()) == reader.state(source.read_bytes()), "the memory is another")
        no_errors(path, "--for-xen", "4.%d" % minor)


def empty_records(work):
    """They say nothing, and leave without being a loss."""
    guest = Hvm(2, minor=6)
    image = guest.image(guest.full_pass() + [xenf.tsc_info(), guest.context(),
                                             xenf.Record(xenf.HVM_PARAMS, struct.pack("<II", 0, 0)), xenf.end()])
    source = work.write("empty", image.octets())
    for options in ((), ("--squash",), ("--for-xen", "4.22")):
        path, _ = work.convert(source, "out", *options)
        demand(xenf.HVM_PARAMS not in [kind for kind, _ in reader.records(path.read_bytes())], "it is still there")


# --- Xen's own verifier -------------------------------------------------------------------------------------------

def asked(work, xen, source, faulty=()):
    """What Xen's verifier takes, it takes of every result."""
    if xen.judge(source) != "ok":
        return
    for name, options in (("squash", ("--squash",)), ("v2", ("--format", "2", "--lossy")),
                          ("v3", ("--format", "3")), ("old", ("--for-xen", "4.6", "--lossy"))):
        path, _ = work.convert(source, name, *options, *faulty)
        said = xen.ask(path)
        demand(said[0] == "ok", "%s: %s %s" % (name, *said))


# --- the suite ----------------------------------------------------------------------------------------------------

class Suite:
    """Points that run in a folder of their own, two at a time."""

    def __init__(self):
        self.jobs, self.skips = [], []

    def add(self, name, function, octets, *args):
        """octets: of the file that the function gets; None: it makes its own."""
        self.jobs.append((name, function, octets, args))

    @staticmethod
    def one(job):
        name, function, octets, args = job
        with tempfile.TemporaryDirectory(prefix="godwit-change-") as folder:
            work = Work(pathlib.Path(folder))
            first = [] if octets is None else [work.write("image", octets() if callable(octets) else octets)]
            try:
                function(work, *first, *args)
            except Trouble as trouble:
                return name, str(trouble)
        return name, ""

    def run(self, parts):
        tap = Tap()
        chosen = [job for job in self.jobs if not parts or any(part in job[0] for part in parts)]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, why in pool.map(self.one, chosen):
                tap.point(not why, name, why)
        for name, why in self.skips:
            tap.skip(name, why)
        return tap.done()


def squash_and_hold(work, source, name):
    same_memory(work, source, squash(work, source, name))


def all_fitted(work, source, name):
    for minor in SOME:
        try:
            fitted(work, source, name, minor)
        except Trouble as trouble:
            raise Trouble("4.%d: %s" % (minor, trouble)) from trouble


def each(check):
    """The check for every release, one point."""
    def point(work, source, item):
        for minor in SOME if SANITIZE else RELEASES:
            try:
                check(work, source, item, minor)
            except Trouble as trouble:
                raise Trouble("4.%d: %s" % (minor, trouble)) from trouble
    return point


def add_golden(suite, xen):
    for name, (image, _, checkpoints) in raw_images().items():
        suite.add("squash-" + name, squash_and_hold, image.octets(), name)
        if checkpoints == 0:
            suite.add("flips-with-checks-" + name, flips_are_found, image.octets(), name)
            suite.add("there-and-back-" + name, there_and_back, image.octets(), name)
            suite.add("for-xen-" + name, all_fitted, image.octets(), name)
            if xen.ready:
                suite.add("xen-" + name, lambda work, source: asked(work, xen, source), image.octets())
    for name in ("hvm-v2", "pvh-v2", "pv64-v2", "pv32-v2"):
        suite.add("every-pair-" + name, every_pair, raw_images()[name][0].octets(), name)
    for stream in clean_streams():
        if stream.wrapping in ("libxl", "xl > libxl", "libvirt > libxl", "xenopsd"):
            suite.add("squash-" + stream.name, squash, stream.octets, stream.name)
    for name in ("hvm-v3-ours", "pv64-v3-ours", "pv32-v2-ours"):
        suite.add("digests-" + name, digests_are_made_anew, raw_images()[name][0].octets())


def add_features(suite):
    for item in features():
        suite.add("feature-" + item.name, each(feature), item.image().octets(), item)
    for item in noted():
        suite.add("told-" + item[0], each(told_of), item[1].octets(), item)
    suite.add("long-records-are-split-up-to-4.9", long_records, None)
    suite.add("empty-records-are-left-out", empty_records, None)


def real(work, path, xen):
    """A real image: noise inside of a right frame is invalid, but no less an image."""
    source = work.folder / "real"
    unpack(path, source)
    without_hand_over(source)
    bare = squash(work, source, path.name, ("--faulty",))
    if xen.ready:
        asked(work, xen, bare, ("--faulty",))


def add_real(suite, xen):
    here = images(HERE.parent / "images")
    for name, path in here.items():
        suite.add("real-" + name, lambda work, path=path: real(work, path, xen), None)
    more = {name: path for name, path in images(SHARED).items() if name not in here}
    for name, path in more.items():
        suite.add("real-" + name, lambda work, path=path: real(work, path, xen), None)
    if not more:
        suite.skips.append(("the larger images", "there is no shared folder with more images; GODWIT_SHARED names one"))


def legacy(work, path):
    """Squashed at once, and converted first: the same state; what cannot be converted cannot be squashed."""
    refused = work.refused(path)
    if refused:
        demand(work.refused(path, "--squash"), "squash takes what convert refuses: " + refused)
        return
    plain, _ = work.convert(path, "plain")
    small, _ = work.convert(path, "small", "--squash")
    demand(digest_of(plain) == digest_of(small), "the digest is another")
    equal(path, small, path.name)
    bare, _ = work.convert(small, "bare", "--to", "raw", "--lossy", "--faulty")
    why = reader.not_squashed(bare.read_bytes())
    demand(not why, why)


def add_legacy(suite, scratch):
    found, why = legacy_images.unpack(scratch)
    for image in found:
        suite.add("legacy-" + image.name, lambda work, path=image.path: legacy(work, path), None)
    if not found:
        suite.skips.append(("the legacy images", why))


def main():
    with tempfile.TemporaryDirectory(prefix="godwit-change-") as scratch:
        return all_of(scratch)


def all_of(scratch):
    suite, xen = Suite(), XenVerifier()
    add_golden(suite, xen)
    add_features(suite)
    if not SANITIZE:
        add_real(suite, xen)
        add_legacy(suite, scratch)
    if not xen.ready:
        suite.skips.append(("Xen's verifier", xen.why))
    return suite.run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
