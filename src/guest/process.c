/*
 * process.c - a source that is a process: made here, or found by its name; and what became of a guest of that name.
 *
 * Owns: its hold on the guest (link.h) and a mapping of its memory that cannot be written. Contents of held pages are
 * the guest's own pages, in memory and in its memfd.
 * Tests: tests/unit/guest_process.c, guest_life.c.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "link.h"
#include "process_state.h"

struct process {
    struct gw_source source;
    struct link link;
    bool throttled;
};

static struct process *process_of(struct gw_source *source)
{
    return (struct process *)source;
}

/* --- slots ------------------------------------------------------------------------------------------------------- */

static int process_describe(struct gw_source *source, struct gw_guest_facts *out, struct gw_err *err)
{
    const struct link *link = &process_of(source)->link;
    (void)err;
    out->image.version = 3;
    out->domain = pvh_domain();
    out->num_pfns = link->control->num_pages;
    out->num_ram_pfns = link->control->num_pages;
    snprintf(out->name, sizeof out->name, "process %d", (int)link->pid);
    link_again(link, out->again, sizeof out->again);
    out->live = tracker_probe(link, out->live_why_not, sizeof out->live_why_not) == 0;
    return 0;
}

static int process_static_records(struct gw_source *source, gw_emit_fn *emit, void *arg, struct gw_err *err)
{
    (void)source;
    return pvh_static_records(emit, arg, err);
}

static int process_track(struct gw_source *source, struct gw_err *err)
{
    return tracker_start(&process_of(source)->link, err);
}

static int process_collect(struct gw_source *source, struct gw_bitmap *dirty, uint64_t *num, struct gw_err *err)
{
    return tracker_collect(&process_of(source)->link, dirty, num, err);
}

static int process_hold(struct gw_source *source, const uint64_t *pfns, uint32_t count, struct gw_hold *out,
                        struct gw_err *err)
{
    const struct link *link = &process_of(source)->link;
    assert(pfns[count - 1] < link->control->num_pages);
    if (gw_hold_new(out, count, err) < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++)
        gw_hold_page(out, pfns[i], link->memory + pfns[i] * GW_PAGE_LEN, link->fd[LINK_MEMORY], pfns[i] * GW_PAGE_LEN);
    return 0;
}

static void process_drop(struct gw_source *source, struct gw_hold *hold)
{
    (void)source;
    gw_hold_free(hold);
}

static int process_suspend(struct gw_source *source, struct gw_err *err)
{
    return link_stop(&process_of(source)->link, err);
}

static int process_state_records(struct gw_source *source, gw_emit_fn *emit, void *arg, struct gw_err *err)
{
    struct gw_process_state state;
    struct pvh_state *pvh = gw_alloc(1, sizeof *pvh, err);
    if (pvh == NULL)
        return -1;
    link_state(&process_of(source)->link, &state);
    process_to_pvh(&state, pvh);
    int result = pvh_state_records(pvh, emit, arg, err);
    gw_free(pvh);
    return result;
}

static int process_resume(struct gw_source *source, struct gw_err *err)
{
    return link_go(&process_of(source)->link, err);
}

static int process_throttle(struct gw_source *source, unsigned percent, struct gw_err *err)
{
    struct process *p = process_of(source);
    (void)err;
    atomic_store(&p->link.control->percent, percent);
    p->throttled = percent < 100;
    return 0;
}

static void process_untrack(struct gw_source *source)
{
    tracker_stop(&process_of(source)->link);
}

static int process_destroy(struct gw_source *source, struct gw_err *err)
{
    return link_end(&process_of(source)->link, err);
}

static void process_close(struct gw_source *source)
{
    struct process *p = process_of(source);
    if (p->throttled)
        atomic_store(&p->link.control->percent, 100);
    link_close(&p->link);
    gw_free(p);
}

static const struct gw_source_ops process_ops = {
    .kind = "process",
    .describe = process_describe,
    .static_records = process_static_records,
    .track = process_track,
    .collect = process_collect,
    .hold = process_hold,
    .drop = process_drop,
    .suspend = process_suspend,
    .state_records = process_state_records,
    .resume = process_resume,
    .throttle = process_throttle,
    .untrack = process_untrack,
    .destroy = process_destroy,
    .close = process_close,
};

