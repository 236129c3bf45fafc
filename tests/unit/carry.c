/*
 * carry.c - papers inside of a paper: in, out, and the same octets as before.
 */
#include <stdio.h>
#include <string.h>

#include "carry.h"
#include "harness.h"

static struct span span(const char *text)
{
    return (struct span){ .p = text, .len = strlen(text) };
}

/* A paper in each language that has a place for others. */
static const struct {
    enum paper_kind kind;
    const char *text;
} papers[] = {
    { PAPER_XL, "{\"c_info\":{},\"b_info\":{}}" },
    { PAPER_XL, "{\n  \"c_info\": {}\n}\n" },
    { PAPER_LIBVIRT, "<domain type='xen'>\n  <name>x</name>\n</domain>\n" },
    { PAPER_XENOPS, "((time 1)(word_size 64)(xs_subtree()))" },
    { PAPER_XENOPS, "((time 1)(xs_subtree((key value)(other \"(xs\")))(word_size 64))" },
};

static void items_come_out_as_they_went_in(void)
{
    for (unsigned i = 0; i < sizeof papers / sizeof papers[0]; i++)
        for (unsigned which = 1; which < 1u << NUM_CARRIED; which++) {
            struct gw_err err = GW_ERR_NONE;
            struct gw_buf text = { 0 }, taken = { 0 };
            struct cargo in = { 0 }, out;
            bool fits;
            static const char *const octets[NUM_CARRIED] = { "{\"a\"}", "a = 1\n", "m", "<domain/>", "((time 2))" };
            for (unsigned k = 0; k < NUM_CARRIED; k++)
                in.items[k] = which >> k & 1 ? span(octets[k]) : (struct span){ 0 };
            gw_put(&text, papers[i].text, strlen(papers[i].text) + 1);
            CHECK_EQ(carry_in(papers[i].kind, &text, &in, &fits, &err), 0);
            CHECK(fits && text.len > strlen(papers[i].text) + 1);
            CHECK_EQ(carry_out(papers[i].kind, &text, &out, &taken, &err), 0);
            CHECK_EQ(text.len, strlen(papers[i].text) + 1);
            CHECK_MEM(text.mem, papers[i].text, text.len);
            for (unsigned k = 0; k < NUM_CARRIED; k++) {
                struct gw_buf back = { 0 };
                CHECK_EQ(out.items[k].p != NULL, which >> k & 1);
                if (out.items[k].p == NULL)
                    continue;
                CHECK(from_base64(out.items[k], &back));
                CHECK_EQ(back.len, strlen(octets[k]));
                CHECK_MEM(back.mem, octets[k], back.len);
                gw_buf_free(&back);
            }
            gw_buf_free(&text);
            gw_buf_free(&taken);
        }
}

static void what_is_not_ours_stays(void)
{
    static const struct {
        enum paper_kind kind;
        const char *text;
    } others[] = {
        { PAPER_XL, "{\"c_info\":{},\"godwit\":{\"xl-json\":\"e30=\",}}" },
        { PAPER_XL, "{\"c_info\":{},\"godwit\":{\"unknown\":\"e30=\"}}" },
        { PAPER_XL, "{\"c_info\":{},\"godwit\":{}}" },
        { PAPER_XL, "{\"c_info\":{},\"godwit\":{\"xl-json\":\"e30" },
        { PAPER_LIBVIRT, "<domain><metadata><godwit:carried xmlns:godwit=\"urn:godwit:carried:1\"><godwit:xl-json>e30="
                         "</godwit:xl-text></godwit:carried></metadata></domain>" },
        { PAPER_XENOPS, "((xs_subtree((godwit/ e30=)))" },
        { PAPER_XENOPS, "((time 1))" },
        { PAPER_XL, "" },
    };
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_buf text = { 0 }, taken = { 0 };
        struct cargo out;
        gw_put(&text, others[i].text, strlen(others[i].text));
        CHECK_EQ(carry_out(others[i].kind, &text, &out, &taken, &err), 0);
        CHECK_EQ(text.len, strlen(others[i].text));
        CHECK(text.len == 0 || memcmp(text.mem, others[i].text, text.len) == 0);
        for (unsigned k = 0; k < NUM_CARRIED; k++)
            CHECK(out.items[k].p == NULL);
        gw_buf_free(&text);
        gw_buf_free(&taken);
    }
}

static void where_is_no_place_nothing_is_put(void)
{
    static const struct {
        enum paper_kind kind;
        const char *text;
    } full[] = {
        { PAPER_XL, "name = 'x'\n" },
        { PAPER_LIBVIRT, "<domain><metadata><a/></metadata></domain>" },
        { PAPER_LIBVIRT, "<domain/>" },
        { PAPER_XENOPS, "((time 1)(word_size 64))" },
        { PAPER_NONE, "" },
    };
    struct cargo in = { .items = { [CARRIED_XENOPS] = span("x") } };
    for (unsigned i = 0; i < sizeof full / sizeof full[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        struct gw_buf text = { 0 };
        bool fits = true;
        gw_put(&text, full[i].text, strlen(full[i].text));
        CHECK_EQ(carry_in(full[i].kind, &text, &in, &fits, &err), 0);
        CHECK(!fits);
        CHECK_EQ(text.len, strlen(full[i].text));
        gw_buf_free(&text);
    }
}

static void base64_is_strict(void)
{
    static const struct {
        const char *text, *octets; /* NULL: none */
    } rows[] = {
        { "", "" },      { "Zg==", "f" },      { "Zm8=", "fo" }, { "Zm9v", "foo" }, { "Zm9vYg==", "foob" },
        { "Zg=", NULL }, { "Zg==Zg==", NULL }, { "=g==", NULL }, { "Z===", NULL },  { "Zm9\n", NULL },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_buf out = { 0 };
        bool right = from_base64(span(rows[i].text), &out);
        CHECK_EQ(right, rows[i].octets != NULL);
        if (right) {
            CHECK_EQ(out.len, strlen(rows[i].octets));
            CHECK(out.len == 0 || memcmp(out.mem, rows[i].octets, out.len) == 0);
        }
        gw_buf_free(&out);
    }
}

const struct test tests[] = {
    { "items-come-out-as-they-went-in", items_come_out_as_they_went_in },
    { "what-is-not-ours-stays", what_is_not_ours_stays },
    { "where-is-no-place-nothing-is-put", where_is_no_place_nothing_is_put },
    { "base64-is-strict", base64_is_strict },
    { NULL, NULL },
};
