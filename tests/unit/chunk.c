/*
 * chunk.c - every chunk comes back as it was said; a frame that is cut, flipped or too long is refused by name;
 * property bits decide what is owed to a chunk. Its fields: chunk_fields.c.
 */
#include <stdlib.h>
#include <string.h>

#include "chunks.h"
#include "harness.h"

/* --- there and back ---------------------------------------------------------------------------------------------- */

static void every_chunk_comes_back_as_it_was_said(void)
{
    CHECK_EQ(NUM(samples), gw_num_chunk_types);
    for (unsigned i = 0; i < NUM(samples); i++) {
        struct gw_buf once = said(&samples[i]);
        struct gw_cur cur = gw_buf_cur(&once);
        struct gw_chunk chunk;
        struct gw_message heard;
        struct gw_err err = GW_ERR_NONE;
        CHECK(samples[i].type == gw_chunk_types[i].type);
        CHECK_EQ(gw_chunk_take(&cur, &chunk, &err), 0);
        CHECK(gw_done(&cur));
        CHECK_EQ(gw_chunk_decode(&chunk, &heard, &err), 0);
        struct gw_buf twice = said(&heard);
        CHECK_EQ(twice.len, once.len);
        CHECK_MEM(twice.mem, once.mem, once.len);
        gw_buf_free(&once);
        gw_buf_free(&twice);
    }
}

/* The octets are those of section 3, not merely the same both ways. */
static void octets_are_as_written_down(void)
{
    static const uint8_t aliv[] = { 0, 0, 0, 0, 'A', 'L', 'I', 'V', 0xd8, 0xdf, 0x94, 0x6d };
    static const uint8_t asks[] = { 0,  0,  0,  25, 'A', 'S', 'K',  'S', 1, 2, 3, 4, 5, 6, 7, 8, 9,
                                    10, 11, 12, 13, 14,  15,  0xf0, 0,   0, 0, 0, 0, 0, 0, 3, 1 };
    struct gw_buf buf = said(sample_of(GW_CHUNK_ALIV));
    CHECK_EQ(buf.len, sizeof aliv);
    CHECK_MEM(buf.mem, aliv, sizeof aliv);
    say(&buf, sample_of(GW_CHUNK_ASKS));
    CHECK_EQ(buf.len, sizeof aliv + sizeof asks + GW_CHUNK_CRC_LEN);
    CHECK_MEM(buf.mem + sizeof aliv, asks, sizeof asks);
    gw_buf_free(&buf);
}

/* --- frames ------------------------------------------------------------------------------------------------------ */

static void a_cut_chunk_is_short_and_moves_nothing(void)
{
    for (unsigned i = 0; i < NUM(samples); i++) {
        struct gw_buf buf = said(&samples[i]);
        for (size_t len = 0; len < buf.len; len++) {
            uint8_t *copy = exact(buf.mem, len);
            struct gw_cur cur = gw_cur(copy, len);
            struct gw_chunk chunk;
            struct gw_err err = GW_ERR_NONE;
            CHECK_EQ(gw_chunk_take(&cur, &chunk, &err), -1);
            CHECK_FAIL(err, GW_E_SHORT, len < 8 ? "the header of a chunk needs 8 octets" : "header, data and crc need");
            CHECK(cur.p == copy && !cur.bad);
            free(copy);
        }
        gw_buf_free(&buf);
    }
}

static void a_flipped_bit_anywhere_is_found(void)
{
    for (unsigned i = 0; i < NUM(samples); i++) {
        struct gw_buf buf = said(&samples[i]);
        for (size_t bit = 0; bit < 8 * buf.len; bit++) {
            uint8_t *copy = exact(buf.mem, buf.len);
            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
            struct gw_cur cur = gw_cur(copy, buf.len);
            struct gw_chunk chunk;
            struct gw_err err = GW_ERR_NONE;
            CHECK_EQ(gw_chunk_take(&cur, &chunk, &err), -1);
            CHECK(cur.p == copy);
            CHECK(err.code != GW_E_SYSTEM && (err.code != GW_E_SHORT || bit < 32)); /* only a length can lack octets */
            if (bit >= 64)
                CHECK_FAIL(err, GW_E_INVALID, "its octets have the crc 0x");
            free(copy);
        }
        gw_buf_free(&buf);
    }
}

