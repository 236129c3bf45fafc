/*
 * html.c - what makes a page harmless and small: strangers' text, base64, cells and rows of the map.
 */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "html.h"

/* What a function wrote. */
static char text[4096];

static FILE *begin(void)
{
    memset(text, 0, sizeof text);
    FILE *out = fmemopen(text, sizeof text - 1, "w");
    CHECK(out != NULL);
    return out;
}

static const char *put(const char *what)
{
    FILE *out = begin();
    html_put(out, what);
    fclose(out);
    return text;
}

static void text_becomes_harmless(void)
{
    CHECK_STR(put("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
    CHECK_STR(put("</script><!--"), "&lt;/script&gt;&lt;!--");
    CHECK_STR(put("\x01\x1b\x7f\t\n"), "\\x01\\x1b\\x7f\\x09\\x0a");
    CHECK_STR(put("\xc3\xa4\xff\xfe"), "\\xc3\\xa4\\xff\\xfe");
    CHECK_STR(put(""), "");
}

static void octets_are_cut_where_asked(void)
{
    char mem[200];
    FILE *out = begin();
    memset(mem, '<', sizeof mem);
    html_octets(out, mem, sizeof mem, 130);
    fclose(out);
    CHECK(strlen(text) == 130 * strlen("&lt;") + strlen("&hellip;"));
    out = begin();
    html_octets(out, "a\0\\b", 4, 4);
    fclose(out);
    CHECK_STR(text, "a\\x00\\x5cb");
}

static void base64_is_as_in_rfc_4648(void)
{
    static const char *const rows[][2] = { { "", "" },
                                           { "f", "Zg==" },
                                           { "fo", "Zm8=" },
                                           { "foo", "Zm9v" },
                                           { "foob", "Zm9vYg==" },
                                           { "fooba", "Zm9vYmE=" },
                                           { "\xff\xef\xbe", "/+++" } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        FILE *out = begin();
        html_base64(out, (const uint8_t *)rows[i][0], strlen(rows[i][0]));
        fclose(out);
        CHECK_STR(text, rows[i][1]);
    }
}

static void numbers_have_commas(void)
{
    char room[HTML_COUNT_ROOM];
    CHECK_STR(html_count(room, 0), "0");
    CHECK_STR(html_count(room, 999), "999");
    CHECK_STR(html_count(room, 1000), "1,000");
    CHECK_STR(html_count(room, UINT64_MAX), "18,446,744,073,709,551,615");
}

/* --- the map: an inspector with nothing but pfns ------------------------------------------------------------------ */

static struct inspector memory_of(void)
{
    struct inspector in = { .num_passes = 1 };
    gw_sparse_init(&in.pfns, sizeof(uint16_t));
    return in;
}

static void set(struct inspector *in, uint64_t pfn, unsigned type)
{
    struct gw_err err = GW_ERR_NONE;
    uint16_t *state = gw_sparse_at(&in->pfns, pfn, &err);
    CHECK(state != NULL);
    *state = (uint16_t)((type ^ GW_PAGE_NO_TYPE) | 1u << PFN_PASS_SHIFT);
}

static uint64_t cells_of(const struct map *map)
{
    uint64_t cells = 0;
    for (size_t i = 0; i < map->num; i++)
        cells += map->runs[i].cells;
    return cells;
}

static void few_runs_keep_every_pfn(void)
{
    struct inspector in = memory_of();
    struct gw_err err = GW_ERR_NONE;
    struct map map;
    set(&in, 3, GW_PAGE_L1);
    set(&in, 4, GW_PAGE_L1);
    set(&in, 1000, GW_PAGE_XTAB);
    CHECK(map_build(&in, 8, UINT16_MAX, &map, &err) == 0);
    CHECK(map.shift == 0 && map.cells == 1001 && map.num == 4);
    CHECK(map.runs[0].cells == 3 && map.runs[0].state == 0);
    CHECK(map.runs[1].cells == 2 && pfn_type(map.runs[1].state) == GW_PAGE_L1);
    CHECK(map.runs[2].cells == 995 && map.runs[3].cells == 1);
    map_free(&map);
    gw_sparse_free(&in.pfns);
}

static void too_many_runs_make_cells_larger(void)
{
    struct inspector in = memory_of();
    struct gw_err err = GW_ERR_NONE;
    struct map map;
    for (uint64_t pfn = 0; pfn < 4099; pfn++)
        set(&in, pfn, pfn % 4 == 0 ? GW_PAGE_L1 : GW_PAGE_NOTAB);
    CHECK(map_build(&in, 16, UINT16_MAX, &map, &err) == 0);
    CHECK(map.shift == 2 && map.num == 1 && map.cells == 1025 && cells_of(&map) == 1025);
    CHECK(map.runs[0].mixed && pfn_type(map.runs[0].state) == GW_PAGE_NOTAB);
    map_free(&map);
    gw_sparse_free(&in.pfns);
}

static void long_absences_are_folded_at_rows(void)
{
    struct inspector in = memory_of();
    struct gw_err err = GW_ERR_NONE;
    struct map map;
    for (uint64_t pfn = 0; pfn < 100; pfn++)
        set(&in, pfn, GW_PAGE_NOTAB);
    set(&in, 0xfeffb, GW_PAGE_NOTAB);
    CHECK(map_build(&in, 16, UINT16_MAX, &map, &err) == 0);
    CHECK(map.width == 64 && map.num_bands == 3);
    CHECK(!map.bands[0].folded && map.bands[0].num == 2);
    CHECK(map.bands[1].folded && map.bands[1].row == 2 && map.bands[1].num == 0xfeffb / 64 - 2);
    CHECK(!map.bands[2].folded && map.bands[2].row == 0xfeffb / 64 && map.bands[2].num == 1);
    map_free(&map);
    gw_sparse_free(&in.pfns);
}

static void a_row_is_a_power_of_two_and_wider_than_high(void)
{
    static const struct {
        uint64_t pfns, width;
    } rows[] = { { 1, 64 }, { 2048, 64 }, { 24576, 256 }, { 262144, 1024 }, { 524288, 1024 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct inspector in = memory_of();
        struct gw_err err = GW_ERR_NONE;
        struct map map;
        for (uint64_t pfn = 0; pfn < rows[i].pfns; pfn++)
            set(&in, pfn, GW_PAGE_NOTAB);
        CHECK(map_build(&in, 16, UINT16_MAX, &map, &err) == 0);
        CHECK(map.width == rows[i].width && map.num_bands == 1);
        map_free(&map);
        gw_sparse_free(&in.pfns);
    }
}

static void shades_go_from_the_first_pass_to_the_last(void)
{
    struct inspector in = { .num_passes = 11 };
    CHECK(map_shade(&in, 1) == 0 && map_shade(&in, 11) == MAP_RAMP - 1);
    for (size_t pass = 2; pass <= 11; pass++)
        CHECK(map_shade(&in, pass) >= map_shade(&in, pass - 1));
    in.num_passes = 4000;
    CHECK(map_shade(&in, 255) == MAP_RAMP - 1);
    in.num_passes = 1;
    CHECK(map_shade(&in, 1) == 0);
}

const struct test tests[] = {
    { "text-becomes-harmless", text_becomes_harmless },
    { "octets-are-cut-where-asked", octets_are_cut_where_asked },
    { "base64-is-as-in-rfc-4648", base64_is_as_in_rfc_4648 },
    { "numbers-have-commas", numbers_have_commas },
    { "few-runs-keep-every-pfn", few_runs_keep_every_pfn },
    { "too-many-runs-make-cells-larger", too_many_runs_make_cells_larger },
    { "long-absences-are-folded-at-rows", long_absences_are_folded_at_rows },
    { "a-row-is-a-power-of-two-and-wider-than-high", a_row_is_a_power_of_two_and_wider_than_high },
    { "shades-go-from-the-first-pass-to-the-last", shades_go_from_the_first_pass_to_the_last },
    { NULL, NULL },
};
