/*
 * picker.c - a sink that keeps the last contents of one pfn, and tells where it was named.
 */
#include <string.h>

#include "report.h"

struct picker {
    struct gw_sink sink;
    struct gw_picked *out;
    uint64_t begin; /* of ours in the contents that pass */
    bool verifying;
    struct gw_picked kept; /* as of the last commit */
    bool committed, ended;
};

static int watch(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    struct picker *p = arg;
    (void)err;
    if (p->begin >= at && p->begin - at < len)
        memcpy(p->out->page, mem + (p->begin - at), GW_PAGE_LEN);
    return 0;
}

static int pick_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct picker *p = (struct picker *)sink;
    uint64_t at = 0;
    bool ours = false;
    if (p->verifying)
        return 0;
    for (uint32_t i = 0; i < pages->count; i++) {
        unsigned type = gw_entry_type(pages->entries[i]);
        bool contents = gw_type_has_contents(type);
        if (gw_entry_pfn(pages->entries[i]) == p->out->pfn) {
            p->out->times++;
            p->out->type = type;
            p->out->record = pages->frame.number;
            p->out->has_contents = contents;
            p->begin = at;
            p->out->offset = pages->contents_at + at;
            ours = contents;
        }
        at += contents ? GW_PAGE_LEN : 0;
    }
    return ours ? gw_payload_watch(pages->contents, watch, p, err) : 0;
}

static int pick_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct picker *p = (struct picker *)sink;
    (void)err;
    p->verifying = p->verifying || mark->kind == GW_VERIFY;
    p->ended = p->ended || mark->kind == GW_END;
    return 0;
}

static int pick_commit(struct gw_sink *sink, struct gw_err *err)
{
    struct picker *p = (struct picker *)sink;
    (void)err;
    p->kept = *p->out;
    p->committed = true;
    return 0;
}

/* A checkpoint that was cut is no state. */
static void pick_close(struct gw_sink *sink)
{
    struct picker *p = (struct picker *)sink;
    if (p->committed && !p->ended)
        *p->out = p->kept;
    gw_free(p);
}

static const struct gw_sink_ops pick_ops = {
    .name = "pick",
    .takes = GW_TAKES_WATCH,
    .pages = pick_pages,
    .mark = pick_mark,
    .commit = pick_commit,
    .close = pick_close,
};

struct gw_sink *gw_picker(struct gw_picked *out, struct gw_err *err)
{
    struct picker *p = gw_alloc(1, sizeof *p, err);
    if (p == NULL)
        return NULL;
    p->sink.ops = &pick_ops;
    p->out = out;
    return &p->sink;
}
