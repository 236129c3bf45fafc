/*
 * alloc.c - each allocation fails once: the run says so, or does without it; nothing leaks, nothing crashes.
 *
 * Linked with --wrap: base's calls of calloc and realloc come here first. The leak checker of the sanitizer build looks
 * at the end of each row.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest_tools.h"
#include "harness.h"
#include "images.h"
#include "report.h"
#include "verify.h"

#define HUGE_LEN (UINT64_C(1) << 30) /* nothing here has a reason to ask for so much: refused as a machine would */

static unsigned calls, fail_at;

void *__wrap_calloc(size_t num, size_t size);
void *__wrap_realloc(void *mem, size_t size);
void *__real_calloc(size_t num, size_t size);
void *__real_realloc(void *mem, size_t size);

static bool refuses(uint64_t octets)
{
    bool refused = ++calls == fail_at || octets > HUGE_LEN;
    if (refused)
        errno = ENOMEM;
    return refused;
}

void *__wrap_calloc(size_t num, size_t size)
{
    uint64_t octets;
    return refuses(gw_mul(num, size, &octets) ? octets : UINT64_MAX) ? NULL : __real_calloc(num, size);
}

void *__wrap_realloc(void *mem, size_t size)
{
    return refuses(size) ? NULL : __real_realloc(mem, size);
}

/* What a run came to: an error, or all that was found and printed. */
struct outcome {
    struct gw_err err;
    char *text;
    size_t len;
};
typedef void run_fn(const struct gw_buf *file, struct outcome *out);

static void check_no_memory(const struct gw_err *err)
{
    CHECK_EQ(err->code, GW_E_SYSTEM);
    CHECK_EQ(err->sys, ENOMEM);
    CHECK_HAS(err->msg, "cannot get memory for");
}

/* Runs once to count, then with the n-th allocation failing, for all n. */
static void fail_each(run_fn *run, const struct gw_buf *file)
{
    struct outcome want = { .err = GW_ERR_NONE };
    unsigned num_failed = 0;
    calls = fail_at = 0;
    run(file, &want);
    CHECK_EQ(want.err.code, GW_E_OK);
    CHECK(want.len > 0);
    unsigned num = calls;
    CHECK(num >= 2);
    for (unsigned n = 1; n <= num; n++) {
        struct outcome is = { .err = GW_ERR_NONE };
        calls = 0;
        fail_at = n;
        run(file, &is);
        fail_at = 0;
        if (is.err.code != GW_E_OK) {
            check_no_memory(&is.err);
            num_failed++;
        } else {
            CHECK_STR(is.text, want.text);
        }
        free(is.text);
    }
    CHECK(num_failed > 0);
    free(want.text);
}

/* --- reading and judging ----------------------------------------------------------------------------------------- */

static void tell(void *arg, const struct gw_finding *finding)
{
    fprintf(arg, "%s %s\n", finding->rule->id, finding->text);
}

/* As the command does it: whatever happened, the verifier is finished and everything closed. */
static void judge(struct gw_wrap *wrap, struct gw_sink *verifier, struct gw_sink *digester, FILE *to,
                  struct gw_err *err)
{
    struct gw_err failure = GW_ERR_NONE;
    struct gw_sink *all[] = { verifier, digester };
    gw_auto(gw_sink_closep) struct gw_sink *tee = gw_tee(all, 2, err);
    if (tee == NULL)
        return;
    if (gw_wrap_run(wrap, tee, &failure) < 0 && !gw_verify_failed(verifier, &failure))
        *err = failure;
    const struct gw_verdict *verdict = gw_verify_finish(verifier);
    if (err->code == GW_E_OK)
        fprintf(to, "%d %d\n", (int)verdict->errors, (int)verdict->num_pfns);
    if (err->code == GW_E_OK)
        gw_digest_print(digester, to, true, err);
}

