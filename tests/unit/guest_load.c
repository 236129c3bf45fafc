/*
 * guest_load.c - a guest that was told to load and is waited for: it comes up, or the wait ends.
 *
 * The test is the guest: it holds the other end of the link's socket and the control block. Time is the test's own, and
 * passes when somebody looks at it; whenever the link sleeps, the guest does what it would have done meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "link.h"

#define WAIT_MS 1000
#define THREADS 2u

static uint64_t now_ns = GW_NS_PER_S; /* of this test */
static struct control control;
static unsigned naps, stands_after; /* how often the link slept; behind how many naps the threads stand */
static bool fills;                  /* meanwhile the guest gets on */

uint64_t __wrap_gw_now(const struct gw_clock *clock);
uint64_t __wrap_gw_now(const struct gw_clock *clock)
{
    (void)clock;
    return now_ns;
}

void __wrap_futex_wait(const _Atomic uint32_t *word, uint32_t value, uint64_t ns);
void __wrap_futex_wait(const _Atomic uint32_t *word, uint32_t value, uint64_t ns)
{
    CHECK_EQ(atomic_load(word), value);
    now_ns += ns;
    naps++;
    if (naps == stands_after)
        for (unsigned i = 0; i < THREADS; i++)
            atomic_store(&control.thread[i].seen, LINK_NEVER_RAN);
    if (fills)
        atomic_fetch_add(&control.thread[naps % THREADS].filled, 1);
    CHECK(naps < 1000); /* it waits without end */
}

/* A link to a process that lives as long as the returned descriptor is open, and that has answered LOAD already. */
static int link_to(struct link *link)
{
    int pair[2], life[2];
    struct loaded answer = { LINK_MAGIC, 0 };
    link_init(link);
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0 && pipe2(life, O_CLOEXEC) == 0);
    CHECK_EQ(message_send(pair[1], &answer, sizeof answer, NULL, 0), 0);
    link->pid = fork();
    if (link->pid == 0) {
        char octet;
        close(life[1]);
        _exit((int)read(life[0], &octet, 1));
    }
    close(life[0]);
    link->process = pidfd_open(link->pid, 0);
    CHECK(link->process >= 0);
    link->socket = pair[0];
    link->wait_ms = WAIT_MS;
    link->control = &control;
    atomic_store(&control.want, LINK_NEVER_RAN);
    return life[1];
}

static int load(struct link *link, struct gw_err *err)
{
    struct gw_process_state state = { .num_pages = 66, .num_threads = THREADS };
    return link_load(link, &state, true, err);
}

static void a_guest_that_is_stuck_is_not_waited_for_without_end(void)
{
    struct link link;
    struct gw_err err = GW_ERR_NONE;
    uint64_t begin = now_ns;
    link_to(&link);
    CHECK_EQ(load(&link, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "does not come up");
    CHECK_HAS(err.msg, "thread 0 of the guest");
    CHECK_HAS(err.msg, "did not stop within 1000 ms");
    CHECK_EQ(err.sys, ETIMEDOUT);
    CHECK_EQ(now_ns - begin, WAIT_MS * UINT64_C(1000000));
}

static void a_guest_that_gets_on_is_waited_for(void)
{
    struct link link;
    struct gw_err err = GW_ERR_NONE;
    uint64_t begin = now_ns;
    fills = true;
    stands_after = 100;
    link_to(&link);
    CHECK_EQ(load(&link, &err), 0);
    CHECK(now_ns - begin > 5 * WAIT_MS * UINT64_C(1000000));
}

static void a_guest_that_has_ended_is_said_to_have_ended(void)
{
    struct link link;
    struct gw_err err = GW_ERR_NONE;
    close(link_to(&link));
    CHECK(link_has_ended(&link, -1));
    CHECK_EQ(load(&link, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "has ended");
    CHECK_EQ(err.sys, ESRCH);
    CHECK_EQ(naps, 0);
}

const struct test tests[] = {
    { "a-guest-that-is-stuck-is-not-waited-for-without-end", a_guest_that_is_stuck_is_not_waited_for_without_end },
    { "a-guest-that-gets-on-is-waited-for", a_guest_that_gets_on_is_waited_for },
    { "a-guest-that-has-ended-is-said-to-have-ended", a_guest_that_has_ended_is_said_to_have_ended },
    { NULL, NULL },
};
