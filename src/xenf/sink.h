/*
 * sink.h - where an image goes: record by record, pushed by a producer.
 *
 * One image is: asides that precede it, begin, then pages, record and mark in the image's order with asides between,
 * commit, close. A checkpointed image commits once for each complete checkpoint. After a failure the producer stops,
 * and nobody calls the sink again but close. Slots run on the producer's thread. A missing slot takes nothing and
 * succeeds.
 */
#ifndef GW_SINK_H
#define GW_SINK_H

#include "codec.h"
#include "payload.h"

struct gw_sink;

/* Both headers as they stood there, reserved fields included (sections 2 and 3). */
struct gw_headers {
    struct gw_image_header image;
    struct gw_domain_header domain;
    uint64_t offset; /* of the image header in the uncompressed input */
};

/* A record's header and place. */
struct gw_frame {
    uint64_t number; /* from 1 */
    uint64_t offset; /* of the record header in the uncompressed input */
    uint32_t type, length;
    bool pad_nonzero;      /* some octet of the padding behind the body is not zero */
    bool late_pad_nonzero; /* the same of the record before this one, which passed as a payload and could not say it */
};

/* One PAGE_DATA: entries decoded, contents untouched. The reader has checked count, types and length (section 6). */
struct gw_pages {
    struct gw_frame frame;
    uint32_t count, reserved;
    const uint64_t *entries; /* count of them; borrowed for the call. gw_entry_pfn() and so on take them apart */
    uint32_t num_contents;   /* pages in contents: one for each entry whose type carries contents, in their order */
    struct gw_payload *contents;
    uint64_t
        contents_at; /* where they stand in the uncompressed input; GW_NO_PLACE: they do not, or not in one piece */
};
#define GW_NO_PLACE UINT64_MAX

/* Any other record. */
struct gw_record {
    struct gw_frame frame;
    const uint8_t *body;        /* frame.length octets, borrowed for the call; NULL when they are in payload */
    struct gw_payload *payload; /* of a long record of unknown type; else NULL */
};

enum gw_mark_kind { GW_MARK_NONE, GW_STATIC_END, GW_VERIFY, GW_CHECKPOINT, GW_END };

/*
 * A position in the image, and the record that said it, unless inferred (section 12.3): a writer skips inferred ones.
 */
struct gw_mark {
    enum gw_mark_kind kind;
    bool inferred;
    struct gw_frame frame;
    const uint8_t *body; /* frame.length octets, which should be none; NULL then */
};

/*
 * What a toolstack's configuration, libvirt's XML or xenopsd's record says of the guest, as far as an image can be held
 * against it. 0 and "": not said.
 */
struct gw_guest_config {
    bool is_json, is_object; /* the text is a JSON configuration; it could be read and has what it must have */
    char type[8];            /* "pv", "hvm", "pvh" */
    char name[128], uuid[40];
    uint64_t max_memkb, video_memkb;
    uint32_t max_vcpus;
};

/* What a device model's state is seen to be (qemu-savevm). */
struct gw_device_state {
    const char *form;      /* what its first octets tell; NULL: nothing known */
    uint32_t version;      /* of QEMU's format, 1 to 3; 0: it is another form */
    uint32_t num_sections; /* that were seen */
    uint8_t first;         /* version 3: the first element */
    bool ended;            /* its end is where it must be */
    bool has_configuration, has_footers, has_description, has_ram;
    uint64_t tail; /* octets behind its end */
};

/* What the pairs for a device model are seen to be (libxl-stream 3.1): the first of each kind of fault, or NULL. */
struct gw_device_store {
    const char *fault;      /* no pairs of texts */
    const char *odd;        /* a key that libxl does not write */
    const char *incomplete; /* an entry of physmap */
    uint32_t num_pairs, num_entries;
};

/* Mandatory flags of the xl header, and an option of the libxl header (libxl-stream 1.1, 2.1). */
#define GW_XL_JSON 1u         /* the configuration is JSON, else text */
#define GW_XL_LIBXL 2u        /* a libxl stream follows, else a legacy one */
#define GW_LIBXL_CONVERTED 2u /* the legacy converter made the stream */

