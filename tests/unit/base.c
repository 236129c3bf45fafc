/*
 * base.c - sums that are checked, clocks, zeros, text for people, limits, and the door to the heap.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "harness.h"

static void sums_and_products_that_wrap_are_refused(void)
{
    uint64_t out;
    CHECK(gw_add(UINT64_MAX - 1, 1, &out) && out == UINT64_MAX);
    CHECK(!gw_add(UINT64_MAX, 1, &out));
    CHECK(gw_mul(UINT64_C(1) << 32, UINT32_MAX, &out) && out == (uint64_t)UINT32_MAX << 32);
    CHECK(!gw_mul(UINT64_C(1) << 32, UINT64_C(1) << 32, &out));
    CHECK(gw_mul(0, UINT64_MAX, &out) && out == 0);
}

static void padding_reaches_the_next_multiple_of_8(void)
{
    static const unsigned want[] = { 0, 7, 6, 5, 4, 3, 2, 1, 0, 7 };
    for (unsigned len = 0; len < 10; len++)
        CHECK_EQ(gw_pad8(len), want[len]);
    CHECK_EQ(gw_pad8(UINT32_MAX), 1);
    CHECK_EQ(gw_min(3, 4), 3);
    CHECK_EQ(gw_max(3, 4), 4);
}

static void a_simulated_clock_stands_until_it_is_moved(void)
{
    struct gw_clock clock = gw_clock_simulated(100);
    CHECK_EQ(gw_now(&clock), 100);
    CHECK_EQ(gw_now(&clock), 100);
    gw_clock_advance(&clock, UINT64_C(5000000000));
    CHECK_EQ(gw_now(&clock), UINT64_C(5000000100));
}

static void the_real_clock_never_goes_back(void)
{
    uint64_t last = gw_now(&gw_clock_real), first = last;
    while (last == first) {
        uint64_t now = gw_now(&gw_clock_real);
        CHECK(now >= last);
        last = now;
    }
}

static void one_octet_anywhere_is_not_all_zero(void)
{
    uint8_t *mem = calloc(1, 130 + 8);
    CHECK(mem != NULL);
    for (size_t skew = 0; skew < 8; skew++)
        for (size_t len = 0; len <= 130; len++) {
            uint8_t *p = mem + 138 - len - skew;
            CHECK(gw_is_zero(p, len));
            for (size_t i = 0; i < len; i++) {
                p[i] = i % 2 ? 0x80 : 1;
                CHECK(!gw_is_zero(p, len));
                CHECK(gw_is_zero(p, i));
                CHECK(gw_is_zero(p + i + 1, len - i - 1));
                p[i] = 0;
            }
        }
    free(mem);
}

static void strange_octets_are_escaped(void)
{
    char out[64];
    CHECK_STR(gw_escape(out, sizeof out, "a b~", 4), "a b~");
    CHECK_STR(gw_escape(out, sizeof out, "\\\033[2J\n\0\x7f\xff", 9), "\\x5c\\x1b[2J\\x0a\\x00\\x7f\\xff");
    CHECK_STR(gw_escape(out, sizeof out, "", 0), "");
}

/* In whatever room: a beginning of the whole text, and "..." exactly when it is not all of it. */
static void what_does_not_fit_is_cut_with_dots(void)
{
    static const char text[] = "ab\ncd\x01\x02zzzzzzzzzz\\";
    char whole[128];
    gw_escape(whole, sizeof whole, text, sizeof text - 1);
    for (size_t room = 8; room < sizeof whole; room++) {
        char *out = malloc(room);
        CHECK(out != NULL);
        gw_escape(out, room, text, sizeof text - 1);
        size_t len = strnlen(out, room);
        CHECK(len < room);
        if (strcmp(out, whole) != 0) {
            CHECK(len >= 3);
            CHECK_STR(out + len - 3, "...");
            CHECK_MEM(out, whole, len - 3);
        } else {
            CHECK(room > strlen(whole));
        }
        free(out);
    }
}

static void sizes_are_said_in_the_largest_unit_that_fits(void)
{
    static const struct {
        uint64_t octets;
        const char *want;
    } rows[] = {
        { 0, "0 octets" },
        { 1, "1 octet" },
        { 17, "17 octets" },
        { 1023, "1023 octets" },
        { 1024, "1 KiB" },
        { 1536, "1.5 KiB" },
        { 4096, "4 KiB" },
        { 1048576, "1 MiB" },
        { UINT64_C(1) << 30, "1 GiB" },
        { UINT64_C(5) << 39, "2.5 TiB" },
        { UINT64_C(3) << 50, "3 PiB" },
        { UINT64_C(1) << 63, "8 EiB" },
    };
    char out[32];
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_STR(gw_size_text(out, sizeof out, rows[i].octets), rows[i].want);
}

