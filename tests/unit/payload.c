/*
 * payload.c - contents pass once: seen, landed, moved on or skipped, in every combination.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "payloads.h"

/* From a channel (source 0) or from where they lie already; landing twice, for the second landing copies. */
static void check_combination(unsigned source, unsigned watchers, unsigned kinds, unsigned moves)
{
    struct bench b;
    struct landing from, first, second;
    open_bench(&b, LEN, 0);
    open_landing(&from, source);
    open_landing(&first, kinds);
    open_landing(&second, kinds % 3 + 1);
    fill_landing(&from);
    if (source > 0)
        gw_payload_of(&b.payload, from.seg, SEGS, b.buffer, ROOM);
    CHECK_EQ(b.payload.len, LEN);
    for (unsigned i = 0; i < watchers; i++)
        CHECK_EQ(gw_payload_watch(&b.payload, watch, &b.watcher[i], &b.err), 0);
    if (kinds > 0) {
        CHECK_EQ(gw_payload_into(&b.payload, first.seg, SEGS, &b.err), 0);
        CHECK_EQ(gw_payload_into(&b.payload, second.seg, SEGS, &b.err), 0);
        check_landed(&first);
        check_landed(&second);
    }
    for (unsigned i = 0; i < moves; i++)
        CHECK_EQ(gw_payload_to(&b.payload, b.to, &b.err), 0);
    CHECK_EQ(gw_payload_settle(&b.payload, &b.err), 0);
    CHECK_EQ(gw_payload_settle(&b.payload, &b.err), 0);
    check_seen(&b, watchers);
    check_moved(&b, moves);
    CHECK_EQ(b.from->read_pos, source > 0 ? 0 : LEN);
    close_landing(&from);
    close_landing(&first);
    close_landing(&second);
    close_bench(&b);
}

static void every_combination_gets_all_octets(void)
{
    for (unsigned source = 0; source <= 3; source++)
        for (unsigned watchers = 0; watchers <= 3; watchers++)
            for (unsigned kinds = 0; kinds <= 3; kinds++)
                for (unsigned moves = 0; moves <= (kinds + source > 0 ? 3 : 1); moves++)
                    check_combination(source, watchers, kinds, moves);
}

static void what_nobody_wants_is_skipped_without_reading(void)
{
    struct bench b;
    uint64_t size = UINT64_C(1) << 40;
    int fd = memfd_create("huge", MFD_CLOEXEC);
    CHECK(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
    open_bench(&b, LEN, 0);
    struct gw_chan *file = gw_chan_fd(fd, true, &b.err);
    gw_payload_open(&b.payload, file, size - 4096, b.buffer, ROOM);
    CHECK_EQ(gw_payload_settle(&b.payload, &b.err), 0);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), size - 4096); /* 1 TiB would not have been read in the time of a test */
    gw_payload_open(&b.payload, file, 8192, b.buffer, ROOM);
    CHECK_EQ(gw_payload_settle(&b.payload, &b.err), -1);
    CHECK_FAIL(b.err, GW_E_SHORT, "the input ends after 4096 of 8192 octets");
    gw_chan_close(file);
    close_bench(&b);
}

/* Which pages a watcher of some pages saw, compared with the contents. */
struct picked {
    struct gw_bitmap wanted, seen;
    unsigned pieces;
};

static int pick(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    struct picked *p = arg;
    (void)err;
    CHECK(at % 4096 == 0 && len % 4096 == 0 && len > 0);
    CHECK_MEM(mem, contents + at, len);
    for (uint64_t page = at / 4096; page < (at + len) / 4096; page++) {
        CHECK(!gw_bitmap_test(&p->seen, page));
        gw_bitmap_set(&p->seen, page);
    }
    p->pieces++;
    return 0;
}

static void want(struct picked *p, const unsigned *pages, unsigned num)
{
    struct gw_err err = GW_ERR_NONE;
    *p = (struct picked){ 0 };
    CHECK(gw_bitmap_init(&p->wanted, PAGES, &err) == 0 && gw_bitmap_init(&p->seen, PAGES, &err) == 0);
    for (unsigned i = 0; i < num; i++)
        gw_bitmap_set(&p->wanted, pages[i]);
}

