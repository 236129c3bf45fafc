/*
 * journal.c - the journal of a session: words count when they are whole, whatever a crash or a failed write left
 * around them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "session_tools.h"

/* Behind the journal's end, as a failed write may leave it. */
static void append(const struct store *store, const void *mem, size_t len)
{
    int fd = open(session_path(store, "journal"), O_WRONLY | O_APPEND);
    CHECK(fd >= 0);
    CHECK_EQ(write(fd, mem, len), (ssize_t)len);
    close(fd);
}

static void a_journal_keeps_what_a_restart_needs(void)
{
    struct gw_err err = GW_ERR_NONE;
    char dir[STATE_DIR_ROOM];
    struct store store = session_store(state_dir_new(dir), STORE_SOURCE);
    struct store_head head;
    unsigned words = 99;
    session_journal(&store, "process:pid=12,born=34");
    store_close(&store);
    store = session_store(dir, STORE_SOURCE);
    CHECK_EQ(store_journal_open(&store, &head, &words, &err), 0);
    CHECK_STR(head.guest, "process:pid=12,born=34");
    CHECK_STR(head.name, "name");
    CHECK_STR(head.peer, "tcp://there:1");
    CHECK_EQ(head.epoch, 7);
    CHECK(head.same_boot);
    CHECK_EQ(words, 0);
    store_close(&store);
    state_dir_remove(dir);
}

static void every_word_is_read_again(void)
{
    char dir[STATE_DIR_ROOM];
    state_dir_new(dir);
    for (unsigned words = 0; words <= GW_SOURCE_WORDS_ALL; words++) {
        struct store store = session_store(dir, STORE_SOURCE);
        session_journal(&store, "");
        for (unsigned word = 1; word <= GW_WORD_MOVED; word *= 2)
            if (words & word)
                session_word(&store, word);
        CHECK_EQ(session_words(&store), words);
        store_close(&store);
    }
    struct store store = session_store(dir, STORE_DESTINATION);
    session_journal(&store, "");
    CHECK_EQ(session_words(&store), 0);
    session_word(&store, STORE_RUNS);
    CHECK_EQ(session_words(&store), STORE_RUNS);
    store_close(&store);
    state_dir_remove(dir);
}

static void a_word_of_the_other_side_does_not_count(void)
{
    char dir[STATE_DIR_ROOM];
    struct store store = session_store(state_dir_new(dir), STORE_SOURCE);
    session_journal(&store, "");
    append(&store, "\nword runs\nword\nword \nWord kept\nword keptt\nwordkept\n", 51);
    CHECK_EQ(session_words(&store), 0);
    store_close(&store);
    store = session_store(dir, STORE_DESTINATION);
    session_journal(&store, "");
    append(&store, "\nword suspend\nword letgo\nword kept\nword moved\n", 46);
    CHECK_EQ(session_words(&store), 0);
    store_close(&store);
    state_dir_remove(dir);
}

static void values_may_hold_anything(void)
{
    char dir[STATE_DIR_ROOM], all[256], longest[STORE_VALUE_MAX];
    const char *const values[] = {
        "a\nword letgo\n", "%", "%%", "100%", "%41%0A", "\n", " two  blanks ", all, longest
    };
    for (unsigned i = 0; i < 255; i++)
        all[i] = (char)(i + 1);
    all[255] = '\0';
    memset(longest, '\n', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    state_dir_new(dir);
    for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct store_head head;
        unsigned words;
        struct store store = session_store(dir, STORE_SOURCE);
        session_journal(&store, values[i]);
        CHECK(store_journal_read(&store, &head, &words));
        CHECK_STR(head.guest, values[i]);
        CHECK_STR(head.name, "name");
        CHECK_EQ(words, 0);
        store_close(&store);
    }
    state_dir_remove(dir);
}

static void a_torn_word_does_not_count_and_spoils_none_behind_it(void)
{
    static const char whole[] = "\nword letgo\n";
    char dir[STATE_DIR_ROOM];
    state_dir_new(dir);
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        struct store store = session_store(dir, STORE_SOURCE);
        session_journal(&store, "");
        session_word(&store, GW_WORD_SUSPEND);
        append(&store, whole, len);
        CHECK_EQ(session_words(&store), GW_WORD_SUSPEND);
        session_word(&store, GW_WORD_KEPT);
        /* only the last end of line was missing: then the next word brings it */
        CHECK_EQ(session_words(&store), GW_WORD_SUSPEND | GW_WORD_KEPT | (len == sizeof whole - 2 ? GW_WORD_LETGO : 0));
        store_close(&store);
    }
    state_dir_remove(dir);
}

static void garbage_before_a_word_does_not_hide_it(void)
{
    char dir[STATE_DIR_ROOM], octet;
    state_dir_new(dir);
    for (unsigned i = 0; i < 256; i++) {
        struct store store = session_store(dir, STORE_SOURCE);
        session_journal(&store, "");
        octet = (char)i;
        append(&store, &octet, 1);
        session_word(&store, GW_WORD_LETGO);
        CHECK_EQ(session_words(&store), GW_WORD_LETGO);
        store_close(&store);
    }
    state_dir_remove(dir);
}

