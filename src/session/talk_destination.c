/*
 * talk_destination.c - the destination's table (chunks.md section 6), what a restart makes of its files, and what is
 * answered to a question about another's session.
 *
 * Nothing starts but behind COMM and a claim that is won (I2). Who holds a guest that could start gives it up only
 * behind a claim too, so that whoever answers for him says the same.
 */
#include <assert.h>

#include "session.h"
#include "rows.h"

#define STATE(name) GW_DESTINATION_##name
#define ON(event) (UINT32_C(1) << GW_DESTINATION_ON_##event)

#define ABANDON (ON(STOP) | ON(LOST) | ON(SILENT) | ON(FAILED) | ON(CANCEL) | ON(BAD))
#define OFFERS (ON(OFFR) | ON(OFFR_WRONG))
#define SENDINGS (ON(ROUN) | ON(DONE) | ON(DONE_LACKS))
#define CLAIMS (ON(WON) | ON(TAKEN) | ON(CLAIM_FAILED))
#define STARTS (ON(STARTED) | ON(NOT_STARTED) | ON(UNSURE))
#define WRITES (ON(WRITTEN) | ON(WRITE_FAILED))
#define EVERYTHING ((UINT32_C(1) << GW_NUM_DESTINATION_EVENTS) - 1)

/*
 * Here the table of section 6 leaves something open, or says it otherwise:
 *
 * - A claim takes time and may fail: CLAIMING and DECLINING wait for it, everything else waits for them.
 * - A refusal that is durable is said as such: TELL declined instead of STOP. A source in LET_GO then has its guest
 *   back at once; STOP would make it dial and ask.
 * - A claim `started` that failed may stand: declined is written over it before anything is said. While that fails the
 *   guest is neither started nor discarded: it is the proof that it never ran.
 * - A claim `declined` that failed, and it stands or not: the guest is discarded, so nothing can start; STOP, not TELL.
 * - BAD in READY declines: the source is held by its own journal and would wait for nothing.
 * - LOST, SILENT, FAILED and BAD behind a won claim change nothing: the start is seen through. CANCEL is too late, but
 *   may leave LOOKING and UNDOING, which could last for ever: the next holder finds the files and the guest as they
 *   are.
 * - COMM may come twice (the link, and handed over by who was asked) and late (behind a refusal): nothing to do.
 * - ASKS opens a link of its own, never that of a guest.
 * - RUNS that could not be written is said all the same: the decision stands, and whoever is asked later looks.
 */
static const struct row rows[] = {
    GOES(WAITING, ON(OFFR), TAKING, DO2(CREATE, SAY_ACPT)),
    GOES(WAITING, ON(OFFR_WRONG), GONE, DO(SAY_DENY)),
    GOES(WAITING, ON(ASKS), GONE, DO(ANSWER)),
    GOES(WAITING, ABANDON, GONE, DO(SAY_STOP)),
    IDLE(WAITING, SENDINGS | ON(COMM), VIOLATION),
    IDLE(WAITING, CLAIMS | STARTS | WRITES | ON(TIMER), MISTAKE),

    STAYS(TAKING, ON(ROUN), DO(SAY_SEEN)),
    STAYS(TAKING, ON(DONE_LACKS), DO(SAY_AGAIN)),
    GOES(TAKING, ON(DONE), READY, DO2(COMPLETE, SAY_REDY)),
    GOES(TAKING, ABANDON, GONE, DO2(SAY_STOP, DISCARD)),
    IDLE(TAKING, OFFERS | ON(COMM) | ON(ASKS), VIOLATION),
    IDLE(TAKING, CLAIMS | STARTS | WRITES | ON(TIMER), MISTAKE),

    GOES(READY, ON(COMM), CLAIMING, DO(CLAIM_STARTED)),
    STAYS(READY, ON(LOST) | ON(SILENT), DO(ARM)),
    GOES(READY, ON(STOP) | ON(TIMER) | ON(CANCEL) | ON(FAILED) | ON(BAD), DECLINING, DO(CLAIM_DECLINED)),
    IDLE(READY, OFFERS | SENDINGS | ON(ASKS), VIOLATION),
    IDLE(READY, CLAIMS | STARTS | WRITES, MISTAKE),

    GOES(CLAIMING, ON(WON), STARTING, DO(START)),
    GOES(CLAIMING, ON(TAKEN), GONE, DO2(TELL_DECLINED, DISCARD)),
    GOES(CLAIMING, ON(CLAIM_FAILED), UNDOING, DO(WRITE_DECLINED)),
    IDLE(CLAIMING, EVERYTHING & ~CLAIMS, LATER),

    GOES(STARTING, ON(STARTED), RUNS, DO2(WRITE_RUNS, SAY_RUNS)),
    GOES(STARTING, ON(NOT_STARTED), UNDOING, DO(WRITE_DECLINED)),
    GOES(STARTING, ON(UNSURE), LOOKING, DO2(TELL_UNSURE, ARM)),
    STAYS(STARTING, ON(CANCEL), DO(TOO_LATE)),
    IDLE(STARTING, ON(COMM) | ON(LOST) | ON(SILENT) | ON(FAILED) | ON(BAD), NOTHING),
    IDLE(STARTING, OFFERS | SENDINGS | ON(ASKS) | ON(STOP), VIOLATION),
    IDLE(STARTING, CLAIMS | WRITES | ON(TIMER), MISTAKE),

    GOES(LOOKING, ON(STARTED), RUNS, DO2(WRITE_RUNS, TELL_RUNS)),
    GOES(LOOKING, ON(NOT_STARTED), UNDOING, DO(WRITE_DECLINED)),
    STAYS(LOOKING, ON(UNSURE), DO2(TELL_UNSURE, ARM)),
    STAYS(LOOKING, ON(TIMER), DO(LOOK)),
    GOES(LOOKING, ON(CANCEL), IN_DOUBT, DO(IN_DOUBT)),
    IDLE(LOOKING, ON(COMM) | ON(LOST) | ON(SILENT) | ON(FAILED) | ON(BAD), NOTHING),
    IDLE(LOOKING, OFFERS | SENDINGS | ON(ASKS) | ON(STOP), VIOLATION),
    IDLE(LOOKING, CLAIMS | WRITES, MISTAKE),

    GOES(UNDOING, ON(WRITTEN), GONE, DO2(TELL_DECLINED, DISCARD)),
    STAYS(UNDOING, ON(WRITE_FAILED), DO2(TELL_UNSURE, ARM)),
    STAYS(UNDOING, ON(TIMER), DO(WRITE_DECLINED)),
    GOES(UNDOING, ON(CANCEL), IN_DOUBT, DO(IN_DOUBT)),
    IDLE(UNDOING, ON(COMM) | ON(LOST) | ON(SILENT) | ON(FAILED) | ON(BAD), NOTHING),
    IDLE(UNDOING, OFFERS | SENDINGS | ON(ASKS) | ON(STOP), VIOLATION),
    IDLE(UNDOING, CLAIMS | STARTS, MISTAKE),

    GOES(DECLINING, ON(WON) | ON(TAKEN), GONE, DO2(TELL_DECLINED, DISCARD)),
    GOES(DECLINING, ON(CLAIM_FAILED), GONE, DO2(SAY_STOP, DISCARD)),
    IDLE(DECLINING, EVERYTHING & ~CLAIMS, LATER),

    STAYS(RUNS, ON(WRITE_FAILED), DO(SAY_RUNS)),
    IDLE(RUNS, EVERYTHING & ~ON(WRITE_FAILED), NOTHING),

    IDLE(GONE, EVERYTHING, NOTHING),

    IDLE(IN_DOUBT, EVERYTHING, NOTHING),
};

