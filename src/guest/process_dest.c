/*
 * process_dest.c - a destination that becomes a process: contents land in its memfd, its state in its registers.
 *
 * The guest's process exists from create on and stands still; discarding it, or the death of godwit before start or
 * stay, ends it. Memory grows with what is placed, up to GW_PROCESS_PAGES_MAX pages. Contents are written into it as
 * into a file: a fault for each fresh page of a mapping costs more than what is copied.
 * Tests: tests/unit/guest_move.c, guest_life.c.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "link.h"
#include "process_state.h"

struct process_dest {
    struct gw_destination dest;
    struct link link;
    struct gw_process_state state;
    uint64_t check, wait, life;
    struct gw_bitmap there;        /* pfns that are pages */
    uint64_t num_there, num_pages; /* the highest that ever was, and one */
    bool has_context;
    char again[64];
};

static struct process_dest *dest_of(struct gw_destination *dest)
{
    return (struct process_dest *)dest;
}

static int dest_create(struct gw_destination *dest, const struct gw_headers *headers, struct gw_err *err)
{
    struct process_dest *d = dest_of(dest);
    if (headers->domain.type != GW_DOMAIN_HVM)
        return gw_fail(err, GW_E_REFUSED, "a PV guest cannot run as a process");
    if (gw_bitmap_init(&d->there, GW_PROCESS_PAGES_MAX, err) < 0 || link_spawn(&d->link, err) < 0)
        return -1;
    link_again(&d->link, d->again, sizeof d->again);
    return 0;
}

static int dest_record(struct gw_destination *dest, uint32_t type, const void *body, uint32_t len, struct gw_err *err)
{
    struct process_dest *d = dest_of(dest);
    char room[32];
    switch (type) {
    case GW_REC_X86_CPUID_POLICY:
    case GW_REC_X86_MSR_POLICY: return pvh_static_check(type, body, len, err);
    case GW_REC_HVM_CONTEXT: d->has_context = true; /* fall through */
    case GW_REC_X86_TSC_INFO:
    case GW_REC_HVM_PARAMS: return gw_process_state_take(&d->state, type, body, len, err);
    default: break;
    }
    if (type & GW_REC_OPTIONAL)
        return 0;
    return gw_fail(err, GW_E_REFUSED, "a guest that is a process has no use for %s",
                   gw_record_name(type, room, sizeof room));
}

/* Policies were looked at as they came: nothing is left to refuse. */
static int dest_static_done(struct gw_destination *dest, struct gw_err *err)
{
    (void)dest;
    (void)err;
    return 0;
}

/* --- memory ------------------------------------------------------------------------------------------------------ */

static int grow(struct process_dest *d, const uint64_t *entries, uint32_t count, struct gw_err *err)
{
    uint64_t num_pages = d->num_pages;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t pfn = gw_entry_pfn(entries[i]);
        if (pfn >= GW_PROCESS_PAGES_MAX)
            return gw_fail(err, GW_E_REFUSED, "pfn 0x%llx lies behind the 64 GiB that a process can have",
                           (unsigned long long)pfn);
        if (gw_type_populates(gw_entry_type(entries[i])))
            num_pages = gw_max(num_pages, pfn + 1);
    }
    if (num_pages > d->num_pages && ftruncate(d->link.fd[LINK_MEMORY], (off_t)(num_pages * GW_PAGE_LEN)) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot have %llu pages of memory", (unsigned long long)num_pages);
    d->num_pages = num_pages;
    return 0;
}

