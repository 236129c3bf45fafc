/*
 * engine.h - moving a guest's memory and state: the saver that takes steps, the policy that decides, the restorer.
 *
 * The engine knows guests by their ops tables and images by their sinks. The loop belongs to its owner: a command, a
 * session, a simulator. It knows nothing of files, hosts or channels.
 */
#ifndef GW_ENGINE_H
#define GW_ENGINE_H

#include "base.h"
#include "channel.h"
#include "xenf.h"
#include "verify.h"
#include "guest.h"

/* --- policy ------------------------------------------------------------------------------------------------------ */

enum gw_policy_kind {
    GW_POLICY_DOWNTIME, /* switches when the pause that is left is short enough, by rates of what landed */
    GW_POLICY_XEN       /* Xen's own: at most 5 rounds, or fewer than 50 dirty pages */
};

struct gw_policy_opts {
    enum gw_policy_kind kind;
    uint64_t downtime_ns; /* GW_POLICY_DOWNTIME: the longest pause that is wanted */
    bool force;           /* switch also when rounds do not converge, instead of giving up */
};

/* A round that ended: what landed, and what the guest wrote meanwhile. */
struct gw_round {
    uint64_t pages;  /* sent */
    uint64_t octets; /* of contents that landed */
    uint64_t ns;     /* that it took */
    uint64_t dirty;  /* pages written since the round began, which the next one owes */
};

enum gw_answer { GW_AGAIN, GW_SWITCH, GW_GIVE_UP };

struct gw_choice {
    enum gw_answer answer;
    uint64_t downtime_ns; /* predicted, if the guest were suspended now; UINT64_MAX: cannot be said */
    const char *why;      /* for people */
};

/*
 * Pure. rounds: all that ended so far, oldest first, num >= 1. state_ns: how long suspending and the state records are
 * expected to take.
 */
struct gw_choice gw_policy(const struct gw_policy_opts *opts, const struct gw_round *rounds, unsigned num,
                           uint64_t state_ns);

/* --- saver ------------------------------------------------------------------------------------------------------- */

enum gw_phase {
    GW_PHASE_STATIC,  /* headers and static records come next */
    GW_PHASE_ROUND,   /* a batch of a round */
    GW_PHASE_BETWEEN, /* a round ended: the policy decides */
    GW_PHASE_SUSPEND,
    GW_PHASE_LAST,  /* a batch of the last round, the guest suspended */
    GW_PHASE_STATE, /* registers and devices, END */
    GW_PHASE_MEND,  /* behind that: a batch of what was asked for again */
    GW_PHASE_DONE,
    GW_PHASE_GAVE_UP /* the policy did; the guest runs as before */
};

#define GW_ROUNDS_MOST 64

struct gw_saver_opts {
    bool live;
    struct gw_policy_opts policy;
    struct gw_clock *clock; /* borrowed */
};

struct gw_saver_stats {
    struct gw_round rounds[GW_ROUNDS_MOST];
    unsigned num_rounds;
    uint64_t pages, octets; /* sent in all */
    struct gw_round now;    /* the round at hand so far: pages and octets */
    struct gw_choice last;
    uint64_t suspended_at_ns; /* by the clock; 0: not yet */
};

struct gw_saver;

/*
 * source: borrowed; described here. A live save is refused, with the guest's reason, where its writes cannot be
 * tracked.
 */
struct gw_saver *gw_saver_new(struct gw_source *source, const struct gw_saver_opts *opts, struct gw_err *err);
/* Where the image goes (borrowed); before the first step, and again after a sink was lost. */
void gw_saver_sink(struct gw_saver *saver, struct gw_sink *sink);
/*
 * Pages that the other side lacks after all (num_pfns bits): they are sent again, in the next round or, behind DONE, in
 * MEND.
 */
int gw_saver_owe(struct gw_saver *saver, const struct gw_bitmap *pfns, struct gw_err *err);
/*
 * One batch, or one change of phase. *phase: what the next step will do. After a failure only gw_saver_undo and free.
 */
int gw_saver_step(struct gw_saver *saver, enum gw_phase *phase, struct gw_err *err);
enum gw_phase gw_saver_phase(const struct gw_saver *saver);
/* How long the pause is expected to last beside what is left of memory; for the policy. */
void gw_saver_expect(struct gw_saver *saver, uint64_t state_ns);
const struct gw_saver_stats *gw_saver_stats(const struct gw_saver *saver);
const struct gw_guest_facts *gw_saver_facts(const struct gw_saver *saver);
/*
 * The guest as it was before (I4): not tracked, and running if this saver suspended it; one that was suspended before
 * stays so. Any number of times, any phase.
 */
int gw_saver_undo(struct gw_saver *saver, struct gw_err *err);
/* Tracking ends; the guest stays as it is. NULL is fine. */
void gw_saver_free(struct gw_saver *saver);

/* --- restorer ---------------------------------------------------------------------------------------------------- */

/*
 * A sink through which a guest comes to be (dest: borrowed). It starts nothing: when the producer has said END and
 * commit, and the verifier beside it has no error, its owner calls gw_destination_complete and gw_destination_start.
 */
struct gw_sink *gw_restorer(struct gw_destination *dest, struct gw_err *err);

/* --- intake ------------------------------------------------------------------------------------------------------- */

#define GW_INTAKE_ERRORS 16 /* that are kept */

struct gw_intake_opts {
    struct gw_destination *dest; /* borrowed; NULL: it is only judged, checkpointed or not */
    uint64_t max_pfn;            /* as of gw_verify_opts */
    bool contents;               /* the same */
    bool tables;                 /* the same: one reading must do, page tables are judged as far as they are kept */
    struct gw_sink *beside;      /* takes part, and is closed by its owner; NULL: none */
    bool accept_loss;            /* what was salvaged of a damaged image may become a guest */
    const char *accepts;         /* how a person says that; NULL: "--accept-loss" */
};

/* An image becomes a guest, or could: judged on the way by a verifier whose errors are fatal, beside a restorer. */
struct gw_intake;
struct gw_intake *gw_intake_new(const struct gw_intake_opts *opts, struct gw_err *err);
struct gw_sink *gw_intake_sink(struct gw_intake *intake);
/* -1: so many errors were found so far; err, if it is fresh, becomes that one. 0: there is no error of that number. */
int gw_intake_error(const struct gw_intake *intake, unsigned number, struct gw_err *err);
/* Once, when the image is whole: what can only be said of the whole. -1: it is not right; err is the first error. */
int gw_intake_finish(struct gw_intake *intake, struct gw_err *err);
/* NULL is fine. */
void gw_intake_free(struct gw_intake *intake);

#endif
