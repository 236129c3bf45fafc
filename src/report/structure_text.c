/*
 * structure_text.c - a structure by its layout for people: numbers in columns, parts of numbers by name on a line of
 * their own, arrays with repeats folded, long octet strings as a count or a dump.
 *
 * Knows no structure but the one that is too long to be shown unasked: names, order and how to show come from the rows.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "structure.h"

#define COLUMNS 100
#define CELL_ROOM 512
#define MOST_CELLS 32 /* of one array, unless octets are wanted too */
#define FLAT_FIELDS 6
#define DEEPEST 8 /* of structures in structures; the tables have less */

struct printer {
    FILE *out;
    const struct gw_style *style;
    unsigned indent, depth;
    unsigned at;    /* columns used of the open line; 0: none is open */
    unsigned label; /* columns of the longest name of the run of cells that is being printed */
    unsigned value; /* and of the longest value */
};

static void print_layout(struct printer *p, const struct gw_layout *layout, struct gw_cur octets);

static void end_line(struct printer *p)
{
    if (p->at > 0)
        fputc('\n', p->out);
    p->at = 0;
}

static const char *paint(const struct printer *p, enum gw_colour colour)
{
    return gw_colour(p->style->colour, colour);
}

char *field_number_text(char *room, size_t len, const struct gw_field *field, struct gw_cur octets, uint32_t index)
{
    uint64_t number = gw_field_number(field, octets, index);
    if (field->show == GW_SHOW_DEC)
        snprintf(room, len, "%" PRIu64, number);
    else if (field->show == GW_SHOW_SIGNED)
        snprintf(room, len, "%" PRId64, gw_field_signed(field, octets, index));
    else
        snprintf(room, len, "0x%0*" PRIx64, (int)(2 * field->width), number);
    return room;
}

char *field_place_name(char *room, size_t len, const struct gw_field *field, uint32_t first, uint32_t last)
{
    if (field->count == 1)
        snprintf(room, len, "%s", field->name);
    else if (first == last)
        snprintf(room, len, "%s[%u]", field->name, first);
    else
        snprintf(room, len, "%s[%u..%u]", field->name, first, last);
    return room;
}

/* One name and value in the columns of their run. */
static void cell(struct printer *p, const char *name, const char *value, bool dim)
{
    unsigned width = p->label + 1 + p->value;
    if (p->at > 0 && p->at + 2 + width > COLUMNS)
        end_line(p);
    fprintf(p->out, "%*s%s%-*s%s %s%*s%s", p->at == 0 ? (int)p->indent : 2, "", paint(p, GW_DIM), (int)p->label, name,
            paint(p, GW_PLAIN), dim ? paint(p, GW_DIM) : "", (int)p->value, value, dim ? paint(p, GW_PLAIN) : "");
    p->at += (p->at == 0 ? p->indent : 2) + width;
}

uint32_t field_end_of_repeat(const struct gw_field *field, struct gw_cur octets, uint32_t index)
{
    uint32_t num = gw_field_count(field, octets), next = index + 1;
    struct gw_cur first = gw_field_octets(field, octets, index);
    while (next < num && memcmp(gw_field_octets(field, octets, next).p, first.p, field->width) == 0)
        next++;
    return next;
}

static void measure(struct printer *p, const struct gw_field *field, struct gw_cur octets)
{
    char name[96], value[40];
    uint32_t num = gw_field_count(field, octets);
    for (uint32_t i = 0, next; i < num; i = next) {
        next = field_end_of_repeat(field, octets, i);
        p->label = (unsigned)gw_max(p->label, strlen(field_place_name(name, sizeof name, field, i, next - 1)));
        p->value = (unsigned)gw_max(p->value, strlen(field_number_text(value, sizeof value, field, octets, i)));
    }
}