static const struct table table = {
    .rows = rows,
    .num_rows = sizeof rows / sizeof rows[0],
    .bad = GW_DESTINATION_ON_BAD,
    .failed = GW_DESTINATION_ON_FAILED,
};

struct gw_destination_step gw_talk_destination(enum gw_destination_state now, enum gw_destination_event event)
{
    assert(now < GW_NUM_DESTINATION_STATES && event < GW_NUM_DESTINATION_EVENTS);
    enum gw_talk_outcome outcome;
    const struct row *row = find_row(&table, now, event, &outcome);
    return (struct gw_destination_step){ .next = row->next, .outcome = outcome, .todo = todo_of(row->actions) };
}

unsigned gw_talk_destination_rows(enum gw_destination_state state, enum gw_destination_event event)
{
    return count_rows(&table, state, event);
}

/* --- after a restart --------------------------------------------------------------------------------------------- */

/*
 * By decision, and whether the journal says RUNS. Nobody goes on with a guest whose holder died: what was not decided
 * is declined, what was to start is looked at. RUNS is the truth beside a decision that was lost; beside declined it
 * is a contradiction, which nobody resolves by guessing, and what may run is not discarded.
 */
static const struct {
    enum gw_destination_state state;
    uint8_t actions[GW_TALK_TODO_MAX];
} afters[GW_NUM_DECISIONS][2] = {
    [GW_DECISION_NONE] = { { STATE(DECLINING), { DO(CLAIM_DECLINED) } }, { STATE(RUNS), { DO(TELL_RUNS) } } },
    [GW_DECISION_STARTED] = { { STATE(LOOKING), { DO(LOOK) } }, { STATE(RUNS), { DO(TELL_RUNS) } } },
    [GW_DECISION_DECLINED] = { { STATE(GONE), { DO2(TELL_DECLINED, DISCARD) } }, { STATE(GONE), { DO(TELL_UNSURE) } } },
};

struct gw_destination_step gw_talk_destination_after(enum gw_decision decision, bool runs)
{
    assert(decision < GW_NUM_DECISIONS);
    return (struct gw_destination_step){
        .next = afters[decision][runs].state,
        .outcome = GW_TALK_MOVE,
        .todo = todo_of(afters[decision][runs].actions),
    };
}

/* --- a question about another's session -------------------------------------------------------------------------- */

#define LIST(...) todo_of((const uint8_t[GW_TALK_TODO_MAX]){ __VA_ARGS__ })

struct gw_talk_todo gw_talk_answer(struct gw_talk_asked asked)
{
    switch (asked.decision) {
    case GW_DECISION_DECLINED: return asked.runs ? LIST(DO(TELL_UNSURE)) : LIST(DO(TELL_DECLINED));
    case GW_DECISION_STARTED: return asked.runs ? LIST(DO(TELL_RUNS)) : LIST(DO(TELL_STARTING));
    case GW_DECISION_NONE: break;
    case GW_NUM_DECISIONS: assert(false);
    }
    if (asked.runs)
        return LIST(DO(TELL_RUNS));
    if (asked.failed)
        return LIST(DO(TELL_UNSURE));
    return asked.may_go_on ? LIST(DO2(HAND_COMM, TELL_STARTING)) : LIST(DO(CLAIM_DECLINED));
}
