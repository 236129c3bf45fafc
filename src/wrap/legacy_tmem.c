/*
 * legacy_tmem.c - chunks -5 and -6 (legacy 5.1; images/LEGACY.md 4 no. 14).
 *
 *  -5  0 4 version; 4 4 pools at most; 8 4 ~0; 12 4 flags; 16 4 weight; 20 4 cap; 24 4 ~0; then pools until ~0:
 *      0 4 id; 4 4 flags; 8 4 pages; 12 16 uuid; as many times oid, 4 index, page; an oid of ~0 ends them early
 *  -6  0 4 pool; 4 oid, 4 index; until ~0
 *
 * An oid has 8 octets or 24. Both readings go side by side through the same octets, each as far as it makes sense, and
 * nothing is taken that only one of them wants before the other is out. The first that ends where a chunk may begin is
 * right. Behind -5 and -6 no -1 stands: it comes behind all pages; so the octets of ff that end a pool of 24 are not
 * taken for chunks.
 */
#include <assert.h>
#include <string.h>

#include "legacy_tmem.h"

#define ONES UINT32_MAX
#define HEAD_LEN 28
#define POOL_LEN 28
#define PAGE_LEN 4096
#define PAGES_MOST (UINT32_C(1) << 28)
#define POOLS_MOST 65536
#define VERSION 1
#define PERSISTENT 1u
#define BATCH_MOST 1024
#define ID_FIRST (-2) /* the chunks that may come next, down to ID_LAST */
#define ID_LAST (-21)
#define FIELDS_MOST 32 /* of an entry with an id of 24 */

enum state { POOL_ID, POOL, OID, PAGE, ENTRY, ENDED, OUT };

/* One way to read the octets. */
struct reading {
    unsigned oid_len;
    enum state state;
    uint64_t wants; /* octets until the next step */
    size_t held;    /* octets of fields that came for it */
    uint8_t mem[FIELDS_MOST];
    uint64_t left; /* pages of the pool */
    bool keeps;    /* the pool does: what it holds is nowhere else */
    struct legacy_tmem found;
    const char *why; /* when it is out */
};

static void want(struct reading *r, enum state state, uint64_t len)
{
    r->state = state;
    r->wants = len;
    r->held = 0;
}

static void drop(struct reading *r, const char *why)
{
    r->why = why;
    r->state = OUT;
}

static void next_page(struct reading *r)
{
    if (r->left == 0)
        want(r, POOL_ID, 4);
    else
        want(r, OID, r->oid_len);
}

static void step_pool(struct reading *r, struct gw_cur cur)
{
    struct legacy_tmem *f = &r->found;
    struct legacy_tmem_pool pool = { .id = gw_u32(&cur), .flags = gw_u32(&cur) };
    pool.announced = gw_u32(&cur);
    if (((pool.flags >> 4) & 15) != 0)
        return drop(r, "a pool of pages that are not of 4096 octets");
    if (pool.announced > PAGES_MOST)
        return drop(r, "a pool of more pages than a guest has");
    if (f->num_pools == POOLS_MOST)
        return drop(r, "more pools than exist");
    if (f->num_pools < LEGACY_TMEM_POOLS)
        f->pool[f->num_pools] = pool;
    f->num_pools++;
    f->announced += pool.announced;
    r->left = pool.announced;
    r->keeps = (pool.flags & PERSISTENT) != 0;
    next_page(r);
}

static bool is_ones(const uint8_t *mem, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (mem[i] != 0xff)
            return false;
    return true;
}

static void page_came(struct reading *r)
{
    struct legacy_tmem *f = &r->found;
    f->num_pages++;
    f->has_pages = f->has_pages || r->keeps;
    if (f->num_pools <= LEGACY_TMEM_POOLS)
        f->pool[f->num_pools - 1].pages++;
    f->oid_words = r->oid_len / 8;
    r->left--;
    next_page(r);
}

/* What was wanted is there. */
static void step(struct reading *r)
{
    struct gw_cur cur = gw_cur(r->mem, r->held), first = cur;
    bool ends = gw_u32(&first) == ONES;
    switch (r->state) {
    case POOL_ID:
        if (ends)
            want(r, ENDED, 0);
        else
            r->state = POOL;
        r->wants = ends ? 0 : POOL_LEN - 4; /* the id stays */
        break;
    case POOL: step_pool(r, cur); break;
    case OID:
        if (is_ones(r->mem, r->held)) {
            r->found.oid_words = r->oid_len / 8;
            want(r, POOL_ID, 4);
        } else {
            want(r, PAGE, 4 + PAGE_LEN);
        }
        break;
    case PAGE: page_came(r); break;
    case ENTRY:
        if (r->held == 4 && ends) {
            want(r, ENDED, 0);
        } else if (r->held == 4) {
            r->wants = r->oid_len + 4;
        } else {
            r->found.invalidated++;
            want(r, ENTRY, 4);
        }
        break;
    case ENDED:
    case OUT: break;
    }
}

