/*
 * verify_proof.c - PAGE_CHECKS and IMAGE_DIGEST held against contents: which copy counts, what is counted and told,
 * and what a way back to a checkpoint does to it.
 */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "images.h"
#include "verify.h"

#define NONE UINT32_MAX /* no check is wrong */

/* Errors as lines: rule, record, offset, text. */
struct judged {
    struct gw_buf lines;
    struct gw_verdict verdict;
};

static void keep(void *arg, const struct gw_finding *finding)
{
    struct judged *j = arg;
    char line[800];
    snprintf(line, sizeof line, "%s %llu at %llu: %s\n", finding->rule->id, (unsigned long long)finding->record,
             (unsigned long long)finding->offset, finding->text);
    if (finding->severity == GW_ERROR)
        gw_put(&j->lines, line, strlen(line));
}

/* Through a wrap; a failure is told to the verifier. The octets stay. */
static const char *judge(const struct gw_buf *octets, bool contents, struct judged *j)
{
    struct gw_err err = GW_ERR_NONE, failure = GW_ERR_NONE;
    struct gw_verify_opts opts = { .contents = contents, .found = keep, .arg = j };
    *j = (struct judged){ 0 };
    struct gw_sink *verifier = gw_verifier(&opts, &err);
    struct gw_wrap *wrap = gw_wrap_new(lend(octets, NULL), gw_limit(PFN), &err);
    CHECK(verifier != NULL && wrap != NULL);
    if (gw_wrap_run(wrap, verifier, &failure) < 0)
        CHECK(gw_verify_failed(verifier, &failure));
    j->verdict = *gw_verify_finish(verifier);
    gw_wrap_close(wrap);
    gw_sink_close(verifier);
    return log_text(&j->lines);
}

static void free_judged(struct judged *j)
{
    gw_buf_free(&j->lines);
}

/* --- images ------------------------------------------------------------------------------------------------------- */

/* Pages of ordinary memory from a pfn on, and their checks, one of which may be wrong. */
static void put_checked(struct gw_buf *buf, uint64_t first, uint32_t num, unsigned salt, uint32_t wrong)
{
    struct gw_buf body = { 0 };
    uint64_t entries[8], checks[8];
    uint8_t page[GW_PAGE_LEN];
    for (uint32_t i = 0; i < num; i++) {
        entries[i] = gw_entry(first + i, GW_PAGE_NOTAB);
        fill_page(page, first + i, salt);
        checks[i] = gw_page_check(page) ^ (i == wrong);
    }
    put_pages(buf, entries, num, salt);
    gw_page_checks_encode(&body, checks, num);
    put_record(buf, GW_REC_PAGE_CHECKS, body.mem, body.len);
    gw_buf_free(&body);
}

static struct gw_buf begun(void)
{
    struct gw_buf buf = { 0 };
    put_headers(&buf, 3, GW_DOMAIN_HVM);
    put_static(&buf, 3, GW_DOMAIN_HVM);
    return buf;
}

static void end(struct gw_buf *buf)
{
    put_tail(buf, GW_DOMAIN_HVM);
    put_record(buf, GW_REC_END, NULL, 0);
}

/* --- PAGE_CHECKS -------------------------------------------------------------------------------------------------- */

static void checks_are_compared_when_contents_are_looked_at(void)
{
    struct gw_buf octets = begun();
    struct judged j;
    put_checked(&octets, 0, 4, 0, NONE);
    end(&octets);
    CHECK_STR(judge(&octets, false, &j), "");
    CHECK(j.verdict.wants_contents && !j.verdict.has_checks && j.verdict.num_proven == 0);
    free_judged(&j);
    CHECK_STR(judge(&octets, true, &j), "");
    CHECK(!j.verdict.wants_contents && j.verdict.has_checks && !j.verdict.has_digest);
    CHECK_EQ(j.verdict.num_proven, 4);
    CHECK_EQ(j.verdict.num_unproven, 0);
    free_judged(&j);
    gw_buf_free(&octets);
}

static void a_damaged_page_is_told_with_its_pfn_and_place(void)
{
    struct gw_buf octets = begun();
    struct judged j;
    char want[200];
    size_t at = octets.len, page = at + GW_RECORD_HEADER_LEN + gw_page_data_len(4, 0) + 2 * GW_PAGE_LEN;
    put_checked(&octets, 0, 4, 0, NONE);
    end(&octets);
    octets.mem[page + 4095] ^= 0x80;
    snprintf(want, sizeof want, " at %zu: the contents of pfn 0x2, at 0x%zx, are not what their check says", at, page);
    const char *lines = judge(&octets, true, &j);
    CHECK_EQ(count_of(lines, "opt-page-check-differs"), 1);
    CHECK_HAS(lines, want);
    CHECK_EQ(j.verdict.errors, 1);
    CHECK_EQ(j.verdict.num_proven, 3);
    CHECK_EQ(j.verdict.num_unproven, 0);
    free_judged(&j);
    gw_buf_free(&octets);
}

