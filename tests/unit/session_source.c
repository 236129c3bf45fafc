/*
 * session_source.c - a source against a destination that says what it likes: the guest stays, or goes, or is held in
 * doubt, and what was said is told.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "guest_tools.h"
#include "harness.h"
#include "peer.h"
#include "session.h"
#include "session_tools.h"
#include "words.h"

/* --- the destination that a row has in mind ---------------------------------------------------------------------- */

struct row;

/* What the source's side hears from; links come one after the other. */
struct other {
    const struct row *row;
    struct gw_listener *listener;
    pthread_t thread;
    uint8_t session[GW_CHUNK_ID_LEN];
    struct gw_chunk_totals totals;
    struct peer peer;
    unsigned heard_stop; /* its code + 1; 0: none */
    unsigned dones;
};

/* What becomes of a guest whose destination says so. */
struct row {
    const char *name;
    enum gw_chunk_type when; /* behind that chunk of the source's (0: not even HELO is answered) ... */
    void (*say)(struct other *o);
    void (*asked)(struct other *o); /* ... and on the next link, when ASKS came; NULL: nobody listens there */
    enum gw_ending ending;
    const char *why;
};

static void say_acpt(struct other *o)
{
    struct gw_message acpt = { .type = GW_CHUNK_ACPT, .acpt.capabilities = gw_str("zero checks") };
    memcpy(acpt.acpt.session, o->session, sizeof o->session);
    peer_say(&o->peer, &acpt);
}

static void say_redy(struct other *o)
{
    struct gw_message redy = { .type = GW_CHUNK_REDY, .redy.totals = o->totals };
    peer_say(&o->peer, &redy);
}

static void say_runs(struct other *o)
{
    struct gw_message runs = { .type = GW_CHUNK_RUNS };
    memcpy(runs.runs.session, o->session, sizeof o->session);
    peer_say(&o->peer, &runs);
}

static void say_seen(struct other *o, uint32_t round, const uint64_t *ranges, unsigned num)
{
    struct gw_message seen = { .type = GW_CHUNK_SEEN, .seen = { .round = round, .num = num } };
    struct gw_buf list = { 0 };
    for (unsigned i = 0; i < num; i++)
        gw_chunk_range_put(&list, ranges[2 * i], ranges[2 * i + 1]);
    seen.seen.ranges = gw_buf_cur(&list);
    peer_say(&o->peer, &seen);
    gw_buf_free(&list);
}

/* What a destination says that has nothing against it. */
static void answer_well(struct other *o, const struct gw_message *m)
{
    if (m->type == GW_CHUNK_OFFR)
        say_acpt(o);
    else if (m->type == GW_CHUNK_ROUN)
        say_seen(o, m->roun.round, NULL, 0);
    else if (m->type == GW_CHUNK_DONE)
        say_redy(o);
    else if (m->type == GW_CHUNK_COMM)
        say_runs(o);
}

static void note(struct other *o, const struct gw_message *m)
{
    if (m->type == GW_CHUNK_OFFR)
        memcpy(o->session, m->offr.session, sizeof o->session);
    if (m->type == GW_CHUNK_DONE)
        o->totals = m->done.totals;
    if (m->type == GW_CHUNK_STOP)
        o->heard_stop = m->stop.code + 1;
    o->dones += m->type == GW_CHUNK_DONE;
}

/* To the end of the link: by the row, else well. */
static void talk(struct other *o, bool asked)
{
    struct gw_message m;
    struct gw_err err = GW_ERR_NONE;
    peer_open(&o->peer, gw_accept(o->listener, &err));
    if (o->row->when != 0)
        peer_helo(&o->peer, "zero checks");
    while (peer_hear(&o->peer, &m)) {
        note(o, &m);
        if (asked && m.type == GW_CHUNK_ASKS)
            o->row->asked(o);
        else if (!asked && m.type == o->row->when && o->row->say != NULL)
            o->row->say(o);
        else
            answer_well(o, &m);
    }
    peer_close(&o->peer);
}

static void *serve(void *arg)
{
    struct other *o = arg;
    talk(o, false);
    if (o->row->asked != NULL)
        talk(o, true);
    gw_listener_close(o->listener);
    return NULL;
}

