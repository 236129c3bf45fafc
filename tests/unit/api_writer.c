/*
 * api_writer.c - libgodwit writes images: into each wrapping and back, and with outputs that fail.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api_tools.h"
#include "harness.h"

/* A program's output: takes at most step octets at a time; its call of number fail_at fails. */
struct writing {
    struct gw_buf octets;
    size_t step;
    unsigned calls, closed, fail_at;
    int64_t wrong; /* what the failing call answers */
    bool says;     /* why */
    char told[2048];
};

static int64_t on_write(void *arg, const void *mem, size_t len, struct godwit_error *err)
{
    struct writing *w = arg;
    size_t take = w->step > 0 && w->step < len ? w->step : len;
    CHECK(len > 0 && w->closed == 0);
    CHECK(w->fail_at == 0 || w->calls < w->fail_at);
    if (++w->calls == w->fail_at) {
        if (w->says)
            godwit_error_set_errno(err, 28, "the program cannot write");
        return w->wrong;
    }
    gw_put(&w->octets, mem, take);
    return (int64_t)take;
}

static void on_close(void *arg)
{
    ((struct writing *)arg)->closed++;
}

static void on_tell(void *arg, const char *sentence)
{
    struct writing *w = arg;
    size_t len = strlen(w->told);
    snprintf(w->told + len, sizeof w->told - len, "%s\n", sentence);
}

static struct godwit_sink *writer_of(struct writing *w, const char *wrapping, int lossy,
                                     const struct godwit_sink *known, struct godwit_error *err)
{
    struct godwit_output output = { .size = sizeof output, .arg = w, .write = on_write, .close = on_close };
    struct godwit_writer_options options = {
        .size = sizeof options, .wrapping = wrapping, .lossy = lossy, .known = known, .tell = on_tell, .arg = w
    };
    return godwit_writer_new(&output, &options, err);
}

static int write_and_finish(const struct gw_buf *from, struct godwit_sink *writer, struct godwit_error *err)
{
    struct godwit_image *image = open_memory(from);
    int rc = godwit_image_run(image, &writer, 1, err);
    if (rc == 0)
        rc = godwit_writer_finish(writer, err);
    godwit_image_close(image);
    return rc;
}

/* A verifier that judged these octets. */
static struct godwit_sink *judged(const struct gw_buf *from)
{
    struct godwit_sink *verifier = godwit_verifier_new(NULL, NULL);
    struct godwit_image *image = open_memory(from);
    CHECK_EQ(godwit_image_run(image, &verifier, 1, NULL), 0);
    CHECK(godwit_verifier_finish(verifier, NULL)->valid);
    godwit_image_close(image);
    return verifier;
}

/* From one wrapping into another: the octets. */
static struct gw_buf converted(const struct gw_buf *from, const char *wrapping, size_t step)
{
    struct writing w = { .step = step };
    struct godwit_error *err = godwit_error_new();
    struct godwit_sink *known = judged(from), *writer = writer_of(&w, wrapping, 1, known, err);
    godwit_sink_close(known); /* it was lent for the call only */
    CHECK(writer != NULL);
    if (write_and_finish(from, writer, err) < 0)
        test_fail(__FILE__, __LINE__, "into %s: %s", wrapping, godwit_error_text(err));
    CHECK_STR(godwit_writer_wrapping(writer), wrapping);
    CHECK_EQ(w.closed, 0);
    godwit_sink_close(writer);
    CHECK_EQ(w.closed, 1);
    godwit_error_free(err);
    return w.octets;
}

static void an_image_comes_back_from_every_wrapping(void)
{
    struct godwit_wrapping wrapping = { .size = sizeof wrapping };
    unsigned num_written = 0;
    for (unsigned i = 0; godwit_wrapping_at(i, &wrapping) == 0; i++) {
        if (!wrapping.is_written)
            continue;
        num_written++;
        for (enum small_image which = PV_2; which <= HVM_3; which++) {
            struct gw_buf image = small_image(which), there = converted(&image, wrapping.name, 0),
                          back = converted(&there, "raw", 100);
            CHECK_EQ(back.len, image.len);
            CHECK_MEM(back.mem, image.mem, image.len);
            gw_buf_free(&image);
            gw_buf_free(&there);
            gw_buf_free(&back);
        }
    }
    CHECK_EQ(num_written, 5);
    CHECK_EQ(godwit_wrapping_at(godwit_num_wrappings(), &wrapping), -1);
    CHECK_EQ(godwit_wrapping_at(0, NULL), -1);
}