/* --- open -------------------------------------------------------------------------------------------------------- */

struct options {
    uint64_t mem, threads, rate, pattern, seed, pid, born, wait, life;
};

static const char *const patterns[] = { "seq", "random", "hot", NULL }; /* as enum gw_pattern */

#define MEM_MAX (GW_PROCESS_PAGES_MAX * GW_PAGE_LEN)

static const struct gw_spec_key keys[] = {
    { "pid", "the number of a process", offsetof(struct options, pid), 1, INT32_MAX, NULL, NULL, false },
    { "born", "clock ticks since the system started", offsetof(struct options, born), 1, UINT64_MAX, NULL, NULL,
      false },
    { "wait", "milliseconds from 1 to 600000", offsetof(struct options, wait), 1, 600000, NULL, NULL, false },
    { "mem", "a size from 72K to 64G", offsetof(struct options, mem), 72 << 10, MEM_MAX, NULL, NULL, false },
    { "threads", "a number from 1 to 64", offsetof(struct options, threads), 1, GW_PROCESS_THREADS_MAX, NULL, NULL,
      false },
    { "rate", "octets a second, such as 500M", offsetof(struct options, rate), 0, UINT64_MAX - 1, NULL, NULL, false },
    { "pattern", "seq, random or hot", offsetof(struct options, pattern), 0, 0, patterns, NULL, false },
    { "seed", "a number", offsetof(struct options, seed), 0, UINT64_MAX, NULL, NULL, false },
    { "life", "seconds up to 1000000", offsetof(struct options, life), 0, 1000000, NULL, NULL, false },
    { 0 },
};

#define GIVEN_PID 1u
#define GIVEN_BORN 2u
#define GIVEN_WAIT 4u

static int read_options(const char *name, struct options *options, struct gw_err *err)
{
    uint32_t given;
    *options = (struct options){ .mem = 64 << 20, .threads = 1, .rate = GW_PROCESS_AT_WILL, .seed = 1, .wait = 10000 };
    options->pattern = GW_PATTERN_HOT;
    if (gw_spec_read(name, keys, options, &given, err) < 0)
        return -1;
    if ((given & GIVEN_PID) && (given & ~(GIVEN_PID | GIVEN_BORN | GIVEN_WAIT)))
        return gw_fail(err, GW_E_USAGE,
                       "'%s' says how a guest is to be that runs already: pid goes with born and wait only", name);
    if ((given & GIVEN_BORN) && !(given & GIVEN_PID))
        return gw_fail(err, GW_E_USAGE, "'%s' says when a process was born, but not which: born goes with pid only",
                       name);
    uint64_t least = GW_PROCESS_SPECIAL_PAGES + GW_PROCESS_SHARE_LEAST * options->threads;
    if (options->mem % GW_PAGE_LEN != 0 || options->mem / GW_PAGE_LEN < least)
        return gw_fail(err, GW_E_USAGE,
                       "'%s' is wrong: mem is %llu octets; it has to be whole pages, and %llu of them for %llu threads",
                       name, (unsigned long long)options->mem, (unsigned long long)least,
                       (unsigned long long)options->threads);
    return 0;
}

/* A guest that nobody has seen yet runs, or there is none. */
static int make_guest(struct link *link, const struct options *options, struct gw_err *err)
{
    struct gw_process_state state = { .num_pages = options->mem / GW_PAGE_LEN, .seed = options->seed };
    state.rate = options->rate;
    state.pattern = (enum gw_pattern)options->pattern;
    state.num_threads = (uint32_t)options->threads;
    if (link_spawn(link, err) < 0)
        return -1;
    if (link_load(link, &state, true, err) == 0 && link_map(link, options->mem, false, err) == 0 &&
        link_go(link, err) == 0)
        return 0;
    link_end(link, err);
    return -1;
}

