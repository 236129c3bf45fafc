/*
 * carrier.c - what stands around an image: which file judges which aside, and what is the same for every wrapping.
 * What makes reading impossible is refused by the wrapping's own reader; here is what is suspicious or out of place.
 */
#include <string.h>

#include "verifier.h"

/* What the sender of xl's migration says when it has let go (6.2, M4): 44 octets with its zero. */
static const char handshake[] = "domain is yours, you are cleared to unpause";

static bool config_says(const struct verifier *v, const char *type)
{
    return strcmp(v->carrier.config.type, type) == 0;
}

bool has_device_model(const struct verifier *v)
{
    if (v->carrier.config.type[0] != '\0')
        return config_says(v, "hvm");
    return v->guest == GW_GUEST_HVM && v->hvm.has_pic;
}

static bool is_handshake(const struct verifier *v, const struct gw_aside *aside)
{
    return v->carrier.xl && aside->length == sizeof handshake && memcmp(aside->body, handshake, sizeof handshake) == 0;
}

static void judge_trailing(struct verifier *v, const struct gw_aside *aside)
{
    char text[160];
    if (is_handshake(v, aside))
        find(v, GW_RULE_XL_HANDSHAKE, "xl's hand-over message follows: this is a captured migration");
    else
        find(v,
             v->carrier.xenopsd  ? GW_RULE_XENOPSD_TRAILING
             : v->carrier.legacy ? GW_RULE_LEGACY_TRAILING
                                 : GW_RULE_REC_AFTER_END,
             "%s%llu octet%s behind the end: '%s'", aside->at_least ? "at least " : "",
             (unsigned long long)aside->length, aside->length == 1 ? " stands" : "s stand",
             gw_escape(text, sizeof text, aside->body, (size_t)gw_min(aside->body_len, 32)));
}

void judge_aside(struct verifier *v, const struct gw_aside *aside)
{
    v->at = (struct place){ .set = true, .offset = aside->offset };
    if (aside->state != NULL)
        judge_device_state(v, aside->state);
    if (aside->store != NULL)
        judge_device_store(v, aside->store);
    switch (aside->kind) {
    case GW_ASIDE_XL_HEADER:
    case GW_ASIDE_XL_CONFIG:
    case GW_ASIDE_XL_MORE: judge_xl(v, aside); break;
    case GW_ASIDE_LIBXL_HEADER:
    case GW_ASIDE_LIBXL_RECORD: judge_libxl(v, aside); break;
    case GW_ASIDE_LIBVIRT_HEADER:
    case GW_ASIDE_LIBVIRT_XML: judge_libvirt(v, aside); break;
    case GW_ASIDE_XENOPSD_RECORD: judge_xenopsd(v, aside); break;
    case GW_ASIDE_XEND_CONFIG: judge_xend(v, aside); break;
    case GW_ASIDE_LEGACY:
    case GW_ASIDE_LEGACY_ODD: judge_legacy(v, aside); break;
    case GW_ASIDE_LAYER: break;
    case GW_ASIDE_UNPACK: find(v, GW_RULE_UNPACK_TRAILING, "behind the image: %s", aside->name); break;
    case GW_ASIDE_TRAILING: judge_trailing(v, aside); break;
    }
}

/* The image stopped at a CHECKPOINT: its carrier speaks next; a bare image has none. */
void judge_carrier_stop(struct verifier *v)
{
    v->carrier.ckpt_end_due = v->carrier.libxl;
    if (v->carrier.xenopsd && v->num_checkpoints == 1)
        find(v, GW_RULE_XENOPSD_CHECKPOINT, "a checkpointed image stands in a file of xenopsd, which has no such");
    else if (!v->carrier.libxl && v->num_checkpoints == 1)
        find(v, GW_RULE_CARRIER_GAP, "a bare checkpointed image: what its carrier had at each checkpoint is not in it");
}
