#!/usr/bin/env python3
"""The damage campaign: seeded faults, and who notices them.

  run.py [--cases N] [--fields N] [--seed N] [--xen] [--list]    test points in TAP, the tables as comments
  run.py --doc [the same options]                                the tables in Markdown, for docs/damage.md

--cases: structural faults in all (default 200); each must be found. --fields: field faults of each kind (default 4).
--xen: ask Xen's verifier too, where tools/fetch-xen can have it. --list: name every fault that nothing was said of.
Environment: GODWIT, GODWIT_SOURCE.
"""
import argparse
import concurrent.futures
import os
import pathlib
import random
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
for room in ("interop", "golden"):
    sys.path.insert(0, str(HERE.parent / room))
import fields                               # noqa: E402
import structural                           # noqa: E402
from bases import bases                     # noqa: E402
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

    def judge(self, verifier, folder):
        verdict = verify("-", data=self.octets)
        self.trouble = verdict.sound()
        more = verdict.more_than(self.base.verdict)
        self.level = next((level for level in LEVELS[:3] if more[level]), "nothing")
        self.rules = ", ".join(sorted(set().union(*more.values())))
        if verifier:
            self.xen = self.ask(verifier, folder)
        self.octets = None
        return self

    def ask(self, verifier, folder):
        descriptor, path = tempfile.mkstemp(dir=folder)
        with open(descriptor, "wb") as file:
            file.write(self.octets)
        said = verifier.judge(path)
        os.unlink(path)
        return said != self.base.xen


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


def judged(cases, verifier, folder):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        waiting, done = [], []
        for case in cases:  # no more images at a time than are looked at
            waiting.append(pool.submit(case.judge, verifier, folder))
            if len(waiting) > 8:
                done.append(waiting.pop(0).result())
        return done + [job.result() for job in waiting]


def by_kind(cases):
    found = {}
    for case in cases:
        found.setdefault(case.kind, []).append(case)
    return found


def rate(part, whole):
    return "%d %%" % (100 * part // whole) if whole else "-"


def table(cases, first):
    """Lines of Markdown: one a kind, and their sum."""
    xen = any(case.xen is not None for case in cases)
    yield "| %s | cases | error | warning | note | nothing | godwit finds |%s" % (
        first, " Xen's verifier finds |" if xen else "")
    yield "|---" * (8 if xen else 7) + "|"
    for kind, some in [*by_kind(cases).items(), ("**all**", cases)]:
        counts = [sum(case.level == level for case in some) for level in LEVELS]
        line = [kind, len(some), *counts, rate(len(some) - counts[3], len(some))]
        if xen:
            line.append(rate(sum(bool(case.xen) for case in some), len(some)))
        yield "| %s |" % " | ".join(map(str, line))


def missed(cases):
    return ["%s: %s, %s" % (case.kind, case.base.name, case.where) for case in cases if case.level == "nothing"]


def prepare(chosen, folder):
    """The verifier, if it is wanted and can be had; the bases, with what it says of them."""
    every = bases(lambda octets: verify("-", data=octets), small=chosen.small)
    verifier = XenVerifier() if chosen.xen or chosen.doc else None
    if verifier and not verifier.ready:
        print("# %s" % verifier.why)
        verifier = None
    for base in every if verifier else ():
        path = pathlib.Path(folder, "base")
        path.write_bytes(base.octets)
        base.xen = verifier.judge(path)
    return verifier, every


def options():
    parser = argparse.ArgumentParser(description="The damage campaign.")
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--fields", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    for name in ("xen", "doc", "list", "small"):
        parser.add_argument("--" + name, action="store_true")
    return parser.parse_args()


def document(chosen, structure, values):
    yield "%d structural faults, made by `tests/damage/run.py --doc --cases %d --fields %d --seed %d`:\n" % (
        len(structure), chosen.cases, chosen.fields, chosen.seed)
    yield from table(structure, "structural fault")
    yield "\n%d field faults:\n" % len(values)
    yield from table(values, "field fault")


def main():
    chosen, tap = options(), Tap()
    with tempfile.TemporaryDirectory(prefix="godwit-damage-") as folder:
        verifier, every = prepare(chosen, folder)
        structure = judged(structural_cases(every, chosen.cases, chosen.seed), verifier, folder)
        values = judged(field_cases(every, chosen.fields, chosen.seed), verifier, folder)
    if chosen.doc:
        print("\n".join(document(chosen, structure, values)))
        return 0
    for kind, some in by_kind(structure).items():
        tap.point(not missed(some), "%s: every one of %d is found" % (kind, len(some)), "\n".join(missed(some)))
    troubled = ["%s: %s, %s: %s" % (case.kind, case.base.name, case.where, case.trouble)
                for case in structure + values if case.trouble]
    tap.point(not troubled, "verify ends each of %d with a verdict that fits" % (len(structure) + len(values)),
              "\n".join(troubled))
    for line in document(chosen, structure, values):
        tap.note(line.strip())
    for line in missed(values) if chosen.list else ():
        tap.note("nothing said: " + line)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
