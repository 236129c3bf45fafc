/*
 * rules.h - every rule that verify knows: one row each, from which names, --rules, --explain, the man page's table
 * and the findings' sentences come.
 *
 * R(NAME, "id", severity, "section", spec, xen, python, "what must hold; what happens otherwise")
 *
 * severity  ERROR breaks the restore or the guest; WARNING is suspicious, or harmful in some receiver; NOTE changes no
 *           exit status, ever; STRICT is an error with --strict and silent without.
 * section   of the format's reference: libxc-stream "18.x" (the ids are its own), or the check of the xl ("XL-nn") and
 *           libxl ("LS-nn") layers, of libvirt's file ("LV-nn"), of xenopsd's ("XO-nn"), of QEMU's state ("QE-nn"), of
 *           a legacy image ("LG-n": the section of its own reference); "ours" where godwit adds a rule or a bound
 *           of its own.
 * spec      Y stated by Xen's specification, I implied, - silent.
 * xen       R libxc's restorer refuses, H the hypervisor refuses, T the toolstack
 *           that reads the file refuses (libvirt, xenopsd), p partly, L only logs, - nobody notices.
 * python    Y Xen's Python verifier refuses, w warns, p partly, - silent.
 *
 * vcpu-zero-content is a note, though the reference advises a warning: such images restore (R12), and where they do
 * not, vcpu-zero-content-target says so. So is ctx-mtrr-clones: whoever saves with Xen 4.12 or later gets such an
 * image, and can not have another.
 *
 * pv-pte-reserved is an error, though the reference advises a warning: such a pfn is above end_pfn as well.
 *
 * A rule that depends on the receiver's release is judged against the newest Xen unless --for-xen names another.
 * Rules that need another host's policy (their ids end in -target in the reference) belong to preflight, and have no
 * row here.
 */
#ifndef GW_RULES_H
#define GW_RULES_H

#include "rules_carrier.h"
#include "rules_hvm.h"
#include "rules_legacy.h"

#define GW_RULES_IMAGE(R)                                                                                              \
    R(IHDR_TRUNCATED, "ihdr-truncated", ERROR, "18.1", 'Y', 'R', 'Y', "the image header has its 24 octets")            \
    R(IHDR_MARKER, "ihdr-marker", ERROR, "18.1", 'Y', 'R', 'Y', "the image header begins with eight octets of ff")     \
    R(IHDR_ID, "ihdr-id", ERROR, "18.1", 'Y', 'R', 'Y', "the image header's id is 'XENF'")                             \
    R(IHDR_VERSION_KNOWN, "ihdr-version-known", ERROR, "18.1", 'Y', 'R', 'Y', "the image's version is 2 or 3")         \
    R(IHDR_VERSION_TARGET, "ihdr-version-target", ERROR, "18.1", 'I', 'R', '-',                                        \
      "the receiver reads the image's version: version 3 needs Xen 4.14 or later")                                     \
    R(IHDR_BIG_ENDIAN, "ihdr-big-endian", ERROR, "18.1", 'Y', 'R', '-',                                                \
      "the image is little-endian (option bit 0 clear): no big-endian writer ever existed")                            \
    R(IHDR_OPTIONS_RESERVED, "ihdr-options-reserved", WARNING, "18.1", 'Y', '-', 'Y', "option bits 1 to 15 are zero")  \
    R(IHDR_RESERVED, "ihdr-reserved", WARNING, "18.1", 'Y', '-', 'Y', "the image header's reserved fields are zero")   \
    R(IHDR_LEGACY, "ihdr-legacy", ERROR, "18.1", 'Y', 'R', 'Y',                                                        \
      "the input is an image of a domain that godwit knows, and not something else")                                   \
    R(DHDR_TRUNCATED, "dhdr-truncated", ERROR, "18.1", 'Y', 'R', 'Y', "the domain header has its 16 octets")           \
    R(DHDR_TYPE, "dhdr-type", ERROR, "18.1", 'Y', 'R', 'Y', "the domain type is 1 (x86 PV) or 2 (x86 HVM)")            \
    R(DHDR_TYPE_DROPPED, "dhdr-type-dropped", ERROR, "18.1", '-', 'R', 'p',                                            \
      "the domain type is not 3 (PVH) or 4 (ARM): drafts that no Xen ever wrote")                                      \
    R(DHDR_PAGE_SHIFT, "dhdr-page-shift", ERROR, "18.1", 'I', 'p', 'Y',                                                \
      "page_shift is 12; Xen's restorer looks at it modulo 32 only")                                                   \
    R(DHDR_RESERVED, "dhdr-reserved", WARNING, "18.1", 'Y', '-', 'Y', "the domain header's reserved field is zero")    \
    R(DHDR_CONVERTED, "dhdr-converted", NOTE, "18.1", 'Y', 'L', 'L',                                                   \
      "the image was saved by a Xen, not made by the legacy converter (xen_major 0)")                                  \
    R(DHDR_VERSION_PLAUSIBLE, "dhdr-version-plausible", WARNING, "18.1", '-', '-', '-',                                \
      "the saving Xen is 4.0 to 4.24, or 0.1 for the legacy converter")                                                \
    R(DHDR_VERSION_VS_IMAGE, "dhdr-version-vs-image", WARNING, "18.1", '-', '-', '-',                                  \
      "version 3 comes from Xen 4.14 or later, version 2 from an older one")

