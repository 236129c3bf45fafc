/*
 * saved.c - a saved index read, held against the image, and asked.
 */
#include <string.h>
#include <unistd.h>

#include "saved_form.h"

struct gw_saved {
    struct gw_buf octets;
    struct saved_head head;
    struct gw_cur records, runs; /* in octets */
};

static struct saved_record record_at(const struct gw_saved *saved, uint32_t number)
{
    struct gw_cur cur = gw_cur(saved->records.p + (size_t)number * SAVED_RECORD_LEN, SAVED_RECORD_LEN);
    return saved_take_record(&cur);
}

static struct saved_run run_at(const struct gw_saved *saved, uint32_t number)
{
    struct gw_cur cur = gw_cur(saved->runs.p + (size_t)number * SAVED_RUN_LEN, SAVED_RUN_LEN);
    bool zero;
    return saved_take_run(&cur, &zero);
}

/* In the image, with contents where its type has them, of a record that is listed. */
static bool is_right(const struct saved_head *head, const struct saved_run *run)
{
    uint64_t pfn = gw_entry_pfn(run->entry), octets = (uint64_t)run->num * GW_PAGE_LEN;
    unsigned type = gw_entry_type(run->entry);
    if (run->num == 0 || run->times == 0 || run->record >= head->num_records || !gw_type_exists(type) ||
        (run->entry & GW_ENTRY_RESERVED) != 0 || pfn + run->num > gw_limit(PFN_MOST))
        return false;
    if (!gw_type_has_contents(type))
        return run->place == NO_PLACE;
    return run->place < head->print.octets && octets <= head->print.octets - run->place;
}

static int check_runs(const struct gw_saved *saved, struct gw_err *err)
{
    struct gw_cur cur = saved->runs;
    uint64_t above = 0;
    for (uint32_t i = 0; i < saved->head.num_runs; i++) {
        bool zero;
        struct saved_run run = saved_take_run(&cur, &zero);
        if (!zero || !is_right(&saved->head, &run) || gw_entry_pfn(run.entry) < above)
            return gw_fail(err, GW_E_INVALID, "run %u cannot be", i);
        above = gw_entry_pfn(run.entry) + run.num;
    }
    return 0;
}

static int take_apart(struct gw_saved *saved, struct gw_err *err)
{
    struct gw_cur cur = gw_buf_cur(&saved->octets);
    if (gw_left(&cur) < SAVED_HEAD_LEN + SAVED_SUM_LEN)
        return gw_fail(err, GW_E_INVALID, "it is too short");
    if (!saved_take_head(&cur, &saved->head))
        return gw_fail(err, GW_E_INVALID, "it is no index that this godwit knows");
    uint64_t records = (uint64_t)saved->head.num_records * SAVED_RECORD_LEN;
    uint64_t runs = (uint64_t)saved->head.num_runs * SAVED_RUN_LEN;
    if (gw_left(&cur) != records + runs + SAVED_SUM_LEN)
        return gw_fail(err, GW_E_INVALID, "it has not the length that its head says");
    saved->records = gw_sub(&cur, (size_t)records);
    saved->runs = gw_sub(&cur, (size_t)runs);
    if (gw_u64(&cur) != gw_check(saved->octets.mem, saved->octets.len - SAVED_SUM_LEN))
        return gw_fail(err, GW_E_INVALID, "its check is wrong");
    return check_runs(saved, err);
}

struct gw_saved *gw_saved_read(struct gw_buf *octets, struct gw_err *err)
{
    struct gw_saved *saved = gw_alloc(1, sizeof *saved, err);
    if (saved == NULL) {
        gw_buf_free(octets);
        return NULL;
    }
    saved->octets = *octets;
    *octets = (struct gw_buf){ 0 };
    if (take_apart(saved, err) == 0)
        return saved;
    gw_saved_free(saved);
    return NULL;
}

void gw_saved_free(struct gw_saved *saved)
{
    if (saved == NULL)
        return;
    gw_buf_free(&saved->octets);
    gw_free(saved);
}

bool gw_saved_is_of(const struct gw_saved *saved, const struct gw_image_print *print)
{
    const struct gw_image_print *mine = &saved->head.print;
    return mine->octets == print->octets && mine->modified_ns == print->modified_ns && mine->check == print->check;
}

