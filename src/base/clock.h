/*
 * clock.h - what time it is, from the system or from a test.
 *
 * Whoever waits or measures asks a struct gw_clock; a simulation hands in its own and moves it by hand.
 */
#ifndef GW_CLOCK_H
#define GW_CLOCK_H

#include <stdint.h>

struct gw_clock {
    uint64_t (*now)(const struct gw_clock *clock); /* nanoseconds of a clock that never goes back */
    uint64_t simulated_ns;                         /* of the simulated clock */
};

/* CLOCK_MONOTONIC. */
extern const struct gw_clock gw_clock_real;

/* A clock that stands at start_ns until gw_clock_advance moves it. */
struct gw_clock gw_clock_simulated(uint64_t start_ns);
void gw_clock_advance(struct gw_clock *clock, uint64_t ns);

uint64_t gw_now(const struct gw_clock *clock);

#endif
