/*
 * demo.c - godwit demo: a live migration on this machine, over TCP, explained while it happens, and then proven.
 *
 * A guest of godwit's own making runs; a child of ours receives, as another host would; the guest moves there while it
 * writes; then all its memory is recomputed from its registers and compared. Nothing of it stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "moves.h"

#define GUEST "process:mem=256M,threads=2,rate=200M,pattern=hot,life=600"
#define GUEST_THERE "process:life=600"
#define DOWNTIME_NS UINT64_C(40000000) /* short, and the link slow: so that there is more than one round to tell of */
#define LINK_OCTETS (UINT64_C(500) << 20)

static const struct gw_opt demo_opts[] = {
    GW_OPTS_HELP,
    { 0 },
};

struct demo {
    char dir[512], source_dir[540], destination_dir[540];
    struct gw_listener *listener;
    pid_t child; /* the other host */
    int answer;  /* from it: how it ended */
    struct gw_source *guest;
};

/* What the other host tells its parent, through a pipe. */
struct arrival {
    enum gw_arrival arrival;
    char again[GW_AGAIN_ROOM];
    struct gw_chunk_totals totals;
};

/* --- the other host ----------------------------------------------------------------------------------------------- */

__attribute__((noreturn)) static void be_destination(const struct demo *d, int to)
{
    struct gw_receive_opts opts = { .state_dir = d->destination_dir, .guest = GUEST_THERE, .max_pfn = gw_limit(PFN) };
    struct gw_receive_report report = { .arrival = GW_ARRIVED_NOTHING };
    struct gw_err err = GW_ERR_NONE;
    struct arrival told = { .arrival = GW_ARRIVED_NOTHING };
    struct gw_chan *link = gw_accept(d->listener, &err);
    gw_listener_leave(d->listener);
    if (link != NULL)
        gw_receive(link, &opts, &report);
    told.arrival = report.arrival;
    told.totals = report.totals;
    memcpy(told.again, report.again, sizeof told.again);
    _exit(write(to, &told, sizeof told) == (ssize_t)sizeof told ? 0 : 1);
}

static int begin_destination(struct demo *d, struct gw_err *err)
{
    int pipe_fds[2];
    d->listener = gw_listen("tcp://127.0.0.1:0", err);
    if (d->listener == NULL)
        return -1;
    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot make a pipe");
    fflush(NULL);
    d->child = fork();
    if (d->child == 0)
        be_destination(d, pipe_fds[1]);
    close(pipe_fds[1]);
    d->answer = pipe_fds[0];
    return d->child > 0 ? 0 : gw_fail(err, GW_E_SYSTEM, "cannot make a process");
}

static int hear_destination(struct demo *d, struct arrival *out, struct gw_err *err)
{
    if (read(d->answer, out, sizeof *out) == (ssize_t)sizeof *out && out->arrival == GW_ARRIVED_RUNS)
        return 0;
    return gw_fail(err, GW_E_REFUSED, "the other side does not have the guest");
}

/* --- what happens, in words --------------------------------------------------------------------------------------- */

static void tell_round(const struct gw_told *told)
{
    const struct gw_round *round = told->round;
    double seconds = (double)round->ns / 1e9;
    char rate[32], dirty[32];
    gw_size_text(rate, sizeof rate, (uint64_t)((double)round->octets / seconds));
    gw_size_text(dirty, sizeof dirty, (uint64_t)((double)round->dirty * GW_PAGE_LEN / seconds));
    printf("  round %u   %6" PRIu64 " pages landed in %.3f s (%s/s); meanwhile the guest wrote %" PRIu64
           " pages (%s/s)\n",
           told->number, round->pages, seconds, rate, round->dirty, dirty);
    printf("            to stop it now would mean a pause of %.1f ms: %s\n", (double)told->decision->downtime_ns / 1e6,
           told->decision->why);
}

static void tell(void *arg, const struct gw_told *told)
{
    static const struct {
        const char *state, *text;
    } lines[] = {
        { "COPYING", "  offered   the other side took it: memory goes over while the guest runs on" },
        { "SUSPENDING", "  stop      the guest is suspended; what it wrote last, and its registers, follow" },
        { "PROVING", "  prove     both sides compare their digests over every page and every record" },
        { "LETTING_GO", "  ready     the other side could start it; first, our journal says durably that we let go" },
        { "LET_GO", "  let go    from here on only the other side's word counts; it makes its decision durable, too" },
        { "MOVED", "  runs      the guest runs over there; here its memory is given back" },
    };
    (void)arg;
    if (told->kind == GW_TOLD_ROUND)
        tell_round(told);
    for (size_t i = 0; told->kind == GW_TOLD_STATE && i < sizeof lines / sizeof lines[0]; i++)
        if (strcmp(told->name, lines[i].state) == 0)
            puts(lines[i].text);
    fflush(stdout);
}

/* --- the proof ---------------------------------------------------------------------------------------------------- */

