/*
 * api_structure.c - libgodwit tells what is inside of records, and where.
 */
#include <stdio.h>
#include <string.h>

#include "api_tools.h"
#include "harness.h"

/* Structures as lines, each compared with the octets of the image that it says it is. */
struct heard {
    const struct gw_buf *image; /* NULL: offsets are not of an image */
    char text[16384];
    unsigned calls, fail_at;
};

static int hear(void *arg, const struct godwit_structure *s, struct godwit_error *err)
{
    struct heard *h = arg;
    size_t len = strlen(h->text);
    struct godwit_layout_info info = { .size = sizeof info, .name = "-" };
    CHECK_EQ(s->size, sizeof *s);
    CHECK(s->length > 0 && s->count > 0);
    if (h->image != NULL) {
        CHECK(s->number > 0 && s->offset + s->length <= h->image->len);
        CHECK_MEM(s->octets, h->image->mem + s->offset, s->length);
    }
    if (s->layout != NULL)
        CHECK_EQ(godwit_layout_info(s->layout, &info), 0);
    snprintf(h->text + len, sizeof h->text - len, "%x %s %s%u %s %u * %zu\n", s->record_type, s->name,
             s->per_vcpu ? "vcpu " : "", s->instance, info.name, s->count, s->length / s->count);
    if (++h->calls == h->fail_at)
        return godwit_error_set(err, GODWIT_REFUSED, "seen enough");
    return 0;
}

static void a_walker_tells_the_structures_where_they_are(void)
{
    for (enum small_image which = 0; which < NUM_SMALL_IMAGES; which++) {
        struct gw_buf image = small_image(which);
        struct heard h = { .image = &image };
        CHECK_EQ(run_and_close(open_memory(&image), godwit_walker_new(hear, &h, NULL), NULL), 0);
        CHECK_HAS(h.text, "8 X86_TSC_INFO 0 tsc_info 1 * 24\n");
        if (which <= PV_3) {
            CHECK_HAS(h.text, "4 X86_PV_VCPU_BASIC vcpu 0 vcpu_guest_context 1 * 5168\n");
            CHECK_HAS(h.text, "7 SHARED_INFO 0 shared_info 1 * ");
        } else {
            CHECK_EQ(count_of(h.text, "9 CPU vcpu 0 hvm_hw_cpu 1 * "), which == HVM_REMUS ? 2 : 1);
            CHECK_HAS(h.text, "a HVM_PARAMS 0 hvm_params ");
        }
        if (which == PV_3 || which == HVM_3)
            CHECK_HAS(h.text, "11 X86_CPUID_POLICY 0 cpuid_leaf 1 * 24\n");
        gw_buf_free(&image);
    }
}

static void a_walker_ends_where_the_program_says(void)
{
    struct gw_buf image = small_image(PV_3);
    struct heard whole = { .image = &image };
    struct godwit_error *err = godwit_error_new();
    CHECK_EQ(run_and_close(open_memory(&image), godwit_walker_new(hear, &whole, NULL), NULL), 0);
    CHECK(whole.calls > 8);
    for (unsigned n = 1; n <= whole.calls; n++) {
        struct heard h = { .image = &image, .fail_at = n };
        CHECK_EQ(run_and_close(open_memory(&image), godwit_walker_new(hear, &h, NULL), err), -1);
        CHECK_STR(godwit_error_text(err), "seen enough");
        CHECK_EQ(h.calls, n);
    }
    CHECK(godwit_walker_new(NULL, NULL, err) == NULL);
    CHECK_EQ(godwit_error_code(err), GODWIT_USAGE);
    godwit_error_free(err);
    gw_buf_free(&image);
}

static void a_body_alone_is_read_by_what_is_said_of_it(void)
{
    unsigned char body[8 + 5168] = { 3 };
    struct heard h = { 0 };
    CHECK_EQ(godwit_structures(GODWIT_RECORD_X86_PV_VCPU_BASIC, body, sizeof body, 8, hear, &h, NULL), 0);
    CHECK_STR(h.text, "4 head vcpu 3 x86_pv_vcpu_hdr 1 * 8\n"
                      "4 X86_PV_VCPU_BASIC vcpu 3 vcpu_guest_context 1 * 5168\n");
    h = (struct heard){ 0 };
    CHECK_EQ(godwit_structures(GODWIT_RECORD_X86_PV_VCPU_BASIC, body, sizeof body, 0, hear, &h, NULL), 0);
    CHECK_HAS(h.text, "4 X86_PV_VCPU_BASIC vcpu 3 - 1 * 5168\n"); /* nobody says how wide the guest is */
    h = (struct heard){ .fail_at = 1 };
    CHECK_EQ(godwit_structures(GODWIT_RECORD_X86_PV_VCPU_BASIC, body, sizeof body, 8, hear, &h, NULL), -1);
}

static void a_body_that_is_no_body_is_refused(void)
{
    struct godwit_error *err = godwit_error_new();
    struct heard h = { 0 };
    CHECK_EQ(godwit_structures(GODWIT_RECORD_SHARED_INFO, NULL, 4096, 8, hear, &h, err), -1);
    CHECK_EQ(godwit_error_code(err), GODWIT_USAGE);
    CHECK_EQ(godwit_structures(GODWIT_RECORD_SHARED_INFO, "", 1, 8, NULL, &h, err), -1);
    CHECK_EQ(godwit_error_code(err), GODWIT_USAGE);
    CHECK_EQ(godwit_structures(GODWIT_RECORD_SHARED_INFO, "", 1, 5, hear, &h, err), -1);
    CHECK_HAS(godwit_error_text(err), "pv_width is 5");
    CHECK_EQ(h.calls, 0);
    for (uint32_t type = 0; type < 64; type++) /* any type, and nothing in it */
        CHECK_EQ(godwit_structures(type, NULL, 0, 8, hear, &h, err), 0);
    CHECK_EQ(h.calls, 0);
    godwit_error_free(err);
}

const struct test tests[] = {
    { "a-walker-tells-the-structures-where-they-are", a_walker_tells_the_structures_where_they_are },
    { "a-walker-ends-where-the-program-says", a_walker_ends_where_the_program_says },
    { "a-body-alone-is-read-by-what-is-said-of-it", a_body_alone_is_read_by_what_is_said_of_it },
    { "a-body-that-is-no-body-is-refused", a_body_that_is_no_body_is_refused },
    { NULL, NULL },
};
