/*
 * owner.c - godwit owner: sessions that are held or unfinished, and how they are settled.
 */
#include <string.h>

#include "cmd.h"
#include "moves.h"

enum { OPT_DEAD = OPT_MOVES_OWN, OPT_GONE, OPT_WAIT };

static const struct gw_opt owner_opts[] = {
    { 0, "destination-is-dead", NULL, OPT_DEAD, "settle: a person made sure of it: resume the guest here" },
    { 0, "guest-is-gone", NULL, OPT_GONE, "settle: a person made sure that the guest does not run here: decline it" },
    { 0, "wait", "SECONDS", OPT_WAIT, "settle: how long an unanswered question is asked (60 unless said)" },
    GW_OPTS_STATE_DIR,
    GW_OPTS_COMMON,
    { 0 },
};

struct owner {
    const struct gw_args *args;
    const char *state_dir, *session; /* NULL: all */
    uint64_t wait_ns;
    struct gw_teller teller;
    unsigned found, in_doubt, failed;
};

static bool is_meant(const struct owner *o, const struct gw_session_info *info)
{
    return o->session == NULL || strcmp(o->session, info->session) == 0;
}

/* --- show --------------------------------------------------------------------------------------------------------- */

static int show_one(void *arg, const struct gw_session_info *info, struct gw_err *err)
{
    struct owner *o = arg;
    char name[256], guest[GW_AGAIN_ROOM], peer[1024];
    const char *side = info->destination ? "destination" : "source";
    (void)err;
    if (!is_meant(o, info))
        return 0;
    o->found++;
    if (o->args->given[OPT_JSON]) {
        struct gw_json json = { .out = stdout };
        gw_json_object(&json, NULL);
        gw_json_text(&json, "type", "session");
        gw_json_text(&json, "session", info->session);
        gw_json_text(&json, "side", side);
        gw_json_text(&json, "guest", info->guest);
        gw_json_text(&json, "name", info->name);
        gw_json_text(&json, "peer", info->peer);
        gw_json_text(&json, "state", info->state);
        gw_json_text(&json, "what_to_do", info->what_to_do);
        gw_json_bool(&json, "held", info->held);
        gw_json_bool(&json, "ended", info->ended);
        gw_json_end(&json, '}');
        return 0;
    }
    printf("session %s (%s)\n  guest    %s%s%s\n", info->session, side,
           gw_escape(name, sizeof name, info->name, strlen(info->name)), info->guest[0] != '\0' ? ", as " : "",
           gw_escape(guest, sizeof guest, info->guest, strlen(info->guest)));
    if (info->peer[0] != '\0')
        printf("  peer     %s\n", gw_escape(peer, sizeof peer, info->peer, strlen(info->peer)));
    printf("  state    %s\n  to do    %s\n", info->state, info->what_to_do);
    return 0;
}

/* --- settle ------------------------------------------------------------------------------------------------------- */

static void tell_settled(const struct owner *o, const struct gw_session_info *info, const char *how)
{
    char name[256];
    struct gw_json json = { .out = stdout };
    if (!o->args->given[OPT_JSON]) {
        printf("session %s: '%s' %s\n", info->session, gw_escape(name, sizeof name, info->name, strlen(info->name)),
               how);
        return;
    }
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "settled");
    gw_json_text(&json, "session", info->session);
    gw_json_text(&json, "side", info->destination ? "destination" : "source");
    gw_json_text(&json, "guest", info->guest);
    gw_json_text(&json, "how", how);
    gw_json_end(&json, '}');
}

static void settle_source(struct owner *o, const struct gw_session_info *info, struct gw_err *err)
{
    static const char *const hows[] = { "runs here",
                                        "has moved; nothing of it is left here",
                                        "is still held here, in doubt",
                                        "is not on this machine any more",
                                        "is here as before, and does not run",
                                        "has moved; its file is here as before" };
    struct gw_migrate_opts opts = { .state_dir = o->state_dir, .wait_ns = o->wait_ns, .checks = true };
    struct gw_move_report report;
    opts.destination_is_dead = o->args->given[OPT_DEAD];
    opts.told = gw_teller_open(&o->teller, o->args, info->name);
    opts.arg = &o->teller;
    if (gw_settle_source(info->session, &opts, &report, err) < 0)
        return;
    if (report.stuck) {
        *err = report.why;
        return;
    }
    bool still = report.still && report.ending != GW_ENDED_IN_DOUBT;
    if (info->name[0] == '\0' && report.gone) /* no journal named a guest */
        tell_settled(o, info, "had not begun, or was over; what it left is removed");
    else
        tell_settled(o, info, hows[report.gone ? 3 : (int)report.ending + (still ? 4 : 0)]);
    o->in_doubt += report.ending == GW_ENDED_IN_DOUBT;
    if (report.ending == GW_ENDED_IN_DOUBT)
        gw_complain(&report.why);
}

