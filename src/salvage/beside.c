/*
 * beside.c - what carries an image, seen from behind it: whole records up to the carrier's own end, or not.
 *
 * Only how far they can be followed; what is in them the carriers' readers say (src/wrap), who read them again.
 */
#include "damaged.h"

#define LIBXL_HEADER_LEN 8u
#define XENOPSD_HEADER_LEN 16u

struct header {
    uint64_t type, length, len; /* len: with header, body and padding */
};

static bool read_libxl(struct gw_cur cur, struct header *out)
{
    out->type = gw_u32(&cur);
    uint32_t length = gw_u32(&cur);
    out->length = length;
    out->len = LIBXL_HEADER_LEN + length + gw_pad8(length);
    return length <= gw_limit(LIBXL_BODY);
}

static bool read_xenopsd(struct gw_cur cur, struct header *out)
{
    out->type = gw_u64(&cur);
    out->length = gw_u64(&cur);
    out->len = XENOPSD_HEADER_LEN + out->length;
    return out->length <= gw_limit(XENOPSD_BODY);
}

static bool is_beside(enum carrier carrier, const struct header *h)
{
    if (carrier == CARRIER_LIBXL)
        return (h->type == GW_LIBXL_XENSTORE || h->type == GW_LIBXL_EMULATOR) && h->length >= GW_LIBXL_EMULATOR_HEAD;
    return (h->type == GW_XENOPSD_QEMU || h->type == GW_XENOPSD_VARSTORED || h->type == GW_XENOPSD_SWTPM0 ||
            h->type == GW_XENOPSD_SWTPM) &&
           h->length > 0;
}

static bool is_end(enum carrier carrier, bool checkpoint, const struct header *h)
{
    if (carrier == CARRIER_XENOPSD)
        return h->type == GW_XENOPSD_END && h->length == 0;
    return h->type == (checkpoint ? GW_LIBXL_CKPT_END : GW_LIBXL_END) && h->length == 0;
}

int walk_beside(struct octets *octets, enum carrier carrier, uint64_t at, bool checkpoint, struct beside *out,
                struct gw_err *err)
{
    size_t len = carrier == CARRIER_XENOPSD ? XENOPSD_HEADER_LEN : LIBXL_HEADER_LEN;
    *out = (struct beside){ .at = at, .end = at, .next = at };
    for (unsigned i = 0; carrier != CARRIER_RAW && i < gw_limit(XENOPSD_RECORDS); i++) {
        struct header h;
        const uint8_t *mem = octets_at(octets, out->end, len, err);
        if (mem == NULL)
            break;
        bool right = carrier == CARRIER_XENOPSD ? read_xenopsd(gw_cur(mem, len), &h) : read_libxl(gw_cur(mem, len), &h);
        out->ended = right && is_end(carrier, checkpoint, &h);
        out->next = out->end + (out->ended ? len : 0);
        if (out->ended || !right || !is_beside(carrier, &h) || h.len > octets->size - out->end)
            break;
        out->end += h.len;
        out->num++;
    }
    return err->code == GW_E_OK ? 0 : -1;
}

void put_carrier_end(struct gw_buf *buf, enum carrier carrier)
{
    if (carrier == CARRIER_LIBXL)
        gw_record_header_encode(buf, GW_LIBXL_END, 0);
    if (carrier == CARRIER_XENOPSD) {
        gw_put_u64(buf, GW_XENOPSD_END);
        gw_put_u64(buf, 0);
    }
}
