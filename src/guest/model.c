/*
 * model.c - a source that exists only in memory: its pages, its script of writes, and failures on order.
 *
 * Owns: all its pages, in one block that does not move, so that held ones stay readable while they change.
 * Tests: tests/unit/guest_model.c.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "pattern.h"
#include "pvh.h"
#include "script.h"

#define DIRTY_MAX 16
#define SPECIAL_PAGES 2                         /* the last ones: xenstore's and the console's; zero, never written */
#define WORD_MODEL UINT64_C(0x314c45444f4d5747) /* 'GWMODEL1', in rbp */

struct model {
    struct gw_source source;
    struct script script;
    uint64_t pages, holes, zeros, seed, live;
    uint64_t dirty[DIRTY_MAX];
    unsigned num_dirty;
    uint64_t steps;           /* how often it has written */
    uint64_t *times;          /* by pfn: how often it was written */
    uint8_t *memory;          /* pages of them, holes too */
    struct gw_bitmap written; /* since the last collect */
    bool tracking;
};

static struct model *model_of(struct gw_source *source)
{
    return (struct model *)source;
}

/* Is pfn one of `some` that are spread evenly over all but the last pages? */
static bool is_spread(const struct model *m, uint64_t pfn, uint64_t some)
{
    uint64_t all = m->pages - SPECIAL_PAGES;
    return pfn < all && pfn * some / all != (pfn + 1) * some / all;
}

static bool is_hole(const struct model *m, uint64_t pfn)
{
    return is_spread(m, pfn, m->holes);
}

static void write_page(struct model *m, uint64_t pfn)
{
    pattern_fill(m->memory + pfn * GW_PAGE_LEN, m->seed, pfn, ++m->times[pfn]);
    if (m->tracking)
        gw_bitmap_set(&m->written, pfn);
}

/* As many pages as the script says, each once. */
static void work(struct model *m)
{
    unsigned row = m->steps < m->num_dirty ? (unsigned)m->steps : m->num_dirty - 1;
    uint64_t all = m->pages - SPECIAL_PAGES, left = m->num_dirty > 0 ? m->dirty[row] : 0;
    struct pattern_share share = pattern_share(all, 1, 0, m->seed + m->steps++, GW_PATTERN_RANDOM);
    for (uint64_t tick = 0; tick < all && left > 0; tick++) {
        uint64_t times, pfn = pattern_visit(&share, tick, &times);
        if (is_hole(m, pfn))
            continue;
        write_page(m, pfn);
        left--;
    }
}

/* --- slots ------------------------------------------------------------------------------------------------------- */

static int model_describe(struct gw_source *source, struct gw_guest_facts *out, struct gw_err *err)
{
    struct model *m = model_of(source);
    if (script_call(&m->script, SLOT_describe, err) < 0)
        return -1;
    out->image.version = 3;
    out->domain = pvh_domain();
    out->num_pfns = m->pages;
    out->num_ram_pfns = m->pages - m->holes;
    out->live = m->live != 0;
    snprintf(out->name, sizeof out->name, "model");
    if (!out->live)
        snprintf(out->live_why_not, sizeof out->live_why_not, "the model was told not to be tracked");
    return 0;
}

static int model_static_records(struct gw_source *source, gw_emit_fn *emit, void *arg, struct gw_err *err)
{
    if (script_call(&model_of(source)->script, SLOT_static_records, err) < 0)
        return -1;
    return pvh_static_records(emit, arg, err);
}

static int model_first_records(struct gw_source *source, gw_emit_fn *emit, void *arg, struct gw_err *err)
{
    (void)emit;
    (void)arg;
    return script_call(&model_of(source)->script, SLOT_first_records, err);
}

static void forget_written(struct model *m)
{
    for (uint64_t pfn = 0; (pfn = gw_bitmap_next(&m->written, pfn)) < m->pages; pfn++)
        gw_bitmap_clear(&m->written, pfn);
}

