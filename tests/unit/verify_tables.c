/*
 * verify_tables.c - page tables in one reading that keeps them, and in further readings: the same findings, and a note
 * where not all could be looked at.
 */
#include <string.h>

#include "harness.h"
#include "images.h"
#include "verify.h"

#define FIRST 16                     /* pfn of the first L1 table; below: start_info, the p2m's frames, the root (2) */
#define WRONG UINT64_C(0x7ffffff001) /* present, and above every end_pfn */

/* A PV guest with so many L1 tables, empty but for an entry 7 that may be wrong. */
static void put_all(struct gw_buf *buf, uint32_t tables, uint64_t entry)
{
    uint64_t frames[64], entries[1024];
    uint8_t page[GW_PAGE_LEN] = { 0 };
    uint32_t end = FIRST + tables - 1, num = 0;
    struct gw_buf body = { 0 };
    for (uint32_t i = 0; i <= end / 512; i++)
        frames[i] = i == 0 ? 1 : i + 2;
    CHECK(end / 512 + 2 < FIRST);
    gw_p2m_frames_encode(&body, 0, end, frames, end / 512 + 1);
    put_record(buf, GW_REC_X86_PV_P2M_FRAMES, body.mem, body.len);
    gw_buf_free(&body);
    for (uint32_t pfn = 0; pfn <= end; pfn += num) {
        for (num = 0; num < 1024 && pfn + num <= end; num++) {
            unsigned type = pfn + num == 2 ? GW_PAGE_L4 | GW_PAGE_PINNED : GW_PAGE_L1;
            entries[num] = gw_entry(pfn + num, pfn + num < FIRST && pfn + num != 2 ? GW_PAGE_NOTAB : type);
        }
        gw_record_header_encode(buf, GW_REC_PAGE_DATA, (uint32_t)gw_page_data_len(num, num));
        gw_page_head_encode(buf, entries, num);
        for (uint32_t i = 0; i < num; i++) {
            memset(page, 0, sizeof page);
            if (pfn + i == 0)
                memcpy(page, "xen-3.0-x86_64", 15);
            if (pfn + i == FIRST)
                memcpy(page + 7 * sizeof entry, &entry, sizeof entry);
            gw_put(buf, page, sizeof page);
        }
    }
}

static struct gw_buf image_of(uint32_t tables, uint64_t entry, uint64_t later)
{
    struct gw_buf buf = { 0 }, body = { 0 };
    const struct gw_pv_info info = { .width = 8, .levels = 4 };
    put_headers(&buf, 2, GW_DOMAIN_PV);
    gw_pv_info_encode(&body, &info);
    put_record(&buf, GW_REC_X86_PV_INFO, body.mem, body.len);
    gw_buf_free(&body);
    put_all(&buf, tables, entry);
    if (later != entry)
        put_all(&buf, tables, later);
    put_tail(&buf, GW_DOMAIN_PV);
    put_record(&buf, GW_REC_END, NULL, 0);
    return buf;
}

static void read_image(const struct gw_buf *image, struct gw_sink *sink)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_wrap *wrap = gw_wrap_new(lend(image, NULL), gw_limit(PFN), &err);
    CHECK(wrap != NULL);
    CHECK_EQ(gw_wrap_run(wrap, sink, &err), 0);
    gw_wrap_close(wrap);
}

/* Further readings until the verdict wants none: how many. */
static unsigned read_on(const struct gw_buf *image, struct gw_sink *verifier, const struct gw_verdict *verdict)
{
    struct gw_err err = GW_ERR_NONE;
    unsigned readings = 0;
    for (; verdict->wants_tables; readings++) {
        struct gw_sink *again = gw_verify_again(verifier, &err);
        CHECK(again != NULL && readings < 2);
        read_image(image, again);
        CHECK(gw_verify_again_finish(again) == verdict);
        gw_sink_close(again);
    }
    return readings;
}

static struct gw_sink *new_verifier(bool keeps)
{
    struct gw_err err = GW_ERR_NONE;
    const struct gw_verify_opts opts = { .contents = keeps, .tables = keeps };
    struct gw_sink *verifier = gw_verifier(&opts, &err);
    CHECK(verifier != NULL);
    return verifier;
}

