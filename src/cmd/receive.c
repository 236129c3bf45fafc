/*
 * receive.c - godwit receive: guests come from other hosts, and questions about sessions are answered.
 *
 * Each connection is served by a child of its own, so that one that fails, or waits, is nobody else's matter; what two
 * of them must agree on stands in the state directory. The child prints what became of its session.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "moves.h"

#define CHILDREN_MOST 64
#define LINGER_NS UINT64_C(60000000000) /* with --once: for a source that may not know the end */
#define LOOK_NS UINT64_C(1000000000)    /* how long what a dead predecessor left is looked at */

enum { OPT_LISTEN = OPT_MOVES_OWN, OPT_STDIO, OPT_GUEST, OPT_ONCE, OPT_ACCEPT_LOSS };

static const struct gw_opt receive_opts[] = {
    { 'l', "listen", "ADDR", OPT_LISTEN, "where: tcp://HOST:PORT (port 0: the system chooses), unix:PATH" },
    { 0, "stdio", NULL, OPT_STDIO, "serve standard input and output as the one connection" },
    { 0, "guest", "KIND:SPEC", OPT_GUEST, "what a guest becomes here (unless said: the kind that is offered)" },
    { 0, "once", NULL, OPT_ONCE, "end when the first guest that was offered has come or gone" },
    { 0, "accept-loss", NULL, OPT_ACCEPT_LOSS, "take also what was salvaged of a damaged image" },
    GW_OPTS_MAX_GUEST,
    GW_OPTS_STATE_DIR,
    GW_OPTS_COMMON,
    { 0 },
};

/* How a child ends: bits of its exit status. */
enum { CHILD_OFFERED = 8, CHILD_ACKNOWLEDGED = 16, CHILD_STATUS = 7 };

struct receive {
    const struct gw_args *args;
    struct gw_receive_opts opts;
    struct gw_teller teller;
    struct gw_listener *listener;
    FILE *out;
    pid_t children[CHILDREN_MOST];
    unsigned num_children;
    bool bereft;         /* a child died: what it held is to be settled */
    bool ended;          /* the first guest has come or gone */
    enum gw_exit status; /* of it */
    uint64_t linger_ns;  /* until then questions are answered all the same; 0: not */
};

/* --- what became of a session ------------------------------------------------------------------------------------- */

static void print_json(FILE *out, const struct gw_receive_report *r)
{
    static const char *const types[] = { "answered", "runs", "gone", "in_doubt" };
    char digest[2 * GW_CHUNK_DIGEST_LEN + 1];
    struct gw_json json = { .out = out };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", types[r->arrival]);
    gw_json_text(&json, "session", r->session);
    gw_json_text(&json, "guest", r->guest);
    if (r->arrival == GW_ARRIVED_RUNS) {
        gw_json_text(&json, "again", r->again);
        gw_json_number(&json, "pages", r->totals.num_pages);
        gw_json_text(&json, "pages_digest", gw_digest_text(r->totals.pages_digest, digest));
        gw_json_text(&json, "records_digest", gw_digest_text(r->totals.records_digest, digest));
    } else {
        gw_json_text(&json, "why", r->why.msg);
    }
    gw_json_end(&json, '}');
    fflush(out);
}

static void print_text(FILE *out, const struct gw_receive_report *r)
{
    char why[GW_ERR_MSG_MAX * 4];
    size_t len = strcspn(r->why.msg, "\n");
    gw_escape(why, sizeof why, r->why.msg, len);
    if (r->arrival == GW_ARRIVED_NOTHING)
        fprintf(out, "a question about session %s was answered\n", r->session);
    else if (r->arrival == GW_ARRIVED_RUNS)
        fprintf(out, "'%s' runs here%s%s (session %s)\n", r->guest, r->again[0] != '\0' ? ", as " : "", r->again,
                r->session);
    else if (r->arrival == GW_ARRIVED_IN_DOUBT)
        fprintf(out, "it is not known whether '%s' runs here (session %s): %s\n", r->guest, r->session, why);
    else
        fprintf(out, "'%s' did not come (session %s): %s\n", r->guest, r->session, why);
    fflush(out);
}

