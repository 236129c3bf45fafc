/*
 * destination_do.c - the destination's actions, one function each, and the answer to a question about a session.
 *
 * An action that fails says so by -1 and by its event in next_event; words never fail.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "destination.h"

#define READY_NS (60 * GW_NS_PER_S) /* a guest that could start waits so long for a source that cannot be heard */
#define BACKOFF_MOST_NS (30 * GW_NS_PER_S)

static int failed(struct destination *d, enum gw_destination_event event, const struct gw_err *err)
{
    destination_blame(d, err);
    d->next_event = (int)event;
    return -1;
}

/* --- words -------------------------------------------------------------------------------------------------------- */

static int say_acpt(struct destination *d)
{
    struct gw_message acpt = { .type = GW_CHUNK_ACPT };
    struct gw_err err = GW_ERR_NONE;
    memcpy(acpt.acpt.session, d->session, sizeof d->session);
    acpt.acpt.capabilities = gw_str(d->wire.zero ? d->wire.checks ? "zero checks" : "zero" : "");
    if (session_new(acpt.acpt.token, &err) < 0)
        return failed(d, GW_DESTINATION_ON_FAILED, &err);
    wire_say(&d->wire, &acpt);
    return 0;
}

static int say_deny(struct destination *d)
{
    struct gw_message deny = { .type = GW_CHUNK_DENY, .deny = { d->num_reasons, gw_buf_cur(&d->reasons) } };
    wire_say(&d->wire, &deny);
    d->wire.said_last = true;
    return 0;
}

static int say_seen(struct destination *d)
{
    struct gw_message seen = { .type = GW_CHUNK_SEEN };
    taker_seen(d->taker, d->ended_round, &seen.seen);
    wire_say(&d->wire, &seen);
    return 0;
}

/* The answer to DONE names the round behind the last one that a ROUN ended. */
static int say_again(struct destination *d)
{
    struct gw_message seen = { .type = GW_CHUNK_SEEN };
    taker_seen(d->taker, d->ended_round + 1, &seen.seen);
    wire_say(&d->wire, &seen);
    return 0;
}

static int say_redy(struct destination *d)
{
    struct gw_message redy = { .type = GW_CHUNK_REDY };
    taker_totals(d->taker, &redy.redy.totals);
    wire_say(&d->wire, &redy);
    return 0;
}

static int say_runs(struct destination *d)
{
    struct gw_message runs = { .type = GW_CHUNK_RUNS };
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    memcpy(runs.runs.session, d->session, sizeof d->session);
    runs.runs.wall_ns = (uint64_t)wall.tv_sec * GW_NS_PER_S + (uint64_t)wall.tv_nsec;
    runs.runs.since_comm_ns = gw_now(&gw_clock_real) - d->comm_ns;
    wire_say(&d->wire, &runs);
    return 0;
}

static int say_stop(struct destination *d)
{
    char text[300];
    wire_stop(&d->wire, d->stop_code, our_words(&d->report->why, "the destination gives up", text, sizeof text));
    return 0;
}

static int tell(struct destination *d, enum gw_tell answer, const char *sentence)
{
    struct gw_message tell = { .type = GW_CHUNK_TELL, .tell = { .answer = answer, .sentence = gw_str(sentence) } };
    memcpy(tell.tell.session, d->session, sizeof d->session);
    wire_say(&d->wire, &tell);
    return 0;
}

static int tell_declined(struct destination *d)
{
    char text[300];
    return tell(d, GW_TELL_DECLINED, our_words(&d->report->why, "it will never run here", text, sizeof text));
}

static int tell_starting(struct destination *d)
{
    return tell(d, GW_TELL_STARTING, "it is decided that it starts here");
}

static int tell_runs(struct destination *d)
{
    return tell(d, GW_TELL_RUNS, "it runs here");
}

static int tell_unsure(struct destination *d)
{
    return tell(d, GW_TELL_UNSURE, "it is not known whether it runs here");
}

