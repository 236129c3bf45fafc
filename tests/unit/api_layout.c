/*
 * api_layout.c - libgodwit reads structures by their layouts: by path, and value by value.
 *
 * Octets lie in heap blocks of exactly their size, so that the address sanitizer sees one octet too far.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_tools.h"
#include "harness.h"

/* Some octets that differ, length of them, of a seed. */
static unsigned char *noise(size_t length, uint32_t seed)
{
    unsigned char *octets = malloc(length > 0 ? length : 1);
    CHECK(octets != NULL);
    for (size_t i = 0; i < length; i++) {
        seed = seed * 1664525 + 1013904223;
        octets[i] = (unsigned char)(seed >> 24);
    }
    return octets;
}

static size_t length_of(const struct godwit_layout *layout)
{
    struct godwit_layout_info info = { .size = sizeof info };
    struct godwit_field_info last = { .size = sizeof last };
    CHECK_EQ(godwit_layout_info(layout, &info), 0);
    CHECK_EQ(godwit_layout_field(layout, info.num_fields - 1, &last), 0);
    return info.length + (last.count == GODWIT_TO_END ? 3 * (size_t)last.stride : 0);
}

/* --- the tables -------------------------------------------------------------------------------------------------- */

static void each_layout_is_found_by_its_name(void)
{
    CHECK_EQ(godwit_num_layouts(), gw_num_layouts);
    for (unsigned i = 0; i < godwit_num_layouts(); i++) {
        struct godwit_layout_info info = { .size = sizeof info };
        const struct godwit_layout *layout = godwit_layout_at(i);
        CHECK_EQ(godwit_layout_info(layout, &info), 0);
        CHECK(godwit_layout_of(info.name) == layout);
        CHECK_STR(info.name, gw_layouts[i]->name);
        CHECK_STR(info.what, gw_layouts[i]->what);
        CHECK_EQ(info.length, gw_layouts[i]->length);
        CHECK_EQ(info.num_fields, gw_layouts[i]->num_fields);
    }
    CHECK(godwit_layout_at(godwit_num_layouts()) == NULL);
    CHECK(godwit_layout_of("no_such_layout") == NULL);
    CHECK(godwit_layout_of(NULL) == NULL);
}

static void a_field_says_where_it_is(void)
{
    const struct godwit_layout *cpu = godwit_layout_of("hvm_hw_cpu"), *context = godwit_layout_of("vcpu_guest_context");
    struct godwit_field_info field = { .size = sizeof field };
    struct godwit_layout_info none = { .size = 0 };
    CHECK(cpu != NULL && context != NULL);
    CHECK_EQ(godwit_layout_field(cpu, hvm_hw_cpu_cr3, &field), 0);
    CHECK_STR(field.name, "cr3");
    CHECK(field.offset == 0x2a0 && field.width == 8 && field.count == 1 && field.show == GODWIT_SHOW_HEX);
    CHECK(field.inner == NULL);
    CHECK_EQ(godwit_layout_field(context, vcpu_guest_context_trap_ctxt, &field), 0);
    CHECK(field.count == 256 && field.stride == 16 && field.show == GODWIT_SHOW_STRUCTURE);
    CHECK(field.inner == godwit_layout_of("trap_info"));
    CHECK_EQ(godwit_layout_field(cpu, 10000, &field), -1);
    CHECK_EQ(godwit_layout_field(NULL, 0, &field), -1);
    CHECK_EQ(godwit_layout_info(cpu, &none), -1);
    CHECK_EQ(godwit_layout_info(NULL, &none), -1);
}

/* --- paths ------------------------------------------------------------------------------------------------------- */

static void a_path_leads_to_a_number(void)
{
    const struct godwit_layout *context = godwit_layout_of("vcpu_guest_context");
    unsigned char *octets = calloc(1, 5168);
    uint64_t number = 0;
    octets[0x208 + 0x80] = 0x78; /* user_regs stands behind FPU and flags, rip 0x80 behind its begin */
    octets[0x208 + 0x81] = 0x56;
    CHECK_EQ(godwit_layout_number(context, octets, 5168, "user_regs.rip", &number), 0);
    CHECK_EQ(number, 0x5678);
    CHECK_EQ(godwit_layout_number(context, octets, 5168, "user_regs[0].rip[0]", &number), 0);
    CHECK_EQ(number, 0x5678);
    CHECK_EQ(godwit_layout_number(context, octets, 0x208 + 0x87, "user_regs.rip", &number), -1); /* an octet short */
    free(octets);
}

