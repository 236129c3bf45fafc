/*
 * payload_zeros.c - contents that are known to be zero: seen, landed as holes where that can be, moved on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "payloads.h"

/* The bench's payload is LEN zeros; its buffer is dirty. */
static void open_zeros(struct bench *b, unsigned watchers)
{
    open_bench(b, LEN, 0);
    memset(b->buffer, 0xaa, ROOM);
    gw_payload_zeros(&b->payload, LEN, b->buffer, ROOM);
    for (unsigned i = 0; i < watchers; i++)
        CHECK_EQ(gw_payload_watch(&b->payload, watch, &b->watcher[i], &b->err), 0);
}

static void check_zeros(const struct landing *l)
{
    uint8_t *mem = malloc(LEN);
    CHECK(mem != NULL);
    for (unsigned i = 0; i < SEGS; i++) {
        const struct gw_seg *seg = &l->seg[i];
        if (seg->mem == NULL)
            CHECK_EQ(pread(seg->fd, mem, seg->len, (off_t)seg->off), seg->len);
        CHECK(gw_is_zero(seg->mem != NULL ? seg->mem : mem, seg->len));
    }
    free(mem);
}

/* What lies before, between and behind the segments of a file is nobody's business here. */
static void dirty_landing(const struct landing *l)
{
    CHECK_EQ(pwrite(l->fd, contents, LEN, 0), LEN);
    CHECK_EQ(pwrite(l->fd, contents, LEN, (off_t)LEN), LEN);
    CHECK_EQ(pwrite(l->fd, "behind", 6, 2 * (off_t)LEN), 6);
    fill_landing(l);
}

static void check_zero_combination(unsigned watchers, unsigned kinds, unsigned moves)
{
    struct bench b;
    struct landing first, second;
    open_zeros(&b, watchers);
    open_landing(&first, kinds);
    open_landing(&second, kinds % 3 + 1);
    dirty_landing(&first);
    dirty_landing(&second);
    if (kinds > 0) {
        CHECK_EQ(gw_payload_into(&b.payload, first.seg, SEGS, &b.err), 0);
        check_zeros(&first);
        memset(b.buffer, 0xbb, ROOM); /* borrowed: others use it in between */
        CHECK_EQ(gw_payload_into(&b.payload, second.seg, SEGS, &b.err), 0);
        check_zeros(&second);
    }
    for (unsigned i = 0; i < moves; i++) {
        memset(b.buffer, 0xcc, ROOM);
        CHECK_EQ(gw_payload_to(&b.payload, b.to, &b.err), 0);
    }
    CHECK_EQ(gw_payload_settle(&b.payload, &b.err), 0);
    CHECK_EQ(gw_payload_settle(&b.payload, &b.err), 0);
    for (unsigned i = 0; i < watchers; i++) {
        CHECK_EQ(b.watcher[i].seen.len, LEN);
        CHECK(gw_is_zero(b.watcher[i].seen.mem, LEN));
    }
    CHECK_EQ(b.out.len, moves * LEN);
    CHECK(gw_is_zero(b.out.mem, b.out.len));
    CHECK_EQ(b.from->read_pos, 0);
    close_landing(&first);
    close_landing(&second);
    close_bench(&b);
}

static void zeros_get_everywhere_in_every_combination(void)
{
    for (unsigned watchers = 0; watchers <= 3; watchers++)
        for (unsigned kinds = 0; kinds <= 3; kinds++)
            for (unsigned moves = 0; moves <= 3; moves++)
                check_zero_combination(watchers, kinds, moves);
}

/* The segments lie in the file at 5 + 2 * at, as long as the gaps between them. */
static void zeros_leave_what_is_beside_them_in_a_file(void)
{
    struct bench b;
    struct landing l;
    uint8_t *before = malloc(2 * LEN), *after = malloc(2 * LEN);
    CHECK(before != NULL && after != NULL);
    open_zeros(&b, 0);
    open_landing(&l, 2);
    dirty_landing(&l);
    CHECK_EQ(pread(l.fd, before, 2 * LEN, 0), 2 * LEN);
    CHECK_EQ(gw_payload_into(&b.payload, l.seg, SEGS, &b.err), 0);
    CHECK_EQ(pread(l.fd, after, 2 * LEN, 0), 2 * LEN);
    for (unsigned i = 0; i < SEGS; i++)
        memset(before + l.seg[i].off, 0, (size_t)gw_min(l.seg[i].len, 2 * LEN - l.seg[i].off));
    CHECK_MEM(after, before, 2 * LEN);
    CHECK_EQ(pread(l.fd, after, 10, 2 * (off_t)LEN), 6); /* and it is as long as before */
    CHECK_MEM(after, "behind", 6);
    free(before);
    free(after);
    close_landing(&l);
    close_bench(&b);
}

