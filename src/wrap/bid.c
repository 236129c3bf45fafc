/*
 * bid.c - which layer is it: every layer bids on the first octets, the highest bid wins; then again inside.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layers.h"

#define PEEK_LEN 512
#define FOREIGN_LEN 4096 /* of what no layer wants */

/* In the order in which they are told. */
static const struct layer *const layers[] = {
    &layer_raw,     &layer_libxl,  &layer_xl,   &layer_libvirt, &layer_xend, &layer_xapi,
    &layer_xenopsd, &layer_legacy, &layer_gzip, &layer_xz,      &layer_zstd, &layer_lz4,
};

#define NUM_LAYERS (sizeof layers / sizeof layers[0])

const struct layer *layer_of(const char *name)
{
    for (unsigned i = 0; i < NUM_LAYERS; i++)
        if (strcmp(layers[i]->name, name) == 0)
            return layers[i];
    return NULL;
}

bool gw_wrapping_at(unsigned number, struct gw_wrapping *out)
{
    if (number >= NUM_LAYERS)
        return false;
    const struct layer *layer = layers[number];
    *out =
        (struct gw_wrapping){ .name = layer->name, .sentence = layer->sentence, .is_written = layer->writer != NULL };
    return true;
}

unsigned bid_octets(const uint8_t *mem, size_t len, const void *want, size_t want_len)
{
    size_t both = len < want_len ? len : want_len;
    return both > 0 && memcmp(mem, want, both) == 0 ? (unsigned)(8 * both) : 0;
}

bool gw_wrap_beginning(unsigned number, struct gw_beginning *out)
{
    for (unsigned i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        if (layers[i]->magic == NULL || number-- > 0)
            continue;
        *out = (struct gw_beginning){ layers[i]->name, 0, layers[i]->magic_len, layers[i]->magic, NULL };
        return true;
    }
    return foreign_beginning(number, out);
}

static const struct layer *best(const uint8_t *mem, size_t len)
{
    const struct layer *winner = NULL;
    unsigned highest = 0;
    for (unsigned i = 0; i < NUM_LAYERS; i++) {
        unsigned bid = layers[i]->bid(mem, len);
        if (bid > highest) {
            highest = bid;
            winner = layers[i];
        }
    }
    return winner;
}

struct gw_wrap *gw_wrap_new(struct gw_chan *from, uint64_t max_pfn, struct gw_err *err)
{
    assert(from != NULL && max_pfn > 0);
    struct gw_wrap *wrap = gw_alloc(1, sizeof *wrap, err);
    if (wrap == NULL) {
        gw_chan_close(from);
        return NULL;
    }
    wrap->file = from;
    wrap->again_fd = wrap->spool = -1;
    wrap->max_pfn = max_pfn;
    wrap->chan = gw_chan_can_peek(from) ? from : gw_chan_window(from, err);
    if (wrap->chan == NULL) {
        gw_free(wrap);
        return NULL;
    }
    return wrap;
}

/* Only a guess for gw_wrap_skips: whatever goes wrong here, goes wrong again in gw_wrap_run, and is told there. */
static bool is_packed(struct gw_wrap *wrap)
{
    struct gw_err ignored = GW_ERR_NONE;
    const uint8_t *mem;
    size_t len;
    if (gw_chan_peek(wrap->chan, PEEK_LEN, &mem, &len, &ignored) < 0)
        return false;
    const struct layer *layer = best(mem, len);
    return layer != NULL && layer->unpack != NULL;
}

struct gw_wrap *gw_wrap_fd(int fd, bool owned, uint64_t max_pfn, struct gw_err *err)
{
    struct stat st;
    struct gw_chan *chan = gw_chan_fd(fd, owned, err);
    bool regular = chan != NULL && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    struct gw_wrap *wrap = chan != NULL ? gw_wrap_new(chan, max_pfn, err) : NULL;
    if (wrap == NULL)
        return NULL;
    wrap->size = regular ? (uint64_t)st.st_size : 0;
    off_t at = regular ? lseek(fd, 0, SEEK_CUR) : -1;
    wrap->again_fd = at >= 0 ? fd : -1;
    wrap->again_at = at >= 0 ? (uint64_t)at : 0;
    wrap->skips = regular && !is_packed(wrap);
    wrap->reopens = regular;
    return wrap;
}

