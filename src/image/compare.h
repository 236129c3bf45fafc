/*
 * compare.h - the memory of two images, page by page.
 */
#ifndef GW_COMPARE_H
#define GW_COMPARE_H

#include "base.h"

struct gw_image;

/* X(NAME, "word", "what it says of a pfn") */
#define GW_PAGE_CHANGES(X)                                                                                             \
    X(EQUAL, "equal", "the same contents and type, or no page in either")                                              \
    X(CHANGED, "changed", "other contents")                                                                            \
    X(ZEROED, "zeroed", "zero in the second image only")                                                               \
    X(FILLED, "filled", "zero in the first image only")                                                                \
    X(MOVED, "moved", "in the second image it has contents that the first one had elsewhere, and has no more there")   \
    X(RETYPED, "retyped", "the same contents, of another type")                                                        \
    X(ONLY_FIRST, "only-first", "a page in the first image only")                                                      \
    X(ONLY_SECOND, "only-second", "a page in the second image only")

enum gw_page_change {
#define X(name, ...) GW_PAGE_##name,
    GW_PAGE_CHANGES(X)
#undef X
        GW_NUM_PAGE_CHANGES
};

const char *gw_page_change_name(enum gw_page_change change);

/* Neighbours that changed in the same way and have the same types. */
struct gw_page_run {
    enum gw_page_change change;
    uint64_t first, num;
    int first_type, second_type; /* -1: never named */
    uint64_t from;               /* MOVED: the pfn in the first image; the run's others follow it */
    uint32_t at;                 /* CHANGED, ZEROED, FILLED: the first octet that differs in the run's first page */
    uint8_t first_octet, second_octet;
};
/* -1 to stop, with err set. */
typedef int gw_page_run_fn(void *arg, const struct gw_page_run *run, struct gw_err *err);

struct gw_page_comparison {
    uint64_t num[GW_NUM_PAGE_CHANGES]; /* pages; EQUAL counts those that are pages in either */
};

/*
 * Tells runs that are not EQUAL, ascending. Octets: 1 per pfn up to the highest of both, 16 per page that is not where
 * it was. What is allocated without contents restores as zero, and compares so.
 */
int gw_compare_pages(struct gw_image *first, struct gw_image *second, gw_page_run_fn *fn, void *arg,
                     struct gw_page_comparison *out, struct gw_err *err);

#endif
