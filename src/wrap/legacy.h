/*
 * legacy.h - the inside of the reader of legacy images (libxc of Xen 3.0 to 4.5): one walk over the octets, what
 * happens on it, and what is made of it.
 *
 *   head   how wide, which guest, extended info, p2m frames           legacy_head.c, legacy_probe.c
 *   walk   chunks of a round's body, then its tail, as events          legacy_body.c, legacy_tail.c
 *   plan   a walk that only looks: rounds, what the last one lists     legacy_plan.c
 *   emit   a walk that makes records of today's format                 legacy.c, legacy_emit.c, legacy_state.c
 *
 * W is the width of the toolstack's words, G the guest's (legacy sections 1 and 3). Offsets of events are those of the
 * datum in the unpacked input. Nothing here knows what surrounds the image but as a hint.
 */
#ifndef GW_LEGACY_H
#define GW_LEGACY_H

#include "layers.h"

#include "legacy_model.h"
#include "legacy_pages.h"
#include "legacy_tmem.h"
#include "legacy_toolstack.h"

#define LEGACY_P2M_MOST UINT64_C(0x10000000) /* pfn fields have 28 bits */
#define LEGACY_BATCH_MOST 1024u
#define LEGACY_VCPUS_MOST 4096u

/* The chunks (section 5): everything but a batch, whose id is its number of entries. */
enum legacy_chunk_id {
    LEGACY_END_OF_BODY = 0,
    LEGACY_VERIFY = -1,
    LEGACY_VCPU_INFO = -2,
    LEGACY_IDENT_PT = -3,
    LEGACY_VM86_TSS = -4,
    LEGACY_TMEM = -5,
    LEGACY_TMEM_EXTRA = -6,
    LEGACY_TSC_INFO = -7,
    LEGACY_CONSOLE_PFN = -8,
    LEGACY_LAST_CHECKPOINT = -9,
    LEGACY_ACPI_IOPORTS = -10,
    LEGACY_VIRIDIAN = -11,
    LEGACY_COMPRESSED = -12,
    LEGACY_ENABLE_COMPRESSION = -13,
    LEGACY_GENERATION_ID = -14,
    LEGACY_PAGING_RING = -15,
    LEGACY_ACCESS_RING = -16,
    LEGACY_SHARING_RING = -17,
    LEGACY_TOOLSTACK = -18,
    LEGACY_IOREQ_SERVER_PFN = -19,
    LEGACY_NR_IOREQ_PAGES = -20,
    LEGACY_X87_FIP_WIDTH = -21,
    LEGACY_LOWEST = LEGACY_X87_FIP_WIDTH
};

/* How the image begins: as every release wrote it, or as the two proposals of 2014 (section 14). */
enum legacy_form { LEGACY_PLAIN, LEGACY_PROPOSAL_A, LEGACY_PROPOSAL_B };

struct legacy_head {
    uint64_t offset; /* of the number of pfns */
    enum legacy_form form;
    unsigned width; /* W: 4 or 8 */
    bool is_hvm;
    uint64_t p2m_size; /* 1 to LEGACY_P2M_MOST */
    /* PV from here on */
    bool has_info, has_extended; /* extended info is there; its block "extv" */
    unsigned guest_width;        /* G: 4 or 8 */
    uint32_t vcpu_len;           /* octets of a vCPU's context: 0xaf0 or 0x1430 */
    uint32_t xsave_len;          /* as "xcnt" has it, 16 octets of head included; 0: no XSAVE */
    uint32_t num_unknown;        /* blocks of extended info that nobody knows */
    struct gw_buf frames;        /* num_frames u64, host order: pfns of the p2m's pages */
    uint32_t num_frames;
};

/* A batch whose entries were read; its contents, if any, are the next octets of walk->chan. */
struct legacy_batch {
    uint64_t offset;         /* of the count */
    const uint64_t *entries; /* widened to today's: gw_entry_pfn(), gw_entry_type(); holes (XTAB) among them */
    uint32_t num;
    uint32_t num_contents; /* pages that follow; 0 in compressed rounds */
    bool is_compressed;    /* the contents come in chunks -12 */
};

