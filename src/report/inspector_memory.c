/*
 * inspector_memory.c - the memory of an image: passes as they come, and what became of each pfn at the end.
 */
#include <assert.h>

#include "inspector.h"

void end_pass(struct inspector *in)
{
    in->pass_open = false;
}

static struct pass *begin_pass(struct inspector *in, uint64_t record, struct gw_err *err)
{
    void *mem = in->passes;
    in->pass_open = true;
    if (in->num_passes == MOST_PASSES)
        return &in->passes[MOST_PASSES - 1];
    if (gw_grow(&mem, &in->cap_passes, in->num_passes + 1, sizeof *in->passes, err) < 0)
        return NULL;
    in->passes = mem;
    in->passes[in->num_passes] =
        (struct pass){ .first_record = record, .checkpoint = in->commits, .verify = in->verifying };
    return &in->passes[in->num_passes++];
}

/* A pfn that is not above all of its pass begins the next one. */
static struct pass *pass_for(struct inspector *in, uint64_t pfn, uint64_t record, struct gw_err *err)
{
    bool goes_on = in->pass_open && pfn > in->highest;
    struct pass *pass = goes_on ? &in->passes[in->num_passes - 1] : begin_pass(in, record, err);
    in->highest = pfn;
    return pass;
}

static int note_entry(struct inspector *in, const struct gw_frame *frame, uint64_t entry, struct gw_err *err)
{
    uint64_t pfn = gw_entry_pfn(entry);
    struct pass *pass = pass_for(in, pfn, frame->number, err);
    if (pass == NULL || gw_undo_save(&in->undo, pfn, err) < 0)
        return -1;
    uint16_t *state = gw_sparse_at(&in->pfns, pfn, err);
    if (state == NULL)
        return -1;
    pass->last_record = frame->number;
    pass->entries++;
    pass->contents += gw_type_has_contents(gw_entry_type(entry));
    pass->again += *state != 0;
    if (in->verifying && *state != 0)
        return 0; /* a comparison, not a state */
    *state = (uint16_t)((gw_entry_type(entry) ^ GW_PAGE_NO_TYPE) | gw_min(in->num_passes, 255) << PFN_PASS_SHIFT);
    return 0;
}

static int watch_zero(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    struct inspector *in = arg;
    (void)at;
    for (size_t i = 0; i < len; i += GW_PAGE_LEN) {
        while (!gw_type_has_contents(gw_entry_type(in->now.entries[in->next_entry])))
            in->next_entry++;
        uint16_t *state = gw_sparse_at(&in->pfns, gw_entry_pfn(in->now.entries[in->next_entry++]), err);
        assert(in->next_entry <= in->now.count);
        if (state == NULL)
            return -1;
        *state = (uint16_t)(gw_is_zero(mem + i, GW_PAGE_LEN) ? *state | PFN_ZERO : *state & ~PFN_ZERO);
    }
    return 0;
}

int note_pages(struct inspector *in, const struct gw_pages *pages, struct gw_err *err)
{
    for (uint32_t i = 0; i < pages->count; i++)
        if (note_entry(in, &pages->frame, pages->entries[i], err) < 0)
            return -1;
    if (!in->opts.zeros || in->verifying || pages->num_contents == 0)
        return 0;
    in->now = *pages;
    in->next_entry = 0;
    return gw_payload_watch(pages->contents, watch_zero, in, err);
}

int pfn_type(uint16_t state)
{
    return (state & 0xf) == 0 ? -1 : (int)((state & 0xfu) ^ GW_PAGE_NO_TYPE);
}

/* The longest runs first; a longer one pushes the shortest out. */
static void note_run(struct run *longest, uint64_t *num, const struct run *run)
{
    unsigned at = MOST_RUNS;
    if (run->num == 0)
        return;
    ++*num;
    while (at > 0 && run->num > longest[at - 1].num)
        at--;
    for (unsigned i = MOST_RUNS; i-- > at + 1;)
        longest[i] = longest[i - 1];
    if (at < MOST_RUNS)
        longest[at] = *run;
}

void memory_facts(const struct inspector *in, struct memory_facts *out)
{
    struct run ram = { 0 }, hole = { 0 };
    uint64_t first = 0;
    const uint16_t *leaf;
    *out = (struct memory_facts){ 0 };
    while ((leaf = gw_sparse_leaf(&in->pfns, &first)) != NULL) {
        for (unsigned i = 0; i < GW_SPARSE_LEAF; i++) {
            int type = pfn_type(leaf[i]);
            if (type < 0)
                continue;
            uint64_t pfn = first + i;
            bool is_ram = gw_type_populates((unsigned)type);
            struct run *run = is_ram ? &ram : &hole;
            out->by_type[type]++;
            out->zero += (leaf[i] & PFN_ZERO) != 0;
            if (run->num > 0 && run->first + run->num == pfn) {
                run->num++;
                continue;
            }
            note_run(is_ram ? out->ram : out->holes, is_ram ? &out->num_ram : &out->num_holes, run);
            *run = (struct run){ pfn, 1 };
        }
        first += GW_SPARSE_LEAF;
    }
    note_run(out->ram, &out->num_ram, &ram);
    note_run(out->holes, &out->num_holes, &hole);
}
