/*
 * cpuid.c - reading CPUID leaves: names, parts, and the few answers that several leaves make together.
 */
#include <assert.h>
#include <string.h>

#include "bits_hvm.h"
#include "bits_tables.h"
#include "cpuid.h"

static const char *const cache_types[] = { "none", "data", "instruction", "unified", NULL };

static const struct gw_bits signature[] = { PART(0, 4, "stepping"),
                                            PART(4, 4, "model"),
                                            PART(8, 4, "family"),
                                            PART(12, 2, "type"),
                                            PART(16, 4, "more_model"),
                                            PART(20, 8, "more_family"),
                                            LAST };
static const struct gw_bits processor[] = { PART(0, 8, "brand"), PART(8, 8, "clflush"), PART(16, 8, "logical"),
                                            PART(24, 8, "apic_id"), LAST };
static const struct gw_bits cache_type[] = { CHOICE(0, 5, "type", cache_types),
                                             PART(5, 3, "level"),
                                             FLAG(8, "self_init"),
                                             FLAG(9, "fully_associative"),
                                             PART(14, 12, "last_sharer"),
                                             PART(26, 6, "last_core"),
                                             LAST };
static const struct gw_bits cache_shape[] = { PART(0, 12, "last_of_line"), PART(12, 10, "last_partition"),
                                              PART(22, 10, "last_way"), LAST };
static const struct gw_bits address_widths[] = { PART(0, 8, "physical"), PART(8, 8, "linear"),
                                                 PART(16, 8, "guest_physical"), LAST };

/* Registers with parts; subleaf ANY_SUBLEAF: of each. */
#define ANY_SUBLEAF (UINT32_MAX - 1)
static const struct gw_cpuid_word parts[] = {
    { GW_CPUID_SIGNATURE, GW_CPUID_NO_SUBLEAF, GW_CPUID_EAX, signature },
    { GW_CPUID_SIGNATURE, GW_CPUID_NO_SUBLEAF, GW_CPUID_EBX, processor },
    { 0x4, ANY_SUBLEAF, GW_CPUID_EAX, cache_type },
    { 0x4, ANY_SUBLEAF, GW_CPUID_EBX, cache_shape },
    { GW_CPUID_XSTATE, 0, GW_CPUID_EAX, gw_bits_xstates },
    { GW_CPUID_XSTATE, 1, GW_CPUID_ECX, gw_bits_xstates },
    { GW_CPUID_ADDRESS, GW_CPUID_NO_SUBLEAF, GW_CPUID_EAX, address_widths },
    { 0x8000001d, ANY_SUBLEAF, GW_CPUID_EAX, cache_type },
    { 0x8000001d, ANY_SUBLEAF, GW_CPUID_EBX, cache_shape },
};

static const struct {
    uint32_t leaf;
    const char *name;
} leaf_names[] = {
    { GW_CPUID_BASIC, "vendor and last basic leaf" },
    { GW_CPUID_SIGNATURE, "model and features" },
    { 0x2, "caches and TLBs" },
    { 0x4, "cache" },
    { 0x5, "MONITOR and MWAIT" },
    { 0x6, "power" },
    { 0x7, "features" },
    { 0xa, "performance counters" },
    { 0xb, "topology" },
    { GW_CPUID_XSTATE, "extended states" },
    { 0x40000000, "last leaf for guests" },
    { 0x40000100, "last leaf for guests, behind Viridian" },
    { GW_CPUID_EXTENDED, "last extended leaf" },
    { 0x80000001, "features" },
    { 0x80000002, "brand" },
    { 0x80000003, "brand" },
    { 0x80000004, "brand" },
    { 0x80000005, "L1 caches and TLBs" },
    { 0x80000006, "L2 and L3 caches" },
    { 0x80000007, "power and RAS" },
    { GW_CPUID_ADDRESS, "address widths and features" },
    { 0x8000000a, "SVM" },
    { 0x80000019, "TLBs for 1 GiB" },
    { 0x8000001d, "cache" },
    { 0x8000001e, "topology" },
    { 0x80000021, "features" },
};

uint32_t gw_cpuid_register(const struct gw_cpuid_leaf *leaf, enum gw_cpuid_reg reg)
{
    const uint32_t answer[] = { leaf->a, leaf->b, leaf->c, leaf->d };
    return answer[reg];
}

static bool word_is(const struct gw_cpuid_word *word, const struct gw_cpuid_leaf *leaf)
{
    return word->leaf == leaf->leaf && (word->subleaf == ANY_SUBLEAF || word->subleaf == leaf->subleaf);
}

const struct gw_bits *gw_cpuid_features(const struct gw_cpuid_leaf *leaf, enum gw_cpuid_reg reg)
{
    for (unsigned i = 0; i < GW_NUM_CPUID_WORDS; i++)
        if (word_is(&gw_cpuid_words[i], leaf) && gw_cpuid_words[i].reg == reg)
            return gw_cpuid_words[i].features;
    return NULL;
}

const struct gw_bits *gw_cpuid_parts(const struct gw_cpuid_leaf *leaf, enum gw_cpuid_reg reg)
{
    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (word_is(&parts[i], leaf) && parts[i].reg == reg)
            return parts[i].features;
    return NULL;
}

