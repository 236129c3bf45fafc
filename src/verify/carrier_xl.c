/*
 * carrier_xl.c - the xl header and the configuration in it (libxl-stream sections 1 and 8).
 */
#include "verifier.h"

static void judge_xl_header(struct verifier *v, const struct gw_aside *aside)
{
    struct gw_cur cur = gw_cur(aside->body, aside->body_len);
    gw_take(&cur, 40); /* magic, byte order, mandatory flags: the reader saw to them */
    uint32_t optional = gw_u32(&cur), len = gw_u32(&cur);
    v->carrier.xl = true;
    if (optional != 0)
        find(v, GW_RULE_XL_OPTIONAL_FLAGS, "the xl header's optional flags are 0x%x", optional);
    if (len == 0)
        find(v, GW_RULE_XL_CONFIG_MISSING, "the xl header carries no configuration");
}

static void judge_xl_config(struct verifier *v, const struct gw_aside *aside)
{
    v->carrier.config = *aside->config;
    if (!(aside->number & GW_XL_JSON))
        return;
    if (aside->body_len == 0 || aside->body[aside->body_len - 1] != 0)
        find(v, GW_RULE_XL_CONFIG_NUL, "the JSON configuration does not end with a zero octet");
    if (!aside->config->is_object)
        find(v, GW_RULE_XL_CONFIG_JSON, "the configuration is not a JSON object with c_info and b_info%s",
             aside->body_len > gw_limit(JSON) ? " of a length that is read" : "");
}

void judge_xl(struct verifier *v, const struct gw_aside *aside)
{
    if (aside->kind == GW_ASIDE_XL_HEADER)
        judge_xl_header(v, aside);
    else if (aside->kind == GW_ASIDE_XL_CONFIG)
        judge_xl_config(v, aside);
    else
        find(v, GW_RULE_XL_OPTIONAL_MORE, "%zu octets of optional data stand behind the configuration",
             aside->body_len);
}
