/*
 * listing.h - all structures of an inspected image as a list, in the sections in which people want to read them.
 * Private to src/report.
 */
#ifndef GW_LISTING_H
#define GW_LISTING_H

#include "inspector.h"
#include "wrap.h"

enum section { SECTION_STATIC, SECTION_VCPU, SECTION_DEVICE, SECTION_OWN, NUM_SECTIONS };

struct told {
    enum section section;
    size_t order; /* in the image */
    const struct item *item;
    const struct held *held;
    struct gw_structure s; /* its octets are the inspector's */
};

struct told_list {
    struct told *all;
    size_t num, cap;
};

/* In the order of the image; by_section: the sections one behind the other, vCPU by vCPU. */
int list_structures(const struct inspector *in, bool by_section, struct told_list *out, struct gw_err *err);
void told_list_free(struct told_list *list);
/* It is of the vCPU that the view asks for. */
bool is_wanted(const struct told *told, const struct gw_inspect_view *view);
/* -1: the view asks for a vCPU that is not there. */
int has_wanted(const struct told_list *list, const struct gw_inspect_view *view, struct gw_err *err);

/* structure_print.c: a structure with what it is and where; frame: of its record. */
void structure_as_json(FILE *out, const struct gw_frame *frame, const struct gw_structure *s);
void structure_as_text(FILE *out, const struct gw_inspect_view *view, const struct gw_frame *frame,
                       const struct gw_structure *s);

/*
 * explain.c: structures whose numbers have names of their own: CPUID, MSRs, parameters of HVM guests. True: told, and
 * better than field by field.
 */
bool explain_text(FILE *out, const struct gw_style *style, const struct gw_structure *s);
/* Lines of their own behind the structure's: what the names are. */
void explain_json(FILE *out, const struct gw_frame *frame, const struct gw_structure *s);

/* What an aside's octets are: a toolstack's configuration, a QEMU's state, libxl's pairs for xenstore. */
enum aside_holds { ASIDE_HOLDS_OTHER, ASIDE_HOLDS_CONFIG, ASIDE_HOLDS_QEMU, ASIDE_HOLDS_STORE };
/* octets: those without the wrapping's own header. */
enum aside_holds aside_holds(const struct item *item, const struct held *held, struct gw_cur *octets);
/* In words: how it is known where a QEMU's devices end. */
const char *aside_qemu_ends(enum gw_qemu_measure measure);
/* aside_print.c: what stands in an aside, as far as it is known; -1 when there is no memory. */
int aside_print(FILE *out, bool json, const struct gw_inspect_view *view, const struct inspector *in,
                const struct item *item, const struct held *held, struct gw_err *err);

/* A number and its value, which a table names. */
struct named {
    uint64_t number, value;
    const char *name; /* NULL: nobody knows it */
    const struct gw_bits *bits;
    bool decimal; /* the number is told so */
};
/* How many of them a structure lists; 0: it is no such list. */
uint32_t explain_pairs(const struct gw_structure *s);
struct named explain_pair(const struct gw_structure *s, uint32_t index);
char *explain_number(char *room, size_t len, const struct named *pair);

#endif
