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

#include "cmd.h"
#include "moves.h"
#include "sandbox.h"

enum { OPT_TO = OPT_OWN, OPT_CONFIG, OPT_LOSSY, OPT_FAULTY, OPT_FORCE };

static const struct gw_opt convert_opts[] = {
    { 't', "to", "WRAPPING=raw|xl|libxl|libvirt|xenopsd", OPT_TO, "the wrapping, else that of IN" },
    { 'c', "config", "FILE", OPT_CONFIG, "what stands at its head: xl's JSON, libvirt's XML, xenopsd's record" },
    { 0, "lossy", NULL, OPT_LOSSY, "leave out what the wrapping has no place for" },
    { 0, "faulty", NULL, OPT_FAULTY, "let errors inside the image pass, as long as it can be read to its end" },
    { 'f', "force", NULL, OPT_FORCE, "replace an OUT that exists" },
    GW_OPTS_VERBOSE,
    GW_OPTS_MAX_GUEST,
    GW_OPTS_NO_SANDBOX,
    GW_OPTS_COMMON,
    { 0 },
};

#define NOTES_MOST 16
#define NOTE_ROOM 320

struct convert {
    const struct gw_args *args;
    const char *in, *out;
    uint64_t max_pfn;
    struct gw_pack_opts pack;
    struct gw_buf config;
    struct gw_guest_config image; /* what it says of the guest, when it was read before */
    bool looked, wants_contents;
    struct gw_err fault; /* the first error that was found in the image */
    char layers[64], wrapping[16];
    char notes[NOTES_MOST][NOTE_ROOM];
    unsigned num_notes;
    uint64_t octets;
};

static void note(void *arg, const char *sentence)
{
    struct convert *c = arg;
    if (c->pack.to != NULL && c->num_notes < NOTES_MOST) /* once: when it is written */
        snprintf(c->notes[c->num_notes++], NOTE_ROOM, "%s", sentence);
}

/* What an image lacks beside itself is no fault that a conversion makes worse: the packer tells it. */
static void found(void *arg, const struct gw_finding *finding)
{
    struct convert *c = arg;
    if (finding->severity != GW_ERROR || c->fault.code != GW_E_OK ||
        finding->rule == &gw_rules[GW_RULE_LIBXL_EMULATOR_MISSING])
        return;
    gw_refuse(&c->fault, finding->rule->id, "%s (%s)", finding->text, finding->rule->id);
    if (finding->placed)
        gw_err_place(&c->fault, finding->offset, finding->record);
}

static void note_fault(struct convert *c)
{
    char sentence[NOTE_ROOM];
    snprintf(sentence, sizeof sentence, "it is invalid: %.250s", c->fault.msg);
    note(c, sentence);
}

static void learn(struct convert *c, const struct gw_verdict *v)
{
    c->image = gw_verdict_guest(v);
    c->pack.image = &c->image;
    c->wants_contents = v->wants_contents;
    c->looked = true;
}

/* Everything of the input through a verifier and a packer: the packer's error, the verifier's, or the reader's. */
static int run(struct convert *c, struct gw_wrap *wrap, struct gw_sink *verifier, struct gw_sink *packer,
               struct gw_sink *tee, struct gw_err *err)
{
    struct gw_err failure = GW_ERR_NONE;
    int rc = gw_wrap_run(wrap, tee, &failure);
    bool is_finding = rc < 0 && gw_verify_failed(verifier, &failure);
    const struct gw_verdict *verdict = rc == 0 || is_finding ? gw_verify_finish(verifier) : NULL;
    snprintf(c->layers, sizeof c->layers, "%s", gw_wrap_layers(wrap));
    if (c->fault.code != GW_E_OK && (rc < 0 || !c->args->given[OPT_FAULTY]))
        return gw_err_pass(err, &c->fault);
    if (rc < 0) /* also a cut that the verifier takes: the end of a checkpointed image that is not complete */
        return gw_err_pass(err, &failure);
    if (gw_packer_finish(packer, err) < 0)
        return -1;
    if (c->fault.code != GW_E_OK)
        note_fault(c);
    snprintf(c->wrapping, sizeof c->wrapping, "%s", gw_packer_wrapping(packer));
    if (c->pack.to == NULL)
        learn(c, verdict);
    return 0;
}

