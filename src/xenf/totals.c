/*
 * totals.c - what an image comes to, kept while it passes.
 *
 * The pages digest is a sum, so that a pfn's earlier state can be taken out of it again: pages may come in any order
 * and any number of times, and nothing is left to do at the end. For that the last state of each pfn is kept, an octet
 * of type and 8 octets of check, in leaves that come to be where pfns are named.
 * It must not know where pages and records come from, or whom their sum is compared with.
 * Tests: tests/unit/totals.c.
 */
#include <assert.h>
#include <endian.h>
#include <string.h>
#define XXH_STATIC_LINKING_ONLY /* how long the state is: it lies in ours */
#include "xxh3.h"

#include "xenf.h"

#define ALIGN 64 /* of XXH3's state; the heap's is less */

struct gw_totals {
    struct gw_sparse types;  /* 1 + type; 0: never named */
    struct gw_sparse checks; /* of pfns that had contents once; 0 when they have none now */
    XXH128_hash_t pages;     /* the sum */
    uint64_t num_pages, num_records;
    XXH3_state_t *records; /* lies in room */
    uint8_t room[sizeof(XXH3_state_t) + ALIGN - 1];
};

struct gw_totals *gw_totals_new(struct gw_err *err)
{
    struct gw_totals *t = gw_alloc(1, sizeof *t, err);
    if (t == NULL)
        return NULL;
    gw_sparse_init(&t->types, 1);
    gw_sparse_init(&t->checks, sizeof(uint64_t));
    t->records = (XXH3_state_t *)(void *)(t->room + (-(uintptr_t)t->room & (ALIGN - 1)));
    XXH3_128bits_reset(t->records);
    return t;
}

void gw_totals_free(struct gw_totals *t)
{
    if (t == NULL)
        return;
    gw_sparse_free(&t->types);
    gw_sparse_free(&t->checks);
    gw_free(t);
}

void gw_totals_freep(struct gw_totals **totals)
{
    gw_totals_free(*totals);
}

static XXH128_hash_t hash_of(uint64_t pfn, unsigned type, uint64_t check)
{
    uint64_t state[3] = { htole64(pfn), htole64(type), htole64(check) };
    return XXH3_128bits(state, sizeof state);
}

static void put_in(XXH128_hash_t *sum, XXH128_hash_t hash)
{
    sum->low64 += hash.low64;
    sum->high64 += hash.high64 + (sum->low64 < hash.low64);
}

static void take_out(XXH128_hash_t *sum, XXH128_hash_t hash)
{
    sum->high64 -= hash.high64 + (sum->low64 < hash.low64);
    sum->low64 -= hash.low64;
}

int gw_totals_page(struct gw_totals *t, uint64_t pfn, unsigned type, uint64_t check, struct gw_err *err)
{
    bool full = gw_type_has_contents(type);
    assert(type < 16 && (full || check == 0));
    uint8_t *named = gw_sparse_at(&t->types, pfn, err);
    if (named == NULL)
        return -1;
    uint64_t *kept = full ? gw_sparse_at(&t->checks, pfn, err) : gw_sparse_find(&t->checks, pfn);
    if (full && kept == NULL)
        return -1;
    if (*named == 0)
        t->num_pages++;
    else
        take_out(&t->pages, hash_of(pfn, *named - 1u, kept != NULL ? *kept : 0));
    put_in(&t->pages, hash_of(pfn, type, check));
    *named = (uint8_t)(1 + type);
    if (kept != NULL)
        *kept = check;
    return 0;
}

void gw_totals_last(struct gw_totals *t, uint64_t pfn, unsigned type, uint64_t check)
{
    assert(type < 16 && (gw_type_has_contents(type) || check == 0));
    t->num_pages++;
    put_in(&t->pages, hash_of(pfn, type, check));
}

void gw_totals_record(struct gw_totals *t, uint32_t type, const void *body, uint32_t len)
{
    uint32_t head[2] = { htole32(type), htole32(len) };
    assert(body != NULL || len == 0);
    XXH3_128bits_update(t->records, head, sizeof head);
    if (len > 0)
        XXH3_128bits_update(t->records, body, len);
    t->num_records++;
}

static void put_digest(uint8_t *digest, XXH128_hash_t hash)
{
    uint64_t halves[2] = { htole64(hash.low64), htole64(hash.high64) };
    memcpy(digest, halves, sizeof halves);
}

void gw_totals_sum(const struct gw_totals *t, struct gw_totals_sum *out)
{
    put_digest(out->pages_digest, t->pages);
    put_digest(out->records_digest, XXH3_128bits_digest(t->records));
    out->num_pages = t->num_pages;
    out->num_records = t->num_records;
}

void gw_totals_digest(const struct gw_totals *t, struct gw_image_digest *out)
{
    struct gw_totals_sum sum;
    gw_totals_sum(t, &sum);
    *out = (struct gw_image_digest){ .algorithm = GW_CHECKS_XXH3_64,
                                     .num_pages = sum.num_pages,
                                     .num_records = sum.num_records };
    memcpy(out->pages_digest, sum.pages_digest, sizeof out->pages_digest);
    memcpy(out->records_digest, sum.records_digest, sizeof out->records_digest);
}
