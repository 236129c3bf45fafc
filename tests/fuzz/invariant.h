/*
 * invariant.h - what must hold whatever the octets were; a fuzz target that finds otherwise aborts, which is a find.
 */
#ifndef FUZZ_INVARIANT_H
#define FUZZ_INVARIANT_H

#include <stdio.h>
#include <stdlib.h>

#include "verify.h"

#define MUST(x) ((x) ? (void)0 : must_fail(__FILE__, __LINE__, #x))

__attribute__((noreturn)) static inline void must_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
    abort();
}

/* A result and its error belong together; what breaks a rule names one that exists, and says where. */
static inline void must_be_told(int rc, const struct gw_err *err)
{
    MUST((rc < 0) == (err->code != GW_E_OK));
    MUST(err->rule == NULL || gw_rule_find(err->rule) != NULL);
    if (err->code == GW_E_SHORT || err->code == GW_E_INVALID) {
        MUST(err->rule != NULL);
        MUST(err->placed);
    }
}

/* What reaches a person's terminal is plain, whatever a stranger wrote. */
static inline void must_be_plain(const char *text)
{
    for (; *text != '\0'; text++)
        MUST(*text == '\n' || (*text >= 0x20 && *text < 0x7f));
}

#endif
