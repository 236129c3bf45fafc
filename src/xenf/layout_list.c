/*
 * layout_list.c - the list of layout_list.h as data.
 */
#include "layout_list.h"

const struct gw_layout *const gw_layouts[] = {
#define X(TABLE, P, ...) &gw_layout_##P,
    GW_LAYOUTS(X)
#undef X
};
const unsigned gw_num_layouts = sizeof gw_layouts / sizeof gw_layouts[0];
