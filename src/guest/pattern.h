/*
 * pattern.h - what a made-up guest writes: where each tick goes, and what stands in a page that was written n times.
 *
 * A tick is one page written whole. Each thread has pages of its own, and the order in which it visits them is a
 * function of the seed alone, so that memory follows from the numbers of ticks, without replaying them.
 *
 * Private to src/guest. Pure.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include "guest.h"

/* The pages of one thread: neighbours. */
struct pattern_share {
    uint64_t first, num; /* pfns */
    uint64_t key;        /* of its orders */
    enum gw_pattern pattern;
};

/* Of `num_pages` pages that `threads` threads share, those of one thread. */
struct pattern_share pattern_share(uint64_t num_pages, unsigned threads, unsigned thread, uint64_t seed,
                                   enum gw_pattern pattern);

/* The pfn that the tick of this number (from 0) writes; *times: how often it was written then, this tick included. */
uint64_t pattern_visit(const struct pattern_share *share, uint64_t tick, uint64_t *times);

/* How often pfn, one of the share's, was written in the first `ticks` ticks. */
uint64_t pattern_times(const struct pattern_share *share, uint64_t pfn, uint64_t ticks);

/*
 * A page: 512 words of 64 bits, little-endian as the host's. 0: pfn; 1: how often it was written; the others follow
 * from seed, pfn and that number, so that a page of another time, of another place, or of two times shows.
 */
void pattern_fill(void *page, uint64_t seed, uint64_t pfn, uint64_t times);

/* A number that shows nothing of where it came from. */
uint64_t pattern_mix(uint64_t value);

#endif
