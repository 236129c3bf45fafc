/*
 * scan.c - from the first record to the end of the input: along the chain of records, and over what is damaged.
 *
 * Where no record follows, the next place is searched from which a chain of records can be followed: to the image's
 * end, or over so many that it is no chance. What lies between is a hole. Behind a complete checkpoint nothing is
 * searched: its state is whole, and what follows can only be less.
 */
#include <assert.h>

#include "damaged.h"

#define ENOUGH 3u     /* weight of a chain that is no chance */
#define MANY_PAGES 8u /* so many pages in order weigh as much */

/* --- searching --------------------------------------------------------------------------------------------------- */

/* Does the image end in front of that place, as far as what carries it can tell? */
static int end_is_tied(struct gw_salvage *s, uint64_t at, bool *tied, struct gw_err *err)
{
    struct beside beside;
    *tied = at == s->octets.size;
    if (s->carrier == CARRIER_RAW)
        return 0;
    if (walk_beside(&s->octets, s->carrier, at, false, &beside, err) < 0)
        return -1;
    *tied = beside.ended;
    return 0;
}

static unsigned weight_of(const struct gw_salvage *s, const struct seen *record)
{
    const uint64_t *entries = (const uint64_t *)(const void *)s->law.entries.mem;
    if (record->type != GW_REC_PAGE_DATA || record->num_contents == 0)
        return 1;
    if (record->num_contents < MANY_PAGES)
        return 2;
    for (uint32_t i = 1; i < record->count; i++)
        if (gw_entry_pfn(entries[i]) <= gw_entry_pfn(entries[i - 1]))
            return 2;
    return ENOUGH;
}

/* Can a chain be followed from there? An END alone, eight octets of zero, is none. */
static int is_chain(struct gw_salvage *s, uint64_t at, bool *is, struct gw_err *err)
{
    unsigned weight = 0;
    enum law what = LAW_RECORD;
    struct seen record;
    *is = false;
    while (weight < ENOUGH) {
        if (judge_record(&s->law, at, true, &what, &record, err) < 0)
            return -1;
        if (what != LAW_RECORD)
            break;
        if (record.type == GW_REC_END)
            return weight > 0 ? end_is_tied(s, record.end, is, err) : 0;
        weight += weight_of(s, &record);
        at = record.end;
    }
    *is = weight >= ENOUGH || (weight > 1 && (what == LAW_CUT || at == s->octets.size));
    return 0;
}

/* The carrier's records behind the image, followed to the carrier's own end. */
static int is_beside(struct gw_salvage *s, uint64_t at, struct beside *beside, bool *is, struct gw_err *err)
{
    *is = false;
    if (s->carrier == CARRIER_RAW || s->law.left == 0)
        return 0;
    if (walk_beside(&s->octets, s->carrier, at, false, beside, err) < 0)
        return -1;
    s->law.left -= gw_min(s->law.left, 64 * (uint64_t)beside->num);
    *is = beside->num > 0 && beside->ended && beside->next == s->octets.size;
    return 0;
}

enum found { FOUND_NOTHING, FOUND_RECORDS, FOUND_BESIDE };

/* From there on, at the places where a record can begin. */
static int search(struct gw_salvage *s, uint64_t from, uint64_t *at, enum found *found, struct gw_err *err)
{
    uint64_t places = (from - s->begin + 7) / 8;
    *found = FOUND_NOTHING;
    for (*at = s->begin + 8 * places; *at + 8 <= s->octets.size; *at += 8) {
        bool is, has;
        uint32_t type;
        if (s->law.left == 0) {
            s->losses.gave_up = true;
            break;
        }
        if (header_type(&s->law, *at, &has, &type, err) < 0)
            return -1;
        if (!has)
            continue;
        if (is_chain(s, *at, &is, err) < 0)
            return -1;
        *found = is ? FOUND_RECORDS : FOUND_NOTHING;
        if (!is && (is_beside(s, *at, &s->beside, &is, err) < 0))
            return -1;
        if (is) {
            *found = *found == FOUND_RECORDS ? FOUND_RECORDS : FOUND_BESIDE;
            return 0;
        }
    }
    *at = s->octets.size;
    return 0;
}

/* --- holes ------------------------------------------------------------------------------------------------------- */

static int add_hole(struct gw_salvage *s, uint64_t from, uint64_t to, bool no_end, struct gw_err *err)
{
    void *mem = s->holes;
    struct gw_hole hole = { .offset = from, .len = to - from, .no_end = no_end, .in_state = s->tail_begun };
    if (header_type(&s->law, from, &hole.has_type, &hole.type, err) < 0)
        return -1;
    hole.has_type = hole.has_type && hole.type != GW_REC_END;
    if (gw_grow(&mem, &s->cap_holes, s->num_holes + 1, sizeof hole, err) < 0)
        return -1;
    s->holes = mem;
    s->holes[s->num_holes++] = hole;
    return 0;
}

static void new_stretch(struct gw_salvage *s)
{
    struct stretch *stretch;
    if (s->num_stretches < STRETCHES)
        s->num_stretches++;
    stretch = &s->stretches[s->num_stretches - 1];
    if (stretch->used)
        stretch->several = true;
    else
        *stretch = (struct stretch){ .used = true, .holes = s->num_holes };
}

