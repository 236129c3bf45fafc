/*
 * world.h - two hosts, a link that may be cut at any point, files, guests and deaths: what walk.c walks over.
 *
 * The moves are the world's; what the two sides do in it is what gw_talk_source(), gw_talk_destination() and
 * gw_talk_answer() say, unless a plant overrides one of their rows.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "session.h"

enum { QUEUE_MAX = 6 };

enum guest { GUEST_NONE, GUEST_BUILT, GUEST_RUNS, GUEST_SUSPENDED, GUEST_LOST /* ran, and died with its host */ };
enum host { HOST_UP, HOST_RESTARTED, HOST_DEAD };

/*
 * One process: its place in the talk, the rest of the list that it is doing, the action that takes its time while other
 * events are fed, and the event that came of an action.
 */
struct process {
    uint8_t alive, state, timer, link, slow, event;
    uint8_t todo[GW_TALK_TODO_MAX];
};

/* All octets, no padding: compared and hashed as memory. */
struct world {
    struct process s, d;
    uint8_t again, back;                                /* source */
    uint8_t words, decision, runs;                      /* files */
    uint8_t source_guest, destination_guest;            /* enum guest */
    uint8_t first_up, to_d[QUEUE_MAX], to_s[QUEUE_MAX]; /* the link that carried the offer */
    uint8_t second_up, ask, answers[QUEUE_MAX];         /* the link that carries a question: the last one */
    uint8_t stale;                                      /* questions on earlier links, still under way: a set */
    uint8_t handed;                                     /* COMM, on its way to the holder from who was asked */
    uint8_t host;                                       /* the destination's: enum host */
    uint8_t said;                                       /* the destination was allowed to start, once */
    uint8_t wrong;                                      /* enum wrong */
    uint8_t unused[5];                                  /* a multiple of 8 octets */
};

/* What must never be. */
#define WRONGS(X)                                                                                                      \
    X(NOTHING, "nothing")                                                                                              \
    X(TWO, "I1: two run")                                                                                              \
    X(DESTROYED, "I1: destroyed while nothing runs there")                                                             \
    X(KILLED, "I1: a guest that runs was destroyed or discarded")                                                      \
    X(UNDEAD, "I1: a destroyed guest was resumed")                                                                     \
    X(EARLY, "I2: started though the source had not let go")                                                           \
    X(GUESSED, "I3: resumed behind COMM without a durable refusal")                                                    \
    X(SAID, "a word was said that its own reader calls a violation")                                                   \
    X(FED, "an event was fed that its own reader calls a mistake")                                                     \
    X(FULL, "a queue overflowed: the walk is too small")

enum wrong {
#define X(name, sentence) WRONG_##name,
    WRONGS(X)
#undef X
};
extern const char *const wrongs[];

/* A row that is not as it should be: (state, event) of one side; or what a restart or an answer makes of something. */
enum plant_where { PLANT_NOWHERE, PLANT_SOURCE, PLANT_DESTINATION, PLANT_ANSWER, PLANT_SOURCE_AFTER };
struct plant {
    enum plant_where where;
    unsigned state, event; /* ANSWER: the decision; SOURCE_AFTER: words */
    unsigned next;
    unsigned actions[GW_TALK_TODO_MAX];
};
enum { PLANTS_MAX = 6 };

struct rules {
    bool host_dies, host_restarts; /* once */
    bool damage;                   /* judge only what harms a guest, not the order that is to prevent it */
    bool goes_on_after_restart;    /* a planted mistake: the source's `back` is not set */
    struct plant plants[PLANTS_MAX];
};

/*
 * Where each move from a world goes: the next world, and who did what. A mishap is a move that nobody may rely on: a
 * death, a cut, a failure, a cancellation. Where things go well from some moment on, an end must come without them.
 */
typedef void world_fn(const struct world *next, const char *who, const char *what, bool mishap, void *arg);

struct world world_begin(void);
void world_moves(const struct world *w, const struct rules *rules, world_fn *to, void *arg);

/*
 * Who has the guest in the end: the source, the destination, nobody while it is held; NOWHERE where that is not to be.
 * What has run at the destination and died with its host was its own.
 */
enum ends { ENDS_NOWHERE, ENDS_HERE, ENDS_THERE, ENDS_HELD, NUM_ENDS };
enum ends world_ends(const struct world *w);

/* An end though processes can still be started: they would find what only a person can settle. */
bool world_is_over(const struct world *w);

#endif
