/*
 * squash.c - the least image that says the same, pushed as any producer pushes one.
 *
 * Pages go out ascending, in records of at most 1024 entries, cut where 2 MiB of the guest begin: Xen 4.21 and later
 * makes a superpage of 512 neighbours that come whole within one record (16.4). Every pfn that was named is named, with
 * its last type: so the digest stays. Their contents are not held, but moved from where they stand.
 */
#include <string.h>

#include "keeper.h"

#define BATCH 1024u
#define SUPERPAGE 512u

struct gw_squash {
    struct gw_image *image;
    struct keeper keeper;
};

/* One push of the image. */
struct push {
    struct gw_squash *squash;
    struct gw_sink *to;
    struct gw_totals *totals;
    bool no_memory;
    uint64_t number; /* of the last record */
    uint64_t entries[BATCH];
    struct gw_seg segs[BATCH];
    struct gw_page_sum sum;
    unsigned num, num_segs, num_contents;
    uint64_t offset; /* where the batch's first contents stand */
    struct gw_buf body;
    uint8_t *buffer;
};

/* --- memory ------------------------------------------------------------------------------------------------------- */

static struct gw_frame next_frame(struct push *p, uint32_t type, size_t len, uint64_t offset)
{
    return (struct gw_frame){ .number = ++p->number, .offset = offset, .type = type, .length = (uint32_t)len };
}

static int push_record(struct push *p, uint32_t type, const void *body, size_t len, uint64_t offset, struct gw_err *err)
{
    struct gw_record record = { .frame = next_frame(p, type, len, offset), .body = body };
    if ((type & GW_REC_OPTIONAL) == 0)
        gw_totals_record(p->totals, type, body, (uint32_t)len);
    return gw_sink_record(p->to, &record, err);
}

static int push_checks(struct push *p, struct gw_err *err)
{
    p->body.len = 0;
    gw_page_checks_encode(&p->body, p->sum.checks, p->sum.num_checks);
    return gw_buf_ok(&p->body, err) < 0 ? -1
                                        : push_record(p, GW_REC_PAGE_CHECKS, p->body.mem, p->body.len, p->offset, err);
}

static int push_pages(struct push *p, struct gw_err *err)
{
    const struct keeper *k = &p->squash->keeper;
    struct gw_payload contents;
    struct gw_pages pages = {
        .count = p->num, .entries = p->entries, .num_contents = p->num_contents, .contents_at = GW_NO_PLACE
    };
    bool checked = k->has_checks || k->has_digest;
    if (p->num == 0)
        return 0;
    pages.frame = next_frame(p, GW_REC_PAGE_DATA, gw_page_data_len(p->num, p->num_contents), p->offset);
    pages.contents = &contents;
    gw_payload_of(&contents, p->segs, p->num_segs, p->buffer, (size_t)gw_limit(BUFFER));
    if (checked && gw_page_sum_watch(&p->sum, &pages, err) < 0)
        return -1;
    if (gw_sink_pages(p->to, &pages, err) < 0 || gw_payload_settle(&contents, err) < 0 ||
        (checked && gw_page_sum_settle(&p->sum, err) < 0))
        return -1;
    if (k->has_checks && push_checks(p, err) < 0)
        return -1;
    p->num = p->num_segs = p->num_contents = 0;
    return 0;
}

/* Contents that follow one another in the file are one segment. */
static void put_contents(struct push *p, int fd, uint64_t offset)
{
    struct gw_seg *last = p->num_segs > 0 ? &p->segs[p->num_segs - 1] : NULL;
    p->num_contents++;
    if (last != NULL && last->fd == fd && last->off + last->len == offset) {
        last->len += GW_PAGE_LEN;
        return;
    }
    if (last == NULL)
        p->offset = offset;
    p->segs[p->num_segs++] = (struct gw_seg){ .fd = fd, .off = offset, .len = GW_PAGE_LEN };
}

static void put_entry(struct push *p, uint64_t pfn, unsigned type)
{
    uint64_t offset;
    int fd;
    p->entries[p->num++] = gw_entry(pfn, type);
    if (gw_image_place(p->squash->image, pfn, &fd, &offset))
        put_contents(p, fd, offset);
}

/* The named pfns of one superpage, whole in one record. */
static int push_superpage(struct push *p, uint64_t first, struct gw_err *err)
{
    int types[SUPERPAGE];
    unsigned num = 0;
    for (unsigned i = 0; i < SUPERPAGE; i++) {
        types[i] = gw_image_type(p->squash->image, first + i);
        num += types[i] >= 0;
    }
    if (p->num + num > BATCH && push_pages(p, err) < 0)
        return -1;
    for (unsigned i = 0; i < SUPERPAGE; i++)
        if (types[i] >= 0)
            put_entry(p, first + i, (unsigned)types[i]);
    return 0;
}

static int push_memory(struct push *p, struct gw_err *err)
{
    const struct gw_image *image = p->squash->image;
    uint64_t pfn = gw_image_next(image, 0);
    for (; pfn < gw_image_num_pfns(image); pfn = gw_image_next(image, (pfn | (SUPERPAGE - 1)) + 1))
        if (push_superpage(p, pfn & ~(uint64_t)(SUPERPAGE - 1), err) < 0)
            return -1;
    return push_pages(p, err);
}

/* --- what is kept ------------------------------------------------------------------------------------------------- */

