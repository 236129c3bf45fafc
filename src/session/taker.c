/*
 * taker.c - see taker.h.
 *
 * A producer: what a PAGE chunk describes is handed to the intake as a PAGE_DATA whose contents are the link's next
 * octets, and land in the guest. The taker also stands beside the intake as a watcher, and compares each page as it
 * landed. Records are kept until memory is whole, for pages may come again behind them.
 *
 * Never: believes a count before its octets are there; answers (destination.c).
 */
#include <assert.h>
#include <string.h>

#include "channel.h"
#include "taker.h"
#include "words.h"

#define RECORDS_MOST (UINT32_C(64) << 20) /* octets of records kept together */

struct taker {
    struct gw_sink beside; /* the watcher */
    struct wire *wire;
    struct gw_intake *intake;
    struct gw_totals *totals;
    uint64_t max_pfn, num_pfns;
    struct gw_bitmap lacking;
    uint64_t num_lacking;
    uint64_t number;            /* of records handed on */
    uint64_t landed, good;      /* since the last answer: octets, pages */
    uint64_t pages;             /* that came in all */
    uint64_t *entries, *checks; /* of the PAGE at hand: those with attached contents first come, then zero ones */
    size_t cap;
    uint32_t next;         /* of entries: whose contents are shown next */
    struct gw_buf records; /* type u32, length u32 (both little-endian), body */
    struct gw_buf ranges;
    uint8_t *buffer;
};

/* --- every page --------------------------------------------------------------------------------------------------- */

/* What the pfn has come to, and whether it is what the source says. */
static int settle_page(struct taker *t, uint64_t entry, uint64_t said, uint64_t is, struct gw_err *err)
{
    uint64_t pfn = gw_entry_pfn(entry);
    bool lacked = gw_bitmap_test(&t->lacking, pfn), lacks = said != is;
    if (lacks && !lacked)
        gw_bitmap_set(&t->lacking, pfn);
    if (lacked && !lacks)
        gw_bitmap_clear(&t->lacking, pfn);
    t->num_lacking += (uint64_t)lacks - (uint64_t)lacked;
    t->good += !lacks;
    return gw_totals_page(t->totals, pfn, gw_entry_type(entry), is, err);
}

static int show_pages(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    struct taker *t = arg;
    (void)at;
    for (size_t i = 0; i < len; i += GW_PAGE_LEN, t->next++) {
        while (!gw_type_has_contents(gw_entry_type(t->entries[t->next])))
            t->next++;
        uint64_t is = t->wire->checks ? gw_page_check(mem + i) : 0;
        if (settle_page(t, t->entries[t->next], t->checks[t->next], is, err) < 0)
            return -1;
    }
    return 0;
}

static int beside_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct taker *t = (struct taker *)sink;
    if (pages->num_contents == 0)
        return 0;
    return gw_payload_watch(pages->contents, show_pages, t, err);
}

static int beside_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    struct taker *t = (struct taker *)sink;
    if (record->body == NULL)
        return gw_fail(err, GW_E_REFUSED, "a record of %u octets does not travel", record->frame.length);
    gw_totals_record(t->totals, record->frame.type, record->body, record->frame.length);
    t->number = record->frame.number;
    return 0;
}

static int beside_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    (void)err;
    ((struct taker *)sink)->number = mark->frame.number;
    return 0;
}

static const struct gw_sink_ops beside_ops = {
    .name = "taker",
    .takes = GW_TAKES_WATCH,
    .pages = beside_pages,
    .record = beside_record,
    .mark = beside_mark,
};

/* --- the offer ---------------------------------------------------------------------------------------------------- */

static void put_reason(struct gw_buf *reasons, uint32_t *num, uint32_t code, const struct gw_err *err)
{
    char text[400];
    gw_chunk_reason_put(reasons, code, gw_str(our_words(err, "", text, sizeof text)));
    (*num)++;
}

