/*
 * damaged.h - the room's inside: the octets that are looked at, what is found in them, and what comes of it.
 */
#ifndef GW_DAMAGED_H
#define GW_DAMAGED_H

#include "salvage.h"

/* --- octets.c: the damaged input by offset ------------------------------------------------------------------------ */

#define OCTETS_MOST 65536u /* that may be looked at in one piece */

struct octets {
    int fd; /* borrowed */
    uint64_t size;
    uint8_t *mem; /* OCTETS_ROOM octets of room; len of the input from at on are in it */
    uint64_t at;
    size_t len;
};

int octets_init(struct octets *o, int fd, struct gw_err *err);
void octets_free(struct octets *o);
/* len octets (at most OCTETS_MOST), borrowed until the next call; NULL with err fresh: the input ends before. */
const uint8_t *octets_at(struct octets *o, uint64_t at, size_t len, struct gw_err *err);
/* The same into mem, of any length, as far as the input goes; *got. */
int octets_copy(struct octets *o, uint64_t at, void *mem, size_t len, size_t *got, struct gw_err *err);

/* --- law.c: is it a record ---------------------------------------------------------------------------------------- */

enum law { LAW_NONE, LAW_CUT, LAW_RECORD };

struct seen {
    uint32_t type, length;
    uint64_t at, end; /* of the header; where the next record begins */
    bool known;
    uint32_t vcpu; /* of a vCPU's record */
    /* PAGE_DATA: */
    uint32_t count, num_contents;
    uint64_t contents_at;
};

struct salvage_law {
    struct octets *octets;
    uint64_t max_pfn;
    unsigned guests;       /* GW_GUEST_*: kinds that it may be of */
    struct gw_buf entries; /* of the PAGE_DATA at hand: seen.count decoded ones */
    struct gw_buf body;    /* of the record at hand, where it is looked at */
    uint64_t left;         /* how much may still be looked at in searching */
};

/*
 * What stands at that place: a record that keeps every law of its frame, one that would if the input did not end inside
 * of it (PAGE_DATA only), or none. strict: for a place that is only guessed, where padding is zero and the type known.
 */
int judge_record(struct salvage_law *law, uint64_t at, bool strict, enum law *what, struct seen *out,
                 struct gw_err *err);
/* The type of what has the header of a known record there, though the rest may be wrong. */
int header_type(struct salvage_law *law, uint64_t at, bool *has, uint32_t *type, struct gw_err *err);
/* There stands the header of a record in which the input ends: what is cut behind it was right so far. */
int header_proves(struct salvage_law *law, uint64_t at, bool *proves, struct gw_err *err);

/* --- beside.c: what carries the image, behind it ------------------------------------------------------------------ */

enum carrier { CARRIER_RAW, CARRIER_LIBXL, CARRIER_XENOPSD };

struct beside {
    uint64_t at, end; /* of the records that are right; those that frame the image are not among them */
    uint64_t next;    /* behind the record that ended the walk */
    unsigned num;     /* of them */
    bool ended;       /* the carrier's own end stands behind them; at a checkpoint, that of the checkpoint */
};

/* The records of a carrier at that place; checkpoint: up to the end of a checkpoint instead of the carrier's. */
int walk_beside(struct octets *octets, enum carrier carrier, uint64_t at, bool checkpoint, struct beside *out,
                struct gw_err *err);
/* What ends the carrier's stream, to be written where it was lost. */
void put_carrier_end(struct gw_buf *buf, enum carrier carrier);

/* --- what was found ----------------------------------------------------------------------------------------------- */

/* A piece of the stream that is left: octets of the input, or of made (where from_made). */
struct piece {
    uint64_t at, len;
    bool from_made;
};

struct pieces {
    struct piece *all;
    size_t num, cap;
};

/* A record of which only the last one of its kind counts. */
struct single {
    uint32_t type, vcpu;
    struct piece piece;
    bool shaky;     /* the stream is broken behind it */
    uint64_t epoch; /* checkpoints before it */
};

/* Records between two damaged places. */
struct stretch {
    bool used, has_pages;
    bool several;      /* it stands for this one and all behind it */
    size_t holes;      /* in front of it */
    uint64_t contents; /* octets of contents of pages */
    uint64_t first_pfn, last_pfn;
};

#define STRETCHES 15u /* that are told apart; what is behind is one */