static int head(uint32_t length, const char *letters, struct gw_err *err)
{
    struct gw_buf buf = { 0 };
    struct gw_chunk_head out = { 0 };
    *err = GW_ERR_NONE;
    gw_put_be32(&buf, length);
    gw_put(&buf, letters, 4);
    int rc = gw_chunk_head_decode(gw_buf_cur(&buf), &out, err);
    CHECK(rc < 0 || out.length == length);
    gw_buf_free(&buf);
    return rc;
}

static void lengths_have_limits(void)
{
    static const struct {
        uint32_t length;
        const char *letters, *part; /* NULL: right */
    } rows[] = {
        { 1 << 20, "HELO", NULL },
        { (1 << 20) + 1, "HELO", "HELO: 1048577 octets of data, at most 1048576 are accepted" },
        { 64 << 20, "RECD", NULL },
        { (64 << 20) + 1, "RECD", "RECD: 67108865 octets of data, at most 67108864 are accepted" },
        { 16384, "SEEN", NULL },
        { 16385, "SEEN", "at most 16384" },
        { 1 << 20, "UNKN", NULL },
        { (1 << 20) + 1, "unKn", "unKn: 1048577 octets of data, at most 1048576" },
        { 0x7fffffff, "RECD", "at most 67108864" },
        { 0x80000000, "RECD", "RECD: 2147483648 octets of data, no chunk has more than 2^31 - 1" },
        { UINT32_MAX, "unKn", "no chunk has more than 2^31 - 1" },
        { 1, "ALIV", "ALIV: 1 octets of data, at most 0" },
        { 47, "DONE", "DONE: 47 octets of data, it has at least 48" },
        { 49, "DONE", "DONE: 49 octets of data, at most 48" },
    };
    for (unsigned i = 0; i < NUM(rows); i++) {
        struct gw_err err;
        CHECK_EQ(head(rows[i].length, rows[i].letters, &err), rows[i].part ? -1 : 0);
        if (rows[i].part != NULL)
            CHECK_FAIL(err, GW_E_INVALID, rows[i].part);
    }
}

/* The fewest octets of the table: one less lacks a field; as many are whole, but for a PAGE, which needs an entry. */
static void the_table_s_sizes_are_the_fields_sizes(void)
{
    for (unsigned i = 0; i < gw_num_chunk_types; i++) {
        const struct gw_chunk_info *row = &gw_chunk_types[i];
        uint8_t *zeros = calloc(1, row->least + 4);
        struct gw_message out;
        struct gw_err err;
        CHECK(row->sentence[0] != '\0' && row->least <= row->most && row->from >= 1 && row->from <= 3);
        CHECK(row->most <= GW_CHUNK_CONTROL_MAX || row->type == GW_CHUNK_RECD);
        zeros[3] = row->type == GW_CHUNK_HELO; /* the protocol */
        int rc = hear_data(row->type, zeros, row->least, &out, &err);
        bool wants_more = row->type == GW_CHUNK_PAGE || row->type == GW_CHUNK_CPUS || row->type == GW_CHUNK_TIME;
        CHECK_EQ(rc, wants_more ? -1 : 0);
        if (row->least > 0)
            CHECK(hear_data(row->type, zeros, row->least - 1, &out, &err) < 0);
        free(zeros);
    }
}

static void only_four_letters_are_a_type(void)
{
    static const char letters[] = "AZaz", others[] = { '@', '[', '`', '{', '0', ' ', '\0', '\x7f', '\xc3' };
    struct gw_err err;
    for (unsigned at = 0; at < 4; at++) {
        for (unsigned i = 0; i < 4; i++) {
            char type[] = "ANYT";
            type[at] = letters[i];
            CHECK_EQ(head(0, type, &err), at == 2 && letters[i] >= 'a' ? -1 : 0);
        }
        for (unsigned i = 0; i < sizeof others; i++) {
            char type[] = "ANYT";
            type[at] = others[i];
            CHECK_EQ(head(0, type, &err), -1);
            CHECK_FAIL(err, GW_E_INVALID, "instead of four letters");
        }
    }
    CHECK_EQ(head(0, "\x1b[2J", &err), -1);
    CHECK_HAS(err.msg, "'\\x1b[2J'");
}

