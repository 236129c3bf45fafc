/*
 * losses.c - see losses.h. It must not know how they were found.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "losses.h"

#define RUNS_KEPT 2048u /* runs of pfns that a PROVENANCE names; it has to stay short enough to be read */

/* What is lost that is neither a page nor a record. */
static const struct {
    size_t at;
    const char *name, *text;
} flags[] = {
    { offsetof(struct gw_losses, head_lost), "head", "what stood before the image" },
    { offsetof(struct gw_losses, headers_lost), "headers", "the image's headers, which were made anew" },
    { offsetof(struct gw_losses, static_end_lost), "STATIC_DATA_END", "STATIC_DATA_END, which was made anew" },
    { offsetof(struct gw_losses, end_lost), "END", "END, which was made anew" },
    { offsetof(struct gw_losses, beside_lost), "beside", "something of what stood behind the image" },
    { offsetof(struct gw_losses, gave_up), "search", "what a longer search might have found" },
};

#define NUM_FLAGS (sizeof flags / sizeof flags[0])

static bool is_set(const struct gw_losses *l, unsigned flag)
{
    return *(const bool *)((const char *)l + flags[flag].at);
}

/* --- one sentence ------------------------------------------------------------------------------------------------ */

__attribute__((format(printf, 3, 4))) static void add(FILE *out, unsigned *parts, const char *fmt, ...)
{
    va_list ap;
    if ((*parts)++ > 0)
        fputs("; ", out);
    va_start(ap, fmt);
    vfprintf(out, fmt, ap);
    va_end(ap);
}

static void write_sentence(FILE *out, const struct gw_losses *l, const struct faults *faults)
{
    unsigned parts = 0;
    char room[32];
    if (l->lost + l->doubtful > 0)
        add(out, &parts, "%" PRIu64 " pages are lost, %" PRIu64 " doubtful, %" PRIu64 " sure", l->lost, l->doubtful,
            l->sure);
    if (l->num_holes > 0)
        add(out, &parts, "%" PRIu64 " octets belong to no record", l->octets);
    if (l->suggested > 0)
        add(out, &parts, "%" PRIu64 " pfns between found ones are not named", l->suggested);
    for (unsigned i = 0; i < l->num_missing; i++)
        add(out, &parts, "%s is missing", gw_record_name(l->missing[i], room, sizeof room));
    for (unsigned i = 0; i < l->num_shaky; i++)
        add(out, &parts, "%s is doubtful", gw_record_name(l->shaky[i], room, sizeof room));
    for (unsigned i = 0; i < NUM_FLAGS; i++)
        if (is_set(l, i))
            add(out, &parts, "lost: %s", flags[i].text);
    if (l->behind > 0)
        add(out, &parts, "%" PRIu64 " octets behind the last complete checkpoint were left out", l->behind);
    if (l->sum_wrong)
        add(out, &parts, "the image's own digest says that pages are not what they were");
    for (unsigned i = 0; i < faults->num; i++)
        add(out, &parts, "%s", faults->rules[i]->id);
}

void losses_sentence(const struct gw_losses *l, const struct faults *faults, char *room, size_t len)
{
    FILE *out = fmemopen(room, len, "w");
    room[0] = '\0';
    if (out == NULL)
        return;
    write_sentence(out, l, faults);
    fclose(out);
    room[len - 1] = '\0';
}

/* --- for programs ------------------------------------------------------------------------------------------------ */

static void json_numbers(struct gw_json *json, const struct gw_losses *l)
{
    gw_json_object(json, "pages");
    gw_json_number(json, "sure", l->sure);
    gw_json_number(json, "doubtful", l->doubtful);
    gw_json_number(json, "lost", l->lost);
    gw_json_number(json, "suggested", l->suggested);
    gw_json_end(json, '}');
    gw_json_number(json, "octets", l->octets);
    gw_json_number(json, "behind_checkpoint", l->behind);
    if (l->kept_to > 0)
        gw_json_number(json, "checkpoint_ends", l->kept_to);
}

