/*
 * info.c - godwit info: a page about an image.
 */
#include "sandbox.h"

static const struct gw_opt info_opts[] = {
    GW_OPTS_VERBOSE, GW_OPTS_MAX_GUEST, GW_OPTS_LEGACY, GW_OPTS_NO_SANDBOX, GW_OPTS_COLOR, GW_OPTS_COMMON, { 0 },
};

static enum gw_exit info_one(const char *name, const struct gw_args *args)
{
    struct gw_summary summary = { 0 };
    struct gw_judge_opts opts = { 0 };
    struct gw_judgement j = { .failed = true };
    enum gw_exit status = GW_EXIT_SYSTEM;
    if (!gw_max_guest(args, &opts.max_pfn))
        return GW_EXIT_USAGE;
    gw_auto(gw_sink_closep) struct gw_sink *summarizer = gw_summarizer(&summary, &j.err);
    if (summarizer != NULL)
        gw_judge(name, &opts, args, summarizer, &j);
    if (j.failed) {
        gw_because(&j.err, "cannot read '%s'", name);
        gw_complain(&j.err);
    } else {
        struct gw_info info = { .file = name, .layers = j.layers, .summary = &summary, .verdict = &j.verdict };
        if (args->given[OPT_JSON])
            gw_info_json(stdout, &info);
        else
            gw_info_text(stdout, gw_wants_colour(args), &info);
        status = gw_verdict_valid(&j.verdict) ? GW_EXIT_YES : GW_EXIT_NO;
    }
    gw_judgement_free(&j);
    return status;
}

static enum gw_exit info_run(const struct gw_args *args)
{
    enum gw_exit worst = GW_EXIT_YES;
    if (!gw_confine(args))
        return GW_EXIT_SYSTEM;
    for (int i = 0; i < args->num_operands; i++) {
        enum gw_exit status = info_one(args->operand[i], args);
        worst = status > worst ? status : worst;
    }
    return worst;
}

const struct gw_cmd gw_cmd_info = {
    .name = "info",
    .operands = "FILE...",
    .brief = "a page about an image",
    .opts = info_opts,
    .least = 1,
    .most = -1,
    .run = info_run,
};
