/*
 * convert_run.c - the way of an image through a conversion: judged as it comes, changed, judged as it goes, packed.
 *
 *     producer -> verifier                     is it right
 *              -> fit -> static part? checks? -> verifier   would the receiver take it
 *                                             -> packer     into its wrapping
 *
 * The producer is the input itself, or the image that squash makes of it.
 */
#include <string.h>

#include "convert.h"

void convert_note(void *arg, const char *sentence)
{
    struct convert *c = arg;
    if (c->pack.to == NULL)
        return; /* once: when it is written */
    for (unsigned i = 0; i < c->num_notes; i++)
        if (strcmp(c->notes[i], sentence) == 0)
            return;
    if (c->num_notes < NOTES_MOST)
        snprintf(c->notes[c->num_notes++], NOTE_ROOM, "%s", sentence);
    else
        c->num_more++;
}

/* Which receivers take it, not whether it is right: the verifier behind the change says it of the one that is meant. */
static bool is_of_receiver(const struct convert *c, const struct gw_rule *rule)
{
    return c->fit.for_xen != 0 &&
           (rule == &gw_rules[GW_RULE_TSC_MODE] || rule == &gw_rules[GW_RULE_LIBXL_EMULATOR_TARGET]);
}

static void keep_first(struct gw_err *fault, const struct gw_finding *finding)
{
    /*
     * What an image lacks beside itself is no fault that a conversion makes worse: the packer tells it, and it refuses
     * itself to leave pages out. Nor is it a fault that an image was salvaged, which is written in it.
     */
    static const enum gw_rule_number others[] = { GW_RULE_LIBXL_EMULATOR_MISSING, GW_RULE_LEGACY_TMEM_PAGES,
                                                  GW_RULE_OPT_SALVAGED };
    if (finding->severity != GW_ERROR || fault->code != GW_E_OK)
        return;
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
        if (finding->rule == &gw_rules[others[i]])
            return;
    gw_refuse(fault, finding->rule->id, "%s (%s)", finding->text, finding->rule->id);
    if (finding->placed)
        gw_err_place(fault, finding->offset, finding->record);
}

/* What an image lacks the packer tells itself, where it was looked at before. */
static bool is_told(const struct convert *c, const struct gw_rule *rule)
{
    return !c->looked &&
           (rule == &gw_rules[GW_RULE_LIBXL_EMULATOR_MISSING] || rule == &gw_rules[GW_RULE_LEGACY_NO_MODEL]);
}

static void found(void *arg, const struct gw_finding *finding)
{
    struct convert *c = arg;
    if (finding->rule == &gw_rules[GW_RULE_OPT_SALVAGED] && !c->salvaging)
        snprintf(c->salvaged, sizeof c->salvaged, "%s", finding->text);
    if (is_told(c, finding->rule))
        convert_note(c, finding->text);
    convert_keep_rule(c, finding->rule);
    if (!is_of_receiver(c, finding->rule))
        keep_first(&c->fault, finding);
}

static void found_behind(void *arg, const struct gw_finding *finding)
{
    keep_first(&((struct convert *)arg)->unfit, finding);
}

static void note_fault(struct convert *c, const char *what, const struct gw_err *fault)
{
    char sentence[NOTE_ROOM];
    snprintf(sentence, sizeof sentence, "%s: %.250s", what, fault->msg);
    convert_note(c, sentence);
}

static void learn(struct convert *c, const struct gw_verdict *v)
{
    c->image = gw_verdict_guest(v);
    c->pack.image = &c->image;
    c->wants_contents = v->wants_contents;
    c->looked = true;
}

/* --- behind the change -------------------------------------------------------------------------------------------- */

/* The sinks from the change on; each closes the others' none. */
struct behind {
    struct gw_sink *verifier; /* NULL: nothing is changed that a receiver could mind */
    struct gw_sink *packer, *tee, *only, *checks, *fit;
};

