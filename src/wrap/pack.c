/*
 * pack.c - an image into a wrapping: what its old one carried beside it is gathered until the image begins, then the
 * new one's head is written, the image behind it, and what comes beside it as the new wrapping has it.
 *
 * Nothing is dropped in silence. It must not know what is right or wrong in an image: a verifier stands beside it.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pack.h"

int pack_flush(struct packer *p, struct gw_err *err)
{
    int rc = gw_buf_ok(&p->out, err);
    if (rc == 0 && p->opts.to != NULL)
        rc = gw_chan_write(p->opts.to, p->out.mem, p->out.len, err);
    p->out.len = 0;
    return rc;
}

void pack_tell(struct packer *p, const char *sentence)
{
    if (p->opts.tell == NULL || strcmp(p->told, sentence) == 0)
        return;
    snprintf(p->told, sizeof p->told, "%s", sentence);
    p->opts.tell(p->opts.arg, sentence);
}

int pack_lose(struct packer *p, struct gw_err *err, const char *fmt, ...)
{
    char what[200], sentence[320];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    if (!p->opts.lossy)
        return gw_fail(err, GW_E_REFUSED, "a file of the wrapping '%s' has no place for %s; --lossy leaves that out",
                       p->layer->name, what);
    snprintf(sentence, sizeof sentence, "left out: %s", what);
    pack_tell(p, sentence);
    return 0;
}

int pack_no_options(struct packer *p, struct gw_err *err)
{
    bool says = (p->libxl_options & GW_LIBXL_CONVERTED) != 0;
    if (p->has_options && says != p->converted)
        return pack_lose(p, err, "the libxl header's mark of the legacy converter");
    return 0;
}

static bool is_device_model(const struct gw_aside *aside)
{
    return (aside->kind == GW_ASIDE_LIBXL_RECORD && aside->type == GW_LIBXL_EMULATOR) ||
           (aside->kind == GW_ASIDE_XENOPSD_RECORD && aside->type == GW_XENOPSD_QEMU);
}

int pack_no_record(struct packer *p, const struct gw_aside *aside, struct gw_err *err)
{
    if (is_device_model(aside))
        return pack_lose(p, err, "the device model's state (%zu octets)", aside->body_len);
    if (aside->kind == GW_ASIDE_LIBXL_RECORD)
        return pack_lose(p, err, "libxl's record of type %u (%zu octets)", aside->type, aside->body_len);
    return pack_lose(p, err, "xenopsd's record of kind 0x%x (%zu octets)", aside->type, aside->body_len);
}

uint32_t pack_emulator_id(const struct packer *p)
{
    return p->converted ? 0 : 2;
}

static int keep_paper(struct packer *p, enum paper_kind kind, const struct gw_aside *aside, struct gw_err *err)
{
    struct paper *paper = &p->papers[kind];
    paper->there = true;
    paper->flags = aside->number;
    paper->config = *aside->config;
    paper->text.len = 0;
    gw_put(&paper->text, aside->body, aside->body_len);
    return gw_buf_ok(&paper->text, err);
}

static int keep_more(struct packer *p, const struct gw_aside *aside, struct gw_err *err)
{
    gw_put(&p->more, aside->body, aside->body_len);
    return gw_buf_ok(&p->more, err);
}

static void keep_options(struct packer *p, const struct gw_aside *aside)
{
    struct gw_cur cur = gw_cur(aside->body, aside->body_len);
    gw_take(&cur, 12);
    p->has_options = true;
    p->libxl_options = gw_be32(&cur);
}

static int take_record(struct packer *p, const struct gw_aside *aside, struct gw_err *err)
{
    p->has_model = p->has_model || is_device_model(aside);
    if (!p->begun)
        return gw_fail(err, GW_E_REFUSED, "a record stands before the image, where nobody writes one");
    return p->layer->writer->beside(p, aside, err);
}

/* What frames the image is written anew, in its place. */
static int take_libxl(struct packer *p, const struct gw_aside *aside, struct gw_err *err)
{
    bool frames = aside->type == GW_LIBXL_CONTEXT || aside->type == GW_LIBXL_END || aside->type == GW_LIBXL_CKPT_END;
    return frames ? 0 : take_record(p, aside, err);
}

