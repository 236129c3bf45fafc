/*
 * wrap.h - what surrounds an image: recognised by bidding, unwrapped layer by layer, pushed into a sink.
 *
 * Layers, outermost first: gzip, xz, zstd or lz4 (any number up to GW_WRAP_DEPTH), then xl's file or a libxl stream,
 * then the image itself. Whatever a layer carries beside the image comes to the sink as asides.
 */
#ifndef GW_WRAP_H
#define GW_WRAP_H

#include "base.h"
#include "channel.h"
#include "xenf.h"

#include "savevm.h"

#define GW_WRAP_DEPTH 4

struct gw_wrap;

/* from: given, also on failure; the wrap owns all that follows in it. max_pfn: as in gw_reader_new. */
struct gw_wrap *gw_wrap_new(struct gw_chan *from, uint64_t max_pfn, struct gw_err *err);

/* A descriptor, from where it stands; given (also on failure) when owned, else borrowed until close. */
struct gw_wrap *gw_wrap_fd(int fd, bool owned, uint64_t max_pfn, struct gw_err *err);

/* A descriptor of the file of that name, to be read; -1: as below. */
int gw_wrap_file(const char *name, struct gw_err *err);
/* A file by name; "-" is standard input. The error says what is wrong with it, not its name: the caller knows that. */
struct gw_wrap *gw_wrap_open(const char *name, uint64_t max_pfn, struct gw_err *err);

/* For legacy images (Xen 4.5 and older), before the run. */
struct gw_legacy_opts {
    int spool;         /* borrowed; what has to be put aside goes to its end, until close; -1: there is none */
    unsigned width;    /* of the toolstack's words, whatever the image says: 4 or 8; 0: as it says */
    const char *guest; /* "pv" or "hvm", borrowed; NULL: as it says */
};
void gw_wrap_legacy(struct gw_wrap *wrap, const struct gw_legacy_opts *opts);

/*
 * Everything, once: layers, image, commits, octets behind the end. 0: the input was read to its end, which for a
 * checkpointed image may be the end of a complete checkpoint. Errors are placed, and carry the rule that was broken.
 */
int gw_wrap_run(struct gw_wrap *wrap, struct gw_sink *sink, struct gw_err *err);

/*
 * In place of a run: what is inside of the packed layers, whatever it is. Borrowed until close; NULL: err says why.
 */
struct gw_chan *gw_wrap_unpacked(struct gw_wrap *wrap, struct gw_err *err);

/* "xz > xl > libxl": what was recognised so far, outermost first. Borrowed until close. */
const char *gw_wrap_layers(const struct gw_wrap *wrap);

/* Contents that nobody looks at cost nothing: the input is a plain file that can be skipped through, and read again. */
bool gw_wrap_skips(const struct gw_wrap *wrap);

/* The input is a file that can be opened again by its name, packed or not. */
bool gw_wrap_reopens(const struct gw_wrap *wrap);

/* Octets taken of the input as stored, and its size; size 0: not known. */
void gw_wrap_progress(const struct gw_wrap *wrap, uint64_t *taken, uint64_t *size);

/* How a file begins that is told by its first octets. */
struct gw_beginning {
    const char *name; /* of the layer that reads it, "xl"; NULL: it is known by name only */
    size_t offset, len;
    const char *octets;
    const char *sentence; /* of what is known by name only: "this is ..." */
};
/* By number: the carriers, and what else of Xen's world is told by its beginning. False behind the last. */
bool gw_wrap_beginning(unsigned number, struct gw_beginning *out);

/* --- writing ----------------------------------------------------------------------------------------------------- */

/* A wrapping, for whoever lists them. */
struct gw_wrapping {
    const char *name, *sentence;
    bool is_written; /* or only read */
};
/* The wrappings, in the order in which people are told of them. False behind the last. */
bool gw_wrapping_at(unsigned number, struct gw_wrapping *out);

struct gw_pack_opts {
    const char *wrapping;  /* one that is written; NULL: the outermost such that the image comes out of */
    struct gw_chan *to;    /* borrowed; NULL: nothing is written, it is only looked what would be lost */
    const uint8_t *config; /* borrowed: what stands at its head, in its own language; NULL: what was read, or is made */
    size_t config_len;
    bool lossy;    /* what the wrapping cannot carry is left out; else it is refused */
    bool no_state; /* the image holds its static part only, and nothing beside it is missed */
    /* Borrowed: what the image itself says of the guest: type, max_memkb, max_vcpus. NULL: not known beforehand. */
    const struct gw_guest_config *image;
    void (*tell)(void *arg, const char *sentence); /* what is left out, what had to be made; may be NULL */
    void *arg;
};

/*
 * A sink that puts an image into a wrapping, with what its old one carried beside it. An image and asides without
 * findings come out as they went in, octet for octet, where the wrapping is the same.
 */
struct gw_sink *gw_packer(const struct gw_pack_opts *opts, struct gw_err *err);
/* The wrapping, once it is known; NULL before. */
const char *gw_packer_wrapping(const struct gw_sink *packer);
/* Once, when the producer is done: what stands behind everything. */
int gw_packer_finish(struct gw_sink *packer, struct gw_err *err);

/*
 * A channel that packs ("zstd", "lz4", "xz", "gzip") what is written to it into `to` (borrowed). What was packed ends
 * with gw_packed_finish, once; closed without it, the output is cut.
 */
struct gw_chan *gw_packed(const char *name, struct gw_chan *to, struct gw_err *err);
int gw_packed_finish(struct gw_chan *chan, struct gw_err *err);

/* --- other ------------------------------------------------------------------------------------------------------- */

/* The library that unpacks, and its version. */
const char *gw_wrap_library(void);

void gw_wrap_close(struct gw_wrap *wrap);
void gw_wrap_closep(struct gw_wrap **wrap);

#endif
