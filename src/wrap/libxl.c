/*
 * libxl.c - a libxl stream, version 2 (libxl-stream section 2): records around an image that stands unframed among
 * them.
 *
 *  header, big-endian: 0 8 "LibxlFmt"; 8 4 version; 12 4 options      record: 0 4 type; 4 4 body length; body;
 *  padding to 8
 *
 * Behind LIBXC_CONTEXT comes the image; behind its END or CHECKPOINT libxl's records again; behind CHECKPOINT_END the
 * image goes on. libxl takes an end of file for a success (2.6): here only END, or a complete checkpoint, is one.
 */
#include <assert.h>
#include <string.h>

#include "pack.h"

#define HEADER_LEN 16
#define VERSION 2u

static const char ident[8] = { 'L', 'i', 'b', 'x', 'l', 'F', 'm', 't' };

struct stream {
    struct gw_wrap *wrap;
    struct gw_sink *sink;
    struct gw_reader *reader;
    struct gw_buf body;
    enum gw_mark_kind stopped; /* where the image stands: GW_MARK_NONE before it began */
    bool committed, done;
};

static unsigned bid_libxl(const uint8_t *mem, size_t len)
{
    /*
     * version 2, LIBXC_CONTEXT and the image's marker: a damaged ident before them is still ours, and told by the
     * reader
     */
    static const uint8_t version[4] = { 0, 0, 0, 2 };
    static const uint8_t context[16] = {
        GW_LIBXL_CONTEXT, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
    };
    unsigned bits = bid_octets(mem, len, ident, sizeof ident);
    if (len >= 32 && bid_octets(mem + 8, 4, version, 4) > 0)
        bits += bid_octets(mem + HEADER_LEN, sizeof context, context, sizeof context);
    return bits;
}

static int read_header(struct stream *s, struct gw_err *err)
{
    uint8_t octets[HEADER_LEN];
    struct gw_aside aside = { .kind = GW_ASIDE_LIBXL_HEADER, .offset = s->wrap->chan->read_pos };
    size_t got;
    if (gw_chan_read(s->wrap->chan, octets, sizeof octets, &got, err) < 0) {
        if (!gw_err_is_cut(err))
            return -1;
        *err = GW_ERR_NONE;
        return gw_ends(err, "libxl-truncated", "the input ends inside the libxl header: %zu of 16 octets are there",
                       got);
    }
    struct gw_cur cur = gw_cur(octets, sizeof octets);
    const uint8_t *name = gw_take(&cur, sizeof ident);
    uint32_t version = gw_be32(&cur), options = gw_be32(&cur);
    if (memcmp(name, ident, sizeof ident) != 0)
        return gw_refuse(err, "libxl-ident", "the libxl header does not begin with 'LibxlFmt'");
    if (version != VERSION)
        return gw_refuse(err, "libxl-version", "the libxl stream has version %u; %u exists", version, VERSION);
    if (options & 1)
        return gw_refuse(err, "libxl-big-endian", "the libxl stream claims to be big-endian");
    aside.body = octets;
    aside.body_len = aside.length = sizeof octets;
    return gw_sink_aside(s->sink, &aside, err);
}

/* Body and padding of a record whose header was taken. */
static int read_rest(struct stream *s, struct gw_aside *aside, uint32_t length, struct gw_err *err)
{
    uint8_t pad[8];
    unsigned pad_len = gw_pad8(length);
    if (length > gw_limit(LIBXL_BODY))
        return gw_refuse(err, "libxl-length", "a libxl record claims %u octets; godwit reads up to %llu", length,
                         (unsigned long long)gw_limit(LIBXL_BODY));
    s->body.len = 0;
    if (gw_chan_fill(s->wrap->chan, &s->body, length, err) < 0 ||
        (pad_len > 0 && gw_chan_read(s->wrap->chan, pad, pad_len, NULL, err) < 0)) {
        if (!gw_err_is_cut(err))
            return -1;
        *err = GW_ERR_NONE;
        return gw_ends(err, "libxl-truncated",
                       "the input ends inside a libxl record of type %u: %llu of %u octets are there", aside->type,
                       (unsigned long long)(s->wrap->chan->read_pos - aside->offset - 8), length + pad_len);
    }
    aside->body = s->body.mem;
    aside->body_len = aside->length = length;
    aside->pad_nonzero = !gw_is_zero(pad, pad_len);
    return 0;
}

