/*
 * xl.c - the file of `xl save` (libxl-stream section 1), both ages of its header.
 *
 *  0 32 magic; 32 4 byte order; 36 4 mandatory flags; 40 4 optional flags; 44 4 length of the optional data
 * 48  4 length of the configuration; 52 configuration; rest ignored            then the stream, at no particular
 * alignment
 *
 * Mandatory flags: bit 0 the configuration is JSON (else text), bit 1 a libxl stream follows (else a legacy one).
 */
#include <string.h>

#include "legacy.h"
#include "pack.h"

#define HEADER_LEN 48
#define BYTE_ORDER_MARK 0x01020304u

static const char magic[32] = "Xen saved domain, xl format\n \0 \r";

struct header {
    uint32_t order, mandatory, optional, data_len;
};

static unsigned bid_xl(const uint8_t *mem, size_t len)
{
    /* Enough to be no accident; a magic that goes wrong behind it is said by the reader. */
    return bid_octets(mem, len, magic, sizeof "Xen saved domain, xl" - 1);
}

static int read_header(struct gw_wrap *wrap, struct gw_sink *sink, struct header *out, struct gw_err *err)
{
    uint8_t octets[HEADER_LEN];
    struct gw_aside aside = { .kind = GW_ASIDE_XL_HEADER, .offset = wrap->chan->read_pos };
    struct header h = { 0 };
    size_t got;
    if (gw_chan_read(wrap->chan, octets, sizeof octets, &got, err) < 0)
        return say_short(err, "xl-truncated", "the xl header", got, sizeof octets);
    struct gw_cur cur = gw_cur(octets, sizeof octets);
    const uint8_t *name = gw_take(&cur, sizeof magic);
    h.order = gw_u32(&cur);
    h.mandatory = gw_u32(&cur);
    h.optional = gw_u32(&cur);
    h.data_len = gw_u32(&cur);
    if (memcmp(name, magic, sizeof magic) != 0)
        return gw_refuse(err, "xl-magic", "the xl header's magic is damaged");
    if (h.order != BYTE_ORDER_MARK)
        return gw_refuse(err, "xl-byteorder", "the xl header's byte order mark is 0x%08x%s", h.order,
                         h.order == 0x04030201 ? ": a big-endian machine wrote it" : "");
    if ((h.mandatory & ~(GW_XL_JSON | GW_XL_LIBXL)) != 0)
        return gw_refuse(err, "xl-flags", "the xl header has unknown mandatory flags: 0x%x", h.mandatory);
    if (h.data_len > gw_limit(XL_OPTIONAL))
        return gw_refuse(err, "xl-optional-limit",
                         "the xl header claims %u octets of optional data; godwit reads up to %llu", h.data_len,
                         (unsigned long long)gw_limit(XL_OPTIONAL));
    *out = h;
    aside.body = octets;
    aside.body_len = aside.length = sizeof octets;
    return gw_sink_aside(sink, &aside, err);
}

static int say_data(const struct header *h, struct gw_cur cur, uint64_t offset, struct gw_sink *sink,
                    struct gw_err *err)
{
    struct gw_guest_config config;
    size_t len = gw_left(&cur);
    uint32_t config_len = gw_u32(&cur);
    struct gw_cur text = gw_sub(&cur, config_len);
    if (cur.bad)
        return gw_refuse(err, "xl-optional-length",
                         "%zu octets of optional data do not hold a configuration of %u octets", len, config_len);
    if (read_config(text.p, config_len, (h->mandatory & GW_XL_JSON) != 0, &config, err) < 0)
        return -1;
    struct gw_aside aside = { .kind = GW_ASIDE_XL_CONFIG,
                              .offset = offset + 4,
                              .number = h->mandatory,
                              .config = &config,
                              .body = text.p,
                              .body_len = config_len,
                              .length = config_len };
    if (gw_sink_aside(sink, &aside, err) < 0)
        return -1;
    if (gw_left(&cur) == 0)
        return 0;
    struct gw_aside more = { .kind = GW_ASIDE_XL_MORE,
                             .offset = offset + 4 + config_len,
                             .body = cur.p,
                             .body_len = gw_left(&cur),
                             .length = gw_left(&cur) };
    return gw_sink_aside(sink, &more, err);
}

static int read_data(struct gw_wrap *wrap, struct gw_sink *sink, const struct header *h, struct gw_err *err)
{
    uint64_t offset = wrap->chan->read_pos;
    struct gw_buf data = { 0 };
    int rc = gw_chan_fill(wrap->chan, &data, h->data_len, err);
    if (rc < 0)
        say_short(err, "xl-truncated", "the xl header's optional data", data.len, h->data_len);
    else if (h->data_len > 0)
        rc = say_data(h, gw_buf_cur(&data), offset, sink, err);
    gw_buf_free(&data);
    return rc;
}

static int run_xl(struct gw_wrap *wrap, struct gw_sink *sink, struct gw_err *err)
{
    struct header h = { 0 };
    uint64_t offset = wrap->chan->read_pos;
    if (say_layer(wrap, sink, "xl", err) < 0)
        return -1;
    if (read_header(wrap, sink, &h, err) < 0 || read_data(wrap, sink, &h, err) < 0)
        return gw_err_place(err, offset, 0);
    if ((h.mandatory & GW_XL_LIBXL) == 0)
        return run_legacy(wrap, sink, &(struct legacy_hint){ 0 }, err);
    if (expect_libxl(wrap, "xl", "xl-stream", err) < 0)
        return gw_err_place(err, offset, 0);
    return run_libxl(wrap, sink, err);
}

static int write_head(struct packer *p, struct gw_err *err)
{
    const struct paper *config = &p->papers[PAPER_XL];
    size_t len = 4 + config->text.len + p->more.len;
    if (len > gw_limit(XL_OPTIONAL))
        return gw_fail(err, GW_E_REFUSED, "a configuration of %zu octets is longer than godwit reads (%llu)",
                       config->text.len, (unsigned long long)gw_limit(XL_OPTIONAL) - 4);
    gw_put(&p->out, magic, sizeof magic);
    gw_put_u32(&p->out, BYTE_ORDER_MARK);
    gw_put_u32(&p->out, (config->flags & GW_XL_JSON) | GW_XL_LIBXL);
    gw_put_u32(&p->out, 0);
    gw_put_u32(&p->out, (uint32_t)len);
    gw_put_u32(&p->out, (uint32_t)config->text.len);
    gw_put(&p->out, config->text.mem, config->text.len);
    gw_put(&p->out, p->more.mem, p->more.len);
    return pack_libxl_head(p, err);
}

static const struct layer_writer writer = {
    .paper = PAPER_XL, .head = write_head, .beside = pack_libxl_record, .commit = pack_libxl_commit
};

const struct layer layer_xl = { .name = "xl",
                                .magic = magic,
                                .magic_len = sizeof magic,
                                .sentence = "the file of xl save, and what xl migrate sends: a header, the "
                                            "configuration, a libxl stream",
                                .bid = bid_xl,
                                .run = run_xl,
                                .writer = &writer };
