/*
 * paging.c - virtual addresses through page tables of every shape, in a memory of this test's own.
 */
#include <string.h>

#include "harness.h"
#include "report.h"

#define NUM_PAGES 8

static uint8_t memory[NUM_PAGES][GW_PAGE_LEN];

static int fetch(void *arg, uint64_t pfn, uint8_t *page, struct gw_err *err)
{
    (void)arg;
    if (pfn >= NUM_PAGES)
        return gw_fail(err, GW_E_REFUSED, "no such page");
    memcpy(page, memory[pfn], GW_PAGE_LEN);
    return 0;
}

static void put(uint64_t pfn, unsigned at, unsigned len, uint64_t entry)
{
    for (unsigned i = 0; i < len; i++)
        memory[pfn][at + i] = (uint8_t)(entry >> 8 * i);
}

static struct gw_walked walk(struct gw_paging paging, uint64_t va)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_walked out;
    CHECK_EQ(gw_paging_walk(&paging, va, fetch, NULL, &out, &err), 0);
    return out;
}

/* pfn 1: L4, 2: L3, 3: L2, 4: L1; the address 0xffff888000602123 has indices 273, 0, 3, 2. */
static void clear_and_map(void)
{
    memset(memory, 0, sizeof memory);
    put(1, 273 * 8, 8, 2 << 12 | 1);
    put(2, 0, 8, 3 << 12 | 1);
    put(3, 3 * 8, 8, 4 << 12 | 1);
    put(4, 2 * 8, 8, UINT64_C(0x8000000000005067));
}

static void four_levels_end_at_a_page(void)
{
    clear_and_map();
    struct gw_walked w =
        walk((struct gw_paging){ .levels = 4, .entry_len = 8, .root = 1, .large = true }, UINT64_C(0xffff888000602123));
    CHECK(w.found);
    CHECK_EQ(w.num_steps, 4);
    CHECK_EQ(w.address, 0x5123);
    CHECK_EQ(w.page_len, 4096);
    CHECK_EQ(w.steps[0].index, 273);
    CHECK_EQ(w.steps[3].table, 4);
    CHECK_EQ(w.steps[3].entry, UINT64_C(0x8000000000005067));
}

static void large_pages_end_the_walk(void)
{
    struct gw_paging paging = { .levels = 4, .entry_len = 8, .root = 1, .large = true };
    clear_and_map();
    put(3, 3 * 8, 8, 0x40000000 | 0x81);
    struct gw_walked w = walk(paging, UINT64_C(0xffff888000602123));
    CHECK_EQ(w.num_steps, 3);
    CHECK_EQ(w.page_len, 2 << 20);
    CHECK_EQ(w.address, 0x40002123);
    put(2, 0, 8, UINT64_C(0x180000000) | 0x81);
    w = walk(paging, UINT64_C(0xffff888000602123));
    CHECK_EQ(w.page_len, 1 << 30);
    CHECK_EQ(w.address, 0x180602123);
}

static void without_large_pages_the_bit_means_nothing(void)
{
    clear_and_map();
    put(3, 3 * 8, 8, 4 << 12 | 0x81);
    struct gw_walked w =
        walk((struct gw_paging){ .levels = 4, .entry_len = 8, .root = 1 }, UINT64_C(0xffff888000602123));
    CHECK_EQ(w.num_steps, 4);
    CHECK_EQ(w.address, 0x5123);
}

static void five_levels_take_nine_bits_more(void)
{
    clear_and_map();
    put(0, 510 * 8, 8, 1 << 12 | 1);
    struct gw_walked w =
        walk((struct gw_paging){ .levels = 5, .entry_len = 8, .root = 0, .large = true }, UINT64_C(0xfffe888000602123));
    CHECK(w.found);
    CHECK_EQ(w.num_steps, 5);
    CHECK_EQ(w.address, 0x5123);
}

static void an_entry_that_is_not_present_ends_it(void)
{
    clear_and_map();
    put(3, 3 * 8, 8, 4 << 12);
    struct gw_walked w =
        walk((struct gw_paging){ .levels = 4, .entry_len = 8, .root = 1, .large = true }, UINT64_C(0xffff888000602123));
    CHECK(!w.found);
    CHECK_EQ(w.num_steps, 3);
    CHECK_EQ(w.steps[2].entry, 4 << 12);
}

static void pae_has_four_entries_anywhere_in_their_page(void)
{
    memset(memory, 0, sizeof memory);
    put(1, 0x40 + 3 * 8, 8, 3 << 12 | 1);
    put(3, 0, 8, 4 << 12 | 1);
    put(4, 8, 8, 6 << 12 | 1);
    struct gw_paging paging = { .levels = 3, .entry_len = 8, .root = 1, .root_at = 0x40, .large = true };
    struct gw_walked w = walk(paging, UINT64_C(0xffffffffc0001abc));
    CHECK(w.found);
    CHECK_EQ(w.address, 0x6abc);
    CHECK_EQ(w.steps[0].index, 3);
}

static void two_levels_have_pages_of_four_mebibytes(void)
{
    struct gw_paging paging = { .levels = 2, .entry_len = 4, .root = 1, .large = true };
    memset(memory, 0, sizeof memory);
    put(1, 768 * 4, 4, 3 << 12 | 1);
    put(3, 5 * 4, 4, 7 << 12 | 1);
    put(1, 769 * 4, 4, 0x00c00083 | 1 << 13);
    struct gw_walked w = walk(paging, 0xc0005321);
    CHECK_EQ(w.address, 0x7321);
    w = walk(paging, 0xc0405321);
    CHECK_EQ(w.num_steps, 1);
    CHECK_EQ(w.page_len, 4 << 20);
    CHECK_EQ(w.address, UINT64_C(0x100c05321));
}

