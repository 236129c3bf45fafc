/*
 * memory.h - the only door to the heap, and clean-up at the end of a scope.
 *
 * Words used in comments: borrowed until ...; given (the callee frees it); lent back.
 */
#ifndef GW_MEMORY_H
#define GW_MEMORY_H

#include <stddef.h>

#include "error.h"

/* num objects of size octets, zeroed; NULL with err set when there is no memory. The caller frees with gw_free. */
void *gw_alloc(size_t num, size_t size, struct gw_err *err);

/*
 * Grows *mem from *cap to at least want objects of size octets, doubling; new octets are not cleared. On failure *mem
 * and *cap stay as they were and still belong to the caller.
 */
int gw_grow(void **mem, size_t *cap, size_t want, size_t size, struct gw_err *err);

void gw_free(void *mem);

char *gw_strdup(const char *text, struct gw_err *err);

/* gw_auto(gw_freep) char *p: freed when p goes out of scope; p = NULL gives it away. */
#define gw_auto(fn) __attribute__((cleanup(fn)))
void gw_freep(void *ptr_to_pointer);
void gw_closep(int *fd);

#endif
