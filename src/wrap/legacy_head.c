/*
 * legacy_head.c - the head of a legacy image (section 3): the number of pfns, and for a PV guest extended info and the
 * pfns of its p2m's pages. Width of words and kind of guest are known before.
 */
#include <assert.h>
#include <string.h>

#include "legacy.h"

#define INFO_MOST 65536
#define BLOCK_HEAD 8
#define VCPU_LEN_32 0xaf0u
#define VCPU_LEN_64 0x1430u
#define XSAVE_HEAD 16
#define XSAVE_MOST (XSAVE_HEAD + 65536u)

/* One word of W octets. */
static uint64_t word(const struct legacy_head *head, struct gw_cur *cur)
{
    return head->width == 8 ? gw_u64(cur) : gw_u32(cur);
}

static uint32_t vcpu_len_of(unsigned guest_width)
{
    return guest_width == 8 ? VCPU_LEN_64 : VCPU_LEN_32;
}

static int read_size(struct legacy_walk *walk, struct legacy_head *head, struct gw_err *err)
{
    if (legacy_fill(walk, head->width, "head", err) < 0)
        return -1;
    struct gw_cur cur = gw_buf_cur(&walk->body);
    head->p2m_size = word(head, &cur);
    if (head->p2m_size == 0 || head->p2m_size > LEGACY_P2M_MOST)
        return gw_refuse(err, "legacy-head", "the guest is said to have %llu pfns; 1 to %llu are possible",
                         (unsigned long long)head->p2m_size, (unsigned long long)LEGACY_P2M_MOST);
    return 0;
}

static int take_vcpu_block(struct legacy_head *head, uint32_t size, struct gw_err *err)
{
    if (size != VCPU_LEN_32 && size != VCPU_LEN_64)
        return gw_refuse(err, "legacy-head", "a vCPU's context is said to have %u octets; %u and %u exist", size,
                         VCPU_LEN_32, VCPU_LEN_64);
    if (head->vcpu_len != 0 && head->vcpu_len != size)
        return gw_refuse(err, "legacy-head", "a vCPU's context is said to have %u octets, and %u", head->vcpu_len,
                         size);
    head->vcpu_len = size;
    head->guest_width = size == VCPU_LEN_64 ? 8 : 4;
    return 0;
}

static int take_xsave_block(struct legacy_head *head, struct gw_cur body, struct gw_err *err)
{
    head->xsave_len = gw_u32(&body);
    if (body.bad)
        return gw_refuse(err, "legacy-head", "the block 'xcnt' has less than 4 octets");
    if (head->xsave_len < XSAVE_HEAD + 16 || head->xsave_len > XSAVE_MOST)
        return gw_refuse(err, "legacy-head", "the extended state of a vCPU is said to have %u octets; %u to %u can be",
                         head->xsave_len, XSAVE_HEAD + 16, XSAVE_MOST);
    return 0;
}

static int take_block(struct legacy_head *head, struct gw_cur *blocks, struct gw_err *err)
{
    size_t left = gw_left(blocks);
    const uint8_t *id = gw_take(blocks, 4);
    uint32_t size = gw_u32(blocks);
    struct gw_cur body = gw_sub(blocks, size);
    if (blocks->bad)
        return gw_refuse(err, "legacy-head", "a block of the extended info does not fit into the %zu octets left",
                         left);
    if (memcmp(id, "vcpu", 4) == 0)
        return take_vcpu_block(head, size, err);
    if (memcmp(id, "xcnt", 4) == 0)
        return take_xsave_block(head, body, err);
    if (memcmp(id, "extv", 4) == 0)
        head->has_extended = true;
    else
        head->num_unknown++;
    return 0;
}

static int read_info(struct legacy_walk *walk, struct legacy_head *head, struct gw_err *err)
{
    if (gw_chan_skip(walk->chan, head->width, err) < 0 || legacy_fill(walk, 4, "head", err) < 0)
        return -1;
    struct gw_cur cur = gw_buf_cur(&walk->body);
    uint32_t total = gw_u32(&cur);
    if (total > INFO_MOST)
        return gw_refuse(err, "legacy-head", "the extended info claims %u octets; %u are the most", total, INFO_MOST);
    if (legacy_fill(walk, total, "extended info", err) < 0)
        return -1;
    cur = gw_buf_cur(&walk->body);
    while (gw_left(&cur) > 0)
        if (take_block(head, &cur, err) < 0)
            return -1;
    head->has_info = true;
    return 0;
}

static int read_frames(struct legacy_walk *walk, struct legacy_head *head, struct gw_err *err)
{
    uint64_t per_frame = GW_PAGE_LEN / head->guest_width;
    uint32_t num = (uint32_t)((head->p2m_size + per_frame - 1) / per_frame);
    for (uint32_t done = 0, take; done < num; done += take) {
        take = (uint32_t)gw_min(num - done, LEGACY_BATCH_MOST);
        if (legacy_fill(walk, (uint64_t)take * head->width, "list of p2m frames", err) < 0)
            return -1;
        struct gw_cur cur = gw_buf_cur(&walk->body);
        for (uint32_t i = 0; i < take; i++) {
            uint64_t pfn = word(head, &cur);
            if (pfn >= head->p2m_size)
                return gw_refuse(err, "legacy-frames",
                                 "entry %u of the p2m's frames is pfn 0x%llx; the guest has 0x%llx", done + i,
                                 (unsigned long long)pfn, (unsigned long long)head->p2m_size);
            gw_put_u64(&head->frames, pfn);
        }
        if (gw_buf_ok(&head->frames, err) < 0)
            return -1;
    }
    head->num_frames = num;
    return 0;
}

static int read_pv(struct legacy_walk *walk, struct legacy_head *head, struct gw_err *err)
{
    const uint8_t *mem;
    size_t len;
    if (gw_chan_peek(walk->chan, head->width, &mem, &len, err) < 0)
        return -1;
    struct gw_cur cur = gw_cur(mem, gw_min(len, head->width));
    uint64_t ones = head->width == 8 ? UINT64_MAX : UINT32_MAX, first = word(head, &cur);
    if (!cur.bad && first == ones && read_info(walk, head, err) < 0)
        return -1;
    if (head->vcpu_len == 0) { /* nothing tells the guest's width but the toolstack's */
        head->guest_width = head->width;
        head->vcpu_len = vcpu_len_of(head->guest_width);
    }
    return read_frames(walk, head, err);
}

int legacy_head_read(struct legacy_walk *walk, struct legacy_head *head, struct gw_err *err)
{
    head->offset = legacy_offset(walk);
    int rc = read_size(walk, head, err);
    if (rc == 0 && !head->is_hvm)
        rc = read_pv(walk, head, err);
    return rc < 0 ? gw_err_place(err, head->offset, 0) : 0;
}

void legacy_head_free(struct legacy_head *head)
{
    gw_buf_free(&head->frames);
}
