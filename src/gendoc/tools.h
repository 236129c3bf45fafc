/*
 * tools.h - the tables of what other tools read: file(1)'s magic.
 */
#ifndef GENDOC_TOOLS_H
#define GENDOC_TOOLS_H

#include <stdio.h>

/* magic.c; name: of a layer */
void fill_magic_carrier(FILE *out, const char *name);
void fill_magic_image(FILE *out, const char *unused);
void fill_magic_versions(FILE *out, const char *unused);
void fill_magic_others(FILE *out, const char *unused);

#endif
