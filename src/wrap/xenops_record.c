/*
 * xenops_record.c - what a xenopsd image's first record says (xenopsd-framing section 3): a list of fields, one of
 * which, vm_str, is xenopsd's own description of the guest as a quoted list of the same kind.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "pack.h"
#include "sexp.h"

static const struct {
    const char *xenopsd, *type;
} types[] = { { "hvm", "hvm" }, { "pv", "pv" }, { "pvinpvh", "pvh" }, { "pvh", "pvh" } };

static void read_vm(struct span vm, struct gw_guest_config *out)
{
    char kind[16];
    sexp_text(vm, "name", out->name, sizeof out->name);
    sexp_text(vm, "id", out->uuid, sizeof out->uuid);
    sexp_text(vm, "ty", kind, sizeof kind);
    for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcasecmp(kind, types[i].xenopsd) == 0)
            snprintf(out->type, sizeof out->type, "%s", types[i].type);
    out->max_memkb = sexp_number(vm, "memory_static_max") / 1024;
    out->max_vcpus = (uint32_t)gw_min(sexp_number(vm, "vcpu_max"), UINT32_MAX);
}

int read_xenops_record(const uint8_t *mem, size_t len, struct gw_guest_config *out, struct gw_err *err)
{
    struct span text = { .p = (const char *)mem, .len = len }, vm_str, time, width;
    *out = (struct gw_guest_config){ 0 };
    out->is_object = sexp_is_list(text) && sexp_field(text, "time", &time) && sexp_field(text, "word_size", &width);
    if (!out->is_object || !sexp_field(text, "vm_str", &vm_str))
        return 0;
    char *vm = gw_alloc(vm_str.len + 1, 1, err);
    if (vm == NULL)
        return -1;
    read_vm((struct span){ .p = vm, .len = sexp_atom(vm_str, vm, vm_str.len) }, out);
    gw_free(vm);
    return 0;
}

/*
 * The least that xenopsd takes. The time is nobody's to know: the epoch says so, and the same image gives the same
 * record. No vm_str: xenopsd's parser refuses one that lacks a field.
 */
int make_xenops_record(struct gw_buf *text, const struct gw_guest_config *guest, struct gw_err *err)
{
    static const char record[] = "((time 1970-01-01T00:00:00Z)(word_size 64)(xs_subtree()))";
    (void)guest;
    gw_put(text, record, sizeof record - 1);
    return gw_buf_ok(text, err);
}