static int model_track(struct gw_source *source, struct gw_err *err)
{
    struct model *m = model_of(source);
    if (script_call(&m->script, SLOT_track, err) < 0)
        return -1;
    if (!m->live)
        return gw_fail(err, GW_E_REFUSED, "the model was told not to be tracked");
    forget_written(m);
    m->tracking = true;
    return 0;
}

static int model_collect(struct gw_source *source, struct gw_bitmap *dirty, uint64_t *num, struct gw_err *err)
{
    struct model *m = model_of(source);
    assert(m->tracking && dirty->num == m->pages);
    if (script_call(&m->script, SLOT_collect, err) < 0)
        return -1;
    if (!source->suspended)
        work(m);
    for (uint64_t pfn = 0; (pfn = gw_bitmap_next(&m->written, pfn)) < m->pages; pfn++) {
        *num += !gw_bitmap_test(dirty, pfn);
        gw_bitmap_set(dirty, pfn);
    }
    forget_written(m);
    return 0;
}

static int model_hold(struct gw_source *source, const uint64_t *pfns, uint32_t count, struct gw_hold *out,
                      struct gw_err *err)
{
    struct model *m = model_of(source);
    assert(pfns[count - 1] < m->pages);
    if (script_call(&m->script, SLOT_hold, err) < 0 || gw_hold_new(out, count, err) < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++)
        if (is_hole(m, pfns[i]))
            gw_hold_hole(out, pfns[i]);
        else
            gw_hold_page(out, pfns[i], m->memory + pfns[i] * GW_PAGE_LEN, -1, 0);
    return 0;
}

static void model_drop(struct gw_source *source, struct gw_hold *hold)
{
    struct gw_err none = GW_ERR_NONE;
    script_call(&model_of(source)->script, SLOT_drop, &none);
    gw_hold_free(hold);
}

static int model_suspend(struct gw_source *source, struct gw_err *err)
{
    struct model *m = model_of(source);
    if (script_call(&m->script, SLOT_suspend, err) < 0)
        return -1;
    work(m);
    return 0;
}

static int model_state_records(struct gw_source *source, gw_emit_fn *emit, void *arg, struct gw_err *err)
{
    struct model *m = model_of(source);
    struct pvh_state state = { .num_vcpus = 1, .store_pfn = m->pages - 2, .console_pfn = m->pages - 1 };
    if (script_call(&m->script, SLOT_state_records, err) < 0)
        return -1;
    state.clock_ns = m->steps;
    state.registers[0][RAX] = m->steps;
    state.registers[0][RBX] = m->seed;
    state.registers[0][RBP] = WORD_MODEL;
    return pvh_state_records(&state, emit, arg, err);
}

static int model_resume(struct gw_source *source, struct gw_err *err)
{
    return script_call(&model_of(source)->script, SLOT_resume, err);
}

static int model_throttle(struct gw_source *source, unsigned percent, struct gw_err *err)
{
    (void)percent;
    return script_call(&model_of(source)->script, SLOT_throttle, err);
}

static void model_untrack(struct gw_source *source)
{
    struct gw_err none = GW_ERR_NONE;
    struct model *m = model_of(source);
    script_call(&m->script, SLOT_untrack, &none);
    m->tracking = false;
}

static int model_destroy(struct gw_source *source, struct gw_err *err)
{
    return script_call(&model_of(source)->script, SLOT_destroy, err);
}

static void model_close(struct gw_source *source)
{
    struct model *m = model_of(source);
    script_free(&m->script);
    gw_bitmap_free(&m->written);
    gw_free(m->times);
    gw_free(m->memory);
    gw_free(m);
}

static const struct gw_source_ops model_ops = {
    .kind = "model",
    .describe = model_describe,
    .static_records = model_static_records,
    .first_records = model_first_records,
    .track = model_track,
    .collect = model_collect,
    .hold = model_hold,
    .drop = model_drop,
    .suspend = model_suspend,
    .state_records = model_state_records,
    .resume = model_resume,
    .throttle = model_throttle,
    .untrack = model_untrack,
    .destroy = model_destroy,
    .close = model_close,
};