/* The run that has the pfn; false: none. */
static bool find_run(const struct gw_saved *saved, uint64_t pfn, struct saved_run *out)
{
    uint32_t low = 0, high = saved->head.num_runs;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        *out = run_at(saved, middle);
        if (gw_entry_pfn(out->entry) + out->num <= pfn)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == saved->head.num_runs)
        return false;
    *out = run_at(saved, low);
    return gw_entry_pfn(out->entry) <= pfn;
}

/* Exactly these octets of the image; -1 without err set: they are not there. */
static int read_octets(int fd, void *mem, size_t len, uint64_t at, struct gw_err *err)
{
    ssize_t got = at <= INT64_MAX - len ? gw_read_at(fd, mem, len, at) : 0;
    if (got < 0)
        return gw_fail(err, GW_E_SYSTEM, "the image cannot be read");
    return (size_t)got == len ? 0 : -1;
}

/* Where the record's last entry of that pfn and type has its contents, NO_PLACE for none; false: it has no such. */
static bool place_in(struct gw_cur entries, uint64_t record, uint32_t count, uint64_t entry, uint64_t *place)
{
    uint64_t at = record + GW_RECORD_HEADER_LEN + gw_page_data_len(count, 0);
    bool there = false;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t here = gw_u64(&entries);
        bool contents = gw_type_has_contents(gw_entry_type(here));
        if (gw_entry_pfn(here) == gw_entry_pfn(entry)) {
            there = gw_entry_type(here) == gw_entry_type(entry);
            *place = contents ? at : NO_PLACE;
        }
        at += contents ? GW_PAGE_LEN : 0;
    }
    return there;
}

/* The image itself has that record, and it names the pfn so. */
static int prove(int fd, uint64_t record, uint64_t entry, uint64_t place, struct gw_err *err)
{
    uint8_t head[GW_RECORD_HEADER_LEN + 8];
    struct gw_buf entries = { 0 };
    uint64_t found = 0;
    bool proven = false;
    if (read_octets(fd, head, sizeof head, record, err) == 0) {
        struct gw_cur cur = gw_cur(head, sizeof head);
        uint32_t type = gw_u32(&cur), length = gw_u32(&cur), count = gw_u32(&cur);
        bool fits = type == GW_REC_PAGE_DATA && count > 0 && count <= gw_limit(PAGE_COUNT) &&
                    gw_page_data_len(count, 0) <= length;
        uint8_t *room = fits ? gw_buf_room(&entries, (size_t)count * 8) : NULL;
        if (room != NULL && read_octets(fd, room, (size_t)count * 8, record + sizeof head, err) == 0)
            proven = place_in(gw_cur(room, (size_t)count * 8), record, count, entry, &found) && found == place;
    }
    bool enough = gw_buf_ok(&entries, err) == 0;
    gw_buf_free(&entries);
    if (proven || !enough || err->code != GW_E_OK)
        return err->code == GW_E_OK ? 0 : -1;
    return gw_fail(err, GW_E_INVALID, "the image does not have pfn 0x%llx where the index says",
                   (unsigned long long)gw_entry_pfn(entry));
}

int gw_saved_find(const struct gw_saved *saved, int fd, uint64_t pfn, bool *named, struct gw_saved_page *out,
                  struct gw_err *err)
{
    struct saved_run run;
    *named = find_run(saved, pfn, &run);
    if (!*named)
        return 0;
    struct saved_record record = record_at(saved, run.record);
    *out = (struct gw_saved_page){ .type = gw_entry_type(run.entry),
                                   .times = run.times,
                                   .record = record.number,
                                   .has_contents = run.place != NO_PLACE };
    out->offset = out->has_contents ? run.place + (pfn - gw_entry_pfn(run.entry)) * GW_PAGE_LEN : 0;
    if (prove(fd, record.place, gw_entry(pfn, out->type), out->has_contents ? out->offset : NO_PLACE, err) < 0)
        return -1;
    if (!out->has_contents || read_octets(fd, out->page, GW_PAGE_LEN, out->offset, err) == 0)
        return 0;
    return err->code != GW_E_OK ? -1 : gw_fail(err, GW_E_INVALID, "the image became shorter while it was read");
}
