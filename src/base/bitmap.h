/*
 * bitmap.h - one bit for each of num things, in 64-bit words.
 */
#ifndef GW_BITMAP_H
#define GW_BITMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

struct gw_bitmap {
    uint64_t *words;
    uint64_t num; /* bits */
};

/* All bits clear. Zero state is an empty map that may be freed. */
int gw_bitmap_init(struct gw_bitmap *map, uint64_t num, struct gw_err *err);
void gw_bitmap_free(struct gw_bitmap *map);
void gw_bitmap_set(struct gw_bitmap *map, uint64_t bit);
void gw_bitmap_clear(struct gw_bitmap *map, uint64_t bit);
bool gw_bitmap_test(const struct gw_bitmap *map, uint64_t bit);
uint64_t gw_bitmap_count(const struct gw_bitmap *map);

/* The first set bit at or behind from; num when there is none. */
uint64_t gw_bitmap_next(const struct gw_bitmap *map, uint64_t from);

#endif
