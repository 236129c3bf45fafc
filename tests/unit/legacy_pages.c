/*
 * legacy_pages.c - Remus' page compression: what a sender writes comes out, in whatever pieces it arrives, and every
 * run that is none is refused.
 */
#include <string.h>

#include "harness.h"
#include "legacy_pages.h"
#include "remus.h"

#define PAGES 40
#define WORDS (LEGACY_PAGE / 4)

/* A receiver's memory: page n of a round is page n of it. */
struct memory {
    uint8_t page[PAGES][LEGACY_PAGE];
    enum legacy_page_kind kind[PAGES];
    uint64_t at[PAGES], num;
};

static int before(void *arg, uint64_t number, uint8_t *page, struct gw_err *err)
{
    struct memory *m = arg;
    if (number >= PAGES)
        return gw_fail(err, GW_E_INVALID, "no entry");
    memcpy(page, m->page[number], LEGACY_PAGE);
    return 0;
}

static int done(void *arg, uint64_t number, enum legacy_page_kind kind, const uint8_t *page, uint64_t at,
                struct gw_err *err)
{
    struct memory *m = arg;
    if (number >= PAGES)
        return gw_fail(err, GW_E_INVALID, "no entry");
    CHECK_EQ(number, m->num);
    CHECK_EQ(page == NULL, kind == LEGACY_PAGE_SAME);
    m->kind[number] = kind;
    m->at[number] = at;
    m->num++;
    if (page != NULL)
        memcpy(m->page[number], page, LEGACY_PAGE);
    return 0;
}

static const struct legacy_pages_ops ops = { before, done };

static uint32_t seed = 1;

static uint32_t chance(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)(seed >> 8) * below) >> 24);
}

/* In pieces of 1 to most octets; 0: all at once. */
static int decode(struct memory *m, const void *octets, size_t len, uint32_t most, uint64_t announced,
                  struct gw_err *err)
{
    struct legacy_pages pages = { .ops = &ops, .arg = m };
    const uint8_t *p = octets;
    m->num = 0;
    for (size_t done = 0, piece; done < len; done += piece) {
        piece = most == 0 ? len : (size_t)gw_min(len - done, 1 + chance(most));
        if (legacy_pages_take(&pages, p + done, piece, err) < 0)
            return -1;
    }
    return legacy_pages_end(&pages, announced, err);
}

static struct memory memory;

static void the_worked_example_is_its_page(void)
{
    static const uint8_t octets[20] = { 0x82, 0x01, 0x44, 0x33, 0x22, 0x11, 0xff, 0xff, 0xff, 0xff,
                                        0xff, 0xff, 0xff, 0xff, 0x84, 0x01, 0x01, 0x00, 0x00, 0x00 };
    uint8_t want[LEGACY_PAGE] = { 0 };
    memcpy(want + 8, octets + 2, 4);
    want[4092] = 1;
    for (uint32_t most = 0; most < 22; most++) {
        struct gw_err err = GW_ERR_NONE;
        memset(&memory, 0, sizeof memory);
        CHECK_EQ(decode(&memory, octets, sizeof octets, most, 1, &err), 0);
        CHECK_EQ(memory.kind[0], LEGACY_PAGE_CHANGED);
        CHECK_MEM(memory.page[0], want, LEGACY_PAGE);
    }
}

static void an_unchanged_page_is_one_octet(void)
{
    static const uint8_t octets[3] = { 0 };
    struct gw_err err = GW_ERR_NONE;
    memset(memory.page, 7, sizeof memory.page);
    CHECK_EQ(decode(&memory, octets, sizeof octets, 0, 3, &err), 0);
    CHECK_EQ(memory.kind[2], LEGACY_PAGE_SAME);
    CHECK_EQ(memory.page[2][9], 7);
}

static void a_whole_page_says_where_it_lies(void)
{
    static uint8_t octets[2 + 4097 + 1];
    struct gw_err err = GW_ERR_NONE;
    octets[2] = 0x80;
    memset(octets + 3, 0x5a, LEGACY_PAGE);
    CHECK_EQ(decode(&memory, octets, sizeof octets, 0, 4, &err), 0);
    CHECK_EQ(memory.kind[2], LEGACY_PAGE_WHOLE);
    CHECK_EQ(memory.at[2], 3);
    CHECK_MEM(memory.page[2], octets + 3, LEGACY_PAGE);
}

static void nothing_at_all_is_a_round_without_pages(void)
{
    struct gw_err err = GW_ERR_NONE;
    CHECK_EQ(decode(&memory, "", 0, 0, 0, &err), 0);
}

/* --- a sender ---------------------------------------------------------------------------------------------------- */

