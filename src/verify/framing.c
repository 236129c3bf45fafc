/*
 * framing.c - what every record must be, whatever its type (18.2), and the optional records of our own.
 */
#include <string.h>

#include "verifier.h"

/* Longer than today's, and no wonder. */
static bool is_aged(const struct verifier *v, const struct gw_frame *frame)
{
    size_t head = gw_layout_x86_pv_vcpu_hdr.length;
    return frame->type == GW_REC_X86_PV_VCPU_EXTENDED && frame->length > head &&
           is_aged_extended(v, frame->length - head);
}

static void judge_known(struct verifier *v, const struct gw_frame *frame, const struct gw_record_info *info)
{
    if (info->kind == GW_KIND_RETIRED)
        find(v, GW_RULE_REC_TYPE_TOOLSTACK, "a TOOLSTACK record (%u octets): only drafts before Xen 4.6 had it",
             frame->length);
    if (frame->type == GW_REC_CHECKPOINT_DIRTY_PFN_LIST)
        find(v, GW_RULE_REC_TYPE_BACKCHANNEL,
             "CHECKPOINT_DIRTY_PFN_LIST stands in an image; it belongs to COLO's back channel");
    if ((info->guests & v->guest) == 0)
        find(v, GW_RULE_REC_TYPE_GUEST, "%s stands in an image of %s guest", info->name,
             v->guest == GW_GUEST_PV ? "a PV" : "an HVM");
    if (info->since > 0 && target_before(v, info->since))
        find(v, GW_RULE_REC_TYPE_TARGET, "%s needs Xen 4.%u or later, the receiver is 4.%u", info->name, info->since,
             v->opts.for_xen);
    if (info->longest > 0 && frame->length > info->longest && !is_aged(v, frame))
        find(v, GW_RULE_REC_HUGE_FOR_TYPE, "%s of %u octets is longer than any that Xen writes (%u)", info->name,
             frame->length, info->longest);
}

void judge_frame(struct verifier *v, const struct gw_frame *frame)
{
    const struct gw_record_info *info = gw_record_info(frame->type);
    bool optional = (frame->type & GW_REC_OPTIONAL) != 0;
    if (frame->late_pad_nonzero) {
        v->at = place_of(&v->last);
        find(v, GW_RULE_REC_PADDING_NONZERO, "the padding behind a body of %u octets is not zero", v->last.length);
    }
    v->at = place_of(frame);
    if (v->digest_at.set && frame->type != GW_REC_END)
        find_at(v, &v->digest_at, GW_RULE_OPT_IMAGE_DIGEST, "IMAGE_DIGEST is followed by another record, not by END");
    v->digest_at.set = false;
    judge_after_list(v, frame);
    if (frame->pad_nonzero)
        find(v, GW_RULE_REC_PADDING_NONZERO, "the padding behind a body of %u octets is not zero", frame->length);
    if (frame->length > gw_limit_of(v->release->record_length))
        find(v, GW_RULE_REC_LENGTH_LIMIT_OLD, "a body of %u octets; Xen 4.%u reads up to %llu", frame->length,
             v->opts.for_xen, (unsigned long long)gw_limit_of(v->release->record_length));
    if (optional && v->num_checkpoints > 0)
        find(v, GW_RULE_REC_OPTIONAL_IN_CHECKPOINT, "optional record 0x%x stands behind a CHECKPOINT", frame->type);
    if (info != NULL)
        judge_known(v, frame, info);
    else if (optional)
        find(v, GW_RULE_REC_TYPE_UNKNOWN_OPTIONAL, "unknown optional record 0x%x of %u octets", frame->type,
             frame->length);
    else
        find(v, GW_RULE_REC_TYPE_UNKNOWN_MANDATORY, "unknown record 0x%x of %u octets, which a receiver must not skip",
             frame->type, frame->length);
}

/* Section 11.7: only an image of version 2 from the time before Xen 4.6 can be of that draft. */
static void judge_draft_text(struct verifier *v, const struct gw_frame *frame, const uint8_t *body)
{
    char text[128];
    bool of_its_time = v->headers.image.version == 2 && v->headers.domain.xen_minor <= 5;
    if (of_its_time && body != NULL && gw_is_cpu_text(body, frame->length))
        find(v, GW_RULE_REC_DRAFT_SAVING_CPU, "a record of the text '%s': perhaps the 2014 draft's SAVING_CPU",
             gw_escape(text, sizeof text, body, frame->length));
}

void judge_marker_body(struct verifier *v, const struct gw_mark *mark, enum gw_rule_number rule)
{
    char room[32];
    if (mark->frame.length == 0)
        return;
    find(v, rule, "%s has a body of %u octets", gw_record_name(mark->frame.type, room, sizeof room),
         mark->frame.length);
    if (mark->kind == GW_CHECKPOINT)
        judge_draft_text(v, &mark->frame, mark->body);
}

static int judge_page_checks(struct verifier *v, const struct gw_record *record)
{
    struct gw_page_checks checks;
    struct gw_err err = GW_ERR_NONE;
    if (gw_page_checks_decode(gw_cur(record->body, record->frame.length), &checks, &err) < 0)
        find_refusal(v, &err);
    else if (v->last.type != GW_REC_PAGE_DATA || v->last.number == 0)
        find(v, GW_RULE_OPT_PAGE_CHECKS, "PAGE_CHECKS does not follow a PAGE_DATA");
    else if (checks.count != v->last_contents)
        find(v, GW_RULE_OPT_PAGE_CHECKS, "PAGE_CHECKS has %u checks for a PAGE_DATA of %u contents", checks.count,
             v->last_contents);
    else
        return proof_compare(v, &checks);
    return 0;
}

static int judge_image_digest(struct verifier *v, const struct gw_record *record)
{
    struct gw_image_digest digest;
    struct gw_err err = GW_ERR_NONE;
    if (gw_image_digest_decode(gw_cur(record->body, record->frame.length), &digest, &err) < 0)
        return find_refusal(v, &err), 0;
    v->digest_at = place_of(&record->frame);
    return proof_keep_digest(v, &digest);
}

/* What a salvage wrote down of its losses, for people: another's text. */
static int judge_provenance(struct verifier *v, const uint8_t *body, size_t len)
{
    struct gw_salvaged salvaged;
    if (gw_salvaged_read(gw_cur(body, len), &salvaged, v->err) < 0)
        return -1;
    if (!salvaged.is_object)
        find(v, GW_RULE_OPT_PROVENANCE, "PROVENANCE is not a JSON object");
    else if (salvaged.is_salvaged)
        find(v, GW_RULE_OPT_SALVAGED, "%s", salvaged.text);
    return 0;
}

int judge_optional(struct verifier *v, const struct gw_record *record)
{
    const struct gw_frame *frame = &record->frame;
    if (frame->type == GW_REC_PAGE_CHECKS) {
        return judge_page_checks(v, record);
    } else if (frame->type == GW_REC_IMAGE_DIGEST) {
        return judge_image_digest(v, record);
    } else if (frame->type == GW_REC_SAVING_CPU) {
        if (!gw_is_cpu_text(record->body, frame->length))
            find(v, GW_RULE_OPT_SAVING_CPU, "SAVING_CPU is not 1 to 64 octets of printable text");
    } else if (frame->type == GW_REC_PROVENANCE) {
        return judge_provenance(v, record->body, frame->length);
    } else if (gw_record_info(frame->type) == NULL) {
        judge_draft_text(v, frame, record->body);
    }
    return 0;
}
