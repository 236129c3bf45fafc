/*
 * guest_model.c - a model does what it is told: writes, failures, and an arrival as it left.
 */
#include <stdio.h>
#include <string.h>

#include "guest_tools.h"
#include "harness.h"

static const struct gw_headers headers = { .image = { .version = 3 }, .domain = { GW_DOMAIN_HVM, 12, 0, 4, 17 } };

/* --- a source ---------------------------------------------------------------------------------------------------- */

static void a_model_says_what_it_is(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct guest_emitted fixed = { 0 }, state = { 0 };
    struct gw_source *source = guest_open("model:pages=100,holes=10", &facts);
    CHECK_EQ(facts.num_pfns, 100);
    CHECK_EQ(facts.num_ram_pfns, 90);
    CHECK_EQ(facts.image.version, 3);
    CHECK_EQ(facts.domain.type, GW_DOMAIN_HVM);
    CHECK_STR(facts.kind, "model");
    CHECK_STR(facts.again, "");
    CHECK(facts.live);
    CHECK_EQ(gw_source_static_records(source, guest_note, &fixed, &err), 0);
    CHECK_STR(fixed.text, "X86_CPUID_POLICY X86_MSR_POLICY");
    CHECK_EQ(gw_source_suspend(source, &err), 0);
    CHECK_EQ(gw_source_state_records(source, guest_note, &state, &err), 0);
    CHECK_STR(state.text, "X86_TSC_INFO HVM_CONTEXT HVM_PARAMS");
    gw_source_close(source);
}

static void the_log_has_every_slot_that_was_called(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct gw_bitmap dirty = { 0 };
    struct guest_emitted state = { 0 };
    uint64_t num, pfn = 5;
    struct gw_hold hold;
    struct gw_source *source = guest_open("model:pages=64", &facts);
    CHECK_EQ(gw_bitmap_init(&dirty, facts.num_pfns, &err), 0);
    CHECK_EQ(gw_source_resume(source, &err), 0); /* runs: nothing happens */
    CHECK_EQ(gw_source_first_records(source, guest_note, &state, &err), 0);
    CHECK_EQ(gw_source_track(source, &err), 0);
    CHECK_EQ(gw_source_hold(source, &pfn, 1, &hold, &err), 0);
    gw_source_drop(source, &hold);
    CHECK_EQ(gw_source_throttle(source, 50, &err), 0);
    CHECK_EQ(gw_source_collect(source, &dirty, &num, &err), 0);
    CHECK_EQ(gw_source_suspend(source, &err), 0);
    CHECK_EQ(gw_source_suspend(source, &err), 0); /* is suspended: nothing happens */
    CHECK_EQ(gw_source_resume(source, &err), 0);
    gw_source_untrack(source);
    gw_source_untrack(source);
    CHECK_EQ(gw_source_suspend(source, &err), 0);
    CHECK_EQ(gw_source_destroy(source, &err), 0);
    CHECK_STR(gw_model_source_log(source), "describe first_records track hold drop throttle collect suspend resume "
                                           "untrack untrack suspend destroy");
    gw_source_close(source);
    gw_bitmap_free(&dirty);
}

/* Copies what the pages hold; a page without contents is not touched. */
static void copy_pages(const struct gw_source *source, uint64_t num, uint8_t *out)
{
    const uint8_t *page;
    for (uint64_t pfn = 0; pfn < num; pfn++) {
        gw_model_source_page(source, pfn, &page);
        if (page != NULL)
            memcpy(out + pfn * GW_PAGE_LEN, page, GW_PAGE_LEN);
    }
}

/* Pages whose contents are not those of the copy; all of them, and none else, are in dirty. */
static uint64_t count_changes(const struct gw_source *source, uint64_t num, const uint8_t *copy,
                              const struct gw_bitmap *dirty)
{
    uint64_t changes = 0;
    const uint8_t *page;
    for (uint64_t pfn = 0; pfn < num; pfn++) {
        gw_model_source_page(source, pfn, &page);
        bool changed = page != NULL && memcmp(page, copy + pfn * GW_PAGE_LEN, GW_PAGE_LEN) != 0;
        CHECK_EQ(gw_bitmap_test(dirty, pfn), changed);
        changes += changed;
    }
    return changes;
}