/* len octets went by: mem, or NULL where they were a page's. */
static void feed(struct reading *r, const uint8_t *mem, uint64_t len)
{
    if (r->state == OUT)
        return;
    if (r->state != PAGE && mem == NULL)
        return drop(r, "fields where pages are");
    if (r->state != PAGE) {
        memcpy(r->mem + r->held, mem, (size_t)len);
        r->held += (size_t)len;
    }
    r->wants -= len;
    if (r->wants == 0)
        step(r);
}

/* May a chunk begin here? The end of the input may stand here, too: what is cut there says who reads on. */
static int is_chunk_next(struct gw_chan *chan, bool *is, struct gw_err *err)
{
    const uint8_t *mem;
    size_t len;
    if (gw_chan_peek(chan, 4, &mem, &len, err) < 0)
        return -1;
    struct gw_cur cur = gw_cur(mem, len);
    int32_t id = (int32_t)gw_u32(&cur);
    *is = cur.bad || (id >= 0 && id <= BATCH_MOST) || (id <= ID_FIRST && id >= ID_LAST);
    return 0;
}

/* As many octets as all that are not out want; contents that nobody looks at are skipped. */
static int feed_both(struct gw_chan *chan, struct reading *both, struct gw_err *err)
{
    uint8_t mem[FIELDS_MOST];
    uint64_t len = UINT64_MAX;
    bool pages = true;
    for (unsigned i = 0; i < 2; i++)
        if (both[i].state != OUT) {
            len = gw_min(len, both[i].wants);
            pages = pages && both[i].state == PAGE;
        }
    if (!pages)
        len = gw_min(len, sizeof mem);
    assert(len > 0 && len < UINT64_MAX);
    if ((pages ? gw_chan_skip(chan, len, err) : gw_chan_read(chan, mem, (size_t)len, NULL, err)) < 0)
        return -1;
    for (unsigned i = 0; i < 2; i++)
        feed(&both[i], pages ? NULL : mem, len);
    return 0;
}

/* The reading that is right: the first that ends where a chunk may begin. */
static struct reading *decide(struct gw_chan *chan, struct reading *both, struct gw_err *err)
{
    bool is_next = false;
    while (both[0].state != OUT || both[1].state != OUT) {
        for (unsigned i = 0; i < 2; i++) {
            if (both[i].state != ENDED)
                continue;
            if (is_chunk_next(chan, &is_next, err) < 0)
                return NULL;
            if (is_next)
                return &both[i];
            drop(&both[i], "no chunk behind it");
        }
        if ((both[0].state != OUT || both[1].state != OUT) && feed_both(chan, both, err) < 0)
            return NULL;
    }
    gw_fail(err, GW_E_INVALID, "tmem reads neither with object ids of 24 octets (%s) nor of 8 (%s)", both[0].why,
            both[1].why);
    return NULL;
}

int legacy_tmem_pools(struct gw_chan *chan, struct legacy_tmem *out, struct gw_err *err)
{
    uint8_t head[HEAD_LEN];
    if (gw_chan_read(chan, head, sizeof head, NULL, err) < 0)
        return -1;
    struct gw_cur cur = gw_cur(head, sizeof head);
    struct legacy_tmem found = { .invalidated = out->invalidated };
    found.version = gw_u32(&cur);
    found.max_pools = gw_u32(&cur);
    gw_u32(&cur);
    found.client_flags = gw_u32(&cur);
    found.weight = gw_u32(&cur);
    found.cap = gw_u32(&cur);
    if (found.version != VERSION)
        return gw_fail(err, GW_E_INVALID, "tmem of version %u; only %d exists", found.version, VERSION);
    struct reading both[2] = { { .oid_len = 24, .found = found }, { .oid_len = 8, .found = found } };
    for (unsigned i = 0; i < 2; i++)
        want(&both[i], POOL_ID, 4);
    const struct reading *right = decide(chan, both, err);
    if (right == NULL)
        return -1;
    *out = right->found;
    return 0;
}

int legacy_tmem_extra(struct gw_chan *chan, struct legacy_tmem *out, struct gw_err *err)
{
    struct reading both[2] = { { .oid_len = 24 }, { .oid_len = 8 } };
    for (unsigned i = 0; i < 2; i++) {
        want(&both[i], ENTRY, 4);
        if (out->oid_words != 0 && 8 * out->oid_words != both[i].oid_len)
            drop(&both[i], "the pools told otherwise");
    }
    const struct reading *right = decide(chan, both, err);
    if (right == NULL)
        return -1;
    out->invalidated = right->found.invalidated;
    return 0;
}
