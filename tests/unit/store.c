/*
 * store.c - what a session keeps on disk beside its journal: a decision that the first one wins, a lock that ends with
 * its holder, an ear, and nothing at the end.
 *
 * Linked with a flock of its own, so that a lock's file can lose its name in the one moment that matters.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "session_tools.h"

/* --- decisions --------------------------------------------------------------------------------------------------- */

static enum gw_decision decision_of(const struct store *store)
{
    struct gw_err err = GW_ERR_NONE;
    enum gw_decision decision = GW_NUM_DECISIONS;
    store_decision(store, &decision, &err);
    CHECK_STR(err.msg, "");
    return decision;
}

static void the_first_decision_stands(void)
{
    static const enum gw_decision both[] = { GW_DECISION_STARTED, GW_DECISION_DECLINED };
    for (unsigned i = 0; i < 2; i++) {
        struct gw_err err = GW_ERR_NONE;
        char dir[STATE_DIR_ROOM];
        struct store store = session_store(state_dir_new(dir), STORE_DESTINATION);
        CHECK_EQ(decision_of(&store), GW_DECISION_NONE);
        CHECK_EQ(store_decide(&store, both[i], &err), 0);
        CHECK_EQ(decision_of(&store), both[i]);
        CHECK_EQ(store_decide(&store, both[1 - i], &err), 1);
        CHECK_EQ(store_decide(&store, both[i], &err), 1);
        CHECK_EQ(decision_of(&store), both[i]);
        CHECK_EQ(err.code, GW_E_OK);
        CHECK_EQ(state_dir_files(dir), 1);
        store_close(&store);
        state_dir_remove(dir);
    }
}

static void declined_goes_over_started(void)
{
    struct gw_err err = GW_ERR_NONE;
    char dir[STATE_DIR_ROOM];
    struct store store = session_store(state_dir_new(dir), STORE_DESTINATION);
    CHECK_EQ(store_decide(&store, GW_DECISION_STARTED, &err), 0);
    CHECK_EQ(store_decide_again(&store, GW_DECISION_DECLINED, &err), 0);
    CHECK_EQ(decision_of(&store), GW_DECISION_DECLINED);
    CHECK_EQ(store_decide_again(&store, GW_DECISION_DECLINED, &err), 0);
    CHECK_EQ(state_dir_files(dir), 1);
    store_close(&store);
    state_dir_remove(dir);
}

static void what_is_no_decision_is_an_error_and_wins(void)
{
    static const char *const texts[] = { "",
                                         "started",
                                         "declined",
                                         "starte\n",
                                         "started\n\n",
                                         "started\ndeclined\n",
                                         "\nstarted\n",
                                         "declined\nmore than was ever written here\n" };
    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        char dir[STATE_DIR_ROOM];
        enum gw_decision decision;
        struct store store = session_store(state_dir_new(dir), STORE_DESTINATION);
        file_write(session_path(&store, "decision"), texts[i], strlen(texts[i]));
        CHECK_EQ(store_decision(&store, &decision, &err), -1);
        CHECK_FAIL(err, GW_E_INVALID, ".decision' holds no decision");
        err = GW_ERR_NONE;
        CHECK_EQ(store_decide(&store, GW_DECISION_DECLINED, &err), 1);
        CHECK_EQ(store_decide_again(&store, GW_DECISION_DECLINED, &err), 0);
        CHECK_EQ(decision_of(&store), GW_DECISION_DECLINED);
        store_close(&store);
        state_dir_remove(dir);
    }
}

