/*
 * chunkdump.c - hears chunks on stdin: chunkdump text|again. For tests/golden/chunks.py, which compares.
 *
 * text: one line for each chunk, its fields in order, octets as hex. again: each chunk said again, in octets.
 * Attached octets are not expected. Ends with exit status 1 and the sentence at the first chunk that is refused.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "chunk.h"

static void hex(const char *field, const void *mem, size_t len)
{
    const uint8_t *p = mem;
    printf(" %s=", field);
    for (size_t i = 0; i < len; i++)
        printf("%02x", p[i]);
}

static void number(const char *field, uint64_t value)
{
    printf(" %s=%" PRIu64, field, value);
}

static void str(const char *field, struct gw_str value)
{
    hex(field, value.text, value.len);
}

static void view(const char *field, struct gw_cur value)
{
    hex(field, value.p, gw_left(&value));
}

static void print_opening(const struct gw_message *m)
{
    struct gw_chunk_reason reason;
    if (m->type == GW_CHUNK_HELO) {
        number("protocol", m->helo.protocol), number("max_control", m->helo.max_control);
        str("program", m->helo.program), str("version", m->helo.version);
        str("capabilities", m->helo.capabilities);
    } else if (m->type == GW_CHUNK_OFFR) {
        hex("session", m->offr.session, GW_CHUNK_ID_LEN), number("epoch", m->offr.epoch);
        str("guest", m->offr.guest), str("kind", m->offr.kind), number("pfns", m->offr.num_pfns);
        number("ram_pfns", m->offr.num_ram_pfns), number("live", m->offr.live), view("image", m->offr.image);
    } else if (m->type == GW_CHUNK_ACPT) {
        hex("session", m->acpt.session, GW_CHUNK_ID_LEN), str("capabilities", m->acpt.capabilities);
        hex("token", m->acpt.token, GW_CHUNK_ID_LEN);
    } else if (m->type == GW_CHUNK_DENY) {
        number("num", m->deny.num);
        for (struct gw_cur list = m->deny.reasons; gw_chunk_reason_take(&list, &reason);)
            number("code", reason.code), str("sentence", reason.sentence);
    }
}

static void print_pages(const struct gw_message *m)
{
    struct gw_chunk_entry entry;
    struct gw_chunk_range range;
    if (m->type == GW_CHUNK_PAGE) {
        number("round", m->page.round), number("count", m->page.count), number("encoding", m->page.encoding);
        number("attached", m->page.attached);
        for (struct gw_cur list = m->page.entries; gw_chunk_entry_take(&list, &entry);)
            number("entry", entry.entry), number("check", entry.check);
    } else if (m->type == GW_CHUNK_ROUN) {
        number("round", m->roun.round), number("pages", m->roun.num_pages), number("contents", m->roun.contents_len);
        number("dirty", m->roun.num_dirty), number("ns", m->roun.ns);
    } else if (m->type == GW_CHUNK_SEEN) {
        number("round", m->seen.round), number("good", m->seen.num_good), number("landed", m->seen.landed_len);
        number("num", m->seen.num);
        for (struct gw_cur list = m->seen.ranges; gw_chunk_range_take(&list, &range);)
            number("first", range.first), number("count", range.count);
    } else if (m->type == GW_CHUNK_RECD) {
        number("record", m->recd.record), view("body", m->recd.body);
    }
}

static void print_totals(const struct gw_chunk_totals *totals)
{
    hex("pages_digest", totals->pages_digest, GW_CHUNK_DIGEST_LEN);
    hex("records_digest", totals->records_digest, GW_CHUNK_DIGEST_LEN);
    number("pages", totals->num_pages), number("records", totals->num_records);
}

static void print_handover(const struct gw_message *m)
{
    if (m->type == GW_CHUNK_DONE) {
        print_totals(&m->done.totals);
    } else if (m->type == GW_CHUNK_REDY) {
        print_totals(&m->redy.totals);
    } else if (m->type == GW_CHUNK_COMM) {
        hex("session", m->comm.session, GW_CHUNK_ID_LEN), number("epoch", m->comm.epoch);
    } else if (m->type == GW_CHUNK_RUNS) {
        hex("session", m->runs.session, GW_CHUNK_ID_LEN), number("wall", m->runs.wall_ns);
        number("since_comm", m->runs.since_comm_ns);
    } else if (m->type == GW_CHUNK_ASKS) {
        hex("session", m->asks.session, GW_CHUNK_ID_LEN), number("epoch", m->asks.epoch);
        number("may_go_on", m->asks.may_go_on);
    } else if (m->type == GW_CHUNK_TELL) {
        hex("session", m->tell.session, GW_CHUNK_ID_LEN), number("answer", m->tell.answer);
        str("sentence", m->tell.sentence);
    }
}

static void print_asides(const struct gw_message *m)
{
    if (m->type == GW_CHUNK_STOP)
        number("code", m->stop.code), str("sentence", m->stop.sentence);
    else if (m->type == GW_CHUNK_PROG)
        str("json", m->prog.json);
    else if (m->type == GW_CHUNK_CPUS)
        str("cpu", m->cpus.cpu);
    else if (m->type == GW_CHUNK_TIME)
        number("wall", m->time.wall_ns), number("monotonic", m->time.monotonic_ns);
}

static int understand(const struct gw_chunk *chunk, bool as_text, struct gw_err *err)
{
    char name[GW_CHUNK_NAME_ROOM];
    struct gw_message message;
    struct gw_buf again = { 0 };
    enum gw_chunk_duty duty = gw_chunk_duty(chunk->type);
    gw_chunk_name(chunk->type, name);
    if (duty == GW_DUTY_REFUSE)
        return gw_fail(err, GW_E_REFUSED, "chunk '%s' is critical and unknown", name);
    if (duty == GW_DUTY_SKIP)
        return printf("%s skipped\n", name), 0;
    if (gw_chunk_decode(chunk, &message, err) < 0)
        return -1;
    if (as_text) {
        printf("%s", name);
        print_opening(&message), print_pages(&message), print_handover(&message), print_asides(&message);
        putchar('\n');
        return 0;
    }
    int rc = gw_chunk_encode(&again, &message, err);
    fwrite(again.mem, 1, again.len, stdout);
    gw_buf_free(&again);
    return rc;
}

static int hear(struct gw_cur cur, bool as_text, struct gw_err *err)
{
    struct gw_chunk chunk;
    while (!gw_done(&cur))
        if (gw_chunk_take(&cur, &chunk, err) < 0 || understand(&chunk, as_text, err) < 0)
            return -1;
    return 0;
}

int main(int argc, char **argv)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf in = { 0 };
    char block[4096];
    if (argc != 2)
        return fprintf(stderr, "usage: chunkdump text|again\n"), 2;
    for (size_t len; (len = fread(block, 1, sizeof block, stdin)) > 0;)
        gw_put(&in, block, len);
    int rc = hear(gw_buf_cur(&in), strcmp(argv[1], "text") == 0, &err);
    gw_buf_free(&in);
    if (rc < 0)
        fprintf(stderr, "%s\n", err.msg);
    return fflush(stdout) != 0 ? 3 : gw_err_status(&err);
}
