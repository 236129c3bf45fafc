/*
 * talk.c - the two state tables: every pair of state and event against talk.txt, what holds of all pairs.
 *
 * UPDATE=1 writes talk.txt anew: read its diff as carefully as code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "session.h"

/* --- every pair, as text ------------------------------------------------------------------------------------------ */

static void print_step(FILE *file, enum gw_talk_outcome outcome, const char *next, struct gw_talk_todo todo)
{
    char line[256];
    int len = snprintf(line, sizeof line, "%-9s %-11s", gw_talk_outcomes[outcome].name, next);
    for (unsigned i = 0; i < todo.num; i++)
        len += snprintf(line + len, sizeof line - (size_t)len, " %s", gw_talk_actions[todo.actions[i]].name);
    while (line[len - 1] == ' ')
        len--;
    fprintf(file, "%.*s\n", len, line);
}

static void print_source_step(FILE *file, struct gw_source_step step)
{
    print_step(file, step.outcome, gw_source_states[step.next.state].name, step.todo);
}

static void print_source(FILE *file)
{
    fputs("\n# source: state, event, outcome, next state, what to do\n", file);
    for (unsigned state = 0; state < GW_NUM_SOURCE_STATES; state++)
        for (unsigned event = 0; event < GW_NUM_SOURCE_EVENTS; event++) {
            fprintf(file, "%-11s %-14s ", gw_source_states[state].name, gw_source_events[event].name);
            print_source_step(file, gw_talk_source((struct gw_talk_source){ .state = state }, event));
        }
    fputs("\n# source, behind the last list that may answer a DONE\n", file);
    struct gw_talk_source last = { .state = GW_SOURCE_PROVING, .again = GW_TALK_AGAIN_MAX };
    fprintf(file, "%-11s %-14s ", "PROVING", "AGAIN");
    print_source_step(file, gw_talk_source(last, GW_SOURCE_ON_AGAIN));
}

static void print_destination(FILE *file)
{
    fputs("\n# destination: state, event, outcome, next state, what to do\n", file);
    for (unsigned state = 0; state < GW_NUM_DESTINATION_STATES; state++)
        for (unsigned event = 0; event < GW_NUM_DESTINATION_EVENTS; event++) {
            struct gw_destination_step step = gw_talk_destination(state, event);
            fprintf(file, "%-11s %-14s ", gw_destination_states[state].name, gw_destination_events[event].name);
            print_step(file, step.outcome, gw_destination_states[step.next].name, step.todo);
        }
}

static const char *const decisions[] = { "none", "started", "declined" };

static void print_restarts(FILE *file)
{
    static const char *const words[] = { "SUSPEND", "LETGO", "KEPT", "MOVED" };
    fputs("\n# source, restarted: words of the journal\n", file);
    for (unsigned set = 0; set <= GW_SOURCE_WORDS_ALL; set++) {
        char text[64] = "-";
        for (unsigned i = 0, len = 0; i < 4; i++)
            if ((set & 1u << i) != 0)
                len += (unsigned)snprintf(text + len, sizeof text - len, "%s%s", len > 0 ? "+" : "", words[i]);
        fprintf(file, "%-26s ", text);
        print_source_step(file, gw_talk_source_after(set));
    }
    fputs("\n# destination, restarted: decision, journal\n", file);
    for (unsigned i = 0; i < GW_NUM_DECISIONS; i++)
        for (unsigned runs = 0; runs < 2; runs++) {
            struct gw_destination_step step = gw_talk_destination_after(i, runs != 0);
            fprintf(file, "%-11s %-14s ", decisions[i], runs != 0 ? "RUNS" : "-");
            print_step(file, step.outcome, gw_destination_states[step.next].name, step.todo);
        }
}

static void print_answers(FILE *file)
{
    fputs("\n# answers while a holder lives: decision, journal, may go on, what was tried failed\n", file);
    for (unsigned i = 0; i < GW_NUM_DECISIONS << 3; i++) {
        struct gw_talk_asked asked = { i >> 3, (i & 4) != 0, (i & 2) != 0, (i & 1) != 0 };
        struct gw_talk_todo todo = gw_talk_answer(asked);
        fprintf(file, "%-11s %-4s %-9s %-6s", decisions[asked.decision], asked.runs ? "RUNS" : "-",
                asked.may_go_on ? "may-go-on" : "-", asked.failed ? "failed" : "-");
        for (unsigned at = 0; at < todo.num; at++)
            fprintf(file, " %s", gw_talk_actions[todo.actions[at]].name);
        fputc('\n', file);
    }
}

