/*
 * pvh.c - the records of a made-up PVH guest, built and taken apart.
 *
 * Values that carry nothing are those that Xen 4.17 wrote for a real PVH guest (tests/images/tinypvh.xl.xz).
 * Tests: tests/unit/guest_image.c (the verifier has nothing to say; Xen's own verifier agrees).
 */
#include <assert.h>
#include <string.h>

#include "pvh.h"

enum { ENTRY_END, ENTRY_HEADER, ENTRY_CPU, ENTRY_LAPIC = 5, ENTRY_LAPIC_REGS, ENTRY_PCI_IRQ, ENTRY_ISA_IRQ };
enum { ENTRY_PCI_LINK = 9, ENTRY_MTRR = 14, ENTRY_VMCE = 18, ENTRY_TSC_ADJUST };
enum { PARAM_STORE = 1, PARAM_CONSOLE = 17 };

#define CPU_LEN 1032u
#define CPU_REGISTERS 0x200u
#define HEADER_MAGIC 0x54381286u
#define ENTRY_LEN_MAX 1032u

/* One field of an entry: its place, its octets, its value. */
struct field {
    uint16_t at, len;
    uint64_t value;
};

/* 10.4: CR0 with ET and PE, flat segments, a busy TSS, FPU as after FNINIT. */
static const struct field cpu_fields[] = {
    { 0x000, 2, 0x37f },      { 0x018, 4, 0x1f80 },     { 0x288, 8, 2 },          { 0x290, 8, 0x11 },
    { 0x2d0, 8, 0xffff0ff0 }, { 0x2d8, 8, 0x400 },      { 0x300, 4, 0xffffffff }, { 0x304, 4, 0xffffffff },
    { 0x308, 4, 0xffffffff }, { 0x314, 4, 0xffffffff }, { 0x318, 4, 0x67 },       { 0x378, 4, 0xc9b },
    { 0x37c, 4, 0xc93 },      { 0x380, 4, 0xc93 },      { 0x38c, 4, 0xc93 },      { 0x390, 4, 0x8b },
    { 0x400, 4, 1 },
};

/* 10.5 */
static const struct field lapic_fields[] = { { 0, 8, 0xfee00800 }, { 8, 4, 2 }, { 12, 4, 2 } };
static const struct field lapic_reg_fields[] = {
    { 0x30, 4, 0x50014 },  { 0xe0, 4, 0xffffffff }, { 0xf0, 4, 0xff },     { 0x320, 4, 0x10000 }, { 0x330, 4, 0x10000 },
    { 0x340, 4, 0x10000 }, { 0x350, 4, 0x10000 },   { 0x360, 4, 0x10000 }, { 0x370, 4, 0x10000 },
};
static const struct field mtrr_fields[] = { { 0, 8, 0x0007040600070406 }, { 224, 8, 0x508 }, { 232, 8, 0x806 } };
static const struct field vmce_fields[] = { { 0, 8, 2 } };

/* The entries that every vCPU has, in Xen's order; registers come before them, those of the domain in between. */
static const struct {
    uint16_t type;
    uint16_t len;
    bool per_vcpu;
    const struct field *fields;
    unsigned num;
} entries[] = {
#define FIELDS(list) list, sizeof(list) / sizeof(list)[0]
    { ENTRY_CPU, CPU_LEN, true, FIELDS(cpu_fields) },
    { ENTRY_LAPIC, 24, true, FIELDS(lapic_fields) },
    { ENTRY_LAPIC_REGS, 1024, true, FIELDS(lapic_reg_fields) },
    { ENTRY_PCI_IRQ, 16, false, NULL, 0 },
    { ENTRY_ISA_IRQ, 8, false, NULL, 0 },
    { ENTRY_PCI_LINK, 8, false, NULL, 0 },
    { ENTRY_MTRR, 240, true, FIELDS(mtrr_fields) },
    { ENTRY_VMCE, 32, true, FIELDS(vmce_fields) },
    { ENTRY_TSC_ADJUST, 8, true, NULL, 0 },
#undef FIELDS
};

