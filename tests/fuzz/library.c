/*
 * library.c - any octets through libgodwit, as a program would: every kind of sink at once, and all that it may ask.
 *
 * The first octet chooses: bits 0 to 2 how many octets a read brings, bit 3 whether contents are wanted, bit 4 strict,
 * bit 5 that a callback of the program's fails somewhere, bits 6 and 7 the wrapping that is written.
 */
#include <string.h>

#include <godwit/godwit.h>

#include "invariant.h"

#define MAX_PFN 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct program {
    const uint8_t *data;
    size_t size, at, written;
    unsigned choice, calls, closed;
    char failed;
};

/* Some call fails, where that was chosen: which one the octets say. */
static int go_on(struct program *p, struct godwit_error *err)
{
    MUST(!p->failed);
    if (++p->calls % 64 != 0 || !(p->choice & 32) || p->data[p->calls % p->size] != 0)
        return 0;
    p->failed = 1;
    return godwit_error_set(err, GODWIT_REFUSED, "the program had enough");
}

static int64_t on_read(void *arg, void *mem, size_t len, struct godwit_error *err)
{
    struct program *p = arg;
    size_t most = (size_t)1 << 2 * (p->choice & 7), left = p->size - p->at;
    size_t take = len < most ? len : most;
    if (go_on(p, err) < 0)
        return -1;
    take = take < left ? take : left;
    memcpy(mem, p->data + p->at, take);
    p->at += take;
    return (int64_t)take;
}

static int64_t on_write(void *arg, const void *mem, size_t len, struct godwit_error *err)
{
    struct program *p = arg;
    (void)mem;
    p->written += len;
    return go_on(p, err) < 0 ? -1 : (int64_t)len;
}

static void on_close(void *arg)
{
    ((struct program *)arg)->closed++;
}

static int on_pages(void *arg, const struct godwit_pages *pages, struct godwit_error *err)
{
    struct program *p = arg;
    for (uint32_t i = 0; i < pages->count; i++) {
        unsigned type = godwit_entry_type(pages->entries[i]);
        MUST(godwit_entry_pfn(pages->entries[i]) < MAX_PFN && godwit_page_type_name(type) != NULL);
    }
    return go_on(p, err) < 0 ? -1 : p->choice & 8 ? GODWIT_WANT_CONTENTS : 0;
}

static int on_page(void *arg, const struct godwit_page *page, struct godwit_error *err)
{
    MUST(page->pfn < MAX_PFN && godwit_page_type_has_contents(page->type));
    return go_on(arg, err);
}

static int on_value(void *arg, const struct godwit_value *value, struct godwit_error *err)
{
    const struct godwit_structure *s = arg;
    const unsigned char *part;
    size_t length;
    (void)err;
    MUST(value->octets >= s->octets && value->octets + value->length <= s->octets + s->length);
    MUST(godwit_layout_octets(s->layout, s->octets, s->length, value->path, &part, &length) == 0);
    return 0;
}

static int on_structure(void *arg, const struct godwit_structure *s, struct godwit_error *err)
{
    struct godwit_structure copy = *s;
    if (s->layout != NULL && godwit_layout_walk(s->layout, s->octets, s->length, on_value, &copy, err) < 0)
        return -1;
    return go_on(arg, err);
}

static int on_text(void *arg, const char *text, size_t length, struct godwit_error *err)
{
    (void)arg, (void)err;
    for (size_t i = 0; i < length; i++)
        MUST(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
    return 0;
}

static void on_finding(void *arg, const struct godwit_finding *finding)
{
    struct godwit_rule rule = { .size = sizeof rule };
    (void)arg;
    must_be_plain(finding->text);
    MUST(godwit_rule_of(finding->rule, &rule) == 0);
}

enum { OWN, WALKER, VERIFIER, SUMMARIZER, DIGESTER, WRITER, NUM_SINKS };

static void make_sinks(struct program *p, struct godwit_sink **sinks)
{
    static const char *const wrappings[] = { NULL, "raw", "libxl", "xenopsd" };
    struct godwit_sink_callbacks callbacks = {
        .size = sizeof callbacks, .pages = on_pages, .page = on_page, .close = on_close
    };
    struct godwit_verifier_options judging = { .size = sizeof judging,
                                               .strict = p->choice >> 4 & 1,
                                               .found = on_finding };
    struct godwit_output output = { .size = sizeof output, .arg = p, .write = on_write, .close = on_close };
    struct godwit_writer_options writing = { .size = sizeof writing,
                                             .wrapping = wrappings[p->choice >> 6],
                                             .lossy = 1 };
    sinks[OWN] = godwit_sink_new(&callbacks, p, NULL);
    sinks[WALKER] = godwit_walker_new(on_structure, p, NULL);
    sinks[VERIFIER] = godwit_verifier_new(&judging, NULL);
    sinks[SUMMARIZER] = godwit_summarizer_new(NULL);
    sinks[DIGESTER] = godwit_digester_new(NULL);
    sinks[WRITER] = godwit_writer_new(&output, &writing, NULL);
    for (unsigned i = 0; i < NUM_SINKS; i++)
        MUST(sinks[i] != NULL);
}

/* What a program may ask behind a run, however it ended. */
static void ask(struct godwit_sink **sinks, int rc, const struct program *p, struct godwit_error *err)
{
    const struct godwit_verdict *verdict = godwit_verifier_finish(sinks[VERIFIER], err);
    MUST(verdict != NULL || rc < 0);
    MUST(verdict == NULL || !p->failed);
    MUST((verdict == NULL) == (godwit_error_code(err) != GODWIT_OK));
    if (verdict != NULL)
        MUST(verdict->valid == (verdict->errors == 0) && verdict->num_pfns <= MAX_PFN);
    MUST(godwit_summarizer_summary(sinks[SUMMARIZER], err) != NULL);
    if (godwit_digester_write(sinks[DIGESTER], p->choice & 1, on_text, NULL, err) < 0)
        must_be_plain(godwit_error_text(err));
    MUST(rc == 0 || godwit_writer_finish(sinks[WRITER], err) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct program p = { .data = data + 1, .size = size - 1 };
    struct godwit_sink *sinks[NUM_SINKS];
    if (size < 2)
        return 0;
    p.choice = data[0];
    struct godwit_input input = { .size = sizeof input, .arg = &p, .read = on_read, .close = on_close };
    struct godwit_image_options reading = { .size = sizeof reading, .max_pfn = MAX_PFN };
    struct godwit_error *err = godwit_error_new();
    struct godwit_image *image = godwit_image_open_input(&input, &reading, err);
    MUST(image != NULL);
    make_sinks(&p, sinks);
    int rc = godwit_image_run(image, sinks, NUM_SINKS, err);
    MUST((rc < 0) == (godwit_error_code(err) != GODWIT_OK));
    MUST(rc < 0 || !p.failed);
    must_be_plain(godwit_error_text(err));
    ask(sinks, rc, &p, err);
    for (unsigned i = 0; i < NUM_SINKS; i++)
        godwit_sink_close(sinks[i]);
    godwit_image_close(image);
    MUST(p.closed == 3);
    godwit_error_free(err);
    return 0;
}
