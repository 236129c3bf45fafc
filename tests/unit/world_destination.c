/*
 * world_destination.c - the destination's moves, and those of whoever is asked about its session.
 */
#include <assert.h>
#include <string.h>

#include "world_moves.h"

/* --- its list ----------------------------------------------------------------------------------------------------- */

/* An outcome of the slow action: the guest and the decision after it, and the event. */
static void outcome(const struct walker *k, enum guest guest, enum gw_decision decision,
                    enum gw_destination_event event)
{
    struct world w = *k->from;
    bool failed = event == GW_DESTINATION_ON_CLAIM_FAILED || event == GW_DESTINATION_ON_WRITE_FAILED ||
                  (event == GW_DESTINATION_ON_UNSURE && (guest == GUEST_RUNS || guest == GUEST_BUILT));
    w.destination_guest = (uint8_t)guest;
    w.decision = (uint8_t)decision;
    done(&w.d, event);
    (failed ? mishap : go)(k, &w, gw_talk_actions[k->from->d.slow].name, gw_destination_events[event].name);
}

/* It succeeds and the list goes on, or fails with whatever was made. */
static void make(const struct walker *k)
{
    struct world w = *k->from;
    const char *name = gw_talk_actions[w.d.todo[0]].name;
    w.destination_guest = GUEST_BUILT;
    advance(&w, &w.d);
    go(k, &w, "destination", name);
    w = *k->from;
    w.destination_guest = GUEST_BUILT;
    fail(&w.d, GW_DESTINATION_ON_FAILED);
    mishap(k, &w, "destination (fails)", name);
}

static void discard(const struct walker *k)
{
    struct world w = *k->from;
    if (w.destination_guest == GUEST_RUNS)
        blame(&w, WRONG_KILLED);
    if (w.destination_guest != GUEST_LOST)
        w.destination_guest = GUEST_NONE;
    advance(&w, &w.d);
    go(k, &w, "destination", "DISCARD");
}

static void claim(const struct walker *k, enum gw_decision wanted)
{
    enum gw_decision stands = k->from->decision;
    enum guest guest = k->from->destination_guest;
    outcome(k, guest, stands, GW_DESTINATION_ON_CLAIM_FAILED);
    if (stands == GW_DECISION_DECLINED)
        outcome(k, guest, stands, GW_DESTINATION_ON_TAKEN);
    if (stands != GW_DECISION_NONE)
        return;
    outcome(k, guest, wanted, GW_DESTINATION_ON_WON);
    outcome(k, guest, wanted, GW_DESTINATION_ON_CLAIM_FAILED);
}

static void claim_started(const struct walker *k)
{
    claim(k, GW_DECISION_STARTED);
}

static void claim_declined(const struct walker *k)
{
    claim(k, GW_DECISION_DECLINED);
}

static void write_declined(const struct walker *k)
{
    enum guest guest = k->from->destination_guest;
    outcome(k, guest, GW_DECISION_DECLINED, GW_DESTINATION_ON_WRITTEN);
    outcome(k, guest, GW_DECISION_DECLINED, GW_DESTINATION_ON_WRITE_FAILED);
    outcome(k, guest, k->from->decision, GW_DESTINATION_ON_WRITE_FAILED);
}

static void write_runs(const struct walker *k)
{
    struct world w = *k->from;
    w.runs = 1;
    advance(&w, &w.d);
    go(k, &w, "destination", "WRITE_RUNS");
    for (uint8_t stands = 0; stands < 2; stands++) {
        w = *k->from;
        w.runs |= stands;
        fail(&w.d, GW_DESTINATION_ON_WRITE_FAILED);
        mishap(k, &w, stands != 0 ? "destination (fails, and the word stands)" : "destination (fails)", "WRITE_RUNS");
    }
}

/* I2 is judged here: the source has let go, and its guest stands. */
static void start(const struct walker *k)
{
    struct world w = *k->from;
    assert(w.destination_guest == GUEST_BUILT);
    if (!k->rules->damage && ((w.words & GW_WORD_LETGO) == 0 || w.source_guest != GUEST_SUSPENDED)) {
        blame(&w, WRONG_EARLY);
        go(k, &w, "destination", "START");
        return;
    }
    outcome(k, GUEST_RUNS, w.decision, GW_DESTINATION_ON_STARTED);
    outcome(k, GUEST_RUNS, w.decision, GW_DESTINATION_ON_UNSURE);
    outcome(k, GUEST_BUILT, w.decision, GW_DESTINATION_ON_UNSURE);
    outcome(k, GUEST_BUILT, w.decision, GW_DESTINATION_ON_NOT_STARTED);
}

