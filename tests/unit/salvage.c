/*
 * salvage.c - what is said of the pages of a damaged image: each way in which one can be less than sure.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "salvage.h"

#define RECORDS 12u
#define RECORD_LEN (8 + 8 + 2 * (8 + (size_t)GW_PAGE_LEN)) /* a PAGE_DATA of two pages */
#define BEGIN ((size_t)GW_IMAGE_HEADER_LEN + GW_DOMAIN_HEADER_LEN)

static void put_pages(struct gw_buf *buf, uint64_t pfn)
{
    uint64_t entries[2] = { gw_entry(pfn, GW_PAGE_NOTAB), gw_entry(pfn + 1, GW_PAGE_NOTAB) };
    gw_record_header_encode(buf, GW_REC_PAGE_DATA, RECORD_LEN - 8);
    gw_page_head_encode(buf, entries, 2);
    memset(gw_buf_room(buf, 2 * (size_t)GW_PAGE_LEN), (int)pfn + 1, 2 * (size_t)GW_PAGE_LEN);
    buf->len += 2 * (size_t)GW_PAGE_LEN;
}

/* The least HVM image of version 2, its memory in one pass; with again, two pages come a second time. */
static struct gw_buf image(bool again)
{
    struct gw_buf buf = { 0 };
    struct gw_image_header head = { .version = 2 };
    struct gw_domain_header domain = { .type = GW_DOMAIN_HVM, .page_shift = 12, .xen_major = 4, .xen_minor = 13 };
    gw_image_header_encode(&buf, &head);
    gw_domain_header_encode(&buf, &domain);
    for (uint64_t i = 0; i < RECORDS; i++)
        put_pages(&buf, 2 * i);
    if (again)
        put_pages(&buf, 0);
    gw_record_header_encode(&buf, GW_REC_X86_TSC_INFO, GW_TSC_INFO_LEN);
    gw_put_zeros(&buf, GW_TSC_INFO_LEN);
    gw_record_header_encode(&buf, GW_REC_HVM_CONTEXT, 8);
    gw_put_zeros(&buf, 8); /* an entry without data */
    gw_record_header_encode(&buf, GW_REC_HVM_PARAMS, 24);
    gw_put_u32(&buf, 1);
    gw_put_zeros(&buf, 20);
    gw_record_header_encode(&buf, GW_REC_END, 0);
    return buf;
}

static struct gw_salvage *salvage_of(struct gw_buf *buf, size_t len)
{
    static const struct gw_legacy_opts legacy = { .spool = -1 };
    struct gw_err err = GW_ERR_NONE;
    char name[64];
    int fd = memfd_create("image", MFD_CLOEXEC);
    CHECK(fd >= 0 && write(fd, buf->mem, len) == (ssize_t)len);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    struct gw_salvage *salvage = gw_salvage_open(name, -1, &legacy, 4096, &err);
    CHECK_STR(err.msg, "");
    close(fd);
    gw_buf_free(buf);
    return salvage;
}

static void whole_has_no_losses(void)
{
    struct gw_buf buf = image(true);
    struct gw_salvage *salvage = salvage_of(&buf, buf.len);
    CHECK(!gw_salvage_losses(salvage)->any);
    CHECK_EQ(gw_salvage_losses(salvage)->sure, 2 * RECORDS);
    gw_salvage_close(salvage);
}

static void cut_makes_every_page_older(void)
{
    struct gw_buf buf = image(false);
    struct gw_salvage *salvage = salvage_of(&buf, BEGIN + 3 * RECORD_LEN);
    struct gw_doubtful run;
    uint64_t pfn = 0;
    CHECK(gw_salvage_losses(salvage)->end_lost);
    CHECK(gw_salvage_next(salvage, &pfn, &run));
    CHECK_EQ(run.first, 0);
    CHECK_EQ(run.num, 6);
    CHECK_STR(gw_doubt_name(run.doubt), "older");
    CHECK(!gw_salvage_next(salvage, &pfn, &run));
    gw_salvage_close(salvage);
}