static void chunks_stand_one_behind_the_other(void)
{
    struct gw_buf buf = { 0 };
    for (unsigned i = 0; i < NUM(samples); i++)
        say(&buf, &samples[i]);
    struct gw_cur cur = gw_buf_cur(&buf);
    for (unsigned i = 0; i < NUM(samples); i++) {
        struct gw_chunk chunk;
        struct gw_err err = GW_ERR_NONE;
        CHECK_EQ(gw_chunk_take(&cur, &chunk, &err), 0);
        CHECK_EQ(chunk.type, samples[i].type);
    }
    CHECK(gw_done(&cur));
    gw_buf_free(&buf);
}

/* Bit by bit, as PNG defines it. */
static uint32_t slow_crc(const uint8_t *mem, size_t len)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < 8 * len; i++)
        crc = crc >> 1 ^ ((crc ^ (uint32_t)mem[i / 8] >> i % 8) & 1 ? 0xedb88320u : 0);
    return ~crc;
}

static void the_crc_is_that_of_png(void)
{
    uint8_t mem[1000];
    for (unsigned i = 0; i < sizeof mem; i++)
        mem[i] = (uint8_t)(i * i >> 3);
    CHECK_EQ(gw_chunk_crc(0, "123456789", 9), 0xcbf43926);
    CHECK_EQ(gw_chunk_crc(0, NULL, 0), 0);
    for (size_t len = 0; len < sizeof mem; len += 1 + len / 16) {
        CHECK_EQ(gw_chunk_crc(0, mem, len), slow_crc(mem, len));
        CHECK_EQ(gw_chunk_crc(gw_chunk_crc(0, mem, len / 3), mem + len / 3, len - len / 3), slow_crc(mem, len));
    }
}

/* --- property bits ----------------------------------------------------------------------------------------------- */

/* All 16: bit 3 of the number is that of the first letter. */
static uint32_t with_bits(unsigned bits)
{
    static const uint32_t values[] = { GW_CHUNK_ANCILLARY, GW_CHUNK_PRIVATE, GW_CHUNK_RESERVED, GW_CHUNK_SAFE_TO_COPY };
    uint32_t type = 0x58595a57; /* XYZW */
    for (unsigned i = 0; i < 4; i++)
        type |= bits & 8u >> i ? values[i] : 0;
    return type;
}

static void each_combination_of_property_bits_has_its_duty(void)
{
    /* of XYZW to xyzw, known and not: D decode, S skip and report, R refuse */
    static const char known[] = "DDRRDDRRDDRRDDRR", unknown[] = "RRRRRRRRSSRRSSRR";
    static const char letters[] = "DSR";
    for (unsigned bits = 0; bits < 16; bits++) {
        uint32_t type = with_bits(bits);
        CHECK(gw_chunk_info(type) == NULL);
        CHECK_EQ(letters[gw_chunk_duty_if(type, true)], known[bits]);
        CHECK_EQ(letters[gw_chunk_duty_if(type, false)], unknown[bits]);
        CHECK_EQ(letters[gw_chunk_duty(type)], unknown[bits]);
    }
    for (unsigned i = 0; i < gw_num_chunk_types; i++)
        CHECK_EQ(gw_chunk_duty(gw_chunk_types[i].type), GW_DUTY_DECODE);
}

static void each_combination_of_property_bits_may_be_copied_or_not(void)
{
    /* of an unknown chunk: into a copy as it was, and into one whose critical chunks were changed */
    static const char same[] = "nnnnnnnnyynnyynn", changed[] = "nnnnnnnnnynnnynn";
    for (unsigned bits = 0; bits < 16; bits++) {
        CHECK_EQ(gw_chunk_may_copy(with_bits(bits), false), same[bits] == 'y');
        CHECK_EQ(gw_chunk_may_copy(with_bits(bits), true), changed[bits] == 'y');
    }
    CHECK(gw_chunk_may_copy(GW_CHUNK_DONE, false) && !gw_chunk_may_copy(GW_CHUNK_DONE, true));
    CHECK(gw_chunk_may_copy(GW_CHUNK_CPUS, false) && gw_chunk_may_copy(GW_CHUNK_CPUS, true));
}

