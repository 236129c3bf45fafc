/*
 * session_destination.c - a destination against a source that says what it likes: nothing runs but behind COMM, and
 * what was refused leaves nothing.
 *
 * The source is a session that was recorded, chunk by chunk; a row says it up to a chunk, and then something else.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "moves.h"
#include "peer.h"
#include "words.h"

#define MAX_PFN 4096

/* --- what was recorded ------------------------------------------------------------------------------------------- */

static struct gw_buf recorded; /* all that a source said, from HELO to STOP */
static struct gw_chunk_offr offr;
static struct gw_chunk_done done;

static void record(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_message message;
    struct gw_chunk chunk;
    struct move m;
    move_init(&m, "model:pages=64,holes=60,dirty=1/0");
    m.heard = &recorded;
    move_run(&m);
    move_arrived(&m);
    move_close(&m);
    struct gw_cur cur = gw_buf_cur(&recorded);
    while (gw_chunk_take(&cur, &chunk, &err) == 0) {
        CHECK_EQ(gw_chunk_decode(&chunk, &message, &err), 0);
        if (message.type == GW_CHUNK_PAGE)
            gw_take(&cur, message.page.attached);
        if (message.type == GW_CHUNK_OFFR)
            offr = message.offr;
        if (message.type == GW_CHUNK_DONE)
            done = message.done;
    }
}

/* --- one run ----------------------------------------------------------------------------------------------------- */

struct run {
    char dir[STATE_DIR_ROOM];
    struct gw_receive_opts opts;
    struct gw_receive_report report;
    struct gw_chan *link;
    struct peer peer;
    pthread_t thread;
};

static void *receive(void *arg)
{
    struct run *run = arg;
    gw_receive(run->link, &run->opts, &run->report);
    return NULL;
}

static void begin_told(struct run *run, const char *dir, const char *guest, gw_told_fn *told, void *arg)
{
    struct gw_err err = GW_ERR_NONE;
    int ends[2];
    ignore_broken_pipes();
    memset(run, 0, sizeof *run);
    snprintf(run->dir, sizeof run->dir, "%s", dir);
    run->opts =
        (struct gw_receive_opts){ .state_dir = run->dir, .guest = guest, .max_pfn = MAX_PFN, .wait_ns = 1000000 };
    run->opts.told = told;
    run->opts.arg = arg;
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    run->link = gw_chan_fd(ends[0], true, &err);
    peer_open(&run->peer, gw_chan_fd(ends[1], true, &err));
    CHECK_EQ(pthread_create(&run->thread, NULL, receive, run), 0);
}

static void begin_with(struct run *run, const char *dir, const char *guest)
{
    begin_told(run, dir, guest, NULL, NULL);
}

static void begin_in(struct run *run, const char *dir)
{
    begin_with(run, dir, NULL);
}

static void begin(struct run *run)
{
    char dir[STATE_DIR_ROOM];
    begin_in(run, state_dir_new(dir));
}

static void end(struct run *run)
{
    peer_close(&run->peer);
    pthread_join(run->thread, NULL);
    printf("arrival %d: %s\n", (int)run->report.arrival, run->report.why.msg);
}

/* Passes over what was recorded, up to and with the first chunk of that type and what is attached to it. */
static struct gw_cur behind(enum gw_chunk_type type)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_cur cur = gw_buf_cur(&recorded);
    struct gw_message message = { 0 };
    struct gw_chunk chunk;
    while (message.type != type) {
        CHECK_EQ(gw_chunk_take(&cur, &chunk, &err), 0);
        CHECK_EQ(gw_chunk_decode(&chunk, &message, &err), 0);
        if (message.type == GW_CHUNK_PAGE)
            gw_take(&cur, message.page.attached);
    }
    return cur;
}

static void say_up_to(struct run *run, enum gw_chunk_type type)
{
    struct gw_cur rest = behind(type);
    peer_say_octets(&run->peer, recorded.mem, recorded.len - gw_left(&rest));
}

