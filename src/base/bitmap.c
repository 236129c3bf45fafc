/*
 * bitmap.c - bits in words; the bits behind num stay clear, so that counting and searching need no edge case.
 */
#include <assert.h>

#include "base.h"

static uint64_t words_for(uint64_t num)
{
    return num / 64 + (num % 64 != 0);
}

int gw_bitmap_init(struct gw_bitmap *map, uint64_t num, struct gw_err *err)
{
    uint64_t *words = gw_alloc((size_t)words_for(num), sizeof *words, err);
    if (words == NULL)
        return -1;
    *map = (struct gw_bitmap){ .words = words, .num = num };
    return 0;
}

void gw_bitmap_free(struct gw_bitmap *map)
{
    gw_free(map->words);
    *map = (struct gw_bitmap){ 0 };
}

void gw_bitmap_set(struct gw_bitmap *map, uint64_t bit)
{
    assert(bit < map->num);
    map->words[bit / 64] |= UINT64_C(1) << bit % 64;
}

void gw_bitmap_clear(struct gw_bitmap *map, uint64_t bit)
{
    assert(bit < map->num);
    map->words[bit / 64] &= ~(UINT64_C(1) << bit % 64);
}

bool gw_bitmap_test(const struct gw_bitmap *map, uint64_t bit)
{
    assert(bit < map->num);
    return map->words[bit / 64] >> bit % 64 & 1;
}

uint64_t gw_bitmap_count(const struct gw_bitmap *map)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < words_for(map->num); i++)
        count += (uint64_t)__builtin_popcountll(map->words[i]);
    return count;
}

uint64_t gw_bitmap_next(const struct gw_bitmap *map, uint64_t from)
{
    if (from >= map->num)
        return map->num;
    uint64_t word = from / 64;
    uint64_t bits = map->words[word] & ~UINT64_C(0) << from % 64;
    while (bits == 0) {
        if (++word >= words_for(map->num))
            return map->num;
        bits = map->words[word];
    }
    return word * 64 + (uint64_t)__builtin_ctzll(bits);
}
