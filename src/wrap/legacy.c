/*
 * legacy.c - images of Xen 3.0 to 4.5 as a producer: records of today's format into a sink, in the order of the file.
 *
 * What can be read again is looked through first, structure only: that tells where the last complete checkpoint ends
 * and which pages a PV guest had given back. An HVM image through a pipe passes at once; a PV image, and what follows a
 * first checkpoint, is put aside. State is told once: that of the last complete checkpoint (section 10).
 */
#include <string.h>

#include "legacy.h"

#define GDT_PER_FRAME 512

/* --- what happens on the way -------------------------------------------------------------------------------------- */

static bool is_last_round(const struct legacy_image *image)
{
    return image->walk.round == image->last;
}

static int on_batch(void *arg, const struct legacy_batch *batch, struct gw_err *err)
{
    struct legacy_image *image = arg;
    if (image->rounds != NULL)
        return legacy_rounds_batch(image->rounds, batch, err);
    return legacy_emit_batch(&image->emit, &image->walk, batch, err);
}

/* Of pages that are promised Xen 4.1 to 4.5 never wrote one (its hypercall lost them): they were gone when it saved. */
static int on_tmem(struct legacy_image *image, const struct legacy_chunk *chunk, struct gw_err *err)
{
    const struct legacy_tmem *tmem = chunk->tmem;
    if (chunk->id == LEGACY_TMEM_EXTRA && tmem->num_pools > 0)
        return 0; /* told */
    if (tmem->has_pages)
        return legacy_odd(image->sink, GW_LEGACY_TMEM_PAGES, chunk->offset, err,
                          "%llu pages of the guest are in transcendent memory, which no Xen has any more",
                          (unsigned long long)tmem->num_pages);
    if (tmem->announced > tmem->num_pages)
        return legacy_odd(
            image->sink, GW_LEGACY_TMEM, chunk->offset, err,
            "what is said of transcendent memory is left out: no Xen has it any more; %llu pages that the "
            "guest had there are not in the image",
            (unsigned long long)(tmem->announced - tmem->num_pages));
    return legacy_odd(image->sink, GW_LEGACY_TMEM, chunk->offset, err,
                      "what is said of transcendent memory is left out: no Xen has it any more");
}

/* Once all entries are known, where pages come apart from them. */
static int on_end_of_body(struct legacy_image *image, const struct legacy_chunk *chunk, struct gw_err *err)
{
    if (image->rounds == NULL)
        return 0;
    if (legacy_rounds_chunk(image->rounds, chunk, err) < 0)
        return -1;
    return is_last_round(image) ? legacy_rounds_tell(image->rounds, &image->emit, err) : 0;
}

static int on_chunk(void *arg, const struct legacy_chunk *chunk, struct gw_err *err)
{
    struct legacy_image *image = arg;
    image->chunks |= 1u << -chunk->id;
    if (chunk->extra_bits && legacy_odd(image->sink, GW_LEGACY_MAP, chunk->offset, err,
                                        "the map of vCPUs has bits above the highest vCPU, %d", chunk->max_vcpu) < 0)
        return -1;
    if (!image->head.is_hvm && chunk->param != 0)
        return legacy_odd(image->sink, GW_LEGACY_PARAM, chunk->offset, err,
                          "a chunk of id %d, which is an HVM guest's, stands in a PV guest's image", chunk->id);
    switch (chunk->id) {
    case LEGACY_VERIFY:
        return image->planned && image->rounds == NULL && image->last <= 1
                   ? legacy_emit_mark(&image->emit, GW_VERIFY, chunk->offset, err)
                   : 0;
    case LEGACY_TMEM:
    case LEGACY_TMEM_EXTRA: return on_tmem(image, chunk, err);
    case LEGACY_COMPRESSED: return image->rounds != NULL ? legacy_rounds_chunk(image->rounds, chunk, err) : 0;
    case LEGACY_END_OF_BODY: return on_end_of_body(image, chunk, err);
    default: return legacy_state_chunk(&image->state, chunk, err);
    }
}

static int on_unmapped(void *arg, uint32_t num_all, const uint64_t *pfns, uint32_t num, struct gw_err *err)
{
    struct legacy_image *image = arg;
    uint64_t before = image->unmapped_next;
    bool odd = false;
    (void)num_all;
    for (uint32_t i = 0; i < num; i++) {
        odd = odd || pfns[i] < before || pfns[i] >= image->head.p2m_size;
        before = pfns[i] + 1;
    }
    image->unmapped_next = pfns == NULL ? 0 : before;
    return odd ? legacy_odd(image->sink, GW_LEGACY_UNMAPPED, legacy_offset(&image->walk), err,
                            "the list of pfns without a page is not ascending, or names pfns beyond the guest's")
               : 0;
}

