/*
 * xend_config.c - an S-expression as xend wrote it: (domain (name x) (memory 64) ... (image (hvm ...))). Atoms that
 * need it stand in single quotes, with backslash escapes; that apart it is what OCaml's sexplib writes.
 */
#include <stdio.h>
#include <string.h>

#include "sexp.h"
#include "xend_config.h"

/* The kinds of (image (KIND ...)); every one but hvm is a PV guest. */
static const struct {
    const char *image, *type;
} types[] = { { "hvm", "hvm" }, { "linux", "pv" }, { "netbsd", "pv" }, { "plan9", "pv" }, { "x86_64", "pv" } };

/* Single quotes become double ones, so that atoms are atoms to sexp.h; nothing moves. */
static void turn_quotes(char *text, size_t len)
{
    char quote = '\0';
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (quote != '\0' && c == '\\') {
            i++;
        } else if (quote == '\0' && (c == '\'' || c == '"')) {
            quote = c;
            text[i] = '"';
        } else if (quote != '\0' && c == quote) {
            quote = '\0';
            text[i] = '"';
        } else if (c == '"') {
            text[i] = '\''; /* in single quotes: it would end the atom */
        }
    }
}

int read_xend_config(const uint8_t *mem, size_t len, struct gw_guest_config *out, struct gw_err *err)
{
    char kind[16];
    *out = (struct gw_guest_config){ 0 };
    while (len > 0 && mem[len - 1] == 0)
        len--;
    char *text = gw_alloc(len + 1, 1, err);
    if (text == NULL)
        return -1;
    memcpy(text, mem, len);
    turn_quotes(text, len);
    struct span list = { .p = text, .len = len };
    out->is_object = sexp_is_list(list);
    sexp_text(list, "name", out->name, sizeof out->name);
    sexp_text(list, "uuid", out->uuid, sizeof out->uuid);
    sexp_text(list, "image", kind, sizeof kind);
    for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(kind, types[i].image) == 0)
            snprintf(out->type, sizeof out->type, "%s", types[i].type);
    uint64_t mib = gw_max(sexp_number(list, "maxmem"), sexp_number(list, "memory"));
    out->max_memkb = mib <= UINT32_MAX ? mib * 1024 : 0;
    out->max_vcpus = (uint32_t)gw_min(sexp_number(list, "vcpus"), UINT32_MAX);
    gw_free(text);
    return 0;
}
