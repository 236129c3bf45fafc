/*
 * payload_land.c - contents into segments: of memory in one vectored read, of a file through the buffer; copied from
 * where they landed before; or, known to be zero, as holes.
 *
 * Watchers see what lands. When contents may land at all is payload.c's to say.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "landing.h"

static int file_put(const struct gw_seg *seg, size_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    return gw_write_at(seg->fd, mem, len, seg->off + at) < 0
               ? gw_fail(err, GW_E_SYSTEM, "cannot write contents to their file")
               : 0;
}

int payload_file_get(const struct gw_seg *seg, size_t at, uint8_t *mem, size_t len, struct gw_err *err)
{
    ssize_t n = gw_read_at(seg->fd, mem, len, seg->off + at);
    if (n < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot read contents from their file");
    if ((size_t)n < len)
        return errno = EIO, gw_fail(err, GW_E_SYSTEM, "the file of the contents ends too early");
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
                    payload_show(payload, *at, payload->buffer, len, err) < 0))
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
        if (payload_show(payload, *at, part[i].iov_base, part[i].iov_len, err) < 0)
            return -1;
    return 0;
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
    payload_clear_buffer(payload, seg->len);
    for (size_t done = 0, len; done < seg->len; done += len) {
        len = (size_t)gw_min(seg->len - done, payload->room);
        if (file_put(seg, done, payload->buffer, len, err) < 0)
            return -1;
    }
    return 0;
}

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

int payload_clear_all(const struct gw_payload *payload, const struct gw_seg *to, unsigned num, struct gw_err *err)
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
    else if (payload_file_get(from, from_at, mem, len, err) < 0)
        return -1;
    return to->mem != NULL ? 0 : file_put(to, to_at, mem, len, err);
}

int payload_copy_landed(struct gw_payload *payload, const struct gw_seg *to, struct gw_err *err)
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

int payload_land_all(struct gw_payload *payload, const struct gw_seg *to, unsigned num, struct gw_err *err)
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
