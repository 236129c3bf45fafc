/*
 * man_talk.c - the tables of godwit-chunks(5): chunk types, and the hand-over's states, events, actions and rows.
 *
 * Rows come out of the functions, pair by pair, not out of the tables behind them: so the page tells what the program
 * does. What a state means is not known here, nor which of them are right.
 */
#include <inttypes.h>

#include "chunk.h"
#include "session.h"
#include "man.h"

/* --- chunk types ------------------------------------------------------------------------------------------------- */

static const char *from_name(enum gw_chunk_from from)
{
    return from == GW_FROM_BOTH ? "both" : from == GW_FROM_SOURCE ? "source" : "destination";
}

static void put_sizes(FILE *out, const struct gw_chunk_info *info)
{
    if (info->most == 0)
        fputs("no data", out);
    else if (info->least == info->most)
        fprintf(out, "%" PRIu32 " octets", info->least);
    else
        fprintf(out, "%" PRIu32 " to %" PRIu32 " octets", info->least, info->most);
}

void fill_chunks(FILE *out, const char *unused)
{
    char name[GW_CHUNK_NAME_ROOM];
    (void)unused;
    fputs(".Bl -tag -width Ds\n", out);
    for (const struct gw_chunk_info *it = gw_chunk_types; it < gw_chunk_types + gw_num_chunk_types; it++) {
        fprintf(out, ".It Sy %s Pq %s; %s; ", gw_chunk_name(it->type, name), from_name(it->from),
                (it->type & GW_CHUNK_ANCILLARY) != 0 ? "ancillary" : "critical");
        put_sizes(out, it);
        fputc('\n', out);
        man_put_sentence(out, it->sentence);
    }
    fputs(".El\n", out);
}

/* --- names ------------------------------------------------------------------------------------------------------- */

static void put_names(FILE *out, const struct gw_talk_name *names, unsigned num)
{
    fputs(".Bl -tag -width CLAIM_DECLINED -compact\n", out);
    for (unsigned i = 0; i < num; i++) {
        if (names[i].sentence[0] == '\0')
            continue;
        fprintf(out, ".It Sy %s\n", names[i].name);
        man_put_sentence(out, names[i].sentence);
    }
    fputs(".El\n", out);
}

void fill_source_events(FILE *out, const char *unused)
{
    (void)unused;
    put_names(out, gw_source_events, GW_NUM_SOURCE_EVENTS);
}

void fill_destination_events(FILE *out, const char *unused)
{
    (void)unused;
    put_names(out, gw_destination_events, GW_NUM_DESTINATION_EVENTS);
}

void fill_actions(FILE *out, const char *unused)
{
    (void)unused;
    put_names(out, gw_talk_actions, GW_NUM_TALK_ACTIONS);
}

void fill_outcomes(FILE *out, const char *unused)
{
    (void)unused;
    put_names(out, gw_talk_outcomes, GW_NUM_TALK_OUTCOMES);
}

/* --- rows -------------------------------------------------------------------------------------------------------- */

struct answer {
    unsigned next;
    enum gw_talk_outcome outcome;
    struct gw_talk_todo todo;
};

/* One side's function, and what it speaks of. often: DONE was answered with as many lists as are borne. */
struct side {
    const struct gw_talk_name *states, *events;
    unsigned num_states, num_events;
    struct answer (*ask)(unsigned state, unsigned event, bool often);
};

static struct answer ask_source(unsigned state, unsigned event, bool often)
{
    struct gw_talk_source now = { .state = state, .again = often ? GW_TALK_AGAIN_MAX : 0 };
    struct gw_source_step step = gw_talk_source(now, event);
    return (struct answer){ .next = step.next.state, .outcome = step.outcome, .todo = step.todo };
}

static struct answer ask_destination(unsigned state, unsigned event, bool often)
{
    (void)often;
    struct gw_destination_step step = gw_talk_destination(state, event);
    return (struct answer){ .next = step.next, .outcome = step.outcome, .todo = step.todo };
}