static void a_path_that_leads_nowhere_is_no_number(void)
{
    static const char *const paths[] = { "",
                                         ".",
                                         "[0]",
                                         "rip",
                                         "user_regs",
                                         "user_regs.",
                                         "user_regs.rip.",
                                         "user_regs.rip.x",
                                         "user_regs..rip",
                                         "user_regs.ripp",
                                         "user_regs.ri",
                                         "user_regs[1].rip",
                                         "user_regs.rip[1]",
                                         "trap_ctxt[256].cs",
                                         "trap_ctxt[-1].cs",
                                         "trap_ctxt[1.cs",
                                         "trap_ctxt[].cs",
                                         "trap_ctxt[1]cs",
                                         "trap_ctxt[1]]",
                                         "trap_ctxt[4294967295].cs",
                                         "trap_ctxt[99999999999999999999].cs",
                                         "trap_ctxt[18446744073709551616].cs" };
    const struct godwit_layout *context = godwit_layout_of("vcpu_guest_context");
    unsigned char *octets = noise(5168, 1);
    uint64_t number = 7;
    for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (godwit_layout_number(context, octets, 5168, paths[i], &number) != -1 || number != 7)
            test_fail(__FILE__, __LINE__, "'%s' is a number", paths[i]);
    CHECK_EQ(godwit_layout_number(context, octets, 5168, NULL, &number), -1);
    CHECK_EQ(godwit_layout_number(context, NULL, 5168, "user_regs.rip", &number), -1);
    CHECK_EQ(godwit_layout_number(NULL, octets, 5168, "user_regs.rip", &number), -1);
    CHECK_EQ(godwit_layout_number(context, octets, 5168, "user_regs.rip", NULL), -1);
    CHECK_EQ(godwit_layout_number(context, octets, 5168, "trap_ctxt[255].cs", &number), 0);
    free(octets);
}

static void octets_of_a_field_are_borrowed(void)
{
    const struct godwit_layout *context = godwit_layout_of("vcpu_guest_context");
    unsigned char *octets = noise(5168, 2);
    const unsigned char *part = NULL;
    size_t length = 0;
    CHECK_EQ(godwit_layout_octets(context, octets, 5168, "user_regs", &part, &length), 0);
    CHECK(part == octets + 0x208 && length == 200);
    CHECK_EQ(godwit_layout_octets(context, octets, 0x208 + 199, "user_regs", &part, &length), -1);
    CHECK_EQ(godwit_layout_octets(context, octets, 5168, "user_regs", NULL, &length), -1);
    CHECK_EQ(godwit_layout_octets(context, octets, 5168, "user_regs", &part, NULL), -1);
    free(octets);
}

static void parts_of_a_number_have_names(void)
{
    const struct godwit_layout *cpu = godwit_layout_of("hvm_hw_cpu");
    char room[256] = "x", small[4];
    CHECK_STR(godwit_layout_parts(cpu, "cr0", 0x80000001, room, sizeof room), "PE PG");
    CHECK_STR(godwit_layout_parts(cpu, "cr0", 0, room, sizeof room), "");
    CHECK_STR(godwit_layout_parts(cpu, "rax", 5, room, sizeof room), "");
    CHECK_STR(godwit_layout_parts(cpu, "nothing", 5, room, sizeof room), "");
    CHECK_STR(godwit_layout_parts(NULL, "cr0", 5, room, sizeof room), "");
    CHECK_STR(godwit_layout_parts(cpu, "cr0", 0x80000001, small, sizeof small), "PE ");
    CHECK(godwit_layout_parts(cpu, "cr0", 5, NULL, 9) == NULL);
}

static void numbers_have_the_names_that_the_tables_have(void)
{
    char room[1024], small[5];
    CHECK_STR(godwit_hvm_param_name(1), gw_hvm_param_info(1)->name);
    CHECK(godwit_hvm_param_name(UINT64_MAX) == NULL);
    for (unsigned i = 0; i < gw_num_msrs; i++)
        CHECK_STR(godwit_msr_name(gw_msrs[i].index), gw_msrs[i].name);
    CHECK(godwit_msr_name(0xffffffff) == NULL);
    CHECK(godwit_cpuid_leaf_name(1) != NULL && godwit_cpuid_leaf_name(0x7fffffff) == NULL);
    CHECK_STR(godwit_cpuid_parts(1, GODWIT_CPUID_NO_SUBLEAF, GODWIT_ECX, 3, room, sizeof room), "SSE3 PCLMULQDQ");
    CHECK_STR(godwit_cpuid_parts(1, GODWIT_CPUID_NO_SUBLEAF, GODWIT_ECX, 3, small, sizeof small), "SSE3");
    CHECK_STR(godwit_cpuid_parts(1, GODWIT_CPUID_NO_SUBLEAF, GODWIT_ECX, 0, room, sizeof room), "");
    CHECK_STR(godwit_cpuid_parts(1, 0, (enum godwit_cpuid_register)4, 3, room, sizeof room), "");
    CHECK(godwit_cpuid_parts(1, 0, GODWIT_ECX, 3, NULL, 0) == NULL);
    for (unsigned i = 0; i < GW_NUM_CPUID_WORDS; i++) /* the header promises that a word full of features fits */
        CHECK(strlen(godwit_cpuid_parts(gw_cpuid_words[i].leaf, gw_cpuid_words[i].subleaf,
                                        (enum godwit_cpuid_register)gw_cpuid_words[i].reg, UINT32_MAX, room,
                                        sizeof room)) < sizeof room - 1);
}

