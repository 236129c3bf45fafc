/*
 * source.c - drives the source's side: waits for what happens, feeds it to talk_source.c, and lets source_do.c do what
 * the table says. While nothing happens the saver takes its steps.
 *
 * Owns the loop and the mapping of chunks, faults, timers and signals to events. Every action here ends before it
 * returns, so that its result is the next event and nothing is ever fed in between. Tests: tests/unit/session.c,
 * tests/moves.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "source.h"

#define ANSWER_NS (60 * GW_NS_PER_S) /* an answer takes so long at most, and what the guest's memory takes */
#define MEMORY_A_SECOND (UINT64_C(256) << 20)
#define START_NS (20 * GW_NS_PER_S) /* from COMM to RUNS; then the destination is asked over another connection */

void source_note(const struct source *s, const char *text)
{
    struct gw_told told = { .kind = GW_TOLD_NOTE, .side = "source", .text = text };
    if (s->opts.told != NULL)
        s->opts.told(s->opts.arg, &told);
}

void source_blame(struct source *s, const struct gw_err *err)
{
    if (s->report->why.code == GW_E_OK)
        s->report->why = *err;
}

/* --- what was heard ----------------------------------------------------------------------------------------------- */

static int bad(struct source *s, const char *word, const char *what)
{
    struct gw_err err = GW_ERR_NONE;
    gw_fail(&err, GW_E_REFUSED, "the destination says %s, %s", word, what);
    source_blame(s, &err);
    return GW_SOURCE_ON_BAD;
}

static bool is_ours(const struct source *s, const uint8_t session[GW_CHUNK_ID_LEN])
{
    return memcmp(s->session, session, GW_CHUNK_ID_LEN) == 0;
}

static int hear_acpt(struct source *s, const struct gw_message *m)
{
    struct gw_err err = GW_ERR_NONE;
    if (!is_ours(s, m->acpt.session))
        return bad(s, "ACPT", "which is about another session");
    if (s->offer == NULL)
        return GW_SOURCE_ON_ACPT;
    gw_fail(&err, GW_E_REFUSED, "it was only a question");
    s->stop_code = STOP_ASKED_ONLY;
    s->accepted = true;
    source_blame(s, &err);
    return GW_SOURCE_ON_CANCEL;
}

static int hear_deny(struct source *s, const struct gw_message *m)
{
    struct gw_cur list = m->deny.reasons;
    struct gw_chunk_reason reason;
    struct gw_err err = GW_ERR_NONE;
    char text[400];
    while (gw_chunk_reason_take(&list, &reason)) {
        their_words(reason.sentence, text, sizeof text);
        source_note(s, text);
        gw_fail(&err, GW_E_REFUSED, "the destination does not take it: %s", text);
    }
    gw_fail(&err, GW_E_REFUSED, "the destination does not take it, and says not why");
    source_blame(s, &err);
    return GW_SOURCE_ON_DENY;
}

static void blame_lists(struct source *s)
{
    struct gw_err err = GW_ERR_NONE;
    gw_fail(&err, GW_E_REFUSED, "the destination asks for pages again and again, though all were sent");
    if (s->now.again >= GW_TALK_AGAIN_MAX)
        source_blame(s, &err);
}

/* SEEN of a round is told from that of DONE by its number: DONE's answer names a round that no ROUN has ended. */
static int hear_seen(struct source *s, const struct gw_message *m)
{
    struct gw_cur list = m->seen.ranges;
    struct gw_chunk_range range;
    uint64_t num_pfns = s->saver != NULL ? gw_saver_facts(s->saver)->num_pfns : 0, next = 0;
    while (gw_chunk_range_take(&list, &range)) {
        if (range.first >= num_pfns || range.count > num_pfns - range.first)
            return bad(s, "SEEN", "which asks for pages that the guest does not have");
        if (range.first < next) /* so that a list costs no more than the guest is large */
            return bad(s, "SEEN", "which asks for the same pages twice");
        next = range.first + range.count;
        s->report->resent += range.count;
    }
    s->lacks = m->seen.ranges;
    if (s->now.state == GW_SOURCE_PROVING && m->seen.round >= s->round) {
        blame_lists(s);
        return GW_SOURCE_ON_AGAIN;
    }
    if (s->awaits_seen && m->seen.round == s->round) {
        uint64_t took = gw_now(&gw_clock_real) - s->said_roun_ns;
        s->least_answer_ns = s->least_answer_ns == 0 ? took : gw_min(took, s->least_answer_ns);
        s->awaits_seen = false;
        s->answered = true;
    }
    return m->seen.num > 0 ? GW_SOURCE_ON_LACKS : GW_SOURCE_ON_SEEN;
}

