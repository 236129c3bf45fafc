/*
 * keeper.c - gathers the records and asides of an image for squash.
 *
 * Of records behind the memory the last one of each type and vCPU counts, as in Xen's restorer (7.3, 16.8), and only
 * when its checkpoint is complete: what came since the last commit is apart until then.
 */
#include <string.h>

#include "keeper.h"

#define MOST_KEPT 65536u /* records and asides: they are held against each other */

static struct keeper *keeper_of(struct gw_sink *sink)
{
    return (struct keeper *)sink;
}

static void free_kept(struct kept *kept)
{
    gw_free(kept->name);
    gw_free(kept->config);
    gw_free(kept->state);
    gw_free(kept->store);
    gw_free(kept->legacy);
}

static void clear(struct kept_list *list)
{
    for (size_t i = 0; i < list->num; i++)
        free_kept(&list->all[i]);
    list->num = 0;
    list->octets.len = 0;
}

static void free_list(struct kept_list *list)
{
    clear(list);
    gw_free(list->all);
    gw_buf_free(&list->octets);
    *list = (struct kept_list){ 0 };
}

/* One more, with its body copied. NULL: no room, or no more than we hold. */
static struct kept *add(struct keeper *k, struct kept_list *list, enum kept_kind kind, const void *body, size_t len,
                        struct gw_err *err)
{
    void *mem = list->all;
    k->octets += len;
    if (k->octets > gw_limit(SQUASHED) || list->num == MOST_KEPT) {
        gw_fail(err, GW_E_REFUSED, "more than %llu octets or %u of records and of what stands beside the image",
                (unsigned long long)gw_limit(SQUASHED), MOST_KEPT);
        return NULL;
    }
    if (gw_grow(&mem, &list->cap, list->num + 1, sizeof *list->all, err) < 0)
        return NULL;
    list->all = mem;
    size_t at = list->octets.len;
    gw_put(&list->octets, body, len);
    if (gw_buf_ok(&list->octets, err) < 0)
        return NULL;
    struct kept *kept = &list->all[list->num++];
    *kept = (struct kept){ .kind = kind, .has_body = body != NULL, .at = at, .len = len };
    return kept;
}

static int keep_record(struct keeper *k, struct kept_list *list, const struct gw_record *record, struct gw_err *err)
{
    char room[32];
    if (record->body == NULL)
        return gw_fail(err, GW_E_REFUSED, "%s of %u octets is longer than squash holds (%llu)",
                       gw_record_name(record->frame.type, room, sizeof room), record->frame.length,
                       (unsigned long long)gw_limit(KEPT_BODY));
    struct kept *kept = add(k, list, KEPT_RECORD, record->body, record->frame.length, err);
    if (kept != NULL)
        kept->frame = record->frame;
    return kept != NULL ? 0 : -1;
}

/* A copy of len octets, or NULL when there was nothing. */
static void *copy_of(const void *from, size_t len, struct gw_err *err)
{
    void *to = from != NULL ? gw_alloc(1, len, err) : NULL;
    if (to != NULL)
        memcpy(to, from, len);
    return to;
}

static int keep_aside(struct keeper *k, struct kept_list *list, const struct gw_aside *aside, struct gw_err *err)
{
    struct kept *kept = add(k, list, KEPT_ASIDE, aside->body, aside->body_len, err);
    if (kept == NULL)
        return -1;
    kept->aside = *aside;
    kept->name = aside->name != NULL ? gw_strdup(aside->name, err) : NULL;
    kept->config = copy_of(aside->config, sizeof *aside->config, err);
    kept->state = copy_of(aside->state, sizeof *aside->state, err);
    kept->store = copy_of(aside->store, sizeof *aside->store, err);
    kept->legacy = copy_of(aside->legacy, sizeof *aside->legacy, err);
    kept->aside.legacy = kept->legacy;
    kept->aside.name = kept->name;
    kept->aside.config = kept->config;
    kept->aside.state = kept->state;
    kept->aside.store = kept->store;
    return err->code == GW_E_OK ? 0 : -1;
}

/* --- slots -------------------------------------------------------------------------------------------------------- */

static int keeper_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    struct keeper *k = keeper_of(sink);
    (void)err;
    k->headers = *headers;
    k->begun = true;
    return 0;
}

static int keeper_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    (void)pages;
    (void)err;
    keeper_of(sink)->has_memory = true;
    return 0;
}

static bool is_of_head(const struct keeper *k, uint32_t type)
{
    return !k->has_memory && !gw_record_is_tail(type);
}

