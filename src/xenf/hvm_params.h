/*
 * hvm_params.h - the parameters of HVM_PARAMS by index (section 10.9): names, how to print them, what the hypervisor
 * makes of them.
 */
#ifndef GW_HVM_PARAMS_H
#define GW_HVM_PARAMS_H

#include "layout.h"

enum gw_hvm_param_index {
    GW_HVM_PARAM_STORE_PFN = 1,
    GW_HVM_PARAM_PAE_ENABLED = 4,
    GW_HVM_PARAM_IOREQ_PFN = 5,
    GW_HVM_PARAM_BUFIOREQ_PFN = 6,
    GW_HVM_PARAM_VIRIDIAN = 9,
    GW_HVM_PARAM_VM86_TSS = 15,
    GW_HVM_PARAM_CONSOLE_PFN = 17,
    GW_HVM_PARAM_VM86_TSS_SIZED = 37,
    GW_HVM_NUM_PARAMS = 39
};

/* The value is the pfn of a page: one that the image must have; a ring of an introspecting tool. */
enum gw_hvm_param_page { GW_HVM_NO_PAGE, GW_HVM_BACKED, GW_HVM_RING };

struct gw_hvm_param_info {
    const char *name, *what;
    enum gw_show show;
    const struct gw_bits *bits;
    unsigned since; /* minor number of the first Xen 4 that has it */
    bool refused;   /* the hypervisor does not let it be set, though it has a name */
    enum gw_hvm_param_page page;
    const char *rule;              /* of the page, or of the value; NULL: there is none */
    bool (*right)(uint64_t value); /* the hypervisor takes the value; NULL: it takes all */
    const char *demand;            /* with right: "which must be ..." */
};

/* NULL: no release ever had that index. */
const struct gw_hvm_param_info *gw_hvm_param_info(uint64_t index);

#endif
