/*
 * hvm.c - HVM_CONTEXT (18.6): the chain of entries, their types, lengths and instances. What is inside them is not
 * looked at.
 */
#include <assert.h>

#include "verifier.h"

enum entry_kind { PER_DOMAIN, PER_VCPU, PER_CHIP };
enum { ENTRY_END = 0, ENTRY_HEADER = 1, ENTRY_CPU = 2, ENTRY_PCI_IRQ = 7, ENTRY_ISA_IRQ = 8, ENTRY_PCI_LINK = 9 };
enum { ENTRY_PIC = 3, ENTRY_XSAVE = 16, ENTRY_MSR = 20, NUM_ENTRY_TYPES = 21 };

#define MAX_LENGTHS 4
#define OPEN_LENGTH UINT32_MAX /* judged by its own function */

/* Section 10.2. lengths: newest first, each with the minor number of the first Xen 4 that writes and accepts it. */
struct entry_row {
    const char *name;
    enum entry_kind kind;
    struct {
        uint32_t length;
        unsigned since;
    } lengths[MAX_LENGTHS];
};

static const struct entry_row rows[NUM_ENTRY_TYPES] = {
    [ENTRY_END] = { "END", PER_DOMAIN, { { 0, 0 } } },
    [ENTRY_HEADER] = { "HEADER", PER_DOMAIN, { { 24, 0 } } },
    [ENTRY_CPU] = { "CPU", PER_VCPU, { { 1032, 7 }, { 1024, 0 }, { 1016, 0 } } },
    [ENTRY_PIC] = { "PIC", PER_CHIP, { { 8, 0 } } },
    [4] = { "IOAPIC", PER_DOMAIN, { { 400, 0 } } },
    [5] = { "LAPIC", PER_VCPU, { { 32, 21 }, { 24, 0 } } },
    [6] = { "LAPIC_REGS", PER_VCPU, { { 1024, 0 } } },
    [ENTRY_PCI_IRQ] = { "PCI_IRQ", PER_DOMAIN, { { 16, 0 } } },
    [ENTRY_ISA_IRQ] = { "ISA_IRQ", PER_DOMAIN, { { 8, 0 } } },
    [ENTRY_PCI_LINK] = { "PCI_LINK", PER_DOMAIN, { { 8, 0 } } },
    [10] = { "PIT", PER_DOMAIN, { { 56, 0 } } },
    [11] = { "RTC", PER_DOMAIN, { { 24, 14 }, { 16, 0 } } },
    [12] = { "HPET", PER_DOMAIN, { { 1048, 0 } } },
    [13] = { "PMTIMER", PER_DOMAIN, { { 8, 0 } } },
    [14] = { "MTRR", PER_VCPU, { { 240, 0 } } },
    [15] = { "VIRIDIAN_DOMAIN", PER_DOMAIN, { { 32, 6 }, { 24, 5 }, { 16, 0 } } },
    [ENTRY_XSAVE] = { "CPU_XSAVE", PER_VCPU, { { OPEN_LENGTH, 0 } } },
    [17] = { "VIRIDIAN_VCPU", PER_VCPU, { { 216, 13 }, { 16, 7 }, { 8, 0 } } },
    [18] = { "VMCE_VCPU", PER_VCPU, { { 32, 10 }, { 24, 0 } } },
    [19] = { "TSC_ADJUST", PER_VCPU, { { 8, 0 } } },
    [ENTRY_MSR] = { "CPU_MSR", PER_VCPU, { { OPEN_LENGTH, 5 } } },
};

/* The devices of a PC, which an HVM guest has all and a PVH guest has none of. */
static const uint32_t pc_devices = 1u << ENTRY_PIC | 1u << 4 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13;
/* What every vCPU has, whatever it has used. */
static const unsigned char every_vcpu[] = { 5, 6, 14, 18 };

/* What is learnt on the way through one context. */
struct context {
    uint32_t types;         /* a bit for each that came */
    struct gw_sparse vcpus; /* u32 each: a bit for each type that came */
    uint32_t chips;         /* PIC instances that came */
    unsigned last_irq;
};

static bool open_length_right(unsigned type, uint32_t length)
{
    if (type == ENTRY_XSAVE)
        return length >= 24 + 576;                     /* 10.6 */
    return length >= 8 + 16 && (length - 8) % 16 == 0; /* 10.7 */
}

static void judge_length(struct verifier *v, const struct gw_hvm_entry *entry)
{
    const struct entry_row *row = &rows[entry->type];
    assert(row->name != NULL);
    bool right = false;
    unsigned since = 0;
    for (unsigned i = 0; i < MAX_LENGTHS && (i == 0 || row->lengths[i].length > 0) && !right; i++) {
        right = row->lengths[i].length == OPEN_LENGTH ? open_length_right(entry->type, entry->length)
                                                      : row->lengths[i].length == entry->length;
        since = row->lengths[i].since;
    }
    if (!right)
        find(v, GW_RULE_CTX_SIZE, "the %s entry of instance %u has %u octets, a length that this type never had",
             row->name, entry->instance, entry->length);
    else if (target_before(v, since))
        find(v, GW_RULE_CTX_SIZE_TARGET, "a %s entry of %u octets needs Xen 4.%u or later, the receiver is 4.%u",
             row->name, entry->length, since, v->opts.for_xen);
}

