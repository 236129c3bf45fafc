/*
 * inspect_text.c - everything in an image for people: sections with what belongs together, numbers in columns.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "listing.h"

struct page {
    FILE *out;
    const struct inspector *in;
    const struct gw_inspect_view *view;
};

static const char *paint(const struct page *p, enum gw_colour colour)
{
    return gw_colour(p->view->colour, colour);
}

__attribute__((format(printf, 2, 3))) static void heading(const struct page *p, const char *fmt, ...)
{
    va_list ap;
    fprintf(p->out, "\n%s", paint(p, GW_BOLD));
    va_start(ap, fmt);
    vfprintf(p->out, fmt, ap);
    va_end(ap);
    fprintf(p->out, "%s\n", paint(p, GW_PLAIN));
}

static void image_section(const struct page *p)
{
    const struct gw_summary *s = &p->in->summary;
    char name[1024];
    fprintf(p->out, "%s%s%s\n", paint(p, GW_BOLD), gw_escape(name, sizeof name, p->view->file, strlen(p->view->file)),
            paint(p, GW_PLAIN));
    fprintf(p->out, "  wrapping %s\n", p->view->layers[0] != '\0' ? p->view->layers : "not recognised");
    if (!s->begun)
        return;
    if (s->legacy.width > 0)
        fprintf(p->out, "  image    legacy at 0x%" PRIx64 ", %s guest, %s\n", s->headers.offset,
                gw_guest_name(s, p->view->verdict), gw_legacy_text(name, sizeof name, &s->legacy));
    else
        fprintf(p->out, "  image    version %u at 0x%" PRIx64 ", %s guest, %s by Xen %u.%u\n", s->headers.image.version,
                s->headers.offset, gw_guest_name(s, p->view->verdict),
                s->headers.domain.xen_major == 0 ? "made by the legacy converter, not" : "saved",
                s->headers.domain.xen_major, s->headers.domain.xen_minor);
    if (p->in->commits > 1 || !p->in->ended)
        fprintf(p->out, "  state    of %s\n",
                p->in->commits > 0 ? "the last complete checkpoint" : "an image that is not complete");
}

static void longest(const struct page *p, const char *what, uint64_t num, const struct run *run)
{
    if (num == 0)
        return;
    fprintf(p->out, "  %-8s %" PRIu64 " run%s, the longest", what, num, num == 1 ? "" : "s");
    for (unsigned i = 0; i < MOST_RUNS && run[i].num > 0; i++)
        fprintf(p->out, "%s 0x%" PRIx64 "+%" PRIu64, i > 0 ? "," : "", run[i].first, run[i].num);
    fputc('\n', p->out);
}

static void passes(const struct page *p)
{
    fprintf(p->out, "  pass    records                 pfns named    with contents    named again\n");
    for (size_t i = 0; i < p->in->num_passes; i++) {
        const struct pass *pass = &p->in->passes[i];
        char range[48];
        snprintf(range, sizeof range, "%" PRIu64 "-%" PRIu64, pass->first_record, pass->last_record);
        fprintf(p->out, "  %4zu    %-20s %13" PRIu64 " %16" PRIu64 " %14" PRIu64 "%s\n", i + 1, range, pass->entries,
                pass->contents, pass->again, pass->verify ? "  (verify)" : "");
    }
}

static void memory_section(const struct page *p)
{
    struct memory_facts facts;
    char size[32];
    memory_facts(p->in, &facts);
    heading(p, "memory");
    for (unsigned type = 0; type < 16; type++)
        if (facts.by_type[type] > 0)
            fprintf(p->out, "  %-18s %12" PRIu64 "  %12s\n", gw_page_type_name(type), facts.by_type[type],
                    gw_size_text(size, sizeof size, facts.by_type[type] * GW_PAGE_LEN));
    if (p->in->opts.zeros)
        fprintf(p->out, "  %-18s %12" PRIu64 "  %12s\n", "of them all zero", facts.zero,
                gw_size_text(size, sizeof size, facts.zero * GW_PAGE_LEN));
    longest(p, "pages", facts.num_ram, facts.ram);
    longest(p, "holes", facts.num_holes, facts.holes);
    if (p->in->num_passes > 0)
        passes(p);
}

static void structures(const struct page *p, const struct told_list *list)
{
    static const char *const titles[NUM_SECTIONS] = {
        [SECTION_STATIC] = "static data", [SECTION_DEVICE] = "platform and devices", [SECTION_OWN] = "other records"
    };
    const struct told *last = NULL;
    for (size_t i = 0; i < list->num; i++) {
        const struct told *told = &list->all[i];
        if (!is_wanted(told, p->view))
            continue;
        bool new_vcpu = told->section == SECTION_VCPU && (last == NULL || last->s.instance != told->s.instance);
        if (last == NULL || last->section != told->section || new_vcpu) {
            if (told->section == SECTION_VCPU)
                heading(p, "vCPU %u", told->s.instance);
            else
                heading(p, "%s", titles[told->section]);
        }
        structure_as_text(p->out, p->view, &told->held->frame, &told->s);
        last = told;
    }
}

static int asides(const struct page *p, struct gw_err *err)
{
    bool any = false;
    for (size_t i = 0; i < p->in->num_items; i++) {
        const struct item *item = &p->in->items[i];
        const struct held *held = item_state(p->in, item);
        char size[32];
        if (item->of != ITEM_ASIDE || item->kind == GW_ASIDE_LAYER || held == NULL)
            continue;
        if (!any)
            heading(p, "beside the image");
        any = true;
        fprintf(p->out, "  %-28s %12s at 0x%" PRIx64 "\n", aside_name(item),
                gw_size_text(size, sizeof size, held->length), held->frame.offset);
        if (aside_print(p->out, false, p->view, p->in, item, held, err) < 0)
            return -1;
    }
    return 0;
}

static void sizes(const struct page *p)
{
    const struct gw_summary *s = &p->in->summary;
    char size[32];
    heading(p, "records");
    for (unsigned i = 0; i < GW_SUMMARY_TYPES; i++)
        if (s->records[i].num > 0)
            fprintf(p->out, "  %-26s %10" PRIu64 "  %12s\n",
                    i == GW_SUMMARY_UNKNOWN ? "of unknown types" : gw_records[i - 1].name, s->records[i].num,
                    gw_size_text(size, sizeof size, s->records[i].octets));
    if (p->in->unfollowed > 0)
        fprintf(p->out, "  %" PRIu64 " records of vCPUs or types beyond the bounds are counted, not shown\n",
                p->in->unfollowed);
}

static void verdict(const struct page *p)
{
    const struct gw_verdict *v = p->view->verdict;
    char counts[96];
    fprintf(p->out, "\n%s: %s%s\n", gw_verdict_valid(v) ? "valid" : "INVALID", gw_counts_text(counts, sizeof counts, v),
            v->errors + v->warnings > 0 ? "; godwit verify tells them" : "");
}

int gw_inspect_text(FILE *out, struct gw_sink *inspector, const struct gw_inspect_view *view, struct gw_err *err)
{
    struct page p = { out, (struct inspector *)inspector, view };
    struct told_list list = { 0 };
    bool whole = view->vcpu == GW_EVERY_VCPU;
    int rc = list_structures(p.in, true, &list, err);
    if (rc == 0)
        rc = has_wanted(&list, view, err);
    if (rc == 0) {
        if (whole) {
            image_section(&p);
            if (p.in->summary.begun)
                memory_section(&p);
        }
        structures(&p, &list);
        if (whole) {
            rc = asides(&p, err);
            if (p.in->summary.begun)
                sizes(&p);
            verdict(&p);
        }
    }
    told_list_free(&list);
    return rc;
}
