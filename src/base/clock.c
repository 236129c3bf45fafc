/*
 * clock.c - the real clock and the simulated one.
 */
#include <assert.h>
#include <time.h>

#include "base.h"

static uint64_t real_now(const struct gw_clock *clock)
{
    struct timespec ts;
    (void)clock;
    int rc = clock_gettime(CLOCK_MONOTONIC, &ts);
    assert(rc == 0);
    (void)rc;
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t simulated_now(const struct gw_clock *clock)
{
    return clock->simulated_ns;
}

const struct gw_clock gw_clock_real = { .now = real_now };

struct gw_clock gw_clock_simulated(uint64_t start_ns)
{
    return (struct gw_clock){ .now = simulated_now, .simulated_ns = start_ns };
}

void gw_clock_advance(struct gw_clock *clock, uint64_t ns)
{
    assert(clock->now == simulated_now);
    clock->simulated_ns += ns;
}

uint64_t gw_now(const struct gw_clock *clock)
{
    return clock->now(clock);
}