#define GW_RULES_FRAMING(R)                                                                                            \
    R(REC_TRUNCATED_HEADER, "rec-truncated-header", ERROR, "18.2", 'Y', 'R', 'Y',                                      \
      "every record header has its 8 octets")                                                                          \
    R(REC_TRUNCATED_BODY, "rec-truncated-body", ERROR, "18.2", 'Y', 'R', 'Y',                                          \
      "every record has its whole body and padding")                                                                   \
    R(REC_LENGTH_LIMIT, "rec-length-limit", ERROR, "18.2", '-', 'R', '-', "a body is at most 128 MiB long")            \
    R(REC_LENGTH_LIMIT_OLD, "rec-length-limit-old", ERROR, "18.2", '-', 'R', '-',                                      \
      "a body is at most 8 MiB long where the receiver is older than Xen 4.10")                                        \
    R(REC_KEPT_LIMIT, "rec-kept-limit", ERROR, "ours", '-', '-', '-',                                                  \
      "the body of a record that has to be kept in memory is at most 32 MiB long; Xen never writes one near it")       \
    R(REC_PADDING_NONZERO, "rec-padding-nonzero", WARNING, "18.2", 'Y', '-', 'Y', "padding octets are zero")           \
    R(REC_TYPE_UNKNOWN_MANDATORY, "rec-type-unknown-mandatory", ERROR, "18.2", 'Y', 'R', 'Y',                          \
      "every record type below 0x80000000 is known: an unknown one may change the guest")                              \
    R(REC_TYPE_UNKNOWN_OPTIONAL, "rec-type-unknown-optional", NOTE, "18.2", 'Y', 'L', 'Y',                             \
      "every optional record type is known; Xen's restorer skips the others")                                          \
    R(REC_OPTIONAL_IN_CHECKPOINT, "rec-optional-in-checkpoint", ERROR, "18.2", '-', 'R', '-',                          \
      "no optional record stands behind the first CHECKPOINT: Xen's replay of a checkpoint fails on it")               \
    R(REC_TYPE_TARGET, "rec-type-target", ERROR, "18.2", 'I', 'R', '-',                                                \
      "the receiver's release knows the record type")                                                                  \
    R(REC_TYPE_GUEST, "rec-type-guest", ERROR, "18.2", 'I', 'R', '-',                                                  \
      "PV images hold no records of HVM guests, HVM images none of PV guests")                                         \
    R(REC_TYPE_TOOLSTACK, "rec-type-toolstack", ERROR, "18.2", 'Y', 'R', 'Y',                                          \
      "no TOOLSTACK record: it existed in drafts only")                                                                \
    R(REC_TYPE_BACKCHANNEL, "rec-type-backchannel", ERROR, "18.2", 'Y', 'R', 'Y',                                      \
      "no CHECKPOINT_DIRTY_PFN_LIST in an image: it belongs to COLO's back channel")                                   \
    R(REC_DRAFT_SAVING_CPU, "rec-draft-saving-cpu", WARNING, "18.2", '-', 'p', 'p',                                    \
      "no CHECKPOINT or unknown record has a body of text: the 2014 draft's SAVING_CPU")                               \
    R(REC_END_MISSING, "rec-end-missing", ERROR, "18.2", 'Y', 'R', 'Y',                                                \
      "the image ends with END, or, as Remus leaves it, with a complete checkpoint")                                   \
    R(REC_AFTER_END, "rec-after-end", WARNING, "18.2", 'Y', '-', '-',                                                  \
      "nothing stands behind the end of the image; nobody reads it")                                                   \
    R(REC_HUGE_FOR_TYPE, "rec-huge-for-type", WARNING, "18.2", '-', 'p', '-',                                          \
      "a body is not longer than the longest that Xen writes for its type")                                            \
    R(ORDER_CANONICAL, "order-canonical", STRICT, "12", 'Y', '-', '-',                                                 \
      "records come in an order that the format's state machines allow (independent ones in any order)")               \
    R(OPT_PAGE_CHECKS, "opt-page-checks", ERROR, "ours", '-', '-', '-',                                                \
      "PAGE_CHECKS directly follows a PAGE_DATA and has one check for each of its contents")                           \
    R(OPT_IMAGE_DIGEST, "opt-image-digest", ERROR, "ours", '-', '-', '-',                                              \
      "IMAGE_DIGEST is 56 octets long and directly precedes END")                                                      \
    R(OPT_SAVING_CPU, "opt-saving-cpu", WARNING, "ours", '-', '-', '-',                                                \
      "SAVING_CPU is 1 to 64 octets of printable ASCII")                                                               \
    R(OPT_PROVENANCE, "opt-provenance", WARNING, "ours", '-', '-', '-', "PROVENANCE is a JSON object")                 \
    R(OPT_SALVAGED, "opt-salvaged", ERROR, "ours", '-', '-', '-',                                                      \
      "the image is whole: no PROVENANCE says that it is what could be salvaged of a damaged one")                     \
    R(OPT_PAGE_CHECK_DIFFERS, "opt-page-check-differs", ERROR, "ours", '-', '-', '-',                                  \
      "the last contents of a pfn are what their check in PAGE_CHECKS says; else they were damaged")                   \
    R(OPT_IMAGE_DIGEST_DIFFERS, "opt-image-digest-differs", ERROR, "ours", '-', '-', '-',                              \
      "memory, its types and the records are what IMAGE_DIGEST says; else something of them was damaged or lost")

