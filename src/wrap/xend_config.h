/*
 * xend_config.h - the room's inside: what xend's configuration says of the guest.
 */
#ifndef GW_XEND_CONFIG_H
#define GW_XEND_CONFIG_H

#include "xenf.h"

/* is_object: it is a list, whole. Fails for want of memory only. */
int read_xend_config(const uint8_t *mem, size_t len, struct gw_guest_config *out, struct gw_err *err);

#endif
