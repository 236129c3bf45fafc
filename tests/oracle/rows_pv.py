"""rows_pv.py - the oracle's cases about what only PV images have."""
import struct

from cases import (ABORT, CRASH, FAIL, HARMS, HYPERVISOR, OK, PV32, PV64, RECORD, SPECIFIED, Case)
from changes import (PFN, again, basic, body, drop, end_pfn, frame, join, more_vcpu, move_before, move_behind,
                    move_first, patch, root, split, table_entry, word)
from xenf import (PAGE_DATA, SHARED_INFO, STATIC_DATA_END, X86_PV_INFO, X86_PV_P2M_FRAMES, X86_PV_VCPU_BASIC,
                  X86_PV_VCPU_EXTENDED, X86_PV_VCPU_MSRS, X86_PV_VCPU_XSAVE, XTAB)

EXTENDED, XSAVE, MSRS, BASIC = X86_PV_VCPU_EXTENDED, X86_PV_VCPU_XSAVE, X86_PV_VCPU_MSRS, X86_PV_VCPU_BASIC
CR1, CR3, RDX, GDT_ENTRIES = 0x1380, 0x1390, 0x268, 0x1360
PRESENT = 0x63


def p2m(start, end, *frames):
    octets = struct.pack("<II%dQ" % len(frames), start, end, *frames)
    return body(X86_PV_P2M_FRAMES, lambda old: octets)


def without_last_page(image):
    """The highest page with contents that no p2m frame and no table is, left out of the memory."""
    at = image.find(PAGE_DATA)
    listed = split(image.records[at])
    left_out = max(w & PFN for w, content in listed if content is not None and w >> 60 == 0)
    return image.replace(at, join([page for page in listed if page[0] & PFN != left_out])), left_out


def entry_to_unsent(image):
    image, unsent = without_last_page(image)
    return table_entry(unsent << 12 | PRESENT)(image)


def root_becomes_hole(image):
    record = join([[word(root(image), XTAB), None]])
    return image.insert(max(image.all(PAGE_DATA)) + 1, record)


def orphan(kind, size, number):
    return more_vcpu(kind, size, number)


INFO = [
    Case("pvinfo-missing", PV64, "removed", drop(X86_PV_INFO), FAIL, "Not yet received X86_PV_INFO record", "ok",
         "pvinfo-missing"),
    Case("pvinfo-dup", PV64, "twice", again(X86_PV_INFO), FAIL, "Already received X86_PV_INFO record", "ok",
         "pvinfo-duplicate"),
    Case("pvinfo-16", PV64, "16 octets", body(X86_PV_INFO, lambda b: b + bytes(8)), OK, "", RECORD, "pvinfo-length",
         SPECIFIED + "; Xen's own verifier refuses it too"),
    Case("pvinfo-pair", PV64, "width 8, 3 levels", patch(X86_PV_INFO, 1, "<B", 3), FAIL,
         "Invalid X86_PV_INFO combination: width 8, pt_levels 3", "ok", "pvinfo-pair"),
    Case("pvinfo-after-sde", PV64, "behind STATIC_DATA_END", move_behind(X86_PV_INFO, STATIC_DATA_END), OK, "", "ok",
         "static-after-sde", SPECIFIED),
]

FRAMES = [
    Case("p2m-missing", PV64, "removed", drop(X86_PV_P2M_FRAMES), FAIL, "pfn 0x1 (index 1) outside domain maximum",
         "ok", "p2m-missing"),
    Case("p2m-end-zero", PV64, "end_pfn 0", p2m(0, 0, 1), CRASH, "", "ok",
         "p2m-end-zero p2m-frame-range page-pfn-range-pv vcpu-basic-cr3-mfn",
         clean="p2m-end-zero p2m-frame-range page-pfn-range-pv vcpu-basic-cr3-mfn pv-pte-range"),
    Case("p2m-start-512", PV64, "start 512, end 1023", p2m(512, 1023, 1), FAIL,
         "(garbage) for p2m_frame_list[0] out of range", "ok", "p2m-start-zero p2m-shinfo-maxpfn page-coverage",
         clean="p2m-start-zero p2m-shinfo-maxpfn page-coverage"),
    Case("p2m-order", PV64, "start above end", p2m(4, 3, 1), FAIL, "End pfn in stream (0x3) exceeds Start (0x4)", "ok",
         "p2m-order"),
    Case("p2m-length", PV64, "one frame too many", body(X86_PV_P2M_FRAMES, lambda b: b + b[-8:]), FAIL,
         "X86_PV_P2M_FRAMES record wrong size: start_pfn 0, end_pfn 0x4, length ", "ok", "p2m-length"),
    Case("p2m-dup", PV64, "twice", again(X86_PV_P2M_FRAMES), OK, "", "ok", "p2m-duplicate"),
    Case("p2m-frame-range", PV64, "a frame beyond the end",
         lambda image: patch(X86_PV_P2M_FRAMES, 8, "<Q", end_pfn(image) + 5)(image), FAIL,
         "pfn (0x9) for p2m_frame_list[0] out of range", "ok", "p2m-frame-range"),
    Case("p2m-frame-type", PV64, "a frame is an L4 table",
         lambda image: patch(X86_PV_P2M_FRAMES, 8, "<Q", root(image))(image), FAIL,
         "pfn (0x4) for p2m_frame_list[0] has bad type 12", "ok", "p2m-frame-type"),
]

