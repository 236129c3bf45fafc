/*
 * savevm.c - any octets as a device model's state, or as libxl's pairs for one.
 *
 * The first octet chooses: bit 0 pairs, else a state. Sections lie inside of the state, in order, and do not overlap;
 * the fields of each lie inside of it; nothing is told of what is not there.
 */
#include <string.h>

#include "wrap.h"

#include "invariant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fields {
    size_t at, end;
    uint64_t num;
};

static int field(void *arg, const struct gw_qemu_field *field, struct gw_err *err)
{
    struct fields *f = arg;
    (void)err;
    MUST(field->name != NULL && field->type != NULL);
    MUST(field->offset >= f->at && field->offset <= f->end && field->length <= f->end - field->offset);
    f->num++;
    return 0;
}

static void must_be_sections(const struct gw_qemu *qemu, size_t size)
{
    size_t end = 8;
    for (uint32_t i = 0; i < qemu->facts.num_sections; i++) {
        const struct gw_qemu_section *s = &qemu->sections[i];
        struct fields fields = { .at = s->body, .end = s->body + s->length };
        struct gw_err err = GW_ERR_NONE;
        MUST(s->offset >= end && s->body > s->offset && s->body <= size && s->length <= size - s->body);
        MUST(s->name >= (const char *)qemu->mem && s->name + s->name_len <= (const char *)qemu->mem + size);
        end = s->body + s->length;
        int rc = gw_qemu_fields(qemu, i, field, &fields, &err);
        MUST(rc == 0 || err.code == GW_E_REFUSED);
        MUST(fields.num == 0 || qemu->measure == GW_QEMU_DESCRIBED);
    }
    MUST(qemu->facts.tail <= size);
    MUST(qemu->facts.version != 0 || qemu->facts.num_sections == 0);
}

static int entry(void *arg, const struct gw_physmap *entry, struct gw_err *err)
{
    (void)err;
    MUST(strlen(entry->name) < sizeof entry->name);
    ++*(uint32_t *)arg;
    return 0;
}

static void pairs(struct gw_cur cur)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_device_store store;
    uint32_t num = 0;
    MUST(gw_store_read(cur, &store, entry, &num, &err) == 0);
    MUST(num == store.num_entries && 3 * num <= store.num_pairs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_qemu qemu;
    if (size == 0)
        return 0;
    struct gw_cur cur = gw_cur(data + 1, size - 1);
    if (data[0] & 1) {
        pairs(cur);
        return 0;
    }
    MUST(gw_qemu_read(cur, &qemu, &err) == 0);
    must_be_sections(&qemu, size - 1);
    gw_qemu_free(&qemu);
    return 0;
}
