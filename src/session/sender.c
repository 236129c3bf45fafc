/*
 * sender.c - see sender.h.
 *
 * A batch of the saver's becomes several PAGE chunks: the pages of one are looked at (zero? which check?) and then
 * written while they are still in the processor's cache. Contents go from guest memory to the link; nothing is copied.
 * While the guest runs a page may change between the look and the write: then its check does not fit, the destination
 * says so, and log-dirty has seen the change too.
 */
#include <assert.h>

#include "channel.h"
#include "xenf.h"
#include "session.h"
#include "sender.h"
#include "words.h"

#define AHEAD 2u /* pages that the processor is told of before they are looked at */
/*
 * Pages with contents in one PAGE. Between processes of one machine few are best: they are still in the processor's
 * cache when they are written. Over TCP each write costs more than that saves (measured: bench/move.py).
 */
#define CHUNK_PAGES_NEAR 32u
#define CHUNK_PAGES_FAR 512u

struct sender {
    struct gw_sink sink;
    struct wire *wire;
    struct gw_totals *totals;
    struct gw_buf image;   /* the offer */
    struct gw_sink *fixed; /* keeps it */
    bool offered;          /* STATIC_DATA_END has passed */
    struct gw_buf kept;    /* whole RECD chunks, until the offer is taken */
    bool going;
    uint32_t round;
    struct gw_chunk_entry items[GW_HOLD_MAX]; /* of the PAGE at hand */
    uint8_t *pages[GW_HOLD_MAX];              /* their contents; NULL: none are to be sent */
    uint32_t count, carrying;
    struct gw_buf entries; /* the same as octets */
    uint64_t octets, zero_pages;
    uint8_t *landing; /* for contents that do not lie in memory */
};

static struct sender *sender_of(struct gw_sink *sink)
{
    return (struct sender *)sink;
}

/* --- the offer ---------------------------------------------------------------------------------------------------- */

static int sender_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    return gw_sink_begin(sender_of(sink)->fixed, headers, err);
}

static int sender_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct sender *s = sender_of(sink);
    if (mark->kind != GW_STATIC_END)
        return mark->kind == GW_END ? 0 : gw_fail(err, GW_E_REFUSED, "a checkpointed image does not travel");
    s->offered = true;
    return gw_sink_mark(s->fixed, mark, err);
}

struct gw_cur sender_offer(const struct sender *s)
{
    assert(s->offered);
    return gw_buf_cur(&s->image);
}

/* --- records ------------------------------------------------------------------------------------------------------ */

static int sender_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    struct sender *s = sender_of(sink);
    struct gw_message recd = { .type = GW_CHUNK_RECD, .recd = { .record = record->frame.type } };
    assert(record->body != NULL);
    gw_totals_record(s->totals, record->frame.type, record->body, record->frame.length);
    if (!s->offered)
        return gw_sink_record(s->fixed, record, err);
    recd.recd.body = gw_cur(record->body, record->frame.length);
    return s->going ? wire_attach_out(s->wire, &recd, NULL, 0, err) : gw_chunk_encode(&s->kept, &recd, err);
}

int sender_go(struct sender *s, struct gw_err *err)
{
    s->going = true;
    return s->kept.len > 0 ? gw_chan_write(wire_octets(s->wire), s->kept.mem, s->kept.len, err) : 0;
}

/* --- pages -------------------------------------------------------------------------------------------------------- */

/* Is it zero, and what is its check? The next pages are on their way to the cache meanwhile. */
static void look(struct sender *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const uint8_t *page = s->pages[i];
        if (i + AHEAD < s->count && s->pages[i + AHEAD] != NULL)
            __builtin_prefetch(s->pages[i + AHEAD]);
        s->items[i].check = page != NULL && s->wire->checks ? gw_page_check(page) : 0;
        if (page == NULL || !s->wire->zero || !gw_is_zero(page, GW_PAGE_LEN))
            continue;
        s->items[i].entry |= GW_ENTRY_ZERO;
        s->pages[i] = NULL;
        s->zero_pages++;
    }
}

/* Contents that follow each other in memory leave as one part. Returns the number of parts. */
static unsigned attach(struct sender *s, struct iovec part[CHUNK_PAGES_FAR], uint64_t *attached)
{
    unsigned num = 0;
    *attached = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        struct iovec *last = num > 0 ? &part[num - 1] : NULL;
        if (s->pages[i] == NULL)
            continue;
        if (last != NULL && (uint8_t *)last->iov_base + last->iov_len == s->pages[i])
            last->iov_len += GW_PAGE_LEN;
        else
            part[num++] = (struct iovec){ .iov_base = s->pages[i], .iov_len = GW_PAGE_LEN };
        *attached += GW_PAGE_LEN;
    }
    return num;
}

static int count_in(struct sender *s, struct gw_err *err)
{
    for (uint32_t i = 0; i < s->count; i++) {
        uint64_t entry = s->items[i].entry;
        if (gw_totals_page(s->totals, gw_entry_pfn(entry), gw_entry_type(entry), s->items[i].check, err) < 0)
            return -1;
    }
    return 0;
}

