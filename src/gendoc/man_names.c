/*
 * man_names.c - the tables of godwit-stream(5) that give numbers their names: entries of HVM_CONTEXT, parameters, MSRs,
 * extended states, features of processors; and the wrappings around an image.
 */
#include <inttypes.h>

#include "cmd.h"
#include "man.h"

/* The names of a part's values, from 0 on. */
static void put_values(FILE *out, const char *const *values)
{
    for (unsigned i = 0; values != NULL && values[i] != NULL; i++) {
        fprintf(out, "%s%u ", i == 0 ? " (" : ", ", i);
        man_put(out, values[i]);
        if (values[i + 1] == NULL)
            fputc(')', out);
    }
}

/* "bits 0 CF, 12 to 13 IOPL": the parts of a number. */
void man_put_parts(FILE *out, const struct gw_bits *parts)
{
    for (const struct gw_bits *part = parts; part->width > 0; part++) {
        fprintf(out, "%s %u", part == parts ? "" : ",", part->low);
        if (part->width > 1)
            fprintf(out, " to %u", part->low + part->width - 1);
        fputc(' ', out);
        man_put(out, part->name);
        put_values(out, part->values);
    }
}

void fill_wrappings(FILE *out, const char *unused)
{
    struct gw_wrapping it;
    (void)unused;
    fputs(".Bl -tag -width xenopsd\n", out);
    for (unsigned i = 0; gw_wrapping_at(i, &it); i++) {
        fprintf(out, ".It Li %s\n", it.name);
        man_put_sentence(out, it.sentence);
    }
    fputs(".El\n", out);
}

static const char *instance_name(enum gw_hvm_kind kind)
{
    return kind == GW_HVM_PER_VCPU ? "for each vCPU" : kind == GW_HVM_PER_CHIP ? "for each of two chips" : "once";
}

/* "1032 (Xen 4.7), 1024, 1016: hvm_hw_cpu" */
static void put_forms(FILE *out, const struct gw_hvm_entry_info *info)
{
    for (unsigned i = 0; i < info->num_forms; i++) {
        fprintf(out, "%s%" PRIu32 "%s", i > 0 ? ", " : "", info->forms[i].length, info->step > 0 ? " or more" : "");
        if (info->forms[i].since > 0)
            fprintf(out, " (since Xen 4.%u)", info->forms[i].since);
    }
    for (unsigned i = 0; i < info->num_forms; i++)
        if (info->forms[i].layout != NULL && (i == 0 || info->forms[i].layout != info->forms[i - 1].layout))
            fprintf(out, "%s Sx %s", i == 0 ? " :" : " , No or the older", info->forms[i].layout->name);
    fputc('\n', out);
}

void fill_hvm_entries(FILE *out, const char *unused)
{
    (void)unused;
    fputs(".Bl -column \"00\" \"VIRIDIAN_DOMAIN\" \"for each of two chips\"\n", out);
    fputs(".It Em type Ta Em name Ta Em comes Ta Em octets\n", out);
    for (unsigned type = 0; type < GW_HVM_NUM_TYPES; type++) {
        const struct gw_hvm_entry_info *info = gw_hvm_entry_info(type);
        fprintf(out, ".It %u Ta Li %s Ta %s Ta ", type, info->name, instance_name(info->kind));
        put_forms(out, info);
    }
    fputs(".El\n", out);
}

void fill_hvm_params(FILE *out, const char *unused)
{
    (void)unused;
    fputs(".Bl -column \"00\" \"MEMORY_EVENT_SINGLE_STEP\"\n", out);
    for (unsigned index = 0; index < GW_HVM_NUM_PARAMS; index++) {
        const struct gw_hvm_param_info *info = gw_hvm_param_info(index);
        if (info == NULL)
            continue;
        fprintf(out, ".It %u Ta Li %s Ta ", index, info->name);
        man_put(out, info->what);
        if (info->since > 0)
            fprintf(out, "; since Xen 4.%u", info->since);
        if (info->bits != NULL) {
            fputs("; bits", out);
            man_put_parts(out, info->bits);
        }
        fputc('\n', out);
    }
    fputs(".El\n", out);
}

/* Where an image may have it, and since which Xen. */
static void put_places(FILE *out, const struct gw_msr_info *msr)
{
    static const char *const places[GW_NUM_MSR_PLACES] = {
        [GW_MSR_POLICY] = "policy", [GW_MSR_PV_VCPU] = "PV vCPUs", [GW_MSR_HVM_VCPU] = "HVM vCPUs"
    };
    const char *glue = "";
    for (unsigned place = 0; place < GW_NUM_MSR_PLACES; place++) {
        if (msr->since[place] == GW_MSR_NEVER)
            continue;
        fprintf(out, "%s%s (Xen 4.%u)", glue, places[place], msr->since[place]);
        glue = ", ";
    }
}

void fill_msrs(FILE *out, const char *unused)
{
    (void)unused;
    fputs(".Bl -column \"0xc0011027\" \"MISC_FEATURES_ENABLES\"\n", out);
    for (unsigned i = 0; i < gw_num_msrs; i++) {
        fprintf(out, ".It 0x%" PRIx32 " Ta Li %s Ta ", gw_msrs[i].index, gw_msrs[i].name);
        put_places(out, &gw_msrs[i]);
        if (gw_msrs[i].bits != NULL) {
            fputs("; bits", out);
            man_put_parts(out, gw_msrs[i].bits);
        }
        fputc('\n', out);
    }
    fputs(".El\n", out);
}

void fill_xstates(FILE *out, const char *unused)
{
    (void)unused;
    fputs(".Bl -column \"00\" \"HI16_ZMM\" \"offset\" \"octets\"\n.It Em bit Ta Em name Ta Em offset Ta Em octets\n",
          out);
    for (unsigned bit = 0; bit < GW_NUM_XSTATES; bit++) {
        const struct gw_xstate *state = gw_xstate(bit);
        if (state == NULL)
            continue;
        fprintf(out, ".It %u Ta Li %s Ta ", bit, state->name);
        if (state->size > 0)
            fprintf(out, "%" PRIu32 " Ta %" PRIu32, state->offset, state->size);
        else
            fputs("Ta ", out);
        if (state->layout != NULL)
            fprintf(out, " Ta Sx %s", state->layout->name);
        fputc('\n', out);
    }
    fputs(".El\n", out);
}

void fill_features(FILE *out, const char *unused)
{
    static const char *const registers[] = { "EAX", "EBX", "ECX", "EDX" };
    (void)unused;
    fputs(".Bl -tag -width Ds\n", out);
    for (unsigned i = 0; i < GW_NUM_CPUID_WORDS; i++) {
        const struct gw_cpuid_word *word = &gw_cpuid_words[i];
        fprintf(out, ".It leaf 0x%" PRIx32, word->leaf);
        if (word->subleaf != GW_CPUID_NO_SUBLEAF)
            fprintf(out, ", subleaf %" PRIu32, word->subleaf);
        fprintf(out, ", %s\nbits", registers[word->reg]);
        man_put_parts(out, word->features);
        fputs(".\n", out);
    }
    fputs(".El\n", out);
}
