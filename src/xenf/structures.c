/*
 * structures.c - from a record's body to the structures in it.
 */
#include "xenf.h"

struct teller {
    struct gw_cur body, cur; /* all of it, and what is left */
    const struct gw_view *view;
    gw_structure_fn *fn;
    void *arg;
    struct gw_err *err;
};

static int tell(struct teller *t, struct gw_structure *structure)
{
    structure->at = (size_t)(structure->octets.p - t->body.p);
    return t->fn(t->arg, structure, t->err);
}

/* What is left and means nothing that we know. */
static int tell_rest(struct teller *t, const char *name)
{
    struct gw_structure rest = { .name = name, .octets = t->cur };
    return gw_left(&t->cur) > 0 ? tell(t, &rest) : 0;
}

/* The octets up to `end` of the body, which nobody understands. */
static int tell_gap(struct teller *t, const char *name, size_t end, uint32_t vcpu)
{
    size_t at = (size_t)(t->cur.p - t->body.p);
    struct gw_structure gap = { .name = name, .per_vcpu = true, .instance = vcpu };
    if (end <= at)
        return 0;
    gap.octets = gw_sub(&t->cur, end - at);
    return tell(t, &gap);
}

/* Components of an XSAVE area in the order of their places. */
struct component {
    unsigned bit;
    struct gw_xstate_place place;
};

static unsigned sort_components(const struct gw_view *view, uint64_t states, struct component *out)
{
    struct gw_xstate_map map = { 0 };
    struct gw_cur cpuid = view->cpuid;
    unsigned num = 0;
    while (gw_left(&cpuid) >= GW_CPUID_LEAF_LEN) {
        struct gw_cpuid_leaf leaf = gw_cpuid_leaf_take(&cpuid);
        gw_xstate_learn(&map, &leaf);
    }
    for (unsigned bit = 2; bit < GW_NUM_XSTATES; bit++) {
        struct gw_xstate_place place;
        if ((states >> bit & 1) == 0 || !gw_xstate_place(&map, bit, &place))
            continue;
        unsigned at = num++;
        for (; at > 0 && out[at - 1].place.offset > place.offset; at--)
            out[at] = out[at - 1];
        out[at] = (struct component){ bit, place };
    }
    return num;
}

/* Behind the head of an XSAVE area that begins at `area` of the body: a component for each state ever enabled. */
static int tell_components(struct teller *t, size_t area, uint64_t states, uint32_t vcpu)
{
    struct component all[GW_NUM_XSTATES];
    unsigned num = sort_components(t->view, states, all);
    for (unsigned i = 0; i < num; i++) {
        const struct gw_xstate *state = gw_xstate(all[i].bit);
        size_t begin = area + all[i].place.offset, here = (size_t)(t->cur.p - t->body.p);
        if (state == NULL || begin < here || begin - here > gw_left(&t->cur) ||
            gw_left(&t->cur) - (begin - here) < all[i].place.size)
            continue; /* places that overlap, or lie behind the end */
        if (tell_gap(t, "between the states", begin, vcpu) < 0)
            return -1;
        struct gw_structure s = { .name = state->name,
                                  .per_vcpu = true,
                                  .instance = vcpu,
                                  .octets = gw_sub(&t->cur, all[i].place.size),
                                  .layout = state->layout };
        if (tell(t, &s) < 0)
            return -1;
    }
    return tell_gap(t, "behind the states", (size_t)(t->body.end - t->body.p), vcpu);
}

static bool goes_on(const struct gw_layout *layout)
{
    return layout->fields[layout->num_fields - 1].count == GW_TO_END;
}

/* A layout over what comes next, as much of it as the layout has. */
static int tell_layout(struct teller *t, struct gw_structure *s)
{
    size_t len = gw_left(&t->cur);
    s->octets = gw_sub(&t->cur, goes_on(s->layout) ? len : (size_t)gw_min(len, s->layout->length));
    return tell(t, s);
}

static int tell_vcpu(struct teller *t, uint32_t type)
{
    struct gw_structure head = { .name = "head", .head = true, .per_vcpu = true, .layout = &gw_layout_x86_pv_vcpu_hdr };
    struct gw_structure s = { .name = gw_record_info(type)->name, .per_vcpu = true };
    size_t area = gw_layout_x86_pv_vcpu_hdr.length + gw_offset(x86_pv_vcpu_xsave, fxsave);
    if (gw_left(&t->cur) < head.layout->length)
        return tell_rest(t, s.name);
    head.instance = s.instance = (uint32_t)gw_get(t->body, x86_pv_vcpu_hdr, vcpu_id);
    if (tell_layout(t, &head) < 0)
        return -1;
    s.layout = gw_pv_layout(type, t->view->width);
    if (s.layout != NULL && gw_left(&t->cur) > 0) {
        uint64_t states = gw_get(t->cur, x86_pv_vcpu_xsave, xcr0_accum);
        if (tell_layout(t, &s) < 0)
            return -1;
        if (type == GW_REC_X86_PV_VCPU_XSAVE)
            return tell_components(t, area, states, s.instance);
    }
    return tell_gap(t, s.name, (size_t)(t->body.end - t->body.p), s.instance);
}

