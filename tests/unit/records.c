/*
 * records.c - the record table, PAGE_DATA's entries, and what comes in rows: policies, HVM_CONTEXT.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "xenf.h"

/* --- the table --------------------------------------------------------------------------------------------------- */

static void numbers_and_names_are_unique(void)
{
    for (unsigned i = 0; i < gw_num_records; i++)
        for (unsigned k = 0; k < i; k++) {
            CHECK(gw_records[i].type != gw_records[k].type);
            CHECK(strcmp(gw_records[i].name, gw_records[k].name) != 0);
        }
    CHECK_EQ(gw_num_records, 0x13 + 4);
}

static void each_row_is_complete(void)
{
    for (unsigned i = 0; i < gw_num_records; i++) {
        const struct gw_record_info *info = &gw_records[i];
        bool own = (info->type & GW_REC_OPTIONAL) != 0;
        CHECK(strlen(info->name) > 2 && strlen(info->sentence) > 8);
        CHECK(info->guests > 0 && info->guests <= GW_GUEST_ANY);
        CHECK_EQ(info->kind == GW_KIND_OPTIONAL, own);
        CHECK_EQ(info->since == 0, own || info->kind == GW_KIND_RETIRED);
        CHECK(info->size.exact || info->size.unit > 0);
        CHECK(info->kind != GW_KIND_MARKER || (info->size.exact && info->size.least == 0));
        CHECK(info->longest == 0 || info->longest >= info->size.least);
        CHECK(info->empty == GW_NO_EMPTY_FORM || gw_record_size_right(info, info->empty));
    }
}

static void a_type_is_found_and_named(void)
{
    char room[32];
    for (unsigned i = 0; i < gw_num_records; i++) {
        CHECK(gw_record_info(gw_records[i].type) == &gw_records[i]);
        CHECK_STR(gw_record_name(gw_records[i].type, room, sizeof room), gw_records[i].name);
    }
    CHECK(gw_record_info(0x13) == NULL);
    CHECK(gw_record_info(UINT32_MAX) == NULL);
    CHECK_STR(gw_record_name(0x55, room, sizeof room), "unknown record 0x55");
    CHECK_STR(gw_record_name(UINT32_MAX, room, sizeof room), "unknown record 0xffffffff");
    CHECK_STR(gw_record_name(GW_REC_HVM_PARAMS, room, sizeof room), "HVM_PARAMS");
}

