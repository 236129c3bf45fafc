/*
 * talk_source.c - the source's table (chunks.md section 6), and what a restart makes of its journal.
 *
 * Up to LETTING_GO the guest is the source's, whatever happens: every failure leads to KEPT. From LET_GO on only the
 * destination's word ends it: RUNS, or a refusal that is durable there (I3).
 */
#include <assert.h>

#include "session.h"
#include "rows.h"

#define STATE(name) GW_SOURCE_##name
#define ON(event) (UINT32_C(1) << GW_SOURCE_ON_##event)

/* What is taken for the end of the talk: ABANDON of section 6. */
#define ABANDON (ON(STOP) | ON(LOST) | ON(SILENT) | ON(FAILED) | ON(CANCEL) | ON(BAD))
#define TELLS (ON(TELL_DECLINED) | ON(TELL_STARTING) | ON(TELL_RUNS) | ON(TELL_UNSURE))
#define ANSWERS (ON(ACPT) | ON(DENY))
#define REDYS (ON(REDY) | ON(REDY_WRONG))
#define SUSPENDS (ON(SUSPENDED) | ON(SUSPEND_FAILED))
#define WRITES (ON(WRITTEN) | ON(WRITE_FAILED))
#define POLICY (ON(SWITCH) | ON(GAVE_UP))
#define EVERYTHING ((UINT32_C(1) << GW_NUM_SOURCE_EVENTS) - 1)

/*
 * Here the tables of section 6 leave something open, or say it otherwise:
 *
 * - A LACKS that answers a round is owed only until DONE is said: then the answer to DONE repeats what is still
 *   missing, and pages sent after a DONE that was whole would meet a destination that is READY. Hence PROVING, and two
 *   events for SEEN.
 * - The journal knows SUSPEND before the guest is suspended: so a restart knows whom to resume.
 * - RESUME stands before WRITE_KEPT: a crash in between asks, or resumes, once more; the other way round it would leave
 *   a finished journal and a suspended guest. WRITE_MOVED stands before DESTROY: a crash in between destroys again.
 * - A suspend that is given up may still come about. CALLING_OFF waits for its end before the journal is closed: else a
 *   death in between would leave a finished journal and a suspended guest.
 * - TELL declined before LET_GO is a refusal like STOP; while PROVING a destination that is READY says it.
 * - A word of LET_GO (RUNS, TELL) to a source that never let go is a violation: the guest is the source's, and stays.
 * - TELL unsure leaves LET_GO: from ASKING a person may go with the guest in doubt, from LET_GO nobody may.
 * - What is our own failure in LET_GO may have kept COMM from being sent: it is asked.
 * - GAVE_UP in ASKING: nobody can be dialled any more (exec:): in doubt.
 */
