/*
 * maps.c - bitmaps, sparse maps, and the way back to the last commit.
 */
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "harness.h"

/* --- bitmap ------------------------------------------------------------------------------------------------------ */

static const uint64_t edges[] = { 0, 1, 2, 62, 63, 64, 65, 127, 128, 129, 1000 };
#define NUM_EDGES (sizeof edges / sizeof edges[0])

static struct gw_bitmap new_bitmap(uint64_t num)
{
    struct gw_bitmap map;
    struct gw_err err = GW_ERR_NONE;
    CHECK_EQ(gw_bitmap_init(&map, num, &err), 0);
    return map;
}

static void a_new_bitmap_is_clear(void)
{
    for (unsigned i = 0; i < NUM_EDGES; i++) {
        struct gw_bitmap map = new_bitmap(edges[i]);
        CHECK_EQ(gw_bitmap_count(&map), 0);
        CHECK_EQ(gw_bitmap_next(&map, 0), edges[i]);
        gw_bitmap_free(&map);
        CHECK(map.words == NULL && map.num == 0);
        gw_bitmap_free(&map);
    }
}

static void each_bit_is_its_own(void)
{
    for (unsigned i = 0; i < NUM_EDGES; i++) {
        struct gw_bitmap map = new_bitmap(edges[i]);
        for (uint64_t bit = 0; bit < map.num; bit++) {
            gw_bitmap_set(&map, bit);
            CHECK_EQ(gw_bitmap_count(&map), 1);
            CHECK(gw_bitmap_test(&map, bit));
            CHECK_EQ(gw_bitmap_next(&map, 0), bit);
            CHECK_EQ(gw_bitmap_next(&map, bit), bit);
            CHECK_EQ(gw_bitmap_next(&map, bit + 1), map.num);
            gw_bitmap_clear(&map, bit);
            CHECK(!gw_bitmap_test(&map, bit));
        }
        gw_bitmap_free(&map);
    }
}

static void a_full_bitmap_counts_no_bit_behind_its_end(void)
{
    for (unsigned i = 0; i < NUM_EDGES; i++) {
        struct gw_bitmap map = new_bitmap(edges[i]);
        for (uint64_t bit = 0; bit < map.num; bit++)
            gw_bitmap_set(&map, bit);
        CHECK_EQ(gw_bitmap_count(&map), map.num);
        for (uint64_t bit = 0; bit < map.num; bit++)
            CHECK_EQ(gw_bitmap_next(&map, bit), bit);
        gw_bitmap_free(&map);
    }
}

static void next_from_behind_the_end_is_the_end(void)
{
    struct gw_bitmap map = new_bitmap(65);
    gw_bitmap_set(&map, 64);
    CHECK_EQ(gw_bitmap_next(&map, 65), 65);
    CHECK_EQ(gw_bitmap_next(&map, UINT64_MAX), 65);
    gw_bitmap_free(&map);
}

static void next_finds_what_a_search_finds(void)
{
    struct gw_bitmap map = new_bitmap(777);
    for (uint64_t bit = 0; bit < map.num; bit = bit * 5 / 3 + 1)
        gw_bitmap_set(&map, bit);
    for (uint64_t from = 0; from <= map.num; from++) {
        uint64_t want = from;
        while (want < map.num && !gw_bitmap_test(&map, want))
            want++;
        CHECK_EQ(gw_bitmap_next(&map, from), want);
    }
    gw_bitmap_free(&map);
}

/* --- sparse map -------------------------------------------------------------------------------------------------- */

static uint8_t *at(struct gw_sparse *map, uint64_t number)
{
    struct gw_err err = GW_ERR_NONE;
    uint8_t *object = gw_sparse_at(map, number, &err);
    CHECK(object != NULL);
    return object;
}

static unsigned count_leaves(const struct gw_sparse *map)
{
    unsigned count = 0;
    uint64_t number = 0, last = 0;
    while (gw_sparse_leaf(map, &number) != NULL) {
        CHECK_EQ(number % GW_SPARSE_LEAF, 0);
        CHECK(count == 0 || number > last);
        last = number;
        number += GW_SPARSE_LEAF;
        count++;
    }
    return count;
}

static void objects_begin_as_zero_and_do_not_overlap(void)
{
    static const size_t sizes[] = { 1, 8, 33 };
    for (unsigned i = 0; i < 3; i++) {
        struct gw_sparse map;
        gw_sparse_init(&map, sizes[i]);
        for (uint64_t n = 0; n < 2 * GW_SPARSE_LEAF; n++) {
            uint8_t *object = at(&map, n);
            CHECK(gw_is_zero(object, sizes[i]));
            memset(object, (int)(n % 251) + 1, sizes[i]);
        }
        for (uint64_t n = 0; n < 2 * GW_SPARSE_LEAF; n++)
            for (size_t k = 0; k < sizes[i]; k++)
                CHECK_EQ(((uint8_t *)gw_sparse_find(&map, n))[k], n % 251 + 1);
        gw_sparse_free(&map);
    }
}

static void a_lone_huge_number_costs_one_leaf(void)
{
    struct gw_sparse map;
    uint64_t huge = gw_limit(PFN) - 1, number = 0;
    gw_sparse_init(&map, 8);
    *at(&map, huge) = 1;
    CHECK_EQ(map.num, huge + 1);
    CHECK_EQ(count_leaves(&map), 1);
    CHECK(gw_sparse_leaf(&map, &number) != NULL);
    CHECK_EQ(number, huge - huge % GW_SPARSE_LEAF);
    CHECK(gw_sparse_find(&map, 0) == NULL);
    CHECK(gw_sparse_find(&map, number - 1) == NULL);
    CHECK(gw_sparse_find(&map, number) != NULL);
    CHECK(gw_sparse_find(&map, UINT64_MAX) == NULL);
    gw_sparse_free(&map);
}

