/*
 * codec_headers.c - image header (section 2), domain header (section 3), record header (section 4).
 *
 *  image header, big-endian       domain header               record header
 *   0  8  marker, all ones         0  4  type                  0  4  type
 *   8  4  id "XENF"                4  2  page_shift            4  4  body_length
 *  12  4  version                  6  2  _res1
 *  16  2  options                  8  4  xen_major
 *  18  2  _res1                   12  4  xen_minor
 *  20  4  _res2
 */
#include "xenf.h"

const struct gw_version gw_versions[] = {
    { .version = 2, .reads = true, .writes = true, .since = 6 },
    { .version = 3, .reads = true, .writes = true, .since = 14 },
};
const unsigned gw_num_versions = sizeof gw_versions / sizeof gw_versions[0];

static bool reads_version(uint32_t version)
{
    for (unsigned i = 0; i < gw_num_versions; i++)
        if (gw_versions[i].version == version)
            return gw_versions[i].reads;
    return false;
}

int gw_image_header_decode(struct gw_cur cur, struct gw_image_header *out, struct gw_err *err)
{
    struct gw_image_header v;
    size_t len = gw_left(&cur);
    uint64_t marker = gw_be64(&cur);
    uint32_t id = gw_be32(&cur);
    v.version = gw_be32(&cur);
    v.options = gw_be16(&cur);
    v.res1 = gw_be16(&cur);
    v.res2 = gw_be32(&cur);
    if (!gw_done(&cur))
        return gw_ends(err, "ihdr-truncated", "the image header has %zu of 24 octets", len);
    if (marker != GW_IMAGE_MARKER)
        return gw_refuse(err, "ihdr-marker", "the image header begins with 0x%016llx, not with eight octets of ff",
                         (unsigned long long)marker);
    if (id != GW_IMAGE_ID)
        return gw_refuse(err, "ihdr-id", "the image header's id is 0x%08x, not 0x58454e46 ('XENF')", id);
    if (!reads_version(v.version))
        return gw_refuse(err, "ihdr-version-known", "the image has version %u; versions 2 and 3 exist", v.version);
    if (v.options & GW_OPT_BIG_ENDIAN)
        return gw_refuse(err, "ihdr-big-endian", "the image claims to be big-endian, which no Xen ever wrote");
    *out = v;
    return 0;
}

void gw_image_header_encode(struct gw_buf *buf, const struct gw_image_header *header)
{
    gw_put_be64(buf, GW_IMAGE_MARKER);
    gw_put_be32(buf, GW_IMAGE_ID);
    gw_put_be32(buf, header->version);
    gw_put_be16(buf, header->options);
    gw_put_be16(buf, header->res1);
    gw_put_be32(buf, header->res2);
}

int gw_domain_header_decode(struct gw_cur cur, struct gw_domain_header *out, struct gw_err *err)
{
    struct gw_domain_header v;
    size_t len = gw_left(&cur);
    v.type = gw_u32(&cur);
    v.page_shift = gw_u16(&cur);
    v.res1 = gw_u16(&cur);
    v.xen_major = gw_u32(&cur);
    v.xen_minor = gw_u32(&cur);
    if (!gw_done(&cur))
        return gw_ends(err, "dhdr-truncated", "the domain header has %zu of 16 octets", len);
    if (v.type == 3 || v.type == 4)
        return gw_refuse(err, "dhdr-type-dropped", "domain type %u (%s) existed in drafts only", v.type,
                         v.type == 3 ? "x86 PVH" : "ARM");
    if (v.type != GW_DOMAIN_PV && v.type != GW_DOMAIN_HVM)
        return gw_refuse(err, "dhdr-type", "the domain type is %u; 1 (x86 PV) and 2 (x86 HVM) exist", v.type);
    if (v.page_shift != 12)
        return gw_refuse(err, "dhdr-page-shift", "page_shift is %u; pages of a guest have 2^12 octets", v.page_shift);
    *out = v;
    return 0;
}

void gw_domain_header_encode(struct gw_buf *buf, const struct gw_domain_header *header)
{
    gw_put_u32(buf, header->type);
    gw_put_u16(buf, header->page_shift);
    gw_put_u16(buf, header->res1);
    gw_put_u32(buf, header->xen_major);
    gw_put_u32(buf, header->xen_minor);
}

void gw_record_header_encode(struct gw_buf *buf, uint32_t type, uint32_t length)
{
    gw_put_u32(buf, type);
    gw_put_u32(buf, length);
}