/* What can be seen of a device model's records without knowing the devices; their 8 octets of header apart. */
static int say_record(struct stream *s, struct gw_aside *aside, struct gw_err *err)
{
    struct gw_device_state state;
    struct gw_device_store store;
    struct gw_cur cur = gw_cur(aside->body, aside->body_len);
    gw_take(&cur, GW_LIBXL_EMULATOR_HEAD);
    if (aside->type == GW_LIBXL_EMULATOR && !cur.bad) {
        if (read_device_state(cur, &state, err) < 0)
            return -1;
        aside->state = &state;
    }
    if (aside->type == GW_LIBXL_XENSTORE && !cur.bad) {
        if (gw_store_read(cur, &store, NULL, NULL, err) < 0)
            return -1;
        aside->store = &store;
    }
    int rc = gw_sink_aside(s->sink, aside, err);
    aside->state = NULL;
    aside->store = NULL;
    return rc;
}

static int read_record(struct stream *s, struct gw_aside *aside, struct gw_err *err)
{
    uint8_t octets[8];
    size_t got;
    *aside = (struct gw_aside){ .kind = GW_ASIDE_LIBXL_RECORD, .offset = s->wrap->chan->read_pos };
    if (gw_chan_read(s->wrap->chan, octets, sizeof octets, &got, err) < 0) {
        if (!gw_err_is_cut(err))
            return -1;
        *err = GW_ERR_NONE;
        return got > 0 ? gw_ends(err, "libxl-truncated", "the input ends inside a libxl record header: %zu of 8 octets",
                                 got)
                       : gw_ends(err, "libxl-end-missing", "the input ends before libxl's END record");
    }
    struct gw_cur cur = gw_cur(octets, sizeof octets);
    aside->type = gw_u32(&cur);
    uint32_t length = gw_u32(&cur);
    if (aside->type == GW_LIBXL_CONTEXT && s->reader != NULL)
        return gw_refuse(err, "libxl-context", "a second LIBXC_CONTEXT");
    return read_rest(s, aside, length, err);
}

static int run_image(struct stream *s, struct gw_err *err)
{
    assert(!s->done && s->stopped != GW_END);
    s->committed = false;
    gw_buf_free(&s->body); /* the reader has buffers of its own */
    if (s->reader == NULL)
        s->reader = gw_reader_new(s->wrap->chan, s->wrap->max_pfn, err);
    if (s->reader == NULL || gw_reader_run(s->reader, s->sink, &s->stopped, err) < 0)
        return -1;
    s->done = s->stopped == GW_MARK_NONE; /* the input ended where the image would go on behind a checkpoint */
    return 0;
}

/*
 * Behind CHECKPOINT_END the image goes on, but for COLO's CHECKPOINT_STATE in between (17.5). Its number is a vCPU
 * record's in images of PV guests; COLO is for HVM guests only, whose images have no such record.
 */
static int state_is_next(struct stream *s, bool *is_next, struct gw_err *err)
{
    static const uint8_t state[4] = { GW_LIBXL_CKPT_STATE, 0, 0, 0 };
    const struct gw_headers *headers = gw_reader_headers(s->reader);
    const uint8_t *mem;
    size_t len;
    *is_next = false;
    if (headers == NULL || headers->domain.type != GW_DOMAIN_HVM)
        return 0;
    if (gw_chan_peek(s->wrap->chan, sizeof state, &mem, &len, err) < 0)
        return -1;
    *is_next = len >= sizeof state && memcmp(mem, state, sizeof state) == 0;
    return 0;
}

/* Behind a complete checkpoint: the image goes on, unless COLO says something first. */
static int go_on(struct stream *s, struct gw_err *err)
{
    bool state;
    if (state_is_next(s, &state, err) < 0)
        return -1;
    return state ? 0 : run_image(s, err);
}

static int commit(struct stream *s, struct gw_err *err)
{
    s->committed = true;
    return gw_sink_commit(s->sink, err);
}

/* One libxl record, and what it leads to. */
static int step(struct stream *s, struct gw_err *err)
{
    struct gw_aside aside;
    if (read_record(s, &aside, err) < 0 || say_record(s, &aside, err) < 0)
        return gw_err_place(err, aside.offset, 0);
    switch (aside.type) {
    case GW_LIBXL_CONTEXT: return run_image(s, err);
    case GW_LIBXL_CKPT_END:
        if (s->stopped != GW_CHECKPOINT)
            return 0;
        return commit(s, err) < 0 ? -1 : go_on(s, err);
    case GW_LIBXL_CKPT_STATE: return s->committed && s->stopped == GW_CHECKPOINT ? go_on(s, err) : 0;
    case GW_LIBXL_END: s->done = true; return s->stopped == GW_END ? commit(s, err) : 0;
    default: return 0;
    }
}