static char *print_all(void)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    CHECK(file != NULL);
    fputs("# What tests/unit/talk.c expects of src/session/talk.h. Written by: UPDATE=1 unit-talk\n", file);
    print_source(file);
    print_destination(file);
    print_restarts(file);
    print_answers(file);
    CHECK_EQ(fclose(file), 0);
    return text;
}

static FILE *open_expected(const char *mode)
{
    const char *source = getenv("GODWIT_SOURCE");
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/unit/talk.txt", source != NULL ? source : ".");
    return fopen(path, mode);
}

static void compare(FILE *expected, char *text)
{
    char want[256], *rest = text;
    for (unsigned number = 1; fgets(want, sizeof want, expected) != NULL; number++) {
        char *is = strsep(&rest, "\n");
        want[strcspn(want, "\n")] = '\0';
        if (is == NULL || strcmp(is, want) != 0)
            test_fail("talk.txt", (int)number, "is\n  '%s', not\n  '%s'", is != NULL ? is : "(the end)", want);
    }
    CHECK_STR(rest, "");
}

static void every_pair_is_as_talk_txt_says(void)
{
    char *text = print_all();
    const char *update = getenv("UPDATE");
    if (update != NULL && strcmp(update, "1") == 0) {
        FILE *file = open_expected("w");
        CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
    }
    FILE *file = open_expected("r");
    if (file == NULL)
        SKIP("tests/unit/talk.txt is not here: GODWIT_SOURCE names the source tree");
    compare(file, text);
    fclose(file);
    free(text);
}

/* --- what holds of all pairs -------------------------------------------------------------------------------------- */

static bool has(struct gw_talk_todo todo, enum gw_talk_action action)
{
    for (unsigned i = 0; i < todo.num; i++)
        if (todo.actions[i] == action)
            return true;
    return false;
}

static bool is_same(struct gw_talk_todo a, struct gw_talk_todo b)
{
    return a.num == b.num && memcmp(a.actions, b.actions, a.num * sizeof a.actions[0]) == 0;
}

/* A pair of the source's, and what comes of it. */
struct source_pair {
    enum gw_source_state state;
    enum gw_source_event event;
    struct gw_source_step step;
};

static void each_source(void (*check)(const struct source_pair *))
{
    for (unsigned state = 0; state < GW_NUM_SOURCE_STATES; state++)
        for (unsigned event = 0; event < GW_NUM_SOURCE_EVENTS; event++) {
            struct source_pair pair = { state, event,
                                        gw_talk_source((struct gw_talk_source){ .state = state }, event) };
            check(&pair);
        }
}

struct destination_pair {
    enum gw_destination_state state;
    enum gw_destination_event event;
    struct gw_destination_step step;
};

static void each_destination(void (*check)(const struct destination_pair *))
{
    for (unsigned state = 0; state < GW_NUM_DESTINATION_STATES; state++)
        for (unsigned event = 0; event < GW_NUM_DESTINATION_EVENTS; event++) {
            struct destination_pair pair = { state, event, gw_talk_destination(state, event) };
            check(&pair);
        }
}

static void check_source_form(const struct source_pair *pair)
{
    enum gw_talk_outcome outcome = pair->step.outcome;
    CHECK_EQ(gw_talk_source_rows(pair->state, pair->event), 1);
    if (outcome == GW_TALK_MOVE)
        return;
    struct gw_source_step as = { .next.state = pair->state };
    if (outcome == GW_TALK_VIOLATION || outcome == GW_TALK_MISTAKE)
        as = gw_talk_source((struct gw_talk_source){ .state = pair->state },
                            outcome == GW_TALK_VIOLATION ? GW_SOURCE_ON_BAD : GW_SOURCE_ON_FAILED);
    CHECK_EQ(pair->step.next.state, as.next.state);
    CHECK(is_same(pair->step.todo, as.todo));
}

