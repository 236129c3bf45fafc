/*
 * salvage.c - opening a damaged image: unpacked as far as it can be, looked at once, and settled.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "damaged.h"

#define SPENT_PER_OCTET 16u /* what searching may cost in all, for each octet of the input */
#define SPENT_AT_LEAST (UINT64_C(16) << 20)

/* What comes out of the channel, until it ends or fails; a failure of the input itself is what is salvaged from. */
static int put_aside(struct gw_salvage *s, struct gw_chan *from, struct gw_err *err)
{
    gw_auto(gw_chan_closep) struct gw_chan *to = gw_chan_fd(s->fd, false, err);
    uint8_t *mem = to != NULL ? gw_alloc(OCTETS_MOST, 1, err) : NULL;
    struct gw_err why = GW_ERR_NONE;
    size_t got = 1;
    int rc = mem != NULL ? 0 : -1;
    while (rc == 0 && got > 0 && gw_chan_some(from, mem, OCTETS_MOST, &got, &why) == 0)
        rc = got > 0 ? gw_chan_write(to, mem, got, err) : 0;
    gw_free(mem);
    if (why.code == GW_E_SYSTEM)
        return gw_err_pass(err, &why);
    snprintf(s->losses.unpacking, sizeof s->losses.unpacking, "%.199s", why.code != GW_E_OK ? why.msg : "");
    return rc;
}

/* The plain octets of the input in the spool, or the input itself. */
static int open_octets(struct gw_salvage *s, const char *name, struct gw_err *err)
{
    gw_auto(gw_wrap_closep) struct gw_wrap *wrap = gw_wrap_open(name, s->max_pfn, err);
    if (wrap == NULL)
        return -1;
    if (gw_wrap_skips(wrap)) {
        s->fd = open(name, O_RDONLY | O_CLOEXEC);
        return s->fd >= 0 ? 0 : gw_fail(err, GW_E_SYSTEM, "it cannot be opened again");
    }
    if (s->spool < 0)
        return gw_fail(err, GW_E_SYSTEM, "it has to be put aside, and there is no temporary file: unpack it");
    struct gw_chan *inside = gw_wrap_unpacked(wrap, err);
    if (inside == NULL)
        return -1;
    snprintf(s->layers, sizeof s->layers, "%s", gw_wrap_layers(wrap));
    s->fd = s->spool;
    s->spool = -1;
    return put_aside(s, inside, err);
}

static int look(struct gw_salvage *s, struct gw_err *err)
{
    if (octets_init(&s->octets, s->fd, err) < 0)
        return -1;
    if (s->octets.size == 0)
        return gw_ends(err, "ihdr-truncated", "the input is empty");
    s->law.octets = &s->octets;
    s->law.max_pfn = s->max_pfn;
    s->law.left = SPENT_AT_LEAST + SPENT_PER_OCTET * s->octets.size;
    if (find_head(s, err) < 0)
        return -1;
    s->made_before = s->made.len;
    if (scan(s, err) < 0)
        return -1;
    if (s->num_singles == 0 && s->pages.num == 0)
        return gw_fail(err, GW_E_INVALID, "nothing of an image was found in it");
    if (s->losses.headers_lost && make_headers(s, err) < 0)
        return -1;
    return settle(s, err);
}

struct gw_salvage *gw_salvage_open(const char *name, int spool, const struct gw_legacy_opts *legacy, uint64_t max_pfn,
                                   struct gw_err *err)
{
    struct gw_salvage *s = gw_alloc(1, sizeof *s, err);
    if (s == NULL) {
        gw_closep(&spool);
        return NULL;
    }
    s->fd = -1;
    s->spool = spool;
    s->legacy = *legacy;
    s->max_pfn = max_pfn;
    gw_sparse_init(&s->pfns, sizeof(uint16_t));
    gw_sparse_init(&s->slots, sizeof(uint32_t));
    if (open_octets(s, name, err) == 0 && look(s, err) == 0)
        return s;
    gw_salvage_close(s);
    return NULL;
}

const struct gw_losses *gw_salvage_losses(const struct gw_salvage *s)
{
    return &s->losses;
}

const char *gw_salvage_layers(const struct gw_salvage *s)
{
    return s->layers;
}

void gw_salvage_close(struct gw_salvage *s)
{
    if (s == NULL)
        return;
    gw_closep(&s->fd);
    gw_closep(&s->spool);
    octets_free(&s->octets);
    gw_buf_free(&s->law.entries);
    gw_buf_free(&s->law.body);
    gw_buf_free(&s->made);
    gw_sparse_free(&s->pfns);
    gw_sparse_free(&s->slots);
    gw_free(s->singles);
    gw_free(s->pages.all);
    gw_free(s->others.all);
    gw_free(s->holes);
    gw_free(s);
}

void gw_salvage_closep(struct gw_salvage **salvage)
{
    gw_salvage_close(*salvage);
}
