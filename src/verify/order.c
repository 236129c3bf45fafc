/*
 * order.c - the valid orders as a table (section 12), for --strict: independent records may come in any order (R07).
 *
 * The table says for each state what may come next; what is not listed is told and then obeyed, so that one record in
 * the wrong place is one finding.
 */
#include <assert.h>

#include "verifier.h"

enum order_state { O_START, O_STATIC, O_P2M, O_MEMORY, O_VERIFY, O_TAIL, O_DONE, NUM_ORDER_STATES };
enum order_class { C_STATIC, C_STATIC_END, C_P2M, C_PAGES, C_VERIFY, C_TAIL, C_CHECKPOINT, C_END, C_ANYWHERE };

/* Where a class leads. */
static const enum order_state leads_to[] = {
    [C_STATIC] = O_STATIC, [C_STATIC_END] = O_P2M, [C_P2M] = O_MEMORY,        [C_PAGES] = O_MEMORY,
    [C_VERIFY] = O_VERIFY, [C_TAIL] = O_TAIL,      [C_CHECKPOINT] = O_MEMORY, [C_END] = O_DONE,
};

#define MAY(class) (1u << (class))

/* What may come in a state. A later checkpoint may have no memory at all: O_MEMORY allows the tail. */
static const unsigned may_come[NUM_ORDER_STATES] = {
    [O_START] = MAY(C_STATIC) | MAY(C_STATIC_END) | MAY(C_P2M) | MAY(C_PAGES),
    [O_STATIC] = MAY(C_STATIC) | MAY(C_STATIC_END) | MAY(C_P2M) | MAY(C_PAGES),
    [O_P2M] = MAY(C_P2M) | MAY(C_PAGES),
    [O_MEMORY] = MAY(C_PAGES) | MAY(C_VERIFY) | MAY(C_TAIL),
    [O_VERIFY] = MAY(C_PAGES) | MAY(C_TAIL),
    [O_TAIL] = MAY(C_TAIL) | MAY(C_CHECKPOINT) | MAY(C_END),
    [O_DONE] = 0,
};

static const char *const state_names[NUM_ORDER_STATES] = {
    [O_START] = "at the beginning",     [O_STATIC] = "among the static data",
    [O_P2M] = "behind the static data", [O_MEMORY] = "in the memory",
    [O_VERIFY] = "in the verify pass",  [O_TAIL] = "among the records behind the memory",
    [O_DONE] = "behind the end",
};

static enum order_class class_of(uint32_t type)
{
    const struct gw_record_info *info = gw_record_info(type);
    if (info == NULL || info->kind == GW_KIND_OPTIONAL || info->kind == GW_KIND_RETIRED)
        return C_ANYWHERE;
    switch (type) {
    case GW_REC_END: return C_END;
    case GW_REC_CHECKPOINT: return C_CHECKPOINT;
    case GW_REC_VERIFY: return C_VERIFY;
    case GW_REC_STATIC_DATA_END: return C_STATIC_END;
    case GW_REC_PAGE_DATA: return C_PAGES;
    case GW_REC_X86_PV_P2M_FRAMES: return C_P2M;
    case GW_REC_CHECKPOINT_DIRTY_PFN_LIST: return C_ANYWHERE;
    default: return info->kind == GW_KIND_STATIC ? C_STATIC : C_TAIL;
    }
}

void judge_order(struct verifier *v, uint32_t type)
{
    enum order_class class = class_of(type);
    char room[32];
    assert(v->order < NUM_ORDER_STATES);
    if (class == C_ANYWHERE)
        return;
    if ((may_come[v->order] & MAY(class)) == 0)
        find(v, GW_RULE_ORDER_CANONICAL, "%s stands %s", gw_record_name(type, room, sizeof room),
             state_names[v->order]);
    bool stays = class == C_PAGES && v->order == O_VERIFY;
    v->order = stays ? O_VERIFY : leads_to[class];
}
