/*
 * guest_life.c - a guest and whoever comes after its godwit: it is found by its name and taken for no other, and it can
 * be told whether it is gone, never ran, or ran.
 *
 * The godwit that dies is a process of its own here, killed without warning (guest_outlive).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest_tools.h"
#include "harness.h"
#include "link.h"

static enum gw_life look(const char *again)
{
    struct gw_err err = GW_ERR_NONE;
    enum gw_life life = gw_guest_look(again, &err);
    CHECK_STR(err.msg, "");
    return life;
}

static void discard(const char *again)
{
    struct gw_err err = GW_ERR_NONE;
    CHECK_EQ(gw_guest_discard(again, &err), 0);
    CHECK_STR(err.msg, "");
}

/* What gw_guest_look cannot tell, and why. */
static void cannot_tell(const char *again, enum gw_code code, const char *why)
{
    struct gw_err err = GW_ERR_NONE;
    CHECK_EQ(gw_guest_look(again, &err), GW_LIFE_UNKNOWN);
    CHECK_FAIL(err, code, why);
    CHECK_HAS(err.msg, "cannot tell what became of the guest");
}

/* A guest that is suspended, and a destination that has all of it. */
static struct gw_destination *arrived(struct gw_source **source)
{
    struct gw_guest_facts facts;
    *source = guest_open("process:life=100,mem=256K,threads=2", &facts);
    guest_suspend(*source);
    return guest_copy(*source, &facts);
}

/* --- which guest ------------------------------------------------------------------------------------------------- */

/* Field 22 of /proc/PID/stat, of a process whose name has no blanks. */
static unsigned long long born_at(int pid)
{
    char name[64];
    unsigned long long born = 0;
    snprintf(name, sizeof name, "/proc/%d/stat", pid);
    FILE *stat = fopen(name, "r");
    CHECK(stat != NULL);
    for (unsigned field = 1; field < 22; field++)
        CHECK_EQ(fscanf(stat, "%*s"), 0);
    CHECK_EQ(fscanf(stat, "%llu", &born), 1);
    fclose(stat);
    return born;
}

static void a_guest_is_named_by_its_number_and_its_birth(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_source *source;
    struct gw_destination *dest = arrived(&source);
    char want[64], again[64];
    int pid = gw_process_destination_pid(dest);
    bool surely;
    snprintf(want, sizeof want, "process:pid=%d,born=%llu", pid, born_at(pid));
    CHECK_STR(gw_destination_again(dest), want);
    CHECK_EQ(gw_destination_start(dest, &surely, &err), 0);
    snprintf(again, sizeof again, "%s", gw_destination_again(dest));
    gw_destination_close(dest);
    guest_end(source);
    struct gw_guest_facts facts;
    source = guest_open(again, &facts);
    CHECK_STR(facts.again, want);
    gw_source_close(source);
    snprintf(again, sizeof again, "process:pid=%d,wait=20000", pid);
    source = guest_open(again, &facts);
    CHECK_STR(facts.again, want);
    guest_end(source);
}

static void another_process_of_that_number_is_not_the_guest(void)
{
    struct gw_guest_facts facts;
    struct gw_source *source = guest_open("process:life=100,mem=256K", &facts);
    int pid = gw_process_pid(source);
    gw_source_close(source);
    for (int off = -1; off <= 1; off += 2) {
        struct gw_err err = GW_ERR_NONE;
        char again[64], says[96];
        snprintf(again, sizeof again, "process:pid=%d,born=%llu", pid,
                 born_at(pid) + (unsigned long long)(long long)off);
        snprintf(says, sizeof says, "process %d is another one: it was born at tick %llu", pid, born_at(pid));
        CHECK(gw_source_open(again, &err) == NULL);
        CHECK_FAIL(err, GW_E_SYSTEM, says);
        CHECK_EQ(err.sys, ESRCH);
        CHECK_EQ(look(again), GW_LIFE_GONE);
        discard(again);
    }
    source = guest_open(facts.again, &facts);
    guest_let_run(source, 10);
    guest_end(source);
}

/* --- what became of it ------------------------------------------------------------------------------------------- */

static char *doomed_again; /* shared with the process that is killed: the name of its guest */

enum doom { DOOM_COMPLETE, DOOM_STAYS, DOOM_STARTED };
static enum doom doom;

static int doomed_destination(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_source *source;
    struct gw_destination *dest = arrived(&source);
    bool surely;
    guest_end(source);
    if (doom >= DOOM_STAYS)
        CHECK_EQ(gw_destination_stay(dest, &err), 0);
    if (doom == DOOM_STARTED)
        CHECK_EQ(gw_destination_start(dest, &surely, &err), 0);
    snprintf(doomed_again, 64, "%s", gw_destination_again(dest));
    return gw_process_destination_pid(dest);
}

