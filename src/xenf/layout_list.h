/*
 * layout_list.h - all tables of structures in one list: for what goes through every one of them.
 */
#ifndef GW_LAYOUT_LIST_H
#define GW_LAYOUT_LIST_H

#include "layout_hvm.h"
#include "layout_hvm_devices.h"
#include "layout_pv.h"
#include "layout_x86.h"

/* L(TABLE, P, length, "section", "what it is") for each; a structure comes behind those that are inside it. */
#define GW_LAYOUTS(L)                                                                                                  \
    GW_X86_LAYOUTS(L)                                                                                                  \
    GW_HVM_DEVICE_LAYOUTS(L)                                                                                           \
    GW_HVM_LAYOUTS(L)                                                                                                  \
    GW_PV_LAYOUTS(L)

extern const struct gw_layout *const gw_layouts[];
extern const unsigned gw_num_layouts;

#endif
