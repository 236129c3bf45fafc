"""For every rule at least one stream that breaks that rule and no other. The cases stand in cases_*.py."""

import cases_carrier
import cases_devices
import cases_hvm
import cases_image
import cases_inside
import cases_memory
import cases_pv
import cases_static
import cases_tables
import cases_legacy
import cases_wrappings
import cases_xend


def rule_cases():
    """Every case, in a fixed order; the names differ."""
    found = []
    for part in (cases_image, cases_static, cases_memory, cases_pv, cases_tables, cases_hvm, cases_inside,
                 cases_carrier, cases_wrappings, cases_devices, cases_legacy, cases_xend):
        found += part.cases()
    return found


def by_rule(cases):
    """rule -> cases that break it; a case that allows several rules stands with the first."""
    found = {}
    for case in cases:
        found.setdefault(sorted(case.rules)[0], []).append(case)
    return found
