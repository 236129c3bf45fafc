/*
 * msrs.c - the table of MSRs.
 *
 * SPEC_CTRL and MISC_FEATURES_ENABLES came with 4.10, and into the late point releases of what is older: those count.
 */
#include "bits_hvm.h"
#include "cpuid.h"
#include "msrs.h"

#define NEVER GW_MSR_NEVER

const struct gw_msr_info gw_msrs[] = {
    { 0x48, "SPEC_CTRL", { NEVER, 6, 5 }, gw_bits_spec_ctrl },
    { 0xce, "PLATFORM_INFO", { 14, NEVER, NEVER }, gw_bits_platform_info },
    { 0x10a, "ARCH_CAPABILITIES", { 15, NEVER, NEVER }, gw_bits_arch_capabilities },
    { 0x140, "MISC_FEATURES_ENABLES", { NEVER, 6, 5 }, gw_bits_misc_features },
    { 0x6e1, "PKRS", { NEVER, NEVER, 18 }, NULL },
    { 0xd90, "BNDCFGS", { NEVER, NEVER, 5 }, NULL },
    { 0xda0, "XSS", { NEVER, NEVER, 7 }, gw_bits_xstates },
    { 0xc0000103, "TSC_AUX", { NEVER, 12, NEVER }, NULL },
    { 0xc0011019, "DR1_ADDRESS_MASK", { NEVER, 6, 5 }, NULL },
    { 0xc001101a, "DR2_ADDRESS_MASK", { NEVER, 6, 5 }, NULL },
    { 0xc001101b, "DR3_ADDRESS_MASK", { NEVER, 6, 5 }, NULL },
    { 0xc0011027, "DR0_ADDRESS_MASK", { NEVER, 6, 5 }, NULL },
    { 0xc001011f, "VIRT_SPEC_CTRL", { NEVER, NEVER, 17 }, gw_bits_virt_spec_ctrl },
};
const unsigned gw_num_msrs = sizeof gw_msrs / sizeof gw_msrs[0];

const struct gw_msr_info *gw_msr_info(uint32_t index)
{
    for (unsigned i = 0; i < gw_num_msrs; i++)
        if (gw_msrs[i].index == index)
            return &gw_msrs[i];
    return NULL;
}
