/*
 * pvh.h - the records of a made-up guest of Xen 4.17: what a PVH guest has, as Xen itself writes it.
 *
 * Its registers are those of a PVH guest that has just begun (protected mode, no paging); the general ones carry
 * whatever the back end wants to keep. Sections are of the format's reference (libxc-stream).
 *
 * Private to src/guest. Pure.
 */
#ifndef PVH_H
#define PVH_H

#include "guest.h"

#define PVH_VCPUS_MAX 64
#define PVH_KHZ 1000000u /* of the guest's clock counter */

/* The general registers, in the order of the CPU entry (10.4): rax at 0x200 ... r15 at 0x278. */
enum pvh_register { RAX, RBX, RCX, RDX, RBP, RSI, RDI, RSP, R8, R9, R10, R11, R12, R13, R14, R15, NUM_REGISTERS };

struct pvh_state {
    unsigned num_vcpus;
    uint64_t registers[PVH_VCPUS_MAX][NUM_REGISTERS];
    uint64_t clock_ns; /* how long the guest has lived, by its own clock */
    uint32_t incarnation;
    uint64_t store_pfn, console_pfn;
};

struct gw_domain_header pvh_domain(void);

/* X86_CPUID_POLICY and X86_MSR_POLICY. */
int pvh_static_records(gw_emit_fn *emit, void *arg, struct gw_err *err);

/* Is such a record, of one of these two types, octet for octet what pvh_static_records gives? */
int pvh_static_check(uint32_t type, const void *body, uint32_t len, struct gw_err *err);

/* X86_TSC_INFO, HVM_CONTEXT and HVM_PARAMS, in Xen's order. */
int pvh_state_records(const struct pvh_state *state, gw_emit_fn *emit, void *arg, struct gw_err *err);

/*
 * Back again: takes what the body of one of the three records says into *state, which begins as zero. Refuses what is
 * broken and vCPUs that do not stand in a row from 0; entries that are no registers are passed over.
 */
int pvh_state_take(struct pvh_state *state, uint32_t type, const void *body, uint32_t len, struct gw_err *err);

#endif
