/*
 * api_misuse.c - libgodwit in the hands of a program that fails, closes early, reads twice, or hands over nonsense.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api_tools.h"
#include "harness.h"

static void expect(const struct godwit_error *err, enum godwit_code code, const char *part)
{
    CHECK_EQ(godwit_error_code(err), code);
    CHECK_HAS(godwit_error_text(err), part);
}

/* --- callbacks that fail ----------------------------------------------------------------------------------------- */

/* Each call of the sink fails once; behind it nothing comes but close (the tools check that). */
static void check_failing_calls(enum godwit_code code, int wrong, enum godwit_code want, const char *part)
{
    struct gw_buf octets = small_xl(PV_3);
    struct program whole = { .wants = true };
    struct godwit_error *err = godwit_error_new();
    CHECK_EQ(run_and_close(open_memory(&octets), sink_of(&whole), NULL), 0);
    for (unsigned n = 1; n <= whole.calls; n++) {
        struct program p = { .wants = true, .fail_at = n, .code = code, .wrong = wrong };
        CHECK_EQ(run_and_close(open_memory(&octets), sink_of(&p), err), -1);
        expect(err, want, part);
        CHECK(godwit_error_rule(err) == NULL);
        CHECK_EQ(p.calls, n);
        CHECK_EQ(p.closed, 1);
    }
    CHECK(whole.calls > 15);
    godwit_error_free(err);
    gw_buf_free(&octets);
}

static void a_failing_callback_stops_the_run_in_its_own_words(void)
{
    check_failing_calls(GODWIT_REFUSED, 0, GODWIT_REFUSED, "the program had enough");
    check_failing_calls(GODWIT_SYSTEM, 0, GODWIT_SYSTEM, "the program had enough");
}

static void a_callback_that_fails_without_a_word_is_named(void)
{
    check_failing_calls(GODWIT_OK, 0, GODWIT_REFUSED, "' failed and did not say why");
}

static void a_callback_cannot_say_that_the_input_is_cut(void)
{
    check_failing_calls(GODWIT_SHORT, 0, GODWIT_INVALID, "the program had enough");
}

static void an_answer_that_means_nothing_is_a_failure(void)
{
    check_failing_calls(GODWIT_OK, 7, GODWIT_USAGE, "answers 7, more than ");
}

static void contents_that_nobody_takes_cannot_be_wanted(void)
{
    struct gw_buf octets = small_image(PV_3);
    struct program p = { .wants = true };
    struct godwit_sink_callbacks callbacks = all_callbacks();
    struct godwit_error *err = godwit_error_new();
    callbacks.page = NULL;
    CHECK_EQ(run_and_close(open_memory(&octets), godwit_sink_new(&callbacks, &p, NULL), err), -1);
    expect(err, GODWIT_USAGE, "there is no callback 'page'");
    godwit_error_free(err);
    gw_buf_free(&octets);
}

static void a_failing_program_leaves_no_verdict(void)
{
    struct gw_buf octets = small_image(PV_3);
    struct program p = { .fail_at = 4, .code = GODWIT_INVALID };
    struct godwit_sink *sinks[] = { godwit_verifier_new(NULL, NULL), sink_of(&p) };
    struct godwit_image *image = open_memory(&octets);
    struct godwit_error *err = godwit_error_new();
    CHECK_EQ(godwit_image_run(image, sinks, 2, NULL), -1);
    CHECK(godwit_verifier_finish(sinks[0], err) == NULL);
    expect(err, GODWIT_INVALID, "the program had enough");
    CHECK(godwit_verifier_finish(sinks[0], err) == NULL); /* and stays so */
    expect(err, GODWIT_INVALID, "the program had enough");
    godwit_sink_close(sinks[0]);
    godwit_sink_close(sinks[1]);
    godwit_image_close(image);
    godwit_error_free(err);
    gw_buf_free(&octets);
}

/* --- inputs that fail -------------------------------------------------------------------------------------------- */

static void run_reading(struct reading *reading, struct godwit_error *err, int want)
{
    struct program p = { .wants = true };
    struct godwit_input input = input_of(reading, true);
    CHECK_EQ(run_and_close(godwit_image_open_input(&input, NULL, NULL), sink_of(&p), err), want);
    CHECK_EQ(reading->closed, 1);
}