static void check_destination_form(const struct destination_pair *pair)
{
    enum gw_talk_outcome outcome = pair->step.outcome;
    CHECK_EQ(gw_talk_destination_rows(pair->state, pair->event), 1);
    if (outcome == GW_TALK_MOVE)
        return;
    struct gw_destination_step as = { .next = pair->state };
    if (outcome == GW_TALK_VIOLATION || outcome == GW_TALK_MISTAKE)
        as = gw_talk_destination(pair->state,
                                 outcome == GW_TALK_VIOLATION ? GW_DESTINATION_ON_BAD : GW_DESTINATION_ON_FAILED);
    CHECK_EQ(pair->step.next, as.next);
    CHECK(is_same(pair->step.todo, as.todo));
}

static void each_pair_stands_in_one_row_and_leads_where_its_kind_leads(void)
{
    each_source(check_source_form);
    each_destination(check_destination_form);
}

static bool has_let_go(enum gw_source_state state)
{
    return state == GW_SOURCE_LET_GO || state == GW_SOURCE_ASKING || state == GW_SOURCE_IN_DOUBT;
}

static void check_i3(const struct source_pair *pair)
{
    bool refused = pair->event == GW_SOURCE_ON_TELL_DECLINED;
    if (!has_let_go(pair->state))
        return;
    CHECK(!has(pair->step.todo, GW_DO_RESUME) || refused);
    CHECK(pair->step.next.state != GW_SOURCE_KEPT || refused);
    CHECK(!refused || pair->state == GW_SOURCE_IN_DOUBT || pair->step.next.state == GW_SOURCE_KEPT);
}

static void i3_a_source_that_let_go_resumes_only_on_a_durable_refusal(void)
{
    each_source(check_i3);
}

static void check_refusal(const struct destination_pair *pair)
{
    if (!has(pair->step.todo, GW_DO_TELL_DECLINED))
        return;
    bool won = pair->state == GW_DESTINATION_DECLINING && pair->event == GW_DESTINATION_ON_WON;
    bool taken = pair->event == GW_DESTINATION_ON_TAKEN;
    bool undone = pair->state == GW_DESTINATION_UNDOING && pair->event == GW_DESTINATION_ON_WRITTEN;
    CHECK(won || taken || undone);
    CHECK_EQ(pair->step.next, GW_DESTINATION_GONE);
}

static void i3_a_refusal_is_durable_before_it_is_told(void)
{
    each_destination(check_refusal);
}

static void check_let_go(const struct source_pair *pair)
{
    bool durable = pair->state == GW_SOURCE_LETTING_GO && pair->event == GW_SOURCE_ON_WRITTEN;
    CHECK_EQ(has(pair->step.todo, GW_DO_SAY_COMM), durable);
    CHECK(!has(pair->step.todo, GW_DO_SAY_ASKS) || pair->state == GW_SOURCE_ASKING);
}

static void check_start(const struct destination_pair *pair)
{
    bool won = pair->state == GW_DESTINATION_CLAIMING && pair->event == GW_DESTINATION_ON_WON;
    CHECK_EQ(has(pair->step.todo, GW_DO_START), won);
    bool told = pair->state == GW_DESTINATION_READY && pair->event == GW_DESTINATION_ON_COMM;
    CHECK_EQ(has(pair->step.todo, GW_DO_CLAIM_STARTED), told);
    CHECK_EQ(pair->step.next == GW_DESTINATION_CLAIMING && pair->state != GW_DESTINATION_CLAIMING, told);
}

static void i2_comm_is_said_behind_a_durable_letgo_and_starts_behind_a_claim(void)
{
    each_source(check_let_go);
    each_destination(check_start);
}

static void check_destroy(const struct source_pair *pair)
{
    bool told = pair->event == GW_SOURCE_ON_RUNS || pair->event == GW_SOURCE_ON_TELL_RUNS;
    bool again = pair->state == GW_SOURCE_MOVED && pair->event == GW_SOURCE_ON_WRITE_FAILED;
    CHECK_EQ(has(pair->step.todo, GW_DO_DESTROY),
             again || (told && has_let_go(pair->state) && pair->state != GW_SOURCE_IN_DOUBT));
}

