/*
 * talk.h - who owns the guest, as pure functions: the state tables of a migration's two sides (chunks.md section 6).
 *
 * An event goes in; the next state and what to do come out. No I/O, no clock, no memory, no pages: the same functions
 * run in the program, in tests/unit/talk.c (every pair of state and event) and in tests/unit/walk.c (every reachable
 * state of two hosts). Both sides begin in state 0: the source with a link being dialled, the destination with a link
 * that has just said HELO.
 *
 * What the tables take for granted, and the driver owes:
 *   order    Actions are done in their order. One that fails ends its list: the rest is not done, and its failure is
 *            the next event. Nothing else is fed while a list is being done.
 *   words    A word (SAY_..., TELL_...) never fails: what cannot be sent is dropped, and LOST is an event of its own,
 *            fed when all that had arrived is read.
 *   results  Each action names its results. Where it is the last of its list they may take their time (SUSPEND, START,
 *            a write): other events come in between, and are fed. An end is left when no result is outstanding.
 *   later    GW_TALK_LATER: keep the event, feed it again after the next change of state, read no chunk until then.
 *   timer    ARM starts the state's one timer unless it runs already; a change of state stops it.
 *   again    RESUME, DESTROY, DISCARD and a write may be done twice: what is done already succeeds. DESTROY takes away
 *            only the guest as this session suspended it, and DISCARD only what never ran: what runs is never theirs.
 *   links    DIAL gives up the link that was there, or was being dialled: nothing more is heard from it.
 *   claims   A decision file appears with its contents or not at all (written aside, fsynced, linked under its name,
 *            directory fsynced); who finds one makes it durable before he says it. An answer is TAKEN only if the file
 *            says declined; one that cannot be read, or says something else, is CLAIM_FAILED.
 *   strangers  Where neither a journal nor a decision is found nobody has heard of the session, or its files are lost:
 *            TELL unsure. A journal stands before ACPT, and a decision stays until the source says that it knows, so
 *            that this is never the answer of the place where the guest may be.
 *   holder   Who serves a session as its destination holds a lock that ends with the process, and lets go of it at the
 *            end of GONE's list. Only the holder claims `started`, and only he writes over it.
 */
#ifndef GW_TALK_H
#define GW_TALK_H

#include <stdbool.h>
#include <stdint.h>

/* In both tables the ends come last: KEPT and RUNS are the first of them. */

/* --- the source -------------------------------------------------------------------------------------------------- */

#define GW_SOURCE_STATES(X)                                                                                            \
    X(OPENING, "the link is dialled, the guest offered")                                                               \
    X(COPYING, "memory is sent while the guest runs")                                                                  \
    X(SUSPENDING, "the guest is asked to stop")                                                                        \
    X(CALLING_OFF, "given up while it was asked to stop: whether it did is awaited")                                   \
    X(STOPPED, "the guest stands; the last round and the records are sent")                                            \
    X(PROVING, "DONE is said; the destination compares")                                                               \
    X(LETTING_GO, "LETGO is being written")                                                                            \
    X(LET_GO, "COMM is said; only the destination's word ends this")                                                   \
    X(ASKING, "the link failed after that: the destination is asked")                                                  \
    X(KEPT, "end: the guest is here")                                                                                  \
    X(MOVED, "end: the guest is there")                                                                                \
    X(IN_DOUBT, "end of the process, not of the session: the guest is held, suspended")

