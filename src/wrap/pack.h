/*
 * pack.h - the room's inside of writing: what a packer holds, and what a wrapping does to be written.
 *
 * A packer is a sink that puts an image into a wrapping, whichever it came out of. It knows three papers, of which a
 * wrapping has at most one at its head: xl's configuration, libvirt's XML, xenopsd's record.
 */
#ifndef GW_PACK_H
#define GW_PACK_H

#include "layers.h"

enum paper_kind { PAPER_NONE, PAPER_XL, PAPER_LIBVIRT, PAPER_XENOPS, NUM_PAPERS };

/* A paper as it is stored, with the zero octet that ends it where that belongs to it. */
struct paper {
    bool there;
    bool carried;   /* in another paper of the input */
    uint32_t flags; /* xl: the header's mandatory flags */
    struct gw_buf text;
    struct gw_guest_config config; /* what it says */
};

struct packer {
    struct gw_sink sink;
    const struct layer *layer;
    struct gw_pack_opts opts;
    struct gw_sink *writer; /* of the image; NULL when nothing is written */
    struct paper papers[NUM_PAPERS];
    bool has_xend; /* xend's configuration was there, a paper that nobody writes any more: */
    struct gw_guest_config xend;
    struct gw_buf more; /* xl's optional data behind the configuration */
    bool has_options;   /* there was a libxl header */
    uint32_t libxl_options;
    bool converted; /* the legacy converter made the image */
    bool begun;
    bool has_model;            /* the device model's state came */
    enum gw_mark_kind stopped; /* where the image stands: an END or CHECKPOINT that is not committed */
    uint64_t num_checkpoints;
    struct gw_buf out; /* octets on their way */
    char told[320];    /* the last sentence: each checkpoint may have the same to say */
};

/* How a wrapping is written. A missing slot has nothing to say. */
struct layer_writer {
    enum paper_kind paper;
    int (*head)(struct packer *p, struct gw_err *err); /* before the image */
    /* A record that the image's old wrapping had behind it, or at a checkpoint. */
    int (*beside)(struct packer *p, const struct gw_aside *aside, struct gw_err *err);
    int (*commit)(struct packer *p, struct gw_err *err); /* behind an END or CHECKPOINT and what belongs to it */
    int (*finish)(struct packer *p, struct gw_err *err); /* behind everything */
};

/* The octets in p->out go where the image goes. */
int pack_flush(struct packer *p, struct gw_err *err);
/* To who wants to know; what was just told is not told again. */
void pack_tell(struct packer *p, const char *sentence);
/* The wrapping has no place for what: refused, unless that is allowed; then told. */
__attribute__((format(printf, 3, 4))) int pack_lose(struct packer *p, struct gw_err *err, const char *fmt, ...);
/* For wrappings without a libxl stream: what its header says and the image does not say itself is lost. */
int pack_no_options(struct packer *p, struct gw_err *err);
/* For wrappings that carry nothing but the image. */
int pack_no_record(struct packer *p, const struct gw_aside *aside, struct gw_err *err);

/* libxl's id of the emulator whose state xenopsd has without one: QEMU's, or unknown where a converter was at work. */
uint32_t pack_emulator_id(const struct packer *p);

/* papers.c: the paper of the wrapping that is written is there afterwards; what is said in others alone is lost. */
int settle_papers(struct packer *p, struct gw_err *err);

/* libxl.c, for the files around it. */
int pack_libxl_head(struct packer *p, struct gw_err *err);
int pack_libxl_record(struct packer *p, const struct gw_aside *aside, struct gw_err *err);
int pack_libxl_commit(struct packer *p, struct gw_err *err);

/* The papers' own files: the least that says what is known of the guest. */
int make_xl_config(struct gw_buf *text, const struct gw_guest_config *guest, struct gw_err *err);
int make_domain_xml(struct gw_buf *text, const struct gw_guest_config *guest, struct gw_err *err);
int make_xenops_record(struct gw_buf *text, const struct gw_guest_config *guest, struct gw_err *err);

#endif