#define GW_RULES_STATIC(R)                                                                                             \
    R(SDE_MISSING, "sde-missing", ERROR, "18.3", 'Y', 'R', '-',                                                        \
      "version 3: STATIC_DATA_END stands before memory and registers")                                                 \
    R(SDE_DUPLICATE, "sde-duplicate", ERROR, "18.3", 'I', 'R', '-',                                                    \
      "STATIC_DATA_END comes once, and in version 2 not behind the place where it is inferred")                        \
    R(SDE_IN_V2, "sde-in-v2", WARNING, "18.3", 'I', '-', 'Y', "version 2 has no STATIC_DATA_END")                      \
    R(SDE_BODY, "sde-body", WARNING, "18.3", 'Y', '-', 'Y', "STATIC_DATA_END has no body")                             \
    R(SDE_LATE, "sde-late", ERROR, "18.3", 'Y', '-', '-',                                                              \
      "no TSC, register or device record stands before STATIC_DATA_END")                                               \
    R(STATIC_AFTER_SDE, "static-after-sde", ERROR, "18.3", 'Y', '-', '-',                                              \
      "no policy and no X86_PV_INFO stands behind STATIC_DATA_END: a policy there is never applied")                   \
    R(POLICY_IN_V2, "policy-in-v2", WARNING, "18.3", 'I', '-', 'Y', "version 2 has no policy record")                  \
    R(CPUID_ZERO, "cpuid-zero", ERROR, "18.3", 'I', 'R', 'Y', "a CPUID policy is not empty")                           \
    R(CPUID_MULTIPLE, "cpuid-multiple", ERROR, "18.3", 'I', 'R', 'Y',                                                  \
      "a CPUID policy is a multiple of 24 octets long")                                                                \
    R(CPUID_DUPLICATE_RECORD, "cpuid-duplicate-record", WARNING, "18.3", 'I', '-', '-',                                \
      "there is one CPUID policy at most; the last one wins")                                                          \
    R(CPUID_TOO_MANY, "cpuid-too-many", ERROR, "18.3", '-', 'H', '-',                                                  \
      "the CPUID policy has no more leaves than the receiver accepts (114 to 120)")                                    \
    R(CPUID_UNKNOWN_LEAF, "cpuid-unknown-leaf", ERROR, "18.3", '-', 'H', '-',                                          \
      "the receiver knows every CPUID leaf and subleaf: one unknown leaf fails the whole restore")                     \
    R(CPUID_SUBLEAF_MARKER, "cpuid-subleaf-marker", ERROR, "18.3", '-', 'H', '-',                                      \
      "CPUID leaves without subleaves say so with subleaf 0xffffffff")                                                 \
    R(CPUID_DUPLICATE_LEAF, "cpuid-duplicate-leaf", WARNING, "18.3", '-', '-', '-',                                    \
      "no CPUID leaf and subleaf stands there twice")                                                                  \
    R(CPUID_ORDER, "cpuid-order", NOTE, "18.3", '-', '-', '-', "CPUID leaves ascend, as Xen writes them")              \
    R(CPUID_LEAF0_MISSING, "cpuid-leaf0-missing", WARNING, "18.3", '-', '-', '-',                                      \
      "the CPUID policy has leaf 0, which names the vendor")                                                           \
    R(CPUID_XSTATE_CONSISTENT, "cpuid-xstate-consistent", WARNING, "18.3", '-', 'p', '-',                              \
      "CPUID leaf 0xd allows the extended states that the vCPUs have used")                                            \
    R(CPUID_MISSING_V3, "cpuid-missing-v3", WARNING, "18.3", 'I', 'L', '-',                                            \
      "a version 3 image carries a CPUID policy; without it the toolstack makes one up")                               \
    R(CPUID_INCOMPLETE, "cpuid-incomplete", WARNING, "ours", 'I', '-', '-',                                            \
      "the CPUID policy has every leaf up to the last ones that leaves 0 and 0x80000000 name")                         \
    R(MSR_ZERO, "msr-zero", ERROR, "18.3", 'I', 'R', 'Y', "an MSR policy is not empty")                                \
    R(MSR_MULTIPLE, "msr-multiple", ERROR, "18.3", 'I', 'R', 'Y', "an MSR policy is a multiple of 16 octets long")     \
    R(MSR_FLAGS, "msr-flags", ERROR, "18.3", '-', 'H', '-', "the flags of MSR policy entries are 0")                   \
    R(MSR_UNKNOWN, "msr-unknown", ERROR, "18.3", '-', 'H', '-',                                                        \
      "the receiver knows every MSR of the policy (0xce; 0x10a from Xen 4.15)")                                        \
    R(MSR_DUPLICATE_RECORD, "msr-duplicate-record", WARNING, "ours", 'I', '-', '-',                                    \
      "there is one MSR policy at most; the last one wins")                                                            \
    R(MSR_MISSING_V3, "msr-missing-v3", WARNING, "ours", 'I', 'L', '-',                                                \
      "a version 3 image carries an MSR policy, as every Xen since 4.14 writes it; nobody makes one up")               \
    R(VERIFY_BODY, "verify-body", WARNING, "18.3", 'Y', '-', 'Y', "VERIFY has no body")                                \
    R(VERIFY_PRESENT, "verify-present", NOTE, "18.3", 'Y', 'L', '-', "the image carries no verify pass")               \
    R(VERIFY_TWICE, "verify-twice", WARNING, "18.3", 'I', '-', '-', "VERIFY comes once at most")                       \
    R(VERIFY_IN_CHECKPOINTED, "verify-in-checkpointed", ERROR, "18.3", 'I', '-', '-',                                  \
      "no VERIFY in a checkpointed stream: from then on the secondary's memory would never change")                    \
    R(VERIFY_NEW_PAGE, "verify-new-page", ERROR, "18.3", 'I', '-', '-',                                                \
      "no pfn gets its first contents behind VERIFY: the restorer compares them and leaves the page unfilled")         \
    R(VERIFY_MISMATCH, "verify-mismatch", ERROR, "18.3", 'I', 'L', '-',                                                \
      "contents behind VERIFY equal those before it; Xen's restorer logs a difference and goes on")                    \
    R(VERIFY_INCOMPLETE, "verify-incomplete", NOTE, "18.3", 'I', '-', '-', "the verify pass names every pfn")          \
    R(CKPT_IN_PLAIN, "ckpt-in-plain", ERROR, "18.3", 'Y', 'R', '-',                                                    \
      "no CHECKPOINT in an image that ends with END (Xen 4.6 alone ended Remus that way)")                             \
    R(CKPT_BODY, "ckpt-body", WARNING, "18.3", 'Y', '-', 'Y', "CHECKPOINT has no body")                                \
    R(CKPT_INCOMPLETE, "ckpt-incomplete", WARNING, "18.3", 'I', '-', '-',                                              \
      "what follows the last complete checkpoint is complete too; a receiver drops it")                                \
    R(END_BODY, "end-body", WARNING, "18.3", 'Y', '-', 'Y', "END has no body")

