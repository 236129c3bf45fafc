/*
 * saved_form.h - the parts of a saved index, as structs and as octets. Private to src/image.
 */
#ifndef GW_SAVED_FORM_H
#define GW_SAVED_FORM_H

#include "saved.h"

#define NO_PLACE UINT64_MAX
#define PLACE_MASK ((UINT64_C(1) << 60) - 1)
#define SAVED_HEAD_LEN 48
#define SAVED_RECORD_LEN 16
#define SAVED_RUN_LEN 32
#define SAVED_SUM_LEN 8

struct saved_head {
    struct gw_image_print print;
    uint32_t num_records, num_runs;
};
struct saved_record {
    uint64_t place, number;
};
struct saved_run {
    uint64_t entry, place;
    uint32_t record, times, num;
};

void saved_put_head(struct gw_buf *buf, const struct saved_head *head);
void saved_put_record(struct gw_buf *buf, const struct saved_record *record);
void saved_put_run(struct gw_buf *buf, const struct saved_run *run);
/* False: it is no head of a version that we know. */
bool saved_take_head(struct gw_cur *cur, struct saved_head *out);
struct saved_record saved_take_record(struct gw_cur *cur);
/* *zero: what has to be zero there is. */
struct saved_run saved_take_run(struct gw_cur *cur, bool *zero);

#endif
