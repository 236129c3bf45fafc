/*
 * carry.c - see carry.h. Each language has a head, a form for an item, and a tail; what is between a head and its tail
 * and has exactly that form is ours, anything else is left as it is.
 */
#include <stdio.h>
#include <string.h>

#include "carry.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* In what order they stand. */
static const char *const names[NUM_CARRIED] = {
    [CARRIED_XL_JSON] = "xl-json",     [CARRIED_XL_TEXT] = "xl-text",       [CARRIED_XL_MORE] = "xl-more",
    [CARRIED_LIBVIRT] = "libvirt-xml", [CARRIED_XENOPS] = "xenopsd-record",
};

/*
 * mark: what the items stand behind or in front of in the paper. An item is open, name, close, base64, end; between
 * takes the place of nothing before the first one.
 */
static const struct language {
    const char *mark; /* the last of these in the text */
    bool behind;      /* the items stand behind it, else before it */
    const char *head, *open, *close, *end, *between, *tail;
    bool names_end; /* the item's end repeats its name, with a '>' */
} languages[NUM_PAPERS] = {
    [PAPER_XL] = { "}", false, ",\"godwit\":{", "\"", "\":\"", "\"", ",", "}", false },
    [PAPER_LIBVIRT] = { "</domain>", false, "<metadata><godwit:carried xmlns:godwit=\"urn:godwit:carried:1\">",
                        "<godwit:", ">", "</godwit:", "", "</godwit:carried></metadata>", true },
    [PAPER_XENOPS] = { "(xs_subtree(", true, "", "(godwit/", " ", ")", "", "", false },
};

/* --- base64 ------------------------------------------------------------------------------------------------------ */

static void put_base64(struct gw_buf *out, struct span octets)
{
    for (size_t at = 0; at < octets.len; at += 3) {
        size_t num = (size_t)gw_min(octets.len - at, 3);
        uint32_t group = 0;
        for (size_t i = 0; i < 3; i++)
            group = group << 8 | (i < num ? (uint8_t)octets.p[at + i] : 0);
        for (size_t i = 0; i < 4; i++)
            gw_put_u8(out, i <= num ? (uint8_t)digits[group >> (18 - 6 * i) & 63] : '=');
    }
}

bool from_base64(struct span text, struct gw_buf *out)
{
    for (size_t at = 0; at < text.len; at += 4) {
        uint32_t group = 0;
        size_t num = 4;
        if (text.len - at < 4)
            return false;
        for (size_t i = 0; i < 4; i++) {
            char c = text.p[at + i];
            const char *digit = c != '\0' ? strchr(digits, c) : NULL;
            if (digit == NULL && (c != '=' || i < 2 || at + 4 != text.len))
                return false;
            num = digit == NULL ? gw_min(num, i) : num;
            group = group << 6 | (digit != NULL ? (uint32_t)(digit - digits) : 0);
        }
        for (size_t i = 0; i + 1 < num; i++)
            gw_put_u8(out, (uint8_t)(group >> (16 - 8 * i)));
    }
    return true;
}

static size_t base64_len(const char *p, size_t left)
{
    size_t len = 0;
    while (len < left && p[len] != '\0' && (strchr(digits, p[len]) != NULL || p[len] == '='))
        len++;
    return len;
}

/* --- where it stands --------------------------------------------------------------------------------------------- */

static const uint8_t *find_last(const struct gw_buf *text, const char *what)
{
    size_t len = strlen(what);
    for (size_t at = text->len; at-- > 0;)
        if (text->len - at >= len && memcmp(text->mem + at, what, len) == 0)
            return text->mem + at;
    return NULL;
}

/* Where items are put. *at: an offset; false: nowhere. */
static bool find_place(const struct language *l, const struct gw_buf *text, size_t *at)
{
    const uint8_t *mark = find_last(text, l->mark);
    if (mark == NULL || (l == &languages[PAPER_LIBVIRT] && find_last(text, "<metadata") != NULL))
        return false; /* libvirt knows one <metadata>: a person's own is not mixed with ours */
    *at = (size_t)(mark - text->mem) + (l->behind ? strlen(l->mark) : 0);
    return true;
}

