/*
 * payload.c - where contents go: seen, landed, moved on or skipped.
 *
 * State: fresh (the octets are the next of `from`) -> landed (into; or from the start) or gone (to, settle). Contents
 * that are known to be zero lie nowhere and are at hand at any time. Watchers are served at the first touch, whichever
 * it is, and only then.
 */
#include <assert.h>
#include <string.h>

#include "landing.h"

#define PAGE GW_PAGE_LEN

void gw_payload_open(struct gw_payload *payload, struct gw_chan *from, uint64_t len, uint8_t *buffer, size_t room)
{
    assert(room > 0 && room % 4096 == 0);
    *payload = (struct gw_payload){ .len = len, .from = from, .buffer = buffer, .room = room };
}

void gw_payload_of(struct gw_payload *payload, const struct gw_seg *segs, unsigned num, uint8_t *buffer, size_t room)
{
    assert(room > 0 && room % 4096 == 0);
    *payload = (struct gw_payload){ .gone = true, .buffer = buffer, .room = room, .landed = segs, .num_landed = num };
    for (unsigned i = 0; i < num; i++)
        payload->len += segs[i].len;
}

void gw_payload_zeros(struct gw_payload *payload, uint64_t len, uint8_t *buffer, size_t room)
{
    assert(room > 0 && room % 4096 == 0);
    *payload = (struct gw_payload){ .len = len, .gone = true, .zeros = true, .buffer = buffer, .room = room };
}

int gw_payload_watch_pages(struct gw_payload *payload, const struct gw_bitmap *pages, gw_watch_fn *fn, void *arg,
                           struct gw_err *err)
{
    assert(pages == NULL || pages->num * PAGE == payload->len);
    if (payload->shown)
        return gw_fail(err, GW_E_USAGE, "contents can be watched only before they are taken");
    if (payload->num_watch == GW_WATCHERS)
        return gw_fail(err, GW_E_USAGE, "contents have no more than %d watchers", GW_WATCHERS);
    payload->watch[payload->num_watch].fn = fn;
    payload->watch[payload->num_watch].arg = arg;
    payload->watch[payload->num_watch].pages = pages;
    payload->num_watch++;
    return 0;
}

int gw_payload_watch(struct gw_payload *payload, gw_watch_fn *fn, void *arg, struct gw_err *err)
{
    return gw_payload_watch_pages(payload, NULL, fn, arg, err);
}

/* The first page from `page` on that somebody wants; the number of pages when there is none. */
static uint64_t next_wanted(const struct gw_payload *payload, uint64_t page)
{
    uint64_t first = payload->len / PAGE;
    for (unsigned i = 0; i < payload->num_watch; i++) {
        const struct gw_bitmap *pages = payload->watch[i].pages;
        first = gw_min(first, pages != NULL ? gw_bitmap_next(pages, page) : page);
    }
    return first;
}

/* Of [at, at + len), the runs of pages that this watcher wants. */
static int show_wanted(const struct gw_payload *payload, unsigned watcher, uint64_t at, const uint8_t *mem, size_t len,
                       struct gw_err *err)
{
    const struct gw_bitmap *pages = payload->watch[watcher].pages;
    uint64_t end = (at + len) / PAGE, run;
    assert(at % PAGE == 0 && len % PAGE == 0);
    for (uint64_t page = gw_bitmap_next(pages, at / PAGE); page < end; page = gw_bitmap_next(pages, page + run)) {
        for (run = 1; page + run < end && gw_bitmap_test(pages, page + run);)
            run++;
        if (payload->watch[watcher].fn(payload->watch[watcher].arg, page * PAGE, mem + (page * PAGE - at),
                                       (size_t)(run * PAGE), err) < 0)
            return -1;
    }
    return 0;
}

