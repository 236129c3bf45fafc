/*
 * keeper.h - a sink that holds what a squashed image has beside its pages: records as they were last, marks of the
 * head, asides. Private to src/change.
 */
#ifndef GW_KEEPER_H
#define GW_KEEPER_H

#include "change.h"

/* A record, the mark at which the static data end, or an aside. */
enum kept_kind { KEPT_RECORD, KEPT_STATIC_END, KEPT_ASIDE };

struct kept {
    enum kept_kind kind;
    struct gw_frame frame;
    bool inferred; /* of the mark */
    bool has_body;
    size_t at, len;        /* of the body, in the list's octets */
    struct gw_aside aside; /* pointers to what is kept with it */
    char *name;
    struct gw_guest_config *config;
    struct gw_device_state *state;
    struct gw_device_store *store;
    struct gw_legacy_facts *legacy;
};

/* In their order. A body stays where it is in `octets` when a later one takes its place. */
struct kept_list {
    struct kept *all;
    size_t num, cap;
    struct gw_buf octets;
};

struct keeper {
    struct gw_sink sink;
    struct gw_headers headers;
    bool begun, has_memory, stopped, ended;
    bool has_checks, has_digest;
    struct kept_list before;             /* asides before the image */
    struct kept_list head;               /* before the memory */
    struct kept_list tail, tail_now;     /* behind it: as the last commit has it, and what came since */
    struct kept_list beside, beside_now; /* asides of the last checkpoint, as the tail */
    struct kept_list after;              /* asides behind everything */
    uint64_t octets;                     /* held in all */
};

void keeper_init(struct keeper *keeper);
void keeper_free(struct keeper *keeper);

static inline const uint8_t *kept_body(const struct kept_list *list, const struct kept *kept)
{
    return list->octets.mem + kept->at;
}

#endif
