/*
 * legacy_body.c - the body of a round: batches of pages and metadata chunks, up to the chunk of id 0 (legacy sections 4
 * and 5), as events.
 *
 * Chunks have no length: one whose id nobody knows ends the reading. A walk takes any order and any repetition, and the
 * same memory whatever comes. What a value means is not judged here, only what reading itself needs.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "legacy.h"

#define ID_LEN 4
#define PARAM_LEN 12 /* u32 padding, u64 value */
#define TSC_LEN 20

/* Which parameter of an HVM guest a chunk holds. */
static const struct {
    int32_t id;
    uint32_t param;
} params[] = {
    { LEGACY_IDENT_PT, 12 },       { LEGACY_VM86_TSS, GW_HVM_PARAM_VM86_TSS },
    { LEGACY_ACPI_IOPORTS, 19 },   { LEGACY_CONSOLE_PFN, GW_HVM_PARAM_CONSOLE_PFN },
    { LEGACY_GENERATION_ID, 34 },  { LEGACY_VIRIDIAN, GW_HVM_PARAM_VIRIDIAN },
    { LEGACY_PAGING_RING, 27 },    { LEGACY_ACCESS_RING, 28 },
    { LEGACY_SHARING_RING, 29 },   { LEGACY_IOREQ_SERVER_PFN, 32 },
    { LEGACY_NR_IOREQ_PAGES, 33 }, { LEGACY_X87_FIP_WIDTH, 36 },
};

int legacy_cut(const struct legacy_walk *walk, const char *what, struct gw_err *err)
{
    char round[48] = "";
    if (!gw_err_is_cut(err))
        return -1;
    *err = GW_ERR_NONE;
    if (walk->round > 1)
        snprintf(round, sizeof round, " of checkpoint %llu", (unsigned long long)walk->round);
    gw_ends(err, "legacy-truncated", "the input ends inside the legacy image's %s%s, behind %llu pages", what, round,
            (unsigned long long)walk->num_pages);
    return gw_err_place(err, legacy_offset(walk), 0);
}

int legacy_by_rule(struct gw_err *err, const char *rule)
{
    if (err->code == GW_E_INVALID && err->rule == NULL)
        err->rule = rule;
    return -1;
}

int legacy_take(struct legacy_walk *walk, void *mem, size_t len, const char *what, struct gw_err *err)
{
    return gw_chan_read(walk->chan, mem, len, NULL, err) < 0 ? legacy_cut(walk, what, err) : 0;
}

int legacy_fill(struct legacy_walk *walk, uint64_t len, const char *what, struct gw_err *err)
{
    walk->body.len = 0;
    return gw_chan_fill(walk->chan, &walk->body, len, err) < 0 ? legacy_cut(walk, what, err) : 0;
}

static int say(struct legacy_walk *walk, const struct legacy_chunk *chunk, struct gw_err *err)
{
    return walk->ops->chunk != NULL ? walk->ops->chunk(walk->arg, chunk, err) : 0;
}

/* --- batches ------------------------------------------------------------------------------------------------------ */

/* The low 32 bits count; the high half is zero, or the sign of a constant (3.0: section 4, 1). */
static int widen(struct legacy_walk *walk, uint32_t num, uint32_t *num_contents, struct gw_err *err)
{
    struct gw_cur cur = gw_buf_cur(&walk->body);
    uint64_t most = walk->head->p2m_size;
    *num_contents = 0;
    for (uint32_t i = 0; i < num; i++) {
        uint32_t low = gw_u32(&cur), high = walk->head->width == 8 ? gw_u32(&cur) : 0;
        unsigned type = low >> 28;
        uint64_t pfn = type == GW_PAGE_XTAB ? 0 : low & 0x0fffffff; /* of a hole it means nothing */
        if (high != 0 && high != UINT32_MAX)
            return gw_refuse(err, "legacy-entry", "entry %u of the batch has 0x%08x in its high half", i, high);
        if (!gw_type_exists(type))
            return gw_refuse(err, "legacy-entry", "entry %u of the batch has the type %u, which does not exist", i,
                             type);
        if (pfn >= most)
            return gw_refuse(err, "legacy-entry", "entry %u of the batch names pfn 0x%llx; the guest has 0x%llx", i,
                             (unsigned long long)pfn, (unsigned long long)most);
        if (pfn >= walk->max_pfn)
            return gw_refuse(err, "page-pfn-limit",
                             "entry %u of the batch names pfn 0x%llx; pfns below 0x%llx are read (see --max-guest)", i,
                             (unsigned long long)pfn, (unsigned long long)walk->max_pfn);
        walk->entries[i] = gw_entry(pfn, type);
        *num_contents += gw_type_has_contents(type);
    }
    assert(gw_done(&cur));
    return 0;
}

