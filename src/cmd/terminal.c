/*
 * terminal.c - what goes to a person: errors, and whether there is a terminal to colour.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

/* Octets of a file stand in a message as gw_escape() made them; once is enough. */
static bool is_escaped(const char *text)
{
    return text[0] == '\\' && text[1] == 'x' && isxdigit((unsigned char)text[2]) && isxdigit((unsigned char)text[3]);
}

static void complain_line(const char *line, size_t len)
{
    char shown[4 * GW_ERR_MSG_MAX];
    for (size_t at = 0, begin = 0; at <= len; at++) {
        if (at < len && !is_escaped(line + at))
            continue;
        fputs(gw_escape(shown, sizeof shown, line + begin, at - begin), stderr);
        if (at < len)
            fprintf(stderr, "%.4s", line + at);
        begin = at + 4;
        at += 3;
    }
}

/* Each line of a message made fit for a terminal: names in it may hold anything. */
static void complain_lines(const char *text, const char *end)
{
    fputs("godwit: ", stderr);
    for (const char *line = text, *stop; line != NULL; line = stop != NULL ? stop + 1 : NULL) {
        stop = strstr(line, "\nbecause ");
        size_t len = stop != NULL ? (size_t)(stop - line) : strlen(line);
        complain_line(line, len);
        fprintf(stderr, "%s\n", stop == NULL ? end : "");
    }
}

void gw_complain(const struct gw_err *err)
{
    char at[64] = "";
    if (err->placed && err->record > 0)
        snprintf(at, sizeof at, " (record %llu at 0x%llx)", (unsigned long long)err->record,
                 (unsigned long long)err->offset);
    else if (err->placed)
        snprintf(at, sizeof at, " (at 0x%llx)", (unsigned long long)err->offset);
    fflush(stdout);
    complain_lines(err->msg, at);
}

void gw_remark(const char *sentence)
{
    if (sentence[0] != '\0')
        complain_lines(sentence, "");
}

void gw_complain_usage(const char *fmt, ...)
{
    char text[GW_ERR_MSG_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fflush(stdout);
    complain_lines(text, "");
}

bool gw_wants_colour(const struct gw_args *args)
{
    const char *when = args->value[OPT_COLOR], *term = getenv("TERM");
    if (when != NULL && strcmp(when, "auto") != 0)
        return strcmp(when, "always") == 0;
    return isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL && term != NULL && strcmp(term, "dumb") != 0;
}
