/*
 * layers.h - the room's inside: the state of a wrap and the row that every layer has.
 */
#ifndef GW_LAYERS_H
#define GW_LAYERS_H

#include "wrap.h"

#define LAYERS_TEXT_MAX 64

struct gw_wrap {
    struct gw_chan *chan; /* innermost: what the carriers read; always able to peek */
    struct gw_chan *file; /* the input as stored, somewhere below chan */
    uint64_t max_pfn, size;
    bool skips, reopens;
    int again_fd; /* the plain file where octet o of the input is at o + again_at (modulo 2^64); -1: there is none */
    uint64_t again_at;
    int spool;               /* borrowed; -1: there is none */
    uint64_t spooled_before; /* octets in it that are others' */
    unsigned legacy_width;
    const char *legacy_guest; /* what a person says of a legacy image; 0 and NULL: nothing */
    char layers[LAYERS_TEXT_MAX];
};

/*
 * A layer. bid: how many bits of the first octets it has verified, 0 for "not mine"; fewer octets than it wants are
 * judged as far as they go. Either unpack (a compressed layer: the channel of what is inside; next is given, also on
 * failure) or run (a carrier: the rest of the input into the sink).
 */
struct layer {
    const char *name;
    const char *sentence; /* what it is, for the pages */
    const char *magic;    /* of a carrier: its first octets */
    size_t magic_len;
    unsigned (*bid)(const uint8_t *mem, size_t len);
    struct gw_chan *(*unpack)(struct gw_chan *next, const struct layer *layer, struct gw_err *err);
    int (*run)(struct gw_wrap *wrap, struct gw_sink *sink, struct gw_err *err);
    const struct layer_writer *writer; /* NULL: this layer is only read */
    const char *becomes;               /* what is written in place of a layer that is only read; NULL: nothing */
    int filter;                        /* of unpack: libarchive's number of the one filter */
};

struct layer_writer; /* pack.h */

/* The rows: the highest bid wins. */
extern const struct layer layer_raw, layer_libxl, layer_xl, layer_libvirt, layer_xend, layer_xapi, layer_xenopsd,
    layer_legacy;
extern const struct layer layer_gzip, layer_xz, layer_zstd, layer_lz4;

/* The row of that name; NULL when there is none. */
const struct layer *layer_of(const char *name);

/* Tells the sink which layer was recognised, and remembers it. */
int say_layer(struct gw_wrap *wrap, struct gw_sink *sink, const char *name, struct gw_err *err);
/* Counts and tells what stands behind the end, in a channel whose first octet has the offset base. */
int say_trailing_of(struct gw_wrap *wrap, struct gw_chan *chan, uint64_t base, struct gw_sink *sink,
                    struct gw_err *err);
int say_trailing(struct gw_wrap *wrap, struct gw_sink *sink, struct gw_err *err);
/* The input ended inside of what: said so, under that rule; another failure stays as it is. Always -1. */
int say_short(struct gw_err *err, const char *rule, const char *what, size_t got, size_t want);
/* libxl.c, for the files around it: the libxl stream that comes next. */
int run_libxl(struct gw_wrap *wrap, struct gw_sink *sink, struct gw_err *err);
/* Does one come, as that file's header has it; the rule is the one of that file. */
int expect_libxl(struct gw_wrap *wrap, const char *file, const char *rule, struct gw_err *err);

/* The same octets as far as both go: the number of bits, or 0. */
unsigned bid_octets(const uint8_t *mem, size_t len, const void *want, size_t want_len);

/* foreign.c: the rows of what belongs to Xen's world but is none that is read, by number; false behind the last. */
bool foreign_beginning(unsigned number, struct gw_beginning *out);
/* Octets that some row knows: never a legacy image, however they look as numbers. */
bool is_foreign(const uint8_t *mem, size_t len);
/* What octets are that no layer wants: a sentence with advice, written to text. */
void name_foreign(const uint8_t *mem, size_t len, char *text, size_t room);

/* xl_config.c: what a JSON configuration says of the guest; one longer than gw_limit(JSON) is not read. */
int read_config(const uint8_t *mem, size_t len, bool is_json, struct gw_guest_config *out, struct gw_err *err);
/* domain_xml.c: the same of libvirt's XML. NULL, or why it is no domain's definition, for people. */
const char *read_domain_xml(const uint8_t *mem, size_t len, struct gw_guest_config *out);
/* savevm.c: what a device model's state is seen to be. */
int read_device_state(struct gw_cur state, struct gw_device_state *out, struct gw_err *err);
/* xenops_record.c: the same of xenopsd's first record. */
int read_xenops_record(const uint8_t *mem, size_t len, struct gw_guest_config *out, struct gw_err *err);

#endif