/* --- the guest ---------------------------------------------------------------------------------------------------- */

/* The guest was made when the offer was judged; here it gets a name that outlives us. */
static int create(struct destination *d)
{
    struct gw_err err = GW_ERR_NONE;
    assert(d->dest != NULL);
    snprintf(d->head.guest, sizeof d->head.guest, "%s", gw_destination_again(d->dest));
    d->head.epoch = d->epoch;
    return store_journal_new(&d->store, &d->head, &err) < 0 ? failed(d, GW_DESTINATION_ON_FAILED, &err) : 0;
}

/* The ear comes last: before the guest could start, COMM is nobody's to hand over. */
static int complete(struct destination *d)
{
    struct gw_err err = GW_ERR_NONE;
    wire_pulse(&d->wire);
    int rc = gw_destination_complete(d->dest, &err);
    if (rc == 0)
        rc = gw_destination_stay(d->dest, &err);
    if (rc == 0)
        rc = store_listen(&d->store, &err);
    wire_pulse_end(&d->wire);
    return rc < 0 ? failed(d, GW_DESTINATION_ON_FAILED, &err) : 0;
}

static int start(struct destination *d)
{
    struct gw_err err = GW_ERR_NONE;
    bool surely_not = false;
    wire_pulse(&d->wire);
    int rc = gw_destination_start(d->dest, &surely_not, &err);
    wire_pulse_end(&d->wire);
    if (rc < 0)
        destination_blame(d, &err);
    d->next_event = rc == 0      ? GW_DESTINATION_ON_STARTED
                    : surely_not ? GW_DESTINATION_ON_NOT_STARTED
                                 : GW_DESTINATION_ON_UNSURE;
    return rc;
}

static int look(struct destination *d)
{
    static const int events[] = {
        [GW_LIFE_UNKNOWN] = GW_DESTINATION_ON_UNSURE,
        [GW_LIFE_GONE] = GW_DESTINATION_ON_UNSURE, /* it may have run, and ended */
        [GW_LIFE_NEVER_RAN] = GW_DESTINATION_ON_NOT_STARTED,
        [GW_LIFE_RAN] = GW_DESTINATION_ON_STARTED,
    };
    struct gw_err err = GW_ERR_NONE;
    enum gw_life life = GW_LIFE_UNKNOWN;
    if (d->head.same_boot && d->head.guest[0] != '\0' && d->dest == NULL)
        life = gw_guest_look(d->head.guest, &err);
    bool unknown = life == GW_LIFE_UNKNOWN || life == GW_LIFE_GONE;
    d->next_event = d->opts.is_gone && unknown ? (int)GW_DESTINATION_ON_NOT_STARTED : events[life];
    return 0;
}

