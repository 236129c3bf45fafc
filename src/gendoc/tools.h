/*
 * tools.h - the tables of what other tools read: file(1)'s magic, the description for Kaitai Struct.
 */
#ifndef GENDOC_TOOLS_H
#define GENDOC_TOOLS_H

#include <stdio.h>

/* magic.c; name: of a layer */
void fill_magic_carrier(FILE *out, const char *name);
void fill_magic_image(FILE *out, const char *unused);
void fill_magic_versions(FILE *out, const char *unused);
void fill_magic_others(FILE *out, const char *unused);

/* kaitai.c, kaitai_layouts.c; name: of a layout */
void fill_kaitai_versions(FILE *out, const char *unused);
void fill_kaitai_records(FILE *out, const char *unused);
void fill_kaitai_page_types(FILE *out, const char *unused);
void fill_kaitai_hvm_entries(FILE *out, const char *unused);
void fill_kaitai_hvm_params(FILE *out, const char *unused);
void fill_kaitai_msrs(FILE *out, const char *unused);
void fill_kaitai_hvm_layouts(FILE *out, const char *unused);
void fill_kaitai_hvm_form(FILE *out, const char *unused);
void fill_kaitai_layouts(FILE *out, const char *unused);
void fill_kaitai_size(FILE *out, const char *name);
void fill_kaitai_length(FILE *out, const char *name);

#endif
