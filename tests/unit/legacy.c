/*
 * legacy.c - a legacy image through its reader: what a sink is told, from a file and from a pipe, and what ends it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "legacy.h"

/* --- an image, and what is told of it ----------------------------------------------------------------------------- */

static const uint8_t context[] = { 1,    0,    0,    0,    24,   0,    0, 0, 0x86, 0x12, 0x38, 0x54, 1, 0, 0, 0,
                                   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0xc3, 6,    3,    0,    0, 0, 0, 0 };

static void put_word(struct gw_buf *out, unsigned width, uint64_t value)
{
    if (width == 8)
        gw_put_u64(out, value);
    else
        gw_put_u32(out, (uint32_t)value);
}

static void put_batch(struct gw_buf *out, unsigned width, uint8_t fill)
{
    gw_put_u32(out, 3);
    put_word(out, width, 2);
    put_word(out, width, 0xf0000003); /* a hole */
    put_word(out, width, 5);
    for (unsigned i = 0; i < 2 * GW_PAGE_LEN; i++)
        gw_put_u8(out, fill);
}

/* A round of an HVM image; is_last: it says that no other follows. */
static void put_round(struct gw_buf *out, unsigned width, uint8_t fill, bool is_last)
{
    put_batch(out, width, fill);
    gw_put_u32(out, (uint32_t)LEGACY_VCPU_INFO);
    gw_put_u32(out, 0);
    gw_put_u64(out, 1);
    gw_put_u32(out, (uint32_t)LEGACY_CONSOLE_PFN);
    gw_put_u32(out, 0);
    gw_put_u64(out, fill);
    if (is_last)
        gw_put_u32(out, (uint32_t)LEGACY_LAST_CHECKPOINT);
    gw_put_u32(out, 0);
    for (uint64_t pfn = 6; pfn < 9; pfn++)
        gw_put_u64(out, pfn);
    gw_put_u32(out, sizeof context);
    gw_put(out, context, sizeof context);
    gw_put(out, "DeviceModelRecord0002", 21);
    gw_put_u32(out, 9);
    gw_put(out, "QEVM\0\0\0\3\0", 9);
}

static struct gw_buf hvm_image(unsigned width, bool is_last)
{
    struct gw_buf out = { 0 };
    put_word(&out, width, 16);
    put_round(&out, width, 1, is_last);
    return out;
}

/* A line for each thing that is told. */
struct teller {
    struct gw_sink sink;
    char text[2048];
};

__attribute__((format(printf, 2, 3))) static int say(struct gw_sink *sink, const char *fmt, ...)
{
    struct teller *t = (struct teller *)sink;
    size_t len = strlen(t->text);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(t->text + len, sizeof t->text - len, fmt, ap);
    va_end(ap);
    return 0;
}

static int told_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    (void)err;
    return say(sink, "begin %u\n", headers->domain.type);
}

static int told_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    (void)err;
    return say(sink, "pages %u, first %llu\n", pages->count, (unsigned long long)gw_entry_pfn(pages->entries[0]));
}

static int told_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    char room[32];
    (void)err;
    say(sink, "%s %u", gw_record_name(record->frame.type, room, sizeof room), record->frame.length);
    if (record->frame.type == GW_REC_HVM_PARAMS) /* the console's is the last */
        say(sink, " %u", record->body[record->frame.length - 8]);
    return say(sink, "\n");
}

static int told_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    (void)err;
    return say(sink, "mark %d\n", mark->kind);
}

static int told_aside(struct gw_sink *sink, const struct gw_aside *aside, struct gw_err *err)
{
    (void)err;
    if (aside->kind == GW_ASIDE_LEGACY_ODD && aside->type != GW_LEGACY_SPOOLED)
        return say(sink, "odd %u\n", aside->type);
    if (aside->kind == GW_ASIDE_LIBXL_RECORD)
        return say(sink, "beside %zu\n", aside->body_len);
    return aside->kind == GW_ASIDE_TRAILING ? say(sink, "behind %llu\n", (unsigned long long)aside->length) : 0;
}

static int told_commit(struct gw_sink *sink, struct gw_err *err)
{
    (void)err;
    return say(sink, "commit\n");
}

static void close_teller(struct gw_sink *sink)
{
    (void)sink;
}

static const struct gw_sink_ops teller_ops = {
    .name = "teller",
    .begin = told_begin,
    .pages = told_pages,
    .record = told_record,
    .mark = told_mark,
    .aside = told_aside,
    .commit = told_commit,
    .close = close_teller,
};

static int read_wrap(struct gw_wrap *wrap, const struct gw_legacy_opts *said, struct teller *t, struct gw_err *err)
{
    *t = (struct teller){ .sink.ops = &teller_ops };
    CHECK(wrap != NULL);
    gw_wrap_legacy(wrap, said);
    int rc = gw_wrap_run(wrap, &t->sink, err);
    gw_wrap_close(wrap);
    return rc;
}

static int read_pipe(const struct gw_buf *octets, const struct gw_legacy_opts *said, struct teller *t,
                     struct gw_err *err)
{
    struct gw_chan *chan = gw_chan_memory(octets->mem, octets->len, NULL, err);
    return read_wrap(gw_wrap_new(chan, gw_limit(PFN), err), said, t, err);
}

static int read_file(const struct gw_buf *octets, const struct gw_legacy_opts *said, struct teller *t,
                     struct gw_err *err)
{
    int fd = memfd_create("legacy", MFD_CLOEXEC);
    CHECK(write(fd, octets->mem, octets->len) == (ssize_t)octets->len && lseek(fd, 0, SEEK_SET) == 0);
    return read_wrap(gw_wrap_fd(fd, true, gw_limit(PFN), err), said, t, err);
}

