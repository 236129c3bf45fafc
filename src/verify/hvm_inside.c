/*
 * hvm_inside.c - what stands in the entries of HVM_CONTEXT (10.3, 10.5 to 10.7), but for a vCPU's registers: numbers as
 * the rows of the layouts say they must be, and what several of them must be together.
 */
#include "hvm.h"

static void judge_header(struct verifier *v, const struct hvm_inside *e)
{
    uint32_t signature = (uint32_t)gw_get(e->octets, hvm_save_header, cpuid);
    v->tail.gtsc_khz = gw_get(e->octets, hvm_save_header, gtsc_khz);
    if (v->fixed.has_signature && gw_cpuid_without_stepping(signature) != gw_cpuid_without_stepping(v->fixed.signature))
        find(v, GW_RULE_CTX_CPUID_HOST, "HVM_CONTEXT was saved on processor 0x%x; the CPUID policy describes 0x%x",
             signature, v->fixed.signature);
}

/* Lines that can be level-triggered; the slave's line of the master is, in what Xen keeps itself (vpic_elcr_mask). */
#define ELCR_MASTER 0xfcu
#define ELCR_SLAVE 0xdeu

static void judge_pic(struct verifier *v, const struct hvm_inside *e)
{
    bool master = e->instance == 0;
    uint64_t flags = gw_get(e->octets, hvm_hw_vpic, flags), elcr = gw_get(e->octets, hvm_hw_vpic, elcr);
    bool busy = gw_bits_set(gw_bits_pic_init, "init_state", gw_get(e->octets, hvm_hw_vpic, init_state));
    if (gw_bits_set(gw_bits_pic_flags, "is_master", flags) != master)
        find(v, GW_RULE_CTX_PIC_STATE, "PIC %u says that it is the %s", e->instance, master ? "slave" : "master");
    if (busy && gw_get(e->octets, hvm_hw_vpic, int_output) != 0)
        find(v, GW_RULE_CTX_PIC_STATE, "PIC %u is being initialised, and has its output set", e->instance);
    if (elcr & ~(uint64_t)(master ? ELCR_MASTER : ELCR_SLAVE))
        find(v, GW_RULE_CTX_PIC_STATE, "PIC %u: elcr is 0x%llx, with lines that are always edge-triggered", e->instance,
             (unsigned long long)elcr);
}

static void judge_pit(struct verifier *v, const struct hvm_inside *e)
{
    for (unsigned i = 0; i < 2; i++) {
        struct gw_cur channel = gw_part(e->octets, hvm_hw_pit, channels, i);
        if (gw_get(channel, hvm_hw_pit_channel, gate) == 0)
            find(v, GW_RULE_CTX_PIT_STATE, "the gate of the PIT's channel %u is closed; only channel 2 has one", i);
    }
}

static void judge_lapic(struct verifier *v, const struct hvm_inside *e)
{
    uint64_t base = gw_get(e->octets, hvm_hw_lapic, apic_base_msr);
    bool x2apic = gw_bits_set(gw_bits_apic_base, "EXTD", base);
    if (x2apic && !gw_bits_set(gw_bits_apic_base, "EN", base))
        find(v, GW_RULE_CTX_LAPIC_MODE, "the LAPIC of vCPU %u is in x2APIC mode, but disabled (APIC_BASE 0x%llx)",
             e->instance, (unsigned long long)base);
    if (x2apic && e->seen != NULL)
        *e->seen |= VCPU_X2APIC;
}

/* In x2APIC mode the logical id follows from the id: cluster and a bit in it. Xen up to 4.18 made it otherwise. */
static void judge_lapic_regs(struct verifier *v, const struct hvm_inside *e)
{
    uint64_t id = gw_get(e->octets, hvm_hw_lapic_regs, id), ldr = gw_get(e->octets, hvm_hw_lapic_regs, ldr);
    uint64_t right = (id & ~UINT64_C(0xf)) << 12 | UINT64_C(1) << (id & 0xf);
    if (e->seen != NULL && (*e->seen & VCPU_X2APIC) && ldr != (uint32_t)right)
        find(v, GW_RULE_CTX_LAPIC_LDR,
             "the LAPIC of vCPU %u has the x2APIC id 0x%llx, and the logical id 0x%llx instead of 0x%llx", e->instance,
             (unsigned long long)id, (unsigned long long)ldr, (unsigned long long)right);
}

#define MTRR_RANGES 8

static void judge_mtrr(struct verifier *v, const struct hvm_inside *e)
{
    uint64_t vcnt = gw_get(e->octets, hvm_hw_mtrr, msr_mtrr_cap) & gw_bits_mask(gw_bits_mtrr_cap, "vcnt");
    uint64_t base = gw_get_at(e->octets, hvm_hw_mtrr, msr_mtrr_var, 0);
    uint64_t mask = gw_get_at(e->octets, hvm_hw_mtrr, msr_mtrr_var, 1);
    bool clones = gw_bits_set(gw_bits_mtrr_type, "valid", mask);
    if (vcnt > MTRR_RANGES)
        find(v, GW_RULE_CTX_MTRR_VCNT, "vCPU %u has %llu variable memory ranges; at most 8 exist", e->instance,
             (unsigned long long)vcnt);
    for (unsigned i = 1; i < MTRR_RANGES; i++)
        clones = clones && gw_get_at(e->octets, hvm_hw_mtrr, msr_mtrr_var, 2 * i) == base &&
                 gw_get_at(e->octets, hvm_hw_mtrr, msr_mtrr_var, 2 * i + 1) == mask;
    if (clones)
        find(v, GW_RULE_CTX_MTRR_CLONES,
             "all variable memory ranges of vCPU %u are 0x%llx, mask 0x%llx: the saver lost the others", e->instance,
             (unsigned long long)base, (unsigned long long)mask);
}

