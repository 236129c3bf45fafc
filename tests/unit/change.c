/*
 * change.c - what changes an image on its way: the order of what leaves, failures, and what is held.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "change.h"

#include "harness.h"
#include "images.h"

struct said {
    unsigned num;
    char last[256];
};

static void say(void *arg, const char *sentence)
{
    struct said *said = arg;
    said->num++;
    snprintf(said->last, sizeof said->last, "%s", sentence);
}

/* The octets through a fitting sink into out. */
static int fit(const struct gw_buf *in, const struct gw_fit_opts *opts, struct gw_buf *out, struct gw_err *err)
{
    struct gw_chan *to = gw_chan_memory(NULL, 0, out, err);
    struct gw_sink *writer = gw_writer(to, err), *sink = gw_fit(opts, writer, err);
    struct gw_wrap *wrap = gw_wrap_new(lend(in, NULL), 0x10000, err);
    CHECK(wrap != NULL && sink != NULL);
    int rc = gw_wrap_run(wrap, sink, err);
    gw_wrap_close(wrap);
    gw_sink_close(sink);
    gw_sink_close(writer);
    gw_chan_close(to);
    return rc;
}

static void version_2_becomes_3_and_2_again(void)
{
    static const enum small_image which[] = { PV_2, HVM_2 };
    for (unsigned i = 0; i < 2; i++) {
        struct gw_buf in = small_image(which[i]), there = { 0 }, back = { 0 };
        struct gw_err err = GW_ERR_NONE;
        CHECK_EQ(fit(&in, &(struct gw_fit_opts){ .version = 3 }, &there, &err), 0);
        CHECK_EQ(there.len, in.len + GW_RECORD_HEADER_LEN); /* STATIC_DATA_END */
        CHECK_EQ(fit(&there, &(struct gw_fit_opts){ .version = 2 }, &back, &err), 0);
        CHECK_EQ(back.len, in.len);
        CHECK_MEM(back.mem, in.mem, in.len);
        gw_buf_free(&in);
        gw_buf_free(&there);
        gw_buf_free(&back);
    }
}

static void losses_are_named_together_and_refused(void)
{
    struct gw_buf in = small_image(HVM_3), out = { 0 };
    struct gw_err err = GW_ERR_NONE;
    CHECK_EQ(fit(&in, &(struct gw_fit_opts){ .for_xen = 13 }, &out, &err), -1);
    CHECK_FAIL(err, GW_E_REFUSED, "X86_CPUID_POLICY, which Xen 4.13 does not know; X86_MSR_POLICY");
    gw_buf_free(&in);
    gw_buf_free(&out);
}

static void losses_that_may_be_are_told_once_each(void)
{
    struct gw_buf in = small_image(HVM_3), out = { 0 };
    struct gw_err err = GW_ERR_NONE;
    struct said said = { 0 };
    const struct gw_fit_opts opts = { .for_xen = 13, .lossy = true, .tell = say, .arg = &said };
    CHECK_EQ(fit(&in, &opts, &out, &err), 0);
    CHECK_EQ(said.num, 2);
    CHECK_STR(said.last, "left out: X86_MSR_POLICY, which Xen 4.13 does not know");
    gw_buf_free(&in);
    gw_buf_free(&out);
}

/* An image whose context has an entry that Xen 4.9 knows shorter, and behind it one of which half is there. */
static struct gw_buf with_broken_chain(void)
{
    struct gw_buf buf = { 0 }, body = { 0 };
    uint8_t vmce[32] = { 0 };
    gw_set(vmce, hvm_vmce_vcpu, mcg_ext_ctl, 1);
    gw_put_u16(&body, GW_HVM_VMCE_VCPU);
    gw_put_u16(&body, 0);
    gw_put_u32(&body, sizeof vmce);
    gw_put(&body, vmce, sizeof vmce);
    gw_put_u16(&body, GW_HVM_END);
    put_headers(&buf, 2, GW_DOMAIN_HVM);
    put_memory(&buf, 0);
    put_record(&buf, GW_REC_HVM_CONTEXT, body.mem, body.len);
    put_record(&buf, GW_REC_END, NULL, 0);
    gw_buf_free(&body);
    return buf;
}

