/*
 * inspector.h - what the inspector gathers of an image, for the files that print it: text, JSON, HTML. Private to
 * src/report.
 *
 * The state of a checkpointed image is that of its last complete checkpoint.
 */
#ifndef GW_INSPECTOR_H
#define GW_INSPECTOR_H

#include "report.h"

/* A record's or an aside's octets, held. */
struct held {
    bool there;
    bool dropped; /* too much was held already: length alone is known */
    struct gw_frame frame;
    struct gw_buf body;
    uint64_t length;
};

/* One thing that an image has one of: a record of one type (of one vCPU), an aside of one kind. */
struct item {
    enum { ITEM_RECORD, ITEM_ASIDE } of;
    uint32_t type; /* of the record; of a libxl record */
    uint32_t vcpu; /* of a vCPU record */
    enum gw_aside_kind kind;
    const char *name;      /* of a layer: borrowed from the wrap's tables */
    struct held now, kept; /* since the last commit; as of it */
};

/* A run through memory in ascending order. */
struct pass {
    uint64_t first_record, last_record;
    uint64_t entries, contents;
    uint64_t again;      /* entries whose pfn was named before */
    uint64_t checkpoint; /* complete checkpoints before it */
    bool verify;         /* behind VERIFY: a comparison */
};
#define MOST_PASSES 4096 /* what comes behind is counted in the last */

/* State of a pfn: the type xor GW_PAGE_NO_TYPE in bits 0 to 3, 0: never named; and what is below. */
#define PFN_ZERO 0x10u   /* its last contents are zero: known only where contents were looked at */
#define PFN_PASS_SHIFT 8 /* the pass that named it last, in bits 8 to 15; 255: a later one */

#define MOST_OTHERS 256 /* things that an image has one of, beside the vCPUs' records */

struct run {
    uint64_t first, num;
};
#define MOST_RUNS 5 /* the longest of each kind are told */

struct memory_facts {
    uint64_t by_type[16], zero;
    struct run ram[MOST_RUNS], holes[MOST_RUNS];
    uint64_t num_ram, num_holes; /* runs */
};

struct inspector {
    struct gw_sink sink;
    struct gw_inspect_opts opts;
    struct gw_summary summary; /* headers, config, records by type */
    struct gw_sink *summarizer;
    struct item *items;
    size_t num_items, cap_items;
    struct gw_sparse vcpu_items; /* uint32_t: place in items and one, by type * VCPUS + vCPU */
    size_t others[MOST_OTHERS];  /* places of the rest */
    size_t num_others;
    uint64_t unfollowed; /* of more kinds than that, or of vCPUs beyond the bound */
    uint64_t held;       /* octets of all bodies */
    struct pass *passes;
    size_t num_passes, cap_passes;
    uint64_t highest; /* pfn of the pass that goes on */
    bool pass_open, verifying;
    struct gw_sparse pfns; /* uint16_t */
    struct gw_undo undo;
    struct gw_pages now; /* whose contents pass */
    uint32_t next_entry;
    uint64_t commits;
    bool ended;
    struct held start_info; /* a page, which gw_inspector_take_start_info brought; its frame's offset is the page's */
};

/* inspector_memory.c */
int note_pages(struct inspector *in, const struct gw_pages *pages, struct gw_err *err);
void end_pass(struct inspector *in);
/* -1: never named. */
int pfn_type(uint16_t state);
void memory_facts(const struct inspector *in, struct memory_facts *out);

/* The octets of an item as they are to be told; none: not there, or dropped. */
const struct held *item_state(const struct inspector *in, const struct item *item);
const char *aside_name(const struct item *item);
/* What the bodies do not say themselves. */
struct gw_view inspector_view(const struct inspector *in);

#endif
