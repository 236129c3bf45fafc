/*
 * preflight.c - godwit preflight: would the destination take this guest, or this image? Nothing of it moves.
 */
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "cmd.h"
#include "moves.h"

static const struct gw_opt preflight_opts[] = {
    GW_OPTS_MAX_GUEST, GW_OPTS_LEGACY, GW_OPTS_STATE_DIR, GW_OPTS_COMMON, { 0 },
};

/* An offer and what it points to. */
struct subject {
    struct gw_offer offer;
    struct gw_guest_facts facts;
    struct gw_buf image;
    uint64_t max_pfn;
    const struct gw_args *args;
};

/* --- a guest ------------------------------------------------------------------------------------------------------ */

struct numbered {
    struct gw_sink *to;
    uint64_t number;
};

static int emit(void *arg, uint32_t type, const void *body, uint32_t len, struct gw_err *err)
{
    struct numbered *out = arg;
    struct gw_record record = { .frame = { .number = ++out->number, .type = type, .length = len }, .body = body };
    return gw_sink_record(out->to, &record, err);
}

static int ask_guest(struct gw_source *guest, struct subject *s, struct gw_sink *part, struct gw_err *err)
{
    struct numbered out = { .to = part };
    struct gw_mark end = { .kind = GW_STATIC_END, .frame = { .type = GW_REC_STATIC_DATA_END } };
    if (gw_source_describe(guest, &s->facts, err) < 0)
        return -1;
    gw_remark(s->facts.lacks);
    struct gw_headers headers = { .image = s->facts.image, .domain = s->facts.domain };
    if (gw_sink_begin(part, &headers, err) < 0 || gw_source_static_records(guest, emit, &out, err) < 0)
        return -1;
    end.frame.number = out.number + 1;
    s->offer.num_pfns = s->facts.num_pfns;
    s->offer.num_ram_pfns = s->facts.num_ram_pfns;
    return gw_sink_mark(part, &end, err);
}

static int from_guest(const char *name, struct subject *s, struct gw_sink *part, struct gw_err *err)
{
    struct gw_source *guest = gw_source_open(name, err);
    int rc = guest != NULL ? ask_guest(guest, s, part, err) : -1;
    gw_source_close(guest);
    s->offer.name = s->facts.name;
    s->offer.kind = s->facts.kind;
    return rc;
}

/* --- an image ----------------------------------------------------------------------------------------------------- */

/* A sink in front of the verifier: what is said of a whole image does not count for one that is its static part. */
struct look {
    struct gw_sink sink;
    bool has_state, ended;
    uint64_t errors; /* before the end */
    struct gw_provenance said;
};

static int look_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    (void)pages;
    (void)err;
    ((struct look *)sink)->has_state = true;
    return 0;
}

static int look_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    const struct gw_record_info *info = gw_record_info(record->frame.type);
    if (record->frame.type == GW_REC_PROVENANCE && record->body != NULL)
        return gw_provenance_decode(gw_cur(record->body, record->frame.length), &((struct look *)sink)->said, err);
    if (info != NULL && info->kind == GW_KIND_DYNAMIC)
        ((struct look *)sink)->has_state = true;
    return 0;
}

static int look_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    (void)err;
    if (mark->kind == GW_END || mark->kind == GW_CHECKPOINT)
        ((struct look *)sink)->ended = true;
    return 0;
}

static const struct gw_sink_ops look_ops = {
    .name = "look", .takes = GW_TAKES_WATCH, .pages = look_pages, .record = look_record, .mark = look_mark
};

static void found(void *arg, const struct gw_finding *finding)
{
    struct look *look = arg;
    look->errors += finding->severity == GW_ERROR && !look->ended;
}

/* It says so itself: an image that merely lacks all else is none. */
static bool is_static_part(const struct look *look)
{
    return look->said.static_part && look->ended && !look->has_state;
}