int gw_wrap_file(const char *name, struct gw_err *err)
{
    struct stat st;
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0) {
        gw_fail(err, GW_E_SYSTEM, "it cannot be opened");
        gw_closep(&fd);
        return -1;
    }
    if (S_ISDIR(st.st_mode)) {
        close(fd);
        errno = EISDIR;
        return gw_fail(err, GW_E_SYSTEM, "it cannot be read");
    }
    return fd;
}

static struct gw_wrap *open_named(const char *name, uint64_t max_pfn, struct gw_err *err)
{
    int fd = gw_wrap_file(name, err);
    return fd >= 0 ? gw_wrap_fd(fd, true, max_pfn, err) : NULL;
}

struct gw_wrap *gw_wrap_open(const char *name, uint64_t max_pfn, struct gw_err *err)
{
    bool standard = strcmp(name, "-") == 0;
    struct gw_wrap *wrap = standard ? gw_wrap_fd(STDIN_FILENO, false, max_pfn, err) : open_named(name, max_pfn, err);
    if (wrap != NULL && standard)
        wrap->skips = wrap->reopens = false; /* it cannot be read again from its beginning */
    return wrap;
}

static int refuse_foreign(struct gw_wrap *wrap, struct gw_err *err)
{
    char text[400];
    const uint8_t *mem;
    size_t len;
    if (gw_chan_peek(wrap->chan, FOREIGN_LEN, &mem, &len, err) < 0)
        return -1;
    if (len == 0)
        return gw_ends(err, "ihdr-truncated", "the input is empty");
    len = (size_t)gw_min(len, FOREIGN_LEN); /* however much a pipe brought at once */
    name_foreign(mem, len, text, sizeof text);
    return gw_refuse(err, "ihdr-legacy", "%s", text);
}

int say_layer(struct gw_wrap *wrap, struct gw_sink *sink, const char *name, struct gw_err *err)
{
    struct gw_aside aside = { .kind = GW_ASIDE_LAYER, .name = name, .offset = wrap->chan->read_pos };
    size_t len = strlen(wrap->layers);
    snprintf(wrap->layers + len, sizeof wrap->layers - len, "%s%s", len > 0 ? " > " : "", name);
    return gw_sink_aside(sink, &aside, err);
}

static int unpack(struct gw_wrap *wrap, const struct layer *layer, struct gw_sink *sink, struct gw_err *err)
{
    if (say_layer(wrap, sink, layer->name, err) < 0)
        return -1;
    struct gw_chan *inner = layer->unpack(wrap->chan, layer, err);
    wrap->chan = inner != NULL ? gw_chan_window(inner, err) : NULL;
    wrap->skips = false;
    wrap->again_fd = -1;
    return wrap->chan != NULL ? 0 : -1;
}

static int run_layers(struct gw_wrap *wrap, struct gw_sink *sink, struct gw_err *err)
{
    const uint8_t *mem;
    size_t len;
    assert(wrap->layers[0] == '\0'); /* once */
    for (unsigned depth = 0;; depth++) {
        if (gw_chan_peek(wrap->chan, PEEK_LEN, &mem, &len, err) < 0)
            return -1;
        const struct layer *layer = best(mem, len);
        if (layer == NULL)
            return refuse_foreign(wrap, err);
        if (layer->run != NULL)
            return layer->run(wrap, sink, err);
        if (depth == GW_WRAP_DEPTH)
            return gw_refuse(err, "unpack-damaged", "the file is compressed more than %d times over", GW_WRAP_DEPTH);
        if (unpack(wrap, layer, sink, err) < 0)
            return -1;
    }
}

struct gw_chan *gw_wrap_unpacked(struct gw_wrap *wrap, struct gw_err *err)
{
    static const struct gw_sink_ops nobody = { .name = "nobody", .takes = GW_TAKES_WATCH };
    struct gw_sink sink = { .ops = &nobody };
    const uint8_t *mem;
    size_t len;
    for (unsigned depth = 0; depth < GW_WRAP_DEPTH; depth++) {
        if (gw_chan_peek(wrap->chan, PEEK_LEN, &mem, &len, err) < 0)
            return NULL;
        const struct layer *layer = best(mem, len);
        if (layer == NULL || layer->unpack == NULL)
            return wrap->chan;
        if (unpack(wrap, layer, &sink, err) < 0)
            return NULL;
    }
    return wrap->chan;
}

