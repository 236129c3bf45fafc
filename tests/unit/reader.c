/*
 * reader.c - an image comes out of the reader as it went in, or the reader says where and why it does not.
 *
 * Inputs lie in heap blocks of exactly their size, so that the address sanitizer sees one octet too far.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "images.h"

/* One run to the end of what there is, through every CHECKPOINT; *stopped: where the last run ended. */
static int read_all(struct gw_chan *in, struct gw_sink *sink, enum gw_mark_kind *stopped, struct gw_err *err)
{
    struct gw_reader *reader = gw_reader_new(in, gw_limit(PFN), err);
    CHECK(reader != NULL);
    int rc = 0;
    for (*stopped = GW_CHECKPOINT; rc == 0 && *stopped == GW_CHECKPOINT;)
        rc = gw_reader_run(reader, sink, stopped, err);
    gw_reader_free(reader);
    return rc;
}

static int read_octets(const void *mem, size_t len, struct gw_sink *sink, struct gw_err *err)
{
    enum gw_mark_kind stopped;
    struct gw_chan *in = gw_chan_memory(mem, len, NULL, err);
    int rc = read_all(in, sink, &stopped, err);
    gw_chan_close(in);
    return rc;
}

/* --- every prefix ------------------------------------------------------------------------------------------------ */

/* What an image that is cut after so many octets breaks, and where. */
struct end {
    const char *rule;
    uint64_t offset, record;
    char says[80];
};

static struct end end_of(const struct gw_buf *image, size_t cut)
{
    struct end end = { 0 };
    size_t at = GW_IMAGE_HEADER_LEN + GW_DOMAIN_HEADER_LEN;
    uint32_t length = 0, checkpoint = UINT32_MAX;
    if (cut < at) {
        bool first = cut < GW_IMAGE_HEADER_LEN;
        end.rule = first ? "ihdr-truncated" : "dhdr-truncated";
        end.offset = first ? 0 : GW_IMAGE_HEADER_LEN;
        snprintf(end.says, sizeof end.says, first ? "has %zu of 24" : "has %zu of 16", cut - (size_t)end.offset);
        return end;
    }
    for (end.record = 1;; end.record++) {
        struct gw_cur cur = gw_cur(image->mem + at, 8);
        uint32_t type = gw_u32(&cur);
        length = gw_u32(&cur);
        length += gw_pad8(length);
        if (cut < at + 8 + length)
            break;
        at += 8 + length;
        checkpoint = type == GW_REC_CHECKPOINT ? type : UINT32_MAX;
    }
    end.offset = at;
    end.rule = cut == at ? "rec-end-missing" : cut < at + 8 ? "rec-truncated-header" : "rec-truncated-body";
    if (cut == at && checkpoint == GW_REC_CHECKPOINT)
        end.rule = NULL; /* as Remus leaves it */
    if (cut == at)
        snprintf(end.says, sizeof end.says, "before an END record");
    else if (cut < at + 8)
        snprintf(end.says, sizeof end.says, "%zu of 8 octets are there", cut - at);
    else
        snprintf(end.says, sizeof end.says, "%zu of %u octets are there", cut - at - 8, length);
    return end;
}

static void check_prefix(const struct gw_buf *image, size_t cut, bool writes)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf out = { 0 };
    static const struct gw_sink_ops ops = { .name = "deaf" };
    struct gw_sink deaf = { .ops = &ops };
    struct gw_chan *to = lend(image, &out);
    struct gw_sink *writer = gw_writer(to, &err);
    struct end want = end_of(image, cut);
    uint8_t *mem = malloc(cut ? cut : 1);
    CHECK(mem != NULL && writer != NULL);
    memcpy(mem, image->mem, cut);
    CHECK_EQ(read_octets(mem, cut, writes ? writer : &deaf, &err), want.rule ? -1 : 0);
    CHECK_STR(err.rule, want.rule);
    if (want.rule != NULL) {
        CHECK_FAIL(err, GW_E_SHORT, want.says);
        CHECK(err.placed);
        CHECK_EQ(err.offset, want.offset);
        CHECK_EQ(err.record, want.record);
    }
    CHECK(out.len <= cut);
    CHECK_MEM(out.mem, image->mem, out.len);
    free(mem);
    gw_sink_close(writer);
    gw_chan_close(to);
    gw_buf_free(&out);
}