/* The link ends as if its host had gone. */
static void hang_up(struct other *o)
{
    int in, out;
    gw_chan_fds(o->peer.chan, &in, &out);
    shutdown(in, SHUT_RDWR);
}

/* --- one run ----------------------------------------------------------------------------------------------------- */

struct run {
    struct other other;
    char state_dir[STATE_DIR_ROOM], run_dir[STATE_DIR_ROOM], address[STATE_DIR_ROOM + 16];
    struct gw_migrate_opts opts;
    struct gw_source *source;
    struct gw_move_report report;
    char notes[2048];
    const char *cancel_in; /* a state of the source */
};

static void told(void *arg, const struct gw_told *told)
{
    struct run *run = arg;
    size_t at = strlen(run->notes);
    if (told->kind == GW_TOLD_NOTE)
        snprintf(run->notes + at, sizeof run->notes - at, "%s\n", told->text);
    if (told->kind == GW_TOLD_STATE && run->cancel_in != NULL && strcmp(told->name, run->cancel_in) == 0)
        gw_cancel_request();
}

static void begin(struct run *run, const struct row *row)
{
    struct gw_err err = GW_ERR_NONE;
    ignore_broken_pipes();
    memset(run, 0, sizeof *run);
    run->other.row = row;
    snprintf(run->address, sizeof run->address, "unix:%s/s", state_dir_new(run->run_dir));
    run->opts = (struct gw_migrate_opts){ .to = run->address,
                                          .state_dir = state_dir_new(run->state_dir),
                                          .checks = true,
                                          /* an answer that comes is waited for, however busy the machine */
                                          .wait_ns = row->ending == GW_ENDED_IN_DOUBT ? 1000000 : 60 * GW_NS_PER_S,
                                          .told = told,
                                          .arg = run };
    run->opts.saver.clock = &gw_clock_real;
    run->opts.saver.live = true;
    run->opts.saver.policy.downtime_ns = UINT64_C(10000000000);
    run->other.listener = gw_listen(run->address, &err);
    CHECK(run->other.listener != NULL);
}

static void go(struct run *run, const char *guest)
{
    struct gw_err err = GW_ERR_NONE;
    run->source = guest_source(guest); /* forks: no other thread may hold a lock meanwhile */
    CHECK_EQ(pthread_create(&run->other.thread, NULL, serve, &run->other), 0);
    CHECK_EQ(gw_migrate(run->source, &run->opts, &run->report, &err), 0);
    pthread_join(run->other.thread, NULL);
    printf("%s: ended %d: %s\n%s", run->other.row->name, (int)run->report.ending, run->report.why.msg, run->notes);
}

static void end(struct run *run)
{
    gw_source_close(run->source);
    state_dir_remove(run->state_dir);
    state_dir_remove(run->run_dir);
}

static void guest_is_where_the_report_says(const struct run *run)
{
    CHECK_EQ(run->source->gone, run->report.ending == GW_ENDED_MOVED);
    CHECK_EQ(run->source->suspended, run->report.ending != GW_ENDED_KEPT);
    CHECK(!run->report.stuck);
    CHECK_EQ(state_dir_files(run->state_dir), run->report.ending == GW_ENDED_IN_DOUBT ? 2 : 0);
}

static void go_through(const struct row *rows)
{
    for (; rows->name != NULL; rows++) {
        struct run run;
        begin(&run, rows);
        go(&run, "model:pages=100,dirty=2/0");
        CHECK_EQ(run.report.ending, rows->ending);
        CHECK_HAS(run.report.why.msg, rows->why);
        guest_is_where_the_report_says(&run);
        end(&run);
    }
}

/* --- before it is let go ----------------------------------------------------------------------------------------- */

static void say_acpt_of_another(struct other *o)
{
    o->session[0] ^= 1;
    say_acpt(o);
}

static void say_deny(struct other *o)
{
    struct gw_message deny = { .type = GW_CHUNK_DENY, .deny.num = 3 };
    struct gw_buf list = { 0 };
    gw_chunk_reason_put(&list, 1, gw_str("first\x1b[31m"));
    gw_chunk_reason_put(&list, 2, gw_str("second"));
    gw_chunk_reason_put(&list, 99, gw_str("third"));
    deny.deny.reasons = gw_buf_cur(&list);
    peer_say(&o->peer, &deny);
    gw_buf_free(&list);
}

