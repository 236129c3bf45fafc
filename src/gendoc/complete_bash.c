/*
 * complete_bash.c - the tables of completion/godwit.bash.in: rows of case statements.
 */
#include <inttypes.h>

#include "complete.h"

void fill_bash_commands(FILE *out, const char *unused)
{
    (void)unused;
    fputs("        words='", out);
    for (const struct gw_cmd *const *cmd = gw_cmds; *cmd != NULL; cmd++)
        fprintf(out, "%s%s", cmd == gw_cmds ? "" : " ", (*cmd)->name);
    fputs("'\n", out);
}

void fill_bash_options(FILE *out, const char *unused)
{
    (void)unused;
    for (const struct gw_cmd *const *cmd = gw_cmds; *cmd != NULL; cmd++) {
        fprintf(out, "    %s) words='", (*cmd)->name);
        for (const struct gw_opt *opt = (*cmd)->opts; opt->name != NULL; opt++)
            fprintf(out, "%s--%s", opt == (*cmd)->opts ? "" : " ", opt->name);
        fputs("' ;;\n", out);
    }
}

static void put_values(FILE *out, const struct values *it)
{
    fprintf(out, ") files='%s' dirs='%s' open='%s' words='%s' ;;\n", it->files ? "yes" : "", it->dirs ? "yes" : "",
            it->open ? "yes" : "", it->words);
}

static void put_command(FILE *out, const struct gw_cmd *cmd)
{
    struct values it;
    for (const struct gw_opt *opt = cmd->opts; opt->name != NULL; opt++) {
        if (opt->arg == NULL)
            continue;
        values_of_option(opt, &it);
        fprintf(out, "    %s:--%s", cmd->name, opt->name);
        if (opt->letter)
            fprintf(out, " | %s:-%c", cmd->name, opt->letter);
        put_values(out, &it);
    }
    for (unsigned place = 0; values_of_operand(cmd, place, &it); place++) {
        fprintf(out, it.all ? "    %s:[0-9]*" : "    %s:%u", cmd->name, place);
        put_values(out, &it);
    }
}

void fill_bash_values(FILE *out, const char *unused)
{
    (void)unused;
    for (const struct gw_cmd *const *cmd = gw_cmds; *cmd != NULL; cmd++)
        put_command(out, *cmd);
}
