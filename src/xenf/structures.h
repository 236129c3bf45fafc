/*
 * structures.h - which structures stand in a record's body, and where: the way from a body to the layouts that read it.
 *
 * Says nothing about right and wrong: what cannot be told apart is handed over as octets without a layout.
 */
#ifndef GW_STRUCTURES_H
#define GW_STRUCTURES_H

#include "layout.h"
#include "records.h"

/* What a body does not say itself. Zero state: nothing is known. */
struct gw_view {
    unsigned width;      /* of a PV guest, from X86_PV_INFO: 4, 8; 0 unknown */
    struct gw_cur cpuid; /* the body of X86_CPUID_POLICY, which tells where XSAVE's components lie; may be empty */
};

struct gw_structure {
    const char *name;  /* "CPU", "xsave_header", or the record's name; a string constant */
    bool head;         /* of the record: says nothing but whose it is */
    bool per_vcpu;     /* instance is a vCPU's id */
    uint32_t instance; /* as the body says it; else 0 */
    size_t at;         /* of its first octet in the body */
    struct gw_cur octets;
    const struct gw_layout *layout; /* NULL: octets whose meaning is not known */
    bool repeats;                   /* the octets are as many of the layout as fit */
};

/* Returns -1 to stop, with err set. */
typedef int gw_structure_fn(void *arg, const struct gw_structure *structure, struct gw_err *err);

/*
 * Tells the structures of the body in their order, none twice. Octets between or behind them are told without a layout,
 * so that every octet but the heads of HVM_CONTEXT's entries is in one of them. -1: fn stopped.
 */
int gw_structures(uint32_t type, struct gw_cur body, const struct gw_view *view, gw_structure_fn *fn, void *arg,
                  struct gw_err *err);

#endif
