/*
 * terminal.c - what goes to a person: errors, and whether there is a terminal to colour.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

void gw_complain(const struct gw_err *err)
{
    char at[64] = "";
    if (err->placed && err->record > 0)
        snprintf(at, sizeof at, " (record %llu at 0x%llx)", (unsigned long long)err->record,
                 (unsigned long long)err->offset);
    else if (err->placed)
        snprintf(at, sizeof at, " (at 0x%llx)", (unsigned long long)err->offset);
    fflush(stdout);
    fprintf(stderr, "godwit: %s%s\n", err->msg, at);
}

void gw_complain_usage(const char *fmt, ...)
{
    va_list ap;
    fflush(stdout);
    fputs("godwit: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

static bool one_of(const char *option, const char *value, const char *const *words)
{
    for (const char *const *word = words; *word != NULL; word++)
        if (value == NULL || strcmp(value, *word) == 0)
            return true;
    gw_complain_usage("--%s: '%s' is none of its words", option, value);
    return false;
}

bool gw_terminal_args_right(const struct gw_args *args)
{
    static const char *const colours[] = { "auto", "always", "never", NULL };
    static const char *const ways[] = { "auto", "plain", "json", "none", NULL };
    return one_of("color", args->value[OPT_COLOR], colours) && one_of("progress", args->value[OPT_PROGRESS], ways);
}

bool gw_wants_colour(const struct gw_args *args)
{
    const char *when = args->value[OPT_COLOR], *term = getenv("TERM");
    if (when != NULL && strcmp(when, "auto") != 0)
        return strcmp(when, "always") == 0;
    return isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL && term != NULL && strcmp(term, "dumb") != 0;
}
