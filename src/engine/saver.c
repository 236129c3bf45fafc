/*
 * saver.c - a guest into a sink, step by step: headers and static records, rounds of memory, the last round with the
 * guest suspended, state, END.
 *
 * Owns: tracking, and whether the guest is suspended by us. Keeps: one bitmap of what is owed, one batch.
 * Never: decides (policy.c), waits, knows where the image goes. A failed step leaves the guest to gw_saver_undo (I4).
 */
#include <assert.h>

#include "engine.h"

#define BATCH                                                                                                          \
    1024u /* entries, as Xen writes; 2 MiB runs stay whole because batches begin where pfns are multiples of it */

struct gw_saver {
    struct gw_source *source;
    struct gw_saver_opts opts;
    struct gw_guest_facts facts;
    struct gw_sink *sink;
    enum gw_phase phase;
    bool tracking, suspended; /* by us */
    bool was_suspended;       /* and stays so */
    struct gw_bitmap owed;    /* of the round at hand, and of the next what was asked for again */
    struct gw_bitmap next;
    uint64_t at;     /* the pfn at which the round goes on */
    uint64_t number; /* of records written */
    uint64_t round_start_ns, state_ns;
    uint8_t *buffer; /* for payloads that are looked at */
    struct gw_saver_stats stats;
};

struct gw_saver *gw_saver_new(struct gw_source *source, const struct gw_saver_opts *opts, struct gw_err *err)
{
    struct gw_saver *s = gw_alloc(1, sizeof *s, err);
    if (s == NULL)
        return NULL;
    s->source = source;
    s->opts = *opts;
    s->buffer = gw_alloc((size_t)gw_limit(BUFFER), 1, err);
    s->was_suspended = source->suspended;
    if (s->buffer == NULL || gw_source_describe(source, &s->facts, err) < 0 ||
        gw_bitmap_init(&s->owed, s->facts.num_pfns, err) < 0 || gw_bitmap_init(&s->next, s->facts.num_pfns, err) < 0) {
        gw_saver_free(s);
        return NULL;
    }
    if (opts->live && !s->facts.live) {
        gw_fail(err, GW_E_REFUSED, "'%s' cannot be moved while it runs, only paused: %s", s->facts.name,
                s->facts.live_why_not);
        gw_saver_free(s);
        return NULL;
    }
    return s;
}

void gw_saver_free(struct gw_saver *s)
{
    if (s == NULL)
        return;
    if (s->tracking)
        gw_source_untrack(s->source);
    gw_bitmap_free(&s->owed);
    gw_bitmap_free(&s->next);
    gw_free(s->buffer);
    gw_free(s);
}

void gw_saver_sink(struct gw_saver *s, struct gw_sink *sink)
{
    s->sink = sink;
}

const struct gw_saver_stats *gw_saver_stats(const struct gw_saver *s)
{
    return &s->stats;
}

const struct gw_guest_facts *gw_saver_facts(const struct gw_saver *s)
{
    return &s->facts;
}

static void add(struct gw_bitmap *to, const struct gw_bitmap *from)
{
    assert(to->num == from->num);
    for (uint64_t bit = gw_bitmap_next(from, 0); bit < from->num; bit = gw_bitmap_next(from, bit + 1))
        gw_bitmap_set(to, bit);
}

static void begin_round(struct gw_saver *s)
{
    s->at = 0;
    s->stats.now = (struct gw_round){ 0 };
    s->round_start_ns = gw_now(s->opts.clock);
}

int gw_saver_owe(struct gw_saver *s, const struct gw_bitmap *pfns, struct gw_err *err)
{
    if (pfns->num != s->facts.num_pfns)
        return gw_fail(err, GW_E_USAGE, "%llu pfns are asked for again, the guest has %llu",
                       (unsigned long long)pfns->num, (unsigned long long)s->facts.num_pfns);
    add(s->phase == GW_PHASE_DONE ? &s->owed : &s->next, pfns);
    if (s->phase == GW_PHASE_DONE) {
        s->phase = GW_PHASE_MEND;
        begin_round(s);
    }
    return 0;
}

enum gw_phase gw_saver_phase(const struct gw_saver *s)
{
    return s->phase;
}

