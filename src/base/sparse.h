/*
 * sparse.h - a map from a number (a pfn) to an object of fixed size, held only where something was put.
 *
 * Leaves of GW_SPARSE_LEAF objects come to be when one of them is first asked for with gw_sparse_at, so that memory
 * follows what a guest names, not the highest number that a stream claims: a lone hostile pfn costs one leaf. Objects
 * start as zero.
 */
#ifndef GW_SPARSE_H
#define GW_SPARSE_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define GW_SPARSE_LEAF 512

struct gw_sparse {
    size_t size;      /* octets of one object */
    uint8_t **leaves; /* one pointer for each GW_SPARSE_LEAF numbers, up to the highest named */
    size_t num_leaves, cap;
    uint64_t num; /* highest number named + 1 */
};

void gw_sparse_init(struct gw_sparse *map, size_t size);
void gw_sparse_free(struct gw_sparse *map);

/*
 * The object of that number, made if need be; NULL with err set when there is no memory. Borrowed until
 * gw_sparse_free.
 */
void *gw_sparse_at(struct gw_sparse *map, uint64_t number, struct gw_err *err);

/* The object of that number, or NULL when its leaf never came to be. */
void *gw_sparse_find(const struct gw_sparse *map, uint64_t number);

/*
 * A leaf at or behind *number: its objects, and in *number the number of the first; NULL when there is none left. To go
 * through all: n = 0; while ((leaf = gw_sparse_leaf(map, &n))) { ...; n += GW_SPARSE_LEAF; }
 */
void *gw_sparse_leaf(const struct gw_sparse *map, uint64_t *number);

#endif
