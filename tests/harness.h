/*
 * harness.h - a small forking test harness that speaks TAP.
 *
 * A test program is a table and nothing else:
 *
 *     #include "harness.h"
 *     static void is_even(void) { CHECK_EQ(4 % 2, 0); }
 *     const struct test tests[] = { { "four-is-even", is_even }, { NULL, NULL } };
 *
 * Each row runs in a process of its own, so a crash or a hang is one failed point. What a row prints is shown only
 * when it fails. Run without arguments: all rows; with names: those rows; with --list: their names.
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test {
    const char *name; /* states the fact that is tested */
    void (*run)(void);
};

/* The program's rows, defined by each test program; the last one has no name. */
extern const struct test tests[];

/* What main() does with tests[]; returns the exit status: 0, 1 (something failed), 2 (no such row). */
int test_main(const struct test *table, int argc, char **argv);

/* Each check ends the row when it does not hold, and says where and what. */
#define CHECK(x) ((x) ? (void)0 : test_fail(__FILE__, __LINE__, "not so: %s", #x))
#define CHECK_EQ(is, want) test_eq(__FILE__, __LINE__, #is, (uint64_t)(is), (uint64_t)(want))
#define CHECK_STR(is, want) test_str(__FILE__, __LINE__, #is, is, want)
#define CHECK_HAS(is, part) test_has(__FILE__, __LINE__, #is, is, part)
#define CHECK_MEM(is, want, len) test_mem(__FILE__, __LINE__, #is, is, want, len)

/* A struct gw_err holds this failure: an expected failure must be the right one. */
#define CHECK_FAIL(err, want, part)                                                                                    \
    do {                                                                                                               \
        CHECK_EQ((err).code, want);                                                                                    \
        CHECK_HAS((err).msg, part);                                                                                    \
    } while (0)

/* Ends the row as skipped; the sentence says what is missing. */
#define SKIP(...) test_skip(__VA_ARGS__)

__attribute__((noreturn, format(printf, 3, 4))) void test_fail(const char *file, int line, const char *fmt, ...);
__attribute__((noreturn, format(printf, 1, 2))) void test_skip(const char *fmt, ...);
void test_eq(const char *file, int line, const char *what, uint64_t is, uint64_t want);
void test_str(const char *file, int line, const char *what, const char *is, const char *want);
void test_has(const char *file, int line, const char *what, const char *is, const char *part);
void test_mem(const char *file, int line, const char *what, const void *is, const void *want, size_t len);

#endif
