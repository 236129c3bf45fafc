/*
 * layout.c - tables of structures: reading by them, parts of numbers, what a receiver demands; and the tables
 * themselves.
 */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "xenf.h"

static uint64_t end_of(const struct gw_field *field)
{
    if (field->count == GW_TO_END)
        return field->offset; /* there may be none */
    return field->offset + (uint64_t)(field->count - 1) * field->stride + field->width;
}

/* Rows stand in the order of their offsets, do not overlap and stay within the structure. */
static void rows_lie_one_behind_the_other(void)
{
    for (unsigned i = 0; i < gw_num_layouts; i++) {
        uint64_t end = 0;
        for (unsigned row = 0; row < gw_layouts[i]->num_fields; row++) {
            const struct gw_field *field = &gw_layouts[i]->fields[row];
            CHECK(field->offset >= end);
            CHECK(field->count > 0 && (field->count != GW_TO_END || row + 1 == gw_layouts[i]->num_fields));
            end = end_of(field);
        }
        CHECK(end <= gw_layouts[i]->length);
    }
}

static void names_are_there_once(void)
{
    for (unsigned i = 0; i < gw_num_layouts; i++) {
        for (unsigned k = 0; k < i; k++)
            CHECK(strcmp(gw_layouts[i]->name, gw_layouts[k]->name) != 0);
        CHECK(strlen(gw_layouts[i]->what) > 3 && strlen(gw_layouts[i]->section) > 1);
        for (unsigned row = 0; row < gw_layouts[i]->num_fields; row++)
            for (unsigned other = 0; other < row; other++)
                CHECK(strcmp(gw_layouts[i]->fields[row].name, gw_layouts[i]->fields[other].name) != 0);
    }
}

static void numbers_have_a_width_that_can_be_read(void)
{
    for (unsigned i = 0; i < gw_num_layouts; i++)
        for (unsigned row = 0; row < gw_layouts[i]->num_fields; row++) {
            const struct gw_field *field = &gw_layouts[i]->fields[row];
            bool octets = field->inner != NULL || field->show == GW_SHOW_TEXT || field->show == GW_SHOW_OCTETS;
            uint32_t width = field->width;
            CHECK(octets || width == 1 || width == 2 || width == 4 || width == 8);
            CHECK(field->must == GW_MUST_ANY || (!octets && field->rule != NULL));
            for (const struct gw_bits *bits = field->bits; bits != NULL && bits->width > 0; bits++)
                CHECK(bits->low + bits->width <= 8 * width);
        }
}

static void a_number_is_read_where_its_row_says(void)
{
    uint8_t cpu[1032] = { 0 };
    cpu[0x2a0] = 0x34;
    cpu[0x2a7] = 0x12;
    CHECK_EQ(gw_get(gw_cur(cpu, sizeof cpu), hvm_hw_cpu, cr3), UINT64_C(0x1200000000000034));
    CHECK_EQ(gw_offset(hvm_hw_cpu, cr3), 0x2a0);
    CHECK_EQ(gw_left(&(struct gw_cur){ 0 }), 0);
    struct gw_cur part = gw_part(gw_cur(cpu, sizeof cpu), hvm_hw_cpu, fpu_regs, 0);
    CHECK_EQ(gw_left(&part), 512);
}

static void a_field_behind_the_end_is_absent(void)
{
    uint8_t cpu[1024] = { 0 };
    memset(cpu, 0xff, sizeof cpu);
    const struct gw_field *flags = &gw_layout_hvm_hw_cpu.fields[hvm_hw_cpu_flags];
    CHECK_EQ(gw_field_count(flags, gw_cur(cpu, 1024)), 0);
    CHECK_EQ(gw_field_number(flags, gw_cur(cpu, 1024), 0), 0);
    const struct gw_field *error = &gw_layout_hvm_hw_cpu.fields[hvm_hw_cpu_error_code];
    CHECK_EQ(gw_field_count(error, gw_cur(cpu, 1024)), 1);
    CHECK_EQ(gw_field_count(error, gw_cur(cpu, 1023)), 0);
    CHECK_EQ(gw_field_count(error, gw_cur(NULL, 0)), 0);
}

