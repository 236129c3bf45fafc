/*
 * xapi.c - a suspend image of xapi and of xenopsd before it framed what it wrote (XenServer up to 6.2, and about 2014;
 * xenopsd-framing section 7): 15 octets, then a legacy image and the device model's record, to the end.
 *
 * Only read. It is xenopsd's all the same: what is written in its place is the file of today's.
 */
#include "legacy.h"

#define SIGNATURE_LEN 15

static const char signature[SIGNATURE_LEN] = "XenSavedDomain\n";

static unsigned bid_xapi(const uint8_t *mem, size_t len)
{
    return bid_octets(mem, len, signature, sizeof signature);
}

static int run_xapi(struct gw_wrap *wrap, struct gw_sink *sink, struct gw_err *err)
{
    static const struct legacy_hint nothing;
    uint64_t offset = wrap->chan->read_pos;
    uint8_t octets[SIGNATURE_LEN];
    size_t got;
    if (say_layer(wrap, sink, "xenopsd", err) < 0)
        return -1;
    if (gw_chan_read(wrap->chan, octets, sizeof octets, &got, err) < 0) {
        say_short(err, "xenopsd-truncated", "the xenopsd signature", got, sizeof octets);
        return gw_err_place(err, offset, 0);
    }
    return run_legacy(wrap, sink, &nothing, err);
}

const struct layer layer_xapi = { .name = "xapi",
                                  .magic = signature,
                                  .magic_len = sizeof signature,
                                  .sentence = "the suspend image of xapi and of the first xenopsd (XenServer up to "
                                              "6.2): a signature, a legacy image",
                                  .bid = bid_xapi,
                                  .run = run_xapi };
