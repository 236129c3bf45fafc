/*
 * fields.c - the takers and putters of fields.h.
 *
 * Each take goes through the cursor, which alone compares lengths with reality; here its failures get names.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fields.h"

struct fields fields_open(uint32_t type, struct gw_cur data, struct gw_err *err)
{
    assert(!data.bad);
    return (struct fields){ .cur = data, .type = type, .len = gw_left(&data), .err = err };
}

void field_refuse(struct fields *f, const char *fmt, ...)
{
    char why[256], name[GW_CHUNK_NAME_ROOM];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    f->cur.bad = true;
    gw_fail(f->err, GW_E_INVALID, "%s: %s", gw_chunk_name(f->type, name), why);
}

/* Looks at the take that just happened; the first one that did not fit is the one that is named. */
static void told(struct fields *f, const char *field)
{
    if (f->cur.bad)
        field_refuse(f, "field '%s' does not fit into the %zu octets of data", field, f->len);
}

uint8_t field_u8(struct fields *f, const char *field)
{
    uint8_t value = gw_u8(&f->cur);
    told(f, field);
    return value;
}

uint32_t field_be32(struct fields *f, const char *field)
{
    uint32_t value = gw_be32(&f->cur);
    told(f, field);
    return value;
}

uint64_t field_be64(struct fields *f, const char *field)
{
    uint64_t value = gw_be64(&f->cur);
    told(f, field);
    return value;
}

uint32_t field_choice(struct fields *f, const char *field, uint32_t most)
{
    uint8_t value = field_u8(f, field);
    assert(most <= UINT8_MAX);
    if (value > most)
        field_refuse(f, "field '%s' is %u; 0 to %u exist", field, value, most);
    return f->cur.bad ? 0 : value;
}

bool field_bool(struct fields *f, const char *field)
{
    return field_choice(f, field, 1) == 1;
}

void field_octets(struct fields *f, const char *field, uint8_t *out, size_t len)
{
    const uint8_t *p = gw_take(&f->cur, len);
    told(f, field);
    if (p != NULL)
        memcpy(out, p, len);
    else
        memset(out, 0, len);
}

struct gw_cur field_view(struct fields *f, const char *field, size_t len)
{
    struct gw_cur view = gw_sub(&f->cur, len);
    told(f, field);
    return view;
}

struct gw_cur field_items(struct fields *f, const char *field, uint32_t num, size_t size)
{
    uint64_t len;
    assert(size > 0);
    if (!gw_mul(num, size, &len) || len > gw_left(&f->cur)) {
        field_refuse(f, "%u %s need %zu octets each, %zu octets are there", num, field, size, gw_left(&f->cur));
        return (struct gw_cur){ .bad = true };
    }
    return field_view(f, field, (size_t)len);
}

struct gw_str field_text(struct fields *f, const char *field, size_t len)
{
    struct gw_cur view = field_view(f, field, len);
    if (!view.bad && !gw_is_utf8(view.p, len))
        field_refuse(f, "field '%s' is no UTF-8 without zeros", field);
    return f->cur.bad ? (struct gw_str){ 0 } : (struct gw_str){ .text = (const char *)view.p, .len = len };
}

struct gw_str field_str(struct fields *f, const char *field)
{
    return field_text(f, field, field_be32(f, field));
}

int fields_end(struct fields *f)
{
    size_t left = gw_left(&f->cur);
    if (left > 0 && !(f->type & GW_CHUNK_ANCILLARY))
        field_refuse(f, "%zu of its %zu octets of data stand behind the last field", left, f->len);
    assert(!f->cur.bad || f->err->code != GW_E_OK); /* whatever spoils a field says so */
    return f->cur.bad ? -1 : 0;
}

/* A length that its field cannot hold is far beyond the limit of the chunk, which gw_chunk_end refuses. */
void field_put_str(struct gw_buf *buf, struct gw_str str)
{
    assert(str.text != NULL || str.len == 0);
    gw_put_be32(buf, str.len > UINT32_MAX ? UINT32_MAX : (uint32_t)str.len);
    gw_put(buf, str.text, str.len);
}

void field_put_view(struct gw_buf *buf, struct gw_cur view)
{
    assert(!view.bad);
    gw_put(buf, view.p, gw_left(&view));
}