/* Before 3.1 the saver made pfns only of the GDT's first frame (section 6.3). */
static int look_at_gdt(struct legacy_image *image, const struct legacy_vcpu *vcpu, struct gw_err *err)
{
    struct gw_cur basic = gw_cur(vcpu->basic, vcpu->basic_len);
    uint64_t entries = image->head.guest_width == 8 ? gw_get(basic, vcpu_guest_context, gdt_ents)
                                                    : gw_get(basic, vcpu_guest_context_x32, gdt_ents);
    if (image->walk.has_vcpus || entries <= GDT_PER_FRAME)
        return 0;
    return legacy_odd(image->sink, GW_LEGACY_GDT, vcpu->offset, err,
                      "vCPU %u's GDT has %llu entries: of its frames but the first Xen 3.0 wrote machine frames",
                      vcpu->id, (unsigned long long)entries);
}

/* An entry that is damaged may hide or feign a page, and all behind it is not what it is taken for. */
static int refuse_strange_root(const struct legacy_image *image, const struct legacy_vcpu *vcpu, struct gw_err *err)
{
    gw_refuse(err, "legacy-chunk",
              "the body ends behind %llu pages, and vCPU 0's page tables begin in pfn 0x%llx, which is none: something "
              "before is damaged",
              (unsigned long long)image->walk.num_pages, (unsigned long long)image->plan.root);
    return gw_err_place(err, vcpu->offset, 0);
}

static int on_vcpu(void *arg, const struct legacy_vcpu *vcpu, struct gw_err *err)
{
    struct legacy_image *image = arg;
    if (!is_last_round(image))
        return 0;
    if (image->plan.strange_root)
        return refuse_strange_root(image, vcpu, err);
    if (!image->tsc_told && legacy_tell_tsc(&image->state, &image->emit, err) < 0)
        return -1;
    image->tsc_told = true;
    if (vcpu->odd_xsave && legacy_odd(image->sink, GW_LEGACY_XSAVE, vcpu->offset, err,
                                      "vCPU %u's extended state has %zu octets where %u were announced: old Xen "
                                      "refuses such an image",
                                      vcpu->id, vcpu->xsave_len, image->head.xsave_len - 16) < 0)
        return -1;
    return look_at_gdt(image, vcpu, err) < 0 ? -1 : legacy_emit_vcpu(&image->emit, vcpu, err);
}

static int on_shared_info(void *arg, uint64_t offset, const uint8_t *page, struct gw_err *err)
{
    struct legacy_image *image = arg;
    if (!is_last_round(image))
        return 0;
    gw_put(&image->emit.body, page, GW_PAGE_LEN);
    return legacy_emit_record(&image->emit, GW_REC_SHARED_INFO, offset, err);
}

static int on_magic(void *arg, uint64_t offset, const uint64_t pfns[3], struct gw_err *err)
{
    struct legacy_image *image = arg;
    (void)err;
    legacy_state_magic(&image->state, offset, pfns);
    return 0;
}

static int on_context(void *arg, uint64_t offset, const uint8_t *body, size_t len, struct gw_err *err)
{
    struct legacy_image *image = arg;
    return legacy_state_context(&image->state, offset, body, len, err);
}

static int on_model(void *arg, const struct legacy_model *model, struct gw_err *err)
{
    struct legacy_image *image = arg;
    return legacy_state_model(&image->state, model, err);
}

static const struct legacy_ops ops = {
    .batch = on_batch,
    .chunk = on_chunk,
    .unmapped = on_unmapped,
    .vcpu = on_vcpu,
    .shared_info = on_shared_info,
    .magic = on_magic,
    .context = on_context,
    .model = on_model,
};

/* --- the way ------------------------------------------------------------------------------------------------------ */

int legacy_image_put_aside(struct legacy_image *image, struct gw_err *err)
{
    uint64_t offset = legacy_offset(&image->walk);
    if (legacy_put_aside(&image->walk, image->wrap->spool, &image->own, err) < 0)
        return -1;
    return legacy_odd(image->sink, GW_LEGACY_SPOOLED, offset, err,
                      "what follows has to be read twice, and was put aside into a temporary file");
}

static int make_plan(struct legacy_image *image, struct gw_err *err)
{
    image->planned = true;
    image->plan.num_rounds = image->walk.round;
    image->plan.has_model = image->state.model_form != LEGACY_MODEL_NONE; /* of a round that was told already */
    return legacy_plan_make(&image->plan, &image->walk, err);
}

