/*
 * params.c - HVM_PARAMS (18.6, 10.9): framing, indices, and whether the pages that it names are there.
 */
#include "verifier.h"

/* Indices below the hypervisor's number of parameters that it nevertheless refuses to set. */
static const uint8_t refused[] = { 13, 20, 21, 22, 23, 24, 25, 26, 30, 35 };

/* HVM_NR_PARAMS by release: indices at or above it are refused. */
static const struct {
    unsigned since;
    uint64_t num;
} num_params[] = { { 0, 37 }, { 9, 38 }, { 10, 39 } };

static const struct {
    uint64_t index;
    const char *name;
    enum gw_rule_number rule;
} rings[NUM_RINGS] = {
    [RING_STORE] = { 1, "xenstore", GW_RULE_PARAM_STORE_BACKED },
    [RING_CONSOLE] = { 17, "console", GW_RULE_PARAM_CONSOLE_BACKED },
    [RING_IOREQ] = { 5, "ioreq", GW_RULE_PARAM_IOREQ_BACKED },
    [RING_BUFIOREQ] = { 6, "buffered ioreq", GW_RULE_PARAM_IOREQ_BACKED },
};

static bool accepts(const struct verifier *v, uint64_t index)
{
    uint64_t num = 0;
    for (unsigned i = 0; i < sizeof num_params / sizeof num_params[0]; i++)
        if (!target_before(v, num_params[i].since))
            num = num_params[i].num;
    for (unsigned i = 0; i < sizeof refused; i++)
        if (refused[i] == index)
            return false;
    return index < num;
}

static void judge_param(struct verifier *v, const struct gw_hvm_param *param, uint64_t *seen)
{
    if (!accepts(v, param->index))
        find(v, GW_RULE_PARAM_INDEX_KNOWN, "HVM_PARAMS has index %llu, which the hypervisor refuses",
             (unsigned long long)param->index);
    if (param->index < 64) {
        if (*seen >> param->index & 1)
            find(v, GW_RULE_PARAM_DUPLICATE, "HVM_PARAMS names index %llu twice", (unsigned long long)param->index);
        *seen |= UINT64_C(1) << param->index;
    }
    for (unsigned i = 0; i < NUM_RINGS; i++)
        if (rings[i].index == param->index)
            v->hvm.ring[i] = param->value;
}

int judge_hvm_params(struct verifier *v, const struct gw_record *record)
{
    struct gw_hvm_params params;
    struct gw_err err = GW_ERR_NONE;
    uint64_t seen = 0;
    v->hvm.params_at = v->at;
    if (v->tail.seen[GW_REC_HVM_PARAMS] > 1)
        find(v, GW_RULE_PARAM_DUPLICATE_RECORD, "a second HVM_PARAMS");
    if (v->tail.seen[GW_REC_HVM_CONTEXT] == 0)
        find(v, GW_RULE_PARAM_AFTER_CONTEXT, "HVM_PARAMS comes before HVM_CONTEXT");
    if (gw_hvm_params_decode(gw_cur(record->body, record->frame.length), &params, &err) < 0) {
        return find_refusal(v, &err);
    }
    if (params.reserved != 0)
        find(v, GW_RULE_PARAM_RESERVED, "HVM_PARAMS' reserved field holds 0x%x", params.reserved);
    if (params.count == 0)
        find(v, GW_RULE_PARAM_EMPTY, "HVM_PARAMS has no parameter");
    for (uint32_t i = 0; i < params.count; i++) {
        struct gw_hvm_param param = gw_hvm_param_take(&params.params);
        judge_param(v, &param, &seen);
    }
    return 0;
}

void judge_hvm_memory(struct verifier *v)
{
    v->at = v->hvm.params_at;
    for (unsigned i = 0; i < NUM_RINGS; i++) {
        int type = v->hvm.ring[i] != 0 ? page_type(v, v->hvm.ring[i]) : GW_PAGE_NOTAB;
        if (type < 0 || !gw_type_populates((unsigned)type))
            find(v, rings[i].rule, "the %s page, pfn 0x%llx, is no memory of the image (%s)", rings[i].name,
                 (unsigned long long)v->hvm.ring[i], type < 0 ? "never named" : gw_page_type_name((unsigned)type));
    }
}
