/*
 * hvm_params.c - the table of HVM_PARAMS' parameters.
 */
#include <stddef.h>

#include "bits_tables.h"
#include "hvm_params.h"

static const char *const callbacks[] = { "gsi", "pci_intx", "vector", NULL };
static const struct gw_bits callback[] = { PART(0, 56, "where"), CHOICE(56, 8, "by", callbacks), LAST };
static const struct gw_bits viridian[] = { FLAG(0, "base_freq"),
                                           FLAG(1, "no_freq"),
                                           FLAG(2, "time_ref_count"),
                                           FLAG(3, "reference_tsc"),
                                           FLAG(4, "hcall_remote_tlb_flush"),
                                           FLAG(5, "apic_assist"),
                                           FLAG(6, "crash_ctl"),
                                           FLAG(7, "synic"),
                                           FLAG(8, "stimer"),
                                           FLAG(9, "hcall_ipi"),
                                           FLAG(10, "ex_processor_masks"),
                                           FLAG(11, "no_vp_limit"),
                                           FLAG(12, "cpu_hotplug"),
                                           LAST };
static const char *const timer_modes[] = { "delay_for_missed_ticks", "no_delay_for_missed_ticks",
                                           "no_missed_ticks_pending", "one_missed_tick_pending", NULL };
static const struct gw_bits timer_mode[] = { CHOICE(0, 32, "mode", timer_modes), LAST };
static const char *const altp2m_modes[] = { "disabled", "mixed", "external", "limited", NULL };
static const struct gw_bits altp2m[] = { CHOICE(0, 32, "mode", altp2m_modes), LAST };
static const struct gw_bits sized_tss[] = { PART(0, 32, "address"), PART(32, 32, "size"), LAST };
static const struct gw_bits mca_cap[] = { FLAG(0, "LMCE"), LAST };

static bool viridian_right(uint64_t value)
{
    return value == 0 || ((value & 1) != 0 && value < UINT64_C(1) << 13);
}

static bool below_4g(uint64_t value)
{
    return value < UINT64_C(1) << 32;
}

/* 104: a TSS; what is shorter can not hold one. */
static bool tss_fits(uint64_t value)
{
    return value >> 32 >= 104;
}

static bool ioreq_pages_right(uint64_t value)
{
    return value >= 1 && value <= 64;
}

static bool fip_width_right(uint64_t value)
{
    return value == 0 || value == 4 || value == 8;
}

static bool mca_cap_right(uint64_t value)
{
    return value <= 1;
}

#define HEX .show = GW_SHOW_HEX
#define DEC .show = GW_SHOW_DEC
#define BITS(table) .show = GW_SHOW_HEX, .bits = (table)
#define PFN(rule_id) HEX, .page = GW_HVM_BACKED, .rule = (rule_id)
#define RING(rule_id) HEX, .page = GW_HVM_RING, .rule = (rule_id)
#define DEMAND(rule_id, test, text) .rule = (rule_id), .right = (test), .demand = (text)
#define REFUSED(called)                                                                                                \
    {                                                                                                                  \
        .name = (called), .what = "no longer used", HEX, .refused = true                                               \
    }

