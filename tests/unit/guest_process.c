/*
 * guest_process.c - guests that are processes: they run, they stop, what they write is seen, they outlive us, and they
 * leave nothing behind.
 *
 * Memory is always proven by recomputing it from the generator's state.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest_tools.h"
#include "harness.h"

/* --- running ----------------------------------------------------------------------------------------------------- */

static void memory_is_what_the_state_says(void)
{
    static const char *const names[] = { "process:life=100,mem=1M,threads=1,pattern=seq",
                                         "process:life=100,mem=1M,threads=2,pattern=hot",
                                         "process:life=100,mem=1M,threads=3,pattern=random,seed=9",
                                         "process:life=100,mem=72K,threads=1,rate=200M",
                                         "process:life=100,mem=5M,threads=64" };
    unsigned fds = guest_fds();
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct gw_guest_facts facts;
        struct gw_source *source = guest_open(names[i], &facts);
        for (unsigned round = 0; round < 5; round++) {
            guest_let_run(source, 500);
            guest_suspend(source);
            guest_check(source);
            guest_resume(source);
        }
        guest_end(source);
        guest_nothing_left(fds);
    }
}

static void a_suspended_guest_writes_nothing_and_loses_nothing(void)
{
    struct gw_guest_facts facts;
    struct gw_source *source = guest_open("process:life=100,mem=256K,threads=2,pattern=random", &facts);
    uint64_t before = 0;
    for (unsigned round = 0; round < 200; round++) {
        guest_suspend(source);
        uint64_t ticks = gw_process_ticks(source);
        CHECK(ticks >= before);
        guest_check(source);
        CHECK_EQ(gw_process_ticks(source), ticks);
        guest_resume(source);
        if (round % 10 == 0)
            guest_let_run(source, 10);
        before = ticks;
    }
    guest_end(source);
}

static void an_idle_guest_stands_at_its_first_tick(void)
{
    struct gw_guest_facts facts;
    struct gw_source *source = guest_open("process:life=100,mem=1M,rate=0", &facts);
    CHECK_EQ(facts.num_pfns, 256);
    CHECK_EQ(facts.num_ram_pfns, 256);
    CHECK_STR(facts.kind, "process");
    guest_suspend(source);
    CHECK_EQ(gw_process_ticks(source), 0);
    guest_check(source);
    guest_end(source);
}

