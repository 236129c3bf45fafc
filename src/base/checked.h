/*
 * checked.h - sums and products of numbers that came from outside. True: the result fits and was written.
 */
#ifndef GW_CHECKED_H
#define GW_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

static inline bool gw_add(uint64_t a, uint64_t b, uint64_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline bool gw_mul(uint64_t a, uint64_t b, uint64_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

/* Octets of zero padding behind a body of that length, so that the next record starts on a multiple of 8: 0..7. */
static inline unsigned gw_pad8(uint64_t len)
{
    return (unsigned)(-len & 7);
}

static inline uint64_t gw_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t gw_max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

#endif
