/*
 * html_state.c - the page's folded tables of structures, by section and vCPU.
 */
#include <inttypes.h>

#include "html.h"

static const struct {
    const char *id, *title;
} sections[NUM_SECTIONS] = {
    [SECTION_STATIC] = { "static", "Static data" },
    [SECTION_VCPU] = { "vcpus", "vCPUs" },
    [SECTION_DEVICE] = { "devices", "Platform and devices" },
    [SECTION_OWN] = { "other", "Other records" },
};

void html_begin_section(const struct page *p, const char *id, const char *title)
{
    fprintf(p->out, "<section aria-labelledby=%s><h2 id=%s>%s</h2>\n", id, id, title);
}

/* A section of the list; what the page has no room for is counted. */
static void put_section(struct page *p, const struct told_list *list, enum section section)
{
    const struct told *last = NULL;
    char room[HTML_COUNT_ROOM];
    uint64_t left_out = 0;
    for (size_t i = 0; i < list->num; i++) {
        const struct told *told = &list->all[i];
        if (told->section != section || told->s.head)
            continue;
        if (last == NULL)
            html_begin_section(p, sections[section].id, sections[section].title);
        if (p->rows > 0 && section == SECTION_VCPU && (last == NULL || last->s.instance != told->s.instance))
            fprintf(p->out, "<h3>vCPU %u</h3>\n", told->s.instance);
        last = told;
        if (p->rows > 0)
            structure_as_html(p, told);
        else
            left_out++;
    }
    if (left_out > 0)
        fprintf(p->out,
                "<p>%s more structure%s: a page has room for so many rows. <code>godwit inspect</code> tells "
                "them.</p>\n",
                html_count(room, left_out), html_s(left_out));
    if (last != NULL)
        fprintf(p->out, "</section>\n");
}

int html_structures(struct page *p, struct gw_err *err)
{
    static const enum section order[] = { SECTION_VCPU, SECTION_DEVICE, SECTION_STATIC, SECTION_OWN };
    struct told_list list = { 0 };
    int rc = list_structures(p->in, true, &list, err);
    for (size_t i = 0; rc == 0 && i < sizeof order / sizeof order[0]; i++)
        put_section(p, &list, order[i]);
    told_list_free(&list);
    return rc;
}
