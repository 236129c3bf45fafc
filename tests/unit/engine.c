/*
 * engine.c - the saver, the policy and the restorer, with guests that do what they are told.
 *
 * Whatever step fails: the guest is as it was (I4). Whatever the guest writes meanwhile: each page ends with its last
 * contents at the other side (I6).
 */
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "guest.h"
#include "harness.h"
#include "verify.h"
#include "xenf.h"

/* --- policy --------------------------------------------------------------------------------------------------- */

#define MS UINT64_C(1000000)

static struct gw_round a_round(uint64_t pages, uint64_t ms, uint64_t dirty)
{
    return (struct gw_round){ .pages = pages, .octets = pages * GW_PAGE_LEN, .ns = ms * MS, .dirty = dirty };
}

static void downtime_is_predicted_from_what_landed(void)
{
    struct gw_policy_opts opts = { .kind = GW_POLICY_DOWNTIME, .downtime_ns = 300 * MS };
    struct gw_round rounds[] = { a_round(10000, 1000, 2000) };
    struct gw_choice d = gw_policy(&opts, rounds, 1, 10 * MS);
    CHECK_EQ(d.downtime_ns, 210 * MS); /* 2000 pages at 10 pages a millisecond, and the state */
    CHECK_EQ(d.answer, GW_SWITCH);
    opts.downtime_ns = 209 * MS;
    CHECK_EQ(gw_policy(&opts, rounds, 1, 10 * MS).answer, GW_AGAIN);
}

static void rounds_that_do_not_converge_are_given_up(void)
{
    struct gw_policy_opts opts = { .kind = GW_POLICY_DOWNTIME, .downtime_ns = MS };
    struct gw_round rounds[] = { a_round(1000, 100, 900), a_round(900, 90, 890), a_round(890, 89, 880),
                                 a_round(880, 88, 870) };
    CHECK_EQ(gw_policy(&opts, rounds, 3, 0).answer, GW_AGAIN);
    CHECK_EQ(gw_policy(&opts, rounds, 4, 0).answer, GW_GIVE_UP);
    opts.force = true;
    CHECK_EQ(gw_policy(&opts, rounds, 4, 0).answer, GW_SWITCH);
    CHECK_HAS(gw_policy(&opts, rounds, 4, 0).why, "forced");
}

static void rounds_that_converge_slowly_go_on(void)
{
    struct gw_policy_opts opts = { .kind = GW_POLICY_DOWNTIME, .downtime_ns = MS };
    struct gw_round rounds[20];
    uint64_t dirty = 100000;
    for (unsigned i = 0; i < 20; i++) {
        rounds[i] = a_round(dirty, dirty / 10, dirty * 8 / 10);
        dirty = dirty * 8 / 10;
        CHECK_EQ(gw_policy(&opts, rounds, i + 1, 0).answer, GW_AGAIN);
    }
}

static void nothing_dirty_switches_whatever_the_rate(void)
{
    struct gw_policy_opts opts = { .kind = GW_POLICY_DOWNTIME, .downtime_ns = 5 * MS };
    struct gw_round rounds[] = { a_round(0, 0, 0) };
    CHECK_EQ(gw_policy(&opts, rounds, 1, 4 * MS).answer, GW_SWITCH);
    CHECK_EQ(gw_policy(&opts, rounds, 1, 4 * MS).downtime_ns, 4 * MS);
}

static void xens_policy_is_five_rounds_or_fifty_pages(void)
{
    struct gw_policy_opts opts = { .kind = GW_POLICY_XEN };
    struct gw_round rounds[] = { a_round(1000, 1, 900), a_round(900, 1, 50), a_round(50, 1, 800), a_round(800, 1, 800),
                                 a_round(800, 1, 800) };
    for (unsigned num = 1; num < 5; num++)
        CHECK_EQ(gw_policy(&opts, rounds, num, 0).answer, GW_AGAIN);
    CHECK_EQ(gw_policy(&opts, rounds, 5, 0).answer, GW_SWITCH);
    rounds[1].dirty = 49;
    CHECK_EQ(gw_policy(&opts, rounds, 2, 0).answer, GW_SWITCH);
}

/* --- a move --------------------------------------------------------------------------------------------------- */

/* A source, a destination, and what lies between. */
struct move {
    struct gw_source *source;
    struct gw_destination *dest;
    struct gw_saver *saver;
    struct gw_sink *verifier, *restorer, *tee;
    struct gw_clock clock;
    struct gw_err err;
};

