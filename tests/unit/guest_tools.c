/*
 * guest_tools.c - what tests of guests have in common.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest_tools.h"
#include "harness.h"

unsigned guest_fds(void)
{
    unsigned num = 0;
    DIR *folder = opendir("/proc/self/fd");
    CHECK(folder != NULL);
    while (readdir(folder) != NULL)
        num++;
    closedir(folder);
    return num;
}

void guest_nothing_left(unsigned fds)
{
    CHECK_EQ(waitpid(-1, NULL, WNOHANG), (pid_t)-1);
    CHECK_EQ(errno, ECHILD);
    CHECK_EQ(guest_fds(), fds);
}

struct gw_source *guest_source(const char *name)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_source *source = gw_source_open(name, &err);
    CHECK_STR(err.msg, "");
    CHECK(source != NULL);
    return source;
}

struct gw_destination *guest_destination(const char *name)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_destination *dest = gw_destination_open(name, &err);
    CHECK_STR(err.msg, "");
    CHECK(dest != NULL);
    return dest;
}

struct gw_source *guest_open(const char *name, struct gw_guest_facts *facts)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_source *source = guest_source(name);
    CHECK_EQ(gw_source_describe(source, facts, &err), 0);
    return source;
}

struct gw_source *guest_open_live(const char *name, struct gw_guest_facts *facts)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_source *source = guest_open(name, facts);
    if (facts->live)
        return source;
    CHECK_EQ(gw_source_suspend(source, &err), 0);
    CHECK_EQ(gw_source_destroy(source, &err), 0);
    SKIP("%s", facts->live_why_not);
}

void guest_suspend(struct gw_source *source)
{
    struct gw_err err = GW_ERR_NONE;
    gw_source_suspend(source, &err);
    CHECK_STR(err.msg, "");
}

void guest_resume(struct gw_source *source)
{
    struct gw_err err = GW_ERR_NONE;
    CHECK_EQ(gw_source_resume(source, &err), 0);
}

void guest_end(struct gw_source *source)
{
    struct gw_err err = GW_ERR_NONE;
    guest_suspend(source);
    CHECK_EQ(gw_source_destroy(source, &err), 0);
    gw_source_close(source);
}

int guest_note(void *arg, uint32_t type, const void *body, uint32_t len, struct gw_err *err)
{
    struct guest_emitted *e = arg;
    (void)err;
    CHECK(body != NULL && len > 0);
    e->at += (size_t)snprintf(e->text + e->at, sizeof e->text - e->at, "%s%s", e->at > 0 ? " " : "",
                              gw_record_info(type)->name);
    return 0;
}

int guest_give(void *arg, uint32_t type, const void *body, uint32_t len, struct gw_err *err)
{
    return gw_destination_record(arg, type, body, len, err);
}

struct gw_destination *guest_create(const char *name)
{
    static const struct gw_headers headers = { .image = { .version = 3 }, .domain = { GW_DOMAIN_HVM, 12, 0, 4, 17 } };
    struct gw_err err = GW_ERR_NONE;
    struct gw_destination *dest = guest_destination(name);
    gw_destination_create(dest, &headers, &err);
    CHECK_STR(err.msg, "");
    return dest;
}

void guest_put(const struct gw_seg *seg, size_t at, const void *mem, size_t len)
{
    if (seg->mem != NULL)
        memcpy(seg->mem + at, mem, len);
    else
        CHECK_EQ(pwrite(seg->fd, mem, len, (off_t)(seg->off + at)), (ssize_t)len);
}

uint8_t guest_octet(const struct gw_seg *seg, size_t at)
{
    uint8_t octet = 0;
    if (seg->mem != NULL)
        return seg->mem[at];
    CHECK_EQ(pread(seg->fd, &octet, 1, (off_t)(seg->off + at)), 1);
    return octet;
}

bool guest_reads_zero(const struct gw_seg *seg)
{
    bool zero = true;
    for (size_t at = 0; at < seg->len; at++)
        zero = zero && guest_octet(seg, at) == 0;
    return zero;
}

void guest_place_all(struct gw_source *source, struct gw_destination *dest, uint64_t num_pages)
{
    struct gw_err err = GW_ERR_NONE;
    uint8_t *mem = guest_map(source, num_pages);
    for (uint64_t pfn = 0; pfn < num_pages; pfn += 2) {
        uint64_t entries[] = { gw_entry(pfn, GW_PAGE_NOTAB), gw_entry(pfn + 1, GW_PAGE_NOTAB) };
        struct gw_seg seg;
        unsigned num = 1;
        CHECK_EQ(gw_destination_place(dest, entries, 2, &seg, &num, &err), 0);
        CHECK_EQ(num, 1);
        CHECK_EQ(seg.len, 2 * GW_PAGE_LEN);
        CHECK_EQ(seg.off, pfn * GW_PAGE_LEN);
        guest_put(&seg, 0, mem + pfn * GW_PAGE_LEN, seg.len);
        CHECK_EQ(gw_destination_placed(dest, entries, 2, &err), 0);
    }
    munmap(mem, num_pages * GW_PAGE_LEN);
}

struct gw_destination *guest_copy(struct gw_source *source, const struct gw_guest_facts *facts)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_destination *dest = guest_create("process:life=100,check=1");
    CHECK_EQ(gw_source_static_records(source, guest_give, dest, &err), 0);
    CHECK_EQ(gw_destination_static_done(dest, &err), 0);
    guest_place_all(source, dest, facts->num_pfns);
    CHECK_EQ(gw_source_state_records(source, guest_give, dest, &err), 0);
    gw_destination_complete(dest, &err);
    CHECK_STR(err.msg, "");
    return dest;
}

void guest_let_run(const struct gw_source *source, uint64_t ticks)
{
    uint64_t start = gw_process_ticks(source);
    while (gw_process_ticks(source) < start + ticks)
        sched_yield();
}

void guest_check(const struct gw_source *source)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_process_state state;
    uint64_t bad = 0;
    gw_process_state(source, &state);
    gw_process_check(&state, gw_process_memory(source), &bad, &err);
    CHECK_STR(err.msg, "");
}

uint8_t *guest_map(const struct gw_source *source, uint64_t num_pages)
{
    uint8_t *mem =
        mmap(NULL, num_pages * GW_PAGE_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, gw_process_memory(source), 0);
    CHECK(mem != MAP_FAILED);
    return mem;
}

void guest_wait_for_end(int process)
{
    struct pollfd life = { .fd = process, .events = POLLIN };
    CHECK_EQ(poll(&life, 1, 30000), 1);
    close(process);
}

/* Copies the dirty pages, and forgets them; how many there were. */
static uint64_t copy_dirty(struct gw_bitmap *dirty, const uint8_t *from, uint8_t *to)
{
    uint64_t num = 0;
    for (uint64_t pfn = 0; (pfn = gw_bitmap_next(dirty, pfn)) < dirty->num; num++) {
        memcpy(to + pfn * GW_PAGE_LEN, from + pfn * GW_PAGE_LEN, GW_PAGE_LEN);
        gw_bitmap_clear(dirty, pfn);
    }
    return num;
}