/* wrong: the check of pfn 1 in the first copy, in the second. */
static uint64_t errors_of_copies(bool first_wrong, bool second_wrong, bool second_checked)
{
    const uint64_t entry = gw_entry(1, GW_PAGE_NOTAB);
    struct gw_buf octets = begun();
    struct judged j;
    put_checked(&octets, 0, 4, 0, first_wrong ? 1 : NONE);
    if (second_checked)
        put_checked(&octets, 1, 1, 7, second_wrong ? 0 : NONE);
    else
        put_pages(&octets, &entry, 1, 7);
    end(&octets);
    judge(&octets, true, &j);
    CHECK_EQ(j.verdict.errors, j.verdict.times[GW_RULE_OPT_PAGE_CHECK_DIFFERS]);
    CHECK_EQ(j.verdict.num_proven, second_checked && !second_wrong ? 4 : 3);
    CHECK_EQ(j.verdict.num_unproven, !second_checked);
    free_judged(&j);
    gw_buf_free(&octets);
    return j.verdict.errors;
}

static void only_the_check_of_the_last_copy_must_hold(void)
{
    CHECK_EQ(errors_of_copies(true, false, true), 0);
    CHECK_EQ(errors_of_copies(false, true, true), 1);
    CHECK_EQ(errors_of_copies(true, true, true), 1);
    CHECK_EQ(errors_of_copies(true, false, false), 0);
}

static void a_page_that_ends_as_a_hole_has_nothing_to_prove(void)
{
    const uint64_t hole = gw_entry(3, GW_PAGE_XTAB);
    struct gw_buf octets = begun();
    struct judged j;
    put_checked(&octets, 0, 4, 0, 3);
    put_pages(&octets, &hole, 1, 0);
    end(&octets);
    CHECK_STR(judge(&octets, true, &j), "");
    CHECK_EQ(j.verdict.num_proven, 3);
    CHECK_EQ(j.verdict.num_unproven, 0);
    free_judged(&j);
    gw_buf_free(&octets);
}

static void what_stands_behind_verify_proves_nothing(void)
{
    struct gw_buf octets = begun();
    struct judged j;
    put_checked(&octets, 0, 4, 0, 2);
    put_record(&octets, GW_REC_VERIFY, NULL, 0);
    put_checked(&octets, 0, 4, 0, NONE);
    end(&octets);
    CHECK_HAS(judge(&octets, true, &j), "opt-page-check-differs");
    CHECK_EQ(j.verdict.errors, 1);
    free_judged(&j);
    gw_buf_free(&octets);
}

/* The copy of the checkpoint that was cut does not count, with its check or without. */
static void a_way_back_finds_the_checks_of_the_checkpoint(void)
{
    for (unsigned wrong = 0; wrong < 2; wrong++) {
        struct gw_buf octets = begun();
        struct judged j;
        const uint64_t entry = gw_entry(1, GW_PAGE_NOTAB);
        put_checked(&octets, 0, 4, 0, wrong ? 1 : NONE);
        put_tail(&octets, GW_DOMAIN_HVM);
        put_record(&octets, GW_REC_CHECKPOINT, NULL, 0);
        put_pages(&octets, &entry, 1, 7);
        CHECK_EQ(count_of(judge(&octets, true, &j), "opt-page-check-differs"), wrong);
        CHECK_EQ(j.verdict.commits, 1);
        CHECK_EQ(j.verdict.num_proven, wrong ? 3 : 4);
        free_judged(&j);
        gw_buf_free(&octets);
    }
}

/* --- IMAGE_DIGEST ------------------------------------------------------------------------------------------------- */

/* The sum of what stands there, kept in the way of a session: page by page as it comes, with its way out again. */
struct witness {
    struct gw_sink sink;
    struct gw_totals *totals;
    const struct gw_pages *pages;
    uint32_t next;
};

static int count_contents(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    struct witness *w = arg;
    (void)at;
    for (size_t i = 0; i < len; i += GW_PAGE_LEN) {
        while (!gw_type_has_contents(gw_entry_type(w->pages->entries[w->next])))
            w->next++;
        uint64_t entry = w->pages->entries[w->next++];
        CHECK_EQ(gw_totals_page(w->totals, gw_entry_pfn(entry), gw_entry_type(entry), gw_page_check(mem + i), err), 0);
    }
    return 0;
}

static int count_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct witness *w = (struct witness *)sink;
    w->pages = pages;
    w->next = 0;
    for (uint32_t i = 0; i < pages->count; i++) {
        uint64_t entry = pages->entries[i];
        if (!gw_type_has_contents(gw_entry_type(entry)))
            CHECK_EQ(gw_totals_page(w->totals, gw_entry_pfn(entry), gw_entry_type(entry), 0, err), 0);
    }
    return pages->num_contents > 0 ? gw_payload_watch(pages->contents, count_contents, w, err) : 0;
}

static int count_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    (void)err;
    if ((record->frame.type & GW_REC_OPTIONAL) == 0)
        gw_totals_record(((struct witness *)sink)->totals, record->frame.type, record->body, record->frame.length);
    return 0;
}

