/*
 * layout.h - what the octets of a structure mean: registers of vCPUs, virtual devices, shared pages, field by field.
 *
 * A layout is a table: names are the member names of Xen's public headers (xen/include/public/), numbers are
 * little-endian. Reading by it is pure: octets in, values out; octets need not come from an image. Older savers wrote
 * shorter forms of some structures: what does not lie within the octets at hand is absent. godwit-stream(5) lists all
 * layouts. They are constant, and may be used by any thread at any time.
 */
#ifndef GODWIT_LAYOUT_H
#define GODWIT_LAYOUT_H

#include <godwit/base.h>
#include <godwit/error.h>

GODWIT_BEGIN_DECLS

struct godwit_layout;

/* What a layout is of. An answer (see base.h); its texts are constants. */
struct godwit_layout_info {
    size_t size;
    const char *name;    /* "hvm_hw_cpu" */
    const char *what;    /* a sentence's part */
    const char *section; /* of the reference from which it is */
    uint32_t length;     /* octets of the newest form; the least, where a field goes on to the end */
    unsigned num_fields;
};

/* How a field is shown to people. Later releases may add ways. */
enum godwit_show {
    GODWIT_SHOW_HEX = 0,
    GODWIT_SHOW_DEC = 1,
    GODWIT_SHOW_SIGNED = 2,
    GODWIT_SHOW_TEXT = 3,     /* octets up to the first zero; not fit for a terminal */
    GODWIT_SHOW_OCTETS = 4,   /* a string of octets */
    GODWIT_SHOW_BITMAP = 5,   /* all elements are one map; bit 0 is the lowest of the first */
    GODWIT_SHOW_PAD = 6,      /* of no meaning */
    GODWIT_SHOW_STRUCTURE = 7 /* of the layout inner */
};

/* The count of a field that goes on to the end of the structure. */
#define GODWIT_TO_END 0xffffffffu

/* A field: count elements of width octets, stride octets apart. An answer (see base.h); its texts are constants. */
struct godwit_field_info {
    size_t size;
    const char *name;
    const char *what; /* a sentence's part */
    uint32_t offset;  /* of the first element */
    uint32_t width, stride, count;
    enum godwit_show show;
    const struct godwit_layout *inner; /* of GODWIT_SHOW_STRUCTURE; else NULL */
};

/* How many layouts there are. */
GODWIT_API unsigned godwit_num_layouts(void);

/* Number index, from 0; NULL when there is none. */
GODWIT_API const struct godwit_layout *godwit_layout_at(unsigned index);

/* The one of that name; NULL when there is none. */
GODWIT_API const struct godwit_layout *godwit_layout_of(const char *name);

/* 0; or -1 when out->size is too small to be one. */
GODWIT_API int godwit_layout_info(const struct godwit_layout *layout, struct godwit_layout_info *out);

/* Field number index, from 0, in the order of the octets. -1 when there is none, or out->size is too small. */
GODWIT_API int godwit_layout_field(const struct godwit_layout *layout, unsigned index, struct godwit_field_info *out);

/*
 * Paths name what is in a structure: "rip", "trap_ctxt[3]", "user_regs.rip", "vcpu_info[0].time.tsc_timestamp". Without
 * an index the first element is meant.
 */

/*
 * The number at that path of length octets; a signed one sign-extended. -1, and *number untouched, when the path names
 * no number of the layout, or one that these octets do not reach to.
 */
GODWIT_API int godwit_layout_number(const struct godwit_layout *layout, const void *octets, size_t length,
                                    const char *path, uint64_t *number);

/* The octets of what is at that path, a structure too: borrowed as octets are. -1 as above; then *part is untouched. */
GODWIT_API int godwit_layout_octets(const struct godwit_layout *layout, const void *octets, size_t length,
                                    const char *path, const unsigned char **part, size_t *part_length);

/*
 * What the bits of that field's number mean: "ET PG", "vector=14 valid"; "" when nothing is set, or the parts have no
 * names. Written to room, len octets (256 are enough for any), cut else. Returns room.
 */
GODWIT_API char *godwit_layout_parts(const struct godwit_layout *layout, const char *path, uint64_t number, char *room,
                                     size_t len);

/* A value in a structure. A view (see base.h), borrowed for the call. */
struct godwit_value {
    size_t size;
    const char *path; /* as above; its indices are complete */
    const char *what;
    enum godwit_show show;       /* never GODWIT_SHOW_STRUCTURE: its values come one by one */
    uint64_t number;             /* but of TEXT, OCTETS and BITMAP; sign-extended of SIGNED */
    const unsigned char *octets; /* all of them, also of a number; of a BITMAP those of all elements */
    size_t length;
};

/* 0: go on; -1: stop, as a callback of a sink does. */
typedef int godwit_value_fn(void *arg, const struct godwit_value *value, struct godwit_error *err);

/* Tells every value of the structure that lies within length octets, in the order of the table. -1: fn stopped. */
GODWIT_API int godwit_layout_walk(const struct godwit_layout *layout, const void *octets, size_t length,
                                  godwit_value_fn *fn, void *arg, struct godwit_error *err);

GODWIT_END_DECLS

#endif