static void say_deny_without_reason(struct other *o)
{
    static const struct gw_message deny = { .type = GW_CHUNK_DENY };
    peer_say(&o->peer, &deny);
}

static void say_stop(struct other *o)
{
    struct gw_message stop = { .type = GW_CHUNK_STOP, .stop = { 3, gw_str("I must\x07 go") } };
    peer_say(&o->peer, &stop);
}

static void tell(struct other *o, enum gw_tell answer)
{
    struct gw_message tell = { .type = GW_CHUNK_TELL, .tell = { .answer = answer, .sentence = gw_str("so be it") } };
    memcpy(tell.tell.session, o->session, sizeof o->session);
    peer_say(&o->peer, &tell);
}

static void tell_declined(struct other *o)
{
    tell(o, GW_TELL_DECLINED);
}

static void tell_runs(struct other *o)
{
    tell(o, GW_TELL_RUNS);
}

static void ask_for_what_is_not(struct other *o)
{
    static const uint64_t ranges[] = { 99, 2 };
    say_seen(o, 1, ranges, 1);
}

static void ask_for_what_is_far_away(struct other *o)
{
    static const uint64_t ranges[] = { 1, (UINT64_C(1) << 52) - 1 };
    say_seen(o, 1, ranges, 1);
}

static void ask_twice(struct other *o)
{
    static const uint64_t ranges[] = { 0, 100, 50, 50 };
    say_seen(o, 1, ranges, 2);
}

static void ask_always(struct other *o)
{
    static const uint64_t ranges[] = { 7, 3 };
    say_seen(o, 1000, ranges, 1);
}

static void say_redy_of_something_else(struct other *o)
{
    o->totals.num_pages++;
    say_redy(o);
}

static void say_offr(struct other *o)
{
    struct gw_message offr = { .type = GW_CHUNK_OFFR, .offr.guest = gw_str("mine") };
    peer_say(&o->peer, &offr);
}

static void say_nonsense(struct other *o)
{
    peer_say_octets(&o->peer, "nonsense that is no chunk", 25);
}

static void a_destination_that_does_not_play_its_part_leaves_the_guest_here(void)
{
    static const struct row rows[] = {
        { "ACPT of another", GW_CHUNK_OFFR, say_acpt_of_another, NULL, GW_ENDED_KEPT, "ACPT, which is about another" },
        { "DENY, no reason", GW_CHUNK_OFFR, say_deny_without_reason, NULL, GW_ENDED_KEPT, "says not why" },
        { "early STOP", GW_CHUNK_OFFR, say_stop, NULL, GW_ENDED_KEPT, "the destination stops: I must\\x07 go" },
        { "early REDY", GW_CHUNK_OFFR, say_redy, NULL, GW_ENDED_KEPT, "says REDY, " },
        { "early RUNS", GW_CHUNK_OFFR, say_runs, NULL, GW_ENDED_KEPT, "says RUNS, which it must not say here" },
        { "early TELL", GW_CHUNK_OFFR, tell_runs, NULL, GW_ENDED_KEPT, "TELL_RUNS, which it must not say here" },
        { "hangs up", GW_CHUNK_OFFR, hang_up, NULL, GW_ENDED_KEPT, "failed" },
        { "OFFR", GW_CHUNK_OFFR, say_offr, NULL, GW_ENDED_KEPT, "says OFFR, which is not its to say" },
        { "nonsense", GW_CHUNK_OFFR, say_nonsense, NULL, GW_ENDED_KEPT, "the link to 'unix:" },
        { "ACPT twice", GW_CHUNK_ROUN, say_acpt, NULL, GW_ENDED_KEPT, "says ACPT, which it must not say here" },
        { "STOP", GW_CHUNK_ROUN, say_stop, NULL, GW_ENDED_KEPT, "I must" },
        { "hangs up later", GW_CHUNK_ROUN, hang_up, NULL, GW_ENDED_KEPT, "failed" },
        { "RUNS while copying", GW_CHUNK_ROUN, say_runs, NULL, GW_ENDED_KEPT, "says RUNS, " },
        { "pages that are not", GW_CHUNK_ROUN, ask_for_what_is_not, NULL, GW_ENDED_KEPT, "the guest does not have" },
        { "far away", GW_CHUNK_ROUN, ask_for_what_is_far_away, NULL, GW_ENDED_KEPT, "the guest does not have" },
        { "pages twice", GW_CHUNK_ROUN, ask_twice, NULL, GW_ENDED_KEPT, "for the same pages twice" },
        { "REDY, other totals", GW_CHUNK_DONE, say_redy_of_something_else, NULL, GW_ENDED_KEPT, "not what was sent" },
        { "STOP while proving", GW_CHUNK_DONE, say_stop, NULL, GW_ENDED_KEPT, "I must" },
        { "hangs up at the end", GW_CHUNK_DONE, hang_up, NULL, GW_ENDED_KEPT, "failed" },
        { "RUNS at the end", GW_CHUNK_DONE, say_runs, NULL, GW_ENDED_KEPT, "says RUNS, " },
        { "TELL runs at the end", GW_CHUNK_DONE, tell_runs, NULL, GW_ENDED_KEPT, "TELL_RUNS, which it must not" },
        { "TELL declined", GW_CHUNK_DONE, tell_declined, NULL, GW_ENDED_KEPT, "declined: so be it" },
        { 0 },
    };
    go_through(rows);
}

