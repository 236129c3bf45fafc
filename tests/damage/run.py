#!/usr/bin/env python3
"""The damage campaign: seeded faults, and who notices them.

  run.py [--cases N] [--fields N] [--seed N] [--xen] [--list] [--small] [--doc FILE]

Prints test points in TAP, and the tables as comments. --cases: structural faults in all (default 200); each must be
found. --fields: field faults of each structure in each way (default 2). --xen: ask Xen's verifier too, where
tools/fetch-xen can have it. --list: name every field fault that nothing was said of. --small: the golden images alone.
--doc: write the tables into docs/damage.md, with Xen's verifier asked.
Environment: GODWIT, GODWIT_SOURCE.
"""
import argparse
import concurrent.futures
import io
import os
import pathlib
import random
import sys
import textwrap

HERE = pathlib.Path(__file__).resolve().parent
for room in ("interop", "golden"):
    sys.path.insert(0, str(HERE.parent / room))
import fields                               # noqa: E402
import structural                           # noqa: E402
from bases import bases                     # noqa: E402
from report import CAMPAIGN as MARK         # noqa: E402
from tap import Tap                         # noqa: E402
from verdict import verify                  # noqa: E402
from xenverifier import XenVerifier         # noqa: E402

LEVELS = ("error", "warning", "note", "nothing")
TRIES = 200


class Case:
    """One fault: kind, the base, where it is; level: what godwit says; xen: whether Xen's verifier notices."""

    def __init__(self, kind, base, where, octets):
        self.kind, self.base, self.where, self.octets = kind, base, where, octets
        self.level, self.rules, self.trouble, self.xen = None, "", None, None

    def judge(self, verifier):
        verdict = verify("-", data=self.octets)
        self.trouble = verdict.sound()
        more = verdict.more_than(self.base.verdict)
        self.level = next((level for level in LEVELS[:3] if more[level]), "nothing")
        self.rules = ", ".join(sorted(set().union(*more.values())))
        if verifier:
            self.xen = verifier(self.octets) != self.base.xen
        self.octets = None
        return self


def structural_cases(every, number, seed):
    """So many faults, of each kind alike; the first of a longer run are those of a shorter one."""
    kinds = list(structural.KINDS.items())
    for index in range(number):
        kind, make = kinds[index % len(kinds)]
        rng = random.Random("%d/%s/%d" % (seed, kind, index))
        for _ in range(TRIES):
            base = rng.choice(every)
            made = make(base, rng)
            if made and made[1] != base.octets:
                yield Case(kind, base, *made)
                break


def field_cases(every, number, seed):
    """So many faults of each kind of structure in each of the two ways."""
    known = [(base, *fields.targets(base)) for base in every if base.name.endswith("-v3") or base.name[:4] == "tiny"]
    for kind in sorted({kind for _, found, _ in known for kind in found}):
        having = [item for item in known if kind in item[1]]
        for way in fields.WAYS:
            for index in range(number):
                rng = random.Random("%d/%s/%s/%d" % (seed, kind, way, index))
                for _ in range(TRIES):
                    base, found, tables = rng.choice(having)
                    made = fields.fault(base, rng.choice(found[kind]), tables, way, rng)
                    if made:
                        yield Case("%s: %s" % (kind, way), base, *made)
                        break


def judged(cases, verifier):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        waiting, done = [], []
        for case in cases:  # no more images at a time than are looked at
            waiting.append(pool.submit(case.judge, verifier))
            if len(waiting) > 8:
                done.append(waiting.pop(0).result())
        return done + [job.result() for job in waiting]


def by_kind(cases):
    found = {}
    for case in cases:
        found.setdefault(case.kind, []).append(case)
    return found


