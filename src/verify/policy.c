/*
 * policy.c - the static part (18.3): CPUID and MSR policies, and where STATIC_DATA_END stands.
 *
 * What a receiver accepts comes from section 9: its tables of leaves and MSRs grew from release to release.
 */
#include "verifier.h"

static void judge_leaf(struct verifier *v, const struct gw_cpuid_leaf *leaf)
{
    bool has_none;
    bool known = gw_release_knows_leaf(v->release, leaf->leaf, leaf->subleaf, &has_none);
    if (has_none && leaf->subleaf != GW_CPUID_NO_SUBLEAF)
        find(v, GW_RULE_CPUID_SUBLEAF_MARKER, "CPUID leaf 0x%x has no subleaves, but names subleaf 0x%x", leaf->leaf,
             leaf->subleaf);
    else if (!known)
        find(v, GW_RULE_CPUID_UNKNOWN_LEAF, "the receiver does not know CPUID leaf 0x%x, subleaf 0x%x", leaf->leaf,
             leaf->subleaf);
}

static uint64_t leaf_key(const struct gw_cpuid_leaf *leaf)
{
    uint32_t subleaf = leaf->subleaf == GW_CPUID_NO_SUBLEAF ? 0 : leaf->subleaf;
    return (uint64_t)leaf->leaf << 32 | subleaf;
}

/*
 * The leaves ascend as Xen writes them, so a repeated one is the neighbour; out of order, all before it are looked at.
 */
static bool came_before(const struct gw_record *record, unsigned before, uint64_t key)
{
    struct gw_cur cur = gw_cur(record->body, (size_t)before * GW_CPUID_LEAF_LEN);
    for (unsigned i = 0; i < before; i++) {
        struct gw_cpuid_leaf leaf = gw_cpuid_leaf_take(&cur);
        if (leaf_key(&leaf) == key)
            return true;
    }
    return false;
}

/* Which leaves of the basic and of the extended range are there, and the last one that the range's first names. */
struct leaf_set {
    uint64_t seen; /* a bit for each leaf behind the range's first */
    uint32_t first, last, known;
};

static void note_leaf(struct leaf_set *set, const struct gw_cpuid_leaf *leaf)
{
    if (leaf->leaf < set->first || leaf->leaf > set->known)
        return;
    set->seen |= UINT64_C(1) << (leaf->leaf - set->first);
    if (leaf->leaf == set->first)
        set->last = leaf->a;
}

/* Xen writes every leaf up to the last one, or to the last that it knows (9.2). */
static void judge_leaf_set(struct verifier *v, const struct leaf_set *set)
{
    uint32_t last = set->last < set->known ? set->last : set->known;
    if (!(set->seen & 1) || last < set->first)
        return;
    for (uint32_t leaf = set->first; leaf <= last; leaf++)
        if (!(set->seen >> (leaf - set->first) & 1))
            find(v, GW_RULE_CPUID_INCOMPLETE, "the CPUID policy lacks leaf 0x%x; leaf 0x%x names 0x%x as the last",
                 leaf, set->first, set->last);
}

/* What vCPUs are judged by. */
static void learn_leaf(struct verifier *v, const struct gw_cpuid_leaf *leaf)
{
    if (leaf->leaf == GW_CPUID_XSTATE && leaf->subleaf == 0) {
        v->fixed.has_xcr0 = true;
        v->fixed.xcr0 = (uint64_t)leaf->d << 32 | leaf->a;
    } else if (leaf->leaf == GW_CPUID_SIGNATURE) {
        v->fixed.has_signature = true;
        v->fixed.signature = leaf->a;
    } else if (leaf->leaf == GW_CPUID_ADDRESS) {
        const struct gw_bits *widths = gw_cpuid_parts(leaf, GW_CPUID_EAX);
        v->fixed.physical_width = widths != NULL ? leaf->a & (unsigned)gw_bits_mask(widths, "physical") : 0;
    }
    gw_featureset_learn(&v->fixed.features, leaf);
    gw_xstate_learn(&v->fixed.xstates, leaf);
}

static void judge_leaves(struct verifier *v, const struct gw_record *record, unsigned num)
{
    struct gw_cur cur = gw_cur(record->body, (size_t)num * GW_CPUID_LEAF_LEN);
    struct leaf_set basic = { .first = 0, .known = 0xd }, extended = { .first = 0x80000000, .known = 0x80000021 };
    bool ordered = true;
    uint64_t last = 0;
    for (unsigned i = 0; i < num; i++) {
        struct gw_cpuid_leaf leaf = gw_cpuid_leaf_take(&cur);
        uint64_t key = leaf_key(&leaf);
        judge_leaf(v, &leaf);
        note_leaf(&basic, &leaf);
        note_leaf(&extended, &leaf);
        learn_leaf(v, &leaf);
        if (i > 0 && key <= last && came_before(record, i, key))
            find(v, GW_RULE_CPUID_DUPLICATE_LEAF, "CPUID leaf 0x%x, subleaf 0x%x, comes twice", leaf.leaf,
                 leaf.subleaf);
        else if (i > 0 && key < last)
            ordered = false;
        last = gw_max(last, key);
    }
    if (!ordered)
        find(v, GW_RULE_CPUID_ORDER, "the leaves of the CPUID policy do not ascend");
    learn_forbidden(v);
    judge_leaf_set(v, &basic);
    judge_leaf_set(v, &extended);
    if (!(basic.seen & 1))
        find(v, GW_RULE_CPUID_LEAF0_MISSING, "the CPUID policy has no leaf 0, which names the vendor");
}