static void sizes_are_judged_by_their_rule(void)
{
    static const struct {
        uint32_t type, length;
        bool right;
    } rows[] = {
        { GW_REC_END, 0, true },
        { GW_REC_END, 1, false },
        { GW_REC_PAGE_DATA, 15, false },
        { GW_REC_PAGE_DATA, 16, true },
        { GW_REC_X86_PV_INFO, 8, true },
        { GW_REC_X86_PV_INFO, 16, false },
        { GW_REC_X86_PV_P2M_FRAMES, 8, false },
        { GW_REC_X86_PV_P2M_FRAMES, 16, true },
        { GW_REC_X86_PV_P2M_FRAMES, 20, false },
        { GW_REC_HVM_PARAMS, 7, false },
        { GW_REC_HVM_PARAMS, 8, true },
        { GW_REC_HVM_PARAMS, 16, false },
        { GW_REC_HVM_PARAMS, 24, true },
        { GW_REC_X86_CPUID_POLICY, 0, false },
        { GW_REC_X86_CPUID_POLICY, 48, true },
        { GW_REC_X86_CPUID_POLICY, 47, false },
        { GW_REC_IMAGE_DIGEST, 56, true },
        { GW_REC_IMAGE_DIGEST, 57, false },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_EQ(gw_record_size_right(gw_record_info(rows[i].type), rows[i].length), rows[i].right);
}

static void versions_2_and_3_are_read_and_written(void)
{
    CHECK_EQ(gw_num_versions, 2);
    for (unsigned i = 0; i < 2; i++)
        CHECK(gw_versions[i].version == 2 + i && gw_versions[i].reads && gw_versions[i].writes);
}

/* --- PAGE_DATA --------------------------------------------------------------------------------------------------- */

static int decode_head(const char *body, uint32_t length, uint32_t *count, struct gw_err *err)
{
    uint32_t reserved = 77;
    *err = GW_ERR_NONE;
    *count = 99;
    return gw_page_head_decode(gw_cur(body, length < 8 ? length : 8), length, count, &reserved, err);
}

static void a_count_that_lies_is_refused(void)
{
    struct gw_err err;
    uint32_t count;
    static const struct {
        const char *body;
        uint32_t length;
        const char *rule;
    } rows[] = {
        { "", 0, "page-short" },
        { "\1\0\0\0\0\0\0", 7, "page-short" },
        { "\0\0\0\0\0\0\0", 8, "page-count-zero" },
        { "\0\0\0\0\0\0\0", 16, "page-count-zero" },
        { "\1\0\0\0\0\0\0", 8, "page-short" },
        { "\1\0\0\0\0\0\0", 15, "page-short" },
        { "\2\0\0\0\0\0\0", 16, "page-count-array" },
        { "\xff\xff\xff\xff\0\0\0", UINT32_MAX, "page-count-array" },
        { "\1\0\x10\0\0\0\0", 9u << 20, "page-count-limit" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_EQ(decode_head(rows[i].body, rows[i].length, &count, &err), -1);
        CHECK_EQ(err.code, GW_E_INVALID);
        CHECK_STR(err.rule, rows[i].rule);
        CHECK_EQ(count, 99);
    }
    CHECK_EQ(decode_head("\1\0\0\0\5\0\0", 16, &count, &err), 0);
    CHECK_EQ(count, 1);
    CHECK_EQ(decode_head("\0\0\x10\0\0\0\0", 8 + (8u << 20), &count, &err), 0);
    CHECK_EQ(count, 1u << 20);
}

static void a_head_that_is_cut_is_short(void)
{
    struct gw_err err = GW_ERR_NONE;
    uint32_t count, reserved;
    CHECK_EQ(gw_page_head_decode(gw_cur("\1\0\0\0\0", 5), 16, &count, &reserved, &err), -1);
    CHECK_FAIL(err, GW_E_SHORT, "PAGE_DATA's header is not whole");
    CHECK_STR(err.rule, "rec-truncated-body");
}

static void each_page_type_is_what_the_format_says(void)
{
    for (unsigned type = 0; type < 16; type++) {
        uint64_t entry = htole64(gw_entry(5, type));
        uint32_t contents = 0;
        struct gw_err err = GW_ERR_NONE;
        bool exists = type < 5 || type > 8;
        CHECK_EQ(gw_entries_decode(&entry, 1, 6, &contents, &err), exists ? 0 : -1);
        if (exists) {
            CHECK_EQ(contents, type < 13);
            CHECK_EQ(gw_entry_pfn(entry), 5);
            CHECK_EQ(gw_entry_type(entry), type);
            CHECK(strcmp(gw_page_type_name(type), "reserved") != 0);
        } else {
            CHECK_FAIL(err, GW_E_INVALID, "which means nothing");
            CHECK_STR(err.rule, "page-type");
            CHECK_STR(gw_page_type_name(type), "reserved");
        }
        CHECK_EQ(gw_type_populates(type), type < 13 || type == 14);
        CHECK_EQ(gw_type_table_level(type), type >= 1 && type <= 4 ? type : type >= 9 && type <= 12 ? type - 8 : 0);
    }
    CHECK_STR(gw_page_type_name(16), "reserved");
    CHECK_STR(gw_page_type_name(GW_PAGE_XTAB), "hole");
}

static void a_pfn_at_the_bound_is_refused(void)
{
    uint64_t entries[] = { htole64(9), htole64(10 | GW_ENTRY_RESERVED), htole64(11) };
    uint32_t contents = 0;
    struct gw_err err = GW_ERR_NONE;
    CHECK_EQ(gw_entries_decode(entries, 3, 11, &contents, &err), -1);
    CHECK_FAIL(err, GW_E_INVALID, "entry 2 names pfn 0xb; pfns below 0xb are read");
    CHECK_STR(err.rule, "page-pfn-limit");
    entries[2] = htole64(GW_PFN_MASK);
    contents = 0;
    err = GW_ERR_NONE;
    CHECK_EQ(gw_entries_decode(entries, 3, gw_limit(PFN_MOST), &contents, &err), -1);
    CHECK_STR(err.rule, "page-pfn-limit");
}

static void the_length_of_page_data_fits_at_every_bound(void)
{
    struct gw_buf buf = { 0 };
    uint64_t entries[] = { gw_entry(3, GW_PAGE_XTAB), gw_entry(4, 0) };
    CHECK_EQ(gw_page_data_len(1, 0), 16);
    CHECK_EQ(gw_page_data_len(2, 1), 8 + 16 + 4096);
    CHECK_EQ(gw_page_data_len(UINT32_MAX, UINT32_MAX), 8 + 4104 * (uint64_t)UINT32_MAX);
    gw_page_head_encode(&buf, entries, 2);
    CHECK_EQ(buf.len, gw_page_data_len(2, 0));
    CHECK_MEM(buf.mem, "\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\xf0\4\0\0\0\0\0\0\0", 24);
    gw_buf_free(&buf);
}

static void a_check_is_the_xxh3_of_the_page(void)
{
    static uint8_t page[GW_PAGE_LEN];
    CHECK_EQ(gw_page_check(page), UINT64_C(0x93d76fe148c689ba)); /* both values are tests/golden/xxh3.py's */
    for (unsigned i = 0; i < sizeof page; i++)
        page[i] = (uint8_t)i;
    CHECK_EQ(gw_page_check(page), UINT64_C(0xeb4b7c3707879151));
}

/* --- what comes in rows ------------------------------------------------------------------------------------------ */

static void a_policy_is_whole_rows_and_not_empty(void)
{
    for (uint32_t length = 0; length < 100; length++) {
        struct gw_err cpuid = GW_ERR_NONE, msr = GW_ERR_NONE;
        CHECK_EQ(gw_cpuid_policy_check(length, &cpuid), length > 0 && length % 24 == 0 ? 0 : -1);
        CHECK_STR(cpuid.rule, length == 0 ? "cpuid-zero" : length % 24 ? "cpuid-multiple" : NULL);
        CHECK_EQ(gw_msr_policy_check(length, &msr), length > 0 && length % 16 == 0 ? 0 : -1);
        CHECK_STR(msr.rule, length == 0 ? "msr-zero" : length % 16 ? "msr-multiple" : NULL);
    }
}

static void leaves_and_msrs_come_as_they_went(void)
{
    struct gw_buf buf = { 0 };
    struct gw_cpuid_leaf leaf = { 1, GW_CPUID_NO_SUBLEAF, 3, 4, 5, 0x80000006 }, leaf_again;
    struct gw_msr_entry msr = { 0xce, 1, UINT64_C(0x8000000000000002) }, msr_again;
    gw_cpuid_leaf_encode(&buf, &leaf);
    CHECK_EQ(buf.len, GW_CPUID_LEAF_LEN);
    gw_msr_entry_encode(&buf, &msr);
    CHECK_EQ(buf.len, GW_CPUID_LEAF_LEN + GW_MSR_ENTRY_LEN);
    struct gw_cur cur = gw_buf_cur(&buf);
    leaf_again = gw_cpuid_leaf_take(&cur);
    msr_again = gw_msr_entry_take(&cur);
    CHECK(gw_done(&cur));
    CHECK_MEM(&leaf_again, &leaf, sizeof leaf);
    CHECK_MEM(&msr_again, &msr, sizeof msr);
    gw_buf_free(&buf);
}

/* An entry of 5 octets: in a body cut anywhere it is not taken, and nothing beyond the body is looked at. */
static void an_entry_of_hvm_context_is_whole_or_none(void)
{
    static const char body[] = "\2\0\1\0\5\0\0\0abcde";
    for (size_t len = 0; len < sizeof body; len++) {
        uint8_t *mem = malloc(len ? len : 1);
        CHECK(mem != NULL);
        memcpy(mem, body, len);
        struct gw_cur cur = gw_cur(mem, len);
        struct gw_hvm_entry entry = { .length = 1234 };
        if (gw_hvm_entry_take(&cur, &entry)) {
            CHECK_EQ(len, 13);
            CHECK(entry.type == 2 && entry.instance == 1 && entry.length == 5 && gw_left(&entry.data) == 5);
            CHECK(gw_done(&cur));
        } else {
            CHECK(len < 13);
            CHECK(cur.bad && entry.length == 1234);
        }
        free(mem);
    }
}

static void cpu_text_is_short_and_printable(void)
{
    uint8_t text[65];
    memset(text, 'x', sizeof text);
    CHECK(!gw_is_cpu_text(text, 0));
    CHECK(gw_is_cpu_text(text, 1));
    CHECK(gw_is_cpu_text(text, 64));
    CHECK(!gw_is_cpu_text(text, 65));
    for (unsigned octet = 0; octet < 256; octet++) {
        text[3] = (uint8_t)octet;
        CHECK_EQ(gw_is_cpu_text(text, 4), octet >= ' ' && octet <= '~');
    }
}

const struct test tests[] = {
    { "numbers-and-names-are-unique", numbers_and_names_are_unique },
    { "each-row-is-complete", each_row_is_complete },
    { "a-type-is-found-and-named", a_type_is_found_and_named },
    { "sizes-are-judged-by-their-rule", sizes_are_judged_by_their_rule },
    { "versions-2-and-3-are-read-and-written", versions_2_and_3_are_read_and_written },
    { "a-count-that-lies-is-refused", a_count_that_lies_is_refused },
    { "a-head-that-is-cut-is-short", a_head_that_is_cut_is_short },
    { "each-page-type-is-what-the-format-says", each_page_type_is_what_the_format_says },
    { "a-pfn-at-the-bound-is-refused", a_pfn_at_the_bound_is_refused },
    { "the-length-of-page-data-fits-at-every-bound", the_length_of_page_data_fits_at_every_bound },
    { "a-check-is-the-xxh3-of-the-page", a_check_is_the_xxh3_of_the_page },
    { "a-policy-is-whole-rows-and-not-empty", a_policy_is_whole_rows_and_not_empty },
    { "leaves-and-msrs-come-as-they-went", leaves_and_msrs_come_as_they_went },
    { "an-entry-of-hvm-context-is-whole-or-none", an_entry_of_hvm_context_is_whole_or_none },
    { "cpu-text-is-short-and-printable", cpu_text_is_short_and_printable },
    { NULL, NULL },
};
