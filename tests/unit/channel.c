/*
 * channel.c - every kind of channel gives the same octets, whole or with the right count, whatever comes in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "channel.h"
#include "harness.h"

#define LEN 300
static uint8_t octets[LEN];

static void fill(void)
{
    for (unsigned i = 0; i < LEN; i++)
        octets[i] = (uint8_t)(i * 7 + i / 256 + 1);
}

static int new_file(const void *mem, size_t len)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    CHECK(fd >= 0);
    CHECK_EQ(write(fd, mem, len), len);
    CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static int new_pipe(const void *mem, size_t len)
{
    int fd[2];
    CHECK_EQ(pipe2(fd, O_CLOEXEC), 0);
    CHECK_EQ(write(fd[1], mem, len), len);
    close(fd[1]);
    return fd[0];
}

enum kind { MEMORY, IN_FILE, IN_PIPE, WINDOW, WINDOW_FILE, FAULT, ONE_BY_ONE, INTERRUPTED, NUM_KINDS };

/* The first len octets as a channel of that kind. */
static struct gw_chan *open_kind(enum kind kind, size_t len)
{
    static const struct gw_fault none, one = { .most = 1 }, often = { .most = 1, .interrupt_every = 1 };
    struct gw_err err = GW_ERR_NONE;
    struct gw_chan *chan = NULL;
    fill();
    if (kind == IN_FILE || kind == WINDOW_FILE)
        chan = gw_chan_fd(new_file(octets, len), true, &err);
    else if (kind == IN_PIPE)
        chan = gw_chan_fd(new_pipe(octets, len), true, &err);
    else
        chan = gw_chan_memory(octets, len, NULL, &err);
    if (kind == WINDOW || kind == WINDOW_FILE)
        chan = gw_chan_window(chan, &err);
    if (kind >= FAULT)
        chan = gw_chan_fault(chan, kind == FAULT ? &none : kind == ONE_BY_ONE ? &one : &often, &err);
    CHECK(chan != NULL);
    return chan;
}

static void a_read_is_whole_or_says_what_was_there(void)
{
    for (enum kind kind = 0; kind < NUM_KINDS; kind++)
        for (size_t there = 0; there <= LEN; there++) {
            struct gw_chan *chan = open_kind(kind, there);
            struct gw_err err = GW_ERR_NONE;
            uint8_t mem[LEN];
            size_t got = 12345;
            char want[64];
            int rc = gw_chan_read(chan, mem, LEN, &got, &err);
            CHECK_EQ(got, there);
            CHECK_EQ(chan->read_pos, there);
            CHECK_MEM(mem, octets, there);
            snprintf(want, sizeof want, "the input ends after %zu of 300 octets", there);
            if (there < LEN)
                CHECK_FAIL(err, GW_E_SHORT, want);
            CHECK_EQ(rc, there < LEN ? -1 : 0);
            gw_chan_close(chan);
        }
}

static void a_skip_is_whole_or_says_what_was_there(void)
{
    for (enum kind kind = 0; kind < NUM_KINDS; kind++)
        for (size_t there = 0; there <= LEN; there += 25) {
            struct gw_chan *chan = open_kind(kind, there);
            struct gw_err err = GW_ERR_NONE;
            size_t first = there / 3;
            char want[64];
            CHECK_EQ(gw_chan_skip(chan, first, &err), 0);
            CHECK_EQ(chan->read_pos, first);
            CHECK_EQ(gw_chan_skip(chan, there - first + 1, &err), -1);
            snprintf(want, sizeof want, "the input ends after %zu of %zu octets", there - first, there - first + 1);
            CHECK_FAIL(err, GW_E_SHORT, want);
            CHECK_EQ(chan->read_pos, there);
            gw_chan_close(chan);
        }
}