/*
 * 9.2: the smallest policy that is whole: every leaf up to the ones that leaves 0 and 0x80000000 name. A 64-bit
 * processor of Intel's, 48 bits of addresses, no XSAVE.
 */
static const struct gw_cpuid_leaf leaves[] = {
    { 0x00000000, GW_CPUID_NO_SUBLEAF, 0x7, 0x756e6547, 0x6c65746e, 0x49656e69 },
    { 0x00000001, GW_CPUID_NO_SUBLEAF, 0x000206a7, 0x00000800, 0x80982201, 0x078bfbff },
    { 0x00000002, GW_CPUID_NO_SUBLEAF, 0, 0, 0, 0 },
    { 0x00000003, GW_CPUID_NO_SUBLEAF, 0, 0, 0, 0 },
    { 0x00000004, 0, 0, 0, 0, 0 },
    { 0x00000005, GW_CPUID_NO_SUBLEAF, 0, 0, 0, 0 },
    { 0x00000006, GW_CPUID_NO_SUBLEAF, 0, 0, 0, 0 },
    { 0x00000007, 0, 0, 0, 0, 0 },
    { 0x40000000, GW_CPUID_NO_SUBLEAF, 0, 0, 0, 0 },
    { 0x40000100, GW_CPUID_NO_SUBLEAF, 0, 0, 0, 0 },
    { 0x80000000, GW_CPUID_NO_SUBLEAF, 0x80000008, 0, 0, 0 },
    { 0x80000001, GW_CPUID_NO_SUBLEAF, 0, 0, 0x1, 0x28100800 },
    { 0x80000002, GW_CPUID_NO_SUBLEAF, 0x75672061, 0x20747365, 0x6564616d, 0x20707520 },
    { 0x80000003, GW_CPUID_NO_SUBLEAF, 0x67207962, 0x6977646f, 0x74, 0 },
    { 0x80000004, GW_CPUID_NO_SUBLEAF, 0, 0, 0, 0 },
    { 0x80000005, GW_CPUID_NO_SUBLEAF, 0, 0, 0, 0 },
    { 0x80000006, GW_CPUID_NO_SUBLEAF, 0, 0, 0, 0 },
    { 0x80000007, GW_CPUID_NO_SUBLEAF, 0, 0, 0, 0 },
    { 0x80000008, GW_CPUID_NO_SUBLEAF, 0x3030, 0, 0, 0 },
};

static const struct gw_msr_entry msrs[] = { { 0xce, 0, 0 }, { 0x10a, 0, 0 } };

struct gw_domain_header pvh_domain(void)
{
    return (struct gw_domain_header){ .type = GW_DOMAIN_HVM, .page_shift = 12, .xen_major = 4, .xen_minor = 17 };
}

/* --- static data ------------------------------------------------------------------------------------------------- */

static void put_static(struct gw_buf *buf, uint32_t type)
{
    assert(type == GW_REC_X86_CPUID_POLICY || type == GW_REC_X86_MSR_POLICY);
    for (unsigned i = 0; type == GW_REC_X86_CPUID_POLICY && i < sizeof leaves / sizeof leaves[0]; i++)
        gw_cpuid_leaf_encode(buf, &leaves[i]);
    for (unsigned i = 0; type == GW_REC_X86_MSR_POLICY && i < sizeof msrs / sizeof msrs[0]; i++)
        gw_msr_entry_encode(buf, &msrs[i]);
}

/* Gives the record away if it could be built; frees. */
static int give(struct gw_buf *body, uint32_t type, gw_emit_fn *emit, void *arg, struct gw_err *err)
{
    int result = gw_buf_ok(body, err);
    if (result == 0)
        result = emit(arg, type, body->mem, (uint32_t)body->len, err);
    gw_buf_free(body);
    return result;
}

