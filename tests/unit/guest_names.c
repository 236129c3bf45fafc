/*
 * guest_names.c - how guests are named, and what the wrappers see to whatever the back end is.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest_tools.h"
#include "harness.h"

/* --- names ------------------------------------------------------------------------------------------------------- */

static void a_wrong_name_is_wrong_use_and_says_what_is_wanted(void)
{
    static const struct {
        const char *name, *says;
    } wrong[] = {
        { "modell:pages=64", "'modell:pages=64' names no guest: there is no kind 'modell', only model:, process:" },
        { "", "there is no kind ''" },
        { "model:page=64",
          "'page=64' in 'model:page=64' is no key of this kind of guest: it knows pages, holes, zeros" },
        { "model:pages", "'pages' in 'model:pages' has no value: it takes a number from 64 to 262144" },
        { "model:pages=63", "'pages=63' in 'model:pages=63' is wrong: pages takes a number from 64 to 262144" },
        { "model:pages=1T", "pages takes" },
        { "model:pages=64KK", "pages takes" },
        { "model:pages=", "pages takes" },
        { "model:pages=99999999999999999999", "pages takes" },
        { "model:pages=64,pages=65", "'pages' comes twice in" },
        { "model:pages=64,,seed=1", "'' in 'model:pages=64,,seed=1' is no key" },
        { "model:pages=64,holes=62", "has 62 holes in 64 pages" },
        { "model:dirty=1/x", "dirty takes up to 16 numbers A/B/C" },
        { "model:dirty=1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7", "dirty takes" },
        { "model:fail=start:1", "fail takes SLOT:N, a slot of a source" },
        { "model:fail=drop:1", "fail takes" },
        { "model:fail=hold:0", "fail takes" },
        { "model:fail=hold", "fail takes" },
        { "model:seed=12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345",
          "is too long for a key and its value" },
        { "process:mem=64K", "mem takes a size from 72K to 64G" },
        { "process:mem=100000", "mem is 100000 octets; it has to be whole pages" },
        { "process:mem=128K,threads=2", "34 of them for 2 threads" },
        { "process:threads=65", "threads takes a number from 1 to 64" },
        { "process:pattern=cold", "pattern takes seq, random or hot" },
        { "process:pid=1,born=1,mem=1M", "pid goes with born and wait only" },
        { "process:born=17", "born goes with pid only" },
        { "process:pid=1,born=0", "born takes clock ticks since the system started" },
    };
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        CHECK(gw_source_open(wrong[i].name, &err) == NULL);
        CHECK_FAIL(err, GW_E_USAGE, wrong[i].says);
    }
}

static void a_wrong_destination_is_wrong_use_too(void)
{
    static const char *const wrong[][2] = {
        { "kvm:", "there is no kind 'kvm'" },
        { "model:fail=hold:1", "fail takes SLOT:N, a slot of a destination" },
        { "model:sure=2", "sure takes 0 or 1" },
        { "process:mem=64M", "it knows check, wait and life" },
        { "process:check=yes", "check takes 0 or 1" },
    };
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        CHECK(gw_destination_open(wrong[i][0], &err) == NULL);
        CHECK_FAIL(err, GW_E_USAGE, wrong[i][1]);
    }
}

#define TEXT_50 "12345678901234567890123456789012345678901234567890"

struct path {
    uint64_t number;
    const char *text;
};

static bool take_path(void *options, const char *text)
{
    ((struct path *)options)->text = text;
    return text[0] != '\0';
}

static void a_key_may_take_all_that_follows(void)
{
    static const struct gw_spec_key keys[] = {
        { .name = "n", .wants = "1 to 9", .offset = offsetof(struct path, number), .least = 1, .most = 9 },
        { .name = "file", .wants = "a name", .take = take_path, .rest = true },
        { 0 },
    };
    static const char *const right[][2] = {
        { "x:n=3,file=a,b:c=d,n=4", "a,b:c=d,n=4" },
        { "x:file=,", "," },
        { "x:n=1,file=" TEXT_50 TEXT_50 TEXT_50, TEXT_50 TEXT_50 TEXT_50 },
    };
    struct gw_err err = GW_ERR_NONE;
    struct path path = { 0 };
    uint32_t given;
    for (unsigned i = 0; i < sizeof right / sizeof right[0]; i++) {
        CHECK_EQ(gw_spec_read(right[i][0], keys, &path, &given, &err), 0);
        CHECK_STR(path.text, right[i][1]);
    }
    CHECK_EQ(gw_spec_read("x:file=", keys, &path, &given, &err), -1);
    CHECK_FAIL(err, GW_E_USAGE, "'file=' in 'x:file=' is wrong: file takes a name");
    err = GW_ERR_NONE;
    CHECK_EQ(gw_spec_read("x:n=1,file", keys, &path, &given, &err), -1);
    CHECK_FAIL(err, GW_E_USAGE, "'file' in 'x:n=1,file' has no value");
}

static void numbers_have_units(void)
{
    uint64_t value;
    CHECK(gw_spec_number("17", &value) && value == 17);
    CHECK(gw_spec_number("3K", &value) && value == 3072);
    CHECK(gw_spec_number("256M", &value) && value == 268435456);
    CHECK(gw_spec_number("17179869183G", &value) && value == UINT64_MAX - 1073741823);
    CHECK(!gw_spec_number("17179869184G", &value) && !gw_spec_number("-1", &value) && !gw_spec_number("1 ", &value));
}

