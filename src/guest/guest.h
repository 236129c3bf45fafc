/*
 * guest.h - things that run: one ops table for a source, one for a destination, and the back ends that have them.
 *
 * A guest is named on the command line as KIND:SPEC. The engine (above) decides what happens when; a back end knows
 * how. It knows nothing of channels, images in files, or other hosts. Contents never pass through here: a back end
 * says where they lie, in memory or in a descriptor. One that has to know what this room must not know stands in a room
 * above, and adds its kind (gw_guest_add_kind).
 *
 * Slots run on one thread at a time per guest unless said otherwise. A slot that fails leaves the guest as it was
 * before the call. After any failure close is allowed, and for a source untrack and resume.
 */
#ifndef GW_GUEST_H
#define GW_GUEST_H

#include <stdatomic.h>

#include "base.h"
#include "channel.h"
#include "xenf.h"

#define GW_AGAIN_ROOM 1024 /* for the name by which a guest is found again; it may have a file's name in it */

/* What is true of a guest as long as it runs. */
struct gw_guest_facts {
    struct gw_image_header image;   /* version 3, the rest zero */
    struct gw_domain_header domain; /* kind and the Xen that its state is for */
    uint64_t num_pfns;              /* the highest pfn that may ever be named + 1 */
    uint64_t num_ram_pfns;          /* of them, pages now */
    char name[64];                  /* for people */
    char kind[16];                  /* the back end's */
    bool live;                      /* track works here */
    char live_why_not[160];         /* when it does not: the reason, a sentence */
    char again[GW_AGAIN_ROOM];      /* KIND:SPEC by which another process finds this guest; empty: none does */
    char lacks[256];                /* what belongs to it and does not go with it: a sentence; empty: nothing */
};

/* One record of state or of static data, given to whoever asked for them. body: borrowed for the call. */
typedef int gw_emit_fn(void *arg, uint32_t type, const void *body, uint32_t len, struct gw_err *err);

/* A batch of pages that are held in place while their contents are on the way. */
struct gw_hold {
    uint32_t count;      /* pfns */
    uint64_t *entries;   /* count of them, as in PAGE_DATA: the type may have changed to a hole; lent until drop */
    struct gw_seg *segs; /* contents of the entries that carry any, in their order; neighbours may share a segment */
    unsigned num_segs;
    void *own; /* the back end's */
};

#define GW_HOLD_MAX 1024u

struct gw_source;

struct gw_source_ops {
    const char *kind;
    /* Once, first. */
    int (*describe)(struct gw_source *source, struct gw_guest_facts *out, struct gw_err *err);
    /* Once, before any memory: the records that stand before STATIC_DATA_END, in order. */
    int (*static_records)(struct gw_source *source, gw_emit_fn *emit, void *arg, struct gw_err *err);
    /* Once, behind static_records: what stands directly behind STATIC_DATA_END (P2M_FRAMES). Missing: nothing does. */
    int (*first_records)(struct gw_source *source, gw_emit_fn *emit, void *arg, struct gw_err *err);
    /*
     * Sets the bits of the pfns that there is something to say of, so that an image of the guest names them (num_pfns
     * bits, all clear). Missing: of all of them.
     */
    int (*named)(struct gw_source *source, struct gw_bitmap *pfns, struct gw_err *err);
    /* From now on writes are remembered; all pages count as clean. May fail with the reason; the guest runs on. */
    int (*track)(struct gw_source *source, struct gw_err *err);
    /*
     * Adds (ors) what was written since track, or since the last collect, to dirty (num_pfns bits), and forgets it.
     * While the guest runs, a write is in this collect or in a later one, never in none. *num: bits newly set. Any
     * number of times.
     */
    int (*collect)(struct gw_source *source, struct gw_bitmap *dirty, uint64_t *num, struct gw_err *err);
    /*
     * count pfns, ascending, at most GW_HOLD_MAX: their entries and where their contents lie, valid until drop. While
     * the guest runs contents may change under the reader. Several batches (at least 4) may be held at once, also by
     * other threads.
     */
    int (*hold)(struct gw_source *source, const uint64_t *pfns, uint32_t count, struct gw_hold *out,
                struct gw_err *err);
    /* Once for each hold; never fails. */
    void (*drop)(struct gw_source *source, struct gw_hold *hold);
    /* The guest stops: not one more write. Again on a suspended guest: nothing happens. */
    int (*suspend)(struct gw_source *source, struct gw_err *err);
    /* Only while suspended: registers and devices, in Xen's order, as they are behind the last write. */
    int (*state_records)(struct gw_source *source, gw_emit_fn *emit, void *arg, struct gw_err *err);
    /* The guest goes on as if nothing had been. Again on a running guest: nothing happens. */
    int (*resume)(struct gw_source *source, struct gw_err *err);
    /* Slows the guest to that percentage of its pace, 100: as it likes. Missing: cannot. */
    int (*throttle)(struct gw_source *source, unsigned percent, struct gw_err *err);
    /* Tracking ends; works in every state, also when track failed or was never called. Never fails. */
    void (*untrack)(struct gw_source *source);
    /* The guest has moved: it ends here. Only while suspended. */
    int (*destroy)(struct gw_source *source, struct gw_err *err);
    /*
     * Behind destroy: what is left of it here all the same, and what nobody must do with it now; a sentence, borrowed
     * until close. Missing: nothing is left.
     */
    const char *(*remains)(const struct gw_source *source);
    /* Lets go of the guest as it is, running or suspended; frees. Once, last. */
    void (*close)(struct gw_source *source);
};

