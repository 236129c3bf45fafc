/*
 * layout_hvm.c - the tables of HVM_CONTEXT, HVM_PARAMS and the policies against Xen's public headers.
 *
 * Without the headers (Debian's libxen-dev) the comparison is skipped; the golden suite's independent decoder holds the
 * same offsets against real images.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if __has_include(<xen/arch-x86/hvm/save.h>) && defined(__x86_64__)
#define HAVE_XEN 1
#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/hvm/params.h>
#include <xen/hvm/save.h>
static const struct {
    const char *name;
    unsigned number;
} features_there[] = {
#define XEN_CPUFEATURE(name, number) { #name, (number) },
#include <xen/arch-x86/cpufeatureset.h>
#undef XEN_CPUFEATURE
};
#endif

#include "harness.h"
#include "xenf.h"

#ifdef HAVE_XEN
struct as_in_header {
    const char *name;
    size_t offset, size, in_header, size_there;
};

/* The rows of a table beside the members of the same name of Xen's struct P. */
#define ROW_F(P, member, at, octets, num, ...)                                                                         \
    { #P "." #member, (at), (size_t)((octets)&0xffff) * (num), offsetof(struct P, member),                             \
      sizeof((struct P *)0)->member },
#define ROW_S(P, member, at, every, num, ...)                                                                          \
    { #P "." #member, (at), (size_t)(every) * (num), offsetof(struct P, member), sizeof((struct P *)0)->member },

/* Left out: what Xen's structs make of bit fields (PIC), name by octets (LAPIC_REGS) or nest without a name. */
static const struct as_in_header members[] = {
    GW_HVM_SAVE_DESCRIPTOR(ROW_F, ROW_S, hvm_save_descriptor) GW_HVM_SAVE_HEADER(ROW_F, ROW_S, hvm_save_header)
        GW_HVM_HW_CPU(ROW_F, ROW_S, hvm_hw_cpu) GW_HVM_HW_CPU_COMPAT(ROW_F, ROW_S, hvm_hw_cpu_compat)
            GW_HVM_HW_VIOAPIC(ROW_F, ROW_S, hvm_hw_vioapic) GW_HVM_HW_PCI_IRQS(ROW_F, ROW_S, hvm_hw_pci_irqs)
                GW_HVM_HW_ISA_IRQS(ROW_F, ROW_S, hvm_hw_isa_irqs) GW_HVM_HW_PCI_LINK(ROW_F, ROW_S, hvm_hw_pci_link)
                    GW_HVM_HW_PIT_CHANNEL(ROW_F, ROW_S, hvm_hw_pit_channel) GW_HVM_HW_PIT(ROW_F, ROW_S, hvm_hw_pit)
                        GW_HVM_HW_RTC(ROW_F, ROW_S, hvm_hw_rtc) GW_HVM_HW_HPET(ROW_F, ROW_S, hvm_hw_hpet)
                            GW_HVM_HW_PMTIMER(ROW_F, ROW_S, hvm_hw_pmtimer) GW_HVM_HW_MTRR(ROW_F, ROW_S, hvm_hw_mtrr)
                                GW_HVM_VIRIDIAN_DOMAIN_CONTEXT(ROW_F, ROW_S, hvm_viridian_domain_context)
                                    GW_HVM_VIRIDIAN_VCPU_CONTEXT(ROW_F, ROW_S, hvm_viridian_vcpu_context)
                                        GW_HVM_VMCE_VCPU(ROW_F, ROW_S, hvm_vmce_vcpu)
                                            GW_HVM_TSC_ADJUST(ROW_F, ROW_S, hvm_tsc_adjust)
                                                GW_HVM_ONE_MSR(ROW_F, ROW_S, hvm_one_msr)
                                                    GW_XSAVE_HDR(ROW_F, ROW_S, hvm_hw_cpu_xsave_hdr)
                                                        GW_CPUID_LEAF(ROW_F, ROW_S, xen_cpuid_leaf)
                                                            GW_MSR_ENTRY(ROW_F, ROW_S, xen_msr_entry)
};

static void members_lie_where_the_headers_say(void)
{
    for (unsigned i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (members[i].offset != members[i].in_header || members[i].size != members[i].size_there)
            CHECK_STR(members[i].name, "another place in Xen's header");
    }
    CHECK_EQ(gw_offset(hvm_hw_cpu_xsave, xcr0_accum), offsetof(struct hvm_hw_cpu_xsave, xcr0_accum));
    CHECK_EQ(gw_offset(hvm_hw_cpu_xsave, fpu_sse), offsetof(struct hvm_hw_cpu_xsave, save_area.fpu_sse));
    CHECK_EQ(gw_offset(hvm_hw_cpu_xsave, xsave_hdr), offsetof(struct hvm_hw_cpu_xsave, save_area.xsave_hdr));
    CHECK_EQ(gw_offset(hvm_hw_lapic, tdt_msr), offsetof(struct hvm_hw_lapic, tdt_msr));
    CHECK_EQ(gw_offset(hvm_hw_vpic, elcr), offsetof(struct hvm_hw_vpic, elcr));
    CHECK_EQ(gw_offset(hvm_hw_vpic, int_output), offsetof(struct hvm_hw_vpic, int_output));
}

static void entry_is(unsigned type, const char *name, size_t code, size_t length)
{
    CHECK_EQ(type, code);
    CHECK_STR(gw_hvm_entry_info(type)->name, name);
    CHECK(gw_hvm_entry_form(type, (uint32_t)length) != NULL);
}

#define ENTRY(called) entry_is(GW_HVM_##called, #called, HVM_SAVE_CODE(called), HVM_SAVE_LENGTH(called))
static void entries_have_the_headers_numbers_and_lengths(void)
{
    ENTRY(END), ENTRY(HEADER), ENTRY(CPU), ENTRY(PIC), ENTRY(IOAPIC), ENTRY(LAPIC), ENTRY(LAPIC_REGS), ENTRY(PCI_IRQ);
    ENTRY(ISA_IRQ), ENTRY(PCI_LINK), ENTRY(PIT), ENTRY(RTC), ENTRY(HPET), ENTRY(PMTIMER), ENTRY(MTRR);
    ENTRY(VIRIDIAN_DOMAIN), ENTRY(VIRIDIAN_VCPU), ENTRY(VMCE_VCPU), ENTRY(TSC_ADJUST);
    CHECK_EQ(GW_HVM_CPU_XSAVE, CPU_XSAVE_CODE);
    CHECK_EQ(GW_HVM_CPU_MSR, CPU_MSR_CODE);
    CHECK_EQ(GW_HVM_NUM_TYPES, HVM_SAVE_CODE_MAX + 1);
}

#define PARAM(called) CHECK_STR(gw_hvm_param_info(HVM_PARAM_##called)->name, #called)
static void parameters_have_the_headers_numbers(void)
{
    PARAM(CALLBACK_IRQ), PARAM(STORE_PFN), PARAM(STORE_EVTCHN), PARAM(IOREQ_PFN), PARAM(BUFIOREQ_PFN), PARAM(VIRIDIAN);
    PARAM(TIMER_MODE), PARAM(HPET_ENABLED), PARAM(IDENT_PT), PARAM(ACPI_S_STATE), PARAM(VM86_TSS), PARAM(VPT_ALIGN);
    PARAM(CONSOLE_PFN), PARAM(CONSOLE_EVTCHN), PARAM(ACPI_IOPORTS_LOCATION), PARAM(PAGING_RING_PFN);
    PARAM(MONITOR_RING_PFN), PARAM(SHARING_RING_PFN), PARAM(TRIPLE_FAULT_REASON), PARAM(IOREQ_SERVER_PFN);
    PARAM(NR_IOREQ_SERVER_PAGES), PARAM(VM_GENERATION_ID_ADDR), PARAM(ALTP2M), PARAM(X87_FIP_WIDTH);
    PARAM(VM86_TSS_SIZED), PARAM(MCA_CAP);
    CHECK_EQ(GW_HVM_NUM_PARAMS, HVM_NR_PARAMS);
    CHECK(gw_hvm_param_info(HVM_PARAM_VIRIDIAN)->right(HVMPV_feature_mask));
    CHECK(!gw_hvm_param_info(HVM_PARAM_VIRIDIAN)->right(2 * (uint64_t)HVMPV_feature_mask | 1));
}

/* Words of Xen's featureset that gw_cpuid_words has, by its own order; 16 and 17 are ARCH_CAPABILITIES. */
static const struct gw_bits *word_of(unsigned word)
{
    if (word == 16 || word == 17)
        return gw_bits_arch_capabilities;
    CHECK(word < 14 || word == 15 || word == 18);
    return gw_cpuid_words[word < 14 ? word : word == 15 ? 14 : 15].features;
}

static void feature_is(const char *name, unsigned number)
{
    unsigned word = number / 32, bit = number % 32 + (word == 17 ? 32 : 0);
    const struct gw_bits *row = word_of(word);
    while (row->width > 0 && (row->low != bit || row->width != 1))
        row++;
    CHECK(row->width > 0);
    CHECK_STR(row->name, name);
}

static void features_have_the_headers_names(void)
{
    for (unsigned i = 0; i < sizeof features_there / sizeof features_there[0]; i++)
        feature_is(features_there[i].name, features_there[i].number);
}
#else
static void members_lie_where_the_headers_say(void)
{
    SKIP("Xen's public headers are not installed (libxen-dev)");
}
#define entries_have_the_headers_numbers_and_lengths members_lie_where_the_headers_say
#define parameters_have_the_headers_numbers members_lie_where_the_headers_say
#define features_have_the_headers_names members_lie_where_the_headers_say
#endif

static void an_entrys_form_is_chosen_by_its_length(void)
{
    CHECK(gw_hvm_entry_layout(GW_HVM_CPU, 1032) == &gw_layout_hvm_hw_cpu);
    CHECK(gw_hvm_entry_layout(GW_HVM_CPU, 1024) == &gw_layout_hvm_hw_cpu);
    CHECK(gw_hvm_entry_layout(GW_HVM_CPU, 1016) == &gw_layout_hvm_hw_cpu_compat);
    CHECK(gw_hvm_entry_layout(GW_HVM_CPU, 9) == &gw_layout_hvm_hw_cpu);
    CHECK(gw_hvm_entry_layout(GW_HVM_END, 0) == NULL);
    CHECK(gw_hvm_entry_layout(GW_HVM_NUM_TYPES, 8) == NULL);
    CHECK(gw_hvm_entry_form(GW_HVM_CPU, 9) == NULL);
    CHECK(gw_hvm_entry_form(GW_HVM_END, 0) != NULL);
    CHECK_EQ(gw_hvm_entry_form(GW_HVM_RTC, 24)->since, 14);
    CHECK_EQ(gw_hvm_entry_form(GW_HVM_RTC, 16)->since, 0);
    CHECK(gw_hvm_entry_form(GW_HVM_CPU_MSR, 40) != NULL);
    CHECK(gw_hvm_entry_form(GW_HVM_CPU_MSR, 8) == NULL);
    CHECK(gw_hvm_entry_form(GW_HVM_CPU_MSR, 32) == NULL);
    CHECK(gw_hvm_entry_form(GW_HVM_CPU_XSAVE, 599) == NULL);
    CHECK(gw_hvm_entry_form(GW_HVM_CPU_XSAVE, 2729) != NULL);
}

static void no_length_stands_twice_and_none_is_longer_than_its_layout(void)
{
    for (unsigned type = 1; type < GW_HVM_NUM_TYPES; type++) {
        const struct gw_hvm_entry_info *row = gw_hvm_entry_info(type);
        CHECK(row->num_forms > 0 && row->forms[0].length == row->forms[0].layout->length);
        for (unsigned i = 1; i < row->num_forms; i++) {
            CHECK(row->forms[i].length < row->forms[i - 1].length && row->forms[i].since <= row->forms[i - 1].since);
            CHECK(row->step == 0 && row->forms[i].length <= row->forms[i].layout->length);
        }
    }
}

static void components_stand_where_the_policy_says(void)
{
    struct gw_xstate_map map = { 0 };
    struct gw_xstate_place place;
    bool sure;
    CHECK_EQ(gw_xstate_size(&map, 0, &sure), 0);
    CHECK_EQ(gw_xstate_size(&map, 3, &sure), 576);
    CHECK(sure);
    CHECK_EQ(gw_xstate_size(&map, 7, &sure), 832);
    CHECK(sure);
    CHECK_EQ(gw_xstate_size(&map, 0x207, &sure), 2696);
    CHECK(!sure);
    gw_xstate_learn(&map, &(struct gw_cpuid_leaf){ .leaf = 0xd, .subleaf = 9, .a = 8, .b = 2432 });
    CHECK_EQ(gw_xstate_size(&map, 0x207, &sure), 2440);
    CHECK(sure);
    gw_xstate_learn(&map, &(struct gw_cpuid_leaf){ .leaf = 0xd, .subleaf = 11, .a = 16, .c = 1 });
    CHECK(!gw_xstate_place(&map, 11, &place));
    CHECK_EQ(gw_xstate_size(&map, UINT64_C(1) << 63, &sure), 576);
    CHECK(!sure);
}

static void sets_of_states_are_legal_or_not(void)
{
    const uint64_t legal[] = { 1, 3, 7, 0xe7, 0x1f, 0x2e7, 0x602e7 }, illegal[] = { 0, 2, 5, 0x27, 0xe3, 0xb, 0x20007 };
    for (unsigned i = 0; i < sizeof legal / sizeof legal[0]; i++)
        CHECK(gw_xcr0_legal(legal[i]));
    for (unsigned i = 0; i < sizeof illegal / sizeof illegal[0]; i++)
        CHECK(!gw_xcr0_legal(illegal[i]));
}

static void a_processor_is_named(void)
{
    struct gw_buf buf = { 0 };
    char room[GW_CPUID_BRAND_LEN];
    gw_cpuid_leaf_encode(&buf, &(struct gw_cpuid_leaf){ 0, UINT32_MAX, 0xd, 0x756e6547, 0x6c65746e, 0x49656e69 });
    gw_cpuid_leaf_encode(&buf,
                         &(struct gw_cpuid_leaf){ 0x80000003, UINT32_MAX, 0x20202020, 0x66202020, 0x20206f6f, 0 });
    CHECK_STR(gw_cpuid_vendor(gw_buf_cur(&buf), room), "GenuineIntel");
    CHECK_STR(gw_cpuid_vendor(gw_cur(NULL, 0), room), "");
    CHECK_STR(gw_cpuid_brand(gw_buf_cur(&buf), room), "");
    gw_cpuid_leaf_encode(
        &buf, &(struct gw_cpuid_leaf){ 0x80000002, UINT32_MAX, 0x61202020, 0x62626262, 0x63636363, 0x20206464 });
    CHECK_STR(gw_cpuid_brand(gw_buf_cur(&buf), room), "abbbbccccdd         foo");
    gw_buf_free(&buf);
    struct gw_cpuid_model model = gw_cpuid_model(0x306f2);
    CHECK(model.family == 6 && model.model == 0x3f && model.stepping == 2);
    model = gw_cpuid_model(0x00a20f12);
    CHECK(model.family == 0x19 && model.model == 0x21 && model.stepping == 2);
}

static void answers_have_names(void)
{
    char room[64];
    struct gw_cpuid_cache cache;
    struct gw_featureset set = { 0 };
    struct gw_cpuid_leaf leaf = { .leaf = 7, .subleaf = 0, .b = 1u << 7 };
    gw_featureset_learn(&set, &leaf);
    CHECK(gw_featureset_has(&set, "SMEP") && !gw_featureset_has(&set, "SMAP"));
    CHECK_STR(gw_bits_text(room, sizeof room, gw_cpuid_features(&leaf, GW_CPUID_EBX), leaf.b), "SMEP");
    CHECK(gw_cpuid_features(&leaf, GW_CPUID_EAX) == NULL);
    leaf.subleaf = 3;
    CHECK(gw_cpuid_features(&leaf, GW_CPUID_EBX) == NULL);
    leaf = (struct gw_cpuid_leaf){ .leaf = 4, .subleaf = 0, .a = 0x1c004121, .b = 0x01c0003f, .c = 0x3f };
    CHECK(gw_cpuid_cache(&leaf, &cache));
    CHECK_STR(cache.kind, "data");
    CHECK_EQ(cache.size, 32 << 10);
    leaf.a = 0;
    CHECK(!gw_cpuid_cache(&leaf, &cache));
    CHECK_STR(gw_msr_info(0xce)->name, "PLATFORM_INFO");
    CHECK(gw_msr_info(0xcd) == NULL);
}

const struct test tests[] = {
    { "members-lie-where-the-headers-say", members_lie_where_the_headers_say },
    { "entries-have-the-headers-numbers-and-lengths", entries_have_the_headers_numbers_and_lengths },
    { "parameters-have-the-headers-numbers", parameters_have_the_headers_numbers },
    { "features-have-the-headers-names", features_have_the_headers_names },
    { "an-entrys-form-is-chosen-by-its-length", an_entrys_form_is_chosen_by_its_length },
    { "no-length-stands-twice-and-none-is-longer-than-its-layout",
      no_length_stands_twice_and_none_is_longer_than_its_layout },
    { "components-stand-where-the-policy-says", components_stand_where_the_policy_says },
    { "sets-of-states-are-legal-or-not", sets_of_states_are_legal_or_not },
    { "a-processor-is-named", a_processor_is_named },
    { "answers-have-names", answers_have_names },
    { NULL, NULL },
};
