/*
 * chunk_fields.c - the fields of each chunk: their bounds, lists, text, capabilities. Frames: chunk.c.
 */
#include <stdlib.h>
#include <string.h>

#include "chunks.h"
#include "harness.h"

static void lists_are_taken_one_by_one(void)
{
    struct gw_chunk_reason reason;
    struct gw_chunk_entry entry;
    struct gw_chunk_range range;
    struct gw_cur list = gw_cur(reasons, sizeof reasons);
    CHECK(gw_chunk_reason_take(&list, &reason));
    CHECK(reason.code == 7 && gw_str_is(reason.sentence, "no"));
    CHECK(gw_chunk_reason_take(&list, &reason));
    CHECK(reason.code == 256 && gw_str_is(reason.sentence, ""));
    CHECK(!gw_chunk_reason_take(&list, &reason));
    list = gw_cur(entries, sizeof entries);
    for (unsigned i = 1; i <= 5; i++) {
        CHECK(gw_chunk_entry_take(&list, &entry));
        CHECK_EQ(entry.entry & 0xff, i);
        CHECK_EQ(entry.check, (uint64_t)i << 56 | UINT64_C(0xc1c2c3c4c5c6c7));
    }
    CHECK(!gw_chunk_entry_take(&list, &entry));
    list = gw_cur(ranges, sizeof ranges);
    CHECK(gw_chunk_range_take(&list, &range) && range.first == 8 && range.count == 1);
    CHECK(gw_chunk_range_take(&list, &range) && range.first == 3 && range.count == 2);
    CHECK(!gw_chunk_range_take(&list, &range));
}

static void lists_are_built_as_they_are_taken(void)
{
    struct gw_buf buf = { 0 };
    gw_chunk_reason_put(&buf, 7, gw_str("no"));
    gw_chunk_reason_put(&buf, 256, gw_str(""));
    CHECK_EQ(buf.len, sizeof reasons);
    CHECK_MEM(buf.mem, reasons, sizeof reasons);
    gw_buf_free(&buf);
    gw_chunk_range_put(&buf, 8, 1);
    gw_chunk_range_put(&buf, 3, 2);
    CHECK_MEM(buf.mem, ranges, sizeof ranges);
    gw_buf_free(&buf);
    gw_chunk_entry_put(&buf, 1, UINT64_C(0x01c1c2c3c4c5c6c7));
    CHECK_MEM(buf.mem, entries, 16);
    gw_buf_free(&buf);
}

/* --- fields ------------------------------------------------------------------------------------------------------ */

static void data_cut_anywhere_are_refused(void)
{
    for (unsigned i = 0; i < NUM(samples); i++) {
        const struct gw_chunk_info *info = gw_chunk_info(samples[i].type);
        bool open = info->type == GW_CHUNK_RECD || info->type == GW_CHUNK_PROG; /* the last field is "the rest" */
        struct gw_buf buf = said(&samples[i]);
        size_t whole = buf.len - GW_CHUNK_HEAD_LEN - GW_CHUNK_CRC_LEN;
        for (size_t len = 0; len < whole; len++) {
            struct gw_err err;
            int rc = hear_cut(info->type, buf.mem + GW_CHUNK_HEAD_LEN, len, &err);
            CHECK_EQ(rc, open && (len >= info->least || info->type == GW_CHUNK_PROG) ? 0 : -1);
            CHECK_EQ(err.code, rc == 0 ? GW_E_OK : GW_E_INVALID);
        }
        gw_buf_free(&buf);
    }
}

/* An error in a critical chunk, ignored in an ancillary one (section 1). */
static void an_octet_behind_the_last_field(void)
{
    for (unsigned i = 0; i < NUM(samples); i++) {
        if (samples[i].type == GW_CHUNK_RECD || samples[i].type == GW_CHUNK_PROG)
            continue; /* their last field is "the rest" */
        struct gw_err err;
        struct gw_buf buf = said(&samples[i]);
        size_t len = buf.len - GW_CHUNK_HEAD_LEN - GW_CHUNK_CRC_LEN + 1; /* the crc's first octet */
        if (samples[i].type & GW_CHUNK_ANCILLARY)
            CHECK_EQ(hear_cut(samples[i].type, buf.mem + GW_CHUNK_HEAD_LEN, len, &err), 0);
        else
            check_refused(&samples[i], buf.mem + GW_CHUNK_HEAD_LEN, len, "octets of data stand behind the last field");
        gw_buf_free(&buf);
    }
}

#define AT(at, text, part) (at), (text), sizeof(text) - 1, (part)

