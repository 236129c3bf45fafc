/*
 * html_passes.c - the passes through memory: the rounds of a live save, a comparison, the checkpoints, as a chart.
 *
 * The first pass of a live save names all memory and the last a handful of pfns, so heights are logarithmic. More than
 * MOST_BARS passes share bars. Positions across are percentages: the chart fits any width, its text keeps its size.
 */
#include <inttypes.h>

#include "html.h"

#define MOST_BARS 48
#define HEIGHT 220 /* of the bars, in pixels; and what is above and below */
#define ABOVE 24
#define DECADE_AT_BASE 300 /* thousandths of a decade that a bar of 1 is high */

struct bar {
    size_t first, last; /* passes, from 1 */
    struct pass sum;
    bool checkpoint; /* one was complete before it */
};

struct chart {
    const struct page *p;
    struct bar bars[MOST_BARS];
    unsigned num;
    uint64_t most;
    unsigned top; /* thousandths of the logarithm of the top */
};

/* Thousandths of the logarithm to base 10; 0 for 0. */
static unsigned decimal_log(uint64_t number)
{
    unsigned whole = 0, part = 0;
    if (number == 0)
        return 0;
    while (number >> whole > 1)
        whole++;
    uint64_t x = whole > 31 ? number >> (whole - 31) : number << (31 - whole); /* 1 to 2, in 2^-31 */
    for (unsigned bit = 0; bit < 12; bit++) {
        x = x * x >> 31;
        part = part << 1 | (x >> 32 != 0);
        x >>= x >> 32 != 0;
    }
    return (unsigned)(((uint64_t)whole << 12 | part) * 30103 / (100 << 12));
}

static unsigned height_of(const struct chart *c, uint64_t number)
{
    return number == 0 ? 0 : (decimal_log(number) + DECADE_AT_BASE) * HEIGHT / (c->top + DECADE_AT_BASE);
}

static void gather(struct chart *c)
{
    const struct inspector *in = c->p->in;
    size_t each = (in->num_passes + MOST_BARS - 1) / MOST_BARS;
    for (size_t i = 0; i < in->num_passes; i++) {
        const struct pass *pass = &in->passes[i];
        struct bar *bar = &c->bars[i / each];
        if (i % each == 0)
            *bar = (struct bar){ .first = i + 1, .sum = { .first_record = pass->first_record } };
        bar->last = i + 1;
        bar->checkpoint = bar->checkpoint || (i > 0 && pass->checkpoint > pass[-1].checkpoint);
        bar->sum.last_record = pass->last_record;
        bar->sum.entries += pass->entries;
        bar->sum.contents += pass->contents;
        bar->sum.again += pass->again;
        bar->sum.verify = bar->sum.verify || pass->verify;
        c->most = gw_max(c->most, bar->sum.entries);
        c->num = (unsigned)(i / each + 1);
    }
    c->top = (unsigned)gw_max(decimal_log(c->most), 1000);
}

static void put_axis(const struct chart *c)
{
    uint64_t number = 1;
    fprintf(c->p->out, "<svg class=axis aria-hidden=true>");
    for (unsigned decade = 0; decade * 1000 <= c->top; decade++, number *= 10) {
        char room[HTML_COUNT_ROOM];
        fprintf(c->p->out, "<text x=90%% y=%u dy=4 text-anchor=end>%s</text>", ABOVE + HEIGHT - height_of(c, number),
                html_count(room, number));
    }
    fprintf(c->p->out, "</svg>\n");
}

static void put_grid(const struct chart *c)
{
    uint64_t number = 1;
    for (unsigned decade = 0; decade * 1000 <= c->top; decade++, number *= 10) {
        unsigned y = ABOVE + HEIGHT - height_of(c, number);
        fprintf(c->p->out, "<line class=grid x1=0 x2=100%% y1=%u y2=%u />", y, y);
    }
    fputc('\n', c->p->out);
}

/* left, width: in hundredths of a bar's own place. */
static void put_rect(const struct chart *c, unsigned bar, const char *what, unsigned left, unsigned width, uint64_t num)
{
    unsigned height = height_of(c, num);
    double each = 100.0 / c->num;
    fprintf(c->p->out, "<rect class=%s x=\"%.3f%%\" width=\"%.3f%%\" y=%u height=%u />", what,
            (bar + left / 100.0) * each, width / 100.0 * each, ABOVE + HEIGHT - height, height);
}

static void put_title(const struct chart *c, const struct bar *bar)
{
    char named[HTML_COUNT_ROOM], sent[HTML_COUNT_ROOM], again[HTML_COUNT_ROOM];
    fprintf(c->p->out, "<title>");
    fprintf(c->p->out, bar->first == bar->last ? "Pass %zu" : "Passes %zu to %zu", bar->first, bar->last);
    fprintf(c->p->out,
            ", records %" PRIu64 " to %" PRIu64 ": %s pfns named, %s pages of contents, %s pfns named before%s</title>",
            bar->sum.first_record, bar->sum.last_record, html_count(named, bar->sum.entries),
            html_count(sent, bar->sum.contents), html_count(again, bar->sum.again),
            bar->sum.verify ? ", for comparison" : "");
}