static void run_judge(const struct gw_buf *file, struct outcome *out)
{
    struct gw_err *err = &out->err;
    FILE *to = open_memstream(&out->text, &out->len);
    CHECK(to != NULL);
    struct gw_verify_opts opts = { .contents = true, .found = tell, .arg = to };
    struct gw_chan *chan = gw_chan_memory(file->mem, file->len, NULL, err);
    gw_auto(gw_wrap_closep) struct gw_wrap *wrap = chan != NULL ? gw_wrap_new(chan, gw_limit(PFN), err) : NULL;
    gw_auto(gw_sink_closep) struct gw_sink *verifier = wrap != NULL ? gw_verifier(&opts, err) : NULL;
    gw_auto(gw_sink_closep) struct gw_sink *digester = verifier != NULL ? gw_digester(err) : NULL;
    if (digester != NULL)
        judge(wrap, verifier, digester, to, err);
    fclose(to);
}

static void judging_survives_each_failed_allocation(void)
{
    struct gw_buf images[] = { small_image(PV_3), small_image(HVM_2), small_image(HVM_REMUS), small_xl(HVM_3),
                               small_lz4() };
    for (unsigned i = 0; i < sizeof images / sizeof images[0]; i++) {
        fail_each(run_judge, &images[i]);
        gw_buf_free(&images[i]);
    }
}

/* Cut behind its first checkpoint: the way back is taken when the second is half there. */
static void the_way_back_survives_each_failed_allocation(void)
{
    struct gw_buf image = small_image(HVM_REMUS);
    image.len -= 100;
    fail_each(run_judge, &image);
    gw_buf_free(&image);
}

/* --- reading and writing ----------------------------------------------------------------------------------------- */

static void run_convert(const struct gw_buf *file, struct outcome *out)
{
    static const struct gw_fault none;
    struct gw_err *err = &out->err;
    struct gw_buf to = { 0 };
    enum gw_mark_kind stopped = GW_CHECKPOINT;
    struct gw_chan *below = gw_chan_memory(file->mem, file->len, NULL, err);
    below = below != NULL ? gw_chan_fault(below, &none, err) : NULL; /* which closes what it was given */
    gw_auto(gw_chan_closep) struct gw_chan *in = below != NULL ? gw_chan_window(below, err) : NULL;
    gw_auto(gw_chan_closep) struct gw_chan *dest = in != NULL ? gw_chan_memory(NULL, 0, &to, err) : NULL;
    gw_auto(gw_chan_closep) struct gw_chan *count = dest != NULL ? gw_chan_count(dest, err) : NULL;
    gw_auto(gw_reader_freep) struct gw_reader *reader = count != NULL ? gw_reader_new(in, gw_limit(PFN), err) : NULL;
    gw_auto(gw_sink_closep) struct gw_sink *writer = reader != NULL ? gw_writer(count, err) : NULL;
    while (writer != NULL && stopped == GW_CHECKPOINT && gw_reader_run(reader, writer, &stopped, err) == 0)
        continue;
    if (err->code == GW_E_OK) {
        CHECK_EQ(to.len, file->len);
        CHECK_MEM(to.mem, file->mem, to.len);
        out->text = strdup("whole");
        out->len = 5;
    }
    gw_buf_free(&to);
}

static void converting_survives_each_failed_allocation(void)
{
    for (enum small_image which = 0; which < NUM_SMALL_IMAGES; which++) {
        struct gw_buf image = small_image(which);
        fail_each(run_convert, &image);
        gw_buf_free(&image);
    }
}

/* --- one at a time ----------------------------------------------------------------------------------------------- */

static void a_descriptor_that_is_given_is_closed_also_on_failure(void)
{
    struct gw_err err = GW_ERR_NONE;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    calls = 0;
    fail_at = 1;
    CHECK(gw_chan_fd(fd, true, &err) == NULL);
    check_no_memory(&err);
    CHECK(fcntl(fd, F_GETFD) < 0);
}

/* Also when the command runs already. */
static void a_command_that_cannot_be_had_leaves_nothing(void)
{
    unsigned fds = guest_fds(), num = 0;
    for (struct gw_chan *chan = NULL; chan == NULL; num++) {
        struct gw_err err = GW_ERR_NONE;
        calls = 0;
        fail_at = num + 1;
        chan = gw_connect("exec:cat", &err);
        fail_at = 0;
        if (chan == NULL)
            check_no_memory(&err);
        gw_chan_close(chan);
        guest_nothing_left(fds);
    }
    CHECK(num > 3);
}

