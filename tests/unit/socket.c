/*
 * socket.c - links between two programs: addresses, both ends, throttle, stall, cancellation.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "harness.h"

/* Both ends of a link at that address; the address that was listened on goes to name. */
static void link_up(const char *address, struct gw_chan **near, struct gw_chan **far, char *name, size_t room)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_listener *listener = gw_listen(address, &err);
    CHECK_STR(err.msg, "");
    snprintf(name, room, "%s", gw_listener_address(listener));
    *near = gw_connect(name, &err); /* the backlog holds it until accept */
    *far = gw_accept(listener, &err);
    CHECK(*near != NULL && *far != NULL);
    gw_listener_close(listener);
}

static void talk(struct gw_chan *near, struct gw_chan *far)
{
    struct gw_err err = GW_ERR_NONE;
    char got[6] = "";
    CHECK_EQ(gw_chan_write(near, "there", 5, &err), 0);
    CHECK_EQ(gw_chan_read(far, got, 5, NULL, &err), 0);
    CHECK_STR(got, "there");
    CHECK_EQ(gw_chan_write(far, "back!", 5, &err), 0);
    CHECK_EQ(gw_chan_read(near, got, 5, NULL, &err), 0);
    CHECK_STR(got, "back!");
    gw_chan_close(near);
    CHECK_EQ(gw_chan_read(far, got, 5, NULL, &err) < 0, 1);
    CHECK_FAIL(err, GW_E_SHORT, "0 of 5");
    gw_chan_close(far);
}

static void tcp_port_0_is_chosen_by_the_system(void)
{
    struct gw_chan *near, *far;
    char name[300];
    link_up("tcp://127.0.0.1:0", &near, &far, name, sizeof name);
    CHECK_HAS(name, "tcp://127.0.0.1:");
    CHECK(strtol(strrchr(name, ':') + 1, NULL, 10) > 0);
    talk(near, far);
}

static void unix_socket_goes_with_its_listener(void)
{
    struct gw_chan *near, *far;
    char dir[] = "/tmp/godwit-XXXXXX", address[64], name[300];
    CHECK(mkdtemp(dir) != NULL);
    snprintf(address, sizeof address, "unix:%s/s", dir);
    link_up(address, &near, &far, name, sizeof name);
    CHECK_STR(name, address);
    CHECK_EQ(access(address + 5, F_OK) != 0, 1);
    talk(near, far);
    CHECK_EQ(rmdir(dir), 0);
}

static void a_leftover_socket_is_replaced_and_a_live_one_is_not(void)
{
    struct gw_err err = GW_ERR_NONE;
    char dir[] = "/tmp/godwit-XXXXXX", address[64];
    CHECK(mkdtemp(dir) != NULL);
    snprintf(address, sizeof address, "unix:%s/s", dir);
    pid_t pid = fork();
    if (pid == 0) {
        gw_listen(address, &err);
        _exit(0); /* without closing: the file stays */
    }
    waitpid(pid, NULL, 0);
    struct gw_listener *first = gw_listen(address, &err);
    CHECK_STR(err.msg, "");
    struct gw_listener *second = gw_listen(address, &err);
    CHECK(second == NULL);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot listen on 'unix:");
    CHECK_EQ(err.sys, EADDRINUSE);
    gw_listener_close(first);
    CHECK_EQ(rmdir(dir), 0);
}

static void a_file_that_is_no_socket_is_left_alone(void)
{
    struct gw_err err = GW_ERR_NONE;
    char path[] = "/tmp/godwit-XXXXXX", address[64];
    int fd = mkstemp(path);
    snprintf(address, sizeof address, "unix:%s", path);
    CHECK(gw_listen(address, &err) == NULL);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot listen");
    CHECK_EQ(access(path, F_OK), 0);
    close(fd);
    unlink(path);
}

