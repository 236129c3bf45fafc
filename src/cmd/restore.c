/*
 * restore.c - godwit restore: a file becomes a running guest. The image is judged while it comes in; what verify
 * calls an error is refused, in the same words, and nothing starts before all is there.
 */
#include <inttypes.h>
#include <string.h>

#include "cmd.h"

enum { OPT_ACCEPT_LOSS = OPT_OWN };

static const struct gw_opt restore_opts[] = {
    { 0, "accept-loss", NULL, OPT_ACCEPT_LOSS, "start also what was salvaged of a damaged image" },
    GW_OPTS_MAX_GUEST,
    GW_OPTS_LEGACY,
    GW_OPTS_COMMON,
    { 0 },
};

struct restore {
    const char *name, *guest;
    struct gw_wrap *wrap;
    struct gw_destination *dest;
    struct gw_intake *intake;
    struct gw_sink *progress;
    bool may_run; /* the start failed, and nobody knows how far it came */
};

static int open_restore(struct restore *r, const struct gw_args *args, uint64_t max_pfn, struct gw_err *err)
{
    struct gw_intake_opts opts = {
        .contents = true, .tables = true, .max_pfn = max_pfn, .accept_loss = args->given[OPT_ACCEPT_LOSS]
    };
    r->wrap = gw_open_input(args, r->name, max_pfn, err);
    opts.dest = r->dest = r->wrap != NULL ? gw_destination_open(r->guest, err) : NULL;
    opts.beside = r->progress = r->dest != NULL ? gw_progress(args, r->wrap, r->name, err) : NULL;
    r->intake = err->code == GW_E_OK ? gw_intake_new(&opts, err) : NULL;
    return r->intake != NULL ? 0 : -1;
}

static void close_restore(struct restore *r)
{
    gw_intake_free(r->intake);
    gw_sink_close(r->progress);
    gw_destination_close(r->dest);
    gw_wrap_close(r->wrap);
}

/* Everything in, and judged. A cut is refused, also behind a checkpoint: that is replayed in a later godwit. */
static int take_in(struct restore *r, struct gw_err *err)
{
    if (gw_wrap_run(r->wrap, gw_intake_sink(r->intake), err) < 0)
        return -1;
    return gw_intake_finish(r->intake, err);
}

static int start(struct restore *r, struct gw_err *err)
{
    bool surely_not_started = true;
    if (gw_destination_complete(r->dest, err) == 0 && gw_destination_start(r->dest, &surely_not_started, err) == 0)
        return 0;
    r->may_run = !surely_not_started;
    return -1;
}

static enum gw_exit failed(const struct restore *r, struct gw_err *err)
{
    gw_because(err, "cannot restore '%s'; %s", r->name,
               r->may_run ? "the guest may run, or may not: look before you start it again" : "nothing was started");
    gw_complain(err);
    return (enum gw_exit)gw_err_status(err);
}

static void report(const struct restore *r, bool as_json)
{
    const char *again = gw_destination_again(r->dest);
    char name[1024];
    if (as_json) {
        struct gw_json json = { .out = stdout };
        gw_json_object(&json, NULL);
        gw_json_text(&json, "type", "restored");
        gw_json_text(&json, "file", r->name);
        gw_json_text(&json, "guest", again);
        gw_json_end(&json, '}');
        return;
    }
    printf("restored '%s': the guest runs%s%s\n", gw_escape(name, sizeof name, r->name, strlen(r->name)),
           again[0] != '\0' ? ", as " : "", again);
}

static enum gw_exit restore_run(const struct gw_args *args)
{
    struct gw_err err = GW_ERR_NONE;
    struct restore r = { .name = args->operand[0], .guest = args->operand[1] };
    enum gw_exit status = GW_EXIT_YES;
    uint64_t max_pfn;
    if (!gw_max_guest(args, &max_pfn))
        return GW_EXIT_USAGE;
    if (open_restore(&r, args, max_pfn, &err) < 0 || take_in(&r, &err) < 0 || start(&r, &err) < 0)
        status = failed(&r, &err);
    else
        report(&r, args->given[OPT_JSON]);
    close_restore(&r);
    return status;
}

const struct gw_cmd gw_cmd_restore = {
    .name = "restore",
    .operands = "FILE KIND:SPEC",
    .brief = "a file becomes a running guest",
    .opts = restore_opts,
    .least = 2,
    .most = 2,
    .run = restore_run,
};
