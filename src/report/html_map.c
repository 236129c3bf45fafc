/*
 * html_map.c - memory as runs of equal cells, few enough for a page, and the rows in which a picture shows them.
 *
 * A cell is one pfn, or 2^shift of them where there would be more runs than the bound; it then shows what most of its
 * pfns are. A row has a power of two of cells, so that whole rows, or whole parts of them, are 2 MiB. Long stretches
 * without a page are folded: an HVM guest of 8 MiB has its last pages just below 4 GiB.
 *
 * Must not know how a picture is drawn.
 */
#include "html.h"

#define LEAST_WIDTH 64
#define LONG_ABSENCE 4096 /* cells without a page that do not count for the shape */
#define FOLDED_ROWS 6     /* fewer absent rows than that are drawn, and fewer than one in ... */
#define FOLDED_PART 64    /* ... so many, which bounds the number of bands */

bool map_is_absent(uint16_t state)
{
    int type = pfn_type(state);
    return type < 0 || !gw_type_populates((unsigned)type);
}

size_t map_pass(uint16_t state)
{
    return pfn_type(state) < 0 ? 0 : state >> PFN_PASS_SHIFT;
}

unsigned map_shade(const struct inspector *in, size_t pass)
{
    size_t last = gw_min(in->num_passes, 255);
    return last < 2 || pass < 1 ? 0 : (unsigned)((gw_min(pass, last) - 1) * (MAP_RAMP - 1) / (last - 1));
}

/* --- cells -------------------------------------------------------------------------------------------------------- */

struct builder {
    struct map *map;
    size_t most_runs;
    uint64_t *counts; /* of the cell that is being filled, by state */
    uint16_t touched[512];
    unsigned num_touched; /* beyond the room: counted as mixed only */
    uint64_t filled;      /* pfns of that cell */
    bool too_many;
};

static int add_cells(struct builder *b, uint16_t state, bool mixed, uint64_t cells, struct gw_err *err)
{
    struct map *map = b->map;
    struct map_run *last = map->num > 0 ? &map->runs[map->num - 1] : NULL;
    void *mem = map->runs;
    if (last != NULL && last->state == state && last->mixed == mixed) {
        last->cells += cells;
        return 0;
    }
    b->too_many = b->too_many || map->num == b->most_runs;
    if (b->too_many)
        return 0;
    if (gw_grow(&mem, &map->cap, map->num + 1, sizeof *map->runs, err) < 0)
        return -1;
    map->runs = mem;
    map->runs[map->num++] = (struct map_run){ state, mixed, cells };
    return 0;
}

/* The cell that is being filled is whole, or memory ends in it. */
static int close_cell(struct builder *b, struct gw_err *err)
{
    bool mixed = b->num_touched > 1;
    uint16_t most = b->touched[0];
    for (unsigned i = 0; i < b->num_touched; i++) {
        if (b->counts[b->touched[i]] > b->counts[most])
            most = b->touched[i];
    }
    for (unsigned i = 0; i < b->num_touched; i++)
        b->counts[b->touched[i]] = 0;
    b->num_touched = 0;
    b->filled = 0;
    return add_cells(b, most, mixed, 1, err);
}

static void fill_cell(struct builder *b, uint16_t state, uint64_t num)
{
    b->filled += num;
    if (b->counts[state] == 0 && b->num_touched == sizeof b->touched / sizeof b->touched[0])
        return;
    if (b->counts[state] == 0)
        b->touched[b->num_touched++] = state;
    b->counts[state] += num;
}

/* The next num pfns are of that state. */
static int feed(struct builder *b, uint16_t state, uint64_t num, struct gw_err *err)
{
    uint64_t cell = UINT64_C(1) << b->map->shift;
    while (num > 0 && !b->too_many) {
        uint64_t part = gw_min(num, cell - b->filled);
        if (b->filled == 0 && num >= cell) {
            part = num & ~(cell - 1);
            if (add_cells(b, state, false, num >> b->map->shift, err) < 0)
                return -1;
        } else {
            fill_cell(b, state, part);
            if (b->filled == cell && close_cell(b, err) < 0)
                return -1;
        }
        num -= part;
    }
    return 0;
}

