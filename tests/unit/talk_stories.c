/*
 * talk_stories.c - the hand-over told as stories: events in their order, and what the last of them leads to.
 */
#include <string.h>

#include "harness.h"
#include "session.h"

static bool is_same(struct gw_talk_todo a, struct gw_talk_todo b)
{
    return a.num == b.num && memcmp(a.actions, b.actions, a.num * sizeof a.actions[0]) == 0;
}

/* Each event leads to the state beside it; the todo of the last one is given back. */
struct source_beat {
    enum gw_source_event event;
    enum gw_source_state state;
};

#define B(event, state)                                                                                                \
    {                                                                                                                  \
        GW_SOURCE_ON_##event, GW_SOURCE_##state                                                                        \
    }
#define TO_LETTING_GO                                                                                                  \
    B(LINKED, OPENING), B(ACPT, COPYING), B(SEEN, COPYING), B(SWITCH, SUSPENDING), B(SUSPENDED, STOPPED),              \
        B(ALL_SENT, PROVING), B(REDY, LETTING_GO)

static struct gw_source_step tell(struct gw_talk_source now, const struct source_beat *beats, unsigned num)
{
    struct gw_source_step step = { .next = now };
    for (unsigned i = 0; i < num; i++) {
        step = gw_talk_source(step.next, beats[i].event);
        CHECK_STR(gw_source_states[step.next.state].name, gw_source_states[beats[i].state].name);
        CHECK(step.outcome <= GW_TALK_LATER);
    }
    return step;
}
#define TELL(...)                                                                                                      \
    tell((struct gw_talk_source){ 0 }, (const struct source_beat[]){ __VA_ARGS__ },                                    \
         sizeof((const struct source_beat[]){ __VA_ARGS__ }) / sizeof(struct source_beat))

#define CHECK_TODO(todo, ...)                                                                                          \
    CHECK(                                                                                                             \
        is_same(todo, (struct gw_talk_todo){ sizeof((const enum gw_talk_action[]){ __VA_ARGS__ }) / sizeof(unsigned),  \
                                             { __VA_ARGS__ } }))

static void source_resumes_when_the_peer_dies_before_comm(void)
{
    struct gw_source_step step = TELL(B(LINKED, OPENING), B(ACPT, COPYING), B(SWITCH, SUSPENDING),
                                      B(SUSPENDED, STOPPED), B(ALL_SENT, PROVING), B(LOST, KEPT));
    CHECK_TODO(step.todo, GW_DO_SAY_STOP, GW_DO_RESUME, GW_DO_WRITE_KEPT);
    step = TELL(B(LINKED, OPENING), B(ACPT, COPYING), B(LOST, KEPT));
    CHECK_TODO(step.todo, GW_DO_SAY_STOP);
}

static void source_that_cannot_write_letgo_keeps_the_guest(void)
{
    struct gw_source_step step = TELL(TO_LETTING_GO, B(LOST, LETTING_GO), B(WRITE_FAILED, KEPT));
    CHECK_TODO(step.todo, GW_DO_SAY_STOP, GW_DO_RESUME, GW_DO_WRITE_KEPT);
}

static void source_hears_nothing_while_it_lets_go(void)
{
    for (unsigned event = 0; event < GW_NUM_SOURCE_EVENTS; event++) {
        bool result = event == GW_SOURCE_ON_WRITTEN || event == GW_SOURCE_ON_WRITE_FAILED;
        struct gw_source_step step = gw_talk_source((struct gw_talk_source){ .state = GW_SOURCE_LETTING_GO }, event);
        CHECK_EQ(step.outcome, result ? GW_TALK_MOVE : GW_TALK_LATER);
    }
}

