/*
 * papers.c - what a wrapping needs at its head and its input may lack: kept when it is there, given by a person, or
 * made from what is known of the guest (libxl-stream 7.3). A paper that would come out the same when it is made again
 * is no loss.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "carry.h"

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

/* Is the paper what is made of these words and the image, octet for octet? */
static int is_made_of(struct packer *p, enum paper_kind kind, const struct gw_guest_config *said, bool *is,
                      struct gw_err *err)
{
    const struct paper *paper = &p->papers[kind];
    struct gw_guest_config guest = known(p, said);
    struct gw_buf again = { 0 };
    int rc = kinds[kind].make(&again, &guest, err);
    if (rc == 0 && (rc = gw_buf_ok(&again, err)) == 0)
        *is = again.len == paper->text.len && memcmp(again.mem, paper->text.mem, again.len) == 0;
    gw_buf_free(&again);
    return rc;
}

/* Would it be made again by who has the image and the paper at the head? Or does it say what the image says alone? */
static int is_implied(struct packer *p, enum paper_kind kind, bool *is, struct gw_err *err)
{
    static const struct gw_guest_config nothing;
    const struct paper *paper = &p->papers[kind], *other = &p->papers[p->layer->writer->paper];
    *is = false;
    if (p->opts.image == NULL || (kind == PAPER_XL && (paper->flags & GW_XL_JSON) == 0))
        return 0;
    if (is_made_of(p, kind, &nothing, is, err) < 0)
        return -1;
    return *is || !other->there ? 0 : is_made_of(p, kind, &other->config, is, err);
}

/* The paper that says most of the guest: the input's own rather than one that was carried along. */
static const struct gw_guest_config *best_word(const struct packer *p)
{
    const struct paper *best = NULL;
    for (unsigned i = PAPER_NONE + 1; i < NUM_PAPERS; i++) {
        const struct paper *paper = &p->papers[i];
        bool says = paper->there && paper->config.type[0] != '\0';
        if (says && (best == NULL || best->carried > paper->carried))
            best = paper;
    }
    return best != NULL ? &best->config : NULL;
}

/* What xend said of the guest, and the image where it knows better: nothing held the two together then. */
static struct gw_guest_config known_of_xend(const struct packer *p)
{
    const struct gw_guest_config *image = p->opts.image;
    struct gw_guest_config guest = known(p, &p->xend);
    if (image == NULL)
        return guest;
    if (image->type[0] != '\0')
        memcpy(guest.type, image->type, sizeof guest.type);
    guest.max_memkb = gw_max(guest.max_memkb, image->max_memkb);
    guest.max_vcpus = (uint32_t)gw_max(guest.max_vcpus, image->max_vcpus);
    return guest;
}

static const char *origin(const struct packer *p, const struct gw_guest_config *said)
{
    if (said != NULL)
        return "the configuration is made from another toolstack's: it names no disk and no network";
    if (p->has_xend)
        return "the configuration is made from xend's: name, uuid, memory and vCPUs, but no disk and no network";
    return "the configuration is made from the image alone: it names no disk and no network";
}