static const struct gw_sink_ops witness_ops = {
    .name = "witness", .takes = GW_TAKES_WATCH, .pages = count_pages, .record = count_record
};

/* What the octets come to, whole or not. */
static struct gw_image_digest sum_of(const struct gw_buf *octets)
{
    struct gw_err err = GW_ERR_NONE, failure = GW_ERR_NONE;
    struct witness w = { .sink.ops = &witness_ops, .totals = gw_totals_new(&err) };
    struct gw_wrap *wrap = gw_wrap_new(lend(octets, NULL), gw_limit(PFN), &err);
    struct gw_image_digest digest = { .algorithm = GW_CHECKS_XXH3_64 };
    struct gw_totals_sum sum;
    gw_wrap_run(wrap, &w.sink, &failure);
    gw_totals_sum(w.totals, &sum);
    memcpy(digest.pages_digest, sum.pages_digest, sizeof digest.pages_digest);
    memcpy(digest.records_digest, sum.records_digest, sizeof digest.records_digest);
    digest.num_pages = sum.num_pages;
    digest.num_records = sum.num_records;
    gw_totals_free(w.totals);
    gw_wrap_close(wrap);
    return digest;
}

/* Pages that come twice, a hole, and the digest of all that, changed by the caller's function. */
static struct gw_buf digested(void (*change)(struct gw_image_digest *digest))
{
    const uint64_t again[] = { gw_entry(1, GW_PAGE_NOTAB), gw_entry(3, GW_PAGE_XTAB) };
    struct gw_buf octets = begun(), body = { 0 };
    put_memory(&octets, 0);
    put_pages(&octets, again, 2, 7);
    put_tail(&octets, GW_DOMAIN_HVM);
    struct gw_image_digest digest = sum_of(&octets);
    if (change != NULL)
        change(&digest);
    gw_image_digest_encode(&body, &digest);
    put_record(&octets, GW_REC_IMAGE_DIGEST, body.mem, body.len);
    put_record(&octets, GW_REC_END, NULL, 0);
    gw_buf_free(&body);
    return octets;
}

static void a_digest_that_holds_proves_the_whole(void)
{
    struct gw_buf octets = digested(NULL);
    struct judged j;
    CHECK_STR(judge(&octets, false, &j), "");
    CHECK(j.verdict.wants_contents && !j.verdict.has_digest && !j.verdict.digest_holds);
    free_judged(&j);
    CHECK_STR(judge(&octets, true, &j), "");
    CHECK(!j.verdict.wants_contents && j.verdict.has_digest && j.verdict.digest_holds);
    free_judged(&j);
    gw_buf_free(&octets);
}

static void other_pages(struct gw_image_digest *digest)
{
    digest->pages_digest[15] ^= 1;
}

static void other_records(struct gw_image_digest *digest)
{
    digest->records_digest[0] ^= 1;
}

static void both(struct gw_image_digest *digest)
{
    other_pages(digest);
    other_records(digest);
}

static void more_pages(struct gw_image_digest *digest)
{
    digest->num_pages++;
}

static void more_records(struct gw_image_digest *digest)
{
    digest->num_records++;
}

static void a_digest_that_differs_says_in_what(void)
{
    static const struct {
        void (*change)(struct gw_image_digest *digest);
        const char *said;
    } rows[] = {
        { other_pages, "the pages, or their types, are not what IMAGE_DIGEST says" },
        { other_records, "the records are not what IMAGE_DIGEST says" },
        { both, "the pages and the records are not what IMAGE_DIGEST says" },
        { more_pages, "the image has 4 pfns and " },
        { more_records, "records, its IMAGE_DIGEST is of 4 and " },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_buf octets = digested(rows[i].change);
        struct judged j;
        CHECK_HAS(judge(&octets, true, &j), rows[i].said);
        CHECK_EQ(j.verdict.times[GW_RULE_OPT_IMAGE_DIGEST_DIFFERS], 1);
        CHECK_EQ(j.verdict.errors, 1);
        CHECK(!j.verdict.digest_holds);
        free_judged(&j);
        gw_buf_free(&octets);
    }
}

const struct test tests[] = {
    { "checks-are-compared-when-contents-are-looked-at", checks_are_compared_when_contents_are_looked_at },
    { "a-damaged-page-is-told-with-its-pfn-and-place", a_damaged_page_is_told_with_its_pfn_and_place },
    { "only-the-check-of-the-last-copy-must-hold", only_the_check_of_the_last_copy_must_hold },
    { "a-page-that-ends-as-a-hole-has-nothing-to-prove", a_page_that_ends_as_a_hole_has_nothing_to_prove },
    { "what-stands-behind-verify-proves-nothing", what_stands_behind_verify_proves_nothing },
    { "a-way-back-finds-the-checks-of-the-checkpoint", a_way_back_finds_the_checks_of_the_checkpoint },
    { "a-digest-that-holds-proves-the-whole", a_digest_that_holds_proves_the_whole },
    { "a-digest-that-differs-says-in-what", a_digest_that_differs_says_in_what },
    { NULL, NULL },
};
