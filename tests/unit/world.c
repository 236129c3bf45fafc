/*
 * world.c - the moves of two hosts: see world.h.
 *
 * Each action with an effect outside of its process (files, guests, dialling) is a move of its own, so that deaths,
 * cuts and the other side's moves come between any two; words and timers need none. While a slow action is under way
 * its process goes on to be fed. A write or claim that fails may have left its word, or not. Deaths are not counted:
 * any process, at any time, any number of times.
 */
#include <assert.h>
#include <string.h>

#include "world_moves.h"

#define X(name, sentence) sentence,
const char *const wrongs[] = { WRONGS(X) };
#undef X

void blame(struct world *w, enum wrong wrong)
{
    if (w->wrong == WRONG_NOTHING)
        w->wrong = (uint8_t)wrong;
}

/* --- queues and links --------------------------------------------------------------------------------------------- */

unsigned length(const uint8_t queue[QUEUE_MAX])
{
    unsigned num = 0;
    while (num < QUEUE_MAX && queue[num] != 0)
        num++;
    return num;
}

/* The same word said again while the first is under way is one word: TELL unsure comes again and again. */
static void push(struct world *w, uint8_t queue[QUEUE_MAX], unsigned event)
{
    unsigned num = length(queue);
    if (num > 0 && queue[num - 1] == event + 1)
        return;
    if (num == QUEUE_MAX)
        blame(w, WRONG_FULL);
    else
        queue[num] = (uint8_t)(event + 1);
}

void pop(uint8_t queue[QUEUE_MAX])
{
    memmove(queue, queue + 1, QUEUE_MAX - 1);
    queue[QUEUE_MAX - 1] = 0;
}

void cut(uint8_t queue[QUEUE_MAX], unsigned left)
{
    memset(queue + left, 0, QUEUE_MAX - left);
}

/* The source leaves its link: what it asked there may still be answered, and nobody hears the answer. */
void leave_link(struct world *w)
{
    if (w->s.link == LINK_FIRST)
        w->first_up = 0;
    if (w->s.link == LINK_SECOND) {
        w->stale |= w->ask;
        w->ask = w->second_up = 0;
        if (w->d.link == LINK_SECOND)
            w->d.link = LINK_BROKEN;
    }
    w->s.link = LINK_NONE;
}

/* What nobody reads is nowhere. */
static void tidy(struct world *w)
{
    if (w->s.link != LINK_FIRST)
        cut(w->to_s, 0);
    if (w->d.link != LINK_FIRST)
        cut(w->to_d, 0);
    if (w->s.link != LINK_FIRST && w->d.link != LINK_FIRST)
        w->first_up = 0;
    if (w->s.link != LINK_SECOND)
        cut(w->answers, 0);
}

static bool is_damage(enum wrong wrong)
{
    return wrong == WRONG_TWO || wrong == WRONG_DESTROYED || wrong == WRONG_KILLED || wrong == WRONG_UNDEAD ||
           wrong == WRONG_FULL;
}

static void move(const struct walker *k, struct world *w, const char *who, const char *what, bool unlucky)
{
    tidy(w);
    if (k->rules->damage && !is_damage(w->wrong))
        w->wrong = WRONG_NOTHING;
    if (w->source_guest == GUEST_RUNS && w->destination_guest == GUEST_RUNS)
        blame(w, WRONG_TWO);
    if (memcmp(w, k->from, sizeof *w) != 0)
        k->to(w, who, what, unlucky, k->arg);
}

void go(const struct walker *k, struct world *w, const char *who, const char *what)
{
    move(k, w, who, what, false);
}

void mishap(const struct walker *k, struct world *w, const char *who, const char *what)
{
    move(k, w, who, what, true);
}

void say_to_source(struct world *w, enum gw_source_event word)
{
    if (w->d.link == LINK_FIRST && w->first_up != 0 && w->s.link == LINK_FIRST)
        push(w, w->to_s, word);
    if (w->d.link == LINK_SECOND && w->second_up != 0 && w->s.link == LINK_SECOND)
        push(w, w->answers, word);
}

