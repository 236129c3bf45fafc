#!/usr/bin/env python3
"""Damaged images, and Xen's own verifier as a peer.

  run.py          test points in TAP; environment: GODWIT, GODWIT_SOURCE
  run.py --doc    write docs/damage.md, but for the part that tests/damage writes

Each damage of damage.py is done to three images that Xen saved. Every one that godwit does not report needs a sentence
in remarks.py, and docs/damage.md has to be what this run finds. What Xen's own tools make of them stands in
xen-verdicts.json; its verifier's half is checked against the verifier itself where that can be fetched.
"""
import concurrent.futures
import difflib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from collections import Counter

import report
from damage import damages
from records import Image, read
from remarks import REMARKS
from tap import Tap
from verdict import SOURCE, expected_findings, verify
from xenverifier import XenVerifier

HERE = pathlib.Path(__file__).resolve().parent
IMAGES = HERE.parent / "images"
NAMES = ("hvm-16", "pv64-8", "pv32-8")
FORMS = {"raw": "libxc", "libxl": "libxl", "xl > libxl": "xl"}
# What Xen's verifier cannot read: it wants an END, and knows no optional record.
UNREADABLE = re.compile(r"remus|colo|-ours")
# It compares an octet with a character, and so refuses every EMULATOR_XENSTORE_DATA with this sentence.
ITS_FAULT = ("RecordError", "Data not NUL terminated")


def each_damage(name, folder, work):
    """(damage, result of work(path)) for one image, two at a time."""
    image = Image.parse(read(IMAGES / (name + ".img.xz")))

    def one(number, data):
        path = pathlib.Path(folder, "%s-%d" % (name, number))
        path.write_bytes(data)
        try:
            return work(path)
        finally:
            path.unlink()

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [(damage, pool.submit(one, n, data)) for n, (damage, data) in enumerate(damages(image))]
        return {damage: job.result() for damage, job in jobs}


def judge_all(folder):
    """{image: {damage: Verdict}}"""
    return {name: each_damage(name, folder, verify) for name in NAMES}


def beyond_undamaged(verdicts):
    return {name: {d: v.more_than(rows["undamaged"]) for d, v in rows.items()} for name, rows in verdicts.items()}


def check_damages(tap, verdicts):
    findings, expected = beyond_undamaged(verdicts), expected_findings()
    for name, rows in verdicts.items():
        whole = rows["undamaged"]
        got = Counter({(severity, rule): n for severity, rules in whole.rules.items() for rule, n in rules.items()})
        tap.point(got == expected.get(name, Counter()), "%s undamaged has the findings of findings.txt" % name,
                  whole.text())
        for damage, verdict in rows.items():
            reported = bool(report.judged(findings[name][damage])[1])
            why = verdict.sound()
            if not why and not reported and damage != "undamaged" and damage not in REMARKS:
                why = "not reported, and remarks.py has no reason for it\n" + verdict.text()
            tap.point(not why, "%s, %s: %s" % (name, damage, "reported" if reported else "not reported"), why)
    return findings


def check_document(tap, xen, findings):
    path = SOURCE / "docs" / "damage.md"
    stored = path.read_text() if path.exists() else ""
    made = report.document(xen, findings, stored)
    difference = difflib.unified_diff(stored.splitlines(), made.splitlines(), "docs/damage.md", "this run", "", "", 0)
    tap.point(stored == made, "docs/damage.md is what run.py --doc writes", "\n".join(difference))
    idle = sorted(set(REMARKS) - {d for rows in findings.values() for d, f in rows.items() if not f["error"]})
    tap.point(not idle, "every remark belongs to a damage that is no error", "idle: " + "; ".join(idle))


def check_verifier_on_damages(tap, xen, verifier, folder):
    for name in NAMES:
        said = each_damage(name, folder, verifier.judge)
        stored = {damage: row["verifier"] for damage, row in xen[name].items()}
        wrong = ["%s: %s, stored is %s" % (d, said[d], stored.get(d)) for d in said if said[d] != stored.get(d)]
        tap.point(not wrong and len(said) == len(stored),
                  "Xen's verifier still judges the damages of %s as stored" % name, "\n".join(wrong))


def stored_images():
    """(name, form, function that gives its octets) of the real images that Xen's verifier can read."""
    for path in sorted(IMAGES.glob("*")):
        name = path.name.removesuffix(".xz")
        if path.suffix in (".xz", ".img") and ".digest" not in path.name and not UNREADABLE.search(name):
            yield name, "libxc" if name.endswith(".img") else "xl", lambda path=path: read(path)


def golden_images():
    """The same of the clean streams of tests/golden."""
    sys.path.append(str(HERE.parent / "golden"))
    from streams import clean_streams
    for stream in clean_streams():
        if stream.wrapping in FORMS and not UNREADABLE.search(stream.name):
            yield stream.name, FORMS[stream.wrapping], stream.octets


def saved_guests():
    """The same of guests that godwit saves, paused and while they run."""
    guests = ("model:pages=300", "process:mem=2M,threads=2,rate=0,life=60", "process:mem=8M,rate=20M,life=60")
    for number, guest in enumerate(guests):
        for options in ((), ("--live",))[:1 if guest.startswith("model") else 2]:
            command = [os.environ["GODWIT"], "save", *options, "--after", "destroyed", guest, "-"]
            saved = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
            yield "saved-%d%s" % (number, "".join(options)), "libxc", lambda saved=saved: saved


def check_verifier_on(tap, what, verifier, folder, images):
    """Images in which godwit finds nothing wrong pass Xen's verifier too."""
    def one(image):
        name, form, octets = image
        path = pathlib.Path(folder, "verify-" + name)
        path.write_bytes(octets())
        said, sentence = verifier.ask(path, form)
        path.unlink()
        if said == "ok" or (name.startswith("hvm") and form != "libxc" and (said, sentence.strip()) == ITS_FAULT):
            return ""
        return "%s: %s: %s" % (name, said, sentence)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = list(pool.map(one, images))
    tap.point(found and not any(found), "Xen's verifier passes %d %s" % (len(found), what),
              "\n".join(filter(None, found)))


def main():
    xen = json.loads((HERE / "xen-verdicts.json").read_text())
    with tempfile.TemporaryDirectory(prefix="godwit-interop-") as folder:
        verdicts = judge_all(folder)
        if sys.argv[1:] == ["--doc"]:
            path = SOURCE / "docs" / "damage.md"
            path.write_text(report.document(xen, beyond_undamaged(verdicts), path.read_text()))
            return 0
        tap = Tap()
        check_document(tap, xen, check_damages(tap, verdicts))
        verifier = XenVerifier()
        if verifier.ready:
            check_verifier_on_damages(tap, xen, verifier, folder)
            check_verifier_on(tap, "real images", verifier, folder, stored_images())
            check_verifier_on(tap, "clean streams of tests/golden", verifier, folder, golden_images())
            check_verifier_on(tap, "guests that godwit saved", verifier, folder, saved_guests())
        else:
            tap.skip("Xen's verifier judges the damages as stored", verifier.why)
            tap.skip("Xen's verifier passes the images", verifier.why)
        return tap.done()


if __name__ == "__main__":
    sys.exit(main())
