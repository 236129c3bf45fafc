/*
 * legacy_pages.h - the room's inside: pages as Remus compressed them (legacy 9), taken out of the chunks that carry
 * them. Pure: octets in, pages out; what a page held before, and what becomes of it, is the caller's.
 */
#ifndef GW_LEGACY_PAGES_H
#define GW_LEGACY_PAGES_H

#include "base.h"

#define LEGACY_PAGE 4096

enum legacy_page_kind {
    LEGACY_PAGE_SAME,   /* what it was before */
    LEGACY_PAGE_WHOLE,  /* all of it stands in the input */
    LEGACY_PAGE_CHANGED /* made of what it was and of words in the input */
};

/* Pages are numbered from 0, as the entries with contents of their round. */
struct legacy_pages_ops {
    /* The contents of that page before this round, to page: a CHANGED page begins. */
    int (*before)(void *arg, uint64_t number, uint8_t *page, struct gw_err *err);
    /*
     * That page is complete. page: its contents, borrowed for the call; NULL where it is the SAME. at: of a WHOLE one,
     * where its octets begin, counted from the first octet of all chunks of the round.
     */
    int (*done)(void *arg, uint64_t number, enum legacy_page_kind kind, const uint8_t *page, uint64_t at,
                struct gw_err *err);
};

/* Zero state but for ops and arg (both borrowed): the beginning of a round. */
struct legacy_pages {
    const struct legacy_pages_ops *ops;
    void *arg;
    uint64_t number, taken, begun_at;
    uint32_t filled; /* octets of the page that are settled */
    uint32_t wanted; /* octets of the run that stand next in the input */
    enum legacy_page_kind kind;
    uint8_t page[LEGACY_PAGE];
};

/* The next octets of the round, in pieces of any length. What is wrong is GW_E_INVALID, and names no rule. */
int legacy_pages_take(struct legacy_pages *p, const uint8_t *mem, size_t len, struct gw_err *err);
/* The round has no more: were there as many pages as its entries announced? */
int legacy_pages_end(const struct legacy_pages *p, uint64_t announced, struct gw_err *err);

#endif
