/*
 * migrate.c - godwit migrate: a running guest goes to another host, or stays here running.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "moves.h"

enum { OPT_DOWNTIME = OPT_MOVES_OWN, OPT_POLICY, OPT_FORCE, OPT_PAUSED, OPT_BANDWIDTH, OPT_NO_CHECKS, OPT_WAIT };

static const struct gw_opt migrate_opts[] = {
    { 0, "downtime", "MS", OPT_DOWNTIME, "the pause to aim at, in milliseconds (300 unless said)" },
    { 0, "policy", "WORD=downtime|xen", OPT_POLICY, "when to pause the guest" },
    { 'f', "force", NULL, OPT_FORCE, "pause it also when the rounds do not converge, instead of giving up" },
    { 0, "paused", NULL, OPT_PAUSED, "pause the guest first, then send everything" },
    { 0, "bandwidth", "SIZE", OPT_BANDWIDTH, "octets a second at most" },
    { 0, "no-checks", NULL, OPT_NO_CHECKS, "compare pages by type and number only, not by contents" },
    { 0, "wait", "SECONDS", OPT_WAIT, "ask a destination that is lost at the end for so long" },
    GW_OPTS_STATE_DIR,
    GW_OPTS_COMMON,
    { 0 },
};

static bool parse_policy(const struct gw_args *args, struct gw_policy_opts *out)
{
    const char *policy = args->given[OPT_POLICY] ? args->value[OPT_POLICY] : "downtime";
    uint64_t ms = 300;
    if (!gw_number_option(args, OPT_DOWNTIME, "--downtime wants milliseconds, up to an hour", 3600000, &ms))
        return false;
    out->kind = strcmp(policy, "xen") == 0 ? GW_POLICY_XEN : GW_POLICY_DOWNTIME;
    out->downtime_ns = ms * 1000000;
    out->force = args->given[OPT_FORCE];
    return true;
}

static bool parse(const struct gw_args *args, struct gw_migrate_opts *out)
{
    uint64_t wait_s = 0;
    *out = (struct gw_migrate_opts){ .to = args->operand[1], .checks = !args->given[OPT_NO_CHECKS] };
    out->saver.live = !args->given[OPT_PAUSED];
    out->saver.clock = &gw_clock_real;
    if (!parse_policy(args, &out->saver.policy) ||
        !gw_number_option(args, OPT_WAIT, "--wait wants seconds", 100000000, &wait_s) ||
        !gw_number_option(args, OPT_BANDWIDTH, "--bandwidth wants octets a second, such as 100M", UINT64_MAX,
                          &out->bandwidth))
        return false;
    out->wait_ns = wait_s * GW_NS_PER_S;
    return true;
}

/* --- the report --------------------------------------------------------------------------------------------------- */

static void hex(struct gw_json *json, const char *key, const uint8_t digest[GW_CHUNK_DIGEST_LEN])
{
    char text[2 * GW_CHUNK_DIGEST_LEN + 1];
    gw_json_text(json, key, gw_digest_text(digest, text));
}

static void report_json(const struct gw_args *args, const struct gw_move_report *r)
{
    static const char *const types[] = { "kept", "moved", "in_doubt" };
    struct gw_json json = { .out = stdout };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", types[r->ending]);
    gw_json_text(&json, "guest", args->operand[0]);
    gw_json_text(&json, "destination", args->operand[1]);
    gw_json_text(&json, "session", r->session);
    if (r->ending != GW_ENDED_MOVED) {
        gw_json_text(&json, "why", r->why.msg);
        gw_json_text(&json, "again", r->again);
    }
    gw_json_number(&json, "rounds", r->num_rounds);
    gw_json_number(&json, "pages", r->pages);
    gw_json_number(&json, "octets", r->octets);
    gw_json_number(&json, "wire_octets", r->wire_octets);
    gw_json_number(&json, "zero_pages", r->zero_pages);
    gw_json_number(&json, "resent", r->resent);
    if (r->ending == GW_ENDED_MOVED) {
        gw_json_number(&json, "predicted_downtime_ns", r->predicted_ns);
        gw_json_number(&json, "downtime_ns", r->downtime_ns);
        gw_json_number(&json, "total_ns", r->total_ns);
        gw_json_number(&json, "pages_proven", r->proven);
        hex(&json, "pages_digest", r->totals.pages_digest);
        hex(&json, "records_digest", r->totals.records_digest);
    }
    gw_json_end(&json, '}');
}