#define GW_SOURCE_EVENTS(X)                                                                                            \
    X(ACPT, "the offer is accepted")                                                                                   \
    X(DENY, "the offer is refused, nothing was touched")                                                               \
    X(SEEN, "a round arrived whole")                                                                                   \
    X(LACKS, "a round's SEEN lists pages to send again")                                                               \
    X(AGAIN, "DONE's SEEN lists pages to send again")                                                                  \
    X(REDY, "the destination is ready, with our digests")                                                              \
    X(REDY_WRONG, "the destination is ready, with others")                                                             \
    X(RUNS, "the guest runs there")                                                                                    \
    X(TELL_DECLINED, "the destination refused for good: its decision is durable")                                      \
    X(TELL_STARTING, "the destination has decided to start, and is at it")                                             \
    X(TELL_RUNS, "the guest runs there, as an answer")                                                                 \
    X(TELL_UNSURE, "the destination does not know")                                                                    \
    X(STOP, "the destination stops")                                                                                   \
    X(BAD, "a chunk is damaged, or does not fit")                                                                      \
    X(LINKED, "the link that was dialled is there, HELO has been exchanged")                                           \
    X(LOST, "the link ended, or could not be made")                                                                    \
    X(SILENT, "nothing was heard for 10 s")                                                                            \
    X(SWITCH, "policy: the rest fits into the downtime")                                                               \
    X(GAVE_UP, "policy: rounds do not converge; or nobody is left to be asked")                                        \
    X(SUSPENDED, "the guest stands")                                                                                   \
    X(SUSPEND_FAILED, "the guest was not suspended, and will not be: the suspend failed or was called off")            \
    X(ALL_SENT, "the last round and all records are sent")                                                             \
    X(WRITTEN, "the journal has the word")                                                                             \
    X(WRITE_FAILED, "the journal may have the word, or not")                                                           \
    X(FAILED, "something of ours failed: guest, engine, system")                                                       \
    X(CANCEL, "a person wants it ended")                                                                               \
    X(TIMER, "the time of ARM is over")

/* --- the destination --------------------------------------------------------------------------------------------- */

#define GW_DESTINATION_STATES(X)                                                                                       \
    X(WAITING, "HELO was exchanged; an offer or a question may come")                                                  \
    X(TAKING, "memory and records arrive")                                                                             \
    X(READY, "REDY is said; the guest could start")                                                                    \
    X(CLAIMING, "the claim `started` is being made")                                                                   \
    X(STARTING, "started is decided; the guest is being started")                                                      \
    X(LOOKING, "started is decided; whether the guest runs is not known")                                              \
    X(UNDOING, "the guest surely did not start: declined is being written over started")                               \
    X(DECLINING, "the claim `declined` is being made")                                                                 \
    X(RUNS, "end: the guest is here")                                                                                  \
    X(GONE, "end: nothing of it is here")                                                                              \
    X(IN_DOUBT, "end of the process, not of the session: the files stand as they are")

#define GW_DESTINATION_EVENTS(X)                                                                                       \
    X(OFFR, "an offer that can be taken")                                                                              \
    X(OFFR_WRONG, "an offer that cannot")                                                                              \
    X(ROUN, "a round ends")                                                                                            \
    X(DONE, "all is sent, and all is here: memory proven, digests equal")                                              \
    X(DONE_LACKS, "all is sent, but pages are missing or damaged")                                                     \
    X(COMM, "the source has let go: on the link, or handed over by who was asked")                                     \
    X(ASKS, "the link is a question about a session, not an offer")                                                    \
    X(STOP, "the source stops")                                                                                        \
    X(BAD, "a chunk is damaged, or does not fit; digests differ")                                                      \
    X(LOST, "the link ended")                                                                                          \
    X(SILENT, "nothing was heard for 10 s")                                                                            \
    X(WON, "the claim is ours")                                                                                        \
    X(TAKEN, "declined was decided before us")                                                                         \
    X(CLAIM_FAILED, "the claim may stand, or not")                                                                     \
    X(STARTED, "the guest runs, or has run")                                                                           \
    X(NOT_STARTED, "the guest never ran and will not: sure")                                                           \
    X(UNSURE, "whether the guest ran is not known")                                                                    \
    X(WRITTEN, "the file has the word")                                                                                \
    X(WRITE_FAILED, "the file may have the word, or not")                                                              \
    X(FAILED, "something of ours failed: guest, engine, system")                                                       \
    X(CANCEL, "a person wants it ended")                                                                               \
    X(TIMER, "the time of ARM is over")

/* --- what is to be done ------------------------------------------------------------------------------------------ */

