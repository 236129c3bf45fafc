/*
 * export_input.h - what an export says of the file that it was made of. Private to src/cmd.
 */
#ifndef GW_EXPORT_INPUT_H
#define GW_EXPORT_INPUT_H

#include <sys/stat.h>

#include "cmd.h"

struct gw_input_sum {
    const char *name; /* "-" is standard input */
    uint64_t octets;
    uint8_t sha256[GW_SHA256_LEN];
    struct gw_hash *hash;
    struct stat before;
    struct gw_err err; /* of what came behind the image */
};

/* Before the image is opened, and before the process is confined. */
int gw_input_sum_begin(struct gw_input_sum *sum, const char *name, struct gw_err *err);
/* Standard input for whoever reads the image. */
struct gw_chan *gw_input_tap(struct gw_input_sum *sum, struct gw_err *err);
/* Behind the export; refuses a file that was changed since the begin. */
int gw_input_sum_end(struct gw_input_sum *sum, struct gw_err *err);
void gw_input_sum_free(struct gw_input_sum *sum);

#endif
