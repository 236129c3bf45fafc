/*
 * libvirt.c - a save file of libvirt's Xen driver (libxl-stream section 4), both versions of its header.
 *
 *  0 16 magic; 16 4 version; 20 4 length of the XML with its zero octet; 24 40 unused, zero      64 the domain's XML
 * behind it a libxl stream (version 2) or a legacy one (version 1)
 *
 * All of it in the byte order of the host that wrote it, which nothing names.
 */
#include <string.h>

#include "legacy.h"
#include "pack.h"

#define HEADER_LEN 64
#define VERSION_LEGACY 1u
#define VERSION_LIBXL 2u

static const char magic[16] = "libvirt-xml\n \0 \r";

static unsigned bid_libvirt(const uint8_t *mem, size_t len)
{
    /* Enough to be no accident; a magic that goes wrong behind it is said by the reader. */
    return bid_octets(mem, len, magic, sizeof "libvirt-xml" - 1);
}

static int judge_header(uint32_t version, uint32_t length, struct gw_err *err)
{
    if (version == VERSION_LEGACY << 24 || version == VERSION_LIBXL << 24)
        return gw_refuse(err, "libvirt-version", "a big-endian machine wrote the libvirt header");
    if (version != VERSION_LEGACY && version != VERSION_LIBXL)
        return gw_refuse(err, "libvirt-version", "the libvirt header has version %u; 1 and 2 exist", version);
    if (length == 0)
        return gw_refuse(err, "libvirt-xml-length", "the libvirt header announces no XML at all");
    if (length > gw_limit(LIBVIRT_XML))
        return gw_refuse(err, "libvirt-xml-length",
                         "the libvirt header claims %u octets of XML; godwit reads up to %llu", length,
                         (unsigned long long)gw_limit(LIBVIRT_XML));
    return 0;
}

static int read_header(struct gw_wrap *wrap, struct gw_sink *sink, uint32_t *version, uint32_t *length,
                       struct gw_err *err)
{
    uint8_t octets[HEADER_LEN];
    struct gw_aside aside = { .kind = GW_ASIDE_LIBVIRT_HEADER, .offset = wrap->chan->read_pos };
    size_t got;
    if (gw_chan_read(wrap->chan, octets, sizeof octets, &got, err) < 0)
        return say_short(err, "libvirt-truncated", "the libvirt header", got, sizeof octets);
    struct gw_cur cur = gw_cur(octets, sizeof octets);
    if (memcmp(gw_take(&cur, sizeof magic), magic, sizeof magic) != 0)
        return gw_refuse(err, "libvirt-magic", "the libvirt header's magic is damaged");
    *version = gw_u32(&cur);
    *length = gw_u32(&cur);
    if (judge_header(*version, *length, err) < 0)
        return -1;
    aside.body = octets;
    aside.body_len = aside.length = sizeof octets;
    return gw_sink_aside(sink, &aside, err);
}

static int read_xml(struct gw_wrap *wrap, struct gw_sink *sink, uint32_t length, struct gw_err *err)
{
    struct gw_guest_config config;
    struct gw_buf xml = { 0 };
    struct gw_aside aside = { .kind = GW_ASIDE_LIBVIRT_XML, .offset = wrap->chan->read_pos, .config = &config };
    int rc = gw_chan_fill(wrap->chan, &xml, length, err);
    if (rc < 0) {
        say_short(err, "libvirt-truncated", "libvirt's XML", xml.len, length);
    } else {
        size_t len = length;
        while (len > 0 && xml.mem[len - 1] == 0)
            len--; /* the zero octet that ends it */
        aside.name = read_domain_xml(xml.mem, len, &config);
        aside.body = xml.mem;
        aside.body_len = aside.length = length;
        rc = gw_sink_aside(sink, &aside, err);
    }
    gw_buf_free(&xml);
    return rc;
}

static int run_libvirt(struct gw_wrap *wrap, struct gw_sink *sink, struct gw_err *err)
{
    uint64_t offset = wrap->chan->read_pos;
    uint32_t version = 0, length = 0;
    if (say_layer(wrap, sink, "libvirt", err) < 0)
        return -1;
    if (read_header(wrap, sink, &version, &length, err) < 0 || read_xml(wrap, sink, length, err) < 0)
        return gw_err_place(err, offset, 0);
    if (version == VERSION_LEGACY)
        return run_legacy(wrap, sink, &(struct legacy_hint){ 0 }, err);
    if (expect_libxl(wrap, "libvirt", "libvirt-stream", err) < 0)
        return gw_err_place(err, offset, 0);
    return run_libxl(wrap, sink, err);
}

static int write_head(struct packer *p, struct gw_err *err)
{
    const struct paper *xml = &p->papers[PAPER_LIBVIRT];
    if (xml->text.len > gw_limit(LIBVIRT_XML))
        return gw_fail(err, GW_E_REFUSED, "XML of %zu octets is longer than godwit reads (%llu)", xml->text.len,
                       (unsigned long long)gw_limit(LIBVIRT_XML));
    gw_put(&p->out, magic, sizeof magic);
    gw_put_u32(&p->out, VERSION_LIBXL);
    gw_put_u32(&p->out, (uint32_t)xml->text.len);
    gw_put_zeros(&p->out, HEADER_LEN - sizeof magic - 8);
    gw_put(&p->out, xml->text.mem, xml->text.len);
    return pack_libxl_head(p, err);
}

static const struct layer_writer writer = {
    .paper = PAPER_LIBVIRT, .head = write_head, .beside = pack_libxl_record, .commit = pack_libxl_commit
};

const struct layer layer_libvirt = { .name = "libvirt",
                                     .magic = magic,
                                     .magic_len = sizeof magic,
                                     .sentence = "the save file of libvirt's Xen driver: a header, the domain's XML, a "
                                                 "libxl stream",
                                     .bid = bid_libvirt,
                                     .run = run_libvirt,
                                     .writer = &writer };
