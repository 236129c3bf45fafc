/*
 * msrs.h - MSRs by number (sections 7.7, 9.3, 10.7): name, parts, and which release of Xen knows one where.
 */
#ifndef GW_MSRS_H
#define GW_MSRS_H

#include <stdint.h>

#include "layout.h"

/* Where an image carries MSRs. */
enum gw_msr_place { GW_MSR_POLICY, GW_MSR_PV_VCPU, GW_MSR_HVM_VCPU, GW_NUM_MSR_PLACES };

#define GW_MSR_NEVER UINT8_MAX

struct gw_msr_info {
    uint32_t index;
    const char *name;
    uint8_t since[GW_NUM_MSR_PLACES]; /* minor number of the first Xen 4 that takes it there; GW_MSR_NEVER */
    const struct gw_bits *bits;       /* NULL: a number */
};

extern const struct gw_msr_info gw_msrs[];
extern const unsigned gw_num_msrs;

/* NULL: no release knows it anywhere. */
const struct gw_msr_info *gw_msr_info(uint32_t index);

#endif
