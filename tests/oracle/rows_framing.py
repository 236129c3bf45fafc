"""rows_framing.py - the oracle's cases about headers, framing, the static part and markers."""
from cases import (DRAFT, FAIL, HARMS, HVM, HVM_V2, IO, OK, OUTSIDE, PV32, PV64, RECORD, SPECIFIED, STREAM, Case,
                   unchanged)
from changes import (again, before, behind, body, chain, drop, first, move_before, patch, without_end)
from policy import cpuid_policy
from xenf import (CHECKPOINT_DIRTY_PFN_LIST, END, HVM_CONTEXT, PAGE_DATA, Record, STATIC_DATA_END, TOOLSTACK,
                  X86_CPUID_POLICY, X86_MSR_POLICY, X86_TSC_INFO, checkpoint, pv_info,
                  static_data_end, verify)

POLICY = cpuid_policy()
NO_POLICY = drop(X86_CPUID_POLICY)     # what the worked examples lack, a clean image has
OPTIONAL = 0x80000001


def ihdr(**fields):
    return lambda image: image.with_ihdr(**fields)


def dhdr(**fields):
    return lambda image: image.with_dhdr(**fields)


def beyond_limit(image):
    """A record that says it is one octet longer than any may be: nothing of it follows."""
    at = image.find(END)
    return image.insert(at, Record(OPTIONAL, b"", length=134217729)).octets()


BASES = [
    Case("base-pv", PV64, "unchanged", unchanged, OK),
    Case("base-pv32", PV32, "unchanged", unchanged, OK),
    Case("base-hvm", HVM, "unchanged", unchanged, OK),
    Case("kind-mismatch", HVM, "unchanged, into a PV domain", unchanged, FAIL,
         "Unable to restore x86 HVM domain into an x86_pv domain", why=OUTSIDE + ": the domain is of the other kind"),
    Case("static_data_done-fails", HVM, "unchanged; the toolstack's callback refuses", unchanged, FAIL,
         "static_data_done() callback failed: 1", why=OUTSIDE + ": the toolstack refuses"),
    Case("static_data_done-fails-v2", HVM_V2, "unchanged; the toolstack's callback refuses", unchanged, FAIL,
         "static_data_done() callback failed: 1", why=OUTSIDE + ": the toolstack refuses"),
]

HEADERS = [
    Case("page-shift-44", HVM, "page_shift 44", dhdr(page_shift=44), OK, "", STREAM, "dhdr-page-shift",
         "Xen shifts by 44 modulo 32; no image with it exists"),
    Case("page-shift-13", HVM, "page_shift 13", dhdr(page_shift=13), FAIL, "Invalid page size 8192 for x86 HVM domains",
         STREAM, "dhdr-page-shift"),
    Case("dhdr-reserved", HVM, "reserved field set", dhdr(res=1), OK, "", STREAM, "dhdr-reserved"),
    Case("ihdr-reserved", HVM, "both reserved fields set", ihdr(res1=1, res2=1), OK, "", STREAM, "ihdr-reserved"),
    Case("opt-reserved", HVM, "option bit 15 set", ihdr(options=1 << 15), OK, "", STREAM, "ihdr-options-reserved"),
    Case("big-endian", HVM, "option bit 0 set", ihdr(options=1), FAIL, "Unable to handle big endian streams", "ok",
         "ihdr-big-endian"),
    Case("version-4", HVM, "version 4", ihdr(version=4), FAIL, "Invalid Version: Expected 2 <= ver <= 3, Got 4", STREAM,
         "ihdr-version-known"),
]

FRAMING = [
    Case("end-body", HVM, "END with 8 octets", body(END, lambda b: bytes(8)), OK, "", RECORD, "end-body"),
    Case("end-missing", HVM, "END removed", without_end, FAIL, "Failed to read Record Header from stream", IO,
         "rec-end-missing"),
    Case("after-end", HVM, "octets behind END", lambda image: image.with_tail(b"x" * 64), OK, "", "ok",
         "rec-after-end"),
    Case("opt-unknown", HVM, "an optional record of type 0x80000001", before(END, Record(OPTIONAL, b"abc")), OK, "",
         STREAM),
    Case("mand-unknown", HVM, "a record of type 0x13", before(END, Record(0x13, bytes(8))), FAIL,
         "Mandatory record 0x13 (Reserved) not handled", STREAM, "rec-type-unknown-mandatory"),
    Case("toolstack", HVM, "a TOOLSTACK record", before(END, Record(TOOLSTACK, bytes(8))), FAIL,
         "Mandatory record 0xb (Toolstack) not handled", DRAFT, "rec-type-toolstack"),
    Case("dirty-list-fwd", HVM, "a CHECKPOINT_DIRTY_PFN_LIST", before(END, Record(CHECKPOINT_DIRTY_PFN_LIST, bytes(8))),
         FAIL, "Mandatory record 0xf (Checkpoint dirty pfn list) not handled", RECORD, "rec-type-backchannel"),
    Case("pvrec-in-hvm", HVM, "an X86_PV_INFO record", before(END, pv_info()), FAIL,
         "Mandatory record 0x2 (x86 PV info) not handled", "ok", "rec-type-guest"),
    Case("hvmrec-in-pv", PV64, "an HVM_CONTEXT record", before(END, Record(HVM_CONTEXT, bytes(8))), FAIL,
         "Mandatory record 0x9 (HVM context) not handled", "ok", "rec-type-guest"),
    Case("padding", HVM, "padding of an optional record not zero", before(END, Record(OPTIONAL, b"abc", pad=0xEE)), OK,
         "", STREAM, "rec-padding-nonzero"),
    Case("rec-too-long", HVM, "a record of 134217729 octets", beyond_limit, FAIL,
         "Record (0x80000001, Reserved) length 0x8000001 exceeds max (0x8000000)", STREAM, "rec-length-limit"),
    Case("verify-body", HVM, "VERIFY with 8 octets", behind(PAGE_DATA, verify(bytes(8))), OK, "", RECORD,
         "verify-body"),
    Case("ckpt-in-plain", HVM, "CHECKPOINT before END", before(END, checkpoint()), FAIL,
         "Found checkpoint in non-checkpointed stream", "ok", "ckpt-in-plain"),
]

