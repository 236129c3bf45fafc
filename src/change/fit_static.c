/*
 * fit_static.c - policies and X86_TSC_INFO as a release takes them (9.1 to 9.4).
 *
 * A receiver refuses a policy for a single leaf that it does not know, and a limit above its own.
 */
#include <stdio.h>
#include <string.h>

#include "fit.h"

/* What is zero tells the guest nothing: left out, and no loss. */
static void lose_leaf(struct fit *f, const struct gw_cpuid_leaf *leaf)
{
    char subleaf[32] = "";
    if (leaf->subleaf != GW_CPUID_NO_SUBLEAF)
        snprintf(subleaf, sizeof subleaf, ", subleaf 0x%x,", leaf->subleaf);
    if ((leaf->a | leaf->b | leaf->c | leaf->d) == 0)
        filter_tell(&f->filter, "left out: leaves of X86_CPUID_POLICY that %s refuses, and that hold nothing",
                    f->where);
    else
        filter_lose(&f->filter, "leaf 0x%x%s of X86_CPUID_POLICY, which %s refuses", leaf->leaf, subleaf, f->where);
}

/* The limits that leaf 0, leaf 0x80000000 and leaf 7 name are not above what the receiver has room for. */
static bool lower_limit(const struct fit *f, struct gw_cpuid_leaf *leaf)
{
    uint32_t most = UINT32_MAX;
    if (leaf->leaf == GW_CPUID_EXTENDED)
        most = gw_release_last_leaf(f->release, GW_CPUID_EXTENDED);
    else if (leaf->leaf == 7 && leaf->subleaf == 0)
        most = gw_release_last_subleaf(f->release, 7);
    if (leaf->a <= most)
        return false;
    leaf->a = most;
    return true;
}

int fit_cpuid_policy(struct fit *f, const struct gw_record *record, struct gw_err *err)
{
    struct gw_cur cur = gw_cur(record->body, record->frame.length);
    uint32_t num = 0;
    bool changed = false, dropped = false, has_none;
    if (record->frame.length % GW_CPUID_LEAF_LEN != 0)
        return 0;
    while (gw_left(&cur) > 0) {
        struct gw_cpuid_leaf leaf = gw_cpuid_leaf_take(&cur);
        dropped = !gw_release_knows_leaf(f->release, leaf.leaf, leaf.subleaf, &has_none);
        bool lowered = !dropped && lower_limit(f, &leaf);
        changed = changed || dropped || lowered;
        if (dropped) {
            lose_leaf(f, &leaf);
        } else {
            gw_cpuid_leaf_encode(&f->body, &leaf);
            num++;
        }
    }
    if (num > f->release->most_leaves)
        return gw_fail(err, GW_E_REFUSED, "X86_CPUID_POLICY has %u leaves, and %s takes %u", num, f->where,
                       f->release->most_leaves);
    return changed;
}

int fit_msr_policy(struct fit *f, const struct gw_record *record, struct gw_err *err)
{
    struct gw_cur cur = gw_cur(record->body, record->frame.length);
    bool changed = false;
    (void)err;
    if (record->frame.length % GW_MSR_ENTRY_LEN != 0)
        return 0;
    while (gw_left(&cur) > 0) {
        struct gw_msr_entry entry = gw_msr_entry_take(&cur);
        const struct gw_msr_info *info = gw_msr_info(entry.index);
        if (gw_release_knows_msr(f->release, GW_MSR_POLICY, entry.index)) {
            gw_msr_entry_encode(&f->body, &entry);
            continue;
        }
        changed = true;
        if (entry.value == 0)
            filter_tell(&f->filter, "left out: MSRs of X86_MSR_POLICY that %s refuses, and that hold nothing",
                        f->where);
        else
            filter_lose(&f->filter, "MSR 0x%x%s%s of X86_MSR_POLICY, which %s refuses", entry.index,
                        info != NULL ? " " : "", info != NULL ? info->name : "", f->where);
    }
    return changed;
}

/* 9.1: PVRDTSCP went with 4.12. The guest's clock goes on at its rate; what is lost is the incarnation that it read. */
int fit_tsc(struct fit *f, const struct gw_record *record, struct gw_err *err)
{
    struct gw_tsc_info tsc;
    struct gw_err none = GW_ERR_NONE;
    (void)err;
    if (gw_tsc_info_decode(gw_cur(record->body, record->frame.length), &tsc, &none) < 0 ||
        tsc.mode <= f->release->most_tsc_mode || tsc.mode > 3)
        return 0;
    filter_lose(&f->filter, "mode %u of X86_TSC_INFO, which %s refuses: mode 0 takes its place", tsc.mode, f->where);
    tsc.mode = 0;
    gw_tsc_info_encode(&f->body, &tsc);
    return 1;
}
