/*
 * source_do.c - the source's actions, one function each, and the saver's steps between them.
 *
 * An action that fails says so by -1 and by its event in next_event; words never fail.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "source.h"

#define TOLD_NS (GW_NS_PER_S / 4)
#define BACKOFF_LEAST_NS (GW_NS_PER_S / 5)
#define BACKOFF_MOST_NS (10 * GW_NS_PER_S)
#define DURABLE_WRITES 4 /* between suspend and RUNS: LETGO here; the claim (file and directory) and RUNS there */

/* The event that came of an action, whose failure err is. */
static int failed(struct source *s, enum gw_source_event event, const struct gw_err *err)
{
    source_blame(s, err);
    s->next_event = (int)event;
    return -1;
}

/* --- words -------------------------------------------------------------------------------------------------------- */

static int say_offr(struct source *s)
{
    struct gw_message offr = { .type = GW_CHUNK_OFFR, .offr = s->offr };
    wire_say(&s->wire, &offr);
    return 0;
}

static int say_done(struct source *s)
{
    struct gw_message done = { .type = GW_CHUNK_DONE };
    sender_totals(s->sender, &s->totals);
    done.done.totals = s->totals;
    wire_say(&s->wire, &done);
    s->said_done = true;
    return 0;
}

static int say_comm(struct source *s)
{
    struct gw_message comm = { .type = GW_CHUNK_COMM, .comm = { .epoch = s->epoch } };
    memcpy(comm.comm.session, s->session, sizeof s->session);
    wire_say(&s->wire, &comm);
    return 0;
}

static void ask(struct source *s, bool may_go_on)
{
    struct gw_message asks = { .type = GW_CHUNK_ASKS, .asks = { .epoch = s->epoch, .may_go_on = may_go_on } };
    memcpy(asks.asks.session, s->session, sizeof s->session);
    wire_say(&s->wire, &asks);
}

static int say_asks(struct source *s)
{
    ask(s, !s->now.back);
    return 0;
}

void source_ask_back(struct source *s)
{
    ask(s, false);
}

static int say_stop(struct source *s)
{
    char text[300];
    wire_stop(&s->wire, s->stop_code, our_words(&s->report->why, "the source gives up", text, sizeof text));
    return 0;
}

/* --- the link ----------------------------------------------------------------------------------------------------- */

int source_open_link(struct source *s, struct gw_err *err)
{
    struct gw_chan *chan = gw_connect(s->opts.to, err);
    if (chan != NULL && s->opts.bandwidth > 0)
        chan = gw_chan_throttle(chan, s->opts.bandwidth, &gw_clock_real, err);
    return chan != NULL ? wire_open(&s->wire, chan, s->opts.checks, err) : -1;
}

static int dial(struct source *s)
{
    struct gw_err err = GW_ERR_NONE;
    wire_close(&s->wire);
    s->fault_told = false;
    s->mute_ns = 0;
    s->next_event = GW_SOURCE_ON_LINKED;
    if (source_open_link(s, &err) == 0)
        return 0;
    s->wire.fault = WIRE_WELL; /* there is no link whose fault would be told */
    s->next_event = NO_EVENT;
    if (gw_cancelled()) /* an event of its own, which is next */
        return -1;
    return failed(s, GW_SOURCE_ON_LOST, &err);
}

/* Soon, then less and less often. */
static int arm(struct source *s)
{
    if (s->timer_ns != 0)
        return 0;
    s->backoff_ns = gw_min(gw_max(2 * s->backoff_ns, BACKOFF_LEAST_NS), BACKOFF_MOST_NS);
    s->timer_ns = gw_now(&gw_clock_real) + s->backoff_ns;
    return 0;
}

/* --- the guest ---------------------------------------------------------------------------------------------------- */

static int copy(struct source *s)
{
    struct gw_err err = GW_ERR_NONE;
    s->round = 1;
    s->round_ns = gw_now(&gw_clock_real);
    sender_round(s->sender, 1);
    return sender_go(s->sender, &err) < 0 ? failed(s, GW_SOURCE_ON_LOST, &err) : 0;
}

static int owe(struct source *s)
{
    struct gw_bitmap pfns;
    struct gw_err err = GW_ERR_NONE;
    struct gw_chunk_range range;
    if (gw_bitmap_init(&pfns, gw_saver_facts(s->saver)->num_pfns, &err) < 0)
        return failed(s, GW_SOURCE_ON_FAILED, &err);
    while (gw_chunk_range_take(&s->lacks, &range))
        for (uint64_t pfn = range.first; pfn < range.first + range.count; pfn++)
            gw_bitmap_set(&pfns, pfn);
    int rc = gw_saver_owe(s->saver, &pfns, &err);
    s->phase = gw_saver_phase(s->saver);
    gw_bitmap_free(&pfns);
    return rc < 0 ? failed(s, GW_SOURCE_ON_FAILED, &err) : 0;
}

