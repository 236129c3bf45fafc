/*
 * legacy_tail.c - what follows a round's body: of a PV guest the pfns without a page, its vCPUs and the shared page; of
 * an HVM guest three pfns, the hypervisor's context and the device model's record (legacy sections 6 and 7).
 */
#include <stdio.h>

#include "legacy.h"

#define EXTENDED_LEN 128
#define XSAVE_HEAD 16 /* u64 mask, u64 size */
/* The least that an area can be: u64 xcr0, u64 xcr0_accum, 512 of FXSAVE, 64 of header. */
#define XSAVE_LEAST 592
#define XSAVE_MOST 65536
#define XSAVE_BASE 3u /* x87 and SSE are in every mask */
#define XSAVE_KNOWN (UINT64_C(0x2ff) | UINT64_C(1) << 62)
#define XSAVE_AVX512 0xe0u /* all three of them or none, by which no x87 control word is taken for a mask */
#define SHARED_LEN 4096

/* --- PV ----------------------------------------------------------------------------------------------------------- */

static int read_unmapped(struct legacy_walk *walk, struct gw_err *err)
{
    static const char what[] = "list of pfns without a page";
    unsigned width = walk->head->width;
    if (legacy_fill(walk, 4, what, err) < 0)
        return -1;
    struct gw_cur cur = gw_buf_cur(&walk->body);
    uint32_t num = gw_u32(&cur);
    if (num > walk->head->p2m_size)
        return gw_refuse(err, "legacy-unmapped", "%u pfns are said to have no page; the guest has %llu", num,
                         (unsigned long long)walk->head->p2m_size);
    if (walk->ops->unmapped != NULL && walk->ops->unmapped(walk->arg, num, NULL, 0, err) < 0)
        return -1;
    for (uint32_t done = 0, take; done < num; done += take) {
        take = (uint32_t)gw_min(num - done, LEGACY_BATCH_MOST);
        if (legacy_fill(walk, (uint64_t)take * width, what, err) < 0)
            return -1;
        cur = gw_buf_cur(&walk->body);
        for (uint32_t i = 0; i < take; i++)
            walk->entries[i] = width == 8 ? gw_u64(&cur) : gw_u32(&cur);
        if (walk->ops->unmapped != NULL && walk->ops->unmapped(walk->arg, num, walk->entries, take, err) < 0)
            return -1;
    }
    return 0;
}

static bool is_mask(uint64_t mask)
{
    uint64_t wide = mask & XSAVE_AVX512;
    return (mask & XSAVE_BASE) == XSAVE_BASE && (mask & ~XSAVE_KNOWN) == 0 && (wide == 0 || wide == XSAVE_AVX512);
}

/*
 * Each area has its size in front, which may be none that the head announced; where there is no area the next context
 * or the shared page follows, whose first octets are no mask and size.
 */
static int read_xsave(struct legacy_walk *walk, struct legacy_vcpu *vcpu, struct gw_err *err)
{
    const uint8_t *mem;
    size_t len;
    uint32_t want = walk->head->xsave_len - XSAVE_HEAD;
    if (gw_chan_peek(walk->chan, XSAVE_HEAD, &mem, &len, err) < 0)
        return -1;
    struct gw_cur cur = gw_cur(mem, gw_min(len, XSAVE_HEAD));
    uint64_t mask = gw_u64(&cur), size = gw_u64(&cur);
    if (cur.bad)
        return gw_fail(err, GW_E_SHORT, "%s", "");
    vcpu->odd_xsave = size != want;
    if (!is_mask(mask) && size != want)
        return 0;
    if (size != want && (size < XSAVE_LEAST || size > XSAVE_MOST))
        return gw_refuse(err, "legacy-length", "vCPU %u's extended state claims %llu octets; %u to %u can be", vcpu->id,
                         (unsigned long long)size, XSAVE_LEAST, XSAVE_MOST);
    walk->more.len = 0;
    if (gw_chan_skip(walk->chan, XSAVE_HEAD, err) < 0 || gw_chan_fill(walk->chan, &walk->more, size, err) < 0)
        return -1;
    vcpu->xsave_mask = mask;
    vcpu->xsave = walk->more.mem;
    vcpu->xsave_len = walk->more.len;
    return 0;
}