static void say_between(struct run *run, enum gw_chunk_type from, enum gw_chunk_type to)
{
    struct gw_cur first = behind(from), rest = behind(to);
    peer_say_octets(&run->peer, first.p, gw_left(&first) - gw_left(&rest));
}

static void await(struct run *run, enum gw_chunk_type type, struct gw_message *heard)
{
    CHECK(peer_await(&run->peer, type, heard));
}

/* --- unknown words ----------------------------------------------------------------------------------------------- */

static void keep_note(void *arg, const struct gw_told *told)
{
    if (told->kind == GW_TOLD_NOTE)
        snprintf(arg, 200, "%s", told->text);
}

static void say_unknown(struct run *run, uint32_t type)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf buf = { 0 };
    size_t begin = gw_chunk_begin(&buf, type);
    CHECK_EQ(gw_chunk_end(&buf, begin, &err), 0);
    peer_say_octets(&run->peer, buf.mem, buf.len);
    gw_buf_free(&buf);
}

/* Before the offer, so that what becomes of the session shows what became of the word. */
static void an_unknown_word_is_told_and_skipped_or_refused(void)
{
    static const struct {
        uint32_t type;
        enum gw_chunk_type answer;
        const char *note, *why;
    } rows[] = {
        { GW_CHUNK_TYPE('x', 'X', 'X', 'x'), GW_CHUNK_ACPT, "'xXXx', which is not known here and may be skipped", "" },
        { GW_CHUNK_TYPE('X', 'X', 'X', 'x'), GW_CHUNK_STOP, "", "'XXXx', which this godwit does not know" },
    };
    record();
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char note[200] = "", dir[STATE_DIR_ROOM];
        struct gw_message heard;
        struct run run;
        begin_told(&run, state_dir_new(dir), NULL, keep_note, note);
        say_up_to(&run, GW_CHUNK_HELO);
        say_unknown(&run, rows[i].type);
        if (rows[i].answer == GW_CHUNK_ACPT)
            say_between(&run, GW_CHUNK_HELO, GW_CHUNK_OFFR);
        await(&run, rows[i].answer, &heard);
        end(&run);
        CHECK_HAS(note, rows[i].note);
        CHECK_HAS(run.report.why.msg, rows[i].why);
        state_dir_remove(dir);
    }
}

/* --- wrong words ------------------------------------------------------------------------------------------------- */

static struct gw_message a_page(uint64_t entry, enum gw_chunk_encoding encoding)
{
    static uint8_t all[8][16]; /* each call has its own */
    static unsigned calls;
    uint8_t *octets = all[calls++ % 8];
    struct gw_message page = { .type = GW_CHUNK_PAGE, .page = { .round = 1, .count = 1, .encoding = encoding } };
    struct gw_buf list = { 0 };
    gw_chunk_entry_put(&list, entry, 0);
    memcpy(octets, list.mem, sizeof all[0]);
    gw_buf_free(&list);
    page.page.entries = gw_cur(octets, sizeof all[0]);
    page.page.attached = gw_entry_carries(entry) ? GW_CHUNK_PAGE_LEN : 0;
    return page;
}

static struct gw_message a_comm(unsigned flip, uint64_t epoch)
{
    struct gw_message comm = { .type = GW_CHUNK_COMM, .comm.epoch = epoch };
    memcpy(comm.comm.session, offr.session, sizeof offr.session);
    comm.comm.session[15] ^= (uint8_t)flip;
    return comm;
}

struct row {
    enum gw_chunk_type when, answer;
    struct gw_message word;
    const char *why;
};

static void go_through(const struct row *rows, unsigned num)
{
    for (unsigned i = 0; i < num; i++) {
        struct gw_message heard;
        struct run run;
        begin(&run);
        printf("row %u\n", i);
        say_up_to(&run, rows[i].when);
        peer_say(&run.peer, &rows[i].word);
        await(&run, rows[i].answer, &heard);
        if (heard.type == GW_CHUNK_TELL)
            CHECK_EQ(heard.tell.answer, GW_TELL_DECLINED);
        end(&run);
        CHECK(run.report.arrival == GW_ARRIVED_GONE || run.report.arrival == GW_ARRIVED_NOTHING);
        CHECK_HAS(run.report.why.msg, rows[i].why);
        CHECK_EQ(state_dir_leftovers(run.dir), 0);
        state_dir_remove(run.dir);
    }
}

