/*
 * judge.c - a file through the verifier: what verify prints and info sums up.
 *
 * A plain file is first read without looking at contents, which costs next to nothing; only if there is a VERIFY is
 * it read again, contents and all. What cannot be read twice is looked at from the beginning. Page tables are judged in
 * a further reading; of an input that is costly or impossible to read again they are kept as they pass, while they are
 * few.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd.h"

bool gw_can_read_again(const char *name)
{
    struct stat st;
    return strcmp(name, "-") != 0 && (stat(name, &st) < 0 || S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
}

struct gw_legacy_opts gw_said_of_legacy(const struct gw_args *args)
{
    const char *width = args->value[OPT_LEGACY_WIDTH];
    return (struct gw_legacy_opts){ .spool = args->spool,
                                    .width = width == NULL              ? 0
                                             : strcmp(width, "32") == 0 ? 4
                                                                        : 8,
                                    .guest = args->value[OPT_LEGACY_GUEST] };
}

struct gw_wrap *gw_open_input(const struct gw_args *args, const char *name, uint64_t max_pfn, struct gw_err *err)
{
    const struct gw_legacy_opts said = gw_said_of_legacy(args);
    struct gw_wrap *wrap = gw_wrap_open(name, max_pfn, err);
    if (wrap != NULL)
        gw_wrap_legacy(wrap, &said);
    return wrap;
}

/* Findings are kept, for a second reading may follow; their number is bounded by the verifier. */
static void keep(void *arg, const struct gw_finding *finding)
{
    struct gw_judgement *j = arg;
    struct gw_err err = GW_ERR_NONE;
    void *mem = j->findings;
    struct gw_finding copy = *finding;
    if (gw_grow(&mem, &j->cap_findings, j->num_findings + 1, sizeof copy, &err) == 0) {
        j->findings = mem;
        copy.text = gw_strdup(finding->text, &err);
        if (copy.text != NULL)
            j->findings[j->num_findings++] = copy;
    }
    if (err.code != GW_E_OK && !j->failed) {
        j->failed = true;
        j->err = err;
    }
}

void gw_judgement_free(struct gw_judgement *j)
{
    for (size_t i = 0; i < j->num_findings; i++) {
        void *text;
        memcpy(&text, &j->findings[i].text, sizeof text); /* ours, though a finding's text is const to its readers */
        gw_free(text);
    }
    gw_free(j->findings);
    *j = (struct gw_judgement){ 0 };
}

/* All sinks that want the image, NULL ones left out. */
static struct gw_sink *join(struct gw_sink *verifier, struct gw_sink *beside, struct gw_sink *progress,
                            struct gw_err *err)
{
    struct gw_sink *all[3];
    unsigned num = 0;
    all[num++] = verifier;
    if (beside != NULL)
        all[num++] = beside;
    if (progress != NULL)
        all[num++] = progress;
    return gw_tee(all, num, err);
}

/* True: the input could not be read to its end. */
static bool run(struct gw_wrap *wrap, struct gw_sink *verifier, struct gw_sink *tee, struct gw_judgement *out)
{
    struct gw_err failure = GW_ERR_NONE;
    int rc = gw_wrap_run(wrap, tee, &failure);
    if (rc < 0 && !gw_verify_failed(verifier, &failure)) {
        out->failed = true;
        out->err = failure;
    }
    if (!out->failed)
        out->verdict = *gw_verify_finish(verifier);
    return rc < 0;
}

/* The tables that were not looked at: the same input once more, which skips all else. */
static void read_again(const char *name, const struct gw_judge_opts *opts, const struct gw_args *args,
                       struct gw_sink *verifier, bool cut, struct gw_judgement *out)
{
    struct gw_err *err = &out->err, failure = GW_ERR_NONE;
    gw_auto(gw_wrap_closep) struct gw_wrap *wrap = gw_open_input(args, name, opts->max_pfn, err);
    gw_auto(gw_sink_closep) struct gw_sink *again = wrap != NULL ? gw_verify_again(verifier, err) : NULL;
    gw_auto(gw_sink_closep) struct gw_sink *progress = again != NULL ? gw_progress(args, wrap, name, err) : NULL;
    gw_auto(gw_sink_closep) struct gw_sink *tee = err->code == GW_E_OK ? join(again, NULL, progress, err) : NULL;
    if (tee != NULL && gw_wrap_run(wrap, tee, &failure) < 0 && !cut)
        *err = failure; /* it could be read before */
    out->failed = err->code != GW_E_OK;
    if (!out->failed)
        out->verdict = *gw_verify_again_finish(again);
}

static void judge_once(const char *name, const struct gw_judge_opts *opts, const struct gw_args *args, bool contents,
                       struct gw_sink *beside, struct gw_judgement *out)
{
    struct gw_err *err = &out->err;
    gw_auto(gw_wrap_closep) struct gw_wrap *wrap = gw_open_input(args, name, opts->max_pfn, err);
    struct gw_verify_opts verify = {
        .strict = opts->strict,
        .for_xen = opts->for_xen,
        .max_pfn = opts->max_pfn,
        .contents = contents || (wrap != NULL && !gw_wrap_skips(wrap)),
        .tables = wrap != NULL && !gw_wrap_skips(wrap),
        .found = keep,
        .arg = out,
    };
    gw_auto(gw_sink_closep) struct gw_sink *verifier = wrap != NULL ? gw_verifier(&verify, err) : NULL;
    gw_auto(gw_sink_closep) struct gw_sink *progress = verifier != NULL ? gw_progress(args, wrap, name, err) : NULL;
    gw_auto(gw_sink_closep) struct gw_sink *tee = err->code == GW_E_OK ? join(verifier, beside, progress, err) : NULL;
    if (tee == NULL) {
        out->failed = true;
        return;
    }
    bool cut = run(wrap, verifier, tee, out);
    snprintf(out->layers, sizeof out->layers, "%s", gw_wrap_layers(wrap));
    while (!out->failed && out->verdict.wants_tables && !out->verdict.wants_contents && gw_wrap_reopens(wrap))
        read_again(name, opts, args, verifier, cut, out);
    if (!out->failed && out->verdict.wants_tables && !out->verdict.wants_contents)
        out->verdict = *gw_verify_unread(verifier);
}

void gw_judge(const char *name, const struct gw_judge_opts *opts, const struct gw_args *args, struct gw_sink *beside,
              struct gw_judgement *out)
{
    *out = (struct gw_judgement){ .err = GW_ERR_NONE };
    judge_once(name, opts, args, false, beside, out);
    if (out->failed || !out->verdict.wants_contents)
        return;
    gw_judgement_free(out);
    judge_once(name, opts, args, true, NULL, out);
}