static void what_follows_a_skip_is_read(void)
{
    for (enum kind kind = 0; kind < NUM_KINDS; kind++) {
        struct gw_chan *chan = open_kind(kind, LEN);
        struct gw_err err = GW_ERR_NONE;
        uint8_t mem[100];
        CHECK_EQ(gw_chan_read(chan, mem, 3, NULL, &err), 0);
        CHECK_EQ(gw_chan_skip(chan, 200, &err), 0);
        CHECK_EQ(gw_chan_read(chan, mem, 97, NULL, &err), 0);
        CHECK_MEM(mem, octets + 203, 97);
        size_t got = 9;
        CHECK_EQ(gw_chan_some(chan, mem, 1, &got, &err), 0);
        CHECK_EQ(got, 0);
        gw_chan_close(chan);
    }
}

/* 1024 parts, empty ones among them. */
static void many_parts_are_filled_in_order(void)
{
    struct iovec part[GW_CHAN_PARTS], before[GW_CHAN_PARTS];
    uint8_t mem[LEN];
    for (enum kind kind = 0; kind < NUM_KINDS; kind++) {
        size_t at = 0;
        for (unsigned i = 0; i < GW_CHAN_PARTS; i++) {
            size_t len = i % 7 == 3 && at + 2 <= LEN ? 2 : i == GW_CHAN_PARTS - 1 ? LEN - at : 0;
            part[i] = (struct iovec){ .iov_base = mem + at, .iov_len = len };
            at += len;
        }
        memcpy(before, part, sizeof part);
        memset(mem, 0, sizeof mem);
        struct gw_chan *chan = open_kind(kind, LEN);
        struct gw_err err = GW_ERR_NONE;
        CHECK_EQ(gw_chan_readv(chan, part, GW_CHAN_PARTS, &err), 0);
        CHECK_MEM(mem, octets, LEN);
        CHECK_MEM(part, before, sizeof part);
        gw_chan_close(chan);
    }
}

/* A file of 1 TiB that is all hole: reading it would take longer than this test may. */
static void a_file_is_skipped_without_reading(void)
{
    struct gw_err err = GW_ERR_NONE;
    uint64_t size = UINT64_C(1) << 40;
    for (unsigned windowed = 0; windowed < 2; windowed++) {
        int fd = memfd_create("huge", MFD_CLOEXEC);
        CHECK(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
        struct gw_chan *chan = gw_chan_fd(fd, true, &err);
        if (windowed)
            chan = gw_chan_window(chan, &err);
        CHECK(chan != NULL);
        CHECK_EQ(gw_chan_skip(chan, size - 5, &err), 0);
        CHECK_EQ(lseek(fd, 0, SEEK_CUR), size - 5);
        CHECK_EQ(gw_chan_skip(chan, size, &err), -1);
        CHECK_FAIL(err, GW_E_SHORT, "the input ends after 5 of 1099511627776 octets");
        CHECK_EQ(chan->read_pos, size);
        gw_chan_close(chan);
    }
}

static void a_descriptor_behind_its_files_end_skips_nothing(void)
{
    struct gw_err err = GW_ERR_NONE;
    int fd = new_file("abc", 3);
    CHECK_EQ(lseek(fd, 100, SEEK_SET), 100);
    struct gw_chan *chan = gw_chan_fd(fd, true, &err);
    CHECK_EQ(gw_chan_skip(chan, 1, &err), -1);
    CHECK_FAIL(err, GW_E_SHORT, "the input ends after 0 of 1 octets");
    gw_chan_close(chan);
}

/* --- window ------------------------------------------------------------------------------------------------------ */

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static void read_and_compare(struct gw_chan *chan, const uint8_t *want, size_t len, unsigned parts)
{
    uint8_t *mem = malloc(len + 1);
    struct iovec part[3] = { { mem, len / 3 }, { mem + len / 3, len / 2 - len / 3 }, { mem + len / 2, len - len / 2 } };
    struct gw_err err = GW_ERR_NONE;
    CHECK(mem != NULL);
    CHECK_EQ(parts == 1 ? gw_chan_read(chan, mem, len, NULL, &err) : gw_chan_readv(chan, part, 3, &err), 0);
    CHECK_MEM(mem, want, len);
    free(mem);
}

/* Looks ahead, skips and reads in a random mixture over a channel that moves a random number of octets at a time. */
static void a_window_gives_what_lies_below(void)
{
    size_t size = 200000;
    uint8_t *all = malloc(size);
    CHECK(all != NULL);
    for (size_t i = 0; i < size; i++)
        all[i] = (uint8_t)(i * 31 + i / 251);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        uint64_t state = seed, at = 0;
        struct gw_err err = GW_ERR_NONE;
        struct gw_fault fault = { .most = (size_t)next_random(&state) % 20000, .interrupt_every = seed % 4 };
        struct gw_chan *chan = gw_chan_memory(all, size, NULL, &err);
        chan = gw_chan_window(gw_chan_fault(chan, &fault, &err), &err);
        CHECK(chan != NULL && gw_chan_can_peek(chan));
        while (at < size) {
            const uint8_t *mem;
            size_t len, most = seed % 2 ? 40000 : 300;
            uint64_t step = gw_min(next_random(&state) % most, size - at);
            unsigned what = (unsigned)(next_random(&state) % 4);
            CHECK_EQ(gw_chan_peek(chan, 1 + step % gw_limit(WINDOW), &mem, &len, &err), 0);
            CHECK(len >= gw_min(1 + step % gw_limit(WINDOW), size - at));
            CHECK_MEM(mem, all + at, len);
            if (what == 0)
                CHECK_EQ(gw_chan_skip(chan, step, &err), 0);
            else if (what < 3)
                read_and_compare(chan, all + at, step, what);
            at += what < 3 ? step : 0;
            CHECK_EQ(chan->read_pos, at);
        }
        gw_chan_close(chan);
    }
    free(all);
}

