/*
 * legacy_rounds.c - compressed checkpoints: whatever a saver sends, the memory that comes out is the guest's at the
 * last one, and the spool holds no more than the guest.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "legacy.h"
#include "remus.h"

#define PFNS 200

static uint32_t seed = 7;

static uint32_t chance(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)(seed >> 8) * below) >> 24);
}

/* --- a guest, and who saves it ----------------------------------------------------------------------------------- */

struct guest {
    uint8_t page[PFNS][LEGACY_PAGE];
    uint8_t type[PFNS];
    bool is_there[PFNS], was_sent[PFNS]; /* since compression began */
    uint8_t sent[PFNS][LEGACY_PAGE];
};

static struct guest guest;

static void put_word(struct gw_buf *out, unsigned width, uint64_t value)
{
    gw_put(out, &value, width);
}

static void change(uint32_t pfn)
{
    uint32_t edits = 1 + chance(20);
    guest.is_there[pfn] = true;
    guest.type[pfn] = chance(20) == 0 ? GW_PAGE_L1 : GW_PAGE_NOTAB;
    for (uint32_t i = 0; i < edits; i++)
        guest.page[pfn][chance(LEGACY_PAGE)] = (uint8_t)chance(256);
}

static void compress(struct gw_buf *out, uint32_t pfn)
{
    bool whole = !guest.was_sent[pfn] || guest.type[pfn] != GW_PAGE_NOTAB || chance(9) == 0;
    if (whole) {
        gw_put_u8(out, 0x80);
        gw_put(out, guest.page[pfn], LEGACY_PAGE);
    } else if (memcmp(guest.page[pfn], guest.sent[pfn], LEGACY_PAGE) == 0) {
        gw_put_u8(out, 0);
    } else {
        put_runs(out, guest.sent[pfn], guest.page[pfn]);
    }
    memcpy(guest.sent[pfn], guest.page[pfn], LEGACY_PAGE);
    guest.was_sent[pfn] = true;
}

static void put_chunk(struct gw_buf *out, unsigned width, const uint8_t *mem, size_t len)
{
    gw_put_u32(out, (uint32_t)LEGACY_COMPRESSED);
    put_word(out, width, len);
    gw_put(out, mem, len);
}

/* Compressed pages in four chunks, some of them empty, cut wherever it may be. */
static void put_compressed(struct gw_buf *out, unsigned width, const struct gw_buf *data)
{
    size_t done = 0;
    for (unsigned i = 0; i < 3; i++) {
        size_t len = (size_t)gw_min(data->len - done, chance((uint32_t)data->len + 1));
        put_chunk(out, width, data->mem + done, len);
        done += len;
    }
    put_chunk(out, width, data->mem + done, data->len - done);
}

static void put_round(struct gw_buf *out, unsigned width, bool compresses)
{
    struct gw_buf batches = { 0 }, data = { 0 };
    uint32_t pfns[PFNS], num = 0;
    bool between = chance(2) == 0, any_between = false;
    for (uint32_t pfn = 0; pfn < PFNS; pfn++)
        if (chance(3) == 0) {
            if (chance(5) != 0 || !guest.is_there[pfn])
                change(pfn);
            pfns[num++] = pfn;
        }
    for (uint32_t at = 0, take; at < num; at += take) {
        take = (uint32_t)gw_min(num - at, 1 + chance(40));
        gw_put_u32(&batches, take + 1);
        for (uint32_t i = 0; i < take; i++)
            put_word(&batches, width, (uint64_t)guest.type[pfns[at + i]] << 28 | pfns[at + i]);
        put_word(&batches, width, 0xf0000000 | chance(1000)); /* a hole, of whatever number */
        for (uint32_t i = 0; i < take; i++) {
            if (!compresses)
                gw_put(&batches, guest.page[pfns[at + i]], LEGACY_PAGE);
            else
                compress(&data, pfns[at + i]);
        }
        if (compresses && between && chance(4) == 0) {
            any_between = true;
            put_chunk(&batches, width, data.mem, data.len);
            data.len = 0;
        }
    }
    bool before = compresses && !any_between && chance(2) == 0;
    if (before)
        put_compressed(out, width, &data);
    gw_put(out, batches.mem, batches.len);
    if (compresses && !before)
        put_compressed(out, width, &data);
    gw_buf_free(&batches);
    gw_buf_free(&data);
}

