/*
 * savevm_desc.c - the description that a QEMU's state may carry of itself (qemu-savevm section 4): JSON, one object for
 * each device, with its fields' names, types and sizes; it is measured, and shown field by field.
 *
 * The text is a stranger's: its length, its depth and every sum are bounded here, and jansson parses it.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "savevm_desc.h"

#define DEPTH_MOST 64
#define FIELDS_MOST 1000000u

/* 06, u32 length, a JSON object up to the state's last octet, behind an EOF. */
static bool find_description(const struct gw_qemu *q, size_t *at)
{
    size_t least = q->len > gw_limit(VMDESC) + 5 ? q->len - (size_t)gw_limit(VMDESC) - 5 : 9;
    for (*at = least; *at + 6 <= q->len; (*at)++) {
        struct gw_cur cur = gw_cur(q->mem + *at, q->len - *at);
        if (q->mem[*at - 1] == GW_QEMU_EOF && gw_u8(&cur) == GW_QEMU_DESCRIPTION && gw_be32(&cur) == gw_left(&cur) &&
            *cur.p == '{')
            return true;
    }
    return false;
}

int read_description(struct gw_qemu *q, size_t *end, struct gw_err *err)
{
    json_error_t error;
    size_t at;
    if (!find_description(q, &at))
        return 0;
    q->facts.has_description = true;
    json_t *description = json_loadb((const char *)q->mem + at + 5, q->len - at - 5, 0, &error);
    if (description == NULL && json_error_code(&error) == json_error_out_of_memory) {
        errno = ENOMEM;
        return gw_fail(err, GW_E_SYSTEM, "cannot read a description of %zu octets", q->len - at - 5);
    }
    q->description = description;
    *end = at;
    return 0;
}

void free_description(struct gw_qemu *q)
{
    json_decref(q->description);
    q->description = NULL;
}

/* A size of the description; false: it is none. */
static bool number(const json_t *object, const char *key, uint64_t unless, uint64_t *out)
{
    const json_t *value = json_object_get(object, key);
    *out = value != NULL ? (uint64_t)json_integer_value(value) : unless;
    return value == NULL ? unless != UINT64_MAX : json_is_integer(value) && json_integer_value(value) >= 0;
}

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value != NULL ? value : "";
}

/* Octets of a device, a structure or a subsection: its fields, and its subsections with their heads. */
static bool measure(const json_t *object, unsigned depth, uint64_t *sum)
{
    size_t i;
    json_t *field, *part;
    uint64_t size, times, inner;
    if (depth == DEPTH_MOST)
        return false;
    json_array_foreach(json_object_get(object, "fields"), i,
                       field) if (!number(field, "size", UINT64_MAX, &size) || !number(field, "array_len", 1, &times) ||
                                  !gw_mul(size, times, &size) || !gw_add(*sum, size, sum)) return false;
    json_array_foreach(json_object_get(object, "subsections"), i, part)
    {
        inner = 2 + strlen(text(part, "vmsd_name")) + 4;
        if (!measure(part, depth + 1, &inner) || !gw_add(*sum, inner, sum))
            return false;
    }
    return true;
}

/* Is the section at that place the device, and does its body end where something may follow? *at: behind it then. */
static bool walk_device(struct gw_qemu *q, const json_t *device, size_t *at, size_t end, struct gw_qemu_section *out)
{
    uint64_t length = 0;
    const char *name = text(device, "name");
    if (!section_at(q, *at, out) || strlen(name) != out->name_len || memcmp(name, out->name, out->name_len) != 0 ||
        !measure(device, 0, &length) || out->body >= end || length >= end - out->body)
        return false;
    out->length = (size_t)length;
    *at = out->body + out->length;
    if (footer_at(q, *at, out->id)) {
        q->facts.has_footers = true;
        *at += 5;
    }
    return *at < end;
}

bool walk_described(struct gw_qemu *q, size_t from, size_t end, struct gw_err *err)
{
    const json_t *devices = json_object_get(q->description, "devices");
    struct gw_qemu_section s;
    size_t at = from;
    for (size_t i = 0; i < json_array_size(devices); i++) {
        if (!walk_device(q, json_array_get(devices, i), &at, end, &s)) {
            q->facts.num_sections = 0;
            return false;
        }
        s.device = i;
        if (add_section(q, &s, err) == NULL)
            return false;
    }
    q->facts.ended = at < end && q->mem[at] == GW_QEMU_EOF;
    if (q->facts.num_sections == 0 || !q->facts.ended) {
        q->facts.num_sections = 0;
        return false;
    }
    q->measure = GW_QEMU_DESCRIBED;
    q->facts.tail = end - at - 1;
    return true;
}

