/*
 * tables_again.c - a further reading of the same image, which looks at page tables and start_info and skips the rest.
 *
 * The first reading learnt how every pfn ends. Where no pfn came twice, each table's contents are the last ones;
 * else a reading of the entries alone learns which contents of a table are the last, and the next one looks at them.
 * Owns: 16 octets for each table where that has to be learnt, at most GW_LIMIT TABLES of them; one record's bitmap.
 */
#include <assert.h>

#include "verifier.h"

struct again {
    struct gw_sink sink;
    struct verifier *v;
    bool learning, verifying;
    uint64_t index;          /* of the next page of contents in the image */
    struct gw_pages now;     /* the record whose contents pass */
    struct gw_bitmap wanted; /* its pages that are looked at */
    uint32_t next_entry;     /* whose contents is next_page, or which has none */
    uint64_t next_page;
};

/* The last contents of each that is looked for, by pfn. */
struct table_place {
    uint64_t pfn, last;
};

/* NULL: it is none that is looked for. */
static struct table_place *find_place(const struct table_state *t, uint64_t pfn)
{
    size_t low = 0, high = t->num_places;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->places[middle].pfn == pfn)
            return &t->places[middle];
        if (t->places[middle].pfn < pfn)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static int list_places(struct verifier *v, struct gw_err *err)
{
    struct table_state *t = &v->tables;
    uint64_t at = 0;
    t->places = gw_alloc((size_t)t->num, sizeof *t->places, err);
    if (t->places == NULL)
        return -1;
    for (; gw_sparse_leaf(&v->memory.pages, &at) != NULL; at += GW_SPARSE_LEAF)
        for (uint64_t pfn = at; pfn < at + GW_SPARSE_LEAF; pfn++)
            if (is_looked_for(v, pfn) && t->num_places < t->num)
                t->places[t->num_places++] = (struct table_place){ pfn, UINT64_MAX };
    return 0;
}

/* The contents of that number in the image: are they to be looked at? */
static bool wants(struct again *a, uint64_t entry, uint64_t index)
{
    struct table_state *t = &a->v->tables;
    uint64_t pfn = gw_entry_pfn(entry);
    bool maybe = gw_type_table_level(gw_entry_type(entry)) > 0 || (t->has_start_info && pfn == t->start_info);
    if (!maybe || index >= t->last || !is_looked_for(a->v, pfn))
        return false;
    struct table_place *place = t->places != NULL ? find_place(t, pfn) : NULL;
    if (a->learning && place != NULL)
        place->last = index;
    return !a->learning && (t->places == NULL || (place != NULL && place->last == index));
}

static int again_page(struct again *a, uint64_t page, const uint8_t *mem)
{
    const struct gw_pages *now = &a->now;
    while (!gw_type_has_contents(gw_entry_type(now->entries[a->next_entry])) || a->next_page < page) {
        a->next_page += gw_type_has_contents(gw_entry_type(now->entries[a->next_entry]));
        a->next_entry++;
        assert(a->next_entry < now->count);
    }
    struct place at = place_of(&now->frame);
    judge_looked_for(a->v, gw_entry_pfn(now->entries[a->next_entry]), &at, mem);
    return 0;
}

static int again_watch(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    struct again *a = arg;
    (void)err;
    for (size_t i = 0; i < len; i += GW_PAGE_LEN)
        if (again_page(a, (at + i) / GW_PAGE_LEN, mem + i) < 0)
            return -1;
    return 0;
}

static int again_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct again *a = (struct again *)sink;
    uint64_t first = a->index;
    if (a->verifying)
        return 0;
    gw_bitmap_free(&a->wanted);
    for (uint32_t i = 0; i < pages->count; i++) {
        if (!gw_type_has_contents(gw_entry_type(pages->entries[i])))
            continue;
        uint64_t index = a->index++;
        if (!wants(a, pages->entries[i], index))
            continue;
        if (a->wanted.words == NULL && gw_bitmap_init(&a->wanted, pages->num_contents, err) < 0)
            return -1;
        gw_bitmap_set(&a->wanted, index - first);
    }
    if (a->wanted.words == NULL)
        return 0;
    a->now = *pages;
    a->next_entry = 0;
    a->next_page = 0;
    return gw_payload_watch_pages(pages->contents, &a->wanted, again_watch, a, err);
}

/* What stands behind VERIFY is compared, and is nobody's contents. */
static int again_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct again *a = (struct again *)sink;
    (void)err;
    a->verifying = a->verifying || mark->kind == GW_VERIFY;
    return 0;
}

static void again_close(struct gw_sink *sink)
{
    struct again *a = (struct again *)sink;
    gw_bitmap_free(&a->wanted);
    gw_free(a);
}

static const struct gw_sink_ops again_ops = {
    .name = "tables",
    .takes = GW_TAKES_WATCH,
    .pages = again_pages,
    .mark = again_mark,
    .close = again_close,
};

struct gw_sink *gw_verify_again(struct gw_sink *verifier, struct gw_err *err)
{
    struct verifier *v = (struct verifier *)verifier;
    struct again *a = gw_alloc(1, sizeof *a, err);
    assert(v->finished && v->verdict.wants_tables);
    if (a == NULL)
        return NULL;
    a->sink.ops = &again_ops;
    a->v = v;
    a->learning = !v->memory.first_pass && v->tables.places == NULL;
    if (a->learning && list_places(v, err) < 0) {
        gw_free(a);
        return NULL;
    }
    if (!a->learning)
        begin_tables(v);
    return &a->sink;
}

const struct gw_verdict *gw_verify_again_finish(struct gw_sink *sink)
{
    struct again *a = (struct again *)sink;
    struct verifier *v = a->v;
    if (a->learning)
        return &v->verdict;
    end_tables(v);
    v->verdict.wants_tables = false;
    if (v->tables.looked != v->tables.num)
        tell_unread(v);
    return &v->verdict;
}
