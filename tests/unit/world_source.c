/*
 * world_source.c - the source's moves: its list, what arrives, what it meets by itself, its end and its restart.
 */
#include <string.h>

#include "world_moves.h"

/* --- its list ----------------------------------------------------------------------------------------------------- */

/* A journal's word: written; not written; or reported as not written, and there all the same. */
static void write_word(const struct walker *k, unsigned action, unsigned word)
{
    const char *name = gw_talk_actions[action].name;
    struct world w = *k->from;
    w.words |= (uint8_t)word;
    if (w.s.slow == action)
        done(&w.s, GW_SOURCE_ON_WRITTEN);
    else
        advance(&w, &w.s);
    go(k, &w, "source", name);
    for (unsigned stands = 0; stands < 2; stands++) {
        w = *k->from;
        w.words |= stands != 0 ? (uint8_t)word : 0;
        done(&w.s, GW_SOURCE_ON_WRITE_FAILED);
        mishap(k, &w, stands != 0 ? "source (fails, and the word stands)" : "source (fails)", name);
    }
}

static void dial(const struct walker *k)
{
    struct world w = *k->from;
    leave_link(&w);
    done(&w.s, GW_SOURCE_ON_LOST);
    if (w.host == HOST_DEAD) {
        go(k, &w, "source (nobody there)", "DIAL");
        return;
    }
    mishap(k, &w, "source (fails)", "DIAL");
    w.s.event = GW_SOURCE_ON_LINKED + 1;
    w.s.link = LINK_SECOND;
    w.second_up = 1;
    go(k, &w, "source", "DIAL");
}

static void suspend(const struct walker *k)
{
    struct world w = *k->from;
    done(&w.s, GW_SOURCE_ON_SUSPEND_FAILED);
    mishap(k, &w, "source (fails)", "SUSPEND");
    w.source_guest = GUEST_SUSPENDED;
    mishap(k, &w, "source (fails, and the guest stands)", "SUSPEND");
    w.s.event = GW_SOURCE_ON_SUSPENDED + 1;
    go(k, &w, "source", "SUSPEND");
}

/* I3, and nothing that was destroyed, or has run there, comes back. */
static void resume(const struct walker *k)
{
    struct world w = *k->from;
    if (w.source_guest == GUEST_NONE)
        blame(&w, WRONG_UNDEAD);
    if (w.source_guest == GUEST_SUSPENDED && w.said != 0 && w.decision != GW_DECISION_DECLINED)
        blame(&w, WRONG_GUESSED);
    if (w.source_guest == GUEST_SUSPENDED && w.destination_guest == GUEST_LOST)
        blame(&w, WRONG_GUESSED);
    w.source_guest = GUEST_RUNS;
    advance(&w, &w.s);
    go(k, &w, "source", "RESUME");
}

static void destroy(const struct walker *k)
{
    struct world w = *k->from;
    if (w.source_guest == GUEST_RUNS)
        blame(&w, WRONG_KILLED);
    if (w.destination_guest != GUEST_RUNS && w.destination_guest != GUEST_LOST)
        blame(&w, WRONG_DESTROYED);
    w.source_guest = GUEST_NONE;
    advance(&w, &w.s);
    go(k, &w, "source", "DESTROY");
}

static void act(const struct walker *k, unsigned action)
{
    static const uint8_t words[GW_NUM_TALK_ACTIONS] = {
        [GW_DO_WRITE_SUSPEND] = GW_WORD_SUSPEND,
        [GW_DO_WRITE_LETGO] = GW_WORD_LETGO,
        [GW_DO_WRITE_KEPT] = GW_WORD_KEPT,
        [GW_DO_WRITE_MOVED] = GW_WORD_MOVED,
    };
    static void (*const doers[GW_NUM_TALK_ACTIONS])(const struct walker *) = {
        [GW_DO_DIAL] = dial,
        [GW_DO_SUSPEND] = suspend,
        [GW_DO_RESUME] = resume,
        [GW_DO_DESTROY] = destroy,
    };
    if (words[action] != 0)
        write_word(k, action, words[action]);
    else
        doers[action](k);
}

/* --- what it is told, and what it meets --------------------------------------------------------------------------- */

/* What nobody may rely on. To go in doubt is right where only a person can know. */
static bool is_mishap(const struct world *w, enum gw_source_event event)
{
    static const bool mishaps[GW_NUM_SOURCE_EVENTS] = {
        [GW_SOURCE_ON_BAD] = true,        [GW_SOURCE_ON_SILENT] = true, [GW_SOURCE_ON_FAILED] = true,
        [GW_SOURCE_ON_REDY_WRONG] = true, [GW_SOURCE_ON_CANCEL] = true, [GW_SOURCE_ON_GAVE_UP] = true,
    };
    return mishaps[event] && !(event == GW_SOURCE_ON_CANCEL && is_unknown(w));
}

