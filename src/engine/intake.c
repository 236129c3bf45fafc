/*
 * intake.c - an image comes in and becomes a guest: the verifier and the restorer side by side, errors fatal.
 *
 * What verify calls an error is refused in the same sentence, whether the image comes from a file or from another
 * host. Nothing starts here.
 */
#include <assert.h>
#include <stdio.h>

#include "engine.h"

struct gw_intake {
    struct gw_sink *verifier, *restorer, *tee;
    bool accept_loss;
    const char *accepts;
    unsigned num_errors; /* kept of them: */
    struct gw_err errors[GW_INTAKE_ERRORS];
};

static void keep_error(void *arg, const struct gw_finding *finding)
{
    struct gw_intake *in = arg;
    bool accepted = in->accept_loss && finding->rule == &gw_rules[GW_RULE_OPT_SALVAGED];
    if (finding->severity != GW_ERROR || accepted || in->num_errors == GW_INTAKE_ERRORS)
        return;
    struct gw_err *err = &in->errors[in->num_errors++];
    bool salvaged = finding->rule == &gw_rules[GW_RULE_OPT_SALVAGED];
    gw_refuse(err, finding->rule->id, "%s (%s)%s%s%s", finding->text, finding->rule->id, salvaged ? "; " : "",
              salvaged ? in->accepts : "", salvaged ? " takes it as it is" : "");
    if (finding->placed)
        gw_err_place(err, finding->offset, finding->record);
}

/* The verifier, and who takes part beside it. */
static int open_sinks(struct gw_intake *in, const struct gw_intake_opts *opts, struct gw_err *err)
{
    struct gw_verify_opts verify = {
        .contents = opts->contents, .tables = opts->tables, .max_pfn = opts->max_pfn, .found = keep_error, .arg = in
    };
    struct gw_sink *all[3];
    unsigned num = 0;
    all[num++] = in->verifier = gw_verifier(&verify, err);
    if (in->verifier == NULL)
        return -1;
    if (opts->dest != NULL && (all[num++] = in->restorer = gw_restorer(opts->dest, err)) == NULL)
        return -1;
    if (opts->beside != NULL)
        all[num++] = opts->beside;
    in->tee = gw_tee(all, num, err);
    return in->tee != NULL ? 0 : -1;
}

struct gw_intake *gw_intake_new(const struct gw_intake_opts *opts, struct gw_err *err)
{
    struct gw_intake *in = gw_alloc(1, sizeof *in, err);
    if (in == NULL)
        return NULL;
    in->accept_loss = opts->accept_loss;
    in->accepts = opts->accepts != NULL ? opts->accepts : "--accept-loss";
    if (open_sinks(in, opts, err) == 0)
        return in;
    gw_intake_free(in);
    return NULL;
}

struct gw_sink *gw_intake_sink(struct gw_intake *in)
{
    return in->tee;
}

int gw_intake_error(const struct gw_intake *in, unsigned number, struct gw_err *err)
{
    if (number >= in->num_errors)
        return 0;
    if (err->code == GW_E_OK)
        *err = in->errors[number];
    return -1;
}

int gw_intake_finish(struct gw_intake *in, struct gw_err *err)
{
    gw_verify_finish(in->verifier);
    gw_verify_unread(in->verifier);
    return gw_intake_error(in, 0, err);
}

void gw_intake_free(struct gw_intake *in)
{
    if (in == NULL)
        return;
    gw_sink_close(in->tee);
    gw_sink_close(in->restorer);
    gw_sink_close(in->verifier);
    gw_free(in);
}