static int check_size(const struct taker *t, const struct gw_chunk_offr *offr, struct gw_err *err)
{
    if (offr->num_pfns == 0 || offr->num_ram_pfns > offr->num_pfns)
        return gw_fail(err, GW_E_REFUSED, "a guest of %llu pfns, %llu of them memory, is none",
                       (unsigned long long)offr->num_pfns, (unsigned long long)offr->num_ram_pfns);
    if (offr->num_pfns > t->max_pfn)
        return gw_fail(err, GW_E_REFUSED, "the guest has %llu pfns; %llu are taken here (see --max-guest)",
                       (unsigned long long)offr->num_pfns, (unsigned long long)t->max_pfn);
    return 0;
}

static int read_static(struct taker *t, struct gw_cur image, struct gw_err *err)
{
    struct gw_chan *chan = gw_chan_memory(image.p, gw_left(&image), NULL, err);
    struct gw_reader *reader = chan != NULL ? gw_reader_new(chan, t->max_pfn, err) : NULL;
    int rc = reader != NULL ? gw_reader_static(reader, gw_intake_sink(t->intake), err) : -1;
    if (rc == 0 && chan->read_pos != gw_left(&image))
        rc = gw_fail(err, GW_E_REFUSED, "the offer goes on behind STATIC_DATA_END");
    gw_reader_free(reader);
    gw_chan_close(chan);
    return rc;
}