/* --- walks ------------------------------------------------------------------------------------------------------- */

struct walked {
    const struct godwit_layout *layout;
    const unsigned char *octets;
    size_t length, num, stop_at;
};

/* A value that a walk tells is the one that its path leads to. */
static int compare(void *arg, const struct godwit_value *value, struct godwit_error *err)
{
    struct walked *w = arg;
    const unsigned char *part;
    size_t length;
    uint64_t number;
    CHECK_EQ(value->size, sizeof *value);
    if (godwit_layout_octets(w->layout, w->octets, w->length, value->path, &part, &length) < 0)
        test_fail(__FILE__, __LINE__, "'%s' leads nowhere", value->path);
    CHECK(value->octets == part);
    CHECK(value->show == GODWIT_SHOW_BITMAP ? value->length >= length : value->length == length);
    CHECK(value->octets >= w->octets && value->octets + value->length <= w->octets + w->length);
    if (value->show != GODWIT_SHOW_TEXT && value->show != GODWIT_SHOW_OCTETS && value->show != GODWIT_SHOW_BITMAP &&
        godwit_layout_number(w->layout, w->octets, w->length, value->path, &number) == 0)
        CHECK_EQ(value->number, number);
    return ++w->num == w->stop_at ? godwit_error_set(err, GODWIT_REFUSED, "enough") : 0;
}

static size_t walk(const struct godwit_layout *layout, size_t length)
{
    unsigned char *octets = noise(length, 3);
    struct walked w = { .layout = layout, .octets = octets, .length = length };
    CHECK_EQ(godwit_layout_walk(layout, octets, length, compare, &w, NULL), 0);
    free(octets);
    return w.num;
}

static void a_walk_tells_what_paths_lead_to(void)
{
    for (unsigned i = 0; i < godwit_num_layouts(); i++)
        CHECK(walk(godwit_layout_at(i), length_of(godwit_layout_at(i))) > 0);
}

static void a_structure_that_is_cut_has_the_fields_before_the_cut(void)
{
    for (unsigned i = 0; i < godwit_num_layouts(); i++) {
        size_t whole = length_of(godwit_layout_at(i)), step = 1 + whole / 97, last = 0;
        for (size_t length = 0; length <= whole; length += step) {
            size_t num = walk(godwit_layout_at(i), length);
            CHECK(num >= last && (length > 0 || num == 0));
            last = num;
        }
    }
}

static void a_walk_ends_where_the_program_says(void)
{
    const struct godwit_layout *cpu = godwit_layout_of("hvm_hw_cpu");
    unsigned char *octets = noise(1032, 4);
    struct godwit_error *err = godwit_error_new();
    struct walked w = { .layout = cpu, .octets = octets, .length = 1032, .stop_at = 5 };
    CHECK_EQ(godwit_layout_walk(cpu, octets, 1032, compare, &w, err), -1);
    CHECK_STR(godwit_error_text(err), "enough");
    CHECK_EQ(w.num, 5);
    CHECK_EQ(godwit_layout_walk(NULL, octets, 1032, compare, &w, err), -1);
    CHECK_EQ(godwit_error_code(err), GODWIT_USAGE);
    CHECK_EQ(godwit_layout_walk(cpu, NULL, 1032, compare, &w, err), -1);
    CHECK_EQ(godwit_layout_walk(cpu, octets, 1032, NULL, &w, err), -1);
    CHECK_EQ(godwit_error_code(err), GODWIT_USAGE);
    godwit_error_free(err);
    free(octets);
}

const struct test tests[] = {
    { "each-layout-is-found-by-its-name", each_layout_is_found_by_its_name },
    { "a-field-says-where-it-is", a_field_says_where_it_is },
    { "a-path-leads-to-a-number", a_path_leads_to_a_number },
    { "a-path-that-leads-nowhere-is-no-number", a_path_that_leads_nowhere_is_no_number },
    { "octets-of-a-field-are-borrowed", octets_of_a_field_are_borrowed },
    { "parts-of-a-number-have-names", parts_of_a_number_have_names },
    { "numbers-have-the-names-that-the-tables-have", numbers_have_the_names_that_the_tables_have },
    { "a-walk-tells-what-paths-lead-to", a_walk_tells_what_paths_lead_to },
    { "a-structure-that-is-cut-has-the-fields-before-the-cut", a_structure_that_is_cut_has_the_fields_before_the_cut },
    { "a-walk-ends-where-the-program-says", a_walk_ends_where_the_program_says },
    { NULL, NULL },
};
