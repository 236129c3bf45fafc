/*
 * fit.h - what a fitting sink holds, and the functions that fit one record each. Private to src/change.
 */
#ifndef GW_FIT_H
#define GW_FIT_H

#include "filter.h"

#define FIT_BATCH 1024u /* entries of the records that a long one is split into: Xen's own batch (4.2) */

struct fit {
    struct filter filter;
    struct gw_fit_opts opts;
    const struct gw_release *release; /* NULL: records stay as they are */
    char where[24];                   /* "Xen 4.13" */
    uint32_t from, version;           /* the image's version before and now */
    unsigned pv_width;
    uint64_t number; /* of the last record that left: they count anew, for there may be more or fewer */
    bool said_static_end;
    bool split;          /* the last PAGE_DATA was split: its checks fit no more */
    bool records_differ; /* from what IMAGE_DIGEST was made of */
    uint64_t num_empty;
    struct gw_totals *totals; /* of the records as they leave */
    struct gw_buf body;       /* a record's, on its way */
    struct gw_buf contents;   /* of a part of a split record */
};

/* The record as the receiver takes it, into f->body, empty when nothing is left: 1; 0: it stays as it is; -1. */
typedef int fit_fn(struct fit *f, const struct gw_record *record, struct gw_err *err);
fit_fn fit_hvm_context, fit_hvm_params;           /* fit_hvm.c */
fit_fn fit_extended, fit_xsave, fit_vcpu_msrs;    /* fit_pv.c */
fit_fn fit_cpuid_policy, fit_msr_policy, fit_tsc; /* fit_static.c */
fit_fn fit_shared_info;                           /* fit_pv.c */

/* The frame of the next record that leaves. */
static inline struct gw_frame fit_frame(struct fit *f, const struct gw_frame *frame)
{
    struct gw_frame next = *frame;
    next.number = ++f->number;
    return next;
}

/* fit_pages.c: a PAGE_DATA in parts of FIT_BATCH entries. */
int fit_split(struct fit *f, const struct gw_pages *pages, struct gw_err *err);

#endif
