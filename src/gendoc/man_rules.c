/*
 * man_rules.c - the rules of godwit-verify(1), in groups: severity, what must hold, and who else knows it.
 */
#include <assert.h>

#include "man.h"
#include "verify.h"

#define NUMBER(NAME, ...) GW_RULE_##NAME,
#define GROUP(heading, LIST)                                                                                           \
    {                                                                                                                  \
        (heading), (const unsigned[]){ LIST(NUMBER) }, sizeof((const unsigned[]){ LIST(NUMBER) }) / sizeof(unsigned)   \
    }

static const struct group {
    const char *heading;
    const unsigned *rules;
    unsigned num;
} groups[] = {
    GROUP("Headers", GW_RULES_IMAGE),
    GROUP("Records", GW_RULES_FRAMING),
    GROUP("Static data", GW_RULES_STATIC),
    GROUP("Memory", GW_RULES_MEMORY),
    GROUP("PV guests", GW_RULES_PV),
    GROUP("HVM guests", GW_RULES_HVM),
    GROUP("The end, and checkpoints", GW_RULES_TAIL),
    GROUP("The files of xl, and libxl streams", GW_RULES_CARRIER),
    GROUP("The device model's state", GW_RULES_DEVICE_MODEL),
    GROUP("The files of libvirt", GW_RULES_LIBVIRT),
    GROUP("The files of xenopsd", GW_RULES_XENOPSD),
    GROUP("Legacy images (Xen 3.0 to 4.5)", GW_RULES_LEGACY),
};

static void put_others(FILE *out, const struct gw_rule *rule)
{
    struct gw_rule_others others = gw_rule_others(rule);
    fprintf(out, ".br\n.Em Specification :\n%s.\n", others.spec);
    if (rule->xen == '-' && rule->python == '-')
        fputs("Nobody else notices.\n", out);
    else
        fprintf(out, ".Em Xen :\n%s.\n.Em Verifier :\n%s.\n", others.xen, others.python);
}

static void put_rule(FILE *out, const struct gw_rule *rule)
{
    fputs(".It Sy ", out);
    man_put(out, rule->id);
    fprintf(out, " Pq %s\n", gw_severity_name(rule->severity));
    man_put_sentence(out, rule->sentence);
    put_others(out, rule);
}

static void put_group(FILE *out, const struct group *group)
{
    fprintf(out, ".Ss %s\n.Bl -tag -width Ds\n", group->heading);
    for (unsigned i = 0; i < group->num; i++)
        put_rule(out, &gw_rules[group->rules[i]]);
    fputs(".El\n", out);
}

void fill_rules(FILE *out, const char *unused)
{
    unsigned told = 0;
    (void)unused;
    for (unsigned i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        put_group(out, &groups[i]);
        told += groups[i].num;
    }
    assert(told == GW_NUM_RULES); /* a list that is new in rules.h needs its heading here */
}
