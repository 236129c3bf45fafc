/*
 * verify.c - what a verdict counts, what is told and where, and what can be said when.
 *
 * That each rule finds what it forbids is tests/golden/rules.py's to show; here is what all rules share.
 */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "images.h"
#include "verify.h"

/* All findings, as lines: severity, rule, record, offset, text. */
struct judged {
    struct gw_buf lines;
    struct gw_err failure;
    struct gw_verdict verdict;
    bool known; /* gw_verify_failed's answer */
};

static void keep(void *arg, const struct gw_finding *finding)
{
    struct judged *j = arg;
    char line[800], place[64] = "nowhere";
    if (finding->placed)
        snprintf(place, sizeof place, "%llu at %llu", (unsigned long long)finding->record,
                 (unsigned long long)finding->offset);
    snprintf(line, sizeof line, "%s %s %s: %s\n", gw_severity_name(finding->severity), finding->rule->id, place,
             finding->text);
    gw_put(&j->lines, line, strlen(line));
}

/* Through a wrap, as the command does it. Octets are freed; the lines stay until free_judged. */
static const char *judge(struct gw_buf *octets, struct gw_verify_opts opts, struct judged *j)
{
    struct gw_err err = GW_ERR_NONE;
    *j = (struct judged){ .failure = GW_ERR_NONE };
    opts.found = keep;
    opts.arg = j;
    struct gw_sink *verifier = gw_verifier(&opts, &err);
    struct gw_wrap *wrap = gw_wrap_new(lend(octets, NULL), gw_limit(PFN), &err);
    CHECK(verifier != NULL && wrap != NULL);
    if (gw_wrap_run(wrap, verifier, &j->failure) < 0)
        j->known = gw_verify_failed(verifier, &j->failure);
    j->verdict = *gw_verify_finish(verifier);
    gw_wrap_close(wrap);
    gw_sink_close(verifier);
    gw_buf_free(octets);
    return log_text(&j->lines);
}

static void free_judged(struct judged *j)
{
    gw_buf_free(&j->lines);
}

static const struct gw_verify_opts plain, strict = { .strict = true }, contents = { .contents = true };

/* --- clean images ------------------------------------------------------------------------------------------------ */

static void nothing_but_notes_is_said_of_clean_images(void)
{
    for (unsigned which = 0; which <= NUM_SMALL_IMAGES; which++)
        for (unsigned i = 0; i < 2; i++) {
            struct gw_buf octets = which < NUM_SMALL_IMAGES ? small_image(which) : small_xl(HVM_3);
            struct judged j;
            const char *lines = judge(&octets, i ? contents : plain, &j);
            CHECK_STR(lines, which == HVM_REMUS ? lines : "");
            CHECK(j.verdict.errors == 0 && j.verdict.warnings == 0);
            CHECK_EQ(j.verdict.notes, j.verdict.times[GW_RULE_CARRIER_GAP]);
            CHECK(gw_verdict_valid(&j.verdict));
            free_judged(&j);
        }
}

static void a_verdict_says_what_the_image_is(void)
{
    static const struct {
        unsigned width;
        uint64_t commits, checkpoints;
        bool ended;
    } want[NUM_SMALL_IMAGES] = {
        { 8, 1, 0, true }, { 8, 1, 0, true }, { 0, 1, 0, true }, { 0, 1, 0, true }, { 0, 2, 2, false }
    };
    for (enum small_image which = 0; which < NUM_SMALL_IMAGES; which++) {
        struct gw_buf octets = small_image(which);
        struct judged j;
        judge(&octets, plain, &j);
        CHECK_EQ(j.verdict.pv_width, want[which].width);
        CHECK_EQ(j.verdict.commits, want[which].commits);
        CHECK_EQ(j.verdict.checkpoints, want[which].checkpoints);
        CHECK_EQ(j.verdict.ended, want[which].ended);
        CHECK_EQ(j.verdict.num_pfns, 4);
        CHECK_EQ(j.verdict.by_type[GW_PAGE_NOTAB], 2);
        CHECK_EQ(j.verdict.by_type[GW_PAGE_XTAB], which <= PV_3 ? 1 : 2);
        CHECK_EQ(j.verdict.by_type[GW_PAGE_L4 | GW_PAGE_PINNED], which <= PV_3 ? 1 : 0);
        CHECK_EQ(j.verdict.num_vcpus, 1);
        free_judged(&j);
    }
}

