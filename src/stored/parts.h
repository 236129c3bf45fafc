/*
 * parts.h - what a stored image has beside its memory, as a guest gives it: records in three parts, and what of it does
 * not travel. Private to src/stored.
 */
#ifndef GW_PARTS_H
#define GW_PARTS_H

#include "stored.h"

/* Where a record stands: before STATIC_DATA_END, directly behind it, behind memory. */
enum part { PART_STATIC, PART_FIRST, PART_STATE };

/* A sink that keeps them, given an image of version 3 without its memory. */
struct parts {
    struct gw_sink sink;
    struct gw_headers headers;
    enum part now;
    struct gw_buf records; /* part, type, length (u32 each), body */
    char stays[160];       /* what is left behind, the first of each kind, with a comma between */
    char lost[160];        /* the same of what the guest would lack */
};

void parts_init(struct parts *parts);
void parts_free(struct parts *parts);
int parts_emit(const struct parts *parts, enum part part, gw_emit_fn *emit, void *arg, struct gw_err *err);

#endif
