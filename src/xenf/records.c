/*
 * records.c - the table of records.h as data, and the questions that it answers.
 */
#include <assert.h>
#include <stdio.h>

#include "xenf.h"

#define EXACT(n)                                                                                                       \
    {                                                                                                                  \
        .least = (n), .exact = true                                                                                    \
    }
#define LEAST(n)                                                                                                       \
    {                                                                                                                  \
        .least = (n), .unit = 1                                                                                        \
    }
#define UNITS(n, from, of)                                                                                             \
    {                                                                                                                  \
        .least = (n), .base = (from), .unit = (of)                                                                     \
    }
#define NONE GW_NO_EMPTY_FORM

const struct gw_record_info gw_records[] = {
#define X(number, id, called, what, who, minor, rule, most, nothing, text)                                             \
    { .type = UINT32_C(number),                                                                                        \
      .name = called,                                                                                                  \
      .kind = GW_KIND_##what,                                                                                          \
      .guests = GW_GUEST_##who,                                                                                        \
      .since = minor,                                                                                                  \
      .size = rule,                                                                                                    \
      .longest = most,                                                                                                 \
      .empty = nothing,                                                                                                \
      .sentence = text },
    GW_RECORDS(X)
#undef X
};

const unsigned gw_num_records = sizeof gw_records / sizeof gw_records[0];

/* The first rows stand in the order of their numbers, which is what makes looking up the common types free. */
const struct gw_record_info *gw_record_info(uint32_t type)
{
    if (type < gw_num_records && gw_records[type].type == type)
        return &gw_records[type];
    for (unsigned i = 0; i < gw_num_records; i++)
        if (gw_records[i].type == type)
            return &gw_records[i];
    return NULL;
}

bool gw_record_is_tail(uint32_t type)
{
    const struct gw_record_info *info = gw_record_info(type);
    return info != NULL && info->kind == GW_KIND_DYNAMIC && type != GW_REC_X86_PV_P2M_FRAMES;
}

const char *gw_record_name(uint32_t type, char *room, size_t len)
{
    const struct gw_record_info *info = gw_record_info(type);
    if (info != NULL)
        return info->name;
    snprintf(room, len, "unknown record 0x%x", type);
    return room;
}

bool gw_record_size_right(const struct gw_record_info *info, uint32_t length)
{
    const struct gw_record_size *size = &info->size;
    assert(size->exact || size->unit > 0);
    if (size->exact)
        return length == size->least;
    return length >= size->least && (length - size->base) % size->unit == 0;
}
