/*
 * inspect.h - what inspect.c asks others for: one thing of an image (inspect_one.c), a place for the page of all of it
 * (inspect_page.c). Private to src/cmd.
 */
#ifndef GW_CMD_INSPECT_H
#define GW_CMD_INSPECT_H

#include "cmd.h"
#include "saved_index.h"

/* One of the three. */
struct gw_question {
    bool has_record, has_pfn, has_va;
    uint64_t record, pfn, va;
    uint32_t vcpu; /* whose page tables va goes through */
    uint64_t max_pfn;
};

/* The last contents of pfn, as far as the image can be read. */
int gw_inspect_pick(const struct gw_args *args, const char *name, uint64_t max_pfn, uint64_t pfn, struct gw_picked *out,
                    struct gw_err *err);
enum gw_exit gw_inspect_one(const struct gw_question *question, const struct gw_args *args,
                            const struct gw_inspect_view *view);

/* The page of --html. Zero state: there is none. */
struct gw_page_file {
    const char *name;
    struct gw_newfile *file;
    struct gw_chan *chan, *standard; /* standard: NAME is "-" */
    FILE *out;                       /* writes to chan */
    struct gw_err err;               /* of the first write that failed */
};

/* Two names of one regular file. */
bool gw_is_same_file(const char *a, const char *b);
/* Refuses to write over the image. After a failure too: close it. */
int gw_page_open(struct gw_page_file *page, const char *name, const char *image, bool replace, struct gw_err *err);
/* It is whole: the file comes into its place. */
int gw_page_commit(struct gw_page_file *page, struct gw_err *err);
void gw_page_close(struct gw_page_file *page);

#endif