static void a_page_that_is_lost_stale_misplaced_or_torn_is_named(void)
{
    struct gw_guest_facts facts;
    struct gw_process_state state;
    uint64_t bad;
    struct gw_source *source = guest_open("process:life=100,mem=256K,pattern=seq", &facts);
    guest_let_run(source, 200);
    guest_suspend(source);
    gw_process_state(source, &state);
    uint8_t *mem = guest_map(source, 64), *page = mem + 7 * GW_PAGE_LEN, keep[GW_PAGE_LEN];
    memcpy(keep, page, sizeof keep);
    for (unsigned how = 0; how < 5; how++) {
        static const char *const says[] = { "page 0x7 is empty: it was lost",
                                            "page 0x7 holds page 0x8: it was misplaced",
                                            "times, here it is as of write", "page 0x7 holds 0x",
                                            "page 0x3f holds page" };
        struct gw_err err = GW_ERR_NONE;
        if (how == 0)
            memset(page, 0, GW_PAGE_LEN);
        else if (how == 1)
            memcpy(page, page + GW_PAGE_LEN, GW_PAGE_LEN);
        else if (how == 2)
            page[8]--;
        else if (how == 3)
            page[4095] ^= 0x80;
        else
            mem[63 * GW_PAGE_LEN] = 1;
        CHECK_EQ(gw_process_check(&state, gw_process_memory(source), &bad, &err), -1);
        CHECK_FAIL(err, GW_E_INVALID, says[how]);
        CHECK_EQ(bad, how == 4 ? 63 : 7);
        memcpy(page, keep, sizeof keep);
    }
    munmap(mem, 64 * GW_PAGE_LEN);
    gw_source_close(source);
    int pid = 0;
    CHECK_EQ(sscanf(facts.again, "process:pid=%d", &pid), 1);
    kill(pid, SIGKILL);
    CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

static void held_pages_are_the_guests_own(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct gw_hold hold[4];
    static const uint64_t pfns[] = { 3, 4, 5, 9, 11, 12 };
    uint8_t page[GW_PAGE_LEN];
    struct gw_source *source = guest_open("process:life=100,mem=256K", &facts);
    guest_suspend(source);
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ(gw_source_hold(source, pfns, 6, &hold[i], &err), 0);
    CHECK_EQ(hold[3].num_segs, 3);
    CHECK_EQ(hold[3].count, 6);
    for (unsigned i = 0; i < 6; i++)
        CHECK_EQ(hold[3].entries[i], gw_entry(pfns[i], GW_PAGE_NOTAB));
    CHECK_EQ(hold[3].segs[0].len, 3 * GW_PAGE_LEN);
    CHECK_EQ(hold[3].segs[1].off, 9 * GW_PAGE_LEN);
    CHECK_EQ(pread(hold[3].segs[1].fd, page, sizeof page, (off_t)hold[3].segs[1].off), (ssize_t)sizeof page);
    CHECK_MEM(page, hold[3].segs[1].mem, sizeof page);
    for (unsigned i = 0; i < 4; i++)
        gw_source_drop(source, &hold[i]);
    guest_end(source);
}

static void a_slowed_guest_goes_on(void)
{
    struct gw_err err = GW_ERR_NONE;
    static const char *const names[] = { "process:life=100,mem=256K", "process:life=100,mem=256K,rate=100M" };
    for (unsigned i = 0; i < 2; i++) {
        struct gw_guest_facts facts;
        struct gw_source *source = guest_open(names[i], &facts);
        for (unsigned percent = 100; percent > 0; percent /= 3) {
            CHECK_EQ(gw_source_throttle(source, percent, &err), 0);
            guest_let_run(source, 100);
        }
        guest_suspend(source);
        guest_check(source);
        guest_end(source);
    }
}

/* --- tracking ---------------------------------------------------------------------------------------------------- */

static void no_write_is_ever_missed(void)
{
    static const char *const patterns[] = { "seq", "random", "hot" };
    for (unsigned i = 0; i < 3; i++) {
        char name[64];
        struct gw_guest_facts facts;
        snprintf(name, sizeof name, "process:life=100,mem=8M,threads=2,pattern=%s", patterns[i]);
        struct gw_source *source = guest_open_live(name, &facts);
        for (unsigned again = 0; again < 3; again++)
            guest_copy_live(source, facts.num_pfns, 1 + 300 * again);
        guest_end(source);
    }
}

static void only_what_was_written_is_dirty(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct gw_bitmap dirty = { 0 };
    struct gw_process_state before, after;
    uint64_t num = 1;
    struct gw_source *source = guest_open_live("process:life=100,mem=1M,pattern=seq,rate=40M", &facts);
    CHECK_EQ(gw_bitmap_init(&dirty, facts.num_pfns, &err), 0);
    guest_suspend(source);
    CHECK_EQ(gw_source_track(source, &err), 0);
    CHECK_EQ(gw_source_collect(source, &dirty, &num, &err), 0);
    CHECK_EQ(num, 0);
    gw_process_state(source, &before);
    guest_resume(source);
    guest_let_run(source, 20);
    guest_suspend(source);
    gw_process_state(source, &after);
    CHECK_EQ(gw_source_collect(source, &dirty, &num, &err), 0);
    CHECK_EQ(num, gw_min(after.ticks[0] - before.ticks[0], 254));
    for (uint64_t tick = before.ticks[0]; tick < after.ticks[0]; tick++)
        CHECK(gw_bitmap_test(&dirty, tick % 254));
    gw_bitmap_free(&dirty);
    guest_end(source);
}

/* Lines of a file of that process in /proc that begin with start and have part in them. */
static unsigned count_lines(int pid, const char *file, const char *start, const char *part)
{
    char name[64], line[512];
    unsigned num = 0;
    snprintf(name, sizeof name, "/proc/%d/%s", pid, file);
    FILE *lines = fopen(name, "r");
    CHECK(lines != NULL);
    while (fgets(line, sizeof line, lines) != NULL)
        num += strncmp(line, start, strlen(start)) == 0 && strstr(line, part) != NULL;
    fclose(lines);
    return num;
}

/* How many mappings of that process are watched ("uw": userfaultfd, writes). */
static unsigned count_watched(int pid)
{
    return count_lines(pid, "smaps", "VmFlags:", " uw");
}

static void tracking_ends_without_a_trace(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct gw_source *source = guest_open_live("process:life=100,mem=1M", &facts);
    int pid = gw_process_pid(source);
    CHECK_EQ(count_watched(pid), 0);
    CHECK_EQ(gw_source_track(source, &err), 0);
    CHECK_EQ(count_watched(pid), 1);
    gw_source_untrack(source);
    CHECK_EQ(count_watched(pid), 0);
    CHECK_EQ(gw_source_track(source, &err), 0);
    gw_source_close(source);
    CHECK_EQ(count_watched(pid), 0);
    guest_end(guest_open(facts.again, &facts));
}

/* --- life and death ---------------------------------------------------------------------------------------------- */

static int doomed_source(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct gw_source *source = guest_open("process:life=100,mem=1M,threads=2", &facts);
    if (facts.live)
        CHECK_EQ(gw_source_track(source, &err), 0);
    return gw_process_pid(source);
}

static void a_running_guest_outlives_godwit_and_is_found_again(void)
{
    struct gw_guest_facts facts;
    char again[GW_AGAIN_ROOM];
    int process;
    snprintf(again, sizeof again, "process:pid=%d", guest_outlive(doomed_source, &process));
    struct gw_source *source = guest_open(again, &facts);
    CHECK_HAS(facts.again, again);
    snprintf(again, sizeof again, "%s", facts.again);
    guest_let_run(source, 300);
    if (facts.live)
        guest_copy_live(source, facts.num_pfns, 100); /* the tracking of the dead one is over */
    guest_suspend(source);
    gw_source_close(source); /* it stays suspended */
    source = guest_open(again, &facts);
    CHECK(source->suspended);
    guest_check(source);
    guest_resume(source);
    guest_let_run(source, 300);
    guest_end(source);
    guest_wait_for_end(process);
}

/* How often the memory of a guest is mapped in that process. */
static unsigned count_mappings(int pid)
{
    return count_lines(pid, "maps", "", "godwit-guest-memory");
}

static void a_guest_keeps_nothing_of_godwit(void)
{
    struct gw_guest_facts facts;
    int way[2];
    char octet;
    CHECK_EQ(pipe(way), 0);
    struct gw_source *first = guest_open("process:life=100,mem=256K,rate=0", &facts);
    struct gw_source *second = guest_open("process:life=100,mem=256K,rate=0", &facts);
    close(way[1]);
    CHECK_EQ(read(way[0], &octet, 1), 0); /* nobody else holds its other end */
    close(way[0]);
    CHECK_EQ(count_mappings(gw_process_pid(second)), 1);
    CHECK(getsid(gw_process_pid(first)) == gw_process_pid(first));
    guest_end(first);
    guest_end(second);
}

static void one_godwit_holds_a_guest(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts, other;
    struct gw_source *source = guest_open("process:life=100,mem=256K", &facts);
    CHECK(gw_source_open(facts.again, &err) == NULL);
    CHECK_FAIL(err, GW_E_SYSTEM, "is not to be had as a guest: another godwit holds it");
    CHECK_EQ(err.sys, EBUSY);
    gw_source_close(source);
    source = guest_open(facts.again, &other);
    guest_end(source);
}

static void what_is_no_guest_is_not_found(void)
{
    static const char *const names[] = { "process:pid=1", "process:pid=2147483647" };
    for (unsigned i = 0; i < 2; i++) {
        struct gw_err err = GW_ERR_NONE;
        CHECK(gw_source_open(names[i], &err) == NULL);
        CHECK_FAIL(err, GW_E_SYSTEM, i ? "there is no process 2147483647" : "process 1 is no guest of godwit's");
        CHECK_HAS(err.msg, "cannot have the guest");
    }
}

static void a_guest_that_does_not_stop_goes_on(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct gw_source *source = guest_open("process:life=100,mem=256K,wait=100", &facts);
    guest_let_run(source, 10);
    CHECK_EQ(kill(gw_process_pid(source), SIGSTOP), 0);
    CHECK_EQ(waitpid(gw_process_pid(source), NULL, WUNTRACED), gw_process_pid(source));
    CHECK_EQ(gw_source_suspend(source, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "did not stop within 100 ms");
    CHECK_EQ(err.sys, ETIMEDOUT);
    CHECK_EQ(kill(gw_process_pid(source), SIGCONT), 0);
    guest_let_run(source, 10);
    gw_source_close(source);
    source = guest_open(facts.again, &facts);
    guest_suspend(source);
    guest_check(source);
    guest_end(source);
}

static void a_guest_that_was_killed_is_said_to_have_ended(void)
{
    unsigned fds = guest_fds();
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct gw_source *source = guest_open("process:life=100,mem=256K", &facts);
    int process = pidfd_open(gw_process_pid(source), 0);
    CHECK_EQ(kill(gw_process_pid(source), SIGKILL), 0);
    guest_wait_for_end(process);
    CHECK_EQ(gw_source_suspend(source, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "has ended");
    gw_source_close(source);
    guest_nothing_left(fds);
}

const struct test tests[] = {
    { "memory-is-what-the-state-says", memory_is_what_the_state_says },
    { "a-suspended-guest-writes-nothing-and-loses-nothing", a_suspended_guest_writes_nothing_and_loses_nothing },
    { "an-idle-guest-stands-at-its-first-tick", an_idle_guest_stands_at_its_first_tick },
    { "a-page-that-is-lost-stale-misplaced-or-torn-is-named", a_page_that_is_lost_stale_misplaced_or_torn_is_named },
    { "held-pages-are-the-guests-own", held_pages_are_the_guests_own },
    { "a-slowed-guest-goes-on", a_slowed_guest_goes_on },
    { "no-write-is-ever-missed", no_write_is_ever_missed },
    { "only-what-was-written-is-dirty", only_what_was_written_is_dirty },
    { "tracking-ends-without-a-trace", tracking_ends_without_a_trace },
    { "a-running-guest-outlives-godwit-and-is-found-again", a_running_guest_outlives_godwit_and_is_found_again },
    { "a-guest-keeps-nothing-of-godwit", a_guest_keeps_nothing_of_godwit },
    { "one-godwit-holds-a-guest", one_godwit_holds_a_guest },
    { "what-is-no-guest-is-not-found", what_is_no_guest_is_not_found },
    { "a-guest-that-does-not-stop-goes-on", a_guest_that_does_not_stop_goes_on },
    { "a-guest-that-was-killed-is-said-to-have-ended", a_guest_that_was_killed_is_said_to_have_ended },
    { NULL, NULL },
};
