/*
 * session_after.c - one side of a session dies in each of its states: whoever comes after it finds one owner.
 *
 * Guests are processes, for they outlive who moves them. The dying side is a child that kills itself when it is told of
 * the state; what it left is settled as godwit owner settle does it.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest_tools.h"
#include "harness.h"
#include "session.h"
#include "session_tools.h"
#include "store_files.h"

#define PATIENCE_MS 20000
#define REPORTS_MOST 16

/* What all processes of a row see. */
struct shared {
    struct gw_receive_report reports[REPORTS_MOST]; /* of the destinations that came to their end */
    unsigned num_reports, num_links;
};

struct play {
    struct shared *shared;
    const char *source_dies, *destination_dies; /* in that state; NULL: it does not */
    char state_dir[STATE_DIR_ROOM], run_dir[STATE_DIR_ROOM], address[STATE_DIR_ROOM + 16];
    struct gw_listener *listener;
    pid_t server;
    struct gw_migrate_opts opts;
    char guest[GW_AGAIN_ROOM]; /* of the source */
};

/* --- the destination's side -------------------------------------------------------------------------------------- */

static void die_there(void *arg, const struct gw_told *told)
{
    const struct play *play = arg;
    if (told->kind == GW_TOLD_STATE && play->destination_dies != NULL &&
        strcmp(told->name, play->destination_dies) == 0)
        kill(getpid(), SIGKILL);
}

static void keep_report(struct play *play, const struct gw_receive_report *report)
{
    CHECK(play->shared->num_reports < REPORTS_MOST);
    play->shared->reports[play->shared->num_reports++] = *report;
}

/* Only the first link's holder dies. */
static void receive(struct play *play, struct gw_chan *link)
{
    struct gw_receive_opts opts = { .state_dir = play->state_dir, .max_pfn = 1 << 20, .wait_ns = 1000000 };
    struct gw_receive_report report;
    opts.guest = "process:life=100,check=1";
    opts.told = play->shared->num_links == 1 ? die_there : NULL;
    opts.arg = play;
    gw_receive(link, &opts, &report);
    keep_report(play, &report);
    _exit(0);
}

__attribute__((noreturn)) static void serve(struct play *play)
{
    for (;;) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_chan *link = gw_accept(play->listener, &err);
        CHECK(link != NULL);
        play->shared->num_links++;
        fflush(NULL);
        if (fork() == 0)
            receive(play, link);
        gw_chan_close(link);
    }
}

/* --- the source's side ------------------------------------------------------------------------------------------- */

static void die_here(void *arg, const struct gw_told *told)
{
    const struct play *play = arg;
    if (told->kind == GW_TOLD_STATE && play->source_dies != NULL && strcmp(told->name, play->source_dies) == 0)
        kill(getpid(), SIGKILL);
}

static void migrate(struct play *play)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_move_report report;
    struct gw_source *source = guest_source(play->guest);
    CHECK_EQ(gw_migrate(source, &play->opts, &report, &err), 0);
    printf("ended %d: %s\n", (int)report.ending, report.why.msg);
    CHECK(report.ending != GW_ENDED_IN_DOUBT && !report.stuck);
    gw_source_close(source);
}

/* In a child, which may die. */
static void migrate_apart(struct play *play)
{
    int how;
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        migrate(play);
        fflush(NULL);
        _exit(0);
    }
    CHECK_EQ(waitpid(pid, &how, 0), pid);
    CHECK_EQ(WIFSIGNALED(how) ? WTERMSIG(how) : 0, play->source_dies != NULL ? SIGKILL : 0);
    CHECK(WIFSIGNALED(how) || WEXITSTATUS(how) == 0);
}

/* --- after it ---------------------------------------------------------------------------------------------------- */

static int settle_source(void *arg, const struct gw_session_info *info, struct gw_err *err)
{
    struct play *play = arg;
    struct gw_migrate_opts opts = play->opts;
    struct gw_move_report report;
    opts.told = NULL;
    if (info->destination)
        return 0;
    CHECK(!info->held);
    CHECK_STR(info->guest, play->guest);
    gw_settle_source(info->session, &opts, &report, err);
    CHECK_STR(err->msg, "");
    printf("source settled: %d %s\n", (int)report.ending, report.why.msg);
    CHECK(report.ending != GW_ENDED_IN_DOUBT && !report.stuck);
    return 0;
}

static int settle_destination(void *arg, const struct gw_session_info *info, struct gw_err *err)
{
    struct play *play = arg;
    struct gw_receive_opts opts = { .state_dir = play->state_dir, .wait_ns = 1000000 };
    struct gw_receive_report report;
    if (!info->destination || info->ended || info->held)
        return 0;
    gw_settle_destination(info->session, &opts, &report, err);
    CHECK_STR(err->msg, "");
    printf("destination settled: %d %s\n", (int)report.arrival, report.why.msg);
    CHECK(report.arrival != GW_ARRIVED_IN_DOUBT);
    keep_report(play, &report);
    return 0;
}

static unsigned count_there(const struct play *play, char again[GW_AGAIN_ROOM])
{
    unsigned num = 0;
    for (unsigned i = 0; i < play->shared->num_reports; i++) {
        const struct gw_receive_report *r = &play->shared->reports[i];
        if (r->arrival != GW_ARRIVED_RUNS || (num > 0 && strcmp(again, r->again) == 0))
            continue;
        snprintf(again, GW_AGAIN_ROOM, "%s", r->again);
        num++;
    }
    return num;
}

