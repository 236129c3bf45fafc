/*
 * writer.c - the image into a channel. Contents are moved on by the payload; only heads pass through the buffer here.
 */
#include <assert.h>

#include "xenf.h"

struct writer {
    struct gw_sink sink;
    struct gw_chan *to;
    struct gw_buf head;
};

static int flush(struct writer *w, struct gw_err *err)
{
    if (gw_buf_ok(&w->head, err) < 0 || gw_chan_write(w->to, w->head.mem, w->head.len, err) < 0)
        return -1;
    w->head.len = 0;
    return 0;
}

static bool writes_version(uint32_t version)
{
    for (unsigned i = 0; i < gw_num_versions; i++)
        if (gw_versions[i].version == version)
            return gw_versions[i].writes;
    return false;
}

static int writer_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    struct writer *w = (struct writer *)sink;
    struct gw_image_header image = { .version = headers->image.version };
    struct gw_domain_header domain = headers->domain;
    domain.res1 = 0;
    if (!writes_version(image.version))
        return gw_fail(err, GW_E_USAGE, "version %u of the image is not written", image.version);
    gw_image_header_encode(&w->head, &image);
    gw_domain_header_encode(&w->head, &domain);
    return flush(w, err);
}

static int writer_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct writer *w = (struct writer *)sink;
    uint64_t len = gw_page_data_len(pages->count, pages->num_contents);
    if (pages->count == 0)
        return gw_fail(err, GW_E_USAGE, "PAGE_DATA without an entry is not written");
    if (len > gw_limit(RECORD_LENGTH))
        return gw_fail(err, GW_E_USAGE, "PAGE_DATA of %u entries would be longer than Xen reads", pages->count);
    gw_record_header_encode(&w->head, GW_REC_PAGE_DATA, (uint32_t)len);
    gw_page_head_encode(&w->head, pages->entries, pages->count);
    if (flush(w, err) < 0)
        return -1;
    return gw_payload_to(pages->contents, w->to, err);
}

static int writer_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    struct writer *w = (struct writer *)sink;
    const struct gw_frame *frame = &record->frame;
    const struct gw_record_info *info = gw_record_info(frame->type);
    bool may_be_empty = info == NULL || frame->type == GW_REC_CHECKPOINT_DIRTY_PFN_LIST;
    if (!may_be_empty && (frame->length == 0 || frame->length == info->empty))
        return gw_fail(err, GW_E_USAGE, "%s without content is not written", info->name);
    if (info != NULL && !gw_record_size_right(info, frame->length))
        return gw_fail(err, GW_E_USAGE, "%s of %u octets is not written", info->name, frame->length);
    assert(record->payload != NULL || record->body != NULL);
    gw_record_header_encode(&w->head, frame->type, frame->length);
    if (record->payload != NULL) {
        if (flush(w, err) < 0 || gw_payload_to(record->payload, w->to, err) < 0)
            return -1;
    } else {
        gw_put(&w->head, record->body, frame->length);
    }
    gw_put_zeros(&w->head, gw_pad8(frame->length));
    return flush(w, err);
}

static int writer_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    static const uint32_t types[] = {
        [GW_STATIC_END] = GW_REC_STATIC_DATA_END,
        [GW_VERIFY] = GW_REC_VERIFY,
        [GW_CHECKPOINT] = GW_REC_CHECKPOINT,
        [GW_END] = GW_REC_END,
    };
    struct writer *w = (struct writer *)sink;
    assert(mark->kind != GW_MARK_NONE);
    if (mark->inferred)
        return 0;
    gw_record_header_encode(&w->head, types[mark->kind], 0);
    return flush(w, err);
}

static void writer_close(struct gw_sink *sink)
{
    struct writer *w = (struct writer *)sink;
    gw_buf_free(&w->head);
    gw_free(w);
}

static const struct gw_sink_ops writer_ops = {
    .name = "writer",
    .takes = GW_TAKES_MOVE,
    .begin = writer_begin,
    .pages = writer_pages,
    .record = writer_record,
    .mark = writer_mark,
    .close = writer_close,
};

struct gw_sink *gw_writer(struct gw_chan *to, struct gw_err *err)
{
    struct writer *w = gw_alloc(1, sizeof *w, err);
    if (w == NULL)
        return NULL;
    assert(to != NULL);
    w->sink.ops = &writer_ops;
    w->to = to;
    return &w->sink;
}
