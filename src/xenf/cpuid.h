/*
 * cpuid.h - what the answers of CPUID mean (section 9): features by name, numbers in parts, who made the processor.
 *
 * A policy is the body of an X86_CPUID_POLICY, whole leaves; what it does not hold is absent here too. What a receiver
 * accepts of it is not decided here.
 */
#ifndef GW_CPUID_H
#define GW_CPUID_H

#include "codec.h"
#include "layout.h"

enum gw_cpuid_reg { GW_CPUID_EAX, GW_CPUID_EBX, GW_CPUID_ECX, GW_CPUID_EDX };

#define GW_CPUID_BASIC 0x0u
#define GW_CPUID_SIGNATURE 0x1u
#define GW_CPUID_XSTATE 0xdu
#define GW_CPUID_EXTENDED 0x80000000u
#define GW_CPUID_ADDRESS 0x80000008u

uint32_t gw_cpuid_register(const struct gw_cpuid_leaf *leaf, enum gw_cpuid_reg reg);

/* A word of features: each bit one. */
struct gw_cpuid_word {
    uint32_t leaf, subleaf; /* GW_CPUID_NO_SUBLEAF: the leaf has none */
    enum gw_cpuid_reg reg;
    const struct gw_bits *features;
};
#define GW_NUM_CPUID_WORDS 16
extern const struct gw_cpuid_word gw_cpuid_words[GW_NUM_CPUID_WORDS];
/* Of the MSR of that name. */
extern const struct gw_bits gw_bits_arch_capabilities[];

/* The names of a register's features; NULL where it has none. */
const struct gw_bits *gw_cpuid_features(const struct gw_cpuid_leaf *leaf, enum gw_cpuid_reg reg);
/* The numbers in a register that is no feature word: caches, address widths, extended states; NULL: none is known. */
const struct gw_bits *gw_cpuid_parts(const struct gw_cpuid_leaf *leaf, enum gw_cpuid_reg reg);
/* "features of the processor" ...; NULL for a leaf without a name. */
const char *gw_cpuid_leaf_name(uint32_t leaf);

/* The feature words of a policy. */
struct gw_featureset {
    uint32_t words[GW_NUM_CPUID_WORDS];
    uint32_t told; /* a bit for each word that the policy holds */
};
/* Any leaf; those without features are passed over. */
void gw_featureset_learn(struct gw_featureset *set, const struct gw_cpuid_leaf *leaf);
/* By the name that gw_cpuid_words has for it. */
bool gw_featureset_has(const struct gw_featureset *set, const char *name);
/* The policy says that it is not there; a word that it does not hold says nothing. */
bool gw_featureset_lacks(const struct gw_featureset *set, const char *name);

/* The first such leaf of a policy; false when there is none. subleaf of leaves that have none: GW_CPUID_NO_SUBLEAF. */
bool gw_cpuid_find(struct gw_cur policy, uint32_t leaf, uint32_t subleaf, struct gw_cpuid_leaf *out);

#define GW_CPUID_VENDOR_LEN 13
#define GW_CPUID_BRAND_LEN 49
/* "GenuineIntel", "Intel(R) Xeon(R) ...", without blanks around it; "" where the policy does not say. Not escaped. */
char *gw_cpuid_vendor(struct gw_cur policy, char room[GW_CPUID_VENDOR_LEN]);
char *gw_cpuid_brand(struct gw_cur policy, char room[GW_CPUID_BRAND_LEN]);

struct gw_cpuid_model {
    unsigned family, model, stepping;
};
/* EAX of leaf 1, with its extended parts added as the manuals say. */
struct gw_cpuid_model gw_cpuid_model(uint32_t signature);
/* The signature without the stepping: what Xen compares. */
uint32_t gw_cpuid_without_stepping(uint32_t signature);

/* A cache, of leaf 4 or 0x8000001d. */
struct gw_cpuid_cache {
    const char *kind; /* "data", "instruction", "unified" */
    unsigned level, line, ways;
    uint64_t size; /* octets */
};
/* False: the leaf describes none. */
bool gw_cpuid_cache(const struct gw_cpuid_leaf *leaf, struct gw_cpuid_cache *out);

#endif
