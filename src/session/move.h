/*
 * move.h - a guest goes from one host to another: what the owner of a session says and is told. Part of session.h.
 */
#ifndef GW_MOVE_H
#define GW_MOVE_H

#include "base.h"
#include "channel.h"
#include "chunk.h"
#include "xenf.h"
#include "verify.h"
#include "guest.h"
#include "engine.h"

#define GW_SESSION_ROOM (2 * GW_CHUNK_ID_LEN + 1) /* a session's id as lower-case hexadecimal */

/* --- told on the way ---------------------------------------------------------------------------------------------- */

enum gw_told_kind {
    GW_TOLD_STATE,   /* another state of talk.h: name, text (its sentence) */
    GW_TOLD_ROUND,   /* a round has ended and landed: number, round, decision */
    GW_TOLD_PASSING, /* four times a second at most: number, pages of `of`, rates so far */
    GW_TOLD_NOTE     /* text: something that a person should know */
};

/* Borrowed for the call, as is all that it points to. */
struct gw_told {
    enum gw_told_kind kind;
    const char *side; /* "source", "destination" */
    const char *name, *text;
    unsigned number; /* of the round, from 1 */
    const struct gw_round *round;
    const struct gw_choice *decision;
    uint64_t pages, of;  /* of the round at hand: sent; owed when it began */
    uint64_t octets, ns; /* of the round at hand: contents sent, time since it began */
};
typedef void gw_told_fn(void *arg, const struct gw_told *told);

/* --- the source --------------------------------------------------------------------------------------------------- */

struct gw_migrate_opts {
    const char *to;        /* an address, as gw_connect() takes it */
    const char *state_dir; /* for journals; made if need be */
    struct gw_saver_opts saver;
    bool checks;              /* of each page */
    uint64_t bandwidth;       /* octets a second at most; 0: as many as go */
    uint64_t wait_ns;         /* how long an unanswered question is asked; 0: until somebody cancels */
    bool destination_is_dead; /* gw_settle_source() only: a person made sure */
    gw_told_fn *told;         /* may be NULL */
    void *arg;
};

enum gw_ending { GW_ENDED_KEPT, GW_ENDED_MOVED, GW_ENDED_IN_DOUBT };

struct gw_move_report {
    char session[GW_SESSION_ROOM];
    enum gw_ending ending;
    bool stuck;        /* KEPT, and the guest could not be resumed; MOVED, and it could not be taken away */
    bool still;        /* it never ran here, and does not now: a file */
    bool gone;         /* KEPT, by its journal, but the guest is not on this machine any more */
    struct gw_err why; /* KEPT, IN_DOUBT: the first thing that went wrong; of stuck: that */
    char guest[64], again[GW_AGAIN_ROOM];
    unsigned num_rounds; /* those with the guest running, and the last one */
    uint64_t pages, octets, wire_octets;
    uint64_t zero_pages, resent, proven; /* pages: sent without contents; again; compared at the destination */
    uint64_t predicted_ns, downtime_ns, total_ns;
    struct gw_chunk_totals totals;
};

/*
 * Moves the guest (borrowed; described here). -1: nothing has begun, and err says why. 0: *out says how it ended; a
 * guest that was kept is as it was. SIGINT and SIGTERM (gw_cancel_request) end it cleanly.
 */
int gw_migrate(struct gw_source *guest, const struct gw_migrate_opts *opts, struct gw_move_report *out,
               struct gw_err *err);

/*
 * Goes on with a session whose source died, or left it in doubt, by its journal. opts: state_dir, wait_ns, told;
 * destination_is_dead resumes the guest when nobody answers the question.
 */
int gw_settle_source(const char *session, const struct gw_migrate_opts *opts, struct gw_move_report *out,
                     struct gw_err *err);

/* What is offered when nothing is to move: a guest's, or an image's, static part. */
struct gw_offer {
    const char *name, *kind;
    uint64_t num_pfns, num_ram_pfns;
    struct gw_cur image; /* headers and static records up to STATIC_DATA_END */
};

/* A sink that keeps the static part of an image at the end of *image (borrowed), and passes over the rest. */
struct gw_sink *gw_static_part(struct gw_buf *image, struct gw_err *err);

/*
 * Asks whether the destination would take it; nothing of it moves. 0: it would. -1: it would not (GW_E_REFUSED), with
 * all reasons told as notes, or it could not be asked.
 */
int gw_preflight(const struct gw_offer *offer, const struct gw_migrate_opts *opts, struct gw_err *err);

/* --- the destination ---------------------------------------------------------------------------------------------- */

struct gw_receive_opts {
    const char *state_dir;
    const char *guest; /* KIND:SPEC of what a guest becomes; NULL: the kind that is offered */
    uint64_t max_pfn;
    uint64_t wait_ns; /* how long a start is looked at whose outcome nobody knows; 0: while somebody asks */
    bool accept_loss; /* what was salvaged of a damaged image may come */
    bool forget;      /* gw_settle_destination() only: a person says that the source knows the end */
    bool is_gone;     /* the same: a person made sure that the guest does not run here */
    gw_told_fn *told; /* may be NULL */
    void *arg;
};

enum gw_arrival {
    GW_ARRIVED_NOTHING, /* no guest was offered: a question about another's session was answered, or nothing said */
    GW_ARRIVED_RUNS,
    GW_ARRIVED_GONE,
    GW_ARRIVED_IN_DOUBT
};

struct gw_receive_report {
    char session[GW_SESSION_ROOM]; /* "" when none was named */
    enum gw_arrival arrival;
    bool offered;      /* the link brought a guest, not a question */
    bool acknowledged; /* the source knows the end, and said so */
    struct gw_err why; /* GONE, IN_DOUBT */
    char guest[64], again[GW_AGAIN_ROOM];
    uint64_t pages;
    struct gw_chunk_totals totals;
};

/*
 * Serves one link (given) to its end: an offer, or a question about a session. Returns when the guest runs and the
 * source knows it, when nothing of it is here, or in doubt.
 */
void gw_receive(struct gw_chan *link, const struct gw_receive_opts *opts, struct gw_receive_report *out);

/* Goes on with a session whose holder died, by its files. -1: it is in other hands, or there is none. */
int gw_settle_destination(const char *session, const struct gw_receive_opts *opts, struct gw_receive_report *out,
                          struct gw_err *err);

/* --- sessions that left files ------------------------------------------------------------------------------------- */

struct gw_session_info {
    char session[GW_SESSION_ROOM];
    bool destination; /* which side's files */
    char guest[1024], name[1024], peer[1024];
    const char *state;      /* what the files say, a sentence */
    const char *what_to_do; /* the same, of what settles it */
    bool held;              /* a living process has it */
    bool ended;             /* kept only for a question that may come */
};
typedef int gw_session_fn(void *arg, const struct gw_session_info *info, struct gw_err *err);

/* Tells all sessions of both sides, ascending. */
int gw_sessions(const char *state_dir, gw_session_fn *tell, void *arg, struct gw_err *err);

#endif