static void every_limit_has_a_name_a_value_and_a_sentence(void)
{
    for (unsigned i = 0; i < GW_NUM_LIMITS; i++) {
        CHECK(gw_limits[i].value > 0);
        CHECK(strlen(gw_limits[i].what) > 8);
        for (unsigned k = 0; k < i; k++)
            CHECK(strcmp(gw_limits[i].name, gw_limits[k].name) != 0);
    }
    CHECK_STR(gw_limits[GW_LIMIT_ID_PFN].name, "PFN");
}

static void limits_fit_to_each_other(void)
{
    CHECK_EQ(gw_limit(RECORD_LENGTH), 128 << 20);
    CHECK_EQ(gw_limit(PFN), UINT64_C(1) << 28);
    CHECK_EQ(gw_limit(PFN_MOST), UINT64_C(1) << 36);
    CHECK(gw_limit(KEPT_BODY) <= gw_limit(RECORD_LENGTH));
    CHECK(gw_limit(RECORD_LENGTH_OLD) <= gw_limit(RECORD_LENGTH));
    CHECK(gw_limit(PAGE_COUNT) * 8 < gw_limit(KEPT_BODY)); /* entries are kept, too */
    CHECK_EQ(gw_limit(BUFFER) % 4096, 0);
    CHECK(gw_limit(WINDOW) >= 512);
}

static void memory_comes_zeroed(void)
{
    struct gw_err err = GW_ERR_NONE;
    for (unsigned i = 0; i < 20; i++) {
        void *mem = gw_alloc(i, 97, &err);
        CHECK(mem != NULL);
        CHECK(gw_is_zero(mem, (size_t)97 * i));
        memset(mem, 0xff, (size_t)97 * i);
        gw_free(mem);
    }
}

static void growth_doubles_and_keeps(void)
{
    struct gw_err err = GW_ERR_NONE;
    void *mem = NULL;
    size_t cap = 0;
    CHECK_EQ(gw_grow(&mem, &cap, 3, 8, &err), 0);
    CHECK_EQ(cap, 3);
    memset(mem, 0x11, 24);
    void *before = mem;
    CHECK_EQ(gw_grow(&mem, &cap, 2, 8, &err), 0);
    CHECK(mem == before && cap == 3);
    CHECK_EQ(gw_grow(&mem, &cap, 4, 8, &err), 0);
    CHECK_EQ(cap, 6);
    for (unsigned i = 0; i < 24; i++)
        CHECK_EQ(((uint8_t *)mem)[i], 0x11);
    before = mem;
    CHECK_EQ(gw_grow(&mem, &cap, SIZE_MAX / 4, 8, &err), -1); /* the product does not fit */
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot get memory for");
    CHECK_EQ(err.sys, ENOMEM);
    CHECK(mem == before && cap == 6);
    gw_free(mem);
}

static void scopes_clean_up(void)
{
    struct gw_err err = GW_ERR_NONE;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    {
        gw_auto(gw_freep) char *text = gw_strdup("some text", &err); /* the leak checker would see it */
        gw_auto(gw_closep) int closed = fd;
        gw_auto(gw_closep) int none = -1;
        CHECK_STR(text, "some text");
        CHECK(closed > none);
        errno = ENOTTY;
    }
    CHECK_EQ(errno, ENOTTY);
    CHECK(fcntl(fd, F_GETFD) < 0 && errno == EBADF);
}

const struct test tests[] = {
    { "sums-and-products-that-wrap-are-refused", sums_and_products_that_wrap_are_refused },
    { "padding-reaches-the-next-multiple-of-8", padding_reaches_the_next_multiple_of_8 },
    { "a-simulated-clock-stands-until-it-is-moved", a_simulated_clock_stands_until_it_is_moved },
    { "the-real-clock-never-goes-back", the_real_clock_never_goes_back },
    { "one-octet-anywhere-is-not-all-zero", one_octet_anywhere_is_not_all_zero },
    { "strange-octets-are-escaped", strange_octets_are_escaped },
    { "what-does-not-fit-is-cut-with-dots", what_does_not_fit_is_cut_with_dots },
    { "sizes-are-said-in-the-largest-unit-that-fits", sizes_are_said_in_the_largest_unit_that_fits },
    { "every-limit-has-a-name-a-value-and-a-sentence", every_limit_has_a_name_a_value_and_a_sentence },
    { "limits-fit-to-each-other", limits_fit_to_each_other },
    { "memory-comes-zeroed", memory_comes_zeroed },
    { "growth-doubles-and-keeps", growth_doubles_and_keeps },
    { "scopes-clean-up", scopes_clean_up },
    { NULL, NULL },
};
