/*
 * structure.h - which structures stand where in an image: from its records to the layouts that read them.
 */
#ifndef GODWIT_STRUCTURE_H
#define GODWIT_STRUCTURE_H

#include <godwit/base.h>
#include <godwit/error.h>
#include <godwit/layout.h>
#include <godwit/record.h>
#include <godwit/sink.h>

GODWIT_BEGIN_DECLS

/* A structure in a record's body. A view (see base.h); it, and the octets, are borrowed for the call. */
struct godwit_structure {
    size_t size;
    uint64_t number;      /* of the record, from 1; 0: in no image */
    uint64_t offset;      /* of its first octet: in the unpacked input, or in the body that was handed over */
    uint32_t record_type; /* enum godwit_record_type */
    const char *name;     /* "CPU", "SHARED_INFO", "xsave_header" ...; a constant */
    int per_vcpu;         /* a flag: instance is the id of a vCPU */
    uint32_t instance;
    const struct godwit_layout *layout; /* NULL: octets whose meaning is not known */
    uint32_t count;                     /* structures of the layout, one behind the other; 1 without a layout */
    const unsigned char *octets;
    size_t length; /* of all of them */
};

/* 0: go on; -1: stop, as a callback of a sink does. */
typedef int godwit_structure_fn(void *arg, const struct godwit_structure *structure, struct godwit_error *err);

/*
 * A sink that tells every structure of every record, in the image's order; a checkpointed image tells them again for
 * each checkpoint. NULL on failure.
 */
GODWIT_API struct godwit_sink *godwit_walker_new(godwit_structure_fn *fn, void *arg, struct godwit_error *err);

/*
 * The same of one body, length octets of a record of that type. pv_width: octets of a word of the PV guest, 4 or 8; 0
 * where it is none, or not known: then what depends on it is told without a layout. -1: fn stopped.
 */
GODWIT_API int godwit_structures(uint32_t record_type, const void *body, size_t length, unsigned pv_width,
                                 godwit_structure_fn *fn, void *arg, struct godwit_error *err);

GODWIT_END_DECLS

#endif
