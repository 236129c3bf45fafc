/*
 * store.c - EMULATOR_XENSTORE_DATA: keys and values that libxl keeps for an old QEMU, each ended by a zero octet
 * (libxl-stream 3.1). Three of them make an entry: physmap/ADDRESS/start_addr, size and name, numbers in hex.
 */
#include <stdio.h>
#include <string.h>

#include "layers.h"
#include "savevm.h"

#define ENTRIES_MOST 256
#define PREFIX "physmap/"

enum part { START_ADDR, SIZE, NAME, NUM_PARTS };
static const char *const parts[NUM_PARTS] = { "start_addr", "size", "name" };

struct entries {
    struct gw_physmap entry[ENTRIES_MOST];
    unsigned seen[ENTRIES_MOST]; /* 1 << part */
    unsigned num;
};

/* The next octets up to a zero; NULL when there is none. */
static const char *take_text(struct gw_cur *cur)
{
    size_t left = gw_left(cur);
    const uint8_t *end = left > 0 ? memchr(cur->p, 0, left) : NULL;
    return end != NULL ? (const char *)gw_take(cur, (size_t)(end - cur->p) + 1) : NULL;
}

static bool is_hex(const char *digits, size_t len, uint64_t *out)
{
    static const char hex[] = "0123456789abcdef";
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        const char *digit = digits[i] != '\0' ? strchr(hex, digits[i]) : NULL;
        if (digit == NULL)
            return false;
        *out = *out << 4 | (uint64_t)(digit - hex);
    }
    return len > 0 && len <= 16;
}

static const char *odd_key(const char *key)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/_@";
    if (strstr(key, "..") != NULL)
        return "a key climbs out of its directory with '..'";
    if (key[strspn(key, allowed)] != '\0')
        return "a key has a character that xenstore does not allow";
    if (strncmp(key, PREFIX, strlen(PREFIX)) != 0)
        return "a key is none below physmap/, which is all that libxl writes";
    return NULL;
}

static int entry_of(struct entries *e, uint64_t address)
{
    for (unsigned i = 0; i < e->num; i++)
        if (e->entry[i].phys_offset == address)
            return (int)i;
    if (e->num == ENTRIES_MOST)
        return -1;
    e->entry[e->num].phys_offset = address;
    return (int)e->num++;
}

/* A pair below physmap/ into its entry; what is wrong with it, NULL if nothing is. */
static const char *take_pair(struct entries *e, const char *key, const char *value)
{
    uint64_t address, number = 0;
    const char *digits = key + strlen(PREFIX), *slash = strchr(digits, '/');
    enum part part = START_ADDR;
    if (slash == NULL || !is_hex(digits, (size_t)(slash - digits), &address))
        return "a key below physmap/ has no address in hex";
    while (part < NUM_PARTS && strcmp(slash + 1, parts[part]) != 0)
        part++;
    if (part == NUM_PARTS)
        return "a key below physmap/ is none of start_addr, size and name";
    if (part != NAME && !is_hex(value, strlen(value), &number))
        return "a number of physmap is not written in hex";
    int at = entry_of(e, address);
    if (at < 0)
        return "physmap has more than 256 entries";
    e->seen[at] |= 1u << part;
    if (part == START_ADDR)
        e->entry[at].start_addr = number;
    else if (part == SIZE)
        e->entry[at].size = number;
    else
        snprintf(e->entry[at].name, sizeof e->entry[at].name, "%s", value);
    return NULL;
}

static const char *fault_of(const char *key, const char *value)
{
    if (key == NULL)
        return "the last key has no end";
    if (*key == '\0')
        return "a key is empty";
    if (*key == '/')
        return "a key begins with '/': it would leave the device model's directory";
    return value == NULL ? "the last value is missing, or has no end" : NULL;
}

static void keep_first(const char **first, const char *what)
{
    *first = *first != NULL ? *first : what;
}

int gw_store_read(struct gw_cur cur, struct gw_device_store *out, gw_physmap_fn *fn, void *arg, struct gw_err *err)
{
    *out = (struct gw_device_store){ 0 };
    struct entries *e = gw_alloc(1, sizeof *e, err);
    int rc = e != NULL ? 0 : -1;
    while (rc == 0 && gw_left(&cur) > 0 && out->fault == NULL) {
        const char *key = take_text(&cur), *value = key != NULL ? take_text(&cur) : NULL;
        out->fault = fault_of(key, value);
        if (out->fault != NULL)
            break;
        const char *odd = odd_key(key);
        out->num_pairs++;
        keep_first(&out->odd, odd);
        if (odd == NULL)
            keep_first(&out->incomplete, take_pair(e, key, value));
    }
    for (unsigned i = 0; rc == 0 && i < e->num; i++) {
        if (e->seen[i] != (1u << NUM_PARTS) - 1)
            keep_first(&out->incomplete, "an entry of physmap lacks one of start_addr, size and name");
        else if (++out->num_entries, fn != NULL)
            rc = fn(arg, &e->entry[i], err);
    }
    gw_free(e);
    return rc;
}
