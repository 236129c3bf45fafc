/*
 * policy.c - when to go round again, when to switch over, when to give up. Pure: statistics in, decision out.
 *
 * Rates are of what landed, never of what fitted into buffers. A round converges when it leaves clearly less to do
 * than the round before; three in a row that do not, and the guest writes faster than the link carries.
 */
#include <assert.h>

#include "engine.h"

#define XEN_ROUNDS 5u
#define XEN_DIRTY 50u
#define STUCK_ROUNDS 3u

/* Pages that are left, at the rate of the last round that carried enough to be a rate. */
static uint64_t predict(const struct gw_round *rounds, unsigned num, uint64_t state_ns)
{
    uint64_t octets = 0, ns = 0;
    for (unsigned i = num; i-- > 0 && octets < 64 * GW_PAGE_LEN;) {
        octets += rounds[i].octets;
        ns += rounds[i].ns;
    }
    if (octets == 0 || ns == 0)
        return rounds[num - 1].dirty == 0 ? state_ns : UINT64_MAX;
    double left_ns = (double)rounds[num - 1].dirty * GW_PAGE_LEN * (double)ns / (double)octets;
    return left_ns > 1e18 ? UINT64_MAX : (uint64_t)left_ns + state_ns;
}

/* The last rounds left hardly less than the ones before them. */
static bool stuck(const struct gw_round *rounds, unsigned num)
{
    if (num <= STUCK_ROUNDS)
        return false;
    for (unsigned i = num - STUCK_ROUNDS; i < num; i++)
        if (rounds[i].dirty < rounds[i - 1].dirty - rounds[i - 1].dirty / 10)
            return false;
    return true;
}

static struct gw_choice decide_xen(const struct gw_round *rounds, unsigned num, uint64_t predicted)
{
    struct gw_choice d = { .answer = GW_SWITCH, .downtime_ns = predicted };
    if (rounds[num - 1].dirty < XEN_DIRTY)
        d.why = "fewer than 50 pages are left";
    else if (num >= XEN_ROUNDS)
        d.why = "five rounds are Xen's bound";
    else {
        d.answer = GW_AGAIN;
        d.why = "50 pages or more are left";
    }
    return d;
}

static struct gw_choice decide_downtime(const struct gw_policy_opts *opts, const struct gw_round *rounds, unsigned num,
                                        uint64_t predicted)
{
    struct gw_choice d = { .answer = GW_AGAIN, .downtime_ns = predicted, .why = "the pause would be too long still" };
    bool at_end = num >= GW_ROUNDS_MOST - 1, no_use = stuck(rounds, num);
    if (predicted <= opts->downtime_ns) {
        d.answer = GW_SWITCH;
        d.why = "the pause is short enough";
    } else if (at_end || no_use) {
        d.answer = opts->force ? GW_SWITCH : GW_GIVE_UP;
        d.why = opts->force ? "rounds do not converge, and it was to be forced"
                            : "rounds do not converge: the guest writes faster than the link carries";
    }
    return d;
}

struct gw_choice gw_policy(const struct gw_policy_opts *opts, const struct gw_round *rounds, unsigned num,
                           uint64_t state_ns)
{
    assert(num >= 1 && num <= GW_ROUNDS_MOST);
    uint64_t predicted = predict(rounds, num, state_ns);
    return opts->kind == GW_POLICY_XEN ? decide_xen(rounds, num, predicted)
                                       : decide_downtime(opts, rounds, num, predicted);
}
