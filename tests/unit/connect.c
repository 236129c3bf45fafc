/*
 * connect.c - reaching the other side: one that is slow to answer or never does, and one that is started for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "guest_tools.h"
#include "harness.h"

/* --- a listener that is busy ------------------------------------------------------------------------------------- */

#define CONNECTIONS_MOST 64 /* more than a listener's queue holds */

/* A listener that nobody looks after, and those who wait in its queue. */
struct busy {
    char dir[32], address[300];
    struct gw_listener *listener;
    struct gw_chan *waiting[CONNECTIONS_MOST];
    unsigned num;
};

static void listen_on(struct busy *busy, const char *address)
{
    struct gw_err err = GW_ERR_NONE;
    *busy = (struct busy){ .dir = "/tmp/godwit-XXXXXX" };
    CHECK(mkdtemp(busy->dir) != NULL);
    if (address != NULL)
        snprintf(busy->address, sizeof busy->address, "%s", address);
    else
        snprintf(busy->address, sizeof busy->address, "unix:%s/s", busy->dir);
    busy->listener = gw_listen(busy->address, &err);
    CHECK_STR(err.msg, "");
    snprintf(busy->address, sizeof busy->address, "%s", gw_listener_address(busy->listener));
}

static void close_busy(struct busy *busy)
{
    for (unsigned i = 0; i < busy->num; i++)
        gw_chan_close(busy->waiting[i]);
    gw_listener_close(busy->listener);
    CHECK_EQ(rmdir(busy->dir), 0);
}

/* Connects until that fails. */
static void connect_until_failure(struct busy *busy, struct gw_err *err)
{
    struct gw_chan *chan;
    while ((chan = gw_connect(busy->address, err)) != NULL) {
        CHECK(busy->num < CONNECTIONS_MOST);
        busy->waiting[busy->num++] = chan;
    }
}

static void on_signal(int number)
{
    (void)number;
    gw_cancel_request();
}

/* By a signal; not SIGALRM, which is the harness's. */
static void cancel_later(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
    struct itimerspec when = { .it_value.tv_nsec = 200000000 };
    timer_t timer;
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    CHECK_EQ(timer_settime(timer, 0, &when, NULL), 0);
}

static void a_listener_that_never_accepts_is_given_up(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct busy busy;
    listen_on(&busy, NULL);
    connect_until_failure(&busy, &err);
    CHECK(busy.num > 0);
    CHECK_FAIL(err, GW_E_SYSTEM, "/s' did not answer for 10 s: Connection timed out");
    CHECK_EQ(err.sys, ETIMEDOUT);
    close_busy(&busy);
}

static void a_cancelled_wait_for_a_unix_listener_ends(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct busy busy;
    listen_on(&busy, NULL);
    cancel_later();
    connect_until_failure(&busy, &err);
    CHECK(busy.num > 0);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot connect to 'unix:");
    CHECK_EQ(err.sys, EINTR);
    close_busy(&busy);
}

static void a_cancelled_wait_for_a_tcp_listener_ends(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct busy busy;
    listen_on(&busy, "tcp://127.0.0.1:0");
    cancel_later();
    connect_until_failure(&busy, &err);
    CHECK(busy.num > 0);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot connect to 'tcp://127.0.0.1:");
    CHECK_EQ(err.sys, EINTR);
    close_busy(&busy);
}

/* All that ever connect. */
static void *accept_all(void *arg)
{
    struct busy *busy = arg;
    for (unsigned i = 0; i < CONNECTIONS_MOST; i++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_chan *chan = gw_accept(busy->listener, &err);
        if (chan == NULL)
            return "it could not accept";
        gw_chan_close(chan);
    }
    return NULL;
}

static void a_full_queue_is_waited_for(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct busy busy;
    pthread_t thread;
    void *failure;
    listen_on(&busy, NULL);
    gw_cancel_request(); /* so that the queue is filled without waiting for it */
    connect_until_failure(&busy, &err);
    CHECK_EQ(err.sys, EINTR);
    gw_cancel_reset();
    err = GW_ERR_NONE;
    CHECK_EQ(pthread_create(&thread, NULL, accept_all, &busy), 0);
    while (busy.num < CONNECTIONS_MOST) {
        struct gw_chan *chan = gw_connect(busy.address, &err);
        CHECK_STR(err.msg, "");
        busy.waiting[busy.num++] = chan;
    }
    CHECK_EQ(pthread_join(thread, &failure), 0);
    CHECK(failure == NULL);
    close_busy(&busy);
}