/* A guest whose godwit was killed at that point; its name, and a descriptor of the process. */
static const char *leave(enum doom when, int *process)
{
    doom = when;
    if (doomed_again == NULL)
        doomed_again = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(doomed_again != MAP_FAILED);
    guest_outlive(doomed_destination, process);
    return doomed_again;
}

static void a_guest_that_stays_is_known_never_to_have_run(void)
{
    unsigned fds = guest_fds();
    struct gw_err err = GW_ERR_NONE;
    int process;
    const char *again = leave(DOOM_STAYS, &process);
    CHECK_EQ(look(again), GW_LIFE_NEVER_RAN);
    CHECK(gw_source_open(again, &err) == NULL);
    CHECK_FAIL(err, GW_E_REFUSED, "came here and never ran: it is no guest that runs");
    CHECK_EQ(look(again), GW_LIFE_NEVER_RAN);
    discard(again);
    guest_wait_for_end(process);
    CHECK_EQ(look(again), GW_LIFE_GONE);
    discard(again);
    guest_nothing_left(fds);
}

static void a_guest_that_did_not_stay_is_known_to_be_gone(void)
{
    unsigned fds = guest_fds();
    for (unsigned round = 0; round < 10; round++) {
        int process;
        const char *again = leave(DOOM_COMPLETE, &process); /* it may be ending still */
        CHECK_EQ(look(again), GW_LIFE_GONE);
        discard(again);
        guest_wait_for_end(process);
    }
    guest_nothing_left(fds);
}

static void a_guest_that_ran_is_known_to_have_run(void)
{
    unsigned fds = guest_fds();
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    int process;
    const char *again = leave(DOOM_STARTED, &process);
    CHECK_EQ(look(again), GW_LIFE_RAN);
    CHECK_EQ(gw_guest_discard(again, &err), -1);
    CHECK_FAIL(err, GW_E_REFUSED, "has run: it is not taken away");
    CHECK_HAS(err.msg, "cannot take the guest 'process:pid=");
    struct gw_source *source = guest_open(again, &facts);
    guest_let_run(source, 100);
    guest_suspend(source);
    gw_source_close(source);
    CHECK_EQ(look(again), GW_LIFE_RAN);
    err = GW_ERR_NONE;
    CHECK_EQ(gw_guest_discard(again, &err), -1);
    CHECK_EQ(err.code, GW_E_REFUSED);
    source = guest_open(again, &facts);
    CHECK(source->suspended);
    guest_check(source);
    guest_end(source);
    CHECK_EQ(look(again), GW_LIFE_GONE);
    guest_wait_for_end(process);
    guest_nothing_left(fds);
}

static void of_a_guest_that_is_held_nothing_can_be_told(void)
{
    unsigned fds = guest_fds();
    struct gw_err err = GW_ERR_NONE;
    struct gw_source *source;
    struct gw_destination *dest = arrived(&source);
    char again[64];
    CHECK_EQ(gw_destination_stay(dest, &err), 0);
    snprintf(again, sizeof again, "%s", gw_destination_again(dest));
    cannot_tell(again, GW_E_SYSTEM, "another godwit holds it");
    CHECK_EQ(gw_guest_discard(again, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "another godwit holds it");
    CHECK_EQ(err.sys, EBUSY);
    gw_destination_close(dest); /* discarded, though it was to stay */
    CHECK_EQ(look(again), GW_LIFE_GONE);
    guest_end(source);
    guest_nothing_left(fds);
}

static void what_cannot_be_found_again_cannot_be_told(void)
{
    static const char *const names[][2] = { { "model:pages=64", "names no guest that can be found again" },
                                            { "", "names no guest: there is no kind ''" },
                                            { "process:mem=1M", "names no process: pid is missing" } };
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        cannot_tell(names[i][0], GW_E_USAGE, names[i][1]);
        CHECK_EQ(gw_guest_discard(names[i][0], &err), -1);
        CHECK_FAIL(err, GW_E_USAGE, names[i][1]);
    }
    cannot_tell("process:pid=1", GW_E_SYSTEM, "process 1 is no guest of godwit's");
}

