/*
 * hostile.c - what a reader does with records that lie, are long, or are strange, and with sinks that fail.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness.h"
#include "images.h"

#define MIB (UINT64_C(1) << 20)

/* Headers and `octets` behind them, into a sink that writes down; the log stays until the process ends. */
static struct gw_buf said;
static int read_behind_headers(const struct gw_buf *octets, struct gw_err *err)
{
    struct gw_buf image = { 0 };
    enum gw_mark_kind stopped;
    *err = GW_ERR_NONE;
    gw_buf_free(&said);
    put_headers(&image, 2, GW_DOMAIN_HVM);
    gw_put(&image, octets->mem, octets->len);
    struct gw_chan *in = lend(&image, NULL);
    struct gw_sink *sink = new_log_sink('s', GW_TAKES_MOVE, &said, 0);
    struct gw_reader *reader = gw_reader_new(in, 4096, err);
    int rc = gw_reader_run(reader, sink, &stopped, err);
    gw_reader_free(reader);
    gw_sink_close(sink);
    gw_chan_close(in);
    gw_buf_free(&image);
    return rc;
}

static void check_refused(struct gw_buf *octets, enum gw_code code, const char *rule)
{
    struct gw_err err;
    CHECK_EQ(read_behind_headers(octets, &err), -1);
    CHECK_EQ(err.code, code);
    CHECK_STR(err.rule, rule);
    CHECK(err.placed);
    CHECK_EQ(err.offset, 40);
    CHECK_EQ(err.record, 1);
    gw_buf_free(octets);
}

/* --- lengths that lie -------------------------------------------------------------------------------------------- */