/* As in a guest that is a process: a file, mapped. Its memory is given back, not written. */
static void zeros_take_memory_out_of_a_mapped_file(void)
{
    struct bench b;
    struct stat st;
    int fd = memfd_create("mapped", MFD_CLOEXEC);
    open_zeros(&b, 1);
    CHECK(fd >= 0 && ftruncate(fd, (off_t)(LEN + 8192)) == 0);
    uint8_t *mem = mmap(NULL, LEN + 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(mem != MAP_FAILED);
    memset(mem, 0x5a, LEN + 8192);
    struct gw_seg seg = { .mem = mem + 4096, .fd = fd, .off = 4096, .len = LEN };
    CHECK_EQ(gw_payload_into(&b.payload, &seg, 1, &b.err), 0);
    CHECK_EQ(fstat(fd, &st), 0);
    CHECK_EQ(st.st_blocks * 512, 8192); /* what is beside it */
    CHECK_EQ(st.st_size, LEN + 8192);
    CHECK(gw_is_zero(mem + 4096, LEN));
    CHECK(mem[4095] == 0x5a && mem[4096 + LEN] == 0x5a);
    munmap(mem, LEN + 8192);
    close(fd);
    close_bench(&b);
}

static void zeros_behind_the_end_of_a_file_make_it_longer(void)
{
    struct bench b;
    struct stat st;
    int fd = memfd_create("short", MFD_CLOEXEC);
    CHECK(fd >= 0 && pwrite(fd, "abc", 3, 0) == 3);
    open_zeros(&b, 0);
    struct gw_seg seg = { .fd = fd, .off = 1, .len = LEN };
    CHECK_EQ(gw_payload_into(&b.payload, &seg, 1, &b.err), 0);
    CHECK_EQ(fstat(fd, &st), 0);
    CHECK_EQ(st.st_size, LEN + 1);
    struct bench read;
    open_bench(&read, LEN, 0);
    gw_payload_of(&read.payload, &seg, 1, read.buffer, ROOM);
    CHECK_EQ(gw_payload_to(&read.payload, read.to, &read.err), 0);
    CHECK_EQ(read.out.len, LEN);
    CHECK(gw_is_zero(read.out.mem, LEN));
    close(fd);
    close_bench(&read);
    close_bench(&b);
}

/*
 * This process's own memory as a file: it can be written, but has no holes. Low memory, for as a file it is no longer
 * than 2 GiB to those who ask for a hole.
 */
static void zeros_are_written_where_no_hole_can_be(void)
{
    struct bench b;
    uint8_t *mem = mmap((void *)UINT64_C(0x20000000), LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
    CHECK(mem != MAP_FAILED);
    if ((uintptr_t)mem + LEN > INT32_MAX || fd < 0 || pwrite(fd, "x", 1, (off_t)(uintptr_t)mem) != 1)
        SKIP("no low memory can be written through /proc/self/mem here");
    CHECK_EQ(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(uintptr_t)mem, 4096), -1);
    CHECK_EQ(errno, EOPNOTSUPP);
    for (unsigned both = 0; both < 2; both++) {
        memset(mem, 0x77, LEN);
        open_zeros(&b, 0);
        struct gw_seg seg[] = {
            { .mem = both ? mem : NULL, .fd = fd, .off = (uintptr_t)mem, .len = LEN - 4096 },
            { .mem = both ? mem + LEN - 4096 : NULL, .fd = fd, .off = (uintptr_t)mem + LEN - 4096, .len = 4096 },
        };
        CHECK_EQ(gw_payload_into(&b.payload, seg, 2, &b.err), 0);
        CHECK(gw_is_zero(mem, LEN));
        close_bench(&b);
    }
    munmap(mem, LEN);
    close(fd);
}

static void a_file_that_fails_under_zeros_is_told(void)
{
    struct bench b;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct gw_seg seg = { .fd = fd, .len = LEN };
    open_zeros(&b, 0);
    CHECK_EQ(gw_payload_into(&b.payload, &seg, 1, &b.err), -1);
    CHECK_FAIL(b.err, GW_E_SYSTEM, "cannot take contents out of their file");
    CHECK_EQ(b.err.sys, EBADF);
    close(fd);
    close_bench(&b);
    fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    seg.fd = fd;
    open_zeros(&b, 0);
    CHECK_EQ(gw_payload_into(&b.payload, &seg, 1, &b.err), -1);
    CHECK_FAIL(b.err, GW_E_SYSTEM, "cannot write contents to their file");
    CHECK_EQ(b.err.sys, ENOSPC);
    close(fd);
    close_bench(&b);
}

/* A watcher that fails keeps the zeros from everywhere. */
static void a_watchers_failure_stops_zeros_before_they_land_or_move(void)
{
    for (unsigned how = 0; how < 3; how++) {
        struct bench b;
        struct landing l;
        open_zeros(&b, 2);
        open_landing(&l, 3);
        dirty_landing(&l);
        b.watcher[0].fail_at = 2;
        CHECK_EQ(how == 0   ? gw_payload_settle(&b.payload, &b.err)
                 : how == 1 ? gw_payload_to(&b.payload, b.to, &b.err)
                            : gw_payload_into(&b.payload, l.seg, SEGS, &b.err),
                 -1);
        CHECK_FAIL(b.err, GW_E_REFUSED, "seen enough");
        CHECK_EQ(b.watcher[1].pieces, 1);
        CHECK_EQ(b.out.len, 0);
        check_landed(&l);
        CHECK_EQ(gw_payload_watch(&b.payload, watch, &b.watcher[2], &(struct gw_err){ .code = GW_E_OK }), -1);
        close_landing(&l);
        close_bench(&b);
    }
}

static void an_output_that_breaks_under_zeros_is_told(void)
{
    for (size_t cut = 0; cut < LEN; cut += 4095) {
        struct gw_fault fault = { .cut_write = true, .cut_write_at = cut };
        struct bench b;
        open_zeros(&b, 0);
        b.to = gw_chan_fault(b.to, &fault, &b.err);
        CHECK_EQ(gw_payload_to(&b.payload, b.to, &b.err), -1);
        CHECK_EQ(b.err.sys, EPIPE);
        CHECK_EQ(b.out.len, cut);
        close_bench(&b);
    }
}

static void no_zeros_are_fine_everywhere(void)
{
    struct bench b;
    open_zeros(&b, 0);
    gw_payload_zeros(&b.payload, 0, b.buffer, ROOM);
    CHECK_EQ(gw_payload_watch(&b.payload, watch, &b.watcher[0], &b.err), 0);
    CHECK_EQ(gw_payload_into(&b.payload, NULL, 0, &b.err), 0);
    CHECK_EQ(gw_payload_to(&b.payload, b.to, &b.err), 0);
    CHECK_EQ(gw_payload_settle(&b.payload, &b.err), 0);
    CHECK_EQ(b.watcher[0].pieces, 0);
    CHECK_EQ(b.out.len, 0);
    close_bench(&b);
}

const struct test tests[] = {
    { "zeros-get-everywhere-in-every-combination", zeros_get_everywhere_in_every_combination },
    { "zeros-leave-what-is-beside-them-in-a-file", zeros_leave_what_is_beside_them_in_a_file },
    { "zeros-take-memory-out-of-a-mapped-file", zeros_take_memory_out_of_a_mapped_file },
    { "zeros-behind-the-end-of-a-file-make-it-longer", zeros_behind_the_end_of_a_file_make_it_longer },
    { "zeros-are-written-where-no-hole-can-be", zeros_are_written_where_no_hole_can_be },
    { "a-file-that-fails-under-zeros-is-told", a_file_that_fails_under_zeros_is_told },
    { "a-watchers-failure-stops-zeros-before-they-land-or-move",
      a_watchers_failure_stops_zeros_before_they_land_or_move },
    { "an-output-that-breaks-under-zeros-is-told", an_output_that_breaks_under_zeros_is_told },
    { "no-zeros-are-fine-everywhere", no_zeros_are_fine_everywhere },
    { NULL, NULL },
};
