/*
 * totals.c - what an image comes to is what its last states and its records say, whatever way it came.
 *
 * The sums are made here once more, by libxxhash and by hand.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "harness.h"
#include "xenf.h"

/* --- the sum, made the other way --------------------------------------------------------------------------------- */

/* A state's hash is added octet by octet, as one would on paper. */
static void add_state(uint8_t *sum, uint64_t pfn, unsigned type, uint64_t check)
{
    struct gw_buf state = { 0 }, number = { 0 };
    gw_put_u64(&state, pfn);
    gw_put_u64(&state, type);
    gw_put_u64(&state, check);
    XXH128_hash_t hash = XXH3_128bits(state.mem, state.len);
    gw_put_u64(&number, hash.low64);
    gw_put_u64(&number, hash.high64);
    unsigned carry = 0;
    for (unsigned i = 0; i < 16; i++) {
        carry += (unsigned)sum[i] + number.mem[i];
        sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
    gw_buf_free(&state);
    gw_buf_free(&number);
}

static void digest_of(uint8_t *digest, const struct gw_buf *octets)
{
    struct gw_buf number = { 0 };
    XXH128_hash_t hash = XXH3_128bits(octets->mem, octets->len);
    gw_put_u64(&number, hash.low64);
    gw_put_u64(&number, hash.high64);
    memcpy(digest, number.mem, 16);
    gw_buf_free(&number);
}

static struct gw_totals *open_totals(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_totals *totals = gw_totals_new(&err);
    CHECK(totals != NULL);
    return totals;
}

static void page(struct gw_totals *totals, uint64_t pfn, unsigned type, uint64_t check)
{
    struct gw_err err = GW_ERR_NONE;
    CHECK_EQ(gw_totals_page(totals, pfn, type, check, &err), 0);
}

/* Ends the totals. */
static void check_pages(struct gw_totals *totals, const uint8_t *want, uint64_t num)
{
    struct gw_totals_sum sum;
    gw_totals_sum(totals, &sum);
    CHECK_MEM(sum.pages_digest, want, 16);
    CHECK_EQ(sum.num_pages, num);
    CHECK_EQ(sum.num_records, 0);
    gw_totals_free(totals);
}

/* --- pages ------------------------------------------------------------------------------------------------------- */

static void nothing_comes_to_nothing(void)
{
    struct gw_buf none = { 0 };
    struct gw_totals *totals = open_totals();
    struct gw_totals_sum sum;
    uint8_t want[16] = { 0 };
    gw_totals_sum(totals, &sum);
    CHECK_MEM(sum.pages_digest, want, 16);
    digest_of(want, &none);
    CHECK_MEM(sum.records_digest, want, 16);
    CHECK_EQ(sum.num_pages, 0);
    CHECK_EQ(sum.num_records, 0);
    gw_totals_free(totals);
    gw_totals_free(NULL);
}

/* Of tests/golden/xxh3.py: pfn 5, type 0, check 0x0123456789abcdef; and pfn 6, a hole, on top of it. */
static void the_sum_is_what_another_program_makes_it(void)
{
    static const uint8_t one[] = { 0x64, 0x84, 0x0d, 0x73, 0xa6, 0x40, 0x50, 0xaa,
                                   0x63, 0xd4, 0x7a, 0x98, 0xfe, 0xdb, 0x65, 0xff };
    static const uint8_t both[] = { 0xa5, 0x69, 0x95, 0xef, 0x77, 0x14, 0xd6, 0x4e,
                                    0x53, 0x81, 0xfd, 0xf9, 0x87, 0x0e, 0x6b, 0x1c };
    struct gw_totals *totals = open_totals();
    struct gw_totals_sum sum;
    page(totals, 5, GW_PAGE_NOTAB, UINT64_C(0x0123456789abcdef));
    gw_totals_sum(totals, &sum);
    CHECK_MEM(sum.pages_digest, one, 16);
    page(totals, 6, GW_PAGE_XTAB, 0);
    check_pages(totals, both, 2);
}

static const unsigned types[] = { GW_PAGE_NOTAB,  GW_PAGE_L1,     GW_PAGE_L4 | GW_PAGE_PINNED,
                                  GW_PAGE_BROKEN, GW_PAGE_XALLOC, GW_PAGE_XTAB };
#define NUM_TYPES (sizeof types / sizeof types[0])

static uint64_t check_for(unsigned type, uint64_t salt)
{
    return gw_type_has_contents(type) ? salt * UINT64_C(0x9e3779b97f4a7c15) : 0;
}

/* Over several leaves, with sums that carry over both halves many times. */
static void the_order_of_pages_does_not_matter(void)
{
    enum { NUM = 3000 };
    struct gw_totals *up = open_totals(), *down = open_totals(), *strewn = open_totals();
    uint8_t want[16] = { 0 };
    for (unsigned i = 0; i < NUM; i++) {
        unsigned type = types[i % NUM_TYPES];
        unsigned back = NUM - 1 - i, there = i * 1009 % NUM;
        add_state(want, i, type, check_for(type, i));
        page(up, i, type, check_for(type, i));
        page(down, back, types[back % NUM_TYPES], check_for(types[back % NUM_TYPES], back));
        page(strewn, there, types[there % NUM_TYPES], check_for(types[there % NUM_TYPES], there));
    }
    check_pages(up, want, NUM);
    check_pages(down, want, NUM);
    check_pages(strewn, want, NUM);
}

/* From every type to every type, also to itself with other contents. */
static void the_last_state_of_a_pfn_wins(void)
{
    for (unsigned first = 0; first < NUM_TYPES; first++)
        for (unsigned last = 0; last < NUM_TYPES; last++) {
            struct gw_totals *totals = open_totals();
            uint8_t want[16] = { 0 };
            for (uint64_t pfn = 510; pfn < 514; pfn++)
                page(totals, pfn, types[first], check_for(types[first], pfn));
            page(totals, 511, types[last], check_for(types[last], 99));
            for (uint64_t pfn = 510; pfn < 514; pfn++)
                add_state(want, pfn, types[pfn == 511 ? last : first],
                          pfn == 511 ? check_for(types[last], 99) : check_for(types[first], pfn));
            check_pages(totals, want, 4);
        }
}

/* What a page was before it was a hole is forgotten, also when it has contents again. */
static void a_pfn_that_comes_and_goes_counts_once(void)
{
    struct gw_totals *totals = open_totals();
    uint8_t want[16] = { 0 };
    for (unsigned round = 0; round < 5; round++) {
        page(totals, 77, GW_PAGE_NOTAB, 1000 + round);
        page(totals, 77, GW_PAGE_XTAB, 0);
        page(totals, 77, GW_PAGE_NOTAB, 0);
        page(totals, 77, GW_PAGE_NOTAB, 2000 + round);
    }
    add_state(want, 77, GW_PAGE_NOTAB, 2004);
    check_pages(totals, want, 1);
}

static void the_highest_pfn_counts_as_any_other(void)
{
    struct gw_totals *totals = open_totals();
    uint8_t want[16] = { 0 };
    page(totals, gw_limit(PFN) - 1, GW_PAGE_NOTAB, 7);
    page(totals, 0, GW_PAGE_NOTAB, 7);
    add_state(want, gw_limit(PFN) - 1, GW_PAGE_NOTAB, 7);
    add_state(want, 0, GW_PAGE_NOTAB, 7);
    check_pages(totals, want, 2);
}

/* --- records ----------------------------------------------------------------------------------------------------- */

/* Bodies of lengths at which the hash's own blocks begin and end, and of none at all. */
static void records_count_with_type_and_length_in_order(void)
{
    static const uint32_t lengths[] = { 0, 1, 7, 8, 16, 24, 231, 232, 240, 241, 255, 256, 257, 1024, 4095, 70000 };
    struct gw_totals *totals = open_totals();
    struct gw_buf all = { 0 };
    struct gw_totals_sum sum;
    uint8_t want[16], *body = calloc(1, 70000);
    CHECK(body != NULL);
    for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        memset(body, (int)i + 1, lengths[i]);
        gw_put_u32(&all, 0x80000000 + i);
        gw_put_u32(&all, lengths[i]);
        gw_put(&all, body, lengths[i]);
        gw_totals_record(totals, 0x80000000 + i, lengths[i] > 0 ? body : NULL, lengths[i]);
        digest_of(want, &all);
        gw_totals_sum(totals, &sum); /* and it goes on */
        CHECK_MEM(sum.records_digest, want, 16);
        CHECK_EQ(sum.num_records, i + 1);
        CHECK_EQ(sum.num_pages, 0);
    }
    free(body);
    gw_buf_free(&all);
    gw_totals_free(totals);
}

