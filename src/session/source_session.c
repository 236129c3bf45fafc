/*
 * source_session.c - a source's session from outside: begun by a migration, a question or a journal; its end, its
 * report, and what is forgotten then. The loop in between is source.c's.
 */
#include <stdio.h>
#include <string.h>

#include "source.h"

/* --- beginning and end -------------------------------------------------------------------------------------------- */

static void skipped(void *arg, const char *name)
{
    char text[120];
    snprintf(text, sizeof text, "the destination said '%s', which is not known here and may be skipped", name);
    source_note(arg, text);
}

static void open_session(struct source *s, const struct gw_migrate_opts *opts, struct gw_move_report *report)
{
    *report = (struct gw_move_report){ .why = GW_ERR_NONE };
    *s = (struct source){ .opts = *opts, .report = report, .next_event = NO_EVENT, .stop_code = STOP_FAILED };
    s->store = STORE_NONE;
    s->began_ns = gw_now(&gw_clock_real);
    wire_init(&s->wire);
    s->wire.skipped = skipped;
    s->wire.arg = s;
}

static void close_session(struct source *s)
{
    wire_close(&s->wire);
    gw_saver_free(s->saver);
    sender_free(s->sender);
    store_close(&s->store);
}

/*
 * A destination that was lost behind DONE may stand ready for a word that will not come. It is told at once, over
 * another connection and once only, what it would else find out by its timer: the guest is kept.
 */
static void call_off(struct source *s)
{
    struct gw_message heard;
    struct gw_err ignored = GW_ERR_NONE;
    uint64_t end = gw_now(&gw_clock_real) + WIRE_GOODBYE_NS;
    if (!s->said_done || (wire_is_open(&s->wire) && s->wire.fault == WIRE_WELL && !s->wire.mute))
        return;
    wire_close(&s->wire);
    if (source_open_link(s, &ignored) < 0)
        return;
    source_ask_back(s);
    while (!s->ends_known && s->wire.fault == WIRE_WELL && gw_now(&gw_clock_real) < end && !gw_cancelled())
        if (wire_wait(&s->wire, -1, GW_NS_PER_S / 10) == WIRE_READY && wire_hear(&s->wire, &heard))
            s->ends_known = heard.type == GW_CHUNK_TELL; /* whatever it says: nothing will be asked again */
}

/* The guest is here for sure, or gone for sure: nothing is left to be settled, and nobody need remember. */
static void forget(struct source *s)
{
    bool ended = s->now.state == GW_SOURCE_KEPT || s->now.state == GW_SOURCE_MOVED;
    if (!ended || s->report->stuck || store_forget(&s->store) < 0)
        return;
    if (s->now.state == GW_SOURCE_KEPT)
        call_off(s);
    if ((s->now.state == GW_SOURCE_MOVED || s->ends_known) && wire_is_open(&s->wire))
        wire_stop(&s->wire, STOP_FORGET, "the end is known here, and nothing will be asked");
}

static void fill_report(struct source *s)
{
    static const enum gw_ending endings[GW_NUM_SOURCE_STATES] = {
        [GW_SOURCE_MOVED] = GW_ENDED_MOVED,
        [GW_SOURCE_IN_DOUBT] = GW_ENDED_IN_DOUBT,
    };
    const struct gw_saver_stats *stats = s->saver != NULL ? gw_saver_stats(s->saver) : NULL;
    struct gw_move_report *r = s->report;
    r->ending = endings[s->now.state];
    r->total_ns = gw_now(&gw_clock_real) - s->began_ns;
    r->wire_octets = s->wire.tap.write_pos;
    r->totals = s->totals;
    session_text(s->session, r->session);
    if (s->sender != NULL)
        r->zero_pages = sender_zero_pages(s->sender);
    if (stats == NULL)
        return;
    r->num_rounds = stats->num_rounds;
    r->pages = stats->pages;
    r->octets = sender_octets(s->sender);
    r->predicted_ns = stats->last.downtime_ns;
    r->proven = r->ending == GW_ENDED_MOVED && s->wire.checks ? s->totals.num_pages : 0;
}

