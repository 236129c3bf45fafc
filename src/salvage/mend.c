/*
 * mend.c - the stream of what is left: pieces of the input, in the order of an image, and what had to be made between
 * them.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "damaged.h"

struct mended {
    struct gw_chan chan;
    const struct gw_salvage *from; /* borrowed */
    struct gw_buf made;            /* of this stream alone: it stands behind what the salvage made */
    struct pieces pieces;
    size_t next;     /* piece */
    uint64_t passed; /* octets of it */
};

/* As many of len octets as lie in one of the two buffers. */
static size_t copy_made(const struct mended *m, uint64_t at, void *mem, size_t len)
{
    const struct gw_buf *before = &m->from->made;
    bool is_before = at < before->len;
    size_t most = is_before ? (size_t)(before->len - at) : len;
    const uint8_t *from = is_before ? before->mem + at : m->made.mem + (at - before->len);
    memcpy(mem, from, len < most ? len : most);
    return len < most ? len : most;
}

static int mended_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    struct mended *m = (struct mended *)chan;
    (void)num;
    *got = 0;
    if (m->next == m->pieces.num)
        return 0;
    const struct piece *piece = &m->pieces.all[m->next];
    size_t len = (size_t)gw_min(part[0].iov_len, piece->len - m->passed);
    if (piece->from_made) {
        len = copy_made(m, piece->at + m->passed, part[0].iov_base, len);
    } else {
        ssize_t n = pread(m->from->fd, part[0].iov_base, len, (off_t)(piece->at + m->passed));
        if (n <= 0)
            return gw_fail(err, n < 0 ? GW_E_SYSTEM : GW_E_REFUSED,
                           n < 0 ? "cannot read" : "the input became shorter while it was read");
        len = (size_t)n;
    }
    m->passed += len;
    if (m->passed == piece->len) {
        m->next++;
        m->passed = 0;
    }
    *got = len;
    return 0;
}

static int mended_skip(struct gw_chan *chan, uint64_t len, uint64_t *gone, struct gw_err *err)
{
    struct mended *m = (struct mended *)chan;
    (void)err;
    *gone = 0;
    while (*gone < len && m->next < m->pieces.num) {
        uint64_t part = gw_min(len - *gone, m->pieces.all[m->next].len - m->passed);
        m->passed += part;
        *gone += part;
        if (m->passed == m->pieces.all[m->next].len) {
            m->next++;
            m->passed = 0;
        }
    }
    return 0;
}

static void mended_close(struct gw_chan *chan)
{
    struct mended *m = (struct mended *)chan;
    gw_buf_free(&m->made);
    gw_free(m->pieces.all);
    gw_free(m);
}

static const struct gw_chan_ops mended_ops = {
    .name = "mended", .read = mended_read, .skip = mended_skip, .close = mended_close
};

/* --- composing --------------------------------------------------------------------------------------------------- */

static int put_made(struct mended *m, size_t from, struct gw_err *err)
{
    struct piece piece = { .at = m->from->made.len + from, .len = m->made.len - from, .from_made = true };
    return gw_buf_ok(&m->made, err) < 0 ? -1 : add_piece(&m->pieces, &piece, err);
}

static int put_header(struct mended *m, uint32_t type, struct gw_err *err)
{
    size_t from = m->made.len;
    gw_record_header_encode(&m->made, type, 0);
    return put_made(m, from, err);
}

static int put_provenance(struct mended *m, const char *text, struct gw_err *err)
{
    size_t from = m->made.len, len = strlen(text);
    gw_record_header_encode(&m->made, GW_REC_PROVENANCE, (uint32_t)len);
    gw_put(&m->made, text, len);
    gw_put_zeros(&m->made, gw_pad8(len));
    return put_made(m, from, err);
}

static int put_all(struct mended *m, const struct pieces *pieces, struct gw_err *err)
{
    for (size_t i = 0; i < pieces->num; i++)
        if (add_piece(&m->pieces, &pieces->all[i], err) < 0)
            return -1;
    return 0;
}

/* Where in an image a record stands. */
enum part { PART_STATIC, PART_FRAMES, PART_TAIL };

static enum part part_of(uint32_t type)
{
    if (type == GW_REC_X86_PV_P2M_FRAMES)
        return PART_FRAMES;
    return gw_record_info(type)->kind == GW_KIND_STATIC ? PART_STATIC : PART_TAIL;
}

static int put_singles(struct mended *m, enum part part, struct gw_err *err)
{
    const struct gw_salvage *s = m->from;
    for (size_t i = 0; i < s->num_singles; i++)
        if (part_of(s->singles[i].type) == part && add_piece(&m->pieces, &s->singles[i].piece, err) < 0)
            return -1;
    return 0;
}

static int put_image(struct mended *m, const char *provenance, struct gw_err *err)
{
    const struct gw_salvage *s = m->from;
    if (add_piece(&m->pieces, &s->head, err) < 0 || add_piece(&m->pieces, &s->image_headers, err) < 0)
        return -1;
    if ((provenance != NULL && put_provenance(m, provenance, err) < 0) || put_singles(m, PART_STATIC, err) < 0 ||
        put_all(m, &s->others, err) < 0)
        return -1;
    if (s->version >= 3 && put_header(m, GW_REC_STATIC_DATA_END, err) < 0)
        return -1;
    if (put_singles(m, PART_FRAMES, err) < 0 || put_all(m, &s->pages, err) < 0 || put_singles(m, PART_TAIL, err) < 0)
        return -1;
    return put_header(m, GW_REC_END, err);
}

static int put_beside(struct mended *m, struct gw_err *err)
{
    const struct beside *beside = &m->from->beside;
    struct piece piece = { .at = beside->at, .len = beside->end - beside->at };
    size_t from = m->made.len;
    put_carrier_end(&m->made, m->from->carrier);
    return add_piece(&m->pieces, &piece, err) < 0 ? -1 : put_made(m, from, err);
}

static struct mended *new_mended(const struct gw_salvage *s, struct gw_err *err)
{
    struct mended *m = gw_alloc(1, sizeof *m, err);
    if (m == NULL)
        return NULL;
    m->chan.ops = &mended_ops;
    m->from = s;
    return m;
}

struct gw_chan *gw_salvage_input(struct gw_salvage *s, struct gw_err *err)
{
    struct piece all = { .len = s->octets.size };
    struct mended *m = new_mended(s, err);
    if (m == NULL || add_piece(&m->pieces, &all, err) == 0)
        return m != NULL ? &m->chan : NULL;
    mended_close(&m->chan);
    return NULL;
}

struct gw_chan *gw_salvage_stream(struct gw_salvage *s, const char *provenance, struct gw_err *err)
{
    struct mended *m = new_mended(s, err);
    if (m == NULL)
        return NULL;
    if (put_image(m, provenance, err) == 0 && put_beside(m, err) == 0)
        return &m->chan;
    mended_close(&m->chan);
    return NULL;
}