const char *gw_cpuid_leaf_name(uint32_t leaf)
{
    for (unsigned i = 0; i < sizeof leaf_names / sizeof leaf_names[0]; i++)
        if (leaf_names[i].leaf == leaf)
            return leaf_names[i].name;
    return NULL;
}

/* The first leaf of a range names the last; what lies behind it is zero. */
static bool is_behind(const struct gw_cpuid_word *word, const struct gw_cpuid_leaf *first)
{
    bool range = first->leaf == GW_CPUID_BASIC || first->leaf == GW_CPUID_EXTENDED;
    return range && (word->leaf & GW_CPUID_EXTENDED) == first->leaf && word->leaf > first->a;
}

void gw_featureset_learn(struct gw_featureset *set, const struct gw_cpuid_leaf *leaf)
{
    for (unsigned i = 0; i < GW_NUM_CPUID_WORDS; i++)
        if (word_is(&gw_cpuid_words[i], leaf) || is_behind(&gw_cpuid_words[i], leaf)) {
            bool there = word_is(&gw_cpuid_words[i], leaf);
            set->words[i] = there ? gw_cpuid_register(leaf, gw_cpuid_words[i].reg) : 0;
            set->told |= 1u << i;
        }
}

/* The word that has a feature of that name, and in *low its bit. */
static unsigned word_with(const char *name, unsigned *low)
{
    for (unsigned i = 0; i < GW_NUM_CPUID_WORDS; i++)
        for (const struct gw_bits *bit = gw_cpuid_words[i].features; bit->width > 0; bit++)
            if (strcmp(bit->name, name) == 0) {
                *low = bit->low;
                return i;
            }
    assert(false);
    return 0;
}

bool gw_featureset_has(const struct gw_featureset *set, const char *name)
{
    unsigned low = 0, word = word_with(name, &low);
    return (set->words[word] >> low & 1) != 0;
}

bool gw_featureset_lacks(const struct gw_featureset *set, const char *name)
{
    unsigned low = 0, word = word_with(name, &low);
    return (set->told >> word & 1) != 0 && (set->words[word] >> low & 1) == 0;
}

bool gw_cpuid_find(struct gw_cur policy, uint32_t leaf, uint32_t subleaf, struct gw_cpuid_leaf *out)
{
    while (gw_left(&policy) >= GW_CPUID_LEAF_LEN) {
        *out = gw_cpuid_leaf_take(&policy);
        if (out->leaf == leaf && out->subleaf == subleaf)
            return true;
    }
    return false;
}

static void put_text(char *room, uint32_t number)
{
    for (unsigned i = 0; i < 4; i++)
        room[i] = (char)(number >> 8 * i & 0xff);
}

char *gw_cpuid_vendor(struct gw_cur policy, char room[GW_CPUID_VENDOR_LEN])
{
    struct gw_cpuid_leaf leaf;
    memset(room, 0, GW_CPUID_VENDOR_LEN);
    if (gw_cpuid_find(policy, GW_CPUID_BASIC, GW_CPUID_NO_SUBLEAF, &leaf)) {
        put_text(room, leaf.b);
        put_text(room + 4, leaf.d);
        put_text(room + 8, leaf.c);
    }
    return room;
}

static void trim(char *text)
{
    size_t first = strspn(text, " "), len = strlen(text + first);
    memmove(text, text + first, len + 1);
    while (len > 0 && text[len - 1] == ' ')
        text[--len] = '\0';
}

char *gw_cpuid_brand(struct gw_cur policy, char room[GW_CPUID_BRAND_LEN])
{
    struct gw_cpuid_leaf leaf;
    memset(room, 0, GW_CPUID_BRAND_LEN);
    for (unsigned i = 0; i < 3; i++)
        if (gw_cpuid_find(policy, 0x80000002 + i, GW_CPUID_NO_SUBLEAF, &leaf))
            for (unsigned reg = GW_CPUID_EAX; reg <= GW_CPUID_EDX; reg++)
                put_text(room + 16 * i + 4 * reg, gw_cpuid_register(&leaf, reg));
    trim(room);
    return room;
}

struct gw_cpuid_model gw_cpuid_model(uint32_t eax)
{
    struct gw_cpuid_model v = { .family = eax >> 8 & 0xf, .model = eax >> 4 & 0xf, .stepping = eax & 0xf };
    if (v.family == 0x6 || v.family == 0xf)
        v.model |= (eax >> 16 & 0xf) << 4;
    if (v.family == 0xf)
        v.family += eax >> 20 & 0xff;
    return v;
}

uint32_t gw_cpuid_without_stepping(uint32_t eax)
{
    return eax & ~UINT32_C(0xf);
}

bool gw_cpuid_cache(const struct gw_cpuid_leaf *leaf, struct gw_cpuid_cache *out)
{
    unsigned type = leaf->a & 0x1f;
    if ((leaf->leaf != 0x4 && leaf->leaf != 0x8000001d) || type == 0 || type > 3)
        return false;
    *out = (struct gw_cpuid_cache){
        .kind = cache_types[type],
        .level = leaf->a >> 5 & 7,
        .line = (leaf->b & 0xfff) + 1,
        .ways = (leaf->b >> 22) + 1,
    };
    out->size = (uint64_t)out->line * ((leaf->b >> 12 & 0x3ff) + 1) * out->ways * ((uint64_t)leaf->c + 1);
    return true;
}
