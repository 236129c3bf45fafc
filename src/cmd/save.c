/*
 * save.c - godwit save: a guest into a file, paused or live. The file is whole before anything becomes of the guest;
 * on any failure the guest is as it was and the file is not there.
 */
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "change.h"

enum { OPT_LIVE = OPT_OWN, OPT_AFTER, OPT_CHECKS, OPT_FORCE, OPT_DOWNTIME, OPT_POLICY };

static const struct gw_opt save_opts[] = {
    { 'l', "live", NULL, OPT_LIVE, "let the guest run while most of its memory is saved" },
    { 0, "downtime", "MS", OPT_DOWNTIME, "live: the pause to aim at, in milliseconds (300 unless said)" },
    { 0, "policy", "WORD=downtime|xen", OPT_POLICY, "live: when to pause the guest" },
    { 0, "after", "WORD=run|suspended|destroyed", OPT_AFTER, "what becomes of the guest" },
    { 0, "checks", NULL, OPT_CHECKS, "write a check of each page and a digest, which prove the contents later" },
    { 'f', "force", NULL, OPT_FORCE, "replace a FILE that exists" },
    GW_OPTS_COMMON,
    { 0 },
};

/* One save: what it holds, in the order in which it comes to be. */
struct save {
    const char *guest, *name;
    bool to_stdout;
    struct gw_source *source;
    struct gw_newfile *file;
    struct gw_chan *standard;        /* when the image goes to stdout */
    struct gw_sink *writer, *checks; /* checks: NULL where none are written */
    struct gw_saver *saver;
    bool whole; /* the image is durable: what fails now is the guest's end */
};

static void on_signal(int number)
{
    (void)number;
    gw_cancel_request();
}

/* The first signal asks; the second finds the default again. */
static void listen_to_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static struct gw_chan *open_output(struct save *s, bool replace, struct gw_err *err)
{
    if (s->to_stdout)
        return s->standard = gw_chan_fd(STDOUT_FILENO, false, err);
    s->file = gw_newfile_open(s->name, replace, err);
    return s->file != NULL ? gw_newfile_chan(s->file) : NULL;
}

static int open_save(struct save *s, const struct gw_saver_opts *opts, const struct gw_args *args, struct gw_err *err)
{
    struct gw_chan *to = open_output(s, args->given[OPT_FORCE], err);
    if (to == NULL || (s->source = gw_source_open(s->guest, err)) == NULL)
        return -1;
    s->saver = gw_saver_new(s->source, opts, err);
    s->writer = s->saver != NULL ? gw_writer(to, err) : NULL;
    if (s->writer != NULL && args->given[OPT_CHECKS])
        s->checks = gw_checks(false, s->writer, err);
    if (err->code != GW_E_OK)
        return -1;
    gw_remark(gw_saver_facts(s->saver)->lacks);
    gw_saver_sink(s->saver, s->checks != NULL ? s->checks : s->writer);
    return 0;
}

static void close_save(struct save *s)
{
    gw_saver_free(s->saver);
    gw_sink_close(s->checks);
    gw_sink_close(s->writer);
    gw_source_close(s->source);
    gw_newfile_close(s->file);
    gw_chan_close(s->standard);
}

static int run_steps(struct save *s, struct gw_err *err)
{
    enum gw_phase phase = GW_PHASE_STATIC;
    while (phase < GW_PHASE_DONE) {
        if (gw_cancelled())
            return gw_fail(err, GW_E_REFUSED, "it was cancelled; the guest is as it was (%s)",
                           gw_saver_facts(s->saver)->again);
        if (gw_saver_step(s->saver, &phase, err) < 0)
            return -1;
    }
    if (s->file != NULL && gw_newfile_commit(s->file, err) < 0)
        return -1;
    s->whole = true;
    return 0;
}

/* The image is whole and durable: now the guest may go on, stay, or end. */
static int settle(struct save *s, const char *after, struct gw_err *err)
{
    if (strcmp(after, "run") == 0)
        return gw_saver_undo(s->saver, err);
    if (strcmp(after, "destroyed") != 0)
        return 0;
    if (gw_source_destroy(s->source, err) < 0)
        return -1;
    gw_remark(gw_source_remains(s->source));
    return 0;
}

