/*
 * memory.c - heap with errors by value. Tests make the n-th allocation fail through gw_alloc and gw_grow alone.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base.h"

void *gw_alloc(size_t num, size_t size, struct gw_err *err)
{
    assert(size > 0);
    void *mem = calloc(num ? num : 1, size);
    if (mem == NULL)
        gw_fail(err, GW_E_SYSTEM, "cannot get memory for %zu objects of %zu octets", num, size);
    return mem;
}

int gw_grow(void **mem, size_t *cap, size_t want, size_t size, struct gw_err *err)
{
    uint64_t octets;
    assert(size > 0);
    if (want <= *cap)
        return 0;
    size_t next = *cap > SIZE_MAX / 2 ? want : *cap * 2;
    if (next < want)
        next = want;
    void *more = gw_mul(next, size, &octets) && octets <= SIZE_MAX ? realloc(*mem, (size_t)octets) : NULL;
    if (more == NULL)
        return errno = ENOMEM, gw_fail(err, GW_E_SYSTEM, "cannot get memory for %zu objects of %zu octets", next, size);
    *mem = more;
    *cap = next;
    return 0;
}

void gw_free(void *mem)
{
    free(mem);
}

char *gw_strdup(const char *text, struct gw_err *err)
{
    size_t len = strlen(text) + 1;
    char *copy = gw_alloc(len, 1, err);
    if (copy != NULL)
        memcpy(copy, text, len);
    return copy;
}

void gw_freep(void *ptr_to_pointer)
{
    void *mem;
    memcpy(&mem, ptr_to_pointer, sizeof mem);
    free(mem);
}

void gw_closep(int *fd)
{
    if (*fd >= 0) {
        int sys = errno;
        close(*fd);
        errno = sys;
    }
}