/* What is not there any more may have run. */
static void look(const struct walker *k)
{
    enum guest guest = k->from->destination_guest;
    outcome(k, guest, k->from->decision, GW_DESTINATION_ON_UNSURE);
    if (guest == GUEST_RUNS)
        outcome(k, guest, k->from->decision, GW_DESTINATION_ON_STARTED);
    if (guest == GUEST_BUILT)
        outcome(k, guest, k->from->decision, GW_DESTINATION_ON_NOT_STARTED);
}

static void act(const struct walker *k, unsigned action)
{
    static void (*const doers[GW_NUM_TALK_ACTIONS])(const struct walker *) = {
        [GW_DO_CREATE] = make,
        [GW_DO_COMPLETE] = make,
        [GW_DO_DISCARD] = discard,
        [GW_DO_CLAIM_STARTED] = claim_started,
        [GW_DO_CLAIM_DECLINED] = claim_declined,
        [GW_DO_WRITE_DECLINED] = write_declined,
        [GW_DO_WRITE_RUNS] = write_runs,
        [GW_DO_START] = start,
        [GW_DO_LOOK] = look,
    };
    doers[action](k);
}

/* --- what it is told, and what it meets --------------------------------------------------------------------------- */

/* What nobody may rely on. To leave is right where only a person can know. */
static bool is_mishap(const struct world *w, enum gw_destination_event event)
{
    static const bool mishaps[GW_NUM_DESTINATION_EVENTS] = {
        [GW_DESTINATION_ON_BAD] = true,        [GW_DESTINATION_ON_SILENT] = true, [GW_DESTINATION_ON_FAILED] = true,
        [GW_DESTINATION_ON_DONE_LACKS] = true, [GW_DESTINATION_ON_CANCEL] = true,
    };
    return mishaps[event] && !(event == GW_DESTINATION_ON_CANCEL && is_unknown(w));
}

static void meet(const struct walker *k, struct world w, enum gw_destination_event event)
{
    if (feed_destination(k, &w, event))
        (is_mishap(k->from, event) ? mishap : go)(k, &w, "destination", gw_destination_events[event].name);
}

static void hear(const struct walker *k, struct world w, unsigned word)
{
    meet(k, w, word);
    if (word == GW_DESTINATION_ON_OFFR)
        meet(k, w, GW_DESTINATION_ON_OFFR_WRONG);
    if (word == GW_DESTINATION_ON_DONE)
        meet(k, w, GW_DESTINATION_ON_DONE_LACKS);
}

static void link_moves(const struct walker *k)
{
    struct world w = *k->from;
    bool up = w.d.link == LINK_FIRST ? w.first_up != 0 : w.d.link == LINK_SECOND && w.second_up != 0;
    if (w.d.link == LINK_NONE)
        return;
    if (w.d.link == LINK_FIRST && w.to_d[0] != 0) {
        unsigned word = w.to_d[0] - 1u;
        pop(w.to_d);
        hear(k, w, word);
    } else if (!up) {
        w.d.link = LINK_NONE;
        meet(k, w, GW_DESTINATION_ON_LOST);
    }
    if (up) {
        meet(k, *k->from, GW_DESTINATION_ON_SILENT);
        meet(k, *k->from, GW_DESTINATION_ON_BAD);
    }
}

static void own_moves(const struct walker *k)
{
    const struct world *w = k->from;
    if (w->d.slow != 0)
        act(k, w->d.slow);
    if (w->handed != 0) {
        struct world told = *w;
        told.handed = 0;
        meet(k, told, GW_DESTINATION_ON_COMM);
    }
    if (w->d.timer != 0) {
        struct world rung = *w;
        rung.d.timer = 0;
        meet(k, rung, GW_DESTINATION_ON_TIMER);
    }
    meet(k, *w, GW_DESTINATION_ON_CANCEL);
    meet(k, *w, GW_DESTINATION_ON_FAILED);
}

/* --- its end and its restart -------------------------------------------------------------------------------------- */

void end_destination(struct world *w)
{
    if (w->d.link == LINK_FIRST)
        w->first_up = 0;
    if (w->d.link == LINK_SECOND)
        w->second_up = 0;
    memset(&w->d, 0, sizeof w->d);
    w->handed = 0;
}

static void leave(const struct walker *k)
{
    struct world w = *k->from;
    end_destination(&w);
    go(k, &w, "destination", "ends");
}

/* A new holder: by itself, or because somebody asks. */
static void take_over(struct world *w, enum link link)
{
    struct gw_destination_step step = gw_talk_destination_after(w->decision, w->runs != 0);
    memset(&w->d, 0, sizeof w->d);
    w->d.alive = 1;
    w->d.link = (uint8_t)link;
    enter(w, &w->d, step.next, step.todo);
}

static void restart(const struct walker *k)
{
    struct world w = *k->from;
    bool more = w.destination_guest == GUEST_BUILT || (w.decision == GW_DECISION_STARTED && w.runs == 0);
    if (w.host == HOST_DEAD || !more)
        return;
    take_over(&w, LINK_NONE);
    go(k, &w, "destination", "is started again");
}