int suspect(struct gw_salvage *s, uint64_t from, uint64_t to, struct gw_err *err)
{
    if (add_hole(s, from, to, false, err) < 0)
        return -1;
    s->holes[s->num_holes - 1].in_state = false;
    s->suspected = true;
    new_stretch(s);
    return 0;
}

/* *at: where the chain goes on; s->done: nowhere. */
static int over_hole(struct gw_salvage *s, uint64_t from, uint64_t search_from, uint64_t *at, struct gw_err *err)
{
    enum found found;
    if (search(s, search_from, at, &found, err) < 0 || add_hole(s, from, *at, found == FOUND_NOTHING, err) < 0)
        return -1;
    s->done = found != FOUND_RECORDS;
    if (found == FOUND_RECORDS)
        new_stretch(s);
    else
        s->losses.end_lost = true;
    if (found != FOUND_BESIDE)
        s->beside = (struct beside){ 0 };
    return 0;
}

/* --- along the chain --------------------------------------------------------------------------------------------- */

/* Zeros look like an END: one in the middle of the input must have all that belongs before it, and nothing behind. */
static int at_end(struct gw_salvage *s, const struct seen *end, uint64_t *at, struct gw_err *err)
{
    bool tied;
    enum found found;
    if (end_is_tied(s, end->end, &tied, err) < 0 ||
        walk_beside(&s->octets, s->carrier, end->end, false, &s->beside, err) < 0)
        return -1;
    struct beside beside = s->beside;
    if (tied) {
        s->ended = s->done = true;
        return 0;
    }
    if (search(s, end->end, at, &found, err) < 0)
        return -1;
    if (found != FOUND_RECORDS && count_missing(s, NULL) == 0) {
        s->beside = beside;
        s->ended = s->done = true;
        return 0;
    }
    return doubt_last(s, err) < 0 ? -1 : over_hole(s, end->at, end->end, at, err);
}

/* Behind a checkpoint comes what carries it; then the image goes on. */
static int at_checkpoint(struct gw_salvage *s, uint64_t *at, struct gw_err *err)
{
    struct beside beside;
    if (s->carrier == CARRIER_LIBXL) {
        if (walk_beside(&s->octets, s->carrier, *at, true, &beside, err) < 0)
            return -1;
        if (!beside.ended)
            return 0;
        s->beside = beside;
        *at = beside.next;
    }
    if (s->num_holes == 0)
        s->commit = *at;
    return 0;
}

/* Once more from the beginning, up to the last complete checkpoint. */
static int back_to_checkpoint(struct gw_salvage *s, uint64_t *at)
{
    s->losses.kept_to = s->commit;
    s->losses.behind = s->octets.size - s->commit;
    s->stop = s->commit;
    s->stops = true;
    forget_all(s);
    new_stretch(s);
    *at = s->begin;
    return 0;
}

/* Nothing that could be followed stands at *at. */
static int at_break(struct gw_salvage *s, uint64_t *at, struct gw_err *err)
{
    bool proven, is_cut = *at + GW_RECORD_HEADER_LEN > s->octets.size;
    if (s->commit > 0)
        return back_to_checkpoint(s, at);
    if (*at == s->octets.size && s->has_last && s->last.type == GW_REC_CHECKPOINT) {
        s->ended = s->done = true; /* as Remus leaves it, but with a hole before */
        return 0;
    }
    if (header_proves(&s->law, *at, &proven, err) < 0 || (!proven && !is_cut && doubt_last(s, err) < 0))
        return -1;
    return over_hole(s, *at, *at + 8, at, err);
}

static int at_cut(struct gw_salvage *s, const struct seen *pages, struct gw_err *err)
{
    uint64_t whole = (s->octets.size - pages->contents_at) / GW_PAGE_LEN * GW_PAGE_LEN;
    s->done = s->losses.end_lost = true;
    if (take_cut_pages(s, pages, err) < 0)
        return -1;
    return add_hole(s, pages->contents_at + whole, s->octets.size, true, err);
}

static int step(struct gw_salvage *s, uint64_t *at, struct gw_err *err)
{
    enum law what;
    struct seen record;
    if (s->stops && *at == s->stop) {
        s->ended = s->done = true;
        return 0;
    }
    if (judge_record(&s->law, *at, false, &what, &record, err) < 0)
        return -1;
    if (what == LAW_RECORD && record.type == GW_REC_END)
        return at_end(s, &record, at, err);
    if (what == LAW_CUT && s->commit == 0)
        return at_cut(s, &record, err);
    if (what != LAW_RECORD)
        return at_break(s, at, err);
    *at = record.end;
    if (take_record(s, &record, err) < 0)
        return -1;
    if (s->suspected && s->commit > 0)
        return back_to_checkpoint(s, at);
    return record.type == GW_REC_CHECKPOINT ? at_checkpoint(s, at, err) : 0;
}

int scan(struct gw_salvage *s, struct gw_err *err)
{
    uint64_t at = s->begin;
    forget_all(s);
    new_stretch(s);
    while (!s->done)
        if (step(s, &at, err) < 0)
            return -1;
    return 0;
}
