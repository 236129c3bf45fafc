/*
 * export.c - what an image's memory becomes: places at the bounds, and what cannot be written. What the formats hold
 * of real images is for tests/export.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export.h"
#include "harness.h"
#include "images.h"

#define HIGH_PFN (gw_limit(PFN_MOST) - 1)

struct opened {
    struct gw_sink *inspector;
    struct gw_image *image;
};

static struct opened open_octets(const struct gw_buf *octets)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_inspect_opts inspect = { 0 };
    struct opened o = { .inspector = gw_inspector(&inspect, &err) };
    struct gw_image_opts opts = { .max_pfn = gw_limit(PFN_MOST), .beside = o.inspector };
    char name[] = "/tmp/godwit-export-XXXXXX";
    int fd = mkstemp(name);
    CHECK(fd >= 0 && write(fd, octets->mem, octets->len) == (ssize_t)octets->len);
    opts.spool = -1;
    o.image = gw_image_open(name, &opts, &err);
    unlink(name);
    close(fd);
    CHECK_EQ(err.code, GW_E_OK);
    gw_inspector_finish(o.inspector);
    return o;
}

static void close_all(struct opened *o)
{
    gw_image_close(o->image);
    gw_sink_close(o->inspector);
}

/* An HVM image of these entries, and nothing else. */
static struct opened open_entries(const uint64_t *entries, uint32_t num)
{
    struct gw_buf buf = { 0 };
    put_headers(&buf, 2, GW_DOMAIN_HVM);
    put_pages(&buf, entries, num, 1);
    put_record(&buf, GW_REC_END, NULL, 0);
    struct opened o = open_octets(&buf);
    gw_buf_free(&buf);
    return o;
}

/* Into memory; the error's code. */
static enum gw_code export_to(struct opened *o, enum gw_export_format format, struct gw_buf *out,
                              struct gw_exported *facts, struct gw_err *err)
{
    struct gw_chan *to = gw_chan_memory(NULL, 0, out, err);
    struct gw_export_opts opts = { .format = format, .to = to, .holes = -1 };
    int rc = gw_export(o->image, o->inspector, &opts, facts, err);
    CHECK_EQ(rc < 0, err->code != GW_E_OK);
    gw_chan_close(to);
    return err->code;
}

static uint64_t number(const struct gw_buf *buf, size_t at, size_t len)
{
    struct gw_cur cur = gw_cur(buf->mem + at, len);
    CHECK(at + len <= buf->len);
    return len == 2 ? gw_u16(&cur) : len == 4 ? gw_u32(&cur) : gw_u64(&cur);
}

static void the_highest_pfn_has_its_place(void)
{
    const uint64_t entries[] = { gw_entry(2, GW_PAGE_NOTAB), gw_entry(HIGH_PFN, GW_PAGE_NOTAB) };
    struct opened o = open_entries(entries, 2);
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf out = { 0 };
    struct gw_exported facts;
    uint8_t page[GW_PAGE_LEN];
    CHECK_EQ(export_to(&o, GW_EXPORT_LIME, &out, &facts, &err), GW_E_OK);
    CHECK_EQ(out.len, 2 * (32 + GW_PAGE_LEN));
    CHECK_EQ(number(&out, 32 + GW_PAGE_LEN + 8, 8), HIGH_PFN * GW_PAGE_LEN);
    CHECK_EQ(number(&out, 32 + GW_PAGE_LEN + 16, 8), (HIGH_PFN + 1) * GW_PAGE_LEN - 1);
    fill_page(page, HIGH_PFN, 1);
    CHECK_MEM(out.mem + 64 + GW_PAGE_LEN, page, GW_PAGE_LEN);
    CHECK_EQ(facts.gaps, HIGH_PFN + 1 - 2);
    out.len = 0;
    CHECK_EQ(export_to(&o, GW_EXPORT_ELF, &out, &facts, &err), GW_E_OK);
    CHECK_EQ(number(&out, 56, 2), 3); /* program headers */
    CHECK_EQ(number(&out, 64 + 2 * 56 + 24, 8), HIGH_PFN * GW_PAGE_LEN);
    CHECK_MEM(out.mem + number(&out, 64 + 2 * 56 + 8, 8), page, GW_PAGE_LEN);
    out.len = 0;
    CHECK_EQ(export_to(&o, GW_EXPORT_RAW, &out, &facts, &err), GW_E_REFUSED);
    CHECK_HAS(err.msg, "of gaps, more than");
    CHECK_EQ(out.len, 0);
    gw_buf_free(&out);
    close_all(&o);
}

