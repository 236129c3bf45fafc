/*
 * gendoc.h - what the build makes from the program's own tables: man pages' tables.
 *
 * The room and its program gendoc serve the build alone; nothing of them is in the godwit that is installed. It must
 * not know a number, a name or a rule itself: it asks the tables of the rooms below.
 */
#ifndef GW_GENDOC_H
#define GW_GENDOC_H

#include <stdio.h>

/* man.c: a man page's template with its tables filled in; -1: it asks for what nothing fills, told on stderr. */
int gendoc_man(FILE *in, FILE *out);

#endif
