/*
 * legacy_parts.c - what stands in and behind a legacy image beside its pages: transcendent memory, a toolstack's blob,
 * the device model's record.
 */
#include <string.h>

#include "harness.h"
#include "legacy_model.h"
#include "legacy_tmem.h"
#include "legacy_toolstack.h"

#define ONES UINT32_MAX
#define BEHIND 3 /* a batch of three entries, where a chunk follows */

static uint8_t page[4096];

static struct gw_chan *over(const struct gw_buf *octets)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_chan *chan = gw_chan_window(gw_chan_memory(octets->mem, octets->len, NULL, &err), &err);
    CHECK(chan != NULL);
    return chan;
}

/* --- tmem -------------------------------------------------------------------------------------------------------- */

static void put_head(struct gw_buf *out, uint32_t version)
{
    const uint32_t fields[] = { version, 16, ONES, 1, 256, 1000, ONES };
    for (unsigned i = 0; i < 7; i++)
        gw_put_u32(out, fields[i]);
}

static void put_oid(struct gw_buf *out, unsigned words, uint64_t value)
{
    for (unsigned i = 0; i < words; i++)
        gw_put_u64(out, value);
}

/* ends: an object id of ~0 ends the pool, as a saver does that skipped a page. */
static void put_pool(struct gw_buf *out, unsigned words, uint32_t id, uint32_t flags, uint32_t announced,
                     uint32_t pages, bool ends)
{
    gw_put_u32(out, id);
    gw_put_u32(out, flags);
    gw_put_u32(out, announced);
    gw_put_u64(out, 0x1122334455667788);
    gw_put_u64(out, 0x99aabbccddeeff00);
    for (uint32_t i = 0; i < pages; i++) {
        put_oid(out, words, 0x1000 + i);
        gw_put_u32(out, i);
        gw_put(out, page, sizeof page);
    }
    if (ends)
        put_oid(out, words, UINT64_MAX);
}

static int read_pools(const struct gw_buf *octets, struct legacy_tmem *tmem, uint64_t *taken, struct gw_err *err)
{
    struct gw_chan *chan = over(octets);
    int rc = legacy_tmem_pools(chan, tmem, err);
    *taken = chan->read_pos;
    gw_chan_close(chan);
    return rc;
}

static void both_widths_of_an_object_id_are_told_apart(void)
{
    for (unsigned words = 1; words <= 3; words += 2)
        for (unsigned fill = 0; fill < 256; fill += 85) {
            struct gw_err err = GW_ERR_NONE;
            struct gw_buf out = { 0 };
            struct legacy_tmem tmem = { 0 };
            uint64_t taken;
            memset(page, (int)fill, sizeof page);
            put_head(&out, 1);
            put_pool(&out, words, 0, 1, 5, 4, true);
            put_pool(&out, words, 2, 0, 0, 0, false);
            put_pool(&out, words, 3, 1, 2, 2, false);
            gw_put_u32(&out, ONES);
            size_t end = out.len;
            gw_put_u32(&out, BEHIND);
            gw_put_zeros(&out, 64);
            CHECK_EQ(read_pools(&out, &tmem, &taken, &err), 0);
            CHECK_EQ(taken, end);
            CHECK_EQ(tmem.oid_words, words);
            CHECK_EQ(tmem.num_pools, 3);
            CHECK_EQ(tmem.num_pages, 6);
            CHECK_EQ(tmem.announced, 7);
            CHECK(tmem.has_pages);
            CHECK_EQ(tmem.pool[0].pages, 4);
            CHECK_EQ(tmem.pool[2].announced, 2);
            CHECK_EQ(tmem.weight, 256);
            gw_buf_free(&out);
        }
}

/* Xen 4.1 to 4.5: the octets of ff that end the pool would be chunks -1 to who takes them for an id of 8. */
static void a_pool_that_promises_pages_and_has_none_keeps_nothing(void)
{
    for (uint32_t behind = 0; behind < 2; behind++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_buf out = { 0 };
        struct legacy_tmem tmem = { 0 };
        uint64_t taken;
        put_head(&out, 1);
        put_pool(&out, 3, 0, 1, 1000, 0, true);
        gw_put_u32(&out, ONES);
        gw_put_u32(&out, behind == 0 ? BEHIND : (uint32_t)-7);
        CHECK_EQ(read_pools(&out, &tmem, &taken, &err), 0);
        CHECK_EQ(taken, out.len - 4);
        CHECK_EQ(tmem.oid_words, 3);
        CHECK_EQ(tmem.num_pages, 0);
        CHECK_EQ(tmem.announced, 1000);
        CHECK(!tmem.has_pages);
        gw_buf_free(&out);
    }
}

