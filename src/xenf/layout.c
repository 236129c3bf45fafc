/*
 * layout.c - reading octets by a table: numbers, parts of numbers, and whether they are what a receiver demands.
 *
 * Knows no structure: those are the rows of layout_*.h.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "layout.h"

uint32_t gw_field_count(const struct gw_field *field, struct gw_cur octets)
{
    size_t len = gw_left(&octets);
    assert(field->width > 0 && field->stride >= field->width);
    if (len < field->offset || len - field->offset < field->width)
        return 0;
    size_t fit = (len - field->offset - field->width) / field->stride + 1;
    return (uint32_t)gw_min(fit, gw_min(field->count, UINT32_MAX - 1));
}

struct gw_cur gw_field_octets(const struct gw_field *field, struct gw_cur octets, uint32_t index)
{
    if (index >= gw_field_count(field, octets))
        return gw_cur(NULL, 0);
    return gw_cur(octets.p + field->offset + (size_t)index * field->stride, field->width);
}

uint64_t gw_field_number(const struct gw_field *field, struct gw_cur octets, uint32_t index)
{
    struct gw_cur cur = gw_field_octets(field, octets, index);
    assert(field->inner == NULL && field->width <= 8);
    if (gw_left(&cur) == 0)
        return 0;
    switch (field->width) {
    case 1: return gw_u8(&cur);
    case 2: return gw_u16(&cur);
    case 4: return gw_u32(&cur);
    default: assert(field->width == 8); return gw_u64(&cur);
    }
}

int64_t gw_field_signed(const struct gw_field *field, struct gw_cur octets, uint32_t index)
{
    unsigned shift = 64 - 8 * field->width;
    return (int64_t)(gw_field_number(field, octets, index) << shift) >> shift;
}

void gw_field_put(const struct gw_field *field, uint8_t *octets, uint32_t index, uint64_t number)
{
    uint8_t *at = octets + field->offset + (size_t)index * field->stride;
    assert(field->inner == NULL && field->width <= 8 && index < field->count);
    for (uint32_t i = 0; i < field->width; i++)
        at[i] = (uint8_t)(number >> 8 * i);
}

bool gw_field_bit(const struct gw_field *field, struct gw_cur octets, uint32_t bit)
{
    uint32_t per = 8 * field->width;
    assert(field->show == GW_SHOW_BITMAP);
    return (gw_field_number(field, octets, bit / per) >> bit % per & 1) != 0;
}

uint64_t gw_bits_value(const struct gw_bits *bits, uint64_t number)
{
    assert(bits->width > 0 && bits->low + bits->width <= 64);
    return number >> bits->low & (UINT64_MAX >> (64 - bits->width));
}

/* The row of that name, which the table has. */
static const struct gw_bits *bits_named(const struct gw_bits *bits, const char *name)
{
    while (bits->width > 0 && strcmp(bits->name, name) != 0)
        bits++;
    assert(bits->width > 0);
    return bits;
}

bool gw_bits_set(const struct gw_bits *bits, const char *name, uint64_t number)
{
    return gw_bits_value(bits_named(bits, name), number) != 0;
}

uint64_t gw_bits_mask(const struct gw_bits *bits, const char *name)
{
    const struct gw_bits *row = bits_named(bits, name);
    return (UINT64_MAX >> (64 - row->width)) << row->low;
}

/* The name of a value; NULL when the table has none. */
static const char *value_name(const struct gw_bits *bits, uint64_t value)
{
    for (uint64_t i = 0; bits->values != NULL && bits->values[i] != NULL; i++)
        if (i == value)
            return bits->values[i];
    return NULL;
}

char *gw_bits_text(char *room, size_t len, const struct gw_bits *bits, uint64_t number)
{
    size_t at = 0;
    assert(len > 0);
    room[0] = '\0';
    for (; bits != NULL && bits->width > 0 && at < len; bits++) {
        uint64_t value = gw_bits_value(bits, number);
        const char *name = value_name(bits, value), *space = at > 0 ? " " : "";
        int wrote = 0;
        if (name != NULL)
            wrote = snprintf(room + at, len - at, "%s%s=%s", space, bits->name, name);
        else if (value != 0 && bits->width == 1)
            wrote = snprintf(room + at, len - at, "%s%s", space, bits->name);
        else if (value != 0)
            wrote = snprintf(room + at, len - at, "%s%s=0x%" PRIx64, space, bits->name, value);
        at += (size_t)wrote;
    }
    return room;
}

bool gw_is_canonical(uint64_t address)
{
    return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

static bool is_demanded(const struct gw_field *field, uint64_t number)
{
    switch (field->must) {
    case GW_MUST_ANY: return true;
    case GW_MUST_ZERO: return number == 0;
    case GW_MUST_MOST: return number <= field->bound;
    case GW_MUST_IS: return number == field->bound;
    case GW_MUST_MASK: return (number & ~field->bound) == 0;
    case GW_MUST_CANONICAL: return gw_is_canonical(number);
    }
    assert(false);
    return true;
}

/* What is wrong with the number: a sentence's end. */
static const char *demand_of(const struct gw_field *field, uint64_t number, char *room, size_t len)
{
    room[0] = '\0';
    switch (field->must) {
    case GW_MUST_ANY: assert(false);
    case GW_MUST_ZERO: return "which must be zero";
    case GW_MUST_MOST: snprintf(room, len, "more than 0x%" PRIx64, field->bound); break;
    case GW_MUST_IS: snprintf(room, len, "not 0x%" PRIx64, field->bound); break;
    case GW_MUST_MASK: snprintf(room, len, "with bits 0x%" PRIx64 " that must be clear", number & ~field->bound); break;
    case GW_MUST_CANONICAL: return "which is no canonical address";
    }
    return room;
}

char *gw_broken_text(char *room, size_t len, const struct gw_broken *broken)
{
    char end[64], place[16] = "";
    if (broken->field->count > 1)
        snprintf(place, sizeof place, "[%u]", broken->index);
    snprintf(room, len, "%s%s is 0x%" PRIx64 ", %s", broken->field->name, place, broken->number,
             demand_of(broken->field, broken->number, end, sizeof end));
    return room;
}

static void judge_field(const struct gw_layout *layout, const struct gw_field *field, struct gw_cur octets,
                        gw_broken_fn *fn, void *arg)
{
    uint32_t num = field->must == GW_MUST_ANY ? 0 : gw_field_count(field, octets);
    for (uint32_t i = 0; i < num; i++) {
        struct gw_broken broken = { layout, field, i, gw_field_number(field, octets, i) };
        if (!is_demanded(field, broken.number))
            fn(arg, &broken);
    }
}

void gw_layout_judge(const struct gw_layout *layout, struct gw_cur octets, gw_broken_fn *fn, void *arg)
{
    for (unsigned row = 0; row < layout->num_fields; row++) {
        const struct gw_field *field = &layout->fields[row];
        if (field->inner == NULL) {
            judge_field(layout, field, octets, fn, arg);
            continue;
        }
        uint32_t num = gw_field_count(field, octets);
        for (uint32_t i = 0; i < num; i++)
            gw_layout_judge(field->inner, gw_field_octets(field, octets, i), fn, arg);
    }
}
