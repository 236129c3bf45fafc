/*
 * payload.c - where contents go: seen, landed, moved on or skipped.
 *
 * State: fresh (the octets are the next of `from`) -> landed (into; or from the start) or gone (to, settle). Contents
 * that are known to be zero lie nowhere and are at hand at any time. Watchers are served at the first touch, whichever
 * it is, and only then.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xenf.h"

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

static int show(struct gw_payload *payload, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    for (unsigned i = 0; i < payload->num_watch; i++) {
        int rc = payload->watch[i].pages != NULL ? show_wanted(payload, i, at, mem, len, err)
                                                 : payload->watch[i].fn(payload->watch[i].arg, at, mem, len, err);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int file_put(const struct gw_seg *seg, size_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    while (len > 0) {
        ssize_t n = pwrite(seg->fd, mem, len, (off_t)(seg->off + at));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return gw_fail(err, GW_E_SYSTEM, "cannot write contents to their file");
        mem += n;
        at += (size_t)n;
        len -= (size_t)n;
    }
    return 0;
}

static int file_get(const struct gw_seg *seg, size_t at, uint8_t *mem, size_t len, struct gw_err *err)
{
    while (len > 0) {
        ssize_t n = pread(seg->fd, mem, len, (off_t)(seg->off + at));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return gw_fail(err, GW_E_SYSTEM, "cannot read contents from their file");
        if (n == 0)
            return errno = EIO, gw_fail(err, GW_E_SYSTEM, "the file of the contents ends too early");
        mem += n;
        at += (size_t)n;
        len -= (size_t)n;
    }
    return 0;
}

/* What is still to be landed on. */
struct ground {
    const struct gw_seg *seg;
    unsigned num; /* segments, the first one without its first `done` octets */
    size_t done;
};

static void next_seg(struct ground *ground)
{
    ground->seg++;
    ground->num--;
    ground->done = 0;
}

/* Passes over len octets of the segments. */
static void advance(struct ground *ground, size_t len)
{
    ground->done += len;
    if (ground->done == ground->seg->len)
        next_seg(ground);
}

/* Of the segments of files that come next, as many octets as the buffer holds. */
static size_t measure(struct ground ahead, size_t room)
{
    size_t len = 0;
    while (ahead.num > 0 && ahead.seg->mem == NULL && len < room) {
        size_t take = (size_t)gw_min(ahead.seg->len - ahead.done, room - len);
        len += take;
        advance(&ahead, take);
    }
    return len;
}

/* Segments of files: a buffer full in one read, seen there, and put where it belongs. */
static int land_file(struct gw_payload *payload, struct ground *ground, uint64_t *at, struct gw_err *err)
{
    size_t len = measure(*ground, payload->room), take;
    if (len > 0 && (gw_chan_read(payload->from, payload->buffer, len, NULL, err) < 0 ||
                    show(payload, *at, payload->buffer, len, err) < 0))
        return -1;
    *at += len;
    for (size_t used = 0; used < len || (ground->num > 0 && ground->seg->len == 0); used += take) {
        take = (size_t)gw_min(ground->seg->len - ground->done, len - used);
        if (file_put(ground->seg, ground->done, payload->buffer + used, take, err) < 0)
            return -1;
        advance(ground, take);
    }
    return 0;
}

/* The next parts of memory, of no more than len octets; ends before a segment of a file. */
static unsigned gather(struct ground *ground, size_t len, struct iovec *part)
{
    unsigned n = 0;
    while (n < GW_CHAN_PARTS && len > 0 && ground->num > 0 && ground->seg->mem != NULL) {
        size_t take = (size_t)gw_min(ground->seg->len - ground->done, len);
        if (take > 0)
            part[n++] = (struct iovec){ .iov_base = ground->seg->mem + ground->done, .iov_len = take };
        len -= take;
        advance(ground, take);
    }
    return n;
}

/*
 * One vectored read, as the life of a page promises: a read for each strewn page would cost more than the page. With
 * watchers no more than the buffer's room, so that they find it in the processor's cache.
 */
static int land_memory(struct gw_payload *payload, struct ground *ground, uint64_t *at, struct gw_err *err)
{
    struct iovec part[GW_CHAN_PARTS];
    unsigned num = gather(ground, payload->num_watch > 0 ? payload->room : SIZE_MAX, part);
    if (num > 0 && gw_chan_readv(payload->from, part, num, err) < 0)
        return -1;
    for (unsigned i = 0; i < num; *at += part[i++].iov_len)
        if (show(payload, *at, part[i].iov_base, part[i].iov_len, err) < 0)
            return -1;
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
            if (seg->mem == NULL && file_get(seg, done, payload->buffer, len, err) < 0)
                return -1;
            if (show(payload, at, seg->mem != NULL ? seg->mem : payload->buffer, len, err) < 0)
                return -1;
        }
    }
    return 0;
}

/* The buffer, as far as len octets need it, becomes zero. */
static void clear_buffer(const struct gw_payload *payload, uint64_t len)
{
    memset(payload->buffer, 0, (size_t)gw_min(len, payload->room));
}