static void meet(const struct walker *k, struct world w, enum gw_source_event event)
{
    if (feed_source(k, &w, event))
        (is_mishap(k->from, event) ? mishap : go)(k, &w, "source", gw_source_events[event].name);
}

/* A word arrives: as it was said, or as the source has to judge it. */
static void hear(const struct walker *k, struct world w, unsigned word)
{
    meet(k, w, word);
    if (word == GW_SOURCE_ON_SEEN)
        meet(k, w, GW_SOURCE_ON_LACKS);
    if (word == GW_SOURCE_ON_REDY)
        meet(k, w, GW_SOURCE_ON_REDY_WRONG);
}

static void link_moves(const struct walker *k)
{
    struct world w = *k->from;
    uint8_t *queue = w.s.link == LINK_FIRST ? w.to_s : w.answers;
    bool up = w.s.link == LINK_FIRST ? w.first_up != 0 : w.second_up != 0;
    if (w.s.link == LINK_NONE)
        return;
    if (queue[0] != 0) {
        unsigned word = queue[0] - 1u;
        pop(queue);
        hear(k, w, word);
    } else if (!up) {
        w.s.link = LINK_NONE;
        meet(k, w, GW_SOURCE_ON_LOST);
    }
    if (up) {
        meet(k, *k->from, GW_SOURCE_ON_SILENT);
        meet(k, *k->from, GW_SOURCE_ON_BAD);
    }
}

/* A round ends, if the last one was answered. */
static void end_round(const struct walker *k)
{
    struct world w = *k->from;
    for (unsigned i = 0; i < QUEUE_MAX; i++)
        if (w.to_d[i] == GW_DESTINATION_ON_ROUN + 1 || w.to_s[i] == GW_SOURCE_ON_SEEN + 1)
            return;
    say_to_destination(&w, GW_DESTINATION_ON_ROUN);
    go(k, &w, "source", "ends a round");
}

static void own_moves(const struct walker *k)
{
    const struct world *w = k->from;
    if (w->s.slow != 0)
        act(k, w->s.slow);
    if (w->s.timer != 0) {
        struct world rung = *w;
        rung.s.timer = 0;
        meet(k, rung, GW_SOURCE_ON_TIMER);
    }
    if (w->s.state == GW_SOURCE_COPYING) {
        end_round(k);
        meet(k, *w, GW_SOURCE_ON_SWITCH);
        meet(k, *w, GW_SOURCE_ON_GAVE_UP);
    }
    if (w->s.state == GW_SOURCE_STOPPED)
        meet(k, *w, GW_SOURCE_ON_ALL_SENT);
    meet(k, *w, GW_SOURCE_ON_CANCEL);
    meet(k, *w, GW_SOURCE_ON_FAILED);
}

/* --- its end and its restart -------------------------------------------------------------------------------------- */

void end_source(struct world *w)
{
    leave_link(w);
    memset(&w->s, 0, sizeof w->s);
    w->back = w->again = 0;
}

static bool is_end(unsigned state)
{
    return state == GW_SOURCE_KEPT || state == GW_SOURCE_MOVED || state == GW_SOURCE_IN_DOUBT;
}

static void leave(const struct walker *k)
{
    struct world w = *k->from;
    uint8_t state = w.s.state;
    end_source(&w);
    w.s.state = state == GW_SOURCE_IN_DOUBT ? state : 0;
    go(k, &w, "source", "ends");
}

/* A journal that says how it ended needs nobody, unless the guest is still to be destroyed. */
static bool has_more_to_do(const struct world *w)
{
    if ((w->words & GW_WORD_MOVED) != 0)
        return w->source_guest != GUEST_NONE;
    return w->words != 0 && (w->words & GW_WORD_KEPT) == 0;
}

static void restart(const struct walker *k)
{
    struct world w = *k->from;
    if (!has_more_to_do(&w) || (w.host == HOST_DEAD && w.s.state == GW_SOURCE_IN_DOUBT))
        return;
    struct gw_source_step step = gw_talk_source_after(w.words);
    const struct plant *plant = find_plant(k->rules, PLANT_SOURCE_AFTER, w.words, 0);
    if (plant != NULL)
        step = (struct gw_source_step){ .next = { .state = plant->next }, .todo = planted(plant) };
    w.s.alive = 1;
    w.back = step.next.back && !k->rules->goes_on_after_restart;
    enter(&w, &w.s, step.next.state, step.todo);
    go(k, &w, "source", "is started again");
}

void source_moves(const struct walker *k)
{
    const struct world *w = k->from;
    if (w->s.alive == 0) {
        restart(k);
    } else if (w->s.todo[0] != 0) {
        act(k, w->s.todo[0]);
    } else if (w->s.event != 0) {
        struct world told = *w;
        told.s.event = 0;
        if (feed_source(k, &told, w->s.event - 1u))
            go(k, &told, "source", gw_source_events[w->s.event - 1].name);
    } else {
        link_moves(k);
        own_moves(k);
        if (is_end(w->s.state) && w->s.slow == 0)
            leave(k);
    }
}
