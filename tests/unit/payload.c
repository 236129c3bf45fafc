/*
 * payload.c - contents pass once: seen, landed, moved on or skipped, in every combination.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "xenf.h"

#define PAGES 70
#define LEN ((size_t)PAGES * 4096)
#define ROOM ((size_t)16 * 4096)

static uint8_t *contents;

/* One watcher: what it saw, and when it fails (after how many pieces; 0: never). */
struct watcher {
    struct gw_buf seen;
    unsigned pieces, fail_at;
};

static int watch(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    struct watcher *w = arg;
    CHECK_EQ(at, w->seen.len); /* in order and without gaps */
    CHECK(len > 0 && len % 4096 == 0);
    CHECK(w->fail_at == 0 || w->pieces < w->fail_at);
    gw_put(&w->seen, mem, len);
    w->pieces++;
    return w->pieces == w->fail_at ? gw_fail(err, GW_E_REFUSED, "seen enough") : 0;
}

/* A payload of all contents over a file or over memory, and watchers that it may get. */
struct bench {
    struct gw_payload payload;
    struct gw_chan *from, *to;
    struct gw_buf out;
    struct gw_err err;
    uint8_t *buffer;
    struct watcher watcher[3];
};

static void open_bench(struct bench *b, size_t there, unsigned watchers)
{
    *b = (struct bench){ .err = GW_ERR_NONE };
    if (contents == NULL) {
        contents = malloc(LEN);
        CHECK(contents != NULL);
        for (size_t i = 0; i < LEN; i++)
            contents[i] = (uint8_t)(i * 13 + i / 4096);
    }
    b->from = gw_chan_memory(contents, there, NULL, &b->err);
    b->to = gw_chan_memory(NULL, 0, &b->out, &b->err);
    b->buffer = malloc(ROOM);
    CHECK(b->from != NULL && b->to != NULL && b->buffer != NULL);
    gw_payload_open(&b->payload, b->from, LEN, b->buffer, ROOM);
    for (unsigned i = 0; i < watchers; i++)
        CHECK_EQ(gw_payload_watch(&b->payload, watch, &b->watcher[i], &b->err), 0);
}

static void close_bench(struct bench *b)
{
    gw_chan_close(b->from);
    gw_chan_close(b->to);
    gw_buf_free(&b->out);
    for (unsigned i = 0; i < 3; i++)
        gw_buf_free(&b->watcher[i].seen);
    free(b->buffer);
}

static void check_seen(const struct bench *b, unsigned watchers)
{
    for (unsigned i = 0; i < watchers; i++) {
        CHECK_EQ(b->watcher[i].seen.len, LEN);
        CHECK_MEM(b->watcher[i].seen.mem, contents, LEN);
    }
}

static void check_moved(const struct bench *b, unsigned times)
{
    CHECK_EQ(b->out.len, times * LEN);
    for (unsigned i = 0; i < times; i++)
        CHECK_MEM(b->out.mem + i * LEN, contents, LEN);
}

/* Segments of sizes that differ, in memory and in a file in turn as kinds says: 1 memory, 2 file, 3 both. */
#define SEGS 9
struct landing {
    struct gw_seg seg[SEGS];
    uint8_t *mem;
    int fd;
};

static void open_landing(struct landing *l, unsigned kinds)
{
    static const unsigned pages[SEGS] = { 1, 2, 16, 17, 1, 0, 20, 3, 10 };
    l->mem = calloc(1, LEN);
    l->fd = memfd_create("landing", MFD_CLOEXEC);
    CHECK(l->mem != NULL && l->fd >= 0);
    size_t at = 0;
    for (unsigned i = 0; i < SEGS; i++) {
        bool file = kinds == 2 || (kinds == 3 && i % 2 == 0);
        l->seg[i] = (struct gw_seg){
            .mem = file ? NULL : l->mem + at, .fd = file ? l->fd : -1, .off = 5 + 2 * at, .len = (size_t)pages[i] * 4096
        };
        at += l->seg[i].len;
    }
    CHECK_EQ(at, LEN);
}

static void check_landed(const struct landing *l)
{
    uint8_t *mem = malloc(LEN);
    size_t at = 0;
    CHECK(mem != NULL);
    for (unsigned i = 0; i < SEGS; at += l->seg[i++].len) {
        const struct gw_seg *seg = &l->seg[i];
        if (seg->mem == NULL)
            CHECK_EQ(pread(seg->fd, mem, seg->len, (off_t)seg->off), seg->len);
        else
            memcpy(mem, seg->mem, seg->len);
        CHECK_MEM(mem, contents + at, seg->len);
    }
    free(mem);
}

static void close_landing(struct landing *l)
{
    free(l->mem);
    close(l->fd);
}

static void fill_landing(const struct landing *l)
{
    size_t at = 0;
    for (unsigned i = 0; i < SEGS; at += l->seg[i++].len) {
        if (l->seg[i].mem != NULL)
            memcpy(l->seg[i].mem, contents + at, l->seg[i].len);
        else
            CHECK_EQ(pwrite(l->fd, contents + at, l->seg[i].len, (off_t)l->seg[i].off), l->seg[i].len);
    }
}

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
        seg[i] = (struct gw_seg){ .mem = mem + (size_t)SIZE * (NUM - 1 - i), .len = SIZE };
    open_bench(&b, LEN, 0);
    gw_payload_open(&b.payload, b.from, (uint64_t)NUM * SIZE, b.buffer, ROOM);
    CHECK_EQ(gw_payload_into(&b.payload, seg, NUM, &b.err), 0);
    for (unsigned i = 0; i < NUM; i++)
        CHECK_MEM(seg[i].mem, contents + (size_t)SIZE * i, SIZE);
    CHECK_EQ(b.from->read_pos, NUM * SIZE);
    free(mem);
    close_bench(&b);
}

const struct test tests[] = {
    { "every-combination-gets-all-octets", every_combination_gets_all_octets },
    { "what-nobody-wants-is-skipped-without-reading", what_nobody_wants_is_skipped_without_reading },
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
    { NULL, NULL },
};