static void check(uint64_t entry, uint64_t later, unsigned readings, unsigned found)
{
    struct gw_buf image = image_of(5, entry, later);
    for (unsigned keeps = 0; keeps < 2; keeps++) {
        struct gw_sink *verifier = new_verifier(keeps);
        read_image(&image, verifier);
        const struct gw_verdict *verdict = gw_verify_finish(verifier);
        CHECK_EQ(verdict->wants_tables, !keeps);
        CHECK_EQ(read_on(&image, verifier, verdict), keeps ? 0 : readings);
        CHECK_EQ(verdict->times[GW_RULE_PV_PTE_RANGE], found);
        CHECK_EQ(verdict->times[GW_RULE_PV_TABLES_UNREAD], 0);
        CHECK_EQ(verdict->times[GW_RULE_STARTINFO_MAGIC], 0);
        CHECK(gw_verify_unread(verifier) == verdict);
        CHECK_EQ(verdict->times[GW_RULE_PV_TABLES_UNREAD], 0);
        gw_sink_close(verifier);
    }
    gw_buf_free(&image);
}

static void a_wrong_table_is_found_kept_and_read_again(void)
{
    check(0, 0, 1, 0);
    check(WRONG, WRONG, 1, 1);
}

static void the_last_contents_of_a_table_count(void)
{
    check(WRONG, 0, 2, 0);
    check(0, WRONG, 2, 1);
}

static void what_does_not_fit_is_told_in_a_note(void)
{
    uint32_t many = (uint32_t)(gw_limit(KEPT_TABLES) / GW_PAGE_LEN) + 10;
    struct gw_buf image = image_of(many, WRONG, WRONG);
    struct gw_sink *verifier = new_verifier(true);
    read_image(&image, verifier);
    const struct gw_verdict *verdict = gw_verify_finish(verifier);
    CHECK(verdict->wants_tables);
    CHECK_EQ(verdict->times[GW_RULE_PV_PTE_RANGE], 0);
    gw_verify_unread(verifier);
    CHECK(!verdict->wants_tables);
    CHECK_EQ(verdict->times[GW_RULE_PV_PTE_RANGE], 1); /* among those that fitted */
    CHECK_EQ(verdict->times[GW_RULE_PV_TABLES_UNREAD], 1);
    gw_sink_close(verifier);
    verifier = new_verifier(true);
    read_image(&image, verifier);
    verdict = gw_verify_finish(verifier);
    CHECK_EQ(read_on(&image, verifier, verdict), 1);
    CHECK_EQ(verdict->times[GW_RULE_PV_PTE_RANGE], 1);
    CHECK_EQ(verdict->times[GW_RULE_PV_TABLES_UNREAD], 0);
    gw_sink_close(verifier);
    gw_buf_free(&image);
}

/* A file that changed between the readings. */
static void what_is_not_there_again_is_told_in_a_note(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf image = image_of(5, 0, 0), other = small_image(PV_2);
    struct gw_sink *verifier = new_verifier(false);
    read_image(&image, verifier);
    CHECK(gw_verify_finish(verifier)->wants_tables);
    struct gw_sink *again = gw_verify_again(verifier, &err);
    read_image(&other, again);
    const struct gw_verdict *verdict = gw_verify_again_finish(again);
    CHECK(!verdict->wants_tables);
    CHECK_EQ(verdict->times[GW_RULE_PV_TABLES_UNREAD], 1);
    gw_sink_close(again);
    gw_sink_close(verifier);
    gw_buf_free(&image);
    gw_buf_free(&other);
}

const struct test tests[] = {
    { "a-wrong-table-is-found-kept-and-read-again", a_wrong_table_is_found_kept_and_read_again },
    { "the-last-contents-of-a-table-count", the_last_contents_of_a_table_count },
    { "what-does-not-fit-is-told-in-a-note", what_does_not_fit_is_told_in_a_note },
    { "what-is-not-there-again-is-told-in-a-note", what_is_not_there_again_is_told_in_a_note },
    { NULL, NULL },
};