static void report_moved(const struct gw_args *args, const struct gw_move_report *r)
{
    char guest[256], to[1024], size[32], digest[2 * GW_CHUNK_DIGEST_LEN + 1];
    printf("moved '%s' to '%s' in %.2f s\n", gw_escape(guest, sizeof guest, args->operand[0], strlen(args->operand[0])),
           gw_escape(to, sizeof to, args->operand[1], strlen(args->operand[1])), (double)r->total_ns / 1e9);
    printf("  memory    %s of contents in %u round%s, %" PRIu64 " pages, %" PRIu64 " of them sent as zero\n",
           gw_size_text(size, sizeof size, r->octets), r->num_rounds, r->num_rounds == 1 ? "" : "s", r->pages,
           r->zero_pages);
    if (r->still)
        printf("  pause     none: it did not run here");
    else
        printf("  pause     %.1f ms", (double)r->downtime_ns / 1e6);
    if (r->predicted_ns > 0 && r->predicted_ns < UINT64_MAX)
        printf(", predicted %.1f ms", (double)r->predicted_ns / 1e6);
    if (r->proven > 0)
        printf("\n  proven    %" PRIu64 " pages compared at the destination, %" PRIu64 " sent again", r->proven,
               r->resent);
    printf("\n  digest    pages %s at both ends\n", gw_digest_text(r->totals.pages_digest, digest));
}

/* A guest that did not go: what it is now, why, and what may be done. */
static enum gw_exit report_failure(const struct gw_args *args, struct gw_move_report *r)
{
    const char *guest = args->operand[0], *again = r->again[0] != '\0' ? r->again : guest;
    if (r->ending == GW_ENDED_IN_DOUBT)
        gw_because(&r->why,
                   "'%s' is held here, suspended, as %s: in doubt; 'godwit owner settle %s' asks the destination again",
                   guest, again, r->session);
    else if (r->stuck && r->ending == GW_ENDED_MOVED)
        gw_because(&r->why,
                   "'%s' runs at '%s', and %s could not be taken away here; 'godwit owner settle %s' tries again",
                   guest, args->operand[1], again, r->session);
    else if (r->stuck)
        gw_because(&r->why, "'%s' did not move, and is suspended as %s; 'godwit owner settle %s' resumes it", guest,
                   again, r->session);
    else
        gw_because(&r->why, "'%s' did not move; it is here as before, as %s", guest, again);
    gw_complain(&r->why);
    if (r->ending == GW_ENDED_IN_DOUBT || r->stuck)
        return GW_EXIT_SYSTEM;
    return r->why.code == GW_E_SYSTEM || r->why.code == GW_E_USAGE ? (enum gw_exit)gw_err_status(&r->why) : GW_EXIT_NO;
}

static enum gw_exit report(const struct gw_args *args, struct gw_move_report *r)
{
    bool as_json = args->given[OPT_JSON];
    if (as_json)
        report_json(args, r);
    if (r->ending != GW_ENDED_MOVED || r->stuck)
        return report_failure(args, r);
    if (!as_json)
        report_moved(args, r);
    return GW_EXIT_YES;
}

static enum gw_exit migrate_run(const struct gw_args *args)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_migrate_opts opts;
    struct gw_move_report out;
    struct gw_teller teller;
    if (!parse(args, &opts))
        return GW_EXIT_USAGE;
    gw_auto(gw_freep) char *state_dir = gw_state_dir(args, &err);
    struct gw_source *guest = state_dir != NULL ? gw_source_open(args->operand[0], &err) : NULL;
    gw_listen_to_signals();
    opts.saver.live = opts.saver.live && (guest == NULL || !guest->still);
    opts.state_dir = state_dir;
    opts.told = gw_teller_open(&teller, args, args->operand[0]);
    opts.arg = &teller;
    int rc = guest != NULL ? gw_migrate(guest, &opts, &out, &err) : -1;
    gw_teller_close(&teller);
    gw_source_close(guest);
    if (rc == 0)
        return report(args, &out);
    if (args->given[OPT_JSON]) {
        out = (struct gw_move_report){ .ending = GW_ENDED_KEPT, .why = err };
        report_json(args, &out);
    }
    gw_because(&err, "cannot move '%s' to '%s'", args->operand[0], args->operand[1]);
    gw_complain(&err);
    return (enum gw_exit)gw_err_status(&err);
}

const struct gw_cmd gw_cmd_migrate = {
    .name = "migrate",
    .operands = "GUEST DEST",
    .brief = "a running guest goes to another host",
    .opts = migrate_opts,
    .least = 2,
    .most = 2,
    .run = migrate_run,
};