static void a_window_at_the_end_shows_what_is_left(void)
{
    struct gw_chan *chan = open_kind(WINDOW, 10);
    struct gw_err err = GW_ERR_NONE;
    const uint8_t *mem;
    size_t len;
    CHECK_EQ(gw_chan_skip(chan, 7, &err), 0);
    CHECK_EQ(gw_chan_peek(chan, 100, &mem, &len, &err), 0);
    CHECK_EQ(len, 3);
    CHECK_EQ(gw_chan_skip(chan, 3, &err), 0);
    CHECK_EQ(gw_chan_peek(chan, 1, &mem, &len, &err), 0);
    CHECK_EQ(len, 0);
    gw_chan_close(chan);
}

static void only_owners_of_what_follows_look_ahead(void)
{
    static const bool want[NUM_KINDS] = { [MEMORY] = true, [WINDOW] = true, [WINDOW_FILE] = true };
    for (enum kind kind = 0; kind < NUM_KINDS; kind++) {
        struct gw_chan *chan = open_kind(kind, 10);
        struct gw_err err = GW_ERR_NONE;
        const uint8_t *mem;
        size_t len;
        CHECK_EQ(gw_chan_can_peek(chan), want[kind]);
        CHECK_EQ(gw_chan_peek(chan, 4, &mem, &len, &err), want[kind] ? 0 : -1);
        if (!want[kind])
            CHECK_FAIL(err, GW_E_USAGE, "does not own what follows and cannot look ahead");
        gw_chan_close(chan);
    }
}

/* --- what a descriptor does -------------------------------------------------------------------------------------- */

static void an_owned_descriptor_is_closed_and_a_lent_one_stays(void)
{
    struct gw_err err = GW_ERR_NONE;
    int owned = new_file("a", 1), lent = new_file("a", 1);
    gw_chan_close(gw_chan_window(gw_chan_fd(owned, true, &err), &err));
    gw_chan_close(gw_chan_fd(lent, false, &err));
    CHECK(fcntl(owned, F_GETFD) < 0);
    CHECK(fcntl(lent, F_GETFD) >= 0);
    close(lent);
    gw_chan_close(NULL);
}

