/*
 * api_tools.c - the program of api_tools.h: callbacks that write down what they are told.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api_tools.h"
#include "harness.h"

__attribute__((format(printf, 3, 4))) static int note(struct program *p, struct godwit_error *err, const char *fmt, ...)
{
    size_t len = strlen(p->text);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(p->text + len, sizeof p->text - len, fmt, ap);
    va_end(ap);
    CHECK(p->closed == 0); /* nothing comes behind close */
    CHECK(p->fail_at == 0 || p->calls < p->fail_at);
    if (p->meanwhile != NULL)
        p->meanwhile(p);
    if (++p->calls != p->fail_at)
        return 0;
    if (p->code != GODWIT_OK)
        godwit_error_set(err, p->code, "the program had enough");
    return p->wrong != 0 ? p->wrong : -1;
}

static int on_begin(void *arg, const struct godwit_headers *h, struct godwit_error *err)
{
    CHECK_EQ(h->size, sizeof *h);
    return note(arg, err, "begin %u %u %u %u.%u at %" PRIu64 "\n", h->version, h->domain_type, h->page_shift,
                h->xen_major, h->xen_minor, h->offset);
}

static int on_pages(void *arg, const struct godwit_pages *pages, struct godwit_error *err)
{
    struct program *p = arg;
    CHECK_EQ(pages->size, sizeof *pages);
    int rc = note(p, err, "pages %" PRIu64 " at %" PRIu64 " %u %u first %" PRIx64 ":%x\n", pages->number, pages->offset,
                  pages->count, pages->num_contents, godwit_entry_pfn(pages->entries[0]),
                  godwit_entry_type(pages->entries[0]));
    return rc != 0 ? rc : p->wants ? GODWIT_WANT_CONTENTS : 0;
}

static int on_page(void *arg, const struct godwit_page *page, struct godwit_error *err)
{
    uint64_t sum = 0;
    CHECK_EQ(page->size, sizeof *page);
    for (unsigned i = 0; i < GODWIT_PAGE_LEN; i++)
        sum = sum * 31 + page->contents[i];
    return note(arg, err, "page %" PRIu64 " %" PRIx64 ":%x %016" PRIx64 "\n", page->number, page->pfn, page->type, sum);
}

static int on_record(void *arg, const struct godwit_record *r, struct godwit_error *err)
{
    CHECK_EQ(r->size, sizeof *r);
    CHECK(r->body != NULL);
    return note(arg, err, "record %" PRIu64 " at %" PRIu64 " %x %u\n", r->number, r->offset, r->type, r->length);
}

static int on_mark(void *arg, const struct godwit_mark *mark, struct godwit_error *err)
{
    CHECK_EQ(mark->size, sizeof *mark);
    return note(arg, err, "mark %u%s %" PRIu64 " at %" PRIu64 "\n", mark->kind, mark->inferred ? " inferred" : "",
                mark->number, mark->offset);
}

static int on_aside(void *arg, const struct godwit_aside *a, struct godwit_error *err)
{
    CHECK_EQ(a->size, sizeof *a);
    return note(arg, err, "aside %u %s type %u %zu of %" PRIu64 " at %" PRIu64 "\n", a->kind,
                a->text != NULL ? a->text : "-", a->type, a->body_length, a->length, a->offset);
}

static int on_commit(void *arg, struct godwit_error *err)
{
    return note(arg, err, "commit\n");
}

static void on_close(void *arg)
{
    ((struct program *)arg)->closed++;
}

struct godwit_sink_callbacks all_callbacks(void)
{
    return (struct godwit_sink_callbacks){
        .size = sizeof(struct godwit_sink_callbacks),
        .begin = on_begin,
        .pages = on_pages,
        .page = on_page,
        .record = on_record,
        .mark = on_mark,
        .aside = on_aside,
        .commit = on_commit,
        .close = on_close,
    };
}

struct godwit_sink *sink_of(struct program *program)
{
    struct godwit_sink_callbacks callbacks = all_callbacks();
    program->sink = godwit_sink_new(&callbacks, program, NULL);
    CHECK(program->sink != NULL);
    return program->sink;
}

/* --- input ------------------------------------------------------------------------------------------------------- */

static bool fails(struct reading *r, struct godwit_error *err)
{
    CHECK(!r->ended); /* nothing is asked for behind the end */
    CHECK(r->closed == 0);
    if (++r->calls != r->fail_at)
        return false;
    if (r->number != 0)
        godwit_error_set_errno(err, r->number, "the program cannot read");
    else if (r->code != GODWIT_OK)
        godwit_error_set(err, r->code, "the program cannot read");
    return true;
}

static int64_t on_read(void *arg, void *mem, size_t len, struct godwit_error *err)
{
    struct reading *r = arg;
    CHECK(len > 0);
    if (fails(r, err))
        return r->wrong != 0 ? r->wrong : -1;
    size_t most = r->step > 0 && r->step < len ? r->step : len, left = r->octets->len - r->at;
    size_t take = most < left ? most : left;
    if (take > 0)
        memcpy(mem, r->octets->mem + r->at, take);
    r->at += take;
    r->ended = take == 0;
    return (int64_t)take;
}

static int64_t on_skip(void *arg, uint64_t len, struct godwit_error *err)
{
    struct reading *r = arg;
    CHECK(len > 0);
    r->skips++;
    if (fails(r, err))
        return r->wrong != 0 ? r->wrong : -1;
    size_t left = r->octets->len - r->at, take = len < left ? (size_t)len : left;
    r->at += take;
    r->ended = take == 0;
    return (int64_t)take;
}

static void on_input_close(void *arg)
{
    ((struct reading *)arg)->closed++;
}

struct godwit_input input_of(struct reading *reading, bool skips)
{
    return (struct godwit_input){
        .size = sizeof(struct godwit_input),
        .arg = reading,
        .read = on_read,
        .skip = skips ? on_skip : NULL,
        .close = on_input_close,
    };
}

struct godwit_image *open_memory(const struct gw_buf *octets)
{
    struct godwit_image *image = godwit_image_open_memory(octets->mem, octets->len, NULL, NULL);
    CHECK(image != NULL);
    return image;
}

int run_and_close(struct godwit_image *image, struct godwit_sink *sink, struct godwit_error *err)
{
    CHECK(image != NULL && sink != NULL);
    int rc = godwit_image_run(image, &sink, 1, err);
    godwit_image_close(image);
    godwit_sink_close(sink);
    return rc;
}