/*
 * Holders end with the server: all are children of its. Who is ready and was never let go has to be told. Where the
 * source's guest has gone, the holder that told so has yet to say where the new one is: it gets the time for that.
 */
static void end_server(struct play *play)
{
    struct gw_err err = GW_ERR_NONE;
    char again[GW_AGAIN_ROOM];
    bool gone = gw_guest_look(play->guest, &err) != GW_LIFE_RAN;
    for (unsigned tries = 0; gone && count_there(play, again) == 0 && tries < PATIENCE_MS; tries++)
        poll(NULL, 0, 1);
    CHECK_EQ(kill(-play->server, SIGKILL), 0);
    CHECK_EQ(waitpid(play->server, NULL, 0), play->server);
}

static void end_guest(const char *again)
{
    struct gw_guest_facts facts;
    struct gw_source *source = guest_open(again, &facts);
    CHECK(!source->suspended);
    guest_let_run(source, 5);
    guest_suspend(source);
    guest_check(source);
    guest_end(source);
}

static void has_one_owner(struct play *play)
{
    struct gw_err err = GW_ERR_NONE;
    char again[GW_AGAIN_ROOM] = "";
    enum gw_life life = gw_guest_look(play->guest, &err);
    unsigned there = count_there(play, again);
    printf("here %d, there %u as %s\n", (int)life, there, again);
    CHECK_EQ((life == GW_LIFE_RAN) + there, 1);
    end_guest(life == GW_LIFE_RAN ? play->guest : again);
}

/* --- a play ------------------------------------------------------------------------------------------------------ */

static void begin(struct play *play)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    ignore_broken_pipes();
    memset(play, 0, sizeof *play);
    play->shared = mmap(NULL, sizeof *play->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(play->shared != MAP_FAILED);
    state_dir_new(play->state_dir);
    snprintf(play->address, sizeof play->address, "unix:%s/s", state_dir_new(play->run_dir));
    play->listener = gw_listen(play->address, &err);
    CHECK(play->listener != NULL);
    play->opts = (struct gw_migrate_opts){ .to = play->address, .state_dir = play->state_dir, .checks = true };
    play->opts.saver.clock = &gw_clock_real;
    play->opts.told = die_here;
    play->opts.arg = play;
    struct gw_source *source = guest_open("process:life=100,mem=256K,rate=1M", &facts);
    snprintf(play->guest, sizeof play->guest, "%s", facts.again);
    gw_source_close(source);
}

static void go(struct play *play)
{
    struct gw_err err = GW_ERR_NONE;
    fflush(NULL);
    play->server = fork();
    CHECK(play->server >= 0);
    if (play->server == 0) {
        setpgid(0, 0);
        serve(play);
    }
    setpgid(play->server, play->server);
    migrate_apart(play);
    CHECK_EQ(gw_sessions(play->state_dir, settle_source, play, &err), 0);
    end_server(play);
    CHECK_EQ(gw_sessions(play->state_dir, settle_destination, play, &err), 0);
    has_one_owner(play);
    gw_listener_close(play->listener);
    state_dir_remove(play->state_dir);
    state_dir_remove(play->run_dir);
    munmap(play->shared, sizeof *play->shared);
}

static void a_source_may_die_in_each_state(void)
{
    static const char *const states[] = { "OPENING", "COPYING",    "SUSPENDING", "STOPPED",
                                          "PROVING", "LETTING_GO", "LET_GO",     "MOVED" };
    for (unsigned i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct play play;
        begin(&play);
        play.source_dies = states[i];
        printf("%s\n", states[i]);
        go(&play);
    }
}

static void a_destination_may_die_in_each_state(void)
{
    static const char *const states[] = { "WAITING", "TAKING", "READY", "CLAIMING", "STARTING", "RUNS" };
    for (unsigned i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct play play;
        begin(&play);
        play.destination_dies = states[i];
        printf("%s\n", states[i]);
        go(&play);
    }
}

/* What nobody can read may say that the guest runs here: it is a person's, as owner show tells him. */
static void a_journal_that_cannot_be_read_is_not_forgotten(void)
{
    struct gw_err err = GW_ERR_NONE;
    char dir[STATE_DIR_ROOM], path[STORE_PATH_MAX];
    struct gw_receive_opts opts = { .state_dir = state_dir_new(dir), .wait_ns = 1000000 };
    struct gw_receive_report report;
    enum gw_decision decision;
    struct store store = session_store(dir, STORE_DESTINATION);
    CHECK_EQ(store_path(&store, "journal", path, &err), 0);
    FILE *journal = fopen(path, "w");
    CHECK(journal != NULL && fputs("not a journal\n", journal) >= 0 && fclose(journal) == 0);
    CHECK_EQ(store_decide(&store, GW_DECISION_STARTED, &err), 0);
    CHECK(gw_settle_destination(store.id, &opts, &report, &err) < 0);
    printf("%s\n", err.msg);
    CHECK(err.msg[0] != '\0' && report.arrival == GW_ARRIVED_NOTHING);
    CHECK(store_has_journal(&store));
    CHECK(store_decision(&store, &decision, &err) == 0 && decision == GW_DECISION_STARTED);
    store_close(&store);
    state_dir_remove(dir);
}

const struct test tests[] = {
    { "a-journal-that-cannot-be-read-is-not-forgotten", a_journal_that_cannot_be_read_is_not_forgotten },
    { "a-source-may-die-in-each-state", a_source_may_die_in_each_state },
    { "a-destination-may-die-in-each-state", a_destination_may_die_in_each_state },
    { NULL, NULL },
};