static int compare(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

/* Within one batch no saver repeats a pfn; holes are none. Only before 3.3 are they not ascending. */
static int refuse_twice(struct legacy_walk *walk, uint32_t num, struct gw_err *err)
{
    uint64_t pfns[LEGACY_BATCH_MOST];
    uint32_t named = 0;
    bool ascending = true;
    for (uint32_t i = 0; i < num; i++) {
        if (gw_entry_type(walk->entries[i]) == GW_PAGE_XTAB)
            continue;
        pfns[named] = gw_entry_pfn(walk->entries[i]);
        ascending = ascending && (named == 0 || pfns[named - 1] < pfns[named]);
        named++;
    }
    if (!ascending)
        qsort(pfns, named, sizeof pfns[0], compare);
    for (uint32_t i = 1; !ascending && i < named; i++)
        if (pfns[i] == pfns[i - 1])
            return gw_refuse(err, "legacy-entry", "a batch names pfn 0x%llx twice", (unsigned long long)pfns[i]);
    return 0;
}

/* Contents come in chunks -12 (section 9). */
static bool is_compressed(const struct legacy_walk *walk)
{
    return walk->compresses && walk->round > walk->compresses_from;
}

/* The input ends among a batch's contents: those that are whole count. */
static int cut_contents(struct legacy_walk *walk, uint64_t left, uint32_t num, struct gw_err *err)
{
    walk->num_pages += num - (left + GW_PAGE_LEN - 1) / GW_PAGE_LEN;
    return legacy_cut(walk, "body", err);
}

static int read_batch(struct legacy_walk *walk, uint32_t num, uint64_t offset, struct gw_err *err)
{
    struct legacy_batch batch = { .offset = offset, .entries = walk->entries, .num = num };
    if (num > LEGACY_BATCH_MOST)
        return gw_refuse(err, "legacy-chunk", "a batch of %u pages; no saver made one of more than %u", num,
                         LEGACY_BATCH_MOST);
    if (legacy_fill(walk, (uint64_t)num * walk->head->width, "body", err) < 0 ||
        widen(walk, num, &batch.num_contents, err) < 0 || refuse_twice(walk, num, err) < 0)
        return -1;
    batch.is_compressed = is_compressed(walk);
    if (batch.is_compressed)
        batch.num_contents = 0;
    uint64_t end = walk->chan->read_pos + (uint64_t)batch.num_contents * GW_PAGE_LEN;
    if (walk->ops->batch != NULL && walk->ops->batch(walk->arg, &batch, err) < 0)
        return cut_contents(walk, end - walk->chan->read_pos, batch.num_contents, err);
    assert(walk->chan->read_pos <= end);
    if (gw_chan_skip(walk->chan, end - walk->chan->read_pos, err) < 0)
        return cut_contents(walk, end - walk->chan->read_pos, batch.num_contents, err);
    walk->num_pages += batch.num_contents;
    walk->num_batches++;
    return 0;
}

/* --- metadata ----------------------------------------------------------------------------------------------------- */

static bool any_above(uint64_t *map, int32_t max)
{
    unsigned last = (unsigned)max / 64, used = (unsigned)max % 64 + 1;
    uint64_t keep = used == 64 ? UINT64_MAX : (UINT64_C(1) << used) - 1;
    bool any = (map[last] & ~keep) != 0;
    map[last] &= keep;
    return any;
}

static int read_vcpus(struct legacy_walk *walk, struct legacy_chunk *chunk, struct gw_err *err)
{
    if (legacy_fill(walk, 4, "body", err) < 0)
        return -1;
    struct gw_cur cur = gw_buf_cur(&walk->body);
    chunk->max_vcpu = (int32_t)gw_u32(&cur);
    if (chunk->max_vcpu < 0 || chunk->max_vcpu >= (int32_t)LEGACY_VCPUS_MOST)
        return gw_refuse(err, "legacy-vcpus", "the highest vCPU is said to be %d; 0 to %u exist", chunk->max_vcpu,
                         LEGACY_VCPUS_MOST - 1);
    unsigned words = (unsigned)chunk->max_vcpu / 64 + 1;
    if (legacy_fill(walk, 8 * (uint64_t)words, "body", err) < 0)
        return -1;
    cur = gw_buf_cur(&walk->body);
    memset(walk->map, 0, sizeof walk->map);
    for (unsigned i = 0; i < words; i++)
        walk->map[i] = gw_u64(&cur);
    chunk->extra_bits = any_above(walk->map, chunk->max_vcpu);
    walk->max_vcpu = chunk->max_vcpu;
    walk->has_vcpus = true;
    chunk->map = walk->map;
    return say(walk, chunk, err);
}

static int read_tsc(struct legacy_walk *walk, struct legacy_chunk *chunk, struct gw_err *err)
{
    if (legacy_fill(walk, TSC_LEN, "body", err) < 0)
        return -1;
    struct gw_cur cur = gw_buf_cur(&walk->body);
    chunk->tsc.mode = gw_u32(&cur);
    chunk->tsc.nsec = gw_u64(&cur);
    chunk->tsc.khz = gw_u32(&cur);
    chunk->tsc.incarnation = gw_u32(&cur);
    return say(walk, chunk, err);
}

static int read_param(struct legacy_walk *walk, struct legacy_chunk *chunk, struct gw_err *err)
{
    for (unsigned i = 0; i < sizeof params / sizeof params[0]; i++)
        if (params[i].id == chunk->id)
            chunk->param = params[i].param;
    if (legacy_fill(walk, PARAM_LEN, "body", err) < 0)
        return -1;
    struct gw_cur cur = gw_buf_cur(&walk->body);
    gw_take(&cur, 4);
    chunk->value = gw_u64(&cur);
    return say(walk, chunk, err);
}

static int read_toolstack(struct legacy_walk *walk, struct legacy_chunk *chunk, struct gw_err *err)
{
    if (legacy_fill(walk, 4, "body", err) < 0)
        return -1;
    struct gw_cur cur = gw_buf_cur(&walk->body);
    chunk->length = gw_u32(&cur);
    if (chunk->length > gw_limit(LEGACY_STATE))
        return gw_refuse(err, "legacy-length", "the toolstack's data claim %llu octets; godwit reads up to %llu",
                         (unsigned long long)chunk->length, (unsigned long long)gw_limit(LEGACY_STATE));
    if (legacy_fill(walk, chunk->length, "toolstack data", err) < 0)
        return -1;
    chunk->body = walk->body.mem;
    return say(walk, chunk, err);
}

/* The length has W octets. */
static int read_compressed(struct legacy_walk *walk, struct legacy_chunk *chunk, struct gw_err *err)
{
    if (legacy_fill(walk, walk->head->width, "body", err) < 0)
        return -1;
    struct gw_cur cur = gw_buf_cur(&walk->body);
    chunk->length = walk->head->width == 8 ? gw_u64(&cur) : gw_u32(&cur);
    if (chunk->length > UINT32_MAX)
        return gw_refuse(err, "legacy-length", "compressed pages claim %llu octets; a saver's buffer has 16 MiB",
                         (unsigned long long)chunk->length);
    if (chunk->length > 0 && !is_compressed(walk))
        return gw_refuse(err, "legacy-compression", "compressed pages stand where no checkpoint has any");
    uint64_t end = walk->chan->read_pos + chunk->length;
    if (say(walk, chunk, err) < 0)
        return legacy_cut(walk, "compressed pages", err);
    assert(walk->chan->read_pos <= end);
    if (gw_chan_skip(walk->chan, end - walk->chan->read_pos, err) < 0)
        return legacy_cut(walk, "compressed pages", err);
    return 0;
}

static int read_tmem(struct legacy_walk *walk, struct legacy_chunk *chunk, struct gw_err *err)
{
    bool is_pools = chunk->id == LEGACY_TMEM;
    int rc =
        is_pools ? legacy_tmem_pools(walk->chan, &walk->tmem, err) : legacy_tmem_extra(walk->chan, &walk->tmem, err);
    if (rc < 0)
        return gw_err_is_cut(err) ? legacy_cut(walk, "transcendent memory", err) : legacy_by_rule(err, "legacy-tmem");
    chunk->tmem = &walk->tmem;
    return say(walk, chunk, err);
}

static int read_chunk(struct legacy_walk *walk, int32_t id, uint64_t offset, struct gw_err *err)
{
    struct legacy_chunk chunk = { .id = id, .offset = offset };
    switch (id) {
    case LEGACY_VCPU_INFO: return read_vcpus(walk, &chunk, err);
    case LEGACY_TMEM:
    case LEGACY_TMEM_EXTRA: return read_tmem(walk, &chunk, err);
    case LEGACY_TSC_INFO: return read_tsc(walk, &chunk, err);
    case LEGACY_COMPRESSED: return read_compressed(walk, &chunk, err);
    case LEGACY_TOOLSTACK: return read_toolstack(walk, &chunk, err);
    case LEGACY_LAST_CHECKPOINT: walk->is_last = true; return say(walk, &chunk, err);
    case LEGACY_ENABLE_COMPRESSION:
        if (!walk->compresses)
            walk->compresses_from = walk->round;
        walk->compresses = true;
        return say(walk, &chunk, err);
    case LEGACY_VERIFY:
    case LEGACY_END_OF_BODY: return say(walk, &chunk, err);
    default: break;
    }
    if (id < LEGACY_LOWEST)
        return gw_refuse(err, "legacy-chunk", "a chunk of id %d, which no Xen wrote: nothing says how long it is", id);
    return read_param(walk, &chunk, err);
}

static int one_chunk(struct legacy_walk *walk, bool *ended, struct gw_err *err)
{
    uint64_t offset = legacy_offset(walk);
    if (legacy_fill(walk, ID_LEN, "body", err) < 0)
        return -1;
    struct gw_cur cur = gw_buf_cur(&walk->body);
    int32_t id = (int32_t)gw_u32(&cur);
    walk->num_chunks++;
    *ended = id == LEGACY_END_OF_BODY;
    int rc = id > 0 ? read_batch(walk, (uint32_t)id, offset, err) : read_chunk(walk, id, offset, err);
    return rc < 0 ? gw_err_place(err, offset, 0) : 0;
}

/*
 * All savers but those before 3.1, which know no HVM guest and no extended context, say the vCPUs (section 16). A body
 * that does not has ended among contents: some entry before was not what it is.
 */
static int must_say_vcpus(const struct legacy_walk *walk, struct gw_err *err)
{
    if (walk->has_vcpus || (!walk->head->is_hvm && !walk->head->has_extended))
        return 0;
    gw_refuse(err, "legacy-chunk",
              "the body ends behind %llu pages without a word about vCPUs: something before is damaged",
              (unsigned long long)walk->num_pages);
    return gw_err_place(err, legacy_offset(walk), 0);
}

int legacy_walk_body(struct legacy_walk *walk, struct gw_err *err)
{
    bool ended = false;
    walk->round++;
    walk->num_chunks = walk->num_batches = walk->num_pages = 0;
    walk->is_last = walk->has_vcpus = false;
    walk->max_vcpu = 0;
    memset(walk->map, 0, sizeof walk->map);
    walk->map[0] = 1; /* before 3.1 nothing says so, and vCPU 0 is the only one */
    while (!ended)
        if (one_chunk(walk, &ended, err) < 0)
            return -1;
    return must_say_vcpus(walk, err);
}

void legacy_walk_free(struct legacy_walk *walk)
{
    gw_buf_free(&walk->body);
    gw_buf_free(&walk->more);
}
