/*
 * store.c - the files of a session but its journal (journal.c): directory, lock, decision, the holder's ear.
 *
 * A decision is written aside and linked under its name, so that it is whole or not there, and the first one wins
 * across all processes. Tests: tests/unit/store.c.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"
#include "store.h"
#include "store_files.h"

static const char *const sides[] = { [STORE_SOURCE] = "source", [STORE_DESTINATION] = "destination" };

/* --- paths and durability ----------------------------------------------------------------------------------------- */

int store_path(const struct store *store, const char *suffix, char *room, struct gw_err *err)
{
    int len = snprintf(room, STORE_PATH_MAX, "%s/%s.%s", store->dir, store->id, suffix);
    if (len > 0 && len < STORE_PATH_MAX)
        return 0;
    return gw_fail(err, GW_E_USAGE, "the state directory '%.200s...' has too long a name", store->dir);
}

int store_sync_dir(const struct store *store, struct gw_err *err)
{
    gw_auto(gw_closep) int fd = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot make files in '%s' durable", store->dir);
    return 0;
}

int store_write_aside(const struct store *store, const char *text, size_t len, char *aside, struct gw_err *err)
{
    char suffix[64];
    snprintf(suffix, sizeof suffix, "%d.new", (int)gettid());
    if (store_path(store, suffix, aside, err) < 0)
        return -1;
    unlink(aside); /* of a death in between: it may be another name of a decision that stands */
    gw_auto(gw_closep) int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && write(fd, text, len) == (ssize_t)len && fsync(fd) == 0)
        return 0;
    gw_fail(err, GW_E_SYSTEM, "cannot write a file of session %s in '%s'", store->id, store->dir);
    unlink(aside);
    return -1;
}

static int make_dir(const char *path, struct gw_err *err)
{
    if (mkdir(path, 0700) == 0)
        return gw_sync_parent(path, err);
    if (errno == EEXIST)
        return 0;
    return gw_fail(err, GW_E_SYSTEM, "cannot make the directory '%s'", path);
}

/* All folders of the path. */
static int make_dirs(char *path, struct gw_err *err)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int rc = make_dir(path, err);
        *slash = '/';
        if (rc < 0)
            return -1;
    }
    return make_dir(path, err);
}

static char *dir_of(const char *state_dir, enum store_side side, struct gw_err *err)
{
    size_t room = strlen(state_dir) + 16;
    char *dir = gw_alloc(room, 1, err);
    if (dir != NULL)
        snprintf(dir, room, "%s/%s", state_dir, sides[side]);
    return dir;
}

int store_open(struct store *store, const char *state_dir, enum store_side side, const uint8_t id[GW_CHUNK_ID_LEN],
               struct gw_err *err)
{
    *store = STORE_NONE;
    store->side = side;
    session_text(id, store->id);
    store->dir = dir_of(state_dir, side, err);
    if (store->dir != NULL && make_dirs(store->dir, err) == 0)
        return 0;
    store_close(store);
    return gw_because(err, "cannot keep a journal; --state-dir names another place");
}

static void drop(int *fd)
{
    gw_closep(fd);
    *fd = -1;
}

void store_close(struct store *store)
{
    drop(&store->journal);
    drop(&store->hand);
    drop(&store->lock);
    gw_free(store->dir);
    store->dir = NULL;
}

/* --- the lock ----------------------------------------------------------------------------------------------------- */

/* The file that was locked still has its name: its last holder did not take it away in between. */
static bool has_name(int fd, const char *path)
{
    struct stat mine, named;
    return fstat(fd, &mine) == 0 && stat(path, &named) == 0 && mine.st_ino == named.st_ino &&
           mine.st_dev == named.st_dev;
}

int store_lock(struct store *store, bool *held, struct gw_err *err)
{
    char path[STORE_PATH_MAX];
    assert(store->lock < 0);
    *held = false;
    if (store_path(store, "lock", path, err) < 0)
        return -1;
    for (;;) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
            return gw_fail(err, GW_E_SYSTEM, "cannot open '%s'", path);
        int rc = flock(fd, LOCK_EX | LOCK_NB), sys = errno;
        bool named = has_name(fd, path);
        if (rc == 0 && named) {
            store->lock = fd;
            return 0;
        }
        gw_closep(&fd);
        *held = rc < 0 && sys == EWOULDBLOCK && named;
        if (*held)
            return gw_fail(err, GW_E_REFUSED, "session %s is in the hands of another godwit", store->id);
        errno = sys;
        if (rc < 0 && sys != EWOULDBLOCK && sys != EINTR)
            return gw_fail(err, GW_E_SYSTEM, "cannot lock '%s'", path);
    }
}

/* Of the session's files, the next that the directory names; NULL: none, or no directory. */
static const char *next_file(const struct store *store, DIR *dir)
{
    size_t len = strlen(store->id);
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;)
        if (strncmp(entry->d_name, store->id, len) == 0 && entry->d_name[len] == '.')
            return entry->d_name;
    return NULL;
}

