/*
 * fit_hvm.c - HVM_CONTEXT and HVM_PARAMS as a release takes them (10.1, 10.2, 10.7, 10.9, 13.1).
 *
 * An entry gets the form that the release itself would write. What is cut off and zero says nothing; a receiver
 * lengthens a shorter form with zeros itself (10.2). CPU has rules of its own (10.4).
 */
#include <string.h>

#include "fit.h"

/* Where CPU's forms part: 10.4. */
#define CPU_NOW 1032u
#define CPU_COMPAT 1016u

/* The entry of this type that is written: its descriptor. */
static void put_head(struct gw_buf *buf, const struct gw_hvm_entry *entry, uint32_t length)
{
    gw_put_u16(buf, entry->type);
    gw_put_u16(buf, entry->instance);
    gw_put_u32(buf, length);
}

/* Names the fields that lie behind what is kept and hold something. */
static void lose_fields(struct fit *f, const struct gw_hvm_entry *entry, const struct gw_hvm_form *form, uint32_t keeps)
{
    for (unsigned row = 0; row < form->layout->num_fields; row++) {
        const struct gw_field *field = &form->layout->fields[row];
        for (uint32_t i = 0; i < gw_field_count(field, entry->data); i++) {
            struct gw_cur octets = gw_field_octets(field, entry->data, i);
            if (field->offset + i * field->stride < keeps || gw_is_zero(octets.p, gw_left(&octets)))
                continue;
            filter_lose(&f->filter, "%s of %s, for which %s has no place", field->name,
                        gw_hvm_entry_info(entry->type)->name, f->where);
            break;
        }
    }
}

/*
 * The receiver takes the FPU of every form but the newest for one that is in use. The oldest has no TSC_AUX, and what
 * follows it stands 8 octets earlier.
 */
static int refit_cpu(struct fit *f, const struct gw_hvm_entry *entry, const struct gw_hvm_form *to)
{
    struct gw_cur data = entry->data;
    bool fpu_in_use = entry->length != CPU_NOW || gw_get(data, hvm_hw_cpu, flags) != 0;
    size_t kept = entry->length == CPU_COMPAT ? gw_offset(hvm_hw_cpu_compat, tsc) : gw_min(entry->length, to->length);
    put_head(&f->body, entry, to->length);
    gw_put(&f->body, data.p, kept);
    if (entry->length == CPU_COMPAT) {
        gw_put_zeros(&f->body, gw_offset(hvm_hw_cpu, tsc) - kept);
        gw_put(&f->body, data.p + kept, CPU_COMPAT - kept);
        kept = gw_offset(hvm_hw_cpu, flags);
    }
    if (kept < to->length) {
        gw_put_u32(&f->body, 1);
        gw_put_zeros(&f->body, to->length - kept - 4);
    } else if (!fpu_in_use) {
        filter_lose(&f->filter,
                    "flags of CPU, which say that a vCPU has not used its FPU, and for which %s has no place",
                    f->where);
    }
    return 1;
}

static void refit(struct fit *f, const struct gw_hvm_entry *entry, const struct gw_hvm_form *from,
                  const struct gw_hvm_form *to)
{
    uint32_t keeps = (uint32_t)gw_min(entry->length, to->length);
    lose_fields(f, entry, from, keeps);
    put_head(&f->body, entry, to->length);
    gw_put(&f->body, entry->data.p, keeps);
    gw_put_zeros(&f->body, to->length - keeps);
}

/* 10.7: one that the receiver does not know makes it refuse the whole context. */
static int refit_msrs(struct fit *f, const struct gw_hvm_entry *entry)
{
    const struct gw_field *all = &gw_layout_hvm_msr.fields[hvm_msr_msr];
    uint32_t num = gw_field_count(all, entry->data), kept = 0;
    size_t head = f->body.len;
    put_head(&f->body, entry, 0);
    gw_put_u32(&f->body, 0);
    gw_put_u32(&f->body, 0);
    for (uint32_t i = 0; i < num; i++) {
        struct gw_cur msr = gw_field_octets(all, entry->data, i);
        uint32_t index = (uint32_t)gw_get(msr, hvm_one_msr, index);
        const struct gw_msr_info *info = gw_msr_info(index);
        if (gw_release_knows_msr(f->release, GW_MSR_HVM_VCPU, index)) {
            gw_put(&f->body, msr.p, gw_left(&msr));
            kept++;
        } else {
            filter_lose(&f->filter, "MSR 0x%x%s%s of CPU_MSR, which %s refuses", index, info != NULL ? " " : "",
                        info != NULL ? info->name : "", f->where);
        }
    }
    if (f->body.bad)
        return 1;
    struct gw_buf again = { .mem = f->body.mem + head, .cap = 12 }; /* over what was put there */
    put_head(&again, entry, 8 + 16 * kept);
    gw_put_u32(&again, kept);
    if (kept == 0)
        f->body.len = head;
    return kept < num;
}

static int copy_entry(struct fit *f, const struct gw_hvm_entry *entry)
{
    put_head(&f->body, entry, entry->length);
    gw_put(&f->body, entry->data.p, entry->length);
    return 0;
}

