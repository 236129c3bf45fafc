/*
 * hvm_entries.c - the table of HVM_CONTEXT's entry types.
 */
#include <stddef.h>

#include "hvm_entries.h"
#include "layout_hvm.h"
#include "layout_hvm_devices.h"

#define FORM(len, minor, P)                                                                                            \
    {                                                                                                                  \
        (len), (minor), &gw_layout_##P                                                                                 \
    }
#define ONE(len, minor, P) .num_forms = 1, .forms = { FORM(len, minor, P) }
#define DOMAIN(called) .name = (called), .kind = GW_HVM_PER_DOMAIN
#define VCPU(called) .name = (called), .kind = GW_HVM_PER_VCPU

static const struct gw_hvm_entry_info rows[GW_HVM_NUM_TYPES] = {
    [GW_HVM_END] = { DOMAIN("END"), .num_forms = 1 },
    [GW_HVM_HEADER] = { DOMAIN("HEADER"), ONE(24, 0, hvm_save_header) },
    [GW_HVM_CPU] = { VCPU("CPU"), .num_forms = 3,
                     .forms = { FORM(1032, 7, hvm_hw_cpu), FORM(1024, 0, hvm_hw_cpu),
                                FORM(1016, 0, hvm_hw_cpu_compat) } },
    [GW_HVM_PIC] = { .name = "PIC", .kind = GW_HVM_PER_CHIP, .flags = GW_HVM_PC, ONE(8, 0, hvm_hw_vpic) },
    [GW_HVM_IOAPIC] = { DOMAIN("IOAPIC"), .flags = GW_HVM_PC, ONE(400, 0, hvm_hw_vioapic) },
    [GW_HVM_LAPIC] = { VCPU("LAPIC"), .flags = GW_HVM_EVERY_VCPU, .num_forms = 2,
                       .forms = { FORM(32, 21, hvm_hw_lapic), FORM(24, 0, hvm_hw_lapic) } },
    [GW_HVM_LAPIC_REGS] = { VCPU("LAPIC_REGS"), .flags = GW_HVM_EVERY_VCPU, ONE(1024, 0, hvm_hw_lapic_regs) },
    [GW_HVM_PCI_IRQ] = { DOMAIN("PCI_IRQ"), ONE(16, 0, hvm_hw_pci_irqs) },
    [GW_HVM_ISA_IRQ] = { DOMAIN("ISA_IRQ"), ONE(8, 0, hvm_hw_isa_irqs) },
    [GW_HVM_PCI_LINK] = { DOMAIN("PCI_LINK"), ONE(8, 0, hvm_hw_pci_link) },
    [GW_HVM_PIT] = { DOMAIN("PIT"), .flags = GW_HVM_PC, ONE(56, 0, hvm_hw_pit) },
    [GW_HVM_RTC] = { DOMAIN("RTC"), .flags = GW_HVM_PC, .num_forms = 2,
                     .forms = { FORM(24, 14, hvm_hw_rtc), FORM(16, 0, hvm_hw_rtc) } },
    [GW_HVM_HPET] = { DOMAIN("HPET"), .flags = GW_HVM_PC, ONE(1048, 0, hvm_hw_hpet) },
    [GW_HVM_PMTIMER] = { DOMAIN("PMTIMER"), .flags = GW_HVM_PC, ONE(8, 0, hvm_hw_pmtimer) },
    [GW_HVM_MTRR] = { VCPU("MTRR"), .flags = GW_HVM_EVERY_VCPU, ONE(240, 0, hvm_hw_mtrr) },
    [GW_HVM_VIRIDIAN_DOMAIN] = { DOMAIN("VIRIDIAN_DOMAIN"), .num_forms = 3,
                                 .forms = { FORM(32, 6, hvm_viridian_domain_context),
                                            FORM(24, 5, hvm_viridian_domain_context),
                                            FORM(16, 0, hvm_viridian_domain_context) } },
    /* 10.6: and the components that were ever enabled */
    [GW_HVM_CPU_XSAVE] = { VCPU("CPU_XSAVE"), ONE(600, 0, hvm_hw_cpu_xsave), .step = 1 },
    [GW_HVM_VIRIDIAN_VCPU] = { VCPU("VIRIDIAN_VCPU"), .num_forms = 3,
                               .forms = { FORM(216, 13, hvm_viridian_vcpu_context),
                                          FORM(16, 7, hvm_viridian_vcpu_context),
                                          FORM(8, 0, hvm_viridian_vcpu_context) } },
    [GW_HVM_VMCE_VCPU] = { VCPU("VMCE_VCPU"), .flags = GW_HVM_EVERY_VCPU, .num_forms = 2,
                           .forms = { FORM(32, 10, hvm_vmce_vcpu), FORM(24, 0, hvm_vmce_vcpu) } },
    [GW_HVM_TSC_ADJUST] = { VCPU("TSC_ADJUST"), ONE(8, 0, hvm_tsc_adjust) },
    /* 10.7: 8 octets, and at least one MSR of 16 */
    [GW_HVM_CPU_MSR] = { VCPU("CPU_MSR"), ONE(24, 5, hvm_msr), .step = 16 },
};

const struct gw_hvm_entry_info *gw_hvm_entry_info(unsigned type)
{
    return type < GW_HVM_NUM_TYPES ? &rows[type] : NULL;
}

const struct gw_hvm_form *gw_hvm_entry_form(unsigned type, uint32_t length)
{
    const struct gw_hvm_entry_info *row = gw_hvm_entry_info(type);
    for (unsigned i = 0; row != NULL && i < row->num_forms; i++) {
        const struct gw_hvm_form *form = &row->forms[i];
        if (form->length == length ||
            (row->step > 0 && length > form->length && (length - form->length) % row->step == 0))
            return form;
    }
    return NULL;
}

const struct gw_layout *gw_hvm_entry_layout(unsigned type, uint32_t length)
{
    const struct gw_hvm_form *form = gw_hvm_entry_form(type, length);
    const struct gw_hvm_entry_info *row = gw_hvm_entry_info(type);
    if (form == NULL && row != NULL)
        form = &row->forms[0];
    return form != NULL ? form->layout : NULL;
}
