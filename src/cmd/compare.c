/*
 * compare.c - godwit compare: what differs between two images, in memory and in records.
 *
 * What a wrapping carries beside the image is no part of the guest's state as the image has it, and is not compared.
 */
#include <inttypes.h>
#include <string.h>

#include "cmd.h"
#include "image.h"
#include "sandbox.h"

#define MOST_TOLD 20 /* runs, and differences in records, unless all are wanted */

enum { OPT_ALL = OPT_OWN };

static const struct gw_opt compare_opts[] = {
    { 'a', "all", NULL, OPT_ALL, "tell every run of pages and every field, not the first 20 of each" },
    { 'q', "quiet", NULL, OPT_QUIET, "print nothing: the exit status answers" },
    GW_OPTS_VERBOSE,
    GW_OPTS_MAX_GUEST,
    GW_OPTS_LEGACY,
    GW_OPTS_NO_SANDBOX,
    GW_OPTS_COLOR,
    GW_OPTS_COMMON,
    { 0 },
};

struct side {
    const char *name;
    int spool; /* -1: there is none */
    struct gw_sink *inspector;
    struct gw_image *image;
};

struct telling {
    bool json, quiet, all;
    uint64_t runs, fields; /* told so far, or passed over */
};

static const char *type_name(int type)
{
    return type < 0 ? "never named" : gw_page_type_name((unsigned)type);
}

static void run_json(const struct gw_page_run *run)
{
    struct gw_json json = { .out = stdout };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "pages");
    gw_json_text(&json, "change", gw_page_change_name(run->change));
    gw_json_number(&json, "first", run->first);
    gw_json_number(&json, "pages", run->num);
    gw_json_text(&json, "first_type", type_name(run->first_type));
    gw_json_text(&json, "second_type", type_name(run->second_type));
    if (run->change == GW_PAGE_MOVED)
        gw_json_number(&json, "from", run->from);
    if (run->first_octet != run->second_octet) {
        gw_json_number(&json, "octet", run->at);
        gw_json_number(&json, "first_value", run->first_octet);
        gw_json_number(&json, "second_value", run->second_octet);
    }
    gw_json_end(&json, '}');
}

static void run_text(const struct gw_page_run *run)
{
    printf("  %-11s  pfn 0x%" PRIx64, gw_page_change_name(run->change), run->first);
    if (run->num > 1)
        printf(" to 0x%" PRIx64 ", %" PRIu64 " pages", run->first + run->num - 1, run->num);
    if (run->first_type == run->second_type)
        printf("  %s", type_name(run->first_type));
    else
        printf("  %s, then %s", type_name(run->first_type), type_name(run->second_type));
    if (run->change == GW_PAGE_MOVED)
        printf("  from pfn 0x%" PRIx64, run->from);
    if (run->first_octet != run->second_octet)
        printf("  octet 0x%x: %02x, then %02x", run->at, run->first_octet, run->second_octet);
    printf("\n");
}

static int tell_run(void *arg, const struct gw_page_run *run, struct gw_err *err)
{
    struct telling *t = arg;
    (void)err;
    if (t->quiet || (t->runs++ >= MOST_TOLD && !t->all))
        return 0;
    if (t->json)
        run_json(run);
    else
        run_text(run);
    return 0;
}

static int tell_field(void *arg, const struct gw_record_difference *d, struct gw_err *err)
{
    struct telling *t = arg;
    char room[32];
    (void)err;
    if (t->quiet || (t->fields++ >= MOST_TOLD && !t->all))
        return 0;
    const char *record = gw_record_name(d->record_type, room, sizeof room);
    if (!t->json) {
        printf("  %s", record);
        if (strcmp(record, d->name) != 0)
            printf(" %s", d->name);
        if (d->per_vcpu || d->instance > 0)
            printf(" %u", d->instance);
        printf("%s%s: %s, then %s\n", d->path[0] != '\0' ? "  " : "", d->path, d->first, d->second);
        return 0;
    }
    struct gw_json json = { .out = stdout };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "field");
    gw_json_text(&json, "record_type", record);
    gw_json_text(&json, "name", d->name);
    gw_json_number(&json, "instance", d->instance);
    gw_json_text(&json, "path", d->path);
    gw_json_text(&json, "first", d->first);
    gw_json_text(&json, "second", d->second);
    gw_json_end(&json, '}');
    return 0;
}

