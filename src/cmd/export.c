/*
 * export.c - godwit export: an image's memory as a file that debuggers and forensic programs open, and beside it a
 * provenance file that says what was made of what.
 *
 * Both files are opened before the process is confined. Either comes into its place only when all is written; the
 * provenance file is the last.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "export.h"
#include "export_input.h"
#include "image.h"
#include "inspect.h"
#include "moves.h"
#include "sandbox.h"

enum { OPT_FORMAT = OPT_OWN, OPT_FORCE };

static const struct gw_opt export_opts[] = {
    { 't', "format", "FORMAT=elf|raw|lime", OPT_FORMAT, "what OUT becomes (elf unless said)" },
    { 'f', "force", NULL, OPT_FORCE, "replace an OUT, or its provenance file, that exists" },
    GW_OPTS_VERBOSE,
    GW_OPTS_MAX_GUEST,
    GW_OPTS_LEGACY,
    GW_OPTS_NO_SANDBOX,
    GW_OPTS_COMMON,
    { 0 },
};

#define PROVENANCE ".provenance.json"

struct export
{
    const struct gw_args *args;
    const char *in, *out;
    char beside[4096]; /* the provenance file's name; "": OUT is a stream, and has nothing beside it */
    uint64_t max_pfn;
    int spool;
    struct gw_input_sum sum;
    struct gw_newfile *file;
    struct gw_chan *standard; /* OUT is "-" */
    struct gw_page_file provenance;
    struct gw_sink *inspector;
    struct gw_image *image;
    struct gw_export_opts opts;
    struct gw_exported facts;
    struct gw_salvaged salvaged; /* of the image's PROVENANCE */
    char notes[8][512];
    unsigned num_notes;
};

__attribute__((format(printf, 2, 3))) static void note(struct export *e, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    if (e->num_notes < sizeof e->notes / sizeof e->notes[0])
        vsnprintf(e->notes[e->num_notes++], sizeof e->notes[0], fmt, args);
    va_end(args);
}

/* What the file does not have of the image, or has otherwise. */
static void make_notes(struct export *e)
{
    const struct gw_exported *f = &e->facts;
    bool elf = e->opts.format == GW_EXPORT_ELF;
    uint64_t broken = f->by_type[GW_PAGE_BROKEN];
    if (e->salvaged.is_salvaged)
        note(e, "%s", e->salvaged.text);
    note(e, "what is neither memory nor registers (devices, parameters, configuration) is left out");
    if (!elf)
        note(e, "registers are left out: elf has them");
    if (f->gaps > 0)
        note(e, "%" PRIu64 " pfns below the highest page are no memory: %s", f->gaps,
             e->opts.format == GW_EXPORT_RAW ? "they read as zeros" : "they are left out");
    if (broken > 0)
        note(e, "broken pages have no contents, and are left out: %" PRIu64, broken);
    if (elf && f->unmapped > 0)
        note(e, "%" PRIu64 " mappings of pages have no virtual address: there are too many pieces", f->unmapped);
    if (elf && f->mapped == 0)
        note(e, "there are no virtual addresses: no vCPU has page tables that are in the image");
    if (gw_inspector_summary(e->inspector)->headers.domain.type == GW_DOMAIN_PV)
        note(e, "page tables hold pfns, not machine frames, as in every image of a PV guest");
}

static void told_sum(struct gw_json *json, const char *key, const char *name, uint64_t octets,
                     const uint8_t sha256[GW_SHA256_LEN])
{
    char hex[2 * GW_SHA256_LEN + 1];
    gw_json_object(json, key);
    gw_json_text(json, "file", name);
    gw_json_number(json, "octets", octets);
    gw_hex(hex, sha256, GW_SHA256_LEN);
    gw_json_text(json, "sha256", hex);
}

static void told_facts(struct gw_json *json, const struct gw_exported *f)
{
    gw_json_number(json, "pages", f->pages);
    gw_json_number(json, "pages_without_contents", f->by_type[GW_PAGE_XALLOC]);
    gw_json_number(json, "broken", f->by_type[GW_PAGE_BROKEN]);
    gw_json_number(json, "holes", f->by_type[GW_PAGE_XTAB]);
    gw_json_object(json, "page_tables");
    for (unsigned level = 1; level <= 4; level++) {
        char key[] = { 'L', (char)('0' + level), '\0' };
        gw_json_number(json, key, f->by_type[level] + f->by_type[level | GW_PAGE_PINNED]);
    }
    gw_json_end(json, '}');
    gw_json_number(json, "ranges", f->ranges);
    gw_json_number(json, "gaps", f->gaps);
    gw_json_number(json, "vcpus", f->num_vcpus);
    gw_json_number(json, "mapped_pages", f->mapped);
    gw_json_number(json, "mapped_ranges", f->mapped_ranges);
    gw_json_number(json, "vmcoreinfo", f->vmcoreinfo);
}