static int keeper_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    struct keeper *k = keeper_of(sink);
    const struct gw_record_info *info = gw_record_info(record->frame.type);
    k->has_checks = k->has_checks || record->frame.type == GW_REC_PAGE_CHECKS;
    k->has_digest = k->has_digest || record->frame.type == GW_REC_IMAGE_DIGEST;
    if (record->frame.type == GW_REC_PAGE_CHECKS || record->frame.type == GW_REC_IMAGE_DIGEST)
        return 0; /* made anew */
    if (info != NULL && info->empty != GW_NO_EMPTY_FORM && record->frame.length == info->empty)
        return 0; /* says nothing, and takes nothing's place (5.2) */
    return keep_record(k, is_of_head(k, record->frame.type) ? &k->head : &k->tail_now, record, err);
}

static int keeper_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct keeper *k = keeper_of(sink);
    k->stopped = mark->kind == GW_END || mark->kind == GW_CHECKPOINT;
    k->ended = k->ended || mark->kind == GW_END;
    if (mark->kind != GW_STATIC_END)
        return 0;
    struct kept *kept = add(k, &k->head, KEPT_STATIC_END, NULL, 0, err);
    if (kept == NULL)
        return -1;
    kept->frame = mark->frame;
    kept->inferred = mark->inferred;
    return 0;
}

/* What stands behind an END or CHECKPOINT belongs to that state; COLO's talk about checkpoints belongs to none. */
static int keeper_aside(struct gw_sink *sink, const struct gw_aside *aside, struct gw_err *err)
{
    struct keeper *k = keeper_of(sink);
    if (!k->begun)
        return keep_aside(k, &k->before, aside, err);
    if (aside->kind == GW_ASIDE_LIBXL_RECORD && aside->type == GW_LIBXL_CKPT_STATE)
        return 0;
    return keep_aside(k, k->stopped ? &k->beside_now : &k->after, aside, err);
}

static bool same_place(const struct kept_list *a, const struct kept *x, const struct kept_list *b, const struct kept *y)
{
    return x->frame.type == y->frame.type &&
           (!gw_record_has_vcpu(x->frame.type) || (x->len >= 4 && y->len >= 4 && /* u32 vcpu_id (7.3) */
                                                   memcmp(kept_body(a, x), kept_body(b, y), 4) == 0));
}

/* The records of the list but those that another takes the place of: of the guest's state, the last one counts. */
static int take_over(struct keeper *k, const struct kept_list *from, const struct kept_list *newer,
                     struct kept_list *to, struct gw_err *err)
{
    for (size_t i = 0; i < from->num; i++) {
        const struct kept *kept = &from->all[i];
        const struct gw_record_info *info = gw_record_info(kept->frame.type);
        bool is_state = info != NULL && info->kind != GW_KIND_OPTIONAL, replaced = false;
        for (size_t n = newer == from ? i + 1 : 0; n < newer->num && is_state && !replaced; n++)
            replaced = same_place(from, kept, newer, &newer->all[n]);
        struct gw_record record = { .frame = kept->frame, .body = kept_body(from, kept) };
        if (!replaced && keep_record(k, to, &record, err) < 0)
            return -1;
    }
    return 0;
}

static uint64_t octets_of(const struct keeper *k)
{
    return k->before.octets.len + k->head.octets.len + k->tail.octets.len + k->tail_now.octets.len +
           k->beside.octets.len + k->beside_now.octets.len + k->after.octets.len;
}

static int keeper_commit(struct gw_sink *sink, struct gw_err *err)
{
    struct keeper *k = keeper_of(sink);
    struct kept_list tail = { 0 };
    if (take_over(k, &k->tail, &k->tail_now, &tail, err) < 0 ||
        take_over(k, &k->tail_now, &k->tail_now, &tail, err) < 0) {
        free_list(&tail);
        return -1;
    }
    free_list(&k->tail);
    clear(&k->tail_now);
    k->tail = tail;
    struct kept_list last = k->beside;
    k->beside = k->beside_now;
    k->beside_now = last;
    clear(&k->beside_now);
    k->octets = octets_of(k);
    k->stopped = false;
    return 0;
}

static const struct gw_sink_ops keeper_ops = {
    .name = "keeper",
    .takes = GW_TAKES_WATCH,
    .begin = keeper_begin,
    .pages = keeper_pages,
    .record = keeper_record,
    .mark = keeper_mark,
    .aside = keeper_aside,
    .commit = keeper_commit,
};

void keeper_init(struct keeper *keeper)
{
    *keeper = (struct keeper){ .sink.ops = &keeper_ops };
}

void keeper_free(struct keeper *k)
{
    struct kept_list *all[] = { &k->before, &k->head, &k->tail, &k->tail_now, &k->beside, &k->beside_now, &k->after };
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++)
        free_list(all[i]);
}
