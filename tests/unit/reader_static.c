/*
 * reader_static.c - the static part of an image comes out by itself, and nothing behind it is taken.
 */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "images.h"

/* One reading of the static part alone; *pos: how far it came. */
static int read_static(const void *mem, size_t len, struct gw_sink *sink, uint64_t *pos, struct gw_err *err)
{
    struct gw_chan *in = gw_chan_memory(mem, len, NULL, err);
    CHECK(in != NULL);
    struct gw_reader *reader = gw_reader_new(in, gw_limit(PFN), err);
    CHECK(reader != NULL);
    int rc = gw_reader_static(reader, sink, err);
    *pos = in->read_pos;
    gw_reader_free(reader);
    gw_chan_close(in);
    return rc;
}

static struct gw_buf static_image(unsigned type)
{
    struct gw_buf image = { 0 };
    put_headers(&image, 3, type);
    put_record(&image, 0x80000055, "abc", 3);
    if (type == GW_DOMAIN_PV)
        put_record(&image, GW_REC_X86_PV_INFO, "\x08\x04\0\0\0\0\0\0", 8);
    put_record(&image, GW_REC_STATIC_DATA_END, NULL, 0);
    return image;
}

/* Whatever stands behind it is its reader's own. */
static void the_static_part_ends_with_its_mark(void)
{
    for (unsigned type = GW_DOMAIN_PV; type <= GW_DOMAIN_HVM; type++) {
        struct gw_buf image = static_image(type), log = { 0 };
        struct gw_err err = GW_ERR_NONE;
        struct gw_sink *sink = new_log_sink('s', GW_TAKES_MOVE, &log, 0);
        size_t len = image.len;
        uint64_t pos;
        gw_put(&image, "next", 4);
        CHECK_EQ(read_static(image.mem, image.len, sink, &pos, &err), 0);
        CHECK_EQ(pos, len);
        gw_sink_close(sink);
        const char *text = log_text(&log);
        CHECK_HAS(text, "s begin version 3");
        CHECK_EQ(count_of(text, ": static end\n"), 1);
        CHECK_EQ(count_of(text, "s record "), type == GW_DOMAIN_PV ? 2 : 1);
        gw_buf_free(&image);
        gw_buf_free(&log);
    }
}

static void read_whole(const struct gw_buf *image, struct gw_sink *sink)
{
    struct gw_err err = GW_ERR_NONE;
    enum gw_mark_kind stopped = GW_CHECKPOINT;
    struct gw_chan *in = lend(image, NULL);
    struct gw_reader *reader = gw_reader_new(in, gw_limit(PFN), &err);
    while (stopped == GW_CHECKPOINT)
        CHECK_EQ(gw_reader_run(reader, sink, &stopped, &err), 0);
    gw_reader_free(reader);
    gw_chan_close(in);
}

/* As one run would have told it. */
static void a_run_goes_on_behind_the_static_part(void)
{
    static const enum small_image all[] = { PV_3, HVM_3, HVM_REMUS };
    for (unsigned i = 0; i < 3; i++) {
        struct gw_buf image = small_image(all[i]), log = { 0 }, whole = { 0 };
        struct gw_err err = GW_ERR_NONE;
        enum gw_mark_kind stopped = GW_CHECKPOINT;
        struct gw_chan *in = lend(&image, NULL);
        struct gw_sink *sink = new_log_sink('s', GW_TAKES_MOVE, &log, 0);
        struct gw_sink *other = new_log_sink('s', GW_TAKES_MOVE, &whole, 0);
        struct gw_reader *reader = gw_reader_new(in, gw_limit(PFN), &err);
        CHECK_EQ(gw_reader_static(reader, sink, &err), 0);
        while (stopped == GW_CHECKPOINT)
            CHECK_EQ(gw_reader_run(reader, sink, &stopped, &err), 0);
        read_whole(&image, other);
        gw_sink_close(sink);
        gw_sink_close(other);
        CHECK_STR(log_text(&log), log_text(&whole));
        gw_reader_free(reader);
        gw_chan_close(in);
        gw_buf_free(&image);
        gw_buf_free(&log);
        gw_buf_free(&whole);
    }
}

/* Where the parts of static_image(GW_DOMAIN_PV) begin, and what an input breaks that ends inside of one. */
static const struct {
    size_t begins, header; /* octets of a record's header, 0: it is none */
    uint64_t record;
    const char *rule;
} places[] = {
    { 0, 0, 0, "ihdr-truncated" },      { 24, 0, 0, "dhdr-truncated" },     { 40, 8, 1, "rec-truncated-body" },
    { 56, 8, 2, "rec-truncated-body" }, { 72, 8, 3, "rec-truncated-body" },
};

