"""verdict.py - run 'godwit verify' and hold its findings and verdict as Python values."""
import json
import os
import pathlib
import subprocess
from collections import Counter

SOURCE = pathlib.Path(os.environ.get("GODWIT_SOURCE") or pathlib.Path(__file__).resolve().parents[2])
GODWIT = os.environ.get("GODWIT") or str(SOURCE / "build" / "godwit")
LIMIT = 240     # seconds for one run: far more than a sanitizer build needs


class Verdict:
    """What one run of verify said. findings: (rule, severity, record, offset) in order; rules: severity -> Counter."""

    def __init__(self, run):
        self.status = run.returncode
        self.errors = run.stderr.decode(errors="replace")
        self.lines = [json.loads(line) for line in run.stdout.splitlines()]
        self.findings = [place(x) for x in self.lines if x.get("type") == "finding"]
        self.repeated = [(x["rule"], x["severity"], x["times"]) for x in self.lines if x.get("type") == "repeated"]
        ends = [x for x in self.lines if x.get("type") == "verdict"]
        self.verdict = ends[-1] if ends else {}
        self.valid = self.verdict.get("valid")
        self.rules = {"error": Counter(), "warning": Counter(), "note": Counter()}
        for rule, severity, _, _ in self.findings:
            self.rules[severity][rule] += 1
        for rule, severity, times in self.repeated:     # times in all, of which the first few are findings
            self.rules[severity][rule] = times

    def sound(self):
        """None, or why the run contradicts itself: every run has to keep these rules."""
        counts = {s: sum(c.values()) for s, c in self.rules.items()}
        want = 0 if not counts["error"] else 1
        if not self.verdict:
            return "no verdict (exit status %d): %s" % (self.status, self.errors[:500])
        if self.status != want:
            return "exit status %d with %d errors" % (self.status, counts["error"])
        if self.valid != (want == 0):
            return "valid is %r with %d errors" % (self.valid, counts["error"])
        for severity, key in (("error", "errors"), ("warning", "warnings"), ("note", "notes")):
            if self.verdict.get(key) != counts[severity]:
                return "the verdict counts %r %s, the lines %d" % (self.verdict.get(key), key, counts[severity])
        return None

    def more_than(self, base):
        """Rules that this image breaks more often than the base: {severity: {rule}}."""
        return {s: {r for r, n in c.items() if n > base.rules[s][r]} for s, c in self.rules.items()}

    def text(self):
        return "\n".join("%-8s %s (record %s, offset %s)" % (f[1], f[0], f[2], f[3]) for f in self.findings) + \
            "\n" + str(self.verdict) + self.errors[:1000]


def expected_findings():
    """{image: Counter of (severity, rule)}: what tests/images/findings.txt says."""
    expected = {}
    for line in (SOURCE / "tests" / "images" / "findings.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, severity, rule, times = line.split()
            expected.setdefault(name, Counter())[severity, rule] = int(times)
    return expected


def place(finding):
    offset = finding.get("offset")
    if isinstance(offset, str):
        offset = int(offset, 16)
    return finding["rule"], finding["severity"], finding.get("record"), offset


def godwit(*args, data=None, stdin=None):
    """Run godwit with arguments; data are octets for its stdin, through a pipe."""
    if data is None and stdin is None:
        stdin = subprocess.DEVNULL
    return subprocess.run([GODWIT, *map(str, args)], input=data, stdin=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=LIMIT, check=False)


def verify(path, *options, data=None):
    return Verdict(godwit("verify", "--json", *options, path, data=data))
