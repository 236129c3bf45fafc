/*
 * layouts.h - every structure that there is a table for, in the groups in which the texts tell them.
 */
#ifndef GENDOC_LAYOUTS_H
#define GENDOC_LAYOUTS_H

#include "xenf.h"

struct layout_group {
    const char *name; /* as templates ask for it */
    const struct gw_layout *const *layouts;
    unsigned num;
};

extern const struct layout_group layout_groups[];
extern const unsigned num_layout_groups;

/* NULL: there is no group of that name. */
const struct layout_group *layout_group_find(const char *name);

#endif