static void wrong_addresses_are_wrong_use(void)
{
    static const char *const wrong[] = { "",          "host",  "tcp://",   "tcp://host", "tcp://host:",
                                         "udp://a:1", "unix:", "tcp://:x", "exec:" };
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        CHECK(gw_connect(wrong[i], &err) == NULL);
        CHECK_EQ(err.code, GW_E_USAGE);
    }
}

static void nobody_there_is_the_systems_failure(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_listener *listener = gw_listen("tcp://127.0.0.1:0", &err);
    char name[300];
    snprintf(name, sizeof name, "%s", gw_listener_address(listener));
    gw_listener_close(listener);
    CHECK(gw_connect(name, &err) == NULL);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot connect");
}

static void throttle_lets_the_rate_pass(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf out = { 0 };
    struct gw_clock clock = gw_clock_simulated(5);
    static uint8_t octets[1000000];
    struct gw_chan *memory = gw_chan_memory(octets, sizeof octets, &out, &err);
    struct gw_chan *chan = gw_chan_throttle(memory, 500000, &clock, &err);
    CHECK_EQ(gw_chan_write(chan, octets, sizeof octets, &err), 0);
    CHECK_EQ(out.len, sizeof octets);
    CHECK_EQ(gw_now(&clock), 5 + UINT64_C(2000000000));
    CHECK_EQ(gw_chan_read(chan, octets, sizeof octets / 2, NULL, &err), 0);
    CHECK_EQ(gw_now(&clock), 5 + UINT64_C(3000000000));
    gw_chan_close(chan);
    gw_buf_free(&out);
}

static void stall_is_silent_once_before_its_octet(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_clock clock = gw_clock_simulated(0);
    struct gw_fault fault = { .stall_read = true, .stall_read_at = 3, .stall_ns = 700, .clock = &clock };
    struct gw_chan *chan = gw_chan_fault(gw_chan_memory("abcdefgh", 8, NULL, &err), &fault, &err);
    char got[9] = "";
    CHECK_EQ(gw_chan_read(chan, got, 3, NULL, &err), 0);
    CHECK_EQ(gw_now(&clock), 0);
    CHECK_EQ(gw_chan_read(chan, got + 3, 5, NULL, &err), 0);
    CHECK_EQ(gw_now(&clock), 700);
    CHECK_STR(got, "abcdefgh");
    gw_chan_close(chan);
}

static void cancelled_work_ends_at_the_next_interruption(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_fault fault = { .interrupt_every = 1, .most = 1 };
    struct gw_chan *chan = gw_chan_fault(gw_chan_memory("abcdefgh", 8, NULL, &err), &fault, &err);
    char got[8];
    CHECK_EQ(gw_chan_read(chan, got, 4, NULL, &err), 0);
    gw_cancel_request();
    CHECK(gw_chan_read(chan, got, 4, NULL, &err) < 0);
    CHECK_EQ(err.sys, EINTR);
    gw_cancel_reset();
    gw_chan_close(chan);
}

const struct test tests[] = {
    { "tcp-port-0-is-chosen-by-the-system", tcp_port_0_is_chosen_by_the_system },
    { "unix-socket-goes-with-its-listener", unix_socket_goes_with_its_listener },
    { "a-leftover-socket-is-replaced-and-a-live-one-is-not", a_leftover_socket_is_replaced_and_a_live_one_is_not },
    { "a-file-that-is-no-socket-is-left-alone", a_file_that_is_no_socket_is_left_alone },
    { "wrong-addresses-are-wrong-use", wrong_addresses_are_wrong_use },
    { "nobody-there-is-the-systems-failure", nobody_there_is_the_systems_failure },
    { "throttle-lets-the-rate-pass", throttle_lets_the_rate_pass },
    { "stall-is-silent-once-before-its-octet", stall_is_silent_once_before_its_octet },
    { "cancelled-work-ends-at-the-next-interruption", cancelled_work_ends_at_the_next_interruption },
    { NULL, NULL },
};
