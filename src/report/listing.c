/*
 * listing.c - the list of all structures of an image.
 */
#include <stdlib.h>

#include "listing.h"

struct lister {
    struct told_list *list;
    const struct item *item;
    const struct held *held;
};

static enum section section_of(const struct item *item, const struct gw_structure *s)
{
    const struct gw_record_info *info = gw_record_info(item->type);
    if (info == NULL || info->kind == GW_KIND_OPTIONAL)
        return SECTION_OWN;
    if (info->kind == GW_KIND_STATIC)
        return SECTION_STATIC;
    return s->per_vcpu ? SECTION_VCPU : SECTION_DEVICE;
}

static int take(void *arg, const struct gw_structure *s, struct gw_err *err)
{
    struct lister *l = arg;
    void *mem = l->list->all;
    if (gw_grow(&mem, &l->list->cap, l->list->num + 1, sizeof *l->list->all, err) < 0)
        return -1;
    l->list->all = mem;
    l->list->all[l->list->num] = (struct told){
        .section = section_of(l->item, s), .order = l->list->num, .item = l->item, .held = l->held, .s = *s
    };
    l->list->num++;
    return 0;
}

static int add_start_info(const struct inspector *in, const struct gw_view *view, struct lister *l, struct gw_err *err)
{
    static const struct item page = { .of = ITEM_RECORD, .type = GW_REC_PAGE_DATA };
    struct gw_structure s = { .name = "start_info", .layout = gw_start_info_layout(view->width) };
    if (!in->start_info.there || s.layout == NULL)
        return 0;
    s.octets = gw_cur(in->start_info.body.mem, gw_min(in->start_info.body.len, s.layout->length));
    l->item = &page;
    l->held = &in->start_info;
    return take(l, &s, err);
}

static int compare(const void *a, const void *b)
{
    const struct told *x = a, *y = b;
    if (x->section != y->section)
        return x->section < y->section ? -1 : 1;
    if (x->section == SECTION_VCPU && x->s.instance != y->s.instance)
        return x->s.instance < y->s.instance ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

int list_structures(const struct inspector *in, bool by_section, struct told_list *out, struct gw_err *err)
{
    struct gw_view view = inspector_view(in);
    struct lister l = { .list = out };
    for (size_t i = 0; i < in->num_items; i++) {
        l.item = &in->items[i];
        l.held = item_state(in, l.item);
        if (l.item->of != ITEM_RECORD || l.held == NULL || l.held->dropped)
            continue;
        if (gw_structures(l.item->type, gw_buf_cur(&l.held->body), &view, take, &l, err) < 0)
            return -1;
    }
    if (add_start_info(in, &view, &l, err) < 0)
        return -1;
    if (by_section && out->num > 0)
        qsort(out->all, out->num, sizeof *out->all, compare);
    return 0;
}

void told_list_free(struct told_list *list)
{
    gw_free(list->all);
    *list = (struct told_list){ 0 };
}

bool is_wanted(const struct told *told, const struct gw_inspect_view *view)
{
    return view->vcpu == GW_EVERY_VCPU || (told->section == SECTION_VCPU && told->s.instance == view->vcpu);
}

int has_wanted(const struct told_list *list, const struct gw_inspect_view *view, struct gw_err *err)
{
    for (size_t i = 0; i < list->num; i++)
        if (is_wanted(&list->all[i], view))
            return 0;
    return view->vcpu == GW_EVERY_VCPU
               ? 0
               : gw_fail(err, GW_E_REFUSED, "nothing in the image belongs to a vCPU %u", view->vcpu);
}