void say_to_destination(struct world *w, enum gw_destination_event word)
{
    if (w->s.link == LINK_FIRST && w->first_up != 0)
        push(w, w->to_d, word);
}

/* --- words and timers: done at once ------------------------------------------------------------------------------- */

static void ask(struct world *w)
{
    w->said |= w->back == 0;
    if (w->s.link == LINK_SECOND && w->second_up != 0)
        w->ask = w->back != 0 ? ASK_BACK : ASK_GO;
}

/* False: not one of these. */
static bool do_word(struct world *w, struct process *p, unsigned action)
{
    static const uint8_t to_s[GW_NUM_TALK_ACTIONS] = {
        [GW_DO_SAY_ACPT] = GW_SOURCE_ON_ACPT + 1,
        [GW_DO_SAY_DENY] = GW_SOURCE_ON_DENY + 1,
        [GW_DO_SAY_SEEN] = GW_SOURCE_ON_SEEN + 1,
        [GW_DO_SAY_AGAIN] = GW_SOURCE_ON_AGAIN + 1,
        [GW_DO_SAY_REDY] = GW_SOURCE_ON_REDY + 1,
        [GW_DO_SAY_RUNS] = GW_SOURCE_ON_RUNS + 1,
        [GW_DO_TELL_DECLINED] = GW_SOURCE_ON_TELL_DECLINED + 1,
        [GW_DO_TELL_STARTING] = GW_SOURCE_ON_TELL_STARTING + 1,
        [GW_DO_TELL_RUNS] = GW_SOURCE_ON_TELL_RUNS + 1,
        [GW_DO_TELL_UNSURE] = GW_SOURCE_ON_TELL_UNSURE + 1,
        [GW_DO_SAY_STOP] = GW_SOURCE_ON_STOP + 1,
    };
    static const uint8_t to_d[GW_NUM_TALK_ACTIONS] = {
        [GW_DO_SAY_OFFR] = GW_DESTINATION_ON_OFFR + 1,
        [GW_DO_SAY_DONE] = GW_DESTINATION_ON_DONE + 1,
        [GW_DO_SAY_COMM] = GW_DESTINATION_ON_COMM + 1,
        [GW_DO_SAY_STOP] = GW_DESTINATION_ON_STOP + 1,
    };
    static const bool quiet[GW_NUM_TALK_ACTIONS] = {
        [GW_DO_SAY_ASKS] = true, [GW_DO_TOO_LATE] = true, [GW_DO_IN_DOUBT] = true,  [GW_DO_ARM] = true,
        [GW_DO_COPY] = true,     [GW_DO_OWE] = true,      [GW_DO_SEND_LAST] = true,
    };
    bool source = p == &w->s;
    if (action == GW_DO_SAY_ASKS)
        ask(w);
    else if (action == GW_DO_ARM)
        p->timer = 1;
    else if (source && to_d[action] != 0)
        say_to_destination(w, to_d[action] - 1u);
    else if (!source && to_s[action] != 0)
        say_to_source(w, to_s[action] - 1u);
    w->said |= action == GW_DO_SAY_COMM;
    return quiet[action] || (source ? to_d : to_s)[action] != 0;
}

/* Those that need no move are done at once; a slow one, which is the last, lets other events come in between. */
static void settle(struct world *w, struct process *p)
{
    static const bool slow[GW_NUM_TALK_ACTIONS] = {
        [GW_DO_SUSPEND] = true,       [GW_DO_WRITE_LETGO] = true,    [GW_DO_START] = true,          [GW_DO_LOOK] = true,
        [GW_DO_CLAIM_STARTED] = true, [GW_DO_CLAIM_DECLINED] = true, [GW_DO_WRITE_DECLINED] = true,
    };
    while (p->todo[0] != 0 && do_word(w, p, p->todo[0])) {
        memmove(p->todo, p->todo + 1, GW_TALK_TODO_MAX - 1);
        p->todo[GW_TALK_TODO_MAX - 1] = 0;
    }
    if (slow[p->todo[0]] && p->todo[1] == 0) {
        assert(p->slow == 0);
        p->slow = p->todo[0];
        p->todo[0] = 0;
    }
}

