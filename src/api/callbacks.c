/*
 * callbacks.c - a sink that is the program's own callbacks: what the producer says, as views.
 */
#include <assert.h>

#include "api.h"

struct callbacks {
    struct gw_sink sink;
    struct godwit_sink_callbacks to;
    void *arg;
    struct godwit_error heard;
    struct gw_pages now; /* the record whose contents pass */
    uint32_t next_entry;
};

#define SAME(public, own) _Static_assert((int)(public) == (int)(own), #public " is promised to programs")
SAME(GODWIT_MARK_STATIC_END, GW_STATIC_END);
SAME(GODWIT_MARK_VERIFY, GW_VERIFY);
SAME(GODWIT_MARK_CHECKPOINT, GW_CHECKPOINT);
SAME(GODWIT_MARK_END, GW_END);

/* Calls a callback, if there is one: 0 or -1. */
#define TELL(c, slot, ...)                                                                                             \
    ((c)->to.slot == NULL                                                                                              \
         ? 0                                                                                                           \
         : api_answered((c)->to.slot((c)->arg, __VA_ARGS__, &(c)->heard), 0, &(c)->heard, #slot, err))

static int callbacks_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    struct callbacks *c = (struct callbacks *)sink;
    struct godwit_headers view = {
        .size = sizeof view,
        .offset = headers->offset,
        .version = headers->image.version,
        .domain_type = headers->domain.type,
        .page_shift = headers->domain.page_shift,
        .xen_major = headers->domain.xen_major,
        .xen_minor = headers->domain.xen_minor,
    };
    return TELL(c, begin, &view);
}

static int tell_page(struct callbacks *c, const uint8_t *contents, struct gw_err *err)
{
    while (!gw_type_has_contents(gw_entry_type(c->now.entries[c->next_entry])))
        c->next_entry++;
    uint64_t entry = c->now.entries[c->next_entry++];
    assert(c->next_entry <= c->now.count);
    struct godwit_page view = {
        .size = sizeof view,
        .number = c->now.frame.number,
        .pfn = gw_entry_pfn(entry),
        .type = gw_entry_type(entry),
        .contents = contents,
    };
    return TELL(c, page, &view);
}

static int watch(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    (void)at;
    for (size_t i = 0; i < len; i += GW_PAGE_LEN)
        if (tell_page(arg, mem + i, err) < 0)
            return -1;
    return 0;
}

/* *wants: the contents are to be shown. */
static int tell_pages(struct callbacks *c, const struct gw_pages *pages, bool *wants, struct gw_err *err)
{
    struct godwit_pages view = {
        .size = sizeof view,
        .number = pages->frame.number,
        .offset = pages->frame.offset,
        .count = pages->count,
        .num_contents = pages->num_contents,
        .entries = pages->entries,
    };
    *wants = c->to.page != NULL;
    if (c->to.pages == NULL)
        return 0;
    int answer = c->to.pages(c->arg, &view, &c->heard);
    *wants = answer == GODWIT_WANT_CONTENTS;
    if (*wants && c->to.page == NULL)
        return gw_fail(err, GW_E_USAGE,
                       "the program's callback 'pages' wants contents, and there is no callback 'page'");
    return api_answered(answer, GODWIT_WANT_CONTENTS, &c->heard, "pages", err);
}

static int callbacks_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct callbacks *c = (struct callbacks *)sink;
    bool wants;
    if (tell_pages(c, pages, &wants, err) < 0)
        return -1;
    if (!wants || pages->num_contents == 0)
        return 0;
    c->now = *pages;
    c->next_entry = 0;
    return gw_payload_watch(pages->contents, watch, c, err);
}

static int callbacks_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    struct callbacks *c = (struct callbacks *)sink;
    struct godwit_record view = {
        .size = sizeof view,
        .number = record->frame.number,
        .offset = record->frame.offset,
        .type = record->frame.type,
        .length = record->frame.length,
        .body = record->body,
    };
    return TELL(c, record, &view);
}

static int callbacks_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct callbacks *c = (struct callbacks *)sink;
    struct godwit_mark view = {
        .size = sizeof view,
        .number = mark->frame.number,
        .offset = mark->frame.offset,
        .kind = (enum godwit_mark_kind)mark->kind,
        .inferred = mark->inferred,
    };
    return TELL(c, mark, &view);
}