static void judge_instance(struct verifier *v, struct context *c, const struct gw_hvm_entry *entry)
{
    const struct entry_row *row = &rows[entry->type];
    uint64_t most = row->kind == PER_DOMAIN ? 1 : row->kind == PER_CHIP ? 2 : gw_limit(VCPUS);
    if (row->kind == PER_VCPU && v->carrier.config.max_vcpus > 0)
        most = gw_min(most, v->carrier.config.max_vcpus);
    if (entry->instance >= most) {
        find(v, GW_RULE_CTX_INSTANCE, "the %s entry has instance %u; %llu exist", row->name, entry->instance,
             (unsigned long long)most);
        return;
    }
    bool again = (c->types & 1u << entry->type) != 0;
    if (row->kind == PER_CHIP) {
        again = (c->chips & 1u << entry->instance) != 0;
        c->chips |= 1u << entry->instance;
    } else if (row->kind == PER_VCPU) {
        uint32_t *seen = gw_sparse_at(&c->vcpus, entry->instance, v->err);
        if (seen == NULL)
            return;
        again = (*seen & 1u << entry->type) != 0;
        *seen |= 1u << entry->type;
    }
    if (again)
        find(v, GW_RULE_CTX_DUP_ENTRY, "the %s entry of instance %u comes twice", row->name, entry->instance);
}

static void judge_irq_order(struct verifier *v, struct context *c, unsigned type)
{
    if (type < ENTRY_PCI_IRQ || type > ENTRY_PCI_LINK)
        return;
    if (type < c->last_irq)
        find(v, GW_RULE_CTX_IRQ_ORDER, "the %s entry comes behind the %s entry", rows[type].name,
             rows[c->last_irq].name);
    if (type > c->last_irq)
        c->last_irq = type;
}

/* 0 8 xfeature_mask; 8 8 xcr0; 16 8 xcr0_accum (10.6) */
static void judge_xsave(struct verifier *v, const struct gw_hvm_entry *entry)
{
    struct gw_cur cur = entry->data;
    gw_take(&cur, 16);
    uint64_t used = gw_u64(&cur);
    if (!cur.bad)
        judge_xstate(v, entry->instance, used);
}

static void judge_entry(struct verifier *v, struct context *c, const struct gw_hvm_entry *entry)
{
    if (entry->type >= NUM_ENTRY_TYPES) {
        find(v, GW_RULE_CTX_TYPE_UNKNOWN, "HVM_CONTEXT has an entry of unknown type %u", entry->type);
        return;
    }
    judge_length(v, entry);
    judge_instance(v, c, entry);
    if (entry->type == ENTRY_XSAVE)
        judge_xsave(v, entry);
    judge_irq_order(v, c, entry->type);
    c->types |= 1u << entry->type;
}

/* The vCPUs whose entries every vCPU has are the same for each of these types; registers only those that are up. */
static void judge_vcpu_set(struct verifier *v, const struct context *c)
{
    uint64_t id = 0;
    uint32_t wanted = 0;
    for (unsigned i = 0; i < sizeof every_vcpu; i++)
        wanted |= c->types & 1u << every_vcpu[i];
    v->hvm.num_vcpus = 0;
    for (const uint32_t *seen; (seen = gw_sparse_leaf(&c->vcpus, &id)) != NULL; id += GW_SPARSE_LEAF)
        for (unsigned i = 0; i < GW_SPARSE_LEAF; i++) {
            v->hvm.num_vcpus += seen[i] >> ENTRY_CPU & 1;
            if (seen[i] != 0 && (seen[i] & wanted) != wanted)
                find(v, GW_RULE_CTX_CPU_SET, "vCPU %llu lacks entries that other vCPUs have",
                     (unsigned long long)id + i);
        }
    if (v->hvm.num_vcpus == 0)
        find(v, GW_RULE_CTX_CPU_NONE, "HVM_CONTEXT has registers of no vCPU");
}

static void judge_whole(struct verifier *v, const struct context *c)
{
    uint32_t devices = c->types & pc_devices;
    judge_vcpu_set(v, c);
    v->hvm.has_pic = (c->types & 1u << ENTRY_PIC) != 0;
    if (devices != 0 && devices != pc_devices)
        for (unsigned type = 0; type < NUM_ENTRY_TYPES; type++)
            if ((pc_devices & ~devices) & 1u << type)
                find(v, GW_RULE_CTX_DEVICES_UNIFORM, "HVM_CONTEXT has devices of a PC, but no %s entry",
                     rows[type].name);
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
        if (first && (entry.type != ENTRY_HEADER || entry.length != 24))
            find(v, GW_RULE_CTX_HEADER_FIRST, "HVM_CONTEXT begins with type %u of %u octets, not with its HEADER",
                 entry.type, entry.length);
        if (entry.type == ENTRY_END) {
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
    if (v->tail.seen[GW_REC_HVM_CONTEXT] > 1)
        find(v, GW_RULE_CTX_DUPLICATE, "a second HVM_CONTEXT");
    if (record->frame.length == 0) {
        find(v, GW_RULE_CTX_EMPTY, "HVM_CONTEXT is empty");
        return 0;
    }
    gw_sparse_init(&c.vcpus, sizeof(uint32_t));
    if (judge_chain(v, &c, gw_cur(record->body, record->frame.length)))
        judge_whole(v, &c);
    gw_sparse_free(&c.vcpus);
    return v->err->code == GW_E_OK ? 0 : -1;
}

void judge_hvm_presence(struct verifier *v)
{
    if (v->tail.seen[GW_REC_HVM_CONTEXT] == 0)
        find(v, GW_RULE_CTX_MISSING, "an HVM image without HVM_CONTEXT");
    if (v->tail.seen[GW_REC_HVM_PARAMS] == 0)
        find(v, GW_RULE_PARAM_MISSING, "an HVM image without HVM_PARAMS: the guest finds neither xenstore nor console");
}
