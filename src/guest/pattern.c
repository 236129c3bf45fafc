/*
 * pattern.c - the orders in which pages are written, forwards and backwards, and what stands in them.
 *
 * An order is a sequence of rounds; each visits every page of a set once. Sequential: by number. Random: by a
 * permutation of its own for each round, a Feistel network over the next power of four that walks on until it lands
 * inside the set. Hot: of ten ticks nine go to every tenth page, one to the others, each set in random order.
 * Tests: tests/unit/guest_pattern.c (every order against a replay).
 */
#include <assert.h>

#include "pattern.h"

#define ROUNDS 4
#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

uint64_t pattern_mix(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

struct pattern_share pattern_share(uint64_t num_pages, unsigned threads, unsigned thread, uint64_t seed,
                                   enum gw_pattern pattern)
{
    uint64_t first = num_pages * thread / threads, end = num_pages * (thread + 1) / threads;
    assert(thread < threads && end - first >= GW_PROCESS_SHARE_LEAST);
    return (struct pattern_share){ first, end - first, pattern_mix(seed + GOLDEN * (thread + 1)), pattern };
}

void pattern_fill(void *page, uint64_t seed, uint64_t pfn, uint64_t times)
{
    uint64_t *word = page;
    uint64_t value = pattern_mix(seed ^ pattern_mix(pfn * GOLDEN + times));
    word[0] = pfn;
    word[1] = times;
    for (unsigned i = 2; i < GW_PAGE_LEN / sizeof *word; i++)
        word[i] = value + i * GOLDEN;
}

/* --- permutations of 0 .. num - 1 -------------------------------------------------------------------------------- */

static unsigned half_bits(uint64_t num)
{
    unsigned bits = num > 1 ? 64 - (unsigned)__builtin_clzll(num - 1) : 1;
    return (bits + 1) / 2;
}

static uint64_t scramble(uint64_t half, uint64_t key, unsigned round)
{
    uint64_t value = (half + key + round * GOLDEN) * UINT64_C(0xff51afd7ed558ccd);
    return value >> 32 ^ value;
}

static uint64_t feistel(uint64_t value, unsigned bits, uint64_t key)
{
    uint64_t mask = (UINT64_C(1) << bits) - 1, left = value >> bits, right = value & mask;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t next = left ^ (scramble(right, key, round) & mask);
        left = right;
        right = next;
    }
    return left << bits | right;
}

static uint64_t feistel_back(uint64_t value, unsigned bits, uint64_t key)
{
    uint64_t mask = (UINT64_C(1) << bits) - 1, left = value >> bits, right = value & mask;
    for (unsigned round = ROUNDS; round-- > 0;) {
        uint64_t before = right ^ (scramble(left, key, round) & mask);
        right = left;
        left = before;
    }
    return left << bits | right;
}

/* Which of num things comes at that place, in the order of that key; and the way back. Both end: they walk a cycle. */
static uint64_t thing_at(uint64_t place, uint64_t num, uint64_t key)
{
    unsigned bits = half_bits(num);
    do
        place = feistel(place, bits, key);
    while (place >= num);
    return place;
}

static uint64_t place_of(uint64_t thing, uint64_t num, uint64_t key)
{
    unsigned bits = half_bits(num);
    do
        thing = feistel_back(thing, bits, key);
    while (thing >= num);
    return thing;
}

/* --- visits ------------------------------------------------------------------------------------------------------ */

/* One set that is visited round by round. */
struct set {
    uint64_t num, key;
    bool ordered;
};

static uint64_t set_visit(const struct set *set, uint64_t visit, uint64_t *times)
{
    uint64_t round = visit / set->num, place = visit % set->num;
    *times = round + 1;
    return set->ordered ? place : thing_at(place, set->num, pattern_mix(set->key + round));
}

static uint64_t set_times(const struct set *set, uint64_t thing, uint64_t visits)
{
    uint64_t round = visits / set->num, places = visits % set->num;
    uint64_t place = set->ordered ? thing : place_of(thing, set->num, pattern_mix(set->key + round));
    return round + (place < places);
}

static struct set whole_set(const struct pattern_share *share)
{
    return (struct set){ share->num, share->key, share->pattern == GW_PATTERN_SEQ };
}

/* Pages 0, 10, 20 ... of the share; its other pages. */
static struct set hot_set(const struct pattern_share *share)
{
    return (struct set){ (share->num + 9) / 10, share->key, false };
}

static struct set cold_set(const struct pattern_share *share)
{
    return (struct set){ share->num - (share->num + 9) / 10, ~share->key, false };
}

uint64_t pattern_visit(const struct pattern_share *share, uint64_t tick, uint64_t *times)
{
    if (share->pattern != GW_PATTERN_HOT) {
        struct set set = whole_set(share);
        return share->first + set_visit(&set, tick, times);
    }
    if (tick % 10 < 9) {
        struct set hot = hot_set(share);
        return share->first + 10 * set_visit(&hot, tick / 10 * 9 + tick % 10, times);
    }
    struct set cold = cold_set(share);
    uint64_t thing = set_visit(&cold, tick / 10, times);
    return share->first + thing / 9 * 10 + thing % 9 + 1;
}

uint64_t pattern_times(const struct pattern_share *share, uint64_t pfn, uint64_t ticks)
{
    uint64_t at = pfn - share->first;
    assert(at < share->num);
    if (share->pattern != GW_PATTERN_HOT) {
        struct set set = whole_set(share);
        return set_times(&set, at, ticks);
    }
    if (at % 10 == 0) {
        struct set hot = hot_set(share);
        return set_times(&hot, at / 10, ticks / 10 * 9 + gw_min(ticks % 10, 9));
    }
    struct set cold = cold_set(share);
    return set_times(&cold, at / 10 * 9 + at % 10 - 1, ticks / 10);
}