static void open_with(struct move *m, const char *source, const char *dest, struct gw_saver_opts opts)
{
    struct gw_verify_opts verify = { .strict = true, .contents = true };
    *m = (struct move){ .clock = gw_clock_simulated(1000) };
    opts.clock = &m->clock;
    m->source = gw_source_open(source, &m->err);
    m->dest = gw_destination_open(dest, &m->err);
    CHECK_STR(m->err.msg, "");
    m->verifier = gw_verifier(&verify, &m->err);
    m->restorer = gw_restorer(m->dest, &m->err);
    struct gw_sink *both[] = { m->restorer, m->verifier };
    m->tee = gw_tee(both, 2, &m->err);
    m->saver = gw_saver_new(m->source, &opts, &m->err);
    if (m->saver != NULL)
        gw_saver_sink(m->saver, m->tee);
}

static void open_move(struct move *m, const char *source, const char *dest, bool live)
{
    open_with(m, source, dest, (struct gw_saver_opts){ .live = live, .policy = { .kind = GW_POLICY_XEN } });
}

static void close_move(struct move *m)
{
    gw_saver_free(m->saver);
    gw_sink_close(m->tee);
    gw_sink_close(m->restorer);
    gw_sink_close(m->verifier);
    gw_source_close(m->source);
    gw_destination_close(m->dest);
}

/* All steps; the phase at the end, GW_PHASE_STATIC after a failure. */
static enum gw_phase run(struct move *m)
{
    enum gw_phase phase = GW_PHASE_STATIC;
    while (phase < GW_PHASE_DONE)
        if (gw_saver_step(m->saver, &phase, &m->err) < 0)
            return GW_PHASE_STATIC;
    return phase;
}

static void check_same(struct move *m)
{
    uint64_t bad = 0;
    bool same = gw_model_same(m->source, m->dest, &bad);
    if (!same)
        printf("# pfn 0x%llx differs\n", (unsigned long long)bad);
    CHECK(same);
}

static void arrives(const char *source, bool live)
{
    struct move m;
    bool sure = true;
    open_move(&m, source, "model:", live);
    CHECK(m.saver != NULL);
    CHECK_EQ(run(&m), GW_PHASE_DONE);
    CHECK_STR(m.err.msg, "");
    const struct gw_verdict *verdict = gw_verify_finish(m.verifier);
    CHECK_EQ(verdict->errors + verdict->warnings, 0);
    check_same(&m);
    CHECK_EQ(gw_destination_complete(m.dest, &m.err), 0);
    CHECK_EQ(gw_destination_start(m.dest, &sure, &m.err), 0);
    close_move(&m);
}

static void paused_guest_arrives_whole(void)
{
    arrives("model:pages=3000,holes=40,zeros=100", false);
}

static void live_guest_arrives_with_its_last_contents(void)
{
    arrives("model:pages=3000,holes=40,zeros=100,dirty=700/300/90/20/7", true);
    arrives("model:pages=2048,dirty=2000/2000/2000/2000/2000/2000", true);
    arrives("model:pages=64,dirty=0", true);
}

static void live_is_refused_with_the_guests_reason(void)
{
    struct move m;
    open_move(&m, "model:live=0", "model:", true);
    CHECK(m.saver == NULL);
    CHECK_EQ(m.err.code, GW_E_REFUSED);
    CHECK_HAS(m.err.msg, "cannot be moved while it runs");
    close_move(&m);
}

static void what_is_owed_is_sent_again(void)
{
    struct move m;
    struct gw_bitmap owed = { 0 };
    enum gw_phase phase = GW_PHASE_STATIC;
    open_move(&m, "model:pages=1024,dirty=0", "model:", true);
    CHECK_EQ(gw_bitmap_init(&owed, gw_saver_facts(m.saver)->num_pfns, &m.err), 0);
    gw_bitmap_set(&owed, 5);
    gw_bitmap_set(&owed, 900);
    while (phase != GW_PHASE_SUSPEND)
        CHECK_EQ(gw_saver_step(m.saver, &phase, &m.err), 0);
    uint64_t before = gw_saver_stats(m.saver)->pages;
    CHECK_EQ(gw_saver_owe(m.saver, &owed, &m.err), 0);
    CHECK_EQ(run(&m), GW_PHASE_DONE);
    CHECK_EQ(gw_saver_stats(m.saver)->pages, before + 2);
    gw_bitmap_free(&owed);
    close_move(&m);
}

