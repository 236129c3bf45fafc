/*
 * release.c - the table of releases, and of the leaves of CPUID that each has room for.
 *
 * It must not know what becomes of an image that a release does not take: verify tells it, change fits it.
 */
#include <assert.h>

#include "codec.h"
#include "cpuid.h"
#include "hvm_params.h"
#include "records.h"
#include "release.h"

static const struct gw_release rows[] = {
#define X(minor, writes, limit, tsc, empty, xsave, extended, leaves)                                                   \
    { (minor), (writes), GW_LIMIT_ID_##limit, (tsc), (empty), (xsave), (extended), (leaves) },
    GW_RELEASES(X)
#undef X
};

#define NUM_ROWS (sizeof rows / sizeof rows[0])

/* Section 9.2. Subleaves: 0 up to `most`; NO_SUBLEAVES: only 0xffffffff. */
#define NO_SUBLEAVES UINT32_MAX
struct leaf_range {
    uint32_t first, last, most;
    unsigned since; /* minor number of the first Xen 4 that knows so much */
};

static const struct leaf_range leaf_ranges[] = {
    { 0x00000000, 0x00000003, NO_SUBLEAVES, 14 },
    { 0x00000004, 0x00000004, 5, 14 },
    { 0x00000005, 0x00000006, NO_SUBLEAVES, 14 },
    { 0x00000007, 0x00000007, 1, 14 },
    { 0x00000007, 0x00000007, 2, 17 },
    { 0x00000008, 0x0000000a, NO_SUBLEAVES, 14 },
    { 0x0000000b, 0x0000000b, 1, 14 },
    { 0x0000000c, 0x0000000c, NO_SUBLEAVES, 14 },
    { 0x0000000d, 0x0000000d, 62, 14 },
    { 0x40000000, 0x40000000, NO_SUBLEAVES, 14 },
    { 0x40000100, 0x40000100, NO_SUBLEAVES, 14 },
    { 0x80000000, 0x8000001c, NO_SUBLEAVES, 14 },
    { 0x8000001d, 0x80000021, NO_SUBLEAVES, 16 },
};

#define NUM_RANGES (sizeof leaf_ranges / sizeof leaf_ranges[0])

const struct gw_release *gw_release(unsigned minor)
{
    assert(minor == 0 || minor >= rows[0].minor);
    for (unsigned i = 0; i < NUM_ROWS; i++)
        if (rows[i].minor == minor)
            return &rows[i];
    return &rows[NUM_ROWS - 1];
}

bool gw_release_reads(const struct gw_release *release, uint32_t version)
{
    for (unsigned i = 0; i < gw_num_versions; i++)
        if (gw_versions[i].version == version)
            return gw_versions[i].since <= release->minor;
    return false;
}

bool gw_release_knows_record(const struct gw_release *release, uint32_t type)
{
    const struct gw_record_info *info = gw_record_info(type);
    return info != NULL && info->since <= release->minor;
}

bool gw_release_knows_param(const struct gw_release *release, uint64_t index)
{
    const struct gw_hvm_param_info *info = gw_hvm_param_info(index);
    return info != NULL && !info->refused && info->since <= release->minor;
}

bool gw_release_knows_msr(const struct gw_release *release, enum gw_msr_place place, uint32_t index)
{
    const struct gw_msr_info *info = gw_msr_info(index);
    return info != NULL && info->since[place] != GW_MSR_NEVER && info->since[place] <= release->minor;
}

const struct gw_hvm_form *gw_release_hvm_form(const struct gw_release *release, unsigned type)
{
    const struct gw_hvm_entry_info *row = gw_hvm_entry_info(type);
    for (unsigned i = 0; row != NULL && i < row->num_forms; i++)
        if (row->forms[i].since <= release->minor)
            return &row->forms[i];
    return NULL;
}

bool gw_release_knows_leaf(const struct gw_release *release, uint32_t leaf, uint32_t subleaf, bool *has_none)
{
    bool known = false;
    *has_none = false;
    for (unsigned i = 0; i < NUM_RANGES; i++) {
        const struct leaf_range *range = &leaf_ranges[i];
        if (leaf < range->first || leaf > range->last || range->since > release->minor)
            continue;
        *has_none = range->most == NO_SUBLEAVES;
        known = known || *has_none || subleaf <= range->most;
    }
    return known;
}

uint32_t gw_release_last_leaf(const struct gw_release *release, uint32_t first)
{
    uint32_t last = first;
    for (unsigned i = 0; i < NUM_RANGES; i++)
        if (leaf_ranges[i].since <= release->minor && (leaf_ranges[i].first ^ first) >> 16 == 0)
            last = (uint32_t)gw_max(last, leaf_ranges[i].last);
    return last;
}

uint32_t gw_release_last_subleaf(const struct gw_release *release, uint32_t leaf)
{
    uint32_t most = 0;
    for (unsigned i = 0; i < NUM_RANGES; i++)
        if (leaf_ranges[i].since <= release->minor && leaf >= leaf_ranges[i].first && leaf <= leaf_ranges[i].last &&
            leaf_ranges[i].most != NO_SUBLEAVES)
            most = (uint32_t)gw_max(most, leaf_ranges[i].most);
    return most;
}
