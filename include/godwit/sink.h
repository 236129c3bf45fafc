/*
 * sink.h - where an image goes: the program's own callbacks, called record by record in the image's order.
 *
 * One image is: asides that precede it, begin, then pages, record and mark in the image's order with asides between,
 * commit, close. A checkpointed image commits once for each complete checkpoint.
 *
 * A sink belongs to the program that made it, and takes part in one run. One thread at a time.
 */
#ifndef GODWIT_SINK_H
#define GODWIT_SINK_H

#include <godwit/base.h>
#include <godwit/error.h>
#include <godwit/record.h>

GODWIT_BEGIN_DECLS

struct godwit_sink;

/*
 * The structures from here to godwit_aside are views (see base.h): they, and what they point to, are borrowed for the
 * call.
 *
 * offset is counted in octets from the start of the unpacked input; number is that of the record, from 1.
 */

/* Image header and domain header (sections "Image Header" and "Domain Header" of Xen's specification). */
struct godwit_headers {
    size_t size;
    uint64_t offset; /* of the image header */
    uint32_t version;
    uint32_t domain_type; /* 1: PV, 2: HVM (and PVH) */
    uint32_t page_shift;  /* 12 */
    uint32_t xen_major;   /* of the Xen that saved; 0: made by the converter of legacy images */
    uint32_t xen_minor;
};

/* A PAGE_DATA record: which pfns it is about. */
struct godwit_pages {
    size_t size;
    uint64_t number, offset;
    uint32_t count;          /* entries, at least one */
    uint32_t num_contents;   /* of them, those that bring contents */
    const uint64_t *entries; /* count of them: godwit_entry_pfn(), godwit_entry_type() */
};

/* One page of contents. */
struct godwit_page {
    size_t size;
    uint64_t number; /* of the PAGE_DATA record */
    uint64_t pfn;
    unsigned type;                 /* enum godwit_page_type, pinned or not */
    const unsigned char *contents; /* GODWIT_PAGE_LEN octets */
};

/* Any other record that is no mark. */
struct godwit_record {
    size_t size;
    uint64_t number, offset;
    uint32_t type;             /* enum godwit_record_type, or any number */
    uint32_t length;           /* octets of the body */
    const unsigned char *body; /* NULL: it is longer than is kept (limit KEPT_BODY) and of an unknown optional type */
};

/* Positions in an image. */
enum godwit_mark_kind {
    GODWIT_MARK_STATIC_END = 1, /* STATIC_DATA_END: what precedes is invariant while the guest runs */
    GODWIT_MARK_VERIFY = 2,     /* all memory again follows, for comparison; it is not another state */
    GODWIT_MARK_CHECKPOINT = 3, /* a state is complete; what follows changes it */
    GODWIT_MARK_END = 4
};

/* A position in the image, and the record that said it. */
struct godwit_mark {
    size_t size;
    uint64_t number, offset;
    enum godwit_mark_kind kind;
    int inferred; /* a flag: version 2 has no STATIC_DATA_END; this is where it would be, and no record */
};

/* What a wrapping carries beside the image. Later releases may add kinds. */
enum godwit_aside_kind {
    GODWIT_ASIDE_OTHER = 0,           /* of a kind that has no number yet */
    GODWIT_ASIDE_LAYER = 1,           /* text: the layer that was recognised, outermost first: "xz", "xl", "raw" */
    GODWIT_ASIDE_XL_HEADER = 2,       /* body: the 48 octets of xl's header */
    GODWIT_ASIDE_XL_CONFIG = 3,       /* body: the guest's configuration as xl stored it */
    GODWIT_ASIDE_XL_MORE = 4,         /* body: optional data behind the configuration */
    GODWIT_ASIDE_LIBXL_HEADER = 5,    /* body: the 16 octets of libxl's header */
    GODWIT_ASIDE_LIBXL_RECORD = 6,    /* type, body: a record of libxl's stream */
    GODWIT_ASIDE_UNPACK = 7,          /* text: why a packed file did not end well behind the image */
    GODWIT_ASIDE_TRAILING = 8,        /* length octets stand behind the end, or more; the first of them in body */
    GODWIT_ASIDE_LIBVIRT_HEADER = 9,  /* body: the 64 octets of libvirt's header */
    GODWIT_ASIDE_LIBVIRT_XML = 10,    /* body: the domain's XML; text: why it is none */
    GODWIT_ASIDE_XENOPSD_RECORD = 11, /* type, body: a record of xenopsd's framing; length: as its header has it */
    GODWIT_ASIDE_LEGACY = 12,         /* it is a legacy image; text: of which Xen, behind it; NULL before it */
    GODWIT_ASIDE_LEGACY_ODD = 13,     /* text: what is odd in a legacy image */
    GODWIT_ASIDE_XEND_CONFIG = 14     /* body: the guest's configuration as xend stored it */
};

/* One of them. */
struct godwit_aside {
    size_t size;
    uint64_t offset;
    enum godwit_aside_kind kind;
    uint32_t type;             /* of a record, as in libxl's or xenopsd's own description */
    const char *text;          /* see the kinds; NULL: none */
    const unsigned char *body; /* body_length octets; NULL: none */
    size_t body_length;
    uint64_t length; /* body_length, but where the kinds say otherwise */
};

/*
 * The program's callbacks. An order (see base.h); one that is NULL takes nothing and succeeds. arg is the program's.
 * They run on the thread that runs the image. 0: go on; -1: stop, with err set (godwit_error_set; else a sentence is
 * made that names the callback). Of such an error text, kind and errno travel to the run's caller, but GODWIT_SHORT
 * becomes GODWIT_INVALID: only the library says that an input ended. After a failure no callback is called but close.
 */
struct godwit_sink_callbacks {
    size_t size;
    /* Once, before any record. */
    int (*begin)(void *arg, const struct godwit_headers *headers, struct godwit_error *err);
    /*
     * Each PAGE_DATA. GODWIT_WANT_CONTENTS in place of 0: page is called for each of its contents, which else are
     * skipped, in a plain file without being read.
     */
    int (*pages)(void *arg, const struct godwit_pages *pages, struct godwit_error *err);
    /* Each page of contents of a PAGE_DATA whose pages callback wanted them; of all of them when pages is NULL. */
    int (*page)(void *arg, const struct godwit_page *page, struct godwit_error *err);
    int (*record)(void *arg, const struct godwit_record *record, struct godwit_error *err);
    int (*mark)(void *arg, const struct godwit_mark *mark, struct godwit_error *err);
    int (*aside)(void *arg, const struct godwit_aside *aside, struct godwit_error *err);
    /* All up to here is whole: at the end, and behind each complete checkpoint. */
    int (*commit)(void *arg, struct godwit_error *err);
    /* Once, when the sink is closed. */
    void (*close)(void *arg);
};

#define GODWIT_WANT_CONTENTS 1

/* *callbacks is copied. NULL on failure; close is called then too. */
GODWIT_API struct godwit_sink *godwit_sink_new(const struct godwit_sink_callbacks *callbacks, void *arg,
                                               struct godwit_error *err);

/* Frees a sink of any kind. NULL is fine. In a callback of its own run: done when the run returns. */
GODWIT_API void godwit_sink_close(struct godwit_sink *sink);

GODWIT_END_DECLS

#endif