/* Pages that are still owed count as a round of their own: its number is what DONE's answer names. */
static int send_last(struct source *s)
{
    (void)s;
    return 0;
}

static int suspend(struct source *s)
{
    struct gw_err err = GW_ERR_NONE;
    s->next_event = GW_SOURCE_ON_SUSPENDED;
    wire_pulse(&s->wire);
    int rc = gw_saver_step(s->saver, &s->phase, &err);
    wire_pulse_end(&s->wire);
    s->broken = rc < 0;
    return rc < 0 ? failed(s, GW_SOURCE_ON_SUSPEND_FAILED, &err) : 0;
}

static int resume(struct source *s)
{
    struct gw_err err = GW_ERR_NONE;
    char id[SESSION_TEXT_ROOM];
    int rc = 0;
    s->broken = true;
    if (s->saver == NULL && store_unfinished(s->opts.state_dir, s->report->again, GW_WORD_LETGO, s->store.id, id)) {
        gw_fail(&err, GW_E_REFUSED, "session %s let the guest go, and is not settled", id);
        s->report->stuck = true;
        return failed(s, GW_SOURCE_ON_FAILED, &err);
    }
    if (s->saver != NULL)
        rc = gw_saver_undo(s->saver, &err);
    else if (s->guest != NULL)
        rc = gw_source_resume(s->guest, &err);
    else
        s->report->gone = true; /* it ended, or the machine was started again: nothing is left to be resumed */
    if (rc == 0)
        return 0;
    s->report->stuck = true;
    s->report->why = err;
    return failed(s, GW_SOURCE_ON_FAILED, &err);
}

/* Only as this session suspended it. */
static int destroy(struct source *s)
{
    struct gw_err err = GW_ERR_NONE;
    if (s->guest == NULL)
        return 0;
    if (!s->guest->suspended)
        gw_fail(&err, GW_E_REFUSED, "the guest runs here, though the destination says that it runs there");
    if (err.code == GW_E_OK && gw_source_destroy(s->guest, &err) == 0) {
        if (gw_source_remains(s->guest)[0] != '\0')
            source_note(s, gw_source_remains(s->guest));
        return 0;
    }
    s->report->stuck = true;
    s->report->why = err;
    return failed(s, GW_SOURCE_ON_FAILED, &err);
}

/* --- the journal -------------------------------------------------------------------------------------------------- */

static int write_word(struct source *s, enum gw_source_word word)
{
    struct gw_err err = GW_ERR_NONE;
    if (store_journal_add(&s->store, (unsigned)word, &err) == 0)
        return 0;
    return failed(s, GW_SOURCE_ON_WRITE_FAILED, &err);
}

static int write_suspend(struct source *s)
{
    return write_word(s, GW_WORD_SUSPEND);
}

static int write_letgo(struct source *s)
{
    if (write_word(s, GW_WORD_LETGO) < 0) {
        s->stop_code = STOP_MAY_ASK; /* the word may stand all the same */
        return -1;
    }
    s->next_event = GW_SOURCE_ON_WRITTEN;
    return 0;
}

static int write_kept(struct source *s)
{
    return write_word(s, GW_WORD_KEPT);
}

static int write_moved(struct source *s)
{
    const struct gw_saver_stats *stats = s->saver != NULL ? gw_saver_stats(s->saver) : NULL;
    if (stats != NULL)
        s->report->downtime_ns = gw_now(&gw_clock_real) - stats->suspended_at_ns;
    return write_word(s, GW_WORD_MOVED);
}

/* --- what a person is told ---------------------------------------------------------------------------------------- */

static int too_late(struct source *s)
{
    source_note(s, "too late to cancel: the guest was handed over, and the destination's answer is awaited; should it "
                   "have to be asked for it, a signal leaves the guest suspended, in doubt");
    return 0;
}

static int in_doubt(struct source *s)
{
    struct gw_err err = GW_ERR_NONE;
    gw_fail(&err, GW_E_REFUSED, "nobody can say whether the guest runs at '%s'", s->opts.to);
    source_blame(s, &err);
    return 0;
}

static int nothing(struct source *s)
{
    (void)s;
    return 0;
}