static int discard(struct destination *d)
{
    struct gw_err err = GW_ERR_NONE;
    taker_free(d->taker);
    d->taker = NULL;
    if (d->dest != NULL) {
        gw_destination_close(d->dest);
        d->dest = NULL;
        return 0;
    }
    if (!d->head.same_boot || d->head.guest[0] == '\0' || gw_guest_discard(d->head.guest, &err) == 0)
        return 0;
    d->keeps = true;
    return failed(d, GW_DESTINATION_ON_FAILED, &err);
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static int claim(struct destination *d, enum gw_decision wanted)
{
    struct gw_err err = GW_ERR_NONE;
    enum gw_decision stands = GW_DECISION_NONE;
    int rc = store_decide(&d->store, wanted, &err);
    d->decided = wanted == GW_DECISION_DECLINED || rc != 0;
    if (rc == 0) {
        d->next_event = GW_DESTINATION_ON_WON;
        return 0;
    }
    if (rc == 1 && store_decision(&d->store, &stands, &err) == 0 && stands == GW_DECISION_DECLINED) {
        d->next_event = GW_DESTINATION_ON_TAKEN;
        return 0;
    }
    gw_fail(&err, GW_E_REFUSED, "another decision stands");
    return failed(d, GW_DESTINATION_ON_CLAIM_FAILED, &err);
}

static int claim_started(struct destination *d)
{
    return claim(d, GW_DECISION_STARTED);
}

static int claim_declined(struct destination *d)
{
    return claim(d, GW_DECISION_DECLINED);
}

static int write_declined(struct destination *d)
{
    struct gw_err err = GW_ERR_NONE;
    if (store_decide_again(&d->store, GW_DECISION_DECLINED, &err) < 0)
        return failed(d, GW_DESTINATION_ON_WRITE_FAILED, &err);
    d->decided = true;
    d->next_event = GW_DESTINATION_ON_WRITTEN;
    return 0;
}

static int write_runs(struct destination *d)
{
    struct gw_err err = GW_ERR_NONE;
    if (store_journal_add(&d->store, STORE_RUNS, &err) == 0)
        return 0;
    return failed(d, GW_DESTINATION_ON_WRITE_FAILED, &err);
}

/* --- questions ---------------------------------------------------------------------------------------------------- */

/*
 * A session that left neither journal nor decision was never here, or its files are lost: what became of its guest is
 * not ours to say. (A journal stands before the offer is accepted, and its end stays until the source knows it.)
 */
int destination_take_over(struct destination *d, struct gw_err *err)
{
    enum gw_decision decision;
    unsigned words = 0;
    bool journal = store_journal_read(&d->store, &d->head, &words), runs = (words & STORE_RUNS) != 0;
    d->keeps = true;
    session_text(d->session, d->report->session);
    snprintf(d->report->guest, sizeof d->report->guest, "%.*s", (int)sizeof d->report->guest - 1, d->head.name);
    if (store_decision(&d->store, &decision, err) < 0)
        return -1;
    if (!journal && decision != GW_DECISION_DECLINED)
        return gw_fail(err, GW_E_REFUSED, "nothing is known here of session %s", d->store.id);
    if (journal && store_journal_open(&d->store, &d->head, &words, err) < 0)
        return -1;
    struct gw_destination_step step = gw_talk_destination_after(decision, runs);
    d->keeps = decision == GW_DECISION_DECLINED && runs;
    d->decided = decision == GW_DECISION_DECLINED;
    destination_enter(d, &step);
    return 0;
}

static int say_answer(struct destination *d, const struct gw_talk_todo *todo)
{
    return destination_do(d, todo->actions[todo->num - 1]);
}

/*
 * A claim that is won is the answer: the holder, who is told so that it need not wait for its timer, may have taken
 * the file away before it is looked at again.
 */
static struct gw_talk_todo decline(struct destination *d, struct gw_talk_asked asked, bool *failed_now)
{
    struct gw_err err = GW_ERR_NONE;
    int rc = store_decide(&d->store, GW_DECISION_DECLINED, &err);
    *failed_now = rc < 0;
    if (rc == 0)
        asked.decision = GW_DECISION_DECLINED;
    if (rc >= 0)
        (void)store_hand(&d->store, STORE_STOP, &err);
    return gw_talk_answer(asked);
}

/* What the files say, and what the answer wants to be done before it is said. */
static struct gw_talk_todo look_up(struct destination *d, bool *failed_now)
{
    struct gw_err err = GW_ERR_NONE;
    struct store_head head;
    struct gw_talk_asked asked = { .may_go_on = d->asks.may_go_on, .failed = *failed_now };
    unsigned words = 0;
    asked.failed = store_decision(&d->store, &asked.decision, &err) < 0 || asked.failed;
    bool known = store_journal_read(&d->store, &head, &words);
    asked.runs = known && (words & STORE_RUNS) != 0;
    asked.failed = asked.failed || !known || head.epoch != d->asks.epoch;
    struct gw_talk_todo todo = gw_talk_answer(asked);
    if (todo.actions[0] == GW_DO_HAND_COMM)
        *failed_now = store_hand(&d->store, STORE_COMM, &err) < 0;
    return todo.actions[0] == GW_DO_CLAIM_DECLINED ? decline(d, asked, failed_now) : todo;
}

/* The holder lives: it is he who acts, and we who answer. */
static int be_asked(struct destination *d)
{
    bool failed_now = false;
    struct gw_talk_todo todo = look_up(d, &failed_now);
    if (todo.actions[0] == GW_DO_CLAIM_DECLINED || failed_now)
        todo = look_up(d, &failed_now);
    return say_answer(d, &todo);
}

static int answer(struct destination *d)
{
    struct gw_err err = GW_ERR_NONE;
    bool held = false;
    memcpy(d->session, d->asks.session, sizeof d->session);
    d->epoch = d->asks.epoch;
    session_text(d->session, d->report->session);
    d->answered = true;
    if (store_open(&d->store, d->opts.state_dir, STORE_DESTINATION, d->session, &err) < 0)
        return tell_unsure(d);
    if (store_lock(&d->store, &held, &err) < 0)
        return held ? be_asked(d) : tell_unsure(d);
    d->answered = destination_take_over(d, &err) < 0;
    return d->answered ? tell_unsure(d) : 0;
}

/* --- the rest ----------------------------------------------------------------------------------------------------- */

static int arm(struct destination *d)
{
    if (d->timer_ns != 0)
        return 0;
    d->backoff_ns = gw_min(gw_max(2 * d->backoff_ns, GW_NS_PER_S), BACKOFF_MOST_NS);
    uint64_t ns = d->state == GW_DESTINATION_READY ? READY_NS : d->backoff_ns;
    d->timer_ns = gw_now(&gw_clock_real) + ns;
    return 0;
}

static int too_late(struct destination *d)
{
    destination_note(d, "too late to cancel: it is decided that the guest starts here");
    return 0;
}

static int in_doubt(struct destination *d)
{
    destination_note(d, "it is not known whether the guest runs here; its files stay for godwit owner settle");
    return 0;
}

static int nothing(struct destination *d)
{
    (void)d;
    return 0;
}

int destination_do(struct destination *d, enum gw_talk_action action)
{
    static int (*const doers[GW_NUM_TALK_ACTIONS])(struct destination *) = {
        [GW_DO_NONE] = nothing,
        [GW_DO_SAY_STOP] = say_stop,
        [GW_DO_SAY_ACPT] = say_acpt,
        [GW_DO_SAY_DENY] = say_deny,
        [GW_DO_SAY_SEEN] = say_seen,
        [GW_DO_SAY_AGAIN] = say_again,
        [GW_DO_SAY_REDY] = say_redy,
        [GW_DO_SAY_RUNS] = say_runs,
        [GW_DO_TELL_DECLINED] = tell_declined,
        [GW_DO_TELL_STARTING] = tell_starting,
        [GW_DO_TELL_RUNS] = tell_runs,
        [GW_DO_TELL_UNSURE] = tell_unsure,
        [GW_DO_TOO_LATE] = too_late,
        [GW_DO_IN_DOUBT] = in_doubt,
        [GW_DO_ARM] = arm,
        [GW_DO_CREATE] = create,
        [GW_DO_COMPLETE] = complete,
        [GW_DO_START] = start,
        [GW_DO_LOOK] = look,
        [GW_DO_DISCARD] = discard,
        [GW_DO_CLAIM_STARTED] = claim_started,
        [GW_DO_CLAIM_DECLINED] = claim_declined,
        [GW_DO_WRITE_DECLINED] = write_declined,
        [GW_DO_WRITE_RUNS] = write_runs,
        [GW_DO_ANSWER] = answer,
    };
    assert(doers[action] != NULL);
    return doers[action](d);
}