void guest_copy_live(struct gw_source *source, uint64_t num_pages, uint64_t ticks)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_bitmap dirty = { 0 };
    uint64_t num = 0, copied = 0;
    uint8_t *mem = guest_map(source, num_pages), *copy = gw_alloc(num_pages, GW_PAGE_LEN, &err);
    CHECK(copy != NULL);
    CHECK_EQ(gw_bitmap_init(&dirty, num_pages, &err), 0);
    CHECK_EQ(gw_source_track(source, &err), 0);
    memcpy(copy, mem, num_pages * GW_PAGE_LEN);
    for (unsigned round = 0; round < 20; round++) {
        guest_let_run(source, ticks);
        CHECK_EQ(gw_source_collect(source, &dirty, &num, &err), 0);
        CHECK_EQ(gw_bitmap_count(&dirty), num);
        CHECK(num > 0);
        copied += copy_dirty(&dirty, mem, copy);
    }
    CHECK(copied > 20);
    guest_suspend(source);
    CHECK_EQ(gw_source_collect(source, &dirty, &num, &err), 0);
    copy_dirty(&dirty, mem, copy);
    CHECK_MEM(copy, mem, num_pages * GW_PAGE_LEN);
    CHECK_EQ(gw_source_collect(source, &dirty, &num, &err), 0);
    CHECK_EQ(num, 0);
    gw_source_untrack(source);
    guest_check(source);
    guest_resume(source);
    munmap(mem, num_pages * GW_PAGE_LEN);
    gw_bitmap_free(&dirty);
    gw_free(copy);
}

int guest_outlive(int (*doomed)(void), int *process)
{
    int way[2], guest = 0;
    CHECK_EQ(pipe(way), 0);
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        guest = doomed();
        CHECK_EQ(write(way[1], &guest, sizeof guest), (ssize_t)sizeof guest);
        for (;;)
            pause();
    }
    close(way[1]);
    CHECK_EQ(read(way[0], &guest, sizeof guest), (ssize_t)sizeof guest);
    close(way[0]);
    *process = pidfd_open(guest, 0);
    CHECK(*process >= 0);
    CHECK_EQ(kill(pid, SIGKILL), 0);
    CHECK_EQ(waitpid(pid, NULL, 0), pid);
    return guest;
}
