/*
 * summary.c - a sink that counts: what `godwit info` says of an image besides its verdict.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "report.h"

struct summarizer {
    struct gw_sink sink;
    struct gw_summary *out;
};

static struct gw_summary *of(struct gw_sink *sink)
{
    return ((struct summarizer *)sink)->out;
}

static void count(struct gw_summary *s, const struct gw_frame *frame)
{
    const struct gw_record_info *info = gw_record_info(frame->type);
    assert(gw_num_records < GW_SUMMARY_TYPES);
    struct gw_tally *tally = &s->records[info != NULL ? 1 + (info - gw_records) : GW_SUMMARY_UNKNOWN];
    s->num_records++;
    tally->num++;
    tally->octets += GW_RECORD_HEADER_LEN + (uint64_t)frame->length + gw_pad8(frame->length);
}

static int summary_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    (void)err;
    of(sink)->begun = true;
    of(sink)->headers = *headers;
    return 0;
}

static int summary_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    (void)err;
    count(of(sink), &pages->frame);
    of(sink)->num_entries += pages->count;
    of(sink)->num_contents += pages->num_contents;
    return 0;
}

static int summary_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    struct gw_summary *s = of(sink);
    struct gw_pv_info info;
    struct gw_err ignored = GW_ERR_NONE; /* what is wrong with it is the verifier's to say */
    (void)err;
    count(s, &record->frame);
    if (record->frame.type == GW_REC_X86_PV_INFO &&
        gw_pv_info_decode(gw_cur(record->body, record->frame.length), &info, &ignored) == 0)
        s->pv_width = info.width;
    if (record->frame.type == GW_REC_SAVING_CPU && gw_is_cpu_text(record->body, record->frame.length)) {
        memcpy(s->cpu, record->body, record->frame.length);
        s->cpu[record->frame.length] = '\0';
    }
    return 0;
}

static int summary_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    (void)err;
    if (!mark->inferred)
        count(of(sink), &mark->frame);
    return 0;
}

static int summary_aside(struct gw_sink *sink, const struct gw_aside *aside, struct gw_err *err)
{
    struct gw_summary *s = of(sink);
    (void)err;
    if (aside->state != NULL)
        s->emulator = *aside->state;
    if (aside->config != NULL)
        s->config = *aside->config;
    if ((aside->kind == GW_ASIDE_LIBXL_RECORD && aside->type == GW_LIBXL_EMULATOR) ||
        (aside->kind == GW_ASIDE_XENOPSD_RECORD && aside->type == GW_XENOPSD_QEMU))
        s->emulator_octets = aside->length;
    if (aside->legacy != NULL)
        s->legacy = *aside->legacy;
    if (aside->kind == GW_ASIDE_TRAILING) {
        s->trailing = aside->length;
        s->trailing_more = aside->at_least;
    }
    return 0;
}

static void summary_close(struct gw_sink *sink)
{
    gw_free(sink);
}

static const struct gw_sink_ops summary_ops = {
    .name = "summary",
    .takes = GW_TAKES_WATCH,
    .begin = summary_begin,
    .pages = summary_pages,
    .record = summary_record,
    .mark = summary_mark,
    .aside = summary_aside,
    .close = summary_close,
};

struct gw_sink *gw_summarizer(struct gw_summary *out, struct gw_err *err)
{
    struct summarizer *s = gw_alloc(1, sizeof *s, err);
    if (s == NULL)
        return NULL;
    s->sink.ops = &summary_ops;
    s->out = out;
    return &s->sink;
}

const char *gw_guest_name(const struct gw_summary *summary, const struct gw_verdict *verdict)
{
    if (!summary->begun)
        return "unknown";
    if (summary->headers.domain.type == GW_DOMAIN_HVM)
        return strcmp(summary->config.type, "pvh") == 0 ? "PVH" : "HVM";
    return verdict->pv_width == 8 ? "PV 64-bit" : verdict->pv_width == 4 ? "PV 32-bit" : "PV";
}

static const char *release_of(const struct gw_legacy_facts *legacy)
{
    return legacy->release != NULL ? legacy->release : "4.5 or older";
}

char *gw_legacy_text(char *room, size_t len, const struct gw_legacy_facts *legacy)
{
    char rounds[64] = "";
    if (legacy->rounds > 1)
        snprintf(rounds, sizeof rounds, ", %" PRIu64 " checkpoints", legacy->rounds);
    snprintf(room, len, "saved by Xen %s with a %u-bit toolstack%s", release_of(legacy), 8 * legacy->width, rounds);
    return room;
}

void gw_legacy_json(struct gw_json *json, const struct gw_legacy_facts *legacy)
{
    gw_json_object(json, "legacy");
    gw_json_text(json, "release", release_of(legacy));
    gw_json_number(json, "toolstack_bits", 8 * legacy->width);
    gw_json_number(json, "checkpoints", legacy->rounds);
    gw_json_end(json, '}');
}
