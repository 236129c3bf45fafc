/*
 * legacy_toolstack.h - the room's inside: what a toolstack put into an image for itself (chunk -18, legacy 11.1).
 */
#ifndef GW_LEGACY_TOOLSTACK_H
#define GW_LEGACY_TOOLSTACK_H

#include "base.h"

struct legacy_toolstack {
    bool is_opaque;     /* none of libxl's: nothing can be made of it */
    const char *why;    /* it is opaque: for people */
    bool other_padding; /* padded as the other width does it */
    uint32_t num_entries;
};

/*
 * The blob of a 32- or 64-bit toolstack (width 4 or 8; the other one's layout is tried, too). Of libxl's, the pairs of
 * today's EMULATOR_XENSTORE_DATA go to the end of pairs, without the 8 octets before them. Fails for want of memory
 * only.
 */
int legacy_toolstack_read(struct gw_cur blob, unsigned width, struct gw_buf *pairs, struct legacy_toolstack *out,
                          struct gw_err *err);

#endif