/* Any other chunk. Which members have a meaning is the id's to say. */
struct legacy_chunk {
    int32_t id;
    uint64_t offset;
    uint64_t value;         /* of an HVM parameter */
    uint64_t param;         /* its index in Xen */
    struct gw_tsc_info tsc; /* TSC_INFO */
    int32_t max_vcpu;       /* VCPU_INFO: with map, LEGACY_VCPUS_MOST bits as 64-bit words */
    const uint64_t *map;    /* bits above max_vcpu are clear already */
    bool extra_bits;        /* and were not */
    const uint8_t *body;    /* TOOLSTACK: length octets */
    uint64_t length;        /* COMPRESSED: octets that are the next of walk->chan */
    const struct legacy_tmem *tmem;
};

struct legacy_vcpu {
    uint32_t id;
    uint64_t offset;
    const uint8_t *basic, *extended, *xsave; /* NULL: there is none */
    size_t basic_len, extended_len, xsave_len;
    uint64_t xsave_mask;
    bool odd_xsave; /* absent, or of another size than the head says */
};

/* What a walk finds, in the order of the file. A missing slot looks away; failing ends the walk. */
struct legacy_ops {
    /* contents that it leaves in the channel are skipped */
    int (*batch)(void *arg, const struct legacy_batch *batch, struct gw_err *err);
    int (*chunk)(void *arg, const struct legacy_chunk *chunk, struct gw_err *err);
    /* pieces of the list of pfns without a page; num of the whole list comes first, with none */
    int (*unmapped)(void *arg, uint32_t num_all, const uint64_t *pfns, uint32_t num, struct gw_err *err);
    int (*vcpu)(void *arg, const struct legacy_vcpu *vcpu, struct gw_err *err);
    int (*shared_info)(void *arg, uint64_t offset, const uint8_t *page, struct gw_err *err);
    int (*magic)(void *arg, uint64_t offset, const uint64_t pfns[3], struct gw_err *err);
    int (*context)(void *arg, uint64_t offset, const uint8_t *body, size_t len, struct gw_err *err);
    int (*model)(void *arg, const struct legacy_model *model, struct gw_err *err);
};

/* Octets that can be read again: a plain file, or a spool. The input's offset o is at o + at (modulo 2^64) in it. */
struct legacy_place {
    int fd; /* borrowed; -1: they cannot */
    uint64_t at;
};

/* A walk over one image, round by round. */
struct legacy_walk {
    struct gw_chan *chan; /* borrowed; can peek */
    uint64_t base;        /* the offset that the channel's first octet has in the input */
    uint64_t max_pfn;     /* pfns at or above it are refused */
    struct legacy_place again;
    const struct legacy_head *head;
    const struct legacy_ops *ops;
    void *arg;
    bool skips_model;         /* the device model's record is somebody else's to read */
    uint64_t round;           /* from 1 */
    bool compresses;          /* chunk -13 came: */
    uint64_t compresses_from; /* behind this round batches have no contents */
    bool is_last;             /* chunk -9 came: nothing follows this round */
    bool has_vcpus;           /* chunk -2 came in this round */
    uint64_t num_chunks, num_batches;
    uint64_t num_pages; /* with contents, of this round so far */
    int32_t max_vcpu;   /* of this round's last map */
    uint64_t map[LEGACY_VCPUS_MOST / 64];
    struct gw_buf body, more; /* of what is at hand */
    struct legacy_tmem tmem;  /* what its chunks said so far */
    uint64_t entries[LEGACY_BATCH_MOST];
};

/* One round: body, then tail. Errors are placed; a cut says inside of which structure. */
int legacy_walk_body(struct legacy_walk *walk, struct gw_err *err);
int legacy_walk_tail(struct legacy_walk *walk, struct gw_err *err);
void legacy_walk_free(struct legacy_walk *walk);

static inline uint64_t legacy_offset(const struct legacy_walk *walk)
{
    return walk->base + walk->chan->read_pos;
}

/* For the walk's own files: the next octets, into walk->body but for take; a cut says that it was inside of what. */
int legacy_take(struct legacy_walk *walk, void *mem, size_t len, const char *what, struct gw_err *err);
int legacy_fill(struct legacy_walk *walk, uint64_t len, const char *what, struct gw_err *err);
int legacy_cut(const struct legacy_walk *walk, const char *what, struct gw_err *err);
/* What a part called wrong, by that rule; what was cut stays so. Always -1. */
int legacy_by_rule(struct gw_err *err, const char *rule);

/* Takes the head from the number of pfns on; its form, width and is_hvm are set before, all else is zero. */
int legacy_head_read(struct legacy_walk *walk, struct legacy_head *head, struct gw_err *err);
void legacy_head_free(struct legacy_head *head);

