/*
 * guest_move.c - guests that are processes go from one process to another: they go on where they were, what is not
 * theirs is refused, and what was not started leaves nothing.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest_tools.h"
#include "harness.h"

/* --- moving ------------------------------------------------------------------------------------------------------ */

static void a_guest_that_moved_goes_on_where_it_was(void)
{
    unsigned fds = guest_fds();
    struct gw_guest_facts facts;
    struct gw_source *source = guest_open("process:life=100,mem=1M,threads=2,pattern=hot,seed=77", &facts);
    for (unsigned hop = 1; hop <= 4; hop++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_process_state left, now;
        char again[64];
        bool surely;
        guest_let_run(source, 400);
        guest_suspend(source);
        gw_process_state(source, &left);
        struct gw_destination *dest = guest_copy(source, &facts);
        guest_end(source);
        CHECK_EQ(gw_destination_start(dest, &surely, &err), 0);
        snprintf(again, sizeof again, "%s", gw_destination_again(dest));
        gw_destination_close(dest);
        source = guest_open(again, &facts);
        guest_let_run(source, 400);
        guest_suspend(source);
        gw_process_state(source, &now);
        CHECK_EQ(now.incarnation, hop);
        CHECK_EQ(now.seed, 77);
        CHECK_EQ(now.pattern, GW_PATTERN_HOT);
        CHECK(now.ticks[0] + now.ticks[1] >= left.ticks[0] + left.ticks[1] + 400);
        guest_check(source);
        guest_resume(source);
    }
    guest_end(source);
    guest_nothing_left(fds);
}

static void writes_of_a_guest_that_moved_are_seen(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    bool surely;
    struct gw_source *source = guest_open_live("process:life=100,mem=2M,threads=2", &facts);
    guest_suspend(source);
    struct gw_destination *dest = guest_copy(source, &facts);
    guest_end(source);
    CHECK_EQ(gw_destination_start(dest, &surely, &err), 0);
    char again[64];
    snprintf(again, sizeof again, "%s", gw_destination_again(dest));
    gw_destination_close(dest);
    source = guest_open(again, &facts); /* most of its pages it has never touched */
    CHECK(facts.live);
    guest_copy_live(source, facts.num_pfns, 50);
    guest_end(source);
}

static void what_was_not_started_leaves_nothing(void)
{
    unsigned fds = guest_fds();
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    gw_destination_close(guest_create("process:life=100"));
    guest_nothing_left(fds);
    struct gw_source *source = guest_open("process:life=100,mem=256K", &facts);
    guest_suspend(source);
    struct gw_destination *dest = guest_create("process:life=100");
    CHECK_EQ(gw_destination_static_done(dest, &err), 0);
    guest_place_all(source, dest, facts.num_pfns);
    gw_destination_close(dest);
    dest = guest_copy(source, &facts);
    int pid = gw_process_destination_pid(dest);
    gw_destination_close(dest);
    CHECK_EQ(kill(pid, 0), -1);
    guest_end(source);
    guest_nothing_left(fds);
}

static void a_page_that_comes_to_be_reads_as_zero(void)
{
    static const char *const names[] = { "process:life=100", "model:" };
    for (unsigned i = 0; i < 2; i++) {
        struct gw_err err = GW_ERR_NONE;
        const uint64_t entries[] = { gw_entry(700, GW_PAGE_NOTAB), gw_entry(9, GW_PAGE_NOTAB) };
        struct gw_seg segs[2];
        struct gw_destination *dest = guest_create(names[i]);
        CHECK_EQ(gw_destination_static_done(dest, &err), 0);
        for (unsigned page = 0; page < 2; page++) {
            unsigned num = 1;
            CHECK_EQ(gw_destination_place(dest, &entries[page], 1, &segs[page], &num, &err), 0);
            CHECK_EQ(num, 1);
            CHECK(guest_reads_zero(&segs[page]));
            guest_put(&segs[page], 0, "\xa5", 1);
            guest_put(&segs[page], GW_PAGE_LEN - 1, "\xa5", 1);
        }
        CHECK(guest_octet(&segs[0], 0) == 0xa5 && guest_octet(&segs[1], GW_PAGE_LEN - 1) == 0xa5);
        CHECK_EQ(gw_destination_placed(dest, &entries[0], 1, &err), 0);
        CHECK_EQ(gw_destination_placed(dest, &entries[1], 1, &err), 0);
        gw_destination_close(dest);
    }
}

