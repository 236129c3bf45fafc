/*
 * compare.c - the memory of two images: each way in which a page can differ, from files of this test's own.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "image.h"

/* An HVM image as octets: entries and pages of one PAGE_DATA, and END. A page is filled with its number. */
struct entry {
    uint64_t pfn;
    unsigned type;
    uint8_t fill;
};

static void put_image(struct gw_buf *buf, const struct entry *entries, uint32_t num)
{
    struct gw_image_header image = { .version = 2 };
    struct gw_domain_header domain = { .type = GW_DOMAIN_HVM, .page_shift = 12, .xen_major = 4, .xen_minor = 13 };
    uint64_t raw[16];
    uint32_t contents = 0;
    for (uint32_t i = 0; i < num; i++) {
        raw[i] = gw_entry(entries[i].pfn, entries[i].type);
        contents += gw_type_has_contents(entries[i].type);
    }
    gw_image_header_encode(buf, &image);
    gw_domain_header_encode(buf, &domain);
    gw_record_header_encode(buf, GW_REC_PAGE_DATA, (uint32_t)gw_page_data_len(num, contents));
    gw_page_head_encode(buf, raw, num);
    for (uint32_t i = 0; i < num; i++)
        if (gw_type_has_contents(entries[i].type)) {
            memset(gw_buf_room(buf, GW_PAGE_LEN), entries[i].fill, GW_PAGE_LEN);
            buf->len += GW_PAGE_LEN;
        }
    gw_record_header_encode(buf, GW_REC_END, 0);
}

static struct gw_image *open_octets(const void *mem, size_t len, struct gw_err *err)
{
    char name[] = "/tmp/godwit-compare-XXXXXX";
    int fd = mkstemp(name);
    CHECK(fd >= 0 && write(fd, mem, len) == (ssize_t)len);
    struct gw_image_opts opts = { .max_pfn = gw_limit(PFN), .spool = -1 };
    struct gw_image *image = gw_image_open(name, &opts, err);
    unlink(name);
    close(fd);
    return image;
}

static struct gw_image *open_entries(const struct entry *entries, uint32_t num)
{
    struct gw_buf buf = { 0 };
    struct gw_err err = GW_ERR_NONE;
    put_image(&buf, entries, num);
    struct gw_image *image = open_octets(buf.mem, buf.len, &err);
    CHECK_EQ(err.code, GW_E_OK);
    CHECK(image != NULL);
    gw_buf_free(&buf);
    return image;
}

/* A sink that does something to the image's file when its state is whole. */
struct meddler {
    struct gw_sink sink;
    const char *name;
    int (*meddle)(const char *name);
};

static int meddle(struct gw_sink *sink, struct gw_err *err)
{
    struct meddler *m = (struct meddler *)sink;
    (void)err;
    CHECK_EQ(m->meddle(m->name), 0);
    return 0;
}

static const struct gw_sink_ops meddler_ops = { .name = "meddler", .takes = GW_TAKES_WATCH, .commit = meddle };

static int add_octet(const char *name)
{
    int fd = open(name, O_WRONLY | O_APPEND);
    return fd >= 0 && write(fd, "", 1) == 1 ? close(fd) : -1;
}

static int put_another_there(const char *name)
{
    char other[64];
    snprintf(other, sizeof other, "%s.other", name);
    int fd = open(other, O_WRONLY | O_CREAT, 0600);
    return fd >= 0 && close(fd) == 0 ? rename(other, name) : -1;
}

static struct gw_image *open_meddled(const struct entry *entries, uint32_t num, int (*how)(const char *name),
                                     struct gw_err *err)
{
    char name[] = "/tmp/godwit-compare-XXXXXX";
    struct meddler meddler = { { .ops = &meddler_ops }, name, how };
    struct gw_image_opts opts = { .max_pfn = gw_limit(PFN), .spool = -1, .beside = &meddler.sink };
    struct gw_buf buf = { 0 };
    int fd = mkstemp(name);
    put_image(&buf, entries, num);
    CHECK(fd >= 0 && write(fd, buf.mem, buf.len) == (ssize_t)buf.len);
    struct gw_image *image = gw_image_open(name, &opts, err);
    gw_buf_free(&buf);
    unlink(name);
    close(fd);
    return image;
}

static void a_file_that_changes_while_it_is_read_is_refused(void)
{
    static const struct entry all[] = { { 0, GW_PAGE_NOTAB, 1 } };
    struct gw_err err = GW_ERR_NONE;
    CHECK(open_meddled(all, 1, add_octet, &err) == NULL);
    CHECK_FAIL(err, GW_E_REFUSED, "the file was changed while it was read");
}

static void another_file_under_the_name_is_not_looked_at(void)
{
    static const struct entry all[] = { { 0, GW_PAGE_NOTAB, 1 } };
    struct gw_err err = GW_ERR_NONE;
    struct gw_image *image = open_meddled(all, 1, put_another_there, &err);
    CHECK(image != NULL);
    const uint8_t *page = gw_image_page(image, 0, &err);
    CHECK(page != NULL);
    CHECK_EQ(page[0], 1);
    CHECK_EQ(gw_image_unchanged(image, &err), 0);
    gw_image_close(image);
}

struct told {
    unsigned num;
    struct gw_page_run run[8];
    struct gw_page_comparison sum;
};

static int tell(void *arg, const struct gw_page_run *run, struct gw_err *err)
{
    struct told *told = arg;
    (void)err;
    CHECK(told->num < 8);
    told->run[told->num++] = *run;
    return 0;
}

static struct told compare(const struct entry *first, uint32_t num_first, const struct entry *second,
                           uint32_t num_second)
{
    struct gw_err err = GW_ERR_NONE;
    struct told told = { 0 };
    struct gw_image *a = open_entries(first, num_first), *b = open_entries(second, num_second);
    CHECK_EQ(gw_compare_pages(a, b, tell, &told, &told.sum, &err), 0);
    gw_image_close(a);
    gw_image_close(b);
    return told;
}

