/*
 * inspector.c - a sink that gathers what stands in an image, to be printed when all has passed.
 *
 * Owns: a copy of each record that is state, of each aside (up to gw_limit(INSPECTED) octets together; what comes
 * behind is counted and said), and two octets per pfn. A checkpoint's records stand aside until it is complete.
 */
#include <assert.h>
#include <string.h>

#include "inspector.h"

static struct inspector *of(struct gw_sink *sink)
{
    return (struct inspector *)sink;
}

static struct item *add_item(struct inspector *in, const struct item *want, struct gw_err *err)
{
    void *mem = in->items;
    if (gw_grow(&mem, &in->cap_items, in->num_items + 1, sizeof *want, err) < 0)
        return NULL;
    in->items = mem;
    in->items[in->num_items] = *want;
    return &in->items[in->num_items++];
}

/* The vCPUs' records are many: they are found by number. */
static struct item *vcpu_item(struct inspector *in, const struct item *want, struct gw_err *err)
{
    uint32_t *place = gw_sparse_at(&in->vcpu_items, want->type * gw_limit(VCPUS) + want->vcpu, err);
    if (place == NULL)
        return NULL;
    if (*place > 0)
        return &in->items[*place - 1];
    struct item *item = add_item(in, want, err);
    if (item != NULL)
        *place = (uint32_t)in->num_items;
    return item;
}

/* NULL without an error: it is not followed, and counted. */
static struct item *item_for(struct inspector *in, const struct item *want, struct gw_err *err)
{
    if (want->of == ITEM_RECORD && gw_record_has_vcpu(want->type) && want->vcpu < gw_limit(VCPUS))
        return vcpu_item(in, want, err);
    for (size_t i = 0; i < in->num_others; i++) {
        struct item *item = &in->items[in->others[i]];
        if (item->of == want->of && item->type == want->type && item->vcpu == want->vcpu && item->kind == want->kind &&
            item->name == want->name)
            return item;
    }
    if (in->num_others == MOST_OTHERS) {
        in->unfollowed++;
        return NULL;
    }
    in->others[in->num_others++] = in->num_items;
    return add_item(in, want, err);
}

static void let_go(struct inspector *in, struct held *held)
{
    in->held -= held->body.len;
    gw_buf_free(&held->body);
    *held = (struct held){ 0 };
}

static int hold(struct inspector *in, const struct item *want, const struct gw_frame *frame, const uint8_t *body,
                size_t body_len, uint64_t length, struct gw_err *err)
{
    struct item *item = item_for(in, want, err);
    if (item == NULL)
        return err->code == GW_E_OK ? 0 : -1;
    let_go(in, &item->now);
    item->now = (struct held){ .there = true, .frame = *frame, .length = length };
    item->now.dropped = body == NULL ? length > 0 : body_len > gw_limit(INSPECTED) - in->held;
    if (item->now.dropped || body_len == 0)
        return 0;
    gw_put(&item->now.body, body, body_len);
    in->held += item->now.body.len;
    return gw_buf_ok(&item->now.body, err);
}

static int inspect_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    return gw_sink_begin(of(sink)->summarizer, headers, err);
}

static int inspect_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct inspector *in = of(sink);
    return gw_sink_pages(in->summarizer, pages, err) < 0 ? -1 : note_pages(in, pages, err);
}

static int inspect_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    struct inspector *in = of(sink);
    struct item want = { .of = ITEM_RECORD, .type = record->frame.type };
    if (gw_sink_record(in->summarizer, record, err) < 0)
        return -1;
    if (gw_record_has_vcpu(want.type))
        want.vcpu = (uint32_t)gw_get(gw_cur(record->body, record->frame.length), x86_pv_vcpu_hdr, vcpu_id);
    return hold(in, &want, &record->frame, record->body, record->body != NULL ? record->frame.length : 0,
                record->frame.length, err);
}

static int inspect_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct inspector *in = of(sink);
    if (mark->kind == GW_VERIFY)
        in->verifying = true;
    if (mark->kind == GW_VERIFY || mark->kind == GW_CHECKPOINT)
        end_pass(in);
    in->ended = in->ended || mark->kind == GW_END;
    return gw_sink_mark(in->summarizer, mark, err);
}

static int inspect_aside(struct gw_sink *sink, const struct gw_aside *aside, struct gw_err *err)
{
    struct inspector *in = of(sink);
    struct item want = { .of = ITEM_ASIDE, .kind = aside->kind, .type = aside->type };
    struct gw_frame frame = { .offset = aside->offset };
    if (aside->kind == GW_ASIDE_LAYER)
        want.name = aside->name;
    if (gw_sink_aside(in->summarizer, aside, err) < 0)
        return -1;
    return hold(in, &want, &frame, aside->body, aside->body_len, aside->length, err);
}

static int inspect_commit(struct gw_sink *sink, struct gw_err *err)
{
    struct inspector *in = of(sink);
    (void)err;
    for (size_t i = 0; i < in->num_items; i++) {
        struct item *item = &in->items[i];
        if (!item->now.there)
            continue;
        let_go(in, &item->kept);
        item->kept = item->now;
        item->now = (struct held){ 0 };
    }
    in->commits++;
    gw_undo_commit(&in->undo);
    return 0;
}