static void each_combination_of_property_bits_passes_its_header(void)
{
    for (unsigned bits = 0; bits < 16; bits++) {
        struct gw_err err;
        uint32_t type = with_bits(bits);
        char name[GW_CHUNK_NAME_ROOM];
        CHECK_EQ(head(0, gw_chunk_name(type, name), &err), type & GW_CHUNK_RESERVED ? -1 : 0);
        if (type & GW_CHUNK_RESERVED)
            CHECK_FAIL(err, GW_E_REFUSED, "is lower case, which is reserved");
    }
}

static void a_private_chunk_names_its_owner(void)
{
    static const struct {
        const char *data;
        size_t len;
        const char *owner, *part; /* owner NULL: refused */
    } rows[] = {
        { "\4acmexyz", 8, "acme", NULL },
        { "\4acme", 5, "acme", NULL },
        { "\2\xc3\xa9", 3, "\xc3\xa9", NULL },
        { "", 0, NULL, "xyZw: field 'owner' does not fit into the 0 octets" },
        { "\4acm", 4, NULL, "field 'owner' does not fit into the 4 octets" },
        { "\0acme", 5, NULL, "names no owner" },
        { "\2\xc3\x28", 3, NULL, "no UTF-8" },
        { "\3a\0b", 4, NULL, "no UTF-8 without zeros" },
        { "{\"json\":1}", 10, NULL, "does not fit" },
    };
    for (unsigned i = 0; i < NUM(rows); i++) {
        uint8_t *copy = exact(rows[i].data, rows[i].len);
        struct gw_chunk chunk = { .type = with_bits(13), .data = gw_cur(copy, rows[i].len) };
        struct gw_str owner;
        struct gw_cur rest;
        struct gw_err err = GW_ERR_NONE;
        CHECK_EQ(gw_chunk_owner(&chunk, &owner, &rest, &err), rows[i].owner ? 0 : -1);
        if (rows[i].owner != NULL)
            CHECK(gw_str_is(owner, rows[i].owner) && gw_left(&rest) == rows[i].len - 1 - owner.len);
        else
            CHECK_FAIL(err, GW_E_INVALID, rows[i].part);
        free(copy);
    }
}

/* --- saying ------------------------------------------------------------------------------------------------------ */

static void check_unsaid(struct gw_buf *buf, const struct gw_message *message, const char *part)
{
    struct gw_err err = GW_ERR_NONE;
    size_t len = buf->len;
    CHECK_EQ(gw_chunk_encode(buf, message, &err), -1);
    CHECK_FAIL(err, GW_E_INVALID, part);
    CHECK_EQ(buf->len, len);
}

static void what_would_be_refused_is_not_said(void)
{
    struct gw_buf buf = said(sample_of(GW_CHUNK_ALIV));
    struct gw_message message = *sample_of(GW_CHUNK_STOP);
    message.stop.sentence = gw_str("caf\xe9");
    check_unsaid(&buf, &message, "STOP: field 'sentence' is no UTF-8");
    message = *sample_of(GW_CHUNK_PAGE);
    message.page.count = 4;
    check_unsaid(&buf, &message, "PAGE: 16 of its 104 octets of data stand behind the last field");
    message.page.count = 6;
    check_unsaid(&buf, &message, "PAGE: 6 entries need");
    message = *sample_of(GW_CHUNK_RECD);
    message.recd.record = 1;
    check_unsaid(&buf, &message, "page data");
    CHECK_EQ(buf.len, 12);
    say(&buf, sample_of(GW_CHUNK_ALIV));
    CHECK_MEM(buf.mem, buf.mem + 12, 12);
    gw_buf_free(&buf);
}

static void a_seen_holds_as_many_ranges_as_it_says(void)
{
    struct gw_buf list = { 0 }, buf = { 0 };
    struct gw_message message = *sample_of(GW_CHUNK_SEEN);
    for (unsigned i = 0; i < GW_CHUNK_RANGES_MAX; i++)
        gw_chunk_range_put(&list, 2 * i, 1);
    message.seen.num = GW_CHUNK_RANGES_MAX;
    message.seen.ranges = gw_buf_cur(&list);
    say(&buf, &message);
    CHECK(buf.len <= GW_CHUNK_HEAD_LEN + GW_CHUNK_SEEN_MAX + GW_CHUNK_CRC_LEN);
    gw_chunk_range_put(&list, 9, 1);
    message.seen.num++;
    message.seen.ranges = gw_buf_cur(&list);
    check_unsaid(&buf, &message, "SEEN: 16392 octets of data, at most 16384");
    gw_buf_free(&list);
    gw_buf_free(&buf);
}

