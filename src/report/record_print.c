/*
 * record_print.c - one record, whichever it is: its frame, what stands in it, its octets on request.
 */
#include <inttypes.h>

#include "listing.h"

struct printer {
    struct gw_sink sink;
    FILE *out;
    bool json;
    const struct gw_inspect_view *view;
    struct gw_one_record *one;
    struct gw_view known; /* what earlier records said */
    struct gw_buf cpuid;
    struct gw_frame frame; /* of the record that is printed */
};

static bool is_ours(struct printer *p, const struct gw_frame *frame)
{
    p->one->highest = gw_max(p->one->highest, frame->number);
    if (frame->number != p->one->number)
        return false;
    p->one->found = true;
    p->frame = *frame;
    return true;
}

static void print_frame(struct printer *p)
{
    char room[32], size[32];
    const struct gw_frame *f = &p->frame;
    const struct gw_record_info *info = gw_record_info(f->type);
    if (!p->json) {
        fprintf(p->out, "record %" PRIu64 "  %s  type 0x%08x, body of %s, at 0x%" PRIx64 "\n", f->number,
                gw_record_name(f->type, room, sizeof room), f->type, gw_size_text(size, sizeof size, f->length),
                f->offset);
        if (info != NULL)
            fprintf(p->out, "  %s\n", info->sentence);
        return;
    }
    struct gw_json json = { .out = p->out };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "record");
    gw_json_text(&json, "name", gw_record_name(f->type, room, sizeof room));
    gw_json_number(&json, "record", f->number);
    gw_json_number(&json, "number", f->type);
    gw_json_number(&json, "offset", f->offset);
    gw_json_number(&json, "length", f->length);
    gw_json_bool(&json, "pad_nonzero", f->pad_nonzero);
    gw_json_end(&json, '}');
}

static int print_one(void *arg, const struct gw_structure *s, struct gw_err *err)
{
    struct printer *p = arg;
    (void)err;
    if (p->json)
        structure_as_json(p->out, &p->frame, s);
    else
        structure_as_text(p->out, p->view, &p->frame, s);
    return 0;
}

static int print_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    struct printer *p = (struct printer *)sink;
    struct gw_cur body = gw_cur(record->body, record->body != NULL ? record->frame.length : 0);
    if (record->frame.type == GW_REC_X86_PV_INFO)
        p->known.width = (unsigned)gw_get(body, x86_pv_info, guest_width);
    if (record->frame.type == GW_REC_X86_CPUID_POLICY) {
        gw_buf_free(&p->cpuid);
        gw_put(&p->cpuid, body.p, gw_left(&body));
        p->known.cpuid = gw_buf_cur(&p->cpuid);
        if (gw_buf_ok(&p->cpuid, err) < 0)
            return -1;
    }
    if (!is_ours(p, &record->frame))
        return 0;
    print_frame(p);
    return gw_structures(record->frame.type, body, &p->known, print_one, p, err);
}

static int print_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct printer *p = (struct printer *)sink;
    (void)err;
    if (!mark->inferred && is_ours(p, &mark->frame))
        print_frame(p);
    return 0;
}

/* Neighbours of one type. */
static uint32_t end_of_run(const struct gw_pages *pages, uint32_t first)
{
    uint32_t next = first + 1;
    while (next < pages->count && pages->entries[next] == pages->entries[first] + (next - first))
        next++;
    return next;
}

static void print_entries(struct printer *p, const struct gw_pages *pages)
{
    struct gw_json json = { .out = p->out };
    if (p->json) {
        gw_json_object(&json, NULL);
        gw_json_text(&json, "type", "entries");
        gw_json_array(&json, "runs");
    } else
        fprintf(p->out, "  %u entries, %u with contents\n", pages->count, pages->num_contents);
    for (uint32_t i = 0, next; i < pages->count; i = next) {
        uint64_t pfn = gw_entry_pfn(pages->entries[i]);
        const char *type = gw_page_type_name(gw_entry_type(pages->entries[i]));
        next = end_of_run(pages, i);
        if (p->json) {
            gw_json_object(&json, NULL);
            gw_json_number(&json, "first", pfn);
            gw_json_number(&json, "pages", next - i);
            gw_json_text(&json, "page_type", type);
            gw_json_end(&json, '}');
        } else
            fprintf(p->out, "  pfn 0x%" PRIx64 " to 0x%" PRIx64 "  %u  %s\n", pfn, pfn + (next - i) - 1, next - i,
                    type);
    }
    if (p->json) {
        gw_json_end(&json, ']');
        gw_json_end(&json, '}');
    }
}

static int dump(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    struct printer *p = arg;
    struct gw_style style = { .colour = p->view->colour, .indent = 4 };
    uint64_t begin = p->frame.offset + GW_RECORD_HEADER_LEN + p->one->found_offset;
    (void)err;
    gw_hexdump(p->out, &style, begin + at, gw_cur(mem, len));
    return 0;
}

static int print_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct printer *p = (struct printer *)sink;
    if (!is_ours(p, &pages->frame))
        return 0;
    print_frame(p);
    print_entries(p, pages);
    p->one->found_offset = gw_page_data_len(pages->count, 0);
    if (!p->view->hex || p->json || pages->num_contents == 0)
        return 0;
    return gw_payload_watch(pages->contents, dump, p, err);
}

static void print_close(struct gw_sink *sink)
{
    struct printer *p = (struct printer *)sink;
    gw_buf_free(&p->cpuid);
    gw_free(p);
}

static const struct gw_sink_ops print_ops = {
    .name = "record printer",
    .takes = GW_TAKES_WATCH,
    .pages = print_pages,
    .record = print_record,
    .mark = print_mark,
    .close = print_close,
};

struct gw_sink *gw_record_printer(FILE *out, bool json, const struct gw_inspect_view *view, struct gw_one_record *one,
                                  struct gw_err *err)
{
    struct printer *p = gw_alloc(1, sizeof *p, err);
    if (p == NULL)
        return NULL;
    p->sink.ops = &print_ops;
    p->out = out;
    p->json = json;
    p->view = view;
    p->one = one;
    return &p->sink;
}
