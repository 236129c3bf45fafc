/*
 * glance.c - a glance at the image of a Xen domain: where each vCPU stands, the memory by type, and is it whole.
 *
 *   cc -o glance glance.c $(pkg-config --cflags --libs libgodwit)
 *   ./glance guest.save
 *
 * It shows the usual way through libgodwit: open an image, run it into sinks (here one of our own, one that tells what
 * is inside of records, and a verifier), ask them. Exit status: 0 whole, 1 not, 2 wrong use, 3 the system failed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <godwit/godwit.h>

#define MOST_VCPUS 128

/* What our callbacks gather. Of a checkpointed image the last state counts. */
struct glance {
    struct godwit_headers headers;
    uint64_t num_pages[16]; /* pfns named, by type; a live image names some more than once */
    uint64_t num_records;
    uint64_t instruction_pointer[MOST_VCPUS];
    char has_registers[MOST_VCPUS];
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

/* The registers of an HVM guest's vCPU, a 64-bit or a 32-bit PV guest's: what other structures do not have. */
static int on_structure(void *arg, const struct godwit_structure *structure, struct godwit_error *err)
{
    static const char *const paths[] = { "rip", "user_regs.rip", "user_regs.eip" };
    struct glance *glance = arg;
    size_t i;
    (void)err;
    if (structure->layout == NULL || !structure->per_vcpu || structure->instance >= MOST_VCPUS)
        return 0;
    for (i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (godwit_layout_number(structure->layout, structure->octets, structure->length, paths[i],
                                 &glance->instruction_pointer[structure->instance]) == 0)
            glance->has_registers[structure->instance] = 1;
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
    unsigned type, vcpu;
    printf("image     version %" PRIu32 ", saved by Xen %" PRIu32 ".%" PRIu32 " (%s)\n", glance->headers.version,
           glance->headers.xen_major, glance->headers.xen_minor, layers);
    printf("guest     %s\n", glance->headers.domain_type == 1 ? "PV" : "HVM");
    printf("records   %" PRIu64 " beside the memory\n", glance->num_records);
    for (vcpu = 0; vcpu < MOST_VCPUS; vcpu++)
        if (glance->has_registers[vcpu])
            printf("vCPU %-3u  at 0x%" PRIx64 "\n", vcpu, glance->instruction_pointer[vcpu]);
    for (type = 0; type < 16; type++)
        if (glance->num_pages[type] > 0)
            printf("pages     %8" PRIu64 "  %s\n", glance->num_pages[type], godwit_page_type_name(type));
}

static int fail(const char *name, const struct godwit_error *err)
{
    fprintf(stderr, "glance: '%s': %s\n", name, godwit_error_text(err));
    return godwit_error_exit(err);
}

/* Where the run fails because the image is at fault there is a verdict all the same. */
static int look(const char *name, struct godwit_image *image, struct godwit_sink *const sinks[3],
                const struct glance *glance, struct godwit_error *err)
{
    const struct godwit_verdict *verdict;
    godwit_image_run(image, sinks, 3, err);
    verdict = godwit_verifier_finish(sinks[2], err);
    if (verdict == NULL)
        return fail(name, err);
    print_glance(glance, godwit_image_layers(image));
    printf("verdict   %s\n", verdict->valid ? "whole" : "NOT WHOLE");
    return verdict->valid ? 0 : 1;
}

/* The sinks; 0, or -1 when one of them could not be made. */
static int make_sinks(struct godwit_sink *sinks[3], struct glance *glance, struct godwit_error *err)
{
    struct godwit_sink_callbacks callbacks;
    struct godwit_verifier_options options;
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.size = sizeof callbacks;
    callbacks.begin = on_begin;
    callbacks.pages = on_pages;
    callbacks.record = on_record;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.found = on_finding;
    sinks[0] = godwit_sink_new(&callbacks, glance, err);
    sinks[1] = sinks[0] != NULL ? godwit_walker_new(on_structure, glance, err) : NULL;
    sinks[2] = sinks[1] != NULL ? godwit_verifier_new(&options, err) : NULL;
    return sinks[2] != NULL ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct glance glance;
    struct godwit_sink *sinks[3] = { NULL, NULL, NULL };
    struct godwit_error *err = godwit_error_new();
    struct godwit_image *image;
    int status, i;
    if (argc != 2) {
        fprintf(stderr, "usage: glance FILE\n");
        return 2;
    }
    memset(&glance, 0, sizeof glance);
    image = godwit_image_open_file(argv[1], NULL, err);
    if (image != NULL && make_sinks(sinks, &glance, err) == 0)
        status = look(argv[1], image, sinks, &glance, err);
    else
        status = fail(argv[1], err);
    for (i = 0; i < 3; i++)
        godwit_sink_close(sinks[i]);
    godwit_image_close(image);
    godwit_error_free(err);
    return status;
}