static void check_runs(const struct destination_pair *pair)
{
    bool says = has(pair->step.todo, GW_DO_SAY_RUNS) || has(pair->step.todo, GW_DO_TELL_RUNS);
    bool unwritten = pair->state == GW_DESTINATION_RUNS && pair->event == GW_DESTINATION_ON_WRITE_FAILED;
    bool looked = pair->state == GW_DESTINATION_STARTING || pair->state == GW_DESTINATION_LOOKING;
    CHECK_EQ(says, unwritten || (looked && pair->event == GW_DESTINATION_ON_STARTED));
    bool unclear = looked || pair->state == GW_DESTINATION_RUNS || pair->state == GW_DESTINATION_IN_DOUBT;
    CHECK(!has(pair->step.todo, GW_DO_DISCARD) || !unclear);
}

static void i1_the_source_destroys_and_the_destination_discards_only_what_is_surely_not_the_owner(void)
{
    each_source(check_destroy);
    each_destination(check_runs);
}

static void check_ends(const struct source_pair *pair)
{
    bool ends = pair->state >= GW_SOURCE_KEPT;
    CHECK(!ends || pair->step.next.state == pair->state);
    bool stands = pair->state >= GW_SOURCE_SUSPENDING && pair->state <= GW_SOURCE_LETTING_GO;
    if (stands && pair->step.next.state == GW_SOURCE_KEPT)
        CHECK(has(pair->step.todo, GW_DO_RESUME) && has(pair->step.todo, GW_DO_WRITE_KEPT));
}

static void check_destination_ends(const struct destination_pair *pair)
{
    CHECK(pair->state < GW_DESTINATION_RUNS || pair->step.next == pair->state);
}

static void i1_ends_are_ends_and_a_kept_guest_runs(void)
{
    each_source(check_ends);
    each_destination(check_destination_ends);
}

static bool used[GW_NUM_TALK_ACTIONS];

static void use(struct gw_talk_todo todo)
{
    for (unsigned i = 0; i < todo.num; i++)
        used[todo.actions[i]] = true;
}

static void use_source(const struct source_pair *pair)
{
    use(pair->step.todo);
}

static void use_destination(const struct destination_pair *pair)
{
    use(pair->step.todo);
}

static void every_action_is_wanted_by_some_row(void)
{
    each_source(use_source);
    each_destination(use_destination);
    for (unsigned i = 0; i < GW_NUM_DECISIONS << 3; i++)
        use(gw_talk_answer((struct gw_talk_asked){ i >> 3, (i & 4) != 0, (i & 2) != 0, (i & 1) != 0 }));
    for (unsigned i = GW_DO_NONE + 1; i < GW_NUM_TALK_ACTIONS; i++) {
        if (!used[i])
            printf("%s\n", gw_talk_actions[i].name);
        CHECK(used[i]);
        CHECK(strlen(gw_talk_actions[i].sentence) > 5);
    }
}

const struct test tests[] = {
    { "every-pair-is-as-talk.txt-says", every_pair_is_as_talk_txt_says },
    { "each-pair-stands-in-one-row-and-leads-where-its-kind-leads",
      each_pair_stands_in_one_row_and_leads_where_its_kind_leads },
    { "I1-the-source-destroys-and-the-destination-discards-only-what-is-surely-not-the-owner",
      i1_the_source_destroys_and_the_destination_discards_only_what_is_surely_not_the_owner },
    { "I1-ends-are-ends-and-a-kept-guest-runs", i1_ends_are_ends_and_a_kept_guest_runs },
    { "I2-COMM-is-said-behind-a-durable-LETGO-and-starts-behind-a-claim",
      i2_comm_is_said_behind_a_durable_letgo_and_starts_behind_a_claim },
    { "I3-a-source-that-let-go-resumes-only-on-a-durable-refusal",
      i3_a_source_that_let_go_resumes_only_on_a_durable_refusal },
    { "I3-a-refusal-is-durable-before-it-is-told", i3_a_refusal_is_durable_before_it_is_told },
    { "every-action-is-wanted-by-some-row", every_action_is_wanted_by_some_row },
    { NULL, NULL },
};
