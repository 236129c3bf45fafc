/*
 * man.c - the tables of man pages about the command line: commands, options, limits, exit status.
 */
#include <inttypes.h>
#include <string.h>

#include "cmd.h"
#include "man.h"

/* mdoc wants a hyphen that is a minus to be escaped. */
void man_put(FILE *out, const char *text)
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

void man_put_sentence(FILE *out, const char *text)
{
    size_t len = strlen(text);
    man_put(out, text);
    fputs(len > 0 && text[len - 1] == '?' ? "\n" : ".\n", out);
}

void fill_options(FILE *out, const char *name)
{
    char room[GW_OPT_ROOM];
    for (const struct gw_cmd *const *cmd = gw_cmds; *cmd != NULL; cmd++) {
        if (strcmp((*cmd)->name, name) != 0)
            continue;
        fputs(".Bl -tag -width Ds\n", out);
        for (const struct gw_opt *opt = (*cmd)->opts; opt->name != NULL; opt++) {
            fputs(".It ", out);
            if (opt->letter)
                fprintf(out, "Fl %c , ", opt->letter);
            fputs("Fl \\&-", out);
            man_put(out, opt->name);
            if (opt->arg != NULL)
                fprintf(out, " Ar %s", gw_opt_arg(opt, room));
            fputc('\n', out);
            man_put_sentence(out, gw_opt_help(opt, room));
        }
        fputs(".El\n", out);
    }
}

void fill_limits(FILE *out, const char *unused)
{
    (void)unused;
    fputs(".Bl -tag -width Ds\n", out);
    for (unsigned i = 0; i < GW_NUM_LIMITS; i++) {
        fprintf(out, ".It Sy %s Pq %" PRIu64 "\n", gw_limits[i].name, gw_limits[i].value);
        man_put_sentence(out, gw_limits[i].what);
    }
    fputs(".El\n", out);
}

void fill_exits(FILE *out, const char *unused)
{
    (void)unused;
    fputs(".Bl -tag -width Ds\n.It 0\nyes\n.It 1\nno: the image is invalid, or cut before anything was whole\n"
          ".It 2\nwrong use\n.It 3\nthe system failed\n.El\n",
          out);
}

void fill_commands(FILE *out, const char *unused)
{
    (void)unused;
    fputs(".Bl -tag -width Ds\n", out);
    for (const struct gw_cmd *const *cmd = gw_cmds; *cmd != NULL; cmd++)
        fprintf(out, ".It Nm Cm %s%s%s\n%s.\n", (*cmd)->name, (*cmd)->operands[0] != '\0' ? " Ar " : "",
                (*cmd)->operands, (*cmd)->brief);
    fputs(".El\n", out);
}