static int take_xenopsd(struct packer *p, const struct gw_aside *aside, struct gw_err *err)
{
    if (aside->type == GW_XENOPSD_XENOPS)
        return keep_paper(p, PAPER_XENOPS, aside, err);
    if (aside->type == GW_XENOPSD_DEMU)
        return pack_lose(p, err, "a vGPU's state of unknown length, and what stands behind it");
    bool frames =
        aside->type == GW_XENOPSD_LIBXC || aside->type == GW_XENOPSD_LIBXC_LEGACY || aside->type == GW_XENOPSD_END;
    return frames ? 0 : take_record(p, aside, err);
}

static int tell_trailing(struct packer *p, const struct gw_aside *aside)
{
    char sentence[120];
    snprintf(sentence, sizeof sentence, "left out: %s%llu octets behind the end", aside->at_least ? "at least " : "",
             (unsigned long long)aside->length);
    pack_tell(p, sentence);
    return 0;
}

/* The outermost comes first. */
static void take_layer(struct packer *p, const char *name)
{
    const struct layer *layer = layer_of(name);
    if (p->layer != NULL)
        return;
    if (layer->writer != NULL)
        p->layer = layer;
    else if (layer->becomes != NULL)
        p->layer = layer_of(layer->becomes);
}

/* A bare legacy image: what is behind it says which wrapping can hold all of it. */
static void take_legacy(struct packer *p, const struct gw_legacy_facts *facts)
{
    if (p->layer == NULL)
        p->layer = facts->has_model ? &layer_libxl : &layer_raw;
}

/* What today's format has no way to say ends a conversion, as far as it is the guest's. */
static int take_odd(struct packer *p, const struct gw_aside *aside, struct gw_err *err)
{
    /* what is left out, what was decided, and what the guest may notice */
    static const unsigned told = 1u << GW_LEGACY_TMEM | 1u << GW_LEGACY_TOOLSTACK | 1u << GW_LEGACY_SPOOLED |
                                 1u << GW_LEGACY_CHECKPOINTS | 1u << GW_LEGACY_CUT | 1u << GW_LEGACY_BLOCK |
                                 1u << GW_LEGACY_PARAM | 1u << GW_LEGACY_HINT | 1u << GW_LEGACY_XSAVE |
                                 1u << GW_LEGACY_GDT;
    if (aside->type == GW_LEGACY_TWO_LEVELS)
        return gw_fail(err, GW_E_REFUSED, "%s: it cannot be converted", aside->name);
    if (aside->type == GW_LEGACY_TMEM_PAGES && !p->opts.lossy)
        return gw_fail(err, GW_E_REFUSED, "%s; --lossy leaves them out", aside->name);
    if (aside->type == GW_LEGACY_TMEM_PAGES) {
        char sentence[320];
        snprintf(sentence, sizeof sentence, "left out: %s", aside->name);
        pack_tell(p, sentence);
        return 0;
    }
    if ((told & 1u << aside->type) != 0)
        pack_tell(p, aside->name);
    return 0;
}

static int pack_aside(struct gw_sink *sink, const struct gw_aside *aside, struct gw_err *err)
{
    struct packer *p = (struct packer *)sink;
    switch (aside->kind) {
    case GW_ASIDE_XL_CONFIG: return keep_paper(p, PAPER_XL, aside, err);
    case GW_ASIDE_XL_MORE: return keep_more(p, aside, err);
    case GW_ASIDE_LIBVIRT_XML: return keep_paper(p, PAPER_LIBVIRT, aside, err);
    case GW_ASIDE_XEND_CONFIG:
        p->has_xend = true;
        p->xend = *aside->config;
        return 0;
    case GW_ASIDE_LIBXL_HEADER: keep_options(p, aside); return 0;
    case GW_ASIDE_LIBXL_RECORD: return take_libxl(p, aside, err);
    case GW_ASIDE_XENOPSD_RECORD: return take_xenopsd(p, aside, err);
    case GW_ASIDE_TRAILING: return tell_trailing(p, aside);
    case GW_ASIDE_LAYER: take_layer(p, aside->name); return 0;
    case GW_ASIDE_LEGACY: take_legacy(p, aside->legacy); return 0;
    case GW_ASIDE_LEGACY_ODD: return take_odd(p, aside, err);
    case GW_ASIDE_XL_HEADER:
    case GW_ASIDE_LIBVIRT_HEADER:
    case GW_ASIDE_UNPACK: break;
    }
    return 0;
}