int store_must_be(const struct store *store, struct gw_err *err)
{
    DIR *dir = opendir(store->dir);
    bool found = next_file(store, dir) != NULL;
    if (dir != NULL)
        closedir(dir);
    return found ? 0 : gw_fail(err, GW_E_REFUSED, "there is no session %s in '%s'", store->id, store->dir);
}

int store_open_again(struct store *store, const char *state_dir, enum store_side side, const char *session,
                     uint8_t id[GW_CHUNK_ID_LEN], struct gw_err *err)
{
    bool held;
    if (!session_parse(session, id))
        return gw_fail(err, GW_E_USAGE, "'%s' is no session: 32 digits and letters from a to f are", session);
    if (store_open(store, state_dir, side, id, err) < 0)
        return -1;
    return store_must_be(store, err) < 0 ? -1 : store_lock(store, &held, err);
}

bool store_is_held(const struct store *store)
{
    char path[STORE_PATH_MAX];
    struct gw_err ignored = GW_ERR_NONE;
    if (store_path(store, "lock", path, &ignored) < 0)
        return false;
    gw_auto(gw_closep) int fd = open(path, O_RDWR | O_CLOEXEC);
    return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

/* --- the decision ------------------------------------------------------------------------------------------------- */

static const char *const decisions[GW_NUM_DECISIONS] = {
    [GW_DECISION_STARTED] = "started\n",
    [GW_DECISION_DECLINED] = "declined\n",
};

static int read_decision(int fd, const char *path, enum gw_decision *out, struct gw_err *err)
{
    char text[16] = "";
    if (read(fd, text, sizeof text - 1) < 0 || fsync(fd) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot read '%s'", path);
    for (unsigned i = GW_DECISION_STARTED; i < GW_NUM_DECISIONS; i++)
        if (strcmp(text, decisions[i]) == 0)
            return *out = (enum gw_decision)i, 0;
    return gw_fail(err, GW_E_INVALID, "'%s' holds no decision", path);
}

int store_decision(const struct store *store, enum gw_decision *out, struct gw_err *err)
{
    char path[STORE_PATH_MAX];
    *out = GW_DECISION_NONE;
    if (store_path(store, "decision", path, err) < 0)
        return -1;
    gw_auto(gw_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot open '%s'", path);
    return read_decision(fd, path, out, err) < 0 ? -1 : store_sync_dir(store, err);
}

/* 1: a decision stands there already. */
static int put_decision(const struct store *store, enum gw_decision decision, bool over, struct gw_err *err)
{
    char aside[STORE_PATH_MAX], path[STORE_PATH_MAX];
    const char *text = decisions[decision];
    assert(text != NULL);
    if (store_path(store, "decision", path, err) < 0 || store_write_aside(store, text, strlen(text), aside, err) < 0)
        return -1;
    int rc = over ? rename(aside, path) : link(aside, path);
    int sys = errno;
    unlink(aside);
    errno = sys;
    if (rc < 0 && !over && errno == EEXIST)
        return 1;
    if (rc < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot write '%s'", path);
    return store_sync_dir(store, err);
}

int store_decide(const struct store *store, enum gw_decision decision, struct gw_err *err)
{
    return put_decision(store, decision, false, err);
}

int store_decide_again(const struct store *store, enum gw_decision decision, struct gw_err *err)
{
    return put_decision(store, decision, true, err);
}

/* --- the ear ------------------------------------------------------------------------------------------------------ */

/* Open for both ways, so that it never ends. */
int store_listen(struct store *store, struct gw_err *err)
{
    char path[STORE_PATH_MAX];
    if (store_path(store, "hand", path, err) < 0)
        return -1;
    if (mkfifo(path, 0600) < 0 && errno != EEXIST)
        return gw_fail(err, GW_E_SYSTEM, "cannot make '%s'", path);
    store->hand = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    return store->hand >= 0 ? 0 : gw_fail(err, GW_E_SYSTEM, "cannot open '%s'", path);
}

int store_hand(const struct store *store, char word, struct gw_err *err)
{
    char path[STORE_PATH_MAX];
    if (store_path(store, "hand", path, err) < 0)
        return -1;
    gw_auto(gw_closep) int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && write(fd, &word, 1) == 1)
        return 0;
    return gw_fail(err, GW_E_SYSTEM, "cannot reach the holder through '%s'", path);
}

char store_handed(struct store *store)
{
    char word;
    return store->hand >= 0 && read(store->hand, &word, 1) == 1 ? word : 0;
}

/* --- the end, and all that is there ------------------------------------------------------------------------------- */

/* What a claim that died left aside. Only its holder removes it: nobody else writes aside now, or he tries again. */
static void remove_asides(const struct store *store)
{
    char path[STORE_PATH_MAX];
    DIR *dir = opendir(store->dir);
    for (const char *name; (name = next_file(store, dir)) != NULL;) {
        size_t len = strlen(name); /* at least that of the id and the point */
        if (strcmp(name + len - 4, ".new") == 0 &&
            snprintf(path, sizeof path, "%s/%s", store->dir, name) < (int)sizeof path)
            unlink(path);
    }
    if (dir != NULL)
        closedir(dir);
}

static void remove_file(const struct store *store, const char *suffix)
{
    char path[STORE_PATH_MAX];
    struct gw_err ignored = GW_ERR_NONE;
    if (store_path(store, suffix, path, &ignored) == 0)
        unlink(path);
}

/* The lock goes last: until then nobody else takes the session for his. */
static void remove_lock(struct store *store)
{
    remove_file(store, "lock");
    drop(&store->lock);
}

int store_forget(struct store *store)
{
    struct gw_err ignored = GW_ERR_NONE;
    assert(store->lock >= 0);
    remove_asides(store);
    remove_file(store, "hand");
    remove_file(store, "decision");
    remove_file(store, "journal");
    bool stays = store_has_journal(store) || store_sync_dir(store, &ignored) < 0;
    remove_lock(store);
    return stays ? -1 : 0;
}

void store_keep(struct store *store, bool journal)
{
    assert(store->lock >= 0);
    remove_asides(store);
    remove_file(store, "hand");
    if (!journal)
        remove_file(store, "journal");
    remove_lock(store);
}

/* ID.something: its id. */
static bool is_session_file(const char *name, char id[SESSION_TEXT_ROOM])
{
    uint8_t octets[GW_CHUNK_ID_LEN];
    if (strlen(name) < SESSION_TEXT_ROOM || name[SESSION_TEXT_ROOM - 1] != '.')
        return false;
    snprintf(id, SESSION_TEXT_ROOM, "%.*s", SESSION_TEXT_ROOM - 1, name);
    return session_parse(id, octets);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Sorted, each once. */
static unsigned tidy_list(char (*ids)[SESSION_TEXT_ROOM], unsigned num)
{
    unsigned kept = 0;
    if (num > 1)
        qsort(ids, num, sizeof *ids, by_text);
    for (unsigned i = 0; i < num; i++)
        if (kept == 0 || strcmp(ids[kept - 1], ids[i]) != 0)
            memmove(ids[kept++], ids[i], sizeof *ids);
    return kept;
}

static int read_list(DIR *dir, char (**ids)[SESSION_TEXT_ROOM], unsigned *num, struct gw_err *err)
{
    size_t cap = 0;
    void *mem = NULL;
    int rc = 0;
    *num = 0;
    for (const struct dirent *entry; rc == 0 && (entry = readdir(dir)) != NULL;) {
        char id[SESSION_TEXT_ROOM];
        if (!is_session_file(entry->d_name, id))
            continue;
        rc = gw_grow(&mem, &cap, *num + 1, sizeof **ids, err);
        *ids = mem;
        if (rc == 0)
            memcpy((*ids)[(*num)++], id, sizeof id);
    }
    *num = tidy_list(*ids, *num);
    return rc;
}

int store_list(const char *state_dir, enum store_side side, char (**ids)[SESSION_TEXT_ROOM], unsigned *num,
               struct gw_err *err)
{
    gw_auto(gw_freep) char *path = dir_of(state_dir, side, err);
    *num = 0;
    *ids = NULL;
    if (path == NULL)
        return -1;
    DIR *dir = opendir(path);
    if (dir == NULL && errno == ENOENT)
        return 0;
    if (dir == NULL)
        return gw_fail(err, GW_E_SYSTEM, "cannot read the directory '%s'", path);
    int rc = read_list(dir, ids, num, err);
    closedir(dir);
    return rc;
}

bool store_unfinished(const char *state_dir, const char *guest, unsigned has, const char *but,
                      char id[SESSION_TEXT_ROOM])
{
    struct gw_err ignored = GW_ERR_NONE;
    char(*ids)[SESSION_TEXT_ROOM];
    unsigned num, words;
    bool found = false;
    (void)store_list(state_dir, STORE_SOURCE, &ids, &num, &ignored);
    for (unsigned i = 0; i < num && !found && guest[0] != '\0'; i++) {
        struct store store = { .side = STORE_SOURCE, .dir = dir_of(state_dir, STORE_SOURCE, &ignored) };
        struct store_head head;
        memcpy(store.id, ids[i], sizeof store.id);
        found = strcmp(ids[i], but) != 0 && store.dir != NULL && store_journal_read(&store, &head, &words) &&
                strcmp(head.guest, guest) == 0 && (words & has) != 0 && (words & (GW_WORD_KEPT | GW_WORD_MOVED)) == 0;
        if (found)
            memcpy(id, ids[i], SESSION_TEXT_ROOM);
        gw_free(store.dir);
    }
    gw_free(ids);
    return found;
}
