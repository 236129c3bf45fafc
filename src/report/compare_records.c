/*
 * compare_records.c - the records of two inspected images, field by field through the layouts.
 *
 * Structures are matched by record type, vCPU, name and instance. What has no layout is compared as octets. A form that
 * lacks a number equals one that has it as a receiver would take it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "listing.h"

#define PATH_ROOM 192

struct comparer {
    gw_record_difference_fn *fn;
    void *arg;
    struct gw_record_difference now;
    char path[PATH_ROOM];
    uint64_t num;
};

static int compare_keys(const struct told *a, const struct told *b)
{
    if (a->item->type != b->item->type)
        return a->item->type < b->item->type ? -1 : 1;
    if (a->item->vcpu != b->item->vcpu)
        return a->item->vcpu < b->item->vcpu ? -1 : 1;
    int names = strcmp(a->s.name, b->s.name);
    if (names != 0)
        return names;
    return a->s.instance < b->s.instance ? -1 : a->s.instance > b->s.instance;
}

static int compare_told(const void *a, const void *b)
{
    const struct told *x = a, *y = b;
    int keys = compare_keys(x, y);
    return keys != 0 ? keys : x->order < y->order ? -1 : x->order > y->order;
}

static int tell(struct comparer *c, const char *first, const char *second, struct gw_err *err)
{
    c->num++;
    c->now.path = c->path;
    c->now.first = first;
    c->now.second = second;
    return c->fn(c->arg, &c->now, err);
}

static int tell_octets(struct comparer *c, struct gw_cur a, struct gw_cur b, struct gw_err *err)
{
    size_t len = (size_t)gw_min(gw_left(&a), gw_left(&b)), at = 0;
    char first[64], second[64];
    while (at < len && a.p[at] == b.p[at])
        at++;
    if (at == gw_left(&a) && at == gw_left(&b))
        return 0;
    if (at < len) {
        snprintf(first, sizeof first, "0x%02x at octet %zu", a.p[at], at);
        snprintf(second, sizeof second, "0x%02x", b.p[at]);
    } else {
        snprintf(first, sizeof first, "%zu octets", gw_left(&a));
        snprintf(second, sizeof second, "%zu octets", gw_left(&b));
    }
    return tell(c, first, second, err);
}

static void number_text(char *room, size_t len, const struct gw_field *field, struct gw_cur octets, uint32_t index)
{
    if (gw_field_count(field, octets) <= index)
        snprintf(room, len, "absent");
    else if (field->show == GW_SHOW_SIGNED)
        snprintf(room, len, "%" PRId64, gw_field_signed(field, octets, index));
    else
        snprintf(room, len, field->show == GW_SHOW_DEC ? "%" PRIu64 : "0x%" PRIx64,
                 gw_field_number(field, octets, index));
}

/* A shorter form lacks the number, and the longer one says what a receiver takes it for then. */
static bool goes_without(const struct gw_field *field, struct gw_cur a, struct gw_cur b, uint32_t index)
{
    bool lacks = gw_field_count(field, a) <= index, other = gw_field_count(field, b) <= index;
    return lacks != other && gw_field_number(field, lacks ? b : a, index) == gw_hvm_absent(field);
}

static int compare_layout(struct comparer *c, const struct gw_layout *layout, struct gw_cur a, struct gw_cur b,
                          struct gw_err *err);

static int compare_element(struct comparer *c, const struct gw_field *field, struct gw_cur a, struct gw_cur b,
                           uint32_t index, struct gw_err *err)
{
    struct gw_cur first = gw_field_octets(field, a, index), second = gw_field_octets(field, b, index);
    char texts[2][40];
    if (gw_left(&first) == gw_left(&second) && memcmp(first.p, second.p, gw_left(&first)) == 0)
        return 0;
    if (field->inner != NULL && gw_left(&first) > 0 && gw_left(&second) > 0)
        return compare_layout(c, field->inner, first, second, err);
    if (field->inner != NULL || field->show == GW_SHOW_OCTETS || field->show == GW_SHOW_TEXT)
        return tell_octets(c, first, second, err);
    if (goes_without(field, a, b, index))
        return 0;
    number_text(texts[0], sizeof texts[0], field, a, index);
    number_text(texts[1], sizeof texts[1], field, b, index);
    return tell(c, texts[0], texts[1], err);
}

/* Puts ".name" or ".name[index]" at the end of the path; returns where it was cut off before. */
static size_t lengthen(struct comparer *c, const struct gw_field *field, uint32_t index)
{
    size_t len = strlen(c->path);
    const char *dot = len > 0 ? "." : "";
    if (field->count == 1)
        snprintf(c->path + len, sizeof c->path - len, "%s%s", dot, field->name);
    else
        snprintf(c->path + len, sizeof c->path - len, "%s%s[%u]", dot, field->name, index);
    return len;
}