/* One entry: its octets are a body of their own, so that nothing runs over its end. */
static int tell_entry(struct teller *t, const struct gw_hvm_entry *entry)
{
    const struct gw_hvm_entry_info *info = gw_hvm_entry_info(entry->type);
    struct gw_structure s = { .name = info != NULL ? info->name : "entry of an unknown type",
                              .instance = entry->instance,
                              .per_vcpu = info != NULL && info->kind == GW_HVM_PER_VCPU,
                              .layout = gw_hvm_entry_layout(entry->type, entry->length) };
    size_t area = (size_t)(entry->data.p - t->body.p) + gw_offset(hvm_hw_cpu_xsave, fpu_sse);
    struct teller inside = *t;
    inside.cur = entry->data;
    inside.body.end = entry->data.end;
    if (s.layout != NULL && tell_layout(&inside, &s) < 0)
        return -1;
    if (entry->type == GW_HVM_CPU_XSAVE)
        return tell_components(&inside, area, gw_get(entry->data, hvm_hw_cpu_xsave, xcr0_accum), entry->instance);
    s.layout = NULL;
    s.octets = inside.cur;
    return gw_left(&inside.cur) > 0 ? tell(&inside, &s) : 0;
}

static int tell_context(struct teller *t, uint32_t type)
{
    struct gw_hvm_entry entry = { .type = GW_HVM_HEADER };
    (void)type;
    while (gw_left(&t->cur) > 0 && entry.type != GW_HVM_END) {
        struct gw_cur before = t->cur;
        if (!gw_hvm_entry_take(&t->cur, &entry)) {
            t->cur = before;
            break;
        }
        if (tell_entry(t, &entry) < 0)
            return -1;
    }
    return tell_rest(t, "octets behind the entries");
}

/* A layout over the whole body; what stands behind it is told as octets. */
static int tell_one(struct teller *t, uint32_t type, const struct gw_layout *layout)
{
    struct gw_structure s = { .name = gw_record_info(type)->name, .layout = layout };
    if (layout == NULL || gw_left(&t->cur) == 0)
        return tell_rest(t, s.name);
    return tell_layout(t, &s) < 0 ? -1 : tell_rest(t, "octets behind it");
}

/* Nothing but one structure behind another. */
static int tell_each(struct teller *t, uint32_t type, const struct gw_layout *layout)
{
    struct gw_structure s = { .name = gw_record_info(type)->name, .layout = layout, .repeats = true };
    size_t len = gw_left(&t->cur);
    s.octets = gw_sub(&t->cur, len - len % layout->length);
    return len >= layout->length && tell(t, &s) < 0 ? -1 : tell_rest(t, "octets behind it");
}

static int tell_tsc(struct teller *t, uint32_t type)
{
    return tell_one(t, type, &gw_layout_tsc_info);
}

static int tell_params(struct teller *t, uint32_t type)
{
    return tell_one(t, type, &gw_layout_hvm_params);
}

static int tell_cpuid(struct teller *t, uint32_t type)
{
    return tell_each(t, type, &gw_layout_cpuid_leaf);
}

static int tell_msrs(struct teller *t, uint32_t type)
{
    return tell_each(t, type, &gw_layout_msr_entry);
}

static int tell_pv(struct teller *t, uint32_t type)
{
    return tell_one(t, type, gw_pv_layout(type, t->view->width));
}

static const struct {
    int (*tell)(struct teller *t, uint32_t type);
} rows[] = {
    [GW_REC_X86_PV_INFO] = { tell_pv },         [GW_REC_X86_PV_P2M_FRAMES] = { tell_pv },
    [GW_REC_X86_PV_VCPU_BASIC] = { tell_vcpu }, [GW_REC_X86_PV_VCPU_EXTENDED] = { tell_vcpu },
    [GW_REC_X86_PV_VCPU_XSAVE] = { tell_vcpu }, [GW_REC_X86_PV_VCPU_MSRS] = { tell_vcpu },
    [GW_REC_SHARED_INFO] = { tell_pv },         [GW_REC_X86_TSC_INFO] = { tell_tsc },
    [GW_REC_HVM_CONTEXT] = { tell_context },    [GW_REC_HVM_PARAMS] = { tell_params },
    [GW_REC_X86_CPUID_POLICY] = { tell_cpuid }, [GW_REC_X86_MSR_POLICY] = { tell_msrs },
};

int gw_structures(uint32_t type, struct gw_cur body, const struct gw_view *view, gw_structure_fn *fn, void *arg,
                  struct gw_err *err)
{
    struct teller t = { body, body, view, fn, arg, err };
    const struct gw_record_info *info = gw_record_info(type);
    if (type < sizeof rows / sizeof rows[0] && rows[type].tell != NULL)
        return rows[type].tell(&t, type);
    return tell_rest(&t, info != NULL ? info->name : "record of an unknown type");
}
