/*
 * settle.c - what all that was found comes to: which pages are sure, which are doubtful and why, what is missing.
 *
 * A page is sure when its record is proven by the frame and nothing that is damaged can have held a later copy of it.
 * Nothing can, where memory was over before (no saver goes back to it), where the hole is too short for a page, and
 * where all memory came in one pass: pfns that only go up, and behind the hole more contents than would have fitted
 * into it once more, which a second pass begun there would have had to repeat first.
 */
#include <assert.h>

#include "damaged.h"

#define LEAST_PAGES 24u /* octets of a PAGE_DATA that names one pfn */

static const struct {
    unsigned bit;
    const char *name, *text;
} doubts[] = {
    { GW_DOUBT_LOST, "lost", "named, but the contents are lost" },
    { GW_DOUBT_CHECKED, "check", "a check says that the contents are damaged" },
    { GW_DOUBT_UNPACKED, "packed", "the packed file is damaged: what was unpacked of it may be wrong" },
    { GW_DOUBT_MISREAD, "misread",
      "the legacy image is damaged somewhere before that shows: the contents may be another page's" },
    { GW_DOUBT_RECORD, "record", "the record is cut, or broken off behind: the contents may be damaged" },
    { GW_DOUBT_LOOSE, "loose", "found between damaged places, and nothing ties it to this image" },
    { GW_DOUBT_OLDER, "older", "a later copy may have stood where the image is damaged" },
};

#define NUM_DOUBTS (sizeof doubts / sizeof doubts[0])

static unsigned row_of(unsigned doubt)
{
    for (unsigned i = 0; i < NUM_DOUBTS; i++)
        if (doubt & doubts[i].bit)
            return i;
    assert(false);
    return 0;
}

const char *gw_doubt_name(unsigned doubt)
{
    return doubts[row_of(doubt)].name;
}

const char *gw_doubt_text(unsigned doubt)
{
    return doubts[row_of(doubt)].text;
}

/* --- records ----------------------------------------------------------------------------------------------------- */

/* What every saver writes of such a guest. */
static const struct {
    uint32_t type;
    unsigned guest;
} needed[] = {
    { GW_REC_X86_PV_INFO, GW_GUEST_PV },   { GW_REC_X86_PV_P2M_FRAMES, GW_GUEST_PV },
    { GW_REC_SHARED_INFO, GW_GUEST_PV },   { GW_REC_X86_PV_VCPU_BASIC, GW_GUEST_PV },
    { GW_REC_HVM_CONTEXT, GW_GUEST_HVM },  { GW_REC_HVM_PARAMS, GW_GUEST_HVM },
    { GW_REC_X86_TSC_INFO, GW_GUEST_ANY },
};

static bool has_record(const struct gw_salvage *s, uint32_t type)
{
    for (size_t i = 0; i < s->num_singles; i++)
        if (s->singles[i].type == type)
            return true;
    return false;
}

unsigned count_missing(const struct gw_salvage *s, uint32_t *missing)
{
    unsigned num = 0;
    for (unsigned i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (needed[i].guest != GW_GUEST_ANY && needed[i].guest != s->law.guests)
            continue;
        if (has_record(s, needed[i].type) || (s->converted && needed[i].type == GW_REC_X86_TSC_INFO))
            continue;
        if (missing != NULL)
            missing[num] = needed[i].type;
        num++;
    }
    return num;
}

static void list_shaky(struct gw_salvage *s)
{
    struct gw_losses *l = &s->losses;
    for (size_t i = 0; i < s->num_singles; i++)
        if (s->singles[i].shaky && l->num_shaky < sizeof l->shaky / sizeof l->shaky[0])
            l->shaky[l->num_shaky++] = s->singles[i].type;
}

/* --- memory ------------------------------------------------------------------------------------------------------ */

static uint64_t contents_behind(const struct gw_salvage *s, size_t hole)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < s->num_stretches; i++)
        sum += s->stretches[i].holes > hole ? s->stretches[i].contents : 0;
    return sum;
}

static bool pages_behind(const struct gw_salvage *s, size_t hole)
{
    for (unsigned i = 0; i < s->num_stretches; i++)
        if (s->stretches[i].has_pages && (s->stretches[i].holes > hole || s->stretches[i].several))
            return true;
    return false;
}

/* Can that hole have held a later copy of a page before it? */
static bool may_hold_later(const struct gw_salvage *s, size_t hole)
{
    const struct gw_hole *h = &s->holes[hole];
    bool is_plain = !s->checkpointed && !s->repeats && (s->ended || h->no_end);
    if (h->in_state && is_plain && !pages_behind(s, hole))
        return false;
    if (h->no_end)
        return true;
    if (h->len < LEAST_PAGES)
        return false;
    return !(s->ended && s->ascending && contents_behind(s, hole) > h->len);
}