static void check_picked(struct picked *p)
{
    for (unsigned page = 0; page < PAGES; page++)
        CHECK_EQ(gw_bitmap_test(&p->seen, page), gw_bitmap_test(&p->wanted, page));
    gw_bitmap_free(&p->wanted);
    gw_bitmap_free(&p->seen);
}

/* How the contents go: 0 settled, 1 moved on, 2 landed in memory, 3 in a file; beside: a watcher of everything. */
static void check_some(unsigned how, bool beside)
{
    static const unsigned some[] = { 0, 3, 4, 5, 40, PAGES - 1 }, more[] = { 4, 5, 6, 41 };
    struct bench b;
    struct landing to;
    struct picked one, two, none;
    open_bench(&b, LEN, 0);
    open_landing(&to, how >= 2 ? how - 1 : 1);
    want(&one, some, 6), want(&two, more, 4), want(&none, NULL, 0);
    CHECK_EQ(gw_payload_watch_pages(&b.payload, &one.wanted, pick, &one, &b.err), 0);
    CHECK_EQ(gw_payload_watch_pages(&b.payload, &two.wanted, pick, &two, &b.err), 0);
    CHECK_EQ(gw_payload_watch_pages(&b.payload, &none.wanted, pick, &none, &b.err), 0);
    if (beside)
        CHECK_EQ(gw_payload_watch(&b.payload, watch, &b.watcher[0], &b.err), 0);
    if (how == 1)
        CHECK_EQ(gw_payload_to(&b.payload, b.to, &b.err), 0);
    if (how >= 2)
        CHECK_EQ(gw_payload_into(&b.payload, to.seg, SEGS, &b.err), 0);
    CHECK_EQ(gw_payload_settle(&b.payload, &b.err), 0);
    CHECK_EQ(b.from->read_pos, LEN);
    check_seen(&b, beside);
    check_moved(&b, how == 1);
    check_picked(&one), check_picked(&two), check_picked(&none);
    close_landing(&to);
    close_bench(&b);
}

static void watchers_of_some_pages_see_those(void)
{
    for (unsigned how = 0; how < 4; how++)
        for (unsigned beside = 0; beside < 2; beside++)
            check_some(how, beside);
}

static void pages_that_nobody_watches_are_not_read(void)
{
    static const unsigned last = PAGES - 1;
    struct bench b;
    struct picked one;
    struct gw_fault cut = { .cut_read = true, .cut_read_at = 4096 };
    open_bench(&b, LEN, 0);
    want(&one, &last, 1);
    int fd = memfd_create("contents", MFD_CLOEXEC);
    CHECK(fd >= 0 && write(fd, contents, LEN) == (ssize_t)LEN && lseek(fd, 0, SEEK_SET) == 0);
    struct gw_chan *file = gw_chan_fd(fd, true, &b.err);
    gw_payload_open(&b.payload, file, LEN, b.buffer, ROOM);
    CHECK_EQ(gw_payload_watch_pages(&b.payload, &one.wanted, pick, &one, &b.err), 0);
    CHECK_EQ(gw_payload_settle(&b.payload, &b.err), 0);
    CHECK_EQ(one.pieces, 1);
    check_picked(&one);
    gw_chan_close(file);
    /* A cut among them is still found. */
    want(&one, &last, 1);
    struct gw_chan *short_one = gw_chan_fault(gw_chan_memory(contents, LEN, NULL, &b.err), &cut, &b.err);
    gw_payload_open(&b.payload, short_one, LEN, b.buffer, ROOM);
    CHECK_EQ(gw_payload_watch_pages(&b.payload, &one.wanted, pick, &one, &b.err), 0);
    CHECK_EQ(gw_payload_settle(&b.payload, &b.err), -1);
    CHECK_EQ(b.err.code, GW_E_SHORT);
    CHECK_EQ(one.pieces, 0);
    gw_bitmap_free(&one.wanted), gw_bitmap_free(&one.seen);
    gw_chan_close(short_one);
    close_bench(&b);
}