static int say_facts(struct legacy_image *image, bool is_final, struct gw_err *err)
{
    const struct legacy_head *head = &image->head;
    struct gw_legacy_facts facts = {
        .is_final = is_final,
        .is_hvm = head->is_hvm,
        .has_model = is_final || image->planned ? image->plan.has_model : head->is_hvm,
        .width = head->width,
        .proposal = head->form == LEGACY_PROPOSAL_A   ? 'A'
                    : head->form == LEGACY_PROPOSAL_B ? 'B'
                                                      : '\0',
        .rounds = image->walk.round,
        .release = is_final ? legacy_release(head, image->chunks) : NULL,
    };
    struct gw_aside aside = {
        .kind = GW_ASIDE_LEGACY, .offset = head->offset, .name = facts.release, .legacy = &facts
    };
    if (is_final)
        facts.has_model = image->state.model_form != LEGACY_MODEL_NONE;
    return gw_sink_aside(image->sink, &aside, err);
}

static int say_odd_head(struct legacy_image *image, struct gw_err *err)
{
    const struct legacy_head *head = &image->head;
    unsigned l2 = 1u << GW_PAGE_L2 | 1u << (GW_PAGE_L2 | GW_PAGE_PINNED);
    unsigned l3 = 1u << GW_PAGE_L3 | 1u << (GW_PAGE_L3 | GW_PAGE_PINNED);
    bool has_two =
        !head->is_hvm && head->guest_width == 4 && (image->plan.types & l2) != 0 && (image->plan.types & l3) == 0;
    if (head->form != LEGACY_PLAIN &&
        legacy_odd(image->sink, GW_LEGACY_PROPOSAL, head->offset, err,
                   "it begins as proposed in 2014 (%s), which no Xen ever wrote",
                   head->form == LEGACY_PROPOSAL_A ? "\"64-bit clean\"" : "\"stream info\"") < 0)
        return -1;
    if (head->num_unknown > 0 &&
        legacy_odd(image->sink, GW_LEGACY_BLOCK, head->offset, err,
                   "%u block%s of the extended info %s of no known kind: left out", head->num_unknown,
                   head->num_unknown == 1 ? "" : "s", head->num_unknown == 1 ? "is" : "are") < 0)
        return -1;
    return has_two ? legacy_odd(image->sink, GW_LEGACY_TWO_LEVELS, head->offset, err,
                                "the guest has page tables of two levels (no PAE), which no Xen since 4.3 runs")
                   : 0;
}

static int begin(struct legacy_image *image, struct gw_err *err)
{
    if (legacy_head_read(&image->walk, &image->head, err) < 0)
        return -1;
    if (image->walk.again.fd < 0 && !image->head.is_hvm && image->hint->is_inside)
        return gw_fail(err, GW_E_REFUSED,
                       "a PV guest's legacy image stands among other records, and here it can be "
                       "read once only: give it as an unpacked file");
    if (image->walk.again.fd < 0 && !image->head.is_hvm && legacy_image_put_aside(image, err) < 0)
        return -1;
    if (image->walk.again.fd >= 0 && make_plan(image, err) < 0)
        return -1;
    image->last = gw_max(image->plan.num_rounds, image->planned);
    image->emit.unmapped = &image->plan.unmapped;
    if (image->plan.compressed)
        image->rounds = legacy_rounds_new(&image->walk, image->wrap->spool, err);
    if (image->plan.compressed && image->rounds == NULL)
        return -1;
    if (say_odd_head(image, err) < 0 || say_facts(image, false, err) < 0)
        return -1;
    return legacy_emit_begin(&image->emit, &image->head, err);
}

static int run_rounds(struct legacy_image *image, uint64_t upto, struct gw_err *err)
{
    while (image->walk.round < upto) {
        legacy_state_clear(&image->state);
        if (legacy_walk_body(&image->walk, err) < 0 || legacy_walk_tail(&image->walk, err) < 0)
            return -1;
    }
    return 0;
}

/* Of an HVM image through a pipe the first round was told: what follows it, if anything does. */
static int run_rest(struct legacy_image *image, struct gw_err *err)
{
    const uint8_t *mem;
    size_t len;
    if (image->walk.is_last || image->hint->is_inside)
        return 0;
    if (gw_chan_peek(image->walk.chan, 1, &mem, &len, err) < 0)
        return -1;
    if (len == 0)
        return 0;
    if (legacy_image_put_aside(image, err) < 0 || make_plan(image, err) < 0)
        return -1;
    image->last = gw_max(image->plan.num_rounds, image->walk.round);
    if (image->plan.compressed)
        image->rounds = legacy_rounds_new(&image->walk, image->wrap->spool, err);
    if (image->plan.compressed && image->rounds == NULL)
        return -1;
    return run_rounds(image, image->last, err);
}