int pvh_static_records(gw_emit_fn *emit, void *arg, struct gw_err *err)
{
    struct gw_buf cpuid = { 0 }, msr = { 0 };
    put_static(&cpuid, GW_REC_X86_CPUID_POLICY);
    if (give(&cpuid, GW_REC_X86_CPUID_POLICY, emit, arg, err) < 0)
        return -1;
    put_static(&msr, GW_REC_X86_MSR_POLICY);
    return give(&msr, GW_REC_X86_MSR_POLICY, emit, arg, err);
}

int pvh_static_check(uint32_t type, const void *body, uint32_t len, struct gw_err *err)
{
    struct gw_buf ours = { 0 };
    char room[32];
    put_static(&ours, type);
    int result = gw_buf_ok(&ours, err);
    if (result == 0 && (ours.len != len || memcmp(ours.mem, body, len) != 0))
        result = gw_fail(err, GW_E_REFUSED, "%s is not that of the guests that run here: this guest is another's",
                         gw_record_name(type, room, sizeof room));
    gw_buf_free(&ours);
    return result;
}

/* --- state ------------------------------------------------------------------------------------------------------- */

static void set_field(uint8_t *mem, const struct field *field)
{
    for (unsigned i = 0; i < field->len; i++)
        mem[field->at + i] = (uint8_t)(field->value >> 8 * i);
}

/* What differs from vCPU to vCPU. */
static void set_own(uint8_t *mem, uint16_t type, const struct pvh_state *state, unsigned vcpu)
{
    for (unsigned i = 0; type == ENTRY_CPU && i < NUM_REGISTERS; i++)
        set_field(mem, &(struct field){ (uint16_t)(CPU_REGISTERS + 8 * i), 8, state->registers[vcpu][i] });
    if (type == ENTRY_CPU)
        set_field(mem, &(struct field){ 0x3f0, 8, state->clock_ns });
    if (type == ENTRY_LAPIC && vcpu == 0)
        set_field(mem, &(struct field){ 0, 8, 0xfee00900 });
    if (type == ENTRY_LAPIC_REGS)
        set_field(mem, &(struct field){ 0x20, 4, (uint64_t)vcpu << 25 });
}

static void put_entry(struct gw_buf *buf, unsigned row, unsigned vcpu, const struct pvh_state *state)
{
    uint8_t data[ENTRY_LEN_MAX] = { 0 };
    assert(entries[row].len <= sizeof data);
    for (unsigned i = 0; i < entries[row].num; i++)
        set_field(data, &entries[row].fields[i]);
    set_own(data, entries[row].type, state, vcpu);
    gw_put_u16(buf, entries[row].type);
    gw_put_u16(buf, (uint16_t)vcpu);
    gw_put_u32(buf, entries[row].len);
    gw_put(buf, data, entries[row].len);
}

/* 10.1, 10.3 */
static void put_context(struct gw_buf *buf, const struct pvh_state *state)
{
    gw_put_u16(buf, ENTRY_HEADER);
    gw_put_u16(buf, 0);
    gw_put_u32(buf, 24);
    gw_put_u32(buf, HEADER_MAGIC);
    gw_put_u32(buf, 1);
    gw_put_u64(buf, UINT64_MAX);
    gw_put_u32(buf, leaves[1].a);
    gw_put_u32(buf, PVH_KHZ);
    for (unsigned row = 0; row < sizeof entries / sizeof entries[0]; row++)
        for (unsigned vcpu = 0; vcpu < (entries[row].per_vcpu ? state->num_vcpus : 1); vcpu++)
            put_entry(buf, row, vcpu, state);
    gw_put_zeros(buf, 8); /* END */
}

