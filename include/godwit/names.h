/*
 * names.h - names of numbers that stand in structures: parameters of HVM guests, MSRs, what CPUID answers.
 *
 * Source: Xen's public headers (hvm/params.h, arch-x86/cpufeatureset.h) and the manuals of the processors' makers. All
 * of it is constant, and may be asked by any thread at any time.
 */
#ifndef GODWIT_NAMES_H
#define GODWIT_NAMES_H

#include <godwit/base.h>

GODWIT_BEGIN_DECLS

/* Of a parameter in HVM_PARAMS, by its index: "STORE_PFN". NULL: no release of Xen ever had it. */
GODWIT_API const char *godwit_hvm_param_name(uint64_t index);

/* Of an MSR that Xen carries in an image, by its number: "STAR". NULL: it knows none of that number. */
GODWIT_API const char *godwit_msr_name(uint32_t index);

/* What a leaf of CPUID is about: a sentence's part; NULL: it has no name. */
GODWIT_API const char *godwit_cpuid_leaf_name(uint32_t leaf);

/* The subleaf of leaves that have none, as Xen's policies have it. */
#define GODWIT_CPUID_NO_SUBLEAF 0xffffffffu

/* Registers of an answer. */
enum godwit_cpuid_register { GODWIT_EAX = 0, GODWIT_EBX = 1, GODWIT_ECX = 2, GODWIT_EDX = 3 };

/*
 * Features that are set in a register of a leaf, by name, or its numbers: "SSE3 PCLMULQDQ", "phys_bits=0x2e"; "" when
 * nothing is set, or nobody knows. Written to room, len octets (1024 are enough for any), cut else. Returns room.
 */
GODWIT_API char *godwit_cpuid_parts(uint32_t leaf, uint32_t subleaf, enum godwit_cpuid_register reg, uint32_t value,
                                    char *room, size_t len);

GODWIT_END_DECLS

#endif
