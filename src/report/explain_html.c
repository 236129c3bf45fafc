/*
 * explain_html.c - structures whose numbers have names of their own, as tables: answers of CPUID, MSRs, parameters.
 */
#include <inttypes.h>
#include <string.h>

#include "html.h"

static void put_bits(FILE *out, const char *before, const struct gw_bits *bits, uint64_t number)
{
    char parts[2048];
    if (bits == NULL || gw_bits_text(parts, sizeof parts, bits, number)[0] == '\0')
        return;
    fprintf(out, " <span class=names>%s", before);
    html_put(out, parts);
    fprintf(out, "</span>");
}

static void put_pair(FILE *out, const struct named *pair)
{
    char number[24];
    fprintf(out, "<tr><th scope=row>%s<td class=\"mono%s\">0x%016" PRIx64 "<td>",
            explain_number(number, sizeof number, pair), pair->value == 0 ? " off" : "", pair->value);
    html_put(out, pair->name != NULL ? pair->name : "unknown");
    put_bits(out, "", pair->bits, pair->value);
    fputc('\n', out);
}

static void put_pairs(struct page *p, const struct gw_structure *s, uint32_t num)
{
    fprintf(p->out, "<div class=scroll><table class=\"fields stack\"><thead><tr><th scope=col>Number<th scope=col>Value"
                    "<th scope=col>Name\n<tbody>\n");
    for (uint32_t i = 0; i < num && p->rows > 0; i++, p->rows--) {
        struct named pair = explain_pair(s, i);
        put_pair(p->out, &pair);
    }
    fprintf(p->out, "</table></div>\n");
}

static void put_leaf(FILE *out, const struct gw_cpuid_leaf *leaf)
{
    static const char *const registers[] = { "eax: ", "ebx: ", "ecx: ", "edx: " };
    const char *name = gw_cpuid_leaf_name(leaf->leaf);
    fprintf(out, "<tr><th scope=row>0x%08x", leaf->leaf);
    if (leaf->subleaf != GW_CPUID_NO_SUBLEAF)
        fprintf(out, "[%u]", leaf->subleaf);
    for (unsigned reg = 0; reg < 4; reg++) {
        uint32_t value = gw_cpuid_register(leaf, reg);
        fprintf(out, "<td class=\"mono%s\">%08x", value == 0 ? " off" : "", value);
    }
    fprintf(out, "<td>");
    html_put(out, name != NULL ? name : "");
    for (unsigned reg = 0; reg < 4; reg++) {
        const struct gw_bits *bits = gw_cpuid_features(leaf, reg);
        put_bits(out, registers[reg], bits != NULL ? bits : gw_cpuid_parts(leaf, reg), gw_cpuid_register(leaf, reg));
    }
    fputc('\n', out);
}

static void put_cpu(struct page *p, struct gw_cur leaves)
{
    char vendor[GW_CPUID_VENDOR_LEN], brand[GW_CPUID_BRAND_LEN];
    struct gw_cpuid_leaf leaf;
    gw_cpuid_vendor(leaves, vendor);
    gw_cpuid_brand(leaves, brand);
    fprintf(p->out, "<p>");
    html_octets(p->out, brand, strlen(brand), sizeof brand);
    fprintf(p->out, " <span class=dim>(");
    html_octets(p->out, vendor, strlen(vendor), sizeof vendor);
    if (gw_cpuid_find(leaves, GW_CPUID_SIGNATURE, GW_CPUID_NO_SUBLEAF, &leaf)) {
        struct gw_cpuid_model model = gw_cpuid_model(leaf.a);
        fprintf(p->out, ", family %u, model %u, stepping %u", model.family, model.model, model.stepping);
    }
    fprintf(p->out, ")</span></p>\n");
}

static void put_cpuid(struct page *p, struct gw_cur leaves)
{
    unsigned zeros = 0;
    put_cpu(p, leaves);
    fprintf(p->out, "<div class=scroll><table class=fields><thead><tr><th scope=col>Leaf<th scope=col>eax<th scope=col>"
                    "ebx<th scope=col>ecx<th scope=col>edx<th scope=col>What it is\n<tbody>\n");
    while (gw_left(&leaves) >= GW_CPUID_LEAF_LEN && p->rows > 0) {
        struct gw_cpuid_leaf leaf = gw_cpuid_leaf_take(&leaves);
        if ((leaf.a | leaf.b | leaf.c | leaf.d) == 0) {
            zeros++;
            continue;
        }
        p->rows--;
        put_leaf(p->out, &leaf);
    }
    fprintf(p->out, "</table></div>\n");
    if (zeros > 0)
        fprintf(p->out, "<p class=dim>%u more are all zero.</p>\n", zeros);
}

bool explain_html(struct page *p, const struct gw_structure *s)
{
    uint32_t num = explain_pairs(s);
    if (s->layout == &gw_layout_cpuid_leaf)
        put_cpuid(p, s->octets);
    else if (num > 0)
        put_pairs(p, s, num);
    return num > 0 || s->layout == &gw_layout_cpuid_leaf;
}