static void all_reasons_of_a_refusal_are_told(void)
{
    static const struct row row = { "DENY", GW_CHUNK_OFFR, say_deny, NULL, GW_ENDED_KEPT, "" };
    struct run run;
    begin(&run, &row);
    go(&run, "model:");
    CHECK_HAS(run.report.why.msg, "the destination does not take it: first\\x1b[31m");
    CHECK_STR(run.notes, "first\\x1b[31m\nsecond\nthird\n");
    guest_is_where_the_report_says(&run);
    end(&run);
}

static void a_destination_that_asks_again_and_again_is_given_up(void)
{
    static const struct row row = { "lists", GW_CHUNK_DONE, ask_always, NULL, GW_ENDED_KEPT, "" };
    struct run run;
    begin(&run, &row);
    go(&run, "model:pages=100");
    CHECK_EQ(run.report.ending, GW_ENDED_KEPT);
    CHECK_EQ(run.other.dones, 1 + GW_TALK_AGAIN_MAX);
    CHECK_EQ(run.report.resent, 3 * (1 + GW_TALK_AGAIN_MAX));
    CHECK_HAS(run.report.why.msg, "asks for pages again and again");
    guest_is_where_the_report_says(&run);
    end(&run);
}

/* --- when it is let go ------------------------------------------------------------------------------------------- */

static void runs_of_another(struct other *o)
{
    o->session[0] ^= 1;
    say_runs(o);
    o->session[0] ^= 1;
}

static void tell_starting_and_runs(struct other *o)
{
    tell(o, GW_TELL_STARTING);
    tell(o, GW_TELL_RUNS);
}

static void tell_unsure(struct other *o)
{
    tell(o, GW_TELL_UNSURE);
}

