/*
 * html_memory.c - the page's memory: the map as data for its script, a coarse picture that needs none, and tables.
 *
 * What page/memory.js reads is written here and nowhere else.
 */
#include <inttypes.h>

#include "html.h"

#define STILL_RUNS 2048 /* of the picture without a script, which knows types only */
#define KINDS (2 * UINT64_C(65536))
#define PINNED_ROOM 16

static void swatch(const struct page *p, const char *kind, unsigned number)
{
    fprintf(p->out, "<svg class=swatch aria-hidden=true><rect class=%s%u width=100%% height=100%% /></svg>", kind,
            number);
}

/* --- data for the script ------------------------------------------------------------------------------------------ */

static void put_varint(struct gw_buf *buf, uint64_t value)
{
    for (; value > 127; value >>= 7)
        gw_put_u8(buf, (uint8_t)(value | 128));
    gw_put_u8(buf, (uint8_t)value);
}

static void put_kind(const struct page *p, const struct map_run *run)
{
    size_t pass = map_pass(run->state);
    fprintf(p->out, "%d,%zu,%u,%d,%d", pfn_type(run->state), pass, map_shade(p->in, pass), (run->state & PFN_ZERO) != 0,
            run->mixed);
}

/* data-kinds="type,pass,shade,zero,mixed ..." data-runs="..." : each kind once, in the order of its first run. */
static int put_runs(const struct page *p, const struct map *map, struct gw_err *err)
{
    gw_auto(gw_freep) uint32_t *places = gw_alloc(KINDS, sizeof *places, err);
    struct gw_buf octets = { 0 };
    uint32_t num = 0;
    if (places == NULL)
        return -1;
    fprintf(p->out, " data-kinds=\"");
    for (size_t i = 0; i < map->num; i++) {
        const struct map_run *run = &map->runs[i];
        uint32_t *place = &places[2u * run->state + run->mixed];
        if (*place == 0) {
            fputs(num > 0 ? " " : "", p->out);
            put_kind(p, run);
            *place = ++num;
        }
        put_varint(&octets, run->cells);
        put_varint(&octets, *place - 1);
    }
    fprintf(p->out, "\" data-runs=\"");
    int rc = gw_buf_ok(&octets, err);
    if (rc == 0)
        html_base64(p->out, octets.mem, octets.len);
    fprintf(p->out, "\"");
    gw_buf_free(&octets);
    return rc;
}

static int put_data(const struct page *p, const struct map *map, struct gw_err *err)
{
    fprintf(p->out, "<figure id=map data-pfns=%" PRIu64 " data-shift=%u data-width=%" PRIu64 " data-passes=%zu",
            map->pfns, map->shift, map->width, p->in->num_passes);
    fprintf(p->out, " data-types=\"[");
    for (unsigned type = 0; type < 16; type++)
        html_say(p->out, "%s\"%s\"", type > 0 ? "," : "", gw_page_type_name(type));
    fprintf(p->out, "]\" data-bands=\"");
    for (size_t i = 0; i < map->num_bands; i++)
        fprintf(p->out, "%s%s%" PRIu64 "+%" PRIu64, i > 0 ? " " : "", map->bands[i].folded ? "f" : "",
                map->bands[i].row, map->bands[i].num);
    fprintf(p->out, "\"");
    int rc = put_runs(p, map, err);
    fprintf(p->out, ">\n");
    return rc;
}

/* --- the picture without a script --------------------------------------------------------------------------------- */

/* Cells from to end, counted from the first of a band that is drawn at row `top`: part of a row, whole rows, a part. */
static void put_cells(const struct page *p, const struct map *map, uint64_t top, uint64_t from, uint64_t end)
{
    while (from < end) {
        uint64_t x = from % map->width, num = gw_min(map->width - x, end - from), rows = 1;
        if (x == 0 && end - from >= map->width) {
            rows = (end - from) / map->width;
            num = map->width;
        }
        fprintf(p->out, "M%" PRIu64 " %" PRIu64 "h%" PRIu64 "v%" PRIu64 "h-%" PRIu64 "z", x, top + from / map->width,
                num, rows, num);
        from += num * rows;
    }
}

