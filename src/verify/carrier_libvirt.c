/*
 * carrier_libvirt.c - libvirt's header and the domain's XML (libxl-stream sections 4 and 8).
 */
#include "verifier.h"

static void judge_header(struct verifier *v, const struct gw_aside *aside)
{
    struct gw_cur cur = gw_cur(aside->body, aside->body_len);
    gw_take(&cur, 24); /* magic, version, length: the reader saw to them */
    size_t len = gw_left(&cur);
    if (!gw_is_zero(gw_take(&cur, len), len))
        find(v, GW_RULE_LIBVIRT_UNUSED, "the libvirt header's unused words are not all zero");
}

static void judge_xml(struct verifier *v, const struct gw_aside *aside)
{
    v->carrier.config = *aside->config;
    if (aside->body[aside->body_len - 1] != 0)
        find(v, GW_RULE_LIBVIRT_XML_NUL, "libvirt's XML does not end with a zero octet");
    if (aside->name != NULL)
        find(v, GW_RULE_LIBVIRT_XML, "libvirt's XML does not define a domain: %s", aside->name);
}

void judge_libvirt(struct verifier *v, const struct gw_aside *aside)
{
    if (aside->kind == GW_ASIDE_LIBVIRT_HEADER)
        judge_header(v, aside);
    else
        judge_xml(v, aside);
}
