/*
 * script.h - what a model is told to do: which call of which slot fails, and a log of all calls.
 *
 * Private to src/guest. Any thread may call.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <pthread.h>

#include "guest.h"

/* In the order of the ops tables: a source's, those that never fail, a destination's. */
#define SCRIPT_SLOTS(X)                                                                                                \
    X(describe)                                                                                                        \
    X(static_records)                                                                                                  \
    X(first_records)                                                                                                   \
    X(track)                                                                                                           \
    X(collect)                                                                                                         \
    X(hold)                                                                                                            \
    X(suspend)                                                                                                         \
    X(state_records)                                                                                                   \
    X(resume)                                                                                                          \
    X(throttle)                                                                                                        \
    X(destroy)                                                                                                         \
    X(drop)                                                                                                            \
    X(untrack)                                                                                                         \
    X(create)                                                                                                          \
    X(record)                                                                                                          \
    X(static_done)                                                                                                     \
    X(place)                                                                                                           \
    X(placed)                                                                                                          \
    X(complete)                                                                                                        \
    X(stay)                                                                                                            \
    X(start)

enum script_slot {
#define X(name) SLOT_##name,
    SCRIPT_SLOTS(X)
#undef X
        NUM_SLOTS
};

struct script {
    enum script_slot first, last;  /* the slots that may fail */
    uint64_t fail_at[NUM_SLOTS];   /* number of the call, from 1; 0: none */
    uint64_t num_calls[NUM_SLOTS]; /* so far */
    struct gw_buf log;
    pthread_mutex_t lock;
};

void script_init(struct script *script, enum script_slot first, enum script_slot last);
void script_free(struct script *script);
/* SLOT:N. False: no such slot, or no number. */
bool script_order(struct script *script, const char *text);
/* A slot was called. Fails, as GW_E_SYSTEM with EIO, if that was the order. */
int script_call(struct script *script, enum script_slot slot, struct gw_err *err);
/* The names of the slots called so far. Borrowed until the next call. */
const char *script_log(struct script *script);

#endif
