/*
 * man.c - fills the tables of a man page's template from the program's own: commands, options, rules, limits, exit
 * status; those of the talk stand in man_talk.c.
 *
 * A template is mdoc; a line `.\" @OPTIONS verify` is replaced by what the word's row in fills[] makes of it.
 */
#include <inttypes.h>
#include <string.h>

#include "cmd.h"
#include "gendoc.h"
#include "man.h"

#define LINE_MAX_LEN 1024

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
            man_put(out, opt->name);
            if (opt->arg != NULL)
                fprintf(out, " Ar %s", opt->arg);
            fputc('\n', out);
            man_put_sentence(out, opt->help);
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
        man_put(out, gw_rules[i].id);
        fprintf(out, " Pq %s\n", gw_severity_name(gw_rules[i].severity));
        man_put_sentence(out, gw_rules[i].sentence);
    }
    fputs(".El\n", out);
}

static void fill_limits(FILE *out, const char *unused)
{
    (void)unused;
    fputs(".Bl -tag -width Ds\n", out);
    for (unsigned i = 0; i < GW_NUM_LIMITS; i++) {
        fprintf(out, ".It Sy %s Pq %" PRIu64 "\n", gw_limits[i].name, gw_limits[i].value);
        man_put_sentence(out, gw_limits[i].what);
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
        fprintf(out, ".It Nm Cm %s%s%s\n%s.\n", (*cmd)->name, (*cmd)->operands[0] != '\0' ? " Ar " : "",
                (*cmd)->operands, (*cmd)->brief);
    fputs(".El\n", out);
}

static const struct {
    const char *word;
    void (*fill)(FILE *out, const char *argument);
} fills[] = {
    { "OPTIONS", fill_options },
    { "RULES", fill_rules },
    { "LIMITS", fill_limits },
    { "EXITS", fill_exits },
    { "COMMANDS", fill_commands },
    { "CHUNKS", fill_chunks },
    { "TALK-SOURCE", fill_source_rows },
    { "TALK-SOURCE-EVENTS", fill_source_events },
    { "TALK-SOURCE-JOURNALS", fill_source_journals },
    { "TALK-DESTINATION", fill_destination_rows },
    { "TALK-DESTINATION-EVENTS", fill_destination_events },
    { "TALK-DESTINATION-FILES", fill_destination_files },
    { "TALK-ACTIONS", fill_actions },
    { "TALK-OUTCOMES", fill_outcomes },
};

/* A word that nobody fills would be a table that is missing, and no build would tell. */
static int fill_line(FILE *out, const char *text)
{
    static const char mark[] = ".\\\" @";
    char word[32] = "", argument[32] = "";
    if (strncmp(text, mark, sizeof mark - 1) != 0) {
        fputs(text, out);
        return 0;
    }
    sscanf(text + sizeof mark - 1, "%31s %31s", word, argument);
    for (unsigned i = 0; i < sizeof fills / sizeof fills[0]; i++)
        if (strcmp(fills[i].word, word) == 0) {
            fills[i].fill(out, argument);
            return 0;
        }
    fprintf(stderr, "gendoc: a man page asks for '@%s', which nothing fills\n", word);
    return -1;
}

int gendoc_man(FILE *in, FILE *out)
{
    char text[LINE_MAX_LEN];
    int result = 0;
    while (result == 0 && fgets(text, sizeof text, in) != NULL)
        result = fill_line(out, text);
    return ferror(in) ? -1 : result;
}
