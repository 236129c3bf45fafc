/*
 * moves.h - what the commands that move guests share: options, signals, the state directory, and the line that tells
 * how it goes. Private to src/cmd.
 */
#ifndef GW_MOVES_H
#define GW_MOVES_H

#include "cmd.h"

enum { OPT_STATE_DIR = OPT_OWN, OPT_MOVES_OWN };

#define GW_OPTS_STATE_DIR                                                                                              \
    {                                                                                                                  \
        0, "state-dir", "DIR", OPT_STATE_DIR, "where journals are kept, so that a crash can be settled"                \
    }

/* SIGINT and SIGTERM ask for an end; every signal counts. */
void gw_listen_to_signals(void);

/* --state-dir, or the usual place; the caller frees. */
char *gw_state_dir(const struct gw_args *args, struct gw_err *err);

/* A number, with K, M, G or T behind it if need be; *out stays when it was not given. False: wrong use, told. */
bool gw_number_option(const struct gw_args *args, unsigned id, const char *wants, uint64_t most, uint64_t *out);

/* Lower-case hexadecimal; room has 2 * GW_CHUNK_DIGEST_LEN + 1 octets. Returns room. */
const char *gw_digest_text(const uint8_t digest[GW_CHUNK_DIGEST_LEN], char *room);

/* What a session tells on its way, to stderr: --progress. */
struct gw_teller {
    enum { GW_TELL_NONE, GW_TELL_REDRAW, GW_TELL_PLAIN, GW_TELL_JSON } way;
    const char *name;
    bool drawn;
    uint64_t dirty_rate; /* octets a second, of the last round */
    uint64_t pause_ns;   /* that was predicted then */
};
/* Returns the function to be told by, with the teller as its argument. */
gw_told_fn *gw_teller_open(struct gw_teller *teller, const struct gw_args *args, const char *name);
void gw_teller_close(struct gw_teller *teller);

#endif