static void a_guest_that_died_does_not_stay(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_source *source;
    struct gw_destination *dest = arrived(&source);
    int process = pidfd_open(gw_process_destination_pid(dest), 0);
    CHECK_EQ(kill(gw_process_destination_pid(dest), SIGKILL), 0);
    guest_wait_for_end(process);
    CHECK_EQ(gw_destination_stay(dest, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "has ended");
    gw_destination_close(dest);
    guest_end(source);
}

static void a_guest_that_ended_as_our_child_is_gone_and_reaped(void)
{
    unsigned fds = guest_fds();
    struct gw_guest_facts facts;
    struct gw_source *source = guest_open("process:life=100,mem=256K", &facts);
    int pid = gw_process_pid(source), process = pidfd_open(pid, 0);
    gw_source_close(source);
    CHECK_EQ(kill(pid, SIGKILL), 0);
    guest_wait_for_end(process);
    CHECK_EQ(look(facts.again), GW_LIFE_GONE);
    guest_nothing_left(fds);
}

/* --- holders that die -------------------------------------------------------------------------------------------- */

/* Holds the guest of that process, and never reads what it says. */
static void hold_and_wait(int pid, int ready)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int len = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, LINK_NAME, pid);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    struct pollfd greeted = { .fd = fd, .events = POLLIN };
    socklen_t used = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
    CHECK_EQ(connect(fd, (struct sockaddr *)&address, used), 0);
    CHECK_EQ(poll(&greeted, 1, 30000), 1);
    CHECK_EQ(write(ready, "r", 1), 1);
    for (;;)
        pause();
}

/* A process that holds the guest; it returns when it does. */
static pid_t make_holder(int guest)
{
    int way[2];
    char octet;
    CHECK_EQ(pipe(way), 0);
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        hold_and_wait(guest, way[1]);
    close(way[1]);
    CHECK_EQ(read(way[0], &octet, 1), 1);
    close(way[0]);
    return pid;
}

static void a_holder_that_is_dying_is_waited_for(void)
{
    unsigned fds = guest_fds();
    struct gw_guest_facts facts;
    struct gw_source *source = guest_open("process:life=100,mem=256K,rate=0", &facts);
    int guest = gw_process_pid(source);
    gw_source_close(source);
    for (unsigned round = 0; round < 30; round++) {
        struct gw_err err = GW_ERR_NONE;
        pid_t holder = make_holder(guest);
        if (round == 0)
            CHECK(gw_source_open(facts.again, &err) == NULL && err.sys == EBUSY);
        CHECK_EQ(kill(holder, SIGKILL), 0);
        gw_source_close(guest_source(facts.again)); /* not one moment later */
        CHECK_EQ(waitpid(holder, NULL, 0), holder);
    }
    guest_end(guest_open(facts.again, &facts));
    guest_nothing_left(fds);
}

static void a_suspend_whose_godwit_died_is_waited_for(void)
{
    struct gw_guest_facts facts;
    struct gw_source *source = guest_open("process:life=100,mem=8M,threads=64", &facts);
    int pid = gw_process_pid(source);
    gw_source_close(source);
    for (unsigned round = 0; round < 10; round++) {
        struct gw_err err = GW_ERR_NONE;
        struct link link;
        link_init(&link);
        CHECK_EQ(link_attach(&link, pid, 0, &err), 0);
        CHECK_EQ(kill(pid, SIGSTOP), 0);
        CHECK_EQ(waitpid(pid, NULL, WUNTRACED), pid);
        atomic_fetch_add(&link.control->want, 1); /* it has asked; it does not live to see it */
        futex_wake(&link.control->want);
        link_close(&link);
        CHECK_EQ(kill(pid, SIGCONT), 0);
        source = guest_open(facts.again, &facts);
        CHECK(source->suspended);
        guest_check(source);
        guest_resume(source);
        guest_let_run(source, 10);
        gw_source_close(source);
    }
    guest_end(guest_open(facts.again, &facts));
}

const struct test tests[] = {
    { "a-guest-is-named-by-its-number-and-its-birth", a_guest_is_named_by_its_number_and_its_birth },
    { "another-process-of-that-number-is-not-the-guest", another_process_of_that_number_is_not_the_guest },
    { "a-guest-that-stays-is-known-never-to-have-run", a_guest_that_stays_is_known_never_to_have_run },
    { "a-guest-that-did-not-stay-is-known-to-be-gone", a_guest_that_did_not_stay_is_known_to_be_gone },
    { "a-guest-that-ran-is-known-to-have-run", a_guest_that_ran_is_known_to_have_run },
    { "of-a-guest-that-is-held-nothing-can-be-told", of_a_guest_that_is_held_nothing_can_be_told },
    { "what-cannot-be-found-again-cannot-be-told", what_cannot_be_found_again_cannot_be_told },
    { "a-guest-that-died-does-not-stay", a_guest_that_died_does_not_stay },
    { "a-guest-that-ended-as-our-child-is-gone-and-reaped", a_guest_that_ended_as_our_child_is_gone_and_reaped },
    { "a-holder-that-is-dying-is-waited-for", a_holder_that_is_dying_is_waited_for },
    { "a-suspend-whose-godwit-died-is-waited-for", a_suspend_whose_godwit_died_is_waited_for },
    { NULL, NULL },
};