static void a_busy_listener_is_no_leftover(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct busy busy;
    listen_on(&busy, NULL);
    gw_cancel_request();
    connect_until_failure(&busy, &err);
    gw_cancel_reset();
    err = GW_ERR_NONE;
    CHECK(gw_listen(busy.address, &err) == NULL);
    CHECK_EQ(err.sys, EADDRINUSE);
    close_busy(&busy);
}

/* Whatever it took to connect: without patience a channel waits in the system call, for as long as it takes. */
static void a_connection_blocks_without_a_time(void)
{
    static const char *const addresses[] = { NULL, "tcp://127.0.0.1:0" };
    for (unsigned i = 0; i < 2; i++) {
        struct gw_err err = GW_ERR_NONE;
        struct timeval time;
        socklen_t len = sizeof time;
        struct busy busy;
        int in, out;
        listen_on(&busy, addresses[i]);
        struct gw_chan *chan = gw_connect(busy.address, &err);
        CHECK(chan != NULL);
        gw_chan_fds(chan, &in, &out);
        CHECK_EQ(in, out);
        CHECK_EQ(fcntl(in, F_GETFL) & O_NONBLOCK, 0);
        CHECK_EQ(getsockopt(in, SOL_SOCKET, SO_SNDTIMEO, &time, &len), 0);
        CHECK_EQ(time.tv_sec, 0);
        CHECK_EQ(time.tv_usec, 0);
        gw_chan_close(chan);
        close_busy(&busy);
    }
}

/* --- exec -------------------------------------------------------------------------------------------------------- */

static struct gw_chan *start(const char *address)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_chan *chan = gw_connect(address, &err);
    CHECK_STR(err.msg, "");
    CHECK(chan != NULL);
    return chan;
}

/* All that the command says, as text; it and its descriptors are gone then. */
static const char *said_by(const char *address)
{
    static char text[4096];
    struct gw_err err = GW_ERR_NONE;
    unsigned fds = guest_fds();
    struct gw_chan *chan = start(address);
    size_t len;
    gw_chan_read(chan, text, sizeof text - 1, &len, &err);
    CHECK_FAIL(err, GW_E_SHORT, "the input ends");
    text[len] = '\0';
    gw_chan_close(chan);
    guest_nothing_left(fds);
    return text;
}

static void a_command_hears_and_answers(void)
{
    struct gw_err err = GW_ERR_NONE;
    unsigned fds = guest_fds();
    struct gw_chan *chan = start("exec:cat");
    char got[6] = "";
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(gw_chan_write(chan, "hello", 5, &err), 0);
        CHECK_EQ(gw_chan_read(chan, got, 5, NULL, &err), 0);
        CHECK_STR(got, "hello");
    }
    gw_chan_close(chan);
    guest_nothing_left(fds);
}

static void a_command_may_have_patience(void)
{
    static const struct gw_patience patience = { .silence_ns = 50000000 };
    struct gw_err err = GW_ERR_NONE;
    struct gw_chan *chan = start("exec:cat");
    char got;
    CHECK_EQ(gw_chan_patience(chan, &patience, &err), 0);
    CHECK_EQ(gw_chan_read(chan, &got, 1, NULL, &err), -1);
    CHECK_EQ(err.sys, ETIMEDOUT);
    gw_chan_close(chan);
}

static void a_command_is_the_shells(void)
{
    CHECK_STR(said_by("exec:printf '%s' one; echo two | tr a-z A-Z"), "oneTWO\n");
    CHECK_STR(said_by("exec:-no option of sh; echo behind"), "behind\n");
}

static void a_command_that_does_not_exist_is_a_link_that_ends(void)
{
    CHECK_STR(said_by("exec:/nowhere/no-such-program"), "");
}