static void a_source_that_does_not_play_its_part_is_refused(void)
{
    record();
    struct gw_message roun = { .type = GW_CHUNK_ROUN, .roun.round = 1 };
    struct gw_message acpt = { .type = GW_CHUNK_ACPT };
    struct gw_message offer = { .type = GW_CHUNK_OFFR, .offr = offr };
    struct gw_message early = { .type = GW_CHUNK_DONE, .done = done };
    struct gw_message asks = { .type = GW_CHUNK_ASKS };
    struct gw_message marker = { .type = GW_CHUNK_RECD, .recd.record = GW_REC_END };
    const struct row rows[] = {
        { GW_CHUNK_HELO, GW_CHUNK_STOP, roun, "says ROUN, " },
        { GW_CHUNK_HELO, GW_CHUNK_STOP, a_comm(0, 0), "says COMM, " },
        { GW_CHUNK_HELO, GW_CHUNK_STOP, acpt, "says ACPT, which is not its to say" },
        { GW_CHUNK_HELO, GW_CHUNK_STOP, a_page(0, GW_ENCODING_PLAIN), "says PAGE, where no pages are taken" },
        { GW_CHUNK_HELO, GW_CHUNK_STOP, marker, "says RECD, where no records are taken" },
        { GW_CHUNK_OFFR, GW_CHUNK_STOP, offer, "says OFFR, which it must not say here" },
        { GW_CHUNK_OFFR, GW_CHUNK_STOP, asks, "says ASKS, which it must not say here" },
        { GW_CHUNK_OFFR, GW_CHUNK_STOP, a_comm(0, 0), "says COMM, which it must not say here" },
        { GW_CHUNK_OFFR, GW_CHUNK_STOP, early, "what arrived is not what was sent: the pages differ" },
        { GW_CHUNK_OFFR, GW_CHUNK_STOP, marker, "END does not travel as a record" },
        { GW_CHUNK_OFFR, GW_CHUNK_STOP, a_page(64, GW_ENCODING_PLAIN), "PAGE names pfn 0x40 of a guest of 0x40" },
        { GW_CHUNK_OFFR, GW_CHUNK_STOP, a_page(1 | GW_ENTRY_HELD, GW_ENCODING_PLAIN), "not agreed on" },
        { GW_CHUNK_ROUN, GW_CHUNK_STOP, roun, "says ROUN, for a round that has ended" },
        { GW_CHUNK_DONE, GW_CHUNK_TELL, roun, "says ROUN, " },
        { GW_CHUNK_DONE, GW_CHUNK_TELL, early, "says DONE, which it must not say here" },
        { GW_CHUNK_DONE, GW_CHUNK_TELL, a_page(0, GW_ENCODING_PLAIN), "says PAGE, where no pages are taken" },
        { GW_CHUNK_DONE, GW_CHUNK_TELL, a_comm(1, 0), "says COMM, which is about another session" },
        { GW_CHUNK_DONE, GW_CHUNK_TELL, a_comm(0, 1), "says COMM, which is about another session" },
        { GW_CHUNK_DONE, GW_CHUNK_TELL, asks, "says ASKS, which it must not say here" },
    };
    go_through(rows, sizeof rows / sizeof rows[0]);
}