static void inspect_close(struct gw_sink *sink)
{
    struct inspector *in = of(sink);
    for (size_t i = 0; i < in->num_items; i++) {
        gw_buf_free(&in->items[i].now.body);
        gw_buf_free(&in->items[i].kept.body);
    }
    gw_buf_free(&in->start_info.body);
    gw_sink_close(in->summarizer);
    gw_undo_free(&in->undo);
    gw_sparse_free(&in->pfns);
    gw_sparse_free(&in->vcpu_items);
    gw_free(in->passes);
    gw_free(in->items);
    gw_free(in);
}

static const struct gw_sink_ops inspect_ops = {
    .name = "inspect",
    .takes = GW_TAKES_WATCH,
    .begin = inspect_begin,
    .pages = inspect_pages,
    .record = inspect_record,
    .mark = inspect_mark,
    .aside = inspect_aside,
    .commit = inspect_commit,
    .close = inspect_close,
};

struct gw_sink *gw_inspector(const struct gw_inspect_opts *opts, struct gw_err *err)
{
    struct inspector *in = gw_alloc(1, sizeof *in, err);
    if (in == NULL)
        return NULL;
    in->sink.ops = &inspect_ops;
    in->opts = *opts;
    in->summarizer = gw_summarizer(&in->summary, err);
    if (in->summarizer == NULL) {
        gw_free(in);
        return NULL;
    }
    gw_sparse_init(&in->pfns, sizeof(uint16_t));
    gw_sparse_init(&in->vcpu_items, sizeof(uint32_t));
    gw_undo_init(&in->undo, &in->pfns);
    return &in->sink;
}

void gw_inspector_finish(struct gw_sink *inspector)
{
    struct inspector *in = of(inspector);
    end_pass(in);
    if (in->commits > 0 && !in->ended)
        gw_undo_back(&in->undo);
}

const struct held *item_state(const struct inspector *in, const struct item *item)
{
    bool is_state = item->of == ITEM_RECORD || item->kind == GW_ASIDE_LIBXL_RECORD;
    const struct held *held = &item->now;
    if (in->commits > 0 && (is_state || item->kept.there))
        held = &item->kept;
    return held->there ? held : NULL;
}

static const char *xenopsd_name(uint32_t type)
{
    switch (type) {
#define X(name, value, text)                                                                                           \
    case value: return "xenopsd " text;
        GW_XENOPSD_KINDS(X)
#undef X
    default: return "xenopsd record of another kind";
    }
}

const char *aside_name(const struct item *item)
{
    static const char *const libxl[GW_NUM_LIBXL_TYPES] = {
        [GW_LIBXL_END] = "libxl END",
        [GW_LIBXL_CONTEXT] = "libxl LIBXC_CONTEXT",
        [GW_LIBXL_XENSTORE] = "libxl EMULATOR_XENSTORE_DATA",
        [GW_LIBXL_EMULATOR] = "libxl EMULATOR_CONTEXT",
        [GW_LIBXL_CKPT_END] = "libxl CHECKPOINT_END",
        [GW_LIBXL_CKPT_STATE] = "libxl CHECKPOINT_STATE",
    };
    static const char *const names[] = {
        [GW_ASIDE_XL_HEADER] = "xl header",
        [GW_ASIDE_XL_CONFIG] = "xl configuration",
        [GW_ASIDE_XL_MORE] = "xl optional data",
        [GW_ASIDE_LIBXL_HEADER] = "libxl header",
        [GW_ASIDE_LIBXL_RECORD] = "libxl record of an unknown type",
        [GW_ASIDE_LIBVIRT_HEADER] = "libvirt header",
        [GW_ASIDE_LIBVIRT_XML] = "libvirt XML",
        [GW_ASIDE_XEND_CONFIG] = "xend configuration",
        [GW_ASIDE_LAYER] = "layer",
        [GW_ASIDE_UNPACK] = "packed file did not end well",
        [GW_ASIDE_LEGACY] = "legacy image",
        [GW_ASIDE_LEGACY_ODD] = "odd in a legacy image",
        [GW_ASIDE_TRAILING] = "octets behind the end",
    };
    if (item->kind == GW_ASIDE_LIBXL_RECORD && item->type < GW_NUM_LIBXL_TYPES)
        return libxl[item->type];
    if (item->kind == GW_ASIDE_XENOPSD_RECORD)
        return xenopsd_name(item->type);
    return names[item->kind];
}

struct gw_view inspector_view(const struct inspector *in)
{
    struct gw_view view = { 0 };
    for (size_t i = 0; i < in->num_items; i++) {
        const struct held *held = item_state(in, &in->items[i]);
        if (in->items[i].of != ITEM_RECORD || held == NULL)
            continue;
        if (in->items[i].type == GW_REC_X86_PV_INFO)
            view.width = (unsigned)gw_get(gw_buf_cur(&held->body), x86_pv_info, guest_width);
        if (in->items[i].type == GW_REC_X86_CPUID_POLICY)
            view.cpuid = gw_buf_cur(&held->body);
    }
    return view;
}

const struct gw_summary *gw_inspector_summary(struct gw_sink *inspector)
{
    return &of(inspector)->summary;
}

bool gw_inspector_record(struct gw_sink *inspector, uint32_t type, struct gw_cur *body)
{
    const struct inspector *in = of(inspector);
    for (size_t i = 0; i < in->num_others; i++) {
        const struct item *item = &in->items[in->others[i]];
        const struct held *held = item_state(in, item);
        if (item->of != ITEM_RECORD || item->type != type || held == NULL || held->dropped)
            continue;
        *body = gw_buf_cur(&held->body);
        return true;
    }
    return false;
}
