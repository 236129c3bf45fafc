/*
 * maker.c - a sink that notes where each pfn was named last, and makes the octets of a saved index of that.
 */
#include <string.h>

#include "saved_form.h"

struct named {
    uint64_t state;         /* entry's type xor GW_PAGE_NO_TYPE in bits 60 to 63, place of the contents and one below */
    uint32_t record, times; /* record: place in records */
};

struct maker {
    struct gw_sink sink;
    struct gw_sparse pfns; /* struct named */
    struct gw_undo undo;
    struct saved_record *records;
    size_t num_records, cap_records;
    uint64_t commits;
    bool verifying, ended, elsewhere;
};

static int note_record(struct maker *m, const struct gw_frame *frame, struct gw_err *err)
{
    void *mem = m->records;
    if (m->num_records >= UINT32_MAX)
        return gw_fail(err, GW_E_REFUSED, "the image has too many records for an index");
    if (gw_grow(&mem, &m->cap_records, m->num_records + 1, sizeof *m->records, err) < 0)
        return -1;
    m->records = mem;
    m->records[m->num_records++] = (struct saved_record){ frame->offset, frame->number };
    return 0;
}

static int make_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct maker *m = (struct maker *)sink;
    uint64_t place = pages->contents_at;
    if (m->verifying || m->elsewhere)
        return 0;
    /* an image of today: contents stand behind the entries, in the record; else nothing could be proven */
    m->elsewhere =
        place != pages->frame.offset + GW_RECORD_HEADER_LEN + gw_page_data_len(pages->count, 0) && pages->count > 0;
    if (m->elsewhere || note_record(m, &pages->frame, err) < 0)
        return m->elsewhere ? 0 : -1;
    for (uint32_t i = 0; i < pages->count; i++) {
        uint64_t pfn = gw_entry_pfn(pages->entries[i]);
        unsigned type = gw_entry_type(pages->entries[i]);
        bool contents = gw_type_has_contents(type);
        if (gw_undo_save(&m->undo, pfn, err) < 0)
            return -1;
        struct named *named = gw_sparse_at(&m->pfns, pfn, err);
        if (named == NULL)
            return -1;
        named->state = (uint64_t)(type ^ GW_PAGE_NO_TYPE) << 60 | (contents ? place + 1 : 0);
        named->record = (uint32_t)(m->num_records - 1);
        named->times += named->times < UINT32_MAX;
        place += contents ? GW_PAGE_LEN : 0;
    }
    return 0;
}

static int make_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct maker *m = (struct maker *)sink;
    (void)err;
    m->verifying = m->verifying || mark->kind == GW_VERIFY;
    m->ended = m->ended || mark->kind == GW_END;
    return 0;
}

static int make_commit(struct gw_sink *sink, struct gw_err *err)
{
    struct maker *m = (struct maker *)sink;
    (void)err;
    m->commits++;
    gw_undo_commit(&m->undo);
    return 0;
}

static void make_close(struct gw_sink *sink)
{
    struct maker *m = (struct maker *)sink;
    gw_undo_free(&m->undo);
    gw_sparse_free(&m->pfns);
    gw_free(m->records);
    gw_free(m);
}

static const struct gw_sink_ops make_ops = {
    .name = "saved index",
    .takes = GW_TAKES_WATCH,
    .pages = make_pages,
    .mark = make_mark,
    .commit = make_commit,
    .close = make_close,
};

struct gw_sink *gw_saved_maker(struct gw_err *err)
{
    struct maker *m = gw_alloc(1, sizeof *m, err);
    if (m == NULL)
        return NULL;
    m->sink.ops = &make_ops;
    gw_sparse_init(&m->pfns, sizeof(struct named));
    gw_undo_init(&m->undo, &m->pfns);
    return &m->sink;
}

bool gw_saved_commits(const struct gw_sink *maker)
{
    return ((const struct maker *)maker)->commits > 0;
}

static struct saved_run run_of(const struct named *named, uint64_t pfn)
{
    uint64_t place = named->state & PLACE_MASK;
    return (struct saved_run){ .entry = gw_entry(pfn, (unsigned)(named->state >> 60) ^ GW_PAGE_NO_TYPE),
                               .place = place > 0 ? place - 1 : NO_PLACE,
                               .record = named->record,
                               .times = named->times,
                               .num = 1 };
}

static bool joins(const struct saved_run *run, const struct saved_run *next)
{
    uint64_t place = run->place == NO_PLACE ? NO_PLACE : run->place + (uint64_t)run->num * GW_PAGE_LEN;
    return gw_entry_pfn(run->entry) + run->num == gw_entry_pfn(next->entry) && run->num < UINT32_MAX &&
           gw_entry_type(run->entry) == gw_entry_type(next->entry) && run->record == next->record &&
           run->times == next->times && place == next->place;
}

static uint32_t put_runs(struct maker *m, struct gw_buf *out)
{
    struct saved_run run = { .num = 0 };
    const struct named *leaf;
    uint32_t num = 0;
    for (uint64_t at = 0; (leaf = gw_sparse_leaf(&m->pfns, &at)) != NULL; at += GW_SPARSE_LEAF)
        for (unsigned i = 0; i < GW_SPARSE_LEAF; i++) {
            struct saved_run next = run_of(&leaf[i], at + i);
            if (leaf[i].state == 0)
                continue;
            if (run.num > 0 && joins(&run, &next)) {
                run.num++;
                continue;
            }
            if (run.num > 0)
                saved_put_run(out, &run);
            run = next;
            num++;
        }
    if (run.num > 0)
        saved_put_run(out, &run);
    return num;
}

int gw_saved_make(struct gw_sink *maker, const struct gw_image_print *print, struct gw_buf *out, struct gw_err *err)
{
    struct maker *m = (struct maker *)maker;
    struct gw_buf runs = { 0 };
    if (m->elsewhere)
        return gw_fail(err, GW_E_REFUSED, "an image of this form has no index that could be proven; convert it first");
    if (m->commits == 0)
        return gw_fail(err, GW_E_INVALID, "the image is not complete");
    if (!m->ended)
        gw_undo_back(&m->undo);
    struct saved_head head = { *print, (uint32_t)m->num_records, put_runs(m, &runs) };
    saved_put_head(out, &head);
    for (size_t i = 0; i < m->num_records; i++)
        saved_put_record(out, &m->records[i]);
    gw_put(out, runs.mem, runs.len);
    out->bad = out->bad || runs.bad;
    gw_buf_free(&runs);
    if (!out->bad && out->len + 8 > gw_limit(SAVED_INDEX))
        return gw_fail(err, GW_E_REFUSED,
                       "the index would have %zu octets, and is read up to %llu: squash the image first", out->len,
                       (unsigned long long)gw_limit(SAVED_INDEX));
    if (gw_buf_ok(out, err) < 0)
        return -1;
    gw_put_u64(out, gw_check(out->mem, out->len));
    return gw_buf_ok(out, err);
}
