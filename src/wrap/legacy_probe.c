/*
 * legacy_probe.c - which guest is in a legacy image: its head does not say so, where there is no extended info (section
 * 2). Both kinds are tried; the one that breaks a rule is out.
 *
 * The width of words needs no trying: octets 4 to 7 are zero with 64 bits, and never with 32.
 */
#include <assert.h>
#include <string.h>

#include "legacy.h"

#define FEW_CHUNKS 64
#define BID_SURE 96 /* extended info with its first block */
#define BID_LIKELY 36
#define BID_WEAK 8 /* less than any magic: a compressed file may begin like this */

/* How an HVM context begins: a header of type 1, instance 0, 24 octets, and its magic. */
static const uint8_t context_head[12] = { 1, 0, 0, 0, 24, 0, 0, 0, 0x86, 0x12, 0x38, 0x54 };

/* In the order of what is believed first. */
enum standing { OUT, CUT, OPEN, WON };

struct probe {
    struct legacy_walk walk;
    struct legacy_head head;
    uint64_t most_chunks;
    bool stopped, won;
};

static int out(struct gw_err *err, const char *why)
{
    return gw_refuse(err, "ihdr-legacy", "%s", why);
}

static int count_chunk(struct probe *p, struct gw_err *err)
{
    p->stopped = p->walk.num_chunks >= p->most_chunks;
    return p->stopped ? out(err, "enough was seen") : 0;
}

static int try_batch(void *arg, const struct legacy_batch *batch, struct gw_err *err)
{
    struct probe *p = arg;
    for (uint32_t i = 0; p->head.is_hvm && i < batch->num; i++)
        if (gw_type_table_level(gw_entry_type(batch->entries[i])) > 0)
            return out(err, "an HVM guest has no page tables");
    return count_chunk(p, err);
}

static int try_chunk(void *arg, const struct legacy_chunk *chunk, struct gw_err *err)
{
    struct probe *p = arg;
    if (!p->head.is_hvm && chunk->param != 0)
        return out(err, "a PV guest has no parameters");
    if (chunk->id == LEGACY_END_OF_BODY && p->walk.num_batches == 0)
        return out(err, "there is no page");
    if (chunk->id == LEGACY_END_OF_BODY && p->head.is_hvm && !p->walk.has_vcpus)
        return out(err, "nothing says which vCPUs there are");
    return count_chunk(p, err);
}

static int try_context(void *arg, uint64_t offset, const uint8_t *body, size_t len, struct gw_err *err)
{
    struct probe *p = arg;
    (void)offset;
    p->won = len >= sizeof context_head && memcmp(body, context_head, sizeof context_head) == 0;
    return p->won ? 0 : out(err, "the HVM context is none");
}

static const struct legacy_ops try_ops = { .batch = try_batch, .chunk = try_chunk, .context = try_context };

static int walk_once(struct probe *p, struct gw_err *err)
{
    return legacy_head_read(&p->walk, &p->head, err) < 0 || legacy_walk_body(&p->walk, err) < 0
               ? -1
               : legacy_walk_tail(&p->walk, err);
}

/* How one kind of guest did: what it stands at, and how many batches it went through. */
struct trial {
    enum standing standing;
    uint64_t num_batches;
};

/* chan: given. -1: it could not be read, or there is no memory. */
static int try_guest(struct gw_chan *chan, const struct legacy_walk *like, bool is_hvm, uint64_t most_chunks,
                     struct trial *trial, struct gw_err *err)
{
    struct gw_err why = GW_ERR_NONE;
    gw_auto(gw_chan_closep) struct gw_chan *own = chan;
    gw_auto(gw_freep) struct probe *p = chan != NULL ? gw_alloc(1, sizeof *p, err) : NULL;
    if (p == NULL)
        return -1;
    p->head.width = like->head->width;
    p->head.is_hvm = is_hvm;
    p->most_chunks = most_chunks;
    p->walk = (struct legacy_walk){ .chan = own,
                                    .base = legacy_offset(like),
                                    .max_pfn = LEGACY_P2M_MOST, /* what is too large to be read is seen all the same */
                                    .again = like->again,
                                    .head = &p->head,
                                    .ops = &try_ops,
                                    .arg = p,
                                    .skips_model = true };
    int rc = walk_once(p, &why);
    trial->num_batches = p->walk.num_batches;
    legacy_walk_free(&p->walk);
    legacy_head_free(&p->head);
    if (p->won)
        trial->standing = WON;
    else if (rc == 0 || p->stopped)
        trial->standing = OPEN;
    else if (why.code == GW_E_SHORT)
        trial->standing = CUT;
    else if (why.code == GW_E_INVALID)
        trial->standing = OUT;
    else
        return gw_err_pass(err, &why);
    return 0;
}