static void without_a_name_the_wrapping_stays(void)
{
    struct gw_buf file = small_xl(HVM_3);
    struct writing w = { 0 };
    struct godwit_sink *writer = writer_of(&w, NULL, 0, NULL, NULL);
    CHECK(godwit_writer_wrapping(writer) == NULL);
    CHECK_EQ(write_and_finish(&file, writer, NULL), 0);
    CHECK_STR(godwit_writer_wrapping(writer), "xl");
    CHECK_EQ(w.octets.len, file.len);
    CHECK_MEM(w.octets.mem, file.mem, file.len);
    CHECK_STR(w.told, "");
    godwit_sink_close(writer);
    gw_buf_free(&w.octets);
    gw_buf_free(&file);
}

static void a_descriptor_is_written_and_stays_open(void)
{
    struct gw_buf image = small_image(HVM_3);
    char name[] = "/tmp/godwit-api-XXXXXX", *read_back = malloc(image.len + 1);
    int fd = mkstemp(name);
    CHECK(fd >= 0);
    struct godwit_sink *writer = godwit_writer_new_fd(fd, NULL, NULL);
    CHECK_EQ(write_and_finish(&image, writer, NULL), 0);
    godwit_sink_close(writer);
    CHECK_EQ(pread(fd, read_back, image.len + 1, 0), image.len);
    CHECK_MEM((const uint8_t *)read_back, image.mem, image.len);
    close(fd);
    unlink(name);
    free(read_back);
    gw_buf_free(&image);
}

static void what_has_no_place_is_refused_or_left_out_and_told(void)
{
    struct gw_buf file = small_xl(HVM_3);
    struct godwit_error *err = godwit_error_new();
    for (int lossy = 0; lossy < 2; lossy++) {
        struct writing w = { 0 };
        struct godwit_sink *writer = writer_of(&w, "raw", lossy, NULL, NULL);
        CHECK_EQ(write_and_finish(&file, writer, err), lossy ? 0 : -1);
        CHECK_EQ(godwit_error_code(err), lossy ? GODWIT_OK : GODWIT_REFUSED);
        CHECK_HAS(lossy ? w.told : godwit_error_text(err), "xl's configuration");
        godwit_sink_close(writer);
        gw_buf_free(&w.octets);
    }
    godwit_error_free(err);
    gw_buf_free(&file);
}

static void what_must_be_made_needs_a_verdict(void)
{
    struct gw_buf image = small_image(HVM_3);
    struct writing w = { 0 };
    struct godwit_error *err = godwit_error_new();
    struct godwit_sink *writer = writer_of(&w, "xl", 0, NULL, NULL);
    CHECK_EQ(write_and_finish(&image, writer, err), -1);
    CHECK_EQ(godwit_error_code(err), GODWIT_REFUSED);
    CHECK_HAS(godwit_error_text(err), "has to be made from the whole image");
    godwit_sink_close(writer);
    godwit_error_free(err);
    gw_buf_free(&w.octets);
    gw_buf_free(&image);
}

/* Each call fails once. */
static void check_failing_writes(int64_t wrong, bool says, enum godwit_code want, const char *part)
{
    struct gw_buf file = small_xl(HVM_3);
    struct writing whole = { .step = 3000 };
    struct godwit_error *err = godwit_error_new();
    struct godwit_sink *writer = writer_of(&whole, NULL, 0, NULL, NULL);
    CHECK_EQ(write_and_finish(&file, writer, NULL), 0);
    godwit_sink_close(writer);
    CHECK(whole.calls > 10);
    for (unsigned n = 1; n <= whole.calls; n++) {
        struct writing w = { .step = 3000, .fail_at = n, .wrong = wrong, .says = says };
        writer = writer_of(&w, NULL, 0, NULL, NULL);
        CHECK_EQ(write_and_finish(&file, writer, err), -1);
        CHECK_EQ(godwit_error_code(err), want);
        CHECK_HAS(godwit_error_text(err), part);
        CHECK_EQ(w.calls, n);
        godwit_sink_close(writer);
        CHECK_EQ(w.closed, 1);
        gw_buf_free(&w.octets);
    }
    gw_buf_free(&whole.octets);
    gw_buf_free(&file);
    godwit_error_free(err);
}

