/*
 * complete_zsh.c - the tables of completion/_godwit.in: what _arguments wants to know about each command.
 */
#include <string.h>

#include "complete.h"

/* Inside single quotes, where a character of `special` ends a part of a specification. */
static void put_escaped(FILE *out, const char *text, int len, const char *special)
{
    for (const char *end = text + len; text < end; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else if (*text == '\\' || strchr(special, *text) != NULL)
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

void fill_zsh_commands(FILE *out, const char *unused)
{
    (void)unused;
    for (const struct gw_cmd *const *cmd = gw_cmds; *cmd != NULL; cmd++) {
        fprintf(out, "        '%s:", (*cmd)->name);
        put_escaped(out, (*cmd)->brief, (int)strlen((*cmd)->brief), "");
        fputs("'\n", out);
    }
}

/* ":NAME:ACTION" */
static void put_values(FILE *out, const struct values *it)
{
    fputc(':', out);
    put_escaped(out, it->name, it->name_len, ":");
    fputc(':', out);
    if (it->words[0] != '\0') {
        fprintf(out, "{compadd%s -- ", it->open ? " -S \"\"" : "");
        put_escaped(out, it->words, (int)strlen(it->words), ":");
        fputs(it->files ? "; _files}" : "}", out);
    } else if (it->files) {
        fputs("_files", out);
    } else if (it->dirs) {
        fputs("_files -/", out);
    } else {
        fputc(' ', out);
    }
}

static void put_option(FILE *out, const struct gw_opt *opt)
{
    struct values it;
    const char *equals = opt->arg != NULL ? "=" : "";
    if (opt->letter)
        fprintf(out, "            '(-%c --%s)'{-%c%s,--%s%s}'[", opt->letter, opt->name, opt->letter,
                opt->arg != NULL ? "+" : "", opt->name, equals);
    else
        fprintf(out, "            '--%s%s[", opt->name, equals);
    put_escaped(out, opt->help, (int)strlen(opt->help), "[]");
    fputc(']', out);
    if (opt->arg != NULL) {
        values_of_option(opt, &it);
        put_values(out, &it);
    }
    fputs("' \\\n", out);
}

void fill_zsh_arguments(FILE *out, const char *unused)
{
    struct values it;
    (void)unused;
    for (const struct gw_cmd *const *cmd = gw_cmds; *cmd != NULL; cmd++) {
        fprintf(out, "    %s)\n        _arguments -s -S \\\n", (*cmd)->name);
        for (const struct gw_opt *opt = (*cmd)->opts; opt->name != NULL; opt++)
            put_option(out, opt);
        for (unsigned place = 0; values_of_operand(*cmd, place, &it); place++) {
            fprintf(out, it.all ? "            '*" : "            '%u", place + 1);
            put_values(out, &it);
            fputs("' \\\n", out);
        }
        fputs("            && return\n        ;;\n", out);
    }
}