/* What comes next in walk->chan, once more: from the file, or as far as it can be peeked. */
static struct gw_chan *look(const struct legacy_walk *walk, struct gw_err *err)
{
    const uint8_t *mem;
    size_t len;
    if (walk->again.fd < 0) {
        if (gw_chan_peek(walk->chan, (size_t)gw_limit(WINDOW), &mem, &len, err) < 0)
            return NULL;
        return gw_chan_memory(mem, len, NULL, err);
    }
    struct gw_chan *file = gw_chan_at(walk->again.fd, legacy_offset(walk) + walk->again.at, UINT64_MAX, err);
    return file != NULL ? gw_chan_window(file, err) : NULL;
}

/* in_view: only octets that were peeked are tried, so that a cut says nothing. */
static enum legacy_guest decide(const struct trial *pv, const struct trial *hvm, bool in_view)
{
    if (pv->standing == OUT && hvm->standing == OUT) { /* a damaged one is still seen to be what it was up to there */
        if (pv->num_batches == hvm->num_batches)
            return LEGACY_NO_GUEST;
        return pv->num_batches > hvm->num_batches ? LEGACY_PV : LEGACY_HVM;
    }
    if (pv->standing == OUT || hvm->standing == WON || (!in_view && hvm->standing > pv->standing))
        return LEGACY_HVM;
    if (hvm->standing == OUT || (!in_view && pv->standing > hvm->standing))
        return LEGACY_PV;
    return in_view ? LEGACY_UNDECIDED : LEGACY_TOO_SHORT; /* only an HVM image that won is read to its end */
}

int legacy_probe(const struct legacy_walk *walk, enum legacy_guest *guest, struct gw_err *err)
{
    struct trial pv = { OUT, 0 }, hvm = { OUT, 0 };
    bool in_view = walk->again.fd < 0;
    for (uint64_t most = FEW_CHUNKS;; most = UINT64_MAX) {
        if (try_guest(look(walk, err), walk, false, most, &pv, err) < 0 ||
            try_guest(look(walk, err), walk, true, most, &hvm, err) < 0)
            return -1;
        if (most == UINT64_MAX || in_view || pv.standing != OPEN || hvm.standing != OPEN)
            break; /* else all of the file tells more than its beginning */
    }
    *guest = decide(&pv, &hvm, in_view);
    return 0;
}

bool legacy_has_info(const uint8_t *mem, size_t len, unsigned width, bool *is_sure)
{
    static const uint8_t ones[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    size_t at = 2 * (size_t)width + 4;
    *is_sure = len >= at + 4 && memcmp(mem + at, "vcpu", 4) == 0;
    if (len < 2 * (size_t)width || memcmp(mem + width, ones, width) != 0)
        return false;
    /* today's image with a damaged marker is none of ours */
    return len < 2 * (size_t)width + 4 || memcmp(mem + 2 * (size_t)width, "XENF", 4) != 0;
}

/* As far as the octets go: the pfns of the p2m's frames of a PV guest. */
static bool is_like_pv(struct gw_cur cur, unsigned width, uint64_t p2m_size)
{
    uint64_t num = (p2m_size + GW_PAGE_LEN / width - 1) / (GW_PAGE_LEN / width);
    for (uint64_t i = 0; i < num && gw_left(&cur) >= width; i++)
        if ((width == 8 ? gw_u64(&cur) : gw_u32(&cur)) >= p2m_size)
            return false;
    return true;
}

/* The same: a batch, or another chunk. */
static bool is_like_hvm(struct gw_cur cur, unsigned width, uint64_t p2m_size)
{
    int32_t id = (int32_t)gw_u32(&cur);
    if (id == 0 || id < LEGACY_LOWEST || id > (int32_t)LEGACY_BATCH_MOST)
        return false;
    for (int32_t i = 0; i < id && gw_left(&cur) >= width; i++) {
        uint64_t entry = width == 8 ? gw_u64(&cur) : gw_u32(&cur);
        unsigned type = (unsigned)(entry >> 28);
        bool is_hole = type == GW_PAGE_XTAB;
        if (entry > UINT32_MAX || !gw_type_exists(type) || (!is_hole && (entry & 0x0fffffff) >= p2m_size))
            return false;
    }
    return true;
}

unsigned legacy_bid(const uint8_t *mem, size_t len)
{
    struct gw_cur cur = gw_cur(mem, len);
    uint64_t p2m_size = gw_u32(&cur);
    unsigned width = gw_u32(&cur) == 0 ? 8 : 4;
    bool is_sure;
    if (legacy_proposal_of(mem, len) != LEGACY_PLAIN)
        return BID_LIKELY;
    if (cur.bad || p2m_size == 0 || p2m_size > LEGACY_P2M_MOST || is_foreign(mem, len))
        return 0;
    if (legacy_has_info(mem, len, width, &is_sure))
        return is_sure ? BID_SURE : BID_LIKELY;
    cur = gw_cur(mem, len);
    gw_take(&cur, width);
    return is_like_pv(cur, width, p2m_size) || is_like_hvm(cur, width, p2m_size) ? BID_WEAK : 0;
}