/* --- open -------------------------------------------------------------------------------------------------------- */

/* A/B/C */
static bool take_dirty(void *options, const char *text)
{
    struct model *m = options;
    char part[32];
    for (m->num_dirty = 0; m->num_dirty < DIRTY_MAX; text++) {
        size_t len = strcspn(text, "/");
        if (len >= sizeof part)
            return false;
        memcpy(part, text, len);
        part[len] = '\0';
        if (!gw_spec_number(part, &m->dirty[m->num_dirty++]))
            return false;
        text += len;
        if (*text == '\0')
            return true;
    }
    return false;
}

static bool take_fail(void *options, const char *text)
{
    struct model *m = options;
    return script_order(&m->script, text);
}

static const struct gw_spec_key keys[] = {
    { "pages", "a number from 64 to 262144", offsetof(struct model, pages), 64, 262144, NULL, NULL, false },
    { "holes", "a number up to 262144, and fewer than pages", offsetof(struct model, holes), 0, 262144, NULL, NULL,
      false },
    { "zeros", "a number up to 262144", offsetof(struct model, zeros), 0, 262144, NULL, NULL, false },
    { "seed", "a number", offsetof(struct model, seed), 0, UINT64_MAX, NULL, NULL, false },
    { "live", "0 or 1", offsetof(struct model, live), 0, 1, NULL, NULL, false },
    { "dirty", "up to 16 numbers A/B/C", 0, 0, 0, NULL, take_dirty, false },
    { "fail", "SLOT:N, a slot of a source that may fail and the number of its call", 0, 0, 0, NULL, take_fail, false },
    { 0 },
};

/* Pages, and what stands in them before the first write. */
static int make_memory(struct model *m, const char *name, struct gw_err *err)
{
    if (m->holes + SPECIAL_PAGES >= m->pages)
        return gw_fail(err, GW_E_USAGE, "'%s' has %llu holes in %llu pages: at least 3 are no holes", name,
                       (unsigned long long)m->holes, (unsigned long long)m->pages);
    m->memory = gw_alloc(m->pages, GW_PAGE_LEN, err);
    m->times = gw_alloc(m->pages, sizeof *m->times, err);
    if (m->memory == NULL || m->times == NULL || gw_bitmap_init(&m->written, m->pages, err) < 0)
        return -1;
    for (uint64_t pfn = 0; pfn < m->pages - SPECIAL_PAGES; pfn++)
        if (!is_hole(m, pfn) && !is_spread(m, pfn, m->zeros))
            pattern_fill(m->memory + pfn * GW_PAGE_LEN, m->seed, pfn, 0);
    return 0;
}

struct gw_source *gw_model_source(const char *name, struct gw_err *err)
{
    uint32_t given;
    struct model *m = gw_alloc(1, sizeof *m, err);
    if (m == NULL)
        return NULL;
    m->source.ops = &model_ops;
    m->pages = 1024;
    m->seed = 1;
    m->live = 1;
    script_init(&m->script, SLOT_describe, SLOT_destroy);
    if (gw_spec_read(name, keys, m, &given, err) == 0 && make_memory(m, name, err) == 0)
        return &m->source;
    model_close(&m->source);
    return NULL;
}

/* --- for tests --------------------------------------------------------------------------------------------------- */

const char *gw_model_source_log(struct gw_source *source)
{
    assert(source->ops == &model_ops);
    return script_log(&model_of(source)->script);
}

uint64_t gw_model_source_page(const struct gw_source *source, uint64_t pfn, const uint8_t **page)
{
    const struct model *m = (const struct model *)source;
    assert(source->ops == &model_ops && pfn < m->pages);
    bool hole = is_hole(m, pfn);
    *page = hole ? NULL : m->memory + pfn * GW_PAGE_LEN;
    return gw_entry(pfn, hole ? GW_PAGE_XTAB : GW_PAGE_NOTAB);
}

uint64_t gw_model_source_pages(const struct gw_source *source)
{
    assert(source->ops == &model_ops);
    return ((const struct model *)source)->pages;
}
