/*
 * guest_life.c - a guest and whoever comes after its godwit: it is found by its name and taken for no other.
 *
 * The godwit that dies is a process of its own here, killed without warning (guest_outlive).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest_tools.h"
#include "harness.h"
#include "link.h"

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
    }
    source = guest_open(facts.again, &facts);
    guest_let_run(source, 10);
    guest_end(source);
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
    { "a-holder-that-is-dying-is-waited-for", a_holder_that_is_dying_is_waited_for },
    { "a-suspend-whose-godwit-died-is-waited-for", a_suspend_whose_godwit_died_is_waited_for },
    { NULL, NULL },
};
