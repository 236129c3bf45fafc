/*
 * complete_fish.c - the tables of completion/godwit.fish.in: one call of complete for each option and operand.
 */
#include "complete.h"

/* Inside single quotes. */
static void put_quoted(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('\'', out);
}

void fill_fish_commands(FILE *out, const char *unused)
{
    (void)unused;
    for (const struct gw_cmd *const *cmd = gw_cmds; *cmd != NULL; cmd++) {
        fprintf(out, "complete -c godwit -n __fish_use_subcommand -f -a %s -d ", (*cmd)->name);
        put_quoted(out, (*cmd)->brief);
        fputc('\n', out);
    }
}

void fill_fish_valued(FILE *out, const char *unused)
{
    (void)unused;
    for (const struct gw_cmd *const *cmd = gw_cmds; *cmd != NULL; cmd++) {
        fprintf(out, "        case %s\n            set valued --", (*cmd)->name);
        for (const struct gw_opt *opt = (*cmd)->opts; opt->name != NULL; opt++) {
            if (opt->arg != NULL)
                fprintf(out, " --%s", opt->name);
            if (opt->arg != NULL && opt->letter)
                fprintf(out, " -%c", opt->letter);
        }
        fputc('\n', out);
    }
}

/* -F: files as well; -x: a value, and no files. */
static void put_values(FILE *out, const struct values *it, const char *how)
{
    fputs(it->files ? " -F" : how, out);
    if (it->words[0] != '\0' || it->dirs)
        fprintf(out, " -a '%s%s'", it->words, it->dirs ? "(__fish_complete_directories)" : "");
}

static void put_option(FILE *out, const struct gw_cmd *cmd, const struct gw_opt *opt)
{
    struct values it;
    fprintf(out, "complete -c godwit -n '__godwit_is %s' -l %s", cmd->name, opt->name);
    if (opt->letter)
        fprintf(out, " -s %c", opt->letter);
    if (opt->arg != NULL) {
        values_of_option(opt, &it);
        put_values(out, &it, it.files ? " -r" : " -x");
    }
    fputs(" -d ", out);
    put_quoted(out, opt->help);
    fputc('\n', out);
}

void fill_fish_options(FILE *out, const char *unused)
{
    struct values it;
    (void)unused;
    for (const struct gw_cmd *const *cmd = gw_cmds; *cmd != NULL; cmd++) {
        for (const struct gw_opt *opt = (*cmd)->opts; opt->name != NULL; opt++)
            put_option(out, *cmd, opt);
        for (unsigned place = 0; values_of_operand(*cmd, place, &it); place++) {
            fprintf(out, "complete -c godwit -n '__godwit_is %s", (*cmd)->name);
            fprintf(out, it.all ? "'" : " %u'", place);
            put_values(out, &it, " -f");
            fputc('\n', out);
        }
    }
}