/* ... and what comes of it: events fed back. Where none is named, nothing but FAILED comes, if it fails. */
#define GW_TALK_ACTIONS(X)                                                                                             \
    X(NONE, "")                                                                                                        \
    X(SAY_OFFR, "offer the guest")                                                                                     \
    X(SAY_DONE, "all is sent, with digests")                                                                           \
    X(SAY_COMM, "start it")                                                                                            \
    X(SAY_ASKS, "what became of it? may-go-on unless `back`")                                                          \
    X(SAY_STOP, "give up, with the reason")                                                                            \
    X(SAY_ACPT, "the offer is accepted")                                                                               \
    X(SAY_DENY, "the offer is refused, with all reasons")                                                              \
    X(SAY_SEEN, "answer the round, with what is to be sent again")                                                     \
    X(SAY_AGAIN, "answer DONE: these again (SEEN)")                                                                    \
    X(SAY_REDY, "ready, with the digests as seen here")                                                                \
    X(SAY_RUNS, "it runs")                                                                                             \
    X(TELL_DECLINED, "it will never run here")                                                                         \
    X(TELL_STARTING, "it is decided that it starts here")                                                              \
    X(TELL_RUNS, "it runs here")                                                                                       \
    X(TELL_UNSURE, "it is not known whether it runs here")                                                             \
    X(TOO_LATE, "tell who cancelled that the other side decides now")                                                  \
    X(IN_DOUBT, "say that the guest is held, where, and what settles it; exit status 3")                               \
    X(DIAL, "dial the destination: LINKED or LOST")                                                                    \
    X(ARM, "TIMER later: 60 s in READY; else soon, then less and less often")                                          \
    X(COPY, "begin the rounds; the policy says SWITCH or GAVE_UP")                                                     \
    X(OWE, "send again what the list names")                                                                           \
    X(SEND_LAST, "send the last round and the records: ALL_SENT")                                                      \
    X(SUSPEND, "suspend the guest: SUSPENDED or SUSPEND_FAILED")                                                       \
    X(RESUME, "let the guest run; calls off a suspend that is under way")                                              \
    X(DESTROY, "take the suspended guest away")                                                                        \
    X(WRITE_SUSPEND, "journal: the guest may be suspended; WRITE_FAILED")                                              \
    X(WRITE_LETGO, "journal: let go; WRITTEN or WRITE_FAILED")                                                         \
    X(WRITE_KEPT, "journal: the end, it is here; WRITE_FAILED")                                                        \
    X(WRITE_MOVED, "journal: the end, it is there; WRITE_FAILED")                                                      \
    X(CREATE, "make the empty guest")                                                                                  \
    X(COMPLETE, "make the guest startable, start nothing")                                                             \
    X(START, "start the guest: STARTED, NOT_STARTED or UNSURE")                                                        \
    X(LOOK, "find out whether it runs: STARTED, NOT_STARTED or UNSURE")                                                \
    X(DISCARD, "take away what was made and never ran")                                                                \
    X(CLAIM_STARTED, "decide to start, if nobody decided yet: WON, TAKEN or CLAIM_FAILED")                             \
    X(CLAIM_DECLINED, "decide to refuse, if nobody decided yet: WON, TAKEN or CLAIM_FAILED")                           \
    X(WRITE_DECLINED, "write declined over started: WRITTEN or WRITE_FAILED")                                          \
    X(WRITE_RUNS, "journal: it runs; WRITE_FAILED")                                                                    \
    X(ANSWER, "answer the question: gw_talk_answer(), or take over: gw_talk_destination_after()")                      \
    X(HAND_COMM, "hand COMM to the session's living holder")

#define GW_TALK_OUTCOMES(X)                                                                                            \
    X(MOVE, "a row of the tables: another state, or something to do")                                                  \
    X(NOTHING, "known, and nothing to do")                                                                             \
    X(LATER, "not now: fed again after the next change of state")                                                      \
    X(VIOLATION, "the peer said what it must not say here: leads where BAD leads")                                     \
    X(MISTAKE, "the driver fed what cannot be here: leads where FAILED leads")

