/*
 * types.c - the table of chunk.h as data, and what the letters of a type demand (chunks.md section 1).
 */
#include <assert.h>
#include <stdio.h>

#include "fields.h"

const struct gw_chunk_info gw_chunk_types[] = {
#define X(id, name, a, b, c, d, who, fewest, longest, text)                                                            \
    { .type = GW_CHUNK_##id, .from = GW_FROM_##who, .least = (fewest), .most = (longest), .sentence = (text) },
    GW_CHUNKS(X)
#undef X
};

#define X(id, name, a, b, c, d, who, fewest, longest, text)                                                            \
    static_assert(!(GW_CHUNK_##id & GW_CHUNK_RESERVED), "the third letter is upper case");                             \
    static_assert((fewest) <= (longest) && (longest) <= GW_CHUNK_RECORD_MAX, "sizes have an order and a bound");
GW_CHUNKS(X)
#undef X

const unsigned gw_num_chunk_types = sizeof gw_chunk_types / sizeof gw_chunk_types[0];

const struct gw_chunk_info *gw_chunk_info(uint32_t type)
{
    for (unsigned i = 0; i < gw_num_chunk_types; i++)
        if ((uint32_t)gw_chunk_types[i].type == type)
            return &gw_chunk_types[i];
    return NULL;
}

const char *gw_chunk_name(uint32_t type, char *room)
{
    const uint8_t letters[] = { (uint8_t)(type >> 24), (uint8_t)(type >> 16), (uint8_t)(type >> 8), (uint8_t)type };
    return gw_escape(room, GW_CHUNK_NAME_ROOM, letters, sizeof letters);
}

/* The reserved bit first: a later format may mean anything by it, also with letters that we know. */
enum gw_chunk_duty gw_chunk_duty_if(uint32_t type, bool known)
{
    if (type & GW_CHUNK_RESERVED)
        return GW_DUTY_REFUSE;
    if (known)
        return GW_DUTY_DECODE;
    return type & GW_CHUNK_ANCILLARY ? GW_DUTY_SKIP : GW_DUTY_REFUSE;
}

enum gw_chunk_duty gw_chunk_duty(uint32_t type)
{
    return gw_chunk_duty_if(type, gw_chunk_info(type) != NULL);
}

/*
 * What we would refuse we cannot copy. A chunk that we know and that is not safe to copy is made anew, not copied: DONE
 * of a talk with other pages.
 */
bool gw_chunk_may_copy(uint32_t type, bool critical_changed)
{
    if (gw_chunk_duty(type) == GW_DUTY_REFUSE)
        return false;
    return !critical_changed || (type & GW_CHUNK_SAFE_TO_COPY);
}

int gw_chunk_owner(const struct gw_chunk *chunk, struct gw_str *owner, struct gw_cur *rest, struct gw_err *err)
{
    struct fields f = fields_open(chunk->type, chunk->data, err);
    assert(chunk->type & GW_CHUNK_PRIVATE);
    struct gw_str name = field_text(&f, "owner", field_u8(&f, "owner"));
    if (name.len == 0)
        field_refuse(&f, "a private chunk that names no owner");
    if (f.cur.bad)
        return -1;
    *owner = name;
    *rest = f.cur;
    return 0;
}
