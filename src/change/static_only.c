/*
 * static_only.c - the static part of an image: what a destination is asked by, before anything of a guest is there.
 *
 * It ends where the image ends, or at its first checkpoint, so that whatever is wrong further on is still read.
 */
#include "filter.h"

struct static_only {
    struct filter filter;
    bool begun, static_end, ended, committed;
    struct gw_sparse types; /* octets: 1 and a pfn's last type; 0: never named */
    uint64_t num_memory;
};

static struct static_only *only_of(struct gw_sink *sink)
{
    return (struct static_only *)sink;
}

static int only_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    only_of(sink)->begun = true;
    if (headers->image.version != 3)
        return gw_fail(err, GW_E_REFUSED, "an image of version %u does not say where its static part ends; --format 3",
                       headers->image.version);
    return pass_begin(sink, headers, err);
}

static int only_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    return only_of(sink)->static_end ? 0 : pass_record(sink, record, err);
}

static int only_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct static_only *only = only_of(sink);
    for (uint32_t i = 0; i < pages->count && !only->ended; i++) {
        unsigned type = gw_entry_type(pages->entries[i]);
        uint8_t *last = gw_sparse_at(&only->types, gw_entry_pfn(pages->entries[i]), err);
        if (last == NULL)
            return -1;
        only->num_memory -= *last > 0 && gw_type_populates(*last - 1u);
        only->num_memory += gw_type_populates(type);
        *last = (uint8_t)(1 + type);
    }
    return 0;
}

/* How much memory the guest has is asked of a destination as well, and stands nowhere else. */
static int say_memory(struct static_only *only, const struct gw_frame *next, struct gw_err *err)
{
    struct gw_provenance provenance = { .static_part = true };
    struct gw_buf body = { 0 };
    provenance.num_pfns = only->types.num;
    provenance.num_memory_pfns = only->num_memory;
    struct gw_record record = { .frame = *next };
    int rc = gw_provenance_encode(&body, &provenance, err);
    record.frame.type = GW_REC_PROVENANCE;
    record.frame.length = (uint32_t)body.len;
    record.body = body.mem;
    if (rc == 0)
        rc = pass_record(&only->filter.sink, &record, err);
    gw_buf_free(&body);
    return rc;
}

static int only_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct static_only *only = only_of(sink);
    struct gw_mark end = { .kind = GW_END, .frame = mark->frame };
    end.frame.type = GW_REC_END;
    end.frame.length = 0;
    if (mark->kind == GW_STATIC_END && !only->static_end) {
        only->static_end = true;
        return pass_mark(sink, mark, err);
    }
    if ((mark->kind != GW_END && mark->kind != GW_CHECKPOINT) || only->ended)
        return 0;
    only->ended = true;
    return say_memory(only, &mark->frame, err) < 0 ? -1 : pass_mark(sink, &end, err);
}

static int only_aside(struct gw_sink *sink, const struct gw_aside *aside, struct gw_err *err)
{
    return only_of(sink)->begun ? 0 : pass_aside(sink, aside, err);
}

static int only_commit(struct gw_sink *sink, struct gw_err *err)
{
    struct static_only *only = only_of(sink);
    if (only->committed)
        return 0;
    only->committed = true;
    return pass_commit(sink, err);
}

static void only_close(struct gw_sink *sink)
{
    gw_sparse_free(&only_of(sink)->types);
    gw_free(sink);
}

static const struct gw_sink_ops only_ops = {
    .name = "static only",
    .takes = GW_TAKES_MOVE,
    .begin = only_begin,
    .pages = only_pages,
    .record = only_record,
    .mark = only_mark,
    .aside = only_aside,
    .commit = only_commit,
    .close = only_close,
};

struct gw_sink *gw_static_only(struct gw_sink *next, struct gw_err *err)
{
    struct static_only *only = gw_alloc(1, sizeof *only, err);
    if (only == NULL)
        return NULL;
    gw_sparse_init(&only->types, 1);
    only->filter = (struct filter){ .sink.ops = &only_ops, .next = next };
    return &only->filter.sink;
}
