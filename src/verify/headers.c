/*
 * headers.c - what is suspicious in image header and domain header (18.1); what is wrong there, the codec refuses.
 */
#include <string.h>

#include "verifier.h"

#define XEN_MINOR_KNOWN 24 /* the newest release that may exist: one beyond the development branch */

static void judge_image_header(struct verifier *v, const struct gw_image_header *image)
{
    if ((image->options & ~GW_OPT_BIG_ENDIAN) != 0)
        find(v, GW_RULE_IHDR_OPTIONS_RESERVED, "the image header's options are 0x%04x; only bit 0 has a meaning",
             image->options);
    if (image->res1 != 0 || image->res2 != 0)
        find(v, GW_RULE_IHDR_RESERVED, "the image header's reserved fields hold 0x%x and 0x%x", image->res1,
             image->res2);
    for (unsigned i = 0; i < gw_num_versions; i++)
        if (gw_versions[i].version == image->version && target_before(v, gw_versions[i].since))
            find(v, GW_RULE_IHDR_VERSION_TARGET, "version %u needs Xen 4.%u or later, the receiver is 4.%u",
                 image->version, gw_versions[i].since, v->opts.for_xen);
}

static void judge_xen_version(struct verifier *v, const struct gw_image_header *image,
                              const struct gw_domain_header *domain)
{
    if (domain->xen_major == 0) {
        if (!v->carrier.legacy) /* else it is read as it was saved */
            find(v, GW_RULE_DHDR_CONVERTED, "the legacy converter (version %u) made this image", domain->xen_minor);
        if (domain->xen_minor != 1)
            find(v, GW_RULE_DHDR_VERSION_PLAUSIBLE, "the legacy converter's version is %u; 1 exists",
                 domain->xen_minor);
        return;
    }
    if (domain->xen_major != 4 || domain->xen_minor > XEN_MINOR_KNOWN) {
        find(v, GW_RULE_DHDR_VERSION_PLAUSIBLE, "the image claims to come from Xen %u.%u", domain->xen_major,
             domain->xen_minor);
        return;
    }
    if ((image->version == 3) != (domain->xen_minor >= 14))
        find(v, GW_RULE_DHDR_VERSION_VS_IMAGE, "version %u of the image does not come from Xen %u.%u", image->version,
             domain->xen_major, domain->xen_minor);
}

/* xend's word is no more than a word: where it is wrong, nothing else is judged by it. */
static void judge_type(struct verifier *v)
{
    char text[40], *type = v->carrier.config.type;
    bool pv = type[0] == 'p' && type[1] == 'v' && type[2] == '\0';
    if (type[0] == '\0' || pv == (v->guest == GW_GUEST_PV))
        return;
    find(v,
         v->carrier.xenopsd ? GW_RULE_XENOPSD_TYPE
         : v->carrier.xend  ? GW_RULE_XEND_TYPE
                            : GW_RULE_XEN_SLOTS_SUMMARY,
         "the configuration says '%s', the image holds %s guest", gw_escape(text, sizeof text, type, strlen(type)),
         v->guest == GW_GUEST_PV ? "a PV" : "an HVM");
    if (v->carrier.xend)
        type[0] = '\0';
}

void judge_headers(struct verifier *v)
{
    const struct gw_domain_header *domain = &v->headers.domain;
    v->at = (struct place){ .set = true, .offset = v->headers.offset };
    judge_image_header(v, &v->headers.image);
    v->at.offset += GW_IMAGE_HEADER_LEN;
    if (domain->res1 != 0)
        find(v, GW_RULE_DHDR_RESERVED, "the domain header's reserved field holds 0x%x", domain->res1);
    judge_xen_version(v, &v->headers.image, domain);
    judge_type(v);
}
