/*
 * stored.c - a stored image as a guest's source: what leaves is what stands there, the file is held, judged, and left
 * as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest_tools.h"
#include "harness.h"
#include "images.h"
#include "stored.h"

/* A file of this test's own, and the guest in it. */
struct file {
    char folder[32], name[48], guest[80];
};

static void write_all(const char *name, const void *mem, size_t len)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, mem, len) == (ssize_t)len);
    close(fd);
}

static struct file put_file(const struct gw_buf *octets)
{
    struct file file = { .folder = "/tmp/godwit-stored-XXXXXX" };
    CHECK(mkdtemp(file.folder) != NULL);
    snprintf(file.name, sizeof file.name, "%s/a,b:c=d", file.folder);
    snprintf(file.guest, sizeof file.guest, "image:file=%s", file.name);
    write_all(file.name, octets->mem, octets->len);
    gw_guest_add_kind(&gw_stored_kind);
    return file;
}

static void take_file(const struct file *file)
{
    unlink(file->name);
    CHECK_EQ(rmdir(file->folder), 0);
}

static struct gw_buf saved(struct gw_source *source)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf out = { 0 };
    struct gw_saver_opts opts = { .clock = &gw_clock_real };
    enum gw_phase phase = GW_PHASE_STATIC;
    struct gw_chan *to = gw_chan_memory(NULL, 0, &out, &err);
    struct gw_sink *writer = gw_writer(to, &err);
    struct gw_saver *saver = gw_saver_new(source, &opts, &err);
    CHECK_STR(err.msg, "");
    gw_saver_sink(saver, writer);
    while (phase < GW_PHASE_DONE && gw_saver_step(saver, &phase, &err) == 0)
        ;
    CHECK_STR(err.msg, "");
    gw_saver_free(saver);
    gw_sink_close(writer);
    gw_chan_close(to);
    return out;
}

static struct gw_image *image_of(const struct file *file)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_image_opts opts = { .max_pfn = 0x10000, .spool = -1 };
    struct gw_image *image = gw_image_open(file->name, &opts, &err);
    CHECK_STR(err.msg, "");
    return image;
}

/* Every page that was named is named, with its last type and contents; and none else. */
static void check_same(const struct file *a, const struct file *b)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_image *one = image_of(a), *two = image_of(b);
    CHECK_EQ(gw_image_num_pfns(one), gw_image_num_pfns(two));
    for (uint64_t pfn = 0; pfn < gw_image_num_pfns(one); pfn++) {
        CHECK_EQ(gw_image_type(one, pfn), gw_image_type(two, pfn));
        const uint8_t *first = gw_image_page(one, pfn, &err), *second = gw_image_page(two, pfn, &err);
        CHECK((first == NULL) == (second == NULL));
        if (first != NULL)
            CHECK_MEM(first, second, GW_PAGE_LEN);
    }
    gw_image_close(one);
    gw_image_close(two);
}

static void what_leaves_is_what_stands_there(void)
{
    for (enum small_image which = 0; which < NUM_SMALL_IMAGES; which++) {
        struct gw_buf octets = small_image(which);
        struct file file = put_file(&octets);
        struct gw_source *source = guest_source(file.guest);
        CHECK(source->suspended && source->still);
        struct gw_buf out = saved(source);
        struct file again = put_file(&out);
        struct gw_cur version = gw_cur(out.mem + 12, 4); /* section 2 */
        CHECK_EQ(gw_be32(&version), 3);
        check_same(&file, &again);
        gw_source_close(source);
        source = guest_source(again.guest); /* what was written so comes out in the same octets */
        struct gw_buf third = saved(source);
        CHECK_EQ(third.len, out.len);
        CHECK_MEM(third.mem, out.mem, out.len);
        gw_source_close(source);
        take_file(&file);
        take_file(&again);
        gw_buf_free(&octets);
        gw_buf_free(&out);
        gw_buf_free(&third);
    }
}

