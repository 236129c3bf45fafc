/*
 * carrier_legacy.c - what is odd in a legacy image (legacy sections 2 to 14): the reader says it in its own words, here
 * each gets its rule.
 */
#include <assert.h>

#include "verifier.h"

static const enum gw_rule_number rules[GW_NUM_LEGACY_ODDITIES] = {
    [GW_LEGACY_PROPOSAL] = GW_RULE_LEGACY_2014,
    [GW_LEGACY_HINT] = GW_RULE_LEGACY_HINT,
    [GW_LEGACY_SPOOLED] = GW_RULE_LEGACY_SPOOLED,
    [GW_LEGACY_BLOCK] = GW_RULE_LEGACY_BLOCK,
    [GW_LEGACY_TWO_LEVELS] = GW_RULE_LEGACY_LEVELS,
    [GW_LEGACY_MAP] = GW_RULE_LEGACY_MAP,
    [GW_LEGACY_PARAM] = GW_RULE_LEGACY_PARAM,
    [GW_LEGACY_TMEM] = GW_RULE_LEGACY_TMEM_DROPPED,
    [GW_LEGACY_TMEM_PAGES] = GW_RULE_LEGACY_TMEM_PAGES,
    [GW_LEGACY_TOOLSTACK] = GW_RULE_LEGACY_TOOLSTACK,
    [GW_LEGACY_UNMAPPED] = GW_RULE_LEGACY_UNMAPPED_ORDER,
    [GW_LEGACY_XSAVE] = GW_RULE_LEGACY_XSAVE,
    [GW_LEGACY_GDT] = GW_RULE_LEGACY_GDT,
    [GW_LEGACY_CHECKPOINTS] = GW_RULE_LEGACY_CHECKPOINTS,
    [GW_LEGACY_CUT] = GW_RULE_LEGACY_CUT,
    [GW_LEGACY_NO_MODEL] = GW_RULE_LEGACY_NO_MODEL,
};

void judge_legacy(struct verifier *v, const struct gw_aside *aside)
{
    v->carrier.legacy = true;
    v->carrier.converted = true; /* nothing tells which emulator the device model is */
    if (aside->kind == GW_ASIDE_LEGACY)
        return;
    assert(aside->type < GW_NUM_LEGACY_ODDITIES);
    find(v, rules[aside->type], "%s", aside->name);
}