def rate(found, cases):
    return "%d %%" % (100 * sum(map(found, cases)) // len(cases))


def by_godwit(case):
    return case.level != "nothing"


def by_xen(case):
    return bool(case.xen)


def structural_table(cases):
    """Lines of Markdown: one a kind, and their sum."""
    yield "| structural fault | cases | error | warning | note | nothing | godwit finds | Xen's verifier finds |"
    yield "|---" * 8 + "|"
    for kind, some in [*by_kind(cases).items(), ("**all**", cases)]:
        counts = [sum(case.level == level for case in some) for level in LEVELS]
        xen = rate(by_xen, some) if some[0].xen is not None else "not asked"
        yield "| %s |" % " | ".join(map(str, [kind, len(some), *counts, rate(by_godwit, some), xen]))


def field_table(cases):
    """One line a structure: how many of its faults were found in each of the two ways."""
    ways = list(fields.WAYS)
    heads = ["%s: cases | godwit finds | Xen's verifier finds" % way for way in ways]
    yield "| structure | " + " | ".join(heads) + " |"
    yield "|---" * (1 + 3 * len(ways)) + "|"
    kinds = {}
    for case in cases:
        name, way = case.kind.rsplit(": ", 1)
        for row in (name, "**all**"):
            kinds.setdefault(row, {}).setdefault(way, []).append(case)
    for name in sorted(kinds, key=lambda row: (row == "**all**", row.lower())):
        cells = [name]
        for way in ways:
            some = kinds[name].get(way, [])
            cells += [len(some), rate(by_godwit, some) if some else "-",
                      rate(by_xen, some) if some and some[0].xen is not None else "not asked"]
        yield "| %s |" % " | ".join(map(str, cells))


def missed(cases):
    return ["%s: %s, %s" % (case.kind, case.base.name, case.where) for case in cases if case.level == "nothing"]


def xens_verifier():
    """octets -> what Xen's verifier makes of them: '' or the class of its exception. None where it can not be had.

    In this process: a thousand starts of Python would take longer than all the rest.
    """
    found = XenVerifier()
    if not found.ready:
        print("# %s" % found.why)
        return None
    sys.path.append(str(found.library / "lib/python"))
    from xen.migration.libxc import VerifyLibxc

    def judge(octets):
        try:
            VerifyLibxc(lambda _: None, io.BytesIO(octets).read).verify()
        except Exception as refused:
            return type(refused).__name__
        return ""

    return judge


def prepare(chosen):
    """The verifier, if it is wanted and can be had; the bases, with what it says of them."""
    every = bases(lambda octets: verify("-", data=octets), small=chosen.small)
    verifier = xens_verifier() if chosen.xen or chosen.doc else None
    for base in every if verifier else ():
        base.xen = verifier(base.octets)
    return verifier, every


def options():
    parser = argparse.ArgumentParser(description="The damage campaign.")
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--fields", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--doc")
    for name in ("xen", "list", "small"):
        parser.add_argument("--" + name, action="store_true")
    return parser.parse_args()


TEXT = """%s

tests/damage/run.py makes faults by chance, from a seed, and asks who notices; `tests/damage/run.py --cases %d
--fields %d --seed %d --doc docs/damage.md` wrote this part. godwit finds a fault when `godwit verify` says something
that it does not say of the undamaged image: an error, a warning or a note.

The images are golden ones (tests/golden), such as Xen's own code wrote over simulated guests, and such of the real
hypervisor, all saved in one pass: in a live image a record of a later pass that is lost, or stands elsewhere, leaves
a stream that could have been saved so. No faults are: two records swapped that may stand in any order; a list of MSRs
that ends earlier; a hole at the end of an HVM guest that is not named.
"""
BELOW = """
One bit, or one member of a structure, is another; the frame is whole. Registers and addresses may have nearly any
value: where nothing is found, nothing is known to be wrong.
"""


def document(chosen, structure, values):
    head = TEXT % (MARK, chosen.cases, chosen.fields, chosen.seed)
    yield from textwrap.wrap(head.split("\n\n")[0], 120)
    for paragraph in head.split("\n\n")[1:]:
        yield ""
        yield from textwrap.wrap(paragraph, 120, break_on_hyphens=False)
    yield ""
    yield from structural_table(structure)
    yield BELOW
    yield from field_table(values)


def store(path, lines):
    """The part of the document that is ours anew; what stands before it is tests/interop's."""
    before = path.read_text().split(MARK)[0].rstrip("\n") if path.exists() else ""
    path.write_text((before + "\n\n" if before else "") + "\n".join(lines) + "\n")


def main():
    chosen, tap = options(), Tap()
    verifier, every = prepare(chosen)
    structure = judged(structural_cases(every, chosen.cases, chosen.seed), verifier)
    values = judged(field_cases(every, chosen.fields, chosen.seed), verifier)
    if chosen.doc:
        store(pathlib.Path(chosen.doc), document(chosen, structure, values))
    for kind, some in by_kind(structure).items():
        tap.point(not missed(some), "%s: every one of %d is found" % (kind, len(some)), "\n".join(missed(some)))
    troubled = ["%s: %s, %s: %s" % (case.kind, case.base.name, case.where, case.trouble)
                for case in structure + values if case.trouble]
    tap.point(not troubled, "verify ends each of %d with a verdict that fits" % (len(structure) + len(values)),
              "\n".join(troubled))
    for line in "\n".join(document(chosen, structure, values)).splitlines():
        tap.note(line)
    for line in missed(values) if chosen.list else ():
        tap.note("nothing said: " + line)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
