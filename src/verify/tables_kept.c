/*
 * tables_kept.c - page tables kept as they pass, for what cannot be read twice: a pipe, another host.
 *
 * Owns: pages of at most GW_LIMIT KEPT_TABLES octets; a slot number for each pfn near one. Which page start_info is, is
 * said behind the memory: every page that looks like one is kept. After the first commit a page that belongs to the
 * committed state stays until the next one, so that there is a way back.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "verifier.h"

struct kept_table {
    uint8_t *page;
    uint64_t pfn, index; /* of the page among all contents */
    struct place at;
};

static struct kept_table *slot_at(const struct verifier *v, uint32_t slot)
{
    return &v->tables.kept[slot];
}

void free_kept(struct verifier *v)
{
    struct table_state *t = &v->tables;
    for (size_t i = 0; i < t->num_kept; i++)
        gw_free(t->kept[i].page);
    gw_free(t->kept);
    gw_undo_free(&t->slots_undo);
    gw_sparse_free(&t->slots);
    gw_buf_free(&t->stale);
    gw_buf_free(&t->spare);
}

/* The last number in a list of them. */
static uint32_t pop(struct gw_buf *list)
{
    uint32_t slot;
    assert(list->len >= sizeof slot);
    list->len -= sizeof slot;
    memcpy(&slot, list->mem + list->len, sizeof slot);
    return slot;
}

/* *slot: 0 when the bound is reached, else the slot's number and one. */
static int take_slot(struct verifier *v, uint32_t *slot)
{
    struct table_state *t = &v->tables;
    void *mem = t->kept;
    *slot = 0;
    if (t->spare.len > 0) {
        *slot = pop(&t->spare) + 1;
        return 0;
    }
    if ((t->num_kept + 1) * GW_PAGE_LEN > gw_limit(KEPT_TABLES))
        return 0;
    if (gw_grow(&mem, &t->cap_kept, t->num_kept + 1, sizeof *t->kept, v->err) < 0)
        return -1;
    t->kept = mem;
    t->kept[t->num_kept] = (struct kept_table){ .page = gw_alloc(1, GW_PAGE_LEN, v->err) };
    if (t->kept[t->num_kept].page == NULL)
        return -1;
    *slot = (uint32_t)++t->num_kept;
    return 0;
}

/* What is not of the committed state may be written over, or used for another page at once. */
static void release(struct verifier *v, uint32_t *slot)
{
    struct table_state *t = &v->tables;
    uint32_t number = *slot - 1;
    bool committed = slot_at(v, number)->index < t->committed;
    gw_put(committed ? &t->stale : &t->spare, &number, sizeof number);
    *slot = 0;
}

static bool is_kept(const struct verifier *v, uint64_t pfn)
{
    const uint32_t *slot = gw_sparse_find(&v->tables.slots, pfn);
    return slot != NULL && *slot != 0;
}

int keep_table(struct verifier *v, uint64_t pfn, unsigned type, const uint8_t *page)
{
    struct table_state *t = &v->tables;
    bool wanted = gw_type_table_level(type) > 0 || is_start_info(page);
    uint64_t index = t->passed++;
    if (!wanted && !is_kept(v, pfn))
        return 0;
    if (gw_undo_save(&t->slots_undo, pfn, v->err) < 0)
        return -1;
    uint32_t *slot = gw_sparse_at(&t->slots, pfn, v->err);
    if (slot == NULL)
        return -1;
    if (*slot != 0)
        release(v, slot);
    if (wanted && take_slot(v, slot) < 0)
        return -1;
    if (*slot != 0) {
        struct kept_table *kept = slot_at(v, *slot - 1);
        kept->pfn = pfn, kept->index = index, kept->at = place_of(&v->memory.now.frame);
        memcpy(kept->page, page, GW_PAGE_LEN);
    }
    return gw_buf_ok(&t->stale, v->err) < 0 ? -1 : gw_buf_ok(&t->spare, v->err);
}

void commit_kept(struct verifier *v)
{
    struct table_state *t = &v->tables;
    if (t->stale.len > 0)
        gw_put(&t->spare, t->stale.mem, t->stale.len);
    t->stale.len = 0;
    gw_undo_commit(&t->slots_undo);
}

static int by_index(const void *a, const void *b)
{
    const struct kept_table *const *x = a, *const *y = b;
    return (*x)->index < (*y)->index ? -1 : (*x)->index > (*y)->index;
}

/* The kept pages that count, as they came; NULL: no memory, or none. */
static struct kept_table **current(const struct verifier *v, size_t *num)
{
    struct gw_err err = GW_ERR_NONE;
    const struct table_state *t = &v->tables;
    struct kept_table **all = t->num_kept > 0 ? gw_alloc(t->num_kept, sizeof *all, &err) : NULL;
    *num = 0;
    for (uint32_t i = 0; all != NULL && i < t->num_kept; i++) {
        const uint32_t *slot = gw_sparse_find(&t->slots, t->kept[i].pfn);
        if (slot != NULL && *slot == i + 1 && is_looked_for(v, t->kept[i].pfn))
            all[(*num)++] = &t->kept[i];
    }
    if (*num > 0)
        qsort(all, *num, sizeof *all, by_index);
    return all;
}

static void judge_all(struct verifier *v, struct kept_table *const *all, size_t num)
{
    begin_tables(v);
    for (size_t i = 0; i < num; i++)
        judge_looked_for(v, all[i]->pfn, &all[i]->at, all[i]->page);
    end_tables(v);
}

bool judge_kept_whole(struct verifier *v)
{
    size_t num;
    struct kept_table **all = current(v, &num);
    bool whole = num == v->tables.num;
    if (whole)
        judge_all(v, all, num);
    gw_free(all);
    return whole;
}

const struct gw_verdict *gw_verify_unread(struct gw_sink *sink)
{
    struct verifier *v = (struct verifier *)sink;
    size_t num;
    assert(v->finished);
    if (!v->verdict.wants_tables)
        return &v->verdict;
    struct kept_table **all = current(v, &num);
    judge_all(v, all, num);
    gw_free(all);
    v->verdict.wants_tables = false;
    tell_unread(v);
    return &v->verdict;
}

void tell_unread(struct verifier *v)
{
    find_at(v, &(struct place){ 0 }, GW_RULE_PV_TABLES_UNREAD,
            "%llu of %llu page tables (and start_info) were not looked at: the input cannot be read again, they are "
            "more than godwit keeps, or they are named as tables only behind VERIFY",
            (unsigned long long)(v->tables.num - v->tables.looked), (unsigned long long)v->tables.num);
}