static int open_journal(struct source *s, const struct gw_guest_facts *facts, struct gw_err *err)
{
    struct store_head head = { .epoch = s->epoch };
    bool held;
    uint64_t start = gw_now(&gw_clock_real);
    snprintf(head.guest, sizeof head.guest, "%s", facts->again);
    snprintf(head.name, sizeof head.name, "%s", facts->name);
    snprintf(head.peer, sizeof head.peer, "%s", s->opts.to);
    if (store_open(&s->store, s->opts.state_dir, STORE_SOURCE, s->session, err) < 0)
        return -1;
    if (store_lock(&s->store, &held, err) < 0 || store_journal_new(&s->store, &head, err) < 0) {
        if (s->store.lock >= 0)
            (void)store_forget(&s->store);
        return gw_because(err, "cannot keep a journal of the move");
    }
    s->write_ns = (gw_now(&gw_clock_real) - start) / 2; /* file and directory */
    return 0;
}

/* A guest that a session left suspended is that session's: whoever moved it elsewhere would have it run twice. */
static int check_free(const struct source *s, const struct gw_source *guest, const struct gw_guest_facts *facts,
                      struct gw_err *err)
{
    char id[SESSION_TEXT_ROOM];
    if (store_unfinished(s->opts.state_dir, facts->again, GW_WORD_SUSPEND | GW_WORD_LETGO, "", id))
        return gw_fail(err, GW_E_REFUSED, "session %s has the guest, and is not finished: godwit owner settle %s", id,
                       id);
    if (guest->suspended && s->opts.saver.live)
        return gw_fail(err, GW_E_REFUSED,
                       "the guest is suspended: by a session that is not settled, or by a save (then see --paused)");
    return 0;
}

static int prepare(struct source *s, struct gw_source *guest, struct gw_err *err)
{
    s->guest = guest;
    s->report->still = guest->still;
    s->saver = gw_saver_new(guest, &s->opts.saver, err);
    s->sender = s->saver != NULL ? sender_new(&s->wire, err) : NULL;
    if (s->sender == NULL || session_new(s->session, err) < 0)
        return -1;
    const struct gw_guest_facts *facts = gw_saver_facts(s->saver);
    snprintf(s->report->guest, sizeof s->report->guest, "%s", facts->name);
    snprintf(s->report->again, sizeof s->report->again, "%s", facts->again);
    if (facts->lacks[0] != '\0')
        source_note(s, facts->lacks);
    if (check_free(s, guest, facts, err) < 0 || open_journal(s, facts, err) < 0)
        return -1;
    gw_saver_sink(s->saver, sender_sink(s->sender));
    if (gw_saver_step(s->saver, &s->phase, err) < 0) {
        (void)gw_saver_undo(s->saver, err);
        (void)store_forget(&s->store);
        return -1;
    }
    s->offr = (struct gw_chunk_offr){ .guest = gw_str(facts->name),
                                      .kind = gw_str(facts->kind),
                                      .num_pfns = facts->num_pfns,
                                      .num_ram_pfns = facts->num_ram_pfns,
                                      .live = s->opts.saver.live,
                                      .image = sender_offer(s->sender) };
    memcpy(s->offr.session, s->session, sizeof s->session);
    return 0;
}

/* OPENING, with a link being dialled. */
static struct gw_source_step beginning(void)
{
    return (struct gw_source_step){ .next = { .state = GW_SOURCE_OPENING },
                                    .outcome = GW_TALK_MOVE,
                                    .todo = { .num = 1, .actions = { GW_DO_DIAL } } };
}

int gw_migrate(struct gw_source *guest, const struct gw_migrate_opts *opts, struct gw_move_report *out,
               struct gw_err *err)
{
    struct source s;
    struct gw_source_step first = beginning();
    struct gw_err undone = GW_ERR_NONE;
    open_session(&s, opts, out);
    int rc = prepare(&s, guest, err);
    if (rc == 0) {
        source_tell_state(&s);
        source_run(&s, &first);
        if (s.now.state == GW_SOURCE_KEPT && !out->stuck)
            (void)gw_saver_undo(s.saver, &undone); /* tracking ends; the guest runs */
        fill_report(&s);
        forget(&s);
    }
    close_session(&s);
    return rc;
}

