/*
 * hvm.c - HVM_CONTEXT (18.6): the chain of entries, their types, lengths and instances. What is inside them is looked
 * at by hvm_inside.c and hvm_cpu.c.
 */
#include "hvm.h"

/* What is learnt on the way through one context. */
struct context {
    uint32_t types;         /* a bit for each that came */
    struct gw_sparse vcpus; /* u32 each: a bit for each type that came */
    uint32_t chips;         /* PIC instances that came */
    unsigned last_irq;
};

/* A bit for each type with the flag. */
static uint32_t types_with(unsigned flag)
{
    uint32_t types = 0;
    for (unsigned type = 0; type < GW_HVM_NUM_TYPES; type++)
        if (gw_hvm_entry_info(type)->flags & flag)
            types |= 1u << type;
    return types;
}

/* True: what is inside can be judged by its layout. */
static bool judge_length(struct verifier *v, const struct gw_hvm_entry *entry)
{
    const char *name = gw_hvm_entry_info(entry->type)->name;
    const struct gw_hvm_form *form = gw_hvm_entry_form(entry->type, entry->length);
    if (form == NULL)
        find(v, GW_RULE_CTX_SIZE, "the %s entry of instance %u has %u octets, a length that this type never had", name,
             entry->instance, entry->length);
    else if (target_before(v, form->since))
        find(v, GW_RULE_CTX_SIZE_TARGET, "a %s entry of %u octets needs Xen 4.%u or later, the receiver is 4.%u", name,
             entry->length, form->since, v->opts.for_xen);
    return form != NULL;
}

/* What came for the entry's vCPU so far; NULL when it is for none. */
static uint32_t *judge_instance(struct verifier *v, struct context *c, const struct gw_hvm_entry *entry)
{
    uint32_t *seen = NULL;
    const struct gw_hvm_entry_info *row = gw_hvm_entry_info(entry->type);
    uint64_t most = row->kind == GW_HVM_PER_DOMAIN ? 1 : row->kind == GW_HVM_PER_CHIP ? 2 : gw_limit(VCPUS);
    if (row->kind == GW_HVM_PER_VCPU && v->carrier.config.max_vcpus > 0)
        most = gw_min(most, v->carrier.config.max_vcpus);
    if (entry->instance >= most) {
        find(v, GW_RULE_CTX_INSTANCE, "the %s entry has instance %u; %llu exist", row->name, entry->instance,
             (unsigned long long)most);
        return NULL;
    }
    bool again = (c->types & 1u << entry->type) != 0;
    if (row->kind == GW_HVM_PER_CHIP) {
        again = (c->chips & 1u << entry->instance) != 0;
        c->chips |= 1u << entry->instance;
    } else if (row->kind == GW_HVM_PER_VCPU) {
        seen = gw_sparse_at(&c->vcpus, entry->instance, v->err);
        if (seen == NULL)
            return NULL;
        again = (*seen & 1u << entry->type) != 0;
        *seen |= 1u << entry->type;
    }
    if (again)
        find(v, GW_RULE_CTX_DUP_ENTRY, "the %s entry of instance %u comes twice", row->name, entry->instance);
    return seen;
}

static void judge_irq_order(struct verifier *v, struct context *c, unsigned type)
{
    if (type < GW_HVM_PCI_IRQ || type > GW_HVM_PCI_LINK)
        return;
    if (type < c->last_irq)
        find(v, GW_RULE_CTX_IRQ_ORDER, "the %s entry comes behind the %s entry", gw_hvm_entry_info(type)->name,
             gw_hvm_entry_info(c->last_irq)->name);
    if (type > c->last_irq)
        c->last_irq = type;
}

static void judge_entry(struct verifier *v, struct context *c, const struct gw_hvm_entry *entry)
{
    if (gw_hvm_entry_info(entry->type) == NULL) {
        find(v, GW_RULE_CTX_TYPE_UNKNOWN, "HVM_CONTEXT has an entry of unknown type %u", entry->type);
        return;
    }
    bool right = judge_length(v, entry);
    struct hvm_inside inside = { .instance = entry->instance, .octets = entry->data };
    inside.seen = judge_instance(v, c, entry);
    if (right)
        judge_hvm_inside(v, entry->type, &inside);
    judge_irq_order(v, c, entry->type);
    c->types |= 1u << entry->type;
}

/* The vCPUs whose entries every vCPU has are the same for each of these types; registers only those that are up. */
static void judge_vcpu_set(struct verifier *v, const struct context *c)
{
    uint64_t id = 0;
    uint32_t wanted = c->types & types_with(GW_HVM_EVERY_VCPU);
    v->hvm.num_vcpus = 0;
    v->hvm.vcpu_end = c->vcpus.num;
    for (const uint32_t *seen; (seen = gw_sparse_leaf(&c->vcpus, &id)) != NULL; id += GW_SPARSE_LEAF)
        for (unsigned i = 0; i < GW_SPARSE_LEAF; i++) {
            v->hvm.num_vcpus += seen[i] >> GW_HVM_CPU & 1;
            if (seen[i] != 0 && (seen[i] & wanted) != wanted)
                find(v, GW_RULE_CTX_CPU_SET, "vCPU %llu lacks entries that other vCPUs have",
                     (unsigned long long)id + i);
        }
    if (v->hvm.num_vcpus == 0)
        find(v, GW_RULE_CTX_CPU_NONE, "HVM_CONTEXT has registers of no vCPU");
}