/* --- wrappers ---------------------------------------------------------------------------------------------------- */

static int bare_describe(struct gw_source *source, struct gw_guest_facts *out, struct gw_err *err)
{
    (void)source;
    (void)err;
    out->num_pfns = out->num_ram_pfns = 1;
    out->live = true;
    return 0;
}

static void bare_close(struct gw_source *source)
{
    (void)source;
}

static const struct gw_source_ops bare_ops = { .kind = "bare", .describe = bare_describe, .close = bare_close };

static void a_missing_slot_means_what_its_comment_says(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct guest_emitted e = { 0 };
    struct gw_source bare = { .ops = &bare_ops };
    CHECK_EQ(gw_source_describe(&bare, &facts, &err), 0);
    CHECK_STR(facts.kind, "bare");
    CHECK_EQ(gw_source_first_records(&bare, guest_note, &e, &err), 0);
    CHECK_STR(e.text, "");
    struct gw_bitmap pfns;
    CHECK_EQ(gw_bitmap_init(&pfns, facts.num_pfns, &err), 0);
    CHECK_EQ(gw_source_named(&bare, &pfns, &err), 0);
    CHECK_EQ(gw_bitmap_count(&pfns), 1);
    gw_bitmap_free(&pfns);
    CHECK_EQ(gw_source_throttle(&bare, 50, &err), -1);
    CHECK_FAIL(err, GW_E_USAGE, "a guest of kind 'bare' cannot be slowed down");
    gw_source_close(&bare);
    gw_source_close(NULL);
    gw_destination_close(NULL);
}

/* A kind of this test's own: a file, from which guests only leave. */
static struct gw_source *file_source(const char *name, struct gw_err *err)
{
    static struct gw_source source;
    (void)name;
    (void)err;
    source = (struct gw_source){ .ops = &bare_ops, .suspended = true, .still = true };
    return &source;
}

static void a_kind_of_another_room_is_one_like_all(void)
{
    static const struct gw_guest_kind kind = { .name = "file", .source = file_source, .lasts = true };
    struct gw_err err = GW_ERR_NONE;
    unsigned num = 0;
    CHECK(!gw_is_guest("file:x") && !gw_guest_lasts("file:x"));
    while (gw_guest_kind(num) != NULL)
        num++;
    gw_guest_add_kind(&kind);
    gw_guest_add_kind(&kind);
    CHECK(gw_guest_kind(num) == &kind && gw_guest_kind(num + 1) == NULL);
    CHECK(gw_is_guest("file:x") && gw_guest_lasts("file:x") && !gw_guest_lasts("process:pid=1"));
    struct gw_source *source = gw_source_open("file:x", &err);
    CHECK(source != NULL && source->suspended);
    gw_source_close(source);
    CHECK(gw_destination_open("file:x", &err) == NULL);
    CHECK_FAIL(err, GW_E_USAGE, "no guest comes to be as 'file:'");
    err = GW_ERR_NONE;
    CHECK_EQ(gw_guest_look("file:x", &err), GW_LIFE_UNKNOWN);
    CHECK_FAIL(err, GW_E_USAGE, "names no guest that can be found again");
    err = GW_ERR_NONE;
    CHECK(gw_source_open("files:x", &err) == NULL);
    CHECK_FAIL(err, GW_E_USAGE, "there is no kind 'files', only model:, process:, file:");
}

/* Each breaks the order in its last call. */
static void break_order(unsigned how)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct guest_emitted e = { 0 };
    struct gw_hold hold;
    const uint64_t twice[] = { 4, 4 };
    struct gw_source *source = guest_source("model:");
    bool surely;
    if (how == 0)
        gw_source_track(source, &err);
    gw_source_describe(source, &facts, &err);
    switch (how) {
    case 1: gw_source_state_records(source, guest_note, &e, &err); break;
    case 2: gw_source_destroy(source, &err); break;
    case 3: gw_source_hold(source, twice, 2, &hold, &err); break;
    case 4: gw_source_throttle(source, 101, &err); break;
    case 5: gw_destination_start(guest_destination("model:"), &surely, &err); break;
    case 6: gw_source_hold(source, twice, 1, &hold, &err), gw_source_close(source); break;
    case 7: gw_destination_stay(guest_destination("model:"), &err); break;
    default: break;
    }
}

static void a_broken_order_is_asserted(void)
{
    for (unsigned how = 0; how < 8; how++) {
        int status;
        fflush(NULL);
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            break_order(how);
            _exit(0);
        }
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

const struct test tests[] = {
    { "a-wrong-name-is-wrong-use-and-says-what-is-wanted", a_wrong_name_is_wrong_use_and_says_what_is_wanted },
    { "a-wrong-destination-is-wrong-use-too", a_wrong_destination_is_wrong_use_too },
    { "a-key-may-take-all-that-follows", a_key_may_take_all_that_follows },
    { "numbers-have-units", numbers_have_units },
    { "a-missing-slot-means-what-its-comment-says", a_missing_slot_means_what_its_comment_says },
    { "a-kind-of-another-room-is-one-like-all", a_kind_of_another_room_is_one_like_all },
    { "a-broken-order-is-asserted", a_broken_order_is_asserted },
    { NULL, NULL },
};
