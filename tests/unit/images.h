/*
 * images.h - small images for the unit tests, record by record or whole; linked into each of their programs.
 *
 * The whole ones are clean: the verifier has nothing to say but notes.
 */
#ifndef UNIT_IMAGES_H
#define UNIT_IMAGES_H

#include "wrap.h"
#include "xenf.h"

/* Both headers; type: GW_DOMAIN_*. */
void put_headers(struct gw_buf *buf, unsigned version, unsigned type);
/* A record with its padding. */
void put_record(struct gw_buf *buf, uint32_t type, const void *body, size_t len);
/* A PAGE_DATA; the contents of each page are made from its pfn and salt. */
void put_pages(struct gw_buf *buf, const uint64_t *entries, uint32_t num, unsigned salt);
/* The octets that put_pages makes up. */
void fill_page(uint8_t *page, uint64_t pfn, unsigned salt);

/* What stands before the memory, and what stands behind it. */
void put_static(struct gw_buf *buf, unsigned version, unsigned type);
void put_memory(struct gw_buf *buf, unsigned salt);
void put_tail(struct gw_buf *buf, unsigned type);

enum small_image { PV_2, PV_3, HVM_2, HVM_3, HVM_REMUS, NUM_SMALL_IMAGES };
/* Two or three pages and all that a guest needs; HVM_REMUS: two checkpoints and no END. The caller frees. */
struct gw_buf small_image(enum small_image which);
/* Such an image in a libxl stream, behind an xl header of a PVH guest. */
struct gw_buf small_xl(enum small_image which);
/* A checkpointed image as an lz4 file of one block that is not compressed. */
struct gw_buf small_lz4(void);

/* The octets as a channel; ends the test when there is no memory. */
struct gw_chan *lend(const struct gw_buf *octets, struct gw_buf *out);

/*
 * A sink that writes one line for each call to log, and fails in its call of that number (from 1; 0: never). It ends
 * the test when it is called behind its own failure.
 */
struct log_sink {
    struct gw_sink sink;
    char name;
    struct gw_buf *log;
    unsigned calls, fail_at;
    bool watches; /* contents: each piece is a call, too */
};
struct gw_sink *new_log_sink(char name, enum gw_takes takes, struct gw_buf *log, unsigned fail_at);
/* Ends the log with a zero and gives it as text. */
const char *log_text(struct gw_buf *log);
/* How often part stands in text. */
unsigned count_of(const char *text, const char *part);

#endif
