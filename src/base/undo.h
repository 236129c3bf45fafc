/*
 * undo.h - takes a sparse map back to its last committed state.
 *
 * Off until gw_undo_commit was called once: an image that never commits needs no way back. From then on whoever is
 * about to change an object saves it first; each object is kept once per commit, so that the log never holds more
 * than was changed.
 */
#ifndef GW_UNDO_H
#define GW_UNDO_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "sparse.h"

struct gw_undo {
    struct gw_sparse *map;    /* borrowed */
    struct gw_sparse touched; /* one bit for each number saved since the commit, 64 in an object */
    struct gw_buf log;        /* number (8 octets) and old object, one behind the other */
    uint64_t num;             /* of the map, at the commit */
    bool on;
};

void gw_undo_init(struct gw_undo *undo, struct gw_sparse *map);
void gw_undo_free(struct gw_undo *undo);
/* Before the object of that number changes. */
int gw_undo_save(struct gw_undo *undo, uint64_t number, struct gw_err *err);
/* The state now is what gw_undo_back returns to. */
void gw_undo_commit(struct gw_undo *undo);
/* Back to the last commit; without one nothing happens. */
void gw_undo_back(struct gw_undo *undo);

#endif
