/*
 * image.c - an image from opening to closing: what a program may ask at the wrong time is refused here.
 */
#include <string.h>

#include "api.h"

_Static_assert(GODWIT_SINKS_MOST <= GW_WATCHERS, "each sink of a run may watch the same contents");

static int read_options(const struct godwit_image_options *options, uint64_t *max_pfn, struct gw_err *err)
{
    struct godwit_image_options own;
    if (api_order(&own, sizeof own, options, err) < 0)
        return -1;
    if (own.max_pfn > gw_limit(PFN_MOST))
        return gw_fail(err, GW_E_USAGE, "max_pfn is %llu; no guest has pfns above %llu",
                       (unsigned long long)own.max_pfn, (unsigned long long)gw_limit(PFN_MOST));
    *max_pfn = own.max_pfn > 0 ? own.max_pfn : gw_limit(PFN);
    return 0;
}

/* wrap: given, also on failure; NULL: it could not be made. */
static struct godwit_image *image_of(struct gw_wrap *wrap, uint64_t max_pfn, struct gw_err *err)
{
    struct godwit_image *image = wrap != NULL ? gw_alloc(1, sizeof *image, err) : NULL;
    if (image == NULL) {
        gw_wrap_close(wrap);
        return NULL;
    }
    image->wrap = wrap;
    image->max_pfn = max_pfn;
    return image;
}

/* The same of a channel, given likewise. */
static struct godwit_image *image_in(struct gw_chan *chan, uint64_t max_pfn, struct gw_err *err)
{
    return image_of(chan != NULL ? gw_wrap_new(chan, max_pfn, err) : NULL, max_pfn, err);
}

struct godwit_image *godwit_image_open_file(const char *name, const struct godwit_image_options *options,
                                            struct godwit_error *err)
{
    struct gw_err *own = API_ERR(err);
    uint64_t max_pfn;
    if (read_options(options, &max_pfn, own) < 0)
        return NULL;
    if (name == NULL)
        return gw_fail(own, GW_E_USAGE, "a file without a name"), NULL;
    /* That "-" means standard input is the command line's, not ours. */
    return image_of(gw_wrap_open(strcmp(name, "-") == 0 ? "./-" : name, max_pfn, own), max_pfn, own);
}

struct godwit_image *godwit_image_open_fd(int fd, const struct godwit_image_options *options, struct godwit_error *err)
{
    struct gw_err *own = API_ERR(err);
    uint64_t max_pfn;
    if (read_options(options, &max_pfn, own) < 0)
        return NULL;
    if (fd < 0)
        return gw_fail(own, GW_E_USAGE, "%d is no descriptor", fd), NULL;
    return image_of(gw_wrap_fd(fd, false, max_pfn, own), max_pfn, own);
}

struct godwit_image *godwit_image_open_memory(const void *mem, size_t len, const struct godwit_image_options *options,
                                              struct godwit_error *err)
{
    struct gw_err *own = API_ERR(err);
    uint64_t max_pfn;
    if (read_options(options, &max_pfn, own) < 0)
        return NULL;
    if (mem == NULL && len > 0)
        return gw_fail(own, GW_E_USAGE, "%zu octets at NULL", len), NULL;
    return image_in(gw_chan_memory(mem != NULL ? mem : "", len, NULL, own), max_pfn, own);
}

struct godwit_image *godwit_image_open_input(const struct godwit_input *input,
                                             const struct godwit_image_options *options, struct godwit_error *err)
{
    struct gw_err *own = API_ERR(err);
    uint64_t max_pfn;
    struct gw_chan *chan = api_input(input, own);
    if (chan != NULL && read_options(options, &max_pfn, own) < 0) {
        gw_chan_close(chan);
        return NULL;
    }
    return chan != NULL ? image_in(chan, max_pfn, own) : NULL;
}

const char *godwit_image_layers(const struct godwit_image *image)
{
    return image != NULL ? gw_wrap_layers(image->wrap) : "";
}

