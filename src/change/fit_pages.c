/*
 * fit_pages.c - a PAGE_DATA that is longer than a receiver reads, in several that are not (4.1, 13.4).
 *
 * Contents come in one piece and in order: the whole is moved into a channel that hands them on part by part. So no
 * more than a part's contents are held, 4 MiB.
 */
#include <string.h>

#include "fit.h"

struct parts {
    struct gw_chan chan; /* what the whole is moved into */
    struct fit *f;
    const struct gw_pages *pages;
    uint32_t done; /* entries that have left */
    size_t want;   /* octets of contents of the part that comes next */
    uint32_t count;
};

static void next_part(struct parts *p)
{
    uint32_t num = 0;
    p->count = (uint32_t)gw_min(FIT_BATCH, p->pages->count - p->done);
    for (uint32_t i = 0; i < p->count; i++)
        num += gw_type_has_contents(gw_entry_type(p->pages->entries[p->done + i]));
    p->want = (size_t)num * GW_PAGE_LEN;
    p->f->contents.len = 0;
}

static int send_part(struct parts *p, struct gw_err *err)
{
    struct gw_seg seg = { .mem = p->f->contents.mem, .fd = -1, .len = p->want };
    struct gw_payload payload;
    struct gw_pages part = *p->pages;
    uint8_t *buffer = gw_buf_room(&p->f->body, GW_PAGE_LEN);
    if (buffer == NULL)
        return gw_buf_ok(&p->f->body, err);
    gw_payload_of(&payload, &seg, p->want > 0 ? 1 : 0, buffer, GW_PAGE_LEN);
    part.frame = fit_frame(p->f, &p->pages->frame);
    part.contents_at = GW_NO_PLACE;
    part.entries = p->pages->entries + p->done;
    part.count = p->count;
    part.num_contents = (uint32_t)(p->want / GW_PAGE_LEN);
    part.frame.length = (uint32_t)gw_page_data_len(part.count, part.num_contents);
    part.contents = &payload;
    if (gw_sink_pages(p->f->filter.next, &part, err) < 0 || gw_payload_settle(&payload, err) < 0)
        return -1;
    p->done += p->count;
    next_part(p);
    return 0;
}

/* Parts whose contents are all there, and those that have none. */
static int send_ready(struct parts *p, struct gw_err *err)
{
    while (p->count > 0 && p->f->contents.len == p->want)
        if (send_part(p, err) < 0)
            return -1;
    return 0;
}

static int parts_write(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *put, struct gw_err *err)
{
    struct parts *p = (struct parts *)chan;
    (void)num;
    *put = (size_t)gw_min(part[0].iov_len, p->want - p->f->contents.len);
    gw_put(&p->f->contents, part[0].iov_base, *put);
    return gw_buf_ok(&p->f->contents, err) < 0 ? -1 : send_ready(p, err);
}

static const struct gw_chan_ops parts_ops = { .name = "parts of a record", .write = parts_write };

int fit_split(struct fit *f, const struct gw_pages *pages, struct gw_err *err)
{
    struct parts p = { .chan.ops = &parts_ops, .f = f, .pages = pages };
    next_part(&p);
    if (send_ready(&p, err) < 0)
        return -1;
    return pages->num_contents > 0 ? gw_payload_to(pages->contents, &p.chan, err) : 0;
}
