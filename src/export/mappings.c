/*
 * mappings.c - which pages the kernel sees at which virtual addresses, from the page tables as they stand in the image.
 *
 * The tables are a stranger's: their number is bounded by gw_paging_every, the pages that are looked at by a budget,
 * the segments by gw_limit(MAPPINGS): where there are more, the shortest are left out, and counted.
 */
#include <string.h>

#include "exporter.h"

struct finder {
    struct segments *segments;
    const struct memory *memory;
    struct gw_paging paging; /* of the first vCPU that has it on */
};

static int fetch(void *arg, uint64_t pfn, uint8_t *page, struct gw_err *err)
{
    const struct finder *f = arg;
    const uint8_t *found = gw_image_page(f->memory->image, pfn, err);
    if (found == NULL && err->code == GW_E_OK)
        return gw_fail(err, GW_E_REFUSED, "pfn 0x%llx has no contents", (unsigned long long)pfn);
    if (found != NULL)
        memcpy(page, found, GW_PAGE_LEN);
    return found != NULL ? 0 : -1;
}

/* Those shorter than the new bound go. */
static void thin_out(struct segments *s)
{
    size_t kept = 0;
    s->least *= 2;
    for (size_t i = 0; i < s->num; i++) {
        if (s->all[i].num >= s->least)
            s->all[kept++] = s->all[i];
        else
            s->dropped += s->all[i].num;
    }
    s->num = kept;
}

/* The last one is not closed before the next begins: only then is its length known. */
static int add(struct segments *s, struct segment new, struct gw_err *err)
{
    struct segment *last = s->num > 0 ? &s->all[s->num - 1] : NULL;
    if (last != NULL && last->va + last->num * GW_PAGE_LEN == new.va && last->pfn + last->num == new.pfn) {
        last->num += new.num;
        return 0;
    }
    if (last != NULL && last->num < s->least) {
        s->dropped += last->num;
        *last = new;
        return 0;
    }
    while (s->num >= gw_limit(MAPPINGS))
        thin_out(s);
    void *mem = s->all;
    if (gw_grow(&mem, &s->cap, s->num + 1, sizeof *s->all, err) < 0)
        return -1;
    s->all = mem;
    s->all[s->num++] = new;
    return 0;
}

/* What of a mapping is memory: a large page may reach over gaps. */
static int take(void *arg, const struct gw_mapping *mapping, struct gw_err *err)
{
    struct finder *f = arg;
    uint64_t pfn = mapping->address / GW_PAGE_LEN, end = pfn + mapping->len / GW_PAGE_LEN;
    if (end - pfn > f->segments->budget) {
        f->segments->dropped += end - pfn;
        return 0;
    }
    f->segments->budget -= end - pfn;
    uint64_t at = pfn;
    while (at < end) {
        uint64_t first = at;
        while (at < end && gw_export_is_page(f->memory->image, at))
            at++;
        struct segment new = { mapping->va + (first - pfn) * GW_PAGE_LEN, first, at - first };
        if (new.num > 0 && add(f->segments, new, err) < 0)
            return -1;
        at++; /* what is not there is passed over page by page: looking for the next one may go far beyond the end */
    }
    return 0;
}

static int first_with_paging(void *arg, const struct gw_structure *s, struct gw_err *err)
{
    struct finder *f = arg;
    struct gw_paging paging;
    (void)err;
    gw_paging_of(s, &paging);
    if (f->paging.levels == 0 && gw_image_type(f->memory->image, paging.root) >= 0)
        f->paging = paging;
    return 0;
}

int segments_find(struct segments *segments, const struct memory *memory, struct gw_sink *inspector, struct gw_err *err)
{
    struct finder f = { .segments = segments, .memory = memory };
    *segments = (struct segments){ .least = 1, .budget = 4 * memory->pages + (UINT64_C(1) << 22) };
    if (gw_inspector_registers(inspector, first_with_paging, &f, err) < 0 ||
        gw_paging_every(&f.paging, fetch, take, &f, err) < 0)
        return -1;
    if (segments->num > 0 && segments->all[segments->num - 1].num < segments->least)
        segments->dropped += segments->all[--segments->num].num;
    return 0;
}

void segments_free(struct segments *segments)
{
    gw_free(segments->all);
}
