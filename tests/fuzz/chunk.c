/*
 * chunk.c - any octets as chunks: refused in plain words, or understood so well that the same octets are said again.
 *
 * Each input is heard twice: as frames one behind the other, where a crc must fit; and as the data of one chunk, whose
 * first octet chooses the type. What stands behind the last field of an ancillary chunk is lost on the way, nothing
 * else.
 */
#include <string.h>

#include "chunk.h"

#include "invariant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_chunk_error(int rc, const struct gw_err *err)
{
    MUST((rc < 0) == (err->code != GW_E_OK));
    MUST(err->code != GW_E_SYSTEM && err->rule == NULL);
    must_be_plain(err->msg);
}

static void intersect(struct gw_str list)
{
    struct gw_str ours = gw_str("zero have zstd multi=4");
    struct gw_buf once = { 0 }, twice = { 0 };
    if (list.len > 4096)
        return; /* a word is looked for in the other list, and only one of both is ever a stranger's */
    gw_capabilities_common(&once, list, ours);
    MUST(once.len <= ours.len);
    struct gw_str common = { .text = (const char *)once.mem, .len = once.len };
    gw_capabilities_common(&twice, common, common);
    MUST(twice.len == once.len && (once.len == 0 || memcmp(twice.mem, once.mem, once.len) == 0));
    MUST(gw_capabilities_multi(common) <= 4);
    gw_buf_free(&once);
    gw_buf_free(&twice);
}

/* A list ends after as many as were said. */
static void walk_lists(const struct gw_message *message)
{
    struct gw_chunk_reason reason;
    struct gw_chunk_entry entry;
    uint32_t num = 0, carried = 0;
    if (message->type == GW_CHUNK_DENY) {
        for (struct gw_cur list = message->deny.reasons; gw_chunk_reason_take(&list, &reason); num++)
            MUST(gw_is_utf8(reason.sentence.text, reason.sentence.len));
        MUST(num == message->deny.num);
    } else if (message->type == GW_CHUNK_PAGE) {
        for (struct gw_cur list = message->page.entries; gw_chunk_entry_take(&list, &entry); num++)
            carried += gw_entry_carries(entry.entry);
        MUST(num == message->page.count && carried == message->page.num_carried);
        MUST(message->page.attached <= (uint64_t)carried * GW_CHUNK_PAGE_LEN);
    } else if (message->type == GW_CHUNK_HELO) {
        intersect(message->helo.capabilities);
    }
}

static void say(const struct gw_message *message, struct gw_buf *buf, struct gw_chunk *chunk)
{
    struct gw_err err = GW_ERR_NONE;
    MUST(gw_chunk_encode(buf, message, &err) == 0);
    struct gw_cur cur = gw_buf_cur(buf);
    MUST(gw_chunk_take(&cur, chunk, &err) == 0 && gw_done(&cur));
}

static void must_be_same(const struct gw_chunk *a, const struct gw_chunk *b)
{
    size_t len = gw_left(&a->data);
    MUST(a->type == b->type && len == gw_left(&b->data));
    MUST(len == 0 || memcmp(a->data.p, b->data.p, len) == 0);
}

static void say_again(const struct gw_chunk *heard, const struct gw_message *message)
{
    struct gw_buf once = { 0 }, twice = { 0 };
    struct gw_chunk first, second;
    struct gw_message again;
    struct gw_err err = GW_ERR_NONE;
    say(message, &once, &first);
    MUST(gw_chunk_decode(&first, &again, &err) == 0);
    say(&again, &twice, &second);
    must_be_same(&first, &second);
    if (!(heard->type & GW_CHUNK_ANCILLARY))
        must_be_same(heard, &first);
    gw_buf_free(&once);
    gw_buf_free(&twice);
}

static void hear(const struct gw_chunk *chunk)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_message message;
    struct gw_str owner;
    struct gw_cur rest;
    if (gw_chunk_duty(chunk->type) == GW_DUTY_DECODE) {
        int rc = gw_chunk_decode(chunk, &message, &err);
        must_be_chunk_error(rc, &err);
        if (rc == 0) {
            walk_lists(&message);
            say_again(chunk, &message);
        }
    } else if (chunk->type & GW_CHUNK_PRIVATE) {
        must_be_chunk_error(gw_chunk_owner(chunk, &owner, &rest, &err), &err);
    }
}

static void hear_frames(struct gw_cur cur)
{
    struct gw_chunk chunk;
    struct gw_err err = GW_ERR_NONE;
    int rc;
    while ((rc = gw_chunk_take(&cur, &chunk, &err)) == 0)
        hear(&chunk);
    must_be_chunk_error(rc, &err);
}

static void hear_data(const uint8_t *data, size_t size)
{
    const struct gw_chunk_info *info = &gw_chunk_types[data[0] % gw_num_chunk_types];
    struct gw_chunk chunk = { .type = info->type, .data = gw_cur(data + 1, size - 1) };
    if (size - 1 >= info->least && size - 1 <= info->most) /* else its header would have been refused */
        hear(&chunk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hear_frames(gw_cur(data, size));
    if (size > 0)
        hear_data(data, size);
    return 0;
}