static int hear_redy(struct source *s, const struct gw_message *m)
{
    if (gw_chunk_totals_equal(&m->redy.totals, &s->totals))
        return GW_SOURCE_ON_REDY;
    bad(s, "REDY", "and what it has is not what was sent");
    return GW_SOURCE_ON_REDY_WRONG;
}

static int hear_runs(struct source *s, const struct gw_message *m)
{
    return is_ours(s, m->runs.session) ? GW_SOURCE_ON_RUNS : bad(s, "RUNS", "which is about another session");
}

static int hear_tell(struct source *s, const struct gw_message *m)
{
    static const int answers[] = {
        [GW_TELL_DECLINED] = GW_SOURCE_ON_TELL_DECLINED,
        [GW_TELL_STARTING] = GW_SOURCE_ON_TELL_STARTING,
        [GW_TELL_RUNS] = GW_SOURCE_ON_TELL_RUNS,
        [GW_TELL_UNSURE] = GW_SOURCE_ON_TELL_UNSURE,
    };
    struct gw_err err = GW_ERR_NONE;
    char text[400];
    if (!is_ours(s, m->tell.session))
        return bad(s, "TELL", "which is about another session");
    gw_fail(&err, GW_E_REFUSED, "the destination declined: %s", their_words(m->tell.sentence, text, sizeof text));
    s->told = true;
    s->ends_known = m->tell.answer == GW_TELL_DECLINED;
    if (s->ends_known)
        s->report->why = err; /* what the link did before matters no more */
    return answers[m->tell.answer];
}

static int hear_stop(struct source *s, const struct gw_message *m)
{
    struct gw_err err = GW_ERR_NONE;
    char text[400];
    gw_fail(&err, GW_E_REFUSED, "the destination stops: %s", their_words(m->stop.sentence, text, sizeof text));
    source_blame(s, &err);
    return GW_SOURCE_ON_STOP;
}

static const struct {
    enum gw_chunk_type type;
    int (*hear)(struct source *s, const struct gw_message *m);
} hearers[] = {
    { GW_CHUNK_ACPT, hear_acpt }, { GW_CHUNK_DENY, hear_deny }, { GW_CHUNK_SEEN, hear_seen },
    { GW_CHUNK_REDY, hear_redy }, { GW_CHUNK_RUNS, hear_runs }, { GW_CHUNK_TELL, hear_tell },
    { GW_CHUNK_STOP, hear_stop },
};

static int event_of(struct source *s, const struct gw_message *m)
{
    char name[GW_CHUNK_NAME_ROOM];
    for (unsigned i = 0; i < sizeof hearers / sizeof hearers[0]; i++)
        if (hearers[i].type == m->type)
            return hearers[i].hear(s, m);
    return bad(s, gw_chunk_name(m->type, name), "which is not its to say");
}

/* --- what else happens -------------------------------------------------------------------------------------------- */

static int fault_event(struct source *s)
{
    static const int events[] = {
        [WIRE_WELL] = NO_EVENT,        [WIRE_LOST] = GW_SOURCE_ON_LOST, [WIRE_SILENT] = GW_SOURCE_ON_SILENT,
        [WIRE_BAD] = GW_SOURCE_ON_BAD, [WIRE_CANCELLED] = NO_EVENT, /* the signal is an event of its own */
    };
    if (s->wire.fault == WIRE_WELL || s->fault_told)
        return NO_EVENT;
    s->fault_told = true;
    struct gw_err err = s->wire.why;
    gw_because(&err, "the link to '%s' failed", s->opts.to);
    if (events[s->wire.fault] != NO_EVENT)
        source_blame(s, &err);
    return events[s->wire.fault];
}

static int cancelled(struct source *s)
{
    struct gw_err err = GW_ERR_NONE;
    gw_fail(&err, GW_E_REFUSED, "it was cancelled");
    if (s->now.state < GW_SOURCE_LET_GO)
        source_blame(s, &err);
    s->stop_code = STOP_CANCELLED;
    if (s->wire.fault == WIRE_CANCELLED)
        s->wire.fault = WIRE_LOST; /* it stopped in the middle of a chunk */
    return GW_SOURCE_ON_CANCEL;
}

