/*
 * carrier_xend.c - xend's configuration (legacy section 11.4). Its numbers are not held against the image: xend kept
 * them beside the guest, and nothing made them true.
 */
#include <string.h>

#include "verifier.h"

void judge_xend(struct verifier *v, const struct gw_aside *aside)
{
    v->carrier.xend = true;
    memcpy(v->carrier.config.type, aside->config->type, sizeof v->carrier.config.type);
    if (!aside->config->is_object)
        find(v, GW_RULE_XEND_CONFIG, "xend's configuration is no list that ends");
}
