/*
 * legacy_rounds.c - any octets as the bodies of a checkpointed legacy image, of which all but the first may come
 * compressed: what comes out is each pfn once, ascending, with contents that are there.
 *
 * The first octet: bit 0 64-bit words, bit 1 no spool. Each body that is whole counts; the others end it.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "legacy.h"

#include "invariant.h"

#define PFNS 128

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
    struct gw_sink sink;
    uint64_t next, seen;
};

static int watch(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    struct memory *m = arg;
    (void)at;
    (void)err;
    MUST(len % LEGACY_PAGE == 0);
    for (size_t i = 0; i < len; i += LEGACY_PAGE / 2)
        m->seen += mem[i] != 0;
    return 0;
}

static int take(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct memory *m = (struct memory *)sink;
    uint32_t contents = 0;
    MUST(pages->count > 0 && pages->count <= LEGACY_BATCH_MOST);
    for (uint32_t i = 0; i < pages->count; i++) {
        uint64_t pfn = gw_entry_pfn(pages->entries[i]);
        unsigned type = gw_entry_type(pages->entries[i]);
        MUST(pfn >= m->next && pfn < PFNS && type != GW_PAGE_XTAB && gw_type_exists(type));
        m->next = pfn + 1;
        contents += gw_type_has_contents(type);
    }
    MUST(contents == pages->num_contents && pages->contents->len == (uint64_t)contents * LEGACY_PAGE);
    return gw_payload_watch(pages->contents, watch, m, err);
}

static int on_batch(void *arg, const struct legacy_batch *batch, struct gw_err *err)
{
    return legacy_rounds_batch(arg, batch, err);
}

static int on_chunk(void *arg, const struct legacy_chunk *chunk, struct gw_err *err)
{
    return legacy_rounds_chunk(arg, chunk, err);
}

static int new_file(void)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    MUST(fd >= 0);
    return fd;
}

/* How many bodies are whole: only those are fed to who resolves them. */
static uint64_t whole_bodies(struct legacy_walk *walk)
{
    struct gw_err err = GW_ERR_NONE;
    uint64_t num = 0;
    while (num < 64 && legacy_walk_body(walk, &err) == 0)
        num++;
    if (err.code != GW_E_OK)
        must_be_told(-1, &err);
    must_be_plain(err.msg);
    return num;
}

static struct legacy_walk *new_walk(int file, const struct legacy_head *head, const struct legacy_ops *ops)
{
    struct gw_err err = GW_ERR_NONE;
    struct legacy_walk *walk = gw_alloc(1, sizeof *walk, &err);
    MUST(walk != NULL);
    walk->chan = gw_chan_window(gw_chan_at(file, 0, UINT64_MAX, &err), &err);
    MUST(walk->chan != NULL);
    walk->max_pfn = PFNS;
    walk->again.fd = file;
    walk->head = head;
    walk->ops = ops;
    return walk;
}

static void close_walk(struct legacy_walk *walk)
{
    legacy_walk_free(walk);
    gw_chan_close(walk->chan);
    gw_free(walk);
}

static void resolve(struct legacy_walk *walk, uint64_t num, int spool)
{
    static const struct gw_sink_ops ops = { .name = "memory", .pages = take };
    static uint8_t buffer[262144];
    static struct legacy_emit emit;
    struct memory memory = { .sink.ops = &ops };
    struct gw_err err = GW_ERR_NONE;
    struct legacy_rounds *rounds = legacy_rounds_new(walk, spool, &err);
    MUST(rounds != NULL && gw_limit(BUFFER) == sizeof buffer);
    walk->arg = rounds;
    int rc = 0;
    while (rc == 0 && walk->round < num)
        rc = legacy_walk_body(walk, &err);
    must_be_told(rc, &err);
    must_be_plain(err.msg);
    emit = (struct legacy_emit){ .sink = &memory.sink, .buffer = buffer };
    if (rc == 0)
        MUST(legacy_rounds_tell(rounds, &emit, &err) == 0);
    legacy_rounds_free(rounds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct legacy_ops nothing, ops = { .batch = on_batch, .chunk = on_chunk };
    struct stat st;
    if (size == 0)
        return 0;
    int file = new_file(), spool = (data[0] & 2) == 0 ? new_file() : -1;
    struct legacy_head head = { .width = (data[0] & 1) != 0 ? 8 : 4, .is_hvm = true, .p2m_size = PFNS };
    MUST(write(file, data + 1, size - 1) == (ssize_t)(size - 1));
    struct legacy_walk *look = new_walk(file, &head, &nothing), *walk = new_walk(file, &head, &ops);
    resolve(walk, whole_bodies(look), spool);
    MUST(spool < 0 || (fstat(spool, &st) == 0 && st.st_size <= (off_t)(size + (size_t)PFNS * LEGACY_PAGE)));
    close_walk(look);
    close_walk(walk);
    close(file);
    if (spool >= 0)
        close(spool);
    return 0;
}
