/*
 * take.c - what becomes of each record that was found: its place in the stream that is left, and what its pages are.
 *
 * Of a record that a guest has once (per vCPU) the last one counts, as for a receiver; memory stays in its order, and
 * the last copy of a pfn counts. A VERIFY's copies are copies like others.
 */
#include <assert.h>
#include <string.h>

#include "damaged.h"

#define IN_RECORD 0x4000u

int add_piece(struct pieces *pieces, const struct piece *piece, struct gw_err *err)
{
    struct piece *last = pieces->num > 0 ? &pieces->all[pieces->num - 1] : NULL;
    void *mem = pieces->all;
    if (last != NULL && last->from_made == piece->from_made && last->at + last->len == piece->at) {
        last->len += piece->len;
        return 0;
    }
    if (piece->len == 0)
        return 0;
    if (gw_grow(&mem, &pieces->cap, pieces->num + 1, sizeof *piece, err) < 0)
        return -1;
    pieces->all = mem;
    pieces->all[pieces->num++] = *piece;
    return 0;
}

struct piece made_since(const struct gw_salvage *s, size_t from)
{
    return (struct piece){ .at = from, .len = s->made.len - from, .from_made = true };
}

static struct piece piece_of(const struct seen *record)
{
    return (struct piece){ .at = record->at, .len = record->end - record->at };
}

/* --- memory ------------------------------------------------------------------------------------------------------ */

static const uint64_t *entries_of(const struct gw_salvage *s)
{
    return (const uint64_t *)(const void *)s->law.entries.mem; /* from the heap: aligned */
}

static struct stretch *this_stretch(struct gw_salvage *s)
{
    return &s->stretches[s->num_stretches - 1];
}

static void learn_order(struct gw_salvage *s, uint64_t pfn)
{
    struct stretch *stretch = this_stretch(s);
    if (!stretch->has_pages)
        stretch->first_pfn = pfn;
    stretch->has_pages = true;
    stretch->last_pfn = pfn;
    s->ascending = s->ascending && pfn >= s->next_pfn;
    s->next_pfn = gw_max(s->next_pfn, pfn + 1);
}

/* A copy of that pfn is there, or only its name. */
static int name_pfn(struct gw_salvage *s, uint64_t pfn, unsigned doubt, struct gw_err *err)
{
    uint16_t *state = gw_sparse_at(&s->pfns, pfn, err);
    if (state == NULL)
        return -1;
    unsigned in_record = *state & (IN_RECORD | SEEN_TWICE);
    bool has_copy = (*state & (PFN_NAMED | GW_DOUBT_LOST)) == PFN_NAMED;
    if ((doubt & GW_DOUBT_LOST) && has_copy)
        *state |= GW_DOUBT_OLDER;
    else
        *state = (uint16_t)(PFN_NAMED | (s->num_stretches - 1) << PFN_STRETCH | doubt | in_record);
    return 0;
}

/* A saver names a pfn once in a record: where it stands twice, entries were written over. *twice: there is such. */
static int mark_twice(struct gw_salvage *s, uint32_t count, bool *twice, struct gw_err *err)
{
    const uint64_t *entries = entries_of(s);
    *twice = false;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t *state = gw_sparse_at(&s->pfns, gw_entry_pfn(entries[i]), err);
        if (state == NULL)
            return -1;
        *twice = *twice || (*state & IN_RECORD);
        *state |= (*state & IN_RECORD) ? IN_RECORD | SEEN_TWICE : IN_RECORD;
    }
    return 0;
}

static void unmark(struct gw_salvage *s, uint32_t count)
{
    const uint64_t *entries = entries_of(s);
    for (uint32_t i = 0; i < count; i++) {
        uint16_t *state = gw_sparse_find(&s->pfns, gw_entry_pfn(entries[i]));
        *state &= (uint16_t) ~(IN_RECORD | SEEN_TWICE);
    }
}

/* Some of the entries as a record of their own, of which `there` contents are in the input. */
struct part {
    const struct seen *record;
    uint32_t there;
    uint64_t *kept;
    uint32_t num_kept, num_contents;
    struct pieces contents;
};

static int take_entry(struct gw_salvage *s, struct part *part, uint64_t entry, struct gw_err *err)
{
    uint64_t pfn = gw_entry_pfn(entry);
    const uint16_t *state = gw_sparse_find(&s->pfns, pfn);
    bool full = gw_type_has_contents(gw_entry_type(entry));
    bool left_out = (state != NULL && (*state & SEEN_TWICE)) || (full && part->num_contents >= part->there);
    struct piece contents = { .at = part->record->contents_at + (uint64_t)part->num_contents * GW_PAGE_LEN,
                              .len = full ? GW_PAGE_LEN : 0 };
    part->num_contents += full;
    if (left_out)
        return name_pfn(s, pfn, GW_DOUBT_LOST, err);
    part->kept[part->num_kept++] = entry;
    this_stretch(s)->contents += contents.len;
    learn_order(s, pfn);
    return name_pfn(s, pfn, GW_DOUBT_RECORD, err) < 0 ? -1 : add_piece(&part->contents, &contents, err);
}

