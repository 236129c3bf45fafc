/*
 * checks.c - an image passed on with checks of its contents: what is added where, and that it proves every page.
 */
#include <string.h>

#include "change.h"
#include "harness.h"
#include "images.h"
#include "verify.h"

/* The octets through the sink that adds checks. */
static int add_checks(const struct gw_buf *in, bool looks_only, struct gw_buf *out, struct gw_err *err)
{
    struct gw_chan *to = gw_chan_memory(NULL, 0, out, err);
    struct gw_sink *writer = gw_writer(to, err), *sink = gw_checks(looks_only, writer, err);
    struct gw_wrap *wrap = gw_wrap_new(lend(in, NULL), gw_limit(PFN), err);
    CHECK(wrap != NULL && sink != NULL);
    int rc = gw_wrap_run(wrap, sink, err);
    gw_wrap_close(wrap);
    gw_sink_close(sink);
    gw_sink_close(writer);
    gw_chan_close(to);
    return rc;
}

static struct gw_verdict verdict_of(const struct gw_buf *octets)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_verify_opts opts = { .contents = true };
    struct gw_sink *verifier = gw_verifier(&opts, &err);
    struct gw_wrap *wrap = gw_wrap_new(lend(octets, NULL), gw_limit(PFN), &err);
    CHECK_EQ(gw_wrap_run(wrap, verifier, &err), 0);
    struct gw_verdict verdict = *gw_verify_finish(verifier);
    gw_wrap_close(wrap);
    gw_sink_close(verifier);
    return verdict;
}

/* Of each type of record, how many there are. */
static int count(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err);
struct counter {
    struct gw_sink sink;
    unsigned checks, digests;
};
static const struct gw_sink_ops counter_ops = { .name = "counter", .takes = GW_TAKES_WATCH, .record = count };

static int count(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    struct counter *c = (struct counter *)sink;
    (void)err;
    c->checks += record->frame.type == GW_REC_PAGE_CHECKS;
    c->digests += record->frame.type == GW_REC_IMAGE_DIGEST;
    return 0;
}

static struct counter count_records(const struct gw_buf *octets)
{
    struct gw_err err = GW_ERR_NONE;
    struct counter counter = { .sink.ops = &counter_ops };
    struct gw_wrap *wrap = gw_wrap_new(lend(octets, NULL), gw_limit(PFN), &err);
    CHECK_EQ(gw_wrap_run(wrap, &counter.sink, &err), 0);
    gw_wrap_close(wrap);
    return counter;
}

/* Memory in two passes, a page that ends as a hole, and VERIFY when it is wanted. */
static struct gw_buf two_passes(bool verify)
{
    const uint64_t holes[] = { gw_entry(2, GW_PAGE_XTAB) };
    struct gw_buf buf = { 0 };
    put_headers(&buf, 3, GW_DOMAIN_HVM);
    put_static(&buf, 3, GW_DOMAIN_HVM);
    put_memory(&buf, 0);
    put_memory(&buf, 5);
    put_pages(&buf, holes, 1, 0);
    if (verify) {
        put_record(&buf, GW_REC_VERIFY, NULL, 0);
        put_memory(&buf, 5);
    }
    put_tail(&buf, GW_DOMAIN_HVM);
    put_record(&buf, GW_REC_END, NULL, 0);
    return buf;
}

static void every_page_of_an_image_is_proven_then(void)
{
    static const enum small_image which[] = { PV_2, PV_3, HVM_2, HVM_3 };
    for (unsigned i = 0; i < sizeof which / sizeof which[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_buf in = small_image(which[i]), out = { 0 }, again = { 0 };
        CHECK_EQ(add_checks(&in, false, &out, &err), 0);
        struct gw_verdict before = verdict_of(&in), verdict = verdict_of(&out);
        CHECK(!before.has_checks && verdict.has_checks && verdict.digest_holds);
        CHECK_EQ(verdict.errors, before.errors);
        CHECK_EQ(verdict.num_unproven, 0);
        CHECK(verdict.num_proven > 0);
        /* what is there is made anew, and is the same */
        CHECK_EQ(add_checks(&out, false, &again, &err), 0);
        CHECK_EQ(again.len, out.len);
        CHECK_MEM(again.mem, out.mem, out.len);
        gw_buf_free(&in);
        gw_buf_free(&out);
        gw_buf_free(&again);
    }
}

static void checks_stand_behind_contents_and_the_digest_before_the_end(void)
{
    for (unsigned verify = 0; verify < 2; verify++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_buf in = two_passes(verify), out = { 0 };
        CHECK_EQ(add_checks(&in, false, &out, &err), 0);
        struct counter counter = count_records(&out);
        CHECK_EQ(counter.checks, 2); /* none where there are no contents, none behind VERIFY */
        CHECK_EQ(counter.digests, 1);
        struct gw_verdict verdict = verdict_of(&out);
        CHECK_EQ(verdict.num_proven, 2);
        CHECK(verdict.digest_holds);
        CHECK_EQ(verdict.errors, 0);
        gw_buf_free(&in);
        gw_buf_free(&out);
    }
}

static void who_only_looks_adds_nothing(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf in = two_passes(false), out = { 0 };
    CHECK_EQ(add_checks(&in, true, &out, &err), 0);
    CHECK_EQ(out.len, in.len);
    CHECK_MEM(out.mem, in.mem, in.len);
    gw_buf_free(&in);
    gw_buf_free(&out);
}

static void a_checkpointed_image_is_refused(void)
{
    for (unsigned looks_only = 0; looks_only < 2; looks_only++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_buf in = small_image(HVM_REMUS), out = { 0 };
        CHECK_EQ(add_checks(&in, looks_only, &out, &err), -1);
        CHECK_EQ(err.code, GW_E_REFUSED);
        CHECK_HAS(err.msg, "no place in a checkpointed image");
        gw_buf_free(&in);
        gw_buf_free(&out);
    }
}

const struct test tests[] = {
    { "every-page-of-an-image-is-proven-then", every_page_of_an_image_is_proven_then },
    { "checks-stand-behind-contents-and-the-digest-before-the-end",
      checks_stand_behind_contents_and_the_digest_before_the_end },
    { "who-only-looks-adds-nothing", who_only_looks_adds_nothing },
    { "a-checkpointed-image-is-refused", a_checkpointed_image_is_refused },
    { NULL, NULL },
};
