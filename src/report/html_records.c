/*
 * html_records.c - the records by type: how they share the image's size.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "html.h"

#define RANKS 8 /* colours; the last one is that of all the rest */

struct share {
    const char *name, *what;
    struct gw_tally tally;
};

struct shares {
    struct share all[GW_SUMMARY_TYPES];
    unsigned num;
    uint64_t octets;
};

static int larger_first(const void *a, const void *b)
{
    const struct share *x = a, *y = b;
    return x->tally.octets > y->tally.octets ? -1 : x->tally.octets < y->tally.octets;
}

static struct shares gather(const struct gw_summary *s)
{
    struct shares shares = { 0 };
    for (unsigned i = 0; i < GW_SUMMARY_TYPES; i++) {
        if (s->records[i].num == 0)
            continue;
        struct share *share = &shares.all[shares.num++];
        *share = (struct share){ "of unknown types", "", s->records[i] };
        if (i != GW_SUMMARY_UNKNOWN) {
            share->name = gw_records[i - 1].name;
            share->what = gw_records[i - 1].sentence;
        }
        shares.octets += s->records[i].octets;
    }
    qsort(shares.all, shares.num, sizeof shares.all[0], larger_first);
    return shares;
}

static unsigned rank(unsigned place)
{
    return (unsigned)gw_min(place, RANKS - 1);
}

/* From the share `first` on, as parts of a bar. */
static void put_bar(const struct page *p, const struct shares *s, unsigned first)
{
    uint64_t octets = 0, at = 0;
    for (unsigned i = first; i < s->num; i++)
        octets += s->all[i].tally.octets;
    fprintf(p->out, "<svg class=bar role=img aria-label=\"Octets by record type; the table below has the numbers\">");
    for (unsigned i = first; i < s->num; i++) {
        char size[32];
        const struct share *share = &s->all[i];
        fprintf(p->out, "<rect class=r%u x=\"%.4f%%\" width=\"%.4f%%\" height=100%%><title>%s: %s</title></rect>\n",
                rank(i), 100.0 * (double)at / (double)octets, 100.0 * (double)share->tally.octets / (double)octets,
                share->name, gw_size_text(size, sizeof size, share->tally.octets));
        at += share->tally.octets;
    }
    fprintf(p->out, "</svg>\n");
}

static void put_row(const struct page *p, const struct shares *s, unsigned i)
{
    const struct share *share = &s->all[i];
    double percent = 100.0 * (double)share->tally.octets / (double)s->octets;
    char num[HTML_COUNT_ROOM], octets[HTML_COUNT_ROOM];
    fprintf(p->out,
            "<tr><th scope=row><svg class=swatch aria-hidden=true><rect class=r%u width=100%% height=100%% />"
            "</svg>",
            rank(i));
    html_put(p->out, share->name);
    fprintf(p->out, "<td class=\"dim wide-only\">");
    html_put(p->out, share->what);
    fprintf(p->out, "<td class=num>%s<td class=num>%s<td class=num>", html_count(num, share->tally.num),
            html_count(octets, share->tally.octets));
    fprintf(p->out, percent < 0.01 ? "&lt; 0.01 %%\n" : "%.2f %%\n", percent);
}

void html_records(const struct page *p)
{
    struct shares s = gather(&p->in->summary);
    char num[HTML_COUNT_ROOM], size[32];
    fprintf(p->out, "<section aria-labelledby=records><h2 id=records>Records</h2>\n");
    fprintf(p->out, "<p>%s record%s of %u type%s, %s with their headers and padding.</p>\n",
            html_count(num, p->in->summary.num_records), html_s(p->in->summary.num_records), s.num, html_s(s.num),
            gw_size_text(size, sizeof size, s.octets));
    if (s.num > 0) {
        put_bar(p, &s, 0);
        if (s.num > 2 && s.all[0].tally.octets > s.octets / 10 * 9) {
            fprintf(p->out, "<p class=less>Without %s, %s:</p>\n", s.all[0].name,
                    gw_size_text(size, sizeof size, s.octets - s.all[0].tally.octets));
            put_bar(p, &s, 1);
        }
        fprintf(p->out,
                "<div class=\"legend scroll shares\"><table><thead><tr><th scope=col>Type<th scope=col class=wide-only>"
                "What it is<th scope=col class=num>number<th scope=col class=num>octets"
                "<th scope=col class=num>share\n<tbody>\n");
        for (unsigned i = 0; i < s.num; i++)
            put_row(p, &s, i);
        fprintf(p->out, "</table></div>\n");
    }
    fprintf(p->out, "</section>\n");
}