int source_do(struct source *s, enum gw_talk_action action)
{
    static int (*const doers[GW_NUM_TALK_ACTIONS])(struct source *) = {
        [GW_DO_NONE] = nothing,
        [GW_DO_SAY_OFFR] = say_offr,
        [GW_DO_SAY_DONE] = say_done,
        [GW_DO_SAY_COMM] = say_comm,
        [GW_DO_SAY_ASKS] = say_asks,
        [GW_DO_SAY_STOP] = say_stop,
        [GW_DO_TOO_LATE] = too_late,
        [GW_DO_IN_DOUBT] = in_doubt,
        [GW_DO_DIAL] = dial,
        [GW_DO_ARM] = arm,
        [GW_DO_COPY] = copy,
        [GW_DO_OWE] = owe,
        [GW_DO_SEND_LAST] = send_last,
        [GW_DO_SUSPEND] = suspend,
        [GW_DO_RESUME] = resume,
        [GW_DO_DESTROY] = destroy,
        [GW_DO_WRITE_SUSPEND] = write_suspend,
        [GW_DO_WRITE_LETGO] = write_letgo,
        [GW_DO_WRITE_KEPT] = write_kept,
        [GW_DO_WRITE_MOVED] = write_moved,
    };
    assert(doers[action] != NULL);
    return doers[action](s);
}

/* --- the saver's steps -------------------------------------------------------------------------------------------- */

static void tell_round(const struct source *s)
{
    const struct gw_saver_stats *stats = gw_saver_stats(s->saver);
    struct gw_told told = { .kind = GW_TOLD_ROUND, .side = "source", .number = stats->num_rounds };
    told.round = &stats->rounds[stats->num_rounds - 1];
    told.decision = &stats->last;
    if (s->opts.told != NULL)
        s->opts.told(s->opts.arg, &told);
}

static void tell_passing(struct source *s)
{
    uint64_t now = gw_now(&gw_clock_real);
    const struct gw_saver_stats *stats = gw_saver_stats(s->saver);
    struct gw_told told = { .kind = GW_TOLD_PASSING, .side = "source", .number = s->round };
    if (s->opts.told == NULL || now - s->told_ns < TOLD_NS)
        return;
    s->told_ns = now;
    told.pages = stats->now.pages;
    told.octets = stats->now.octets;
    told.ns = now - s->round_ns;
    told.of = stats->num_rounds > 0 ? stats->rounds[stats->num_rounds - 1].dirty : s->offr.num_pfns;
    s->opts.told(s->opts.arg, &told);
}

/* What the pause costs beside memory: durable writes and answers, as they took so far. */
static uint64_t expected_pause(const struct source *s)
{
    return DURABLE_WRITES * s->write_ns + 2 * s->least_answer_ns + 2000000;
}

static void end_round(struct source *s)
{
    struct gw_message roun = { .type = GW_CHUNK_ROUN };
    const struct gw_round *now = &gw_saver_stats(s->saver)->now;
    roun.roun = (struct gw_chunk_roun){ .round = s->round, .num_pages = now->pages, .contents_len = now->octets };
    roun.roun.ns = gw_now(&gw_clock_real) - s->round_ns;
    wire_say(&s->wire, &roun);
    s->said_roun_ns = gw_now(&gw_clock_real);
    s->awaits_seen = true;
}

static void next_round(struct source *s)
{
    s->answered = false;
    s->round++;
    s->round_ns = gw_now(&gw_clock_real);
    sender_round(s->sender, s->round);
    tell_round(s);
}

/* What a failed step means is the link's to say, if the link failed; a STOP may be waiting there. */
static void step_failed(struct source *s, const struct gw_err *err)
{
    s->broken = true;
    if (gw_cancelled() || s->wire.fault != WIRE_WELL)
        return;
    if (!s->wire.mute)
        failed(s, GW_SOURCE_ON_FAILED, err);
}

static void give_up(struct source *s)
{
    struct gw_err err = GW_ERR_NONE;
    gw_fail(&err, GW_E_REFUSED, "%s", gw_saver_stats(s->saver)->last.why);
    s->stop_code = STOP_GAVE_UP;
    failed(s, GW_SOURCE_ON_GAVE_UP, &err);
}

void source_work(struct source *s)
{
    struct gw_err err = GW_ERR_NONE;
    bool between = s->phase == GW_PHASE_BETWEEN;
    if (between && !s->answered) {
        end_round(s);
        return;
    }
    if (between)
        gw_saver_expect(s->saver, expected_pause(s));
    if (s->phase == GW_PHASE_SUSPEND || s->phase == GW_PHASE_DONE) {
        s->next_event = s->phase == GW_PHASE_DONE ? GW_SOURCE_ON_ALL_SENT : GW_SOURCE_ON_SWITCH;
        return;
    }
    if (gw_saver_step(s->saver, &s->phase, &err) < 0) {
        step_failed(s, &err);
        return;
    }
    tell_passing(s);
    if (between)
        next_round(s);
    if (s->phase == GW_PHASE_GAVE_UP)
        give_up(s);
}
