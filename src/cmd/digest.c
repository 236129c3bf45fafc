/*
 * digest.c - godwit digest: the final pages and the state of an image as hashes.
 */
#include "sandbox.h"

static const struct gw_opt digest_opts[] = {
    GW_OPTS_VERBOSE, GW_OPTS_MAX_GUEST, GW_OPTS_LEGACY, GW_OPTS_NO_SANDBOX, GW_OPTS_COMMON, { 0 },
};

/* The image into the digester; a cut behind a complete checkpoint is told and leaves that checkpoint's state. */
static int digest_file(const char *name, uint64_t max_pfn, const struct gw_args *args, struct gw_sink *digester,
                       struct gw_err *err)
{
    struct gw_err failure = GW_ERR_NONE;
    gw_auto(gw_wrap_closep) struct gw_wrap *wrap = gw_open_input(args, name, max_pfn, err);
    if (wrap == NULL)
        return -1;
    gw_auto(gw_sink_closep) struct gw_sink *progress = gw_progress(args, wrap, name, err);
    struct gw_sink *sinks[] = { digester, progress };
    gw_auto(gw_sink_closep) struct gw_sink *tee =
        err->code == GW_E_OK ? gw_tee(sinks, progress != NULL ? 2 : 1, err) : NULL;
    if (tee == NULL)
        return -1;
    if (gw_wrap_run(wrap, tee, &failure) == 0)
        return gw_digest_print(digester, stdout, args->given[OPT_JSON], err);
    if (failure.code == GW_E_SHORT && gw_digest_print(digester, stdout, args->given[OPT_JSON], err) == 0) {
        gw_because(&failure, "'%s' is cut; the digest is of its last complete checkpoint", name);
        gw_complain(&failure);
        return 0;
    }
    *err = failure;
    return -1;
}

static enum gw_exit digest_run(const struct gw_args *args)
{
    struct gw_err err = GW_ERR_NONE;
    const char *name = args->operand[0];
    uint64_t max_pfn;
    if (!gw_max_guest(args, &max_pfn))
        return GW_EXIT_USAGE;
    gw_auto(gw_sink_closep) struct gw_sink *digester = gw_digester(&err);
    if (digester != NULL && !gw_confine(args)) /* behind the digester: OpenSSL reads its configuration */
        return GW_EXIT_SYSTEM;
    if (digester != NULL && digest_file(name, max_pfn, args, digester, &err) == 0)
        return GW_EXIT_YES;
    gw_because(&err, "cannot digest '%s'", name);
    gw_complain(&err);
    return (enum gw_exit)gw_err_status(&err);
}

const struct gw_cmd gw_cmd_digest = {
    .name = "digest",
    .operands = "FILE",
    .brief = "pages and state as hashes",
    .opts = digest_opts,
    .least = 1,
    .most = 1,
    .run = digest_run,
};