static void check_cut(const struct gw_err *err, size_t cut)
{
    unsigned i = 0;
    while (i + 1 < sizeof places / sizeof places[0] && places[i + 1].begins <= cut)
        i++;
    const char *rule = places[i].rule;
    if (places[i].header > 0 && cut < places[i].begins + places[i].header)
        rule = cut == places[i].begins ? "sde-missing" : "rec-truncated-header";
    CHECK_EQ(err->code, GW_E_SHORT);
    CHECK_STR(err->rule, rule);
    CHECK(err->placed);
    CHECK_EQ(err->offset, places[i].begins);
    CHECK_EQ(err->record, places[i].record);
}

static void every_prefix_of_the_static_part_is_short(void)
{
    static const struct gw_sink_ops ops = { .name = "deaf" };
    struct gw_buf image = static_image(GW_DOMAIN_PV);
    CHECK_EQ(image.len, 80);
    for (size_t cut = 0; cut < image.len; cut++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_sink deaf = { .ops = &ops };
        uint64_t pos;
        uint8_t *mem = malloc(cut ? cut : 1);
        CHECK(mem != NULL);
        memcpy(mem, image.mem, cut);
        CHECK_EQ(read_static(mem, cut, &deaf, &pos, &err), -1);
        check_cut(&err, cut);
        CHECK_EQ(pos, cut);
        free(mem);
    }
    gw_buf_free(&image);
}

static void a_static_part_of_version_2_is_refused_before_the_sink_begins(void)
{
    for (enum small_image which = PV_2; which <= HVM_2; which += HVM_2 - PV_2) {
        struct gw_buf image = small_image(which), log = { 0 };
        struct gw_err err = GW_ERR_NONE;
        struct gw_sink *sink = new_log_sink('s', GW_TAKES_MOVE, &log, 0);
        uint64_t pos;
        CHECK_EQ(read_static(image.mem, image.len, sink, &pos, &err), -1);
        CHECK_FAIL(err, GW_E_REFUSED, "version 2, where nothing says that the static data end");
        CHECK(err.placed && err.offset == 0);
        CHECK_EQ(pos, GW_IMAGE_HEADER_LEN + GW_DOMAIN_HEADER_LEN);
        gw_sink_close(sink);
        CHECK_EQ(count_of(log_text(&log), "s begin"), 0);
        gw_buf_free(&image);
        gw_buf_free(&log);
    }
}

static void a_static_part_that_stops_without_its_mark_is_refused(void)
{
    static const uint32_t stops[] = { GW_REC_END, GW_REC_CHECKPOINT };
    for (unsigned i = 0; i < 2; i++) {
        struct gw_buf image = { 0 }, log = { 0 };
        struct gw_err err = GW_ERR_NONE;
        uint64_t pos;
        put_headers(&image, 3, GW_DOMAIN_HVM);
        put_memory(&image, 0);
        put_record(&image, stops[i], NULL, 0);
        size_t len = image.len;
        put_record(&image, GW_REC_STATIC_DATA_END, NULL, 0);
        struct gw_sink *sink = new_log_sink('s', GW_TAKES_MOVE, &log, 0);
        CHECK_EQ(read_static(image.mem, image.len, sink, &pos, &err), -1);
        CHECK_FAIL(err, GW_E_INVALID, "no STATIC_DATA_END was seen");
        CHECK_STR(err.rule, "sde-missing");
        CHECK_EQ(err.offset, len);
        CHECK_EQ(err.record, 3);
        CHECK_EQ(pos, len);
        gw_sink_close(sink);
        CHECK_HAS(log_text(&log), "s pages 1 at 40"); /* the sink's to judge */
        gw_buf_free(&image);
        gw_buf_free(&log);
    }
}

/* In each of its calls: begin, two records, the mark. */
static void a_sink_that_fails_ends_the_static_part(void)
{
    struct gw_buf image = static_image(GW_DOMAIN_PV);
    for (unsigned n = 1; n <= 4; n++) {
        struct gw_buf log = { 0 };
        struct gw_err err = GW_ERR_NONE;
        uint64_t pos;
        struct gw_sink *sink = new_log_sink('s', GW_TAKES_MOVE, &log, n);
        CHECK_EQ(read_static(image.mem, image.len, sink, &pos, &err), -1);
        CHECK_FAIL(err, GW_E_REFUSED, "failed on order");
        CHECK(pos < image.len || n == 4);
        gw_sink_close(sink);
        gw_buf_free(&log);
    }
    gw_buf_free(&image);
}

const struct test tests[] = {
    { "the-static-part-ends-with-its-mark", the_static_part_ends_with_its_mark },
    { "a-run-goes-on-behind-the-static-part", a_run_goes_on_behind_the_static_part },
    { "every-prefix-of-the-static-part-is-short", every_prefix_of_the_static_part_is_short },
    { "a-static-part-of-version-2-is-refused-before-the-sink-begins",
      a_static_part_of_version_2_is_refused_before_the_sink_begins },
    { "a-static-part-that-stops-without-its-mark-is-refused", a_static_part_that_stops_without_its_mark_is_refused },
    { "a-sink-that-fails-ends-the-static-part", a_sink_that_fails_ends_the_static_part },
    { NULL, NULL },
};