static void judge_whole(struct verifier *v, const struct context *c)
{
    uint32_t pc_devices = types_with(GW_HVM_PC), devices = c->types & pc_devices;
    judge_vcpu_set(v, c);
    v->hvm.has_pic = (c->types & 1u << GW_HVM_PIC) != 0;
    if (devices != 0 && devices != pc_devices)
        for (unsigned type = 0; type < GW_HVM_NUM_TYPES; type++)
            if ((pc_devices & ~devices) & 1u << type)
                find(v, GW_RULE_CTX_DEVICES_UNIFORM, "HVM_CONTEXT has devices of a PC, but no %s entry",
                     gw_hvm_entry_info(type)->name);
}

/* True: the chain is whole, up to its END. */
static bool judge_chain(struct verifier *v, struct context *c, struct gw_cur cur)
{
    struct gw_hvm_entry entry = { 0 };
    size_t len = gw_left(&cur);
    for (bool first = true; gw_left(&cur) > 0; first = false) {
        size_t at = len - gw_left(&cur);
        if (!gw_hvm_entry_take(&cur, &entry)) {
            find(v, GW_RULE_CTX_FRAMING, "the entry of HVM_CONTEXT at its octet %zu does not fit into its %zu octets",
                 at, len);
            return false;
        }
        if (first && (entry.type != GW_HVM_HEADER || entry.length != 24))
            find(v, GW_RULE_CTX_HEADER_FIRST, "HVM_CONTEXT begins with type %u of %u octets, not with its HEADER",
                 entry.type, entry.length);
        if (entry.type == GW_HVM_END) {
            if (gw_left(&cur) > 0)
                find(v, GW_RULE_CTX_TRAILING, "%zu octets stand behind HVM_CONTEXT's END", gw_left(&cur));
            return true;
        }
        judge_entry(v, c, &entry);
    }
    find(v, GW_RULE_CTX_END, "HVM_CONTEXT has no END entry");
    return true;
}

int judge_hvm_context(struct verifier *v, const struct gw_record *record)
{
    struct context c = { 0 };
    v->hvm.context_at = v->at;
    v->roots.now.len = 0;
    v->tail.has_viridian = v->tail.context_read = false;
    if (v->tail.seen[GW_REC_HVM_CONTEXT] > 1)
        find(v, GW_RULE_CTX_DUPLICATE, "a second HVM_CONTEXT");
    if (record->frame.length == 0) {
        find(v, GW_RULE_CTX_EMPTY, "HVM_CONTEXT is empty");
        return 0;
    }
    gw_sparse_init(&c.vcpus, sizeof(uint32_t));
    v->tail.context_read = judge_chain(v, &c, gw_cur(record->body, record->frame.length));
    if (v->tail.context_read)
        judge_whole(v, &c);
    gw_sparse_free(&c.vcpus);
    if (v->err->code == GW_E_OK)
        gw_buf_ok(&v->roots.now, v->err);
    return v->err->code == GW_E_OK ? 0 : -1;
}

/* What HVM_CONTEXT says against HVM_PARAMS and X86_TSC_INFO of the same checkpoint. */
static void judge_together(struct verifier *v)
{
    const struct tail_state *t = &v->tail;
    bool wants = v->hvm.params[GW_HVM_PARAM_VIRIDIAN] != 0;
    if (t->context_read && t->params_read && wants != t->has_viridian)
        find_at(v, &v->hvm.context_at, GW_RULE_CTX_VIRIDIAN_PARAM,
                "HVM_CONTEXT has %sentries of Viridian; HVM_PARAMS %s it on", t->has_viridian ? "" : "no ",
                wants ? "switches" : "does not switch");
    if (t->tsc_khz != 0 && t->gtsc_khz != 0 && t->tsc_khz != t->gtsc_khz)
        find_at(v, &v->hvm.context_at, GW_RULE_CTX_GTSC_VS_TSC,
                "the guest's TSC runs at %llu kHz for HVM_CONTEXT, at %llu kHz for X86_TSC_INFO",
                (unsigned long long)t->gtsc_khz, (unsigned long long)t->tsc_khz);
}

void judge_hvm_presence(struct verifier *v)
{
    judge_together(v);
    if (v->tail.seen[GW_REC_HVM_CONTEXT] == 0)
        find(v, GW_RULE_CTX_MISSING, "an HVM image without HVM_CONTEXT");
    if (v->tail.seen[GW_REC_HVM_PARAMS] == 0)
        find(v, GW_RULE_PARAM_MISSING, "an HVM image without HVM_PARAMS: the guest finds neither xenstore nor console");
}