static void contents_that_did_not_land_move_once(void)
{
    struct bench b;
    open_bench(&b, LEN, 0);
    CHECK_EQ(gw_payload_to(&b.payload, b.to, &b.err), 0);
    CHECK_EQ(gw_payload_to(&b.payload, b.to, &b.err), -1);
    CHECK_FAIL(b.err, GW_E_USAGE, "can be moved on once");
    check_moved(&b, 1);
    close_bench(&b);
}

static void contents_that_moved_on_cannot_land(void)
{
    struct bench b;
    struct landing l;
    open_bench(&b, LEN, 0);
    open_landing(&l, 1);
    CHECK_EQ(gw_payload_to(&b.payload, b.to, &b.err), 0);
    CHECK_EQ(gw_payload_into(&b.payload, l.seg, SEGS, &b.err), -1);
    CHECK_FAIL(b.err, GW_E_USAGE, "contents that moved on cannot land");
    close_landing(&l);
    close_bench(&b);
}

static void a_watcher_that_comes_late_is_refused(void)
{
    for (unsigned how = 0; how < 4; how++) {
        struct bench b;
        struct landing l;
        open_bench(&b, LEN, how == 3);
        open_landing(&l, 1);
        CHECK_EQ(how == 0   ? gw_payload_to(&b.payload, b.to, &b.err)
                 : how == 1 ? gw_payload_into(&b.payload, l.seg, SEGS, &b.err)
                            : gw_payload_settle(&b.payload, &b.err),
                 0);
        CHECK_EQ(gw_payload_watch(&b.payload, watch, &b.watcher[1], &b.err), -1);
        CHECK_FAIL(b.err, GW_E_USAGE, "can be watched only before they are taken");
        close_landing(&l);
        close_bench(&b);
    }
}

static void a_ninth_watcher_is_refused(void)
{
    struct bench b;
    open_bench(&b, LEN, 0);
    for (unsigned i = 0; i < GW_WATCHERS; i++)
        CHECK_EQ(gw_payload_watch(&b.payload, watch, &b.watcher[0], &b.err), 0);
    CHECK_EQ(gw_payload_watch(&b.payload, watch, &b.watcher[0], &b.err), -1);
    CHECK_FAIL(b.err, GW_E_USAGE, "no more than 8 watchers");
    close_bench(&b);
}

/* The second watcher is not asked behind the failure of the first; nothing more is moved. */
static void a_watchers_failure_stops_at_its_piece(void)
{
    for (unsigned n = 1; n <= (LEN + ROOM - 1) / ROOM; n++)
        for (unsigned how = 0; how < 4; how++) {
            struct bench b;
            struct landing l;
            open_bench(&b, LEN, 0);
            open_landing(&l, 1);
            if (how == 3)
                gw_payload_of(&b.payload, l.seg, SEGS, b.buffer, ROOM);
            gw_payload_watch(&b.payload, watch, &b.watcher[0], &b.err);
            gw_payload_watch(&b.payload, watch, &b.watcher[1], &b.err);
            b.watcher[0].fail_at = n;
            CHECK_EQ(how == 0   ? gw_payload_settle(&b.payload, &b.err)
                     : how == 2 ? gw_payload_into(&b.payload, l.seg, SEGS, &b.err)
                                : gw_payload_to(&b.payload, b.to, &b.err),
                     -1);
            CHECK_FAIL(b.err, GW_E_REFUSED, "seen enough");
            CHECK_EQ(b.watcher[1].pieces, n - 1);
            CHECK_EQ(b.out.len, how == 1 ? (n - 1) * ROOM : 0);
            close_landing(&l);
            close_bench(&b);
        }
}

