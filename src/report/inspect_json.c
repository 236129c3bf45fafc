/*
 * inspect_json.c - everything in an image as JSON lines: one for the image, one for each thing in it, one for each
 * structure, pass and kind of record, and the verdict.
 */
#include "listing.h"

static struct gw_json begin(FILE *out, const char *type)
{
    struct gw_json json = { .out = out };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", type);
    return json;
}

static void image_line(FILE *out, const struct inspector *in, const struct gw_inspect_view *view)
{
    const struct gw_headers *h = &in->summary.headers;
    struct gw_json json = begin(out, "image");
    gw_json_text(&json, "file", view->file);
    gw_json_text(&json, "wrapping", view->layers);
    if (in->summary.begun) {
        gw_json_text(&json, "guest", gw_guest_name(&in->summary, view->verdict));
        gw_json_number(&json, "offset", h->offset);
        gw_json_number(&json, "version", h->image.version);
        gw_json_number(&json, "options", h->image.options);
        gw_json_number(&json, "domain_type", h->domain.type);
        gw_json_number(&json, "page_shift", h->domain.page_shift);
        gw_json_number(&json, "xen_major", h->domain.xen_major);
        gw_json_number(&json, "xen_minor", h->domain.xen_minor);
    }
    if (in->summary.legacy.width > 0)
        gw_legacy_json(&json, &in->summary.legacy);
    gw_json_number(&json, "checkpoints", in->commits - (in->ended && in->commits > 0)); /* END is one, too */
    gw_json_end(&json, '}');
}

static int item_line(FILE *out, const struct inspector *in, const struct item *item, const struct gw_inspect_view *view,
                     struct gw_err *err)
{
    const struct held *held = item_state(in, item);
    char room[32];
    if (held == NULL)
        return 0;
    struct gw_json json = begin(out, item->of == ITEM_RECORD ? "record" : "aside");
    if (item->of == ITEM_RECORD) {
        gw_json_text(&json, "name", gw_record_name(item->type, room, sizeof room));
        gw_json_number(&json, "record", held->frame.number);
    } else {
        gw_json_text(&json, "name", aside_name(item));
        if (item->name != NULL)
            gw_json_text(&json, "layer", item->name);
    }
    gw_json_number(&json, "offset", held->frame.offset);
    gw_json_number(&json, "length", held->length);
    if (held->dropped)
        gw_json_bool(&json, "held", false);
    gw_json_end(&json, '}');
    return item->of == ITEM_ASIDE ? aside_print(out, true, view, in, item, held, err) : 0;
}

static void runs(struct gw_json *json, const char *key, const struct run *run)
{
    gw_json_array(json, key);
    for (unsigned i = 0; i < MOST_RUNS && run[i].num > 0; i++) {
        gw_json_object(json, NULL);
        gw_json_number(json, "first", run[i].first);
        gw_json_number(json, "pages", run[i].num);
        gw_json_end(json, '}');
    }
    gw_json_end(json, ']');
}

static void memory_line(FILE *out, const struct inspector *in)
{
    struct memory_facts facts;
    memory_facts(in, &facts);
    struct gw_json json = begin(out, "memory");
    gw_json_number(&json, "pfns", in->pfns.num);
    gw_json_object(&json, "by_type");
    for (unsigned type = 0; type < 16; type++)
        if (facts.by_type[type] > 0)
            gw_json_number(&json, gw_page_type_name(type), facts.by_type[type]);
    gw_json_end(&json, '}');
    if (in->opts.zeros)
        gw_json_number(&json, "zero", facts.zero);
    gw_json_number(&json, "ram_runs", facts.num_ram);
    runs(&json, "longest_ram", facts.ram);
    gw_json_number(&json, "hole_runs", facts.num_holes);
    runs(&json, "longest_holes", facts.holes);
    gw_json_end(&json, '}');
}

static void pass_line(FILE *out, size_t number, const struct pass *pass)
{
    struct gw_json json = begin(out, "pass");
    gw_json_number(&json, "number", number);
    gw_json_number(&json, "first_record", pass->first_record);
    gw_json_number(&json, "last_record", pass->last_record);
    gw_json_number(&json, "entries", pass->entries);
    gw_json_number(&json, "contents", pass->contents);
    gw_json_number(&json, "again", pass->again);
    gw_json_number(&json, "checkpoint", pass->checkpoint);
    gw_json_bool(&json, "verify", pass->verify);
    gw_json_end(&json, '}');
}

static void tally_lines(FILE *out, const struct gw_summary *s)
{
    for (unsigned i = 0; i < GW_SUMMARY_TYPES; i++) {
        if (s->records[i].num == 0)
            continue;
        struct gw_json json = begin(out, "records");
        gw_json_text(&json, "name", i == GW_SUMMARY_UNKNOWN ? "unknown" : gw_records[i - 1].name);
        gw_json_number(&json, "num", s->records[i].num);
        gw_json_number(&json, "octets", s->records[i].octets);
        gw_json_end(&json, '}');
    }
}

static void verdict_line(FILE *out, const struct inspector *in, const struct gw_verdict *v)
{
    struct gw_json json = begin(out, "verdict");
    gw_json_bool(&json, "valid", gw_verdict_valid(v));
    gw_json_number(&json, "errors", v->errors);
    gw_json_number(&json, "warnings", v->warnings);
    gw_json_number(&json, "notes", v->notes);
    gw_json_number(&json, "unfollowed", in->unfollowed);
    gw_json_end(&json, '}');
}

int gw_inspect_json(FILE *out, struct gw_sink *inspector, const struct gw_inspect_view *view, struct gw_err *err)
{
    struct inspector *in = (struct inspector *)inspector;
    struct told_list list = { 0 };
    int rc = list_structures(in, false, &list, err);
    if (rc == 0)
        rc = has_wanted(&list, view, err);
    if (rc == 0) {
        image_line(out, in, view);
        for (size_t i = 0; rc == 0 && i < in->num_items; i++)
            rc = item_line(out, in, &in->items[i], view, err);
        for (size_t i = 0; i < list.num; i++)
            if (is_wanted(&list.all[i], view))
                structure_as_json(out, &list.all[i].held->frame, &list.all[i].s);
        memory_line(out, in);
        for (size_t i = 0; i < in->num_passes; i++)
            pass_line(out, i + 1, &in->passes[i]);
        tally_lines(out, &in->summary);
        for (size_t i = 0; i < view->num_findings; i++)
            gw_finding_json(out, view->file, &view->findings[i]);
        verdict_line(out, in, view->verdict);
    }
    told_list_free(&list);
    return rc;
}