/* --- facts -------------------------------------------------------------------------------------------------------- */

#define ONE_ROUND "begin 2\nmark 1\npages 2, first 2\nHVM_PARAMS 72 1\nHVM_CONTEXT 32\nmark 4\nbeside 17\ncommit\n"

static void an_image_is_told_alike_from_file_and_pipe(void)
{
    const struct gw_legacy_opts none = { .spool = -1 };
    for (unsigned width = 4; width <= 8; width += 4) {
        struct gw_err err = GW_ERR_NONE;
        struct teller t;
        struct gw_buf image = hvm_image(width, true);
        CHECK_EQ(read_file(&image, &none, &t, &err), 0);
        CHECK_STR(t.text, ONE_ROUND);
        CHECK_EQ(read_pipe(&image, &none, &t, &err), 0);
        CHECK_STR(t.text, ONE_ROUND);
        gw_buf_free(&image);
    }
}

static void the_last_complete_round_counts(void)
{
    static const char want[] = "begin 2\nmark 1\npages 2, first 2\npages 2, first 2\nHVM_PARAMS 72 2\nHVM_CONTEXT 32\n"
                               "mark 4\nbeside 17\nodd 13\nodd 14\ncommit\n";
    struct gw_err err = GW_ERR_NONE;
    struct teller t;
    const struct gw_legacy_opts said = { .spool = memfd_create("spool", MFD_CLOEXEC) };
    struct gw_buf image = hvm_image(8, false);
    put_round(&image, 8, 2, false);
    size_t whole = image.len;
    put_round(&image, 8, 3, false);
    CHECK_EQ(GW_LEGACY_CHECKPOINTS, 13);
    CHECK_EQ(GW_LEGACY_CUT, 14);
    for (image.len--; image.len > whole; image.len -= 1000) { /* cut anywhere in the third */
        CHECK_EQ(read_file(&image, &said, &t, &err), 0);
        CHECK_STR(t.text, want);
        CHECK_EQ(read_pipe(&image, &said, &t, &err), 0);
        CHECK_STR(t.text, want);
        if (image.len < whole + 1000)
            break;
    }
    gw_buf_free(&image);
}

static void without_a_spool_a_later_round_is_refused(void)
{
    const struct gw_legacy_opts none = { .spool = -1 };
    struct gw_err err = GW_ERR_NONE;
    struct teller t;
    struct gw_buf image = hvm_image(8, false);
    put_round(&image, 8, 2, false);
    CHECK_EQ(read_pipe(&image, &none, &t, &err), -1);
    CHECK_FAIL(err, GW_E_REFUSED, "has to be read twice");
    gw_buf_free(&image);
}

static void what_a_person_says_is_held_against_the_image(void)
{
    const struct gw_legacy_opts right = { .spool = -1, .width = 8, .guest = "hvm" };
    const struct gw_legacy_opts wrong = { .spool = -1, .guest = "pv" };
    struct gw_err err = GW_ERR_NONE;
    struct teller t;
    struct gw_buf image = hvm_image(8, true);
    CHECK_EQ(read_file(&image, &right, &t, &err), 0);
    CHECK_STR(t.text, ONE_ROUND);
    CHECK_EQ(read_file(&image, &wrong, &t, &err), -1);
    CHECK_HAS(t.text, "odd 1\n");
    CHECK_EQ(GW_LEGACY_HINT, 1);
    gw_buf_free(&image);
}

static void a_cut_says_inside_of_what(void)
{
    static const struct {
        size_t left; /* octets that are missing at the end */
        const char *what;
    } cuts[] = { { 1, "device model's record" },
                 { 34 + 5, "HVM context" },
                 { 34 + 36 + 5, "magic pfns" },
                 { 34 + 36 + 24 + 6, "body" },
                 { 34 + 36 + 24 + 40 + 6000, "body" } };
    const struct gw_legacy_opts hvm = { .spool = -1, .guest = "hvm" };
    for (unsigned i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        struct teller t;
        struct gw_buf image = hvm_image(8, true);
        image.len -= cuts[i].left;
        CHECK_EQ(read_file(&image, &hvm, &t, &err), -1);
        CHECK_FAIL(err, GW_E_SHORT, cuts[i].what);
        CHECK_STR(err.rule, "legacy-truncated");
        gw_buf_free(&image);
    }
}

/* What begins with a number that may be one of pfns, and is something else. */
static void other_files_are_left_to_who_knows_them(void)
{
    static const uint8_t gzip[32] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
    static const uint8_t zip[32] = { 'P', 'K', 3, 4, 20, 0, 0, 0, 8 };
    static const uint8_t zeros[32];
    struct gw_buf image = hvm_image(4, true);
    CHECK(legacy_bid(gzip, sizeof gzip) < layer_gzip.bid(gzip, sizeof gzip));
    CHECK_EQ(legacy_bid(zip, sizeof zip), 0);
    CHECK_EQ(legacy_bid(zeros, sizeof zeros), 0);
    CHECK(legacy_bid(image.mem, image.len) > 0);
    gw_buf_free(&image);
}

const struct test tests[] = {
    { "an-image-is-told-alike-from-file-and-pipe", an_image_is_told_alike_from_file_and_pipe },
    { "the-last-complete-round-counts", the_last_complete_round_counts },
    { "without-a-spool-a-later-round-is-refused", without_a_spool_a_later_round_is_refused },
    { "what-a-person-says-is-held-against-the-image", what_a_person_says_is_held_against_the_image },
    { "a-cut-says-inside-of-what", a_cut_says_inside_of_what },
    { "other-files-are-left-to-who-knows-them", other_files_are_left_to_who_knows_them },
    { NULL, NULL },
};
