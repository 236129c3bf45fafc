/*
 * salvage.h - a damaged image: what of it is proven, doubtful, or lost, and a whole stream of what is left.
 *
 * The damaged octets are looked at in place, by the laws of the frame alone (salvage_law.c). What is left of them is a
 * stream that any reader takes: pieces of the input with the few octets between them that had to be made anew. So
 * everything else, judging and writing, is as for any image. It must not know rules, output or options.
 *
 * Proven, doubtful, lost: docs/architecture.md, "A salvage".
 */
#ifndef GW_SALVAGE_H
#define GW_SALVAGE_H

#include "base.h"
#include "channel.h"
#include "xenf.h"
#include "wrap.h"

struct gw_salvage;

/* Why a page is not as sure as it might be; bits, 0 is sure. */
enum gw_doubt {
    GW_DOUBT_LOST = 1,      /* it is named, and no contents of it are there */
    GW_DOUBT_OLDER = 2,     /* a later copy of it may have stood where the stream is damaged */
    GW_DOUBT_RECORD = 4,    /* its record is cut, or what follows it is no record: its contents may be damaged */
    GW_DOUBT_LOOSE = 8,     /* its record stands between two damaged places, and nothing ties it to this image */
    GW_DOUBT_UNPACKED = 32, /* the packed input is damaged, and what was unpacked before that shows may be wrong */
    GW_DOUBT_CHECKED = 16,  /* a check in the image says that it is not what it was */
    GW_DOUBT_MISREAD = 64   /* the legacy image goes wrong somewhere, maybe before its reader noticed */
};
/* "lost", "may be older" ...: of the most serious bit. */
const char *gw_doubt_name(unsigned doubt);
/* The same as a sentence for people. */
const char *gw_doubt_text(unsigned doubt);

/* Octets of the input (unpacked) that are no part of any record that was found. */
struct gw_hole {
    uint64_t offset, len;
    uint64_t suggested; /* pfns that the pages before and behind it suggest, and that nobody names */
    uint32_t type;      /* of the record whose header stands at its beginning */
    bool has_type;
    bool no_end;   /* nothing was found behind it */
    bool in_state; /* the guest's registers and devices began before it: no memory stood there */
};

/* A run of pfns of the same doubt. */
struct gw_doubtful {
    uint64_t first, num;
    unsigned doubt;
};

struct gw_losses {
    bool any;                      /* something is lost or doubtful */
    uint64_t sure, doubtful, lost; /* pfns */
    uint64_t suggested;            /* pfns that are only suggested; not in the others */
    const struct gw_hole *holes;
    size_t num_holes;
    uint64_t octets; /* in holes */
    /* Types of records that every saver writes of a guest of that kind, and that are not there. */
    uint32_t missing[8];
    unsigned num_missing;
    uint32_t shaky[8]; /* types of records behind which the stream is broken */
    unsigned num_shaky;
    bool head_lost;    /* what stood before the image */
    bool headers_lost; /* the image's own headers, which were made anew */
    bool static_end_lost;
    bool end_lost;    /* of the image */
    bool beside_lost; /* something of what stood behind the image */
    bool gave_up;     /* the search for more took too long */
    uint64_t kept_to; /* where the checkpoint ends whose state is written; 0: there is none */
    uint64_t behind;  /* octets behind it, which were left out */
    bool sum_right;   /* an IMAGE_DIGEST says that all pages are what they were */
    bool sum_wrong;
    char unpacking[200]; /* why the packed input could not be unpacked to its end; "" */
    char reading[400];   /* why the legacy image could not be read to its end, and what has no place; "" */
};

/*
 * Looks at a file by its name, "-" for standard input. spool: a descriptor of a temporary file for what is packed, can
 * be read only once, or is a legacy image, given; -1: there is none. legacy: as for the wrap. Fails when there is
 * nothing of an image, or the system fails.
 */
struct gw_salvage *gw_salvage_open(const char *name, int spool, const struct gw_legacy_opts *legacy, uint64_t max_pfn,
                                   struct gw_err *err);

/* Borrowed until close. */
const struct gw_losses *gw_salvage_losses(const struct gw_salvage *salvage);
/* The runs of pfns that are not sure, ascending, one a call; *pfn: where to look on, 0 at first. False: no more. */
bool gw_salvage_next(const struct gw_salvage *salvage, uint64_t *pfn, struct gw_doubtful *out);
/* "xz > xl > libxl": of the input. */
const char *gw_salvage_layers(const struct gw_salvage *salvage);

/* The input as it is, unpacked; of a legacy image, as far as it was read. The salvage outlives the channel. */
struct gw_chan *gw_salvage_input(struct gw_salvage *salvage, struct gw_err *err);

/*
 * The stream of what is left, with a PROVENANCE of that text (borrowed until the channel is closed; NULL: none) behind
 * the headers. The salvage stays open as long as the channel.
 */
struct gw_chan *gw_salvage_stream(struct gw_salvage *salvage, const char *provenance, struct gw_err *err);

/* NULL is fine. */
void gw_salvage_close(struct gw_salvage *salvage);
void gw_salvage_closep(struct gw_salvage **salvage);

#endif
