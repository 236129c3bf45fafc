/*
 * hold.h - a batch of held pages, built entry by entry: for back ends. Part of guest.h.
 */
#ifndef GW_GUEST_HOLD_H
#define GW_GUEST_HOLD_H

#include "guest.h"

/* Room for count entries; on success gw_hold_free must follow. */
int gw_hold_new(struct gw_hold *hold, uint32_t count, struct gw_err *err);
/* An entry as PAGE_DATA has it, and one page of contents if its type carries any, else NULL. */
void gw_hold_entry(struct gw_hold *hold, uint64_t entry, const struct gw_seg *contents);
/*
 * A page with its contents, which also lie at off in fd (-1: only in memory); a neighbour of the last is joined to it.
 */
void gw_hold_page(struct gw_hold *hold, uint64_t pfn, uint8_t *mem, int fd, uint64_t off);
void gw_hold_hole(struct gw_hold *hold, uint64_t pfn);
void gw_hold_free(struct gw_hold *hold);

/* Adds a page to segs, joined to the last of *num where it is its neighbour. False: more than room would be needed. */
bool gw_segs_add(struct gw_seg *segs, unsigned *num, unsigned room, const struct gw_seg *page);

#endif
