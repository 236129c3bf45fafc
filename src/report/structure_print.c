/*
 * structure_print.c - a structure of a record with what it is and where it stands: for people, and for programs.
 */
#include <inttypes.h>

#include "listing.h"

static void each_as_json(struct gw_json *json, const struct gw_structure *s)
{
    struct gw_cur rest = s->octets;
    gw_json_array(json, "fields");
    while (gw_left(&rest) >= s->layout->length) {
        gw_json_object(json, NULL);
        gw_structure_json(json, s->layout, gw_sub(&rest, s->layout->length));
        gw_json_end(json, '}');
    }
    gw_json_end(json, ']');
}

void structure_as_json(FILE *out, const struct gw_frame *frame, const struct gw_structure *s)
{
    struct gw_json json = { .out = out };
    char room[32];
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "structure");
    gw_json_number(&json, "record", frame->number);
    gw_json_text(&json, "record_type", gw_record_name(frame->type, room, sizeof room));
    gw_json_number(&json, "offset", frame->offset + GW_RECORD_HEADER_LEN + s->at);
    gw_json_text(&json, "name", s->name);
    gw_json_number(&json, "instance", s->instance);
    gw_json_text(&json, "layout", s->layout != NULL ? s->layout->name : "");
    gw_json_number(&json, "length", gw_left(&s->octets));
    if (s->repeats)
        each_as_json(&json, s);
    else if (s->layout != NULL) {
        gw_json_object(&json, "fields");
        gw_structure_json(&json, s->layout, s->octets);
        gw_json_end(&json, '}');
    } else
        gw_json_octets(&json, "octets", s->octets.p, gw_left(&s->octets));
    gw_json_end(&json, '}');
    explain_json(out, frame, s);
}

void structure_as_text(FILE *out, const struct gw_inspect_view *view, const struct gw_frame *frame,
                       const struct gw_structure *s)
{
    struct gw_style style = { .colour = view->colour, .hex = view->hex, .fpu = view->fpu, .indent = 4 };
    const char *plain = gw_colour(view->colour, GW_PLAIN);
    char size[32], room[32];
    uint64_t at = frame->offset + GW_RECORD_HEADER_LEN + s->at;
    if (s->head && !view->hex)
        return;
    fprintf(out, "  %s%s%s", gw_colour(view->colour, GW_BOLD), s->name, plain);
    if (s->instance > 0 || s->per_vcpu)
        fprintf(out, " %u", s->instance);
    if (s->layout != NULL)
        fprintf(out, "  %s%s", s->layout->what, s->repeats ? ", each" : "");
    fprintf(out, "  %s%s of %s, record %" PRIu64 ", at 0x%" PRIx64 "%s\n", gw_colour(view->colour, GW_DIM),
            gw_size_text(size, sizeof size, gw_left(&s->octets)), gw_record_name(frame->type, room, sizeof room),
            frame->number, at, plain);
    if (s->layout != NULL && !explain_text(out, &style, s))
        gw_structure_text(out, &style, s->layout, s->octets);
    if (view->hex || (s->layout == NULL && !gw_is_zero(s->octets.p, gw_left(&s->octets))))
        gw_hexdump(out, &style, at, s->octets);
    else if (s->layout == NULL)
        fprintf(out, "    all zero\n");
}