static void where_the_directory_is_gone_nothing_is_decided(void)
{
    struct gw_err err = GW_ERR_NONE;
    char dir[STATE_DIR_ROOM];
    struct store store = session_store(state_dir_new(dir), STORE_DESTINATION);
    state_dir_remove(dir);
    CHECK_EQ(store_decide(&store, GW_DECISION_DECLINED, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot write a file of session");
    err = GW_ERR_NONE;
    CHECK_EQ(store_decide_again(&store, GW_DECISION_DECLINED, &err), -1);
    CHECK_EQ(err.code, GW_E_SYSTEM);
    store_close(&store);
}

#define CLAIMERS 8

/* Exit status 0: won; 1: another did; 2: failed. All begin when the pipe ends. */
static pid_t begin_claimer(const char *dir, enum gw_decision wanted, int gate[2])
{
    struct gw_err err = GW_ERR_NONE;
    char octet;
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid > 0)
        return pid;
    close(gate[1]);
    struct store store = session_store(dir, STORE_DESTINATION);
    if (read(gate[0], &octet, 1) != 0)
        _exit(3);
    int rc = store_decide(&store, wanted, &err);
    _exit(rc < 0 ? 2 : rc);
}

static void of_many_claimers_one_wins(void)
{
    for (unsigned run = 0; run < 30; run++) {
        char dir[STATE_DIR_ROOM];
        pid_t pids[CLAIMERS];
        int gate[2], how;
        enum gw_decision won = GW_DECISION_NONE;
        struct store store = session_store(state_dir_new(dir), STORE_DESTINATION);
        CHECK_EQ(pipe(gate), 0);
        for (unsigned i = 0; i < CLAIMERS; i++)
            pids[i] = begin_claimer(dir, i % 2 ? GW_DECISION_STARTED : GW_DECISION_DECLINED, gate);
        close(gate[0]);
        close(gate[1]);
        for (unsigned i = 0; i < CLAIMERS; i++) {
            CHECK_EQ(waitpid(pids[i], &how, 0), pids[i]);
            CHECK(WIFEXITED(how) && WEXITSTATUS(how) <= 1);
            if (WEXITSTATUS(how) == 1)
                continue;
            CHECK_EQ(won, GW_DECISION_NONE);
            won = i % 2 ? GW_DECISION_STARTED : GW_DECISION_DECLINED;
        }
        CHECK(won != GW_DECISION_NONE);
        CHECK_EQ(decision_of(&store), won);
        CHECK_EQ(state_dir_files(dir), 1);
        store_close(&store);
        state_dir_remove(dir);
    }
}

/* --- a full disk ------------------------------------------------------------------------------------------------- */

static void fill_disk(const char *dir)
{
    static const char block[4096];
    char path[STATE_DIR_ROOM + 8];
    snprintf(path, sizeof path, "%s/full", dir);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    CHECK(fd >= 0);
    while (write(fd, block, sizeof block) > 0)
        ;
    CHECK_EQ(errno, ENOSPC);
    close(fd);
}

static void a_full_disk_stops_no_word_and_decides_nothing(void)
{
    struct gw_err err = GW_ERR_NONE;
    char dir[STATE_DIR_ROOM];
    state_dir_new(dir);
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", dir, "tmpfs", 0, "size=64k") < 0)
        SKIP("a small file system cannot be mounted here");
    struct store store = session_store(dir, STORE_DESTINATION);
    session_lock(&store);
    session_journal(&store, "");
    fill_disk(dir);
    CHECK_EQ(store_decide(&store, GW_DECISION_STARTED, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "No space left");
    CHECK_EQ(decision_of(&store), GW_DECISION_NONE);
    session_word(&store, STORE_RUNS);
    CHECK_EQ(session_words(&store), STORE_RUNS);
    CHECK_EQ(store_forget(&store), 0);
    store_close(&store);
    CHECK_EQ(state_dir_files(dir), 1); /* what filled it */
    CHECK_EQ(umount(dir), 0);
    state_dir_remove(dir);
}

/* --- the lock ---------------------------------------------------------------------------------------------------- */

int __wrap_flock(int fd, int operation);
int __real_flock(int fd, int operation);

static char steal[300];    /* this name goes away before the next lock */
static bool steal_and_put; /* and another file comes in its place */

int __wrap_flock(int fd, int operation)
{
    if (steal[0] != '\0') {
        CHECK_EQ(unlink(steal), 0);
        if (steal_and_put)
            file_write(steal, "", 0);
        steal[0] = '\0';
    }
    return __real_flock(fd, operation);
}

static void a_lock_has_one_holder_and_ends_with_him(void)
{
    struct gw_err err = GW_ERR_NONE;
    char dir[STATE_DIR_ROOM], octet;
    int told[2];
    bool held = false;
    struct store store = session_store(state_dir_new(dir), STORE_DESTINATION);
    CHECK(!store_is_held(&store));
    CHECK_EQ(pipe(told), 0);
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        session_lock(&store);
        CHECK_EQ(write(told[1], "x", 1), 1);
        for (;;)
            pause();
    }
    CHECK_EQ(read(told[0], &octet, 1), 1);
    CHECK(store_is_held(&store));
    CHECK_EQ(store_lock(&store, &held, &err), -1);
    CHECK_FAIL(err, GW_E_REFUSED, SESSION_ID_TEXT " is in the hands of another godwit");
    CHECK(held);
    CHECK_EQ(kill(pid, SIGKILL), 0);
    CHECK_EQ(waitpid(pid, NULL, 0), pid);
    session_lock(&store);
    store_close(&store);
    session_lock((store = session_store(dir, STORE_DESTINATION), &store));
    store_close(&store);
    state_dir_remove(dir);
}

static void a_lock_whose_name_went_away_is_not_held(void)
{
    for (unsigned i = 0; i < 2; i++) {
        char dir[STATE_DIR_ROOM];
        struct stat mine, named;
        struct store store = session_store(state_dir_new(dir), STORE_DESTINATION);
        snprintf(steal, sizeof steal, "%s", session_path(&store, "lock"));
        steal_and_put = i == 1;
        session_lock(&store);
        CHECK_STR(steal, "");
        CHECK_EQ(fstat(store.lock, &mine), 0);
        CHECK_EQ(stat(session_path(&store, "lock"), &named), 0);
        CHECK_EQ(mine.st_ino, named.st_ino);
        store_close(&store);
        state_dir_remove(dir);
    }
}

/* Takes the session and forgets it, again and again; nobody else has it meanwhile. */
static void take_turns(const char *dir, atomic_int *inside)
{
    for (unsigned turns = 0; turns < 100;) {
        struct gw_err err = GW_ERR_NONE;
        bool held;
        struct store store = session_store(dir, STORE_DESTINATION);
        if (store_lock(&store, &held, &err) == 0) {
            CHECK_EQ(atomic_fetch_add(inside, 1), 0);
            sched_yield();
            CHECK_EQ(atomic_fetch_sub(inside, 1), 1);
            CHECK_EQ(store_forget(&store), 0);
            turns++;
        } else {
            CHECK(held);
        }
        store_close(&store);
    }
}

static void sessions_that_are_forgotten_and_taken_have_one_holder(void)
{
    char dir[STATE_DIR_ROOM];
    atomic_int *inside = mmap(NULL, sizeof *inside, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int how;
    CHECK(inside != MAP_FAILED);
    state_dir_new(dir);
    fflush(NULL);
    for (unsigned i = 0; i < 4; i++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            take_turns(dir, inside);
            fflush(NULL);
            _exit(0);
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        CHECK(wait(&how) > 0);
        CHECK_EQ(how, 0);
    }
    CHECK_EQ(state_dir_files(dir), 0);
    state_dir_remove(dir);
}

/* --- the ear ----------------------------------------------------------------------------------------------------- */

static void the_holder_hears_what_is_handed_to_him(void)
{
    struct gw_err err = GW_ERR_NONE;
    char dir[STATE_DIR_ROOM];
    struct store holder = session_store(state_dir_new(dir), STORE_DESTINATION);
    struct store other = session_store(dir, STORE_DESTINATION);
    CHECK_EQ(store_handed(&holder), 0);
    CHECK_EQ(store_listen(&holder, &err), 0);
    CHECK_EQ(store_handed(&holder), 0);
    CHECK_EQ(store_hand(&other, STORE_COMM, &err), 0);
    CHECK_EQ(store_hand(&other, STORE_STOP, &err), 0);
    CHECK_EQ(store_handed(&holder), STORE_COMM);
    CHECK_EQ(store_handed(&holder), STORE_STOP);
    CHECK_EQ(store_handed(&holder), 0);
    CHECK_STR(err.msg, "");
    store_close(&other);
    store_close(&holder);
    state_dir_remove(dir);
}

static void nobody_hears_where_no_holder_lives(void)
{
    struct gw_err err = GW_ERR_NONE;
    char dir[STATE_DIR_ROOM];
    struct store holder = session_store(state_dir_new(dir), STORE_DESTINATION);
    struct store other = session_store(dir, STORE_DESTINATION);
    CHECK_EQ(store_hand(&other, STORE_COMM, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot reach the holder");
    CHECK_EQ(store_listen(&holder, &err), 0);
    CHECK_EQ(store_hand(&other, STORE_COMM, &err), 0);
    store_close(&holder);
    err = GW_ERR_NONE;
    CHECK_EQ(store_hand(&other, STORE_COMM, &err), -1);
    CHECK_EQ(err.code, GW_E_SYSTEM);
    err = GW_ERR_NONE;
    holder = session_store(dir, STORE_DESTINATION); /* the next one finds the fifo, and no old word in it */
    CHECK_EQ(store_listen(&holder, &err), 0);
    CHECK_EQ(store_handed(&holder), 0);
    CHECK_EQ(store_hand(&other, STORE_STOP, &err), 0);
    CHECK_EQ(store_handed(&holder), STORE_STOP);
    store_close(&other);
    store_close(&holder);
    state_dir_remove(dir);
}

/* --- the end, and all that is there ------------------------------------------------------------------------------ */

/* A session with every file that there is, one of a claim that died among them. */
static void fill(struct store *store, const char *dir)
{
    struct gw_err err = GW_ERR_NONE;
    *store = session_store(dir, STORE_DESTINATION);
    session_lock(store);
    session_journal(store, "");
    CHECK_EQ(store_listen(store, &err), 0);
    CHECK_EQ(store_decide(store, GW_DECISION_STARTED, &err), 0);
    file_write(session_path(store, "4711.new"), "sta", 3);
    CHECK_EQ(state_dir_files(dir), 5);
}

static void a_session_that_is_forgotten_leaves_nothing(void)
{
    char dir[STATE_DIR_ROOM], others[300];
    struct store store;
    fill(&store, state_dir_new(dir));
    snprintf(others, sizeof others, "%s/ab0102030405060708090a0b0c0d0e00.journal", store.dir);
    file_write(others, "", 0);
    CHECK_EQ(store_forget(&store), 0);
    CHECK_EQ(state_dir_files(dir), 1);
    CHECK_EQ(unlink(others), 0);
    store_close(&store);
    CHECK_EQ(state_dir_files(dir), 0);
    state_dir_remove(dir);
}

static void what_may_stay_is_told(void)
{
    char dir[STATE_DIR_ROOM];
    struct store store;
    fill(&store, state_dir_new(dir));
    state_dir_remove(dir);
    CHECK_EQ(store_forget(&store), -1);
    store_close(&store);
}

static void without_its_ear_a_session_can_still_be_asked_about(void)
{
    char dir[STATE_DIR_ROOM];
    struct store store, other;
    fill(&store, state_dir_new(dir));
    store_keep(&store, true);
    other = session_store(dir, STORE_DESTINATION);
    CHECK(!store_is_held(&other));
    CHECK_EQ(decision_of(&other), GW_DECISION_STARTED);
    CHECK_EQ(session_words(&other), 0);
    CHECK_EQ(access(session_path(&other, "hand"), F_OK), -1);
    session_lock(&other);
    CHECK_EQ(store_forget(&other), 0);
    store_close(&other);
    store_close(&store);
    CHECK_EQ(state_dir_files(dir), 0);
    state_dir_remove(dir);
}

static void sessions_are_listed_once_each_and_ascending(void)
{
    static const char *const names[] = {
        "ff000000000000000000000000000000.journal",
        "00000000000000000000000000000001.lock",
        "00000000000000000000000000000001.decision",
        "7f000000000000000000000000000000.1.new",
        "7f000000000000000000000000000000",
        "7F000000000000000000000000000001.journal",
        "0000000000000000000000000000001.journal",
        "000000000000000000000000000000012.journal",
        "a",
    };
    struct gw_err err = GW_ERR_NONE;
    char dir[STATE_DIR_ROOM], path[300], (*ids)[SESSION_TEXT_ROOM];
    unsigned num = 99;
    CHECK_EQ(store_list(state_dir_new(dir), STORE_DESTINATION, &ids, &num, &err), 0);
    CHECK_EQ(num, 0);
    gw_free(ids);
    struct store store = session_store(dir, STORE_DESTINATION);
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", store.dir, names[i]);
        file_write(path, "", 0);
    }
    CHECK_EQ(store_list(dir, STORE_DESTINATION, &ids, &num, &err), 0);
    CHECK_EQ(num, 3);
    CHECK_STR(ids[0], "00000000000000000000000000000001");
    CHECK_STR(ids[1], "7f000000000000000000000000000000");
    CHECK_STR(ids[2], "ff000000000000000000000000000000");
    gw_free(ids);
    CHECK_EQ(store_list(dir, STORE_SOURCE, &ids, &num, &err), 0);
    CHECK_EQ(num, 0);
    gw_free(ids);
    store_close(&store);
    state_dir_remove(dir);
}

static void a_state_directory_is_made_with_all_above_it(void)
{
    struct gw_err err = GW_ERR_NONE;
    char dir[STATE_DIR_ROOM], deep[STATE_DIR_ROOM + 16], file[STATE_DIR_ROOM + 16];
    struct store store;
    snprintf(deep, sizeof deep, "%s/a/b/c", state_dir_new(dir));
    store = session_store(deep, STORE_SOURCE);
    session_journal(&store, "");
    store_close(&store);
    snprintf(file, sizeof file, "%s/file", dir);
    file_write(file, "", 0);
    CHECK_EQ(store_open(&store, file, STORE_SOURCE, session_id, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot keep a journal; --state-dir names another place");
    state_dir_remove(dir);
}

const struct test tests[] = {
    { "the-first-decision-stands", the_first_decision_stands },
    { "declined-goes-over-started", declined_goes_over_started },
    { "what-is-no-decision-is-an-error-and-wins", what_is_no_decision_is_an_error_and_wins },
    { "where-the-directory-is-gone-nothing-is-decided", where_the_directory_is_gone_nothing_is_decided },
    { "of-many-claimers-one-wins", of_many_claimers_one_wins },
    { "a-full-disk-stops-no-word-and-decides-nothing", a_full_disk_stops_no_word_and_decides_nothing },
    { "a-lock-has-one-holder-and-ends-with-him", a_lock_has_one_holder_and_ends_with_him },
    { "a-lock-whose-name-went-away-is-not-held", a_lock_whose_name_went_away_is_not_held },
    { "sessions-that-are-forgotten-and-taken-have-one-holder", sessions_that_are_forgotten_and_taken_have_one_holder },
    { "the-holder-hears-what-is-handed-to-him", the_holder_hears_what_is_handed_to_him },
    { "nobody-hears-where-no-holder-lives", nobody_hears_where_no_holder_lives },
    { "a-session-that-is-forgotten-leaves-nothing", a_session_that_is_forgotten_leaves_nothing },
    { "what-may-stay-is-told", what_may_stay_is_told },
    { "without-its-ear-a-session-can-still-be-asked-about", without_its_ear_a_session_can_still_be_asked_about },
    { "sessions-are-listed-once-each-and-ascending", sessions_are_listed_once_each_and_ascending },
    { "a-state-directory-is-made-with-all-above-it", a_state_directory_is_made_with_all_above_it },
    { NULL, NULL },
};