/* --- counting and telling ---------------------------------------------------------------------------------------- */

/* An HVM image of version 3 with `dirty` octets of padding that are not zero, one in a record each. */
static struct gw_buf dirty_image(unsigned dirty)
{
    struct gw_buf buf = { 0 };
    put_headers(&buf, 3, GW_DOMAIN_HVM);
    put_static(&buf, 3, GW_DOMAIN_HVM);
    put_memory(&buf, 0);
    put_tail(&buf, GW_DOMAIN_HVM);
    for (unsigned i = 0; i < dirty; i++) {
        put_record(&buf, GW_REC_SAVING_CPU, "cpu", 3);
        buf.mem[buf.len - 1] = 1;
    }
    put_record(&buf, GW_REC_END, NULL, 0);
    return buf;
}

static void a_rule_is_told_so_often_and_counted_whole(void)
{
    for (unsigned dirty = 9; dirty <= 25; dirty += 1) {
        struct gw_buf octets = dirty_image(dirty);
        struct judged j;
        const char *lines = judge(&octets, plain, &j);
        CHECK_EQ(j.verdict.times[GW_RULE_REC_PADDING_NONZERO], dirty);
        CHECK_EQ(j.verdict.warnings, dirty);
        CHECK_EQ(j.verdict.errors, 0);
        CHECK_EQ(count_of(lines, "warning rec-padding-nonzero"), dirty < 10 ? dirty : 10);
        CHECK(gw_verdict_valid(&j.verdict));
        free_judged(&j);
    }
}

static void strict_makes_errors_of_warnings_and_leaves_notes(void)
{
    struct gw_buf octets = dirty_image(2), remus = small_image(HVM_REMUS);
    struct judged j;
    CHECK_EQ(count_of(judge(&octets, strict, &j), "error rec-padding-nonzero"), 2);
    CHECK(j.verdict.errors == 2 && j.verdict.warnings == 0);
    CHECK(!gw_verdict_valid(&j.verdict));
    free_judged(&j);
    CHECK_HAS(judge(&remus, strict, &j), "note carrier-gap");
    CHECK_EQ(j.verdict.errors, 0);
    free_judged(&j);
}

static void strict_rules_are_silent_without_it(void)
{
    for (unsigned i = 0; i < 2; i++) {
        struct gw_buf octets = { 0 };
        struct judged j;
        put_headers(&octets, 2, GW_DOMAIN_HVM);
        put_memory(&octets, 0);
        put_tail(&octets, GW_DOMAIN_HVM);
        put_memory(&octets, 0);
        put_tail(&octets, GW_DOMAIN_HVM);
        put_record(&octets, GW_REC_END, NULL, 0);
        const char *lines = judge(&octets, i ? strict : plain, &j);
        CHECK_EQ(count_of(lines, "error order-canonical"), i);
        CHECK_EQ(j.verdict.times[GW_RULE_ORDER_CANONICAL], i);
        free_judged(&j);
    }
}

static void findings_stand_at_their_record_and_offset(void)
{
    struct gw_buf octets = dirty_image(1), xl = small_xl(HVM_3);
    struct judged j;
    char want[128];
    snprintf(want, sizeof want, "warning rec-padding-nonzero 8 at %zu: ", octets.len - 24);
    CHECK_STR(strncmp(judge(&octets, plain, &j), want, strlen(want)) == 0 ? want : log_text(&j.lines), want);
    free_judged(&j);

    size_t len = xl.len;
    gw_put(&xl, "abc", 3);
    snprintf(want, sizeof want, "warning rec-after-end 0 at %zu: 3 octets stand behind the end: 'abc'\n", len);
    CHECK_STR(judge(&xl, plain, &j), want);
    free_judged(&j);
}

static void a_verdict_needs_nobody_who_listens(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf octets = dirty_image(3);
    struct gw_sink *verifier = gw_verifier(&plain, &err);
    struct gw_wrap *wrap = gw_wrap_new(lend(&octets, NULL), gw_limit(PFN), &err);
    CHECK_EQ(gw_wrap_run(wrap, verifier, &err), 0);
    CHECK_EQ(gw_verify_finish(verifier)->warnings, 3);
    gw_wrap_close(wrap);
    gw_sink_close(verifier);
    gw_buf_free(&octets);
}