void advance(struct world *w, struct process *p)
{
    memmove(p->todo, p->todo + 1, GW_TALK_TODO_MAX - 1);
    p->todo[GW_TALK_TODO_MAX - 1] = 0;
    settle(w, p);
}

static void begin_list(struct world *w, struct process *p, struct gw_talk_todo todo)
{
    assert(todo.num <= GW_TALK_TODO_MAX);
    memset(p->todo, 0, sizeof p->todo);
    for (unsigned i = 0; i < todo.num; i++)
        p->todo[i] = (uint8_t)todo.actions[i];
    settle(w, p);
}

void fail(struct process *p, unsigned event)
{
    memset(p->todo, 0, sizeof p->todo);
    p->event = (uint8_t)(event + 1);
}

void done(struct process *p, unsigned event)
{
    p->slow = 0;
    fail(p, event);
}

/* --- the talk ----------------------------------------------------------------------------------------------------- */

const struct plant *find_plant(const struct rules *rules, enum plant_where where, unsigned state, unsigned event)
{
    for (unsigned i = 0; i < PLANTS_MAX; i++)
        if (rules->plants[i].where == where && rules->plants[i].state == state && rules->plants[i].event == event)
            return &rules->plants[i];
    return NULL;
}

struct gw_talk_todo planted(const struct plant *plant)
{
    struct gw_talk_todo todo = { 0 };
    while (todo.num < GW_TALK_TODO_MAX && plant->actions[todo.num] != GW_DO_NONE) {
        todo.actions[todo.num] = plant->actions[todo.num];
        todo.num++;
    }
    return todo;
}

static void judge(struct world *w, enum gw_talk_outcome outcome)
{
    if (outcome == GW_TALK_VIOLATION)
        blame(w, WRONG_SAID);
    if (outcome == GW_TALK_MISTAKE)
        blame(w, WRONG_FED);
}

void enter(struct world *w, struct process *p, unsigned state, struct gw_talk_todo todo)
{
    if (p->state != state)
        p->timer = 0;
    p->state = (uint8_t)state;
    begin_list(w, p, todo);
}

bool feed_source(const struct walker *k, struct world *w, enum gw_source_event event)
{
    struct gw_talk_source now = { .state = w->s.state, .again = w->again, .back = w->back != 0 };
    struct gw_source_step step = gw_talk_source(now, event);
    const struct plant *plant = find_plant(k->rules, PLANT_SOURCE, w->s.state, event);
    if (plant != NULL)
        step = (struct gw_source_step){ .next = { .state = plant->next, .back = now.back }, .todo = planted(plant) };
    if (step.outcome == GW_TALK_LATER)
        return false;
    judge(w, step.outcome);
    w->again = (uint8_t)step.next.again;
    enter(w, &w->s, step.next.state, step.todo);
    return true;
}

bool feed_destination(const struct walker *k, struct world *w, enum gw_destination_event event)
{
    struct gw_destination_step step = gw_talk_destination(w->d.state, event);
    const struct plant *plant = find_plant(k->rules, PLANT_DESTINATION, w->d.state, event);
    if (plant != NULL)
        step = (struct gw_destination_step){ .next = plant->next, .todo = planted(plant) };
    if (step.outcome == GW_TALK_LATER)
        return false;
    judge(w, step.outcome);
    enter(w, &w->d, step.next, step.todo);
    return true;
}

/* --- links and hosts ---------------------------------------------------------------------------------------------- */

