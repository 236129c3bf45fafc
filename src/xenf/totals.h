/*
 * totals.h - what an image comes to: two digests and two counts, kept while it passes (chunks.md section 4).
 *
 * Both ends of a migration keep them and compare at the end; IMAGE_DIGEST holds them at rest. They find faults, not
 * attacks.
 */
#ifndef GW_TOTALS_H
#define GW_TOTALS_H

#include <stdint.h>

#include "base.h"
#include "codec.h"

struct gw_totals;

struct gw_totals_sum {
    /* Sum modulo 2^128 of XXH3-128 over pfn, type and check, each as u64, of the last state of each pfn named. */
    uint8_t pages_digest[16];
    /* XXH3-128 over type and length, each as u32, and body of each record, in order. */
    uint8_t records_digest[16];
    uint64_t num_pages, num_records; /* pfns named; records */
};

struct gw_totals *gw_totals_new(struct gw_err *err);
/* NULL is fine. */
void gw_totals_free(struct gw_totals *totals);
void gw_totals_freep(struct gw_totals **totals);

/*
 * From now on this is the state of pfn (below the bound that the reader keeps); an earlier one no longer counts. check:
 * gw_page_check() of its contents, 0 for a type without any. After a failure (no memory) nothing has changed.
 */
int gw_totals_page(struct gw_totals *totals, uint64_t pfn, unsigned type, uint64_t check, struct gw_err *err);
/* The only and last state of a pfn that gw_totals_page never hears of: nothing of it is kept. */
void gw_totals_last(struct gw_totals *totals, uint64_t pfn, unsigned type, uint64_t check);
/* The next record. Which ones count, the caller knows. */
void gw_totals_record(struct gw_totals *totals, uint32_t type, const void *body, uint32_t len);

/* What all comes to so far; digests as little-endian numbers. It may go on behind this. */
void gw_totals_sum(const struct gw_totals *totals, struct gw_totals_sum *out);
/* The same as an image says it. */
void gw_totals_digest(const struct gw_totals *totals, struct gw_image_digest *out);

#endif
