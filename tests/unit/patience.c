/*
 * patience.c - how long a descriptor channel waits: silence, idling, cancellation; which descriptors it has, and in
 * which mode they come back.
 *
 * Times here are either far shorter than a row may take, and must come to an end, or far longer, and must not.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "harness.h"

#define MS UINT64_C(1000000)
#define LONG_NS (3600 * 1000 * MS)

/* One end as a channel with that patience; the other end to far. */
static struct gw_chan *open_patient(const struct gw_patience *patience, int *far)
{
    struct gw_err err = GW_ERR_NONE;
    int pair[2];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    struct gw_chan *chan = gw_chan_fd(pair[0], true, &err);
    CHECK(chan != NULL);
    CHECK_EQ(gw_chan_patience(chan, patience, &err), 0);
    *far = pair[1];
    return chan;
}

static void end(struct gw_chan *chan, int far)
{
    gw_chan_close(chan);
    close(far);
}

/* --- silence ----------------------------------------------------------------------------------------------------- */

static void a_read_notices_silence(void)
{
    static const struct gw_patience patience = { .silence_ns = 50 * MS };
    struct gw_err err = GW_ERR_NONE;
    char got[8];
    size_t there;
    int far;
    struct gw_chan *chan = open_patient(&patience, &far);
    CHECK_EQ(write(far, "abc", 3), 3);
    CHECK_EQ(gw_chan_read(chan, got, sizeof got, &there, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "nothing could be read for 0.05 s: Connection timed out");
    CHECK_EQ(err.sys, ETIMEDOUT);
    CHECK_EQ(there, 3);
    end(chan, far);
}

static void a_write_notices_silence(void)
{
    static const struct gw_patience patience = { .silence_ns = 50 * MS };
    static const uint8_t octets[1 << 23];
    struct gw_err err = GW_ERR_NONE;
    int far;
    struct gw_chan *chan = open_patient(&patience, &far);
    CHECK_EQ(gw_chan_write(chan, octets, sizeof octets, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "nothing could be written for 0.05 s: Connection timed out");
    CHECK_EQ(err.sys, ETIMEDOUT);
    CHECK(chan->write_pos > 0 && chan->write_pos < sizeof octets);
    end(chan, far);
}

static void on_signal(int number)
{
    (void)number;
}

static void on_cancelling_signal(int number)
{
    (void)number;
    gw_cancel_request();
}

/* SIGUSR1 comes to that handler after first_ns, and then every_ns (0: once). SIGALRM is the harness's. */
static void ring(void (*handler)(int), uint64_t first_ns, uint64_t every_ns)
{
    struct sigaction action = { .sa_handler = handler };
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
    struct itimerspec when = { .it_value.tv_nsec = (long)first_ns, .it_interval.tv_nsec = (long)every_ns };
    timer_t timer;
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    CHECK_EQ(timer_settime(timer, 0, &when, NULL), 0);
}

static void signals_do_not_break_silence(void)
{
    static const struct gw_patience patience = { .silence_ns = 200 * MS };
    struct gw_err err = GW_ERR_NONE;
    char got;
    int far;
    struct gw_chan *chan = open_patient(&patience, &far);
    ring(on_signal, 10 * MS, 10 * MS);
    CHECK_EQ(gw_chan_read(chan, &got, 1, NULL, &err), -1);
    CHECK_EQ(err.sys, ETIMEDOUT);
    end(chan, far);
}

static void patience_reaches_through_layers(void)
{
    static const struct gw_patience patience = { .silence_ns = 50 * MS };
    struct gw_err err = GW_ERR_NONE;
    char got;
    int pair[2];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    struct gw_chan *chan = gw_chan_window(gw_chan_fd(pair[0], true, &err), &err);
    chan = gw_chan_throttle(chan, 1000000, &gw_clock_real, &err);
    CHECK_EQ(gw_chan_patience(chan, &patience, &err), 0);
    CHECK_EQ(gw_chan_read(chan, &got, 1, NULL, &err), -1);
    CHECK_EQ(err.sys, ETIMEDOUT);
    end(chan, pair[1]);
}

static void what_is_there_is_read_at_once(void)
{
    static const struct gw_patience patience = { .silence_ns = LONG_NS };
    struct gw_err err = GW_ERR_NONE;
    char got[8];
    size_t there;
    int far;
    struct gw_chan *chan = open_patient(&patience, &far);
    CHECK_EQ(write(far, "abc", 3), 3);
    CHECK_EQ(gw_chan_some(chan, got, sizeof got, &there, &err), 0);
    CHECK_EQ(there, 3);
    CHECK_MEM(got, "abc", 3);
    close(far);
    CHECK_EQ(gw_chan_some(chan, got, sizeof got, &there, &err), 0);
    CHECK_EQ(there, 0);
    gw_chan_close(chan);
}

static void memory_has_nothing_to_wait_for(void)
{
    static const struct gw_patience patience = { .silence_ns = 1 };
    struct gw_err err = GW_ERR_NONE;
    char got[3];
    struct gw_chan *chan = gw_chan_memory("abc", 3, NULL, &err);
    CHECK_EQ(gw_chan_patience(chan, &patience, &err), 0);
    CHECK_EQ(gw_chan_read(chan, got, 3, NULL, &err), 0);
    CHECK_MEM(got, "abc", 3);
    gw_chan_close(chan);
}

/* --- idling ------------------------------------------------------------------------------------------------------ */

/* Says that it is there each time, and has the other side answer from its first_th time on. */
struct idler {
    struct gw_chan *chan;
    int far;
    unsigned calls, answer_from;
};

static void say_hello(void *arg)
{
    struct idler *idler = arg;
    struct gw_err err = GW_ERR_NONE;
    CHECK_EQ(gw_chan_write(idler->chan, "h", 1, &err), 0);
    if (++idler->calls >= idler->answer_from)
        CHECK_EQ(write(idler->far, "a", 1), 1);
}

static void idle_is_called_while_a_read_waits(void)
{
    for (unsigned bounded = 0; bounded < 2; bounded++) {
        struct idler idler = { .answer_from = 5 };
        struct gw_patience patience = { .silence_ns = bounded ? LONG_NS : 0, .idle_ns = 5 * MS };
        struct gw_err err = GW_ERR_NONE;
        char got;
        patience.idle = say_hello;
        patience.arg = &idler;
        idler.chan = open_patient(&patience, &idler.far);
        CHECK_EQ(gw_chan_read(idler.chan, &got, 1, NULL, &err), 0);
        CHECK_EQ(got, 'a');
        CHECK_EQ(idler.calls, 5);
        CHECK_EQ(idler.chan->write_pos, 5);
        end(idler.chan, idler.far);
    }
}

/* All of it takes longer than silence may. */
static void each_octet_breaks_the_silence(void)
{
    struct idler idler = { .answer_from = 1 };
    struct gw_patience patience = { .silence_ns = 1500 * MS, .idle_ns = 100 * MS, .idle = say_hello, .arg = &idler };
    struct gw_err err = GW_ERR_NONE;
    char got[20];
    idler.chan = open_patient(&patience, &idler.far);
    CHECK_EQ(gw_chan_read(idler.chan, got, sizeof got, NULL, &err), 0);
    CHECK_EQ(idler.calls, sizeof got);
    end(idler.chan, idler.far);
}

static void what_idle_writes_does_not_break_the_silence(void)
{
    struct idler idler = { .answer_from = UINT32_MAX };
    struct gw_patience patience = { .silence_ns = 100 * MS, .idle_ns = 5 * MS, .idle = say_hello, .arg = &idler };
    struct gw_err err = GW_ERR_NONE;
    char got;
    idler.chan = open_patient(&patience, &idler.far);
    CHECK_EQ(gw_chan_read(idler.chan, &got, 1, NULL, &err), -1);
    CHECK_EQ(err.sys, ETIMEDOUT);
    CHECK(idler.calls > 0);
    end(idler.chan, idler.far);
}

/* Only a read says that we are still there: a write already does. */
static void idle_is_not_called_while_a_write_waits(void)
{
    static const uint8_t octets[1 << 23];
    struct idler idler = { .answer_from = 1 };
    struct gw_patience patience = { .silence_ns = 100 * MS, .idle_ns = 1, .idle = say_hello, .arg = &idler };
    struct gw_err err = GW_ERR_NONE;
    idler.chan = open_patient(&patience, &idler.far);
    CHECK_EQ(gw_chan_write(idler.chan, octets, sizeof octets, &err), -1);
    CHECK_EQ(err.sys, ETIMEDOUT);
    CHECK_EQ(idler.calls, 0);
    end(idler.chan, idler.far);
}

/* --- cancellation ------------------------------------------------------------------------------------------------ */

static void a_wait_of_cancelled_work_does_not_begin(void)
{
    static const struct gw_patience patience = { .silence_ns = LONG_NS };
    struct gw_err err = GW_ERR_NONE;
    char got;
    int far;
    struct gw_chan *chan = open_patient(&patience, &far);
    gw_cancel_request(); /* the signal came just before */
    CHECK_EQ(gw_chan_read(chan, &got, 1, NULL, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot read: Interrupted system call");
    CHECK_EQ(err.sys, EINTR);
    end(chan, far);
}

static void a_signal_that_cancels_ends_a_read(void)
{
    static const struct gw_patience patience = { .silence_ns = LONG_NS };
    struct gw_err err = GW_ERR_NONE;
    char got;
    int far;
    struct gw_chan *chan = open_patient(&patience, &far);
    ring(on_cancelling_signal, 50 * MS, 0);
    CHECK_EQ(gw_chan_read(chan, &got, 1, NULL, &err), -1);
    CHECK_EQ(err.sys, EINTR);
    CHECK(gw_cancelled());
    end(chan, far);
}

static void a_signal_that_cancels_ends_a_write(void)
{
    static const struct gw_patience patience = { .silence_ns = LONG_NS };
    static const uint8_t octets[1 << 23];
    struct gw_err err = GW_ERR_NONE;
    int far;
    struct gw_chan *chan = open_patient(&patience, &far);
    ring(on_cancelling_signal, 50 * MS, 0);
    CHECK_EQ(gw_chan_write(chan, octets, sizeof octets, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot write: Interrupted system call");
    CHECK_EQ(err.sys, EINTR);
    end(chan, far);
}

/* --- descriptors ------------------------------------------------------------------------------------------------- */

static bool blocks(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    CHECK(flags >= 0);
    return (flags & O_NONBLOCK) == 0;
}

/* Standard input and output may be one open file, such as a terminal; here two descriptors of one socket. */
static void lent_descriptors_get_their_mode_back(void)
{
    static const struct gw_patience patience = { .silence_ns = LONG_NS };
    struct gw_err err = GW_ERR_NONE;
    int pair[2], pipes[2];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    CHECK_EQ(pipe2(pipes, O_CLOEXEC), 0);
    int twin = dup(pair[0]);
    int const in[] = { pair[0], pipes[0] }, out[] = { twin, pair[1] };
    for (unsigned i = 0; i < 2; i++) {
        struct gw_chan *chan = gw_chan_fd_pair(in[i], out[i], false, &err);
        CHECK(blocks(in[i]) && blocks(out[i]));
        CHECK_EQ(gw_chan_patience(chan, &patience, &err), 0);
        CHECK_EQ(gw_chan_patience(chan, &patience, &err), 0); /* again: the first mode is what counts */
        CHECK(!blocks(in[i]) && !blocks(out[i]));
        gw_chan_close(chan);
        CHECK(blocks(in[i]) && blocks(out[i]));
    }
}

static void a_lent_descriptor_that_never_blocked_stays_so(void)
{
    static const struct gw_patience patience = { .silence_ns = LONG_NS };
    struct gw_err err = GW_ERR_NONE;
    int pipes[2];
    CHECK_EQ(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
    struct gw_chan *chan = gw_chan_fd(pipes[0], false, &err);
    CHECK_EQ(gw_chan_patience(chan, &patience, &err), 0);
    gw_chan_close(chan);
    CHECK(!blocks(pipes[0]));
}

static void a_closed_descriptor_gets_no_patience(void)
{
    static const struct gw_patience patience = { .silence_ns = LONG_NS };
    struct gw_err err = GW_ERR_NONE;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct gw_chan *chan = gw_chan_fd(fd, false, &err);
    close(fd);
    CHECK_EQ(gw_chan_patience(chan, &patience, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot make a descriptor non-blocking: Bad file descriptor");
    gw_chan_close(chan);
}

static void a_pair_reads_from_the_one_and_writes_to_the_other(void)
{
    struct gw_err err = GW_ERR_NONE;
    int in[2], out[2];
    char got[4] = "", there[4] = "";
    CHECK_EQ(pipe2(in, O_CLOEXEC), 0);
    CHECK_EQ(pipe2(out, O_CLOEXEC), 0);
    CHECK_EQ(write(in[1], "abc", 3), 3);
    struct gw_chan *chan = gw_chan_fd_pair(in[0], out[1], true, &err);
    CHECK_EQ(gw_chan_read(chan, got, 3, NULL, &err), 0);
    CHECK_EQ(gw_chan_write(chan, "xyz", 3, &err), 0);
    CHECK_EQ(read(out[0], there, 3), 3);
    CHECK_STR(got, "abc");
    CHECK_STR(there, "xyz");
    gw_chan_close(chan);
    CHECK(fcntl(in[0], F_GETFD) < 0 && fcntl(out[1], F_GETFD) < 0);
}

static void a_lent_pair_stays_open(void)
{
    struct gw_err err = GW_ERR_NONE;
    int pipes[2];
    CHECK_EQ(pipe2(pipes, O_CLOEXEC), 0);
    gw_chan_close(gw_chan_fd_pair(pipes[0], pipes[1], false, &err));
    CHECK(fcntl(pipes[0], F_GETFD) >= 0 && fcntl(pipes[1], F_GETFD) >= 0);
}

static void descriptors_show_through_layers(void)
{
    static const struct gw_fault none;
    struct gw_err err = GW_ERR_NONE;
    int pipes[2], in = 0, out = 0;
    CHECK_EQ(pipe2(pipes, O_CLOEXEC), 0);
    struct gw_chan *chan = gw_chan_window(gw_chan_fd_pair(pipes[0], pipes[1], true, &err), &err);
    chan = gw_chan_fault(gw_chan_throttle(chan, 1000, &gw_clock_real, &err), &none, &err);
    struct gw_chan *count = gw_chan_count(chan, &err);
    gw_chan_fds(count, &in, &out);
    CHECK_EQ(in, pipes[0]);
    CHECK_EQ(out, pipes[1]);
    gw_chan_close(count);
    gw_chan_close(chan);
    chan = gw_chan_window(gw_chan_memory("abc", 3, NULL, &err), &err);
    gw_chan_fds(chan, &in, &out);
    CHECK_EQ(in, -1);
    CHECK_EQ(out, -1);
    gw_chan_close(chan);
}

const struct test tests[] = {
    { "a-read-notices-silence", a_read_notices_silence },
    { "a-write-notices-silence", a_write_notices_silence },
    { "signals-do-not-break-silence", signals_do_not_break_silence },
    { "patience-reaches-through-layers", patience_reaches_through_layers },
    { "what-is-there-is-read-at-once", what_is_there_is_read_at_once },
    { "memory-has-nothing-to-wait-for", memory_has_nothing_to_wait_for },
    { "idle-is-called-while-a-read-waits", idle_is_called_while_a_read_waits },
    { "each-octet-breaks-the-silence", each_octet_breaks_the_silence },
    { "what-idle-writes-does-not-break-the-silence", what_idle_writes_does_not_break_the_silence },
    { "idle-is-not-called-while-a-write-waits", idle_is_not_called_while_a_write_waits },
    { "a-wait-of-cancelled-work-does-not-begin", a_wait_of_cancelled_work_does_not_begin },
    { "a-signal-that-cancels-ends-a-read", a_signal_that_cancels_ends_a_read },
    { "a-signal-that-cancels-ends-a-write", a_signal_that_cancels_ends_a_write },
    { "lent-descriptors-get-their-mode-back", lent_descriptors_get_their_mode_back },
    { "a-lent-descriptor-that-never-blocked-stays-so", a_lent_descriptor_that_never_blocked_stays_so },
    { "a-closed-descriptor-gets-no-patience", a_closed_descriptor_gets_no_patience },
    { "a-pair-reads-from-the-one-and-writes-to-the-other", a_pair_reads_from_the_one_and_writes_to_the_other },
    { "a-lent-pair-stays-open", a_lent_pair_stays_open },
    { "descriptors-show-through-layers", descriptors_show_through_layers },
    { NULL, NULL },
};
