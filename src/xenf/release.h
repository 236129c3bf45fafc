/*
 * release.h - what the restorers of Xen's releases take: a row per release, and the questions to ask of it.
 *
 * A row holds what belongs to a release as a whole (sections 4.1, 5.2, 7.5, 7.6, 9.1, 9.2, 13.1, 19.6). Since when a
 * record, a parameter, an entry's form, an MSR or a version is known stands in the row of that thing; the functions
 * here look there. Where point releases differ, the oldest decides about forms and records, the newest about MSRs.
 *
 * R(minor, writes, limit, tsc, empty, xsave, extended, leaves)
 *   writes    the version of images that its savers write
 *   limit     name of the bound on a record's length
 *   tsc       the highest mode of X86_TSC_INFO
 *   empty     1: records of a vCPU without content are let pass
 *   xsave     X86_PV_VCPU_XSAVE holds a multiple of so many octets
 *   extended  octets of X86_PV_VCPU_EXTENDED that are looked at
 *   leaves    of a CPUID policy, at most; 0: it knows none
 */
#ifndef GW_RELEASE_H
#define GW_RELEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base.h"
#include "hvm_entries.h"
#include "msrs.h"

#define GW_RELEASES(R)                                                                                                 \
    R(6, 2, RECORD_LENGTH_OLD, 3, 0, 16, 56, 0)                                                                        \
    R(7, 2, RECORD_LENGTH_OLD, 3, 0, 16, 56, 0)                                                                        \
    R(8, 2, RECORD_LENGTH_OLD, 3, 0, 16, 56, 0)                                                                        \
    R(9, 2, RECORD_LENGTH_OLD, 3, 0, 16, 56, 0)                                                                        \
    R(10, 2, RECORD_LENGTH, 3, 0, 1, 64, 0)                                                                            \
    R(11, 2, RECORD_LENGTH, 3, 1, 1, 64, 0)                                                                            \
    R(12, 2, RECORD_LENGTH, 2, 1, 1, 64, 0)                                                                            \
    R(13, 2, RECORD_LENGTH, 2, 1, 1, 64, 0)                                                                            \
    R(14, 3, RECORD_LENGTH, 2, 1, 1, 64, 114)                                                                          \
    R(15, 3, RECORD_LENGTH, 2, 1, 1, 64, 114)                                                                          \
    R(16, 3, RECORD_LENGTH, 2, 1, 1, 64, 119)                                                                          \
    R(17, 3, RECORD_LENGTH, 2, 1, 1, 64, 120)                                                                          \
    R(18, 3, RECORD_LENGTH, 2, 1, 1, 64, 120)                                                                          \
    R(19, 3, RECORD_LENGTH, 2, 1, 1, 64, 120)                                                                          \
    R(20, 3, RECORD_LENGTH, 2, 1, 1, 64, 120)                                                                          \
    R(21, 3, RECORD_LENGTH, 2, 1, 1, 64, 120)                                                                          \
    R(22, 3, RECORD_LENGTH, 2, 1, 1, 64, 120)

struct gw_release {
    unsigned minor; /* of Xen 4 */
    uint32_t writes;
    enum gw_limit_id record_length;
    uint32_t most_tsc_mode;
    bool takes_empty;
    uint32_t xsave_unit, extended_len;
    uint32_t most_leaves;
};

#define GW_RELEASE_FIRST 6u

/*
 * The first whose saver follows a linear p2m (13.1), whose toolstack makes PVH guests (libxl-stream 3), and whose
 * restorer passes over the parameter PAE_ENABLED (10.9).
 */
#define GW_SINCE_LINEAR_P2M 7u
#define GW_SINCE_PVH 10u
#define GW_SINCE_NO_PAE_PARAM 14u

/* The row of Xen 4.minor; one that is newer than the last row is taken for it, and so is 0. Not below the first. */
const struct gw_release *gw_release(unsigned minor);

bool gw_release_reads(const struct gw_release *release, uint32_t version);
/* A type that nobody defined is known to none. */
bool gw_release_knows_record(const struct gw_release *release, uint32_t type);
/* The hypervisor lets a parameter of HVM_PARAMS be set. */
bool gw_release_knows_param(const struct gw_release *release, uint64_t index);
bool gw_release_knows_msr(const struct gw_release *release, enum gw_msr_place place, uint32_t index);
/* The newest form of an entry of HVM_CONTEXT that it takes; NULL: none, or no such type. */
const struct gw_hvm_form *gw_release_hvm_form(const struct gw_release *release, unsigned type);

/* Of a CPUID policy. *has_none: the leaf is one that has no subleaves, which 0xffffffff says. */
bool gw_release_knows_leaf(const struct gw_release *release, uint32_t leaf, uint32_t subleaf, bool *has_none);
/* The highest leaf of the range that begins at first (0, 0x80000000), the highest subleaf of leaf 7. */
uint32_t gw_release_last_leaf(const struct gw_release *release, uint32_t first);
uint32_t gw_release_last_subleaf(const struct gw_release *release, uint32_t leaf);

#endif