int godwit_image_skips(const struct godwit_image *image)
{
    return image != NULL && gw_wrap_skips(image->wrap);
}

void godwit_image_progress(const struct godwit_image *image, uint64_t *taken, uint64_t *size)
{
    uint64_t unread;
    taken = taken != NULL ? taken : &unread;
    size = size != NULL ? size : &unread;
    *taken = *size = 0;
    if (image != NULL)
        gw_wrap_progress(image->wrap, taken, size);
}

void godwit_image_close(struct godwit_image *image)
{
    if (image == NULL)
        return;
    image->closing = true;
    if (image->running)
        return;
    gw_wrap_close(image->wrap);
    gw_free(image);
}

/* --- the run ----------------------------------------------------------------------------------------------------- */

static int admit(const struct godwit_image *image, struct godwit_sink *const *sinks, unsigned num, struct gw_err *err)
{
    if (image == NULL || (sinks == NULL && num > 0))
        return gw_fail(err, GW_E_USAGE, "a run without an image, or without its sinks");
    if (image->ran)
        return gw_fail(err, GW_E_USAGE, "an image is run once; open it again");
    if (num > GODWIT_SINKS_MOST)
        return gw_fail(err, GW_E_USAGE, "%u sinks; one run has at most %d", num, GODWIT_SINKS_MOST);
    for (unsigned i = 0; i < num; i++) {
        if (sinks[i] == NULL)
            return gw_fail(err, GW_E_USAGE, "sink %u is NULL", i);
        if (sinks[i]->ran)
            return gw_fail(err, GW_E_USAGE, "sink %u (%s) took part in a run already", i, sinks[i]->kind->name);
        for (unsigned j = 0; j < i; j++)
            if (sinks[j] == sinks[i])
                return gw_fail(err, GW_E_USAGE, "sinks %u and %u are one and the same", j, i);
    }
    return 0;
}

/* Whatever happens from here on, it was their run. inner: as many as sinks. */
static int begin(struct godwit_image *image, struct godwit_sink *const *sinks, unsigned num, struct gw_sink **inner,
                 struct gw_err *err)
{
    image->ran = image->running = true;
    for (unsigned i = 0; i < num; i++)
        sinks[i]->ran = sinks[i]->running = true;
    for (unsigned i = 0; i < num; i++) {
        if (sinks[i]->kind->begin != NULL)
            sinks[i]->inner = sinks[i]->kind->begin(sinks[i], image, err);
        if (sinks[i]->inner == NULL)
            return -1;
        inner[i] = sinks[i]->inner;
    }
    return 0;
}

static int run(struct godwit_image *image, struct gw_sink *const *inner, unsigned num, struct gw_err *err)
{
    gw_auto(gw_sink_closep) struct gw_sink *tee = gw_tee(inner, num, err);
    return tee != NULL ? gw_wrap_run(image->wrap, tee, err) : -1;
}

/* What callbacks closed goes now. */
static void end(struct godwit_image *image, struct godwit_sink *const *sinks, unsigned num, const struct gw_err *err)
{
    for (unsigned i = 0; i < num; i++) {
        sinks[i]->failure = *err;
        sinks[i]->running = false;
        api_closed(sinks[i]);
    }
    image->running = false;
    if (image->closing)
        godwit_image_close(image);
}

int godwit_image_run(struct godwit_image *image, struct godwit_sink *const *sinks, unsigned num,
                     struct godwit_error *err)
{
    struct gw_err *own = API_ERR(err), why = GW_ERR_NONE;
    struct gw_sink *inner[GODWIT_SINKS_MOST] = { NULL };
    if (admit(image, sinks, num, own) < 0)
        return -1;
    int rc = begin(image, sinks, num, inner, &why);
    if (rc == 0)
        rc = run(image, inner, num, &why);
    end(image, sinks, num, &why);
    *own = why; /* only now: a callback may have used the same error */
    return rc;
}
