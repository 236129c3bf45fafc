/*
 * tracker.c - which pages a guest writes: the kernel marks, in the guest's own page table.
 *
 * track: the guest's mapping is registered with its userfaultfd and every page write-protected, in asynchronous mode:
 * a write takes the protection away and goes on, nobody is woken. collect: PAGEMAP_SCAN over the guest's page map
 * gives the pages without protection and protects them again, each page under its lock and flushed from all
 * processors before the call returns. So a write before that moment is in this collect, one behind it takes the
 * protection away again. Absent pages carry the mark too (WP_UNPOPULATED). Works from another process: both
 * descriptors belong to the guest's address space.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "link.h"
#include "uffd.h"

#define REGIONS 1024

static struct uffdio_range whole_range(const struct link *link)
{
    return (struct uffdio_range){ link->control->address, link->control->num_pages * GW_PAGE_LEN };
}

/* Pages in [at, end) that were written, protected again. *next: where to go on. Negative: failed. */
static int scan(const struct link *link, uint64_t at, uint64_t end, struct page_region *regions, uint64_t *next)
{
    struct pm_scan_arg arg = {
        .size = sizeof arg,
        .flags = PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC,
        .start = at,
        .end = end,
        .vec = (uint64_t)(uintptr_t)regions,
        .vec_len = REGIONS,
        .category_mask = PAGE_IS_WRITTEN,
        .return_mask = PAGE_IS_WRITTEN,
    };
    int num = ioctl(link->fd[LINK_PAGEMAP], PAGEMAP_SCAN, &arg);
    *next = arg.walk_end;
    return num;
}

static int register_range(const struct link *link, struct uffdio_range range)
{
    struct uffdio_register reg = { .range = range, .mode = UFFDIO_REGISTER_MODE_WP };
    if (ioctl(link->fd[LINK_UFFD], UFFDIO_REGISTER, &reg) < 0)
        return -1;
    if (reg.ioctls & UINT64_C(1) << _UFFDIO_WRITEPROTECT)
        return 0;
    errno = EOPNOTSUPP;
    return -1;
}

int tracker_probe(const struct link *link, char *why_not, size_t room)
{
    struct page_region regions[REGIONS];
    struct uffdio_range page = { link->control->address, GW_PAGE_LEN }; /* one is enough, and cheap */
    uint64_t next;
    const char *what = NULL;
    if (link->track_sys != 0) {
        errno = link->track_sys;
        what = "userfaultfd with asynchronous write protection";
    } else if (register_range(link, page) < 0) {
        what = "write protection of shared memory";
    } else if (scan(link, page.start, page.start + page.len, regions, &next) < 0) {
        what = "PAGEMAP_SCAN";
    }
    if (what != NULL)
        snprintf(why_not, room, "the kernel here has no %s (Linux 6.7 has): %s", what, strerror(errno));
    if (link->track_sys == 0)
        (void)ioctl(link->fd[LINK_UFFD], UFFDIO_UNREGISTER, &page);
    return what == NULL ? 0 : -1;
}

int tracker_start(struct link *link, struct gw_err *err)
{
    struct uffdio_writeprotect protect = { .range = whole_range(link), .mode = UFFDIO_WRITEPROTECT_MODE_WP };
    if (link->track_sys != 0) {
        errno = link->track_sys;
        return gw_fail(err, GW_E_SYSTEM, "the kernel here has no userfaultfd with asynchronous write protection");
    }
    if (register_range(link, whole_range(link)) == 0 && ioctl(link->fd[LINK_UFFD], UFFDIO_WRITEPROTECT, &protect) == 0)
        return 0;
    gw_fail(err, GW_E_SYSTEM, "cannot watch the memory of process %d", (int)link->pid);
    tracker_stop(link);
    return -1;
}

static uint64_t set_region(const struct link *link, struct gw_bitmap *dirty, const struct page_region *region)
{
    uint64_t num = 0, pfn = (region->start - link->control->address) / GW_PAGE_LEN;
    uint64_t end = (region->end - link->control->address) / GW_PAGE_LEN;
    assert(end <= dirty->num);
    for (; pfn < end; pfn++) {
        num += !gw_bitmap_test(dirty, pfn);
        gw_bitmap_set(dirty, pfn);
    }
    return num;
}

int tracker_collect(struct link *link, struct gw_bitmap *dirty, uint64_t *num, struct gw_err *err)
{
    struct page_region regions[REGIONS];
    struct uffdio_range range = whole_range(link);
    uint64_t at = range.start, end = range.start + range.len;
    while (at < end) {
        uint64_t next;
        int found = scan(link, at, end, regions, &next);
        if (found < 0)
            return gw_fail(err, GW_E_SYSTEM, "cannot see what process %d writes", (int)link->pid);
        assert(next > at && next <= end);
        for (int i = 0; i < found; i++)
            *num += set_region(link, dirty, &regions[i]);
        at = next;
    }
    return 0;
}

void tracker_stop(struct link *link)
{
    struct uffdio_range range = whole_range(link);
    if (link->fd[LINK_UFFD] >= 0 && link->control->address != 0)
        (void)ioctl(link->fd[LINK_UFFD], UFFDIO_UNREGISTER, &range);
}