static void records_come_where_a_guest_gives_them(void)
{
    static const struct {
        enum small_image which;
        const char *fixed, *first;
    } rows[] = {
        { PV_2, "X86_PV_INFO", "X86_PV_P2M_FRAMES" },
        { PV_3, "X86_PV_INFO", "X86_PV_P2M_FRAMES" },
        { HVM_3, "X86_CPUID_POLICY", "" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_guest_facts facts;
        struct guest_emitted fixed = { 0 }, first = { 0 }, state = { 0 };
        struct gw_buf octets = small_image(rows[i].which);
        struct file file = put_file(&octets);
        struct gw_source *source = guest_open(file.guest, &facts);
        CHECK(!facts.live && facts.live_why_not[0] != '\0');
        CHECK_STR(facts.again, file.guest);
        CHECK_STR(facts.name, "a,b:c=d");
        CHECK_STR(facts.lacks, "");
        CHECK_EQ(gw_source_static_records(source, guest_note, &fixed, &err), 0);
        CHECK_EQ(gw_source_first_records(source, guest_note, &first, &err), 0);
        CHECK_EQ(gw_source_state_records(source, guest_note, &state, &err), 0);
        CHECK_HAS(fixed.text, rows[i].fixed);
        CHECK_STR(first.text, rows[i].first);
        CHECK_HAS(state.text, "X86_TSC_INFO");
        CHECK_EQ(count_of(state.text, "P2M"), 0);
        gw_source_close(source);
        take_file(&file);
        gw_buf_free(&octets);
    }
}

static void what_was_never_named_is_a_hole_when_it_is_asked_for(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct gw_bitmap named;
    struct gw_hold hold;
    struct gw_buf octets = { 0 };
    const uint64_t entries[] = { gw_entry(3, GW_PAGE_NOTAB), gw_entry(9, GW_PAGE_NOTAB) }, pfns[] = { 3, 4, 9 };
    put_headers(&octets, 3, GW_DOMAIN_HVM);
    put_static(&octets, 3, GW_DOMAIN_HVM);
    put_pages(&octets, entries, 2, 1);
    put_memory(&octets, 1);
    put_tail(&octets, GW_DOMAIN_HVM);
    put_record(&octets, GW_REC_END, NULL, 0);
    struct file file = put_file(&octets);
    struct gw_source *source = guest_open(file.guest, &facts);
    CHECK_EQ(gw_bitmap_init(&named, facts.num_pfns, &err), 0);
    CHECK_EQ(gw_source_named(source, &named, &err), 0);
    CHECK(gw_bitmap_test(&named, 3) && gw_bitmap_test(&named, 9) && !gw_bitmap_test(&named, 8));
    uint64_t unnamed = 8;
    CHECK_EQ(gw_source_hold(source, &unnamed, 1, &hold, &err), 0);
    CHECK(gw_entry_type(hold.entries[0]) == GW_PAGE_XTAB && hold.num_segs == 0);
    gw_source_drop(source, &hold);
    CHECK_EQ(gw_source_hold(source, pfns, 3, &hold, &err), 0);
    CHECK_EQ(hold.count, 3);
    gw_source_drop(source, &hold);
    gw_bitmap_free(&named);
    gw_source_close(source);
    take_file(&file);
    gw_buf_free(&octets);
}

static void a_file_is_held_found_again_and_left_as_it_is(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf octets = small_xl(HVM_3);
    struct file file = put_file(&octets);
    struct gw_guest_facts facts;
    struct gw_source *source = guest_open(file.guest, &facts);
    CHECK_STR(facts.lacks, "the image goes alone; left behind: xl's configuration");
    CHECK(gw_source_open(file.guest, &err) == NULL && err.sys == EBUSY);
    CHECK_HAS(err.msg, "another godwit is at '");
    err = GW_ERR_NONE;
    CHECK_EQ(gw_guest_look(file.guest, &err), GW_LIFE_UNKNOWN);
    CHECK_EQ(err.sys, EBUSY);
    err = GW_ERR_NONE;
    CHECK_EQ(gw_source_suspend(source, &err), 0);
    CHECK_EQ(gw_source_destroy(source, &err), 0);
    CHECK_HAS(gw_source_remains(source), file.name);
    CHECK_HAS(gw_source_remains(source), "it would run twice");
    gw_source_close(source);
    CHECK(gw_guest_lasts(file.guest));
    CHECK_EQ(gw_guest_look(file.guest, &err), GW_LIFE_RAN);
    source = guest_source(file.guest); /* as a session does that goes on from a journal: not described */
    CHECK_EQ(gw_source_resume(source, &err), 0);
    gw_source_close(source);
    struct gw_buf now = { .mem = gw_alloc(octets.len + 1, 1, &err) };
    int fd = open(file.name, O_RDONLY | O_CLOEXEC);
    CHECK_EQ(read(fd, now.mem, octets.len + 1), (ssize_t)octets.len);
    CHECK_MEM(now.mem, octets.mem, octets.len);
    close(fd);
    gw_free(now.mem);
    unlink(file.name);
    CHECK_EQ(gw_guest_look(file.guest, &err), GW_LIFE_GONE);
    take_file(&file);
    gw_buf_free(&octets);
}

static void a_file_that_is_written_to_ends_it(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf octets = small_image(HVM_3);
    struct file file = put_file(&octets);
    struct gw_guest_facts facts;
    struct gw_hold hold;
    struct gw_source *source = guest_open(file.guest, &facts);
    uint64_t pfn = 0;
    CHECK_EQ(truncate(file.name, (off_t)octets.len - 8), 0);
    CHECK_EQ(gw_source_hold(source, &pfn, 1, &hold, &err), -1);
    CHECK_FAIL(err, GW_E_REFUSED, "was changed while it was read");
    gw_source_close(source);
    take_file(&file);
    gw_buf_free(&octets);
}

static void what_is_no_whole_image_is_refused(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf octets = small_image(PV_3);
    octets.len -= GW_RECORD_HEADER_LEN; /* END */
    struct file file = put_file(&octets);
    struct gw_guest_facts facts;
    struct gw_source *source = guest_source(file.guest);
    CHECK_EQ(gw_source_describe(source, &facts, &err), -1);
    CHECK_FAIL(err, GW_E_SHORT, "is not taken for a guest");
    gw_source_close(source);
    unlink(file.name);
    CHECK_EQ(mkfifo(file.name, 0600), 0);
    err = GW_ERR_NONE;
    CHECK(gw_source_open(file.guest, &err) == NULL); /* at once, though nobody writes there */
    CHECK_FAIL(err, GW_E_REFUSED, "is a pipe or a device");
    take_file(&file);
    gw_buf_free(&octets);
}

const struct test tests[] = {
    { "what-leaves-is-what-stands-there", what_leaves_is_what_stands_there },
    { "records-come-where-a-guest-gives-them", records_come_where_a_guest_gives_them },
    { "what-was-never-named-is-a-hole-when-it-is-asked-for", what_was_never_named_is_a_hole_when_it_is_asked_for },
    { "a-file-is-held-found-again-and-left-as-it-is", a_file_is_held_found_again_and_left_as_it_is },
    { "a-file-that-is-written-to-ends-it", a_file_that_is_written_to_ends_it },
    { "what-is-no-whole-image-is-refused", what_is_no_whole_image_is_refused },
    { NULL, NULL },
};