static void dirty_pages_come_as_the_script_says(void)
{
    enum { PAGES = 200 };
    static const uint64_t script[] = { 50, 7, 0, 3, 3 };
    static uint8_t copy[PAGES * GW_PAGE_LEN];
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    uint64_t num;
    struct gw_source *source = guest_open("model:pages=200,holes=20,dirty=50/7/0/3", &facts);
    CHECK_EQ(gw_source_track(source, &err), 0);
    for (unsigned i = 0; i < 5; i++) {
        struct gw_bitmap dirty = { 0 };
        CHECK_EQ(gw_bitmap_init(&dirty, PAGES, &err), 0);
        copy_pages(source, PAGES, copy);
        if (i == 4)
            CHECK_EQ(gw_source_suspend(source, &err), 0); /* it writes, then stands still */
        CHECK_EQ(gw_source_collect(source, &dirty, &num, &err), 0);
        CHECK_EQ(num, script[i]);
        CHECK_EQ(count_changes(source, PAGES, copy, &dirty), script[i]);
        gw_bitmap_free(&dirty);
    }
    gw_source_close(source);
}

static void a_model_that_is_not_live_says_why(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct gw_source *source = guest_open("model:live=0", &facts);
    CHECK(!facts.live);
    CHECK_STR(facts.live_why_not, "the model was told not to be tracked");
    CHECK_EQ(gw_source_track(source, &err), -1);
    CHECK_FAIL(err, GW_E_REFUSED, "the model was told not to be tracked");
    gw_source_untrack(source);
    gw_source_close(source);
}

static void held_neighbours_share_a_segment_and_holes_have_none(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct gw_hold hold;
    uint64_t pfns[64], last = 0;
    const uint8_t *page;
    struct gw_source *source = guest_open("model:pages=64,holes=3,zeros=5", &facts);
    for (unsigned i = 0; i < 64; i++)
        pfns[i] = i;
    CHECK_EQ(gw_source_hold(source, pfns, 64, &hold, &err), 0);
    CHECK_EQ(hold.count, 64);
    CHECK_EQ(hold.num_segs, 4);
    for (unsigned i = 0; i < 64; i++)
        CHECK_EQ(hold.entries[i], gw_model_source_page(source, i, &page));
    for (unsigned i = 0; i < hold.num_segs; i++)
        last += hold.segs[i].len;
    CHECK_EQ(last, 61 * GW_PAGE_LEN);
    gw_source_drop(source, &hold);
    CHECK_EQ(hold.count, 0);
    gw_source_close(source);
}

/* --- failures on order ------------------------------------------------------------------------------------------- */

static int call_slot(struct gw_source *source, const char *slot, struct gw_err *err)
{
    struct gw_guest_facts facts;
    struct guest_emitted e = { 0 };
    struct gw_bitmap dirty = { 0 };
    struct gw_hold hold;
    uint64_t num, pfn = 3;
    int result = -1;
    if (strcmp(slot, "describe") == 0)
        return gw_source_describe(source, &facts, err);
    if (strcmp(slot, "static_records") == 0)
        return gw_source_static_records(source, guest_note, &e, err);
    if (strcmp(slot, "first_records") == 0)
        return gw_source_first_records(source, guest_note, &e, err);
    if (strcmp(slot, "track") == 0)
        return gw_source_track(source, err);
    if (strcmp(slot, "throttle") == 0)
        return gw_source_throttle(source, 10, err);
    if (strcmp(slot, "suspend") == 0)
        return gw_source_suspend(source, err);
    if (strcmp(slot, "state_records") == 0)
        return gw_source_state_records(source, guest_note, &e, err);
    if (strcmp(slot, "resume") == 0)
        return gw_source_resume(source, err);
    if (strcmp(slot, "destroy") == 0)
        return gw_source_destroy(source, err);
    if (strcmp(slot, "hold") == 0) {
        result = gw_source_hold(source, &pfn, 1, &hold, err);
        if (result == 0)
            gw_source_drop(source, &hold);
        return result;
    }
    CHECK_STR(slot, "collect");
    CHECK_EQ(gw_bitmap_init(&dirty, 64, err), 0);
    result = gw_source_collect(source, &dirty, &num, err);
    gw_bitmap_free(&dirty);
    return result;
}

