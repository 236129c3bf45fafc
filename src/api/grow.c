/*
 * grow.c - structures that a program and this library hand to each other, each compiled at its own time: their first
 * member is their size, and whatever one of the two does not know is zero.
 */
#include <string.h>

#include "api.h"

#define MOST 4096u /* octets of any such structure; a size above it is a mistake */

static size_t size_of(const void *theirs)
{
    size_t size;
    memcpy(&size, theirs, sizeof size);
    return size;
}

int api_order(void *own, size_t room, const void *theirs, struct gw_err *err)
{
    memset(own, 0, room);
    if (theirs == NULL)
        return 0;
    size_t size = size_of(theirs), both = (size_t)gw_min(size, room);
    if (size < sizeof size || size > MOST)
        return gw_fail(err, GW_E_USAGE, "a structure says that it has %zu octets: its member size is not set", size);
    const uint8_t *octets = theirs;
    if (size > room && !gw_is_zero(octets + room, size - room))
        return gw_fail(err, GW_E_USAGE, "a structure of %zu octets asks for what this libgodwit (%s) does not have",
                       size, GODWIT_VERSION);
    memcpy(own, theirs, both);
    return 0;
}

int api_answer(void *theirs, const void *own, size_t room)
{
    size_t size = theirs != NULL ? size_of(theirs) : 0, both = (size_t)gw_min(size, room);
    if (size < sizeof size || size > MOST)
        return -1;
    memset(theirs, 0, size);
    memcpy(theirs, own, both);
    memcpy(theirs, &both, sizeof both);
    return 0;
}
