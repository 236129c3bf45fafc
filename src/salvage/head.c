/*
 * head.c - where the image begins in the octets, and what carries it: as its readers say, or as far as can be seen.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "damaged.h"

#define HEADERS_LEN (GW_IMAGE_HEADER_LEN + GW_DOMAIN_HEADER_LEN)
#define SINCE 14u /* the first Xen that writes version 3 */

/* A sink that wants the headers, and nothing behind them. */
struct probe {
    struct gw_sink sink;
    struct gw_headers headers;
    bool begun;
};

static int probe_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    struct probe *p = (struct probe *)sink;
    p->headers = *headers;
    p->begun = true;
    return gw_fail(err, GW_E_REFUSED, "the headers are there");
}

static const struct gw_sink_ops probe_ops = { .name = "probe", .takes = GW_TAKES_WATCH, .begin = probe_begin };

/* *why: what the readers say; the system's failure is err's. */
static int ask_readers(struct gw_salvage *s, struct probe *probe, struct gw_err *why, struct gw_err *err)
{
    *probe = (struct probe){ .sink.ops = &probe_ops };
    *why = GW_ERR_NONE;
    if (lseek(s->fd, 0, SEEK_SET) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot find the beginning of the input");
    gw_auto(gw_wrap_closep) struct gw_wrap *wrap = gw_wrap_fd(s->fd, false, s->max_pfn, err);
    if (wrap == NULL)
        return -1;
    if (gw_wrap_run(wrap, &probe->sink, why) < 0 && why->code == GW_E_SYSTEM)
        return gw_err_pass(err, why);
    size_t len = strlen(s->layers);
    snprintf(s->layers + len, sizeof s->layers - len, "%s%s", len > 0 && gw_wrap_layers(wrap)[0] != '\0' ? " > " : "",
             gw_wrap_layers(wrap));
    return 0;
}

static enum carrier carrier_of(const char *layers)
{
    if (strstr(layers, "libxl") != NULL)
        return CARRIER_LIBXL;
    return strstr(layers, "xenopsd") != NULL ? CARRIER_XENOPSD : CARRIER_RAW;
}

static void set_begin(struct gw_salvage *s, uint64_t at)
{
    s->head = (struct piece){ .len = at };
    s->image_headers = (struct piece){ .at = at, .len = HEADERS_LEN };
    s->begin = at + HEADERS_LEN;
}

static unsigned guests_of(const struct gw_domain_header *domain)
{
    return domain->type == GW_DOMAIN_PV ? GW_GUEST_PV : GW_GUEST_HVM;
}

/* What of the headers at that place is right; *num: of the two. */
static int read_headers(struct gw_salvage *s, uint64_t at, unsigned *num, struct gw_err *err)
{
    struct gw_err ignored = GW_ERR_NONE;
    struct gw_image_header image;
    struct gw_domain_header domain;
    const uint8_t *mem = octets_at(&s->octets, at, HEADERS_LEN, err);
    *num = 0;
    s->version = 3;
    s->law.guests = GW_GUEST_ANY;
    if (mem == NULL)
        return err->code == GW_E_OK ? 0 : -1;
    if (gw_image_header_decode(gw_cur(mem, GW_IMAGE_HEADER_LEN), &image, &ignored) == 0) {
        s->version = image.version;
        ++*num;
    }
    ignored = GW_ERR_NONE;
    if (gw_domain_header_decode(gw_cur(mem + GW_IMAGE_HEADER_LEN, GW_DOMAIN_HEADER_LEN), &domain, &ignored) == 0) {
        s->law.guests = guests_of(&domain);
        ++*num;
    }
    return 0;
}

/* A carrier's mark of an image stands in front of that place. */
static int is_marked(struct gw_salvage *s, uint64_t at, enum carrier *carrier, struct gw_err *err)
{
    static const uint8_t context[8] = { GW_LIBXL_CONTEXT };
    static const uint8_t libxc[16] = { GW_XENOPSD_LIBXC };
    const uint8_t *mem = at >= 16 ? octets_at(&s->octets, at - 16, 16, err) : NULL;
    *carrier = CARRIER_RAW;
    if (mem == NULL)
        return err->code == GW_E_OK ? 0 : -1;
    if (memcmp(mem + 8, context, sizeof context) == 0)
        *carrier = CARRIER_LIBXL;
    else if (memcmp(mem, libxc, sizeof libxc) == 0)
        *carrier = CARRIER_XENOPSD;
    return 0;
}

/* Behind a head that is damaged, an image that its carrier's mark and its own headers tell. */
static int search_image(struct gw_salvage *s, uint64_t *at, enum carrier *carrier, struct gw_err *err)
{
    uint64_t most = gw_min(s->octets.size, gw_limit(XL_OPTIONAL) + OCTETS_MOST);
    *carrier = CARRIER_RAW;
    for (*at = 16; *at + HEADERS_LEN <= most; ++*at) {
        unsigned num = 0;
        const uint8_t *mem = octets_at(&s->octets, *at, HEADERS_LEN, err);
        if (mem == NULL)
            return err->code == GW_E_OK ? 0 : -1;
        if (memcmp(mem + 8, "XENF", 4) != 0)
            continue;
        if (read_headers(s, *at, &num, err) < 0 || (num == 2 && is_marked(s, *at, carrier, err) < 0))
            return -1;
        if (*carrier != CARRIER_RAW)
            return 0;
    }
    return 0;
}

/* The carrier's own head anew, as far as the image needs it: libxl's; xenopsd's is a record that only it can write. */
static int make_head(struct gw_salvage *s, struct gw_err *err)
{
    size_t from = s->made.len;
    s->losses.head_lost = true;
    if (s->carrier == CARRIER_LIBXL) {
        gw_put(&s->made, "LibxlFmt", 8);
        gw_put_be32(&s->made, 2);
        gw_put_be32(&s->made, 0);
        gw_record_header_encode(&s->made, GW_LIBXL_CONTEXT, 0);
    } else {
        s->carrier = CARRIER_RAW;
    }
    s->head = made_since(s, from);
    return gw_buf_ok(&s->made, err);
}

static int look_around(struct gw_salvage *s, struct gw_err *err)
{
    uint64_t at;
    unsigned num;
    if (search_image(s, &at, &s->carrier, err) < 0)
        return -1;
    if (s->carrier != CARRIER_RAW) {
        set_begin(s, at);
        return make_head(s, err);
    }
    set_begin(s, 0);
    s->losses.headers_lost = true;
    return read_headers(s, 0, &num, err);
}

int find_head(struct gw_salvage *s, struct gw_err *err)
{
    struct probe probe;
    struct gw_err why;
    unsigned num;
    if (ask_readers(s, &probe, &why, err) < 0)
        return -1;
    if (strstr(s->layers, "legacy") != NULL)
        return take_legacy(s, err);
    s->carrier = carrier_of(s->layers);
    if (probe.begun) {
        set_begin(s, probe.headers.offset);
        s->version = probe.headers.image.version;
        s->law.guests = guests_of(&probe.headers.domain);
        s->converted = probe.headers.domain.xen_major == 0;
        return 0;
    }
    bool in_headers = why.rule != NULL && why.placed && s->layers[0] != '\0' &&
                      (strncmp(why.rule, "ihdr-", 5) == 0 || strncmp(why.rule, "dhdr-", 5) == 0);
    if (!in_headers)
        return look_around(s, err);
    set_begin(s, why.offset - (why.rule[0] == 'd' ? GW_IMAGE_HEADER_LEN : 0));
    s->losses.headers_lost = true;
    return read_headers(s, s->head.len, &num, err);
}

int make_headers(struct gw_salvage *s, struct gw_err *err)
{
    size_t from = s->made.len;
    struct gw_image_header image = { .version = s->version };
    struct gw_domain_header domain = { .type = s->law.guests == GW_GUEST_PV ? GW_DOMAIN_PV : GW_DOMAIN_HVM,
                                       .page_shift = 12,
                                       .xen_major = 4,
                                       .xen_minor = s->version >= 3 ? SINCE : 6 };
    gw_image_header_encode(&s->made, &image);
    gw_domain_header_encode(&s->made, &domain);
    s->image_headers = made_since(s, from);
    return gw_buf_ok(&s->made, err);
}
