/*
 * codec_x86.c - X86_TSC_INFO (9.1), the CPUID and MSR policies (9.2, 9.3), HVM_PARAMS and the entries of HVM_CONTEXT
 * (10).
 */
#include "xenf.h"

int gw_tsc_info_decode(struct gw_cur cur, struct gw_tsc_info *out, struct gw_err *err)
{
    struct gw_tsc_info v;
    size_t len = gw_left(&cur);
    v.mode = gw_u32(&cur);
    v.khz = gw_u32(&cur);
    v.nsec = gw_u64(&cur);
    v.incarnation = gw_u32(&cur);
    v.reserved = gw_u32(&cur);
    if (!gw_done(&cur))
        return gw_refuse(err, "tsc-size", "X86_TSC_INFO has %zu octets instead of 24", len);
    *out = v;
    return 0;
}

void gw_tsc_info_encode(struct gw_buf *buf, const struct gw_tsc_info *tsc)
{
    gw_put_u32(buf, tsc->mode);
    gw_put_u32(buf, tsc->khz);
    gw_put_u64(buf, tsc->nsec);
    gw_put_u32(buf, tsc->incarnation);
    gw_put_u32(buf, 0);
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
    struct gw_cpuid_leaf v;
    v.leaf = gw_u32(cur);
    v.subleaf = gw_u32(cur);
    v.a = gw_u32(cur);
    v.b = gw_u32(cur);
    v.c = gw_u32(cur);
    v.d = gw_u32(cur);
    return v;
}

void gw_cpuid_leaf_encode(struct gw_buf *buf, const struct gw_cpuid_leaf *leaf)
{
    gw_put_u32(buf, leaf->leaf);
    gw_put_u32(buf, leaf->subleaf);
    gw_put_u32(buf, leaf->a);
    gw_put_u32(buf, leaf->b);
    gw_put_u32(buf, leaf->c);
    gw_put_u32(buf, leaf->d);
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
    struct gw_msr_entry v;
    v.index = gw_u32(cur);
    v.flags = gw_u32(cur);
    v.value = gw_u64(cur);
    return v;
}

void gw_msr_entry_encode(struct gw_buf *buf, const struct gw_msr_entry *entry)
{
    gw_put_u32(buf, entry->index);
    gw_put_u32(buf, entry->flags);
    gw_put_u64(buf, entry->value);
}

int gw_hvm_params_decode(struct gw_cur cur, struct gw_hvm_params *out, struct gw_err *err)
{
    struct gw_hvm_params v;
    size_t len = gw_left(&cur);
    v.count = gw_u32(&cur);
    v.reserved = gw_u32(&cur);
    if (cur.bad)
        return gw_refuse(err, "param-short", "HVM_PARAMS has %zu octets; its header alone needs 8", len);
    if (gw_left(&cur) != 16 * (uint64_t)v.count)
        return gw_refuse(err, "param-length", "HVM_PARAMS of %u parameters needs %llu octets, its body has %zu",
                         v.count, 8 + 16 * (unsigned long long)v.count, len);
    v.params = cur;
    *out = v;
    return 0;
}

struct gw_hvm_param gw_hvm_param_take(struct gw_cur *cur)
{
    struct gw_hvm_param v;
    v.index = gw_u64(cur);
    v.value = gw_u64(cur);
    return v;
}

void gw_hvm_params_encode(struct gw_buf *buf, const struct gw_hvm_param *params, uint32_t count)
{
    gw_put_u32(buf, count);
    gw_put_u32(buf, 0);
    for (uint32_t i = 0; i < count; i++) {
        gw_put_u64(buf, params[i].index);
        gw_put_u64(buf, params[i].value);
    }
}

bool gw_hvm_entry_take(struct gw_cur *cur, struct gw_hvm_entry *out)
{
    struct gw_hvm_entry v;
    v.type = gw_u16(cur);
    v.instance = gw_u16(cur);
    v.length = gw_u32(cur);
    v.data = gw_sub(cur, v.length);
    if (cur->bad)
        return false;
    *out = v;
    return true;
}
