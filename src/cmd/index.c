/*
 * index.c - godwit index: where each page of an image stands, saved beside it for whoever asks for single pages later.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "moves.h"
#include "sandbox.h"
#include "saved_index.h"

enum { OPT_CHECK = OPT_OWN, OPT_FORCE };

static const struct gw_opt index_opts[] = {
    { 0, "check", NULL, OPT_CHECK, "write nothing: is the index what the image says?" },
    { 'f', "force", NULL, OPT_FORCE, "replace an index that exists" },
    GW_OPTS_VERBOSE,
    GW_OPTS_MAX_GUEST,
    GW_OPTS_LEGACY,
    GW_OPTS_NO_SANDBOX,
    GW_OPTS_COMMON,
    { 0 },
};

struct indexing {
    const struct gw_args *args;
    const char *image;
    char *name; /* of the index */
    uint64_t max_pfn;
    struct gw_buf octets;
};

/* A cut behind a complete checkpoint leaves that checkpoint's state, as everywhere. */
static int run(struct gw_wrap *wrap, struct gw_sink *maker, struct gw_sink *progress, struct gw_err *err)
{
    struct gw_err failure = GW_ERR_NONE;
    struct gw_sink *sinks[] = { maker, progress };
    gw_auto(gw_sink_closep) struct gw_sink *tee = gw_tee(sinks, progress != NULL ? 2 : 1, err);
    if (tee == NULL)
        return -1;
    if (!gw_wrap_skips(wrap))
        return gw_fail(err, GW_E_REFUSED, "only an image in a plain file, not packed, has an index beside it");
    if (gw_wrap_run(wrap, tee, &failure) < 0 && (failure.code != GW_E_SHORT || !gw_saved_commits(maker)))
        return gw_err_pass(err, &failure);
    return 0;
}

static int make(struct indexing *x, struct gw_err *err)
{
    struct gw_image_print before, after;
    gw_auto(gw_closep) int fd = open(x->image, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return gw_fail(err, GW_E_SYSTEM, "it cannot be opened");
    if (gw_image_print_take(fd, &before, err) < 0)
        return -1;
    gw_auto(gw_wrap_closep) struct gw_wrap *wrap = gw_open_input(x->args, x->image, x->max_pfn, err);
    gw_auto(gw_sink_closep) struct gw_sink *maker = wrap != NULL ? gw_saved_maker(err) : NULL;
    gw_auto(gw_sink_closep) struct gw_sink *progress = maker != NULL ? gw_progress(x->args, wrap, x->image, err) : NULL;
    if (err->code != GW_E_OK || run(wrap, maker, progress, err) < 0 ||
        gw_saved_make(maker, &before, &x->octets, err) < 0 || gw_image_print_take(fd, &after, err) < 0)
        return -1;
    if (memcmp(&before, &after, sizeof before) != 0)
        return gw_fail(err, GW_E_REFUSED, "the image was changed while it was read");
    return 0;
}

static int confine(struct indexing *x, bool writes, struct gw_err *err)
{
    const char *reads[] = { x->image, x->name };
    const struct gw_sandbox what = { reads, 2, writes ? x->name : NULL };
    return gw_confine_to(x->args, &what, err);
}

static int write_index(struct indexing *x, struct gw_err *err)
{
    struct gw_newfile *file = gw_newfile_open(x->name, x->args->given[OPT_FORCE], err);
    int rc = file != NULL && confine(x, true, err) == 0 && make(x, err) == 0 ? 0 : -1;
    if (rc == 0)
        rc = gw_chan_write(gw_newfile_chan(file), x->octets.mem, x->octets.len, err);
    if (rc == 0)
        rc = gw_newfile_commit(file, err);
    gw_newfile_close(file);
    return rc;
}

/* Proven: the image, read anew, makes the same octets. */
static int check_index(struct indexing *x, struct gw_err *err)
{
    struct gw_buf there = { 0 };
    bool is_there = false;
    int rc = confine(x, false, err) < 0 || gw_saved_index_octets(x->name, &is_there, &there, err) < 0 ||
                     (is_there && make(x, err) < 0)
                 ? -1
                 : 0;
    if (rc == 0 && !is_there)
        rc = gw_fail(err, GW_E_REFUSED, "there is no '%s'", x->name);
    if (rc == 0 && (there.len != x->octets.len || memcmp(there.mem, x->octets.mem, there.len) != 0))
        rc = gw_fail(err, GW_E_INVALID, "'%s' is not the index of this image as it is", x->name);
    gw_buf_free(&there);
    return rc;
}

static void report(const struct indexing *x)
{
    char image[1024], name[1024], size[32];
    if (x->args->given[OPT_JSON]) {
        struct gw_json json = { .out = stdout };
        gw_json_object(&json, NULL);
        gw_json_text(&json, "type", "index");
        gw_json_text(&json, "file", x->image);
        gw_json_text(&json, "index", x->name);
        gw_json_number(&json, "octets", x->octets.len);
        gw_json_bool(&json, "checked", x->args->given[OPT_CHECK]);
        gw_json_end(&json, '}');
        return;
    }
    printf("%s '%s' of '%s', %s\n", x->args->given[OPT_CHECK] ? "checked" : "made",
           gw_escape(name, sizeof name, x->name, strlen(x->name)),
           gw_escape(image, sizeof image, x->image, strlen(x->image)), gw_size_text(size, sizeof size, x->octets.len));
}

static enum gw_exit index_run(const struct gw_args *args)
{
    struct gw_err err = GW_ERR_NONE;
    struct indexing x = { .args = args, .image = args->operand[0] };
    enum gw_exit status = GW_EXIT_YES;
    if (!gw_max_guest(args, &x.max_pfn))
        return GW_EXIT_USAGE;
    if (strcmp(x.image, "-") == 0) {
        gw_complain_usage("index: standard input has no place beside it: give a file");
        return GW_EXIT_USAGE;
    }
    gw_listen_to_signals();
    x.name = gw_saved_index_name(x.image, &err);
    if (x.name != NULL && (args->given[OPT_CHECK] ? check_index(&x, &err) : write_index(&x, &err)) == 0) {
        report(&x);
    } else {
        gw_because(&err, "cannot %s an index of '%s'", args->given[OPT_CHECK] ? "confirm" : "make", x.image);
        gw_complain(&err);
        status = (enum gw_exit)gw_err_status(&err);
    }
    gw_buf_free(&x.octets);
    gw_free(x.name);
    return status;
}

const struct gw_cmd gw_cmd_index = {
    .name = "index",
    .operands = "FILE",
    .brief = "where each page stands, saved beside it",
    .opts = index_opts,
    .least = 1,
    .most = 1,
    .run = index_run,
};