static void settle_destination(struct owner *o, const struct gw_session_info *info, struct gw_err *err)
{
    static const char *const hows[] = { "is nowhere here", "runs here", "is not here, and will not be",
                                        "is in doubt: whether it runs here is not known" };
    struct gw_receive_opts opts = { .state_dir = o->state_dir, .wait_ns = o->wait_ns, .max_pfn = gw_limit(PFN) };
    struct gw_receive_report report;
    opts.is_gone = o->args->given[OPT_GONE];
    opts.forget = info->ended; /* asked for by name: a person knows that the source knows */
    opts.told = gw_teller_open(&o->teller, o->args, info->name);
    opts.arg = &o->teller;
    if (gw_settle_destination(info->session, &opts, &report, err) < 0)
        return;
    tell_settled(o, info, hows[report.arrival]);
    o->in_doubt += report.arrival == GW_ARRIVED_IN_DOUBT;
}

/* One that cannot be settled keeps none of the others from it. */
static int settle_one(void *arg, const struct gw_session_info *info, struct gw_err *err)
{
    struct owner *o = arg;
    struct gw_err failure = GW_ERR_NONE;
    (void)err;
    if (!is_meant(o, info) || (o->session == NULL && (info->held || (info->ended && info->destination))))
        return 0;
    o->found++;
    (info->destination ? settle_destination : settle_source)(o, info, &failure);
    gw_teller_close(&o->teller);
    if (failure.code == GW_E_OK)
        return 0;
    o->failed++;
    gw_because(&failure, "cannot settle session %s", info->session);
    gw_complain(&failure);
    return 0;
}

/* --- both --------------------------------------------------------------------------------------------------------- */

static int each(struct owner *o, gw_session_fn *fn, struct gw_err *err)
{
    unsigned before = o->found;
    if (gw_sessions(o->state_dir, fn, o, err) < 0)
        return -1;
    if (o->session != NULL && o->found == before)
        return gw_fail(err, GW_E_REFUSED, "there is no session %s in '%s'", o->session, o->state_dir);
    return 0;
}

static int all(struct owner *o, gw_session_fn *fn, struct gw_err *err)
{
    const struct gw_args *args = o->args;
    if (args->num_operands == 1)
        return each(o, fn, err);
    for (int i = 1; i < args->num_operands; i++) {
        o->session = args->operand[i];
        if (each(o, fn, err) < 0)
            return -1;
    }
    return 0;
}

static enum gw_exit owner_run(const struct gw_args *args)
{
    struct gw_err err = GW_ERR_NONE;
    const char *word = args->operand[0];
    struct owner o = { .args = args };
    uint64_t wait_s = 60;
    bool settles = strcmp(word, "settle") == 0;
    if (!settles && strcmp(word, "show") != 0) {
        gw_complain_usage("owner: '%s' is neither show nor settle", word);
        return GW_EXIT_USAGE;
    }
    if ((args->given[OPT_DEAD] || args->given[OPT_GONE]) && (!settles || args->num_operands == 1)) {
        gw_complain_usage("owner: --%s settles the sessions that are named, one by one",
                          args->given[OPT_DEAD] ? "destination-is-dead" : "guest-is-gone");
        return GW_EXIT_USAGE;
    }
    if (!gw_number_option(args, OPT_WAIT, "--wait wants seconds", 100000000, &wait_s))
        return GW_EXIT_USAGE;
    o.wait_ns = wait_s * GW_NS_PER_S;
    gw_auto(gw_freep) char *state_dir = gw_state_dir(args, &err);
    o.state_dir = state_dir;
    gw_listen_to_signals();
    if (state_dir == NULL || all(&o, settles ? settle_one : show_one, &err) < 0) {
        gw_because(&err, "cannot %s sessions", word);
        gw_complain(&err);
        return (enum gw_exit)gw_err_status(&err);
    }
    if (o.found == 0 && !args->given[OPT_JSON])
        printf("no session is %s in '%s'\n", settles ? "to be settled" : "held or unfinished", state_dir);
    return o.in_doubt > 0 || o.failed > 0 ? GW_EXIT_SYSTEM : GW_EXIT_YES;
}

const struct gw_cmd gw_cmd_owner = {
    .name = "owner",
    .operands = "show|settle ...",
    .brief = "sessions that a crash or a lost link left unfinished",
    .opts = owner_opts,
    .least = 1,
    .most = -1,
    .run = owner_run,
};
