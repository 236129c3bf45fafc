/*
 * explain.c - structures whose numbers have names of their own: answers of CPUID, MSRs, parameters of HVM guests. The
 * names are xenf's tables.
 */
#include <inttypes.h>
#include <string.h>

#include "listing.h"

#define LINE 100

/* Words of a text in lines, each behind the indentation. */
static void wrapped(FILE *out, unsigned indent, const char *text)
{
    unsigned at = 0;
    while (*text != '\0') {
        unsigned len = (unsigned)strcspn(text, " ");
        if (at > 0 && at + 1 + len > LINE) {
            fputc('\n', out);
            at = 0;
        }
        fprintf(out, "%*s%.*s", at == 0 ? (int)indent : 1, "", (int)len, text);
        at += (at == 0 ? indent : 1) + len;
        text += len + strspn(text + len, " ");
    }
    if (at > 0)
        fputc('\n', out);
}

static void leaf_text(FILE *out, const struct gw_style *style, const struct gw_cpuid_leaf *leaf)
{
    static const char *const registers[] = { "eax", "ebx", "ecx", "edx" };
    char subleaf[16] = "", parts[2048], line[2100];
    const char *name = gw_cpuid_leaf_name(leaf->leaf);
    if (leaf->subleaf != GW_CPUID_NO_SUBLEAF)
        snprintf(subleaf, sizeof subleaf, "[%u]", leaf->subleaf);
    fprintf(out, "%*s0x%08x%-5s %08x %08x %08x %08x%s%s\n", (int)style->indent, "", leaf->leaf, subleaf, leaf->a,
            leaf->b, leaf->c, leaf->d, name != NULL ? "  " : "", name != NULL ? name : "");
    for (unsigned reg = 0; reg < 4; reg++) {
        const struct gw_bits *bits = gw_cpuid_features(leaf, reg);
        if (bits == NULL)
            bits = gw_cpuid_parts(leaf, reg);
        if (bits == NULL || gw_bits_text(parts, sizeof parts, bits, gw_cpuid_register(leaf, reg))[0] == '\0')
            continue;
        snprintf(line, sizeof line, "%s: %s", registers[reg], parts);
        wrapped(out, style->indent + 4, line);
    }
}

static void cpuid_text(FILE *out, const struct gw_style *style, const struct gw_structure *s)
{
    char vendor[GW_CPUID_VENDOR_LEN], brand[GW_CPUID_BRAND_LEN], plain[2][4 * GW_CPUID_BRAND_LEN];
    struct gw_cpuid_leaf leaf;
    struct gw_cur rest = s->octets;
    unsigned zeros = 0;
    gw_cpuid_vendor(s->octets, vendor);
    gw_cpuid_brand(s->octets, brand);
    fprintf(out, "%*svendor '%s', brand '%s'", (int)style->indent, "",
            gw_escape(plain[0], sizeof plain[0], vendor, strlen(vendor)),
            gw_escape(plain[1], sizeof plain[1], brand, strlen(brand)));
    if (gw_cpuid_find(s->octets, GW_CPUID_SIGNATURE, GW_CPUID_NO_SUBLEAF, &leaf)) {
        struct gw_cpuid_model model = gw_cpuid_model(leaf.a);
        fprintf(out, ", family %u, model %u, stepping %u", model.family, model.model, model.stepping);
    }
    fprintf(out, "\n%*s%-15s %-8s %-8s %-8s %-8s\n", (int)style->indent, "", "leaf", "eax", "ebx", "ecx", "edx");
    while (gw_left(&rest) >= GW_CPUID_LEAF_LEN) {
        leaf = gw_cpuid_leaf_take(&rest);
        bool zero = (leaf.a | leaf.b | leaf.c | leaf.d) == 0;
        zeros += zero;
        if (!zero || style->hex)
            leaf_text(out, style, &leaf);
    }
    if (zeros > 0 && !style->hex)
        fprintf(out, "%*s%u more are all zero\n", (int)style->indent, "", zeros);
}

static void cpuid_json(FILE *out, const struct gw_frame *frame, const struct gw_structure *s)
{
    char vendor[GW_CPUID_VENDOR_LEN], brand[GW_CPUID_BRAND_LEN];
    struct gw_json json = { .out = out };
    struct gw_cpuid_leaf leaf;
    struct gw_cur rest = s->octets;
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "cpu");
    gw_json_number(&json, "record", frame->number);
    gw_json_text(&json, "vendor", gw_cpuid_vendor(s->octets, vendor));
    gw_json_text(&json, "brand", gw_cpuid_brand(s->octets, brand));
    if (gw_cpuid_find(s->octets, GW_CPUID_SIGNATURE, GW_CPUID_NO_SUBLEAF, &leaf)) {
        struct gw_cpuid_model model = gw_cpuid_model(leaf.a);
        gw_json_number(&json, "family", model.family);
        gw_json_number(&json, "model", model.model);
        gw_json_number(&json, "stepping", model.stepping);
    }
    gw_json_array(&json, "features");
    while (gw_left(&rest) >= GW_CPUID_LEAF_LEN) {
        leaf = gw_cpuid_leaf_take(&rest);
        for (unsigned reg = 0; reg < 4; reg++)
            for (const struct gw_bits *bits = gw_cpuid_features(&leaf, reg); bits != NULL && bits->width > 0; bits++)
                if (gw_bits_value(bits, gw_cpuid_register(&leaf, reg)) != 0)
                    gw_json_text(&json, NULL, bits->name);
    }
    gw_json_end(&json, ']');
    gw_json_end(&json, '}');
}

