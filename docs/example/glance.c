/*
 * glance.c - a glance at the image of a Xen domain: what kind of guest, its memory by type, and whether it is whole.
 *
 *   cc -o glance glance.c $(pkg-config --cflags --libs libgodwit)
 *   ./glance guest.save
 *
 * It shows the usual way through libgodwit: open an image, run it into sinks (here one of our own, and a verifier), ask
 * them. Exit status: 0 whole, 1 not, 2 wrong use, 3 the system failed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <godwit/godwit.h>

/* What our own sink gathers. */
struct glance {
    struct godwit_headers headers;
    uint64_t num_pages[16]; /* pfns named, by type; a live image names some more than once */
    uint64_t num_records;
};

static int on_begin(void *arg, const struct godwit_headers *headers, struct godwit_error *err)
{
    struct glance *glance = arg;
    (void)err;
    glance->headers = *headers;
    return 0;
}

/* The contents are not asked for: a plain file is then skipped through, and a guest of any size takes no time. */
static int on_pages(void *arg, const struct godwit_pages *pages, struct godwit_error *err)
{
    struct glance *glance = arg;
    uint32_t i;
    (void)err;
    for (i = 0; i < pages->count; i++)
        glance->num_pages[godwit_entry_type(pages->entries[i])]++;
    return 0;
}

static int on_record(void *arg, const struct godwit_record *record, struct godwit_error *err)
{
    struct glance *glance = arg;
    (void)record;
    (void)err;
    glance->num_records++;
    return 0;
}

static void on_finding(void *arg, const struct godwit_finding *finding)
{
    (void)arg;
    if (finding->severity != GODWIT_NOTE)
        printf("  %s %s: %s\n", godwit_severity_name(finding->severity), finding->rule, finding->text);
}

static void print_glance(const struct glance *glance, const char *layers)
{
    unsigned type;
    printf("image     version %" PRIu32 ", saved by Xen %" PRIu32 ".%" PRIu32 " (%s)\n", glance->headers.version,
           glance->headers.xen_major, glance->headers.xen_minor, layers);
    printf("guest     %s\n", glance->headers.domain_type == 1 ? "PV" : "HVM");
    printf("records   %" PRIu64 " beside the memory\n", glance->num_records);
    for (type = 0; type < 16; type++)
        if (glance->num_pages[type] > 0)
            printf("pages     %8" PRIu64 "  %s\n", glance->num_pages[type], godwit_page_type_name(type));
}

static int fail(const char *name, const struct godwit_error *err)
{
    fprintf(stderr, "glance: '%s': %s\n", name, godwit_error_text(err));
    return godwit_error_exit(err);
}

/* Runs the image into both sinks. Where the run fails because the image is at fault there is a verdict all the same. */
static int look(const char *name, struct godwit_image *image, struct godwit_sink *own, struct godwit_sink *verifier,
                const struct glance *glance, struct godwit_error *err)
{
    struct godwit_sink *sinks[2];
    const struct godwit_verdict *verdict;
    sinks[0] = own;
    sinks[1] = verifier;
    godwit_image_run(image, sinks, 2, err);
    verdict = godwit_verifier_finish(verifier, err);
    if (verdict == NULL)
        return fail(name, err);
    print_glance(glance, godwit_image_layers(image));
    printf("verdict   %s\n", verdict->valid ? "whole" : "NOT WHOLE");
    return verdict->valid ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct glance glance;
    struct godwit_sink_callbacks callbacks;
    struct godwit_verifier_options options;
    struct godwit_error *err = godwit_error_new();
    struct godwit_image *image;
    struct godwit_sink *own, *verifier;
    int status;
    if (argc != 2) {
        fprintf(stderr, "usage: glance FILE\n");
        return 2;
    }
    memset(&glance, 0, sizeof glance);
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.size = sizeof callbacks;
    callbacks.begin = on_begin;
    callbacks.pages = on_pages;
    callbacks.record = on_record;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.found = on_finding;
    image = godwit_image_open_file(argv[1], NULL, err);
    own = image != NULL ? godwit_sink_new(&callbacks, &glance, err) : NULL;
    verifier = own != NULL ? godwit_verifier_new(&options, err) : NULL;
    status = verifier != NULL ? look(argv[1], image, own, verifier, &glance, err) : fail(argv[1], err);
    godwit_sink_close(verifier);
    godwit_sink_close(own);
    godwit_image_close(image);
    godwit_error_free(err);
    return status;
}
