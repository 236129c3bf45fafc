/*
 * clock.h - what time it is, from the system or from a test.
 *
 * Whoever waits or measures asks a struct gw_clock; a simulation hands in its own and moves it by hand.
 */
#ifndef GW_CLOCK_H
#define GW_CLOCK_H

#include <stdint.h>

#define GW_NS_PER_S UINT64_C(1000000000)

struct gw_clock {
    uint64_t (*now)(const struct gw_clock *clock);     /* nanoseconds of a clock that never goes back */
    void (*wait)(struct gw_clock *clock, uint64_t ns); /* so long, or less when a signal comes */
    uint64_t simulated_ns;                             /* of the simulated clock */
};

/* CLOCK_MONOTONIC. */
extern struct gw_clock gw_clock_real;

/* A clock that stands at start_ns until gw_clock_advance moves it. */
struct gw_clock gw_clock_simulated(uint64_t start_ns);
void gw_clock_advance(struct gw_clock *clock, uint64_t ns);

uint64_t gw_now(const struct gw_clock *clock);

/* Waits that long; the simulated clock moves at once instead. May come back early: ask the time again. */
void gw_wait(struct gw_clock *clock, uint64_t ns);

#endif
