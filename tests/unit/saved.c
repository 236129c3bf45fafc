/*
 * saved.c - an index that was saved: what it finds is what the image has, and what a stranger may write into one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "image.h"
#include "images.h"

#define RECORDS 48 /* the head's length */
#define RUN_LEN 32

struct made {
    int fd; /* the image */
    struct gw_image_print print;
    struct gw_buf index;
};

/* An image in a file, and its index. */
static struct made make_of(const struct gw_buf *octets)
{
    struct gw_err err = GW_ERR_NONE;
    struct made made = { 0 };
    char name[] = "/tmp/godwit-saved-XXXXXX";
    made.fd = mkstemp(name);
    CHECK(made.fd >= 0 && write(made.fd, octets->mem, octets->len) == (ssize_t)octets->len);
    CHECK_EQ(gw_image_print_take(made.fd, &made.print, &err), 0);
    struct gw_wrap *wrap = gw_wrap_open(name, gw_limit(PFN), &err);
    struct gw_sink *maker = gw_saved_maker(&err);
    CHECK(wrap != NULL && maker != NULL);
    CHECK_EQ(gw_wrap_run(wrap, maker, &err), 0);
    CHECK_EQ(gw_saved_make(maker, &made.print, &made.index, &err), 0);
    gw_sink_close(maker);
    gw_wrap_close(wrap);
    unlink(name);
    return made;
}

/* pfns 5 and 6 with contents, 7 a hole; then 5 again. */
static struct made make_small(void)
{
    const uint64_t first[] = { gw_entry(5, GW_PAGE_NOTAB), gw_entry(6, GW_PAGE_NOTAB), gw_entry(7, GW_PAGE_XTAB) };
    const uint64_t again[] = { gw_entry(5, GW_PAGE_NOTAB) };
    struct gw_buf buf = { 0 };
    put_headers(&buf, 2, GW_DOMAIN_HVM);
    put_pages(&buf, first, 3, 1);
    put_pages(&buf, again, 1, 2);
    put_record(&buf, GW_REC_END, NULL, 0);
    struct made made = make_of(&buf);
    gw_buf_free(&buf);
    return made;
}

static void free_made(struct made *made)
{
    gw_buf_free(&made->index);
    close(made->fd);
}

static struct gw_buf copy_of(const struct gw_buf *buf)
{
    struct gw_buf copy = { 0 };
    gw_put(&copy, buf->mem, buf->len);
    return copy;
}

/* With octets changed, and the check made right again. */
static struct gw_saved *read_changed(const struct made *made, size_t at, uint64_t value, size_t len, struct gw_err *err)
{
    struct gw_buf copy = copy_of(&made->index);
    for (size_t i = 0; i < len; i++)
        copy.mem[at + i] = (uint8_t)(value >> 8 * i);
    copy.len -= 8;
    gw_put_u64(&copy, gw_check(copy.mem, copy.len));
    return gw_saved_read(&copy, err);
}

static void the_last_contents_are_found(void)
{
    struct made made = make_small();
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf octets = copy_of(&made.index);
    struct gw_saved *saved = gw_saved_read(&octets, &err);
    struct gw_saved_page page;
    uint8_t want[GW_PAGE_LEN];
    bool named;
    CHECK(saved != NULL && gw_saved_is_of(saved, &made.print));
    CHECK_EQ(gw_saved_find(saved, made.fd, 5, &named, &page, &err), 0);
    fill_page(want, 5, 2);
    CHECK(named && page.has_contents);
    CHECK_EQ(page.times, 2);
    CHECK_EQ(page.record, 2);
    CHECK_MEM(page.page, want, GW_PAGE_LEN);
    CHECK_EQ(gw_saved_find(saved, made.fd, 6, &named, &page, &err), 0);
    fill_page(want, 6, 1);
    CHECK_MEM(page.page, want, GW_PAGE_LEN);
    CHECK_EQ(gw_saved_find(saved, made.fd, 7, &named, &page, &err), 0);
    CHECK(named && !page.has_contents);
    CHECK_EQ(page.type, GW_PAGE_XTAB);
    CHECK_EQ(gw_saved_find(saved, made.fd, 8, &named, &page, &err), 0);
    CHECK(!named);
    CHECK_EQ(gw_saved_find(saved, made.fd, 0, &named, &page, &err), 0);
    CHECK(!named);
    gw_saved_free(saved);
    free_made(&made);
}

