/*
 * legacy_proposal.c - two beginnings of a legacy image that were proposed in January 2014 and never released (legacy
 * section 14). Both begin with four octets of ff, which no number of pfns can be.
 *
 *   A   ff ff ff ff; then an image of 64-bit words, whatever wrote it
 *   B   ff ff ff ff; u32 total; blocks: 0 4 id; 4 4 size; octets. Then an image, as wide as a block says.
 *
 * The proposal names neither that block of B nor what is in it: here it is "sinf", u32 octets of a word (4 or 8), u32
 * flags, and more that is ignored. Blocks that nobody knows are passed over.
 */
#include <string.h>

#include "legacy.h"

#define MARK_LEN 4
#define BLOCK_HEAD 8
#define TOTAL_MOST 65536

static const char width_id[4] = { 's', 'i', 'n', 'f' };

static bool is_letters(const uint8_t *mem, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((mem[i] | 0x20) < 'a' || (mem[i] | 0x20) > 'z')
            return false;
    return true;
}

enum legacy_form legacy_proposal_of(const uint8_t *mem, size_t len)
{
    struct gw_cur cur = gw_cur(mem, len);
    uint32_t mark = gw_u32(&cur), second = gw_u32(&cur);
    const uint8_t *third = gw_take(&cur, 4);
    if (third == NULL || mark != UINT32_MAX || second == UINT32_MAX)
        return LEGACY_PLAIN;
    if (gw_is_zero(third, 4) && second > 0 && second <= LEGACY_P2M_MOST)
        return LEGACY_PROPOSAL_A;
    if (second >= BLOCK_HEAD && second <= TOTAL_MOST && is_letters(third, 4))
        return LEGACY_PROPOSAL_B;
    return LEGACY_PLAIN;
}

/* What the blocks say of the width: 4 or 8. */
static int read_blocks(struct gw_cur cur, unsigned *width, struct gw_err *err)
{
    *width = 0;
    while (gw_left(&cur) > 0) {
        const uint8_t *id = gw_take(&cur, sizeof width_id);
        struct gw_cur block = gw_sub(&cur, gw_u32(&cur));
        if (id == NULL || cur.bad || block.bad)
            return gw_refuse(err, "legacy-proposal", "a block of the stream info does not end inside of it");
        if (memcmp(id, width_id, sizeof width_id) != 0)
            continue;
        *width = gw_u32(&block);
        if (*width != 4 && *width != 8)
            return gw_refuse(err, "legacy-proposal", "the stream info names words of %u octets; 4 and 8 exist", *width);
    }
    if (*width == 0)
        return gw_refuse(err, "legacy-proposal", "the stream info has no block 'sinf', which says how wide words are");
    return 0;
}

int legacy_proposal_read(struct legacy_walk *walk, struct legacy_head *head, struct gw_err *err)
{
    static const char what[] = "stream info";
    uint64_t offset = legacy_offset(walk);
    if (legacy_fill(walk, MARK_LEN, what, err) < 0)
        return -1;
    head->width = 8;
    if (head->form == LEGACY_PROPOSAL_A)
        return 0;
    if (legacy_fill(walk, 4, what, err) < 0)
        return -1;
    struct gw_cur cur = gw_buf_cur(&walk->body);
    uint32_t total = gw_u32(&cur);
    if (total > TOTAL_MOST)
        return gw_refuse(err, "legacy-proposal", "the stream info claims %u octets; godwit reads up to %d", total,
                         TOTAL_MOST);
    if (legacy_fill(walk, total, what, err) < 0)
        return -1;
    return read_blocks(gw_buf_cur(&walk->body), &head->width, err) < 0 ? gw_err_place(err, offset, 0) : 0;
}
