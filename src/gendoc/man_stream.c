/*
 * man_stream.c - the tables of godwit-stream(5): versions, records, types of pages, and the structures inside records.
 */
#include <assert.h>
#include <inttypes.h>

#include "layouts.h"
#include "man.h"

void fill_versions(FILE *out, const char *unused)
{
    (void)unused;
    fputs(".Bl -tag -width Ds -compact\n", out);
    for (unsigned i = 0; i < gw_num_versions; i++)
        fprintf(out, ".It %" PRIu32 "\nread by Xen 4.%u and later\n", gw_versions[i].version, gw_versions[i].since);
    fputs(".El\n", out);
}

/* --- records ----------------------------------------------------------------------------------------------------- */

static const char *kind_name(enum gw_record_kind kind)
{
    static const char *const names[] = { [GW_KIND_MARKER] = "marker",
                                         [GW_KIND_STATIC] = "static",
                                         [GW_KIND_DYNAMIC] = "dynamic",
                                         [GW_KIND_OPTIONAL] = "optional",
                                         [GW_KIND_RETIRED] = "retired" };
    return names[kind];
}

static const char *guests_name(unsigned guests)
{
    return guests == GW_GUEST_PV ? "PV" : guests == GW_GUEST_HVM ? "HVM" : "PV and HVM";
}

static void put_size(FILE *out, const struct gw_record_info *info)
{
    const struct gw_record_size *size = &info->size;
    fprintf(out, "Body: %" PRIu32 " octet%s%s", size->least, size->least == 1 ? "" : "s",
            size->exact ? "" : " or more");
    if (!size->exact && size->unit > 1)
        fprintf(out, ", in steps of %" PRIu32, size->unit);
    if (info->longest > 0)
        fprintf(out, "; Xen writes at most %" PRIu32, info->longest);
    if (info->empty != GW_NO_EMPTY_FORM)
        fprintf(out, "; with %" PRIu32 " it has no content", info->empty);
    fputs(".\n", out);
}

void fill_records(FILE *out, const char *unused)
{
    (void)unused;
    fputs(".Bl -tag -width Ds\n", out);
    for (unsigned i = 0; i < gw_num_records; i++) {
        const struct gw_record_info *info = &gw_records[i];
        fprintf(out, ".It Sy %s Pq 0x%02" PRIx32 "; %s; %s", info->name, info->type, kind_name(info->kind),
                guests_name(info->guests));
        fprintf(out, info->since > 0 ? "; Xen 4.%u\n" : "\n", info->since);
        man_put_sentence(out, info->sentence);
        put_size(out, info);
    }
    fputs(".El\n", out);
}

void fill_page_types(FILE *out, const char *unused)
{
    (void)unused;
    fputs(
        ".Bl -column \"0x0\" \"contents\" \"allocated\" -compact\n.It Em type Ta Em contents Ta Em a page Ta Em name\n",
        out);
    for (unsigned type = 0; type < 16; type++)
        if (gw_type_exists(type))
            fprintf(out, ".It 0x%x Ta %s Ta %s Ta %s\n", type, gw_type_has_contents(type) ? "yes" : "no",
                    gw_type_populates(type) ? "yes" : "no", gw_page_type_name(type));
    fputs(".El\n", out);
}

/* --- structures -------------------------------------------------------------------------------------------------- */

/* The first field of the layout that has the same parts. */
static const struct gw_field *first_with(const struct gw_layout *layout, const struct gw_bits *bits)
{
    const struct gw_field *field = layout->fields;
    while (field->bits != bits)
        field++;
    return field;
}

static void put_bits(FILE *out, const struct gw_layout *layout, const struct gw_field *field)
{
    const struct gw_field *first = first_with(layout, field->bits);
    if (first != field) {
        fprintf(out, "; parts as of %s", first->name);
        return;
    }
    fputs("; bits", out);
    man_put_parts(out, field->bits);
}

static void put_must(FILE *out, const struct gw_field *field)
{
    static const char *const demands[] = { [GW_MUST_ZERO] = "must be 0",
                                           [GW_MUST_MOST] = "at most",
                                           [GW_MUST_IS] = "must be",
                                           [GW_MUST_MASK] = "only bits of",
                                           [GW_MUST_CANONICAL] = "must be canonical" };
    if (field->must == GW_MUST_ANY)
        return;
    assert(field->must < sizeof demands / sizeof demands[0]);
    fprintf(out, "; %s", demands[field->must]);
    if (field->must == GW_MUST_MOST || field->must == GW_MUST_IS || field->must == GW_MUST_MASK)
        fprintf(out, " 0x%" PRIx64, field->bound);
    fputs(" (", out);
    man_put(out, field->rule);
    fputc(')', out);
}

static void put_field(FILE *out, const struct gw_layout *layout, const struct gw_field *field)
{
    fprintf(out, ".It 0x%" PRIx32 " Ta ", field->offset);
    if (field->count == GW_TO_END)
        fprintf(out, "each %" PRIu32, field->stride);
    else if (field->count > 1 && field->inner == NULL && field->stride != field->width)
        fprintf(out, "%" PRIu32 " x %" PRIu32 " of %" PRIu32, field->count, field->width, field->stride);
    else if (field->count > 1)
        fprintf(out, "%" PRIu32 " x %" PRIu32, field->count, field->stride);
    else
        fprintf(out, "%" PRIu32, field->width);
    fprintf(out, " Ta Li %s Ta ", field->name);
    man_put(out, field->what);
    if (field->inner != NULL)
        fprintf(out, " : Sx %s", field->inner->name);
    else if (field->bits != NULL)
        put_bits(out, layout, field);
    put_must(out, field);
    fputc('\n', out);
}

void fill_structures(FILE *out, const char *name)
{
    const struct layout_group *group = layout_group_find(name);
    assert(group != NULL);
    for (unsigned i = 0; i < group->num; i++) {
        const struct gw_layout *layout = group->layouts[i];
        fprintf(out, ".Ss %s\n", layout->name);
        man_put(out, layout->what);
        fprintf(out, "; %" PRIu32 " octets.\n.Bl -column \"0x0000\" \"256 x 16\" \"failsafe_callback\"\n",
                layout->length);
        for (unsigned row = 0; row < layout->num_fields; row++)
            put_field(out, layout, &layout->fields[row]);
        fputs(".El\n", out);
    }
}