static int show_zeros(struct gw_payload *payload, struct gw_err *err)
{
    clear_buffer(payload, payload->len);
    for (uint64_t at = 0, len; at < payload->len; at += len) {
        len = gw_min(payload->len - at, payload->room);
        if (show(payload, at, payload->buffer, (size_t)len, err) < 0)
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

/* A punched hole does not make a file longer; its last octet does. */
static int reach(const struct gw_seg *seg, struct gw_err *err)
{
    struct stat st;
    uint8_t zero = 0;
    if (fstat(seg->fd, &st) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot look at the file of the contents");
    if ((uint64_t)st.st_size >= seg->off + seg->len)
        return 0;
    return file_put(seg, seg->len - 1, &zero, 1, err);
}

/* *punched: false where that kind of file cannot. */
static int punch(const struct gw_seg *seg, bool *punched, struct gw_err *err)
{
    int rc;
    do
        rc = fallocate(seg->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)seg->off, (off_t)seg->len);
    while (rc < 0 && errno == EINTR);
    *punched = rc == 0;
    if (rc < 0 && errno != EOPNOTSUPP && errno != ENODEV && errno != ENOSYS)
        return gw_fail(err, GW_E_SYSTEM, "cannot take contents out of their file");
    return *punched ? reach(seg, err) : 0;
}

static int write_zeros(const struct gw_payload *payload, const struct gw_seg *seg, struct gw_err *err)
{
    clear_buffer(payload, seg->len);
    for (size_t done = 0, len; done < seg->len; done += len) {
        len = (size_t)gw_min(seg->len - done, payload->room);
        if (file_put(seg, done, payload->buffer, len, err) < 0)
            return -1;
    }
    return 0;
}

/* A file gives its octets back, so that no memory is taken for zeros; else they are written. */
static int clear_seg(const struct gw_payload *payload, const struct gw_seg *seg, struct gw_err *err)
{
    bool punched = false;
    if (seg->len == 0)
        return 0;
    if (seg->fd >= 0 && punch(seg, &punched, err) < 0)
        return -1;
    if (punched)
        return 0;
    if (seg->mem == NULL)
        return write_zeros(payload, seg, err);
    memset(seg->mem, 0, seg->len);
    return 0;
}

static int clear_all(const struct gw_payload *payload, const struct gw_seg *to, unsigned num, struct gw_err *err)
{
    for (unsigned i = 0; i < num; i++)
        if (clear_seg(payload, &to[i], err) < 0)
            return -1;
    return 0;
}

/* len octets at `at` of one segment into another. */
static int copy_piece(struct gw_payload *payload, const struct gw_seg *from, size_t from_at, const struct gw_seg *to,
                      size_t to_at, size_t len, struct gw_err *err)
{
    uint8_t *mem = to->mem != NULL ? to->mem + to_at : payload->buffer;
    if (from->mem != NULL && to->mem == NULL)
        return file_put(to, to_at, from->mem + from_at, len, err);
    if (from->mem != NULL)
        memcpy(mem, from->mem + from_at, len);
    else if (file_get(from, from_at, mem, len, err) < 0)
        return -1;
    return to->mem != NULL ? 0 : file_put(to, to_at, mem, len, err);
}

static int copy_landed(struct gw_payload *payload, const struct gw_seg *to, struct gw_err *err)
{
    const struct gw_seg *from = payload->landed;
    size_t from_at = 0, to_at = 0, len;
    for (uint64_t left = payload->len; left > 0; left -= len) {
        if (from_at == from->len)
            from++, from_at = 0;
        if (to_at == to->len)
            to++, to_at = 0;
        len = (size_t)gw_min(gw_min(from->len - from_at, to->len - to_at), payload->room);
        if (copy_piece(payload, from, from_at, to, to_at, len, err) < 0)
            return -1;
        from_at += len;
        to_at += len;
    }
    return 0;
}

static int land_all(struct gw_payload *payload, const struct gw_seg *to, unsigned num, struct gw_err *err)
{
    struct ground ground = { .seg = to, .num = num };
    uint64_t at = 0;
    while (ground.num > 0) {
        bool file = ground.seg->mem == NULL;
        if ((file ? land_file(payload, &ground, &at, err) : land_memory(payload, &ground, &at, err)) < 0)
            return -1;
    }
    return 0;
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
        return show_known(payload, err) < 0 ? -1 : clear_all(payload, to, num, err);
    if (payload->gone) {
        rc = show_known(payload, err) < 0 ? -1 : copy_landed(payload, to, err);
    } else {
        payload->gone = payload->shown = true;
        rc = land_all(payload, to, num, err);
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
        if (show(payload, at, payload->buffer, len, err) < 0)
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
            show(payload, page * PAGE, payload->buffer, (size_t)(run * PAGE), err) < 0)
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
        if (file_get(seg, done, payload->buffer, len, err) < 0)
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
    clear_buffer(payload, payload->len);
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
