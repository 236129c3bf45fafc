/*
 * text.c - escaping, and sizes for people.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base.h"

char *gw_escape(char *out, size_t room, const void *mem, size_t len)
{
    const uint8_t *p = mem;
    size_t at = 0;
    assert(room >= 8);
    for (size_t i = 0; i < len; i++) {
        if (at + 4 + sizeof "..." > room) {
            memcpy(out + at, "...", sizeof "...");
            return out;
        }
        if (p[i] >= 0x20 && p[i] < 0x7f && p[i] != '\\')
            out[at++] = (char)p[i];
        else
            at += (size_t)snprintf(out + at, room - at, "\\x%02x", p[i]);
    }
    out[at] = '\0';
    return out;
}

char *gw_size_text(char *out, size_t room, uint64_t octets)
{
    static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
    if (octets < 1024) {
        snprintf(out, room, "%u octet%s", (unsigned)octets, octets == 1 ? "" : "s");
        return out;
    }
    unsigned unit = 0;
    uint64_t scale = 1024;
    while (octets / scale >= 1024) {
        scale *= 1024;
        unit++;
    }
    double value = (double)octets / (double)scale;
    snprintf(out, room, octets % scale == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return out;
}
