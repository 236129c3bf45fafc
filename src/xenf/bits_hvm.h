/*
 * bits_hvm.h - parts of the numbers in a platform's devices and in MSRs, after the manuals of processor and chipset;
 * those of Hyper-V's interface after its specification.
 */
#ifndef GW_BITS_HVM_H
#define GW_BITS_HVM_H

#include "layout.h"

/* PIC, IOAPIC, LAPIC */
extern const struct gw_bits gw_bits_pic_init[], gw_bits_pic_flags[], gw_bits_redirection[];
extern const struct gw_bits gw_bits_apic_base[], gw_bits_apic_disabled[], gw_bits_apic_version[], gw_bits_apic_svr[];
extern const struct gw_bits gw_bits_apic_lvt[], gw_bits_apic_icr[];
/* HPET, PM timer, MTRR */
extern const struct gw_bits gw_bits_hpet_capability[], gw_bits_hpet_config[], gw_bits_hpet_timer[];
extern const struct gw_bits gw_bits_pm1[], gw_bits_pat[], gw_bits_mtrr_cap[], gw_bits_mtrr_type[];
extern const struct gw_bits gw_bits_mtrr_default[];
/* Viridian */
extern const struct gw_bits gw_bits_viridian_page[], gw_bits_viridian_os[], gw_bits_viridian_sint[];
extern const struct gw_bits gw_bits_viridian_stimer[];
/* FPU and extended states: a bit for each component (section 7.6) */
extern const struct gw_bits gw_bits_fcw[], gw_bits_fsw[], gw_bits_mxcsr[], gw_bits_xstates[];
/* MSRs */
extern const struct gw_bits gw_bits_tsc_mode[];
extern const struct gw_bits gw_bits_spec_ctrl[], gw_bits_misc_features[], gw_bits_platform_info[];
extern const struct gw_bits gw_bits_virt_spec_ctrl[];

#endif