static void judge_stretches(struct gw_salvage *s)
{
    for (unsigned i = 0; i < s->num_stretches; i++) {
        const struct stretch *stretch = &s->stretches[i];
        bool is_last = i + 1 == s->num_stretches && s->ended && stretch->holes == s->num_holes;
        s->doubts[i] = 0;
        for (size_t h = stretch->holes; h < s->num_holes; h++)
            if (may_hold_later(s, h))
                s->doubts[i] |= GW_DOUBT_OLDER;
        if (stretch->holes > 0 && !is_last && !s->ascending)
            s->doubts[i] |= GW_DOUBT_LOOSE;
        if (stretch->several)
            s->doubts[i] |= GW_DOUBT_LOOSE | GW_DOUBT_OLDER;
    }
}

int doubt_of(const struct gw_salvage *s, uint16_t state)
{
    unsigned own = state & (PFN_NAMED - 1u);
    if (state == 0)
        return -1;
    if (own & GW_DOUBT_LOST)
        return (int)own;
    if (s->losses.sum_right)
        return 0;
    own |= s->losses.sum_wrong ? GW_DOUBT_CHECKED : 0;
    own |= s->misread ? GW_DOUBT_MISREAD : 0;
    own |= s->losses.unpacking[0] != '\0' ? GW_DOUBT_UNPACKED : 0;
    return (int)(own | s->doubts[state >> PFN_STRETCH & 0xf]);
}

static void count_pages(struct gw_salvage *s)
{
    uint64_t pfn = 0;
    const uint16_t *leaf;
    for (; (leaf = gw_sparse_leaf(&s->pfns, &pfn)) != NULL; pfn += GW_SPARSE_LEAF)
        for (unsigned i = 0; i < GW_SPARSE_LEAF; i++) {
            int doubt = doubt_of(s, leaf[i]);
            s->losses.sure += doubt == 0;
            s->losses.lost += doubt > 0 && (doubt & GW_DOUBT_LOST);
            s->losses.doubtful += doubt > 0 && !(doubt & GW_DOUBT_LOST);
        }
}

/* Where memory came in one pass: what lies between the pages before a hole and those behind it. */
static void suggest(struct gw_salvage *s)
{
    for (unsigned i = 1; s->ascending && i < s->num_stretches; i++) {
        const struct stretch *before = &s->stretches[i - 1], *behind = &s->stretches[i];
        if (!before->has_pages || !behind->has_pages || behind->several)
            continue;
        uint64_t num = behind->first_pfn - before->last_pfn - 1;
        s->holes[behind->holes - 1].suggested = num;
        s->losses.suggested += num;
    }
}

static bool is_any(const struct gw_losses *l)
{
    return l->num_holes > 0 || l->doubtful > 0 || l->lost > 0 || l->behind > 0 || l->num_missing > 0 ||
           l->num_shaky > 0 || l->unpacking[0] != '\0' || l->reading[0] != '\0' || l->head_lost || l->headers_lost ||
           l->static_end_lost || l->end_lost || l->beside_lost || l->sum_wrong;
}

/* What was found is a stream that was made of a legacy image: what is lost of that lies behind where it was left. */
static void place_in_legacy(struct gw_salvage *s)
{
    struct gw_hole *last = s->num_holes > 0 ? &s->holes[s->num_holes - 1] : NULL;
    if (last == NULL || s->legacy_size == 0)
        return;
    last->offset = s->misread ? gw_min(s->legacy_stop, s->legacy_size) : s->legacy_size - last->len;
    last->len = s->legacy_size - last->offset;
    last->has_type = false;
}

int settle(struct gw_salvage *s, struct gw_err *err)
{
    struct gw_losses *l = &s->losses;
    l->num_missing = count_missing(s, l->missing);
    l->static_end_lost = s->version >= 3 && !s->static_end;
    l->beside_lost = s->carrier != CARRIER_RAW && !s->beside.ended && !s->stops;
    list_shaky(s);
    judge_stretches(s);
    suggest(s);
    place_in_legacy(s);
    l->holes = s->holes;
    l->num_holes = s->num_holes;
    for (size_t i = 0; i < s->num_holes; i++)
        l->octets += s->holes[i].len;
    if (s->digest.len > 0 && compare_digest(s, err) < 0)
        return -1;
    count_pages(s);
    l->any = is_any(l);
    return 0;
}

bool gw_salvage_next(const struct gw_salvage *s, uint64_t *pfn, struct gw_doubtful *out)
{
    uint64_t at = *pfn, num = 0;
    for (; at < s->pfns.num; at++) {
        uint64_t leaf = at;
        if (gw_sparse_leaf(&s->pfns, &leaf) == NULL)
            break;
        if (leaf > at && num > 0)
            break;
        at = gw_max(at, leaf);
        const uint16_t *state = gw_sparse_find(&s->pfns, at);
        int doubt = state != NULL ? doubt_of(s, *state) : -1;
        if (num > 0 && doubt != (int)out->doubt)
            break;
        if (doubt <= 0)
            continue;
        if (num++ == 0)
            *out = (struct gw_doubtful){ .first = at, .doubt = (unsigned)doubt };
    }
    out->num = num;
    *pfn = at;
    return num > 0;
}