int gw_preflight(const struct gw_offer *offer, const struct gw_migrate_opts *opts, struct gw_err *err)
{
    struct source s;
    struct gw_move_report report;
    struct gw_source_step first = beginning();
    open_session(&s, opts, &report);
    s.offer = offer;
    if (session_new(s.session, err) < 0)
        return -1;
    s.offr = (struct gw_chunk_offr){ .guest = gw_str(offer->name),
                                     .kind = gw_str(offer->kind),
                                     .num_pfns = offer->num_pfns,
                                     .num_ram_pfns = offer->num_ram_pfns,
                                     .image = offer->image };
    memcpy(s.offr.session, s.session, sizeof s.session);
    source_run(&s, &first);
    close_session(&s);
    if (!s.accepted)
        *err = report.why;
    return s.accepted ? 0 : -1;
}

/* --- after a death ------------------------------------------------------------------------------------------------ */

static int find_guest(struct source *s, const struct store_head *head, struct gw_err *err)
{
    enum gw_life life = GW_LIFE_GONE;
    snprintf(s->report->guest, sizeof s->report->guest, "%.*s", (int)sizeof s->report->guest - 1, head->name);
    snprintf(s->report->again, sizeof s->report->again, "%.*s", (int)sizeof s->report->again - 1, head->guest);
    if (head->guest[0] != '\0' && (head->same_boot || gw_guest_lasts(head->guest)))
        life = gw_guest_look(head->guest, err);
    if (life == GW_LIFE_UNKNOWN)
        return gw_because(err, "cannot find out about the guest '%s'", head->guest);
    *err = GW_ERR_NONE;
    if (life == GW_LIFE_GONE)
        return 0;
    s->guest = gw_source_open(head->guest, err);
    if (s->guest == NULL)
        return -1;
    s->report->still = s->guest->still;
    return 0;
}

static int open_again(struct source *s, const char *session, unsigned *words, struct gw_err *err)
{
    struct store_head head;
    if (store_open_again(&s->store, s->opts.state_dir, STORE_SOURCE, session, s->session, err) < 0)
        return -1;
    if (!store_has_journal(&s->store)) { /* a death before anything was done, or while it was forgotten */
        s->report->gone = true;
        return 0;
    }
    if (store_journal_open(&s->store, &head, words, err) < 0)
        return -1;
    s->epoch = head.epoch;
    snprintf(s->peer, sizeof s->peer, "%s", head.peer);
    s->opts.to = s->peer;
    return find_guest(s, &head, err);
}

/*
 * A person made sure that the destination is dead: what it would have told is declined. But who answers is not dead,
 * whatever he says.
 */
static void take_its_part(struct source *s)
{
    struct gw_talk_source asking = { .state = GW_SOURCE_ASKING, .back = true };
    struct gw_source_step step = gw_talk_source(asking, GW_SOURCE_ON_TELL_DECLINED);
    struct gw_err lives = GW_ERR_NONE;
    gw_fail(&lives, GW_E_REFUSED, "the destination is not dead: it answers");
    if (s->told)
        s->report->why = lives;
    else
        source_run(s, &step);
}

int gw_settle_source(const char *session, const struct gw_migrate_opts *opts, struct gw_move_report *out,
                     struct gw_err *err)
{
    struct source s;
    unsigned words = 0;
    open_session(&s, opts, out);
    int rc = open_again(&s, session, &words, err);
    if (rc == 0) {
        struct gw_source_step first = gw_talk_source_after(words);
        source_run(&s, &first);
        if (s.now.state == GW_SOURCE_IN_DOUBT && (words & GW_WORD_LETGO) != 0 && opts->destination_is_dead)
            take_its_part(&s);
        fill_report(&s);
        forget(&s);
    }
    gw_source_close(s.guest);
    close_session(&s);
    return rc;
}