int gw_wrap_run(struct gw_wrap *wrap, struct gw_sink *sink, struct gw_err *err)
{
    if (run_layers(wrap, sink, err) < 0)
        return gw_err_place(err, wrap->chan != NULL ? wrap->chan->read_pos : 0, 0);
    return 0;
}

int say_short(struct gw_err *err, const char *rule, const char *what, size_t got, size_t want)
{
    if (!gw_err_is_cut(err))
        return -1;
    *err = GW_ERR_NONE;
    return gw_ends(err, rule, "the input ends inside %s: %zu of %zu octets are there", what, got, want);
}

/* The image was whole before its packed file went wrong. */
static int say_unpack(struct gw_wrap *wrap, struct gw_sink *sink, struct gw_err *err)
{
    struct gw_aside aside = { .kind = GW_ASIDE_UNPACK, .offset = wrap->chan->read_pos };
    struct gw_err why = *err;
    if (err->rule == NULL || strcmp(err->rule, "unpack-damaged") != 0)
        return -1;
    *err = GW_ERR_NONE;
    aside.name = why.msg;
    return gw_sink_aside(sink, &aside, err);
}

int say_trailing_of(struct gw_wrap *wrap, struct gw_chan *chan, uint64_t base, struct gw_sink *sink, struct gw_err *err)
{
    struct gw_aside aside = { .kind = GW_ASIDE_TRAILING, .offset = base + chan->read_pos };
    const uint8_t *mem;
    uint8_t head[64];
    size_t len;
    if (gw_chan_peek(chan, sizeof head, &mem, &len, err) < 0)
        return say_unpack(wrap, sink, err);
    if (len == 0)
        return 0;
    aside.body_len = (size_t)gw_min(len, sizeof head);
    memcpy(head, mem, aside.body_len);
    aside.body = head;
    if (gw_chan_skip(chan, gw_limit(TRAILING), err) == 0)
        aside.at_least = true;
    else if (gw_err_is_cut(err))
        *err = GW_ERR_NONE;
    else
        return -1;
    aside.length = base + chan->read_pos - aside.offset;
    return gw_sink_aside(sink, &aside, err);
}

int say_trailing(struct gw_wrap *wrap, struct gw_sink *sink, struct gw_err *err)
{
    return say_trailing_of(wrap, wrap->chan, 0, sink, err);
}

void gw_wrap_legacy(struct gw_wrap *wrap, const struct gw_legacy_opts *opts)
{
    struct stat st;
    wrap->spool = opts->spool;
    wrap->spooled_before = wrap->spool >= 0 && fstat(wrap->spool, &st) == 0 ? (uint64_t)st.st_size : UINT64_MAX;
    wrap->legacy_width = opts->width;
    wrap->legacy_guest = opts->guest;
}

const char *gw_wrap_layers(const struct gw_wrap *wrap)
{
    return wrap->layers;
}

bool gw_wrap_reopens(const struct gw_wrap *wrap)
{
    return wrap->reopens;
}

bool gw_wrap_skips(const struct gw_wrap *wrap)
{
    return wrap->skips;
}

void gw_wrap_progress(const struct gw_wrap *wrap, uint64_t *taken, uint64_t *size)
{
    *taken = wrap->chan != NULL ? wrap->file->read_pos : 0;
    *size = wrap->size;
}

/* The next input finds the room that this one took. Where that fails it stays taken, and nothing else is amiss. */
static void empty_spool(const struct gw_wrap *wrap)
{
    if (wrap->spool < 0 || wrap->spooled_before == UINT64_MAX)
        return;
    if (ftruncate(wrap->spool, (off_t)wrap->spooled_before) < 0)
        return;
}

void gw_wrap_close(struct gw_wrap *wrap)
{
    if (wrap == NULL)
        return;
    gw_chan_close(wrap->chan);
    empty_spool(wrap);
    gw_free(wrap);
}

void gw_wrap_closep(struct gw_wrap **wrap)
{
    gw_wrap_close(*wrap);
}
