/*
 * limits.c - the table of limits.h as data.
 */
#include "base.h"

const struct gw_limit gw_limits[GW_NUM_LIMITS] = {
#define X(name, value, what) [GW_LIMIT_ID_##name] = { #name, value, what },
    GW_LIMITS(X)
#undef X
};