static void a_context_that_breaks_off_stays_as_it_is_and_loses_nothing(void)
{
    struct gw_buf in = with_broken_chain(), out = { 0 };
    struct gw_err err = GW_ERR_NONE;
    struct said said = { 0 };
    const struct gw_fit_opts opts = { .for_xen = 9, .lossy = true, .tell = say, .arg = &said };
    CHECK_EQ(fit(&in, &opts, &out, &err), 0);
    CHECK_EQ(said.num, 0);
    CHECK_EQ(out.len, in.len);
    CHECK_MEM(out.mem, in.mem, in.len);
    gw_buf_free(&in);
    gw_buf_free(&out);
}

/* What of a small image is its static part: the calls to a sink behind it. */
static int static_part_of(enum small_image which, struct gw_buf *log, struct gw_err *err)
{
    struct gw_buf in = small_image(which);
    struct gw_sink *to = new_log_sink('s', GW_TAKES_MOVE, log, 0), *only = gw_static_only(to, err);
    struct gw_wrap *wrap = gw_wrap_new(lend(&in, NULL), 0x10000, err);
    int rc = gw_wrap_run(wrap, only, err);
    gw_wrap_close(wrap);
    gw_sink_close(only);
    gw_sink_close(to);
    gw_buf_free(&in);
    return rc;
}

static void a_static_part_ends_where_the_image_ends(void)
{
    struct gw_buf log = { 0 };
    struct gw_err err = GW_ERR_NONE;
    CHECK_EQ(static_part_of(HVM_3, &log, &err), 0);
    const char *text = log_text(&log);
    CHECK_EQ(count_of(text, "pages"), 0);
    CHECK_EQ(count_of(text, "HVM_CONTEXT"), 0);
    CHECK_EQ(count_of(text, "X86_CPUID_POLICY"), 1);
    CHECK_EQ(count_of(text, "PROVENANCE"), 1);
    CHECK_EQ(count_of(text, ": end"), 1);
    CHECK_EQ(count_of(text, "commit"), 1);
    gw_buf_free(&log);
}

static void version_2_has_no_static_part(void)
{
    struct gw_buf log = { 0 };
    struct gw_err err = GW_ERR_NONE;
    CHECK_EQ(static_part_of(PV_2, &log, &err), -1);
    CHECK_FAIL(err, GW_E_REFUSED, "version 2");
    gw_buf_free(&log);
}

/* A squash of the octets, from a file of this test's own; *fd: it, still open. */
static struct gw_squash *squash_of_file(const struct gw_buf *in, int *fd, struct gw_err *err)
{
    char name[] = "/tmp/godwit-change-XXXXXX";
    *fd = mkstemp(name);
    CHECK(*fd >= 0 && write(*fd, in->mem, in->len) == (ssize_t)in->len);
    struct gw_image_opts opts = { .max_pfn = 0x10000, .spool = -1 };
    struct gw_squash *squash = gw_squash_open(name, &opts, err);
    unlink(name);
    return squash;
}

static struct gw_squash *squash_of(const struct gw_buf *in, struct gw_err *err)
{
    int fd;
    struct gw_squash *squash = squash_of_file(in, &fd, err);
    close(fd);
    return squash;
}

static void squash_resolves_checkpoints(void)
{
    struct gw_buf in = small_image(HVM_REMUS), log = { 0 };
    struct gw_err err = GW_ERR_NONE;
    struct gw_squash *squash = squash_of(&in, &err);
    struct gw_sink *to = new_log_sink('s', GW_TAKES_MOVE, &log, 0);
    CHECK(squash != NULL);
    CHECK_EQ(gw_squash_run(squash, to, &err), 0);
    const char *text = log_text(&log);
    CHECK_EQ(count_of(text, " pages "), 1);
    CHECK_EQ(count_of(text, "HVM_CONTEXT"), 1);
    CHECK_EQ(count_of(text, "checkpoint"), 0);
    CHECK_EQ(count_of(text, ": end"), 1);
    CHECK_EQ(count_of(text, "commit"), 1);
    gw_sink_close(to);
    gw_squash_close(squash);
    gw_buf_free(&in);
    gw_buf_free(&log);
}