/* --- who reads it ------------------------------------------------------------------------------------------------ */

struct memory {
    struct gw_sink sink;
    uint8_t page[PFNS][LEGACY_PAGE];
    uint8_t type[PFNS];
    bool is_there[PFNS];
    uint64_t last;
    uint64_t pfns[LEGACY_BATCH_MOST]; /* whose contents come next */
};

static int see(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    struct memory *m = arg;
    (void)err;
    for (size_t done = 0; done < len; done += LEGACY_PAGE)
        memcpy(m->page[m->pfns[(at + done) / LEGACY_PAGE]], mem + done, LEGACY_PAGE);
    return 0;
}

static int take_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct memory *m = (struct memory *)sink;
    uint32_t contents = 0;
    for (uint32_t i = 0; i < pages->count; i++) {
        uint64_t pfn = gw_entry_pfn(pages->entries[i]);
        CHECK(pfn < PFNS && pfn + 1 > m->last); /* once, ascending */
        m->last = pfn + 1;
        m->is_there[pfn] = true;
        m->type[pfn] = (uint8_t)gw_entry_type(pages->entries[i]);
        if (gw_type_has_contents(m->type[pfn]))
            m->pfns[contents++] = pfn;
    }
    CHECK_EQ(contents, pages->num_contents);
    CHECK_EQ(pages->contents->len, (uint64_t)contents * LEGACY_PAGE);
    return gw_payload_watch(pages->contents, see, m, err);
}

static const struct gw_sink_ops memory_ops = { .name = "memory", .pages = take_pages };
static struct memory memory;

static int on_batch(void *arg, const struct legacy_batch *batch, struct gw_err *err)
{
    return legacy_rounds_batch(arg, batch, err);
}

static int on_chunk(void *arg, const struct legacy_chunk *chunk, struct gw_err *err)
{
    return legacy_rounds_chunk(arg, chunk, err);
}

static const struct legacy_ops ops = { .batch = on_batch, .chunk = on_chunk };

static int new_file(const struct gw_buf *octets)
{
    int fd = memfd_create("legacy", MFD_CLOEXEC);
    CHECK(fd >= 0);
    CHECK_EQ(write(fd, octets->mem, octets->len), octets->len);
    return fd;
}

/* The bodies of num rounds that lie behind `skip` octets of a file. */
static int resolve(const struct gw_buf *octets, uint64_t skip, unsigned width, uint64_t num, int spool,
                   const struct gw_bitmap *unmapped, struct gw_err *err)
{
    int fd = new_file(octets);
    struct legacy_head head = { .width = width, .is_hvm = true, .p2m_size = PFNS };
    struct legacy_walk *walk = gw_alloc(1, sizeof *walk, err);
    struct gw_chan *file = gw_chan_at(fd, skip, UINT64_MAX, err);
    *walk = (struct legacy_walk){ .chan = gw_chan_window(file, err),
                                  .base = 1000,
                                  .max_pfn = PFNS,
                                  .head = &head,
                                  .again = { .fd = fd, .at = skip - 1000 },
                                  .ops = &ops };
    struct legacy_rounds *rounds = legacy_rounds_new(walk, spool, err);
    CHECK(rounds != NULL);
    walk->arg = rounds;
    int rc = 0;
    while (rc == 0 && walk->round < num)
        rc = legacy_walk_body(walk, err);
    memset(&memory, 0, sizeof memory);
    memory.sink.ops = &memory_ops;
    struct legacy_emit *emit = gw_alloc(1, sizeof *emit, err);
    emit->sink = &memory.sink;
    emit->buffer = gw_alloc((size_t)gw_limit(BUFFER), 1, err);
    emit->unmapped = unmapped;
    if (rc == 0)
        rc = legacy_rounds_tell(rounds, emit, err);
    gw_free(emit->buffer);
    gw_free(emit);
    legacy_rounds_free(rounds);
    gw_chan_close(walk->chan);
    legacy_walk_free(walk);
    gw_free(walk);
    close(fd);
    return rc;
}

