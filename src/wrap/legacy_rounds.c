/*
 * legacy_rounds.c - checkpoints of which later ones come compressed, resolved into one memory (legacy sections 9, 10).
 *
 * Each pfn that was named has 8 octets here: its type, and where its last contents lie. Those of a batch, and pages
 * that stand whole among the compressed ones, stay in the input; what is made of a page and its changes is in the
 * spool, in the same place for each next change until it comes whole again. A compressed round is decoded at its end,
 * when all entries and all chunks are known, in whatever order they came.
 *
 * It must not know which rounds are complete, nor where they end.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "legacy.h"

#define PIECE 65536
#define CHUNKS_MOST 65536 /* of compressed pages in one round; a saver's have 16 MiB each */
#define ID_LEN 4
#define AT ((UINT64_C(1) << 56) - 1) /* more than a file has */

/* What is known of a pfn. */
struct slot {
    uint64_t at : 56; /* in the file of the input, or in the spool */
    uint64_t type : 4;
    uint64_t is_named : 1;
    uint64_t has_contents : 1;
    uint64_t in_spool : 1;
    uint64_t is_queued : 1; /* an entry of the compressed round at hand */
};

struct extent {
    uint64_t at, len; /* in the file of the input */
};

struct legacy_rounds {
    struct legacy_place again;
    int spool;
    unsigned width;
    uint64_t offset;  /* of the last batch */
    uint64_t spooled; /* octets of the spool that are in use */
    struct gw_sparse slots;
    uint32_t *queue; /* the compressed round's entries with contents: type << 28 | pfn */
    size_t num_queued, queue_cap;
    struct extent *chunks; /* its compressed pages */
    size_t num_chunks, chunks_cap;
    uint64_t chunk_from; /* what stands before the chunk at hand in all of the round's */
    const struct extent *chunk;
    struct legacy_pages pages;
    uint8_t piece[PIECE];
    struct gw_seg segs[LEGACY_BATCH_MOST];
};

/* --- pages in files ---------------------------------------------------------------------------------------------- */

