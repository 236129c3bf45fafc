/*
 * guest.c - the kinds of guests, and the wrappers: the only callers of the slots.
 *
 * What may be called when is asserted here once for all back ends: a broken order is a mistake of whoever drives a
 * guest, never of the input.
 * Tests: tests/unit/guest_names.c, guest_model.c, guest_life.c.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "guest.h"

/* The back ends of this room. */
static const struct gw_guest_kind own_kinds[] = {
    { "model", gw_model_source, gw_model_destination, NULL, NULL, false },
    { "process", gw_process_source, gw_process_destination, gw_process_look, gw_process_discard, false },
};

#define NUM_OWN (sizeof own_kinds / sizeof own_kinds[0])

/* Those of rooms above, in the order in which they were added. */
static const struct gw_guest_kind *added[4];
static unsigned num_added;

void gw_guest_add_kind(const struct gw_guest_kind *kind)
{
    for (unsigned i = 0; i < num_added; i++)
        if (added[i] == kind)
            return;
    assert(num_added < sizeof added / sizeof added[0]);
    added[num_added++] = kind;
}

const struct gw_guest_kind *gw_guest_kind(unsigned number)
{
    if (number < NUM_OWN)
        return &own_kinds[number];
    return number - NUM_OWN < num_added ? added[number - NUM_OWN] : NULL;
}

/* The row of name; NULL with err set when there is none. */
static const struct gw_guest_kind *find_kind(const char *name, struct gw_err *err)
{
    const struct gw_guest_kind *kind;
    char list[128];
    size_t at = 0, len = strcspn(name, ":");
    for (unsigned i = 0; (kind = gw_guest_kind(i)) != NULL; i++) {
        if (strlen(kind->name) == len && memcmp(kind->name, name, len) == 0)
            return kind;
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%s:", i > 0 ? ", " : "", kind->name);
        assert(at < sizeof list);
    }
    gw_fail(err, GW_E_USAGE, "'%s' names no guest: there is no kind '%.*s', only %s", name, (int)len, name, list);
    return NULL;
}

bool gw_is_guest(const char *name)
{
    struct gw_err ignored = GW_ERR_NONE;
    return strchr(name, ':') != NULL && find_kind(name, &ignored) != NULL;
}

struct gw_source *gw_source_open(const char *name, struct gw_err *err)
{
    const struct gw_guest_kind *kind = find_kind(name, err);
    struct gw_source *source = kind != NULL ? kind->source(name, err) : NULL;
    assert(source == NULL || (source->ops != NULL && !source->described && (source->suspended || !source->still)));
    return source;
}

struct gw_destination *gw_destination_open(const char *name, struct gw_err *err)
{
    const struct gw_guest_kind *kind = find_kind(name, err);
    if (kind == NULL)
        return NULL;
    if (kind->destination == NULL) {
        gw_fail(err, GW_E_USAGE, "no guest comes to be as '%s:': name another kind", kind->name);
        return NULL;
    }
    struct gw_destination *dest = kind->destination(name, err);
    assert(dest == NULL || (dest->ops != NULL && dest->state == GW_DEST_FRESH));
    return dest;
}

/* --- by name, for whoever comes after ---------------------------------------------------------------------------- */

static int fail_not_found(const char *again, struct gw_err *err)
{
    return gw_fail(err, GW_E_USAGE, "'%s' names no guest that can be found again", again);
}

enum gw_life gw_guest_look(const char *again, struct gw_err *err)
{
    const struct gw_guest_kind *kind = find_kind(again, err);
    enum gw_life life = GW_LIFE_UNKNOWN;
    if (kind != NULL && kind->look != NULL)
        life = kind->look(again, err);
    else if (kind != NULL)
        fail_not_found(again, err);
    if (life == GW_LIFE_UNKNOWN)
        gw_because(err, "cannot tell what became of the guest '%s'", again);
    return life;
}

bool gw_guest_lasts(const char *again)
{
    struct gw_err ignored = GW_ERR_NONE;
    const struct gw_guest_kind *kind = find_kind(again, &ignored);
    return kind != NULL && kind->lasts;
}

int gw_guest_discard(const char *again, struct gw_err *err)
{
    const struct gw_guest_kind *kind = find_kind(again, err);
    if (kind == NULL)
        return -1;
    if (kind->discard == NULL)
        fail_not_found(again, err);
    else if (kind->discard(again, err) == 0)
        return 0;
    return gw_because(err, "cannot take the guest '%s' away", again);
}