static int compare_layout(struct comparer *c, const struct gw_layout *layout, struct gw_cur a, struct gw_cur b,
                          struct gw_err *err)
{
    for (unsigned row = 0; row < layout->num_fields; row++) {
        const struct gw_field *field = &layout->fields[row];
        uint32_t num = (uint32_t)gw_max(gw_field_count(field, a), gw_field_count(field, b));
        for (uint32_t i = 0; i < num; i++) {
            size_t len = lengthen(c, field, i);
            int rc = compare_element(c, field, a, b, i, err);
            c->path[len] = '\0';
            if (rc < 0)
                return -1;
        }
    }
    return 0;
}

/* Structures one behind the other: [0], [1] ... */
static int compare_each(struct comparer *c, const struct gw_structure *a, const struct gw_structure *b,
                        struct gw_err *err)
{
    struct gw_cur first = a->octets, second = b->octets;
    for (unsigned i = 0; gw_left(&first) > 0 || gw_left(&second) > 0; i++) {
        size_t len = a->layout->length;
        struct gw_cur x = gw_sub(&first, (size_t)gw_min(len, gw_left(&first)));
        struct gw_cur y = gw_sub(&second, (size_t)gw_min(len, gw_left(&second)));
        snprintf(c->path, sizeof c->path, "[%u]", i);
        bool both = gw_left(&x) > 0 && gw_left(&y) > 0;
        if (both ? compare_layout(c, a->layout, x, y, err) < 0 : tell_octets(c, x, y, err) < 0)
            return -1;
    }
    c->path[0] = '\0';
    return 0;
}

static int compare_pair(struct comparer *c, const struct gw_structure *a, const struct gw_structure *b,
                        struct gw_err *err)
{
    c->path[0] = '\0';
    if (a->layout == NULL || a->layout != b->layout || a->repeats != b->repeats)
        return tell_octets(c, a->octets, b->octets, err);
    return a->repeats ? compare_each(c, a, b, err) : compare_layout(c, a->layout, a->octets, b->octets, err);
}

static void set_now(struct comparer *c, const struct told *told)
{
    c->now = (struct gw_record_difference){ .record_type = told->item->type,
                                            .name = told->s.name,
                                            .per_vcpu = told->s.per_vcpu,
                                            .instance = told->s.instance };
    c->path[0] = '\0';
}

/* Checks of how an image is laid out in records; what they check is compared itself. */
static bool is_check(const struct item *item)
{
    return item->type == GW_REC_PAGE_CHECKS || item->type == GW_REC_IMAGE_DIGEST;
}

static void drop_checks(struct told_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->num; i++)
        if (!is_check(list->all[i].item))
            list->all[kept++] = list->all[i];
    list->num = kept;
}

/* Both lists are sorted by what identifies a structure. */
static int merge(struct comparer *c, const struct told_list *a, const struct told_list *b, struct gw_err *err)
{
    size_t i = 0, k = 0;
    while (i < a->num || k < b->num) {
        int keys = i == a->num ? 1 : k == b->num ? -1 : compare_keys(&a->all[i], &b->all[k]);
        set_now(c, keys <= 0 ? &a->all[i] : &b->all[k]);
        int rc = keys < 0   ? tell(c, "there", "absent", err)
                 : keys > 0 ? tell(c, "absent", "there", err)
                            : compare_pair(c, &a->all[i].s, &b->all[k].s, err);
        if (rc < 0)
            return -1;
        i += keys <= 0;
        k += keys >= 0;
    }
    return 0;
}

/* What an inspector let go, or did not follow, cannot be held against anything: no verdict without it. */
static int all_is_held(const struct inspector *in, struct gw_err *err)
{
    char room[32];
    for (size_t i = 0; i < in->num_items; i++) {
        const struct item *item = &in->items[i];
        const struct held *held = item_state(in, item);
        if (item->of == ITEM_RECORD && held != NULL && held->dropped && !is_check(item))
            return gw_fail(err, GW_E_REFUSED, "%s is too long to be compared, or stands behind too much that is",
                           gw_record_name(item->type, room, sizeof room));
    }
    return in->unfollowed == 0 ? 0
                               : gw_fail(err, GW_E_REFUSED, "more kinds of records stand in it than can be compared");
}

static int sorted_list(struct gw_sink *inspector, struct told_list *out, struct gw_err *err)
{
    if (all_is_held((struct inspector *)inspector, err) < 0)
        return -1;
    if (list_structures((struct inspector *)inspector, false, out, err) < 0)
        return -1;
    drop_checks(out);
    if (out->num > 0)
        qsort(out->all, out->num, sizeof *out->all, compare_told);
    return 0;
}

int gw_compare_records(struct gw_sink *first, struct gw_sink *second, gw_record_difference_fn *fn, void *arg,
                       uint64_t *num, struct gw_err *err)
{
    struct told_list lists[2] = { { 0 }, { 0 } };
    struct comparer c = { .fn = fn, .arg = arg };
    int rc = sorted_list(first, &lists[0], err);
    if (rc == 0)
        rc = sorted_list(second, &lists[1], err);
    if (rc == 0)
        rc = merge(&c, &lists[0], &lists[1], err);
    told_list_free(&lists[0]);
    told_list_free(&lists[1]);
    *num = c.num;
    return rc;
}
