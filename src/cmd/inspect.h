/*
 * inspect.h - one thing of an image, which inspect.c asks for and inspect_one.c finds. Private to src/cmd.
 */
#ifndef GW_CMD_INSPECT_H
#define GW_CMD_INSPECT_H

#include "cmd.h"

/* One of the three. */
struct gw_question {
    bool has_record, has_pfn, has_va;
    uint64_t record, pfn, va;
    uint32_t vcpu; /* whose page tables va goes through */
    uint64_t max_pfn;
};

/* The last contents of pfn, as far as the image can be read. */
int gw_inspect_pick(const char *name, uint64_t max_pfn, uint64_t pfn, struct gw_picked *out, struct gw_err *err);
/* What is not there is said when it is opened. */
bool gw_can_read_again(const char *name);
enum gw_exit gw_inspect_one(const struct gw_question *question, const struct gw_args *args,
                            const struct gw_inspect_view *view);

#endif
