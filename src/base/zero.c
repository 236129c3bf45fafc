/*
 * zero.c - the zero test. Eight words at a time, which compilers turn into vector code; memcpy because mem may be
 * unaligned.
 */
#include <stdint.h>
#include <string.h>

#include "base.h"

bool gw_is_zero(const void *mem, size_t len)
{
    const uint8_t *p = mem;
    for (; len >= 64; p += 64, len -= 64) {
        uint64_t w[8];
        memcpy(w, p, sizeof w);
        if ((w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7]) != 0)
            return false;
    }
    for (; len > 0; p++, len--)
        if (*p != 0)
            return false;
    return true;
}
