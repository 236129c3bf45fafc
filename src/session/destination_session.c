/*
 * destination_session.c - a destination's session from outside: begun by a link or by the files of a dead holder; its
 * end, its report, and which files stay then. The loop in between is destination.c's.
 */
#include <stdio.h>
#include <string.h>

#include "destination.h"

#define FORWARD_NS (2 * GW_NS_PER_S)   /* in which a holder who is told so forgets */
#define FAREWELL_NS (60 * GW_NS_PER_S) /* in which a source that heard RUNS may say that it knows */

/* --- beginning and end -------------------------------------------------------------------------------------------- */

static void skipped(void *arg, const char *name)
{
    char text[120];
    snprintf(text, sizeof text, "the source said '%s', which is not known here and may be skipped", name);
    destination_note(arg, text);
}

static void open_session(struct destination *d, const struct gw_receive_opts *opts, struct gw_receive_report *report)
{
    *report = (struct gw_receive_report){ .why = GW_ERR_NONE };
    *d = (struct destination){ .opts = *opts, .report = report, .next_event = NO_EVENT, .stop_code = STOP_FAILED };
    d->store = STORE_NONE;
    d->began_ns = gw_now(&gw_clock_real);
    wire_init(&d->wire);
    d->wire.skipped = skipped;
    d->wire.arg = d;
}

/* A source that heard the end says so, and then nobody need remember. */
static bool hear_farewell(struct destination *d)
{
    uint64_t end = gw_now(&gw_clock_real) + FAREWELL_NS;
    struct gw_message heard;
    while (wire_is_open(&d->wire) && d->wire.fault == WIRE_WELL && gw_now(&gw_clock_real) < end && !gw_cancelled()) {
        enum wire_look look = wire_wait(&d->wire, d->store.hand, GW_NS_PER_S / 10);
        if (look == WIRE_OTHER && store_handed(&d->store) == STORE_FORGET)
            return true;
        if (look == WIRE_READY && wire_hear(&d->wire, &heard) && heard.type == GW_CHUNK_STOP)
            return heard.stop.code != STOP_MAY_ASK;
    }
    return false;
}

static void fill_report(struct destination *d)
{
    static const enum gw_arrival arrivals[GW_NUM_DESTINATION_STATES] = {
        [GW_DESTINATION_RUNS] = GW_ARRIVED_RUNS,
        [GW_DESTINATION_GONE] = GW_ARRIVED_GONE,
        [GW_DESTINATION_IN_DOUBT] = GW_ARRIVED_IN_DOUBT,
    };
    struct gw_receive_report *r = d->report;
    r->arrival = r->session[0] != '\0' && !d->answered ? arrivals[d->state] : GW_ARRIVED_NOTHING;
    snprintf(r->again, sizeof r->again, "%.*s", (int)sizeof r->again - 1, d->head.guest);
    r->pages = d->taker != NULL ? taker_pages(d->taker) : 0;
    r->totals = d->totals;
}

/* The holder may be at his end, and past hearing: when he has let go, what he left is ours to forget. */
static void forward_farewell(struct destination *d)
{
    struct gw_err ignored = GW_ERR_NONE;
    uint64_t end = gw_now(&gw_clock_real) + FORWARD_NS;
    bool held = true;
    (void)store_hand(&d->store, STORE_FORGET, &ignored);
    while (held && gw_now(&gw_clock_real) < end && !gw_cancelled()) {
        ignored = GW_ERR_NONE;
        if (store_lock(&d->store, &held, &ignored) == 0)
            (void)store_forget(&d->store);
        else if (held)
            gw_wait(&gw_clock_real, GW_NS_PER_S / 50);
    }
}

/*
 * What stays of a session: its decision until the source says that it knows, everything while it is in doubt. A guest
 * that went before the hand-over leaves nothing: nobody will ask.
 */
static void leave_session(struct destination *d)
{
    bool runs = d->state == GW_DESTINATION_RUNS, in_doubt = d->state == GW_DESTINATION_IN_DOUBT || d->keeps;
    if (runs || d->decided || d->answered)
        d->report->acknowledged = d->report->acknowledged || d->opts.forget || hear_farewell(d);
    if (d->store.lock < 0) {
        if (d->report->acknowledged && d->store.dir != NULL)
            forward_farewell(d);
    } else if (in_doubt || ((runs || d->decided) && !d->report->acknowledged)) {
        store_keep(&d->store, runs || in_doubt);
    } else {
        (void)store_forget(&d->store);
    }
}

static void close_session(struct destination *d)
{
    taker_free(d->taker);
    if (d->state == GW_DESTINATION_IN_DOUBT)
        gw_destination_leave(d->dest);
    else
        gw_destination_close(d->dest);
    wire_close(&d->wire);
    store_close(&d->store);
    gw_buf_free(&d->reasons);
}

void gw_receive(struct gw_chan *link, const struct gw_receive_opts *opts, struct gw_receive_report *out)
{
    struct destination d;
    struct gw_err err = GW_ERR_NONE;
    open_session(&d, opts, out);
    destination_tell_state(&d);
    if (wire_open(&d.wire, link, true, &err) < 0) {
        gw_because(&err, "the link never opened");
        out->why = err;
    } else {
        destination_run(&d);
        fill_report(&d);
        leave_session(&d);
    }
    close_session(&d);
}

/* --- after a death ------------------------------------------------------------------------------------------------ */

/* A journal comes first and goes last: without one the session never began, or was being forgotten. */
static bool is_bare(const struct store *store)
{
    struct gw_err err = GW_ERR_NONE;
    enum gw_decision decision;
    return !store_has_journal(store) && store_decision(store, &decision, &err) == 0 && decision != GW_DECISION_DECLINED;
}

static int settle(struct destination *d, const char *session, struct gw_err *err)
{
    if (store_open_again(&d->store, d->opts.state_dir, STORE_DESTINATION, session, d->session, err) < 0)
        return -1;
    if (is_bare(&d->store))
        return (void)store_forget(&d->store), 0;
    if (destination_take_over(d, err) < 0)
        return -1;
    destination_run(d);
    fill_report(d);
    leave_session(d);
    return 0;
}

int gw_settle_destination(const char *session, const struct gw_receive_opts *opts, struct gw_receive_report *out,
                          struct gw_err *err)
{
    struct destination d;
    open_session(&d, opts, out);
    d.state = GW_DESTINATION_GONE;
    int rc = settle(&d, session, err);
    close_session(&d);
    return rc;
}
