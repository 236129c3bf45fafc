/*
 * rules.c - the table of rules.h as data.
 */
#include <string.h>

#include "verify.h"

const struct gw_rule gw_rules[GW_NUM_RULES] = {
#define X(name, called, how, where, by_spec, by_xen, by_python, text)                                                  \
    [GW_RULE_##name] = { .id = called,                                                                                 \
                         .severity = GW_##how,                                                                         \
                         .section = where,                                                                             \
                         .spec = by_spec,                                                                              \
                         .xen = by_xen,                                                                                \
                         .python = by_python,                                                                          \
                         .sentence = text },
    GW_RULES(X)
#undef X
};

const struct gw_rule *gw_rule_find(const char *id)
{
    for (unsigned i = 0; i < GW_NUM_RULES; i++)
        if (strcmp(gw_rules[i].id, id) == 0)
            return &gw_rules[i];
    return NULL;
}

const char *gw_severity_name(enum gw_severity severity)
{
    static const char *const names[] = {
        [GW_NOTE] = "note", [GW_WARNING] = "warning", [GW_ERROR] = "error", [GW_STRICT] = "strict"
    };
    return names[severity];
}

static const char *who_notices(char letter)
{
    switch (letter) {
    case 'R': return "libxc's restorer refuses";
    case 'H': return "the hypervisor refuses";
    case 'T': return "the toolstack that reads it refuses";
    case 'L': return "logged";
    case 'p': return "partly";
    case 'w': return "warns";
    case 'Y': return "refuses";
    case 'I': return "implied";
    default: return "silent";
    }
}

struct gw_rule_others gw_rule_others(const struct gw_rule *rule)
{
    return (struct gw_rule_others){ .spec = rule->spec == 'Y' ? "states it" : who_notices(rule->spec),
                                    .xen = rule->xen == 'L' ? "only logged" : who_notices(rule->xen),
                                    .python = who_notices(rule->python) };
}