TABLES = [
    Case("pv-pte-range", PV64, "a present entry with a pfn beyond the end",
         table_entry(lambda image: end_pfn(image) + 5 << 12 | PRESENT), ABORT,
         "pfn_to_mfn: Assertion `pfn <= ctx->x86.pv.max_pfn' failed.", "ok", "pv-pte-range"),
    Case("pv-pte-nonpresent", PV64, "the same, not present",
         table_entry(lambda image: end_pfn(image) + 5 << 12 | PRESENT - 1), OK),
    # The worked example's highest page is the console's; both come up empty.
    Case("pv-pte-unbacked", PV64, "a present entry to a pfn that never came", entry_to_unsent, OK, "", "ok",
         "page-coverage pv-pte-backed startinfo-console", HARMS, clean="page-coverage pv-pte-backed"),
    Case("pv-table-xtab", PV64, "the root table ends as a hole", root_becomes_hole, FAIL,
         "cr3 (pfn 0x4) has bad type 15, expected 4", "ok",
         "page-table-became-xtab vcpu-basic-cr3 pv-pins-none",
         clean="page-table-became-xtab vcpu-basic-cr3 pv-pins-none pv-pte-backed"),
]

ORDER = [
    Case("vcpu0-missing", PV64, "no X86_PV_VCPU_BASIC", drop(BASIC), FAIL, "Sender didn't send vcpu0's basic state",
         "ok", "vcpu0-missing", clean="vcpu0-missing vcpu-orphan"),
    Case("vcpu-before-pvinfo64", PV64, "X86_PV_VCPU_BASIC first", move_first(BASIC), OK, "", "ok",
         "vcpu-before-pvinfo sde-late tail-before-memory", SPECIFIED),
    Case("vcpu-before-pvinfo32", PV32, "X86_PV_VCPU_BASIC first", move_first(BASIC), FAIL,
         "X86_PV_VCPU_BASIC record wrong size: expected 5176, got 2808", "ok",
         "vcpu-before-pvinfo sde-late tail-before-memory"),
    Case("shinfo-missing", PV64, "removed", drop(SHARED_INFO), OK, "", "ok", "shinfo-missing",
         HARMS + ": its shared page comes up empty"),
    Case("shinfo-size", PV64, "3136 octets", body(SHARED_INFO, lambda b: b[:3136]), FAIL,
         "X86_PV_SHARED_INFO record wrong size: length 3136, expected 4096", RECORD, "shinfo-size"),
    Case("shinfo-before-pvinfo", PV64, "before X86_PV_INFO", move_before(SHARED_INFO, X86_PV_INFO), FAIL,
         "Not yet received X86_PV_INFO record", "ok", "pvinfo-missing sde-late tail-before-memory"),
]

