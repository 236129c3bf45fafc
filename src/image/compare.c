/*
 * compare.c - two images' memory: one way through both for what is equal, then a search for pages that moved, then one
 * way through what is left.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

/* A page of the first image that is not there in the second, by its check. */
struct left {
    uint64_t check, pfn;
};

struct comparison {
    struct gw_image *image[2];
    uint64_t num;             /* pfns */
    struct gw_sparse changes; /* uint8_t each: enum gw_page_change */
    struct left *left;
    size_t num_left, cap_left;
    struct gw_sparse sources; /* uint64_t each: of MOVED, the pfn it came from */
    gw_page_run_fn *fn;
    void *arg;
    struct gw_page_comparison *out;
    struct gw_err *err;
};

static const uint8_t zeros[GW_PAGE_LEN];

const char *gw_page_change_name(enum gw_page_change change)
{
    static const char *const names[] = {
#define X(name, word, ...) word,
        GW_PAGE_CHANGES(X)
#undef X
    };
    return names[change];
}

/* What the guest would see; NULL: no page there, or err is set. */
static const uint8_t *page_of(struct comparison *c, unsigned which, uint64_t pfn)
{
    int type = gw_image_type(c->image[which], pfn);
    if (type < 0 || !gw_type_populates((unsigned)type))
        return NULL;
    return gw_type_has_contents((unsigned)type) ? gw_image_page(c->image[which], pfn, c->err) : zeros;
}

static bool same_type(struct comparison *c, uint64_t pfn)
{
    int first = gw_image_type(c->image[0], pfn), second = gw_image_type(c->image[1], pfn);
    bool plain =
        (first == GW_PAGE_NOTAB || first == GW_PAGE_XALLOC) && (second == GW_PAGE_NOTAB || second == GW_PAGE_XALLOC);
    return first == second || plain;
}

static enum gw_page_change judge(struct comparison *c, uint64_t pfn, const uint8_t *first, const uint8_t *second)
{
    if (first == NULL || second == NULL)
        return first != NULL ? GW_PAGE_ONLY_FIRST : second != NULL ? GW_PAGE_ONLY_SECOND : GW_PAGE_EQUAL;
    if (memcmp(first, second, GW_PAGE_LEN) == 0)
        return same_type(c, pfn) ? GW_PAGE_EQUAL : GW_PAGE_RETYPED;
    if (gw_is_zero(second, GW_PAGE_LEN))
        return GW_PAGE_ZEROED;
    return gw_is_zero(first, GW_PAGE_LEN) ? GW_PAGE_FILLED : GW_PAGE_CHANGED;
}

static int keep_left(struct comparison *c, uint64_t pfn, const uint8_t *page)
{
    void *mem = c->left;
    if (gw_grow(&mem, &c->cap_left, c->num_left + 1, sizeof *c->left, c->err) < 0)
        return -1;
    c->left = mem;
    c->left[c->num_left++] = (struct left){ gw_page_check(page), pfn };
    return 0;
}

static int compare_one(struct comparison *c, uint64_t pfn)
{
    const uint8_t *first = page_of(c, 0, pfn);
    const uint8_t *second = c->err->code == GW_E_OK ? page_of(c, 1, pfn) : NULL;
    if (c->err->code != GW_E_OK)
        return -1;
    enum gw_page_change change = judge(c, pfn, first, second);
    c->out->num[GW_PAGE_EQUAL] += change == GW_PAGE_EQUAL && first != NULL;
    if (change == GW_PAGE_EQUAL)
        return 0;
    uint8_t *slot = gw_sparse_at(&c->changes, pfn, c->err);
    if (slot == NULL)
        return -1;
    *slot = (uint8_t)change;
    bool gone = change == GW_PAGE_CHANGED || change == GW_PAGE_ZEROED || change == GW_PAGE_ONLY_FIRST;
    return gone && !gw_is_zero(first, GW_PAGE_LEN) ? keep_left(c, pfn, first) : 0;
}

static int by_check(const void *a, const void *b)
{
    const struct left *x = a, *y = b;
    if (x->check != y->check)
        return x->check < y->check ? -1 : 1;
    return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

static const struct left *left_of(const struct comparison *c, uint64_t check)
{
    size_t low = 0, high = c->num_left;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->left[middle].check < check)
            low = middle + 1;
        else
            high = middle;
    }
    return low < c->num_left && c->left[low].check == check ? &c->left[low] : NULL;
}

/* Does the second image's page have contents that left their place in the first one? Equal checks are looked at. */
static int look_for_source(struct comparison *c, uint64_t pfn, uint8_t *change)
{
    uint8_t copy[GW_PAGE_LEN];
    const uint8_t *page = page_of(c, 1, pfn);
    const struct left *left = page != NULL ? left_of(c, gw_page_check(page)) : NULL;
    if (left == NULL)
        return c->err->code == GW_E_OK ? 0 : -1;
    memcpy(copy, page, sizeof copy);
    page = page_of(c, 0, left->pfn);
    if (page == NULL)
        return -1;
    if (memcmp(page, copy, sizeof copy) != 0)
        return 0;
    uint64_t *source = gw_sparse_at(&c->sources, pfn, c->err);
    if (source == NULL)
        return -1;
    *source = left->pfn;
    *change = GW_PAGE_MOVED;
    return 0;
}

