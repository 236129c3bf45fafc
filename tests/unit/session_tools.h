/*
 * session_tools.h - what tests of sessions have in common: a state directory of their own, and what lies in it.
 *
 * Each ends the row when it does not work. They must not know what a session's files mean.
 */
#ifndef UNIT_SESSION_TOOLS_H
#define UNIT_SESSION_TOOLS_H

#include <stddef.h>

#include "store.h"

#define STATE_DIR_ROOM 64

/* As main does it: a link whose other side has gone is an error, not the end. */
void ignore_broken_pipes(void);

/* A fresh directory, in memory where the machine has such a place: what is durable there costs no time. */
const char *state_dir_new(char room[STATE_DIR_ROOM]);
/* With all that is in it. */
void state_dir_remove(const char *dir);
/* Files below dir, at any depth. */
unsigned state_dir_files(const char *dir);
/* The same without decisions `declined`, which stay while the source has not said that it knows. */
unsigned state_dir_leftovers(const char *dir);

/* A whole file: up to room octets, the rest of text is zero; how many they were, or -1 when there is none. */
long file_read(const char *path, char *text, size_t room);
void file_write(const char *path, const void *mem, size_t len);

/* One session's files: opened, locked, with a journal, with a word more. */
extern const uint8_t session_id[GW_CHUNK_ID_LEN];
#define SESSION_ID_TEXT "ab0102030405060708090a0b0c0d0e0f"
struct store session_store(const char *dir, enum store_side side);
void session_lock(struct store *store);
void session_journal(struct store *store, const char *guest);
void session_word(struct store *store, unsigned word);
unsigned session_words(const struct store *store);
/* Of ID.suffix; good until the next call. */
const char *session_path(const struct store *store, const char *suffix);

#endif