int taker_offer(struct taker *t, const struct gw_chunk_offr *offr, struct gw_buf *reasons, uint32_t *num_reasons,
                struct gw_err *err)
{
    struct gw_err why = GW_ERR_NONE;
    if (check_size(t, offr, &why) < 0) {
        put_reason(reasons, num_reasons, DENY_LIMIT, &why);
        return *err = why, -1;
    }
    int rc = read_static(t, offr->image, &why);
    for (unsigned i = 0; i < GW_INTAKE_ERRORS; i++) {
        struct gw_err found = GW_ERR_NONE;
        if (gw_intake_error(t->intake, i, &found) < 0)
            put_reason(reasons, num_reasons, DENY_IMAGE, &found);
        if (found.code != GW_E_OK)
            *err = found;
    }
    if (rc < 0) {
        put_reason(reasons, num_reasons, DENY_GUEST, &why);
        *err = why;
    }
    t->num_pfns = offr->num_pfns;
    return *num_reasons > 0 ? -1 : gw_bitmap_init(&t->lacking, t->num_pfns, err);
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

static int make_room(struct taker *t, uint32_t count, struct gw_err *err)
{
    void *entries = t->entries, *checks = t->checks;
    size_t cap = t->cap, cap_checks = t->cap;
    int rc = gw_grow(&entries, &cap, count, sizeof t->entries[0], err);
    t->entries = entries;
    if (rc == 0)
        rc = gw_grow(&checks, &cap_checks, count, sizeof t->checks[0], err);
    t->checks = checks;
    if (rc == 0)
        t->cap = gw_min(cap, cap_checks);
    return rc;
}

/* The entries of a PAGE that have to do with `zero`; *num_contents of them have contents. */
static uint32_t pick(struct taker *t, const struct gw_chunk_page *page, bool zero, uint32_t *num_contents)
{
    struct gw_cur list = page->entries;
    struct gw_chunk_entry it;
    uint32_t num = 0;
    *num_contents = 0;
    while (gw_chunk_entry_take(&list, &it)) {
        if (((it.entry & GW_ENTRY_ZERO) != 0) != zero)
            continue;
        t->entries[num] = it.entry & ~GW_ENTRY_RESERVED;
        t->checks[num++] = it.check;
        *num_contents += gw_type_has_contents(gw_entry_type(it.entry));
    }
    return num;
}

static int check_entries(const struct taker *t, const struct gw_chunk_page *page, struct gw_err *err)
{
    struct gw_cur list = page->entries;
    struct gw_chunk_entry it;
    if (page->encoding != GW_ENCODING_PLAIN)
        return gw_fail(err, GW_E_REFUSED, "PAGE has encoding %u, which was not agreed on", page->encoding);
    while (gw_chunk_entry_take(&list, &it)) {
        if (gw_entry_pfn(it.entry) >= t->num_pfns)
            return gw_fail(err, GW_E_REFUSED, "PAGE names pfn 0x%llx of a guest of 0x%llx",
                           (unsigned long long)gw_entry_pfn(it.entry), (unsigned long long)t->num_pfns);
        if (it.entry & GW_ENTRY_HELD || (it.entry & GW_ENTRY_ZERO && !t->wire->zero))
            return gw_fail(err, GW_E_REFUSED, "PAGE flags an entry in a way that was not agreed on");
    }
    return 0;
}

/* Entries without contents are what they are: nothing lands for them, and nothing can be wrong. */
static int settle_bare(struct taker *t, uint32_t num, struct gw_err *err)
{
    for (uint32_t i = 0; i < num; i++)
        if (!gw_type_has_contents(gw_entry_type(t->entries[i])) && settle_page(t, t->entries[i], 0, 0, err) < 0)
            return -1;
    return 0;
}

static int hand_on(struct taker *t, uint32_t num, uint32_t num_contents, struct gw_payload *contents,
                   struct gw_err *err)
{
    struct gw_pages pages = {
        .frame = { .number = ++t->number,
                   .type = GW_REC_PAGE_DATA,
                   .length = (uint32_t)gw_page_data_len(num, num_contents) },
        .count = num,
        .entries = t->entries,
        .num_contents = num_contents,
        .contents = contents,
        .contents_at = GW_NO_PLACE,
    };
    t->next = 0;
    if (gw_sink_pages(gw_intake_sink(t->intake), &pages, err) < 0 || gw_payload_settle(contents, err) < 0)
        return -1;
    t->landed += (uint64_t)num_contents * GW_PAGE_LEN;
    return settle_bare(t, num, err);
}

int taker_page(struct taker *t, const struct gw_chunk_page *page, struct gw_err *err)
{
    struct gw_payload contents;
    uint32_t num_contents, num;
    size_t room = (size_t)gw_limit(BUFFER);
    if (check_entries(t, page, err) < 0 || make_room(t, page->count, err) < 0)
        return -1;
    t->pages += page->count;
    num = pick(t, page, false, &num_contents);
    assert(num_contents == page->num_carried);
    gw_payload_open(&contents, wire_octets(t->wire), (uint64_t)num_contents * GW_PAGE_LEN, t->buffer, room);
    if (num > 0 && hand_on(t, num, num_contents, &contents, err) < 0)
        return -1;
    num = pick(t, page, true, &num_contents);
    gw_payload_zeros(&contents, (uint64_t)num_contents * GW_PAGE_LEN, t->buffer, room);
    return num > 0 ? hand_on(t, num, num_contents, &contents, err) : 0;
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

bool taker_lacks(const struct taker *t)
{
    return t->num_lacking > 0;
}

void taker_seen(struct taker *t, uint32_t round, struct gw_chunk_seen *out)
{
    *out = (struct gw_chunk_seen){ .round = round, .num_good = t->good, .landed_len = t->landed };
    t->ranges.len = 0;
    for (uint64_t pfn = gw_bitmap_next(&t->lacking, 0); pfn < t->lacking.num && out->num < GW_CHUNK_RANGES_MAX;
         out->num++) {
        uint64_t first = pfn;
        while (pfn < t->lacking.num && gw_bitmap_test(&t->lacking, pfn))
            pfn++;
        gw_chunk_range_put(&t->ranges, first, pfn - first);
        pfn = gw_bitmap_next(&t->lacking, pfn);
    }
    out->ranges = gw_buf_cur(&t->ranges);
    t->good = t->landed = 0;
}

/* --- records and the end ------------------------------------------------------------------------------------------ */

static int give_records(struct taker *t, struct gw_err *err)
{
    struct gw_cur cur = gw_buf_cur(&t->records);
    while (gw_left(&cur) > 0) {
        struct gw_record record = { .frame = { .number = t->number + 1 } };
        record.frame.type = gw_u32(&cur);
        record.frame.length = gw_u32(&cur);
        const uint8_t *body = gw_take(&cur, record.frame.length);
        record.body = record.frame.length > 0 ? body : t->buffer;
        if (gw_sink_record(gw_intake_sink(t->intake), &record, err) < 0)
            return -1;
    }
    t->records.len = 0;
    return 0;
}

int taker_record(struct taker *t, const struct gw_chunk_recd *recd, struct gw_err *err)
{
    const struct gw_record_info *info = gw_record_info(recd->record);
    size_t len = gw_left(&recd->body);
    if (info != NULL && info->kind == GW_KIND_MARKER)
        return gw_fail(err, GW_E_REFUSED, "%s does not travel as a record", info->name);
    if (t->records.len + len + 8 > RECORDS_MOST)
        return gw_fail(err, GW_E_REFUSED, "the guest's records are longer than %u octets together", RECORDS_MOST);
    gw_put_u32(&t->records, recd->record);
    gw_put_u32(&t->records, (uint32_t)len);
    gw_put(&t->records, recd->body.p, len);
    if (gw_buf_ok(&t->records, err) < 0)
        return -1;
    return t->pages == 0 ? give_records(t, err) : 0; /* P2M_FRAMES stands before memory */
}

int taker_finish(struct taker *t, const struct gw_chunk_totals *theirs, struct gw_err *err)
{
    struct gw_sink *sink = gw_intake_sink(t->intake);
    struct gw_mark end = { .kind = GW_END, .frame = { .type = GW_REC_END } };
    struct gw_chunk_totals ours;
    assert(!taker_lacks(t));
    if (give_records(t, err) < 0)
        return -1;
    taker_totals(t, &ours);
    if (!gw_chunk_totals_equal(&ours, theirs))
        return gw_fail(err, GW_E_INVALID, "what arrived is not what was sent: %s differ",
                       memcmp(ours.pages_digest, theirs->pages_digest, sizeof ours.pages_digest) != 0 ? "the pages"
                                                                                                      : "the records");
    end.frame.number = t->number + 1;
    if (gw_sink_mark(sink, &end, err) < 0 || gw_sink_commit(sink, err) < 0)
        return -1;
    return gw_intake_finish(t->intake, err);
}

void taker_totals(const struct taker *t, struct gw_chunk_totals *out)
{
    totals_to_chunk(t->totals, out);
}

uint64_t taker_pages(const struct taker *t)
{
    return t->pages;
}

/* --- all together ------------------------------------------------------------------------------------------------- */

struct taker *taker_new(struct wire *wire, struct gw_destination *dest, const struct gw_receive_opts *opts,
                        struct gw_err *err)
{
    struct taker *t = gw_alloc(1, sizeof *t, err);
    if (t == NULL)
        return NULL;
    struct gw_intake_opts intake = {
        .dest = dest, .max_pfn = opts->max_pfn, .accept_loss = opts->accept_loss, .beside = &t->beside
    };
    t->beside.ops = &beside_ops;
    t->wire = wire;
    t->max_pfn = opts->max_pfn;
    t->totals = gw_totals_new(err);
    t->buffer = t->totals != NULL ? gw_alloc((size_t)gw_limit(BUFFER), 1, err) : NULL;
    t->intake = t->buffer != NULL ? gw_intake_new(&intake, err) : NULL;
    if (t->intake != NULL)
        return t;
    taker_free(t);
    return NULL;
}

void taker_free(struct taker *t)
{
    if (t == NULL)
        return;
    gw_intake_free(t->intake);
    gw_totals_free(t->totals);
    gw_bitmap_free(&t->lacking);
    gw_buf_free(&t->records);
    gw_buf_free(&t->ranges);
    gw_free(t->entries);
    gw_free(t->checks);
    gw_free(t->buffer);
    gw_free(t);
}