/* Each read fails once, in each of the ways that there are. */
static void check_failing_reads(const struct reading *like, enum godwit_code want, const char *part)
{
    struct gw_buf octets = small_xl(HVM_3);
    struct reading whole = { .octets = &octets, .step = 700 };
    struct godwit_error *err = godwit_error_new();
    run_reading(&whole, NULL, 0);
    CHECK(whole.calls > 10);
    for (unsigned n = 1; n < whole.calls; n++) { /* the last one only asks whether something stands behind */
        struct reading r = *like;
        r.octets = &octets;
        r.step = 700;
        r.fail_at = n;
        run_reading(&r, err, -1);
        expect(err, want, part);
        CHECK_EQ(r.calls, n);
    }
    godwit_error_free(err);
    gw_buf_free(&octets);
}

static void an_input_that_fails_ends_the_run(void)
{
    check_failing_reads(&(struct reading){ .code = GODWIT_SYSTEM }, GODWIT_SYSTEM, "the program cannot read");
    check_failing_reads(&(struct reading){ .number = EIO }, GODWIT_SYSTEM, "the program cannot read: Input/output");
    check_failing_reads(&(struct reading){ .code = GODWIT_OK }, GODWIT_REFUSED, "callback 'read' failed");
}

static void an_input_that_claims_too_much_is_not_believed(void)
{
    check_failing_reads(&(struct reading){ .wrong = INT64_MAX }, GODWIT_USAGE, "answers 9223372036854775807, more");
    check_failing_reads(&(struct reading){ .wrong = INT64_C(1) << 40 }, GODWIT_USAGE, "more than ");
}

static void an_input_that_was_interrupted_is_asked_again(void)
{
    struct gw_buf octets = small_image(HVM_3);
    for (unsigned n = 1; n < 6; n++) {
        struct reading r = { .octets = &octets, .step = 700, .fail_at = n, .number = EINTR };
        run_reading(&r, NULL, 0);
    }
    gw_buf_free(&octets);
}

static void an_input_without_a_way_to_read_is_refused(void)
{
    struct reading r = { 0 };
    struct godwit_input input = input_of(&r, true);
    struct godwit_error *err = godwit_error_new();
    input.read = NULL;
    CHECK(godwit_image_open_input(&input, NULL, err) == NULL);
    expect(err, GODWIT_USAGE, "without a callback to read it");
    CHECK_EQ(r.closed, 1);
    CHECK(godwit_image_open_input(NULL, NULL, err) == NULL);
    expect(err, GODWIT_USAGE, "without a callback to read it");
    godwit_error_free(err);
}

/* --- twice, too early, too late ---------------------------------------------------------------------------------- */

static void an_image_runs_once(void)
{
    struct gw_buf octets = small_image(HVM_2);
    struct godwit_image *image = open_memory(&octets);
    struct godwit_error *err = godwit_error_new();
    CHECK_EQ(godwit_image_run(image, NULL, 0, err), 0);
    CHECK_EQ(godwit_image_run(image, NULL, 0, err), -1);
    expect(err, GODWIT_USAGE, "an image is run once");
    godwit_image_close(image);
    godwit_error_free(err);
    gw_buf_free(&octets);
}

static void a_sink_takes_part_in_one_run(void)
{
    struct gw_buf octets = small_image(HVM_2);
    struct program p = { 0 };
    struct godwit_sink *sink = sink_of(&p), *twice[] = { sink, sink }, *none[] = { NULL }, *many[9];
    struct godwit_image *first = open_memory(&octets), *second = open_memory(&octets);
    struct godwit_error *err = godwit_error_new();
    CHECK_EQ(godwit_image_run(first, twice, 2, err), -1);
    expect(err, GODWIT_USAGE, "sinks 0 and 1 are one and the same");
    CHECK_EQ(godwit_image_run(first, none, 1, err), -1);
    expect(err, GODWIT_USAGE, "sink 0 is NULL");
    CHECK_EQ(godwit_image_run(first, many, 9, err), -1);
    expect(err, GODWIT_USAGE, "9 sinks");
    CHECK_EQ(godwit_image_run(NULL, twice, 1, err), -1);
    expect(err, GODWIT_USAGE, "without an image");
    CHECK_EQ(p.calls, 0);
    CHECK_EQ(godwit_image_run(first, &sink, 1, err), 0); /* none of that was its run */
    CHECK_EQ(godwit_image_run(second, &sink, 1, err), -1);
    expect(err, GODWIT_USAGE, "sink 0 (sink of callbacks) took part in a run already");
    godwit_image_close(first);
    godwit_image_close(second);
    godwit_sink_close(sink);
    godwit_error_free(err);
    gw_buf_free(&octets);
}