static void records_in_another_order_are_others(void)
{
    struct gw_totals *a = open_totals(), *b = open_totals();
    struct gw_totals_sum first, second;
    gw_totals_record(a, 1, "abc", 3);
    gw_totals_record(a, 2, "abc", 3);
    gw_totals_record(b, 2, "abc", 3);
    gw_totals_record(b, 1, "abc", 3);
    gw_totals_sum(a, &first);
    gw_totals_sum(b, &second);
    CHECK(memcmp(first.records_digest, second.records_digest, 16) != 0);
    gw_totals_free(a);
    gw_totals_free(b);
}

const struct test tests[] = {
    { "nothing-comes-to-nothing", nothing_comes_to_nothing },
    { "the-sum-is-what-another-program-makes-it", the_sum_is_what_another_program_makes_it },
    { "the-order-of-pages-does-not-matter", the_order_of_pages_does_not_matter },
    { "the-last-state-of-a-pfn-wins", the_last_state_of_a_pfn_wins },
    { "a-pfn-that-comes-and-goes-counts-once", a_pfn_that_comes_and_goes_counts_once },
    { "the-highest-pfn-counts-as-any-other", the_highest_pfn_counts_as_any_other },
    { "records-count-with-type-and-length-in-order", records_count_with_type_and_length_in_order },
    { "records-in-another-order-are-others", records_in_another_order_are_others },
    { NULL, NULL },
};
