/*
 * api_tools.h - a program that links libgodwit, in small: what the tests of the public functions share.
 *
 * Only public headers are used here, but for making the images.
 */
#ifndef UNIT_API_TOOLS_H
#define UNIT_API_TOOLS_H

#include <stdbool.h>

#include <godwit/godwit.h>

#include "images.h"

/* A program's sink: one line in the log for each call; its call of number fail_at (from 1) fails. */
struct program {
    char text[16384];
    unsigned calls, fail_at, closed;
    int wrong;             /* what the failing call answers; 0: -1 */
    enum godwit_code code; /* and says; GODWIT_OK: nothing */
    bool wants;            /* contents of each PAGE_DATA */
    void (*meanwhile)(struct program *program);
    struct godwit_image *image; /* for meanwhile */
    struct godwit_sink *sink;
    struct godwit_error *err;
};

/* Its callbacks, all of them. */
struct godwit_sink_callbacks all_callbacks(void);
/* Makes and remembers the sink. */
struct godwit_sink *sink_of(struct program *program);

/* A program's input: octets in steps of at most step; its read of number fail_at fails. */
struct reading {
    const struct gw_buf *octets;
    size_t at, step;
    unsigned calls, skips, closed, fail_at;
    int64_t wrong;         /* what the failing call answers; 0: -1 */
    enum godwit_code code; /* and says; GODWIT_OK: nothing */
    int number;            /* errno instead */
    bool ended;            /* it answered 0 */
};
struct godwit_input input_of(struct reading *reading, bool skips);

struct godwit_image *open_memory(const struct gw_buf *octets);
/* Runs the image into one sink and closes both; 0 or -1. */
int run_and_close(struct godwit_image *image, struct godwit_sink *sink, struct godwit_error *err);

#endif
