/*
 * base.h - what every header of libgodwit needs: how functions are declared, and how structures grow.
 *
 * A structure that this library and a program hand to each other begins with its size in octets. Later releases add
 * members at its end and change nothing before them.
 *
 *   An order (options, callbacks) is filled by the program: clear it, set size to its sizeof, set what is wanted.
 *   Members that an older program does not know count as zero. A newer program's members that this library does not
 *   know must be zero, else the call fails with GODWIT_USAGE: nothing that was asked for is ignored.
 *   An answer is filled by the library, as far as size (set by the program) reaches.
 *   A view is the library's; the program only reads it, for as long as is said there. A program that was compiled for a
 *   newer release asks GODWIT_HAS before it reads a member that came later.
 *
 * Whatever is an int and is called a flag is 0 or 1. Texts are ASCII or what the file says; octets of a file may stand
 * in them only where that is said.
 */
#ifndef GODWIT_BASE_H
#define GODWIT_BASE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define GODWIT_API __attribute__((visibility("default")))
#else
#define GODWIT_API
#endif

#ifdef __cplusplus
#define GODWIT_BEGIN_DECLS extern "C" {
#define GODWIT_END_DECLS }
#else
#define GODWIT_BEGIN_DECLS
#define GODWIT_END_DECLS
#endif

/* Does the view (a pointer) reach to the end of that member? */
#define GODWIT_HAS(view, member) ((size_t)((const char *)(&(view)->member + 1) - (const char *)(view)) <= (view)->size)

#endif
