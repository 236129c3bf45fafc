/*
 * magic.c - the tables of misc/godwit.magic.in, in the language of file(1): how files begin, and which versions exist.
 */
#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "cmd.h"
#include "tools.h"

#define DESCRIPTION_MAX 60 /* file(1) cuts one at 63 octets */

/* Octets as the language has them; a blank would end them, and some signs at the front mean something else. */
static void put_octets(FILE *out, const char *octets, size_t len)
{
    for (size_t i = 0; i < len; i++)
        fprintf(out, isalnum((unsigned char)octets[i]) ? "%c" : "\\%03o", (unsigned char)octets[i]);
}

static void put_begin(FILE *out, const struct gw_beginning *it)
{
    fprintf(out, "%zu string ", it->offset);
    put_octets(out, it->octets, it->len);
}

/* One level: what a carrier begins with. The lines behind it in the template say what it is. */
void fill_magic_carrier(FILE *out, const char *name)
{
    struct gw_beginning it;
    for (unsigned i = 0; gw_wrap_beginning(i, &it); i++)
        if (it.name != NULL && strcmp(it.name, name) == 0)
            put_begin(out, &it);
    fputc('\n', out);
}

void fill_magic_image(FILE *out, const char *unused)
{
    (void)unused;
    fprintf(out, "0 bequad 0x%llx\n>8 belong 0x%x\n", (unsigned long long)GW_IMAGE_MARKER, GW_IMAGE_ID);
}

void fill_magic_versions(FILE *out, const char *unused)
{
    (void)unused;
    for (unsigned i = 0; i < gw_num_versions; i++)
        fprintf(out, ">12 belong %u \\b, version %u (Xen 4.%u and later)\n", gw_versions[i].version,
                gw_versions[i].version, gw_versions[i].since);
    fprintf(out, ">12 belong <%u \\b, version %%d\n>12 belong >%u \\b, version %%d\n", gw_versions[0].version,
            gw_versions[gw_num_versions - 1].version);
}

/* "this is an old suspend image of xapi (XenServer ...) around ..." -> "old suspend image of xapi" */
static void put_short(FILE *out, const char *sentence)
{
    static const char *const fronts[] = { "this is ", "an ", "a ", "the " };
    for (unsigned i = 0; i < sizeof fronts / sizeof fronts[0]; i++)
        if (strncmp(sentence, fronts[i], strlen(fronts[i])) == 0)
            sentence += strlen(fronts[i]);
    size_t len = strcspn(sentence, "(:;,");
    while (len > 0 && sentence[len - 1] == ' ')
        len--;
    assert(len <= DESCRIPTION_MAX);
    fprintf(out, " %.*s\n", (int)len, sentence);
}

void fill_magic_others(FILE *out, const char *unused)
{
    struct gw_beginning it;
    (void)unused;
    for (unsigned i = 0; gw_wrap_beginning(i, &it); i++) {
        if (it.name != NULL)
            continue;
        put_begin(out, &it);
        put_short(out, it.sentence);
    }
}