/* libxl's record types (libxl-stream 2.2). */
enum gw_libxl_type {
    GW_LIBXL_END,
    GW_LIBXL_CONTEXT,
    GW_LIBXL_XENSTORE,
    GW_LIBXL_EMULATOR,
    GW_LIBXL_CKPT_END,
    GW_LIBXL_CKPT_STATE,
    GW_NUM_LIBXL_TYPES
};
#define GW_LIBXL_EMULATOR_HEAD 8u /* octets before what a device model's record holds: u32 id, u32 index */

/*
 * The kinds of xenopsd's records (xenopsd-framing 1): X(NAME, value, "name"). LIBXL and QEMU_XEN were never written;
 * what stands in Qemu_trad may as well be an upstream QEMU's state.
 */
#define GW_XENOPSD_KINDS(X)                                                                                            \
    X(XENOPS, 0x000f, "Xenops")                                                                                        \
    X(LIBXC, 0x00f0, "Libxc")                                                                                          \
    X(LIBXL, 0x00f1, "Libxl")                                                                                          \
    X(LIBXC_LEGACY, 0x00f2, "Libxc_legacy")                                                                            \
    X(QEMU, 0x0f00, "Qemu_trad")                                                                                       \
    X(QEMU_XEN, 0x0f01, "Qemu_xen")                                                                                    \
    X(DEMU, 0x0f10, "Demu")                                                                                            \
    X(VARSTORED, 0x0f11, "Varstored")                                                                                  \
    X(SWTPM0, 0x0f12, "Swtpm0")                                                                                        \
    X(SWTPM, 0x0f13, "Swtpm")                                                                                          \
    X(END, 0xffff, "End_of_image")

enum gw_xenopsd_kind {
#define X(name, value, ...) GW_XENOPSD_##name = (value),
    GW_XENOPSD_KINDS(X)
#undef X
};
/* NULL: there is no such kind. */
const char *gw_xenopsd_name(uint64_t kind);

/* What a legacy image is seen to be, which its records of today's format do not say. */
struct gw_legacy_facts {
    bool is_final;          /* the image was read; before, rounds and release are not known */
    bool is_hvm, has_model; /* a device model's state is behind it, or may be while it is not read */
    unsigned width;         /* octets in a word of the toolstack that saved it: 4 or 8 */
    char proposal;          /* 'A' or 'B': it begins as one of the proposals of 2014; else 0 */
    uint64_t rounds;        /* complete checkpoints; 1 where there are none */
    const char *release;    /* of Xen, as far as what is there tells */
};

/* What is odd in a legacy image: X(NAME). The sentence that tells it is the aside's name. */
#define GW_LEGACY_ODDITIES(X)                                                                                          \
    X(PROPOSAL)                                                                                                        \
    X(HINT)                                                                                                            \
    X(SPOOLED)                                                                                                         \
    X(BLOCK)                                                                                                           \
    X(TWO_LEVELS)                                                                                                      \
    X(MAP)                                                                                                             \
    X(PARAM)                                                                                                           \
    X(TMEM)                                                                                                            \
    X(TMEM_PAGES)                                                                                                      \
    X(TOOLSTACK)                                                                                                       \
    X(UNMAPPED)                                                                                                        \
    X(XSAVE)                                                                                                           \
    X(GDT)                                                                                                             \
    X(CHECKPOINTS)                                                                                                     \
    X(CUT)                                                                                                             \
    X(NO_MODEL)

enum gw_legacy_oddity {
#define X(name) GW_LEGACY_##name,
    GW_LEGACY_ODDITIES(X)
#undef X
        GW_NUM_LEGACY_ODDITIES
};

