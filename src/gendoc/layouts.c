/*
 * layouts.c - the lists of src/xenf/layout_*.h as data. tests/man sees to it that none of them is missing here.
 */
#include <string.h>

#include "layouts.h"

#define ROW(TABLE, P, ...) &gw_layout_##P,
#define GROUP(word, rows)                                                                                              \
    {                                                                                                                  \
        (word), (rows), sizeof(rows) / sizeof(rows)[0]                                                                 \
    }

static const struct gw_layout *const pv[] = { GW_PV_LAYOUTS(ROW) };
static const struct gw_layout *const hvm[] = { GW_HVM_LAYOUTS(ROW) GW_HVM_DEVICE_LAYOUTS(ROW) };
static const struct gw_layout *const x86[] = { GW_X86_LAYOUTS(ROW) };

const struct layout_group layout_groups[] = { GROUP("x86", x86), GROUP("pv", pv), GROUP("hvm", hvm) };
const unsigned num_layout_groups = sizeof layout_groups / sizeof layout_groups[0];

const struct layout_group *layout_group_find(const char *name)
{
    for (unsigned i = 0; i < num_layout_groups; i++)
        if (strcmp(layout_groups[i].name, name) == 0)
            return &layout_groups[i];
    return NULL;
}
