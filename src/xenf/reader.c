/*
 * reader.c - an image from a channel, record by record, into a sink.
 *
 * Owns: one body of at most GW_LIMIT KEPT_BODY octets, one record's entries, one buffer for watched contents.
 * Keeps: the number of records; the channel keeps the offset. Judges only what must be right for reading to go on.
 * Never: allocates by a length from the stream before the octets are there, calls a sink again after it failed, reads
 * beyond END.
 * Format: sections 2 to 6, 11, 12.3. Threads: one reader, one thread. Tests: tests/unit/reader.c, tests/fuzz/reader.c.
 */
#include <assert.h>

#include "xenf.h"

struct gw_reader {
    struct gw_chan *from;
    uint64_t max_pfn;
    struct gw_headers headers;
    bool begun, static_end, ended;
    uint64_t num_records, num_checkpoints;
    bool late_pad;         /* padding of the record before, which passed as a payload, was not zero */
    bool resumes;          /* the last record was a CHECKPOINT: the input may end here */
    struct gw_buf body;    /* of the record at hand */
    struct gw_buf entries; /* of the PAGE_DATA at hand */
    uint8_t *buffer;       /* for payloads */
};

struct gw_reader *gw_reader_new(struct gw_chan *from, uint64_t max_pfn, struct gw_err *err)
{
    struct gw_reader *r = gw_alloc(1, sizeof *r, err);
    if (r == NULL)
        return NULL;
    assert(from != NULL && max_pfn > 0 && max_pfn <= GW_PFN_MASK + 1);
    r->from = from;
    r->max_pfn = max_pfn;
    r->buffer = gw_alloc((size_t)gw_limit(BUFFER), 1, err);
    if (r->buffer == NULL) {
        gw_free(r);
        return NULL;
    }
    return r;
}

void gw_reader_free(struct gw_reader *r)
{
    if (r == NULL)
        return;
    gw_buf_free(&r->body);
    gw_buf_free(&r->entries);
    gw_free(r->buffer);
    gw_free(r);
}

void gw_reader_freep(struct gw_reader **reader)
{
    gw_reader_free(*reader);
}

const struct gw_headers *gw_reader_headers(const struct gw_reader *r)
{
    return r->begun ? &r->headers : NULL;
}

/* A record whose octets ran out: said in the record's terms, whichever part of it was being read. */
static int cut(const struct gw_reader *r, const struct gw_frame *frame, struct gw_err *err)
{
    char room[32];
    if (!gw_err_is_cut(err))
        return -1;
    assert(r->from->read_pos >= frame->offset + GW_RECORD_HEADER_LEN);
    uint64_t there = r->from->read_pos - frame->offset - GW_RECORD_HEADER_LEN;
    *err = GW_ERR_NONE;
    return gw_ends(err, "rec-truncated-body", "the input ends inside %s: %llu of %u octets are there",
                   gw_record_name(frame->type, room, sizeof room), (unsigned long long)there,
                   frame->length + gw_pad8(frame->length));
}

static int read_padding(struct gw_reader *r, struct gw_frame *frame, struct gw_err *err)
{
    uint8_t pad[8];
    unsigned len = gw_pad8(frame->length);
    if (len > 0 && gw_chan_read(r->from, pad, len, NULL, err) < 0)
        return cut(r, frame, err);
    frame->pad_nonzero = !gw_is_zero(pad, len);
    return 0;
}

static int read_headers(struct gw_reader *r, struct gw_err *err)
{
    uint8_t octets[GW_IMAGE_HEADER_LEN];
    size_t got;
    r->headers.offset = r->from->read_pos;
    if (gw_chan_read(r->from, octets, GW_IMAGE_HEADER_LEN, &got, err) < 0 && gw_err_is_cut(err))
        *err = GW_ERR_NONE; /* the codec says it better */
    if (err->code != GW_E_OK || gw_image_header_decode(gw_cur(octets, got), &r->headers.image, err) < 0)
        return gw_err_place(err, r->headers.offset, 0);
    if (gw_chan_read(r->from, octets, GW_DOMAIN_HEADER_LEN, &got, err) < 0 && gw_err_is_cut(err))
        *err = GW_ERR_NONE;
    if (err->code != GW_E_OK || gw_domain_header_decode(gw_cur(octets, got), &r->headers.domain, err) < 0)
        return gw_err_place(err, r->headers.offset + GW_IMAGE_HEADER_LEN, 0);
    r->begun = true;
    return 0;
}