/* Stops the guest over there once more, recomputes its memory, and ends it. */
static int prove(const char *again, uint64_t *pages, struct gw_err *err)
{
    struct gw_process_state state;
    uint64_t bad_pfn;
    struct gw_source *guest = gw_source_open(again, err);
    struct gw_guest_facts facts;
    if (guest == NULL)
        return -1;
    int rc = gw_source_describe(guest, &facts, err);
    if (rc == 0)
        rc = gw_source_suspend(guest, err);
    if (rc == 0) {
        gw_process_state(guest, &state);
        rc = gw_process_check(&state, gw_process_memory(guest), &bad_pfn, err);
        *pages = state.num_pages;
    }
    if (guest->suspended && gw_source_destroy(guest, err) < 0)
        rc = -1;
    gw_source_close(guest);
    return rc;
}

static int compare(const struct gw_move_report *report, const struct arrival *there, struct gw_err *err)
{
    char ours[2 * GW_CHUNK_DIGEST_LEN + 1], theirs[2 * GW_CHUNK_DIGEST_LEN + 1];
    uint64_t pages = 0;
    printf("\n  the pause was %.1f ms; predicted were %.1f ms\n", (double)report->downtime_ns / 1e6,
           (double)report->predicted_ns / 1e6);
    printf("  digest of all pages here    %s\n  digest of all pages there   %s\n",
           gw_digest_text(report->totals.pages_digest, ours), gw_digest_text(there->totals.pages_digest, theirs));
    if (strcmp(ours, theirs) != 0)
        return gw_fail(err, GW_E_INVALID, "the digests differ");
    if (prove(there->again, &pages, err) < 0)
        return gw_because(err, "the memory that arrived is not what the guest must have");
    printf("  %" PRIu64 " pages had a check compared as they landed; then the guest went on there, was stopped once\n"
           "  more, and all %" PRIu64 " pages were recomputed from its registers: every octet is right\n",
           report->proven, pages);
    return 0;
}

/* --- all together ------------------------------------------------------------------------------------------------- */

static int make_dirs(struct demo *d, struct gw_err *err)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(d->dir, sizeof d->dir, "%.480s/godwit-demo-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(d->dir) == NULL)
        return gw_fail(err, GW_E_SYSTEM, "cannot make the directory '%s'", d->dir);
    snprintf(d->source_dir, sizeof d->source_dir, "%s/here", d->dir);
    snprintf(d->destination_dir, sizeof d->destination_dir, "%s/there", d->dir);
    return 0;
}

/* The journals went with their sessions: directories are empty. A session that is not settled keeps its own. */
static void remove_dirs(const struct demo *d)
{
    static const char *const leaves[] = { "here/source", "here", "there/destination", "there", "" };
    char path[600];
    for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", d->dir, leaves[i]);
        (void)rmdir(path);
    }
}

static void end_destination(struct demo *d)
{
    gw_listener_close(d->listener);
    if (d->answer >= 0)
        close(d->answer);
    if (d->child <= 0)
        return;
    kill(d->child, SIGTERM);
    while (waitpid(d->child, NULL, 0) < 0 && errno == EINTR)
        continue;
}

static int move(struct demo *d, struct gw_move_report *report, struct gw_err *err)
{
    struct gw_migrate_opts opts = { .state_dir = d->source_dir, .checks = true, .told = tell };
    opts.to = gw_listener_address(d->listener);
    opts.bandwidth = LINK_OCTETS;
    opts.saver = (struct gw_saver_opts){ .live = true, .clock = &gw_clock_real };
    opts.saver.policy = (struct gw_policy_opts){ .downtime_ns = DOWNTIME_NS, .force = true };
    printf("\n$ godwit migrate GUEST %s\n", opts.to);
    if (gw_migrate(d->guest, &opts, report, err) < 0)
        return -1;
    return report->ending == GW_ENDED_MOVED ? 0 : gw_err_pass(err, &report->why);
}

static int run(struct demo *d, struct gw_err *err)
{
    struct gw_move_report report;
    struct arrival there;
    printf(
        "A guest: 256 MiB of memory, two threads that write 200 MiB a second into it, most of that into a hot tenth.\n"
        "Every page knows its number and how often it was written, so that one lost or stale page shows. The link is\n"
        "held to 500 MiB a second.\n");
    if (begin_destination(d, err) < 0)
        return -1;
    d->guest = gw_source_open(GUEST, err);
    if (d->guest == NULL || move(d, &report, err) < 0 || hear_destination(d, &there, err) < 0)
        return -1;
    return compare(&report, &there, err);
}

static void end_guest(struct demo *d)
{
    struct gw_err ignored = GW_ERR_NONE;
    if (d->guest != NULL && !d->guest->gone && gw_source_suspend(d->guest, &ignored) == 0)
        (void)gw_source_destroy(d->guest, &ignored);
    gw_source_close(d->guest);
}

static enum gw_exit demo_run(const struct gw_args *args)
{
    struct gw_err err = GW_ERR_NONE;
    struct demo d = { .answer = -1 };
    (void)args;
    gw_listen_to_signals();
    int rc = make_dirs(&d, &err) < 0 ? -1 : run(&d, &err);
    end_guest(&d);
    end_destination(&d);
    remove_dirs(&d);
    if (rc == 0)
        return GW_EXIT_YES;
    gw_because(&err, "the demonstration failed");
    gw_complain(&err);
    return (enum gw_exit)gw_err_status(&err);
}

const struct gw_cmd gw_cmd_demo = {
    .name = "demo",
    .operands = "",
    .brief = "a live migration on this machine, explained",
    .opts = demo_opts,
    .least = 0,
    .most = 0,
    .run = demo_run,
};
