/*
 * capabilities.c - what both sides can, from the words that each names (chunks.md sections 1 and 3).
 *
 * Words stand between spaces. Only "multi=N" has a number: how many connections. A word that we do not know is only a
 * word: it comes out only if the other list, our own, has it as well.
 */
#include <stdio.h>
#include <string.h>

#include "chunk.h"

#define MULTI "multi="
#define MULTI_MAX 65535

/* The next word; false when none is left. */
static bool next_word(struct gw_str *list, struct gw_str *word)
{
    while (list->len > 0 && list->text[0] == ' ')
        *list = (struct gw_str){ list->text + 1, list->len - 1 };
    if (list->len == 0)
        return false;
    const char *space = memchr(list->text, ' ', list->len);
    size_t len = space != NULL ? (size_t)(space - list->text) : list->len;
    *word = (struct gw_str){ list->text, len };
    *list = (struct gw_str){ list->text + len, list->len - len };
    return true;
}

static bool same(struct gw_str a, struct gw_str b)
{
    return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

static bool has_word(struct gw_str list, struct gw_str word)
{
    struct gw_str it;
    while (next_word(&list, &it))
        if (same(it, word))
            return true;
    return false;
}

static bool is_multi(struct gw_str word)
{
    return word.len >= strlen(MULTI) && memcmp(word.text, MULTI, strlen(MULTI)) == 0;
}

/* The number of "multi=N": 1 to MULTI_MAX in decimal without leading zeros; 0 when it is none. */
static uint32_t multi_number(struct gw_str word)
{
    uint32_t number = 0;
    if (!is_multi(word) || word.len == strlen(MULTI) || word.text[strlen(MULTI)] == '0')
        return 0;
    for (size_t at = strlen(MULTI); at < word.len; at++) {
        if (word.text[at] < '0' || word.text[at] > '9')
            return 0;
        number = number * 10 + (uint32_t)(word.text[at] - '0');
        if (number > MULTI_MAX)
            return 0;
    }
    return number;
}

/* The first that has a number counts; 0 when none has. */
static uint32_t find_multi(struct gw_str list)
{
    struct gw_str word;
    uint32_t number = 0;
    while (number == 0 && next_word(&list, &word))
        number = multi_number(word);
    return number;
}

static void put_word(struct gw_buf *out, size_t begin, struct gw_str word)
{
    struct gw_str so_far = { 0 };
    if (!out->bad && out->len > begin)
        so_far = (struct gw_str){ (const char *)out->mem + begin, out->len - begin };
    if (has_word(so_far, word))
        return;
    if (so_far.len > 0)
        gw_put_u8(out, ' ');
    gw_put(out, word.text, word.len);
}

static void put_multi(struct gw_buf *out, size_t begin, uint32_t number)
{
    char word[32];
    snprintf(word, sizeof word, MULTI "%u", number);
    if (number > 0)
        put_word(out, begin, gw_str(word));
}

void gw_capabilities_common(struct gw_buf *out, struct gw_str first, struct gw_str second)
{
    uint32_t multi = (uint32_t)gw_min(find_multi(first), find_multi(second));
    size_t begin = out->len;
    struct gw_str word;
    while (next_word(&first, &word)) {
        if (is_multi(word))
            put_multi(out, begin, multi);
        else if (has_word(second, word))
            put_word(out, begin, word);
    }
}

bool gw_capabilities_have(struct gw_str list, const char *word)
{
    return has_word(list, gw_str(word));
}

uint32_t gw_capabilities_multi(struct gw_str list)
{
    uint32_t number = find_multi(list);
    return number > 0 ? number : 1;
}
