/*
 * destination.c - drives the destination's side: waits for what happens, feeds it to talk_destination.c, and lets
 * destination_do.c do what the table says. Pages and records are no events: they go to the taker as they come.
 *
 * Every action ends before it returns, as in source.c. Tests: tests/unit/session.c, tests/moves.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "destination.h"

#define OFFER_NS (10 * GW_NS_PER_S) /* in which an offer or a question must come */
#define LOOKS_NS (60 * GW_NS_PER_S) /* how long a start is looked at that nobody asks about */

void destination_note(const struct destination *d, const char *text)
{
    struct gw_told told = { .kind = GW_TOLD_NOTE, .side = "destination", .text = text };
    if (d->opts.told != NULL)
        d->opts.told(d->opts.arg, &told);
}

void destination_blame(struct destination *d, const struct gw_err *err)
{
    if (d->report->why.code == GW_E_OK)
        d->report->why = *err;
}

/* --- what was heard ----------------------------------------------------------------------------------------------- */

static int bad(struct destination *d, const char *word, const char *what)
{
    struct gw_err err = GW_ERR_NONE;
    gw_fail(&err, GW_E_REFUSED, "the source says %s, %s", word, what);
    destination_blame(d, &err);
    d->stop_code = STOP_BAD;
    return GW_DESTINATION_ON_BAD;
}

static bool is_ours(const struct destination *d, const uint8_t session[GW_CHUNK_ID_LEN])
{
    return memcmp(d->session, session, GW_CHUNK_ID_LEN) == 0;
}

static int deny(struct destination *d, enum deny_code code, const struct gw_err *err)
{
    char text[400];
    if (d->num_reasons == 0) {
        gw_chunk_reason_put(&d->reasons, code, gw_str(our_words(err, "", text, sizeof text)));
        d->num_reasons = 1;
    }
    destination_blame(d, err);
    return GW_DESTINATION_ON_OFFR_WRONG;
}

/* The session must be new: its lock is ours from now on, and nothing else is there. What is there stays. */
static int take_session(struct destination *d, struct gw_err *err)
{
    enum gw_decision decision = GW_DECISION_NONE;
    struct store_head head;
    unsigned words;
    bool held;
    d->keeps = true;
    if (store_open(&d->store, d->opts.state_dir, STORE_DESTINATION, d->session, err) < 0 ||
        store_lock(&d->store, &held, err) < 0 || store_decision(&d->store, &decision, err) < 0)
        return -1;
    if (decision != GW_DECISION_NONE)
        return gw_fail(err, GW_E_REFUSED, "this session was decided before");
    if (store_journal_read(&d->store, &head, &words))
        return gw_fail(err, GW_E_REFUSED, "this session was here before");
    d->keeps = false;
    return 0;
}

static int open_guest(struct destination *d, const struct gw_chunk_offr *offr, struct gw_err *err)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s:", (int)gw_min(offr->kind.len, 40), offr->kind.text);
    d->dest = gw_destination_open(d->opts.guest != NULL ? d->opts.guest : name, err);
    d->taker = d->dest != NULL ? taker_new(&d->wire, d->dest, &d->opts, err) : NULL;
    return d->taker != NULL ? 0 : -1;
}

/* The empty guest is made here, so that what it refuses is denied while nothing else was touched. */
static int hear_offr(struct destination *d, const struct gw_message *m)
{
    struct gw_err err = GW_ERR_NONE;
    if (d->state != GW_DESTINATION_WAITING)
        return GW_DESTINATION_ON_OFFR;
    memcpy(d->session, m->offr.session, sizeof d->session);
    d->epoch = m->offr.epoch;
    d->report->offered = true;
    session_text(d->session, d->report->session);
    their_words(m->offr.guest, d->report->guest, sizeof d->report->guest);
    snprintf(d->head.name, sizeof d->head.name, "%s", d->report->guest);
    if (take_session(d, &err) < 0)
        return deny(d, DENY_STATE, &err);
    if (open_guest(d, &m->offr, &err) < 0 || taker_offer(d->taker, &m->offr, &d->reasons, &d->num_reasons, &err) < 0)
        return deny(d, DENY_GUEST, &err);
    return GW_DESTINATION_ON_OFFR;
}

/* What the taker could not take: the link's failure is told as such, damage as damage, the rest is ours. */
static int take_failed(struct destination *d, const struct gw_err *err)
{
    if (gw_cancelled() || d->wire.fault != WIRE_WELL)
        return NO_EVENT;
    destination_blame(d, err);
    d->stop_code = err->code == GW_E_SYSTEM ? STOP_FAILED : STOP_BAD;
    return err->code == GW_E_SYSTEM ? GW_DESTINATION_ON_FAILED : GW_DESTINATION_ON_BAD;
}