static bool take(struct gw_cur *cur, const char *what)
{
    size_t len = strlen(what);
    if (gw_left(cur) < len || memcmp(cur->p, what, len) != 0)
        return false;
    gw_take(cur, len);
    return true;
}

/* One item; false: there is none, and *cur is wherever it was given up. */
static bool take_item(const struct language *l, struct gw_cur *cur, struct cargo *cargo)
{
    enum carried item = 0;
    struct gw_cur name = *cur;
    if (!take(&name, l->open))
        return false;
    for (; item < NUM_CARRIED; item++) {
        *cur = name;
        if (take(cur, names[item]) && take(cur, l->close))
            break;
    }
    if (item == NUM_CARRIED || cargo->items[item].p != NULL)
        return false;
    size_t len = base64_len((const char *)cur->p, gw_left(cur));
    struct span text = { .p = (const char *)gw_take(cur, len), .len = len };
    if (!take(cur, l->end) || (l->names_end && (!take(cur, names[item]) || !take(cur, ">"))))
        return false;
    cargo->items[item] = text;
    return true;
}

/* Head, items, tail from cur on: how many octets they are, 0 if they are not ours. */
static size_t match(const struct language *l, struct gw_cur cur, struct cargo *cargo)
{
    const uint8_t *first = cur.p;
    struct gw_cur behind; /* the last item */
    if (!take(&cur, l->head) || !take_item(l, &cur, cargo))
        return 0;
    do {
        behind = cur;
    } while (take(&cur, l->between) && take_item(l, &cur, cargo));
    return take(&behind, l->tail) ? (size_t)(behind.p - first) : 0;
}

/* Where our head begins, if it is there at all. */
static bool find_cargo(const struct language *l, const struct gw_buf *text, size_t *at)
{
    const uint8_t *head = find_last(text, l->head[0] != '\0' ? l->head : l->mark);
    if (head == NULL)
        return false;
    *at = (size_t)(head - text->mem) + (l->behind ? strlen(l->mark) : 0);
    return true;
}

static void cut_out(struct gw_buf *text, size_t at, size_t len)
{
    memmove(text->mem + at, text->mem + at + len, text->len - at - len);
    text->len -= len;
}

int carry_out(enum paper_kind kind, struct gw_buf *text, struct cargo *cargo, struct gw_buf *taken, struct gw_err *err)
{
    const struct language *l = &languages[kind];
    size_t at, len;
    *cargo = (struct cargo){ 0 };
    if (!find_cargo(l, text, &at))
        return 0;
    gw_put(taken, text->mem + at, text->len - at);
    if (gw_buf_ok(taken, err) < 0)
        return -1;
    len = match(l, gw_buf_cur(taken), cargo);
    if (len == 0)
        *cargo = (struct cargo){ 0 };
    cut_out(text, at, len);
    return 0;
}

static void put_text(struct gw_buf *out, const char *text)
{
    gw_put(out, text, strlen(text));
}

static void put_cargo(const struct language *l, const struct cargo *cargo, struct gw_buf *out)
{
    bool first = true;
    put_text(out, l->head);
    for (unsigned i = 0; i < NUM_CARRIED; i++) {
        if (cargo->items[i].p == NULL)
            continue;
        put_text(out, first ? "" : l->between);
        put_text(out, l->open);
        put_text(out, names[i]);
        put_text(out, l->close);
        put_base64(out, cargo->items[i]);
        put_text(out, l->end);
        put_text(out, l->names_end ? names[i] : "");
        put_text(out, l->names_end ? ">" : "");
        first = false;
    }
    put_text(out, l->tail);
}

int carry_in(enum paper_kind kind, struct gw_buf *text, const struct cargo *cargo, bool *fits, struct gw_err *err)
{
    const struct language *l = &languages[kind];
    struct gw_buf whole = { 0 };
    size_t at;
    *fits = l->mark != NULL && find_place(l, text, &at);
    if (!*fits)
        return 0;
    gw_put(&whole, text->mem, at);
    put_cargo(l, cargo, &whole);
    gw_put(&whole, text->mem + at, text->len - at);
    if (gw_buf_ok(&whole, err) < 0) {
        gw_buf_free(&whole);
        return -1;
    }
    gw_buf_free(text);
    *text = whole;
    return 0;
}