BASIC_STATE = [
    Case("basic-size", PV64, "5160 octets", body(BASIC, lambda b: b[:-8]), FAIL,
         "X86_PV_VCPU_BASIC record wrong size: expected 5176, got 5168", "ok", "vcpu-basic-size"),
    Case("basic-zero", PV64, "empty", body(BASIC, lambda b: b[:8]), FAIL, "Sender didn't send vcpu0's basic state",
         "ok", "vcpu0-missing"),
    Case("cr3-mfn", PV64, "cr3 beyond end_pfn", basic(CR3, "<Q", 0x123456 << 12), FAIL,
         "cr3 (pfn 0x123456) out of range", "ok", "vcpu-basic-cr3-mfn"),
    Case("cr3-type", PV64, "cr3 to an ordinary page", basic(CR3, "<Q", lambda image: frame(image) << 12), FAIL,
         "cr3 (pfn 0x1) has bad type 0, expected 4", "ok", "vcpu-basic-cr3"),
    Case("cr1-nobit", PV64, "cr1 with bit 0 clear, out of range", basic(CR1, "<Q", 0x99 << 12), OK, "", "ok",
         "vcpu-basic-cr1", HYPERVISOR),
    Case("cr1-bad", PV64, "cr1 with bit 0 set, out of range", basic(CR1, "<Q", 0x99 << 12 | 1), FAIL,
         "cr1 (pfn 0x99) out of range", "ok", "vcpu-basic-cr1"),
    Case("gdt-count", PV64, "7169 GDT entries", basic(GDT_ENTRIES, "<Q", 7169), FAIL,
         "GDT entry count (7169) out of range (max 7168)", "ok", "vcpu-basic-gdt-count"),
    Case("startinfo-type", PV64, "rdx names a page table", basic(RDX, "<Q", root), FAIL,
         "Start Info pfn 0x4 has bad type 12", "ok", "vcpu-startinfo"),
    Case("startinfo-range", PV64, "rdx beyond the end", basic(RDX, "<Q", lambda image: end_pfn(image) + 1), FAIL,
         "Start Info pfn 0x5 out of range", "ok", "vcpu-startinfo"),
]

OTHER_STATE = [
    Case("ext-0", PV64, "EXTENDED of 0 octets", more_vcpu(EXTENDED, 0), OK),
    Case("ext-31", PV64, "EXTENDED of 31 octets", more_vcpu(EXTENDED, 31), OK, "", "ok", "vcpu-ext-size", HYPERVISOR),
    *[Case("ext-%d" % size, PV64, "EXTENDED of %d octets" % size, more_vcpu(EXTENDED, size), OK) for size in (32, 64)],
    Case("ext-128", PV64, "EXTENDED of 128 octets", more_vcpu(EXTENDED, 128), OK, "", "ok", ""),
    Case("ext-129", PV64, "EXTENDED of 129 octets", more_vcpu(EXTENDED, 129), FAIL,
         "X86_PV_VCPU_EXTENDED record too long: max 136, got 137", "ok", "vcpu-ext-size rec-huge-for-type"),
    Case("ext-inner-vcpu", PV64, "the blob says vCPU 3",
         more_vcpu(EXTENDED, 64, blob=struct.pack("<II", 3, 64) + bytes(56)), OK, "", "ok",
         "vcpu-ext-inner-vcpu", HARMS),
    Case("xsave-0", PV64, "XSAVE of 0 octets", more_vcpu(XSAVE, 0), OK),
    Case("xsave-15", PV64, "XSAVE of 15 octets", more_vcpu(XSAVE, 15), FAIL,
         "X86_PV_VCPU_XSAVE record too short: min 24, got 23", "ok", "vcpu-xsave-size"),
    Case("xsave-16", PV64, "XSAVE of 16 octets", more_vcpu(XSAVE, 16), OK),
    Case("xsave-17", PV64, "XSAVE of 17 octets", more_vcpu(XSAVE, 17), OK, "", "ok", "vcpu-xsave-size", HYPERVISOR),
    Case("xsave-592", PV64, "XSAVE of 592 octets", more_vcpu(XSAVE, 592), OK),
    Case("msrs-0", PV64, "MSRS of 0 octets", more_vcpu(MSRS, 0), OK),
    *[Case("msrs-%d" % size, PV64, "MSRS of %d octets" % size, more_vcpu(MSRS, size), FAIL,
           "X86_PV_VCPU_MSRS record payload size %d expected to be a multiple of 16" % size, "ok", "vcpu-msrs-multiple")
      for size in (8, 24)],
    Case("msrs-16", PV64, "MSRS of 16 octets", more_vcpu(MSRS, 16), OK),
    Case("vcpu-id-range", PV64, "MSRS for vCPU 7 of a guest with one", orphan(MSRS, 16, 7), FAIL,
         "X86_PV_VCPU_MSRS record vcpu_id (7) exceeds domain max (0)", "ok", "vcpu-orphan",
         "how many vCPUs the guest has stands in its configuration, not in the bare image"),
    Case("vcpu-id-range-empty", PV64, "an empty MSRS for vCPU 7", orphan(MSRS, 0, 7), OK),
    Case("vcpu-orphan", PV64, "XSAVE for a vCPU without BASIC", orphan(XSAVE, 16, 3), OK, "", "ok", "vcpu-orphan"),
]

CASES = INFO + FRAMES + TABLES + ORDER + BASIC_STATE + OTHER_STATE