/* First member of every source. But for ops and, at open, suspended, it is the wrappers' to keep. */
struct gw_source {
    const struct gw_source_ops *ops;
    bool described, tracking, suspended;
    bool still;       /* set at open: it is suspended from the start, and resume lets nothing run (a file) */
    bool gone;        /* destroyed: only drop, untrack, remains and close may follow */
    atomic_uint held; /* batches */
};

struct gw_destination;

struct gw_destination_ops {
    const char *kind;
    /* Once, first: the guest comes to be, empty, not running. May refuse a kind that it cannot run. */
    int (*create)(struct gw_destination *dest, const struct gw_headers *headers, struct gw_err *err);
    /*
     * Any record but PAGE_DATA and marks; kept or applied. body: borrowed for the call. Refuses what it does not know.
     */
    int (*record)(struct gw_destination *dest, uint32_t type, const void *body, uint32_t len, struct gw_err *err);
    /* Once, behind the static data: the last moment to refuse before memory comes (R15). */
    int (*static_done)(struct gw_destination *dest, struct gw_err *err);
    /*
     * Where the contents of these entries land: *num in: room in segs (one for each page of contents is always enough),
     * out: used. Gives pfns their pages where they have none, and takes those of holes away. Valid until placed. A page
     * that was not there before reads as zero until contents land: who knows that they are zero need not write them.
     */
    int (*place)(struct gw_destination *dest, const uint64_t *entries, uint32_t count, struct gw_seg *segs,
                 unsigned *num, struct gw_err *err);
    /* The contents are there: page tables are made the host's own, mappings end. Once for each place that worked. */
    int (*placed)(struct gw_destination *dest, const uint64_t *entries, uint32_t count, struct gw_err *err);
    /* Everything was given: state is loaded, all is startable, nothing runs. */
    int (*complete)(struct gw_destination *dest, struct gw_err *err);
    /*
     * Once, behind complete, before start: from now on the guest, though it never ran, outlives its godwit, so that
     * whoever comes after can tell that it never ran (gw_guest_look). close still discards it. Missing: the guest ends
     * with its godwit, as before.
     */
    int (*stay)(struct gw_destination *dest, struct gw_err *err);
    /*
     * Once, behind complete: the guest runs. On failure *surely_not_started says whether it is certain that it never
     * ran: only then may anybody let the source go on.
     */
    int (*start)(struct gw_destination *dest, bool *surely_not_started, struct gw_err *err);
    /* From create on: as facts.again, once it runs or stays. Borrowed until close. Missing: nothing finds it. */
    const char *(*again)(const struct gw_destination *dest);
    /*
     * Frees; a guest that was not started is discarded without a trace, stay or not; one that runs runs on. Once, last.
     */
    void (*close)(struct gw_destination *dest);
};

/* First member of every destination; but for ops it is the wrappers' to keep. */
struct gw_destination {
    const struct gw_destination_ops *ops;
    enum { GW_DEST_FRESH, GW_DEST_CREATED, GW_DEST_STATIC_DONE, GW_DEST_COMPLETE, GW_DEST_STARTED } state;
    bool failed;     /* a slot failed: only close may follow */
    unsigned placed; /* calls of place that wait for their placed */
};

/* What became of a guest, for whoever comes after its godwit. */
enum gw_life {
    GW_LIFE_UNKNOWN,   /* cannot be told now: err says why (EBUSY: another godwit holds it) */
    GW_LIFE_GONE,      /* surely not there any more */
    GW_LIFE_NEVER_RAN, /* there, and never ran */
    GW_LIFE_RAN,       /* there; it runs, or ran and is suspended */
};

/* A kind of guest: a row of the table. name: the whole KIND:SPEC, here and below. */
struct gw_guest_kind {
    const char *name; /* of the kind */
    struct gw_source *(*source)(const char *name, struct gw_err *err);
    /* NULL: guests only leave from there, and none comes to be as one. */
    struct gw_destination *(*destination)(const char *name, struct gw_err *err);
    /* As gw_guest_look and gw_guest_discard. NULL: none is found again; none that never ran stays. */
    enum gw_life (*look)(const char *again, struct gw_err *err);
    int (*discard)(const char *again, struct gw_err *err);
    bool lasts; /* a guest is there again when the machine was started anew */
};

