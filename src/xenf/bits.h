/*
 * bits.h - parts of numbers that more than one layout has: names after the processor manuals.
 */
#ifndef GW_BITS_H
#define GW_BITS_H

#include "layout.h"

extern const struct gw_bits gw_bits_rflags[], gw_bits_cr0[], gw_bits_cr4[], gw_bits_efer[];
/* Of a segment register, as VMX keeps them: bits 0 to 3 type, 4 S, 5 and 6 DPL, 7 P, 8 AVL, 9 L, 10 D/B, 11 G. */
extern const struct gw_bits gw_bits_arbytes[];
extern const struct gw_bits gw_bits_pending[], gw_bits_cpu_flags[];
/* Of a vCPU's MCG_CAP. */
extern const struct gw_bits gw_bits_mcg_cap[];
/* Of PV guests: a vCPU's flags and gates, what it asked Xen for, its clock's flags, start_info's. */
extern const struct gw_bits gw_bits_vgcf[], gw_bits_trap_flags[], gw_bits_vm_assist[], gw_bits_vm_assist_x32[],
    gw_bits_time_flags[], gw_bits_sif[];

#endif