static void squash_passes_on_what_its_sink_says_at_every_call(void)
{
    struct gw_buf in = small_xl(PV_3);
    struct gw_err err = GW_ERR_NONE;
    struct gw_squash *squash = squash_of(&in, &err);
    unsigned at = 0;
    CHECK(squash != NULL);
    for (int rc = -1; rc < 0; at++) {
        struct gw_buf log = { 0 };
        struct gw_err failure = GW_ERR_NONE;
        struct gw_sink *to = new_log_sink('s', GW_TAKES_MOVE, &log, at + 1);
        rc = gw_squash_run(squash, to, &failure);
        CHECK_EQ(rc < 0, failure.code != GW_E_OK);
        gw_sink_close(to);
        gw_buf_free(&log);
        CHECK(at < 100);
    }
    CHECK(at > 10);
    gw_squash_close(squash);
    gw_buf_free(&in);
}

static void squash_of_a_cut_image_is_refused(void)
{
    struct gw_buf in = small_image(HVM_3);
    struct gw_err err = GW_ERR_NONE;
    in.len -= 9;
    CHECK(squash_of(&in, &err) == NULL);
    CHECK_EQ(err.code, GW_E_SHORT);
    gw_buf_free(&in);
}

static void squash_of_a_file_that_is_written_to_is_refused(void)
{
    struct gw_buf in = small_image(HVM_3), log = { 0 };
    struct gw_err err = GW_ERR_NONE;
    int fd;
    struct gw_squash *squash = squash_of_file(&in, &fd, &err);
    struct gw_sink *to = new_log_sink('s', GW_TAKES_MOVE, &log, 0);
    CHECK(squash != NULL);
    CHECK_EQ(write(fd, "more", 4), 4);
    CHECK_EQ(gw_squash_run(squash, to, &err), -1);
    CHECK_FAIL(err, GW_E_REFUSED, "the file was changed while it was read");
    close(fd);
    gw_sink_close(to);
    gw_squash_close(squash);
    gw_buf_free(&in);
    gw_buf_free(&log);
}

static void what_a_release_takes_is_said_by_its_row(void)
{
    bool has_none;
    CHECK(!gw_release_reads(gw_release(13), 3) && gw_release_reads(gw_release(14), 3));
    CHECK_EQ(gw_release(9)->record_length, GW_LIMIT_ID_RECORD_LENGTH_OLD);
    CHECK_EQ(gw_release(0)->minor, gw_release(99)->minor);
    CHECK_EQ(gw_release_hvm_form(gw_release(20), GW_HVM_LAPIC)->length, 24);
    CHECK_EQ(gw_release_hvm_form(gw_release(21), GW_HVM_LAPIC)->length, 32);
    CHECK(gw_release_hvm_form(gw_release(6), GW_HVM_NUM_TYPES) == NULL);
    CHECK(!gw_release_knows_leaf(gw_release(16), 7, 2, &has_none) && !has_none);
    CHECK(gw_release_knows_leaf(gw_release(17), 7, 2, &has_none));
    CHECK(gw_release_knows_leaf(gw_release(16), 0x80000021, GW_CPUID_NO_SUBLEAF, &has_none) && has_none);
    CHECK_EQ(gw_release_last_leaf(gw_release(15), GW_CPUID_EXTENDED), 0x8000001c);
    CHECK_EQ(gw_release_last_subleaf(gw_release(15), 7), 1);
}

const struct test tests[] = {
    { "version-2-becomes-3-and-2-again", version_2_becomes_3_and_2_again },
    { "losses-are-named-together-and-refused", losses_are_named_together_and_refused },
    { "losses-that-may-be-are-told-once-each", losses_that_may_be_are_told_once_each },
    { "a-context-that-breaks-off-stays-as-it-is-and-loses-nothing",
      a_context_that_breaks_off_stays_as_it_is_and_loses_nothing },
    { "a-static-part-ends-where-the-image-ends", a_static_part_ends_where_the_image_ends },
    { "version-2-has-no-static-part", version_2_has_no_static_part },
    { "squash-resolves-checkpoints", squash_resolves_checkpoints },
    { "squash-passes-on-what-its-sink-says-at-every-call", squash_passes_on_what_its_sink_says_at_every_call },
    { "squash-of-a-cut-image-is-refused", squash_of_a_cut_image_is_refused },
    { "squash-of-a-file-that-is-written-to-is-refused", squash_of_a_file_that_is_written_to_is_refused },
    { "what-a-release-takes-is-said-by-its-row", what_a_release_takes_is_said_by_its_row },
    { NULL, NULL },
};
