/*
 * kaitai_layouts.c - the structures of the Kaitai Struct description: a type for each layout, an instance for each
 * field, which is absent where the octets end before it.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "kaitai.h"
#include "tools.h"

/* Numbers that have names: their enumeration in the template. */
static const struct {
    const struct gw_layout *layout;
    unsigned row;
    const char *names;
} named[] = {
    { &gw_layout_hvm_param, hvm_param_index, "hvm_param_index" },
    { &gw_layout_hvm_one_msr, hvm_one_msr_index, "msr_index" },
    { &gw_layout_xen_domctl_vcpu_msr, xen_domctl_vcpu_msr_index, "msr_index" },
    { &gw_layout_msr_entry, msr_entry_idx, "msr_index" },
};

static const char *names_of(const struct gw_layout *layout, unsigned row)
{
    for (unsigned i = 0; i < sizeof named / sizeof named[0]; i++)
        if (named[i].layout == layout && named[i].row == row)
            return named[i].names;
    return NULL;
}

/* Numbers that do not stand next to each other. */
static bool is_spread(const struct gw_field *field)
{
    return field->inner == NULL && field->stride != field->width;
}

static void put_type(FILE *out, const struct gw_field *field)
{
    if (field->inner != NULL)
        fprintf(out, "        size: %" PRIu32 "\n        type: %s\n", field->stride, field->inner->name);
    else if (field->show == GW_SHOW_TEXT)
        fprintf(out, "        type: str\n        size: %" PRIu32 "\n        terminator: 0\n", field->width);
    else if (field->show == GW_SHOW_OCTETS)
        fprintf(out, "        size: %" PRIu32 "\n", field->width);
    else if (is_spread(field))
        fprintf(out, "        size: %" PRIu32 "\n        type: u%" PRIu32 "_in_%" PRIu32 "\n", field->stride,
                field->width, field->stride);
    else
        fprintf(out, "        type: %c%" PRIu32 "\n", field->show == GW_SHOW_SIGNED ? 's' : 'u', field->width);
}

/* Where it ends; of what goes on to the end, its first element. */
static uint32_t least_end(const struct gw_field *field)
{
    return field->offset + (field->count == GW_TO_END ? 1 : field->count) * field->stride;
}

static void put_doc(FILE *out, const struct gw_field *field)
{
    fputs("        doc: '", out);
    kaitai_put_text(out, field->what);
    for (const struct gw_bits *bit = field->bits; bit != NULL && bit->width > 0; bit++) {
        fprintf(out, "%s %u", bit == field->bits ? "; bits" : ",", bit->low);
        if (bit->width > 1)
            fprintf(out, " to %u", bit->low + bit->width - 1);
        fputc(' ', out);
        kaitai_put_text(out, bit->name);
    }
    fputs("'\n", out);
}

static void put_field(FILE *out, const struct gw_layout *layout, unsigned row)
{
    const struct gw_field *field = &layout->fields[row];
    const char *names = names_of(layout, row);
    fputs("      ", out);
    kaitai_put_id(out, field->name);
    fprintf(out, ":\n        pos: 0x%" PRIx32 "\n", field->offset);
    put_type(out, field);
    if (names != NULL)
        fprintf(out, "        enum: %s\n", names);
    if (field->count == GW_TO_END)
        fputs("        repeat: eos\n", out);
    else if (field->count > 1)
        fprintf(out, "        repeat: expr\n        repeat-expr: %" PRIu32 "\n", field->count);
    fprintf(out, "        if: _io.size >= 0x%" PRIx32 "\n", least_end(field));
    put_doc(out, field);
}

/* Is it the first of its kind in all layouts? */
static bool is_first_spread(const struct gw_field *field)
{
    for (unsigned i = 0; i < gw_num_layouts; i++)
        for (const struct gw_field *it = gw_layouts[i]->fields; it < gw_layouts[i]->fields + gw_layouts[i]->num_fields;
             it++)
            if (is_spread(it) && it->stride == field->stride && it->width == field->width)
                return it == field;
    return false;
}

/* A number at the beginning of more octets, for each way in which that is so. */
static void put_spread_types(FILE *out, const struct gw_layout *layout)
{
    for (unsigned row = 0; row < layout->num_fields; row++) {
        const struct gw_field *field = &layout->fields[row];
        if (is_spread(field) && is_first_spread(field))
            fprintf(out, "  u%" PRIu32 "_in_%" PRIu32 ":\n    seq:\n      - id: value\n        type: u%" PRIu32 "\n",
                    field->width, field->stride, field->width);
    }
}

void fill_kaitai_layouts(FILE *out, const char *unused)
{
    (void)unused;
    for (unsigned i = 0; i < gw_num_layouts; i++) {
        const struct gw_layout *layout = gw_layouts[i];
        put_spread_types(out, layout);
        fprintf(out, "  %s:\n    doc: '", layout->name);
        kaitai_put_text(out, layout->what);
        fputs("'\n    instances:\n", out);
        for (unsigned row = 0; row < layout->num_fields; row++)
            put_field(out, layout, row);
    }
}

static const struct gw_layout *layout_called(const char *name)
{
    for (unsigned i = 0; i < gw_num_layouts; i++)
        if (strcmp(gw_layouts[i]->name, name) == 0)
            return gw_layouts[i];
    return NULL;
}

void fill_kaitai_size(FILE *out, const char *name)
{
    const struct gw_layout *layout = layout_called(name);
    assert(layout != NULL);
    fprintf(out, "      sizeof_%s:\n        value: %" PRIu32 "\n", name, layout->length);
}

void fill_kaitai_length(FILE *out, const char *name)
{
    const struct gw_layout *layout = layout_called(name);
    assert(layout != NULL);
    fprintf(out, "            %" PRIu32 ": %s\n", layout->length, name);
}