static int put_part(struct gw_salvage *s, const struct part *part, struct gw_err *err)
{
    size_t from = s->made.len;
    uint32_t num_contents = 0;
    if (part->num_kept == 0)
        return 0;
    for (uint32_t i = 0; i < part->num_kept; i++)
        num_contents += gw_type_has_contents(gw_entry_type(part->kept[i]));
    gw_record_header_encode(&s->made, GW_REC_PAGE_DATA, (uint32_t)gw_page_data_len(part->num_kept, num_contents));
    gw_page_head_encode(&s->made, part->kept, part->num_kept);
    struct piece head = made_since(s, from);
    if (gw_buf_ok(&s->made, err) < 0 || add_piece(&s->pages, &head, err) < 0)
        return -1;
    for (size_t i = 0; i < part->contents.num; i++)
        if (add_piece(&s->pages, &part->contents.all[i], err) < 0)
            return -1;
    return 0;
}

static int take_part(struct gw_salvage *s, const struct seen *record, uint32_t there, struct gw_err *err)
{
    struct part part = { .record = record, .there = there, .kept = gw_alloc(record->count, sizeof(uint64_t), err) };
    int rc = part.kept != NULL ? 0 : -1;
    for (uint32_t i = 0; rc == 0 && i < record->count; i++)
        rc = take_entry(s, &part, entries_of(s)[i], err);
    if (rc == 0)
        rc = put_part(s, &part, err);
    gw_free(part.kept);
    gw_free(part.contents.all);
    return rc;
}

static int take_whole(struct gw_salvage *s, const struct seen *record, struct gw_err *err)
{
    struct piece piece = piece_of(record);
    for (uint32_t i = 0; i < record->count; i++) {
        learn_order(s, gw_entry_pfn(entries_of(s)[i]));
        if (name_pfn(s, gw_entry_pfn(entries_of(s)[i]), 0, err) < 0)
            return -1;
    }
    this_stretch(s)->contents += (uint64_t)record->num_contents * GW_PAGE_LEN;
    s->last_pages = *record;
    s->checks_follow = true;
    return add_piece(&s->pages, &piece, err);
}

static int take_pages(struct gw_salvage *s, const struct seen *record, uint32_t there, struct gw_err *err)
{
    bool twice;
    if (s->tail_begun && suspect(s, s->tail_at, record->at, err) < 0)
        return -1;
    s->tail_begun = false;
    if (mark_twice(s, record->count, &twice, err) < 0)
        return -1;
    int rc = twice || there < record->num_contents ? take_part(s, record, there, err) : take_whole(s, record, err);
    unmark(s, record->count);
    return rc;
}

int take_cut_pages(struct gw_salvage *s, const struct seen *record, struct gw_err *err)
{
    uint64_t there = (s->octets.size - record->contents_at) / GW_PAGE_LEN;
    return take_pages(s, record, (uint32_t)gw_min(there, record->num_contents), err);
}

/* --- all else ---------------------------------------------------------------------------------------------------- */

/* Known types that are no option are below 32, and vCPUs are bounded: so the number is. */
static uint64_t slot_of(uint32_t type, uint32_t vcpu)
{
    assert(type < 32 && vcpu < gw_limit(VCPUS));
    return (uint64_t)vcpu * 32 + type;
}

static struct single *single_of(const struct gw_salvage *s, uint32_t type, uint32_t vcpu)
{
    const uint32_t *slot = type < 32 ? gw_sparse_find(&s->slots, slot_of(type, vcpu)) : NULL;
    return slot != NULL && *slot > 0 ? &s->singles[*slot - 1] : NULL;
}

static struct single *new_single(struct gw_salvage *s, uint32_t type, uint32_t vcpu, struct gw_err *err)
{
    void *mem = s->singles;
    uint32_t *slot = gw_sparse_at(&s->slots, slot_of(type, vcpu), err);
    if (slot == NULL || gw_grow(&mem, &s->cap_singles, s->num_singles + 1, sizeof *s->singles, err) < 0)
        return NULL;
    s->singles = mem;
    *slot = (uint32_t)++s->num_singles;
    return &s->singles[s->num_singles - 1];
}

