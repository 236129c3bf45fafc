/*
 * convert.h - one conversion: what was asked for, and what is learnt on the way. Private to the command convert.
 */
#ifndef GW_CONVERT_H
#define GW_CONVERT_H

#include "cmd.h"
#include "change.h"
#include "losses.h"

#define NOTES_MOST 64
#define NOTE_ROOM 320

struct convert {
    const struct gw_args *args;
    const char *in, *out;
    uint64_t max_pfn;
    bool faulty, squash, static_only, checks;
    const char *compress; /* NULL: it is not packed */
    struct gw_pack_opts pack;
    struct gw_fit_opts fit;
    struct gw_buf config;
    struct gw_guest_config image; /* what it says of the guest, when it was read before */
    bool looked, wants_contents;
    struct gw_err fault; /* the first error that was found in the image */
    struct gw_err unfit; /* the same in what becomes of it */
    int spool;           /* where contents are put aside; -1: there is none */
    char layers[64], wrapping[32];
    char salvaged[NOTE_ROOM]; /* that the input is what was left of a damaged image; "": it does not say so */
    char notes[NOTES_MOST][NOTE_ROOM];
    unsigned num_notes, num_more;
    uint64_t octets;
    /* --salvage: */
    bool salvages, salvaging;   /* it is asked for; what is read is what is left of IN */
    struct gw_salvage *salvage; /* NULL: nothing was looked at so far */
    char host[256];             /* ours; the system is not asked any more when it is needed */
    char *provenance;           /* of what is left */
    struct faults faults;       /* rules that it breaks */
};

/* Told with the result, once; only while the output is written. */
void convert_note(void *arg, const char *sentence);
/* Once or twice through the input, of which nothing was read yet, into `to` (borrowed; NULL: only looks). */
int convert_pass(struct convert *c, struct gw_chan *to, struct gw_err *err);

/* Once through the input, for what is to be learnt of it. */
int convert_look(struct convert *c, struct gw_err *err);
/* The input, or what is left of it. */
struct gw_wrap *convert_input(struct convert *c, struct gw_err *err);
/* In place of a look: is anything lost? If so, what is left is the input from now on. */
int convert_salvage(struct convert *c, struct gw_err *err);
/* What is left breaks that rule. */
void convert_keep_rule(struct convert *c, const struct gw_rule *rule);

#endif