static const struct row rows[] = {
    STAYS(OPENING, ON(LINKED), DO(SAY_OFFR)),
    GOES(OPENING, ON(ACPT), COPYING, DO(COPY)),
    GOES(OPENING, ON(DENY), KEPT, DO(NONE)),
    GOES(OPENING, ABANDON, KEPT, DO(SAY_STOP)),
    IDLE(OPENING, ON(SEEN) | ON(LACKS) | ON(AGAIN) | REDYS | ON(RUNS) | TELLS, VIOLATION),
    IDLE(OPENING, POLICY | SUSPENDS | ON(ALL_SENT) | WRITES | ON(TIMER), MISTAKE),

    IDLE(COPYING, ON(SEEN), NOTHING),
    STAYS(COPYING, ON(LACKS), DO(OWE)),
    GOES(COPYING, ON(SWITCH), SUSPENDING, DO2(WRITE_SUSPEND, SUSPEND)),
    GOES(COPYING, ON(GAVE_UP) | ABANDON, KEPT, DO(SAY_STOP)),
    IDLE(COPYING, ANSWERS | ON(AGAIN) | REDYS | ON(RUNS) | TELLS, VIOLATION),
    IDLE(COPYING, ON(LINKED) | SUSPENDS | ON(ALL_SENT) | WRITES | ON(TIMER), MISTAKE),

    IDLE(SUSPENDING, ON(SEEN), NOTHING),
    STAYS(SUSPENDING, ON(LACKS), DO(OWE)),
    GOES(SUSPENDING, ON(SUSPENDED), STOPPED, DO(SEND_LAST)),
    GOES(SUSPENDING, ON(SUSPEND_FAILED) | ON(WRITE_FAILED), KEPT, DO3(SAY_STOP, RESUME, WRITE_KEPT)),
    GOES(SUSPENDING, ABANDON, CALLING_OFF, DO2(SAY_STOP, RESUME)),
    IDLE(SUSPENDING, ANSWERS | ON(AGAIN) | REDYS | ON(RUNS) | TELLS, VIOLATION),
    IDLE(SUSPENDING, ON(LINKED) | POLICY | ON(ALL_SENT) | ON(WRITTEN) | ON(TIMER), MISTAKE),

    GOES(CALLING_OFF, SUSPENDS, KEPT, DO2(RESUME, WRITE_KEPT)),
    IDLE(CALLING_OFF, ON(RUNS) | ON(TELL_STARTING) | ON(TELL_RUNS), VIOLATION),
    IDLE(CALLING_OFF, EVERYTHING & ~(SUSPENDS | ON(RUNS) | ON(TELL_STARTING) | ON(TELL_RUNS)), NOTHING),

    IDLE(STOPPED, ON(SEEN), NOTHING),
    STAYS(STOPPED, ON(LACKS), DO(OWE)),
    GOES(STOPPED, ON(ALL_SENT), PROVING, DO(SAY_DONE)),
    GOES(STOPPED, ABANDON, KEPT, DO3(SAY_STOP, RESUME, WRITE_KEPT)),
    IDLE(STOPPED, ANSWERS | ON(AGAIN) | REDYS | ON(RUNS) | TELLS, VIOLATION),
    IDLE(STOPPED, ON(LINKED) | POLICY | SUSPENDS | WRITES | ON(TIMER), MISTAKE),

    IDLE(PROVING, ON(SEEN) | ON(LACKS), NOTHING),
    GOES(PROVING, ON(AGAIN), STOPPED, DO(OWE)),
    GOES(PROVING, ON(REDY), LETTING_GO, DO(WRITE_LETGO)),
    GOES(PROVING, ON(REDY_WRONG) | ON(TELL_DECLINED) | ABANDON, KEPT, DO3(SAY_STOP, RESUME, WRITE_KEPT)),
    IDLE(PROVING, ANSWERS | ON(RUNS) | ON(TELL_STARTING) | ON(TELL_RUNS) | ON(TELL_UNSURE), VIOLATION),
    IDLE(PROVING, ON(LINKED) | POLICY | SUSPENDS | ON(ALL_SENT) | WRITES | ON(TIMER), MISTAKE),

    GOES(LETTING_GO, ON(WRITTEN), LET_GO, DO(SAY_COMM)),
    GOES(LETTING_GO, ON(WRITE_FAILED), KEPT, DO3(SAY_STOP, RESUME, WRITE_KEPT)),
    IDLE(LETTING_GO, EVERYTHING & ~WRITES, LATER),

    GOES(LET_GO, ON(RUNS) | ON(TELL_RUNS), MOVED, DO2(WRITE_MOVED, DESTROY)),
    GOES(LET_GO, ON(TELL_DECLINED), KEPT, DO2(RESUME, WRITE_KEPT)),
    IDLE(LET_GO, ON(TELL_STARTING), NOTHING),
    GOES(LET_GO, ON(TELL_UNSURE), ASKING, DO(ARM)),
    GOES(LET_GO, ON(STOP) | ON(LOST) | ON(SILENT) | ON(FAILED) | ON(BAD), ASKING, DO(DIAL)),
    STAYS(LET_GO, ON(CANCEL), DO(TOO_LATE)),
    IDLE(LET_GO, ANSWERS | ON(SEEN) | ON(LACKS) | ON(AGAIN) | REDYS, VIOLATION),
    IDLE(LET_GO, ON(LINKED) | POLICY | SUSPENDS | ON(ALL_SENT) | WRITES | ON(TIMER), MISTAKE),

    STAYS(ASKING, ON(LINKED), DO(SAY_ASKS)),
    STAYS(ASKING, ON(TIMER), DO(DIAL)),
    GOES(ASKING, ON(RUNS) | ON(TELL_RUNS), MOVED, DO2(WRITE_MOVED, DESTROY)),
    GOES(ASKING, ON(TELL_DECLINED), KEPT, DO2(RESUME, WRITE_KEPT)),
    STAYS(ASKING, ON(TELL_STARTING) | ON(TELL_UNSURE) | ON(DENY), DO(ARM)),
    STAYS(ASKING, ON(STOP) | ON(LOST) | ON(SILENT) | ON(FAILED) | ON(BAD), DO(ARM)),
    GOES(ASKING, ON(CANCEL) | ON(GAVE_UP), IN_DOUBT, DO(IN_DOUBT)),
    IDLE(ASKING, ON(ACPT) | ON(SEEN) | ON(LACKS) | ON(AGAIN) | REDYS, VIOLATION),
    IDLE(ASKING, ON(SWITCH) | SUSPENDS | ON(ALL_SENT) | WRITES, MISTAKE),

    IDLE(KEPT, ON(RUNS) | ON(TELL_STARTING) | ON(TELL_RUNS), VIOLATION),
    IDLE(KEPT, EVERYTHING & ~(ON(RUNS) | ON(TELL_STARTING) | ON(TELL_RUNS)), NOTHING),

    STAYS(MOVED, ON(WRITE_FAILED), DO(DESTROY)),
    IDLE(MOVED, ON(TELL_DECLINED), VIOLATION),
    IDLE(MOVED, EVERYTHING & ~(ON(WRITE_FAILED) | ON(TELL_DECLINED)), NOTHING),

    IDLE(IN_DOUBT, EVERYTHING, NOTHING),
};