/* A cut loses any suffix of what is under way; a question under way is lost or still arrives. */
static void cut_moves(const struct walker *k)
{
    const struct world *from = k->from;
    for (unsigned i = 0; from->first_up != 0 && i <= length(from->to_d); i++)
        for (unsigned j = 0; j <= length(from->to_s); j++) {
            struct world w = *from;
            w.first_up = 0;
            cut(w.to_d, i);
            cut(w.to_s, j);
            mishap(k, &w, "link", "cut");
        }
    for (unsigned j = 0; from->second_up != 0 && j <= length(from->answers); j++) {
        struct world w = *from;
        w.second_up = w.ask = 0;
        cut(w.answers, j);
        mishap(k, &w, "second link", "cut");
        w = *from;
        w.stale |= w.ask;
        w.second_up = w.ask = 0;
        cut(w.answers, j);
        mishap(k, &w, "second link", "cut behind the question");
    }
}

/* What ran is lost with its host; what was only built is no more. */
static void end_host(const struct walker *k, enum host host, const char *what)
{
    struct world w = *k->from;
    end_destination(&w);
    w.host = (uint8_t)host;
    w.destination_guest =
        w.destination_guest == GUEST_RUNS || w.destination_guest == GUEST_LOST ? GUEST_LOST : GUEST_NONE;
    w.first_up = w.second_up = w.ask = w.stale = 0;
    mishap(k, &w, "destination's host", what);
}

static void host_moves(const struct walker *k)
{
    if (k->from->host != HOST_UP)
        return;
    if (k->rules->host_dies)
        end_host(k, HOST_DEAD, "dies for ever");
    if (k->rules->host_restarts)
        end_host(k, HOST_RESTARTED, "restarts");
}

static void death_moves(const struct walker *k)
{
    struct world w = *k->from;
    if (w.s.alive != 0) {
        end_source(&w);
        mishap(k, &w, "source", "dies");
    }
    w = *k->from;
    if (w.d.alive != 0) {
        end_destination(&w);
        mishap(k, &w, "destination", "dies");
    }
}

void world_moves(const struct world *w, const struct rules *rules, world_fn *to, void *arg)
{
    struct walker k = { .from = w, .rules = rules, .to = to, .arg = arg };
    source_moves(&k);
    destination_moves(&k);
    question_moves(&k);
    cut_moves(&k);
    death_moves(&k);
    host_moves(&k);
}

struct world world_begin(void)
{
    return (struct world){
        .s = { .alive = 1, .link = LINK_FIRST, .event = GW_SOURCE_ON_LINKED + 1 },
        .d = { .alive = 1, .link = LINK_FIRST },
        .source_guest = GUEST_RUNS,
        .first_up = 1,
    };
}

/* Nobody can say whether the guest ran: its host is dead, or was restarted between `started` and RUNS. */
bool is_unknown(const struct world *w)
{
    if (w->host == HOST_RESTARTED)
        return w->decision == GW_DECISION_STARTED && w->runs == 0 && w->destination_guest != GUEST_RUNS;
    return w->host == HOST_DEAD;
}

static bool is_held(const struct world *w)
{
    return w->source_guest == GUEST_SUSPENDED && (w->words & GW_WORD_LETGO) != 0 && w->s.alive == 0 &&
           w->s.state == GW_SOURCE_IN_DOUBT;
}

bool world_is_over(const struct world *w)
{
    bool lost_there = w->source_guest == GUEST_NONE && w->destination_guest == GUEST_LOST;
    return is_unknown(w) && w->s.alive == 0 && w->d.alive == 0 && (lost_there || is_held(w));
}

enum ends world_ends(const struct world *w)
{
    if (w->source_guest == GUEST_RUNS && w->destination_guest == GUEST_NONE)
        return ENDS_HERE;
    if (w->source_guest == GUEST_NONE && (w->destination_guest == GUEST_RUNS || w->destination_guest == GUEST_LOST))
        return ENDS_THERE;
    return world_is_over(w) ? ENDS_HELD : ENDS_NOWHERE;
}
