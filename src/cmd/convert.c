/*
 * convert.c - godwit convert: an image from one wrapping into another, whole and right or not at all.
 *
 * What can be read twice is: first without contents, which costs next to nothing and tells whether the image is right,
 * what would be lost, and what a configuration has to say that nobody wrote; then it is written, judged once more on
 * the way. What comes through a pipe is judged while it is written.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "convert.h"
#include "inspect.h"
#include "moves.h"
#include "sandbox.h"

enum {
    OPT_TO = OPT_OWN,
    OPT_CONFIG,
    OPT_FOR_XEN,
    OPT_FORMAT,
    OPT_SQUASH,
    OPT_STATIC_ONLY,
    OPT_COMPRESS,
    OPT_LOSSY,
    OPT_FAULTY,
    OPT_CHECKS,
    OPT_SALVAGE,
    OPT_FORCE
};

static const struct gw_opt convert_opts[] = {
    { 't', "to", "WRAPPING=raw|xl|libxl|libvirt|xenopsd", OPT_TO, "the wrapping, else that of IN" },
    { 'c', "config", "FILE", OPT_CONFIG, "what stands at its head: xl's JSON, libvirt's XML, xenopsd's record" },
    { 0, "for-xen", "X.Y", OPT_FOR_XEN, "fit the image to that release of Xen, from 4.6 on" },
    { 0, "format", "VERSION=2|3", OPT_FORMAT, "the image's version, else what --for-xen writes, else as it is" },
    { 0, "squash", NULL, OPT_SQUASH, "each page once: the least image that says the same" },
    { 0, "static-only", NULL, OPT_STATIC_ONLY, "headers and static data only, for preflight" },
    { 0, "checks", NULL, OPT_CHECKS, "write a check of each page and a digest, which prove the contents later" },
    { 'z', "compress", "PACKER=zstd|lz4|xz|gzip", OPT_COMPRESS, "pack OUT" },
    { 0, "lossy", NULL, OPT_LOSSY, "leave out what the wrapping or the receiver has no place for" },
    { 0, "faulty", NULL, OPT_FAULTY, "let errors inside the image pass, as long as it can be read to its end" },
    { 0, "salvage", NULL, OPT_SALVAGE, "write what is left of a damaged image, and tell what is lost" },
    { 'f', "force", NULL, OPT_FORCE, "replace an OUT that exists" },
    GW_OPTS_VERBOSE,
    GW_OPTS_MAX_GUEST,
    GW_OPTS_LEGACY,
    GW_OPTS_NO_SANDBOX,
    GW_OPTS_COMMON,
    { 0 },
};

static int read_config(struct convert *c, const char *name, struct gw_err *err)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot open '%s'", name);
    gw_auto(gw_chan_closep) struct gw_chan *chan = gw_chan_fd(fd, true, err);
    if (chan == NULL)
        return -1;
    if (gw_chan_fill(chan, &c->config, gw_limit(LIBVIRT_XML) + 1, err) == 0)
        return gw_fail(err, GW_E_REFUSED, "'%s' is too long for a configuration", name);
    if (!gw_err_is_cut(err)) /* it ends, as it should */
        return gw_because(err, "cannot read '%s'", name);
    *err = GW_ERR_NONE;
    c->pack.config = c->config.len > 0 ? c->config.mem : (const uint8_t *)"";
    c->pack.config_len = c->config.len;
    return 0;
}

/* Packed or not, into where it goes. */
static int write_packed(struct convert *c, struct gw_chan *to, struct gw_err *err)
{
    if (c->compress == NULL)
        return convert_pass(c, to, err);
    gw_auto(gw_chan_closep) struct gw_chan *packed = gw_packed(c->compress, to, err);
    return packed == NULL || convert_pass(c, packed, err) < 0 ? -1 : gw_packed_finish(packed, err);
}