static void a_chunk_of_64_mib_is_said_and_none_above(void)
{
    const size_t most = GW_CHUNK_RECORD_MAX - 4;
    uint8_t *body = calloc(1, most + 1);
    struct gw_buf buf = { 0 };
    struct gw_message message = { .type = GW_CHUNK_RECD, .recd = { .record = 9, .body = gw_cur(body, most) } };
    say(&buf, &message);
    CHECK_EQ(buf.len, GW_CHUNK_HEAD_LEN + GW_CHUNK_RECORD_MAX + GW_CHUNK_CRC_LEN);
    message.recd.body = gw_cur(body, most + 1);
    check_unsaid(&buf, &message, "RECD: 67108865 octets of data, at most 67108864");
    gw_buf_free(&buf);
    free(body);
}

static void a_buffer_without_memory_is_the_systems_failure(void)
{
    struct gw_buf buf = { .bad = true };
    struct gw_err err = GW_ERR_NONE;
    CHECK_EQ(gw_chunk_encode(&buf, sample_of(GW_CHUNK_HELO), &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot get memory");
}

static void an_unknown_chunk_can_be_framed(void)
{
    struct gw_buf buf = { 0 };
    struct gw_err err = GW_ERR_NONE;
    struct gw_chunk chunk;
    size_t begin = gw_chunk_begin(&buf, with_bits(13));
    gw_put(&buf, "\4acme", 5);
    CHECK_EQ(gw_chunk_end(&buf, begin, &err), 0);
    struct gw_cur cur = gw_buf_cur(&buf);
    CHECK_EQ(gw_chunk_take(&cur, &chunk, &err), 0);
    CHECK(chunk.type == with_bits(13) && gw_left(&chunk.data) == 5);
    begin = gw_chunk_begin(&buf, with_bits(2));
    CHECK_EQ(gw_chunk_end(&buf, begin, &err), -1);
    CHECK_FAIL(err, GW_E_REFUSED, "the third letter of chunk 'XYzW' is lower case");
    CHECK_EQ(buf.len, begin);
    gw_buf_free(&buf);
}

const struct test tests[] = {
    { "every-chunk-comes-back-as-it-was-said", every_chunk_comes_back_as_it_was_said },
    { "octets-are-as-written-down", octets_are_as_written_down },
    { "a-cut-chunk-is-short-and-moves-nothing", a_cut_chunk_is_short_and_moves_nothing },
    { "a-flipped-bit-anywhere-is-found", a_flipped_bit_anywhere_is_found },
    { "lengths-have-limits", lengths_have_limits },
    { "the-table-s-sizes-are-the-fields-sizes", the_table_s_sizes_are_the_fields_sizes },
    { "only-four-letters-are-a-type", only_four_letters_are_a_type },
    { "chunks-stand-one-behind-the-other", chunks_stand_one_behind_the_other },
    { "the-crc-is-that-of-png", the_crc_is_that_of_png },
    { "each-combination-of-property-bits-has-its-duty", each_combination_of_property_bits_has_its_duty },
    { "each-combination-of-property-bits-may-be-copied-or-not",
      each_combination_of_property_bits_may_be_copied_or_not },
    { "each-combination-of-property-bits-passes-its-header", each_combination_of_property_bits_passes_its_header },
    { "a-private-chunk-names-its-owner", a_private_chunk_names_its_owner },
    { "what-would-be-refused-is-not-said", what_would_be_refused_is_not_said },
    { "a-seen-holds-as-many-ranges-as-it-says", a_seen_holds_as_many_ranges_as_it_says },
    { "a-chunk-of-64-mib-is-said-and-none-above", a_chunk_of_64_mib_is_said_and_none_above },
    { "a-buffer-without-memory-is-the-systems-failure", a_buffer_without_memory_is_the_systems_failure },
    { "an-unknown-chunk-can-be-framed", an_unknown_chunk_can_be_framed },
    { NULL, NULL },
};
