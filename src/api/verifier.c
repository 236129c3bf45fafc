/*
 * verifier.c - the verifier of src/verify, its rules and its verdict, as programs see them.
 */
#include <string.h>

#include "api.h"

#define SAME(public, own) _Static_assert((int)(public) == (int)(own), #public " is promised to programs")
SAME(GODWIT_NOTE, GW_NOTE);
SAME(GODWIT_WARNING, GW_WARNING);
SAME(GODWIT_ERROR, GW_ERROR);
SAME(GODWIT_STRICT, GW_STRICT);

struct verifier {
    struct godwit_sink sink;
    struct godwit_verifier_options options;
    const struct gw_verdict *judged; /* NULL: not finished, or there is none */
    struct godwit_verdict view;
    bool looks; /* at contents */
    bool finished;
};

/* --- rules ------------------------------------------------------------------------------------------------------- */

unsigned godwit_num_rules(void)
{
    return GW_NUM_RULES;
}

static int answer_rule(const struct gw_rule *rule, struct godwit_rule *out)
{
    struct godwit_rule answer = {
        .size = sizeof answer,
        .id = rule->id,
        .severity = (enum godwit_severity)rule->severity,
        .section = rule->section,
        .what = rule->sentence,
        .spec = rule->spec,
        .xen = rule->xen,
        .python = rule->python,
    };
    return api_answer(out, &answer, sizeof answer);
}

int godwit_rule_at(unsigned index, struct godwit_rule *out)
{
    return index < GW_NUM_RULES ? answer_rule(&gw_rules[index], out) : -1;
}

int godwit_rule_of(const char *id, struct godwit_rule *out)
{
    const struct gw_rule *rule = id != NULL ? gw_rule_find(id) : NULL;
    return rule != NULL ? answer_rule(rule, out) : -1;
}

const char *godwit_severity_name(enum godwit_severity severity)
{
    return (unsigned)severity <= GODWIT_STRICT ? gw_severity_name((enum gw_severity)severity) : "unknown";
}

/* --- judging ----------------------------------------------------------------------------------------------------- */

static void found(void *arg, const struct gw_finding *finding)
{
    const struct verifier *v = arg;
    struct godwit_finding view = {
        .size = sizeof view,
        .rule = finding->rule->id,
        .severity = (enum godwit_severity)finding->severity,
        .placed = finding->placed,
        .number = finding->record,
        .offset = finding->offset,
        .text = finding->text,
    };
    if (v->options.found != NULL)
        v->options.found(v->options.arg, &view);
}

/* Only the run knows the bound on pfns, and whether looking at contents costs anything. */
static struct gw_sink *begin(struct godwit_sink *sink, const struct godwit_image *image, struct gw_err *err)
{
    struct verifier *v = (struct verifier *)sink;
    enum godwit_contents contents = v->options.contents;
    v->looks = contents == GODWIT_CONTENTS_ALWAYS || (contents == GODWIT_CONTENTS_CHEAP && !gw_wrap_skips(image->wrap));
    struct gw_verify_opts opts = {
        .strict = v->options.strict != 0,
        .contents = v->looks,
        .tables = v->looks,
        .max_pfn = image->max_pfn,
        .for_xen = v->options.for_xen,
        .found = found,
        .arg = v,
    };
    return gw_verifier(&opts, err);
}

static const struct api_kind verifier_kind = { .name = "verifier", .begin = begin };

struct godwit_sink *godwit_verifier_new(const struct godwit_verifier_options *options, struct godwit_error *err)
{
    struct gw_err *own = API_ERR(err);
    struct godwit_verifier_options copy;
    if (api_order(&copy, sizeof copy, options, own) < 0)
        return NULL;
    if (copy.for_xen != 0 && copy.for_xen < 6)
        return gw_fail(own, GW_E_USAGE, "for_xen is %u; the first Xen 4 that reads such images is 6", copy.for_xen),
               NULL;
    if ((unsigned)copy.contents > GODWIT_CONTENTS_NEVER)
        return gw_fail(own, GW_E_USAGE, "contents is %u; 2 is the highest", (unsigned)copy.contents), NULL;
    struct verifier *v = api_sink(sizeof *v, &verifier_kind, NULL, own);
    if (v == NULL)
        return NULL;
    v->options = copy;
    return &v->sink;
}

static void view_verdict(struct verifier *v)
{
    const struct gw_verdict *judged = v->judged;
    v->view = (struct godwit_verdict){
        .size = sizeof v->view,
        .valid = gw_verdict_valid(judged),
        .errors = judged->errors,
        .warnings = judged->warnings,
        .notes = judged->notes,
        .ended = judged->ended,
        .checkpoints = judged->checkpoints,
        .commits = judged->commits,
        .num_pfns = judged->num_pfns,
        .num_vcpus = judged->num_vcpus,
        .vcpu_end = judged->vcpu_end,
        .guest = judged->guest,
        .pv_width = judged->pv_width,
        .has_devices = judged->has_devices,
        .wants_contents = judged->wants_contents || judged->wants_tables,
    };
    _Static_assert(sizeof v->view.by_type == sizeof judged->by_type, "16 types of pages");
    memcpy(v->view.by_type, judged->by_type, sizeof v->view.by_type);
}

/* Tells findings: the program may close the verifier in their callback. */
static void finish(struct verifier *v)
{
    const struct gw_err *failure = &v->sink.failure;
    v->finished = v->sink.running = true;
    if (v->sink.inner != NULL && (failure->code == GW_E_OK || gw_verify_failed(v->sink.inner, failure))) {
        v->judged = gw_verify_finish(v->sink.inner);
        if (v->looks)
            v->judged = gw_verify_unread(v->sink.inner);
        view_verdict(v);
    }
    v->sink.running = false;
}

const struct godwit_verdict *godwit_verifier_finish(struct godwit_sink *verifier, struct godwit_error *err)
{
    struct gw_err *own = API_ERR(err);
    struct verifier *v = (struct verifier *)verifier;
    if (api_is(verifier, &verifier_kind, own) < 0)
        return NULL;
    if (!verifier->ran || verifier->running)
        return gw_fail(own, GW_E_USAGE, "a verdict is there after the run"), NULL;
    if (!v->finished)
        finish(v);
    if (api_closed(verifier))
        return gw_fail(own, GW_E_USAGE, "the verifier was closed while it told its findings"), NULL;
    if (v->judged == NULL)
        return gw_err_pass(own, &verifier->failure), NULL;
    return &v->view;
}

const struct gw_verdict *api_verdict(const struct godwit_sink *verifier)
{
    struct gw_err ignored = GW_ERR_NONE;
    bool is = api_is(verifier, &verifier_kind, &ignored) == 0;
    return is ? ((const struct verifier *)verifier)->judged : NULL;
}

uint64_t godwit_verifier_times(const struct godwit_sink *verifier, const char *rule)
{
    const struct gw_verdict *judged = api_verdict(verifier);
    const struct gw_rule *row = rule != NULL ? gw_rule_find(rule) : NULL;
    return row != NULL && judged != NULL ? judged->times[row - gw_rules] : 0;
}
