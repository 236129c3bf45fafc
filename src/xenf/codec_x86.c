/*
 * codec_x86.c - X86_TSC_INFO (9.1), the CPUID and MSR policies (9.2, 9.3), HVM_PARAMS and the entries of HVM_CONTEXT
 * (10). Where a field stands is said by the rows of layout_x86.h and layout_hvm.h.
 */
#include <assert.h>

#include "xenf.h"

int gw_tsc_info_decode(struct gw_cur cur, struct gw_tsc_info *out, struct gw_err *err)
{
    uint32_t whole = gw_layout_tsc_info.length;
    if (gw_left(&cur) != whole)
        return gw_refuse(err, "tsc-size", "X86_TSC_INFO has %zu octets instead of %u", gw_left(&cur), whole);
    *out = (struct gw_tsc_info){
        .mode = (uint32_t)gw_get(cur, tsc_info, mode),
        .khz = (uint32_t)gw_get(cur, tsc_info, khz),
        .nsec = gw_get(cur, tsc_info, nsec),
        .incarnation = (uint32_t)gw_get(cur, tsc_info, incarnation),
        .reserved = (uint32_t)gw_get(cur, tsc_info, _res1),
    };
    return 0;
}

void gw_tsc_info_encode(struct gw_buf *buf, const struct gw_tsc_info *tsc)
{
    uint8_t octets[GW_TSC_INFO_LEN] = { 0 };
    assert(gw_layout_tsc_info.length == sizeof octets);
    gw_set(octets, tsc_info, mode, tsc->mode);
    gw_set(octets, tsc_info, khz, tsc->khz);
    gw_set(octets, tsc_info, nsec, tsc->nsec);
    gw_set(octets, tsc_info, incarnation, tsc->incarnation);
    gw_put(buf, octets, sizeof octets);
}

int gw_cpuid_policy_check(uint32_t length, struct gw_err *err)
{
    if (length == 0)
        return gw_refuse(err, "cpuid-zero", "X86_CPUID_POLICY is empty");
    if (length % GW_CPUID_LEAF_LEN != 0)
        return gw_refuse(err, "cpuid-multiple", "X86_CPUID_POLICY has %u octets, not a multiple of 24", length);
    return 0;
}

struct gw_cpuid_leaf gw_cpuid_leaf_take(struct gw_cur *cur)
{
    struct gw_cur octets = gw_sub(cur, GW_CPUID_LEAF_LEN);
    return (struct gw_cpuid_leaf){
        .leaf = (uint32_t)gw_get(octets, cpuid_leaf, leaf),
        .subleaf = (uint32_t)gw_get(octets, cpuid_leaf, subleaf),
        .a = (uint32_t)gw_get(octets, cpuid_leaf, a),
        .b = (uint32_t)gw_get(octets, cpuid_leaf, b),
        .c = (uint32_t)gw_get(octets, cpuid_leaf, c),
        .d = (uint32_t)gw_get(octets, cpuid_leaf, d),
    };
}

void gw_cpuid_leaf_encode(struct gw_buf *buf, const struct gw_cpuid_leaf *leaf)
{
    uint8_t octets[GW_CPUID_LEAF_LEN] = { 0 };
    assert(gw_layout_cpuid_leaf.length == sizeof octets);
    gw_set(octets, cpuid_leaf, leaf, leaf->leaf);
    gw_set(octets, cpuid_leaf, subleaf, leaf->subleaf);
    gw_set(octets, cpuid_leaf, a, leaf->a);
    gw_set(octets, cpuid_leaf, b, leaf->b);
    gw_set(octets, cpuid_leaf, c, leaf->c);
    gw_set(octets, cpuid_leaf, d, leaf->d);
    gw_put(buf, octets, sizeof octets);
}

int gw_msr_policy_check(uint32_t length, struct gw_err *err)
{
    if (length == 0)
        return gw_refuse(err, "msr-zero", "X86_MSR_POLICY is empty");
    if (length % GW_MSR_ENTRY_LEN != 0)
        return gw_refuse(err, "msr-multiple", "X86_MSR_POLICY has %u octets, not a multiple of 16", length);
    return 0;
}

struct gw_msr_entry gw_msr_entry_take(struct gw_cur *cur)
{
    struct gw_cur octets = gw_sub(cur, GW_MSR_ENTRY_LEN);
    return (struct gw_msr_entry){
        .index = (uint32_t)gw_get(octets, msr_entry, idx),
        .flags = (uint32_t)gw_get(octets, msr_entry, flags),
        .value = gw_get(octets, msr_entry, val),
    };
}

void gw_msr_entry_encode(struct gw_buf *buf, const struct gw_msr_entry *entry)
{
    uint8_t octets[GW_MSR_ENTRY_LEN] = { 0 };
    assert(gw_layout_msr_entry.length == sizeof octets);
    gw_set(octets, msr_entry, idx, entry->index);
    gw_set(octets, msr_entry, flags, entry->flags);
    gw_set(octets, msr_entry, val, entry->value);
    gw_put(buf, octets, sizeof octets);
}

int gw_hvm_params_decode(struct gw_cur cur, struct gw_hvm_params *out, struct gw_err *err)
{
    size_t len = gw_left(&cur);
    uint32_t head = gw_layout_hvm_params.length;
    if (len < head)
        return gw_refuse(err, "param-short", "HVM_PARAMS has %zu octets; its header alone needs %u", len, head);
    struct gw_hvm_params v = {
        .count = (uint32_t)gw_get(cur, hvm_params, count),
        .reserved = (uint32_t)gw_get(cur, hvm_params, _res1),
    };
    uint64_t whole = head + GW_HVM_PARAM_LEN * (uint64_t)v.count;
    if (len != whole)
        return gw_refuse(err, "param-length", "HVM_PARAMS of %u parameters needs %llu octets, its body has %zu",
                         v.count, (unsigned long long)whole, len);
    gw_take(&cur, head);
    v.params = cur;
    *out = v;
    return 0;
}

struct gw_hvm_param gw_hvm_param_take(struct gw_cur *cur)
{
    struct gw_cur octets = gw_sub(cur, GW_HVM_PARAM_LEN);
    return (struct gw_hvm_param){
        .index = gw_get(octets, hvm_param, index),
        .value = gw_get(octets, hvm_param, value),
    };
}

void gw_hvm_params_encode(struct gw_buf *buf, const struct gw_hvm_param *params, uint32_t count)
{
    uint8_t head[GW_HVM_PARAMS_HEAD_LEN] = { 0 }, octets[GW_HVM_PARAM_LEN];
    assert(gw_layout_hvm_params.length == sizeof head && gw_layout_hvm_param.length == sizeof octets);
    gw_set(head, hvm_params, count, count);
    gw_put(buf, head, sizeof head);
    for (uint32_t i = 0; i < count; i++) {
        gw_set(octets, hvm_param, index, params[i].index);
        gw_set(octets, hvm_param, value, params[i].value);
        gw_put(buf, octets, sizeof octets);
    }
}

bool gw_hvm_entry_take(struct gw_cur *cur, struct gw_hvm_entry *out)
{
    struct gw_cur head = gw_sub(cur, gw_layout_hvm_save_descriptor.length);
    struct gw_hvm_entry v = {
        .type = (uint16_t)gw_get(head, hvm_save_descriptor, typecode),
        .instance = (uint16_t)gw_get(head, hvm_save_descriptor, instance),
        .length = (uint32_t)gw_get(head, hvm_save_descriptor, length),
    };
    v.data = gw_sub(cur, v.length);
    if (cur->bad)
        return false;
    *out = v;
    return true;
}