static void tell_json(const struct export *e, FILE *out, const char *type)
{
    struct gw_json json = { .out = out };
    time_t now = time(NULL);
    struct tm utc;
    char when[32] = "";
    if (gmtime_r(&now, &utc) != NULL)
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", type);
    gw_json_text(&json, "program", "godwit");
    gw_json_text(&json, "version", GODWIT_VERSION);
    gw_json_text(&json, "when", when);
    gw_json_text(&json, "format", gw_export_format_name(e->opts.format));
    gw_json_bool(&json, "salvaged", e->salvaged.is_salvaged);
    told_sum(&json, "input", e->in, e->sum.octets, e->sum.sha256);
    gw_json_text(&json, "wrapping", gw_image_layers(e->image));
    gw_json_end(&json, '}');
    told_sum(&json, "output", e->out, e->facts.octets, e->facts.sha256);
    gw_json_end(&json, '}');
    told_facts(&json, &e->facts);
    gw_json_array(&json, "notes");
    for (unsigned i = 0; i < e->num_notes; i++)
        gw_json_text(&json, NULL, e->notes[i]);
    gw_json_end(&json, ']');
    gw_json_end(&json, '}');
}

static void tell_text(const struct export *e, FILE *out)
{
    const struct gw_exported *f = &e->facts;
    char in[1024], to[1024], size[32], hex[2 * GW_SHA256_LEN + 1];
    fprintf(out, "exported '%s' (%s) to '%s' (%s), %s\n", gw_escape(in, sizeof in, e->in, strlen(e->in)),
            gw_image_layers(e->image), gw_escape(to, sizeof to, e->out, strlen(e->out)),
            gw_export_format_name(e->opts.format), gw_size_text(size, sizeof size, f->octets));
    fprintf(out, "  %" PRIu64 " pages, %" PRIu64 " of them allocated without contents, in %" PRIu64 " range%s\n",
            f->pages, f->by_type[GW_PAGE_XALLOC], f->ranges, f->ranges == 1 ? "" : "s");
    if (e->opts.format == GW_EXPORT_ELF)
        fprintf(out, "  registers of %u vCPU%s; %" PRIu64 " range%s of virtual addresses; %s\n", f->num_vcpus,
                f->num_vcpus == 1 ? "" : "s", f->mapped_ranges, f->mapped_ranges == 1 ? "" : "s",
                f->vmcoreinfo > 0 ? "VMCOREINFO" : "no VMCOREINFO was found");
    for (unsigned i = 0; i < e->num_notes; i++)
        fprintf(out, "  %s\n", e->notes[i]);
    gw_hex(hex, e->sum.sha256, GW_SHA256_LEN);
    fprintf(out, "  SHA-256 of the input   %s\n", hex);
    gw_hex(hex, f->sha256, GW_SHA256_LEN);
    fprintf(out, "  SHA-256 of the output  %s\n", hex);
}

static void tell(const struct export *e)
{
    FILE *out = e->standard != NULL ? stderr : stdout;
    if (e->salvaged.is_salvaged && (out == stdout || e->args->given[OPT_JSON])) /* else it stands among the notes */
        gw_remark(e->salvaged.text);
    if (e->args->given[OPT_JSON])
        tell_json(e, out, "exported");
    else
        tell_text(e, out);
}

/* A pipe or a device has no file beside it. */
static int name_beside(struct export *e, struct gw_err *err)
{
    struct stat st;
    if (strcmp(e->out, "-") == 0 || (stat(e->out, &st) == 0 && !S_ISREG(st.st_mode)))
        return 0;
    if ((size_t)snprintf(e->beside, sizeof e->beside, "%s" PROVENANCE, e->out) >= sizeof e->beside)
        return gw_fail(err, GW_E_REFUSED, "the name of OUT is too long");
    return 0;
}

