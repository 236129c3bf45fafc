/*
 * html_asides.c - the page's folded tables of what stands beside the image: configurations as text and facts, the
 * devices in a QEMU's state, the rest as a dump of its beginning.
 */
#include <inttypes.h>
#include <string.h>

#include "html.h"

#define MOST_LINES 512 /* of a configuration */
#define MOST_LINE 2048

/* A configuration as it stands there, line by line. */
static void put_text(const struct page *p, struct gw_cur text)
{
    unsigned lines = 0;
    fprintf(p->out, "<pre class=wrapped>");
    while (gw_left(&text) > 0 && lines < MOST_LINES) {
        size_t len = strnlen((const char *)text.p, gw_left(&text));
        const uint8_t *end = memchr(text.p, '\n', len);
        size_t line = end != NULL ? (size_t)(end - text.p) : len;
        if (line == 0 && end == NULL) /* the zero that ends a text */
            break;
        html_octets(p->out, text.p, line, MOST_LINE);
        fputc('\n', p->out);
        lines++;
        gw_take(&text, gw_min(line + 1, gw_left(&text)));
        if (end == NULL)
            break;
    }
    fprintf(p->out, "%s</pre>\n", lines == MOST_LINES ? "&hellip;" : "");
}

static void put_config(const struct page *p, struct gw_cur text)
{
    const struct gw_guest_config *c = &p->in->summary.config;
    fprintf(p->out, "<div class=scroll><table class=facts><tbody>\n<tr><th scope=row>name<td>");
    html_octets(p->out, c->name, strlen(c->name), sizeof c->name);
    fprintf(p->out, "\n<tr><th scope=row>type<td>");
    html_octets(p->out, c->type, strlen(c->type), sizeof c->type);
    fprintf(p->out, "\n<tr><th scope=row>uuid<td class=mono>");
    html_octets(p->out, c->uuid, strlen(c->uuid), sizeof c->uuid);
    fprintf(p->out, "\n<tr><th scope=row>memory at most<td>%" PRIu64 " KiB\n<tr><th scope=row>vCPUs at most<td>%u\n",
            c->max_memkb, c->max_vcpus);
    fprintf(p->out, "</table></div>\n");
    put_text(p, text);
}

static void put_device(const struct page *p, const struct gw_qemu_section *s)
{
    fprintf(p->out, "<tr><th scope=row>");
    html_octets(p->out, s->name, s->name_len, s->name_len);
    fprintf(p->out, "<td class=num>%u<td class=num>%u<td class=num>%zu<td class=num>%zu\n", s->instance, s->version,
            s->length, s->offset);
}

static int put_qemu(struct page *p, struct gw_cur state, struct gw_err *err)
{
    struct gw_qemu q = { 0 };
    if (gw_qemu_read(state, &q, err) < 0)
        return -1;
    fprintf(p->out, "<p>");
    html_put(p->out, q.facts.form != NULL ? q.facts.form : "Of a form that is not known");
    if (q.facts.version > 0)
        html_say(p->out, ", version %u, %u devices; %s", q.facts.version, q.facts.num_sections,
                 aside_qemu_ends(q.measure));
    fprintf(p->out, ".</p>\n<div class=scroll><table class=\"fields devices\"><thead><tr><th scope=col>Device"
                    "<th scope=col class=num>instance<th scope=col class=num>version<th scope=col class=num>octets"
                    "<th scope=col class=num>at\n<tbody>\n");
    for (uint32_t i = 0; i < q.facts.num_sections && p->rows > 0; i++, p->rows--)
        put_device(p, &q.sections[i]);
    fprintf(p->out, "</table></div>\n");
    gw_qemu_free(&q);
    return 0;
}

static int put_moved(void *arg, const struct gw_physmap *entry, struct gw_err *err)
{
    struct page *p = arg;
    (void)err;
    if (p->rows == 0)
        return 0;
    p->rows--;
    fprintf(p->out, "<tr><th scope=row>");
    html_octets(p->out, entry->name, strlen(entry->name), sizeof entry->name);
    fprintf(p->out, "<td class=mono>0x%" PRIx64 "<td class=mono>0x%" PRIx64 "<td class=mono>0x%" PRIx64 "\n",
            entry->phys_offset, entry->start_addr, entry->size);
    return 0;
}

static int put_store(struct page *p, struct gw_cur pairs, struct gw_err *err)
{
    struct gw_device_store store;
    fprintf(p->out, "<div class=scroll><table class=fields><thead><tr><th scope=col>Memory<th scope=col>from"
                    "<th scope=col>moved to<th scope=col>octets\n<tbody>\n");
    int rc = gw_store_read(pairs, &store, put_moved, p, err);
    fprintf(p->out, "</table></div>\n");
    return rc;
}

static int put_body(struct page *p, const struct item *item, const struct held *held, struct gw_err *err)
{
    struct gw_cur octets;
    enum aside_holds holds = aside_holds(item, held, &octets);
    if (held->body.len == 0)
        fprintf(p->out, "<p class=dim>%s</p>\n", held->length > 0 ? "Its octets are not shown." : "It has no octets.");
    else if (holds == ASIDE_HOLDS_CONFIG)
        put_config(p, octets);
    else if (holds == ASIDE_HOLDS_QEMU)
        return put_qemu(p, octets, err);
    else if (holds == ASIDE_HOLDS_STORE)
        return put_store(p, octets, err);
    else
        html_dump(p, held->frame.offset, octets);
    return 0;
}

static int put_aside(struct page *p, const struct item *item, const struct held *held, struct gw_err *err)
{
    char size[32];
    fprintf(p->out, "<details><summary><b>");
    html_put(p->out, aside_name(item));
    fprintf(p->out, "</b> <span class=dim>&middot; %s at 0x%" PRIx64 "</span></summary>\n",
            gw_size_text(size, sizeof size, held->length), held->frame.offset);
    int rc = put_body(p, item, held, err);
    fprintf(p->out, "</details>\n");
    return rc;
}

int html_asides(struct page *p, struct gw_err *err)
{
    bool any = false;
    for (size_t i = 0; i < p->in->num_items; i++) {
        const struct item *item = &p->in->items[i];
        const struct held *held = item_state(p->in, item);
        if (item->of != ITEM_ASIDE || item->kind == GW_ASIDE_LAYER || held == NULL)
            continue;
        if (!any)
            html_begin_section(p, "beside", "Beside the image");
        any = true;
        if (put_aside(p, item, held, err) < 0)
            return -1;
    }
    if (any)
        fprintf(p->out, "</section>\n");
    return 0;
}
