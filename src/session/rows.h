/*
 * rows.h - a state table as rows: one state, a set of events, and where they lead.
 *
 * Each pair of state and event stands in exactly one row; tests/unit/talk.c counts.
 */
#ifndef GW_ROWS_H
#define GW_ROWS_H

#include <stdint.h>

#include "talk.h"

struct row {
    uint8_t state, outcome, next;
    uint8_t actions[GW_TALK_TODO_MAX];
    uint32_t events; /* a bit each */
};

struct table {
    const struct row *rows;
    unsigned num_rows;
    unsigned bad, failed; /* the events where violations and mistakes lead */
};

/* Rows of a table. STATE(name) and ON(event) are the table's own. */
#define GOES(from, when, to, ...)                                                                                      \
    {                                                                                                                  \
        .state = STATE(from), .events = (when), .outcome = GW_TALK_MOVE, .next = STATE(to), .actions = { __VA_ARGS__ } \
    }
#define STAYS(from, when, ...) GOES(from, when, from, __VA_ARGS__)
#define IDLE(from, when, how)                                                                                          \
    {                                                                                                                  \
        .state = STATE(from), .events = (when), .outcome = GW_TALK_##how, .next = STATE(from)                          \
    }

#define DO(a) GW_DO_##a
#define DO2(a, b) GW_DO_##a, GW_DO_##b
#define DO3(a, b, c) GW_DO_##a, GW_DO_##b, GW_DO_##c

/* The row to follow, where a violation or a mistake leads to, and what it was. */
const struct row *find_row(const struct table *table, unsigned state, unsigned event, enum gw_talk_outcome *outcome);
unsigned count_rows(const struct table *table, unsigned state, unsigned event);
struct gw_talk_todo todo_of(const uint8_t actions[GW_TALK_TODO_MAX]);

#endif
