/*
 * bytes.c - the cursor knows its end, the builder remembers its failure.
 *
 * Octets lie in heap blocks of exactly their size, so that the address sanitizer sees one octet too far.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "harness.h"

static const uint8_t counting[8] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };

/* A copy that ends where its heap block ends; freed with the process. */
static uint8_t *exactly(const void *mem, size_t len)
{
    static uint8_t *last;
    free(last);
    last = malloc(len ? len : 1);
    CHECK(last != NULL);
    if (len > 0)
        memcpy(last, mem, len);
    return last;
}

static void little_endian_integers_come_as_written(void)
{
    struct gw_cur cur = gw_cur(counting, 8);
    CHECK_EQ(gw_u8(&cur), 0x01);
    CHECK_EQ(gw_u16(&cur), 0x4523);
    CHECK_EQ(gw_u32(&cur), 0xcdab8967);
    CHECK_EQ(gw_left(&cur), 1);
    cur = gw_cur(counting, 8);
    CHECK_EQ(gw_u64(&cur), UINT64_C(0xefcdab8967452301));
    CHECK(gw_done(&cur));
}

static void big_endian_integers_come_as_written(void)
{
    struct gw_cur cur = gw_cur(counting, 8);
    CHECK_EQ(gw_be16(&cur), 0x0123);
    CHECK_EQ(gw_be32(&cur), 0x456789ab);
    CHECK_EQ(gw_left(&cur), 2);
    cur = gw_cur(counting, 8);
    CHECK_EQ(gw_be64(&cur), UINT64_C(0x0123456789abcdef));
    CHECK(gw_done(&cur));
}

static uint64_t take_integer(struct gw_cur *cur, unsigned kind)
{
    switch (kind) {
    case 0: return gw_u8(cur);
    case 1: return gw_u16(cur);
    case 2: return gw_u32(cur);
    case 3: return gw_u64(cur);
    case 4: return gw_be16(cur);
    case 5: return gw_be32(cur);
    default: return gw_be64(cur);
    }
}

static void an_integer_that_does_not_fit_is_0_and_sticks(void)
{
    static const size_t sizes[] = { 1, 2, 4, 8, 2, 4, 8 };
    for (unsigned kind = 0; kind < 7; kind++)
        for (size_t there = 0; there < sizes[kind]; there++) {
            struct gw_cur cur = gw_cur(exactly(counting, there), there);
            CHECK_EQ(take_integer(&cur, kind), 0);
            CHECK(cur.bad);
            CHECK_EQ(gw_left(&cur), 0);
            CHECK(!gw_done(&cur));
            CHECK_EQ(gw_u8(&cur), 0); /* there may be octets left, but the cursor gives none of them */
            CHECK(gw_take(&cur, 0) == NULL);
        }
}

static void octets_are_lent_in_order(void)
{
    struct gw_cur cur = gw_cur(exactly(counting, 8), 8);
    CHECK_MEM(gw_take(&cur, 3), counting, 3);
    CHECK_MEM(gw_take(&cur, 5), counting + 3, 5);
    CHECK(gw_done(&cur));
    CHECK(gw_take(&cur, 1) == NULL);
    CHECK(cur.bad);
}

static void a_length_near_the_end_of_memory_does_not_wrap(void)
{
    struct gw_cur cur = gw_cur(counting, 8);
    CHECK(gw_take(&cur, SIZE_MAX) == NULL);
    CHECK(cur.bad);
}

static void nothing_taken_is_not_done_but_of_nothing(void)
{
    struct gw_cur cur = gw_cur(counting, 1), none = gw_cur(NULL, 0);
    CHECK(!gw_done(&cur));
    CHECK(gw_done(&none));
    gw_take(&none, 0);
    CHECK(gw_done(&none));
}

static void a_sub_cursor_cannot_leave_its_octets(void)
{
    struct gw_cur cur = gw_cur(counting, 8), sub = gw_sub(&cur, 3);
    CHECK_EQ(gw_u16(&sub), 0x2301);
    CHECK_EQ(gw_u16(&sub), 0);
    CHECK(sub.bad);
    CHECK(!cur.bad);
    CHECK_EQ(gw_u8(&cur), 0x67);
}

static void a_sub_cursor_of_too_much_spoils_both(void)
{
    struct gw_cur cur = gw_cur(counting, 8), sub = gw_sub(&cur, 9);
    CHECK(sub.bad);
    CHECK(cur.bad);
    CHECK_EQ(gw_u8(&sub), 0);
    CHECK_EQ(gw_left(&sub), 0);
}