static void giving_up_leaves_the_guest_running_and_untracked(void)
{
    struct move m;
    struct gw_saver_opts opts = { .live = true, .policy = { .kind = GW_POLICY_DOWNTIME, .downtime_ns = 1 } };
    open_with(&m, "model:pages=1024,dirty=500", "model:", opts);
    CHECK_EQ(run(&m), GW_PHASE_GAVE_UP);
    CHECK_EQ(gw_saver_stats(m.saver)->last.answer, GW_GIVE_UP);
    const char *log = gw_model_source_log(m.source);
    CHECK_STR(strrchr(log, ' ') + 1, "untrack");
    CHECK(strstr(log, "suspend") == NULL);
    close_move(&m);
}

/* The n-th call of a slot of the source fails, for all n: the guest runs on, untracked, every held batch dropped. */
static void fail_at(const char *slot, bool live)
{
    for (unsigned n = 1; n < 100; n++) {
        struct move m;
        char name[128];
        snprintf(name, sizeof name, "model:pages=2048,holes=9,dirty=300/100/20/5,fail=%s:%u", slot, n);
        open_move(&m, name, "model:", live);
        if (m.saver == NULL || run(&m) == GW_PHASE_DONE) {
            bool done = m.saver != NULL;
            close_move(&m);
            CHECK(done || n == 1);
            if (done)
                return;
            continue;
        }
        m.err = GW_ERR_NONE;
        CHECK_EQ(gw_saver_undo(m.saver, &m.err), 0);
        CHECK_EQ(gw_saver_undo(m.saver, &m.err), 0); /* any number of times */
        const char *log = gw_model_source_log(m.source);
        bool suspended = false;
        unsigned held = 0;
        for (const char *word = log; word != NULL; word = strchr(word, ' ') != NULL ? strchr(word, ' ') + 1 : NULL) {
            suspended = strncmp(word, "suspend", 7) == 0 ? true : strncmp(word, "resume", 6) == 0 ? false : suspended;
            held += strncmp(word, "hold", 4) == 0;
            held -= strncmp(word, "drop", 4) == 0;
        }
        if (strcmp(slot, "suspend") != 0)
            CHECK(!suspended);
        CHECK(held <= (strcmp(slot, "hold") == 0 ? 1u : 0u)); /* the one that failed */
        if (strstr(log, "track") != NULL)
            CHECK(strstr(log, "untrack") != NULL || !live);
        close_move(&m);
    }
    CHECK(!"the move never worked");
}

static void failed_steps_of_the_source_leave_the_guest_as_it_was(void)
{
    static const char *const slots[] = { "static_records", "track", "collect", "hold", "suspend", "state_records" };
    for (unsigned i = 0; i < sizeof slots / sizeof slots[0]; i++)
        fail_at(slots[i], true);
    fail_at("hold", false);
    fail_at("suspend", false);
}

static void failed_steps_of_the_destination_leave_the_guest_as_it_was(void)
{
    static const char *const slots[] = { "create", "record", "static_done", "place", "placed" };
    for (unsigned i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        struct move m;
        char name[64];
        snprintf(name, sizeof name, "model:fail=%s:1", slots[i]);
        open_move(&m, "model:pages=1024,dirty=10", name, true);
        CHECK_EQ(run(&m), GW_PHASE_STATIC);
        CHECK(m.err.code != GW_E_OK);
        m.err = GW_ERR_NONE;
        CHECK_EQ(gw_saver_undo(m.saver, &m.err), 0);
        CHECK(strstr(gw_model_source_log(m.source), "suspend") == NULL ||
              strstr(gw_model_source_log(m.source), "resume") != NULL);
        CHECK(strstr(gw_model_destination_log(m.dest), "start") == NULL);
        close_move(&m);
    }
}

/* --- through an image ----------------------------------------------------------------------------------------- */

static void guest_goes_through_an_image_and_back(void)
{
    struct move m;
    struct gw_buf image = { 0 };
    enum gw_mark_kind stopped;
    uint64_t bad;
    open_move(&m, "model:pages=1500,holes=11,dirty=200/20", "model:", true);
    struct gw_chan *out = gw_chan_memory(NULL, 0, &image, &m.err);
    struct gw_sink *writer = gw_writer(out, &m.err);
    gw_saver_sink(m.saver, writer);
    CHECK_EQ(run(&m), GW_PHASE_DONE);
    struct gw_chan *in = gw_chan_memory(image.mem, image.len, NULL, &m.err);
    struct gw_reader *reader = gw_reader_new(in, gw_limit(PFN), &m.err);
    CHECK_EQ(gw_reader_run(reader, m.tee, &stopped, &m.err), 0);
    CHECK_EQ(stopped, GW_END);
    CHECK_EQ(gw_sink_commit(m.tee, &m.err), 0);
    CHECK_EQ(gw_verify_finish(m.verifier)->errors, 0);
    CHECK(gw_model_same(m.source, m.dest, &bad));
    gw_reader_free(reader);
    gw_chan_close(in);
    gw_sink_close(writer);
    gw_chan_close(out);
    gw_buf_free(&image);
    close_move(&m);
}

