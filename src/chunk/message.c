/*
 * message.c - a chunk into its struct and back: what is the same for all types. The fields of each stand in opening.c,
 * pages.c, handover.c and asides.c.
 */
#include <assert.h>

#include "fields.h"

static void take_body(struct fields *f, struct gw_message *out)
{
    switch (out->type) {
#define X(id, name, ...)                                                                                               \
    case GW_CHUNK_##id: chunk_##name##_take(f, &out->name); break;
        GW_CHUNKS(X)
#undef X
    }
}

static void put_body(struct gw_buf *buf, const struct gw_message *in)
{
    switch (in->type) {
#define X(id, name, ...)                                                                                               \
    case GW_CHUNK_##id: chunk_##name##_put(buf, &in->name); break;
        GW_CHUNKS(X)
#undef X
    }
}

int gw_chunk_decode(const struct gw_chunk *chunk, struct gw_message *out, struct gw_err *err)
{
    assert(gw_chunk_duty(chunk->type) == GW_DUTY_DECODE);
    struct gw_message v = { .type = (enum gw_chunk_type)chunk->type };
    struct fields f = fields_open(chunk->type, chunk->data, err);
    take_body(&f, &v);
    if (fields_end(&f) < 0)
        return -1;
    *out = v;
    return 0;
}

/* A sender never says what a receiver would refuse: so it is asked. */
static int check_body(const struct gw_buf *buf, size_t begin, const struct gw_message *in, struct gw_err *err)
{
    struct gw_message again;
    struct gw_cur data = gw_buf_cur(buf);
    gw_take(&data, begin + GW_CHUNK_HEAD_LEN);
    return gw_chunk_decode(&(struct gw_chunk){ .type = in->type, .data = data }, &again, err);
}

int gw_chunk_encode(struct gw_buf *buf, const struct gw_message *in, struct gw_err *err)
{
    assert(gw_chunk_info(in->type) != NULL);
    size_t begin = gw_chunk_begin(buf, in->type);
    put_body(buf, in);
    if (!buf->bad && check_body(buf, begin, in, err) < 0) {
        buf->len = begin;
        return -1;
    }
    return gw_chunk_end(buf, begin, err);
}
