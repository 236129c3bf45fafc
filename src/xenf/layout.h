/*
 * layout.h - what the octets of a structure mean: one table per structure, which decodes, prints, documents and checks.
 *
 * A table is an X-macro of rows; the names are the member names of Xen's public headers, so that a test can hold every
 * row against offsetof() there.
 *
 *   F(P, name, offset, width, count, show, must, bits, "what it is")
 *     count numbers of width octets (1, 2, 4, 8), little-endian, from offset on; of TEXT and OCTETS count is 1 and
 *     width the whole length; EVERY(stride, width): the elements stand stride octets apart
 *     show   HEX, DEC, SIGNED, TEXT, OCTETS, BITMAP (all elements are one map; bit 0 is the lowest of the first) or PAD
 *     must   what a receiver demands: ANY, ZERO("rule"), MOST("rule", most), IS("rule", value), MASK("rule", bits that
 *            may be set), CANONICAL("rule"); the rule is the id of a row of the verifier's table
 *     bits   the table of the number's parts, or NO_BITS
 *   S(P, name, offset, stride, count, inner, "what it is")
 *     count structures of the layout gw_layout_<inner>, stride octets apart; TO_END: as many as fit
 *
 * P is the structure's name; it makes the row's number, P_name. Older savers wrote shorter forms of some structures: a
 * field that does not lie within the octets at hand is absent. A form that moved fields has a table of its own.
 */
#ifndef GW_LAYOUT_H
#define GW_LAYOUT_H

#include "base.h"

enum gw_show { GW_SHOW_HEX, GW_SHOW_DEC, GW_SHOW_SIGNED, GW_SHOW_TEXT, GW_SHOW_OCTETS, GW_SHOW_BITMAP, GW_SHOW_PAD };

enum gw_must { GW_MUST_ANY, GW_MUST_ZERO, GW_MUST_MOST, GW_MUST_IS, GW_MUST_MASK, GW_MUST_CANONICAL };

/* A part of a number: bits low to low + width - 1. A table of them ends with a row whose width is 0. */
struct gw_bits {
    uint8_t low, width;
    const char *name;
    const char *const *values; /* names by value, ended by NULL; NULL: it is a number, or, of width 1, a flag */
};

#define GW_TO_END UINT32_MAX

struct gw_layout;

struct gw_field {
    const char *name, *what;
    uint32_t offset, width, stride, count;
    enum gw_show show;
    enum gw_must must;
    const char *rule; /* with must */
    uint64_t bound;   /* of must: the most, the value, the mask */
    const struct gw_bits *bits;
    const struct gw_layout *inner; /* of a structure; show, must and bits mean nothing then */
};

struct gw_layout {
    const char *name, *what;
    const char *section; /* of the format's reference */
    uint32_t length;     /* of the newest form; the least, where something goes on to the end */
    const struct gw_field *fields;
    unsigned num_fields;
};

/* Elements of the field that lie whole within the octets; 0: absent. */
uint32_t gw_field_count(const struct gw_field *field, struct gw_cur octets);
/* The octets of an element; none where it is absent. */
struct gw_cur gw_field_octets(const struct gw_field *field, struct gw_cur octets, uint32_t index);
/* A number; 0 where it is absent. Not for TEXT, OCTETS and structures. */
uint64_t gw_field_number(const struct gw_field *field, struct gw_cur octets, uint32_t index);
/* The same, sign extended. */
int64_t gw_field_signed(const struct gw_field *field, struct gw_cur octets, uint32_t index);
/* A bit of a BITMAP. */
bool gw_field_bit(const struct gw_field *field, struct gw_cur octets, uint32_t bit);

/* The number in row `row` of a layout: gw_get(octets, hvm_hw_cpu, cr3); gw_get_at for an element of an array. */
static inline uint64_t gw_layout_number(const struct gw_layout *layout, unsigned row, struct gw_cur octets,
                                        uint32_t index)
{
    return gw_field_number(&layout->fields[row], octets, index);
}
#define gw_get(octets, P, name) gw_layout_number(&gw_layout_##P, P##_##name, (octets), 0)
#define gw_get_at(octets, P, name, index) gw_layout_number(&gw_layout_##P, P##_##name, (octets), (index))
/* The octets of a field or an inner structure. */
#define gw_part(octets, P, name, index) gw_field_octets(&gw_layout_##P.fields[P##_##name], (octets), (index))
/* Puts the number into octets that hold the whole structure; the same as gw_get reads. */
void gw_field_put(const struct gw_field *field, uint8_t *octets, uint32_t index, uint64_t number);
#define gw_set(octets, P, name, number) gw_field_put(&gw_layout_##P.fields[P##_##name], (octets), 0, (number))
/* Where a field begins. */
#define gw_offset(P, name) (gw_layout_##P.fields[P##_##name].offset)

/* The part of a number. */
uint64_t gw_bits_value(const struct gw_bits *bits, uint64_t number);
/* Is any bit set of the part of that name, which the table must have. */
bool gw_bits_set(const struct gw_bits *bits, const char *name, uint64_t number);
/* The bits of the part of that name, which the table has. */
uint64_t gw_bits_mask(const struct gw_bits *bits, const char *name);
/* "ET PG", "vector=14 valid": the parts that are not zero, by name. Returns room, "" when there are none. */
char *gw_bits_text(char *room, size_t len, const struct gw_bits *bits, uint64_t number);

/* Bits 47 to 63 are equal, as in every address that a processor takes. */
bool gw_is_canonical(uint64_t address);

/* A number that a receiver refuses. */
struct gw_broken {
    const struct gw_layout *layout;
    const struct gw_field *field;
    uint32_t index;
    uint64_t number;
};
typedef void gw_broken_fn(void *arg, const struct gw_broken *broken);
/* "cr0 is 0x5, with bits 0x4 that must be clear": made only when it is asked for; a hostile image has millions. */
char *gw_broken_text(char *room, size_t len, const struct gw_broken *broken);
/* Tells every number of the octets, inner structures included, that is not as its row says it must be. */
void gw_layout_judge(const struct gw_layout *layout, struct gw_cur octets, gw_broken_fn *fn, void *arg);

/* --- what makes the tables: for the layout_*.[ch] only ------------------------------------------------------------ */

/* A list of layouts is L(TABLE, P, length, "section", "what it is") rows. */
#define GW_ROW_F(P, name, ...) P##_##name,
#define GW_ROW_S(P, name, ...) P##_##name,
#define GW_LAYOUT_DECLARE(TABLE, P, ...)                                                                               \
    enum { TABLE(GW_ROW_F, GW_ROW_S, P) P##_num };                                                                     \
    extern const struct gw_layout gw_layout_##P;

#endif