static void source_that_let_go_asks_when_the_link_is_lost_and_destroys_when_told(void)
{
    struct gw_source_step step =
        TELL(TO_LETTING_GO, B(WRITTEN, LET_GO), B(CANCEL, LET_GO), B(LOST, ASKING), B(LINKED, ASKING),
             B(TELL_STARTING, ASKING), B(TIMER, ASKING), B(LINKED, ASKING), B(TELL_RUNS, MOVED));
    CHECK_TODO(step.todo, GW_DO_WRITE_MOVED, GW_DO_DESTROY);
}

static void source_that_let_go_resumes_when_declined(void)
{
    struct gw_source_step step = TELL(TO_LETTING_GO, B(WRITTEN, LET_GO), B(STOP, ASKING), B(LOST, ASKING),
                                      B(TIMER, ASKING), B(LINKED, ASKING), B(TELL_DECLINED, KEPT));
    CHECK_TODO(step.todo, GW_DO_RESUME, GW_DO_WRITE_KEPT);
}

static void source_sends_again_three_times_and_no_more(void)
{
    struct gw_talk_source now = { .state = GW_SOURCE_PROVING };
    for (unsigned i = 0; i < GW_TALK_AGAIN_MAX; i++) {
        now = gw_talk_source(now, GW_SOURCE_ON_AGAIN).next;
        CHECK_EQ(now.state, GW_SOURCE_STOPPED);
        now = gw_talk_source(now, GW_SOURCE_ON_ALL_SENT).next;
        CHECK_EQ(now.again, i + 1);
    }
    CHECK_EQ(gw_talk_source(now, GW_SOURCE_ON_REDY).next.state, GW_SOURCE_LETTING_GO);
    CHECK_EQ(gw_talk_source(now, GW_SOURCE_ON_AGAIN).next.state, GW_SOURCE_KEPT);
}

static void restarted_source_never_lets_the_destination_go_on(void)
{
    struct gw_source_step step = gw_talk_source_after(GW_WORD_SUSPEND | GW_WORD_LETGO);
    CHECK(step.next.back);
    static const struct source_beat beats[] = { B(LOST, ASKING), B(TIMER, ASKING), B(LINKED, ASKING), B(LOST, ASKING) };
    CHECK(tell(step.next, beats, sizeof beats / sizeof beats[0]).next.back);
    CHECK(!TELL(TO_LETTING_GO, B(WRITTEN, LET_GO), B(LOST, ASKING)).next.back);
}

struct destination_beat {
    enum gw_destination_event event;
    enum gw_destination_state state;
};

#undef B
#define B(event, state)                                                                                                \
    {                                                                                                                  \
        GW_DESTINATION_ON_##event, GW_DESTINATION_##state                                                              \
    }

static struct gw_talk_todo tell_destination(const struct destination_beat *beats, unsigned num)
{
    struct gw_destination_step step = { 0 };
    for (unsigned i = 0; i < num; i++) {
        step = gw_talk_destination(step.next, beats[i].event);
        CHECK_STR(gw_destination_states[step.next].name, gw_destination_states[beats[i].state].name);
        CHECK(step.outcome <= GW_TALK_LATER);
    }
    return step.todo;
}
#undef TELL
#define TELL(...)                                                                                                      \
    tell_destination((const struct destination_beat[]){ __VA_ARGS__ },                                                 \
                     sizeof((const struct destination_beat[]){ __VA_ARGS__ }) / sizeof(struct destination_beat))
#define TO_READY B(OFFR, TAKING), B(ROUN, TAKING), B(DONE_LACKS, TAKING), B(DONE, READY)

static void destination_discards_when_the_peer_dies_before_redy(void)
{
    CHECK_TODO(TELL(B(OFFR, TAKING), B(LOST, GONE)), GW_DO_SAY_STOP, GW_DO_DISCARD);
}