static void a_source_that_stops_is_told_apart(void)
{
    static const enum gw_chunk_type when[] = { GW_CHUNK_HELO, GW_CHUNK_OFFR, GW_CHUNK_ROUN, GW_CHUNK_DONE };
    record();
    for (unsigned i = 0; i < 4; i++)
        for (uint32_t code = STOP_FORGET; code <= STOP_ASKED_ONLY; code++) {
            struct gw_message stop = { .type = GW_CHUNK_STOP, .stop = { code, gw_str("for a\treason") } };
            struct run run;
            begin(&run);
            say_up_to(&run, when[i]);
            peer_say(&run.peer, &stop);
            end(&run);
            CHECK(run.report.arrival == (i == 0 ? GW_ARRIVED_NOTHING : GW_ARRIVED_GONE));
            CHECK_EQ(run.report.offered, i > 0 && code != STOP_ASKED_ONLY);
            CHECK_HAS(run.report.why.msg, "the source stops: for a\\x09reason");
            CHECK_EQ(state_dir_files(run.dir), 0);
            state_dir_remove(run.dir);
        }
}

/* --- refused offers ---------------------------------------------------------------------------------------------- */

static unsigned deny_reasons(const struct gw_message *deny, char *text, size_t room)
{
    struct gw_cur list = deny->deny.reasons;
    struct gw_chunk_reason reason;
    unsigned num = 0;
    *text = '\0';
    for (; gw_chunk_reason_take(&list, &reason); num++) {
        size_t at = strlen(text);
        snprintf(text + at, room - at, "%u: %.*s\n", reason.code, (int)reason.sentence.len, reason.sentence.text);
    }
    CHECK_EQ(num, deny->deny.num);
    return num;
}

/* What DENY says to that offer; text has room for it. */
static unsigned offer(struct run *run, const struct gw_chunk_offr *it, char text[2048])
{
    struct gw_message say = { .type = GW_CHUNK_OFFR, .offr = *it }, deny;
    peer_helo(&run->peer, "zero checks");
    peer_say(&run->peer, &say);
    await(run, GW_CHUNK_DENY, &deny);
    unsigned num = deny_reasons(&deny, text, 2048);
    end(run);
    printf("%s", text);
    CHECK_EQ(run->report.arrival, GW_ARRIVED_GONE);
    return num;
}

static void an_offer_that_cannot_be_taken_is_denied_with_its_reasons(void)
{
    static const struct {
        uint64_t num_pfns, num_ram;
        const char *kind, *why;
    } rows[] = {
        { 0, 0, "model", "3: a guest of 0 pfns, 0 of them memory, is none" },
        { 8, 9, "model", "3: a guest of 8 pfns, 9 of them memory, is none" },
        { MAX_PFN + 1, 1, "model", "3: the guest has 4097 pfns; 4096 are taken here" },
        { 64, 64, "vax", "2: " },
    };
    record();
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_chunk_offr it = offr;
        struct run run;
        char text[2048];
        it.num_pfns = rows[i].num_pfns;
        it.num_ram_pfns = rows[i].num_ram;
        it.kind = gw_str(rows[i].kind);
        begin(&run);
        CHECK_EQ(offer(&run, &it, text), 1);
        CHECK_HAS(text, rows[i].why);
        CHECK_EQ(state_dir_files(run.dir), 0);
        state_dir_remove(run.dir);
    }
}

static void a_spoiled_static_part_is_denied(void)
{
    record();
    for (size_t at = 0; at < gw_left(&offr.image); at += 3) {
        uint8_t image[8192];
        struct gw_chunk_offr it = offr;
        struct run run;
        char text[2048];
        size_t len = gw_left(&offr.image);
        CHECK(len <= sizeof image);
        memcpy(image, offr.image.p, len);
        it.image = gw_cur(image, at); /* cut */
        begin(&run);
        CHECK(offer(&run, &it, text) >= 1);
        CHECK_EQ(state_dir_files(run.dir), 0);
        state_dir_remove(run.dir);
    }
}

static void what_stands_behind_a_static_part_is_denied(void)
{
    uint8_t image[8192] = { 0 };
    char text[2048];
    struct run run;
    record();
    struct gw_chunk_offr it = offr;
    size_t len = gw_left(&offr.image);
    memcpy(image, offr.image.p, len);
    it.image = gw_cur(image, len + 8);
    begin(&run);
    CHECK_EQ(offer(&run, &it, text), 1);
    CHECK_HAS(text, "the offer goes on behind STATIC_DATA_END");
    state_dir_remove(run.dir);
}