static void check_prefixes(enum small_image which)
{
    struct gw_buf image = small_image(which);
    for (size_t cut = 0; cut < image.len; cut += cut % 512 == 40 ? 13 : 1) /* every octet, but not of contents */
        check_prefix(&image, cut, cut % 2);
    gw_buf_free(&image);
}

static void every_prefix_of_pv_2_is_short_at_its_record(void)
{
    check_prefixes(PV_2);
}
static void every_prefix_of_pv_3_is_short_at_its_record(void)
{
    check_prefixes(PV_3);
}
static void every_prefix_of_hvm_2_is_short_at_its_record(void)
{
    check_prefixes(HVM_2);
}
static void every_prefix_of_hvm_3_is_short_at_its_record(void)
{
    check_prefixes(HVM_3);
}
static void every_prefix_of_a_checkpointed_image_is_short_or_at_a_checkpoint(void)
{
    check_prefixes(HVM_REMUS);
}

/* --- whole images ------------------------------------------------------------------------------------------------ */

static void check_round_trip(const struct gw_buf *image, const struct gw_fault *fault)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf out = { 0 };
    enum gw_mark_kind stopped;
    struct gw_chan *in = gw_chan_fault(lend(image, NULL), fault, &err);
    struct gw_chan *to = gw_chan_fault(lend(image, &out), fault, &err);
    struct gw_sink *writer = gw_writer(to, &err);
    CHECK_EQ(read_all(in, writer, &stopped, &err), 0);
    CHECK_EQ(err.code, GW_E_OK);
    CHECK_EQ(out.len, image->len);
    CHECK_MEM(out.mem, image->mem, image->len);
    gw_sink_close(writer);
    gw_chan_close(in);
    gw_chan_close(to);
    gw_buf_free(&out);
}

static void images_come_out_as_they_went_in_however_slowly(void)
{
    static const struct gw_fault faults[] = {
        { 0 }, { .most = 1 }, { .most = 1, .interrupt_every = 1 }, { .most = 4095 }
    };
    for (enum small_image which = 0; which < NUM_SMALL_IMAGES; which++)
        for (unsigned i = 0; i < 4; i++) {
            struct gw_buf image = small_image(which);
            check_round_trip(&image, &faults[i]);
            gw_buf_free(&image);
        }
}

static void no_octet_behind_end_is_taken(void)
{
    for (enum small_image which = PV_2; which <= HVM_3; which++) {
        struct gw_buf image = small_image(which), log = { 0 };
        struct gw_err err = GW_ERR_NONE;
        enum gw_mark_kind stopped;
        size_t len = image.len;
        char behind[5] = { 0 };
        gw_put(&image, "next", 4);
        struct gw_chan *in = lend(&image, NULL);
        struct gw_sink *sink = new_log_sink('s', GW_TAKES_MOVE, &log, 0);
        CHECK_EQ(read_all(in, sink, &stopped, &err), 0);
        CHECK_EQ(stopped, GW_END);
        CHECK_EQ(in->read_pos, len);
        CHECK_EQ(gw_chan_read(in, behind, 4, NULL, &err), 0);
        CHECK_STR(behind, "next");
        gw_sink_close(sink);
        gw_chan_close(in);
        gw_buf_free(&image);
        gw_buf_free(&log);
    }
}

static void a_checkpoint_stops_and_the_image_goes_on(void)
{
    struct gw_buf image = small_image(HVM_REMUS), log = { 0 };
    struct gw_err err = GW_ERR_NONE;
    enum gw_mark_kind stopped;
    struct gw_chan *in = lend(&image, NULL);
    struct gw_sink *sink = new_log_sink('s', GW_TAKES_MOVE, &log, 0);
    struct gw_reader *reader = gw_reader_new(in, gw_limit(PFN), &err);
    CHECK(gw_reader_headers(reader) == NULL);
    CHECK_EQ(gw_reader_run(reader, sink, &stopped, &err), 0);
    CHECK_EQ(stopped, GW_CHECKPOINT);
    CHECK_EQ(gw_reader_headers(reader)->domain.type, GW_DOMAIN_HVM);
    uint64_t first = in->read_pos;
    gw_put(&log, "--\n", 3);
    CHECK_EQ(gw_reader_run(reader, sink, &stopped, &err), 0);
    CHECK_EQ(stopped, GW_CHECKPOINT);
    CHECK_EQ(in->read_pos, image.len);
    CHECK_EQ(gw_reader_run(reader, sink, &stopped, &err), 0);
    CHECK_EQ(stopped, GW_MARK_NONE);
    char want[128];
    snprintf(want, sizeof want, ": checkpoint\n--\ns pages 9 at %llu: 4, 2 with contents, pfn 0\n",
             (unsigned long long)first);
    CHECK_HAS(log_text(&log), want);
    gw_reader_free(reader);
    gw_sink_close(sink);
    gw_chan_close(in);
    gw_buf_free(&image);
    gw_buf_free(&log);
}