/* Runs the same image from inside, and another one. */
static void run_within(struct program *p)
{
    struct gw_buf octets = small_image(HVM_3);
    struct godwit_image *other = open_memory(&octets);
    struct godwit_sink *verifier = godwit_verifier_new(NULL, NULL);
    CHECK_EQ(godwit_image_run(p->image, NULL, 0, p->err), -1);
    expect(p->err, GODWIT_USAGE, "an image is run once");
    CHECK_EQ(godwit_image_run(other, &p->sink, 1, p->err), -1);
    CHECK_EQ(godwit_image_run(other, &verifier, 1, p->err), 0);
    CHECK(godwit_verifier_finish(verifier, p->err) != NULL);
    godwit_sink_close(verifier);
    godwit_image_close(other);
    gw_buf_free(&octets);
}

static void a_run_inside_a_run_is_another_image_s(void)
{
    struct gw_buf octets = small_image(PV_2);
    struct program p = { .meanwhile = run_within, .err = godwit_error_new() };
    p.image = open_memory(&octets);
    CHECK_EQ(run_and_close(p.image, sink_of(&p), p.err), 0);
    expect(p.err, GODWIT_OK, "");
    CHECK(p.calls > 8);
    godwit_error_free(p.err);
    gw_buf_free(&octets);
}

static void close_within(struct program *p)
{
    godwit_image_close(p->image);
    godwit_sink_close(p->sink);
    CHECK_EQ(p->closed, 0);
}

static void closing_in_a_callback_waits_for_the_run(void)
{
    struct gw_buf octets = small_image(PV_2);
    for (unsigned fail_at = 0; fail_at < 4; fail_at++) {
        struct program p = { .meanwhile = close_within, .fail_at = fail_at };
        p.image = open_memory(&octets);
        struct godwit_sink *sink = sink_of(&p);
        CHECK_EQ(godwit_image_run(p.image, &sink, 1, NULL), fail_at == 0 ? 0 : -1);
        CHECK_EQ(p.closed, 1);
    }
    gw_buf_free(&octets);
}

static void close_verifier(void *arg, const struct godwit_finding *finding)
{
    struct program *p = arg;
    (void)finding;
    p->calls++;
    godwit_sink_close(p->sink);
}

/* In the run, and while the verdict is made: what is missing in the whole is told only then. */
static void a_verifier_closed_in_a_finding_goes_behind_it(void)
{
    struct gw_buf octets = small_image(HVM_3);
    struct program p = { 0 };
    struct godwit_verifier_options options = { .size = sizeof options, .found = close_verifier, .arg = &p };
    struct godwit_error *err = godwit_error_new();
    struct godwit_image *image = open_memory(&octets);
    octets.mem[22] = 1;
    p.sink = godwit_verifier_new(&options, NULL);
    CHECK_EQ(godwit_image_run(image, &p.sink, 1, NULL), 0);
    CHECK(p.calls > 0);
    godwit_image_close(image);
    octets.mem[22] = 0;
    octets.len -= 8; /* END: a finding of the verdict */
    image = open_memory(&octets);
    p = (struct program){ .sink = godwit_verifier_new(&options, NULL) };
    CHECK_EQ(godwit_image_run(image, &p.sink, 1, NULL), -1);
    CHECK_EQ(p.calls, 0);
    CHECK(godwit_verifier_finish(p.sink, err) == NULL);
    expect(err, GODWIT_USAGE, "was closed while it told its findings");
    CHECK(p.calls > 0);
    godwit_image_close(image);
    godwit_error_free(err);
    gw_buf_free(&octets);
}

