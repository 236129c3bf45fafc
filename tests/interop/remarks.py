"""remarks.py - why godwit does not report a damage, or what its verdict on one means. Every damage that is not reported
needs a sentence here; run.py fails without it."""

CONTENTS = "contents alone changed: the format has no checksum; images with page checks will have one"
INSIDE = "a register that may hold anything: no number is wrong by itself"
SAME = "the restored domain is the same: nothing is lost"
FREE = "nothing says that the guest had one: Xen writes the record only where there is something in it"

REMARKS = {
    "one bit of a page flipped": CONTENTS,
    "two pages' contents swapped": CONTENTS,
    "two pfns swapped": CONTENTS + "; every pfn is still named once",
    "first PAGE_DATA doubled": "the same pages with the same contents again, as in a live image: " + SAME,
    "a pfn again in a later record, other contents": "as in every live image: the last contents count",
    "type NOTAB made XTAB, data removed": "one page less: the guest might have given it back before",
    "two PAGE_DATA swapped": "the order of pages is free: " + SAME,
    "type NOTAB made pinned L1": "Xen makes no use of an HVM guest's page types: " + SAME,
    "MSR policy dropped": FREE,
    "CPUID policy one entry short": "nothing says how many leaves the guest had",
    "VCPU_EXTENDED dropped": "no rule of the format asks for it, though Xen always writes it",
    "VCPU_MSRS dropped": FREE,
    "HVM_CONTEXT one bit flipped in CPU state": INSIDE,
    "PTE names a hole's pfn or another page": "another page of the guest, where any may stand",
}