static void headers_behind_a_checkpoint_are_refused(void)
{
    struct gw_buf image = small_image(HVM_REMUS), log = { 0 };
    struct gw_err err = GW_ERR_NONE;
    size_t len = image.len;
    put_headers(&image, 3, GW_DOMAIN_HVM);
    struct gw_sink *sink = new_log_sink('s', GW_TAKES_MOVE, &log, 0);
    CHECK_EQ(read_octets(image.mem, image.len, sink, &err), -1);
    CHECK_FAIL(err, GW_E_INVALID, "an image header stands behind a CHECKPOINT");
    CHECK_STR(err.rule, "carrier-no-newheader");
    CHECK_EQ(err.offset, len);
    gw_sink_close(sink);
    gw_buf_free(&image);
    gw_buf_free(&log);
}

static void headers_among_plain_records_are_no_new_image(void)
{
    struct gw_buf image = { 0 }, log = { 0 };
    struct gw_err err = GW_ERR_NONE;
    put_headers(&image, 3, GW_DOMAIN_HVM);
    put_record(&image, 0x80000055, "abc", 3);
    put_headers(&image, 3, GW_DOMAIN_HVM);
    struct gw_sink *sink = new_log_sink('s', GW_TAKES_MOVE, &log, 0);
    CHECK_EQ(read_octets(image.mem, image.len, sink, &err), -1);
    CHECK_STR(err.rule, "rec-length-limit");
    gw_sink_close(sink);
    gw_buf_free(&image);
    gw_buf_free(&log);
}

/* --- channels that fail ------------------------------------------------------------------------------------------ */

/* A channel that breaks behind so many octets, which is no end of the input. */
struct broken {
    struct gw_chan chan;
    const uint8_t *mem;
    size_t len;
};
static int broken_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    const struct broken *b = (const struct broken *)chan;
    (void)num;
    *got = (size_t)gw_min(part[0].iov_len, b->len - chan->read_pos);
    if (*got == 0)
        return errno = EIO, gw_fail(err, GW_E_SYSTEM, "broken on order");
    memcpy(part[0].iov_base, b->mem + chan->read_pos, *got);
    return 0;
}

static void a_read_that_fails_is_the_systems_failure_wherever_it_is(void)
{
    static const struct gw_chan_ops ops = { .name = "broken", .read = broken_read };
    struct gw_buf image = small_image(PV_3);
    for (size_t len = 0; len < image.len; len += len % 512 == 40 ? 17 : 1) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_buf log = { 0 };
        enum gw_mark_kind stopped;
        struct broken in = { .chan.ops = &ops, .mem = image.mem, .len = len };
        struct gw_sink *sink = new_log_sink('s', len % 2 ? GW_TAKES_MOVE : GW_TAKES_WATCH, &log, 0);
        CHECK_EQ(read_all(&in.chan, sink, &stopped, &err), -1);
        CHECK_FAIL(err, GW_E_SYSTEM, "broken on order");
        CHECK_EQ(err.sys, EIO);
        CHECK(err.placed && err.offset <= len && err.rule == NULL);
        gw_sink_close(sink);
        gw_buf_free(&log);
    }
    gw_buf_free(&image);
}

static void an_output_that_breaks_stops_the_image_there(void)
{
    for (enum small_image which = 0; which < NUM_SMALL_IMAGES; which++) {
        struct gw_buf image = small_image(which);
        for (size_t cut = 0; cut < image.len; cut += cut % 512 == 40 ? 17 : 1) {
            struct gw_fault fault = { .cut_write = true, .cut_write_at = cut };
            struct gw_err err = GW_ERR_NONE;
            struct gw_buf out = { 0 };
            struct gw_chan *to = gw_chan_fault(lend(&image, &out), &fault, &err);
            struct gw_sink *writer = gw_writer(to, &err);
            CHECK_EQ(read_octets(image.mem, image.len, writer, &err), -1);
            CHECK_EQ(err.sys, EPIPE);
            CHECK_EQ(out.len, cut);
            CHECK_MEM(out.mem, image.mem, cut);
            gw_sink_close(writer);
            gw_chan_close(to);
            gw_buf_free(&out);
        }
        gw_buf_free(&image);
    }
}

