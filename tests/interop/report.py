"""report.py - docs/damage.md as text, from what Xen's tools and godwit said about each damage."""
from remarks import REMARKS

TITLES = {
    "hvm-16": "HVM (hvm-16)",
    "pv64-8": "PV64 (pv64-8): damages that HVM does not have, or where somebody judges otherwise",
    "pv32-8": "PV32 (pv32-8): damages that neither has, or where somebody judges otherwise than for PV64",
}

HEAD = """# Damaged images: who notices

Each row is one damage to an image that Xen's own code saved (tests/images: hvm-16, pv64-8, pv32-8).
tests/interop/damage.py makes the damages, `tests/interop/run.py` judges them, and
`tests/interop/run.py --doc` wrote all of this file but its last part.

- **Xen's verifier**: verify-stream-v2 of Xen 4.17, with the class of its exception.
- **Xen's restorer**: xc_domain_restore() of Xen 4.17.7 into an empty domain, over simulated hypercalls that check less
  than a hypervisor does. "other domain": it returned success, and the domain differs from the undamaged one: the
  dangerous outcome. "accepts": success, and the same domain.
- **godwit**: the rules that `godwit verify` reports beyond those of the undamaged image: **errors** in bold, which make
  an image invalid; warnings plain; notes in brackets. "-": nothing.

"""


CAMPAIGN = "# Seeded damages: how many are found"  # heads the part of the document that tests/damage writes


def judged(found):
    """A cell of godwit's column, and the strongest of 'error', 'warning', 'note' and '' in it."""
    cell = ["**%s**" % r for r in sorted(found["error"])] + sorted(found["warning"]) + \
        ["(%s)" % r for r in sorted(found["note"])]
    strongest = next((s for s in ("error", "warning", "note") if found[s]), "")
    return ", ".join(cell) or "-", strongest


def row(damage, xen, found):
    verifier = "-" if xen["verifier"] == "ok" else xen["verifier"]
    remark = REMARKS.get(damage, "") if judged(found)[1] != "error" else ""
    restorer = xen["restorer"].replace("other domain", "**other domain**")
    return "| %s | %s | %s | %s | %s |" % (damage, verifier, restorer, judged(found)[0], remark)


def summary(verdicts, findings):
    yield ("| image | damages | Xen's verifier notices | Xen's restorer stops |"
           " godwit: error | warning | note | nothing |")
    yield "|---|---|---|---|---|---|---|---|"
    for image, rows in findings.items():
        names = [d for d in rows if d != "undamaged"]
        xen = verdicts[image]
        levels = [judged(rows[d])[1] for d in names]
        yield "| %s | %d | %d | %d | %d | %d | %d | %d |" % (
            image, len(names), sum(xen[d]["verifier"] != "ok" for d in names),
            sum(xen[d]["restorer"] not in ("accepts", "other domain") for d in names),
            *(levels.count(level) for level in ("error", "warning", "note", "")))


def silent(verdicts, findings):
    """(image, damage) where Xen's restorer makes another domain without a word, and godwit says nothing either."""
    return [(i, d) for i, rows in findings.items() for d in rows
            if verdicts[i][d]["restorer"] == "other domain" and judged(rows[d])[1] == ""]


def dangerous(verdicts, findings):
    lost = [(i, d) for i, rows in findings.items() for d in rows if verdicts[i][d]["restorer"] == "other domain"]
    missed = silent(verdicts, findings)
    names = sorted({d for _, d in missed})
    yield ("Of the %d cases in which Xen's restorer makes another domain and reports success, godwit reports %d;"
           " the other %d are: %s." % (len(lost), len(lost) - len(missed), len(missed), "; ".join(names) or "none"))


def tables(verdicts, findings):
    seen = {}
    for image, rows in findings.items():
        lines = []
        for damage, found in rows.items():
            line = row(damage, verdicts[image][damage], found)
            if seen.get(damage) != line:
                lines.append(line)
            seen[damage] = line
        yield "\n## %s\n" % TITLES[image]
        yield "| damage | Xen's verifier | Xen's restorer | godwit | remark |\n|---|---|---|---|---|"
        yield "\n".join(lines)


def document(verdicts, findings, stored=""):
    """The whole document; stored: as it stands now, from which the part that tests/damage writes is kept."""
    parts = [*summary(verdicts, findings), "", *dangerous(verdicts, findings), *tables(verdicts, findings)]
    kept = stored.partition(CAMPAIGN)
    return HEAD + "\n".join(parts) + "\n" + ("\n" + kept[1] + kept[2] if kept[1] else "")
