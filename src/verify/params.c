/*
 * params.c - HVM_PARAMS (18.6, 10.9): framing, indices, values, and whether the pages that it names are there.
 *
 * Which parameters exist, and what the hypervisor takes for them, is said by the table of hvm_params.c.
 */
#include "verifier.h"

static void judge_value(struct verifier *v, const struct gw_hvm_param_info *info, uint64_t value)
{
    if (info->right != NULL && !info->right(value))
        find(v, rule_named(v, info->rule), "HVM_PARAMS: %s is 0x%llx, %s", info->name, (unsigned long long)value,
             info->demand);
}

static void judge_param(struct verifier *v, const struct gw_hvm_param *param, uint64_t *seen)
{
    const struct gw_hvm_param_info *info = gw_hvm_param_info(param->index);
    const struct gw_domain_header *domain = &v->headers.domain;
    bool accepted = gw_release_knows_param(v->release, param->index);
    if (!accepted)
        find(v, GW_RULE_PARAM_INDEX_KNOWN, "HVM_PARAMS has index %llu, which the hypervisor refuses",
             (unsigned long long)param->index);
    if (param->index >= GW_HVM_NUM_PARAMS)
        return;
    if (*seen >> param->index & 1)
        find(v, GW_RULE_PARAM_DUPLICATE, "HVM_PARAMS names index %llu twice", (unsigned long long)param->index);
    *seen |= UINT64_C(1) << param->index;
    v->hvm.params[param->index] = param->value;
    if (param->index == GW_HVM_PARAM_PAE_ENABLED && domain->xen_major == 4 && domain->xen_minor > 13)
        find(v, GW_RULE_PARAM_PAE, "HVM_PARAMS has PAE_ENABLED, which Xen 4.%u does not write", domain->xen_minor);
    if (accepted)
        judge_value(v, info, param->value);
}

int judge_hvm_params(struct verifier *v, const struct gw_record *record)
{
    struct gw_hvm_params params;
    struct gw_err err = GW_ERR_NONE;
    struct gw_cur body = gw_cur(record->body, record->frame.length);
    uint64_t seen = 0;
    v->hvm.params_at = v->at;
    if (v->tail.seen[GW_REC_HVM_PARAMS] > 1)
        find(v, GW_RULE_PARAM_DUPLICATE_RECORD, "a second HVM_PARAMS");
    if (v->tail.seen[GW_REC_HVM_CONTEXT] == 0 && !is_handed_on(v)) /* there they always do */
        find(v, GW_RULE_PARAM_AFTER_CONTEXT, "HVM_PARAMS comes before HVM_CONTEXT");
    if (gw_hvm_params_decode(body, &params, &err) < 0) {
        return find_refusal(v, &err);
    }
    v->tail.params_read = params.count > 0;
    judge_layout(v, &gw_layout_hvm_params, body, "HVM_PARAMS");
    if (params.count == 0)
        find(v, GW_RULE_PARAM_EMPTY, "HVM_PARAMS has no parameter");
    for (uint32_t i = 0; i < params.count; i++) {
        struct gw_hvm_param param = gw_hvm_param_take(&params.params);
        judge_param(v, &param, &seen);
    }
    return 0;
}

/* The parameter names a page that the guest shares. */
static bool is_backed(unsigned index)
{
    const struct gw_hvm_param_info *info = gw_hvm_param_info(index);
    return info != NULL && info->page == GW_HVM_BACKED;
}

bool names_param_page(const struct verifier *v, uint64_t pfn)
{
    for (unsigned i = 0; i < GW_HVM_NUM_PARAMS; i++)
        if (v->hvm.params[i] == pfn && pfn != 0 && is_backed(i))
            return true;
    return false;
}

void judge_hvm_memory(struct verifier *v)
{
    judge_hvm_roots(v);
    v->at = v->hvm.params_at;
    for (unsigned i = 0; i < GW_HVM_NUM_PARAMS; i++) {
        const struct gw_hvm_param_info *info = gw_hvm_param_info(i);
        uint64_t pfn = v->hvm.params[i];
        if (pfn == 0 || info == NULL || info->page == GW_HVM_NO_PAGE)
            continue;
        int type = page_type(v, pfn);
        if (type >= 0 && gw_type_populates((unsigned)type))
            continue;
        find(v, rule_named(v, info->rule), "%s, pfn 0x%llx, is no memory of the image (%s)%s", info->name,
             (unsigned long long)pfn, type < 0 ? "never named" : gw_page_type_name((unsigned)type),
             info->page == GW_HVM_RING ? ": the ring was in use" : "");
    }
}
