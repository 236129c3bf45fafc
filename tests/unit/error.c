/*
 * error.c - an error is made once, wrapped on the way up, and never loses what it was.
 */
#include <errno.h>
#include <string.h>

#include "base.h"
#include "harness.h"

static void the_first_failure_wins(void)
{
    struct gw_err err = GW_ERR_NONE;
    CHECK_EQ(gw_fail(&err, GW_E_USAGE, "first of %d", 4), -1);
    CHECK_EQ(gw_fail(&err, GW_E_REFUSED, "second"), -1);
    CHECK_EQ(gw_refuse(&err, "page-type", "third"), -1);
    CHECK_EQ(gw_ends(&err, "page-type", "fourth"), -1);
    CHECK_EQ(err.code, GW_E_USAGE);
    CHECK_STR(err.msg, "first of 4");
    CHECK(err.rule == NULL);
    CHECK(!err.placed);
}

static void what_failed_in_a_part_is_handed_on_whole(void)
{
    struct gw_err err = GW_ERR_NONE, part = GW_ERR_NONE, later = GW_ERR_NONE;
    gw_refuse(&part, "page-type", "part");
    gw_fail(&later, GW_E_USAGE, "later");
    CHECK_EQ(gw_err_pass(&err, &part), -1);
    CHECK_FAIL(err, GW_E_INVALID, "part");
    CHECK_STR(err.rule, "page-type");
    CHECK_EQ(gw_err_pass(&err, &later), -1);
    CHECK_STR(err.msg, "part");
}

static void a_failure_of_the_system_keeps_errno_and_its_words(void)
{
    struct gw_err err = GW_ERR_NONE;
    errno = ENOSPC;
    gw_fail(&err, GW_E_SYSTEM, "cannot write '%s'", "a");
    errno = EPERM;
    CHECK_EQ(err.sys, ENOSPC);
    CHECK_STR(err.msg, "cannot write 'a': No space left on device");
}

static void an_errno_that_nobody_knows_has_words_too(void)
{
    struct gw_err err = GW_ERR_NONE;
    errno = 99999;
    gw_fail(&err, GW_E_SYSTEM, "cannot do it");
    CHECK_STR(err.msg, "cannot do it: unknown error");
}

static void other_failures_have_no_errno(void)
{
    struct gw_err err = GW_ERR_NONE;
    errno = ENOSPC;
    gw_fail(&err, GW_E_REFUSED, "no");
    CHECK_EQ(err.sys, 0);
    CHECK_STR(err.msg, "no");
}

static void what_breaks_a_rule_carries_its_id(void)
{
    struct gw_err refused = GW_ERR_NONE, cut = GW_ERR_NONE;
    CHECK_EQ(gw_refuse(&refused, "page-type", "type %u", 5), -1);
    CHECK_FAIL(refused, GW_E_INVALID, "type 5");
    CHECK_STR(refused.rule, "page-type");
    CHECK_EQ(gw_ends(&cut, "rec-end-missing", "ends after %u", 7), -1);
    CHECK_FAIL(cut, GW_E_SHORT, "ends after 7");
    CHECK_STR(cut.rule, "rec-end-missing");
}

static void because_puts_a_sentence_in_front_and_keeps_the_cause(void)
{
    struct gw_err err = GW_ERR_NONE;
    gw_refuse(&err, "page-type", "inner");
    gw_err_place(&err, 40, 3);
    CHECK_EQ(gw_because(&err, "cannot read '%s'", "a"), -1);
    CHECK_EQ(gw_because(&err, "outer"), -1);
    CHECK_STR(err.msg, "outer\nbecause cannot read 'a'\nbecause inner");
    CHECK_EQ(err.code, GW_E_INVALID);
    CHECK_STR(err.rule, "page-type");
    CHECK(err.placed && err.offset == 40 && err.record == 3);
}

static void because_of_nothing_is_nothing(void)
{
    struct gw_err err = GW_ERR_NONE;
    CHECK_EQ(gw_because(&err, "outer"), -1);
    CHECK_EQ(err.code, GW_E_OK);
    CHECK_STR(err.msg, "");
}

/* Whatever the lengths: the message ends inside its room, the sentence in front is whole as long as it fits at all. */
static void a_long_cause_loses_its_end_and_nothing_else(void)
{
    char text[2 * GW_ERR_MSG_MAX];
    for (size_t inner = 0; inner < sizeof text; inner += 7)
        for (size_t outer = 0; outer < sizeof text; outer += 61) {
            struct gw_err err = GW_ERR_NONE;
            memset(text, 'i', sizeof text);
            gw_fail(&err, GW_E_REFUSED, "%.*s", (int)inner, text);
            memset(text, 'o', sizeof text);
            gw_because(&err, "%.*s", (int)outer, text);
            size_t len = strnlen(err.msg, sizeof err.msg);
            CHECK(len < sizeof err.msg);
            CHECK_EQ(strspn(err.msg, "o"), gw_min(outer, sizeof err.msg - 1));
            CHECK_EQ(len,
                     gw_min(outer + sizeof "\nbecause " - 1 + gw_min(inner, sizeof err.msg - 1), sizeof err.msg - 1));
        }
}

static void the_first_rule_and_the_first_place_win(void)
{
    struct gw_err err = GW_ERR_NONE;
    gw_refuse(&err, "page-type", "bad");
    CHECK_EQ(gw_refuse(&err, "page-length", "worse"), -1);
    CHECK_EQ(gw_err_place(&err, 0, 0), -1);
    CHECK_EQ(gw_err_place(&err, 99, 9), -1);
    CHECK_STR(err.rule, "page-type");
    CHECK(err.placed);
    CHECK_EQ(err.offset, 0);
    CHECK_EQ(err.record, 0);
}

static void exit_statuses_are_0_to_3(void)
{
    static const int want[] = {
        [GW_E_OK] = 0, [GW_E_SHORT] = 1, [GW_E_INVALID] = 1, [GW_E_REFUSED] = 1, [GW_E_USAGE] = 2, [GW_E_SYSTEM] = 3
    };
    for (enum gw_code code = GW_E_OK; code <= GW_E_SYSTEM; code++) {
        struct gw_err err = { .code = code };
        CHECK_EQ(gw_err_status(&err), want[code]);
    }
}

const struct test tests[] = {
    { "the-first-failure-wins", the_first_failure_wins },
    { "what-failed-in-a-part-is-handed-on-whole", what_failed_in_a_part_is_handed_on_whole },
    { "a-failure-of-the-system-keeps-errno-and-its-words", a_failure_of_the_system_keeps_errno_and_its_words },
    { "an-errno-that-nobody-knows-has-words-too", an_errno_that_nobody_knows_has_words_too },
    { "other-failures-have-no-errno", other_failures_have_no_errno },
    { "what-breaks-a-rule-carries-its-id", what_breaks_a_rule_carries_its_id },
    { "because-puts-a-sentence-in-front-and-keeps-the-cause", because_puts_a_sentence_in_front_and_keeps_the_cause },
    { "because-of-nothing-is-nothing", because_of_nothing_is_nothing },
    { "a-long-cause-loses-its-end-and-nothing-else", a_long_cause_loses_its_end_and_nothing_else },
    { "the-first-rule-and-the-first-place-win", the_first_rule_and_the_first_place_win },
    { "exit-statuses-are-0-to-3", exit_statuses_are_0_to_3 },
    { NULL, NULL },
};
