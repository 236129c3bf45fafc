/*
 * sum.c - godwit's own checks and digests in an image, held against what was found.
 */
#include <assert.h>
#include <string.h>

#include "damaged.h"

static const uint64_t *entries_of(const struct gw_salvage *s)
{
    return (const uint64_t *)(const void *)s->law.entries.mem; /* from the heap: aligned */
}

static int compare_page(struct gw_salvage *s, uint64_t pfn, uint64_t at, uint64_t check, struct gw_err *err)
{
    const uint8_t *page = octets_at(&s->octets, at, GW_PAGE_LEN, err);
    uint16_t *state = gw_sparse_find(&s->pfns, pfn);
    if (page == NULL)
        return err->code == GW_E_OK ? 0 : -1;
    if (gw_page_check(page) != check)
        *state |= GW_DOUBT_CHECKED;
    return 0;
}

static int compare_each(struct gw_salvage *s, struct gw_page_checks *checks, struct gw_err *err)
{
    uint64_t at = s->last_pages.contents_at;
    for (uint32_t i = 0; i < s->last_pages.count; i++) {
        uint64_t entry = entries_of(s)[i];
        if (!gw_type_has_contents(gw_entry_type(entry)))
            continue;
        if (compare_page(s, gw_entry_pfn(entry), at, gw_u64(&checks->checks), err) < 0)
            return -1;
        at += GW_PAGE_LEN;
    }
    return 0;
}

/* Right behind the record, whose entries are still at hand. Checks that do not belong to it say nothing. */
int compare_checks(struct gw_salvage *s, const struct seen *record, struct gw_err *err)
{
    struct gw_err ignored = GW_ERR_NONE;
    struct gw_page_checks checks;
    struct gw_buf body = { 0 };
    size_t got = 0;
    uint8_t *mem = gw_buf_room(&body, record->length);
    int rc = mem == NULL ? gw_buf_ok(&body, err)
                         : octets_copy(&s->octets, record->at + GW_RECORD_HEADER_LEN, mem, record->length, &got, err);
    if (rc == 0 && got == record->length && gw_page_checks_decode(gw_cur(mem, got), &checks, &ignored) == 0 &&
        checks.count == s->last_pages.num_contents)
        rc = compare_each(s, &checks, err);
    gw_buf_free(&body);
    return rc;
}

/* --- the image's digest ------------------------------------------------------------------------------------------ */

struct summer {
    struct gw_sink sink;
    struct gw_page_sum sum;
};

static int sum_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct summer *m = (struct summer *)sink;
    return gw_page_sum_watch(&m->sum, pages, err) < 0 ? -1 : gw_page_sum_settle(&m->sum, err);
}

static const struct gw_sink_ops sum_ops = { .name = "summer", .takes = GW_TAKES_WATCH, .pages = sum_pages };

static int sum_stream(struct gw_salvage *s, struct gw_totals_sum *out, struct gw_err *err)
{
    struct gw_totals *totals = gw_totals_new(err);
    struct summer m = { .sink.ops = &sum_ops, .sum.totals = totals };
    struct gw_chan *stream = totals != NULL ? gw_salvage_stream(s, NULL, err) : NULL;
    gw_auto(gw_wrap_closep) struct gw_wrap *wrap = stream != NULL ? gw_wrap_new(stream, s->max_pfn, err) : NULL;
    int rc = wrap != NULL ? gw_wrap_run(wrap, &m.sink, err) : -1;
    if (rc == 0)
        gw_totals_sum(totals, out);
    gw_totals_free(totals);
    gw_page_sum_free(&m.sum);
    return rc;
}

int compare_digest(struct gw_salvage *s, struct gw_err *err)
{
    struct gw_err ignored = GW_ERR_NONE;
    struct gw_image_digest digest;
    struct gw_totals_sum sum;
    const uint8_t *mem = octets_at(&s->octets, s->digest.at, (size_t)s->digest.len, err);
    if (mem == NULL || gw_image_digest_decode(gw_cur(mem, (size_t)s->digest.len), &digest, &ignored) < 0)
        return err->code == GW_E_OK ? 0 : -1;
    if (sum_stream(s, &sum, err) < 0)
        return -1;
    s->losses.sum_right = digest.num_pages == sum.num_pages &&
                          memcmp(digest.pages_digest, sum.pages_digest, sizeof sum.pages_digest) == 0;
    s->losses.sum_wrong = !s->losses.sum_right && s->num_holes == 0;
    return 0;
}