static void closing_without_a_run_is_fine(void)
{
    struct gw_buf octets = small_image(PV_2);
    struct program p = { 0 };
    godwit_image_close(open_memory(&octets));
    godwit_sink_close(sink_of(&p));
    CHECK_EQ(p.closed, 1);
    godwit_sink_close(godwit_verifier_new(NULL, NULL));
    godwit_sink_close(godwit_digester_new(NULL));
    godwit_sink_close(godwit_summarizer_new(NULL));
    godwit_sink_close(NULL);
    godwit_image_close(NULL);
    godwit_error_free(NULL);
    gw_buf_free(&octets);
}

static int take_none(void *arg, const char *text, size_t length, struct godwit_error *err)
{
    (void)arg, (void)text, (void)length, (void)err;
    return 0;
}

static void results_are_there_after_the_run_and_from_their_own_sink(void)
{
    struct godwit_error *err = godwit_error_new();
    struct program p = { 0 };
    struct godwit_sink *verifier = godwit_verifier_new(NULL, NULL), *digester = godwit_digester_new(NULL);
    struct godwit_sink *other = sink_of(&p);
    CHECK(godwit_verifier_finish(verifier, err) == NULL);
    expect(err, GODWIT_USAGE, "a verdict is there after the run");
    CHECK_EQ(godwit_digester_write(digester, 0, take_none, NULL, err), -1);
    expect(err, GODWIT_USAGE, "a digest is written once, after the run");
    CHECK(godwit_verifier_finish(digester, err) == NULL);
    expect(err, GODWIT_USAGE, "the sink is digester, not a verifier");
    CHECK_EQ(godwit_digester_write(other, 0, take_none, NULL, err), -1);
    CHECK(godwit_summarizer_summary(other, err) == NULL);
    CHECK_EQ(godwit_summarizer_records(other, 1, NULL, NULL), -1);
    CHECK_EQ(godwit_verifier_times(other, "rec-end-missing"), 0);
    godwit_sink_close(verifier);
    godwit_sink_close(digester);
    godwit_sink_close(other);
    godwit_error_free(err);
}

/* --- structures, numbers and pointers ---------------------------------------------------------------------------- */

static void a_structure_of_another_release_is_understood_or_refused(void)
{
    struct {
        struct godwit_verifier_options now;
        uint64_t later;
    } newer = { .now = { .size = sizeof newer, .strict = 1 } };
    struct godwit_verifier_options older = { .size = offsetof(struct godwit_verifier_options, contents), .for_xen = 2 };
    struct godwit_error *err = godwit_error_new();
    struct godwit_sink *sink = godwit_verifier_new(&newer.now, err);
    CHECK(sink != NULL); /* what this library does not know is zero */
    godwit_sink_close(sink);
    newer.later = 1;
    CHECK(godwit_verifier_new(&newer.now, err) == NULL);
    expect(err, GODWIT_USAGE, "asks for what this libgodwit");
    sink = godwit_verifier_new(&older, err); /* for_xen lies behind what it says it has */
    CHECK(sink != NULL);
    godwit_sink_close(sink);
    for (size_t size = 0; size < 8; size++) {
        older.size = size;
        CHECK(godwit_verifier_new(&older, err) == NULL);
        expect(err, GODWIT_USAGE, "its member size is not set");
    }
    older.size = SIZE_MAX;
    CHECK(godwit_verifier_new(&older, err) == NULL);
    expect(err, GODWIT_USAGE, "its member size is not set");
    godwit_error_free(err);
}

static void an_answer_reaches_as_far_as_there_is_room(void)
{
    struct {
        struct godwit_limit limit;
        unsigned char guard[16];
    } out;
    memset(&out, 0xa5, sizeof out);
    out.limit.size = sizeof out;
    CHECK_EQ(godwit_limit_at(0, &out.limit), 0);
    CHECK_EQ(out.limit.size, sizeof out.limit); /* as far as this library knows; behind it zero */
    CHECK_EQ(out.guard[15], 0);
    memset(&out, 0xa5, sizeof out);
    out.limit.size = offsetof(struct godwit_limit, value);
    CHECK_EQ(godwit_limit_at(0, &out.limit), 0);
    CHECK_STR(out.limit.name, "RECORD_LENGTH");
    CHECK_EQ(out.limit.value, UINT64_C(0xa5a5a5a5a5a5a5a5));
    out.limit.size = 0;
    CHECK_EQ(godwit_limit_at(0, &out.limit), -1);
    CHECK_EQ(godwit_limit_at(0, NULL), -1);
}