static int read_vcpu(struct legacy_walk *walk, uint32_t id, struct gw_err *err)
{
    const struct legacy_head *head = walk->head;
    struct legacy_vcpu vcpu = { .id = id, .offset = legacy_offset(walk), .basic_len = head->vcpu_len };
    char what[32];
    snprintf(what, sizeof what, "vCPU %u", id);
    vcpu.extended_len = head->has_extended ? EXTENDED_LEN : 0;
    if (legacy_fill(walk, vcpu.basic_len + vcpu.extended_len, what, err) < 0)
        return -1;
    vcpu.basic = walk->body.mem;
    vcpu.extended = head->has_extended ? walk->body.mem + vcpu.basic_len : NULL;
    if (head->xsave_len > 0 && read_xsave(walk, &vcpu, err) < 0)
        return legacy_cut(walk, what, err);
    return walk->ops->vcpu != NULL ? walk->ops->vcpu(walk->arg, &vcpu, err) : 0;
}

static int read_vcpus(struct legacy_walk *walk, struct gw_err *err)
{
    bool any = false;
    for (uint32_t id = 0; id <= (uint32_t)walk->max_vcpu; id++) {
        if ((walk->map[id / 64] >> id % 64 & 1) == 0)
            continue;
        any = true;
        if (read_vcpu(walk, id, err) < 0)
            return -1;
    }
    return any ? 0 : gw_refuse(err, "legacy-vcpus", "no vCPU is online, so none has a state");
}

static int walk_pv(struct legacy_walk *walk, struct gw_err *err)
{
    if (read_unmapped(walk, err) < 0 || read_vcpus(walk, err) < 0)
        return -1;
    uint64_t offset = legacy_offset(walk);
    if (legacy_fill(walk, SHARED_LEN, "shared info page", err) < 0)
        return -1;
    return walk->ops->shared_info != NULL ? walk->ops->shared_info(walk->arg, offset, walk->body.mem, err) : 0;
}

/* --- HVM ---------------------------------------------------------------------------------------------------------- */

static int read_magic(struct legacy_walk *walk, struct gw_err *err)
{
    uint64_t pfns[3], offset = legacy_offset(walk);
    if (legacy_fill(walk, sizeof pfns, "magic pfns", err) < 0)
        return -1;
    struct gw_cur cur = gw_buf_cur(&walk->body);
    for (unsigned i = 0; i < 3; i++)
        pfns[i] = gw_u64(&cur);
    return walk->ops->magic != NULL ? walk->ops->magic(walk->arg, offset, pfns, err) : 0;
}

static int read_context(struct legacy_walk *walk, struct gw_err *err)
{
    uint64_t offset = legacy_offset(walk);
    if (legacy_fill(walk, 4, "HVM context", err) < 0)
        return -1;
    struct gw_cur cur = gw_buf_cur(&walk->body);
    uint32_t len = gw_u32(&cur);
    if (len > gw_limit(LEGACY_STATE))
        return gw_refuse(err, "legacy-length", "the HVM context claims %u octets; godwit reads up to %llu", len,
                         (unsigned long long)gw_limit(LEGACY_STATE));
    if (legacy_fill(walk, len, "HVM context", err) < 0)
        return -1;
    return walk->ops->context != NULL ? walk->ops->context(walk->arg, offset, walk->body.mem, len, err) : 0;
}

/* The record may be missing; what begins as one and is cut is none. */
static int read_model(struct legacy_walk *walk, struct gw_err *err)
{
    struct legacy_model model = { .form = LEGACY_MODEL_NONE };
    if (walk->skips_model)
        return 0;
    if (legacy_model_read(walk->chan, &walk->body, &model, err) < 0)
        return gw_err_is_cut(err) ? legacy_cut(walk, "device model's record", err)
                                  : legacy_by_rule(err, "legacy-length");
    model.offset += walk->base;
    return walk->ops->model != NULL ? walk->ops->model(walk->arg, &model, err) : 0;
}

static int walk_hvm(struct legacy_walk *walk, struct gw_err *err)
{
    return read_magic(walk, err) < 0 || read_context(walk, err) < 0 ? -1 : read_model(walk, err);
}

int legacy_walk_tail(struct legacy_walk *walk, struct gw_err *err)
{
    uint64_t offset = legacy_offset(walk);
    int rc = walk->head->is_hvm ? walk_hvm(walk, err) : walk_pv(walk, err);
    return rc < 0 ? gw_err_place(err, offset, 0) : 0;
}