static int take_single(struct gw_salvage *s, const struct seen *record, struct gw_err *err)
{
    const struct gw_record_info *info = gw_record_info(record->type);
    struct single *single = single_of(s, record->type, record->vcpu);
    bool is_tail = gw_record_is_tail(record->type);
    if (!is_tail && s->next_pfn > 0) /* behind memory, where nobody writes it */
        return suspect(s, record->at, record->end, err);
    if (is_tail && !s->tail_begun)
        s->tail_at = record->at;
    s->tail_begun = s->tail_begun || is_tail;
    s->law.guests &= info->guests;
    if (record->length == 0 || record->length == info->empty)
        return 0; /* no content: it is the same as no record, which a writer may write */
    if (single != NULL && single->epoch == s->epoch) {
        s->repeats = true;
        if (suspect(s, single->piece.at, single->piece.at + single->piece.len, err) < 0)
            return -1;
    }
    if (single == NULL)
        single = new_single(s, record->type, record->vcpu, err);
    if (single == NULL)
        return -1;
    *single =
        (struct single){ .type = record->type, .vcpu = record->vcpu, .piece = piece_of(record), .epoch = s->epoch };
    return 0;
}

static int take_optional(struct gw_salvage *s, const struct seen *record, struct gw_err *err)
{
    struct piece piece = piece_of(record);
    if (!record->known) /* it may be any record whose type was written over */
        return suspect(s, record->at, record->end, err);
    if (record->type == GW_REC_PAGE_CHECKS)
        return s->checks_follow ? compare_checks(s, record, err) : 0;
    if (record->type == GW_REC_IMAGE_DIGEST) {
        s->digest = (struct piece){ .at = record->at + GW_RECORD_HEADER_LEN, .len = record->length };
        return 0;
    }
    return add_piece(&s->others, &piece, err);
}

static void take_mark(struct gw_salvage *s, uint32_t type)
{
    if (type == GW_REC_CHECKPOINT) {
        s->tail_begun = false;
        s->epoch++;
    }
    s->static_end = s->static_end || type == GW_REC_STATIC_DATA_END;
    s->checkpointed = s->checkpointed || type == GW_REC_CHECKPOINT;
}

int take_record(struct gw_salvage *s, const struct seen *record, struct gw_err *err)
{
    const struct gw_record_info *info = gw_record_info(record->type);
    int rc = 0;
    if (record->type == GW_REC_PAGE_DATA)
        rc = take_pages(s, record, record->num_contents, err);
    else if (info == NULL || info->kind == GW_KIND_OPTIONAL)
        rc = take_optional(s, record, err);
    else if (info->kind == GW_KIND_MARKER)
        take_mark(s, record->type);
    else
        rc = take_single(s, record, err);
    s->checks_follow = s->checks_follow && record->type == GW_REC_PAGE_DATA;
    s->last = *record;
    s->has_last = true;
    return rc;
}

static int doubt_pages(struct gw_salvage *s, uint64_t at, struct gw_err *err)
{
    enum law what;
    struct seen again;
    if (judge_record(&s->law, at, false, &what, &again, err) < 0)
        return -1;
    for (uint32_t i = 0; what == LAW_RECORD && i < again.count; i++) {
        uint16_t *state = gw_sparse_at(&s->pfns, gw_entry_pfn(entries_of(s)[i]), err);
        if (state == NULL)
            return -1;
        if ((*state & GW_DOUBT_LOST) == 0)
            *state |= GW_DOUBT_RECORD;
    }
    return 0;
}

int doubt_last(struct gw_salvage *s, struct gw_err *err)
{
    if (!s->has_last)
        return 0;
    if (s->last.type == GW_REC_PAGE_DATA)
        return doubt_pages(s, s->last.at, err);
    /* A marker is eight octets that any memory may have, and so no proof of the pages before it. */
    const struct gw_record_info *info = gw_record_info(s->last.type);
    if (info != NULL && info->kind == GW_KIND_MARKER && s->last_pages.end == s->last.at)
        return doubt_pages(s, s->last_pages.at, err);
    struct single *single = single_of(s, s->last.type, s->last.vcpu);
    if (single != NULL && single->piece.at == s->last.at)
        single->shaky = true;
    return 0;
}

void forget_all(struct gw_salvage *s)
{
    s->num_singles = s->num_holes = s->pages.num = s->others.num = 0;
    s->made.len = s->made_before;
    gw_sparse_free(&s->pfns);
    gw_sparse_init(&s->pfns, sizeof(uint16_t));
    gw_sparse_free(&s->slots);
    gw_sparse_init(&s->slots, sizeof(uint32_t));
    s->ascending = true;
    s->next_pfn = 0;
    s->static_end = s->tail_begun = s->checkpointed = s->has_last = s->ended = false;
    s->num_stretches = 0;
    memset(s->stretches, 0, sizeof s->stretches);
    s->checks_follow = false;
    s->repeats = s->suspected = false;
    s->epoch = 0;
    s->digest = (struct piece){ 0 };
    s->beside = (struct beside){ 0 };
}