/* legacy_probe.c */
enum legacy_guest { LEGACY_NO_GUEST, LEGACY_PV, LEGACY_HVM, LEGACY_TOO_SHORT, LEGACY_UNDECIDED };
/* Bits that speak for a legacy image in the first octets of a file. */
unsigned legacy_bid(const uint8_t *mem, size_t len);
/* Extended info follows the number of pfns, which only a PV guest has; is_sure: with the block that is always first. */
bool legacy_has_info(const uint8_t *mem, size_t len, unsigned width, bool *is_sure);
/* Which guest is in what comes next (nothing is taken); of walk->head the width counts. NO_GUEST: it is no image. */
int legacy_probe(const struct legacy_walk *walk, enum legacy_guest *guest, struct gw_err *err);

/* legacy_plan.c */
struct legacy_plan {
    uint64_t num_rounds; /* complete, those before the plan's walk began included; 0: not even the first */
    uint64_t end;        /* behind the last complete one */
    bool is_last;        /* which says that nothing follows */
    bool compressed;     /* contents of some rounds come compressed */
    bool has_model;
    unsigned types;    /* a bit for each type of page that was named */
    bool strange_root; /* the round does not say its vCPUs, and the root of vCPU 0's page tables is none: */
    uint64_t root;     /* its pfn */
    struct gw_bitmap unmapped;
    struct gw_err why; /* what ended the reading; no error: the end of the input, behind a complete round */
    uint64_t num_pages;
};
/* From where the walk stands, in its `again`; the walk stays there. plan: zero, freed also on failure. */
int legacy_plan_make(struct legacy_plan *plan, const struct legacy_walk *walk, struct gw_err *err);
void legacy_plan_free(struct legacy_plan *plan);

/* legacy_proposal.c: the two beginnings that were proposed in 2014 (section 14). PLAIN: neither. */
enum legacy_form legacy_proposal_of(const uint8_t *mem, size_t len);
/* Takes what stands before the number of pfns, and sets head->width. */
int legacy_proposal_read(struct legacy_walk *walk, struct legacy_head *head, struct gw_err *err);

/* --- what comes out ---------------------------------------------------------------------------------------------- */

/* legacy_emit.c: records into a sink, numbered and framed as if they stood in the input where their datum does. */
struct legacy_emit {
    struct gw_sink *sink;
    uint64_t num_records;
    uint8_t *buffer;                  /* for payloads: gw_limit(BUFFER) octets */
    struct gw_buf body;               /* of the record at hand; empty between them */
    const struct gw_bitmap *unmapped; /* pfns whose pages are left out; of no bits, or NULL: none */
    uint64_t entries[LEGACY_BATCH_MOST];
};

/* Headers and what comes before the first page. */
int legacy_emit_begin(struct legacy_emit *emit, const struct legacy_head *head, struct gw_err *err);
/* A batch whose contents are the next of walk->chan, without holes and what is unmapped. */
int legacy_emit_batch(struct legacy_emit *emit, const struct legacy_walk *walk, const struct legacy_batch *batch,
                      struct gw_err *err);
int legacy_emit_vcpu(struct legacy_emit *emit, const struct legacy_vcpu *vcpu, struct gw_err *err);
/* A record of what is in emit->body; a mark. */
int legacy_emit_record(struct legacy_emit *emit, uint32_t type, uint64_t offset, struct gw_err *err);
int legacy_emit_mark(struct legacy_emit *emit, enum gw_mark_kind kind, uint64_t offset, struct gw_err *err);

/* One PAGE_DATA: 1 to LEGACY_BATCH_MOST entries without holes. */
struct legacy_run {
    uint64_t offset;      /* of what named them */
    uint64_t contents_at; /* in the input; GW_NO_PLACE: elsewhere */
    const uint64_t *entries;
    uint32_t num, num_contents;
};
/* contents: open, and settled by the caller. */
int legacy_emit_pages(struct legacy_emit *emit, const struct legacy_run *run, struct gw_payload *contents,
                      struct gw_err *err);