static const struct side source = { gw_source_states, gw_source_events, GW_NUM_SOURCE_STATES, GW_NUM_SOURCE_EVENTS,
                                    ask_source };
static const struct side destination = { gw_destination_states, gw_destination_events, GW_NUM_DESTINATION_STATES,
                                         GW_NUM_DESTINATION_EVENTS, ask_destination };

static bool same(struct answer a, struct answer b)
{
    if (a.next != b.next || a.outcome != b.outcome || a.todo.num != b.todo.num)
        return false;
    for (unsigned i = 0; i < a.todo.num; i++)
        if (a.todo.actions[i] != b.todo.actions[i])
            return false;
    return true;
}

/* The events, a bit each, that are answered so. */
static uint32_t answered_so(const struct side *side, unsigned state, struct answer so)
{
    uint32_t set = 0;
    for (unsigned event = 0; event < side->num_events; event++)
        if (same(side->ask(state, event, false), so))
            set |= UINT32_C(1) << event;
    return set;
}

static uint32_t with_outcome(const struct side *side, unsigned state, enum gw_talk_outcome outcome)
{
    uint32_t set = 0;
    for (unsigned event = 0; event < side->num_events; event++)
        if (side->ask(state, event, false).outcome == outcome)
            set |= UINT32_C(1) << event;
    return set;
}

static void put_events(FILE *out, const struct side *side, uint32_t set)
{
    const char *glue = "";
    for (unsigned event = 0; event < side->num_events; event++) {
        if ((set >> event & 1) == 0)
            continue;
        fprintf(out, "%s%s", glue, side->events[event].name);
        glue = ", ";
    }
}

/* Where it leads, where that is elsewhere, and what is to be done. */
static void put_answer(FILE *out, const struct side *side, unsigned state, struct answer it)
{
    if (it.next != state)
        fprintf(out, " \\(-> %s", side->states[it.next].name);
    for (unsigned i = 0; i < it.todo.num; i++)
        fprintf(out, "%s %s", i == 0 ? ":" : ",", gw_talk_actions[it.todo.actions[i]].name);
    fputc('\n', out);
}

static void put_moves(FILE *out, const struct side *side, unsigned state)
{
    uint32_t left = with_outcome(side, state, GW_TALK_MOVE);
    for (unsigned event = 0; event < side->num_events; event++) {
        if ((left >> event & 1) == 0)
            continue;
        struct answer it = side->ask(state, event, false);
        fputs(".It\n", out);
        put_events(out, side, answered_so(side, state, it));
        put_answer(out, side, state, it);
        left &= ~answered_so(side, state, it);
    }
}

/* What is borne three times, and not once more. */
static void put_often(FILE *out, const struct side *side, unsigned state)
{
    for (unsigned event = 0; event < side->num_events; event++) {
        struct answer it = side->ask(state, event, true);
        if (same(it, side->ask(state, event, false)))
            continue;
        fprintf(out, ".It\n%s when it came %d times before", side->events[event].name, GW_TALK_AGAIN_MAX);
        put_answer(out, side, state, it);
    }
}

/* The outcome whose events need no names, "all others": mistakes, which no peer can make; else the most frequent. */
static enum gw_talk_outcome outcome_of_others(const struct side *side, unsigned state)
{
    enum gw_talk_outcome best = GW_TALK_MISTAKE;
    if (with_outcome(side, state, best) != 0)
        return best;
    for (unsigned outcome = GW_TALK_NOTHING; outcome < GW_TALK_MISTAKE; outcome++)
        if (__builtin_popcount(with_outcome(side, state, outcome)) >
            __builtin_popcount(with_outcome(side, state, best)))
            best = outcome;
    return best;
}

