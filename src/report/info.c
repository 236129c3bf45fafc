/*
 * info.c - a page about an image: for people, and the same facts as one JSON line.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "report.h"

#define LABEL_WIDTH 12

char *gw_counts_text(char *room, size_t len, const struct gw_verdict *verdict)
{
    snprintf(room, len, "%" PRIu64 " error%s, %" PRIu64 " warning%s, %" PRIu64 " note%s", verdict->errors,
             verdict->errors == 1 ? "" : "s", verdict->warnings, verdict->warnings == 1 ? "" : "s", verdict->notes,
             verdict->notes == 1 ? "" : "s");
    return room;
}

__attribute__((format(printf, 4, 5))) static void line(FILE *out, bool colour, const char *label, const char *fmt, ...)
{
    va_list ap;
    fprintf(out, "  %s%-*s%s ", gw_colour(colour, GW_DIM), LABEL_WIDTH, label, gw_colour(colour, GW_PLAIN));
    va_start(ap, fmt);
    vfprintf(out, fmt, ap);
    va_end(ap);
    fputc('\n', out);
}

uint64_t gw_verdict_pages(const struct gw_verdict *verdict)
{
    uint64_t num = 0;
    for (unsigned type = 0; type < 16; type++)
        num += gw_type_populates(type) ? verdict->by_type[type] : 0;
    return num;
}

static uint64_t num_tables(const struct gw_verdict *verdict)
{
    uint64_t num = 0;
    for (unsigned type = 0; type < 16; type++)
        num += gw_type_table_level(type) > 0 ? verdict->by_type[type] : 0;
    return num;
}

static void guest_lines(FILE *out, bool colour, const struct gw_info *info)
{
    const struct gw_summary *s = info->summary;
    const struct gw_verdict *v = info->verdict;
    char name[256], size[32];
    line(out, colour, "guest", "%s, %" PRIu64 " vCPU%s with registers%s%s%s", gw_guest_name(s, v), v->num_vcpus,
         v->num_vcpus == 1 ? "" : "s", s->config.name[0] ? ", name '" : "",
         gw_escape(name, sizeof name, s->config.name, strlen(s->config.name)), s->config.name[0] ? "'" : "");
    line(out, colour, "memory", "%s: %" PRIu64 " of %" PRIu64 " pfns are pages, %" PRIu64 " holes%s",
         gw_size_text(size, sizeof size, gw_verdict_pages(v) * GW_PAGE_LEN), gw_verdict_pages(v), v->num_pfns,
         v->by_type[GW_PAGE_XTAB], v->by_type[GW_PAGE_BROKEN] > 0 ? ", broken ones" : "");
    if (num_tables(v) > 0)
        line(out, colour, "page tables", "%" PRIu64 " (L1 %" PRIu64 ", L2 %" PRIu64 ", L3 %" PRIu64 ", L4 %" PRIu64 ")",
             num_tables(v), v->by_type[1] + v->by_type[9], v->by_type[2] + v->by_type[10],
             v->by_type[3] + v->by_type[11], v->by_type[4] + v->by_type[12]);
    if (s->cpu[0] != '\0')
        line(out, colour, "saved on", "%s", s->cpu);
}

static void record_lines(FILE *out, bool colour, const struct gw_summary *s)
{
    char size[32];
    line(out, colour, "records", "%" PRIu64 ", naming %" PRIu64 " pfns with %" PRIu64 " pages of contents",
         s->num_records, s->num_entries, s->num_contents);
    for (unsigned i = 0; i < GW_SUMMARY_TYPES; i++) {
        const struct gw_tally *tally = &s->records[i];
        const char *name = i == GW_SUMMARY_UNKNOWN ? "of unknown types"
                           : i <= gw_num_records   ? gw_records[i - 1].name
                                                   : "";
        if (tally->num > 0)
            fprintf(out, "  %*s   %-26s %8" PRIu64 "  %12s\n", LABEL_WIDTH, "", name, tally->num,
                    gw_size_text(size, sizeof size, tally->octets));
    }
}

static void emulator_line(FILE *out, bool colour, const struct gw_summary *s)
{
    char size[32], sections[48] = "";
    if (s->emulator.num_sections > 0)
        snprintf(sections, sizeof sections, ": QEMU's, %u device%s", s->emulator.num_sections,
                 s->emulator.num_sections == 1 ? "" : "s");
    line(out, colour, "device model", "%s of state%s", gw_size_text(size, sizeof size, s->emulator_octets), sections);
}

static void beside_lines(FILE *out, bool colour, const struct gw_summary *s)
{
    const struct gw_guest_config *config = &s->config;
    char size[32], type[64], uuid[192];
    uint64_t most;
    gw_escape(type, sizeof type, config->type, strlen(config->type));
    gw_escape(uuid, sizeof uuid, config->uuid, strlen(config->uuid));
    if (config->max_memkb > 0 && gw_mul(config->max_memkb, 1024, &most))
        line(out, colour, "configured", "%s of memory at most, %u vCPU%s, type '%s'%s%s",
             gw_size_text(size, sizeof size, most), config->max_vcpus, config->max_vcpus == 1 ? "" : "s", type,
             uuid[0] != '\0' ? ", uuid " : "", uuid);
    if (s->emulator_octets > 0)
        emulator_line(out, colour, s);
    if (s->trailing > 0)
        line(out, colour, "behind", "%s%s behind the end", s->trailing_more ? "at least " : "",
             gw_size_text(size, sizeof size, s->trailing));
}

static void verdict_line(FILE *out, bool colour, const struct gw_verdict *v)
{
    char counts[96];
    enum gw_colour paint = v->errors > 0 ? GW_RED : v->warnings > 0 ? GW_YELLOW : GW_GREEN;
    line(out, colour, "verdict", "%s%s%s: %s%s", gw_colour(colour, paint), gw_verdict_valid(v) ? "valid" : "INVALID",
         gw_colour(colour, GW_PLAIN), gw_counts_text(counts, sizeof counts, v),
         v->errors + v->warnings > 0 ? "; godwit verify tells them" : "");
}

void gw_info_text(FILE *out, bool colour, const struct gw_info *info)
{
    const struct gw_summary *s = info->summary;
    const struct gw_verdict *v = info->verdict;
    char name[1024];
    fprintf(out, "%s%s%s\n", gw_colour(colour, GW_BOLD), gw_escape(name, sizeof name, info->file, strlen(info->file)),
            gw_colour(colour, GW_PLAIN));
    line(out, colour, "wrapping", "%s", info->layers[0] != '\0' ? info->layers : "not recognised");
    if (s->begun && s->legacy.width > 0) {
        line(out, colour, "image", "legacy, %s", gw_legacy_text(name, sizeof name, &s->legacy));
        guest_lines(out, colour, info);
    } else if (s->begun) {
        line(out, colour, "image", "version %u, %s by Xen %u.%u", s->headers.image.version,
             s->headers.domain.xen_major == 0 ? "made by the legacy converter, not" : "saved",
             s->headers.domain.xen_major, s->headers.domain.xen_minor);
        guest_lines(out, colour, info);
    }
    beside_lines(out, colour, s);
    if (s->begun)
        record_lines(out, colour, s);
    if (v->checkpoints > 0)
        line(out, colour, "checkpoints", "%" PRIu64 ", %" PRIu64 " of them complete", v->checkpoints, v->commits);
    verdict_line(out, colour, v);
}

static void json_memory(struct gw_json *json, const struct gw_verdict *v)
{
    gw_json_object(json, "memory");
    gw_json_number(json, "pages", gw_verdict_pages(v));
    gw_json_number(json, "pfns", v->num_pfns);
    gw_json_number(json, "holes", v->by_type[GW_PAGE_XTAB]);
    gw_json_number(json, "broken", v->by_type[GW_PAGE_BROKEN]);
    gw_json_number(json, "tables", num_tables(v));
    gw_json_end(json, '}');
}

static void json_records(struct gw_json *json, const struct gw_summary *s)
{
    gw_json_array(json, "records");
    for (unsigned i = 0; i < GW_SUMMARY_TYPES; i++) {
        if (s->records[i].num == 0)
            continue;
        gw_json_object(json, NULL);
        gw_json_text(json, "name", i == GW_SUMMARY_UNKNOWN ? "unknown" : gw_records[i - 1].name);
        gw_json_number(json, "num", s->records[i].num);
        gw_json_number(json, "octets", s->records[i].octets);
        gw_json_end(json, '}');
    }
    gw_json_end(json, ']');
}

static void json_config(struct gw_json *json, const struct gw_guest_config *config)
{
    gw_json_object(json, "config");
    gw_json_text(json, "type", config->type);
    gw_json_text(json, "name", config->name);
    gw_json_text(json, "uuid", config->uuid);
    gw_json_number(json, "max_memkb", config->max_memkb);
    gw_json_number(json, "max_vcpus", config->max_vcpus);
    gw_json_end(json, '}');
}

void gw_info_json(FILE *out, const struct gw_info *info)
{
    const struct gw_summary *s = info->summary;
    const struct gw_verdict *v = info->verdict;
    struct gw_json json = { .out = out };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "info");
    gw_json_text(&json, "file", info->file);
    gw_json_text(&json, "wrapping", info->layers);
    if (s->legacy.width > 0)
        gw_legacy_json(&json, &s->legacy);
    if (s->begun) {
        gw_json_number(&json, "version", s->headers.image.version);
        gw_json_number(&json, "xen_major", s->headers.domain.xen_major);
        gw_json_number(&json, "xen_minor", s->headers.domain.xen_minor);
        gw_json_text(&json, "guest", gw_guest_name(s, v));
        gw_json_number(&json, "vcpus", v->num_vcpus);
        json_memory(&json, v);
        json_records(&json, s);
        gw_json_number(&json, "entries", s->num_entries);
        gw_json_number(&json, "contents", s->num_contents);
    }
    if (s->config.is_object)
        json_config(&json, &s->config);
    gw_json_number(&json, "emulator_octets", s->emulator_octets);
    gw_json_number(&json, "emulator_devices", s->emulator.num_sections);
    gw_json_number(&json, "trailing_octets", s->trailing);
    gw_json_number(&json, "checkpoints", v->checkpoints);
    gw_json_bool(&json, "valid", gw_verdict_valid(v));
    gw_json_number(&json, "errors", v->errors);
    gw_json_number(&json, "warnings", v->warnings);
    gw_json_number(&json, "notes", v->notes);
    gw_json_end(&json, '}');
}
