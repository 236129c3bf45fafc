/*
 * xend.c - the file of `xm save` (Xen 3.0 to 4.4; legacy section 11.4).
 *
 *  0 16 "LinuxGuestRecord", of HVM guests too; 16 4 length, big-endian; 20 the configuration, an S-expression
 * behind it a legacy image, and for an HVM guest the device model's record
 *
 * Only read: nothing takes such a file any more. It must not know what becomes of the configuration.
 */
#include <assert.h>
#include <string.h>

#include "legacy.h"
#include "xend_config.h"

#define HEADER_LEN 20

static const char magic[16] = "LinuxGuestRecord";

static unsigned bid_xend(const uint8_t *mem, size_t len)
{
    return bid_octets(mem, len, magic, sizeof magic);
}

static int read_length(struct gw_wrap *wrap, uint32_t *length, struct gw_err *err)
{
    uint8_t octets[HEADER_LEN];
    size_t got;
    if (gw_chan_read(wrap->chan, octets, sizeof octets, &got, err) < 0)
        return say_short(err, "xend-truncated", "xend's header", got, sizeof octets);
    struct gw_cur cur = gw_cur(octets, sizeof octets);
    assert(memcmp(octets, magic, sizeof magic) == 0); /* or it would not have won the bidding */
    gw_take(&cur, sizeof magic);
    *length = gw_be32(&cur);
    if (*length == 0 || *length > gw_limit(XEND_CONFIG))
        return gw_refuse(err, "xend-length",
                         "xend's header claims a configuration of %u octets; godwit reads 1 to %llu", *length,
                         (unsigned long long)gw_limit(XEND_CONFIG));
    return 0;
}

static int read_config_text(struct gw_wrap *wrap, struct gw_sink *sink, uint32_t length, struct gw_guest_config *config,
                            struct gw_err *err)
{
    struct gw_buf text = { 0 };
    struct gw_aside aside = { .kind = GW_ASIDE_XEND_CONFIG, .offset = wrap->chan->read_pos, .config = config };
    int rc = gw_chan_fill(wrap->chan, &text, length, err);
    if (rc < 0)
        say_short(err, "xend-truncated", "xend's configuration", text.len, length);
    else
        rc = read_xend_config(text.mem, text.len, config, err);
    if (rc == 0) {
        aside.body = text.mem;
        aside.body_len = aside.length = text.len;
        rc = gw_sink_aside(sink, &aside, err);
    }
    gw_buf_free(&text);
    return rc;
}

static int run_xend(struct gw_wrap *wrap, struct gw_sink *sink, struct gw_err *err)
{
    struct gw_guest_config config;
    struct legacy_hint hint = { 0 };
    uint64_t offset = wrap->chan->read_pos;
    uint32_t length = 0;
    if (say_layer(wrap, sink, "xend", err) < 0)
        return -1;
    if (read_length(wrap, &length, err) < 0 || read_config_text(wrap, sink, length, &config, err) < 0)
        return gw_err_place(err, offset, 0);
    if (config.type[0] != '\0')
        hint.guest = config.type;
    return run_legacy(wrap, sink, &hint, err);
}

const struct layer layer_xend = { .name = "xend",
                                  .magic = magic,
                                  .magic_len = sizeof magic,
                                  .sentence =
                                      "the file of xm save (xend, Xen 3.0 to 4.4): a header, the configuration, "
                                      "a legacy image",
                                  .bid = bid_xend,
                                  .run = run_xend,
                                  .becomes = "xl" };
