/*
 * remus.h - what Remus' sender makes of a page that changed (legacy section 9), for tests of who reads it.
 */
#ifndef REMUS_H
#define REMUS_H

#include <string.h>

#include "legacy_pages.h"

/* Runs of words that are equal or differ, each cut at 127 words. */
static void put_runs(struct gw_buf *out, const uint8_t *old, const uint8_t *new)
{
    for (uint32_t word = 0, len; word < (LEGACY_PAGE / 4); word += len) {
        bool differs = memcmp(old + 4 * word, new + 4 * word, 4) != 0;
        for (len = 1; len < 127 && word + len < (LEGACY_PAGE / 4); len++)
            if ((memcmp(old + 4 * (word + len), new + 4 * (word + len), 4) != 0) != differs)
                break;
        gw_put_u8(out, (uint8_t)((differs ? 0 : 0x80) | len));
        if (differs)
            gw_put(out, new + 4 * word, 4 * len);
    }
}

#endif
