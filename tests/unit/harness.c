/*
 * harness.c - the harness tests itself: each outcome of a row comes out as what it is.
 *
 * The rows of samples[] are run by test_main() in a child, and its output is looked at from here.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static void sample_passes(void)
{
    printf("nobody wants to know\n");
}

static void sample_fails(void)
{
    printf("said before the failure\n");
    CHECK_EQ(16, UINT64_MAX);
}

static void sample_skips(void)
{
    SKIP("there is no %s here", "moon");
}

static void sample_crashes(void)
{
    abort();
}

static void sample_hangs(void)
{
    for (;;)
        pause();
}

static void sample_leaves(void)
{
    exit(0);
}

static const struct test samples[] = {
    { "passes", sample_passes },
    { "fails", sample_fails },
    { "skips", sample_skips },
    { "crashes", sample_crashes },
    { "hangs", sample_hangs },
    { "leaves", sample_leaves },
    { NULL, NULL },
};

/* Runs samples[] with one argument, or all of it with NULL; the text stays until the process ends. */
static const char *run_samples(const char *arg, int *status)
{
    static char text[4096];
    int out = memfd_create("out", MFD_CLOEXEC);
    CHECK(out >= 0);
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        char name[] = "samples", copy[32];
        char *argv[] = { name, copy, NULL };
        snprintf(copy, sizeof copy, "%s", arg ? arg : "");
        setenv("GODWIT_TEST_SECONDS", "1", 1);
        dup2(out, STDOUT_FILENO);
        dup2(out, STDERR_FILENO);
        int result = test_main(samples, arg ? 2 : 1, argv);
        fflush(NULL);
        _exit(result);
    }
    int raw;
    CHECK(waitpid(pid, &raw, 0) == pid && WIFEXITED(raw));
    *status = WEXITSTATUS(raw);
    ssize_t len = pread(out, text, sizeof text - 1, 0);
    CHECK(len >= 0);
    text[len] = '\0';
    close(out);
    return text;
}

static void pass_is_ok_and_silent(void)
{
    int status;
    CHECK_STR(run_samples("passes", &status), "1..1\nok 1 - passes\n");
    CHECK_EQ(status, 0);
}

static void failure_shows_place_values_and_output(void)
{
    int status;
    const char *text = run_samples("fails", &status);
    CHECK_HAS(text, "1..1\nnot ok 1 - fails\n# exit status 1\n# said before the failure\n# ");
    CHECK_HAS(text, "harness.c:");
    CHECK_HAS(text, ": 16 is 16 (0x10), not 18446744073709551615 (0xffffffffffffffff)\n");
    CHECK_EQ(status, 1);
}

static void skip_gives_its_reason(void)
{
    int status;
    CHECK_STR(run_samples("skips", &status), "1..1\nok 1 - skips # SKIP there is no moon here\n");
    CHECK_EQ(status, 0);
}

static void crash_is_one_failure_with_the_signals_name(void)
{
    int status;
    CHECK_HAS(run_samples("crashes", &status), "1..1\nnot ok 1 - crashes\n# killed by SIGABRT\n");
    CHECK_EQ(status, 1);
}

static void hang_is_ended_and_fails(void)
{
    int status;
    CHECK_STR(run_samples("hangs", &status), "1..1\nnot ok 1 - hangs\n# timed out after 1 s\n");
    CHECK_EQ(status, 1);
}

static void exit_0_on_the_way_fails(void)
{
    int status;
    CHECK_STR(run_samples("leaves", &status), "1..1\nnot ok 1 - leaves\n# the process ended before its test did\n");
    CHECK_EQ(status, 1);
}

static void rows_go_on_after_a_crash(void)
{
    int status;
    const char *text = run_samples(NULL, &status);
    CHECK_HAS(text, "1..6\nok 1 - passes\nnot ok 2 - fails\n");
    CHECK_HAS(text, "\nnot ok 4 - crashes\n");
    CHECK_HAS(text, "\nnot ok 6 - leaves\n");
    CHECK_EQ(status, 1);
}

static void list_names_every_row(void)
{
    int status;
    CHECK_STR(run_samples("--list", &status), "passes\nfails\nskips\ncrashes\nhangs\nleaves\n");
    CHECK_EQ(status, 0);
}

static void unknown_name_is_wrong_use(void)
{
    int status;
    CHECK_HAS(run_samples("flies", &status), "no test 'flies' here");
    CHECK_EQ(status, 2);
}

const struct test tests[] = {
    { "pass-is-ok-and-silent", pass_is_ok_and_silent },
    { "failure-shows-place-values-and-output", failure_shows_place_values_and_output },
    { "skip-gives-its-reason", skip_gives_its_reason },
    { "crash-is-one-failure-with-the-signals-name", crash_is_one_failure_with_the_signals_name },
    { "hang-is-ended-and-fails", hang_is_ended_and_fails },
    { "exit-0-on-the-way-fails", exit_0_on_the_way_fails },
    { "rows-go-on-after-a-crash", rows_go_on_after_a_crash },
    { "list-names-every-row", list_names_every_row },
    { "unknown-name-is-wrong-use", unknown_name_is_wrong_use },
    { NULL, NULL },
};