/* A switch, so that a new kind does not compile before it has its number in include/godwit/sink.h. */
static enum godwit_aside_kind aside_kind(enum gw_aside_kind kind)
{
    switch (kind) {
    case GW_ASIDE_LAYER: return GODWIT_ASIDE_LAYER;
    case GW_ASIDE_XL_HEADER: return GODWIT_ASIDE_XL_HEADER;
    case GW_ASIDE_XL_CONFIG: return GODWIT_ASIDE_XL_CONFIG;
    case GW_ASIDE_XL_MORE: return GODWIT_ASIDE_XL_MORE;
    case GW_ASIDE_LIBXL_HEADER: return GODWIT_ASIDE_LIBXL_HEADER;
    case GW_ASIDE_LIBXL_RECORD: return GODWIT_ASIDE_LIBXL_RECORD;
    case GW_ASIDE_UNPACK: return GODWIT_ASIDE_UNPACK;
    case GW_ASIDE_TRAILING: return GODWIT_ASIDE_TRAILING;
    case GW_ASIDE_LIBVIRT_HEADER: return GODWIT_ASIDE_LIBVIRT_HEADER;
    case GW_ASIDE_LIBVIRT_XML: return GODWIT_ASIDE_LIBVIRT_XML;
    case GW_ASIDE_XENOPSD_RECORD: return GODWIT_ASIDE_XENOPSD_RECORD;
    case GW_ASIDE_XEND_CONFIG: return GODWIT_ASIDE_XEND_CONFIG;
    case GW_ASIDE_LEGACY: return GODWIT_ASIDE_LEGACY;
    case GW_ASIDE_LEGACY_ODD: return GODWIT_ASIDE_LEGACY_ODD;
    }
    return GODWIT_ASIDE_OTHER;
}

static int callbacks_aside(struct gw_sink *sink, const struct gw_aside *aside, struct gw_err *err)
{
    struct callbacks *c = (struct callbacks *)sink;
    struct godwit_aside view = {
        .size = sizeof view,
        .offset = aside->offset,
        .kind = aside_kind(aside->kind),
        .type = aside->type,
        .text = aside->name,
        .body = aside->body,
        .body_length = aside->body_len,
        .length = aside->length,
    };
    return TELL(c, aside, &view);
}

static int callbacks_commit(struct gw_sink *sink, struct gw_err *err)
{
    struct callbacks *c = (struct callbacks *)sink;
    int answer = c->to.commit != NULL ? c->to.commit(c->arg, &c->heard) : 0;
    return api_answered(answer, 0, &c->heard, "commit", err);
}

static void callbacks_close(struct gw_sink *sink)
{
    struct callbacks *c = (struct callbacks *)sink;
    if (c->to.close != NULL)
        c->to.close(c->arg);
    gw_free(c);
}

static const struct gw_sink_ops callbacks_ops = {
    .name = "program",
    .takes = GW_TAKES_WATCH,
    .begin = callbacks_begin,
    .pages = callbacks_pages,
    .record = callbacks_record,
    .mark = callbacks_mark,
    .aside = callbacks_aside,
    .commit = callbacks_commit,
    .close = callbacks_close,
};

static const struct api_kind callbacks_kind = { .name = "sink of callbacks" };

struct godwit_sink *godwit_sink_new(const struct godwit_sink_callbacks *callbacks, void *arg, struct godwit_error *err)
{
    struct gw_err *own = API_ERR(err);
    struct godwit_sink_callbacks to;
    if (api_order(&to, sizeof to, callbacks, own) < 0)
        return NULL; /* nobody knows what is in it */
    struct callbacks *c = gw_alloc(1, sizeof *c, own);
    if (c == NULL) {
        if (to.close != NULL)
            to.close(arg);
        return NULL;
    }
    c->sink.ops = &callbacks_ops;
    c->to = to;
    c->arg = arg;
    c->heard.err = GW_ERR_NONE;
    return api_sink(sizeof(struct godwit_sink), &callbacks_kind, &c->sink, own);
}
