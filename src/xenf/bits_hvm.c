/*
 * bits_hvm.c - tables of the parts of devices' registers and of MSRs.
 */
#include "bits_hvm.h"
#include "bits_tables.h"

static const char *const deliveries[] = { "fixed", "lowest", "SMI", "3", "NMI", "INIT", "SIPI", "ExtINT", NULL };
static const char *const memory_types[] = { "UC", "WC", "2", "3", "WT", "WP", "WB", "UC-", NULL };
static const char *const timer_modes[] = { "one-shot", "periodic", "deadline", NULL };
static const char *const shorthands[] = { "none", "self", "all", "others", NULL };
static const char *const tsc_modes[] = { "default", "emulated", "native", "pvrdtscp", NULL };
static const char *const roundings[] = { "nearest", "down", "up", "zero", NULL };

const struct gw_bits gw_bits_pic_init[] = { PART(0, 4, "init_state"), PART(4, 4, "priority_add"), LAST };
const struct gw_bits gw_bits_pic_flags[] = { FLAG(0, "readsel_isr"),
                                             FLAG(1, "poll"),
                                             FLAG(2, "auto_eoi"),
                                             FLAG(3, "rotate_on_auto_eoi"),
                                             FLAG(4, "special_fully_nested_mode"),
                                             FLAG(5, "special_mask_mode"),
                                             FLAG(6, "is_master"),
                                             LAST };
const struct gw_bits gw_bits_redirection[] = { PART(0, 8, "vector"), CHOICE(8, 3, "delivery", deliveries),
                                               FLAG(11, "logical"),  FLAG(12, "pending"),
                                               FLAG(13, "low"),      FLAG(14, "remote_irr"),
                                               FLAG(15, "level"),    FLAG(16, "masked"),
                                               PART(56, 8, "dest"),  LAST };

const struct gw_bits gw_bits_apic_base[] = { FLAG(8, "BSP"), FLAG(10, "EXTD"), FLAG(11, "EN"), PART(12, 40, "pfn"),
                                             LAST };
const struct gw_bits gw_bits_apic_disabled[] = { FLAG(0, "hardware"), FLAG(1, "software"), LAST };
const struct gw_bits gw_bits_apic_version[] = { PART(0, 8, "version"), PART(16, 8, "max_lvt"),
                                                FLAG(24, "EOI_suppression"), LAST };
const struct gw_bits gw_bits_apic_svr[] = { PART(0, 8, "vector"), FLAG(8, "enabled"), FLAG(9, "focus_off"),
                                            FLAG(12, "EOI_suppressed"), LAST };
const struct gw_bits gw_bits_apic_lvt[] = { PART(0, 8, "vector"),
                                            CHOICE(8, 3, "delivery", deliveries),
                                            FLAG(12, "pending"),
                                            FLAG(13, "low"),
                                            FLAG(14, "remote_irr"),
                                            FLAG(15, "level"),
                                            FLAG(16, "masked"),
                                            CHOICE(17, 2, "timer", timer_modes),
                                            LAST };
const struct gw_bits gw_bits_apic_icr[] = { PART(0, 8, "vector"),
                                            CHOICE(8, 3, "delivery", deliveries),
                                            FLAG(11, "logical"),
                                            FLAG(12, "pending"),
                                            FLAG(14, "assert"),
                                            FLAG(15, "level"),
                                            CHOICE(18, 2, "to", shorthands),
                                            LAST };

const struct gw_bits gw_bits_hpet_capability[] = { PART(0, 8, "revision"),
                                                   PART(8, 5, "last_timer"),
                                                   FLAG(13, "64bit"),
                                                   FLAG(15, "legacy"),
                                                   PART(16, 16, "vendor"),
                                                   PART(32, 32, "period_fs"),
                                                   LAST };
const struct gw_bits gw_bits_hpet_config[] = { FLAG(0, "enabled"), FLAG(1, "legacy"), LAST };
const struct gw_bits gw_bits_hpet_timer[] = { FLAG(1, "level"),        FLAG(2, "enabled"),     FLAG(3, "periodic"),
                                              FLAG(4, "can_periodic"), FLAG(5, "can_64bit"),   FLAG(6, "set_value"),
                                              FLAG(8, "32bit"),        PART(9, 5, "route"),    FLAG(14, "fsb"),
                                              FLAG(15, "can_fsb"),     PART(32, 32, "routes"), LAST };

const struct gw_bits gw_bits_pm1[] = { FLAG(0, "TMR"),    FLAG(4, "BM"),   FLAG(5, "GBL"),  FLAG(8, "PWRBTN"),
                                       FLAG(9, "SLPBTN"), FLAG(10, "RTC"), FLAG(15, "WAK"), LAST };