static int read_image(struct gw_wrap *wrap, struct subject *s, struct gw_sink *part, struct gw_err *err)
{
    struct look look = { .sink.ops = &look_ops };
    struct gw_verify_opts verify = { .max_pfn = s->max_pfn, .found = found, .arg = &look };
    gw_auto(gw_sink_closep) struct gw_sink *verifier = gw_verifier(&verify, err);
    struct gw_sink *all[] = { &look.sink, verifier, part };
    gw_auto(gw_sink_closep) struct gw_sink *tee = verifier != NULL ? gw_tee(all, 3, err) : NULL;
    if (tee == NULL || gw_wrap_run(wrap, tee, err) < 0)
        return -1;
    const struct gw_verdict *verdict = gw_verify_finish(verifier);
    if (is_static_part(&look) ? look.errors > 0 : !gw_verdict_valid(verdict))
        return gw_fail(err, GW_E_REFUSED, "the image is not right: godwit verify says why");
    s->offer.num_pfns = verdict->num_pfns;
    for (unsigned type = 0; type < 16; type++)
        s->offer.num_ram_pfns += gw_type_populates(type) ? verdict->by_type[type] : 0;
    if (is_static_part(&look)) {
        s->offer.num_pfns = look.said.num_pfns;
        s->offer.num_ram_pfns = look.said.num_memory_pfns;
    }
    return 0;
}

static int from_file(const char *name, struct subject *s, struct gw_sink *part, struct gw_err *err)
{
    gw_auto(gw_wrap_closep) struct gw_wrap *wrap = gw_open_input(s->args, name, s->max_pfn, err);
    s->offer.name = name;
    s->offer.kind = "image";
    return wrap != NULL ? read_image(wrap, s, part, err) : -1;
}

/* --- both --------------------------------------------------------------------------------------------------------- */

static int prepare(const char *name, struct subject *s, struct gw_err *err)
{
    gw_auto(gw_sink_closep) struct gw_sink *part = gw_static_part(&s->image, err);
    if (part == NULL)
        return -1;
    int rc = gw_is_guest(name) ? from_guest(name, s, part, err) : from_file(name, s, part, err);
    s->offer.image = gw_buf_cur(&s->image);
    return rc;
}

static void report(const struct gw_args *args, const struct gw_err *err)
{
    char name[1024], to[1024];
    struct gw_json json = { .out = stdout };
    if (!args->given[OPT_JSON]) {
        if (err->code == GW_E_OK)
            printf("'%s' would be taken by '%s'\n",
                   gw_escape(name, sizeof name, args->operand[0], strlen(args->operand[0])),
                   gw_escape(to, sizeof to, args->operand[1], strlen(args->operand[1])));
        return;
    }
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "preflight");
    gw_json_text(&json, "subject", args->operand[0]);
    gw_json_text(&json, "destination", args->operand[1]);
    gw_json_bool(&json, "taken", err->code == GW_E_OK);
    gw_json_text(&json, "why", err->msg);
    gw_json_end(&json, '}');
}

static enum gw_exit preflight_run(const struct gw_args *args)
{
    struct gw_err err = GW_ERR_NONE;
    struct subject s = { .offer = { 0 }, .args = args };
    struct gw_migrate_opts opts = { .to = args->operand[1], .checks = true };
    struct gw_teller teller;
    if (!gw_max_guest(args, &s.max_pfn))
        return GW_EXIT_USAGE;
    gw_listen_to_signals();
    opts.told = gw_teller_open(&teller, args, args->operand[0]);
    opts.arg = &teller;
    if (prepare(args->operand[0], &s, &err) == 0)
        (void)gw_preflight(&s.offer, &opts, &err);
    gw_teller_close(&teller);
    gw_buf_free(&s.image);
    report(args, &err);
    if (err.code == GW_E_OK)
        return GW_EXIT_YES;
    gw_because(&err, "'%s' cannot go to '%s'", args->operand[0], args->operand[1]);
    gw_complain(&err);
    return (enum gw_exit)gw_err_status(&err);
}

const struct gw_cmd gw_cmd_preflight = {
    .name = "preflight",
    .operands = "GUEST|FILE DEST",
    .brief = "would the destination take it? nothing moves",
    .opts = preflight_opts,
    .least = 2,
    .most = 2,
    .run = preflight_run,
};
