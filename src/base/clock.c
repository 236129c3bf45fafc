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

static void real_wait(struct gw_clock *clock, uint64_t ns)
{
    struct timespec ts = { .tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u) };
    (void)clock;
    nanosleep(&ts, NULL);
}

struct gw_clock gw_clock_real = { .now = real_now, .wait = real_wait };

static void simulated_wait(struct gw_clock *clock, uint64_t ns)
{
    clock->simulated_ns += ns;
}

struct gw_clock gw_clock_simulated(uint64_t start_ns)
{
    return (struct gw_clock){ .now = simulated_now, .wait = simulated_wait, .simulated_ns = start_ns };
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

void gw_wait(struct gw_clock *clock, uint64_t ns)
{
    clock->wait(clock, ns);
}