static bool is_changed(const struct convert *c)
{
    return !c->static_only && (c->fit.for_xen != 0 || c->fit.version != 0 || c->squash || c->checks);
}

static int open_behind(struct convert *c, struct behind *b, struct gw_err *err)
{
    struct gw_verify_opts verify = {
        .max_pfn = c->max_pfn, .for_xen = c->fit.for_xen, .found = found_behind, .arg = c
    };
    *b = (struct behind){ 0 };
    b->packer = gw_packer(&c->pack, err);
    if (b->packer != NULL && is_changed(c))
        b->verifier = gw_verifier(&verify, err);
    if (err->code != GW_E_OK)
        return -1;
    struct gw_sink *all[] = { b->packer, b->verifier };
    b->tee = gw_tee(all, b->verifier != NULL ? 2 : 1, err);
    if (b->tee != NULL && c->static_only)
        b->only = gw_static_only(b->tee, err);
    if (b->tee != NULL && c->checks)
        b->checks = gw_checks(c->pack.to == NULL, b->tee, err);
    if (err->code == GW_E_OK)
        b->fit = gw_fit(&c->fit, b->only != NULL ? b->only : b->checks != NULL ? b->checks : b->tee, err);
    return b->fit != NULL ? 0 : -1;
}

static void close_behind(struct behind *b)
{
    gw_sink_close(b->fit);
    gw_sink_close(b->only);
    gw_sink_close(b->checks);
    gw_sink_close(b->tee);
    gw_sink_close(b->verifier);
    gw_sink_close(b->packer);
}

/* Everything was pushed: is what came out whole, and would it be taken. */
static int finish_behind(struct convert *c, struct behind *b, struct gw_err *err)
{
    if (b->verifier != NULL)
        gw_verify_finish(b->verifier);
    if (c->unfit.code != GW_E_OK && !c->faulty) {
        gw_err_pass(err, &c->unfit);
        return c->fit.for_xen != 0 ? gw_because(err, "Xen 4.%u does not take it", c->fit.for_xen) : -1;
    }
    if (gw_packer_finish(b->packer, err) < 0)
        return -1;
    if (c->salvaged[0] != '\0')
        convert_note(c, c->salvaged);
    if (c->fault.code != GW_E_OK && !c->salvaging)
        note_fault(c, "it is invalid", &c->fault);
    else if (c->fault.code == GW_E_OK && c->unfit.code != GW_E_OK)
        note_fault(c, "the result is invalid", &c->unfit);
    snprintf(c->wrapping, sizeof c->wrapping, "%s%s%s", c->compress != NULL ? c->compress : "",
             c->compress != NULL ? " > " : "", gw_packer_wrapping(b->packer));
    return 0;
}

/* --- the producer ------------------------------------------------------------------------------------------------- */

/* Everything of the input through the verifier and the change: the change's error, the verifier's, or the reader's. */
static int run(struct convert *c, struct gw_wrap *wrap, struct gw_sink *verifier, struct behind *b, struct gw_sink *tee,
               struct gw_err *err)
{
    struct gw_err failure = GW_ERR_NONE;
    int rc = gw_wrap_run(wrap, tee, &failure);
    bool is_finding = rc < 0 && gw_verify_failed(verifier, &failure);
    const struct gw_verdict *verdict = rc == 0 || is_finding ? gw_verify_finish(verifier) : NULL;
    snprintf(c->layers, sizeof c->layers, "%s", gw_wrap_layers(wrap));
    if (c->fault.code != GW_E_OK && (rc < 0 || !c->faulty))
        return gw_err_pass(err, &c->fault);
    if (rc < 0) /* also a cut that the verifier takes: the end of a checkpointed image that is not complete */
        return gw_err_pass(err, &failure);
    if (finish_behind(c, b, err) < 0)
        return -1;
    if (c->pack.to == NULL)
        learn(c, verdict);
    return 0;
}

