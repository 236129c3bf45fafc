/*
 * spec.h - what stands behind the colon of KIND:SPEC: key=value,key=value, read by a table of keys. Part of guest.h.
 */
#ifndef GW_GUEST_SPEC_H
#define GW_GUEST_SPEC_H

#include "guest.h"

/* One key. The value goes to the uint64_t at `offset` of the options, or through `take`. */
struct gw_spec_key {
    const char *name;
    const char *wants; /* for people: "a size from 64K on" */
    size_t offset;
    uint64_t least, most;     /* of a number; K, M and G stand for 2^10, 2^20 and 2^30 */
    const char *const *words; /* not a number but one of these, ended by NULL: its index */
    /* text: the value, ended with a zero. False: it is not what `wants` says. May come more than once. */
    bool (*take)(void *options, const char *text);
    bool rest; /* text: all that follows, commas too, so that this key is the last; it comes once */
};

/*
 * Reads name, which is KIND or KIND:SPEC; keys: ended by a row without name. *given: a bit for each key that came.
 * Unknown keys, bad values and keys that come twice fail as GW_E_USAGE.
 */
int gw_spec_read(const char *name, const struct gw_spec_key *keys, void *options, uint32_t *given, struct gw_err *err);

/* A number with an optional K, M or G. False: it is none, or does not fit. */
bool gw_spec_number(const char *text, uint64_t *out);

#endif