static const struct table table = {
    .rows = rows,
    .num_rows = sizeof rows / sizeof rows[0],
    .bad = GW_SOURCE_ON_BAD,
    .failed = GW_SOURCE_ON_FAILED,
};

/* A list too many in answer to DONE is as bad as a digest that differs. */
static bool is_too_often(struct gw_talk_source now, enum gw_source_event event)
{
    return now.state == GW_SOURCE_PROVING && event == GW_SOURCE_ON_AGAIN && now.again >= GW_TALK_AGAIN_MAX;
}

static unsigned count_again(struct gw_talk_source now, enum gw_source_state next)
{
    if (next != GW_SOURCE_STOPPED && next != GW_SOURCE_PROVING)
        return 0;
    return now.again + (now.state == GW_SOURCE_PROVING && next == GW_SOURCE_STOPPED);
}

struct gw_source_step gw_talk_source(struct gw_talk_source now, enum gw_source_event event)
{
    assert(now.state < GW_NUM_SOURCE_STATES && event < GW_NUM_SOURCE_EVENTS && now.again <= GW_TALK_AGAIN_MAX);
    enum gw_talk_outcome outcome;
    const struct row *row = find_row(&table, now.state, is_too_often(now, event) ? GW_SOURCE_ON_BAD : event, &outcome);
    return (struct gw_source_step){
        .next = { .state = row->next, .again = count_again(now, row->next), .back = now.back },
        .outcome = outcome,
        .todo = todo_of(row->actions),
    };
}

unsigned gw_talk_source_rows(enum gw_source_state state, enum gw_source_event event)
{
    return count_rows(&table, state, event);
}

/* --- after a restart --------------------------------------------------------------------------------------------- */

/*
 * The first row whose words are there, and whose others are not. A journal with both ends is broken: nobody guesses.
 *
 * LETGO may stand in a journal whose writing was reported as failed, with the guest resumed here and never let go: so a
 * restarted source asks for the guest back (`back`) and never lets the destination go on.
 */
static const struct {
    unsigned has, lacks;
    enum gw_source_state state;
    uint8_t actions[GW_TALK_TODO_MAX];
} afters[] = {
    { GW_WORD_MOVED | GW_WORD_KEPT, 0, STATE(IN_DOUBT), { DO(IN_DOUBT) } },
    { GW_WORD_MOVED, 0, STATE(MOVED), { DO(DESTROY) } },
    { GW_WORD_KEPT, 0, STATE(KEPT), { DO(NONE) } },
    { GW_WORD_LETGO, 0, STATE(ASKING), { DO(DIAL) } },
    { GW_WORD_SUSPEND, 0, STATE(KEPT), { DO2(RESUME, WRITE_KEPT) } },
    { 0, GW_SOURCE_WORDS_ALL, STATE(KEPT), { DO(NONE) } },
};

struct gw_source_step gw_talk_source_after(unsigned words)
{
    assert((words & ~GW_SOURCE_WORDS_ALL) == 0);
    unsigned i = 0;
    while ((words & afters[i].has) != afters[i].has || (words & afters[i].lacks) != 0)
        i++;
    assert(i < sizeof afters / sizeof afters[0]);
    return (struct gw_source_step){
        .next = { .state = afters[i].state, .back = true },
        .outcome = GW_TALK_MOVE,
        .todo = todo_of(afters[i].actions),
    };
}