static void put_bar(const struct chart *c, unsigned i)
{
    const struct bar *bar = &c->bars[i];
    double each = 100.0 / c->num, middle = (i + 0.5) * each;
    char room[HTML_COUNT_ROOM];
    fprintf(c->p->out, "<g>");
    put_title(c, bar);
    if (bar->checkpoint)
        fprintf(c->p->out, "<line class=checkpoint x1=\"%.3f%%\" x2=\"%.3f%%\" y1=%u y2=%u />", i * each, i * each,
                ABOVE - 16, ABOVE + HEIGHT);
    put_rect(c, i, "named", 10, 80, bar->sum.entries);
    put_rect(c, i, bar->sum.verify ? "compared" : "sent", 17, 32, bar->sum.contents);
    put_rect(c, i, bar->sum.verify ? "compared" : "again", 51, 32, bar->sum.again);
    if (c->num <= 16)
        fprintf(c->p->out, "<text class=value x=\"%.3f%%\" y=%u text-anchor=middle>%s</text>", middle,
                ABOVE + HEIGHT - height_of(c, bar->sum.entries) - 6, html_count(room, bar->sum.entries));
    if (i % (c->num / 16 + 1) == 0)
        fprintf(c->p->out, "<text x=\"%.3f%%\" y=%u text-anchor=middle>%zu</text>", middle, ABOVE + HEIGHT + 18,
                bar->first);
    fprintf(c->p->out, "</g>\n");
}

static void put_key(const struct chart *c, const char *what, const char *name)
{
    fprintf(c->p->out, "<li><svg class=swatch aria-hidden=true><rect class=%s width=100%% height=100%% /></svg>%s\n",
            what, name);
}

static bool any_verify(const struct inspector *in)
{
    return in->num_passes > 0 && in->passes[in->num_passes - 1].verify;
}

static void put_keys(const struct chart *c)
{
    const struct inspector *in = c->p->in;
    fprintf(c->p->out, "<ul class=keys>\n");
    put_key(c, "named", "pfns named");
    put_key(c, "sent", "pages with contents");
    put_key(c, "again", "named before: dirty");
    if (any_verify(in))
        put_key(c, "compared", "sent again for comparison (VERIFY)");
    if (in->passes[in->num_passes - 1].checkpoint > in->passes[0].checkpoint)
        fprintf(c->p->out, "<li><svg class=swatch aria-hidden=true><line class=checkpoint x1=50%% x2=50%% y2=100%% />"
                           "</svg>checkpoint complete\n");
    fprintf(c->p->out, "</ul>\n");
}

static void put_chart(struct chart *c)
{
    fprintf(c->p->out, "<figure><div class=\"chart%s\">\n", c->num > 6 ? " crowded" : "");
    put_axis(c);
    fprintf(c->p->out,
            "<svg class=plot role=img aria-label=\"Pages of each pass; the table below has the numbers\">\n");
    put_grid(c);
    for (unsigned i = 0; i < c->num; i++)
        put_bar(c, i);
    fprintf(c->p->out, "</svg></div>\n");
    put_keys(c);
    fprintf(c->p->out, "<figcaption>Heights are logarithmic.");
    if (c->bars[0].last > 1)
        fprintf(c->p->out, " Each bar is the sum of %zu passes.", c->bars[0].last);
    fprintf(c->p->out, "</figcaption></figure>\n");
}

static void put_row(const struct page *p, const struct bar *bar)
{
    char room[HTML_COUNT_ROOM];
    fprintf(p->out, bar->first == bar->last ? "<tr><th scope=row>%zu" : "<tr><th scope=row>%zu to %zu", bar->first,
            bar->last);
    fprintf(p->out, "%s<td class=num>%" PRIu64 "&ndash;%" PRIu64, bar->sum.verify ? ", for comparison" : "",
            bar->sum.first_record, bar->sum.last_record);
    fprintf(p->out, "<td class=num>%s", html_count(room, bar->sum.entries));
    fprintf(p->out, "<td class=num>%s", html_count(room, bar->sum.contents));
    fprintf(p->out, "<td class=num>%s\n", html_count(room, bar->sum.again));
}

static void put_table(const struct chart *c)
{
    fprintf(c->p->out, "<details><summary><b>The same as a table</b></summary><div class=scroll><table><thead><tr>"
                       "<th scope=col>Pass<th scope=col class=num>records<th scope=col class=num>pfns named"
                       "<th scope=col class=num>with contents<th scope=col class=num>named before\n<tbody>\n");
    for (unsigned i = 0; i < c->num; i++)
        put_row(c->p, &c->bars[i]);
    fprintf(c->p->out, "</table></div></details>\n");
}

static void put_lead(const struct page *p)
{
    const struct inspector *in = p->in;
    char room[HTML_COUNT_ROOM];
    uint64_t checkpoints = in->passes[in->num_passes - 1].checkpoint;
    fprintf(p->out, "<p>Memory was gone through %s times%s", html_count(room, in->num_passes),
            in->num_passes == MOST_PASSES ? " or more" : "");
    if (any_verify(in))
        fprintf(p->out, ", the last time for comparison only");
    if (checkpoints > 0)
        fprintf(p->out, "; %s checkpoint%s complete before the last of them", html_count(room, checkpoints),
                checkpoints == 1 ? " was" : "s were");
    fprintf(p->out, ".</p>\n");
}

void html_passes(const struct page *p)
{
    struct chart c = { .p = p };
    fprintf(p->out, "<section aria-labelledby=rounds><h2 id=rounds>Rounds</h2>\n");
    if (p->in->num_passes > 1) {
        gather(&c);
        put_lead(p);
        put_chart(&c);
        put_table(&c);
    } else
        fprintf(p->out, "<p>Memory passes once, in ascending order, as of a guest that stands still.</p>\n");
    fprintf(p->out, "</section>\n");
}
