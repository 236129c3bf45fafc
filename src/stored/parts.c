/*
 * parts.c - a sink that sorts what a stored image has beside its memory: records by where they stand, and asides by
 * whether the guest would lack them.
 *
 * Only the image itself travels to another host. A configuration says how to make a guest, and is the other host's
 * matter: it is told. What a wrapping carries of the guest's state (its device model's above all) is lost: refused,
 * unless a person said that it may be.
 */
#include <stdio.h>
#include <string.h>

#include "parts.h"

static struct parts *parts_of(struct gw_sink *sink)
{
    return (struct parts *)sink;
}

/* --- records ------------------------------------------------------------------------------------------------------ */

static int parts_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    (void)err;
    parts_of(sink)->headers = *headers;
    return 0;
}

static int parts_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    struct parts *p = parts_of(sink);
    if (p->now == PART_FIRST && gw_record_is_tail(record->frame.type))
        p->now = PART_STATE;
    gw_put_u32(&p->records, p->now);
    gw_put_u32(&p->records, record->frame.type);
    gw_put_u32(&p->records, record->frame.length);
    gw_put(&p->records, record->body, record->frame.length);
    return gw_buf_ok(&p->records, err);
}

static int parts_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    (void)err;
    if (mark->kind == GW_STATIC_END)
        parts_of(sink)->now = PART_FIRST;
    return 0;
}

int parts_emit(const struct parts *p, enum part part, gw_emit_fn *emit, void *arg, struct gw_err *err)
{
    struct gw_cur cur = gw_buf_cur(&p->records);
    while (gw_left(&cur) > 0) {
        uint32_t stands = gw_u32(&cur), type = gw_u32(&cur), len = gw_u32(&cur);
        const uint8_t *body = gw_take(&cur, len);
        if (stands == part && emit(arg, type, body, len, err) < 0)
            return -1;
    }
    return 0;
}

/* --- asides ------------------------------------------------------------------------------------------------------- */

/* One more in a list for a person, each once. */
static void add(char *list, size_t room, const char *what)
{
    size_t at = strlen(list);
    if (strstr(list, what) == NULL)
        snprintf(list + at, room - at, "%s%s", at > 0 ? ", " : "", what);
}

static void leave(struct parts *p, const char *what)
{
    add(p->stays, sizeof p->stays, what);
}

static void lose(struct parts *p, const char *what)
{
    add(p->lost, sizeof p->lost, what);
}

static void take_libxl(struct parts *p, const struct gw_aside *aside)
{
    char other[48];
    switch ((enum gw_libxl_type)aside->type) {
    case GW_LIBXL_END:
    case GW_LIBXL_CONTEXT:
    case GW_LIBXL_CKPT_END:
    case GW_LIBXL_CKPT_STATE: return; /* they frame the image */
    case GW_LIBXL_EMULATOR: lose(p, "the device model's state"); return;
    case GW_LIBXL_XENSTORE: lose(p, "xenstore's data for the device model"); return;
    case GW_NUM_LIBXL_TYPES: break;
    }
    snprintf(other, sizeof other, "libxl's record of type %u", aside->type);
    lose(p, other);
}

static void take_xenopsd(struct parts *p, const struct gw_aside *aside)
{
    char other[48];
    switch (aside->type) {
    case GW_XENOPSD_LIBXC:
    case GW_XENOPSD_LIBXC_LEGACY:
    case GW_XENOPSD_END: return; /* they frame the image */
    case GW_XENOPSD_XENOPS: leave(p, "xenopsd's record of the guest"); return;
    case GW_XENOPSD_QEMU: lose(p, "the device model's state"); return;
    default: break;
    }
    const char *name = gw_xenopsd_name(aside->type);
    snprintf(other, sizeof other, "xenopsd's record %s", name != NULL ? name : "of a kind that nobody knows");
    lose(p, other);
}

static int parts_aside(struct gw_sink *sink, const struct gw_aside *aside, struct gw_err *err)
{
    struct parts *p = parts_of(sink);
    (void)err;
    switch (aside->kind) {
    case GW_ASIDE_XL_CONFIG: leave(p, "xl's configuration"); break;
    case GW_ASIDE_XL_MORE: leave(p, "what stands behind xl's configuration"); break;
    case GW_ASIDE_LIBVIRT_XML: leave(p, "libvirt's XML"); break;
    case GW_ASIDE_XEND_CONFIG: leave(p, "xend's configuration"); break;
    case GW_ASIDE_TRAILING: leave(p, "octets behind the end of the image"); break;
    case GW_ASIDE_LIBXL_RECORD: take_libxl(p, aside); break;
    case GW_ASIDE_XENOPSD_RECORD: take_xenopsd(p, aside); break;
    case GW_ASIDE_XL_HEADER:
    case GW_ASIDE_LIBXL_HEADER:
    case GW_ASIDE_LIBVIRT_HEADER:
    case GW_ASIDE_LAYER:
    case GW_ASIDE_UNPACK:
    case GW_ASIDE_LEGACY:
    case GW_ASIDE_LEGACY_ODD: break; /* frames, and what the verifier judges */
    }
    return 0;
}

static const struct gw_sink_ops parts_ops = {
    .name = "parts",
    .takes = GW_TAKES_WATCH,
    .begin = parts_begin,
    .record = parts_record,
    .mark = parts_mark,
    .aside = parts_aside,
};

void parts_init(struct parts *parts)
{
    *parts = (struct parts){ .sink.ops = &parts_ops };
}

void parts_free(struct parts *parts)
{
    gw_buf_free(&parts->records);
}
