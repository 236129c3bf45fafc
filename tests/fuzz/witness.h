/*
 * witness.h - a sink that sums what passes: each pfn in its last state, and each record. What came of an image by
 * another way is summed the same and compared.
 *
 * It stands beside others, and sees an image once. What stands behind VERIFY is no state. Optional records, and those
 * that pass through without being kept, are not summed.
 */
#ifndef FUZZ_WITNESS_H
#define FUZZ_WITNESS_H

#include "xenf.h"

#include "invariant.h"

struct witness {
    struct gw_sink sink;
    struct gw_totals *totals;
    struct gw_pages now;
    uint32_t next; /* entry of now */
    bool verifying;
};

/* The page's entry, if there is a page, and those behind it that have none, up to the next that has. */
static int witness_entries(struct witness *w, const uint8_t *page, struct gw_err *err)
{
    for (; w->next < w->now.count; w->next++) {
        uint64_t entry = w->now.entries[w->next], check = 0;
        if (gw_type_has_contents(gw_entry_type(entry))) {
            if (page == NULL)
                return 0;
            check = gw_page_check(page);
            page = NULL;
        }
        if (gw_totals_page(w->totals, gw_entry_pfn(entry), gw_entry_type(entry), check, err) < 0)
            return -1;
    }
    return 0;
}

static int witness_contents(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    (void)at;
    MUST(len > 0 && len % GW_PAGE_LEN == 0);
    for (size_t i = 0; i < len; i += GW_PAGE_LEN)
        if (witness_entries(arg, mem + i, err) < 0)
            return -1;
    return 0;
}

static int witness_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct witness *w = (struct witness *)sink;
    if (w->verifying)
        return 0;
    w->now = *pages;
    w->next = 0;
    if (witness_entries(w, NULL, err) < 0)
        return -1;
    return pages->num_contents > 0 ? gw_payload_watch(pages->contents, witness_contents, w, err) : 0;
}

static int witness_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    (void)err;
    if (!(record->frame.type & GW_REC_OPTIONAL) && record->payload == NULL)
        gw_totals_record(((struct witness *)sink)->totals, record->frame.type, record->body, record->frame.length);
    return 0;
}

static int witness_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct witness *w = (struct witness *)sink;
    (void)err;
    w->verifying = w->verifying || mark->kind == GW_VERIFY;
    return 0;
}

static const struct gw_sink_ops witness_ops = {
    .name = "witness",
    .takes = GW_TAKES_WATCH,
    .pages = witness_pages,
    .record = witness_record,
    .mark = witness_mark,
};

/* Its totals are the caller's to free. */
static inline struct witness new_witness(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct witness witness = { .sink.ops = &witness_ops, .totals = gw_totals_new(&err) };
    MUST(witness.totals != NULL);
    return witness;
}

#endif
