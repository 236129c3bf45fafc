/*
 * digester.h - the digester's state, which one file gathers and another prints. Private to src/report.
 */
#ifndef GW_DIGESTER_H
#define GW_DIGESTER_H

#include "report.h"

#define TYPE_NAMED 0x10u
#define BLOBS_PER_TYPE 8192u /* vCPU ids */
#define MOST_OTHERS 256u     /* blobs of records that nobody defined */

struct blob {
    bool there;
    char name[40];
    uint64_t length;
    uint8_t sha256[GW_SHA256_LEN];
};

struct digester {
    struct gw_sink sink;
    struct gw_sparse types, hashes, blobs;
    struct gw_undo undo_types, undo_hashes, undo_blobs;
    struct gw_pages now; /* the record whose contents pass */
    uint32_t next_entry;
    unsigned guest, width;
    char config_type[8];
    bool verifying, ended;
    uint64_t commits, num_others;
    uint32_t others[MOST_OTHERS]; /* types */
};

#endif
