/*
 * sexp.c - S-expressions as OCaml's sexplib writes them: lists in parentheses, bare atoms, atoms in double quotes with
 * backslash escapes. Time is linear in the text.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sexp.h"

enum token { T_END, T_OPEN, T_CLOSE, T_ATOM, T_WRONG };

struct sexp {
    const char *p, *end;
    unsigned depth;
    struct span atom; /* as it stands there, quotes included */
};

static struct sexp over(struct span text)
{
    return (struct sexp){ .p = text.p, .end = text.len > 0 ? text.p + text.len : text.p };
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static enum token quoted(struct sexp *s)
{
    const char *first = s->p++;
    for (; s->p < s->end && *s->p != '"'; s->p++)
        if (*s->p == '\\' && s->p + 1 < s->end)
            s->p++;
    if (s->p == s->end)
        return T_WRONG;
    s->p++;
    s->atom = (struct span){ .p = first, .len = (size_t)(s->p - first) };
    return T_ATOM;
}

static enum token bare(struct sexp *s)
{
    const char *first = s->p;
    while (s->p < s->end && !is_blank(*s->p) && strchr("()\"", *s->p) == NULL)
        s->p++;
    s->atom = (struct span){ .p = first, .len = (size_t)(s->p - first) };
    return s->atom.len > 0 ? T_ATOM : T_WRONG; /* nothing: a zero octet */
}

static enum token next(struct sexp *s)
{
    while (s->p < s->end && is_blank(*s->p))
        s->p++;
    if (s->p == s->end)
        return T_END;
    if (*s->p == '(') {
        s->p++;
        return s->depth++ < SEXP_DEPTH ? T_OPEN : T_WRONG;
    }
    if (*s->p == ')') {
        s->p++;
        return s->depth-- > 0 ? T_CLOSE : T_WRONG;
    }
    return *s->p == '"' ? quoted(s) : bare(s);
}

bool sexp_is_list(struct span text)
{
    struct sexp s = over(text);
    enum token token = next(&s);
    if (token != T_OPEN)
        return false;
    while (s.depth > 0)
        if ((token = next(&s)) == T_WRONG || token == T_END)
            return false;
    return next(&s) == T_END;
}

bool sexp_field(struct span text, const char *name, struct span *out)
{
    struct sexp s = over(text);
    enum token before = T_END, token;
    const char *found = NULL;
    for (; (token = next(&s)) != T_END && token != T_WRONG; before = token) {
        if (token == T_ATOM && before == T_OPEN && s.depth == 2 && found == NULL && s.atom.len == strlen(name) &&
            memcmp(s.atom.p, name, s.atom.len) == 0)
            found = s.p;
        if (token == T_CLOSE && s.depth == 1 && found != NULL) {
            *out = (struct span){ .p = found, .len = (size_t)(s.p - 1 - found) };
            return true;
        }
    }
    return false;
}

static unsigned digit(char c)
{
    return c >= '0' && c <= '9' ? (unsigned)(c - '0') : 10;
}

/* What the escape at p means, a backslash first; *len: octets of it. */
static char escape(const char *p, size_t left, size_t *len)
{
    static const char letters[] = "nrtb", means[] = "\n\r\t\b";
    const char *letter = left > 1 ? strchr(letters, p[1]) : NULL;
    *len = gw_min(left, 2);
    if (letter != NULL && *letter != '\0')
        return means[letter - letters];
    if (left >= 4 && digit(p[1]) < 3 && digit(p[2]) < 10 && digit(p[3]) < 10) {
        *len = 4;
        return (char)(digit(p[1]) * 100 + digit(p[2]) * 10 + digit(p[3]));
    }
    return left > 1 ? p[1] : p[0];
}

size_t sexp_atom(struct span text, char *out, size_t room)
{
    struct sexp s = over(text);
    enum token token;
    size_t used = 0, len = 1;
    while ((token = next(&s)) == T_OPEN)
        ;
    if (token != T_ATOM)
        return 0;
    bool is_quoted = *s.atom.p == '"';
    const char *p = s.atom.p + is_quoted;
    for (size_t left = s.atom.len - 2 * (size_t)is_quoted; left > 0 && used < room; left -= len, p += len) {
        len = 1;
        out[used++] = is_quoted && *p == '\\' ? escape(p, left, &len) : *p;
    }
    return used;
}

void sexp_text(struct span list, const char *name, char *out, size_t room)
{
    struct span value;
    size_t len = sexp_field(list, name, &value) ? sexp_atom(value, out, room - 1) : 0;
    out[len] = '\0';
}

uint64_t sexp_number(struct span list, const char *name)
{
    char digits[24];
    sexp_text(list, name, digits, sizeof digits);
    errno = 0;
    uint64_t value = strtoull(digits, NULL, 10);
    return errno == 0 && digits[0] != '-' ? value : 0;
}
