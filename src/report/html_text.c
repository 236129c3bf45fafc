/*
 * html_text.c - text for a page: the one place where strangers' octets become HTML, and numbers for people.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "html.h"

static const char *entity(char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

void html_put(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *name = entity(*text);
        if (name != NULL)
            fputs(name, out);
        else if (*text >= 0x20 && *text < 0x7f)
            fputc(*text, out);
        else
            fprintf(out, "\\x%02x", (unsigned char)*text);
    }
}

void html_say(FILE *out, const char *fmt, ...)
{
    char text[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    html_put(out, text);
}

void html_octets(FILE *out, const void *mem, size_t len, size_t most)
{
    const uint8_t *p = mem;
    char text[4 * 64 + 8];
    size_t end = gw_min(len, most);
    for (size_t at = 0; at < end; at += 64) {
        gw_escape(text, sizeof text, p + at, gw_min(end - at, 64));
        html_put(out, text);
    }
    if (end < len)
        fputs("&hellip;", out);
}

void html_base64(FILE *out, const uint8_t *mem, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        size_t num = gw_min(len - i, 3);
        uint32_t bits = (uint32_t)mem[i] << 16 | (num > 1 ? (uint32_t)mem[i + 1] << 8 : 0) | (num > 2 ? mem[i + 2] : 0);
        for (unsigned digit = 0; digit < 4; digit++)
            fputc(digit <= num ? digits[bits >> (18 - 6 * digit) & 63] : '=', out);
    }
}

char *html_count(char *room, uint64_t number)
{
    char plain[24];
    size_t len = (size_t)snprintf(plain, sizeof plain, "%" PRIu64, number), at = 0;
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            room[at++] = ',';
        room[at++] = plain[i];
    }
    room[at] = '\0';
    return room;
}

const char *html_s(uint64_t number)
{
    return number == 1 ? "" : "s";
}
