/*
 * memory.c - the pages of an image in ascending order: runs of them, and how many there are below a pfn.
 */
#include "exporter.h"

bool gw_export_is_page(const struct gw_image *image, uint64_t pfn)
{
    int type = gw_image_type(image, pfn);
    return type >= 0 && gw_type_populates((unsigned)type);
}

static uint64_t next_page(const struct gw_image *image, uint64_t pfn)
{
    uint64_t num = gw_image_num_pfns(image);
    while ((pfn = gw_image_next(image, pfn)) < num && !gw_export_is_page(image, pfn))
        pfn++;
    return pfn;
}

bool memory_next(const struct memory *memory, uint64_t pfn, struct span *out)
{
    uint64_t num = gw_image_num_pfns(memory->image);
    out->first = next_page(memory->image, pfn);
    if (out->first >= num)
        return false;
    out->num = 1;
    while (out->first + out->num < num && gw_export_is_page(memory->image, out->first + out->num))
        out->num++;
    return true;
}

uint64_t memory_below(const struct memory *memory, uint64_t pfn)
{
    uint64_t leaf = pfn / GW_SPARSE_LEAF * GW_SPARSE_LEAF;
    const uint64_t *before = gw_sparse_find(&memory->before, pfn / GW_SPARSE_LEAF);
    uint64_t num = before != NULL ? *before : 0;
    for (; leaf < pfn; leaf++)
        num += gw_export_is_page(memory->image, leaf);
    return num;
}

/* One way through all that is named: what there is of each type, and the pages in front of each leaf. */
static int count(struct memory *memory, struct gw_exported *facts, struct gw_err *err)
{
    uint64_t num = gw_image_num_pfns(memory->image), last = UINT64_MAX;
    for (uint64_t pfn = 0; (pfn = gw_image_next(memory->image, pfn)) < num; pfn++) {
        int type = gw_image_type(memory->image, pfn);
        if (pfn % GW_SPARSE_LEAF == 0) {
            uint64_t *before = gw_sparse_at(&memory->before, pfn / GW_SPARSE_LEAF, err);
            if (before == NULL)
                return -1;
            *before = memory->pages;
        }
        if (type < 0)
            continue;
        facts->by_type[type]++;
        if (!gw_type_populates((unsigned)type))
            continue;
        memory->spans += memory->pages == 0 || last + 1 != pfn;
        memory->pages++;
        last = pfn;
    }
    memory->above = memory->pages > 0 ? last + 1 : 0;
    return 0;
}

int memory_init(struct memory *memory, struct gw_image *image, struct gw_exported *facts, struct gw_err *err)
{
    *memory = (struct memory){ .image = image };
    gw_sparse_init(&memory->before, sizeof(uint64_t));
    if (count(memory, facts, err) < 0)
        return -1;
    facts->pages = memory->pages;
    facts->ranges = memory->spans;
    facts->gaps = memory->above - memory->pages;
    return memory->pages > 0 ? 0 : gw_fail(err, GW_E_REFUSED, "the image has no page of memory");
}

void memory_free(struct memory *memory)
{
    gw_sparse_free(&memory->before);
}