static int pack_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    struct packer *p = (struct packer *)sink;
    p->begun = true;
    p->converted = headers->domain.xen_major == 0;
    if (p->opts.config != NULL && p->layer->writer->paper == PAPER_NONE)
        return gw_fail(err, GW_E_USAGE, "--config: a file of the wrapping '%s' has no place for a configuration",
                       p->layer->name);
    if (p->opts.to == NULL)
        return 0;
    if (settle_papers(p, err) < 0)
        return -1;
    if (p->layer->writer->head != NULL && (p->layer->writer->head(p, err) < 0 || pack_flush(p, err) < 0))
        return -1;
    p->writer = gw_writer(p->opts.to, err);
    return p->writer != NULL ? gw_sink_begin(p->writer, headers, err) : -1;
}

static int pack_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct packer *p = (struct packer *)sink;
    if (gw_cancelled())
        return gw_fail(err, GW_E_REFUSED, "it was cancelled");
    return p->writer != NULL ? gw_sink_pages(p->writer, pages, err) : 0;
}

static int pack_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    struct packer *p = (struct packer *)sink;
    return p->writer != NULL ? gw_sink_record(p->writer, record, err) : 0;
}

static int pack_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct packer *p = (struct packer *)sink;
    if (mark->kind == GW_END || mark->kind == GW_CHECKPOINT)
        p->stopped = mark->kind;
    p->num_checkpoints += mark->kind == GW_CHECKPOINT;
    return p->writer != NULL ? gw_sink_mark(p->writer, mark, err) : 0;
}

static int pack_commit(struct gw_sink *sink, struct gw_err *err)
{
    struct packer *p = (struct packer *)sink;
    if (p->layer->writer->commit != NULL && (p->layer->writer->commit(p, err) < 0 || pack_flush(p, err) < 0))
        return -1;
    p->stopped = GW_MARK_NONE;
    return 0;
}

static void pack_close(struct gw_sink *sink)
{
    struct packer *p = (struct packer *)sink;
    gw_sink_close(p->writer);
    for (unsigned i = 0; i < NUM_PAPERS; i++)
        gw_buf_free(&p->papers[i].text);
    gw_buf_free(&p->more);
    gw_buf_free(&p->out);
    gw_free(p);
}

static const struct gw_sink_ops pack_ops = {
    .name = "packer",
    .takes = GW_TAKES_MOVE,
    .begin = pack_begin,
    .pages = pack_pages,
    .record = pack_record,
    .mark = pack_mark,
    .aside = pack_aside,
    .commit = pack_commit,
    .close = pack_close,
};

struct gw_sink *gw_packer(const struct gw_pack_opts *opts, struct gw_err *err)
{
    const struct layer *layer = opts->wrapping != NULL ? layer_of(opts->wrapping) : NULL;
    assert(opts->wrapping == NULL || (layer != NULL && layer->writer != NULL));
    struct packer *p = gw_alloc(1, sizeof *p, err);
    if (p == NULL)
        return NULL;
    p->sink.ops = &pack_ops;
    p->layer = layer;
    p->opts = *opts;
    return &p->sink;
}

const char *gw_packer_wrapping(const struct gw_sink *sink)
{
    const struct packer *p = (const struct packer *)sink;
    return p->layer != NULL ? p->layer->name : NULL;
}

int gw_packer_finish(struct gw_sink *sink, struct gw_err *err)
{
    struct packer *p = (struct packer *)sink;
    assert(!sink->failed);
    if (p->stopped != GW_MARK_NONE)
        return gw_fail(err, GW_E_REFUSED, "the image stops at a checkpoint that is not complete");
    if (p->opts.image != NULL && strcmp(p->opts.image->type, "hvm") == 0 && !p->has_model && !p->opts.no_state)
        pack_tell(p, "there is no device model's state beside the image, without which an HVM guest does not start");
    if (p->layer->writer->finish == NULL)
        return 0;
    return p->layer->writer->finish(p, err) < 0 ? -1 : pack_flush(p, err);
}