/* One reading of the input: into c->pack.to, or for what is to be learnt of it. */
static int pass(struct convert *c, struct gw_err *err)
{
    struct gw_verify_opts verify = { .contents = c->pack.to != NULL && (!c->looked || c->wants_contents),
                                     .max_pfn = c->max_pfn,
                                     .found = found,
                                     .arg = c };
    gw_auto(gw_wrap_closep) struct gw_wrap *wrap = gw_wrap_open(c->in, c->max_pfn, err);
    gw_auto(gw_sink_closep) struct gw_sink *verifier = wrap != NULL ? gw_verifier(&verify, err) : NULL;
    gw_auto(gw_sink_closep) struct gw_sink *packer = verifier != NULL ? gw_packer(&c->pack, err) : NULL;
    gw_auto(gw_sink_closep) struct gw_sink *progress = packer != NULL ? gw_progress(c->args, wrap, c->in, err) : NULL;
    struct gw_sink *all[] = { verifier, packer, progress };
    gw_auto(gw_sink_closep) struct gw_sink *tee =
        err->code == GW_E_OK ? gw_tee(all, progress != NULL ? 3 : 2, err) : NULL;
    return tee != NULL ? run(c, wrap, verifier, packer, tee, err) : -1;
}

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

/* Once or twice through the input, which nothing was read of yet; what that does not need is given up before. */
static int passes(struct convert *c, struct gw_chan *to, const char *new_file, struct gw_err *err)
{
    const struct gw_sandbox what = { &c->in, 1, new_file };
    bool again = gw_can_read_again(c->in);
    if (gw_confine_to(c->args, &what, err) < 0 || (again && pass(c, err) < 0))
        return -1;
    c->pack.to = to;
    int rc = pass(c, err);
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
    if (config != NULL && read_config(c, config, err) < 0)
        return -1;
    return strcmp(c->out, "-") == 0 ? write_standard(c, err) : write_file(c, err);
}

static void report_json(const struct convert *c, FILE *out)
{
    struct gw_json json = { .out = out };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "converted");
    gw_json_text(&json, "file", c->in);
    gw_json_text(&json, "to", c->out);
    gw_json_text(&json, "wrapping", c->layers);
    gw_json_text(&json, "new_wrapping", c->wrapping);
    gw_json_number(&json, "octets", c->octets);
    gw_json_array(&json, "notes");
    for (unsigned i = 0; i < c->num_notes; i++)
        gw_json_text(&json, NULL, c->notes[i]);
    gw_json_end(&json, ']');
    gw_json_end(&json, '}');
}

static void report(const struct convert *c)
{
    FILE *out = strcmp(c->out, "-") == 0 ? stderr : stdout;
    char in[1024], to[1024], size[32];
    if (c->args->given[OPT_JSON]) {
        report_json(c, out);
        return;
    }
    fprintf(out, "converted '%s' (%s) to '%s' (%s), %s\n", gw_escape(in, sizeof in, c->in, strlen(c->in)), c->layers,
            gw_escape(to, sizeof to, c->out, strlen(c->out)), c->wrapping, gw_size_text(size, sizeof size, c->octets));
    for (unsigned i = 0; i < c->num_notes; i++)
        fprintf(out, "  %s\n", c->notes[i]);
}

/* False: wrong use, told. */
static bool parse(struct convert *c)
{
    struct gw_wrapping row;
    const char *to = c->args->value[OPT_TO];
    if (!gw_max_guest(c->args, &c->max_pfn))
        return false;
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

static enum gw_exit convert_run(const struct gw_args *args)
{
    struct gw_err err = GW_ERR_NONE;
    struct convert c = { .args = args, .in = args->operand[0], .out = args->operand[1] };
    enum gw_exit status = GW_EXIT_YES;
    c.pack.lossy = args->given[OPT_LOSSY];
    c.pack.tell = note;
    c.pack.arg = &c;
    if (!parse(&c))
        return GW_EXIT_USAGE;
    gw_listen_to_signals();
    if (convert(&c, &err) == 0) {
        report(&c);
    } else {
        gw_because(&err, "cannot convert '%s' to '%s'", c.in, c.out);
        gw_complain(&err);
        status = (enum gw_exit)gw_err_status(&err);
    }
    gw_buf_free(&c.config);
    return status;
}

const struct gw_cmd gw_cmd_convert = {
    .name = "convert",
    .operands = "IN OUT",
    .brief = "an image into another wrapping",
    .opts = convert_opts,
    .least = 2,
    .most = 2,
    .run = convert_run,
};
