"""releases.py - where Xen's releases judge the same image differently (reference, section 19.6).

The changed images in their version 2 form went through the restorers of eight versions; all cases that are not listed
here were judged alike by all. godwit knows releases by X.Y (--for-xen); where a release and its last update differ, it
goes by the update.
"""
from cases import ABORT, FAIL, OK, unchanged
from changes import v2


COLUMNS = ("4.8.0", "4.8 tip", "4.9.0", "4.10 tip", "4.11 tip", "4.13.0", "4.13 tip", "master")
# The column that a --for-xen stands for; None: without the option.
TARGETS = {"4.8": "4.8 tip", "4.9": "4.9.0", "4.10": "4.10 tip", "4.11": "4.11 tip", "4.13": "4.13 tip", None: "master"}
OLD = ("4.8", "4.9", "4.10", "4.11", "4.13")


class Row:
    """cases: names in cases.py; verdicts: one for each column; more: rules that a target adds to those of the case;
    whys: target -> why godwit judges otherwise than that column."""

    def __init__(self, text, cases, verdicts, more=None, whys=None, form=v2):
        self.text, self.cases, self.form = text, cases, form
        self.verdicts = dict(zip(COLUMNS, verdicts))
        self.more = more or {}
        self.whys = whys or {}

    def rules(self, case, target):
        return case.rules | frozenset(self.more.get(target, "").split())


STRICT = "every hypervisor refuses it; this libxc passes it on unchecked"

ROWS = [
    Row("empty vCPU records", ("ext-0", "xsave-0", "msrs-0", "vcpu-id-range-empty"),
        (FAIL, FAIL, FAIL, FAIL, OK, OK, OK, OK),
        more={target: "vcpu-zero-content-target" for target in ("4.8", "4.9", "4.10")}),
    Row("XSAVE whose length is no multiple of 16", ("xsave-17",), (FAIL, FAIL, FAIL, OK, OK, FAIL, OK, OK),
        whys={target: STRICT for target in ("4.10", "4.11", "4.13", None)}),
    Row("MSRS whose length is no multiple of 16", ("msrs-8", "msrs-24"), (OK, OK, OK, FAIL, FAIL, OK, FAIL, FAIL),
        whys={target: "these releases do not look at the length, and lose what is left over"
              for target in ("4.8", "4.9")}),
    Row("HVM_PARAMS longer than its count", ("param-long",), (OK, FAIL, FAIL, FAIL, FAIL, FAIL, FAIL, FAIL)),
    Row("pfn 2^52-1", ("page-huge-pfn",), (ABORT,) * 7 + (FAIL,)),
    Row("STATIC_DATA_END or a policy in version 2", ("sde-in-v2", "policy-in-v2"), (FAIL,) * 7 + (OK,),
        form=unchanged, more={target: "rec-type-target" for target in OLD}),
    Row("version 3", ("base-pv", "base-hvm"), (FAIL,) * 7 + (OK,), form=unchanged,
        more={target: "ihdr-version-target rec-type-target" for target in OLD}),
]
# Cases that have no version 2 form, or are in that form anyway; and one that the stub answered for all as Xen 4.12 and
# later do, though TSC mode 3 was good before.
NOT_ALIKE = ("sde-", "static-after-sde", "policy-", "cpuid-", "msr-multiple", "pvinfo-after-sde", "tsc-mode3")
