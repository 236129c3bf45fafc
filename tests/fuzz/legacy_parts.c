/*
 * legacy_parts.c - any octets as a part of a legacy image that is read alone: compressed pages, transcendent memory, a
 * toolstack's data, the device model's record, xend's configuration, the beginnings that were proposed in 2014.
 *
 * The first octet chooses which, the second more.
 */
#include <string.h>

#include "legacy.h"
#include "xend_config.h"

#include "invariant.h"

#define PAGES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Parts say what is wrong, but not by which rule. */
static void must_be_of_a_part(int rc, const struct gw_err *err)
{
    MUST((rc < 0) == (err->code != GW_E_OK));
    MUST(err->rule == NULL && !err->placed);
    must_be_plain(err->msg);
}

/* --- compressed pages -------------------------------------------------------------------------------------------- */

struct told {
    uint64_t begun, num, at;
};

static int before(void *arg, uint64_t number, uint8_t *page, struct gw_err *err)
{
    struct told *told = arg;
    MUST(number == told->num);
    told->begun++;
    memset(page, 0x5a, LEGACY_PAGE);
    return number < PAGES ? 0 : gw_fail(err, GW_E_INVALID, "too many");
}

static int done(void *arg, uint64_t number, enum legacy_page_kind kind, const uint8_t *page, uint64_t at,
                struct gw_err *err)
{
    struct told *told = arg;
    MUST(number == told->num && (page == NULL) == (kind == LEGACY_PAGE_SAME));
    MUST(at > told->at || number == 0);
    told->num++;
    told->at = at;
    return number < PAGES ? 0 : gw_fail(err, GW_E_INVALID, "too many");
}

/* All at once and in pieces: the same pages, and the same words. */
static int decode(const uint8_t *data, size_t size, size_t most, struct told *told, struct gw_err *err)
{
    static const struct legacy_pages_ops ops = { before, done };
    struct legacy_pages pages = { .ops = &ops, .arg = told };
    for (size_t at = 0, len; at < size; at += len) {
        len = (size_t)gw_min(most, size - at);
        if (legacy_pages_take(&pages, data + at, len, err) < 0)
            return -1;
    }
    MUST(pages.taken == size);
    return legacy_pages_end(&pages, told->num, err);
}

static void compressed(const uint8_t *data, size_t size)
{
    struct gw_err once = GW_ERR_NONE, pieces = GW_ERR_NONE;
    struct told a = { 0 }, b = { 0 };
    if (size == 0)
        return;
    int rc = decode(data + 1, size - 1, SIZE_MAX, &a, &once);
    must_be_of_a_part(rc, &once);
    MUST(decode(data + 1, size - 1, 1 + data[0], &b, &pieces) == rc);
    MUST(a.num == b.num && a.begun == b.begun && strcmp(once.msg, pieces.msg) == 0);
}

/* --- what comes from a channel ----------------------------------------------------------------------------------- */

static struct gw_chan *over(const uint8_t *data, size_t size)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_chan *chan = gw_chan_window(gw_chan_memory(data, size, NULL, &err), &err);
    MUST(chan != NULL);
    return chan;
}

static void tmem(const uint8_t *data, size_t size, bool is_pools)
{
    struct gw_err err = GW_ERR_NONE;
    struct legacy_tmem found = { 0 };
    struct gw_chan *chan = over(data, size);
    int rc = is_pools ? legacy_tmem_pools(chan, &found, &err) : legacy_tmem_extra(chan, &found, &err);
    must_be_of_a_part(rc, &err);
    MUST(chan->read_pos <= size);
    MUST(found.num_pages * (4 + 4096) + found.num_pools * 28 <= chan->read_pos);
    MUST(found.num_pages <= found.announced && found.invalidated * 16 <= chan->read_pos);
    MUST(!found.has_pages || found.num_pages > 0);
    gw_chan_close(chan);
}

static void model(const uint8_t *data, size_t size)
{
    struct gw_err err = GW_ERR_NONE;
    struct legacy_model found;
    struct gw_buf body = { 0 };
    struct gw_chan *chan = over(data, size);
    int rc = legacy_model_read(chan, &body, &found, &err);
    must_be_of_a_part(rc, &err);
    MUST(chan->read_pos <= size && (rc < 0 || found.body_len <= chan->read_pos));
    MUST(rc < 0 || found.form != LEGACY_MODEL_NONE || chan->read_pos == 0);
    gw_chan_close(chan);
    gw_buf_free(&body);
}

static void proposal(const uint8_t *data, size_t size)
{
    struct gw_err err = GW_ERR_NONE;
    struct legacy_head head = { .form = legacy_proposal_of(data, size) };
    struct gw_chan *chan = over(data, size);
    struct legacy_walk walk = { .chan = chan };
    if (head.form != LEGACY_PLAIN) {
        int rc = legacy_proposal_read(&walk, &head, &err);
        must_be_told(rc, &err);
        MUST(rc < 0 || head.width == 4 || head.width == 8);
    }
    legacy_walk_free(&walk);
    gw_chan_close(chan);
}

/* --- what is in memory ------------------------------------------------------------------------------------------- */

static void toolstack(const uint8_t *data, size_t size, unsigned width)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf pairs = { 0 };
    struct legacy_toolstack found;
    struct gw_device_store store;
    MUST(legacy_toolstack_read(gw_cur(data, size), width, &pairs, &found, &err) == 0);
    MUST(found.is_opaque == (found.why != NULL) && (!found.is_opaque || pairs.len == 0));
    MUST(gw_store_read(gw_buf_cur(&pairs), &store, NULL, NULL, &err) == 0);
    MUST(store.fault == NULL && store.odd == NULL);
    MUST(store.num_pairs >= 2 * found.num_entries && store.num_pairs <= 3 * found.num_entries);
    gw_buf_free(&pairs);
}

static void config(const uint8_t *data, size_t size)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_config found;
    MUST(read_xend_config(data, size, &found, &err) == 0);
    MUST(memchr(found.type, '\0', sizeof found.type) != NULL);
    MUST(memchr(found.name, '\0', sizeof found.name) != NULL);
    MUST(memchr(found.uuid, '\0', sizeof found.uuid) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const uint8_t *rest = data + 1;
    size_t len = size - 1;
    switch (data[0] % 8) {
    case 0: compressed(rest, len); break;
    case 1: tmem(rest, len, true); break;
    case 2: tmem(rest, len, false); break;
    case 3: model(rest, len); break;
    case 4: proposal(rest, len); break;
    case 5: toolstack(rest, len, 4); break;
    case 6: toolstack(rest, len, 8); break;
    default: config(rest, len); break;
    }
    return 0;
}
