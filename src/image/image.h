/*
 * image.h - a stored image opened for random access: where each pfn's last contents stand, and reading them.
 *
 * The image is read once, into an index: its last type and place by pfn. Contents stay where they are in a plain file;
 * those of a packed one, of a pipe, and what a legacy image holds compressed, are put aside in an unlinked temporary
 * file. Knows no guest and no output; of records nothing but where memory is in them.
 */
#ifndef GW_IMAGE_H
#define GW_IMAGE_H

#include "base.h"
#include "channel.h"
#include "xenf.h"
#include "wrap.h"

#include "compare.h"
#include "saved.h"

struct gw_image;

struct gw_image_opts {
    uint64_t max_pfn; /* as in gw_wrap_open */
    int spool;        /* an empty file for contents that have to be put aside, given; -1: there is none */
    const struct gw_legacy_opts *legacy; /* as in gw_wrap_legacy; NULL: nothing is said */
    struct gw_chan *from;                /* standard input as it is to be read, given; NULL: it is opened by its name */
    struct gw_sink *beside;              /* gets the whole image too; borrowed; may be NULL */
};

/*
 * Reads all of it: 8 octets per pfn up to the highest named. The state of a checkpointed image without END is that of
 * its last complete checkpoint; what was cut behind it is let pass. Everything else that ends the reading is an error.
 */
struct gw_image *gw_image_open(const char *name, const struct gw_image_opts *opts, struct gw_err *err);

/* Above the highest pfn that is named. */
uint64_t gw_image_num_pfns(const struct gw_image *image);
/* A pfn from which on some may be named, at or above this one: long gaps are passed over. UINT64_MAX: none is left. */
uint64_t gw_image_next(const struct gw_image *image, uint64_t pfn);
/* Its last type; -1: never named. */
int gw_image_type(const struct gw_image *image, uint64_t pfn);
/* Where its last contents stand, in the file or put aside: fd borrowed. False: it has none. */
bool gw_image_place(const struct gw_image *image, uint64_t pfn, int *fd, uint64_t *offset);
/*
 * Its contents, borrowed until the next call that reads from this image. Fast where pfns are asked for in the order in
 * which their contents stand. NULL without err set: it has none.
 */
const uint8_t *gw_image_page(struct gw_image *image, uint64_t pfn, struct gw_err *err);
const char *gw_image_layers(const struct gw_image *image);
/* Behind the last page: refuses a file that was changed since it was opened, for what was read is then of no image. */
int gw_image_unchanged(const struct gw_image *image, struct gw_err *err);

void gw_image_close(struct gw_image *image);
void gw_image_closep(struct gw_image **image);

#endif
