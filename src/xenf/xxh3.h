/*
 * xxh3.h - XXH3 from libxxhash, in the form that suits the processor at hand where the library brings it: every page of
 * a guest is hashed, and the plain x86-64 form takes twice as long.
 *
 * Private to src/xenf.
 */
#ifndef XXH3_FORM_H
#define XXH3_FORM_H

#include <xxhash.h>

#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>
#endif

#endif
