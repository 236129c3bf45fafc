/*
 * names.c - names of numbers, as programs see them.
 */
#include "api.h"

#define SAME(public, own) _Static_assert((uint32_t)(public) == (uint32_t)(own), #public " is promised to programs")
SAME(GODWIT_EAX, GW_CPUID_EAX);
SAME(GODWIT_EBX, GW_CPUID_EBX);
SAME(GODWIT_ECX, GW_CPUID_ECX);
SAME(GODWIT_EDX, GW_CPUID_EDX);
SAME(GODWIT_CPUID_NO_SUBLEAF, GW_CPUID_NO_SUBLEAF);

const char *godwit_hvm_param_name(uint64_t index)
{
    const struct gw_hvm_param_info *info = gw_hvm_param_info(index);
    return info != NULL ? info->name : NULL;
}

const char *godwit_msr_name(uint32_t index)
{
    const struct gw_msr_info *info = gw_msr_info(index);
    return info != NULL ? info->name : NULL;
}

const char *godwit_cpuid_leaf_name(uint32_t leaf)
{
    return gw_cpuid_leaf_name(leaf);
}

char *godwit_cpuid_parts(uint32_t leaf, uint32_t subleaf, enum godwit_cpuid_register reg, uint32_t value, char *room,
                         size_t len)
{
    const struct gw_cpuid_leaf where = { .leaf = leaf, .subleaf = subleaf };
    if (room == NULL || len == 0)
        return room;
    room[0] = '\0';
    if ((unsigned)reg > GODWIT_EDX)
        return room;
    const struct gw_bits *bits = gw_cpuid_features(&where, (enum gw_cpuid_reg)reg);
    bits = bits != NULL ? bits : gw_cpuid_parts(&where, (enum gw_cpuid_reg)reg);
    return gw_bits_text(room, len, bits, value);
}
