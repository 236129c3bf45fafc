/*
 * change.h - what changes an image on its way: the version that a receiver reads, what it takes of records, the least
 * image that says the same.
 *
 * Each is a sink that passes on to a next one (borrowed), or a producer of its own. What a receiver would refuse or
 * lose is a loss: refused at the image's end, all of them in one sentence, or left out and told. What needs no loss is
 * done silently: a cut of zeros, a longer form of what a receiver would lengthen with zeros itself. Knows records and
 * their tables; no wrapping, no rules, no output.
 */
#ifndef GW_CHANGE_H
#define GW_CHANGE_H

#include "base.h"
#include "xenf.h"
#include "wrap.h"
#include "image.h"

/* Told once for each kind of thing: what is left out, what had to be changed. */
typedef void gw_change_fn(void *arg, const char *sentence);

struct gw_fit_opts {
    unsigned for_xen; /* minor number of the receiver's Xen 4; 0: records stay as they are */
    uint32_t version; /* of the image; 0: what that release writes, or the version that it has */
    bool lossy;
    bool checks_anew;   /* PAGE_CHECKS and IMAGE_DIGEST are made behind it: those that are there are left out */
    gw_change_fn *tell; /* may be NULL */
    void *arg;
};

/*
 * A sink that fits an image to a receiver. Records without content, which a writer must not send (5.2), are left out
 * in any case. next: borrowed; it gets asides as they come.
 */
struct gw_sink *gw_fit(const struct gw_fit_opts *opts, struct gw_sink *next, struct gw_err *err);

/*
 * A sink that passes on the static part only: headers, what stands before STATIC_DATA_END, a PROVENANCE that says how
 * much memory there was, and END. What wrappings carry behind an image is state, and left out. An image of version 2 is
 * refused: it does not say where that part ends.
 */
struct gw_sink *gw_static_only(struct gw_sink *next, struct gw_err *err);

/*
 * A sink that passes an image on with PAGE_CHECKS and IMAGE_DIGEST, made anew where it has them. A checkpointed image
 * is refused, for which they have no place. looks_only: contents are not looked at, nothing is added, but what would be
 * refused is.
 */
struct gw_sink *gw_checks(bool looks_only, struct gw_sink *next, struct gw_err *err);

/* --- provenance -------------------------------------------------------------------------------------------------- */

/* What a PROVENANCE of ours says of the image that it stands in. */
struct gw_provenance {
    bool static_part;                   /* nothing else is there */
    uint64_t num_pfns, num_memory_pfns; /* with static_part: of the whole image */
};
int gw_provenance_encode(struct gw_buf *buf, const struct gw_provenance *provenance, struct gw_err *err);
/* What is no such object says nothing. */
int gw_provenance_decode(struct gw_cur cur, struct gw_provenance *out, struct gw_err *err);

/* --- squash ------------------------------------------------------------------------------------------------------ */

/*
 * An image squeezed: each pfn once, with its last type and contents, ascending; each record of state once, as it was
 * last; no VERIFY, no CHECKPOINT. Of a checkpointed image without END the last complete checkpoint. Nothing is copied:
 * contents are taken from the input when the squashed image is pushed.
 */
struct gw_squash;

/* Reads all of the input. opts->beside gets it as it is. */
struct gw_squash *gw_squash_open(const char *name, const struct gw_image_opts *opts, struct gw_err *err);
/*
 * Pushes the squashed image into the sink, asides, commit and all; any number of times. PAGE_CHECKS and IMAGE_DIGEST
 * are made anew where the input had them.
 */
int gw_squash_run(struct gw_squash *squash, struct gw_sink *sink, struct gw_err *err);
/* The same without memory, and without what is said of it: headers, records and asides as they are kept. */
int gw_squash_records(struct gw_squash *squash, struct gw_sink *sink, struct gw_err *err);
/* Where memory is: borrowed. */
const struct gw_image *gw_squash_image(const struct gw_squash *squash);
/* Octets of all contents of the squashed image. */
uint64_t gw_squash_contents(const struct gw_squash *squash);
/* "xz > raw": as gw_wrap_layers. */
const char *gw_squash_layers(const struct gw_squash *squash);
void gw_squash_close(struct gw_squash *squash);
void gw_squash_closep(struct gw_squash **squash);

#endif
