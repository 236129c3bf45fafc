#!/usr/bin/env python3
"""The oracle: what Xen's own code makes of changed images, against godwit's verdict.

  run.py          test points in TAP; environment: GODWIT, GODWIT_SOURCE
  run.py --doc    docs/oracle.md on stdout
"""
import concurrent.futures
import difflib
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent / "interop"), str(HERE.parent / "golden")]
import doc                                          # noqa: E402
import releases                                     # noqa: E402
from cases import OK, bases, cases, unchanged       # noqa: E402
from tap import Tap                                 # noqa: E402
from verdict import SOURCE, verify                  # noqa: E402
from xenverifier import XenVerifier                 # noqa: E402

WORKED = 0


class Bench:
    """Writes images, has them judged, and keeps what is said of unchanged ones."""

    def __init__(self, folder):
        self.folder, self.count, self.bases, self.known = folder, 0, bases(), {}

    def write(self, octets):
        self.count += 1
        path = pathlib.Path(self.folder, "%d.img" % self.count)
        path.write_bytes(octets)
        return path

    def judge(self, octets, options=()):
        path = self.write(octets)
        try:
            return verify(path, *options)
        finally:
            path.unlink()

    def beyond(self, name, octets, options=(), form=unchanged):
        """(Verdict, its rules beyond those of the worked example in that form)"""
        key = name, tuple(options), form
        if key not in self.known:
            self.known[key] = self.judge(form(self.bases[name][WORKED]).octets(), options)
        verdict = self.judge(octets, options)
        return verdict, verdict.more_than(self.known[key])


def reported(found):
    return frozenset(found["error"] | found["warning"])


def two_at_a_time(work, items):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(work, items))


def run_case(bench, case):
    """(Verdict, its rules) for both bases: beyond the worked example's own, and all where there were none."""
    worked, clean = bench.bases[case.base]
    verdict = bench.judge(case.make(clean), case.options)
    return (bench.beyond(case.base, case.make(worked), case.options, case.against),
            (verdict, {severity: set(counts) for severity, counts in verdict.rules.items()}))


def wrong_with(case, results):
    """Why this case fails, or ''."""
    wanted = ("worked example", case.rules), ("image without findings", case.clean)
    for (which, want), (verdict, found) in zip(wanted, results):
        if verdict.sound():
            return "%s: %s\n%s" % (which, verdict.sound(), verdict.text())
        if reported(found) != want:
            return "%s: missing: %s; too many: %s\n%s" % (
                which, sorted(want - reported(found)), sorted(reported(found) - want), verdict.text())
    refuses = bool(results[WORKED][1]["error"])
    if refuses != (case.restorer != OK) and not case.why:
        return "the restorer says %s, godwit %s, and no 'why'" % (case.restorer, "refuses" if refuses else "accepts")
    if refuses == (case.restorer != OK) and case.why:
        return "the 'why' is idle: both judge alike"
    return ""


def run_release(bench, by_name, row, name, target):
    """What is wrong with one cell of the table across releases, and godwit's verdict."""
    case = by_name[name]
    worked, _ = bench.bases[case.base]
    options = [] if target is None else ["--for-xen", target]
    octets = case.make(row.form(worked))
    plain = bench.judge(row.form(worked).octets())
    verdict = bench.judge(octets, options)
    found = verdict.more_than(plain)
    said = "fail" if found["error"] else "ok"
    xen = row.verdicts[releases.TARGETS[target]]
    wrong = verdict.sound() or ""
    if reported(found) != row.rules(case, target):
        wrong = "rules %s, expected %s" % (sorted(reported(found)), sorted(row.rules(case, target)))
    elif (said == "ok") != (xen == OK) and target not in row.whys:
        wrong = "Xen says %s, godwit %s, and no 'why'" % (xen, said)
    elif (said == "ok") == (xen == OK) and target in row.whys:
        wrong = "the 'why' is idle"
    return "%s for %s: %s" % (name, target, wrong) if wrong else "", said


def check_releases(bench, by_name):
    """({row text: what is wrong}, {(row text, case, target): 'ok' or 'fail'})"""
    wrong, verdicts = {}, {}
    for row in releases.ROWS:
        cells = [(name, target) for name in row.cases for target in releases.TARGETS]
        found = two_at_a_time(lambda cell, row=row: run_release(bench, by_name, row, *cell), cells)
        wrong[row.text] = "\n".join(text for text, _ in found if text)
        verdicts.update({(row.text, *cell): said for cell, (_, said) in zip(cells, found)})
    return wrong, verdicts


def judged_alike(bench, table, target):
    """Cases that no row of the releases lists: in version 2 they have to be judged alike for every target."""
    listed = {name for row in releases.ROWS for name in row.cases}

    def one(case):
        octets = case.make(releases.v2(bench.bases[case.base][WORKED]))
        for_target = bench.beyond(case.base, octets, ["--for-xen", target], releases.v2)[1]
        newest = bench.beyond(case.base, octets, (), releases.v2)[1]
        same = bool(for_target["error"]) == bool(newest["error"])
        return "" if same else "%s: %s for %s, %s for the newest" % (case.name, for_target, target, newest)
    rest = [case for case in table if case.name not in listed and not case.name.startswith(releases.NOT_ALIKE)]
    return "\n".join(filter(None, two_at_a_time(one, rest)))


def check_python(tap, bench, table):
    verifier = XenVerifier()
    if not verifier.ready:
        tap.skip("Xen's verifier judges the cases as listed", verifier.why)
        return

    def one(case):
        path = bench.write(case.make(bench.bases[case.base][WORKED]))
        said = verifier.judge(path)
        path.unlink()
        return "" if said == case.python else "%s: %s, listed is %s" % (case.name, said, case.python)
    wrong = "\n".join(filter(None, two_at_a_time(one, table)))
    tap.point(not wrong, "Xen's verifier judges the cases as listed", wrong)


def main():
    with tempfile.TemporaryDirectory(prefix="godwit-oracle-") as folder:
        bench, table = Bench(folder), cases()
        results = dict(zip([c.name for c in table], two_at_a_time(lambda case: run_case(bench, case), table)))
        found = {name: [rules for _, rules in both] for name, both in results.items()}
        by_name = {case.name: case for case in table}
        wrong, verdicts = check_releases(bench, by_name)
        made = doc.document(table, found, verdicts)
        if sys.argv[1:] == ["--doc"]:
            sys.stdout.write(made)
            return 0
        tap = Tap()
        for case in table:
            why = wrong_with(case, results[case.name])
            tap.point(not why, "%s: %s" % (case.name, case.mutation), why)
        for text, why in wrong.items():
            tap.point(not why, "across releases: %s" % text, why)
        for target in ("4.8", "4.13"):
            why = judged_alike(bench, table, target)
            tap.point(not why, "every other case is judged for Xen %s as for the newest" % target, why)
        stored = SOURCE / "docs" / "oracle.md"
        text = stored.read_text() if stored.exists() else ""
        difference = difflib.unified_diff(text.splitlines(), made.splitlines(), "docs/oracle.md", "this run", "", "", 0)
        tap.point(text == made, "docs/oracle.md is what run.py --doc prints", "\n".join(difference))
        check_python(tap, bench, table)
        return tap.done()


if __name__ == "__main__":
    sys.exit(main())
