/*
 * fill.c - templates in, texts out: which line asks for which table.
 */
#include <string.h>

#include "complete.h"
#include "gendoc.h"
#include "man.h"
#include "tools.h"

#define LINE_MAX_LEN 1024

static const struct {
    const char *word;
    void (*fill)(FILE *out, const char *argument);
} fills[] = {
    { "OPTIONS", fill_options },
    { "RULES", fill_rules },
    { "LIMITS", fill_limits },
    { "EXITS", fill_exits },
    { "COMMANDS", fill_commands },
    { "VERSIONS", fill_versions },
    { "RECORDS", fill_records },
    { "PAGE-TYPES", fill_page_types },
    { "STRUCTURES", fill_structures },
    { "FEATURES", fill_features },
    { "HVM-ENTRIES", fill_hvm_entries },
    { "HVM-PARAMS", fill_hvm_params },
    { "MSRS", fill_msrs },
    { "WRAPPINGS", fill_wrappings },
    { "XSTATES", fill_xstates },
    { "CHUNKS", fill_chunks },
    { "TALK-SOURCE", fill_source_rows },
    { "TALK-SOURCE-EVENTS", fill_source_events },
    { "TALK-SOURCE-JOURNALS", fill_source_journals },
    { "TALK-DESTINATION", fill_destination_rows },
    { "TALK-DESTINATION-EVENTS", fill_destination_events },
    { "TALK-DESTINATION-FILES", fill_destination_files },
    { "TALK-ACTIONS", fill_actions },
    { "TALK-OUTCOMES", fill_outcomes },
    { "BASH-COMMANDS", fill_bash_commands },
    { "BASH-OPTIONS", fill_bash_options },
    { "BASH-VALUES", fill_bash_values },
    { "FISH-COMMANDS", fill_fish_commands },
    { "FISH-VALUED", fill_fish_valued },
    { "FISH-OPTIONS", fill_fish_options },
    { "KAITAI-HVM-ENTRIES", fill_kaitai_hvm_entries },
    { "KAITAI-HVM-FORM", fill_kaitai_hvm_form },
    { "KAITAI-HVM-LAYOUTS", fill_kaitai_hvm_layouts },
    { "KAITAI-HVM-PARAMS", fill_kaitai_hvm_params },
    { "KAITAI-LAYOUTS", fill_kaitai_layouts },
    { "KAITAI-LENGTH", fill_kaitai_length },
    { "KAITAI-MSRS", fill_kaitai_msrs },
    { "KAITAI-PAGE-TYPES", fill_kaitai_page_types },
    { "KAITAI-RECORDS", fill_kaitai_records },
    { "KAITAI-SIZE", fill_kaitai_size },
    { "KAITAI-VERSIONS", fill_kaitai_versions },
    { "MAGIC-CARRIER", fill_magic_carrier },
    { "MAGIC-IMAGE", fill_magic_image },
    { "MAGIC-OTHERS", fill_magic_others },
    { "MAGIC-VERSIONS", fill_magic_versions },
    { "ZSH-COMMANDS", fill_zsh_commands },
    { "ZSH-ARGUMENTS", fill_zsh_arguments },
};

/* The word behind the mark, NULL where the line is none of ours. */
static const char *asked_for(const char *text)
{
    static const char *const marks[] = { ".\\\" @", "# @" };
    for (unsigned i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (strncmp(text, marks[i], strlen(marks[i])) == 0)
            return text + strlen(marks[i]);
    return NULL;
}

/* A word that nobody fills would be a table that is missing, and no build would tell. */
static int fill_line(FILE *out, const char *text)
{
    char word[32] = "", argument[32] = "";
    const char *asked = asked_for(text + strspn(text, " "));
    if (asked == NULL) {
        fputs(text, out);
        return 0;
    }
    sscanf(asked, "%31s %31s", word, argument);
    for (unsigned i = 0; i < sizeof fills / sizeof fills[0]; i++)
        if (strcmp(fills[i].word, word) == 0) {
            fills[i].fill(out, argument);
            return 0;
        }
    fprintf(stderr, "gendoc: a template asks for '@%s', which nothing fills\n", word);
    return -1;
}

int gendoc_fill(FILE *in, FILE *out)
{
    char text[LINE_MAX_LEN];
    int result = 0;
    while (result == 0 && fgets(text, sizeof text, in) != NULL)
        result = fill_line(out, text);
    return ferror(in) ? -1 : result;
}
