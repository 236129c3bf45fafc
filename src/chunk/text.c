/*
 * text.c - strings of strangers: is it UTF-8, and whose is it.
 */
#include <assert.h>
#include <string.h>

#include "chunk.h"

struct gw_str gw_str(const char *text)
{
    return (struct gw_str){ .text = text, .len = strlen(text) };
}

bool gw_str_is(struct gw_str str, const char *text)
{
    return str.len == strlen(text) && (str.len == 0 || memcmp(str.text, text, str.len) == 0);
}

/* The forms of a character (Unicode 15, table 3-7): octets, first octet, second octet; the others are 0x80 to 0xbf. */
static const struct form {
    unsigned len;
    uint8_t first_least, first_most, second_least, second_most;
} forms[] = {
    { 1, 0x01, 0x7f, 0x00, 0x00 },                                /* zero ends strings elsewhere: not here */
    { 2, 0xc2, 0xdf, 0x80, 0xbf }, { 3, 0xe0, 0xe0, 0xa0, 0xbf }, /* no overlong forms */
    { 3, 0xe1, 0xec, 0x80, 0xbf }, { 3, 0xed, 0xed, 0x80, 0x9f }, /* no surrogates */
    { 3, 0xee, 0xef, 0x80, 0xbf }, { 4, 0xf0, 0xf0, 0x90, 0xbf },
    { 4, 0xf1, 0xf3, 0x80, 0xbf }, { 4, 0xf4, 0xf4, 0x80, 0x8f }, /* nothing above U+10FFFF */
};

static bool has_form(const struct form *form, const uint8_t *p, size_t left)
{
    if (p[0] < form->first_least || p[0] > form->first_most || left < form->len)
        return false;
    if (form->len > 1 && (p[1] < form->second_least || p[1] > form->second_most))
        return false;
    for (unsigned i = 2; i < form->len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return false;
    return true;
}

/* Octets of the character at p; 0 when there is none. */
static unsigned character_len(const uint8_t *p, size_t left)
{
    for (unsigned i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (has_form(&forms[i], p, left))
            return forms[i].len;
    return 0;
}

bool gw_is_utf8(const void *mem, size_t len)
{
    const uint8_t *p = mem;
    assert(mem != NULL || len == 0);
    for (size_t at = 0; at < len;) {
        unsigned step = character_len(p + at, len - at);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}
