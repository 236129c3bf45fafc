/*
 * records.h - the record table: the only place that knows number, name, kind, guests, sizes and age of each record.
 *
 * R(number, ID, "NAME", kind, guests, since, size rule, longest that Xen writes, length of an empty one, sentence)
 *   since    minor number of the first Xen 4 whose tools know the record; 0: not Xen's
 *   size     EXACT(n): n octets; LEAST(n): n or more; UNITS(n, base, unit): n or more, and base + a multiple of unit
 *   longest  0: no bound but the size rule
 *   empty    body length that means "no content" for a record of variable size (section 5.2); NONE: it has no such form
 *
 * Section 5.1 of the reference; 0x8047570n: godwit's own optional records, which Xen skips.
 */
#ifndef GW_RECORDS_H
#define GW_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

enum gw_record_kind {
    GW_KIND_MARKER,   /* signals, has no body */
    GW_KIND_STATIC,   /* invariant while the guest runs */
    GW_KIND_DYNAMIC,  /* memory, registers, devices */
    GW_KIND_OPTIONAL, /* a receiver that does not know it skips it */
    GW_KIND_RETIRED   /* drafts only */
};

#define GW_GUEST_PV 1u
#define GW_GUEST_HVM 2u
#define GW_GUEST_ANY 3u

#define GW_NO_EMPTY_FORM UINT32_MAX

#define GW_RECORDS(R)                                                                                                  \
    R(0x00, END, "END", MARKER, ANY, 6, EXACT(0), 0, NONE, "the image is complete")                                    \
    R(0x01, PAGE_DATA, "PAGE_DATA", DYNAMIC, ANY, 6, LEAST(16), 0, NONE, "pfns, their types and contents")             \
    R(0x02, X86_PV_INFO, "X86_PV_INFO", STATIC, PV, 6, EXACT(8), 0, NONE, "width and page table levels of a PV guest") \
    R(0x03, X86_PV_P2M_FRAMES, "X86_PV_P2M_FRAMES", DYNAMIC, PV, 6, UNITS(16, 0, 8), 0, NONE,                          \
      "pfns of the pages that hold a PV guest's p2m")                                                                  \
    R(0x04, X86_PV_VCPU_BASIC, "X86_PV_VCPU_BASIC", DYNAMIC, PV, 6, LEAST(8), 0, 8, "registers of a vCPU")             \
    R(0x05, X86_PV_VCPU_EXTENDED, "X86_PV_VCPU_EXTENDED", DYNAMIC, PV, 6, LEAST(8), 136, 8,                            \
      "callbacks and MCE of a vCPU")                                                                                   \
    R(0x06, X86_PV_VCPU_XSAVE, "X86_PV_VCPU_XSAVE", DYNAMIC, PV, 6, LEAST(8), 65536, 8, "extended state of a vCPU")    \
    R(0x07, SHARED_INFO, "SHARED_INFO", DYNAMIC, PV, 6, EXACT(4096), 0, NONE, "the page shared by guest and Xen")      \
    R(0x08, X86_TSC_INFO, "X86_TSC_INFO", DYNAMIC, ANY, 6, EXACT(24), 0, NONE,                                         \
      "how the guest's clock counter goes on")                                                                         \
    R(0x09, HVM_CONTEXT, "HVM_CONTEXT", DYNAMIC, HVM, 6, LEAST(1), 4194304, NONE,                                      \
      "registers and virtual devices, in the hypervisor's own entries")                                                \
    R(0x0a, HVM_PARAMS, "HVM_PARAMS", DYNAMIC, HVM, 6, UNITS(8, 8, 16), 280, 8, "parameters of an HVM guest")          \
    R(0x0b, TOOLSTACK, "TOOLSTACK", RETIRED, ANY, 0, LEAST(0), 0, NONE, "of drafts before Xen 4.6")                    \
    R(0x0c, X86_PV_VCPU_MSRS, "X86_PV_VCPU_MSRS", DYNAMIC, PV, 6, LEAST(8), 120, 8,                                    \
      "model specific registers of a vCPU")                                                                            \
    R(0x0d, VERIFY, "VERIFY", MARKER, ANY, 6, EXACT(0), 0, NONE, "all memory again follows, for comparison")           \
    R(0x0e, CHECKPOINT, "CHECKPOINT", MARKER, ANY, 6, EXACT(0), 0, NONE, "a consistent state is complete")             \
    R(0x0f, CHECKPOINT_DIRTY_PFN_LIST, "CHECKPOINT_DIRTY_PFN_LIST", DYNAMIC, ANY, 7, UNITS(0, 0, 8), 0, NONE,          \
      "COLO's back channel: pfns dirty at the secondary")                                                              \
    R(0x10, STATIC_DATA_END, "STATIC_DATA_END", MARKER, ANY, 14, EXACT(0), 0, NONE, "the static data are complete")    \
    R(0x11, X86_CPUID_POLICY, "X86_CPUID_POLICY", STATIC, ANY, 14, UNITS(24, 0, 24), 0, NONE,                          \
      "what CPUID tells the guest")                                                                                    \
    R(0x12, X86_MSR_POLICY, "X86_MSR_POLICY", STATIC, ANY, 14, UNITS(16, 0, 16), 0, NONE,                              \
      "what feature MSRs tell the guest")                                                                              \
    R(0x80475701, PAGE_CHECKS, "PAGE_CHECKS", OPTIONAL, ANY, 0, UNITS(8, 0, 8), 0, NONE,                               \
      "hashes of the contents of the PAGE_DATA before it")                                                             \
    R(0x80475702, IMAGE_DIGEST, "IMAGE_DIGEST", OPTIONAL, ANY, 0, EXACT(56), 0, NONE,                                  \
      "digests of all pages and records")                                                                              \
    R(0x80475703, SAVING_CPU, "SAVING_CPU", OPTIONAL, ANY, 0, LEAST(1), 0, NONE, "the CPU that saved, for people")     \
    R(0x80475704, PROVENANCE, "PROVENANCE", OPTIONAL, ANY, 0, LEAST(2), 0, NONE,                                       \
      "who made the image from what, as JSON")

enum gw_record_type {
#define X(number, id, ...) GW_REC_##id = (number),
    GW_RECORDS(X)
#undef X
};

#define GW_SALVAGED "salvaged" /* a member of PROVENANCE: the image is what was left of a damaged one */
#define GW_REC_OPTIONAL UINT32_C(0x80000000) /* the bit of types that a receiver may skip */

/* A body of len octets is right when len >= least and (len - base) % unit == 0; exact: least only. */
struct gw_record_size {
    uint32_t least, base, unit;
    bool exact;
};

struct gw_record_info {
    uint32_t type;
    const char *name;
    enum gw_record_kind kind;
    unsigned guests; /* GW_GUEST_* */
    unsigned since;
    struct gw_record_size size;
    uint32_t longest;
    uint32_t empty;
    const char *sentence;
};

extern const struct gw_record_info gw_records[];
extern const unsigned gw_num_records;

/* The row of that type; NULL for types that nobody defined. */
const struct gw_record_info *gw_record_info(uint32_t type);
/* Registers, devices and all else that stands behind memory: what is dynamic, but P2M_FRAMES, which stand before it. */
bool gw_record_is_tail(uint32_t type);

/* The name of that type, or "unknown record 0x55" written to room (at least 32 octets). */
const char *gw_record_name(uint32_t type, char *room, size_t len);

bool gw_record_size_right(const struct gw_record_info *info, uint32_t length);

#endif