static void json_types(struct gw_json *json, const char *key, const uint32_t *types, unsigned num)
{
    char room[32];
    gw_json_array(json, key);
    for (unsigned i = 0; i < num; i++)
        gw_json_text(json, NULL, gw_record_name(types[i], room, sizeof room));
    gw_json_end(json, ']');
}

static void json_lists(struct gw_json *json, const struct gw_losses *l, const struct faults *faults)
{
    json_types(json, "missing_records", l->missing, l->num_missing);
    json_types(json, "doubtful_records", l->shaky, l->num_shaky);
    gw_json_array(json, "lost");
    for (unsigned i = 0; i < NUM_FLAGS; i++)
        if (is_set(l, i))
            gw_json_text(json, NULL, flags[i].name);
    gw_json_end(json, ']');
    gw_json_array(json, "rules");
    for (unsigned i = 0; i < faults->num; i++)
        gw_json_text(json, NULL, faults->rules[i]->id);
    gw_json_end(json, ']');
    if (l->sum_right || l->sum_wrong)
        gw_json_bool(json, "digest_right", l->sum_right);
    if (l->unpacking[0] != '\0')
        gw_json_text(json, "unpacking", l->unpacking);
    if (l->reading[0] != '\0')
        gw_json_text(json, "reading", l->reading);
}

static void json_run(struct gw_json *json, const struct gw_doubtful *run)
{
    gw_json_number(json, "first", run->first);
    gw_json_number(json, "last", run->first + run->num - 1);
    gw_json_text(json, "why", gw_doubt_name(run->doubt));
}

static void json_hole(struct gw_json *json, const struct gw_hole *hole)
{
    char room[32];
    gw_json_number(json, "offset", hole->offset);
    gw_json_number(json, "octets", hole->len);
    if (hole->has_type)
        gw_json_text(json, "record", gw_record_name(hole->type, room, sizeof room));
    if (hole->suggested > 0)
        gw_json_number(json, "suggested", hole->suggested);
}

/* --- for whoever gets the image ---------------------------------------------------------------------------------- */

static void write_runs(struct gw_json *json, const struct gw_salvage *salvage)
{
    struct gw_doubtful run;
    uint64_t pfn = 0, more = 0;
    gw_json_array(json, "pfns");
    for (unsigned i = 0; gw_salvage_next(salvage, &pfn, &run); i++) {
        more += i >= RUNS_KEPT;
        if (i >= RUNS_KEPT)
            continue;
        gw_json_object(json, NULL);
        json_run(json, &run);
        gw_json_end(json, '}');
    }
    gw_json_end(json, ']');
    gw_json_number(json, "more_runs", more);
}

static void write_origin(struct gw_json *json, const struct gw_salvage *salvage, const char *host)
{
    char when[32] = "";
    time_t now = time(NULL);
    struct tm tm;
    if (gmtime_r(&now, &tm) != NULL)
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
    gw_json_text(json, "program", "godwit");
    gw_json_text(json, "version", GODWIT_VERSION);
    gw_json_text(json, "host", host);
    gw_json_text(json, "time", when);
    gw_json_object(json, "source");
    gw_json_text(json, "wrapping", gw_salvage_layers(salvage));
    gw_json_end(json, '}');
}

static void write_provenance(FILE *out, const struct gw_salvage *salvage, const struct faults *faults, const char *host)
{
    const struct gw_losses *l = gw_salvage_losses(salvage);
    struct gw_json json = { .out = out };
    char sentence[512];
    losses_sentence(l, faults, sentence, sizeof sentence);
    gw_json_object(&json, NULL);
    write_origin(&json, salvage, host);
    gw_json_object(&json, GW_SALVAGED);
    gw_json_text(&json, "missing", sentence);
    json_numbers(&json, l);
    json_lists(&json, l, faults);
    write_runs(&json, salvage);
    gw_json_end(&json, '}');
    gw_json_end(&json, '}');
}