/* *ended: the input ended where a record would begin. */
static int read_frame(struct gw_reader *r, struct gw_frame *frame, bool *ended, struct gw_err *err)
{
    uint8_t octets[GW_RECORD_HEADER_LEN];
    size_t got;
    *frame =
        (struct gw_frame){ .number = r->num_records + 1, .offset = r->from->read_pos, .late_pad_nonzero = r->late_pad };
    r->late_pad = false;
    *ended = false;
    if (gw_chan_read(r->from, octets, sizeof octets, &got, err) < 0) {
        if (!gw_err_is_cut(err))
            return -1;
        *err = GW_ERR_NONE;
        if (got > 0)
            return gw_ends(err, "rec-truncated-header",
                           "the input ends inside a record header: %zu of 8 octets are there", got);
        *ended = true;
        return 0;
    }
    struct gw_cur cur = gw_cur(octets, sizeof octets);
    frame->type = gw_u32(&cur);
    frame->length = gw_u32(&cur);
    if (frame->type == UINT32_MAX && frame->length == UINT32_MAX && r->num_checkpoints > 0)
        return gw_refuse(err, "carrier-no-newheader",
                         "an image header stands behind a CHECKPOINT, where records go on");
    if (frame->length > gw_limit(RECORD_LENGTH))
        return gw_refuse(err, "rec-length-limit", "the record claims %u octets; Xen's bound is %llu", frame->length,
                         (unsigned long long)gw_limit(RECORD_LENGTH));
    return 0;
}

/* Section 12.3: version 2 has no STATIC_DATA_END; its place is before P2M_FRAMES or the first PAGE_DATA. */
static int infer_static_end(struct gw_reader *r, const struct gw_frame *frame, struct gw_sink *sink, struct gw_err *err)
{
    struct gw_mark mark = { .kind = GW_STATIC_END, .inferred = true, .frame = *frame };
    if (r->static_end || r->headers.image.version != 2)
        return 0;
    r->static_end = true;
    return gw_sink_mark(sink, &mark, err);
}

static int read_entries(struct gw_reader *r, struct gw_pages *pages, struct gw_err *err)
{
    uint8_t head[8];
    size_t want = (size_t)gw_min(pages->frame.length, sizeof head), got;
    if (gw_chan_read(r->from, head, want, &got, err) < 0)
        return -1;
    if (gw_page_head_decode(gw_cur(head, got), pages->frame.length, &pages->count, &pages->reserved, err) < 0)
        return -1;
    r->entries.len = 0;
    if (gw_chan_fill(r->from, &r->entries, 8 * (uint64_t)pages->count, err) < 0)
        return -1;
    assert(r->entries.len == 8 * (size_t)pages->count);
    uint64_t *entries = (uint64_t *)(void *)r->entries.mem; /* from the heap: aligned */
    pages->entries = entries;
    if (gw_entries_decode(entries, pages->count, r->max_pfn, &pages->num_contents, err) < 0)
        return -1;
    uint64_t len = gw_page_data_len(pages->count, pages->num_contents);
    if (len != pages->frame.length)
        return gw_refuse(err, "page-length",
                         "PAGE_DATA of %u entries, %u with contents, needs %llu octets, its body has %u", pages->count,
                         pages->num_contents, (unsigned long long)len, pages->frame.length);
    return 0;
}

static int read_pages(struct gw_reader *r, struct gw_frame *frame, struct gw_sink *sink, struct gw_err *err)
{
    struct gw_payload contents;
    struct gw_pages pages = { .frame = *frame, .contents = &contents };
    if (infer_static_end(r, frame, sink, err) < 0)
        return -1;
    if (read_entries(r, &pages, err) < 0)
        return cut(r, frame, err);
    pages.contents_at = r->from->read_pos;
    gw_payload_open(&contents, r->from, (uint64_t)pages.num_contents * GW_PAGE_LEN, r->buffer,
                    (size_t)gw_limit(BUFFER));
    if (gw_sink_pages(sink, &pages, err) < 0 || gw_payload_settle(&contents, err) < 0)
        return cut(r, frame, err);
    return 0;
}

/* A long body of a type that we do not know passes by; nothing else of that length is legal. */
static int pass_record(struct gw_reader *r, struct gw_frame *frame, struct gw_sink *sink, struct gw_err *err)
{
    struct gw_payload payload;
    struct gw_record record = { .frame = *frame, .payload = &payload };
    char room[32];
    if (gw_record_info(frame->type) != NULL)
        return gw_refuse(err, "rec-kept-limit", "%s of %u octets is longer than godwit keeps (%llu)",
                         gw_record_name(frame->type, room, sizeof room), frame->length,
                         (unsigned long long)gw_limit(KEPT_BODY));
    gw_payload_open(&payload, r->from, frame->length, r->buffer, (size_t)gw_limit(BUFFER));
    if (gw_sink_record(sink, &record, err) < 0 || gw_payload_settle(&payload, err) < 0)
        return cut(r, frame, err);
    if (read_padding(r, frame, err) < 0)
        return -1;
    r->late_pad = frame->pad_nonzero; /* the sink has seen the record already: the next one brings it */
    return 0;
}

