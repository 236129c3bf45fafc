/*
 * structure_html.c - a structure by its layout as a table: names, values, the parts of numbers by name, what it is.
 *
 * Equal neighbours share a row; an array of plain numbers is one row. Takes from the page's room for tables.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "html.h"
#include "structure.h"

#define MOST_VALUES 64 /* of an array or a bitmap in one row */
#define MOST_OCTETS 64 /* of an octet string in a row */
#define MOST_TEXT 1024
#define MOST_DUMP 512 /* of octets whose meaning is not known */
#define DEEPEST 4     /* levels that are set in further; the tables have less */

struct table {
    struct page *p;
    FILE *out;
    unsigned depth;
};

static void put_layout(struct table *t, const struct gw_layout *layout, struct gw_cur octets);

/* Begins a row with its name; false: the page has no room for it. */
static bool begin_row(struct table *t, const char *name, const char *value_class)
{
    if (t->p->rows == 0)
        return false;
    t->p->rows--;
    fprintf(t->out, "<tr class=d%u><th scope=row>", t->depth);
    html_put(t->out, name);
    fprintf(t->out, "<td class=\"mono %s\">", value_class);
    return true;
}

static void end_row(struct table *t, const struct gw_field *field)
{
    fprintf(t->out, "<td class=dim>");
    html_put(t->out, field->what);
    fputc('\n', t->out);
}

static void put_parts(struct table *t, const struct gw_field *field, struct gw_cur octets, uint32_t index)
{
    char parts[512];
    if (field->bits == NULL)
        return;
    gw_bits_text(parts, sizeof parts, field->bits, gw_field_number(field, octets, index));
    if (parts[0] == '\0')
        return;
    fprintf(t->out, " <span class=names>");
    html_put(t->out, parts);
    fprintf(t->out, "</span>");
}

/* Numbers that have names for their parts, or stand alone: a row for each that differs from the one before. */
static void put_numbers(struct table *t, const struct gw_field *field, struct gw_cur octets)
{
    char name[96], value[40];
    uint32_t num = gw_field_count(field, octets);
    for (uint32_t i = 0, next; i < num; i = next) {
        next = field_end_of_repeat(field, octets, i);
        bool zero = gw_field_number(field, octets, i) == 0;
        if (!begin_row(t, field_place_name(name, sizeof name, field, i, next - 1), zero ? "off" : ""))
            return;
        html_put(t->out, field_number_text(value, sizeof value, field, octets, i));
        put_parts(t, field, octets, i);
        end_row(t, field);
    }
}

/* Many numbers in one row; whole: the field that is said of it. */
static void put_array(struct table *t, const char *name, const struct gw_field *field, const struct gw_field *whole,
                      struct gw_cur octets)
{
    char value[40];
    uint32_t num = gw_field_count(field, octets), told = 0, i = 0;
    if (!begin_row(t, name, ""))
        return;
    for (uint32_t next; i < num && told < MOST_VALUES; i = next, told++) {
        next = field_end_of_repeat(field, octets, i);
        html_say(t->out, "%s%s", told > 0 ? " " : "", field_number_text(value, sizeof value, field, octets, i));
        if (next - i > 1)
            fprintf(t->out, "&nbsp;&times;&nbsp;%u", next - i);
    }
    if (i < num)
        fprintf(t->out, " and %u more", num - i);
    end_row(t, whole);
}

static void put_bitmap(struct table *t, const struct gw_field *field, struct gw_cur octets)
{
    uint32_t num = gw_field_count(field, octets) * 8 * field->width, told = 0;
    if (!begin_row(t, field->name, ""))
        return;
    for (uint32_t bit = 0; bit < num && told < MOST_VALUES; bit++) {
        uint32_t first = bit;
        if (!gw_field_bit(field, octets, bit))
            continue;
        while (bit + 1 < num && gw_field_bit(field, octets, bit + 1))
            bit++;
        fprintf(t->out, first == bit ? "%s%u" : "%s%u-%u", told++ > 0 ? " " : "", first, bit);
    }
    fputs(told == 0 ? "none set" : told == MOST_VALUES ? " &hellip;" : "", t->out);
    end_row(t, field);
}

