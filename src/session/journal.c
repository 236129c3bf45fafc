/*
 * journal.c - a session's journal: lines of text. First what a restart needs, then a word a line as it is decided.
 *
 *   godwit journal 1
 *   guest process:pid=123,born=4567
 *   name process 123
 *   peer tcp://host:1234
 *   epoch 0
 *   boot 01234567-...
 *   word suspend
 *
 * Control characters and '%' in a value stand as %XX. A line that was cut off, or that nobody knows, does not count: a
 * word begins with an end of line, so that it stands alone whatever a failed write left before it.
 * Tests: tests/unit/journal.c.
 */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store.h"
#include "store_files.h"

#define TITLE "godwit journal 1\n"
#define JOURNAL_MAX 65536
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

static const char *const words[][4] = {
    [STORE_SOURCE] = { "suspend", "letgo", "kept", "moved" }, /* bits of enum gw_source_word, from 1 */
    [STORE_DESTINATION] = { "runs" },
};

/* --- text --------------------------------------------------------------------------------------------------------- */

static void put_text(struct gw_buf *buf, const char *text)
{
    gw_put(buf, text, strlen(text));
}

static void put_line(struct gw_buf *buf, const char *key, const char *value)
{
    char code[4];
    put_text(buf, key);
    gw_put_u8(buf, ' ');
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;
        snprintf(code, sizeof code, "%%%02X", c);
        if (c < 0x20 || c == 0x7f || c == '%')
            put_text(buf, code);
        else
            gw_put_u8(buf, c);
    }
    gw_put_u8(buf, '\n');
}

static void take_value(const char *text, char out[STORE_VALUE_MAX])
{
    size_t at = 0;
    for (; *text != '\0' && at + 1 < STORE_VALUE_MAX; text++) {
        char code[3] = { text[0] == '%' ? text[1] : '\0', text[1] != '\0' ? text[2] : '\0', '\0' };
        bool coded = isxdigit((unsigned char)code[0]) && isxdigit((unsigned char)code[1]);
        out[at++] = coded ? (char)strtoul(code, NULL, 16) : *text;
        text += coded ? 2 : 0;
    }
    out[at] = '\0';
}

static void read_boot_id(char out[64])
{
    gw_auto(gw_closep) int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, out, 63) : 0;
    out[len > 0 ? len : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static unsigned word_of(enum store_side side, const char *text)
{
    for (unsigned i = 0; i < 4 && words[side][i] != NULL; i++)
        if (strcmp(words[side][i], text) == 0)
            return 1u << i;
    return 0;
}

static void take_line(enum store_side side, char *line, struct store_head *head, unsigned *found)
{
    char boot[64], value[STORE_VALUE_MAX];
    char *space = strchr(line, ' ');
    if (space == NULL)
        return;
    *space = '\0';
    take_value(space + 1, value);
    if (strcmp(line, "guest") == 0)
        memcpy(head->guest, value, sizeof value);
    else if (strcmp(line, "name") == 0)
        memcpy(head->name, value, sizeof value);
    else if (strcmp(line, "peer") == 0)
        memcpy(head->peer, value, sizeof value);
    else if (strcmp(line, "epoch") == 0)
        head->epoch = strtoull(value, NULL, 10);
    else if (strcmp(line, "word") == 0)
        *found |= word_of(side, value);
    else if (strcmp(line, "boot") == 0) {
        read_boot_id(boot);
        head->same_boot = strcmp(boot, value) == 0;
    }
}

static bool take_text(enum store_side side, char *text, struct store_head *head, unsigned *found)
{
    *head = (struct store_head){ 0 };
    *found = 0;
    if (strncmp(text, TITLE, strlen(TITLE)) != 0)
        return false;
    for (char *line = text + strlen(TITLE), *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        take_line(side, line, head, found);
    }
    return true;
}

/* Zeros, which a crash may leave where octets were to come, end a line and no more. */
static void end_lines(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\0')
            text[i] = '\n';
    text[len] = '\0';
}

bool store_journal_read(const struct store *store, struct store_head *head, unsigned *found)
{
    char path[STORE_PATH_MAX];
    struct gw_err err = GW_ERR_NONE;
    size_t len = 0;
    gw_auto(gw_freep) char *text = gw_alloc(JOURNAL_MAX, 1, &err);
    if (text == NULL || store_path(store, "journal", path, &err) < 0)
        return false;
    gw_auto(gw_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    for (ssize_t got = 1; fd >= 0 && got > 0 && len < JOURNAL_MAX - 1; len += (size_t)(got > 0 ? got : 0))
        got = read(fd, text + len, JOURNAL_MAX - 1 - len);
    end_lines(text, len);
    return take_text(store->side, text, head, found);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void put_head(struct gw_buf *buf, const struct store_head *head)
{
    char text[64];
    put_text(buf, TITLE);
    put_line(buf, "guest", head->guest);
    put_line(buf, "name", head->name);
    put_line(buf, "peer", head->peer);
    snprintf(text, sizeof text, "%llu", (unsigned long long)head->epoch);
    put_line(buf, "epoch", text);
    read_boot_id(text);
    put_line(buf, "boot", text);
}

static int open_for_words(struct store *store, const char *path, struct gw_err *err)
{
    assert(store->journal < 0);
    store->journal = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (store->journal < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot open '%s'", path);
    return 0;
}

/* Room for all words is taken now, where the file system can: a disk that fills up later does not stop a hand-over. */
int store_journal_new(struct store *store, const struct store_head *head, struct gw_err *err)
{
    char aside[STORE_PATH_MAX], path[STORE_PATH_MAX];
    struct gw_buf text = { 0 };
    put_head(&text, head);
    int rc = gw_buf_ok(&text, err);
    if (rc == 0)
        rc = store_path(store, "journal", path, err);
    if (rc == 0)
        rc = store_write_aside(store, (const char *)text.mem, text.len, aside, err);
    gw_buf_free(&text);
    if (rc < 0)
        return -1;
    if (rename(aside, path) < 0) {
        gw_fail(err, GW_E_SYSTEM, "cannot write '%s'", path);
        unlink(aside);
        return -1;
    }
    if (open_for_words(store, path, err) < 0)
        return -1;
    (void)fallocate(store->journal, FALLOC_FL_KEEP_SIZE, 0, 4096);
    return store_sync_dir(store, err);
}

bool store_has_journal(const struct store *store)
{
    char path[STORE_PATH_MAX];
    struct gw_err ignored = GW_ERR_NONE;
    return store_path(store, "journal", path, &ignored) == 0 && access(path, F_OK) == 0;
}

int store_journal_open(struct store *store, struct store_head *head, unsigned *found, struct gw_err *err)
{
    char path[STORE_PATH_MAX];
    if (store_path(store, "journal", path, err) < 0)
        return -1;
    if (!store_journal_read(store, head, found))
        return gw_fail(err, GW_E_INVALID, "'%s' is no journal, or cannot be read", path);
    return open_for_words(store, path, err);
}

int store_journal_add(struct store *store, unsigned word, struct gw_err *err)
{
    char line[32];
    unsigned at = (unsigned)__builtin_ctz(word);
    assert(store->journal >= 0 && at < 4 && words[store->side][at] != NULL);
    int len = snprintf(line, sizeof line, "\nword %s\n", words[store->side][at]);
    if (write(store->journal, line, (size_t)len) == len && fsync(store->journal) == 0)
        return 0;
    return gw_fail(err, GW_E_SYSTEM, "cannot write '%s' into the journal of session %s", words[store->side][at],
                   store->id);
}