static void an_output_that_fails_ends_the_run(void)
{
    check_failing_writes(-1, true, GODWIT_SYSTEM, "the program cannot write: No space left");
    check_failing_writes(-1, false, GODWIT_REFUSED, "callback 'write' failed");
    check_failing_writes(0, false, GODWIT_USAGE, "took nothing");
    check_failing_writes(INT64_MAX, false, GODWIT_USAGE, "answers 9223372036854775807, more than");
}

static void wrong_options_are_refused_and_the_output_closed(void)
{
    struct godwit_error *err = godwit_error_new();
    struct godwit_sink *none = godwit_verifier_new(NULL, NULL);
    struct godwit_writer_options options = { .size = sizeof options, .config_length = 5 };
    struct writing w = { 0 };
    CHECK(writer_of(&w, "gzip", 0, NULL, err) == NULL); /* it is only read */
    CHECK_HAS(godwit_error_text(err), "no wrapping of that name that is written");
    CHECK(writer_of(&w, "", 0, NULL, err) == NULL);
    CHECK(writer_of(&w, "raw", 0, none, err) == NULL);
    CHECK_HAS(godwit_error_text(err), "a verifier with a verdict");
    CHECK_EQ(w.closed, 3);
    CHECK(godwit_writer_new(NULL, NULL, err) == NULL);
    CHECK_HAS(godwit_error_text(err), "without a callback to write it");
    CHECK(godwit_writer_new_fd(1, &options, err) == NULL);
    CHECK_HAS(godwit_error_text(err), "5 octets at NULL");
    CHECK(godwit_writer_new_fd(-1, NULL, err) == NULL);
    CHECK_EQ(godwit_error_code(err), GODWIT_USAGE);
    godwit_sink_close(none);
    godwit_error_free(err);
}

static void a_writer_is_finished_once_behind_a_run_that_did_not_fail(void)
{
    struct gw_buf image = small_image(HVM_3);
    struct writing w = { 0 }, cut = { 0 };
    struct godwit_error *err = godwit_error_new();
    struct godwit_sink *writer = writer_of(&w, NULL, 0, NULL, NULL), *other = godwit_verifier_new(NULL, NULL);
    CHECK_EQ(godwit_writer_finish(writer, err), -1);
    CHECK_HAS(godwit_error_text(err), "once, after the run");
    CHECK_EQ(godwit_writer_finish(other, err), -1);
    CHECK_HAS(godwit_error_text(err), "not a writer");
    CHECK(godwit_writer_wrapping(other) == NULL);
    CHECK_EQ(write_and_finish(&image, writer, err), 0);
    CHECK_EQ(godwit_writer_finish(writer, err), -1);
    godwit_sink_close(writer);
    image.len -= 8;
    writer = writer_of(&cut, NULL, 0, NULL, NULL);
    CHECK_EQ(write_and_finish(&image, writer, err), -1);
    CHECK_EQ(godwit_writer_finish(writer, err), -1);
    CHECK_STR(godwit_error_rule(err), "rec-end-missing");
    godwit_sink_close(writer);
    godwit_sink_close(other);
    godwit_error_free(err);
    gw_buf_free(&w.octets);
    gw_buf_free(&cut.octets);
    gw_buf_free(&image);
}

const struct test tests[] = {
    { "an-image-comes-back-from-every-wrapping", an_image_comes_back_from_every_wrapping },
    { "without-a-name-the-wrapping-stays", without_a_name_the_wrapping_stays },
    { "a-descriptor-is-written-and-stays-open", a_descriptor_is_written_and_stays_open },
    { "what-has-no-place-is-refused-or-left-out-and-told", what_has_no_place_is_refused_or_left_out_and_told },
    { "what-must-be-made-needs-a-verdict", what_must_be_made_needs_a_verdict },
    { "an-output-that-fails-ends-the-run", an_output_that_fails_ends_the_run },
    { "wrong-options-are-refused-and-the-output-closed", wrong_options_are_refused_and_the_output_closed },
    { "a-writer-is-finished-once-behind-a-run-that-did-not-fail",
      a_writer_is_finished_once_behind_a_run_that_did_not_fail },
    { NULL, NULL },
};