static void an_image_equals_itself(void)
{
    static const struct entry all[] = { { 0, GW_PAGE_NOTAB, 1 }, { 1, GW_PAGE_NOTAB, 2 }, { 9, GW_PAGE_XTAB, 0 } };
    struct told told = compare(all, 3, all, 3);
    CHECK_EQ(told.num, 0);
    CHECK_EQ(told.sum.num[GW_PAGE_EQUAL], 2);
}

static void the_last_contents_of_a_pfn_count(void)
{
    static const struct entry live[] = { { 0, GW_PAGE_NOTAB, 7 }, { 0, GW_PAGE_NOTAB, 1 } };
    static const struct entry plain[] = { { 0, GW_PAGE_NOTAB, 1 } };
    struct told told = compare(live, 2, plain, 1);
    CHECK_EQ(told.num, 0);
    CHECK_EQ(told.sum.num[GW_PAGE_EQUAL], 1);
}

static void a_page_without_contents_is_zero(void)
{
    static const struct entry first[] = { { 0, GW_PAGE_XALLOC, 0 }, { 1, GW_PAGE_NOTAB, 3 } };
    static const struct entry second[] = { { 0, GW_PAGE_NOTAB, 0 }, { 1, GW_PAGE_XALLOC, 0 } };
    struct told told = compare(first, 2, second, 2);
    CHECK_EQ(told.num, 1);
    CHECK_EQ(told.run[0].change, GW_PAGE_ZEROED);
    CHECK_EQ(told.sum.num[GW_PAGE_EQUAL], 1);
}

static void neighbours_share_a_run(void)
{
    static const struct entry first[] = { { 4, GW_PAGE_NOTAB, 1 }, { 5, GW_PAGE_NOTAB, 1 }, { 6, GW_PAGE_NOTAB, 0 } };
    static const struct entry second[] = { { 4, GW_PAGE_NOTAB, 2 }, { 5, GW_PAGE_NOTAB, 3 }, { 6, GW_PAGE_NOTAB, 4 } };
    struct told told = compare(first, 3, second, 3);
    CHECK_EQ(told.num, 2);
    CHECK_EQ(told.run[0].change, GW_PAGE_CHANGED);
    CHECK_EQ(told.run[0].first, 4);
    CHECK_EQ(told.run[0].num, 2);
    CHECK_EQ(told.run[0].at, 0);
    CHECK_EQ(told.run[0].first_octet, 1);
    CHECK_EQ(told.run[0].second_octet, 2);
    CHECK_EQ(told.run[1].change, GW_PAGE_FILLED);
}

static void contents_that_moved_are_found(void)
{
    static const struct entry first[] = { { 0, GW_PAGE_NOTAB, 1 }, { 1, GW_PAGE_NOTAB, 2 }, { 2, GW_PAGE_NOTAB, 9 } };
    static const struct entry second[] = { { 2, GW_PAGE_NOTAB, 9 }, { 7, GW_PAGE_NOTAB, 1 }, { 8, GW_PAGE_NOTAB, 2 } };
    struct told told = compare(first, 3, second, 3);
    CHECK_EQ(told.num, 2);
    CHECK_EQ(told.run[0].change, GW_PAGE_ONLY_FIRST);
    CHECK_EQ(told.run[0].num, 2);
    CHECK_EQ(told.run[1].change, GW_PAGE_MOVED);
    CHECK_EQ(told.run[1].first, 7);
    CHECK_EQ(told.run[1].num, 2);
    CHECK_EQ(told.run[1].from, 0);
    CHECK_EQ(told.sum.num[GW_PAGE_MOVED], 2);
}

static void the_same_page_of_another_type_is_told(void)
{
    static const struct entry first[] = { { 0, GW_PAGE_NOTAB, 5 } };
    static const struct entry second[] = { { 0, GW_PAGE_L1, 5 } };
    struct told told = compare(first, 1, second, 1);
    CHECK_EQ(told.num, 1);
    CHECK_EQ(told.run[0].change, GW_PAGE_RETYPED);
    CHECK_EQ(told.run[0].first_type, GW_PAGE_NOTAB);
    CHECK_EQ(told.run[0].second_type, GW_PAGE_L1);
}

static void a_cut_image_is_refused(void)
{
    static const struct entry all[] = { { 0, GW_PAGE_NOTAB, 1 } };
    struct gw_buf buf = { 0 };
    put_image(&buf, all, 1);
    for (size_t len = 0; len < buf.len; len += len + 100 < buf.len ? 97 : 1) {
        struct gw_err err = GW_ERR_NONE;
        CHECK(open_octets(buf.mem, len, &err) == NULL);
        CHECK_EQ(gw_err_status(&err), 1);
    }
    gw_buf_free(&buf);
}

const struct test tests[] = {
    { "an-image-equals-itself", an_image_equals_itself },
    { "the-last-contents-of-a-pfn-count", the_last_contents_of_a_pfn_count },
    { "a-page-without-contents-is-zero", a_page_without_contents_is_zero },
    { "neighbours-share-a-run", neighbours_share_a_run },
    { "contents-that-moved-are-found", contents_that_moved_are_found },
    { "the-same-page-of-another-type-is-told", the_same_page_of_another_type_is_told },
    { "a-cut-image-is-refused", a_cut_image_is_refused },
    { "a-file-that-changes-while-it-is-read-is-refused", a_file_that_changes_while_it_is_read_is_refused },
    { "another-file-under-the-name-is-not-looked-at", another_file_under_the_name_is_not_looked_at },
    { NULL, NULL },
};
