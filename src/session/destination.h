/*
 * destination.h - the destination's side of a session as its driver holds it. Private to src/session: destination.c
 * drives, destination_do.c does what the table says, destination_session.c begins and ends it.
 */
#ifndef DESTINATION_H
#define DESTINATION_H

#include "session.h"
#include "wire.h"
#include "store.h"
#include "taker.h"

#define NO_EVENT (-1)

struct destination {
    struct gw_receive_opts opts;
    struct gw_receive_report *report;
    enum gw_destination_state state;
    int next_event; /* what came of an action; NO_EVENT */
    struct wire wire;
    bool fault_told;
    struct store store; /* locked by us, or empty */
    uint8_t session[GW_CHUNK_ID_LEN];
    uint64_t epoch;
    struct gw_destination *dest; /* NULL: another process made the guest; head.guest names it */
    struct taker *taker;
    struct store_head head;
    bool keeps;    /* the files contradict each other, are another's, or could not be read: they stay as they are */
    bool decided;  /* declined stands, or may: somebody may ask */
    bool answered; /* the link was a question, and another holds the session, or nobody knows it */
    struct gw_chunk_asks asks;
    struct gw_buf reasons; /* of DENY */
    uint32_t num_reasons;
    uint32_t ended_round;
    struct gw_chunk_totals totals;
    uint64_t began_ns, timer_ns, backoff_ns, comm_ns, looking_ns;
    uint32_t stop_code;
};

/* destination_do.c: does one action; -1: it failed, which ends its list. */
int destination_do(struct destination *d, enum gw_talk_action action);
/* Goes on with the files of a holder that died: the store is open and locked. */
int destination_take_over(struct destination *d, struct gw_err *err);
/* destination.c: the loop, to an end. */
void destination_run(struct destination *d);
void destination_tell_state(const struct destination *d);
void destination_enter(struct destination *d, const struct gw_destination_step *step);
void destination_blame(struct destination *d, const struct gw_err *err);
void destination_note(const struct destination *d, const char *text);

#endif