static void an_empty_sub_cursor_is_done(void)
{
    struct gw_cur cur = gw_cur(counting, 8), sub = gw_sub(&cur, 0);
    CHECK(gw_done(&sub));
    CHECK_EQ(gw_left(&cur), 8);
}

static void what_is_built_is_what_is_taken(void)
{
    static const uint8_t want[] = { 1, 0x03, 0x02, 7, 6, 5, 4, 8, 7, 6, 5, 4, 3, 2, 1, 2,   3,
                                    4, 5,    6,    7, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 'a', 'b' };
    struct gw_buf buf = { 0 };
    struct gw_err err = GW_ERR_NONE;
    gw_put_u8(&buf, 1);
    gw_put_u16(&buf, 0x0203);
    gw_put_u32(&buf, 0x04050607);
    gw_put_u64(&buf, UINT64_C(0x0102030405060708));
    gw_put_be16(&buf, 0x0203);
    gw_put_be32(&buf, 0x04050607);
    gw_put_be64(&buf, UINT64_C(0x0102030405060708));
    gw_put_zeros(&buf, 3);
    gw_put(&buf, "ab", 2);
    gw_put(&buf, NULL, 0);
    CHECK_EQ(gw_buf_ok(&buf, &err), 0);
    CHECK_EQ(buf.len, sizeof want);
    CHECK_MEM(buf.mem, want, sizeof want);
    struct gw_cur cur = gw_buf_cur(&buf);
    CHECK_EQ(gw_left(&cur), sizeof want);
    gw_buf_free(&buf);
}

static void a_buffer_keeps_its_octets_as_it_grows(void)
{
    struct gw_buf buf = { 0 };
    for (uint32_t i = 0; i < 100000; i++)
        gw_put_u32(&buf, i);
    struct gw_cur cur = gw_buf_cur(&buf);
    for (uint32_t i = 0; i < 100000; i++)
        CHECK_EQ(gw_u32(&cur), i);
    CHECK(gw_done(&cur));
    gw_buf_free(&buf);
    CHECK(buf.mem == NULL && buf.len == 0 && buf.cap == 0 && !buf.bad);
}

static void room_is_not_counted_in(void)
{
    struct gw_buf buf = { 0 };
    uint8_t *room = gw_buf_room(&buf, 100);
    CHECK(room != NULL);
    memset(room, 0x5a, 100);
    CHECK_EQ(buf.len, 0);
    CHECK(gw_buf_room(&buf, 0) != NULL);
    gw_buf_free(&buf);
}

static void a_failed_growth_sticks(void)
{
    struct gw_buf buf = { 0 };
    struct gw_err err = GW_ERR_NONE;
    gw_put_u8(&buf, 7);
    CHECK(gw_buf_room(&buf, SIZE_MAX) == NULL);
    gw_put_u8(&buf, 8);
    gw_put_zeros(&buf, 8);
    CHECK(gw_buf_room(&buf, 1) == NULL);
    CHECK_EQ(buf.len, 1);
    errno = 0; /* of something else, long ago */
    CHECK_EQ(gw_buf_ok(&buf, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot get memory for a buffer");
    CHECK_EQ(err.sys, ENOMEM);
    gw_buf_free(&buf);
    gw_put_u8(&buf, 9);
    CHECK_EQ(buf.mem[0], 9);
    gw_buf_free(&buf);
}

const struct test tests[] = {
    { "little-endian-integers-come-as-written", little_endian_integers_come_as_written },
    { "big-endian-integers-come-as-written", big_endian_integers_come_as_written },
    { "an-integer-that-does-not-fit-is-0-and-sticks", an_integer_that_does_not_fit_is_0_and_sticks },
    { "octets-are-lent-in-order", octets_are_lent_in_order },
    { "a-length-near-the-end-of-memory-does-not-wrap", a_length_near_the_end_of_memory_does_not_wrap },
    { "nothing-taken-is-not-done-but-of-nothing", nothing_taken_is_not_done_but_of_nothing },
    { "a-sub-cursor-cannot-leave-its-octets", a_sub_cursor_cannot_leave_its_octets },
    { "a-sub-cursor-of-too-much-spoils-both", a_sub_cursor_of_too_much_spoils_both },
    { "an-empty-sub-cursor-is-done", an_empty_sub_cursor_is_done },
    { "what-is-built-is-what-is-taken", what_is_built_is_what_is_taken },
    { "a-buffer-keeps-its-octets-as-it-grows", a_buffer_keeps_its_octets_as_it_grows },
    { "room-is-not-counted-in", room_is_not_counted_in },
    { "a-failed-growth-sticks", a_failed_growth_sticks },
    { NULL, NULL },
};