/* A line of its own: the name, and what there is to say. */
static void whole_line(struct printer *p, const char *name, const char *text)
{
    end_line(p);
    fprintf(p->out, "%*s%s%s%s%s%s\n", (int)p->indent, "", paint(p, GW_DIM), name, paint(p, GW_PLAIN),
            text[0] != '\0' ? " " : "", text);
}

static void print_numbers(struct printer *p, const struct gw_field *field, struct gw_cur octets)
{
    char name[96], value[40];
    uint32_t num = gw_field_count(field, octets), cells = 0;
    for (uint32_t i = 0, next; i < num; i = next) {
        if (cells++ == MOST_CELLS && !p->style->hex) {
            snprintf(value, sizeof value, "%u more", num - i);
            whole_line(p, field->name, value);
            return;
        }
        next = field_end_of_repeat(field, octets, i);
        cell(p, field_place_name(name, sizeof name, field, i, next - 1),
             field_number_text(value, sizeof value, field, octets, i), gw_field_number(field, octets, i) == 0);
    }
}

static void print_parts(struct printer *p, const struct gw_field *field, struct gw_cur octets)
{
    char name[96], value[40], parts[CELL_ROOM - 64], line[CELL_ROOM];
    uint32_t num = gw_field_count(field, octets);
    for (uint32_t i = 0, next; i < num; i = next) {
        next = field_end_of_repeat(field, octets, i);
        gw_bits_text(parts, sizeof parts, field->bits, gw_field_number(field, octets, i));
        snprintf(line, sizeof line, "%s%s%s", field_number_text(value, sizeof value, field, octets, i),
                 parts[0] != '\0' ? "  " : "", parts);
        whole_line(p, field_place_name(name, sizeof name, field, i, next - 1), line);
    }
}

static void print_bitmap(struct printer *p, const struct gw_field *field, struct gw_cur octets)
{
    uint32_t num = gw_field_count(field, octets) * 8 * field->width, told = 0;
    end_line(p);
    fprintf(p->out, "%*s%s%s%s", (int)p->indent, "", paint(p, GW_DIM), field->name, paint(p, GW_PLAIN));
    for (uint32_t bit = 0; bit < num; bit++) {
        uint32_t first = bit;
        if (!gw_field_bit(field, octets, bit))
            continue;
        while (bit + 1 < num && gw_field_bit(field, octets, bit + 1))
            bit++;
        fprintf(p->out, first == bit ? " %u" : " %u-%u", first, bit);
        told++;
    }
    fprintf(p->out, "%s\n", told == 0 ? " none set" : "");
}

static void print_octets(struct printer *p, const struct gw_field *field, struct gw_cur octets)
{
    struct gw_cur part = gw_field_octets(field, octets, 0);
    struct gw_style style = *p->style;
    char text[64], escaped[CELL_ROOM], size[32];
    size_t len = gw_left(&part);
    if (field->show == GW_SHOW_TEXT) {
        len = strnlen((const char *)part.p, len);
        whole_line(p, field->name, len > 0 ? gw_escape(escaped, sizeof escaped, part.p, len) : "(empty)");
        return;
    }
    snprintf(text, sizeof text, "%s%s", gw_size_text(size, sizeof size, len),
             gw_is_zero(part.p, len) ? ", all zero" : "");
    whole_line(p, field->name, text);
    style.indent = p->indent + 2;
    if (style.hex)
        gw_hexdump(p->out, &style, field->offset, part);
}

/* Many registers, which few want to see: their length, unless they are asked for. */
static bool is_withheld(const struct printer *p, const struct gw_field *field)
{
    return field->inner == &gw_layout_x86_fxsave && !p->style->fpu;
}

bool layout_is_flat(const struct gw_layout *layout)
{
    for (unsigned row = 0; row < layout->num_fields; row++) {
        const struct gw_field *field = &layout->fields[row];
        if (field->inner != NULL || field->count != 1 || field->show == GW_SHOW_TEXT || field->show == GW_SHOW_OCTETS)
            return false;
    }
    return layout->num_fields <= FLAT_FIELDS;
}

