/*
 * index.h - the index as it comes to be: a sink. Private to src/image.
 */
#ifndef GW_INDEX_H
#define GW_INDEX_H

#include "image.h"

/*
 * Of a pfn: its type xor GW_PAGE_NO_TYPE in bits 60 to 63, below it the place of its contents and one, in the file or,
 * with that bit, in the spool; 0: never named.
 */
#define INDEX_PLACE ((UINT64_C(1) << 60) - 1)
#define INDEX_SPOOLED (UINT64_C(1) << 59)

struct index {
    struct gw_sink sink;
    struct gw_sparse pfns; /* uint64_t */
    struct gw_undo undo;
    int spool;      /* where contents are put aside; -1: there is none */
    bool all_aside; /* all of them, not only those that stand in no piece of the file */
    uint64_t spooled;
    struct gw_seg seg; /* the spool's, of the record that passes */
    bool verifying, ended;
    uint64_t commits;
};

void index_init(struct index *index, int spool, bool all_aside);
/* Behind the reading: back to the last complete checkpoint, where that is the state. */
void index_settle(struct index *index);
void index_free(struct index *index);

#endif