/* What a wrapping carries beside the image. */
enum gw_aside_kind {
    GW_ASIDE_XL_HEADER,      /* body: its 48 octets */
    GW_ASIDE_XL_CONFIG,      /* body: the configuration as stored; number: the header's mandatory flags */
    GW_ASIDE_XL_MORE,        /* body: optional data behind the configuration */
    GW_ASIDE_LIBXL_HEADER,   /* body: its 16 octets */
    GW_ASIDE_LIBXL_RECORD,   /* type, body */
    GW_ASIDE_LIBVIRT_HEADER, /* body: its 64 octets */
    GW_ASIDE_LIBVIRT_XML,    /* body: the domain's XML as stored; name: why it is none, NULL when it is one */
    GW_ASIDE_XEND_CONFIG,    /* body: the S-expression as stored */
    GW_ASIDE_XENOPSD_RECORD, /* type; length: as its header has it; body: empty where the image follows */
    GW_ASIDE_LAYER,          /* name: the layer that was recognised, outermost first: "xz", "xl", "libxl", "raw" */
    GW_ASIDE_UNPACK,         /* name: why a packed file did not end well behind what was read of it */
    GW_ASIDE_LEGACY,         /* legacy: what a legacy image is, before it begins and again behind it */
    GW_ASIDE_LEGACY_ODD,     /* type: enum gw_legacy_oddity; name: the sentence that says it */
    GW_ASIDE_TRAILING        /* length: of what stands behind the end; body: its first octets */
};

struct gw_aside {
    enum gw_aside_kind kind;
    uint64_t offset; /* in the uncompressed input */
    uint32_t type;   /* of a libxl record; of xenopsd's, its kind */
    uint32_t number; /* see the kinds */
    bool pad_nonzero;
    bool at_least;    /* TRAILING: counting was given up at a limit */
    const char *name; /* see the kinds */
    const struct gw_guest_config
        *config; /* XL_CONFIG, LIBVIRT_XML, XEND_CONFIG, the first XENOPSD_RECORD: what it says */
    const struct gw_device_state *state;  /* of a record that is a device model's state; else NULL */
    const struct gw_device_store *store;  /* of a record that is xenstore data for one; else NULL */
    const struct gw_legacy_facts *legacy; /* LEGACY */
    const uint8_t *body;                  /* borrowed for the call */
    size_t body_len;
    uint64_t length; /* body_len, but where the kinds say otherwise */
};

/* What a sink does with contents; a tee asks watchers, then landers, then movers. */
enum gw_takes { GW_TAKES_WATCH, GW_TAKES_LAND, GW_TAKES_MOVE };

struct gw_sink_ops {
    const char *name;
    enum gw_takes takes;
    /* Once, before any record. */
    int (*begin)(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err);
    int (*pages)(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err);
    int (*record)(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err);
    /* STATIC_END comes once in a right image and may refuse it. */
    int (*mark)(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err);
    int (*aside)(struct gw_sink *sink, const struct gw_aside *aside, struct gw_err *err);
    /*
     * All up to here is whole; said by the outermost producer only, for a libxl image behind the device model's state.
     */
    int (*commit)(struct gw_sink *sink, struct gw_err *err);
    /* Once, also after a failure; frees. */
    void (*close)(struct gw_sink *sink);
};

/* First member of every sink. */
struct gw_sink {
    const struct gw_sink_ops *ops;
    bool failed; /* a slot failed: only close may follow */
};

int gw_sink_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err);
int gw_sink_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err);
int gw_sink_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err);
int gw_sink_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err);
int gw_sink_aside(struct gw_sink *sink, const struct gw_aside *aside, struct gw_err *err);
int gw_sink_commit(struct gw_sink *sink, struct gw_err *err);
/* NULL is fine. */
void gw_sink_close(struct gw_sink *sink);
void gw_sink_closep(struct gw_sink **sink);

/*
 * One image into several sinks (borrowed: closing the tee leaves them open). Watchers are called first, then landers,
 * then movers, in the given order within each.
 */
struct gw_sink *gw_tee(struct gw_sink *const *sinks, unsigned num, struct gw_err *err);

#endif