static enum gw_exit print_arrival(const struct receive *r, const struct gw_receive_report *report)
{
    static const enum gw_exit statuses[] = {
        [GW_ARRIVED_NOTHING] = GW_EXIT_NO,
        [GW_ARRIVED_RUNS] = GW_EXIT_YES,
        [GW_ARRIVED_GONE] = GW_EXIT_NO,
        [GW_ARRIVED_IN_DOUBT] = GW_EXIT_SYSTEM,
    };
    if (report->arrival == GW_ARRIVED_NOTHING && report->session[0] == '\0') {
        struct gw_err err = report->why;
        gw_complain(&err);
    } else if (r->args->given[OPT_JSON]) {
        print_json(r->out, report);
    } else {
        print_text(r->out, report);
    }
    return statuses[report->arrival];
}

static unsigned serve(struct receive *r, struct gw_chan *link)
{
    struct gw_receive_report report;
    gw_receive(link, &r->opts, &report);
    unsigned status = print_arrival(r, &report);
    return status | (report.offered ? CHILD_OFFERED : 0) | (report.acknowledged ? CHILD_ACKNOWLEDGED : 0);
}

/* --- children ----------------------------------------------------------------------------------------------------- */

static void begin_child(struct receive *r, struct gw_chan *link)
{
    struct gw_err err = GW_ERR_NONE;
    fflush(NULL);
    pid_t pid = r->num_children < CHILDREN_MOST ? fork() : (errno = EAGAIN, -1);
    if (pid == 0) {
        gw_listener_leave(r->listener);
        _exit((int)serve(r, link));
    }
    if (pid > 0) {
        r->children[r->num_children++] = pid;
    } else {
        gw_fail(&err, GW_E_SYSTEM, "cannot serve one more connection, %u are served", r->num_children);
        gw_complain(&err);
    }
    gw_chan_close(link);
}

/* With --once the first guest's end is ours, unless its source may still have to ask. */
static void end_child(struct receive *r, int how)
{
    unsigned status = WIFEXITED(how) ? (unsigned)WEXITSTATUS(how) : CHILD_OFFERED | GW_EXIT_SYSTEM;
    bool asked = !(status & CHILD_OFFERED) && r->ended;
    r->bereft = r->bereft || !WIFEXITED(how);
    if (status & CHILD_OFFERED && !r->ended) {
        r->ended = true;
        r->status = (enum gw_exit)(status & CHILD_STATUS);
        if (r->status == GW_EXIT_YES && !(status & CHILD_ACKNOWLEDGED))
            r->linger_ns = gw_now(&gw_clock_real) + LINGER_NS;
    }
    if (asked && status & CHILD_ACKNOWLEDGED)
        r->linger_ns = 0;
}

static void reap(struct receive *r, bool wait)
{
    for (unsigned i = 0; i < r->num_children;) {
        int how;
        if (waitpid(r->children[i], &how, wait ? 0 : WNOHANG) != r->children[i]) {
            i++;
            continue;
        }
        end_child(r, how);
        r->children[i] = r->children[--r->num_children];
    }
}

static void end_children(struct receive *r)
{
    for (unsigned i = 0; i < r->num_children; i++)
        kill(r->children[i], SIGTERM);
    while (r->num_children > 0)
        reap(r, true);
}

/* --- what predecessors left --------------------------------------------------------------------------------------- */

/* Nobody else's session is touched: what is held is left alone. */
static int settle_left(void *arg, const struct gw_session_info *info, struct gw_err *err)
{
    struct receive *r = arg;
    struct gw_receive_opts opts = r->opts;
    struct gw_receive_report report;
    struct gw_err failure = GW_ERR_NONE;
    (void)err;
    opts.wait_ns = LOOK_NS;
    if (!info->destination || info->held)
        return 0;
    if (gw_settle_destination(info->session, &opts, &report, &failure) == 0 && !info->ended)
        print_arrival(r, &report);
    else if (failure.code == GW_E_OK)
        return 0; /* it waits for its question as before */
    else
        gw_complain(&failure);
    return 0;
}

/* --- listening ---------------------------------------------------------------------------------------------------- */