static void judge_cpu_xsave(struct verifier *v, const struct hvm_inside *e)
{
    static const struct xstate_rules rules = {
        .size = GW_RULE_CTX_XSAVE_RULES,
        .surplus = GW_RULE_CTX_XSAVE_LONG_TAIL,
        .xcr0 = GW_RULE_CTX_XSAVE_RULES,
        .present = GW_RULE_CTX_XSAVE_RULES,
        .compacted = GW_RULE_CTX_XSAVE_RULES,
        .reserved = GW_RULE_CTX_XSAVE_RULES,
    };
    struct xstate x = {
        .vcpu = e->instance,
        .xcr0 = gw_get(e->octets, hvm_hw_cpu_xsave, xcr0),
        .accum = gw_get(e->octets, hvm_hw_cpu_xsave, xcr0_accum),
        .area = e->octets,
    };
    gw_take(&x.area, gw_offset(hvm_hw_cpu_xsave, fpu_sse));
    judge_xsave_area(v, &x, &rules);
}

static void judge_msrs(struct verifier *v, const struct hvm_inside *e)
{
    uint64_t count = gw_get(e->octets, hvm_msr, count);
    uint32_t num = gw_field_count(&gw_layout_hvm_msr.fields[hvm_msr_msr], e->octets);
    if (count != num)
        find(v, GW_RULE_CTX_MSR_COUNT, "the CPU_MSR entry of vCPU %u says %llu MSRs and holds %u", e->instance,
             (unsigned long long)count, num);
    for (uint32_t i = 0; i < num; i++) {
        struct gw_cur msr = gw_part(e->octets, hvm_msr, msr, i);
        uint32_t index = (uint32_t)gw_get(msr, hvm_one_msr, index);
        if (!gw_release_knows_msr(v->release, GW_MSR_HVM_VCPU, index))
            find(v, GW_RULE_CTX_MSR_KNOWN, "vCPU %u has MSR 0x%x, which the receiver does not take", e->instance,
                 index);
    }
}

static void note_viridian(struct verifier *v, const struct hvm_inside *e)
{
    (void)e;
    v->tail.has_viridian = true;
}

static void judge_cpu(struct verifier *v, const struct hvm_inside *e)
{
    judge_hvm_cpu(v, e->instance, e->octets);
}

static void (*const judges[GW_HVM_NUM_TYPES])(struct verifier *v, const struct hvm_inside *e) = {
    [GW_HVM_HEADER] = judge_header,
    [GW_HVM_CPU] = judge_cpu,
    [GW_HVM_PIC] = judge_pic,
    [GW_HVM_LAPIC] = judge_lapic,
    [GW_HVM_LAPIC_REGS] = judge_lapic_regs,
    [GW_HVM_PIT] = judge_pit,
    [GW_HVM_MTRR] = judge_mtrr,
    [GW_HVM_VIRIDIAN_DOMAIN] = note_viridian,
    [GW_HVM_CPU_XSAVE] = judge_cpu_xsave,
    [GW_HVM_VIRIDIAN_VCPU] = note_viridian,
    [GW_HVM_CPU_MSR] = judge_msrs,
};

struct judged {
    struct verifier *v;
    const struct hvm_inside *inside;
    const struct gw_hvm_entry_info *row;
};

static void tell_broken(void *arg, const struct gw_broken *broken)
{
    const struct judged *j = arg;
    char room[BROKEN_TEXT];
    enum gw_rule_number rule = rule_named(j->v, broken->field->rule);
    const char *text = broken_text(j->v, rule, broken, room, sizeof room);
    if (j->row->kind == GW_HVM_PER_VCPU)
        find(j->v, rule, "the %s entry of vCPU %u: %s", j->row->name, j->inside->instance, text);
    else if (j->row->kind == GW_HVM_PER_CHIP)
        find(j->v, rule, "%s %u: %s", j->row->name, j->inside->instance, text);
    else
        find(j->v, rule, "the %s entry: %s", j->row->name, text);
}

void judge_hvm_inside(struct verifier *v, unsigned type, const struct hvm_inside *inside)
{
    struct judged judged = { v, inside, gw_hvm_entry_info(type) };
    const struct gw_layout *layout = gw_hvm_entry_layout(type, (uint32_t)gw_left(&inside->octets));
    if (layout != NULL)
        gw_layout_judge(layout, inside->octets, tell_broken, &judged);
    if (judges[type] != NULL)
        judges[type](v, inside);
}
