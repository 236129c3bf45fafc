/*
 * legacy_emit.c - records of today's format, made of what a walk over a legacy image finds (section 13).
 *
 * Each is numbered and stands where its datum stands in the input. Contents are the next octets of the walk's channel;
 * they pass as they are.
 */
#include <assert.h>
#include <string.h>

#include "legacy.h"

#define CONVERTER_VERSION 1 /* of what is in place of a Xen's number: there never was another */

int legacy_emit_pages(struct legacy_emit *emit, const struct legacy_run *run, struct gw_payload *contents,
                      struct gw_err *err)
{
    struct gw_pages pages = { .frame = { .number = ++emit->num_records,
                                         .offset = run->offset,
                                         .type = GW_REC_PAGE_DATA,
                                         .length = (uint32_t)gw_page_data_len(run->num, run->num_contents) },
                              .count = run->num,
                              .entries = run->entries,
                              .num_contents = run->num_contents,
                              .contents = contents,
                              .contents_at = run->contents_at };
    assert(run->num > 0 && run->num <= LEGACY_BATCH_MOST);
    return gw_sink_pages(emit->sink, &pages, err);
}

/* The entries from first on that follow each other without a page that is left out; *next is behind them. */
static struct legacy_run gather(struct legacy_emit *emit, const struct legacy_batch *batch, uint32_t *next)
{
    struct legacy_run run = { .offset = batch->offset, .entries = emit->entries };
    uint32_t i = *next;
    for (; i < batch->num; i++) {
        uint64_t entry = batch->entries[i];
        bool has_contents = gw_type_has_contents(gw_entry_type(entry));
        if (gw_entry_type(entry) == GW_PAGE_XTAB)
            continue;
        if (emit->unmapped != NULL && emit->unmapped->num > 0 && gw_bitmap_test(emit->unmapped, gw_entry_pfn(entry))) {
            if (has_contents)
                break;
            continue;
        }
        emit->entries[run.num++] = entry;
        run.num_contents += has_contents;
    }
    *next = i;
    return run;
}

static int emit_run(struct legacy_emit *emit, struct legacy_run *run, struct gw_chan *chan, uint64_t base,
                    struct gw_err *err)
{
    struct gw_payload contents;
    if (run->num == 0)
        return 0;
    run->contents_at = base + chan->read_pos;
    gw_payload_open(&contents, chan, (uint64_t)run->num_contents * GW_PAGE_LEN, emit->buffer, (size_t)gw_limit(BUFFER));
    return legacy_emit_pages(emit, run, &contents, err) < 0 ? -1 : gw_payload_settle(&contents, err);
}

int legacy_emit_batch(struct legacy_emit *emit, const struct legacy_walk *walk, const struct legacy_batch *batch,
                      struct gw_err *err)
{
    for (uint32_t next = 0; next < batch->num; next++) {
        struct legacy_run run = gather(emit, batch, &next);
        if (emit_run(emit, &run, walk->chan, walk->base, err) < 0)
            return -1;
        if (next < batch->num && gw_chan_skip(walk->chan, GW_PAGE_LEN, err) < 0) /* the page that is left out */
            return -1;
    }
    return 0;
}

static struct gw_frame frame_of(struct legacy_emit *emit, uint32_t type, uint64_t offset, size_t len)
{
    return (struct gw_frame){ .number = ++emit->num_records, .offset = offset, .type = type, .length = (uint32_t)len };
}

int legacy_emit_record(struct legacy_emit *emit, uint32_t type, uint64_t offset, struct gw_err *err)
{
    if (gw_buf_ok(&emit->body, err) < 0)
        return -1;
    struct gw_record record = { .frame = frame_of(emit, type, offset, emit->body.len), .body = emit->body.mem };
    int rc = gw_sink_record(emit->sink, &record, err);
    emit->body.len = 0;
    return rc < 0 ? gw_err_place(err, offset, emit->num_records) : 0;
}

int legacy_emit_mark(struct legacy_emit *emit, enum gw_mark_kind kind, uint64_t offset, struct gw_err *err)
{
    static const uint32_t types[] = {
        [GW_STATIC_END] = GW_REC_STATIC_DATA_END, [GW_VERIFY] = GW_REC_VERIFY, [GW_END] = GW_REC_END
    };
    struct gw_mark mark = { .kind = kind, .frame = frame_of(emit, types[kind], offset, 0) };
    return gw_sink_mark(emit->sink, &mark, err);
}

static int emit_frames(struct legacy_emit *emit, const struct legacy_head *head, struct gw_err *err)
{
    assert(head->frames.len == 8 * (size_t)head->num_frames);
    gw_p2m_frames_encode(&emit->body, 0, (uint32_t)head->p2m_size - 1, (const uint64_t *)(const void *)head->frames.mem,
                         head->num_frames);
    return legacy_emit_record(emit, GW_REC_X86_PV_P2M_FRAMES, head->offset, err);
}

int legacy_emit_begin(struct legacy_emit *emit, const struct legacy_head *head, struct gw_err *err)
{
    const struct gw_headers headers = {
        .image = { .version = 3 },
        .domain = { .type = head->is_hvm ? GW_DOMAIN_HVM : GW_DOMAIN_PV,
                    .page_shift = 12,
                    .xen_major = 0,
                    .xen_minor = CONVERTER_VERSION },
        .offset = head->offset,
    };
    struct gw_pv_info info = { .width = (uint8_t)head->guest_width, .levels = head->guest_width == 8 ? 4 : 3 };
    if (gw_sink_begin(emit->sink, &headers, err) < 0)
        return -1;
    if (!head->is_hvm) {
        gw_pv_info_encode(&emit->body, &info);
        if (legacy_emit_record(emit, GW_REC_X86_PV_INFO, head->offset, err) < 0)
            return -1;
    }
    if (legacy_emit_mark(emit, GW_STATIC_END, head->offset, err) < 0)
        return -1;
    return head->is_hvm ? 0 : emit_frames(emit, head, err);
}

static int emit_blob(struct legacy_emit *emit, uint32_t type, const struct legacy_vcpu *vcpu, const uint8_t *blob,
                     size_t len, struct gw_err *err)
{
    if (blob == NULL)
        return 0;
    gw_vcpu_encode(&emit->body, vcpu->id, blob, len);
    return legacy_emit_record(emit, type, vcpu->offset, err);
}

int legacy_emit_vcpu(struct legacy_emit *emit, const struct legacy_vcpu *vcpu, struct gw_err *err)
{
    if (emit_blob(emit, GW_REC_X86_PV_VCPU_BASIC, vcpu, vcpu->basic, vcpu->basic_len, err) < 0 ||
        emit_blob(emit, GW_REC_X86_PV_VCPU_EXTENDED, vcpu, vcpu->extended, vcpu->extended_len, err) < 0)
        return -1;
    return emit_blob(emit, GW_REC_X86_PV_VCPU_XSAVE, vcpu, vcpu->xsave, vcpu->xsave_len, err);
}