static void zeros_that_a_crash_left_do_not_hide_a_word(void)
{
    static const char zeros[5000];
    char dir[STATE_DIR_ROOM];
    struct store store = session_store(state_dir_new(dir), STORE_SOURCE);
    session_journal(&store, "");
    session_word(&store, GW_WORD_SUSPEND);
    append(&store, zeros, sizeof zeros);
    CHECK_EQ(session_words(&store), GW_WORD_SUSPEND);
    session_word(&store, GW_WORD_LETGO);
    CHECK_EQ(session_words(&store), GW_WORD_SUSPEND | GW_WORD_LETGO);
    store_close(&store);
    state_dir_remove(dir);
}

/* Suspend, let go, moved: after any cut the words are the first so many of them. */
static void a_cut_journal_has_its_first_words(void)
{
    static const unsigned prefixes[] = { 0, GW_WORD_SUSPEND, GW_WORD_SUSPEND | GW_WORD_LETGO,
                                         GW_WORD_SUSPEND | GW_WORD_LETGO | GW_WORD_MOVED };
    char dir[STATE_DIR_ROOM], text[4096];
    struct store store = session_store(state_dir_new(dir), STORE_SOURCE);
    session_journal(&store, "process:pid=1,born=2");
    session_word(&store, GW_WORD_SUSPEND);
    session_word(&store, GW_WORD_LETGO);
    session_word(&store, GW_WORD_MOVED);
    long len = file_read(session_path(&store, "journal"), text, sizeof text);
    unsigned seen = 0;
    CHECK(len > 0 && len < (long)sizeof text);
    for (long cut = 0; cut <= len; cut++) {
        struct store_head head;
        unsigned words = 0;
        file_write(session_path(&store, "journal"), text, (size_t)cut);
        bool journal = store_journal_read(&store, &head, &words);
        CHECK_EQ(journal, cut >= (long)strlen("godwit journal 1\n"));
        while (seen < 3 && words != prefixes[seen])
            seen++; /* never back */
        CHECK_EQ(words, journal ? prefixes[seen] : 0);
    }
    CHECK_EQ(seen, 3);
    store_close(&store);
    state_dir_remove(dir);
}

static void what_is_no_journal_is_not_opened(void)
{
    static const char *const texts[] = { "", "godwit journal 1", "godwit journal 2\nword kept\n", "\n", "word kept\n" };
    char dir[STATE_DIR_ROOM];
    struct store_head head;
    unsigned words;
    struct store store = session_store(state_dir_new(dir), STORE_SOURCE);
    CHECK(!store_journal_read(&store, &head, &words));
    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        file_write(session_path(&store, "journal"), texts[i], strlen(texts[i]));
        CHECK(!store_journal_read(&store, &head, &words));
        CHECK_EQ(store_journal_open(&store, &head, &words, &err), -1);
        CHECK_FAIL(err, GW_E_INVALID, SESSION_ID_TEXT ".journal' is no journal");
    }
    store_close(&store);
    state_dir_remove(dir);
}

static void a_journal_of_another_boot_says_so(void)
{
    char dir[STATE_DIR_ROOM], text[4096];
    struct store_head head;
    unsigned words;
    struct store store = session_store(state_dir_new(dir), STORE_SOURCE);
    session_journal(&store, "process:pid=1,born=2");
    session_word(&store, GW_WORD_LETGO);
    long len = file_read(session_path(&store, "journal"), text, sizeof text - 1);
    char *boot = strstr(text, "\nboot ");
    CHECK(len > 0 && boot != NULL);
    boot[6] = boot[6] == '0' ? '1' : '0';
    file_write(session_path(&store, "journal"), text, (size_t)len);
    CHECK(store_journal_read(&store, &head, &words));
    CHECK(!head.same_boot);
    CHECK_EQ(words, GW_WORD_LETGO);
    store_close(&store);
    state_dir_remove(dir);
}

const struct test tests[] = {
    { "a-journal-keeps-what-a-restart-needs", a_journal_keeps_what_a_restart_needs },
    { "every-word-is-read-again", every_word_is_read_again },
    { "a-word-of-the-other-side-does-not-count", a_word_of_the_other_side_does_not_count },
    { "values-may-hold-anything", values_may_hold_anything },
    { "a-torn-word-does-not-count-and-spoils-none-behind-it", a_torn_word_does_not_count_and_spoils_none_behind_it },
    { "garbage-before-a-word-does-not-hide-it", garbage_before_a_word_does_not_hide_it },
    { "zeros-that-a-crash-left-do-not-hide-a-word", zeros_that_a_crash_left_do_not_hide_a_word },
    { "a-cut-journal-has-its-first-words", a_cut_journal_has_its_first_words },
    { "what-is-no-journal-is-not-opened", what_is_no_journal_is_not_opened },
    { "a-journal-of-another-boot-says-so", a_journal_of_another_boot_says_so },
    { NULL, NULL },
};
