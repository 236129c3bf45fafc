/*
 * sparse.c - two levels: an array of leaf pointers that grows, and leaves. One pointer per 512 numbers is 1/64 octet
 * each.
 */
#include <assert.h>
#include <string.h>

#include "base.h"

void gw_sparse_init(struct gw_sparse *map, size_t size)
{
    assert(size > 0);
    *map = (struct gw_sparse){ .size = size };
}

void gw_sparse_free(struct gw_sparse *map)
{
    for (size_t i = 0; i < map->num_leaves; i++)
        gw_free(map->leaves[i]);
    gw_free(map->leaves);
    *map = (struct gw_sparse){ .size = map->size };
}

static int reach(struct gw_sparse *map, size_t leaf, struct gw_err *err)
{
    void *mem = map->leaves;
    if (gw_grow(&mem, &map->cap, leaf + 1, sizeof map->leaves[0], err) < 0)
        return -1;
    map->leaves = mem;
    memset(map->leaves + map->num_leaves, 0, (leaf + 1 - map->num_leaves) * sizeof map->leaves[0]);
    map->num_leaves = leaf + 1;
    return 0;
}

void *gw_sparse_at(struct gw_sparse *map, uint64_t number, struct gw_err *err)
{
    size_t leaf = (size_t)(number / GW_SPARSE_LEAF);
    assert(map->size > 0 && map->num_leaves <= map->cap);
    if (leaf >= map->num_leaves && reach(map, leaf, err) < 0)
        return NULL;
    if (map->leaves[leaf] == NULL && (map->leaves[leaf] = gw_alloc(GW_SPARSE_LEAF, map->size, err)) == NULL)
        return NULL;
    if (number >= map->num)
        map->num = number + 1;
    return map->leaves[leaf] + number % GW_SPARSE_LEAF * map->size;
}

void *gw_sparse_find(const struct gw_sparse *map, uint64_t number)
{
    uint64_t leaf = number / GW_SPARSE_LEAF;
    if (leaf >= map->num_leaves || map->leaves[leaf] == NULL)
        return NULL;
    return map->leaves[leaf] + number % GW_SPARSE_LEAF * map->size;
}

void *gw_sparse_leaf(const struct gw_sparse *map, uint64_t *number)
{
    for (uint64_t leaf = *number / GW_SPARSE_LEAF; leaf < map->num_leaves; leaf++)
        if (map->leaves[leaf] != NULL) {
            *number = leaf * GW_SPARSE_LEAF;
            return map->leaves[leaf];
        }
    return NULL;
}