static const struct gw_hvm_param_info rows[GW_HVM_NUM_PARAMS] = {
    [0] = { "CALLBACK_IRQ", "how events reach the guest", BITS(callback) },
    [GW_HVM_PARAM_STORE_PFN] = { "STORE_PFN", "page of xenstore's ring", PFN("param-store-backed") },
    [2] = { "STORE_EVTCHN", "xenstore's event channel", DEC },
    [GW_HVM_PARAM_PAE_ENABLED] = { "PAE_ENABLED", "the guest may use PAE; up to Xen 4.13", DEC },
    [GW_HVM_PARAM_IOREQ_PFN] = { "IOREQ_PFN", "page of requests to the device model", PFN("param-ioreq-backed") },
    [GW_HVM_PARAM_BUFIOREQ_PFN] = { "BUFIOREQ_PFN", "page of buffered requests", PFN("param-ioreq-backed") },
    [GW_HVM_PARAM_VIRIDIAN] = { "VIRIDIAN", "parts of Hyper-V's interface", BITS(viridian),
                                DEMAND("param-viridian-mask", viridian_right,
                                       "which must have bit 0 and none above 12") },
    [10] = { "TIMER_MODE", "what becomes of missed ticks", BITS(timer_mode) },
    [11] = { "HPET_ENABLED", "the guest has an HPET", DEC },
    [12] = { "IDENT_PT", "address of the page table for a guest without paging", HEX },
    [13] = REFUSED("DM_DOMAIN"),
    [14] = { "ACPI_S_STATE", "sleep state", DEC },
    [GW_HVM_PARAM_VM86_TSS] = { "VM86_TSS", "address of the TSS for real mode, up to Xen 4.8", HEX,
                                DEMAND("param-vm86-tss", below_4g, "which must be below 4 GiB") },
    [16] = { "VPT_ALIGN", "periodic timers are aligned", DEC },
    [GW_HVM_PARAM_CONSOLE_PFN] = { "CONSOLE_PFN", "page of the console's ring", PFN("param-console-backed") },
    [18] = { "CONSOLE_EVTCHN", "the console's event channel", DEC },
    [19] = { "ACPI_IOPORTS_LOCATION", "where ACPI's registers are: 0 the old ports, 1 QEMU's", DEC },
    [20] = REFUSED("MEMORY_EVENT_CR0"),
    [21] = REFUSED("MEMORY_EVENT_CR3"),
    [22] = REFUSED("MEMORY_EVENT_CR4"),
    [23] = REFUSED("MEMORY_EVENT_INT3"),
    [24] = REFUSED("NESTEDHVM"),
    [25] = REFUSED("MEMORY_EVENT_SINGLE_STEP"),
    [26] = REFUSED("BUFIOREQ_EVTCHN"),
    [27] = { "PAGING_RING_PFN", "page of the paging tool's ring", RING("param-ring-pfn") },
    [28] = { "MONITOR_RING_PFN", "page of the introspecting tool's ring", RING("param-ring-pfn") },
    [29] = { "SHARING_RING_PFN", "page of the sharing tool's ring", RING("param-ring-pfn") },
    [30] = REFUSED("MEMORY_EVENT_MSR"),
    [31] = { "TRIPLE_FAULT_REASON", "how the guest goes down", DEC },
    [32] = { "IOREQ_SERVER_PFN", "first page of requests to further device models", HEX },
    [33] = { "NR_IOREQ_SERVER_PAGES", "how many", DEC,
             DEMAND("param-nr-ioreq", ioreq_pages_right, "which must be 1 to 64") },
    [34] = { "VM_GENERATION_ID_ADDR", "address of the generation's id", HEX },
    [35] = { "ALTP2M", "who may use alternate memory maps", BITS(altp2m), .refused = true },
    [36] = { "X87_FIP_WIDTH", "octets of the FPU's pointers, 0: as they come", DEC, .since = 7,
             DEMAND("param-x87", fip_width_right, "which must be 0, 4 or 8") },
    [GW_HVM_PARAM_VM86_TSS_SIZED] = { "VM86_TSS_SIZED", "address and size of the TSS for real mode", BITS(sized_tss),
                                      .since = 9,
                                      DEMAND("param-vm86-tss", tss_fits,
                                             "whose size, in the upper half, must be 104 at least") },
    [38] = { "MCA_CAP", "machine check capabilities", BITS(mca_cap), .since = 10,
             DEMAND("param-mca-cap", mca_cap_right, "which must be 0 or 1") },
};

const struct gw_hvm_param_info *gw_hvm_param_info(uint64_t index)
{
    return index < GW_HVM_NUM_PARAMS && rows[index].name != NULL ? &rows[index] : NULL;
}