static void what_became_of_a_guest_that_was_let_go_is_asked(void)
{
    static const struct row rows[] = {
        { "all is well", GW_CHUNK_COMM, say_runs, NULL, GW_ENDED_MOVED, "" },
        { "starting first", GW_CHUNK_COMM, tell_starting_and_runs, NULL, GW_ENDED_MOVED, "" },
        { "declined", GW_CHUNK_COMM, tell_declined, NULL, GW_ENDED_KEPT, "declined: so be it" },
        { "lost, runs", GW_CHUNK_COMM, hang_up, tell_runs, GW_ENDED_MOVED, "" },
        { "lost, says RUNS", GW_CHUNK_COMM, hang_up, say_runs, GW_ENDED_MOVED, "" },
        { "lost, starting first", GW_CHUNK_COMM, hang_up, tell_starting_and_runs, GW_ENDED_MOVED, "" },
        { "lost, declined", GW_CHUNK_COMM, hang_up, tell_declined, GW_ENDED_KEPT, "" },
        { "stops, runs", GW_CHUNK_COMM, say_stop, tell_runs, GW_ENDED_MOVED, "" },
        { "stops, declined", GW_CHUNK_COMM, say_stop, tell_declined, GW_ENDED_KEPT, "" },
        { "RUNS of another, declined", GW_CHUNK_COMM, runs_of_another, tell_declined, GW_ENDED_KEPT, "" },
        { "REDY again, runs", GW_CHUNK_COMM, say_redy, tell_runs, GW_ENDED_MOVED, "" },
        { "nonsense, runs", GW_CHUNK_COMM, say_nonsense, tell_runs, GW_ENDED_MOVED, "" },
        { "lost, and gone", GW_CHUNK_COMM, hang_up, NULL, GW_ENDED_IN_DOUBT, "" },
        { "lost, unsure", GW_CHUNK_COMM, hang_up, tell_unsure, GW_ENDED_IN_DOUBT, "" },
        { "lost, and again", GW_CHUNK_COMM, hang_up, hang_up, GW_ENDED_IN_DOUBT, "" },
        { 0 },
    };
    go_through(rows);
}

static int is_in_doubt(void *arg, const struct gw_session_info *info, struct gw_err *err)
{
    (void)err;
    snprintf(arg, GW_SESSION_ROOM, "%s", info->session);
    CHECK(!info->destination && !info->held && !info->ended);
    CHECK_HAS(info->state, "was let go and is suspended here");
    CHECK_HAS(info->what_to_do, "--destination-is-dead");
    CHECK_HAS(info->peer, "unix:");
    return 0;
}

static void a_guest_in_doubt_is_settled_by_a_person(void)
{
    static const struct row row = { "gone", GW_CHUNK_COMM, hang_up, NULL, GW_ENDED_IN_DOUBT, "" };
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct run run;
    char session[GW_SESSION_ROOM] = "", again[GW_AGAIN_ROOM];
    begin(&run, &row);
    run.opts.saver.live = false;
    go(&run, "process:life=100,mem=256K");
    CHECK_EQ(run.report.ending, GW_ENDED_IN_DOUBT);
    CHECK_HAS(run.report.why.msg, "failed");
    guest_is_where_the_report_says(&run);
    gw_source_close(run.source);
    CHECK_EQ(gw_sessions(run.state_dir, is_in_doubt, session, &err), 0);
    CHECK_STR(session, run.report.session);

    CHECK_EQ(gw_settle_source(session, &run.opts, &run.report, &err), 0); /* nobody is there to be asked */
    CHECK_EQ(run.report.ending, GW_ENDED_IN_DOUBT);
    CHECK_EQ(gw_sessions(run.state_dir, is_in_doubt, session, &err), 0);

    run.opts.destination_is_dead = true;
    CHECK_EQ(gw_settle_source(session, &run.opts, &run.report, &err), 0);
    CHECK_EQ(run.report.ending, GW_ENDED_KEPT);
    CHECK(!run.report.stuck);
    CHECK_EQ(state_dir_files(run.state_dir), 0);
    snprintf(again, sizeof again, "%s", run.report.again);
    run.source = guest_open(again, &facts);
    guest_let_run(run.source, 10);
    guest_end(run.source);
    run.source = NULL;
    CHECK_EQ(gw_settle_source(session, &run.opts, &run.report, &err), -1); /* it is settled */
    CHECK_FAIL(err, GW_E_REFUSED, "there is no session");
    end(&run);
}

/* --- cancelled --------------------------------------------------------------------------------------------------- */

