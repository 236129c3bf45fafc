/*
 * options.c - one parser for all commands: -x, -xVALUE, --name, --name=VALUE, --name VALUE, -- ends options, - is an
 * operand.
 */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static const struct gw_opt *by_letter(const struct gw_cmd *cmd, char letter)
{
    for (const struct gw_opt *opt = cmd->opts; opt->name != NULL; opt++)
        if (opt->letter == letter)
            return opt;
    return NULL;
}

static const struct gw_opt *by_name(const struct gw_cmd *cmd, const char *name, size_t len)
{
    for (const struct gw_opt *opt = cmd->opts; opt->name != NULL; opt++)
        if (strlen(opt->name) == len && strncmp(opt->name, name, len) == 0)
            return opt;
    return NULL;
}

/* The words behind the = of "WHEN=auto|never"; NULL: no choice. */
static const char *words_of(const struct gw_opt *opt)
{
    const char *equals = opt->arg != NULL ? strchr(opt->arg, '=') : NULL;
    return equals != NULL ? equals + 1 : NULL;
}

bool gw_opt_words(const struct gw_opt *opt, const char *glue, char *room)
{
    size_t at = 0;
    const char *word = words_of(opt);
    room[0] = '\0';
    for (const char *put = ""; word != NULL && *word != '\0'; put = glue) {
        size_t len = strcspn(word, "|");
        at += (size_t)snprintf(room + at, GW_OPT_ROOM - at, "%s%.*s", put, (int)len, word);
        assert(at < GW_OPT_ROOM);
        word += len + (word[len] == '|');
    }
    return at > 0;
}

const char *gw_opt_arg(const struct gw_opt *opt, char *room)
{
    const char *arg = opt->arg != NULL ? opt->arg : "";
    snprintf(room, GW_OPT_ROOM, "%.*s", (int)strcspn(arg, "="), arg);
    return room;
}

const char *gw_opt_help(const struct gw_opt *opt, char *room)
{
    char words[GW_OPT_ROOM];
    bool is_choice = gw_opt_words(opt, ", ", words);
    snprintf(room, GW_OPT_ROOM, "%.150s%s%.100s", opt->help, is_choice ? ": " : "", words);
    return room;
}

static bool is_one_of(const char *words, const char *value)
{
    while (*words != '\0') {
        size_t len = strcspn(words, "|");
        if (strlen(value) == len && memcmp(words, value, len) == 0)
            return true;
        words += len + (words[len] == '|');
    }
    return false;
}

static bool value_right(const struct gw_cmd *cmd, const struct gw_opt *opt, const char *value)
{
    char room[GW_OPT_ROOM];
    if (!gw_opt_words(opt, ", ", room) || is_one_of(words_of(opt), value))
        return true;
    gw_complain_usage("%s: --%s: '%s' is none of %s", cmd->name, opt->name, value, room);
    return false;
}

/* value: what stands in the same word, NULL if nothing; else the next word is taken. Returns words used, 0: wrong. */
static int take(const struct gw_cmd *cmd, const struct gw_opt *opt, const char *value, const char *next,
                struct gw_args *out)
{
    int used = 1;
    char room[GW_OPT_ROOM];
    if (opt->arg == NULL && value != NULL) {
        gw_complain_usage("%s: --%s takes no value", cmd->name, opt->name);
        return 0;
    }
    if (opt->arg != NULL && value == NULL) {
        value = next;
        used = 2;
    }
    if (opt->arg != NULL && value == NULL) {
        gw_complain_usage("%s: --%s needs a value (%s)", cmd->name, opt->name, gw_opt_arg(opt, room));
        return 0;
    }
    if (opt->arg != NULL && !value_right(cmd, opt, value))
        return 0;
    assert(opt->id < OPT_MOST);
    out->given[opt->id] = true;
    out->value[opt->id] = value;
    return used;
}

static int take_long(const struct gw_cmd *cmd, const char *word, const char *next, struct gw_args *out)
{
    const char *equals = strchr(word, '=');
    size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);
    const struct gw_opt *opt = by_name(cmd, word, len);
    if (opt == NULL) {
        gw_complain_usage("%s: there is no option --%.*s; godwit %s --help tells them", cmd->name, (int)len, word,
                          cmd->name);
        return 0;
    }
    return take(cmd, opt, equals != NULL ? equals + 1 : NULL, next, out);
}

static int take_letters(const struct gw_cmd *cmd, const char *letters, const char *next, struct gw_args *out)
{
    for (; *letters != '\0'; letters++) {
        const struct gw_opt *opt = by_letter(cmd, *letters);
        if (opt == NULL) {
            gw_complain_usage("%s: there is no option -%c; godwit %s --help tells them", cmd->name, *letters,
                              cmd->name);
            return 0;
        }
        if (opt->arg != NULL)
            return take(cmd, opt, letters[1] != '\0' ? letters + 1 : NULL, next, out);
        take(cmd, opt, NULL, NULL, out);
    }
    return 1;
}