static void a_page_that_became_a_hole_is_none(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct gw_source *source = guest_open("process:life=100,mem=256K,rate=0", &facts);
    uint64_t hole = gw_entry(5, GW_PAGE_XTAB), page = gw_entry(5, GW_PAGE_NOTAB);
    struct gw_seg seg;
    unsigned num = 1;
    guest_suspend(source);
    struct gw_destination *dest = guest_create("process:life=100");
    CHECK_EQ(gw_destination_static_done(dest, &err), 0);
    guest_place_all(source, dest, facts.num_pfns);
    CHECK_EQ(gw_destination_place(dest, &hole, 1, &seg, &num, &err), 0);
    CHECK_EQ(num, 0);
    CHECK_EQ(gw_destination_placed(dest, &hole, 1, &err), 0);
    num = 1;
    CHECK_EQ(gw_destination_place(dest, &page, 1, &seg, &num, &err), 0);
    CHECK(guest_reads_zero(&seg));
    CHECK_EQ(gw_destination_placed(dest, &page, 1, &err), 0);
    CHECK_EQ(gw_destination_place(dest, &hole, 1, &seg, &num, &err), 0);
    CHECK_EQ(gw_destination_placed(dest, &hole, 1, &err), 0);
    CHECK_EQ(gw_source_state_records(source, guest_give, dest, &err), 0);
    CHECK_EQ(gw_destination_complete(dest, &err), -1);
    CHECK_FAIL(err, GW_E_REFUSED, "63 pages came, the highest 0x3f; the guest has 64 from 0 on");
    gw_destination_close(dest);
    guest_end(source);
}

/* --- refusals ---------------------------------------------------------------------------------------------------- */

static void a_guest_of_another_kind_is_refused(void)
{
    static const struct gw_headers pv = { .image = { .version = 3 }, .domain = { GW_DOMAIN_PV, 12, 0, 4, 17 } };
    static const struct {
        uint32_t type;
        const char *says;
    } wrong[] = {
        { GW_REC_X86_CPUID_POLICY, "X86_CPUID_POLICY is not that of the guests that run here" },
        { GW_REC_X86_MSR_POLICY, "X86_MSR_POLICY is not that of the guests that run here" },
        { GW_REC_HVM_CONTEXT, "HVM_CONTEXT is broken behind the registers of 0 vCPUs" },
        { GW_REC_HVM_PARAMS, "HVM_PARAMS has 5 octets" },
        { GW_REC_X86_TSC_INFO, "X86_TSC_INFO has 5 octets" },
        { GW_REC_X86_PV_INFO, "has no use for X86_PV_INFO" },
        { 0x7777, "has no use for unknown record 0x7777" },
    };
    struct gw_err err = GW_ERR_NONE;
    struct gw_destination *dest = gw_destination_open("process:life=100", &err);
    CHECK_EQ(gw_destination_create(dest, &pv, &err), -1);
    CHECK_FAIL(err, GW_E_REFUSED, "a PV guest cannot run as a process");
    gw_destination_close(dest);
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        err = GW_ERR_NONE;
        dest = guest_create("process:life=100");
        CHECK_EQ(gw_destination_record(dest, 0x80000007, "hello", 5, &err), 0);
        CHECK_EQ(gw_destination_record(dest, wrong[i].type, "hello", 5, &err), -1);
        CHECK_HAS(err.msg, wrong[i].says);
        gw_destination_close(dest);
    }
}

static void the_registers_of_another_guest_are_refused(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_source *model = gw_source_open("model:", &err);
    struct gw_guest_facts facts;
    CHECK_EQ(gw_source_describe(model, &facts, &err), 0);
    CHECK_EQ(gw_source_suspend(model, &err), 0);
    struct gw_destination *dest = guest_create("process:life=100");
    CHECK_EQ(gw_source_state_records(model, guest_give, dest, &err), -1);
    CHECK_FAIL(err, GW_E_REFUSED, "the registers are not those of a guest that is a process");
    gw_source_close(model);
    gw_destination_close(dest);
}

