/*
 * session_tools.c - see session_tools.h.
 */
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "session_tools.h"

#define DEPTH 16 /* directories open at once */

static unsigned num_files; /* nftw hands no argument on */

void ignore_broken_pipes(void)
{
    const struct sigaction ignore = { .sa_handler = SIG_IGN };
    CHECK_EQ(sigaction(SIGPIPE, &ignore, NULL), 0);
}

const char *state_dir_new(char room[STATE_DIR_ROOM])
{
    snprintf(room, STATE_DIR_ROOM, "%s/godwit-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    CHECK(mkdtemp(room) != NULL);
    return room;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *where)
{
    (void)stat;
    (void)type;
    (void)where;
    return remove(path);
}

void state_dir_remove(const char *dir)
{
    CHECK_EQ(nftw(dir, remove_one, DEPTH, FTW_DEPTH | FTW_PHYS), 0);
}

static int count_one(const char *path, const struct stat *stat, int type, struct FTW *where)
{
    (void)stat;
    (void)where;
    if (type == FTW_D)
        return 0;
    printf("file %s\n", path);
    num_files++;
    return 0;
}

unsigned state_dir_files(const char *dir)
{
    num_files = 0;
    CHECK_EQ(nftw(dir, count_one, DEPTH, FTW_PHYS), 0);
    return num_files;
}

static int count_leftover(const char *path, const struct stat *st, int type, struct FTW *at)
{
    char text[16];
    const char *dot = strrchr(path, '.');
    bool answer = dot != NULL && strcmp(dot, ".decision") == 0 && file_read(path, text, sizeof text - 1) == 9 &&
                  strcmp(text, "declined\n") == 0;
    return answer ? 0 : count_one(path, st, type, at);
}

unsigned state_dir_leftovers(const char *dir)
{
    num_files = 0;
    CHECK_EQ(nftw(dir, count_leftover, DEPTH, FTW_PHYS), 0);
    return num_files;
}

long file_read(const char *path, char *text, size_t room)
{
    memset(text, 0, room);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return -1;
    ssize_t len = read(fd, text, room);
    close(fd);
    CHECK(len >= 0);
    return len;
}

void file_write(const char *path, const void *mem, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0);
    CHECK_EQ(write(fd, mem, len), (ssize_t)len);
    close(fd);
}

/* --- one session -------------------------------------------------------------------------------------------------- */

const uint8_t session_id[GW_CHUNK_ID_LEN] = { 0xab, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

struct store session_store(const char *dir, enum store_side side)
{
    struct gw_err err = GW_ERR_NONE;
    struct store store;
    store_open(&store, dir, side, session_id, &err);
    CHECK_STR(err.msg, "");
    return store;
}

void session_lock(struct store *store)
{
    struct gw_err err = GW_ERR_NONE;
    bool held;
    store_lock(store, &held, &err);
    CHECK_STR(err.msg, "");
    CHECK(!held);
}

const char *session_path(const struct store *store, const char *suffix)
{
    static char path[300];
    CHECK(snprintf(path, sizeof path, "%s/%s.%s", store->dir, store->id, suffix) < (int)sizeof path);
    return path;
}

void session_journal(struct store *store, const char *guest)
{
    struct gw_err err = GW_ERR_NONE;
    struct store_head head = { .peer = "tcp://there:1", .name = "name", .epoch = 7 };
    snprintf(head.guest, sizeof head.guest, "%s", guest);
    store_journal_new(store, &head, &err);
    CHECK_STR(err.msg, "");
}

void session_word(struct store *store, unsigned word)
{
    struct gw_err err = GW_ERR_NONE;
    store_journal_add(store, word, &err);
    CHECK_STR(err.msg, "");
}

unsigned session_words(const struct store *store)
{
    struct store_head head;
    unsigned words = 99;
    CHECK(store_journal_read(store, &head, &words));
    return words;
}
