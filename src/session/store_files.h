/*
 * store_files.h - what store.c and journal.c share: paths, and files that are durable when they are said to be.
 */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include "store.h"

#define STORE_PATH_MAX 4096

/* room has STORE_PATH_MAX octets. */
int store_path(const struct store *store, const char *suffix, char *room, struct gw_err *err);
int store_sync_dir(const struct store *store, struct gw_err *err);
/* A file of another name, durable itself; aside: its path, room of STORE_PATH_MAX. */
int store_write_aside(const struct store *store, const char *text, size_t len, char *aside, struct gw_err *err);

#endif