static void put_others(FILE *out, const struct side *side, unsigned state)
{
    enum gw_talk_outcome others = outcome_of_others(side, state);
    uint32_t all = side->num_events < 32 ? (UINT32_C(1) << side->num_events) - 1 : UINT32_MAX;
    for (unsigned outcome = GW_TALK_NOTHING; outcome < GW_NUM_TALK_OUTCOMES; outcome++) {
        uint32_t set = with_outcome(side, state, outcome);
        if (set == 0 || outcome == (unsigned)others)
            continue;
        fputs(".It\n", out);
        put_events(out, side, set);
        fprintf(out, ": %s\n", gw_talk_outcomes[outcome].name);
    }
    fprintf(out, ".It\n%s: %s\n", with_outcome(side, state, others) == all ? "all" : "all others",
            gw_talk_outcomes[others].name);
}

static void put_states(FILE *out, const struct side *side)
{
    fputs(".Bl -tag -width Ds\n", out);
    for (unsigned state = 0; state < side->num_states; state++) {
        fprintf(out, ".It Sy %s\n", side->states[state].name);
        man_put_sentence(out, side->states[state].sentence);
        fputs(".Bl -item -compact -offset 2n\n", out);
        put_moves(out, side, state);
        put_often(out, side, state);
        put_others(out, side, state);
        fputs(".El\n", out);
    }
    fputs(".El\n", out);
}

void fill_source_rows(FILE *out, const char *unused)
{
    (void)unused;
    put_states(out, &source);
}

void fill_destination_rows(FILE *out, const char *unused)
{
    (void)unused;
    put_states(out, &destination);
}

/* --- after a death ----------------------------------------------------------------------------------------------- */

static void put_after(FILE *out, const char *state, struct gw_talk_todo todo)
{
    fprintf(out, " \\(-> %s", state);
    for (unsigned i = 0; i < todo.num; i++)
        fprintf(out, "%s %s", i == 0 ? ":" : ",", gw_talk_actions[todo.actions[i]].name);
    fputc('\n', out);
}

void fill_source_journals(FILE *out, const char *unused)
{
    /* What a journal may hold when its writer dies; the last one only when somebody else wrote into it. */
    static const struct {
        unsigned words;
        const char *told;
    } journals[] = {
        { 0, "nothing" },
        { GW_WORD_SUSPEND, "SUSPEND" },
        { GW_WORD_SUSPEND | GW_WORD_LETGO, "SUSPEND, LETGO" },
        { GW_WORD_SUSPEND | GW_WORD_LETGO | GW_WORD_MOVED, "SUSPEND, LETGO, MOVED" },
        { GW_WORD_SUSPEND | GW_WORD_LETGO | GW_WORD_KEPT, "SUSPEND, LETGO, KEPT" },
        { GW_WORD_SUSPEND | GW_WORD_KEPT, "SUSPEND, KEPT" },
        { GW_SOURCE_WORDS_ALL, "all four" },
    };
    (void)unused;
    fputs(".Bl -item -compact -offset 2n\n", out);
    for (unsigned i = 0; i < sizeof journals / sizeof journals[0]; i++) {
        struct gw_source_step step = gw_talk_source_after(journals[i].words);
        fprintf(out, ".It\n%s", journals[i].told);
        put_after(out, gw_source_states[step.next.state].name, step.todo);
    }
    fputs(".El\n", out);
}

void fill_destination_files(FILE *out, const char *unused)
{
    static const char *const decisions[GW_NUM_DECISIONS] = { "no decision", "started", "declined" };
    (void)unused;
    fputs(".Bl -item -compact -offset 2n\n", out);
    for (unsigned i = 0; i < 2 * GW_NUM_DECISIONS; i++) {
        bool runs = i % 2 == 1;
        struct gw_destination_step step = gw_talk_destination_after(i / 2, runs);
        fprintf(out, ".It\n%s%s", decisions[i / 2], runs ? ", and the journal says RUNS" : "");
        put_after(out, gw_destination_states[step.next].name, step.todo);
    }
    fputs(".El\n", out);
}