/* The kinds of guests by number; NULL behind the last. */
const struct gw_guest_kind *gw_guest_kind(unsigned number);
/* One more, of a room above: by who makes the program, before anything is asked here. kind: borrowed for ever. */
void gw_guest_add_kind(const struct gw_guest_kind *kind);

/* It begins as a name of a guest does: with a kind that there is, and a colon. */
bool gw_is_guest(const char *name);
/*
 * By KIND:SPEC, where SPEC is key=value,key=value and may be empty; the head comments of process.h, model.h and of the
 * rooms above that add kinds list the keys. The reasons of a failure are for the user: wrong use (GW_E_USAGE) or the
 * system (GW_E_SYSTEM). A source that is to be found again and never ran is refused (GW_E_REFUSED); one that another
 * godwit holds is busy (EBUSY).
 */
struct gw_source *gw_source_open(const char *name, struct gw_err *err);
struct gw_destination *gw_destination_open(const char *name, struct gw_err *err);

/*
 * A guest lives apart from the godwit that made it, but where it is a process it is that godwit's child: when the maker
 * ends, it goes to init, which reaps it. The maker reaps what it ends itself: by destroy, by the close of a destination
 * that was not started, by gw_guest_discard. It leaves unreaped only a guest that ran on behind close and ended later;
 * so a process that lives long makes its guests in a child for each, or reaps. A process that forks while it holds a
 * guest shares the hold with its child until both have gone.
 */

/* again: as facts.again and gw_destination_again say it. The guest is held meanwhile, and left as it is. */
enum gw_life gw_guest_look(const char *again, struct gw_err *err);
/* It may be there again though the machine was started anew meanwhile. */
bool gw_guest_lasts(const char *again);
/*
 * Ends a guest that never ran; one that is gone already: nothing happens, and that is no failure. One that ran is
 * refused (GW_E_REFUSED) and left as it is.
 */
int gw_guest_discard(const char *again, struct gw_err *err);

/*
 * Wrappers: the only callers of the slots; they check order and arguments, and supply what a missing slot means. Broken
 * order is a mistake of ours, and asserted.
 */
int gw_source_describe(struct gw_source *source, struct gw_guest_facts *out, struct gw_err *err);
int gw_source_static_records(struct gw_source *source, gw_emit_fn *emit, void *arg, struct gw_err *err);
int gw_source_first_records(struct gw_source *source, gw_emit_fn *emit, void *arg, struct gw_err *err);
/* pfns: num_pfns bits, all clear. */
int gw_source_named(struct gw_source *source, struct gw_bitmap *pfns, struct gw_err *err);
int gw_source_track(struct gw_source *source, struct gw_err *err);
int gw_source_collect(struct gw_source *source, struct gw_bitmap *dirty, uint64_t *num, struct gw_err *err);
int gw_source_hold(struct gw_source *source, const uint64_t *pfns, uint32_t count, struct gw_hold *out,
                   struct gw_err *err);
void gw_source_drop(struct gw_source *source, struct gw_hold *hold);
int gw_source_suspend(struct gw_source *source, struct gw_err *err);
int gw_source_state_records(struct gw_source *source, gw_emit_fn *emit, void *arg, struct gw_err *err);
int gw_source_resume(struct gw_source *source, struct gw_err *err);
int gw_source_throttle(struct gw_source *source, unsigned percent, struct gw_err *err);
void gw_source_untrack(struct gw_source *source);
int gw_source_destroy(struct gw_source *source, struct gw_err *err);
/* Behind destroy; "": nothing is left. */
const char *gw_source_remains(const struct gw_source *source);
/* NULL is fine. */
void gw_source_close(struct gw_source *source);

int gw_destination_create(struct gw_destination *dest, const struct gw_headers *headers, struct gw_err *err);
int gw_destination_record(struct gw_destination *dest, uint32_t type, const void *body, uint32_t len,
                          struct gw_err *err);
int gw_destination_static_done(struct gw_destination *dest, struct gw_err *err);
int gw_destination_place(struct gw_destination *dest, const uint64_t *entries, uint32_t count, struct gw_seg *segs,
                         unsigned *num, struct gw_err *err);
int gw_destination_placed(struct gw_destination *dest, const uint64_t *entries, uint32_t count, struct gw_err *err);
int gw_destination_complete(struct gw_destination *dest, struct gw_err *err);
int gw_destination_stay(struct gw_destination *dest, struct gw_err *err);
int gw_destination_start(struct gw_destination *dest, bool *surely_not_started, struct gw_err *err);
/* "" when nothing finds the guest. */
const char *gw_destination_again(const struct gw_destination *dest);
/*
 * Closes, and discards nothing: a guest of which it is not known whether it ran is to be found as it is. NULL is
 * fine.
 */
void gw_destination_leave(struct gw_destination *dest);
/* NULL is fine. */
void gw_destination_close(struct gw_destination *dest);

#include "hold.h"
#include "model.h"
#include "process.h"
#include "spec.h"

#endif
