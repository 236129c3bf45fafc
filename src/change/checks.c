/*
 * checks.c - a sink that passes an image on with checks of its contents: PAGE_CHECKS behind each PAGE_DATA,
 * IMAGE_DIGEST in front of END (chunks.md section 4). What the image had of them is made anew.
 *
 * Xen's restorers skip optional records in images of either version, but fail on them when they replay a checkpoint.
 * A guest that runs may write to a page between its check and its copy: then the page comes again, and only the last
 * check must hold. Contents behind VERIFY get none, for they are a comparison; the digest is of all that was named.
 */
#include "filter.h"

struct checks {
    struct filter filter;
    bool looks_only, verifying;
    struct gw_totals *totals;
    struct gw_page_sum sum;
    struct gw_buf body; /* of a record that is added */
    uint64_t number;    /* of the last record that left */
};

static struct checks *checks_of(struct gw_sink *sink)
{
    return (struct checks *)sink;
}

static struct gw_frame numbered(struct checks *c, const struct gw_frame *frame)
{
    struct gw_frame next = *frame;
    next.number = ++c->number;
    return next;
}

/* c->body as a record of its own, where another one stands. */
static int add(struct checks *c, uint32_t type, const struct gw_frame *where, struct gw_err *err)
{
    struct gw_frame frame = { .offset = where->offset, .type = type, .length = (uint32_t)c->body.len };
    struct gw_record record = { .frame = numbered(c, &frame), .body = c->body.mem };
    return gw_buf_ok(&c->body, err) < 0 ? -1 : pass_record(&c->filter.sink, &record, err);
}

static int add_checks(struct checks *c, const struct gw_frame *where, struct gw_err *err)
{
    c->body.len = 0;
    gw_page_checks_encode(&c->body, c->sum.checks, c->sum.num_checks);
    return add(c, GW_REC_PAGE_CHECKS, where, err);
}

static int add_digest(struct checks *c, const struct gw_frame *where, struct gw_err *err)
{
    struct gw_image_digest digest;
    gw_totals_digest(c->totals, &digest);
    c->body.len = 0;
    gw_image_digest_encode(&c->body, &digest);
    return add(c, GW_REC_IMAGE_DIGEST, where, err);
}

static int checks_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct checks *c = checks_of(sink);
    struct gw_pages passed = *pages;
    passed.frame = numbered(c, &pages->frame);
    if (c->looks_only)
        return pass_pages(sink, &passed, err);
    if (gw_page_sum_watch(&c->sum, &passed, err) < 0 || pass_pages(sink, &passed, err) < 0 ||
        gw_page_sum_settle(&c->sum, err) < 0)
        return -1;
    return passed.num_contents > 0 && !c->verifying ? add_checks(c, &pages->frame, err) : 0;
}

static int checks_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    struct checks *c = checks_of(sink);
    struct gw_record passed = *record;
    uint32_t type = record->frame.type;
    if (type == GW_REC_PAGE_CHECKS || type == GW_REC_IMAGE_DIGEST)
        return 0;
    if ((type & GW_REC_OPTIONAL) == 0 && record->body != NULL)
        gw_totals_record(c->totals, type, record->body, record->frame.length);
    passed.frame = numbered(c, &record->frame);
    return pass_record(sink, &passed, err);
}

static int checks_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct checks *c = checks_of(sink);
    struct gw_mark passed = *mark;
    if (mark->kind == GW_CHECKPOINT)
        return gw_fail(err, GW_E_REFUSED,
                       "checks have no place in a checkpointed image, for Xen fails on them when it replays a "
                       "checkpoint; --squash makes a plain image of it");
    c->verifying = c->verifying || mark->kind == GW_VERIFY;
    if (mark->kind == GW_END && !c->looks_only && add_digest(c, &mark->frame, err) < 0)
        return -1;
    passed.frame = numbered(c, &mark->frame);
    c->number -= mark->inferred; /* it only is where the next record begins */
    return pass_mark(sink, &passed, err);
}

static void checks_close(struct gw_sink *sink)
{
    struct checks *c = checks_of(sink);
    gw_totals_free(c->totals);
    gw_page_sum_free(&c->sum);
    gw_buf_free(&c->body);
    gw_free(c);
}

static const struct gw_sink_ops checks_ops = {
    .name = "checks",
    .takes = GW_TAKES_MOVE,
    .begin = pass_begin,
    .pages = checks_pages,
    .record = checks_record,
    .mark = checks_mark,
    .aside = pass_aside,
    .commit = pass_commit,
    .close = checks_close,
};

struct gw_sink *gw_checks(bool looks_only, struct gw_sink *next, struct gw_err *err)
{
    struct checks *c = gw_alloc(1, sizeof *c, err);
    if (c == NULL)
        return NULL;
    c->filter = (struct filter){ .sink.ops = &checks_ops, .next = next };
    c->looks_only = looks_only;
    c->totals = c->sum.totals = gw_totals_new(err);
    if (c->totals != NULL)
        return &c->filter.sink;
    checks_close(&c->filter.sink);
    return NULL;
}
