/*
 * carrier_libxl.c - the libxl header and the records around an image (libxl-stream sections 2, 3 and 8).
 */
#include "verifier.h"

enum { EMULATOR_UNKNOWN, EMULATOR_TRADITIONAL, EMULATOR_QEMU, NUM_EMULATORS };

static const char *const libxl_names[GW_NUM_LIBXL_TYPES] = {
    [GW_LIBXL_END] = "END",
    [GW_LIBXL_CONTEXT] = "LIBXC_CONTEXT",
    [GW_LIBXL_XENSTORE] = "EMULATOR_XENSTORE_DATA",
    [GW_LIBXL_EMULATOR] = "EMULATOR_CONTEXT",
    [GW_LIBXL_CKPT_END] = "CHECKPOINT_END",
    [GW_LIBXL_CKPT_STATE] = "CHECKPOINT_STATE",
};

static void judge_libxl_header(struct verifier *v, const struct gw_aside *aside)
{
    struct gw_cur cur = gw_cur(aside->body, aside->body_len);
    gw_take(&cur, 12);
    uint32_t options = gw_be32(&cur);
    v->carrier.libxl = true;
    v->carrier.converted = (options & GW_LIBXL_CONVERTED) != 0;
    if ((options & ~3u) != 0)
        find(v, GW_RULE_LIBXL_OPTIONS, "the libxl header's options are 0x%x; bits 0 and 1 have a meaning", options);
    if (v->carrier.converted)
        find(v, GW_RULE_LIBXL_CONVERTED, "the legacy converter made this libxl stream");
}

static void judge_emulator(struct verifier *v, const struct gw_aside *aside)
{
    struct gw_cur cur = gw_cur(aside->body, aside->body_len);
    uint32_t id = gw_u32(&cur), index = gw_u32(&cur);
    const char *name = libxl_names[aside->type];
    if (cur.bad) {
        find(v, GW_RULE_LIBXL_EMULATOR_SHORT, "%s has %zu octets; its header alone needs 8", name, aside->body_len);
        return;
    }
    if (id >= NUM_EMULATORS || index != 0)
        find(v, GW_RULE_LIBXL_EMULATOR_ID, "%s is for emulator %u, index %u", name, id, index);
    if (id == EMULATOR_UNKNOWN && !v->carrier.converted)
        find(v, GW_RULE_LIBXL_EMULATOR_UNKNOWN, "%s names no emulator, and the stream is not a converted one", name);
    if (id == EMULATOR_TRADITIONAL && !target_before(v, 21))
        find(v, GW_RULE_LIBXL_EMULATOR_TARGET, "%s is QEMU traditional's, which Xen 4.21 and later do not have", name);
    if (aside->type == GW_LIBXL_EMULATOR && ++v->carrier.num_emulator_context > 1)
        find(v, GW_RULE_LIBXL_EMULATOR_DUPLICATE, "a second EMULATOR_CONTEXT");
    if (aside->type == GW_LIBXL_XENSTORE && v->carrier.num_emulator_context > 0)
        find(v, GW_RULE_LIBXL_ORDER, "EMULATOR_XENSTORE_DATA comes behind EMULATOR_CONTEXT");
    if (v->carrier.context && !has_device_model(v))
        find(v, GW_RULE_LIBXL_EMULATOR_GUEST, "%s stands beside a guest that has no device model", name);
}

static void judge_ckpt_state(struct verifier *v, const struct gw_aside *aside)
{
    struct gw_cur cur = gw_cur(aside->body, aside->body_len);
    uint32_t id = gw_u32(&cur);
    if (!gw_done(&cur) || id > 3)
        find(v, GW_RULE_LIBXL_CKPT_STATE, "CHECKPOINT_STATE has %zu octets%s", aside->body_len,
             gw_done(&cur) ? " and an id that does not exist" : " instead of 4");
    if (v->num_checkpoints == 0 || v->carrier.ckpt_end_due)
        find(v, GW_RULE_LIBXL_CKPT, "CHECKPOINT_STATE stands outside of a checkpointed stream's pauses");
}

/* At libxl's END and CHECKPOINT_END: what should have come by now. */
static void judge_emulator_there(struct verifier *v)
{
    if (v->begun && has_device_model(v) && v->carrier.num_emulator_context == 0)
        find(v, GW_RULE_LIBXL_EMULATOR_MISSING, "the state of the guest's device model is missing");
    v->carrier.num_emulator_context = 0;
}

static void judge_ckpt_end(struct verifier *v)
{
    if (v->carrier.ckpt_end_due)
        judge_emulator_there(v);
    else
        find(v, GW_RULE_LIBXL_CKPT, "CHECKPOINT_END stands where no checkpoint was");
    v->carrier.ckpt_end_due = false;
}

static void judge_context(struct verifier *v)
{
    if (v->carrier.others)
        find(v, GW_RULE_LIBXL_CONTEXT, "LIBXC_CONTEXT is not the first libxl record");
    v->carrier.context = true;
}

static void judge_libxl_end(struct verifier *v)
{
    v->carrier.end = true;
    if (!v->carrier.context)
        find(v, GW_RULE_LIBXL_CONTEXT, "the libxl stream ends without LIBXC_CONTEXT: there is no guest in it");
    if (v->carrier.ckpt_end_due)
        find(v, GW_RULE_LIBXL_CKPT, "END stands where CHECKPOINT_END is due");
    judge_emulator_there(v);
}

static void judge_libxl_record(struct verifier *v, const struct gw_aside *aside)
{
    bool bodyless = aside->type == GW_LIBXL_END || aside->type == GW_LIBXL_CONTEXT || aside->type == GW_LIBXL_CKPT_END;
    if (aside->pad_nonzero)
        find(v, GW_RULE_LIBXL_PADDING, "the padding of a libxl record is not zero");
    if (aside->type >= GW_NUM_LIBXL_TYPES) {
        find(v, aside->type & GW_REC_OPTIONAL ? GW_RULE_LIBXL_TYPE_OPTIONAL : GW_RULE_LIBXL_TYPE,
             "unknown libxl record 0x%x of %zu octets", aside->type, aside->body_len);
        return;
    }
    if (bodyless && aside->body_len > 0)
        find(v, GW_RULE_LIBXL_BODY, "%s has a body of %zu octets", libxl_names[aside->type], aside->body_len);
    switch (aside->type) {
    case GW_LIBXL_END: judge_libxl_end(v); break;
    case GW_LIBXL_CONTEXT: judge_context(v); break;
    case GW_LIBXL_XENSTORE:
    case GW_LIBXL_EMULATOR: judge_emulator(v, aside); break;
    case GW_LIBXL_CKPT_END: judge_ckpt_end(v); break;
    default: judge_ckpt_state(v, aside);
    }
    v->carrier.others = v->carrier.others || aside->type != GW_LIBXL_CONTEXT;
}

void judge_libxl(struct verifier *v, const struct gw_aside *aside)
{
    if (aside->kind == GW_ASIDE_LIBXL_HEADER)
        judge_libxl_header(v, aside);
    else
        judge_libxl_record(v, aside);
}
