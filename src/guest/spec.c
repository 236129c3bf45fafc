/*
 * spec.c - key=value,key=value by a table. Every refusal names the whole, the part that is wrong, and what is wanted.
 */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "spec.h"

#define PART_MAX 96

bool gw_spec_number(const char *text, uint64_t *out)
{
    static const char units[] = "KMG";
    uint64_t value = 0;
    if (!isdigit((unsigned char)*text))
        return false;
    for (; isdigit((unsigned char)*text); text++)
        if (!gw_mul(value, 10, &value) || !gw_add(value, (uint64_t)(*text - '0'), &value))
            return false;
    const char *unit = *text ? strchr(units, *text) : NULL;
    if (unit != NULL && !gw_mul(value, UINT64_C(1) << 10 * (unit - units + 1), &value))
        return false;
    if (text[unit != NULL] != '\0')
        return false;
    *out = value;
    return true;
}

static bool take_word(const struct gw_spec_key *key, const char *text, uint64_t *out)
{
    for (uint64_t i = 0; key->words[i] != NULL; i++)
        if (strcmp(key->words[i], text) == 0) {
            *out = i;
            return true;
        }
    return false;
}

static bool take_value(const struct gw_spec_key *key, void *options, const char *text)
{
    uint64_t value;
    if (key->take != NULL)
        return key->take(options, text);
    if (key->words != NULL ? !take_word(key, text, &value) : !gw_spec_number(text, &value))
        return false;
    if (key->words == NULL && (value < key->least || value > key->most))
        return false;
    memcpy((uint8_t *)options + key->offset, &value, sizeof value);
    return true;
}

/* "mem, threads and rate" */
static const char *name_keys(const struct gw_spec_key *keys, char *out, size_t room)
{
    size_t at = 0;
    for (unsigned i = 0; keys[i].name != NULL && at < room; i++) {
        const char *glue = i == 0 ? "" : keys[i + 1].name != NULL ? ", " : " and ";
        at += (size_t)snprintf(out + at, room - at, "%s%s", glue, keys[i].name);
    }
    return out;
}

/* The key at the beginning of part, which ends at a comma or with the text. */
static unsigned find_key(const char *part, const struct gw_spec_key *keys)
{
    size_t len = strcspn(part, "=,");
    unsigned i = 0;
    while (keys[i].name != NULL && (strlen(keys[i].name) != len || memcmp(keys[i].name, part, len) != 0))
        i++;
    assert(i < 32);
    return i;
}

/* One key=value, cut out of name. */
static int read_part(const char *name, const char *part, const struct gw_spec_key *keys, void *options, uint32_t *given,
                     struct gw_err *err)
{
    char list[PART_MAX * 2];
    const char *equals = strchr(part, '=');
    unsigned i = find_key(part, keys);
    if (keys[i].name == NULL)
        return gw_fail(err, GW_E_USAGE, "'%s' in '%s' is no key of this kind of guest: it knows %s", part, name,
                       name_keys(keys, list, sizeof list));
    if (equals == NULL)
        return gw_fail(err, GW_E_USAGE, "'%s' in '%s' has no value: it takes %s", part, name, keys[i].wants);
    if (keys[i].take == NULL && (*given >> i & 1))
        return gw_fail(err, GW_E_USAGE, "'%s' comes twice in '%s'", keys[i].name, name);
    if (!take_value(&keys[i], options, equals + 1))
        return gw_fail(err, GW_E_USAGE, "'%s' in '%s' is wrong: %s takes %s", part, name, keys[i].name, keys[i].wants);
    *given |= UINT32_C(1) << i;
    return 0;
}

int gw_spec_read(const char *name, const struct gw_spec_key *keys, void *options, uint32_t *given, struct gw_err *err)
{
    char part[PART_MAX];
    const char *at = strchr(name, ':');
    *given = 0;
    if (at == NULL || at[1] == '\0')
        return 0;
    do {
        if (keys[find_key(++at, keys)].rest)
            return read_part(name, at, keys, options, given, err);
        size_t len = strcspn(at, ",");
        if (len >= sizeof part)
            return gw_fail(err, GW_E_USAGE, "'%.*s...' is too long for a key and its value", PART_MAX / 2, at);
        memcpy(part, at, len);
        part[len] = '\0';
        if (read_part(name, part, keys, options, given, err) < 0)
            return -1;
        at += len;
    } while (*at == ',');
    return 0;
}