static void a_source_can_be_cancelled_in_each_state(void)
{
    static const struct row well = { "well", GW_CHUNK_HELO, NULL, NULL, GW_ENDED_KEPT, "" };
    static const struct row gone = { "gone", GW_CHUNK_COMM, hang_up, NULL, GW_ENDED_KEPT, "" };
    static const struct {
        const char *state;
        const struct row *row;
        enum gw_ending ending;
        const char *note;
    } rows[] = {
        { "COPYING", &well, GW_ENDED_KEPT, "" },
        { "SUSPENDING", &well, GW_ENDED_KEPT, "" },
        { "STOPPED", &well, GW_ENDED_KEPT, "" },
        { "PROVING", &well, GW_ENDED_KEPT, "" },
        { "LETTING_GO", &well, GW_ENDED_MOVED, "too late to cancel" },
        { "LET_GO", &well, GW_ENDED_MOVED, "too late to cancel" },
        { "ASKING", &gone, GW_ENDED_IN_DOUBT, "" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run run;
        begin(&run, rows[i].row);
        run.cancel_in = rows[i].state;
        run.opts.wait_ns = 0; /* only the cancelling ends it */
        go(&run, "model:pages=100,dirty=5/0");
        printf("cancelled in %s\n", rows[i].state);
        CHECK_EQ(run.report.ending, rows[i].ending);
        CHECK_HAS(run.notes, rows[i].note);
        if (rows[i].ending == GW_ENDED_KEPT)
            CHECK_HAS(run.report.why.msg, "it was cancelled");
        if (rows[i].ending == GW_ENDED_KEPT)
            CHECK_EQ(run.other.heard_stop, STOP_CANCELLED + 1);
        guest_is_where_the_report_says(&run);
        CHECK(!gw_cancelled());
        end(&run);
    }
}

static void a_source_that_waits_for_helo_can_be_cancelled(void)
{
    static const struct row row = { .name = "mute" };
    struct run run;
    begin(&run, &row);
    run.cancel_in = "OPENING";
    go(&run, "model:");
    CHECK_EQ(run.report.ending, GW_ENDED_KEPT);
    CHECK_HAS(run.report.why.msg, "it was cancelled");
    CHECK(!gw_cancelled());
    guest_is_where_the_report_says(&run);
    end(&run);
}

/* --- only asked -------------------------------------------------------------------------------------------------- */

static void a_question_moves_nothing(void)
{
    static const struct row rows[] = {
        { "would be taken", GW_CHUNK_HELO, NULL, NULL, GW_ENDED_KEPT, "" },
        { "would not", GW_CHUNK_OFFR, say_deny, NULL, GW_ENDED_KEPT, "does not take it: first" },
        { "stops", GW_CHUNK_OFFR, say_stop, NULL, GW_ENDED_KEPT, "I must" },
        { "hangs up", GW_CHUNK_OFFR, hang_up, NULL, GW_ENDED_KEPT, "failed" },
    };
    static const struct gw_offer offer = { .name = "n", .kind = "model", .num_pfns = 9, .num_ram_pfns = 8 };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        struct run run;
        begin(&run, &rows[i]);
        CHECK_EQ(pthread_create(&run.other.thread, NULL, serve, &run.other), 0);
        CHECK_EQ(gw_preflight(&offer, &run.opts, &err), i == 0 ? 0 : -1);
        CHECK_HAS(err.msg, rows[i].why);
        CHECK_EQ(err.code == GW_E_OK, i == 0);
        pthread_join(run.other.thread, NULL);
        if (i == 0)
            CHECK_EQ(run.other.heard_stop, STOP_ASKED_ONLY + 1);
        CHECK_EQ(state_dir_files(run.state_dir), 0);
        end(&run);
    }
}

const struct test tests[] = {
    { "a-destination-that-does-not-play-its-part-leaves-the-guest-here",
      a_destination_that_does_not_play_its_part_leaves_the_guest_here },
    { "all-reasons-of-a-refusal-are-told", all_reasons_of_a_refusal_are_told },
    { "a-destination-that-asks-again-and-again-is-given-up", a_destination_that_asks_again_and_again_is_given_up },
    { "what-became-of-a-guest-that-was-let-go-is-asked", what_became_of_a_guest_that_was_let_go_is_asked },
    { "a-guest-in-doubt-is-settled-by-a-person", a_guest_in_doubt_is_settled_by_a_person },
    { "a-source-can-be-cancelled-in-each-state", a_source_can_be_cancelled_in_each_state },
    { "a-source-that-waits-for-helo-can-be-cancelled", a_source_that_waits_for_helo_can_be_cancelled },
    { "a-question-moves-nothing", a_question_moves_nothing },
    { NULL, NULL },
};