char *losses_provenance(const struct gw_salvage *salvage, const struct faults *faults, const char *host,
                        struct gw_err *err)
{
    size_t room = (size_t)gw_limit(JSON);
    gw_auto(gw_freep) char *text = gw_alloc(room, 1, err);
    FILE *out = text != NULL ? fmemopen(text, room, "w") : NULL;
    if (out != NULL)
        write_provenance(out, salvage, faults, host);
    if (out == NULL || fclose(out) != 0 || text[room - 1] != '\0') {
        gw_fail(err, GW_E_SYSTEM, "cannot write down what is lost");
        return NULL;
    }
    char *given = text;
    text = NULL;
    return given;
}

/* --- for people -------------------------------------------------------------------------------------------------- */

static void print_hole(FILE *out, const struct gw_hole *hole)
{
    char room[32];
    fprintf(out, "  lost: %" PRIu64 " octets at 0x%" PRIx64, hole->len, hole->offset);
    if (hole->has_type)
        fprintf(out, ", where %s begins", gw_record_name(hole->type, room, sizeof room));
    if (hole->no_end)
        fputs(", and nothing behind it", out);
    if (hole->suggested > 0)
        fprintf(out, "; %" PRIu64 " pfns between its neighbours are not named", hole->suggested);
    fputc('\n', out);
}

static void print_run(FILE *out, const struct gw_doubtful *run)
{
    fprintf(out, "  pfn 0x%" PRIx64, run->first);
    if (run->num > 1)
        fprintf(out, " to 0x%" PRIx64 ", %" PRIu64 " pages", run->first + run->num - 1, run->num);
    fprintf(out, ": %s\n", gw_doubt_text(run->doubt));
}

static void print_text(FILE *out, const struct gw_salvage *salvage, const struct faults *faults)
{
    const struct gw_losses *l = gw_salvage_losses(salvage);
    struct gw_doubtful run;
    char room[GW_ERR_MSG_MAX];
    losses_sentence(l, faults, room, sizeof room);
    fprintf(out, "  NOT WHOLE: %s\n", room);
    if (l->unpacking[0] != '\0')
        fprintf(out, "  %s\n", gw_escape(room, sizeof room, l->unpacking, strlen(l->unpacking)));
    if (l->reading[0] != '\0')
        fprintf(out, "  %s\n", gw_escape(room, sizeof room, l->reading, strlen(l->reading)));
    for (size_t i = 0; i < l->num_holes; i++)
        print_hole(out, &l->holes[i]);
    for (uint64_t pfn = 0; gw_salvage_next(salvage, &pfn, &run);)
        print_run(out, &run);
}

static void print_json(FILE *out, const struct gw_salvage *salvage, const struct faults *faults)
{
    const struct gw_losses *l = gw_salvage_losses(salvage);
    struct gw_json json = { .out = out };
    struct gw_doubtful run;
    for (size_t i = 0; i < l->num_holes; i++) {
        gw_json_object(&json, NULL);
        gw_json_text(&json, "type", "hole");
        json_hole(&json, &l->holes[i]);
        gw_json_end(&json, '}');
    }
    for (uint64_t pfn = 0; gw_salvage_next(salvage, &pfn, &run);) {
        gw_json_object(&json, NULL);
        gw_json_text(&json, "type", "pages");
        json_run(&json, &run);
        gw_json_end(&json, '}');
    }
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "salvaged");
    json_numbers(&json, l);
    json_lists(&json, l, faults);
    gw_json_end(&json, '}');
}

void losses_print(FILE *out, bool as_json, const struct gw_salvage *salvage, const struct faults *faults)
{
    if (as_json)
        print_json(out, salvage, faults);
    else
        print_text(out, salvage, faults);
}