#define X(name, sentence) GW_SOURCE_##name,
enum gw_source_state { GW_SOURCE_STATES(X) GW_NUM_SOURCE_STATES };
#undef X
#define X(name, sentence) GW_SOURCE_ON_##name,
enum gw_source_event { GW_SOURCE_EVENTS(X) GW_NUM_SOURCE_EVENTS };
#undef X
#define X(name, sentence) GW_DESTINATION_##name,
enum gw_destination_state { GW_DESTINATION_STATES(X) GW_NUM_DESTINATION_STATES };
#undef X
#define X(name, sentence) GW_DESTINATION_ON_##name,
enum gw_destination_event { GW_DESTINATION_EVENTS(X) GW_NUM_DESTINATION_EVENTS };
#undef X
#define X(name, sentence) GW_DO_##name,
enum gw_talk_action { GW_TALK_ACTIONS(X) GW_NUM_TALK_ACTIONS };
#undef X
#define X(name, sentence) GW_TALK_##name,
enum gw_talk_outcome { GW_TALK_OUTCOMES(X) GW_NUM_TALK_OUTCOMES };
#undef X

/* The same by name, for logs and tests; indexed by the enums. */
struct gw_talk_name {
    const char *name, *sentence;
};
extern const struct gw_talk_name gw_source_states[GW_NUM_SOURCE_STATES];
extern const struct gw_talk_name gw_source_events[GW_NUM_SOURCE_EVENTS];
extern const struct gw_talk_name gw_destination_states[GW_NUM_DESTINATION_STATES];
extern const struct gw_talk_name gw_destination_events[GW_NUM_DESTINATION_EVENTS];
extern const struct gw_talk_name gw_talk_actions[GW_NUM_TALK_ACTIONS];
extern const struct gw_talk_name gw_talk_outcomes[GW_NUM_TALK_OUTCOMES];

#define GW_TALK_TODO_MAX 3

/* What to do, in this order. */
struct gw_talk_todo {
    unsigned num;
    enum gw_talk_action actions[GW_TALK_TODO_MAX];
};

/* --- the functions ----------------------------------------------------------------------------------------------- */

#define GW_TALK_AGAIN_MAX 3 /* times that a DONE is answered with a list before the source gives up */

struct gw_talk_source {
    enum gw_source_state state;
    unsigned again; /* lists that answered a DONE so far */
    bool back;      /* restarted: ask for the guest back, never let the destination go on */
};

struct gw_source_step {
    struct gw_talk_source next;
    enum gw_talk_outcome outcome;
    struct gw_talk_todo todo;
};

struct gw_source_step gw_talk_source(struct gw_talk_source now, enum gw_source_event event);

struct gw_destination_step {
    enum gw_destination_state next;
    enum gw_talk_outcome outcome;
    struct gw_talk_todo todo;
};

struct gw_destination_step gw_talk_destination(enum gw_destination_state now, enum gw_destination_event event);

/* How many rows of the table name the pair: one, for each; a test looks. */
unsigned gw_talk_source_rows(enum gw_source_state state, enum gw_source_event event);
unsigned gw_talk_destination_rows(enum gw_destination_state state, enum gw_destination_event event);

/* --- after a restart --------------------------------------------------------------------------------------------- */

/* The words that a source's journal may hold; one that is not whole does not count. */
enum gw_source_word { GW_WORD_SUSPEND = 1, GW_WORD_LETGO = 2, GW_WORD_KEPT = 4, GW_WORD_MOVED = 8 };
#define GW_SOURCE_WORDS_ALL 15u

/* What a source whose process died goes on with, by the words of its journal. */
struct gw_source_step gw_talk_source_after(unsigned words);

enum gw_decision { GW_DECISION_NONE, GW_DECISION_STARTED, GW_DECISION_DECLINED, GW_NUM_DECISIONS };

/*
 * What the new holder of a session goes on with (the last one died, or ended), by the decision file and by whether the
 * journal says RUNS. Its list also answers the question that may have brought it up.
 */
struct gw_destination_step gw_talk_destination_after(enum gw_decision decision, bool runs);

/* A question about a session that another, living process holds: what the files say, and what the question allows. */
struct gw_talk_asked {
    enum gw_decision decision;
    bool runs;      /* the journal says RUNS */
    bool may_go_on; /* of ASKS */
    bool failed;    /* the claim or the handing over that the last answer wanted failed */
};

/*
 * The answer. Behind CLAIM_DECLINED: look at the file and ask again; if HAND_COMM or a claim fails: ask with `failed`.
 */
struct gw_talk_todo gw_talk_answer(struct gw_talk_asked asked);

#endif
