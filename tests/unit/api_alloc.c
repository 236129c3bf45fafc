/*
 * api_alloc.c - each allocation of libgodwit fails once: the call says so, what was handed over is closed once, nothing
 * leaks.
 *
 * Linked with --wrap: base's calls of calloc and realloc come here first. The leak checker of the sanitizer build looks
 * at the end of each row.
 */
#include <errno.h>
#include <stdlib.h>

#include "api_tools.h"
#include "harness.h"

static unsigned calls, fail_at;

void *__wrap_calloc(size_t num, size_t size);
void *__wrap_realloc(void *mem, size_t size);
void *__real_calloc(size_t num, size_t size);
void *__real_realloc(void *mem, size_t size);

void *__wrap_calloc(size_t num, size_t size)
{
    return ++calls == fail_at ? (errno = ENOMEM, NULL) : __real_calloc(num, size);
}

void *__wrap_realloc(void *mem, size_t size)
{
    return ++calls == fail_at ? (errno = ENOMEM, NULL) : __real_realloc(mem, size);
}

static int take_text(void *arg, const char *text, size_t length, struct godwit_error *err)
{
    (void)text, (void)err;
    *(size_t *)arg += length;
    return 0;
}

static int64_t take_octets(void *arg, const void *mem, size_t len, struct godwit_error *err)
{
    (void)mem, (void)err;
    *(size_t *)arg += len;
    return (int64_t)len;
}

static int take_structure(void *arg, const struct godwit_structure *structure, struct godwit_error *err)
{
    (void)err;
    *(size_t *)arg += structure->length;
    return 0;
}

enum { OWN, VERIFIER, SUMMARIZER, DIGESTER, WALKER, WRITER, NUM_SINKS };

/* One use of the library, as a program that gives up at the first failure. */
struct use {
    struct reading reading;
    struct program program;
    struct godwit_image *image;
    struct godwit_sink *sinks[NUM_SINKS];
    struct godwit_error *err;
    size_t text, octets, structures;
    bool was_made; /* the program's sink: then it is closed once, also when making it failed */
};

static bool make(struct use *u)
{
    struct godwit_sink_callbacks callbacks = all_callbacks();
    struct godwit_input input = input_of(&u->reading, true);
    struct godwit_output output = { .size = sizeof output, .arg = &u->octets, .write = take_octets };
    u->program.wants = true;
    u->err = godwit_error_new();
    u->image = u->err != NULL ? godwit_image_open_input(&input, NULL, u->err) : NULL;
    u->was_made = u->image != NULL;
    u->sinks[OWN] = u->was_made ? godwit_sink_new(&callbacks, &u->program, u->err) : NULL;
    u->sinks[VERIFIER] = u->sinks[OWN] != NULL ? godwit_verifier_new(NULL, u->err) : NULL;
    u->sinks[SUMMARIZER] = u->sinks[VERIFIER] != NULL ? godwit_summarizer_new(u->err) : NULL;
    u->sinks[DIGESTER] = u->sinks[SUMMARIZER] != NULL ? godwit_digester_new(u->err) : NULL;
    u->sinks[WALKER] = u->sinks[DIGESTER] != NULL ? godwit_walker_new(take_structure, &u->structures, u->err) : NULL;
    u->sinks[WRITER] = u->sinks[WALKER] != NULL ? godwit_writer_new(&output, NULL, u->err) : NULL;
    return u->sinks[WRITER] != NULL;
}

static bool use(struct use *u)
{
    return make(u) && godwit_image_run(u->image, u->sinks, NUM_SINKS, u->err) == 0 &&
           godwit_verifier_finish(u->sinks[VERIFIER], u->err) != NULL &&
           godwit_digester_write(u->sinks[DIGESTER], 0, take_text, &u->text, u->err) == 0 &&
           godwit_writer_finish(u->sinks[WRITER], u->err) == 0;
}

static void close_all(struct use *u)
{
    for (unsigned i = 0; i < NUM_SINKS; i++)
        godwit_sink_close(u->sinks[i]);
    godwit_image_close(u->image);
    CHECK_EQ(u->reading.closed, u->err != NULL);
    CHECK_EQ(u->program.closed, u->was_made);
    godwit_error_free(u->err);
}

static void each_allocation_that_fails_is_told(void)
{
    struct gw_buf file = small_xl(HVM_3);
    struct use whole = { .reading = { .octets = &file } };
    calls = fail_at = 0;
    if (!use(&whole))
        test_fail(__FILE__, __LINE__, "%s", godwit_error_text(whole.err));
    close_all(&whole);
    unsigned num = calls, told = 0;
    CHECK(num > 20 && whole.text > 0 && whole.octets > 0 && whole.structures > 0);
    for (unsigned n = 1; n <= num; n++) {
        struct use u = { .reading = { .octets = &file } };
        calls = 0;
        fail_at = n;
        bool done = use(&u);
        fail_at = 0;
        if (!done && u.err != NULL) {
            CHECK_EQ(godwit_error_code(u.err), GODWIT_SYSTEM);
            CHECK_EQ(godwit_error_errno(u.err), ENOMEM);
            told++;
        }
        CHECK(!done || (u.text == whole.text && u.octets == whole.octets)); /* what can be done without, is */
        close_all(&u);
    }
    CHECK(told + 10 > num);
    gw_buf_free(&file);
}

const struct test tests[] = {
    { "each-allocation-that-fails-is-told", each_allocation_that_fails_is_told },
    { NULL, NULL },
};
