/*
 * opening.c - the chunks with which a talk opens: HELO, OFFR, ACPT, DENY (chunks.md section 3).
 *
 *  HELO  0 4 protocol; 4 4 longest control chunk; str program, str version, str capabilities
 *  OFFR  0 16 session; 16 8 epoch; str guest, str kind; 8 pfns; 8 pfns with memory; 1 live; 4 length, octets of image
 *  ACPT  0 16 session; str capabilities; 16 token
 *  DENY  0 4 number; of each: 4 code, str sentence
 */
#include "fields.h"

#define REASON_LEAST 8 /* code, length of sentence */

void chunk_helo_take(struct fields *f, struct gw_chunk_helo *out)
{
    out->protocol = field_be32(f, "protocol");
    if (!f->cur.bad && out->protocol != GW_CHUNK_PROTOCOL) {
        gw_fail(f->err, GW_E_REFUSED, "HELO: the other side speaks protocol %u, this program speaks %u", out->protocol,
                GW_CHUNK_PROTOCOL);
        f->cur.bad = true;
    }
    out->max_control = field_be32(f, "max_control");
    out->program = field_str(f, "program");
    out->version = field_str(f, "version");
    out->capabilities = field_str(f, "capabilities");
}

void chunk_helo_put(struct gw_buf *buf, const struct gw_chunk_helo *in)
{
    gw_put_be32(buf, in->protocol);
    gw_put_be32(buf, in->max_control);
    field_put_str(buf, in->program);
    field_put_str(buf, in->version);
    field_put_str(buf, in->capabilities);
}

static uint64_t take_num_pfns(struct fields *f, const char *field)
{
    uint64_t num = field_be64(f, field);
    if (num > PFNS_MOST)
        field_refuse(f, "field '%s' is %llu; a pfn has 52 bits", field, (unsigned long long)num);
    return num;
}

void chunk_offr_take(struct fields *f, struct gw_chunk_offr *out)
{
    field_octets(f, "session", out->session, sizeof out->session);
    out->epoch = field_be64(f, "epoch");
    out->guest = field_str(f, "guest");
    out->kind = field_str(f, "kind");
    out->num_pfns = take_num_pfns(f, "num_pfns");
    out->num_ram_pfns = take_num_pfns(f, "num_ram_pfns");
    out->live = field_bool(f, "live");
    out->image = field_view(f, "image", field_be32(f, "image"));
}

void chunk_offr_put(struct gw_buf *buf, const struct gw_chunk_offr *in)
{
    gw_put(buf, in->session, sizeof in->session);
    gw_put_be64(buf, in->epoch);
    field_put_str(buf, in->guest);
    field_put_str(buf, in->kind);
    gw_put_be64(buf, in->num_pfns);
    gw_put_be64(buf, in->num_ram_pfns);
    gw_put_u8(buf, in->live);
    field_put_str(buf, (struct gw_str){ .text = (const char *)in->image.p, .len = gw_left(&in->image) });
}

void chunk_acpt_take(struct fields *f, struct gw_chunk_acpt *out)
{
    field_octets(f, "session", out->session, sizeof out->session);
    out->capabilities = field_str(f, "capabilities");
    field_octets(f, "token", out->token, sizeof out->token);
}

void chunk_acpt_put(struct gw_buf *buf, const struct gw_chunk_acpt *in)
{
    gw_put(buf, in->session, sizeof in->session);
    field_put_str(buf, in->capabilities);
    gw_put(buf, in->token, sizeof in->token);
}

/* Every reason takes octets, so that the walk ends with the data whatever the number says. */
void chunk_deny_take(struct fields *f, struct gw_chunk_deny *out)
{
    out->num = field_be32(f, "num");
    out->reasons = f->cur;
    if (out->num > gw_left(&f->cur) / REASON_LEAST)
        field_refuse(f, "%u reasons need %u octets each, %zu octets are there", out->num, REASON_LEAST,
                     gw_left(&f->cur));
    for (uint32_t i = 0; i < out->num && !f->cur.bad; i++) {
        field_be32(f, "code");
        field_str(f, "sentence");
    }
}

void chunk_deny_put(struct gw_buf *buf, const struct gw_chunk_deny *in)
{
    gw_put_be32(buf, in->num);
    field_put_view(buf, in->reasons);
}

bool gw_chunk_reason_take(struct gw_cur *reasons, struct gw_chunk_reason *out)
{
    struct gw_chunk_reason v;
    v.code = gw_be32(reasons);
    v.sentence.len = gw_be32(reasons);
    v.sentence.text = (const char *)gw_take(reasons, v.sentence.len);
    if (reasons->bad)
        return false;
    *out = v;
    return true;
}

void gw_chunk_reason_put(struct gw_buf *reasons, uint32_t code, struct gw_str sentence)
{
    gw_put_be32(reasons, code);
    field_put_str(reasons, sentence);
}