#define GW_RULES_MEMORY(R)                                                                                             \
    R(PAGE_SHORT, "page-short", ERROR, "18.4", 'Y', 'R', 'Y', "PAGE_DATA has room for a count and one entry")          \
    R(PAGE_COUNT_ZERO, "page-count-zero", ERROR, "18.4", 'Y', 'R', 'Y', "PAGE_DATA has at least one entry")            \
    R(PAGE_COUNT_ARRAY, "page-count-array", ERROR, "18.4", 'Y', 'R', 'Y', "PAGE_DATA's entries fit into its body")     \
    R(PAGE_COUNT_LIMIT, "page-count-limit", ERROR, "ours", '-', '-', '-',                                              \
      "PAGE_DATA has at most 1048576 entries; Xen writes 1024")                                                        \
    R(PAGE_LENGTH, "page-length", ERROR, "18.4", 'Y', 'R', 'Y',                                                        \
      "PAGE_DATA is exactly as long as its entries and their contents")                                                \
    R(PAGE_RESERVED, "page-reserved", WARNING, "18.4", 'Y', '-', 'Y', "PAGE_DATA's reserved field is zero")            \
    R(PAGE_PFN_RESERVED, "page-pfn-reserved", WARNING, "18.4", 'Y', '-', 'Y', "bits 52 to 59 of an entry are zero")    \
    R(PAGE_TYPE, "page-type", ERROR, "18.4", 'Y', 'R', 'Y', "page types 5 to 8 do not occur")                          \
    R(PAGE_TYPE_XALLOC, "page-type-xalloc", NOTE, "18.4", 'Y', '-', '-',                                               \
      "no page is named for allocation alone (XALLOC: legacy converted images)")                                       \
    R(PAGE_TYPE_BROKEN, "page-type-broken", WARNING, "18.4", 'Y', '-', '-',                                            \
      "no page is marked broken: its contents were lost at the source")                                                \
    R(PAGE_TYPE_HVM_TABLE, "page-type-hvm-table", WARNING, "18.4", '-', '-', '-',                                      \
      "an HVM image has no page table types")                                                                          \
    R(PAGE_TYPE_L4_PV32, "page-type-l4-pv32", ERROR, "18.4", 'I', 'H', '-', "a 32-bit PV image has no L4 tables")      \
    R(PAGE_PFN_RANGE_PV, "page-pfn-range-pv", ERROR, "18.4", 'I', 'R', '-',                                            \
      "PV: no pfn lies above the end_pfn of X86_PV_P2M_FRAMES")                                                        \
    R(PAGE_PFN_RANGE_HVM, "page-pfn-range-hvm", ERROR, "18.4", '-', 'p', '-',                                          \
      "HVM: populated pfns are below 2^36; Xen's p2m holds no more")                                                   \
    R(PAGE_PFN_BEYOND_GUEST, "page-pfn-beyond-guest", WARNING, "18.4", '-', 'p', '-',                                  \
      "HVM: populated pfns lie where a guest of the configured size has memory")                                       \
    R(PAGE_PV_ORDER, "page-pv-order", ERROR, "18.4", 'Y', 'p', '-',                                                    \
      "PV: PAGE_DATA comes behind X86_PV_P2M_FRAMES; pfn 0 before it crashes Xen's restorer")                          \
    R(PAGE_DUP_IN_RECORD, "page-dup-in-record", WARNING, "18.4", 'I', '-', '-', "a PAGE_DATA record names a pfn once") \
    R(PAGE_BATCH_LARGE, "page-batch-large", NOTE, "18.4", '-', '-', '-', "PAGE_DATA has at most 1024 entries")         \
    R(PAGE_UNALIGNED_BATCH, "page-unaligned-batch", NOTE, "18.4", '-', '-', '-',                                       \
      "the first pass ascends and keeps 2 MiB runs in one record, so that newer Xen makes superpages of them")         \
    R(PAGE_FIRST_PASS, "page-first-pass", NOTE, "6.3", '-', '-', '-',                                                  \
      "the first pass names every pfn that the image names; else a record may stand there twice, or too late")         \
    R(PAGE_REPEATED, "page-repeated", NOTE, "6.3", '-', '-', '-',                                                      \
      "a PAGE_DATA does not name just the pfns of the one before it; else it may stand there twice")                   \
    R(PAGE_COVERAGE, "page-coverage", WARNING, "18.4", 'I', '-', '-',                                                  \
      "every pfn up to the highest is named; a pfn never named is a hole where the guest may have had memory")         \
    R(PAGE_MISSING_DATA, "page-missing-data", WARNING, "18.4", 'I', '-', '-',                                          \
      "a page named for allocation alone gets contents later")                                                         \
    R(PAGE_PFN_LIMIT, "page-pfn-limit", ERROR, "18.4", '-', '-', '-',                                                  \
      "pfns are below godwit's own limit of 2^28 (1 TiB), which --max-guest moves")                                    \
    R(PAGE_BECAME_XTAB, "page-became-xtab", WARNING, "18.4", 'Y', '-', '-',                                            \
      "a pfn that had contents does not end as a hole: the restorer leaves the page there with old contents")          \
    R(PAGE_TABLE_BECAME_XTAB, "page-table-became-xtab", ERROR, "18.4", '-', '-', '-',                                  \
      "a pfn that was a page table does not end as a hole: the saver lost the table")                                  \
    R(PAGE_NONE, "page-none", ERROR, "18.4", 'I', '-', '-', "the image has at least one page with contents")           \
    R(PAGE_ALL_ZERO, "page-all-zero", WARNING, "18.4", '-', '-', '-', "the guest's memory is not all zero")            \
    R(PAGE_LAST_TYPE_CONFLICT, "page-last-type-conflict", NOTE, "18.4", '-', '-', '-',                                 \
      "a page table keeps its level from pass to pass")                                                                \
    R(PAGE_MEMORY_SIZE, "page-memory-size", WARNING, "18.4", '-', 'H', '-',                                            \
      "the image has no more memory than its configuration's max_memkb allows")