int expect_libxl(struct gw_wrap *wrap, const char *file, const char *rule, struct gw_err *err)
{
    const uint8_t *mem;
    size_t len;
    if (gw_chan_peek(wrap->chan, sizeof ident, &mem, &len, err) < 0)
        return -1;
    if (len == 0)
        return gw_ends(err, "libxl-truncated", "the input ends behind the %s header, where a libxl stream should begin",
                       file);
    if (memcmp(mem, ident, (size_t)gw_min(len, sizeof ident)) != 0)
        return gw_refuse(err, rule, "the %s header announces a libxl stream, but something else follows", file);
    return 0;
}

int run_libxl(struct gw_wrap *wrap, struct gw_sink *sink, struct gw_err *err)
{
    struct stream s = { .wrap = wrap, .sink = sink };
    uint64_t offset = wrap->chan->read_pos;
    int rc = say_layer(wrap, sink, "libxl", err);
    if (rc == 0 && (rc = read_header(&s, err)) < 0)
        gw_err_place(err, offset, 0);
    while (rc == 0 && !s.done)
        rc = step(&s, err);
    gw_reader_free(s.reader);
    gw_buf_free(&s.body);
    return rc < 0 ? -1 : say_trailing(wrap, sink, err);
}

int pack_libxl_head(struct packer *p, struct gw_err *err)
{
    bool converted = p->has_options ? (p->libxl_options & GW_LIBXL_CONVERTED) != 0 : p->converted;
    (void)err;
    gw_put(&p->out, ident, sizeof ident);
    gw_put_be32(&p->out, VERSION);
    gw_put_be32(&p->out, converted ? GW_LIBXL_CONVERTED : 0);
    gw_record_header_encode(&p->out, GW_LIBXL_CONTEXT, 0);
    return 0;
}

/* The device model's state as xenopsd keeps it, without the sub-header: id, index. */
static int put_qemu(struct packer *p, const struct gw_aside *aside, struct gw_err *err)
{
    if (aside->body_len > gw_limit(LIBXL_BODY) - GW_LIBXL_EMULATOR_HEAD)
        return pack_no_record(p, aside, err);
    gw_record_header_encode(&p->out, GW_LIBXL_EMULATOR, (uint32_t)aside->body_len + GW_LIBXL_EMULATOR_HEAD);
    gw_put_u32(&p->out, pack_emulator_id(p));
    gw_put_u32(&p->out, 0);
    gw_put(&p->out, aside->body, aside->body_len);
    gw_put_zeros(&p->out, gw_pad8((uint32_t)aside->body_len));
    return pack_flush(p, err);
}

int pack_libxl_record(struct packer *p, const struct gw_aside *aside, struct gw_err *err)
{
    if (aside->kind == GW_ASIDE_XENOPSD_RECORD && aside->type == GW_XENOPSD_QEMU)
        return put_qemu(p, aside, err);
    if (aside->kind == GW_ASIDE_XENOPSD_RECORD)
        return pack_no_record(p, aside, err);
    gw_record_header_encode(&p->out, aside->type, (uint32_t)aside->body_len);
    gw_put(&p->out, aside->body, aside->body_len);
    gw_put_zeros(&p->out, gw_pad8((uint32_t)aside->body_len));
    return pack_flush(p, err);
}

int pack_libxl_commit(struct packer *p, struct gw_err *err)
{
    (void)err;
    if (p->stopped != GW_MARK_NONE)
        gw_record_header_encode(&p->out, p->stopped == GW_END ? GW_LIBXL_END : GW_LIBXL_CKPT_END, 0);
    return 0;
}

static const struct layer_writer writer = { .head = pack_libxl_head,
                                            .beside = pack_libxl_record,
                                            .commit = pack_libxl_commit };

const struct layer layer_libxl = { .name = "libxl",
                                   .magic = ident,
                                   .magic_len = sizeof ident,
                                   .sentence =
                                       "a libxl stream: records around an image, the device model's state among "
                                       "them",
                                   .bid = bid_libxl,
                                   .run = run_libxl,
                                   .writer = &writer };