static void options_out_of_range_are_refused(void)
{
    struct godwit_verifier_options judging = { .size = sizeof judging, .for_xen = 5 };
    struct godwit_image_options reading = { .size = sizeof reading, .max_pfn = UINT64_MAX };
    struct godwit_error *err = godwit_error_new();
    CHECK(godwit_verifier_new(&judging, err) == NULL);
    expect(err, GODWIT_USAGE, "for_xen is 5");
    judging.for_xen = 0;
    judging.contents = (enum godwit_contents)3;
    CHECK(godwit_verifier_new(&judging, err) == NULL);
    expect(err, GODWIT_USAGE, "contents is 3");
    CHECK(godwit_image_open_memory("", 0, &reading, err) == NULL);
    expect(err, GODWIT_USAGE, "max_pfn is");
    CHECK(godwit_image_open_memory(NULL, 1, NULL, err) == NULL);
    expect(err, GODWIT_USAGE, "1 octets at NULL");
    CHECK(godwit_image_open_fd(-1, NULL, err) == NULL);
    expect(err, GODWIT_USAGE, "-1 is no descriptor");
    CHECK(godwit_image_open_file(NULL, NULL, err) == NULL);
    expect(err, GODWIT_USAGE, "without a name");
    godwit_error_free(err);
}

static void pfns_beyond_the_bound_are_refused(void)
{
    struct gw_buf octets = small_image(HVM_3);
    struct godwit_image_options reading = { .size = sizeof reading, .max_pfn = 3 };
    struct godwit_image *image = godwit_image_open_memory(octets.mem, octets.len, &reading, NULL);
    struct godwit_error *err = godwit_error_new();
    struct program p = { 0 };
    CHECK_EQ(run_and_close(image, sink_of(&p), err), -1);
    CHECK_STR(godwit_error_rule(err), "page-pfn-limit");
    godwit_error_free(err);
    gw_buf_free(&octets);
}

static void tables_have_an_end_and_each_row_is_found_again(void)
{
    struct godwit_rule rule = { .size = sizeof rule }, same = { .size = sizeof same };
    struct godwit_record_info info = { .size = sizeof info }, again = { .size = sizeof again };
    struct godwit_limit limit = { .size = sizeof limit };
    char text[256] = "";
    for (unsigned i = 0; i < godwit_num_rules(); i++) {
        CHECK_EQ(godwit_rule_at(i, &rule), 0);
        CHECK_EQ(godwit_rule_of(rule.id, &same), 0);
        CHECK(same.id == rule.id && rule.what[0] != '\0' && rule.severity <= GODWIT_STRICT);
    }
    CHECK_EQ(godwit_rule_at(godwit_num_rules(), &rule), -1);
    CHECK_EQ(godwit_rule_of("no-such-rule", &rule), -1);
    CHECK_EQ(godwit_rule_of(NULL, &rule), -1);
    for (unsigned i = 0; i < godwit_num_record_infos(); i++) {
        CHECK_EQ(godwit_record_info_at(i, &info), 0);
        CHECK_EQ(godwit_record_info_of(info.type, &again), 0);
        CHECK(again.name == info.name);
    }
    CHECK_EQ(godwit_record_info_at(godwit_num_record_infos(), &info), -1);
    CHECK_EQ(godwit_record_info_of(0x55, &info), -1);
    CHECK_EQ(godwit_limit_at(godwit_num_limits(), &limit), -1);
    CHECK_STR(godwit_severity_name((enum godwit_severity)9), "unknown");
    CHECK_STR(godwit_page_type_name(77), "reserved");
    CHECK(!godwit_page_type_has_contents(6) && godwit_page_type_has_contents(0xa) && !godwit_page_type_populates(0xf));
    CHECK(godwit_reads_version(2) && godwit_reads_version(3) && !godwit_reads_version(4));
    CHECK_HAS(godwit_libraries(text, sizeof text), "OpenSSL");
    CHECK(godwit_libraries(NULL, 5) == NULL);
    CHECK_STR(godwit_version(), GODWIT_VERSION);
    CHECK_EQ(godwit_version_number(), GODWIT_VERSION_NUMBER);
}