/* What that does not need is given up before anything of the input is read. */
static int passes(struct convert *c, struct gw_chan *to, const char *new_file, struct gw_err *err)
{
    const struct gw_sandbox what = { &c->in, 1, new_file };
    c->spool = c->squash || c->salvages ? gw_new_spool() : -1;
    int rc = gw_confine_to(c->args, &what, err) < 0 ? -1 : write_packed(c, to, err);
    gw_closep(&c->spool);
    c->octets = to->write_pos;
    return rc;
}

static int write_file(struct convert *c, struct gw_err *err)
{
    struct gw_newfile *file = gw_newfile_open(c->out, c->args->given[OPT_FORCE], err);
    int rc = file != NULL ? passes(c, gw_newfile_chan(file), c->out, err) : -1;
    if (rc == 0)
        rc = gw_newfile_commit(file, err);
    gw_newfile_close(file);
    return rc;
}

static int write_standard(struct convert *c, struct gw_err *err)
{
    gw_auto(gw_chan_closep) struct gw_chan *to = gw_chan_fd(STDOUT_FILENO, false, err);
    return to != NULL ? passes(c, to, NULL, err) : -1;
}

static int convert(struct convert *c, struct gw_err *err)
{
    const char *config = c->args->value[OPT_CONFIG];
    if (c->salvages && gw_is_same_file(c->out, c->in))
        return gw_fail(err, GW_E_REFUSED, "OUT would replace the damaged image: give it a name of its own");
    if (config != NULL && read_config(c, config, err) < 0)
        return -1;
    return strcmp(c->out, "-") == 0 ? write_standard(c, err) : write_file(c, err);
}

static const char *layers_of(const struct convert *c)
{
    return c->salvage != NULL ? gw_salvage_layers(c->salvage) : c->layers;
}

static void report_json(const struct convert *c, FILE *out)
{
    struct gw_json json = { .out = out };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "converted");
    gw_json_text(&json, "file", c->in);
    gw_json_text(&json, "to", c->out);
    gw_json_text(&json, "wrapping", layers_of(c));
    gw_json_text(&json, "new_wrapping", c->wrapping);
    gw_json_number(&json, "octets", c->octets);
    gw_json_array(&json, "notes");
    for (unsigned i = 0; i < c->num_notes; i++)
        gw_json_text(&json, NULL, c->notes[i]);
    gw_json_end(&json, ']');
    if (c->num_more > 0)
        gw_json_number(&json, "more_notes", c->num_more);
    if (c->salvages)
        gw_json_bool(&json, "whole", !c->salvaging);
    gw_json_end(&json, '}');
    if (c->salvaging)
        losses_print(out, true, c->salvage, &c->faults);
}

static void report(const struct convert *c)
{
    FILE *out = strcmp(c->out, "-") == 0 ? stderr : stdout;
    char in[1024], to[1024], size[32];
    if (c->args->given[OPT_JSON]) {
        report_json(c, out);
        return;
    }
    fprintf(out, "converted '%s' (%s) to '%s' (%s), %s\n", gw_escape(in, sizeof in, c->in, strlen(c->in)), layers_of(c),
            gw_escape(to, sizeof to, c->out, strlen(c->out)), c->wrapping, gw_size_text(size, sizeof size, c->octets));
    for (unsigned i = 0; i < c->num_notes; i++)
        fprintf(out, "  %s\n", c->notes[i]);
    if (c->num_more > 0)
        fprintf(out, "  and %u more\n", c->num_more);
    if (c->salvaging)
        losses_print(out, false, c->salvage, &c->faults);
}

/* False: wrong use, told. */
static bool parse_wrapping(struct convert *c)
{
    struct gw_wrapping row;
    const char *to = c->args->value[OPT_TO];
    if (to == NULL)
        return true;
    for (unsigned i = 0; gw_wrapping_at(i, &row); i++)
        if (row.is_written && strcmp(row.name, to) == 0) {
            c->pack.wrapping = row.name;
            return true;
        }
    gw_complain_usage("convert: --to: '%s' is no wrapping that is written: raw, xl, libxl, libvirt, xenopsd", to);
    return false;
}