static int due(struct source *s)
{
    uint64_t now = gw_now(&gw_clock_real);
    if (s->mute_ns != 0 && now - s->mute_ns >= WIRE_GOODBYE_NS) {
        s->mute_ns = 0;
        s->wire.fault = WIRE_LOST;
        return fault_event(s);
    }
    if (s->now.state == GW_SOURCE_ASKING && s->opts.wait_ns > 0 && now - s->asking_ns >= s->opts.wait_ns)
        return GW_SOURCE_ON_GAVE_UP;
    if (s->timer_ns == 0 || now < s->timer_ns)
        return NO_EVENT;
    s->timer_ns = 0;
    return GW_SOURCE_ON_TIMER;
}

/* How long the destination may take over what it does now: ALIV alone does not keep a guest suspended. */
static uint64_t deadline(const struct source *s)
{
    uint64_t memory_ns = s->offr.num_pfns * GW_PAGE_LEN / MEMORY_A_SECOND * GW_NS_PER_S;
    if (s->now.state == GW_SOURCE_OPENING)
        return ANSWER_NS;
    if (s->now.state == GW_SOURCE_PROVING || (s->now.state == GW_SOURCE_COPYING && s->awaits_seen))
        return ANSWER_NS + memory_ns;
    return s->now.state == GW_SOURCE_LET_GO ? START_NS : 0;
}

static void await_answer(struct source *s)
{
    uint64_t most = deadline(s);
    if (most == 0)
        s->wire.deadline_ns = 0;
    else if (s->wire.deadline_ns == 0)
        s->wire.deadline_ns = gw_now(&gw_clock_real) + most;
}

static bool has_work(const struct source *s)
{
    return !s->broken && ((s->now.state == GW_SOURCE_COPYING && !s->awaits_seen) || s->now.state == GW_SOURCE_STOPPED);
}

static int find_event(struct source *s)
{
    struct gw_message heard;
    int event;
    if (gw_cancel_take())
        return cancelled(s);
    if ((event = fault_event(s)) != NO_EVENT)
        return event;
    if (s->wire.mute && !s->wire.said_last && s->mute_ns == 0)
        s->mute_ns = gw_now(&gw_clock_real); /* a STOP may be waiting there: it is looked for, for a while */
    if ((event = due(s)) != NO_EVENT)
        return event;
    await_answer(s);
    if (wire_wait(&s->wire, -1, has_work(s) ? 0 : GW_NS_PER_S / 10) == WIRE_READY)
        return wire_hear(&s->wire, &heard) ? event_of(s, &heard) : NO_EVENT;
    if (has_work(s))
        source_work(s);
    return NO_EVENT;
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

void source_tell_state(const struct source *s)
{
    struct gw_told told = { .kind = GW_TOLD_STATE, .side = "source" };
    told.name = gw_source_states[s->now.state].name;
    told.text = gw_source_states[s->now.state].sentence;
    if (s->opts.told != NULL)
        s->opts.told(s->opts.arg, &told);
}

static void enter(struct source *s, const struct gw_source_step *step)
{
    bool moves = step->next.state != s->now.state;
    s->now = step->next;
    if (moves) {
        s->timer_ns = 0;
        s->backoff_ns = 0;
        s->wire.deadline_ns = 0;
        if (s->now.state == GW_SOURCE_ASKING)
            s->asking_ns = gw_now(&gw_clock_real);
        source_tell_state(s);
    }
    for (unsigned i = 0; i < step->todo.num; i++)
        if (source_do(s, step->todo.actions[i]) < 0)
            break;
}

static void feed(struct source *s, enum gw_source_event event)
{
    struct gw_source_step step = gw_talk_source(s->now, event);
    assert(step.outcome != GW_TALK_LATER); /* results are fed at once: nothing comes in between */
    if (step.outcome == GW_TALK_VIOLATION)
        bad(s, gw_source_events[event].name, "which it must not say here");
    enter(s, &step);
}

void source_run(struct source *s, const struct gw_source_step *first)
{
    enter(s, first);
    while (s->now.state < GW_SOURCE_KEPT || s->next_event != NO_EVENT) {
        int event = s->next_event;
        s->next_event = NO_EVENT;
        if (event == NO_EVENT)
            event = find_event(s);
        if (event != NO_EVENT)
            feed(s, (enum gw_source_event)event);
    }
}
