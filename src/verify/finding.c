/*
 * finding.c - telling what was found: counted whole, told at most so often for one rule.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "verifier.h"

#define TEXT_MAX 640

/*
 * What stands inside of state that another Xen made: a conversion hands it on octet by octet, and can neither make it
 * nor mend it. Whether it is taken is the hypervisor's to say.
 */
static bool is_inside(const struct gw_rule *rule)
{
    static const char *const begins[] = { "ctx-", "vcpu-basic-", "vcpu-ext-", "vcpu-xsave-", "pv-pte-", "qemu-form" };
    const struct gw_rule *framing = &gw_rules[GW_RULE_CTX_END]; /* up to here of the whole of HVM_CONTEXT */
    for (unsigned i = 0; i < sizeof begins / sizeof begins[0]; i++)
        if (strncmp(rule->id, begins[i], strlen(begins[i])) == 0)
            return i > 0 || rule > framing;
    return false;
}

bool is_handed_on(const struct verifier *v)
{
    return v->carrier.legacy || (v->headers.domain.type != 0 && v->headers.domain.xen_major == 0);
}

static enum gw_severity severity_of(const struct verifier *v, const struct gw_rule *rule)
{
    if (is_handed_on(v) && !v->opts.strict && rule->severity == GW_ERROR && is_inside(rule))
        return GW_WARNING;
    bool strict = v->opts.strict && (rule->severity == GW_WARNING || rule->severity == GW_STRICT);
    return strict ? GW_ERROR : rule->severity;
}

/* True: it is to be told, not only counted. */
static bool count(struct verifier *v, const struct gw_rule *rule)
{
    enum gw_severity severity = severity_of(v, rule);
    assert(rule >= gw_rules && rule < gw_rules + GW_NUM_RULES);
    if (severity == GW_STRICT)
        return false;
    v->verdict.errors += severity == GW_ERROR;
    v->verdict.warnings += severity == GW_WARNING;
    v->verdict.notes += severity == GW_NOTE;
    return ++v->verdict.times[rule - gw_rules] <= gw_limit(SAME_RULE) && v->opts.found != NULL;
}

static void tell(struct verifier *v, const struct place *at, const struct gw_rule *rule, const char *text)
{
    struct gw_finding finding = {
        .rule = rule,
        .severity = severity_of(v, rule),
        .placed = at->set,
        .record = at->record,
        .offset = at->offset,
        .text = text,
    };
    assert(text[0] != '\0');
    v->opts.found(v->opts.arg, &finding);
}

__attribute__((format(printf, 4, 0))) static void say(struct verifier *v, const struct place *at,
                                                      enum gw_rule_number rule, const char *fmt, va_list ap)
{
    char text[TEXT_MAX];
    if (!count(v, &gw_rules[rule]))
        return; /* before a sentence is made: a hostile image has millions */
    vsnprintf(text, sizeof text, fmt, ap);
    tell(v, at, &gw_rules[rule], text);
}

void find(struct verifier *v, enum gw_rule_number rule, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(v, &v->at, rule, fmt, ap);
    va_end(ap);
}

void find_at(struct verifier *v, const struct place *at, enum gw_rule_number rule, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(v, at, rule, fmt, ap);
    va_end(ap);
}

int find_refusal(struct verifier *v, struct gw_err *err)
{
    const struct gw_rule *rule = err->rule != NULL ? gw_rule_find(err->rule) : NULL;
    assert(err->rule == NULL || rule != NULL);
    if (rule == NULL)
        return -1;
    if (count(v, rule))
        tell(v, &v->at, rule, err->msg);
    *err = GW_ERR_NONE;
    return 0;
}

struct judged {
    struct verifier *v;
    const char *whose;
};

enum gw_rule_number rule_named(struct verifier *v, const char *id)
{
    struct named_rule *known = &v->named[(uintptr_t)id / 8 % NAMED_RULES];
    if (known->id != id) {
        const struct gw_rule *rule = gw_rule_find(id);
        assert(rule != NULL);
        *known = (struct named_rule){ .id = id, .rule = (enum gw_rule_number)(rule - gw_rules) };
    }
    return known->rule;
}

const char *broken_text(const struct verifier *v, enum gw_rule_number rule, const struct gw_broken *broken, char *room,
                        size_t len)
{
    bool enough = v->opts.found == NULL || v->verdict.times[rule] >= gw_limit(SAME_RULE);
    return enough ? "" : gw_broken_text(room, len, broken);
}

static void tell_broken(void *arg, const struct gw_broken *broken)
{
    const struct judged *j = arg;
    char room[BROKEN_TEXT];
    enum gw_rule_number rule = rule_named(j->v, broken->field->rule);
    find(j->v, rule, "%s: %s", j->whose, broken_text(j->v, rule, broken, room, sizeof room));
}

void judge_layout(struct verifier *v, const struct gw_layout *layout, struct gw_cur octets, const char *whose)
{
    struct judged judged = { v, whose };
    gw_layout_judge(layout, octets, tell_broken, &judged);
}

struct place place_of(const struct gw_frame *frame)
{
    return (struct place){ .set = true, .record = frame->number, .offset = frame->offset };
}

bool target_before(const struct verifier *v, unsigned minor)
{
    return v->opts.for_xen != 0 && v->opts.for_xen < minor;
}

bool gw_verify_failed(struct gw_sink *sink, const struct gw_err *failure)
{
    struct verifier *v = (struct verifier *)sink;
    const struct gw_rule *rule = failure->rule != NULL ? gw_rule_find(failure->rule) : NULL;
    struct place at = { .set = failure->placed, .record = failure->record, .offset = failure->offset };
    assert(failure->rule == NULL || rule != NULL);
    assert(failure->code != GW_E_OK && !v->finished);
    v->failed = true;
    if (rule == NULL)
        return false;
    /* A cut behind a complete checkpoint costs what came after it, no more (section 17.3). */
    if (failure->code == GW_E_SHORT && v->verdict.commits > 0 && !v->end_seen)
        rule = &gw_rules[GW_RULE_CKPT_INCOMPLETE];
    if (count(v, rule))
        tell(v, &at, rule, failure->msg);
    return true;
}