static bool parse_version(struct convert *c)
{
    const char *format = c->args->value[OPT_FORMAT];
    if (!gw_for_xen(c->args, OPT_FOR_XEN, "convert", &c->fit.for_xen))
        return false;
    if (format == NULL)
        return true;
    c->fit.version = (uint32_t)(format[0] - '0');
    if (c->fit.for_xen == 0 || gw_release_reads(gw_release(c->fit.for_xen), c->fit.version))
        return true;
    gw_complain_usage("convert: Xen 4.%u does not read version %u", c->fit.for_xen, c->fit.version);
    return false;
}

static bool parse(struct convert *c)
{
    c->compress = c->args->value[OPT_COMPRESS];
    if (!gw_max_guest(c->args, &c->max_pfn) || !parse_wrapping(c) || !parse_version(c))
        return false;
    if (c->salvages && (c->squash || c->static_only || c->checks)) {
        gw_complain_usage("convert: --salvage comes first, and alone: what it wrote can be changed by another convert");
        return false;
    }
    if (!c->static_only || (!c->squash && !c->checks))
        return true;
    gw_complain_usage("convert: --%s is about memory, and --static-only leaves that out",
                      c->squash ? "squash" : "checks");
    return false;
}

static struct convert order(const struct gw_args *args)
{
    return (struct convert){
        .args = args,
        .in = args->operand[0],
        .out = args->operand[1],
        .faulty = args->given[OPT_FAULTY],
        .salvages = args->given[OPT_SALVAGE],
        .squash = args->given[OPT_SQUASH],
        .checks = args->given[OPT_CHECKS],
        .static_only = args->given[OPT_STATIC_ONLY],
        .spool = -1,
        .pack = { .lossy = args->given[OPT_LOSSY], .no_state = args->given[OPT_STATIC_ONLY], .tell = convert_note },
        .fit = { .lossy = args->given[OPT_LOSSY], .checks_anew = args->given[OPT_CHECKS], .tell = convert_note }
    };
}

/* xend's remus wrote a file for each checkpoint: NAME, NAME.1, NAME.2 (legacy 10, 8). */
static bool has_next_piece(const char *name)
{
    char next[1024];
    int len = snprintf(next, sizeof next, "%s.1", name);
    return len > 0 && (size_t)len < sizeof next && access(next, F_OK) == 0;
}

static void tell_next_piece(struct convert *c)
{
    char name[128], sentence[NOTE_ROOM];
    gw_escape(name, sizeof name, c->in, strlen(c->in));
    snprintf(sentence, sizeof sentence,
             "'%.100s.1' is not looked at: if it is the next checkpoint, give all of them as one, as cat does, with - "
             "for IN",
             name);
    convert_note(c, sentence);
}

static enum gw_exit convert_run(const struct gw_args *args)
{
    struct gw_err err = GW_ERR_NONE;
    struct convert c = order(args);
    enum gw_exit status = GW_EXIT_YES;
    c.pack.arg = c.fit.arg = &c;
    if (!parse(&c))
        return GW_EXIT_USAGE;
    gw_listen_to_signals();
    bool has_next = has_next_piece(c.in); /* who is confined sees the named files alone */
    if (gethostname(c.host, sizeof c.host - 1) < 0)
        c.host[0] = '\0';
    if (convert(&c, &err) == 0) {
        if (has_next && strncmp(layers_of(&c), "xend", 4) == 0)
            tell_next_piece(&c);
        report(&c);
        status = c.salvaging ? GW_EXIT_NO : GW_EXIT_YES;
    } else {
        gw_because(&err, "cannot convert '%s' to '%s'", c.in, c.out);
        gw_complain(&err);
        status = (enum gw_exit)gw_err_status(&err);
    }
    gw_salvage_close(c.salvage);
    gw_free(c.provenance);
    gw_buf_free(&c.config);
    return status;
}

const struct gw_cmd gw_cmd_convert = {
    .name = "convert",
    .operands = "IN OUT",
    .brief = "an image into another wrapping, version or size",
    .opts = convert_opts,
    .least = 2,
    .most = 2,
    .run = convert_run,
};