static int hear_page(struct destination *d, const struct gw_message *m)
{
    struct gw_err err = GW_ERR_NONE;
    if (d->state != GW_DESTINATION_TAKING)
        return bad(d, "PAGE", "where no pages are taken");
    return taker_page(d->taker, &m->page, &err) < 0 ? take_failed(d, &err) : NO_EVENT;
}

static int hear_recd(struct destination *d, const struct gw_message *m)
{
    struct gw_err err = GW_ERR_NONE;
    if (d->state != GW_DESTINATION_TAKING)
        return bad(d, "RECD", "where no records are taken");
    return taker_record(d->taker, &m->recd, &err) < 0 ? take_failed(d, &err) : NO_EVENT;
}

static int hear_roun(struct destination *d, const struct gw_message *m)
{
    if (m->roun.round <= d->ended_round)
        return bad(d, "ROUN", "for a round that has ended");
    d->ended_round = m->roun.round;
    return GW_DESTINATION_ON_ROUN;
}

static int hear_done(struct destination *d, const struct gw_message *m)
{
    struct gw_err err = GW_ERR_NONE;
    if (d->state != GW_DESTINATION_TAKING)
        return GW_DESTINATION_ON_DONE;
    if (taker_lacks(d->taker))
        return GW_DESTINATION_ON_DONE_LACKS;
    if (taker_finish(d->taker, &m->done.totals, &err) < 0)
        return take_failed(d, &err);
    d->totals = m->done.totals;
    return GW_DESTINATION_ON_DONE;
}

static int hear_comm(struct destination *d, const struct gw_message *m)
{
    if (!is_ours(d, m->comm.session) || m->comm.epoch != d->epoch)
        return bad(d, "COMM", "which is about another session");
    d->comm_ns = gw_now(&gw_clock_real);
    return GW_DESTINATION_ON_COMM;
}

static int hear_asks(struct destination *d, const struct gw_message *m)
{
    d->asks = m->asks;
    return GW_DESTINATION_ON_ASKS;
}

static int hear_stop(struct destination *d, const struct gw_message *m)
{
    struct gw_err err = GW_ERR_NONE;
    char text[400];
    gw_fail(&err, GW_E_REFUSED, "the source stops: %s", their_words(m->stop.sentence, text, sizeof text));
    destination_blame(d, &err);
    if (m->stop.code == STOP_ASKED_ONLY)
        d->report->offered = false;
    d->report->acknowledged = m->stop.code != STOP_MAY_ASK;
    return GW_DESTINATION_ON_STOP;
}

static const struct {
    enum gw_chunk_type type;
    int (*hear)(struct destination *d, const struct gw_message *m);
} hearers[] = {
    { GW_CHUNK_OFFR, hear_offr }, { GW_CHUNK_PAGE, hear_page }, { GW_CHUNK_RECD, hear_recd },
    { GW_CHUNK_ROUN, hear_roun }, { GW_CHUNK_DONE, hear_done }, { GW_CHUNK_COMM, hear_comm },
    { GW_CHUNK_ASKS, hear_asks }, { GW_CHUNK_STOP, hear_stop },
};

static int event_of(struct destination *d, const struct gw_message *m)
{
    char name[GW_CHUNK_NAME_ROOM];
    for (unsigned i = 0; i < sizeof hearers / sizeof hearers[0]; i++)
        if (hearers[i].type == m->type)
            return hearers[i].hear(d, m);
    return bad(d, gw_chunk_name(m->type, name), "which is not its to say");
}

/* --- what else happens -------------------------------------------------------------------------------------------- */

static int fault_event(struct destination *d)
{
    static const int events[] = {
        [WIRE_WELL] = NO_EVENT,
        [WIRE_LOST] = GW_DESTINATION_ON_LOST,
        [WIRE_SILENT] = GW_DESTINATION_ON_SILENT,
        [WIRE_BAD] = GW_DESTINATION_ON_BAD,
        [WIRE_CANCELLED] = NO_EVENT, /* the signal is an event of its own */
    };
    if (d->wire.fault == WIRE_WELL || d->fault_told)
        return NO_EVENT;
    d->fault_told = true;
    d->stop_code = STOP_BAD;
    struct gw_err err = d->wire.why;
    gw_because(&err, "the link to the source failed");
    if (events[d->wire.fault] != NO_EVENT)
        destination_blame(d, &err);
    return events[d->wire.fault];
}