static void what_is_told_of_a_configuration_is_plain_text(void)
{
    struct gw_buf xl = small_xl(PV_3);
    struct judged j;
    uint8_t *type = memmem(xl.mem, xl.len, "{\"type\": \"pvh\"}", 15);
    CHECK(type != NULL);
    memcpy(type, "{\"type\":\"p\\nv\"}", 15); /* JSON's own escapes bring any octet in */
    CHECK_HAS(judge(&xl, plain, &j), "error xen-slots-summary 0 at 159: the configuration says 'p\\x0av', the image");
    free_judged(&j);
}

static void an_older_receiver_is_judged_for(void)
{
    struct gw_buf octets = small_image(HVM_3), again = small_image(HVM_3);
    struct gw_verify_opts opts = { .for_xen = 13 };
    struct judged j;
    CHECK_HAS(judge(&octets, opts, &j), "error ihdr-version-target 0 at 0: version 3 needs Xen 4.14 or later");
    free_judged(&j);
    opts.for_xen = 14;
    CHECK_EQ(count_of(judge(&again, opts, &j), "ihdr-version-target"), 0);
    free_judged(&j);
}

/* --- contents ---------------------------------------------------------------------------------------------------- */

/* An image with a verify pass whose second page differs. */
static struct gw_buf verified_image(unsigned salt)
{
    struct gw_buf buf = { 0 };
    put_headers(&buf, 3, GW_DOMAIN_HVM);
    put_static(&buf, 3, GW_DOMAIN_HVM);
    put_memory(&buf, 0);
    put_record(&buf, GW_REC_VERIFY, NULL, 0);
    put_memory(&buf, salt);
    put_tail(&buf, GW_DOMAIN_HVM);
    put_record(&buf, GW_REC_END, NULL, 0);
    return buf;
}

static void verify_wants_contents_and_finds_differences_with_them(void)
{
    for (unsigned salt = 0; salt < 2; salt++)
        for (unsigned i = 0; i < 2; i++) {
            struct gw_buf octets = verified_image(salt);
            struct judged j;
            const char *lines = judge(&octets, i ? contents : plain, &j);
            CHECK_EQ(j.verdict.wants_contents, !i);
            CHECK_EQ(j.verdict.times[GW_RULE_VERIFY_MISMATCH], salt && i ? 2 : 0);
            CHECK_EQ(count_of(lines, "error verify-mismatch 6 at "), salt && i ? 2 : 0);
            CHECK_EQ(gw_verdict_valid(&j.verdict), !(salt && i));
            free_judged(&j);
        }
}

/* --- ends -------------------------------------------------------------------------------------------------------- */

static void a_cut_is_a_finding_and_memory_is_not_judged(void)
{
    struct gw_buf octets = small_image(HVM_3);
    struct judged j;
    octets.len -= 8;
    CHECK_HAS(judge(&octets, plain, &j), "error rec-end-missing 9 at ");
    CHECK(j.known && j.failure.code == GW_E_SHORT);
    CHECK_EQ(j.verdict.errors, 1);
    CHECK(!j.verdict.ended && j.verdict.commits == 0);
    CHECK_EQ(j.verdict.by_type[GW_PAGE_NOTAB], 0);
    free_judged(&j);
}

static void a_cut_behind_a_checkpoint_costs_what_came_after_it(void)
{
    struct gw_buf whole = small_image(HVM_REMUS), octets = { 0 };
    struct judged j;
    const uint64_t hole = gw_entry(1, GW_PAGE_XTAB);
    gw_put(&octets, whole.mem, whole.len);
    put_pages(&octets, &hole, 1, 0); /* a page goes; but only the next checkpoint would make that true */
    gw_buf_free(&whole);
    const char *lines = judge(&octets, plain, &j);
    CHECK_HAS(lines, "warning ckpt-incomplete");
    CHECK_EQ(count_of(lines, "rec-end-missing"), 0);
    CHECK(j.known && gw_verdict_valid(&j.verdict));
    CHECK_EQ(j.verdict.by_type[GW_PAGE_NOTAB], 2);
    CHECK_EQ(j.verdict.by_type[GW_PAGE_XTAB], 2);
    free_judged(&j);
}