#define C_LIBRARYS_OWN (UINT64_C(3) << 31) /* 32 and 33: glibc has them ignored in whatever it starts */

/* A set of signals of the command's. */
static uint64_t mask_of(const char *name)
{
    char address[100], *end;
    snprintf(address, sizeof address, "exec:grep %s /proc/self/status | cut -f2", name);
    const char *said = said_by(address);
    uint64_t mask = strtoull(said, &end, 16);
    CHECK(end > said && *end == '\n');
    return mask;
}

static void a_command_keeps_nothing_of_ours(void)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigset_t blocked;
    int fd = open("/dev/null", O_RDONLY); /* not close-on-exec */
    char line[100];
    CHECK(fd > STDERR_FILENO);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGUSR1, &ignore, NULL);
    sigfillset(&blocked);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    CHECK_EQ(mask_of("SigBlk"), 0);
    CHECK_EQ(mask_of("SigIgn") & ~(C_LIBRARYS_OWN), 0);
    snprintf(line, sizeof line, "exec:test -e /proc/self/fd/%d && echo open || echo closed", fd);
    CHECK_STR(said_by(line), "closed\n");
    long group = strtol(said_by("exec:cut -d' ' -f5 /proc/self/stat"), NULL, 10);
    CHECK(group > 0 && group != getpgrp());
    close(fd);
}

static void nobody_listens_on_a_command(void)
{
    struct gw_err err = GW_ERR_NONE;
    CHECK(gw_listen("exec:cat", &err) == NULL);
    CHECK_FAIL(err, GW_E_USAGE, "'exec:cat' starts a program: nobody can listen there");
}

/* A shell that neither the end of its input nor SIGTERM ends, and what it started beside it. */
static void a_command_that_ignores_the_end_is_told_and_then_killed(void)
{
    struct gw_err err = GW_ERR_NONE;
    unsigned fds = guest_fds();
    char dir[] = "/tmp/godwit-XXXXXX", told[64], address[300], line[16] = "";
    CHECK(mkdtemp(dir) != NULL);
    snprintf(told, sizeof told, "%s/told", dir);
    snprintf(address, sizeof address,
             "exec:(trap '' TERM; exec sleep 1000) & printf '%%015d' $!; "
             "trap ': >%s' TERM; while :; do sleep 1000; done",
             told);
    struct gw_chan *chan = start(address);
    CHECK_EQ(gw_chan_read(chan, line, 15, NULL, &err), 0);
    int beside = pidfd_open((pid_t)strtol(line, NULL, 10), 0);
    CHECK(beside >= 0);
    gw_chan_close(chan);
    guest_wait_for_end(beside); /* its parent is gone: that it ends is all that can be seen */
    guest_nothing_left(fds);
    CHECK_EQ(unlink(told), 0);
    CHECK_EQ(rmdir(dir), 0);
}

const struct test tests[] = {
    { "a-listener-that-never-accepts-is-given-up", a_listener_that_never_accepts_is_given_up },
    { "a-cancelled-wait-for-a-unix-listener-ends", a_cancelled_wait_for_a_unix_listener_ends },
    { "a-cancelled-wait-for-a-tcp-listener-ends", a_cancelled_wait_for_a_tcp_listener_ends },
    { "a-full-queue-is-waited-for", a_full_queue_is_waited_for },
    { "a-busy-listener-is-no-leftover", a_busy_listener_is_no_leftover },
    { "a-connection-blocks-without-a-time", a_connection_blocks_without_a_time },
    { "a-command-hears-and-answers", a_command_hears_and_answers },
    { "a-command-may-have-patience", a_command_may_have_patience },
    { "a-command-is-the-shells", a_command_is_the_shells },
    { "a-command-that-does-not-exist-is-a-link-that-ends", a_command_that_does_not_exist_is_a_link_that_ends },
    { "a-command-keeps-nothing-of-ours", a_command_keeps_nothing_of_ours },
    { "nobody-listens-on-a-command", nobody_listens_on_a_command },
    { "a-command-that-ignores-the-end-is-told-and-then-killed",
      a_command_that_ignores_the_end_is_told_and_then_killed },
    { NULL, NULL },
};