void gw_saver_expect(struct gw_saver *s, uint64_t state_ns)
{
    s->state_ns = state_ns;
}

/* One record of the guest's into the sink. */
static int emit(void *arg, uint32_t type, const void *body, uint32_t len, struct gw_err *err)
{
    struct gw_saver *s = arg;
    struct gw_record record = {
        .frame = { .number = ++s->number, .type = type, .length = len },
        .body = len > 0 ? body : s->buffer,
    };
    return gw_sink_record(s->sink, &record, err);
}

static int say_mark(struct gw_saver *s, enum gw_mark_kind kind, uint32_t type, struct gw_err *err)
{
    struct gw_mark mark = { .kind = kind, .frame = { .number = ++s->number, .type = type } };
    return gw_sink_mark(s->sink, &mark, err);
}

static int step_static(struct gw_saver *s, struct gw_err *err)
{
    struct gw_headers headers = { .image = s->facts.image, .domain = s->facts.domain };
    if (s->opts.live) {
        s->tracking = true; /* also when it fails half-way: undo ends it */
        if (gw_source_track(s->source, err) < 0)
            return -1;
    }
    if (gw_sink_begin(s->sink, &headers, err) < 0 || gw_source_static_records(s->source, emit, s, err) < 0 ||
        say_mark(s, GW_STATIC_END, GW_REC_STATIC_DATA_END, err) < 0 ||
        gw_source_first_records(s->source, emit, s, err) < 0 || gw_source_named(s->source, &s->owed, err) < 0)
        return -1;
    s->phase = s->opts.live ? GW_PHASE_ROUND : GW_PHASE_SUSPEND;
    begin_round(s);
    return 0;
}

/* The next owed pfns, ascending, none across a multiple of BATCH. */
static uint32_t take_batch(struct gw_saver *s, uint64_t *pfns)
{
    uint32_t count = 0;
    uint64_t pfn = gw_bitmap_next(&s->owed, s->at), end = pfn - pfn % BATCH + BATCH;
    for (; pfn < s->owed.num && pfn < end; pfn = gw_bitmap_next(&s->owed, pfn + 1)) {
        pfns[count++] = pfn;
        gw_bitmap_clear(&s->owed, pfn);
    }
    s->at = pfn;
    return count;
}

static int send_held(struct gw_saver *s, const struct gw_hold *hold, struct gw_err *err)
{
    struct gw_payload contents;
    gw_payload_of(&contents, hold->segs, hold->num_segs, s->buffer, (size_t)gw_limit(BUFFER));
    struct gw_pages pages = {
        .frame = { .number = ++s->number, .type = GW_REC_PAGE_DATA },
        .count = hold->count,
        .entries = hold->entries,
        .num_contents = (uint32_t)(contents.len / GW_PAGE_LEN),
        .contents = &contents,
        .contents_at = GW_NO_PLACE,
    };
    pages.frame.length = (uint32_t)gw_page_data_len(pages.count, pages.num_contents);
    if (gw_sink_pages(s->sink, &pages, err) < 0 || gw_payload_settle(&contents, err) < 0)
        return -1;
    s->stats.now.pages += hold->count;
    s->stats.now.octets += contents.len;
    return 0;
}

/* *more: something of the round is left. */
static int send_batch(struct gw_saver *s, bool *more, struct gw_err *err)
{
    uint64_t pfns[BATCH];
    struct gw_hold hold;
    uint32_t count = take_batch(s, pfns);
    *more = count > 0;
    if (count == 0)
        return 0;
    if (gw_source_hold(s->source, pfns, count, &hold, err) < 0)
        return -1;
    int rc = send_held(s, &hold, err);
    gw_source_drop(s->source, &hold);
    return rc;
}

static void end_round(struct gw_saver *s, uint64_t dirty)
{
    struct gw_round round = {
        .pages = s->stats.now.pages,
        .octets = s->stats.now.octets,
        .ns = gw_now(s->opts.clock) - s->round_start_ns,
        .dirty = dirty,
    };
    if (s->stats.num_rounds < GW_ROUNDS_MOST)
        s->stats.rounds[s->stats.num_rounds++] = round;
    s->stats.pages += round.pages;
    s->stats.octets += round.octets;
}