static void a_failure_of_the_system_is_no_finding(void)
{
    struct gw_err err = GW_ERR_NONE, failure = { .code = GW_E_SYSTEM, .msg = "cannot read" };
    struct gw_sink *verifier = gw_verifier(&plain, &err);
    CHECK(!gw_verify_failed(verifier, &failure));
    CHECK_EQ(gw_verify_finish(verifier)->errors, 0);
    gw_sink_close(verifier);
}

static void a_verdict_of_nothing_is_empty(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_sink *verifier = gw_verifier(&plain, &err);
    const struct gw_verdict *verdict = gw_verify_finish(verifier);
    CHECK(verdict->errors == 0 && verdict->warnings == 0 && verdict->notes == 0 && verdict->num_pfns == 0);
    gw_sink_close(verifier);
}

/* --- the table of rules ------------------------------------------------------------------------------------------ */

static void rules_are_found_by_their_ids(void)
{
    for (unsigned i = 0; i < GW_NUM_RULES; i++) {
        CHECK(gw_rule_find(gw_rules[i].id) == &gw_rules[i]); /* so no two have one id */
        CHECK(gw_rules[i].severity <= GW_STRICT);
        CHECK(strlen(gw_rules[i].sentence) > 10 && gw_rules[i].section[0] != 0);
        CHECK(strchr("YI-", gw_rules[i].spec) && strchr("RHpLT-", gw_rules[i].xen) &&
              strchr("YwpL-", gw_rules[i].python));
    }
    CHECK(gw_rule_find("no-such-rule") == NULL);
    CHECK(gw_rule_find("") == NULL);
    CHECK_STR(gw_severity_name(GW_STRICT), "strict");
}

static void every_rule_of_a_table_is_there(void)
{
    for (unsigned i = 0; i < gw_num_layouts; i++)
        for (unsigned row = 0; row < gw_layouts[i]->num_fields; row++) {
            const struct gw_field *field = &gw_layouts[i]->fields[row];
            CHECK(field->must == GW_MUST_ANY || gw_rule_find(field->rule) != NULL);
        }
    for (unsigned i = 0; i < GW_HVM_NUM_PARAMS; i++) {
        const struct gw_hvm_param_info *info = gw_hvm_param_info(i);
        CHECK(info == NULL || info->rule == NULL || gw_rule_find(info->rule) != NULL);
        CHECK(info == NULL || (info->right == NULL) == (info->demand == NULL));
    }
}

const struct test tests[] = {
    { "nothing-but-notes-is-said-of-clean-images", nothing_but_notes_is_said_of_clean_images },
    { "a-verdict-says-what-the-image-is", a_verdict_says_what_the_image_is },
    { "a-rule-is-told-so-often-and-counted-whole", a_rule_is_told_so_often_and_counted_whole },
    { "strict-makes-errors-of-warnings-and-leaves-notes", strict_makes_errors_of_warnings_and_leaves_notes },
    { "strict-rules-are-silent-without-it", strict_rules_are_silent_without_it },
    { "findings-stand-at-their-record-and-offset", findings_stand_at_their_record_and_offset },
    { "a-verdict-needs-nobody-who-listens", a_verdict_needs_nobody_who_listens },
    { "what-is-told-of-a-configuration-is-plain-text", what_is_told_of_a_configuration_is_plain_text },
    { "an-older-receiver-is-judged-for", an_older_receiver_is_judged_for },
    { "verify-wants-contents-and-finds-differences-with-them", verify_wants_contents_and_finds_differences_with_them },
    { "a-cut-is-a-finding-and-memory-is-not-judged", a_cut_is_a_finding_and_memory_is_not_judged },
    { "a-cut-behind-a-checkpoint-costs-what-came-after-it", a_cut_behind_a_checkpoint_costs_what_came_after_it },
    { "a-failure-of-the-system-is-no-finding", a_failure_of_the_system_is_no_finding },
    { "a-verdict-of-nothing-is-empty", a_verdict_of_nothing_is_empty },
    { "rules-are-found-by-their-ids", rules_are_found_by_their_ids },
    { "every-rule-of-a-table-is-there", every_rule_of_a_table_is_there },
    { NULL, NULL },
};