static struct named named_msr(uint64_t index, uint64_t value)
{
    const struct gw_msr_info *info = index <= UINT32_MAX ? gw_msr_info((uint32_t)index) : NULL;
    return (struct named){ index, value, info != NULL ? info->name : NULL, info != NULL ? info->bits : NULL, false };
}

static struct named named_param(uint64_t index, uint64_t value)
{
    const struct gw_hvm_param_info *info = gw_hvm_param_info(index);
    return (struct named){ index, value, info != NULL ? info->name : NULL, info != NULL ? info->bits : NULL, true };
}

/* Lists of pairs: in which field (row) of which layout they stand, and who names them. */
static const struct list {
    const struct gw_layout *layout, *pair;
    unsigned row, number, value; /* of the list in the layout; of the two in the pair */
    struct named (*name)(uint64_t number, uint64_t value);
    const char *type; /* of the JSON line */
} lists[] = {
    { &gw_layout_hvm_params, &gw_layout_hvm_param, hvm_params_param, hvm_param_index, hvm_param_value, named_param,
      "param" },
    { &gw_layout_hvm_msr, &gw_layout_hvm_one_msr, hvm_msr_msr, hvm_one_msr_index, hvm_one_msr_val, named_msr, "msr" },
    { &gw_layout_x86_pv_vcpu_msrs, &gw_layout_xen_domctl_vcpu_msr, x86_pv_vcpu_msrs_msrs, xen_domctl_vcpu_msr_index,
      xen_domctl_vcpu_msr_value, named_msr, "msr" },
    { &gw_layout_msr_entry, &gw_layout_msr_entry, 0, msr_entry_idx, msr_entry_val, named_msr, "msr" },
};

static const struct list *list_of(const struct gw_structure *s)
{
    for (unsigned i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (lists[i].layout == s->layout)
            return &lists[i];
    return NULL;
}

uint32_t explain_pairs(const struct gw_structure *s)
{
    const struct list *list = list_of(s);
    if (list == NULL)
        return 0;
    if (s->repeats)
        return (uint32_t)(gw_left(&s->octets) / list->pair->length);
    return gw_field_count(&list->layout->fields[list->row], s->octets);
}

struct named explain_pair(const struct gw_structure *s, uint32_t index)
{
    const struct list *list = list_of(s);
    struct gw_cur pair = s->repeats ? gw_cur(s->octets.p + (size_t)index * list->pair->length, list->pair->length)
                                    : gw_field_octets(&list->layout->fields[list->row], s->octets, index);
    return list->name(gw_layout_number(list->pair, list->number, pair, 0),
                      gw_layout_number(list->pair, list->value, pair, 0));
}

char *explain_number(char *room, size_t len, const struct named *pair)
{
    snprintf(room, len, pair->decimal ? "%" PRIu64 : "0x%08" PRIx64, pair->number);
    return room;
}

static void list_text(FILE *out, const struct gw_style *style, const struct gw_structure *s)
{
    uint32_t num = explain_pairs(s);
    for (uint32_t i = 0; i < num; i++) {
        struct named pair = explain_pair(s, i);
        char number[24], parts[512];
        gw_bits_text(parts, sizeof parts, pair.bits, pair.value);
        fprintf(out, "%*s%10s  %-24s 0x%016" PRIx64 "%s%s\n", (int)style->indent, "",
                explain_number(number, sizeof number, &pair), pair.name != NULL ? pair.name : "(unknown)", pair.value,
                parts[0] != '\0' ? "  " : "", parts);
    }
}

static void list_json(FILE *out, const struct gw_frame *frame, const struct list *list, const struct gw_structure *s)
{
    uint32_t num = explain_pairs(s);
    for (uint32_t i = 0; i < num; i++) {
        struct named pair = explain_pair(s, i);
        struct gw_json json = { .out = out };
        gw_json_object(&json, NULL);
        gw_json_text(&json, "type", list->type);
        gw_json_number(&json, "record", frame->number);
        if (s->per_vcpu)
            gw_json_number(&json, "vcpu", s->instance);
        gw_json_number(&json, "index", pair.number);
        gw_json_text(&json, "name", pair.name != NULL ? pair.name : "");
        gw_json_number(&json, "value", pair.value);
        gw_json_end(&json, '}');
    }
}

bool explain_text(FILE *out, const struct gw_style *style, const struct gw_structure *s)
{
    const struct list *list = list_of(s);
    if (s->layout == &gw_layout_cpuid_leaf)
        cpuid_text(out, style, s);
    else if (list != NULL)
        list_text(out, style, s);
    return list != NULL || s->layout == &gw_layout_cpuid_leaf;
}

void explain_json(FILE *out, const struct gw_frame *frame, const struct gw_structure *s)
{
    const struct list *list = list_of(s);
    if (s->layout == &gw_layout_cpuid_leaf)
        cpuid_json(out, frame, s);
    if (list != NULL)
        list_json(out, frame, list, s);
}