static void without_paging_an_address_is_itself(void)
{
    struct gw_walked w = walk((struct gw_paging){ .entry_len = 8 }, 0x12345678);
    CHECK(w.found);
    CHECK_EQ(w.num_steps, 0);
    CHECK_EQ(w.address, 0x12345678);
}

static void a_table_that_is_not_there_is_said(void)
{
    struct gw_paging paging = { .levels = 4, .entry_len = 8, .root = 99 };
    struct gw_err err = GW_ERR_NONE;
    struct gw_walked out;
    CHECK_EQ(gw_paging_walk(&paging, 0, fetch, NULL, &out, &err), -1);
    CHECK(strstr(err.msg, "the L4 table at pfn 0x63 cannot be read") != NULL);
}

struct mapped {
    unsigned num;
    struct gw_mapping first, last;
};

static int map(void *arg, const struct gw_mapping *mapping, struct gw_err *err)
{
    struct mapped *m = arg;
    (void)err;
    if (m->num++ == 0)
        m->first = *mapping;
    CHECK(m->num == 1 || mapping->va > m->last.va);
    m->last = *mapping;
    return 0;
}

static struct mapped every(struct gw_paging paging)
{
    struct gw_err err = GW_ERR_NONE;
    struct mapped m = { 0 };
    CHECK_EQ(gw_paging_every(&paging, fetch, map, &m, &err), 0);
    return m;
}

static void every_mapping_of_the_upper_half_is_told(void)
{
    clear_and_map();
    put(1, 3 * 8, 8, 2 << 12 | 1); /* in the lower half */
    put(2, 511 * 8, 8, 0x40000000 | 0x81);
    struct mapped m = every((struct gw_paging){ .levels = 4, .entry_len = 8, .root = 1, .large = true });
    CHECK_EQ(m.num, 2);
    CHECK_EQ(m.first.va, UINT64_C(0xffff888000602000));
    CHECK_EQ(m.first.address, 0x5000);
    CHECK_EQ(m.first.len, 4096);
    CHECK_EQ(m.last.va, UINT64_C(0xffff88ffc0000000));
    CHECK_EQ(m.last.address, 0x40000000);
    CHECK_EQ(m.last.len, 1 << 30);
}

static void every_mapping_of_pae_begins_at_2_gib(void)
{
    memset(memory, 0, sizeof memory);
    put(1, 0x40, 8, 3 << 12 | 1);
    put(1, 0x40 + 3 * 8, 8, 3 << 12 | 1);
    put(3, 0, 8, 4 << 12 | 1);
    put(4, 8, 8, 6 << 12 | 1);
    struct mapped m =
        every((struct gw_paging){ .levels = 3, .entry_len = 8, .root = 1, .root_at = 0x40, .large = true });
    CHECK_EQ(m.num, 1);
    CHECK_EQ(m.first.va, 0xc0001000);
    CHECK_EQ(m.first.address, 0x6000);
}

static void tables_that_name_themselves_end(void)
{
    memset(memory, 0, sizeof memory);
    for (unsigned i = 0; i < 512; i++)
        put(1, 8 * i, 8, 1 << 12 | 1);
    struct mapped m = every((struct gw_paging){ .levels = 5, .entry_len = 8, .root = 1, .large = true });
    CHECK(m.num <= GW_TABLE_ALIASES * 512);
    for (unsigned i = 0; i < 512; i++)
        for (unsigned table = 1; table < NUM_PAGES; table++)
            put(table, 8 * i, 8, (1 + (table + i) % (NUM_PAGES - 1)) << 12 | 1);
    m = every((struct gw_paging){ .levels = 5, .entry_len = 8, .root = 1 });
    CHECK(m.num > 0 && m.num <= NUM_PAGES * GW_TABLE_ALIASES * 512);
}

static void tables_that_are_not_there_are_passed_over(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct mapped m = { 0 };
    clear_and_map();
    put(1, 300 * 8, 8, UINT64_C(99) << 12 | 1);
    CHECK_EQ(every((struct gw_paging){ .levels = 4, .entry_len = 8, .root = 1 }).num, 1);
    CHECK_EQ(every((struct gw_paging){ .levels = 4, .entry_len = 8, .root = 99 }).num, 0);
    const struct gw_paging off = { .entry_len = 8 };
    CHECK_EQ(gw_paging_every(&off, fetch, map, &m, &err), 0);
    CHECK_EQ(m.num, 0);
}

const struct test tests[] = {
    { "four-levels-end-at-a-page", four_levels_end_at_a_page },
    { "large-pages-end-the-walk", large_pages_end_the_walk },
    { "without-large-pages-the-bit-means-nothing", without_large_pages_the_bit_means_nothing },
    { "five-levels-take-nine-bits-more", five_levels_take_nine_bits_more },
    { "an-entry-that-is-not-present-ends-it", an_entry_that_is_not_present_ends_it },
    { "pae-has-four-entries-anywhere-in-their-page", pae_has_four_entries_anywhere_in_their_page },
    { "two-levels-have-pages-of-four-mebibytes", two_levels_have_pages_of_four_mebibytes },
    { "without-paging-an-address-is-itself", without_paging_an_address_is_itself },
    { "a-table-that-is-not-there-is-said", a_table_that_is_not_there_is_said },
    { "every-mapping-of-the-upper-half-is-told", every_mapping_of_the_upper_half_is_told },
    { "every-mapping-of-pae-begins-at-2-gib", every_mapping_of_pae_begins_at_2_gib },
    { "tables-that-name-themselves-end", tables_that_name_themselves_end },
    { "tables-that-are-not-there-are-passed-over", tables_that_are_not_there_are_passed_over },
    { NULL, NULL },
};