int judge_cpuid_policy(struct verifier *v, const struct gw_record *record)
{
    struct gw_err err = GW_ERR_NONE;
    uint32_t length = record->frame.length;
    if (v->fixed.cpuid)
        find(v, GW_RULE_CPUID_DUPLICATE_RECORD, "a second X86_CPUID_POLICY");
    v->fixed.cpuid = true;
    if (v->headers.image.version == 2)
        find(v, GW_RULE_POLICY_IN_V2, "X86_CPUID_POLICY stands in an image of version 2");
    if (gw_cpuid_policy_check(length, &err) < 0) {
        return find_refusal(v, &err);
    }
    if (!gw_release_knows_record(v->release, GW_REC_X86_CPUID_POLICY))
        return 0; /* told already: such a receiver does not know the record */
    unsigned num = length / GW_CPUID_LEAF_LEN;
    if (num > v->release->most_leaves) {
        find(v, GW_RULE_CPUID_TOO_MANY, "the CPUID policy has %u leaves, the receiver accepts %u", num,
             v->release->most_leaves);
        return 0;
    }
    judge_leaves(v, record, num);
    return 0;
}

static void judge_msr(struct verifier *v, const struct gw_msr_entry *entry)
{
    if (!gw_release_knows_msr(v->release, GW_MSR_POLICY, entry->index))
        find(v, GW_RULE_MSR_UNKNOWN, "the receiver does not know MSR 0x%x of the policy", entry->index);
    if (entry->flags != 0)
        find(v, GW_RULE_MSR_FLAGS, "MSR 0x%x of the policy has flags 0x%x", entry->index, entry->flags);
}

int judge_msr_policy(struct verifier *v, const struct gw_record *record)
{
    struct gw_err err = GW_ERR_NONE;
    uint32_t length = record->frame.length;
    if (v->fixed.msr)
        find(v, GW_RULE_MSR_DUPLICATE_RECORD, "a second X86_MSR_POLICY");
    v->fixed.msr = true;
    if (v->headers.image.version == 2)
        find(v, GW_RULE_POLICY_IN_V2, "X86_MSR_POLICY stands in an image of version 2");
    if (gw_msr_policy_check(length, &err) < 0) {
        return find_refusal(v, &err);
    }
    struct gw_cur cur = gw_cur(record->body, length);
    while (gw_left(&cur) > 0 && gw_release_knows_record(v->release, GW_REC_X86_MSR_POLICY)) {
        struct gw_msr_entry entry = gw_msr_entry_take(&cur);
        judge_msr(v, &entry);
    }
    return 0;
}

void judge_static_record(struct verifier *v, const struct gw_frame *frame)
{
    char room[32];
    if (v->fixed.ended)
        find(v, GW_RULE_STATIC_AFTER_SDE, "%s stands behind %sSTATIC_DATA_END",
             gw_record_name(frame->type, room, sizeof room), v->fixed.inferred ? "the inferred place of " : "");
}

static void judge_policies_there(struct verifier *v)
{
    if (v->headers.image.version < 3 || is_handed_on(v)) /* no Xen before 4.14 could write them */
        return;
    if (!v->fixed.cpuid)
        find(v, GW_RULE_CPUID_MISSING_V3, "the static data hold no X86_CPUID_POLICY");
    if (!v->fixed.msr)
        find(v, GW_RULE_MSR_MISSING_V3, "the static data hold no X86_MSR_POLICY");
}

void judge_static_end(struct verifier *v, const struct gw_mark *mark)
{
    bool again = v->fixed.ended;
    if (!mark->inferred) {
        judge_marker_body(v, mark, GW_RULE_SDE_BODY);
        if (again)
            find(v, GW_RULE_SDE_DUPLICATE, "a second STATIC_DATA_END%s",
                 v->fixed.inferred ? ": version 2 has it before the memory, unwritten" : "");
        else if (v->headers.image.version == 2)
            find(v, GW_RULE_SDE_IN_V2, "STATIC_DATA_END stands in an image of version 2");
        else if (v->fixed.early.set && !v->fixed.missing_told)
            find_at(v, &v->fixed.early, GW_RULE_SDE_LATE, "this record stands before STATIC_DATA_END");
    }
    v->fixed.ended = true;
    v->fixed.inferred = mark->inferred;
    if (!again && !v->fixed.missing_told)
        judge_policies_there(v);
}

/* At the first record that must not come before STATIC_DATA_END: memory, as in Xen. */
void judge_static_missing(struct verifier *v, const struct gw_frame *frame)
{
    char room[32];
    if (v->fixed.ended || v->fixed.missing_told || v->headers.image.version < 3)
        return;
    v->fixed.missing_told = true;
    find(v, GW_RULE_SDE_MISSING, "%s comes, and no STATIC_DATA_END was seen",
         gw_record_name(frame->type, room, sizeof room));
}