/* All cells of a type within a band. */
static void put_type(const struct page *p, const struct map *map, const struct map_band *band, uint64_t top, int type)
{
    uint64_t first = band->row * map->width, end = first + band->num * map->width, at = 0;
    for (size_t i = 0; i < map->num && at < end; i++) {
        uint64_t next = at + map->runs[i].cells;
        if (pfn_type(map->runs[i].state) == type && next > first)
            put_cells(p, map, top, gw_max(at, first) - first, gw_min(next, end) - first);
        at = next;
    }
}

static uint64_t fold_rows(const struct map *map)
{
    return gw_max(map->width / 48, 1);
}

static void put_bands(const struct page *p, const struct map *map, int type)
{
    uint64_t top = 0;
    for (size_t i = 0; i < map->num_bands; i++) {
        const struct map_band *band = &map->bands[i];
        if (!band->folded)
            put_type(p, map, band, top, type);
        top += band->folded ? fold_rows(map) : band->num;
    }
}

static void put_folds(const struct page *p, const struct map *map)
{
    uint64_t top = 0;
    for (size_t i = 0; i < map->num_bands; i++) {
        const struct map_band *band = &map->bands[i];
        char room[HTML_COUNT_ROOM];
        if (band->folded)
            fprintf(p->out,
                    "<rect class=fold y=%" PRIu64 " width=%" PRIu64 " height=%" PRIu64
                    " vector-effect=non-scaling-stroke><title>%s pfns without a page</title></rect>\n",
                    top, map->width, fold_rows(map), html_count(room, band->num * map->width << map->shift));
        top += band->folded ? fold_rows(map) : band->num;
    }
}

static void put_still(const struct page *p, const struct map *map, const struct memory_facts *facts)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < map->num_bands; i++)
        rows += map->bands[i].folded ? fold_rows(map) : map->bands[i].num;
    fprintf(p->out,
            "<svg class=still role=img aria-label=\"Map of memory by page type\" viewBox=\"0 0 %" PRIu64 " %" PRIu64
            "\" shape-rendering=crispEdges>\n<rect class=never width=100%% height=100%% />\n",
            map->width, rows);
    for (int type = 0; type < 16; type++) {
        if (facts->by_type[type] == 0)
            continue;
        fprintf(p->out, "<path class=t%d d=\"", type);
        put_bands(p, map, type);
        fprintf(p->out, "\"/>\n");
    }
    put_folds(p, map);
    fprintf(p->out, "</svg>\n");
}

/* --- around the map ----------------------------------------------------------------------------------------------- */

static void choice(const struct page *p, const char *value, const char *label, bool checked)
{
    fprintf(p->out, "<label><input type=radio name=colour value=%s%s>%s</label>\n", value, checked ? " checked" : "",
            label);
}

static void put_tools(const struct page *p)
{
    fprintf(p->out, "<div class=tools data-live hidden>\n<fieldset><legend>Colour by</legend>\n");
    choice(p, "type", "type", true);
    if (p->in->num_passes > 1)
        choice(p, "pass", "last pass", false);
    if (p->in->opts.zeros)
        choice(p, "zero", "zero pages", false);
    fprintf(p->out, "</fieldset>\n<div role=group aria-label=Zoom><button type=button value=out "
                    "aria-label=\"Zoom out\">&minus;</button> <output class=level>1&times;</output> "
                    "<button type=button value=in aria-label=\"Zoom in\">+</button> "
                    "<button type=button value=all>whole map</button></div>\n"
                    "<form><label>pfn <input type=text name=pfn placeholder=0x1000 autocomplete=off spellcheck=false>"
                    "</label> <button>go</button></form>\n</div>\n"
                    "<p class=readout role=status data-live hidden></p>\n"
                    "<canvas tabindex=0 role=application aria-label=\"Map of memory: arrow keys move from pfn to pfn, "
                    "plus and minus zoom\"></canvas>\n");
}