/* --- sessions that were here before ------------------------------------------------------------------------------ */

static struct store store_of_offer(const char *dir)
{
    struct gw_err err = GW_ERR_NONE;
    struct store store;
    store_open(&store, dir, STORE_DESTINATION, offr.session, &err);
    CHECK_STR(err.msg, "");
    return store;
}

/* It is denied for its state, and every file stays as it was. */
static void is_no_new_session(const char *dir, unsigned files, const char *why)
{
    char text[2048];
    struct run run;
    begin_in(&run, dir);
    CHECK_EQ(offer(&run, &offr, text), 1);
    CHECK_HAS(text, "4: ");
    CHECK_HAS(text, why);
    CHECK_EQ(state_dir_files(dir), files);
}

static void a_session_that_another_holds_is_no_new_one(void)
{
    char dir[STATE_DIR_ROOM], text[2048];
    struct run run;
    record();
    state_dir_new(dir);
    struct store store = store_of_offer(dir);
    session_lock(&store);
    begin_in(&run, dir);
    CHECK_EQ(offer(&run, &offr, text), 1);
    CHECK_HAS(text, "in the hands of another godwit");
    CHECK_EQ(state_dir_files(dir), 1);
    store_close(&store);
    state_dir_remove(dir);
}

static void a_session_that_was_decided_is_no_new_one(void)
{
    struct gw_err err = GW_ERR_NONE;
    char dir[STATE_DIR_ROOM];
    record();
    state_dir_new(dir);
    struct store store = store_of_offer(dir);
    CHECK_EQ(store_decide(&store, GW_DECISION_STARTED, &err), 0);
    is_no_new_session(dir, 1, "was decided before");
    store_close(&store);
    state_dir_remove(dir);
}

static void a_session_whose_decision_cannot_be_read_is_no_new_one(void)
{
    char dir[STATE_DIR_ROOM];
    record();
    state_dir_new(dir);
    struct store store = store_of_offer(dir);
    file_write(session_path(&store, "decision"), "star", 4);
    is_no_new_session(dir, 1, "holds no decision");
    store_close(&store);
    state_dir_remove(dir);
}

static void a_session_that_left_a_journal_is_no_new_one(void)
{
    char dir[STATE_DIR_ROOM];
    record();
    state_dir_new(dir);
    struct store store = store_of_offer(dir);
    session_journal(&store, "process:pid=1,born=1");
    session_word(&store, STORE_RUNS);
    is_no_new_session(dir, 1, "was here before");
    CHECK_EQ(session_words(&store), STORE_RUNS);
    store_close(&store);
    state_dir_remove(dir);
}

/* --- questions --------------------------------------------------------------------------------------------------- */

static enum gw_tell ask(const char *dir, bool may_go_on, struct gw_receive_report *report)
{
    struct gw_message asks = { .type = GW_CHUNK_ASKS, .asks.may_go_on = may_go_on }, heard;
    struct run run;
    begin_in(&run, dir);
    memcpy(asks.asks.session, offr.session, sizeof offr.session);
    peer_helo(&run.peer, "");
    peer_say(&run.peer, &asks);
    await(&run, GW_CHUNK_TELL, &heard);
    CHECK_MEM(heard.tell.session, offr.session, sizeof offr.session);
    enum gw_tell answer = heard.tell.answer;
    end(&run);
    CHECK(!run.report.offered);
    *report = run.report;
    return answer;
}