static void an_error_is_optional_and_says_only_what_was_said(void)
{
    struct godwit_error *err = godwit_error_new();
    uint64_t offset = 5, record = 6;
    CHECK_EQ(godwit_error_code(NULL), GODWIT_OK);
    CHECK_STR(godwit_error_text(NULL), "");
    CHECK(godwit_error_rule(NULL) == NULL && godwit_error_errno(NULL) == 0 && godwit_error_exit(NULL) == 0);
    CHECK_EQ(godwit_error_set(NULL, GODWIT_USAGE, "x"), -1);
    CHECK_EQ(godwit_error_place(NULL, NULL, NULL), 0);
    CHECK_EQ(godwit_error_place(err, &offset, &record), 0);
    CHECK(offset == 5 && record == 6);
    godwit_error_set(err, GODWIT_OK, NULL);
    expect(err, GODWIT_REFUSED, "");
    godwit_error_set(err, (enum godwit_code)99, "a new kind");
    expect(err, GODWIT_REFUSED, "a new kind");
    godwit_error_set_errno(err, ENOSPC, "cannot keep it");
    expect(err, GODWIT_SYSTEM, "cannot keep it: No space left on device");
    CHECK_EQ(godwit_error_errno(err), ENOSPC);
    godwit_error_free(err);
}

const struct test tests[] = {
    { "a-failing-callback-stops-the-run-in-its-own-words", a_failing_callback_stops_the_run_in_its_own_words },
    { "a-callback-that-fails-without-a-word-is-named", a_callback_that_fails_without_a_word_is_named },
    { "a-callback-cannot-say-that-the-input-is-cut", a_callback_cannot_say_that_the_input_is_cut },
    { "an-answer-that-means-nothing-is-a-failure", an_answer_that_means_nothing_is_a_failure },
    { "contents-that-nobody-takes-cannot-be-wanted", contents_that_nobody_takes_cannot_be_wanted },
    { "a-failing-program-leaves-no-verdict", a_failing_program_leaves_no_verdict },
    { "an-input-that-fails-ends-the-run", an_input_that_fails_ends_the_run },
    { "an-input-that-claims-too-much-is-not-believed", an_input_that_claims_too_much_is_not_believed },
    { "an-input-that-was-interrupted-is-asked-again", an_input_that_was_interrupted_is_asked_again },
    { "an-input-without-a-way-to-read-is-refused", an_input_without_a_way_to_read_is_refused },
    { "an-image-runs-once", an_image_runs_once },
    { "a-sink-takes-part-in-one-run", a_sink_takes_part_in_one_run },
    { "a-run-inside-a-run-is-another-image-s", a_run_inside_a_run_is_another_image_s },
    { "closing-in-a-callback-waits-for-the-run", closing_in_a_callback_waits_for_the_run },
    { "a-verifier-closed-in-a-finding-goes-behind-it", a_verifier_closed_in_a_finding_goes_behind_it },
    { "closing-without-a-run-is-fine", closing_without_a_run_is_fine },
    { "results-are-there-after-the-run-and-from-their-own-sink",
      results_are_there_after_the_run_and_from_their_own_sink },
    { "a-structure-of-another-release-is-understood-or-refused",
      a_structure_of_another_release_is_understood_or_refused },
    { "an-answer-reaches-as-far-as-there-is-room", an_answer_reaches_as_far_as_there_is_room },
    { "options-out-of-range-are-refused", options_out_of_range_are_refused },
    { "pfns-beyond-the-bound-are-refused", pfns_beyond_the_bound_are_refused },
    { "tables-have-an-end-and-each-row-is-found-again", tables_have_an_end_and_each_row_is_found_again },
    { "an-error-is-optional-and-says-only-what-was-said", an_error_is_optional_and_says_only_what_was_said },
    { NULL, NULL },
};
