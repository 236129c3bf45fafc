/*
 * exporter.h - what the files of this room share. Private to src/export.
 */
#ifndef GW_EXPORTER_H
#define GW_EXPORTER_H

#include "export.h"

/* Neighbouring pfns that are pages. */
struct span {
    uint64_t first, num;
};

/* memory.c: where memory is, and where each page stands among the pages. */
struct memory {
    struct gw_image *image;
    struct gw_sparse before;      /* uint64_t: pages below it, by pfn / GW_SPARSE_LEAF */
    uint64_t pages, spans, above; /* above the highest page */
};
int memory_init(struct memory *memory, struct gw_image *image, struct gw_exported *facts, struct gw_err *err);
void memory_free(struct memory *memory);
/* The next pages at or behind a pfn, in *out. False: none are left. */
bool memory_next(const struct memory *memory, uint64_t pfn, struct span *out);
/* Pages below that pfn. */
uint64_t memory_below(const struct memory *memory, uint64_t pfn);

/* output.c: what is written, hashed, with holes where it may have some. */
struct output {
    struct gw_chan *to;
    int holes;
    struct gw_hash *hash;
    uint64_t at;
    uint8_t *room; /* not written yet: the last len octets in front of `at` */
    size_t len;
};
int output_init(struct output *output, const struct gw_export_opts *opts, struct gw_err *err);
int output_put(struct output *output, const void *mem, size_t len, struct gw_err *err);
int output_zeros(struct output *output, uint64_t len, struct gw_err *err);
int output_pages(struct output *output, struct gw_image *image, struct span span, struct gw_err *err);
int output_end(struct output *output, uint8_t sha256[GW_SHA256_LEN], struct gw_err *err);
void output_free(struct output *output);

/* mappings.c: pages in a row by virtual and guest-physical address, all of them there. */
struct segment {
    uint64_t va, pfn, num;
};
struct segments {
    struct segment *all; /* ascending by va */
    size_t num, cap;
    uint64_t least;   /* shorter ones were left out, for there are too many */
    uint64_t budget;  /* pages that may yet be looked at */
    uint64_t dropped; /* pages */
};
/* Of the first vCPU that has paging on. */
int segments_find(struct segments *segments, const struct memory *memory, struct gw_sink *inspector,
                  struct gw_err *err);
void segments_free(struct segments *segments);

/* notes.c: what a core says of vCPUs and of its kernel, as ELF notes. *num: vCPUs. */
int notes_of_vcpus(struct gw_buf *notes, struct gw_sink *inspector, uint32_t *num, struct gw_err *err);
void note_put(struct gw_buf *notes, const char *name, uint32_t type, const void *desc, size_t len);

/* vmcoreinfo.c: what a Linux says of itself for those who read its core; *len 0: nothing was found. */
int vmcoreinfo_note(struct gw_buf *notes, struct gw_image *image, uint32_t *len, struct gw_err *err);

/* xen_core.c: the sections that Xen's own dump-core writes of a PV guest. */
struct xen_core {
    struct gw_buf notes, contexts;
    struct gw_cur shared_info;
    uint64_t num_contexts, context_len;
};
int xen_core_init(struct xen_core *core, struct gw_sink *inspector, uint64_t pages, struct gw_err *err);
void xen_core_free(struct xen_core *core);
int xen_core_p2m(struct output *output, const struct memory *memory, struct gw_err *err);

/* elf.c, flat.c */
int export_elf(struct output *output, const struct memory *memory, struct gw_sink *inspector, struct gw_exported *facts,
               struct gw_err *err);
int export_raw(struct output *output, const struct memory *memory, struct gw_err *err);
int export_lime(struct output *output, const struct memory *memory, struct gw_err *err);

#endif