/* By what the files say of a session whose holder is dead: the answer, the arrival, and the files that stay. */
static void a_question_is_answered_by_the_files(void)
{
    static const struct {
        enum gw_decision decision;
        bool journal, runs;
        enum gw_tell answer;
        enum gw_arrival arrival;
        unsigned files;
    } rows[] = {
        { GW_DECISION_NONE, false, false, GW_TELL_UNSURE, GW_ARRIVED_NOTHING, 0 },
        { GW_DECISION_NONE, true, false, GW_TELL_DECLINED, GW_ARRIVED_GONE, 1 },
        { GW_DECISION_NONE, true, true, GW_TELL_RUNS, GW_ARRIVED_RUNS, 1 },
        { GW_DECISION_DECLINED, false, false, GW_TELL_DECLINED, GW_ARRIVED_GONE, 1 },
        { GW_DECISION_DECLINED, true, true, GW_TELL_UNSURE, GW_ARRIVED_GONE, 2 },
        { GW_DECISION_STARTED, true, true, GW_TELL_RUNS, GW_ARRIVED_RUNS, 2 },
        { GW_DECISION_STARTED, false, false, GW_TELL_UNSURE, GW_ARRIVED_NOTHING, 1 },
    };
    record();
    for (unsigned i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_receive_report report;
        char dir[STATE_DIR_ROOM];
        state_dir_new(dir);
        struct store store = store_of_offer(dir);
        printf("row %u\n", i / 2);
        if (rows[i / 2].journal)
            session_journal(&store, "");
        if (rows[i / 2].runs)
            session_word(&store, STORE_RUNS);
        if (rows[i / 2].decision != GW_DECISION_NONE)
            CHECK_EQ(store_decide(&store, rows[i / 2].decision, &err), 0);
        CHECK_EQ(ask(dir, i % 2, &report), rows[i / 2].answer);
        CHECK_EQ(report.arrival, rows[i / 2].arrival);
        CHECK_EQ(state_dir_files(dir), rows[i / 2].files);
        store_close(&store);
        state_dir_remove(dir);
    }
}

/* A living holder that is ready: who may go on hands it the COMM, who asks back makes it decline. */
static void a_question_reaches_the_holder(void)
{
    record();
    for (unsigned i = 0; i < 40; i++) { /* the two race: the holder may be gone before the answer is said */
        bool back = i % 2 != 0;
        struct gw_receive_report report;
        struct gw_message heard;
        struct run run;
        begin(&run);
        say_up_to(&run, GW_CHUNK_DONE);
        await(&run, GW_CHUNK_REDY, &heard);
        CHECK(gw_chunk_totals_equal(&heard.redy.totals, &done.totals));
        CHECK_EQ(ask(run.dir, !back, &report), back ? GW_TELL_DECLINED : GW_TELL_STARTING);
        await(&run, back ? GW_CHUNK_TELL : GW_CHUNK_RUNS, &heard);
        end(&run);
        CHECK_EQ(run.report.arrival, back ? GW_ARRIVED_GONE : GW_ARRIVED_RUNS);
        CHECK_EQ(state_dir_files(run.dir), back ? 1 : 2); /* nobody said that he knows */
        state_dir_remove(run.dir);
    }
}

/* --- cancelled --------------------------------------------------------------------------------------------------- */

static void a_destination_can_be_cancelled_in_each_state(void)
{
    static const struct {
        enum gw_chunk_type when, heard, answer;
    } rows[] = {
        { GW_CHUNK_HELO, GW_CHUNK_HELO, GW_CHUNK_STOP },
        { GW_CHUNK_OFFR, GW_CHUNK_ACPT, GW_CHUNK_STOP },
        { GW_CHUNK_ROUN, GW_CHUNK_SEEN, GW_CHUNK_STOP },
        { GW_CHUNK_DONE, GW_CHUNK_REDY, GW_CHUNK_TELL },
    };
    record();
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_message heard;
        struct run run;
        begin(&run);
        printf("row %u\n", i);
        say_up_to(&run, rows[i].when);
        await(&run, rows[i].heard, &heard);
        gw_cancel_request();
        await(&run, rows[i].answer, &heard);
        end(&run);
        CHECK(!gw_cancelled());
        CHECK(run.report.arrival == GW_ARRIVED_GONE || run.report.arrival == GW_ARRIVED_NOTHING);
        CHECK_HAS(run.report.why.msg, "it was cancelled");
        CHECK_EQ(state_dir_leftovers(run.dir), 0);
        state_dir_remove(run.dir);
    }
}