#define GW_RULES_PV(R)                                                                                                 \
    R(PVINFO_MISSING, "pvinfo-missing", ERROR, "18.5", 'Y', 'R', '-',                                                  \
      "X86_PV_INFO stands before X86_PV_P2M_FRAMES and SHARED_INFO")                                                   \
    R(PVINFO_DUPLICATE, "pvinfo-duplicate", ERROR, "18.5", 'I', 'R', '-', "X86_PV_INFO comes once")                    \
    R(PVINFO_LENGTH, "pvinfo-length", ERROR, "18.5", 'Y', 'p', 'Y', "X86_PV_INFO is 8 octets long")                    \
    R(PVINFO_PAIR, "pvinfo-pair", ERROR, "18.5", 'Y', 'R', 'p',                                                        \
      "guest width and page table levels are 4 and 3, or 8 and 4")                                                     \
    R(PVINFO_RESERVED, "pvinfo-reserved", WARNING, "18.5", 'Y', '-', 'Y', "X86_PV_INFO's reserved octets are zero")    \
    R(P2M_MISSING, "p2m-missing", ERROR, "18.5", 'Y', 'p', '-', "a PV image has X86_PV_P2M_FRAMES")                    \
    R(P2M_LENGTH, "p2m-length", ERROR, "18.5", 'Y', 'R', 'p',                                                          \
      "X86_PV_P2M_FRAMES has exactly the frames that its range of pfns needs")                                         \
    R(P2M_ORDER, "p2m-order", ERROR, "18.5", 'I', 'R', '-', "start_pfn is not above end_pfn")                          \
    R(P2M_START_ZERO, "p2m-start-zero", ERROR, "18.5", '-', '-', '-',                                                  \
      "start_pfn is 0: Xen's restorer leaves what is below it uninitialised")                                          \
    R(P2M_END_ZERO, "p2m-end-zero", ERROR, "18.5", '-', '-', '-',                                                      \
      "end_pfn is at least 1: Xen's restorer crashes on 0")                                                            \
    R(P2M_DUPLICATE, "p2m-duplicate", WARNING, "18.5", 'I', '-', '-', "X86_PV_P2M_FRAMES comes once")                  \
    R(P2M_FRAME_RANGE, "p2m-frame-range", ERROR, "18.5", 'I', 'R', '-', "p2m frames are not above end_pfn")            \
    R(P2M_FRAME_TYPE, "p2m-frame-type", ERROR, "18.5", 'I', 'R', '-', "p2m frames end as ordinary pages")              \
    R(P2M_FRAME_DATA, "p2m-frame-data", ERROR, "18.5", 'I', 'R', '-', "p2m frames are pages of the image")             \
    R(P2M_FRAME_DUP, "p2m-frame-dup", ERROR, "18.5", 'I', '-', '-', "no p2m frame is named twice")                     \
    R(VCPU_HDR_SHORT, "vcpu-hdr-short", ERROR, "18.5", 'Y', 'R', 'Y', "a vCPU record has its 8 octets of header")      \
    R(VCPU_HDR_RESERVED, "vcpu-hdr-reserved", WARNING, "18.5", 'Y', '-', 'Y',                                          \
      "a vCPU record's reserved field is zero")                                                                        \
    R(VCPU_ID_RANGE, "vcpu-id-range", ERROR, "18.5", 'I', 'R', '-',                                                    \
      "vCPU ids are below the configuration's max_vcpus, and below 8192")                                              \
    R(VCPU0_MISSING, "vcpu0-missing", ERROR, "18.5", 'I', 'R', '-', "vCPU 0 has its X86_PV_VCPU_BASIC")                \
    R(VCPU_ORPHAN, "vcpu-orphan", WARNING, "18.5", 'I', '-', '-',                                                      \
      "a vCPU with an EXTENDED, XSAVE or MSRS record has a BASIC one")                                                 \
    R(VCPU_EXT_MISSING, "vcpu-ext-missing", WARNING, "ours", 'I', '-', '-',                                            \
      "a vCPU with a BASIC record has an EXTENDED one, as every Xen writes it: the guest's callbacks are in it")       \
    R(VCPU_XSAVE_MISSING, "vcpu-xsave-missing", WARNING, "7.6", '-', '-', '-',                                         \
      "every vCPU has X86_PV_VCPU_XSAVE where the CPUID policy has extended states; without it they are lost")         \
    R(VCPU_MSRS_MISSING, "vcpu-msrs-missing", NOTE, "7.7", '-', '-', '-',                                              \
      "all vCPUs have X86_PV_VCPU_MSRS or none; one whose MSRs are all zero has none, too")                            \
    R(VCPU_DUPLICATE, "vcpu-duplicate", WARNING, "18.5", 'I', '-', '-',                                                \
      "a vCPU has one record of a kind, in each checkpoint; the last one wins")                                        \
    R(VCPU_BEFORE_PVINFO, "vcpu-before-pvinfo", ERROR, "18.5", 'Y', '-', '-', "vCPU records follow X86_PV_INFO")       \
    R(VCPU_ZERO_CONTENT, "vcpu-zero-content", NOTE, "18.5", 'Y', 'p', 'w',                                             \
      "a vCPU record is not empty; old savers wrote empty ones, which mean nothing")                                   \
    R(VCPU_ZERO_CONTENT_TARGET, "vcpu-zero-content-target", ERROR, "5.2", 'Y', 'R', 'w',                               \
      "no empty vCPU record for Xen 4.6 to 4.10: their restorers fail on it, mostly without saying why")               \
    R(VCPU_BASIC_SIZE, "vcpu-basic-size", ERROR, "18.5", 'I', 'R', '-',                                                \
      "a vCPU's basic state is 2800 octets long in a 32-bit guest, 5168 in a 64-bit one")                              \
    R(VCPU_BASIC_CANONICAL, "vcpu-basic-canonical", ERROR, "18.5", '-', 'H', '-',                                      \
      "a 64-bit vCPU's addresses are canonical")                                                                       \
    R(VCPU_BASIC_LDT, "vcpu-basic-ldt", ERROR, "18.5", '-', 'H', '-',                                                  \
      "a vCPU's LDT begins at a page and has at most 8192 entries")                                                    \
    R(VCPU_BASIC_VMASSIST, "vcpu-basic-vmassist", WARNING, "18.5", '-', 'H', '-',                                      \
      "Xen knows what a vCPU's vm_assist asks for")                                                                    \
    R(VCPU_BASIC_DEBUGREG, "vcpu-basic-debugreg", WARNING, "18.5", '-', 'H', '-',                                      \
      "dr6 and dr7 have 32 bits, and breakpoints lie at the guest's own addresses")                                    \
    R(VCPU_BASIC_GDT_COUNT, "vcpu-basic-gdt-count", ERROR, "18.5", '-', 'R', '-',                                      \
      "a vCPU's GDT has at most 7168 entries; Xen's own follow")                                                       \
    R(VCPU_BASIC_GDT_FRAMES, "vcpu-basic-gdt-frames", ERROR, "18.5", '-', 'R', '-',                                    \
      "the frames of a vCPU's GDT end as ordinary pages of the image")                                                 \
    R(VCPU_BASIC_CR3, "vcpu-basic-cr3", ERROR, "18.5", '-', 'R', '-',                                                  \
      "a vCPU's cr3 names a page table of the highest level")                                                          \
    R(VCPU_BASIC_CR3_MFN, "vcpu-basic-cr3-mfn", ERROR, "18.5", '-', 'R', '-',                                          \
      "a vCPU's cr3 names a pfn of the guest, not what looks like a machine frame")                                    \
    R(VCPU_BASIC_CR1, "vcpu-basic-cr1", ERROR, "18.5", '-', 'p', '-',                                                  \
      "a 64-bit vCPU's page table of user mode is an L4 table, marked valid, and there where it was in user mode")     \
    R(VCPU_STARTINFO, "vcpu-startinfo", ERROR, "18.5", '-', 'R', '-',                                                  \
      "what vCPU 0 names as start_info ends as an ordinary page of the image")                                         \
    R(VCPU_EXT_INNER_VCPU, "vcpu-ext-inner-vcpu", ERROR, "18.5", '-', '-', '-',                                        \
      "a vCPU's extended state names the same vCPU inside: Xen gives it to the one named there")                       \
    R(VCPU_EXT_INNER_SIZE, "vcpu-ext-inner-size", WARNING, "18.5", '-', '-', '-',                                      \
      "a vCPU's extended state says its own length inside")                                                            \
    R(VCPU_EXT_CANONICAL, "vcpu-ext-canonical", ERROR, "18.5", '-', 'H', '-',                                          \
      "the callbacks of a vCPU's extended state have canonical addresses")                                             \
    R(VCPU_EXT_MCGCAP, "vcpu-ext-mcgcap", WARNING, "18.5", '-', 'H', '-', "Xen knows the bits of a vCPU's MCG_CAP")    \
    R(VCPU_EXT_SIZE, "vcpu-ext-size", ERROR, "18.5", '-', 'p', '-',                                                    \
      "a vCPU's extended state is 32 to 128 octets long")                                                              \
    R(VCPU_XSAVE_SIZE, "vcpu-xsave-size", ERROR, "18.5", '-', 'p', '-',                                                \
      "a vCPU's XSAVE state is 16 octets long, or at least 592 and as long as its extended states need")               \
    R(VCPU_XSAVE_SIZE_TARGET, "vcpu-xsave-size-target", ERROR, "19.6", '-', 'R', '-',                                  \
      "a vCPU's XSAVE state is a multiple of 16 octets long for Xen 4.6 to 4.9: their restorers refuse another")       \
    R(VCPU_XSAVE_XCR0, "vcpu-xsave-xcr0", ERROR, "18.5", '-', 'H', '-',                                                \
      "a vCPU's extended states are a legal set, and those that are enabled were ever enabled")                        \
    R(VCPU_XSAVE_BV, "vcpu-xsave-bv", ERROR, "18.5", '-', 'H', '-',                                                    \
      "a vCPU's XSAVE area holds no state that was never enabled")                                                     \
    R(VCPU_XSAVE_COMPACTED, "vcpu-xsave-compacted", ERROR, "18.5", '-', 'H', '-',                                      \
      "a vCPU's XSAVE area is not compacted")                                                                          \
    R(VCPU_XSAVE_RESERVED, "vcpu-xsave-reserved", ERROR, "18.5", '-', 'H', '-',                                        \
      "the reserved fields of a vCPU's XSAVE header are zero")                                                         \
    R(VCPU_MSRS_MULTIPLE, "vcpu-msrs-multiple", ERROR, "18.5", 'I', 'R', '-',                                          \
      "a vCPU's MSRs are a multiple of 16 octets long")                                                                \
    R(VCPU_MSRS_RESERVED, "vcpu-msrs-reserved", ERROR, "18.5", '-', 'H', '-',                                          \
      "the reserved fields of a vCPU's MSRs are zero")                                                                 \
    R(VCPU_MSRS_KNOWN, "vcpu-msrs-known", ERROR, "18.5", '-', 'H', '-',                                                \
      "the receiver knows a vCPU's MSRs, and there are no more than it knows")                                         \
    R(SHINFO_MISSING, "shinfo-missing", ERROR, "18.5", 'Y', '-', '-',                                                  \
      "a PV image has SHARED_INFO: without it the guest comes up with an empty page")                                  \
    R(SHINFO_SIZE, "shinfo-size", ERROR, "18.5", 'Y', 'R', 'Y', "SHARED_INFO is 4096 octets long")                     \
    R(SHINFO_DUPLICATE, "shinfo-duplicate", WARNING, "18.5", 'I', '-', '-',                                            \
      "SHARED_INFO comes once in each checkpoint")                                                                     \
    R(SHINFO_MAXPFN, "shinfo-maxpfn", WARNING, "18.5", '-', '-', '-',                                                  \
      "SHARED_INFO says that the guest has 1 to 2^32 pfns")                                                            \
    R(SHINFO_GENERATION_ODD, "shinfo-generation-odd", WARNING, "18.5", '-', '-', '-',                                  \
      "p2m_generation is even: the guest was not moving its p2m when it was saved")                                    \
    R(P2M_SHINFO_MAXPFN, "p2m-shinfo-maxpfn", WARNING, "18.5", '-', '-', '-',                                          \
      "X86_PV_P2M_FRAMES goes no further than SHARED_INFO's max_pfn")                                                  \
    R(PV_PTE_RANGE, "pv-pte-range", ERROR, "18.5", 'I', 'p', '-',                                                      \
      "no page table entry names a pfn above end_pfn: Xen's restorer stops dead on it")                                \
    R(PV_PTE_BACKED, "pv-pte-backed", WARNING, "18.5", 'I', '-', '-',                                                  \
      "page table entries name pages of the image; others come up empty")                                              \
    R(PV_PTE_PSE, "pv-pte-pse", ERROR, "18.5", '-', 'H', '-', "no page table entry maps a superpage")                  \
    R(PV_PTE_XEN_SLOTS, "pv-pte-xen-slots", WARNING, "18.5", 'I', '-', '-',                                            \
      "Xen's own slots are zero: L4 256 to 271, of a 32-bit guest's L3 those from 4 on")                               \
    R(PV_PTE_LEVEL, "pv-pte-level", ERROR, "18.5", '-', 'H', '-',                                                      \
      "entries of L4, L3 and L2 tables name tables of the next lower level, or their own one read-only")               \
    R(PV_PTE_WRITABLE_TABLE, "pv-pte-writable-table", ERROR, "18.5", '-', 'H', '-',                                    \
      "no L1 table maps a page table writable")                                                                        \
    R(PV_PTE_RESERVED, "pv-pte-reserved", ERROR, "18.5", '-', 'p', '-',                                                \
      "bits 44 to 51 of page table entries are zero: no PV guest's pfn has them")                                      \
    R(PV_ROOT_PINNED, "pv-root-pinned", WARNING, "18.5", '-', 'H', '-',                                                \
      "the roots of page tables that vCPUs name are pinned, or named by another table")                                \
    R(PV_PINS_NONE, "pv-pins-none", WARNING, "18.5", '-', '-', '-', "at least one root of page tables is pinned")      \
    R(PV_TABLES_UNREAD, "pv-tables-unread", NOTE, "ours", '-', '-', '-',                                               \
      "page tables and start_info were looked at; of an input that cannot be read again 16 MiB of them are kept")      \
    R(STARTINFO_MAGIC, "startinfo-magic", WARNING, "18.5", '-', '-', '-',                                              \
      "the start_info page begins with 'xen-3.0-'")                                                                    \
    R(STARTINFO_STORE, "startinfo-store", ERROR, "18.5", '-', 'R', '-',                                                \
      "start_info's page of xenstore is a page of the image")                                                          \
    R(STARTINFO_CONSOLE, "startinfo-console", ERROR, "18.5", '-', 'R', '-',                                            \
      "start_info's page of the console is a page of the image")