/* Octets put into a sample at an offset of its data, and what must be said then. NULL: it is still right. */
static const struct {
    enum gw_chunk_type type;
    size_t at;
    const char *octets;
    size_t len;
    const char *part;
} bounds[] = {
    { GW_CHUNK_HELO, AT(8, "\0\0\1\0", "field 'program' does not fit into the 55 octets of data") },
    { GW_CHUNK_HELO, AT(8, "\xff\xff\xff\xff", "field 'program' does not fit") },
    { GW_CHUNK_HELO, AT(12, "g\0d", "field 'program' is no UTF-8 without zeros") },
    { GW_CHUNK_HELO, AT(54, "\xc3", "field 'capabilities' is no UTF-8") },
    { GW_CHUNK_HELO, AT(25, "\0\0\0\x1b", "field 'capabilities' does not fit") },
    { GW_CHUNK_OFFR, AT(28, "\xc0\x80", "field 'guest' is no UTF-8") },
    { GW_CHUNK_OFFR, AT(36, "\xff", "field 'kind' is no UTF-8") },
    { GW_CHUNK_OFFR, AT(38, "\0\x10\0\0\0\0\0\0", NULL) },
    { GW_CHUNK_OFFR, AT(38, "\0\x10\0\0\0\0\0\1", "field 'num_pfns' is 4503599627370497; a pfn has 52 bits") },
    { GW_CHUNK_OFFR, AT(46, "\xff", "field 'num_ram_pfns' is") },
    { GW_CHUNK_OFFR, AT(54, "\0", NULL) },
    { GW_CHUNK_OFFR, AT(54, "\2", "field 'live' is 2; 0 to 1 exist") },
    { GW_CHUNK_OFFR, AT(55, "\0\0\0\6", "field 'image' does not fit") },
    { GW_CHUNK_OFFR, AT(55, "\0\0\0\4", "1 of its 64 octets of data stand behind the last field") },
    { GW_CHUNK_ACPT, AT(20, "\x80", "field 'capabilities' is no UTF-8") },
    { GW_CHUNK_DENY, AT(0, "\0\0\0\3", "3 reasons need 8 octets each, 18 octets are there") },
    { GW_CHUNK_DENY, AT(0, "\xff\xff\xff\xff", "4294967295 reasons need") },
    { GW_CHUNK_DENY, AT(0, "\0\0\0\1", "8 of its 22 octets of data stand behind") },
    { GW_CHUNK_DENY, AT(12, "\xed", "field 'sentence' is no UTF-8") },
    { GW_CHUNK_DENY, AT(18, "\0\0\0\1", "field 'sentence' does not fit") },
    { GW_CHUNK_PAGE, AT(4, "\0\0\0\0", "it has no entry") },
    { GW_CHUNK_PAGE, AT(4, "\0\0\0\6", "6 entries need 16 octets each, 80 octets are there") },
    { GW_CHUNK_PAGE, AT(4, "\xff\xff\xff\xff", "4294967295 entries need 16 octets each, 80") },
    { GW_CHUNK_PAGE, AT(4, "\0\0\0\3", "do not fit the 1 pages") },
    { GW_CHUNK_PAGE, AT(8, "\1", NULL) },
    { GW_CHUNK_PAGE, AT(8, "\3", NULL) },
    { GW_CHUNK_PAGE, AT(8, "\4", "field 'encoding' is 4; 0 to 3 exist") },
    { GW_CHUNK_PAGE, AT(9, "\1", "the 7 octets behind the encoding are not zero") },
    { GW_CHUNK_PAGE, AT(15, "\x80", "the 7 octets behind the encoding are not zero") },
    { GW_CHUNK_PAGE, AT(22, "\x10", "4096 octets attached in encoding 0 do not fit the 2 pages") },
    { GW_CHUNK_PAGE, AT(22, "\x20\1", "8193 octets attached in encoding 0 do not fit the 2 pages") },
    { GW_CHUNK_PAGE, AT(8, "\2\0\0\0\0\0\0\0\0\0\0\0\0\0\x20\1", "8193 octets attached in encoding 2") },
    { GW_CHUNK_PAGE, AT(8, "\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "0 octets attached in encoding 2") },
    { GW_CHUNK_PAGE, AT(8, "\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", NULL) },
    { GW_CHUNK_PAGE, AT(24, "\x50", "entry 0 is 0x5000000000000001, which means nothing") },
    { GW_CHUNK_PAGE, AT(40, "\0\x30", "entry 1 is 0x0030000000000002, which means nothing") },
    { GW_CHUNK_PAGE, AT(88, "\xf0\x10", "entry 4 is 0xf010000000000005, which means nothing") },
    { GW_CHUNK_SEEN, AT(20, "\0\0\0\3", "3 ranges need 16 octets each, 32 octets are there") },
    { GW_CHUNK_SEEN, AT(20, "\xff\xff\xff\xff", "4294967295 ranges need") },
    { GW_CHUNK_SEEN, AT(20, "\0\0\0\1", "16 of its 56 octets of data stand behind") },
    { GW_CHUNK_SEEN, AT(32, "\0\0\0\0\0\0\0\0", "range 0 is 0 pfns from 0x8; at least one") },
    { GW_CHUNK_SEEN, AT(40, "\0\x10\0\0\0\0\0\0", "range 1 is 2 pfns from 0x10000000000000") },
    { GW_CHUNK_SEEN, AT(40, "\0\x0f\xff\xff\xff\xff\xff\xfe", NULL) },
    { GW_CHUNK_SEEN, AT(40, "\0\x0f\xff\xff\xff\xff\xff\xff", "range 1 is 2 pfns from 0xfffffffffffff") },
    { GW_CHUNK_SEEN, AT(40, "\xff", "range 1 is 2 pfns from 0xff00000000000003") },
    { GW_CHUNK_SEEN, AT(48, "\xff\xff\xff\xff\xff\xff\xff\xff", "range 1 is 18446744073709551615 pfns") },
    { GW_CHUNK_RECD, AT(0, "\0\0\0\1", "page data do not travel in it") },
    { GW_CHUNK_ASKS, AT(24, "\0", NULL) },
    { GW_CHUNK_ASKS, AT(24, "\2", "field 'may go on' is 2; 0 to 1 exist") },
    { GW_CHUNK_TELL, AT(16, "\4", "field 'answer' is 4; 0 to 3 exist") },
    { GW_CHUNK_TELL, AT(17, "\0\0\0\x16", "field 'sentence' does not fit") },
    { GW_CHUNK_STOP, AT(4, "\0\0\0\x8", "1 of its 17 octets of data stand behind") },
    { GW_CHUNK_STOP, AT(8, "\xfe", "field 'sentence' is no UTF-8") },
    { GW_CHUNK_PROG, AT(0, "\xff", "prOg: field 'json' is no UTF-8") },
    { GW_CHUNK_CPUS, AT(0, "\0\0\0\xc", "cpUs: field 'cpu' does not fit") },
};

static void each_field_has_its_bounds(void)
{
    for (unsigned i = 0; i < NUM(bounds); i++) {
        const struct gw_message *sample = sample_of(bounds[i].type);
        struct gw_buf buf = said(sample);
        struct gw_err err;
        size_t len = buf.len - GW_CHUNK_HEAD_LEN - GW_CHUNK_CRC_LEN;
        CHECK(bounds[i].at + bounds[i].len <= len);
        memcpy(buf.mem + GW_CHUNK_HEAD_LEN + bounds[i].at, bounds[i].octets, bounds[i].len);
        if (bounds[i].part != NULL)
            check_refused(sample, buf.mem + GW_CHUNK_HEAD_LEN, len, bounds[i].part);
        else
            CHECK_EQ(hear_cut(bounds[i].type, buf.mem + GW_CHUNK_HEAD_LEN, len, &err), 0);
        gw_buf_free(&buf);
    }
}

static void another_protocol_is_refused_whatever_follows(void)
{
    static const char later[] = "\0\0\0\2some other format";
    struct gw_err err;
    CHECK_EQ(hear_cut(GW_CHUNK_HELO, later, sizeof later - 1, &err), -1);
    CHECK_FAIL(err, GW_E_REFUSED, "HELO: the other side speaks protocol 2, this program speaks 1");
}

static void entries_say_what_they_carry(void)
{
    static const uint64_t flags[] = { 0, GW_ENTRY_ZERO, GW_ENTRY_HELD, GW_ENTRY_ZERO | GW_ENTRY_HELD };
    for (uint64_t type = 0; type < 16; type++) {
        bool exists = type < 5 || type > 8, contents = type < 13;
        for (unsigned i = 0; i < 4; i++) {
            uint64_t entry = type << 60 | flags[i] | 77;
            CHECK_EQ(gw_entry_right(entry), exists && (i == 0 || (i < 3 && contents)));
            CHECK(!exists || gw_entry_carries(entry) == (contents && i == 0));
        }
        for (unsigned bit = 54; bit < 60; bit++)
            CHECK(!gw_entry_right(type << 60 | UINT64_C(1) << bit));
    }
    CHECK(gw_entry_right(UINT64_C(0x000fffffffffffff)));
}

static void totals_are_equal_only_when_all_four_are(void)
{
    const struct gw_chunk_totals totals = sample_of(GW_CHUNK_DONE)->done.totals;
    struct gw_chunk_totals others[4] = { totals, totals, totals, totals };
    others[0].pages_digest[15] ^= 1;
    others[1].records_digest[0] ^= 1;
    others[2].num_pages++;
    others[3].num_records++;
    CHECK(gw_chunk_totals_equal(&totals, &totals));
    for (unsigned i = 0; i < 4; i++)
        CHECK(!gw_chunk_totals_equal(&totals, &others[i]));
}

static void only_utf8_without_zeros_is_text(void)
{
    static const struct {
        const char *text;
        bool right;
    } rows[] = {
        { "", true },
        { "plain \x01\x7f", true },
        { "\xc2\x80\xdf\xbf", true },
        { "\xe0\xa0\x80\xef\xbf\xbf", true },
        { "\xed\x9f\xbf\xee\x80\x80", true },
        { "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", true },
        { "\x80", false },
        { "\xbf", false },
        { "\xc0\x80", false },
        { "\xc1\xbf", false },
        { "\xc2", false },
        { "\xc2\x7f", false },
        { "\xc2\xc0", false },
        { "\xe0\x9f\xbf", false },
        { "\xe1\x80", false },
        { "\xe1\x80\x7f", false },
        { "\xed\xa0\x80", false },
        { "\xf0\x8f\xbf\xbf", false },
        { "\xf1\x80\x80", false },
        { "\xf4\x90\x80\x80", false },
        { "\xf5\x80\x80\x80", false },
        { "\xff", false },
        { "a\xe1\x80\x80\x80", false },
    };
    for (unsigned i = 0; i < NUM(rows); i++) {
        size_t len = strlen(rows[i].text);
        uint8_t *copy = exact(rows[i].text, len);
        CHECK_EQ(gw_is_utf8(copy, len), rows[i].right);
        free(copy);
    }
    CHECK(!gw_is_utf8("", 1));
    CHECK(gw_is_utf8(NULL, 0));
}

/* --- capabilities ------------------------------------------------------------------------------------------------ */

static void capabilities_are_what_both_name(void)
{
    static const struct {
        const char *first, *second, *common;
    } rows[] = {
        { "zero have zstd", "zstd zero", "zero zstd" },
        { "", "zero", "" },
        { "zero", "", "" },
        { "zero zero", "zero", "zero" },
        { "  zero   have ", "have  zero", "zero have" },
        { "zer zerox", "zero", "" },
        { "multi=8 zero", "zero multi=3", "multi=3 zero" },
        { "multi=3", "multi=8", "multi=3" },
        { "multi=3 multi=2", "multi=8", "multi=3" },
        { "multi=65535", "multi=65535", "multi=65535" },
        { "multi=65536", "multi=8", "" },
        { "multi=99999999999999999999", "multi=8", "" },
        { "multi=0", "multi=0", "" },
        { "multi=08", "multi=8", "" },
        { "multi=", "multi=", "" },
        { "multi=x", "multi=x", "" },
        { "multi=-1", "multi=-1", "" },
        { "multi", "multi", "multi" },
        { "zero", "ZERO zero\t", "" },
        { "unheard-of zero", "zero never-heard", "zero" },
    };
    for (unsigned i = 0; i < NUM(rows); i++) {
        struct gw_buf buf = { 0 };
        gw_put(&buf, "before", 6);
        gw_capabilities_common(&buf, gw_str(rows[i].first), gw_str(rows[i].second));
        gw_put_u8(&buf, 0);
        CHECK_STR((const char *)buf.mem + 6, rows[i].common);
        gw_buf_free(&buf);
    }
}

static void capabilities_can_be_asked_for(void)
{
    CHECK(gw_capabilities_have(gw_str("zero have"), "have"));
    CHECK(!gw_capabilities_have(gw_str("zero haven"), "have"));
    CHECK(!gw_capabilities_have((struct gw_str){ 0 }, "have"));
    CHECK_EQ(gw_capabilities_multi(gw_str("zero multi=7")), 7);
    CHECK_EQ(gw_capabilities_multi(gw_str("zero")), 1);
    CHECK_EQ(gw_capabilities_multi(gw_str("multi=x")), 1);
}

const struct test tests[] = {
    { "lists-are-taken-one-by-one", lists_are_taken_one_by_one },
    { "lists-are-built-as-they-are-taken", lists_are_built_as_they_are_taken },
    { "data-cut-anywhere-are-refused", data_cut_anywhere_are_refused },
    { "an-octet-behind-the-last-field-is-an-error-in-critical-chunks", an_octet_behind_the_last_field },
    { "each-field-has-its-bounds", each_field_has_its_bounds },
    { "another-protocol-is-refused-whatever-follows", another_protocol_is_refused_whatever_follows },
    { "entries-say-what-they-carry", entries_say_what_they_carry },
    { "totals-are-equal-only-when-all-four-are", totals_are_equal_only_when_all_four_are },
    { "only-utf8-without-zeros-is-text", only_utf8_without_zeros_is_text },
    { "capabilities-are-what-both-name", capabilities_are_what_both_name },
    { "capabilities-can-be-asked-for", capabilities_can_be_asked_for },
    { NULL, NULL },
};
