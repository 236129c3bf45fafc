/*
 * sink.c - whom a tee asks in what order, missing slots, and what a writer writes, leaves out and refuses.
 */
#include <string.h>

#include "harness.h"
#include "images.h"

#define NONE GW_NO_EMPTY_FORM

/* --- the order of calls ------------------------------------------------------------------------------------------ */

/* One producer's worth of everything, into the sink. */
static int run_all_slots(struct gw_sink *sink, struct gw_err *err)
{
    const uint64_t entry = gw_entry(7, GW_PAGE_XTAB);
    struct gw_payload payload;
    uint8_t buffer[4096];
    struct gw_buf none = { 0 };
    struct gw_chan *from = lend(&none, NULL);
    gw_payload_open(&payload, from, 0, buffer, sizeof buffer);
    const struct gw_aside aside = { .kind = GW_ASIDE_LAYER, .offset = 3, .name = "raw" };
    const struct gw_headers headers = { .image = { .version = 3 }, .domain = { .type = 2 } };
    const struct gw_pages pages = {
        .frame = { 1, 40, GW_REC_PAGE_DATA, 16, false }, .count = 1, .entries = &entry, .contents = &payload
    };
    const struct gw_record record = { .frame = { 2, 64, 0x80000055, 4, true }, .body = buffer };
    const struct gw_mark mark = { .kind = GW_END, .frame = { 3, 80, GW_REC_END, 0, false } };
    int rc = gw_sink_aside(sink, &aside, err) < 0 || gw_sink_begin(sink, &headers, err) < 0 ||
                     gw_sink_pages(sink, &pages, err) < 0 || gw_sink_record(sink, &record, err) < 0 ||
                     gw_sink_mark(sink, &mark, err) < 0 || gw_sink_commit(sink, err) < 0
                 ? -1
                 : 0;
    gw_chan_close(from);
    return rc;
}

static void a_tee_asks_watchers_then_landers_then_movers(void)
{
    struct gw_buf log = { 0 };
    struct gw_err err = GW_ERR_NONE;
    static const enum gw_takes takes[] = { GW_TAKES_MOVE, GW_TAKES_WATCH, GW_TAKES_LAND, GW_TAKES_WATCH };
    struct gw_sink *sinks[4];
    for (unsigned i = 0; i < 4; i++)
        sinks[i] = new_log_sink("mwlv"[i], takes[i], &log, 0);
    struct gw_sink *tee = gw_tee(sinks, 4, &err);
    CHECK_EQ(run_all_slots(tee, &err), 0);
    gw_sink_close(tee); /* leaves the others open */
    for (unsigned i = 0; i < 4; i++)
        gw_sink_close(sinks[i]);
    static const char *const lines[] = {
        " aside raw at 3: 0 octets",
        " begin version 3 type 2",
        " pages 1 at 40: 1, 0 with contents, pfn 7",
        " record 2 at 64: unknown record 0x80000055 of 4, padded with dirt",
        " mark 3 at 80: end",
        " commit",
    };
    struct gw_buf want = { 0 };
    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++)
        for (const char *name = "wvlm"; *name; name++) {
            gw_put(&want, name, 1);
            gw_put(&want, lines[i], strlen(lines[i]));
            gw_put(&want, "\n", 1);
        }
    gw_put(&want, "m close\nw close\nl close\nv close\n", 32);
    CHECK_STR(log_text(&log), log_text(&want));
    gw_buf_free(&log);
    gw_buf_free(&want);
}

static void a_failure_in_a_tee_reaches_nobody_behind_it(void)
{
    struct gw_buf log = { 0 };
    struct gw_err err = GW_ERR_NONE;
    struct gw_sink *sinks[] = { new_log_sink('a', GW_TAKES_WATCH, &log, 0), new_log_sink('b', GW_TAKES_WATCH, &log, 2),
                                new_log_sink('c', GW_TAKES_WATCH, &log, 0) };
    struct gw_sink *tee = gw_tee(sinks, 3, &err);
    CHECK_EQ(run_all_slots(tee, &err), -1);
    CHECK_FAIL(err, GW_E_REFUSED, "failed on order in b begin");
    CHECK(tee->failed && sinks[1]->failed && !sinks[0]->failed && !sinks[2]->failed);
    gw_sink_close(tee);
    for (unsigned i = 0; i < 3; i++)
        gw_sink_close(sinks[i]);
    CHECK_STR(log_text(&log), "a aside raw at 3: 0 octets\nb aside raw at 3: 0 octets\nc aside raw at 3: 0 octets\n"
                              "a begin version 3 type 2\nb begin version 3 type 2\n"
                              "a close\nb close\nc close\n");
    gw_buf_free(&log);
}

