/*
 * handover.c - the chunks that decide who owns the guest: DONE, REDY, COMM, RUNS, ASKS, TELL (chunks.md section 3).
 *
 *  DONE, REDY  0 16 pages digest; 16 16 records digest; 32 8 final pages; 40 8 records
 *  COMM        0 16 session; 16 8 epoch
 *  RUNS        0 16 session; 16 8 wall clock; 24 8 nanoseconds since COMM
 *  ASKS        0 16 session; 16 8 epoch; 24 1 may go on
 *  TELL        0 16 session; 16 1 answer; str sentence
 *
 * Only their octets: what follows from them is the session's.
 */
#include <string.h>

#include "fields.h"

static void totals_take(struct fields *f, struct gw_chunk_totals *out)
{
    field_octets(f, "pages digest", out->pages_digest, sizeof out->pages_digest);
    field_octets(f, "records digest", out->records_digest, sizeof out->records_digest);
    out->num_pages = field_be64(f, "pages");
    out->num_records = field_be64(f, "records");
}

static void totals_put(struct gw_buf *buf, const struct gw_chunk_totals *in)
{
    gw_put(buf, in->pages_digest, sizeof in->pages_digest);
    gw_put(buf, in->records_digest, sizeof in->records_digest);
    gw_put_be64(buf, in->num_pages);
    gw_put_be64(buf, in->num_records);
}

bool gw_chunk_totals_equal(const struct gw_chunk_totals *a, const struct gw_chunk_totals *b)
{
    return memcmp(a->pages_digest, b->pages_digest, sizeof a->pages_digest) == 0 &&
           memcmp(a->records_digest, b->records_digest, sizeof a->records_digest) == 0 &&
           a->num_pages == b->num_pages && a->num_records == b->num_records;
}

void chunk_done_take(struct fields *f, struct gw_chunk_done *out)
{
    totals_take(f, &out->totals);
}

void chunk_done_put(struct gw_buf *buf, const struct gw_chunk_done *in)
{
    totals_put(buf, &in->totals);
}

void chunk_redy_take(struct fields *f, struct gw_chunk_redy *out)
{
    totals_take(f, &out->totals);
}

void chunk_redy_put(struct gw_buf *buf, const struct gw_chunk_redy *in)
{
    totals_put(buf, &in->totals);
}

void chunk_comm_take(struct fields *f, struct gw_chunk_comm *out)
{
    field_octets(f, "session", out->session, sizeof out->session);
    out->epoch = field_be64(f, "epoch");
}

void chunk_comm_put(struct gw_buf *buf, const struct gw_chunk_comm *in)
{
    gw_put(buf, in->session, sizeof in->session);
    gw_put_be64(buf, in->epoch);
}

void chunk_runs_take(struct fields *f, struct gw_chunk_runs *out)
{
    field_octets(f, "session", out->session, sizeof out->session);
    out->wall_ns = field_be64(f, "wall clock");
    out->since_comm_ns = field_be64(f, "since COMM");
}

void chunk_runs_put(struct gw_buf *buf, const struct gw_chunk_runs *in)
{
    gw_put(buf, in->session, sizeof in->session);
    gw_put_be64(buf, in->wall_ns);
    gw_put_be64(buf, in->since_comm_ns);
}

void chunk_asks_take(struct fields *f, struct gw_chunk_asks *out)
{
    field_octets(f, "session", out->session, sizeof out->session);
    out->epoch = field_be64(f, "epoch");
    out->may_go_on = field_bool(f, "may go on");
}

void chunk_asks_put(struct gw_buf *buf, const struct gw_chunk_asks *in)
{
    gw_put(buf, in->session, sizeof in->session);
    gw_put_be64(buf, in->epoch);
    gw_put_u8(buf, in->may_go_on);
}

void chunk_tell_take(struct fields *f, struct gw_chunk_tell *out)
{
    field_octets(f, "session", out->session, sizeof out->session);
    out->answer = (enum gw_tell)field_choice(f, "answer", GW_TELL_UNSURE);
    out->sentence = field_str(f, "sentence");
}

void chunk_tell_put(struct gw_buf *buf, const struct gw_chunk_tell *in)
{
    gw_put(buf, in->session, sizeof in->session);
    gw_put_u8(buf, (uint8_t)in->answer);
    field_put_str(buf, in->sentence);
}