/* The pfns of a leaf, below `end`. */
static int feed_leaf(struct builder *b, const uint16_t *leaf, uint64_t num, uint16_t mask, struct gw_err *err)
{
    for (uint64_t i = 0, next; i < num; i = next) {
        uint16_t state = leaf[i] & mask;
        for (next = i + 1; next < num && (leaf[next] & mask) == state;)
            next++;
        if (feed(b, state, next - i, err) < 0)
            return -1;
    }
    return 0;
}

static int feed_all(struct builder *b, const struct inspector *in, uint16_t mask, struct gw_err *err)
{
    uint64_t at = 0, first = 0;
    const uint16_t *leaf;
    while (!b->too_many && at < in->pfns.num && (leaf = gw_sparse_leaf(&in->pfns, &first)) != NULL) {
        uint64_t num = gw_min(GW_SPARSE_LEAF, in->pfns.num - first);
        if (feed(b, 0, first - at, err) < 0 || feed_leaf(b, leaf, num, mask, err) < 0)
            return -1;
        first += GW_SPARSE_LEAF;
        at = first;
    }
    if (at < in->pfns.num && feed(b, 0, in->pfns.num - at, err) < 0)
        return -1;
    return b->filled > 0 ? close_cell(b, err) : 0;
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

static uint64_t width_for(const struct map *map)
{
    uint64_t shown = 0, width = LEAST_WIDTH;
    for (size_t i = 0; i < map->num; i++)
        if (!map_is_absent(map->runs[i].state) || map->runs[i].cells < LONG_ABSENCE)
            shown += map->runs[i].cells;
    while (4 * width * width < 5 * shown) /* wider than high */
        width *= 2;
    return width;
}

static int add_band(struct map *map, uint64_t row, uint64_t num, bool folded, struct gw_err *err)
{
    void *mem = map->bands;
    if (num == 0)
        return 0;
    if (gw_grow(&mem, &map->cap_bands, map->num_bands + 1, sizeof *map->bands, err) < 0)
        return -1;
    map->bands = mem;
    map->bands[map->num_bands++] = (struct map_band){ row, num, folded };
    return 0;
}

static int fold(struct map *map, struct gw_err *err)
{
    uint64_t rows = (map->cells + map->width - 1) / map->width, shown = 0, at = 0;
    uint64_t least = gw_max(FOLDED_ROWS, rows / FOLDED_PART);
    for (size_t i = 0; i < map->num; i++) {
        uint64_t first = (at + map->width - 1) / map->width, end = (at + map->runs[i].cells) / map->width;
        at += map->runs[i].cells;
        if (!map_is_absent(map->runs[i].state) || map->runs[i].mixed || end < first + least)
            continue;
        if (add_band(map, shown, first - shown, false, err) < 0 || add_band(map, first, end - first, true, err) < 0)
            return -1;
        shown = end;
    }
    return add_band(map, shown, rows - shown, false, err);
}

int map_build(const struct inspector *in, size_t most_runs, uint16_t mask, struct map *out, struct gw_err *err)
{
    gw_auto(gw_freep) uint64_t *counts = gw_alloc((size_t)UINT16_MAX + 1, sizeof *counts, err);
    *out = (struct map){ .pfns = in->pfns.num };
    if (counts == NULL)
        return -1;
    for (;; out->shift++) {
        struct builder b = { .map = out, .most_runs = most_runs, .counts = counts };
        out->num = 0;
        if (feed_all(&b, in, mask, err) < 0)
            return -1;
        if (!b.too_many)
            break;
        while (b.num_touched > 0)
            counts[b.touched[--b.num_touched]] = 0;
    }
    out->cells = (out->pfns + (UINT64_C(1) << out->shift) - 1) >> out->shift;
    out->width = width_for(out);
    return fold(out, err);
}

void map_free(struct map *map)
{
    gw_free(map->runs);
    gw_free(map->bands);
    *map = (struct map){ 0 };
}