int pvh_state_records(const struct pvh_state *state, gw_emit_fn *emit, void *arg, struct gw_err *err)
{
    struct gw_buf tsc = { 0 }, context = { 0 }, params = { 0 };
    struct gw_tsc_info info = { .khz = PVH_KHZ, .nsec = state->clock_ns, .incarnation = state->incarnation };
    struct gw_hvm_param pairs[] = { { PARAM_STORE, state->store_pfn }, { PARAM_CONSOLE, state->console_pfn } };
    assert(state->num_vcpus > 0 && state->num_vcpus <= PVH_VCPUS_MAX);
    gw_tsc_info_encode(&tsc, &info);
    if (give(&tsc, GW_REC_X86_TSC_INFO, emit, arg, err) < 0)
        return -1;
    put_context(&context, state);
    if (give(&context, GW_REC_HVM_CONTEXT, emit, arg, err) < 0)
        return -1;
    gw_hvm_params_encode(&params, pairs, sizeof pairs / sizeof pairs[0]);
    return give(&params, GW_REC_HVM_PARAMS, emit, arg, err);
}

/* --- and back ---------------------------------------------------------------------------------------------------- */

static int take_cpu(struct pvh_state *state, const struct gw_hvm_entry *entry, struct gw_err *err)
{
    struct gw_cur cur = entry->data;
    unsigned vcpu = entry->instance;
    if (entry->length != CPU_LEN)
        return gw_fail(err, GW_E_REFUSED, "the registers of vCPU %u have %u octets, those that run here %u", vcpu,
                       entry->length, CPU_LEN);
    if (vcpu != state->num_vcpus || vcpu >= PVH_VCPUS_MAX)
        return gw_fail(err, GW_E_REFUSED, "the registers of vCPU %u come where those of vCPU %u should, of %u at most",
                       vcpu, state->num_vcpus, PVH_VCPUS_MAX);
    gw_take(&cur, CPU_REGISTERS);
    for (unsigned i = 0; i < NUM_REGISTERS; i++)
        state->registers[vcpu][i] = gw_u64(&cur);
    assert(!cur.bad);
    state->num_vcpus++;
    return 0;
}

static int take_context(struct pvh_state *state, struct gw_cur cur, struct gw_err *err)
{
    struct gw_hvm_entry entry = { 0 };
    state->num_vcpus = 0;
    do {
        if (!gw_hvm_entry_take(&cur, &entry))
            return gw_fail(err, GW_E_REFUSED, "HVM_CONTEXT is broken behind the registers of %u vCPUs",
                           state->num_vcpus);
        if (entry.type == ENTRY_CPU && take_cpu(state, &entry, err) < 0)
            return -1;
    } while (entry.type != ENTRY_END);
    if (state->num_vcpus == 0)
        return gw_fail(err, GW_E_REFUSED, "HVM_CONTEXT has the registers of no vCPU");
    return 0;
}

static int take_params(struct pvh_state *state, struct gw_cur cur, struct gw_err *err)
{
    struct gw_hvm_params params;
    if (gw_hvm_params_decode(cur, &params, err) < 0)
        return -1;
    for (uint32_t i = 0; i < params.count; i++) {
        struct gw_hvm_param param = gw_hvm_param_take(&params.params);
        if (param.index == PARAM_STORE)
            state->store_pfn = param.value;
        if (param.index == PARAM_CONSOLE)
            state->console_pfn = param.value;
    }
    return 0;
}

int pvh_state_take(struct pvh_state *state, uint32_t type, const void *body, uint32_t len, struct gw_err *err)
{
    struct gw_tsc_info tsc;
    assert(type == GW_REC_X86_TSC_INFO || type == GW_REC_HVM_CONTEXT || type == GW_REC_HVM_PARAMS);
    if (type == GW_REC_HVM_CONTEXT)
        return take_context(state, gw_cur(body, len), err);
    if (type == GW_REC_HVM_PARAMS)
        return take_params(state, gw_cur(body, len), err);
    if (gw_tsc_info_decode(gw_cur(body, len), &tsc, err) < 0)
        return -1;
    state->clock_ns = tsc.nsec;
    state->incarnation = tsc.incarnation;
    return 0;
}