static enum gw_mark_kind mark_of(uint32_t type)
{
    switch (type) {
    case GW_REC_END: return GW_END;
    case GW_REC_VERIFY: return GW_VERIFY;
    case GW_REC_CHECKPOINT: return GW_CHECKPOINT;
    case GW_REC_STATIC_DATA_END: return GW_STATIC_END;
    default: return GW_MARK_NONE;
    }
}

static int say_mark(struct gw_reader *r, enum gw_mark_kind kind, const struct gw_frame *frame, struct gw_sink *sink,
                    struct gw_err *err)
{
    assert(kind != GW_MARK_NONE && r->body.len == frame->length);
    struct gw_mark mark = { .kind = kind, .frame = *frame, .body = frame->length > 0 ? r->body.mem : NULL };
    r->static_end = r->static_end || kind == GW_STATIC_END;
    r->num_checkpoints += kind == GW_CHECKPOINT;
    return gw_sink_mark(sink, &mark, err);
}

static int read_record(struct gw_reader *r, struct gw_frame *frame, struct gw_sink *sink, struct gw_err *err)
{
    enum gw_mark_kind kind = mark_of(frame->type);
    if (frame->length > gw_limit(KEPT_BODY))
        return pass_record(r, frame, sink, err);
    r->body.len = 0;
    if (gw_chan_fill(r->from, &r->body, frame->length, err) < 0)
        return cut(r, frame, err);
    if (read_padding(r, frame, err) < 0)
        return -1;
    if (kind != GW_MARK_NONE)
        return say_mark(r, kind, frame, sink, err);
    if (frame->type == GW_REC_X86_PV_P2M_FRAMES && infer_static_end(r, frame, sink, err) < 0)
        return -1;
    struct gw_record record = { .frame = *frame, .body = frame->length > 0 ? r->body.mem : r->buffer };
    return gw_sink_record(sink, &record, err);
}

static int one_record(struct gw_reader *r, struct gw_sink *sink, enum gw_mark_kind *kind, bool *ended,
                      struct gw_err *err)
{
    struct gw_frame frame;
    int rc = read_frame(r, &frame, ended, err);
    if (rc == 0 && !*ended) {
        r->num_records++;
        *kind = mark_of(frame.type);
        r->resumes = *kind == GW_CHECKPOINT;
        rc = frame.type == GW_REC_PAGE_DATA ? read_pages(r, &frame, sink, err) : read_record(r, &frame, sink, err);
    }
    return rc < 0 ? gw_err_place(err, frame.offset, frame.number) : 0;
}

/* Where the next record would begin. */
static int place_next(const struct gw_reader *r, struct gw_err *err)
{
    return gw_err_place(err, r->from->read_pos, r->num_records + 1);
}

int gw_reader_run(struct gw_reader *r, struct gw_sink *sink, enum gw_mark_kind *stopped_at, struct gw_err *err)
{
    enum gw_mark_kind kind = GW_MARK_NONE;
    bool ended = false;
    assert(!r->ended);
    if (!r->begun && (read_headers(r, err) < 0 || gw_sink_begin(sink, &r->headers, err) < 0))
        return -1;
    while (kind != GW_END && kind != GW_CHECKPOINT && !ended)
        if (one_record(r, sink, &kind, &ended, err) < 0)
            return -1;
    if (ended && !r->resumes)
        return gw_ends(err, "rec-end-missing", "the input ends before an END record"), place_next(r, err);
    r->ended = ended || kind == GW_END;
    *stopped_at = ended ? GW_MARK_NONE : kind;
    return 0;
}

int gw_reader_static(struct gw_reader *r, struct gw_sink *sink, struct gw_err *err)
{
    enum gw_mark_kind kind = GW_MARK_NONE;
    bool ended = false;
    assert(!r->begun && !r->ended);
    if (read_headers(r, err) < 0)
        return -1;
    if (r->headers.image.version == 2) {
        gw_fail(err, GW_E_REFUSED, "the image has version 2, where nothing says that the static data end");
        return gw_err_place(err, r->headers.offset, 0);
    }
    if (gw_sink_begin(sink, &r->headers, err) < 0)
        return -1;
    while (kind != GW_STATIC_END && kind != GW_END && kind != GW_CHECKPOINT && !ended)
        if (one_record(r, sink, &kind, &ended, err) < 0)
            return -1;
    if (ended)
        return gw_ends(err, "sde-missing", "the input ends before STATIC_DATA_END"), place_next(r, err);
    if (kind != GW_STATIC_END)
        return gw_refuse(err, "sde-missing", "the image stops, and no STATIC_DATA_END was seen"), place_next(r, err);
    return 0;
}