static void contents_that_end_early_are_short_wherever_they_go(void)
{
    for (unsigned how = 0; how < 4; how++)
        for (unsigned watchers = 0; watchers < 2; watchers++) {
            struct bench b;
            struct landing l;
            open_bench(&b, LEN - 1, watchers);
            open_landing(&l, how == 3 ? 2 : 1);
            CHECK_EQ(how == 0   ? gw_payload_settle(&b.payload, &b.err)
                     : how == 1 ? gw_payload_to(&b.payload, b.to, &b.err)
                                : gw_payload_into(&b.payload, l.seg, SEGS, &b.err),
                     -1);
            CHECK_FAIL(b.err, GW_E_SHORT, "the input ends after");
            CHECK_EQ(b.from->read_pos, LEN - 1);
            close_landing(&l);
            close_bench(&b);
        }
}

static void a_file_that_fails_under_contents_is_told(void)
{
    struct bench b;
    struct landing l;
    open_bench(&b, LEN, 0);
    open_landing(&l, 2);
    int readable = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct gw_seg seg = { .fd = readable, .len = LEN };
    CHECK_EQ(gw_payload_into(&b.payload, &seg, 1, &b.err), -1);
    CHECK_FAIL(b.err, GW_E_SYSTEM, "cannot write contents to their file");
    close(readable);
    close_bench(&b);
    open_bench(&b, LEN, 0);
    CHECK_EQ(gw_payload_into(&b.payload, l.seg, SEGS, &b.err), 0);
    CHECK_EQ(ftruncate(l.fd, 100), 0);
    CHECK_EQ(gw_payload_to(&b.payload, b.to, &b.err), -1);
    CHECK_FAIL(b.err, GW_E_SYSTEM, "the file of the contents ends too early"); /* the input is not to blame */
    CHECK_EQ(b.err.sys, EIO);
    close_landing(&l);
    close_bench(&b);
}

/* Straight from the input, from memory where they landed, and from a file. */
static void an_output_that_breaks_under_contents_is_told(void)
{
    for (unsigned kinds = 0; kinds <= 2; kinds++)
        for (size_t cut = 0; cut < LEN; cut += 4095) {
            struct gw_fault fault = { .cut_write = true, .cut_write_at = cut };
            struct bench b;
            struct landing l;
            open_bench(&b, LEN, 0);
            open_landing(&l, kinds);
            struct gw_chan *to = gw_chan_fault(b.to, &fault, &b.err);
            if (kinds > 0)
                CHECK_EQ(gw_payload_into(&b.payload, l.seg, SEGS, &b.err), 0);
            CHECK_EQ(gw_payload_to(&b.payload, to, &b.err), -1);
            CHECK_EQ(b.err.sys, EPIPE);
            CHECK_EQ(b.out.len, cut);
            b.to = to;
            close_landing(&l);
            close_bench(&b);
        }
}

static void no_contents_are_fine_everywhere(void)
{
    struct bench b;
    open_bench(&b, LEN, 0);
    gw_payload_open(&b.payload, b.from, 0, b.buffer, ROOM);
    CHECK_EQ(gw_payload_watch(&b.payload, watch, &b.watcher[0], &b.err), 0);
    CHECK_EQ(gw_payload_into(&b.payload, NULL, 0, &b.err), 0);
    CHECK_EQ(gw_payload_to(&b.payload, b.to, &b.err), 0);
    CHECK_EQ(gw_payload_settle(&b.payload, &b.err), 0);
    CHECK_EQ(b.watcher[0].pieces, 0);
    CHECK_EQ(b.from->read_pos, 0);
    close_bench(&b);
}

