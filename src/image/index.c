/*
 * index.c - a sink that notes each pfn's last type and the place of its last contents.
 */
#include "index.h"

static int note(struct index *index, uint64_t entry, uint64_t place, struct gw_err *err)
{
    uint64_t pfn = gw_entry_pfn(entry);
    if (gw_undo_save(&index->undo, pfn, err) < 0)
        return -1;
    uint64_t *state = gw_sparse_at(&index->pfns, pfn, err);
    if (state == NULL)
        return -1;
    *state = (uint64_t)(gw_entry_type(entry) ^ GW_PAGE_NO_TYPE) << 60;
    if (gw_type_has_contents(gw_entry_type(entry)))
        *state |= place + 1;
    return 0;
}

/* Pages behind VERIFY are a comparison, not a state. */
static int index_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct index *index = (struct index *)sink;
    bool aside = pages->num_contents > 0 && (index->all_aside || pages->contents_at == GW_NO_PLACE);
    uint64_t place = aside ? INDEX_SPOOLED | index->spooled : pages->contents_at;
    if (index->verifying)
        return 0;
    if (aside && index->spool < 0)
        return gw_fail(err, GW_E_SYSTEM, "its contents have to be put aside, and there is no temporary file");
    for (uint32_t i = 0; i < pages->count; i++) {
        if (note(index, pages->entries[i], place, err) < 0)
            return -1;
        place += gw_type_has_contents(gw_entry_type(pages->entries[i])) ? GW_PAGE_LEN : 0;
    }
    if (!aside)
        return 0;
    index->seg =
        (struct gw_seg){ .fd = index->spool, .off = index->spooled, .len = (size_t)pages->num_contents * GW_PAGE_LEN };
    index->spooled += index->seg.len;
    return gw_payload_into(pages->contents, &index->seg, 1, err);
}

static int index_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct index *index = (struct index *)sink;
    (void)err;
    index->verifying = index->verifying || mark->kind == GW_VERIFY;
    index->ended = index->ended || mark->kind == GW_END;
    return 0;
}

static int index_commit(struct gw_sink *sink, struct gw_err *err)
{
    struct index *index = (struct index *)sink;
    (void)err;
    index->commits++;
    gw_undo_commit(&index->undo);
    return 0;
}

static const struct gw_sink_ops index_ops = {
    .name = "index",
    .takes = GW_TAKES_LAND,
    .pages = index_pages,
    .mark = index_mark,
    .commit = index_commit,
};

void index_init(struct index *index, int spool, bool all_aside)
{
    *index = (struct index){ .sink.ops = &index_ops, .spool = spool, .all_aside = all_aside };
    gw_sparse_init(&index->pfns, sizeof(uint64_t));
    gw_undo_init(&index->undo, &index->pfns);
}

void index_settle(struct index *index)
{
    if (index->commits > 0 && !index->ended)
        gw_undo_back(&index->undo);
}

void index_free(struct index *index)
{
    gw_undo_free(&index->undo);
    gw_sparse_free(&index->pfns);
}