/* --- a start of which nobody knows ------------------------------------------------------------------------------- */

static void a_start_of_which_nobody_knows_is_looked_at_and_left(void)
{
    struct gw_message comm, heard;
    char dir[STATE_DIR_ROOM];
    struct run run;
    record();
    comm = a_comm(0, 0);
    begin_with(&run, state_dir_new(dir), "model:fail=start:1,sure=0");
    say_up_to(&run, GW_CHUNK_DONE);
    await(&run, GW_CHUNK_REDY, &heard);
    peer_say(&run.peer, &comm);
    await(&run, GW_CHUNK_TELL, &heard);
    CHECK_EQ(heard.tell.answer, GW_TELL_UNSURE);
    pthread_join(run.thread, NULL);
    peer_close(&run.peer);
    CHECK_EQ(run.report.arrival, GW_ARRIVED_IN_DOUBT);
    CHECK_EQ(state_dir_files(dir), 2); /* journal and decision stay */
    state_dir_remove(dir);
}

static void keep_gone(void *arg, const struct gw_told *told)
{
    _Atomic bool *gone = arg;
    if (told->kind == GW_TOLD_STATE && strcmp(told->name, "GONE") == 0)
        *gone = true;
}

/* It takes a place from others for as long as an offer may take, and no longer. */
static void a_source_that_only_says_that_it_is_there_is_left(void)
{
    struct gw_message alive = { .type = GW_CHUNK_ALIV }, heard;
    char dir[STATE_DIR_ROOM];
    _Atomic bool gone = false;
    struct run run;
    record();
    begin_told(&run, state_dir_new(dir), NULL, keep_gone, &gone);
    say_up_to(&run, GW_CHUNK_HELO);
    for (unsigned i = 0; i < 1500 && !gone; i++) { /* half a minute at most */
        peer_say(&run.peer, &alive);
        usleep(20000);
    }
    CHECK(gone);
    await(&run, GW_CHUNK_STOP, &heard);
    end(&run);
    CHECK_EQ(run.report.arrival, GW_ARRIVED_NOTHING);
    state_dir_remove(dir);
}

const struct test tests[] = {
    { "a-source-that-only-says-that-it-is-there-is-left", a_source_that_only_says_that_it_is_there_is_left },
    { "an-unknown-word-is-told-and-skipped-or-refused", an_unknown_word_is_told_and_skipped_or_refused },
    { "a-source-that-does-not-play-its-part-is-refused", a_source_that_does_not_play_its_part_is_refused },
    { "a-source-that-stops-is-told-apart", a_source_that_stops_is_told_apart },
    { "an-offer-that-cannot-be-taken-is-denied-with-its-reasons",
      an_offer_that_cannot_be_taken_is_denied_with_its_reasons },
    { "a-spoiled-static-part-is-denied", a_spoiled_static_part_is_denied },
    { "what-stands-behind-a-static-part-is-denied", what_stands_behind_a_static_part_is_denied },
    { "a-session-that-another-holds-is-no-new-one", a_session_that_another_holds_is_no_new_one },
    { "a-session-that-was-decided-is-no-new-one", a_session_that_was_decided_is_no_new_one },
    { "a-session-whose-decision-cannot-be-read-is-no-new-one", a_session_whose_decision_cannot_be_read_is_no_new_one },
    { "a-session-that-left-a-journal-is-no-new-one", a_session_that_left_a_journal_is_no_new_one },
    { "a-question-is-answered-by-the-files", a_question_is_answered_by_the_files },
    { "a-question-reaches-the-holder", a_question_reaches_the_holder },
    { "a-destination-can-be-cancelled-in-each-state", a_destination_can_be_cancelled_in_each_state },
    { "a-start-of-which-nobody-knows-is-looked-at-and-left", a_start_of_which_nobody_knows_is_looked_at_and_left },
    { NULL, NULL },
};