/* One reading of the input: into c->pack.to, or for what is to be learnt of it. */
static int pass_on(struct convert *c, struct gw_err *err)
{
    bool writes_memory = c->pack.to != NULL && !c->static_only;
    struct gw_verify_opts verify = {
        .contents = writes_memory && (!c->looked || c->wants_contents), .max_pfn = c->max_pfn, .found = found, .arg = c
    };
    struct behind b = { 0 };
    gw_auto(gw_wrap_closep) struct gw_wrap *wrap = convert_input(c, err);
    gw_auto(gw_sink_closep) struct gw_sink *verifier = wrap != NULL ? gw_verifier(&verify, err) : NULL;
    gw_auto(gw_sink_closep) struct gw_sink *progress = verifier != NULL ? gw_progress(c->args, wrap, c->in, err) : NULL;
    int rc = err->code == GW_E_OK ? open_behind(c, &b, err) : -1;
    struct gw_sink *all[] = { verifier, b.fit, progress };
    gw_auto(gw_sink_closep) struct gw_sink *tee = rc == 0 ? gw_tee(all, progress != NULL ? 3 : 2, err) : NULL;
    rc = tee != NULL ? run(c, wrap, verifier, &b, tee, err) : -1;
    close_behind(&b);
    return rc;
}

/* --- squash ------------------------------------------------------------------------------------------------------- */

static int push(struct convert *c, struct gw_squash *squash, struct gw_chan *to, struct gw_err *err)
{
    struct behind b;
    c->pack.to = to;
    int rc = open_behind(c, &b, err);
    gw_auto(gw_sink_closep) struct gw_sink *progress =
        rc == 0 && to != NULL ? gw_progress_of(c->args, gw_squash_contents(squash), c->in, err) : NULL;
    struct gw_sink *all[] = { b.fit, progress };
    gw_auto(gw_sink_closep) struct gw_sink *tee =
        rc == 0 && err->code == GW_E_OK ? gw_tee(all, progress != NULL ? 2 : 1, err) : NULL;
    rc = tee != NULL ? gw_squash_run(squash, tee, err) : -1;
    if (rc == 0)
        rc = finish_behind(c, &b, err);
    close_behind(&b);
    return rc;
}

/* The input is read once, whatever it is; what would be lost shows before an octet is written. */
static int squeeze(struct convert *c, struct gw_chan *to, struct gw_err *err)
{
    /* what is squeezed out, a verify pass, is looked at before */
    struct gw_verify_opts verify = { .contents = true, .max_pfn = c->max_pfn, .found = found, .arg = c };
    gw_auto(gw_sink_closep) struct gw_sink *verifier = gw_verifier(&verify, err);
    const struct gw_legacy_opts legacy = gw_said_of_legacy(c->args);
    struct gw_image_opts opts = { .max_pfn = c->max_pfn, .spool = c->spool, .legacy = &legacy, .beside = verifier };
    if (verifier == NULL)
        return -1;
    c->spool = -1;
    gw_auto(gw_squash_closep) struct gw_squash *squash = gw_squash_open(c->in, &opts, err);
    if (squash == NULL)
        gw_verify_failed(verifier, err);
    const struct gw_verdict *verdict = gw_verify_finish(verifier);
    if (c->fault.code != GW_E_OK && (squash == NULL || !c->faulty))
        *err = c->fault;
    if (err->code != GW_E_OK)
        return -1;
    snprintf(c->layers, sizeof c->layers, "%s", gw_squash_layers(squash));
    learn(c, verdict);
    if (push(c, squash, NULL, err) < 0)
        return -1;
    return push(c, squash, to, err);
}

int convert_look(struct convert *c, struct gw_err *err)
{
    return pass_on(c, err);
}

int convert_pass(struct convert *c, struct gw_chan *to, struct gw_err *err)
{
    if (c->squash)
        return squeeze(c, to, err);
    if (c->salvages ? convert_salvage(c, err) < 0 : gw_can_read_again(c->in) && convert_look(c, err) < 0)
        return -1;
    c->pack.to = to;
    return pass_on(c, err);
}
