/*
 * filter.h - a sink that passes on to a next one: the slots that change nothing, and what all filters say of losses.
 *
 * Private to src/change. A filter embeds struct filter as its first member and names pass_*() where it changes nothing.
 */
#ifndef GW_FILTER_H
#define GW_FILTER_H

#include "change.h"

struct filter {
    struct gw_sink sink;
    struct gw_sink *next; /* borrowed */
    bool lossy;
    gw_change_fn *tell;
    void *arg;
    struct gw_buf told;   /* sentences so far, each ended by a zero: none is told twice */
    struct gw_buf losses; /* what would be lost, "; " between */
    unsigned num_losses;
    bool full; /* no more is told */
};

int pass_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err);
int pass_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err);
int pass_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err);
int pass_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err);
int pass_aside(struct gw_sink *sink, const struct gw_aside *aside, struct gw_err *err);
int pass_commit(struct gw_sink *sink, struct gw_err *err);

/* To who wants to know, once. */
__attribute__((format(printf, 2, 3))) void filter_tell(struct filter *f, const char *fmt, ...);
/* A thing that the receiver has no place for, as a noun with its reason: the caller leaves it out. */
__attribute__((format(printf, 2, 3))) void filter_lose(struct filter *f, const char *fmt, ...);
/* Where the image ends: refuses it when something would be lost that may not be. */
int filter_settle(struct filter *f, struct gw_err *err);
void filter_free(struct filter *f);

#endif