static void pools_without_pages_tell_no_width(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf out = { 0 };
    struct legacy_tmem tmem = { 0 };
    uint64_t taken;
    put_head(&out, 1);
    put_pool(&out, 1, 0, 0, 0, 0, false);
    gw_put_u32(&out, ONES);
    CHECK_EQ(read_pools(&out, &tmem, &taken, &err), 0);
    CHECK_EQ(taken, out.len);
    CHECK_EQ(tmem.oid_words, 0);
    CHECK_EQ(tmem.num_pools, 1);
    gw_buf_free(&out);
}

static void entries_of_invalidations_are_counted(void)
{
    for (unsigned words = 1; words <= 3; words += 2)
        for (uint32_t num = 0; num < 5; num++)
            for (unsigned known = 0; known < 2; known++) {
                struct gw_err err = GW_ERR_NONE;
                struct gw_buf out = { 0 };
                struct legacy_tmem tmem = { .oid_words = known != 0 ? words : 0 };
                for (uint32_t i = 0; i < num; i++) {
                    gw_put_u32(&out, i);
                    put_oid(&out, words, 77);
                    gw_put_u32(&out, 5);
                }
                gw_put_u32(&out, ONES);
                gw_put_u32(&out, (uint32_t)-2);
                struct gw_chan *chan = over(&out);
                CHECK_EQ(legacy_tmem_extra(chan, &tmem, &err), 0);
                CHECK_EQ(chan->read_pos, out.len - 4);
                if (known != 0)
                    CHECK_EQ(tmem.invalidated, num);
                gw_chan_close(chan);
                gw_buf_free(&out);
            }
}

static void refuses_pools(struct gw_buf *out, enum gw_code code, const char *why)
{
    struct gw_err err = GW_ERR_NONE;
    struct legacy_tmem tmem = { 0 };
    uint64_t taken;
    CHECK_EQ(read_pools(out, &tmem, &taken, &err), -1);
    CHECK_FAIL(err, code, why);
    gw_buf_free(out);
}

static void tmem_that_reads_neither_way_is_refused(void)
{
    struct gw_buf out = { 0 };
    put_head(&out, 2);
    refuses_pools(&out, GW_E_INVALID, "tmem of version 2; only 1 exists");
    put_head(&out, 1);
    put_pool(&out, 1, 0, 0x10, 0, 0, false);
    refuses_pools(&out, GW_E_INVALID, "24 octets (a pool of pages that are not of 4096 octets) nor of 8");
    put_head(&out, 1);
    put_pool(&out, 1, 0, 1, 0x10000001, 0, false);
    refuses_pools(&out, GW_E_INVALID, "a pool of more pages than a guest has");
    put_head(&out, 1);
    gw_put_u32(&out, ONES);
    gw_put_u32(&out, 5000);
    refuses_pools(&out, GW_E_INVALID, "no chunk behind it");
}

static void tmem_cut_at_any_octet_is_cut(void)
{
    struct gw_buf out = { 0 };
    put_head(&out, 1);
    put_pool(&out, 3, 0, 1, 2, 1, true);
    gw_put_u32(&out, ONES);
    for (size_t len = 0; len < out.len; len += len < 100 || len > 4100 ? 1 : 997) {
        struct gw_err err = GW_ERR_NONE;
        struct legacy_tmem tmem = { 0 };
        struct gw_buf cut = { .mem = out.mem, .len = len };
        uint64_t taken;
        CHECK_EQ(read_pools(&cut, &tmem, &taken, &err), -1);
        CHECK(gw_err_is_cut(&err));
    }
    gw_buf_free(&out);
}

/* --- the toolstack's blob ---------------------------------------------------------------------------------------- */

static void put_entry(struct gw_buf *out, uint64_t address, const char *name, unsigned padding)
{
    gw_put_u64(out, address);
    gw_put_u64(out, 0xf0000000);
    gw_put_u64(out, 0x800000);
    gw_put_u32(out, name != NULL ? (uint32_t)strlen(name) + 1 : 0);
    if (name != NULL)
        gw_put(out, name, strlen(name) + 1);
    gw_put(out, "\xaa\xbb\xcc\xdd", padding);
}

