/*
 * finding_print.c - a finding as a line: for people, and for programs.
 */
#include <inttypes.h>

#include "report.h"

void gw_finding_json(FILE *out, const char *name, const struct gw_finding *f)
{
    struct gw_json json = { .out = out };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "finding");
    gw_json_text(&json, "file", name);
    gw_json_text(&json, "rule", f->rule->id);
    gw_json_text(&json, "severity", gw_severity_name(f->severity));
    if (f->placed) {
        gw_json_number(&json, "record", f->record);
        gw_json_number(&json, "offset", f->offset);
    }
    gw_json_text(&json, "text", f->text);
    gw_json_end(&json, '}');
}

void gw_finding_text(FILE *out, const struct gw_finding *f, bool colour, bool verbose)
{
    static const enum gw_colour paints[] = { [GW_NOTE] = GW_DIM, [GW_WARNING] = GW_YELLOW, [GW_ERROR] = GW_RED };
    char place[64] = "in the whole";
    if (f->placed && f->record > 0)
        snprintf(place, sizeof place, "record %" PRIu64 " at 0x%" PRIx64, f->record, f->offset);
    else if (f->placed)
        snprintf(place, sizeof place, "at 0x%" PRIx64, f->offset);
    fprintf(out, "  %s%-7s%s  %-24s  %-24s  %s\n", gw_colour(colour, paints[f->severity]),
            gw_severity_name(f->severity), gw_colour(colour, GW_PLAIN), f->rule->id, place, f->text);
    if (verbose)
        fprintf(out, "  %s%-35s  the rule: %s%s\n", gw_colour(colour, GW_DIM), "", f->rule->sentence,
                gw_colour(colour, GW_PLAIN));
}