/* The entry, fitted, to the end of f->body: did it change? What is no known form stays as it is. */
static int fit_entry(struct fit *f, const struct gw_hvm_entry *entry)
{
    const struct gw_hvm_entry_info *row = gw_hvm_entry_info(entry->type);
    const struct gw_hvm_form *from = gw_hvm_entry_form(entry->type, entry->length);
    const struct gw_hvm_form *to = gw_release_hvm_form(f->release, entry->type);
    if (from == NULL || entry->type == GW_HVM_END)
        return copy_entry(f, entry);
    if (to == NULL) {
        filter_lose(&f->filter, "%s of HVM_CONTEXT, which %s does not know", row->name, f->where);
        return 1;
    }
    if (entry->type == GW_HVM_CPU_MSR)
        return refit_msrs(f, entry);
    if (from == to)
        return copy_entry(f, entry);
    if (entry->type == GW_HVM_CPU)
        return refit_cpu(f, entry, to);
    refit(f, entry, from, to);
    return 1;
}

/* An HVM container without any device of a PC is a PVH guest. */
static void tell_pvh(struct fit *f, uint32_t types)
{
    for (unsigned type = 0; type < GW_HVM_NUM_TYPES; type++)
        if ((gw_hvm_entry_info(type)->flags & GW_HVM_PC) && types >> type & 1)
            return;
    if (f->release->minor < GW_SINCE_PVH)
        filter_tell(&f->filter, "the guest is of the kind PVH, which toolstacks know since Xen 4.10");
}

static bool is_chain(struct gw_cur cur)
{
    struct gw_hvm_entry entry = { .type = GW_HVM_HEADER };
    while (entry.type != GW_HVM_END && gw_left(&cur) > 0)
        if (!gw_hvm_entry_take(&cur, &entry))
            return false;
    return true;
}

int fit_hvm_context(struct fit *f, const struct gw_record *record, struct gw_err *err)
{
    struct gw_cur cur = gw_cur(record->body, record->frame.length);
    struct gw_hvm_entry entry = { .type = GW_HVM_HEADER };
    uint32_t types = 0;
    int changed = 0;
    (void)err;
    if (!is_chain(cur))
        return 0; /* it stays as it is, and nothing of it is told as left out: whoever judges the image says it */
    while (entry.type != GW_HVM_END && gw_left(&cur) > 0 && gw_hvm_entry_take(&cur, &entry)) {
        changed |= fit_entry(f, &entry);
        types |= entry.type < GW_HVM_NUM_TYPES ? 1u << entry.type : 0;
    }
    tell_pvh(f, types);
    gw_put(&f->body, cur.p, gw_left(&cur));
    return changed;
}

/* 13.1: the TSS for real mode was a parameter without its size before 4.9. */
static bool fit_param(struct fit *f, struct gw_hvm_param *param)
{
    const struct gw_hvm_param_info *info = gw_hvm_param_info(param->index);
    if (param->index == GW_HVM_PARAM_PAE_ENABLED && f->release->minor >= GW_SINCE_NO_PAE_PARAM)
        filter_tell(&f->filter, "%s passes over PAE_ENABLED of HVM_PARAMS", f->where);
    if (gw_release_knows_param(f->release, param->index))
        return true;
    if (param->index == GW_HVM_PARAM_VM86_TSS_SIZED) {
        filter_tell(&f->filter, "VM86_TSS_SIZED of HVM_PARAMS became VM86_TSS, which has no size in it, for %s",
                    f->where);
        *param = (struct gw_hvm_param){ GW_HVM_PARAM_VM86_TSS, param->value & UINT32_MAX };
        return true;
    }
    if (info != NULL)
        filter_lose(&f->filter, "%s of HVM_PARAMS, which %s refuses", info->name, f->where);
    else
        filter_lose(&f->filter, "parameter %llu of HVM_PARAMS, which %s refuses", (unsigned long long)param->index,
                    f->where);
    return false;
}

int fit_hvm_params(struct fit *f, const struct gw_record *record, struct gw_err *err)
{
    struct gw_hvm_params params;
    struct gw_err none = GW_ERR_NONE;
    uint32_t kept = 0;
    bool changed = false;
    (void)err;
    if (gw_hvm_params_decode(gw_cur(record->body, record->frame.length), &params, &none) < 0)
        return 0;
    gw_put_zeros(&f->body, GW_HVM_PARAMS_HEAD_LEN);
    for (uint32_t i = 0; i < params.count; i++) {
        struct gw_hvm_param param = gw_hvm_param_take(&params.params), was = param;
        bool keep = fit_param(f, &param);
        changed = changed || !keep || param.index != was.index;
        if (keep) {
            gw_put_u64(&f->body, param.index);
            gw_put_u64(&f->body, param.value);
            kept++;
        }
    }
    if (f->body.bad || !changed)
        return 0;
    struct gw_buf head = { .mem = f->body.mem, .cap = 4 }; /* over the zeros */
    gw_put_u32(&head, kept);
    if (kept == 0)
        f->body.len = 0;
    return 1;
}
