#!/usr/bin/env python3
"""Every real image: judged as expected, with the digest that somebody else computed, the same however it is read.

Environment: GODWIT, GODWIT_SOURCE; GODWIT_SHARED: a folder whose images/ holds more of them, too large to live here
(default: 'shared' beside the project's root). findings.txt names what verify says about each image.
"""
import concurrent.futures
import difflib
import hashlib
import json
import lzma
import os
import pathlib
import re
import sys
import tempfile
from collections import Counter

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))
from tap import Tap                                 # noqa: E402
from verdict import SOURCE, expected_findings, godwit, verify       # noqa: E402

SHARED = pathlib.Path(os.environ.get("GODWIT_SHARED") or SOURCE.resolve().parent / "shared") / "images"
# Digests that were made before these two records had lines.
UNLISTED = (["pv_info"], ["pv_p2m_frames"])
TEXT = re.compile(r"^ +(error|warning|note) +([a-z0-9-]+) ", re.M)


def images(folder):
    """NAME -> path, for each image of a folder that has a digest."""
    found = {}
    for path in sorted(folder.glob("*")):
        name = re.sub(r"\.(img\.xz|img|xz)$", "", path.name)
        if name != path.name and ".digest" not in path.name and digest_path(folder, name):
            found[name] = path
    return found


def digest_path(folder, name):
    for path in (folder / (name + ".digest"), folder / (name + ".digest.xz")):
        if path.exists():
            return path
    return None


def unpack(path, to):
    """Write the unpacked image; its SHA-256."""
    digest = hashlib.sha256()
    with (lzma.open(path) if path.suffix == ".xz" else open(path, "rb")) as source, open(to, "wb") as out:
        while block := source.read(1 << 20):
            digest.update(block)
            out.write(block)
    return digest.hexdigest()


def digest_lines(text, listed=True):
    return sorted(x for x in text.splitlines()
                  if x and not x.startswith("#") and (listed or x.split()[1:2] not in UNLISTED))


def expected_digest(path):
    text = lzma.open(path, "rt").read() if path.suffix == ".xz" else path.read_text()
    listed = "blob pv_info " in text
    return digest_lines(text), listed


def compare(want, got, limit=40):
    return "\n".join(list(difflib.unified_diff(want, got, "expected", "godwit", "", "", 0))[:limit])


def check_digest(name, folder, path):
    want, listed = expected_digest(digest_path(folder, name))
    run = godwit("digest", path)
    got = digest_lines(run.stdout.decode(), listed)
    if run.returncode == 0 and got == want:
        return ""
    return "exit status %d %s\n%s" % (run.returncode, run.stderr.decode()[:300], compare(want, got))


def check_info(path, status):
    plain, as_json = godwit("info", path), godwit("info", "--json", path)
    if plain.returncode != status or as_json.returncode != status:
        return "exit status %d, with --json %d: %s" % (plain.returncode, as_json.returncode,
                                                       plain.stderr.decode()[:300])
    try:
        lines = [json.loads(line) for line in as_json.stdout.splitlines()]
    except ValueError as error:
        return "info --json: %s" % error
    return "" if plain.stdout.strip() and lines else "nothing printed"


def check_same(verdict, path, stored):
    """The same findings from a pipe and from the compressed file."""
    with open(path, "rb") as file:
        ways = {"a pipe": verify("-", data=file.read())}
    if stored != path:
        ways["the compressed file"] = verify(stored)
    for way, other in ways.items():
        if other.findings != verdict.findings or other.repeated != verdict.repeated or other.status != verdict.status:
            return "from %s:\n%s\nfrom the file:\n%s" % (way, other.text(), verdict.text())
    return ""


def check_text(verdict, path):
    """The text names the same findings as JSON, in the same order."""
    run = godwit("verify", path)
    text = [(rule, severity) for severity, rule in TEXT.findall(run.stdout.decode())]
    listed = [(rule, severity) for rule, severity, _, _ in verdict.findings]
    if run.returncode == verdict.status and text == listed:
        return ""
    return "exit status %d\n%s\n%s" % (run.returncode, run.stdout.decode()[:2000], verdict.text())


def check_findings(name, verdict, expected):
    got = Counter({(s, r): n for s, rules in verdict.rules.items() for r, n in rules.items()})
    want = expected.get(name, Counter())
    lines = ["%s %s %s %d" % (name, *key, n) for key, n in sorted(got.items())]
    return "" if got == want else compare(["%s %s %s %d" % (name, *key, n) for key, n in sorted(want.items())], lines)


def check_verdict(verdict, expected):
    """Valid, unless findings.txt names an error of this image."""
    status = expected_status(expected)
    if verdict.status == status and verdict.valid == (status == 0):
        return verdict.sound() or ""
    return verdict.text()


def expected_status(expected):
    return 1 if any(severity == "error" for severity, _ in expected) else 0


def named_hashes():
    """NAME -> (octets, SHA-256), from README.md's tables."""
    rows = re.findall(r"^\| (\S+) \| (\d+) \| ([0-9a-f]{64}) \|", (HERE / "README.md").read_text(), re.M)
    return {name: (int(octets), digest) for name, octets, digest in rows}


def check_octets(name, path, digest, named):
    got = path.stat().st_size, digest
    return "" if named.get(name, got) == got else "README.md says %s, it is %s" % (named[name], got)


def judge(name, folder, stored, scratch, expected, named):
    """Every check of one image: a list of (what, why it fails or '')."""
    path = pathlib.Path(scratch, name)
    digest = unpack(stored, path)
    if stored.suffix != ".xz":
        path.unlink()
        path = stored
    verdict = verify(path)
    points = [
        ("the octets that README.md names", check_octets(name, path, digest, named)),
        ("valid, as far as findings.txt says", check_verdict(verdict, expected.get(name, Counter()))),
        ("verify finds what findings.txt says", check_findings(name, verdict, expected)),
        ("digest", check_digest(name, folder, path)),
        ("info", check_info(path, expected_status(expected.get(name, Counter())))),
        ("the same from a file, a pipe and compressed", check_same(verdict, path, stored)),
        ("text and JSON agree", check_text(verdict, path)),
    ]
    if path != stored:
        path.unlink()
    return points


def main():
    tap = Tap()
    expected, named = expected_findings(), named_hashes()
    jobs = [(name, HERE, path) for name, path in images(HERE).items()]
    here = {name for name, _, _ in jobs}
    more = [(name, SHARED, path) for name, path in images(SHARED).items() if name not in here]
    if not more:
        tap.skip("the larger images", "there is no shared folder with more images; GODWIT_SHARED names one")
    with tempfile.TemporaryDirectory(prefix="godwit-images-") as scratch, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        running = [(job[0], pool.submit(judge, *job, scratch, expected, named)) for job in jobs + more]
        for name, job in running:
            for what, why in job.result():
                tap.point(not why, "%s: %s" % (name, what), why)
    tap.point(set(named) == here and set(expected) <= here | {name for name, _, _ in more} | {"pv64.xl"},
              "README.md names every image here, findings.txt no other",
              "README.md: %s; findings.txt: %s" % (sorted(set(named) ^ here), sorted(set(expected) - here)))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