/* --- fields ------------------------------------------------------------------------------------------------------ */

struct walk {
    gw_qemu_field_fn *fn;
    void *arg;
    uint64_t num;
    size_t at, end;
};

static int show(struct walk *w, const struct gw_qemu_field *field, struct gw_err *err)
{
    if (++w->num > FIELDS_MOST)
        return gw_fail(err, GW_E_REFUSED, "a device's state has more than %u fields", FIELDS_MOST);
    return w->fn(w->arg, field, err);
}

static int walk_parts(struct walk *w, const json_t *object, unsigned depth, struct gw_err *err);

/* One field, or one element of an array. */
static int walk_field(struct walk *w, const json_t *field, uint64_t index, unsigned depth, struct gw_err *err)
{
    uint64_t size = (uint64_t)json_integer_value(json_object_get(field, "size"));
    const json_t *inner = json_object_get(field, "struct");
    struct gw_qemu_field told = { .depth = depth,
                                  .name = text(field, "name"),
                                  .type = text(field, "type"),
                                  .index = index,
                                  .offset = w->at,
                                  .length = (size_t)size };
    size_t stop = w->at + (size_t)size;
    if (size > w->end - w->at)
        return gw_fail(err, GW_E_REFUSED, "a field of %llu octets does not fit its device", (unsigned long long)size);
    if (show(w, &told, err) < 0)
        return -1;
    if (json_is_object(inner) && depth + 1 < DEPTH_MOST) {
        struct walk part = *w;
        part.end = stop;
        if (walk_parts(&part, inner, depth + 1, err) < 0)
            return -1;
        w->num = part.num;
    }
    w->at = stop;
    return 0;
}

static int walk_subsection(struct walk *w, const json_t *part, unsigned depth, struct gw_err *err)
{
    size_t head = 2 + strlen(text(part, "vmsd_name")) + 4;
    struct gw_qemu_field told = { .depth = depth,
                                  .name = text(part, "vmsd_name"),
                                  .type = "subsection",
                                  .index = UINT64_MAX,
                                  .offset = w->at,
                                  .length = head };
    if (head > w->end - w->at)
        return gw_fail(err, GW_E_REFUSED, "a subsection does not fit its device");
    w->at += head;
    return show(w, &told, err) < 0 ? -1 : walk_parts(w, part, depth + 1, err);
}

static int walk_parts(struct walk *w, const json_t *object, unsigned depth, struct gw_err *err)
{
    size_t i;
    json_t *field, *part;
    json_array_foreach(json_object_get(object, "fields"), i, field)
    {
        uint64_t times, index;
        const json_t *own = json_object_get(field, "index"); /* of an array that was broken up */
        bool is_array = json_object_get(field, "array_len") != NULL;
        if (!number(field, "array_len", 1, &times) || !number(field, "index", 0, &index))
            return gw_fail(err, GW_E_REFUSED, "a device's description is damaged");
        for (uint64_t k = 0; k < times; k++)
            if (walk_field(w, field, is_array ? k : own != NULL ? index : UINT64_MAX, depth, err) < 0)
                return -1;
    }
    if (depth + 1 >= DEPTH_MOST)
        return 0;
    json_array_foreach(json_object_get(object, "subsections"), i,
                       part) if (walk_subsection(w, part, depth, err) < 0) return -1;
    return 0;
}

int gw_qemu_fields(const struct gw_qemu *q, uint32_t section, gw_qemu_field_fn *fn, void *arg, struct gw_err *err)
{
    const struct gw_qemu_section *s = &q->sections[section];
    struct walk w = { .fn = fn, .arg = arg, .at = s->body, .end = s->body + s->length };
    if (q->measure != GW_QEMU_DESCRIBED)
        return 0;
    return walk_parts(&w, json_array_get(json_object_get(q->description, "devices"), s->device), 0, err);
}