/* --- source ------------------------------------------------------------------------------------------------------ */

int gw_source_describe(struct gw_source *source, struct gw_guest_facts *out, struct gw_err *err)
{
    struct gw_guest_facts facts = { 0 };
    assert(!source->described && !source->gone);
    if (source->ops->describe(source, &facts, err) < 0)
        return -1;
    assert(facts.num_pfns > 0 && facts.num_ram_pfns <= facts.num_pfns);
    assert(facts.live == (facts.live_why_not[0] == '\0'));
    snprintf(facts.kind, sizeof facts.kind, "%s", source->ops->kind);
    source->described = true;
    *out = facts;
    return 0;
}

int gw_source_static_records(struct gw_source *source, gw_emit_fn *emit, void *arg, struct gw_err *err)
{
    assert(source->described && !source->gone);
    return source->ops->static_records(source, emit, arg, err);
}

int gw_source_first_records(struct gw_source *source, gw_emit_fn *emit, void *arg, struct gw_err *err)
{
    assert(source->described && !source->gone);
    return source->ops->first_records != NULL ? source->ops->first_records(source, emit, arg, err) : 0;
}

int gw_source_named(struct gw_source *source, struct gw_bitmap *pfns, struct gw_err *err)
{
    assert(source->described && !source->gone);
    if (source->ops->named != NULL)
        return source->ops->named(source, pfns, err);
    for (uint64_t pfn = 0; pfn < pfns->num; pfn++)
        gw_bitmap_set(pfns, pfn);
    return 0;
}

int gw_source_track(struct gw_source *source, struct gw_err *err)
{
    assert(source->described && !source->tracking && !source->gone);
    if (source->ops->track(source, err) < 0)
        return -1;
    source->tracking = true;
    return 0;
}

int gw_source_collect(struct gw_source *source, struct gw_bitmap *dirty, uint64_t *num, struct gw_err *err)
{
    uint64_t new = 0;
    assert(source->tracking && !source->gone);
    if (source->ops->collect(source, dirty, &new, err) < 0)
        return -1;
    assert(new <= dirty->num);
    *num = new;
    return 0;
}

static bool is_ascending(const uint64_t *pfns, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        if (pfns[i - 1] >= pfns[i])
            return false;
    return true;
}

int gw_source_hold(struct gw_source *source, const uint64_t *pfns, uint32_t count, struct gw_hold *out,
                   struct gw_err *err)
{
    struct gw_hold hold = { 0 };
    assert(source->described && !source->gone);
    assert(count > 0 && count <= GW_HOLD_MAX && is_ascending(pfns, count));
    if (source->ops->hold(source, pfns, count, &hold, err) < 0)
        return -1;
    assert(hold.count == count && hold.num_segs <= count);
    atomic_fetch_add(&source->held, 1);
    *out = hold;
    return 0;
}

void gw_source_drop(struct gw_source *source, struct gw_hold *hold)
{
    assert(hold->count > 0 && atomic_load(&source->held) > 0);
    source->ops->drop(source, hold);
    atomic_fetch_sub(&source->held, 1);
    *hold = (struct gw_hold){ 0 };
}

int gw_source_suspend(struct gw_source *source, struct gw_err *err)
{
    assert(source->described && !source->gone);
    if (source->suspended)
        return 0;
    if (source->ops->suspend(source, err) < 0)
        return -1;
    source->suspended = true;
    return 0;
}

int gw_source_state_records(struct gw_source *source, gw_emit_fn *emit, void *arg, struct gw_err *err)
{
    assert(source->suspended && !source->gone);
    return source->ops->state_records(source, emit, arg, err);
}

int gw_source_resume(struct gw_source *source, struct gw_err *err)
{
    assert(!source->gone);
    if (!source->suspended)
        return 0;
    if (source->ops->resume(source, err) < 0)
        return -1;
    source->suspended = false;
    return 0;
}

int gw_source_throttle(struct gw_source *source, unsigned percent, struct gw_err *err)
{
    assert(source->described && !source->gone && percent >= 1 && percent <= 100);
    if (source->ops->throttle == NULL)
        return gw_fail(err, GW_E_USAGE, "a guest of kind '%s' cannot be slowed down", source->ops->kind);
    return source->ops->throttle(source, percent, err);
}

void gw_source_untrack(struct gw_source *source)
{
    source->ops->untrack(source);
    source->tracking = false;
}

