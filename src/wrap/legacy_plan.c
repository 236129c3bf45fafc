/*
 * legacy_plan.c - a walk that only looks: how many rounds are complete, where the last one ends, and what it says that
 * has to be known before its first page is told (sections 6, 9 and 10).
 *
 * Contents are passed over; memory is one bit per pfn where a guest has holes, and an octet where page tables are near.
 */
#include "legacy.h"

struct scan {
    struct legacy_plan *plan;
    struct gw_bitmap unmapped; /* of the round at hand */
    const struct legacy_walk *walk;
    struct gw_sparse tables; /* an octet by pfn: 1 where it is a page table so far */
    uint64_t p2m_size;
    bool wants_tables; /* an image of Xen 3.0 or 3.1 */
    bool has_model;
};

static int note_table(struct scan *s, uint64_t pfn, unsigned type, struct gw_err *err)
{
    bool is_table = gw_type_table_level(type) > 0;
    uint8_t *table = is_table ? gw_sparse_at(&s->tables, pfn, err) : gw_sparse_find(&s->tables, pfn);
    if (table != NULL)
        *table = is_table;
    return is_table && table == NULL ? -1 : 0;
}

static int scan_batch(void *arg, const struct legacy_batch *batch, struct gw_err *err)
{
    struct scan *s = arg;
    for (uint32_t i = 0; i < batch->num; i++) {
        unsigned type = gw_entry_type(batch->entries[i]);
        s->plan->types |= 1u << type;
        if (s->wants_tables && type != GW_PAGE_XTAB && note_table(s, gw_entry_pfn(batch->entries[i]), type, err) < 0)
            return -1;
    }
    return 0;
}

/*
 * Where no chunk says the vCPUs (before Xen 3.1) nothing proves that the body ended where it seemed to: a page of zeros
 * is an end of the body, too, when entries before it say less contents than there are. But no guest ran without page
 * tables, and its restorer refuses one whose root is none.
 */
static int scan_vcpu(void *arg, const struct legacy_vcpu *vcpu, struct gw_err *err)
{
    struct scan *s = arg;
    struct gw_cur basic = gw_cur(vcpu->basic, vcpu->basic_len);
    unsigned width = s->walk->head->guest_width;
    (void)err;
    if (!s->wants_tables || s->walk->has_vcpus || s->walk->round > 1 || vcpu->id != 0)
        return 0; /* what follows such an image is no round of it, whatever it looks like */
    s->plan->root = gw_pv_root(width, width == 8 ? gw_get_at(basic, vcpu_guest_context, ctrlreg, 3)
                                                 : gw_get_at(basic, vcpu_guest_context_x32, ctrlreg, 3));
    const uint8_t *table = gw_sparse_find(&s->tables, s->plan->root);
    s->plan->strange_root = table == NULL || *table == 0;
    return 0;
}

static int scan_unmapped(void *arg, uint32_t num_all, const uint64_t *pfns, uint32_t num, struct gw_err *err)
{
    struct scan *s = arg;
    if (pfns == NULL) {
        gw_bitmap_free(&s->unmapped);
        return num_all > 0 ? gw_bitmap_init(&s->unmapped, s->p2m_size, err) : 0;
    }
    for (uint32_t i = 0; i < num; i++)
        if (pfns[i] < s->p2m_size)
            gw_bitmap_set(&s->unmapped, pfns[i]);
    return 0;
}

static int scan_model(void *arg, const struct legacy_model *model, struct gw_err *err)
{
    struct scan *s = arg;
    (void)err;
    s->has_model = model->form != LEGACY_MODEL_NONE;
    return 0;
}

static const struct legacy_ops scan_ops = {
    .batch = scan_batch, .unmapped = scan_unmapped, .vcpu = scan_vcpu, .model = scan_model
};

static void keep_round(struct scan *s, const struct legacy_walk *walk)
{
    struct gw_bitmap old = s->plan->unmapped;
    s->plan->unmapped = s->unmapped;
    s->unmapped = old;
    s->plan->num_rounds = walk->round;
    s->plan->has_model = s->has_model;
    s->plan->end = legacy_offset(walk);
    s->plan->is_last = walk->is_last;
    s->plan->compressed = walk->compresses && walk->round > walk->compresses_from;
}

static int at_end(struct legacy_walk *walk, bool *is, struct gw_err *err)
{
    const uint8_t *mem;
    size_t len;
    if (gw_chan_peek(walk->chan, 1, &mem, &len, err) < 0)
        return -1;
    *is = len == 0;
    return 0;
}

/* Rounds until one is not complete. Only what says the vCPUs is a round behind the first: all that write more do. */
static int scan_rounds(struct scan *s, struct legacy_walk *walk, struct gw_err *err)
{
    struct gw_err *why = &s->plan->why;
    bool ended = false;
    while (!ended && !s->plan->is_last) {
        if (legacy_walk_body(walk, why) < 0 || legacy_walk_tail(walk, why) < 0)
            return why->code == GW_E_SHORT || why->code == GW_E_INVALID ? 0 : gw_err_pass(err, why);
        if (walk->round > 1 && !walk->has_vcpus) {
            gw_refuse(why, "legacy-chunk", "what follows says nothing of vCPUs");
            return 0;
        }
        if (s->plan->has_model && !s->has_model) { /* the round's record is missing: it is not complete (10, 3) */
            gw_ends(why, "legacy-truncated", "the device model's record of checkpoint %llu is missing",
                    (unsigned long long)walk->round);
            return 0;
        }
        keep_round(s, walk);
        if (at_end(walk, &ended, err) < 0)
            return -1;
    }
    return 0;
}

int legacy_plan_make(struct legacy_plan *plan, const struct legacy_walk *from, struct gw_err *err)
{
    struct scan s = { .plan = plan, .p2m_size = from->head->p2m_size };
    struct gw_chan *file = gw_chan_at(from->again.fd, legacy_offset(from) + from->again.at, UINT64_MAX, err);
    gw_auto(gw_chan_closep) struct gw_chan *chan = file != NULL ? gw_chan_window(file, err) : NULL;
    gw_auto(gw_freep) struct legacy_walk *walk = chan != NULL ? gw_alloc(1, sizeof *walk, err) : NULL;
    if (walk == NULL)
        return -1;
    *walk = *from;
    gw_sparse_init(&s.tables, 1);
    s.walk = walk;
    s.wants_tables = !from->head->is_hvm && !from->head->has_extended;
    walk->chan = chan;
    walk->base = legacy_offset(from);
    walk->ops = &scan_ops;
    walk->arg = &s;
    walk->body = walk->more = (struct gw_buf){ 0 };
    int rc = scan_rounds(&s, walk, err);
    plan->num_pages = walk->num_pages;
    if (plan->num_rounds == 0) { /* a first round that is cut: what was listed has no page all the same */
        plan->unmapped = s.unmapped;
        s.unmapped = (struct gw_bitmap){ 0 };
    }
    gw_bitmap_free(&s.unmapped);
    gw_sparse_free(&s.tables);
    legacy_walk_free(walk);
    return rc;
}

void legacy_plan_free(struct legacy_plan *plan)
{
    gw_bitmap_free(&plan->unmapped);
}