STATIC = [
    *[Case("sde-missing-" + name, base, "STATIC_DATA_END removed", drop(STATIC_DATA_END), FAIL,
           "No STATIC_DATA_END seen", "ok", "sde-missing") for name, base in (("pv", PV64), ("hvm", HVM))],
    Case("sde-duplicate", HVM, "STATIC_DATA_END twice", again(STATIC_DATA_END), FAIL,
         "Multiple STATIC_DATA_END records found", "ok", "sde-duplicate"),
    Case("sde-in-v2", HVM_V2, "STATIC_DATA_END before PAGE_DATA", before(PAGE_DATA, static_data_end()), OK, "", RECORD,
         "sde-in-v2"),
    Case("sde-after-inferred", HVM_V2, "STATIC_DATA_END behind PAGE_DATA", behind(PAGE_DATA, static_data_end()), FAIL,
         "Multiple STATIC_DATA_END records found", RECORD, "sde-duplicate"),
    Case("sde-late-after-tsc", HVM, "X86_TSC_INFO before STATIC_DATA_END", move_before(X86_TSC_INFO, STATIC_DATA_END),
         OK, "", "ok", "sde-late tail-before-memory", SPECIFIED),
    Case("static-after-sde", HVM, "CPUID policy behind STATIC_DATA_END",
         chain(NO_POLICY, behind(STATIC_DATA_END, POLICY)), OK, "", "ok", "static-after-sde",
         HARMS + ": the policy is never applied", clean="static-after-sde cpuid-missing-v3"),
    Case("policy-ok", HVM, "CPUID policy before STATIC_DATA_END",
         chain(NO_POLICY, before(STATIC_DATA_END, POLICY)), OK),
    Case("policy-in-v2", HVM_V2, "CPUID policy", first(POLICY), OK, "", RECORD, "policy-in-v2"),
    Case("cpuid-zero", HVM, "CPUID policy of length 0",
         chain(NO_POLICY, before(STATIC_DATA_END, Record(X86_CPUID_POLICY, b""))), FAIL,
         "X86_CPUID_POLICY size 0 should be multiple of 24", RECORD, "cpuid-zero"),
    Case("cpuid-multiple", HVM, "CPUID policy of length 16",
         chain(NO_POLICY, before(STATIC_DATA_END, Record(X86_CPUID_POLICY, bytes(16)))), FAIL,
         "X86_CPUID_POLICY size 16 should be multiple of 24", RECORD, "cpuid-multiple"),
    Case("msr-multiple", HVM, "MSR policy of length 8",
         chain(drop(X86_MSR_POLICY), before(STATIC_DATA_END, Record(X86_MSR_POLICY, bytes(8)))), FAIL,
         "X86_MSR_POLICY size 8 should be multiple of 24", RECORD, "msr-multiple"),
    Case("cpuid-dup", HVM, "two CPUID policies", chain(NO_POLICY, before(STATIC_DATA_END, POLICY, POLICY)), OK, "",
         "ok", "cpuid-duplicate-record"),
]

TSC = [
    Case("tsc-missing", HVM, "removed", drop(X86_TSC_INFO), OK, "", "ok", "tsc-missing"),
    Case("tsc-size", HVM, "16 octets", body(X86_TSC_INFO, lambda b: b[:16]), FAIL,
         "X86_TSC_INFO record wrong size: length 16, expected 24", RECORD, "tsc-size"),
    Case("tsc-mode3", HVM, "mode 3", patch(X86_TSC_INFO, 0, "<I", 3), FAIL, "Unable to set TSC information", "ok",
         "tsc-mode"),
]

CASES = BASES + HEADERS + FRAMING + STATIC + TSC