static void libxl_blobs_become_pairs_in_both_paddings(void)
{
    static const char want[] = "physmap/a0000/start_addr\0f0000000\0physmap/a0000/size\0"
                               "800000\0"
                               "physmap/a0000/name\0vga.vram\0"
                               "physmap/1000000000/start_addr\0f0000000\0physmap/1000000000/size\0"
                               "800000";
    for (unsigned i = 0; i < 4; i++) {
        unsigned width = i < 2 ? 4 : 8, padding = i % 2 == 0 ? 0 : 4;
        struct gw_err err = GW_ERR_NONE;
        struct gw_buf blob = { 0 }, pairs = { 0 };
        struct legacy_toolstack found;
        gw_put_u32(&blob, 1);
        gw_put_u32(&blob, 2);
        put_entry(&blob, 0xa0000, "vga.vram", padding);
        put_entry(&blob, 0x1000000000, NULL, padding);
        CHECK_EQ(legacy_toolstack_read(gw_buf_cur(&blob), width, &pairs, &found, &err), 0);
        CHECK(!found.is_opaque);
        CHECK_EQ(found.num_entries, 2);
        CHECK_EQ(found.other_padding, (width == 8) != (padding == 4));
        CHECK_EQ(pairs.len, sizeof want);
        CHECK_MEM(pairs.mem, want, sizeof want);
        gw_buf_free(&blob);
        gw_buf_free(&pairs);
    }
}

static void a_blob_without_entries_has_no_pairs(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf pairs = { 0 };
    struct legacy_toolstack found;
    CHECK_EQ(legacy_toolstack_read(gw_cur("\1\0\0\0\0\0\0\0", 8), 8, &pairs, &found, &err), 0);
    CHECK(!found.is_opaque);
    CHECK_EQ(pairs.len, 0);
}

static void is_opaque(const void *octets, size_t len, const char *why)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf pairs = { 0 };
    struct legacy_toolstack found;
    CHECK_EQ(legacy_toolstack_read(gw_cur(octets, len), 8, &pairs, &found, &err), 0);
    CHECK(found.is_opaque);
    CHECK_HAS(found.why, why);
    CHECK_EQ(pairs.len, 0);
}

static void blobs_of_others_are_opaque(void)
{
    struct gw_buf blob = { 0 };
    is_opaque("", 0, "does not begin");
    is_opaque("\2\0\0\0\0\0\0\0", 8, "does not begin");
    is_opaque("\1\0\0\0\0\0\0\0\0", 9, "do not fill it");
    is_opaque("\1\0\0\0\xff\xff\xff\xff", 8, "do not fill it");
    gw_put_u32(&blob, 1);
    gw_put_u32(&blob, 1);
    put_entry(&blob, 0xa0000, "name", 4);
    blob.mem[blob.len - 5] = 'x'; /* the name does not end */
    is_opaque(blob.mem, blob.len, "do not fill it");
    blob.mem[blob.len - 5] = 0;
    blob.mem[blob.len - 7] = 0; /* it ends before its length */
    is_opaque(blob.mem, blob.len, "do not fill it");
    gw_buf_free(&blob);
}

/* --- the device model's record ----------------------------------------------------------------------------------- */

#define ENTRY "\3cpu\0\0\0\0\0\0\0\4\0\0\0\5state"
#define TRADITIONAL "QemuDeviceModelRecord"
#define NEW "DeviceModelRecord0002"
#define OF(text) text, sizeof(text) - 1

static const struct {
    const char *octets;
    size_t len;
    enum legacy_model_form form;
    const char *state;
    size_t state_len, taken;
} records[] = {
    { OF(""), LEGACY_MODEL_NONE, OF(""), 0 },
    { OF("something else that follows"), LEGACY_MODEL_NONE, OF(""), 0 },
    { OF(NEW "\5\0\0\0statebehind"), LEGACY_MODEL_0002, OF("state"), 30 },
    { OF(NEW "\0\0\0\0"), LEGACY_MODEL_0002, OF(""), 25 },
    { OF("RemusDeviceModelState\5\0\0\0state"), LEGACY_MODEL_REMUS, OF("state"), 30 },
    { OF(TRADITIONAL "\n\0\0\0\5statebehind"), LEGACY_MODEL_XAPI, OF("state"), 31 },
    { OF(TRADITIONAL "QEVM\0\0\0\3\0 to the end"), LEGACY_MODEL_TO_END, OF("QEVM\0\0\0\3\0 to the end"), 41 },
    { OF(TRADITIONAL "something"), LEGACY_MODEL_TO_END, OF("something"), 30 },
    { OF(TRADITIONAL), LEGACY_MODEL_TO_END, OF(""), 21 },
    { OF(TRADITIONAL "QEVM\0\0\0\2\0\0\0\0\0\0\0\x15" ENTRY "behind"), LEGACY_MODEL_TO_END,
      OF("QEVM\0\0\0\2\0\0\0\0\0\0\0\x15" ENTRY), 58 },
    { OF(TRADITIONAL "QEVM\0\0\0\1" ENTRY ENTRY), LEGACY_MODEL_TO_END, OF("QEVM\0\0\0\1" ENTRY ENTRY), 71 },
    { OF(TRADITIONAL "QEVM\0\0\0\1" ENTRY "\0behind"), LEGACY_MODEL_TO_END, OF("QEVM\0\0\0\1" ENTRY), 50 },
};