static void more_ranges_than_a_header_can_count(void)
{
    enum { NUM = 70000 };
    struct gw_err err = GW_ERR_NONE;
    uint64_t *entries = gw_alloc(NUM, sizeof *entries, &err);
    for (unsigned i = 0; i < NUM; i++)
        entries[i] = gw_entry(2 * i, GW_PAGE_XALLOC);
    struct opened o = open_entries(entries, NUM);
    int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    struct gw_chan *to = gw_chan_fd(fd, true, &err);
    struct gw_export_opts opts = { .format = GW_EXPORT_ELF, .to = to, .holes = fd };
    struct gw_exported facts;
    CHECK_EQ(gw_export(o.image, o.inspector, &opts, &facts, &err), 0);
    uint8_t head[64], section[64];
    struct stat st;
    CHECK_EQ(pread(fd, head, sizeof head, 0), sizeof head);
    struct gw_buf octets = { .mem = head, .len = sizeof head };
    CHECK_EQ(number(&octets, 56, 2), 0xffff);
    CHECK_EQ(pread(fd, section, sizeof section, (off_t)number(&octets, 40, 8)), sizeof section);
    octets.mem = section;
    CHECK_EQ(number(&octets, 44, 4), NUM + 1);
    CHECK(fstat(fd, &st) == 0 && (uint64_t)st.st_size == facts.octets);
    CHECK((uint64_t)st.st_blocks * 512 < facts.octets / 8); /* pages without contents are holes */
    CHECK_EQ(facts.ranges, NUM);
    gw_chan_close(to);
    gw_free(entries);
    close_all(&o);
}

static void an_image_without_a_page_is_refused(void)
{
    const uint64_t entries[] = { gw_entry(2, GW_PAGE_XTAB), gw_entry(3, GW_PAGE_BROKEN) };
    struct opened o = open_entries(entries, 2);
    for (unsigned format = 0; format < GW_NUM_EXPORT_FORMATS; format++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_buf out = { 0 };
        struct gw_exported facts;
        CHECK_EQ(export_to(&o, format, &out, &facts, &err), GW_E_REFUSED);
        CHECK_HAS(err.msg, "no page of memory");
        CHECK_EQ(out.len, 0);
    }
    close_all(&o);
}

static void raw_has_zeros_where_no_page_is(void)
{
    const uint64_t entries[] = { gw_entry(1, GW_PAGE_NOTAB), gw_entry(2, GW_PAGE_XALLOC), gw_entry(4, GW_PAGE_NOTAB),
                                 gw_entry(5, GW_PAGE_XTAB) };
    struct opened o = open_entries(entries, 4);
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf out = { 0 };
    struct gw_exported facts;
    uint8_t page[GW_PAGE_LEN], sum[GW_SHA256_LEN];
    CHECK_EQ(export_to(&o, GW_EXPORT_RAW, &out, &facts, &err), GW_E_OK);
    CHECK_EQ(out.len, 5 * GW_PAGE_LEN);
    CHECK(gw_is_zero(out.mem, GW_PAGE_LEN) && gw_is_zero(out.mem + 2 * GW_PAGE_LEN, 2 * GW_PAGE_LEN));
    fill_page(page, 4, 1);
    CHECK_MEM(out.mem + 4 * GW_PAGE_LEN, page, GW_PAGE_LEN);
    CHECK_EQ(facts.pages, 3);
    CHECK_EQ(gw_sha256(out.mem, out.len, sum, &err), 0);
    CHECK_MEM(facts.sha256, sum, sizeof sum);
    gw_buf_free(&out);
    close_all(&o);
}

static void every_small_image_becomes_a_core(void)
{
    for (unsigned which = 0; which < NUM_SMALL_IMAGES; which++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_buf image = small_image(which), out = { 0 };
        struct opened o = open_octets(&image);
        struct gw_exported facts;
        CHECK_EQ(export_to(&o, GW_EXPORT_ELF, &out, &facts, &err), GW_E_OK);
        CHECK_EQ(out.len, facts.octets);
        CHECK_EQ(number(&out, 0, 4), 0x464c457f);
        CHECK(facts.num_vcpus > 0 && facts.pages > 0);
        CHECK_EQ(number(&out, 60, 2) > 0, which == PV_2 || which == PV_3); /* sections */
        close_all(&o);
        gw_buf_free(&image);
        gw_buf_free(&out);
    }
}

const struct test tests[] = {
    { "the-highest-pfn-has-its-place", the_highest_pfn_has_its_place },
    { "more-ranges-than-a-header-can-count", more_ranges_than_a_header_can_count },
    { "an-image-without-a-page-is-refused", an_image_without_a_page_is_refused },
    { "raw-has-zeros-where-no-page-is", raw_has_zeros_where_no_page_is },
    { "every-small-image-becomes-a-core", every_small_image_becomes_a_core },
    { NULL, NULL },
};
