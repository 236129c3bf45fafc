/*
 * asides.c - the chunks that may come at any time: STOP, ALIV, and the ancillary ones (chunks.md section 3).
 *
 *  STOP  0 4 code; str sentence
 *  ALIV  nothing
 *  prOg  JSON, all of it; cpUs  str; tiMe  0 8 wall clock; 8 8 monotonic clock
 */
#include "fields.h"

void chunk_stop_take(struct fields *f, struct gw_chunk_stop *out)
{
    out->code = field_be32(f, "code");
    out->sentence = field_str(f, "sentence");
}

void chunk_stop_put(struct gw_buf *buf, const struct gw_chunk_stop *in)
{
    gw_put_be32(buf, in->code);
    field_put_str(buf, in->sentence);
}

void chunk_aliv_take(struct fields *f, struct gw_chunk_aliv *out)
{
    (void)f;
    out->nothing = 0;
}

void chunk_aliv_put(struct gw_buf *buf, const struct gw_chunk_aliv *in)
{
    (void)buf;
    (void)in;
}

void chunk_prog_take(struct fields *f, struct gw_chunk_prog *out)
{
    out->json = field_text(f, "json", gw_left(&f->cur));
}

void chunk_prog_put(struct gw_buf *buf, const struct gw_chunk_prog *in)
{
    gw_put(buf, in->json.text, in->json.len);
}

void chunk_cpus_take(struct fields *f, struct gw_chunk_cpus *out)
{
    out->cpu = field_str(f, "cpu");
}

void chunk_cpus_put(struct gw_buf *buf, const struct gw_chunk_cpus *in)
{
    field_put_str(buf, in->cpu);
}

void chunk_time_take(struct fields *f, struct gw_chunk_time *out)
{
    out->wall_ns = field_be64(f, "wall clock");
    out->monotonic_ns = field_be64(f, "monotonic clock");
}

void chunk_time_put(struct gw_buf *buf, const struct gw_chunk_time *in)
{
    gw_put_be64(buf, in->wall_ns);
    gw_put_be64(buf, in->monotonic_ns);
}