static void memory_that_is_not_whole_is_refused(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct gw_seg seg;
    unsigned num = 1;
    uint64_t far = gw_entry(GW_PROCESS_PAGES_MAX, GW_PAGE_NOTAB), page = gw_entry(9, GW_PAGE_NOTAB);
    struct gw_source *source = guest_open("process:life=100,mem=256K", &facts);
    guest_suspend(source);
    struct gw_destination *dest = guest_create("process:life=100,check=1");
    CHECK_EQ(gw_destination_static_done(dest, &err), 0);
    CHECK_EQ(gw_destination_complete(dest, &err), -1);
    CHECK_FAIL(err, GW_E_REFUSED, "no HVM_CONTEXT came");
    gw_destination_close(dest);
    err = GW_ERR_NONE;
    dest = guest_create("process:life=100,check=1");
    CHECK_EQ(gw_destination_static_done(dest, &err), 0);
    CHECK_EQ(gw_destination_place(dest, &far, 1, &seg, &num, &err), -1);
    CHECK_FAIL(err, GW_E_REFUSED, "pfn 0x1000000 lies behind the 64 GiB");
    gw_destination_close(dest);
    err = GW_ERR_NONE;
    dest = guest_create("process:life=100,check=1");
    CHECK_EQ(gw_destination_static_done(dest, &err), 0);
    guest_place_all(source, dest, facts.num_pfns);
    CHECK_EQ(gw_destination_place(dest, &page, 1, &seg, &num, &err), 0);
    guest_put(&seg, 100, (const uint8_t[]){ guest_octet(&seg, 100) ^ 1 }, 1);
    CHECK_EQ(gw_destination_placed(dest, &page, 1, &err), 0);
    CHECK_EQ(gw_source_state_records(source, guest_give, dest, &err), 0);
    CHECK_EQ(gw_destination_complete(dest, &err), -1);
    CHECK_FAIL(err, GW_E_INVALID, "the memory that came is not the guest's");
    CHECK_HAS(err.msg, "page 0x9 holds");
    gw_destination_close(dest);
    guest_end(source);
}

/* --- life and death ---------------------------------------------------------------------------------------------- */
static int doomed_destination(void)
{
    struct gw_guest_facts facts;
    struct gw_source *source = guest_open("process:life=100,mem=256K", &facts);
    guest_suspend(source);
    struct gw_destination *dest = guest_copy(source, &facts);
    guest_end(source);
    return gw_process_destination_pid(dest);
}

static void a_guest_that_never_ran_ends_with_godwit(void)
{
    int process;
    guest_outlive(doomed_destination, &process);
    guest_wait_for_end(process);
}

static void a_destination_that_died_surely_never_started(void)
{
    unsigned fds = guest_fds();
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    bool surely = false;
    struct gw_source *source = guest_open("process:life=100,mem=256K", &facts);
    guest_suspend(source);
    struct gw_destination *dest = guest_copy(source, &facts);
    int process = pidfd_open(gw_process_destination_pid(dest), 0);
    CHECK_EQ(kill(gw_process_destination_pid(dest), SIGKILL), 0);
    guest_wait_for_end(process);
    CHECK_EQ(gw_destination_start(dest, &surely, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "has ended");
    CHECK(surely);
    gw_destination_close(dest);
    guest_end(source);
    guest_nothing_left(fds);
}

const struct test tests[] = {
    { "a-guest-that-moved-goes-on-where-it-was", a_guest_that_moved_goes_on_where_it_was },
    { "writes-of-a-guest-that-moved-are-seen", writes_of_a_guest_that_moved_are_seen },
    { "what-was-not-started-leaves-nothing", what_was_not_started_leaves_nothing },
    { "a-page-that-comes-to-be-reads-as-zero", a_page_that_comes_to_be_reads_as_zero },
    { "a-page-that-became-a-hole-is-none", a_page_that_became_a_hole_is_none },
    { "a-guest-of-another-kind-is-refused", a_guest_of_another_kind_is_refused },
    { "the-registers-of-another-guest-are-refused", the_registers_of_another_guest_are_refused },
    { "memory-that-is-not-whole-is-refused", memory_that_is_not_whole_is_refused },
    { "a-guest-that-never-ran-ends-with-godwit", a_guest_that_never_ran_ends_with_godwit },
    { "a-destination-that-died-surely-never-started", a_destination_that_died_surely_never_started },
    { NULL, NULL },
};