enum target { TO_MEMORY, TO_FILE, TO_PIPE, TO_COUNT_OF_FILE, NUM_TARGETS };

/* A channel to write to; *fd: where what was written is read from, -1 for memory. */
static struct gw_chan *open_target(enum target target, struct gw_buf *mem, struct gw_chan **below, int *fd)
{
    struct gw_err err = GW_ERR_NONE;
    int both[2];
    *below = NULL;
    *fd = -1;
    if (target == TO_MEMORY)
        return gw_chan_memory("", 0, mem, &err);
    if (target == TO_PIPE) {
        CHECK_EQ(pipe2(both, O_CLOEXEC), 0);
    } else {
        both[0] = new_file("", 0);
        both[1] = fcntl(both[0], F_DUPFD_CLOEXEC, 0);
    }
    *fd = both[0];
    struct gw_chan *chan = gw_chan_fd(both[1], true, &err);
    if (target != TO_COUNT_OF_FILE)
        return chan;
    *below = chan;
    return gw_chan_count(chan, &err);
}

/* What arrived, behind the closed target; its number of octets. */
static size_t arrived(const struct gw_buf *mem, int fd, uint8_t *to, size_t room)
{
    struct gw_err err = GW_ERR_NONE;
    size_t len = 0;
    if (fd < 0) {
        if (mem->len > 0)
            memcpy(to, mem->mem, mem->len);
        return mem->len;
    }
    (void)lseek(fd, 0, SEEK_SET); /* a pipe has no place */
    struct gw_chan *back = gw_chan_fd(fd, true, &err);
    CHECK_EQ(gw_chan_read(back, to, room, &len, &err), -1);
    gw_chan_close(back);
    return len;
}

/* Of `there` octets 7 are read before, so that a window holds some; then len are moved through a buffer of `room`. */
static void move(enum kind kind, enum target target, size_t there, size_t len, size_t room)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf mem = { 0 };
    uint8_t first[7], buffer[64], got[LEN + 1];
    struct gw_chan *below, *from = open_kind(kind, there);
    int fd;
    struct gw_chan *to = open_target(target, &mem, &below, &fd);
    CHECK_EQ(gw_chan_read(from, first, sizeof first, NULL, &err), 0);
    size_t left = there - sizeof first, moved = len < left ? len : left;
    int rc = gw_chan_move(from, to, len, buffer, room, &err);
    CHECK_EQ(rc, len <= left ? 0 : -1);
    if (rc < 0)
        CHECK_EQ(err.code, GW_E_SHORT);
    CHECK_EQ(from->read_pos, sizeof first + moved);
    CHECK_EQ(to->write_pos, moved);
    gw_chan_close(to);
    gw_chan_close(below);
    CHECK_EQ(arrived(&mem, fd, got, sizeof got), moved);
    CHECK_MEM(got, octets + sizeof first, moved);
    if (left > moved) { /* what follows is still there */
        CHECK_EQ(gw_chan_read(from, buffer, 1, NULL, &err), 0);
        CHECK_EQ(buffer[0], octets[sizeof first + moved]);
    }
    gw_chan_close(from);
    gw_buf_free(&mem);
}

static void octets_move_whole_between_all_kinds(void)
{
    static const size_t lens[] = { 0, 1, 64, 65, 200, LEN - 7, LEN };
    for (enum kind kind = 0; kind < NUM_KINDS; kind++)
        for (enum target target = 0; target < NUM_TARGETS; target++)
            for (unsigned i = 0; i < sizeof lens / sizeof lens[0]; i++) {
                move(kind, target, LEN, lens[i], 64);
                move(kind, target, 100, lens[i], 1);
            }
}