static int push_kept(struct push *p, const struct kept_list *list, const struct kept *kept, struct gw_err *err)
{
    struct gw_mark mark = { .kind = GW_STATIC_END, .inferred = kept->inferred };
    struct gw_aside aside = kept->aside;
    switch (kept->kind) {
    case KEPT_RECORD:
        return push_record(p, kept->frame.type, kept_body(list, kept), kept->len, kept->frame.offset, err);
    case KEPT_STATIC_END:
        mark.frame = next_frame(p, GW_REC_STATIC_DATA_END, 0, kept->frame.offset);
        p->number -= kept->inferred;
        return gw_sink_mark(p->to, &mark, err);
    case KEPT_ASIDE: break;
    }
    aside.body = kept->has_body ? kept_body(list, kept) : NULL;
    if (aside.kind == GW_ASIDE_LIBXL_RECORD && aside.type == GW_LIBXL_CKPT_END)
        aside.type = GW_LIBXL_END; /* what was a checkpoint's end is the stream's */
    return gw_sink_aside(p->to, &aside, err);
}

static int push_list(struct push *p, const struct kept_list *list, struct gw_err *err)
{
    for (size_t i = 0; i < list->num; i++)
        if (push_kept(p, list, &list->all[i], err) < 0)
            return -1;
    return 0;
}

static int push_digest(struct push *p, struct gw_err *err)
{
    struct gw_image_digest digest;
    gw_totals_digest(p->totals, &digest);
    p->body.len = 0;
    gw_image_digest_encode(&p->body, &digest);
    return gw_buf_ok(&p->body, err) < 0 ? -1 : push_record(p, GW_REC_IMAGE_DIGEST, p->body.mem, p->body.len, 0, err);
}

static int push_all(struct push *p, struct gw_err *err)
{
    const struct keeper *k = &p->squash->keeper;
    struct gw_mark end = { .kind = GW_END };
    if (push_list(p, &k->before, err) < 0 || gw_sink_begin(p->to, &k->headers, err) < 0 ||
        push_list(p, &k->head, err) < 0 || (!p->no_memory && push_memory(p, err) < 0) ||
        push_list(p, &k->tail, err) < 0 || (!p->no_memory && k->has_digest && push_digest(p, err) < 0))
        return -1;
    end.frame = next_frame(p, GW_REC_END, 0, 0);
    if (gw_sink_mark(p->to, &end, err) < 0 || push_list(p, &k->beside, err) < 0 || gw_sink_commit(p->to, err) < 0)
        return -1;
    return push_list(p, &k->after, err);
}

static int run(struct gw_squash *squash, bool no_memory, struct gw_sink *sink, struct gw_err *err)
{
    struct push *p = gw_alloc(1, sizeof *p, err);
    if (p == NULL)
        return -1;
    p->squash = squash;
    p->to = sink;
    p->no_memory = no_memory;
    p->totals = p->sum.totals = gw_totals_new(err);
    p->buffer = gw_alloc(1, (size_t)gw_limit(BUFFER), err);
    int rc = p->totals != NULL && p->buffer != NULL ? push_all(p, err) : -1;
    if (rc == 0)
        rc = gw_image_unchanged(squash->image, err);
    gw_totals_free(p->totals);
    gw_page_sum_free(&p->sum);
    gw_buf_free(&p->body);
    gw_free(p->buffer);
    gw_free(p);
    return rc;
}

int gw_squash_run(struct gw_squash *squash, struct gw_sink *sink, struct gw_err *err)
{
    return run(squash, false, sink, err);
}

int gw_squash_records(struct gw_squash *squash, struct gw_sink *sink, struct gw_err *err)
{
    return run(squash, true, sink, err);
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

static int open_image(struct gw_squash *squash, const char *name, const struct gw_image_opts *opts, struct gw_err *err)
{
    struct gw_image_opts mine = *opts;
    struct gw_sink *sinks[] = { &squash->keeper.sink, opts->beside };
    gw_auto(gw_sink_closep) struct gw_sink *tee = gw_tee(sinks, opts->beside != NULL ? 2 : 1, err);
    int spool = opts->spool;
    mine.beside = tee;
    if (tee == NULL) {
        gw_closep(&spool);
        return -1;
    }
    squash->image = gw_image_open(name, &mine, err);
    if (squash->image == NULL)
        return -1;
    if (squash->keeper.ended && squash->keeper.stopped)
        return gw_fail(err, GW_E_INVALID, "the image is not complete");
    return 0;
}

struct gw_squash *gw_squash_open(const char *name, const struct gw_image_opts *opts, struct gw_err *err)
{
    struct gw_squash *squash = gw_alloc(1, sizeof *squash, err);
    int spool = opts->spool;
    if (squash == NULL) {
        gw_closep(&spool);
        return NULL;
    }
    keeper_init(&squash->keeper);
    if (open_image(squash, name, opts, err) < 0) {
        gw_squash_close(squash);
        return NULL;
    }
    return squash;
}

const struct gw_image *gw_squash_image(const struct gw_squash *squash)
{
    return squash->image;
}

uint64_t gw_squash_contents(const struct gw_squash *squash)
{
    const struct gw_image *image = squash->image;
    uint64_t num = 0, offset, pfn = gw_image_next(image, 0);
    int fd;
    for (; pfn < gw_image_num_pfns(image); pfn = gw_image_next(image, pfn + 1))
        num += gw_image_place(image, pfn, &fd, &offset);
    return num * GW_PAGE_LEN;
}

const char *gw_squash_layers(const struct gw_squash *squash)
{
    return gw_image_layers(squash->image);
}

void gw_squash_close(struct gw_squash *squash)
{
    if (squash == NULL)
        return;
    gw_image_close(squash->image);
    keeper_free(&squash->keeper);
    gw_free(squash);
}

void gw_squash_closep(struct gw_squash **squash)
{
    gw_squash_close(*squash);
}
