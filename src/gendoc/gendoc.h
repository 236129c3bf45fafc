/*
 * gendoc.h - what the build makes from the program's own tables: man pages, completion, descriptions for other tools.
 *
 * The room and its program gendoc serve the build alone; nothing of them is in the godwit that is installed. It must
 * not know a number, a name or a rule itself: it asks the tables of the rooms below.
 */
#ifndef GW_GENDOC_H
#define GW_GENDOC_H

#include <stdio.h>

/*
 * fill.c: a template with its tables filled in. A line that is a comment of mdoc or of a script and begins with a
 * table's name, `.\" @OPTIONS verify` or `# @BASH-VALUES`, is replaced by that table. -1: nothing fills it, told on
 * stderr.
 */
int gendoc_fill(FILE *in, FILE *out);

#endif