static void print_flat(struct printer *p, const char *name, const struct gw_layout *layout, struct gw_cur octets)
{
    end_line(p);
    fprintf(p->out, "%*s%s%s%s", (int)p->indent, "", paint(p, GW_DIM), name, paint(p, GW_PLAIN));
    for (unsigned row = 0; row < layout->num_fields; row++) {
        const struct gw_field *field = &layout->fields[row];
        char value[40], parts[CELL_ROOM];
        if (gw_field_count(field, octets) == 0 || (field->show == GW_SHOW_PAD && !p->style->hex))
            continue;
        gw_bits_text(parts, sizeof parts, field->bits, gw_field_number(field, octets, 0));
        fprintf(p->out, "  %s%s%s %s%s%s", paint(p, GW_DIM), field->name, paint(p, GW_PLAIN),
                field_number_text(value, sizeof value, field, octets, 0), parts[0] != '\0' ? " " : "", parts);
    }
    fputc('\n', p->out);
}

static void print_structure(struct printer *p, const char *name, const struct gw_field *field, struct gw_cur part,
                            bool repeats)
{
    if (gw_is_zero(part.p, gw_left(&part)))
        whole_line(p, name, "all zero");
    else if (field->count > 1 && layout_is_flat(field->inner))
        print_flat(p, name, field->inner, part);
    else {
        whole_line(p, name, repeats ? "each:" : "");
        p->indent += 2;
        p->depth++;
        print_layout(p, field->inner, part);
        p->depth--;
        p->indent -= 2;
    }
}

static void print_inner(struct printer *p, const struct gw_field *field, struct gw_cur octets)
{
    char name[96], more[24];
    uint32_t num = gw_field_count(field, octets), told = 0;
    assert(p->depth < DEEPEST);
    for (uint32_t i = 0, next; i < num; i = next) {
        if (told++ == MOST_CELLS && !p->style->hex) {
            snprintf(more, sizeof more, "%u more", num - i);
            whole_line(p, field->name, more);
            return;
        }
        next = field_end_of_repeat(field, octets, i);
        print_structure(p, field_place_name(name, sizeof name, field, i, next - 1), field,
                        gw_field_octets(field, octets, i), next - i > 1);
    }
}

/* Numbers that share columns: no parts, no other form. */
static bool is_plain(const struct gw_field *field)
{
    return field->inner == NULL && field->bits == NULL && field->show <= GW_SHOW_SIGNED;
}

static void print_other(struct printer *p, const struct gw_field *field, struct gw_cur octets)
{
    if (gw_field_count(field, octets) == 0)
        return;
    if (field->inner != NULL && !is_withheld(p, field))
        print_inner(p, field, octets);
    else if (field->inner != NULL)
        print_octets(p, field, octets);
    else if (field->show == GW_SHOW_BITMAP)
        print_bitmap(p, field, octets);
    else if (field->show == GW_SHOW_TEXT || field->show == GW_SHOW_OCTETS)
        print_octets(p, field, octets);
    else if (field->show != GW_SHOW_PAD || p->style->hex || gw_field_number(field, octets, 0) != 0)
        print_parts(p, field, octets);
}

static void print_layout(struct printer *p, const struct gw_layout *layout, struct gw_cur octets)
{
    for (unsigned row = 0; row < layout->num_fields;) {
        unsigned end = row;
        p->label = p->value = 0;
        while (end < layout->num_fields && is_plain(&layout->fields[end]))
            measure(p, &layout->fields[end++], octets);
        for (; row < end; row++)
            print_numbers(p, &layout->fields[row], octets);
        end_line(p);
        if (row < layout->num_fields)
            print_other(p, &layout->fields[row++], octets);
    }
    end_line(p);
}

void gw_structure_text(FILE *out, const struct gw_style *style, const struct gw_layout *layout, struct gw_cur octets)
{
    struct printer p = { .out = out, .style = style, .indent = style->indent };
    print_layout(&p, layout, octets);
}