static int cancelled(struct destination *d)
{
    struct gw_err err = GW_ERR_NONE;
    gw_fail(&err, GW_E_REFUSED, "it was cancelled");
    destination_blame(d, &err);
    d->stop_code = STOP_CANCELLED;
    if (d->wire.fault == WIRE_CANCELLED)
        d->wire.fault = WIRE_LOST; /* it stopped in the middle of a chunk */
    return GW_DESTINATION_ON_CANCEL;
}

/* COMM, or that the source wants its guest back: from whoever was asked in our place. */
static int handed(struct destination *d)
{
    char word = store_handed(&d->store);
    if (word == STORE_STOP && d->state == GW_DESTINATION_READY)
        return GW_DESTINATION_ON_STOP;
    if (word != STORE_COMM)
        return NO_EVENT;
    d->comm_ns = gw_now(&gw_clock_real);
    return GW_DESTINATION_ON_COMM;
}

/* Who asks keeps us at it; when nobody does any more, the files are there for the next one. */
static uint64_t looks_most(const struct destination *d)
{
    if (d->opts.wait_ns > 0)
        return d->opts.wait_ns;
    return wire_is_open(&d->wire) && d->wire.fault == WIRE_WELL ? UINT64_MAX : LOOKS_NS;
}

/* Whatever is heard meanwhile: who only says that he is there takes a place from others. */
static bool offers_nothing(const struct destination *d)
{
    return d->state == GW_DESTINATION_WAITING && gw_now(&gw_clock_real) - d->began_ns >= OFFER_NS;
}

static int due(struct destination *d)
{
    uint64_t now = gw_now(&gw_clock_real);
    bool looks = d->state == GW_DESTINATION_LOOKING || d->state == GW_DESTINATION_UNDOING;
    if (looks && now - d->looking_ns >= looks_most(d))
        return GW_DESTINATION_ON_CANCEL;
    if (d->timer_ns == 0 || now < d->timer_ns)
        return NO_EVENT;
    d->timer_ns = 0;
    return GW_DESTINATION_ON_TIMER;
}

static int hear(struct destination *d)
{
    struct gw_message heard;
    return wire_hear(&d->wire, &heard) ? event_of(d, &heard) : NO_EVENT;
}

static int find_event(struct destination *d)
{
    int event;
    if (gw_cancel_take())
        return cancelled(d);
    if ((event = fault_event(d)) != NO_EVENT)
        return event;
    if (offers_nothing(d))
        return GW_DESTINATION_ON_SILENT;
    if (d->state == GW_DESTINATION_TAKING) { /* memory comes: reading waits, and judges silence, by itself */
        wire_alive(&d->wire);
        return hear(d);
    }
    switch (wire_wait(&d->wire, d->store.hand, GW_NS_PER_S / 10)) {
    case WIRE_READY: return hear(d);
    case WIRE_OTHER: return handed(d);
    case WIRE_NOTHING: break;
    }
    return due(d);
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

void destination_tell_state(const struct destination *d)
{
    struct gw_told told = { .kind = GW_TOLD_STATE, .side = "destination" };
    told.name = gw_destination_states[d->state].name;
    told.text = gw_destination_states[d->state].sentence;
    if (d->opts.told != NULL)
        d->opts.told(d->opts.arg, &told);
}

void destination_enter(struct destination *d, const struct gw_destination_step *step)
{
    bool moves = step->next != d->state;
    bool looked = d->state == GW_DESTINATION_LOOKING || d->state == GW_DESTINATION_UNDOING;
    d->state = step->next;
    if (moves) {
        d->timer_ns = 0;
        d->backoff_ns = 0;
        if (!looked)
            d->looking_ns = gw_now(&gw_clock_real);
        destination_tell_state(d);
    }
    for (unsigned i = 0; i < step->todo.num; i++)
        if (destination_do(d, step->todo.actions[i]) < 0)
            break;
}

static void feed(struct destination *d, enum gw_destination_event event)
{
    struct gw_destination_step step = gw_talk_destination(d->state, event);
    assert(step.outcome != GW_TALK_LATER); /* results are fed at once: nothing comes in between */
    if (step.outcome == GW_TALK_VIOLATION)
        bad(d, gw_destination_events[event].name, "which it must not say here");
    destination_enter(d, &step);
}

void destination_run(struct destination *d)
{
    while (d->state < GW_DESTINATION_RUNS || d->next_event != NO_EVENT) {
        int event = d->next_event;
        d->next_event = NO_EVENT;
        if (event == NO_EVENT)
            event = find_event(d);
        if (event != NO_EVENT)
            feed(d, (enum gw_destination_event)event);
    }
}
