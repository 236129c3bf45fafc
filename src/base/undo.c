/*
 * undo.c - a log of old objects and a bit for each that is in it.
 */
#include <assert.h>
#include <string.h>

#include "base.h"

void gw_undo_init(struct gw_undo *undo, struct gw_sparse *map)
{
    *undo = (struct gw_undo){ .map = map };
    gw_sparse_init(&undo->touched, sizeof(uint64_t));
}

void gw_undo_free(struct gw_undo *undo)
{
    gw_sparse_free(&undo->touched);
    gw_buf_free(&undo->log);
}

int gw_undo_save(struct gw_undo *undo, uint64_t number, struct gw_err *err)
{
    assert(undo->map != NULL);
    if (!undo->on)
        return 0;
    uint64_t *bits = gw_sparse_at(&undo->touched, number / 64, err);
    if (bits == NULL)
        return -1;
    if (*bits >> number % 64 & 1)
        return 0;
    const void *object = gw_sparse_at(undo->map, number, err);
    if (object == NULL)
        return -1;
    /* Room for both first: half an entry must not stay in the log when memory runs out. */
    if (gw_buf_room(&undo->log, sizeof number + undo->map->size) == NULL)
        return gw_buf_ok(&undo->log, err);
    gw_put_u64(&undo->log, number);
    gw_put(&undo->log, object, undo->map->size);
    *bits |= UINT64_C(1) << number % 64;
    return 0;
}

/* Empties the log, giving each number to `with` (which may be NULL) on the way. */
static void drain(struct gw_undo *undo, void (*with)(struct gw_sparse *map, uint64_t number, const uint8_t *object))
{
    struct gw_cur cur = gw_buf_cur(&undo->log);
    while (gw_left(&cur) > 0) {
        uint64_t number = gw_u64(&cur);
        const uint8_t *object = gw_take(&cur, undo->map->size);
        uint64_t *bits = gw_sparse_find(&undo->touched, number / 64);
        assert(object != NULL && bits != NULL);
        *bits &= ~(UINT64_C(1) << number % 64);
        if (with != NULL)
            with(undo->map, number, object);
    }
    undo->log.len = 0;
}

static void put_back(struct gw_sparse *map, uint64_t number, const uint8_t *object)
{
    memcpy(gw_sparse_find(map, number), object, map->size);
}

void gw_undo_commit(struct gw_undo *undo)
{
    drain(undo, NULL);
    undo->num = undo->map->num;
    undo->on = true;
}

void gw_undo_back(struct gw_undo *undo)
{
    drain(undo, put_back);
    if (undo->on)
        undo->map->num = undo->num;
}