static void must_be_the_guest(const struct gw_bitmap *unmapped)
{
    for (uint64_t pfn = 0; pfn < PFNS; pfn++) {
        bool there = guest.is_there[pfn] && (unmapped == NULL || !gw_bitmap_test(unmapped, pfn));
        CHECK_EQ(memory.is_there[pfn], there);
        CHECK_EQ(memory.type[pfn], there ? guest.type[pfn] : 0);
        if (there)
            CHECK_MEM(memory.page[pfn], guest.page[pfn], LEGACY_PAGE);
    }
}

/* Behind a word about vCPUs, without which no body is one. */
static void end_body(struct gw_buf *out)
{
    gw_put_u32(out, (uint32_t)LEGACY_VCPU_INFO);
    gw_put_u32(out, 0);
    gw_put_u64(out, 1);
    gw_put_u32(out, LEGACY_END_OF_BODY);
}

static void the_memory_is_the_guests_at_the_last_round(void)
{
    for (unsigned trial = 0; trial < 24; trial++) {
        unsigned width = trial % 2 == 0 ? 4 : 8;
        uint64_t rounds = 2 + trial % 6, skip = trial * 3;
        struct gw_err err = GW_ERR_NONE;
        struct gw_buf octets = { 0 }, none = { 0 };
        struct gw_bitmap unmapped = { 0 };
        struct stat st;
        memset(&guest, 0, sizeof guest);
        gw_put_zeros(&octets, skip);
        for (uint64_t round = 0; round < rounds; round++) {
            put_round(&octets, width, round > 0);
            if (round == 0)
                gw_put_u32(&octets, (uint32_t)LEGACY_ENABLE_COMPRESSION);
            end_body(&octets);
        }
        CHECK_EQ(gw_bitmap_init(&unmapped, PFNS, &err), 0);
        for (unsigned i = 0; i < 9; i++)
            gw_bitmap_set(&unmapped, chance(PFNS));
        int spool = new_file(&none);
        int rc = resolve(&octets, skip, width, rounds, spool, trial % 3 == 0 ? &unmapped : NULL, &err);
        CHECK_STR(err.msg, "");
        CHECK_EQ(rc, 0);
        must_be_the_guest(trial % 3 == 0 ? &unmapped : NULL);
        CHECK_EQ(fstat(spool, &st), 0);
        CHECK(st.st_size <= (off_t)PFNS * LEGACY_PAGE * 2);
        close(spool);
        gw_bitmap_free(&unmapped);
        gw_buf_free(&octets);
    }
}

/* --- one round behind a first one that sent pfn 1 ---------------------------------------------------------------- */

static struct gw_buf two_rounds(void)
{
    struct gw_buf out = { 0 };
    uint8_t page[LEGACY_PAGE];
    memset(page, 0x11, sizeof page);
    gw_put_u32(&out, 1);
    gw_put_u32(&out, 1);
    gw_put(&out, page, sizeof page);
    gw_put_u32(&out, (uint32_t)LEGACY_ENABLE_COMPRESSION);
    end_body(&out);
    return out;
}

static void put_entries(struct gw_buf *out, uint32_t num, const uint32_t *entries)
{
    gw_put_u32(out, num);
    for (uint32_t i = 0; i < num; i++)
        gw_put_u32(out, entries[i]);
}