#define GW_RULES_TAIL(R)                                                                                               \
    R(TSC_MISSING, "tsc-missing", WARNING, "18.7", 'Y', '-', '-',                                                      \
      "X86_TSC_INFO is there: without it the guest's clock jumps")                                                     \
    R(TSC_SIZE, "tsc-size", ERROR, "18.7", 'Y', 'R', 'Y', "X86_TSC_INFO is 24 octets long")                            \
    R(TSC_RESERVED, "tsc-reserved", WARNING, "18.7", 'Y', '-', 'Y', "X86_TSC_INFO's reserved field is zero")           \
    R(TSC_MODE, "tsc-mode", ERROR, "18.7", '-', 'H', '-', "the TSC mode is 0, 1 or 2 (3 up to Xen 4.11)")              \
    R(TSC_KHZ, "tsc-khz", WARNING, "18.7", '-', '-', '-',                                                              \
      "the TSC frequency is between 100 MHz and 10 GHz, or 0 in mode 2")                                               \
    R(TSC_DUPLICATE, "tsc-duplicate", WARNING, "18.7", 'I', '-', '-', "X86_TSC_INFO comes once in each checkpoint")    \
    R(TAIL_BEFORE_MEMORY, "tail-before-memory", WARNING, "18.7", 'I', '-', '-',                                        \
      "TSC, register and device records follow the last PAGE_DATA of their checkpoint")                                \
    R(TAIL_INTERLEAVED, "tail-interleaved", NOTE, "18.7", '-', '-', '-',                                               \
      "the records behind the memory come in the order in which Xen writes them")                                      \
    R(DIRTY_LIST_MULTIPLE, "dirty-list-multiple", ERROR, "18.7", 'Y', 'R', '-',                                        \
      "CHECKPOINT_DIRTY_PFN_LIST is a multiple of 8 octets long")                                                      \
    R(DIRTY_LIST_RANGE, "dirty-list-range", ERROR, "18.7", 'I', 'R', '-', "dirty pfns are pfns of the guest")          \
    R(DIRTY_LIST_SHIFTED, "dirty-list-shifted", ERROR, "18.7", '-', '-', '-',                                          \
      "CHECKPOINT_DIRTY_PFN_LIST is not shifted by the 16-octet header of Xen 4.18 and later")                         \
    R(CARRIER_NO_NEWHEADER, "carrier-no-newheader", ERROR, "18.7", 'Y', 'R', 'Y',                                      \
      "the image goes on behind CHECKPOINT without new headers")                                                       \
    R(CARRIER_GAP, "carrier-gap", NOTE, "18.7", 'Y', '-', 'Y',                                                         \
      "a checkpointed image stands in a carrier, whose records lie between CHECKPOINT and what follows")               \
    R(XEN_SLOTS_SUMMARY, "xen-slots-summary", ERROR, "18.7", '-', 'R', '-',                                            \
      "the configuration's guest type fits the image's")

#define GW_RULES(R)                                                                                                    \
    GW_RULES_IMAGE(R)                                                                                                  \
    GW_RULES_FRAMING(R)                                                                                                \
    GW_RULES_STATIC(R)                                                                                                 \
    GW_RULES_MEMORY(R)                                                                                                 \
    GW_RULES_PV(R)                                                                                                     \
    GW_RULES_HVM(R)                                                                                                    \
    GW_RULES_TAIL(R)                                                                                                   \
    GW_RULES_CARRIER(R)                                                                                                \
    GW_RULES_DEVICE_MODEL(R)                                                                                           \
    GW_RULES_LIBVIRT(R)                                                                                                \
    GW_RULES_XENOPSD(R)                                                                                                \
    GW_RULES_LEGACY(R)

#endif