static int make(struct packer *p, enum paper_kind kind, struct gw_err *err)
{
    static const struct gw_guest_config nothing;
    struct paper *paper = &p->papers[kind];
    const struct gw_guest_config *said = best_word(p);
    bool is_xend = said == NULL && p->has_xend;
    struct gw_guest_config guest = is_xend ? known_of_xend(p) : known(p, said != NULL ? said : &nothing);
    if (kind != PAPER_XENOPS && (guest.type[0] == '\0' || guest.max_memkb == 0 || guest.max_vcpus == 0))
        return gw_fail(err, GW_E_REFUSED,
                       "%s has to be made from the whole image, and this input can be read once only: give a file by "
                       "its name, or --config",
                       kinds[kind].name);
    if (kind != PAPER_XENOPS)
        pack_tell(p, origin(p, said));
    paper->there = true;
    /* read again, for it says no more than what it says */
    return kinds[kind].make(&paper->text, &guest, err) < 0 ? -1 : kinds[kind].read(paper, err);
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

static int settle_own(struct packer *p, enum paper_kind kind, struct gw_err *err)
{
    if (kind != PAPER_NONE && p->opts.config != NULL)
        return given(p, kind, err);
    return kind == PAPER_NONE || p->papers[kind].there ? 0 : make(p, kind, err);
}

/* --- what is carried along --------------------------------------------------------------------------------------- */

/* An item into the paper that it is, unless the input has that itself. */
static int unpack_item(struct packer *p, enum carried item, struct span text, struct gw_err *err)
{
    static const enum paper_kind whose[NUM_CARRIED] = {
        [CARRIED_XL_JSON] = PAPER_XL,      [CARRIED_XL_TEXT] = PAPER_XL,    [CARRIED_XL_MORE] = PAPER_XL,
        [CARRIED_LIBVIRT] = PAPER_LIBVIRT, [CARRIED_XENOPS] = PAPER_XENOPS,
    };
    struct paper *paper = &p->papers[whose[item]];
    bool is_more = item == CARRIED_XL_MORE;
    struct gw_buf octets = { 0 };
    if (paper->there && !(is_more && paper->carried))
        return 0;
    bool right = from_base64(text, &octets);
    int rc = gw_buf_ok(&octets, err);
    struct gw_buf *to = is_more ? &p->more : &paper->text;
    if (rc < 0 || !right || to->len > 0) {
        gw_buf_free(&octets);
        return rc;
    }
    *to = octets;
    if (is_more)
        return 0;
    paper->there = paper->carried = true;
    if (item == CARRIED_XL_TEXT)
        return 0;
    struct gw_err ignored = GW_ERR_NONE; /* what was carried may be wrong; then it is carried on, and says nothing */
    if (kinds[whose[item]].read(paper, &ignored) < 0)
        paper->config = (struct gw_guest_config){ 0 };
    return 0;
}

static int unload(struct packer *p, enum paper_kind kind, struct gw_err *err)
{
    struct gw_buf taken = { 0 };
    struct cargo cargo;
    int rc = carry_out(kind, &p->papers[kind].text, &cargo, &taken, err);
    for (unsigned i = 0; rc == 0 && i < NUM_CARRIED; i++)
        if (cargo.items[i].p != NULL)
            rc = unpack_item(p, i, cargo.items[i], err);
    gw_buf_free(&taken);
    return rc;
}

static struct span span_of(const struct gw_buf *buf)
{
    return (struct span){ .p = (const char *)buf->mem, .len = buf->len };
}

/* The papers that are worth it; stays: the paper at the head is the input's own, and so what it carried is kept. */
static int load(struct packer *p, bool stays, struct cargo *cargo, struct gw_err *err)
{
    enum paper_kind kind = p->layer->writer->paper;
    bool implied;
    *cargo = (struct cargo){ 0 };
    for (unsigned i = PAPER_NONE + 1; i < NUM_PAPERS; i++) {
        struct paper *paper = &p->papers[i];
        if (i == kind || !paper->there)
            continue;
        if (is_implied(p, i, &implied, err) < 0)
            return -1;
        bool is_json = (paper->flags & GW_XL_JSON) != 0;
        if (!implied || (stays && paper->carried) || (i == PAPER_XL && p->more.len > 0))
            cargo->items[i == PAPER_LIBVIRT  ? CARRIED_LIBVIRT
                         : i == PAPER_XENOPS ? CARRIED_XENOPS
                         : is_json           ? CARRIED_XL_JSON
                                             : CARRIED_XL_TEXT] = span_of(&paper->text);
    }
    if (kind != PAPER_XL && p->more.len > 0)
        cargo->items[CARRIED_XL_MORE] = span_of(&p->more);
    return 0;
}

static int lose_cargo(struct packer *p, const struct cargo *cargo, struct gw_err *err)
{
    static const char *const what[NUM_CARRIED] = {
        [CARRIED_XL_JSON] = "xl's configuration",
        [CARRIED_XL_TEXT] = "xl's configuration",
        [CARRIED_XL_MORE] = "what stands behind the configuration in the xl header",
        [CARRIED_LIBVIRT] = "libvirt's XML",
        [CARRIED_XENOPS] = "xenopsd's record",
    };
    for (unsigned i = 0; i < NUM_CARRIED; i++)
        if (cargo->items[i].p != NULL && pack_lose(p, err, "%s", what[i]) < 0)
            return -1;
    return 0;
}

static bool is_empty(const struct cargo *cargo)
{
    for (unsigned i = 0; i < NUM_CARRIED; i++)
        if (cargo->items[i].p != NULL)
            return false;
    return true;
}

/* A configuration that is longer than what is read of one would be none to who reads it. */
static bool is_too_long(const struct packer *p, const struct cargo *cargo)
{
    uint64_t len = p->papers[p->layer->writer->paper].text.len + 256;
    for (unsigned i = 0; i < NUM_CARRIED; i++)
        len += cargo->items[i].len / 3 * 4 + 64;
    return len > gw_limit(JSON);
}

int settle_papers(struct packer *p, struct gw_err *err)
{
    enum paper_kind kind = p->layer->writer->paper;
    struct cargo cargo;
    bool fits = false;
    assert(kind == PAPER_NONE || kinds[kind].make != NULL);
    for (unsigned i = PAPER_NONE + 1; i < NUM_PAPERS; i++)
        if (p->papers[i].there && !p->papers[i].carried && unload(p, i, err) < 0)
            return -1;
    if (p->has_xend && kind != PAPER_XL && kind != PAPER_LIBVIRT && pack_lose(p, err, "xend's configuration") < 0)
        return -1;
    bool stays = p->papers[kind].there && !p->papers[kind].carried && p->opts.config == NULL;
    if (settle_own(p, kind, err) < 0 || load(p, stays, &cargo, err) < 0 || is_empty(&cargo))
        return err->code == GW_E_OK ? 0 : -1;
    if (kind != PAPER_NONE && !is_too_long(p, &cargo) && carry_in(kind, &p->papers[kind].text, &cargo, &fits, err) < 0)
        return -1;
    return fits ? 0 : lose_cargo(p, &cargo, err);
}
