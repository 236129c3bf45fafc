/*
 * page_sum.h - the pages of one PAGE_DATA after another, each with its check, into the totals of an image.
 *
 * For whoever writes checks of contents, or compares what an image comes to with what it says.
 */
#ifndef GW_PAGE_SUM_H
#define GW_PAGE_SUM_H

#include "sink.h"
#include "totals.h"

struct gw_page_sum {
    struct gw_totals *totals;   /* borrowed */
    const struct gw_pages *now; /* borrowed while its contents pass */
    uint32_t next;              /* of its entries: the first that is not counted yet */
    uint64_t *checks;           /* of its contents, num_checks of them so far */
    uint32_t num_checks;
    size_t cap;
};

/* Watches the contents. Then they may be taken; pages stays until they are settled. */
int gw_page_sum_watch(struct gw_page_sum *sum, const struct gw_pages *pages, struct gw_err *err);
/* Settles them: now every entry is counted, and the checks are all there. */
int gw_page_sum_settle(struct gw_page_sum *sum, struct gw_err *err);
void gw_page_sum_free(struct gw_page_sum *sum);

#endif