static void destination_holds_a_ready_guest_and_then_declines(void)
{
    CHECK_TODO(TELL(TO_READY, B(LOST, READY)), GW_DO_ARM);
    CHECK_TODO(TELL(TO_READY, B(LOST, READY), B(TIMER, DECLINING)), GW_DO_CLAIM_DECLINED);
    CHECK_TODO(TELL(TO_READY, B(TIMER, DECLINING), B(COMM, DECLINING), B(WON, GONE)), GW_DO_TELL_DECLINED,
               GW_DO_DISCARD);
    CHECK_EQ(TELL(TO_READY, B(TIMER, DECLINING), B(WON, GONE), B(COMM, GONE)).num, 0);
}

static void destination_starts_once_however_often_it_is_told(void)
{
    CHECK_TODO(TELL(TO_READY, B(COMM, CLAIMING), B(COMM, CLAIMING), B(WON, STARTING)), GW_DO_START);
    CHECK_EQ(TELL(TO_READY, B(COMM, CLAIMING), B(WON, STARTING), B(COMM, STARTING), B(LOST, STARTING)).num, 0);
    CHECK_EQ(TELL(TO_READY, B(COMM, CLAIMING), B(WON, STARTING), B(STARTED, RUNS), B(COMM, RUNS)).num, 0);
}

static void destination_that_lost_the_claim_discards(void)
{
    CHECK_TODO(TELL(TO_READY, B(COMM, CLAIMING), B(TAKEN, GONE)), GW_DO_TELL_DECLINED, GW_DO_DISCARD);
}

static void destination_that_surely_did_not_start_writes_so_before_it_tells(void)
{
    CHECK_TODO(TELL(TO_READY, B(COMM, CLAIMING), B(WON, STARTING), B(NOT_STARTED, UNDOING)), GW_DO_WRITE_DECLINED);
    CHECK_TODO(TELL(TO_READY, B(COMM, CLAIMING), B(WON, STARTING), B(NOT_STARTED, UNDOING), B(WRITE_FAILED, UNDOING),
                    B(TIMER, UNDOING), B(WRITTEN, GONE)),
               GW_DO_TELL_DECLINED, GW_DO_DISCARD);
}

static void destination_that_is_unsure_looks_until_it_knows(void)
{
    CHECK_TODO(TELL(TO_READY, B(COMM, CLAIMING), B(WON, STARTING), B(UNSURE, LOOKING), B(TIMER, LOOKING),
                    B(UNSURE, LOOKING), B(TIMER, LOOKING), B(STARTED, RUNS)),
               GW_DO_WRITE_RUNS, GW_DO_TELL_RUNS);
}

const struct test tests[] = {
    { "source-resumes-when-the-peer-dies-before-COMM", source_resumes_when_the_peer_dies_before_comm },
    { "source-that-cannot-write-LETGO-keeps-the-guest", source_that_cannot_write_letgo_keeps_the_guest },
    { "source-hears-nothing-while-it-lets-go", source_hears_nothing_while_it_lets_go },
    { "source-that-let-go-asks-when-the-link-is-lost-and-destroys-when-told",
      source_that_let_go_asks_when_the_link_is_lost_and_destroys_when_told },
    { "source-that-let-go-resumes-when-declined", source_that_let_go_resumes_when_declined },
    { "source-sends-again-three-times-and-no-more", source_sends_again_three_times_and_no_more },
    { "restarted-source-never-lets-the-destination-go-on", restarted_source_never_lets_the_destination_go_on },
    { "destination-discards-when-the-peer-dies-before-REDY", destination_discards_when_the_peer_dies_before_redy },
    { "destination-holds-a-ready-guest-and-then-declines", destination_holds_a_ready_guest_and_then_declines },
    { "destination-starts-once-however-often-it-is-told", destination_starts_once_however_often_it_is_told },
    { "destination-that-lost-the-claim-discards", destination_that_lost_the_claim_discards },
    { "destination-that-surely-did-not-start-writes-so-before-it-tells",
      destination_that_surely_did_not_start_writes_so_before_it_tells },
    { "destination-that-is-unsure-looks-until-it-knows", destination_that_is_unsure_looks_until_it_knows },
    { NULL, NULL },
};