/* --- the inferred end of the static data ------------------------------------------------------------------------- */

static const char *log_of(struct gw_buf *image, struct gw_buf *log)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_sink *sink = new_log_sink('s', GW_TAKES_MOVE, log, 0);
    *log = (struct gw_buf){ 0 };
    CHECK_EQ(read_octets(image->mem, image->len, sink, &err), 0);
    gw_sink_close(sink);
    gw_buf_free(image);
    return log_text(log);
}

static void version_2_infers_the_end_of_static_data_where_it_would_stand(void)
{
    struct gw_buf log, image = small_image(PV_2);
    const char *text = log_of(&image, &log);
    CHECK_HAS(text, "s record 1 at 40: X86_PV_INFO of 8\n"
                    "s mark 2 at 56: static end, inferred\n"
                    "s record 2 at 56: X86_PV_P2M_FRAMES of 16\n"
                    "s pages 3 at 80: 4, 3 with contents, pfn 0\n");
    CHECK_EQ(count_of(text, "static end"), 1);
    gw_buf_free(&log);
    image = small_image(HVM_2);
    text = log_of(&image, &log);
    CHECK_HAS(text, "s begin version 2 type 2\n"
                    "s mark 1 at 40: static end, inferred\n"
                    "s pages 1 at 40: 4, 2 with contents, pfn 0\n");
    CHECK_EQ(count_of(text, "static end"), 1);
    gw_buf_free(&log);
}

static void version_3_infers_nothing(void)
{
    for (unsigned i = 0; i < 3; i++) {
        struct gw_buf log, image = small_image(i == 0 ? PV_3 : i == 1 ? HVM_3 : HVM_REMUS);
        const char *text = log_of(&image, &log);
        CHECK_EQ(count_of(text, "inferred"), 0);
        CHECK_EQ(count_of(text, ": static end\n"), 1);
        gw_buf_free(&log);
    }
}

static void nothing_is_inferred_behind_an_end_that_is_said(void)
{
    struct gw_buf log, image = { 0 };
    put_headers(&image, 2, GW_DOMAIN_HVM);
    put_record(&image, GW_REC_STATIC_DATA_END, NULL, 0);
    put_memory(&image, 0);
    put_memory(&image, 1);
    put_record(&image, GW_REC_END, NULL, 0);
    const char *text = log_of(&image, &log);
    CHECK_EQ(count_of(text, "static end"), 1);
    CHECK_HAS(text, "s mark 1 at 40: static end\n");
    gw_buf_free(&log);
}

const struct test tests[] = {
    { "every-prefix-of-pv-2-is-short-at-its-record", every_prefix_of_pv_2_is_short_at_its_record },
    { "every-prefix-of-pv-3-is-short-at-its-record", every_prefix_of_pv_3_is_short_at_its_record },
    { "every-prefix-of-hvm-2-is-short-at-its-record", every_prefix_of_hvm_2_is_short_at_its_record },
    { "every-prefix-of-hvm-3-is-short-at-its-record", every_prefix_of_hvm_3_is_short_at_its_record },
    { "every-prefix-of-a-checkpointed-image-is-short-or-at-a-checkpoint",
      every_prefix_of_a_checkpointed_image_is_short_or_at_a_checkpoint },
    { "images-come-out-as-they-went-in-however-slowly", images_come_out_as_they_went_in_however_slowly },
    { "no-octet-behind-end-is-taken", no_octet_behind_end_is_taken },
    { "a-checkpoint-stops-and-the-image-goes-on", a_checkpoint_stops_and_the_image_goes_on },
    { "headers-behind-a-checkpoint-are-refused", headers_behind_a_checkpoint_are_refused },
    { "headers-among-plain-records-are-no-new-image", headers_among_plain_records_are_no_new_image },
    { "a-read-that-fails-is-the-systems-failure-wherever-it-is",
      a_read_that_fails_is_the_systems_failure_wherever_it_is },
    { "an-output-that-breaks-stops-the-image-there", an_output_that_breaks_stops_the_image_there },
    { "version-2-infers-the-end-of-static-data-where-it-would-stand",
      version_2_infers_the_end_of_static_data_where_it_would_stand },
    { "version-3-infers-nothing", version_3_infers_nothing },
    { "nothing-is-inferred-behind-an-end-that-is-said", nothing_is_inferred_behind_an_end_that_is_said },
    { NULL, NULL },
};