/* The reader keeps no body beyond its bound, so that none is there to hand to a guest. */
static void a_record_that_was_not_kept_is_refused(void)
{
    struct move m;
    struct gw_payload payload = { 0 };
    struct gw_record record = { .frame = { .number = 1, .type = 0x77, .length = 40u << 20 }, .payload = &payload };
    open_move(&m, "model:", "model:", false);
    CHECK_EQ(gw_sink_record(m.restorer, &record, &m.err), -1);
    CHECK_FAIL(m.err, GW_E_INVALID, "a record of unknown type 0x77 has 41943040 octets");
    CHECK_STR(m.err.rule, "rec-kept-limit");
    close_move(&m);
}

/* What comes in an order that a destination has no answer to. */
static void a_wrong_order_never_reaches_the_destination(void)
{
    static const struct {
        bool pages;
        enum gw_mark_kind marks[2];
        const char *rule;
    } wrong[] = {
        { true, { GW_MARK_NONE, GW_MARK_NONE }, "sde-missing" },
        { false, { GW_MARK_NONE, GW_END }, "sde-missing" },
        { false, { GW_STATIC_END, GW_STATIC_END }, "sde-duplicate" },
    };
    uint64_t entry = gw_entry(0, GW_PAGE_XTAB);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct move m;
        struct gw_headers headers = { .image = { .version = 3 }, .domain = { GW_DOMAIN_HVM, 12, 0, 4, 17 } };
        struct gw_pages pages = { .frame = { .number = 1, .type = GW_REC_PAGE_DATA }, .count = 1, .entries = &entry };
        struct gw_mark first = { .kind = wrong[i].marks[0] }, second = { .kind = wrong[i].marks[1] };
        open_move(&m, "model:", "model:", false);
        CHECK_EQ(gw_sink_begin(m.restorer, &headers, &m.err), 0);
        if (first.kind != GW_MARK_NONE)
            CHECK_EQ(gw_sink_mark(m.restorer, &first, &m.err), 0);
        CHECK_EQ(wrong[i].pages ? gw_sink_pages(m.restorer, &pages, &m.err) : gw_sink_mark(m.restorer, &second, &m.err),
                 -1);
        CHECK_EQ(m.err.code, GW_E_INVALID);
        CHECK_STR(m.err.rule, wrong[i].rule);
        close_move(&m);
    }
}

const struct test tests[] = {
    { "downtime-is-predicted-from-what-landed", downtime_is_predicted_from_what_landed },
    { "rounds-that-do-not-converge-are-given-up", rounds_that_do_not_converge_are_given_up },
    { "rounds-that-converge-slowly-go-on", rounds_that_converge_slowly_go_on },
    { "nothing-dirty-switches-whatever-the-rate", nothing_dirty_switches_whatever_the_rate },
    { "xens-policy-is-five-rounds-or-fifty-pages", xens_policy_is_five_rounds_or_fifty_pages },
    { "paused-guest-arrives-whole", paused_guest_arrives_whole },
    { "live-guest-arrives-with-its-last-contents", live_guest_arrives_with_its_last_contents },
    { "live-is-refused-with-the-guests-reason", live_is_refused_with_the_guests_reason },
    { "what-is-owed-is-sent-again", what_is_owed_is_sent_again },
    { "giving-up-leaves-the-guest-running-and-untracked", giving_up_leaves_the_guest_running_and_untracked },
    { "I4-failed-steps-of-the-source-leave-the-guest-as-it-was", failed_steps_of_the_source_leave_the_guest_as_it_was },
    { "I4-failed-steps-of-the-destination-leave-the-guest-as-it-was",
      failed_steps_of_the_destination_leave_the_guest_as_it_was },
    { "guest-goes-through-an-image-and-back", guest_goes_through_an_image_and_back },
    { "record-that-was-not-kept-is-refused", a_record_that_was_not_kept_is_refused },
    { "wrong-order-never-reaches-the-destination", a_wrong_order_never_reaches_the_destination },
    { NULL, NULL },
};