static void print_address(const struct receive *r)
{
    const char *address = gw_listener_address(r->listener);
    struct gw_json json = { .out = r->out };
    if (r->args->given[OPT_JSON]) {
        gw_json_object(&json, NULL);
        gw_json_text(&json, "type", "listening");
        gw_json_text(&json, "address", address);
        gw_json_end(&json, '}');
    } else {
        fprintf(r->out, "listening on %s\n", address);
    }
    fflush(r->out);
}

static bool goes_on(const struct receive *r)
{
    if (gw_cancelled())
        return false;
    if (!r->args->given[OPT_ONCE] || !r->ended || r->num_children > 0)
        return true;
    return gw_now(&gw_clock_real) < r->linger_ns;
}

/* Not served, and not for ever tried again at once: the descriptors may be used up for a while. */
static void refuse_link(struct gw_err *failure)
{
    if (gw_cancelled())
        return;
    gw_complain(failure);
    gw_wait(&gw_clock_real, UINT64_C(100000000));
}

/* A signal that comes just before the wait is seen when it ends, a tenth of a second later at most. */
static enum gw_exit listen_run(struct receive *r, const char *address, struct gw_err *err)
{
    r->listener = gw_listen(address, err);
    if (r->listener == NULL)
        return (enum gw_exit)gw_err_status(err);
    print_address(r);
    while (goes_on(r)) {
        struct pollfd ready = { .fd = gw_listener_fd(r->listener), .events = POLLIN };
        struct gw_err failure = GW_ERR_NONE;
        if (poll(&ready, 1, 100) > 0) {
            struct gw_chan *link = gw_accept(r->listener, &failure);
            if (link != NULL)
                begin_child(r, link);
            else
                refuse_link(&failure);
        }
        reap(r, false);
        if (r->bereft)
            (void)gw_sessions(r->opts.state_dir, settle_left, r, &failure);
        r->bereft = false;
    }
    end_children(r);
    gw_listener_close(r->listener);
    return r->args->given[OPT_ONCE] ? r->ended ? r->status : GW_EXIT_NO : GW_EXIT_YES;
}

static enum gw_exit receive_run(const struct gw_args *args)
{
    struct gw_err err = GW_ERR_NONE;
    struct receive r = { .args = args, .out = args->given[OPT_STDIO] ? stderr : stdout };
    enum gw_exit status = GW_EXIT_SYSTEM;
    if (args->given[OPT_STDIO] == args->given[OPT_LISTEN]) {
        gw_complain_usage("receive: either --listen ADDR or --stdio is needed");
        return GW_EXIT_USAGE;
    }
    if (!gw_max_guest(args, &r.opts.max_pfn))
        return GW_EXIT_USAGE;
    gw_auto(gw_freep) char *state_dir = gw_state_dir(args, &err);
    gw_listen_to_signals();
    r.opts.state_dir = state_dir;
    r.opts.guest = args->value[OPT_GUEST];
    r.opts.accept_loss = args->given[OPT_ACCEPT_LOSS];
    r.opts.told = gw_teller_open(&r.teller, args, "receive");
    r.opts.arg = &r.teller;
    if (state_dir != NULL && gw_sessions(state_dir, settle_left, &r, &err) == 0 && args->given[OPT_LISTEN]) {
        status = listen_run(&r, args->value[OPT_LISTEN], &err);
    } else if (err.code == GW_E_OK) {
        struct gw_chan *link = gw_chan_fd_pair(STDIN_FILENO, STDOUT_FILENO, false, &err);
        if (link != NULL)
            status = (enum gw_exit)(serve(&r, link) & CHILD_STATUS);
    }
    gw_teller_close(&r.teller);
    if (err.code == GW_E_OK)
        return status;
    gw_because(&err, "cannot receive guests");
    gw_complain(&err);
    return (enum gw_exit)gw_err_status(&err);
}

const struct gw_cmd gw_cmd_receive = {
    .name = "receive",
    .operands = "",
    .brief = "guests come from other hosts",
    .opts = receive_opts,
    .least = 0,
    .most = 0,
    .run = receive_run,
};
