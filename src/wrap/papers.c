/*
 * papers.c - what a wrapping needs at its head and its input may lack: kept when it is there, given by a person, or
 * made from what is known of the guest (libxl-stream 7.3). A paper that would come out the same when it is made again
 * is no loss.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "pack.h"

#define NAME "godwit" /* of a guest whose name nothing tells: libxl refuses to create one without */

static int read_xl(struct paper *paper, struct gw_err *err)
{
    paper->flags = GW_XL_JSON;
    if (paper->text.len == 0 || paper->text.mem[paper->text.len - 1] != 0)
        gw_put_u8(&paper->text, 0);
    if (gw_buf_ok(&paper->text, err) < 0 ||
        read_config(paper->text.mem, paper->text.len, true, &paper->config, err) < 0)
        return -1;
    if (!paper->config.is_object)
        return gw_fail(err, GW_E_REFUSED,
                       "it is no configuration in JSON with c_info and b_info; 'xl -N create' makes "
                       "one of a text");
    return 0;
}

static int read_libvirt(struct paper *paper, struct gw_err *err)
{
    size_t len = paper->text.len;
    while (len > 0 && paper->text.mem[len - 1] == 0)
        len--;
    const char *why = read_domain_xml(paper->text.mem, len, &paper->config);
    if (why != NULL)
        return gw_fail(err, GW_E_REFUSED, "it is no domain's XML: %s", why);
    if (len == paper->text.len)
        gw_put_u8(&paper->text, 0);
    return gw_buf_ok(&paper->text, err);
}

static int read_xenops(struct paper *paper, struct gw_err *err)
{
    if (read_xenops_record(paper->text.mem, paper->text.len, &paper->config, err) < 0)
        return -1;
    if (!paper->config.is_object)
        return gw_fail(err, GW_E_REFUSED, "it is no Xenops record: a list with the fields time and word_size");
    return 0;
}

static const struct {
    const char *name;
    int (*read)(struct paper *paper, struct gw_err *err); /* of text that a person gave, mended at its end */
    int (*make)(struct gw_buf *text, const struct gw_guest_config *guest, struct gw_err *err);
} kinds[NUM_PAPERS] = {
    [PAPER_XL] = { "xl's configuration", read_xl, make_xl_config },
    [PAPER_LIBVIRT] = { "libvirt's XML", read_libvirt, make_domain_xml },
    [PAPER_XENOPS] = { "xenopsd's record", read_xenops, make_xenops_record },
};

/* What is known of the guest: a paper's word, else the image's. */
static struct gw_guest_config known(const struct packer *p, const struct gw_guest_config *said)
{
    struct gw_guest_config guest = *said;
    const struct gw_guest_config *image = p->opts.image;
    if (guest.name[0] == '\0')
        snprintf(guest.name, sizeof guest.name, "%s", NAME);
    if (image == NULL)
        return guest;
    if (guest.type[0] == '\0')
        memcpy(guest.type, image->type, sizeof guest.type);
    if (guest.max_memkb == 0)
        guest.max_memkb = image->max_memkb;
    if (guest.max_vcpus == 0)
        guest.max_vcpus = image->max_vcpus;
    return guest;
}

/* Would the paper be made again, octet for octet, by who knows the guest from the image and that other paper? */
static int is_implied(struct packer *p, enum paper_kind kind, bool *is, struct gw_err *err)
{
    const struct paper *paper = &p->papers[kind], *other = &p->papers[p->layer->writer->paper];
    static const struct gw_guest_config nothing;
    struct gw_guest_config guest = known(p, other->there ? &other->config : &nothing);
    struct gw_buf again = { 0 };
    *is = false;
    if (p->opts.image == NULL || (kind == PAPER_XL && (paper->flags & GW_XL_JSON) == 0))
        return 0;
    int rc = kinds[kind].make(&again, &guest, err);
    if (rc == 0 && (rc = gw_buf_ok(&again, err)) == 0)
        *is = again.len == paper->text.len && memcmp(again.mem, paper->text.mem, again.len) == 0;
    gw_buf_free(&again);
    return rc;
}

static int make(struct packer *p, enum paper_kind kind, struct gw_err *err)
{
    struct paper *paper = &p->papers[kind];
    static const struct gw_guest_config nothing;
    const struct gw_guest_config *said = &nothing;
    for (unsigned i = PAPER_NONE + 1; i < NUM_PAPERS; i++)
        if (p->papers[i].there && p->papers[i].config.type[0] != '\0')
            said = &p->papers[i].config;
    struct gw_guest_config guest = known(p, said);
    if (kind != PAPER_XENOPS && (guest.type[0] == '\0' || guest.max_memkb == 0 || guest.max_vcpus == 0))
        return gw_fail(err, GW_E_REFUSED,
                       "%s has to be made from the whole image, and this input can be read once "
                       "only: give a file by its name, or --config",
                       kinds[kind].name);
    paper->there = true;
    paper->flags = GW_XL_JSON;
    paper->config = guest;
    if (kinds[kind].make(&paper->text, &guest, err) < 0 || gw_buf_ok(&paper->text, err) < 0)
        return -1;
    if (kind != PAPER_XENOPS)
        pack_tell(p, said == &nothing
                         ? "the configuration is made from the image alone: it names no disk and no network"
                         : "the configuration is made from another toolstack's: it names no disk and no "
                           "network");
    return 0;
}

static int given(struct packer *p, enum paper_kind kind, struct gw_err *err)
{
    struct paper *paper = &p->papers[kind];
    paper->there = true;
    paper->text.len = 0;
    gw_put(&paper->text, p->opts.config, p->opts.config_len);
    if (gw_buf_ok(&paper->text, err) < 0)
        return -1;
    return kinds[kind].read(paper, err) < 0
               ? gw_because(err, "--config names nothing for the wrapping '%s'", p->layer->name)
               : 0;
}

int settle_papers(struct packer *p, struct gw_err *err)
{
    enum paper_kind kind = p->layer->writer->paper;
    bool implied;
    assert(kind == PAPER_NONE || kinds[kind].make != NULL);
    if (kind != PAPER_NONE && p->opts.config != NULL) {
        if (given(p, kind, err) < 0)
            return -1;
    } else if (kind != PAPER_NONE && !p->papers[kind].there) {
        if (make(p, kind, err) < 0)
            return -1;
    }
    for (unsigned i = PAPER_NONE + 1; i < NUM_PAPERS; i++) {
        if (i == kind || !p->papers[i].there)
            continue;
        if (is_implied(p, i, &implied, err) < 0)
            return -1;
        if (!implied && pack_lose(p, err, "%s", kinds[i].name) < 0)
            return -1;
    }
    return 0;
}