/* Some edits, some of them to the same value; sometimes all of it, sometimes none. */
static void edit(uint8_t *page)
{
    uint32_t edits = chance(4) == 0 ? 0 : chance(5) == 0 ? 3000 : chance(40);
    for (uint32_t i = 0; i < edits; i++) {
        uint32_t word = chance(WORDS), len = 1 + chance(chance(8) == 0 ? 300 : 3);
        for (uint32_t at = 4 * word; at < gw_min(LEGACY_PAGE, 4 * (word + len)); at++)
            page[at] = (uint8_t)chance(256);
    }
}

static void random_edits_come_out_in_pieces_of_any_length(void)
{
    static uint8_t now[PAGES][LEGACY_PAGE];
    memset(&memory, 0, sizeof memory);
    for (uint32_t round = 0; round < 60; round++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_buf out = { 0 };
        uint32_t num = 1 + chance(PAGES);
        for (uint32_t i = 0; i < num; i++) {
            edit(now[i]);
            if (memcmp(now[i], memory.page[i], LEGACY_PAGE) == 0) {
                gw_put_u8(&out, 0);
            } else if (chance(6) == 0) {
                gw_put_u8(&out, 0x80);
                gw_put(&out, now[i], LEGACY_PAGE);
            } else {
                put_runs(&out, memory.page[i], now[i]);
            }
        }
        CHECK_EQ(gw_buf_ok(&out, &err), 0);
        CHECK_EQ(decode(&memory, out.mem, out.len, round % 3 == 0 ? 9 : 9000, num, &err), 0);
        CHECK_EQ(memory.num, num);
        for (uint32_t i = 0; i < num; i++)
            CHECK_MEM(memory.page[i], now[i], LEGACY_PAGE);
        gw_buf_free(&out);
    }
}

/* --- what is wrong ----------------------------------------------------------------------------------------------- */

static void refuses(const void *octets, size_t len, uint64_t announced, const char *why)
{
    for (uint32_t most = 0; most < 3; most++) {
        struct gw_err err = GW_ERR_NONE;
        CHECK_EQ(decode(&memory, octets, len, most, announced, &err), -1);
        CHECK_FAIL(err, GW_E_INVALID, why);
    }
}

static void a_run_of_no_words_is_refused(void)
{
    refuses("\x81\x00", 2, 1, "page 0 has a run of no words behind its word 1");
    refuses("\x01word\x80", 6, 1, "page 0 has a run of no words behind its word 1");
}

static void a_run_beyond_the_page_is_refused(void)
{
    refuses("\xff\xff\xff\xff\xff\xff\xff\xff\x89", 9, 1, "a run of 9 words behind its word 1016 of 1024");
    refuses("\xff\xff\xff\xff\xff\xff\xff\xff\x09", 9, 1, "a run of 9 words behind its word 1016 of 1024");
}

static void octets_that_are_missing_are_told(void)
{
    refuses("\x80whole", 6, 1, "end inside of page 0, behind 5 of its 4096 octets");
    refuses("\x00\x00\x83", 3, 3, "end inside of page 2, behind 12 of its 4096 octets");
    refuses("\x02wor", 4, 1, "end inside of page 0, behind 3 of its 4096 octets");
    refuses("\x02", 1, 1, "end inside of page 0, behind 0 of its 4096 octets");
}

static void as_many_pages_as_entries_are_right(void)
{
    refuses("\x00\x00", 2, 3, "2 compressed pages stand for 3 entries with contents");
    refuses("\x00\x00", 2, 1, "2 compressed pages stand for 1 entries with contents");
}

static void what_the_receiver_refuses_ends_it(void)
{
    static const uint8_t same[PAGES + 1];
    refuses(same, sizeof same, PAGES, "no entry");
    static uint8_t changed[PAGES + 1];
    changed[PAGES] = 0x81;
    refuses(changed, sizeof changed, PAGES, "no entry");
}

const struct test tests[] = {
    { "the-worked-example-is-its-page", the_worked_example_is_its_page },
    { "an-unchanged-page-is-one-octet", an_unchanged_page_is_one_octet },
    { "a-whole-page-says-where-it-lies", a_whole_page_says_where_it_lies },
    { "nothing-at-all-is-a-round-without-pages", nothing_at_all_is_a_round_without_pages },
    { "random-edits-come-out-in-pieces-of-any-length", random_edits_come_out_in_pieces_of_any_length },
    { "a-run-of-no-words-is-refused", a_run_of_no_words_is_refused },
    { "a-run-beyond-the-page-is-refused", a_run_beyond_the_page_is_refused },
    { "octets-that-are-missing-are-told", octets_that_are_missing_are_told },
    { "as-many-pages-as-entries-are-right", as_many_pages_as_entries_are_right },
    { "what-the-receiver-refuses-ends-it", what_the_receiver_refuses_ends_it },
    { NULL, NULL },
};
