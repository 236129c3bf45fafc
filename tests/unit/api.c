/*
 * api.c - libgodwit as a program uses it: what comes out of an image, however it was opened, and what is told of it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api_tools.h"
#include "harness.h"

/* --- ways in ----------------------------------------------------------------------------------------------------- */

static int file_of(const struct gw_buf *octets, char name[24])
{
    snprintf(name, 24, "/tmp/godwit-api-XXXXXX");
    int fd = mkstemp(name);
    CHECK(fd >= 0);
    CHECK_EQ(write(fd, octets->mem, octets->len), octets->len);
    CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void expect_same(const char *way, struct godwit_image *image, const struct program *want)
{
    struct program is = { .wants = want->wants };
    CHECK(image != NULL);
    CHECK_EQ(run_and_close(image, sink_of(&is), NULL), 0);
    if (strcmp(is.text, want->text) != 0)
        test_fail(__FILE__, __LINE__, "from %s:\n%s\nfrom memory:\n%s", way, is.text, want->text);
    CHECK_EQ(is.closed, 1);
}

static void check_ways(const struct gw_buf *octets, bool wants)
{
    struct program want = { .wants = wants };
    char name[24];
    CHECK_EQ(run_and_close(open_memory(octets), sink_of(&want), NULL), 0);
    CHECK_HAS(want.text, "commit\n");
    int fd = file_of(octets, name);
    expect_same("a file", godwit_image_open_file(name, NULL, NULL), &want);
    expect_same("a descriptor", godwit_image_open_fd(fd, NULL, NULL), &want);
    CHECK(fcntl(fd, F_GETFD) >= 0); /* lent, not given */
    close(fd);
    unlink(name);
    for (size_t step = 0; step < 4096; step = step * 5 + 1) {
        for (int skips = 0; skips < 2; skips++) {
            struct reading reading = { .octets = octets, .step = step };
            struct godwit_input input = input_of(&reading, skips != 0);
            expect_same("callbacks", godwit_image_open_input(&input, NULL, NULL), &want);
            CHECK_EQ(reading.closed, 1);
            CHECK(wants || !skips || reading.skips > 0 || step == 0);
        }
    }
}

static void every_way_in_gives_the_same(void)
{
    for (enum small_image which = 0; which < NUM_SMALL_IMAGES; which++) {
        struct gw_buf image = small_image(which);
        check_ways(&image, false);
        check_ways(&image, true);
        gw_buf_free(&image);
    }
    struct gw_buf wrapped = small_xl(HVM_3);
    check_ways(&wrapped, true);
    gw_buf_free(&wrapped);
}

static void callbacks_are_told_all_of_an_image(void)
{
    struct gw_buf image = small_xl(HVM_2);
    struct program p = { .wants = true };
    CHECK_EQ(run_and_close(open_memory(&image), sink_of(&p), NULL), 0);
    gw_buf_free(&image);
    CHECK_HAS(p.text, "aside 1 xl type 0 0 of 0 at 0\naside 2 - type 0 48 of 48 at 0\naside 3 - ");
    CHECK_HAS(p.text, "aside 1 libxl type 0 ");
    CHECK_HAS(p.text, "aside 6 - type 1 0 of 0 ");
    CHECK_HAS(p.text, "begin 2 2 12 4.13 at 1");
    CHECK_HAS(p.text, "mark 1 inferred 1 ");
    CHECK_HAS(p.text, " 4 2 first 0:0\npage 1 0:0 ");
    CHECK_HAS(p.text, "record 3 ");
    CHECK_HAS(p.text, "mark 4 6 at ");
    CHECK_EQ(count_of(p.text, "page 1 "), 2);
    CHECK_EQ(count_of(p.text, "aside 0"), 0); /* each kind of aside has its number */
    CHECK_EQ(count_of(p.text, "commit\n"), 1);
}

static void layers_and_progress_are_known_while_it_runs(void)
{
    struct gw_buf image = small_lz4();
    char name[24];
    uint64_t taken = 1, size = 1;
    close(file_of(&image, name));
    struct godwit_image *opened = godwit_image_open_file(name, NULL, NULL);
    CHECK(opened != NULL);
    CHECK_STR(godwit_image_layers(opened), "");
    CHECK(!godwit_image_skips(opened));
    CHECK_EQ(godwit_image_run(opened, NULL, 0, NULL), 0);
    CHECK_STR(godwit_image_layers(opened), "lz4 > raw");
    godwit_image_progress(opened, &taken, &size);
    CHECK_EQ(taken, image.len);
    CHECK_EQ(size, image.len);
    godwit_image_close(opened);
    unlink(name);
    gw_buf_free(&image);
}

static void an_image_that_cannot_be_opened_says_why(void)
{
    struct godwit_error *err = godwit_error_new();
    CHECK(err != NULL);
    CHECK(godwit_image_open_file("/nonexistent/x", NULL, err) == NULL);
    CHECK_EQ(godwit_error_code(err), GODWIT_SYSTEM);
    CHECK_EQ(godwit_error_exit(err), 3);
    CHECK_EQ(godwit_error_errno(err), 2);
    CHECK_HAS(godwit_error_text(err), "No such file");
    CHECK(godwit_image_open_file("-", NULL, err) == NULL); /* a file of that name, not standard input */
    CHECK_EQ(godwit_error_errno(err), 2);
    godwit_error_free(err);
}

static void an_image_that_is_cut_says_where(void)
{
    struct gw_buf image = small_image(PV_3);
    struct godwit_error *err = godwit_error_new();
    struct program p = { 0 };
    uint64_t offset = 0, record = 0;
    image.len -= 12; /* END and a part of SAVING_CPU's padding */
    CHECK_EQ(run_and_close(open_memory(&image), sink_of(&p), err), -1);
    CHECK_EQ(godwit_error_code(err), GODWIT_SHORT);
    CHECK_EQ(godwit_error_exit(err), 1);
    CHECK_STR(godwit_error_rule(err), "rec-truncated-body");
    CHECK(godwit_error_place(err, &offset, &record));
    CHECK_EQ(offset, image.len - 12);
    CHECK(record > 0);
    CHECK_EQ(p.closed, 1);
    godwit_error_free(err);
    gw_buf_free(&image);
}

/* --- judging ----------------------------------------------------------------------------------------------------- */

struct told {
    unsigned num;
    char first[64];
};

static void hear(void *arg, const struct godwit_finding *finding)
{
    struct told *told = arg;
    CHECK_EQ(finding->size, sizeof *finding);
    CHECK(finding->text[0] != '\0');
    if (told->num++ == 0)
        snprintf(told->first, sizeof told->first, "%s %s", godwit_severity_name(finding->severity), finding->rule);
}

static struct godwit_sink *new_verifier(struct told *told, int strict)
{
    struct godwit_verifier_options options = { .size = sizeof options, .strict = strict, .found = hear, .arg = told };
    struct godwit_sink *verifier = godwit_verifier_new(&options, NULL);
    CHECK(verifier != NULL);
    return verifier;
}

/* Runs and closes the image, and leaves the verifier. */
static int judge(const struct gw_buf *octets, struct godwit_sink *verifier, struct godwit_error *err)
{
    struct godwit_image *image = open_memory(octets);
    int rc = godwit_image_run(image, &verifier, 1, err);
    godwit_image_close(image);
    return rc;
}

static void a_whole_image_is_valid(void)
{
    for (enum small_image which = 0; which < NUM_SMALL_IMAGES; which++) {
        struct gw_buf image = small_image(which);
        struct told told = { 0 };
        struct godwit_sink *verifier = new_verifier(&told, 0);
        CHECK_EQ(judge(&image, verifier, NULL), 0);
        const struct godwit_verdict *verdict = godwit_verifier_finish(verifier, NULL);
        CHECK(verdict != NULL);
        CHECK(verdict->size == sizeof *verdict && GODWIT_HAS(verdict, wants_contents));
        CHECK_EQ(verdict->valid, 1);
        CHECK_EQ(verdict->errors, 0);
        CHECK_EQ(verdict->num_pfns, 4);
        CHECK_EQ(verdict->by_type[GODWIT_PAGE_NOTAB], 2);
        CHECK_EQ(verdict->by_type[GODWIT_PAGE_XTAB], which <= PV_3 ? 1 : 2);
        CHECK_EQ(verdict->pv_width, which <= PV_3 ? 8 : 0);
        CHECK_EQ(verdict->ended, which != HVM_REMUS);
        CHECK_EQ(verdict->commits, which == HVM_REMUS ? 2 : 1);
        CHECK(godwit_verifier_finish(verifier, NULL) == verdict);
        godwit_sink_close(verifier);
        gw_buf_free(&image);
    }
}

static void a_damaged_image_is_invalid_and_has_findings(void)
{
    struct gw_buf image = small_image(HVM_3);
    struct told told = { 0 };
    struct godwit_sink *verifier = new_verifier(&told, 0);
    struct godwit_error *err = godwit_error_new();
    image.len -= 8; /* END */
    CHECK_EQ(judge(&image, verifier, err), -1);
    CHECK_STR(godwit_error_rule(err), "rec-end-missing");
    CHECK_EQ(godwit_verifier_times(verifier, "rec-end-missing"), 0); /* not before the verdict */
    const struct godwit_verdict *verdict = godwit_verifier_finish(verifier, err);
    CHECK(verdict != NULL);
    CHECK_EQ(godwit_error_code(err), GODWIT_OK);
    CHECK_EQ(verdict->valid, 0);
    CHECK(verdict->errors > 0 && told.num > 0);
    CHECK_STR(told.first, "error rec-end-missing");
    CHECK_EQ(godwit_verifier_times(verifier, "rec-end-missing"), 1);
    CHECK_EQ(godwit_verifier_times(verifier, "no-such-rule"), 0);
    godwit_sink_close(verifier);
    godwit_error_free(err);
    gw_buf_free(&image);
}

static void strict_makes_errors_of_warnings(void)
{
    for (int strict = 0; strict < 2; strict++) {
        struct gw_buf image = small_image(PV_3);
        struct told told = { 0 };
        struct godwit_sink *verifier = new_verifier(&told, strict);
        image.mem[22] = 1; /* the image header's reserved field */
        CHECK_EQ(judge(&image, verifier, NULL), 0);
        const struct godwit_verdict *verdict = godwit_verifier_finish(verifier, NULL);
        CHECK_EQ(verdict->valid, !strict);
        CHECK_STR(told.first, strict ? "error ihdr-reserved" : "warning ihdr-reserved");
        godwit_sink_close(verifier);
        gw_buf_free(&image);
    }
}

/* --- reports ----------------------------------------------------------------------------------------------------- */

static int collect(void *arg, const char *text, size_t length, struct godwit_error *err)
{
    struct gw_buf *buf = arg;
    if (buf == NULL)
        return godwit_error_set(err, GODWIT_REFUSED, "no more text");
    gw_put(buf, text, length);
    return 0;
}

static void a_summary_counts(void)
{
    struct gw_buf image = small_xl(HVM_3);
    struct godwit_sink *sink = godwit_summarizer_new(NULL);
    uint64_t num = 9, octets = 9;
    CHECK_EQ(judge(&image, sink, NULL), 0);
    const struct godwit_summary *summary = godwit_summarizer_summary(sink, NULL);
    CHECK(summary != NULL && summary->begun);
    CHECK_STR(summary->guest, "PVH");
    CHECK_EQ(summary->version, 3);
    CHECK_EQ(summary->xen_minor, 17);
    CHECK_EQ(summary->num_entries, 4);
    CHECK_EQ(summary->num_contents, 2);
    CHECK_EQ(summary->max_memkb, 4096);
    CHECK_STR(summary->cpu, "a cpu");
    CHECK_EQ(godwit_summarizer_records(sink, GODWIT_RECORD_PAGE_DATA, &num, &octets), 0);
    CHECK_EQ(num, 1);
    CHECK_EQ(octets, 8 + 8 + 4 * 8 + 2 * 4096);
    CHECK_EQ(godwit_summarizer_records(sink, 0x55, &num, NULL), 0);
    CHECK_EQ(num, 0);
    godwit_sink_close(sink);
    gw_buf_free(&image);
    image = small_image(PV_2);
    sink = godwit_summarizer_new(NULL);
    CHECK_EQ(judge(&image, sink, NULL), 0);
    CHECK_STR(godwit_summarizer_summary(sink, NULL)->guest, "PV 64-bit");
    godwit_sink_close(sink);
    gw_buf_free(&image);
}

static void a_digest_comes_as_text_or_json(void)
{
    for (int json = 0; json < 2; json++) {
        struct gw_buf image = small_image(HVM_3), text = { 0 };
        struct godwit_sink *sink = godwit_digester_new(NULL);
        CHECK_EQ(judge(&image, sink, NULL), 0);
        CHECK_EQ(godwit_digester_write(sink, json, collect, &text, NULL), 0);
        gw_put_u8(&text, 0);
        CHECK_HAS((const char *)text.mem, json ? "{\"type\":\"digest\",\"guest\":\"hvm\"" : "guest hvm\npfns 4\n");
        CHECK_HAS((const char *)text.mem, json ? "\"name\":\"hvm_context\"" : "blob hvm_context ");
        CHECK_EQ(godwit_digester_write(sink, json, collect, &text, NULL), -1);
        godwit_sink_close(sink);
        gw_buf_free(&text);
        gw_buf_free(&image);
    }
}

static void a_digest_that_nobody_takes_fails(void)
{
    struct gw_buf image = small_image(HVM_3);
    struct godwit_sink *sink = godwit_digester_new(NULL);
    struct godwit_error *err = godwit_error_new();
    CHECK_EQ(judge(&image, sink, NULL), 0);
    CHECK_EQ(godwit_digester_write(sink, 0, collect, NULL, err), -1);
    CHECK_STR(godwit_error_text(err), "no more text");
    CHECK_EQ(godwit_error_code(err), GODWIT_REFUSED);
    godwit_sink_close(sink);
    godwit_error_free(err);
    gw_buf_free(&image);
}

/* --- threads ----------------------------------------------------------------------------------------------------- */

#define NUM_THREADS 8

/* All that an image can be used for, in one thread. */
static void *work(void *arg)
{
    const struct gw_buf *octets = arg;
    struct gw_buf *text = calloc(1, sizeof *text);
    struct godwit_sink *sinks[] = { godwit_verifier_new(NULL, NULL), godwit_digester_new(NULL),
                                    godwit_summarizer_new(NULL) };
    struct godwit_image *image = open_memory(octets);
    CHECK_EQ(godwit_image_run(image, sinks, 3, NULL), 0);
    CHECK_EQ(godwit_verifier_finish(sinks[0], NULL)->valid, 1);
    CHECK_EQ(godwit_digester_write(sinks[1], 0, collect, text, NULL), 0);
    godwit_image_close(image);
    for (unsigned i = 0; i < 3; i++)
        godwit_sink_close(sinks[i]);
    return text;
}

static void threads_do_not_meet(void)
{
    struct gw_buf image = small_xl(HVM_3);
    pthread_t threads[NUM_THREADS];
    struct gw_buf *texts[NUM_THREADS];
    void *result;
    for (unsigned i = 0; i < NUM_THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, work, &image), 0);
    for (unsigned i = 0; i < NUM_THREADS; i++) {
        CHECK_EQ(pthread_join(threads[i], &result), 0);
        texts[i] = result;
        CHECK_EQ(texts[i]->len, texts[0]->len);
        CHECK_MEM(texts[i]->mem, texts[0]->mem, texts[0]->len);
    }
    for (unsigned i = 0; i < NUM_THREADS; i++) {
        gw_buf_free(texts[i]);
        free(texts[i]);
    }
    gw_buf_free(&image);
}

const struct test tests[] = {
    { "every-way-in-gives-the-same", every_way_in_gives_the_same },
    { "callbacks-are-told-all-of-an-image", callbacks_are_told_all_of_an_image },
    { "layers-and-progress-are-known-while-it-runs", layers_and_progress_are_known_while_it_runs },
    { "an-image-that-cannot-be-opened-says-why", an_image_that_cannot_be_opened_says_why },
    { "an-image-that-is-cut-says-where", an_image_that_is_cut_says_where },
    { "a-whole-image-is-valid", a_whole_image_is_valid },
    { "a-damaged-image-is-invalid-and-has-findings", a_damaged_image_is_invalid_and_has_findings },
    { "strict-makes-errors-of-warnings", strict_makes_errors_of_warnings },
    { "a-summary-counts", a_summary_counts },
    { "a-digest-comes-as-text-or-json", a_digest_comes_as_text_or_json },
    { "a-digest-that-nobody-takes-fails", a_digest_that_nobody_takes_fails },
    { "threads-do-not-meet", threads_do_not_meet },
    { NULL, NULL },
};
