/*
 * hold.h - a batch of held pages, built entry by entry.
 *
 * Private to src/guest.
 */
#ifndef HOLD_H
#define HOLD_H

#include "guest.h"

/* Room for count entries; on success hold_free must follow. */
int hold_new(struct gw_hold *hold, uint32_t count, struct gw_err *err);
/*
 * A page with its contents, which also lie at off in fd (-1: only in memory); a neighbour of the last is joined to it.
 */
void hold_page(struct gw_hold *hold, uint64_t pfn, uint8_t *mem, int fd, uint64_t off);
void hold_hole(struct gw_hold *hold, uint64_t pfn);
void hold_free(struct gw_hold *hold);

/* Adds a page to segs, joined to the last of *num where it is its neighbour. False: more than room would be needed. */
bool segs_add(struct gw_seg *segs, unsigned *num, unsigned room, const struct gw_seg *page);

#endif
