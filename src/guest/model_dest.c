/*
 * model_dest.c - a destination that keeps everything in memory, and fails on order.
 *
 * Owns: pages by pfn, each at an address that stays; every record, in order.
 * Tests: tests/unit/guest_model.c.
 */
#include <assert.h>
#include <string.h>

#include "script.h"

struct model_dest {
    struct gw_destination dest;
    struct script script;
    uint64_t sure;
    struct gw_sparse pages; /* contents */
    struct gw_sparse types; /* an octet each: 1 + type; 0: never named */
    struct gw_buf records;
};

static struct model_dest *dest_of(struct gw_destination *dest)
{
    return (struct model_dest *)dest;
}

static int dest_create(struct gw_destination *dest, const struct gw_headers *headers, struct gw_err *err)
{
    assert(headers->domain.type != 0);
    return script_call(&dest_of(dest)->script, SLOT_create, err);
}

static int dest_record(struct gw_destination *dest, uint32_t type, const void *body, uint32_t len, struct gw_err *err)
{
    struct model_dest *d = dest_of(dest);
    char room[32];
    if (script_call(&d->script, SLOT_record, err) < 0)
        return -1;
    if (gw_record_info(type) == NULL && !(type & GW_REC_OPTIONAL))
        return gw_fail(err, GW_E_REFUSED, "the model does not know %s", gw_record_name(type, room, sizeof room));
    gw_put_u32(&d->records, type);
    gw_put_u32(&d->records, len);
    gw_put(&d->records, body, len);
    return gw_buf_ok(&d->records, err);
}

static int dest_static_done(struct gw_destination *dest, struct gw_err *err)
{
    return script_call(&dest_of(dest)->script, SLOT_static_done, err);
}

/* One entry of place. */
static int place_one(struct model_dest *d, uint64_t entry, struct gw_seg *segs, unsigned *num, unsigned room,
                     struct gw_err *err)
{
    uint64_t pfn = gw_entry_pfn(entry);
    uint8_t *type = gw_sparse_at(&d->types, pfn, err);
    uint8_t *page = gw_sparse_at(&d->pages, pfn, err);
    if (type == NULL || page == NULL)
        return -1;
    *type = (uint8_t)(gw_entry_type(entry) + 1);
    if (!gw_type_has_contents(gw_entry_type(entry))) {
        memset(page, 0, GW_PAGE_LEN);
        return 0;
    }
    struct gw_seg seg = { .mem = page, .fd = -1, .len = GW_PAGE_LEN };
    if (!gw_segs_add(segs, num, room, &seg))
        return gw_fail(err, GW_E_USAGE, "%u segments are too few for these pages", room);
    return 0;
}

static int dest_place(struct gw_destination *dest, const uint64_t *entries, uint32_t count, struct gw_seg *segs,
                      unsigned *num, struct gw_err *err)
{
    struct model_dest *d = dest_of(dest);
    unsigned room = *num;
    if (script_call(&d->script, SLOT_place, err) < 0)
        return -1;
    *num = 0;
    for (uint32_t i = 0; i < count; i++)
        if (place_one(d, entries[i], segs, num, room, err) < 0)
            return -1;
    return 0;
}

static int dest_placed(struct gw_destination *dest, const uint64_t *entries, uint32_t count, struct gw_err *err)
{
    (void)entries;
    (void)count;
    return script_call(&dest_of(dest)->script, SLOT_placed, err);
}

static int dest_complete(struct gw_destination *dest, struct gw_err *err)
{
    return script_call(&dest_of(dest)->script, SLOT_complete, err);
}

/* Nothing outlives godwit here, and nothing finds a model again: all that can be had is the failure on order. */
static int dest_stay(struct gw_destination *dest, struct gw_err *err)
{
    return script_call(&dest_of(dest)->script, SLOT_stay, err);
}

static int dest_start(struct gw_destination *dest, bool *surely_not_started, struct gw_err *err)
{
    struct model_dest *d = dest_of(dest);
    if (script_call(&d->script, SLOT_start, err) == 0)
        return 0;
    *surely_not_started = d->sure != 0;
    return -1;
}

static void dest_close(struct gw_destination *dest)
{
    struct model_dest *d = dest_of(dest);
    script_free(&d->script);
    gw_sparse_free(&d->pages);
    gw_sparse_free(&d->types);
    gw_buf_free(&d->records);
    gw_free(d);
}

static const struct gw_destination_ops dest_ops = {
    .kind = "model",
    .create = dest_create,
    .record = dest_record,
    .static_done = dest_static_done,
    .place = dest_place,
    .placed = dest_placed,
    .complete = dest_complete,
    .stay = dest_stay,
    .start = dest_start,
    .close = dest_close,
};

static bool take_fail(void *options, const char *text)
{
    struct model_dest *d = options;
    return script_order(&d->script, text);
}

static const struct gw_spec_key keys[] = {
    { "sure", "0 or 1", offsetof(struct model_dest, sure), 0, 1, NULL, NULL, false },
    { "fail", "SLOT:N, a slot of a destination and the number of its call", 0, 0, 0, NULL, take_fail, false },
    { 0 },
};

struct gw_destination *gw_model_destination(const char *name, struct gw_err *err)
{
    uint32_t given;
    struct model_dest *d = gw_alloc(1, sizeof *d, err);
    if (d == NULL)
        return NULL;
    d->dest.ops = &dest_ops;
    d->sure = 1;
    script_init(&d->script, SLOT_create, SLOT_start);
    gw_sparse_init(&d->pages, GW_PAGE_LEN);
    gw_sparse_init(&d->types, 1);
    if (gw_spec_read(name, keys, d, &given, err) == 0)
        return &d->dest;
    dest_close(&d->dest);
    return NULL;
}

/* --- for tests --------------------------------------------------------------------------------------------------- */

const char *gw_model_destination_log(struct gw_destination *dest)
{
    assert(dest->ops == &dest_ops);
    return script_log(&dest_of(dest)->script);
}

bool gw_model_destination_page(const struct gw_destination *dest, uint64_t pfn, uint64_t *entry, const uint8_t **page)
{
    const struct model_dest *d = (const struct model_dest *)dest;
    assert(dest->ops == &dest_ops);
    const uint8_t *type = gw_sparse_find(&d->types, pfn);
    if (type == NULL || *type == 0)
        return false;
    *entry = gw_entry(pfn, *type - 1u);
    *page = gw_type_has_contents(*type - 1u) ? gw_sparse_find(&d->pages, pfn) : NULL;
    return true;
}

bool gw_model_same(const struct gw_source *source, const struct gw_destination *dest, uint64_t *bad_pfn)
{
    const struct model_dest *d = (const struct model_dest *)dest;
    uint64_t pages = gw_model_source_pages(source);
    for (uint64_t pfn = 0; pfn < gw_max(pages, d->types.num); pfn++) {
        const uint8_t *want = NULL, *is = NULL;
        uint64_t wanted = pfn < pages ? gw_model_source_page(source, pfn, &want) : UINT64_MAX, entry = UINT64_MAX;
        bool named = gw_model_destination_page(dest, pfn, &entry, &is);
        bool same = named ? entry == wanted : want == NULL; /* a hole need not be named */
        if (!same || (want != NULL && memcmp(want, is, GW_PAGE_LEN) != 0)) {
            *bad_pfn = pfn;
            return false;
        }
    }
    return true;
}

struct gw_cur gw_model_records(const struct gw_destination *dest)
{
    assert(dest->ops == &dest_ops);
    return gw_buf_cur(&((const struct model_dest *)dest)->records);
}
