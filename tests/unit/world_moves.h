/*
 * world_moves.h - what the files of the world share: links, queues, and a process that does its list.
 */
#ifndef TESTS_WORLD_MOVES_H
#define TESTS_WORLD_MOVES_H

#include "world.h"

enum link { LINK_NONE, LINK_FIRST, LINK_SECOND, LINK_BROKEN /* it ended, and LOST is not yet fed */ };
enum { ASK_BACK = 1, ASK_GO = 2 };

/* Where the moves of one world go. */
struct walker {
    const struct world *from;
    const struct rules *rules;
    world_fn *to;
    void *arg;
};

/* A move: w is another world, unless it is the same. */
void go(const struct walker *k, struct world *w, const char *who, const char *what);
void mishap(const struct walker *k, struct world *w, const char *who, const char *what);
void blame(struct world *w, enum wrong wrong);

unsigned length(const uint8_t queue[QUEUE_MAX]);
void pop(uint8_t queue[QUEUE_MAX]);
void cut(uint8_t queue[QUEUE_MAX], unsigned left);
void say_to_source(struct world *w, enum gw_source_event word);
void say_to_destination(struct world *w, enum gw_destination_event word);
void leave_link(struct world *w);

/* The list of a process: begun; its first action done; its last one done, with an event; failed, the rest dropped. */
void enter(struct world *w, struct process *p, unsigned state, struct gw_talk_todo todo);
void advance(struct world *w, struct process *p);
void done(struct process *p, unsigned event);
void fail(struct process *p, unsigned event);

/* False: later. */
bool feed_source(const struct walker *k, struct world *w, enum gw_source_event event);
bool feed_destination(const struct walker *k, struct world *w, enum gw_destination_event event);

const struct plant *find_plant(const struct rules *rules, enum plant_where where, unsigned state, unsigned event);
struct gw_talk_todo planted(const struct plant *plant);

void source_moves(const struct walker *k);
void destination_moves(const struct walker *k);
void question_moves(const struct walker *k);

/* Only a person can know whether the guest ran at the destination. */
bool is_unknown(const struct world *w);

/* The process is no more: killed, or at its end. */
void end_source(struct world *w);
void end_destination(struct world *w);

#endif