/* The header of the fourth record is written over: the third is doubtful, the fourth gone. */
static struct gw_salvage *with_header(bool again, uint32_t type, uint32_t length)
{
    struct gw_buf buf = image(again), header = { 0 };
    gw_record_header_encode(&header, type, length);
    memcpy(buf.mem + BEGIN + 3 * RECORD_LEN, header.mem, header.len);
    gw_buf_free(&header);
    return salvage_of(&buf, buf.len);
}

static struct gw_salvage *with_wrong_header(bool again)
{
    return with_header(again, 0xeeeeeeee, 0xeeeeeeee);
}

/* Eight octets that any memory may have, and nothing that follows them. */
static void a_marker_alone_proves_no_page(void)
{
    struct gw_salvage *salvage = with_header(false, GW_REC_VERIFY, 0);
    struct gw_doubtful run;
    uint64_t pfn = 0;
    CHECK(gw_salvage_next(salvage, &pfn, &run));
    CHECK(run.first <= 4 && run.first + run.num > 5);
    CHECK(run.doubt != 0);
    gw_salvage_close(salvage);
}

static void one_pass_proves_what_stands_around_a_hole(void)
{
    struct gw_salvage *salvage = with_wrong_header(false);
    const struct gw_losses *l = gw_salvage_losses(salvage);
    struct gw_doubtful run;
    uint64_t pfn = 0;
    CHECK_EQ(l->num_holes, 1);
    CHECK_EQ(l->holes[0].offset, BEGIN + 3 * RECORD_LEN);
    CHECK_EQ(l->holes[0].len, RECORD_LEN);
    CHECK_EQ(l->suggested, 2);
    CHECK_EQ(l->sure, 2 * RECORDS - 4);
    CHECK(gw_salvage_next(salvage, &pfn, &run));
    CHECK_EQ(run.first, 4);
    CHECK_EQ(run.num, 2);
    CHECK_STR(gw_doubt_name(run.doubt), "record");
    gw_salvage_close(salvage);
}

static void several_passes_leave_what_is_before_a_hole_older(void)
{
    struct gw_salvage *salvage = with_wrong_header(true);
    struct gw_doubtful run;
    uint64_t pfn = 0;
    CHECK(gw_salvage_next(salvage, &pfn, &run)); /* 0 and 1 came again behind the hole */
    CHECK_EQ(run.first, 2);
    CHECK_STR(gw_doubt_name(run.doubt), "older");
    gw_salvage_close(salvage);
}

static void a_hole_in_the_state_touches_no_page(void)
{
    struct gw_buf buf = image(true);
    memset(buf.mem + BEGIN + (RECORDS + 1) * RECORD_LEN + 8 + GW_TSC_INFO_LEN, 0xee, 8);
    struct gw_salvage *salvage = salvage_of(&buf, buf.len);
    const struct gw_losses *l = gw_salvage_losses(salvage);
    CHECK_EQ(l->doubtful + l->lost, 0);
    CHECK_EQ(l->num_missing, 1);
    CHECK_EQ(l->missing[0], GW_REC_HVM_CONTEXT);
    CHECK(l->any);
    gw_salvage_close(salvage);
}

const struct test tests[] = {
    { "whole-has-no-losses", whole_has_no_losses },
    { "cut-makes-every-page-older", cut_makes_every_page_older },
    { "one-pass-proves-what-stands-around-a-hole", one_pass_proves_what_stands_around_a_hole },
    { "several-passes-leave-what-is-before-a-hole-older", several_passes_leave_what_is_before_a_hole_older },
    { "a-marker-alone-proves-no-page", a_marker_alone_proves_no_page },
    { "a-hole-in-the-state-touches-no-page", a_hole_in_the_state_touches_no_page },
    { NULL, NULL },
};