static void tell_more(const struct telling *t, uint64_t num, const char *what)
{
    if (!t->quiet && !t->json && !t->all && num > MOST_TOLD)
        printf("  %" PRIu64 " more %s; --all tells them\n", num - MOST_TOLD, what);
}

static void tell_sum(const struct telling *t, const struct gw_page_comparison *pages, uint64_t fields, bool equal)
{
    struct gw_json json = { .out = stdout };
    if (t->quiet)
        return;
    if (t->json) {
        gw_json_object(&json, NULL);
        gw_json_text(&json, "type", "comparison");
        gw_json_bool(&json, "equal", equal);
        gw_json_object(&json, "pages");
        for (unsigned i = 0; i < GW_NUM_PAGE_CHANGES; i++)
            gw_json_number(&json, gw_page_change_name(i), pages->num[i]);
        gw_json_end(&json, '}');
        gw_json_number(&json, "fields", fields);
        gw_json_end(&json, '}');
        return;
    }
    printf("%s: pages", equal ? "equal" : "DIFFERENT");
    for (unsigned i = 0; i < GW_NUM_PAGE_CHANGES; i++)
        if (i == GW_PAGE_EQUAL || pages->num[i] > 0)
            printf("%s %s %" PRIu64, i == GW_PAGE_EQUAL ? "" : ",", gw_page_change_name(i), pages->num[i]);
    printf("; %" PRIu64 " field%s of records differ%s\n", fields, fields == 1 ? "" : "s", fields == 1 ? "s" : "");
}

static int open_side(struct side *side, const struct gw_args *args, uint64_t max_pfn, struct gw_err *err)
{
    struct gw_inspect_opts inspect = { 0 };
    const struct gw_legacy_opts legacy = gw_said_of_legacy(args);
    struct gw_image_opts opts = { .max_pfn = max_pfn, .spool = side->spool, .legacy = &legacy };
    side->inspector = gw_inspector(&inspect, err);
    if (side->inspector == NULL)
        return -1;
    opts.beside = side->inspector;
    side->image = gw_image_open(side->name, &opts, err);
    if (side->image == NULL)
        return gw_because(err, "cannot read '%s'", side->name);
    gw_inspector_finish(side->inspector);
    return 0;
}

static void close_side(struct side *side)
{
    gw_image_close(side->image);
    gw_sink_close(side->inspector);
}

static int compare(struct side *sides, struct telling *t, bool *equal, struct gw_err *err)
{
    struct gw_page_comparison pages;
    uint64_t fields;
    if (gw_compare_pages(sides[0].image, sides[1].image, tell_run, t, &pages, err) < 0)
        return -1;
    tell_more(t, t->runs, "runs of pages");
    if (gw_compare_records(sides[0].inspector, sides[1].inspector, tell_field, t, &fields, err) < 0)
        return -1;
    tell_more(t, t->fields, "fields");
    *equal = fields == 0;
    for (unsigned i = 0; i < GW_NUM_PAGE_CHANGES; i++)
        *equal = *equal && (i == GW_PAGE_EQUAL || pages.num[i] == 0);
    tell_sum(t, &pages, fields, *equal);
    return 0;
}

static enum gw_exit compare_run(const struct gw_args *args)
{
    struct side sides[2] = { { .name = args->operand[0] }, { .name = args->operand[1] } };
    struct telling t = { .json = args->given[OPT_JSON], .quiet = args->given[OPT_QUIET], .all = args->given[OPT_ALL] };
    struct gw_err err = GW_ERR_NONE;
    uint64_t max_pfn;
    bool equal = false;
    if (!gw_max_guest(args, &max_pfn))
        return GW_EXIT_USAGE;
    for (unsigned i = 0; i < 2; i++)
        sides[i].spool = gw_new_spool();
    if (!gw_confine(args))
        return GW_EXIT_SYSTEM;
    int rc = open_side(&sides[0], args, max_pfn, &err) < 0 || open_side(&sides[1], args, max_pfn, &err) < 0
                 ? -1
                 : compare(sides, &t, &equal, &err);
    close_side(&sides[0]);
    close_side(&sides[1]);
    if (rc == 0)
        return equal ? GW_EXIT_YES : GW_EXIT_NO;
    gw_because(&err, "cannot compare the images");
    gw_complain(&err);
    return (enum gw_exit)gw_err_status(&err);
}

const struct gw_cmd gw_cmd_compare = {
    .name = "compare",
    .operands = "FIRST SECOND",
    .brief = "what differs between two images",
    .opts = compare_opts,
    .least = 2,
    .most = 2,
    .run = compare_run,
};