static bool count_right(const struct gw_cmd *cmd, const struct gw_args *args)
{
    if (args->num_operands < cmd->least) {
        gw_complain_usage("%s: %s is missing", cmd->name, cmd->operands);
        return false;
    }
    if (cmd->most >= 0 && args->num_operands > cmd->most) {
        gw_complain_usage("%s: '%s' is one operand too many", cmd->name, args->operand[cmd->most]);
        return false;
    }
    return true;
}

bool gw_args_parse(const struct gw_cmd *cmd, int argc, char **argv, struct gw_args *out)
{
    bool options = true;
    *out = (struct gw_args){ .operand = argv, .spool = -1 };
    for (int i = 0, used; i < argc; i += used) {
        char *word = argv[i];
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        used = 1;
        if (options && strcmp(word, "--") == 0)
            options = false;
        else if (options && word[0] == '-' && word[1] == '-')
            used = take_long(cmd, word + 2, next, out);
        else if (options && word[0] == '-' && word[1] != '\0')
            used = take_letters(cmd, word + 1, next, out);
        else
            argv[out->num_operands++] = word; /* never ahead of i: operands close up at the front */
        if (used == 0)
            return false;
    }
    return out->given[OPT_HELP] || count_right(cmd, out);
}

bool gw_size_parse(const char *text, uint64_t *out)
{
    static const char units[] = "KMGT";
    char *end;
    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (errno != 0)
        return false;
    if (*end != '\0') {
        const char *unit = strchr(units, toupper((unsigned char)*end));
        if (unit == NULL || end[1] != '\0' || !gw_mul(value, UINT64_C(1) << 10 * (unit - units + 1), &value))
            return false;
    }
    *out = value;
    return true;
}

bool gw_max_guest(const struct gw_args *args, uint64_t *max_pfn)
{
    const char *size = args->value[OPT_MAX_GUEST];
    uint64_t octets = gw_limit(PFN) * GW_PAGE_LEN, most = 2 * gw_limit(PFN_MOST) * GW_PAGE_LEN;
    if (size != NULL && (!gw_size_parse(size, &octets) || octets < GW_PAGE_LEN || octets > most)) {
        gw_complain_usage("--max-guest wants a size such as 512G or 2T, 512T at most, not '%s'", size);
        return false;
    }
    *max_pfn = octets / GW_PAGE_LEN;
    return true;
}

static void help_option(FILE *out, const struct gw_opt *opt)
{
    char left[48], arg[GW_OPT_ROOM], help[GW_OPT_ROOM];
    snprintf(left, sizeof left, "%c%c%c --%s%s%.24s", opt->letter ? '-' : ' ', opt->letter ? opt->letter : ' ',
             opt->letter ? ',' : ' ', opt->name, opt->arg != NULL ? " " : "", gw_opt_arg(opt, arg));
    fprintf(out, "  %-26s %s\n", left, gw_opt_help(opt, help));
}

void gw_help(FILE *out, const struct gw_cmd *cmd)
{
    if (cmd != NULL) {
        fprintf(out, "usage: godwit %s [options] %s\n%s\n\n", cmd->name, cmd->operands, cmd->brief);
        for (const struct gw_opt *opt = cmd->opts; opt->name != NULL; opt++)
            help_option(out, opt);
        return;
    }
    fputs("usage: godwit COMMAND [options] ...\n"
          "reads, checks and explains Xen domain images; saves, restores and moves guests\n\n",
          out);
    for (const struct gw_cmd *const *each = gw_cmds; *each != NULL; each++)
        fprintf(out, "  %-9s %-15s %s\n", (*each)->name, (*each)->operands, (*each)->brief);
    fputs(
        "\n  godwit COMMAND --help      the options of a command\n  godwit --version           which godwit this is\n",
        out);
    fputs("\nFILE may be compressed; - is standard input. Exit status: 0 yes, 1 no (an invalid image),\n"
          "2 wrong use, 3 the system failed, or a guest is held in doubt.\n",
          out);
}

void gw_dump_options(FILE *out, const struct gw_cmd *cmd)
{
    if (cmd == NULL) {
        for (const struct gw_cmd *const *each = gw_cmds; *each != NULL; each++)
            fprintf(out, "%s\n", (*each)->name);
        return;
    }
    char room[GW_OPT_ROOM];
    for (const struct gw_opt *opt = cmd->opts; opt->name != NULL; opt++) {
        gw_opt_words(opt, "|", room);
        fprintf(out, "--%s%s%s\n", opt->name, opt->arg != NULL ? "=" : "", room);
    }
}

/* "4.13" -> 13. */
static bool parse_release(const char *text, unsigned *minor)
{
    char *end;
    if (strncmp(text, "4.", 2) != 0 || !isdigit((unsigned char)text[2]))
        return false;
    unsigned long value = strtoul(text + 2, &end, 10);
    if (*end != '\0' || value < GW_RELEASE_FIRST || value > 99)
        return false;
    *minor = (unsigned)value;
    return true;
}

bool gw_for_xen(const struct gw_args *args, unsigned option, const char *command, unsigned *minor)
{
    const char *release = args->value[option];
    *minor = 0;
    if (release == NULL || parse_release(release, minor))
        return true;
    gw_complain_usage("%s: --for-xen wants a release from 4.6 on, such as 4.13, not '%s'", command, release);
    return false;
}
