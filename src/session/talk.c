/*
 * talk.c - rows, found and counted; the names of everything that the tables speak of.
 */
#include <assert.h>
#include <stddef.h>

#include "session.h"
#include "rows.h"

#define X(name, sentence) { #name, sentence },
const struct gw_talk_name gw_source_states[] = { GW_SOURCE_STATES(X) };
const struct gw_talk_name gw_source_events[] = { GW_SOURCE_EVENTS(X) };
const struct gw_talk_name gw_destination_states[] = { GW_DESTINATION_STATES(X) };
const struct gw_talk_name gw_destination_events[] = { GW_DESTINATION_EVENTS(X) };
const struct gw_talk_name gw_talk_actions[] = { GW_TALK_ACTIONS(X) };
const struct gw_talk_name gw_talk_outcomes[] = { GW_TALK_OUTCOMES(X) };
#undef X

static_assert(GW_NUM_SOURCE_EVENTS <= 32 && GW_NUM_DESTINATION_EVENTS <= 32, "a set of events is 32 bits");
static_assert(GW_NUM_TALK_ACTIONS <= UINT8_MAX, "an action is an octet of its row");

static const struct row *row_of(const struct table *table, unsigned state, unsigned event)
{
    assert(event < 32);
    for (unsigned i = 0; i < table->num_rows; i++)
        if (table->rows[i].state == state && (table->rows[i].events >> event & 1) != 0)
            return &table->rows[i];
    return NULL;
}

const struct row *find_row(const struct table *table, unsigned state, unsigned event, enum gw_talk_outcome *outcome)
{
    const struct row *row = row_of(table, state, event);
    assert(row != NULL);
    *outcome = row->outcome;
    if (row->outcome == GW_TALK_VIOLATION)
        row = row_of(table, state, table->bad);
    else if (row->outcome == GW_TALK_MISTAKE)
        row = row_of(table, state, table->failed);
    assert(row != NULL && row->outcome <= GW_TALK_LATER);
    return row;
}

unsigned count_rows(const struct table *table, unsigned state, unsigned event)
{
    unsigned count = 0;
    for (unsigned i = 0; i < table->num_rows; i++)
        count += table->rows[i].state == state && (table->rows[i].events >> event & 1) != 0;
    return count;
}

struct gw_talk_todo todo_of(const uint8_t actions[GW_TALK_TODO_MAX])
{
    struct gw_talk_todo todo = { 0 };
    while (todo.num < GW_TALK_TODO_MAX && actions[todo.num] != GW_DO_NONE) {
        todo.actions[todo.num] = actions[todo.num];
        todo.num++;
    }
    return todo;
}