static bool is_end(unsigned state)
{
    return state == GW_DESTINATION_RUNS || state == GW_DESTINATION_GONE || state == GW_DESTINATION_IN_DOUBT;
}

void destination_moves(const struct walker *k)
{
    const struct world *w = k->from;
    if (w->d.alive == 0) {
        restart(k);
    } else if (w->d.todo[0] != 0) {
        act(k, w->d.todo[0]);
    } else if (w->d.event != 0) {
        struct world told = *w;
        told.d.event = 0;
        if (feed_destination(k, &told, w->d.event - 1u))
            go(k, &told, "destination", gw_destination_events[w->d.event - 1].name);
    } else {
        link_moves(k);
        own_moves(k);
        if (is_end(w->d.state) && w->d.slow == 0)
            leave(k);
    }
}

/* --- who is asked ------------------------------------------------------------------------------------------------- */

static bool is_held_by_someone(const struct world *w)
{
    bool let_go = w->d.state == GW_DESTINATION_GONE && w->d.todo[0] == 0 && w->d.event == 0;
    return w->d.alive != 0 && !let_go;
}

/* Says what the answer says; a question that nobody waits for any more is answered into nothing. */
static void tell(const struct walker *k, struct world w, struct gw_talk_todo todo, bool heard)
{
    static const uint8_t words[GW_NUM_TALK_ACTIONS] = {
        [GW_DO_TELL_DECLINED] = GW_SOURCE_ON_TELL_DECLINED + 1,
        [GW_DO_TELL_STARTING] = GW_SOURCE_ON_TELL_STARTING + 1,
        [GW_DO_TELL_RUNS] = GW_SOURCE_ON_TELL_RUNS + 1,
        [GW_DO_TELL_UNSURE] = GW_SOURCE_ON_TELL_UNSURE + 1,
    };
    unsigned action = todo.actions[todo.num - 1];
    assert(words[action] != 0);
    uint8_t link = w.d.link;
    w.d.link = LINK_SECOND;
    if (heard)
        say_to_source(&w, words[action] - 1u);
    w.d.link = link;
    go(k, &w, "the one who is asked", gw_talk_actions[action].name);
}

static struct gw_talk_todo answer(const struct walker *k, const struct world *w, bool may_go_on, bool failed)
{
    struct gw_talk_asked asked = {
        .decision = w->decision, .runs = w->runs != 0, .may_go_on = may_go_on, .failed = failed
    };
    const struct plant *plant = find_plant(k->rules, PLANT_ANSWER, w->decision, 0);
    return plant != NULL ? planted(plant) : gw_talk_answer(asked);
}

/* The holder lives: the files are looked at; COMM is handed over, or the claim made, and either may fail. */
static void be_asked(const struct walker *k, struct world w, bool may_go_on, bool heard)
{
    struct gw_talk_todo todo = answer(k, &w, may_go_on, false);
    if (todo.actions[0] == GW_DO_HAND_COMM) {
        tell(k, w, answer(k, &w, may_go_on, true), heard);
        w.handed = 1;
        tell(k, w, todo, heard);
    } else if (todo.actions[0] == GW_DO_CLAIM_DECLINED) {
        tell(k, w, answer(k, &w, may_go_on, true), heard);
        w.decision = GW_DECISION_DECLINED;
        tell(k, w, answer(k, &w, may_go_on, false), heard);
    } else {
        tell(k, w, todo, heard);
    }
}

/* Where nothing is known of the session (another directory, another host under that name) nobody decides anything. */
static void ask_stranger(const struct walker *k, struct world w, bool heard)
{
    uint8_t link = w.d.link;
    w.d.link = LINK_SECOND;
    if (heard)
        say_to_source(&w, GW_SOURCE_ON_TELL_UNSURE);
    w.d.link = link;
    mishap(k, &w, "a stranger who is asked", "TELL_UNSURE");
}

static void question(const struct walker *k, struct world w, unsigned ask, bool heard)
{
    ask_stranger(k, w, heard);
    if (is_held_by_someone(&w)) {
        be_asked(k, w, ask == ASK_GO, heard);
    } else {
        take_over(&w, heard ? LINK_SECOND : LINK_NONE);
        go(k, &w, "the one who is asked", "takes over");
    }
}

void question_moves(const struct walker *k)
{
    struct world w = *k->from;
    if (w.host == HOST_DEAD)
        return;
    if (w.ask != 0) {
        w.ask = 0;
        question(k, w, k->from->ask, true);
    }
    for (unsigned ask = ASK_BACK; ask <= ASK_GO; ask++)
        if ((k->from->stale & ask) != 0) {
            w = *k->from;
            w.stale &= (uint8_t)~ask;
            question(k, w, ask, false);
        }
}