static int step_round(struct gw_saver *s, struct gw_err *err)
{
    bool more;
    if (send_batch(s, &more, err) < 0)
        return -1;
    if (!more)
        s->phase = GW_PHASE_BETWEEN;
    return 0;
}

/* What was asked for again joins what the guest wrote. */
static int collect(struct gw_saver *s, uint64_t *dirty, struct gw_err *err)
{
    uint64_t num;
    if (gw_source_collect(s->source, &s->owed, &num, err) < 0)
        return -1;
    add(&s->owed, &s->next);
    for (uint64_t bit = gw_bitmap_next(&s->next, 0); bit < s->next.num; bit = gw_bitmap_next(&s->next, bit + 1))
        gw_bitmap_clear(&s->next, bit);
    *dirty = gw_bitmap_count(&s->owed);
    return 0;
}

static int step_between(struct gw_saver *s, struct gw_err *err)
{
    uint64_t dirty;
    if (collect(s, &dirty, err) < 0)
        return -1;
    end_round(s, dirty);
    s->stats.last = gw_policy(&s->opts.policy, s->stats.rounds, s->stats.num_rounds, s->state_ns);
    switch (s->stats.last.answer) {
    case GW_AGAIN: s->phase = GW_PHASE_ROUND; break;
    case GW_SWITCH: s->phase = GW_PHASE_SUSPEND; break;
    case GW_GIVE_UP: s->phase = GW_PHASE_GAVE_UP; return gw_saver_undo(s, err);
    }
    begin_round(s);
    return 0;
}

static int step_suspend(struct gw_saver *s, struct gw_err *err)
{
    uint64_t dirty;
    s->stats.suspended_at_ns = gw_now(s->opts.clock);
    if (gw_source_suspend(s->source, err) < 0)
        return -1;
    s->suspended = !s->was_suspended;
    if (s->opts.live && collect(s, &dirty, err) < 0)
        return -1;
    s->phase = GW_PHASE_LAST;
    begin_round(s);
    return 0;
}

static int step_last(struct gw_saver *s, struct gw_err *err)
{
    bool more;
    if (send_batch(s, &more, err) < 0)
        return -1;
    if (!more) {
        end_round(s, 0);
        s->phase = GW_PHASE_STATE;
    }
    return 0;
}

static int step_state(struct gw_saver *s, struct gw_err *err)
{
    if (gw_source_state_records(s->source, emit, s, err) < 0 || say_mark(s, GW_END, GW_REC_END, err) < 0 ||
        gw_sink_commit(s->sink, err) < 0)
        return -1;
    s->phase = GW_PHASE_DONE;
    return 0;
}

static int step_mend(struct gw_saver *s, struct gw_err *err)
{
    bool more;
    if (send_batch(s, &more, err) < 0)
        return -1;
    if (!more) {
        s->stats.pages += s->stats.now.pages;
        s->stats.octets += s->stats.now.octets;
        s->phase = GW_PHASE_DONE;
    }
    return 0;
}

int gw_saver_step(struct gw_saver *s, enum gw_phase *phase, struct gw_err *err)
{
    static int (*const steps[])(struct gw_saver * s, struct gw_err * err) = {
        [GW_PHASE_STATIC] = step_static,   [GW_PHASE_ROUND] = step_round, [GW_PHASE_BETWEEN] = step_between,
        [GW_PHASE_SUSPEND] = step_suspend, [GW_PHASE_LAST] = step_last,   [GW_PHASE_STATE] = step_state,
        [GW_PHASE_MEND] = step_mend,
    };
    assert(s->sink != NULL && s->phase < GW_PHASE_DONE);
    if (steps[s->phase](s, err) < 0)
        return -1;
    *phase = s->phase;
    return 0;
}

int gw_saver_undo(struct gw_saver *s, struct gw_err *err)
{
    if (s->tracking)
        gw_source_untrack(s->source);
    s->tracking = false;
    if (!s->suspended)
        return 0;
    if (gw_source_resume(s->source, err) < 0)
        return -1;
    s->suspended = false;
    return 0;
}