static int read_page(const struct legacy_rounds *rounds, const struct slot *slot, uint8_t *page, struct gw_err *err)
{
    int fd = slot->in_spool ? rounds->spool : rounds->again.fd;
    ssize_t n = gw_read_at(fd, page, LEGACY_PAGE, slot->at);
    if (n < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot read a page of an earlier checkpoint");
    if (n < LEGACY_PAGE)
        return errno = EIO, gw_fail(err, GW_E_SYSTEM, "the file became shorter while it was read");
    return 0;
}

static int write_page(struct legacy_rounds *rounds, struct slot *slot, const uint8_t *page, struct gw_err *err)
{
    uint64_t at = slot->has_contents && slot->in_spool ? slot->at : rounds->spooled;
    if (rounds->spool < 0)
        return gw_fail(err, GW_E_REFUSED,
                       "checkpoints with compressed pages have to be put together in a temporary file, and there is "
                       "none");
    if (gw_write_at(rounds->spool, page, LEGACY_PAGE, at) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot write to the temporary file");
    if (at == rounds->spooled)
        rounds->spooled += LEGACY_PAGE;
    slot->at = at & AT;
    slot->in_spool = slot->has_contents = true;
    return 0;
}

/* --- a compressed round ------------------------------------------------------------------------------------------ */

/* The entry that a page of the round belongs to. */
static struct slot *slot_of(struct legacy_rounds *rounds, uint64_t number, struct gw_err *err)
{
    if (number >= rounds->num_queued) {
        gw_refuse(err, "legacy-compression", "there are more compressed pages than the %zu entries with contents",
                  rounds->num_queued);
        return NULL;
    }
    return gw_sparse_at(&rounds->slots, rounds->queue[number] & 0x0fffffff, err);
}

static int needs_contents(const struct legacy_rounds *rounds, uint64_t number, const struct slot *slot,
                          struct gw_err *err)
{
    return slot->has_contents
               ? 0
               : gw_refuse(err, "legacy-compression", "pfn 0x%x comes as a change of contents that never came",
                           rounds->queue[number] & 0x0fffffff);
}

static int page_before(void *arg, uint64_t number, uint8_t *page, struct gw_err *err)
{
    struct legacy_rounds *rounds = arg;
    const struct slot *slot = slot_of(rounds, number, err);
    if (slot == NULL || needs_contents(rounds, number, slot, err) < 0)
        return -1;
    return read_page(rounds, slot, page, err);
}

static int page_done(void *arg, uint64_t number, enum legacy_page_kind kind, const uint8_t *page, uint64_t at,
                     struct gw_err *err)
{
    struct legacy_rounds *rounds = arg;
    struct slot *slot = slot_of(rounds, number, err);
    if (slot == NULL)
        return -1;
    unsigned type = rounds->queue[number] >> 28;
    slot->type = type & 15;
    if (kind == LEGACY_PAGE_SAME)
        return needs_contents(rounds, number, slot, err);
    if (kind == LEGACY_PAGE_CHANGED || at < rounds->chunk_from)
        return write_page(rounds, slot, page, err);
    slot->at = (rounds->chunk->at + (at - rounds->chunk_from)) & AT;
    slot->has_contents = true;
    slot->in_spool = false;
    return 0;
}

static const struct legacy_pages_ops pages_ops = { page_before, page_done };

static int decode_chunk(struct legacy_rounds *rounds, struct gw_err *err)
{
    gw_auto(gw_chan_closep) struct gw_chan *chan =
        gw_chan_at(rounds->again.fd, rounds->chunk->at, rounds->chunk->len, err);
    for (size_t got = 1; chan != NULL && got > 0;)
        if (gw_chan_some(chan, rounds->piece, sizeof rounds->piece, &got, err) < 0 ||
            legacy_pages_take(&rounds->pages, rounds->piece, got, err) < 0)
            return legacy_by_rule(err, "legacy-compression");
    return chan != NULL ? 0 : -1;
}

/* The body is whole: every compressed page finds its entry. */
static int decode_round(struct legacy_rounds *rounds, struct gw_err *err)
{
    rounds->pages = (struct legacy_pages){ .ops = &pages_ops, .arg = rounds };
    rounds->chunk_from = 0;
    for (size_t i = 0; i < rounds->num_chunks; i++) {
        rounds->chunk = &rounds->chunks[i];
        if (decode_chunk(rounds, err) < 0)
            return -1;
        rounds->chunk_from += rounds->chunk->len;
    }
    if (legacy_pages_end(&rounds->pages, rounds->num_queued, err) < 0)
        return legacy_by_rule(err, "legacy-compression");
    for (size_t i = 0; i < rounds->num_queued; i++) {
        struct slot *slot = slot_of(rounds, i, err);
        if (slot == NULL)
            return -1;
        slot->is_queued = false;
    }
    rounds->num_queued = rounds->num_chunks = 0;
    return 0;
}

static int queue_entry(struct legacy_rounds *rounds, struct slot *slot, uint64_t entry, struct gw_err *err)
{
    void *mem = rounds->queue;
    uint64_t pfn = gw_entry_pfn(entry);
    if (slot->is_queued) /* else memory would follow the octets, not the guest */
        return gw_refuse(err, "legacy-compression", "pfn 0x%llx comes twice in a compressed checkpoint",
                         (unsigned long long)pfn);
    if (gw_grow(&mem, &rounds->queue_cap, rounds->num_queued + 1, sizeof *rounds->queue, err) < 0)
        return -1;
    rounds->queue = mem;
    rounds->queue[rounds->num_queued++] = (uint32_t)gw_entry_type(entry) << 28 | (uint32_t)pfn;
    slot->is_queued = true;
    return 0;
}

static int add_chunk(struct legacy_rounds *rounds, const struct legacy_chunk *chunk, struct gw_err *err)
{
    void *mem = rounds->chunks;
    if (chunk->length == 0)
        return 0;
    if (rounds->num_chunks == CHUNKS_MOST)
        return gw_refuse(err, "legacy-compression", "more than %d chunks of compressed pages in one checkpoint",
                         CHUNKS_MOST);
    if (gw_grow(&mem, &rounds->chunks_cap, rounds->num_chunks + 1, sizeof *rounds->chunks, err) < 0)
        return -1;
    rounds->chunks = mem;
    rounds->chunks[rounds->num_chunks++] =
        (struct extent){ .at = chunk->offset + ID_LEN + rounds->width + rounds->again.at, .len = chunk->length };
    return 0;
}

int legacy_rounds_chunk(struct legacy_rounds *rounds, const struct legacy_chunk *chunk, struct gw_err *err)
{
    switch (chunk->id) {
    case LEGACY_COMPRESSED: return add_chunk(rounds, chunk, err);
    case LEGACY_END_OF_BODY: return decode_round(rounds, err) < 0 ? gw_err_place(err, chunk->offset, 0) : 0;
    default: return 0;
    }
}

/* --- batches ----------------------------------------------------------------------------------------------------- */

static void take_empty(struct slot *slot, unsigned type)
{
    if (type == GW_PAGE_XALLOC && slot->has_contents)
        return; /* it has been allocated long ago */
    slot->type = type & 15;
    slot->has_contents = false;
}

int legacy_rounds_batch(struct legacy_rounds *rounds, const struct legacy_batch *batch, struct gw_err *err)
{
    uint64_t at = batch->offset + ID_LEN + (uint64_t)batch->num * rounds->width + rounds->again.at;
    rounds->offset = batch->offset;
    for (uint32_t i = 0; i < batch->num; i++) {
        unsigned type = gw_entry_type(batch->entries[i]);
        if (type == GW_PAGE_XTAB)
            continue;
        struct slot *slot = gw_sparse_at(&rounds->slots, gw_entry_pfn(batch->entries[i]), err);
        if (slot == NULL)
            return -1;
        slot->is_named = true;
        if (!gw_type_has_contents(type)) {
            take_empty(slot, type);
        } else if (batch->is_compressed) {
            if (queue_entry(rounds, slot, batch->entries[i], err) < 0)
                return -1;
        } else {
            *slot = (struct slot){ .at = at & AT, .type = type & 15, .is_named = true, .has_contents = true };
            at += LEGACY_PAGE;
        }
    }
    return 0;
}

/* --- the memory that comes of it --------------------------------------------------------------------------------- */

/* A record on its way. */
struct telling {
    struct legacy_rounds *rounds;
    struct legacy_emit *emit;
    struct legacy_run run;
    unsigned num_segs;
};

static int flush(struct telling *t, struct gw_err *err)
{
    struct legacy_rounds *rounds = t->rounds;
    struct gw_payload contents;
    if (t->run.num == 0)
        return 0;
    t->run.offset = rounds->offset;
    t->run.entries = t->emit->entries;
    t->run.contents_at = t->num_segs == 1 && rounds->segs[0].fd == rounds->again.fd
                             ? rounds->segs[0].off - rounds->again.at
                             : GW_NO_PLACE;
    gw_payload_of(&contents, rounds->segs, t->num_segs, t->emit->buffer, (size_t)gw_limit(BUFFER));
    if (legacy_emit_pages(t->emit, &t->run, &contents, err) < 0 || gw_payload_settle(&contents, err) < 0)
        return -1;
    t->run.num = t->run.num_contents = t->num_segs = 0;
    return 0;
}

static void add_contents(struct telling *t, const struct slot *slot)
{
    struct gw_seg *last = t->num_segs > 0 ? &t->rounds->segs[t->num_segs - 1] : NULL;
    int fd = slot->in_spool ? t->rounds->spool : t->rounds->again.fd;
    t->run.num_contents++;
    if (last != NULL && last->fd == fd && last->off + last->len == slot->at)
        last->len += LEGACY_PAGE;
    else
        t->rounds->segs[t->num_segs++] = (struct gw_seg){ .fd = fd, .off = slot->at, .len = LEGACY_PAGE };
}

static int tell_pfn(struct telling *t, uint64_t pfn, const struct slot *slot, struct gw_err *err)
{
    const struct gw_bitmap *unmapped = t->emit->unmapped;
    if (!slot->is_named || (unmapped != NULL && pfn < unmapped->num && gw_bitmap_test(unmapped, pfn)))
        return 0;
    if (t->run.num == LEGACY_BATCH_MOST && flush(t, err) < 0)
        return -1;
    t->emit->entries[t->run.num++] = gw_entry(pfn, slot->type);
    if (slot->has_contents)
        add_contents(t, slot);
    return 0;
}

int legacy_rounds_tell(struct legacy_rounds *rounds, struct legacy_emit *emit, struct gw_err *err)
{
    struct telling t = { .rounds = rounds, .emit = emit };
    const struct slot *leaf;
    for (uint64_t pfn = 0; (leaf = gw_sparse_leaf(&rounds->slots, &pfn)) != NULL; pfn += GW_SPARSE_LEAF)
        for (unsigned i = 0; i < GW_SPARSE_LEAF; i++)
            if (tell_pfn(&t, pfn + i, &leaf[i], err) < 0)
                return -1;
    return flush(&t, err);
}

struct legacy_rounds *legacy_rounds_new(const struct legacy_walk *walk, int spool, struct gw_err *err)
{
    struct stat st;
    struct legacy_rounds *rounds = gw_alloc(1, sizeof *rounds, err);
    if (rounds == NULL)
        return NULL;
    if (spool >= 0 && fstat(spool, &st) < 0) {
        gw_free(rounds);
        return gw_fail(err, GW_E_SYSTEM, "cannot look at the temporary file"), NULL;
    }
    rounds->again = walk->again;
    rounds->spool = spool;
    rounds->spooled = spool >= 0 ? (uint64_t)st.st_size : 0; /* the input itself may lie there */
    rounds->width = walk->head->width;
    gw_sparse_init(&rounds->slots, sizeof(struct slot));
    return rounds;
}

void legacy_rounds_free(struct legacy_rounds *rounds)
{
    if (rounds == NULL)
        return;
    gw_sparse_free(&rounds->slots);
    gw_free(rounds->queue);
    gw_free(rounds->chunks);
    gw_free(rounds);
}