static void a_missing_slot_takes_nothing_and_succeeds(void)
{
    static const struct gw_sink_ops ops = { .name = "deaf" };
    struct gw_sink deaf = { .ops = &ops }, *sinks[] = { &deaf, &deaf };
    struct gw_err err = GW_ERR_NONE;
    struct gw_sink *tee = gw_tee(sinks, 2, &err), *none = gw_tee(sinks, 0, &err);
    CHECK_EQ(run_all_slots(&deaf, &err), 0);
    CHECK_EQ(run_all_slots(tee, &err), 0);
    CHECK_EQ(run_all_slots(none, &err), 0);
    CHECK(!deaf.failed);
    gw_sink_close(tee);
    gw_sink_close(none);
    gw_sink_close(&deaf);
    gw_sink_close(NULL);
}

/* --- the writer -------------------------------------------------------------------------------------------------- */

struct bench {
    struct gw_buf out, none;
    struct gw_chan *to, *from;
    struct gw_sink *writer;
    struct gw_err err;
};

static void open_bench(struct bench *b)
{
    *b = (struct bench){ .err = GW_ERR_NONE };
    b->to = lend(&b->none, &b->out);
    b->from = lend(&b->none, NULL);
    b->writer = gw_writer(b->to, &b->err);
    CHECK(b->writer != NULL);
    CHECK_EQ(b->writer->ops->takes, GW_TAKES_MOVE);
}

static void close_bench(struct bench *b)
{
    gw_sink_close(b->writer);
    gw_chan_close(b->to);
    gw_chan_close(b->from);
    gw_buf_free(&b->out);
}

static int write_record(struct bench *b, uint32_t type, uint32_t length)
{
    static const uint8_t body[64] = { 1 };
    struct gw_record record = { .frame = { .number = 1, .type = type, .length = length }, .body = body };
    return gw_sink_record(b->writer, &record, &b->err);
}

static void a_record_without_content_is_refused(void)
{
    unsigned refused = 0;
    for (unsigned i = 0; i < gw_num_records; i++) {
        const struct gw_record_info *info = &gw_records[i];
        const uint32_t lengths[] = { 0, info->empty };
        if (info->kind == GW_KIND_MARKER || info->type == GW_REC_PAGE_DATA)
            continue; /* they come as marks and pages */
        for (unsigned k = 0; k < 2 && lengths[k] != NONE; k++) {
            struct bench b;
            bool may = info->type == GW_REC_CHECKPOINT_DIRTY_PFN_LIST; /* nothing is dirty: that is content */
            open_bench(&b);
            CHECK_EQ(write_record(&b, info->type, lengths[k]), may ? 0 : -1);
            if (!may) {
                CHECK_FAIL(b.err, GW_E_USAGE, "without content is not written");
                CHECK_HAS(b.err.msg, info->name);
                CHECK_EQ(b.out.len, 0);
                refused++;
            }
            close_bench(&b);
        }
    }
    CHECK_EQ(refused, 17 + 5); /* of length 0, and vCPU records and HVM_PARAMS of length 8 */
}

static void a_record_with_content_is_written_and_padded(void)
{
    struct bench b;
    open_bench(&b);
    CHECK_EQ(write_record(&b, GW_REC_X86_PV_VCPU_MSRS, 9), 0);
    CHECK_EQ(write_record(&b, 0x80000055, 0), 0);
    CHECK_EQ(write_record(&b, 0x55, 3), 0);
    CHECK_EQ(b.out.len, 8 + 16 + 8 + 8 + 8);
    CHECK_MEM(b.out.mem, "\x0c\0\0\0\x09\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x55\0\0\x80\0\0\0\0\x55\0\0\0\3\0\0\0\1",
              41);
    close_bench(&b);
}

