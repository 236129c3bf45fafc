/*
 * paging.h - from a guest's virtual address to a pfn, through page tables as they stand in an image.
 *
 * Pure: contents come through a function of the caller's. Within src/report.h's room because it is for people's
 * questions; nothing is judged here.
 */
#ifndef GW_PAGING_H
#define GW_PAGING_H

#include "base.h"

/* How a vCPU translates. In an image the entries of a PV guest's tables hold pfns, as those of HVM guests always do. */
struct gw_paging {
    unsigned levels;    /* 2 to 5; 0: paging is off, addresses are those of the guest's memory */
    unsigned entry_len; /* 4 or 8 octets */
    uint64_t root;      /* pfn of the topmost table */
    unsigned root_at;   /* its first entry's place in that page, in octets: PAE's table of HVM guests */
    bool large;         /* an entry above the lowest level may map a large page (CR4.PSE, or always where PAE is on) */
};

#define GW_MOST_LEVELS 5

struct gw_walk_step {
    unsigned level, index;
    uint64_t table; /* pfn */
    uint64_t entry;
};

struct gw_walked {
    struct gw_walk_step steps[GW_MOST_LEVELS];
    unsigned num_steps;
    bool found;        /* else the last step's entry is not present */
    uint64_t address;  /* in the guest's memory */
    uint64_t page_len; /* 4096, or of the large page that maps it */
};

/* Puts the 4096 octets of a pfn's last contents into page. -1 with err set: there are none. */
typedef int gw_fetch_fn(void *arg, uint64_t pfn, uint8_t *page, struct gw_err *err);

int gw_paging_walk(const struct gw_paging *paging, uint64_t va, gw_fetch_fn *fetch, void *arg, struct gw_walked *out,
                   struct gw_err *err);

/* Addresses that are mapped in a row: va + i to address + i, for i below len. */
struct gw_mapping {
    uint64_t va, address, len;
};
/* -1 to stop, with err set. */
typedef int gw_mapping_fn(void *arg, const struct gw_mapping *mapping, struct gw_err *err);

#define GW_TABLE_ALIASES 4

/*
 * Tells what is mapped in the upper half of the addresses, where kernels live, ascending, a page or large page at a
 * time. A table that has no contents is passed over, and one that was met GW_TABLE_ALIASES times already, so that
 * tables which name each other end: Linux maps one table 65536 times for its espfix stacks.
 */
int gw_paging_every(const struct gw_paging *paging, gw_fetch_fn *fetch, gw_mapping_fn *fn, void *arg,
                    struct gw_err *err);

#endif