/* The pfn's page, if it has one, is given back: what is read there is zero. */
static int take_away(struct process_dest *d, uint64_t pfn, struct gw_err *err)
{
    if (!gw_bitmap_test(&d->there, pfn))
        return 0;
    if (fallocate(d->link.fd[LINK_MEMORY], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(pfn * GW_PAGE_LEN),
                  GW_PAGE_LEN) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot take page 0x%llx away", (unsigned long long)pfn);
    gw_bitmap_clear(&d->there, pfn);
    d->num_there--;
    return 0;
}

static int place_one(struct process_dest *d, uint64_t entry, struct gw_seg *segs, unsigned *num, unsigned room,
                     struct gw_err *err)
{
    uint64_t pfn = gw_entry_pfn(entry), off = pfn * GW_PAGE_LEN;
    struct gw_seg page = { .fd = d->link.fd[LINK_MEMORY], .off = off, .len = GW_PAGE_LEN };
    unsigned type = gw_entry_type(entry);
    if (!gw_type_has_contents(type) && take_away(d, pfn, err) < 0)
        return -1;
    if (gw_type_populates(type) && !gw_bitmap_test(&d->there, pfn)) {
        gw_bitmap_set(&d->there, pfn);
        d->num_there++;
    }
    if (!gw_type_has_contents(type) || gw_segs_add(segs, num, room, &page))
        return 0;
    return gw_fail(err, GW_E_USAGE, "%u segments are too few for these pages", room);
}

static int dest_place(struct gw_destination *dest, const uint64_t *entries, uint32_t count, struct gw_seg *segs,
                      unsigned *num, struct gw_err *err)
{
    struct process_dest *d = dest_of(dest);
    unsigned room = *num;
    if (grow(d, entries, count, err) < 0)
        return -1;
    *num = 0;
    for (uint32_t i = 0; i < count; i++)
        if (place_one(d, entries[i], segs, num, room, err) < 0)
            return -1;
    return 0;
}

/* No page tables, no mappings of its own: nothing to do. */
static int dest_placed(struct gw_destination *dest, const uint64_t *entries, uint32_t count, struct gw_err *err)
{
    (void)dest;
    (void)entries;
    (void)count;
    (void)err;
    return 0;
}

/* --- start ------------------------------------------------------------------------------------------------------- */

/* The registers name as many pages as came. */
static int check_whole(const struct process_dest *d, struct gw_err *err)
{
    if (!d->has_context)
        return gw_fail(err, GW_E_REFUSED, "no HVM_CONTEXT came: the guest has no registers");
    if (d->num_there == d->state.num_pages && d->num_pages == d->state.num_pages)
        return 0;
    return gw_fail(err, GW_E_REFUSED, "%llu pages came, the highest 0x%llx; the guest has %llu from 0 on",
                   (unsigned long long)d->num_there, (unsigned long long)(d->num_pages > 0 ? d->num_pages - 1 : 0),
                   (unsigned long long)d->state.num_pages);
}

static int dest_complete(struct gw_destination *dest, struct gw_err *err)
{
    struct process_dest *d = dest_of(dest);
    uint64_t bad_pfn;
    if (check_whole(d, err) < 0)
        return -1;
    if (d->check && gw_process_check(&d->state, d->link.fd[LINK_MEMORY], &bad_pfn, err) < 0)
        return gw_because(err, "the memory that came is not the guest's");
    d->state.incarnation++;
    return link_load(&d->link, &d->state, false, err);
}

static int dest_stay(struct gw_destination *dest, struct gw_err *err)
{
    return link_stay(&dest_of(dest)->link, err);
}

static int dest_start(struct gw_destination *dest, bool *surely_not_started, struct gw_err *err)
{
    if (link_go(&dest_of(dest)->link, err) == 0)
        return 0;
    *surely_not_started = true;
    return -1;
}

static const char *dest_again(const struct gw_destination *dest)
{
    return ((const struct process_dest *)dest)->again;
}

static void dest_close(struct gw_destination *dest)
{
    struct process_dest *d = dest_of(dest);
    struct gw_err none = GW_ERR_NONE;
    if (d->link.process >= 0 && dest->state != GW_DEST_STARTED)
        link_end(&d->link, &none);
    link_close(&d->link);
    gw_bitmap_free(&d->there);
    gw_free(d);
}

static const struct gw_destination_ops dest_ops = {
    .kind = "process",
    .create = dest_create,
    .record = dest_record,
    .static_done = dest_static_done,
    .place = dest_place,
    .placed = dest_placed,
    .complete = dest_complete,
    .stay = dest_stay,
    .start = dest_start,
    .again = dest_again,
    .close = dest_close,
};

static const struct gw_spec_key keys[] = {
    { "check", "0 or 1", offsetof(struct process_dest, check), 0, 1, NULL, NULL, false },
    { "wait", "milliseconds from 1 to 600000", offsetof(struct process_dest, wait), 1, 600000, NULL, NULL, false },
    { "life", "seconds up to 1000000", offsetof(struct process_dest, life), 0, 1000000, NULL, NULL, false },
    { 0 },
};

struct gw_destination *gw_process_destination(const char *name, struct gw_err *err)
{
    uint32_t given;
    struct process_dest *d = gw_alloc(1, sizeof *d, err);
    if (d == NULL)
        return NULL;
    d->dest.ops = &dest_ops;
    link_init(&d->link);
    d->wait = d->link.wait_ms;
    if (gw_spec_read(name, keys, d, &given, err) == 0) {
        d->link.wait_ms = d->wait;
        d->link.life_s = d->life;
        return &d->dest;
    }
    dest_close(&d->dest);
    return NULL;
}

int gw_process_destination_pid(const struct gw_destination *dest)
{
    assert(dest->ops == &dest_ops && dest->state != GW_DEST_FRESH);
    return (int)((const struct process_dest *)dest)->link.pid;
}