static int find_moved(struct comparison *c)
{
    uint64_t at = 0;
    uint8_t *leaf;
    if (c->num_left == 0)
        return 0;
    qsort(c->left, c->num_left, sizeof *c->left, by_check);
    while ((leaf = gw_sparse_leaf(&c->changes, &at)) != NULL) {
        for (unsigned i = 0; i < GW_SPARSE_LEAF; i++) {
            bool may = leaf[i] == GW_PAGE_CHANGED || leaf[i] == GW_PAGE_FILLED || leaf[i] == GW_PAGE_ONLY_SECOND;
            if (may && look_for_source(c, at + i, &leaf[i]) < 0)
                return -1;
        }
        at += GW_SPARSE_LEAF;
    }
    return 0;
}

static struct gw_page_run run_at(const struct comparison *c, uint64_t pfn, enum gw_page_change change)
{
    const uint64_t *source = gw_sparse_find(&c->sources, pfn);
    return (struct gw_page_run){
        .change = change,
        .first = pfn,
        .num = 1,
        .first_type = gw_image_type(c->image[0], pfn),
        .second_type = gw_image_type(c->image[1], pfn),
        .from = source != NULL ? *source : 0,
    };
}

static bool joins(const struct gw_page_run *run, const struct gw_page_run *next)
{
    return run->change == next->change && run->first + run->num == next->first && run->first_type == next->first_type &&
           run->second_type == next->second_type &&
           (run->change != GW_PAGE_MOVED || run->from + run->num == next->from);
}

static int find_difference(struct comparison *c, struct gw_page_run *run)
{
    const uint8_t *first = page_of(c, 0, run->first), *second = page_of(c, 1, run->first);
    if (first == NULL || second == NULL)
        return -1;
    while (run->at < GW_PAGE_LEN - 1 && first[run->at] == second[run->at])
        run->at++;
    run->first_octet = first[run->at];
    run->second_octet = second[run->at];
    return 0;
}

static int tell(struct comparison *c, struct gw_page_run *run)
{
    bool differs = run->change == GW_PAGE_CHANGED || run->change == GW_PAGE_ZEROED || run->change == GW_PAGE_FILLED;
    if (run->num == 0)
        return 0;
    c->out->num[run->change] += run->num;
    if (differs && find_difference(c, run) < 0)
        return -1;
    return c->fn(c->arg, run, c->err);
}

static int tell_runs(struct comparison *c)
{
    struct gw_page_run run = { .num = 0 };
    uint64_t at = 0;
    const uint8_t *leaf;
    while ((leaf = gw_sparse_leaf(&c->changes, &at)) != NULL) {
        for (unsigned i = 0; i < GW_SPARSE_LEAF; i++) {
            struct gw_page_run next = run_at(c, at + i, leaf[i]);
            if (leaf[i] == GW_PAGE_EQUAL)
                continue;
            if (run.num > 0 && joins(&run, &next)) {
                run.num++;
                continue;
            }
            if (tell(c, &run) < 0)
                return -1;
            run = next;
        }
        at += GW_SPARSE_LEAF;
    }
    return tell(c, &run);
}

static int compare_all(struct comparison *c)
{
    uint64_t pfn = 0;
    while ((pfn = gw_min(gw_image_next(c->image[0], pfn), gw_image_next(c->image[1], pfn))) < c->num)
        if (compare_one(c, pfn++) < 0)
            return -1;
    return find_moved(c) < 0 ? -1 : tell_runs(c);
}

int gw_compare_pages(struct gw_image *first, struct gw_image *second, gw_page_run_fn *fn, void *arg,
                     struct gw_page_comparison *out, struct gw_err *err)
{
    struct comparison c = { .image = { first, second },
                            .num = gw_max(gw_image_num_pfns(first), gw_image_num_pfns(second)),
                            .fn = fn,
                            .arg = arg,
                            .out = out,
                            .err = err };
    assert(first != second && err->code == GW_E_OK);
    *out = (struct gw_page_comparison){ 0 };
    gw_sparse_init(&c.changes, 1);
    gw_sparse_init(&c.sources, sizeof(uint64_t));
    int rc = compare_all(&c);
    if (rc == 0 && (gw_image_unchanged(first, err) < 0 || gw_image_unchanged(second, err) < 0))
        rc = -1;
    gw_free(c.left);
    gw_sparse_free(&c.sources);
    gw_sparse_free(&c.changes);
    return rc;
}
