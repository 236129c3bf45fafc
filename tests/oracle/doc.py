"""doc.py - docs/oracle.md as text, from the cases and what godwit said about each."""
from releases import COLUMNS, ROWS, TARGETS

HEAD = """# What Xen makes of changed images, and what godwit makes of them

Each row changes one image. tests/oracle/rows_*.py hold the rows, `tests/oracle/run.py` checks them, and
`tests/oracle/run.py --doc > docs/oracle.md` wrote this file.

- **Xen's restorer**: xc_domain_restore() of Xen's master branch, compiled alone, with every hypercall replaced by a
  stub that succeeds unless noted; "ok" is success. In quotes the first error that it logs, which helps to tell from a
  log what is wrong with an image.
- **Xen's verifier**: verify-stream-v2 of Xen 4.17, "ok" or the class of its exception.
- **godwit**: what `godwit verify` reports beyond the unchanged image: **errors** in bold, warnings plain, "ok" for
  neither. An image without findings was changed in the same way; where that adds rules, they follow a semicolon.
- **why they differ**: the restorer goes through and godwit refuses, or the other way round.

The unchanged images are the worked examples of the format's reference.

"""


def rules(found, none="ok"):
    cell = ["**%s**" % r for r in sorted(found["error"])] + sorted(found["warning"])
    return ", ".join(cell) or none


def godwit_cell(results):
    """Both bases' rules: of the worked example, and what the clean image adds."""
    worked, clean = results
    more = {severity: clean[severity] - worked[severity] for severity in clean}
    return rules(worked) + ("; " + rules(more) if rules(more, "") else "")


def quoted(text):
    return ' "%s"' % text.replace("|", "/") if text else ""


def case_rows(cases, results):
    yield "| case | image | change | Xen's restorer | Xen's verifier | godwit | why they differ |"
    yield "|---|---|---|---|---|---|---|"
    for case in cases:
        yield "| %s | %s | %s | %s%s | %s | %s | %s |" % (
            case.name, case.base, case.mutation, case.restorer, quoted(case.error), case.python,
            godwit_cell(results[case.name]), case.why)


def release_rows(verdicts):
    """verdicts: (row text, case, target) -> 'ok' or 'fail' of godwit."""
    yield "| image | judged by | %s |" % " | ".join(COLUMNS)
    yield "|---|---|%s" % ("---|" * len(COLUMNS))
    columns = {column: target for target, column in TARGETS.items()}
    for row in ROWS:
        yield "| %s (%s) | Xen | %s |" % (row.text, ", ".join(row.cases), " | ".join(row.verdicts[c] for c in COLUMNS))
        cells = []
        for column in COLUMNS:
            if column not in columns:
                cells.append("")
                continue
            said = {verdicts[row.text, case, columns[column]] for case in row.cases}
            cells.append(" or ".join(sorted(said)))
        yield "| | godwit | %s |" % " | ".join(cells)


def differences():
    for row in ROWS:
        for why in dict.fromkeys(row.whys.values()):
            targets = [TARGETS[target] for target, sentence in row.whys.items() if sentence == why]
            yield "- %s (%s): %s." % (row.text, ", ".join(targets), why)


def totals(cases, results):
    both = sum(case.restorer != "ok" for case in cases)
    harmful = sum(case.restorer == "ok" and bool(results[case.name][0]["error"]) for case in cases)
    missed = sum(case.restorer != "ok" and not results[case.name][0]["error"] for case in cases)
    python = sum(case.python != "ok" for case in cases)
    yield "%d cases. Xen's restorer refuses %d of them, its verifier %d." % (len(cases), both, python)
    yield "godwit refuses all that the restorer refuses but %d, and %d that the restorer takes." % (missed, harmful)


def document(cases, results, verdicts):
    parts = [*totals(cases, results), "", *case_rows(cases, results), "", "## Across releases", "",
             "godwit with `--for-xen` that release; a column without an entry has no release of its own there.", "",
             *release_rows(verdicts), "", *differences()]
    return HEAD + "\n".join(parts) + "\n"