static void elements_may_stand_apart(void)
{
    uint8_t regs[1024] = { 0 };
    const struct gw_field *irr = &gw_layout_hvm_hw_lapic_regs.fields[hvm_hw_lapic_regs_irr];
    regs[0x200 + 16 * 3 + 1] = 0x40; /* vector 3 * 32 + 14 */
    regs[0x204] = 0xff;              /* between two elements */
    for (uint32_t bit = 0; bit < 256; bit++)
        CHECK_EQ(gw_field_bit(irr, gw_cur(regs, sizeof regs), bit), bit == 110);
    CHECK_EQ(gw_field_count(irr, gw_cur(regs, 0x274)), 8);
    CHECK_EQ(gw_field_count(irr, gw_cur(regs, 0x273)), 7);
}

static void what_is_put_is_read_again(void)
{
    uint8_t param[16] = { 0 };
    gw_set(param, hvm_param, value, UINT64_C(0x1122334455667788));
    CHECK_EQ(param[8], 0x88);
    CHECK_EQ(param[15], 0x11);
    CHECK_EQ(gw_get(gw_cur(param, sizeof param), hvm_param, value), UINT64_C(0x1122334455667788));
    CHECK_EQ(gw_get(gw_cur(param, sizeof param), hvm_param, index), 0);
}

static void parts_are_named(void)
{
    char room[96], small[6];
    CHECK_STR(gw_bits_text(room, sizeof room, gw_bits_cr0, 0x80000011), "PE ET PG");
    CHECK_STR(gw_bits_text(room, sizeof room, gw_bits_rflags, 0x3202), "IF IOPL=0x3");
    CHECK_STR(gw_bits_text(room, sizeof room, gw_bits_cr0, 0), "");
    CHECK_STR(gw_bits_text(small, sizeof small, gw_bits_cr0, 0x80000011), "PE ET");
}

struct told {
    unsigned num;
    char rule[4][32], text[4][128];
};

static void tell(void *arg, const struct gw_broken *broken)
{
    struct told *told = arg;
    CHECK(told->num < 4);
    snprintf(told->rule[told->num], sizeof told->rule[0], "%s", broken->field->rule);
    gw_broken_text(told->text[told->num], sizeof told->text[0], broken);
    told->num++;
}

static void what_a_receiver_refuses_is_told(void)
{
    struct told told = { 0 };
    uint8_t cpu[1032] = { 0 }, header[24] = { 0x86, 0x12, 0x38, 0x54, 2 };
    gw_layout_judge(&gw_layout_hvm_hw_cpu, gw_cur(cpu, sizeof cpu), tell, &told);
    CHECK_EQ(told.num, 0);
    cpu[0x400] = 3;
    cpu[0x405] = 1;
    gw_layout_judge(&gw_layout_hvm_hw_cpu, gw_cur(cpu, 1024), tell, &told);
    CHECK_EQ(told.num, 0);
    gw_layout_judge(&gw_layout_hvm_hw_cpu, gw_cur(cpu, sizeof cpu), tell, &told);
    CHECK_EQ(told.num, 2);
    CHECK_STR(told.rule[0], "ctx-cpu-flags");
    CHECK_STR(told.text[0], "flags is 0x3, with bits 0x2 that must be clear");
    CHECK_STR(told.text[1], "pad0 is 0x100, which must be zero");
    gw_layout_judge(&gw_layout_hvm_save_header, gw_cur(header, sizeof header), tell, &told);
    CHECK_EQ(told.num, 3);
    CHECK_STR(told.text[2], "version is 0x2, not 0x1");
}

const struct test tests[] = {
    { "rows-lie-one-behind-the-other", rows_lie_one_behind_the_other },
    { "names-are-there-once", names_are_there_once },
    { "numbers-have-a-width-that-can-be-read", numbers_have_a_width_that_can_be_read },
    { "a-number-is-read-where-its-row-says", a_number_is_read_where_its_row_says },
    { "a-field-behind-the-end-is-absent", a_field_behind_the_end_is_absent },
    { "elements-may-stand-apart", elements_may_stand_apart },
    { "what-is-put-is-read-again", what_is_put_is_read_again },
    { "parts-are-named", parts_are_named },
    { "what-a-receiver-refuses-is-told", what_a_receiver_refuses_is_told },
    { NULL, NULL },
};
