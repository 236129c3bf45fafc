/*
 * report.c - summarizer and digester of src/report, as programs see them.
 */
#include <errno.h>
#include <stdio.h>

#include "api.h"

/* --- summary ----------------------------------------------------------------------------------------------------- */

struct summarizer {
    struct godwit_sink sink;
    struct gw_summary counted;
    struct godwit_summary view;
};

static struct gw_sink *begin_summary(struct godwit_sink *sink, const struct godwit_image *image, struct gw_err *err)
{
    (void)image;
    return gw_summarizer(&((struct summarizer *)sink)->counted, err);
}

static const struct api_kind summarizer_kind = { .name = "summarizer", .begin = begin_summary };

struct godwit_sink *godwit_summarizer_new(struct godwit_error *err)
{
    return api_sink(sizeof(struct summarizer), &summarizer_kind, NULL, API_ERR(err));
}

const struct godwit_summary *godwit_summarizer_summary(struct godwit_sink *summarizer, struct godwit_error *err)
{
    if (api_is(summarizer, &summarizer_kind, API_ERR(err)) < 0)
        return NULL;
    struct summarizer *s = (struct summarizer *)summarizer;
    const struct gw_summary *c = &s->counted;
    const struct gw_verdict width = { .pv_width = c->pv_width }; /* all that a guest's name takes from a verdict */
    s->view = (struct godwit_summary){
        .size = sizeof s->view,
        .begun = c->begun,
        .guest = gw_guest_name(c, &width),
        .version = c->headers.image.version,
        .domain_type = c->headers.domain.type,
        .xen_major = c->headers.domain.xen_major,
        .xen_minor = c->headers.domain.xen_minor,
        .num_records = c->num_records,
        .num_entries = c->num_entries,
        .num_contents = c->num_contents,
        .name = c->config.name,
        .uuid = c->config.uuid,
        .max_memkb = c->config.max_memkb,
        .max_vcpus = c->config.max_vcpus,
        .emulator_octets = c->emulator_octets,
        .trailing_octets = c->trailing,
        .trailing_more = c->trailing_more,
        .cpu = c->cpu,
    };
    return &s->view;
}

int godwit_summarizer_records(const struct godwit_sink *summarizer, uint32_t type, uint64_t *num, uint64_t *octets)
{
    struct gw_err ignored = GW_ERR_NONE;
    const struct gw_record_info *info = gw_record_info(type);
    if (api_is(summarizer, &summarizer_kind, &ignored) < 0)
        return -1;
    const struct summarizer *s = (const struct summarizer *)summarizer;
    const struct gw_tally *tally = &s->counted.records[info != NULL ? 1 + (info - gw_records) : GW_SUMMARY_UNKNOWN];
    if (num != NULL)
        *num = tally->num;
    if (octets != NULL)
        *octets = tally->octets;
    return 0;
}

/* --- digest ------------------------------------------------------------------------------------------------------ */

struct digester {
    struct godwit_sink sink;
    bool written;
};

/* The program's callback as a stream. */
struct stream {
    godwit_write_fn *write;
    void *arg;
    struct godwit_error heard;
    struct gw_err why;
};

static struct gw_sink *begin_digest(struct godwit_sink *sink, const struct godwit_image *image, struct gw_err *err)
{
    (void)sink;
    (void)image;
    return gw_digester(err);
}

static const struct api_kind digester_kind = { .name = "digester", .begin = begin_digest };

struct godwit_sink *godwit_digester_new(struct godwit_error *err)
{
    return api_sink(sizeof(struct digester), &digester_kind, NULL, API_ERR(err));
}

static ssize_t stream_write(void *cookie, const char *text, size_t len)
{
    struct stream *s = cookie;
    if (s->why.code != GW_E_OK)
        return 0;
    int answer = s->write(s->arg, text, len, &s->heard);
    return api_answered(answer, 0, &s->heard, "write", &s->why) == 0 ? (ssize_t)len : 0;
}

static int print(struct digester *d, bool json, struct stream *s, struct gw_err *err)
{
    FILE *out = fopencookie(s, "w", (cookie_io_functions_t){ .write = stream_write });
    if (out == NULL)
        return gw_fail(err, GW_E_SYSTEM, "cannot make a stream of a callback");
    int rc = gw_digest_print(d->sink.inner, out, json, err);
    bool arrived = fclose(out) == 0;
    if (rc < 0)
        return -1;
    if (s->why.code != GW_E_OK)
        return gw_err_pass(err, &s->why);
    return arrived ? 0 : gw_fail(err, GW_E_SYSTEM, "cannot write the digest");
}

int godwit_digester_write(struct godwit_sink *digester, int json, godwit_write_fn *write, void *arg,
                          struct godwit_error *err)
{
    struct gw_err *own = API_ERR(err), why = GW_ERR_NONE;
    struct digester *d = (struct digester *)digester;
    struct stream s = { .write = write, .arg = arg, .heard.err = GW_ERR_NONE, .why = GW_ERR_NONE };
    if (api_is(digester, &digester_kind, own) < 0)
        return -1;
    if (write == NULL || !digester->ran || digester->running || d->written)
        return gw_fail(own, GW_E_USAGE, "a digest is written once, after the run, through a callback");
    if (digester->inner == NULL || (digester->failure.code != GW_E_OK && digester->failure.code != GW_E_SHORT))
        return gw_err_pass(own, &digester->failure);
    d->written = digester->running = true;
    int rc = print(d, json != 0, &s, &why);
    digester->running = false;
    api_closed(digester);
    *own = why;
    return rc;
}
