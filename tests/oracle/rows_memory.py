"""rows_memory.py - the oracle's cases about PAGE_DATA and the verify pass."""
import struct

from cases import CRASH, FAIL, HARMS, HVM, OK, PV64, RECORD, Case
from changes import (PFN, all_pages_again, before, behind, body, drop, end_pfn, page_record, pages, word)
from xenf import (L1, PAGE, PAGE_DATA, X86_PV_P2M_FRAMES, X86_TSC_INFO, XALLOC, XTAB, verify)

OTHER = b"\x5a" * PAGE


def entry(change):
    """Change the first entry's word."""
    def run(listed):
        listed[0][0] = change(listed[0][0])
    return pages(run)


def twice_in_record(listed):
    return [listed[0]] + listed


def extra(*words, content=None):
    """A further PAGE_DATA behind the first."""
    return behind(PAGE_DATA, page_record(*words, content=content))


def first_page_as_hole(image):
    pfn = struct.unpack_from("<Q", image.get(PAGE_DATA).body, 8)[0] & PFN
    return extra(word(pfn, XTAB))(image)


def in_front(first, count):
    """A PAGE_DATA of allocate-only entries before all others."""
    return before(PAGE_DATA, page_record(*[word(pfn, XALLOC) for pfn in range(first, first + count)]))


def again_behind_verify(change=None):
    return lambda image: image.insert(image.find(X86_TSC_INFO), verify(), all_pages_again(image, change))


def other_contents(listed):
    listed[0][1] = OTHER


def new_page(listed):
    """A pfn that had no contents gets some."""
    pfn = next(w & PFN for w, content in listed if content is None) if any(c is None for _, c in listed) else 7
    listed[:] = [page for page in listed if page[0] & PFN != pfn] + [[word(pfn), OTHER]]


ENTRIES = [
    Case("page-count-zero", HVM, "count 0", body(PAGE_DATA, lambda b: bytes(4) + b[4:]), FAIL,
         "Expected at least 1 pfn in PAGE_DATA record", RECORD, "page-count-zero"),
    *[Case("page-type-%d" % kind, HVM, "type %d" % kind, entry(lambda w, kind=kind: word(w & PFN, kind)), FAIL,
           "Unknown type 0x%d0000000 for pfn 0 (index 0)" % kind, RECORD, "page-type") for kind in (5, 6, 7, 8)],
    Case("page-type-hvm-table", HVM, "an L1 table in an HVM image", entry(lambda w: word(w & PFN, L1)), OK, "", "ok",
         "page-type-hvm-table"),
    Case("page-pfn-reserved", HVM, "bits 52 to 59 set", entry(lambda w: w | 0xFF << 52), OK, "", RECORD,
         "page-pfn-reserved"),
    Case("page-length-long", HVM, "8 octets too many", body(PAGE_DATA, lambda b: b + bytes(8)), FAIL,
         "PAGE_DATA record wrong size: length 4120, expected 8 + 8 + 4096", RECORD, "page-length"),
    Case("page-length-short", HVM, "8 octets too few", body(PAGE_DATA, lambda b: b[:-8]), FAIL,
         "PAGE_DATA record wrong size: length 4104, expected 8 + 8 + 4096", RECORD, "page-length"),
    Case("page-dup-in-rec", HVM, "a pfn twice in one record", pages(twice_in_record), OK, "", "ok",
         "page-dup-in-record"),
    Case("page-huge-pfn", HVM, "pfn 2^52-1 with contents", extra(word(PFN)), FAIL,
         "Failed to realloc populated bitmap", "ok", "page-pfn-limit"),
    Case("page-2^40", HVM, "pfn 2^36 as a hole", extra(word(1 << 36, XTAB)), OK, "", "ok", "page-pfn-limit",
         "godwit's own limit, which --max-guest moves: the memory it needs grows with the highest pfn"),
    Case("page-superpage", HVM, "1024 allocate-only entries from pfn 0", in_front(0, 1024), OK, "", "ok",
         "page-missing-data"),
    Case("page-superpage-unaligned", HVM, "1023 allocate-only entries from pfn 1", in_front(1, 1023), OK, "", "ok",
         "page-missing-data"),
    Case("page-1025", HVM, "1025 entries in one record", in_front(0, 1025), OK, "", "ok", "page-missing-data"),
    Case("xtab-after-data", HVM, "a pfn with contents ends as a hole", first_page_as_hole, OK, "", "ok",
         "page-became-xtab"),
    Case("no-pages", HVM, "no PAGE_DATA", drop(PAGE_DATA), OK, "", "ok", "page-none",
         HARMS + ": it has no memory, and the static data are never complete",
         clean="page-none param-store-backed param-console-backed param-ioreq-backed"),
]

PV_ORDER = [
    Case("page-pv-out-of-range", PV64, "pfn end_pfn + 1", lambda image: extra(word(end_pfn(image) + 1))(image), FAIL,
         "pfn 0x5 (index 0) outside domain maximum", "ok", "page-pfn-range-pv"),
    Case("page-before-p2m-pfn1", PV64, "pfn 1 before X86_PV_P2M_FRAMES",
         before(X86_PV_P2M_FRAMES, page_record(word(1))), FAIL, "pfn 0x1 (index 0) outside domain maximum", "ok",
         "page-pv-order"),
    Case("page-before-p2m-pfn0", PV64, "pfn 0 before X86_PV_P2M_FRAMES",
         before(X86_PV_P2M_FRAMES, page_record(word(0))), CRASH, "", "ok", "page-pv-order"),
]

VERIFY_PASS = [
    Case("verify-equal", HVM, "VERIFY, the same pages", again_behind_verify(), OK),
    Case("verify-differs", HVM, "VERIFY, other contents", again_behind_verify(other_contents), OK,
         "verify pfn 0 failed (type 0)", "ok", "verify-mismatch",
         "the image contradicts itself; Xen logs it and goes on"),
    Case("verify-newpage", HVM, "VERIFY, contents for a new pfn", again_behind_verify(new_page), OK,
         "verify pfn 0x7 failed (type 0)", "ok", "verify-new-page", HARMS + ": the page stays unfilled"),
    Case("verify-pv", PV64, "VERIFY, PV pages with tables", again_behind_verify(), OK),
]

CASES = ENTRIES + PV_ORDER + VERIFY_PASS
