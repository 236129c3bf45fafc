/*
 * zero.h - is it all zero?
 */
#ifndef GW_ZERO_H
#define GW_ZERO_H

#include <stdbool.h>
#include <stddef.h>

/* All len octets are zero; true for none. Leaves at the first 64 octets that are not. */
bool gw_is_zero(const void *mem, size_t len);

#endif