const struct gw_bits gw_bits_pat[] = {
    CHOICE(0, 3, "PA0", memory_types),  CHOICE(8, 3, "PA1", memory_types),  CHOICE(16, 3, "PA2", memory_types),
    CHOICE(24, 3, "PA3", memory_types), CHOICE(32, 3, "PA4", memory_types), CHOICE(40, 3, "PA5", memory_types),
    CHOICE(48, 3, "PA6", memory_types), CHOICE(56, 3, "PA7", memory_types), LAST
};
const struct gw_bits gw_bits_mtrr_cap[] = { PART(0, 8, "vcnt"), FLAG(8, "fixed"), FLAG(10, "WC"), FLAG(11, "SMRR"),
                                            LAST };
const struct gw_bits gw_bits_mtrr_type[] = { CHOICE(0, 3, "type", memory_types), FLAG(11, "valid"), PART(12, 40, "pfn"),
                                             LAST };
const struct gw_bits gw_bits_mtrr_default[] = { CHOICE(0, 8, "type", memory_types), FLAG(10, "FE"), FLAG(11, "E"),
                                                LAST };

const struct gw_bits gw_bits_viridian_page[] = { FLAG(0, "enabled"), PART(12, 52, "pfn"), LAST };
const struct gw_bits gw_bits_viridian_os[] = { PART(0, 16, "build"),    PART(16, 8, "service_pack"),
                                               PART(24, 8, "minor"),    PART(32, 8, "major"),
                                               PART(40, 8, "os"),       PART(48, 15, "vendor"),
                                               FLAG(63, "open_source"), LAST };
const struct gw_bits gw_bits_viridian_sint[] = { PART(0, 8, "vector"), FLAG(16, "masked"), FLAG(17, "auto_eoi"),
                                                 FLAG(18, "polling"), LAST };
const struct gw_bits gw_bits_viridian_stimer[] = { FLAG(0, "enabled"),   FLAG(1, "periodic"),
                                                   FLAG(2, "lazy"),      FLAG(3, "auto_enabled"),
                                                   PART(4, 8, "vector"), FLAG(12, "direct"),
                                                   PART(16, 4, "sint"),  LAST };

const struct gw_bits gw_bits_fcw[] = { FLAG(0, "IM"),    FLAG(1, "DM"),
                                       FLAG(2, "ZM"),    FLAG(3, "OM"),
                                       FLAG(4, "UM"),    FLAG(5, "PM"),
                                       PART(8, 2, "PC"), CHOICE(10, 2, "round", roundings),
                                       FLAG(12, "X"),    LAST };
const struct gw_bits gw_bits_fsw[] = { FLAG(0, "IE"),  FLAG(1, "DE"),      FLAG(2, "ZE"),  FLAG(3, "OE"), FLAG(4, "UE"),
                                       FLAG(5, "PE"),  FLAG(6, "SF"),      FLAG(7, "ES"),  FLAG(8, "C0"), FLAG(9, "C1"),
                                       FLAG(10, "C2"), PART(11, 3, "TOP"), FLAG(14, "C3"), FLAG(15, "B"), LAST };
const struct gw_bits gw_bits_mxcsr[] = { FLAG(0, "IE"),   FLAG(1, "DE"),
                                         FLAG(2, "ZE"),   FLAG(3, "OE"),
                                         FLAG(4, "UE"),   FLAG(5, "PE"),
                                         FLAG(6, "DAZ"),  FLAG(7, "IM"),
                                         FLAG(8, "DM"),   FLAG(9, "ZM"),
                                         FLAG(10, "OM"),  FLAG(11, "UM"),
                                         FLAG(12, "PM"),  CHOICE(13, 2, "round", roundings),
                                         FLAG(15, "FTZ"), LAST };

const struct gw_bits gw_bits_tsc_mode[] = { CHOICE(0, 32, "mode", tsc_modes), LAST };
const struct gw_bits gw_bits_spec_ctrl[] = { FLAG(0, "IBRS"),
                                             FLAG(1, "STIBP"),
                                             FLAG(2, "SSBD"),
                                             FLAG(3, "IPRED_DIS_U"),
                                             FLAG(4, "IPRED_DIS_S"),
                                             FLAG(5, "RRSBA_DIS_U"),
                                             FLAG(6, "RRSBA_DIS_S"),
                                             FLAG(7, "PSFD"),
                                             FLAG(8, "DDP_DIS_U"),
                                             FLAG(10, "BHI_DIS_S"),
                                             LAST };
const struct gw_bits gw_bits_misc_features[] = { FLAG(0, "CPUID_FAULTING"), LAST };
const struct gw_bits gw_bits_platform_info[] = { FLAG(31, "CPUID_FAULTING"), LAST };
const struct gw_bits gw_bits_virt_spec_ctrl[] = { FLAG(2, "SSBD"), LAST };
