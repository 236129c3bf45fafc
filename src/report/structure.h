/*
 * structure.h - what the printers of structures share. Private to src/report.
 */
#ifndef GW_STRUCTURE_H
#define GW_STRUCTURE_H

#include "report.h"

/* A number of a field as its row says it is shown. Returns room. */
char *field_number_text(char *room, size_t len, const struct gw_field *field, struct gw_cur octets, uint32_t index);
/* "name", "name[3]", "name[3..7]". Returns room. */
char *field_place_name(char *room, size_t len, const struct gw_field *field, uint32_t first, uint32_t last);
/* The first element behind `index` that is not as it is. */
uint32_t field_end_of_repeat(const struct gw_field *field, struct gw_cur octets, uint32_t index);
/* Few numbers and nothing else: each such structure of an array fits into a line. */
bool layout_is_flat(const struct gw_layout *layout);

#endif
