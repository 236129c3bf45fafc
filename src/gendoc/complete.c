/*
 * complete.c - what may stand in each place of the command line, from the words in which --help names the places.
 *
 * "FILE..." and "show|settle" are read here; an option's value without a row in kinds[] completes to nothing (a size, a
 * number); an operand has one.
 */
#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "complete.h"

static void add_word(struct values *out, const char *word, size_t len)
{
    size_t at = strlen(out->words);
    int put = snprintf(out->words + at, VALUES_ROOM - at, "%s%.*s", at > 0 ? " " : "", (int)len, word);
    assert(put > 0 && at + (size_t)put < VALUES_ROOM);
}

static void add_files(struct values *out)
{
    out->files = true;
}

static void add_dirs(struct values *out)
{
    out->dirs = true;
}

static void add_kinds(struct values *out, bool to_come)
{
    char word[40];
    const struct gw_guest_kind *kind;
    out->open = true;
    for (unsigned i = 0; (kind = gw_guest_kind(i)) != NULL; i++)
        if (kind->destination != NULL || !to_come)
            add_word(out, word, (size_t)snprintf(word, sizeof word, "%.30s:", kind->name));
}

static void add_guests(struct values *out)
{
    add_kinds(out, false);
}

/* What a guest may become. */
static void add_places_to_come(struct values *out)
{
    add_kinds(out, true);
}

static void add_addresses(struct values *out, bool to_listen)
{
    bool listens;
    const char *prefix;
    out->open = true;
    for (unsigned i = 0; (prefix = gw_address_prefix(i, &listens)) != NULL; i++)
        if (listens || !to_listen)
            add_word(out, prefix, strlen(prefix));
}

static void add_peers(struct values *out)
{
    add_addresses(out, false);
}

static void add_places_to_listen(struct values *out)
{
    add_addresses(out, true);
}

static void add_rules(struct values *out)
{
    for (unsigned i = 0; i < GW_NUM_RULES; i++)
        add_word(out, gw_rules[i].id, strlen(gw_rules[i].id));
}

static const struct {
    const char *name;
    void (*add)(struct values *out);
} kinds[] = {
    { "FILE", add_files },   { "IN", add_files }, { "OUT", add_files },    { "FIRST", add_files },
    { "SECOND", add_files }, { "DIR", add_dirs }, { "GUEST", add_guests }, { "KIND:SPEC", add_places_to_come },
    { "DEST", add_peers },   { "ID", add_rules }, { "RULE", add_rules },   { "ADDR", add_places_to_listen },
};

/* One of the names that stand in a place: its kind, or the word itself where it is written small. */
static bool add_name(struct values *out, const char *name, size_t len)
{
    if (len > 0 && islower((unsigned char)name[0])) {
        add_word(out, name, len);
        return true;
    }
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strlen(kinds[i].name) == len && memcmp(kinds[i].name, name, len) == 0) {
            kinds[i].add(out);
            return true;
        }
    return false;
}

/* "GUEST|FILE", of that length; false where a name has no row. */
static bool add_names(struct values *out, const char *names, size_t len)
{
    bool known = true;
    *out = (struct values){ .name = names, .name_len = (int)len };
    for (size_t at = 0; at < len;) {
        size_t one = strcspn(names + at, "|");
        one = one < len - at ? one : len - at;
        known = add_name(out, names + at, one) && known;
        at += one + 1;
    }
    return known;
}

void values_of_option(const struct gw_opt *opt, struct values *out)
{
    size_t len = strcspn(opt->arg, "=");
    add_names(out, opt->arg, len);
    gw_opt_words(opt, " ", out->words + strlen(out->words));
}

bool values_of_operand(const struct gw_cmd *cmd, unsigned place, struct values *out)
{
    const char *at = cmd->operands + strspn(cmd->operands, " ");
    for (; place > 0 && *at != '\0'; place--) {
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    size_t len = strcspn(at, " ."), whole = strcspn(at, " ");
    bool known = add_names(out, at, len);
    assert(known); /* an operand is a file, a guest ..., and a new name for one needs its row */
    out->all = whole > len && len > 0;
    return whole > 0;
}
