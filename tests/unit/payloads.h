/*
 * payloads.h - contents, watchers that compare, and places to land, for the unit tests of payloads.
 */
#ifndef UNIT_PAYLOADS_H
#define UNIT_PAYLOADS_H

#include "xenf.h"

#define PAGES 70
#define LEN ((size_t)PAGES * 4096)
#define ROOM ((size_t)16 * 4096)

extern uint8_t *contents; /* LEN octets, there once a bench was opened */

/* One watcher: what it saw, and when it fails (after how many pieces; 0: never). */
struct watcher {
    struct gw_buf seen;
    unsigned pieces, fail_at;
};
/* arg: a struct watcher. Ends the test at a gap, or at a piece that is not whole pages. */
int watch(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err);

/* A payload of all contents over a channel, and watchers that it may get. */
struct bench {
    struct gw_payload payload;
    struct gw_chan *from, *to;
    struct gw_buf out;
    struct gw_err err;
    uint8_t *buffer;
    struct watcher watcher[3];
};
/* there: octets that the input has before it ends. */
void open_bench(struct bench *b, size_t there, unsigned watchers);
void close_bench(struct bench *b);
/* The first watchers saw everything; everything was moved on so many times. */
void check_seen(const struct bench *b, unsigned watchers);
void check_moved(const struct bench *b, unsigned times);

/* Segments of sizes that differ, in memory and in a file in turn as kinds says: 1 memory, 2 file, 3 both. */
#define SEGS 9
struct landing {
    struct gw_seg seg[SEGS];
    uint8_t *mem;
    int fd;
};
void open_landing(struct landing *l, unsigned kinds);
void close_landing(struct landing *l);
/* The contents are put there; the contents are there. */
void fill_landing(const struct landing *l);
void check_landed(const struct landing *l);

#endif