static void put_octets(struct table *t, const struct gw_field *field, struct gw_cur octets)
{
    struct gw_cur part = gw_field_octets(field, octets, 0);
    size_t len = gw_left(&part), shown = gw_min(len, MOST_OCTETS);
    char size[32], digits[2 * MOST_OCTETS + 1];
    bool zero = gw_is_zero(part.p, len);
    if (!begin_row(t, field->name, zero ? "off" : ""))
        return;
    if (field->show == GW_SHOW_TEXT)
        html_octets(t->out, part.p, strnlen((const char *)part.p, len), MOST_TEXT);
    else if (zero)
        html_say(t->out, "%s, all zero", gw_size_text(size, sizeof size, len));
    else {
        gw_hex(digits, part.p, shown);
        html_put(t->out, digits);
        if (shown < len)
            html_say(t->out, " ... of %s", gw_size_text(size, sizeof size, len));
    }
    end_row(t, field);
}

/* A structure of nothing but numbers in one field: a register in parts. */
static bool is_array(const struct gw_layout *layout)
{
    const struct gw_field *only = &layout->fields[0];
    return layout->num_fields == 1 && only->inner == NULL && only->bits == NULL && only->show <= GW_SHOW_SIGNED;
}

static bool is_empty_padding(const struct gw_field *field, struct gw_cur octets)
{
    bool empty = field->show == GW_SHOW_PAD;
    for (uint32_t i = gw_field_count(field, octets); empty && i-- > 0;)
        empty = gw_field_number(field, octets, i) == 0;
    return empty;
}

/* A small structure in one row: names and values. */
static void put_flat(struct table *t, const char *name, const struct gw_field *field, struct gw_cur octets)
{
    char value[40];
    if (!begin_row(t, name, ""))
        return;
    for (unsigned row = 0; row < field->inner->num_fields; row++) {
        const struct gw_field *part = &field->inner->fields[row];
        if (gw_field_count(part, octets) == 0 || is_empty_padding(part, octets))
            continue;
        fprintf(t->out, "<span class=part>");
        html_say(t->out, "%s %s", part->name, field_number_text(value, sizeof value, part, octets, 0));
        put_parts(t, part, octets, 0);
        fprintf(t->out, "</span> ");
    }
    end_row(t, field);
}

static void put_inner(struct table *t, const struct gw_field *field, struct gw_cur octets)
{
    char name[96];
    uint32_t num = gw_field_count(field, octets);
    for (uint32_t i = 0, next; i < num && t->p->rows > 0; i = next) {
        struct gw_cur part = gw_field_octets(field, octets, i);
        next = field_end_of_repeat(field, octets, i);
        field_place_name(name, sizeof name, field, i, next - 1);
        if (gw_is_zero(part.p, gw_left(&part))) {
            begin_row(t, name, "off");
            fputs("all zero", t->out);
            end_row(t, field);
            continue;
        }
        if (is_array(field->inner)) {
            put_array(t, name, &field->inner->fields[0], field, part);
            continue;
        }
        if (field->count > 1 && layout_is_flat(field->inner)) {
            put_flat(t, name, field, part);
            continue;
        }
        t->p->rows--;
        fprintf(t->out, "<tr class=\"inner d%u\"><th colspan=3 scope=rowgroup>", t->depth);
        html_put(t->out, name);
        fprintf(t->out, "<span>");
        html_put(t->out, field->what);
        fprintf(t->out, "</span>\n");
        t->depth += t->depth < DEEPEST;
        put_layout(t, field->inner, part);
        t->depth -= t->depth > 0;
    }
}

