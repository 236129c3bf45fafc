/*
 * layout.c - the tables of src/xenf/layout_*.h, as programs see them: fields by path, and all values one by one.
 */
#include <stdio.h>
#include <string.h>

#include "api.h"

#define PATH_ROOM 160 /* of the longest path that a walk makes */

#define SAME(public, own) _Static_assert((int)(public) == (int)(own), #public " is promised to programs")
SAME(GODWIT_SHOW_HEX, GW_SHOW_HEX);
SAME(GODWIT_SHOW_DEC, GW_SHOW_DEC);
SAME(GODWIT_SHOW_SIGNED, GW_SHOW_SIGNED);
SAME(GODWIT_SHOW_TEXT, GW_SHOW_TEXT);
SAME(GODWIT_SHOW_OCTETS, GW_SHOW_OCTETS);
SAME(GODWIT_SHOW_BITMAP, GW_SHOW_BITMAP);
SAME(GODWIT_SHOW_PAD, GW_SHOW_PAD);
_Static_assert(GODWIT_TO_END == GW_TO_END, "GODWIT_TO_END is promised to programs");

/* A public layout is one of ours by another name: programs never look into it. */
static const struct gw_layout *own(const struct godwit_layout *layout)
{
    return (const struct gw_layout *)(const void *)layout;
}

const struct godwit_layout *api_layout(const struct gw_layout *layout)
{
    return (const struct godwit_layout *)(const void *)layout;
}

/* --- the tables -------------------------------------------------------------------------------------------------- */

unsigned godwit_num_layouts(void)
{
    return gw_num_layouts;
}

const struct godwit_layout *godwit_layout_at(unsigned index)
{
    return index < gw_num_layouts ? api_layout(gw_layouts[index]) : NULL;
}

const struct godwit_layout *godwit_layout_of(const char *name)
{
    for (unsigned i = 0; name != NULL && i < gw_num_layouts; i++)
        if (strcmp(gw_layouts[i]->name, name) == 0)
            return api_layout(gw_layouts[i]);
    return NULL;
}

int godwit_layout_info(const struct godwit_layout *layout, struct godwit_layout_info *out)
{
    if (layout == NULL)
        return -1;
    struct godwit_layout_info answer = {
        .size = sizeof answer,
        .name = own(layout)->name,
        .what = own(layout)->what,
        .section = own(layout)->section,
        .length = own(layout)->length,
        .num_fields = own(layout)->num_fields,
    };
    return api_answer(out, &answer, sizeof answer);
}

int godwit_layout_field(const struct godwit_layout *layout, unsigned index, struct godwit_field_info *out)
{
    if (layout == NULL || index >= own(layout)->num_fields)
        return -1;
    const struct gw_field *field = &own(layout)->fields[index];
    struct godwit_field_info answer = {
        .size = sizeof answer,
        .name = field->name,
        .what = field->what,
        .offset = field->offset,
        .width = field->width,
        .stride = field->stride,
        .count = field->count,
        .show = field->inner != NULL ? GODWIT_SHOW_STRUCTURE : (enum godwit_show)field->show,
        .inner = api_layout(field->inner),
    };
    return api_answer(out, &answer, sizeof answer);
}

/* --- paths ------------------------------------------------------------------------------------------------------- */

static const struct gw_field *field_named(const struct gw_layout *layout, const char *name, size_t len)
{
    for (unsigned i = 0; i < layout->num_fields; i++)
        if (strlen(layout->fields[i].name) == len && memcmp(layout->fields[i].name, name, len) == 0)
            return &layout->fields[i];
    return NULL;
}

/* "[12]" -> 12; nothing -> 0. False: it is neither. */
static bool take_index(const char **path, uint32_t *index)
{
    uint64_t value = 0;
    const char *p = *path;
    *index = 0;
    if (*p != '[')
        return true;
    const char *digits = ++p;
    for (; *p >= '0' && *p <= '9' && value < UINT32_MAX; p++)
        value = value * 10 + (uint64_t)(*p - '0');
    if (p == digits || *p != ']' || value >= UINT32_MAX)
        return false;
    *index = (uint32_t)value;
    *path = p + 1;
    return true;
}

/* What a path leads to. octets: of the structure that has the field. */
struct found {
    const struct gw_field *field;
    uint32_t index;
    struct gw_cur octets;
};

/* Absent octets do not matter here: the last field is found all the same. */
static bool find(const struct gw_layout *layout, struct gw_cur octets, const char *path, struct found *out)
{
    out->octets = octets;
    while (layout != NULL && path != NULL) {
        size_t len = strcspn(path, "[.");
        out->field = field_named(layout, path, len);
        path += len;
        if (out->field == NULL || !take_index(&path, &out->index))
            return false;
        if (*path == '\0')
            return true;
        if (*path++ != '.')
            return false;
        layout = out->field->inner;
        out->octets = gw_field_octets(out->field, out->octets, out->index);
    }
    return false;
}

