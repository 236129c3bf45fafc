/*
 * legacy.c - a damaged legacy image: read as far as it goes into a stream of today, which is then looked at like any
 * other that is cut.
 *
 * Chunks of a legacy image have no length that leads over damage, so nothing behind it can be found again; what came
 * before it is right as far as its reader could tell. It must not know what the image holds.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "damaged.h"

/* What has no place in the stream is lost, too. */
static void keep_word(void *arg, const char *sentence)
{
    struct gw_losses *l = arg;
    size_t len = strlen(l->reading);
    snprintf(l->reading + len, sizeof l->reading - len, "%s%s", len > 0 ? "; " : "", sentence);
}

/* The image in its default wrapping, to the descriptor; *why: what ended the reading, or nothing. */
static int rewrite(struct gw_salvage *s, int to, struct gw_err *why, struct gw_err *err)
{
    gw_auto(gw_chan_closep) struct gw_chan *chan = gw_chan_fd(to, false, err);
    /* xend's own configuration would have to be made into another from the whole image */
    const struct gw_pack_opts opts = { .to = chan,
                                       .lossy = true,
                                       .tell = keep_word,
                                       .arg = &s->losses,
                                       .wrapping = strstr(s->layers, "xend") != NULL ? "raw" : NULL };
    gw_auto(gw_sink_closep) struct gw_sink *packer = chan != NULL ? gw_packer(&opts, err) : NULL;
    if (packer == NULL)
        return -1;
    if (lseek(s->fd, 0, SEEK_SET) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot find the beginning of the input");
    gw_auto(gw_wrap_closep) struct gw_wrap *wrap = gw_wrap_fd(s->fd, false, s->max_pfn, err);
    if (wrap == NULL)
        return -1;
    gw_wrap_legacy(wrap, &s->legacy);
    if (gw_wrap_run(wrap, packer, why) == 0)
        return gw_packer_finish(packer, err);
    return why->code == GW_E_SYSTEM || why->code == GW_E_REFUSED ? gw_err_pass(err, why) : 0;
}

int take_legacy(struct gw_salvage *s, struct gw_err *err)
{
    struct gw_err why = GW_ERR_NONE;
    char layers[sizeof s->layers];
    if (s->spool < 0)
        return gw_fail(err, GW_E_REFUSED,
                       "it is a legacy image (Xen 4.5 or older), which is salvaged from a plain file only: unpack it");
    if (rewrite(s, s->spool, &why, err) < 0)
        return -1;
    if (why.code == GW_E_OK) /* it is whole: what a conversion has to say, it says */
        s->losses.reading[0] = '\0';
    else
        keep_word(&s->losses, why.msg);
    s->misread = why.code != GW_E_OK && why.code != GW_E_SHORT;
    s->legacy_size = why.code != GW_E_OK ? s->octets.size : 0;
    s->legacy_stop = why.offset;
    gw_closep(&s->fd);
    s->fd = s->spool;
    s->spool = -1;
    octets_free(&s->octets);
    if (octets_init(&s->octets, s->fd, err) < 0)
        return -1;
    if (s->octets.size == 0)
        return gw_fail(err, GW_E_INVALID, "nothing of an image was found in it: %s", s->losses.reading);
    memcpy(layers, s->layers, sizeof layers);
    s->layers[0] = '\0';
    int rc = find_head(s, err);
    memcpy(s->layers, layers, sizeof layers);
    return rc;
}
