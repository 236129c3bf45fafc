/*
 * harness.c - runs the rows of a unit test program, each in a child process, and reports in TAP.
 *
 * Four outcomes: passed, failed, skipped, crashed (killed by a signal, the alarm among them); a crash counts as failed.
 * A row passes only by coming back from its function: exit(0) on the way is a failure.
 * Output of the child goes into a memory file and is shown, as TAP comments, behind a point that failed.
 * Tests: tests/unit/harness.c.
 */
#include <ctype.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

enum {
    EXIT_SKIPPED = 77,
    SECONDS_MAX = 300, /* per row, unless GODWIT_TEST_SECONDS says otherwise: one that hangs, not one under load */
};

/* What a child tells its parent beside its exit status. */
struct note {
    bool came_back;
    char reason[256];
};
static struct note *note;

static void die(const char *what)
{
    perror(what);
    exit(2);
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    printf("%s:%d: ", file, line);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
    fflush(NULL);
    _exit(1); /* not exit(): a row that failed half-way may well leak */
}

void test_skip(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(note->reason, sizeof note->reason, fmt, args);
    va_end(args);
    fflush(NULL);
    _exit(EXIT_SKIPPED);
}

void test_eq(const char *file, int line, const char *what, uint64_t is, uint64_t want)
{
    if (is != want)
        test_fail(file, line, "%s is %" PRIu64 " (%#" PRIx64 "), not %" PRIu64 " (%#" PRIx64 ")", what, is, is, want,
                  want);
}

void test_str(const char *file, int line, const char *what, const char *is, const char *want)
{
    if (is == want || (is && want && strcmp(is, want) == 0))
        return;
    test_fail(file, line, "%s is\n  '%s', not\n  '%s'", what, is ? is : "(null)", want ? want : "(null)");
}

void test_has(const char *file, int line, const char *what, const char *is, const char *part)
{
    if (!is || !strstr(is, part))
        test_fail(file, line, "%s is\n  '%s', without\n  '%s'", what, is ? is : "(null)", part);
}

void test_mem(const char *file, int line, const char *what, const void *is, const void *want, size_t len)
{
    const uint8_t *a = is, *b = want;
    for (size_t at = 0; at < len; at++) {
        if (a[at] != b[at])
            test_fail(file, line, "%s differs at octet %zu: %#x, not %#x", what, at, a[at], b[at]);
    }
}

static unsigned seconds_max(void)
{
    const char *text = getenv("GODWIT_TEST_SECONDS");
    unsigned long value = text && isdigit((unsigned char)*text) ? strtoul(text, NULL, 10) : 0;
    return value > 0 && value <= 86400 ? (unsigned)value : SECONDS_MAX;
}

__attribute__((noreturn)) static void run_child(const struct test *row, int log)
{
    setpgid(0, 0); /* so that the parent can end what the row leaves running */
    if (dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
        die("dup2");
    alarm(seconds_max());
    row->run();
    note->came_back = true;
    exit(0); /* not _exit(): the leak checker looks at the end of the process */
}

/* Why the row failed, in words; NULL when it did not. */
static const char *verdict(int status, char *words, size_t size)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        snprintf(words, size, "timed out after %u s", seconds_max());
    else if (WIFSIGNALED(status))
        snprintf(words, size, "killed by SIG%s", sigabbrev_np(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == EXIT_SKIPPED && note->reason[0])
        return NULL;
    else if (WEXITSTATUS(status) != 0)
        snprintf(words, size, "exit status %d", WEXITSTATUS(status));
    else if (!note->came_back)
        snprintf(words, size, "the process ended before its test did");
    else
        return NULL;
    return words;
}

static void print_log(int log)
{
    FILE *file = fdopen(log, "r");
    if (!file)
        die("fdopen");
    rewind(file);
    bool fresh = true;
    for (int c; (c = getc(file)) != EOF; fresh = c == '\n') {
        if (fresh)
            fputs("# ", stdout);
        putchar(c);
    }
    if (!fresh)
        putchar('\n');
    fclose(file);
}

static bool run_row(const struct test *row, unsigned number)
{
    *note = (struct note){ 0 };
    int log = memfd_create("log", MFD_CLOEXEC);
    if (log < 0)
        die("memfd_create");
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0)
        run_child(row, log);
    int status;
    if (waitpid(pid, &status, 0) != pid)
        die("waitpid");
    kill(-pid, SIGKILL);

    char words[128];
    const char *failure = verdict(status, words, sizeof words);
    const char *skipped = !failure && note->reason[0] ? " # SKIP " : "";
    printf("%sok %u - %s%s%s\n", failure ? "not " : "", number, row->name, skipped, *skipped ? note->reason : "");
    if (failure) {
        printf("# %s\n", failure);
        print_log(log);
    } else {
        close(log);
    }
    return !failure;
}

static const struct test *find_row(const struct test *table, const char *name)
{
    for (; table->name; table++) {
        if (strcmp(table->name, name) == 0)
            return table;
    }
    fprintf(stderr, "no test '%s' here; --list shows them\n", name);
    return NULL;
}

static int run_named(const struct test *table, int argc, char **argv)
{
    bool failed = false;
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        const struct test *row = find_row(table, argv[i]);
        if (!row)
            return 2;
        failed |= !run_row(row, (unsigned)i);
    }
    return failed;
}

static int run_all(const struct test *table)
{
    unsigned num = 0;
    while (table[num].name)
        num++;
    bool failed = false;
    printf("1..%u\n", num);
    for (unsigned i = 0; i < num; i++)
        failed |= !run_row(&table[i], i + 1);
    return failed;
}

int test_main(const struct test *table, int argc, char **argv)
{
    note = mmap(NULL, sizeof *note, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (note == MAP_FAILED)
        die("mmap");
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (; table->name; table++)
            puts(table->name);
        return 0;
    }
    return argc > 1 ? run_named(table, argc, argv) : run_all(table);
}

int main(int argc, char **argv)
{
    return test_main(tests, argc, argv);
}
