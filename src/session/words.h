/*
 * words.h - small things that both sides say: ids, totals, why one stops, why a link failed.
 *
 * Private to src/session.
 */
#ifndef WORDS_H
#define WORDS_H

#include "chunk.h"
#include "xenf.h"

/* Codes of STOP: for programs; people read the sentence. */
enum stop_code {
    STOP_FORGET,     /* the end is known on both sides: nothing need be kept for a question any more */
    STOP_CANCELLED,  /* a person wanted it ended */
    STOP_GAVE_UP,    /* rounds do not converge */
    STOP_FAILED,     /* a failure of ours */
    STOP_BAD,        /* what came is damaged or makes no sense */
    STOP_ASKED_ONLY, /* the offer was only a question */
    STOP_MAY_ASK     /* a failure of ours, and a restart of ours may still ask: only then an answer must be kept */
};

/* Codes of DENY's reasons. */
enum deny_code { DENY_IMAGE = 1, DENY_GUEST, DENY_LIMIT, DENY_STATE };

#define SESSION_TEXT_ROOM (2 * GW_CHUNK_ID_LEN + 1)
/* Lower-case hexadecimal; room has SESSION_TEXT_ROOM octets. Returns room. */
char *session_text(const uint8_t id[GW_CHUNK_ID_LEN], char *room);
/* The other way; false: that is no session's id. */
bool session_parse(const char *text, uint8_t id[GW_CHUNK_ID_LEN]);
/* GW_CHUNK_ID_LEN random octets. */
int session_new(uint8_t id[GW_CHUNK_ID_LEN], struct gw_err *err);

void totals_to_chunk(const struct gw_totals *totals, struct gw_chunk_totals *out);

/* A sentence of ours without its causes, fit to be said; `otherwise` when there is none. Returns room. */
const char *our_words(const struct gw_err *err, const char *otherwise, char *room, size_t room_len);
/* A sentence of the other side's, fit for a message of ours. */
const char *their_words(struct gw_str str, char *room, size_t room_len);

#endif