static bool is_number(const struct gw_field *field)
{
    return field->inner == NULL && field->show != GW_SHOW_TEXT && field->show != GW_SHOW_OCTETS && field->width <= 8;
}

static uint64_t number_of(const struct gw_field *field, struct gw_cur octets, uint32_t index)
{
    return field->show == GW_SHOW_SIGNED ? (uint64_t)gw_field_signed(field, octets, index)
                                         : gw_field_number(field, octets, index);
}

/* NULL has no octets, whatever length says. */
static struct gw_cur lent(const void *octets, size_t length)
{
    return gw_cur(octets, octets != NULL ? length : 0);
}

int godwit_layout_number(const struct godwit_layout *layout, const void *octets, size_t length, const char *path,
                         uint64_t *number)
{
    struct found found;
    if (!find(own(layout), lent(octets, length), path, &found) || !is_number(found.field) || number == NULL ||
        found.index >= gw_field_count(found.field, found.octets))
        return -1;
    *number = number_of(found.field, found.octets, found.index);
    return 0;
}

int godwit_layout_octets(const struct godwit_layout *layout, const void *octets, size_t length, const char *path,
                         const unsigned char **part, size_t *part_length)
{
    struct found found;
    if (!find(own(layout), lent(octets, length), path, &found) || part == NULL || part_length == NULL ||
        found.index >= gw_field_count(found.field, found.octets))
        return -1;
    struct gw_cur cur = gw_field_octets(found.field, found.octets, found.index);
    *part = cur.p;
    *part_length = gw_left(&cur);
    return 0;
}

char *godwit_layout_parts(const struct godwit_layout *layout, const char *path, uint64_t number, char *room, size_t len)
{
    struct found found;
    if (room == NULL || len == 0)
        return room;
    room[0] = '\0';
    if (find(own(layout), gw_cur(NULL, 0), path, &found) && found.field->inner == NULL)
        gw_bits_text(room, len, found.field->bits, number);
    return room;
}

/* --- all values -------------------------------------------------------------------------------------------------- */

struct walk {
    godwit_value_fn *fn;
    void *arg;
    struct godwit_error heard;
    struct gw_err *err;
    char path[PATH_ROOM];
};

static int tell(struct walk *w, const struct gw_field *field, struct gw_cur octets, uint64_t number)
{
    struct godwit_value view = {
        .size = sizeof view,
        .path = w->path,
        .what = field->what,
        .show = (enum godwit_show)field->show,
        .number = number,
        .octets = octets.p,
        .length = gw_left(&octets),
    };
    return api_answered(w->fn(w->arg, &view, &w->heard), 0, &w->heard, "value", w->err);
}

/* A map is one value, though it has elements. */
static int tell_bitmap(struct walk *w, const struct gw_field *field, struct gw_cur octets, uint32_t num)
{
    struct gw_cur first = gw_field_octets(field, octets, 0);
    return tell(w, field, gw_cur(first.p, (size_t)num * field->width), 0);
}

static int walk(struct walk *w, const struct gw_layout *layout, struct gw_cur octets);

static int walk_field(struct walk *w, const struct gw_field *field, struct gw_cur octets)
{
    size_t len = strlen(w->path);
    uint32_t num = gw_field_count(field, octets);
    int rc = 0;
    snprintf(w->path + len, sizeof w->path - len, "%s%s", len > 0 ? "." : "", field->name);
    if (num > 0 && field->inner == NULL && field->show == GW_SHOW_BITMAP)
        rc = tell_bitmap(w, field, octets, num);
    else
        for (uint32_t i = 0; i < num && rc == 0; i++) {
            struct gw_cur part = gw_field_octets(field, octets, i);
            size_t stem = strcspn(w->path + len, "[") + len;
            if (field->count != 1)
                snprintf(w->path + stem, sizeof w->path - stem, "[%u]", i);
            rc = field->inner != NULL ? walk(w, field->inner, part)
                                      : tell(w, field, part, is_number(field) ? number_of(field, octets, i) : 0);
        }
    w->path[len] = '\0';
    return rc;
}

/* As deep as tables stand in tables, which is three. */
static int walk(struct walk *w, const struct gw_layout *layout, struct gw_cur octets)
{
    for (unsigned row = 0; row < layout->num_fields; row++)
        if (walk_field(w, &layout->fields[row], octets) < 0)
            return -1;
    return 0;
}

int godwit_layout_walk(const struct godwit_layout *layout, const void *octets, size_t length, godwit_value_fn *fn,
                       void *arg, struct godwit_error *err)
{
    struct gw_err *result = API_ERR(err), why = GW_ERR_NONE;
    struct walk w = { .fn = fn, .arg = arg, .heard.err = GW_ERR_NONE, .err = &why };
    if (layout == NULL || fn == NULL || (octets == NULL && length > 0))
        return gw_fail(result, GW_E_USAGE, "a walk without a layout, its octets or a callback");
    int rc = walk(&w, own(layout), gw_cur(octets, length));
    *result = why;
    return rc;
}
