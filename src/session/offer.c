/*
 * offer.c - a sink that keeps the static part of an image, as octets: what is offered before anything moves.
 */
#include <assert.h>

#include "session.h"

struct static_part {
    struct gw_sink sink;
    struct gw_buf *image;
    struct gw_chan *chan;
    struct gw_sink *writer;
    bool whole; /* STATIC_DATA_END has passed */
};

static struct static_part *part_of(struct gw_sink *sink)
{
    return (struct static_part *)sink;
}

static int part_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    if (headers->image.version != 3)
        return gw_fail(err, GW_E_REFUSED, "an image of version %u does not say where its static part ends",
                       headers->image.version);
    return gw_sink_begin(part_of(sink)->writer, headers, err);
}

static int part_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    return part_of(sink)->whole ? 0 : gw_sink_record(part_of(sink)->writer, record, err);
}

static int part_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct static_part *part = part_of(sink);
    if (part->whole || mark->kind != GW_STATIC_END)
        return 0;
    part->whole = true;
    return gw_sink_mark(part->writer, mark, err) < 0 ? -1 : gw_buf_ok(part->image, err);
}

static void part_close(struct gw_sink *sink)
{
    struct static_part *part = part_of(sink);
    gw_sink_close(part->writer);
    gw_chan_close(part->chan);
    gw_free(part);
}

static const struct gw_sink_ops part_ops = {
    .name = "static part",
    .takes = GW_TAKES_WATCH,
    .begin = part_begin,
    .record = part_record,
    .mark = part_mark,
    .close = part_close,
};

struct gw_sink *gw_static_part(struct gw_buf *image, struct gw_err *err)
{
    struct static_part *part = gw_alloc(1, sizeof *part, err);
    if (part == NULL)
        return NULL;
    part->sink.ops = &part_ops;
    part->image = image;
    part->chan = gw_chan_memory(NULL, 0, image, err);
    part->writer = part->chan != NULL ? gw_writer(part->chan, err) : NULL;
    if (part->writer != NULL)
        return &part->sink;
    part_close(&part->sink);
    return NULL;
}
