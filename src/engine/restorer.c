/*
 * restorer.c - a sink through which a guest comes to be. Contents land where the back end says; nothing starts here.
 *
 * Pages behind VERIFY are a comparison, which the verifier beside this sink makes: they do not land. A checkpointed
 * image would have to be replayed checkpoint by checkpoint; that is refused by name. The order of calls is the
 * destination's contract, and the input is a stranger's: what would break it is refused here, whoever else judges.
 */
#include <assert.h>

#include "engine.h"

struct restorer {
    struct gw_sink sink;
    struct gw_destination *dest;
    struct gw_seg *segs; /* room for one record's contents */
    size_t cap_segs;
    bool verifying;
};

static int restorer_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    return gw_destination_create(((struct restorer *)sink)->dest, headers, err);
}

static int want_static_done(const struct restorer *r, const char *what, struct gw_err *err)
{
    if (r->dest->state == GW_DEST_STATIC_DONE)
        return 0;
    return gw_refuse(err, "sde-missing", "%s comes, and no STATIC_DATA_END was seen", what);
}

static int restorer_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct restorer *r = (struct restorer *)sink;
    void *mem = r->segs;
    unsigned num = pages->num_contents;
    if (r->verifying)
        return 0;
    if (want_static_done(r, "PAGE_DATA", err) < 0)
        return -1;
    if (gw_grow(&mem, &r->cap_segs, num + 1, sizeof r->segs[0], err) < 0)
        return -1;
    r->segs = mem;
    if (gw_destination_place(r->dest, pages->entries, pages->count, r->segs, &num, err) < 0)
        return -1;
    if (pages->num_contents > 0 && gw_payload_into(pages->contents, r->segs, num, err) < 0)
        return -1;
    return gw_destination_placed(r->dest, pages->entries, pages->count, err);
}

static int restorer_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    struct restorer *r = (struct restorer *)sink;
    if (record->frame.type & GW_REC_OPTIONAL)
        return 0;                /* a receiver skips it; what it is, the verifier says */
    if (record->payload != NULL) /* only a record of an unknown type passes unkept, and no guest has a use for one */
        return gw_refuse(err, "rec-kept-limit", "a record of unknown type 0x%x has %u octets", record->frame.type,
                         record->frame.length);
    assert(record->body != NULL);
    return gw_destination_record(r->dest, record->frame.type, record->body, record->frame.length, err);
}

static int restorer_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct restorer *r = (struct restorer *)sink;
    if (mark->kind == GW_STATIC_END && r->dest->state != GW_DEST_CREATED)
        return gw_refuse(err, "sde-duplicate", "a second STATIC_DATA_END");
    if (mark->kind == GW_STATIC_END)
        return gw_destination_static_done(r->dest, err);
    if (mark->kind == GW_END)
        return want_static_done(r, "END", err);
    if (mark->kind == GW_CHECKPOINT)
        return gw_fail(err, GW_E_REFUSED, "a checkpointed image is not restored by this godwit");
    r->verifying = r->verifying || mark->kind == GW_VERIFY;
    return 0;
}

static void restorer_close(struct gw_sink *sink)
{
    struct restorer *r = (struct restorer *)sink;
    gw_free(r->segs);
    gw_free(r);
}

static const struct gw_sink_ops restorer_ops = {
    .name = "restorer",
    .takes = GW_TAKES_LAND,
    .begin = restorer_begin,
    .pages = restorer_pages,
    .record = restorer_record,
    .mark = restorer_mark,
    .close = restorer_close,
};

struct gw_sink *gw_restorer(struct gw_destination *dest, struct gw_err *err)
{
    struct restorer *r = gw_alloc(1, sizeof *r, err);
    if (r == NULL)
        return NULL;
    r->sink.ops = &restorer_ops;
    r->dest = dest;
    return &r->sink;
}