static void every_slot_of_a_source_fails_on_order_and_works_the_next_time(void)
{
    static const char *const slots[] = {
        "describe", "static_records", "first_records", "track",  "hold",    "throttle",
        "collect",  "suspend",        "state_records", "resume", "suspend", "destroy"
    };
    for (unsigned bad = 0; bad < sizeof slots / sizeof slots[0]; bad++) {
        char name[64], says[64];
        bool failed = false;
        snprintf(name, sizeof name, "model:pages=64,dirty=5,fail=%s:1", slots[bad]);
        snprintf(says, sizeof says, "the model fails on order, in call 1 of %s", slots[bad]);
        struct gw_source *source = guest_source(name);
        for (unsigned i = 0; i < sizeof slots / sizeof slots[0]; i++) {
            struct gw_err err = GW_ERR_NONE, again = GW_ERR_NONE;
            bool suspended = source->suspended, tracking = source->tracking;
            int result = call_slot(source, slots[i], &err);
            CHECK_EQ(result < 0, !failed && strcmp(slots[i], slots[bad]) == 0);
            if (result == 0)
                continue;
            failed = true;
            CHECK_FAIL(err, GW_E_SYSTEM, says);
            CHECK(source->suspended == suspended && source->tracking == tracking && !source->gone);
            CHECK_EQ(call_slot(source, slots[i], &again), 0);
        }
        CHECK(failed && source->gone);
        gw_source_close(source);
    }
}