int payload_show(struct gw_payload *payload, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    for (unsigned i = 0; i < payload->num_watch; i++) {
        int rc = payload->watch[i].pages != NULL ? show_wanted(payload, i, at, mem, len, err)
                                                 : payload->watch[i].fn(payload->watch[i].arg, at, mem, len, err);
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* Contents that lie somewhere already: the watchers see them there. */
static int show_landed(struct gw_payload *payload, struct gw_err *err)
{
    uint64_t at = 0;
    for (unsigned i = 0; i < payload->num_landed; i++) {
        const struct gw_seg *seg = &payload->landed[i];
        for (size_t done = 0, len; done < seg->len; done += len, at += len) {
            len = seg->mem != NULL ? seg->len : (size_t)gw_min(seg->len - done, payload->room);
            if (seg->mem == NULL && payload_file_get(seg, done, payload->buffer, len, err) < 0)
                return -1;
            if (payload_show(payload, at, seg->mem != NULL ? seg->mem : payload->buffer, len, err) < 0)
                return -1;
        }
    }
    return 0;
}

void payload_clear_buffer(const struct gw_payload *payload, uint64_t len)
{
    memset(payload->buffer, 0, (size_t)gw_min(len, payload->room));
}

static int show_zeros(struct gw_payload *payload, struct gw_err *err)
{
    payload_clear_buffer(payload, payload->len);
    for (uint64_t at = 0, len; at < payload->len; at += len) {
        len = gw_min(payload->len - at, payload->room);
        if (payload_show(payload, at, payload->buffer, (size_t)len, err) < 0)
            return -1;
    }
    return 0;
}

/* Contents that are not the next of the channel: the watchers see them, once. */
static int show_known(struct gw_payload *payload, struct gw_err *err)
{
    bool wanted = !payload->shown && payload->num_watch > 0;
    payload->shown = true;
    if (!wanted)
        return 0;
    return payload->zeros ? show_zeros(payload, err) : show_landed(payload, err);
}

int gw_payload_into(struct gw_payload *payload, const struct gw_seg *to, unsigned num, struct gw_err *err)
{
    uint64_t len = 0;
    int rc;
    if (payload->gone && payload->landed == NULL && !payload->zeros)
        return gw_fail(err, GW_E_USAGE, "contents that moved on cannot land");
    for (unsigned i = 0; i < num; i++)
        len += to[i].len;
    assert(len == payload->len);
    if (payload->zeros)
        return show_known(payload, err) < 0 ? -1 : payload_clear_all(payload, to, num, err);
    if (payload->gone) {
        rc = show_known(payload, err) < 0 ? -1 : payload_copy_landed(payload, to, err);
    } else {
        payload->gone = payload->shown = true;
        rc = payload_land_all(payload, to, num, err);
    }
    if (rc < 0)
        return -1;
    payload->landed = to;
    payload->num_landed = num;
    return 0;
}

/* Everything through the buffer: to the watchers and, if there is one, to a channel. */
static int pass(struct gw_payload *payload, struct gw_chan *to, struct gw_err *err)
{
    size_t len;
    payload->gone = payload->shown = true;
    for (uint64_t at = 0; at < payload->len; at += len) {
        len = (size_t)gw_min(payload->len - at, payload->room);
        if (gw_chan_read(payload->from, payload->buffer, len, NULL, err) < 0)
            return -1;
        if (payload_show(payload, at, payload->buffer, len, err) < 0)
            return -1;
        if (to != NULL && gw_chan_write(to, payload->buffer, len, err) < 0)
            return -1;
    }
    return 0;
}

/* Only what watchers want, where nobody wants all: what lies between is skipped. */
static int pass_wanted(struct gw_payload *payload, struct gw_err *err)
{
    uint64_t at = 0, most = payload->room / PAGE, end = payload->len / PAGE, page, run;
    payload->gone = payload->shown = true;
    for (page = next_wanted(payload, 0); page < end; page = next_wanted(payload, page + run)) {
        for (run = 1; run < most && page + run < end && next_wanted(payload, page + run) == page + run;)
            run++;
        if (gw_chan_skip(payload->from, page * PAGE - at, err) < 0 ||
            gw_chan_read(payload->from, payload->buffer, (size_t)(run * PAGE), NULL, err) < 0 ||
            payload_show(payload, page * PAGE, payload->buffer, (size_t)(run * PAGE), err) < 0)
            return -1;
        at = (page + run) * PAGE;
    }
    return gw_chan_skip(payload->from, payload->len - at, err);
}

static bool somebody_wants_all(const struct gw_payload *payload)
{
    for (unsigned i = 0; i < payload->num_watch; i++)
        if (payload->watch[i].pages == NULL)
            return true;
    return false;
}

static int move_file(const struct gw_payload *payload, const struct gw_seg *seg, struct gw_chan *to, struct gw_err *err)
{
    for (size_t done = 0, len; done < seg->len; done += len) {
        len = (size_t)gw_min(seg->len - done, payload->room);
        if (payload_file_get(seg, done, payload->buffer, len, err) < 0)
            return -1;
        if (gw_chan_write(to, payload->buffer, len, err) < 0)
            return -1;
    }
    return 0;
}

/* Segments in memory go out as they lie, as many as one vectored write takes. */
static int move_landed(const struct gw_payload *payload, struct gw_chan *to, struct gw_err *err)
{
    struct iovec part[GW_CHAN_PARTS];
    for (unsigned i = 0, n; i < payload->num_landed; i += n) {
        const struct gw_seg *seg = &payload->landed[i];
        for (n = 0; n < GW_CHAN_PARTS && i + n < payload->num_landed && seg[n].mem != NULL; n++)
            part[n] = (struct iovec){ .iov_base = seg[n].mem, .iov_len = seg[n].len };
        if (n > 0 && gw_chan_writev(to, part, n, err) < 0)
            return -1;
        if (n == 0 && move_file(payload, seg, to, err) < 0)
            return -1;
        n += n == 0;
    }
    return 0;
}

static int move_zeros(const struct gw_payload *payload, struct gw_chan *to, struct gw_err *err)
{
    payload_clear_buffer(payload, payload->len);
    for (uint64_t left = payload->len, len; left > 0; left -= len) {
        len = gw_min(left, payload->room);
        if (gw_chan_write(to, payload->buffer, (size_t)len, err) < 0)
            return -1;
    }
    return 0;
}

int gw_payload_to(struct gw_payload *payload, struct gw_chan *to, struct gw_err *err)
{
    assert(to != NULL && to != payload->from);
    if (!payload->gone && payload->num_watch == 0) {
        payload->gone = payload->shown = true;
        return gw_chan_move(payload->from, to, payload->len, payload->buffer, payload->room, err);
    }
    if (!payload->gone)
        return pass(payload, to, err);
    if (payload->landed == NULL && payload->len > 0 && !payload->zeros)
        return gw_fail(err, GW_E_USAGE, "contents that did not land can be moved on once");
    if (show_known(payload, err) < 0)
        return -1;
    return payload->zeros ? move_zeros(payload, to, err) : move_landed(payload, to, err);
}

int gw_payload_settle(struct gw_payload *payload, struct gw_err *err)
{
    if (payload->gone)
        return show_known(payload, err);
    if (somebody_wants_all(payload))
        return pass(payload, NULL, err);
    if (payload->num_watch > 0)
        return pass_wanted(payload, err);
    payload->gone = payload->shown = true;
    return gw_chan_skip(payload->from, payload->len, err);
}