static void every_form_of_a_record_is_taken(void)
{
    for (unsigned i = 0; i < sizeof records / sizeof records[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_buf octets = { 0 }, body = { 0 };
        struct legacy_model model;
        gw_put(&octets, records[i].octets, records[i].len);
        struct gw_chan *chan = over(&octets);
        CHECK_EQ(legacy_model_read(chan, &body, &model, &err), 0);
        CHECK_EQ(model.form, records[i].form);
        CHECK_EQ(chan->read_pos, records[i].taken);
        CHECK_EQ(model.body_len, records[i].state_len);
        CHECK_MEM(body.mem, records[i].state, model.body_len);
        gw_chan_close(chan);
        gw_buf_free(&body);
        gw_buf_free(&octets);
    }
}

static void refuses_model(const void *octets, size_t len, enum gw_code code, const char *why)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf all = { 0 }, body = { 0 };
    struct legacy_model model;
    gw_put(&all, octets, len);
    struct gw_chan *chan = over(&all);
    CHECK_EQ(legacy_model_read(chan, &body, &model, &err), -1);
    CHECK_FAIL(err, code, why);
    gw_chan_close(chan);
    gw_buf_free(&body);
    gw_buf_free(&all);
}

static void a_record_that_is_cut_is_cut(void)
{
    for (size_t len = 1; len < 29; len++)
        refuses_model(NEW "\5\0\0\0stat", len, GW_E_SHORT, len < 21 ? "ends inside its name" : "the input ends after");
    refuses_model(OF(TRADITIONAL "\n\0\0\0\5stat"), GW_E_SHORT, "the input ends after");
    refuses_model(OF(TRADITIONAL "QEVM\0\0\0\2\0\0\0\0\0\0\0\x16" ENTRY), GW_E_SHORT, "the input ends after");
    refuses_model(OF(TRADITIONAL "QEVM\0\0\0\1\3cpu\0\0\0\0\0\0\0\4\0\0\0\5stat"), GW_E_SHORT, "the input ends after");
}

static void a_record_of_any_length_is_bounded(void)
{
    refuses_model(OF(NEW "\xff\xff\xff\xff"), GW_E_INVALID, "a device model's state of 4294967295 octets");
    refuses_model(OF(TRADITIONAL "\n\x7f\0\0\0"), GW_E_INVALID, "of 2130706432 octets; godwit reads up to 33554424");
    refuses_model(OF(TRADITIONAL "QEVM\0\0\0\2\xff\xff\xff\xff\xff\xff\xff\xff"), GW_E_INVALID,
                  "a device model's state");
    refuses_model(OF(TRADITIONAL "QEVM\0\0\0\1\1c\0\0\0\0\0\0\0\0\xff\xff\xff\xff"), GW_E_INVALID,
                  "a device model's state");
}

const struct test tests[] = {
    { "both-widths-of-an-object-id-are-told-apart", both_widths_of_an_object_id_are_told_apart },
    { "a-pool-that-promises-pages-and-has-none-keeps-nothing", a_pool_that_promises_pages_and_has_none_keeps_nothing },
    { "pools-without-pages-tell-no-width", pools_without_pages_tell_no_width },
    { "entries-of-invalidations-are-counted", entries_of_invalidations_are_counted },
    { "tmem-that-reads-neither-way-is-refused", tmem_that_reads_neither_way_is_refused },
    { "tmem-cut-at-any-octet-is-cut", tmem_cut_at_any_octet_is_cut },
    { "libxl-blobs-become-pairs-in-both-paddings", libxl_blobs_become_pairs_in_both_paddings },
    { "a-blob-without-entries-has-no-pairs", a_blob_without_entries_has_no_pairs },
    { "blobs-of-others-are-opaque", blobs_of_others_are_opaque },
    { "every-form-of-a-record-is-taken", every_form_of_a_record_is_taken },
    { "a-record-that-is-cut-is-cut", a_record_that_is_cut_is_cut },
    { "a-record-of-any-length-is-bounded", a_record_of_any_length_is_bounded },
    { NULL, NULL },
};
