/*
 * page_sum.c - entries and contents side by side: which page is whose.
 *
 * Entries are counted in their order, so that of a pfn that comes twice in one record the last one counts.
 * Owns: the checks of one record. Tests: tests/unit/totals.c, tests/unit/checks.c.
 */
#include <assert.h>

#include "xenf.h"

/* Entries up to the next one with contents. */
static int count_bare(struct gw_page_sum *sum, struct gw_err *err)
{
    for (; sum->next < sum->now->count; sum->next++) {
        uint64_t entry = sum->now->entries[sum->next];
        if (gw_type_has_contents(gw_entry_type(entry)))
            return 0;
        if (gw_totals_page(sum->totals, gw_entry_pfn(entry), gw_entry_type(entry), 0, err) < 0)
            return -1;
    }
    return 0;
}

static int count_page(struct gw_page_sum *sum, const uint8_t *page, struct gw_err *err)
{
    if (count_bare(sum, err) < 0)
        return -1;
    assert(sum->next < sum->now->count && sum->num_checks < sum->now->num_contents);
    uint64_t entry = sum->now->entries[sum->next++], check = gw_page_check(page);
    sum->checks[sum->num_checks++] = check;
    return gw_totals_page(sum->totals, gw_entry_pfn(entry), gw_entry_type(entry), check, err);
}

static int watch(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    (void)at;
    for (size_t i = 0; i < len; i += GW_PAGE_LEN)
        if (count_page(arg, mem + i, err) < 0)
            return -1;
    return 0;
}

int gw_page_sum_watch(struct gw_page_sum *sum, const struct gw_pages *pages, struct gw_err *err)
{
    void *mem = sum->checks;
    int rc = gw_grow(&mem, &sum->cap, pages->num_contents, sizeof *sum->checks, err);
    sum->checks = mem;
    sum->now = pages;
    sum->next = 0;
    sum->num_checks = 0;
    if (rc < 0 || pages->num_contents == 0)
        return rc;
    return gw_payload_watch(pages->contents, watch, sum, err);
}

int gw_page_sum_settle(struct gw_page_sum *sum, struct gw_err *err)
{
    if (sum->now->num_contents > 0 && gw_payload_settle(sum->now->contents, err) < 0)
        return -1;
    return count_bare(sum, err);
}

void gw_page_sum_free(struct gw_page_sum *sum)
{
    gw_free(sum->checks);
    sum->checks = NULL;
    sum->cap = 0;
}