static int find_guest(struct link *link, const struct options *options, struct gw_err *err)
{
    if (link_attach(link, (pid_t)options->pid, options->born, err) < 0)
        return -1;
    if (link_never_ran(link))
        return gw_fail(err, GW_E_REFUSED, "the guest, process %d, came here and never ran: it is no guest that runs",
                       (int)link->pid);
    if (link_is_stopped(link) && link_stand(link, err) < 0)
        return -1;
    return link_map(link, link->control->num_pages * GW_PAGE_LEN, false, err);
}

struct gw_source *gw_process_source(const char *name, struct gw_err *err)
{
    struct options options;
    if (read_options(name, &options, err) < 0)
        return NULL;
    struct process *p = gw_alloc(1, sizeof *p, err);
    if (p == NULL)
        return NULL;
    p->source.ops = &process_ops;
    link_init(&p->link);
    p->link.wait_ms = options.wait;
    p->link.life_s = options.life;
    int result = options.pid != 0 ? find_guest(&p->link, &options, err) : make_guest(&p->link, &options, err);
    if (result < 0) {
        link_close(&p->link);
        gw_free(p);
        gw_because(err, "cannot have the guest '%s'", name);
        return NULL;
    }
    p->source.suspended = link_is_stopped(&p->link);
    return &p->source;
}

/* --- by name, for whoever comes after ---------------------------------------------------------------------------- */

/* Holds the guest of that name, without its memory. */
static int find_again(struct link *link, const char *again, struct gw_err *err)
{
    struct options options;
    if (read_options(again, &options, err) < 0)
        return -1;
    if (options.pid == 0)
        return gw_fail(err, GW_E_USAGE, "'%s' names no process: pid is missing", again);
    link->wait_ms = options.wait;
    return link_attach(link, (pid_t)options.pid, options.born, err);
}

static bool is_gone(const struct gw_err *why)
{
    return why->code == GW_E_SYSTEM && why->sys == ESRCH;
}

enum gw_life gw_process_look(const char *again, struct gw_err *err)
{
    struct gw_err why = GW_ERR_NONE;
    struct link link;
    enum gw_life life = GW_LIFE_GONE;
    link_init(&link);
    if (find_again(&link, again, &why) == 0) {
        life = link_never_ran(&link) ? GW_LIFE_NEVER_RAN : GW_LIFE_RAN;
    } else if (!is_gone(&why)) {
        life = GW_LIFE_UNKNOWN;
        gw_err_pass(err, &why);
    }
    link_close(&link);
    return life;
}

/* While it is held here nobody else can start it. */
static int discard(struct link *link, struct gw_err *err)
{
    if (link_never_ran(link))
        return link_end(link, err);
    return gw_fail(err, GW_E_REFUSED, "the guest, process %d, has run: it is not taken away", (int)link->pid);
}

int gw_process_discard(const char *again, struct gw_err *err)
{
    struct gw_err why = GW_ERR_NONE;
    struct link link;
    link_init(&link);
    int result = find_again(&link, again, &why);
    if (result == 0)
        result = discard(&link, &why);
    else if (is_gone(&why))
        result = 0;
    link_close(&link);
    return result == 0 ? 0 : gw_err_pass(err, &why);
}

/* --- of this kind only ------------------------------------------------------------------------------------------- */

static const struct link *link_of(const struct gw_source *source)
{
    assert(source->ops == &process_ops);
    return &((const struct process *)source)->link;
}

int gw_process_pid(const struct gw_source *source)
{
    return (int)link_of(source)->pid;
}

int gw_process_memory(const struct gw_source *source)
{
    return link_of(source)->fd[LINK_MEMORY];
}

uint64_t gw_process_ticks(const struct gw_source *source)
{
    struct gw_process_state state;
    uint64_t ticks = 0;
    link_state(link_of(source), &state);
    for (unsigned i = 0; i < state.num_threads; i++)
        ticks += state.ticks[i];
    return ticks;
}

void gw_process_state(const struct gw_source *source, struct gw_process_state *out)
{
    assert(source->suspended);
    link_state(link_of(source), out);
}