/* More parts than one vectored read takes. */
static void contents_land_in_thousands_of_segments(void)
{
    enum { NUM = 2500, SIZE = 16 };
    static struct gw_seg seg[NUM];
    struct bench b;
    uint8_t *mem = calloc(NUM, SIZE);
    CHECK(mem != NULL);
    for (unsigned i = 0; i < NUM; i++)
        seg[i] = (struct gw_seg){ .mem = mem + (size_t)SIZE * (NUM - 1 - i), .fd = -1, .len = SIZE };
    open_bench(&b, LEN, 0);
    gw_payload_open(&b.payload, b.from, (uint64_t)NUM * SIZE, b.buffer, ROOM);
    CHECK_EQ(gw_payload_into(&b.payload, seg, NUM, &b.err), 0);
    for (unsigned i = 0; i < NUM; i++)
        CHECK_MEM(seg[i].mem, contents + (size_t)SIZE * i, SIZE);
    CHECK_EQ(b.from->read_pos, NUM * SIZE);
    free(mem);
    close_bench(&b);
}

/* --- scattered memory, watched ------------------------------------------------------------------------------------ */

/* A layer that counts the reads that reach it. `next` stays open. */
struct reads {
    struct gw_chan chan;
    unsigned num;
    size_t most; /* octets in one read */
};

static int count_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    struct reads *r = (struct reads *)chan;
    size_t len = 0;
    for (unsigned i = 0; i < num; i++)
        len += part[i].iov_len;
    r->num++;
    r->most = len > r->most ? len : r->most;
    if (gw_chan_readv(chan->next, part, num, err) < 0)
        return -1;
    *got = len;
    return 0;
}

static const struct gw_chan_ops reads_ops = { .name = "reads", .read = count_read };

/* Every page by itself, the later the lower: no two are neighbours. */
struct strewn {
    struct gw_seg seg[PAGES];
    uint8_t *mem;
};

static void open_strewn(struct strewn *s)
{
    s->mem = calloc(PAGES, 4096);
    CHECK(s->mem != NULL);
    for (unsigned i = 0; i < PAGES; i++)
        s->seg[i] = (struct gw_seg){ .mem = s->mem + (size_t)(PAGES - 1 - i) * 4096, .fd = -1, .len = 4096 };
}

static void check_strewn(const struct strewn *s)
{
    for (unsigned i = 0; i < PAGES; i++)
        CHECK_MEM(s->seg[i].mem, contents + (size_t)i * 4096, 4096);
}

static void strewn_pages_come_in_few_reads_and_watchers_see_each(void)
{
    for (unsigned watchers = 0; watchers <= 2; watchers++) {
        struct bench b;
        struct strewn s;
        open_bench(&b, LEN, 0);
        open_strewn(&s);
        struct reads reads = { .chan = { .ops = &reads_ops, .next = b.from } };
        gw_payload_open(&b.payload, &reads.chan, LEN, b.buffer, ROOM);
        for (unsigned i = 0; i < watchers; i++)
            CHECK_EQ(gw_payload_watch(&b.payload, watch, &b.watcher[i], &b.err), 0);
        CHECK_EQ(gw_payload_into(&b.payload, s.seg, PAGES, &b.err), 0);
        CHECK_EQ(gw_payload_settle(&b.payload, &b.err), 0);
        check_strewn(&s);
        check_seen(&b, watchers);
        CHECK_EQ(reads.num, watchers > 0 ? (LEN + ROOM - 1) / ROOM : 1);
        CHECK_EQ(reads.most, watchers > 0 ? ROOM : LEN);
        CHECK_EQ(b.watcher[0].pieces, watchers > 0 ? PAGES : 0);
        free(s.mem);
        close_bench(&b);
    }
}

/* Memory and files in turn, memory in pieces that end within the room or are longer than it. */
static void segments_of_all_kinds_land_while_they_are_watched(void)
{
    static const struct gw_fault faults[] = {
        { .most = 1 }, { .most = 4095, .interrupt_every = 2 }, { .most = ROOM + 1 }, { .interrupt_every = 1 }
    };
    for (unsigned i = 0; i < 4; i++)
        for (unsigned kinds = 1; kinds <= 3; kinds++) {
            struct bench b;
            struct landing l;
            open_bench(&b, LEN, 0);
            open_landing(&l, kinds);
            b.from = gw_chan_fault(b.from, &faults[i], &b.err);
            gw_payload_open(&b.payload, b.from, LEN, b.buffer, ROOM);
            CHECK_EQ(gw_payload_watch(&b.payload, watch, &b.watcher[0], &b.err), 0);
            CHECK_EQ(gw_payload_into(&b.payload, l.seg, SEGS, &b.err), 0);
            check_landed(&l);
            check_seen(&b, 1);
            CHECK_EQ(b.from->read_pos, LEN);
            close_landing(&l);
            close_bench(&b);
        }
}