static void put_field(struct table *t, const struct gw_field *field, struct gw_cur octets)
{
    char name[96];
    uint32_t num = gw_field_count(field, octets);
    if (num == 0)
        return;
    if (field->inner != NULL)
        put_inner(t, field, octets);
    else if (field->show == GW_SHOW_BITMAP)
        put_bitmap(t, field, octets);
    else if (field->show == GW_SHOW_TEXT || field->show == GW_SHOW_OCTETS)
        put_octets(t, field, octets);
    else if (is_empty_padding(field, octets))
        return;
    else if (num > 1 && field->bits == NULL)
        put_array(t, field_place_name(name, sizeof name, field, 0, num - 1), field, field, octets);
    else
        put_numbers(t, field, octets);
}

static void put_layout(struct table *t, const struct gw_layout *layout, struct gw_cur octets)
{
    for (unsigned row = 0; row < layout->num_fields && t->p->rows > 0; row++)
        put_field(t, &layout->fields[row], octets);
}

/* Line by line: a dump may show any printable character. */
void html_dump(const struct page *p, uint64_t at, struct gw_cur octets)
{
    const struct gw_style style = { 0 };
    size_t len = gw_left(&octets), shown = gw_min(len, MOST_DUMP);
    char size[32], *text = NULL;
    size_t text_len = 0;
    FILE *memory = open_memstream(&text, &text_len);
    if (memory == NULL)
        return;
    gw_hexdump(memory, &style, at, gw_cur(octets.p, shown));
    bool whole = fclose(memory) == 0;
    fprintf(p->out, "<pre>");
    for (char *line = text, *end; whole && (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        html_put(p->out, line);
        fputc('\n', p->out);
    }
    fprintf(p->out, "</pre>\n");
    if (shown < len)
        html_say(p->out, "<p class=dim>The first %zu octets of %s.</p>\n", shown, gw_size_text(size, sizeof size, len));
    gw_free(text);
}

static void put_summary(struct page *p, const struct told *told)
{
    const struct gw_structure *s = &told->s;
    char room[32], size[32];
    fprintf(p->out, "<details><summary><b>");
    html_put(p->out, s->name);
    if (s->instance > 0 && !s->per_vcpu)
        fprintf(p->out, " %u", s->instance);
    fprintf(p->out, "</b> ");
    if (s->layout != NULL)
        html_put(p->out, s->layout->what);
    fprintf(p->out, " <span class=dim>&middot; %s of ", gw_size_text(size, sizeof size, gw_left(&s->octets)));
    html_put(p->out, gw_record_name(told->held->frame.type, room, sizeof room));
    fprintf(p->out, ", record %" PRIu64 ", at 0x%" PRIx64 "</span></summary>\n", told->held->frame.number,
            told->held->frame.offset + GW_RECORD_HEADER_LEN + s->at);
}

/* One of the layout, or as many as fit. */
static void put_all(struct table *t, const struct gw_structure *s)
{
    struct gw_cur rest = s->octets;
    if (!s->repeats)
        put_layout(t, s->layout, s->octets);
    for (unsigned i = 0; s->repeats && t->p->rows > 0 && gw_left(&rest) >= s->layout->length; i++) {
        t->p->rows--;
        fprintf(t->out, "<tr class=inner><th colspan=3 scope=rowgroup>%u\n", i);
        put_layout(t, s->layout, gw_sub(&rest, s->layout->length));
    }
}

void structure_as_html(struct page *p, const struct told *told)
{
    struct table t = { .p = p, .out = p->out };
    const struct gw_structure *s = &told->s;
    put_summary(p, told);
    if (explain_html(p, s))
        ;
    else if (s->layout != NULL) {
        fprintf(p->out,
                "<div class=scroll><table class=\"fields stack\"><thead><tr><th scope=col>Field<th scope=col>Value"
                "<th scope=col>What it is\n<tbody>\n");
        put_all(&t, s);
        fprintf(p->out, "</table></div>\n");
    } else {
        p->rows -= p->rows > 0;
        html_dump(p, told->held->frame.offset + GW_RECORD_HEADER_LEN + s->at, s->octets);
    }
    fprintf(p->out, "</details>\n");
}
