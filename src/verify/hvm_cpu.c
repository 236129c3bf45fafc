/*
 * hvm_cpu.c - the CPU entry of HVM_CONTEXT (10.4): control registers against each other and against the CPUID policy,
 * segments against the processor's mode. What a single number must be is said by the rows of layout_hvm.h.
 */
#include <string.h>

#include "hvm.h"

/* Control bits that need a feature, by the names of bits.c and of Xen's featureset (hvm_cr4_guest_valid_bits). */
struct need {
    const char *bit, *feature, *or_feature;
};

static const struct need cr4_needs[] = {
    { "VME", "VME", NULL },           { "PVI", "VME", NULL },
    { "TSD", "TSC", NULL },           { "DE", "DE", NULL },
    { "PSE", "PSE", NULL },           { "PAE", "PAE", NULL },
    { "MCE", "MCE", "MCA" },          { "PGE", "PGE", NULL },
    { "OSFXSR", "FXSR", NULL },       { "OSXMMEXCPT", "SSE", NULL },
    { "UMIP", "UMIP", NULL },         { "VMXE", "VMX", NULL },
    { "FSGSBASE", "FSGSBASE", NULL }, { "PCIDE", "PCID", NULL },
    { "OSXSAVE", "XSAVE", NULL },     { "SMEP", "SMEP", NULL },
    { "SMAP", "SMAP", NULL },         { "PKE", "PKU", NULL },
    { "CET", "CET_SS", "CET_IBT" },
};

/* hvm_efer_valid */
static const struct need efer_needs[] = {
    { "SCE", "SYSCALL", NULL }, { "LME", "LM", NULL },      { "LMA", "LM", NULL },           { "NXE", "NX", NULL },
    { "SVME", "SVM", NULL },    { "FFXSE", "FFXSR", NULL }, { "AIBRSE", "AUTO_IBRS", NULL },
};

static uint64_t forbidden(const struct gw_featureset *set, const struct gw_bits *bits, const struct need *needs,
                          size_t num)
{
    uint64_t mask = 0;
    for (size_t i = 0; i < num; i++)
        if (gw_featureset_lacks(set, needs[i].feature) &&
            (needs[i].or_feature == NULL || gw_featureset_lacks(set, needs[i].or_feature)))
            mask |= gw_bits_mask(bits, needs[i].bit);
    return mask;
}

void learn_forbidden(struct verifier *v)
{
    const struct gw_featureset *set = &v->fixed.features;
    v->fixed.cr4_forbidden = forbidden(set, gw_bits_cr4, cr4_needs, sizeof cr4_needs / sizeof cr4_needs[0]);
    v->fixed.efer_forbidden = forbidden(set, gw_bits_efer, efer_needs, sizeof efer_needs / sizeof efer_needs[0]);
}

/* What the rules look at, of one vCPU. */
struct cpu {
    unsigned id;
    struct gw_cur octets;
    uint64_t cr0, cr3, cr4, efer, rflags;
};

static void judge_control(struct verifier *v, const struct cpu *c)
{
    char room[128];
    bool paging = gw_bits_set(gw_bits_cr0, "PG", c->cr0), active = gw_bits_set(gw_bits_efer, "LMA", c->efer);
    if (!gw_bits_set(gw_bits_cr0, "ET", c->cr0))
        find(v, GW_RULE_CTX_CPU_CR0, "vCPU %u: cr0 is 0x%llx, without ET", c->id, (unsigned long long)c->cr0);
    if (paging && !gw_bits_set(gw_bits_cr0, "PE", c->cr0))
        find(v, GW_RULE_CTX_CPU_CR0, "vCPU %u: cr0 is 0x%llx, PG without PE", c->id, (unsigned long long)c->cr0);
    uint64_t cr4 = c->cr4 & v->fixed.cr4_forbidden, efer = c->efer & v->fixed.efer_forbidden;
    if (cr4 != 0)
        find(v, GW_RULE_CTX_CPU_CR4, "vCPU %u: cr4 is 0x%llx; the CPUID policy lacks what %s needs", c->id,
             (unsigned long long)c->cr4, gw_bits_text(room, sizeof room, gw_bits_cr4, cr4));
    if (efer != 0)
        find(v, GW_RULE_CTX_CPU_EFER, "vCPU %u: EFER is 0x%llx; the CPUID policy lacks what %s needs", c->id,
             (unsigned long long)c->efer, gw_bits_text(room, sizeof room, gw_bits_efer, efer));
    if (active && !(paging && gw_bits_set(gw_bits_efer, "LME", c->efer)))
        find(v, GW_RULE_CTX_CPU_EFER, "vCPU %u: EFER has LMA without LME or without paging", c->id);
    if (!(c->rflags & 2))
        find(v, GW_RULE_CTX_CPU_RFLAGS, "vCPU %u: rflags is 0x%llx, without bit 1, which is always set", c->id,
             (unsigned long long)c->rflags);
}