int gw_source_destroy(struct gw_source *source, struct gw_err *err)
{
    assert(source->suspended && !source->gone);
    if (source->ops->destroy(source, err) < 0)
        return -1;
    source->gone = true;
    return 0;
}

const char *gw_source_remains(const struct gw_source *source)
{
    assert(source->gone);
    return source->ops->remains != NULL ? source->ops->remains(source) : "";
}

void gw_source_close(struct gw_source *source)
{
    if (source == NULL)
        return;
    assert(atomic_load(&source->held) == 0);
    source->ops->close(source);
}

/* --- destination ------------------------------------------------------------------------------------------------- */

/* What a slot returned, remembered: behind a failure only close may follow. */
static int done(struct gw_destination *dest, int result)
{
    dest->failed = result < 0;
    return result;
}

int gw_destination_create(struct gw_destination *dest, const struct gw_headers *headers, struct gw_err *err)
{
    assert(dest->state == GW_DEST_FRESH && !dest->failed);
    if (done(dest, dest->ops->create(dest, headers, err)) < 0)
        return -1;
    dest->state = GW_DEST_CREATED;
    return 0;
}

int gw_destination_record(struct gw_destination *dest, uint32_t type, const void *body, uint32_t len,
                          struct gw_err *err)
{
    const struct gw_record_info *info = gw_record_info(type);
    assert((dest->state == GW_DEST_CREATED || dest->state == GW_DEST_STATIC_DONE) && !dest->failed);
    assert(type != GW_REC_PAGE_DATA && (info == NULL || info->kind != GW_KIND_MARKER));
    return done(dest, dest->ops->record(dest, type, body, len, err));
}

int gw_destination_static_done(struct gw_destination *dest, struct gw_err *err)
{
    assert(dest->state == GW_DEST_CREATED && !dest->failed);
    if (done(dest, dest->ops->static_done(dest, err)) < 0)
        return -1;
    dest->state = GW_DEST_STATIC_DONE;
    return 0;
}

int gw_destination_place(struct gw_destination *dest, const uint64_t *entries, uint32_t count, struct gw_seg *segs,
                         unsigned *num, struct gw_err *err)
{
    unsigned room = *num, used = room;
    assert(dest->state == GW_DEST_STATIC_DONE && !dest->failed && count > 0);
    if (done(dest, dest->ops->place(dest, entries, count, segs, &used, err)) < 0)
        return -1;
    assert(used <= room);
    dest->placed++;
    *num = used;
    return 0;
}

int gw_destination_placed(struct gw_destination *dest, const uint64_t *entries, uint32_t count, struct gw_err *err)
{
    assert(dest->state == GW_DEST_STATIC_DONE && !dest->failed && dest->placed > 0);
    dest->placed--;
    return done(dest, dest->ops->placed(dest, entries, count, err));
}

int gw_destination_complete(struct gw_destination *dest, struct gw_err *err)
{
    assert(dest->state == GW_DEST_STATIC_DONE && !dest->failed && dest->placed == 0);
    if (done(dest, dest->ops->complete(dest, err)) < 0)
        return -1;
    dest->state = GW_DEST_COMPLETE;
    return 0;
}

int gw_destination_stay(struct gw_destination *dest, struct gw_err *err)
{
    assert(dest->state == GW_DEST_COMPLETE && !dest->failed);
    return dest->ops->stay != NULL ? done(dest, dest->ops->stay(dest, err)) : 0;
}

int gw_destination_start(struct gw_destination *dest, bool *surely_not_started, struct gw_err *err)
{
    assert(dest->state == GW_DEST_COMPLETE && !dest->failed);
    *surely_not_started = false;
    if (done(dest, dest->ops->start(dest, surely_not_started, err)) < 0)
        return -1;
    assert(!*surely_not_started);
    dest->state = GW_DEST_STARTED;
    return 0;
}

const char *gw_destination_again(const struct gw_destination *dest)
{
    return dest->ops->again != NULL && dest->state != GW_DEST_FRESH ? dest->ops->again(dest) : "";
}

void gw_destination_leave(struct gw_destination *dest)
{
    if (dest == NULL)
        return;
    dest->state = GW_DEST_STARTED; /* what runs is never discarded */
    gw_destination_close(dest);
}

void gw_destination_close(struct gw_destination *dest)
{
    if (dest != NULL)
        dest->ops->close(dest);
}