/* What is known of a pfn, in two octets: the bits of its doubt, the stretch of its last copy; 0: never named. */
#define PFN_NAMED 0x80u
#define PFN_STRETCH 8      /* the first of four bits */
#define SEEN_TWICE 0x2000u /* in the record at hand */

struct gw_salvage {
    struct octets octets;
    struct salvage_law law;
    int fd;    /* owned */
    int spool; /* owned, as long as nothing is in it; else -1 */
    struct gw_legacy_opts legacy;
    uint64_t max_pfn;
    char layers[64];
    struct gw_losses losses;
    /* head.c */
    enum carrier carrier;
    struct piece head;  /* what stands before the image */
    struct gw_buf made; /* octets that stand in no input */
    size_t made_before; /* of them, before the scan */
    struct piece image_headers;
    uint64_t begin; /* of the first record */
    uint32_t version;
    uint64_t legacy_size, legacy_stop; /* of a legacy image that ends too early: its octets; where reading it ended */
    bool misread;                      /* it went wrong somewhere before its reader noticed */
    bool converted; /* it was a legacy image, which has no X86_TSC_INFO if it is older than Xen 4.0 */
    /* scan.c */
    uint64_t commit; /* where the last complete checkpoint ended; 0: none */
    uint64_t stop;   /* if it stops: everything from here on is left out */
    bool stops, done;
    bool ended; /* at an END that is tied to the end of the input, or at a checkpoint */
    struct seen last;
    bool has_last;
    struct beside beside;
    struct gw_hole *holes;
    size_t num_holes, cap_holes;
    struct stretch stretches[STRETCHES];
    unsigned num_stretches;
    unsigned doubts[STRETCHES]; /* that all pages of a stretch share */
    /* take.c */
    struct single *singles;
    struct gw_sparse slots; /* uint32_t by type and vCPU: the number in singles, and one */
    size_t num_singles, cap_singles;
    struct pieces pages, others;
    struct gw_sparse pfns; /* uint16_t: as above */
    bool ascending;        /* every pfn so far is above all before it */
    uint64_t next_pfn;
    bool static_end, tail_begun, checkpointed;
    uint64_t tail_at, epoch; /* where the tail began; checkpoints so far */
    bool repeats;            /* a record came twice that a guest has once: it is checkpointed, or one is none */
    bool suspected;
    struct seen last_pages;
    bool checks_follow;
    struct piece digest; /* of IMAGE_DIGEST's body; len 0: none */
};

/* head.c: where the image begins and what carries it. */
int find_head(struct gw_salvage *s, struct gw_err *err);
/* The image's headers anew, by what the records say of the guest. */
int make_headers(struct gw_salvage *s, struct gw_err *err);
/* legacy.c: a stream of today, as far as the image goes, takes the place of the octets; then as find_head. */
int take_legacy(struct gw_salvage *s, struct gw_err *err);
/* scan.c: from s->begin to the end. */
int scan(struct gw_salvage *s, struct gw_err *err);
/* What stands there cannot be what it says it is: it may have been memory whose header was written over. */
int suspect(struct gw_salvage *s, uint64_t from, uint64_t to, struct gw_err *err);
/* take.c */
int take_record(struct gw_salvage *s, const struct seen *record, struct gw_err *err);
/* The PAGE_DATA that the input ends in, as far as it is there. */
int take_cut_pages(struct gw_salvage *s, const struct seen *record, struct gw_err *err);
/* What follows the last record is none. */
int doubt_last(struct gw_salvage *s, struct gw_err *err);
void forget_all(struct gw_salvage *s);
/* settle.c: the types of records that are not there and that such a guest has; missing: room for them, or NULL. */
unsigned count_missing(const struct gw_salvage *s, uint32_t *missing);
/* The bits of a pfn's doubt; -1: it was never named. */
int doubt_of(const struct gw_salvage *s, uint16_t state);
/* What all of it comes to. */
int settle(struct gw_salvage *s, struct gw_err *err);
/* sum.c: is an IMAGE_DIGEST right of what is left; checks of one PAGE_DATA. */
int compare_digest(struct gw_salvage *s, struct gw_err *err);
int compare_checks(struct gw_salvage *s, const struct seen *checks, struct gw_err *err);

int add_piece(struct pieces *pieces, const struct piece *piece, struct gw_err *err);
/* What was put into s->made since from. */
struct piece made_since(const struct gw_salvage *s, size_t from);

#endif
