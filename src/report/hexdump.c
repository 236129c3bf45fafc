/*
 * hexdump.c - octets for people who want to see them.
 */
#include <inttypes.h>
#include <string.h>

#include "report.h"

#define ROW 16

static void row(FILE *out, const struct gw_style *style, uint64_t at, const uint8_t *mem, size_t len)
{
    fprintf(out, "%*s%s%08" PRIx64 "%s ", (int)style->indent, "", gw_colour(style->colour, GW_DIM), at,
            gw_colour(style->colour, GW_PLAIN));
    for (size_t i = 0; i < ROW; i++) {
        fputs(i == ROW / 2 ? "  " : " ", out);
        if (i < len)
            fprintf(out, "%02x", mem[i]);
        else
            fputs("  ", out);
    }
    fputs("  |", out);
    for (size_t i = 0; i < len; i++)
        fputc(mem[i] >= 0x20 && mem[i] < 0x7f ? mem[i] : '.', out);
    fputs("|\n", out);
}

void gw_hexdump(FILE *out, const struct gw_style *style, uint64_t at, struct gw_cur octets)
{
    const uint8_t *before = NULL;
    bool folded = false;
    while (gw_left(&octets) > 0) {
        size_t len = (size_t)gw_min(gw_left(&octets), ROW);
        const uint8_t *mem = gw_take(&octets, len);
        bool same = before != NULL && len == ROW && gw_left(&octets) > 0 && memcmp(before, mem, ROW) == 0;
        if (!same)
            row(out, style, at, mem, len);
        else if (!folded)
            fprintf(out, "%*s*\n", (int)style->indent, "");
        folded = same;
        before = mem;
        at += len;
    }
}
