/*
 * kaitai.h - what the files that make the Kaitai Struct description share.
 */
#ifndef GENDOC_KAITAI_H
#define GENDOC_KAITAI_H

#include <stdio.h>

#include "layouts.h"

/* A name as Kaitai has them. */
void kaitai_put_id(FILE *out, const char *name);
/* Text inside single quotes. */
void kaitai_put_text(FILE *out, const char *text);

#endif
