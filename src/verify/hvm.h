/*
 * hvm.h - what the files that judge HVM_CONTEXT share: an entry, and what is remembered of a vCPU.
 *
 * Private to src/verify.
 */
#ifndef GW_VERIFY_HVM_H
#define GW_VERIFY_HVM_H

#include "verifier.h"

/* Beside a bit for each type of entry that came for a vCPU: its LAPIC is in x2APIC mode. */
#define VCPU_X2APIC (1u << 31)

/* An entry of a length that its type may have. */
struct hvm_inside {
    unsigned instance;
    struct gw_cur octets;
    uint32_t *seen; /* of the vCPU, NULL where it is none */
};

/* hvm_inside.c */
void judge_hvm_inside(struct verifier *v, unsigned type, const struct hvm_inside *inside);
/* hvm_cpu.c */
void judge_hvm_cpu(struct verifier *v, unsigned id, struct gw_cur octets);

#endif