static void put_caption(const struct page *p, const struct map *map)
{
    char cell[32], row[32];
    fprintf(p->out, "<figcaption>Each row is %" PRIu64 " cells, %s; ", map->width,
            gw_size_text(row, sizeof row, (map->width << map->shift) * GW_PAGE_LEN));
    if (map->shift > 0)
        fprintf(p->out,
                "a cell is %" PRIu64 " pfns (%s) and shows what most of them are, for memory has too many runs "
                "for a finer picture. ",
                UINT64_C(1) << map->shift, gw_size_text(cell, sizeof cell, (UINT64_C(1) << map->shift) * GW_PAGE_LEN));
    else
        fprintf(p->out, "a cell is one pfn. ");
    if (map->num_bands > 1)
        fprintf(p->out, "A band across stands for a long stretch without a page. ");
    fprintf(
        p->out,
        "<span data-live hidden>Where there is room, fine lines are 2&nbsp;MiB apart, strong ones 1&nbsp;GiB. Click "
        "the map, then turn the wheel or press + and &minus; to zoom, drag or use the arrow keys to move, [ and ] "
        "to go from run to run, 0 to see all.</span></figcaption>\n</figure>\n");
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

static void share(const struct page *p, uint64_t part, uint64_t whole)
{
    double percent = whole > 0 ? 100.0 * (double)part / (double)whole : 0;
    fprintf(p->out, part > 0 && percent < 0.01 ? "<td class=num>&lt; 0.01 %%" : "<td class=num>%.2f %%", percent);
}

static void type_row(const struct page *p, const char *kind, unsigned number, const char *name, uint64_t pages,
                     uint64_t whole)
{
    char room[HTML_COUNT_ROOM], size[32];
    fprintf(p->out, "<tr><th scope=row>");
    swatch(p, kind, number);
    html_put(p->out, name);
    fprintf(p->out, "<td class=num>%s<td class=num>%s", html_count(room, pages),
            gw_size_text(size, sizeof size, pages * GW_PAGE_LEN));
    share(p, pages, whole);
    fputc('\n', p->out);
}

static void type_legend(const struct page *p, const struct memory_facts *facts)
{
    uint64_t never = p->in->pfns.num;
    fprintf(p->out, "<div class=\"legend scroll\" data-of=type><table><thead><tr><th scope=col>Page type"
                    "<th scope=col class=num>pfns<th scope=col class=num>size<th scope=col class=num>share\n<tbody>\n");
    for (unsigned type = 0; type < 16; type++) {
        if (facts->by_type[type] > 0)
            type_row(p, "t", type, gw_page_type_name(type), facts->by_type[type], p->in->pfns.num);
        never -= facts->by_type[type];
    }
    if (never > 0)
        type_row(p, "never never", 0, "never named", never, p->in->pfns.num);
    fprintf(p->out, "</table></div>\n");
}

/* Pages by the pass that named them last, and all of them. */
static uint64_t count_passes(const struct inspector *in, uint64_t by_pass[256])
{
    uint64_t first = 0, pages = 0;
    const uint16_t *leaf;
    for (; (leaf = gw_sparse_leaf(&in->pfns, &first)) != NULL; first += GW_SPARSE_LEAF)
        for (unsigned i = 0; i < GW_SPARSE_LEAF; i++)
            if (!map_is_absent(leaf[i])) {
                by_pass[map_pass(leaf[i])]++;
                pages++;
            }
    return pages;
}

static void pass_legend(const struct page *p)
{
    uint64_t by_pass[256] = { 0 }, pages;
    size_t last = gw_min(p->in->num_passes, 255);
    pages = count_passes(p->in, by_pass);
    fprintf(p->out,
            "<div class=\"legend scroll\" data-of=pass hidden><table><thead><tr><th scope=col>Last named in"
            "<th scope=col class=num>pages<th scope=col class=num>size<th scope=col class=num>share\n<tbody>\n");
    for (size_t pass = 1, first = 1; pass <= last; pass++) {
        uint64_t num = 0;
        char name[64];
        if (pass < last && map_shade(p->in, pass + 1) == map_shade(p->in, pass))
            continue;
        for (size_t i = first; i <= pass; i++)
            num += by_pass[i];
        snprintf(name, sizeof name, first == pass ? "pass %zu" : "passes %zu to %zu", first, pass);
        if (pass < p->in->num_passes && pass == last)
            snprintf(name, sizeof name, "pass %zu or later", pass);
        type_row(p, "p", map_shade(p->in, pass), name, num, pages);
        first = pass + 1;
    }
    fprintf(p->out, "</table></div>\n");
}

static void zero_legend(const struct page *p, const struct memory_facts *facts)
{
    uint64_t pages = 0;
    for (unsigned type = 0; type < 16; type++)
        pages += gw_type_populates(type) ? facts->by_type[type] : 0;
    fprintf(p->out,
            "<div class=\"legend scroll\" data-of=zero hidden><table><thead><tr><th scope=col>Contents"
            "<th scope=col class=num>pages<th scope=col class=num>size<th scope=col class=num>share\n<tbody>\n");
    type_row(p, "zero zero", 0, "all zero", facts->zero, pages);
    type_row(p, "nonzero nonzero", 0, "something, or not sent", pages - facts->zero, pages);
    fprintf(p->out, "</table></div>\n");
}

static void run_rows(const struct page *p, const char *what, uint64_t num, const struct run *run)
{
    char room[HTML_COUNT_ROOM], size[32];
    for (unsigned i = 0; i < MOST_RUNS && run[i].num > 0; i++) {
        fprintf(p->out, "<tr><th scope=row>%s", what);
        fprintf(p->out, "<td class=mono>0x%" PRIx64 "<td class=mono>0x%" PRIx64 "<td class=num>%s<td class=num>%s\n",
                run[i].first, run[i].first + run[i].num - 1, html_count(room, run[i].num),
                gw_size_text(size, sizeof size, run[i].num * GW_PAGE_LEN));
    }
    if (num > MOST_RUNS)
        fprintf(p->out, "<tr><th scope=row>%s<td colspan=4 class=dim>%s shorter ones\n", what,
                html_count(room, num - MOST_RUNS));
}

static void longest_runs(const struct page *p, const struct memory_facts *facts)
{
    fprintf(p->out, "<details><summary><b>Longest runs</b> <span class=dim>of pages and of holes</span></summary>\n"
                    "<div class=scroll><table><thead><tr><th scope=col>Run of<th scope=col>first pfn<th scope=col>last"
                    "<th scope=col class=num>pfns<th scope=col class=num>size\n<tbody>\n");
    run_rows(p, "pages", facts->num_ram, facts->ram);
    run_rows(p, "holes", facts->num_holes, facts->holes);
    fprintf(p->out, "</table></div></details>\n");
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static int put_map(const struct page *p, const struct memory_facts *facts, struct gw_err *err)
{
    struct map map, still;
    int rc = map_build(p->in, gw_limit(PAGE_RUNS), UINT16_MAX, &map, err);
    if (rc == 0) {
        rc = put_data(p, &map, err);
        put_tools(p);
    }
    if (rc == 0)
        rc = map_build(p->in, STILL_RUNS, 0xf, &still, err);
    if (rc == 0) {
        put_still(p, &still, facts);
        put_caption(p, &map);
        map_free(&still);
    }
    map_free(&map);
    return rc;
}

static void put_lead(const struct page *p, const struct memory_facts *facts)
{
    char pages[HTML_COUNT_ROOM], size[32];
    uint64_t num = 0;
    for (unsigned type = 0; type < 16; type++)
        num += gw_type_populates(type) ? facts->by_type[type] : 0;
    fprintf(p->out, "<p>%s in %s page%s; the highest pfn that the image names is <code>0x%" PRIx64 "</code>.</p>\n",
            gw_size_text(size, sizeof size, num * GW_PAGE_LEN), html_count(pages, num), html_s(num),
            p->in->pfns.num - 1);
}

int html_memory(const struct page *p, struct gw_err *err)
{
    struct memory_facts facts;
    memory_facts(p->in, &facts);
    fprintf(p->out, "<section aria-labelledby=memory><h2 id=memory>Memory</h2>\n");
    if (p->in->pfns.num == 0) {
        fprintf(p->out, "<p>The image names no pfn.</p></section>\n");
        return 0;
    }
    put_lead(p, &facts);
    if (put_map(p, &facts, err) < 0)
        return -1;
    type_legend(p, &facts);
    if (p->in->num_passes > 1)
        pass_legend(p);
    if (p->in->opts.zeros)
        zero_legend(p, &facts);
    longest_runs(p, &facts);
    fprintf(p->out, "</section>\n");
    return 0;
}