/* Old Intel hosts stored the VMCS's form, with bits 8 to 11 at 12 to 15 (10.4). */
static unsigned attributes(uint64_t number)
{
    bool old = (number & 0xf000) != 0 && (number & 0x0f00) == 0;
    return (unsigned)(old ? (number & 0xff) | (number >> 4 & 0xf00) : number);
}

#define AR_TYPE 0x00fu
#define AR_CODE 0x008u /* of the type, with S */
#define AR_WRITABLE 0x002u
#define AR_S 0x010u
#define AR_PRESENT 0x080u
#define AR_LONG 0x200u
#define AR_BIG 0x400u
#define TSS_BUSY_16 3u
#define TSS_BUSY 11u

/* Why the processor would not run with these; NULL when it would. */
static const char *wrong_segment(unsigned cs, unsigned ss, unsigned tr, bool long_mode)
{
    if ((cs & (AR_PRESENT | AR_S | AR_CODE)) != (AR_PRESENT | AR_S | AR_CODE))
        return "CS is no code segment that is present";
    if (long_mode && (cs & AR_LONG) && (cs & AR_BIG))
        return "CS has both L and D/B";
    if ((ss & AR_PRESENT) && (ss & (AR_S | AR_CODE | AR_WRITABLE)) != (AR_S | AR_WRITABLE))
        return "SS is no writable data segment";
    if (!(tr & AR_PRESENT) || (tr & AR_S))
        return "TR is no system segment that is present";
    if ((tr & AR_TYPE) != TSS_BUSY && (long_mode || (tr & AR_TYPE) != TSS_BUSY_16))
        return "TR is no busy TSS";
    return NULL;
}

/* In real mode, and in virtual 8086 mode, the hypervisor makes the attributes itself. */
static void judge_segments(struct verifier *v, const struct cpu *c)
{
    if (!gw_bits_set(gw_bits_cr0, "PE", c->cr0) || gw_bits_set(gw_bits_rflags, "VM", c->rflags))
        return;
    unsigned cs = attributes(gw_get(c->octets, hvm_hw_cpu, cs_arbytes));
    unsigned ss = attributes(gw_get(c->octets, hvm_hw_cpu, ss_arbytes));
    unsigned tr = attributes(gw_get(c->octets, hvm_hw_cpu, tr_arbytes));
    const char *wrong = wrong_segment(cs, ss, tr, gw_bits_set(gw_bits_efer, "LMA", c->efer));
    if (wrong != NULL)
        find(v, GW_RULE_CTX_CPU_SEGMENTS, "vCPU %u: %s (attributes: CS 0x%x, SS 0x%x, TR 0x%x)", c->id, wrong, cs, ss,
             tr);
}

/* The page itself is looked at when all memory is there. */
static void judge_cr3(struct verifier *v, const struct cpu *c)
{
    unsigned width = v->fixed.physical_width;
    if (width > 0 && width < 64 && c->cr3 >> width != 0) {
        find(v, GW_RULE_CTX_CPU_CR3, "vCPU %u: cr3 is 0x%llx; the CPUID policy has physical addresses of %u bits",
             c->id, (unsigned long long)c->cr3, width);
        return;
    }
    struct root root = { .vcpu = c->id, .pfn = c->cr3 / GW_PAGE_LEN };
    if (gw_bits_set(gw_bits_cr0, "PG", c->cr0))
        gw_put(&v->roots.now, &root, sizeof root);
}

void judge_hvm_cpu(struct verifier *v, unsigned id, struct gw_cur octets)
{
    struct cpu c = {
        .id = id,
        .octets = octets,
        .cr0 = gw_get(octets, hvm_hw_cpu, cr0),
        .cr3 = gw_get(octets, hvm_hw_cpu, cr3),
        .cr4 = gw_get(octets, hvm_hw_cpu, cr4),
        .efer = gw_get(octets, hvm_hw_cpu, msr_efer),
        .rflags = gw_get(octets, hvm_hw_cpu, rflags),
    };
    judge_control(v, &c);
    judge_segments(v, &c);
    judge_cr3(v, &c);
}

void judge_hvm_roots(struct verifier *v)
{
    struct gw_cur cur = gw_buf_cur(&v->roots.now);
    struct root root;
    if (!v->memory.any_contents)
        return; /* told as such */
    v->at = v->hvm.context_at;
    for (const uint8_t *next; (next = gw_take(&cur, sizeof root)) != NULL;) {
        memcpy(&root, next, sizeof root);
        int type = page_type(v, root.pfn);
        if (type < 0 || !gw_type_populates((unsigned)type))
            find(v, GW_RULE_CTX_CPU_CR3, "vCPU %u: cr3 names pfn 0x%llx, which is no memory of the image (%s)",
                 root.vcpu, (unsigned long long)root.pfn, type < 0 ? "never named" : gw_page_type_name((unsigned)type));
    }
}