static void marks_are_written_and_inferred_ones_are_not(void)
{
    static const struct {
        enum gw_mark_kind kind;
        const char *want;
    } rows[] = {
        { GW_STATIC_END, "\x10\0\0\0\0\0\0\0" },
        { GW_VERIFY, "\x0d\0\0\0\0\0\0\0" },
        { GW_CHECKPOINT, "\x0e\0\0\0\0\0\0\0" },
        { GW_END, "\0\0\0\0\0\0\0\0" },
    };
    for (unsigned i = 0; i < 4; i++) {
        struct bench b;
        open_bench(&b);
        struct gw_mark mark = { .kind = rows[i].kind, .inferred = true };
        CHECK_EQ(gw_sink_mark(b.writer, &mark, &b.err), 0);
        CHECK_EQ(b.out.len, 0);
        mark.inferred = false;
        mark.frame.length = 5; /* a body that should not be there is not written */
        CHECK_EQ(gw_sink_mark(b.writer, &mark, &b.err), 0);
        CHECK_EQ(b.out.len, 8);
        CHECK_MEM(b.out.mem, rows[i].want, 8);
        close_bench(&b);
    }
}

static void headers_are_written_with_reserved_fields_as_zero(void)
{
    for (unsigned version = 2; version <= 3; version++) {
        struct bench b;
        struct gw_buf want = { 0 };
        struct gw_headers headers = { .image = { version, 0xfffe, 1, 2 },
                                      .domain = { 2, 12, 3, 4, version == 3 ? 17 : 13 } };
        open_bench(&b);
        put_headers(&want, version, GW_DOMAIN_HVM);
        CHECK_EQ(gw_sink_begin(b.writer, &headers, &b.err), 0);
        CHECK_EQ(b.out.len, want.len);
        CHECK_MEM(b.out.mem, want.mem, want.len);
        gw_buf_free(&want);
        close_bench(&b);
    }
}

static void a_version_that_nobody_writes_is_refused(void)
{
    static const uint32_t versions[] = { 0, 1, 4, UINT32_MAX };
    for (unsigned i = 0; i < 4; i++) {
        struct bench b;
        struct gw_headers headers = { .image = { .version = versions[i] } };
        open_bench(&b);
        CHECK_EQ(gw_sink_begin(b.writer, &headers, &b.err), -1);
        CHECK_FAIL(b.err, GW_E_USAGE, "of the image is not written");
        CHECK_EQ(b.out.len, 0);
        close_bench(&b);
    }
}

static void pages_without_an_entry_or_too_many_are_refused(void)
{
    struct gw_pages pages[] = { { .count = 0 }, { .count = 40000, .num_contents = 40000 } };
    static const char *const says[] = { "without an entry is not written", "would be longer than Xen reads" };
    for (unsigned i = 0; i < 2; i++) {
        struct bench b;
        open_bench(&b);
        CHECK_EQ(gw_sink_pages(b.writer, &pages[i], &b.err), -1);
        CHECK_FAIL(b.err, GW_E_USAGE, says[i]);
        CHECK_EQ(b.out.len, 0);
        close_bench(&b);
    }
}

static void asides_and_commits_leave_no_octet(void)
{
    struct bench b;
    struct gw_aside aside = { .kind = GW_ASIDE_XL_CONFIG };
    open_bench(&b);
    CHECK_EQ(gw_sink_aside(b.writer, &aside, &b.err), 0);
    CHECK_EQ(gw_sink_commit(b.writer, &b.err), 0);
    CHECK_EQ(b.out.len, 0);
    close_bench(&b);
}

const struct test tests[] = {
    { "a-tee-asks-watchers-then-landers-then-movers", a_tee_asks_watchers_then_landers_then_movers },
    { "a-failure-in-a-tee-reaches-nobody-behind-it", a_failure_in_a_tee_reaches_nobody_behind_it },
    { "a-missing-slot-takes-nothing-and-succeeds", a_missing_slot_takes_nothing_and_succeeds },
    { "a-record-without-content-is-refused", a_record_without_content_is_refused },
    { "a-record-with-content-is-written-and-padded", a_record_with_content_is_written_and_padded },
    { "marks-are-written-and-inferred-ones-are-not", marks_are_written_and_inferred_ones_are_not },
    { "headers-are-written-with-reserved-fields-as-zero", headers_are_written_with_reserved_fields_as_zero },
    { "a-version-that-nobody-writes-is-refused", a_version_that_nobody_writes_is_refused },
    { "pages-without-an-entry-or-too-many-are-refused", pages_without_an_entry_or_too_many_are_refused },
    { "asides-and-commits-leave-no-octet", asides_and_commits_leave_no_octet },
    { NULL, NULL },
};