static int flush(struct sender *s, struct gw_err *err)
{
    struct gw_message page = { .type = GW_CHUNK_PAGE, .page = { .round = s->round, .count = s->count } };
    struct iovec part[CHUNK_PAGES_FAR];
    if (s->count == 0)
        return 0;
    look(s);
    unsigned num = attach(s, part, &page.page.attached);
    s->entries.len = 0;
    gw_chunk_entries_put(&s->entries, s->items, s->count);
    if (count_in(s, err) < 0 || gw_buf_ok(&s->entries, err) < 0)
        return -1;
    page.page.entries = gw_buf_cur(&s->entries);
    s->octets += page.page.attached;
    s->count = s->carrying = 0;
    return wire_attach_out(s->wire, &page, part, num, err);
}

/* page: NULL for an entry without contents. */
static int add(struct sender *s, uint64_t entry, uint8_t *page, struct gw_err *err)
{
    s->items[s->count].entry = entry & ~GW_ENTRY_RESERVED;
    s->pages[s->count++] = page;
    s->carrying += page != NULL;
    uint32_t most = s->wire->far ? CHUNK_PAGES_FAR : CHUNK_PAGES_NEAR;
    return s->carrying == most || s->count == GW_HOLD_MAX ? flush(s, err) : 0;
}

/* Contents as one walk over memory, page by page. */
struct walk {
    const struct gw_seg *seg;
    size_t at;
};

static uint8_t *next_page(struct walk *walk)
{
    if (walk->at == walk->seg->len) {
        walk->seg++;
        walk->at = 0;
    }
    walk->at += GW_PAGE_LEN;
    return walk->seg->mem + walk->at - GW_PAGE_LEN;
}

static bool lie_in_memory(const struct gw_payload *contents)
{
    for (unsigned i = 0; i < contents->num_landed; i++)
        if (contents->landed[i].mem == NULL)
            return false;
    return contents->gone;
}

/* Contents that lie elsewhere come to memory first; a batch of the saver's has room. */
static int land(struct sender *s, struct gw_payload *contents, struct gw_seg *seg, struct gw_err *err)
{
    const size_t room = GW_HOLD_MAX * GW_PAGE_LEN;
    if (contents->len > room)
        return gw_fail(err, GW_E_USAGE, "%llu octets of contents are more than one batch",
                       (unsigned long long)contents->len);
    if (s->landing == NULL && (s->landing = gw_alloc(room, 1, err)) == NULL)
        return -1;
    *seg = (struct gw_seg){ .mem = s->landing, .fd = -1, .len = (size_t)contents->len };
    return gw_payload_into(contents, seg, 1, err);
}

static int sender_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct sender *s = sender_of(sink);
    struct gw_seg landed;
    if (pages->num_contents > 0 && !lie_in_memory(pages->contents) && land(s, pages->contents, &landed, err) < 0)
        return -1;
    struct walk walk = { .seg = pages->contents->landed };
    for (uint32_t i = 0; i < pages->count; i++) {
        bool carries = gw_type_has_contents(gw_entry_type(pages->entries[i]));
        if (add(s, pages->entries[i], carries ? next_page(&walk) : NULL, err) < 0)
            return -1;
    }
    return flush(s, err);
}

/* --- all together ------------------------------------------------------------------------------------------------- */

/* The sender outlives the saver that speaks to it as a sink: sender_free ends it. */
static const struct gw_sink_ops sender_ops = {
    .name = "sender",
    .takes = GW_TAKES_MOVE,
    .begin = sender_begin,
    .pages = sender_pages,
    .record = sender_record,
    .mark = sender_mark,
};

struct sender *sender_new(struct wire *wire, struct gw_err *err)
{
    struct sender *s = gw_alloc(1, sizeof *s, err);
    if (s == NULL)
        return NULL;
    s->sink.ops = &sender_ops;
    s->wire = wire;
    s->totals = gw_totals_new(err);
    s->fixed = s->totals != NULL ? gw_static_part(&s->image, err) : NULL;
    if (s->fixed != NULL)
        return s;
    sender_free(s);
    return NULL;
}

void sender_free(struct sender *s)
{
    if (s == NULL)
        return;
    gw_sink_close(s->fixed);
    gw_totals_free(s->totals);
    gw_buf_free(&s->image);
    gw_buf_free(&s->kept);
    gw_buf_free(&s->entries);
    gw_free(s->landing);
    gw_free(s);
}

struct gw_sink *sender_sink(struct sender *s)
{
    return &s->sink;
}

void sender_round(struct sender *s, uint32_t round)
{
    s->round = round;
}

void sender_totals(const struct sender *s, struct gw_chunk_totals *out)
{
    totals_to_chunk(s->totals, out);
}

uint64_t sender_octets(const struct sender *s)
{
    return s->octets;
}

uint64_t sender_zero_pages(const struct sender *s)
{
    return s->zero_pages;
}