/* What stands behind the last complete round. */
static int say_behind(struct legacy_image *image, struct gw_err *err)
{
    const struct gw_err *why = &image->plan.why;
    uint64_t offset = legacy_offset(&image->walk);
    if (image->walk.round > 1 && legacy_odd(image->sink, GW_LEGACY_CHECKPOINTS, image->head.offset, err,
                                            "%llu checkpoints are complete; the state is that of the last",
                                            (unsigned long long)image->walk.round) < 0)
        return -1;
    if (why->code != GW_E_SHORT)
        return 0;
    return legacy_odd(image->sink, GW_LEGACY_CUT, offset, err,
                      "a checkpoint begins that is not complete, and is left out: %s", why->msg);
}

static int finish(struct legacy_image *image, struct gw_err *err)
{
    uint64_t end = legacy_offset(&image->walk);
    struct legacy_toolstack tools;
    if (image->head.is_hvm && legacy_tell_hvm(&image->state, &image->emit, err) < 0)
        return -1;
    if (legacy_emit_mark(&image->emit, GW_END, end, err) < 0 || say_facts(image, true, err) < 0 ||
        legacy_tell_beside(&image->state, image->head.width, &image->emit, &tools, err) < 0)
        return -1;
    if (tools.is_opaque && legacy_odd(image->sink, GW_LEGACY_TOOLSTACK, image->state.toolstack_at, err,
                                      "the toolstack's data are none of libxl's, and are left out") < 0)
        return -1;
    if (image->head.is_hvm && image->state.model_form == LEGACY_MODEL_NONE && !image->hint->is_inside &&
        legacy_odd(image->sink, GW_LEGACY_NO_MODEL, end, err,
                   "there is no device model's record behind the image of an HVM guest") < 0)
        return -1;
    if (image->hint->is_inside)
        return 0;
    if (say_behind(image, err) < 0 || gw_sink_commit(image->sink, err) < 0)
        return -1;
    return image->plan.why.code == GW_E_SHORT
               ? 0
               : say_trailing_of(image->wrap, image->walk.chan, image->walk.base, image->sink, err);
}

static int run_image(struct legacy_image *image, struct gw_err *err)
{
    image->walk.chan = image->wrap->chan;
    image->walk.max_pfn = image->wrap->max_pfn;
    image->walk.again = (struct legacy_place){ .fd = image->wrap->again_fd, .at = image->wrap->again_at };
    image->walk.ops = &ops;
    image->walk.arg = image;
    image->emit.sink = image->sink;
    image->emit.buffer = gw_alloc((size_t)gw_limit(BUFFER), 1, err);
    if (image->emit.buffer == NULL || say_layer(image->wrap, image->sink, "legacy", err) < 0)
        return -1;
    if (legacy_detect(image, err) < 0 || begin(image, err) < 0 || run_rounds(image, gw_max(image->last, 1), err) < 0)
        return -1;
    if (!image->planned && run_rest(image, err) < 0)
        return -1;
    return finish(image, err);
}

static void close_image(struct legacy_image *image)
{
    legacy_rounds_free(image->rounds);
    legacy_walk_free(&image->walk);
    legacy_head_free(&image->head);
    legacy_plan_free(&image->plan);
    legacy_state_free(&image->state);
    gw_buf_free(&image->emit.body);
    gw_free(image->emit.buffer);
    gw_chan_close(image->own);
    gw_free(image);
}

int run_legacy(struct gw_wrap *wrap, struct gw_sink *sink, const struct legacy_hint *hint, struct gw_err *err)
{
    const struct legacy_hint own = {
        .width = wrap->legacy_width, .guest = wrap->legacy_guest, .is_override = true, .is_inside = hint->is_inside
    };
    struct legacy_image *image = gw_alloc(1, sizeof *image, err);
    if (image == NULL)
        return -1;
    image->wrap = wrap;
    image->sink = sink;
    image->hint = own.width != 0 || own.guest != NULL ? &own : hint;
    int rc = run_image(image, err);
    close_image(image);
    return rc;
}

static int run_bare(struct gw_wrap *wrap, struct gw_sink *sink, struct gw_err *err)
{
    const struct legacy_hint none = { 0 };
    return run_legacy(wrap, sink, &none, err);
}

const struct layer layer_legacy = { .name = "legacy",
                                    .sentence = "an image of Xen 3.0 to 4.5, as libxc wrote it before it had a format",
                                    .bid = legacy_bid,
                                    .run = run_bare };