/* Wherever the input ends: it is told, and watchers saw nothing that is not there. */
static void strewn_pages_that_end_early_are_short(void)
{
    for (size_t there = 0; there < LEN; there += 4095) {
        struct bench b;
        struct strewn s;
        open_bench(&b, there, 1);
        open_strewn(&s);
        CHECK_EQ(gw_payload_into(&b.payload, s.seg, PAGES, &b.err), -1);
        CHECK_FAIL(b.err, GW_E_SHORT, "the input ends after");
        CHECK_EQ(b.from->read_pos, there);
        CHECK_EQ(b.watcher[0].seen.len, there / ROOM * ROOM);
        CHECK_MEM(b.watcher[0].seen.mem, contents, b.watcher[0].seen.len);
        free(s.mem);
        close_bench(&b);
    }
}

/* The other watcher is asked no more, and the input is read no further than the reading at hand. */
static void a_watcher_of_strewn_pages_stops_them_at_its_own(void)
{
    for (unsigned n = 1; n <= PAGES; n++) {
        struct bench b;
        struct strewn s;
        open_bench(&b, LEN, 2);
        open_strewn(&s);
        b.watcher[0].fail_at = n;
        CHECK_EQ(gw_payload_into(&b.payload, s.seg, PAGES, &b.err), -1);
        CHECK_FAIL(b.err, GW_E_REFUSED, "seen enough");
        CHECK_EQ(b.watcher[1].pieces, n - 1);
        CHECK_EQ(b.from->read_pos, gw_min(LEN, (n * 4096 + ROOM - 1) / ROOM * ROOM));
        free(s.mem);
        close_bench(&b);
    }
}

const struct test tests[] = {
    { "every-combination-gets-all-octets", every_combination_gets_all_octets },
    { "what-nobody-wants-is-skipped-without-reading", what_nobody_wants_is_skipped_without_reading },
    { "watchers-of-some-pages-see-those", watchers_of_some_pages_see_those },
    { "pages-that-nobody-watches-are-not-read", pages_that_nobody_watches_are_not_read },
    { "contents-that-did-not-land-move-once", contents_that_did_not_land_move_once },
    { "contents-that-moved-on-cannot-land", contents_that_moved_on_cannot_land },
    { "a-watcher-that-comes-late-is-refused", a_watcher_that_comes_late_is_refused },
    { "a-ninth-watcher-is-refused", a_ninth_watcher_is_refused },
    { "a-watchers-failure-stops-at-its-piece", a_watchers_failure_stops_at_its_piece },
    { "contents-that-end-early-are-short-wherever-they-go", contents_that_end_early_are_short_wherever_they_go },
    { "a-file-that-fails-under-contents-is-told", a_file_that_fails_under_contents_is_told },
    { "an-output-that-breaks-under-contents-is-told", an_output_that_breaks_under_contents_is_told },
    { "no-contents-are-fine-everywhere", no_contents_are_fine_everywhere },
    { "contents-land-in-thousands-of-segments", contents_land_in_thousands_of_segments },
    { "strewn-pages-come-in-few-reads-and-watchers-see-each", strewn_pages_come_in_few_reads_and_watchers_see_each },
    { "segments-of-all-kinds-land-while-they-are-watched", segments_of_all_kinds_land_while_they_are_watched },
    { "strewn-pages-that-end-early-are-short", strewn_pages_that_end_early_are_short },
    { "a-watcher-of-strewn-pages-stops-them-at-its-own", a_watcher_of_strewn_pages_stops_them_at_its_own },
    { NULL, NULL },
};
