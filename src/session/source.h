/*
 * source.h - the source's side of a session as its driver holds it. Private to src/session: source.c drives,
 * source_do.c does what the table says, source_session.c begins and ends it.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include "session.h"
#include "wire.h"
#include "sender.h"
#include "store.h"

#define NO_EVENT (-1)

struct source {
    struct gw_migrate_opts opts;
    struct gw_move_report *report;
    struct gw_talk_source now;
    int next_event; /* what came of an action; NO_EVENT */
    struct wire wire;
    struct store store;
    uint8_t session[GW_CHUNK_ID_LEN];
    uint64_t epoch;
    struct gw_source *guest; /* borrowed, or opened by its journal's name; NULL: it is gone */
    struct gw_saver *saver;  /* NULL: nothing is sent any more */
    struct sender *sender;
    enum gw_phase phase;
    const struct gw_offer *offer; /* preflight: instead of a saver's */
    struct gw_chunk_offr offr;
    bool awaits_seen, answered; /* the round's ROUN is said; and SEEN has come */
    bool broken;                /* a step of the saver failed: no more of them */
    bool fault_told;
    uint64_t mute_ns;    /* since when nothing can be said, and a STOP is waited for; 0: not */
    uint32_t round;      /* at hand, from 1 */
    struct gw_cur lacks; /* of the SEEN just heard; borrowed from the link */
    struct gw_chunk_totals totals;
    uint64_t timer_ns, backoff_ns; /* when TIMER comes, 0: never; of the last ARM */
    uint64_t asking_ns;            /* since when it is asked */
    uint64_t began_ns, said_roun_ns, told_ns, round_ns, least_answer_ns, write_ns;
    uint32_t stop_code;
    bool accepted; /* preflight: it would be taken */
    bool told;     /* the destination answered a question: it lives */
    bool said_done;
    bool ends_known;            /* on both sides: nothing need be kept for a question */
    char peer[STORE_VALUE_MAX]; /* of the journal */
};

/* source_do.c: does one action; -1: it failed, which ends its list. */
int source_do(struct source *s, enum gw_talk_action action);
/* source.c: from the first step to an end. */
void source_run(struct source *s, const struct gw_source_step *first);
void source_tell_state(const struct source *s);
/* The first reason stays. */
void source_blame(struct source *s, const struct gw_err *err);
void source_note(const struct source *s, const char *text);
/* A link to the destination; and the question whose answer can only be a refusal. */
int source_open_link(struct source *s, struct gw_err *err);
void source_ask_back(struct source *s);
/* One step of the saver, in COPYING or STOPPED. */
void source_work(struct source *s);

#endif