static void a_later_call_fails_when_that_was_the_order(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct gw_source *source = guest_open("model:fail=hold:3,fail=suspend:2", &facts);
    CHECK_EQ(call_slot(source, "hold", &err), 0);
    CHECK_EQ(call_slot(source, "suspend", &err), 0);
    CHECK_EQ(call_slot(source, "hold", &err), 0);
    CHECK_EQ(call_slot(source, "hold", &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "in call 3 of hold");
    gw_source_close(source);
}

/* --- a destination ----------------------------------------------------------------------------------------------- */

/* All of source, which is suspended, into dest, in batches of 50. */
static void copy_memory(struct gw_source *source, struct gw_destination *dest, uint64_t num)
{
    struct gw_err err = GW_ERR_NONE;
    for (uint64_t first = 0; first < num; first += 50) {
        uint64_t pfns[50];
        struct gw_seg to[50];
        struct gw_hold hold;
        uint32_t count = (uint32_t)gw_min(50, num - first);
        unsigned used = 50;
        for (uint32_t i = 0; i < count; i++)
            pfns[i] = first + i;
        CHECK_EQ(gw_source_hold(source, pfns, count, &hold, &err), 0);
        CHECK_EQ(gw_destination_place(dest, hold.entries, count, to, &used, &err), 0);
        for (unsigned from = 0, at = 0, i = 0; i < used; i++)
            for (size_t done = 0; done < to[i].len; done += GW_PAGE_LEN) {
                memcpy(to[i].mem + done, hold.segs[from].mem + at, GW_PAGE_LEN);
                at += GW_PAGE_LEN;
                if (at == hold.segs[from].len) {
                    from++;
                    at = 0;
                }
            }
        CHECK_EQ(gw_destination_placed(dest, hold.entries, count, &err), 0);
        gw_source_drop(source, &hold);
    }
}

static void a_model_arrives_as_it_left(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    uint64_t bad = 0, entry;
    bool surely;
    const uint8_t *page;
    struct gw_source *source = guest_open("model:pages=600,holes=100,zeros=9,dirty=10", &facts);
    struct gw_destination *dest = guest_destination("model:");
    CHECK_EQ(gw_destination_create(dest, &headers, &err), 0);
    CHECK_EQ(gw_destination_static_done(dest, &err), 0);
    CHECK_EQ(gw_source_suspend(source, &err), 0);
    CHECK(!gw_model_same(source, dest, &bad));
    copy_memory(source, dest, 600);
    CHECK(gw_model_same(source, dest, &bad));
    CHECK_EQ(gw_destination_record(dest, GW_REC_HVM_CONTEXT, "abc", 3, &err), 0);
    CHECK_EQ(gw_destination_complete(dest, &err), 0);
    CHECK_EQ(gw_destination_start(dest, &surely, &err), 0);
    struct gw_cur records = gw_model_records(dest);
    CHECK_EQ(gw_u32(&records), GW_REC_HVM_CONTEXT);
    CHECK_EQ(gw_u32(&records), 3);
    CHECK_MEM(gw_take(&records, 3), "abc", 3);
    CHECK(gw_done(&records));
    CHECK_STR(gw_destination_again(dest), "");
    CHECK(gw_model_destination_page(dest, 599, &entry, &page) && gw_entry_pfn(entry) == 599);
    CHECK(!gw_model_destination_page(dest, 600, &entry, &page));
    CHECK_HAS(gw_model_destination_log(dest), "create static_done place placed place placed");
    CHECK_HAS(gw_model_destination_log(dest), "record complete start");
    gw_source_close(source);
    gw_destination_close(dest);
}

static void one_changed_octet_is_found(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    uint64_t bad = 0, entry = gw_entry(33, GW_PAGE_NOTAB);
    struct gw_seg seg;
    unsigned num = 1;
    struct gw_source *source = guest_open("model:pages=64", &facts);
    struct gw_destination *dest = guest_destination("model");
    CHECK_EQ(gw_destination_create(dest, &headers, &err), 0);
    CHECK_EQ(gw_destination_static_done(dest, &err), 0);
    copy_memory(source, dest, 64);
    CHECK(gw_model_same(source, dest, &bad));
    CHECK_EQ(gw_destination_place(dest, &entry, 1, &seg, &num, &err), 0);
    seg.mem[4095] ^= 1;
    CHECK(!gw_model_same(source, dest, &bad));
    CHECK_EQ(bad, 33);
    gw_source_close(source);
    gw_destination_close(dest);
}

static int call_destination(struct gw_destination *dest, unsigned slot, bool *surely, struct gw_err *err)
{
    const uint64_t entry = gw_entry(1, GW_PAGE_NOTAB);
    struct gw_seg seg;
    unsigned num = 1;
    switch (slot) {
    case 0: return gw_destination_create(dest, &headers, err);
    case 1: return gw_destination_record(dest, GW_REC_HVM_CONTEXT, "x", 1, err);
    case 2: return gw_destination_static_done(dest, err);
    case 3: return gw_destination_place(dest, &entry, 1, &seg, &num, err);
    case 4: return gw_destination_placed(dest, &entry, 1, err);
    case 5: return gw_destination_complete(dest, err);
    case 6: return gw_destination_stay(dest, err);
    default: return gw_destination_start(dest, surely, err);
    }
}

static void every_slot_of_a_destination_fails_on_order(void)
{
    static const char *const slots[] = { "create", "record",   "static_done", "place",
                                         "placed", "complete", "stay",        "start" };
    for (unsigned bad = 0; bad < 16; bad++) {
        char name[64], says[64];
        struct gw_err err = GW_ERR_NONE;
        bool surely = false;
        snprintf(name, sizeof name, "model:fail=%s:1,sure=%u", slots[bad / 2], bad % 2);
        snprintf(says, sizeof says, "the model fails on order, in call 1 of %s", slots[bad / 2]);
        struct gw_destination *dest = guest_destination(name);
        for (unsigned i = 0; i < bad / 2; i++)
            CHECK_EQ(call_destination(dest, i, &surely, &err), 0);
        CHECK_EQ(call_destination(dest, bad / 2, &surely, &err), -1);
        CHECK_FAIL(err, GW_E_SYSTEM, says);
        CHECK_EQ(surely, bad / 2 == 7 && bad % 2 == 1);
        gw_destination_close(dest);
    }
}

static void a_record_that_nobody_knows_is_refused_unless_it_is_optional(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_destination *dest = guest_destination("model:");
    CHECK_EQ(gw_destination_create(dest, &headers, &err), 0);
    CHECK_EQ(gw_destination_record(dest, 0x80001234, "x", 1, &err), 0);
    CHECK_EQ(gw_destination_record(dest, 0x1234, "x", 1, &err), -1);
    CHECK_FAIL(err, GW_E_REFUSED, "the model does not know");
    gw_destination_close(dest);
}

const struct test tests[] = {
    { "a-model-says-what-it-is", a_model_says_what_it_is },
    { "the-log-has-every-slot-that-was-called", the_log_has_every_slot_that_was_called },
    { "dirty-pages-come-as-the-script-says", dirty_pages_come_as_the_script_says },
    { "a-model-that-is-not-live-says-why", a_model_that_is_not_live_says_why },
    { "held-neighbours-share-a-segment-and-holes-have-none", held_neighbours_share_a_segment_and_holes_have_none },
    { "every-slot-of-a-source-fails-on-order-and-works-the-next-time",
      every_slot_of_a_source_fails_on_order_and_works_the_next_time },
    { "a-later-call-fails-when-that-was-the-order", a_later_call_fails_when_that_was_the_order },
    { "a-model-arrives-as-it-left", a_model_arrives_as_it_left },
    { "one-changed-octet-is-found", one_changed_octet_is_found },
    { "every-slot-of-a-destination-fails-on-order", every_slot_of_a_destination_fails_on_order },
    { "a-record-that-nobody-knows-is-refused-unless-it-is-optional",
      a_record_that_nobody_knows_is_refused_unless_it_is_optional },
    { NULL, NULL },
};