static void a_move_to_a_full_disk_is_the_systems_failure(void)
{
    struct gw_err err = GW_ERR_NONE;
    uint8_t buffer[64];
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        SKIP("there is no /dev/full here");
    struct gw_chan *to = gw_chan_fd(fd, true, &err), *from = open_kind(IN_FILE, LEN);
    CHECK_EQ(gw_chan_move(from, to, LEN, buffer, sizeof buffer, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot write: No space left on device");
    gw_chan_close(to);
    gw_chan_close(from);
}

static void a_pipe_gets_room_for_a_mebioctet(void)
{
    struct gw_err err = GW_ERR_NONE;
    int both[2];
    CHECK_EQ(pipe2(both, O_CLOEXEC), 0);
    int before = fcntl(both[1], F_GETPIPE_SZ), may = fcntl(both[1], F_SETPIPE_SZ, 1 << 20);
    CHECK_EQ(fcntl(both[1], F_SETPIPE_SZ, before), before);
    struct gw_chan *chan = gw_chan_fd_pair(both[0], both[1], true, &err);
    CHECK(chan != NULL);
    if (may == 1 << 20)
        CHECK_EQ(fcntl(both[1], F_GETPIPE_SZ), 1 << 20);
    gw_chan_close(chan);
    if (may != 1 << 20)
        SKIP("this system lets nobody have a pipe of 1 MiB");
}

static void a_read_that_fails_is_the_systems_failure(void)
{
    struct gw_err err = GW_ERR_NONE;
    uint8_t octet;
    struct gw_chan *chan = gw_chan_fd(open("/", O_RDONLY | O_CLOEXEC), true, &err);
    CHECK_EQ(gw_chan_read(chan, &octet, 1, NULL, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot read: Is a directory");
    CHECK_EQ(err.sys, EISDIR);
    gw_chan_close(chan);
}

static void a_full_disk_is_the_systems_failure(void)
{
    struct gw_err err = GW_ERR_NONE;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        SKIP("there is no /dev/full here");
    struct gw_chan *chan = gw_chan_fd(fd, true, &err);
    CHECK_EQ(gw_chan_write(chan, "abc", 3, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot write: No space left on device");
    CHECK_EQ(chan->write_pos, 0);
    gw_chan_close(chan);
}

const struct test tests[] = {
    { "a-read-is-whole-or-says-what-was-there", a_read_is_whole_or_says_what_was_there },
    { "a-skip-is-whole-or-says-what-was-there", a_skip_is_whole_or_says_what_was_there },
    { "what-follows-a-skip-is-read", what_follows_a_skip_is_read },
    { "many-parts-are-filled-in-order", many_parts_are_filled_in_order },
    { "a-file-is-skipped-without-reading", a_file_is_skipped_without_reading },
    { "a-descriptor-behind-its-files-end-skips-nothing", a_descriptor_behind_its_files_end_skips_nothing },
    { "a-window-gives-what-lies-below", a_window_gives_what_lies_below },
    { "a-window-at-the-end-shows-what-is-left", a_window_at_the_end_shows_what_is_left },
    { "only-owners-of-what-follows-look-ahead", only_owners_of_what_follows_look_ahead },
    { "an-owned-descriptor-is-closed-and-a-lent-one-stays", an_owned_descriptor_is_closed_and_a_lent_one_stays },
    { "a-pipe-gets-room-for-a-mebioctet", a_pipe_gets_room_for_a_mebioctet },
    { "a-read-that-fails-is-the-systems-failure", a_read_that_fails_is_the_systems_failure },
    { "a-full-disk-is-the-systems-failure", a_full_disk_is_the_systems_failure },
    { "octets-move-whole-between-all-kinds", octets_move_whole_between_all_kinds },
    { "a-move-to-a-full-disk-is-the-systems-failure", a_move_to_a_full_disk_is_the_systems_failure },
    { NULL, NULL },
};