static void is_refused(struct gw_buf *octets, int spool, enum gw_code code, const char *why)
{
    struct gw_err err = GW_ERR_NONE;
    end_body(octets);
    CHECK_EQ(resolve(octets, 0, 4, 2, spool, NULL, &err), -1);
    CHECK_FAIL(err, code, why);
    if (code == GW_E_INVALID)
        CHECK_STR(err.rule, "legacy-compression");
    gw_buf_free(octets);
}

static void what_does_not_fit_together_is_refused(void)
{
    struct gw_buf none = { 0 }, octets = two_rounds();
    int spool = new_file(&none);
    put_entries(&octets, 1, (const uint32_t[]){ 1 });
    put_entries(&octets, 1, (const uint32_t[]){ 1 });
    is_refused(&octets, spool, GW_E_INVALID, "pfn 0x1 comes twice in a compressed checkpoint");
    octets = two_rounds();
    put_entries(&octets, 1, (const uint32_t[]){ 2 });
    put_chunk(&octets, 4, (const uint8_t *)"\0", 1);
    is_refused(&octets, spool, GW_E_INVALID, "pfn 0x2 comes as a change of contents that never came");
    octets = two_rounds();
    put_entries(&octets, 1, (const uint32_t[]){ 2 });
    put_chunk(&octets, 4, (const uint8_t *)"\xff\xff", 2);
    is_refused(&octets, spool, GW_E_INVALID, "pfn 0x2 comes as a change of contents that never came");
    octets = two_rounds();
    put_entries(&octets, 1, (const uint32_t[]){ 1 });
    put_chunk(&octets, 4, (const uint8_t *)"\0\0", 2);
    is_refused(&octets, spool, GW_E_INVALID, "more compressed pages than the 1 entries with contents");
    octets = two_rounds();
    put_entries(&octets, 1, (const uint32_t[]){ 1 });
    is_refused(&octets, spool, GW_E_INVALID, "0 compressed pages stand for 1 entries with contents");
    octets = two_rounds();
    put_entries(&octets, 1, (const uint32_t[]){ 1 });
    put_chunk(&octets, 4, (const uint8_t *)"\x81\x80", 2);
    is_refused(&octets, spool, GW_E_INVALID, "a run of no words");
    close(spool);
}

static void a_change_needs_a_spool_and_says_so(void)
{
    struct gw_buf octets = two_rounds();
    put_entries(&octets, 1, (const uint32_t[]){ 1 });
    put_chunk(&octets, 4, (const uint8_t *)"\x01word\xff\xff\xff\xff\xff\xff\xff\xff\x87", 14);
    is_refused(&octets, -1, GW_E_REFUSED, "in a temporary file, and there is none");
}

static void types_without_contents_take_them_away(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf octets = two_rounds();
    put_entries(&octets, 3, (const uint32_t[]){ 0xd0000001, 0xe0000005, 0xf0000001 });
    end_body(&octets);
    CHECK_EQ(resolve(&octets, 0, 4, 2, -1, NULL, &err), 0);
    CHECK_EQ(memory.type[1], GW_PAGE_BROKEN);
    CHECK_EQ(memory.type[5], GW_PAGE_XALLOC);
    gw_buf_free(&octets);
    octets = two_rounds();
    put_entries(&octets, 1, (const uint32_t[]){ 0xe0000001 }); /* allocated it was already */
    end_body(&octets);
    CHECK_EQ(resolve(&octets, 0, 4, 2, -1, NULL, &err), 0);
    CHECK_EQ(memory.type[1], GW_PAGE_NOTAB);
    CHECK_EQ(memory.page[1][0], 0x11);
    gw_buf_free(&octets);
}

const struct test tests[] = {
    { "the-memory-is-the-guests-at-the-last-round", the_memory_is_the_guests_at_the_last_round },
    { "what-does-not-fit-together-is-refused", what_does_not_fit_together_is_refused },
    { "a-change-needs-a-spool-and-says-so", a_change_needs_a_spool_and_says_so },
    { "types-without-contents-take-them-away", types_without_contents_take_them_away },
    { NULL, NULL },
};
