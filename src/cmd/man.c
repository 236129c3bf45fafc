/*
 * man.c - fills the tables of a man page's template from the program's own: options, rules, limits, records, exit
 * status.
 *
 * A template is mdoc; a line `.\" @OPTIONS verify` (or @RULES, @LIMITS, @RECORDS, @EXITS) is replaced.
 */
#include <inttypes.h>
#include <string.h>

#include "cmd.h"

#define LINE_MAX_LEN 1024

/* mdoc wants a hyphen that is a minus to be escaped, and a line not to begin with a dot or quote. */
static void put(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '-')
            fputs("\\-", out);
        else if (*text == '\\')
            fputs("\\e", out);
        else
            fputc(*text, out);
    }
}

static void fill_options(FILE *out, const char *name)
{
    for (const struct gw_cmd *const *cmd = gw_cmds; *cmd != NULL; cmd++) {
        if (strcmp((*cmd)->name, name) != 0)
            continue;
        fputs(".Bl -tag -width Ds\n", out);
        for (const struct gw_opt *opt = (*cmd)->opts; opt->name != NULL; opt++) {
            fputs(".It ", out);
            if (opt->letter)
                fprintf(out, "Fl %c , ", opt->letter);
            fputs("Fl \\&-", out);
            put(out, opt->name);
            if (opt->arg != NULL)
                fprintf(out, " Ar %s", opt->arg);
            fputc('\n', out);
            put(out, opt->help);
            fputs(".\n", out);
        }
        fputs(".El\n", out);
    }
}

static void fill_rules(FILE *out, const char *unused)
{
    (void)unused;
    fputs(".Bl -tag -width Ds\n", out);
    for (unsigned i = 0; i < GW_NUM_RULES; i++) {
        fputs(".It Sy ", out);
        put(out, gw_rules[i].id);
        fprintf(out, " Pq %s\n", gw_severity_name(gw_rules[i].severity));
        put(out, gw_rules[i].sentence);
        fputs(".\n", out);
    }
    fputs(".El\n", out);
}

static void fill_limits(FILE *out, const char *unused)
{
    (void)unused;
    fputs(".Bl -tag -width Ds\n", out);
    for (unsigned i = 0; i < GW_NUM_LIMITS; i++) {
        fprintf(out, ".It Sy %s Pq %" PRIu64 "\n", gw_limits[i].name, gw_limits[i].value);
        put(out, gw_limits[i].what);
        fputs(".\n", out);
    }
    fputs(".El\n", out);
}

static void fill_exits(FILE *out, const char *unused)
{
    (void)unused;
    fputs(".Bl -tag -width Ds\n.It 0\nyes\n.It 1\nno: the image is invalid, or cut before anything was whole\n"
          ".It 2\nwrong use\n.It 3\nthe system failed\n.El\n",
          out);
}

static void fill_commands(FILE *out, const char *unused)
{
    (void)unused;
    fputs(".Bl -tag -width Ds\n", out);
    for (const struct gw_cmd *const *cmd = gw_cmds; *cmd != NULL; cmd++)
        fprintf(out, ".It Nm Cm %s Ar %s\n%s.\n", (*cmd)->name, (*cmd)->operands, (*cmd)->brief);
    fputs(".El\n", out);
}

static const struct {
    const char *word;
    void (*fill)(FILE *out, const char *argument);
} fills[] = {
    { "OPTIONS", fill_options }, { "RULES", fill_rules },       { "LIMITS", fill_limits },
    { "EXITS", fill_exits },     { "COMMANDS", fill_commands },
};

static void fill_line(FILE *out, const char *text)
{
    static const char mark[] = ".\\\" @";
    if (strncmp(text, mark, sizeof mark - 1) != 0) {
        fputs(text, out);
        return;
    }
    char word[32], argument[32] = "";
    int fields = sscanf(text + sizeof mark - 1, "%31s %31s", word, argument);
    for (unsigned i = 0; fields > 0 && i < sizeof fills / sizeof fills[0]; i++)
        if (strcmp(fills[i].word, word) == 0)
            fills[i].fill(out, argument);
}

int gw_fill_man(FILE *in, FILE *out)
{
    char text[LINE_MAX_LEN];
    while (fgets(text, sizeof text, in) != NULL)
        fill_line(out, text);
    return ferror(in) ? -1 : 0;
}
