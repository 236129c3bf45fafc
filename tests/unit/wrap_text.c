/*
 * wrap_text.c - XML and S-expressions, as far as wrappings need them, and what xend's says.
 */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "layers.h"
#include "sexp.h"
#include "xend_config.h"
#include "xml.h"

static enum xml_kind last_kind(const char *text, size_t len)
{
    struct xml xml = xml_text(text, len);
    enum xml_kind kind;
    do {
        kind = xml_next(&xml);
        CHECK(xml.depth <= XML_DEPTH);
    } while (kind != XML_DONE && kind != XML_WRONG);
    CHECK_EQ(kind == XML_WRONG, xml.why != NULL);
    CHECK(kind != XML_WRONG || xml_next(&xml) == XML_WRONG);
    return kind;
}

static void xml_that_nests_is_done(void)
{
    static const char *const right[] = {
        "<a/>",
        "<?xml version='1.0'?>\n<a>\n</a >\n",
        "<a b='c' d = \"e'\"><f/>text<!-- <no> --><![CDATA[<x>]]></a><!---->",
        "<\xc3\xa4>\xe2\x82\xac</\xc3\xa4>",
    };
    for (unsigned i = 0; i < sizeof right / sizeof right[0]; i++)
        CHECK_EQ(last_kind(right[i], strlen(right[i])), XML_DONE);
}

static void xml_that_does_not_is_wrong(void)
{
    static const char *const bad[] = {
        "",
        "<",
        "<a",
        "<a>",
        "</a>",
        "<a></b>",
        "<a/><b/>",
        "a<a/>",
        "<a/>b",
        "<a b>",
        "<a b=c/>",
        "<a b='c/>",
        "<a b='<'/>",
        "<a><!-- </a>",
        "< a/>",
        "<a/ >",
        "<a>\1</a>",
        "<!DOCTYPE a><a/>",
        "<a>\xc0</a>",
        "<a>\xe2\x82</a>",
        "<?a",
        "<![CDATA[]]><a/>",
    };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_EQ(last_kind(bad[i], strlen(bad[i])), XML_WRONG);
    CHECK_EQ(last_kind("<a>\0</a>", 8), XML_WRONG);
}

static void xml_of_any_prefix_ends(void)
{
    const char *text = "<a b='c'><d>x &amp; y</d><!-- e --><f/><![CDATA[g]]></a>";
    for (size_t len = 0; len < strlen(text); len++)
        CHECK_EQ(last_kind(text, len), XML_WRONG);
    CHECK_EQ(last_kind(text, strlen(text)), XML_DONE);
}

static void a_domain_tells_what_an_image_is_held_against(void)
{
    static const char xml[] = "<domain type='xen'><name> a &lt;b </name><memory unit='MiB'>3</memory><vcpu>4</vcpu>"
                              "<devices><name>other</name></devices><os><type>xenpvh</type></os></domain>";
    struct gw_guest_config config;
    CHECK(read_domain_xml((const uint8_t *)xml, strlen(xml), &config) == NULL);
    CHECK(config.is_object);
    CHECK_STR(config.name, "a <b");
    CHECK_STR(config.type, "pvh");
    CHECK_EQ(config.max_memkb, 3072);
    CHECK_EQ(config.max_vcpus, 4);
    CHECK_HAS(read_domain_xml((const uint8_t *)"<pool/>", 7, &config), "its root is no <domain>");
    CHECK(!config.is_object);
}

static struct span span(const char *text)
{
    return (struct span){ .p = text, .len = strlen(text) };
}

static void a_list_is_whole_or_it_is_none(void)
{
    static const char *const right[] = { "()", " ((a b)(c\"d ) \\\" e\")) \n" };
    static const char *const bad[] = { "", "a", "(", ")", "(()", "())", "()()", "(\"a)", "(\"a\\\")", "() b" };
    for (unsigned i = 0; i < sizeof right / sizeof right[0]; i++)
        CHECK(sexp_is_list(span(right[i])));
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(!sexp_is_list(span(bad[i])));
    CHECK(!sexp_is_list((struct span){ .p = "(\0)", .len = 3 }));
}

static void a_field_is_found_at_its_depth(void)
{
    struct span value;
    char atom[16];
    struct span text = span("((inner((time 1)))(time \"2\\n\\065\\\"\")(empty)(time 3))");
    CHECK(sexp_field(text, "time", &value));
    CHECK_EQ(sexp_atom(value, atom, sizeof atom), 4);
    CHECK_MEM(atom, "2\nA\"", 4);
    CHECK_EQ(sexp_atom(value, atom, 2), 2);
    CHECK(sexp_field(text, "empty", &value));
    CHECK_EQ(sexp_atom(value, atom, sizeof atom), 0);
    CHECK(sexp_field(text, "inner", &value));
    CHECK_EQ(sexp_atom(value, atom, sizeof atom), 4);
    CHECK_MEM(atom, "time", 4);
    CHECK(!sexp_field(text, "word_size", &value));
    CHECK(!sexp_field(span("((time 1"), "time", &value));
}

/* --- xend's configuration ---------------------------------------------------------------------------------------- */

static struct gw_guest_config xend_says(const char *text)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_config config;
    CHECK_EQ(read_xend_config((const uint8_t *)text, strlen(text), &config, &err), 0);
    return config;
}

static void xend_tells_the_guest(void)
{
    struct gw_guest_config config =
        xend_says("(domain (domid 3) (name 'a (guest)\\'s \"name\"') (uuid 6a1f) (vcpus 4) (memory 64) (maxmem 128) "
                  "(image (hvm (pae 1) (name no))))");
    CHECK(config.is_object);
    CHECK_STR(config.name, "a (guest)'s 'name'");
    CHECK_STR(config.uuid, "6a1f");
    CHECK_STR(config.type, "hvm");
    CHECK_EQ(config.max_vcpus, 4);
    CHECK_EQ(config.max_memkb, 128 * 1024);
    CHECK_STR(xend_says("(domain (image (linux (kernel /boot/vmlinuz))))").type, "pv");
    CHECK_STR(xend_says("(domain (image (minix)))").type, "");
    CHECK_EQ(xend_says("(domain (memory 99999999999999999999) (vcpus -1))").max_memkb, 0);
}

static void what_xend_never_wrote_is_no_configuration(void)
{
    static const char *const bad[] = { "", "(", "(domain (name 'a))", "domain", "(domain) (domain)" };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(!xend_says(bad[i]).is_object);
}

const struct test tests[] = {
    { "xml-that-nests-is-done", xml_that_nests_is_done },
    { "xml-that-does-not-is-wrong", xml_that_does_not_is_wrong },
    { "xml-of-any-prefix-ends", xml_of_any_prefix_ends },
    { "a-domain-tells-what-an-image-is-held-against", a_domain_tells_what_an_image_is_held_against },
    { "a-list-is-whole-or-it-is-none", a_list_is_whole_or_it_is_none },
    { "a-field-is-found-at-its-depth", a_field_is_found_at_its_depth },
    { "xend-tells-the-guest", xend_tells_the_guest },
    { "what-xend-never-wrote-is-no-configuration", what_xend_never_wrote_is_no_configuration },
    { NULL, NULL },
};