/* legacy_state.c: what a round says beside the guest's memory, held until it is known to be the last complete one. */
struct legacy_state {
    bool has_tsc, has_toolstack;
    struct gw_tsc_info tsc; /* of the first round: it is not said again */
    struct {
        bool is_set;
        uint64_t value;
    } params[GW_HVM_NUM_PARAMS];
    enum legacy_model_form model_form;
    struct gw_buf context, toolstack, model; /* model: with the header of libxl's record */
    uint64_t tsc_at, params_at, context_at, toolstack_at, model_at;
};
/* For the next round. */
void legacy_state_clear(struct legacy_state *state);
void legacy_state_free(struct legacy_state *state);
/* The slots of a walk that say it. */
int legacy_state_chunk(struct legacy_state *state, const struct legacy_chunk *chunk, struct gw_err *err);
void legacy_state_magic(struct legacy_state *state, uint64_t offset, const uint64_t pfns[3]);
int legacy_state_context(struct legacy_state *state, uint64_t offset, const uint8_t *body, size_t len,
                         struct gw_err *err);
int legacy_state_model(struct legacy_state *state, const struct legacy_model *model, struct gw_err *err);
/* Told: a PV guest's clock; an HVM guest's records; what libxl has behind the image. */
int legacy_tell_tsc(const struct legacy_state *state, struct legacy_emit *emit, struct gw_err *err);
int legacy_tell_hvm(const struct legacy_state *state, struct legacy_emit *emit, struct gw_err *err);
int legacy_tell_beside(const struct legacy_state *state, unsigned width, struct legacy_emit *emit,
                       struct legacy_toolstack *what, struct gw_err *err);

/*
 * legacy_rounds.c: rounds of which later ones come compressed, resolved: where each pfn's last contents are, in the
 * input (at the walk's again) or, of what was decoded, in the spool. Fed with complete rounds only; then told once.
 */
struct legacy_rounds;
struct legacy_rounds *legacy_rounds_new(const struct legacy_walk *walk, int spool, struct gw_err *err);
/* The slots batch and chunk (-12, end of body) of a walk; contents stay in the channel. */
int legacy_rounds_batch(struct legacy_rounds *rounds, const struct legacy_batch *batch, struct gw_err *err);
int legacy_rounds_chunk(struct legacy_rounds *rounds, const struct legacy_chunk *chunk, struct gw_err *err);
/* All pages through legacy_emit_pages, each pfn once, ascending; those of emit->unmapped not. */
int legacy_rounds_tell(struct legacy_rounds *rounds, struct legacy_emit *emit, struct gw_err *err);
void legacy_rounds_free(struct legacy_rounds *rounds);

/* legacy_tell.c */
__attribute__((format(printf, 5, 6))) int legacy_odd(struct gw_sink *sink, enum gw_legacy_oddity oddity,
                                                     uint64_t offset, struct gw_err *err, const char *fmt, ...);
/* Which Xen wrote it, as far as its features tell; chunks: bit n for a chunk of id -n that is there. */
const char *legacy_release(const struct legacy_head *head, unsigned chunks);

/* legacy_spool.c: the rest of the input goes to the end of the spool, from where the walk goes on in *own. */
int legacy_put_aside(struct legacy_walk *walk, int spool, struct gw_chan **own, struct gw_err *err);

/* --- for the files around a legacy image -------------------------------------------------------------------------- */

/* What the file around it, or a person, says of the image. */
struct legacy_hint {
    unsigned width;    /* 4 or 8; 0: not said */
    const char *guest; /* "pv" or "hvm"; NULL: not said */
    bool is_override;  /* a person said so: it holds against the file; else it decides where the file does not */
    bool is_inside;    /* what follows the image is the file's around it: that says, too, when all of it is whole */
};
/* The legacy image that comes next, to the end of the input, with all that belongs to it; inside: to its own end. */
int run_legacy(struct gw_wrap *wrap, struct gw_sink *sink, const struct legacy_hint *hint, struct gw_err *err);

/* legacy.c's whole, for legacy_detect.c */
struct legacy_image {
    struct gw_wrap *wrap;
    struct gw_sink *sink;
    const struct legacy_hint *hint;
    struct legacy_head head;
    struct legacy_walk walk;
    struct legacy_plan plan;
    struct legacy_state state;
    struct legacy_emit emit;
    struct legacy_rounds *rounds; /* NULL: contents pass as they come */
    struct gw_chan *own;          /* of the spool; NULL: the wrap's */
    bool planned, tsc_told;
    uint64_t last;          /* the round whose state is told; 0: not known yet */
    uint64_t unmapped_next; /* the least that the list may name next */
    unsigned chunks;        /* bit n: one of id -n was there */
};
/* Sets the head's form, width and is_hvm. */
int legacy_detect(struct legacy_image *image, struct gw_err *err);
int legacy_image_put_aside(struct legacy_image *image, struct gw_err *err);

#endif