static void every_flip_and_every_cut_is_refused(void)
{
    struct made made = make_small();
    for (size_t bit = 0; bit < made.index.len * 8; bit++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_buf octets = copy_of(&made.index);
        octets.mem[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(gw_saved_read(&octets, &err) == NULL);
        CHECK_EQ(err.code, GW_E_INVALID);
    }
    for (size_t len = 0; len < made.index.len; len++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_buf octets = copy_of(&made.index);
        octets.len = len;
        CHECK(gw_saved_read(&octets, &err) == NULL);
        CHECK_EQ(err.code, GW_E_INVALID);
    }
    free_made(&made);
}

/* The runs of make_small's index: 5, 6, 7. */
static void a_run_that_cannot_be_is_refused(void)
{
    static const struct {
        size_t at;
        uint64_t value;
        size_t len;
    } wrong[] = {
        { 0, UINT64_C(0xfffffffffffff), 8 },    /* beyond all pfns */
        { 0, UINT64_C(0x6000000000000005), 8 }, /* no type */
        { 0, UINT64_C(0x0ff0000000000005), 8 }, /* reserved bits */
        { 0, 6, 8 },                            /* over the next one */
        { 8, UINT64_MAX, 8 },                   /* no contents of a type that has some */
        { 8, UINT64_MAX - 1, 8 },               /* behind the image */
        { 16, 99, 4 },                          /* no such record */
        { 20, 0, 4 },                           /* never named */
        { 24, 0, 4 },                           /* no pfn */
        { 24, UINT32_MAX, 4 },                  /* contents reach beyond the image */
        { 28, 1, 4 },                           /* what has to be 0 */
        { 2 * RUN_LEN + 8, 40, 8 },             /* contents of a hole */
    };
    struct made made = make_small();
    size_t runs = made.index.len - 8 - 3 * RUN_LEN;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        CHECK(read_changed(&made, runs + wrong[i].at, wrong[i].value, wrong[i].len, &err) == NULL);
        CHECK_FAIL(err, GW_E_INVALID, "cannot be");
    }
    free_made(&made);
}

static void what_the_image_contradicts_is_an_error(void)
{
    struct made made = make_small();
    size_t runs = made.index.len - 8 - 3 * RUN_LEN;
    static const struct {
        size_t at;
        uint64_t value;
        size_t len;
    } lies[] = {
        { 8, 64, 8 },                           /* contents elsewhere in the image */
        { 16, 0, 4 },                           /* another record, whose contents are others */
        { 0, UINT64_C(0x1000000000000005), 8 }, /* another type */
        { 0, 4, 8 },                            /* another pfn */
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_saved_page page;
        bool named;
        struct gw_saved *saved = read_changed(&made, runs + lies[i].at, lies[i].value, lies[i].len, &err);
        CHECK(saved != NULL);
        uint64_t pfn = lies[i].value == 4 ? 4 : 5;
        CHECK_EQ(gw_saved_find(saved, made.fd, pfn, &named, &page, &err), -1);
        CHECK_FAIL(err, GW_E_INVALID, "where the index says");
        gw_saved_free(saved);
    }
    for (uint64_t place = 0; place < made.print.octets; place += 4) { /* wherever the record is said to be */
        struct gw_err err = GW_ERR_NONE;
        struct gw_saved_page page;
        bool named;
        struct gw_saved *saved = read_changed(&made, RECORDS + 16, place, 8, &err);
        int rc = gw_saved_find(saved, made.fd, 5, &named, &page, &err);
        CHECK(rc == 0 ? page.record == 2 && page.times == 2 : err.code == GW_E_INVALID);
        gw_saved_free(saved);
    }
    free_made(&made);
}

static void another_file_has_another_print(void)
{
    struct made made = make_small(), other = make_small();
    struct gw_err err = GW_ERR_NONE;
    struct gw_image_print print;
    struct gw_buf octets = copy_of(&made.index);
    struct gw_saved *saved = gw_saved_read(&octets, &err);
    CHECK_EQ(other.print.check, made.print.check);
    CHECK(pwrite(made.fd, "x", 1, 300) == 1);
    CHECK_EQ(gw_image_print_take(made.fd, &print, &err), 0);
    CHECK(print.check != made.print.check && !gw_saved_is_of(saved, &print));
    CHECK_EQ(ftruncate(made.fd, 400), 0);
    CHECK_EQ(gw_image_print_take(made.fd, &print, &err), 0);
    CHECK(!gw_saved_is_of(saved, &print));
    gw_saved_free(saved);
    free_made(&made);
    free_made(&other);
}

static void an_image_with_checkpoints_is_that_of_the_last(void)
{
    struct gw_buf image = small_image(HVM_REMUS);
    struct made made = make_of(&image);
    struct gw_err err = GW_ERR_NONE;
    struct gw_saved *saved = gw_saved_read(&made.index, &err);
    CHECK(saved != NULL);
    gw_saved_free(saved);
    gw_buf_free(&image);
    close(made.fd);
}

const struct test tests[] = {
    { "the-last-contents-are-found", the_last_contents_are_found },
    { "every-flip-and-every-cut-is-refused", every_flip_and_every_cut_is_refused },
    { "a-run-that-cannot-be-is-refused", a_run_that_cannot_be_is_refused },
    { "what-the-image-contradicts-is-an-error", what_the_image_contradicts_is_an_error },
    { "another-file-has-another-print", another_file_has_another_print },
    { "an-image-with-checkpoints-is-that-of-the-last", an_image_with_checkpoints_is_that_of_the_last },
    { NULL, NULL },
};
