/*
 * provenance.c - the PROVENANCE of a static part: a JSON object, for programs and people (chunks 4).
 *
 * Members: program, version, static_part, pfns, memory_pfns. Others are passed over.
 */
#include <errno.h>
#include <jansson.h>

#include "change.h"

static json_t *object_of(const struct gw_provenance *p)
{
    return json_pack("{s:s, s:s, s:b, s:I, s:I}", "program", "godwit", "version", GODWIT_VERSION, "static_part",
                     p->static_part, "pfns", (json_int_t)p->num_pfns, "memory_pfns", (json_int_t)p->num_memory_pfns);
}

int gw_provenance_encode(struct gw_buf *buf, const struct gw_provenance *provenance, struct gw_err *err)
{
    json_t *object = object_of(provenance);
    size_t len = json_dumpb(object, NULL, 0, JSON_COMPACT);
    uint8_t *room = len > 0 ? gw_buf_room(buf, len) : NULL;
    if (room != NULL)
        buf->len += json_dumpb(object, (char *)room, len, JSON_COMPACT);
    json_decref(object);
    if (len == 0)
        return errno = ENOMEM, gw_fail(err, GW_E_SYSTEM, "cannot write a PROVENANCE");
    return gw_buf_ok(buf, err);
}

static uint64_t number(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 ? (uint64_t)value : 0;
}

int gw_provenance_decode(struct gw_cur cur, struct gw_provenance *out, struct gw_err *err)
{
    json_error_t error;
    *out = (struct gw_provenance){ 0 };
    if (gw_left(&cur) > gw_limit(JSON))
        return 0;
    json_t *object = json_loadb((const char *)cur.p, gw_left(&cur), 0, &error);
    if (object == NULL && json_error_code(&error) == json_error_out_of_memory)
        return errno = ENOMEM, gw_fail(err, GW_E_SYSTEM, "cannot read a PROVENANCE of %zu octets", gw_left(&cur));
    out->static_part = json_is_true(json_object_get(object, "static_part"));
    out->num_pfns = number(object, "pfns");
    out->num_memory_pfns = number(object, "memory_pfns");
    json_decref(object);
    return 0;
}