static void a_claimed_length_is_judged_before_its_octets(void)
{
    static const struct {
        uint32_t type, length;
        enum gw_code code;
        const char *rule;
    } rows[] = {
        { 0x80000055, (128u << 20) + 1, GW_E_INVALID, "rec-length-limit" },
        { GW_REC_PAGE_DATA, UINT32_MAX, GW_E_INVALID, "rec-length-limit" },
        { UINT32_MAX, UINT32_MAX, GW_E_INVALID, "rec-length-limit" },
        { 0x80000055, 128u << 20, GW_E_SHORT, "rec-truncated-body" },
        { GW_REC_HVM_CONTEXT, (32u << 20) + 1, GW_E_INVALID, "rec-kept-limit" },
        { GW_REC_END, 33u << 20, GW_E_INVALID, "rec-kept-limit" },
        { GW_REC_HVM_CONTEXT, 32u << 20, GW_E_SHORT, "rec-truncated-body" },
        { GW_REC_PAGE_DATA, 4, GW_E_SHORT, "rec-truncated-body" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_buf octets = { 0 };
        gw_record_header_encode(&octets, rows[i].type, rows[i].length);
        check_refused(&octets, rows[i].code, rows[i].rule);
        bool passes = rows[i].type == 0x80000055 && rows[i].code == GW_E_SHORT; /* the sink may take it as it comes */
        CHECK_EQ(strstr(log_text(&said), "record") != NULL, passes);
    }
}

/* A stream of a few octets must not make us ask for what it claims. */
static void a_claimed_length_costs_no_memory(void)
{
    struct rusage before, after;
    struct gw_buf octets = { 0 };
    getrusage(RUSAGE_SELF, &before);
    gw_record_header_encode(&octets, GW_REC_HVM_CONTEXT, 32u << 20);
    gw_put_zeros(&octets, 100);
    check_refused(&octets, GW_E_SHORT, "rec-truncated-body");
    gw_record_header_encode(&octets, GW_REC_PAGE_DATA, 128u << 20);
    gw_put_u32(&octets, 1u << 20);
    gw_put_u32(&octets, 0);
    check_refused(&octets, GW_E_SHORT, "rec-truncated-body");
    getrusage(RUSAGE_SELF, &after);
    CHECK((uint64_t)(after.ru_maxrss - before.ru_maxrss) * 1024 < 4 * MIB);
}

static struct gw_buf pages_of(uint32_t length, uint32_t count, uint64_t entry, size_t contents)
{
    struct gw_buf octets = { 0 };
    gw_record_header_encode(&octets, GW_REC_PAGE_DATA, length);
    gw_put_u32(&octets, count);
    gw_put_u32(&octets, 0);
    gw_put_u64(&octets, entry);
    gw_put_zeros(&octets, contents);
    return octets;
}

static void pages_that_lie_are_refused_at_their_record(void)
{
    static const struct {
        uint32_t length, count;
        uint64_t entry;
        const char *rule;
    } rows[] = {
        { 4, 1, 0, "page-short" },
        { 16, 0, 0, "page-count-zero" },
        { 16, 2, 0, "page-count-array" },
        { 16, 1, 0, "page-length" },
        { 16 + 4095, 1, 0, "page-length" },
        { 16 + 4097, 1, 0, "page-length" },
        { 16 + 8192, 1, 0, "page-length" },
        { 16 + 4096, 1, UINT64_C(0xf) << 60, "page-length" },
        { 16 + 4096, 1, UINT64_C(5) << 60, "page-type" },
        { 16 + 4096, 1, 4096, "page-pfn-limit" },
        { 16 + 4096, 1, GW_PFN_MASK, "page-pfn-limit" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_buf octets = pages_of(rows[i].length, rows[i].count, rows[i].entry, 8192);
        check_refused(&octets, GW_E_INVALID, rows[i].rule);
        CHECK(strstr(log_text(&said), "pages") == NULL);
    }
    struct gw_buf octets = pages_of(16 + 4096, 1, 4095, 4096);
    struct gw_err err;
    put_record(&octets, GW_REC_END, NULL, 0);
    CHECK_EQ(read_behind_headers(&octets, &err), 0);
    gw_buf_free(&octets);
}

/* --- what is strange, but no reason to stop ---------------------------------------------------------------------- */

static void strange_records_come_through_as_they_stand(void)
{
    struct gw_buf octets = { 0 };
    struct gw_err err;
    put_record(&octets, 0x55, "abc", 3);
    octets.mem[octets.len - 1] = 1; /* of the padding */
    put_record(&octets, GW_REC_X86_TSC_INFO, NULL, 0);
    put_record(&octets, GW_REC_VERIFY, "body5678", 8);
    put_record(&octets, GW_REC_TOOLSTACK, NULL, 1);
    put_record(&octets, GW_REC_END, "body", 4);
    CHECK_EQ(read_behind_headers(&octets, &err), 0);
    CHECK_STR(log_text(&said), "s begin version 2 type 2\n"
                               "s record 1 at 40: unknown record 0x55 of 3, padded with dirt\n"
                               "s record 2 at 56: X86_TSC_INFO of 0\n"
                               "s mark 3 at 64: verify\n"
                               "s record 4 at 80: TOOLSTACK of 1\n"
                               "s mark 5 at 96: end\n"
                               "s close\n");
    gw_buf_free(&octets);
}

static void records_of_any_length_come_out_as_they_went_in(void)
{
    static const size_t lengths[] = { 0, 1, 7, 8, 9, 65535, 65536, 65537, 200003 };
    struct gw_buf image = { 0 }, out = { 0 };
    struct gw_err err = GW_ERR_NONE;
    enum gw_mark_kind stopped;
    uint8_t body[200003];
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (uint8_t)(i * 11 + i / 300);
    put_headers(&image, 3, GW_DOMAIN_HVM);
    for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        put_record(&image, 0x80000055, body, lengths[i]);
    put_record(&image, GW_REC_END, NULL, 0);
    struct gw_chan *in = lend(&image, &out);
    struct gw_reader *reader = gw_reader_new(in, 1, &err);
    struct gw_sink *writer = gw_writer(in, &err);
    CHECK_EQ(gw_reader_run(reader, writer, &stopped, &err), 0);
    CHECK_EQ(out.len, image.len);
    CHECK_MEM(out.mem, image.mem, image.len);
    gw_reader_free(reader);
    gw_sink_close(writer);
    gw_chan_close(in);
    gw_buf_free(&image);
    gw_buf_free(&out);
}

/* 33 MiB of an unknown type, from file to file: longer than what is kept. */
static void a_long_unknown_record_passes_unchanged_in_bounded_memory(void)
{
    struct gw_buf head = { 0 }, end = { 0 };
    struct gw_err err = GW_ERR_NONE;
    struct rusage before, after;
    enum gw_mark_kind stopped;
    uint64_t length = 33 * MIB + 3;
    int from = memfd_create("from", MFD_CLOEXEC), to = memfd_create("to", MFD_CLOEXEC);
    put_headers(&head, 3, GW_DOMAIN_HVM);
    gw_record_header_encode(&head, 0x80000055, (uint32_t)length);
    put_record(&end, GW_REC_END, NULL, 0);
    uint64_t all = head.len + length + 5 + end.len;
    CHECK_EQ(pwrite(from, head.mem, head.len, 0), head.len);
    for (uint64_t at = head.len; at < head.len + length; at += 99991)
        CHECK_EQ(pwrite(from, &at, 1, (off_t)at), 1);
    CHECK_EQ(pwrite(from, end.mem, end.len, (off_t)(all - end.len)), end.len);
    getrusage(RUSAGE_SELF, &before);
    struct gw_chan *in = gw_chan_fd(from, true, &err), *out = gw_chan_fd(to, true, &err);
    struct gw_reader *reader = gw_reader_new(in, gw_limit(PFN), &err);
    struct gw_sink *writer = gw_writer(out, &err);
    CHECK_EQ(gw_reader_run(reader, writer, &stopped, &err), 0);
    CHECK_EQ(stopped, GW_END);
    getrusage(RUSAGE_SELF, &after);
    CHECK((uint64_t)(after.ru_maxrss - before.ru_maxrss) * 1024 < 8 * MIB);
    CHECK_EQ(out->write_pos, all);
    static uint8_t a[65536], b[65536];
    for (uint64_t at = 0; at < all; at += sizeof a) {
        ssize_t len = pread(from, a, sizeof a, (off_t)at);
        CHECK(len > 0 && pread(to, b, sizeof b, (off_t)at) == len);
        CHECK_MEM(b, a, (size_t)len);
    }
    gw_sink_close(writer);
    gw_reader_free(reader);
    gw_chan_close(in);
    gw_chan_close(out);
    gw_buf_free(&head);
    gw_buf_free(&end);
}

/* --- sinks that fail --------------------------------------------------------------------------------------------- */

/* The file through a wrap, so that asides and commits come, too; the sink fails in its n-th call. */
static unsigned run_failing(const struct gw_buf *file, enum gw_takes takes, unsigned n)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_sink *sink = new_log_sink('s', takes, &said, n);
    struct gw_wrap *wrap = gw_wrap_new(lend(file, NULL), gw_limit(PFN), &err);
    int rc = gw_wrap_run(wrap, sink, &err);
    unsigned calls = ((struct log_sink *)sink)->calls; /* it ends the test itself when called behind its failure */
    CHECK_EQ(rc, n > 0 ? -1 : 0);
    if (n > 0) {
        CHECK_EQ(calls, n);
        CHECK_FAIL(err, GW_E_REFUSED, "failed on order in s");
        CHECK(err.rule == NULL);
    }
    gw_wrap_close(wrap);
    gw_sink_close(sink);
    return calls;
}

static void nobody_calls_a_sink_behind_its_failure(void)
{
    for (unsigned which = 0; which <= NUM_SMALL_IMAGES; which++)
        for (enum gw_takes takes = GW_TAKES_WATCH; takes <= GW_TAKES_MOVE; takes++) {
            struct gw_buf file = which < NUM_SMALL_IMAGES ? small_image(which) : small_xl(HVM_3);
            unsigned calls = run_failing(&file, takes, 0);
            CHECK(calls >= 8);
            for (unsigned n = 1; n <= calls; n++)
                run_failing(&file, takes, n);
            gw_buf_free(&file);
        }
    gw_buf_free(&said);
}

const struct test tests[] = {
    { "a-claimed-length-is-judged-before-its-octets", a_claimed_length_is_judged_before_its_octets },
    { "a-claimed-length-costs-no-memory", a_claimed_length_costs_no_memory },
    { "pages-that-lie-are-refused-at-their-record", pages_that_lie_are_refused_at_their_record },
    { "strange-records-come-through-as-they-stand", strange_records_come_through_as_they_stand },
    { "records-of-any-length-come-out-as-they-went-in", records_of_any_length_come_out_as_they_went_in },
    { "a-long-unknown-record-passes-unchanged-in-bounded-memory",
      a_long_unknown_record_passes_unchanged_in_bounded_memory },
    { "nobody-calls-a-sink-behind-its-failure", nobody_calls_a_sink_behind_its_failure },
    { NULL, NULL },
};