/* lives: the guest was not destroyed. */
static void report(const struct save *s, bool as_json, bool lives, uint64_t paused_ns)
{
    const struct gw_saver_stats *stats = gw_saver_stats(s->saver);
    const char *again = gw_saver_facts(s->saver)->again;
    FILE *out = s->to_stdout ? stderr : stdout;
    char size[32], guest[256], name[1024];
    if (as_json) {
        struct gw_json json = { .out = out };
        gw_json_object(&json, NULL);
        gw_json_text(&json, "type", "saved");
        gw_json_text(&json, "guest", s->guest);
        gw_json_text(&json, "file", s->name);
        gw_json_number(&json, "rounds", stats->num_rounds);
        gw_json_number(&json, "pages", stats->pages);
        gw_json_number(&json, "octets", stats->octets);
        gw_json_number(&json, "paused_ns", paused_ns);
        gw_json_text(&json, "again", lives ? again : "");
        gw_json_end(&json, '}');
        return;
    }
    fprintf(out, "saved '%s' to '%s': %" PRIu64 " pfns, %s of contents in %u round%s",
            gw_escape(guest, sizeof guest, s->guest, strlen(s->guest)),
            gw_escape(name, sizeof name, s->name, strlen(s->name)), stats->pages,
            gw_size_text(size, sizeof size, stats->octets), stats->num_rounds, stats->num_rounds == 1 ? "" : "s");
    if (!s->source->still)
        fprintf(out, "; the guest was paused for %.1f ms", (double)paused_ns / 1e6);
    fputc('\n', out);
    if (lives && again[0] != '\0')
        fprintf(out, "the guest is still there, as %s\n", again);
}

/* What went wrong, and whether the guest is as it was. */
static enum gw_exit failed(struct save *s, struct gw_err *err)
{
    struct gw_err undo = GW_ERR_NONE;
    bool undone = s->saver == NULL || gw_saver_undo(s->saver, &undo) == 0;
    if (s->whole)
        gw_because(err, "'%s' is saved, and '%s' is whole, but the guest could not be left as it was to be", s->guest,
                   s->name);
    else
        gw_because(err, "cannot save '%s' to '%s'", s->guest, s->name);
    gw_complain(err);
    if (undone)
        return (enum gw_exit)gw_err_status(err);
    gw_because(&undo, "'%s' is suspended and does not go on", s->guest);
    gw_complain(&undo);
    return GW_EXIT_SYSTEM;
}

static bool parse(const struct gw_args *args, struct gw_saver_opts *out, const char **after)
{
    const char *policy = args->given[OPT_POLICY] ? args->value[OPT_POLICY] : "downtime";
    uint64_t ms = 300;
    *after = args->given[OPT_AFTER] ? args->value[OPT_AFTER] : "run";
    if (args->given[OPT_DOWNTIME] && (!gw_size_parse(args->value[OPT_DOWNTIME], &ms) || ms > 3600000)) {
        gw_complain_usage("save: --downtime wants milliseconds, not '%s'", args->value[OPT_DOWNTIME]);
        return false;
    }
    *out = (struct gw_saver_opts){ .live = args->given[OPT_LIVE], .clock = &gw_clock_real };
    out->policy.kind = strcmp(policy, "xen") == 0 ? GW_POLICY_XEN : GW_POLICY_DOWNTIME;
    out->policy.downtime_ns = ms * 1000000;
    out->policy.force = true; /* a file is no link: at worst the guest pauses for what is left */
    return true;
}

static enum gw_exit save_run(const struct gw_args *args)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_saver_opts opts;
    const char *after;
    struct save s = { .guest = args->operand[0], .name = args->operand[1] };
    enum gw_exit status = GW_EXIT_YES;
    if (!parse(args, &opts, &after))
        return GW_EXIT_USAGE;
    s.to_stdout = strcmp(s.name, "-") == 0;
    listen_to_signals();
    if (open_save(&s, &opts, args, &err) < 0 || run_steps(&s, &err) < 0 || settle(&s, after, &err) < 0)
        status = failed(&s, &err);
    else
        report(&s, args->given[OPT_JSON], strcmp(after, "destroyed") != 0,
               gw_now(&gw_clock_real) - gw_saver_stats(s.saver)->suspended_at_ns);
    close_save(&s);
    return status;
}

const struct gw_cmd gw_cmd_save = {
    .name = "save",
    .operands = "GUEST FILE",
    .brief = "a guest into a file",
    .opts = save_opts,
    .least = 2,
    .most = 2,
    .run = save_run,
};
