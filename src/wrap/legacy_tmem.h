/*
 * legacy_tmem.h - the room's inside: transcendent memory in a legacy image (legacy 5.1), whose chunks have no length
 * and a field whose width nothing tells.
 */
#ifndef GW_LEGACY_TMEM_H
#define GW_LEGACY_TMEM_H

#include "channel.h"

#define LEGACY_TMEM_POOLS 16 /* that are told one by one */

struct legacy_tmem_pool {
    uint32_t id, flags;
    uint64_t announced, pages; /* as its head says; as they are there */
};

/* What the chunks -5 and -6 of an image say. Zero state: nothing was read. */
struct legacy_tmem {
    uint32_t version, max_pools, client_flags, weight, cap;
    unsigned oid_words;            /* of 8 octets, in an object's id: 1 in Xen 4.0, 3 from 4.1 on; 0: nothing tells */
    uint64_t num_pools, num_pages; /* pages: really there */
    bool has_pages;                /* of a pool that keeps them (flags bit 0): they are the guest's memory */
    uint64_t announced;            /* pages that the pools' heads promise */
    uint64_t invalidated;          /* entries of -6 */
    struct legacy_tmem_pool pool[LEGACY_TMEM_POOLS];
};

/*
 * The chunk whose id, -5 or -6, was just read: takes it, up to the next chunk's id. chan: one that can peek. out: zero,
 * or what the image's chunks of tmem said so far: their width is used. Constant memory. What is wrong is GW_E_INVALID
 * or GW_E_SHORT, and names no rule.
 */
int legacy_tmem_pools(struct gw_chan *chan, struct legacy_tmem *out, struct gw_err *err);
int legacy_tmem_extra(struct gw_chan *chan, struct legacy_tmem *out, struct gw_err *err);

#endif