static int open_output(struct export *e, struct gw_err *err)
{
    bool force = e->args->given[OPT_FORCE];
    e->opts.holes = -1;
    if (name_beside(e, err) < 0)
        return -1;
    if (gw_is_same_file(e->out, e->in))
        return gw_fail(err, GW_E_REFUSED, "OUT would replace the image: give it a name of its own");
    if (strcmp(e->out, "-") == 0) {
        e->opts.to = e->standard = gw_chan_fd(STDOUT_FILENO, false, err);
        return e->standard != NULL ? 0 : -1;
    }
    e->file = gw_newfile_open(e->out, force, err);
    if (e->file == NULL)
        return -1;
    e->opts.to = gw_newfile_chan(e->file);
    if (e->beside[0] == '\0')
        return 0;
    int ignored;
    gw_chan_fds(e->opts.to, &ignored, &e->opts.holes);
    return gw_page_open(&e->provenance, e->beside, e->in, force, err);
}

static int open_image(struct export *e, struct gw_err *err)
{
    struct gw_inspect_opts inspect = { 0 };
    const struct gw_legacy_opts legacy = gw_said_of_legacy(e->args);
    struct gw_image_opts opts = { .max_pfn = e->max_pfn, .spool = e->spool, .legacy = &legacy };
    e->spool = -1; /* given */
    e->inspector = gw_inspector(&inspect, err);
    if (e->inspector != NULL && strcmp(e->in, "-") == 0)
        opts.from = gw_input_tap(&e->sum, err);
    opts.beside = e->inspector;
    if (err->code != GW_E_OK) {
        gw_closep(&opts.spool);
        return -1;
    }
    e->image = gw_image_open(e->in, &opts, err);
    if (e->image == NULL)
        return -1;
    gw_inspector_finish(e->inspector);
    struct gw_cur provenance;
    bool has = gw_inspector_record(e->inspector, GW_REC_PROVENANCE, &provenance);
    return has ? gw_salvaged_read(provenance, &e->salvaged, err) : 0;
}

static int commit(struct export *e, struct gw_err *err)
{
    if (e->file != NULL && gw_newfile_commit(e->file, err) < 0)
        return -1;
    if (e->beside[0] == '\0')
        return 0;
    tell_json(e, e->provenance.out, "provenance");
    return gw_page_commit(&e->provenance, err);
}

static int export(struct export *e, struct gw_err *err)
{
    const struct gw_sandbox what = { &e->in, 1, e->file != NULL ? e->out : NULL };
    if (gw_confine_to(e->args, &what, err) < 0 || open_image(e, err) < 0 ||
        gw_export(e->image, e->inspector, &e->opts, &e->facts, err) < 0 || gw_input_sum_end(&e->sum, err) < 0)
        return -1;
    make_notes(e);
    return commit(e, err);
}

static void close_all(struct export *e)
{
    gw_image_close(e->image);
    gw_sink_close(e->inspector);
    gw_page_close(&e->provenance);
    gw_newfile_close(e->file);
    gw_chan_close(e->standard);
    gw_input_sum_free(&e->sum);
    gw_closep(&e->spool);
}

static bool parse(struct export *e)
{
    const char *format = e->args->value[OPT_FORMAT];
    if (!gw_max_guest(e->args, &e->max_pfn))
        return false;
    for (unsigned i = 0; format != NULL && i < GW_NUM_EXPORT_FORMATS; i++)
        if (strcmp(gw_export_format_name(i), format) == 0)
            e->opts.format = i;
    return true;
}

static enum gw_exit export_run(const struct gw_args *args)
{
    struct gw_err err = GW_ERR_NONE;
    struct export e = { .args = args, .in = args->operand[0], .out = args->operand[1], .spool = -1 };
    enum gw_exit status = GW_EXIT_YES;
    if (!parse(&e))
        return GW_EXIT_USAGE;
    gw_listen_to_signals();
    e.spool = gw_new_spool();
    if (gw_input_sum_begin(&e.sum, e.in, &err) == 0 && open_output(&e, &err) == 0 && export(&e, &err) == 0) {
        tell(&e);
    } else {
        gw_because(&err, "cannot export '%s' to '%s'", e.in, e.out);
        gw_complain(&err);
        status = (enum gw_exit)gw_err_status(&err);
    }
    close_all(&e);
    return status;
}

const struct gw_cmd gw_cmd_export = {
    .name = "export",
    .operands = "FILE OUT",
    .brief = "memory for debuggers and forensic programs",
    .opts = export_opts,
    .least = 2,
    .most = 2,
    .run = export_run,
};
