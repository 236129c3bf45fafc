/*
 * kaitai.c - the tables of misc/xen_domain_image.ksy.in: enumerations, and what is inside an entry of HVM_CONTEXT. The
 * structures themselves are made in kaitai_layouts.c.
 */
#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "kaitai.h"
#include "tools.h"

/* Kaitai wants small letters, digits and single lines below, a letter first. */
void kaitai_put_id(FILE *out, const char *name)
{
    bool gap = false, any = false;
    for (; *name != '\0'; name++) {
        if (!isalnum((unsigned char)*name)) {
            gap = any;
            continue;
        }
        fprintf(out, "%s%s%c", gap ? "_" : "", !any && isdigit((unsigned char)*name) ? "n" : "",
                tolower((unsigned char)*name));
        gap = false;
        any = true;
    }
}

void kaitai_put_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        fprintf(out, *text == '\'' ? "''" : "%c", *text);
}

static void put_member(FILE *out, uint64_t number, const char *name, const char *what)
{
    fprintf(out, "    0x%02" PRIx64 ":\n      id: ", number);
    kaitai_put_id(out, name);
    if (what != NULL) {
        fputs("\n      doc: '", out);
        kaitai_put_text(out, what);
        fputc('\'', out);
    }
    fputc('\n', out);
}

void fill_kaitai_versions(FILE *out, const char *unused)
{
    (void)unused;
    fputs("          any-of: [", out);
    for (unsigned i = 0; i < gw_num_versions; i++)
        fprintf(out, "%s%" PRIu32, i > 0 ? ", " : "", gw_versions[i].version);
    fputs("]\n", out);
}

void fill_kaitai_records(FILE *out, const char *unused)
{
    (void)unused;
    for (unsigned i = 0; i < gw_num_records; i++)
        put_member(out, gw_records[i].type, gw_records[i].name, gw_records[i].sentence);
}

void fill_kaitai_page_types(FILE *out, const char *unused)
{
    (void)unused;
    for (unsigned type = 0; type < 16; type++)
        if (gw_type_exists(type))
            put_member(out, type, gw_page_type_name(type), NULL);
}

void fill_kaitai_hvm_entries(FILE *out, const char *unused)
{
    (void)unused;
    for (unsigned type = 0; type < GW_HVM_NUM_TYPES; type++)
        if (gw_hvm_entry_info(type) != NULL)
            put_member(out, type, gw_hvm_entry_info(type)->name, NULL);
}

void fill_kaitai_hvm_params(FILE *out, const char *unused)
{
    (void)unused;
    for (unsigned index = 0; index < GW_HVM_NUM_PARAMS; index++)
        if (gw_hvm_param_info(index) != NULL)
            put_member(out, index, gw_hvm_param_info(index)->name, gw_hvm_param_info(index)->what);
}

void fill_kaitai_msrs(FILE *out, const char *unused)
{
    (void)unused;
    for (unsigned i = 0; i < gw_num_msrs; i++)
        put_member(out, gw_msrs[i].index, gw_msrs[i].name, NULL);
}

/* --- forms of an entry ------------------------------------------------------------------------------------------- */

/* Of each type its newest form, and those that have another layout, which are numbered from 0x10000 on. */
static void each_form(FILE *out, void (*put)(FILE *out, unsigned type, unsigned form, const struct gw_hvm_form *it))
{
    for (unsigned type = 0; type < GW_HVM_NUM_TYPES; type++) {
        const struct gw_hvm_entry_info *info = gw_hvm_entry_info(type);
        for (unsigned i = 0; info != NULL && i < info->num_forms; i++)
            if (info->forms[i].layout != NULL && (i == 0 || info->forms[i].layout != info->forms[i - 1].layout))
                put(out, type, i, &info->forms[i]);
    }
}

static void put_case(FILE *out, unsigned type, unsigned form, const struct gw_hvm_form *it)
{
    fprintf(out, "            0x%x: %s\n", form << 16 | type, it->layout->name);
}

static void put_condition(FILE *out, unsigned type, unsigned form, const struct gw_hvm_form *it)
{
    if (form > 0)
        fprintf(out, "type.to_i == %u and len_data == %" PRIu32 " ? 0x%x : ", type, it->length, form << 16 | type);
}

void fill_kaitai_hvm_layouts(FILE *out, const char *unused)
{
    (void)unused;
    each_form(out, put_case);
}

void fill_kaitai_hvm_form(FILE *out, const char *unused)
{
    (void)unused;
    fputs("        value: '", out);
    each_form(out, put_condition);
    fputs("type.to_i'\n", out);
}
