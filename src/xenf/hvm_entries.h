/*
 * hvm_entries.h - the types of entries in HVM_CONTEXT (section 10.2): one row each, with what is inside, and which
 * lengths were ever written.
 */
#ifndef GW_HVM_ENTRIES_H
#define GW_HVM_ENTRIES_H

#include "layout.h"

enum gw_hvm_type {
    GW_HVM_END = 0,
    GW_HVM_HEADER = 1,
    GW_HVM_CPU = 2,
    GW_HVM_PIC = 3,
    GW_HVM_IOAPIC = 4,
    GW_HVM_LAPIC = 5,
    GW_HVM_LAPIC_REGS = 6,
    GW_HVM_PCI_IRQ = 7,
    GW_HVM_ISA_IRQ = 8,
    GW_HVM_PCI_LINK = 9,
    GW_HVM_PIT = 10,
    GW_HVM_RTC = 11,
    GW_HVM_HPET = 12,
    GW_HVM_PMTIMER = 13,
    GW_HVM_MTRR = 14,
    GW_HVM_VIRIDIAN_DOMAIN = 15,
    GW_HVM_CPU_XSAVE = 16,
    GW_HVM_VIRIDIAN_VCPU = 17,
    GW_HVM_VMCE_VCPU = 18,
    GW_HVM_TSC_ADJUST = 19,
    GW_HVM_CPU_MSR = 20,
    GW_HVM_NUM_TYPES
};

/* What the instance is: 0; a vCPU's id; 0 or 1, master and slave. */
enum gw_hvm_kind { GW_HVM_PER_DOMAIN, GW_HVM_PER_VCPU, GW_HVM_PER_CHIP };

#define GW_HVM_PC 1u         /* a device of a PC: HVM guests have all of these, PVH guests none */
#define GW_HVM_EVERY_VCPU 2u /* each vCPU has it, whatever it has used */

#define GW_HVM_MAX_FORMS 3

/* A length that was written, and by which minor number of Xen 4 first. */
struct gw_hvm_form {
    uint32_t length;
    unsigned since;
    const struct gw_layout *layout;
};

struct gw_hvm_entry_info {
    const char *name;
    enum gw_hvm_kind kind;
    unsigned flags;
    unsigned num_forms;
    struct gw_hvm_form forms[GW_HVM_MAX_FORMS]; /* the newest first */
    uint32_t step;                              /* 0; else the only form's length is the least, and it grows by this */
};

/* NULL: no entry has that type. */
const struct gw_hvm_entry_info *gw_hvm_entry_info(unsigned type);
/* The form of that length; NULL when the type never had it. */
const struct gw_hvm_form *gw_hvm_entry_form(unsigned type, uint32_t length);
/* How to read an entry, of a wrong length too: what is not there is absent. NULL: it has no inside that is known. */
const struct gw_layout *gw_hvm_entry_layout(unsigned type, uint32_t length);

#endif
