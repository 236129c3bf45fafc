/*
 * structure.c - structures for people and for programs, by a layout of this test's own that has a field of every kind.
 */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "layout_tables.h"
#include "report.h"

static const struct gw_bits parts[] = { { .low = 0, .width = 1, .name = "ON" },
                                        { .low = 4, .width = 4, .name = "level" },
                                        { .width = 0 } };

#define INNER(F, S, P)                                                                                                 \
    F(P, a, 0, 1, 1, DEC, ANY, NO_BITS, "a number")                                                                    \
    F(P, b, 1, 1, 1, HEX, ANY, NO_BITS, "another")

#define OUTER(F, S, P)                                                                                                 \
    F(P, wide, 0, 8, 1, HEX, ANY, NO_BITS, "eight octets")                                                             \
    F(P, less, 8, 2, 1, SIGNED, ANY, NO_BITS, "below zero")                                                            \
    F(P, parted, 10, 1, 1, HEX, ANY, parts, "has parts")                                                               \
    F(P, pad, 11, 1, 1, PAD, ANY, NO_BITS, "nothing")                                                                  \
    F(P, list, 12, 1, 4, DEC, ANY, NO_BITS, "four numbers")                                                            \
    F(P, map, 16, 1, 2, BITMAP, ANY, NO_BITS, "sixteen bits")                                                          \
    F(P, text, 18, 6, 1, TEXT, ANY, NO_BITS, "a text")                                                                 \
    F(P, octets, 24, 4, 1, OCTETS, ANY, NO_BITS, "octets")                                                             \
    S(P, inner, 28, 2, 3, INNER_OF_TEST, "structures")                                                                 \
    F(P, late, 34, 2, 1, DEC, ANY, NO_BITS, "not in older forms")

#define LAYOUTS(L)                                                                                                     \
    L(INNER, INNER_OF_TEST, 2, "0.0", "the inner one")                                                                 \
    L(OUTER, OUTER_OF_TEST, 36, "0.0", "the outer one")

LAYOUTS(GW_LAYOUT_DECLARE)
LAYOUTS(GW_LAYOUT_DEFINE)

static const uint8_t octets[36] = {
    1,    2,      3,    4,    5,   6,   7, 0x80, /* wide */
    0xfe, 0xff,                                  /* less */
    0x31, 0,                                     /* parted, pad */
    7,    7,      7,    9,                       /* list */
    0x07, 0x80,                                  /* map */
    'a',  '\x1b', 'c',  0,    'x', 'y',          /* text */
    0xde, 0xad,   0xbe, 0xef,                    /* octets */
    1,    2,      1,    2,    0,   0,            /* inner */
    0x34, 0x12,                                  /* late */
};

/* What fn prints; freed by the caller. */
static char *printed(void (*fn)(FILE *out, size_t len), size_t len)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    CHECK(out != NULL);
    fn(out, len);
    fclose(out);
    return text;
}

static void as_json(FILE *out, size_t len)
{
    struct gw_json json = { .out = out };
    gw_json_object(&json, NULL);
    gw_structure_json(&json, &gw_layout_OUTER_OF_TEST, gw_cur(octets, len));
    gw_json_end(&json, '}');
}

static void as_text(FILE *out, size_t len)
{
    struct gw_style style = { .indent = 2 };
    gw_structure_text(out, &style, &gw_layout_OUTER_OF_TEST, gw_cur(octets, len));
}

static void as_hex(FILE *out, size_t len)
{
    struct gw_style style = { .indent = 2, .hex = true };
    gw_structure_text(out, &style, &gw_layout_OUTER_OF_TEST, gw_cur(octets, len));
}

static void every_kind_of_field_is_json(void)
{
    char *text = printed(as_json, sizeof octets);
    CHECK_STR(text, "{\"wide\":\"0x8007060504030201\",\"less\":-2,\"parted\":49,\"pad\":0,\"list\":[7,7,7,9],"
                    "\"map\":[0,1,2,15],\"text\":\"a\\\\x1bc\",\"octets\":\"deadbeef\","
                    "\"inner\":[{\"a\":1,\"b\":2},{\"a\":1,\"b\":2},{\"a\":0,\"b\":0}],\"late\":4660}\n");
    free(text);
}

static void what_a_shorter_form_lacks_is_absent(void)
{
    char *text = printed(as_json, 13);
    CHECK_STR(text, "{\"wide\":\"0x8007060504030201\",\"less\":-2,\"parted\":49,\"pad\":0,\"list\":[7]}\n");
    free(text);
    text = printed(as_text, 10);
    CHECK_STR(text, "  wide 0x8007060504030201  less                 -2\n");
    free(text);
}

static void people_get_columns_names_and_folded_repeats(void)
{
    char *text = printed(as_text, sizeof octets);
    CHECK_STR(text, "  wide 0x8007060504030201  less                 -2\n"
                    "  parted 0x31  ON level=0x3\n"
                    "  list[0..2] 7  list[3]    9\n"
                    "  map 0-2 15\n"
                    "  text a\\x1bc\n"
                    "  octets 4 octets\n"
                    "  inner[0..1]  a 1  b 0x02\n"
                    "  inner[2] all zero\n"
                    "  late 4660\n");
    free(text);
}

static void octets_are_dumped_on_request(void)
{
    char *text = printed(as_hex, sizeof octets);
    CHECK(strstr(text, "  pad 0x00\n") != NULL);
    CHECK(strstr(text, "    00000018  de ad be ef                                       |....|\n") != NULL);
    free(text);
}

static void as_dump(FILE *out, size_t len)
{
    static const uint8_t mem[70] = { [0] = 'A', [64] = 1, [69] = '~' };
    struct gw_style style = { 0 };
    gw_hexdump(out, &style, 0x1000, gw_cur(mem, len));
}

static void a_dump_folds_lines_that_repeat(void)
{
    char *text = printed(as_dump, 70);
    CHECK_STR(text, "00001000  41 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |A...............|\n"
                    "00001010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n"
                    "*\n"
                    "00001040  01 00 00 00 00 7e                                 |.....~|\n");
    free(text);
}

const struct test tests[] = {
    { "every-kind-of-field-is-json", every_kind_of_field_is_json },
    { "what-a-shorter-form-lacks-is-absent", what_a_shorter_form_lacks_is_absent },
    { "people-get-columns-names-and-folded-repeats", people_get_columns_names_and_folded_repeats },
    { "octets-are-dumped-on-request", octets_are_dumped_on_request },
    { "a-dump-folds-lines-that-repeat", a_dump_folds_lines_that_repeat },
    { NULL, NULL },
};