static void a_map_of_more_than_there_is_memory_is_refused(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_bitmap map = { 0 };
    CHECK_EQ(gw_bitmap_init(&map, UINT64_MAX, &err), -1);
    check_no_memory(&err);
    CHECK(map.words == NULL);
}

static void a_number_too_huge_leaves_the_sparse_map_as_it_was(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_sparse map;
    gw_sparse_init(&map, 1);
    uint8_t *object = gw_sparse_at(&map, 3, &err);
    CHECK(object != NULL);
    *object = 7;
    CHECK(gw_sparse_at(&map, UINT64_MAX, &err) == NULL);
    check_no_memory(&err);
    err = GW_ERR_NONE;
    CHECK(gw_sparse_find(&map, UINT64_MAX) == NULL);
    CHECK(gw_sparse_at(&map, 3, &err) == object && *object == 7);
    CHECK_EQ(map.num, 4);
    gw_sparse_free(&map);
}

static void check_same_totals(const struct gw_totals *totals, const struct gw_totals_sum *want)
{
    struct gw_totals_sum is;
    gw_totals_sum(totals, &is);
    CHECK_MEM(is.pages_digest, want->pages_digest, sizeof is.pages_digest);
    CHECK_MEM(is.records_digest, want->records_digest, sizeof is.records_digest);
    CHECK_EQ(is.num_pages, want->num_pages);
    CHECK_EQ(is.num_records, want->num_records);
}

/* A far page needs a table and a leaf for its type, and both for its check. */
static void a_page_that_finds_no_memory_leaves_the_totals_as_they_were(void)
{
    for (unsigned n = 1; n <= 4; n++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_totals_sum before;
        fail_at = 0;
        gw_auto(gw_totals_freep) struct gw_totals *totals = gw_totals_new(&err);
        CHECK(totals != NULL);
        gw_totals_record(totals, 1, "abc", 3);
        CHECK_EQ(gw_totals_page(totals, 1, GW_PAGE_NOTAB, 5, &err), 0);
        gw_totals_sum(totals, &before);
        calls = 0;
        fail_at = n;
        CHECK_EQ(gw_totals_page(totals, 100000, GW_PAGE_NOTAB, 6, &err), -1);
        CHECK_EQ(calls, n);
        check_no_memory(&err);
        check_same_totals(totals, &before);
        CHECK_EQ(gw_totals_page(totals, 100000, GW_PAGE_NOTAB, 6, &(struct gw_err){ .code = GW_E_OK }), 0);
        CHECK_EQ(gw_totals_page(totals, 1, GW_PAGE_NOTAB, 5, &(struct gw_err){ .code = GW_E_OK }), 0);
        gw_totals_sum(totals, &before);
        CHECK_EQ(before.num_pages, 2);
    }
}

static void totals_without_memory_do_not_come_to_be(void)
{
    struct gw_err err = GW_ERR_NONE;
    calls = 0;
    fail_at = 1;
    CHECK(gw_totals_new(&err) == NULL);
    check_no_memory(&err);
}

const struct test tests[] = {
    { "judging-survives-each-failed-allocation", judging_survives_each_failed_allocation },
    { "the-way-back-survives-each-failed-allocation", the_way_back_survives_each_failed_allocation },
    { "converting-survives-each-failed-allocation", converting_survives_each_failed_allocation },
    { "a-descriptor-that-is-given-is-closed-also-on-failure", a_descriptor_that_is_given_is_closed_also_on_failure },
    { "a-command-that-cannot-be-had-leaves-nothing", a_command_that_cannot_be_had_leaves_nothing },
    { "a-map-of-more-than-there-is-memory-is-refused", a_map_of_more_than_there_is_memory_is_refused },
    { "a-number-too-huge-leaves-the-sparse-map-as-it-was", a_number_too_huge_leaves_the_sparse_map_as_it_was },
    { "a-page-that-finds-no-memory-leaves-the-totals-as-they-were",
      a_page_that_finds_no_memory_leaves_the_totals_as_they_were },
    { "totals-without-memory-do-not-come-to-be", totals_without_memory_do_not_come_to_be },
    { NULL, NULL },
};