static void asking_without_at_makes_nothing(void)
{
    struct gw_sparse map;
    uint64_t number = 0;
    gw_sparse_init(&map, 4);
    CHECK(gw_sparse_find(&map, 0) == NULL);
    CHECK(gw_sparse_leaf(&map, &number) == NULL);
    CHECK_EQ(map.num, 0);
    gw_sparse_free(&map);
    CHECK_EQ(map.size, 4); /* free returns to an empty map of the same size */
    *at(&map, 3) = 1;
    gw_sparse_free(&map);
}

static void an_object_stays_where_it_is_while_the_map_grows(void)
{
    struct gw_sparse map;
    gw_sparse_init(&map, 1);
    uint8_t *first = at(&map, 5);
    *first = 77;
    for (uint64_t n = 1; n < UINT64_C(1) << 30; n *= 3)
        at(&map, n);
    CHECK(gw_sparse_find(&map, 5) == first);
    CHECK_EQ(*first, 77);
    gw_sparse_free(&map);
}

static void the_walk_meets_every_leaf_once(void)
{
    struct gw_sparse map;
    uint64_t number = GW_SPARSE_LEAF + 1;
    gw_sparse_init(&map, 1);
    at(&map, 511);
    at(&map, 512);
    at(&map, 5 * GW_SPARSE_LEAF);
    CHECK_EQ(count_leaves(&map), 3);
    CHECK(gw_sparse_leaf(&map, &number) == gw_sparse_find(&map, 512)); /* from the middle of a leaf: that leaf */
    CHECK_EQ(number, 512);
    gw_sparse_free(&map);
}

/* --- undo -------------------------------------------------------------------------------------------------------- */

struct pair {
    struct gw_sparse map;
    struct gw_undo undo;
};

static void open_pair(struct pair *pair)
{
    gw_sparse_init(&pair->map, 4);
    gw_undo_init(&pair->undo, &pair->map);
}

static void close_pair(struct pair *pair)
{
    gw_undo_free(&pair->undo);
    gw_sparse_free(&pair->map);
}

static void change(struct pair *pair, uint64_t number, uint8_t value)
{
    struct gw_err err = GW_ERR_NONE;
    CHECK_EQ(gw_undo_save(&pair->undo, number, &err), 0);
    memset(at(&pair->map, number), value, 4);
}

static void nothing_is_kept_before_the_first_commit(void)
{
    struct pair pair;
    open_pair(&pair);
    change(&pair, 1, 5);
    CHECK_EQ(pair.undo.log.len, 0);
    gw_undo_back(&pair.undo);
    CHECK_EQ(*at(&pair.map, 1), 5);
    close_pair(&pair);
}

static void back_is_the_last_commit(void)
{
    static const uint64_t numbers[] = { 0, 1, 63, 64, 65, 511, 512, 100000 };
    struct pair pair;
    open_pair(&pair);
    for (unsigned i = 0; i < 4; i++)
        change(&pair, numbers[i], 5);
    gw_undo_commit(&pair.undo);
    for (unsigned i = 0; i < 8; i++)
        change(&pair, numbers[i], 9);
    gw_undo_back(&pair.undo);
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQ(*at(&pair.map, numbers[i]), i < 4 ? 5 : 0);
    close_pair(&pair);
}

static void an_object_is_kept_once_per_commit(void)
{
    struct pair pair;
    open_pair(&pair);
    change(&pair, 7, 1);
    gw_undo_commit(&pair.undo);
    change(&pair, 7, 2);
    change(&pair, 7, 3);
    change(&pair, 7, 4);
    CHECK_EQ(pair.undo.log.len, 8 + 4);
    gw_undo_back(&pair.undo);
    CHECK_EQ(*at(&pair.map, 7), 1);
    change(&pair, 7, 5);
    CHECK_EQ(pair.undo.log.len, 8 + 4);
    gw_undo_commit(&pair.undo);
    CHECK_EQ(pair.undo.log.len, 0);
    gw_undo_back(&pair.undo); /* to the commit of a moment ago */
    CHECK_EQ(*at(&pair.map, 7), 5);
    change(&pair, 7, 6);
    gw_undo_back(&pair.undo);
    gw_undo_back(&pair.undo);
    CHECK_EQ(*at(&pair.map, 7), 5);
    close_pair(&pair);
}

const struct test tests[] = {
    { "a-new-bitmap-is-clear", a_new_bitmap_is_clear },
    { "each-bit-is-its-own", each_bit_is_its_own },
    { "a-full-bitmap-counts-no-bit-behind-its-end", a_full_bitmap_counts_no_bit_behind_its_end },
    { "next-from-behind-the-end-is-the-end", next_from_behind_the_end_is_the_end },
    { "next-finds-what-a-search-finds", next_finds_what_a_search_finds },
    { "objects-begin-as-zero-and-do-not-overlap", objects_begin_as_zero_and_do_not_overlap },
    { "a-lone-huge-number-costs-one-leaf", a_lone_huge_number_costs_one_leaf },
    { "asking-without-at-makes-nothing", asking_without_at_makes_nothing },
    { "an-object-stays-where-it-is-while-the-map-grows", an_object_stays_where_it_is_while_the_map_grows },
    { "the-walk-meets-every-leaf-once", the_walk_meets_every_leaf_once },
    { "nothing-is-kept-before-the-first-commit", nothing_is_kept_before_the_first_commit },
    { "back-is-the-last-commit", back_is_the_last_commit },
    { "an-object-is-kept-once-per-commit", an_object_is_kept_once_per_commit },
    { NULL, NULL },
};
