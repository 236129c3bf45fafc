/*
 * convert_salvage.c - convert --salvage: is anything lost, and if so, what is left takes the place of the input.
 */
#include <string.h>

#include "convert.h"

struct gw_wrap *convert_input(struct convert *c, struct gw_err *err)
{
    if (c->salvage == NULL || (!c->salvaging && gw_can_read_again(c->in)))
        return gw_open_input(c->args, c->in, c->max_pfn, err);
    struct gw_chan *chan =
        c->salvaging ? gw_salvage_stream(c->salvage, c->provenance, err) : gw_salvage_input(c->salvage, err);
    return chan != NULL ? gw_wrap_new(chan, c->max_pfn, err) : NULL;
}

void convert_keep_rule(struct convert *c, const struct gw_rule *rule)
{
    struct faults *faults = &c->faults;
    if (rule->severity != GW_ERROR || !c->salvaging || c->pack.to != NULL)
        return;
    for (unsigned i = 0; i < faults->num; i++)
        if (faults->rules[i] == rule)
            return;
    if (faults->num < FAULTS_MOST)
        faults->rules[faults->num++] = rule;
}

/* What is left is looked at like any image: which rules does it break? All of that goes into its PROVENANCE. */
static int look_at_rest(struct convert *c, struct gw_err *err)
{
    c->salvaging = c->faulty = true;
    c->fault = c->unfit = GW_ERR_NONE;
    if (convert_look(c, err) < 0)
        return -1;
    c->provenance = losses_provenance(c->salvage, &c->faults, c->host, err);
    return c->provenance != NULL ? 0 : -1;
}

/* Of what kind of image nothing can be salvaged, that is converted if it is whole. */
static int look_at_whole(struct convert *c, struct gw_err *err)
{
    struct gw_err why = GW_ERR_NONE;
    if (err->code != GW_E_REFUSED || !gw_can_read_again(c->in) || convert_look(c, &why) < 0)
        return -1;
    *err = GW_ERR_NONE;
    return 0;
}

int convert_salvage(struct convert *c, struct gw_err *err)
{
    struct gw_err why = GW_ERR_NONE;
    const struct gw_legacy_opts legacy = gw_said_of_legacy(c->args);
    int spool = c->spool;
    c->spool = -1;
    c->salvage = gw_salvage_open(c->in, spool, &legacy, c->max_pfn, err);
    if (c->salvage == NULL)
        return look_at_whole(c, err);
    if (!gw_salvage_losses(c->salvage)->any && convert_look(c, &why) == 0)
        return 0;
    if (why.code == GW_E_SYSTEM || why.code == GW_E_REFUSED)
        return gw_err_pass(err, &why);
    return look_at_rest(c, err);
}
