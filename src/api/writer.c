/*
 * writer.c - the packer of src/wrap, as programs see it.
 */
#include <string.h>

#include "api.h"

struct writer {
    struct godwit_sink sink;
    struct gw_chan *to;
    struct godwit_writer_options options; /* its pointers are borrowed, as the header says */
    struct gw_guest_config guest;         /* what is known of it */
    bool knows, finished;
};

unsigned godwit_num_wrappings(void)
{
    struct gw_wrapping ignored;
    unsigned num = 0;
    while (gw_wrapping_at(num, &ignored))
        num++;
    return num;
}

int godwit_wrapping_at(unsigned index, struct godwit_wrapping *out)
{
    struct gw_wrapping own;
    if (!gw_wrapping_at(index, &own))
        return -1;
    struct godwit_wrapping answer = {
        .size = sizeof answer, .name = own.name, .what = own.sentence, .is_written = own.is_written
    };
    return api_answer(out, &answer, sizeof answer);
}

/* Its own name of a wrapping that is written; NULL: there is none. */
static const char *written(const char *name)
{
    struct gw_wrapping own;
    for (unsigned i = 0; gw_wrapping_at(i, &own); i++)
        if (own.is_written && strcmp(own.name, name) == 0)
            return own.name;
    return NULL;
}

static void tell(void *arg, const char *sentence)
{
    const struct writer *w = arg;
    if (w->options.tell != NULL)
        w->options.tell(w->options.arg, sentence);
}

static struct gw_sink *begin(struct godwit_sink *sink, const struct godwit_image *image, struct gw_err *err)
{
    struct writer *w = (struct writer *)sink;
    struct gw_pack_opts opts = {
        .wrapping = w->options.wrapping,
        .to = w->to,
        .config = w->options.config,
        .config_len = w->options.config_length,
        .lossy = w->options.lossy != 0,
        .image = w->knows ? &w->guest : NULL,
        .tell = tell,
        .arg = w,
    };
    (void)image;
    return gw_packer(&opts, err);
}

static void close_output(struct godwit_sink *sink)
{
    gw_chan_close(((struct writer *)sink)->to);
}

static const struct api_kind writer_kind = { .name = "writer", .begin = begin, .close = close_output };

static int read_options(const struct godwit_writer_options *options, struct writer *out, struct gw_err *err)
{
    struct godwit_writer_options *own = &out->options;
    if (api_order(own, sizeof *own, options, err) < 0)
        return -1;
    if (own->wrapping != NULL) {
        const char *name = written(own->wrapping);
        if (name == NULL)
            return gw_fail(err, GW_E_USAGE, "there is no wrapping of that name that is written");
        own->wrapping = name; /* a constant */
    }
    if (own->config == NULL && own->config_length > 0)
        return gw_fail(err, GW_E_USAGE, "a configuration of %zu octets at NULL", own->config_length);
    if (own->known == NULL)
        return 0;
    const struct gw_verdict *verdict = api_verdict(own->known);
    if (verdict == NULL)
        return gw_fail(err, GW_E_USAGE, "what is known has to be a verifier with a verdict");
    out->guest = gw_verdict_guest(verdict);
    out->knows = true;
    own->known = NULL;
    return 0;
}

/* to: given, also on failure; NULL: it could not be made. */
static struct godwit_sink *new_writer(struct gw_chan *to, const struct godwit_writer_options *options,
                                      struct gw_err *err)
{
    struct writer plan = { .to = to };
    struct writer *w = NULL;
    if (to != NULL && read_options(options, &plan, err) == 0)
        w = api_sink(sizeof *w, &writer_kind, NULL, err);
    if (w == NULL) {
        gw_chan_close(to);
        return NULL;
    }
    plan.sink = w->sink;
    *w = plan;
    return &w->sink;
}

struct godwit_sink *godwit_writer_new(const struct godwit_output *output, const struct godwit_writer_options *options,
                                      struct godwit_error *err)
{
    struct gw_err *own = API_ERR(err);
    return new_writer(api_output(output, own), options, own);
}

struct godwit_sink *godwit_writer_new_fd(int fd, const struct godwit_writer_options *options, struct godwit_error *err)
{
    struct gw_err *own = API_ERR(err);
    if (fd < 0)
        return gw_fail(own, GW_E_USAGE, "%d is no descriptor", fd), NULL;
    return new_writer(gw_chan_fd(fd, false, own), options, own);
}

int godwit_writer_finish(struct godwit_sink *writer, struct godwit_error *err)
{
    struct gw_err *own = API_ERR(err), why = GW_ERR_NONE;
    struct writer *w = (struct writer *)writer;
    if (api_is(writer, &writer_kind, own) < 0)
        return -1;
    if (!writer->ran || writer->running || w->finished)
        return gw_fail(own, GW_E_USAGE, "a writer is finished once, after the run");
    if (writer->failure.code != GW_E_OK)
        return gw_err_pass(own, &writer->failure);
    w->finished = writer->running = true;
    int rc = gw_packer_finish(writer->inner, &why);
    writer->running = false;
    api_closed(writer);
    *own = why;
    return rc;
}

const char *godwit_writer_wrapping(const struct godwit_sink *writer)
{
    struct gw_err ignored = GW_ERR_NONE;
    bool begun = api_is(writer, &writer_kind, &ignored) == 0 && writer->inner != NULL;
    return begun ? gw_packer_wrapping(writer->inner) : NULL;
}
