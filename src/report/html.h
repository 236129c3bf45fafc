/*
 * html.h - what the files share that write an inspected image as one page for a browser. Private to src/report.
 *
 * The page is ASCII. Whatever comes from the file passes html_put(); the rest is ours. Its style and script stand in
 * page/ and are put in by the build.
 */
#ifndef GW_HTML_H
#define GW_HTML_H

#include "listing.h"

struct page {
    FILE *out;
    const struct inspector *in;
    const struct gw_inspect_view *view;
    uint64_t rows; /* that tables of structures may still take */
};

/* --- html_text.c: every octet of a stranger goes through here ----------------------------------------------------- */

/* Text fit for an element or a quoted attribute: & < > " ' as entities, all but printable ASCII as \xNN. */
void html_put(FILE *out, const char *text);
/* The same, made of parts. */
__attribute__((format(printf, 2, 3))) void html_say(FILE *out, const char *fmt, ...);
/* Octets of the file: first as gw_escape shows them; cut behind `most`. */
void html_octets(FILE *out, const void *mem, size_t len, size_t most);
void html_base64(FILE *out, const uint8_t *mem, size_t len);
/* 1234567 -> "1,234,567". Returns room. */
#define HTML_COUNT_ROOM 32
char *html_count(char *room, uint64_t number);
/* "a page", "2 pages" */
const char *html_s(uint64_t number);

/* --- html_map.c: memory as a map that fits into a page ------------------------------------------------------------ */

/* Cells of one kind in a row. */
struct map_run {
    uint16_t state; /* as the inspector's; 0: never named */
    bool mixed;     /* other kinds too: this is the most common one */
    uint64_t cells;
};

/* Rows of the picture, or absent ones that it leaves out. */
struct map_band {
    uint64_t row, num;
    bool folded;
};

#define MAP_RAMP 8 /* shades for passes */

struct map {
    unsigned shift; /* a cell is 2^shift pfns */
    uint64_t pfns, cells;
    struct map_run *runs;
    size_t num, cap;
    uint64_t width; /* cells in a row: a power of two */
    struct map_band *bands;
    size_t num_bands, cap_bands;
};

/* At most most_runs runs, of cells that are as large as that needs. mask: the bits of states that matter. */
int map_build(const struct inspector *in, size_t most_runs, uint16_t mask, struct map *out, struct gw_err *err);
void map_free(struct map *map);
/* No page: a hole, a broken one, or never named. */
bool map_is_absent(uint16_t state);
/* The shade of a pass among all: 0 for the first to MAP_RAMP - 1 for the last. */
unsigned map_shade(const struct inspector *in, size_t pass);
size_t map_pass(uint16_t state); /* from 1; 0: never named */

/* --- the page's parts --------------------------------------------------------------------------------------------- */

int html_memory(const struct page *p, struct gw_err *err); /* html_memory.c */
void html_passes(const struct page *p);                    /* html_passes.c */
void html_records(const struct page *p);                   /* html_records.c */
int html_structures(struct page *p, struct gw_err *err);   /* html_state.c */
void html_begin_section(const struct page *p, const char *id, const char *title);
int html_asides(struct page *p, struct gw_err *err);             /* html_asides.c */
void structure_as_html(struct page *p, const struct told *told); /* structure_html.c */
/* The beginning of octets that no layout reads; at: the place of the first. */
void html_dump(const struct page *p, uint64_t at, struct gw_cur octets);
bool explain_html(struct page *p,
                  const struct gw_structure *s); /* explain_html.c: false: its fields say all there is */

/* page/NAME as they stand there, made by the build. */
extern const char gw_page_style[], gw_page_script[];

#endif
