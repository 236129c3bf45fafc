/*
 * guest_pattern.c - memory as a function of ticks: what the closed form says is what a replay of every tick gives.
 */
#include <string.h>

#include "harness.h"
#include "pattern.h"

enum { MOST = 3000 };

/* Replays ticks one by one and compares the counts of all pages after each of some of them. */
static void replay(const struct pattern_share *share, uint64_t ticks)
{
    static uint64_t times[MOST];
    CHECK(share->num <= MOST);
    memset(times, 0, sizeof times);
    for (uint64_t tick = 0; tick <= ticks; tick++) {
        for (uint64_t i = 0; (tick % 97 == 0 || tick == ticks) && i < share->num; i++)
            CHECK_EQ(pattern_times(share, share->first + i, tick), times[i]);
        uint64_t now, pfn = pattern_visit(share, tick, &now);
        CHECK(pfn >= share->first && pfn < share->first + share->num);
        times[pfn - share->first]++;
        CHECK_EQ(now, times[pfn - share->first]);
    }
}

static void every_order_is_known_in_closed_form(void)
{
    static const uint64_t sizes[] = { 16, 17, 64, 65, 100, 1000 };
    for (enum gw_pattern pattern = GW_PATTERN_SEQ; pattern <= GW_PATTERN_HOT; pattern++)
        for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            struct pattern_share share = pattern_share(3 * sizes[i], 3, 1, 7 + i, pattern);
            CHECK_EQ(share.num, sizes[i]);
            replay(&share, 5 * sizes[i] + 3);
        }
}

static void shares_cover_all_pages_once(void)
{
    for (unsigned threads = 1; threads <= 64; threads++) {
        uint64_t next = 0;
        for (unsigned i = 0; i < threads; i++) {
            struct pattern_share share = pattern_share(2000, threads, i, 1, GW_PATTERN_HOT);
            CHECK_EQ(share.first, next);
            next += share.num;
        }
        CHECK_EQ(next, 2000);
    }
}

static void a_tenth_of_hot_pages_gets_nine_tenths_of_the_writes(void)
{
    struct pattern_share share = pattern_share(1000, 1, 0, 3, GW_PATTERN_HOT);
    uint64_t hot = 0, times;
    for (uint64_t tick = 0; tick < 10000; tick++)
        hot += pattern_visit(&share, tick, &times) % 10 == 0;
    CHECK_EQ(hot, 9000);
    for (uint64_t pfn = 0; pfn < 1000; pfn += 10)
        CHECK_EQ(pattern_times(&share, pfn, 10000), 90);
}

static void random_orders_differ_by_seed_thread_and_round(void)
{
    struct pattern_share a = pattern_share(200, 2, 0, 1, GW_PATTERN_RANDOM);
    struct pattern_share b = pattern_share(200, 2, 0, 2, GW_PATTERN_RANDOM);
    struct pattern_share c = pattern_share(200, 2, 1, 1, GW_PATTERN_RANDOM);
    unsigned seeds = 0, threads = 0, rounds = 0;
    uint64_t times;
    for (uint64_t tick = 0; tick < 100; tick++) {
        seeds += pattern_visit(&a, tick, &times) == pattern_visit(&b, tick, &times);
        threads += pattern_visit(&a, tick, &times) == pattern_visit(&c, tick, &times) - 100;
        rounds += pattern_visit(&a, tick, &times) == pattern_visit(&a, tick + 100, &times);
    }
    CHECK(seeds < 10 && threads < 10 && rounds < 10);
}

static void a_page_shows_where_when_and_whose_it_is(void)
{
    uint64_t a[512], b[512];
    pattern_fill(a, 1, 17, 5);
    CHECK_EQ(a[0], 17);
    CHECK_EQ(a[1], 5);
    static const uint64_t others[][3] = { { 2, 17, 5 }, { 1, 18, 5 }, { 1, 17, 6 } };
    for (unsigned i = 0; i < 3; i++) {
        pattern_fill(b, others[i][0], others[i][1], others[i][2]);
        for (unsigned word = 2; word < 512; word++)
            CHECK(a[word] != b[word]);
    }
    pattern_fill(b, 1, 17, 5);
    CHECK_MEM(a, b, sizeof a);
}

const struct test tests[] = {
    { "every-order-is-known-in-closed-form", every_order_is_known_in_closed_form },
    { "shares-cover-all-pages-once", shares_cover_all_pages_once },
    { "a-tenth-of-hot-pages-gets-nine-tenths-of-the-writes", a_tenth_of_hot_pages_gets_nine_tenths_of_the_writes },
    { "random-orders-differ-by-seed-thread-and-round", random_orders_differ_by_seed_thread_and_round },
    { "a-page-shows-where-when-and-whose-it-is", a_page_shows_where_when_and_whose_it_is },
    { NULL, NULL },
};
